/* SPDX-License-Identifier: Apache-2.0 */
/* Curves: each run's, and their mean with its interval, a line a protocol. */
#include <math.h>
#include <stdlib.h>

#include "sim/report/chart.h"
#include "sim/report/html.h"
#include "sim/report/page_impl.h"

#define CURVE_POINTS 120

/* What a run's curve is at point @i of @points. */
typedef double (*curve_fn)(const struct daf_study_run *run, size_t i, double x);

struct curves {
    const struct daf_study *s;
    size_t points, protocols;
    double *x, *y, *half; /* y, half: of each protocol in turn */
    double *column;       /* of the runs */
    struct daf_chart_line lines[DAF_STUDY_PROTOCOLS_MAX];
};

static bool open_curves(struct curves *c, size_t points, size_t protocols)
{
    c->points = points;
    c->protocols = protocols;
    c->x = calloc(points + 1, sizeof *c->x);
    c->y = calloc(points * protocols + 1, sizeof *c->y);
    c->half = calloc(points * protocols + 1, sizeof *c->half);
    c->column = calloc(c->s->runs_count + 1, sizeof *c->column);
    return c->x != NULL && c->y != NULL && c->half != NULL && c->column != NULL;
}

static void close_curves(struct curves *c)
{
    free(c->x);
    free(c->y);
    free(c->half);
    free(c->column);
}

static void draw(struct curves *c, curve_fn fn)
{
    for (size_t p = 0; p < c->protocols; p++) {
        for (size_t i = 0; i < c->points; i++) {
            size_t count = 0;
            for (size_t k = 0; k < c->s->runs_count; k++)
                if (c->s->runs[k].protocol == p)
                    c->column[count++] = fn(&c->s->runs[k], i, c->x[i]);
            struct daf_interval v = daf_stats_interval(c->column, count);
            c->y[p * c->points + i] = v.mean;
            c->half[p * c->points + i] = v.half;
        }
        c->lines[p] = (struct daf_chart_line){.label = c->s->protocols[p],
                                              .y = c->y + p * c->points,
                                              .half = c->half + p * c->points,
                                              .colour = p};
    }
}

/* ---- over time */

static double cell(const struct daf_study_run *run, size_t row,
                   enum daf_series column)
{
    return run->rows[row * DAF_SERIES_COLUMNS + column];
}

static double share(double of, double all)
{
    return all > 0 ? of / all : (double)NAN;
}

static double delivery(const struct daf_study_run *run, size_t i, double x)
{
    (void)x;
    return share(cell(run, i, DAF_SERIES_DELIVERED),
                 cell(run, run->rows_count - 1, DAF_SERIES_CREATED));
}

static double coverage(const struct daf_study_run *run, size_t i, double x)
{
    (void)x;
    return share(cell(run, i, DAF_SERIES_COMPLETE),
                 cell(run, i, DAF_SERIES_WANTED));
}

static double kept(const struct daf_study_run *run, size_t i, double x)
{
    (void)x;
    return cell(run, i, DAF_SERIES_KEPT) / run->nodes;
}

static double contacts_up(const struct daf_study_run *run, size_t i, double x)
{
    (void)x;
    return cell(run, i, DAF_SERIES_CONTACTS_UP);
}

static size_t rows_of_all(const struct daf_study *s)
{
    size_t rows = s->runs[0].rows_count;

    for (size_t i = 1; i < s->runs_count; i++)
        if (s->runs[i].rows_count < rows) rows = s->runs[i].rows_count;
    return rows;
}

static void put_over_time(FILE *f, struct curves *c, curve_fn fn,
                          const struct daf_chart_lines *what)
{
    struct daf_chart_lines chart = *what;

    draw(c, fn);
    chart.x_label = "time since the start";
    chart.x = c->x;
    chart.points = c->points;
    chart.lines = c->lines;
    chart.lines_count = c->protocols;
    daf_chart_lines(f, &chart);
}

/* Of all protocols the same. */
static void put_contacts_up(FILE *f, struct curves *c)
{
    struct daf_chart_lines chart = {
        .title = "Contacts over time",
        .what = "Contacts that are up at an instant; the world is the same for "
                "every protocol.",
        .x_label = "time since the start",
        .y_label = "contacts",
        .y_unit = DAF_UNIT_COUNT,
        .x = c->x,
        .points = c->points,
        .lines = c->lines,
        .lines_count = 1,
    };

    draw(c, contacts_up);
    c->lines[0].label = "contacts up";
    daf_chart_lines(f, &chart);
}

