/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/run/measure.h"

#include <assert.h>
#include <stdlib.h>

static void look(struct daf_measure *m)
{
    assert(m->rows_count <= DAF_MEASURE_ROWS);
    struct daf_measure_row *row = &m->rows[m->rows_count++];

    row->at = daf_engine_now(m->engine);
    row->net = *daf_net_stats(m->net);
    row->contacts_up = daf_contact_log_open(m->contacts);
    daf_net_measure(m->net, &row->more);
}

/* The next row's time; the last is looked at when all has happened. */
static void plan(struct daf_measure *m)
{
    daf_sim_us at = m->until / DAF_MEASURE_ROWS * (daf_sim_us)m->rows_count +
                    m->until % DAF_MEASURE_ROWS * (daf_sim_us)m->rows_count /
                        DAF_MEASURE_ROWS;

    if (m->rows_count < DAF_MEASURE_ROWS)
        daf_engine_add(m->engine, at, DAF_SIM_PROBE, 0, 0, 0);
}

static void on_probe(void *ctx, uint32_t node, uint32_t arg)
{
    struct daf_measure *m = ctx;

    (void)node;
    (void)arg;
    look(m);
    plan(m);
}

static void on_up(void *ctx, uint32_t a, uint32_t b)
{
    struct daf_measure *m = ctx;

    daf_contact_log_up(m->contacts, daf_engine_now(m->engine), a, b);
}

static void on_down(void *ctx, uint32_t a, uint32_t b)
{
    struct daf_measure *m = ctx;

    daf_contact_log_down(m->contacts, daf_engine_now(m->engine), a, b);
}

enum daf_err daf_measure_start(struct daf_measure *m, struct daf_engine *e,
                               struct daf_net *net, daf_sim_us until)
{
    const struct daf_net_watch watch = {.ctx = m, .up = on_up, .down = on_down};

    m->engine = e;
    m->net = net;
    m->until = until;
    enum daf_err err = daf_contact_log_new(daf_net_nodes(net), &m->contacts);
    if (err != DAF_OK) return err;
    daf_net_watch(net, &watch);
    daf_engine_handle(e, DAF_SIM_PROBE, on_probe, m);
    look(m);
    plan(m);
    return DAF_OK;
}

enum daf_err daf_measure_end(struct daf_measure *m, daf_sim_us *latencies,
                             size_t count)
{
    m->latencies = latencies;
    m->latencies_count = count;
    look(m);
    daf_contact_log_end(m->contacts, daf_engine_now(m->engine));
    m->engine = NULL;
    m->net = NULL;
    return daf_contact_log_failed(m->contacts) ? DAF_ENOMEM : DAF_OK;
}

void daf_measure_content(struct daf_measure *m, daf_sim_us *finished,
                         size_t count)
{
    m->finished = finished;
    m->finished_count = count;
}

void daf_measure_clear(struct daf_measure *m)
{
    daf_contact_log_free(m->contacts);
    free(m->latencies);
    free(m->finished);
    *m = (struct daf_measure){.rows_count = 0};
}
