/* SPDX-License-Identifier: Apache-2.0 */
#include "node/reach.h"

#include <stdlib.h>

#include "proto/status.h"

/* What a device says that it has applied. */
struct said {
    struct daf_author_id author;
    size_t len;
    uint8_t control[DAF_STATEMENT_OTHER_BYTES_MAX];
};

struct daf_reach {
    const struct daf_camp *camp;
    struct daf_store *store;
    struct said *said; /* ascending by author, as the store keeps them */
    size_t count, cap;
    bool is_short; /* out of memory */
    struct daf_head head;
};

static bool take(void *ctx, const struct daf_statement *st,
                 struct daf_view bytes)
{
    struct daf_view control = daf_status_control(st);
    struct daf_reach *r = ctx;
    struct said *s;

    (void)bytes;
    if (control.len == 0 || control.len > sizeof(s->control)) return true;
    if (r->count == r->cap) {
        size_t cap = r->cap == 0 ? 16 : 2 * r->cap;
        struct said *bigger = realloc(r->said, cap * sizeof(*bigger));

        r->is_short = bigger == NULL;
        if (r->is_short) return false;
        r->said = bigger;
        r->cap = cap;
    }
    s = &r->said[r->count++];
    s->author = st->author;
    s->len = control.len;
    memcpy(s->control, control.p, control.len);
    return true;
}

enum daf_err daf_reach_new(const struct daf_camp *camp, struct daf_store *store,
                           struct daf_reach **out)
{
    struct daf_reach *r = calloc(1, sizeof(*r));
    enum daf_err err;

    *out = NULL;
    if (r == NULL) return DAF_ENOMEM;
    r->camp = camp;
    r->store = store;
    err = daf_store_statements(store, take, r, NULL);
    if (err == DAF_OK && r->is_short) err = DAF_ENOMEM;
    if (err != DAF_OK) {
        daf_reach_free(r);
        return err;
    }
    *out = r;
    return DAF_OK;
}

void daf_reach_free(struct daf_reach *r)
{
    if (r == NULL) return;
    free(r->said);
    free(r);
}

static int order_said(const void *key, const void *item)
{
    const struct said *s = item;

    return memcmp(key, s->author.b, sizeof(s->author.b));
}

static bool has_applied(const struct daf_reach *r,
                        const struct daf_author_id *author, size_t index)
{
    const struct said *s = NULL;

    if (r->count > 0)
        s = bsearch(author->b, r->said, r->count, sizeof(*r->said), order_said);
    return s != NULL &&
           daf_camp_covers(r->camp, (struct daf_view){s->control, s->len},
                           index);
}

/* Of r->head: its newest records. */
static uint64_t newest_of(struct daf_reach *r)
{
    const struct daf_index *index = daf_store_index(r->store);
    uint64_t newest = 0;

    for (size_t i = 0; i < r->head.tips_count; i++) {
        struct daf_stored stored;
        struct daf_record record;

        if (index->get(index->ctx, &r->head.log, &r->head.tips[i], &stored) ==
                DAF_OK &&
            daf_record_decode(stored.header, &record) == DAF_OK &&
            record.claimed_ms > newest)
            newest = record.claimed_ms;
    }
    return newest;
}

static uint64_t last_of(struct daf_reach *r, const struct daf_author_id *author)
{
    struct daf_scope_id scope;
    uint64_t newest = 0;

    for (size_t i = 0; daf_camp_scope(r->camp, i, &scope) != NULL; i++) {
        uint64_t lives[DAF_INCARNATIONS_MAX];
        size_t count = daf_store_author_logs(r->store, &scope, author, lives,
                                             DAF_INCARNATIONS_MAX);
        const struct daf_index *index = daf_store_index(r->store);

        for (size_t j = 0; j < count; j++) {
            struct daf_log_key log = {scope, *author, lives[j]};
            uint64_t ms = 0;

            if (index->head(index->ctx, &log, &r->head) == DAF_OK)
                ms = newest_of(r);
            if (ms > newest) newest = ms;
        }
    }
    return newest;
}

struct daf_reach_count daf_reach_act(struct daf_reach *r, size_t index,
                                     daf_reach_fn missing, void *ctx)
{
    struct daf_reach_count n = {0, 0};
    struct daf_device d;

    for (size_t i = 0; daf_camp_device(r->camp, i, &d); i++) {
        if (daf_camp_is_revoked(r->camp, &d.author)) continue;
        n.of++;
        if (has_applied(r, &d.author, index))
            n.receipts++;
        else if (missing != NULL)
            missing(ctx, &d.author, last_of(r, &d.author));
    }
    return n;
}
