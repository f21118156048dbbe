/* SPDX-License-Identifier: Apache-2.0 */
/* Content that is lacking: whom to ask for which part (docs/content.md R64 to
 * R66).
 *
 * A peer is asked for as many parts at once as it answers within a quarter of a
 * second, so that a fast one is never idle and a slow one holds little.  Which
 * part is asked for next is pick()'s alone: pages first, then the rarest.  A part
 * comes from one session, so a bad one is its. */
#include <stdlib.h>

#include "node/core/agent_impl.h"

#define WINDOW_MIN   ((uint32_t)128 * 1024)
#define WINDOW_FIRST ((uint32_t)512 * 1024)
/* 24 frames of 256 KiB: libzmq takes 32 for each peer, and only what is more than
 * that waits in the source's link, which cuts off whoever lets 4 MiB pile up. */
#define WINDOW_MAX ((uint32_t)6 * 1024 * 1024)
#define ASKED_STEP ((uint64_t)256 * 1024)
#define ROUNDS_MS  300000 /* the least of five to ten minutes */
/* What a good access point's round trip differs by, with nobody else there. */
#define ROUND_NOISE_US 3000
#define SHELF_MS       1000 /* the shelf took nothing: it is left alone */
#define QUICK_MS       250  /* a part came within: ask for more at once */
#define SLOW_MS        1000 /* beyond: for less */
#define STALL_MS       8000 /* nothing came: others are asked */
/* All came, and the shelf has not said what it is: a card that syncs.  Or its sender
 * left it open. */
#define SHELF_STALL_MS 60000
#define DRIP           8 /* bytes a ms: a part comes at that rate at least */
#define REST_MS        30000   /* and it is not asked for so long */
#define BAD_MAX        3       /* bad parts; it is not asked any more */
#define LINE_MS        7200000 /* R69: so long in line, and no byte came */
#define NEAR_MS        2000 /* after it offered some, is a peer of our air asked */
#define END_PARTS      8 /* when so few are lacking, and all were asked for, */
#define END_MS         1000 /* one asked of who was silent for so long ... */
#define SLOW_END_MS    8000 /* ... or so long ago is asked of another, too */
#define SEARCH_MAX \
    4096 /* parts that are looked at before others are passed over */

/* ---- which part */

static void mark(struct daf_shelved *item, uint32_t part)
{
    uint8_t bit = (uint8_t)(0x80u >> part % 8);

    if ((item->asked[part / 8] & bit) != 0) return;
    item->asked[part / 8] |= bit;
    item->asked_count++;
}

static void unmark(struct daf_shelved *item, uint32_t part)
{
    uint8_t bit = (uint8_t)(0x80u >> part % 8);

    if (item->asked == NULL || part >= item->parts ||
        (item->asked[part / 8] & bit) == 0)
        return;
    item->asked[part / 8] &= (uint8_t)~bit;
    item->asked_count--;
}

/* Until all pages are there nobody knows what chunks are (R63). */
static uint32_t end_of(const struct daf_shelved *item)
{
    for (uint32_t i = 0; i < item->pages; i++) {
        if (!daf_agent_bit(item->have, i)) return item->pages;
    }
    return item->parts;
}

/* What the rules leave to be asked of one peer. */
struct choice {
    const struct daf_shelved *item;
    const struct daf_offering *offer;
    const uint16_t *elsewhere; /* these are not asked of it; NULL: all are */
    uint32_t end;
};

static bool is_open(const struct choice *o, uint32_t part)
{
    const struct daf_shelved *item = o->item;

    return daf_agent_bit(o->offer->bits, part) &&
           !daf_agent_bit(item->have, part) &&
           !daf_agent_bit(item->asked, part) &&
           (o->elsewhere == NULL || o->elsewhere[part] == 0);
}

