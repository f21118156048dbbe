/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/size.h"

#include <string.h>

static void expect(const char *text, uint64_t bytes)
{
    uint64_t got = 1;

    if (!daf_size_parse(text, &got)) fail_msg("'%s' is a size", text);
    assert_true(got == bytes);
}

static void expect_none(const char *text)
{
    uint64_t got = 17;

    if (daf_size_parse(text, &got)) fail_msg("'%s' is no size", text);
    assert_true(got == 17); /* untouched */
}

static void a_number_alone_is_bytes(void **state)
{
    (void)state;
    expect("0", 0);
    expect("4096", 4096);
    expect("007", 7);
    expect("17 B", 17);
    expect("17b", 17);
}

static void units_with_a_b_count_by_1000_and_with_an_i_by_1024(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } sizes[] = {
        {"3kB", 3000},
        {"3MB", 3000000},
        {"3GB", UINT64_C(3000000000)},
        {"3TB", UINT64_C(3000000000000)},
        {"3KiB", UINT64_C(3) << 10},
        {"3MiB", UINT64_C(3) << 20},
        {"3GiB", UINT64_C(3) << 30},
        {"3TiB", UINT64_C(3) << 40},
        {"3K", UINT64_C(3) << 10},
        {"3M", UINT64_C(3) << 20},
        {"3G", UINT64_C(3) << 30},
        {"3T", UINT64_C(3) << 40},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        expect(sizes[i].text, sizes[i].bytes);
    expect("300mb", 300000000); /* however it is typed */
    expect("2 gib", UINT64_C(2) << 30);
    expect("2   GiB", UINT64_C(2) << 30);
}

static void what_is_no_whole_number_and_a_unit_is_refused(void **state)
{
    static const char *const bad[] = {
        "",       " ",     "MB",    "-1",    "+1",  " 1",     "1.5GB",
        "1,5 GB", "1 PB",  "1 MBs", "1 M B", "1m2", "0x10",   "1e3",
        "1 MB ",  "1\tMB", "1MB\n", "12 12", "ten", "1 MiBB", "\xd9\xa3 MB",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        expect_none(bad[i]);
}

static void a_size_of_2_63_or_more_is_refused(void **state)
{
    (void)state;
    expect("8388607 TiB", UINT64_C(8388607) << 40);
    expect_none("8388608 TiB");
    expect("8589934591 GiB", UINT64_C(8589934591) << 30);
    expect_none("8589934592 GiB");
    expect("9223372036854775807", INT64_MAX);
    expect_none("9223372036854775808");
    expect_none("18446744073709551616"); /* 2^64 would be 0 */
    expect_none("18446744073709551617B");
    expect_none("99999999999999999999999999999999999999");
}

static void expect_text(uint64_t bytes, const char *want)
{
    char got[DAF_SIZE_TEXT_MAX];

    daf_size_text(bytes, got);
    assert_string_equal(got, want);
}

static void at_most_three_digits_are_said(void **state)
{
    (void)state;
    expect_text(0, "0 B");
    expect_text(17, "17 B");
    expect_text(999, "999 B");
    expect_text(1000, "1.0 kB");
    expect_text(1049, "1.0 kB");
    expect_text(1051, "1.1 kB");
    expect_text(9949, "9.9 kB");
    expect_text(9951, "10 kB");
    expect_text(312000, "312 kB");
    expect_text(999499, "999 kB");
    expect_text(999501, "1.0 MB"); /* not 1000 kB */
    expect_text(1500000, "1.5 MB");
    expect_text(64 * UINT64_C(1048576), "67 MB");
    expect_text(UINT64_C(20000000000), "20 GB");
    expect_text(UINT64_C(1) << 40, "1.1 TB");
    expect_text(INT64_MAX, "9223 PB"); /* there is no larger unit */
    expect_text(UINT64_MAX, "18447 PB");
}

static void what_is_said_is_about_what_it_is(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 50; bit++) {
        for (int off = -1; off <= 1; off++) {
            uint64_t bytes = (UINT64_C(1) << bit) + (uint64_t)(int64_t)off, got;
            char text[DAF_SIZE_TEXT_MAX], *dot;

            daf_size_text(bytes, text);
            assert_true(strlen(text) < 8);
            dot = strchr(text, '.');
            if (dot != NULL) continue; /* it is for people, not for us */
            assert_true(daf_size_parse(text, &got));
            /* Two digits at least are right: 5 % at most. */
            assert_true(got <= bytes + bytes / 20);
            assert_true(got + got / 20 + 1 >= bytes);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_alone_is_bytes),
        cmocka_unit_test(units_with_a_b_count_by_1000_and_with_an_i_by_1024),
        cmocka_unit_test(what_is_no_whole_number_and_a_unit_is_refused),
        cmocka_unit_test(a_size_of_2_63_or_more_is_refused),
        cmocka_unit_test(at_most_three_digits_are_said),
        cmocka_unit_test(what_is_said_is_about_what_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
