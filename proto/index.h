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
#include "proto/sketch.h"

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

/* A stretch of seqs of one log, both ends included. */
struct daf_stretch {
    struct daf_log_key log;
    uint64_t first, last;
};

/* Erase handles of which all bodies go, and how far that is. */
struct daf_erase {
    const struct daf_handle *handles; /* ascending, each once; borrowed */
    size_t count;
    /* The next step: from the record after this one, or the first if seq is 0;
     * or, if all were looked at, what is left in journals. */
    struct daf_log_key log;
    struct daf_spot spot;
    bool is_looked;
};

/* Returns true to go on. */
typedef bool (*daf_mark_fn)(void *ctx, const struct daf_mark *mark);

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
    /* One record by its spot; DAF_ENOTFOUND if not held.  A header that is given,
     * here and below, has the spot's id: what the card changed is DAF_ECORRUPT. */
    enum daf_err (*get)(void *ctx, const struct daf_log_key *log,
                        const struct daf_spot *spot, struct daf_stored *out);
    /* The first record of the log at or after (seq, id) in that order, header
     * only; DAF_ENOTFOUND at the end.  For walks towards newer records. */
    enum daf_err (*at_or_after)(void *ctx, const struct daf_log_key *log,
                                const struct daf_spot *spot,
                                struct daf_stored *out);

    /* The record of the log just after (seq, id) in that order, with its body;
     * DAF_ENOTFOUND at the end.  For reading a log without forks. */
    enum daf_err (*next)(void *ctx, const struct daf_log_key *log,
                         const struct daf_spot *spot, struct daf_stored *out);

    /* ---- comparing (docs/protocol.md §5.3) */

    /* The mark of one log; DAF_ENOTFOUND if nothing of it is held. */
    enum daf_err (*mark)(void *ctx, const struct daf_log_key *log,
                         struct daf_mark *out);
    /* The mark of the log with this tag (of several, the lowest log). */
    enum daf_err (*mark_by_tag)(void *ctx, const struct daf_scope_id *scope,
                                const struct daf_tag *tag,
                                struct daf_mark *out);
    /* Every mark of @scope whose tag is above *@after (NULL: all), ascending by
     * tag, until @fn returns false.  @fn must not ask the index. */
    enum daf_err (*marks)(void *ctx, const struct daf_scope_id *scope,
                          const struct daf_tag *after, daf_mark_fn fn,
                          void *fn_ctx);
    /* Symbols @start to @start + @count of the sketch of @scope's items;
     * @start + @count ≤ DAF_SYMBOLS_MAX. */
    enum daf_err (*symbols)(void *ctx, const struct daf_scope_id *scope,
                            size_t start, size_t count, struct daf_symbol *out);
    /* The next log of @author in @scope after incarnation *@after (NULL: the
     * first) of which some record is not known to be durable at a peer. */
    enum daf_err (*unacked_next)(void *ctx, const struct daf_scope_id *scope,
                                 const struct daf_author_id *author,
                                 const uint64_t *after, struct daf_mark *out);
    /* A number that changes whenever a body is stored. */
    enum daf_err (*bodies)(void *ctx, uint64_t *out);

    /* ---- what has its own repair */

    /* The first record of @scope whose body is ABSENT after (*@log, *@spot) in
     * order of log, seq, id (@log NULL: from the start).  DAF_ENOTFOUND. */
    enum daf_err (*absent_next)(void *ctx, const struct daf_scope_id *scope,
                                const struct daf_log_key *log,
                                const struct daf_spot *spot,
                                struct daf_log_key *out_log,
                                struct daf_spot *out_spot);
    /* Whether the record's own signature was verified before it was stored, or
     * since; a record that is not held is not. */
    bool (*is_checked)(void *ctx, const struct daf_log_key *log,
                       const struct daf_spot *spot);
    /* The lowest stretch of seqs of some log, of any scope, in which records may
     * be that were not verified.  DAF_ENOTFOUND: there is none. */
    enum daf_err (*unchecked_next)(void *ctx, struct daf_stretch *out);
};

#endif
