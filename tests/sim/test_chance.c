/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/core/chance.h"
#include "tests/lib/t.h"

#include <string.h>

/* From the authors' C at state 1, 2, 3, 4 (prng.di.unimi.it). */
static void it_is_xoshiro256_starstar(void **state)
{
    struct daf_chance c = {.s = {1, 2, 3, 4}};

    (void)state;
    assert_true(daf_chance_u64(&c) == 11520);
    assert_true(daf_chance_u64(&c) == 0);
    assert_true(daf_chance_u64(&c) == 1509978240);
    assert_true(daf_chance_u64(&c) == UINT64_C(1215971899390074240));
}

/* The first numbers of SplitMix64 at 1234567. */
static void the_mixer_is_that_of_splitmix64(void **state)
{
    uint64_t at = 1234567;

    (void)state;
    at += UINT64_C(0x9e3779b97f4a7c15);
    assert_true(daf_chance_mix(at) == UINT64_C(6457827717110365317));
    at += UINT64_C(0x9e3779b97f4a7c15);
    assert_true(daf_chance_mix(at) == UINT64_C(3203168211198807973));
}

static void streams_differ_by_seed_purpose_and_index(void **state)
{
    struct daf_chance c[5];
    uint64_t first[5];

    (void)state;
    daf_chance_init(&c[0], 1, "loss", 0);
    daf_chance_init(&c[1], 2, "loss", 0);
    daf_chance_init(&c[2], 1, "los", 0);
    daf_chance_init(&c[3], 1, "loss", 1);
    daf_chance_init(&c[4], 1, "loss", 0);
    for (int i = 0; i < 5; i++)
        first[i] = daf_chance_u64(&c[i]);
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < i; k++)
            assert_true(first[i] != first[k]);
    assert_true(first[4] == first[0]);
}

static void below_gives_each_number_about_as_often(void **state)
{
    struct daf_chance c;
    int count[6] = {0};

    (void)state;
    daf_chance_init(&c, 3, "dice", 0);
    for (int i = 0; i < 60000; i++)
        count[daf_chance_below(&c, 6)]++;
    /* Six standard deviations of 91. */
    for (int i = 0; i < 6; i++)
        assert_in_range(count[i], 10000 - 550, 10000 + 550);
}

static void a_unit_is_from_0_to_below_1(void **state)
{
    struct daf_chance c;
    double sum = 0;

    (void)state;
    daf_chance_init(&c, 4, "unit", 0);
    for (int i = 0; i < 10000; i++) {
        double x = daf_chance_unit(&c);
        assert_true(x >= 0 && x < 1);
        sum += x;
    }
    assert_true(sum > 4800 && sum < 5200);
}

static void bytes_do_not_run_over(void **state)
{
    struct daf_chance c;
    uint8_t out[13];

    (void)state;
    memset(out, 0xee, sizeof out);
    daf_chance_init(&c, 4, "bytes", 0);
    daf_chance_bytes(&c, out, 11);
    assert_int_equal(out[11], 0xee);
    assert_int_equal(out[12], 0xee);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_xoshiro256_starstar),
        cmocka_unit_test(the_mixer_is_that_of_splitmix64),
        cmocka_unit_test(streams_differ_by_seed_purpose_and_index),
        cmocka_unit_test(below_gives_each_number_about_as_often),
        cmocka_unit_test(a_unit_is_from_0_to_below_1),
        cmocka_unit_test(bytes_do_not_run_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
