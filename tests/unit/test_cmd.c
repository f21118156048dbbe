/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/cmd.h"
#include "tests/lib/homes.h"

#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void assert_text(const char *out, size_t line, const char *key,
                        const char *expected)
{
    json_t *object = daf_ran_json(out, line);

    assert_non_null(object);
    assert_string_equal(json_string_value(json_object_get(object, key)),
                        expected);
    json_decref(object);
}

static unsigned mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(lstat(path, &st), 0);
    return (unsigned)st.st_mode & 0777;
}

/* --- the table's JSON keys ------------------------------------------------------------ */

/* Each line of @out has the keys that the table promises for @name. */
static void assert_keys(const char *name, const char *out)
{
    const struct daf_command *c = daf_commands_at(0);
    json_t *object;
    size_t line = 0;

    for (size_t i = 1; c != NULL && strcmp(c->name, name) != 0; i++)
        c = daf_commands_at(i);
    if (c == NULL) {
        fail_msg("no command %s", name);
        return;
    }
    for (; (object = daf_ran_json(out, line)) != NULL; line++) {
        for (size_t k = 0; c->keys[k] != NULL; k++)
            assert_non_null(json_object_get(object, c->keys[k]));
        json_decref(object);
    }
    assert_true(line > 0);
}

static void what_is_promised_is_printed(void **state)
{
    struct daf_ran r;
    json_t *who;

    (void)state;
    r = daf_ran_words("camp create Test --json --home", daf_homes_in("A"),
                      NULL);
    assert_keys("camp create", r.out);
    r = daf_ran_words("join --json --home", daf_homes_in("B"), "--request",
                      daf_homes_in("r"), NULL);
    assert_keys("join", r.out);
    r = daf_ran_words("enrol sign --json --home", daf_homes_in("A"),
                      daf_homes_in("r"), NULL);
    assert_keys("enrol sign", r.out);
    r = daf_ran_words("join --json --home", daf_homes_in("B"), "--accept",
                      daf_homes_in("r.accept"), NULL);
    assert_keys("join", r.out);
    r = daf_ran_words("progress add --learner a --item b --json --home",
                      daf_homes_in("B"), NULL);
    assert_keys("progress add", r.out);
    r = daf_ran_words("progress show --json --home", daf_homes_in("B"), NULL);
    assert_keys("progress show", r.out);
    r = daf_ran_words("devices --json --home", daf_homes_in("B"), NULL);
    assert_keys("devices", r.out);
    assert_text(r.out, 1, "role", "device");
    who = daf_ran_json(r.out, 1);
    r = daf_ran_words("revoke --yes --json --home", daf_homes_in("A"),
                      json_string_value(json_object_get(who, "author")), NULL);
    json_decref(who);
    assert_keys("revoke", r.out);
    r = daf_ran_words("digest --json --home", daf_homes_in("B"), NULL);
    assert_keys("digest", r.out);
    r = daf_ran_words("check --json --home", daf_homes_in("B"), NULL);
    assert_keys("check", r.out);
    r = daf_ran_words("inspect", daf_homes_in("r"), NULL);
    assert_keys("inspect", r.out);
    r = daf_ran_words("help --json", NULL);
    assert_keys("help", r.out);
    r = daf_ran_words("status --json --home", daf_homes_in("B"), NULL);
    assert_int_equal(r.code, DAF_EXIT_NO_DAEMON);
    r = daf_ran_words("peers --home", daf_homes_in("B"), NULL);
    assert_int_equal(r.code, DAF_EXIT_NO_DAEMON);
    assert_non_null(strstr(r.err, "daftard"));
}

/* --- camp and enrolment ------------------------------------------------------------------ */

static void a_camp_begins_with_closed_keys_and_two_generations(void **state)
{
    struct daf_ran r;

    (void)state;
    daf_homes_create("A");
    assert_int_equal(mode_of(daf_homes_in("A/keys/device.keys")), 0600);
    assert_int_equal(mode_of(daf_homes_in("A/keys/root.keys")), 0600);
    assert_int_equal(mode_of(daf_homes_in("A/store/notebook.db")), 0600);
    r = daf_ran("digest", "--json", "--home", daf_homes_in("A"), NULL);
    assert_int_equal(daf_ran_lines(r.out), 4);
    assert_text(r.out, 0, "scope", "camp");
    assert_text(r.out, 1, "scope", "catalog");
    assert_text(r.out, 2, "scope", "class:1");
    assert_text(r.out, 3, "scope", "control");
    assert_int_equal(daf_homes_number(r.out, 3, "records"), 2);
    r = daf_ran("camp", "create", "Again", "--home", daf_homes_in("A"), NULL);
    assert_int_equal(r.code, DAF_EXIT_FAILED);
    assert_non_null(strstr(r.err, "is a home already"));
}

