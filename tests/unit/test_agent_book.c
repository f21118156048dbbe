/* SPDX-License-Identifier: Apache-2.0 */
/* Whom an agent calls and when: doors, trying again, mDNS, and what peers tell of
 * addresses. */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/agent_case.h"

/* ---- going to a door */

static void a_welcome_leads_to_mesh(void **state)
{
    struct host *h = host_new(1);
    const struct connect *c;

    (void)state;
    peer(h, "[fe80::1%3]:1000");
    assert_int_equal(daf_agent_deadline(h->agent).ms, h->now.ms);
    await(h);
    c = last_connect(h);
    assert_int_equal(c->endpoint, DAF_ENDPOINT_DOOR);
    assert_string_equal(c->addr.text, "[fe80::1%3]:1000");
    assert_memory_equal(c->server.b, door.b, 32);
    host_free(h);

    h = host_new(1);
    (void)go_to_mesh(h, 2, "[fe80::1%3]:1000");
    c = last_connect(h);
    assert_int_equal(h->connects_count, 2);
    assert_int_equal(c->endpoint, DAF_ENDPOINT_MESH);
    assert_string_equal(c->addr.text, "[fe80::1%3]:2000");
    assert_memory_equal(c->server.b, keys[2].transport.b, 32);
    assert_memory_equal(h->admits[0].b, keys[2].transport.b, 32);
    opened(h, c->conn, DAF_ENDPOINT_MESH, &keys[2].transport);
    (void)says(h, c->conn, DAF_FRAME_HELLO);
    host_free(h);
}

static void a_false_welcome_is_refused_and_tried_again(void **state)
{
    for (size_t i = 0; i < 3; i++) {
        struct host *h = host_new(1);
        struct proof p = proof_of(i == 0 ? STRANGER : 2);
        uint32_t conn;

        p.kind = i == 1 ? DAF_FRAME_PROOF : DAF_FRAME_WELCOME;
        if (i == 2) p.signer = STRANGER;
        peer(h, "10.0.0.2:1000");
        await(h);
        conn = last_connect(h)->conn;
        opened(h, conn, DAF_ENDPOINT_DOOR, &door);
        answer_knock(h, conn, &p);
        assert_int_equal(stats_of(h).door_refused, 1);
        assert_true(is_closed(h, conn));
        assert_int_equal(h->admits_count, 0);
        await(h);
        assert_int_equal(h->connects_count, 2);
        assert_int_equal(last_connect(h)->endpoint, DAF_ENDPOINT_DOOR);
        host_free(h);
    }
    (void)state;
}

static void a_welcome_before_the_nonce_is_refused(void **state)
{
    struct host *h = host_new(1);
    struct proof p = proof_of(2);
    uint8_t bytes[DAF_DOOR_BYTES_MAX];
    static const struct daf_hash zero;
    struct daf_hash knocker;
    uint32_t conn;

    (void)state;
    p.kind = DAF_FRAME_WELCOME;
    peer(h, "10.0.0.2:1000");
    await(h);
    conn = last_connect(h)->conn;
    opened(h, conn, DAF_ENDPOINT_DOOR, &door);
    knocker = says(h, conn, DAF_FRAME_KNOCK).knock.nonce;
    frame(h, conn, pack_proof(&p, &knocker, &zero, bytes));
    assert_int_equal(stats_of(h).door_refused, 1);
    assert_int_equal(h->connects_count, 1);
    host_free(h);
}

static void a_door_that_says_nothing_is_given_up(void **state)
{
    struct host *h = host_new(1);
    uint64_t start_ms;

    (void)state;
    peer(h, "10.0.0.2:1000");
    await(h);
    start_ms = h->now.ms;
    opened(h, last_connect(h)->conn, DAF_ENDPOINT_DOOR, &door);
    await(h);
    assert_int_equal(h->now.ms, start_ms + 10000);
    assert_true(is_closed(h, h->connects[0].conn));
    await(h);
    assert_int_equal(h->connects_count, 2);
    host_free(h);
}

/* ---- trying again */

static void tries_come_later_and_later_and_never_in_step(void **state)
{
    static const uint64_t waits[] = {1000,  2000,  4000,  8000,
                                     15000, 15000, 15000, 15000};
    uint64_t sum[2] = {0, 0};

    (void)state;
    for (uint8_t seed = 0; seed < 2; seed++) {
        struct host *h = host_seeded(1, seed);

        peer(h, "10.0.0.2:1000");
        await(h);
        for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
            uint64_t d;

            closed(h, last_connect(h)->conn);
            d = daf_agent_deadline(h->agent).ms - h->now.ms;
            assert_true(d <= waits[i] && d > waits[i] / 4 - 1);
            sum[seed] += d;
            /* A timer that comes early is harmless. */
            h->now.ms++;
            simple(h, DAF_INPUT_TIMER);
            assert_int_equal(h->connects_count, i + 1);
            await(h);
            assert_int_equal(h->connects_count, i + 2);
        }
        host_free(h);
    }
    assert_int_not_equal(sum[0], sum[1]);
}

