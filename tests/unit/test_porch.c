/* SPDX-License-Identifier: Apache-2.0 */
/* An enrolment over the network, both ends in memory: a coordinator's agent behind
 * its port, and joiners.  The test is the wire between them, and whoever stands
 * there. */
#include "tests/lib/t.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/core/agent.h"
#include "proto/hash.h"
#include "proto/joiner.h"
#include "proto/request.h"
#include "tests/lib/fake_index.h"

#define DEVICES    12 /* 0 coordinates; all others join */
#define IN         DAF_CONN_INCOMING
#define START_MS   1000000
#define FRAMES_MAX 256
#define PORT       47111

struct frame {
    uint32_t conn;
    size_t len;
    uint8_t bytes[DAF_DOOR_BYTES_MAX];
};

static struct daf_device_keys keys[DEVICES];
static struct daf_secrets secrets[DEVICES];
static uint8_t requests[DEVICES][DAF_REQUEST_BYTES_MAX];
static size_t request_lens[DEVICES];
static uint8_t certs[DEVICES][DAF_CERT_BYTES_MAX];
static size_t cert_lens[DEVICES];
static uint8_t manifest_bytes[DAF_MANIFEST_BYTES_MAX];
static size_t manifest_len;
static struct daf_manifest manifest;
static struct daf_scratch scratch;

/* The coordinator and what its agent asked of the port. */
static struct daf_agent *agent;
static struct daf_fake_index *held;
static struct daf_mono now;
static struct frame frames[FRAMES_MAX];
static size_t frames_first, frames_end;
static uint32_t closes[FRAMES_MAX];
static size_t closes_count, porches, announces, withdraws;
static bool is_porch;
static struct daf_box_pk porch_pk;
static struct daf_announce announced;
static struct daf_keep kept;
static struct daf_record kept_record;
static uint8_t kept_header[DAF_HEADER_BYTES_MAX], kept_body[2048];
static uint64_t kept_job;
static enum daf_err wrote;

/* The joiners; device i is on connection IN | i. */
static struct daf_joiner joiners[DEVICES];
static struct daf_rng rngs[DEVICES];

/* ---- the port */

static void port_send(void *ctx, uint32_t conn, struct daf_view bytes)
{
    struct frame *f = &frames[frames_end++ % FRAMES_MAX];

    (void)ctx;
    assert_true(frames_end - frames_first <= FRAMES_MAX);
    assert_true(bytes.len <= sizeof(f->bytes));
    *f = (struct frame){.conn = conn, .len = bytes.len};
    memcpy(f->bytes, bytes.p, bytes.len);
}

static void port_close(void *ctx, uint32_t conn)
{
    (void)ctx;
    assert_true(closes_count < FRAMES_MAX);
    closes[closes_count++] = conn;
}

static void port_porch(void *ctx, const struct daf_box_pk *pk,
                       const struct daf_box_sk *sk)
{
    struct daf_box_pk made;

    (void)ctx;
    is_porch = pk != NULL;
    if (!is_porch) return;
    porches++;
    porch_pk = *pk;
    assert_int_equal(crypto_scalarmult_base(made.b, sk->b), 0);
    assert_memory_equal(made.b, pk->b, 32);
}

static void port_announce(void *ctx, const struct daf_announce *what)
{
    (void)ctx;
    if (what->endpoint != DAF_ENDPOINT_PORCH) return;
    announced = *what;
    announces++;
}

static void port_withdraw(void *ctx, enum daf_endpoint endpoint)
{
    (void)ctx;
    withdraws += endpoint == DAF_ENDPOINT_PORCH;
}

static void port_admit(void *ctx, const struct daf_box_pk *key, bool allowed)
{
    (void)ctx;
    (void)key;
    (void)allowed;
}

static void port_begin(void *ctx, uint64_t job)
{
    (void)ctx;
    kept_job = job;
}

static void port_keep(void *ctx, const struct daf_keep *keep)
{
    (void)ctx;
    kept = *keep;
    kept_record = *keep->record;
    memcpy(kept_header, keep->header.p, keep->header.len);
    memcpy(kept_body, keep->body.p, keep->body.len);
}

static void port_end(void *ctx, uint64_t job)
{
    (void)ctx;
    (void)job;
}

static const struct daf_port port = {.send = port_send,
                                     .close = port_close,
                                     .porch = port_porch,
                                     .announce = port_announce,
                                     .withdraw = port_withdraw,
                                     .admit = port_admit,
                                     .store_begin = port_begin,
                                     .store_keep = port_keep,
                                     .store_end = port_end};

static enum daf_err scan(void *ctx, const struct daf_scope_id *scope,
                         int retention, daf_camp_row_fn fn, void *fn_ctx)
{
    (void)ctx;
    (void)scope;
    (void)retention;
    (void)fn;
    (void)fn_ctx;
    return DAF_OK;
}

static void on_wrote(void *ctx, const struct daf_wrote *w)
{
    (void)ctx;
    wrote = w->err;
}

/* ---- the camp */

static void make_device(size_t i)
{
    uint8_t seed[32] = {0};

    seed[0] = (uint8_t)(i + 1);
    crypto_sign_seed_keypair(keys[i].sign.b, secrets[i].sign.b, seed);
    seed[1] = 1;
    crypto_box_seed_keypair(keys[i].transport.b, secrets[i].transport.b, seed);
    seed[1] = 2;
    crypto_box_seed_keypair(keys[i].seal.b, secrets[i].seal.b, seed);
    daf_rng_init(&rngs[i], seed);
    request_lens[i] = daf_request_pack(&keys[i], &secrets[i].sign, requests[i],
                                       sizeof(requests[i]));
    assert_true(request_lens[i] > 0);
}

