/* SPDX-License-Identifier: Apache-2.0 */
/* A study from its folder. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/report/file.h"
#include "sim/report/study.h"

#define LINE_BYTES  1024
#define WHERE_BYTES 80

#define IDENTITY_CHARS 64
#define NUMBER_MOST    1e18 /* sums and means of such are numbers still */
#define NODES_MOST     1048576
#define SPANS_MOST     32
#define FINISHED_MOST  (1u << 24)

/* @key: where in it, for people. */
static enum daf_err odd(char *why, const char *dir, const char *file,
                        const char *key)
{
    (void)snprintf(why, DAF_FILE_WHY_BYTES,
                   "%.3500s/%s is not what daftar-sim wrote: %.100s cannot be "
                   "right",
                   dir, file, key);
    return DAF_EFORM;
}

/* ---- result.json.  Each: the key that is wrong, or NULL. */

static bool number_of(const json_t *value, double *out)
{
    *out = (double)NAN;
    if (json_is_null(value)) return true;
    if (!json_is_number(value)) return false;
    *out = json_number_value(value);
    return isfinite(*out) && fabs(*out) <= NUMBER_MOST;
}

static bool is_in_range(enum daf_unit unit, double value)
{
    if (isnan(value)) return true;
    if (unit == DAF_UNIT_SHARE) return value >= 0 && value <= 1;
    /* More may be delivered than relayed: less than none at all is the least. */
    return unit == DAF_UNIT_RATIO ? value >= -1 : value >= 0;
}

static const char *metrics_wrong(const json_t *metrics,
                                 struct daf_study_run *run)
{
    for (unsigned m = 0; m < DAF_METRICS; m++) {
        const struct daf_metric_about *about = daf_metric_about(m);
        const json_t *value = json_object_get(metrics, about->name);
        if (!number_of(value, &run->values[m]) ||
            !is_in_range(about->unit, run->values[m]))
            return about->name;
    }
    return NULL;
}

static const char *latencies_wrong(const json_t *all, struct daf_study_run *run)
{
    static const char key[] = "latency_quantiles_s";
    double before = 0;

    if (json_is_null(all)) return NULL;
    if (json_array_size(all) != DAF_STUDY_QUANTILES) return key;
    for (size_t i = 0; i < DAF_STUDY_QUANTILES; i++) {
        if (!number_of(json_array_get(all, i), &run->latencies[i]) ||
            !(run->latencies[i] >= before))
            return key;
        before = run->latencies[i];
    }
    run->has_latencies = true;
    return NULL;
}

static const char *spans_wrong(json_t *spans, struct daf_study_run *run)
{
    static const char key[] = "contact_lengths";

    if (json_array_size(spans) == 0 || json_array_size(spans) > SPANS_MOST)
        return key;
    for (size_t i = 0; i < json_array_size(spans); i++) {
        const json_t *one = json_array_get(spans, i);
        if (!json_is_integer(one) || json_integer_value(one) < 0 ||
            json_number_value(one) > NUMBER_MOST)
            return key;
    }
    run->spans = json_incref(spans);
    return NULL;
}

static const char *finished_wrong(json_t *finished, struct daf_study_run *run)
{
    static const char key[] = "content_finished_s";
    double before = 0, at = 0;

    if (finished == NULL) return NULL;
    if (!json_is_array(finished) || json_array_size(finished) > FINISHED_MOST)
        return key;
    for (size_t i = 0; i < json_array_size(finished); i++) {
        if (!number_of(json_array_get(finished, i), &at) || !(at >= before))
            return key;
        before = at;
    }
    run->finished = json_incref(finished);
    return NULL;
}

static bool is_same_text(const json_t *a, const json_t *b, const char *key)
{
    const char *first = json_string_value(json_object_get(a, key));
    const char *second = json_string_value(json_object_get(b, key));

    return first != NULL && second != NULL && strcmp(first, second) == 0;
}

/* Where the files lay is no part of what a run is. */
static bool are_same_inputs(const json_t *a, const json_t *b)
{
    if (!json_is_array(a) || json_array_size(a) != json_array_size(b))
        return false;
    for (size_t i = 0; i < json_array_size(a); i++)
        if (!is_same_text(json_array_get(a, i), json_array_get(b, i), "role") ||
            !is_same_text(json_array_get(a, i), json_array_get(b, i),
                          "blake2b"))
            return false;
    return true;
}

