/* SPDX-License-Identifier: Apache-2.0 */
/* sim/report/metric.h - what is measured of a run: one table of names, units and
 * words, which files, the terminal and the report read.
 *
 * A message is delivered when it reaches its destination for the first time, and
 * relayed each time a node comes to hold it.  Rest of the words: the table, and
 * docs/glossary.md. */
#ifndef DAF_SIM_REPORT_METRIC_H
#define DAF_SIM_REPORT_METRIC_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/report/stats.h"

enum daf_metric {
    DAF_METRIC_CREATED,
    DAF_METRIC_CONTACTS,
    DAF_METRIC_CONTACT_TOTAL,
    DAF_METRIC_CONTACT_MEAN,
    DAF_METRIC_DELIVERED,
    DAF_METRIC_DELIVERY,
    DAF_METRIC_IN_TIME,
    DAF_METRIC_COVERAGE,
    DAF_METRIC_LATENCY_MEAN,
    DAF_METRIC_LATENCY_MEDIAN,
    DAF_METRIC_LATENCY_P90,
    DAF_METRIC_HOPS,
    DAF_METRIC_RELAYED,
    DAF_METRIC_ABORTED,
    DAF_METRIC_DROPPED,
    DAF_METRIC_OVERHEAD,
    DAF_METRIC_AIR_PAYLOAD,
    DAF_METRIC_AIR_AGAIN,
    DAF_METRIC_AIR_BROKEN,
    DAF_METRIC_AIR_CONTROL,
    DAF_METRIC_KEPT_MEAN,
    DAF_METRIC_KEPT_PEAK,
    DAF_METRICS,
};

enum daf_unit {
    DAF_UNIT_COUNT,
    DAF_UNIT_SHARE, /* of 1; people read per cent */
    DAF_UNIT_SECONDS,
    DAF_UNIT_BYTES,
    DAF_UNIT_RATIO,
};

struct daf_metric_about {
    const char *name;  /* in files: "delivery_ratio" */
    const char *label; /* for people */
    const char *what;  /* its definition, a sentence */
    enum daf_unit unit;
};
const struct daf_metric_about *daf_metric_about(enum daf_metric metric);

/* A moment of a run: the columns of series.csv.  All but the last four count from
 * the run's start. */
enum daf_series {
    DAF_SERIES_TIME, /* seconds */
    DAF_SERIES_CREATED,
    DAF_SERIES_DELIVERED,
    DAF_SERIES_RELAYED,
    DAF_SERIES_ABORTED,
    DAF_SERIES_DROPPED,
    DAF_SERIES_CONTACTS,
    DAF_SERIES_AIR_PAYLOAD,
    DAF_SERIES_AIR_AGAIN,
    DAF_SERIES_AIR_BROKEN,
    DAF_SERIES_AIR_CONTROL,
    DAF_SERIES_WANTED,
    DAF_SERIES_COMPLETE,
    DAF_SERIES_CONTACTS_UP, /* now */
    DAF_SERIES_KEPT,        /* bytes of all nodes, now */
    DAF_SERIES_KEPT_MOST,   /* of the fullest node; 0: not known */
    DAF_SERIES_COLUMNS,
};
/** daf_metric_column: its heading in series.csv. */
const char *daf_metric_column(enum daf_series column);

/* A unit in which values of a size are read: "MB", and how many decimals. */
struct daf_metric_scale {
    double size;
    const char *unit; /* with its space before it; "" if there is none */
    int decimals;     /* so that three digits count */
    bool has_commas;  /* 1,234 */
};
/** daf_metric_scale: for values like @like. */
struct daf_metric_scale daf_metric_scale(enum daf_unit unit, double like);
#define DAF_METRIC_WORD_BYTES 48
/** daf_metric_number: @value on that scale, without its unit. */
void daf_metric_number(const struct daf_metric_scale *scale, double value,
                       char out[DAF_METRIC_WORD_BYTES]);
/** daf_metric_word: @value as people read it, with its unit: "37.5 %", "2.1 h",
 * "13.4 MB"; "–" if it is not known. */
void daf_metric_word(enum daf_unit unit, double value,
                     char out[DAF_METRIC_WORD_BYTES]);

/* "16.2", "0.4", " h". */
struct daf_metric_words {
    char mean[DAF_METRIC_WORD_BYTES];
    char half[DAF_METRIC_WORD_BYTES]; /* empty: not known */
    char unit[8];
};
/** daf_metric_interval: both on one scale.
 * @is_difference: with its sign; shares differ in percentage points, "pp". */
void daf_metric_interval(enum daf_unit unit, const struct daf_interval *i,
                         bool is_difference, struct daf_metric_words *out);

#endif
