/* SPDX-License-Identifier: Apache-2.0 */
/* Two devices meet, become equal and fall silent; then a record is news. */
#include "tests/lib/t.h"
#include "tests/lib/cast.h"

static void strangers_of_one_camp_meet_at_the_door_and_become_equal(
    void **state)
{
    struct cast *c = cast_new(3, true);

    (void)state;
    /* 1 was enrolled before 2: it never saw 2's certificate, and the
     * coordinator, device 0, is not there. */
    cast_learn(c, 2, "Lantern Example", "count-to-20", 800000);
    cast_run(c, 0);
    cast_peer(c, 1, 2);
    cast_run(c, 0);
    assert_string_equal(cast_story(c), "1>2 KNOCK\n"
                                       "2>1 NONCE\n"
                                       "1>2 PROOF\n"
                                       "2>1 WELCOME\n"
                                       "1>2 HELLO\n"
                                       "2>1 HELLO\n"
                                       "2>1 ROOT\n"
                                       /* 1 sees that control and the class
                                        * differ and sends symbols of both; it
                                        * waits to be told. */
                                       "1>2 ROOT\n"
                                       /* 2 peels the symbols and tells what it
                                        * has more: of control, of the class;
                                        * then its log that has no copy. */
                                       "2>1 HEADS\n"
                                       "2>1 HEADS\n"
                                       "2>1 HEADS\n"
                                       /* Control first; the class waits. */
                                       "1>2 WANT\n"
                                       "2>1 RUN\n"
                                       "1>2 ACK\n"
                                       "1>2 WANT\n"
                                       "2>1 RUN\n"
                                       "1>2 ACK\n");
    assert_true(cast_equal(c, 1, 2));
    assert_int_equal(cast_records(c, 1, "class:1"), 2);
    cast_free(c);
}

static void equal_devices_say_nothing(void **state)
{
    struct cast *c = cast_new(2, false);

    (void)state;
    cast_peer(c, 1, 0);
    cast_run(c, 0);
    cast_story_clear(c);
    cast_run(c, 3600000);
    assert_string_equal(cast_story(c), "");
    cast_free(c);
}

/* Once at each side: KNOCK, NONCE, PROOF, WELCOME, HELLO, ROOT. */
static void frames_are_counted_by_kind(void **state)
{
    struct cast *c = cast_new(2, false);
    struct daf_agent_stats one, two;
    uint64_t bytes = 0;

    (void)state;
    cast_peer(c, 1, 0);
    cast_run(c, 0);
    daf_agent_stats(cast_agent(c, 1), &one);
    daf_agent_stats(cast_agent(c, 0), &two);
    assert_int_equal(one.sent[DAF_FRAME_KNOCK].frames, 1);
    assert_int_equal(two.received[DAF_FRAME_KNOCK].frames, 1);
    assert_int_equal(one.sent[DAF_FRAME_WELCOME].frames, 0);
    assert_int_equal(two.sent[DAF_FRAME_WELCOME].frames, 1);
    assert_int_equal(one.sent[DAF_FRAME_HELLO].frames, 1);
    assert_int_equal(two.received[DAF_FRAME_HELLO].frames, 1);
    assert_int_equal(one.sent[DAF_FRAME_RUN].frames, 0);
    for (size_t i = 0; i < DAF_AGENT_KINDS; i++) {
        assert_int_equal(one.sent[i].frames, two.received[i].frames);
        assert_int_equal(one.sent[i].bytes, two.received[i].bytes);
        bytes += one.sent[i].bytes;
    }
    assert_int_equal(one.sent[DAF_FRAME_UNKNOWN].frames, 0);
    assert_int_equal(bytes, one.bytes_out);
    cast_free(c);
}

static void a_new_record_is_pushed_as_news_and_fetched(void **state)
{
    struct cast *c = cast_new(2, false);

    (void)state;
    cast_peer(c, 1, 0);
    cast_learn(c, 1, "Lantern Example", "count-to-20", 500000);
    cast_run(c, 1000);
    cast_story_clear(c);
    cast_learn(c, 1, "Lantern Example", "hand-washing", 1000000);
    cast_run(c, 1000);
    assert_string_equal(cast_story(c), "1>0 HEADS\n"
                                       "0>1 WANT\n"
                                       "1>0 RUN\n"
                                       "0>1 ACK\n");
    assert_true(cast_equal(c, 0, 1));
    cast_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            strangers_of_one_camp_meet_at_the_door_and_become_equal),
        cmocka_unit_test(equal_devices_say_nothing),
        cmocka_unit_test(frames_are_counted_by_kind),
        cmocka_unit_test(a_new_record_is_pushed_as_news_and_fetched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
