/* SPDX-License-Identifier: Apache-2.0 */
/* tests/sim/notebook_pair.h - a model and a store that are told and asked the
 * same; whatever differs fails the test. */
#ifndef DAF_TESTS_SIM_NOTEBOOK_PAIR_H
#define DAF_TESTS_SIM_NOTEBOOK_PAIR_H

#include "sim/device/notebook.h"
#include "tests/lib/made.h"

struct pair {
    struct daf_notebook_pool *pool;
    struct daf_notebook *model, *real;
    char *dir;
};

/* What is asked of both: the model is a, the store b. */
struct both {
    struct pair *p;
    const struct daf_index *a, *b;
};

void pair_open(struct pair *p);
void pair_close(struct pair *p);
/* The same call on both; what they return is the same. */
void pair_begin(struct pair *p);
void pair_commit(struct pair *p);
void pair_rollback(struct pair *p);
/* A crash of the device: the folder is opened anew. */
void pair_crash(struct pair *p);
enum daf_put pair_put(struct pair *p, const struct daf_made *m,
                      enum daf_body_state state);
enum daf_err pair_drop(struct pair *p, const struct daf_made *m);
void pair_acked(struct pair *p, uint64_t first, const struct daf_made *last);
void pair_unchecked(struct pair *p, const struct daf_stretch *what);
void pair_checked(struct pair *p, const struct daf_stretch *what);
void pair_compare_head(const struct both *q, const struct daf_log_key *log);
void pair_compare_record(const struct both *q, const struct daf_log_key *log,
                         const struct daf_spot *spot);
/* And at spots that are not held. */
void pair_compare_around(const struct both *q, const struct daf_made *m);
void pair_compare_symbols(const struct both *q,
                          const struct daf_scope_id *scope, size_t start,
                          size_t count);
void pair_compare_absent_from(const struct both *q,
                              const struct daf_log_key *log,
                              const struct daf_spot *spot);
void pair_compare_unacked(const struct both *q, const struct daf_log_key *of);
void pair_compare_scope(const struct both *q, const struct daf_scope_id *scope);
/* The same questions, of one moment: between begin and end. */
void pair_compare_begin(struct pair *p, struct both *q);
void pair_compare_end(const struct both *q);
/* All of one scope and of these records, begin and end included. */
void pair_compare_few(struct pair *p, const struct daf_made *made,
                      size_t count);

#endif
