/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/session_pair.h"

#include <sodium.h>
#include <stdlib.h>

#include "proto/body.h"
#include "proto/brief.h"
#include "proto/hash.h"
#include "tests/lib/t.h"

#define STEPS_MAX 100000 /* an honest talk of a test is shorter */

static void *make(size_t len)
{
    void *p = calloc(1, len);

    assert_non_null(p);
    return p;
}

static uint8_t *copy(const uint8_t *p, size_t len)
{
    uint8_t *to = make(len + 1);

    if (len > 0) memcpy(to, p, len);
    return to;
}

/* ---- the camp */

static void make_device(struct session_pair_device *d, uint32_t number)
{
    struct daf_device_keys *keys = &d->device.keys;
    uint8_t seed[32] = {1};

    memcpy(seed + 1, &number, sizeof(number));
    crypto_sign_seed_keypair(keys->sign.b, d->sign.b, seed);
    seed[0] = 2;
    memcpy(keys->transport.b, seed, sizeof(seed)); /* never used to encrypt */
    seed[0] = 3;
    memcpy(keys->seal.b, seed, sizeof(seed));
    d->device.author = daf_hash_author_id(&keys->sign);
    for (size_t i = 0; i < SESSION_PAIR_SCOPES; i++)
        d->rights[i] = number == 0 ? DAF_RIGHT_ADMIN : DAF_RIGHT_READ;
    if (number == 0) return;
    d->rights[SESSION_PAIR_CAMP] = DAF_RIGHT_APPEND;
    d->rights[SESSION_PAIR_CLASS] = DAF_RIGHT_APPEND;
}

struct session_pair_camp *session_pair_camp_new(size_t count)
{
    struct session_pair_camp *camp = make(sizeof(*camp));

    assert_true(sodium_init() >= 0);
    memset(camp->id.b, 0xca, sizeof(camp->id.b));
    for (size_t i = 0; i < SESSION_PAIR_SCOPES; i++)
        memset(camp->scopes[i].b, 0x10 + (int)i, sizeof(camp->scopes[i].b));
    camp->count = count;
    camp->devices = make(count * sizeof(camp->devices[0]));
    for (size_t i = 0; i < count; i++)
        make_device(&camp->devices[i], (uint32_t)i);
    return camp;
}

void session_pair_camp_free(struct session_pair_camp *camp)
{
    if (camp == NULL) return;
    free(camp->devices);
    free(camp);
}

/* ---- records */

static void make_body(struct session_pair_record *out, bool is_sealed,
                      size_t len)
{
    uint8_t prefix[DAF_HEADER_BYTES_MAX];
    struct daf_body_seal seal = {.aad = {prefix, 0}};
    uint8_t *payload = make(len + 1);
    enum daf_err err;

    memset(payload, 0x5a, len);
    out->body = make(len + 256);
    seal.aad.len = daf_record_prefix(&out->r, prefix);
    seal.payload = (struct daf_view){payload, len};
    if (is_sealed)
        err = daf_body_seal(&seal, out->body, len + 256, &out->body_len);
    else
        err =
            daf_body_plain(seal.payload, out->body, len + 256, &out->body_len);
    assert_int_equal(err, DAF_OK);
    free(payload);
}

void session_pair_write(const struct session_pair_camp *camp, size_t number,
                        enum session_pair_scope scope, uint64_t incarnation,
                        const struct session_pair_record *prev, uint64_t salt,
                        size_t len, struct session_pair_record *out)
{
    struct session_pair_record made = {
        .r = {.log = {camp->scopes[scope], camp->devices[number].device.author,
                      incarnation},
              .seq = 1,
              .claimed_ms = salt,
              .retention = DAF_RETENTION_PROGRESS}};

    if (prev != NULL) {
        made.r.seq = prev->r.seq + 1;
        made.r.prev = prev->r.id;
    }
    make_body(&made, scope == SESSION_PAIR_CAMP || scope == SESSION_PAIR_CLASS,
              len);
    made.r.body_len = (uint32_t)made.body_len;
    made.r.body_hash =
        daf_body_hash((struct daf_view){made.body, made.body_len});
    made.header_len =
        daf_record_sign(&made.r, &camp->devices[number].sign, made.header);
    *out = made;
}

void session_pair_spoil(struct session_pair_record *record)
{
    /* The signature is the last thing in a header. */
    record->header[record->header_len - 1] ^= 1;
    assert_int_equal(daf_record_decode((struct daf_view){record->header,
                                                         record->header_len},
                                       &record->r),
                     DAF_OK);
    record->r.ext = (struct daf_view){0};
}

