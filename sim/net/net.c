/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/net/net_impl.h"

#include "sim/protocols/protocol.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum timer { TIMER_LIFETIME, TIMER_WAKE };

bool daf_net_push(struct daf_net *net, struct daf_net_list *list, uint32_t item)
{
    if (list->count == list->room) {
        uint32_t room = list->room == 0 ? 8 : list->room * 2;
        uint32_t *items = realloc(list->items, room * sizeof *items);
        if (items == NULL) {
            net->failed = DAF_ENOMEM;
            return false;
        }
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = item;
    return true;
}

bool daf_net_remove(struct daf_net_list *list, uint32_t item)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->items[i] != item) continue;
        list->count--;
        memmove(&list->items[i], &list->items[i + 1],
                (list->count - i) * sizeof *list->items);
        return true;
    }
    return false;
}

static void on_timer(void *ctx, uint32_t node, uint32_t arg)
{
    struct daf_net *net = ctx;

    if (arg == TIMER_LIFETIME)
        daf_net_buffer_check(net, node);
    else
        daf_net_wake(net, node);
}

static void on_pass(void *ctx, uint32_t node, uint32_t arg)
{
    struct daf_net *net = ctx;

    (void)node;
    (void)arg;
    net->is_pass_due = false;
    daf_net_pass(net);
}

/* A transfer has had its time: its sender sees to it. */
static void on_arrival(void *ctx, uint32_t node, uint32_t arg)
{
    if (arg == DAF_NET_CELL)
        daf_net_air_done(ctx, node);
    else
        daf_net_wake(ctx, node);
}

static bool make_got(struct daf_net *net);

enum daf_err daf_net_new(struct daf_engine *e,
                         const struct daf_net_config *config,
                         struct daf_net **out)
{
    const struct daf_protocol *p = config->protocol;
    struct daf_net *net = calloc(1, sizeof *net);

    assert(config->bytes_per_s > 0 && config->nodes <= DAF_SIM_NODES_MAX);
    if (net == NULL) return DAF_ENOMEM;
    net->engine = e;
    net->config = *config;
    if (net->config.buffer_bytes == 0) net->config.buffer_bytes = UINT64_MAX;
    daf_chance_init(&net->chance_turns, config->seed, "turns", 0);
    daf_chance_init(&net->chance_protocol, config->seed, "protocol", 0);
    net->nodes = calloc(config->nodes + 1, sizeof *net->nodes);
    net->states = calloc(config->nodes + 1, p->node_bytes + 1);
    net->shared = calloc(1, p->shared_bytes + 1);
    if (net->nodes == NULL || net->states == NULL || net->shared == NULL ||
        !make_got(net)) {
        daf_net_free(net);
        return DAF_ENOMEM;
    }
    for (uint32_t i = 0; i < config->nodes; i++) {
        net->nodes[i].receiving_from = DAF_NET_NOBODY;
        net->nodes[i].check_at = DAF_SIM_NEVER;
        net->nodes[i].gained = 1;
    }
    daf_engine_handle(e, DAF_SIM_TIMER, on_timer, net);
    daf_engine_handle(e, DAF_SIM_PASS, on_pass, net);
    daf_engine_handle(e, DAF_SIM_ARRIVAL, on_arrival, net);
    enum daf_err err = p->start == NULL ? DAF_OK : p->start(net);
    if (err != DAF_OK) {
        daf_net_free(net);
        return err;
    }
    *out = net;
    return DAF_OK;
}

void daf_net_free(struct daf_net *net)
{
    if (net == NULL) return;
    if (net->config.protocol->stop != NULL && net->shared != NULL)
        net->config.protocol->stop(net);
    for (uint32_t i = 0; net->nodes != NULL && i < net->config.nodes; i++) {
        free(net->nodes[i].peers.items);
        free(net->nodes[i].links.items);
        free(net->nodes[i].addressed.items);
        free(net->nodes[i].copies);
        free(net->nodes[i].has.words);
        free(net->nodes[i].arrived.words);
    }
    free(net->nodes);
    free(net->messages);
    free(net->got);
    free(net->carriers);
    free(net->states);
    free(net->shared);
    free(net->next.items);
    free(net->pass.items);
    free(net->choice.items);
    for (uint32_t i = 0; i < net->cells_room; i++)
        free(net->cells[i].senders.items);
    free(net->cells);
    free(net->links);
    free(net->links_free.items);
    free(net);
}

