/* SPDX-License-Identifier: Apache-2.0 */
/* Multicast with repair: the source sends a chunk's symbols once to all, each device
 * loses some, says how many, and as many symbols of parity follow as who lacks most
 * lacks.  Any so many symbols make the chunk (an ideal fountain code), so one repair
 * serves all.  When nobody who is there lacks anything of a chunk the next is sent; who
 * comes late has the earlier ones in another round.  Nothing else is on the air, and no messages are carried.
 *
 * Losses are a device's own, in bursts (Gilbert, "Capacity of a burst-noise channel",
 * 1960), and as many as the place loses of frames.  There is no acknowledgement and so
 * no other rate than the base rate (RFC 9119, 3.1). */
#include "sim/study/multicast.h"

#include <stdlib.h>

#include "proto/content.h"

#define SYMBOL_BYTES 1400
#define AROUND_BYTES 100 /* MAC, IP, UDP, the symbol's number */
/* 802.11a: DIFS 34, half of the least window 67.5, preamble and SIGNAL 20. */
#define PACKET_US 121.5
#define NACK_US   200 /* a device's answer, with its DIFS and ACK */
#define BURST     4   /* packets that are lost in a row, mean */

struct receiver {
    bool is_here, is_bad; /* is_bad: in a burst */
    uint32_t loss;        /* of a million */
    uint32_t chunks_lacking;
    uint16_t *lacks; /* symbols, of each chunk */
};

struct cast {
    uint32_t chunks, symbols, next; /* symbols: of a chunk */
    struct receiver *receivers;     /* of those who want it */
};

struct shared {
    struct cast *casts; /* an item each */
    daf_sim_us free_at;
    uint64_t sent, twice;
};

static const struct daf_sim_item *item_of(const struct daf_net *net, size_t i)
{
    return &daf_net_config(net)->items[i];
}

/* ---- life */

static enum daf_err make_cast(struct cast *c, const struct daf_sim_item *item)
{
    uint32_t bytes = daf_content_chunk_bytes(item->bytes);

    c->chunks = (uint32_t)((item->bytes + bytes - 1) / bytes);
    c->symbols = (bytes + SYMBOL_BYTES - 1) / SYMBOL_BYTES;
    c->receivers = calloc((size_t)item->to_count + 1, sizeof *c->receivers);
    if (c->receivers == NULL) return DAF_ENOMEM;
    for (uint32_t k = 0; k < item->to_count; k++) {
        struct receiver *r = &c->receivers[k];
        r->lacks = calloc(c->chunks, sizeof *r->lacks);
        if (r->lacks == NULL) return DAF_ENOMEM;
        r->chunks_lacking = c->chunks;
        for (uint32_t i = 0; i < c->chunks; i++)
            r->lacks[i] = (uint16_t)c->symbols;
    }
    return DAF_OK;
}

static enum daf_err start(struct daf_net *net)
{
    struct shared *s = daf_net_shared(net);
    size_t count = daf_net_config(net)->items_count;
    enum daf_err err = DAF_OK;

    s->casts = calloc(count + 1, sizeof *s->casts);
    if (s->casts == NULL) return DAF_ENOMEM;
    for (size_t i = 0; err == DAF_OK && i < count; i++) {
        err = make_cast(&s->casts[i], item_of(net, i));
        daf_net_wake_at(net, item_of(net, i)->from, item_of(net, i)->at);
    }
    return err;
}

static void stop(struct daf_net *net)
{
    struct shared *s = daf_net_shared(net);

    for (size_t i = 0; s->casts != NULL && i < daf_net_config(net)->items_count;
         i++) {
        struct receiver *receivers = s->casts[i].receivers;
        for (uint32_t k = 0; receivers != NULL && k < item_of(net, i)->to_count;
             k++)
            free(receivers[k].lacks);
        free(receivers);
    }
    free(s->casts);
}

/* ---- who is there */

static void meet(struct daf_net *net, uint32_t node, uint32_t peer, bool is_up)
{
    struct shared *s = daf_net_shared(net);

    for (size_t i = 0; i < daf_net_config(net)->items_count; i++) {
        const struct daf_sim_item *item = item_of(net, i);
        if (item->from != node || peer < item->to ||
            peer - item->to >= item->to_count)
            continue;
        struct receiver *r = &s->casts[i].receivers[peer - item->to];
        r->is_here = is_up;
        r->loss = daf_net_contact(net)->loss;
    }
}

