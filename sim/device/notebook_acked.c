/* SPDX-License-Identifier: Apache-2.0 */
/* Up to where peers hold an own log: store/store_ack.c. */
#include <assert.h>

#include "sim/device/notebook_impl.h"

static struct daf_spot acked_spot(const struct daf_notebook_pool *pool,
                                  const struct daf_notebook_edit *e)
{
    if (e->acked == 0) return (struct daf_spot){0};
    return daf_notebook_spot(pool, e->acked - 1);
}

/* The number of a record if it is held, or DAF_NOTEBOOK_NONE. */
static uint32_t find(const struct daf_notebook_pool *pool,
                     const struct daf_notebook_edit *e,
                     const struct daf_spot *spot)
{
    uint32_t at = daf_notebook_place(pool, e->held, e->count, spot);

    if (!daf_notebook_is_at(pool, e->held, e->count, at, spot))
        return DAF_NOTEBOOK_NONE;
    return daf_notebook_held_record(e->held[at]);
}

/* @at becomes the spot at @floor or the first below that is not held. */
static bool walk_down(const struct daf_notebook_pool *pool,
                      const struct daf_notebook_edit *e, uint64_t floor,
                      struct daf_spot *at)
{
    while (at->seq > floor) {
        uint32_t record = find(pool, e, at);

        if (record == DAF_NOTEBOOK_NONE) return false;
        at->seq--;
        at->id = pool->records[record].prev;
    }
    return true;
}

/* A log without a fork or gap is one path. */
static bool is_linear(const struct daf_notebook_pool *pool,
                      const struct daf_notebook_edit *e)
{
    return e->front_count[DAF_NOTEBOOK_TIPS] == 1 &&
           e->front_count[DAF_NOTEBOOK_ROOTS] == 1 &&
           pool->records[e->front[DAF_NOTEBOOK_ROOTS][0]].seq == 1;
}

static enum daf_err join(const struct daf_notebook_pool *pool,
                         struct daf_notebook_edit *e, uint64_t seq_first,
                         const struct daf_spot *last)
{
    struct daf_spot floor = acked_spot(pool, e);
    struct daf_spot at = *last;

    /* Known, or a gap is left below. */
    if (last->seq <= floor.seq || seq_first > floor.seq + 1) return DAF_OK;
    uint32_t record = find(pool, e, last);
    if (record == DAF_NOTEBOOK_NONE) return DAF_ENOTFOUND;
    if (!is_linear(pool, e)) {
        if (!walk_down(pool, e, floor.seq, &at)) return DAF_ENOTFOUND;
        /* Below seq 1 both are zeros. */
        if (memcmp(&at.id, &floor.id, sizeof at.id) != 0) return DAF_OK;
    }
    e->acked = record + 1;
    e->is_changed = true;
    return DAF_OK;
}

enum daf_err daf_notebook_acked_set(struct daf_notebook *n,
                                    const struct daf_log_key *log,
                                    uint64_t seq_first,
                                    const struct daf_spot *last)
{
    struct daf_notebook_edit *e;

    assert(n->batch != NULL);
    if (n->batch->spoilt != DAF_OK) return n->batch->spoilt;
    if (last->seq > DAF_INT_MAX) return DAF_ENOTFOUND;
    enum daf_err err = daf_notebook_batch_open(n, log, &e);
    if (err == DAF_OK) return join(n->pool, e, seq_first, last);
    if (err != DAF_ENOTFOUND) n->batch->spoilt = err;
    return err;
}

void daf_notebook_acked_drop(const struct daf_notebook *n,
                             struct daf_notebook_edit *e,
                             const struct daf_spot *spot)
{
    struct daf_spot at = acked_spot(n->pool, e);

    if (at.seq < spot->seq) return;
    bool is_whole = walk_down(n->pool, e, spot->seq, &at);
    assert(is_whole); /* what is acked has no gap below */
    if (!is_whole || memcmp(&at.id, &spot->id, sizeof at.id) != 0) return;
    (void)walk_down(n->pool, e, spot->seq - 1, &at);
    e->acked = at.seq == 0 ? 0 : find(n->pool, e, &at) + 1;
}
