/* SPDX-License-Identifier: Apache-2.0 */
/* Cards that were copied, backups that were put back (docs/protocol.md R125,
 * R126): nothing is lost, and nobody has to do anything. */
#include <string.h>

#include "tests/lib/cast.h"
#include "tests/lib/t.h"

static void write_some(struct cast *c, size_t node, const char *item, size_t n)
{
    for (size_t i = 0; i < n; i++)
        cast_learn(c, node, "Kite Example", item, (uint32_t)i);
    cast_run(c, 0);
}

static size_t lives(struct cast *c, size_t node)
{
    struct daf_agent_stats stats;

    daf_agent_stats(cast_agent(c, node), &stats);
    return stats.lives;
}

static bool is_restored(struct cast *c, size_t node)
{
    struct daf_agent_stats stats;

    daf_agent_stats(cast_agent(c, node), &stats);
    return stats.restored;
}

/* Of an author's logs in the class. */
static size_t logs_of(struct cast *c, size_t node, size_t author)
{
    const struct daf_scope_id scope = cast_scope(c, "class:1");
    const struct daf_author_id who = cast_author(c, author);
    uint64_t incarnations[64];

    return daf_store_author_logs(cast_reader(c, node), &scope, &who,
                                 incarnations, 64);
}

static void two_copies_of_a_card_go_on_in_logs_of_their_own(void **state)
{
    struct cast *c = cast_new(3, false);

    (void)state;
    write_some(c, 1, "before", 2); /* 3 records: one registers her */
    cast_copy_card(c, 1, 2);
    write_some(c, 1, "here", 5);
    write_some(c, 2, "there", 5);
    cast_peer(c, 1, 2);
    cast_run(c, 60000);
    assert_int_equal(cast_records(c, 1, "class:1"), 13);
    assert_true(cast_equal(c, 1, 2));
    assert_int_equal(lives(c, 1), 2);
    assert_int_equal(lives(c, 2), 2);
    assert_int_equal(daf_agent_clones(cast_agent(c, 1)), 1);
    assert_int_equal(daf_agent_clones(cast_agent(c, 2)), 1);
    /* What they write from then on is nobody's surprise any more. */
    write_some(c, 1, "later", 3);
    write_some(c, 2, "later", 3);
    cast_run(c, 60000);
    assert_true(cast_equal(c, 1, 2));
    assert_int_equal(lives(c, 1), 2);
    assert_int_equal(lives(c, 2), 2);
    assert_int_equal(logs_of(c, 1, 1), 3);
    assert_int_equal(daf_agent_clones(cast_agent(c, 1)), 1);
    cast_free(c);
}

#define COPIES 20

static void twenty_copies_that_never_meet_converge_by_a_third(void **state)
{
    struct cast *c = cast_new(1 + COPIES, false);

    (void)state;
    write_some(c, 1, "before", 1);
    for (size_t i = 2; i <= COPIES; i++)
        cast_copy_card(c, 1, i);
    for (size_t i = 1; i <= COPIES; i++)
        write_some(c, i, "apart", i);
    for (size_t i = 1; i <= COPIES; i++) {
        cast_peer(c, i, 0);
        cast_run(c, 1000);
        cast_story_clear(c);
    }
    cast_run(c, 120000);
    for (size_t i = 1; i <= COPIES; i++) {
        assert_true(cast_equal(c, 0, i));
        cast_story_clear(c);
        write_some(c, i, "after", 1);
    }
    cast_run(c, 120000);
    for (size_t i = 1; i <= COPIES; i++) {
        assert_true(cast_equal(c, 0, i));
        assert_int_equal(daf_agent_clones(cast_agent(c, i)), COPIES - 1);
        assert_int_equal(lives(c, i), 2);
    }
    /* What each wrote apart, and one each after; before it two, as one registers. */
    assert_int_equal(cast_records(c, 0, "class:1"),
                     2 + COPIES * (COPIES + 1) / 2 + COPIES);
    cast_free(c);
}

