/* SPDX-License-Identifier: Apache-2.0 */
/* sim/report/summary.h - an experiment's numbers: means, and differences pair by
 * pair, with their 95 % intervals. */
#ifndef DAF_SIM_REPORT_SUMMARY_H
#define DAF_SIM_REPORT_SUMMARY_H

#include <stdio.h>

#include "sim/report/study.h"

/** daf_summary_json: `runs` (finished), `planned`; `protocols`: by name, by metric
 * `mean`, `half_width` and `runs`; `differences`: of each protocol less each named
 * before it, over the seeds that both have.  NULL without memory. */
json_t *daf_summary_json(const struct daf_study *s);

/** daf_summary_write: summary.json, and summary.csv with a line for each run and
 * metric: protocol, seed, metric, value; empty if it is not known.  Errors as
 * daf_file_text(). */
DAF_NODISCARD enum daf_err daf_summary_write(const struct daf_study *s,
                                             const char *dir, char *why);

/** daf_summary_print: a table for people. */
void daf_summary_print(const struct daf_study *s, FILE *to);

#endif
