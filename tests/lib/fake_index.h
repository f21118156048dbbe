/* SPDX-License-Identifier: Apache-2.0 */
/* tests/lib/fake_index.h - proto/index.h over a sorted array: any logs, with
 * forks and gaps, the frontier computed anew at each question.
 *
 * Views that it hands out are destroyed by the next question, as index.h allows,
 * so a reader that keeps one too long is found out. */
#ifndef DAF_TESTS_LIB_FAKE_INDEX_H
#define DAF_TESTS_LIB_FAKE_INDEX_H

#include "proto/index.h"
#include "proto/record.h"

struct daf_fake_index; /* opaque */

/** daf_fake_index_new: an empty one; the caller owns it and gives it back with
 * daf_fake_index_free().  Stops the test when out of memory, as all here do. */
struct daf_fake_index *daf_fake_index_new(void);
/** daf_fake_index_free: NULL is fine. */
void daf_fake_index_free(struct daf_fake_index *f);

/** daf_fake_index_view: its questions; lives as long as @f. */
const struct daf_index *daf_fake_index_view(const struct daf_fake_index *f);

/**
 * daf_fake_index_put: keep a record.  Nothing is verified.
 * @r: decoded from @header, which is copied, as is @body.
 * Returns whether anything changed: a new header; a body where it was absent;
 * a reason (erased, retired) instead of an absent body.
 */
bool daf_fake_index_put(struct daf_fake_index *f, const struct daf_record *r,
                        struct daf_view header, enum daf_body_state state,
                        struct daf_view body);

/** daf_fake_index_unchecked, _checked: the signatures of the records held of
 * this stretch are not verified yet; or they are.  All are at first. */
void daf_fake_index_unchecked(struct daf_fake_index *f,
                              const struct daf_stretch *what);
void daf_fake_index_checked(struct daf_fake_index *f,
                            const struct daf_stretch *what);

/** daf_fake_index_acked: peers hold the log up to @seq with its bodies. */
void daf_fake_index_acked(struct daf_fake_index *f,
                          const struct daf_log_key *log, uint64_t seq);

/** daf_fake_index_drop: forget a record.  Returns whether it was held. */
bool daf_fake_index_drop(struct daf_fake_index *f,
                         const struct daf_log_key *log,
                         const struct daf_spot *spot);

/** daf_fake_index_count: how many records it holds, of all logs. */
size_t daf_fake_index_count(const struct daf_fake_index *f);

/** daf_fake_index_at: the record at @index, in order of scope, log, seq and id;
 * views live until the next put.  No question: neither counted nor failing. */
void daf_fake_index_at(const struct daf_fake_index *f, size_t index,
                       struct daf_log_key *out_log, struct daf_stored *out);

/** daf_fake_index_calls: how many questions were asked since the last call. */
size_t daf_fake_index_calls(struct daf_fake_index *f);

/** daf_fake_index_fail: @after more questions are answered, then all fail with
 * DAF_EIO; SIZE_MAX: none do. */
void daf_fake_index_fail(struct daf_fake_index *f, size_t after);
/** daf_fake_index_mislead: head() answers this tip for every log, as a notebook
 * does whose table of tips is damaged; seq 0: no more. */
void daf_fake_index_mislead(struct daf_fake_index *f,
                            const struct daf_spot *tip);

#endif
