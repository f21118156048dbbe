/* SPDX-License-Identifier: Apache-2.0 */
/* Several protocols and seeds, or results that are kept. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cmd_run.h"
#include "sim/progress.h"
#include "sim/protocols/protocol.h"
#include "sim/report/summary.h"
#include "sim/run/experiment.h"
#include "sim/run/outcome.h"
#include "sim/say.h"
#include "sim/version.h"

#define VALUE_BYTES 400

static const char *const of_traces[] = {
    "Two devices that are in contact reach each other at the link's speed; "
    "there is no loss and no interference.",
};
static const char *const of_all[] = {
    "Forwarding protocols of The ONE are told for nothing what a peer holds; "
    "daftar pays for every question, answer and handshake.",
    "To daftar a message is a record of some 300 bytes, whatever its size in "
    "the "
    "traffic; other protocols carry the size that the traffic says.",
    "daftar brings every record to every device; the others bring a message to "
    "its destination.",
};

struct many {
    const struct daf_cmd_wish *w;
    struct daf_progress progress;
    char dir[DAF_CMD_RUN_DIR_BYTES];
    json_t *results; /* of this time's runs, if they are printed */
    struct daf_experiment_option *options; /* owned, and their words */
    size_t options_count, options_room;
    const char **assumptions; /* owned; the last is NULL */
    struct daf_experiment_input inputs[3];
    size_t inputs_count;
};

/* ---- all options, also those that nobody said ---- */

/* Where its value is to be written: VALUE_BYTES.  Without memory the program ends:
 * nothing has begun. */
static char *option(struct many *m, const char *name)
{
    if (m->options_count == m->options_room) {
        m->options_room = m->options_room * 2 + 32;
        m->options = realloc(m->options, m->options_room * sizeof *m->options);
    }
    char *words = calloc(2, VALUE_BYTES);
    if (m->options == NULL || words == NULL) {
        (void)daf_cmd_run_failed("the run", daf_err_str(DAF_ENOMEM));
        exit(DAF_SIM_EXIT_FAILED); /* NOLINT(concurrency-mt-unsafe) */
    }
    (void)snprintf(words + VALUE_BYTES, VALUE_BYTES, "%s", name);
    m->options[m->options_count++] =
        (struct daf_experiment_option){words + VALUE_BYTES, words};
    return words;
}

static void put_scenario(void *ctx, const char *key, const char *value)
{
    (void)snprintf(option(ctx, key), VALUE_BYTES, "%s", value);
}

static void free_options(struct many *m)
{
    for (size_t i = 0; i < m->options_count; i++) {
        char *words;
        memcpy(&words, &m->options[i].value, sizeof words);
        free(words);
    }
    free(m->options);
    free(m->assumptions);
}

/* In the largest unit of which it is a whole number. */
static void put_time(char out[VALUE_BYTES], daf_sim_us time)
{
    static const struct {
        daf_sim_us size;
        const char *name;
    } units[] = {{24 * DAF_SIM_HOUR, "d"}, {DAF_SIM_HOUR, "h"},
                 {DAF_SIM_MINUTE, "min"},  {DAF_SIM_S, "s"},
                 {DAF_SIM_MS, "ms"},       {1, "us"}};
    size_t i = 0;

    while (time == 0 || time % units[i].size != 0) {
        if (time == 0) {
            (void)snprintf(out, VALUE_BYTES, "0");
            return;
        }
        i++;
    }
    (void)snprintf(out, VALUE_BYTES, "%" PRId64 "%s", time / units[i].size,
                   units[i].name);
}

static void put_waypoint(struct many *m, const struct daf_waypoint_config *c)
{
    char first[VALUE_BYTES], second[VALUE_BYTES];

    put_time(first, c->wait_min);
    put_time(second, c->wait_max);
    (void)snprintf(option(m, "waypoint"), VALUE_BYTES,
                   "nodes=%" PRIu32 ",area=%.9gx%.9gm,range=%.9gm,"
                   "speed=%.9g-%.9gm/s,wait=%.20s-%.20s",
                   c->nodes, c->width, c->height, c->range, c->speed_min,
                   c->speed_max, first, second);
}