/* Whether it is the run of its folder, and of this experiment: all that an identity
 * is a hash of. */
static const char *owner_wrong(const struct daf_study *s, const json_t *result,
                               const struct daf_study_run *run)
{
    const char *protocol =
        json_string_value(json_object_get(result, "protocol"));
    const char *identity =
        json_string_value(json_object_get(result, "identity"));
    const json_t *seed = json_object_get(result, "seed");

    if (protocol == NULL || strcmp(protocol, s->protocols[run->protocol]) != 0)
        return "protocol";
    if (!json_is_integer(seed) ||
        (uint64_t)json_integer_value(seed) != run->seed)
        return "seed";
    if (identity == NULL ||
        strspn(identity, "0123456789abcdef") != IDENTITY_CHARS ||
        identity[IDENTITY_CHARS] != '\0')
        return "identity";
    if (!is_same_text(result, s->about, "version")) return "version";
    if (!json_equal(json_object_get(result, "options"),
                    json_object_get(s->about, "options")))
        return "options";
    return are_same_inputs(json_object_get(result, "inputs"),
                           json_object_get(s->about, "inputs"))
               ? NULL
               : "inputs";
}

static const char *result_wrong(const struct daf_study *s, const json_t *result,
                                struct daf_study_run *run)
{
    const char *key = owner_wrong(s, result, run);