static void an_enrolled_device_has_all_of_control(void **state)
{
    char *a, *b;

    (void)state;
    daf_homes_create("A");
    daf_homes_enrol("B", "A");
    daf_homes_enrol("C", "A");
    a = daf_homes_digest("A");
    b = daf_homes_digest("C");
    assert_string_equal(a, b);
    free(a);
    free(b);
    daf_homes_add("B", "Kites", "x");
    daf_homes_add("C", "Kites", "x");
    assert_int_equal(mode_of(daf_homes_in("a")), 0600);
}

static void signing_again_writes_the_same_file_and_no_record(void **state)
{
    struct daf_ran r;
    char *before, *after;
    uint8_t *one, *two;
    size_t one_len, two_len;

    (void)state;
    daf_homes_create("A");
    daf_homes_request("B", "r");
    r = daf_ran_words("enrol sign --json --home", daf_homes_in("A"),
                      daf_homes_in("r"), NULL);
    daf_homes_ok(r);
    assert_int_equal(daf_homes_number(r.out, 0, "records"), 5);
    one = daf_homes_slurp(daf_homes_in("r.accept"), &one_len);
    before = daf_homes_digest("A");
    r = daf_ran_words("enrol sign --json --home", daf_homes_in("A"),
                      daf_homes_in("r"), NULL);
    daf_homes_ok(r);
    two = daf_homes_slurp(daf_homes_in("r.accept"), &two_len);
    after = daf_homes_digest("A");
    assert_string_equal(before, after);
    assert_int_equal(one_len, two_len);
    assert_memory_equal(one, two, one_len);
    /* Other rights than those that stand. */
    r = daf_ran_words("enrol sign --right relay --home", daf_homes_in("A"),
                      daf_homes_in("r"), NULL);
    assert_int_equal(r.code, DAF_EXIT_FAILED);
    assert_non_null(strstr(r.err, "stands"));
    free(one);
    free(two);
    free(before);
    free(after);
}

static void only_a_coordinator_signs(void **state)
{
    struct daf_ran r;

    (void)state;
    daf_homes_create("A");
    daf_homes_enrol("B", "A");
    daf_homes_request("C", "r");
    r = daf_ran("enrol", "sign", daf_homes_in("r"), "--home", daf_homes_in("B"),
                NULL);
    assert_int_equal(r.code, DAF_EXIT_DENIED);
    assert_non_null(strstr(r.err, "only coordinators"));
    assert_int_equal(access(daf_homes_in("r.accept"), F_OK), -1);
}

static void a_relay_gets_no_key_of_the_class(void **state)
{
    struct daf_ran r;

    (void)state;
    daf_homes_create("A");
    daf_homes_add("A", "Kites", "x");
    daf_homes_request("B", "r");
    daf_homes_ok(daf_ran_words("enrol sign --right relay --home",
                               daf_homes_in("A"), daf_homes_in("r"), NULL));
    r = daf_ran("join", "--accept", daf_homes_in("r.accept"), "--home",
                daf_homes_in("B"), NULL);
    daf_homes_ok(r);
    r = daf_ran_words("progress add --learner a --item b --home",
                      daf_homes_in("B"), NULL);
    assert_int_equal(r.code, DAF_EXIT_DENIED);
    r = daf_ran_words("enrol sign --right admin --home", daf_homes_in("A"),
                      daf_homes_in("r"), NULL);
    assert_int_equal(r.code, DAF_EXIT_USAGE);
    r = daf_ran_words("enrol sign --scope control --home", daf_homes_in("A"),
                      daf_homes_in("r"), NULL);
    assert_int_equal(r.code, DAF_EXIT_USAGE);
    daf_homes_request("C", "r2");
    r = daf_ran_words("enrol sign --scope class:7 --home", daf_homes_in("A"),
                      daf_homes_in("r2"), NULL);
    assert_int_equal(r.code, DAF_EXIT_FAILED);
    assert_non_null(strstr(r.err, "class:7"));
}

