/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/core/camp_impl.h"

#include <sodium.h>
#include <string.h>

#define MANY 10000

static int things[MANY]; /* what the containers point to; things[i] == i */

static int setup(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i++)
        things[i] = i;
    return sodium_init() < 0 ? -1 : 0;
}

static struct daf_camp_key key_of(size_t number)
{
    uint8_t a[16] = {0}, b[16] = {0};

    /* Half of them differ in the first half only, half in the second. */
    memcpy(number % 2 == 0 ? a : b, &number, sizeof(number));
    return daf_camp_table_key(a, b);
}

static void put(struct daf_camp_table *t, size_t number, void *item, void *with)
{
    struct daf_camp_key key = key_of(number);

    daf_camp_table_put(t, &key, item, with);
}

static struct daf_camp_slot *find(const struct daf_camp_table *t, size_t number)
{
    struct daf_camp_key key = key_of(number);

    return daf_camp_table_find(t, &key);
}

/* ---- the table */

static void a_key_is_both_halves_and_zeros_for_none(void **state)
{
    static const uint8_t a[16] = {1, [15] = 2}, b[16] = {3, [15] = 4};
    static const uint8_t zero[16];
    struct daf_camp_key both = daf_camp_table_key(a, b);
    struct daf_camp_key one = daf_camp_table_key(a, NULL);

    (void)state;
    assert_memory_equal(both.b, a, 16);
    assert_memory_equal(both.b + 16, b, 16);
    assert_memory_equal(one.b, a, 16);
    assert_memory_equal(one.b + 16, zero, 16);
}

static void nothing_is_found_in_an_empty_table(void **state)
{
    struct daf_camp_table t = {0};

    (void)state;
    assert_null(find(&t, 1));
    assert_true(daf_camp_table_reserve(&t, 1));
    assert_null(find(&t, 1));
    assert_null(find(&t, 0)); /* zeros, as a free slot has */
    assert_int_equal(t.count, 0);
    daf_camp_table_deinit(&t);
}

static void what_was_put_is_found_with_both_pointers(void **state)
{
    struct daf_camp_table t = {0};

    (void)state;
    assert_true(daf_camp_table_reserve(&t, 4));
    put(&t, 0, &things[0], &things[1]);
    put(&t, 1, &things[2], NULL);
    put(&t, 2, NULL, &things[3]);
    assert_int_equal(t.count, 3);
    assert_ptr_equal(find(&t, 0)->item, &things[0]);
    assert_ptr_equal(find(&t, 0)->with, &things[1]);
    assert_ptr_equal(find(&t, 1)->item, &things[2]);
    assert_null(find(&t, 1)->with);
    assert_null(find(&t, 2)->item);
    assert_ptr_equal(find(&t, 2)->with, &things[3]);
    assert_null(find(&t, 3));
    daf_camp_table_deinit(&t);
}

static void a_key_put_twice_is_one_with_the_later_pointers(void **state)
{
    struct daf_camp_table t = {0};

    (void)state;
    assert_true(daf_camp_table_reserve(&t, 1));
    for (size_t i = 0; i < 1000; i++)
        put(&t, 5, &things[i], i % 2 == 0 ? &things[1] : NULL);
    assert_int_equal(t.count, 1);
    assert_ptr_equal(find(&t, 5)->item, &things[999]);
    assert_null(find(&t, 5)->with);
    daf_camp_table_deinit(&t);
}

static void room_that_was_reserved_is_there(void **state)
{
    (void)state;
    for (size_t extra = 1; extra < 200; extra++) {
        struct daf_camp_table t = {0};
        const struct daf_camp_slot *slots;

        assert_true(daf_camp_table_reserve(&t, extra));
        slots = t.slots;
        for (size_t i = 0; i < extra; i++)
            put(&t, i, &things[i], NULL);
        assert_ptr_equal(t.slots, slots);
        /* A probe for a stranger ends at a free slot. */
        assert_true(t.count < t.cap);
        assert_int_equal(t.cap & (t.cap - 1), 0);
        /* What fits already moves nothing. */
        assert_true(daf_camp_table_reserve(&t, 0));
        assert_ptr_equal(t.slots, slots);
        daf_camp_table_deinit(&t);
    }
}

static void ten_thousand_survive_every_growth(void **state)
{
    struct daf_camp_table t = {.seed = {1, 2, 3}};

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        assert_true(daf_camp_table_reserve(&t, 1));
        put(&t, i, &things[i], &things[MANY - 1 - i]);
        assert_int_equal(t.count, i + 1);
        assert_null(find(&t, i + 1));
    }
    for (size_t i = 0; i < MANY; i++) {
        assert_ptr_equal(find(&t, i)->item, &things[i]);
        assert_ptr_equal(find(&t, i)->with, &things[MANY - 1 - i]);
    }
    for (size_t i = MANY; i < (size_t)2 * MANY; i++)
        assert_null(find(&t, i));
    daf_camp_table_deinit(&t);
}

