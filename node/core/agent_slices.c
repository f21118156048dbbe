/* SPDX-License-Identifier: Apache-2.0 */
/* Which parts a first source shows to whom (docs/content.md R71).
 *
 * Who holds all of an item that several seek sends each part once before it sends
 * any twice, if each seeker knows of other parts: then they have the rest from each
 * other, and all are done when the source has sent little more than one copy.  Told
 * of all, they ask for what is rare, all for the same, and the source sends two.
 *
 * So each is shown some parts that nobody else has or was shown, and one more
 * whenever it asks for one or says that it has one.  What somebody has already is
 * shown to another only while nobody asks for anything: a second copy would wait
 * behind first ones, and come later than from who has it.  So a seeker that does not
 * go on holds up nothing for long.  Somebody who comes first, and alone, is shown
 * more at a time, but not all: others may come. */
#include <stdlib.h>

#include "node/core/agent_impl.h"

#define AHEAD       4    /* as much as one asks for at once at a slow source */
#define AHEAD_ALONE 64   /* never less than it asks for (DAF_FETCH_MAX) */
#define AHEAD_AGAIN 2    /* of what others have */
#define SEARCH_MAX  8192 /* parts; of an item with more, the rarest of so many */
#define STILL_MS \
    10000 /* it takes nothing of what it was shown: it is told all */

/* ---- showing */

static void tell_all(struct daf_agent *a, const struct daf_conn *c,
                     const struct daf_shelved *item)
{
    daf_agent_serve_have(a, c, item, 0, item->parts);
}

/* The part that the fewest have, and fewer than @fewer, of those that the seeker
 * knows nothing of. */
static bool rarest(const struct daf_shelved *item, const struct daf_offering *o,
                   uint32_t fewer, uint32_t *out)
{
    uint32_t chunks = item->parts - item->pages, fewest = fewer;

    for (uint32_t i = 0; i < chunks && fewest > 0; i++) {
        uint32_t part = item->pages + (item->next + i) % chunks;

        if (i >= SEARCH_MAX && fewest < fewer) break;
        if (daf_agent_bit(o->bits, part) || daf_agent_bit(o->shown, part) ||
            item->copies[part] >= fewest)
            continue;
        fewest = item->copies[part];
        *out = part;
    }
    return fewest < fewer;
}

/* One HAVE of all that is new; what lies between was shown before. */
static bool show(struct daf_agent *a, struct daf_conn *c,
                 struct daf_shelved *item, struct daf_offering *o,
                 uint32_t ahead, uint32_t fewer)
{
    uint32_t first = UINT32_MAX, last = 0, part = 0;

    if (!daf_agent_offers_count(a, item)) return false;
    while (o->ahead < ahead && rarest(item, o, fewer, &part)) {
        o->shown[part / 8] |= (uint8_t)(0x80u >> part % 8);
        o->ahead++;
        item->copies[part]++;
        item->next = part - item->pages + 1;
        if (part < first) first = part;
        if (part > last) last = part;
    }
    if (first > last) return false;
    daf_agent_serve_shown(a, c, o, first, last);
    return true;
}

static void show_more(struct daf_agent *a, struct daf_conn *c,
                      struct daf_shelved *item, struct daf_offering *o)
{
    (void)show(a, c, item, o, item->seekers > 1 ? AHEAD : AHEAD_ALONE, 1);
    a->is_show_due = true;
}

/* ---- what others have */

static bool is_asked(const struct daf_agent *a)
{
    for (size_t i = 0; i < a->conns_count; i++) {
        if (a->conns[i]->swap != NULL && a->conns[i]->swap->wishes_count > 0)
            return true;
    }
    return false;
}

static bool show_again(struct daf_agent *a, struct daf_conn *c)
{
    for (size_t i = 0; !c->is_closed && i < c->swap->offers_count; i++) {
        struct daf_offering *o = &c->swap->offers[i];
        struct daf_shelved *item = daf_agent_item(a, &o->content);

        if (item != NULL && item->is_sliced && o->shown != NULL &&
            show(a, c, item, o, AHEAD_AGAIN, UINT32_MAX))
            return true;
    }
    return false;
}

/* Seekers take turns, one for each time that nobody asks. */
void daf_agent_slices_after(struct daf_agent *a)
{
    if (!a->is_show_due) return;
    a->is_show_due = false;
    if (is_asked(a)) return;
    for (size_t i = 0; i < a->conns_count; i++) {
        size_t at = (a->shown_last + 1 + i) % a->conns_count;

        if (a->conns[at]->swap == NULL || !show_again(a, a->conns[at]))
            continue;
        a->shown_last = at;
        return;
    }
}

/* Who seeks what it once said that it has all of has dropped it, or it was damaged. */
static void forget_if_all(struct daf_offering *o, struct daf_shelved *item)
{
    for (uint32_t i = 0; i < item->parts; i++) {
        if (!daf_agent_bit(o->bits, i)) return;
    }
    memset(o->bits, 0, item->parts / 8 + 1);
    item->is_stale = true;
}

void daf_agent_slices_begin(struct daf_agent *a, struct daf_conn *c,
                            struct daf_shelved *item)
{
    struct daf_swap *s = daf_agent_swap(c, true);
    struct daf_offering *o = s != NULL && c->air.kind != DAF_AIR_RADIO
                                 ? daf_agent_offer_make(a, s, item)
                                 : NULL;

