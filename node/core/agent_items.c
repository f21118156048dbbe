/* SPDX-License-Identifier: Apache-2.0 */
/* Content items: what is on the shelf, what is sought, and who is told of both
 * (docs/content.md §4).
 *
 * The shelf itself is the host's: it tells of each item once at the start and
 * whenever one has changed, and here is kept what fetching and serving need to
 * know of it, a few bytes for one that is whole. */
#include <assert.h>
#include <stdlib.h>

#include "node/core/agent_impl.h"

#define NEWS_MS 200  /* R64: "at most five times a second", and to who is on */
#define NEAR_MS 5000 /* our air, and is not asked if others hold it, "in 5 s" */
#define TURN_MS 30000 /* of more than a SEEK names, others are sought after */

/* ---- the table */

static size_t place(const struct daf_agent *a, const struct daf_hash *content)
{
    size_t low = 0, high = a->items_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(a->items[middle].content.b, content->b, 32) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct daf_shelved *daf_agent_item(struct daf_agent *a,
                                   const struct daf_hash *content)
{
    size_t at = place(a, content);

    if (at == a->items_count ||
        memcmp(a->items[at].content.b, content->b, 32) != 0)
        return NULL;
    return &a->items[at];
}

static struct daf_shelved *insert(struct daf_agent *a,
                                  const struct daf_hash *content)
{
    size_t at = place(a, content);
    struct daf_shelved *bigger =
        daf_agent_grow(a->items, &a->items_cap, a->items_count,
                       sizeof(*a->items));

    if (bigger == NULL) return NULL;
    a->items = bigger;
    memmove(&a->items[at + 1], &a->items[at],
            (a->items_count - at) * sizeof(*a->items));
    a->items_count++;
    a->items[at] = (struct daf_shelved){.content = *content};
    return &a->items[at];
}

static void let_go(struct daf_shelved *item)
{
    free(item->have);
    free(item->asked);
    free(item->copies);
    free(item->elsewhere);
    item->have = item->asked = NULL;
    item->copies = item->elsewhere = NULL;
    item->asked_count = item->lacking = 0;
    item->is_sliced = item->has_again = false;
}

static void leave_out(struct daf_agent *a, struct daf_shelved *item)
{
    size_t at = (size_t)(item - a->items);

    let_go(item);
    a->items_count--;
    memmove(item, item + 1, (a->items_count - at) * sizeof(*item));
}

void daf_agent_items_free(struct daf_agent *a)
{
    for (size_t i = 0; i < a->items_count; i++)
        let_go(&a->items[i]);
    free(a->items);
    a->items = NULL;
    a->items_count = a->items_cap = 0;
}

bool daf_agent_item_lacks(const struct daf_shelved *item)
{
    return item->is_wanted && !item->is_whole && !item->is_stuck &&
           item->have != NULL;
}

/* ---- what the shelf says */

static size_t bytes_of(uint32_t parts)
{
    return (parts + 7) / 8;
}

/* Bits beyond the parts stay zero, and what the shelf did not say as well. */
static bool take_bits(struct daf_shelved *item,
                      const struct daf_item_news *news)
{
    size_t len = bytes_of(news->parts);
    uint8_t *bits = calloc(1, len + 1);

    if (bits == NULL) return false;
    if (news->bits.len < len) len = news->bits.len;
    if (len > 0) memcpy(bits, news->bits.p, len);
    free(item->have);
    item->have = bits;
    item->lacking = 0;
    for (uint32_t i = 0; i < item->parts; i++)
        item->lacking += !daf_agent_bit(bits, i);
    return true;
}

static void widen(uint32_t *from, uint32_t *to, uint32_t first, uint32_t end)
{
    if (*from == *to) {
        *from = first;
        *to = end;
    }
    if (first < *from) *from = first;
    if (end > *to) *to = end;
}

static void due_by(struct daf_mono *at, uint64_t ms)
{
    if (at->ms == DAF_MONO_NEVER.ms) at->ms = ms;
}

static void note_gained(struct daf_agent *a, struct daf_shelved *item,
                        uint32_t from, uint32_t to)
{
    widen(&item->news_from, &item->news_to, from, to);
    due_by(&a->news_at, a->now.ms + NEWS_MS);
    if (a->air.kind != DAF_AIR_RADIO) return;
    widen(&item->near_from, &item->near_to, from, to);
    due_by(&a->near_at, a->now.ms + NEAR_MS);
}

void daf_agent_item_gained(struct daf_agent *a, struct daf_shelved *item,
                           uint32_t part)
{
    if (item->have == NULL || part >= item->parts ||
        daf_agent_bit(item->have, part))
        return;
    item->have[part / 8] |= (uint8_t)(0x80u >> part % 8);
    item->lacking--;
    note_gained(a, item, part, part + 1);
}

void daf_agent_item_news(struct daf_agent *a, const struct daf_item_news *news)
{
    struct daf_shelved *item = daf_agent_item(a, &news->content);
    bool lacked = item != NULL && daf_agent_item_lacks(item);

    if (news->is_gone) {
        if (item != NULL && item->is_sliced) daf_agent_slices_end(a, item);
        if (item != NULL) leave_out(a, item);
        a->is_seek_new |= lacked;
        daf_agent_statements_item(a, true);
        return;
    }
    if (item == NULL) item = insert(a, &news->content);
    if (item == NULL) return; /* no memory: the next start tells it again */
    item->parts = news->parts;
    item->pages = news->pages;
    item->part_bytes = news->part_bytes;
    item->rank = news->rank;
    if (!item->is_whole && news->is_whole) item->whole_at = news->at;
    item->is_whole = news->is_whole;
    item->is_doubted = false;
    daf_agent_statements_item(a, !item->is_whole);
    item->is_wanted = news->is_wanted;
    item->is_stuck = news->is_stuck;
    if (!item->is_whole && item->is_sliced) daf_agent_slices_end(a, item);
    if (item->is_whole && item->have != NULL) let_go(item);
    if (!item->is_whole && !take_bits(item, news)) item->is_stuck = true;
    a->is_audience_new = true;
    note_gained(a, item, 0, item->parts);
    a->is_seek_new |= lacked != daf_agent_item_lacks(item);
    a->is_hungry = true;
}

/* Who asked while it was away was answered that nothing is here, and does not ask
 * again in that session (R64): so a new one begins. */
void daf_agent_items_shelf(struct daf_agent *a, bool is_there)
{
    bool is_back =
        a->stated.is_shelf_told && !a->stated.is_shelf_there && is_there;

    daf_agent_statements_shelf(a, is_there);
    for (size_t i = 0; is_back && i < a->conns_count; i++)
        if (a->conns[i]->session != NULL && !a->conns[i]->is_closed)
            daf_session_end(a->conns[i]->session, DAF_BYE_FAILURE);
}

void daf_agent_item_doubt(struct daf_agent *a, const struct daf_hash *content)
{
    struct daf_shelved *item = daf_agent_item(a, content);

    if (item == NULL || item->is_doubted) return;
    item->is_doubted = true;
    daf_agent_statements_item(a, true);
}

/* ---- SEEK */

static size_t count_lacking(const struct daf_agent *a)
{
    size_t count = 0;

    for (size_t i = 0; i < a->items_count; i++)
        count += daf_agent_item_lacks(&a->items[i]);
    return count;
}

/* What is sought, packed; as many as a SEEK names, from the one whose turn it is
 * on, so that what nobody has keeps nothing else from being sought. */
static struct daf_view sought(const struct daf_agent *a,
                              uint8_t room[DAF_SEEK_MAX * 32])
{
    size_t lacking = count_lacking(a), at = 0, len = 0;
    size_t skip = lacking > DAF_SEEK_MAX ? a->turn % lacking : 0;

    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < a->items_count; i++) {
            bool is_now;

            if (!daf_agent_item_lacks(&a->items[i])) continue;
            is_now =
                at >= skip && at < skip + DAF_SEEK_MAX && at < skip + lacking;
            at++;
            if (!is_now) continue;
            memcpy(room + len, a->items[i].content.b, 32);
            len += 32;
        }
    }
    return (struct daf_view){room, len};
}

