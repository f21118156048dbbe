/* SPDX-License-Identifier: Apache-2.0 */
/* What peers say that they hold (docs/content.md R64), and how rare each part is.
 *
 * Of each item that is sought there is a number for each part: how many peers have
 * it.  HAVE adds to it; whatever takes away (a session ends, a peer rests, an air
 * changes) makes it stale, and it is counted again when it is next needed: such
 * things come once in many parts, and a count of 20 GB at 40 peers takes a
 * millisecond. */
#include <stdlib.h>

#include "node/core/agent_impl.h"

struct daf_offering *daf_agent_offer(struct daf_swap *s,
                                     const struct daf_hash *content)
{
    for (size_t i = 0; s != NULL && i < s->offers_count; i++) {
        if (memcmp(s->offers[i].content.b, content->b, 32) == 0)
            return &s->offers[i];
    }
    return NULL;
}

static void drop(struct daf_offering *offer)
{
    free(offer->bits);
    free(offer->gone);
    free(offer->shown);
    free(offer->taken);
}

static bool is_asked(const struct daf_swap *s, const struct daf_hash *content)
{
    for (size_t i = s->asks_void; i < s->asks_count; i++) {
        if (memcmp(s->asks[i].content.b, content->b, 32) == 0) return true;
    }
    return false;
}

/* What peers hold of it matters: it is sought, or shown in slices. */
static bool is_spoken_of(const struct daf_shelved *item)
{
    return item->is_sliced || daf_agent_item_lacks(item);
}

/* Offers of what is not sought any more make room, and so do the later ones: what
 * is sought takes turns, and they will be told again. */
static void make_room(struct daf_agent *a, struct daf_swap *s)
{
    size_t kept = 0;

    daf_agent_offers_stale(a, s);
    for (size_t i = 0; i < s->offers_count; i++) {
        const struct daf_shelved *item =
            daf_agent_item(a, &s->offers[i].content);

        if (item != NULL && is_spoken_of(item) &&
            (kept < DAF_SEEK_MAX / 2 || is_asked(s, &item->content)))
            s->offers[kept++] = s->offers[i];
        else
            drop(&s->offers[i]);
    }
    s->offers_count = kept;
}

/* Of several that hold all of it each is asked from another place on. */
static uint32_t begin_at(struct daf_agent *a, const struct daf_shelved *item)
{
    return item->parts == 0 || daf_agent_sources(a, &item->content) == 0
               ? 0
               : (uint32_t)daf_rng_below(&a->rng, item->parts);
}

struct daf_offering *daf_agent_offer_make(struct daf_agent *a,
                                          struct daf_swap *s,
                                          const struct daf_shelved *item)
{
    struct daf_offering *offer = daf_agent_offer(s, &item->content), *bigger;
    uint8_t *bits, *gone;

    if (offer != NULL && offer->parts == item->parts) return offer;
    if (offer != NULL) return NULL;
    if (s->offers_count == DAF_SEEK_MAX) make_room(a, s);
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
    s->offers[s->offers_count] = (struct daf_offering){
        .content = item->content,
        .parts = item->parts,
        .bits = bits,
        .gone = gone,
        .next = begin_at(a, item),
        .at = a->now,
    };
    return &s->offers[s->offers_count++];
}

/* ---- how rare */

static void count_in(struct daf_shelved *item, uint8_t bits, uint32_t first,
                     bool is_elsewhere)
{
    for (uint32_t i = 0; bits != 0; i++, bits = (uint8_t)(bits << 1)) {
        if ((bits & 0x80) == 0 || first + i >= item->parts) continue;
        item->copies[first + i]++;
        if (is_elsewhere && item->elsewhere != NULL)
            item->elsewhere[first + i]++;
    }
}

static bool is_elsewhere(const struct daf_agent *a, const struct daf_conn *c)
{
    return !daf_agent_air_is_ours(a, c) && daf_agent_fetch_counts(a, c);
}

static bool has_numbers(const struct daf_agent *a, struct daf_shelved *item)
{
    bool needs = a->air.kind == DAF_AIR_RADIO;

    if (item->copies == NULL)
        item->copies = calloc((size_t)item->parts + 1, sizeof(*item->copies));
    if (needs && item->elsewhere == NULL)
        item->elsewhere =
            calloc((size_t)item->parts + 1, sizeof(*item->elsewhere));
    if (!needs) {
        free(item->elsewhere);
        item->elsewhere = NULL;
    }
    return item->copies != NULL && (!needs || item->elsewhere != NULL);
}