static void put_series(FILE *f, struct curves *c)
{
    static const struct daf_chart_lines charts[] = {
        {.title = "Delivery over time",
         .what = "Messages that have reached their destination, of all that "
                 "are made in the whole run. Line: mean over seeds; band: 95 % "
                 "interval.",
         .y_label = "delivered",
         .y_unit = DAF_UNIT_SHARE},
        {.title = "Coverage over time",
         .what = "Pairs of a message and a device that wants it that are "
                 "complete, of those that there are so far. daftar wants every "
                 "record on every device, the others a message at its "
                 "destination.",
         .y_label = "complete",
         .y_unit = DAF_UNIT_SHARE},
        {.title = "Storage over time",
         .what = "Messages or records on a device, mean over devices.",
         .y_label = "of a device",
         .y_unit = DAF_UNIT_BYTES},
    };

    for (size_t i = 0; i < c->points; i++)
        c->x[i] = cell(&c->s->runs[0], i, DAF_SERIES_TIME);
    put_over_time(f, c, delivery, &charts[0]);
    put_over_time(f, c, coverage, &charts[1]);
    put_over_time(f, c, kept, &charts[2]);
    put_contacts_up(f, c);
}

/* ---- latency */

/* Of all that were made, those that were there after @x. */
static double arrived_by(const struct daf_study_run *run, size_t i, double x)
{
    const double *q = run->latencies;
    size_t below = 0;

    (void)i;
    if (isnan(run->values[DAF_METRIC_DELIVERY])) return (double)NAN;
    if (!run->has_latencies) return 0;
    while (below + 1 < DAF_STUDY_QUANTILES && q[below + 1] <= x)
        below++;
    double part = (double)below;
    if (q[0] > x)
        part = 0;
    else if (below + 1 < DAF_STUDY_QUANTILES)
        part += (x - q[below]) / (q[below + 1] - q[below]);
    return part / (DAF_STUDY_QUANTILES - 1) * run->values[DAF_METRIC_DELIVERY];
}

static enum daf_err put_latency(FILE *f, const struct daf_study *s)
{
    struct curves c = {.s = s};
    double most = 0;

    for (size_t i = 0; i < s->runs_count; i++)
        if (s->runs[i].latencies[DAF_STUDY_QUANTILES - 2] > most)
            most = s->runs[i].latencies[DAF_STUDY_QUANTILES - 2];
    if (most <= 0) {
        (void)fputs("<p>No message arrived, so there is no latency.</p>\n", f);
        return DAF_OK;
    }
    bool is_open = open_curves(&c, CURVE_POINTS, s->protocols_count);
    if (is_open) {
        for (size_t i = 0; i < c.points; i++)
            c.x[i] = most * (double)i / (CURVE_POINTS - 1);
        draw(&c, arrived_by);
        struct daf_chart_lines chart = {
            .title = "Latency",
            .what = "Of all messages made, those that arrived within a time. "
                    "Where a line stays below 100 %, the rest never arrived. "
                    "The axis ends where 99 % of the slowest run have arrived.",
            .x_label = "time since a message was made",
            .y_label = "arrived",
            .y_unit = DAF_UNIT_SHARE,
            .x = c.x,
            .points = c.points,
            .lines = c.lines,
            .lines_count = c.protocols};
        daf_chart_lines(f, &chart);
    }
    close_curves(&c);
    return is_open ? DAF_OK : DAF_ENOMEM;
}

/* ---- content */

static double copies_by(const struct daf_study_run *run, size_t i, double x)
{
    size_t count = 0;

    (void)i;
    if (run->finished == NULL) return (double)NAN;
    while (count < json_array_size(run->finished) &&
           json_number_value(json_array_get(run->finished, count)) <= x)
        count++;
    return (double)count;
}

/* Until a little after the last copy of all; 0: there was no content. */
static double content_end(const struct daf_study *s)
{
    double most = 0;

    for (size_t i = 0; i < s->runs_count; i++) {
        const json_t *all = s->runs[i].finished;
        size_t count = json_array_size(all);
        if (count > 0 &&
            json_number_value(json_array_get(all, count - 1)) > most)
            most = json_number_value(json_array_get(all, count - 1));
    }
    return most * 1.05;
}

static enum daf_err put_content(FILE *f, const struct daf_study *s)
{
    struct curves c = {.s = s};
    double end = content_end(s);