    if (o != NULL && o->shown == NULL) {
        o->shown = calloc(1, item->parts / 8 + 1);
        o->taken = calloc(1, item->parts / 8 + 1);
    }
    if (o == NULL || o->shown == NULL || o->taken == NULL) {
        tell_all(a, c, item);
        return;
    }
    forget_if_all(o, item);
    daf_agent_serve_have(a, c, item, 0, item->pages);
    o->at = a->now;
    if (a->slices_at.ms == DAF_MONO_NEVER.ms)
        a->slices_at.ms = a->now.ms + STILL_MS;
    show_more(a, c, item, o);
}

void daf_agent_slices_taken(struct daf_agent *a, struct daf_conn *c,
                            const struct daf_hash *content, uint32_t part)
{
    struct daf_shelved *item = daf_agent_item(a, content);
    struct daf_offering *o = daf_agent_offer(c->swap, content);

    if (item == NULL || !item->is_sliced || o == NULL || o->shown == NULL ||
        o->taken == NULL || part >= o->parts || o->parts != item->parts ||
        daf_agent_bit(o->taken, part))
        return;
    o->taken[part / 8] |= (uint8_t)(0x80u >> part % 8);
    o->at = a->now;
    if (daf_agent_bit(o->shown, part)) o->ahead--;
    show_more(a, c, item, o);
}

/* ---- what is sliced */

static void end_for(struct daf_agent *a, struct daf_conn *c,
                    const struct daf_shelved *item)
{
    struct daf_offering *o =
        item != NULL ? daf_agent_offer(c->swap, &item->content) : NULL;

    if (o == NULL || o->shown == NULL) return;
    free(o->shown);
    free(o->taken);
    o->shown = o->taken = NULL;
    o->ahead = 0;
    if (!c->is_closed && daf_agent_seeks(c, &item->content))
        tell_all(a, c, item);
}

static void slice(struct daf_shelved *item)
{
    item->is_sliced = true;
    item->is_stale = true;
    item->is_spread = false;
    item->next = 0;
}

/* To one alone it goes from the beginning to the end.  With more there may be more
 * sources, too: each begins elsewhere, so that they send different parts. */
static void spread(struct daf_agent *a, struct daf_shelved *item)
{
    item->is_spread = true;
    item->next = (uint32_t)daf_rng_below(&a->rng, item->parts - item->pages);
}

void daf_agent_slices_end(struct daf_agent *a, struct daf_shelved *item)
{
    item->is_sliced = false;
    for (size_t i = 0; i < a->conns_count; i++)
        end_for(a, a->conns[i], item);
    free(item->copies);
    free(item->elsewhere);
    item->copies = item->elsewhere = NULL;
}

/* It has nothing left to take of what it was shown, or does not take it. */
static bool is_still(const struct daf_agent *a, const struct daf_conn *c,
                     const struct daf_offering *o)
{
    return a->now.ms >= o->at.ms + STILL_MS &&
           (o->ahead > 0 || c->swap->wishes_count == 0);
}

/* One that takes nothing may not have said what it has, or may have dropped what it
 * said, or wait for a part that was shown to others; told all, it can help itself. */
void daf_agent_slices_timer(struct daf_agent *a)
{
    bool is_any = false;

    if (a->now.ms < a->slices_at.ms) return;
    for (size_t i = 0; i < a->conns_count; i++) {
        struct daf_conn *c = a->conns[i];

        for (size_t j = 0; c->swap != NULL && j < c->swap->offers_count; j++) {
            struct daf_offering *o = &c->swap->offers[j];

            if (o->shown == NULL) continue;
            is_any = true;
            if (is_still(a, c, o))
                end_for(a, c, daf_agent_item(a, &o->content));
        }
    }
    a->slices_at = DAF_MONO_NEVER;
    if (is_any) a->slices_at.ms = a->now.ms + STILL_MS;
}

/* Seekers on no air, of each item. */
static void count_seekers(struct daf_agent *a)
{
    for (size_t i = 0; i < a->items_count; i++)
        a->items[i].seekers = 0;
    for (size_t i = 0; i < a->conns_count; i++) {
        const struct daf_conn *c = a->conns[i];

        if (c->is_closed || c->swap == NULL || c->air.kind == DAF_AIR_RADIO)
            continue;
        for (size_t j = 0; j < c->swap->seeks_count; j++) {
            struct daf_shelved *item = daf_agent_item(a, &c->swap->seeks[j]);

            if (item != NULL) item->seekers++;
        }
    }
}

void daf_agent_slices_look(struct daf_agent *a)
{
    bool may =
        a->config.swarm == DAF_SWARM_OURS && a->air.kind != DAF_AIR_RADIO;

    a->is_audience_new = false;
    count_seekers(a);
    for (size_t i = 0; i < a->items_count; i++) {
        struct daf_shelved *item = &a->items[i];
        bool fits = may && item->is_whole && item->seekers > 0 &&
                    item->parts > item->pages;

        if (fits && !item->is_sliced)
            slice(item);
        else if (!fits && item->is_sliced)
            daf_agent_slices_end(a, item);
        if (item->is_sliced && !item->is_spread && item->seekers > 1)
            spread(a, item);
    }
}
