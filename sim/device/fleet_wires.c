/* SPDX-License-Identifier: Apache-2.0 */
/* Connections and the air: what link does, and the network under it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "node/core/addr.h"
#include "proto/frame.h"
#include "sim/device/fleet_impl.h"

#define HANDSHAKE_BYTES 1200 /* CURVE's four commands, measured in captures */
#define FRAME_BYTES     80   /* around a frame: ZMTP, CURVE's box, TCP and IP */
#define TRIES           7    /* of a frame, before TCP has to see to it */
#define TCP_TIMEOUT     (200 * DAF_SIM_MS)
/* One has the air, packets in one burst (802.11e: 1.5 to 4 ms); there are no more turns
 * than stations. */
#define TURN      (2 * DAF_SIM_MS)
#define TURNS_MAX 64
#define GIVE_UP   (5 * DAF_SIM_S) /* ZMQ_CONNECT_TIMEOUT of link */

/* ---- what is on its way */

static void post(struct daf_fleet *f, uint32_t to, daf_sim_us at,
                 const struct daf_fleet_parcel *what)
{
    uint32_t number = daf_fleet_take(f, &f->parcels);

    if (number == DAF_FLEET_NOBODY) {
        free(what->bytes);
        return;
    }
    *daf_fleet_parcel(f, number) = *what;
    if (what->wire != DAF_FLEET_NOBODY)
        daf_fleet_wire(f, what->wire)->under_way++;
    daf_engine_add(f->engine, at, DAF_SIM_FRAME, to, to, number);
}

bool daf_fleet_loses(struct daf_fleet *f, uint32_t link)
{
    uint32_t loss = daf_fleet_link(f, link)->contact.loss;

    return loss > 0 && daf_chance_in_million(&f->chance_loss, loss);
}

daf_sim_us daf_fleet_turns(const struct daf_fleet_air *air)
{
    return (air->flows < TURNS_MAX ? air->flows : TURNS_MAX) * TURN;
}

/* Frames of content take the air that the others leave: these pass between two
 * packets of a CHUNK, as stations have equal chances to send, and access points a
 * queue for each station. */
static daf_sim_us take_air(struct daf_fleet_air *air, daf_sim_us now,
                           daf_sim_us span, bool is_content)
{
    daf_sim_us *free_at = is_content ? &air->content_free_at : &air->free_at;

    if (air->content_free_at < now) air->content_free_at = now;
    if (*free_at < now) *free_at = now;
    *free_at += span;
    if (is_content) return *free_at;
    air->content_free_at += span;
    return *free_at + daf_fleet_turns(air);
}

/* When so many bytes will be at the other end of this link. */
static daf_sim_us over_air(struct daf_fleet *f, uint32_t link, size_t bytes,
                           bool is_content)
{
    struct daf_fleet_link *l = daf_fleet_link(f, link);
    struct daf_fleet_air *air =
        l->contact.cell == DAF_CELL_OWN ? &l->air : &f->cells[l->contact.cell];
    daf_sim_us one = (daf_sim_us)((uint64_t)bytes * l->contact.slots *
                                  (uint64_t)DAF_SIM_S / l->contact.bytes_per_s);
    daf_sim_us span = one, wait = 0;

    for (unsigned lost = 1; daf_fleet_loses(f, link); lost++) {
        span += one;
        f->stats.again++;
        if (lost % TRIES == 0) wait += TCP_TIMEOUT;
    }
    return take_air(air, daf_engine_now(f->engine), span, is_content) + wait +
           f->config.latency;
}

/* The same for a frame to that end of a wire: it overtakes none before it. */
static daf_sim_us over_wire(struct daf_fleet *f, struct daf_fleet_wire *w,
                            unsigned side, size_t bytes, bool is_content)
{
    daf_sim_us at = over_air(f, w->link, bytes, is_content);
    daf_sim_us clogged = daf_fleet_link(f, w->link)->clogged_until;

    if (at < clogged) at = clogged;
    if (at > w->last[side]) w->last[side] = at;
    return w->last[side];
}

/* ---- a device's ends of wires */

