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

/* R110 to R112, whole: by 2 to 0. */
static const char handed_over[] = "2>0 KNOCK\n"
                                  "0>2 NONCE\n"
                                  "2>0 PROOF\n"
                                  "0>2 REVOKED\n"
                                  "0>2 WELCOME\n"
                                  "2>0 HELLO\n"
                                  "0>2 HELLO\n"
                                  "0>2 ROOT\n"
                                  "2>0 ROOT\n"
                                  "2>0 HEADS\n"
                                  "0>2 WANT\n"
                                  "2>0 RUN\n"
                                  "0>2 ACK\n"
                                  "0>2 ACK\n"
                                  "2>0 BYE\n";

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
                                       "0>2 WELCOME\n"
                                       "2>1 HEADS\n"
                                       "1>2 WANT\n"
                                       "2>1 RUN\n"
                                       "1>2 BYE\n");
    assert_true(stats_of(c, 2).revoked);
    assert_true(knows(c, 1, 2));
    assert_int_equal(stats_of(c, 0).sessions + stats_of(c, 1).sessions +
                         stats_of(c, 2).sessions,
                     0);
    /* And calls nobody any more, but to hand over what it writes. */
    cast_story_clear(c);
    cast_run(c, 3600000);
    assert_string_equal(cast_story(c), "");
    assert_false(stats_of(c, 2).left);
    cast_learn(c, 2, "Lantern Example", "hand-washing", 900000);
    cast_cut(c, 1, 2);
    cast_run(c, 3600000);
    assert_string_equal(cast_story(c), handed_over);
    assert_false(stats_of(c, 2).left);
    assert_int_equal(cast_records(c, 0, "class:1"), 3);
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
    cast_run(c, 0);
    assert_string_equal(cast_story(c), "2>1 KNOCK\n"
                                       "1>2 NONCE\n"
                                       "2>1 PROOF\n"
                                       "1>2 REVOKED\n"
                                       "1>2 WELCOME\n");
    assert_true(stats_of(c, 2).revoked);
    assert_true(stats_of(c, 2).left);
    assert_int_equal(cast_records(c, 2, "class:1"), 2);
    assert_int_equal(cast_records(c, 1, "class:1"), 0);
    /* Now that it is durable it comes again, and gives what it has. */
    cast_run(c, 3600000);
    assert_false(stats_of(c, 2).left);
    assert_int_equal(cast_records(c, 1, "class:1"), 2);
    assert_int_equal(cast_records(c, 0, "class:1"), 2);
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

/* ---- leaving (docs/protocol.md R110 to R114) */

/* 2 is revoked and cannot know it; it wrote @count records more, which nobody has. */
static struct cast *lost_with(size_t count)
{
    struct cast *c = cast_new(3, false);

    cast_cut(c, 0, 2);
    cast_cut(c, 1, 2);
    cast_peer(c, 1, 0);
    cast_revoke(c, 2);
    cast_run(c, 1000);
    assert_true(knows(c, 1, 2));
    for (size_t i = 0; i < count; i++)
        cast_learn(c, 2, "Kite Example", "letters", (uint32_t)i);
    cast_run(c, 0);
    return c;
}

/* The device wrote on in an older copy of its notebook: its last record has a
 * sister. */
struct forking {
    struct cast *c;
    uint8_t header[DAF_HEADER_BYTES_MAX], body[DAF_BODY_BYTES_MAX];
    struct daf_view body_view;
    struct daf_record last;
};

static bool note_last(void *ctx, const struct daf_row *row)
{
    struct forking *f = ctx;
    struct daf_record r;

    assert_int_equal(daf_record_decode(row->stored.header, &r), DAF_OK);
    if (r.seq < f->last.seq) return true;
    f->last = r;
    memcpy(f->body, row->stored.body.p, row->stored.body.len);
    f->body_view = (struct daf_view){f->body, row->stored.body.len};
    return true;
}