void daf_agent_seek_tell(struct daf_agent *a, struct daf_conn *c)
{
    uint8_t room[DAF_SEEK_MAX * 32], frame[DAF_SEEK_MAX * 32 + 16];
    struct daf_pack k;

    if (c->is_closed || c->session == NULL || c->sought == a->seek_number ||
        daf_session_state(c->session) != DAF_SESSION_OPEN)
        return;
    c->sought = a->seek_number;
    daf_pack_init(&k, frame, sizeof(frame));
    daf_frame_pack_seek(&k, sought(a, room));
    daf_agent_conn_send(a, c, daf_pack_view(&k));
}

/* ---- news */

bool daf_agent_seeks(const struct daf_conn *c, const struct daf_hash *content)
{
    for (size_t i = 0; c->swap != NULL && i < c->swap->seeks_count; i++) {
        if (memcmp(c->swap->seeks[i].b, content->b, 32) == 0) return true;
    }
    return false;
}

static void tell_gained(struct daf_agent *a, const struct daf_shelved *item,
                        uint32_t from, uint32_t to, bool near)
{
    if (from == to || item->is_sliced) return;
    for (size_t i = 0; i < a->conns_count; i++) {
        struct daf_conn *c = a->conns[i];

        if (!c->is_closed && daf_agent_air_is_ours(a, c) == near &&
            (daf_agent_seeks(c, &item->content) ||
             daf_agent_offer(c->swap, &item->content) != NULL))
            daf_agent_serve_have(a, c, item, from, to);
    }
}

static void take_turn(struct daf_agent *a)
{
    if (a->now.ms < a->turn_at.ms) return;
    a->turn_at = DAF_MONO_NEVER;
    a->turn += DAF_SEEK_MAX / 2;
    a->is_seek_new = true;
}

