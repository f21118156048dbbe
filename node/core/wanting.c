/* SPDX-License-Identifier: Apache-2.0 */
#include "node/core/wanting.h"

#include <assert.h>
#include <stdlib.h>

struct replaced {
    struct daf_record_id id;
    char
        scope[DAF_SCOPE_NAME_BYTES_MAX + 1]; /* a class's word for that class */
};

struct daf_wanting {
    size_t count, cap;
    struct daf_wanting_assignment *all;
    size_t replaced_count, replaced_cap;
    struct replaced *replaced; /* until settled */
    bool is_settled;
};

const char *daf_wanting_reason_str(enum daf_wanting_reason reason)
{
    static const char *const words[] = {
        [DAF_REASON_NONE] = NULL,
        [DAF_REASON_ASSIGNED] = "assigned",
        [DAF_REASON_PINNED] = "pinned",
        [DAF_REASON_ASKED] = "asked",
        [DAF_REASON_PUBLISHED] = "published",
        [DAF_REASON_CHANNEL] = "channel",
        [DAF_REASON_NEXT] = "next",
    };

    return words[reason];
}

enum daf_err daf_wanting_new(struct daf_wanting **out)
{
    *out = calloc(1, sizeof(**out));
    return *out != NULL ? DAF_OK : DAF_ENOMEM;
}

void daf_wanting_free(struct daf_wanting *w)
{
    if (w == NULL) return;
    for (size_t i = 0; i < w->count; i++)
        free(w->all[i].items);
    free(w->all);
    free(w->replaced);
    free(w);
}

/* ---- what stands */

static void *grown(void *array, size_t count, size_t *cap, size_t size)
{
    size_t more = *cap == 0 ? 16 : 2 * *cap;
    void *bigger;

    if (count < *cap) return array;
    bigger = realloc(array, more * size);
    if (bigger != NULL) *cap = more;
    return bigger;
}

static void copy_name(char out[DAF_SCOPE_NAME_BYTES_MAX + 1], const char *name)
{
    size_t len = strlen(name);

    assert(len <= DAF_SCOPE_NAME_BYTES_MAX);
    memcpy(out, name, len + 1);
}

static enum daf_err note_replaced(struct daf_wanting *w, const char *scope,
                                  const struct daf_assignment *a)
{
    for (size_t i = 0; i < a->replaces_count; i++) {
        struct replaced *bigger = grown(w->replaced, w->replaced_count,
                                        &w->replaced_cap, sizeof(*w->replaced));

        if (bigger == NULL) return DAF_ENOMEM;
        w->replaced = bigger;
        w->replaced[w->replaced_count].id = a->replaces[i];
        copy_name(w->replaced[w->replaced_count++].scope, scope);
    }
    return DAF_OK;
}

static enum daf_err note_items(const struct daf_assignment *a,
                               struct daf_wanting_assignment *out)
{
    out->items = malloc((a->items_count + 1) * sizeof(*out->items));
    if (out->items == NULL) return DAF_ENOMEM;
    for (size_t i = 0; i < a->items_count; i++)
        if (daf_payload_item_content(a->items[i],
                                     &out->items[out->items_count]))
            out->items_count++;
    return DAF_OK;
}

enum daf_err daf_wanting_assign(struct daf_wanting *w,
                                const struct daf_record_id *id,
                                const struct daf_author_id *author,
                                const char *scope,
                                const struct daf_assignment *a)
{
    struct daf_wanting_assignment *bigger, one = {
                                               .id = *id,
                                               .author = *author,
                                               .has_device = a->has_device,
                                               .has_due = a->has_due,
                                               .has_subject = a->has_subject,
                                               .device = a->device,
                                               .due = a->due,
                                           };
    enum daf_err err;

    assert(!w->is_settled);
    if (a->has_person) return DAF_OK;
    err = note_replaced(w, scope, a);
    if (err != DAF_OK || a->items_count + a->air.len == 0) return err;
    bigger = grown(w->all, w->count, &w->cap, sizeof(*w->all));
    if (bigger == NULL) return DAF_ENOMEM;
    w->all = bigger;
    err = note_items(a, &one);
    if (err != DAF_OK) return err;
    copy_name(one.scope, scope);
    if (a->air.len > 0) memcpy(one.air, a->air.p, a->air.len);
    w->all[w->count++] = one;
    return DAF_OK;
}