uint64_t daf_net_bytes(const struct daf_net_config *config, uint64_t messages)
{
    /* Links and copies grow with the world; 2 KiB a node is what 40 links and 50
     * copies take. */
    uint64_t node = sizeof(struct daf_net_node) + config->protocol->node_bytes +
                    2048 + messages / 4 +
                    config->nodes * config->protocol->pair_bytes;

    return config->nodes * node +
           messages * (sizeof(struct daf_message) + sizeof(uint32_t));
}

/* ---- what the trace tells ---- */

/* Where @peer is among @node's; its count if nowhere. */
static uint32_t place_of(const struct daf_net *net, uint32_t node,
                         uint32_t peer)
{
    const struct daf_net_list *peers = &net->nodes[node].peers;
    uint32_t at = 0;

    while (at < peers->count && peers->items[at] != peer)
        at++;
    return at;
}

const struct daf_contact *daf_net_link(const struct daf_net *net, uint32_t node,
                                       uint32_t peer)
{
    uint32_t at = place_of(net, node, peer);

    assert(at < net->nodes[node].peers.count);
    return &net->links[net->nodes[node].links.items[at]].contact;
}

static bool is_linked(const struct daf_net *net, uint32_t a, uint32_t b)
{
    bool a_has_fewer = net->nodes[a].peers.count < net->nodes[b].peers.count;
    uint32_t node = a_has_fewer ? a : b;

    return place_of(net, node, a_has_fewer ? b : a) <
           net->nodes[node].peers.count;
}

static bool grow_links(struct daf_net *net)
{
    uint32_t room = net->links_room == 0 ? 64 : net->links_room * 2;
    struct daf_net_link *links = realloc(net->links, room * sizeof *links);

    if (links == NULL) {
        net->failed = DAF_ENOMEM;
        return false;
    }
    net->links = links;
    for (uint32_t i = room; i-- > net->links_room;)
        if (!daf_net_push(net, &net->links_free, i)) return false;
    net->links_room = room;
    return true;
}

static bool keep_link(struct daf_net *net, const struct daf_contact *c)
{
    if (net->links_free.count == 0 && !grow_links(net)) return false;
    uint32_t link = net->links_free.items[--net->links_free.count];
    net->links[link] = (struct daf_net_link){.contact = *c};
    return daf_net_push(net, &net->nodes[c->a].peers, c->b) &&
           daf_net_push(net, &net->nodes[c->b].peers, c->a) &&
           daf_net_push(net, &net->nodes[c->a].links, link) &&
           daf_net_push(net, &net->nodes[c->b].links, link);
}

static void tell_contact(struct daf_net *net, const struct daf_contact *c,
                         void (*fn)(struct daf_net *net, uint32_t node,
                                    uint32_t peer))
{
    if (fn == NULL) return;
    net->told = c;
    fn(net, c->a, c->b);
    fn(net, c->b, c->a);
    net->told = NULL;
}

/* One that only one of them hears is nothing to most. */
static enum daf_err tell_deaf(struct daf_net *net, const struct daf_contact *c,
                              void (*fn)(struct daf_net *net, uint32_t node,
                                         uint32_t peer))
{
    if (net->config.protocol->knows_deaf) tell_contact(net, c, fn);
    return net->failed;
}

enum daf_err daf_net_up(struct daf_net *net, const struct daf_contact *c)
{
    const struct daf_protocol *p = net->config.protocol;

    assert(c->a < net->config.nodes && c->b < net->config.nodes &&
           c->a != c->b);
    if (c->deaf != DAF_DEAF_NONE) return tell_deaf(net, c, p->contact_up);
    if (is_linked(net, c->a, c->b)) {
        net->stats.odd++;
        return net->failed;
    }
    if (!keep_link(net, c)) return net->failed;
    net->stats.contacts++;
    if (net->watch.up != NULL) net->watch.up(net->watch.ctx, c->a, c->b);
    tell_contact(net, c, p->contact_up);
    daf_net_wake(net, c->a);
    daf_net_wake(net, c->b);
    daf_net_pass(net);
    return net->failed;
}

/* What @from sends to @to will not be complete; @to is free at once. */
static void cut(struct daf_net *net, uint32_t from, uint32_t to)
{
    struct daf_net_sending *s = &net->nodes[from].sending;

    if (!s->is_on || s->to != to || !s->is_linked) return;
    daf_net_break(net, from);
    net->nodes[to].receiving_from = DAF_NET_NOBODY;
    daf_net_wake(net, from);
    daf_net_wake_around(net, to);
}

