/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/run/run.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "sim/protocols/protocol.h"

#define SLICE 100000 /* events between two looks at progress */

/* What tells the net.  Traces side by side: the earlier event is told first, of two
 * at one instant that of the contacts. */
struct feeder {
    struct daf_engine *engine;
    struct daf_net *net;
    struct daf_waypoint *waypoint; /* or NULL */
    struct daf_schedule *schedule; /* or NULL */
    struct daf_traffic *traffic;   /* or NULL */
    struct daf_trace *traces[2];   /* each or NULL */
    struct daf_trace_event heads[2];
    bool has_head[2];
    enum daf_err err;
};

static void read_head(struct feeder *f, int i)
{
    f->has_head[i] = false;
    if (f->traces[i] == NULL) return;
    enum daf_err err = daf_trace_next(f->traces[i], &f->heads[i]);
    if (err == DAF_OK)
        f->has_head[i] = true;
    else if (err != DAF_ENOTFOUND)
        f->err = err;
}

static void plan_next(struct feeder *f)
{
    int first = f->has_head[0] ? 0 : 1;

    if (f->has_head[0] && f->has_head[1] && f->heads[1].at < f->heads[0].at)
        first = 1;
    if (f->has_head[first])
        daf_engine_add(f->engine, f->heads[first].at, DAF_SIM_CONTACT, 0, 0,
                       (uint32_t)first);
}

static void on_contact(void *ctx, uint32_t node, uint32_t arg)
{
    struct feeder *f = ctx;
    struct daf_trace_event ev = f->heads[arg];
    const struct daf_contact contact = {.a = ev.a < ev.b ? ev.a : ev.b,
                                        .b = ev.a < ev.b ? ev.b : ev.a};
    enum daf_err err = DAF_OK;

    (void)node;
    daf_engine_note(f->engine,
                    (uint64_t)ev.kind << 60 ^ (uint64_t)ev.a << 30 ^ ev.b);
    if (ev.kind == DAF_TRACE_UP)
        err = daf_net_up(f->net, &contact);
    else if (ev.kind == DAF_TRACE_DOWN)
        err = daf_net_down(f->net, &contact);
    else
        err = daf_net_create(f->net, ev.a, ev.b, ev.bytes);
    if (err != DAF_OK) f->err = err;
    read_head(f, (int)arg);
    plan_next(f);
}

static void feed_traces(struct feeder *f)
{
    daf_engine_handle(f->engine, DAF_SIM_CONTACT, on_contact, f);
    read_head(f, 0);
    read_head(f, 1);
    plan_next(f);
}

static void on_up(void *ctx, const struct daf_contact *contact)
{
    struct feeder *f = ctx;
    enum daf_err err = daf_net_up(f->net, contact);

    if (err != DAF_OK) f->err = err;
}

static void on_down(void *ctx, const struct daf_contact *contact)
{
    struct feeder *f = ctx;
    enum daf_err err = daf_net_down(f->net, contact);

    if (err != DAF_OK) f->err = err;
}

static void on_power(void *ctx, uint32_t node, enum daf_power how)
{
    struct feeder *f = ctx;
    enum daf_err err = daf_net_power(f->net, node, how);

    if (err != DAF_OK) f->err = err;
}

static void on_clock(void *ctx, uint32_t node, int64_t off_ms)
{
    struct feeder *f = ctx;
    enum daf_err err = daf_net_clock(f->net, node, off_ms);

    if (err != DAF_OK) f->err = err;
}

static void on_attached(void *ctx, uint32_t node, enum daf_attached how,
                        uint32_t cell)
{
    struct feeder *f = ctx;
    enum daf_err err = daf_net_attached(f->net, node, how, cell);

    if (err != DAF_OK) f->err = err;
}

static void on_create(void *ctx, uint32_t from, uint32_t to, uint32_t bytes)
{
    struct feeder *f = ctx;
    enum daf_err err = daf_net_create(f->net, from, to, bytes);

    if (err != DAF_OK) f->err = err;
}

/* ---- what is asked for ---- */