static void a_request_can_be_written_again_until_it_is_answered(void **state)
{
    uint8_t *one, *two;
    size_t len, two_len;

    (void)state;
    daf_homes_create("A");
    daf_homes_request("B", "r");
    one = daf_homes_slurp(daf_homes_in("r"), &len);
    daf_homes_request("B", "r");
    two = daf_homes_slurp(daf_homes_in("r"), &two_len);
    assert_int_equal(len, two_len);
    assert_memory_equal(one, two, len);
    daf_homes_enrol("B", "A");
    assert_int_equal(daf_ran("join", "--request", daf_homes_in("r"), "--home",
                             daf_homes_in("B"), NULL)
                         .code,
                     DAF_EXIT_FAILED);
    free(one);
    free(two);
}

/* --- progress --------------------------------------------------------------------------------------- */

static const char secret_name[] = "Amina Testname";

static int seek_name(const char *path, const struct stat *st, int type,
                     struct FTW *where)
{
    uint8_t *bytes;
    size_t len;

    (void)st;
    (void)where;
    if (type != FTW_F) return 0;
    bytes = daf_homes_slurp(path, &len);
    if (memmem(bytes, len, secret_name, strlen(secret_name)) != NULL)
        fail_msg("the name is in clear in %s", path);
    free(bytes);
    return 0;
}

static void a_name_is_on_no_disk_in_clear(void **state)
{
    (void)state;
    daf_homes_create("A");
    daf_homes_add("A", secret_name, "algebra");
    daf_homes_add("A", secret_name, secret_name);
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    assert_int_equal(nftw(daf_homes_in(""), seek_name, 16, FTW_PHYS), 0);
}

static void progress_is_shown_by_learner(void **state)
{
    struct daf_ran r;

    (void)state;
    daf_homes_create("A");
    daf_homes_add("A", "Zahra", "algebra");
    daf_homes_add("A", "Kites", "algebra");
    daf_homes_add("A", "Zahra", "reading");
    r = daf_ran("progress", "show", "--json", "--home", daf_homes_in("A"),
                NULL);
    daf_homes_ok(r);
    assert_int_equal(daf_ran_lines(r.out), 3);
    assert_text(r.out, 0, "learner", "Kites");
    assert_text(r.out, 1, "learner", "Zahra");
    assert_text(r.out, 2, "learner", "Zahra");
    assert_non_null(strstr(r.out, "\"score\":0.8,\"seconds\":600,"));
    assert_text(r.out, 0, "kept", "here");
    assert_text(r.out, 0, "scope", "class:1");
    r = daf_ran("progress", "show", "--json", "--learner", "Zahra", "--home",
                daf_homes_in("A"), NULL);
    assert_int_equal(daf_ran_lines(r.out), 2);
    r = daf_ran("progress", "show", "--learner", "Nobody", "--home",
                daf_homes_in("A"), NULL);
    assert_int_equal(r.code, DAF_EXIT_FAILED);
    r = daf_ran("progress", "show", "--scope", "class:9", "--home",
                daf_homes_in("A"), NULL);
    assert_int_equal(r.code, DAF_EXIT_FAILED);
    r = daf_ran("progress", "show", "--home", daf_homes_in("A"), NULL);
    assert_int_equal(daf_ran_lines(r.out), 4);
}

static void an_unknown_learner_is_registered_once(void **state)
{
    struct daf_ran r;
    char subject[33] = "";
    json_t *line;

    (void)state;
    daf_homes_create("A");
    r = daf_ran("progress", "add", "--learner", "Kites", "--item", "x",
                "--json", "--home", daf_homes_in("A"), NULL);
    daf_homes_ok(r);
    assert_int_equal(strncmp(r.out, "{\"record\":\"", 11), 0);
    assert_int_equal(strncmp(r.out + 11 + 64, "\",\"durable\":true", 16), 0);
    line = daf_ran_json(r.out, 0);
    assert_true(json_is_true(json_object_get(line, "registered")));
    (void)snprintf(subject, sizeof(subject), "%s",
                   json_string_value(json_object_get(line, "subject")));
    json_decref(line);
    /* By name and by subject id: the same learner. */
    r = daf_ran("progress", "add", "--learner", "Kites", "--item", "y",
                "--json", "--home", daf_homes_in("A"), NULL);
    assert_text(r.out, 0, "subject", subject);
    r = daf_ran("progress", "add", "--learner", subject, "--item", "z",
                "--json", "--home", daf_homes_in("A"), NULL);
    daf_homes_ok(r);
    assert_text(r.out, 0, "subject", subject);
    assert_non_null(strstr(r.out, "\"registered\":false"));
    r = daf_ran("progress", "show", "--learner", subject, "--json", "--home",
                daf_homes_in("A"), NULL);
    assert_int_equal(daf_ran_lines(r.out), 3);
}