static size_t make_manifest(uint8_t root, struct daf_manifest *m,
                            uint8_t out[DAF_MANIFEST_BYTES_MAX])
{
    struct daf_sign_sk root_sk;
    uint8_t seed[32] = {root};
    const char *const *names;
    size_t len;

    memset(m, 0, sizeof(*m));
    m->is_first = true;
    m->number = m->k = 1;
    m->roots_count = 1;
    crypto_sign_seed_keypair(m->roots[0].b, root_sk.b, seed);
    m->coordinators_count = 1;
    m->coordinators[0].keys = keys[0];
    m->coordinators[0].acts = 50;
    names = daf_payload_names(&m->register_count);
    for (size_t i = 0; i < m->register_count; i++)
        (void)strcpy(m->types[i], names[i]);
    len = daf_manifest_sign(m, &root_sk, 1, out);
    assert_true(len > 0);
    assert_int_equal(daf_manifest_decode((struct daf_view){out, len}, m),
                     DAF_OK);
    return len;
}

static size_t make_cert(size_t i, size_t issuer, uint8_t *out)
{
    struct daf_cert cert = {.camp = manifest.camp,
                            .serial = {(uint8_t)i},
                            .keys = keys[i],
                            .rights_count = 1,
                            .rights = {{"class:1", DAF_RIGHT_APPEND}},
                            .expires_beacon = UINT64_MAX};

    return daf_cert_sign(&cert, &secrets[issuer].sign, out);
}

static int make_camp(void **state)
{
    (void)state;
    if (sodium_init() < 0) return -1;
    for (size_t i = 0; i < DEVICES; i++)
        make_device(i);
    manifest_len = make_manifest(99, &manifest, manifest_bytes);
    for (size_t i = 1; i < DEVICES; i++)
        cert_lens[i] = make_cert(i, 0, certs[i]);
    return 0;
}

static struct daf_view view(const void *p, size_t len)
{
    return (struct daf_view){p, len};
}

static enum daf_err start_agent(size_t device)
{
    struct daf_agent_config config = {
        .keys = keys[device],
        .secrets = secrets[device],
        .manifest = view(manifest_bytes, manifest_len),
        .cert = view(certs[device], cert_lens[device]),
        .seed = {3},
        .boot_number = 1,
        .index = daf_fake_index_view(held),
        .scan = scan,
        .own_incarnation = 40,
        .port = &port,
        .scratch = &scratch,
    };

    return daf_agent_new(&config, on_wrote, NULL, &agent);
}

static void input(const struct daf_input *in)
{
    daf_agent_input(agent, now, in);
}

static int start(void **state)
{
    const struct daf_input in = {.kind = DAF_INPUT_LISTENING,
                                 .port_door = 1000,
                                 .port_mesh = 2000};

    (void)state;
    now.ms = START_MS;
    frames_first = frames_end = closes_count = 0;
    porches = announces = withdraws = 0;
    is_porch = false;
    held = daf_fake_index_new();
    if (start_agent(0) != DAF_OK) return -1;
    input(&in);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    daf_agent_free(agent);
    daf_fake_index_free(held);
    return 0;
}

/* ---- what a person does */

static enum daf_err wish(const struct daf_porch_wish *w)
{
    const struct daf_input in = {.kind = DAF_INPUT_PORCH, .porch = w};
    struct daf_agent_porch p;

    input(&in);
    daf_agent_porch(agent, now, &p);
    return p.err;
}

static void ported(uint16_t number)
{
    const struct daf_input in = {.kind = DAF_INPUT_PORCHED,
                                 .port_porch = number};

    input(&in);
}

static struct daf_agent_porch look(void)
{
    struct daf_agent_porch p;

    daf_agent_porch(agent, now, &p);
    return p;
}

/* Opened and listening; returns the ticket. */
static struct daf_ticket open_porch(void)
{
    const struct daf_porch_wish w = {.what = DAF_PORCH_OPEN,
                                     .scope = "class:1",
                                     .right = "append"};

    assert_int_equal(wish(&w), DAF_OK);
    ported(PORT);
    return look().ticket;
}

static size_t guests(void)
{
    struct daf_agent_guest g;
    size_t count = 0;

    while (daf_agent_guest(agent, now, count, &g))
        count++;
    return count;
}

/* The guest that is device @i; it must be there. */
static struct daf_agent_guest guest(size_t i)
{
    const struct daf_author_id author = daf_hash_author_id(&keys[i].sign);
    struct daf_agent_guest g;

    for (size_t at = 0; daf_agent_guest(agent, now, at, &g); at++)
        if (memcmp(&g.author, &author, sizeof(author)) == 0) return g;
    fail_msg("device %zu does not wait", i);
    return g;
}

/* As the command does: its certificate is written, and then durable. */
static void certify(size_t i)
{
    uint8_t payload[DAF_CERT_BYTES_MAX + 64];
    struct daf_write w = {.kind = DAF_WRITE_CONTROL};
    struct daf_input in = {.kind = DAF_INPUT_WRITE, .write = &w};
    struct daf_stored_item item = {.is_new = true};
    struct daf_pack k;

    daf_pack_init(&k, payload, sizeof(payload));
    daf_payload_pack_certificate(&k, view(certs[i], cert_lens[i]));
    w.payload = daf_pack_view(&k);
    wrote = DAF_EBUSY;
    input(&in);
    item.log = kept_record.log;
    item.spot = (struct daf_spot){kept_record.seq, kept_record.id};
    (void)daf_fake_index_put(held, &kept_record,
                             view(kept_header, kept.header.len),
                             kept.body_state, view(kept_body, kept.body.len));
    in = (struct daf_input){.kind = DAF_INPUT_STORED,
                            .job = kept_job,
                            .items = &item,
                            .items_count = 1};
    input(&in);
    assert_int_equal(wrote, DAF_OK);
}