static uint32_t trace_nodes(const struct daf_trace *t)
{
    return t == NULL ? 0 : daf_trace_facts(t)->nodes;
}

uint32_t daf_run_nodes(const struct daf_run_config *config)
{
    uint32_t nodes = config->net.nodes;

    if (config->waypoint != NULL && config->waypoint->nodes > nodes)
        nodes = config->waypoint->nodes;
    if (config->schedule != NULL) return daf_schedule_nodes(config->schedule);
    if (trace_nodes(config->contacts) > nodes)
        nodes = trace_nodes(config->contacts);
    if (trace_nodes(config->messages) > nodes)
        nodes = trace_nodes(config->messages);
    return nodes;
}

const char *daf_run_wrong(const struct daf_run_config *config)
{
    bool has_traces = config->contacts != NULL || config->messages != NULL;
    int worlds =
        has_traces + (config->waypoint != NULL) + (config->schedule != NULL);

    if (worlds != 1)
        return "a world is either traces, or a waypoint world, or a scenario";
    if (config->schedule != NULL &&
        (config->until == 0 || config->traffic != NULL))
        return "a scenario says itself how long it lasts and who writes what";
    if (config->waypoint != NULL && config->until == 0)
        return "a waypoint world has no end of its own; say when the run ends";
    if (config->waypoint != NULL && config->net.nodes != 0)
        return "a waypoint world says itself how many devices it has";
    if (config->traffic != NULL && daf_run_nodes(config) < 2)
        return "traffic wants two devices";
    return NULL;
}

static struct daf_net_config net_of(const struct daf_run_config *config)
{
    struct daf_net_config net = config->net;

    net.nodes = daf_run_nodes(config);
    return net;
}

static daf_sim_us trace_end(const struct daf_trace *t)
{
    return t == NULL ? 0 : daf_trace_facts(t)->end;
}

static daf_sim_us end_of(const struct daf_run_config *config)
{
    daf_sim_us end = trace_end(config->contacts);

    if (config->until != 0) return config->until;
    if (trace_end(config->messages) > end) end = trace_end(config->messages);
    return end + 1; /* its last event happens */
}

static uint64_t messages_of(const struct daf_run_config *config)
{
    uint64_t messages = 0;

    if (config->contacts != NULL)
        messages += daf_trace_facts(config->contacts)->creations;
    if (config->messages != NULL)
        messages += daf_trace_facts(config->messages)->creations;
    if (config->traffic != NULL)
        messages += daf_traffic_messages(config->traffic, end_of(config));
    if (config->schedule != NULL)
        messages += daf_schedule_messages(config->schedule, end_of(config));
    return messages;
}

struct daf_run_bytes daf_run_bytes(const struct daf_run_config *config)
{
    const struct daf_net_config net = net_of(config);
    struct daf_run_bytes out = {.messages = messages_of(config)};
    uint64_t without = daf_net_bytes(&net, 0);

    out.all = daf_net_bytes(&net, out.messages);
    out.of_messages = out.all - without;
    if (config->schedule != NULL)
        out.all += daf_schedule_bytes(config->schedule);
    if (config->waypoint != NULL)
        out.all += daf_waypoint_bytes(config->waypoint);
    return out;
}

/* Of each node; *@out is NULL if the camp says nothing. */
static enum daf_err make_buffers(const struct daf_run_config *config,
                                 uint64_t **out)
{
    const struct daf_schedule_config *camp = config->schedule;
    uint32_t node = 0;

    *out = NULL;
    if (camp == NULL) return DAF_OK;
    *out = calloc((size_t)daf_schedule_nodes(camp) + 1, sizeof **out);
    if (*out == NULL) return DAF_ENOMEM;
    for (size_t group = 0; group < camp->groups_count; group++)
        for (uint32_t i = 0; i < camp->groups[group].count; i++)
            (*out)[node++] = camp->groups[group].buffer_bytes;
    return DAF_OK;
}

/* ---- what came of it ---- */

static int compare_times(const void *va, const void *vb)
{
    const daf_sim_us *a = va, *b = vb;

    return *a == *b ? 0 : *a < *b ? -1 : 1;
}

