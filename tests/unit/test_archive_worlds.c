/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever archives hear of each other, and when: of every item a whole copy is left
 * (docs/content.md R85, R86).
 *
 * Small worlds of devices that state, hear late, twice, in any order or never, fetch,
 * start anew, get an old notebook back, and remove items at the same moment, by
 * node/core/evict.h.  Some archives become ordinary devices, of which others hear late;
 * such a device may have forgotten what it stated, not that it was an archive (R85; until
 * it has heard so it is restored, R126, and removes nothing).  No disk fails.  A world is made from one number, which is printed when it
 * fails; give it as the first argument to play that world alone. */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>

#include "node/core/evict.h"
#include "proto/rng.h"
#include "proto/statement.h"

#define WORLDS 4000
/* With many late demotions a former archive here, whose old notebook came back,
 * would be the last to have an item, and drop it: one of 400,000 such worlds. */
#define FORGETTER 120581
#define STEPS     200
#define DEVICES   8
#define ARCHIVES  4
#define ITEMS     3
#define MAIL      128

/* What archive @said.author.b[0] states, as bits of items; number 0: nothing. */
struct stated {
    struct daf_stated said;
    uint8_t items;
};

struct notebook {
    struct stated kept[DEVICES]; /* by author */
};

struct device {
    struct notebook notebook, old; /* as it is; as somebody saved it once */
    uint8_t whole, pinned, published, asked;
    bool is_archive, was_archive;
    uint8_t former; /* of whom it has heard that they are archives no more */
    unsigned place; /* who hears whom: those of one place */
};

struct letter {
    size_t to;
    struct stated what;
};

/* A part of the rule that is left out, to see that it is what keeps them. */
enum broken {
    NOTHING,
    THE_ORDER, /* any other archive is enough */
    THE_PAST,  /* who was an archive is bound by what it states alone */
};

struct world {
    struct daf_rng rng;
    size_t devices_count, mail_count;
    struct device devices[DEVICES];
    struct letter mail[MAIL];
    enum broken broken;
    unsigned demotions; /* one in so many is one */
    uint64_t evicted, dropped, archives_dropped, former_dropped, former_kept;
};

static uint64_t only; /* the world to play, if one was named */

static size_t below(struct world *w, uint64_t bound)
{
    return (size_t)daf_rng_below(&w->rng, bound);
}

/* ---- statements */

static void hear(struct device *d, const struct stated *what)
{
    struct stated *at = &d->notebook.kept[what->said.author.b[0]];

    if (at->said.number == 0 || daf_statement_stands(&what->said, &at->said))
        *at = *what;
}

/* R84; R83: above what it knows of itself, which in an old notebook is not all. */
static void state_own(struct world *w, size_t number)
{
    struct device *d = &w->devices[number];
    struct stated *own = &d->notebook.kept[number];

    if (!d->is_archive || own->items == d->whole) return;
    own->said.author.b[0] = (uint8_t)number;
    own->said.kind = DAF_STATEMENT_ARCHIVED;
    own->said.number++;
    own->items = d->whole;
    daf_rng_bytes(&w->rng, own->said.mark, sizeof(own->said.mark));
}

/* All that it keeps goes to another of its place: each later, twice, or not. */
static void tell(struct world *w, size_t from)
{
    size_t to = below(w, w->devices_count);

    if (w->devices[from].place != w->devices[to].place) return;
    if (below(w, 2) == 0) w->devices[to].former |= w->devices[from].former;
    for (size_t i = 0; i < w->devices_count; i++) {
        const struct stated *what = &w->devices[from].notebook.kept[i];
        size_t copies = what->said.number == 0 ? 0 : below(w, 3);

        for (; copies > 0 && w->mail_count < MAIL; copies--)
            w->mail[w->mail_count++] = (struct letter){to, *what};
    }
}

/* Half of what is under way. */
static void deliver(struct world *w)
{
    for (size_t left = w->mail_count / 2; w->mail_count > left;) {
        size_t at = below(w, w->mail_count);

        hear(&w->devices[w->mail[at].to], &w->mail[at].what);
        w->mail[at] = w->mail[--w->mail_count];
    }
}