static void control_characters_do_not_reach_a_terminal(void **state)
{
    struct daf_ran r;

    (void)state;
    daf_homes_create("A");
    r = daf_ran("progress", "add", "--learner", "a\x1b[2J", "--item", "x",
                "--home", daf_homes_in("A"), NULL);
    assert_int_equal(r.code, DAF_EXIT_USAGE);
    assert_null(strchr(r.err, 0x1b));
}

/* --- many at once ------------------------------------------------------------------------------------- */

static struct daf_ran batch(const char *text, const char *json)
{
    daf_homes_spill(daf_homes_in("batch"), (const uint8_t *)text, strlen(text));
    return daf_ran("progress", "add", "--batch", daf_homes_in("batch"),
                   "--home", daf_homes_in("A"), json, NULL);
}

static void a_batch_is_a_record_a_line(void **state)
{
    struct daf_ran r;

    (void)state;
    daf_homes_create("A");
    r = batch("{\"learner\":\"a\",\"item\":\"x\",\"score\":0.123456}\n"
              "\n"
              "{\"learner\":\"a\",\"item\":\"x\",\"score\":\"0.5\"}\n"
              "{\"learner\":\"b\",\"item\":\"x\",\"minutes\":3}\n"
              "{\"learner\":\"c\",\"item\":\"x\",\"score\":null}",
              "--json");
    daf_homes_ok(r);
    assert_int_equal(daf_ran_lines(r.out), 4);
    assert_keys("progress add", r.out);
    r = daf_ran("progress", "show", "--json", "--home", daf_homes_in("A"),
                NULL);
    assert_int_equal(daf_ran_lines(r.out), 4);
    assert_non_null(strstr(r.out, "\"score\":0.123456,"));
    assert_non_null(strstr(r.out, "\"score\":0.5,"));
    assert_non_null(strstr(r.out, "\"score\":null,\"seconds\":180,"));
    r = batch("", NULL);
    daf_homes_ok(r);
    assert_non_null(strstr(r.out, "0 records"));
}

static void a_bad_line_ends_a_batch_and_says_what_is_kept(void **state)
{
    static const char *const bad[] = {
        "{",
        "[]",
        "\"x\"",
        "{\"learner\":\"a\"}",
        "{\"learner\":\"a\",\"item\":\"x\",\"scoer\":1}",
        "{\"learner\":\"a\",\"item\":\"x\",\"score\":1.1}",
        "{\"learner\":\"a\",\"item\":\"x\",\"score\":-0.0}",
        "{\"learner\":\"a\",\"item\":\"x\",\"score\":0.1234567}",
        "{\"learner\":\"a\",\"item\":\"x\",\"score\":1e999}",
        "{\"learner\":\"a\",\"item\":\"x\",\"score\":true}",
        "{\"learner\":\"a\",\"item\":\"x\",\"minutes\":1.5}",
        "{\"learner\":\"a\",\"item\":\"x\",\"minutes\":-1}",
        "{\"learner\":\"a\",\"item\":\"\"}",
        "{\"learner\":\"a\\u0000b\",\"item\":\"x\"}",
        "{\"learner\":\"a\",\"learner\":\"b\",\"item\":\"x\"}",
        "{\"learner\":\"\xff\",\"item\":\"x\"}",
    };
    struct daf_ran r;

    (void)state;
    daf_homes_create("A");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[256];

        r = batch(bad[i], NULL);
        assert_int_not_equal(r.code, 0);
        assert_non_null(strstr(r.err, "line 1 was not written"));
        (void)snprintf(text, sizeof(text),
                       "{\"learner\":\"a\",\"item\":\"x\"}\n%s\n"
                       "{\"learner\":\"never\",\"item\":\"x\"}\n",
                       bad[i]);
        r = batch(text, "--json");
        assert_int_equal(r.code, DAF_EXIT_PARTLY);
        assert_int_equal(daf_ran_lines(r.out), 3);
        assert_int_equal(daf_homes_number(r.out, 2, "kept"), 1);
        assert_int_equal(daf_homes_number(r.out, 2, "last_line"), 2);
    }
    r = daf_ran("progress", "show", "--json", "--home", daf_homes_in("A"),
                NULL);
    assert_int_equal(daf_ran_lines(r.out), sizeof(bad) / sizeof(bad[0]));
    r = daf_ran("progress", "add", "--batch", daf_homes_in("nothing"), "--home",
                daf_homes_in("A"), NULL);
    assert_int_equal(r.code, DAF_EXIT_FAILED);
}

