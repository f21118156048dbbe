/* SPDX-License-Identifier: Apache-2.0 */
/* Content that is lacking: whom to ask for which part (docs/content.md R64 to
 * R66).
 *
 * A peer is asked for as many parts at once as it answers within a quarter of a
 * second, so that a fast one is never idle and a slow one holds little.  Which
 * part is asked for next is pick()'s alone: here the first that nobody else was
 * asked for, pages first.  A part comes from one session, so a bad one is its. */
#include <stdlib.h>

#include "node/core/agent_impl.h"

#define WINDOW_MIN ((uint32_t)512 * 1024)
/* 24 frames of 256 KiB: libzmq takes 32 for each peer, and only what is more than
 * that waits in the source's link, which cuts off whoever lets 4 MiB pile up. */
#define WINDOW_MAX ((uint32_t)6 * 1024 * 1024)
/* Of all peers together; beyond, one part of each.  What is asked for comes, and
 * waits in memory for the disk, beside records that do not wait. */
#define ASKED_MAX ((uint64_t)8 * 1024 * 1024)
#define SHELF_MS  1000  /* the shelf took nothing: it is left alone */
#define QUICK_MS  250   /* a part came within: ask for more at once */
#define SLOW_MS   1000  /* beyond: for less */
#define STALL_MS  8000  /* nothing came: others are asked */
#define DRIP      8     /* bytes a ms: a part comes at that rate at least */
#define REST_MS   30000 /* and it is not asked for so long */
#define BAD_MAX   3     /* bad parts; it is not asked any more */

/* ---- what peers offer */

static struct daf_offering *offer_of(struct daf_swap *s,
                                     const struct daf_hash *content)
{
    for (size_t i = 0; i < s->offers_count; i++) {
        if (memcmp(s->offers[i].content.b, content->b, 32) == 0)
            return &s->offers[i];
    }
    return NULL;
}

static void drop_offer(struct daf_offering *offer)
{
    free(offer->bits);
    free(offer->gone);
}

static bool is_asked(const struct daf_swap *s, const struct daf_hash *content)
{
    for (size_t i = 0; i < s->asks_count; i++) {
        if (memcmp(s->asks[i].content.b, content->b, 32) == 0) return true;
    }
    return false;
}

/* Offers of what is not sought any more make room, and so do the later ones: what
 * is sought takes turns, and they will be told again. */
static void forget_offers(struct daf_agent *a, struct daf_swap *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->offers_count; i++) {
        const struct daf_shelved *item =
            daf_agent_item(a, &s->offers[i].content);

        if (item != NULL && daf_agent_item_lacks(item) &&
            (kept < DAF_SEEK_MAX / 2 || is_asked(s, &item->content)))
            s->offers[kept++] = s->offers[i];
        else
            drop_offer(&s->offers[i]);
    }
    s->offers_count = kept;
}

static struct daf_offering *offer_new(struct daf_agent *a, struct daf_swap *s,
                                      const struct daf_shelved *item)
{
    struct daf_offering *bigger;
    uint8_t *bits, *gone;

    if (s->offers_count == DAF_SEEK_MAX) forget_offers(a, s);
    if (s->offers_count == DAF_SEEK_MAX) return NULL;
    bigger = daf_agent_grow(s->offers, &s->offers_cap, s->offers_count,
                            sizeof(*s->offers));
    if (bigger == NULL) return NULL;
    s->offers = bigger;
    bits = calloc(1, item->parts / 8 + 1);
    gone = calloc(1, item->parts / 8 + 1);
    if (bits == NULL || gone == NULL) {
        free(bits);
        free(gone);
        return NULL;
    }
    s->offers[s->offers_count] = (struct daf_offering){.content = item->content,
                                                       .parts = item->parts,
                                                       .bits = bits,
                                                       .gone = gone};
    return &s->offers[s->offers_count++];
}

