/* SPDX-License-Identifier: Apache-2.0 */
/* tests/lib/session_case.h - what the test_session_*.c programs share: two
 * devices of one camp, and short words for what they say and are given.
 *
 * Static, since each program has a pair of its own.  Frames that a test makes
 * live in `room` until the next one is made. */
#ifndef DAF_TESTS_LIB_SESSION_CASE_H
#define DAF_TESTS_LIB_SESSION_CASE_H

#include "tests/lib/t.h"

#include <stdlib.h>

#include "tests/lib/session_pair.h"

static struct session_pair_camp *camp;
static struct session_pair *a, *b; /* devices 1 and 2; a is looked at */
static struct daf_key salt;        /* of the session that greet() began */
static uint8_t room[DAF_FRAME_BYTES_MAX];

static struct session_pair_record chain[64];
static size_t chain_count;

static inline void case_free_chain(void)
{
    for (size_t i = 0; i < chain_count; i++)
        session_pair_record_free(&chain[i]);
    chain_count = 0;
}

static inline int set_up(void **state)
{
    (void)state;
    camp = session_pair_camp_new(6);
    a = session_pair_new(camp, 1);
    b = session_pair_new(camp, 2);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    session_pair_free(a);
    session_pair_free(b);
    session_pair_camp_free(camp);
    case_free_chain();
    return 0;
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static inline const struct daf_scope_id *scope_of(enum session_pair_scope scope)
{
    return &camp->scopes[scope];
}

/* ---- what is said */

static inline struct daf_frame decoded(struct daf_view bytes)
{
    struct daf_frame f;

    assert_int_equal(daf_frame_decode(bytes, &f, NULL), DAF_OK);
    return f;
}

/* The next frame that @p says, which must be of this kind; good until the
 * next. */
static inline struct daf_frame says(struct session_pair *p,
                                    enum daf_frame_kind kind)
{
    struct daf_view bytes;
    struct daf_frame f;

    if (!session_pair_take(p, &bytes))
        fail_msg("silent instead of %s", daf_frame_kind_str(kind));
    f = decoded(bytes);
    assert_string_equal(daf_frame_kind_str(f.kind), daf_frame_kind_str(kind));
    return f;
}

static inline void says_nothing(struct session_pair *p)
{
    struct daf_view bytes;

    if (session_pair_take(p, &bytes))
        fail_msg("says %s", daf_frame_kind_str(decoded(bytes).kind));
}

/* Whatever @p said and nobody heard is lost. */
static inline void hush(struct session_pair *p)
{
    struct daf_view bytes;

    while (session_pair_take(p, &bytes))
        ;
}

/* It ended with this BYE as its last word, and told its agent why. */
static inline void ends_with(struct session_pair *p, enum daf_bye bye,
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
    assert_int_equal(p->rooms, 0);
}

/* Delivers one frame; what it was is good until @from says more. */
static inline struct daf_frame pass(struct session_pair *from,
                                    struct session_pair *to)
{
    struct daf_view bytes;

    if (!session_pair_take(from, &bytes)) fail_msg("nothing to pass");
    session_pair_give(to, bytes);
    return decoded(bytes);
}

/* A session on each; both HELLOs are delivered, @to's ROOT is said. */
static inline void greet(struct session_pair *from, struct session_pair *to)
{
    struct daf_hash nonce, other;

    session_pair_meet(from, to);
    nonce = pass(from, to).hello.nonce;
    other = pass(to, from).hello.nonce;
    salt = daf_frontier_salt(&nonce, &other);
}

static inline void talk(void)
{
    session_pair_talk(a, b, NULL, SIZE_MAX);
}

/* Both are OPEN and what they said since is delivered; a connected. */
static inline void open_both(void)
{
    greet(a, b);
    talk();
    assert_int_equal(daf_session_state(a->s), DAF_SESSION_OPEN);
    assert_int_equal(daf_session_state(b->s), DAF_SESSION_OPEN);
    assert_true(daf_session_resting(a->s) && daf_session_resting(b->s));
    assert_int_equal(a->rooms + b->rooms, 0);
}

/* All frames said since the meeting. */
static inline size_t said_in_all(const struct session_pair *p)
{
    size_t count = 0;

    for (size_t kind = 0; kind <= DAF_FRAME_CHUNK; kind++)
        count += p->said_count[kind];
    return count;
}

/* The same headers, and of each a body or none. */
static inline void are_equal(const struct session_pair *p,
                             const struct session_pair *q)
{
    size_t count = daf_fake_index_count(p->index);

    assert_int_equal(count, daf_fake_index_count(q->index));
    for (size_t i = 0; i < count; i++) {
        struct daf_log_key log, log2;
        struct daf_stored one, two;

        daf_fake_index_at(p->index, i, &log, &one);
        daf_fake_index_at(q->index, i, &log2, &two);
        assert_memory_equal(&one.spot.id, &two.spot.id, sizeof(one.spot.id));
        assert_int_equal(one.body_state, two.body_state);
    }
}

/* ---- what is written */

/* @count records of device @number in the class, one after the other. */
static inline void write_chain(size_t number, size_t count, size_t len)
{
    case_free_chain();
    assert_in_range(count, 1, sizeof(chain) / sizeof(chain[0]));
    for (size_t i = 0; i < count; i++)
        session_pair_write(camp, number, SESSION_PAIR_CLASS, 1,
                           i == 0 ? NULL : &chain[i - 1], i, len, &chain[i]);
    chain_count = count;
}

/* Records @from to @to - 1 of the chain. */
static inline void hold_chain(struct session_pair *p, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        session_pair_hold(p, &chain[i], true);
}

/* Nobody's signature, so another id; what follows must be written anew. */
static inline void spoil_chain(size_t number, size_t at, size_t len)
{
    session_pair_spoil(&chain[at]);
    for (size_t i = at + 1; i < chain_count; i++) {
        session_pair_record_free(&chain[i]);
        session_pair_write(camp, number, SESSION_PAIR_CLASS, 1, &chain[i - 1],
                           i, len, &chain[i]);
    }
}

static inline struct daf_tag tag_of(const struct session_pair_record *record)
{
    return daf_sketch_tag(&record->r.log);
}

static inline struct daf_spot spot_of(const struct session_pair_record *record)
{
    return (struct daf_spot){record->r.seq, record->r.id};
}

static inline bool has_body(const struct session_pair *p,
                            const struct session_pair_record *record)
{
    const struct daf_index *index = daf_fake_index_view(p->index);
    const struct daf_spot spot = spot_of(record);
    struct daf_stored out;

    return index->get(index->ctx, &record->r.log, &spot, &out) == DAF_OK &&
           out.body_state == DAF_BODY_HELD;
}

/* ---- frames that are given */

/* Paths are put into a RUN one after the other. */
struct run {
    struct daf_pack k;
    size_t mark, paths;
};

static inline void run_begin(struct run *r, const struct daf_scope_id *scope)
{
    daf_pack_init(&r->k, room, sizeof(room));
    r->mark = daf_frame_begin_run(&r->k, scope);
    r->paths = 0;
}

static inline void run_add(struct run *r, const struct daf_log_key *log,
                           const struct session_pair_record *const *records,
                           size_t count, bool with_bodies)
{
    size_t path = daf_frame_begin_path(&r->k, log);

    for (size_t i = 0; i < count; i++) {
        struct daf_stored stored = {
            .header = {records[i]->header, records[i]->header_len},
            .body_state = with_bodies ? DAF_BODY_HELD : DAF_BODY_ABSENT,
            .body = {records[i]->body, records[i]->body_len}};

        daf_frame_add_record(&r->k, &stored);
    }
    daf_pack_close(&r->k, path, count);
    r->paths++;
}

static inline struct daf_view run_end(struct run *r, bool last)
{
    daf_frame_end(&r->k, r->mark, r->paths, last);
    assert_false(r->k.is_full);
    return daf_pack_view(&r->k);
}

/* A RUN of one path: the records given, with bodies.  None: no path. */
static inline struct daf_view run_of(
    const struct session_pair_record *const *records, size_t count,
    bool with_bodies, bool last)
{
    struct run r;

    run_begin(&r, scope_of(SESSION_PAIR_CLASS));
    if (count > 0) run_add(&r, &records[0]->r.log, records, count, with_bodies);
    return run_end(&r, last);
}

static inline struct daf_view run_one(const struct session_pair_record *record,
                                      bool last)
{
    return run_of(&record, 1, true, last);
}

/* Records @from to @to - 1 of the chain as one path. */
static inline struct daf_view run_chain(size_t from, size_t to, bool last)
{
    const struct session_pair_record *list[sizeof(chain) / sizeof(chain[0])];

    for (size_t i = from; i < to; i++)
        list[i - from] = &chain[i];
    return run_of(list, to - from, true, last);
}

static inline struct daf_view heads_of(enum session_pair_scope scope,
                                       enum daf_heads_kind kind, bool more,
                                       const struct daf_item *items,
                                       size_t count)
{
    struct daf_heads heads = {.scope = *scope_of(scope),
                              .kind = kind,
                              .more = more,
                              .count = count};
    struct daf_pack k;

    if (count > 0)
        heads.items = (struct daf_view){items[0].b, count * DAF_ITEM_BYTES};
    daf_pack_init(&k, room, sizeof(room));
    daf_frame_pack_heads(&k, &heads);
    assert_false(k.is_full);
    return daf_pack_view(&k);
}

/* An item of a log that nobody has; tags ascend with @number. */
static inline struct daf_item made_item(uint32_t number, uint32_t height)
{
    struct daf_item item = {{(uint8_t)(number >> 24), (uint8_t)(number >> 16),
                             (uint8_t)(number >> 8), (uint8_t)number, 7, 7, 7,
                             7, (uint8_t)(height >> 24),
                             (uint8_t)(height >> 16), (uint8_t)(height >> 8),
                             (uint8_t)height, 1, 2, 3, 4, 5, 6}};

    return item;
}

/* The salted item of the log of @record as @p has it. */
static inline struct daf_item item_at(const struct session_pair *p,
                                      const struct session_pair_record *record)
{
    const struct daf_index *index = daf_fake_index_view(p->index);
    struct daf_mark mark;

    assert_int_equal(index->mark(index->ctx, &record->r.log, &mark), DAF_OK);
    return daf_sketch_salted(&mark, &salt);
}

/* ROOT as it was said, but of @scope another sum and these symbols; proof and
 * all else as they were. */
static inline struct daf_view other_root(struct daf_view root,
                                         enum session_pair_scope scope,
                                         struct daf_view symbols)
{
    struct daf_frame f = decoded(root);
    struct daf_cursor c = f.root.parts.items;
    struct daf_pack k;
    size_t mark;

    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_root(&k, &f.root);
    for (size_t i = 0; i < f.root.parts.count; i++) {
        struct daf_root_part part;

        daf_frame_next_part(&c, &part);
        if (memcmp(part.scope.b, scope_of(scope)->b, 16) == 0) {
            part.sum.b[0] ^= 0x80;
            part.symbols = symbols;
        }
        daf_frame_add_part(&k, &part);
    }
    daf_frame_end(&k, mark, f.root.parts.count, false);
    return daf_pack_view(&k);
}

/* ---- where a test begins */

/* b connected, holds the chain and has been asked for it; b's part is the test's
 * from here. */
static inline void let_a_ask(void)
{
    hold_chain(b, 0, chain_count);
    greet(b, a);
    (void)pass(a, b); /* ROOT */
    (void)pass(b, a);
    assert_int_equal(says(a, DAF_FRAME_WANT).want.kind, DAF_WANT_RECORDS);
    assert_int_equal(daf_session_pull(a->s), DAF_PULL_RECORDS);
    hush(b);
}

/* b connected; of the class it says another sum and these symbols in ROOT. */
static inline void let_a_compare(struct daf_view symbols)
{
    struct daf_view root;

    greet(b, a);
    (void)pass(a, b);
    assert_true(session_pair_take(b, &root));
    session_pair_give(a, other_root(root, SESSION_PAIR_CLASS, symbols));
    hush(b);
}

/* The first @count symbols of what @p holds of the class. */
static inline struct daf_view symbols_at(const struct session_pair *p,
                                         size_t start, size_t count)
{
    static struct daf_symbol symbols[DAF_SYMBOLS_MAX];
    const struct daf_index *index = daf_fake_index_view(p->index);

    assert_int_equal(index->symbols(index->ctx, scope_of(SESSION_PAIR_CLASS),
                                    start, count, symbols),
                     DAF_OK);
    return (struct daf_view){symbols[0].item, count * DAF_SYMBOL_BYTES};
}

/* a asked b for the first page of the class: sums differed, symbols did not. */
static inline void let_a_ask_for_a_page(void)
{
    struct daf_frame f;

    let_a_compare(symbols_at(a, 0, DAF_ROOT_SYMBOLS));
    f = says(a, DAF_FRAME_WANT);
    assert_int_equal(f.want.kind, DAF_WANT_PAGE);
    assert_false(f.want.has_after);
    assert_int_equal(daf_session_pull(a->s), DAF_PULL_PAGE);
}

/* A frame of this number that is well formed, and good where it may come. */
static inline struct daf_view sample(uint64_t number)
{
    const struct daf_scope_id *scope = scope_of(SESSION_PAIR_CLASS);
    static const uint8_t zeros[DAF_SYMBOL_BYTES * 4];
    struct daf_hello hello = {.version_min = 2, .version_max = 2};
    struct daf_root root = {.manifest_number = 1};
    struct daf_symbols symbols = {.scope = *scope,
                                  .symbols = {zeros, sizeof(zeros)}};
    struct daf_defer defer = {.scope = *scope, .tags = {zeros, 8}};
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
        daf_frame_pack_symbols(&k, &symbols);
        break;
    case DAF_FRAME_HEADS:
        return heads_of(SESSION_PAIR_CLASS, DAF_HEADS_NEWS, false, NULL, 0);
    case DAF_FRAME_WANT:
        daf_frame_pack_want_page(&k, scope, NULL);
        break;
    case DAF_FRAME_RUN:
        mark = daf_frame_begin_run(&k, scope);
        daf_frame_end(&k, mark, 0, true);
        break;
    case DAF_FRAME_NEED:
        mark = daf_frame_begin_need(&k, scope);
        daf_frame_end(&k, mark, 0, false);
        break;
    case DAF_FRAME_DEFER:
        daf_frame_pack_defer(&k, &defer);
        break;
    case DAF_FRAME_ACK:
        mark = daf_frame_begin_ack(&k, scope);
        daf_frame_end(&k, mark, 0, false);
        break;
    case DAF_FRAME_ADDRESSES:
        mark = daf_frame_begin_addresses(&k);
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
    case DAF_FRAME_HAVE:
        daf_pack_array(&k, 4);
        daf_pack_uint(&k, number);
        daf_pack_bin(&k, zeros, 32);
        daf_pack_uint(&k, 0);
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
        daf_frame_pack_knock(&k, &(struct daf_knock){2, 2, {{0}}});
        break;
    case DAF_FRAME_NONCE:
        daf_frame_pack_nonce(&k, &(struct daf_hash){{0}});
        break;
    case DAF_FRAME_PROOF:
    case DAF_FRAME_WELCOME:
        daf_frame_pack_proof(&k, &proof, number == DAF_FRAME_WELCOME);
        break;
    case DAF_FRAME_REVOKED:
        daf_frame_pack_revoked(&k,
                               &(struct daf_revoked){{zeros, 3}, {zeros, 3}});
        break;
    case DAF_FRAME_ASK:
        daf_frame_pack_ask(&k, &(struct daf_ask){2, 2, {{0}}, {{0}}});
        break;
    case DAF_FRAME_OFFER:
        daf_frame_pack_offer(&k, &(struct daf_offer){{{0}}, {{0}}, {{0}}});
        break;
    case DAF_FRAME_REVEAL:
        daf_frame_pack_reveal(&k, &(struct daf_reveal){{{0}}, {zeros, 3}});
        break;
    case DAF_FRAME_ANSWER:
        daf_frame_pack_answer(&k, &(struct daf_hash){{0}});
        break;
    case DAF_FRAME_ACCEPT:
        daf_frame_pack_accept(&k,
                              &(struct daf_accept){{zeros, 3}, {zeros, 3}, 1});
        break;
    case DAF_FRAME_DECLINE:
        daf_frame_pack_decline(&k, DAF_DECLINE_CLOSED);
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

#endif