static void a_session_that_lasted_is_tried_again_at_once(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct wire w;
    uint32_t conn;

    (void)state;
    peer(a, "10.0.0.2:1000");
    for (size_t i = 0; i < 6; i++) { /* its back-off is long by now */
        await(a);
        closed(a, last_connect(a)->conn);
    }
    conn = go_to_mesh(a, 2, "10.0.0.2:1000");
    w = wire_up(a, conn, b, IN | 1);
    talk(&w, 1, true);
    assert_int_equal(stats_of(a).sessions, 1);
    assert_int_equal(daf_agent_deadline(a->agent).ms, UINT64_MAX);
    a->now.ms += 60000;
    closed(a, conn);
    assert_in_range(daf_agent_deadline(a->agent).ms - a->now.ms, 250, 1000);
    host_free(a);
    host_free(b);
}

static void nobody_is_called_before_the_link_listens(void **state)
{
    struct host *h = host_bare(1);

    (void)state;
    for (size_t i = 0; i < daf_fake_index_count(control); i++)
        give_row(h, control, i);
    assert_int_equal(start(h, the_manifest(), the_cert(1), 1), DAF_OK);
    peer(h, "10.0.0.2:1000");
    assert_int_equal(daf_agent_deadline(h->agent).ms, UINT64_MAX);
    simple(h, DAF_INPUT_TIMER);
    assert_int_equal(h->connects_count, 0);
    assert_int_equal(h->admits_count, 0);
    listening(h);
    assert_int_equal(h->admits_count, 3); /* 0, 1 and 2 */
    await(h);
    assert_int_equal(h->connects_count, 1);
    host_free(h);
}

static void a_link_that_comes_back_is_told_all_again(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct daf_peer_info info;
    struct wire w;
    size_t at = 0;
    uint32_t conn;

    (void)state;
    conn = go_to_mesh(a, 2, "10.0.0.2:1000");
    w = wire_up(a, conn, b, IN | 1);
    opened(a, IN | 9, DAF_ENDPOINT_DOOR, &keys[0].transport);
    talk(&w, 1, true);
    assert_true(daf_agent_peer(a->agent, &at, &info));
    assert_true(info.connected && info.in_step);
    assert_string_equal(info.state, "open");
    assert_string_equal(info.found_by, "static");

    a->admits_count = 0;
    simple(a, DAF_INPUT_LINK_LOST);
    assert_int_equal(stats_of(a).sessions, 0);
    assert_int_equal(daf_agent_deadline(a->agent).ms, UINT64_MAX);
    frame(a, conn, (struct daf_view){(const uint8_t *)"\xc1", 1}); /* late */
    closed(a, conn);
    assert_int_equal(stats_of(a).refusals.by_err[DAF_EFORM], 0);
    a->now.ms += 3600000;
    listening(a);
    assert_int_equal(a->admits_count, 3);
    assert_int_equal(daf_agent_deadline(a->agent).ms, a->now.ms);
    await(a);
    assert_int_equal(last_connect(a)->endpoint, DAF_ENDPOINT_DOOR);
    host_free(a);
    host_free(b);
}

/* A link that dies again and again is not a reason to wait twice as long. */
static void a_lost_link_costs_one_step_of_waiting(void **state)
{
    struct host *h = host_new(1);

    (void)state;
    (void)go_to_mesh(h, 2, "10.0.0.2:1000");
    opened(h, last_connect(h)->conn, DAF_ENDPOINT_MESH, &keys[2].transport);
    simple(h, DAF_INPUT_LINK_LOST);
    listening(h);
    await(h);
    closed(h, last_connect(h)->conn);
    assert_in_range(daf_agent_deadline(h->agent).ms - h->now.ms, 1500, 2000);
    host_free(h);
}

static void an_address_is_kept_once(void **state)
{
    struct host *h = host_new(1);
    struct daf_peer_info info;
    size_t at = 0, shown = 0;
    char addr[32];

    (void)state;
    for (size_t i = 0; i < 2 * (size_t)DAF_AGENT_STATIC_MAX; i++) {
        snprintf(addr, sizeof(addr), "10.0.0.%zu:1000", i / 2);
        peer(h, addr);
    }
    simple(h, DAF_INPUT_TIMER);
    assert_int_equal(h->connects_count, DAF_AGENT_STATIC_MAX);
    for (; daf_agent_peer(h->agent, &at, &info); shown++) {
        assert_string_equal(info.state, "knocking");
        assert_false(info.connected);
    }
    assert_int_equal(shown, DAF_AGENT_STATIC_MAX);
    host_free(h);
}

