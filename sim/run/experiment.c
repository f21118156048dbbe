/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/run/experiment.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/protocols/protocol.h"
#include "sim/report/page.h"
#include "sim/report/summary.h"
#include "sim/run/experiment_impl.h"
#include "sim/run/outcome.h"

struct going {
    const struct daf_experiment *x;
    struct daf_study *study;
    struct daf_experiment_at at;
    char *why;
};

static bool tell(void *ctx, daf_sim_us now, daf_sim_us until)
{
    struct going *g = ctx;

    g->at.part = until == 0 ? 1 : (double)now / (double)until;
    return g->x->progress == NULL || g->x->progress(g->x->ctx, &g->at);
}

/* ---- one run */

static enum daf_err take(struct going *g, const struct daf_run_config *config,
                         const struct daf_run_result *result)
{
    if (g->x->dir != NULL)
        return daf_experiment_keep(g->x, config, result, g->why);
    size_t protocol =
        daf_study_add_protocol(g->study, config->net.protocol->name);
    struct daf_study_run *run =
        daf_study_add(g->study, protocol, config->net.seed);
    if (run == NULL) return DAF_ENOMEM;
    daf_outcome_metrics(result, config->measure, run->values);
    return DAF_OK;
}

static enum daf_err run_one(struct going *g,
                            const struct daf_protocol *protocol, uint64_t seed)
{
    const struct daf_experiment *x = g->x;
    struct daf_measure *measure = calloc(1, sizeof *measure);
    struct daf_run_config config = {.net = {.protocol = protocol, .seed = seed},
                                    .measure = measure};
    struct daf_run_result result;

    if (measure == NULL) return DAF_ENOMEM;
    g->at.protocol = protocol->name;
    g->at.seed = seed;
    enum daf_err err = x->begin(x->ctx, &config);
    if (err == DAF_OK) {
        err = daf_run(&config, tell, g, &result);
        if (err == DAF_OK) err = take(g, &config, &result);
        if (err == DAF_OK && x->finished != NULL)
            x->finished(x->ctx, &config, &result);
        if (x->end != NULL) x->end(x->ctx, &config);
    }
    g->at.run++;
    daf_measure_clear(measure);
    free(measure);
    return err;
}

/* ---- all of them */

typedef enum daf_err (*job_fn)(struct going *g,
                               const struct daf_protocol *protocol,
                               uint64_t seed);

/* Pairs are complete early: one seed after the other. */
static enum daf_err for_each(struct going *g, job_fn fn)
{
    const struct daf_experiment *x = g->x;
    enum daf_err err = DAF_OK;

    for (size_t s = 0; err == DAF_OK && s < x->seeds_count; s++)
        for (size_t p = 0; err == DAF_OK && p < x->protocols_count; p++)
            err = fn(g, x->protocols[p], x->seeds[s]);
    return err;
}

static enum daf_err is_done(struct going *g,
                            const struct daf_protocol *protocol, uint64_t seed,
                            bool *out)
{
    *out = false;
    return g->x->dir == NULL
               ? DAF_OK
               : daf_experiment_is_finished(g->x, protocol, seed, out, g->why);
}

static enum daf_err count_one(struct going *g,
                              const struct daf_protocol *protocol,
                              uint64_t seed)
{
    bool done;
    enum daf_err err = is_done(g, protocol, seed, &done);

    if (err == DAF_OK && !done) g->at.runs++;
    return err;
}

static enum daf_err do_one(struct going *g, const struct daf_protocol *protocol,
                           uint64_t seed)
{
    bool done;
    enum daf_err err = is_done(g, protocol, seed, &done);

    return err != DAF_OK || done ? err : run_one(g, protocol, seed);
}

/* What has finished is told whatever ended the rest; @err is the first trouble. */
static enum daf_err tell_all(struct going *g, enum daf_err err)
{
    char why[DAF_FILE_WHY_BYTES] = "";
    enum daf_err late = daf_study_load(g->study, g->x->dir, why);

    if (late == DAF_OK && g->study->runs_count > 0) {
        late = daf_summary_write(g->study, g->x->dir, why);
        if (late == DAF_OK) late = daf_page_write(g->study, g->x->dir, why);
    }
    if (err != DAF_OK || late == DAF_OK) return err;
    memcpy(g->why, why, sizeof why);
    return late;
}

enum daf_err daf_experiment_run(const struct daf_experiment *x,
                                struct daf_study *out, char *why)
{
    struct going g = {.x = x, .study = out, .why = why};

    assert(x->protocols_count > 0 && x->seeds_count > 0);
    why[0] = '\0';
    enum daf_err err = x->dir == NULL ? DAF_OK : daf_experiment_open(x, why);
    if (err == DAF_OK) err = for_each(&g, count_one);
    if (err != DAF_OK) return err;
    err = for_each(&g, do_one);
    if (x->dir != NULL) return tell_all(&g, err);
    out->planned = x->seeds_count * x->protocols_count;
    return err;
}
