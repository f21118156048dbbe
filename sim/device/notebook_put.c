/* SPDX-License-Identifier: Apache-2.0 */
/* How a record comes in, and how the frontier follows: store/store_put.c tells
 * why it is right. */
#include <assert.h>

#include "sim/device/notebook_impl.h"

/* What put() was given. */
struct arrival {
    const struct daf_record *r;
    struct daf_view header;
    enum daf_body_state state;
    struct daf_view body;
    struct daf_spot spot;
};

/* What becomes of the frontier. */
struct plan {
    bool is_root;                    /* the predecessor is not held */
    uint32_t pred_tip;               /* its place among the tips, or count */
    uint32_t succ[DAF_FRONTIER_MAX]; /* places among the roots, ascending */
    uint32_t succ_count;
};

/* ---- frontier */

void daf_notebook_put_unfront(struct daf_notebook_edit *e, int side,
                              uint32_t at)
{
    e->front[side][at] = e->front[side][--e->front_count[side]];
    e->is_front_changed = true;
}

void daf_notebook_put_front(struct daf_notebook_edit *e, int side,
                            uint32_t record)
{
    assert(e->front_count[side] < DAF_FRONTIER_MAX);
    e->front[side][e->front_count[side]++] = record;
    e->is_front_changed = true;
}

