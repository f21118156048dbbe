/* SPDX-License-Identifier: Apache-2.0 */
/* A revoked device hands over what it wrote, and gets nothing (docs/protocol.md R110
 * to R114): a takes, b leaves. */
#include "tests/lib/session_case.h"

/* Greets as a leaving session: b's HELLO, a's HELLO are delivered. */
static void leave(void)
{
    a->role = DAF_SESSION_TAKER;
    b->role = DAF_SESSION_LEAVER;
    greet(b, a);
}

/* Another device's records, which a has. */
static struct session_pair_record others[3];
static void hold_others(struct session_pair *p)
{
    for (size_t i = 0; i < 3; i++) {
        session_pair_write(camp, 3, SESSION_PAIR_CLASS, 1,
                           i == 0 ? NULL : &others[i - 1], i, 40, &others[i]);
        session_pair_hold(p, &others[i], true);
    }
}

static void free_others(void)
{
    for (size_t i = 0; i < 3; i++)
        session_pair_record_free(&others[i]);
}

static void only_says(const struct session_pair *p, unsigned kinds)
{
    for (size_t kind = 0; kind <= DAF_FRAME_ADDRESSES; kind++)
        if ((kinds & 1u << kind) == 0) assert_int_equal(p->said_count[kind], 0);
}

#define SAYS(kind) (1u << DAF_FRAME_##kind)

static void its_work_is_taken_and_nothing_goes_back(void **state)
{
    (void)state;
    write_chain(2, 50, 40);
    hold_chain(b, 0, 50);
    hold_others(a);
    leave();
    talk();
    for (size_t i = 0; i < 50; i++)
        assert_true(has_body(a, &chain[i]));
    assert_int_equal(daf_fake_index_count(b->index), 50);
    assert_int_equal(b->kept, 0);
    only_says(a, SAYS(HELLO) | SAYS(ROOT) | SAYS(WANT) | SAYS(ACK));
    only_says(b, SAYS(HELLO) | SAYS(ROOT) | SAYS(HEADS) | SAYS(RUN));
    assert_int_equal(b->acked.seq_first, 1);
    assert_int_equal(b->acked.last.seq, 50);
    /* Whose work is taken already is told so at once. */
    session_pair_part(a, b);
    leave();
    talk();
    only_says(a, SAYS(HELLO) | SAYS(ROOT) | SAYS(ACK));
    assert_int_equal(b->acked.last.seq, 50);
    free_others();
}

static void the_takers_root_tells_nothing(void **state)
{
    static const uint8_t zeros[16];
    struct daf_frame f;

    (void)state;
    hold_others(a);
    leave();
    f = says(a, DAF_FRAME_ROOT);
    assert_int_equal(f.root.parts.count, 0);
    assert_int_equal(f.root.bodies, 0);
    assert_memory_equal(f.root.combined.b, zeros, 16);
    free_others();
}

/* One spot cannot speak for two branches; each is named. */
static void each_tip_is_acknowledged(void **state)
{
    struct session_pair_record fork;
    struct daf_view bytes;
    size_t whole = 0;

    (void)state;
    write_chain(2, 3, 40);
    session_pair_write(camp, 2, SESSION_PAIR_CLASS, 1, &chain[0], 99, 40,
                       &fork);
    hold_chain(b, 0, 3);
    session_pair_hold(b, &fork, true);
    leave();
    for (bool went_on = true; went_on;) {
        went_on = session_pair_commit(a, DAF_OK);
        while (session_pair_take(b, &bytes)) {
            session_pair_give(a, bytes);
            went_on = true;
        }
        while (session_pair_take(a, &bytes)) {
            struct daf_frame f = decoded(bytes);

            /* The last one speaks of both. */
            if (f.kind == DAF_FRAME_ACK) {
                struct daf_cursor c = f.ack.paths.items;

                whole = 0;
                for (size_t i = 0; i < f.ack.paths.count; i++) {
                    struct daf_ack_path path;

                    daf_frame_next_ack(&c, &f.ack.scope, &path);
                    whole += path.seq_first == 1 &&
                             (path.last.seq == 3 || path.last.seq == 2);
                }
            }
            session_pair_give(b, bytes);
            went_on = true;
        }
    }
    assert_int_equal(whole, 2);
    session_pair_record_free(&fork);
}