/* ---- mDNS */

static void it_announces_a_salt_and_a_token_for_each_address(void **state)
{
    struct host *a = host_new(1);
    struct daf_announce first;
    uint8_t token[8];

    (void)state;
    assert_int_equal(a->announces, 0); /* nobody could call */
    own_addresses(a, "10.0.0.1:0");
    assert_int_equal(a->announces, 1);
    first = a->announced;
    assert_int_equal(first.endpoint, DAF_ENDPOINT_DOOR);
    assert_int_equal(first.port, 1000);
    token_of(first.data, "127.0.0.1:1000", token);
    assert_memory_equal(first.data + 16, token, 8);
    token_of(first.data, "10.0.0.1:1000", token);
    assert_memory_equal(first.data + 24, token, 8);
    /* In another network nothing of it comes again. */
    own_addresses(a, "10.9.0.1:0");
    assert_int_equal(a->announces, 2);
    assert_memory_not_equal(a->announced.name, first.name, 8);
    for (size_t i = 0; i < 6; i++)
        assert_memory_not_equal(a->announced.data + 8 * i, first.data + 8 * i,
                                8);
    simple(a, DAF_INPUT_STOP);
    assert_int_equal(a->withdraws, 1);
    host_free(a);
}

static void ipv4_addresses_have_their_tokens_first(void **state)
{
    static const char *const own[] = {
        "[fe80::1%2]:0", "[fe80::2%3]:0", "[fe80::3%4]:0", "[fe80::4%5]:0",
        "[fe80::5%6]:0", "[fe80::6%7]:0", "[fe80::7%8]:0", "[fd00::1]:0",
        "10.0.0.1:0",    "10.0.1.1:0",
    };
    static const char *const told[] = {"10.0.0.1:1000", "10.0.1.1:1000",
                                       "[fe80::1%2]:1000", "[fe80::2%3]:1000"};
    struct host *a = host_new(1);
    uint8_t token[8];

    (void)state;
    own_address_list(a, own, sizeof(own) / sizeof(own[0]));
    for (size_t i = 0; i < 4; i++) {
        token_of(a->announced.data, told[i], token);
        assert_memory_equal(a->announced.data + 16 + 8 * i, token, 8);
    }
    host_free(a);
}

static void an_announcement_repeated_elsewhere_is_not_followed(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct daf_input in = {.kind = DAF_INPUT_FOUND, .addr = {"10.0.0.66:1000"}};

    (void)state;
    own_addresses(b, "10.0.0.2:0");
    in.service = b->announced;
    daf_agent_input(a->agent, a->now, &in);
    assert_int_equal(daf_agent_deadline(a->agent).ms, UINT64_MAX);
    assert_int_equal(stats_of(a).strangers, 1);
    snprintf(in.addr.text, sizeof(in.addr.text), "10.0.0.2:1001");
    daf_agent_input(a->agent, a->now, &in);
    assert_int_equal(daf_agent_deadline(a->agent).ms, UINT64_MAX);
    snprintf(in.addr.text, sizeof(in.addr.text), "10.0.0.2:1000");
    daf_agent_input(a->agent, a->now, &in);
    assert_true(daf_agent_deadline(a->agent).ms != UINT64_MAX);
    host_free(a);
    host_free(b);
}

static void of_two_that_find_each_other_one_calls_at_once(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct host *first, *second;

    (void)state;
    own_addresses(a, "[fe80::1%3]:0");
    own_addresses(b, "[fe80::2%3]:0");
    found(a, b, "10.0.0.2:1000");
    found(b, a, "10.0.0.1:1000");
    first = memcmp(a->announced.data, b->announced.data, 16) < 0 ? a : b;
    second = first == a ? b : a;
    assert_in_range(daf_agent_deadline(first->agent).ms - first->now.ms, 0,
                    250);
    assert_in_range(daf_agent_deadline(second->agent).ms - second->now.ms, 3000,
                    3250);
    host_free(a);
    host_free(b);
}