static int by_replaced(const void *a, const void *b)
{
    const struct replaced *x = a, *y = b;
    int order = memcmp(x->id.b, y->id.b, sizeof(x->id.b));

    return order != 0 ? order : strcmp(x->scope, y->scope);
}

static int by_due(const void *a, const void *b)
{
    const struct daf_wanting_assignment *x = a, *y = b;

    if (x->has_due != y->has_due) return x->has_due ? -1 : 1;
    if (x->has_due && x->due != y->due) return x->due < y->due ? -1 : 1;
    return memcmp(x->id.b, y->id.b, sizeof(x->id.b));
}

static bool is_replaced(const struct daf_wanting *w,
                        const struct daf_wanting_assignment *a)
{
    struct replaced key = {.id = a->id};

    copy_name(key.scope, a->scope);
    return w->replaced_count > 0 &&
           bsearch(&key, w->replaced, w->replaced_count, sizeof(key),
                   by_replaced) != NULL;
}

void daf_wanting_settle(struct daf_wanting *w)
{
    size_t kept = 0;

    if (w->replaced_count > 0)
        qsort(w->replaced, w->replaced_count, sizeof(*w->replaced),
              by_replaced);
    if (w->count > 0) qsort(w->all, w->count, sizeof(*w->all), by_due);
    for (size_t i = 0; i < w->count; i++) {
        bool is_same =
            kept > 0 && memcmp(w->all[kept - 1].id.b, w->all[i].id.b, 32) == 0;

        if (is_same || is_replaced(w, &w->all[i]))
            free(w->all[i].items);
        else
            w->all[kept++] = w->all[i];
    }
    w->count = kept;
    free(w->replaced);
    w->replaced = NULL;
    w->replaced_count = w->replaced_cap = 0;
    w->is_settled = true;
}

size_t daf_wanting_count(const struct daf_wanting *w)
{
    assert(w->is_settled);
    return w->count;
}

const struct daf_wanting_assignment *daf_wanting_at(const struct daf_wanting *w,
                                                    size_t index)
{
    assert(w->is_settled && index < w->count);
    return &w->all[index];
}

const char *daf_wanting_air(const struct daf_wanting *w,
                            const struct daf_author_id *self)
{
    const struct daf_wanting_assignment *best = NULL;

    assert(w->is_settled);
    for (size_t i = 0; i < w->count; i++) {
        const struct daf_wanting_assignment *a = &w->all[i];

        if (a->air[0] == '\0' || a->has_subject ||
            memcmp(a->device.b, self->b, sizeof(self->b)) != 0)
            continue;
        if (best == NULL || memcmp(a->id.b, best->id.b, sizeof(a->id.b)) < 0)
            best = a;
    }
    return best != NULL ? best->air : "";
}

/* ---- the plan */

