/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/world/traffic.h"

#include "sim/core/chance.h"

#include <assert.h>
#include <stdlib.h>

struct daf_traffic {
    struct daf_engine *engine;
    struct daf_traffic_config config;
    struct daf_world_events events;
    struct daf_chance intervals, sizes, nodes;
};

static uint64_t draw(struct daf_chance *c, uint64_t min, uint64_t max)
{
    return min + daf_chance_below(c, max - min + 1);
}

static void plan_next(struct daf_traffic *t)
{
    daf_sim_us at =
        daf_engine_now(t->engine) +
        (daf_sim_us)draw(&t->intervals, (uint64_t)t->config.every_min,
                         (uint64_t)t->config.every_max);

    if (at < t->config.until)
        daf_engine_add(t->engine, at, DAF_SIM_TRAFFIC, 0, 0, 0);
}

static void on_message(void *ctx, uint32_t node, uint32_t arg)
{
    struct daf_traffic *t = ctx;
    uint32_t nodes = t->config.nodes;
    uint32_t from = (uint32_t)daf_chance_below(&t->nodes, nodes);
    uint32_t to = (uint32_t)daf_chance_below(&t->nodes, nodes - 1);
    uint32_t bytes =
        (uint32_t)draw(&t->sizes, t->config.bytes_min, t->config.bytes_max);

    (void)node;
    (void)arg;
    if (to >= from) to++;
    daf_engine_note(t->engine, (uint64_t)from << 32 | to);
    daf_engine_note(t->engine, bytes);
    t->events.create(t->events.ctx, from, to, bytes);
    plan_next(t);
}

const char *daf_traffic_wrong(const struct daf_traffic_config *c)
{
    if (c->nodes < 2 || c->nodes > DAF_SIM_NODES_MAX)
        return "it wants 2 to 1048576 nodes";
    if (c->every_min < 1 || c->every_max > INT64_MAX / 4)
        return "a message comes not less than 1us after the one before";
    if (c->every_min > c->every_max)
        return "its interval goes from more to less";
    if (c->bytes_max > DAF_TRAFFIC_BYTES_MAX)
        return "a message has 0 to 2147483647 bytes";
    if (c->bytes_min > c->bytes_max) return "its size goes from more to less";
    return NULL;
}

enum daf_err daf_traffic_new(struct daf_engine *e,
                             const struct daf_traffic_config *config,
                             const struct daf_world_events *events,
                             struct daf_traffic **out)
{
    struct daf_traffic *t = calloc(1, sizeof *t);

    assert(daf_traffic_wrong(config) == NULL);
    if (t == NULL) return DAF_ENOMEM;
    t->engine = e;
    t->config = *config;
    t->events = *events;
    daf_chance_init(&t->intervals, config->seed, "traffic", 0);
    daf_chance_init(&t->sizes, config->seed, "traffic", 1);
    daf_chance_init(&t->nodes, config->seed, "traffic", 2);
    daf_engine_handle(e, DAF_SIM_TRAFFIC, on_message, t);
    plan_next(t);
    *out = t;
    return DAF_OK;
}

void daf_traffic_free(struct daf_traffic *t)
{
    free(t);
}

uint64_t daf_traffic_messages(const struct daf_traffic_config *c,
                              daf_sim_us until)
{
    daf_sim_us end = c->until < until ? c->until : until;

    return (uint64_t)(end / ((c->every_min + c->every_max + 1) / 2));
}
