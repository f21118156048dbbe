/* SPDX-License-Identifier: Apache-2.0 */
/* The logs of a scope, in the two orders that questions want, and its sketch. */
#include <stdlib.h>

#include "sim/device/notebook_impl.h"

#define SYMBOLS_FIRST 64

/* A device has some thirty scopes at most, and asks for one again and again. */
struct daf_notebook_scope *daf_notebook_scope_find(
    const struct daf_notebook *n, const struct daf_scope_id *id)
{
    for (uint32_t i = 0; i < n->scopes_count; i++) {
        if (memcmp(&n->scopes[i].id, id, sizeof *id) == 0) return &n->scopes[i];
    }
    return NULL;
}

enum daf_err daf_notebook_scope_add(struct daf_notebook *n,
                                    const struct daf_scope_id *id,
                                    uint32_t *out)
{
    const struct daf_notebook_scope *s = daf_notebook_scope_find(n, id);

    if (s == NULL) {
        struct daf_notebook_scope *grown =
            realloc(n->scopes, (n->scopes_count + 1) * sizeof *grown);
        if (grown == NULL) return DAF_ENOMEM;
        n->scopes = grown;
        s = &grown[n->scopes_count];
        grown[n->scopes_count++] = (struct daf_notebook_scope){.id = *id};
    }
    *out = (uint32_t)(s - n->scopes);
    return DAF_OK;
}

/* ---- order */

static const struct daf_notebook_name *name_of(
    const struct daf_notebook *n, const struct daf_notebook_log *log)
{
    return &n->pool->names[log->name];
}

static int compare(const struct daf_log_key *key,
                   const struct daf_author_id *author, uint64_t incarnation)
{
    int order = memcmp(&key->author, author, sizeof *author);

    if (order == 0 && key->incarnation != incarnation)
        order = key->incarnation < incarnation ? -1 : 1;
    return order;
}

