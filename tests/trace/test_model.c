/* SPDX-License-Identifier: Apache-2.0 */
/* Random histories of five to seven devices, played with real sessions, come to
 * what the model of tests/lib/model.h says: the same records, bodies, tips and
 * roots on each device, nothing lost on the way, and silence afterwards.
 *
 *      build/dev/tests/trace_model               worlds 1 to 1,200 (300 with sanitizers)
 *      build/dev/tests/trace_model --long 50000  as many as you like
 *      build/dev/tests/trace_model --world 17    one world, as a failure names it
 *      build/dev/tests/trace_model --shrink 17   fewest operations that still fail
 *
 * A signature is a keyed hash here (crypto_sign_ed25519_… below are ours): the
 * matter is sets, and with real signatures an hour would be spent on curves. */
#include "tests/lib/t.h"

#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/model.h"
#include "tests/lib/session_pair.h"

/* A sanitizer makes a world five times as long. */
#if defined(__SANITIZE_ADDRESS__)
#define WORLDS 300
#else
#define WORLDS 1200
#endif
#define ROUNDS_MAX  12
#define STEPS_MAX   20000
#define SLOTS       1024 /* of the table of ids; a power of two */
#define UNACKED_MAX 4    /* HEADS of own logs without a copy: one a scope */

_Static_assert((int)SESSION_PAIR_CATALOG == 0 && (int)SESSION_PAIR_CAMP == 1 &&
                   (int)SESSION_PAIR_CLASS == 2 &&
                   (int)SESSION_PAIR_CONTROL == 3,
               "the model's scopes are the camp's");

/* ---- a signature that costs a microsecond */

int crypto_sign_ed25519_detached(unsigned char *sig, unsigned long long *len,
                                 const unsigned char *m,
                                 unsigned long long mlen,
                                 const unsigned char *sk)
{
    if (len != NULL) *len = 64;
    return crypto_generichash(sig, 64, m, mlen, sk + 32, 32);
}

int crypto_sign_ed25519_verify_detached(const unsigned char *sig,
                                        const unsigned char *m,
                                        unsigned long long mlen,
                                        const unsigned char *pk)
{
    unsigned char good[64];

    (void)crypto_generichash(good, sizeof(good), m, mlen, pk, 32);
    return memcmp(good, sig, sizeof(good)) == 0 ? 0 : -1;
}

/* ---- a world at play */

struct memory { /* what an agent keeps from session to session */
    size_t deferred_count;
    struct {
        struct daf_scope_id scope;
        struct daf_tag tag;
    } deferred[DAF_DEFERRED_MAX];
    uint64_t changes; /* of the store */
    uint64_t
        equal_at[MODEL_DEVICES_MAX]; /* `changes` plus 1, in step with it */
    uint64_t asked_at[MODEL_DEVICES_MAX]; /* its `bodies` plus 1, asked by us */
    uint64_t peer_bodies;                 /* plus 1, in this contact */
    size_t heard_count; /* logs that the peer deferred, in this contact */
    struct daf_tag heard[DAF_DEFERRED_MAX];
    bool is_asked_bodies; /* the last frame that came was NEED */
};

static struct session_pair_camp *camp;
static struct session_pair *sides[MODEL_DEVICES_MAX];
static struct daf_index indexes[MODEL_DEVICES_MAX]; /* with our symbols */
static struct memory memories[MODEL_DEVICES_MAX];
static struct model_world w;
static struct model_state st;
static struct session_pair_record real[MODEL_RECORDS_MAX];
static int slots[SLOTS]; /* record + 1, by the first bytes of its id */
static const struct model_op *live[MODEL_OPS_MAX]; /* for the next contact */
static size_t live_count;

static unsigned slot_of(const struct daf_record_id *id)
{
    return (unsigned)(id->b[0] | id->b[1] << 8) % SLOTS;
}

static int number_of(const struct daf_record_id *id)
{
    for (unsigned at = slot_of(id); slots[at] != 0; at = (at + 1) % SLOTS) {
        if (memcmp(real[slots[at] - 1].r.id.b, id->b, sizeof(id->b)) == 0)
            return slots[at] - 1;
    }
    fail_msg("a record that nobody wrote");
    return 0;
}

/* Which records a device holds, and which with their bodies. */
static void look(int device, bool held[], bool bodies[])
{
    const struct daf_fake_index *index = sides[device]->index;

    memset(held, 0, MODEL_RECORDS_MAX);
    memset(bodies, 0, MODEL_RECORDS_MAX);
    for (size_t i = 0; i < daf_fake_index_count(index); i++) {
        struct daf_log_key log;
        struct daf_stored stored;
        int r;

        daf_fake_index_at(index, i, &log, &stored);
        r = number_of(&stored.spot.id);
        held[r] = true;
        bodies[r] = stored.body_state == DAF_BODY_HELD;
    }
}

/* ---- ports of an agent that remembers */

static size_t port_deferred(void *ctx, const struct daf_scope_id *scope,
                            struct daf_tag out[])
{
    const struct session_pair *p = ctx;
    const struct memory *m = &memories[p->number];
    size_t count = 0;

    for (size_t i = 0; i < m->deferred_count; i++) {
        if (memcmp(&m->deferred[i].scope, scope, sizeof(*scope)) == 0)
            out[count++] = m->deferred[i].tag;
    }
    return count;
}

static int peer_of(struct daf_session *s)
{
    for (int d = 0; d < w.devices; d++) {
        if (memcmp(camp->devices[d].device.keys.transport.b,
                   daf_session_peer_key(s)->b, 32) == 0)
            return d;
    }
    fail_msg("a peer that is no device");
    return 0;
}

static bool port_was_equal(void *ctx, struct daf_session *s)
{
    const struct session_pair *p = ctx;
    const struct memory *m = &memories[p->number];

    return m->equal_at[peer_of(s)] == m->changes + 1;
}

