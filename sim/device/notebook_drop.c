/* SPDX-License-Identifier: Apache-2.0 */
/* How a record goes: store/store_drop.c. */
#include <assert.h>

#include "sim/device/notebook_impl.h"

/* What goes, and what becomes of the frontier. */
struct plan {
    uint32_t at, record;             /* its place and number */
    uint32_t below;                  /* the predecessor, if it is held */
    uint32_t tip, root;              /* places, or the counts */
    bool is_below_tip;               /* the predecessor becomes one */
    uint32_t succ[DAF_FRONTIER_MAX]; /* they become roots */
    uint32_t succ_count;
};

/* The held records one seq above @below that name it.  Each is under a tip of its
 * own, so there are no more than those. */
static uint32_t find_successors(const struct daf_notebook_pool *pool,
                                const struct daf_notebook_edit *e,
                                const struct daf_spot *below, uint32_t *out)
{
    const struct daf_spot above = {.seq = below->seq + 1};
    uint32_t count = 0;

    for (uint32_t at = daf_notebook_place(pool, e->held, e->count, &above);
         at < e->count; at++) {
        uint32_t record = daf_notebook_held_record(e->held[at]);
        const struct daf_notebook_record *r = &pool->records[record];

        if (r->seq != above.seq) break;
        if (memcmp(&r->prev, &below->id, sizeof r->prev) != 0) continue;
        assert(count < DAF_FRONTIER_MAX);
        out[count++] = record;
    }
    return count;
}

/* Whether the predecessor is held and nothing but what goes follows it. */
static void look_below(const struct daf_notebook_pool *pool,
                       const struct daf_notebook_edit *e,
                       const struct daf_spot *below, struct plan *plan)
{
    uint32_t others[DAF_FRONTIER_MAX];

    plan->is_below_tip = false;
    if (below->seq == 0) return;
    uint32_t at = daf_notebook_place(pool, e->held, e->count, below);
    if (!daf_notebook_is_at(pool, e->held, e->count, at, below)) return;
    plan->below = daf_notebook_held_record(e->held[at]);
    plan->is_below_tip = find_successors(pool, e, below, others) == 1;
}

static uint32_t place_of(const struct daf_notebook_edit *e, int side,
                         uint32_t record)
{
    uint32_t at = 0;

    while (at < e->front_count[side] && e->front[side][at] != record)
        at++;
    return at;
}

static enum daf_err make_plan(const struct daf_notebook_pool *pool,
                              const struct daf_notebook_edit *e,
                              const struct daf_spot *spot, struct plan *plan)
{
    plan->at = daf_notebook_place(pool, e->held, e->count, spot);
    if (!daf_notebook_is_at(pool, e->held, e->count, plan->at, spot))
        return DAF_ENOTFOUND;
    plan->record = daf_notebook_held_record(e->held[plan->at]);
    struct daf_spot below = {.seq = spot->seq - 1,
                             .id = pool->records[plan->record].prev};
    plan->succ_count = find_successors(pool, e, spot, plan->succ);
    look_below(pool, e, &below, plan);
    plan->tip = place_of(e, DAF_NOTEBOOK_TIPS, plan->record);
    plan->root = place_of(e, DAF_NOTEBOOK_ROOTS, plan->record);
    return DAF_OK;
}

static bool fits(const struct daf_notebook_edit *e, const struct plan *plan)
{
    uint32_t tips = e->front_count[DAF_NOTEBOOK_TIPS];
    uint32_t roots = e->front_count[DAF_NOTEBOOK_ROOTS];

    tips -= plan->tip < tips ? 1 : 0;
    tips += plan->is_below_tip ? 1 : 0;
    roots -= plan->root < roots ? 1 : 0;
    roots += plan->succ_count;
    return tips <= DAF_FRONTIER_MAX && roots <= DAF_FRONTIER_MAX;
}

static void change_front(struct daf_notebook_edit *e, const struct plan *plan)
{
    if (plan->tip < e->front_count[DAF_NOTEBOOK_TIPS])
        daf_notebook_put_unfront(e, DAF_NOTEBOOK_TIPS, plan->tip);
    if (plan->root < e->front_count[DAF_NOTEBOOK_ROOTS])
        daf_notebook_put_unfront(e, DAF_NOTEBOOK_ROOTS, plan->root);
    if (plan->is_below_tip)
        daf_notebook_put_front(e, DAF_NOTEBOOK_TIPS, plan->below);
    for (uint32_t i = 0; i < plan->succ_count; i++)
        daf_notebook_put_front(e, DAF_NOTEBOOK_ROOTS, plan->succ[i]);
}

static void remove_record(struct daf_notebook_edit *e, uint32_t at)
{
    enum daf_body_state state = daf_notebook_held_state(e->held[at]);

    e->bodies -= state == DAF_BODY_HELD;
    e->absent -= state == DAF_BODY_ABSENT;
    memmove(e->held + at, e->held + at + 1,
            (e->count - at - 1) * sizeof e->held[0]);
    e->count--;
    e->is_changed = true;
}

enum daf_err daf_notebook_drop_record(struct daf_notebook *n,
                                      const struct daf_log_key *log,
                                      const struct daf_spot *spot)
{
    struct daf_notebook_edit *e;
    struct plan plan;

    assert(n->batch != NULL);
    if (n->batch->spoilt != DAF_OK) return n->batch->spoilt;
    enum daf_err err = daf_notebook_batch_open(n, log, &e);
    if (err == DAF_ENOTFOUND) return err;
    if (err == DAF_OK) {
        err = make_plan(n->pool, e, spot, &plan);
        if (err == DAF_ENOTFOUND) return err;
        if (!fits(e, &plan)) return DAF_ELIMIT;
        daf_notebook_acked_drop(n, e, spot);
        remove_record(e, plan.at);
        change_front(e, &plan);
        if (e->count == 0) daf_notebook_batch_remove(n, e);
    }
    n->batch->spoilt = err;
    return err;
}
