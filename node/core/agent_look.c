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

/* Each question is put to the real index, and its failure noted. */

static enum daf_err head_next(void *ctx, const struct daf_scope_id *scope,
                              const struct daf_log_key *after,
                              struct daf_head *out)
{
    struct daf_agent *a = ctx;

    return noted(a, a->real_index->head_next(a->real_index->ctx, scope, after,
                                             out));
}

static enum daf_err head(void *ctx, const struct daf_log_key *log,
                         struct daf_head *out)
{
    struct daf_agent *a = ctx;

    return noted(a, a->real_index->head(a->real_index->ctx, log, out));
}

static enum daf_err get(void *ctx, const struct daf_log_key *log,
                        const struct daf_spot *spot, struct daf_stored *out)
{
    struct daf_agent *a = ctx;
    enum daf_err err = a->real_index->get(a->real_index->ctx, log, spot, out);

    if (err == DAF_OK) daf_agent_erase_hide(a, out);
    return noted(a, err);
}

static enum daf_err at_or_after(void *ctx, const struct daf_log_key *log,
                                const struct daf_spot *spot,
                                struct daf_stored *out)
{
    struct daf_agent *a = ctx;

    return noted(a, a->real_index->at_or_after(a->real_index->ctx, log, spot,
                                               out));
}

static enum daf_err next(void *ctx, const struct daf_log_key *log,
                         const struct daf_spot *spot, struct daf_stored *out)
{
    struct daf_agent *a = ctx;
    enum daf_err err = a->real_index->next(a->real_index->ctx, log, spot, out);

    if (err == DAF_OK) daf_agent_erase_hide(a, out);
    return noted(a, err);
}

static enum daf_err mark(void *ctx, const struct daf_log_key *log,
                         struct daf_mark *out)
{
    struct daf_agent *a = ctx;

    return noted(a, a->real_index->mark(a->real_index->ctx, log, out));
}

static enum daf_err mark_by_tag(void *ctx, const struct daf_scope_id *scope,
                                const struct daf_tag *tag, struct daf_mark *out)
{
    struct daf_agent *a = ctx;

    return noted(a, a->real_index->mark_by_tag(a->real_index->ctx, scope, tag,
                                               out));
}

static enum daf_err marks(void *ctx, const struct daf_scope_id *scope,
                          const struct daf_tag *after, daf_mark_fn fn,
                          void *fn_ctx)
{
    struct daf_agent *a = ctx;

    return noted(a, a->real_index->marks(a->real_index->ctx, scope, after, fn,
                                         fn_ctx));
}

static enum daf_err symbols(void *ctx, const struct daf_scope_id *scope,
                            size_t start, size_t count, struct daf_symbol *out)
{
    struct daf_agent *a = ctx;

    return noted(a, a->real_index->symbols(a->real_index->ctx, scope, start,
                                           count, out));
}

static enum daf_err unacked_next(void *ctx, const struct daf_scope_id *scope,
                                 const struct daf_author_id *author,
                                 const uint64_t *after, struct daf_mark *out)
{
    struct daf_agent *a = ctx;

    return noted(a, a->real_index->unacked_next(a->real_index->ctx, scope,
                                                author, after, out));
}

static enum daf_err bodies(void *ctx, uint64_t *out)
{
    struct daf_agent *a = ctx;

    return noted(a, a->real_index->bodies(a->real_index->ctx, out));
}

static enum daf_err absent_next(void *ctx, const struct daf_scope_id *scope,
                                const struct daf_log_key *log,
                                const struct daf_spot *spot,
                                struct daf_log_key *out_log,
                                struct daf_spot *out_spot)
{
    struct daf_agent *a = ctx;

    return noted(a, a->real_index->absent_next(a->real_index->ctx, scope, log,
                                               spot, out_log, out_spot));
}

static enum daf_err unchecked_next(void *ctx, struct daf_stretch *out)
{
    struct daf_agent *a = ctx;

    return noted(a, a->real_index->unchecked_next(a->real_index->ctx, out));
}

static bool is_checked(void *ctx, const struct daf_log_key *log,
                       const struct daf_spot *spot)
{
    struct daf_agent *a = ctx;

    return a->real_index->is_checked(a->real_index->ctx, log, spot);
}

void daf_agent_look_init(struct daf_agent *a)
{
    a->real_index = a->config.index;
    a->index = (struct daf_index){.ctx = a,
                                  .head_next = head_next,
                                  .head = head,
                                  .get = get,
                                  .at_or_after = at_or_after,
                                  .next = next,
                                  .mark = mark,
                                  .mark_by_tag = mark_by_tag,
                                  .marks = marks,
                                  .symbols = symbols,
                                  .unacked_next = unacked_next,
                                  .bodies = bodies,
                                  .absent_next = absent_next,
                                  .unchecked_next = unchecked_next,
                                  .is_checked = is_checked};
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
