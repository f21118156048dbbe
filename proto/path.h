/* SPDX-License-Identifier: Apache-2.0 */
/* proto/path.h - which records of one log to ask for, and which to answer with
 * (docs/protocol.md R24).  Pure: reads an index, keeps nothing, allocates
 * nothing.
 *
 * The puller, for each log whose head differs from the peer's:
 *
 *      wants_count = daf_path_wants(index, own_or_null, wants);
 *      haves_count = daf_path_haves(index, own_or_null, all, haves);
 *
 * The answerer, for each own tip and each want of that log, having fetched its
 * own head once:
 *
 *      err = daf_path_begin(index, own, want, haves, haves_count, &path);
 *      while (err == DAF_OK && (err = daf_path_next(&path, &rec)) == DAF_OK)
 *          daf_frame_add_record(k, &rec);
 *      err is DAF_ENOTFOUND after the last: not held, or all given
 *
 *      o---o---have---1---2---3---want          1 2 3 want are the path
 *                          \
 *                           o---another tip     its own want, if it is one
 *
 * Each path is oldest first, every record the predecessor of the next, so the
 * first can be kept as soon as it comes.  Wants of a forked log may share a
 * beginning, which is then given twice: a fork is a fault, not a habit.
 *
 * In a log without forks and gaps a path costs one question for each record.
 * Elsewhere it is first walked back, one question for each record, and once
 * more for each fork that it passes. */
#ifndef DAF_PROTO_PATH_H
#define DAF_PROTO_PATH_H

#include "proto/index.h"

#define DAF_PATH_TIPS_MAX 32 /* own tips beside spaced haves */

/* Steps that the paths of one WANT may take back over forked logs: twice what the
 * credit can hold of the smallest records, so work stays in proportion to what is
 * sent.  A path that may go back no further begins where it is; that always ends
 * in a spent credit, and the puller comes back for the predecessor of its new
 * root (R24). */
#define DAF_PATH_STEPS(credit) (2 * ((size_t)(credit) / 180 + 1) + 64)

/* Where a path is.  Has no pointer into itself: to take back a record that did
 * not fit, copy the path before daf_path_next() and put the copy back. */
struct daf_path {
    const struct daf_index *index; /* outlives the path */
    struct daf_log_key log;
    struct daf_spot want; /* the last to give */
    struct daf_spot at;   /* given last, or the first to give */
    bool given;           /* whether `at` was given, or is the peer's already */
    bool linear;          /* no forks and gaps: whatever is above is next */
    size_t *steps;        /* what is left of DAF_PATH_STEPS(); borrowed */
};

/**
 * daf_path_begin: find the oldest record that answers @want: just above the
 * nearest of @haves that is below it, else an own root, else the log's start.
 * @own: this device's head of the log, as the index has it now; borrowed for
 *       this call, as are @want and @haves.
 * @haves: what the peer holds; may be NULL if @haves_count is 0, may name what
 *         is not held here or is no ancestor of @want.
 *
 * @out: its `steps` points to the caller's count of steps left, which outlives
 *       the path; the rest is overwritten.
 *
 * DAF_OK: at least one record will come.  DAF_ENOTFOUND: @want is not held
 * here.  DAF_EEXISTS: @want is among @haves.  Else what the index says.
 */
DAF_NODISCARD enum daf_err daf_path_begin(const struct daf_index *index,
                                          const struct daf_head *own,
                                          const struct daf_spot *want,
                                          const struct daf_spot *haves,
                                          size_t haves_count,
                                          struct daf_path *out);

/**
 * daf_path_next: the next record, header and body, oldest first.
 * @out: views borrowed until the next call on the same index.
 *
 * DAF_ENOTFOUND after the record wanted was given.  DAF_EBUSY: no steps are left.
 * DAF_ECORRUPT if a link is missing; that those of a chain hold is the store's word.
 */
DAF_NODISCARD enum daf_err daf_path_next(struct daf_path *path,
                                         struct daf_stored *out);

/** daf_path_haves: ids that tell a peer what is held here: own tips, the highest
 * first; with @all at most DAF_PATH_TIPS_MAX, and records 1, 2, 4, 8… below the
 * highest.
 * @own: this device's head, or NULL if it holds nothing of the log.
 * @out: DAF_HAVES_MAX.  Returns the count. */
size_t daf_path_haves(const struct daf_index *index, const struct daf_head *own,
                      bool all, struct daf_spot out[]);

/** daf_path_knows: whether any of @haves is held here. */
bool daf_path_knows(const struct daf_index *index,
                    const struct daf_log_key *log, const struct daf_spot *haves,
                    size_t haves_count);

/** daf_path_wants: what to ask of a peer beside its tips: the predecessors of own
 * roots above seq 1.
 * @own: this device's head, or NULL if it holds nothing of the log.
 * @out: DAF_WANTS_MAX.  Returns the count. */
size_t daf_path_wants(const struct daf_index *index, const struct daf_head *own,
                      struct daf_spot out[]);

#endif