static bool port_may_need(void *ctx, struct daf_session *s, uint64_t bodies)
{
    const struct session_pair *p = ctx;
    struct memory *m = &memories[p->number];

    m->peer_bodies = bodies + 1;
    return m->asked_at[peer_of(s)] != bodies + 1;
}

/* ---- what may not be said */

static void (*send_on)(void *ctx, struct daf_session *s, struct daf_view frame);

static bool is_heard(const struct memory *m, struct daf_tag tag)
{
    for (size_t i = 0; i < m->heard_count; i++) {
        if (memcmp(&m->heard[i], &tag, sizeof(tag)) == 0) return true;
    }
    return false;
}

/* R46: a log that the peer deferred is neither wanted nor told. */
static void check_deferred(const struct memory *m, const struct daf_frame *f)
{
    struct daf_cursor c = f->want.logs.items;
    struct daf_want_log want;
    struct daf_item item;

    for (size_t i = 0;
         f->kind == DAF_FRAME_WANT && f->want.kind == DAF_WANT_RECORDS &&
         i < f->want.logs.count;
         i++) {
        daf_frame_next_want(&c, &want);
        assert_false(is_heard(m, want.tag));
    }
    if (f->kind != DAF_FRAME_HEADS ||
        (f->heads.kind != DAF_HEADS_NEWS && f->heads.kind != DAF_HEADS_ANSWER))
        return;
    for (size_t i = 0; i < f->heads.count; i++) {
        memcpy(item.b, f->heads.items.p + i * DAF_ITEM_BYTES, sizeof(item.b));
        assert_false(is_heard(m, daf_sketch_item_tag(&item)));
    }
}

/* R26: the end of a path that is served was checked, or is believed. */
static void check_ends(const struct daf_run *run)
{
    struct daf_cursor c = run->paths.items;

    for (size_t i = 0; i < run->paths.count; i++) {
        struct daf_run_path path;
        struct daf_run_record last;
        struct daf_cursor at;
        struct daf_record r;

        daf_frame_next_path(&c, &run->scope, &path);
        at = path.records.items;
        for (size_t j = 0; j < path.records.count; j++) {
            uint8_t header[DAF_HEADER_BYTES_MAX];

            daf_frame_next_record(&at, &last);
            session_pair_whole(&last, j > 0 ? &r : NULL, header, &r);
        }
        if (path.records.count == 0) continue;
        if (w.records[number_of(&r.id)].bad &&
            !w.records[number_of(&r.id)].believed)
            fail_msg("record %d was served unchecked", number_of(&r.id));
    }
}

static void port_send(void *ctx, struct daf_session *s, struct daf_view frame)
{
    const struct session_pair *p = ctx;
    struct daf_frame f;

    assert_int_equal(daf_frame_decode(frame, &f, NULL), DAF_OK);
    check_deferred(&memories[p->number], &f);
    if (f.kind == DAF_FRAME_RUN && !memories[p->number].is_asked_bodies)
        check_ends(&f.run);
    send_on(ctx, s, frame);
}

/* Before a frame is given to @d. */
static void hear(int d, struct daf_view frame)
{
    struct memory *m = &memories[d];
    struct daf_frame f;

    assert_int_equal(daf_frame_decode(frame, &f, NULL), DAF_OK);
    m->is_asked_bodies = f.kind == DAF_FRAME_NEED;
    if (f.kind != DAF_FRAME_DEFER) return;
    for (size_t i = 0; i < f.defer.tags.len / DAF_TAG_BYTES; i++) {
        if (m->heard_count < DAF_DEFERRED_MAX)
            memcpy(m->heard[m->heard_count++].b,
                   f.defer.tags.p + i * DAF_TAG_BYTES, DAF_TAG_BYTES);
    }
}

/* ---- symbols */

/* Sums and pages are honest; symbols are not (protocol.md R41). */
struct lie {
    enum model_blind how;
    const struct daf_scope_id *scope;
    struct daf_symbol *all;
    size_t count;
};

static bool add_lie(void *ctx, const struct daf_mark *mark)
{
    struct lie *lie = ctx;
    struct daf_item item = daf_sketch_item(mark);

    if (lie->how == MODEL_ALL_EQUAL ||
        (lie->how == MODEL_HALF_BLIND && mark->tag.b[0] % 2 == 0))
        memset(item.b + DAF_TAG_BYTES, 7, sizeof(item.b) - DAF_TAG_BYTES);
    daf_sketch_add(lie->all, lie->count, lie->scope, &item, 1);
    return true;
}

static enum daf_err lying_symbols(void *ctx, const struct daf_scope_id *scope,
                                  size_t start, size_t count,
                                  struct daf_symbol *out)
{
    static struct daf_symbol all[DAF_SYMBOLS_MAX];
    struct lie lie = {MODEL_SEES, scope, all, start + count};
    const struct daf_index *honest = NULL;

    for (int d = 0; d < w.devices; d++) {
        if (indexes[d].ctx != ctx) continue;
        honest = daf_fake_index_view(sides[d]->index);
        lie.how = w.blind[d];
    }
    memset(all, lie.how == MODEL_GARBAGE ? 0x5b : 0, sizeof(all));
    assert_non_null(honest);
    if (lie.how == MODEL_ALL_EQUAL || lie.how == MODEL_HALF_BLIND)
        (void)honest->marks(ctx, scope, NULL, add_lie, &lie);
    memcpy(out, all + start, count * sizeof(*out));
    return DAF_OK;
}

/* ---- beginning */