static void a_body_that_is_lacking_is_asked_for(void **state)
{
    (void)state;
    write_chain(2, 5, 40);
    hold_chain(b, 0, 5);
    hold_chain(a, 0, 2);
    session_pair_hold(a, &chain[2], false);
    hold_others(a);
    leave();
    talk();
    assert_true(has_body(a, &chain[2]) && has_body(a, &chain[4]));
    assert_int_equal(a->said_count[DAF_FRAME_NEED], 1);
    assert_int_equal(b->acked.seq_first, 1);
    assert_int_equal(b->acked.last.seq, 5);
    free_others();
}

/* A peer that has not heard: it gets what there is, and gives in vain. */
static void who_has_not_heard_is_told_all_and_listened_to_in_nothing(
    void **state)
{
    (void)state;
    write_chain(2, 5, 40);
    hold_chain(b, 0, 5);
    hold_others(a);
    b->role = DAF_SESSION_LEAVER;
    greet(b, a);
    talk();
    assert_true(has_body(a, &chain[4]));
    assert_int_equal(b->acked.last.seq, 5);
    assert_int_equal(b->kept, 0);
    only_says(b, SAYS(HELLO) | SAYS(ROOT) | SAYS(HEADS) | SAYS(RUN));
    assert_int_equal(daf_session_state(b->s), DAF_SESSION_OPEN);
    free_others();
}

/* ---- a hostile one */

static void open_to_hostile(void)
{
    leave();
    (void)pass(a, b); /* ROOT */
    (void)pass(b, a);
    hush(a);
    hush(b);
}

static void records_of_others_are_dropped(void **state)
{
    const struct session_pair_record *list[1] = {&others[0]};
    struct daf_item item = made_item(1, 9);
    struct daf_tag tag;

    (void)state;
    hold_others(b);
    open_to_hostile();
    tag = tag_of(&others[0]);
    memcpy(item.b, tag.b, sizeof(tag.b));
    session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_UNACKED, false,
                                  &item, 1));
    (void)says(a, DAF_FRAME_WANT); /* a tag does not say whose log it is */
    session_pair_give(a, run_of(list, 1, true, true));
    assert_false(session_pair_commit(a, DAF_OK));
    says_nothing(a);
    assert_int_equal(a->kept, 0);
    assert_int_equal(a->refusals.by_err[DAF_EAUTHOR], 1);
    assert_int_equal(daf_session_state(a->s), DAF_SESSION_OPEN);
    free_others();
}

/* To want it would show our tips of it. */
static void a_log_of_another_that_is_held_is_not_wanted(void **state)
{
    struct daf_item item = made_item(1, 9);
    struct daf_tag tag;

    (void)state;
    hold_others(a);
    open_to_hostile();
    tag = tag_of(&others[0]);
    memcpy(item.b, tag.b, sizeof(tag.b));
    session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_UNACKED, false,
                                  &item, 1));
    says_nothing(a);
    assert_int_equal(a->refusals.by_err[DAF_EAUTHOR], 1);
    free_others();
}

static void what_has_no_place_in_it_is_counted_and_not_answered(void **state)
{
    static const uint64_t kinds[] = {DAF_FRAME_SYMBOLS,  DAF_FRAME_HEADS,
                                     DAF_FRAME_WANT,     DAF_FRAME_NEED,
                                     DAF_FRAME_DEFER,    DAF_FRAME_ACK,
                                     DAF_FRAME_MANIFEST, DAF_FRAME_HAVE,
                                     DAF_FRAME_CHUNK,    DAF_FRAME_REGISTER,
                                     DAF_FRAME_ADDRESSES};
    size_t count = 0;

    (void)state;
    hold_others(a);
    open_to_hostile();
    while (count < DAF_LEAVE_ODD_MAX) {
        session_pair_give(
            a, sample(kinds[count % (sizeof(kinds) / sizeof(kinds[0]))]));
        says_nothing(a);
        count++;
    }
    assert_int_equal(a->refusals.by_err[DAF_EPEER], DAF_LEAVE_ODD_MAX);
    assert_int_equal(a->addresses_count + a->content_count + a->acked_count, 0);
    session_pair_give(a, sample(DAF_FRAME_WANT));
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
    free_others();
}

/* Names, and never gives: it is asked once for each naming, and then sent away. */
static void who_names_and_never_gives_is_sent_away_in_a_minute(void **state)
{
    struct daf_mono start;

    (void)state;
    open_to_hostile();
    start = a->now;
    for (uint32_t i = 0; daf_session_state(a->s) != DAF_SESSION_CLOSED; i++) {
        struct daf_item item = made_item(i, 9);

        assert_in_range(i, 0, 20);
        session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_UNACKED,
                                      false, &item, 1));
        if (daf_session_pull(a->s) == DAF_PULL_RECORDS)
            session_pair_give(a, run_of(NULL, 0, true, true));
        a->now.ms += 9000;
        daf_session_timer(a->s, a->now);
    }
    assert_in_range(a->now.ms - start.ms, 60000, 69000);
    ends_with(a, DAF_BYE_TIMEOUT, DAF_ETIME);
}

