/* SPDX-License-Identifier: Apache-2.0 */
/* A device is revoked: it is sent away, told why at the next door, and nobody
 * loses a record by it. */
#include "tests/lib/cast.h"
#include "tests/lib/t.h"

static struct daf_agent_stats stats_of(struct cast *c, size_t node)
{
    struct daf_agent_stats stats;

    daf_agent_stats(cast_agent(c, node), &stats);
    return stats;
}

static bool knows(struct cast *c, size_t node, size_t revoked)
{
    struct daf_author_id author = cast_author(c, revoked);

    return daf_camp_is_revoked(daf_agent_camp(cast_agent(c, node)), &author);
}

static void a_device_is_revoked_while_it_is_connected(void **state)
{
    struct cast *c = cast_new(3, false);

    (void)state;
    cast_cut(c, 0, 1); /* 2 tells 1 of 0, who would tell 1 of this at once */
    cast_peer(c, 2, 0);
    cast_run(c, 0);
    cast_peer(c, 2, 1);
    cast_run(c, 0);
    cast_learn(c, 2, "Lantern Example", "count-to-20", 800000);
    cast_run(c, 60000); /* a wait that begins anew is a second, less a bit */
    assert_true(cast_equal(c, 0, 2) && cast_equal(c, 1, 2));
    cast_story_clear(c);
    cast_revoke(c, 2);
    cast_run(c, 0);
    assert_string_equal(cast_story(c), "0>2 BYE\n");
    /* It does not know why, and asks at both doors.  0 says it; 1 cannot yet, and
     * hears of it from 2 itself. */
    cast_run(c, 1000);
    assert_string_equal(cast_story(c), "0>2 BYE\n"
                                       "2>0 KNOCK\n"
                                       "0>2 NONCE\n"
                                       "2>0 PROOF\n"
                                       "0>2 REVOKED\n"
                                       "2>1 HEADS\n"
                                       "1>2 WANT\n"
                                       "2>1 RUN\n"
                                       "1>2 BYE\n");
    assert_true(stats_of(c, 2).revoked);
    assert_true(knows(c, 1, 2));
    assert_int_equal(stats_of(c, 0).sessions + stats_of(c, 1).sessions +
                         stats_of(c, 2).sessions,
                     0);
    /* And calls nobody any more. */
    cast_story_clear(c);
    cast_learn(c, 2, "Lantern Example", "hand-washing", 900000);
    cast_run(c, 3600000);
    assert_string_equal(cast_story(c), "");
    /* What it wrote before is everywhere, what it wrote since is here. */
    assert_int_equal(cast_records(c, 0, "class:1"), 2);
    assert_int_equal(cast_records(c, 1, "class:1"), 2);
    assert_int_equal(cast_records(c, 2, "class:1"), 3);
    cast_heal(c, 0, 1);
    cast_peer(c, 1, 0);
    cast_run(c, 60000);
    assert_true(cast_equal(c, 0, 1));
    cast_free(c);
}

static void a_device_that_was_away_is_told_by_one_that_is_no_coordinator(
    void **state)
{
    struct cast *c = cast_new(3, false);

    (void)state;
    cast_cut(c, 0, 2);
    cast_cut(c, 1, 2);
    cast_peer(c, 1, 0);
    cast_learn(c, 2, "Kite Example", "letters", 1);
    cast_revoke(c, 2);
    cast_run(c, 1000);
    assert_true(knows(c, 1, 2));
    cast_heal(c, 1, 2);
    cast_story_clear(c);
    cast_peer(c, 2, 1);
    cast_run(c, 3600000);
    assert_string_equal(cast_story(c), "2>1 KNOCK\n"
                                       "1>2 NONCE\n"
                                       "2>1 PROOF\n"
                                       "1>2 REVOKED\n");
    assert_true(stats_of(c, 2).revoked);
    assert_int_equal(cast_records(c, 2, "class:1"), 2);
    assert_int_equal(cast_records(c, 1, "class:1"), 0);
    assert_true(cast_equal(c, 0, 1));
    /* After a restart it still knows, and says nothing. */
    cast_story_clear(c);
    cast_pull_plug(c, 2);
    cast_run(c, 60000);
    assert_true(stats_of(c, 2).revoked);
    assert_string_equal(cast_story(c), "");
    cast_free(c);
}

/* 1 has its records from before, and 0 takes them from 1 although it knows. */
static void records_of_a_revoked_device_go_on_from_hand_to_hand(void **state)
{
    struct cast *c = cast_new(3, false);

    (void)state;
    cast_cut(c, 0, 1);
    cast_cut(c, 0, 2);
    cast_peer(c, 1, 2);
    cast_learn(c, 2, "Kite Example", "letters", 1);
    cast_run(c, 1000);
    assert_int_equal(cast_records(c, 1, "class:1"), 2);
    cast_revoke(c, 2);
    cast_run(c, 1000);
    cast_heal(c, 0, 1);
    cast_peer(c, 1, 0);
    cast_run(c, 1000);
    assert_int_equal(cast_records(c, 0, "class:1"), 2);
    assert_true(cast_equal(c, 0, 1));
    assert_int_equal(stats_of(c, 1).sessions, 1);
    cast_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_is_revoked_while_it_is_connected),
        cmocka_unit_test(
            a_device_that_was_away_is_told_by_one_that_is_no_coordinator),
        cmocka_unit_test(records_of_a_revoked_device_go_on_from_hand_to_hand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