void session_pair_record_free(struct session_pair_record *record)
{
    free(record->body);
    record->body = NULL;
}

/* ---- who may do what */

static const struct session_pair_device *find_device(
    const struct session_pair *p, const struct daf_author_id *author)
{
    for (size_t i = 0; i < p->camp->count; i++) {
        const struct session_pair_device *d = &p->camp->devices[i];

        if (memcmp(d->device.author.b, author->b, sizeof(author->b)) == 0)
            return p->is_unknown[i] ? NULL : d;
    }
    return NULL;
}

static bool by_author(void *ctx, const struct daf_author_id *author,
                      struct daf_device *out)
{
    const struct session_pair_device *d = find_device(ctx, author);

    if (d != NULL) *out = d->device;
    return d != NULL;
}

static bool by_transport(void *ctx, const struct daf_box_pk *key,
                         struct daf_device *out)
{
    const struct session_pair *p = ctx;

    for (size_t i = 0; i < p->camp->count; i++) {
        const struct daf_device *d = &p->camp->devices[i].device;

        if (memcmp(d->keys.transport.b, key->b, sizeof(key->b)) == 0)
            return by_author(ctx, &d->author, out);
    }
    return false;
}

static enum daf_right right(void *ctx, const struct daf_author_id *author,
                            const struct daf_scope_id *scope)
{
    const struct session_pair *p = ctx;
    const struct session_pair_device *d = find_device(p, author);

    for (size_t i = 0; d != NULL && i < SESSION_PAIR_SCOPES; i++) {
        if (memcmp(p->camp->scopes[i].b, scope->b, sizeof(scope->b)) == 0)
            return d->rights[i];
    }
    return DAF_RIGHT_NONE;
}

static size_t scopes(void *ctx, const struct daf_author_id *author,
                     struct daf_scope_id out[])
{
    const struct session_pair *p = ctx;
    const struct session_pair_device *d = find_device(p, author);
    size_t count = 0;

    if (d == NULL) return 0;
    out[count++] = p->camp->scopes[SESSION_PAIR_CONTROL];
    for (size_t i = 0; i < SESSION_PAIR_CONTROL; i++) {
        if (d->rights[i] >= DAF_RIGHT_RELAY) out[count++] = p->camp->scopes[i];
    }
    return count;
}

/* ---- the port */

static void port_send(void *ctx, struct daf_session *s, struct daf_view frame)
{
    struct session_pair *p = ctx;
    struct session_pair_frame *f = make(sizeof(*f) + frame.len);
    struct daf_frame decoded;

    assert_ptr_equal(s, p->s);
    assert_true(daf_session_state(s) != DAF_SESSION_CLOSED);
    f->len = frame.len;
    memcpy(f->bytes, frame.p, frame.len);
    *p->said_end = f;
    p->said_end = &f->next;
    /* Whatever we say is well formed. */
    assert_int_equal(daf_frame_decode(frame, &decoded, NULL), DAF_OK);
    assert_in_range(decoded.kind, DAF_FRAME_HELLO, DAF_FRAME_ADDRESSES);
    p->said_count[decoded.kind]++;
}

static void port_store_begin(void *ctx, struct daf_session *s)
{
    struct session_pair *p = ctx;
    struct session_pair_batch *b = make(sizeof(*b));

    (void)s;
    *p->batches_end = b;
}

static void port_store_keep(void *ctx, struct daf_session *s,
                            const struct daf_record *r, struct daf_view header,
                            enum daf_body_state state, struct daf_view body)
{
    struct session_pair *p = ctx;
    struct session_pair_batch *b = *p->batches_end;
    struct session_pair_record *to;

    (void)s;
    assert_non_null(b);
    assert_int_equal(body.len, state == DAF_BODY_HELD ? r->body_len : 0);
    b->records = realloc(b->records, (b->count + 1) * sizeof(b->records[0]));
    b->states = realloc(b->states, (b->count + 1) * sizeof(b->states[0]));
    assert_non_null(b->records);
    assert_non_null(b->states);
    to = &b->records[b->count];
    memset(to, 0, sizeof(*to));
    to->r = *r;
    to->r.ext = (struct daf_view){0};
    memcpy(to->header, header.p, header.len);
    to->header_len = header.len;
    to->body = copy(body.p, body.len);
    to->body_len = body.len;
    b->states[b->count++] = state;
    p->kept++;
}