uint32_t daf_fleet_wire_of(const struct daf_fleet_device *d, uint32_t conn,
                           unsigned *side)
{
    for (uint32_t i = 0; i < d->wires_count; i++) {
        const struct daf_fleet_wire *w = daf_fleet_wire(d->fleet, d->wires[i]);
        for (unsigned s = 0; s < 2; s++)
            if (w->ends[s] == d->number && w->conns[s] == conn) {
                *side = s;
                return d->wires[i];
            }
    }
    return DAF_FLEET_NOBODY;
}

static void keep_wire(struct daf_fleet_device *d, uint32_t wire)
{
    if (daf_fleet_grow(d->fleet, &d->wires, sizeof *d->wires, d->wires_count,
                       &d->wires_room))
        d->wires[d->wires_count++] = wire;
}

static void drop_wire(struct daf_fleet_device *d, uint32_t wire)
{
    for (uint32_t i = 0; i < d->wires_count; i++)
        if (d->wires[i] == wire) {
            d->wires[i] = d->wires[--d->wires_count];
            return;
        }
}

/* Its number is given back when both have heard and nothing names it. */
static void let_go(struct daf_fleet *f, uint32_t wire)
{
    struct daf_fleet_wire *w = daf_fleet_wire(f, wire);

    if (w->under_way > 0 || !w->is_heard[0] || !w->is_heard[1]) return;
    drop_wire(&f->devices[w->ends[0]], wire);
    drop_wire(&f->devices[w->ends[1]], wire);
    daf_fleet_give(f, &f->wires, wire);
}

/* Once; but who would have heard of it behind much that is under way, and is lost
 * now, hears of it @at. */
static void close_end(struct daf_fleet *f, uint32_t wire, unsigned side,
                      daf_sim_us at)
{
    struct daf_fleet_wire *w = daf_fleet_wire(f, wire);

    if (w->is_heard[side] &&
        (!w->is_cut || w->is_told[side] || w->last[side] <= at))
        return;
    w->is_heard[side] = true;
    post(f, w->ends[side], at,
         &(struct daf_fleet_parcel){.word = DAF_FLEET_CLOSED,
                                    .wire = wire,
                                    .side = side});
}

/* One end's; those that the other end has closed are in this one's list alone. */
static void cut_wires(struct daf_fleet *f, const struct daf_fleet_device *d,
                      uint32_t link)
{
    daf_sim_us at = daf_engine_now(f->engine) + f->config.silence;

    for (uint32_t i = 0; i < d->wires_count; i++) {
        struct daf_fleet_wire *w = daf_fleet_wire(f, d->wires[i]);
        if (w->link != link || w->is_cut) continue;
        /* What was said in farewell arrives, unless the air is that full. */
        if (w->is_farewell && w->last[0] <= at && w->last[1] <= at) continue;
        w->is_cut = true;
        close_end(f, d->wires[i], 0, at);
        close_end(f, d->wires[i], 1, at);
    }
}

void daf_fleet_cut(struct daf_fleet *f, uint32_t link)
{
    const struct daf_contact *c = &daf_fleet_link(f, link)->contact;

    cut_wires(f, &f->devices[c->a], link);
    cut_wires(f, &f->devices[c->b], link);
}

void daf_fleet_wires_pause(struct daf_fleet_device *d)
{
    struct daf_fleet *f = d->fleet;
    daf_sim_us heard = daf_engine_now(f->engine) + f->config.silence;

    for (uint32_t i = 0; i < d->wires_count; i++) {
        struct daf_fleet_wire *w = daf_fleet_wire(f, d->wires[i]);
        unsigned side = w->ends[0] == d->number ? 0 : 1;
        if (w->is_cut || w->is_farewell) continue;
        w->is_cut = true;
        close_end(f, d->wires[i], side, d->paused_until);
        close_end(f, d->wires[i], 1 - side, heard);
    }
}

static void say_farewell(struct daf_fleet_device *d, uint32_t wire)
{
    struct daf_fleet *f = d->fleet;
    struct daf_fleet_wire *w = daf_fleet_wire(f, wire);
    unsigned other = w->ends[0] == d->number ? 1 : 0;
    daf_sim_us heard = daf_engine_now(f->engine) + f->config.latency;

    if (w->is_cut) return;
    w->is_farewell = true;
    close_end(f, wire, other, w->last[other] > heard ? w->last[other] : heard);
}

