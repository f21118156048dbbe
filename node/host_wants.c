/* SPDX-License-Identifier: Apache-2.0 */
/* What this device is to have (node/wants.h), brought to the shelf: the wish
 * DAF_SHELF_CAMPS and the ranks.  It is read anew when records came or people
 * wished otherwise, a moment later, so that many of them are one. */
#include "node/host_impl.h"

#include "node/clock.h"

#include <stdlib.h>

#define SOON_MS  100
#define AGAIN_MS 60000 /* what had no room is tried again after */
/* After a reading of so many ms the next is 20 times that later: where there are
 * thousands of lessons it takes no more than a twentieth of the time. */
#define SHARE 20

/* ---- read */

static void look(void *ctx, struct daf_wanting_item *it)
{
    struct daf_host *h = ctx;
    const struct daf_contents_item *here =
        daf_contents_find(h->contents, &it->content);

    if (here == NULL) return;
    it->is_pinned = (here->wishes & DAF_SHELF_PINNED) != 0;
    it->is_asked_by_hand = (here->wishes & DAF_SHELF_WANTED) != 0;
    it->is_published = (here->wishes & DAF_SHELF_PUBLISHED) != 0;
    it->is_whole = here->is_whole;
}

static bool is_same_plan(const struct daf_wants *a, const struct daf_wants *b)
{
    bool is_same = a->count == b->count;

    for (size_t i = 0; is_same && i < a->count; i++) {
        const struct daf_wanting_item *x = &a->items[i], *y = &b->items[i];

        is_same = x->reason == y->reason && x->due == y->due &&
                  x->has_due == y->has_due &&
                  memcmp(&x->content, &y->content, sizeof(x->content)) == 0;
    }
    return is_same;
}

static bool read_wants(struct daf_host *h)
{
    const struct daf_wants_query q = {
        .store = h->reader,
        .camp = daf_agent_camp(h->agent),
        .self = *daf_agent_author(h->agent),
        .subscriptions = &h->subscriptions,
        .look = look,
        .ctx = h,
    };
    struct daf_wants wants;
    enum daf_err err = daf_wants_read(&q, &wants);
    bool is_same;

    if (err != DAF_OK) { /* what was planned before stands */
        daf_wants_free(&wants);
        if (daf_log_due(&h->wants_trouble, daf_clock_now()))
            daf_log("what is assigned cannot be read: %s", daf_err_str(err));
        return false;
    }
    is_same = is_same_plan(&h->wants, &wants);
    daf_wants_free(&h->wants);
    h->wants = wants;
    if (h->airwatch != NULL)
        daf_airwatch_mapped(h->airwatch,
                            daf_wanting_air(wants.wanting,
                                            daf_agent_author(h->agent)));
    if (!is_same && h->api != NULL)
        daf_apiserver_changed(h->api, DAF_APISERVER_CONTENT);
    return true;
}

/* ---- done */

static void change(struct daf_host *h, const struct daf_wanting_item *it,
                   unsigned set, unsigned clear)
{
    struct daf_contents_wish w = {.what = DAF_CONTENTS_ADD,
                                  .content = it->content,
                                  .set = set,
                                  .clear = clear};
    struct daf_catalogue_entry e;

    if (!daf_catalogue_find(h->wants.catalogue, &it->content, &e)) return;
    w.manifest = e.manifest;
    daf_contents_wish(h->contents, 0, &w);
}

static bool lacks_room(const struct daf_contents_item *here)
{
    return (here->is_stuck || here->is_held) && here->why == DAF_EFULL &&
           here->wishes != 0 && here->rank < DAF_RANK_NEXT;
}

static bool is_tight(const struct daf_host *h)
{
    for (size_t i = 0; i < daf_contents_count(h->contents); i++)
        if (lacks_room(daf_contents_at(h->contents, i))) return true;
    return false;
}

static void mark_old(struct daf_host *h, const struct daf_wanting_item *it)
{
    const struct daf_contents_item *now =
        it->is_superseded ? daf_contents_find(h->contents, &it->now) : NULL;

    daf_contents_mark_old(h->contents, &it->content,
                          now != NULL && now->is_whole);
}

static void apply_one(struct daf_host *h, const struct daf_wanting_item *it)
{
    const struct daf_contents_item *here =
        daf_contents_find(h->contents, &it->content);
    bool has = here != NULL && (here->wishes & DAF_SHELF_CAMPS) != 0;
    bool is_next = it->reason == DAF_REASON_NEXT;

    if (is_next && h->is_tight) {
        const struct daf_contents_wish back = {.what = DAF_CONTENTS_GIVE_BACK,
                                               .content = it->content};

        if (has && !here->is_whole) daf_contents_wish(h->contents, 0, &back);
    } else if (it->is_camps != has) {
        change(h, it, it->is_camps ? DAF_SHELF_CAMPS : 0,
               it->is_camps ? 0 : DAF_SHELF_CAMPS);
    } else if (here != NULL && !here->is_whole && here->rank != it->rank) {
        change(h, it, 0, 0); /* it is told again, with its rank */
    }
}

static int by_rank(const void *a, const void *b)
{
    const struct daf_wanting_item *x =
        *(const struct daf_wanting_item *const *)a;
    const struct daf_wanting_item *y =
        *(const struct daf_wanting_item *const *)b;

    if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
    return memcmp(&x->content, &y->content, sizeof(x->content));
}

