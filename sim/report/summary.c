/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/report/summary.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/report/file.h"

static json_t *real_or_null(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

static json_t *interval_json(const struct daf_interval *i)
{
    return json_pack("{s:o, s:o, s:I}", "mean", real_or_null(i->mean),
                     "half_width", real_or_null(i->half), "runs",
                     (json_int_t)i->count);
}

/* @than: the protocol itself: means. */
static json_t *metrics_json(const struct daf_study *s, size_t protocol,
                            size_t than)
{
    json_t *out = json_object();

    for (unsigned m = 0; m < DAF_METRICS; m++) {
        struct daf_interval i =
            than == protocol ? daf_study_mean(s, protocol, m)
                             : daf_study_difference(s, protocol, than, m);
        json_object_set_new(out, daf_metric_about(m)->name, interval_json(&i));
    }
    return out;
}

json_t *daf_summary_json(const struct daf_study *s)
{
    json_t *protocols = json_object(), *differences = json_array();

    for (size_t p = 0; p < s->protocols_count; p++)
        json_object_set_new(protocols, s->protocols[p], metrics_json(s, p, p));
    for (size_t than = 0; than < s->protocols_count; than++)
        for (size_t p = than + 1; p < s->protocols_count; p++)
            json_array_append_new(differences,
                                  json_pack("{s:s, s:s, s:o}", "protocol",
                                            s->protocols[p], "less",
                                            s->protocols[than], "metrics",
                                            metrics_json(s, p, than)));
    return json_pack("{s:I, s:I, s:f, s:o, s:o}", "runs",
                     (json_int_t)s->runs_count, "planned",
                     (json_int_t)s->planned, "confidence", 0.95, "protocols",
                     protocols, "differences", differences);
}

static void put_csv(const struct daf_study *s, FILE *f)
{
    (void)fputs("protocol,seed,metric,value\n", f);
    for (size_t i = 0; i < s->runs_count; i++)
        for (unsigned m = 0; m < DAF_METRICS; m++) {
            const struct daf_study_run *run = &s->runs[i];
            (void)fprintf(f, "%s,%" PRIu64 ",%s,", s->protocols[run->protocol],
                          run->seed, daf_metric_about(m)->name);
            if (!isnan(run->values[m]))
                (void)fprintf(f, "%.12g", run->values[m]);
            (void)fputs("\n", f);
        }
}

enum daf_err daf_summary_write(const struct daf_study *s, const char *dir,
                               char *why)
{
    char *text = NULL;
    size_t len = 0;
    json_t *all = daf_summary_json(s);

    enum daf_err err = daf_file_json(dir, "summary.json", all, why);
    json_decref(all);
    if (err != DAF_OK) return err;
    FILE *f = open_memstream(&text, &len);
    if (f == NULL) return DAF_ENOMEM;
    put_csv(s, f);
    err = fclose(f) == 0 ? daf_file_text(dir, "summary.csv", text, len, why)
                         : DAF_ENOMEM;
    free(text);
    return err;
}

/* ---- for people */

#define CELL 22

/* @text takes as many columns as it has characters, not bytes. */
static void put_cell(FILE *to, const char *text)
{
    int columns = 0;

    for (const char *c = text; *c != '\0'; c++)
        columns += ((unsigned char)*c & 0xc0) != 0x80;
    (void)fprintf(to, "  %s%*s", text, columns < CELL ? CELL - columns : 0, "");
}

static void put_interval(FILE *to, enum daf_unit unit,
                         const struct daf_interval *i, bool is_difference)
{
    struct daf_metric_words words;
    char cell[3 * DAF_METRIC_WORD_BYTES];

    daf_metric_interval(unit, i, is_difference, &words);
    (void)snprintf(cell, sizeof cell, "%s%s%s%s", words.mean,
                   words.half[0] == '\0' ? "" : " \xc2\xb1 ", words.half,
                   words.unit);
    put_cell(to, cell);
}

static void put_row(const struct daf_study *s, FILE *to, enum daf_metric metric,
                    bool is_difference)
{
    const struct daf_metric_about *about = daf_metric_about(metric);

    (void)fprintf(to, "  %-26s", about->label);
    for (size_t p = is_difference ? 1 : 0; p < s->protocols_count; p++) {
        struct daf_interval i = is_difference
                                    ? daf_study_difference(s, p, 0, metric)
                                    : daf_study_mean(s, p, metric);
        put_interval(to, about->unit, &i, is_difference);
    }
    (void)fputs("\n", to);
}

void daf_summary_print(const struct daf_study *s, FILE *to)
{
    (void)fprintf(to,
                  "%zu of %zu runs; mean \xc2\xb1 half of the 95 %% "
                  "interval (Student's t)\n\n%28s",
                  s->runs_count, s->planned, "");
    for (size_t p = 0; p < s->protocols_count; p++)
        put_cell(to, s->protocols[p]);
    (void)fputs("\n", to);
    for (unsigned m = 0; m < DAF_METRICS; m++)
        put_row(s, to, m, false);
    if (s->protocols_count < 2) return;
    (void)fprintf(to, "\npair by pair, less %s\n", s->protocols[0]);
    (void)fprintf(to, "%28s", "");
    for (size_t p = 1; p < s->protocols_count; p++)
        put_cell(to, s->protocols[p]);
    (void)fputs("\n", to);
    for (unsigned m = DAF_METRIC_DELIVERED; m < DAF_METRICS; m++)
        put_row(s, to, m, true);
}
