/* SPDX-License-Identifier: Apache-2.0 */
/* One session, each rule of docs/protocol.md §5.1 by itself: greeting, proof,
 * and which frame may come when.  Comparing, pulling, answering and telling are
 * in test_session_*.c, worlds of several in test_session_worlds.c. */
#include "tests/lib/session_case.h"

/* ---- handshake */

static void the_connector_speaks_first(void **state)
{
    struct daf_frame f;

    (void)state;
    session_pair_meet(a, b);
    says_nothing(b);
    assert_int_equal(daf_session_state(b->s), DAF_SESSION_NEW);
    assert_int_equal(daf_session_state(a->s), DAF_SESSION_GREETING);
    assert_true(daf_session_is_connector(a->s));
    assert_false(daf_session_is_connector(b->s));
    f = says(a, DAF_FRAME_HELLO);
    assert_int_equal(f.hello.version_min, DAF_PROTOCOL_VERSION);
    assert_int_equal(f.hello.version_max, DAF_PROTOCOL_VERSION);
    says_nothing(a);
}

static void two_that_prove_themselves_know_each_other(void **state)
{
    (void)state;
    open_both();
    assert_memory_equal(daf_session_peer(a->s)->b, b->env.author.b, 16);
    assert_memory_equal(daf_session_peer(b->s)->b, a->env.author.b, 16);
    assert_memory_equal(daf_session_peer_boot(a->s), b->env.boot, 16);
    assert_memory_equal(daf_session_peer_key(a->s)->b, b->env.transport.b, 32);
    assert_int_equal(daf_session_conn(a->s), 7);
    assert_int_equal(daf_session_deadline(a->s).ms, UINT64_MAX);
    assert_int_equal(a->said_count[DAF_FRAME_HELLO], 1);
    assert_int_equal(a->said_count[DAF_FRAME_ROOT], 1);
    assert_int_equal(a->said_count[DAF_FRAME_WANT], 0);
}

/* R22, R40: and symbols only where something differs. */
static void a_root_lists_only_what_both_may_carry(void **state)
{
    static const enum session_pair_scope listed[] = {SESSION_PAIR_CATALOG,
                                                     SESSION_PAIR_CLASS,
                                                     SESSION_PAIR_CONTROL};
    struct session_pair *sides[] = {b, a};

    (void)state;
    camp->devices[2].rights[SESSION_PAIR_CAMP] = DAF_RIGHT_NONE;
    greet(a, b);
    for (size_t side = 0; side < 2; side++) {
        struct daf_frame f = pass(sides[side], sides[1 - side]);
        struct daf_cursor c = f.root.parts.items;

        assert_int_equal(f.kind, DAF_FRAME_ROOT);
        assert_int_equal(f.root.parts.count, 3);
        for (size_t i = 0; i < 3; i++) {
            struct daf_root_part part;

            daf_frame_next_part(&c, &part);
            assert_memory_equal(part.scope.b, scope_of(listed[i])->b, 16);
            assert_int_equal(part.symbols.len + part.deferred.len, 0);
        }
    }
}

/* Brings a fresh session of a into @state, everything said so far taken. */
static void bring_to(enum daf_session_state state)
{
    memset(&a->refusals, 0, sizeof(a->refusals));
    if (state == DAF_SESSION_NEW) {
        session_pair_join(a, b, false);
    } else if (state == DAF_SESSION_GREETING) {
        session_pair_join(a, b, true);
    } else if (state == DAF_SESSION_PROVING) {
        session_pair_meet(a, b);
        pass(a, b);
        pass(b, a);
    } else {
        open_both();
    }
    hush(a);
    assert_int_equal(daf_session_state(a->s), state);
}

