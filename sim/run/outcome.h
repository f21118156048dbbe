/* SPDX-License-Identifier: Apache-2.0 */
/* sim/run/outcome.h - what came of a run, as files and programs read it. */
#ifndef DAF_SIM_RUN_OUTCOME_H
#define DAF_SIM_RUN_OUTCOME_H

#include <jansson.h>

#include "sim/report/study.h"
#include "sim/run/run.h"

/** daf_outcome_json: what `daftar-sim run --json` prints; its keys are promises.
 * latency_* and hops_mean are null if nothing arrived; cpu_s is of this run, rss_mb
 * the most of the process so far.  The caller owns it; NULL without memory. */
json_t *daf_outcome_json(const struct daf_run_config *config,
                         const struct daf_run_result *r);

/** daf_outcome_metrics: of a run that was measured. */
void daf_outcome_metrics(const struct daf_run_result *r,
                         const struct daf_measure *m, double out[DAF_METRICS]);

/** daf_outcome_add: to an object, of a run that was measured: `metrics`,
 * `latency_quantiles_s` (0 %, 1 %, ... 100 % of delivered messages; null if there
 * are none), `contact_lengths` (below 1 s, below 2 s, 4 s, ...; the last: all longer),
 * and where content was carried `content_finished_s`, a number for each copy that is
 * whole, ascending. */
void daf_outcome_add(json_t *to, const struct daf_run_result *r,
                     const struct daf_measure *m);
/** daf_outcome_series: series.csv.  The caller frees it; NULL without memory. */
char *daf_outcome_series(const struct daf_measure *m, size_t *out_len);

#endif