/* The rarest from @from to @to - 1, if it is rarer than *@fewest. */
static void look(const struct choice *o, uint32_t from, uint32_t to,
                 uint32_t *out, uint32_t *fewest)
{
    const struct daf_shelved *item = o->item;

    for (uint32_t i = from; i < to; i++) {
        if (*fewest <= 1) return; /* nobody else has it: none is rarer */
        if (i % 8 == 0 && (uint8_t)(item->have[i / 8] | item->asked[i / 8] |
                                    ~o->offer->bits[i / 8]) == 0xff) {
            i += 7;
            continue;
        }
        if (!is_open(o, i) || item->copies[i] >= *fewest) continue;
        *fewest = item->copies[i];
        *out = i;
    }
}

static void come_back(struct daf_agent *a, uint64_t ms)
{
    if (ms < a->again_at.ms) a->again_at.ms = ms;
}

/* R69: which parts this peer is not asked for, being those that @elsewhere is not 0
 * of; NULL: it is asked for all. */
static const uint16_t *left_to_others(const struct daf_agent *a,
                                      const struct daf_conn *c,
                                      const struct daf_shelved *item)
{
    return a->config.swarm != DAF_SWARM_TWO && daf_agent_air_is_ours(a, c)
               ? item->elsewhere
               : NULL;
}

/* The part to ask this peer for next; false: none.  The rarest, and of several the
 * first after the last that it was asked for: a source that is alone is read from
 * the beginning to the end, and of several each from another place. */
static bool pick(struct daf_agent *a, struct daf_conn *c,
                 struct daf_shelved *item, struct daf_offering *offer,
                 uint32_t *out)
{
    struct choice o = {.item = item, .offer = offer, .end = end_of(item)};
    uint32_t fewest = UINT32_MAX, from, near;

    if (offer->parts != item->parts || !daf_agent_offers_count(a, item))
        return false;
    o.elsewhere = left_to_others(a, c, item);
    /* Somebody elsewhere may be about to say that he has it. */
    if (o.elsewhere != NULL && a->now.ms < offer->at.ms + NEAR_MS) {
        come_back(a, offer->at.ms + NEAR_MS);
        return false;
    }
    from = offer->next < o.end ? offer->next : 0;
    near = o.end - from > SEARCH_MAX ? from + SEARCH_MAX : o.end;
    look(&o, from, near, out, &fewest);
    if (fewest == UINT32_MAX) look(&o, near, o.end, out, &fewest);
    if (near == o.end || fewest == UINT32_MAX) look(&o, 0, from, out, &fewest);
    if (fewest == UINT32_MAX) return false;
    offer->next = *out + 1;
    return true;
}

/* ---- asking */

static size_t live_asks(const struct daf_swap *s)
{
    return s->asks_count - s->asks_void;
}

/* One that was not given up. */
static struct daf_errand *ask_of(struct daf_swap *s,
                                 const struct daf_hash *content, uint32_t part)
{
    for (size_t i = s != NULL ? s->asks_void : 0;
         s != NULL && i < s->asks_count; i++) {
        if (s->asks[i].part == part &&
            memcmp(s->asks[i].content.b, content->b, 32) == 0)
            return &s->asks[i];
    }
    return NULL;
}

static bool ask_add(struct daf_agent *a, struct daf_swap *s,
                    struct daf_shelved *item, uint32_t part)
{
    struct daf_errand *bigger =
        daf_agent_grow(s->asks, &s->asks_cap, s->asks_count, sizeof(*s->asks));

    if (bigger == NULL) return false;
    s->asks = bigger;
    if (live_asks(s) == 0) s->moved = a->now;
    s->asks[s->asks_count++] = (struct daf_errand){
        .content = item->content,
        .part = part,
        .part_bytes = item->part_bytes,
        .serial = ++s->serial,
        .at = a->now,
        .first_at = a->now,
    };
    a->asked_bytes += item->part_bytes;
    mark(item, part);
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
    if (s->asks_count == DAF_FETCH_MAX) return false; /* R65 */
    return live_asks(s) == 0 ||
           (a->asked_bytes + item->part_bytes <= a->asked_max &&
            (live_asks(s) + 1) * (uint64_t)item->part_bytes <= s->window);
}

static bool ask_for(struct daf_agent *a, struct daf_conn *c,
                    struct daf_shelved *item, uint32_t part)
{
    if (!ask_add(a, c->swap, item, part)) return false;
    send_fetch(a, c, &c->swap->asks[c->swap->asks_count - 1]);
    return true;
}