static void who_is_of_another_camp_is_counted_and_not_called(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct daf_input in = {.kind = DAF_INPUT_FOUND, .addr = {"10.0.0.2:1000"}};

    (void)state;
    found(a, a, "10.0.0.1:1000"); /* itself */
    assert_int_equal(stats_of(a).strangers, 0);
    own_addresses(b, "10.0.0.2:0");
    b->announced.data[24] ^= 1;
    in.service = b->announced;
    for (int i = 0; i < 3; i++)
        daf_agent_input(a->agent, a->now, &in);
    assert_int_equal(stats_of(a).strangers, 1);
    assert_int_equal(daf_agent_deadline(a->agent).ms, UINT64_MAX);
    gone(a, b);
    assert_int_equal(stats_of(a).strangers, 0);
    for (uint8_t i = 0; i < 40; i++) {
        in.service.name[0] = i;
        daf_agent_input(a->agent, a->now, &in);
    }
    assert_int_equal(stats_of(a).strangers, 16);
    in.service.endpoint = DAF_ENDPOINT_PORCH;
    daf_agent_input(a->agent, a->now, &in);
    assert_int_equal(daf_agent_deadline(a->agent).ms, UINT64_MAX);
    host_free(a);
    host_free(b);
}

static void one_address_of_a_device_is_tried_at_a_time(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct daf_peer_info info[4];

    (void)state;
    found(a, b, "[fe80::2%3]:1000");
    found(a, b, "10.0.0.2:1000");
    found(a, b, "192.168.0.2:1000");
    await(a);
    assert_int_equal(a->connects_count, 1);
    for (int i = 0; i < 2; i++) {
        a->now.ms += 4000; /* the others are due, and wait */
        simple(a, DAF_INPUT_TIMER);
        assert_int_equal(a->connects_count, 1);
    }
    closed(a, last_connect(a)->conn); /* nobody there: another one's turn */
    while (a->connects_count < 2)
        await(a);
    assert_string_not_equal(a->connects[0].addr.text, a->connects[1].addr.text);
    assert_int_equal(peers_of(a, info, 4), 1);
    assert_string_equal(info[0].found_by, "mdns");
    host_free(a);
    host_free(b);
}

static void what_mdns_lost_and_no_door_proved_is_forgotten(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct daf_peer_info info[4];

    (void)state;
    found(a, b, "10.0.0.2:1000");
    assert_int_equal(peers_of(a, info, 4), 1);
    gone(a, b);
    a->now.ms += 60000;
    simple(a, DAF_INPUT_TIMER);
    assert_int_equal(peers_of(a, info, 4), 0);
    assert_int_equal(daf_agent_deadline(a->agent).ms, UINT64_MAX);
    host_free(a);
    host_free(b);
}

static void what_proved_true_is_kept_and_called_each_minute(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct daf_author_id author;
    struct daf_addr addr;
    uint64_t changes = daf_agent_proven_changes(a->agent);
    struct wire w;
    uint64_t at = UINT64_MAX;

    (void)state;
    found(a, b, "10.0.0.2:1000");
    assert_false(daf_agent_proven(a->agent, &at, &author, &addr));
    w = wire_up(a, door_to_mesh(a, 2), b, IN | 1);
    talk(&w, 1, true);
    assert_true(daf_agent_proven_changes(a->agent) > changes);
    at = UINT64_MAX;
    assert_true(daf_agent_proven(a->agent, &at, &author, &addr));
    assert_memory_equal(author.b, daf_agent_author(b->agent)->b, 16);
    assert_string_equal(addr.text, "10.0.0.2:1000");
    assert_false(daf_agent_proven(a->agent, &at, &author, &addr));
    gone(a, b);
    closed(a, last_connect(a)->conn);
    for (int i = 0; i < 30; i++) {
        await(a);
        closed(a, last_connect(a)->conn);
    }
    assert_in_range(daf_agent_deadline(a->agent).ms - a->now.ms, 15000, 60000);
    found(a, b, "10.0.0.2:1000"); /* it is back: at once */
    assert_in_range(daf_agent_deadline(a->agent).ms - a->now.ms, 0, 3250);
    host_free(a);
    host_free(b);
}

/* ---- what peers tell of addresses */

static void a_device_hears_of_the_others_from_the_first_it_meets(void **state)
{
    struct host *a = host_new(1), *b = host_new(2), *boss = host_new(0);
    struct daf_peer_info info[4];
    struct wire w[2];

    (void)state;
    own_addresses(b, "10.0.0.2:0");
    w[0] = wire_up(b, go_to_mesh(b, 0, "10.0.0.9:1000"), boss, IN | 1);
    talk(w, 1, true);
    /* The boss called nobody: it hears where b's door is. */
    assert_int_equal(b->said_count[DAF_FRAME_ADDRESSES], 1);
    assert_int_equal(boss->said_count[DAF_FRAME_ADDRESSES], 0);
    assert_int_equal(peers_of(boss, info, 4), 1);
    assert_string_equal(info[0].addr.text, "10.0.0.2:1000");
    assert_string_equal(info[0].found_by, "gossip");
    assert_true(info[0].connected);

    w[1] = wire_up(a, go_to_mesh(a, 2, "10.0.0.2:1000"), b, IN | 1);
    talk(w, 2, true);
    assert_int_equal(peers_of(a, info, 4), 2);
    assert_string_equal(info[0].found_by, "static");
    assert_string_equal(info[1].found_by, "gossip");
    assert_string_equal(info[1].addr.text, "10.0.0.9:1000");
    assert_memory_equal(info[1].author.b, daf_agent_author(boss->agent)->b, 16);
    (void)door_to_mesh(a, 0);
    assert_string_equal(last_connect(a)->addr.text, "10.0.0.9:2000");
    host_free(a);
    host_free(b);
    host_free(boss);
}