void daf_agent_fetch_have(struct daf_agent *a, struct daf_conn *c,
                          const struct daf_part *f)
{
    struct daf_shelved *item = daf_agent_item(a, &f->content);
    struct daf_swap *s = daf_agent_swap(c, true);
    struct daf_offering *offer;

    if (s == NULL || item == NULL || !daf_agent_item_lacks(item)) return;
    offer = offer_of(s, &f->content);
    if (offer == NULL) offer = offer_new(a, s, item);
    if (offer == NULL || f->part % 8 != 0) return;
    for (size_t i = 0; i < f->data.len; i++) {
        size_t at = f->part / 8 + i;

        uint8_t more;

        if (at > offer->parts / 8) break; /* R64: "what goes further" */
        more = f->data.p[i] & (uint8_t) ~(offer->bits[at] | offer->gone[at]);
        offer->bits[at] |= more;
        a->is_hungry |= more != 0;
    }
}

/* ---- asking */

static void mark(struct daf_shelved *item, uint32_t part, bool is_asked)
{
    uint8_t bit = (uint8_t)(0x80u >> part % 8);

    if (item->asked == NULL || part >= item->parts) return;
    if (is_asked)
        item->asked[part / 8] |= bit;
    else
        item->asked[part / 8] &= (uint8_t)~bit;
    if (!is_asked && part < item->from) item->from = part;
}

/* Until all pages are there nobody knows what chunks are (R63). */
static uint32_t end_of(const struct daf_shelved *item)
{
    for (uint32_t i = 0; i < item->pages; i++) {
        if (!daf_agent_bit(item->have, i)) return item->pages;
    }
    return item->parts;
}

/* The part to ask this peer for next; false: none. */
static bool pick(struct daf_shelved *item, const struct daf_offering *offer,
                 uint32_t *out)
{
    uint32_t end = end_of(item);
    bool is_first = true; /* nothing was passed over that others may have */

    for (uint32_t i = item->from; i < end && i < offer->parts; i++) {
        if ((item->have[i / 8] | item->asked[i / 8]) == 0xff && i % 8 == 0) {
            i += 7;
            continue;
        }
        if (daf_agent_bit(item->have, i) || daf_agent_bit(item->asked, i))
            continue;
        if (is_first) item->from = i;
        is_first = false;
        if (!daf_agent_bit(offer->bits, i)) continue;
        *out = i;
        return true;
    }
    return false;
}

static bool ask_add(struct daf_agent *a, struct daf_swap *s,
                    const struct daf_shelved *item, uint32_t part)
{
    struct daf_errand *bigger =
        daf_agent_grow(s->asks, &s->asks_cap, s->asks_count, sizeof(*s->asks));

    if (bigger == NULL) return false;
    s->asks = bigger;
    if (s->asks_count == 0) s->moved = a->now;
    s->asks[s->asks_count++] = (struct daf_errand){
        .content = item->content,
        .part = part,
        .part_bytes = item->part_bytes,
        .serial = ++s->serial,
        .at = a->now,
        .first_at = a->now,
    };
    a->asked_bytes += item->part_bytes;
    return true;
}

static void send_fetch(struct daf_agent *a, const struct daf_conn *c,
                       const struct daf_errand *ask)
{
    const struct daf_part f = {.content = ask->content, .part = ask->part};
    uint8_t room[64];
    struct daf_pack k;

    daf_pack_init(&k, room, sizeof(room));
    daf_frame_pack_fetch(&k, &f);
    daf_agent_conn_send(a, c, daf_pack_view(&k));
}

/* One part at least, however large; then as much as the window has room for. */
static bool has_room(const struct daf_agent *a, const struct daf_swap *s,
                     const struct daf_shelved *item)
{
    return s->asks_count == 0 ||
           (s->asks_count < DAF_FETCH_MAX &&
            a->asked_bytes + item->part_bytes <= ASKED_MAX &&
            (s->asks_count + 1) * (uint64_t)item->part_bytes <= s->window);
}