/* ---- the end */

/* When this part may be asked of @c as well; NEVER: it was not asked of one other
 * peer.  One that sends is waited for longer than one that is silent. */
static uint64_t again_at(const struct daf_agent *a, const struct daf_conn *c,
                         const struct daf_shelved *item, uint32_t part)
{
    uint64_t at = DAF_MONO_NEVER.ms;

    for (size_t i = 0; i < a->conns_count; i++) {
        struct daf_errand *ask =
            ask_of(a->conns[i]->swap, &item->content, part);

        if (ask == NULL) continue;
        if (at != DAF_MONO_NEVER.ms || a->conns[i] == c)
            return DAF_MONO_NEVER.ms;
        at = a->conns[i]->swap->moved.ms + END_MS;
        if (ask->at.ms + END_MS > at) at = ask->at.ms + END_MS;
        if (ask->at.ms + SLOW_END_MS < at) at = ask->at.ms + SLOW_END_MS;
    }
    return at;
}

/* When all that is lacking was asked for, and that is little, a peer that has
 * nothing to do is asked for a part that another was asked for a while ago. */
static void ask_again(struct daf_agent *a, struct daf_conn *c,
                      struct daf_shelved *const items[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct daf_shelved *item = items[i];
        const struct daf_offering *offer =
            daf_agent_offer(c->swap, &item->content);
        const uint16_t *elsewhere = left_to_others(a, c, item);

        if (item->lacking > item->asked_count || item->lacking > END_PARTS ||
            item->asked == NULL || offer->parts != item->parts)
            continue;
        for (uint32_t part = 0; part < item->parts; part++) {
            uint64_t at;

            if (daf_agent_bit(item->have, part) ||
                !daf_agent_bit(offer->bits, part) ||
                (elsewhere != NULL && elsewhere[part] > 0))
                continue;
            at = again_at(a, c, item, part);
            if (a->now.ms < at) {
                come_back(a, at);
                continue;
            }
            item->has_again = true;
            (void)ask_for(a, c, item, part);
            return;
        }
    }
}

/* Assigned lessons before others, then what is begun and nearest its end. */
static bool goes_before(const struct daf_shelved *x,
                        const struct daf_shelved *y)
{
    bool x_begun = x->lacking < x->parts, y_begun = y->lacking < y->parts;

    if (x->rank != y->rank) return x->rank < y->rank;
    if (x_begun != y_begun) return x_begun;
    return x_begun && x->lacking < y->lacking;
}

/* What is lacking of what @s offers, in the order in which it is asked for. */
static size_t in_order(struct daf_agent *a, const struct daf_swap *s,
                       struct daf_shelved *out[DAF_SEEK_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < s->offers_count; i++) {
        struct daf_shelved *item = daf_agent_item(a, &s->offers[i].content);
        size_t at = count;

        if (item == NULL || !daf_agent_item_lacks(item)) continue;
        for (; at > 0 && goes_before(item, out[at - 1]); at--)
            out[at] = out[at - 1];
        out[at] = item;
        count++;
    }
    return count;
}

static void ask_peer(struct daf_agent *a, struct daf_conn *c)
{
    struct daf_swap *s = c->swap;
    struct daf_shelved *items[DAF_SEEK_MAX];
    size_t count = in_order(a, s, items);

    if (s->window == 0) s->window = WINDOW_FIRST;
    for (size_t i = 0; i < count; i++) {
        struct daf_shelved *item = items[i];
        struct daf_offering *offer = daf_agent_offer(s, &item->content);
        uint32_t part;

        if (item->asked == NULL) item->asked = calloc(1, item->parts / 8 + 1);
        while (item->asked != NULL && has_room(a, s, item) &&
               pick(a, c, item, offer, &part)) {
            if (!ask_for(a, c, item, part)) return;
        }
    }
    if (live_asks(s) == 0 && s->asks_count < DAF_FETCH_MAX)
        ask_again(a, c, items, count);
}