static void port_store_end(void *ctx, struct daf_session *s,
                           struct daf_view ack)
{
    struct session_pair *p = ctx;
    struct session_pair_batch *b = *p->batches_end;

    (void)s;
    assert_non_null(b);
    assert_true(b->count > 0);
    b->ack = copy(ack.p, ack.len);
    b->ack_len = ack.len;
    p->batches_end = &b->next;
}

static void port_acked(void *ctx, struct daf_session *s,
                       const struct daf_ack_path *path)
{
    struct session_pair *p = ctx;

    (void)s;
    p->acked_count++;
    p->acked = *path;
    /* From the first record on; what leaves a gap changes nothing here. */
    if (path->seq_first == 1)
        daf_fake_index_acked(p->index, &path->log, path->last.seq);
}

static void port_addresses(void *ctx, struct daf_session *s,
                           const struct daf_addresses *addresses)
{
    struct session_pair *p = ctx;

    (void)s;
    (void)addresses;
    p->addresses_count++;
}

static void port_content(void *ctx, struct daf_session *s,
                         const struct daf_frame *frame)
{
    struct session_pair *p = ctx;

    (void)s;
    (void)frame;
    p->content_count++;
}

static void port_store_unchecked(void *ctx, struct daf_session *s,
                                 const struct daf_stretch *what)
{
    struct session_pair *p = ctx;
    struct session_pair_batch *b = *p->batches_end;

    (void)s;
    assert_non_null(b);
    assert_in_range(what->first, 1, what->last);
    b->unchecked = realloc(b->unchecked,
                           (b->unchecked_count + 1) * sizeof(b->unchecked[0]));
    assert_non_null(b->unchecked);
    b->unchecked[b->unchecked_count++] = *what;
}

static void port_drop(void *ctx, struct daf_session *s,
                      const struct daf_log_key *log,
                      const struct daf_spot *spot)
{
    struct session_pair *p = ctx;

    (void)s;
    assert_null(*p->batches_end);
    p->dropped += daf_fake_index_drop(p->index, log, spot);
}

static void *port_room(void *ctx, struct daf_session *s, void *old, size_t size)
{
    struct session_pair *p = ctx;

    (void)s;
    if (old == NULL) p->rooms++;
    if (size == 0) {
        assert_non_null(old);
        free(old);
        p->rooms--;
        return NULL;
    }
    if (p->has_no_room) {
        if (old == NULL) p->rooms--;
        return NULL;
    }
    old = realloc(old, size);
    assert_non_null(old);
    return old;
}

static bool port_claim(void *ctx, struct daf_session *s,
                       const struct daf_tag *tag, bool force)
{
    struct session_pair *p = ctx;

    (void)s;
    (void)tag;
    p->forced += force;
    return force || !p->claims_fail;
}

static void port_release(void *ctx, struct daf_session *s)
{
    (void)ctx;
    (void)s;
}

static bool port_is_suspect(void *ctx, const struct daf_author_id *author)
{
    const struct session_pair *p = ctx;

    (void)author;
    return p->suspects_all;
}

static size_t port_deferred(void *ctx, const struct daf_scope_id *scope,
                            struct daf_tag out[])
{
    struct session_pair *p = ctx;

    (void)scope;
    memcpy(out, p->deferred, p->deferred_count * sizeof(out[0]));
    return p->deferred_count;
}

static bool port_was_equal(void *ctx, struct daf_session *s)
{
    struct session_pair *p = ctx;

    (void)s;
    return p->was_equal;
}

static bool port_may_need(void *ctx, struct daf_session *s, uint64_t bodies)
{
    struct session_pair *p = ctx;

    (void)s;
    (void)bodies;
    return !p->needs_nothing;
}

static bool port_proven(void *ctx, struct daf_session *s, enum daf_bye *out_why)
{
    struct session_pair *p = ctx;

    (void)s;
    *out_why = DAF_BYE_DUPLICATE;
    return !p->refuses;
}

static void port_closed(void *ctx, struct daf_session *s, enum daf_err why)
{
    struct session_pair *p = ctx;

    assert_int_equal(daf_session_state(s), DAF_SESSION_CLOSED);
    p->closed_count++;
    p->closed_why = why;
}

/* ---- one side */

