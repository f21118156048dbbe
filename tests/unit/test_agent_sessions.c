/* SPDX-License-Identifier: Apache-2.0 */
/* The sessions of an agent: connections, two that meet and meet again, three that
 * share the work. */
#include "tests/lib/t.h"

#include "proto/hash.h"
#include "tests/lib/agent_case.h"

/* ---- connections and sessions */

static void a_key_that_is_nobodys_gets_no_session(void **state)
{
    struct host *h = host_new(1);

    (void)state;
    opened(h, IN | 1, DAF_ENDPOINT_MESH, &keys[STRANGER].transport);
    assert_true(is_closed(h, IN | 1));
    assert_int_equal(stats_of(h).refusals.by_err[DAF_EAUTHOR], 1);
    host_free(h);
}

static void a_connection_too_many_is_closed(void **state)
{
    struct host *h = host_new(1);
    uint32_t most = DAF_AGENT_SESSIONS_MAX + DAF_AGENT_PEERS_MAX;

    (void)state;
    for (uint32_t i = 0; i <= most; i++)
        opened(h, IN | i, DAF_ENDPOINT_DOOR, &keys[2].transport);
    assert_int_equal(h->closes_count, 1);
    assert_int_equal(h->closes[0], IN | most);
    closed(h, IN | 3);
    opened(h, IN | most, DAF_ENDPOINT_DOOR, &keys[2].transport);
    assert_int_equal(h->closes_count, 1);
    host_free(h);
}

static void a_silent_session_is_ended_by_its_timer(void **state)
{
    struct host *h = host_new(1);

    (void)state;
    opened(h, IN | 1, DAF_ENDPOINT_MESH, &keys[2].transport);
    assert_int_equal(daf_agent_deadline(h->agent).ms, h->now.ms + DAF_GREET_MS);
    await(h);
    assert_int_equal(says(h, IN | 1, DAF_FRAME_BYE).bye, DAF_BYE_TIMEOUT);
    assert_true(is_closed(h, IN | 1));
    assert_int_equal(daf_agent_deadline(h->agent).ms, UINT64_MAX);
    host_free(h);
}

static void stopping_says_goodbye_to_all(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct wire w = wire_up(a, go_to_mesh(a, 2, "10.0.0.2:1000"), b, IN | 1);

    (void)state;
    talk(&w, 1, true);
    simple(a, DAF_INPUT_STOP);
    assert_int_equal(says(a, w.a_conn, DAF_FRAME_BYE).bye, DAF_BYE_STOPPING);
    assert_true(is_closed(a, w.a_conn));
    assert_int_equal(daf_agent_deadline(a->agent).ms, UINT64_MAX);
    host_free(a);
    host_free(b);
}

/* Link may have let somebody in while STOP was on its way. */
static void after_stopping_nothing_begins(void **state)
{
    struct host *a = host_new(1);
    struct daf_input in = {.kind = DAF_INPUT_OPENED,
                           .conn = IN | 9,
                           .endpoint = DAF_ENDPOINT_MESH};

    (void)state;
    simple(a, DAF_INPUT_STOP);
    daf_agent_input(a->agent, a->now, &in);
    assert_true(is_closed(a, IN | 9));
    peer(a, "10.0.0.2:1000");
    listening(a);
    assert_int_equal(a->connects_count, 0);
    assert_int_equal(daf_agent_deadline(a->agent).ms, UINT64_MAX);
    host_free(a);
}

/* ---- two that meet */

static size_t rounds_of(const struct host *h)
{
    return h->said_count[DAF_FRAME_WANT] + h->said_count[DAF_FRAME_NEED] +
           h->said_count[DAF_FRAME_HEADS] + h->said_count[DAF_FRAME_ACK];
}