static void fork_last(struct cast *c, size_t node, bool with_body)
{
    static struct forking f;
    struct daf_scope_id id = cast_scope(c, "class:1");
    struct daf_store *to = cast_writer(c, node);
    struct daf_view header = {f.header, 0};
    enum daf_put what;

    f = (struct forking){.c = c};
    assert_int_equal(daf_store_scan(cast_reader(c, node), &id, -1, note_last,
                                    &f),
                     DAF_OK);
    f.last.ext = (struct daf_view){0};
    f.last.claimed_ms++;
    header.len =
        daf_record_sign(&f.last, &cast_secrets(c, node)->sign, f.header);
    assert_int_equal(daf_record_decode(header, &f.last), DAF_OK);
    assert_int_equal(daf_store_begin(to), DAF_OK);
    assert_int_equal(daf_store_put(to, &f.last, header,
                                   with_body ? DAF_BODY_HELD : DAF_BODY_ABSENT,
                                   with_body ? f.body_view
                                             : (struct daf_view){0},
                                   &what),
                     DAF_OK);
    assert_int_equal(what, DAF_PUT_NEW);
    assert_int_equal(daf_store_commit(to), DAF_OK);
}

static void both_branches_of_a_log_are_handed_over(void **state)
{
    struct cast *c = lost_with(3);

    (void)state;
    fork_last(c, 2, true);
    cast_heal(c, 1, 2);
    cast_peer(c, 2, 1);
    cast_run(c, 60000);
    assert_int_equal(cast_records(c, 1, "class:1"), 5);
    assert_true(cast_equal(c, 0, 1));
    assert_false(stats_of(c, 2).left);
    cast_story_clear(c);
    cast_run(c, 3600000);
    assert_string_equal(cast_story(c), "");
    /* After a restart it asks once more, and is told at once. */
    cast_pull_plug(c, 2);
    assert_true(stats_of(c, 2).left);
    cast_peer(c, 2, 1);
    cast_run(c, 60000);
    assert_false(stats_of(c, 2).left);
    assert_null(strstr(cast_story(c), "RUN"));
    cast_free(c);
}

/* Nobody can say that it is kept. */
static void what_has_no_body_anywhere_is_not_called_handed_over(void **state)
{
    struct cast *c = lost_with(3);

    (void)state;
    fork_last(c, 2, false);
    cast_heal(c, 1, 2);
    cast_peer(c, 2, 1);
    cast_run(c, 600000);
    assert_int_equal(cast_records(c, 1, "class:1"), 5);
    assert_true(stats_of(c, 2).left);
    cast_free(c);
}

/* Deaf from the frame @at on, of all that the two hear. */
struct deafness {
    size_t heard, at;
};

static bool hear_some(void *ctx, struct daf_view frame)
{
    struct deafness *d = ctx;

    (void)frame;
    return d->heard++ < d->at;
}

/* @victim's plug is pulled after @at frames, its disk having committed or (@is_slow)
 * not.  Returns whether there was anything left to hear. */
static bool pull_after(size_t victim, size_t at, bool is_slow)
{
    struct cast *c = lost_with(5);
    struct deafness d = {.at = at};

    cast_heal(c, 1, 2);
    cast_listen(c, 1, hear_some, &d);
    cast_listen(c, 2, hear_some, &d);
    cast_slow_disk(c, victim, is_slow);
    cast_peer(c, 2, 1);
    cast_run(c, 4000);
    cast_pull_plug(c, victim);
    cast_slow_disk(c, victim, false);
    cast_listen(c, 1, NULL, NULL);
    cast_listen(c, 2, NULL, NULL);
    cast_peer(c, 2, 1);
    cast_peer(c, 1, 0);
    cast_run(c, 240000);
    /* Nothing is lost, and it knows that it is not. */
    assert_int_equal(cast_records(c, 1, "class:1"), 6);
    assert_true(cast_equal(c, 0, 1));
    assert_true(stats_of(c, 2).revoked);
    assert_false(stats_of(c, 2).left);
    cast_free(c);
    return d.heard > at;
}

static void the_plug_is_pulled_at_each_step(void **state)
{
    (void)state;
    for (size_t victim = 1; victim <= 2; victim++)
        for (size_t at = 0; pull_after(victim, at, at % 2 == 1); at++)
            assert_in_range(at, 0, 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_is_revoked_while_it_is_connected),
        cmocka_unit_test(
            a_device_that_was_away_is_told_by_one_that_is_no_coordinator),
        cmocka_unit_test(records_of_a_revoked_device_go_on_from_hand_to_hand),
        cmocka_unit_test(both_branches_of_a_log_are_handed_over),
        cmocka_unit_test(what_has_no_body_anywhere_is_not_called_handed_over),
        cmocka_unit_test(the_plug_is_pulled_at_each_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
