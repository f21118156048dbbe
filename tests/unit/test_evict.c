/* SPDX-License-Identifier: Apache-2.0 */

/* What may make room, and what does (docs/content.md R85 to R87). */
#include "tests/lib/t.h"

#include "node/core/evict.h"

#define MB 1000000u

static struct daf_evict_item item(uint8_t id, uint64_t bytes, unsigned keepers)
{
    return (struct daf_evict_item){.content = {{id}},
                                   .bytes = bytes,
                                   .is_whole = true,
                                   .keepers = keepers};
}

static const struct daf_evict_self free_one;
static const struct daf_evict_self archive = {.was_archive = true};
static const struct daf_evict_self restored = {.is_restored = true};

static enum daf_evict_why may(const struct daf_evict_item *i)
{
    return daf_evict_may(i, &free_one, DAF_EVICT_KEEPERS);
}

static void only_what_two_archives_keep_may_go(void **state)
{
    struct daf_evict_item i = item(1, MB, 0);

    (void)state;
    assert_int_equal(may(&i), DAF_EVICT_KEPT_BY_NONE);
    assert_int_equal(daf_evict_may(&i, &free_one, 1), DAF_EVICT_KEPT_BY_NONE);
    i.keepers = 1;
    assert_int_equal(may(&i), DAF_EVICT_KEPT_BY_ONE);
    assert_int_equal(daf_evict_may(&i, &free_one, 1), DAF_EVICT_MAY);
    i.keepers = 2;
    assert_int_equal(may(&i), DAF_EVICT_MAY);
    assert_int_equal(daf_evict_may(&i, &archive, 1), DAF_EVICT_ARCHIVE);
}

static void what_somebody_wants_stays(void **state)
{
    struct daf_evict_item i = item(1, MB, 9);

    (void)state;
    i.is_whole = false;
    assert_int_equal(may(&i), DAF_EVICT_LACKING);
    i = item(1, MB, 9);
    i.is_pinned = true;
    assert_int_equal(may(&i), DAF_EVICT_PINNED);
    i.is_published = true;
    assert_int_equal(may(&i), DAF_EVICT_PUBLISHED);
    i = item(1, MB, 9);
    i.is_due = true;
    assert_int_equal(may(&i), DAF_EVICT_DUE);
}

/* R85: an archive relies on one before it, everybody else on any. */
static void a_person_drops_what_an_archive_keeps(void **state)
{
    struct daf_evict_item i = item(1, MB, 0);

    (void)state;
    assert_false(daf_evict_may_drop(&i, &free_one));
    assert_false(daf_evict_may_drop(&i, &archive));
    i.keepers = 3;
    assert_true(daf_evict_may_drop(&i, &free_one));
    assert_false(daf_evict_may_drop(&i, &archive));
    i.is_kept_before = true;
    assert_true(daf_evict_may_drop(&i, &archive));
    i = item(1, MB, 0);
    i.is_whole = false;
    assert_true(daf_evict_may_drop(&i, &archive));
}

/* Who states an item is bound by it, whatever it has heard of itself. */
static void what_this_device_states_binds_it(void **state)
{
    struct daf_evict_item i = item(1, MB, 9);

    (void)state;
    i.is_stated_here = true;
    assert_int_equal(may(&i), DAF_EVICT_ARCHIVE);
    assert_false(daf_evict_may_drop(&i, &free_one));
    i.is_kept_before = true;
    assert_true(daf_evict_may_drop(&i, &free_one));
}

/* R126: it does not know what it once stated, so not that archives keep the rest. */
static void who_was_restored_removes_nothing(void **state)
{
    struct daf_evict_item i = item(1, MB, 9);

    (void)state;
    i.is_kept_before = true;
    assert_int_equal(daf_evict_may(&i, &restored, 1), DAF_EVICT_RESTORED);
    assert_int_equal(daf_evict_choose(&i, 1, MB, &restored, 1), 0);
    assert_false(daf_evict_may_drop(&i, &restored));
    i.is_whole = false; /* nobody's copy */
    assert_true(daf_evict_may_drop(&i, &restored));
}