static enum daf_err measure_latency(const struct daf_net *net,
                                    const struct daf_run_config *config,
                                    struct daf_run_result *out)
{
    uint32_t count = daf_net_messages(net);
    daf_sim_us *times = calloc((size_t)count + 1, sizeof *times);
    size_t arrived = 0;
    daf_sim_us sum = 0;
    uint64_t hops = 0;

    if (times == NULL) return DAF_ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        const struct daf_message *m = daf_net_message(net, i);
        if (m->created < config->warm_up) continue;
        out->counted++;
        if (!m->is_delivered) continue;
        times[arrived] = m->delivered - m->created;
        out->in_time += times[arrived] <= config->within;
        sum += times[arrived++];
        hops += m->hops;
    }
    out->counted_delivered = arrived;
    if (arrived > 0) {
        qsort(times, arrived, sizeof *times, compare_times);
        out->latency_mean = sum / (daf_sim_us)arrived;
        out->latency_median = times[arrived / 2];
        out->hops_mean = (double)hops / (double)arrived;
    }
    if (config->measure != NULL)
        return daf_measure_end(config->measure, times, arrived);
    free(times);
    return DAF_OK;
}

/* ---- content */

/* Of the cell that has most to carry. */
static enum daf_err measure_bound(const struct daf_schedule *world,
                                  const struct daf_run_config *config,
                                  double *out)
{
    uint32_t sites = daf_schedule_sites(world);
    double *seconds = calloc((size_t)sites + 1, sizeof *seconds);

    if (seconds == NULL) return DAF_ENOMEM;
    for (size_t i = 0; i < config->net.items_count; i++) {
        const struct daf_sim_item *item = &config->net.items[i];
        for (uint32_t k = 0; k < item->to_count; k++) {
            double speed = 0;
            uint32_t site = daf_schedule_seat(world, item->to + k, &speed);
            if (site != DAF_SCHEDULE_NONE && speed > 0)
                seconds[site] += (double)item->bytes / speed;
        }
    }
    *out = 0;
    for (uint32_t i = 0; i < sites; i++)
        if (seconds[i] > *out) *out = seconds[i];
    free(seconds);
    return DAF_OK;
}

static void count_copy(struct daf_run_content *c, daf_sim_us took,
                       daf_sim_us **finished)
{
    c->copies++;
    c->finished += took != DAF_SIM_NEVER;
    c->in_lesson += took <= DAF_RUN_LESSON;
    if (took > c->all_done) c->all_done = took;
    if (took != DAF_SIM_NEVER) *(*finished)++ = took;
}

static enum daf_err measure_content(struct feeder *f,
                                    const struct daf_run_config *config,
                                    struct daf_run_content *out)
{
    const struct daf_net_config *net = &config->net;
    struct daf_net_measure more;
    size_t copies = 0;

    if (net->items_count == 0 || !net->protocol->carries_content) return DAF_OK;
    out->is_some = true;
    for (size_t i = 0; i < net->items_count; i++)
        copies += net->items[i].to_count;
    daf_sim_us *finished = calloc(copies + 1, sizeof *finished),
               *end = finished;
    if (finished == NULL) return DAF_ENOMEM;
    for (size_t i = 0; i < net->items_count; i++)
        for (uint32_t k = 0; k < net->items[i].to_count; k++) {
            daf_sim_us at = daf_net_got_at(f->net, i, k);
            count_copy(out, at == DAF_SIM_NEVER ? at : at - net->items[i].at,
                       &end);
        }
    daf_net_measure(f->net, &more);
    out->bytes_twice = more.twice;
    qsort(finished, (size_t)(end - finished), sizeof *finished, compare_times);
    if (config->measure != NULL)
        daf_measure_content(config->measure, finished,
                            (size_t)(end - finished));
    else
        free(finished);
    return measure_bound(f->schedule, config, &out->bound_s);
}