/* --- in use ------------------------------------------------------------------------------------------------ */

static void a_locked_home_is_read_but_not_written(void **state)
{
    struct daf_home home;
    struct daf_ran r;

    (void)state;
    daf_homes_create("A");
    assert_int_equal(daf_home_load(daf_homes_in("A"), true, &home, NULL),
                     DAF_OK);
    assert_int_equal(daf_home_lock(&home, NULL), DAF_OK);
    r = daf_ran("progress", "add", "--learner", "a", "--item", "x", "--home",
                daf_homes_in("A"), NULL);
    assert_int_equal(r.code, DAF_EXIT_LATER);
    assert_non_null(strstr(r.err, "in use"));
    daf_homes_ok(daf_ran("digest", "--home", daf_homes_in("A"), NULL));
    daf_homes_ok(daf_ran("check", "--home", daf_homes_in("A"), NULL));
    daf_home_unload(&home);
    daf_homes_add("A", "a", "x");
}

static void a_check_finds_a_foreign_certificate_and_manifest(void **state)
{
    uint8_t *bytes;
    size_t len;
    struct daf_ran r;

    (void)state;
    daf_homes_create("A");
    daf_homes_enrol("B", "A");
    bytes = daf_homes_slurp(daf_homes_in("B/camp/certificate.daf"), &len);
    bytes[len - 1] ^= 1;
    daf_homes_spill(daf_homes_in("B/camp/certificate.daf"), bytes, len);
    free(bytes);
    r = daf_ran("check", "--json", "--home", daf_homes_in("B"), NULL);
    assert_int_equal(r.code, DAF_EXIT_PARTLY);
    assert_non_null(strstr(r.out, "\"ok\":false"));
    assert_non_null(strstr(r.out, "certificate"));
    bytes = daf_homes_slurp(daf_homes_in("B/camp/manifest.daf"), &len);
    bytes[len - 1] ^= 1;
    daf_homes_spill(daf_homes_in("B/camp/manifest.daf"), bytes, len);
    free(bytes);
    r = daf_ran("check", "--json", "--home", daf_homes_in("B"), NULL);
    assert_int_equal(r.code, DAF_EXIT_PARTLY);
    assert_non_null(strstr(r.out, "manifest"));
    r = daf_ran("digest", "--home", daf_homes_in("B"), NULL);
    assert_int_equal(r.code, DAF_EXIT_FAILED);
    assert_non_null(strstr(r.err, "manifest"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define T(name) \
    cmocka_unit_test_setup_teardown(name, daf_homes_setup, daf_homes_teardown)
        T(what_is_promised_is_printed),
        T(a_camp_begins_with_closed_keys_and_two_generations),
        T(an_enrolled_device_has_all_of_control),
        T(signing_again_writes_the_same_file_and_no_record),
        T(only_a_coordinator_signs),
        T(a_relay_gets_no_key_of_the_class),
        T(a_request_can_be_written_again_until_it_is_answered),
        T(a_name_is_on_no_disk_in_clear),
        T(progress_is_shown_by_learner),
        T(an_unknown_learner_is_registered_once),
        T(control_characters_do_not_reach_a_terminal),
        T(a_batch_is_a_record_a_line),
        T(a_bad_line_ends_a_batch_and_says_what_is_kept),
        T(a_locked_home_is_read_but_not_written),
        T(a_check_finds_a_foreign_certificate_and_manifest),
#undef T
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
