/* SPDX-License-Identifier: Apache-2.0 */
/* A chain of three, a cut, work on both sides, a heal. */
#include <stdio.h>

#include "tests/lib/cast.h"
#include "tests/lib/t.h"

static void work_many(struct cast *c, size_t node, const char *tag, int count)
{
    char learner[64], item[64];

    for (int i = 0; i < count; i++) {
        snprintf(learner, sizeof(learner), "Learner %d Example", i % 7);
        snprintf(item, sizeof(item), "%s-%d", tag, i);
        cast_learn(c, node, learner, item, 100000);
    }
}

static void work_on_both_sides_of_a_cut_is_on_all_after_the_heal(void **state)
{
    struct cast *c = cast_new(3, false);
    struct daf_agent_stats stats;

    (void)state;
    cast_peer(c, 0, 1);
    cast_peer(c, 2, 1);
    work_many(c, 1, "before", 20);
    cast_run(c, 1000);
    assert_true(cast_equal(c, 0, 1) && cast_equal(c, 1, 2));

    cast_cut(c, 0, 1);
    work_many(c, 0, "left", 30);
    work_many(c, 2, "right", 40);
    cast_run(c, 60000);
    assert_true(cast_equal(c, 1, 2));
    assert_false(cast_equal(c, 0, 1));

    cast_heal(c, 0, 1);
    cast_run(c, 16000); /* the longest wait between two tries is 15 s */
    assert_true(cast_equal(c, 0, 1) && cast_equal(c, 1, 2));
    /* Three devices each registered the seven learners that they did not
     * know; 1 and 2 knew those of 1. */
    assert_int_equal(cast_records(c, 0, "class:1"), 20 + 30 + 40 + 7);
    cast_story_clear(c);
    cast_run(c, 600000);
    assert_string_equal(cast_story(c), "");
    for (size_t i = 0; i < 3; i++) {
        daf_agent_stats(cast_agent(c, i), &stats);
        assert_false(stats.unchecked);
        assert_int_equal(daf_agent_deadline(cast_agent(c, i)).ms, UINT64_MAX);
    }
    cast_free(c);
}

static void learners_registered_on_both_sides_are_both_kept(void **state)
{
    struct cast *c = cast_new(2, false);

    (void)state;
    cast_learn(c, 0, "Kite Example", "letters", 1);
    cast_learn(c, 1, "Kite Example", "letters", 2);
    cast_run(c, 0);
    cast_peer(c, 0, 1);
    cast_run(c, 1000);
    assert_true(cast_equal(c, 0, 1));
    assert_int_equal(cast_records(c, 0, "class:1"), 4);
    cast_free(c);
}

static void two_that_call_each_other_keep_one_session(void **state)
{
    struct cast *c = cast_new(2, false);
    struct daf_agent_stats stats;

    (void)state;
    cast_peer(c, 0, 1);
    cast_peer(c, 1, 0);
    cast_run(c, 30000);
    for (size_t i = 0; i < 2; i++) {
        daf_agent_stats(cast_agent(c, i), &stats);
        assert_int_equal(stats.sessions, 1);
    }
    cast_story_clear(c);
    cast_run(c, 600000);
    assert_string_equal(cast_story(c), "");
    cast_free(c);
}

static void a_device_that_calls_itself_gives_up_quietly(void **state)
{
    struct cast *c = cast_new(1, false);
    struct daf_agent_stats stats;

    (void)state;
    cast_peer(c, 0, 0);
    cast_run(c, 60000);
    daf_agent_stats(cast_agent(c, 0), &stats);
    assert_int_equal(stats.sessions, 0);
    cast_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_on_both_sides_of_a_cut_is_on_all_after_the_heal),
        cmocka_unit_test(learners_registered_on_both_sides_are_both_kept),
        cmocka_unit_test(two_that_call_each_other_keep_one_session),
        cmocka_unit_test(a_device_that_calls_itself_gives_up_quietly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
