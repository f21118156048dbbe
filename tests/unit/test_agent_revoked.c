/* SPDX-License-Identifier: Apache-2.0 */
/* Devices that control revokes, and the one that is told so (protocol.md R50). */
#include "tests/lib/t.h"

#include <stdlib.h>

#include "proto/hash.h"
#include "tests/lib/agent_case.h"

/* ---- revocation */

/* What a revocation says, and where; usually a coordinator's in control. */
struct verdict {
    size_t by, who;
    uint64_t incarnation;
    const char *scope;
    const struct daf_camp_id *camp;
    const struct kept *prev;
};

static struct verdict verdict_on(size_t who)
{
    return (struct verdict){0, who, 900, "control", &manifest.camp, NULL};
}

/* The caller frees its body. */
static struct kept make_revocation(const struct verdict *v)
{
    struct daf_author_id who = daf_hash_author_id(&keys[v->who].sign);
    struct kept k = {.state = DAF_BODY_HELD, .body_len = 512};
    uint8_t payload[256];
    struct daf_pack pack;
    size_t mark;

    daf_pack_init(&pack, payload, sizeof(payload));
    mark = daf_payload_begin_revocation(&pack);
    daf_payload_end_revocation(&pack, mark, 0, DAF_REVOKED_STOLEN, &who);
    k.r = (struct daf_record){.log = {daf_hash_scope_id(v->camp, v->scope),
                                      daf_hash_author_id(&keys[v->by].sign),
                                      v->incarnation},
                              .seq = 1};
    if (v->prev != NULL) {
        k.r.seq = v->prev->r.seq + 1;
        k.r.prev = v->prev->r.id;
    }
    k.body = malloc(k.body_len);
    assert_non_null(k.body);
    assert_int_equal(daf_body_plain(daf_pack_view(&pack), k.body, k.body_len,
                                    &k.body_len),
                     DAF_OK);
    k.r.body_len = (uint32_t)k.body_len;
    k.r.body_hash = daf_body_hash((struct daf_view){k.body, k.body_len});
    k.header_len = daf_record_sign(&k.r, &secrets[v->by].sign, k.header);
    return k;
}

/* A listening device that holds the revocation of @who since before it began. */
static struct host *host_with(size_t number, const struct kept *revocation)
{
    struct host *h = host_bare(number);

    for (size_t i = 0; i < daf_fake_index_count(control); i++)
        give_row(h, control, i);
    hold(h, revocation, true);
    assert_int_equal(start(h, the_manifest(), the_cert(number),
                           (uint8_t)(number + 1)),
                     DAF_OK);
    listening(h);
    return h;
}

static void write_revocation(struct host *h, size_t who)
{
    struct daf_author_id author = daf_hash_author_id(&keys[who].sign);
    uint8_t bytes[256];
    struct daf_pack k;
    size_t mark;

    daf_pack_init(&k, bytes, sizeof(bytes));
    mark = daf_payload_begin_revocation(&k);
    daf_payload_end_revocation(&k, mark, 0, DAF_REVOKED_LOST, &author);
    write_control(h, 7, &k);
}

static bool is_denied(const struct host *h, size_t number)
{
    for (size_t i = 0; i < h->denies_count; i++) {
        if (memcmp(h->denies[i].b, keys[number].transport.b, 32) == 0)
            return true;
    }
    return false;
}

static void a_revoked_peer_is_sent_away_when_it_is_durable(void **state)
{
    struct host *boss = host_new(0), *h = host_new(2), *other = host_new(1);
    struct wire wires[2] = {
        wire_up(h, go_to_mesh(h, 0, "10.0.0.1:1000"), boss, IN | 6),
        wire_up(other, go_to_mesh(other, 0, "10.0.0.1:1000"), boss, IN | 8)};

    (void)state;
    talk(wires, 2, true);
    assert_int_equal(stats_of(boss).sessions, 2);
    write_revocation(boss, 2);
    assert_false(is_closed(boss, IN | 6));
    assert_true(stored(boss, DAF_OK, 0));
    assert_int_equal(boss->wrote[0].err, DAF_OK);
    assert_int_equal(says(boss, IN | 6, DAF_FRAME_BYE).bye, DAF_BYE_UNPROVEN);
    assert_true(is_closed(boss, IN | 6));
    assert_true(is_denied(boss, 2));
    assert_false(is_denied(boss, 1));
    assert_int_equal(stats_of(boss).sessions, 1);
    /* The other hears of it. */
    talk(wires, 2, true);
    assert_true(is_denied(other, 2));
    assert_true(daf_camp_is_revoked(daf_agent_camp(other->agent),
                                    daf_agent_author(h->agent)));
    assert_false(stats_of(other).revoked);
    host_free(boss);
    host_free(h);
    host_free(other);
}

