/* SPDX-License-Identifier: Apache-2.0 */

/* `daftar check` on damage, and what --repair makes of it. */

#include "tests/lib/t.h"

#include "node/cmd.h"
#include "tests/lib/homes.h"

#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DB "A/store/notebook.db"

static void run_sql(const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(daf_homes_in(DB), &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* A camp of one, with five activities of a learner. */
static void create(void)
{
    daf_homes_create("A");
    for (int i = 0; i < 5; i++)
        daf_homes_add("A", "Kite Example", "fractions");
}

static struct daf_ran check(const char *options)
{
    return daf_ran_words(options, "--home", daf_homes_in("A"), NULL);
}

static size_t activities(void)
{
    struct daf_ran r = check("progress show --json");

    daf_homes_ok(r);
    return daf_ran_lines(r.out);
}

/* The object that a check printed: its exit must be @code. */
static json_t *checked(const char *options, int code)
{
    struct daf_ran r = check(options);
    json_t *object = daf_ran_json(r.out, 0);

    assert_int_equal(r.code, code);
    assert_non_null(object);
    return object;
}

static bool flag(const json_t *object, const char *key)
{
    assert_non_null(json_object_get(object, key));
    return json_is_true(json_object_get(object, key));
}

static json_int_t number(const json_t *object, const char *key)
{
    assert_non_null(json_object_get(object, key));
    return json_integer_value(json_object_get(object, key));
}

static void expect_aside(const json_t *object, const char *name)
{
    char path[80];

    assert_string_equal(json_string_value(json_object_get(object, "aside")),
                        name);
    (void)snprintf(path, sizeof(path), "A/%s", name);
    assert_int_equal(access(daf_homes_in(path), F_OK), 0);
}

static void a_good_notebook_needs_no_repair(void **state)
{
    json_t *object;

    (void)state;
    create();
    object = checked("check --repair --json", DAF_EXIT_DONE);
    assert_true(flag(object, "ok"));
    assert_false(flag(object, "repaired"));
    assert_string_equal(json_string_value(json_object_get(object, "aside")),
                        "");
    json_decref(object);
    daf_homes_ok(check("check --repair"));
}

static void damage_that_lost_nothing_is_mended_and_forgotten(void **state)
{
    json_t *object, *bad;
    struct daf_ran r;
    json_int_t records, logs;

    (void)state;
    create();
    object = checked("check --json", DAF_EXIT_DONE);
    records = number(object, "records");
    json_decref(object);
    r = check("digest --json");
    logs = daf_homes_number(r.out, 0, "logs");
    run_sql("DELETE FROM frontier");

    object = checked("check --json", DAF_EXIT_PARTLY);
    assert_false(flag(object, "ok"));
    bad = json_array_get(json_object_get(object, "bad"), 0);
    assert_string_equal(json_string_value(json_object_get(bad, "what")),
                        "frontier");
    assert_non_null(
        strstr(json_string_value(json_object_get(bad, "where")), "seq"));
    json_decref(object);
    r = check("check");
    assert_int_equal(r.code, DAF_EXIT_PARTLY);
    assert_non_null(strstr(r.out, "daftar check --repair"));

    object = checked("check --repair --json", DAF_EXIT_DONE);
    assert_true(flag(object, "ok") && flag(object, "repaired"));
    assert_false(flag(object, "new_start"));
    assert_int_equal(number(object, "records"), records);
    assert_int_equal(number(object, "absent"), 0);
    assert_true(json_array_size(json_object_get(object, "bad")) > 0);
    expect_aside(object, "store/notebook.damaged-1");
    json_decref(object);

    daf_homes_ok(check("check"));
    daf_homes_add("A", "Kite Example", "fractions");
    assert_int_equal(activities(), 6);
    r = check("digest --json");
    assert_int_equal(daf_homes_number(r.out, 0, "logs"), logs);
}

/* The log goes on in a new incarnation, once. */
static void a_lost_record_is_told_and_its_log_ended(void **state)
{
    json_t *object;
    struct daf_ran r;
    size_t before, after;

    (void)state;
    create();
    run_sql(
        "DELETE FROM header WHERE seq=3 AND log=(SELECT max(log) FROM log)");
    r = check("check --repair");
    assert_int_equal(r.code, DAF_EXIT_PARTLY);
    assert_non_null(strstr(r.out, "store/notebook.damaged-1"));
    assert_non_null(strstr(r.out, "goes on in a new log"));
    object = checked("check --repair --json", DAF_EXIT_PARTLY);
    assert_true(flag(object, "ok") && flag(object, "new_start"));
    assert_false(flag(object, "repaired"));
    json_decref(object);

    before = activities();
    daf_homes_add("A", "Kite Example", "fractions");
    daf_homes_add("A", "Kite Example", "fractions");
    after = activities();
    assert_int_equal(after, before + 2);
    object = checked("check --repair --json", DAF_EXIT_DONE);
    assert_false(flag(object, "new_start"));
    json_decref(object);
}

static void a_file_that_is_no_database_any_more_is_read_by_hand(void **state)
{
    size_t len;
    uint8_t *bytes;
    struct daf_ran r;
    json_t *object;

    (void)state;
    create();
    bytes = daf_homes_slurp(daf_homes_in(DB), &len);
    memset(bytes, 0x55, 4096);
    daf_homes_spill(daf_homes_in(DB), bytes, len);
    free(bytes);
    r = check("digest");
    assert_int_equal(r.code, DAF_EXIT_FAILED);
    assert_non_null(strstr(r.err, "daftar check --repair"));
    r = daf_ran("progress", "add", "--learner", "a", "--item", "x", "--home",
                daf_homes_in("A"), NULL);
    assert_int_equal(r.code, DAF_EXIT_FAILED);
    assert_non_null(strstr(r.err, "daftar check --repair"));
    object = checked("check --repair --json", DAF_EXIT_PARTLY);
    assert_true(flag(object, "ok") && flag(object, "repaired"));
    assert_true(flag(object, "new_start"));
    assert_int_equal(number(object, "absent"), 0);
    json_decref(object);
    assert_int_equal(activities(), 5);
}

static void a_home_in_use_is_not_repaired(void **state)
{
    struct daf_home home;
    struct daf_ran r;

    (void)state;
    create();
    run_sql("DELETE FROM frontier");
    assert_int_equal(daf_home_load(daf_homes_in("A"), true, &home, NULL),
                     DAF_OK);
    assert_int_equal(daf_home_lock(&home, NULL), DAF_OK);
    r = check("check --repair");
    assert_int_equal(r.code, DAF_EXIT_LATER);
    assert_non_null(strstr(r.err, "stop the daemon"));
    daf_home_unload(&home);
    assert_int_equal(access(daf_homes_in("A/store/notebook.damaged-1"), F_OK),
                     -1);
    r = check("check --repair");
    assert_int_equal(r.code, DAF_EXIT_DONE);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define T(name) \
    cmocka_unit_test_setup_teardown(name, daf_homes_setup, daf_homes_teardown)
        T(a_good_notebook_needs_no_repair),
        T(damage_that_lost_nothing_is_mended_and_forgotten),
        T(a_lost_record_is_told_and_its_log_ended),
        T(a_file_that_is_no_database_any_more_is_read_by_hand),
        T(a_home_in_use_is_not_repaired),
#undef T
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