static void begin_side(int d)
{
    struct session_pair *p = sides[d];
    uint8_t seed[32] = {(uint8_t)d};

    memcpy(seed + 1, &w.seed, sizeof(w.seed));
    session_pair_leave(p);
    daf_rng_init(&p->rng, seed);
    daf_fake_index_free(p->index);
    p->index = daf_fake_index_new();
    indexes[d] = *daf_fake_index_view(p->index);
    if (w.blind[d] != MODEL_SEES) indexes[d].symbols = lying_symbols;
    p->env.index = &indexes[d];
    memset(&p->refusals, 0, sizeof(p->refusals));
    for (int a = 0; a < MODEL_DEVICES_MAX; a++)
        p->is_unknown[a] = a < w.devices && !w.knows[d][a];
    for (int s = 0; s < MODEL_SCOPES; s++)
        camp->devices[d].rights[s] = model_is_coordinator(d) ? DAF_RIGHT_ADMIN
                                     : model_may_write(&w, d, s)
                                         ? DAF_RIGHT_APPEND
                                     : model_may_see(&w, d, s) ? DAF_RIGHT_READ
                                                               : DAF_RIGHT_NONE;
    memset(&memories[d], 0, sizeof(memories[d]));
}

static void write_records(void)
{
    for (int i = 0; i < w.records_count; i++) {
        const struct model_record *r = &w.records[i];
        unsigned at;

        session_pair_write(camp, (size_t)r->author,
                           (enum session_pair_scope)r->scope,
                           (uint64_t)r->incarnation,
                           r->prev == MODEL_NONE ? NULL : &real[r->prev],
                           (uint64_t)i, (size_t)r->len, &real[i]);
        if (r->bad) session_pair_spoil(&real[i]);
        for (at = slot_of(&real[i].r.id); slots[at] != 0;)
            at = (at + 1) % SLOTS;
        slots[at] = i + 1;
    }
}

static void begin(void)
{
    for (int i = 0; i < MODEL_RECORDS_MAX; i++)
        session_pair_record_free(&real[i]);
    memset(slots, 0, sizeof(slots));
    live_count = 0;
    for (int d = 0; d < w.devices; d++)
        begin_side(d);
    write_records();
    model_begin(&w, &st);
}

/* ---- the disk, which defers what is over budget (protocol.md R38) */

/* The set that a device would hold: of this log its ends, of this author in
 * this scope the logs. */
static bool fits(const bool set[], int r)
{
    bool tips[MODEL_RECORDS_MAX], roots[MODEL_RECORDS_MAX];
    size_t tips_count = 0, roots_count = 0, logs = 0;

    model_frontier(&w, set, r, tips, roots);
    for (int i = 0; i < w.records_count; i++) {
        bool is_first = set[i] && w.records[i].author == w.records[r].author &&
                        w.records[i].scope == w.records[r].scope;

        tips_count += tips[i];
        roots_count += roots[i];
        for (int j = 0; is_first && j < i; j++)
            is_first = !set[j] || !model_same_log(&w, i, j);
        logs += is_first;
    }
    return tips_count <= DAF_FRONTIER_MAX && roots_count <= DAF_FRONTIER_MAX &&
           logs <= DAF_INCARNATIONS_MAX;
}

static void defer(int d, const struct session_pair_record *r)
{
    struct memory *m = &memories[d];
    struct daf_tag tag = daf_sketch_tag(&r->r.log);

    for (size_t i = 0; i < m->deferred_count; i++) {
        if (memcmp(&m->deferred[i].tag, &tag, sizeof(tag)) == 0) return;
    }
    assert_in_range(m->deferred_count, 0, DAF_DEFERRED_MAX - 1);
    m->deferred[m->deferred_count].scope = r->r.log.scope;
    m->deferred[m->deferred_count++].tag = tag;
}

/* Takes out of the oldest batch what is over budget. */
static void filter_batch(int d)
{
    struct session_pair_batch *b = sides[d]->batches;
    bool held[MODEL_RECORDS_MAX], bodies[MODEL_RECORDS_MAX];
    size_t before = memories[d].deferred_count, kept = 0;

    look(d, held, bodies);
    for (size_t i = 0; i < b->count; i++) {
        int r = number_of(&b->records[i].r.id);
        bool was_held = held[r];

        held[r] = true;
        if (was_held || fits(held, r)) {
            b->states[kept] = b->states[i];
            b->records[kept++] = b->records[i];
        } else {
            held[r] = false;
            defer(d, &b->records[i]);
            session_pair_record_free(&b->records[i]);
            b->ack_len = 0;
        }
    }
    b->count = kept;
    for (size_t i = before; i < memories[d].deferred_count; i++) {
        if (sides[d]->s != NULL)
            daf_session_deferred(sides[d]->s, &memories[d].deferred[i].scope,
                                 &memories[d].deferred[i].tag, 1);
    }
}

static bool commit(int d)
{
    if (sides[d]->batches == NULL) return false;
    if (w.class == MODEL_TIPS || w.class == MODEL_INCARNATIONS) filter_batch(d);
    return session_pair_commit(sides[d], DAF_OK);
}

/* ---- operations */

static void put(const struct model_op *op)
{
    struct session_pair *p = sides[op->a];
    const struct daf_record *r = &real[op->b].r;

    session_pair_hold(p, &real[op->b], op->c != 0);
    if (w.records[op->b].bad && !w.records[op->b].believed)
        daf_fake_index_unchecked(p->index,
                                 &(struct daf_stretch){r->log, r->seq, r->seq});
    memories[op->a].changes++;
}

static void forget(const struct model_op *op)
{
    const struct daf_record *r = &real[op->b].r;
    struct memory *m = &memories[op->a];

    (void)daf_fake_index_drop(sides[op->a]->index, &r->log,
                              &(struct daf_spot){r->seq, r->id});
    /* An older card knows nothing of later peers. */
    memset(m->asked_at, 0, sizeof(m->asked_at));
    m->changes++;
}