/* Each called the other: they agree which of the two sessions stays. */
static void of_two_sessions_the_same_one_stays_on_both_sides(void **state)
{
    size_t stayed[2] = {0, 0};

    (void)state;
    for (uint8_t seed = 0; seed < 12; seed++) {
        struct host *a = host_seeded(1, seed), *b = host_seeded(2, 100 + seed);
        uint32_t out_a = go_to_mesh(a, 2, "10.0.0.2:1000");
        uint32_t out_b = go_to_mesh(b, 1, "10.0.0.1:1000");
        struct wire w[] = {wire_up(a, out_a, b, IN | 1),
                           wire_up(b, out_b, a, IN | 1)};

        talk(w, 2, true);
        assert_int_equal(stats_of(a).sessions, 1);
        assert_int_equal(stats_of(b).sessions, 1);
        assert_true(is_closed(a, out_a) == is_closed(b, IN | 1));
        assert_true(is_closed(b, out_b) == is_closed(a, IN | 1));
        assert_true(is_closed(a, out_a) != is_closed(b, out_b));
        stayed[is_closed(a, out_a)]++;
        /* Who was called finds that it need not call. */
        for (size_t i = 0; i < 8; i++) {
            struct host *h = i % 2 == 0 ? a : b;

            if (daf_agent_deadline(h->agent).ms != UINT64_MAX) await(h);
        }
        assert_int_equal(daf_agent_deadline(a->agent).ms, UINT64_MAX);
        assert_int_equal(daf_agent_deadline(b->agent).ms, UINT64_MAX);
        host_free(a);
        host_free(b);
    }
    assert_true(stayed[0] > 0 && stayed[1] > 0); /* by chance, not by key */
}

static void of_two_calls_of_one_device_the_newer_stays(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct wire w[2];

    (void)state;
    w[0] = wire_up(a, go_to_mesh(a, 2, "10.0.0.2:1000"), b, IN | 1);
    talk(w, 1, true);
    w[1] = wire_up(a, go_to_mesh(a, 2, "10.0.0.3:1000"), b, IN | 2);
    talk(w, 2, true);
    /* The second address leads to a device that is connected already. */
    assert_int_equal(stats_of(b).sessions, 1);
    assert_false(is_closed(b, IN | 1));
    host_free(a);
    host_free(b);
}

static void a_new_connection_replaces_one_that_nobody_noticed_was_dead(
    void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct wire w[2];
    uint32_t conn;

    (void)state;
    conn = go_to_mesh(a, 2, "10.0.0.2:1000");
    w[0] = wire_up(a, conn, b, IN | 1);
    talk(w, 1, true);
    closed(a, conn); /* b does not hear of it */
    a->now.ms += 5000;
    simple(a, DAF_INPUT_TIMER);
    conn = last_connect(a)->conn;
    opened(a, conn, DAF_ENDPOINT_DOOR, &door);
    {
        struct proof p = proof_of(2);

        p.kind = DAF_FRAME_WELCOME;
        answer_knock(a, conn, &p);
    }
    w[1] = wire_up(a, last_connect(a)->conn, b, IN | 2);
    talk(&w[1], 1, true);
    assert_true(is_closed(b, IN | 1));
    assert_false(is_closed(b, IN | 2));
    assert_int_equal(stats_of(b).sessions, 1);
    assert_int_equal(stats_of(a).sessions, 1);
    host_free(a);
    host_free(b);
}

static void two_clones_of_one_card_may_both_speak(void **state)
{
    struct host *a = host_seeded(1, 50), *clone = host_seeded(1, 51);
    struct host *b = host_new(2);
    struct daf_peer_info info;
    size_t at = 0;
    struct wire w[] = {wire_up(a, go_to_mesh(a, 2, "10.0.0.2:1"), b, IN | 1),
                       wire_up(clone, go_to_mesh(clone, 2, "10.0.0.2:1"), b,
                               IN | 2)};

    (void)state;
    talk(w, 2, true);
    assert_int_equal(stats_of(b).sessions, 2);
    assert_true(daf_agent_peer(b->agent, &at, &info));
    assert_string_equal(info.found_by, "incoming");
    assert_true(daf_agent_peer(b->agent, &at, &info));
    assert_false(daf_agent_peer(b->agent, &at, &info));
    host_free(a);
    host_free(b);
    host_free(clone);
}

