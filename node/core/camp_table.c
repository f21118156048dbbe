/* SPDX-License-Identifier: Apache-2.0 */
#include "node/core/camp_impl.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

#define CAP_MIN 16

struct daf_camp_key daf_camp_table_key(const uint8_t *a, const uint8_t *b)
{
    struct daf_camp_key key = {{0}};

    memcpy(key.b, a, 16);
    if (b != NULL) memcpy(key.b + 16, b, 16);
    return key;
}

static bool in_use(const struct daf_camp_slot *slot)
{
    return slot->item != NULL || slot->with != NULL;
}

/* @key's slot, or the free one where it belongs.  There is always a free one. */
static struct daf_camp_slot *probe(const struct daf_camp_table *t,
                                   const struct daf_camp_key *key)
{
    uint8_t hash[crypto_shorthash_BYTES];
    uint64_t at;

    static_assert(sizeof(hash) == sizeof(at), "a hash is a number");
    static_assert(sizeof(t->seed) == crypto_shorthash_KEYBYTES, "the seed");
    (void)crypto_shorthash(hash, key->b, sizeof(key->b), t->seed);
    memcpy(&at, hash, sizeof(at));
    for (;; at++) {
        struct daf_camp_slot *slot = &t->slots[at & (t->cap - 1)];

        if (!in_use(slot) || memcmp(slot->key.b, key->b, sizeof(key->b)) == 0)
            return slot;
    }
}

bool daf_camp_table_reserve(struct daf_camp_table *t, size_t extra)
{
    struct daf_camp_table next = *t;

    next.cap = t->cap == 0 ? CAP_MIN : t->cap;
    while ((t->count + extra) * 4 > next.cap * 3) /* at most 3/4 full */
        next.cap *= 2;
    if (next.cap == t->cap && !t->is_lent) return true;
    next.slots = calloc(next.cap, sizeof(*next.slots));
    if (next.slots == NULL) return false;
    for (size_t i = 0; i < t->cap; i++) {
        if (in_use(&t->slots[i])) *probe(&next, &t->slots[i].key) = t->slots[i];
    }
    if (!t->is_lent) free(t->slots);
    *t = next;
    t->is_lent = false;
    return true;
}

struct daf_camp_slot *daf_camp_table_find(const struct daf_camp_table *t,
                                          const struct daf_camp_key *key)
{
    struct daf_camp_slot *slot;

    if (t->cap == 0) return NULL;
    slot = probe(t, key);
    return in_use(slot) ? slot : NULL;
}

void daf_camp_table_put(struct daf_camp_table *t,
                        const struct daf_camp_key *key, void *item, void *with)
{
    struct daf_camp_slot *slot;

    assert(item != NULL || with != NULL);
    assert(!t->is_lent && t->count < t->cap);
    slot = probe(t, key);
    if (!in_use(slot)) t->count++;
    *slot = (struct daf_camp_slot){*key, item, with};
}

void daf_camp_table_clear(struct daf_camp_table *t)
{
    assert(!t->is_lent);
    if (t->cap > 0) memset(t->slots, 0, t->cap * sizeof(*t->slots));
    t->count = 0;
}

void daf_camp_table_deinit(struct daf_camp_table *t)
{
    if (!t->is_lent) free(t->slots);
    t->slots = NULL;
    t->cap = t->count = 0;
}

bool daf_camp_list_reserve(struct daf_camp_list *l, size_t extra)
{
    size_t cap = l->cap == 0 ? CAP_MIN : l->cap;
    void **items;

    while (l->count + extra > cap)
        cap *= 2;
    if (cap == l->cap && !l->is_lent) return true;
    items = realloc(l->is_lent ? NULL : l->items, cap * sizeof(*items));
    if (items == NULL) return false;
    if (l->is_lent && l->count > 0)
        memcpy(items, l->items, l->count * sizeof(*items));
    l->is_lent = false;
    l->items = items;
    l->cap = cap;
    return true;
}

size_t daf_camp_list_at(const struct daf_camp_list *l, const void *probe_item,
                        daf_camp_order_fn order)
{
    size_t low = 0, high = l->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (order(l->items[middle], probe_item) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void daf_camp_list_insert(struct daf_camp_list *l, void *item,
                          daf_camp_order_fn order)
{
    size_t at = daf_camp_list_at(l, item, order);

    assert(!l->is_lent && l->count < l->cap);
    memmove(l->items + at + 1, l->items + at,
            (l->count - at) * sizeof(*l->items));
    l->items[at] = item;
    l->count++;
}

void daf_camp_list_remove(struct daf_camp_list *l, const void *item,
                          daf_camp_order_fn order)
{
    size_t at = daf_camp_list_at(l, item, order);

    assert(at < l->count && l->items[at] == item);
    l->count--;
    memmove(l->items + at, l->items + at + 1,
            (l->count - at) * sizeof(*l->items));
}

void daf_camp_list_deinit(struct daf_camp_list *l)
{
    if (!l->is_lent) free(l->items);
    l->items = NULL;
    l->count = l->cap = 0;
}