/* Two who both came to a third, which called neither, hear of each other: by their
 * own word, and only while it lasts. */
static void who_came_is_told_of_by_its_own_word(void **state)
{
    struct host *a = host_new(1), *b = host_new(2), *boss = host_new(0);
    struct daf_peer_info info[4];
    struct wire w[2];

    (void)state;
    own_addresses(b, "10.0.0.2:0");
    w[0] = wire_up(b, go_to_mesh(b, 0, "10.0.0.9:1000"), boss, IN | 1);
    talk(w, 1, true);
    w[1] = wire_up(a, go_to_mesh(a, 0, "10.0.0.9:1000"), boss, IN | 2);
    talk(w, 2, true);
    assert_int_equal(boss->said_count[DAF_FRAME_ADDRESSES], 1);
    assert_int_equal(peers_of(a, info, 4), 2);
    assert_string_equal(info[1].addr.text, "10.0.0.2:1000");
    assert_memory_equal(info[1].author.b, daf_agent_author(b->agent)->b, 16);
    closed(boss, IN | 1);
    closed(boss, IN | 2);
    closed(a, last_connect(a)->conn);
    w[1] = wire_up(a, go_to_mesh(a, 0, "10.0.0.9:1000"), boss, IN | 3);
    talk(&w[1], 1, true); /* b is not here any more */
    assert_int_equal(boss->said_count[DAF_FRAME_ADDRESSES], 1);
    host_free(a);
    host_free(b);
    host_free(boss);
}

static void what_was_told_is_not_told_again(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct wire w;

    (void)state;
    own_addresses(a, "10.0.0.1:0");
    for (size_t i = 0; i < 3; i++) {
        w = wire_up(a, go_to_mesh(a, 2, "10.0.0.2:1000"), b,
                    IN | (uint32_t)(i + 1));
        talk(&w, 1, true);
        assert_int_equal(a->said_count[DAF_FRAME_ADDRESSES], 1);
        closed(a, last_connect(a)->conn);
        closed(b, IN | (uint32_t)(i + 1));
    }
    own_addresses(a, "10.0.0.77:0");
    w = wire_up(a, go_to_mesh(a, 2, "10.0.0.2:1000"), b, IN | 9);
    talk(&w, 1, true);
    assert_int_equal(a->said_count[DAF_FRAME_ADDRESSES], 2);
    host_free(a);
    host_free(b);
}

/* Tells @h, over the open session @conn, that @author is at these. */
static void gossip(struct host *h, uint32_t conn,
                   const struct daf_author_id *author, const char *bytes,
                   size_t len, size_t count)
{
    uint8_t buffer[1024];
    struct daf_pack k;
    size_t mark, device;

    daf_pack_init(&k, buffer, sizeof(buffer));
    mark = daf_frame_begin_addresses(&k);
    device = daf_frame_begin_device(&k, author);
    for (size_t i = 0; i < count; i++)
        daf_pack_bin(&k, (const uint8_t *)bytes + i * len, len);
    daf_pack_close(&k, device, count);
    daf_frame_end(&k, mark, 1, false);
    frame(h, conn, daf_pack_view(&k));
}

