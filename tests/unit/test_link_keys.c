/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/link_impl.h"

#include <sodium.h>
#include <string.h>

static struct daf_box_pk key_of(uint32_t number)
{
    struct daf_box_pk pk = {{0}};

    memcpy(pk.b, &number, sizeof(number));
    return pk;
}

static bool put(struct daf_link_keys *keys, uint32_t number, bool allowed)
{
    struct daf_box_pk pk = key_of(number);

    return daf_link_keys_put(keys, &pk, allowed);
}

static enum daf_link_right get(const struct daf_link_keys *keys,
                               uint32_t number)
{
    struct daf_box_pk pk = key_of(number);

    return daf_link_keys_get(keys, &pk);
}

static void nobody_is_known_at_the_start(void **state)
{
    struct daf_link_keys keys = {0};

    (void)state;
    assert_int_equal(get(&keys, 0), DAF_LINK_RIGHT_NONE);
    assert_int_equal(get(&keys, 1), DAF_LINK_RIGHT_NONE);
    daf_link_keys_deinit(&keys);
}

static void a_key_has_the_right_that_was_said_last(void **state)
{
    struct daf_link_keys keys = {0};

    (void)state;
    assert_true(put(&keys, 1, true));
    assert_true(put(&keys, 2, false));
    assert_int_equal(get(&keys, 1), DAF_LINK_RIGHT_ALLOWED);
    assert_int_equal(get(&keys, 2), DAF_LINK_RIGHT_DENIED);
    assert_int_equal(get(&keys, 3), DAF_LINK_RIGHT_NONE);
    assert_true(put(&keys, 1, false));
    assert_true(put(&keys, 2, true));
    assert_int_equal(get(&keys, 1), DAF_LINK_RIGHT_DENIED);
    assert_int_equal(get(&keys, 2), DAF_LINK_RIGHT_ALLOWED);
    daf_link_keys_deinit(&keys);
}

static void a_key_said_twice_is_one_key(void **state)
{
    struct daf_link_keys keys = {0};

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_true(put(&keys, 7, i % 2 == 0));
    assert_int_equal(keys.count, 1);
    assert_int_equal(get(&keys, 7), DAF_LINK_RIGHT_DENIED);
    daf_link_keys_deinit(&keys);
}

/* An empty place is zeros, and so is this key. */
static void the_key_of_zeros_is_a_key_like_others(void **state)
{
    struct daf_link_keys keys = {0};

    (void)state;
    assert_true(put(&keys, 1, true));
    assert_int_equal(get(&keys, 0), DAF_LINK_RIGHT_NONE);
    assert_true(put(&keys, 0, true));
    assert_int_equal(get(&keys, 0), DAF_LINK_RIGHT_ALLOWED);
    assert_int_equal(keys.count, 2);
    daf_link_keys_deinit(&keys);
}

static void every_byte_of_a_key_counts(void **state)
{
    struct daf_link_keys keys = {0};
    struct daf_box_pk pk = {{0}};

    (void)state;
    assert_true(daf_link_keys_put(&keys, &pk, true));
    for (size_t i = 0; i < sizeof(pk.b); i++) {
        pk.b[i] = 0x80;
        assert_int_equal(daf_link_keys_get(&keys, &pk), DAF_LINK_RIGHT_NONE);
        pk.b[i] = 0;
    }
    daf_link_keys_deinit(&keys);
}

static void rights_survive_every_growth(void **state)
{
    struct daf_link_keys keys = {0};

    (void)state;
    for (uint32_t n = 0; n < 2000; n++) {
        assert_true(put(&keys, n, n % 3 != 0));
        assert_int_equal(keys.count, n + 1);
        /* A probe for a stranger ends at an empty place. */
        assert_true(keys.count < keys.cap);
        if ((n & (n + 1)) != 0) continue; /* all of them, now and then */
        for (uint32_t i = 0; i <= n; i++)
            assert_int_equal(get(&keys, i), i % 3 != 0 ? DAF_LINK_RIGHT_ALLOWED
                                                       : DAF_LINK_RIGHT_DENIED);
        assert_int_equal(get(&keys, n + 1), DAF_LINK_RIGHT_NONE);
    }
    daf_link_keys_deinit(&keys);
}

static void a_full_table_takes_no_more_but_still_denies(void **state)
{
    struct daf_link_keys keys = {0};
    uint32_t n;

    (void)state;
    for (n = 0; n < 65536; n++)
        assert_true(put(&keys, n, true));
    for (uint32_t more = n; more < n + 100; more++) {
        assert_false(put(&keys, more, true));
        assert_int_equal(get(&keys, more), DAF_LINK_RIGHT_NONE);
    }
    assert_int_equal(keys.count, 65536);
    /* A revocation must not fail for want of room. */
    assert_true(put(&keys, 0, false));
    assert_true(put(&keys, n - 1, false));
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(get(&keys, i), i == 0 || i == n - 1
                                            ? DAF_LINK_RIGHT_DENIED
                                            : DAF_LINK_RIGHT_ALLOWED);
    daf_link_keys_deinit(&keys);
}

static void each_table_has_a_seed_of_its_own(void **state)
{
    struct daf_link_keys a = {0}, b = {0};

    (void)state;
    assert_true(put(&a, 1, true));
    assert_true(put(&b, 1, true));
    assert_memory_not_equal(a.seed, b.seed, sizeof(a.seed));
    daf_link_keys_deinit(&a);
    daf_link_keys_deinit(&b);
}

static void what_was_emptied_can_be_filled_again(void **state)
{
    struct daf_link_keys keys = {0};

    (void)state;
    assert_true(put(&keys, 1, true));
    daf_link_keys_deinit(&keys);
    assert_int_equal(get(&keys, 1), DAF_LINK_RIGHT_NONE);
    assert_true(put(&keys, 2, true));
    assert_int_equal(get(&keys, 1), DAF_LINK_RIGHT_NONE);
    assert_int_equal(get(&keys, 2), DAF_LINK_RIGHT_ALLOWED);
    daf_link_keys_deinit(&keys);
    daf_link_keys_deinit(&keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_known_at_the_start),
        cmocka_unit_test(a_key_has_the_right_that_was_said_last),
        cmocka_unit_test(a_key_said_twice_is_one_key),
        cmocka_unit_test(the_key_of_zeros_is_a_key_like_others),
        cmocka_unit_test(every_byte_of_a_key_counts),
        cmocka_unit_test(rights_survive_every_growth),
        cmocka_unit_test(a_full_table_takes_no_more_but_still_denies),
        cmocka_unit_test(each_table_has_a_seed_of_its_own),
        cmocka_unit_test(what_was_emptied_can_be_filled_again),
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