static void learn(const struct model_op *op)
{
    struct memory *m = &memories[op->a];

    sides[op->a]->is_unknown[op->b] = false;
    memset(m->asked_at, 0, sizeof(m->asked_at));
    m->changes++;
}

static void play_live(const struct model_op *op)
{
    struct session_pair *p = sides[op->a];

    if (op->kind == MODEL_LIVE_LEARN) {
        learn(op);
        if (p->s != NULL) daf_session_recheck(p->s, p->now);
        return;
    }
    put(op);
    if (p->s == NULL) return;
    daf_session_news(p->s, p->now, &real[op->b].r.log.scope,
                     op->e ? &real[op->b].r.log : NULL, op->e ? 1 : 0);
}

/* Those that are due after @made steps, or the first of them all. */
static bool play_due(size_t made, bool any)
{
    size_t left = 0;
    bool played = false;

    for (size_t i = 0; i < live_count; i++) {
        bool is_due = (size_t)live[i]->d <= made || (any && !played);

        if (is_due)
            play_live(live[i]);
        else
            live[left++] = live[i];
        played |= is_due;
    }
    live_count = left;
    return played;
}

static bool deliver(int from, int to)
{
    struct daf_view frame;

    if (!session_pair_take(sides[from], &frame)) return false;
    if (daf_session_state(sides[to]->s) == DAF_SESSION_CLOSED) return true;
    hear(to, frame);
    session_pair_give(sides[to], frame);
    return true;
}

static bool happen(const struct model_op *op, size_t what)
{
    switch (what) {
    case 0:
        return deliver(op->a, op->b);
    case 1:
        return deliver(op->b, op->a);
    case 2:
        return commit(op->a);
    default:
        return commit(op->b);
    }
}

static void lose_frames(const struct model_op *op, size_t made)
{
    struct daf_view frame;

    if (op->d == 0 || made < (size_t)op->e) return;
    while (session_pair_take(sides[op->d == 1 ? op->a : op->b], &frame))
        ;
}

/* Until both are silent, or the link is cut.  Whether they came to an end. */
static bool talk(const struct model_op *op, struct daf_rng *order)
{
    size_t made = 0, idle = 0, what = 0;

    while (idle < 4) {
        if (op->c != MODEL_NONE && made >= (size_t)op->c) return false;
        (void)play_due(made, false);
        lose_frames(op, made);
        if (idle == 0) what = daf_rng_below(order, 4);
        if (happen(op, what++ % 4)) {
            idle = 0;
            made++;
        } else if (++idle == 4 && play_due(made, true)) {
            idle = 0;
        }
        if (made >= STEPS_MAX) fail_msg("they never fall silent");
    }
    return op->d == 0;
}

static bool know_each_other(int a, int b)
{
    return !sides[a]->is_unknown[b] && !sides[b]->is_unknown[a];
}

/* Whatever comes from an honest device is within the protocol. */
static void check_refusals(int d)
{
    const struct daf_refusals *r = &sides[d]->refusals;

    for (int err = 0; err < DAF_ERR_COUNT; err++) {
        if (err == DAF_ESIG || err == DAF_EAUTHOR || r->by_err[err] == 0)
            continue;
        fail_msg("device %d counted %s", d, daf_err_str((enum daf_err)err));
    }
    assert_int_equal(r->unknown_frames, 0);
}

/* Of what both may hold, and of authors that both know, both hold the same when
 * nothing broke: one contact is enough. */
static void check_contact(int a, int b)
{
    bool held_a[MODEL_RECORDS_MAX], held_b[MODEL_RECORDS_MAX];
    bool bodies[MODEL_RECORDS_MAX];

    if (w.class == MODEL_RUBBISH || w.class == MODEL_BLIND) return;
    look(a, held_a, bodies);
    look(b, held_b, bodies);
    for (int r = 0; r < w.records_count; r++) {
        int scope = w.records[r].scope, author = w.records[r].author;

        if (held_a[r] == held_b[r] || !model_may_see(&w, a, scope) ||
            !model_may_see(&w, b, scope) || sides[a]->is_unknown[author] ||
            sides[b]->is_unknown[author] || model_is_over(&w, r))
            continue;
        fail_msg("after a contact only one of %d and %d has record %d", a, b,
                 r);
    }
}

static size_t frames_of(const struct session_pair *p)
{
    size_t count = 0;

    for (size_t kind = 0; kind <= DAF_FRAME_ADDRESSES; kind++)
        count += p->said_count[kind];
    return count;
}

/* Beyond HELLO and ROOT; own logs without a copy, and the answer to that, may be
 * said each time (R47). */
static size_t said_beyond_root(const struct session_pair *p)
{
    assert_int_equal(p->said_count[DAF_FRAME_HELLO], 1);
    assert_int_equal(p->said_count[DAF_FRAME_ROOT], 1);
    if (p->said_count[DAF_FRAME_HEADS] > UNACKED_MAX) return SIZE_MAX;
    return frames_of(p) - 2 - p->said_count[DAF_FRAME_HEADS] -
           p->said_count[DAF_FRAME_ACK];
}

static void remember(int d, int peer, bool is_complete)
{
    struct memory *m = &memories[d];

    if (sides[d]->changed > 0 || sides[d]->dropped > 0) m->changes++;
    sides[d]->dropped = 0;
    if (!is_complete) return;
    m->equal_at[peer] = m->changes + 1;
    m->asked_at[peer] = m->peer_bodies;
}

