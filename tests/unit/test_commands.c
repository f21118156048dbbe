/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/cmd.h"
#include "tests/lib/ran.h"

#include <stdio.h>
#include <string.h>

/* --- the table, row by row ------------------------------------------------------ */

static void every_command_has_help_that_says_all(void **state)
{
    const struct daf_command *c;

    (void)state;
    for (size_t i = 0; (c = daf_commands_at(i)) != NULL; i++) {
        struct daf_ran r = daf_ran_words(c->name, "--help", NULL);
        char text[128];

        assert_int_equal(r.code, 0);
        assert_string_equal(r.err, "");
        (void)snprintf(text, sizeof(text), "usage: daftar %s", c->name);
        assert_non_null(strstr(r.out, text));
        assert_non_null(strstr(r.out, c->summary));
        for (size_t j = 0; c->options[j].name != NULL; j++) {
            (void)snprintf(text, sizeof(text), "--%s", c->options[j].name);
            assert_non_null(strstr(r.out, text));
            assert_true(strlen(c->options[j].help) > 0);
        }
        assert_non_null(strstr(r.out, "--home"));
        assert_non_null(strstr(r.out, "--json"));
        for (size_t j = 0; c->keys[j] != NULL; j++)
            assert_non_null(strstr(r.out, c->keys[j]));
    }
    assert_true(daf_commands_at(10) != NULL);
}

static void help_as_json_lists_the_table(void **state)
{
    struct daf_ran r = daf_ran_words("help --json", NULL);
    const struct daf_command *c;
    size_t i;

    (void)state;
    assert_int_equal(r.code, 0);
    for (i = 0; (c = daf_commands_at(i)) != NULL; i++) {
        json_t *line = daf_ran_json(r.out, i);
        const json_t *exits = json_object_get(line, "exits");
        size_t j;
        const json_t *code;

        assert_string_equal(json_string_value(json_object_get(line, "command")),
                            c->name);
        assert_string_equal(json_string_value(json_object_get(line, "help")),
                            c->summary);
        assert_true(json_array_size(json_object_get(line, "keys")) > 0);
        assert_true(json_array_size(json_object_get(line, "options")) >= 4);
        assert_true(json_array_size(exits) >= 3);
        json_array_foreach(exits, j, code)
        {
            assert_non_null(
                daf_commands_exit_str((int)json_integer_value(code)));
            assert_true(daf_commands_exits(c, (int)json_integer_value(code)));
        }
        json_decref(line);
    }
    assert_int_equal(daf_ran_lines(r.out), i);
}

/* The words a command needs before it can fail for a better reason. */
static const char *minimum(const char *name)
{
    if (strcmp(name, "camp create") == 0) return "camp create x";
    if (strcmp(name, "camp clock") == 0) return "camp clock 01234567";
    if (strcmp(name, "join") == 0) return "join --accept /nowhere/x";
    if (strcmp(name, "enrol sign") == 0) return "enrol sign /nowhere/x";
    if (strcmp(name, "enrol accept") == 0)
        return "enrol accept 0123 --digits 123456";
    if (strcmp(name, "enrol decline") == 0) return "enrol decline 0123";
    if (strcmp(name, "revoke") == 0) return "revoke 01234567";
    if (strcmp(name, "inspect") == 0) return "inspect /nowhere/x";
    if (strcmp(name, "progress add") == 0)
        return "progress add --learner a --item b";
    return name;
}

static void every_command_fails_in_json_with_a_documented_exit(void **state)
{
    const struct daf_command *c;

    (void)state;
    for (size_t i = 0; (c = daf_commands_at(i)) != NULL; i++) {
        struct daf_ran r;
        json_t *line;

        if (strcmp(c->name, "help") == 0) continue;
        r = daf_ran_words(minimum(c->name), "--json", "--home", "/nowhere/home",
                          NULL);
        assert_int_not_equal(r.code, 0);
        assert_true(daf_commands_exits(c, r.code));
        assert_string_equal(r.err, "");
        line = daf_ran_json(r.out, 0);
        assert_true(json_is_string(json_object_get(line, "error")));
        assert_true(json_is_string(json_object_get(line, "code")));
        json_decref(line);
        assert_int_equal(daf_ran_lines(r.out), 1);
    }
}