static enum daf_err accept_as(uint64_t id, size_t cert)
{
    const struct daf_porch_wish w = {.what = DAF_PORCH_ACCEPT,
                                     .id = id,
                                     .cert =
                                         view(certs[cert], cert_lens[cert])};

    return wish(&w);
}

static enum daf_err decline_guest(uint64_t id)
{
    const struct daf_porch_wish w = {.what = DAF_PORCH_DECLINE, .id = id};

    return wish(&w);
}

static enum daf_err close_porch(void)
{
    const struct daf_porch_wish w = {.what = DAF_PORCH_CLOSE};

    return wish(&w);
}

/* ---- the wire */

static void opened(uint32_t conn, size_t device)
{
    const struct daf_input in = {.kind = DAF_INPUT_OPENED,
                                 .conn = conn,
                                 .endpoint = DAF_ENDPOINT_PORCH,
                                 .key = keys[device].transport};

    input(&in);
}

static void give(uint32_t conn, struct daf_view bytes)
{
    const struct daf_input in = {.kind = DAF_INPUT_FRAME,
                                 .conn = conn,
                                 .bytes = bytes};

    input(&in);
}

static void lost(uint32_t conn)
{
    const struct daf_input in = {.kind = DAF_INPUT_CLOSED, .conn = conn};

    input(&in);
}

static void tick(uint64_t ms)
{
    const struct daf_input in = {.kind = DAF_INPUT_TIMER};

    now.ms = START_MS + ms;
    input(&in);
}

static bool is_closed(uint32_t conn)
{
    for (size_t i = 0; i < closes_count; i++)
        if (closes[i] == conn) return true;
    return false;
}

/* The oldest frame that was said; NULL: none. */
static struct frame *take(void)
{
    if (frames_first == frames_end) return NULL;
    return &frames[frames_first++ % FRAMES_MAX];
}

/* The same when there must be one. */
static struct frame *take_one(void)
{
    struct frame *f = take();

    if (f == NULL) {
        fail_msg("nothing was said");
        abort(); /* fail_msg() comes back, for all that a compiler knows */
    }
    return f;
}

/* Device @i connects and asks, with @ticket; its ASK goes to @conn. */
static struct daf_view ask_of(size_t i, const struct daf_ticket *ticket,
                              uint8_t room[DAF_DOOR_BYTES_MAX])
{
    struct daf_pack k;

    daf_pack_init(&k, room, DAF_DOOR_BYTES_MAX);
    daf_joiner_begin(&joiners[i], ticket, &porch_pk, &keys[i],
                     view(requests[i], request_lens[i]), &rngs[i], &k);
    return daf_pack_view(&k);
}

static void ask(size_t i, uint32_t conn, const struct daf_ticket *ticket)
{
    uint8_t room[DAF_DOOR_BYTES_MAX];
    struct daf_view bytes = ask_of(i, ticket, room);

    opened(conn, i);
    give(conn, bytes);
}

/* The next frame goes to device @i; what it answers goes back. */
static enum daf_joiner_event hear(size_t i, uint32_t conn)
{
    uint8_t room[DAF_DOOR_BYTES_MAX];
    struct frame *f = take_one();
    enum daf_joiner_event event;
    struct daf_pack k;

    assert_int_equal(f->conn, conn);
    daf_pack_init(&k, room, sizeof(room));
    event = daf_joiner_frame(&joiners[i], view(f->bytes, f->len), &k);
    if (event == DAF_JOINER_SEND) give(conn, daf_pack_view(&k));
    return event;
}

/* Up to the digits, which are the same at both ends. */
static void come_by(size_t i, uint32_t conn, const struct daf_ticket *ticket)
{
    ask(i, conn, ticket);
    assert_int_equal(hear(i, conn), DAF_JOINER_SEND);
    assert_int_equal(hear(i, conn), DAF_JOINER_COMPARE);
    assert_int_equal(daf_porch_digits(&joiners[i].talk), guest(i).digits);
}

static void come(size_t i, const struct daf_ticket *ticket)
{
    come_by(i, IN | (uint32_t)i, ticket);
}

static void assert_declined(size_t i, enum daf_decline reason)
{
    const uint32_t conn = IN | (uint32_t)i;

    assert_int_equal(hear(i, conn), DAF_JOINER_DECLINED);
    assert_int_equal(joiners[i].decline, reason);
    assert_true(is_closed(conn));
}

/* ---- an enrolment */

static void who_holds_the_ticket_is_enrolled_when_a_person_says_so(void **state)
{
    struct daf_ticket ticket = open_porch();
    struct daf_agent_guest g;

    (void)state;
    assert_true(is_porch);
    assert_memory_equal(ticket.porch.b, porch_pk.b, 32);
    assert_int_equal(announced.port, PORT);
    assert_memory_equal(announced.data, porch_pk.b, 32);
    come(1, &ticket);
    g = guest(1);
    assert_string_equal(g.state, "waiting");
    assert_int_equal(g.request.len, request_lens[1]);
    assert_memory_equal(g.request.p, requests[1], request_lens[1]);
    assert_null(take());
    certify(1);
    assert_int_equal(accept_as(g.id, 1), DAF_OK);
    assert_int_equal(hear(1, IN | 1), DAF_JOINER_ACCEPTED);
    assert_memory_equal(joiners[1].manifest.hash.b, manifest.hash.b, 32);
    assert_int_equal(joiners[1].accept.port, 1000);
    assert_memory_equal(&joiners[1].cert.keys, &keys[1], sizeof(keys[1]));
    assert_string_equal(guest(1).state, "accepted");
    assert_true(look().is_used);
}

