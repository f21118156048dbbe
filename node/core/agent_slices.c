/* SPDX-License-Identifier: Apache-2.0 */
/* Which parts a first source shows to whom (docs/content.md R71).
 *
 * Who holds all of an item that several seek sends each part once before it sends
 * any twice, if each seeker knows of other parts: then they have the rest from each
 * other, and all are done when the source has sent little more than one copy.  Told
 * of all, they ask for what is rare, all for the same, and the source sends two.
 *
 * So each is shown AHEAD parts that the fewest hold or were shown, and one more
 * whenever it asks for one or says that it has one.  A seeker that does not go on
 * holds up nothing: its parts are shown to others once the rest was. */
#include <stdlib.h>

#include "node/core/agent_impl.h"

#define AHEAD      4    /* as much as one asks for at once at a slow source */
#define SEARCH_MAX 8192 /* parts; of an item with more, the rarest of so many */
#define SEEKERS    2    /* of fewer there is nobody to have a part from */

/* ---- showing */

static void tell_all(struct daf_agent *a, const struct daf_conn *c,
                     const struct daf_shelved *item)
{
    daf_agent_serve_have(a, c, item, 0, item->parts);
}

/* The part that the fewest have of those that the seeker knows nothing of. */
static bool rarest(const struct daf_shelved *item, const struct daf_offering *o,
                   uint32_t *out)
{
    uint32_t chunks = item->parts - item->pages, fewest = UINT32_MAX;

    for (uint32_t i = 0; i < chunks && fewest > 0; i++) {
        uint32_t part = item->pages + (item->next + i) % chunks;

        if (i >= SEARCH_MAX && fewest != UINT32_MAX) break;
        if (daf_agent_bit(o->bits, part) || daf_agent_bit(o->shown, part) ||
            item->copies[part] >= fewest)
            continue;
        fewest = item->copies[part];
        *out = part;
    }
    return fewest != UINT32_MAX;
}

static void show_more(struct daf_agent *a, struct daf_conn *c,
                      struct daf_shelved *item, struct daf_offering *o)
{
    uint32_t part;

    if (!daf_agent_offers_count(a, item)) return;
    while (o->ahead < AHEAD && rarest(item, o, &part)) {
        o->shown[part / 8] |= (uint8_t)(0x80u >> part % 8);
        o->ahead++;
        item->copies[part]++;
        item->next = part - item->pages + 1;
        daf_agent_serve_shown(a, c, item, o, part);
    }
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
    daf_agent_serve_have(a, c, item, 0, item->pages);
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
    if (daf_agent_bit(o->shown, part)) o->ahead--;
    show_more(a, c, item, o);
}

/* ---- what is sliced */

static void end_for(struct daf_agent *a, struct daf_conn *c,
                    const struct daf_shelved *item)
{
    struct daf_offering *o = daf_agent_offer(c->swap, &item->content);

    if (o == NULL || o->shown == NULL) return;
    free(o->shown);
    free(o->taken);
    o->shown = o->taken = NULL;
    o->ahead = 0;
    if (!c->is_closed && daf_agent_seeks(c, &item->content))
        tell_all(a, c, item);
}

static void slice(struct daf_agent *a, struct daf_shelved *item)
{
    item->is_sliced = true;
    item->is_stale = true;
    item->next =
        item->parts > item->pages
            ? (uint32_t)daf_rng_below(&a->rng, item->parts - item->pages)
            : 0;
    a->is_seek_new = true;
}

void daf_agent_slices_end(struct daf_agent *a, struct daf_shelved *item)
{
    item->is_sliced = false;
    for (size_t i = 0; i < a->conns_count; i++)
        end_for(a, a->conns[i], item);
    free(item->copies);
    free(item->elsewhere);
    item->copies = item->elsewhere = NULL;
    a->is_seek_new = true;
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
    size_t sought = 0;

    a->is_audience_new = false;
    count_seekers(a);
    for (size_t i = 0; i < a->items_count; i++)
        sought += daf_agent_item_sought(&a->items[i]);
    for (size_t i = 0; i < a->items_count; i++) {
        struct daf_shelved *item = &a->items[i];
        bool fits = may && item->is_whole && item->seekers >= SEEKERS &&
                    item->parts > item->pages;

        if (fits && !item->is_sliced && sought < DAF_SEEK_MAX) {
            slice(a, item);
            sought++;
        } else if (!fits && item->is_sliced) {
            daf_agent_slices_end(a, item);
            sought--;
        }
    }
}