static void contact_up(struct daf_net *net, uint32_t node, uint32_t peer)
{
    meet(net, node, peer, true);
}

static void contact_down(struct daf_net *net, uint32_t node, uint32_t peer)
{
    meet(net, node, peer, false);
}

/* ---- sending */

/* Whether one more packet is lost. */
static bool loses(struct daf_net *net, struct receiver *r)
{
    struct daf_chance *chance = daf_net_chance(net);
    uint64_t begins = (uint64_t)r->loss * 1000000 / BURST / (1000000 - r->loss);

    r->is_bad = r->is_bad ? !daf_chance_in_million(chance, 1000000 / BURST)
                          : daf_chance_in_million(chance, (uint32_t)begins);
    return r->is_bad;
}

/* @count symbols of the chunk reach one of them; its answer takes air, too. */
static daf_sim_us reach(struct daf_net *net, size_t item, uint32_t index,
                        uint32_t chunk, uint32_t count)
{
    struct shared *s = daf_net_shared(net);
    struct cast *c = &s->casts[item];
    struct receiver *r = &c->receivers[index];
    uint16_t lacked = r->lacks[chunk];
    uint32_t came = 0;

    for (uint32_t i = 0; i < count; i++)
        came += !loses(net, r);
    if (came > lacked) {
        s->twice += (uint64_t)(came - lacked) * SYMBOL_BYTES;
        came = lacked;
    }
    r->lacks[chunk] = (uint16_t)(lacked - came);
    if (lacked == 0) return 0;
    if (r->lacks[chunk] == 0 && --r->chunks_lacking == 0)
        daf_net_got(net, item_of(net, item)->to + index, item);
    return NACK_US;
}

/* Symbols that some who are there lack of the chunk: those of who lacks most. */
static uint32_t most_lacking(const struct cast *c, uint32_t receivers,
                             uint32_t chunk)
{
    uint32_t most = 0;

    for (uint32_t k = 0; k < receivers; k++)
        if (c->receivers[k].is_here && c->receivers[k].lacks[chunk] > most)
            most = c->receivers[k].lacks[chunk];
    return most;
}

/* One chunk to all; 0: nobody lacks anything. */
static daf_sim_us send_chunk(struct daf_net *net, size_t item)
{
    struct shared *s = daf_net_shared(net);
    struct cast *c = &s->casts[item];
    uint32_t receivers = item_of(net, item)->to_count;
    double rate = (double)daf_net_config(net)->base_bytes_per_s / 1e6;
    uint32_t count = 0, tried = 0;
    daf_sim_us took = 0;

    for (; tried < c->chunks; tried++) {
        count = most_lacking(c, receivers, c->next);
        if (count > 0) break;
        c->next = (c->next + 1) % c->chunks;
    }
    if (count == 0) return 0;
    for (uint32_t k = 0; k < receivers; k++)
        if (c->receivers[k].is_here)
            took += reach(net, item, k, c->next, count);
    s->sent += (uint64_t)count * (SYMBOL_BYTES + AROUND_BYTES);
    return took + (daf_sim_us)(count * ((SYMBOL_BYTES + AROUND_BYTES) / rate +
                                        PACKET_US));
}

/* The source's. */
static void take_turn(struct daf_net *net, uint32_t node)
{
    struct shared *s = daf_net_shared(net);
    daf_sim_us now = daf_net_now(net), took = 0;

    if (now < s->free_at) return;
    for (size_t i = 0; took == 0 && i < daf_net_config(net)->items_count; i++)
        if (item_of(net, i)->from == node && now >= item_of(net, i)->at)
            took = send_chunk(net, i);
    s->free_at = now + took;
    if (took > 0) daf_net_wake_at(net, node, s->free_at);
}

static void measure(struct daf_net *net, struct daf_net_measure *out)
{
    const struct shared *s = daf_net_shared(net);

    out->air[DAF_NET_AIR_PAYLOAD] = s->sent;
    out->twice = s->twice;
}

const struct daf_protocol daf_multicast = {
    .name = "multicast",
    .what = "a model: content once to all at a base rate, and parity",
    .shared_bytes = sizeof(struct shared),
    .carries_content = true,
    .start = start,
    .stop = stop,
    .contact_up = contact_up,
    .contact_down = contact_down,
    .timer = take_turn,
    .measure = measure,
};