/* @node has @peer no more; false: it had not. */
static bool forget_peer(struct daf_net *net, uint32_t node, uint32_t peer,
                        uint32_t *link)
{
    struct daf_net_node *n = &net->nodes[node];
    uint32_t at = place_of(net, node, peer);

    if (at == n->peers.count) return false;
    *link = n->links.items[at];
    (void)daf_net_remove(&n->peers, peer);
    (void)daf_net_remove(&n->links, *link);
    return true;
}

enum daf_err daf_net_down(struct daf_net *net, const struct daf_contact *c)
{
    const struct daf_protocol *p = net->config.protocol;
    uint32_t link = 0;

    assert(c->a < net->config.nodes && c->b < net->config.nodes &&
           c->a != c->b);
    if (c->deaf != DAF_DEAF_NONE) return tell_deaf(net, c, p->contact_down);
    if (!forget_peer(net, c->a, c->b, &link)) {
        net->stats.odd++;
        return net->failed;
    }
    (void)forget_peer(net, c->b, c->a, &link);
    if (net->watch.down != NULL) net->watch.down(net->watch.ctx, c->a, c->b);
    cut(net, c->a, c->b);
    cut(net, c->b, c->a);
    (void)daf_net_push(net, &net->links_free, link);
    tell_contact(net, c, p->contact_down);
    daf_net_pass(net);
    return net->failed;
}

enum daf_err daf_net_power(struct daf_net *net, uint32_t node,
                           enum daf_power how)
{
    const struct daf_protocol *p = net->config.protocol;

    assert(node < net->config.nodes);
    if (p->power != NULL) p->power(net, node, how);
    return net->failed;
}

enum daf_err daf_net_clock(struct daf_net *net, uint32_t node, int64_t off_ms)
{
    const struct daf_protocol *p = net->config.protocol;

    assert(node < net->config.nodes);
    if (p->clock != NULL) p->clock(net, node, off_ms);
    return net->failed;
}

enum daf_err daf_net_attached(struct daf_net *net, uint32_t node,
                              enum daf_attached how, uint32_t cell)
{
    const struct daf_protocol *p = net->config.protocol;

    assert(node < net->config.nodes);
    if (p->attached != NULL) p->attached(net, node, how, cell);
    return net->failed;
}

/* ---- content */

/* Where the times of those who want @item begin. */
static size_t got_first(const struct daf_net *net, size_t item)
{
    size_t first = 0;

    for (size_t i = 0; i < item; i++)
        first += net->config.items[i].to_count;
    return first;
}

static bool make_got(struct daf_net *net)
{
    size_t count = got_first(net, net->config.items_count);

    net->got = calloc(count + 1, sizeof *net->got);
    for (size_t i = 0; net->got != NULL && i < count; i++)
        net->got[i] = DAF_SIM_NEVER;
    return net->got != NULL;
}

void daf_net_got(struct daf_net *net, uint32_t node, size_t item)
{
    const struct daf_sim_item *it = &net->config.items[item];

    assert(node >= it->to && node - it->to < it->to_count);
    net->got[got_first(net, item) + node - it->to] = daf_net_now(net);
}

daf_sim_us daf_net_got_at(const struct daf_net *net, size_t item,
                          uint32_t index)
{
    return net->got[got_first(net, item) + index];
}

static bool add_message(struct daf_net *net, const struct daf_message *m)
{
    if (net->messages_count == net->messages_room) {
        uint32_t room = net->messages_room == 0 ? 1024 : net->messages_room * 2;
        struct daf_message *messages =
            realloc(net->messages, room * sizeof *messages);
        if (messages != NULL) net->messages = messages;
        uint32_t *carriers = realloc(net->carriers, room * sizeof *carriers);
        if (carriers != NULL) net->carriers = carriers;
        if (messages == NULL || carriers == NULL) {
            net->failed = DAF_ENOMEM;
            return false;
        }
        net->messages_room = room;
    }
    net->carriers[net->messages_count] = 0;
    net->messages[net->messages_count++] = *m;
    return true;
}