bool daf_agent_offers_count(struct daf_agent *a, struct daf_shelved *item)
{
    if (item->copies != NULL && !item->is_stale) return true;
    if (!has_numbers(a, item)) return false;
    memset(item->copies, 0, item->parts * sizeof(*item->copies));
    if (item->elsewhere != NULL)
        memset(item->elsewhere, 0, item->parts * sizeof(*item->elsewhere));
    for (size_t i = 0; i < a->conns_count; i++) {
        struct daf_conn *c = a->conns[i];
        const struct daf_offering *o =
            c->is_closed ? NULL : daf_agent_offer(c->swap, &item->content);
        bool far = o != NULL && is_elsewhere(a, c);

        if (o == NULL || o->parts != item->parts) continue;
        for (uint32_t at = 0; at < (item->parts + 7) / 8; at++) {
            uint8_t bits = o->bits[at];

            if (o->shown != NULL) bits |= o->shown[at];
            count_in(item, bits, at * 8, far);
        }
    }
    item->is_stale = false;
    return true;
}

void daf_agent_offers_stale(struct daf_agent *a, const struct daf_swap *s)
{
    for (size_t i = 0; s != NULL && i < s->offers_count; i++) {
        struct daf_shelved *item = daf_agent_item(a, &s->offers[i].content);

        if (item != NULL) item->is_stale = true;
    }
}

void daf_agent_offers_recount(struct daf_agent *a)
{
    for (size_t i = 0; i < a->items_count; i++)
        a->items[i].is_stale = true;
    a->is_hungry = true;
}

/* ---- HAVE */

static void take(struct daf_agent *a, struct daf_conn *c,
                 struct daf_shelved *item, struct daf_offering *o,
                 const struct daf_part *f)
{
    bool far = is_elsewhere(a, c), counts = daf_agent_offers_count(a, item);

    for (size_t i = 0; i < f->data.len; i++) {
        size_t at = f->part / 8 + i;
        uint8_t more;

        if (at > o->parts / 8) break; /* R64: "what goes further" */
        more = f->data.p[i] & (uint8_t) ~(o->bits[at] | o->gone[at]);
        o->bits[at] |= more;
        a->is_hungry |= more != 0;
        if (o->shown != NULL) { /* counted when it was shown */
            for (uint32_t bit = 0; bit < 8; bit++) {
                if ((more & 0x80u >> bit) != 0)
                    daf_agent_slices_taken(a, c, &item->content,
                                           (uint32_t)at * 8 + bit);
            }
            more &= (uint8_t)~o->shown[at];
        }
        if (counts) count_in(item, more, (uint32_t)at * 8, far);
    }
}

void daf_agent_offers_have(struct daf_agent *a, struct daf_conn *c,
                           const struct daf_part *f)
{
    struct daf_shelved *item = daf_agent_item(a, &f->content);
    struct daf_swap *s = daf_agent_swap(c, true);
    struct daf_offering *offer;
    bool is_first;

    if (s == NULL || item == NULL || !is_spoken_of(item)) return;
    is_first = daf_agent_offer(s, &f->content) == NULL;
    offer = daf_agent_offer_make(a, s, item);
    if (offer == NULL || f->part % 8 != 0) return;
    take(a, c, item, offer, f);
    /* R71: who offers something is told what is held.  If it seeks it, it was. */
    if (is_first && item->have != NULL && item->lacking < item->parts &&
        !daf_agent_seeks(c, &f->content))
        daf_agent_serve_have(a, c, item, 0, item->parts);
}

void daf_agent_offer_withdraw(struct daf_agent *a, struct daf_swap *s,
                              const struct daf_hash *content, uint32_t part)
{
    struct daf_offering *offer = daf_agent_offer(s, content);

    if (offer == NULL || part >= offer->parts) return;
    offer->bits[part / 8] &= (uint8_t) ~(0x80u >> part % 8);
    offer->gone[part / 8] |= (uint8_t)(0x80u >> part % 8);
    daf_agent_offers_stale(a, s);
}

void daf_agent_offers_free(struct daf_agent *a, struct daf_swap *s)
{
    daf_agent_offers_stale(a, s);
    for (size_t i = 0; i < s->offers_count; i++)
        drop(&s->offers[i]);
    free(s->offers);
    s->offers = NULL;
    s->offers_count = s->offers_cap = 0;
}
