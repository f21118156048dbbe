/* SPDX-License-Identifier: Apache-2.0 */
/* sim/run/experiment_impl.h - what the experiment's files share. */
#ifndef DAF_SIM_RUN_EXPERIMENT_IMPL_H
#define DAF_SIM_RUN_EXPERIMENT_IMPL_H

#include "sim/run/experiment.h"

/* ---- experiment_folder.c */

/* Looks whether x->dir may be used so, makes it, and writes experiment.json. */
DAF_NODISCARD enum daf_err daf_experiment_open(const struct daf_experiment *x,
                                               char *why);
/* Whether that run has finished; DAF_EFORM: it is of another job. */
DAF_NODISCARD enum daf_err daf_experiment_is_finished(
    const struct daf_experiment *x, const struct daf_protocol *protocol,
    uint64_t seed, bool *out, char *why);
/* A finished run's folder. */
DAF_NODISCARD enum daf_err daf_experiment_keep(
    const struct daf_experiment *x, const struct daf_run_config *config,
    const struct daf_run_result *result, char *why);

/* ---- experiment_about.c */

/* experiment.json without protocols and seeds. */
json_t *daf_experiment_about(const struct daf_experiment *x);
/* @protocol NULL: of the experiment. */
void daf_experiment_identity(const struct daf_experiment *x,
                             const struct daf_protocol *protocol, uint64_t seed,
                             char out[DAF_EXPERIMENT_HASH_CHARS]);
/* The options as an object. */
json_t *daf_experiment_options(const struct daf_experiment *x);
json_t *daf_experiment_inputs(const struct daf_experiment *x);

#endif