static void what_it_is_to_get_is_carried_for_the_command(void **state)
{
    (void)state;
    (void)open_porch();
    assert_string_equal(look().scope, "class:1");
    assert_string_equal(look().right, "append");
}

static void each_try_has_other_digits(void **state)
{
    struct daf_ticket ticket = open_porch();
    uint32_t first, second;
    uint64_t id;

    (void)state;
    come_by(1, IN | 1, &ticket);
    first = guest(1).digits;
    id = guest(1).id;
    come_by(1, IN | 100, &ticket); /* it did not wait for the answer */
    second = guest(1).digits;
    assert_int_not_equal(first, second);
    assert_int_equal(guests(), 1);
    assert_true(is_closed(IN | 1));
    /* What a person compared with the first is worth nothing now. */
    certify(1);
    assert_int_equal(accept_as(id, 1), DAF_ENOTFOUND);
}

static void digits_are_spread_evenly(void **state)
{
    enum { TALKS = 100000, BUCKETS = 100 };
    static unsigned count[BUCKETS], last[10];
    struct daf_porch_talk t;

    (void)state;
    memset(&t, 0, sizeof(t));
    for (unsigned i = 0; i < TALKS; i++) {
        uint32_t digits;

        memcpy(t.joiner_nonce.b, &i, sizeof(i));
        digits = daf_porch_digits(&t);
        assert_true(digits < DAF_PORCH_DIGITS);
        count[digits / (DAF_PORCH_DIGITS / BUCKETS)]++;
        last[digits % 10]++;
    }
    /* 1,000 each, and 10,000: six deviations around. */
    for (size_t i = 0; i < BUCKETS; i++)
        assert_in_range(count[i], 810, 1190);
    for (size_t i = 0; i < 10; i++)
        assert_in_range(last[i], 9430, 10570);
}

/* ---- who does not hold it */

static void who_does_not_hold_the_ticket_gets_silence(void **state)
{
    struct daf_ticket ticket = open_porch();
    struct daf_agent_stats stats;

    (void)state;
    ticket.secret[0] ^= 1;
    ask(1, IN | 1, &ticket);
    assert_null(take());
    assert_true(is_closed(IN | 1));
    daf_agent_stats(agent, &stats);
    assert_int_equal(stats.porch_refused, 1);
    assert_int_equal(guests(), 0);
}

/* A mac is right once in 2^128: to close the porch would only help him. */
static void who_guesses_secrets_shuts_nobody_out(void **state)
{
    struct daf_ticket ticket = open_porch(), wrong = ticket;
    struct daf_agent_stats stats;

    (void)state;
    wrong.secret[0] ^= 1;
    for (uint32_t i = 0; i < 2 * DAF_PORCH_TALKS_MAX; i++) {
        ask(1, IN | (100 + i), &wrong);
        assert_null(take());
        assert_true(is_closed(IN | (100 + i)));
        closes_count = 0;
    }
    daf_agent_stats(agent, &stats);
    assert_int_equal(stats.porch_refused, 2 * DAF_PORCH_TALKS_MAX);
    assert_true(is_porch);
    assert_int_equal(withdraws, 0);
    assert_true(look().is_open);
    come(2, &ticket);
    assert_string_equal(guest(2).state, "waiting");
}

/* With the ticket one may try for digits of another's screen: not often. */
static void who_tries_for_digits_closes_the_porch(void **state)
{
    struct daf_ticket ticket = open_porch();

    (void)state;
    for (uint32_t i = 0; i + 1 < DAF_PORCH_TALKS_MAX; i++) {
        come_by(1, IN | (100 + i), &ticket);
        closes_count = 0;
    }
    assert_true(is_porch);
    ask(1, IN | 99, &ticket);
    assert_false(is_porch);
}

static void an_ask_that_was_overheard_is_worth_nothing(void **state)
{
    struct daf_ticket ticket = open_porch();
    uint8_t room[DAF_DOOR_BYTES_MAX];
    struct daf_view bytes = ask_of(1, &ticket, room);

    (void)state;
    opened(IN | 2, 2); /* with another key */
    give(IN | 2, bytes);
    assert_null(take());
    assert_true(is_closed(IN | 2));
}

/* ---- a porch that is not the ticket's */

static void a_joiner_reveals_nothing_to_another_porch(void **state)
{
    struct daf_ticket ticket = open_porch(), other = ticket;

    (void)state;
    /* It knows the secret, but has another key or another camp. */
    other.mark[15] ^= 1;
    ask(1, IN | 1, &other);
    assert_int_equal(hear(1, IN | 1), DAF_JOINER_REFUSED);
    assert_int_equal(joiners[1].err, DAF_EKEY);
}

static void an_offer_with_a_wrong_mac_is_refused(void **state)
{
    struct daf_ticket ticket = open_porch();
    uint8_t room[DAF_DOOR_BYTES_MAX];
    struct daf_pack k;
    struct frame *f;

    (void)state;
    for (size_t bit = 0; bit < 8; bit++) {
        ask(1, IN | (uint32_t)(50 + bit), &ticket);
        f = take_one();
        f->bytes[f->len - 1 - 32 * (bit % 3)] ^= (uint8_t)(1u << bit);
        daf_pack_init(&k, room, sizeof(room));
        assert_int_equal(daf_joiner_frame(&joiners[1], view(f->bytes, f->len),
                                          &k),
                         DAF_JOINER_REFUSED);
        assert_int_equal(k.len, 0);
    }
}