void daf_fleet_farewell(struct daf_fleet_device *d)
{
    for (uint32_t i = 0; i < d->wires_count; i++)
        say_farewell(d, d->wires[i]);
}

/* From the last: dropped ones leave the list. */
void daf_fleet_wires_forget(struct daf_fleet_device *d)
{
    for (uint32_t i = d->wires_count; i-- > 0;) {
        uint32_t wire = d->wires[i];
        struct daf_fleet_wire *w = daf_fleet_wire(d->fleet, wire);
        unsigned side = w->ends[0] == d->number ? 0 : 1;
        w->is_heard[side] = w->is_told[side] = true;
        drop_wire(d, wire);
        let_go(d->fleet, wire);
    }
}

/* ---- the agent's calls */

/* An array of the kind and more (proto/frame.h): 0 if it carries no records. */
static size_t run_bytes(const uint8_t *frame, size_t len)
{
    return len >= 2 && frame[1] == DAF_FRAME_RUN ? len : 0;
}

static void count_lost(struct daf_fleet *f, const uint8_t *frame, size_t len,
                       size_t zeros)
{
    f->stats.frames_lost++;
    f->stats.bytes_lost += len + zeros;
    f->stats.bytes_runs_lost += run_bytes(frame, len);
    f->stats.bytes_chunks_lost += zeros;
}

/* How much of a frame is content, which is all zeros and at its end. */
static size_t zeros_of(const struct daf_fleet *f, struct daf_view frame)
{
    struct daf_frame read;

    if (f->config.items_count == 0 || frame.len <= DAF_FLEET_HEAD_BYTES ||
        frame.p[1] != DAF_FRAME_CHUNK ||
        daf_frame_decode(frame, &read, NULL) != DAF_OK ||
        read.kind != DAF_FRAME_CHUNK)
        return 0;
    assert(frame.len - read.part.data.len <= DAF_FLEET_HEAD_BYTES);
    return read.part.data.len;
}

static void count_flow(struct daf_fleet *f, const struct daf_fleet_wire *w,
                       bool is_more)
{
    if (w->cell == DAF_CELL_OWN) return;
    if (is_more)
        f->cells[w->cell].flows++;
    else
        f->cells[w->cell].flows--;
}

void daf_fleet_chunk_ended(struct daf_fleet *f, uint32_t wire, uint32_t side)
{
    struct daf_fleet_wire *w = daf_fleet_wire(f, wire);
    uint32_t read = w->reads[1 - side];

    if (--w->chunks[side] == 0) count_flow(f, w, false);
    w->reads[1 - side] = DAF_FLEET_NOBODY;
    if (read != DAF_FLEET_NOBODY)
        daf_fleet_content_go_on(&f->devices[w->ends[1 - side]], read);
}

static void send(struct daf_fleet_device *d, uint32_t wire, unsigned side,
                 struct daf_view frame)
{
    struct daf_fleet *f = d->fleet;
    struct daf_fleet_wire *w = daf_fleet_wire(f, wire);
    uint32_t conn = w->conns[side];

    if (w->is_heard[side] && !w->is_cut) return; /* it was closed */
    f->stats.frames++;
    f->stats.bytes += frame.len;
    f->stats.bytes_runs += run_bytes(frame.p, frame.len);
    f->stats.bytes_around += FRAME_BYTES;
    daf_engine_note(f->engine, (uint64_t)frame.len << 32 | conn);
    size_t zeros = zeros_of(f, frame), len = frame.len - zeros;
    f->stats.bytes_chunks += zeros;
    if (w->is_cut) {
        count_lost(f, frame.p, len, zeros);
        return;
    }
    uint8_t *bytes = malloc(len + 1);
    if (bytes == NULL) {
        daf_fleet_fail(f, DAF_ENOMEM);
        return;
    }
    memcpy(bytes, frame.p, len);
    unsigned other = 1 - side;
    daf_sim_us at = over_wire(f, w, other, frame.len + FRAME_BYTES, zeros > 0);
    if (zeros > 0 && w->chunks[other]++ == 0) count_flow(f, w, true);
    post(f, w->ends[other], at,
         &(struct daf_fleet_parcel){.word = DAF_FLEET_FRAME,
                                    .wire = wire,
                                    .side = other,
                                    .len = len,
                                    .bytes = bytes,
                                    .zeros = zeros});
}

