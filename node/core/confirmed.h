/* SPDX-License-Identifier: Apache-2.0 */
/* node/core/confirmed.h - which records of revoked devices count (docs/protocol.md
 * R105): a pure function of (manifest, control, records held).
 *
 * A revoked device's record is confirmed if it is a tip that was named, or an
 * ancestor of one by predecessors that are held; else it is unconfirmed: kept,
 * synced and shown, but worth nothing (R106).  Never by seq: a thief's branch that
 * leaves the log below a named tip has seqs that were named.  Everybody else's
 * records are confirmed.
 *
 *      daf_confirmed_new()        over a camp and an index, which outlive it
 *        daf_confirmed_is() ...   about rows of that index, in any order
 *      daf_confirmed_begin()      before the next fold: either may have changed
 *
 * What it found out of a log is kept until its frontier or the set of named tips is
 * another one, so that many folds cost one walk: over the unconfirmed records and
 * those beside them, not over the log. */
#ifndef DAF_NODE_CORE_CONFIRMED_H
#define DAF_NODE_CORE_CONFIRMED_H

#include "node/core/camp.h"

struct daf_confirmed; /* opaque; the caller owns it */

DAF_NODISCARD enum daf_err daf_confirmed_new(const struct daf_camp *camp,
                                             const struct daf_index *index,
                                             struct daf_confirmed **out);
/** daf_confirmed_free: NULL is fine. */
void daf_confirmed_free(struct daf_confirmed *c);

/** daf_confirmed_begin: look at each log's head again, and forget what went wrong.
 * To be called before each fold, if the camp or the index may have changed. */
void daf_confirmed_begin(struct daf_confirmed *c);

/** daf_confirmed_is: whether a held record counts.  false if that cannot be found
 * out; then daf_confirmed_err() says why, and the fold is to be given up. */
bool daf_confirmed_is(struct daf_confirmed *c, const struct daf_log_key *log,
                      const struct daf_spot *spot);

/** daf_confirmed_err: DAF_OK, or the first thing that went wrong since
 * daf_confirmed_begin(): DAF_ENOMEM, or what the index returned. */
enum daf_err daf_confirmed_err(const struct daf_confirmed *c);

/** daf_confirmed_lacks: how many records of @author are unconfirmed here, in all
 * scopes that the camp knows; NULL: of all revoked devices. */
DAF_NODISCARD enum daf_err daf_confirmed_lacks(
    struct daf_confirmed *c, const struct daf_author_id *author, uint64_t *out);

#endif