static void hearsay_is_called_nearby_only_and_soon_forgotten(void **state)
{
    static const char far_away[] = "\xcb\x00\x71\x09\x16\x26"
                                   "\x7f\x00\x00\x01\x16\x26"
                                   "\xe0\x00\x00\x01\x16\x26";
    static const char near_by[] = "\x0a\x00\x00\x63\x16\x26";
    struct daf_author_id nobody = {{1, 2, 3}}, boss;
    struct daf_peer_info info[8];

    (void)state;
    for (int round = 0; round < 4; round++) {
        struct host *a = host_new(1), *b = host_new(2), *c = host_new(0);
        struct wire w =
            wire_up(a, go_to_mesh(a, 2, "10.0.0.2:1000"), b, IN | 1);
        uint32_t conn = last_connect(a)->conn;
        size_t before;

        talk(&w, 1, true);
        before = a->connects_count;
        boss = *daf_agent_author(c->agent);
        if (round == 0) gossip(a, conn, &boss, far_away, 6, 3);
        if (round == 1) gossip(a, conn, &nobody, near_by, 6, 1);
        if (round == 2)
            gossip(a, conn, daf_agent_author(a->agent), near_by, 6, 1);
        if (round < 3) assert_int_equal(peers_of(a, info, 8), 1);
        if (round == 3) {
            gossip(a, conn, &boss, near_by, 6, 1);
            gossip(a, conn, &boss, "\x0a\x00\x00\x64\x16\x26", 6, 1);
            assert_int_equal(peers_of(a, info, 8), 2); /* heard once */
            while (a->connects_count < before + 6) {
                await(a);
                assert_string_equal(last_connect(a)->addr.text,
                                    "10.0.0.99:5670");
                closed(a, last_connect(a)->conn);
            }
            await(a);
            assert_int_equal(peers_of(a, info, 8), 1);
            assert_int_equal(a->connects_count, before + 6);
        }
        host_free(a);
        host_free(b);
        host_free(c);
    }
}

/* Somebody says that another's address is his own. */
static void a_false_claim_keeps_nobody_from_being_called(void **state)
{
    for (int by_mdns = 0; by_mdns < 2; by_mdns++) {
        struct host *a = host_new(1), *b = host_new(2), *c = host_new(0);
        struct wire w =
            wire_up(a, go_to_mesh(a, 2, "10.0.0.2:1000"), b, IN | 1);
        uint32_t conn = last_connect(a)->conn;
        size_t before;

        talk(&w, 1, true);
        gossip(a, conn, daf_agent_author(b->agent), "\x0a\x00\x00\x63\x16\x26",
               6, 1);
        before = a->connects_count;
        if (by_mdns) found(a, c, "10.0.0.99:5670");
        while (a->connects_count == before)
            await(a);
        assert_string_equal(last_connect(a)->addr.text, "10.0.0.99:5670");
        assert_in_range(a->now.ms, START_MS,
                        START_MS + (by_mdns ? 5000 : 60000));
        (void)let_in(a, 0);
        assert_string_equal(last_connect(a)->addr.text, "10.0.0.99:2000");
        host_free(a);
        host_free(b);
        host_free(c);
    }
    (void)state;
}

/* Of two that find each other both would go to the other's door, though one way
 * is enough: half of all handshakes in a school. */
static void who_came_and_says_where_it_lives_is_asked_later(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct daf_author_id author;
    struct daf_addr addr;
    uint64_t before = UINT64_MAX;
    struct wire w;

    (void)state;
    own_addresses(b, "10.0.0.2:0");
    found(a, b, "10.0.0.2:1000");
    w = wire_up(b, go_to_mesh(b, 1, "10.0.0.1:1000"), a, IN | 1);
    talk(&w, 1, true);
    a->now.ms += 10000;
    simple(a, DAF_INPUT_TIMER);
    assert_int_equal(a->connects_count, 0);
    while (a->connects_count == 0)
        await(a);
    assert_in_range(a->now.ms - START_MS, 20000, 50000);
    (void)let_in(a, 2);
    assert_true(daf_agent_proven(a->agent, &before, &author, &addr));
    host_free(a);
    host_free(b);
}

static void hearsay_does_not_hold_up_what_somebody_stands_for(void **state)
{
    struct host *a = host_new(1), *b = host_new(2), *c = host_new(0);
    struct wire w = wire_up(a, go_to_mesh(a, 2, "10.0.0.2:1000"), b, IN | 1);
    uint32_t conn = last_connect(a)->conn;
    struct daf_input in = {.kind = DAF_INPUT_PEER,
                           .found_by = DAF_FOUND_CACHED,
                           .addr = {"10.0.0.9:1000"},
                           .author = *daf_agent_author(c->agent)};

    (void)state;
    talk(&w, 1, true);
    gossip(a, conn, &in.author, "\x0a\x00\x00\x63\x16\x26", 6, 1);
    await(a);
    assert_string_equal(last_connect(a)->addr.text, "10.0.0.99:5670");
    daf_agent_input(a->agent, a->now, &in); /* while that one is being called */
    await(a);
    assert_string_equal(last_connect(a)->addr.text, "10.0.0.9:1001");
    host_free(a);
    host_free(b);
    host_free(c);
}

/* Told of @to's door as one that let it in before the start. */
static void cached(struct host *h, const struct host *to, const char *addr)
{
    struct daf_input in = {.kind = DAF_INPUT_PEER,
                           .found_by = DAF_FOUND_CACHED,
                           .author = *daf_agent_author(to->agent)};

    snprintf(in.addr.text, sizeof(in.addr.text), "%s", addr);
    daf_agent_input(h->agent, h->now, &in);
}