void daf_fleet_say(struct daf_fleet *f, uint32_t device, uint32_t conn,
                   struct daf_view frame)
{
    unsigned side = 0;
    uint32_t wire = daf_fleet_wire_of(&f->devices[device], conn, &side);

    if (wire != DAF_FLEET_NOBODY) send(&f->devices[device], wire, side, frame);
}

static void port_send(void *ctx, uint32_t conn, struct daf_view frame)
{
    struct daf_fleet_device *d = ctx;
    const struct daf_fleet_events *events = &d->fleet->events;
    unsigned side = 0;
    uint32_t wire = daf_fleet_wire_of(d, conn, &side);

    if (wire == DAF_FLEET_NOBODY) return;
    uint32_t peer = daf_fleet_wire(d->fleet, wire)->ends[1 - side];
    if (events->says == NULL ||
        events->says(events->ctx, d->number, conn, peer, frame))
        send(d, wire, side, frame);
}

/* What was said before still arrives. */
static void port_close(void *ctx, uint32_t conn)
{
    struct daf_fleet_device *d = ctx;
    struct daf_fleet *f = d->fleet;
    daf_sim_us now = daf_engine_now(f->engine);
    unsigned side = 0;
    uint32_t wire = daf_fleet_wire_of(d, conn, &side);

    if (wire == DAF_FLEET_NOBODY) return;
    struct daf_fleet_wire *w = daf_fleet_wire(f, wire);
    daf_sim_us heard = now + f->config.latency;
    if (w->last[1 - side] > heard) heard = w->last[1 - side];
    close_end(f, wire, side, now);
    close_end(f, wire, 1 - side, heard);
}

/* Nobody's address comes to no device's number. */
static uint32_t device_of(const struct daf_addr *addr, unsigned *port)
{
    struct daf_where where = {.port = 0};

    if (!daf_addr_parse(addr, &where) || where.is_v6 || where.ip[0] != 10)
        return DAF_FLEET_NOBODY;
    *port = where.port;
    return ((uint32_t)where.ip[1] << 16 | (uint32_t)where.ip[2] << 8 |
            where.ip[3]) -
           1;
}

static bool lets_in(const struct daf_fleet_device *d, uint32_t other)
{
    return (d->admitted[other / 64] >> (other % 64) & 1) != 0;
}

/* Whether @d would be let in there; DAF_FLEET_NOBODY's link: out of reach. */
static bool is_welcome(const struct daf_fleet_device *d,
                       const struct daf_fleet_device *peer,
                       enum daf_endpoint endpoint, unsigned port,
                       const struct daf_box_pk *server)
{
    const struct daf_fleet *f = d->fleet;
    bool is_door = endpoint == DAF_ENDPOINT_DOOR;
    const struct daf_box_pk *key = is_door ? &f->door : &peer->keys.transport;

    return peer->agent != NULL &&
           port == (is_door ? DAF_FLEET_DOOR_PORT : DAF_FLEET_MESH_PORT) &&
           memcmp(key->b, server->b, sizeof key->b) == 0 &&
           (is_door || lets_in(peer, d->number));
}

static void refuse(struct daf_fleet_device *d, uint32_t conn, daf_sim_us after)
{
    struct daf_fleet *f = d->fleet;

    post(f, d->number, daf_engine_now(f->engine) + after,
         &(struct daf_fleet_parcel){.word = DAF_FLEET_CLOSED,
                                    .wire = DAF_FLEET_NOBODY,
                                    .boot = (uint32_t)d->boots,
                                    .conn = conn});
}