    if (end <= 0) return DAF_OK;
    bool is_open = open_curves(&c, CURVE_POINTS, s->protocols_count);
    if (is_open) {
        for (size_t i = 0; i < c.points; i++)
            c.x[i] = end * (double)i / (CURVE_POINTS - 1);
        draw(&c, copies_by);
        struct daf_chart_lines chart = {
            .title = "Content",
            .what = "Devices that have content whole which they wanted, so "
                    "long after it was there for them to want. A line that "
                    "ends low never got further. Line: mean over seeds; band: "
                    "95 % interval.",
            .x_label = "time since it was wanted",
            .y_label = "finished",
            .y_unit = DAF_UNIT_COUNT,
            .x = c.x,
            .points = c.points,
            .lines = c.lines,
            .lines_count = c.protocols};
        daf_chart_lines(f, &chart);
    }
    close_curves(&c);
    return is_open ? DAF_OK : DAF_ENOMEM;
}

/* ---- bars */

static void put_air(FILE *f, const struct daf_study *s)
{
    static const char *const parts[] = {"payload", "again", "for nothing",
                                        "control"};
    const char *labels[DAF_STUDY_PROTOCOLS_MAX];
    double values[DAF_STUDY_PROTOCOLS_MAX * 4];

    for (size_t p = 0; p < s->protocols_count; p++) {
        labels[p] = s->protocols[p];
        for (unsigned k = 0; k < 4; k++) {
            double v = daf_study_mean(s, p, DAF_METRIC_AIR_PAYLOAD + k).mean;
            values[p * 4 + k] = isnan(v) ? 0 : v;
        }
    }
    struct daf_chart_bars chart = {
        .title = "Bytes on the air",
        .what = "All bytes of a run, mean over seeds. To daftar a message is a "
                "record of some 300 bytes; models of The ONE have no control "
                "traffic.",
        .x_label = "bytes sent in the whole run",
        .unit = DAF_UNIT_BYTES,
        .labels = labels,
        .bars = s->protocols_count,
        .parts = parts,
        .parts_count = 4,
        .values = values};
    daf_chart_bars(f, &chart);
}

#define SPANS_MAX 32

/* Mean over seeds of the first protocol's runs; who meets whom is the same. */
static size_t take_spans(const struct daf_study *s, double out[SPANS_MAX])
{
    size_t runs = 0, count = 0;

    for (size_t k = 0; k < SPANS_MAX; k++)
        out[k] = 0;
    for (size_t i = 0; i < s->runs_count; i++) {
        const json_t *spans = s->runs[i].spans;
        if (s->runs[i].protocol != s->runs[0].protocol) continue;
        runs++;
        for (size_t k = 0; k < json_array_size(spans) && k < SPANS_MAX; k++) {
            double v = json_number_value(json_array_get(spans, k));
            out[k] += v;
            if (v > 0 && k + 1 > count) count = k + 1;
        }
    }
    for (size_t k = 0; k < SPANS_MAX; k++)
        out[k] /= (double)runs;
    return count;
}

static void put_lengths(FILE *f, const struct daf_study *s)
{
    char words[SPANS_MAX][2 * DAF_METRIC_WORD_BYTES];
    const char *labels[SPANS_MAX];
    double values[SPANS_MAX];
    static const char *const parts[] = {"contacts"};
    size_t count = take_spans(s, values), first = 0;

    while (first < count && values[first] <= 0)
        first++;
    for (size_t k = first; k < count; k++) {
        char to[DAF_METRIC_WORD_BYTES];
        daf_metric_word(DAF_UNIT_SECONDS, (double)(UINT64_C(1) << k), to);
        (void)snprintf(words[k], sizeof words[k], "below %s", to);
        labels[k] = words[k];
    }
    struct daf_chart_bars chart = {
        .title = "How long a contact lasts",
        .what = "Contacts by their length, mean over seeds; each row begins "
                "where the one before ends, at half its length.",
        .x_label = "contacts of the whole run",
        .unit = DAF_UNIT_COUNT,
        .labels = labels + first,
        .bars = count - first,
        .parts = parts,
        .parts_count = 1,
        .values = values + first};
    if (count > first) daf_chart_bars(f, &chart);
}

enum daf_err daf_page_charts(FILE *f, const struct daf_study *s)
{
    struct curves c = {.s = s};

    (void)fputs("<section><h2>How it went</h2>\n<div class=\"charts\">\n", f);
    bool is_open = open_curves(&c, rows_of_all(s), s->protocols_count);
    if (is_open) put_series(f, &c);
    close_curves(&c);
    if (!is_open) return DAF_ENOMEM;
    enum daf_err err = put_content(f, s);
    if (err == DAF_OK) err = put_latency(f, s);
    put_air(f, s);
    put_lengths(f, s);
    (void)fputs("</div></section>\n", f);
    return err;
}