static void who_let_us_in_before_is_called_at_mesh(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    const struct connect *c;
    struct wire w;

    (void)state;
    cached(a, b, "10.0.0.2:1000");
    await(a);
    c = last_connect(a);
    assert_int_equal(c->endpoint, DAF_ENDPOINT_MESH);
    assert_string_equal(c->addr.text, "10.0.0.2:1001");
    assert_memory_equal(c->server.b, keys[2].transport.b, 32);
    w = wire_up(a, c->conn, b, IN | 1);
    talk(&w, 1, true);
    assert_int_equal(stats_of(a).sessions, 1);
    a->now.ms += 3600000; /* it is not taken for one that does not answer */
    simple(a, DAF_INPUT_TIMER);
    assert_int_equal(stats_of(a).sessions, 1);
    host_free(a);
    host_free(b);
}

/* Whoever is called by all others knows their doors as well. */
static void the_door_of_one_who_came_to_us_is_kept(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct daf_author_id author;
    struct daf_addr addr;
    uint64_t before = UINT64_MAX;
    struct wire w;

    (void)state;
    w = wire_up(b, go_to_mesh(b, 1, "10.0.0.1:1000"), a, IN | 1);
    talk(&w, 1, true);
    found(a, b, "10.0.0.2:1000");
    while (a->connects_count == 0)
        await(a);
    (void)let_in(a, 2);
    assert_int_equal(a->connects_count, 1); /* the door was enough */
    assert_true(daf_agent_proven(a->agent, &before, &author, &addr));
    assert_string_equal(addr.text, "10.0.0.2:1000");
    host_free(a);
    host_free(b);
}

static void who_is_not_at_mesh_is_called_at_the_door_at_once(void **state)
{
    for (int i = 0; i < 2; i++) {
        struct host *a = host_new(1), *b = host_new(2);

        cached(a, b, "10.0.0.2:1000");
        await(a);
        if (i == 0)
            closed(a, last_connect(a)->conn); /* refused, or nobody there */
        else
            await(a); /* silence */
        await(a);
        assert_int_equal(a->connects_count, 2);
        assert_int_equal(last_connect(a)->endpoint, DAF_ENDPOINT_DOOR);
        assert_in_range(a->now.ms, START_MS, START_MS + (i == 0 ? 0 : 10000));
        /* Its mesh is at 2000, said its door: not where one would expect it. */
        closed(a, let_in(a, 2));
        await(a);
        assert_int_equal(last_connect(a)->endpoint, DAF_ENDPOINT_DOOR);
        host_free(a);
        host_free(b);
    }
    (void)state;
}

static void cached_many(struct host *h, size_t count)
{
    struct daf_input in = {.kind = DAF_INPUT_PEER,
                           .found_by = DAF_FOUND_CACHED};

    for (size_t i = 0; i < count; i++) {
        in.author.b[0] = (uint8_t)(i + 1);
        snprintf(in.addr.text, sizeof(in.addr.text), "10.1.0.%zu:1", i + 1);
        daf_agent_input(h->agent, h->now, &in);
    }
}

/* How long that takes, in ms. */
static uint64_t call_in_vain(struct host *h, size_t calls)
{
    uint64_t since = h->now.ms;

    h->connects_count = 0;
    for (size_t i = 0; i < calls; i++) {
        while (h->connects_count == 0)
            await(h);
        closed(h, h->connects[--h->connects_count].conn);
    }
    return h->now.ms - since;
}

static void many_that_do_not_answer_are_called_ever_more_rarely(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct wire w;

    (void)state;
    cached_many(a, 100);
    assert_in_range(call_in_vain(a, 100), 0, 60000); /* each at once */
    (void)call_in_vain(a, 900);
    assert_in_range(call_in_vain(a, 100), 100 * 30000, 100 * 240000);
    /* One that answers where nobody is seen: all are called within a round. */
    cached(a, b, "10.0.0.2:1000");
    a->connects_count = 0;
    await(a);
    w = wire_up(a, last_connect(a)->conn, b, IN | 1);
    talk(&w, 1, true);
    assert_int_equal(stats_of(a).sessions, 1);
    assert_in_range(call_in_vain(a, 100), 0, 101 * 4000);
    host_free(a);
    host_free(b);
}

static void another_network_is_called_through_at_once(void **state)
{
    struct host *h = host_new(1);
    struct daf_addr own = {.text = "10.7.0.1:1"};
    struct daf_input in = {.kind = DAF_INPUT_OWN,
                           .addrs = &own,
                           .addrs_count = 1};

    (void)state;
    cached_many(h, 100);
    (void)call_in_vain(h, 1000);
    daf_agent_input(h->agent, h->now, &in);
    assert_in_range(call_in_vain(h, 100), 0, 10000);
    host_free(h);
}