static void ask_peer(struct daf_agent *a, struct daf_conn *c)
{
    struct daf_swap *s = c->swap;

    if (s->window == 0) s->window = WINDOW_MIN;
    for (size_t i = 0; i < s->offers_count; i++) {
        struct daf_shelved *item = daf_agent_item(a, &s->offers[i].content);
        uint32_t part;

        if (item == NULL || !daf_agent_item_lacks(item)) continue;
        if (item->asked == NULL) item->asked = calloc(1, item->parts / 8 + 1);
        while (item->asked != NULL && has_room(a, s, item) &&
               pick(item, &s->offers[i], &part)) {
            if (!ask_add(a, s, item, part)) return;
            mark(item, part, true);
            send_fetch(a, c, &s->asks[s->asks_count - 1]);
        }
    }
}

static bool may_be_asked(const struct daf_agent *a, const struct daf_conn *c)
{
    return !c->is_closed && c->swap != NULL && c->session != NULL &&
           daf_session_state(c->session) == DAF_SESSION_OPEN &&
           c->swap->bad < BAD_MAX && a->now.ms >= c->swap->rests.ms;
}

void daf_agent_fetch(struct daf_agent *a)
{
    if (a->now.ms < a->shelf_rests.ms) return;
    for (size_t i = 0; i < a->conns_count; i++) {
        if (may_be_asked(a, a->conns[i])) ask_peer(a, a->conns[i]);
    }
}

/* ---- answers */

static struct daf_errand *ask_of(struct daf_swap *s,
                                 const struct daf_hash *content, uint32_t part)
{
    for (size_t i = 0; s != NULL && i < s->asks_count; i++) {
        if (s->asks[i].part == part &&
            memcmp(s->asks[i].content.b, content->b, 32) == 0)
            return &s->asks[i];
    }
    return NULL;
}

/* It is answered, well or not; pointers to asks end. */
static void ask_end(struct daf_agent *a, struct daf_swap *s,
                    struct daf_errand *ask)
{
    struct daf_shelved *item = daf_agent_item(a, &ask->content);

    if (item != NULL) mark(item, ask->part, false);
    a->asked_bytes -= ask->part_bytes;
    s->asks_count--;
    memmove(ask, ask + 1,
            (size_t)(&s->asks[s->asks_count] - ask) * sizeof(*ask));
    if (ask == s->asks) ask->first_at = a->now;
    a->is_hungry = true;
}

/* It has not what it offered: R64, "not asked for that part again", whatever it
 * says later. */
static void withdraw(struct daf_swap *s, const struct daf_hash *content,
                     uint32_t part)
{
    struct daf_offering *offer = offer_of(s, content);

    if (offer == NULL || part >= offer->parts) return;
    offer->bits[part / 8] &= (uint8_t) ~(0x80u >> part % 8);
    offer->gone[part / 8] |= (uint8_t)(0x80u >> part % 8);
}

void daf_agent_fetch_chunk(struct daf_agent *a, struct daf_conn *c,
                           const struct daf_part *f)
{
    struct daf_errand *ask = ask_of(c->swap, &f->content, f->part);
    struct daf_port_piece piece = {f->content, f->part, f->offset, f->data};

    /* Parts come one after the other: who leaves one open does not come back. */
    if (ask == NULL || f->offset != ask->offset ||
        ask->serial < c->swap->sending) {
        /* R65.  No breach: it may be late, and somebody else asked since. */
        a->stats.chunks_odd++;
        return;
    }
    c->swap->moved = a->now;
    c->swap->sending = ask->serial;
    if (f->data.len == 0) {
        withdraw(c->swap, &f->content, f->part);
        a->config.port->content_forget(a->config.port->ctx, c->id);
        ask_end(a, c->swap, ask);
        return;
    }
    ask->offset += (uint32_t)f->data.len;
    c->swap->bytes_in += f->data.len;
    a->stats.content_in += f->data.len;
    a->config.port->content_put(a->config.port->ctx, c->id, &piece);
}

static void adapt(struct daf_swap *s, uint64_t took_ms, uint32_t part_bytes)
{
    if (took_ms <= QUICK_MS && s->window < WINDOW_MAX)
        s->window += part_bytes < WINDOW_MAX - s->window
                         ? part_bytes
                         : WINDOW_MAX - s->window;
    else if (took_ms > SLOW_MS && s->window > WINDOW_MIN)
        s->window = s->window / 2 > WINDOW_MIN ? s->window / 2 : WINDOW_MIN;
}