static void only_acknowledgements_of_own_records_reach_the_disk(void **state)
{
    struct host *a = host_new(1), *b = host_new(2), *boss = host_new(0);
    struct wire w[] = {wire_up(a, go_to_mesh(a, 2, "10.0.0.2:1"), b, IN | 1),
                       wire_up(b, go_to_mesh(b, 0, "10.0.0.1:1"), boss,
                               IN | 1)};

    (void)state;
    talk(w, 2, true);
    learn(a, 1, "Lantern Example");
    talk(w, 2, true);
    assert_int_equal(a->acked_count, 1);
    assert_int_equal(b->acked_count, 0); /* boss holds a's by way of b */
    assert_int_equal(daf_fake_index_count(boss->index),
                     daf_fake_index_count(a->index));
    host_free(a);
    host_free(b);
    host_free(boss);
}

static void news_goes_to_all_but_who_brought_it(void **state)
{
    struct host *a = host_new(1), *b = host_new(2), *boss = host_new(0);
    struct wire w[] = {wire_up(a, go_to_mesh(a, 2, "10.0.0.2:1"), b, IN | 1),
                       wire_up(boss, go_to_mesh(boss, 2, "10.0.0.2:1"), b,
                               IN | 2)};
    struct daf_view bytes;
    uint32_t conn;

    (void)state;
    talk(w, 2, true);
    learn(a, 1, "Lantern Example");
    commit_all(a);
    talk(&w[0], 1, false);
    commit_all(b);
    (void)says(b, IN | 2, DAF_FRAME_HEADS);
    (void)says(b, IN | 1, DAF_FRAME_ACK);
    assert_false(take(b, &conn, &bytes));
    host_free(a);
    host_free(b);
    host_free(boss);
}

/* Two logs change in one batch: each other peer hears of them in one frame. */
static void a_batch_of_several_logs_is_one_piece_of_news(void **state)
{
    struct host *a = host_new(1), *b = host_new(2), *boss = host_new(0);
    struct kept first[2], second[2];
    struct daf_view bytes;
    struct wire w[2];
    struct daf_frame f;
    uint32_t conn;

    (void)state;
    w[0] = meet(boss, b);
    make_chain(0, first, 2, SIZE_MAX);
    make_chain(2, second, 2, SIZE_MAX);
    for (size_t i = 0; i < 2; i++) {
        hold(a, &first[i], true);
        hold(a, &second[i], true);
    }
    w[1] = wire_up(a, go_to_mesh(a, 2, "10.0.0.2:1"), b, IN | 1);
    talk(&w[1], 1, false);
    assert_int_equal(jobs_of(b), 1);
    commit_all(b);
    f = says(b, w[0].b_conn, DAF_FRAME_HEADS);
    assert_int_equal(f.heads.kind, DAF_HEADS_NEWS);
    assert_int_equal(f.heads.count, 2);
    (void)says(b, w[1].b_conn, DAF_FRAME_ACK);
    assert_false(take(b, &conn, &bytes));
    host_free(a);
    host_free(b);
    host_free(boss);
    free_chain(first, 2);
    free_chain(second, 2);
}

/* More logs than are named one by one: "compare again". */
static void news_of_many_logs_is_one_short_frame(void **state)
{
    enum { COUNT = 300 };
    static struct kept logs[COUNT];
    struct host *a = host_new(1), *b = host_new(2), *boss = host_new(0);
    struct daf_view bytes;
    struct wire w[2];
    struct daf_frame f;
    uint32_t conn;

    (void)state;
    w[0] = meet(boss, b);
    for (size_t i = 0; i < COUNT; i++) {
        logs[i] = make_record(0, 100 + i, NULL, false);
        hold(a, &logs[i], true);
    }
    w[1] = wire_up(a, go_to_mesh(a, 2, "10.0.0.2:1"), b, IN | 1);
    talk(&w[1], 1, false);
    assert_int_equal(jobs_of(b), 1);
    commit_all(b);
    f = says(b, w[0].b_conn, DAF_FRAME_HEADS);
    assert_int_equal(f.heads.kind, DAF_HEADS_NEWS);
    assert_true(f.heads.more);
    assert_int_equal(f.heads.count, 0);
    while (take(b, &conn, &bytes))
        assert_int_not_equal(conn, w[0].b_conn);
    host_free(a);
    host_free(b);
    host_free(boss);
    free_chain(logs, COUNT);
}