static void an_answer_that_was_not_committed_to_is_refused(void **state)
{
    struct daf_ticket ticket = open_porch();
    uint8_t room[DAF_DOOR_BYTES_MAX];
    struct daf_pack k;
    struct frame *f;

    (void)state;
    ask(1, IN | 1, &ticket);
    assert_int_equal(hear(1, IN | 1), DAF_JOINER_SEND);
    f = take_one();
    f->bytes[f->len - 1] ^= 1;
    daf_pack_init(&k, room, sizeof(room));
    assert_int_equal(daf_joiner_frame(&joiners[1], view(f->bytes, f->len), &k),
                     DAF_JOINER_REFUSED);
    assert_int_equal(joiners[1].err, DAF_EPEER);
}

/* What somebody says who has the ticket's secret and the porch's place. */
static enum daf_joiner_event told_accept(size_t i, struct daf_view m,
                                         struct daf_view cert)
{
    struct daf_accept accept = {.manifest = m, .cert = cert, .port = 1};
    uint8_t bytes[DAF_DOOR_BYTES_MAX], room[DAF_DOOR_BYTES_MAX];
    struct daf_pack said, k;

    daf_pack_init(&said, bytes, sizeof(bytes));
    daf_frame_pack_accept(&said, &accept);
    daf_pack_init(&k, room, sizeof(room));
    return daf_joiner_frame(&joiners[i], daf_pack_view(&said), &k);
}

static void an_acceptance_must_be_of_the_camp_and_for_the_device(void **state)
{
    static uint8_t other[DAF_MANIFEST_BYTES_MAX], cert[DAF_CERT_BYTES_MAX];
    const struct daf_view good = view(manifest_bytes, manifest_len);
    struct daf_ticket ticket = open_porch();
    struct daf_manifest m;
    size_t other_len = make_manifest(98, &m, other), len;

    (void)state;
    come(1, &ticket);
    assert_int_equal(told_accept(1, good, view(certs[2], cert_lens[2])),
                     DAF_JOINER_REFUSED);
    assert_non_null(strstr(joiners[1].why, "another device"));
    come_by(1, IN | 50, &ticket);
    len = make_cert(1, 2, cert); /* by a device that is no coordinator */
    assert_int_equal(told_accept(1, good, view(cert, len)), DAF_JOINER_REFUSED);
    assert_int_equal(joiners[1].err, DAF_ESIG);
    come_by(1, IN | 51, &ticket);
    assert_int_equal(told_accept(1, view(other, other_len),
                                 view(certs[1], cert_lens[1])),
                     DAF_JOINER_REFUSED);
    come_by(1, IN | 52, &ticket);
    certs[1][cert_lens[1] - 1] ^= 1;
    assert_int_equal(told_accept(1, good, view(certs[1], cert_lens[1])),
                     DAF_JOINER_REFUSED);
    certs[1][cert_lens[1] - 1] ^= 1;
    /* A whole other camp with its own certificate: not what OFFER named. */
    come_by(1, IN | 53, &ticket);
    {
        struct daf_cert c = {.camp = m.camp,
                             .keys = keys[1],
                             .expires_beacon = UINT64_MAX};

        len = daf_cert_sign(&c, &secrets[0].sign, cert);
    }
    assert_int_equal(told_accept(1, view(other, other_len), view(cert, len)),
                     DAF_JOINER_REFUSED);
    assert_int_equal(joiners[1].err, DAF_EKEY);
}

/* ---- frames that do not fit */

static void give_reveal(uint32_t conn, const struct daf_hash *nonce,
                        struct daf_view request)
{
    uint8_t room[DAF_DOOR_BYTES_MAX];
    struct daf_reveal reveal = {.nonce = *nonce, .request = request};
    struct daf_pack k;

    daf_pack_init(&k, room, sizeof(room));
    daf_frame_pack_reveal(&k, &reveal);
    give(conn, daf_pack_view(&k));
}

static void assert_refused(uint32_t conn)
{
    assert_true(is_closed(conn));
    assert_int_equal(guests(), 0);
}

static void a_reveal_must_be_what_was_committed_to(void **state)
{
    struct daf_ticket ticket = open_porch();
    struct daf_hash nonce;

    (void)state;
    ask(1, IN | 1, &ticket);
    assert_non_null(take());
    nonce = joiners[1].talk.joiner_nonce;
    nonce.b[0] ^= 1;
    give_reveal(IN | 1, &nonce, view(requests[1], request_lens[1]));
    assert_null(take());
    assert_refused(IN | 1);
}

/* One commits to another's request, which one has overheard. */
static void a_request_of_another_key_is_refused(void **state)
{
    struct daf_ticket ticket = open_porch();
    uint8_t room[DAF_DOOR_BYTES_MAX];
    struct daf_pack k;

    (void)state;
    daf_pack_init(&k, room, sizeof(room));
    daf_joiner_begin(&joiners[1], &ticket, &porch_pk, &keys[1],
                     view(requests[2], request_lens[2]), &rngs[1], &k);
    opened(IN | 1, 1);
    give(IN | 1, daf_pack_view(&k));
    assert_non_null(take());
    give_reveal(IN | 1, &joiners[1].talk.joiner_nonce,
                view(requests[2], request_lens[2]));
    assert_null(take());
    assert_refused(IN | 1);
}