static void open_wire(struct daf_fleet_device *d, struct daf_fleet_device *peer,
                      uint32_t link, uint32_t conn, enum daf_endpoint endpoint)
{
    struct daf_fleet *f = d->fleet;
    uint32_t wire = daf_fleet_take(f, &f->wires);

    if (wire == DAF_FLEET_NOBODY) return;
    daf_sim_us at =
        over_air(f, link, HANDSHAKE_BYTES, false) + 3 * f->config.latency;
    *daf_fleet_wire(f, wire) = (struct daf_fleet_wire){
        .ends = {d->number, peer->number},
        .conns = {conn, DAF_CONN_INCOMING |
                            (peer->incoming++ & (DAF_CONN_INCOMING - 1))},
        .link = link,
        .cell = daf_fleet_link(f, link)->contact.cell,
        .endpoint = endpoint,
        .last = {at, at},
        .reads = {DAF_FLEET_NOBODY, DAF_FLEET_NOBODY},
    };
    f->stats.connections++;
    f->stats.bytes_around += HANDSHAKE_BYTES;
    keep_wire(d, wire);
    keep_wire(peer, wire);
    for (unsigned side = 2; side-- > 0;)
        post(f, side == 0 ? d->number : peer->number, at,
             &(struct daf_fleet_parcel){.word = DAF_FLEET_OPENED,
                                        .wire = wire,
                                        .side = side});
}

static void port_connect(void *ctx, uint32_t conn, enum daf_endpoint endpoint,
                         const struct daf_addr *addr,
                         const struct daf_box_pk *server)
{
    struct daf_fleet_device *d = ctx;
    struct daf_fleet *f = d->fleet;
    unsigned port = 0;
    uint32_t to = device_of(addr, &port);

    uint32_t link = to < f->config.devices && to != d->number
                        ? daf_fleet_linked(f, d->number, to)
                        : DAF_FLEET_NOBODY; /* somebody told a lie */
    if (link == DAF_FLEET_NOBODY ||
        daf_fleet_link(f, link)->contact.deaf != DAF_DEAF_NONE ||
        daf_fleet_is_paused(f, to))
        refuse(d, conn, GIVE_UP);
    else if (!is_welcome(d, &f->devices[to], endpoint, port, server))
        refuse(d, conn, 4 * f->config.latency);
    else
        open_wire(d, &f->devices[to], link, conn, endpoint);
}

static void port_admit(void *ctx, const struct daf_box_pk *key, bool allowed)
{
    struct daf_fleet_device *d = ctx;
    uint32_t who = daf_fleet_of_key(d->fleet, key);

    while (who != DAF_FLEET_NOBODY) {
        uint64_t bit = UINT64_C(1) << (who % 64);
        if (allowed)
            d->admitted[who / 64] |= bit;
        else
            d->admitted[who / 64] &= ~bit;
        who = d->fleet->devices[who].twin;
    }
}

/* Nobody is enrolled while the world runs. */
static void port_porch(void *ctx, const struct daf_box_pk *pk,
                       const struct daf_box_sk *sk)
{
    (void)ctx;
    (void)pk;
    (void)sk;
}

static void port_announce(void *ctx, const struct daf_announce *what)
{
    struct daf_fleet_device *d = ctx;

    if (what->endpoint != DAF_ENDPOINT_DOOR) return;
    d->door = *what;
    d->is_announced = true;
}

static void port_withdraw(void *ctx, enum daf_endpoint endpoint)
{
    struct daf_fleet_device *d = ctx;

    if (endpoint == DAF_ENDPOINT_DOOR) d->is_announced = false;
}

void daf_fleet_wires_port(struct daf_port *port)
{
    port->send = port_send;
    port->close = port_close;
    port->connect = port_connect;
    port->admit = port_admit;
    port->porch = port_porch;
    port->announce = port_announce;
    port->withdraw = port_withdraw;
}

/* ---- what arrives */

static void tell_of_peer(struct daf_fleet_device *d,
                         const struct daf_fleet_parcel *p)
{
    struct daf_fleet *f = d->fleet;
    const struct daf_fleet_device *peer = &f->devices[p->peer];
    struct daf_input in = {.kind = DAF_INPUT_GONE};

    if (p->word == DAF_FLEET_FOUND) {
        if (daf_fleet_linked(f, d->number, p->peer) != p->link ||
            !peer->is_announced)
            return;
        in.kind = DAF_INPUT_FOUND;
        in.addr = daf_fleet_addr(p->peer, peer->door.port);
    }
    in.service = peer->door;
    daf_fleet_input(d, &in);
}

