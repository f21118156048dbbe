/* SPDX-License-Identifier: Apache-2.0 */
/* daftar devices and daftar revoke, on homes without a daemon. */
#include "tests/lib/t.h"

#include "node/cmd.h"
#include "proto/frame.h"
#include "proto/hash.h"
#include "tests/lib/hex.h"
#include "tests/lib/homes.h"
#include "tests/lib/made.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A field of line @line, in a room that lasts until the fourth call after. */
static const char *text_of(const char *out, size_t line, const char *key)
{
    static char rooms[4][80];
    static unsigned next;
    char *room = rooms[next++ % 4];
    json_t *object = daf_ran_json(out, line);
    const char *text = json_string_value(json_object_get(object, key));

    assert_non_null(text);
    (void)snprintf(room, sizeof(rooms[0]), "%s", text);
    json_decref(object);
    return room;
}

static bool is_true(const char *out, size_t line, const char *key)
{
    json_t *object = daf_ran_json(out, line);
    bool is = json_is_true(json_object_get(object, key));

    json_decref(object);
    return is;
}

/* The author of the one device of @home's camp that is no coordinator. */
static void find_device(const char *home, char out[33])
{
    struct daf_ran r =
        daf_ran_words("devices --json --home", daf_homes_in(home), NULL);

    daf_homes_ok(r);
    (void)snprintf(out, 33, "%s", text_of(r.out, 1, "author"));
}

static struct daf_ran revoke(const char *home, const char *who)
{
    return daf_ran_words("revoke --yes --json --reason stolen --home",
                         daf_homes_in(home), who, NULL);
}

/* ---- devices */

static void devices_are_listed_with_what_they_may(void **state)
{
    struct daf_ran r;
    json_t *line, *rights;
    char a[33];

    (void)state;
    daf_homes_create("A");
    daf_homes_enrol("B", "A");
    r = daf_ran_words("devices --json --home", daf_homes_in("B"), NULL);
    daf_homes_ok(r);
    assert_int_equal(daf_ran_lines(r.out), 2);
    assert_string_equal(text_of(r.out, 0, "role"), "coordinator");
    (void)snprintf(a, sizeof(a), "%s", text_of(r.out, 0, "author"));
    line = daf_ran_json(r.out, 0);
    assert_true(json_is_null(json_object_get(line, "issuer")));
    json_decref(line);
    assert_string_equal(text_of(r.out, 1, "role"), "device");
    assert_string_equal(text_of(r.out, 1, "issuer"), a);
    assert_false(is_true(r.out, 1, "revoked"));
    line = daf_ran_json(r.out, 1);
    rights = json_object_get(line, "rights");
    assert_int_equal(json_object_size(rights), 4);
    assert_string_equal(json_string_value(json_object_get(rights, "class:1")),
                        "append");
    json_decref(line);
    r = daf_ran_words("devices --home", daf_homes_in("B"), NULL);
    daf_homes_ok(r);
    assert_non_null(strstr(r.out, a));
    assert_non_null(strstr(r.out, "class:1 append"));
    assert_null(strstr(r.out, "REVOKED"));
}

/* ---- revoke */

static void a_device_is_revoked_once(void **state)
{
    struct daf_ran r;
    char who[33], record[80];

    (void)state;
    daf_homes_create("A");
    daf_homes_enrol("B", "A");
    find_device("A", who);
    r = revoke("A", who);
    daf_homes_ok(r);
    assert_string_equal(text_of(r.out, 0, "author"), who);
    assert_string_equal(text_of(r.out, 0, "reason"), "stolen");
    assert_int_equal(daf_homes_number(r.out, 0, "records"), 1);
    assert_int_equal(daf_homes_number(r.out, 0, "acts_left"), 49);
    assert_int_equal(daf_homes_number(r.out, 0, "logs_left_out"), 0);
    (void)snprintf(record, sizeof(record), "%s", text_of(r.out, 0, "record"));
    r = daf_ran_words("devices --json --home", daf_homes_in("A"), NULL);
    assert_true(is_true(r.out, 1, "revoked"));
    /* Again, by its first digits: nothing new is written. */
    who[8] = '\0';
    r = daf_ran_words("revoke --json --home", daf_homes_in("A"), who, NULL);
    daf_homes_ok(r);
    assert_int_equal(daf_homes_number(r.out, 0, "records"), 0);
    assert_string_equal(text_of(r.out, 0, "record"), record);
    assert_string_equal(text_of(r.out, 0, "reason"), "stolen");
    assert_int_equal(daf_homes_number(r.out, 0, "acts_left"), 49);
    r = daf_ran_words("revoke --home", daf_homes_in("A"), who, NULL);
    daf_homes_ok(r);
    assert_non_null(strstr(r.out, "already"));
    /* As read out and typed in capitals. */
    for (char *c = who; *c != '\0'; c++)
        if (*c >= 'a') *c = (char)(*c - 'a' + 'A');
    r = daf_ran_words("revoke --json --home", daf_homes_in("A"), who, NULL);
    daf_homes_ok(r);
    assert_string_equal(text_of(r.out, 0, "record"), record);
    /* It cannot be enrolled again. */
    r = daf_ran_words("enrol sign --home", daf_homes_in("A"), daf_homes_in("r"),
                      NULL);
    assert_int_equal(r.code, DAF_EXIT_DENIED);
    assert_non_null(strstr(r.err, "new home"));
}

