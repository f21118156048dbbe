/* SPDX-License-Identifier: Apache-2.0 */

/* Who waits while room is made, and who is told what (docs/content.md §7).  What
 * goes is chosen elsewhere: unit.evict. */
#include "tests/lib/t.h"

#include "node/eviction.h"

struct heard {
    struct daf_eviction e;
    size_t rooms, adds, ends;
    uint64_t ticket; /* of the last ADD */
    bool has_dropped;
    uint64_t waits[4], belows[4]; /* what next() gives, and was asked */
    size_t waits_count, waits_at;
};

static void on_wish(void *ctx, uint64_t ticket,
                    const struct daf_contents_wish *wish)
{
    struct heard *h = ctx;

    h->rooms += wish->what == DAF_CONTENTS_ROOM;
    if (wish->what != DAF_CONTENTS_ADD) return;
    h->adds++;
    h->ticket = ticket;
}

static uint64_t on_next(void *ctx, uint64_t below)
{
    struct heard *h = ctx;

    if (h->waits_at == h->waits_count) return 0;
    h->belows[h->waits_at] = below;
    return h->waits[h->waits_at++];
}

static void on_ended(void *ctx, bool has_dropped)
{
    struct heard *h = ctx;

    assert_int_equal(h->e.step, DAF_EVICTION_IDLE);
    h->ends++;
    h->has_dropped = has_dropped;
}

static void begin(struct heard *h)
{
    *h = (struct heard){.e.hopeless = UINT64_MAX};
    h->e.ops = (struct daf_eviction_ops){h, on_wish, on_next, on_ended};
}

/* It was at its last DROP, which ends so. */
static void last_drop(struct heard *h, enum daf_err err)
{
    const struct daf_keeper_result r = {.kind = DAF_KEEPER_DONE, .err = err};

    assert_int_equal(h->e.step, DAF_EVICTION_ASKING);
    h->e.step = DAF_EVICTION_DROPPING;
    h->e.dropping = 1;
    daf_eviction_answered(&h->e, NULL, NULL, &r);
}

static void add(struct heard *h, uint64_t ticket)
{
    const struct daf_contents_wish w = {.what = DAF_CONTENTS_ADD,
                                        .set = DAF_SHELF_WANTED};

    daf_eviction_added(&h->e, ticket, &w);
}

static bool holds(struct heard *h, uint64_t ticket, enum daf_err err)
{
    const struct daf_keeper_result r = {.kind = DAF_KEEPER_DONE,
                                        .ticket = ticket,
                                        .err = err};

    return daf_eviction_holds(&h->e, &r, 100);
}

static void who_is_refused_is_asked_again_once(void **state)
{
    struct heard h;

    (void)state;
    begin(&h);
    add(&h, 7);
    assert_true(holds(&h, 7, DAF_EFULL));
    assert_int_equal(h.rooms, 1);
    last_drop(&h, DAF_OK);
    assert_int_equal(h.ticket, 7);
    assert_int_equal(h.ends, 1);
    assert_true(h.has_dropped);
    assert_false(holds(&h, 7, DAF_EFULL)); /* he is told */
    assert_null(daf_eviction_content(&h.e, 7));
}

static void who_is_refused_while_it_is_at_work_waits(void **state)
{
    struct heard h;

    (void)state;
    begin(&h);
    assert_true(daf_eviction_want(&h.e, 50));
    assert_false(daf_eviction_want(&h.e, 50));
    add(&h, 7);
    assert_true(holds(&h, 7, DAF_EFULL));
    last_drop(&h, DAF_OK);
    assert_int_equal(h.adds, 1);
    /* That was for another: now for this one. */
    assert_true(holds(&h, 7, DAF_EFULL));
    assert_int_equal(h.rooms, 2);
    last_drop(&h, DAF_OK);
    assert_int_equal(h.adds, 2);
    assert_false(holds(&h, 7, DAF_OK));
    assert_null(daf_eviction_content(&h.e, 7));
}

/* What there is no room for is in nobody's way. */
static void what_else_waits_is_tried_before_it_ends(void **state)
{
    struct heard h;

    (void)state;
    begin(&h);
    h.waits[0] = 80;
    h.waits[1] = 30;
    h.waits_count = 2;
    assert_true(daf_eviction_want(&h.e, 100));
    last_drop(&h, DAF_EDENIED);
    assert_int_equal(h.e.need, 80);
    assert_int_equal(h.belows[0], 100);
    assert_int_equal(h.ends, 0);
    last_drop(&h, DAF_OK);
    assert_int_equal(h.e.need, 30);
    assert_true(h.belows[1] == UINT64_MAX);
    last_drop(&h, DAF_EDENIED);
    assert_int_equal(h.rooms, 3);
    assert_int_equal(h.ends, 1);
    assert_true(h.has_dropped);
    /* And all is as at first. */
    assert_true(daf_eviction_want(&h.e, 200));
    last_drop(&h, DAF_EDENIED);
    assert_int_equal(h.ends, 2);
    assert_false(h.has_dropped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_refused_is_asked_again_once),
        cmocka_unit_test(who_is_refused_while_it_is_at_work_waits),
        cmocka_unit_test(what_else_waits_is_tried_before_it_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