static void each_frame_is_read_only_in_its_states(void **state)
{
    /* In which states each frame is no breach: New, Greeting, Proving, Open. */
    static const struct {
        uint64_t number;
        const char *states;
    } table[] = {
        {DAF_FRAME_HELLO, "NG"},
        {DAF_FRAME_ROOT, "P"},
        {DAF_FRAME_SYMBOLS, ""}, /* not asked for */
        {DAF_FRAME_HEADS, "O"},
        {DAF_FRAME_WANT, "O"},
        {DAF_FRAME_RUN, ""}, /* not asked for */
        {DAF_FRAME_NEED, "O"},
        {DAF_FRAME_DEFER, "O"},
        {DAF_FRAME_ACK, "O"},
        {DAF_FRAME_BYE, "NGPO"},
        {DAF_FRAME_MANIFEST, "O"},
        {DAF_FRAME_REGISTER, "O"},
        {DAF_FRAME_HAVE, "O"},
        {DAF_FRAME_CHUNK, "O"},
        {DAF_FRAME_KNOCK, ""},
        {DAF_FRAME_NONCE, ""},
        {DAF_FRAME_PROOF, ""},
        {DAF_FRAME_WELCOME, ""},
        {DAF_FRAME_REVOKED, ""},
        {DAF_FRAME_ASK, ""},
        {DAF_FRAME_OFFER, ""},
        {DAF_FRAME_REVEAL, ""},
        {DAF_FRAME_ANSWER, ""},
        {DAF_FRAME_ACCEPT, ""},
        {DAF_FRAME_DECLINE, ""},
        {DAF_FRAME_UNKNOWN, "NGPO"},
        {DAF_FRAME_ADDRESSES, "O"},
        {16, "NGPO"},
        {32, "NGPO"},
        {38, "NGPO"},
        {48, "NGPO"},
        {55, "NGPO"},
        {UINT64_MAX, "NGPO"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        for (int at = DAF_SESSION_NEW; at <= DAF_SESSION_OPEN; at++) {
            bool is_allowed = strchr(table[i].states, "NGPO"[at]) != NULL;
            uint64_t breaches;

            bring_to((enum daf_session_state)at);
            session_pair_give(a, sample(table[i].number));
            breaches = a->refusals.by_err[DAF_EPEER];
            if (breaches != (is_allowed ? 0 : 1))
                fail_msg("frame %d in state %s", (int)table[i].number,
                         daf_session_state_str((enum daf_session_state)at));
            if (!is_allowed) ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
            session_pair_part(a, b);
        }
    }
}

static void addresses_are_heard_once(void **state)
{
    (void)state;
    bring_to(DAF_SESSION_OPEN);
    for (uint64_t i = 0; i < 3; i++) {
        session_pair_give(a, sample(DAF_FRAME_ADDRESSES));
        assert_int_equal(a->addresses_count, 1);
        assert_int_equal(a->refusals.by_err[DAF_ELIMIT], i);
        says_nothing(a);
    }
}

static void a_silent_peer_times_out(void **state)
{
    struct session_pair *both[] = {a, b};

    (void)state;
    session_pair_meet(a, b);
    (void)says(a, DAF_FRAME_HELLO);
    for (size_t i = 0; i < 2; i++) {
        struct session_pair *p = both[i];

        assert_int_equal(daf_session_deadline(p->s).ms,
                         p->now.ms + DAF_GREET_MS);
        daf_session_timer(p->s,
                          (struct daf_mono){p->now.ms + DAF_GREET_MS - 1});
        says_nothing(p);
        daf_session_timer(p->s, (struct daf_mono){p->now.ms + DAF_GREET_MS});
        ends_with(p, DAF_BYE_TIMEOUT, DAF_ETIME);
        assert_int_equal(p->refusals.by_err[DAF_ETIME], 1);
        daf_session_timer(p->s, DAF_MONO_NEVER); /* harmless afterwards */
        assert_int_equal(p->closed_count, 1);
    }
}

static void a_greeting_buys_no_more_time(void **state)
{
    uint64_t start = b->now.ms;

    (void)state;
    session_pair_meet(a, b);
    b->now.ms += DAF_GREET_MS - 1;
    pass(a, b);
    assert_int_equal(daf_session_state(b->s), DAF_SESSION_PROVING);
    assert_int_equal(daf_session_deadline(b->s).ms, start + DAF_GREET_MS);
}

/* The ROOT that b has said to a, as bytes in room[]; a awaits it. */
static struct daf_view root_of_b(void)
{
    struct daf_view bytes;

    session_pair_meet(a, b);
    pass(a, b);
    pass(b, a);
    assert_true(session_pair_take(b, &bytes));
    assert_int_equal(decoded(bytes).kind, DAF_FRAME_ROOT);
    memcpy(room, bytes.p, bytes.len);
    return (struct daf_view){room, bytes.len};
}

/* The bytes of ROOT begin with the array, the number, a bin header of two bytes
 * and the author; then two bytes and the signature. */
#define ROOT_AUTHOR 4
#define ROOT_SIG    (ROOT_AUTHOR + 16 + 2)

static void refuses_root(struct daf_view root)
{
    static const uint8_t nobody[16];

    session_pair_give(a, root);
    ends_with(a, DAF_BYE_UNPROVEN, DAF_ESIG);
    assert_int_equal(a->refusals.by_err[DAF_ESIG], 1);
    assert_memory_equal(daf_session_peer(a->s)->b, nobody, 16);
}

static void a_root_with_a_wrong_signature_is_refused(void **state)
{
    struct daf_view root = root_of_b();

    (void)state;
    room[ROOT_SIG + 63] ^= 1;
    refuses_root(root);
}

static void a_root_in_the_name_of_another_is_refused(void **state)
{
    struct daf_view root = root_of_b();

    (void)state;
    memcpy(room + ROOT_AUTHOR, camp->devices[3].device.author.b, 16);
    refuses_root(root);
}

static void a_root_signed_in_the_name_of_another_is_refused(void **state)
{
    (void)state;
    /* Whole and well signed, by the device of this connection. */
    b->env.author = camp->devices[3].device.author;
    refuses_root(root_of_b());
}

static void a_root_signed_by_another_device_is_refused(void **state)
{
    (void)state;
    /* Device 3 speaks on the connection whose key is device 2's. */
    b->env.author = camp->devices[3].device.author;
    b->env.sign_sk = &camp->devices[3].sign;
    refuses_root(root_of_b());
}

static void a_root_of_another_session_is_refused(void **state)
{
    uint8_t old[4096];
    struct daf_view root = root_of_b();

    (void)state;
    memcpy(old, root.p, root.len);
    session_pair_part(a, b);
    assert_int_not_equal(root_of_b().len, 0);
    refuses_root((struct daf_view){old, root.len});
}

static void a_root_made_for_another_connection_is_refused(void **state)
{
    (void)state;
    /* Somebody in the middle: the link of each proved another key. */
    b->env.transport = camp->devices[3].device.keys.transport;
    session_pair_join(a, b, true);
    b->env.transport = camp->devices[2].device.keys.transport;
    session_pair_join(b, a, false);
    pass(a, b);
    pass(b, a);
    pass(b, a);
    ends_with(a, DAF_BYE_UNPROVEN, DAF_ESIG);
}

static void a_root_of_another_camp_is_refused(void **state)
{
    (void)state;
    b->env.camp.b[0] ^= 1;
    refuses_root(root_of_b());
}

static void a_device_that_is_not_certified_is_refused(void **state)
{
    (void)state;
    a->is_unknown[2] = true;
    refuses_root(root_of_b());
}

static void an_agent_may_end_a_proven_session(void **state)
{
    (void)state;
    a->refuses = true;
    session_pair_give(a, root_of_b());
    ends_with(a, DAF_BYE_DUPLICATE, DAF_EEXISTS);
}

static void a_device_that_meets_itself_says_so(void **state)
{
    struct daf_hello hello = {.version_min = DAF_PROTOCOL_VERSION,
                              .version_max = DAF_PROTOCOL_VERSION};
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    session_pair_join(a, b, true);
    f = says(a, DAF_FRAME_HELLO);
    /* Its own boot nonce, then its own nonce. */
    for (size_t i = 0; i < 2; i++) {
        memset(hello.nonce.b, 1, 32);
        memset(hello.boot, 2, 16);
        if (i == 0)
            memcpy(hello.boot, a->env.boot, 16);
        else
            hello.nonce = f.hello.nonce;
        daf_pack_init(&k, room, sizeof(room));
        daf_frame_pack_hello(&k, &hello);
        session_pair_give(a, daf_pack_view(&k));
        ends_with(a, DAF_BYE_SELF, DAF_EEXISTS);
        session_pair_leave(a);
        session_pair_join(a, b, true);
        f = says(a, DAF_FRAME_HELLO);
    }
}

static void versions_must_have_one_in_common(void **state)
{
    static const struct {
        uint32_t min, max;
        bool is_common;
    } table[] = {{4, 9, false}, {2, 2, false}, {3, 9, true},
                 {0, 3, true},  {3, 3, true},  {UINT32_MAX, UINT32_MAX, false}};
    struct daf_pack k;

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct daf_hello hello = {.version_min = table[i].min,
                                  .version_max = table[i].max,
                                  .nonce = {{1}},
                                  .boot = {1}};

        session_pair_join(a, b, false);
        daf_pack_init(&k, room, sizeof(room));
        daf_frame_pack_hello(&k, &hello);
        session_pair_give(a, daf_pack_view(&k));
        if (table[i].is_common)
            assert_int_equal(daf_session_state(a->s), DAF_SESSION_PROVING);
        else
            ends_with(a, DAF_BYE_VERSION, DAF_EVERSION);
        session_pair_leave(a);
    }
    assert_int_equal(a->refusals.by_err[DAF_EVERSION], 3);
}

