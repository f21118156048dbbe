/* SPDX-License-Identifier: Apache-2.0 */
/* A revoked device hands over its work, by door and mesh, and whom it gives it to
 * (docs/protocol.md R110 to R114).  The session itself: test_session_leave.c. */
#include "tests/lib/t.h"

#include <stdlib.h>

#include "proto/hash.h"
#include "tests/lib/agent_case.h"

/* The caller frees its body. */
static struct kept make_revocation(size_t who)
{
    struct daf_author_id author = daf_hash_author_id(&keys[who].sign);
    struct kept k = {.state = DAF_BODY_HELD, .body_len = 512};
    uint8_t payload[256];
    struct daf_pack pack;
    size_t mark;

    daf_pack_init(&pack, payload, sizeof(payload));
    mark = daf_payload_begin_revocation(&pack);
    daf_payload_end_revocation(&pack, mark, 0, DAF_REVOKED_STOLEN, &author);
    k.r = (struct daf_record){
        .log = {daf_hash_scope_id(&manifest.camp, "control"),
                daf_hash_author_id(&keys[0].sign), 900 + who},
        .seq = 1};
    k.body = malloc(k.body_len);
    assert_non_null(k.body);
    assert_int_equal(daf_body_plain(daf_pack_view(&pack), k.body, k.body_len,
                                    &k.body_len),
                     DAF_OK);
    k.r.body_len = (uint32_t)k.body_len;
    k.r.body_hash = daf_body_hash((struct daf_view){k.body, k.body_len});
    k.header_len = daf_record_sign(&k.r, &secrets[0].sign, k.header);
    return k;
}

/* A listening device that knows that devices @from to @to - 1 are revoked. */
static struct host *host_with(size_t number, size_t from, size_t to)
{
    struct host *h = host_bare(number);

    for (size_t i = 0; i < daf_fake_index_count(control); i++)
        give_row(h, control, i);
    for (size_t who = from; who < to; who++) {
        struct kept k = make_revocation(who);

        hold(h, &k, true);
        free(k.body);
    }
    assert_int_equal(start(h, the_manifest(), the_cert(number),
                           (uint8_t)(number + 1)),
                     DAF_OK);
    listening(h);
    return h;
}

static bool is_denied(const struct host *h, size_t number)
{
    for (size_t i = 0; i < h->denies_count; i++) {
        if (memcmp(h->denies[i].b, keys[number].transport.b, 32) == 0)
            return true;
    }
    return false;
}

/* The revoked @number stands at the door of @h; whether it is let into mesh. */
static bool comes_to(struct host *h, uint32_t conn, size_t number)
{
    struct daf_hash nonce = knock_at(h, conn, &keys[number].transport);
    struct proof p = proof_of(number);
    bool is_in;

    h->denies_count = h->admits_count = 0;
    show(h, conn, &p, &nonce);
    (void)says(h, conn, DAF_FRAME_REVOKED);
    is_in = !is_closed(h, conn);
    assert_int_equal(h->admits_count, is_in);
    if (is_in) {
        (void)says(h, conn, DAF_FRAME_WELCOME);
        closed(h, conn);
    }
    return is_in;
}

/* Everything that @number was ever sent by @h at mesh, by kind. */
static void only_heard(const struct host *h)
{
    struct daf_agent_stats s = stats_of(h);

    for (size_t kind = 0; kind < DAF_FRAME_KNOCK; kind++) {
        bool may = kind == DAF_FRAME_HELLO || kind == DAF_FRAME_ROOT ||
                   kind == DAF_FRAME_WANT || kind == DAF_FRAME_ACK ||
                   kind == DAF_FRAME_BYE;

        if (!may) assert_int_equal(s.received[kind].frames, 0);
    }
}

static void fifty_records_are_handed_over(void **state)
{
    struct host *h = host_with(2, 2, 3), *taker = host_with(1, 2, 3);
    size_t before = daf_fake_index_count(h->index), had;
    struct wire w;

    (void)state;
    assert_true(stats_of(h).revoked && !stats_of(h).left);
    for (uint64_t i = 0; i < 50; i++)
        learn(h, i, "Kite Example");
    commit_all(h);
    assert_true(stats_of(h).left);
    learn(taker, 1, "Lantern Example");
    commit_all(taker);
    had = daf_fake_index_count(taker->index);
    assert_true(comes_to(taker, IN | 5, 2));
    w = wire_up(h, go_to_mesh(h, 1, "10.0.0.2:1000"), taker, IN | 6);
    learn(taker, 2, "Lantern Example"); /* news, which it is not told */
    talk(&w, 1, true);
    /* A registration goes before the first of them. */
    assert_int_equal(daf_fake_index_count(h->index), before + 51);
    assert_int_equal(daf_fake_index_count(taker->index), had + 51 + 1);
    only_heard(h);
    assert_false(stats_of(h).left);
    assert_int_equal(stats_of(h).sessions + stats_of(taker).sessions, 0);
    /* Both are done with it, and mesh is shut again. */
    assert_true(is_closed(h, w.a_conn) && is_closed(taker, IN | 6));
    assert_true(is_denied(taker, 2));
    opened(taker, IN | 9, DAF_ENDPOINT_MESH, &keys[2].transport);
    assert_true(is_closed(taker, IN | 9));
    closed(h, w.a_conn);
    had = h->connects_count;
    pass_time(h);
    assert_int_equal(h->connects_count, had);
    host_free(h);
    host_free(taker);
}