static uint64_t choose(struct daf_evict_item *items, size_t count,
                       uint64_t bytes)
{
    return daf_evict_choose(items, count, bytes, &free_one, DAF_EVICT_KEEPERS);
}

static void the_smallest_that_is_enough_goes(void **state)
{
    struct daf_evict_item items[] = {item(1, 9 * MB, 2), item(2, 5 * MB, 2),
                                     item(3, 4 * MB, 2)};

    (void)state;
    assert_int_equal(choose(items, 3, 5 * MB), 5 * MB);
    assert_false(items[0].goes || items[2].goes);
    assert_true(items[1].goes);
    /* None is: the largest, then what is enough for the rest. */
    assert_int_equal(choose(items, 3, 13 * MB), 13 * MB);
    assert_true(items[0].goes && items[2].goes && !items[1].goes);
}

static void if_all_is_too_little_nothing_goes(void **state)
{
    struct daf_evict_item items[] = {item(1, 9 * MB, 2), item(2, 5 * MB, 1)};

    (void)state;
    assert_int_equal(choose(items, 2, 10 * MB), 0);
    assert_false(items[0].goes || items[1].goes);
    assert_int_equal(choose(items, 2, 9 * MB), 9 * MB);
    assert_int_equal(choose(items, 0, MB), 0);
    assert_int_equal(daf_evict_choose(items, 2, MB, &archive,
                                      DAF_EVICT_KEEPERS),
                     0);
}

static void what_nobody_asks_for_goes_first(void **state)
{
    struct daf_evict_item items[] = {item(1, MB, 2), item(2, 2 * MB, 2),
                                     item(3, 3 * MB, 2)};

    (void)state;
    items[0].is_asked = true;
    items[2].is_superseded = true;
    assert_int_equal(choose(items, 3, MB), 3 * MB);
    assert_true(items[2].goes && !items[0].goes && !items[1].goes);
    assert_int_equal(choose(items, 3, 4 * MB), 5 * MB);
    assert_true(items[1].goes && !items[0].goes);
}

/* The same whatever their order, so that what is shown is what goes. */
/* What was chosen before a large one came to it, and is enough without, stays. */
static void what_is_not_needed_beside_another_stays(void **state)
{
    struct daf_evict_item items[] = {item(1, MB, 2), item(2, 150 * MB, 2),
                                     item(3, 30 * MB, 2)};

    (void)state;
    items[1].is_asked = true;
    assert_int_equal(daf_evict_choose(items, 3, 120 * MB, &free_one, 2),
                     150 * MB);
    assert_false(items[0].goes || items[2].goes);
    assert_true(items[1].goes);
    /* The large one is not enough alone: the larger of the others. */
    assert_int_equal(daf_evict_choose(items, 3, 175 * MB, &free_one, 2),
                     180 * MB);
    assert_true(items[1].goes && items[2].goes);
    assert_false(items[0].goes);
}

static void order_plays_no_role(void **state)
{
    struct daf_evict_item a[] = {item(1, MB, 2), item(2, MB, 2),
                                 item(3, MB, 2)};
    struct daf_evict_item b[] = {a[2], a[0], a[1]};

    (void)state;
    assert_int_equal(choose(a, 3, MB), MB);
    assert_int_equal(choose(b, 3, MB), MB);
    assert_true(a[0].goes);
    assert_true(b[1].goes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_two_archives_keep_may_go),
        cmocka_unit_test(what_somebody_wants_stays),
        cmocka_unit_test(a_person_drops_what_an_archive_keeps),
        cmocka_unit_test(what_this_device_states_binds_it),
        cmocka_unit_test(who_was_restored_removes_nothing),
        cmocka_unit_test(the_smallest_that_is_enough_goes),
        cmocka_unit_test(if_all_is_too_little_nothing_goes),
        cmocka_unit_test(what_nobody_asks_for_goes_first),
        cmocka_unit_test(what_is_not_needed_beside_another_stays),
        cmocka_unit_test(order_plays_no_role),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