static void a_cleared_table_is_empty_and_keeps_its_room(void **state)
{
    struct daf_camp_table t = {0};
    size_t cap;

    (void)state;
    daf_camp_table_clear(&t); /* nothing yet: fine */
    assert_true(daf_camp_table_reserve(&t, 100));
    for (size_t i = 0; i < 100; i++)
        put(&t, i, &things[i], NULL);
    cap = t.cap;
    daf_camp_table_clear(&t);
    assert_int_equal(t.count, 0);
    assert_int_equal(t.cap, cap);
    for (size_t i = 0; i < 100; i++)
        assert_null(find(&t, i));
    put(&t, 7, &things[8], NULL);
    assert_ptr_equal(find(&t, 7)->item, &things[8]);
    daf_camp_table_deinit(&t);
    assert_null(find(&t, 7));
    daf_camp_table_deinit(&t);
}

/* ---- the list */

static int by_number(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;

    return (x > y) - (x < y);
}

static void assert_in_order(const struct daf_camp_list *l)
{
    for (size_t i = 1; i < l->count; i++)
        assert_true(by_number(l->items[i - 1], l->items[i]) < 0);
}

static void insert(struct daf_camp_list *l, int *thing)
{
    assert_true(daf_camp_list_reserve(l, 1));
    daf_camp_list_insert(l, thing, by_number);
}

static void ten_thousand_are_in_order_however_they_come(void **state)
{
    struct daf_camp_list l = {0};

    (void)state;
    /* 7919 has no factor with 10,000 in common: each of them once. */
    for (size_t i = 0; i < MANY; i++)
        insert(&l, &things[i * 7919 % MANY]);
    assert_int_equal(l.count, MANY);
    for (size_t i = 0; i < MANY; i++) {
        assert_ptr_equal(l.items[i], &things[i]);
        assert_int_equal(daf_camp_list_at(&l, &things[i], by_number), i);
    }
    daf_camp_list_deinit(&l);
}

static void what_is_removed_leaves_the_others_in_order(void **state)
{
    struct daf_camp_list l = {0};

    (void)state;
    for (size_t i = 0; i < 1000; i++)
        insert(&l, &things[i]);
    for (size_t i = 0; i < 1000; i++) {
        int *thing = &things[i * 7 % 1000];

        daf_camp_list_remove(&l, thing, by_number);
        assert_int_equal(l.count, 999 - i);
        if (i % 100 == 0) assert_in_order(&l);
        /* Where it was stands a greater one now, or nothing. */
        if (l.count > daf_camp_list_at(&l, thing, by_number))
            assert_ptr_not_equal(
                l.items[daf_camp_list_at(&l, thing, by_number)], thing);
    }
    daf_camp_list_deinit(&l);
}

static void first_middle_and_last_can_be_removed(void **state)
{
    struct daf_camp_list l = {0};

    (void)state;
    for (size_t i = 0; i < 5; i++)
        insert(&l, &things[4 - i]);
    daf_camp_list_remove(&l, &things[0], by_number);
    daf_camp_list_remove(&l, &things[2], by_number);
    daf_camp_list_remove(&l, &things[4], by_number);
    assert_int_equal(l.count, 2);
    assert_ptr_equal(l.items[0], &things[1]);
    assert_ptr_equal(l.items[1], &things[3]);
    daf_camp_list_remove(&l, &things[3], by_number);
    daf_camp_list_remove(&l, &things[1], by_number);
    assert_int_equal(l.count, 0);
    insert(&l, &things[9]);
    assert_ptr_equal(l.items[0], &things[9]);
    daf_camp_list_deinit(&l);
}

static void what_is_not_there_has_its_place_all_the_same(void **state)
{
    struct daf_camp_list l = {0};

    (void)state;
    assert_int_equal(daf_camp_list_at(&l, &things[5], by_number), 0);
    for (size_t i = 0; i < 10; i++)
        insert(&l, &things[2 * i + 1]); /* 1, 3, … 19 */
    for (size_t i = 0; i <= 10; i++)
        assert_int_equal(daf_camp_list_at(&l, &things[2 * i], by_number), i);
    daf_camp_list_deinit(&l);
}

static void a_list_reserves_for_many_at_once(void **state)
{
    struct daf_camp_list l = {0};
    void **items;

    (void)state;
    insert(&l, &things[MANY - 1]);
    assert_true(daf_camp_list_reserve(&l, MANY - 1));
    items = l.items;
    for (size_t i = 0; i < MANY - 1; i++)
        daf_camp_list_insert(&l, &things[i], by_number);
    assert_ptr_equal(l.items, items);
    assert_int_equal(l.count, MANY);
    assert_in_order(&l);
    daf_camp_list_deinit(&l);
    assert_int_equal(l.count, 0);
    daf_camp_list_deinit(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_both_halves_and_zeros_for_none),
        cmocka_unit_test(nothing_is_found_in_an_empty_table),
        cmocka_unit_test(what_was_put_is_found_with_both_pointers),
        cmocka_unit_test(a_key_put_twice_is_one_with_the_later_pointers),
        cmocka_unit_test(room_that_was_reserved_is_there),
        cmocka_unit_test(ten_thousand_survive_every_growth),
        cmocka_unit_test(a_cleared_table_is_empty_and_keeps_its_room),
        cmocka_unit_test(ten_thousand_are_in_order_however_they_come),
        cmocka_unit_test(what_is_removed_leaves_the_others_in_order),
        cmocka_unit_test(first_middle_and_last_can_be_removed),
        cmocka_unit_test(what_is_not_there_has_its_place_all_the_same),
        cmocka_unit_test(a_list_reserves_for_many_at_once),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
