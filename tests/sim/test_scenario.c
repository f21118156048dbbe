/* SPDX-License-Identifier: Apache-2.0 */
/* Scenario files: what they say, and what is said of those that are wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/scenario.h"
#include "tests/lib/t.h"
#include "tests/lib/tmpdir.h"

#define HEAD  "scenario: two\nlasts: 1d\n"
#define PLACE "places:\n  - name: class\n    speed: 8-16Mbit/s\n"
#define GROUPS            \
    "groups:\n"           \
    "  - name: teacher\n" \
    "    on: always\n"    \
    "  - name: tablet\n"  \
    "    count: 3\n"      \
    "    stays:\n"        \
    "      - {at: class, from: \"08:00\", to: \"12:00\", days: sat-mon}\n"

static char why[DAF_SCENARIO_WHY_BYTES];
static char *dir;

static struct daf_scenario *load(const char *text)
{
    struct daf_scenario *s = NULL;
    char path[300];

    (void)snprintf(path, sizeof path, "%s/f.yaml", dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    enum daf_err err = daf_scenario_load(path, &s, why);
    assert_true((err == DAF_OK) == (s != NULL));
    return s;
}

/* What is said after the file's name. */
static const char *wrong(const char *text)
{
    assert_null(load(text));
    assert_memory_equal(why, dir, strlen(dir));
    return why + strlen(dir) + sizeof "/f.yaml" - 1;
}

static void what_is_written_is_what_is_run(void **state)
{
    struct daf_scenario *s =
        load(HEAD PLACE GROUPS
             "traffic: [{from: tablet, to: teacher, at: class, every: 5-10min, "
             "size: 1kB}]\n"
             "partitions: [{from: 2h, to: 3h, apart: [teacher]}]\n");

    (void)state;
    assert_non_null(s);
    assert_string_equal(s->name, "two");
    assert_string_equal(s->what, "");
    assert_int_equal(s->lasts, DAF_SCHEDULE_DAY);
    assert_int_equal(s->seed, 1);
    assert_int_equal(daf_schedule_nodes(&s->schedule), 4);
    assert_int_equal(s->schedule.places[0].speed_min, 1000000);
    assert_int_equal(s->schedule.places[0].speed_max, 2000000);
    assert_true(s->schedule.groups[0].is_always_on);
    const struct daf_schedule_stay *stay = &s->schedule.groups[1].stays[0];
    assert_int_equal(stay->from, 8 * DAF_SIM_HOUR);
    assert_int_equal(stay->days, 0x61); /* Saturday, Sunday, Monday */
    assert_int_equal(stay->chance, 1000000);
    assert_int_equal(s->schedule.errands[0].every.max, 10 * DAF_SIM_MINUTE);
    assert_int_equal(s->schedule.errands[0].bytes_min, 1000);
    assert_int_equal(s->schedule.errands[0].to, 0);
    assert_int_equal(s->schedule.partitions[0].groups, 1);
    daf_scenario_free(s);
}

static void years_of_wrong_clocks_are_years(void **state)
{
    static const struct {
        const char *year;
        int64_t ms; /* of its first of January, by `date -u +%s000` */
    } years[] = {{"1970", 0},
                 {"2000", INT64_C(946684800000)},
                 {"2024", INT64_C(1704067200000)},
                 {"2099", INT64_C(4070908800000)}};
    char text[500];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(text, sizeof text,
                       HEAD "groups:\n  - {name: a, clocks: {wrong: 50%%, to: "
                            "%s}}\n",
                       years[i].year);
        struct daf_scenario *s = load(text);
        assert_non_null(s);
        assert_int_equal(s->schedule.groups[0].wrong_clock_ms +
                             DAF_SIM_BEGINS_MS,
                         years[i].ms);
        assert_int_equal(s->schedule.groups[0].wrong_clocks, 500000);
        daf_scenario_free(s);
    }
}

static void an_unknown_key_is_told_with_its_line_and_what_was_meant(
    void **state)
{
    (void)state;
    assert_string_equal(wrong(HEAD PLACE "    los: 1%\n" GROUPS),
                        ":6: there is no key 'los'; did you mean 'loss'?");
    assert_string_equal(wrong(HEAD "colour: red\n" PLACE GROUPS),
                        ":3: there is no key 'colour'; docs/simulator.md lists "
                        "all");
}

static void a_value_that_is_none_is_told_with_its_line(void **state)
{
    (void)state;
    assert_string_equal(wrong(HEAD PLACE "    loss: much\n" GROUPS),
                        ":6: place class: loss cannot be 'much'; write it like "
                        "2.5%");
    assert_string_equal(wrong("scenario: two\nlasts: 30\n" GROUPS PLACE),
                        ":2: lasts cannot be '30'; write it like 90s, 12h or "
                        "7d");
    assert_string_equal(wrong(HEAD PLACE), ": it wants 1 to 64 groups");
    assert_string_equal(wrong(HEAD GROUPS),
                        ":9: group tablet: at cannot be 'class'; write it like "
                        "the name of one of its places");
    assert_string_equal(wrong("lasts: 1d\n" PLACE GROUPS),
                        ": scenario is missing; write it like classroom-40");
    assert_string_equal(
        wrong(HEAD PLACE GROUPS "    duty: {on: 5min}\n"),
        ": group tablet: its duty wants a time on and a time off");
}