/* As in a school where each is called within four minutes, whatever became of it. */
static void few_that_do_not_answer_are_not_forgotten(void **state)
{
    struct host *h = host_new(1);

    (void)state;
    cached_many(h, 15);
    (void)call_in_vain(h, 1500);
    assert_in_range(call_in_vain(h, 15), 15000, 240000);
    host_free(h);
}

static void a_full_book_leaves_out_what_nobody_stands_for(void **state)
{
    struct host *h = host_new(1), *b = host_new(2);
    struct daf_input in = {.kind = DAF_INPUT_PEER};
    struct daf_peer_info *info = calloc(1024, sizeof(*info));

    (void)state;
    peer(h, "10.0.0.1:1000");
    for (size_t i = 0; i < 1000; i++) {
        in.found_by = i < 400 ? DAF_FOUND_CACHED : DAF_FOUND_GOSSIP;
        in.author.b[0] = (uint8_t)(i >> 8 | 0x40);
        in.author.b[1] = (uint8_t)i;
        snprintf(in.addr.text, sizeof(in.addr.text), "10.1.%zu.%zu:1", i / 250,
                 i % 250 + 1);
        daf_agent_input(h->agent, h->now, &in);
    }
    assert_non_null(info);
    assert_int_equal(peers_of(h, info, 1024), DAF_AGENT_PEERS_MAX);
    found(h, b, "10.0.0.2:1000");
    assert_int_equal(peers_of(h, info, 1024), DAF_AGENT_PEERS_MAX);
    assert_string_equal(info[0].addr.text, "10.0.0.1:1000");
    assert_string_equal(info[400].addr.text, "10.1.1.150:1");
    assert_string_equal(info[DAF_AGENT_PEERS_MAX - 1].found_by, "mdns");
    free(info);
    host_free(h);
    host_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_welcome_leads_to_mesh),
        cmocka_unit_test(a_false_welcome_is_refused_and_tried_again),
        cmocka_unit_test(a_welcome_before_the_nonce_is_refused),
        cmocka_unit_test(a_door_that_says_nothing_is_given_up),
        cmocka_unit_test(tries_come_later_and_later_and_never_in_step),
        cmocka_unit_test(a_session_that_lasted_is_tried_again_at_once),
        cmocka_unit_test(nobody_is_called_before_the_link_listens),
        cmocka_unit_test(a_link_that_comes_back_is_told_all_again),
        cmocka_unit_test(a_lost_link_costs_one_step_of_waiting),
        cmocka_unit_test(an_address_is_kept_once),
        cmocka_unit_test(it_announces_a_salt_and_a_token_for_each_address),
        cmocka_unit_test(ipv4_addresses_have_their_tokens_first),
        cmocka_unit_test(an_announcement_repeated_elsewhere_is_not_followed),
        cmocka_unit_test(of_two_that_find_each_other_one_calls_at_once),
        cmocka_unit_test(who_is_of_another_camp_is_counted_and_not_called),
        cmocka_unit_test(one_address_of_a_device_is_tried_at_a_time),
        cmocka_unit_test(what_mdns_lost_and_no_door_proved_is_forgotten),
        cmocka_unit_test(what_proved_true_is_kept_and_called_each_minute),
        cmocka_unit_test(a_device_hears_of_the_others_from_the_first_it_meets),
        cmocka_unit_test(who_came_is_told_of_by_its_own_word),
        cmocka_unit_test(what_was_told_is_not_told_again),
        cmocka_unit_test(hearsay_is_called_nearby_only_and_soon_forgotten),
        cmocka_unit_test(a_false_claim_keeps_nobody_from_being_called),
        cmocka_unit_test(who_came_and_says_where_it_lives_is_asked_later),
        cmocka_unit_test(hearsay_does_not_hold_up_what_somebody_stands_for),
        cmocka_unit_test(who_let_us_in_before_is_called_at_mesh),
        cmocka_unit_test(the_door_of_one_who_came_to_us_is_kept),
        cmocka_unit_test(who_is_not_at_mesh_is_called_at_the_door_at_once),
        cmocka_unit_test(many_that_do_not_answer_are_called_ever_more_rarely),
        cmocka_unit_test(another_network_is_called_through_at_once),
        cmocka_unit_test(few_that_do_not_answer_are_not_forgotten),
        cmocka_unit_test(a_full_book_leaves_out_what_nobody_stands_for),
    };

    return cmocka_run_group_tests(tests, make_camp, free_camp);
}