/* R66 */
static void note_bad(struct daf_agent *a, struct daf_swap *s,
                     const struct daf_errand *ask)
{
    a->stats.parts_bad++;
    s->bad++;
    withdraw(s, &ask->content, ask->part);
}

void daf_agent_fetch_put(struct daf_agent *a, const struct daf_input *in)
{
    const struct daf_port_piece *p = &in->piece;
    struct daf_shelved *item = daf_agent_item(a, &p->content);
    struct daf_conn *c = daf_agent_conn(a, in->conn);
    struct daf_errand *ask =
        c != NULL ? ask_of(c->swap, &p->content, p->part) : NULL;
    bool is_bad = in->err == DAF_OK &&
                  (in->put == DAF_SHELF_BAD || in->put == DAF_SHELF_CONDEMNED);
    bool is_held = in->err == DAF_OK && !is_bad && in->put != DAF_SHELF_ODD;

    if (in->err == DAF_EBUSY || in->err == DAF_ENOMEM) {
        a->stats.refusals.by_err[in->err]++;
        a->shelf_rests = (struct daf_mono){a->now.ms + SHELF_MS};
    }
    if (item != NULL && is_held) daf_agent_item_gained(a, item, p->part);
    if (ask == NULL) return;
    /* A file list that is not good is its curator's fault, not the sender's. */
    if (in->err == DAF_OK &&
        (in->put == DAF_SHELF_BAD || in->put == DAF_SHELF_ODD))
        note_bad(a, c->swap, ask);
    if (is_held && item != NULL)
        adapt(c->swap, a->now.ms - ask->at.ms, item->part_bytes);
    ask_end(a, c->swap, ask);
}

void daf_agent_fetch_give_back(struct daf_agent *a, struct daf_conn *c)
{
    struct daf_swap *s = c->swap;

    if (s == NULL || s->asks_count == 0) return;
    a->config.port->content_forget(a->config.port->ctx, c->id);
    while (s->asks_count > 0)
        ask_end(a, s, &s->asks[s->asks_count - 1]);
}

/* ---- time */

static struct daf_mono due(const struct daf_agent *a, const struct daf_conn *c)
{
    const struct daf_swap *s = c->swap;

    if (s == NULL || c->is_closed) return DAF_MONO_NEVER;
    if (s->asks_count > 0) {
        const struct daf_errand *first = &s->asks[0];
        uint64_t still = s->moved.ms + STALL_MS;
        uint64_t slow =
            first->first_at.ms + STALL_MS + first->part_bytes / DRIP;

        return (struct daf_mono){still < slow ? still : slow};
    }
    return s->rests.ms > a->now.ms ? s->rests : DAF_MONO_NEVER;
}

void daf_agent_fetch_timer(struct daf_agent *a)
{
    if (a->shelf_rests.ms != 0 && a->now.ms >= a->shelf_rests.ms) {
        a->shelf_rests.ms = 0;
        a->is_hungry = true;
    }
    for (size_t i = 0; i < a->conns_count; i++) {
        struct daf_conn *c = a->conns[i];

        if (c->swap == NULL || c->is_closed) continue;
        if (c->swap->rests.ms != 0 && a->now.ms >= c->swap->rests.ms) {
            c->swap->rests.ms = 0;
            a->is_hungry = true;
        }
        if (c->swap->asks_count == 0 || a->now.ms < due(a, c).ms) continue;
        c->swap->rests = (struct daf_mono){a->now.ms + REST_MS};
        c->swap->window = WINDOW_MIN;
        daf_agent_fetch_give_back(a, c);
    }
}

struct daf_mono daf_agent_fetch_deadline(const struct daf_agent *a)
{
    struct daf_mono first =
        a->turn_at.ms < a->news_at.ms ? a->turn_at : a->news_at;

    if (a->shelf_rests.ms != 0 && a->shelf_rests.ms < first.ms)
        first = a->shelf_rests;
    for (size_t i = 0; i < a->conns_count; i++) {
        struct daf_mono d = due(a, a->conns[i]);

        if (d.ms < first.ms) first = d;
    }
    return first;
}