/* As a link would that let the key in a moment before. */
static void a_revoked_key_gets_no_session(void **state)
{
    struct verdict v = verdict_on(2);
    struct kept revocation = make_revocation(&v);
    struct host *h = host_with(1, &revocation);

    (void)state;
    assert_true(is_denied(h, 2));
    opened(h, IN | 5, DAF_ENDPOINT_MESH, &keys[2].transport);
    assert_true(is_closed(h, IN | 5));
    assert_null(h->said);
    host_free(h);
    free(revocation.body);
}

/* Bytes that are no frame would be a breach: they are not read. */
static void no_frame_of_a_revoked_peer_is_read(void **state)
{
    struct host *h = host_new(1);
    struct verdict v = verdict_on(2);
    struct kept revocation = make_revocation(&v);
    struct daf_stored row = {.spot = {revocation.r.seq, revocation.r.id},
                             .header = {revocation.header,
                                        revocation.header_len},
                             .body = {revocation.body, revocation.body_len}};
    struct daf_camp *camp;

    (void)state;
    opened(h, IN | 5, DAF_ENDPOINT_MESH, &keys[2].transport);
    /* A camp that knows, and an agent that nobody has told: the agent gives its
     * camp away to look at only. */
    /* NOLINTNEXTLINE(performance-no-int-to-ptr) */
    camp = (struct daf_camp *)(uintptr_t)daf_agent_camp(h->agent);
    assert_true(daf_camp_add(camp, &revocation.r.log, &row));
    frame(h, IN | 5, (struct daf_view){(const uint8_t *)"\xc1", 1});
    assert_int_equal(says(h, IN | 5, DAF_FRAME_BYE).bye, DAF_BYE_UNPROVEN);
    assert_true(is_closed(h, IN | 5));
    assert_int_equal(stats_of(h).refusals.by_err[DAF_EPEER], 0);
    host_free(h);
    free(revocation.body);
}

static void is_told(size_t number, struct host *h, const struct kept *why)
{
    struct daf_hash nonce = knock_at(h, IN | 5, &keys[number].transport);
    struct proof p = proof_of(number);
    struct daf_revoked f;

    h->admits_count = 0;
    show(h, IN | 5, &p, &nonce);
    f = says(h, IN | 5, DAF_FRAME_REVOKED).revoked;
    assert_int_equal(f.header.len, why->header_len);
    assert_memory_equal(f.header.p, why->header, why->header_len);
    assert_int_equal(f.body.len, why->body_len);
    assert_memory_equal(f.body.p, why->body, why->body_len);
    (void)says(h, IN | 5, DAF_FRAME_WELCOME); /* it may hand over (R110) */
    assert_false(is_closed(h, IN | 5));
    assert_int_equal(h->admits_count, 1);
    assert_int_equal(stats_of(h).door_refused, 1);
}

static void a_revoked_knocker_is_told_by_a_device_that_is_no_coordinator(
    void **state)
{
    static const size_t who[] = {2, LATE}; /* LATE: its certificate is news */

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct verdict v = verdict_on(who[i]);
        struct kept revocation = make_revocation(&v);
        struct host *h = host_with(1, &revocation);

        is_told(who[i], h, &revocation);
        host_free(h);
        free(revocation.body);
    }
}

