/* SPDX-License-Identifier: Apache-2.0 */
/* A study from its folder. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/report/file.h"
#include "sim/report/study.h"

#define LINE_BYTES 1024

static enum daf_err odd(char *why, const char *dir, const char *file)
{
    (void)snprintf(why, DAF_FILE_WHY_BYTES,
                   "%s/%s is not what daftar-sim wrote", dir, file);
    return DAF_EFORM;
}

/* ---- result.json */

static bool number_of(const json_t *value, double *out)
{
    *out = (double)NAN;
    if (json_is_null(value)) return true;
    if (!json_is_number(value)) return false;
    *out = json_number_value(value);
    return isfinite(*out);
}

static bool take_latencies(const json_t *result, struct daf_study_run *run)
{
    const json_t *all = json_object_get(result, "latency_quantiles_s");

    if (json_is_null(all)) return true;
    if (json_array_size(all) != DAF_STUDY_QUANTILES) return false;
    for (size_t i = 0; i < DAF_STUDY_QUANTILES; i++)
        if (!number_of(json_array_get(all, i), &run->latencies[i]) ||
            isnan(run->latencies[i]) || run->latencies[i] < 0)
            return false;
    run->has_latencies = true;
    return true;
}

static bool take_result(const json_t *result, struct daf_study_run *run)
{
    const json_t *metrics = json_object_get(result, "metrics");

    if (!json_is_object(metrics)) return false;

    for (unsigned m = 0; m < DAF_METRICS; m++)
        if (!number_of(json_object_get(metrics, daf_metric_about(m)->name),
                       &run->values[m]))
            return false;
    if (!number_of(json_object_get(result, "nodes"), &run->nodes) ||
        !(run->nodes >= 1))
        return false;
    run->spans = json_incref(json_object_get(result, "contact_lengths"));
    return take_latencies(result, run);
}

/* ---- series.csv */

/* The headings, as they are written. */
static bool is_heading(const char *line)
{
    for (unsigned c = 0; c < DAF_SERIES_COLUMNS; c++) {
        const char *name = daf_metric_column(c);
        size_t len = strlen(name);
        bool is_last = c + 1 == DAF_SERIES_COLUMNS;
        if (strncmp(line, name, len) != 0 ||
            line[len] != (is_last ? '\n' : ','))
            return false;
        line += len + 1;
    }
    return true;
}

static bool take_row(const char *line, double *row)
{
    char *end;

    for (unsigned c = 0; c < DAF_SERIES_COLUMNS; c++) {
        row[c] = strtod(line, &end);
        if (end == line || !isfinite(row[c]) || row[c] < 0 ||
            *end != (c + 1 == DAF_SERIES_COLUMNS ? '\n' : ','))
            return false;
        line = end + 1;
    }
    return true;
}

static enum daf_err take_rows(FILE *f, struct daf_study_run *run)
{
    char line[LINE_BYTES];
    bool is_good = fgets(line, sizeof line, f) != NULL && is_heading(line);

    run->rows =
        calloc(DAF_STUDY_ROWS_MAX, DAF_SERIES_COLUMNS * sizeof *run->rows);
    if (run->rows == NULL) return DAF_ENOMEM;
    while (is_good && fgets(line, sizeof line, f) != NULL) {
        is_good =
            run->rows_count < DAF_STUDY_ROWS_MAX &&
            take_row(line, run->rows + run->rows_count * DAF_SERIES_COLUMNS);
        run->rows_count++;
    }
    if (!is_good || run->rows_count < 2) return DAF_EFORM;
    return ferror(f) != 0 ? DAF_EIO : DAF_OK;
}

/* ---- a run */

static enum daf_err take_series(const char *dir, struct daf_study_run *run,
                                char *why)
{
    char path[DAF_FILE_PATH_BYTES];

    FILE *f =
        daf_file_path(path, dir, "series.csv") ? daf_file_open(path) : NULL;
    enum daf_err err = f == NULL ? DAF_EIO : take_rows(f, run);
    if (f != NULL) (void)fclose(f);
    return err == DAF_OK ? DAF_OK : odd(why, dir, "series.csv");
}