static double cpu_s(void)
{
    struct rusage use;

    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

static double rss_mb(void)
{
    struct rusage use;

    getrusage(RUSAGE_SELF, &use);
    return (double)use.ru_maxrss * 1024 / 1e6;
}

/* ---- the run ---- */

static enum daf_err make_world(struct feeder *f,
                               const struct daf_run_config *config)
{
    struct daf_world_events events = {.ctx = f,
                                      .up = on_up,
                                      .down = on_down,
                                      .create = on_create,
                                      .power = on_power,
                                      .clock = on_clock,
                                      .attached = on_attached};
    enum daf_err err = DAF_OK;

    if (config->schedule != NULL) {
        struct daf_schedule_config camp = *config->schedule;
        camp.seed = config->net.seed;
        return daf_schedule_new(f->engine, &camp, &events, &f->schedule);
    }

    if (config->waypoint != NULL) {
        struct daf_waypoint_config waypoint = *config->waypoint;
        waypoint.seed = config->net.seed;
        err = daf_waypoint_new(f->engine, &waypoint, &events, &f->waypoint);
    }
    if (err == DAF_OK && config->traffic != NULL) {
        struct daf_traffic_config traffic = *config->traffic;
        traffic.seed = config->net.seed;
        traffic.nodes = daf_run_nodes(config);
        err = daf_traffic_new(f->engine, &traffic, &events, &f->traffic);
    }
    for (int i = 0; i < 2 && err == DAF_OK; i++)
        if (f->traces[i] != NULL) err = daf_trace_rewind(f->traces[i]);
    if (err == DAF_OK && config->waypoint == NULL) feed_traces(f);
    return err;
}

static enum daf_err go(struct feeder *f, daf_sim_us until,
                       daf_run_progress_fn progress, void *ctx)
{
    bool done = false;

    while (!done && f->err == DAF_OK) {
        enum daf_err err = daf_engine_run(f->engine, until, SLICE, &done);
        if (err == DAF_OK) err = daf_net_failed(f->net);
        if (err == DAF_OK && f->waypoint != NULL)
            err = daf_waypoint_failed(f->waypoint);
        if (err == DAF_OK && f->schedule != NULL)
            err = daf_schedule_failed(f->schedule);
        if (err != DAF_OK) return err;
        if (progress != NULL &&
            !progress(ctx, daf_engine_now(f->engine), until))
            return DAF_EBUSY;
    }
    return f->err;
}

enum daf_err daf_run(const struct daf_run_config *config,
                     daf_run_progress_fn progress, void *ctx,
                     struct daf_run_result *out)
{
    struct daf_net_config net = net_of(config);
    struct feeder f = {.traces = {config->contacts, config->messages}};
    uint64_t *buffers = NULL;
    double began = cpu_s();

    assert(daf_run_wrong(config) == NULL);
    *out = (struct daf_run_result){.nodes = net.nodes,
                                   .until = end_of(config),
                                   .within = config->within};
    enum daf_err err = make_buffers(config, &buffers);
    net.buffers = buffers;
    if (err == DAF_OK) err = daf_engine_new(&f.engine);
    if (err == DAF_OK) err = daf_net_new(f.engine, &net, &f.net);
    if (err == DAF_OK && config->measure != NULL)
        err = daf_measure_start(config->measure, f.engine, f.net, out->until);
    if (err == DAF_OK) err = make_world(&f, config);
    if (err == DAF_OK) err = go(&f, out->until, progress, ctx);
    if (err == DAF_OK) err = measure_latency(f.net, config, out);
    if (err == DAF_OK) err = measure_content(&f, config, &out->content);
    if (err == DAF_OK) {
        out->net = *daf_net_stats(f.net);
        out->trace_hash = daf_engine_hash(f.engine);
        out->events = daf_engine_events(f.engine);
    }
    daf_waypoint_free(f.waypoint);
    daf_schedule_free(f.schedule);
    daf_traffic_free(f.traffic);
    daf_net_free(f.net);
    daf_engine_free(f.engine);
    free(buffers);
    out->cpu_s = cpu_s() - began;
    out->rss_mb = rss_mb();
    return err;
}