/* R23: enough of control to know who is who; then what nobody else has. */
static void work_without_a_copy_comes_after_64_kib_of_control(void **state)
{
    struct host *boss = host_new(0), *a = host_new(1);

    (void)state;
    for (size_t i = 0; i < 300; i++)
        write_cert(boss, LATE);
    learn(boss, 1, "Lantern Example");
    commit_all(boss);
    (void)meet(boss, a);
    assert_int_equal(daf_fake_index_count(a->index),
                     daf_fake_index_count(boss->index));
    assert_true(a->control_bytes > 131072);
    /* One answer of 64 KiB, which ends before the record that would pass it. */
    assert_in_range(a->control_before, 65536 - 1024, 65536);
    host_free(a);
    host_free(boss);
}

static void what_the_disk_defers_is_not_acknowledged(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct wire w = wire_up(a, go_to_mesh(a, 2, "10.0.0.2:1"), b, IN | 1);
    struct daf_view bytes;
    struct daf_frame f;
    uint32_t conn;

    (void)state;
    talk(&w, 1, true);
    learn(a, 1, "Lantern Example");
    commit_all(a);
    talk(&w, 1, false);
    /* Of what is left there is a gap before: the log is wanted on (R38). */
    assert_true(stored(b, DAF_OK, 1));
    assert_int_equal(stats_of(b).deferred, 0);
    while (take(b, &conn, &bytes)) {
        assert_int_equal(daf_frame_decode(bytes, &f, NULL), DAF_OK);
        assert_int_not_equal(f.kind, DAF_FRAME_ACK);
    }
    assert_int_equal(stats_of(b).sessions, 1);
    host_free(a);
    host_free(b);
}

/* The number of a connection that was lost may be given to a new one while what
 * the old one brought is still at the disk. */
static void a_late_disk_does_not_answer_a_new_connection(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct wire w = wire_up(a, go_to_mesh(a, 2, "10.0.0.2:1"), b, IN | 1);
    struct daf_view bytes;
    uint32_t conn;

    (void)state;
    talk(&w, 1, true);
    learn(a, 1, "Lantern Example");
    commit_all(a);
    talk(&w, 1, false);
    assert_int_equal(jobs_of(b), 1);
    simple(b, DAF_INPUT_LINK_LOST);
    listening(b);
    b->closes_count = 0;
    opened(b, IN | 1, DAF_ENDPOINT_MESH, &keys[0].transport);
    assert_true(stored(b, DAF_OK, 0));
    assert_false(take(b, &conn, &bytes));
    assert_int_equal(b->closes_count, 0);
    assert_int_equal(stats_of(b).records_in, 2);
    host_free(a);
    host_free(b);
}

static void a_full_disk_ends_the_session_that_filled_it(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct wire w = wire_up(a, go_to_mesh(a, 2, "10.0.0.2:1"), b, IN | 1);

    (void)state;
    talk(&w, 1, true);
    learn(a, 1, "Lantern Example");
    commit_all(a);
    talk(&w, 1, false);
    assert_true(stored(b, DAF_EFULL, 0));
    assert_int_equal(says(b, IN | 1, DAF_FRAME_BYE).bye, DAF_BYE_FAILURE);
    assert_true(is_closed(b, IN | 1));
    host_free(a);
    host_free(b);
}

/* ---- between two contacts */

static void those_who_parted_in_step_say_two_frames_each(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct wire w;

    (void)state;
    learn(a, 1, "Lantern Example");
    commit_all(a);
    w = meet(a, b);
    assert_int_equal(b->kept_count, 2);
    for (size_t i = 0; i < 3; i++) {
        part(&w);
        w = meet(a, b);
        assert_int_equal(rounds_of(a) + rounds_of(b), 0);
        is_at_rest(a);
        is_at_rest(b);
    }
    host_free(a);
    host_free(b);
}

