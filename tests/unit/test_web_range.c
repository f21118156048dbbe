/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/web_range.h"

static void expect(const char *header, uint64_t size, struct daf_web_range want)
{
    struct daf_web_range got = daf_web_range(header, size);

    if (got.kind != want.kind ||
        (want.kind == DAF_WEB_RANGE_PART &&
         (got.first != want.first || got.last != want.last)))
        fail_msg("\"%s\" of %llu: kind %d, %llu to %llu",
                 header != NULL ? header : "(none)", (unsigned long long)size,
                 got.kind, (unsigned long long)got.first,
                 (unsigned long long)got.last);
}

#define PART(a, b) ((struct daf_web_range){DAF_WEB_RANGE_PART, a, b})
#define WHOLE      ((struct daf_web_range){DAF_WEB_RANGE_WHOLE, 0, 0})
#define NONE       ((struct daf_web_range){DAF_WEB_RANGE_NONE, 0, 0})

static void a_stretch_is_given_as_asked(void **state)
{
    (void)state;
    expect("bytes=0-0", 100, PART(0, 0));
    expect("bytes=10-19", 100, PART(10, 19));
    expect("bytes=99-99", 100, PART(99, 99));
    expect("bytes=007-010", 100, PART(7, 10));
    expect("BYTES=1-2", 100, PART(1, 2));
}

static void an_open_end_is_the_file_s_end(void **state)
{
    (void)state;
    expect("bytes=0-", 100, PART(0, 99));
    expect("bytes=99-", 100, PART(99, 99));
    expect("bytes=0-", 1, PART(0, 0));
    expect("bytes=50-200", 100, PART(50, 99));
    expect("bytes=50-99999999999999999999999", 100, PART(50, 99));
}

static void a_suffix_is_the_last_bytes(void **state)
{
    (void)state;
    expect("bytes=-1", 100, PART(99, 99));
    expect("bytes=-50", 100, PART(50, 99));
    expect("bytes=-100", 100, PART(0, 99));
    /* Longer than the file: this one once crashed a parser with a sign in it. */
    expect("bytes=-50", 20, PART(0, 19));
    expect("bytes=-18446744073709551616", 20, PART(0, 19));
}

static void what_is_not_in_the_file_cannot_be_had(void **state)
{
    (void)state;
    expect("bytes=100-", 100, NONE);
    expect("bytes=100-200", 100, NONE);
    expect("bytes=18446744073709551615-", 100, NONE);
    expect("bytes=99999999999999999999-", 100, NONE);
    expect("bytes=-0", 100, NONE);
    expect("bytes=0-", 0, NONE);
    expect("bytes=0-0", 0, NONE);
    expect("bytes=-1", 0, NONE);
}

static void several_are_answered_with_the_whole(void **state)
{
    (void)state;
    expect("bytes=0-1,5-6", 100, WHOLE);
    expect("bytes=0-1, -1", 100, WHOLE);
    expect("bytes=0-,", 100, WHOLE);
}

static void what_is_no_range_is_ignored(void **state)
{
    static const char *const wrong[] = {
        "",          "bytes",      "bytes=",      "bytes=-",    "bytes=--5",
        "bytes=--",  "bytes=a-b",  "bytes=5-2",   "bytes=1",    "bytes=-1-2",
        "bytes=+1-", "bytes= 1-2", "bytes=1-2 ",  "bytes=1 -2", "bytes=0x1-2",
        "bits=1-2",  "items=0-5",  "bytes=1-2\r", "-50",        "bytes:1-2",
    };

    (void)state;
    expect(NULL, 100, WHOLE);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        expect(wrong[i], 100, WHOLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stretch_is_given_as_asked),
        cmocka_unit_test(an_open_end_is_the_file_s_end),
        cmocka_unit_test(a_suffix_is_the_last_bytes),
        cmocka_unit_test(what_is_not_in_the_file_cannot_be_had),
        cmocka_unit_test(several_are_answered_with_the_whole),
        cmocka_unit_test(what_is_no_range_is_ignored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