/* ---- content */

/* As what a device keeps lets it judge item @bit. */
static struct daf_evict_item item_of(const struct world *w, size_t number,
                                     size_t bit)
{
    const struct device *d = &w->devices[number];
    uint8_t mask = (uint8_t)(1u << bit);
    struct daf_evict_item item = {
        .content.b = {(uint8_t)bit},
        .bytes = 100 + bit,
        .is_whole = (d->whole & mask) != 0,
        .is_pinned = (d->pinned & mask) != 0,
        .is_published = (d->published & mask) != 0,
        .is_asked = (d->asked & mask) != 0,
        .is_stated_here = (d->notebook.kept[number].items & mask) != 0,
    };

    for (size_t i = 0; i < w->devices_count; i++) {
        const struct stated *s = &d->notebook.kept[i];

        if (i == number || s->said.number == 0 || (s->items & mask) == 0 ||
            (d->former & 1u << i) != 0)
            continue;
        item.keepers++;
        item.is_kept_before |= i < number || w->broken == THE_ORDER;
    }
    return item;
}

static struct daf_evict_self self_of(const struct world *w, size_t number)
{
    const struct device *d = &w->devices[number];

    return (struct daf_evict_self){
        .was_archive =
            d->is_archive || (d->was_archive && w->broken != THE_PAST),
    };
}

static uint8_t wants_to_drop(struct world *w, size_t number)
{
    size_t bit = below(w, ITEMS);
    struct daf_evict_item item = item_of(w, number, bit);
    struct daf_evict_self self = self_of(w, number);

    if (!item.is_whole) return 0;
    if (!daf_evict_may_drop(&item, &self)) {
        w->former_kept += w->devices[number].was_archive;
        return 0;
    }
    w->dropped++;
    w->archives_dropped += w->devices[number].is_archive;
    w->former_dropped += w->devices[number].was_archive;
    return (uint8_t)(1u << bit);
}

/* To make room by itself, or as a person says with one keeper. */
static uint8_t wants_to_evict(struct world *w, size_t number)
{
    struct daf_evict_item items[ITEMS];
    unsigned keepers = below(w, 3) == 0 ? 1 : DAF_EVICT_KEEPERS;
    struct daf_evict_self self = self_of(w, number);
    uint8_t goes = 0;

    for (size_t i = 0; i < ITEMS; i++)
        items[i] = item_of(w, number, i);
    (void)daf_evict_choose(items, ITEMS, 1 + below(w, 320), &self, keepers);
    for (size_t i = 0; i < ITEMS; i++) {
        if (!items[i].goes) continue;
        assert_false(self.was_archive);
        assert_true(items[i].keepers >= keepers);
        goes |= (uint8_t)(1u << items[i].content.b[0]);
        w->evicted++;
    }
    return goes;
}

/* Some or all at once: each decides before any has acted. */
static void remove_some(struct world *w)
{
    uint8_t goes[DEVICES] = {0};
    bool all = below(w, 2) == 0;

    for (size_t i = 0; i < w->devices_count; i++) {
        if (!all && below(w, 3) != 0) continue;
        goes[i] = below(w, 2) == 0 ? wants_to_drop(w, i) : wants_to_evict(w, i);
    }
    for (size_t i = 0; i < w->devices_count; i++)
        w->devices[i].whole &= (uint8_t)~goes[i];
}

static void fetch(struct world *w, size_t number)
{
    struct device *d = &w->devices[number];
    const struct device *from = &w->devices[below(w, w->devices_count)];

    if (from->place == d->place)
        d->whole |= from->whole & (uint8_t)(below(w, 8) | below(w, 8));
}

/* ---- worlds */

