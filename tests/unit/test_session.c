/* SPDX-License-Identifier: Apache-2.0 */
/* One session, each rule of docs/protocol.md §5.1 by itself.  Worlds of several
 * are in test_session_worlds.c. */
#include "tests/lib/t.h"

#include <sodium.h>
#include <stdlib.h>

#include "proto/body.h"
#include "proto/hash.h"
#include "tests/lib/session_pair.h"

#define HEAD_RECORDS_MAX 256

static struct session_pair_camp *camp;
static struct session_pair *a, *b; /* devices 1 and 2; a is looked at */
static uint8_t room[DAF_FRAME_BYTES_MAX];

static int set_up(void **state)
{
    (void)state;
    camp = session_pair_camp_new(6);
    a = session_pair_new(camp, 1);
    b = session_pair_new(camp, 2);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    session_pair_free(a);
    session_pair_free(b);
    session_pair_camp_free(camp);
    return 0;
}

/* ---- what is said */

static struct daf_frame decoded(struct daf_view bytes)
{
    struct daf_frame f;

    assert_int_equal(daf_frame_decode(bytes, &f, NULL), DAF_OK);
    return f;
}

/* The next frame that @p says, which must be of this kind; good until the
 * next. */
static struct daf_frame says(struct session_pair *p, enum daf_frame_kind kind)
{
    struct daf_view bytes;
    struct daf_frame f;

    if (!session_pair_take(p, &bytes))
        fail_msg("silent instead of %s", daf_frame_kind_str(kind));
    f = decoded(bytes);
    assert_string_equal(daf_frame_kind_str(f.kind), daf_frame_kind_str(kind));
    return f;
}

static void says_nothing(struct session_pair *p)
{
    struct daf_view bytes;

    if (session_pair_take(p, &bytes))
        fail_msg("says %s", daf_frame_kind_str(decoded(bytes).kind));
}

/* It ended with this BYE as its last word, and told its agent why. */
static void ends_with(struct session_pair *p, enum daf_bye bye,
                      enum daf_err why)
{
    struct daf_view bytes;
    struct daf_frame f = {.kind = DAF_FRAME_UNKNOWN};

    while (session_pair_take(p, &bytes))
        f = decoded(bytes);
    assert_int_equal(f.kind, DAF_FRAME_BYE);
    assert_int_equal(f.bye, bye);
    assert_int_equal(daf_session_state(p->s), DAF_SESSION_CLOSED);
    assert_int_equal(daf_session_deadline(p->s).ms, UINT64_MAX);
    assert_int_equal(p->closed_count, 1);
    assert_int_equal(p->closed_why, why);
}

static void pass(struct session_pair *from, struct session_pair *to)
{
    struct daf_view bytes;

    assert_true(session_pair_take(from, &bytes));
    session_pair_give(to, bytes);
}

/* Both are OPEN and what they said since is delivered. */
static void open_both(void)
{
    session_pair_meet(a, b);
    session_pair_talk(a, b, NULL, SIZE_MAX);
    assert_int_equal(daf_session_state(a->s), DAF_SESSION_OPEN);
    assert_int_equal(daf_session_state(b->s), DAF_SESSION_OPEN);
    assert_true(daf_session_resting(a->s) && daf_session_resting(b->s));
}

/* ---- what is written */

static struct session_pair_record chain[64];
static size_t chain_count;

/* @count records of device @number in the class, one after the other. */
static void write_chain(size_t number, size_t count, size_t len)
{
    chain_count = count;
    for (size_t i = 0; i < count; i++)
        session_pair_write(camp, number, SESSION_PAIR_CLASS, 1,
                           i == 0 ? NULL : &chain[i - 1], i, len, &chain[i]);
}

static void free_chain(void)
{
    for (size_t i = 0; i < chain_count; i++)
        session_pair_record_free(&chain[i]);
    chain_count = 0;
}

static const struct daf_scope_id *scope_of(enum session_pair_scope scope)
{
    return &camp->scopes[scope];
}

/* A RUN of one path: the records given, with bodies. */
static struct daf_view run_of(const struct session_pair_record *const *records,
                              size_t count, bool with_bodies, bool last)
{
    struct daf_pack k;
    size_t mark, path;

    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_run(&k, scope_of(SESSION_PAIR_CLASS));
    if (count > 0) {
        path = daf_frame_begin_path(&k, &records[0]->r.log);
        for (size_t i = 0; i < count; i++) {
            struct daf_stored stored = {
                .header = {records[i]->header, records[i]->header_len},
                .body_state = with_bodies ? DAF_BODY_HELD : DAF_BODY_ABSENT,
                .body = {records[i]->body, records[i]->body_len}};

            daf_frame_add_record(&k, &stored);
        }
        daf_pack_close(&k, path, count);
    }
    daf_frame_end(&k, mark, count > 0 ? 1 : 0, last);
    assert_false(k.is_full);
    return daf_pack_view(&k);
}

static struct daf_view run_one(const struct session_pair_record *record,
                               bool last)
{
    return run_of(&record, 1, true, last);
}

static struct daf_view page_of(const struct daf_head *heads, size_t count,
                               bool is_news, bool more)
{
    struct daf_pack k;
    size_t mark;

    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_heads(&k, scope_of(SESSION_PAIR_CLASS), is_news);
    for (size_t i = 0; i < count; i++)
        daf_frame_add_head(&k, &heads[i]);
    daf_frame_end(&k, mark, count, more);
    assert_false(k.is_full);
    return daf_pack_view(&k);
}

/* A made-up head, the logs ascending with @number. */
static void make_head(uint8_t number, size_t spots, struct daf_head *out)
{
    memset(out, 0, sizeof(*out));
    out->log.scope = *scope_of(SESSION_PAIR_CLASS);
    memset(out->log.author.b, number, sizeof(out->log.author.b));
    out->log.incarnation = UINT64_MAX;
    out->tips_count = out->roots_count = spots;
    for (size_t i = 0; i < spots; i++) {
        memset(out->tips[i].id.b, (int)(i + 1), 32);
        out->tips[i].seq = INT64_MAX;
        out->roots[i] = out->tips[i];
    }
}

/* a has asked b for the records of the class and b has not answered: b's part
 * is the test's from here. */
static void let_a_ask(void)
{
    struct daf_frame f;
    struct daf_view bytes;

    for (size_t i = 0; i < chain_count; i++)
        session_pair_hold(b, &chain[i], true);
    session_pair_meet(a, b);
    for (;;) {
        session_pair_talk(b, b, NULL, 0);
        if (session_pair_take(a, &bytes)) {
            f = decoded(bytes);
            if (f.kind == DAF_FRAME_WANT && !f.want.is_page) break;
            session_pair_give(b, bytes);
        } else {
            pass(b, a);
        }
    }
    assert_int_equal(daf_session_pull(a->s), DAF_PULL_RECORDS);
    while (session_pair_take(b, &bytes))
        ;
}