/* Returns whether anybody said more than HELLO and ROOT. */
static bool contact(const struct model_op *op)
{
    uint8_t seed[32] = {0};
    struct daf_rng order;
    bool is_complete, spoke, are_known = know_each_other(op->a, op->b);

    memcpy(seed, &op->f, sizeof(op->f));
    daf_rng_init(&order, seed);
    memories[op->a].heard_count = memories[op->b].heard_count = 0;
    session_pair_meet(sides[op->a], sides[op->b]);
    is_complete = talk(op, &order);
    while (play_due(0, true))
        ;
    if (!are_known) is_complete = false; /* it ended with BYE 6 */
    if (is_complete) {
        assert_true(daf_session_resting(sides[op->a]->s));
        assert_true(daf_session_resting(sides[op->b]->s));
        check_contact(op->a, op->b);
    }
    /* A disk may have taken what it was given, or not. */
    while (daf_rng_below(&order, 3) > 0 && commit(op->a))
        ;
    while (daf_rng_below(&order, 3) > 0 && commit(op->b))
        ;
    spoke = is_complete && (said_beyond_root(sides[op->a]) > 0 ||
                            said_beyond_root(sides[op->b]) > 0);
    remember(op->a, op->b, is_complete);
    remember(op->b, op->a, is_complete);
    check_refusals(op->a);
    check_refusals(op->b);
    session_pair_part(sides[op->a], sides[op->b]);
    return spoke;
}

static void rest(int d)
{
    size_t before = daf_fake_index_count(sides[d]->index);

    session_pair_rest(sides[d]);
    if (daf_fake_index_count(sides[d]->index) != before) memories[d].changes++;
}

/* What was believed is not any more: a bad record is one to be checked. */
static void doubt(int d)
{
    for (int r = 0; r < w.records_count; r++) {
        const struct daf_record *x = &real[r].r;

        if (w.records[r].bad)
            daf_fake_index_unchecked(sides[d]->index,
                                     &(struct daf_stretch){x->log, x->seq,
                                                           x->seq});
    }
}

static void restart(int d)
{
    struct memory *m = &memories[d];

    m->deferred_count = 0;
    memset(m->asked_at, 0, sizeof(m->asked_at));
    memset(m->equal_at, 0, sizeof(m->equal_at));
}

/* Nothing lost: what was put is there.  Nothing from nowhere: what is there
 * could have come. */
static void check_bounds(int d)
{
    bool held[MODEL_RECORDS_MAX], bodies[MODEL_RECORDS_MAX];

    look(d, held, bodies);
    for (int r = 0; r < w.records_count; r++) {
        if (st.sure[d][r] && !held[r])
            fail_msg("device %d lost record %d", d, r);
        if (st.sure_body[d][r] && !bodies[r])
            fail_msg("device %d lost the body of %d", d, r);
        if (held[r] && !st.may[d][r])
            fail_msg("device %d cannot have record %d", d, r);
    }
}

static bool has_good_after(const bool held[], int r)
{
    for (int q = 0; q < w.records_count; q++) {
        int at = q;

        if (!held[q] || w.records[q].bad) continue;
        while (at != MODEL_NONE && at != r)
            at = w.records[at].prev;
        if (at == r) return true;
    }
    return false;
}

/* R26: a record that does not verify came only below one that does, or was put
 * there. */
static void check_vouched(int d)
{
    bool held[MODEL_RECORDS_MAX], bodies[MODEL_RECORDS_MAX];
    bool was_put[MODEL_RECORDS_MAX] = {false};

    look(d, held, bodies);
    for (int i = 0; i < w.ops_count; i++) {
        if ((w.ops[i].kind == MODEL_PUT || w.ops[i].kind == MODEL_LIVE_PUT) &&
            w.ops[i].a == d)
            was_put[w.ops[i].b] = true;
    }
    for (int r = 0; r < w.records_count; r++) {
        int scope = w.records[r].scope;
        bool is_plain = scope == SESSION_PAIR_CONTROL ||
                        scope == SESSION_PAIR_CATALOG; /* checked at once */

        if (held[r] && w.records[r].bad && !was_put[r] &&
            (is_plain || !has_good_after(held, r)))
            fail_msg("device %d took record %d unvouched", d, r);
    }
}

static void play_op(const struct model_op *op)
{
    switch (op->kind) {
    case MODEL_PUT:
        put(op);
        break;
    case MODEL_FORGET:
        forget(op);
        break;
    case MODEL_CONTACT:
        (void)contact(op);
        break;
    case MODEL_LIVE_PUT:
    case MODEL_LIVE_LEARN:
        live[live_count++] = op;
        break;
    case MODEL_CHECK:
        rest(op->a);
        break;
    case MODEL_LEARN:
        learn(op);
        break;
    case MODEL_RESTART:
        restart(op->a);
        break;
    }
}

/* ---- healing */

/* Both know the same authors: else one is offered what it refuses, each time. */
static bool can_be_silent(int a, int b)
{
    for (int i = 0; i < w.devices; i++) {
        if (sides[a]->is_unknown[i] || sides[b]->is_unknown[i]) return false;
    }
    return true;
}

static uint64_t changes_of_all(void)
{
    uint64_t sum = 0;

    for (int d = 0; d < w.devices; d++)
        sum += memories[d].changes;
    return sum;
}

/* What a contact in which nothing breaks may cost, less the ACKs and DEFERs, of
 * which there may be one a log: HELLO and ROOT; in each scope of each side one
 * HEADS of logs without a copy, and at worst three requests for symbols that
 * help nothing, one for a page, and their answers; for each record or body that
 * is new a WANT and its RUN, news or an answer about it, and half of a round
 * that finds nothing more.  The most seen in 4,000 worlds is 49 and 4 for each
 * new record; what this guards against is a number that grows with the store. */
static void check_frames(int a, int b)
{
    size_t changed = (size_t)(sides[a]->changed + sides[b]->changed);
    size_t frames = 0;

    for (int i = 0; i < 2; i++) {
        const struct session_pair *p = sides[i == 0 ? a : b];

        frames += frames_of(p) - p->said_count[DAF_FRAME_ACK] -
                  p->said_count[DAF_FRAME_DEFER];
    }
    if (frames > 4 + (size_t)2 * MODEL_SCOPES * (1 + 8) + 4 * changed)
        fail_msg("%zu frames for %zu records", frames, changed);
}