struct session_pair *session_pair_new(struct session_pair_camp *camp,
                                      size_t number)
{
    struct session_pair *p = make(sizeof(*p));
    const struct session_pair_device *own = &camp->devices[number];
    uint8_t seed[32] = {(uint8_t)number, (uint8_t)(number >> 8), 77};

    p->camp = camp;
    p->number = number;
    p->index = daf_fake_index_new();
    p->is_unknown = make(camp->count * sizeof(p->is_unknown[0]));
    p->now.ms = 5000;
    p->said_end = &p->said;
    p->batches_end = &p->batches;
    daf_rng_init(&p->rng, seed);
    p->authority =
        (struct daf_authority){.ctx = p,
                               .control = camp->scopes[SESSION_PAIR_CONTROL],
                               .catalog = camp->scopes[SESSION_PAIR_CATALOG],
                               .by_transport = by_transport,
                               .by_author = by_author,
                               .right = right,
                               .scopes = scopes};
    p->port = (struct daf_session_port){.ctx = p,
                                        .send = port_send,
                                        .store_begin = port_store_begin,
                                        .store_keep = port_store_keep,
                                        .store_end = port_store_end,
                                        .acked = port_acked,
                                        .addresses = port_addresses,
                                        .content = port_content,
                                        .proven = port_proven,
                                        .closed = port_closed,
                                        .store_unchecked = port_store_unchecked,
                                        .drop = port_drop,
                                        .room = port_room,
                                        .claim = port_claim,
                                        .release = port_release,
                                        .is_suspect = port_is_suspect,
                                        .deferred = port_deferred,
                                        .was_equal = port_was_equal,
                                        .may_need = port_may_need};
    p->env = (struct daf_session_env){.index = daf_fake_index_view(p->index),
                                      .authority = &p->authority,
                                      .port = &p->port,
                                      .rng = &p->rng,
                                      .refusals = &p->refusals,
                                      .camp = camp->id,
                                      .author = own->device.author,
                                      .sign_sk = &own->sign,
                                      .transport = own->device.keys.transport,
                                      .manifest_number = 1,
                                      .frame = p->frame,
                                      .frame2 = p->frame2,
                                      .head_a = &p->head_a,
                                      .items = p->items,
                                      .symbols = p->symbols,
                                      .symbols2 = p->symbols2,
                                      .differences = p->differences,
                                      .records = p->records};
    daf_rng_bytes(&p->rng, p->env.boot, sizeof(p->env.boot));
    return p;
}

void session_pair_free(struct session_pair *p)
{
    if (p == NULL) return;
    session_pair_leave(p);
    assert_int_equal(p->rooms, 0);
    daf_fake_index_free(p->index);
    free(p->is_unknown);
    free(p);
}

void session_pair_hold(struct session_pair *p,
                       const struct session_pair_record *record, bool with_body)
{
    struct daf_view body = {record->body, record->body_len};

    (void)daf_fake_index_put(p->index, &record->r,
                             (struct daf_view){record->header,
                                               record->header_len},
                             with_body ? DAF_BODY_HELD : DAF_BODY_ABSENT,
                             with_body ? body : (struct daf_view){0});
}

bool session_pair_holds(const struct session_pair *p,
                        const struct session_pair_record *record)
{
    const struct daf_index *index = daf_fake_index_view(p->index);
    const struct daf_spot spot = {record->r.seq, record->r.id};
    struct daf_stored out;

    return index->get(index->ctx, &record->r.log, &spot, &out) == DAF_OK;
}

void session_pair_whole(struct daf_run_record *got,
                        const struct daf_record *before, uint8_t *room,
                        struct daf_record *out)
{
    if (daf_brief_is(got->header)) {
        assert_non_null(before);
        assert_int_equal(daf_brief_restore(got->header, before, got->body, room,
                                           &got->header.len),
                         DAF_OK);
        got->header.p = room;
    }
    assert_int_equal(daf_record_decode(got->header, out), DAF_OK);
}

void session_pair_rest(struct session_pair *p)
{
    const struct daf_index *index = daf_fake_index_view(p->index);
    struct daf_stretch stretch;

    while (index->unchecked_next(index->ctx, &stretch) == DAF_OK) {
        struct daf_spot at = {.seq = stretch.first};
        struct daf_stored stored;
        struct daf_record r;
        bool is_bad = false;

        while (!is_bad &&
               index->at_or_after(index->ctx, &stretch.log, &at, &stored) ==
                   DAF_OK &&
               stored.spot.seq <= stretch.last) {
            at = stored.spot;
            is_bad = daf_authority_accept(&p->authority, stored.header, &r) ==
                     DAF_ESIG;
            if (is_bad) (void)daf_fake_index_drop(p->index, &stretch.log, &at);
            for (size_t i = 32; i > 0 && ++at.id.b[i - 1] == 0; i--)
                ;
        }
        if (!is_bad) daf_fake_index_checked(p->index, &stretch);
    }
}