static void world_init(struct world *w, uint64_t seed, enum broken broken)
{
    uint8_t bytes[32] = {0};
    size_t archives;

    memset(w, 0, sizeof(*w));
    memcpy(bytes, &seed, sizeof(seed));
    daf_rng_init(&w->rng, bytes);
    w->broken = broken;
    w->demotions = seed == FORGETTER ? 3 : 8;
    w->devices_count = 4 + below(w, DEVICES - 3);
    archives = 2 + below(w, ARCHIVES - 1);
    while (archives > 0) {
        struct device *d = &w->devices[below(w, w->devices_count)];

        archives -= !d->is_archive;
        d->is_archive = true;
    }
    for (size_t bit = 0; bit < ITEMS; bit++) {
        struct device *d = &w->devices[below(w, w->devices_count)];

        d->whole |= (uint8_t)(1u << bit);
        if (below(w, 2) == 0) d->published |= (uint8_t)(1u << bit);
    }
    for (size_t i = 0; i < w->devices_count; i++) {
        w->devices[i].pinned = (uint8_t)(below(w, 8) & below(w, 8));
        w->devices[i].asked = (uint8_t)below(w, 8);
    }
}

static void step(struct world *w)
{
    size_t who = below(w, w->devices_count);
    struct device *d = &w->devices[who];

    switch (below(w, 17)) {
    case 0:
    case 1:
    case 2:
        state_own(w, who);
        break;
    case 3:
    case 4:
    case 5:
    case 6:
        tell(w, who);
        break;
    case 7:
    case 8:
        deliver(w);
        break;
    case 9:
    case 10:
    case 11:
    case 12:
        fetch(w, who);
        break;
    case 13:
        d->place = below(w, 4) == 0;
        break;
    case 14: /* it starts anew, or its notebook is saved, or comes back */
        if (below(w, 2) == 0)
            d->old = d->notebook;
        else if (below(w, 4) == 0)
            d->notebook = d->old;
        break;
    case 15:
        if (!d->is_archive || below(w, w->demotions) != 0) break;
        d->is_archive = false;
        d->was_archive = true;
        d->former |= (uint8_t)(1u << who);
        break;
    default:
        remove_some(w);
    }
}

/* Whether some device has each item. */
static bool is_all_left(const struct world *w)
{
    uint8_t left = 0;

    for (size_t i = 0; i < w->devices_count; i++)
        left |= w->devices[i].whole;
    return left == (1u << ITEMS) - 1;
}

/* False: something was lost. */
static bool play(struct world *w, uint64_t seed, enum broken broken)
{
    world_init(w, seed, broken);
    for (size_t i = 0; i < STEPS; i++) {
        step(w);
        if (!is_all_left(w)) return false;
    }
    return true;
}

static void a_whole_copy_of_every_item_is_left(void **state)
{
    static struct world w;
    uint64_t evicted = 0, dropped = 0, archives_dropped = 0;
    uint64_t former_dropped = 0, former_kept = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        if (only != 0 && seed != only) continue;
        if (!play(&w, seed, NOTHING))
            fail_msg("world %llu: an item is lost", (unsigned long long)seed);
        evicted += w.evicted;
        dropped += w.dropped;
        archives_dropped += w.archives_dropped;
        former_dropped += w.former_dropped;
        former_kept += w.former_kept;
    }
    if (only != 0) return;
    /* There was something to go wrong. */
    assert_true(evicted > 1000);
    assert_true(dropped > 1000);
    assert_true(archives_dropped > 1000);
    assert_true(former_dropped > 100);
    assert_true(former_kept > 100);
}

/* If any other archive were enough for an archive, two would rely on each other. */
static void without_an_order_of_archives_items_are_lost(void **state)
{
    static struct world w;
    size_t lost = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= WORLDS; seed++)
        lost += !play(&w, seed, THE_ORDER);
    assert_true(lost > 20);
}

/* Bound by what it states now alone, who was an archive has forgotten the rest. */
static void without_the_past_of_archives_an_item_is_lost(void **state)
{
    static struct world w;

    (void)state;
    assert_false(play(&w, FORGETTER, THE_PAST));
    assert_true(play(&w, FORGETTER, NOTHING));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_copy_of_every_item_is_left),
        cmocka_unit_test(without_an_order_of_archives_items_are_lost),
        cmocka_unit_test(without_the_past_of_archives_an_item_is_lost),
    };

    if (argc > 1) only = strtoull(argv[1], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