static void a_request_whose_signature_is_bad_is_refused(void **state)
{
    struct daf_ticket ticket = open_porch();
    uint8_t room[DAF_DOOR_BYTES_MAX], bad[DAF_REQUEST_BYTES_MAX];
    struct daf_pack k;

    (void)state;
    memcpy(bad, requests[1], request_lens[1]);
    bad[request_lens[1] - 1] ^= 1;
    daf_pack_init(&k, room, sizeof(room));
    daf_joiner_begin(&joiners[1], &ticket, &porch_pk, &keys[1],
                     view(bad, request_lens[1]), &rngs[1], &k);
    opened(IN | 1, 1);
    give(IN | 1, daf_pack_view(&k));
    assert_non_null(take());
    give_reveal(IN | 1, &joiners[1].talk.joiner_nonce,
                view(bad, request_lens[1]));
    assert_refused(IN | 1);
}

static void frames_out_of_turn_close_the_connection(void **state)
{
    struct daf_ticket ticket = open_porch();
    uint8_t room[DAF_DOOR_BYTES_MAX];
    struct daf_hash nonce = {{1}};
    struct daf_pack k;

    (void)state;
    /* REVEAL first. */
    opened(IN | 50, 1);
    give_reveal(IN | 50, &nonce, view(requests[1], request_lens[1]));
    assert_refused(IN | 50);
    /* ASK twice. */
    ask(1, IN | 51, &ticket);
    give(IN | 51, ask_of(1, &ticket, room));
    assert_refused(IN | 51);
    /* What only a coordinator says. */
    daf_pack_init(&k, room, sizeof(room));
    daf_frame_pack_answer(&k, &nonce);
    opened(IN | 52, 1);
    give(IN | 52, daf_pack_view(&k));
    assert_refused(IN | 52);
    /* Anything after REVEAL. */
    frames_first = frames_end;
    come_by(1, IN | 53, &ticket);
    give_reveal(IN | 53, &joiners[1].talk.joiner_nonce,
                view(requests[1], request_lens[1]));
    assert_refused(IN | 53);
}

static void a_strangers_garbage_closes_the_connection(void **state)
{
    static const uint8_t zeros[DAF_DOOR_BYTES_MAX + 1];
    uint8_t ask_bytes[DAF_DOOR_BYTES_MAX];
    struct daf_ticket ticket = open_porch();
    struct daf_view bytes = ask_of(1, &ticket, ask_bytes);
    uint32_t conn = 100;

    (void)state;
    for (size_t len = 0; len < bytes.len; len++, conn++) {
        closes_count = 0;
        opened(IN | conn, 1);
        give(IN | conn, view(ask_bytes, len));
        assert_refused(IN | conn);
    }
    opened(IN | 98, 1);
    give(IN | 98, view(zeros, sizeof(zeros)));
    assert_refused(IN | 98);
    assert_null(take());
    assert_true(is_porch); /* only wrong macs are counted towards its end */
}

static void a_joiner_refuses_garbage(void **state)
{
    struct daf_ticket ticket = open_porch();
    uint8_t room[DAF_DOOR_BYTES_MAX];
    struct daf_pack k;
    struct frame *f;

    (void)state;
    ask(1, IN | 1, &ticket);
    f = take_one();
    for (size_t len = 0; len < f->len; len++) {
        struct daf_joiner copy = joiners[1];

        daf_pack_init(&k, room, sizeof(room));
        assert_int_equal(daf_joiner_frame(&copy, view(f->bytes, len), &k),
                         DAF_JOINER_REFUSED);
        assert_int_equal(copy.err, DAF_EPEER);
    }
    /* The same frame again: OFFER is not awaited twice. */
    daf_pack_init(&k, room, sizeof(room));
    assert_int_equal(daf_joiner_frame(&joiners[1], view(f->bytes, f->len), &k),
                     DAF_JOINER_SEND);
    daf_pack_init(&k, room, sizeof(room));
    assert_int_equal(daf_joiner_frame(&joiners[1], view(f->bytes, f->len), &k),
                     DAF_JOINER_REFUSED);
}

static void a_version_that_is_not_spoken_is_told(void **state)
{
    struct daf_ticket ticket = open_porch();
    uint8_t room[DAF_DOOR_BYTES_MAX];
    struct daf_ask later;
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    assert_int_equal(daf_frame_decode(ask_of(1, &ticket, room), &f, NULL),
                     DAF_OK);
    later = f.ask;
    later.version_min = later.version_max = DAF_PROTOCOL_VERSION + 1;
    daf_pack_init(&k, room, sizeof(room));
    daf_frame_pack_ask(&k, &later);
    opened(IN | 1, 1);
    give(IN | 1, daf_pack_view(&k));
    assert_declined(1, DAF_DECLINE_VERSION);
}

/* ---- one ticket, one device */

static void a_photographed_ticket_admits_one(void **state)
{
    struct daf_ticket ticket = open_porch();
    struct daf_agent_guest thief, child;

    (void)state;
    come(2, &ticket);
    come(1, &ticket);
    assert_int_equal(guests(), 2);
    thief = guest(2);
    child = guest(1);
    assert_int_not_equal(thief.digits, child.digits);
    certify(1);
    assert_int_equal(accept_as(child.id, 1), DAF_OK);
    assert_int_equal(hear(1, IN | 1), DAF_JOINER_ACCEPTED);
    assert_declined(2, DAF_DECLINE_USED);
    assert_int_equal(guests(), 1);
    /* And who comes later. */
    ask(3, IN | 3, &ticket);
    assert_declined(3, DAF_DECLINE_USED);
    certify(2);
    assert_int_equal(accept_as(thief.id, 2), DAF_ENOTFOUND);
    assert_int_equal(decline_guest(child.id), DAF_EEXISTS);
}

