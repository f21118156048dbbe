/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/core/units.h"
#include "tests/lib/t.h"

static void times_have_a_unit(void **state)
{
    daf_sim_us t = 0;

    (void)state;
    assert_true(daf_units_time("100ms", &t) && t == 100000);
    assert_true(daf_units_time("1.5h", &t) && t == 5400 * DAF_SIM_S);
    assert_true(daf_units_time("0.25 s", &t) && t == 250000);
    assert_true(daf_units_time("7d", &t) && t == 168 * DAF_SIM_HOUR);
    assert_true(daf_units_time("0", &t) && t == 0);
}

static void sizes_and_speeds_have_theirs(void **state)
{
    uint64_t n = 0;

    (void)state;
    assert_true(daf_units_bytes("50MB", &n) && n == 50000000);
    assert_true(daf_units_bytes("64KiB", &n) && n == 65536);
    assert_true(daf_units_speed("2Mbit/s", &n) && n == 250000);
    assert_true(daf_units_speed("250kB/s", &n) && n == 250000);
    assert_true(daf_units_speed("250kB", &n) && n == 250000);
}

static void lengths_and_paces_have_theirs(void **state)
{
    double m = 0;

    (void)state;
    assert_true(daf_units_metres("10m", &m) && m == 10);
    assert_true(daf_units_metres("1.5km", &m) && m == 1500);
    assert_true(daf_units_metres("250mm", &m) && m == 0.25);
    assert_true(daf_units_pace("0.5m/s", &m) && m == 0.5);
    assert_false(daf_units_metres("10", &m));
    assert_false(daf_units_metres("10m/s", &m));
    assert_false(daf_units_pace("5m", &m));
    assert_true(m == 0.5);
}

static void anything_else_is_refused_and_nothing_set(void **state)
{
    static const char *const times[] = {
        "",      "5",    "s",    "-1s", "1e3s", "1.2345s",
        "1..5s", "5 m ", "5sec", "1s2", " 1s",  "99999999999999999999d"};
    daf_sim_us t = 42;
    uint64_t n = 42;

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        assert_false(daf_units_time(times[i], &t));
    assert_int_equal(t, 42);
    assert_false(daf_units_bytes("50mb", &n));
    assert_false(daf_units_bytes("50MB/s", &n));
    assert_false(daf_units_speed("50", &n));
    assert_false(daf_units_bytes("4000000TB", &n));
    assert_false(daf_units_count("", 9, &n));
    assert_false(daf_units_count("10", 9, &n));
    assert_false(daf_units_count("99999999999999999999999", UINT64_MAX, &n));
    assert_int_equal(n, 42);
    assert_true(daf_units_count("9", 9, &n) && n == 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_have_a_unit),
        cmocka_unit_test(sizes_and_speeds_have_theirs),
        cmocka_unit_test(lengths_and_paces_have_theirs),
        cmocka_unit_test(anything_else_is_refused_and_nothing_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
