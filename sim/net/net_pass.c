/* SPDX-License-Identifier: Apache-2.0 */
/* Passes: those whom something concerned have their turns in random order.
 *
 * The ONE gives every node a turn after every event and at every tick.  A turn of a
 * node whom nothing concerned does nothing, so only the others have one here; each
 * pass draws a new order, which a node's rank tells without a list of all nodes. */
#include "sim/net/net_impl.h"

#include "sim/protocols/protocol.h"

#include <stdlib.h>

/* Twenty bits of the node make ranks of one pass differ. */
static uint64_t rank_of(const struct daf_net *net, uint32_t node)
{
    return (daf_chance_mix(net->pass_salt ^ node) & ~UINT64_C(0xfffff)) | node;
}

static uint64_t rank_at(const struct daf_net *net, uint32_t at)
{
    return net->nodes[net->pass.items[at]].rank;
}

static void swap(struct daf_net *net, uint32_t a, uint32_t b)
{
    uint32_t item = net->pass.items[a];

    net->pass.items[a] = net->pass.items[b];
    net->pass.items[b] = item;
}

static void queue_now(struct daf_net *net, uint32_t node)
{
    if (!daf_net_push(net, &net->pass, node)) return;
    net->nodes[node].is_queued = true;
    for (uint32_t at = net->pass.count - 1; at > 0;) {
        uint32_t parent = (at - 1) / 2;
        if (rank_at(net, parent) <= rank_at(net, at)) break;
        swap(net, parent, at);
        at = parent;
    }
}

static uint32_t take_first(struct daf_net *net)
{
    uint32_t first = net->pass.items[0];

    net->pass.items[0] = net->pass.items[--net->pass.count];
    for (uint32_t at = 0;;) {
        uint32_t least = at;
        for (uint32_t i = at * 2 + 1; i <= at * 2 + 2; i++)
            if (i < net->pass.count && rank_at(net, i) < rank_at(net, least))
                least = i;
        if (least == at) break;
        swap(net, least, at);
        at = least;
    }
    net->nodes[first].is_queued = false;
    return first;
}

/* When a pass comes that no event of the trace brings. */
static daf_sim_us next_pass(const struct daf_net *net)
{
    daf_sim_us now = daf_net_now(net), tick = net->config.tick;

    if (tick == 0) return now;
    if (net->is_in_pass) return (now / tick + 1) * tick;
    return (now + tick - 1) / tick * tick;
}

void daf_net_wake(struct daf_net *net, uint32_t node)
{
    struct daf_net_node *n = &net->nodes[node];

    if (n->is_queued) return;
    if (net->is_in_pass) {
        n->rank = rank_of(net, node);
        if (n->rank > net->rank_now) {
            queue_now(net, node);
            return;
        }
    }
    if (!daf_net_push(net, &net->next, node)) return;
    n->is_queued = true;
    if (!net->is_pass_due) {
        net->is_pass_due = true;
        daf_engine_add(net->engine, next_pass(net), DAF_SIM_PASS, 0, 0, 0);
    }
}

void daf_net_wake_around(struct daf_net *net, uint32_t node)
{
    const struct daf_net_list *peers = &net->nodes[node].peers;

    daf_net_wake(net, node);
    for (uint32_t i = 0; i < peers->count; i++)
        daf_net_wake(net, peers->items[i]);
}

static void turn(struct daf_net *net, uint32_t node)
{
    const struct daf_protocol *p = net->config.protocol;

    net->stats.turns++;
    daf_net_finish(net, node);
    if (p->timer != NULL) p->timer(net, node);
}

void daf_net_pass(struct daf_net *net)
{
    struct daf_net_list woken = net->next;

    if (woken.count == 0) return;
    net->next = (struct daf_net_list){.items = NULL};
    net->is_in_pass = true;
    net->pass_salt = daf_chance_u64(&net->chance_turns);
    net->rank_now = 0;
    for (uint32_t i = 0; i < woken.count; i++) {
        net->nodes[woken.items[i]].rank = rank_of(net, woken.items[i]);
        queue_now(net, woken.items[i]);
    }
    woken.count = 0;
    while (net->pass.count > 0) {
        uint32_t node = take_first(net);
        net->rank_now = net->nodes[node].rank;
        turn(net, node);
    }
    net->is_in_pass = false;
    if (net->next.items == NULL)
        net->next = woken; /* its memory serves again */
    else
        free(woken.items);
}