    if (key == NULL)
        key = metrics_wrong(json_object_get(result, "metrics"), run);
    if (key != NULL) return key;
    if (!number_of(json_object_get(result, "nodes"), &run->nodes) ||
        !(run->nodes >= 1 && run->nodes <= NODES_MOST) ||
        run->nodes != floor(run->nodes))
        return "nodes";
    key = spans_wrong(json_object_get(result, "contact_lengths"), run);
    if (key == NULL)
        key =
            finished_wrong(json_object_get(result, "content_finished_s"), run);
    return key != NULL
               ? key
               : latencies_wrong(json_object_get(result, "latency_quantiles_s"),
                                 run);
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

/* The column that is wrong, or NULL. */
static const char *row_wrong(const char *line, double *row)
{
    char *end;

    for (unsigned c = 0; c < DAF_SERIES_COLUMNS; c++) {
        row[c] = strtod(line, &end);
        if (end == line || !(row[c] >= 0 && row[c] <= NUMBER_MOST) ||
            *end != (c + 1 == DAF_SERIES_COLUMNS ? '\n' : ','))
            return daf_metric_column(c);
        line = end + 1;
    }
    return NULL;
}

static enum daf_err take_rows(FILE *f, struct daf_study_run *run,
                              char where[WHERE_BYTES])
{
    const char *wrong = NULL;
    char line[LINE_BYTES];
    double before = 0;

    (void)snprintf(where, WHERE_BYTES, "line 1");
    if (fgets(line, sizeof line, f) == NULL || !is_heading(line))
        return DAF_EFORM;
    run->rows =
        calloc(DAF_STUDY_ROWS_MAX, DAF_SERIES_COLUMNS * sizeof *run->rows);
    if (run->rows == NULL) return DAF_ENOMEM;
    while (wrong == NULL && fgets(line, sizeof line, f) != NULL) {
        double *row = run->rows + run->rows_count * DAF_SERIES_COLUMNS;
        (void)snprintf(where, WHERE_BYTES, "line %zu", run->rows_count + 2);
        if (run->rows_count == DAF_STUDY_ROWS_MAX) return DAF_EFORM;
        wrong = row_wrong(line, row);
        if (wrong == NULL && row[DAF_SERIES_TIME] < before)
            wrong = daf_metric_column(DAF_SERIES_TIME);
        before = row[DAF_SERIES_TIME];
        run->rows_count++;
    }
    if (wrong != NULL)
        (void)snprintf(where, WHERE_BYTES, "line %zu, %s", run->rows_count + 1,
                       wrong);
    if (wrong != NULL || run->rows_count < 2) return DAF_EFORM;
    return ferror(f) != 0 ? DAF_EIO : DAF_OK;
}

/* ---- a run */

static enum daf_err take_series(const char *dir, struct daf_study_run *run,
                                char *why)
{
    char path[DAF_FILE_PATH_BYTES], where[WHERE_BYTES] = "it";

    FILE *f =
        daf_file_path(path, dir, "series.csv") ? daf_file_open(path) : NULL;
    enum daf_err err = f == NULL ? DAF_EIO : take_rows(f, run, where);
    if (f != NULL) (void)fclose(f);
    return err == DAF_OK ? DAF_OK : odd(why, dir, "series.csv", where);
}

static void say_again(char *why)
{
    size_t len = strlen(why);

    (void)
        snprintf(why + len, DAF_FILE_WHY_BYTES - len,
                 ". Move its folder away, and daftar-sim run --resume runs it "
                 "again");
}

/* One that is not there has not finished. */
static enum daf_err take_run(struct daf_study *s, const char *dir,
                             size_t protocol, uint64_t seed, char *why)
{
    char name[DAF_STUDY_FOLDER_BYTES], path[DAF_FILE_PATH_BYTES];
    json_t *result = NULL;
    const char *key;

    daf_study_folder(s->protocols[protocol], seed, name);
    if (!daf_file_path(path, dir, name)) return odd(why, dir, name, "its name");
    enum daf_err err = daf_file_read_json(path, "result.json", &result, why);
    if (err == DAF_ENOTFOUND) return DAF_OK;
    if (err != DAF_OK) return err;
    struct daf_study_run *run = daf_study_add(s, protocol, seed);
    if (run == NULL)
        err = DAF_ENOMEM;
    else if ((key = result_wrong(s, result, run)) != NULL)
        err = odd(why, path, "result.json", key);
    else
        err = take_series(path, run, why);
    json_decref(result);
    if (err == DAF_EFORM) say_again(why);
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

static bool are_pairs(const json_t *pairs, json_int_t count)
{
    for (size_t i = 0; i < json_array_size(pairs); i++) {
        const json_t *pair = json_array_get(pairs, i);
        if (json_array_size(pair) != 4 || !are_places(pair, 4, INT64_MAX) ||
            json_integer_value(json_array_get(pair, 0)) >= count ||
            json_integer_value(json_array_get(pair, 1)) >= count)
            return false;
    }
    return json_is_array(pairs);
}

/* One after the other, all around. */
static bool are_arcs(const json_t *arcs, json_int_t count)
{
    json_int_t from = 0;

    if (arcs == NULL) return true;
    for (size_t i = 0; i < json_array_size(arcs); i++) {
        const json_t *one = json_array_get(arcs, i);
        const json_t *number = json_object_get(one, "number");
        json_int_t size = json_integer_value(json_object_get(one, "count"));
        if (!json_is_string(json_object_get(one, "place")) ||
            !json_is_integer(number) || json_integer_value(number) < 0 ||
            json_integer_value(json_object_get(one, "from")) != from ||
            size < 1 || size > count - from)
            return false;
        from += size;
    }
    return json_is_array(arcs) && from == count;
}

/* The key that is wrong, or NULL. */
static const char *contacts_wrong(const json_t *c)
{
    const json_t *shown = json_object_get(c, "shown");
    const json_t *slices = json_object_get(c, "slices");
    json_int_t count = (json_int_t)json_array_size(shown);
    double slice_s, nodes;

    if (!are_places(shown, 1, INT32_MAX) || count > 1000) return "shown";
    if (!number_of(json_object_get(c, "nodes"), &nodes) ||
        !(nodes >= (double)count && nodes <= NODES_MOST))
        return "nodes";
    if (!json_is_integer(json_object_get(c, "seed"))) return "seed";
    if (!number_of(json_object_get(c, "slice_s"), &slice_s) || !(slice_s > 0))
        return "slice_s";
    if (json_array_size(slices) == 0 || json_array_size(slices) > 1000)
        return "slices";
    for (size_t i = 0; i < json_array_size(slices); i++)
        if (!are_places(json_array_get(slices, i), 2, count)) return "slices";
    if (!are_arcs(json_object_get(c, "arcs"), count)) return "arcs";
    return are_pairs(json_object_get(c, "pairs"), count) ? NULL : "pairs";
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
    if (!take_protocols(s))
        return odd(why, dir, "experiment.json", "protocols");
    if (!are_seeds(json_object_get(s->about, "seeds")))
        return odd(why, dir, "experiment.json", "seeds");
    err = daf_file_read_json(dir, "contacts.json", &s->contacts, why);
    if (err != DAF_OK && err != DAF_ENOTFOUND) return err;
    const char *key = err == DAF_OK ? contacts_wrong(s->contacts) : NULL;
    if (key != NULL) return odd(why, dir, "contacts.json", key);
    return take_runs(s, dir, why);
}