uint32_t daf_notebook_scope_place(const struct daf_notebook *n,
                                  const struct daf_notebook_scope *s,
                                  const struct daf_author_id *author,
                                  uint64_t incarnation)
{
    uint32_t low = 0, high = s->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct daf_log_key *key = &name_of(n, s->logs[middle])->key;

        if (compare(key, author, incarnation) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t daf_notebook_scope_tag(const struct daf_notebook *n,
                                const struct daf_notebook_scope *s,
                                const struct daf_tag *tag)
{
    uint32_t low = 0, high = s->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (memcmp(&daf_notebook_mark(n, s->tags[middle])->tag, tag,
                   sizeof *tag) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The place of a log among the tags, which it has or will have.  Two logs with
 * one tag are made with effort only. */
static uint32_t tag_place(const struct daf_notebook *n,
                          const struct daf_notebook_scope *s,
                          const struct daf_notebook_name *name)
{
    uint32_t at = daf_notebook_scope_tag(n, s, &name->tag);

    while (at < s->count) {
        const struct daf_mark *other = daf_notebook_mark(n, s->tags[at]);

        if (memcmp(&other->tag, &name->tag, sizeof name->tag) != 0 ||
            compare(&other->log, &name->key.author, name->key.incarnation) >= 0)
            break;
        at++;
    }
    return at;
}

struct daf_notebook_log *daf_notebook_scope_log(const struct daf_notebook *n,
                                                const struct daf_log_key *key)
{
    const struct daf_notebook_scope *s =
        daf_notebook_scope_find(n, &key->scope);

    if (s == NULL) return NULL;
    uint32_t at =
        daf_notebook_scope_place(n, s, &key->author, key->incarnation);
    if (at == s->count) return NULL;
    struct daf_notebook_log *log = s->logs[at];
    bool is_it =
        compare(&name_of(n, log)->key, &key->author, key->incarnation) == 0;
    return is_it ? log : NULL;
}

/* ---- marks */

static void fill_spots(const struct daf_notebook *n, const uint32_t *records,
                       size_t count, struct daf_spot *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = daf_notebook_spot(n->pool, records[i]);
}

void daf_notebook_scope_head(const struct daf_notebook *n,
                             const struct daf_notebook_log *log,
                             struct daf_head *out)
{
    out->log = name_of(n, log)->key;
    out->tips_count = log->tips;
    out->roots_count = log->roots;
    fill_spots(n, log->words, log->tips, out->tips);
    fill_spots(n, log->words + log->tips, log->roots, out->roots);
}

void daf_notebook_log_free(struct daf_notebook_log *log)
{
    if (log != NULL && --log->refs == 0) free(log);
}

static void sketch(const struct daf_notebook *n, struct daf_notebook_scope *s,
                   const struct daf_notebook_log *log, int sign)
{
    struct daf_item item = daf_sketch_item(daf_notebook_mark(n, log->mark));

    daf_sketch_add(s->symbols, s->symbols_count, &s->id, &item, sign);
}

/* The old ones go first, so that never both are in memory. */
enum daf_err daf_notebook_scope_widen(const struct daf_notebook *n,
                                      struct daf_notebook_scope *s,
                                      size_t count)
{
    size_t wide = s->symbols_count == 0 ? SYMBOLS_FIRST : s->symbols_count;

    if (count <= s->symbols_count) return DAF_OK;
    while (wide < count)
        wide *= 2;
    free(s->symbols);
    s->symbols = calloc(wide, sizeof s->symbols[0]);
    s->symbols_count = s->symbols == NULL ? 0 : wide;
    if (s->symbols == NULL) return DAF_ENOMEM;
    for (uint32_t i = 0; i < s->count; i++)
        sketch(n, s, s->logs[i], 1);
    return DAF_OK;
}

/* ---- changes */

enum daf_err daf_notebook_scope_room(struct daf_notebook_scope *s,
                                     uint32_t more)
{
    void *grown = daf_notebook_grow(s->logs, &s->logs_room, s->count + more,
                                    sizeof(struct daf_notebook_log *));

    if (grown == NULL) return DAF_ENOMEM;
    s->logs = grown;
    grown = daf_notebook_grow(s->tags, &s->tags_room, s->count + more,
                              sizeof s->tags[0]);
    if (grown == NULL) return DAF_ENOMEM;
    s->tags = grown;
    return DAF_OK;
}

/* The lists have room. */
static void insert(struct daf_notebook_scope *s, uint32_t at, uint32_t tag,
                   struct daf_notebook_log *log)
{
    memmove(s->logs + at + 1, s->logs + at,
            (s->count - at) * sizeof(struct daf_notebook_log *));
    memmove(s->tags + tag + 1, s->tags + tag,
            (s->count - tag) * sizeof s->tags[0]);
    s->logs[at] = log;
    s->tags[tag] = log->mark;
    s->count++;
}

static void take(struct daf_notebook_scope *s, uint32_t at, uint32_t tag)
{
    s->count--;
    memmove(s->logs + at, s->logs + at + 1,
            (s->count - at) * sizeof(struct daf_notebook_log *));
    memmove(s->tags + tag, s->tags + tag + 1,
            (s->count - tag) * sizeof s->tags[0]);
}

void daf_notebook_scope_swap(struct daf_notebook *n,
                             struct daf_notebook_scope *s,
                             const struct daf_notebook_log *was,
                             struct daf_notebook_log *now)
{
    const struct daf_notebook_log *any = was != NULL ? was : now;

    if (any == NULL) return;
    const struct daf_notebook_name *name = name_of(n, any);
    uint32_t at = daf_notebook_scope_place(n, s, &name->key.author,
                                           name->key.incarnation);
    uint32_t tag = tag_place(n, s, name);
    if (was != NULL) s->absent -= was->absent;
    if (now != NULL) s->absent += now->absent;
    if (was != NULL && s->symbols_count > 0) sketch(n, s, was, -1);
    if (now != NULL && s->symbols_count > 0) sketch(n, s, now, 1);
    if (was == NULL) {
        insert(s, at, tag, now);
    } else if (now == NULL) {
        take(s, at, tag);
    } else {
        s->logs[at] = now;
        s->tags[tag] = now->mark;
    }
}