bool daf_agent_fetch_counts(const struct daf_agent *a, const struct daf_conn *c)
{
    const struct daf_swap *s = c->swap;

    return !c->is_closed && s != NULL && c->session != NULL &&
           daf_session_state(c->session) == DAF_SESSION_OPEN &&
           s->bad < BAD_MAX && a->now.ms >= s->rests.ms &&
           (s->place == 0 || a->now.ms < s->line.ms + LINE_MS);
}

static bool may_be_asked(const struct daf_agent *a, const struct daf_conn *c)
{
    return daf_agent_fetch_counts(a, c) && c->swap->place == 0;
}

/* R66: who sent what was bad is put last. */
void daf_agent_fetch(struct daf_agent *a)
{
    a->again_at = DAF_MONO_NEVER;
    if (a->now.ms < a->shelf_rests.ms) return;
    for (int bad = 0; bad < 2; bad++) {
        for (size_t i = 0; i < a->conns_count; i++) {
            struct daf_conn *c = a->conns[i];

            if (may_be_asked(a, c) && (c->swap->bad != 0) == (bad == 1))
                ask_peer(a, c);
        }
    }
}

/* ---- answers */

static bool is_asked_for(struct daf_agent *a, const struct daf_shelved *item,
                         uint32_t part)
{
    for (size_t i = 0; i < a->conns_count; i++) {
        if (ask_of(a->conns[i]->swap, &item->content, part) != NULL)
            return true;
    }
    return false;
}

/* Its part may be asked of somebody else.  After it is no ask, or a void one. */
static void let_go(struct daf_agent *a, struct daf_swap *s,
                   const struct daf_errand *ask)
{
    struct daf_shelved *item = daf_agent_item(a, &ask->content);
    struct daf_offering *offer = daf_agent_offer(s, &ask->content);

    /* What did not come is the first again, as files are best whole early. */
    if (offer != NULL && ask->part < offer->next) offer->next = ask->part;
    a->asked_bytes -= ask->part_bytes;
    if (item != NULL && !(item->has_again && is_asked_for(a, item, ask->part)))
        unmark(item, ask->part);
    a->is_hungry = true;
}

/* It is answered, well or not; pointers to asks end. */
static void ask_end(struct daf_agent *a, struct daf_swap *s,
                    struct daf_errand *ask)
{
    const struct daf_errand was = *ask;

    s->asks_count--;
    memmove(ask, ask + 1,
            (size_t)(&s->asks[s->asks_count] - ask) * sizeof(*ask));
    if (ask == &s->asks[s->asks_void]) ask->first_at = a->now;
    let_go(a, s, &was);
}

/* What was given up is answered all the same, in its order (R65): when a later part
 * begins, what was asked for before it was. */
static void drop_void(struct daf_swap *s, size_t count)
{
    if (count > s->asks_void) count = s->asks_void;
    s->asks_void -= count;
    s->asks_count -= count;
    memmove(s->asks, s->asks + count, s->asks_count * sizeof(*s->asks));
}

static void note_void(struct daf_swap *s, const struct daf_hash *content,
                      uint32_t part, bool is_over)
{
    for (size_t i = 0; s != NULL && i < s->asks_void; i++) {
        if (s->asks[i].part != part ||
            memcmp(s->asks[i].content.b, content->b, 32) != 0)
            continue;
        drop_void(s, is_over ? i + 1 : i);
        return;
    }
}

/* One that rests, for it was silent, and sends again was cut off for a while: that
 * is over. */
static void wake(struct daf_agent *a, struct daf_swap *s)
{
    if (s == NULL || s->rests.ms == 0 || !s->was_silent) return;
    s->rests.ms = 0;
    daf_agent_offers_stale(a, s);
    a->is_hungry = true;
}

