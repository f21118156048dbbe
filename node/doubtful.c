/* SPDX-License-Identifier: Apache-2.0 */
#include "node/doubtful.h"

#include "node/core/confirmed.h"

#include <stdlib.h>
#include <string.h>

struct reading {
    const struct daf_camp *camp;
    const struct daf_index *index;
    struct daf_confirmed *confirmed;
    struct daf_doubtful *out;
    struct daf_head head;
};

static bool is_tip(const struct daf_head *head, const struct daf_spot *spot)
{
    for (size_t i = 0; i < head->tips_count; i++)
        if (memcmp(head->tips[i].id.b, spot->id.b, sizeof(spot->id.b)) == 0)
            return true;
    return false;
}

static enum daf_err add(struct reading *r, const struct daf_stored *stored)
{
    struct daf_doubtful *d = r->out;
    struct daf_record record;
    enum daf_err err;

    if (d->count == d->cap) {
        size_t cap = d->cap == 0 ? 64 : 2 * d->cap;
        struct daf_doubtful_record *more =
            realloc(d->records, cap * sizeof(*more));

        if (more == NULL) return DAF_ENOMEM;
        d->records = more;
        d->cap = cap;
    }
    err = daf_record_decode(stored->header, &record);
    if (err != DAF_OK) return err;
    d->records[d->count++] =
        (struct daf_doubtful_record){.log = r->head.log,
                                     .spot = stored->spot,
                                     .prev = record.prev,
                                     .is_tip = is_tip(&r->head, &stored->spot)};
    return DAF_OK;
}

/* The least place after @spot. */
static void go_on(struct daf_spot *spot)
{
    for (size_t i = sizeof(spot->id.b); i > 0; i--)
        if (++spot->id.b[i - 1] != 0) return;
    spot->seq++;
}

/* The log of r->head.  What the store answers is looked at before it is asked
 * again: its views are borrowed until then. */
static enum daf_err read_log(struct reading *r)
{
    const struct daf_index *index = r->index;
    struct daf_spot at = {1, {{0}}};
    struct daf_stored stored;
    enum daf_err err;

    r->out->logs++;
    while ((err = index->at_or_after(index->ctx, &r->head.log, &at, &stored)) ==
           DAF_OK) {
        at = stored.spot;
        if (daf_confirmed_is(r->confirmed, &r->head.log, &at)) {
            r->out->confirmed++;
            r->out->named += daf_camp_is_named(r->camp, &r->head.log, &at.id);
        } else {
            err = daf_confirmed_err(r->confirmed);
            if (err == DAF_OK)
                err =
                    index->at_or_after(index->ctx, &r->head.log, &at, &stored);
            if (err == DAF_OK) err = add(r, &stored);
            if (err != DAF_OK) return err;
        }
        go_on(&at);
    }
    return err == DAF_ENOTFOUND ? DAF_OK : err;
}

static enum daf_err read_scope(struct reading *r, struct daf_log_key *after)
{
    const struct daf_index *index = r->index;
    const struct daf_author_id author = after->author;
    /* Nothing but the log with incarnation 0 could come before. */
    enum daf_err err = index->head(index->ctx, after, &r->head);

    if (err == DAF_ENOTFOUND)
        err = index->head_next(index->ctx, &after->scope, after, &r->head);
    while (err == DAF_OK &&
           memcmp(r->head.log.author.b, author.b, sizeof(author.b)) == 0) {
        *after = r->head.log;
        err = read_log(r);
        if (err == DAF_OK)
            err = index->head_next(index->ctx, &after->scope, after, &r->head);
    }
    return err == DAF_ENOTFOUND ? DAF_OK : err;
}

enum daf_err daf_doubtful_read(struct daf_store *store,
                               const struct daf_camp *camp,
                               const struct daf_author_id *author,
                               struct daf_doubtful *out)
{
    struct reading *r = calloc(1, sizeof(*r));
    struct daf_scope_id scope;
    enum daf_err err;

    if (r == NULL) return DAF_ENOMEM;
    r->camp = camp;
    r->index = daf_store_index(store);
    r->out = out;
    err = daf_confirmed_new(camp, r->index, &r->confirmed);
    for (size_t i = 0; err == DAF_OK && daf_camp_scope(camp, i, &scope) != NULL;
         i++) {
        struct daf_log_key after = {.scope = scope, .author = *author};

        err = read_scope(r, &after);
    }
    daf_confirmed_free(r->confirmed);
    free(r);
    return err;
}

void daf_doubtful_free(struct daf_doubtful *d)
{
    free(d->records);
    memset(d, 0, sizeof(*d));
}

/* ---- what would count */

static bool is_of_one_log(const struct daf_doubtful_record *a,
                          const struct daf_doubtful_record *b)
{
    return a->log.incarnation == b->log.incarnation &&
           memcmp(a->log.scope.b, b->log.scope.b, sizeof(b->log.scope.b)) == 0;
}

static bool is_before(const struct daf_doubtful_record *a,
                      const struct daf_doubtful_record *b)
{
    return a->spot.seq + 1 == b->spot.seq &&
           memcmp(a->spot.id.b, b->prev.b, sizeof(b->prev.b)) == 0;
}

/* Within a log predecessors stand before, and few records between: of two seqs. */
size_t daf_doubtful_admit(struct daf_doubtful *d)
{
    size_t marked = 0;

    for (size_t i = d->count; i > 0; i--) {
        const struct daf_doubtful_record *r = &d->records[i - 1];

        if (!r->is_admitted) continue;
        marked++;
        for (size_t j = i - 1; j > 0; j--) {
            struct daf_doubtful_record *prev = &d->records[j - 1];

            if (!is_of_one_log(prev, r) || prev->spot.seq + 1 < r->spot.seq)
                break;
            if (!is_before(prev, r)) continue;
            prev->is_admitted = true;
            break;
        }
    }
    return marked;
}

struct daf_doubtful_record *daf_doubtful_find(struct daf_doubtful *d,
                                              const struct daf_record_id *id)
{
    for (size_t i = 0; i < d->count; i++)
        if (memcmp(d->records[i].spot.id.b, id->b, sizeof(id->b)) == 0)
            return &d->records[i];
    return NULL;
}
