/* SPDX-License-Identifier: Apache-2.0 */
/* Durable, then spoken: a pulled plug can make a device forget, never lie. */
#include <string.h>

#include "tests/lib/cast.h"
#include "tests/lib/t.h"

static void nothing_is_acknowledged_before_the_commit(void **state)
{
    struct cast *c = cast_new(2, false);

    (void)state;
    cast_learn(c, 1, "Kite Example", "letters", 1);
    cast_run(c, 0);
    cast_slow_disk(c, 0, true);
    cast_peer(c, 1, 0);
    cast_run(c, 1000);
    assert_non_null(strstr(cast_story(c), "1>0 RUN\n"));
    /* That 1 holds all of 0's control it says at once: it is on its disk. */
    assert_null(strstr(cast_story(c), "0>1 ACK"));
    cast_disk(c, 0);
    cast_run(c, 1000);
    assert_non_null(strstr(cast_story(c), "0>1 ACK\n"));
    assert_true(cast_equal(c, 0, 1));
    cast_free(c);
}

static void what_the_disk_had_not_is_fetched_again_after_the_plug(void **state)
{
    struct cast *c = cast_new(2, false);

    (void)state;
    cast_learn(c, 1, "Kite Example", "letters", 1);
    cast_run(c, 0);
    cast_slow_disk(c, 0, true);
    cast_peer(c, 1, 0);
    cast_run(c, 1000);
    cast_pull_plug(c, 0);
    assert_int_equal(cast_records(c, 0, "class:1"), 0);
    cast_slow_disk(c, 0, false);
    cast_run(c, 20000);
    assert_true(cast_equal(c, 0, 1));
    assert_int_equal(cast_records(c, 0, "class:1"), 2);
    cast_free(c);
}

static void an_own_record_is_not_offered_before_it_is_durable(void **state)
{
    struct cast *c = cast_new(2, false);

    (void)state;
    cast_peer(c, 1, 0);
    cast_run(c, 1000);
    cast_slow_disk(c, 1, true);
    cast_story_clear(c);
    cast_learn(c, 1, "Kite Example", "letters", 1);
    cast_run(c, 60000);
    assert_string_equal(cast_story(c), "");
    assert_int_equal(cast_wrote_count(c, 1), 0);
    cast_disk(c, 1);
    cast_run(c, 1000);
    assert_int_equal(cast_wrote_count(c, 1), 1);
    assert_true(cast_equal(c, 0, 1));
    cast_free(c);
}

static void a_log_goes_on_where_its_disk_stopped(void **state)
{
    struct cast *c = cast_new(2, false);

    (void)state;
    cast_learn(c, 1, "Kite Example", "one", 1);
    cast_run(c, 0);
    cast_slow_disk(c, 1, true);
    cast_learn(c, 1, "Kite Example", "lost with the plug", 1);
    cast_pull_plug(c, 1);
    cast_slow_disk(c, 1, false);
    cast_learn(c, 1, "Kite Example", "two", 1);
    cast_run(c, 0);
    /* Registration, one, two: seq 3, and nobody ever saw another seq 3. */
    assert_int_equal(cast_last_wrote(c, 1)->err, DAF_OK);
    assert_int_equal(cast_last_wrote(c, 1)->seq, 3);
    assert_int_equal(cast_records(c, 1, "class:1"), 3);
    cast_free(c);
}

static void a_full_disk_refuses_and_loses_nothing(void **state)
{
    struct cast *c = cast_new(2, false);

    (void)state;
    cast_learn(c, 1, "Kite Example", "one", 1);
    cast_run(c, 0);
    cast_full_disk(c, 0, true);
    cast_peer(c, 1, 0);
    cast_run(c, 60000);
    assert_null(strstr(cast_story(c), "0>1 ACK"));
    cast_learn(c, 0, "Lantern Example", "refused", 1);
    cast_run(c, 0);
    assert_int_equal(cast_last_wrote(c, 0)->err, DAF_EFULL);
    cast_full_disk(c, 0, false);
    cast_learn(c, 0, "Lantern Example", "taken", 1);
    cast_run(c, 20000);
    assert_int_equal(cast_last_wrote(c, 0)->err, DAF_OK);
    assert_int_equal(cast_last_wrote(c, 0)->seq, 2);
    assert_true(cast_equal(c, 0, 1));
    assert_int_equal(cast_records(c, 0, "class:1"), 4);
    cast_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_acknowledged_before_the_commit),
        cmocka_unit_test(what_the_disk_had_not_is_fetched_again_after_the_plug),
        cmocka_unit_test(an_own_record_is_not_offered_before_it_is_durable),
        cmocka_unit_test(a_log_goes_on_where_its_disk_stopped),
        cmocka_unit_test(a_full_disk_refuses_and_loses_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