void daf_agent_fetch_chunk(struct daf_agent *a, struct daf_conn *c,
                           const struct daf_part *f)
{
    struct daf_errand *ask = ask_of(c->swap, &f->content, f->part);
    struct daf_port_piece piece = {f->content, f->part, f->offset, f->data};
    struct daf_shelved *item = daf_agent_item(a, &f->content);

    /* Parts come one after the other: who leaves one open does not come back. */
    if (ask == NULL || f->offset != ask->offset ||
        ask->serial < c->swap->sending) {
        /* R65.  No breach: it may be late, and somebody else asked since. */
        a->stats.chunks_odd++;
        note_void(c->swap, &f->content, f->part, f->data.len == 0);
        a->is_hungry = true; /* it may be asked for more */
        if (f->data.len > 0) wake(a, c->swap);
        return;
    }
    if (c->swap->asks_void > 0) {
        drop_void(c->swap, c->swap->asks_void);
        ask = ask_of(c->swap, &f->content, f->part);
    }
    c->swap->moved = a->now;
    c->swap->sending = ask->serial;
    if (f->data.len == 0) {
        daf_agent_offer_withdraw(a, c->swap, &f->content, f->part);
        a->config.port->content_forget(a->config.port->ctx, c->id);
        ask_end(a, c->swap, ask);
        return;
    }
    ask->offset += (uint32_t)f->data.len;
    c->swap->bytes_in += f->data.len;
    a->stats.content_in += f->data.len;
    if (item != NULL) daf_agent_item_came(a, item, f->data.len);
    a->config.port->content_put(a->config.port->ctx, c->id, &piece);
}

/* As much is under way as comes in a quarter of a second, but two parts. */
static void adapt(struct daf_swap *s, uint64_t took_ms, uint32_t part_bytes)
{
    uint32_t least = 2 * part_bytes > WINDOW_MIN ? 2 * part_bytes : WINDOW_MIN;

    if (took_ms <= QUICK_MS && s->window < WINDOW_MAX)
        s->window += part_bytes < WINDOW_MAX - s->window
                         ? part_bytes
                         : WINDOW_MAX - s->window;
    else if (took_ms > SLOW_MS)
        s->window /= 2;
    else if (took_ms > QUICK_MS + QUICK_MS && s->window > part_bytes)
        s->window -= part_bytes;
    if (s->window < least) s->window = least;
}

/* R66 */
static void note_bad(struct daf_agent *a, struct daf_swap *s,
                     const struct daf_errand *ask)
{
    a->stats.parts_bad++;
    s->bad++;
    daf_agent_offer_withdraw(a, s, &ask->content, ask->part);
    if (s->bad == BAD_MAX) daf_agent_offers_stale(a, s);
}

/* It was given up while the shelf had it: it is not open any more, and its sender
 * was not the silent one. */
static void stored_late(struct daf_agent *a, struct daf_swap *s,
                        const struct daf_port_piece *p)
{
    note_void(s, &p->content, p->part, true);
    wake(a, s);
    a->is_hungry = true;
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
    if (ask == NULL && c != NULL) stored_late(a, c->swap, p);
    if (ask == NULL) return;
    c->swap->moved = a->now; /* while the shelf was at it, its sender waited */
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

    if (s == NULL || live_asks(s) == 0) return;
    a->config.port->content_forget(a->config.port->ctx, c->id);
    while (live_asks(s) > 0)
        let_go(a, s, &s->asks[s->asks_void++]);
}

void daf_agent_fetch_turn(struct daf_agent *a, struct daf_conn *c,
                          uint32_t place)
{
    struct daf_swap *s = daf_agent_swap(c, true);

    if (s == NULL) return;
    if (place > 0 && (s->line.ms == 0 || s->bytes_in > s->line_bytes)) {
        s->line = a->now;
        s->line_bytes = s->bytes_in;
        s->was_passed = false;
    }
    s->place = place;
    a->is_hungry = true;
    if (place == 0) return;
    daf_agent_fetch_give_back(a, c);
    drop_void(s, s->asks_void); /* R70: "what you asked for is forgotten" */
}

/* ---- others on the way */

/* Bulk fills the queue at the access point, and a child who turns a page waits
 * behind it.  A round trip twice the least of the last minutes says so: half as
 * much is asked for then, and a little more each time that it does not. */