enum daf_err daf_net_create(struct daf_net *net, uint32_t from, uint32_t to,
                            uint32_t bytes)
{
    const struct daf_protocol *p = net->config.protocol;
    struct daf_message m = {.from = from,
                            .to = to,
                            .bytes = bytes,
                            .created = daf_net_now(net)};
    uint32_t message = net->messages_count;

    assert(from < net->config.nodes && to < net->config.nodes);
    if (!add_message(net, &m) ||
        !daf_net_push(net, &net->nodes[to].addressed, message))
        return net->failed;
    net->stats.created++;
    (void)daf_net_buffer_room(net, from, bytes);
    daf_net_buffer_add(net, from, message, 0, 0);
    if (p->message_created != NULL) p->message_created(net, from, message);
    daf_net_wake(net, from);
    daf_net_pass(net);
    return net->failed;
}

/* ---- what a protocol asks ---- */

void daf_net_fail(struct daf_net *net, enum daf_err err)
{
    net->failed = err;
}

enum daf_err daf_net_failed(const struct daf_net *net)
{
    return net->failed;
}

const struct daf_net_stats *daf_net_stats(const struct daf_net *net)
{
    return &net->stats;
}

void daf_net_watch(struct daf_net *net, const struct daf_net_watch *watch)
{
    net->watch = *watch;
}

/* A message is wanted at its destination. */
void daf_net_measure(struct daf_net *net, struct daf_net_measure *out)
{
    const struct daf_net_stats *s = &net->stats;

    *out = (struct daf_net_measure){
        .air = {[DAF_NET_AIR_PAYLOAD] = s->bytes_relayed - s->bytes_again,
                [DAF_NET_AIR_AGAIN] = s->bytes_again,
                [DAF_NET_AIR_BROKEN] = s->bytes_aborted},
        .wanted = s->created,
        .complete = s->delivered};
    for (uint32_t i = 0; i < net->config.nodes; i++) {
        out->kept += net->nodes[i].used;
        if (net->nodes[i].used > out->kept_most)
            out->kept_most = net->nodes[i].used;
    }
    if (net->config.protocol->measure != NULL)
        net->config.protocol->measure(net, out);
}

daf_sim_us daf_net_now(const struct daf_net *net)
{
    return daf_engine_now(net->engine);
}

uint32_t daf_net_nodes(const struct daf_net *net)
{
    return net->config.nodes;
}

const struct daf_net_config *daf_net_config(const struct daf_net *net)
{
    return &net->config;
}

struct daf_engine *daf_net_engine(struct daf_net *net)
{
    return net->engine;
}

struct daf_chance *daf_net_chance(struct daf_net *net)
{
    return &net->chance_protocol;
}

const struct daf_contact *daf_net_contact(const struct daf_net *net)
{
    assert(net->told != NULL);
    return net->told;
}

void *daf_net_state(struct daf_net *net, uint32_t node)
{
    return net->states + node * net->config.protocol->node_bytes;
}

void *daf_net_shared(struct daf_net *net)
{
    return net->shared;
}

size_t daf_net_peers(const struct daf_net *net, uint32_t node,
                     const uint32_t **out)
{
    *out = net->nodes[node].peers.items;
    return net->nodes[node].peers.count;
}

size_t daf_net_copies(const struct daf_net *net, uint32_t node,
                      struct daf_copy **out)
{
    *out = net->nodes[node].copies;
    return net->nodes[node].copies_count;
}

struct daf_copy *daf_net_copy(struct daf_net *net, uint32_t node,
                              uint32_t message)
{
    struct daf_net_node *n = &net->nodes[node];

    if (!daf_net_has(n, message)) return NULL;
    uint32_t at = 0;
    while (at < n->copies_count && n->copies[at].message != message)
        at++;
    assert(at < n->copies_count);
    return &n->copies[at];
}

bool daf_net_carries(const struct daf_net *net, uint32_t node, uint32_t message)
{
    return daf_net_has(&net->nodes[node], message);
}

bool daf_net_knows(const struct daf_net *net, uint32_t node, uint32_t message)
{
    const struct daf_net_node *n = &net->nodes[node];

    return daf_net_bit(&n->has, message) || daf_net_bit(&n->arrived, message);
}

uint32_t daf_net_messages(const struct daf_net *net)
{
    return net->messages_count;
}

const struct daf_message *daf_net_message(const struct daf_net *net,
                                          uint32_t message)
{
    assert(message < net->messages_count);
    return &net->messages[message];
}

void daf_net_wake_at(struct daf_net *net, uint32_t node, daf_sim_us at)
{
    daf_engine_add(net->engine, at, DAF_SIM_TIMER, node, node, TIMER_WAKE);
}