/* True if somebody spoke who had no reason to. */
static bool heal_pair(int a, int b, int round)
{
    struct model_op op = {.kind = MODEL_CONTACT,
                          .a = round % 2 == 0 ? a : b,
                          .b = round % 2 == 0 ? b : a,
                          .c = MODEL_NONE,
                          .f = round * 100 + a * 10 + b};
    bool spoke = contact(&op);

    check_frames(a, b);
    return spoke && can_be_silent(a, b);
}

static bool heal_round(bool star, int round)
{
    bool spoke = false;

    for (int a = 0; a < (star ? 1 : w.devices); a++)
        for (int b = a + 1; b < w.devices; b++)
            spoke |= heal_pair(a, b, round);
    return spoke;
}

/* Until all pairs are silent and nothing changes. */
static void heal(void)
{
    bool star = w.star;

    for (int round = 0; round < ROUNDS_MAX; round++) {
        uint64_t before = changes_of_all();

        if (heal_round(star, round) || before != changes_of_all()) continue;
        if (!star) return;
        star = false;
    }
    fail_msg("they are never done");
}

/* ---- what came of it */

static void digest_of(int d, uint8_t out[32])
{
    const struct daf_index *index = daf_fake_index_view(sides[d]->index);
    crypto_generichash_state hash;
    static struct daf_head head;

    (void)crypto_generichash_init(&hash, NULL, 0, 32);
    for (int s = 0; s < MODEL_SCOPES; s++) {
        const struct daf_log_key *after = NULL;
        struct daf_log_key last;

        while (index->head_next(index->ctx, &camp->scopes[s], after, &head) ==
               DAF_OK) {
            struct daf_hash digest = daf_frontier_digest(&head);

            (void)crypto_generichash_update(&hash, digest.b, 32);
            last = head.log;
            after = &last;
        }
    }
    (void)crypto_generichash_final(&hash, out, 32);
}

/* Equal by digest if and only if equal by set. */
static void check_digests(void)
{
    bool held[MODEL_DEVICES_MAX][MODEL_RECORDS_MAX], bodies[MODEL_RECORDS_MAX];
    uint8_t digests[MODEL_DEVICES_MAX][32];

    for (int a = 0; a < w.devices; a++) {
        look(a, held[a], bodies);
        digest_of(a, digests[a]);
        for (int b = 0; b < a; b++)
            assert_int_equal(memcmp(held[a], held[b], MODEL_RECORDS_MAX) == 0,
                             memcmp(digests[a], digests[b], 32) == 0);
    }
}

static void check_spots(const struct daf_spot spots[], size_t count,
                        const bool expected[])
{
    size_t wanted = 0;

    for (int r = 0; r < w.records_count; r++)
        wanted += expected[r];
    assert_int_equal(count, wanted);
    for (size_t i = 0; i < count; i++)
        assert_true(expected[number_of(&spots[i].id)]);
}

static void check_log(int d, const bool set[], int of)
{
    const struct daf_index *index = daf_fake_index_view(sides[d]->index);
    bool tips[MODEL_RECORDS_MAX], roots[MODEL_RECORDS_MAX];
    static struct daf_head head;

    model_frontier(&w, set, of, tips, roots);
    assert_int_equal(index->head(index->ctx, &real[of].r.log, &head), DAF_OK);
    check_spots(head.tips, head.tips_count, tips);
    check_spots(head.roots, head.roots_count, roots);
}

static void check_device(int d, const bool alive[], const bool alive_bodies[])
{
    bool held[MODEL_RECORDS_MAX], bodies[MODEL_RECORDS_MAX];
    bool expected[MODEL_RECORDS_MAX];

    look(d, held, bodies);
    model_final(&w, &st, alive, d, expected);
    for (int r = 0; r < w.records_count; r++) {
        bool is_first = expected[r];

        if (model_is_over(&w, r)) continue;
        if (held[r] != expected[r])
            fail_msg("device %d %s record %d", d,
                     held[r] ? "should not hold" : "lacks", r);
        if (expected[r] && bodies[r] != alive_bodies[r])
            fail_msg("device %d %s the body of %d", d,
                     bodies[r] ? "should not have" : "lacks", r);
        for (int q = 0; is_first && q < r; q++)
            is_first = !expected[q] || !model_same_log(&w, q, r);
        if (is_first) check_log(d, expected, r);
    }
}

static bool has_bodies(int d, const struct daf_log_key *log)
{
    bool held[MODEL_RECORDS_MAX], bodies[MODEL_RECORDS_MAX];

    look(d, held, bodies);
    for (int r = 0; r < w.records_count; r++) {
        if (held[r] && !bodies[r] &&
            memcmp(&real[r].r.log, log, sizeof(*log)) == 0)
            return false;
    }
    return true;
}

/* R47: an own log that is whole, and has all its bodies, is known to have copies. */
static void check_acked(int d)
{
    const struct daf_index *index = daf_fake_index_view(sides[d]->index);
    const struct daf_author_id *self = &sides[d]->env.author;
    static struct daf_head head;

    for (int s = 0; s < MODEL_SCOPES; s++) {
        const uint64_t *after = NULL;
        uint64_t last;
        struct daf_mark mark;

        while (index->unacked_next(index->ctx, &camp->scopes[s], self, after,
                                   &mark) == DAF_OK) {
            last = mark.log.incarnation;
            after = &last;
            assert_int_equal(index->head(index->ctx, &mark.log, &head), DAF_OK);
            if (head.tips_count == 1 && head.roots_count == 1 &&
                head.roots[0].seq == 1 && has_bodies(d, &mark.log) &&
                !model_is_over(&w, number_of(&head.roots[0].id)))
                fail_msg("device %d does not know of copies of record %d", d,
                         number_of(&head.roots[0].id));
        }
    }
}

