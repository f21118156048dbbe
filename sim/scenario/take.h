/* SPDX-License-Identifier: Apache-2.0 */
/* sim/scenario/take.h - one value of a scenario file.
 *
 * Each takes the text of a key, or its default if that is NULL, and writes *@out.  The
 * first that is wrong is told in @why; after it nothing is taken any more. */
#ifndef DAF_SIM_SCENARIO_TAKE_H
#define DAF_SIM_SCENARIO_TAKE_H

#include "sim/scenario/scenario.h"

struct daf_take {
    const char *path, *text; /* of the file */
    char *why;
    bool is_wrong;
    char where[64]; /* "group tablet" */
};

/* @like: how such a value is written. */
void daf_take_fail(struct daf_take *t, const char *key, const char *value,
                   const char *like);

void daf_take_time(struct daf_take *t, const char *key, const char *value,
                   daf_sim_us otherwise, daf_sim_us *out);
void daf_take_times(struct daf_take *t, const char *key, const char *value,
                    struct daf_schedule_span otherwise,
                    struct daf_schedule_span *out);
void daf_take_clock(struct daf_take *t, const char *key, const char *value,
                    daf_sim_us *out); /* wanted */
void daf_take_bytes(struct daf_take *t, const char *key, const char *value,
                    uint64_t otherwise, uint64_t *out);
void daf_take_speeds(struct daf_take *t, const char *key, const char *value,
                     uint64_t otherwise, uint64_t *min, uint64_t *max);
void daf_take_sizes(struct daf_take *t, const char *key, const char *value,
                    uint32_t otherwise, uint32_t *min, uint32_t *max);
void daf_take_share(struct daf_take *t, const char *key, const char *value,
                    uint32_t otherwise, uint32_t *out);
void daf_take_count(struct daf_take *t, const char *key, const char *value,
                    uint64_t otherwise, uint64_t most, uint64_t *out);
void daf_take_bool(struct daf_take *t, const char *key, const char *value,
                   bool otherwise, bool *out);
/* "mon-fri", "sat", "mon,wed,fri", "all"; all if not said. */
void daf_take_days(struct daf_take *t, const char *key, const char *value,
                   uint8_t *out);
/* One of @words, which ends with NULL: its place. */
void daf_take_word(struct daf_take *t, const char *key, const char *value,
                   const char *const *words, unsigned otherwise, unsigned *out);

#endif