static void tell_opened(struct daf_fleet_device *d,
                        const struct daf_fleet_parcel *p)
{
    struct daf_fleet *f = d->fleet;
    const struct daf_fleet_wire *w = daf_fleet_wire(f, p->wire);
    const struct daf_fleet_device *other = &f->devices[w->ends[1 - p->side]];
    struct daf_input in = {.kind = DAF_INPUT_OPENED,
                           .conn = w->conns[p->side],
                           .endpoint = w->endpoint,
                           .key = other->keys.transport};

    if (w->is_cut || w->is_told[p->side]) {
        f->stats.cut_short += p->side == 0;
        return;
    }
    if (p->side == 0 && w->endpoint == DAF_ENDPOINT_DOOR) in.key = f->door;
    daf_fleet_input(d, &in);
}

/* The zeros of a CHUNK stand there already. */
static struct daf_view frame_of(struct daf_fleet *f,
                                const struct daf_fleet_parcel *p)
{
    uint8_t *at = p->bytes;

    if (p->zeros == 0) return (struct daf_view){at, p->len};
    at = f->chunk + DAF_FLEET_HEAD_BYTES - p->len;
    memcpy(at, p->bytes, p->len);
    return (struct daf_view){at, p->len + p->zeros};
}

static void tell_frame(struct daf_fleet_device *d,
                       const struct daf_fleet_parcel *p)
{
    struct daf_fleet *f = d->fleet;
    const struct daf_fleet_wire *w = daf_fleet_wire(f, p->wire);
    const struct daf_input in = {.kind = DAF_INPUT_FRAME,
                                 .conn = w->conns[p->side],
                                 .bytes = frame_of(f, p)};

    if (w->is_cut || w->is_told[p->side]) {
        count_lost(f, p->bytes, p->len, p->zeros);
        return;
    }
    f->stats.frames_heard++;
    f->stats.bytes_chunks_heard += p->zeros;
    daf_fleet_input(d, &in);
}

static void tell_closed(struct daf_fleet_device *d,
                        const struct daf_fleet_parcel *p)
{
    struct daf_input in = {.kind = DAF_INPUT_CLOSED, .conn = p->conn};

    if (p->wire == DAF_FLEET_NOBODY) {
        if (p->boot != (uint32_t)d->boots) return;
    } else {
        struct daf_fleet_wire *w = daf_fleet_wire(d->fleet, p->wire);
        if (w->is_told[p->side]) return; /* it has been off since */
        in.conn = w->conns[p->side];
        w->is_told[p->side] = true;
        drop_wire(d, p->wire); /* the agent may use its number again */
    }
    daf_fleet_input(d, &in);
}

void daf_fleet_on_parcel(void *ctx, uint32_t device, uint32_t parcel)
{
    struct daf_fleet *f = ctx;
    struct daf_fleet_device *d = &f->devices[device];

    if (daf_fleet_waits(d, DAF_SIM_FRAME, parcel)) return;
    /* A copy: the pool moves when something is posted. */
    struct daf_fleet_parcel p = *daf_fleet_parcel(f, parcel);

    daf_fleet_parcel(f, parcel)->bytes = NULL;
    daf_fleet_give(f, &f->parcels, parcel);
    if (d->agent != NULL) {
        if (p.word == DAF_FLEET_FRAME)
            tell_frame(d, &p);
        else if (p.word == DAF_FLEET_OPENED)
            tell_opened(d, &p);
        else if (p.word == DAF_FLEET_CLOSED)
            tell_closed(d, &p);
        else
            tell_of_peer(d, &p);
    } else if (p.word == DAF_FLEET_FRAME) {
        count_lost(f, p.bytes, p.len, p.zeros);
    }
    if (p.zeros > 0) daf_fleet_chunk_ended(f, p.wire, p.side);
    free(p.bytes);
    if (p.wire != DAF_FLEET_NOBODY) {
        daf_fleet_wire(f, p.wire)->under_way--;
        let_go(f, p.wire);
    }
}