/* a asked b for the first page of the class and b has not answered. */
static void let_a_ask_for_heads(void)
{
    struct daf_view bytes;

    session_pair_hold(b, &chain[0], true);
    session_pair_meet(a, b);
    pass(a, b); /* HELLO */
    pass(b, a);
    pass(b, a); /* HELLO, ROOT */
    pass(a, b); /* ROOT */
    assert_true(says(a, DAF_FRAME_WANT).want.is_page);
    assert_int_equal(daf_session_pull(a->s), DAF_PULL_HEADS);
    while (session_pair_take(b, &bytes))
        ;
}

/* ---- handshake */

static void the_connector_speaks_first(void **state)
{
    (void)state;
    session_pair_meet(a, b);
    says_nothing(b);
    assert_int_equal(daf_session_state(b->s), DAF_SESSION_NEW);
    assert_int_equal(daf_session_state(a->s), DAF_SESSION_GREETING);
    assert_true(daf_session_is_connector(a->s));
    assert_false(daf_session_is_connector(b->s));
    assert_int_equal(says(a, DAF_FRAME_HELLO).hello.version_min, 1);
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

static void a_root_lists_only_what_both_may_carry(void **state)
{
    struct daf_frame f;
    struct daf_cursor c;
    struct daf_root_part part;
    static const enum session_pair_scope listed[] = {SESSION_PAIR_CATALOG,
                                                     SESSION_PAIR_CLASS,
                                                     SESSION_PAIR_CONTROL};

    (void)state;
    camp->devices[2].rights[SESSION_PAIR_CAMP] = DAF_RIGHT_NONE;
    session_pair_meet(a, b);
    pass(a, b);
    pass(b, a);
    f = says(a, DAF_FRAME_ROOT);
    assert_int_equal(f.root.parts.count, 3);
    c = f.root.parts.items;
    for (size_t i = 0; i < 3; i++) {
        daf_frame_next_part(&c, &part);
        assert_memory_equal(part.scope.b, scope_of(listed[i])->b, 16);
    }
}

/* A frame of this number that is well formed, and good where it may come. */
static struct daf_view sample(uint64_t number)
{
    const struct daf_scope_id *scope = scope_of(SESSION_PAIR_CLASS);
    static const uint8_t zeros[64];
    struct daf_hello hello = {.version_min = 1, .version_max = 1};
    struct daf_root root = {.manifest_number = 1};
    struct daf_proof proof = {.manifest = {zeros, 3}};
    struct daf_pack k;
    size_t mark;

    memset(hello.nonce.b, 0x77, 32);
    memset(hello.boot, 0x78, 16);
    daf_pack_init(&k, room, sizeof(room));
    switch (number) {
    case DAF_FRAME_HELLO:
        daf_frame_pack_hello(&k, &hello);
        break;
    case DAF_FRAME_ROOT:
        mark = daf_frame_begin_root(&k, &root);
        daf_frame_end(&k, mark, 0, false);
        break;
    case DAF_FRAME_SYMBOLS:
    case DAF_FRAME_HAVE:
        daf_pack_array(&k, 4);
        daf_pack_uint(&k, number);
        daf_pack_bin(&k, zeros, number == DAF_FRAME_HAVE ? 32 : 16);
        daf_pack_uint(&k, 0);
        daf_pack_bin(&k, zeros, 3);
        break;
    case DAF_FRAME_HEADS:
        mark = daf_frame_begin_heads(&k, scope, true);
        daf_frame_end(&k, mark, 0, false);
        break;
    case DAF_FRAME_WANT:
        daf_frame_pack_want_page(&k, scope, NULL);
        break;
    case DAF_FRAME_RUN:
        mark = daf_frame_begin_run(&k, scope);
        daf_frame_end(&k, mark, 0, true);
        break;
    case DAF_FRAME_NEED:
    case DAF_FRAME_DEFER:
        daf_pack_array(&k, 3);
        daf_pack_uint(&k, number);
        daf_pack_bin(&k, scope->b, 16);
        daf_pack_array(&k, 0);
        break;
    case DAF_FRAME_ACK:
        mark = daf_frame_begin_ack(&k, scope);
        daf_frame_end(&k, mark, 0, false);
        break;
    case DAF_FRAME_BYE:
        daf_frame_pack_bye(&k, DAF_BYE_STOPPING);
        break;
    case DAF_FRAME_MANIFEST:
        daf_pack_array(&k, 2);
        daf_pack_uint(&k, number);
        daf_pack_bin(&k, zeros, 3);
        break;
    case DAF_FRAME_REGISTER:
        daf_pack_array(&k, 3);
        daf_pack_uint(&k, number);
        daf_pack_bin(&k, zeros, 16);
        daf_pack_bin(&k, zeros, 3);
        break;
    case DAF_FRAME_CHUNK:
        daf_pack_array(&k, 5);
        daf_pack_uint(&k, number);
        daf_pack_bin(&k, zeros, 32);
        daf_pack_uint(&k, 0);
        daf_pack_uint(&k, 0);
        daf_pack_bin(&k, zeros, 3);
        break;
    case DAF_FRAME_KNOCK:
        daf_frame_pack_knock(&k, &(struct daf_knock){1, 1, {{0}}});
        break;
    case DAF_FRAME_NONCE:
        daf_frame_pack_nonce(&k, &(struct daf_hash){{0}});
        break;
    case DAF_FRAME_PROOF:
    case DAF_FRAME_WELCOME:
        daf_frame_pack_proof(&k, &proof, number == DAF_FRAME_WELCOME);
        break;
    default:
        daf_pack_array(&k, 2);
        daf_pack_uint(&k, number);
        daf_pack_nil(&k);
        break;
    }
    assert_false(k.is_full);
    return daf_pack_view(&k);
}

/* Brings a fresh session of a into @state, everything said so far taken. */
static void bring_to(enum daf_session_state state)
{
    struct daf_view bytes;

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
    while (session_pair_take(a, &bytes))
        ;
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
        {DAF_FRAME_SYMBOLS, "O"},
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
        {DAF_FRAME_UNKNOWN, "NGPO"},
        {15, "NGPO"},
        {32, "NGPO"},
        {37, "NGPO"},
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
    struct daf_hello hello = {.version_min = 1, .version_max = 1};
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
    } table[] = {{2, 3, false}, {0, 0, false}, {1, 9, true},
                 {0, 1, true},  {1, 1, true},  {UINT32_MAX, UINT32_MAX, false}};
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

/* ---- frames that are not as they should be */

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
    free_chain();
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

/* ---- answering */

static void a_want_for_a_foreign_scope_is_answered_as_if_empty(void **state)
{
    struct session_pair_record r;
    struct daf_pack k;
    struct daf_frame f;
    struct daf_spot want;
    size_t mark;

    (void)state;
    camp->devices[2].rights[SESSION_PAIR_CAMP] = DAF_RIGHT_NONE;
    session_pair_write(camp, 1, SESSION_PAIR_CAMP, 1, NULL, 0, 10, &r);
    session_pair_hold(a, &r, true);
    open_both();

    daf_pack_init(&k, room, sizeof(room));
    daf_frame_pack_want_page(&k, scope_of(SESSION_PAIR_CAMP), NULL);
    session_pair_give(a, daf_pack_view(&k));
    f = says(a, DAF_FRAME_HEADS);
    assert_int_equal(f.heads.heads.count, 0);
    assert_false(f.heads.more || f.heads.is_news);

    want = (struct daf_spot){r.r.seq, r.r.id};
    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_want(&k, scope_of(SESSION_PAIR_CAMP), 1000000);
    daf_frame_add_want(&k, &r.r.log, &want, 1, NULL, 0);
    daf_frame_end(&k, mark, 1, false);
    session_pair_give(a, daf_pack_view(&k));
    f = says(a, DAF_FRAME_RUN);
    assert_int_equal(f.run.paths.count, 0);
    assert_true(f.run.last);

    assert_int_equal(a->refusals.by_err[DAF_ESCOPE], 2);
    assert_int_equal(daf_session_state(a->s), DAF_SESSION_OPEN);
    session_pair_record_free(&r);
}

/* A WANT of the tip of the chain, with nothing held, for @credit bytes. */
static struct daf_view want_tip(uint64_t credit)
{
    const struct session_pair_record *tip = &chain[chain_count - 1];
    struct daf_spot want = {tip->r.seq, tip->r.id};
    struct daf_pack k;
    size_t mark;

    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_want(&k, &tip->r.log.scope, credit);
    daf_frame_add_want(&k, &tip->r.log, &want, 1, NULL, 0);
    daf_frame_end(&k, mark, 1, false);
    return daf_pack_view(&k);
}

struct answer {
    size_t runs, records;
    uint64_t bytes;
};

/* Takes the whole answer that @p gives. */
static struct answer answer_of(struct session_pair *p)
{
    struct answer sum = {0};
    struct daf_frame f;

    do {
        struct daf_cursor c;

        f = says(p, DAF_FRAME_RUN);
        c = f.run.paths.items;
        sum.runs++;
        for (size_t i = 0; i < f.run.paths.count; i++) {
            struct daf_run_path path;
            struct daf_cursor cr;

            daf_frame_next_path(&c, &f.run.scope, &path);
            cr = path.records.items;
            for (size_t j = 0; j < path.records.count; j++) {
                struct daf_run_record rr;

                daf_frame_next_record(&cr, &rr);
                sum.records++;
                sum.bytes += rr.header.len + rr.body.len;
            }
        }
    } while (!f.run.last);
    says_nothing(p);
    return sum;
}

static void a_huge_credit_is_clamped(void **state)
{
    struct answer sum;

    (void)state;
    write_chain(1, 40, 60000); /* 2.4 MB */
    for (size_t i = 0; i < chain_count; i++) {
        session_pair_hold(a, &chain[i], true);
        session_pair_hold(b, &chain[i], true);
    }
    open_both();
    session_pair_give(a, want_tip(DAF_INT_MAX));
    sum = answer_of(a);
    assert_true(sum.bytes <= DAF_CREDIT_BYTES_MAX);
    assert_true(sum.bytes + 61000 > DAF_CREDIT_BYTES_MAX);
    assert_true(sum.runs > 1);
    free_chain();
}

static void a_small_credit_still_brings_one_record(void **state)
{
    struct answer sum;

    (void)state;
    write_chain(1, 5, 1000);
    for (size_t i = 0; i < chain_count; i++) {
        session_pair_hold(a, &chain[i], true);
        session_pair_hold(b, &chain[i], true);
    }
    open_both();
    for (uint64_t credit = 0; credit < 2; credit++) {
        session_pair_give(a, want_tip(credit));
        sum = answer_of(a);
        assert_int_equal(sum.runs, 1);
        assert_int_equal(sum.records, 1);
    }
    session_pair_give(a, want_tip(chain[0].header_len + chain[0].body_len +
                                  chain[1].header_len + chain[1].body_len));
    assert_int_equal(answer_of(a).records, 2);
    free_chain();
}

static void what_is_not_held_is_answered_with_nothing(void **state)
{
    (void)state;
    write_chain(1, 3, 10);
    open_both();
    session_pair_give(a, want_tip(1000));
    assert_int_equal(answer_of(a).records, 0);
    assert_int_equal(daf_session_state(a->s), DAF_SESSION_OPEN);
    free_chain();
}

static void wants_over_the_limits_are_a_breach(void **state)
{
    static const struct {
        size_t wants, haves;
        bool is_good;
    } table[] = {{DAF_WANTS_MAX, DAF_HAVES_MAX, true},
                 {DAF_WANTS_MAX + 1, 0, false},
                 {1, DAF_HAVES_MAX + 1, false},
                 {0, 1, false}};
    struct daf_spot spots[DAF_WANTS_MAX + 1];

    (void)state;
    for (size_t i = 0; i < DAF_WANTS_MAX + 1; i++)
        spots[i] = (struct daf_spot){i + 1, {{(uint8_t)i}}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct daf_log_key log = {.scope = *scope_of(SESSION_PAIR_CLASS)};
        struct daf_pack k;
        size_t mark;

        open_both();
        daf_pack_init(&k, room, sizeof(room));
        mark = daf_frame_begin_want(&k, &log.scope, 1000);
        daf_frame_add_want(&k, &log, spots, table[i].wants, spots,
                           table[i].haves);
        daf_frame_end(&k, mark, 1, false);
        session_pair_give(a, daf_pack_view(&k));
        if (table[i].is_good)
            assert_int_equal(answer_of(a).records, 0);
        else
            ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
        session_pair_part(a, b);
    }
}

/* ---- taking in */

static void records_are_stored_then_acknowledged(void **state)
{
    const struct session_pair_record *all[] = {&chain[0], &chain[1], &chain[2]};
    struct daf_ack_path path;
    struct daf_cursor c;
    struct daf_frame f;

    (void)state;
    write_chain(2, 3, 50);
    let_a_ask();
    session_pair_give(a, run_of(all, 3, true, true));
    says_nothing(a);
    assert_int_equal(daf_session_pull(a->s), DAF_PULL_STORING);
    assert_int_equal(daf_session_deadline(a->s).ms, UINT64_MAX);
    assert_false(daf_session_resting(a->s));
    assert_true(session_pair_commit(a, DAF_OK));
    f = says(a, DAF_FRAME_ACK);
    assert_int_equal(f.ack.paths.count, 1);
    c = f.ack.paths.items;
    daf_frame_next_ack(&c, &f.ack.scope, &path);
    assert_int_equal(path.seq_first, 1);
    assert_int_equal(path.last.seq, 3);
    assert_memory_equal(path.last.id.b, chain[2].r.id.b, 32);
    assert_memory_equal(&path.log, &chain[0].r.log, sizeof(path.log));
    assert_true(daf_session_resting(a->s));
    free_chain();
}

static void an_unsolicited_run_is_a_breach(void **state)
{
    (void)state;
    write_chain(2, 2, 50);
    open_both();
    session_pair_give(a, run_one(&chain[0], true));
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
    assert_int_equal(a->kept, 0);
    free_chain();
}

static void a_run_after_the_last_is_a_breach(void **state)
{
    (void)state;
    write_chain(2, 2, 50);
    let_a_ask();
    session_pair_give(a, run_one(&chain[0], true));
    session_pair_give(a, run_one(&chain[1], true));
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
    assert_int_equal(a->kept, 1);
    /* The disk answers when the session is gone; nothing is promised. */
    assert_true(session_pair_commit(a, DAF_OK));
    says_nothing(a);
    free_chain();
}

static void a_run_of_another_scope_is_a_breach(void **state)
{
    struct daf_pack k;
    size_t mark;

    (void)state;
    write_chain(2, 1, 50);
    let_a_ask();
    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_run(&k, scope_of(SESSION_PAIR_CAMP));
    daf_frame_end(&k, mark, 0, true);
    session_pair_give(a, daf_pack_view(&k));
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
    free_chain();
}

static void an_answer_far_beyond_the_credit_is_a_breach(void **state)
{
    const struct session_pair_record *both[2];
    const size_t most =
        DAF_CREDIT_BYTES_MAX + DAF_HEADER_BYTES_MAX + DAF_BODY_BYTES_MAX;
    size_t len;

    (void)state;
    write_chain(2, 2, 50);
    both[0] = &chain[0];
    both[1] = &chain[1];
    let_a_ask();
    len = chain[0].header_len + chain[0].body_len + chain[1].header_len +
          chain[1].body_len;
    for (size_t given = 0; given + len <= most; given += len) {
        assert_int_equal(daf_session_state(a->s), DAF_SESSION_OPEN);
        session_pair_give(a, run_of(both, 2, true, false));
    }
    assert_int_equal(daf_session_state(a->s), DAF_SESSION_OPEN);
    session_pair_give(a, run_of(both, 2, true, false));
    assert_int_equal(daf_session_state(a->s), DAF_SESSION_CLOSED);
    free_chain();
}

static void a_header_that_fails_its_signature_costs_its_author_not_its_sender(
    void **state)
{
    struct session_pair_record bad;
    const struct session_pair_record *both[] = {&chain[0], &bad};

    (void)state;
    write_chain(2, 2, 50);
    let_a_ask();
    bad = chain[1];
    session_pair_spoil(&bad);
    session_pair_give(a, run_of(both, 2, true, true));
    assert_int_equal(a->refusals.by_err[DAF_ESIG], 1);
    assert_int_equal(a->refusals.by_err[DAF_EPEER], 0);
    assert_int_equal(a->kept, 1);
    assert_true(session_pair_commit(a, DAF_OK));
    assert_true(session_pair_holds(a, &chain[0]));
    assert_false(session_pair_holds(a, &bad));
    /* Only what is held is acknowledged. */
    {
        struct daf_frame f = says(a, DAF_FRAME_ACK);
        struct daf_cursor c = f.ack.paths.items;
        struct daf_ack_path path;

        daf_frame_next_ack(&c, &f.ack.scope, &path);
        assert_int_equal(f.ack.paths.count, 1);
        assert_int_equal(path.last.seq, 1);
    }
    assert_int_equal(daf_session_state(a->s), DAF_SESSION_OPEN);
    free_chain();
}

/* What a holds of @record, and whether the session stays. */
static void header_is_kept_without_its_body(
    const struct session_pair_record *record)
{
    const struct daf_index *index = daf_fake_index_view(a->index);
    const struct daf_spot spot = {record->r.seq, record->r.id};
    struct daf_stored out;

    assert_int_equal(a->refusals.by_err[DAF_EBODY], 1);
    assert_true(session_pair_commit(a, DAF_OK));
    assert_int_equal(index->get(index->ctx, &record->r.log, &spot, &out),
                     DAF_OK);
    assert_int_equal(out.body_state, DAF_BODY_ABSENT);
    assert_int_equal(a->said_count[DAF_FRAME_ACK], 0);
    assert_int_equal(daf_session_state(a->s), DAF_SESSION_OPEN);
}

static void a_body_that_is_not_the_headers_is_dropped(void **state)
{
    struct session_pair_record other;

    (void)state;
    write_chain(2, 2, 50);
    let_a_ask();
    other = chain[0];
    other.body = chain[1].body;
    session_pair_give(a, run_one(&other, true));
    header_is_kept_without_its_body(&chain[0]);
    free_chain();
}

static void a_body_of_another_length_is_dropped(void **state)
{
    struct session_pair_record other;

    (void)state;
    write_chain(2, 2, 50);
    let_a_ask();
    other = chain[0];
    other.body_len--;
    session_pair_give(a, run_one(&other, true));
    header_is_kept_without_its_body(&chain[0]);
    free_chain();
}

static void a_plain_body_in_a_sealed_scope_is_refused(void **state)
{
    struct session_pair_record plain = {0};
    static const uint8_t payload[] = "in clear";

    (void)state;
    write_chain(2, 1, 50);
    plain.r = chain[0].r;
    plain.r.claimed_ms = 9;
    plain.body = calloc(1, 300);
    assert_non_null(plain.body);
    assert_int_equal(daf_body_plain((struct daf_view){payload, sizeof(payload)},
                                    plain.body, 300, &plain.body_len),
                     DAF_OK);
    plain.r.body_len = (uint32_t)plain.body_len;
    plain.r.body_hash =
        daf_body_hash((struct daf_view){plain.body, plain.body_len});
    plain.header_len =
        daf_record_sign(&plain.r, &camp->devices[2].sign, plain.header);
    let_a_ask();
    session_pair_give(a, run_one(&plain, true));
    header_is_kept_without_its_body(&plain);
    session_pair_record_free(&plain);
    free_chain();
}

static void a_claim_that_a_body_was_erased_is_only_a_claim(void **state)
{
    const struct daf_index *index = daf_fake_index_view(a->index);
    struct daf_stored stored = {.body_state = DAF_BODY_ERASED}, out;
    struct daf_spot spot;
    struct daf_pack k;
    size_t mark, path;

    (void)state;
    write_chain(2, 1, 50);
    let_a_ask();
    stored.header = (struct daf_view){chain[0].header, chain[0].header_len};
    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_run(&k, scope_of(SESSION_PAIR_CLASS));
    path = daf_frame_begin_path(&k, &chain[0].r.log);
    daf_frame_add_record(&k, &stored);
    daf_pack_close(&k, path, 1);
    daf_frame_end(&k, mark, 1, true);
    session_pair_give(a, daf_pack_view(&k));
    assert_true(session_pair_commit(a, DAF_OK));
    spot = (struct daf_spot){1, chain[0].r.id};
    assert_int_equal(index->get(index->ctx, &chain[0].r.log, &spot, &out),
                     DAF_OK);
    assert_int_equal(out.body_state, DAF_BODY_ABSENT);
    free_chain();
}

static void what_is_held_is_acknowledged_and_not_stored_again(void **state)
{
    const struct session_pair_record *both[] = {&chain[0], &chain[1]};
    struct daf_cursor c;
    struct daf_ack_path path;
    struct daf_frame f;

    (void)state;
    write_chain(2, 3, 50);
    let_a_ask();
    session_pair_hold(a, &chain[0], true);
    session_pair_hold(a, &chain[1], true);
    session_pair_give(a, run_of(both, 2, true, true));
    assert_int_equal(a->kept, 0);
    f = says(a, DAF_FRAME_ACK); /* at once: it is durable */
    c = f.ack.paths.items;
    daf_frame_next_ack(&c, &f.ack.scope, &path);
    assert_int_equal(path.last.seq, 2);
    assert_true(daf_session_resting(a->s));
    free_chain();
}

static void a_header_that_is_held_still_gets_its_body(void **state)
{
    const struct session_pair_record *both[] = {&chain[0], &chain[1]};

    (void)state;
    write_chain(2, 2, 50);
    let_a_ask();
    session_pair_hold(a, &chain[0], false);
    session_pair_give(a, run_of(both, 2, true, true));
    assert_int_equal(a->kept, 2);
    assert_true(session_pair_commit(a, DAF_OK));
    assert_int_equal(a->changed, 2);
    free_chain();
}

static void a_path_with_a_link_missing_is_a_breach(void **state)
{
    const struct session_pair_record *gap[] = {&chain[0], &chain[2]};
    const struct session_pair_record *back[] = {&chain[1], &chain[0]};

    (void)state;
    write_chain(2, 3, 50);
    let_a_ask();
    session_pair_give(a, run_of(gap, 2, true, true));
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
    /* What came before was good by itself (R5), and is not thrown away. */
    assert_true(session_pair_commit(a, DAF_OK));
    assert_true(session_pair_holds(a, &chain[0]));
    session_pair_part(a, b);
    a->refusals = (struct daf_refusals){0};
    let_a_ask();
    session_pair_give(a, run_of(back, 2, true, true));
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
    free_chain();
}

static void a_record_of_another_log_in_a_path_is_a_breach(void **state)
{
    (void)state;
    write_chain(2, 1, 50);
    /* Another author's, another scope's, another incarnation's. */
    for (size_t i = 0; i < 3; i++) {
        struct session_pair_record other;

        session_pair_write(camp, i == 0 ? 3 : 2,
                           i == 1 ? SESSION_PAIR_CAMP : SESSION_PAIR_CLASS,
                           i == 2 ? 2 : 1, NULL, 0, 50, &other);
        other.r.log = chain[0].r.log; /* what the path says */
        let_a_ask();
        session_pair_give(a, run_one(&other, true));
        ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
        assert_int_equal(a->kept, 0);
        session_pair_record_free(&other);
        session_pair_part(a, b);
    }
    free_chain();
}

static void a_header_that_cannot_be_read_is_a_breach(void **state)
{
    struct session_pair_record bad;

    (void)state;
    write_chain(2, 1, 50);
    let_a_ask();
    bad = chain[0];
    bad.header[0] = 0x93;
    session_pair_give(a, run_one(&bad, true));
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
    assert_int_equal(a->kept, 0);
    free_chain();
}

static void an_unknown_author_is_counted_and_pulled_after_a_recheck(
    void **state)
{
    (void)state;
    write_chain(3, 3, 50);
    a->is_unknown[3] = true;
    for (size_t i = 0; i < chain_count; i++)
        session_pair_hold(b, &chain[i], true);
    open_both();
    assert_int_equal(a->refusals.by_err[DAF_EAUTHOR], 3);
    assert_int_equal(daf_fake_index_count(a->index), 0);

    daf_session_recheck(a->s, a->now); /* still nobody vouches */
    session_pair_talk(a, b, NULL, SIZE_MAX);
    assert_int_equal(a->refusals.by_err[DAF_EAUTHOR], 6);

    a->is_unknown[3] = false;
    daf_session_recheck(a->s, a->now);
    session_pair_talk(a, b, NULL, SIZE_MAX);
    assert_int_equal(daf_fake_index_count(a->index), 3);
    assert_int_equal(b->acked_count, 1);

    /* Nothing is left to look for. */
    daf_session_recheck(a->s, a->now);
    says_nothing(a);
    free_chain();
}

static void an_author_without_the_right_to_append_is_refused(void **state)
{
    (void)state;
    write_chain(3, 1, 50);
    session_pair_hold(b, &chain[0], true);
    camp->devices[3].rights[SESSION_PAIR_CLASS] = DAF_RIGHT_READ;
    open_both();
    assert_int_equal(a->refusals.by_err[DAF_EAUTHOR], 1);
    assert_int_equal(a->kept, 0);
    free_chain();
}

static void a_disk_that_fails_ends_the_session(void **state)
{
    (void)state;
    write_chain(2, 2, 50);
    let_a_ask();
    session_pair_give(a, run_one(&chain[0], false));
    session_pair_give(a, run_one(&chain[1], true));
    assert_true(session_pair_commit(a, DAF_EFULL));
    ends_with(a, DAF_BYE_FAILURE, DAF_EFULL);
    assert_true(session_pair_commit(a, DAF_EFULL)); /* the second is late */
    assert_int_equal(a->said_count[DAF_FRAME_ACK], 0);
    free_chain();
}

static void an_answer_must_go_on(void **state)
{
    (void)state;
    write_chain(2, 3, 50);
    let_a_ask();
    assert_int_equal(daf_session_deadline(a->s).ms, a->now.ms + DAF_ANSWER_MS);
    a->now.ms += DAF_ANSWER_MS - 1;
    daf_session_timer(a->s, a->now);
    session_pair_give(a, run_one(&chain[0], false)); /* in time, and not all */
    assert_int_equal(daf_session_deadline(a->s).ms, a->now.ms + DAF_ANSWER_MS);
    a->now.ms += DAF_ANSWER_MS;
    daf_session_timer(a->s, a->now);
    ends_with(a, DAF_BYE_TIMEOUT, DAF_ETIME);
    free_chain();
}

static void a_page_that_does_not_come_times_out(void **state)
{
    (void)state;
    write_chain(2, 1, 50);
    let_a_ask_for_heads();
    daf_session_timer(a->s, (struct daf_mono){a->now.ms + DAF_ANSWER_MS});
    ends_with(a, DAF_BYE_TIMEOUT, DAF_ETIME);
    free_chain();
}

/* ---- pages of heads */

static void a_page_that_was_not_asked_for_is_a_breach(void **state)
{
    (void)state;
    open_both();
    session_pair_give(a, page_of(NULL, 0, false, false));
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
}

static void a_hostile_page_of_heads_is_asked_for_in_pieces(void **state)
{
    static struct daf_head heads[20];
    struct daf_frame f;
    struct daf_log_key last = {.incarnation = 0};
    size_t asked = 0, rounds = 0;

    (void)state;
    write_chain(2, 1, 50);
    let_a_ask_for_heads();
    /* Each names 64 tips and 64 roots with the longest numbers: 5.9 KB. */
    for (uint8_t i = 0; i < 20; i++)
        make_head((uint8_t)(i + 1), DAF_FRONTIER_MAX, &heads[i]);
    session_pair_give(a, page_of(heads, 20, false, false));
    for (;;) {
        struct daf_view bytes;
        struct daf_cursor c;

        if (!session_pair_take(a, &bytes)) break;
        assert_true(bytes.len <= DAF_WANT_BYTES_MAX);
        f = decoded(bytes);
        assert_int_equal(f.kind, DAF_FRAME_WANT);
        if (f.want.is_page) {
            /* The same page again, from where a was. */
            assert_true(f.want.has_after);
            assert_memory_equal(&f.want.after, &last, sizeof(last));
            session_pair_give(a,
                              page_of(heads + asked, 20 - asked, false, false));
            continue;
        }
        rounds++;
        assert_true(f.want.logs.count >= 3 && f.want.credit > 0);
        c = f.want.logs.items;
        for (size_t i = 0; i < f.want.logs.count; i++) {
            struct daf_want_log w;

            daf_frame_next_want(&c, &f.want.scope, &w);
            assert_int_equal(w.wants.count, DAF_FRONTIER_MAX);
            last = w.log;
        }
        asked += f.want.logs.count;
        session_pair_give(a, run_of(NULL, 0, true, true));
    }
    assert_int_equal(asked, 20);
    assert_true(rounds > 1 && rounds <= 4);
    assert_true(daf_session_resting(a->s));
    free_chain();
}

/* The WANT is filled to its last bytes, and its list's header comes after: tried
 * at every remainder, for a log takes 66 bytes and a seq of 200 one byte more
 * than one of 5. */
static void a_want_of_any_length_fits(void **state)
{
    enum { LOGS = 540 };
    static struct daf_head heads[LOGS];
    struct daf_view bytes;

    (void)state;
    write_chain(2, 1, 50);
    for (size_t longer = 0; longer <= 70; longer++) {
        let_a_ask_for_heads();
        for (size_t i = 0; i < LOGS; i++) {
            make_head(1, 1, &heads[i]);
            heads[i].log.author.b[0] = (uint8_t)(i >> 8);
            heads[i].log.author.b[1] = (uint8_t)i;
            heads[i].tips[0].seq = i < longer ? 200 : 5;
            heads[i].roots[0] = heads[i].tips[0];
        }
        session_pair_give(a, page_of(heads, LOGS, false, false));
        assert_true(session_pair_take(a, &bytes));
        assert_in_range(bytes.len, DAF_WANT_BYTES_MAX - 90, DAF_WANT_BYTES_MAX);
        session_pair_part(a, b);
    }
    free_chain();
}

static void a_head_with_more_than_64_tips_is_a_breach(void **state)
{
    struct daf_log_key log = {.scope = *scope_of(SESSION_PAIR_CLASS)};
    struct daf_pack k;
    size_t mark;

    (void)state;
    write_chain(2, 1, 50);
    let_a_ask_for_heads();
    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_heads(&k, &log.scope, false);
    daf_pack_array(&k, 4);
    daf_pack_bin(&k, log.author.b, 16);
    daf_pack_uint(&k, 1);
    for (size_t side = 0; side < 2; side++) {
        daf_pack_array(&k, DAF_FRONTIER_MAX + 1);
        for (uint8_t i = 0; i < DAF_FRONTIER_MAX + 1; i++) {
            uint8_t id[32] = {i};

            daf_pack_array(&k, 2);
            daf_pack_uint(&k, 1);
            daf_pack_bin(&k, id, 32);
        }
    }
    daf_frame_end(&k, mark, 1, false);
    session_pair_give(a, daf_pack_view(&k));
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
    free_chain();
}

static void a_peer_that_answers_with_nothing_is_not_asked_for_ever(void **state)
{
    static struct daf_head head;

    (void)state;
    write_chain(2, 1, 50);
    let_a_ask_for_heads();
    make_head(9, 1, &head);
    session_pair_give(a, page_of(&head, 1, false, true));
    assert_false(says(a, DAF_FRAME_WANT).want.is_page);
    session_pair_give(a, run_of(NULL, 0, true, true));
    /* The page has more: the next is asked for, after the log that is done. */
    {
        struct daf_frame f = says(a, DAF_FRAME_WANT);

        assert_true(f.want.is_page && f.want.has_after);
        assert_memory_equal(&f.want.after, &head.log, sizeof(head.log));
    }
    session_pair_give(a, page_of(NULL, 0, false, false));
    says_nothing(a);
    assert_true(daf_session_resting(a->s));
    free_chain();
}

static void a_page_that_leads_nowhere_is_a_breach(void **state)
{
    static struct daf_head head;

    (void)state;
    write_chain(2, 1, 50);
    /* More to come, and not one log. */
    let_a_ask_for_heads();
    session_pair_give(a, page_of(NULL, 0, false, true));
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
    session_pair_part(a, b);
    /* The same log for ever. */
    let_a_ask_for_heads();
    make_head(9, 1, &head);
    session_pair_give(a, page_of(&head, 1, false, true));
    (void)says(a, DAF_FRAME_WANT);
    session_pair_give(a, run_of(NULL, 0, true, true));
    (void)says(a, DAF_FRAME_WANT);
    session_pair_give(a, page_of(&head, 1, false, true));
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
    free_chain();
}

/* An answer that is cut short by records that are refused must not hide the logs
 * that come after. */
static void a_log_that_is_refused_does_not_starve_the_next(void **state)
{
    struct session_pair_record good;
    size_t stranger = 3, friend = 4;

    (void)state;
    /* The stranger's log is the first in the order of heads. */
    if (memcmp(camp->devices[3].device.author.b,
               camp->devices[4].device.author.b, 16) > 0) {
        stranger = 4;
        friend = 3;
    }
    write_chain(stranger, 40, 60000); /* 2.4 MB: over the credit */
    session_pair_write(camp, friend, SESSION_PAIR_CLASS, 1, NULL, 0, 50, &good);
    for (size_t i = 0; i < chain_count; i++)
        session_pair_hold(b, &chain[i], true);
    session_pair_hold(b, &good, true);
    a->is_unknown[stranger] = true;
    open_both();
    assert_true(a->refusals.by_err[DAF_EAUTHOR] > 0);
    assert_true(session_pair_holds(a, &good));

    a->is_unknown[stranger] = false;
    daf_session_recheck(a->s, a->now);
    session_pair_talk(a, b, NULL, SIZE_MAX);
    assert_int_equal(daf_fake_index_count(a->index), 41);
    session_pair_record_free(&good);
    free_chain();
}

static void rubbish_that_fills_the_credit_is_not_asked_for_again(void **state)
{
    const struct session_pair_record *bad[4];
    static struct session_pair_record spoilt[4];
    struct daf_view bytes;
    size_t wants = 0;

    (void)state;
    write_chain(2, 4, 60000);
    let_a_ask();
    for (size_t i = 0; i < 4; i++) {
        spoilt[i] = chain[i];
        session_pair_spoil(&spoilt[i]);
        bad[i] = &spoilt[i];
    }
    for (size_t i = 0; i < 17; i++)
        session_pair_give(a, run_of(&bad[i % 4], 1, true, i == 16));
    while (session_pair_take(a, &bytes)) {
        struct daf_frame f = decoded(bytes);

        assert_int_equal(f.kind, DAF_FRAME_WANT);
        wants++;
        if (f.want.is_page)
            session_pair_give(a, page_of(NULL, 0, false, false));
    }
    assert_true(wants <= 1);
    assert_true(daf_session_resting(a->s));
    assert_int_equal(a->kept, 0);
    free_chain();
}

/* ---- news and ACK */

static void news_is_asked_for(void **state)
{
    const struct daf_index *index = daf_fake_index_view(b->index);
    struct daf_log_key log;

    (void)state;
    write_chain(2, 2, 50);
    open_both();
    session_pair_hold(b, &chain[0], true);
    log = chain[0].r.log;
    daf_session_news(b->s, b->now, &log.scope, &log, 1);
    session_pair_talk(a, b, NULL, SIZE_MAX);
    assert_true(session_pair_holds(a, &chain[0]));
    assert_int_equal(a->said_count[DAF_FRAME_WANT], 1); /* no page */
    /* Too many to name: the whole scope is looked at. */
    session_pair_hold(b, &chain[1], true);
    daf_session_news(b->s, b->now, &log.scope, NULL, 0);
    session_pair_talk(a, b, NULL, SIZE_MAX);
    assert_true(session_pair_holds(a, &chain[1]));
    assert_int_equal(a->said_count[DAF_FRAME_WANT], 3);
    /* Known already: not a word. */
    daf_session_news(b->s, b->now, &log.scope, &log, 1);
    pass(b, a);
    says_nothing(a);
    (void)index;
    free_chain();
}

static void news_of_more_than_a_credit_is_fetched_to_the_end(void **state)
{
    (void)state;
    write_chain(2, 40, 60000); /* 2.4 MB */
    open_both();
    for (size_t i = 0; i < chain_count; i++)
        session_pair_hold(b, &chain[i], true);
    daf_session_news(b->s, b->now, &chain[0].r.log.scope, &chain[0].r.log, 1);
    session_pair_talk(a, b, NULL, SIZE_MAX);
    assert_int_equal(daf_fake_index_count(a->index), chain_count);
    assert_true(daf_session_resting(a->s));
    free_chain();
}

static void news_of_what_is_not_held_or_not_common_is_not_told(void **state)
{
    struct daf_log_key log = {.scope = *scope_of(SESSION_PAIR_CLASS)};

    (void)state;
    camp->devices[2].rights[SESSION_PAIR_CAMP] = DAF_RIGHT_NONE;
    open_both();
    daf_session_news(a->s, a->now, &log.scope, &log, 1);
    daf_session_news(a->s, a->now, scope_of(SESSION_PAIR_CAMP), NULL, 0);
    daf_session_news(a->s, a->now, &(struct daf_scope_id){{1}}, NULL, 0);
    says_nothing(a);
}

static void news_before_the_peer_is_proven_waits_for_it(void **state)
{
    struct daf_log_key log;

    (void)state;
    write_chain(1, 1, 50);
    log = chain[0].r.log;
    session_pair_meet(a, b);
    pass(a, b);
    pass(b, a); /* a's ROOT is out, and says that it holds nothing */
    session_pair_hold(a, &chain[0], true);
    daf_session_news(a->s, a->now, &log.scope, &log, 1);
    session_pair_talk(a, b, NULL, SIZE_MAX);
    assert_true(session_pair_holds(b, &chain[0]));
    free_chain();
}

static void news_while_a_pull_is_under_way_is_not_forgotten(void **state)
{
    static struct daf_head head;

    (void)state;
    write_chain(2, 1, 50);
    let_a_ask();
    make_head(200, 1, &head);
    session_pair_give(a, page_of(&head, 1, true, false));
    says_nothing(a);
    session_pair_give(a, run_one(&chain[0], true));
    assert_true(session_pair_commit(a, DAF_OK));
    (void)says(a, DAF_FRAME_ACK);
    assert_true(says(a, DAF_FRAME_WANT).want.is_page);
    free_chain();
}

static void news_of_a_foreign_scope_is_counted(void **state)
{
    struct daf_pack k;
    size_t mark;

    (void)state;
    open_both();
    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_heads(&k, &(struct daf_scope_id){{1}}, true);
    daf_frame_end(&k, mark, 0, true);
    session_pair_give(a, daf_pack_view(&k));
    assert_int_equal(a->refusals.by_err[DAF_ESCOPE], 1);
    says_nothing(a);
    assert_true(daf_session_resting(a->s));
}

/* More heads in the news than one frame holds: the peer is told to look. */
static void news_that_does_not_fit_becomes_a_look_at_the_scope(void **state)
{
    static struct daf_log_key logs[1000];
    struct daf_frame f;

    (void)state;
    write_chain(1, 1, 50);
    session_pair_hold(a, &chain[0], true);
    session_pair_hold(b, &chain[0], true);
    open_both();
    for (size_t i = 0; i < 1000; i++)
        logs[i] = chain[0].r.log;
    daf_session_news(a->s, a->now, &chain[0].r.log.scope, logs, 1000);
    f = says(a, DAF_FRAME_HEADS);
    assert_true(f.heads.is_news && f.heads.more);
    assert_int_equal(f.heads.heads.count, 0);
    says_nothing(a);
    free_chain();
}

static void an_ack_is_told_to_the_agent(void **state)
{
    struct daf_ack_path path = {.seq_first = 2, .last = {7, {{9}}}};
    struct daf_pack k;
    size_t mark;

    (void)state;
    camp->devices[2].rights[SESSION_PAIR_CAMP] = DAF_RIGHT_NONE;
    open_both();
    path.log.author = a->env.author;
    path.log.scope = *scope_of(SESSION_PAIR_CLASS);
    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_ack(&k, &path.log.scope);
    daf_frame_add_ack(&k, &path);
    daf_frame_end(&k, mark, 1, false);
    session_pair_give(a, daf_pack_view(&k));
    assert_int_equal(a->acked_count, 1);
    assert_int_equal(a->acked.seq_first, 2);
    assert_int_equal(a->acked.last.seq, 7);
    assert_memory_equal(&a->acked.log, &path.log, sizeof(path.log));

    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_ack(&k, scope_of(SESSION_PAIR_CAMP));
    daf_frame_add_ack(&k, &path);
    daf_frame_end(&k, mark, 1, false);
    session_pair_give(a, daf_pack_view(&k));
    assert_int_equal(a->acked_count, 1);
    assert_int_equal(a->refusals.by_err[DAF_ESCOPE], 1);
    assert_int_equal(daf_session_state(a->s), DAF_SESSION_OPEN);
}

/* ---- the rest */

static void control_is_pulled_first(void **state)
{
    struct session_pair_record r[2];
    struct daf_frame f;

    (void)state;
    session_pair_write(camp, 0, SESSION_PAIR_CATALOG, 1, NULL, 0, 9, &r[0]);
    session_pair_write(camp, 0, SESSION_PAIR_CONTROL, 1, NULL, 0, 9, &r[1]);
    for (size_t i = 0; i < 2; i++)
        session_pair_hold(b, &r[i], true);
    session_pair_meet(a, b);
    pass(a, b);
    pass(b, a);
    pass(b, a);
    (void)says(a, DAF_FRAME_ROOT);
    f = says(a, DAF_FRAME_WANT);
    assert_memory_equal(f.want.scope.b, scope_of(SESSION_PAIR_CONTROL)->b, 16);
    for (size_t i = 0; i < 2; i++)
        session_pair_record_free(&r[i]);
}

/* Whatever question the disk fails at, nobody hangs, and the next contact makes
 * them equal. */
static void a_disk_that_cannot_be_read_never_hangs_a_session(void **state)
{
    struct session_pair *sides[] = {a, b};

    (void)state;
    write_chain(3, 12, 200);
    for (size_t fails = 0; fails < 120; fails++) {
        struct session_pair *sick = sides[fails % 2];

        for (size_t i = 0; i < chain_count; i++)
            session_pair_hold(b, &chain[i], i % 3 != 0);
        daf_fake_index_fail(sick->index, fails / 2);
        session_pair_meet(a, b);
        session_pair_talk(a, b, NULL, SIZE_MAX);
        session_pair_part(a, b);
        daf_fake_index_fail(sick->index, SIZE_MAX);
        session_pair_meet(a, b);
        session_pair_talk(a, b, NULL, SIZE_MAX);
        assert_int_equal(daf_fake_index_count(a->index), chain_count);
        session_pair_part(a, b);
        session_pair_free(a);
        a = sides[0] = session_pair_new(camp, 1);
    }
    free_chain();
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

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_connector_speaks_first),
        T(two_that_prove_themselves_know_each_other),
        T(a_root_lists_only_what_both_may_carry),
        T(each_frame_is_read_only_in_its_states),
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
        T(a_want_for_a_foreign_scope_is_answered_as_if_empty),
        T(a_huge_credit_is_clamped),
        T(a_small_credit_still_brings_one_record),
        T(what_is_not_held_is_answered_with_nothing),
        T(wants_over_the_limits_are_a_breach),
        T(records_are_stored_then_acknowledged),
        T(an_unsolicited_run_is_a_breach),
        T(a_run_after_the_last_is_a_breach),
        T(a_run_of_another_scope_is_a_breach),
        T(an_answer_far_beyond_the_credit_is_a_breach),
        T(a_header_that_fails_its_signature_costs_its_author_not_its_sender),
        T(a_body_that_is_not_the_headers_is_dropped),
        T(a_body_of_another_length_is_dropped),
        T(a_plain_body_in_a_sealed_scope_is_refused),
        T(a_claim_that_a_body_was_erased_is_only_a_claim),
        T(what_is_held_is_acknowledged_and_not_stored_again),
        T(a_header_that_is_held_still_gets_its_body),
        T(a_path_with_a_link_missing_is_a_breach),
        T(a_record_of_another_log_in_a_path_is_a_breach),
        T(a_header_that_cannot_be_read_is_a_breach),
        T(an_unknown_author_is_counted_and_pulled_after_a_recheck),
        T(an_author_without_the_right_to_append_is_refused),
        T(a_disk_that_fails_ends_the_session),
        T(an_answer_must_go_on),
        T(a_page_that_does_not_come_times_out),
        T(a_page_that_was_not_asked_for_is_a_breach),
        T(a_hostile_page_of_heads_is_asked_for_in_pieces),
        T(a_want_of_any_length_fits),
        T(a_head_with_more_than_64_tips_is_a_breach),
        T(a_peer_that_answers_with_nothing_is_not_asked_for_ever),
        T(a_page_that_leads_nowhere_is_a_breach),
        T(a_log_that_is_refused_does_not_starve_the_next),
        T(rubbish_that_fills_the_credit_is_not_asked_for_again),
        T(news_is_asked_for),
        T(news_of_more_than_a_credit_is_fetched_to_the_end),
        T(news_of_what_is_not_held_or_not_common_is_not_told),
        T(news_before_the_peer_is_proven_waits_for_it),
        T(news_while_a_pull_is_under_way_is_not_forgotten),
        T(news_of_a_foreign_scope_is_counted),
        T(news_that_does_not_fit_becomes_a_look_at_the_scope),
        T(an_ack_is_told_to_the_agent),
        T(control_is_pulled_first),
        T(a_disk_that_cannot_be_read_never_hangs_a_session),
        T(a_session_is_small),
        T(every_state_has_a_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
