/* SPDX-License-Identifier: Apache-2.0 */
/* Wires between the two, the order of things, and the clock. */
#include <assert.h>
#include <stdlib.h>

#include "tests/crash/world_impl.h"

#define STEPS_MAX 200000 /* a run is some hundreds */

struct world_event *world_post(struct world *w, size_t node,
                               enum daf_input_kind kind, size_t len)
{
    struct world_event *e = calloc(1, sizeof(*e) + len);

    if (e == NULL) abort();
    e->node = node;
    e->kind = kind;
    e->len = len;
    *w->end = e;
    w->end = &e->next;
    return e;
}

void world_input(struct world_node *n, const struct daf_input *in)
{
    uint64_t commits;
    bool pinned = daf_store_pin(n->reader, &commits) == DAF_OK;

    daf_agent_input(n->agent, n->world->now, in);
    if (pinned) daf_store_unpin(n->reader);
}

/* ---- wires */

static struct world_wire *wire_of(struct world *w, size_t node, uint32_t conn)
{
    for (size_t i = w->wires_count; i-- > 0;) {
        struct world_wire *wire = &w->wires[i];

        if ((wire->from == node && wire->from_conn == conn) ||
            (wire->to == node && wire->to_conn == conn))
            return wire;
    }
    return NULL;
}

static void hang_up(struct world *w, struct world_wire *wire)
{
    if (!wire->open) return;
    wire->open = false;
    world_post(w, wire->from, DAF_INPUT_CLOSED, 0)->conn = wire->from_conn;
    world_post(w, wire->to, DAF_INPUT_CLOSED, 0)->conn = wire->to_conn;
}

/* Whether the power went: what is asked for now reaches nobody. */
static bool is_dark(const struct world_node *n)
{
    return n->is_dying || pcvfs_is_cut(n->disk);
}

static void port_close(void *ctx, uint32_t conn)
{
    struct world_node *n = ctx;
    struct world_wire *wire = wire_of(n->world, n->index, conn);

    if (wire != NULL && !is_dark(n)) hang_up(n->world, wire);
}

static void port_send(void *ctx, uint32_t conn, struct daf_view frame)
{
    struct world_node *n = ctx;
    struct world_wire *wire = wire_of(n->world, n->index, conn);
    bool is_from;
    struct world_event *e;

    if (wire == NULL || !wire->open || is_dark(n)) return;
    if (n->index == WORLD_DEVICE) said_frame(&n->world->said, frame);
    is_from = wire->from == n->index && wire->from_conn == conn;
    e = world_post(n->world, is_from ? wire->to : wire->from, DAF_INPUT_FRAME,
                   frame.len);
    e->conn = is_from ? wire->to_conn : wire->from_conn;
    e->wire = wire;
    memcpy(e->bytes, frame.p, frame.len);
}

static bool lets_in(const struct world_node *n, const struct daf_box_pk *key)
{
    for (size_t i = 0; i < n->admitted_count; i++) {
        if (memcmp(&n->admitted[i], key, sizeof(*key)) == 0) return true;
    }
    return false;
}

static void open_wire(struct world *w, const struct world_node *n,
                      struct world_node *peer, uint32_t conn,
                      enum daf_endpoint endpoint)
{
    struct world_wire *wire = &w->wires[w->wires_count++];
    struct world_event *e;

    assert(w->wires_count < WORLD_WIRES_MAX);
    *wire = (struct world_wire){.from = n->index,
                                .to = peer->index,
                                .from_conn = conn,
                                .to_conn = DAF_CONN_INCOMING | peer->incoming++,
                                .open = true};
    e = world_post(w, peer->index, DAF_INPUT_OPENED, 0);
    e->conn = wire->to_conn;
    e->endpoint = endpoint;
    e->key = w->camp->keys[n->index].transport;
    e = world_post(w, n->index, DAF_INPUT_OPENED, 0);
    e->conn = conn;
    e->endpoint = endpoint;
    e->key = endpoint == DAF_ENDPOINT_DOOR
                 ? w->camp->door
                 : w->camp->keys[peer->index].transport;
}

static void port_connect(void *ctx, uint32_t conn, enum daf_endpoint endpoint,
                         const struct daf_addr *addr,
                         const struct daf_box_pk *server)
{
    struct world_node *n = ctx;
    struct world *w = n->world;
    struct world_node *peer = &w->nodes[1 - n->index];

    (void)addr; /* there is only one other */
    (void)server;
    if (is_dark(n)) return;
    if (w->is_apart || peer->agent == NULL ||
        (endpoint == DAF_ENDPOINT_MESH &&
         !lets_in(peer, &w->camp->keys[n->index].transport)))
        world_post(w, n->index, DAF_INPUT_CLOSED, 0)->conn = conn;
    else
        open_wire(w, n, peer, conn, endpoint);
}

