/* SPDX-License-Identifier: Apache-2.0 */
/* sim/device/notebook.h - what a simulated device keeps: the daemon's store, or a
 * model of it, behind one interface.
 *
 *      daf_notebook_model()  arrays in memory.  Record bytes are kept once for all
 *                            devices (struct daf_notebook_pool); a device has 4
 *                            bytes for each record and about 110 for each log
 *      daf_notebook_real()   store/store.h in a folder: a writer and a reader
 *
 * Both do what store/store.h says, and give the same answers: the model is tested
 * against the real one over random worlds.  A batch is begun, filled and committed;
 * a crash is daf_notebook_rollback(), or daf_notebook_free() of a real one. */
#ifndef DAF_SIM_DEVICE_NOTEBOOK_H
#define DAF_SIM_DEVICE_NOTEBOOK_H

#include "store/store.h"

struct daf_notebook;      /* opaque: one device's */
struct daf_notebook_pool; /* opaque: what all models of a run share */

/** daf_notebook_pool_new: an empty one.  DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_notebook_pool_new(
    struct daf_notebook_pool **out);
/** daf_notebook_pool_free: after the last notebook; no record leaves before.  NULL
 * is fine. */
void daf_notebook_pool_free(struct daf_notebook_pool *pool);
/** daf_notebook_pool_bytes: memory that records take, once. */
uint64_t daf_notebook_pool_bytes(const struct daf_notebook_pool *pool);

/** daf_notebook_model: an empty one.  @pool outlives it.  DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_notebook_model(struct daf_notebook_pool *pool,
                                              struct daf_notebook **out);
/** daf_notebook_real: the notebook in the folder @dir, made if there is none; errors
 * as daf_store_open(). */
DAF_NODISCARD enum daf_err daf_notebook_real(const char *dir,
                                             struct daf_notebook **out);
/** daf_notebook_free: NULL is fine.  A batch that is open is rolled back. */
void daf_notebook_free(struct daf_notebook *n);

/** daf_notebook_copy: what @from holds, for @to, which never committed: a card that
 * was copied, or a device that was handed over with all of control.  Models of one
 * pool only.  DAF_ENOMEM: @to is still empty. */
DAF_NODISCARD enum daf_err daf_notebook_copy(const struct daf_notebook *from,
                                             struct daf_notebook *to);

/* ---- writing: as daf_store_begin() and so on.  A model has one error of its own,
 * DAF_ENOMEM; after it nothing but rollback helps, and commit is one. */
DAF_NODISCARD enum daf_err daf_notebook_begin(struct daf_notebook *n);
DAF_NODISCARD enum daf_err daf_notebook_put(
    struct daf_notebook *n, const struct daf_record *r, struct daf_view header,
    enum daf_body_state state, struct daf_view body, enum daf_put *out);
DAF_NODISCARD enum daf_err daf_notebook_unchecked(
    struct daf_notebook *n, const struct daf_stretch *what);
DAF_NODISCARD enum daf_err daf_notebook_checked(struct daf_notebook *n,
                                                const struct daf_stretch *what);
DAF_NODISCARD enum daf_err daf_notebook_drop(struct daf_notebook *n,
                                             const struct daf_log_key *log,
                                             const struct daf_spot *spot);
/** daf_notebook_erase: a model is done in one step. */
DAF_NODISCARD enum daf_err daf_notebook_erase(struct daf_notebook *n,
                                              const struct daf_erase *what,
                                              struct daf_erase *out_next,
                                              bool *out_more);
DAF_NODISCARD enum daf_err daf_notebook_acked(struct daf_notebook *n,
                                              const struct daf_log_key *log,
                                              uint64_t seq_first,
                                              const struct daf_spot *last);
/** daf_notebook_state: keep a statement.  A model keeps none. */
DAF_NODISCARD enum daf_err daf_notebook_state(struct daf_notebook *n,
                                              struct daf_view statement);
DAF_NODISCARD enum daf_err daf_notebook_commit(struct daf_notebook *n);
void daf_notebook_rollback(struct daf_notebook *n);

/* ---- reading */
/** daf_notebook_index: proto/index.h's questions, over what is committed, also
 * between begin and commit.  The result lives as long as @n. */
const struct daf_index *daf_notebook_index(struct daf_notebook *n);
/** daf_notebook_statements: those that are kept. */
DAF_NODISCARD enum daf_err daf_notebook_statements(struct daf_notebook *n,
                                                   daf_statement_fn fn,
                                                   void *ctx);
/** daf_notebook_pin, _unpin: reads of one moment, as daf_store_pin().  A model has
 * no second moment: while it is pinned, or scanned, nobody commits. */
DAF_NODISCARD enum daf_err daf_notebook_pin(struct daf_notebook *n,
                                            uint64_t *out_commits);
void daf_notebook_unpin(struct daf_notebook *n);
/** daf_notebook_scan, _digest: daf_store_scan(), daf_store_digest(). */
DAF_NODISCARD enum daf_err daf_notebook_scan(struct daf_notebook *n,
                                             const struct daf_scope_id *scope,
                                             int retention, daf_row_fn fn,
                                             void *ctx);
DAF_NODISCARD enum daf_err daf_notebook_digest(struct daf_notebook *n,
                                               const struct daf_scope_id *scope,
                                               struct daf_store_digest *out);
/** daf_notebook_holds: whether the body of a record of this seq is here, fast: for
 * probes. */
bool daf_notebook_holds(const struct daf_notebook *n,
                        const struct daf_log_key *log, uint64_t seq);

#endif
