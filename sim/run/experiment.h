/* SPDX-License-Identifier: Apache-2.0 */
/* sim/run/experiment.h - several protocols and seeds over one world, and the folder
 * in which what came of them is kept.
 *
 * For each seed every protocol is run over the same world and traffic: chance is
 * split by purpose (sim/core/chance.h), so results are compared pair by pair.  Each
 * run has the trace hash that it has alone.
 *
 * Where a run's configuration comes from (options, a scenario) is the caller's: a
 * callback makes it.  What the folder holds: sim/report/study.h.  A run's folder
 * appears when the run has finished, whole; what is broken off leaves the finished
 * ones, and going on skips them.  A job is known by its identity, a hash of options,
 * inputs, protocol and seed. */
#ifndef DAF_SIM_RUN_EXPERIMENT_H
#define DAF_SIM_RUN_EXPERIMENT_H

#include "sim/report/file.h"
#include "sim/report/study.h"
#include "sim/run/run.h"

#define DAF_EXPERIMENT_HASH_CHARS 65 /* of BLAKE2b-256 in hex, and the end */

/* What the run depends on beside protocol and seed; all of them, also those that
 * nobody said. */
struct daf_experiment_option {
    const char *name, *value;
};

/* A file that was read. */
struct daf_experiment_input {
    const char *role; /* "contacts" */
    const char *path; /* for people: its place is no part of the identity */
    char hash[DAF_EXPERIMENT_HASH_CHARS];
};

/* How far it is; false breaks it off. */
struct daf_experiment_at {
    size_t run, runs; /* of those that are to be run: which, from 0 */
    const char *protocol;
    uint64_t seed;
    double part; /* of this run */
};
typedef bool (*daf_experiment_progress_fn)(void *ctx,
                                           const struct daf_experiment_at *at);

/* All that is pointed to is the caller's. */
struct daf_experiment {
    const char *name;    /* of the scenario */
    const char *version; /* of the program */
    const struct daf_protocol *const *protocols;
    size_t protocols_count; /* 1 to DAF_STUDY_PROTOCOLS_MAX, all different */
    const uint64_t *seeds;
    size_t seeds_count; /* 1 to DAF_STUDY_SEEDS_MAX, all different */
    const struct daf_experiment_option *options;
    size_t options_count;
    const struct daf_experiment_input *inputs;
    size_t inputs_count;
    const char *const *assumptions; /* sentences for people; NULL ends them */
    const char *dir;                /* to be filled; NULL: nothing is kept */
    bool is_resumed;                /* @dir may hold finished runs */

    void *ctx;
    /* The run of @protocol and @seed: fills @out, whose protocol, seed and measure
     * are set already.  An error, which is said, ends the experiment. */
    enum daf_err (*begin)(void *ctx, struct daf_run_config *out);
    /* After it, also if it failed; or NULL. */
    void (*end)(void *ctx, struct daf_run_config *config);
    /* Each that has finished; or NULL. */
    void (*finished)(void *ctx, const struct daf_run_config *config,
                     const struct daf_run_result *result);
    daf_experiment_progress_fn progress; /* or NULL */
};

/** daf_experiment_hash_file: BLAKE2b-256 of what is in @path.  DAF_EIO: errno. */
DAF_NODISCARD enum daf_err daf_experiment_hash_file(
    const char *path, char out[DAF_EXPERIMENT_HASH_CHARS]);

/** daf_experiment_run: every protocol for the first seed, and so on; then summary
 * and report, over what has finished, also after an error.
 * @out: all zero; filled with the finished runs, those of @dir included, also after
 * errors; the caller clears it.
 * @why: DAF_FILE_WHY_BYTES; empty, or what is wrong, for people.
 * DAF_EBUSY: broken off.  DAF_EFORM: @dir cannot be used so: nothing was run and
 * nothing changed.  DAF_ENOMEM, DAF_EIO, errors of daf_run(). */
DAF_NODISCARD enum daf_err daf_experiment_run(const struct daf_experiment *x,
                                              struct daf_study *out, char *why);

#endif
