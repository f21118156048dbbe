/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/clock.h"
#include "node/progressbook.h"
#include "tests/lib/cast.h"

#include <string.h>

static struct cast *cast;
static struct daf_progressbook book;

static int setup(void **state)
{
    (void)state;
    cast = cast_new(1, false);
    memset(&book, 0, sizeof(book));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    daf_progressbook_free(&book);
    cast_free(cast);
    return 0;
}

static void learn(const char *learner, const char *item)
{
    cast_learn(cast, 0, learner, item, 500000);
    cast_run(cast, 10);
}

static struct daf_subject_id subject_of(const char *name)
{
    struct daf_learner l;

    for (size_t i = 0;
         daf_camp_learner_at(daf_agent_camp(cast_agent(cast, 0)), i, &l); i++)
        if (strcmp(l.name, name) == 0) return l.subject;
    fail_msg("nobody is called %s", name);
    return (struct daf_subject_id){{0}};
}

/* How many lines the book has of @subject. */
static size_t lines_of(const struct daf_subject_id *subject, uint64_t version)
{
    const struct daf_progress_query q = {
        .store = cast_reader(cast, 0),
        .camp = daf_agent_camp(cast_agent(cast, 0)),
        .author = cast_author(cast, 0),
        .scope = "",
    };
    json_t *lines = json_array();
    size_t count;

    assert_int_equal(daf_progressbook_read(&book, &q, version, subject, lines,
                                           100),
                     DAF_OK);
    count = json_array_size(lines);
    json_decref(lines);
    return count;
}

static void each_learner_has_her_own_lines(void **state)
{
    struct daf_subject_id amina, yusuf, nobody = {{7}};

    (void)state;
    learn("Amina", "a");
    learn("Amina", "b");
    learn("Yusuf", "a");
    amina = subject_of("Amina");
    yusuf = subject_of("Yusuf");
    assert_int_equal(lines_of(&amina, 1), 2);
    assert_int_equal(lines_of(&yusuf, 1), 1);
    assert_int_equal(lines_of(&nobody, 1), 0);
    assert_int_equal(lines_of(&amina, 1), 2);
}

static void what_changed_is_read_again_and_only_then(void **state)
{
    struct daf_subject_id amina;

    (void)state;
    learn("Amina", "a");
    amina = subject_of("Amina");
    assert_int_equal(lines_of(&amina, 1), 1);
    learn("Amina", "b");
    assert_int_equal(lines_of(&amina, 1), 1); /* nobody said so */
    assert_int_equal(lines_of(&amina, 2), 2);
}

static void who_was_not_asked_for_longest_goes_and_comes_back(void **state)
{
    struct daf_subject_id amina, other = {{0}};

    (void)state;
    learn("Amina", "a");
    amina = subject_of("Amina");
    assert_int_equal(lines_of(&amina, 1), 1);
    for (uint8_t i = 1; i <= DAF_PROGRESSBOOK_MAX; i++) {
        other.b[0] = i;
        assert_int_equal(lines_of(&other, 1), 0);
    }
    assert_int_equal(book.progress.count, 0);
    assert_int_equal(lines_of(&amina, 1), 1);
}

/* DAF_WRITE_LEARNER: by whom a browser adds somebody. */
static struct daf_subject_id enter(const char *name)
{
    const struct daf_write write = {.kind = DAF_WRITE_LEARNER,
                                    .learner = {(const uint8_t *)name,
                                                strlen(name)}};
    const struct daf_input in = {.kind = DAF_INPUT_WRITE, .write = &write};

    daf_agent_input(cast_agent(cast, 0), daf_clock_now(), &in);
    cast_run(cast, 10);
    assert_int_equal(cast_last_wrote(cast, 0)->err, DAF_OK);
    assert_true(cast_last_wrote(cast, 0)->registered);
    return cast_last_wrote(cast, 0)->subject;
}

static void two_girls_may_have_one_name_and_one_may_have_none(void **state)
{
    struct daf_subject_id first = enter("Amina"), second = enter("Amina");
    struct daf_subject_id nameless = enter("");
    struct daf_learner l;
    size_t count = 0;

    (void)state;
    assert_memory_not_equal(&first, &second, sizeof(first));
    assert_memory_not_equal(&first, &nameless, sizeof(first));
    while (daf_camp_learner_at(daf_agent_camp(cast_agent(cast, 0)), count, &l))
        count++;
    assert_int_equal(count, 3);
}

static void a_name_that_looks_like_an_id_is_no_name(void **state)
{
    static const char name[] = "00112233445566778899aabbccddeeff";
    const struct daf_write write = {.kind = DAF_WRITE_LEARNER,
                                    .learner = {(const uint8_t *)name,
                                                sizeof(name) - 1}};
    const struct daf_input in = {.kind = DAF_INPUT_WRITE, .write = &write};

    (void)state;
    daf_agent_input(cast_agent(cast, 0), daf_clock_now(), &in);
    cast_run(cast, 10);
    assert_int_equal(cast_last_wrote(cast, 0)->err, DAF_ELIMIT);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(each_learner_has_her_own_lines),
        T(what_changed_is_read_again_and_only_then),
        T(who_was_not_asked_for_longest_goes_and_comes_back),
        T(two_girls_may_have_one_name_and_one_may_have_none),
        T(a_name_that_looks_like_an_id_is_no_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