static void every_command_fails_in_words_that_say_what_to_do(void **state)
{
    const struct daf_command *c;

    (void)state;
    for (size_t i = 0; (c = daf_commands_at(i)) != NULL; i++) {
        struct daf_ran r;

        if (strcmp(c->name, "help") == 0 || strcmp(c->name, "inspect") == 0)
            continue;
        r = daf_ran_words(minimum(c->name), "--home", "/nowhere/home", NULL);
        assert_int_not_equal(r.code, 0);
        assert_string_equal(r.out, "");
        assert_non_null(strstr(r.err, "daftar: "));
        assert_non_null(strstr(r.err, "To do: "));
    }
}

/* --- misuse ----------------------------------------------------------------------- */

static void assert_misuse(const char *line, const char *hint)
{
    struct daf_ran r = daf_ran_words(line, NULL);
    json_t *object;

    assert_int_equal(r.code, DAF_EXIT_USAGE);
    assert_string_equal(r.out, "");
    if (hint == NULL)
        assert_null(strstr(r.err, "did you mean"));
    else
        assert_non_null(strstr(r.err, hint));
    r = daf_ran_words(line, "--json", NULL);
    assert_int_equal(r.code, DAF_EXIT_USAGE);
    object = daf_ran_json(r.out, 0);
    assert_string_equal(json_string_value(json_object_get(object, "code")),
                        "usage");
    json_decref(object);
}

static void what_is_misspelt_gets_a_hint(void **state)
{
    (void)state;
    assert_misuse("statsu", "did you mean \"status\"?");
    assert_misuse("camp", "did you mean \"camp create\"?");
    assert_misuse("camp craete x", "did you mean \"camp create\"?");
    assert_misuse("progres show", "did you mean \"progress show\"?");
    assert_misuse("sign", "did you mean \"enrol sign\"?");
    assert_misuse("xyzzy", NULL);
    assert_misuse("status --hoem x", "did you mean \"--home\"?");
    assert_misuse("join --acept x", "did you mean \"--accept\"?");
    assert_misuse("progress add --xyzzy", NULL);
    assert_misuse("-z status", NULL);
    assert_misuse("status -z", NULL);
    assert_misuse("camp create", NULL);
    assert_misuse("camp create a b", NULL);
    assert_misuse("inspect", NULL);
    assert_misuse("join", NULL);
    assert_misuse("join --request a --accept b", NULL);
    assert_misuse("progress add --learner a", NULL);
    assert_misuse("progress add --batch x --item b", NULL);
    assert_misuse("help me", NULL);
    assert_int_equal(daf_ran_words("progress add --learner", NULL).code,
                     DAF_EXIT_USAGE);
}

static void a_misspelt_option_does_not_repeat_its_value(void **state)
{
    struct daf_ran r = daf_ran("progress", "add", "--learnr=Kites", NULL);

    (void)state;
    assert_int_equal(r.code, DAF_EXIT_USAGE);
    assert_null(strstr(r.err, "Kites"));
    r = daf_ran("progress", "add", "--learner", "Kites", "Testname", NULL);
    assert_int_equal(r.code, DAF_EXIT_USAGE);
    assert_null(strstr(r.err, "Testname"));
}

static void help_is_found_from_everywhere(void **state)
{
    (void)state;
    assert_int_equal(daf_ran("--help", NULL).code, 0);
    assert_int_equal(daf_ran("help", NULL).code, 0);
    assert_int_equal(daf_ran("camp", "--help", NULL).code, 0);
    assert_int_equal(daf_ran("help", "camp", NULL).code, 0);
    assert_int_equal(daf_ran("help", "camp", "create", NULL).code, 0);
    assert_int_equal(daf_ran("--json", "help", "join", NULL).code, 0);
    assert_int_equal(daf_ran(NULL, NULL).code, DAF_EXIT_USAGE);
    assert_non_null(strstr(daf_ran("--version", NULL).out, "protocol 3"));
    assert_non_null(
        strstr(daf_ran("status", "--version", "--json", NULL).out, "{"));
}

/* --- numbers and names --------------------------------------------------------------- */