void daf_agent_fetch_round(struct daf_agent *a, uint32_t round_us)
{
    uint32_t least;

    if (round_us == 0) return;
    if (a->now.ms >= a->round_at.ms + ROUNDS_MS) {
        a->round_before_us = a->round_least_us;
        a->round_least_us = 0;
        a->round_at = a->now;
    }
    if (a->round_least_us == 0 || round_us < a->round_least_us)
        a->round_least_us = round_us;
    least = a->round_least_us;
    if (a->round_before_us != 0 && a->round_before_us < least)
        least = a->round_before_us;
    if (round_us > 2 * (uint64_t)least + ROUND_NOISE_US)
        a->asked_max /= 2;
    else
        a->asked_max += ASKED_STEP;
    if (a->asked_max < ASKED_STEP) a->asked_max = ASKED_STEP;
    if (a->asked_max > DAF_AGENT_ASKED_MAX) a->asked_max = DAF_AGENT_ASKED_MAX;
    a->is_hungry = true;
}

/* ---- time */

/* Its bytes came, since the next one's came (R65). */
static bool has_come(const struct daf_swap *s, const struct daf_errand *ask)
{
    return ask->offset > 0 && ask->serial < s->sending;
}

static struct daf_mono due(const struct daf_agent *a, const struct daf_conn *c)
{
    const struct daf_swap *s = c->swap;

    if (s == NULL || c->is_closed) return DAF_MONO_NEVER;
    if (live_asks(s) > 0) {
        const struct daf_errand *first = &s->asks[s->asks_void];
        uint64_t still = s->moved.ms + STALL_MS;
        uint64_t slow =
            first->first_at.ms + STALL_MS + first->part_bytes / DRIP;

        if (has_come(s, first))
            return (struct daf_mono){s->moved.ms + SHELF_STALL_MS};
        return (struct daf_mono){still < slow ? still : slow};
    }
    if (s->rests.ms > a->now.ms) return s->rests;
    if (s->place > 0 && !s->was_passed)
        return (struct daf_mono){s->line.ms + LINE_MS};
    return DAF_MONO_NEVER;
}

/* R69: so long in line is too long. */
static void note_line(struct daf_agent *a, struct daf_swap *s)
{
    if (s->place == 0 || s->was_passed || a->now.ms < s->line.ms + LINE_MS)
        return;
    s->was_passed = true;
    daf_agent_offers_stale(a, s);
    a->is_hungry = true;
}

void daf_agent_fetch_timer(struct daf_agent *a)
{
    if (a->shelf_rests.ms != 0 && a->now.ms >= a->shelf_rests.ms) {
        a->shelf_rests.ms = 0;
        a->is_hungry = true;
    }
    if (a->now.ms >= a->again_at.ms) a->is_hungry = true;
    for (size_t i = 0; i < a->conns_count; i++) {
        struct daf_conn *c = a->conns[i];

        if (c->swap == NULL || c->is_closed) continue;
        note_line(a, c->swap);
        if (c->swap->rests.ms != 0 && a->now.ms >= c->swap->rests.ms) {
            c->swap->rests.ms = 0;
            daf_agent_offers_stale(a, c->swap);
            a->is_hungry = true;
        }
        if (live_asks(c->swap) == 0 || a->now.ms < due(a, c).ms) continue;
        c->swap->rests = (struct daf_mono){a->now.ms + REST_MS};
        c->swap->was_silent = a->now.ms >= c->swap->moved.ms + STALL_MS;
        daf_agent_offers_stale(a, c->swap);
        c->swap->window = WINDOW_FIRST;
        daf_agent_fetch_give_back(a, c);
    }
}

struct daf_mono daf_agent_fetch_deadline(const struct daf_agent *a)
{
    struct daf_mono first =
        a->turn_at.ms < a->news_at.ms ? a->turn_at : a->news_at;

    if (a->near_at.ms < first.ms) first = a->near_at;
    if (a->again_at.ms < first.ms) first = a->again_at;
    if (a->shelf_rests.ms != 0 && a->shelf_rests.ms < first.ms)
        first = a->shelf_rests;
    for (size_t i = 0; i < a->conns_count; i++) {
        struct daf_mono d = due(a, a->conns[i]);

        if (d.ms < first.ms) first = d;
    }
    return first;
}
