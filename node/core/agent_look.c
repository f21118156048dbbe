/* SPDX-License-Identifier: Apache-2.0 */
/* A read of the notebook that failed, for a bad spot of the card or for want of
 * memory, looks to a session like a record that is not held: it goes on with
 * less, and rests, with a scope left out of its ROOT or a record out of a RUN.
 * So each is noted here, and a while later the camp is read again and all
 * sessions end: the next ones compare everything.  Not at once, and each time
 * twice as late: with a bad spot that stays, the rest must still get out. */
#include "node/core/agent_impl.h"

static enum daf_err noted(struct daf_agent *a, enum daf_err err)
{
    if (err == DAF_OK || err == DAF_ENOTFOUND) return err;
    if (a->look_at.ms == DAF_MONO_NEVER.ms)
        a->look_at.ms = a->now.ms + a->look_wait_ms;
    return err;
}

static enum daf_err head_next(void *ctx, const struct daf_scope_id *scope,
                              const struct daf_log_key *after,
                              struct daf_head *out)
{
    struct daf_agent *a = ctx;
    const struct daf_index *real = a->real_index;

    return noted(a, real->head_next(real->ctx, scope, after, out));
}

static enum daf_err head(void *ctx, const struct daf_log_key *log,
                         struct daf_head *out)
{
    struct daf_agent *a = ctx;
    const struct daf_index *real = a->real_index;

    return noted(a, real->head(real->ctx, log, out));
}

static enum daf_err get(void *ctx, const struct daf_log_key *log,
                        const struct daf_spot *spot, struct daf_stored *out)
{
    struct daf_agent *a = ctx;
    const struct daf_index *real = a->real_index;

    return noted(a, real->get(real->ctx, log, spot, out));
}

static enum daf_err at_or_after(void *ctx, const struct daf_log_key *log,
                                const struct daf_spot *spot,
                                struct daf_stored *out)
{
    struct daf_agent *a = ctx;
    const struct daf_index *real = a->real_index;

    return noted(a, real->at_or_after(real->ctx, log, spot, out));
}

void daf_agent_look_init(struct daf_agent *a)
{
    a->real_index = a->config.index;
    a->index = (struct daf_index){.ctx = a,
                                  .head_next = head_next,
                                  .head = head,
                                  .get = get,
                                  .at_or_after = at_or_after};
    a->config.index = &a->index;
    a->look_at = DAF_MONO_NEVER;
    a->look_wait_ms = DAF_AGENT_RETRY_MAX_MS;
}

bool daf_agent_look_due(struct daf_agent *a)
{
    if (a->now.ms < a->look_at.ms) return false;
    a->look_at = DAF_MONO_NEVER;
    a->look_wait_ms *= 2;
    if (a->look_wait_ms > DAF_AGENT_LOOK_MAX_MS)
        a->look_wait_ms = DAF_AGENT_LOOK_MAX_MS;
    return true;
}

void daf_agent_look_again(struct daf_agent *a)
{
    daf_agent_admit(a);
    for (size_t i = 0; i < a->conns_count; i++)
        if (a->conns[i]->session != NULL && !a->conns[i]->is_closed)
            daf_session_end(a->conns[i]->session, DAF_BYE_FAILURE);
}