/* One that is not there has not finished. */
static enum daf_err take_run(struct daf_study *s, const char *dir,
                             size_t protocol, uint64_t seed, char *why)
{
    char name[DAF_STUDY_FOLDER_BYTES], path[DAF_FILE_PATH_BYTES];
    json_t *result = NULL;

    daf_study_folder(s->protocols[protocol], seed, name);
    if (!daf_file_path(path, dir, name)) return odd(why, dir, name);
    enum daf_err err = daf_file_read_json(path, "result.json", &result, why);
    if (err == DAF_ENOTFOUND) return DAF_OK;
    if (err != DAF_OK) return err;
    struct daf_study_run *run = daf_study_add(s, protocol, seed);
    if (run == NULL)
        err = DAF_ENOMEM;
    else if (!take_result(result, run))
        err = odd(why, path, "result.json");
    else
        err = take_series(path, run, why);
    json_decref(result);
    return err;
}

/* ---- contacts.json */

/* Whole numbers below @limit, @width of them after one another. */
static bool are_places(const json_t *list, size_t width, json_int_t limit)
{
    size_t count = json_array_size(list);

    for (size_t i = 0; i < count; i++) {
        const json_t *one = json_array_get(list, i);
        if (!json_is_integer(one) || json_integer_value(one) < 0 ||
            json_integer_value(one) >= limit)
            return false;
    }
    return json_is_array(list) && count % width == 0;
}

static bool are_contacts(const json_t *c)
{
    const json_t *shown = json_object_get(c, "shown");
    const json_t *slices = json_object_get(c, "slices");
    const json_t *pairs = json_object_get(c, "pairs");
    json_int_t count = (json_int_t)json_array_size(shown);
    double slice_s;

    if (!are_places(shown, 1, INT32_MAX) || count > 1000 ||
        !number_of(json_object_get(c, "slice_s"), &slice_s) || !(slice_s > 0) ||
        json_array_size(slices) == 0 || json_array_size(slices) > 1000 ||
        !json_is_array(pairs))
        return false;
    for (size_t i = 0; i < json_array_size(slices); i++)
        if (!are_places(json_array_get(slices, i), 2, count)) return false;
    for (size_t i = 0; i < json_array_size(pairs); i++) {
        const json_t *pair = json_array_get(pairs, i);
        if (json_array_size(pair) != 4 || !are_places(pair, 4, INT64_MAX) ||
            json_integer_value(json_array_get(pair, 0)) >= count ||
            json_integer_value(json_array_get(pair, 1)) >= count)
            return false;
    }
    return true;
}

/* ---- the experiment */

static bool take_protocols(struct daf_study *s)
{
    const json_t *all = json_object_get(s->about, "protocols");

    if (json_array_size(all) == 0) return false;
    for (size_t i = 0; i < json_array_size(all); i++) {
        const char *name =
            json_string_value(json_object_get(json_array_get(all, i), "name"));
        if (name == NULL || daf_study_add_protocol(s, name) != i) return false;
    }
    return true;
}

static bool are_seeds(const json_t *seeds)
{
    size_t count = json_array_size(seeds);

    for (size_t i = 0; i < count; i++)
        if (!json_is_integer(json_array_get(seeds, i))) return false;
    return count > 0 && count <= DAF_STUDY_SEEDS_MAX;
}

static enum daf_err take_runs(struct daf_study *s, const char *dir, char *why)
{
    const json_t *seeds = json_object_get(s->about, "seeds");
    enum daf_err err = DAF_OK;

    s->planned = json_array_size(seeds) * s->protocols_count;
    for (size_t i = 0; err == DAF_OK && i < s->planned; i++)
        err = take_run(s, dir, i % s->protocols_count,
                       (uint64_t)json_integer_value(
                           json_array_get(seeds, i / s->protocols_count)),
                       why);
    return err;
}

enum daf_err daf_study_load(struct daf_study *s, const char *dir, char *why)
{
    enum daf_err err;

    why[0] = '\0';
    err = daf_file_read_json(dir, "experiment.json", &s->about, why);
    if (err == DAF_ENOTFOUND)
        (void)snprintf(why, DAF_FILE_WHY_BYTES,
                       "there is no experiment in %s: it has no "
                       "experiment.json",
                       dir);
    if (err != DAF_OK) return err;
    if (!take_protocols(s) || !are_seeds(json_object_get(s->about, "seeds")))
        return odd(why, dir, "experiment.json");
    err = daf_file_read_json(dir, "contacts.json", &s->contacts, why);
    if (err != DAF_OK && err != DAF_ENOTFOUND) return err;
    if (err == DAF_OK && !are_contacts(s->contacts))
        return odd(why, dir, "contacts.json");
    return take_runs(s, dir, why);
}