static bool same_id(const struct daf_record_id *a,
                    const struct daf_record_id *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

static void find_predecessor(const struct daf_notebook_pool *pool,
                             const struct daf_notebook_edit *e,
                             const struct arrival *a, struct plan *plan)
{
    struct daf_spot pred = {.seq = a->spot.seq - 1, .id = a->r->prev};
    uint32_t tips = e->front_count[DAF_NOTEBOOK_TIPS];

    plan->pred_tip = tips;
    plan->is_root = true;
    if (a->spot.seq == 1) return;
    for (uint32_t i = 0; i < tips; i++) {
        const struct daf_notebook_record *tip =
            &pool->records[e->front[DAF_NOTEBOOK_TIPS][i]];
        if (tip->seq == pred.seq && same_id(&tip->id, &pred.id)) {
            plan->pred_tip = i;
            plan->is_root = false;
            return;
        }
    }
    uint32_t at = daf_notebook_place(pool, e->held, e->count, &pred);
    plan->is_root = !daf_notebook_is_at(pool, e->held, e->count, at, &pred);
}

static void find_successors(const struct daf_notebook_pool *pool,
                            const struct daf_notebook_edit *e,
                            const struct arrival *a, struct plan *plan)
{
    plan->succ_count = 0;
    for (uint32_t i = 0; i < e->front_count[DAF_NOTEBOOK_ROOTS]; i++) {
        const struct daf_notebook_record *root =
            &pool->records[e->front[DAF_NOTEBOOK_ROOTS][i]];
        if (root->seq == a->spot.seq + 1 && same_id(&root->prev, &a->spot.id))
            plan->succ[plan->succ_count++] = i;
    }
}

static bool fits(const struct daf_notebook_edit *e, const struct plan *plan)
{
    uint32_t tips = e->front_count[DAF_NOTEBOOK_TIPS];
    uint32_t roots = e->front_count[DAF_NOTEBOOK_ROOTS];

    tips -= plan->pred_tip < tips ? 1 : 0;
    tips += plan->succ_count == 0 ? 1 : 0;
    roots -= plan->succ_count;
    roots += plan->is_root ? 1 : 0;
    return tips <= DAF_FRONTIER_MAX && roots <= DAF_FRONTIER_MAX;
}

static void apply(struct daf_notebook_edit *e, uint32_t record,
                  const struct plan *plan)
{
    if (plan->pred_tip < e->front_count[DAF_NOTEBOOK_TIPS])
        daf_notebook_put_unfront(e, DAF_NOTEBOOK_TIPS, plan->pred_tip);
    /* From the last, because removing moves the last one into the gap. */
    for (uint32_t i = plan->succ_count; i-- > 0;)
        daf_notebook_put_unfront(e, DAF_NOTEBOOK_ROOTS, plan->succ[i]);
    if (plan->succ_count == 0)
        daf_notebook_put_front(e, DAF_NOTEBOOK_TIPS, record);
    if (plan->is_root) daf_notebook_put_front(e, DAF_NOTEBOOK_ROOTS, record);
}

/* ---- records */

static void count_state(struct daf_notebook *n, struct daf_notebook_edit *e,
                        enum daf_body_state state)
{
    e->absent += state == DAF_BODY_ABSENT;
    if (state != DAF_BODY_HELD) return;
    e->bodies++;
    n->batch->bodies++;
}

static enum daf_err add_record(struct daf_notebook *n,
                               struct daf_notebook_edit *e, uint32_t at,
                               const struct arrival *a, enum daf_put *out)
{
    struct plan plan;
    uint32_t record = 0;

    find_predecessor(n->pool, e, a, &plan);
    find_successors(n->pool, e, a, &plan);
    *out = fits(e, &plan) ? DAF_PUT_NEW : DAF_PUT_DEFERRED;
    if (*out == DAF_PUT_DEFERRED) return DAF_OK;
    enum daf_err err =
        daf_notebook_pool_put(n->pool, a->r, a->header, a->body, &record);
    if (err != DAF_OK) return err;
    void *grown =
        daf_notebook_grow(e->held, &e->room, e->count + 1, sizeof e->held[0]);
    if (grown == NULL) return DAF_ENOMEM;
    e->held = grown;
    memmove(e->held + at + 1, e->held + at,
            (e->count - at) * sizeof e->held[0]);
    e->held[at] = daf_notebook_held(record, a->state);
    e->count++;
    e->is_changed = true;
    count_state(n, e, a->state);
    apply(e, record, &plan);
    return DAF_OK;
}

/* A body fills any gap; a reason replaces absence. */
static enum daf_err add_to_record(struct daf_notebook *n,
                                  struct daf_notebook_edit *e, uint32_t at,
                                  const struct arrival *a, enum daf_put *out)
{
    enum daf_body_state was = daf_notebook_held_state(e->held[at]);
    uint32_t record = daf_notebook_held_record(e->held[at]);
    bool fills = a->state == DAF_BODY_HELD && was != DAF_BODY_HELD;
    bool explains = was == DAF_BODY_ABSENT && a->state != DAF_BODY_ABSENT;

    *out = fills ? DAF_PUT_BODY : DAF_PUT_KNOWN;
    if (!fills && !explains) return DAF_OK;
    enum daf_err err =
        daf_notebook_pool_put(n->pool, a->r, a->header, a->body, &record);
    if (err != DAF_OK) return err;
    e->held[at] = daf_notebook_held(record, a->state);
    e->absent -= was == DAF_BODY_ABSENT;
    e->is_changed = true;
    count_state(n, e, a->state);
    return DAF_OK;
}

static enum daf_err put(struct daf_notebook *n, const struct arrival *a,
                        enum daf_put *out)
{
    struct daf_notebook_edit *e;
    enum daf_err err = daf_notebook_batch_open(n, &a->r->log, &e);

    if (err == DAF_ENOTFOUND) err = daf_notebook_batch_add(n, &a->r->log, &e);
    if (err != DAF_OK) return err;
    if (e == NULL) {
        *out = DAF_PUT_DEFERRED;
        return DAF_OK;
    }
    uint32_t at = daf_notebook_place(n->pool, e->held, e->count, &a->spot);
    if (daf_notebook_is_at(n->pool, e->held, e->count, at, &a->spot))
        return add_to_record(n, e, at, a, out);
    return add_record(n, e, at, a, out);
}

enum daf_err daf_notebook_put_record(struct daf_notebook *n,
                                     const struct daf_record *r,
                                     struct daf_view header,
                                     enum daf_body_state state,
                                     struct daf_view body, enum daf_put *out)
{
    assert(n->batch != NULL);
    assert(r->seq >= 1 && r->seq <= DAF_INT_MAX);
    assert(header.len <= DAF_HEADER_BYTES_MAX);
    assert(body.len == (state == DAF_BODY_HELD ? r->body_len : 0));
    assert(body.len <= (size_t)DAF_BODY_BYTES_MAX);
    if (n->batch->spoilt != DAF_OK) return n->batch->spoilt;
    const struct arrival a = {
        .r = r,
        .header = header,
        .state = state,
        .body = body,
        .spot = {.seq = r->seq, .id = r->id},
    };
    n->batch->spoilt = put(n, &a, out);
    return n->batch->spoilt;
}