static struct daf_wanting_item *find(struct daf_wanting_item *items,
                                     size_t count,
                                     const struct daf_hash *content)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(items[middle].content.b, content->b, 32);

        if (order == 0) return &items[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* The edition that stands.  The catalogue names it at once; one that names another
 * old one is not followed. */
static struct daf_wanting_item *find_now(struct daf_wanting_item *items,
                                         size_t count,
                                         const struct daf_hash *content)
{
    struct daf_wanting_item *it = find(items, count, content);

    if (it == NULL || !it->is_superseded) return it;
    return find(items, count, &it->now);
}

static bool is_ours(const struct daf_wanting_assignment *a,
                    const struct daf_author_id *self)
{
    if (a->has_subject) return false;
    return !a->has_device || memcmp(a->device.b, self->b, 16) == 0;
}

/* They come with the nearest due day first: so the first that names an item gives
 * it its day.  The last day has the last rank, so that days long past share the
 * first one instead of those to come sharing the last. */
static void plan_assigned(const struct daf_wanting *w,
                          const struct daf_author_id *self,
                          struct daf_wanting_item *items, size_t count)
{
    size_t days = 0, day = 0;

    for (size_t pass = 0; pass < 2; pass++) {
        const struct daf_wanting_assignment *last = NULL;

        for (size_t i = 0; i < w->count; i++) {
            const struct daf_wanting_assignment *a = &w->all[i];
            size_t rank;

            if (!is_ours(a, self)) continue;
            if (a->has_due && (last == NULL || last->due != a->due)) day++;
            last = a;
            if (pass == 0) continue;
            rank = days - day < DAF_RANK_DUE_LAST
                       ? DAF_RANK_DUE_LAST - (days - day)
                       : DAF_RANK_DUE_FIRST;
            for (size_t j = 0; j < a->items_count; j++) {
                struct daf_wanting_item *it =
                    find_now(items, count, &a->items[j]);

                if (it == NULL || it->reason == DAF_REASON_ASSIGNED) continue;
                it->reason = DAF_REASON_ASSIGNED;
                it->is_camps = true;
                it->has_due = a->has_due;
                it->due = a->has_due ? a->due : 0;
                it->rank = (uint8_t)(a->has_due ? rank : DAF_RANK_NO_DUE);
            }
        }
        days = day;
        day = 0;
    }
}

static bool same_view(struct daf_view a, struct daf_view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static void plan_rest(const struct daf_view *channels, size_t channels_count,
                      struct daf_wanting_item *it)
{
    bool is_subscribed = false;

    for (size_t i = 0;
         i < channels_count && it->channel.len > 0 && !it->is_superseded; i++)
        is_subscribed |= same_view(it->channel, channels[i]);
    it->is_camps |= is_subscribed;
    if (it->reason != DAF_REASON_NONE) return;
    it->rank = DAF_RANK_HAND;
    if (it->is_pinned)
        it->reason = DAF_REASON_PINNED;
    else if (it->is_asked_by_hand)
        it->reason = DAF_REASON_ASKED;
    else if (it->is_published)
        it->reason = DAF_REASON_PUBLISHED;
    else if (is_subscribed) {
        it->reason = DAF_REASON_CHANNEL;
        it->rank = DAF_RANK_CHANNEL;
    }
}

/* ---- the lesson that comes next */

static int by_place(const void *a, const void *b)
{
    const struct daf_wanting_item *x = *(struct daf_wanting_item *const *)a;
    const struct daf_wanting_item *y = *(struct daf_wanting_item *const *)b;
    size_t common =
        x->channel.len < y->channel.len ? x->channel.len : y->channel.len;
    int order = memcmp(x->channel.p, y->channel.p, common);

    if (order == 0 && x->channel.len != y->channel.len)
        order = x->channel.len < y->channel.len ? -1 : 1;
    if (order == 0 && x->order != y->order)
        order = x->order < y->order ? -1 : 1;
    return order != 0 ? order : memcmp(x->content.b, y->content.b, 32);
}

/* Done here, so somebody may want to go on. */
static bool leads_on(const struct daf_wanting_item *it)
{
    return it->is_whole && (it->reason == DAF_REASON_ASSIGNED ||
                            it->is_pinned || it->is_asked_by_hand);
}

static void plan_next(struct daf_wanting_item **places, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t next = i + 1;

        if (!leads_on(places[i])) continue;
        while (next < count &&
               same_view(places[next]->channel, places[i]->channel) &&
               places[next]->order == places[i]->order)
            next++;
        if (next == count ||
            !same_view(places[next]->channel, places[i]->channel) ||
            places[next]->reason != DAF_REASON_NONE)
            continue;
        places[next]->reason = DAF_REASON_NEXT;
        places[next]->is_camps = true;
        places[next]->rank = DAF_RANK_NEXT;
    }
}

enum daf_err daf_wanting_plan(const struct daf_wanting *w,
                              const struct daf_author_id *self,
                              const struct daf_view *channels,
                              size_t channels_count,
                              struct daf_wanting_item *items, size_t count)
{
    struct daf_wanting_item **places = malloc((count + 1) * sizeof(*places));
    size_t places_count = 0;

    assert(w->is_settled);
    if (places == NULL) return DAF_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        items[i].is_camps = items[i].has_due = false;
        items[i].reason = DAF_REASON_NONE;
        items[i].rank = DAF_RANK_HAND;
        items[i].due = 0;
    }
    plan_assigned(w, self, items, count);
    for (size_t i = 0; i < count; i++) {
        plan_rest(channels, channels_count, &items[i]);
        if (items[i].channel.len > 0 && items[i].order > 0 &&
            !items[i].is_superseded)
            places[places_count++] = &items[i];
    }
    if (places_count > 0)
        qsort(places, places_count, sizeof(struct daf_wanting_item *),
              by_place);
    plan_next(places, places_count);
    free(places);
    return DAF_OK;
}

uint32_t daf_wanting_order(struct daf_view text)
{
    uint32_t order = 0;

    if (text.len == 0 || text.len > 9) return 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') return 0;
        order = 10 * order + (uint32_t)(text.p[i] - '0');
    }
    return order;
}
