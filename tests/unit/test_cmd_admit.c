/* SPDX-License-Identifier: Apache-2.0 */
/* daftar admit, revocations and keys renew, on homes without a daemon; what would
 * come by sync is carried from notebook to notebook. */
#include "tests/lib/t.h"

#include "node/cmd.h"
#include "proto/hash.h"
#include "tests/lib/homes.h"
#include "tests/lib/made.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- between homes */

static struct daf_store *open_store(const char *home, enum daf_store_mode mode)
{
    char dir[600];

    (void)snprintf(dir, sizeof(dir), "%s/store", daf_homes_in(home));
    return daf_made_open(dir, mode);
}

static bool put_row(void *ctx, const struct daf_row *row)
{
    struct daf_record r;
    enum daf_put put;

    assert_int_equal(daf_record_decode(row->stored.header, &r), DAF_OK);
    assert_int_equal(daf_store_put(ctx, &r, row->stored.header,
                                   row->stored.body_state, row->stored.body,
                                   &put),
                     DAF_OK);
    return true;
}

/* All that @from holds, to @to. */
static void carry(const char *from, const char *to)
{
    struct daf_store *reader = open_store(from, DAF_STORE_READER);
    struct daf_store *writer = open_store(to, DAF_STORE_WRITER);
    struct daf_scope_id scopes[16];
    size_t count = daf_store_scopes(reader, scopes, 16);

    assert_int_equal(daf_store_begin(writer), DAF_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(daf_store_scan(reader, &scopes[i], -1, put_row,
                                        writer),
                         DAF_OK);
    assert_int_equal(daf_store_commit(writer), DAF_OK);
    daf_store_close(writer);
    daf_store_close(reader);
}

/* The author id of @home's own device. */
static void author_of(const char *home, char out[33])
{
    struct daf_author_id author;
    struct daf_trouble t;
    struct daf_home own;

    assert_int_equal(daf_home_load(daf_homes_in(home), true, &own, &t), DAF_OK);
    author = daf_hash_author_id(&own.keys.sign);
    (void)daf_cmd_hex_str(author.b, sizeof(author.b), out);
    daf_home_unload(&own);
}

static struct daf_ran revoke(const char *coordinator, const char *device)
{
    char who[33];

    author_of(device, who);
    return daf_ran_words("revoke --yes --json --home",
                         daf_homes_in(coordinator), who, NULL);
}

static struct daf_ran admit(const char *home, const char *device,
                            const char *option, const char *value)
{
    char who[33];

    author_of(device, who);
    return daf_ran_words("admit --json --home", daf_homes_in(home), who, option,
                         value, NULL);
}

/* ---- what is shown */

static struct daf_ran show(const char *home)
{
    return daf_ran_words("progress show --json --home", daf_homes_in(home),
                         NULL);
}

/* "yes" and "no" of key @key in each line about @item, as "yn"; "" if none is. */
static const char *told(const char *home, const char *item, const char *key)
{
    static char rooms[4][32];
    static unsigned next;
    struct daf_ran r = show(home);
    char *room = rooms[next++ % 4];
    size_t len = 0;

    if (r.code != DAF_EXIT_DONE) return "?";
    for (size_t i = 0; i < daf_ran_lines(r.out); i++) {
        json_t *line = daf_ran_json(r.out, i);

        if (strcmp(json_string_value(json_object_get(line, "item")), item) ==
                0 &&
            len < 31)
            room[len++] = json_is_true(json_object_get(line, key)) ? 'y' : 'n';
        json_decref(line);
    }
    room[len] = '\0';
    return room;
}

static const char *counted(const char *home, const char *item)
{
    return told(home, item, "confirmed");
}

/* The record of the one line about @item. */
static void record_of(const char *home, const char *item, char out[65])
{
    struct daf_ran r = show(home);

    out[0] = '\0';
    for (size_t i = 0; i < daf_ran_lines(r.out); i++) {
        json_t *line = daf_ran_json(r.out, i);

        if (strcmp(json_string_value(json_object_get(line, "item")), item) == 0)
            (void)snprintf(out, 65, "%s",
                           json_string_value(json_object_get(line, "record")));
        json_decref(line);
    }
    assert_int_equal(strlen(out), 64);
}

static json_int_t learners(const char *out, const char *begin)
{
    json_t *line = daf_ran_json(out, 0), *n;
    const char *name;
    json_int_t found = 0;

    json_object_foreach(json_object_get(line, "learners"), name, n)
    {
        if (strncmp(name, begin, strlen(begin)) == 0)
            found = json_integer_value(n);
    }
    json_decref(line);
    return found;
}

static void make_camp(void)
{
    daf_homes_create("A");
    daf_homes_enrol("B", "A");
    daf_homes_enrol("D", "A");
    daf_homes_add("B", "Kite", "known");
    carry("B", "A");
}

/* ---- admit */

static void what_came_since_counts_once_it_is_admitted(void **state)
{
    struct daf_ran r;

    (void)state;
    make_camp();
    daf_homes_ok(revoke("A", "B"));
    daf_homes_add("B", "Kite", "since");
    daf_homes_add("B", "Moon", "since");
    carry("B", "A");
    assert_string_equal(counted("A", "known"), "y");
    assert_string_equal(counted("A", "since"), "nn");
    r = daf_ran_words("progress show --home", daf_homes_in("A"), NULL);
    assert_non_null(strstr(r.out, "UNCONFIRMED"));
    r = daf_ran_words("revocations --json --home", daf_homes_in("A"), NULL);
    daf_homes_ok(r);
    assert_int_equal(daf_homes_number(r.out, 0, "confirmed"), 2);
    assert_int_equal(daf_homes_number(r.out, 0, "unconfirmed"), 3);
    assert_int_equal(daf_homes_number(r.out, 0, "named"), 1);
    r = admit("A", "B", "--dry-run", NULL);
    daf_homes_ok(r);
    assert_int_equal(daf_homes_number(r.out, 0, "confirms"), 3);
    assert_int_equal(daf_homes_number(r.out, 0, "records"), 0);
    assert_int_equal(learners(r.out, "Kite ("), 1);
    assert_int_equal(learners(r.out, "Moon ("), 1);
    assert_string_equal(counted("A", "since"), "nn");
    r = admit("A", "B", NULL, NULL);
    daf_homes_ok(r);
    assert_int_equal(daf_homes_number(r.out, 0, "records"), 1);
    assert_int_equal(daf_homes_number(r.out, 0, "tips"), 1);
    assert_string_equal(counted("A", "since"), "yy");
    /* Later work does not; admitting again adds up. */
    daf_homes_add("B", "Kite", "later");
    carry("B", "A");
    carry("A", "D");
    assert_string_equal(counted("D", "since"), "yy");
    assert_string_equal(counted("D", "later"), "n");
    daf_homes_ok(admit("A", "B", NULL, NULL));
    r = admit("A", "B", NULL, NULL);
    daf_homes_ok(r);
    assert_int_equal(daf_homes_number(r.out, 0, "records"), 0);
    carry("A", "D");
    assert_string_equal(counted("D", "later"), "y");
}

static void a_person_may_name_less(void **state)
{
    struct daf_ran r;
    char two[65], known[65];

    (void)state;
    make_camp();
    daf_homes_ok(revoke("A", "B"));
    daf_homes_add("B", "Kite", "one");
    daf_homes_add("B", "Kite", "two");
    daf_homes_add("B", "Kite", "three");
    carry("B", "A");
    record_of("A", "two", two);
    record_of("A", "known", known);
    r = admit("A", "B", "--tip", two);
    daf_homes_ok(r);
    assert_int_equal(daf_homes_number(r.out, 0, "confirms"), 2);
    assert_int_equal(daf_homes_number(r.out, 0, "unconfirmed"), 1);
    assert_string_equal(counted("A", "one"), "y");
    assert_string_equal(counted("A", "two"), "y");
    assert_string_equal(counted("A", "three"), "n");
    /* What counts already, and what is no record. */
    assert_int_equal(admit("A", "B", "--tip", known).code, DAF_EXIT_FAILED);
    assert_int_equal(admit("A", "B", "--tip", "12").code, DAF_EXIT_USAGE);
    assert_int_equal(admit("A", "B", "--log", "12").code, DAF_EXIT_USAGE);
    r = admit("A", "B", "--log", "0000000000000000");
    daf_homes_ok(r);
    assert_int_equal(daf_homes_number(r.out, 0, "confirms"), 0);
    assert_string_equal(counted("A", "three"), "n");
}

static void who_may_not_admit_is_told(void **state)
{
    struct daf_ran r;

    (void)state;
    make_camp();
    r = admit("A", "B", NULL, NULL);
    assert_int_equal(r.code, DAF_EXIT_FAILED);
    assert_non_null(strstr(r.out, "not revoked"));
    daf_homes_ok(revoke("A", "B"));
    carry("A", "D");
    assert_int_equal(admit("D", "B", NULL, NULL).code, DAF_EXIT_DENIED);
    assert_int_equal(
        daf_ran_words("keys renew --home", daf_homes_in("D"), NULL).code,
        DAF_EXIT_DENIED);
    r = daf_ran_words("revocations --home", daf_homes_in("D"), NULL);
    daf_homes_ok(r);
    assert_non_null(strstr(r.out, "0 do not"));
}

/* Her key opens what others write about her; that she is there is not sure. */
static void a_learner_whom_only_a_thief_registered_is_shown_as_that(
    void **state)
{
    (void)state;
    make_camp();
    daf_homes_ok(revoke("A", "B"));
    daf_homes_add("B", "Ghost", "by B");
    carry("B", "A");
    daf_homes_add("A", "Ghost", "by A");
    assert_string_equal(counted("A", "by A"), "y");
    assert_string_equal(told("A", "by A", "learner_confirmed"), "n");
    assert_string_equal(told("A", "known", "learner_confirmed"), "y");
    daf_homes_ok(admit("A", "B", NULL, NULL));
    assert_string_equal(told("A", "by A", "learner_confirmed"), "y");
}

static size_t assignments(const char *home)
{
    struct daf_ran r =
        daf_ran_words("assignments --json --home", daf_homes_in(home), NULL);

    daf_homes_ok(r);
    return daf_ran_lines(r.out);
}

static void write_in(const char *home, enum daf_write_kind kind,
                     const struct daf_pack *payload)
{
    struct daf_write write = {.kind = kind, .payload = daf_pack_view(payload)};
    struct daf_wrote wrote;
    struct daf_trouble t;
    struct daf_home own;

    assert_int_equal(daf_home_load(daf_homes_in(home), true, &own, &t), DAF_OK);
    assert_int_equal(daf_home_lock(&own, &t), DAF_OK);
    assert_int_equal(daf_offline_write(&own, &write, &wrote, &t), DAF_OK);
    assert_int_equal(wrote.err, DAF_OK);
    daf_home_unload(&own);
}

/* An assignment of a lesson that need not be there. */
static void assign(const char *home, const char *lesson)
{
    struct daf_assignment assignment = {.items_count = 1,
                                        .items = {{(const uint8_t *)lesson,
                                                   strlen(lesson)}}};
    uint8_t room[256];
    struct daf_pack k;

    daf_pack_init(&k, room, sizeof(room));
    daf_payload_pack_assignment(&k, &assignment);
    write_in(home, DAF_WRITE_ASSIGNMENT, &k);
}

static void a_revoked_curator_gives_nobody_work(void **state)
{
    (void)state;
    daf_homes_create("A");
    daf_homes_request("C", "r");
    daf_homes_ok(daf_ran_words("enrol sign --right curate --out",
                               daf_homes_in("a"), daf_homes_in("r"), "--home",
                               daf_homes_in("A"), NULL));
    daf_homes_ok(daf_ran_words("join --home", daf_homes_in("C"), "--accept",
                               daf_homes_in("a"), NULL));
    assign("C", "letters");
    carry("C", "A");
    assert_int_equal(assignments("A"), 1);
    daf_homes_ok(revoke("A", "C"));
    assign("C", "water");
    carry("C", "A");
    assert_int_equal(assignments("A"), 1); /* known by then */
    assert_int_equal(assignments("C"), 2); /* it has not heard */
    daf_homes_ok(admit("A", "C", NULL, NULL));
    assert_int_equal(assignments("A"), 2);
}

/* ---- keys */

static void a_revoked_device_reads_what_was_and_who_joins_later_all(
    void **state)
{
    struct daf_ran r;

    (void)state;
    make_camp();
    r = revoke("A", "B");
    daf_homes_ok(r);
    assert_int_equal(daf_homes_number(r.out, 0, "generations"), 1);
    assert_int_equal(daf_homes_number(r.out, 0, "wraps"), 2); /* A and D */
    r = revoke("A", "B");
    daf_homes_ok(r);
    assert_int_equal(daf_homes_number(r.out, 0, "generations"), 0);
    daf_homes_add("A", "Kite", "new");
    daf_homes_enrol("E", "A");
    carry("A", "B");
    carry("A", "D");
    carry("A", "E");
    assert_string_equal(counted("B", "known"), "y");
    assert_string_equal(counted("B", "new"), "");
    assert_string_equal(counted("D", "new"), "y");
    assert_string_equal(counted("E", "known"), "y");
    assert_string_equal(counted("E", "new"), "y");
    /* E writes with the new key as well. */
    daf_homes_add("E", "Kite", "by E");
    carry("E", "B");
    carry("E", "D");
    assert_string_equal(counted("B", "by E"), "");
    assert_string_equal(counted("D", "by E"), "y");
    r = daf_ran_words("keys renew --json --home", daf_homes_in("A"), NULL);
    daf_homes_ok(r);
    assert_int_equal(daf_ran_lines(r.out), 0);
    r = daf_ran_words("keys renew --scope class:9 --home", daf_homes_in("A"),
                      NULL);
    assert_int_equal(r.code, DAF_EXIT_FAILED);
}

#define T(f) \
    cmocka_unit_test_setup_teardown(f, daf_homes_setup, daf_homes_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(what_came_since_counts_once_it_is_admitted),
        T(a_person_may_name_less),
        T(who_may_not_admit_is_told),
        T(a_learner_whom_only_a_thief_registered_is_shown_as_that),
        T(a_revoked_curator_gives_nobody_work),
        T(a_revoked_device_reads_what_was_and_who_joins_later_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