/* Who stole only the certificate learns nothing. */
static void a_revocation_is_told_to_nobody_else(void **state)
{
    struct verdict v = verdict_on(2);
    struct kept revocation = make_revocation(&v);
    struct host *h = host_with(1, &revocation);
    struct daf_hash nonce = knock_at(h, IN | 5, &keys[STRANGER].transport);
    struct proof p = proof_of(2);

    (void)state;
    h->admits_count = 0;
    p.signer = STRANGER;
    show(h, IN | 5, &p, &nonce);
    is_refused(h, IN | 5);
    free(revocation.body);
}

/* @h goes to a door, which says @f instead of WELCOME. */
static uint32_t go_and_hear(struct host *h, const struct daf_revoked *f)
{
    static const struct daf_hash at_door = {{0xd0}};
    uint8_t bytes[DAF_DOOR_BYTES_MAX];
    size_t before = h->connects_count;
    struct daf_pack k;
    uint32_t conn;

    while (h->connects_count == before)
        await(h);
    conn = last_connect(h)->conn;
    opened(h, conn, DAF_ENDPOINT_DOOR, &door);
    (void)says(h, conn, DAF_FRAME_KNOCK);
    daf_pack_init(&k, bytes, sizeof(bytes));
    daf_frame_pack_nonce(&k, &at_door);
    frame(h, conn, daf_pack_view(&k));
    (void)says(h, conn, DAF_FRAME_PROOF);
    daf_pack_init(&k, bytes, sizeof(bytes));
    daf_frame_pack_revoked(&k, f);
    frame(h, conn, daf_pack_view(&k));
    assert_true(is_closed(h, conn));
    closed(h, conn);
    return conn;
}

static struct daf_revoked frame_of(const struct kept *k)
{
    return (struct daf_revoked){{k->header, k->header_len},
                                {k->body, k->body_len}};
}

static void a_device_that_is_told_keeps_it_and_calls_nobody(void **state)
{
    struct verdict v = verdict_on(2);
    struct kept revocation = make_revocation(&v);
    struct daf_revoked f = frame_of(&revocation);
    struct host *h = host_new(2);

    (void)state;
    peer(h, "10.0.0.1:1000");
    (void)go_and_hear(h, &f);
    assert_false(stats_of(h).revoked); /* durable first */
    assert_true(stored(h, DAF_EFULL, 0));
    assert_false(stats_of(h).revoked);
    (void)go_and_hear(h, &f); /* so it is told again */
    commit_all(h);
    assert_true(stats_of(h).revoked);
    assert_true(holds(h, &revocation, true));
    assert_int_equal(stats_of(h).door_refused, 0);
    if (daf_agent_deadline(h->agent).ms != UINT64_MAX) await(h);
    assert_int_equal(h->connects_count, 2);
    peer(h, "10.0.0.3:1000");
    await(h);
    while (daf_agent_deadline(h->agent).ms != UINT64_MAX)
        await(h);
    assert_int_equal(h->connects_count, 2);
    /* It still serves its own people. */
    learn(h, 1, "Lantern Example");
    commit_all(h);
    assert_int_equal(h->wrote[0].err, DAF_OK);
    /* And knows after a restart. */
    daf_agent_free(h->agent);
    assert_int_equal(start(h, the_manifest(), the_cert(2), 9), DAF_OK);
    assert_true(stats_of(h).revoked);
    host_free(h);
    free(revocation.body);
}

/* The record stands far ahead of what is held of its log. */
static void a_device_believes_a_coordinator_whose_log_it_does_not_hold(
    void **state)
{
    struct verdict v = verdict_on(2);
    struct kept before = make_revocation(&v), revocation;
    struct host *h = host_new(2);
    struct daf_revoked f;

    (void)state;
    v.prev = &before;
    revocation = make_revocation(&v);
    f = frame_of(&revocation);
    peer(h, "10.0.0.1:1000");
    (void)go_and_hear(h, &f);
    commit_all(h);
    assert_true(stats_of(h).revoked);
    assert_false(daf_camp_is_revoked(daf_agent_camp(h->agent),
                                     daf_agent_author(h->agent)));
    host_free(h);
    free(before.body);
    free(revocation.body);
}

