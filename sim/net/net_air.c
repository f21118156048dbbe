/* SPDX-License-Identifier: Apache-2.0 */
/* The air of cells: who sends in a cell gets an equal share of it.
 *
 * A cell counts the air that each of its senders has had since it began (processor
 * sharing by virtual time: Parekh and Gallager, "A generalized processor sharing
 * approach to flow control", 1993).  A transfer is done when the count has grown by
 * the air it needs, so a sender that comes or goes changes one number for all. */
#include "sim/net/net_impl.h"

#include <assert.h>
#include <stdlib.h>

#define PARTS \
    1024 /* of a microsecond: what divisions by senders cut off is less */

static bool grow_cells(struct daf_net *net, uint32_t cell)
{
    uint32_t room = net->cells_room == 0 ? 64 : net->cells_room;

    while (room <= cell)
        room *= 2;
    struct daf_net_cell *cells = realloc(net->cells, room * sizeof *cells);
    if (cells == NULL) {
        net->failed = DAF_ENOMEM;
        return false;
    }
    for (uint32_t i = net->cells_room; i < room; i++)
        cells[i] = (struct daf_net_cell){.had = 0};
    net->cells = cells;
    net->cells_room = room;
    return true;
}

/* Up to now. */
static void settle(struct daf_net *net, struct daf_net_cell *c)
{
    daf_sim_us now = daf_net_now(net);

    if (c->senders.count > 0)
        c->had += (now - c->settled) * PARTS / (daf_sim_us)c->senders.count;
    c->settled = now;
}

static void plan(struct daf_net *net, uint32_t cell)
{
    struct daf_net_cell *c = &net->cells[cell];
    daf_sim_us count = (daf_sim_us)c->senders.count, least = DAF_SIM_NEVER;

    daf_engine_cancel(net->engine, &c->timer);
    for (uint32_t i = 0; i < c->senders.count; i++) {
        const struct daf_net_sending *s =
            &net->nodes[c->senders.items[i]].sending;
        if (s->done_had < least) least = s->done_had;
    }
    if (count == 0) return;
    daf_sim_us wait =
        least <= c->had ? 0 : ((least - c->had) * count + PARTS - 1) / PARTS;
    c->timer =
        daf_engine_timer(net->engine, daf_net_now(net) + wait, DAF_SIM_ARRIVAL,
                         cell & DAF_NET_ORDER, cell, DAF_NET_CELL);
}

daf_sim_us daf_net_air_need(const struct daf_net *net,
                            const struct daf_contact *c, uint32_t bytes)
{
    uint64_t speed =
        c->bytes_per_s == 0 ? net->config.bytes_per_s : c->bytes_per_s;
    uint64_t slots = c->slots == 0 ? 1 : c->slots;
    uint64_t once = (uint64_t)bytes * slots * (uint64_t)DAF_SIM_S / speed;

    if (c->loss == 0) return (daf_sim_us)once;
    return (daf_sim_us)((double)once * 1e6 / (double)(1000000 - c->loss));
}

void daf_net_air_begin(struct daf_net *net, uint32_t cell, uint32_t node)
{
    struct daf_net_sending *s = &net->nodes[node].sending;

    if (cell >= net->cells_room && !grow_cells(net, cell)) return;
    struct daf_net_cell *c = &net->cells[cell];
    settle(net, c);
    s->done_at = DAF_SIM_NEVER;
    s->done_had = c->had + s->need * PARTS;
    if (daf_net_push(net, &c->senders, node)) plan(net, cell);
}

daf_sim_us daf_net_air_stop(struct daf_net *net, uint32_t cell, uint32_t node)
{
    const struct daf_net_sending *s = &net->nodes[node].sending;
    struct daf_net_cell *c = &net->cells[cell];

    settle(net, c);
    daf_sim_us left = (s->done_had - c->had + PARTS - 1) / PARTS;
    (void)daf_net_remove(&c->senders, node);
    plan(net, cell);
    return left < 0 ? 0 : left;
}

void daf_net_air_done(struct daf_net *net, uint32_t cell)
{
    struct daf_net_cell *c = &net->cells[cell];
    uint32_t kept = 0;

    c->timer = 0;
    settle(net, c);
    for (uint32_t i = 0; i < c->senders.count; i++) {
        uint32_t node = c->senders.items[i];
        struct daf_net_sending *s = &net->nodes[node].sending;
        if (s->done_had > c->had) {
            c->senders.items[kept++] = node;
            continue;
        }
        s->done_at = daf_net_now(net);
        daf_net_wake(net, node);
    }
    c->senders.count = kept;
    plan(net, cell);
}
