/* SPDX-License-Identifier: Apache-2.0 */
/* proto/index.h - the read-only questions that the protocol asks of a store.
 *
 * Implemented by store/store_index.c over SQLite and by fakes in tests; the simulator
 * may model it.  Writes never pass here: they leave proto by the session's port
 * and return as events once they are durable.
 *
 * Views handed out are borrowed until the next call on the same index. */
#ifndef DAF_PROTO_INDEX_H
#define DAF_PROTO_INDEX_H

#include "proto/err.h"
#include "proto/frontier.h"

/* Why a body is not here; the numbers are the wire's (frame RUN). */
enum daf_body_state {
    DAF_BODY_HELD = 0,
    DAF_BODY_ERASED = 1,
    DAF_BODY_RETIRED = 2,
    DAF_BODY_ABSENT = 3,
};

struct daf_stored {
    struct daf_spot spot;
    struct daf_view header;
    enum daf_body_state body_state;
    struct daf_view body; /* empty unless HELD */
};

struct daf_index {
    void *ctx;
    /* The first head of @scope after (author, incarnation) of *@after, or the
     * very first if @after is NULL.  DAF_ENOTFOUND at the end. */
    enum daf_err (*head_next)(void *ctx, const struct daf_scope_id *scope,
                              const struct daf_log_key *after,
                              struct daf_head *out);
    /* The head of one log; DAF_ENOTFOUND if nothing of it is held. */
    enum daf_err (*head)(void *ctx, const struct daf_log_key *log,
                         struct daf_head *out);
    /* One record by its spot; DAF_ENOTFOUND if not held. */
    enum daf_err (*get)(void *ctx, const struct daf_log_key *log,
                        const struct daf_spot *spot, struct daf_stored *out);
    /* The first record of the log at or after (seq, id) in that order, header
     * only; DAF_ENOTFOUND at the end.  For walks towards newer records. */
    enum daf_err (*at_or_after)(void *ctx, const struct daf_log_key *log,
                                const struct daf_spot *spot,
                                struct daf_stored *out);
};

#endif
