/* SPDX-License-Identifier: Apache-2.0 */
/* Transfers: offered, going on, ended. */
#include "sim/net/net_impl.h"

#include "sim/protocols/protocol.h"

#include <assert.h>

bool daf_net_is_busy(const struct daf_net *net, uint32_t node)
{
    const struct daf_net_node *n = &net->nodes[node];

    return n->sending.is_on || n->receiving_from != DAF_NET_NOBODY;
}

bool daf_net_can_start(const struct daf_net *net, uint32_t node)
{
    const struct daf_net_node *n = &net->nodes[node];

    return n->copies_count > 0 && n->peers.count > 0 &&
           !daf_net_is_busy(net, node);
}

static void begin(struct daf_net *net, uint32_t from, uint32_t to,
                  const struct daf_copy *copy)
{
    struct daf_net_sending *s = &net->nodes[from].sending;
    const struct daf_contact *c = daf_net_link(net, from, to);
    daf_sim_us need =
        daf_net_air_need(net, c, net->messages[copy->message].bytes);

    *s = (struct daf_net_sending){
        .is_on = true,
        .is_linked = true,
        .to = to,
        .message = copy->message,
        .hops = copy->hops,
        .number = copy->number,
        .cell = c->cell,
        .need = need,
        .done_at = daf_net_now(net) + need,
    };
    net->nodes[to].receiving_from = from;
    net->stats.started++;
    if (c->cell == DAF_CELL_OWN)
        daf_engine_add(net->engine, s->done_at, DAF_SIM_ARRIVAL, from, from,
                       copy->message);
    else
        daf_net_air_begin(net, c->cell, from);
}

/* Those with done_at have had their air. */
static daf_sim_us air_left(struct daf_net *net, uint32_t node)
{
    const struct daf_net_sending *s = &net->nodes[node].sending;
    daf_sim_us now = daf_net_now(net);

    if (s->done_at == DAF_SIM_NEVER)
        return daf_net_air_stop(net, s->cell, node);
    return s->done_at > now ? s->done_at - now : 0;
}

void daf_net_break(struct daf_net *net, uint32_t node)
{
    struct daf_net_sending *s = &net->nodes[node].sending;
    double bytes = (double)net->messages[s->message].bytes;
    double left = (double)air_left(net, node);

    s->is_linked = false;
    s->bytes_sent =
        s->need == 0 ? 0 : (uint32_t)(bytes - bytes * left / (double)s->need);
}

enum daf_net_answer daf_net_offer(struct daf_net *net, uint32_t from,
                                  uint32_t to, uint32_t message)
{
    uint32_t bytes = net->messages[message].bytes;
    const struct daf_copy *copy = daf_net_copy(net, from, message);

    assert(copy != NULL);
    if (daf_net_is_busy(net, from) || daf_net_is_busy(net, to))
        return DAF_NET_BUSY;
    if (daf_net_knows(net, to, message)) return DAF_NET_KNOWN;
    if (daf_net_is_expired(net, message) && net->messages[message].to != to)
        return DAF_NET_EXPIRED;
    if (!daf_net_buffer_room(net, to, bytes)) return DAF_NET_NO_ROOM;
    begin(net, from, to, copy);
    return DAF_NET_STARTED;
}

/* At its destination, for the first time. */
static void deliver(struct daf_net *net, uint32_t message, uint16_t hops)
{
    struct daf_message *m = &net->messages[message];

    if (m->is_delivered) return;
    m->is_delivered = true;
    m->delivered = daf_net_now(net);
    m->hops = hops;
    net->stats.delivered++;
    (void)daf_net_set(net, &net->nodes[m->to].arrived, message);
    (void)daf_net_remove(&net->nodes[m->to].addressed, message);
}

static void arrive(struct daf_net *net, const struct daf_net_sending *s)
{
    const struct daf_message *m = &net->messages[s->message];
    uint16_t hops = (uint16_t)(s->hops + 1);

    net->stats.relayed++;
    net->stats.bytes_relayed += m->bytes;
    if (daf_net_knows(net, s->to, s->message))
        net->stats.bytes_again += m->bytes;
    if (m->to == s->to)
        deliver(net, s->message, hops);
    else
        daf_net_buffer_add(net, s->to, s->message, hops, s->number);
}

void daf_net_arrived(struct daf_net *net, uint32_t node, uint32_t message)
{
    assert(message < net->messages_count);
    net->stats.relayed++;
    if (net->messages[message].to == node) deliver(net, message, 0);
}

void daf_net_finish(struct daf_net *net, uint32_t node)
{
    const struct daf_protocol *p = net->config.protocol;
    struct daf_net_node *n = &net->nodes[node];
    struct daf_net_sending s = n->sending;
    bool came = s.done_at <= daf_net_now(net);

    if (!s.is_on || (!came && s.is_linked)) return;
    if (came) {
        arrive(net, &s);
    } else {
        net->stats.aborted++;
        net->stats.bytes_aborted += s.bytes_sent;
    }
    n->sending.is_on = false;
    if (s.is_linked) net->nodes[s.to].receiving_from = DAF_NET_NOBODY;
    if (p->transfer_ended != NULL)
        p->transfer_ended(net, node, s.to, s.message, came);
    /* Its own creations may have filled it meanwhile. */
    (void)daf_net_buffer_room(net, node, 0);
    if (n->check_at <= daf_net_now(net))
        daf_net_buffer_check(net, node); /* it was put off */
    daf_net_wake_around(net, node);
    daf_net_wake_around(net, s.to);
}

