/* SPDX-License-Identifier: Apache-2.0 */
/* sim/report/chart.h - charts as inline SVG, each with its table.
 *
 * 440 units wide, so that letters of 12 can be read on a phone.  Lines are named
 * where they end and differ in colour and dashes (classes c0 to c6 of the page's
 * style); numbers have units; a screen reader is told the sentence and the table. */
#ifndef DAF_SIM_REPORT_CHART_H
#define DAF_SIM_REPORT_CHART_H

#include <stdbool.h>
#include <stdio.h>

#include "sim/report/metric.h"

#define DAF_CHART_COLOURS 7

struct daf_chart_line {
    const char *label;
    const double *y, *half; /* NAN: not known; half: of the band, or NULL */
    size_t colour;
};

struct daf_chart_lines {
    const char *title, *what; /* ours: a name, and sentences about it */
    const char *x_label, *y_label;
    enum daf_unit y_unit; /* x is seconds */
    const double *x;
    size_t points;
    const struct daf_chart_line *lines;
    size_t lines_count;
};
/** daf_chart_lines: a figure. */
void daf_chart_lines(FILE *f, const struct daf_chart_lines *c);

/* Bars that lie, each of parts one after the other. */
struct daf_chart_bars {
    const char *title, *what;
    const char *x_label;
    enum daf_unit unit;
    const char *const *labels; /* of bars */
    size_t bars;
    const char *const *parts; /* names; one part has no name */
    size_t parts_count;
    const double *values; /* bars times parts */
};
void daf_chart_bars(FILE *f, const struct daf_chart_bars *c);

#endif