void daf_agent_items_timer(struct daf_agent *a)
{
    take_turn(a);
    if (a->now.ms >= a->news_at.ms) {
        a->news_at = DAF_MONO_NEVER;
        for (size_t i = 0; i < a->items_count; i++) {
            struct daf_shelved *item = &a->items[i];

            tell_gained(a, item, item->news_from, item->news_to, false);
            item->news_from = item->news_to = 0;
        }
    }
    if (a->now.ms < a->near_at.ms) return;
    a->near_at = DAF_MONO_NEVER;
    for (size_t i = 0; i < a->items_count; i++) {
        struct daf_shelved *item = &a->items[i];

        tell_gained(a, item, item->near_from, item->near_to, true);
        item->near_from = item->near_to = 0;
    }
}

void daf_agent_items_after(struct daf_agent *a)
{
    if (a->is_audience_new) daf_agent_slices_look(a);
    if (a->is_seek_new) {
        a->is_seek_new = false;
        a->seek_number++;
        a->turn_at = DAF_MONO_NEVER;
        if (count_lacking(a) > DAF_SEEK_MAX)
            a->turn_at = (struct daf_mono){a->now.ms + TURN_MS};
        for (size_t i = 0; i < a->conns_count; i++)
            daf_agent_seek_tell(a, a->conns[i]);
    }
    if (!a->is_hungry) return;
    a->is_hungry = false;
    daf_agent_fetch(a);
}

/* ---- what belongs to a session */

struct daf_swap *daf_agent_swap(struct daf_conn *c, bool make)
{
    if (c->swap != NULL || !make) return c->swap;
    c->swap = calloc(1, sizeof(*c->swap));
    return c->swap;
}

void daf_agent_swap_free(struct daf_agent *a, struct daf_conn *c)
{
    struct daf_swap *s = c->swap;

    if (s == NULL) return;
    daf_agent_fetch_give_back(a, c);
    daf_agent_turns_leave(a, c);
    daf_agent_offers_free(a, s);
    free(s->asks);
    free(s->seeks);
    free(s->wishes);
    free(s);
    c->swap = NULL;
}

/* Whether it holds, as far as is known, a part that is lacking here; of what is whole
 * here, or not on the shelf, any part. */
static bool is_source(const struct daf_offering *o,
                      const struct daf_shelved *item)
{
    for (uint32_t i = 0; i < (o->parts + 7) / 8; i++) {
        uint8_t bits = o->bits[i];

        if (item != NULL && item->have != NULL && item->parts == o->parts)
            bits &= (uint8_t)~item->have[i];
        if (bits != 0) return true;
    }
    return false;
}

size_t daf_agent_sources(const struct daf_agent *a,
                         const struct daf_hash *content)
{
    size_t at = place(a, content), count = 0;
    const struct daf_shelved *item =
        at < a->items_count &&
                memcmp(a->items[at].content.b, content->b, 32) == 0
            ? &a->items[at]
            : NULL;

    for (size_t i = 0; i < a->conns_count; i++) {
        const struct daf_swap *s = a->conns[i]->swap;

        for (size_t j = 0; s != NULL && j < s->offers_count; j++)
            count += memcmp(s->offers[j].content.b, content->b, 32) == 0 &&
                     is_source(&s->offers[j], item);
    }
    return count;
}

/* ---- how it comes */

#define RATE_MS  1000 /* measured each so long ... */
#define QUIET_MS 5000 /* ... and over if nothing came for so long */

void daf_agent_item_came(struct daf_agent *a, struct daf_shelved *item,
                         uint64_t bytes)
{
    uint64_t ms = a->now.ms - item->came_at.ms, rate;

    if (item->came_at.ms == 0 || ms >= QUIET_MS) {
        item->came_at = a->now;
        item->came = item->rate = 0;
        ms = 0;
    }
    item->came += bytes;
    if (ms < RATE_MS) return;
    rate = item->came * 1000 / ms;
    item->rate = item->rate == 0 ? rate : (3 * item->rate + rate) / 4;
    item->came_at = a->now;
    item->came = 0;
}

/* Of those who are not on our air, if there are such: they alone are asked. */
static uint32_t least_place(const struct daf_agent *a,
                            const struct daf_hash *content, bool near)
{
    uint32_t least = UINT32_MAX;

    for (size_t i = 0; i < a->conns_count; i++) {
        struct daf_swap *s = a->conns[i]->swap;

        if (daf_agent_offer(s, content) != NULL && s->place < least &&
            daf_agent_air_is_ours(a, a->conns[i]) == near)
            least = s->place;
    }
    return least;
}

void daf_agent_coming(const struct daf_agent *a, struct daf_mono now,
                      const struct daf_hash *content,
                      struct daf_agent_coming *out)
{
    size_t at = place(a, content);
    const struct daf_shelved *item = at < a->items_count ? &a->items[at] : NULL;

    *out = (struct daf_agent_coming){
        .sources = daf_agent_sources(a, content),
        .place = least_place(a, content, false),
    };
    if (out->place == UINT32_MAX) out->place = least_place(a, content, true);
    if (out->place == UINT32_MAX) out->place = 0;
    if (item == NULL || memcmp(item->content.b, content->b, 32) != 0) return;
    if (now.ms < item->came_at.ms + QUIET_MS) out->rate = item->rate;
}