/* ---- what most protocols do with a turn ---- */

/* Take one of what net->choice holds, at random. */
static uint32_t draw(struct daf_net *net)
{
    struct daf_net_list *c = &net->choice;
    uint32_t at = (uint32_t)daf_chance_below(&net->chance_turns, c->count);
    uint32_t item = c->items[at];

    c->items[at] = c->items[--c->count];
    return item;
}

/* What @node carries for a peer, each peer's but once: a message has one
 * destination. */
static bool deliver_own(struct daf_net *net, uint32_t node)
{
    const struct daf_net_node *n = &net->nodes[node];

    net->choice.count = 0;
    for (uint32_t i = 0; i < n->peers.count; i++) {
        uint32_t peer = n->peers.items[i];
        const struct daf_net_list *wanted = &net->nodes[peer].addressed;
        if (daf_net_is_busy(net, peer)) continue;
        for (uint32_t k = 0; k < wanted->count; k++)
            if (daf_net_has(n, wanted->items[k]) &&
                !daf_net_push(net, &net->choice, wanted->items[k]))
                return false;
    }
    while (net->choice.count > 0) {
        uint32_t message = draw(net);
        if (daf_net_offer(net, node, net->messages[message].to, message) ==
            DAF_NET_STARTED)
            return true;
    }
    return false;
}

bool daf_net_deliver(struct daf_net *net, uint32_t node)
{
    const struct daf_net_node *n = &net->nodes[node];

    if (deliver_own(net, node)) return true;
    for (uint32_t i = 0; i < n->peers.count && n->addressed.count > 0; i++) {
        uint32_t peer = n->peers.items[i];
        if (daf_net_is_busy(net, peer)) continue;
        for (uint32_t k = 0; k < n->addressed.count; k++) {
            uint32_t message = n->addressed.items[k];
            if (daf_net_has(&net->nodes[peer], message) &&
                daf_net_offer(net, peer, node, message) == DAF_NET_STARTED)
                return true;
        }
    }
    return false;
}

/* What @node has and @peer has not, and had not if it was for it. */
static void choose(struct daf_net *net, uint32_t node, uint32_t peer)
{
    const struct daf_net_node *n = &net->nodes[node];
    const struct daf_net_node *p = &net->nodes[peer];

    net->choice.count = 0;
    for (uint32_t word = 0; word < n->has.count; word++) {
        uint64_t bits = n->has.words[word];
        if (word < p->has.count) bits &= ~p->has.words[word];
        if (word < p->arrived.count) bits &= ~p->arrived.words[word];
        for (; bits != 0; bits &= bits - 1) {
            uint32_t message = word * 64 + (uint32_t)__builtin_ctzll(bits);
            if (!daf_net_push(net, &net->choice, message)) return;
        }
    }
}

bool daf_net_is_idle(const struct daf_net *net, uint32_t node, uint32_t at)
{
    const struct daf_net_node *n = &net->nodes[node];
    const struct daf_net_link *l = &net->links[n->links.items[at]];
    unsigned way = l->contact.a == node ? 0 : 1;

    return l->idle_gained[way] == n->gained &&
           l->idle_lost[way] == net->nodes[n->peers.items[at]].lost;
}

void daf_net_set_idle(struct daf_net *net, uint32_t node, uint32_t at)
{
    const struct daf_net_node *n = &net->nodes[node];
    struct daf_net_link *l = &net->links[n->links.items[at]];
    unsigned way = l->contact.a == node ? 0 : 1;

    l->idle_gained[way] = n->gained;
    l->idle_lost[way] = net->nodes[n->peers.items[at]].lost;
}

void daf_net_reconsider(struct daf_net *net, uint32_t node)
{
    net->nodes[node].gained++;
    net->nodes[node].lost++;
}

/* The same, of which each is @wanted there: asked with the copy at hand, as to look
 * for it is a walk. */
static void choose_wanted(struct daf_net *net, uint32_t node, uint32_t peer,
                          daf_net_wanted_fn wanted)
{
    const struct daf_net_node *n = &net->nodes[node];

    net->choice.count = 0;
    for (uint32_t i = 0; i < n->copies_count; i++) {
        const struct daf_copy *copy = &n->copies[i];
        if (!daf_net_knows(net, peer, copy->message) &&
            wanted(net, node, peer, copy) &&
            !daf_net_push(net, &net->choice, copy->message))
            return;
    }
}

bool daf_net_spread(struct daf_net *net, uint32_t node,
                    daf_net_wanted_fn wanted)
{
    const struct daf_net_node *n = &net->nodes[node];

    for (uint32_t i = 0; i < n->peers.count; i++) {
        uint32_t peer = n->peers.items[i];
        if (daf_net_is_busy(net, peer) || daf_net_is_idle(net, node, i))
            continue;
        if (wanted == NULL)
            choose(net, node, peer);
        else
            choose_wanted(net, node, peer, wanted);
        if (net->choice.count == 0) daf_net_set_idle(net, node, i);
        while (net->choice.count > 0)
            if (daf_net_offer(net, node, peer, draw(net)) == DAF_NET_STARTED)
                return true;
    }
    return false;
}