static void put_traffic(struct many *m, const struct daf_traffic_config *c)
{
    char first[VALUE_BYTES], second[VALUE_BYTES], until[VALUE_BYTES];

    if (c == NULL) {
        (void)snprintf(option(m, "traffic"), VALUE_BYTES, "none");
        return;
    }
    put_time(first, c->every_min);
    put_time(second, c->every_max);
    put_time(until, c->until);
    (void)snprintf(option(m, "traffic"), VALUE_BYTES,
                   "every=%.20s-%.20s,size=%" PRIu64 "B-%" PRIu64
                   "B,until=%.20s",
                   first, second, c->bytes_min, c->bytes_max,
                   c->until == DAF_SIM_NEVER ? "the run's end" : until);
}

static void put_bytes(struct many *m, const char *name, uint64_t bytes,
                      const char *none)
{
    if (bytes == 0)
        (void)snprintf(option(m, name), VALUE_BYTES, "%s", none);
    else
        (void)snprintf(option(m, name), VALUE_BYTES, "%" PRIu64 "B", bytes);
}

static void put_options(struct many *m)
{
    const struct daf_cmd_wish *w = m->w;
    const struct daf_net_config *net = &w->run.net;

    (void)snprintf(option(m, "world"), VALUE_BYTES, "%s",
                   w->scenario != NULL       ? "scenario"
                   : w->run.waypoint != NULL ? "waypoint"
                                             : "traces");
    if (w->run.waypoint != NULL) put_waypoint(m, w->run.waypoint);
    put_traffic(m, w->run.traffic);
    (void)snprintf(option(m, "nodes"), VALUE_BYTES, "%" PRIu32,
                   daf_run_nodes(&w->run));
    put_bytes(m, "buffer", net->buffer_bytes, "no limit");
    (void)snprintf(option(m, "speed"), VALUE_BYTES, "%" PRIu64 "B/s",
                   net->bytes_per_s);
    if (net->lifetime_minutes == 0)
        (void)snprintf(option(m, "lifetime"), VALUE_BYTES, "for ever");
    else
        put_time(option(m, "lifetime"),
                 (daf_sim_us)net->lifetime_minutes * DAF_SIM_MINUTE);
    if (net->tick == 0)
        (void)snprintf(option(m, "tick"), VALUE_BYTES, "at once");
    else
        put_time(option(m, "tick"), net->tick);
    if (w->run.until == 0)
        (void)snprintf(option(m, "until"), VALUE_BYTES, "the traces' end");
    else
        put_time(option(m, "until"), w->run.until);
    (void)snprintf(option(m, "fidelity"), VALUE_BYTES, "%s",
                   w->is_real ? "real" : "model");
    if (w->scenario != NULL) daf_scenario_expand(w->scenario, put_scenario, m);
}

/* The scenario's own first. */
static bool put_assumptions(struct many *m)
{
    const struct daf_scenario *s = m->w->scenario;
    size_t own =
        s == NULL ? sizeof of_traces / sizeof *of_traces : s->assumptions_count;
    const char *const *first = s == NULL ? of_traces : s->assumptions;
    size_t all = sizeof of_all / sizeof *of_all;

    m->assumptions = calloc(own + all + 1, sizeof *m->assumptions);
    if (m->assumptions == NULL) return false;
    for (size_t i = 0; i < own; i++)
        m->assumptions[i] = first[i];
    for (size_t i = 0; i < all; i++)
        m->assumptions[own + i] = of_all[i];
    return true;
}

static bool put_input(struct many *m, const char *role, const char *path)
{
    struct daf_experiment_input *input = &m->inputs[m->inputs_count];

    if (path == NULL) return true;
    m->inputs_count++;
    *input = (struct daf_experiment_input){.role = role, .path = path};
    if (m->w->out == NULL ||
        daf_experiment_hash_file(path, input->hash) == DAF_OK)
        return true;
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    (void)daf_cmd_run_failed(path, strerror(errno));
    return false;
}

/* ---- its runs ---- */

static enum daf_err begin(void *ctx, struct daf_run_config *out)
{
    struct many *m = ctx;
    struct daf_run_config config = m->w->run;

    config.net.protocol = out->net.protocol;
    config.net.seed = out->net.seed;
    config.measure = out->measure;
    if (m->w->is_real) {
        if (!daf_cmd_run_make_dir(m->dir)) return DAF_EIO;
        config.net.real_dir = m->dir;
    }
    *out = config;
    return DAF_OK;
}

static void end(void *ctx, struct daf_run_config *config)
{
    (void)ctx;
    if (config->net.real_dir != NULL)
        daf_cmd_run_remove_dir(config->net.real_dir);
}