static void fails(enum daf_exit code, const char *words, const char *home,
                  const char *who)
{
    struct daf_ran r =
        daf_ran("revoke", who, "--yes", "--home", daf_homes_in(home), NULL);

    assert_int_equal(r.code, code);
    assert_string_equal(r.out, "");
    assert_non_null(strstr(r.err, words));
}

static void what_cannot_be_revoked_is_said(void **state)
{
    struct daf_ran r;
    char who[33], own[33];

    (void)state;
    daf_homes_create("A");
    daf_homes_enrol("B", "A");
    find_device("A", who);
    r = daf_ran_words("devices --json --home", daf_homes_in("A"), NULL);
    (void)snprintf(own, sizeof(own), "%s", text_of(r.out, 0, "author"));
    fails(DAF_EXIT_DENIED, "only coordinators", "B", who);
    fails(DAF_EXIT_DENIED, "next manifest", "A", own);
    fails(DAF_EXIT_FAILED, "daftar devices", "A", "0123456789");
    fails(DAF_EXIT_USAGE, "8 to 32", "A", "0123456");
    fails(DAF_EXIT_USAGE, "8 to 32", "A", "0123456x");
    r = daf_ran("revoke", who, "--yes", "--reason", "late", "--home",
                daf_homes_in("A"), NULL);
    assert_int_equal(r.code, DAF_EXIT_USAGE);
    /* Nobody to ask, and nobody said yes. */
    r = daf_ran("revoke", who, "--home", daf_homes_in("A"), NULL);
    assert_int_equal(r.code, DAF_EXIT_USAGE);
    assert_non_null(strstr(r.err, "--yes"));
    r = daf_ran_words("devices --json --home", daf_homes_in("A"), NULL);
    assert_false(is_true(r.out, 1, "revoked"));
}

/* ---- what a revocation names */

/* @logs logs of the device of @home, of @tips tips each, in @coordinator's
 * notebook. */
static void forge_logs(const char *home, const char *coordinator, size_t logs,
                       size_t tips)
{
    struct daf_trouble t;
    struct daf_home own;
    struct daf_manifest m;
    struct daf_store *store;
    char dir[600];

    assert_int_equal(daf_home_load(daf_homes_in(home), true, &own, &t), DAF_OK);
    assert_int_equal(daf_manifest_decode((struct daf_view){own.manifest,
                                                           own.manifest_len},
                                         &m),
                     DAF_OK);
    (void)snprintf(dir, sizeof(dir), "%s/store", daf_homes_in(coordinator));
    store = daf_made_open(dir, DAF_STORE_WRITER);
    assert_int_equal(daf_store_begin(store), DAF_OK);
    for (size_t i = 0; i < logs * tips; i++) {
        struct daf_record r = {.seq = 1, .claimed_ms = i, .body_len = 64};
        uint8_t header[DAF_HEADER_BYTES_MAX];
        enum daf_put put;
        size_t len;

        r.log.scope = daf_hash_scope_id(&m.camp, "class:1");
        r.log.author = daf_hash_author_id(&own.keys.sign);
        r.log.incarnation = i / tips;
        len = daf_record_sign(&r, &own.secrets.sign, header);
        assert_int_equal(daf_store_put(store, &r,
                                       (struct daf_view){header, len},
                                       DAF_BODY_ABSENT,
                                       (struct daf_view){NULL, 0}, &put),
                         DAF_OK);
        assert_int_equal(put, DAF_PUT_NEW);
    }
    assert_int_equal(daf_store_commit(store), DAF_OK);
    daf_store_close(store);
    daf_home_unload(&own);
}

struct seen {
    size_t records, logs, tips;
};