static void what_is_no_scenario_is_refused(void **state)
{
    char *large = malloc(DAF_SCENARIO_FILE_MAX + 10);

    (void)state;
    assert_non_null(strstr(wrong(""), "this is no YAML"));
    assert_non_null(strstr(wrong("- a\n- b\n"), "Expecting MAPPING"));
    assert_non_null(
        strstr(wrong(HEAD "what: &x a\nprotocol: *x\n"), "alias unsupported"));
    assert_non_null(strstr(wrong(HEAD "\tx"), "tab"));
    assert_non_null(strstr(wrong(HEAD HEAD), "already seen"));
    assert_non_null(large);
    memset(large, '#', DAF_SCENARIO_FILE_MAX + 5);
    large[DAF_SCENARIO_FILE_MAX + 5] = '\0';
    assert_non_null(strstr(wrong(large), "larger than 1 MiB"));
    free(large);
}

struct options {
    size_t count;
    bool has_from;
};

static void on_option(void *ctx, const char *key, const char *value)
{
    struct options *o = ctx;

    assert_true(key[0] != '\0');
    if (strcmp(key, "groups[1].stays[0].from") == 0) {
        assert_string_equal(value, "28800s");
        o->has_from = true;
    }
    if (strcmp(key, "places[0].air") == 0)
        assert_string_equal(value, "access-point"); /* the default */
    o->count++;
}

static void all_options_are_told_with_their_defaults(void **state)
{
    struct daf_scenario *s = load(HEAD PLACE GROUPS);
    struct options o = {.count = 0};

    (void)state;
    assert_non_null(s);
    daf_scenario_expand(s, on_option, &o);
    assert_true(o.has_from && o.count > 40);
    daf_scenario_free(s);
}

/* None ends in anything but an error, or a scenario. */
static void bytes_that_changed_do_no_harm(void **state)
{
    static const char text[] = HEAD PLACE GROUPS;
    char copy[sizeof text];
    unsigned good = 0;

    (void)state;
    for (size_t i = 0; i < sizeof text - 1; i++)
        for (const char *c = ":-{}[]\"&*#\n\t9a"; *c != '\0'; c++) {
            memcpy(copy, text, sizeof text);
            copy[i] = *c;
            struct daf_scenario *s = load(copy);
            good += s != NULL;
            daf_scenario_free(s);
        }
    assert_true(good > 0);
}

static void content_is_of_groups(void **state)
{
#define CONTENT(of) HEAD PLACE GROUPS "content: [{name: film, " of "}]\n"
    struct daf_scenario *s =
        load(CONTENT("size: 5MB, from: teacher, to: tablet, at: \"08:00\""));

    (void)state;
    assert_non_null(s);
    assert_int_equal(s->items_count, 1);
    assert_string_equal(s->items[0].name, "film");
    assert_int_equal(s->items[0].bytes, 5000000);
    assert_int_equal(s->items[0].from, 0);
    assert_int_equal(s->items[0].from_count, 1);
    assert_int_equal(s->items[0].to, 1);
    assert_int_equal(s->items[0].to_count, 3);
    assert_int_equal(s->items[0].at, 8 * DAF_SIM_HOUR);
    daf_scenario_free(s);
    assert_non_null(
        strstr(wrong(CONTENT("from: teacher, to: tablet, at: \"08:00\"")),
               "size is missing; write it like 500MB"));
    assert_non_null(strstr(
        wrong(CONTENT("size: 5MB, from: tablet, to: tablet, at: \"08:00\"")),
        "another group's name than from"));
    assert_non_null(strstr(
        wrong(CONTENT("size: 5MB, from: nobody, to: tablet, at: \"08:00\"")),
        "the name of one of its groups"));
    assert_non_null(
        strstr(wrong(CONTENT("size: 5MB, from: teacher, to: tablet")),
               "content film: at is missing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_what_is_run),
        cmocka_unit_test(years_of_wrong_clocks_are_years),
        cmocka_unit_test(
            an_unknown_key_is_told_with_its_line_and_what_was_meant),
        cmocka_unit_test(a_value_that_is_none_is_told_with_its_line),
        cmocka_unit_test(what_is_no_scenario_is_refused),
        cmocka_unit_test(all_options_are_told_with_their_defaults),
        cmocka_unit_test(bytes_that_changed_do_no_harm),
        cmocka_unit_test(content_is_of_groups),
    };
    dir = daf_tmpdir_new();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    daf_tmpdir_free(dir);
    return failed;
}