static void finished(void *ctx, const struct daf_run_config *config,
                     const struct daf_run_result *result)
{
    struct many *m = ctx;

    if (m->w->protocols_count == 1 && m->w->seeds_count == 1) {
        daf_progress_end(&m->progress);
        daf_cmd_run_print(config, result, m->w->is_json);
    } else if (m->w->is_json) {
        json_array_append_new(m->results, daf_outcome_json(config, result));
    }
}

static bool progress(void *ctx, const struct daf_experiment_at *at)
{
    struct many *m = ctx;
    char what[120];

    (void)snprintf(what, sizeof what, "run %zu of %zu, %s, seed %" PRIu64 ":",
                   at->run + 1, at->runs, at->protocol, at->seed);
    daf_progress_name(&m->progress, what);
    return daf_progress_tell(&m->progress,
                             ((double)at->run + at->part) / (double)at->runs);
}

/* ---- what came of them ---- */

static void print_all(const struct many *m, const struct daf_study *study)
{
    if (m->w->is_json) {
        json_t *all = daf_summary_json(study);
        json_object_set(all, "results", m->results);
        json_dumpf(all, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
        json_decref(all);
        (void)fputs("\n", stdout);
        return;
    }
    daf_summary_print(study, stdout);
    if (m->w->out == NULL) return;
    (void)fputs("\nkept in ", stdout);
    daf_say_text(stdout, m->w->out);
    (void)fputs("; open ", stdout);
    daf_say_text(stdout, m->w->out);
    (void)fputs("/report.html\n", stdout);
}

static int tell_broken(const struct many *m, const struct daf_study *study,
                       enum daf_err err, const char *why)
{
    const char *words = err == DAF_EBUSY ? "broken off"
                        : why[0] != '\0' ? why
                                         : daf_err_str(err);
    if (study->runs_count == 0 && err == DAF_EBUSY)
        return daf_cmd_run_broken("the runs",
                                  "broken off, and none has finished");
    if (study->runs_count == 0) return daf_cmd_run_failed("the runs", words);
    daf_say("daftar-sim run: %s: %zu of %zu runs are finished%s%s%s", words,
            study->runs_count, study->planned,
            m->w->out == NULL ? "" : " and kept in ",
            m->w->out == NULL ? "" : m->w->out,
            m->w->out == NULL
                ? ""
                : ", with a report; the same command with --resume goes on");
    return DAF_SIM_EXIT_PARTLY;
}

static int run_all(struct many *m, const struct daf_experiment *x)
{
    struct daf_study study = {.planned = 0};
    char why[DAF_FILE_WHY_BYTES];
    int code = DAF_SIM_EXIT_DONE;

    daf_progress_begin(&m->progress, "");
    enum daf_err err = daf_experiment_run(x, &study, why);
    daf_progress_end(&m->progress);
    if (err == DAF_EFORM && study.planned == 0)
        code = daf_cmd_run_failed("--out", why);
    else if (err != DAF_OK)
        code = tell_broken(m, &study, err, why);
    if (study.runs_count > 0 && x->protocols_count * x->seeds_count > 1)
        print_all(m, &study);
    daf_study_clear(&study);
    return code;
}

int daf_cmd_run_many(const struct daf_cmd_wish *w)
{
    struct many m = {.w = w, .results = json_array()};
    struct daf_experiment x = {
        .name = w->scenario != NULL   ? w->scenario->name
                : w->contacts != NULL ? w->contacts
                                      : "nodes that walk about",
        .version = DAF_SIM_VERSION,
        .protocols = w->protocols,
        .protocols_count = w->protocols_count,
        .seeds = w->seeds,
        .seeds_count = w->seeds_count,
        .dir = w->out,
        .is_resumed = w->is_resumed,
        .ctx = &m,
        .begin = begin,
        .end = end,
        .finished = finished,
        .progress = progress,
    };
    int code = DAF_SIM_EXIT_FAILED;

    put_options(&m);
    if (put_assumptions(&m) && put_input(&m, "scenario", w->scenario_path) &&
        put_input(&m, "contacts", w->contacts) &&
        put_input(&m, "messages", w->messages)) {
        x.assumptions = m.assumptions;
        x.options = m.options;
        x.options_count = m.options_count;
        x.inputs = m.inputs;
        x.inputs_count = m.inputs_count;
        code = run_all(&m, &x);
    }
    json_decref(m.results);
    free_options(&m);
    return code;
}