/* The first in rank has its room first. */
static void apply(struct daf_host *h)
{
    size_t count = h->wants.count;
    const struct daf_wanting_item **order =
        malloc((count + 1) * sizeof(*order));

    if (order == NULL) return; /* with the next change */
    for (size_t i = 0; i < count; i++)
        order[i] = &h->wants.items[i];
    qsort(order, count, sizeof(struct daf_wanting_item *), by_rank);
    h->is_tight = is_tight(h);
    for (size_t i = 0; i < count; i++) {
        mark_old(h, order[i]);
        apply_one(h, order[i]);
    }
    free(order);
}

static void on_timer(void *ctx)
{
    struct daf_host *h = ctx;
    struct daf_mono before = daf_clock_now(), after;

    if (h->is_stopping || daf_contents_state(h->contents) != DAF_OK) return;
    if (read_wants(h)) apply(h);
    after = daf_clock_now();
    h->wants_not_before =
        daf_clock_after(after, SHARE * (after.ms - before.ms));
}

/* ---- when */

static void set_timer(struct daf_host *h, uint64_t ms)
{
    struct daf_mono at = daf_clock_after(daf_clock_now(), ms);

    if (at.ms < h->wants_not_before.ms) at = h->wants_not_before;
    if (at.ms < h->wants_timer.at.ms) daf_loop_timer_set(&h->wants_timer, at);
}

void daf_host_wants_changed(struct daf_host *h)
{
    set_timer(h, SOON_MS);
}

void daf_host_wants_batch(struct daf_host *h, const struct daf_writer_batch *b)
{
    for (size_t i = 0; i < b->jobs_count; i++)
        for (size_t j = 0; j < b->jobs[i].items_count; j++)
            if (b->jobs[i].items[j].is_new) {
                daf_host_wants_changed(h);
                return;
            }
}

void daf_host_wants_item(struct daf_host *h, const struct daf_hash *content,
                         const struct daf_contents_item *item)
{
    const struct daf_wanting_item *planned = daf_wants_find(&h->wants, content);
    struct daf_wanting_item now = {.content = *content};

    if (planned == NULL) return;
    look(h, &now);
    if (item == NULL || now.is_pinned != planned->is_pinned ||
        now.is_asked_by_hand != planned->is_asked_by_hand ||
        now.is_published != planned->is_published ||
        now.is_whole != planned->is_whole || lacks_room(item) != h->is_tight)
        daf_host_wants_changed(h);
}

uint8_t daf_host_wants_rank(void *host, const struct daf_hash *content)
{
    struct daf_host *h = host;
    const struct daf_wanting_item *it = daf_wants_find(&h->wants, content);

    return it != NULL ? it->rank : DAF_RANK_HAND;
}

/* What is assigned and has no place on the shelf yet has had no room even to begin:
 * of those the first in rank. */
static void make_room(struct daf_host *h)
{
    const struct daf_wanting_item *first = NULL;
    struct daf_catalogue_entry e;

    for (size_t i = 0; i < h->wants.count; i++) {
        const struct daf_wanting_item *it = &h->wants.items[i];

        if (it->is_camps && it->rank < DAF_RANK_NEXT &&
            (first == NULL || it->rank < first->rank) &&
            daf_contents_find(h->contents, &it->content) == NULL)
            first = it;
    }
    if (first != NULL &&
        daf_catalogue_find(h->wants.catalogue, &first->content, &e))
        (void)daf_eviction_want(
            &h->eviction, daf_eviction_need(e.content.bytes, e.content.files,
                                            daf_content_parts(&e.content)));
}

void daf_host_wants_answered(struct daf_host *h,
                             const struct daf_keeper_result *r)
{
    if (r->err == DAF_EFULL) make_room(h);
    if (r->err == DAF_OK || r->err == DAF_ENOTFOUND || r->err == DAF_EDENIED)
        return;
    if (daf_log_due(&h->wants_trouble, daf_clock_now()))
        daf_log("what is assigned, or of a channel, cannot be kept: %s. It is "
                "tried again",
                daf_err_str(r->err));
    set_timer(h, AGAIN_MS);
}

enum daf_err daf_host_wants_subscribe(void *host, const char *channel,
                                      bool is_on, struct daf_trouble *t)
{
    struct daf_host *h = host;
    struct daf_subscriptions s;
    enum daf_err err = daf_subscriptions_set(&h->home, channel, is_on, t);

    if (err == DAF_OK) {
        err = daf_subscriptions_load(&h->home, &s, t);
        if (err == DAF_OK) {
            daf_subscriptions_free(&h->subscriptions);
            h->subscriptions = s;
        } else {
            daf_subscriptions_free(&s);
        }
    }
    daf_host_wants_changed(h);
    return err;
}

enum daf_err daf_host_wants_start(struct daf_host *h)
{
    struct daf_trouble t = {""};

    h->wants_timer = (struct daf_loop_timer){.fn = on_timer, .ctx = h};
    /* A list that cannot be read is no reason not to start. */
    if (daf_subscriptions_load(&h->home, &h->subscriptions, &t) != DAF_OK)
        daf_log("%s", t.what);
    return daf_loop_timer_open(h->loop, &h->wants_timer);
}

void daf_host_wants_end(struct daf_host *h)
{
    if (h->loop != NULL) daf_loop_timer_close(h->loop, &h->wants_timer);
    daf_wants_free(&h->wants);
    daf_subscriptions_free(&h->subscriptions);
}