static void go_on_air(struct host *h)
{
    struct daf_input in = {.kind = DAF_INPUT_AIR,
                           .air = {.kind = DAF_AIR_RADIO, .id = {7}}};

    daf_agent_input(h->agent, h->now, &in);
}

/* What it writes later wakes it, also while it hands over. */
static void it_comes_again_with_what_it_writes_later(void **state)
{
    struct host *h = host_with(2, 2, 3), *taker = host_with(1, 2, 3);
    size_t connects;
    struct wire w;

    (void)state;
    learn(h, 1, "Kite Example");
    commit_all(h);
    assert_true(comes_to(taker, IN | 5, 2));
    w = wire_up(h, go_to_mesh(h, 1, "10.0.0.2:1000"), taker, IN | 6);
    taker->lost = DAF_FRAME_RUN;
    talk(&w, 1, true);
    assert_true(stats_of(h).left);
    go_on_air(taker); /* which peers are told, and it is not */
    learn(h, 2, "Kite Example");
    talk(&w, 1, true);
    only_heard(h);
    /* A registration and two. */
    taker->lost = DAF_FRAME_UNKNOWN;
    closed(taker, IN | 6);
    closed(h, w.a_conn);
    assert_true(comes_to(taker, IN | 7, 2));
    w = wire_up(h, door_to_mesh(h, 1), taker, IN | 8);
    talk(&w, 1, true);
    assert_false(stats_of(h).left);
    closed(h, w.a_conn);
    connects = h->connects_count;
    learn(h, 3, "Kite Example");
    commit_all(h);
    assert_true(stats_of(h).left);
    await(h);
    assert_int_equal(h->connects_count, connects + 1);
    host_free(h);
    host_free(taker);
}

static void one_device_may_come_once_and_four_in_all(void **state)
{
    struct host *h = host_with(1, CROWD, CROWD + 6);

    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_true(comes_to(h, IN | (uint32_t)(10 + i), CROWD + i));
    assert_false(comes_to(h, IN | 20, CROWD + 4)); /* later */
    /* Again before it came: the same place. */
    assert_true(comes_to(h, IN | 21, CROWD));
    opened(h, IN | 30, DAF_ENDPOINT_MESH, &keys[CROWD].transport);
    assert_false(is_closed(h, IN | 30));
    assert_false(comes_to(h, IN | 22, CROWD)); /* it is there */
    opened(h, IN | 31, DAF_ENDPOINT_MESH, &keys[CROWD].transport);
    assert_true(is_closed(h, IN | 31));
    /* Who has no place does not get in by itself. */
    opened(h, IN | 32, DAF_ENDPOINT_MESH, &keys[CROWD + 5].transport);
    assert_true(is_closed(h, IN | 32));
    /* A place is free when its session ended... */
    closed(h, IN | 30);
    assert_true(is_denied(h, CROWD));
    assert_true(comes_to(h, IN | 23, CROWD + 4));
    assert_false(comes_to(h, IN | 24, CROWD + 5));
    /* ...or nobody came for it in half a minute. */
    h->denies_count = 0;
    h->now.ms += 30000;
    simple(h, DAF_INPUT_TIMER);
    assert_int_equal(h->denies_count, 4);
    opened(h, IN | 33, DAF_ENDPOINT_MESH, &keys[CROWD + 1].transport);
    assert_true(is_closed(h, IN | 33));
    assert_true(comes_to(h, IN | 25, CROWD + 5));
    host_free(h);
}

/* Link was started anew: who was let in once is let in still. */
static void a_place_outlives_links_restart(void **state)
{
    struct host *h = host_with(1, 2, 3);

    (void)state;
    assert_true(comes_to(h, IN | 5, 2));
    simple(h, DAF_INPUT_LINK_LOST);
    h->denies_count = 0;
    listening(h);
    assert_false(is_denied(h, 2));
    opened(h, IN | 6, DAF_ENDPOINT_MESH, &keys[2].transport);
    assert_false(is_closed(h, IN | 6));
    simple(h, DAF_INPUT_LINK_LOST);
    listening(h);
    assert_true(is_denied(h, 2));
    host_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fifty_records_are_handed_over),
        cmocka_unit_test(it_comes_again_with_what_it_writes_later),
        cmocka_unit_test(one_device_may_come_once_and_four_in_all),
        cmocka_unit_test(a_place_outlives_links_restart),
    };

    return cmocka_run_group_tests(tests, make_crowd, free_camp);
}