static void declining_uses_the_ticket_up(void **state)
{
    struct daf_ticket ticket = open_porch();

    (void)state;
    come(1, &ticket);
    come(2, &ticket);
    assert_int_equal(decline_guest(guest(1).id), DAF_OK);
    assert_declined(1, DAF_DECLINE_DECLINED);
    assert_declined(2, DAF_DECLINE_USED);
    assert_int_equal(guests(), 0);
    ask(1, IN | 50, &ticket);
    assert_int_equal(hear(1, IN | 50), DAF_JOINER_DECLINED);
    assert_int_equal(joiners[1].decline, DAF_DECLINE_USED);
}

static void who_was_in_the_middle_of_it_is_told_too(void **state)
{
    struct daf_ticket ticket = open_porch();

    (void)state;
    come(1, &ticket);
    ask(2, IN | 2, &ticket);
    assert_int_equal(frames_end - frames_first, 1); /* OFFER */
    assert_int_equal(decline_guest(guest(1).id), DAF_OK);
    frames_first++;
    assert_declined(1, DAF_DECLINE_DECLINED);
    assert_declined(2, DAF_DECLINE_USED);
}

static void only_a_durable_certificate_of_the_device_is_told(void **state)
{
    struct daf_ticket ticket = open_porch();
    uint64_t id;

    (void)state;
    come(1, &ticket);
    id = guest(1).id;
    assert_int_equal(accept_as(id, 1), DAF_EAUTHOR); /* not in control yet */
    assert_int_equal(accept_as(id, 2), DAF_EKEY);
    assert_int_equal(accept_as(id + 1, 1), DAF_ENOTFOUND);
    certs[1][cert_lens[1] - 1] ^= 1;
    assert_int_equal(accept_as(id, 1), DAF_ESIG);
    certs[1][cert_lens[1] - 1] ^= 1;
    assert_null(take());
    assert_false(look().is_used);
    certify(1);
    assert_int_equal(accept_as(id, 1), DAF_OK);
    assert_int_equal(accept_as(id, 1), DAF_OK); /* twice is no harm */
}

/* ---- losses */

static void who_was_cut_off_is_told_again_while_the_porch_is_open(void **state)
{
    struct daf_ticket ticket = open_porch();

    (void)state;
    come(1, &ticket);
    certify(1);
    assert_int_equal(accept_as(guest(1).id, 1), DAF_OK);
    assert_non_null(take()); /* on its way, and lost */
    lost(IN | 1);
    come_by(1, IN | 50, &ticket);
    assert_int_equal(hear(1, IN | 50), DAF_JOINER_ACCEPTED);
}

static void who_is_away_may_be_accepted_and_is_told_when_it_is_back(
    void **state)
{
    struct daf_ticket ticket = open_porch();

    (void)state;
    come(1, &ticket);
    lost(IN | 1);
    assert_string_equal(guest(1).state, "away");
    certify(1);
    assert_int_equal(accept_as(guest(1).id, 1), DAF_OK);
    assert_null(take());
    come_by(1, IN | 50, &ticket);
    assert_int_equal(hear(1, IN | 50), DAF_JOINER_ACCEPTED);
}

static void links_death_loses_no_ticket(void **state)
{
    const struct daf_input dead = {.kind = DAF_INPUT_LINK_LOST};
    struct daf_ticket ticket = open_porch();

    (void)state;
    come(1, &ticket);
    ask(2, IN | 2, &ticket);
    frames_first = frames_end;
    input(&dead);
    assert_int_equal(guests(), 1);
    assert_string_equal(guest(1).state, "away");
    ported(PORT); /* the linkhost has opened it again */
    assert_int_equal(announces, 1);
    come_by(1, IN | 50, &ticket);
    assert_string_equal(guest(1).state, "waiting");
}

/* ---- room */

static void more_than_eight_do_not_wait(void **state)
{
    struct daf_ticket ticket = open_porch();

    (void)state;
    for (size_t i = 1; i <= DAF_PORCH_PENDING_MAX; i++)
        come(i, &ticket);
    ask(9, IN | 9, &ticket);
    assert_int_equal(hear(9, IN | 9), DAF_JOINER_SEND);
    assert_null(take());
    assert_true(is_closed(IN | 9));
    assert_int_equal(guests(), DAF_PORCH_PENDING_MAX);
    /* One that left makes room. */
    lost(IN | 3);
    come_by(9, IN | 50, &ticket);
    assert_int_equal(guests(), DAF_PORCH_PENDING_MAX);
    assert_string_equal(guest(9).state, "waiting");
}

static void connections_are_bounded_and_the_silent_go(void **state)
{
    struct daf_ticket ticket = open_porch();
    uint8_t room[DAF_DOOR_BYTES_MAX];
    uint32_t conn = 100;

    (void)state;
    for (; conn < 100 + DAF_PORCH_CONNS_MAX; conn++)
        opened(IN | conn, 1);
    assert_int_equal(closes_count, 0);
    opened(IN | conn, 2);
    assert_true(is_closed(IN | conn));
    /* One asks, and then says no more. */
    tick(1000);
    give(IN | 100, ask_of(1, &ticket, room));
    assert_int_equal(daf_agent_deadline(agent).ms, START_MS + DAF_GREET_MS);
    tick(DAF_GREET_MS);
    assert_int_equal(closes_count, DAF_PORCH_CONNS_MAX);
    assert_false(is_closed(IN | 100));
    tick(1000 + DAF_GREET_MS);
    assert_true(is_closed(IN | 100));
}

/* ---- opening and closing */