static void scores_are_exact_decimals_from_0_to_1(void **state)
{
    static const struct {
        const char *text;
        uint32_t value;
    } good[] = {
        {"0", 0},
        {"1", 1000000},
        {"0.8", 800000},
        {"1.0", 1000000},
        {"0.000001", 1},
        {"0.999999", 999999},
        {"0.123456", 123456},
        {"1.000000", 1000000},
        {"0.000000", 0},
    };
    static const char *const bad[] = {
        "",    "-0",  "-1",    "1.000001",  "2",    "0.1234567", "0.8000000",
        ".5",  "1.",  "+0.5",  " 0.5",      "0.5 ", "0,5",       "5e-1",
        "0x1", "nan", "inf",   "0..5",      "00.5", "10",        "0.5%",
        "1.1", "01",  "0.5.5", "4294967296"};
    struct daf_trouble t;
    uint32_t value;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(daf_cmd_score(good[i].text, &value, &t), DAF_OK);
        assert_int_equal(value, good[i].value);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        t.what[0] = '\0';
        assert_int_equal(daf_cmd_score(bad[i], &value, &t), DAF_EUSAGE);
        assert_true(strlen(t.what) > 0);
    }
}

static void minutes_fit_a_record(void **state)
{
    struct daf_trouble t;
    uint32_t seconds;

    (void)state;
    assert_int_equal(daf_cmd_minutes("0", &seconds, &t), DAF_OK);
    assert_int_equal(seconds, 0);
    assert_int_equal(daf_cmd_minutes("10", &seconds, &t), DAF_OK);
    assert_int_equal(seconds, 600);
    assert_int_equal(daf_cmd_minutes("71582788", &seconds, &t), DAF_OK);
    assert_int_equal(seconds, 4294967280u);
    assert_int_equal(daf_cmd_minutes("71582789", &seconds, &t), DAF_EUSAGE);
    assert_int_equal(daf_cmd_minutes("99999999999999999999", &seconds, &t),
                     DAF_EUSAGE);
    assert_int_equal(daf_cmd_minutes("", &seconds, &t), DAF_EUSAGE);
    assert_int_equal(daf_cmd_minutes("-1", &seconds, &t), DAF_EUSAGE);
    assert_int_equal(daf_cmd_minutes("1.5", &seconds, &t), DAF_EUSAGE);
    assert_int_equal(daf_cmd_minutes("ten", &seconds, &t), DAF_EUSAGE);
}

static void names_are_text_within_their_length(void **state)
{
    struct daf_trouble t;

    (void)state;
    assert_int_equal(daf_cmd_check_name("Kites", 5, "x", &t), DAF_OK);
    assert_int_equal(daf_cmd_check_name("Kites", 4, "x", &t), DAF_EUSAGE);
    assert_int_equal(daf_cmd_check_name("أمينة", 128, "x", &t), DAF_OK);
    assert_int_equal(daf_cmd_check_name("", 5, "x", &t), DAF_EUSAGE);
    assert_int_equal(daf_cmd_check_name("  ", 5, "x", &t), DAF_EUSAGE);
    assert_int_equal(daf_cmd_check_name("a\nb", 5, "x", &t), DAF_EUSAGE);
    assert_int_equal(daf_cmd_check_name("a\x1b", 5, "x", &t), DAF_EUSAGE);
    assert_int_equal(daf_cmd_check_name("\xc2\x9b", 5, "x", &t), DAF_EUSAGE);
    assert_int_equal(daf_cmd_check_name("a\xff", 5, "x", &t), DAF_EUSAGE);
    assert_int_equal(daf_cmd_check_name("\xc0\x80", 5, "x", &t), DAF_EUSAGE);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_has_help_that_says_all),
        cmocka_unit_test(help_as_json_lists_the_table),
        cmocka_unit_test(every_command_fails_in_json_with_a_documented_exit),
        cmocka_unit_test(every_command_fails_in_words_that_say_what_to_do),
        cmocka_unit_test(what_is_misspelt_gets_a_hint),
        cmocka_unit_test(a_misspelt_option_does_not_repeat_its_value),
        cmocka_unit_test(help_is_found_from_everywhere),
        cmocka_unit_test(scores_are_exact_decimals_from_0_to_1),
        cmocka_unit_test(minutes_fit_a_record),
        cmocka_unit_test(names_are_text_within_their_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