static void find_alive(bool alive[], bool bodies[])
{
    bool h[MODEL_RECORDS_MAX], b[MODEL_RECORDS_MAX];

    memset(alive, 0, MODEL_RECORDS_MAX);
    memset(bodies, 0, MODEL_RECORDS_MAX);
    for (int d = 0; d < w.devices; d++) {
        look(d, h, b);
        for (int r = 0; r < w.records_count; r++) {
            alive[r] |= h[r];
            bodies[r] |= b[r];
        }
    }
}

static void play_world(void)
{
    bool alive[MODEL_RECORDS_MAX], bodies[MODEL_RECORDS_MAX];

    begin();
    for (int i = 0; i < w.ops_count; i++) {
        const struct model_op *op = &w.ops[i];

        play_op(op);
        model_apply(&w, &st, op);
        if (op->kind != MODEL_CONTACT) continue;
        check_bounds(op->a);
        check_bounds(op->b);
    }
    while (play_due(0, true))
        ;
    check_digests();
    find_alive(alive, bodies);
    if (w.class == MODEL_RUBBISH) {
        /* While somebody believes in a bad record, there is no end of it. */
        for (int round = 0; round < 3; round++)
            (void)heal_round(w.star, round);
        for (int d = 0; d < w.devices; d++) {
            check_vouched(d);
            doubt(d);
            rest(d);
        }
    }
    heal();
    for (int d = 0; d < w.devices; d++)
        check_device(d, alive, bodies);
    for (int d = 0; d < w.devices; d++)
        check_acked(d);
    check_digests();
}

/* ---- tests */

static uint64_t first = 1, worlds = WORLDS;
static const char *program;

static void random_worlds_come_to_what_the_model_says(void **state)
{
    (void)state;
    for (uint64_t seed = first; seed < first + worlds; seed++) {
        model_make(&w, seed);
        play_world();
    }
    w.seed = 0;
}

/* ---- worlds of another hand */

static int int_at(const json_t *array, size_t at)
{
    assert_true(at < json_array_size(array));
    return (int)json_integer_value(json_array_get(array, at));
}

static const json_t *list_of(const json_t *world, const char *name)
{
    const json_t *list = json_object_get(world, name);

    assert_true(json_is_array(list));
    return list;
}

static bool bool_at(const json_t *array, size_t at)
{
    return json_is_true(json_array_get(array, at));
}

static void read_devices(const json_t *world)
{
    w.class = (int)json_integer_value(json_object_get(world, "class"));
    w.devices = (int)json_integer_value(json_object_get(world, "devices"));
    w.star = json_is_true(json_object_get(world, "star"));
    assert_in_range(w.devices, 2, MODEL_DEVICES_MAX);
    for (int d = 0; d < w.devices; d++) {
        w.sees_class[d] = bool_at(list_of(world, "sees_class"), (size_t)d);
        w.blind[d] =
            (enum model_blind)int_at(list_of(world, "blind"), (size_t)d);
        for (int a = 0; a < w.devices; a++)
            w.knows[d][a] =
                bool_at(json_array_get(list_of(world, "knows"), (size_t)d),
                        (size_t)a);
    }
}

static void read_world(const json_t *world)
{
    const json_t *records = list_of(world, "records");
    const json_t *ops = list_of(world, "ops");

    memset(&w, 0, sizeof(w));
    read_devices(world);
    w.records_count = (int)json_array_size(records);
    w.ops_count = (int)json_array_size(ops);
    assert_in_range(w.records_count, 1, MODEL_RECORDS_MAX);
    assert_in_range(w.ops_count, 1, MODEL_OPS_MAX);
    for (int i = 0; i < w.records_count; i++) {
        const json_t *r = json_array_get(records, (size_t)i);
        int prev = int_at(r, 3);

        assert_in_range(prev + 1, 0, i);
        w.records[i] =
            (struct model_record){.author = int_at(r, 0),
                                  .scope = int_at(r, 1),
                                  .incarnation = int_at(r, 2),
                                  .prev = prev,
                                  .seq = prev == MODEL_NONE
                                             ? 1
                                             : w.records[prev].seq + 1,
                                  .len = int_at(r, 4),
                                  .bad = int_at(r, 5) != 0};
    }
    for (int i = 0; i < w.ops_count; i++) {
        const json_t *op = json_array_get(ops, (size_t)i);

        w.ops[i] = (struct model_op){(enum model_kind)int_at(op, 0),
                                     int_at(op, 1),
                                     int_at(op, 2),
                                     int_at(op, 3),
                                     int_at(op, 4),
                                     int_at(op, 5),
                                     int_at(op, 6)};
    }
}

static void read_set(const json_t *list, bool out[])
{
    memset(out, 0, MODEL_RECORDS_MAX);
    for (size_t i = 0; i < json_array_size(list); i++) {
        assert_in_range(int_at(list, i), 0, w.records_count - 1);
        out[int_at(list, i)] = true;
    }
}

/* What the file says of a device, beside what the device holds. */
static void check_told(const json_t *world, int d)
{
    bool held[MODEL_RECORDS_MAX], bodies[MODEL_RECORDS_MAX];
    bool final[MODEL_RECORDS_MAX], with[MODEL_RECORDS_MAX];
    bool over[MODEL_RECORDS_MAX];

    look(d, held, bodies);
    read_set(json_array_get(list_of(world, "final"), (size_t)d), final);
    read_set(list_of(world, "bodies"), with);
    read_set(list_of(world, "over"), over);
    for (int r = 0; r < w.records_count; r++) {
        assert_int_equal(over[r], model_is_over(&w, r));
        if (over[r]) continue;
        assert_int_equal(held[r], final[r]);
        assert_int_equal(bodies[r], final[r] && with[r]);
    }
}