static void port_admit(void *ctx, const struct daf_box_pk *key, bool allowed)
{
    struct world_node *n = ctx;

    assert(allowed);
    if (lets_in(n, key)) return;
    assert(n->admitted_count < WORLD_ADMITTED_MAX);
    n->admitted[n->admitted_count++] = *key;
}

static void port_announce(void *ctx, const struct daf_announce *what)
{
    (void)ctx;
    (void)what;
}

static void port_withdraw(void *ctx, enum daf_endpoint endpoint)
{
    (void)ctx;
    (void)endpoint;
}

void world_net_port(struct daf_port *port)
{
    port->send = port_send;
    port->close = port_close;
    port->connect = port_connect;
    port->admit = port_admit;
    port->announce = port_announce;
    port->withdraw = port_withdraw;
}

void world_part(struct world *w, bool is_apart)
{
    w->is_apart = is_apart;
    for (size_t i = 0; is_apart && i < w->wires_count; i++)
        hang_up(w, &w->wires[i]);
}

/* ---- a device goes */

static bool is_forgotten(struct world *w, const struct world_event *e,
                         size_t node, bool is_sudden, bool *lost)
{
    if (e->node == node) return true;
    if (e->kind != DAF_INPUT_FRAME) return false;
    /* The first that is lost takes all after it: a stream has no gaps. */
    if (is_sudden && chance_percent(&w->chance, 25)) *lost = true;
    return *lost;
}

void world_net_drop(struct world *w, size_t node, bool is_sudden)
{
    struct world_event **at = &w->first;
    bool lost = false;

    while (*at != NULL) {
        struct world_event *e = *at;

        if (!is_forgotten(w, e, node, is_sudden, &lost)) {
            e->is_last_word = e->kind == DAF_INPUT_FRAME && e->wire->open;
            at = &e->next;
            continue;
        }
        *at = e->next;
        free(e);
    }
    w->end = at;
    for (size_t i = 0; i < w->wires_count; i++) {
        struct world_wire *wire = &w->wires[i];
        bool is_from = wire->from == node;

        if (!wire->open) continue;
        wire->open = false;
        world_post(w, is_from ? wire->to : wire->from, DAF_INPUT_CLOSED, 0)
            ->conn = is_from ? wire->to_conn : wire->from_conn;
    }
}

/* ---- steps */

static void deliver(struct world *w)
{
    struct world_event *e = w->first;
    struct world_node *n = &w->nodes[e->node];
    struct daf_input in = {.kind = e->kind,
                           .conn = e->conn,
                           .endpoint = e->endpoint,
                           .key = e->key,
                           .job = e->job,
                           .err = e->err};

    w->first = e->next;
    if (w->first == NULL) w->end = &w->first;
    if (e->kind == DAF_INPUT_FRAME)
        in.bytes = (struct daf_view){e->bytes, e->len};
    if (e->kind == DAF_INPUT_STORED) {
        in.items = (const void *)e->bytes;
        in.items_count = e->len / sizeof(struct daf_stored_item);
    }
    if (n->agent != NULL &&
        (e->kind != DAF_INPUT_FRAME || e->wire->open || e->is_last_word))
        world_input(n, &in);
    free(e);
}

/* The next timer of all, if it is not later than @end. */
static bool next_timer(struct world *w, uint64_t end)
{
    const struct daf_input in = {.kind = DAF_INPUT_TIMER};
    struct world_node *first = NULL;
    uint64_t at = end;

    for (size_t i = 0; i < WORLD_NODES; i++) {
        uint64_t due;

        if (w->nodes[i].agent == NULL) continue;
        due = daf_agent_deadline(w->nodes[i].agent).ms;
        if (due <= at && (first == NULL || due < at)) {
            at = due;
            first = &w->nodes[i];
        }
    }
    if (first == NULL) return false;
    if (at > w->now.ms) w->now.ms = at;
    world_input(first, &in);
    return true;
}

bool world_step(struct world *w, uint64_t end)
{
    bool is_urgent = w->first == NULL; /* nothing but the disk can go on */

    for (size_t i = 0; i < WORLD_NODES; i++) {
        size_t node = WORLD_DEVICE - i;

        if (world_disk_has(&w->nodes[node]) &&
            (is_urgent || chance_percent(&w->chance, 40))) {
            world_disk_work(&w->nodes[node], node == WORLD_PEER);
            return true;
        }
    }
    if (w->first == NULL) return next_timer(w, end);
    deliver(w);
    return true;
}

void world_run(struct world *w, uint64_t ms)
{
    uint64_t end = w->now.ms + ms;

    for (size_t steps = 0; world_step(w, end); steps++) {
        assert(steps < STEPS_MAX); /* somebody never falls silent */
        if (pcvfs_is_cut(w->nodes[WORLD_DEVICE].disk)) return;
    }
    w->now.ms = end;
}
