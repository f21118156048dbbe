/* SPDX-License-Identifier: Apache-2.0 */
/* daftar erase, on homes without a daemon. */
#include "tests/lib/t.h"

#include "node/cmd.h"
#include "tests/lib/homes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct daf_ran erase(const char *home, const char *who)
{
    return daf_ran_words("erase --yes --json --home", daf_homes_in(home), who,
                         NULL);
}

static struct daf_ran show(const char *home)
{
    return daf_ran_words("progress show --json --home", daf_homes_in(home),
                         NULL);
}

/* The only string of a list of line 0, in a room that lasts until the next call. */
static const char *first_of(const char *out, const char *key)
{
    static char room[80];
    json_t *line = daf_ran_json(out, 0);
    const char *text =
        json_string_value(json_array_get(json_object_get(line, key), 0));

    assert_non_null(text);
    (void)snprintf(room, sizeof(room), "%s", text);
    json_decref(line);
    return room;
}

static void all_about_her_goes(void **state)
{
    struct daf_ran r;

    (void)state;
    daf_homes_create("A");
    daf_homes_add("A", "Lantern Example", "letters");
    daf_homes_add("A", "Lantern Example", "numbers");
    daf_homes_add("A", "Kite Example", "letters");
    r = daf_ran_words("erase --dry-run --json --home", daf_homes_in("A"),
                      "Lantern Example", NULL);
    daf_homes_ok(r);
    assert_int_equal(daf_homes_number(r.out, 0, "records"), 3);
    assert_int_equal(daf_homes_number(r.out, 0, "registrations"), 1);
    assert_int_equal(daf_homes_number(r.out, 0, "acts_left"), 50);
    assert_int_equal(daf_ran_lines(show("A").out), 3);
    r = erase("A", "Lantern Example");
    daf_homes_ok(r);
    assert_int_equal(daf_homes_number(r.out, 0, "records"), 3);
    assert_int_equal(daf_homes_number(r.out, 0, "acts_left"), 49);
    assert_int_equal(strlen(first_of(r.out, "written")), 64);
    r = show("A");
    daf_homes_ok(r);
    assert_int_equal(daf_ran_lines(r.out), 1);
    assert_null(strstr(r.out, "Lantern"));
    daf_homes_ok(daf_ran_words("check --home", daf_homes_in("A"), NULL));
    /* Nobody has that name any more; written by name she is somebody new. */
    r = erase("A", "Lantern Example");
    assert_int_equal(r.code, DAF_EXIT_FAILED);
    daf_homes_add("A", "Lantern Example", "shapes");
    assert_int_equal(daf_ran_lines(show("A").out), 2);
}

static void by_handle_also_of_whom_nobody_here_knows(void **state)
{
    struct daf_ran r;
    char handle[80];

    (void)state;
    daf_homes_create("A");
    daf_homes_add("A", "Lantern Example", "letters");
    r = daf_ran_words("erase --dry-run --json --home", daf_homes_in("A"),
                      "Lantern Example", NULL);
    daf_homes_ok(r);
    (void)snprintf(handle, sizeof(handle), "%s", first_of(r.out, "handles"));
    r = daf_ran_words("erase --yes --json --home", daf_homes_in("A"),
                      "--handle", handle, NULL);
    daf_homes_ok(r);
    assert_int_equal(daf_homes_number(r.out, 0, "records"), 2);
    assert_int_equal(daf_ran_lines(show("A").out), 0);
    /* Again: nothing is written, no act is used. */
    r = daf_ran_words("erase --yes --json --home", daf_homes_in("A"),
                      "--handle", handle, NULL);
    daf_homes_ok(r);
    assert_int_equal(daf_homes_number(r.out, 0, "acts_left"), 49);
    r = daf_ran_words("erase --yes --json --home", daf_homes_in("A"),
                      "--handle", "00112233445566778899aabbccddeeff", NULL);
    daf_homes_ok(r);
    assert_int_equal(daf_homes_number(r.out, 0, "records"), 0);
    assert_int_equal(daf_homes_number(r.out, 0, "acts_left"), 48);
}

static void an_erasure_is_listed_with_who_has_not_heard(void **state)
{
    json_t *line;
    struct daf_ran r;

    (void)state;
    daf_homes_create("A");
    daf_homes_enrol("B", "A");
    daf_homes_add("A", "Lantern Example", "letters");
    assert_int_equal(daf_ran_lines(daf_ran_words("erasures --json --home",
                                                 daf_homes_in("A"), NULL)
                                       .out),
                     0);
    daf_homes_ok(erase("A", "Lantern Example"));
    r = daf_ran_words("erasures --json --home", daf_homes_in("A"), NULL);
    daf_homes_ok(r);
    assert_int_equal(daf_ran_lines(r.out), 1);
    assert_int_equal(daf_homes_number(r.out, 0, "handles"), 1);
    /* Without a daemon nothing is said. */
    assert_int_equal(daf_homes_number(r.out, 0, "receipts"), 0);
    assert_int_equal(daf_homes_number(r.out, 0, "of"), 2);
    line = daf_ran_json(r.out, 0);
    assert_int_equal(json_array_size(json_object_get(line, "missing")), 2);
    json_decref(line);
    r = daf_ran_words("erasures --home", daf_homes_in("A"), NULL);
    daf_homes_ok(r);
    assert_non_null(strstr(r.out, "applied on 0 of 2 devices (0 %)"));
}

static void what_cannot_be_is_said(void **state)
{
    struct daf_ran r;

    (void)state;
    daf_homes_create("A");
    daf_homes_enrol("B", "A");
    daf_homes_add("B", "Lantern Example", "letters");
    r = erase("B", "Lantern Example");
    assert_int_equal(r.code, DAF_EXIT_DENIED);
    assert_non_null(strstr(r.out, "only coordinators erase"));
    r = erase("A", "Nobody Example");
    assert_int_equal(r.code, DAF_EXIT_FAILED);
    r = daf_ran_words("erase --yes --home", daf_homes_in("A"), NULL);
    assert_int_equal(r.code, DAF_EXIT_USAGE);
    r = daf_ran_words("erase --yes --home", daf_homes_in("A"), "--handle",
                      "0011", NULL);
    assert_int_equal(r.code, DAF_EXIT_USAGE);
    daf_homes_add("A", "Kite Example", "letters");
    r = daf_ran_words("erase --home", daf_homes_in("A"), "Kite Example", NULL);
    assert_int_equal(r.code, DAF_EXIT_USAGE);
    assert_int_equal(daf_ran_lines(show("A").out), 1);
}

#define T(f) \
    cmocka_unit_test_setup_teardown(f, daf_homes_setup, daf_homes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(all_about_her_goes),
        T(by_handle_also_of_whom_nobody_here_knows),
        T(an_erasure_is_listed_with_who_has_not_heard),
        T(what_cannot_be_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
