/* SPDX-License-Identifier: Apache-2.0 */
/* sim/report/html.h - words into HTML.  A stream that fails says so when it is
 * closed. */
#ifndef DAF_SIM_REPORT_HTML_H
#define DAF_SIM_REPORT_HTML_H

#include <stdbool.h>
#include <stdio.h>

#include "sim/report/metric.h"
#include "sim/report/stats.h"

/** daf_html_text: @text as text or within a quoted attribute: what came from
 * outside is nothing but words.  Control characters become spaces. */
void daf_html_text(FILE *f, const char *text);
/** daf_html_value: a number with its unit. */
void daf_html_value(FILE *f, enum daf_unit unit, double value);
/** daf_html_interval: mean and half width.  @is_difference: with its sign, and shares
 * in points. */
void daf_html_interval(FILE *f, enum daf_unit unit,
                       const struct daf_interval *i, bool is_difference);
/** daf_html_table: the start of a table that scrolls by itself if it is too wide;
 * @caption is ours. */
void daf_html_table(FILE *f, const char *caption);
void daf_html_table_end(FILE *f);

#endif