static void it_closes_by_itself_after_ten_minutes(void **state)
{
    struct daf_ticket ticket = open_porch();

    (void)state;
    come(1, &ticket);
    assert_int_equal(look().left_ms, DAF_PORCH_MS);
    assert_int_equal(daf_agent_deadline(agent).ms, START_MS + DAF_PORCH_MS);
    tick(DAF_PORCH_MS - 1);
    assert_true(is_porch);
    assert_int_equal(guest(1).since_ms, DAF_PORCH_MS - 1);
    tick(DAF_PORCH_MS);
    assert_declined(1, DAF_DECLINE_CLOSED);
    assert_false(is_porch);
    assert_int_equal(withdraws, 1);
    assert_false(look().is_open);
    assert_int_equal(guests(), 0);
    opened(IN | 50, 1); /* link has not heard yet */
    assert_true(is_closed(IN | 50));
}

static void a_used_ticket_is_forgotten_after_a_minute(void **state)
{
    struct daf_ticket ticket = open_porch();

    (void)state;
    come(1, &ticket);
    certify(1);
    tick(5000);
    assert_int_equal(accept_as(guest(1).id, 1), DAF_OK);
    assert_int_equal(look().left_ms, DAF_PORCH_AFTER_MS);
    tick(5000 + DAF_PORCH_AFTER_MS);
    assert_false(is_porch);
}

static void a_person_closes_it(void **state)
{
    struct daf_ticket ticket = open_porch();

    (void)state;
    come(1, &ticket);
    assert_int_equal(close_porch(), DAF_OK);
    assert_declined(1, DAF_DECLINE_CLOSED);
    assert_false(is_porch);
    assert_int_equal(close_porch(), DAF_ENOTFOUND);
}

static void opening_anew_makes_the_old_ticket_worthless(void **state)
{
    struct daf_ticket first = open_porch(), second;
    uint8_t name[8];

    (void)state;
    memcpy(name, announced.name, sizeof(name));
    come(1, &first);
    second = open_porch();
    assert_declined(1, DAF_DECLINE_CLOSED);
    assert_int_equal(porches, 2);
    assert_int_equal(announces, 2);
    assert_memory_not_equal(announced.name, name, sizeof(name));
    assert_memory_not_equal(first.secret, second.secret, 16);
    assert_memory_not_equal(first.porch.b, second.porch.b, 32);
    ask(1, IN | 50, &first);
    assert_null(take());
    assert_true(is_closed(IN | 50));
    come_by(1, IN | 51, &second);
}

static void a_porch_that_cannot_listen_is_said_so(void **state)
{
    const struct daf_porch_wish w = {.what = DAF_PORCH_OPEN};

    (void)state;
    assert_int_equal(wish(&w), DAF_OK);
    assert_int_equal(look().port, 0);
    ported(0);
    assert_false(look().is_open);
    assert_int_equal(look().err, DAF_EIO);
    assert_int_equal(announces, 0);
    ported(PORT); /* late */
    assert_int_equal(announces, 0);
}

static void only_a_coordinator_opens_it(void **state)
{
    const struct daf_porch_wish w = {.what = DAF_PORCH_OPEN};

    (void)state;
    daf_agent_free(agent);
    assert_int_equal(start_agent(1), DAF_OK);
    assert_int_equal(wish(&w), DAF_EDENIED);
    assert_false(is_porch);
    opened(IN | 2, 2);
    assert_true(is_closed(IN | 2));
}

static void stopping_tells_who_waits(void **state)
{
    const struct daf_input in = {.kind = DAF_INPUT_STOP};
    struct daf_ticket ticket = open_porch();

    (void)state;
    come(1, &ticket);
    input(&in);
    assert_declined(1, DAF_DECLINE_CLOSED);
    assert_false(is_porch);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        T(who_holds_the_ticket_is_enrolled_when_a_person_says_so),
        T(what_it_is_to_get_is_carried_for_the_command),
        T(each_try_has_other_digits),
        T(digits_are_spread_evenly),
        T(who_does_not_hold_the_ticket_gets_silence),
        T(who_guesses_secrets_shuts_nobody_out),
        T(who_tries_for_digits_closes_the_porch),
        T(an_ask_that_was_overheard_is_worth_nothing),
        T(a_joiner_reveals_nothing_to_another_porch),
        T(an_offer_with_a_wrong_mac_is_refused),
        T(an_answer_that_was_not_committed_to_is_refused),
        T(an_acceptance_must_be_of_the_camp_and_for_the_device),
        T(a_reveal_must_be_what_was_committed_to),
        T(a_request_of_another_key_is_refused),
        T(a_request_whose_signature_is_bad_is_refused),
        T(frames_out_of_turn_close_the_connection),
        T(a_strangers_garbage_closes_the_connection),
        T(a_joiner_refuses_garbage),
        T(a_version_that_is_not_spoken_is_told),
        T(a_photographed_ticket_admits_one),
        T(declining_uses_the_ticket_up),
        T(who_was_in_the_middle_of_it_is_told_too),
        T(only_a_durable_certificate_of_the_device_is_told),
        T(who_was_cut_off_is_told_again_while_the_porch_is_open),
        T(who_is_away_may_be_accepted_and_is_told_when_it_is_back),
        T(links_death_loses_no_ticket),
        T(more_than_eight_do_not_wait),
        T(connections_are_bounded_and_the_silent_go),
        T(it_closes_by_itself_after_ten_minutes),
        T(a_used_ticket_is_forgotten_after_a_minute),
        T(a_person_closes_it),
        T(opening_anew_makes_the_old_ticket_worthless),
        T(a_porch_that_cannot_listen_is_said_so),
        T(only_a_coordinator_opens_it),
        T(stopping_tells_who_waits),
    };
#undef T

    return cmocka_run_group_tests(tests, make_camp, NULL);
}