static void a_backup_that_was_put_back_loses_nothing(void **state)
{
    struct cast *c = cast_new(2, false);

    (void)state;
    write_some(c, 1, "before", 2);
    cast_backup(c, 1);
    cast_peer(c, 1, 0);
    write_some(c, 1, "kept elsewhere", 4);
    cast_run(c, 60000);
    assert_true(cast_equal(c, 0, 1));
    cast_restore(c, 1);
    write_some(c, 1, "before it hears", 3);
    cast_run(c, 60000);
    assert_true(cast_equal(c, 0, 1));
    assert_int_equal(cast_records(c, 0, "class:1"), 10);
    assert_int_equal(lives(c, 1), 2);
    /* The coordinator is an archive: in step with it is enough. */
    assert_false(is_restored(c, 1));
    write_some(c, 1, "after", 1);
    cast_run(c, 60000);
    assert_true(cast_equal(c, 0, 1));
    assert_int_equal(logs_of(c, 0, 1), 2);
    assert_int_equal(lives(c, 1), 2);
    cast_free(c);
}

static void a_new_life_is_durable_with_what_called_for_it(void **state)
{
    struct cast *c = cast_new(2, false);

    (void)state;
    cast_backup(c, 1);
    cast_peer(c, 1, 0);
    write_some(c, 1, "kept elsewhere", 1);
    cast_run(c, 60000);
    cast_restore(c, 1);
    cast_slow_disk(c, 1, true);
    cast_run(c, 1000);
    /* The plug goes before the commit: neither the record nor the new life. */
    cast_pull_plug(c, 1);
    assert_int_equal(lives(c, 1), 1);
    cast_run(c, 60000);
    cast_disk(c, 1);
    cast_pull_plug(c, 1);
    assert_int_equal(cast_records(c, 1, "class:1"), 2);
    assert_int_equal(lives(c, 1), 2);
    cast_free(c);
}

static void a_restored_coordinator_acts_when_it_has_heard(void **state)
{
    struct cast *c = cast_new(4, false);

    (void)state;
    cast_backup(c, 0);
    cast_revoke(c, 3);
    cast_peer(c, 1, 0);
    cast_peer(c, 2, 0);
    cast_run(c, 60000);
    cast_cut(c, 0, 1);
    cast_cut(c, 0, 2);
    cast_restore(c, 0);
    /* Nothing says yet that it was restored. */
    assert_false(is_restored(c, 0));
    cast_heal(c, 0, 1);
    cast_run(c, 60000);
    /* One device brought it: another may know more. */
    assert_true(is_restored(c, 0));
    cast_revoke(c, 3);
    cast_run(c, 0);
    assert_int_equal(cast_last_wrote(c, 0)->err, DAF_ERESTORED);
    cast_heal(c, 0, 2);
    cast_run(c, 60000);
    assert_false(is_restored(c, 0));
    cast_revoke(c, 3);
    cast_run(c, 0);
    assert_int_equal(cast_last_wrote(c, 0)->err, DAF_OK);
    cast_free(c);
}

/* A claim without the record counts for nothing: only a record that verifies is
 * kept, and only what is kept is met. */
static void news_of_a_higher_head_make_no_new_life(void **state)
{
    struct cast *c = cast_new(3, false);

    (void)state;
    write_some(c, 1, "own", 2);
    cast_peer(c, 1, 0);
    cast_peer(c, 2, 0);
    cast_run(c, 60000);
    write_some(c, 2, "another's", 2);
    cast_run(c, 60000);
    assert_int_equal(lives(c, 1), 1);
    assert_int_equal(daf_agent_clones(cast_agent(c, 1)), 0);
    assert_false(is_restored(c, 1));
    cast_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_copies_of_a_card_go_on_in_logs_of_their_own),
        cmocka_unit_test(twenty_copies_that_never_meet_converge_by_a_third),
        cmocka_unit_test(a_backup_that_was_put_back_loses_nothing),
        cmocka_unit_test(a_new_life_is_durable_with_what_called_for_it),
        cmocka_unit_test(a_restored_coordinator_acts_when_it_has_heard),
        cmocka_unit_test(news_of_a_higher_head_make_no_new_life),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
