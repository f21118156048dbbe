/* SPDX-License-Identifier: Apache-2.0 */
/* What each commit kept.  It stands in STORED and NOTED, which come after the
 * commit, and after inputs whose reads saw it already. */
#include <stdlib.h>

#include "sim/replay/replay_impl.h"

static bool add(struct daf_replay_plan *plan,
                const struct daf_replay_planned *what)
{
    if (plan->count == plan->cap) {
        size_t cap = plan->cap > 0 ? plan->cap * 2 : 64;
        struct daf_replay_planned *grown =
            realloc(plan->list, cap * sizeof *grown);

        if (grown == NULL) {
            plan->is_short = true;
            return false;
        }
        plan->list = grown;
        plan->cap = cap;
    }
    plan->list[plan->count++] = *what;
    return true;
}

static bool on_entry(void *ctx, const struct daf_inputlog_entry *e)
{
    struct daf_replay_plan *plan = ctx;
    const struct daf_replay_planned what = {
        .commit = e->commit,
        .is_notes = e->is_noted,
        .is_kept = !e->is_noted && e->input.err == DAF_OK,
        .job = e->input.job,
        .first = e->notes_first,
        .count = e->notes_count,
    };

    if (!e->is_noted) plan->inputs++;
    if (!e->is_noted && e->input.kind != DAF_INPUT_STORED)
        plan->last_other = plan->inputs;
    else if (e->commit > 0)
        return add(plan, &what);
    return true;
}

enum daf_err daf_replay_plan_make(struct daf_view log,
                                  struct daf_inputlog_head *head,
                                  struct daf_replay_plan *out)
{
    *out = (struct daf_replay_plan){.list = NULL};
    enum daf_err err = daf_inputlog_read(log, head, &out->torn, on_entry, out);
    return out->is_short ? DAF_ENOMEM : err;
}

void daf_replay_plan_free(struct daf_replay_plan *plan)
{
    free(plan->list);
    *plan = (struct daf_replay_plan){.list = NULL};
}
