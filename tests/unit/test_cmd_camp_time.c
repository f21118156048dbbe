/* SPDX-License-Identifier: Apache-2.0 */
/* daftar camp clock and daftar camp beacon, on homes without a daemon. */
#include "tests/lib/t.h"

#include "node/cmd.h"
#include "tests/lib/homes.h"

#include <stdio.h>

#define DAY_2026 1772359200000 /* 2026-03-01T10:00:00Z */

static char device[33]; /* A, a coordinator */

/* What A's one learner did, as `progress show --json` says it. */
static json_int_t shown(const char *key)
{
    struct daf_ran r =
        daf_ran_words("progress show --json --home", daf_homes_in("A"), NULL);

    daf_homes_ok(r);
    return daf_homes_number(r.out, 0, key);
}

static void make(void)
{
    struct daf_ran r;
    json_t *line;

    daf_homes_create("A");
    daf_homes_add("A", "Kite Example", "maths/1");
    r = daf_ran_words("devices --json --home", daf_homes_in("A"), NULL);
    line = daf_ran_json(r.out, 0);
    (void)snprintf(device, sizeof(device), "%s",
                   json_string_value(json_object_get(line, "author")));
    json_decref(line);
}

/* @home says that when A's clock said what it did it was @real. */
static struct daf_ran say(const char *home, json_int_t boot,
                          const char *claimed, const char *real)
{
    char number[24];

    (void)snprintf(number, sizeof(number), "%lld", (long long)boot);
    return daf_ran_words("camp clock --json --home", daf_homes_in(home), device,
                         "--boot", number, "--claimed", claimed, "--real", real,
                         NULL);
}

static void a_day_is_shown_as_a_coordinator_has_it(void **state)
{
    char claimed[24];
    json_int_t boot, was;
    struct daf_ran r;

    (void)state;
    make();
    boot = shown("boot");
    was = shown("claimed_ms");
    assert_true(shown("shown_ms") == was);
    (void)snprintf(claimed, sizeof(claimed), "%lld", (long long)was);
    r = say("A", boot, claimed, "2026-03-01T13:30:00+03:30");
    daf_homes_ok(r);
    assert_int_equal(daf_homes_number(r.out, 0, "replaced"), 0);
    assert_true(shown("shown_ms") == DAY_2026);
    assert_true(shown("claimed_ms") == was);
    r = say("A", boot, claimed, "1772359201000");
    daf_homes_ok(r);
    assert_int_equal(daf_homes_number(r.out, 0, "replaced"), 1);
    assert_true(shown("shown_ms") == DAY_2026 + 1000);
    daf_homes_ok(say("A", boot + 1, claimed, "0")); /* another start */
    assert_true(shown("shown_ms") == DAY_2026 + 1000);
    daf_homes_ok(say("A", boot, claimed, "1969-12-31T22:30:05.25-01:30"));
    assert_true(shown("shown_ms") == 5000);
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const odd[] = {
        "",
        "yesterday",
        "2026-03-01",
        "2026-03-01T10:00:00",
        "2026-03-01T10:00:00+3",
        "2026-03-01T10:00:00+03:30x",
        "2026-03-01T10:00:00Zx",
        "1969-12-31T23:59:59Z",
        "-1",
        "99999999999999999999",
    };

    (void)state;
    make();
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        assert_int_equal(say("A", 1, "0", odd[i]).code, DAF_EXIT_USAGE);
    (void)memcpy(device, "00000000", 9);
    assert_int_equal(say("A", 1, "0", "0").code, DAF_EXIT_FAILED);
}

static struct daf_ran beacon(const char *home, const char *week)
{
    return daf_ran_words("camp beacon --json --home", daf_homes_in(home),
                         week != NULL ? "--week" : NULL, week, NULL);
}

static void a_camp_of_one_coordinator_has_its_beacon(void **state)
{
    struct daf_ran r;
    json_t *line;

    (void)state;
    make();
    r = beacon("A", "2930");
    daf_homes_ok(r);
    assert_int_equal(daf_homes_number(r.out, 0, "beacon"), 2930);
    line = daf_ran_json(r.out, 0);
    assert_true(json_is_true(json_object_get(line, "counts")));
    json_decref(line);
    daf_homes_ok(beacon("A", NULL)); /* its clock's */
    assert_int_equal(beacon("A", "2608").code, DAF_EXIT_USAGE);
    assert_int_equal(beacon("A", "4226").code, DAF_EXIT_USAGE);
    assert_int_equal(beacon("A", "soon").code, DAF_EXIT_USAGE);
}

static void only_coordinators_say_what_time_it_is(void **state)
{
    (void)state;
    make();
    daf_homes_enrol("B", "A");
    assert_int_equal(say("B", 1, "0", "0").code, DAF_EXIT_DENIED);
    assert_int_equal(beacon("B", "2930").code, DAF_EXIT_DENIED);
}

#define T(f) \
    cmocka_unit_test_setup_teardown(f, daf_homes_setup, daf_homes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_day_is_shown_as_a_coordinator_has_it),
        T(what_is_no_time_is_refused),
        T(a_camp_of_one_coordinator_has_its_beacon),
        T(only_coordinators_say_what_time_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