/* A coordinator with 50 acts whose log is held, and has 51. */
static void a_device_is_not_told_by_an_act_that_does_not_count(void **state)
{
    struct verdict v = verdict_on(STRANGER);
    struct kept chain[51], revocation;
    struct host *h = host_new(2);
    struct daf_revoked f;

    (void)state;
    for (size_t i = 0; i < 51; i++) {
        v.who = i % 2 == 0 ? STRANGER : LATE;
        chain[i] = make_revocation(&v);
        hold(h, &chain[i], true);
        v.prev = &chain[i];
    }
    v.who = 2;
    revocation = make_revocation(&v);
    f = frame_of(&revocation);
    daf_agent_free(h->agent);
    assert_int_equal(start(h, the_manifest(), the_cert(2), 9), DAF_OK);
    listening(h);
    peer(h, "10.0.0.1:1000");
    (void)go_and_hear(h, &f);
    commit_all(h);
    assert_false(stats_of(h).revoked);
    assert_true(holds(h, &revocation, true)); /* a record like any other */
    host_free(h);
    free_chain(chain, 51);
    free(revocation.body);
}

/* Nothing kept, refused, and tried again. */
static void is_not_believed(const struct daf_revoked *f)
{
    struct host *h = host_new(2);

    peer(h, "10.0.0.1:1000");
    (void)go_and_hear(h, f);
    assert_int_equal(stats_of(h).door_refused, 1);
    assert_int_equal(jobs_of(h), 0);
    assert_false(stats_of(h).revoked);
    await(h);
    assert_int_equal(h->connects_count, 2);
    host_free(h);
}

static void is_no_verdict(const struct verdict *v)
{
    struct kept k = make_revocation(v);
    struct daf_revoked f = frame_of(&k);

    is_not_believed(&f);
    free(k.body);
}

static void a_false_revocation_is_not_believed(void **state)
{
    static const struct daf_camp_id elsewhere = {{3}};
    struct verdict v = verdict_on(1); /* another device's */
    struct kept k, another;
    struct daf_revoked f;

    (void)state;
    is_no_verdict(&v);
    v = verdict_on(2);
    v.by = 1; /* no coordinator */
    is_no_verdict(&v);
    v = verdict_on(2);
    v.by = 2; /* not even oneself */
    is_no_verdict(&v);
    v = verdict_on(2);
    v.camp = &elsewhere; /* the same coordinator's, in another camp */
    is_no_verdict(&v);
    v = verdict_on(2);
    v.scope = "catalog";
    is_no_verdict(&v);
    v = verdict_on(2);
    k = make_revocation(&v);
    v.who = 1;
    another = make_revocation(&v);
    f = frame_of(&another);
    f.body = (struct daf_view){k.body, k.body_len}; /* under its header */
    is_not_believed(&f);
    f = frame_of(&k);
    k.header[k.header_len - 1] ^= 1; /* forged */
    is_not_believed(&f);
    f = (struct daf_revoked){{k.header, 0}, {k.body, 0}};
    is_not_believed(&f);
    free(k.body);
    free(another.body);
}

static void a_coordinator_is_told_in_vain(void **state)
{
    struct verdict v = verdict_on(0);
    struct kept k = make_revocation(&v);
    struct daf_revoked f = frame_of(&k);
    struct host *h = host_new(0);

    (void)state;
    peer(h, "10.0.0.1:1000");
    (void)go_and_hear(h, &f);
    assert_int_equal(stats_of(h).door_refused, 1);
    commit_all(h);
    assert_false(stats_of(h).revoked);
    host_free(h);
    free(k.body);
}

/* Before it has shown who it is, and to a door that is not ours. */
static void a_revocation_out_of_turn_is_refused(void **state)
{
    struct verdict v = verdict_on(2);
    struct kept revocation = make_revocation(&v);
    struct daf_revoked f = frame_of(&revocation);
    uint8_t bytes[DAF_DOOR_BYTES_MAX];
    struct host *h = host_new(2);
    struct daf_pack k;
    uint32_t conn;

    (void)state;
    daf_pack_init(&k, bytes, sizeof(bytes));
    daf_frame_pack_revoked(&k, &f);
    peer(h, "10.0.0.1:1000");
    await(h);
    conn = last_connect(h)->conn;
    opened(h, conn, DAF_ENDPOINT_DOOR, &door);
    (void)says(h, conn, DAF_FRAME_KNOCK);
    frame(h, conn, daf_pack_view(&k));
    assert_int_equal(stats_of(h).door_refused, 1);
    (void)knock_at(h, IN | 5, &keys[1].transport);
    frame(h, IN | 5, daf_pack_view(&k));
    assert_int_equal(stats_of(h).door_refused, 2);
    assert_int_equal(jobs_of(h), 0);
    host_free(h);
    free(revocation.body);
}