/* Tips and roots of device 0, and of the model. */
static void check_told_log(const json_t *world, const json_t *log)
{
    const struct daf_index *index = daf_fake_index_view(sides[0]->index);
    bool tips[MODEL_RECORDS_MAX], roots[MODEL_RECORDS_MAX];
    bool set[MODEL_RECORDS_MAX], mine[2][MODEL_RECORDS_MAX];
    static struct daf_head head;
    int of = int_at(log, 0);

    if (model_is_over(&w, of)) return;
    read_set(json_array_get(list_of(world, "final"), 0), set);
    read_set(json_array_get(log, 1), tips);
    read_set(json_array_get(log, 2), roots);
    model_frontier(&w, set, of, mine[0], mine[1]);
    assert_memory_equal(mine[0], tips, sizeof(tips));
    assert_memory_equal(mine[1], roots, sizeof(roots));
    assert_int_equal(index->head(index->ctx, &real[of].r.log, &head), DAF_OK);
    check_spots(head.tips, head.tips_count, tips);
    check_spots(head.roots, head.roots_count, roots);
}

static void worlds_of_another_hand_come_to_what_they_say(void **state)
{
    json_t *all =
        json_load_file(DAF_SOURCE_DIR "/tests/vectors/worlds.json", 0, NULL);

    (void)state;
    assert_true(json_array_size(all) > 20);
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *world = json_array_get(all, i);
        const json_t *logs = list_of(world, "logs");

        read_world(world);
        play_world();
        for (int d = 0; d < w.devices; d++)
            check_told(world, d);
        for (size_t j = 0; j < json_array_size(logs); j++)
            check_told_log(world, json_array_get(logs, j));
    }
    json_decref(all);
}

static void this_world(void **state)
{
    (void)state;
    play_world();
}

static int name_world(void **state)
{
    (void)state;
    if (w.seed != 0)
        fprintf(stderr, "replay it: %s --world %" PRIu64 " (class %d)\n",
                program, w.seed, w.class);
    return 0;
}

static int open_camp(void **state)
{
    (void)state;
    camp = session_pair_camp_new(MODEL_DEVICES_MAX);
    for (int d = 0; d < MODEL_DEVICES_MAX; d++) {
        sides[d] = session_pair_new(camp, (size_t)d);
        send_on = sides[d]->port.send;
        sides[d]->port.send = port_send;
        sides[d]->port.deferred = port_deferred;
        sides[d]->port.was_equal = port_was_equal;
        sides[d]->port.may_need = port_may_need;
    }
    return 0;
}

/* ---- shrinking */

static const char *const words[] = {"put",      "forget",     "contact",
                                    "live put", "live learn", "check",
                                    "learn",    "restart"};

static void print_world(void)
{
    printf("world %" PRIu64 " (class %d), %d devices, %s\n", w.seed, w.class,
           w.devices, w.star ? "star" : "each with each");
    for (int i = 0; i < w.ops_count; i++) {
        const struct model_op *op = &w.ops[i];

        printf("%-10s %d %d %d %d %d %d", words[op->kind], op->a, op->b, op->c,
               op->d, op->e, op->f);
        if (op->kind == MODEL_PUT || op->kind == MODEL_LIVE_PUT) {
            const struct model_record *r = &w.records[op->b];

            printf("   author %d scope %d.%d seq %d after %d%s", r->author,
                   r->scope, r->incarnation, r->seq, r->prev,
                   r->bad ? " bad" : "");
        }
        printf("\n");
    }
}

/* Played in a child, for a failure ends it. */
static bool still_fails(void)
{
    pid_t child;
    int status;

    (void)fflush(stdout);
    child = fork();
    if (child < 0) return false;
    if (child == 0) {
        const struct CMUnitTest one[] = {cmocka_unit_test(this_world)};

        if (freopen("/dev/null", "w", stdout) == NULL ||
            freopen("/dev/null", "w", stderr) == NULL)
            _exit(0);
        _exit(cmocka_run_group_tests(one, open_camp, NULL) == 0 ? 0 : 1);
    }
    if (waitpid(child, &status, 0) != child) return false;
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static int shrink(uint64_t seed)
{
    static struct model_world smaller;

    model_make(&w, seed);
    if (!still_fails()) {
        printf("world %" PRIu64 " does not fail\n", seed);
        return 0;
    }
    for (int len = w.ops_count / 2; len > 0; len = len > 1 ? len / 2 : 0) {
        for (int at = 0; at + len <= w.ops_count;) {
            smaller = w;
            memmove(w.ops + at, w.ops + at + len,
                    (size_t)(w.ops_count - at - len) * sizeof(w.ops[0]));
            w.ops_count -= len;
            if (still_fails()) continue;
            w = smaller;
            at += len;
        }
    }
    print_world();
    return 1;
}

static int close_camp(void **state)
{
    (void)state;
    for (int d = 0; d < MODEL_DEVICES_MAX; d++)
        session_pair_free(sides[d]);
    for (int i = 0; i < MODEL_RECORDS_MAX; i++)
        session_pair_record_free(&real[i]);
    session_pair_camp_free(camp);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worlds_of_another_hand_come_to_what_they_say),
        cmocka_unit_test_teardown(random_worlds_come_to_what_the_model_says,
                                  name_world),
    };

    program = argv[0];
    if (argc > 2) {
        uint64_t n = strtoull(argv[2], NULL, 10);

        if (strcmp(argv[1], "--long") == 0) worlds = n;
        if (strcmp(argv[1], "--shrink") == 0) return shrink(n);
        if (strcmp(argv[1], "--world") == 0) {
            first = n;
            worlds = 1;
        }
    }
    return cmocka_run_group_tests(tests, open_camp, close_camp);
}