void session_pair_join(struct session_pair *p, const struct session_pair *peer,
                       bool is_connector)
{
    assert_null(p->s);
    memset(p->said_count, 0, sizeof(p->said_count));
    p->kept = p->changed = 0;
    p->acked_count = p->closed_count = 0;
    p->closed_why = DAF_OK;
    p->s = daf_session_init(make(daf_session_size()), &p->env, 7,
                            &peer->env.transport, is_connector);
    daf_session_set_role(p->s, p->role);
    daf_session_start(p->s, p->now);
}

void session_pair_meet(struct session_pair *a, struct session_pair *b)
{
    session_pair_join(a, b, true);
    session_pair_join(b, a, false);
}

static void drop_batch(struct session_pair *p)
{
    struct session_pair_batch *b = p->batches;

    p->batches = b->next;
    if (p->batches == NULL) p->batches_end = &p->batches;
    for (size_t i = 0; i < b->count; i++)
        free(b->records[i].body);
    free(b->records);
    free(b->states);
    free(b->unchecked);
    free(b->ack);
    free(b);
}

void session_pair_leave(struct session_pair *p)
{
    struct daf_view frame;

    if (p->s != NULL) {
        daf_session_lost(p->s);
        daf_session_deinit(p->s);
        free(p->s);
        p->s = NULL;
    }
    while (session_pair_take(p, &frame))
        ;
    free(p->lent);
    p->lent = NULL;
    while (p->batches != NULL)
        drop_batch(p);
}

void session_pair_part(struct session_pair *a, struct session_pair *b)
{
    session_pair_leave(a);
    session_pair_leave(b);
}

/* ---- one step at a time */

bool session_pair_take(struct session_pair *p, struct daf_view *out)
{
    if (p->said == NULL) return false;
    free(p->lent);
    p->lent = p->said;
    p->said = p->lent->next;
    if (p->said == NULL) p->said_end = &p->said;
    *out = (struct daf_view){p->lent->bytes, p->lent->len};
    return true;
}

void session_pair_give(struct session_pair *p, struct daf_view frame)
{
    /* A copy that ends with the frame, so that a sanitizer sees its end. */
    uint8_t *bytes = copy(frame.p, frame.len);

    daf_session_frame(p->s, p->now, (struct daf_view){bytes, frame.len});
    free(bytes);
}

bool session_pair_commit(struct session_pair *p, enum daf_err err)
{
    struct session_pair_batch *b = p->batches;
    uint64_t changed = 0;

    if (b == NULL) return false;
    for (size_t i = 0; err == DAF_OK && i < b->count; i++) {
        const struct session_pair_record *r = &b->records[i];
        struct daf_view body = {r->body, r->body_len};

        changed +=
            daf_fake_index_put(p->index, &r->r,
                               (struct daf_view){r->header, r->header_len},
                               b->states[i], body);
    }
    for (size_t i = 0; err == DAF_OK && i < b->unchecked_count; i++)
        daf_fake_index_unchecked(p->index, &b->unchecked[i]);
    p->changed += changed;
    if (p->s != NULL)
        daf_session_stored(p->s, p->now, err, changed,
                           (struct daf_view){b->ack, b->ack_len});
    drop_batch(p);
    return true;
}

static bool deliver(struct session_pair *from, struct session_pair *to)
{
    struct daf_view frame;

    if (!session_pair_take(from, &frame)) return false;
    if (daf_session_state(to->s) != DAF_SESSION_CLOSED)
        session_pair_give(to, frame);
    return true;
}

/* One of the four things that can happen next; false if it cannot. */
static bool happen(struct session_pair *a, struct session_pair *b, size_t what)
{
    switch (what) {
    case 0:
        return deliver(a, b);
    case 1:
        return deliver(b, a);
    case 2:
        return session_pair_commit(a, DAF_OK);
    default:
        return session_pair_commit(b, DAF_OK);
    }
}

size_t session_pair_talk(struct session_pair *a, struct session_pair *b,
                         struct daf_rng *order, size_t steps)
{
    size_t made = 0, idle = 0, what = 0;

    while (made < steps && idle < 4) {
        if (idle == 0 && order != NULL) what = daf_rng_below(order, 4);
        if (happen(a, b, what % 4)) {
            idle = 0;
            made++;
        } else {
            idle++;
        }
        what++;
        if (made >= STEPS_MAX) fail_msg("they never fall silent");
    }
    return made;
}