static void a_revoked_door_is_not_followed_to_mesh(void **state)
{
    struct verdict v = verdict_on(2);
    struct kept revocation = make_revocation(&v);
    struct host *h = host_with(1, &revocation);
    struct proof p = proof_of(2);
    uint32_t conn;

    (void)state;
    p.kind = DAF_FRAME_WELCOME;
    peer(h, "10.0.0.2:1000");
    await(h);
    conn = last_connect(h)->conn;
    opened(h, conn, DAF_ENDPOINT_DOOR, &door);
    answer_knock(h, conn, &p);
    assert_true(is_closed(h, conn));
    assert_int_equal(h->connects_count, 1);
    host_free(h);
    free(revocation.body);
}

/* protocol.md R7, R50: "its records, old and new, go on being accepted" */
static void records_of_a_revoked_device_are_accepted_from_others(void **state)
{
    struct verdict v = verdict_on(2);
    struct kept revocation = make_revocation(&v), chain[3];
    struct host *a = host_with(0, &revocation), *b = host_with(1, &revocation);
    struct wire w;

    (void)state;
    make_chain(2, chain, 3, SIZE_MAX);
    for (size_t i = 0; i < 3; i++)
        hold(b, &chain[i], true);
    w = wire_up(a, go_to_mesh(a, 1, "10.0.0.2:1000"), b, IN | 6);
    talk(&w, 1, true);
    assert_true(holds(a, &chain[2], true));
    assert_int_equal(stats_of(a).refusals.by_err[DAF_EAUTHOR], 0);
    host_free(a);
    host_free(b);
    free_chain(chain, 3);
    free(revocation.body);
}

static void only_a_coordinator_writes_revocations_that_the_register_names(
    void **state)
{
    static uint8_t bytes[DAF_MANIFEST_BYTES_MAX];
    static struct daf_manifest m;
    struct host *h = host_new(1), *boss = host_bare(0);
    /* The last four types, of which revocation is the first. */
    size_t len = make_manifest(&m, 99, 4, bytes);

    (void)state;
    write_revocation(h, 2);
    assert_int_equal(h->wrote[0].err, DAF_EDENIED);
    assert_int_equal(start(boss, (struct daf_view){bytes, len}, no_cert, 1),
                     DAF_OK);
    write_revocation(boss, 2);
    assert_int_equal(boss->wrote[0].err, DAF_ETYPE);
    host_free(h);
    host_free(boss);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_revoked_peer_is_sent_away_when_it_is_durable),
        cmocka_unit_test(a_revoked_key_gets_no_session),
        cmocka_unit_test(no_frame_of_a_revoked_peer_is_read),
        cmocka_unit_test(
            a_revoked_knocker_is_told_by_a_device_that_is_no_coordinator),
        cmocka_unit_test(a_revocation_is_told_to_nobody_else),
        cmocka_unit_test(a_device_that_is_told_keeps_it_and_calls_nobody),
        cmocka_unit_test(
            a_device_believes_a_coordinator_whose_log_it_does_not_hold),
        cmocka_unit_test(a_device_is_not_told_by_an_act_that_does_not_count),
        cmocka_unit_test(a_false_revocation_is_not_believed),
        cmocka_unit_test(a_coordinator_is_told_in_vain),
        cmocka_unit_test(a_revocation_out_of_turn_is_refused),
        cmocka_unit_test(a_revoked_door_is_not_followed_to_mesh),
        cmocka_unit_test(records_of_a_revoked_device_are_accepted_from_others),
        cmocka_unit_test(
            only_a_coordinator_writes_revocations_that_the_register_names),
    };

    return cmocka_run_group_tests(tests, make_camp, free_camp);
}