/* The scopes that the acceptor, @b, lists in its ROOT to @a. */
static size_t parts_listed(struct host *a, struct host *b)
{
    uint32_t conn = go_to_mesh(a, b->number, "10.0.0.9:1000");
    struct wire w = wire_up(a, conn, b, IN | 7);
    struct daf_view bytes;
    struct daf_frame f;
    size_t count;

    b->now = a->now;
    assert_true(take(a, &conn, &bytes));
    frame(b, w.b_conn, bytes); /* HELLO */
    assert_true(take(b, &conn, &bytes));
    frame(a, w.a_conn, bytes);
    assert_true(take(b, &conn, &bytes));
    assert_int_equal(daf_frame_decode(bytes, &f, NULL), DAF_OK);
    assert_int_equal(f.kind, DAF_FRAME_ROOT);
    count = f.root.parts.count;
    frame(a, w.a_conn, bytes);
    talk(&w, 1, true);
    part(&w);
    return count;
}

/* R39: one number for all while nothing has changed here. */
static void an_acceptor_that_parted_in_step_lists_no_scopes(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);

    (void)state;
    assert_int_equal(parts_listed(a, b), 4); /* control, catalog, camp, class */
    assert_int_equal(parts_listed(a, b), 0);
    learn(b, 1, "Lantern Example");
    commit_all(b);
    assert_int_equal(parts_listed(a, b), 4);
    assert_int_equal(parts_listed(a, b), 0);
    assert_int_equal(daf_fake_index_count(a->index),
                     daf_fake_index_count(b->index));
    /* What only the other has: no parts, and it comes all the same. */
    learn(a, 1, "Kite Example");
    commit_all(a);
    assert_int_equal(parts_listed(a, b), 0);
    assert_int_equal(daf_fake_index_count(a->index),
                     daf_fake_index_count(b->index));
    host_free(a);
    host_free(b);
}

/* R47: the ACK was lost with the connection, and its author asks. */
static void a_lost_ack_is_said_again_at_the_next_contact(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct daf_mark mark;
    const struct daf_index *index = daf_fake_index_view(a->index);
    struct daf_scope_id class = daf_hash_scope_id(&manifest.camp, "class:1");
    struct wire w;

    (void)state;
    learn(a, 1, "Lantern Example");
    commit_all(a);
    a->lost = DAF_FRAME_ACK;
    w = meet(a, b);
    assert_int_equal(b->kept_count, 2);
    assert_int_equal(a->acked_count, 0);
    assert_int_equal(index->unacked_next(index->ctx, &class,
                                         daf_agent_author(a->agent), NULL,
                                         &mark),
                     DAF_OK);
    part(&w);
    a->lost = DAF_FRAME_UNKNOWN;
    w = meet(a, b);
    assert_int_equal(b->kept_count, 0);
    assert_int_equal(a->said_count[DAF_FRAME_HEADS], 1);
    assert_int_equal(a->acked_count, 1);
    assert_int_equal(index->unacked_next(index->ctx, &class,
                                         daf_agent_author(a->agent), NULL,
                                         &mark),
                     DAF_ENOTFOUND);
    part(&w);
    w = meet(a, b);
    assert_int_equal(rounds_of(a) + rounds_of(b), 0);
    host_free(a);
    host_free(b);
}

/* R45 */
static void lacking_bodies_are_asked_for_and_come(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct kept chain[3];
    struct wire w;

    (void)state;
    make_chain(0, chain, 3, SIZE_MAX);
    for (size_t i = 0; i < 3; i++) {
        hold(a, &chain[i], true);
        hold(b, &chain[i], i == 0);
    }
    w = meet(a, b);
    assert_int_equal(b->said_count[DAF_FRAME_NEED], 1);
    assert_int_equal(a->said_count[DAF_FRAME_NEED], 0);
    for (size_t i = 0; i < 3; i++)
        assert_true(holds(b, &chain[i], true));
    is_at_rest(a);
    is_at_rest(b);
    part(&w);
    host_free(a);
    host_free(b);
    free_chain(chain, 3);
}

