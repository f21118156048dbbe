/* SPDX-License-Identifier: Apache-2.0 */
/* sim/report/axis.h - an axis from 0: where its ticks are and what they say. */
#ifndef DAF_SIM_REPORT_AXIS_H
#define DAF_SIM_REPORT_AXIS_H

#include <stdbool.h>
#include <stdio.h>

#include "sim/report/metric.h"

struct daf_axis {
    double max, step;
    double size;      /* of the unit in which ticks are said */
    const char *unit; /* words: "hours", "MB", "%" */
};

/** daf_axis_make: to hold @most with 3 to 6 ticks.
 * @is_full: it ends with a tick; else with @most. */
struct daf_axis daf_axis_make(enum daf_unit unit, double most, bool is_full);
/** daf_axis_ticks: how many, 0 included. */
unsigned daf_axis_ticks(const struct daf_axis *a);
/** daf_axis_number: what a value is called there, without the unit. */
void daf_axis_number(FILE *f, const struct daf_axis *a, double value);

#endif