static void an_unknown_frame_is_skipped_and_counted(void **state)
{
    (void)state;
    open_both();
    session_pair_give(a, sample(99));
    session_pair_give(a, sample(0));
    assert_int_equal(a->refusals.unknown_frames, 2);
    says_nothing(a);
    assert_true(daf_session_resting(a->s));
}

static void a_malformed_frame_is_a_breach_in_every_state(void **state)
{
    static const uint8_t cut[] = {0x92, 0x0a}; /* BYE without its reason */
    static const uint8_t huge[] = {0xdd, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t wide[] = {0x92, 0xcc, 0x0a, 0x00}; /* not shortest */
    const struct daf_view bad[] = {{cut, sizeof(cut)},
                                   {huge, sizeof(huge)},
                                   {wide, sizeof(wide)},
                                   {cut, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        for (int at = DAF_SESSION_NEW; at <= DAF_SESSION_OPEN; at++) {
            bring_to((enum daf_session_state)at);
            session_pair_give(a, bad[i]);
            ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
            session_pair_part(a, b);
        }
    }
}

static void a_frame_that_is_too_long_is_a_breach(void **state)
{
    size_t len = DAF_FRAME_BYTES_MAX + 1;
    uint8_t *bytes = calloc(1, len);

    (void)state;
    assert_non_null(bytes);
    open_both();
    session_pair_give(a, (struct daf_view){bytes, len});
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
    assert_int_equal(a->refusals.by_err[DAF_ELIMIT], 1);
    free(bytes);
}

static void a_closed_session_hears_nothing(void **state)
{
    (void)state;
    write_chain(2, 1, 50);
    let_a_ask();
    daf_session_end(a->s, DAF_BYE_STOPPING);
    ends_with(a, DAF_BYE_STOPPING, DAF_ELOST);
    session_pair_give(a, run_one(&chain[0], true));
    session_pair_give(a, sample(DAF_FRAME_BYE));
    daf_session_end(a->s, DAF_BYE_STOPPING);
    daf_session_lost(a->s);
    daf_session_news(a->s, a->now, scope_of(SESSION_PAIR_CLASS), NULL, 0);
    daf_session_recheck(a->s, a->now);
    assert_int_equal(a->closed_count, 1);
    assert_int_equal(a->kept, 0);
    says_nothing(a);
}

static void a_bye_closes_without_an_answer(void **state)
{
    static const struct {
        uint64_t reason;
        enum daf_err why;
    } table[] = {{DAF_BYE_STOPPING, DAF_ELOST},
                 {DAF_BYE_DUPLICATE, DAF_EEXISTS},
                 {DAF_BYE_BREACH, DAF_EPEER},
                 {DAF_BYE_TIMEOUT, DAF_ELOST},
                 {DAF_BYE_SELF, DAF_EEXISTS},
                 {DAF_BYE_VERSION, DAF_EVERSION},
                 {DAF_BYE_UNPROVEN, DAF_ESIG},
                 {DAF_BYE_FAILURE, DAF_ELOST},
                 {1000, DAF_ELOST}};

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct daf_pack k;

        open_both();
        daf_pack_init(&k, room, sizeof(room));
        daf_pack_array(&k, 2);
        daf_pack_uint(&k, DAF_FRAME_BYE);
        daf_pack_uint(&k, table[i].reason);
        session_pair_give(a, daf_pack_view(&k));
        says_nothing(a);
        assert_int_equal(daf_session_state(a->s), DAF_SESSION_CLOSED);
        assert_int_equal(a->closed_why, table[i].why);
        session_pair_part(a, b);
    }
}

static void a_lost_link_closes_without_a_word(void **state)
{
    (void)state;
    open_both();
    daf_session_lost(a->s);
    says_nothing(a);
    assert_int_equal(a->closed_count, 1);
    assert_int_equal(a->closed_why, DAF_ELOST);
}

static void a_session_is_small(void **state)
{
    (void)state;
    assert_true(daf_session_size() <= DAF_SESSION_BYTES_MAX);
    assert_int_equal(DAF_SESSION_BYTES_MAX, 8192);
}

static void every_state_has_a_word(void **state)
{
    (void)state;
    assert_string_equal(daf_session_state_str(DAF_SESSION_NEW), "new");
    assert_string_equal(daf_session_state_str(DAF_SESSION_CLOSED), "closed");
    assert_string_equal(daf_session_state_str((enum daf_session_state)99),
                        "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_connector_speaks_first),
        T(two_that_prove_themselves_know_each_other),
        T(a_root_lists_only_what_both_may_carry),
        T(each_frame_is_read_only_in_its_states),
        T(addresses_are_heard_once),
        T(a_silent_peer_times_out),
        T(a_greeting_buys_no_more_time),
        T(a_root_with_a_wrong_signature_is_refused),
        T(a_root_in_the_name_of_another_is_refused),
        T(a_root_signed_in_the_name_of_another_is_refused),
        T(a_root_signed_by_another_device_is_refused),
        T(a_root_of_another_session_is_refused),
        T(a_root_made_for_another_connection_is_refused),
        T(a_root_of_another_camp_is_refused),
        T(a_device_that_is_not_certified_is_refused),
        T(an_agent_may_end_a_proven_session),
        T(a_device_that_meets_itself_says_so),
        T(versions_must_have_one_in_common),
        T(an_unknown_frame_is_skipped_and_counted),
        T(a_malformed_frame_is_a_breach_in_every_state),
        T(a_frame_that_is_too_long_is_a_breach),
        T(a_closed_session_hears_nothing),
        T(a_bye_closes_without_an_answer),
        T(a_lost_link_closes_without_a_word),
        T(a_session_is_small),
        T(every_state_has_a_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