static bool see(void *ctx, const struct daf_row *row)
{
    struct seen *s = ctx;
    struct daf_revocation r;
    struct daf_revoked_log log;
    struct daf_body body;

    if (daf_body_decode(row->stored.body, &body) != DAF_OK ||
        daf_payload_revocation(body.content, &r) != DAF_OK)
        return true;
    s->records++;
    s->logs += r.logs_count;
    for (size_t i = 0; i < r.logs_count; i++) {
        daf_payload_revoked_log(&r, i, &log);
        s->tips += log.tips_count;
    }
    assert_true(row->stored.header.len + row->stored.body.len <=
                DAF_REVOKED_BYTES_MAX);
    return true;
}

static struct seen seen_in(const char *home)
{
    struct daf_trouble t;
    struct seen s = {0, 0, 0};
    struct daf_home own;
    struct daf_manifest m;
    struct daf_store *store;
    struct daf_scope_id control;
    char dir[600];

    assert_int_equal(daf_home_load(daf_homes_in(home), true, &own, &t), DAF_OK);
    assert_int_equal(daf_manifest_decode((struct daf_view){own.manifest,
                                                           own.manifest_len},
                                         &m),
                     DAF_OK);
    control = daf_hash_scope_id(&m.camp, "control");
    (void)snprintf(dir, sizeof(dir), "%s/store", daf_homes_in(home));
    store = daf_made_open(dir, DAF_STORE_READER);
    assert_int_equal(daf_store_scan(store, &control, -1, see, &s), DAF_OK);
    daf_store_close(store);
    daf_home_unload(&own);
    return s;
}

static void the_tips_that_are_known_are_named(void **state)
{
    struct daf_ran r;
    struct seen s;
    char who[33];

    (void)state;
    daf_homes_create("A");
    daf_homes_enrol("B", "A");
    find_device("A", who);
    forge_logs("B", "A", 2, 3);
    r = revoke("A", who);
    daf_homes_ok(r);
    s = seen_in("A");
    assert_int_equal(s.records, 1);
    assert_int_equal(s.logs, 2);
    assert_int_equal(s.tips, 6);
}

/* Each record fits a door frame, all are one act, and there is an end to it. */
static void many_logs_are_named_in_several_records(void **state)
{
    struct daf_ran r;
    struct seen s;
    char who[33];

    (void)state;
    daf_homes_create("A");
    daf_homes_enrol("B", "A");
    find_device("A", who);
    forge_logs("B", "A", DAF_INCARNATIONS_MAX, 30);
    r = revoke("A", who);
    daf_homes_ok(r);
    assert_int_equal(daf_homes_number(r.out, 0, "records"), 16);
    assert_int_equal(daf_homes_number(r.out, 0, "acts_left"), 49);
    s = seen_in("A");
    assert_int_equal(s.records, 16);
    assert_int_equal(s.tips, 30 * s.logs);
    assert_int_equal(daf_homes_number(r.out, 0, "logs_left_out"),
                     DAF_INCARNATIONS_MAX - s.logs);
    assert_in_range(s.logs, 48, DAF_INCARNATIONS_MAX - 1);
}

/* ---- the number of acts */

static void fifty_devices_and_no_more(void **state)
{
    struct daf_ran r;

    (void)state;
    daf_homes_create("A");
    for (int i = 0; i < 51; i++) {
        char home[16], who[33] = "";
        size_t line = 0;

        (void)snprintf(home, sizeof(home), "B%d", i);
        daf_homes_request(home, "r");
        daf_homes_ok(daf_ran("enrol", "sign", daf_homes_in("r"), "--home",
                             daf_homes_in("A"), NULL));
        r = daf_ran_words("devices --json --home", daf_homes_in("A"), NULL);
        while (is_true(r.out, line, "revoked") || line == 0)
            line++;
        (void)snprintf(who, sizeof(who), "%s", text_of(r.out, line, "author"));
        r = revoke("A", who);
        if (i == 50) break;
        daf_homes_ok(r);
        assert_int_equal(daf_homes_number(r.out, 0, "acts_left"), 49 - i);
    }
    assert_int_equal(r.code, DAF_EXIT_FAILED);
    assert_non_null(strstr(r.out, "another coordinator"));
}

#define T(f) \
    cmocka_unit_test_setup_teardown(f, daf_homes_setup, daf_homes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(devices_are_listed_with_what_they_may),
        T(a_device_is_revoked_once),
        T(what_cannot_be_revoked_is_said),
        T(the_tips_that_are_known_are_named),
        T(many_logs_are_named_in_several_records),
        T(fifty_devices_and_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