static void who_says_nothing_leaves_its_place_to_another(void **state)
{
    (void)state;
    open_to_hostile();
    assert_int_equal(daf_session_deadline(a->s).ms,
                     a->now.ms + DAF_LEAVE_REST_MS);
    a->now = daf_session_deadline(a->s);
    daf_session_timer(a->s, a->now);
    ends_with(a, DAF_BYE_STOPPING, DAF_ETIME);
}

/* The leaver's own patience. */
static void a_taker_that_is_silent_is_left_after_a_minute(void **state)
{
    (void)state;
    write_chain(2, 1, 40);
    hold_chain(b, 0, 1);
    open_to_hostile();
    b->now.ms += DAF_ANSWER_MS - 1;
    daf_session_timer(b->s, b->now);
    assert_int_equal(daf_session_state(b->s), DAF_SESSION_OPEN);
    b->now.ms++;
    daf_session_timer(b->s, b->now);
    ends_with(b, DAF_BYE_TIMEOUT, DAF_ETIME);
}

/* ---- more than one session may take */

/* @count records of @len; returns in how many sessions all of them are taken. */
static size_t sessions_for(size_t count, size_t len)
{
    struct session_pair_record *all = calloc(count, sizeof(*all));
    size_t sessions = 0;
    uint64_t most = 0;

    assert_non_null(all);
    for (size_t i = 0; i < count; i++) {
        session_pair_write(camp, 2, SESSION_PAIR_CLASS, 1,
                           i == 0 ? NULL : &all[i - 1], i, len, &all[i]);
        session_pair_hold(b, &all[i], true);
    }
    while (!session_pair_holds(a, &all[count - 1])) {
        assert_in_range(++sessions, 1, 20);
        leave();
        talk();
        if (a->kept > most) most = a->kept;
        if (daf_session_state(a->s) == DAF_SESSION_CLOSED)
            assert_int_equal(a->closed_why, DAF_ELIMIT);
        session_pair_part(a, b);
    }
    /* One answer may be on its way when it is enough. */
    assert_true(most < DAF_LEAVE_RECORDS_MAX + DAF_RUN_BYTES_MAX / 200);
    assert_true(most * len < DAF_LEAVE_BYTES_MAX + 2 * DAF_RUN_BYTES_MAX);
    for (size_t i = 0; i < count; i++)
        session_pair_record_free(&all[i]);
    free(all);
    return sessions;
}

static void what_is_over_budget_comes_later(void **state)
{
    (void)state;
    assert_int_equal(sessions_for(300, 60000), 3);
}

static void many_small_records_come_later_too(void **state)
{
    (void)state;
    assert_int_equal(sessions_for(6000, 10), 2);
}

static void what_each_side_says_is_one_table(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 64; kind++) {
        bool is_both = kind == DAF_FRAME_HELLO || kind == DAF_FRAME_ROOT ||
                       kind == DAF_FRAME_BYE;

        assert_true(daf_session_role_says(DAF_SESSION_PEER, kind));
        assert_int_equal(daf_session_role_says(DAF_SESSION_LEAVER, kind),
                         is_both || kind == DAF_FRAME_HEADS ||
                             kind == DAF_FRAME_RUN);
        assert_int_equal(daf_session_role_says(DAF_SESSION_TAKER, kind),
                         is_both || kind == DAF_FRAME_WANT ||
                             kind == DAF_FRAME_NEED || kind == DAF_FRAME_ACK ||
                             kind == DAF_FRAME_DEFER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(its_work_is_taken_and_nothing_goes_back),
        T(the_takers_root_tells_nothing),
        T(each_tip_is_acknowledged),
        T(a_body_that_is_lacking_is_asked_for),
        T(who_has_not_heard_is_told_all_and_listened_to_in_nothing),
        T(records_of_others_are_dropped),
        T(a_log_of_another_that_is_held_is_not_wanted),
        T(what_has_no_place_in_it_is_counted_and_not_answered),
        T(who_names_and_never_gives_is_sent_away_in_a_minute),
        T(who_says_nothing_leaves_its_place_to_another),
        T(a_taker_that_is_silent_is_left_after_a_minute),
        T(what_is_over_budget_comes_later),
        T(many_small_records_come_later_too),
        T(what_each_side_says_is_one_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