static void a_peer_is_asked_for_bodies_once_until_it_stores_one(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct kept chain[2];
    struct wire w;

    (void)state;
    make_chain(0, chain, 2, SIZE_MAX);
    for (size_t i = 0; i < 2; i++) {
        hold(a, &chain[i], false);
        hold(b, &chain[i], false);
    }
    w = meet(a, b);
    assert_int_equal(a->said_count[DAF_FRAME_NEED], 1);
    assert_int_equal(b->said_count[DAF_FRAME_NEED], 1);
    part(&w);
    w = meet(a, b);
    assert_int_equal(a->said_count[DAF_FRAME_NEED], 0);
    assert_int_equal(b->said_count[DAF_FRAME_NEED], 0);
    part(&w);
    /* One comes to a from elsewhere. */
    hold(a, &chain[1], true);
    w = meet(a, b);
    assert_int_equal(a->said_count[DAF_FRAME_NEED], 0);
    assert_int_equal(b->said_count[DAF_FRAME_NEED], 1);
    assert_true(holds(b, &chain[1], true));
    part(&w);
    host_free(a);
    host_free(b);
    free_chain(chain, 2);
}

/* R46: over budget here, so both leave it out, now and at the next contact. */
static void a_deferred_log_leaves_two_nodes_silent(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct kept chain[3];
    struct wire w;
    uint32_t conn;

    (void)state;
    make_chain(0, chain, 3, SIZE_MAX);
    for (size_t i = 0; i < 3; i++)
        hold(a, &chain[i], true);
    conn = go_to_mesh(a, 2, "10.0.0.9:1000");
    b->now = a->now;
    w = wire_up(a, conn, b, IN | 7);
    talk(&w, 1, false);
    assert_true(stored(b, DAF_OK, 3));
    talk(&w, 1, true);
    assert_int_equal(b->said_count[DAF_FRAME_DEFER], 1);
    assert_int_equal(stats_of(b).deferred, 1);
    assert_false(holds(b, &chain[2], false));
    is_at_rest(a);
    is_at_rest(b);
    for (size_t i = 0; i < 2; i++) {
        part(&w);
        /* Who calls must not matter; b's address is not a's. */
        w = i == 0 ? meet(a, b) : meet(b, a);
        assert_int_equal(a->said_count[DAF_FRAME_RUN], 0);
        assert_int_equal(b->said_count[DAF_FRAME_WANT], 0);
        assert_int_equal(b->kept_count, 0);
        is_at_rest(b);
    }
    /* What else is new still comes. */
    learn(a, 1, "Lantern Example");
    talk(&w, 1, true);
    assert_int_equal(b->kept_count, 2);
    host_free(a);
    host_free(b);
    free_chain(chain, 3);
}

/* ---- two peers with the same records */

/* R44 */
static void what_two_peers_offer_comes_once(void **state)
{
    struct host *a = host_new(1), *b = host_new(2), *boss = host_new(0);
    struct wire w[2];
    size_t count;

    (void)state;
    for (uint64_t i = 0; i < 20; i++)
        learn(a, i, "Lantern Example");
    commit_all(a);
    w[0] = meet(a, b);
    count = daf_fake_index_count(a->index) - daf_fake_index_count(boss->index);
    assert_int_equal(count, 21);
    /* Both connect to boss, and both have the 21 records. */
    w[0] = wire_up(a, go_to_mesh(a, 0, "10.0.0.1:1"), boss, IN | 1);
    w[1] = wire_up(b, go_to_mesh(b, 0, "10.0.0.1:1"), boss, IN | 2);
    talk(w, 2, true);
    assert_int_equal(boss->kept_count, count);
    assert_int_equal(daf_fake_index_count(boss->index),
                     daf_fake_index_count(a->index));
    is_at_rest(boss);
    host_free(a);
    host_free(b);
    host_free(boss);
}

/* The one that has it in hand goes: the other is asked at once. */
static void what_a_lost_peer_had_in_hand_is_asked_of_the_other(void **state)
{
    struct host *a = host_new(1), *b = host_new(2), *boss = host_new(0);
    struct daf_view bytes;
    struct wire w[2];
    uint32_t conn;

    (void)state;
    learn(a, 1, "Lantern Example");
    commit_all(a);
    (void)meet(a, b);
    w[0] = wire_up(a, go_to_mesh(a, 0, "10.0.0.1:1"), boss, IN | 1);
    w[1] = wire_up(b, go_to_mesh(b, 0, "10.0.0.1:1"), boss, IN | 2);
    /* All that a says after its WELCOME is lost once it was asked for records:
     * then b is spoken to. */
    for (size_t i = 0; i < 100 && boss->said_count[DAF_FRAME_WANT] == 0; i++) {
        (void)pass_one(a, w, 1);
        (void)pass_one(boss, w, 1);
    }
    assert_int_equal(boss->said_count[DAF_FRAME_WANT], 1);
    talk(&w[1], 1, true);
    assert_int_equal(boss->said_count[DAF_FRAME_WANT], 1);
    assert_int_equal(boss->kept_count, 0);
    /* Not longer than that; but it is lost before. */
    assert_in_range(daf_agent_deadline(boss->agent).ms, boss->now.ms + 1,
                    boss->now.ms + 5000);
    closed(boss, IN | 1);
    assert_int_equal(boss->said_count[DAF_FRAME_WANT], 2);
    talk(&w[1], 1, true);
    assert_int_equal(boss->kept_count, 2);
    is_at_rest(boss);
    while (take(a, &conn, &bytes))
        ;
    host_free(a);
    host_free(b);
    host_free(boss);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_that_is_nobodys_gets_no_session),
        cmocka_unit_test(a_connection_too_many_is_closed),
        cmocka_unit_test(a_silent_session_is_ended_by_its_timer),
        cmocka_unit_test(stopping_says_goodbye_to_all),
        cmocka_unit_test(after_stopping_nothing_begins),
        cmocka_unit_test(of_two_sessions_the_same_one_stays_on_both_sides),
        cmocka_unit_test(of_two_calls_of_one_device_the_newer_stays),
        cmocka_unit_test(
            a_new_connection_replaces_one_that_nobody_noticed_was_dead),
        cmocka_unit_test(two_clones_of_one_card_may_both_speak),
        cmocka_unit_test(only_acknowledgements_of_own_records_reach_the_disk),
        cmocka_unit_test(news_goes_to_all_but_who_brought_it),
        cmocka_unit_test(a_batch_of_several_logs_is_one_piece_of_news),
        cmocka_unit_test(news_of_many_logs_is_one_short_frame),
        cmocka_unit_test(work_without_a_copy_comes_after_64_kib_of_control),
        cmocka_unit_test(what_the_disk_defers_is_not_acknowledged),
        cmocka_unit_test(a_late_disk_does_not_answer_a_new_connection),
        cmocka_unit_test(a_full_disk_ends_the_session_that_filled_it),
        cmocka_unit_test(those_who_parted_in_step_say_two_frames_each),
        cmocka_unit_test(an_acceptor_that_parted_in_step_lists_no_scopes),
        cmocka_unit_test(a_lost_ack_is_said_again_at_the_next_contact),
        cmocka_unit_test(lacking_bodies_are_asked_for_and_come),
        cmocka_unit_test(a_peer_is_asked_for_bodies_once_until_it_stores_one),
        cmocka_unit_test(a_deferred_log_leaves_two_nodes_silent),
        cmocka_unit_test(what_two_peers_offer_comes_once),
        cmocka_unit_test(what_a_lost_peer_had_in_hand_is_asked_of_the_other),
    };

    return cmocka_run_group_tests(tests, make_camp, free_camp);
}
