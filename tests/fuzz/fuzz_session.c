/* SPDX-License-Identifier: Apache-2.0 */

/* A session whose peer is a member of the camp and hostile: it proves itself,
 * since it has the key, and then says and causes what the input says.
 *
 * The input is a byte of settings, then steps: an operation and what it needs.
 * Frames come raw, or built of items that name what exists (a scope, a record's
 * id, its header) so that they pass the decoder, or from a real session on the
 * peer's side, as it says them or with bytes changed.  Nothing here knows how a
 * frame is laid out but ACK's list.
 *
 * What must hold: the calls on the port are in order; whatever is said decodes,
 * and is bounded; whatever is kept is its author's and of a common scope, and
 * verifies, or is said not to be verified and followed by what is kept too; what
 * is dropped does not verify; ACK names what is held; and all that is said and done is the same
 * whether or not this side holds records of a scope that is not common.
 *
 * DAF_FUZZ_SEEDS=FOLDER: writes the corpus, honest talk, and ends. */

#include "tests/fuzz/fuzz.h"

#include "proto/body.h"
#include "proto/hash.h"
#include "proto/sketch.h"
#include "tests/lib/session_pair.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define DEVICES   5
#define STEPS_MAX 256
/* One answer is the credit, give or take a record, each with some 40 bytes
 * around its 260 or more; and one frame that was begun. */
#define SAID_MAX                                                             \
    (DAF_CREDIT_BYTES_MAX + DAF_CREDIT_BYTES_MAX / 4 + DAF_FRAME_BYTES_MAX + \
     DAF_BODY_BYTES_MAX)

enum { COORDINATOR, OURS, PEER, AUTHOR, STRANGER }; /* devices */

enum setting {
    SET_CONNECTS = 1,  /* this side connects */
    SET_HOLDS = 2,     /* it holds the first records */
    SET_HOLDS_ALL = 4, /* it holds all that it may */
    SET_EMPTY = 8,     /* the peer holds nothing */
    SET_FAILS = 16,    /* reads may fail */
    SET_GREETS = 32,   /* the input begins at HELLO */
    SET_LARGE = 64,    /* it holds more than one RUN takes */
    SET_MANY = 128,    /* both hold many logs, of which some differ */
};

enum op {            /* a step's first byte, modulo OPS */
          OP_HONEST, /* what the peer's own session says next */
          OP_COMMIT,
          OP_BUILT,   /* length u16, items */
          OP_RAW,     /* length u16, bytes */
          OP_CHANGED, /* place u16, mask: as honest, with a byte changed */
          OP_TIMER,   /* seconds u8 */
          OP_FAILED,  /* error u8: a commit that fails */
          OP_NEWS,    /* which u8 */
          OP_RECHECK,
          OP_READS, /* how many go well, u8 */
          OP_END,   /* reason u8 */
          OP_POKE, /* mood u8, a bit each: other sessions have all logs in hand;
                       no bodies are to be asked for; there is no memory */
          OP_DEFER, /* which u8: its log is over budget in the next commit */
          OPS,
};

enum item {             /* the high half of an item's byte; the low half is n */
            ITEM_SMALL, /* the number n */
            ITEM_NUMBER,  /* n bytes follow, big endian */
            ITEM_SIMPLE,  /* nil, false, true */
            ITEM_SCOPE,   /* n is which */
            ITEM_AUTHOR,  /* n is which */
            ITEM_ID,      /* which u8: a record's */
            ITEM_HEADER,  /* which u8 */
            ITEM_BODY,    /* which u8 */
            ITEM_ARRAY,   /* of n */
            ITEM_ARRAY16, /* count u16 */
            ITEM_BIN,     /* n bytes follow */
            ITEM_BIN8,    /* length u8, bytes follow */
            ITEM_FILL,    /* length u16, byte */
            ITEM_TAG,     /* which u8: its log's */
            ITEM_BIN16,   /* length u16, bytes follow */
            ITEM_HEADS,   /* n times which u8, mark u8: its log's */
            ITEMS,
};

/* ---- the world, made once */

static struct session_pair_camp *camp;

enum { /* records: what is written, in this order */
       CHAIN = 0,
       FORK = 4,
       LARGE,
       CONTROL,
       CATALOG = CONTROL + 2,
       UNALLOWED,
       UNKNOWN,
       SPOILED = UNKNOWN + 2,
       OWN,
       FIRST = OWN + 3,
       GAP,
       PEERS, /* the peer's own */
       BRANCH = PEERS + 2,
       PEERS_END = BRANCH + 3,
       OTHER = PEERS_END, /* beside the last of BRANCH */
       MANY,              /* each alone in its log */
       LARGES = MANY + 40,
       SECRET = LARGES + 5, /* of a scope that is not common */
       RECORDS = SECRET + 7,
};
static struct session_pair_record records[RECORDS];

static uint64_t incarnation_of(size_t at)
{
    if (at >= LARGES && at < SECRET) return 3;
    if (at >= MANY && at < LARGES) return at;
    if (at >= BRANCH && at <= OTHER) return 4;
    return at == FIRST || at == GAP ? 2 : 1;
}

/* @after: the record before it in its log, or RECORDS. */
static void write_record(size_t at, size_t device,
                         enum session_pair_scope scope, size_t after,
                         size_t len)
{
    session_pair_write(camp, device, scope, incarnation_of(at),
                       after < RECORDS ? &records[after] : NULL, at, len,
                       &records[at]);
}

static void write_records(void)
{
    for (size_t i = 0; i < 4; i++)
        write_record(CHAIN + i, AUTHOR, SESSION_PAIR_CLASS,
                     i == 0 ? RECORDS : CHAIN + i - 1, 20);
    write_record(FORK, AUTHOR, SESSION_PAIR_CLASS, CHAIN + 1, 20);
    write_record(LARGE, AUTHOR, SESSION_PAIR_CLASS, CHAIN + 3, 60000);
    write_record(CONTROL, COORDINATOR, SESSION_PAIR_CONTROL, RECORDS, 30);
    write_record(CONTROL + 1, COORDINATOR, SESSION_PAIR_CONTROL, CONTROL, 30);
    write_record(CATALOG, COORDINATOR, SESSION_PAIR_CATALOG, RECORDS, 30);
    write_record(UNALLOWED, AUTHOR, SESSION_PAIR_CATALOG, RECORDS, 30);
    write_record(UNKNOWN, STRANGER, SESSION_PAIR_CLASS, RECORDS, 30);
    write_record(UNKNOWN + 1, STRANGER, SESSION_PAIR_CLASS, UNKNOWN, 30);
    write_record(SPOILED, AUTHOR, SESSION_PAIR_CLASS, FORK, 20);
    session_pair_spoil(&records[SPOILED]);
    for (size_t i = 0; i < 3; i++)
        write_record(OWN + i, OURS, SESSION_PAIR_CLASS,
                     i == 0 ? RECORDS : OWN + i - 1, 25);
    write_record(FIRST, AUTHOR, SESSION_PAIR_CLASS, RECORDS, 20);
    write_record(GAP, AUTHOR, SESSION_PAIR_CLASS, FIRST, 20);
    for (size_t i = 0; i < 2; i++)
        write_record(PEERS + i, PEER, SESSION_PAIR_CLASS,
                     i == 0 ? RECORDS : PEERS, 20);
    for (size_t i = 0; i < 3; i++)
        write_record(BRANCH + i, AUTHOR, SESSION_PAIR_CLASS,
                     i == 0 ? RECORDS : BRANCH + i - 1, 20);
    write_record(OTHER, AUTHOR, SESSION_PAIR_CLASS, BRANCH + 1, 20);
    for (size_t i = MANY; i < LARGES; i++)
        write_record(i, AUTHOR, SESSION_PAIR_CLASS, RECORDS, 20);
    for (size_t i = 0; i < 5; i++)
        write_record(LARGES + i, AUTHOR, SESSION_PAIR_CLASS,
                     i == 0 ? RECORDS : LARGES + i - 1, 60000);
    /* As long as the author's log in the class: a WANT's seqs are right. */
    for (size_t i = 0; i < 6; i++)
        write_record(SECRET + i, AUTHOR, SESSION_PAIR_CAMP,
                     i == 0 ? RECORDS : SECRET + i - 1, 40);
    write_record(SECRET + 6, OURS, SESSION_PAIR_CAMP, RECORDS, 40);
}

static void make_seeds(const char *folder);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *seeds;

    (void)argc;
    (void)argv;
    /* A check of tests/lib that fails outside a test stops with a trace.
     * One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    (void)setenv("CMOCKA_TEST_ABORT", "1", 1);
    camp = session_pair_camp_new(DEVICES);
    camp->devices[PEER].rights[SESSION_PAIR_CAMP] = DAF_RIGHT_NONE;
    write_records();
    /* NOLINTNEXTLINE(concurrency-mt-unsafe) */
    seeds = getenv("DAF_FUZZ_SEEDS");
    if (seeds != NULL) {
        make_seeds(seeds);
        exit(0); /* NOLINT(concurrency-mt-unsafe) */
    }
    return 0;
}

/* ---- one input */

struct input {
    const uint8_t *p;
    size_t len;
};

static uint8_t take_byte(struct input *in)
{
    if (in->len == 0) return 0;
    in->len--;
    return *in->p++;
}

static uint16_t take_u16(struct input *in)
{
    unsigned high = take_byte(in);

    return (uint16_t)(high << 8 | take_byte(in));
}

static struct input take_part(struct input *in, size_t len)
{
    struct input part = {in->p, len < in->len ? len : in->len};

    in->p += part.len;
    in->len -= part.len;
    return part;
}

/* ---- what is watched */

struct kept {
    struct daf_log_key log;
    struct daf_spot spot;
    struct daf_record_id prev;
    bool is_verified, is_excused; /* excused: said to be unchecked */
};

static struct {
    struct session_pair *ours, *peer;
    struct daf_session_port port; /* session_pair's, called by ours */
    struct daf_index index;       /* its own, but for one question */
    unsigned settings;
    bool is_storing; /* between begin and end */
    size_t said;     /* bytes, in this step */
    size_t own;      /* how many of OWN are held */
    size_t kept_count;
    struct kept kept[DAF_PATH_RECORDS_MAX]; /* in the batch under way */
    crypto_generichash_state story;
} w;

static void note(const void *p, size_t len)
{
    uint64_t size = len;

    (void)crypto_generichash_update(&w.story, (const uint8_t *)&size,
                                    sizeof(size));
    (void)crypto_generichash_update(&w.story, p, len);
}

static bool is_same(const void *a, const void *b, size_t len)
{
    return memcmp(a, b, len) == 0;
}

/* Whether the store holds this record and its body; asks no question that the
 * session would notice. */
static bool is_held(const struct daf_log_key *log, const struct daf_spot *spot)
{
    for (size_t i = 0; i < daf_fake_index_count(w.ours->index); i++) {
        struct daf_log_key at;
        struct daf_stored stored;

        daf_fake_index_at(w.ours->index, i, &at, &stored);
        if (is_same(&at.scope, &log->scope, sizeof(at.scope)) &&
            is_same(&at.author, &log->author, sizeof(at.author)) &&
            at.incarnation == log->incarnation &&
            stored.spot.seq == spot->seq &&
            is_same(&stored.spot.id, &spot->id, sizeof(spot->id)))
            return stored.body_state == DAF_BODY_HELD;
    }
    return false;
}

/* protocol.md R27 */
static void check_ack(const struct daf_ack *ack)
{
    struct daf_cursor c = ack->paths.items;

    for (size_t i = 0; i < ack->paths.count; i++) {
        struct daf_ack_path path;

        daf_frame_next_ack(&c, &ack->scope, &path);
        assert(is_held(&path.log, &path.last));
    }
}

static bool holds_bytes(struct daf_view frame, const void *p, size_t len)
{
    const uint8_t *end = frame.p + frame.len;

    for (const uint8_t *at = frame.p; (size_t)(end - at) >= len; at++) {
        at = memchr(at, *(const uint8_t *)p, (size_t)(end - at) - len + 1);
        if (at == NULL) return false;
        if (memcmp(at, p, len) == 0) return true;
    }
    return false;
}

static void on_send(void *ctx, struct daf_session *s, struct daf_view frame)
{
    struct daf_frame f;

    assert(!w.is_storing);
    assert(frame.len <= DAF_FRAME_BYTES_MAX);
    assert(daf_frame_decode(frame, &f, NULL) == DAF_OK);
    w.said += frame.len;
    assert(w.said <= SAID_MAX);
    if (f.kind == DAF_FRAME_ACK) check_ack(&f.ack);
    for (size_t i = SECRET; i < RECORDS; i++) /* protocol.md R22 */
        assert(!holds_bytes(frame, records[i].r.sig.b, 64) &&
               !holds_bytes(frame, records[i].body, records[i].body_len));
    note(frame.p, frame.len);
    w.port.send(ctx, s, frame);
}

static void on_store_begin(void *ctx, struct daf_session *s)
{
    assert(!w.is_storing);
    w.is_storing = true;
    w.kept_count = 0;
    w.port.store_begin(ctx, s);
}

/* Whether it verifies; if not, what is to excuse that comes later. */
static void note_kept(const struct daf_record *r, bool is_verified)
{
    /* A frame may hold more, of which the fuzzer makes none. */
    if (w.kept_count == DAF_PATH_RECORDS_MAX) return;
    w.kept[w.kept_count++] = (struct kept){.log = r->log,
                                           .spot = {r->seq, r->id},
                                           .prev = r->prev,
                                           .is_verified = is_verified};
}

/* protocol.md R5, R7, R13, R14, R22, R26 */
static void on_store_keep(void *ctx, struct daf_session *s,
                          const struct daf_record *r, struct daf_view header,
                          enum daf_body_state state, struct daf_view body)
{
    const struct daf_authority *a = &w.ours->authority;
    bool is_plain = is_same(&r->log.scope, &a->control, 16) ||
                    is_same(&r->log.scope, &a->catalog, 16);
    struct daf_device device;
    struct daf_record again;
    struct daf_hash hash;
    struct daf_body parts;
    enum daf_err err;

    assert(w.is_storing);
    assert(daf_record_decode(header, &again) == DAF_OK);
    assert(is_same(&again.id, &r->id, 32) && again.seq == r->seq);
    assert(a->by_author(a->ctx, &again.log.author, &device));
    err = daf_record_verify(header, &again, &device.keys.sign);
    assert(err == DAF_OK || (err == DAF_ESIG && !is_plain));
    note_kept(&again, err == DAF_OK);
    assert(a->right(a->ctx, &again.log.author, &again.log.scope) >=
           (is_same(&again.log.scope, &a->control, 16)   ? DAF_RIGHT_ADMIN
            : is_same(&again.log.scope, &a->catalog, 16) ? DAF_RIGHT_CURATE
                                                         : DAF_RIGHT_APPEND));
    assert(!is_same(&again.log.scope, &camp->scopes[SESSION_PAIR_CAMP], 16));
    if (state == DAF_BODY_HELD) {
        hash = daf_body_hash(body);
        assert(is_same(&hash, &again.body_hash, 32));
        assert(body.len == again.body_len);
        assert(daf_body_decode(body, &parts) == DAF_OK);
        assert(parts.is_sealed || is_plain);
    } else {
        assert(state == DAF_BODY_ABSENT && body.len == 0);
    }
    note(header.p, header.len);
    note(&state, sizeof(state));
    w.port.store_keep(ctx, s, r, header, state, body);
}

static bool is_same_log(const struct daf_log_key *a,
                        const struct daf_log_key *b)
{
    return is_same(&a->scope, &b->scope, 16) &&
           is_same(&a->author, &b->author, 16) &&
           a->incarnation == b->incarnation;
}

static void on_store_unchecked(void *ctx, struct daf_session *s,
                               const struct daf_stretch *what)
{
    bool is_for_any = false;

    assert(w.is_storing);
    for (size_t i = 0; i < w.kept_count; i++) {
        struct kept *k = &w.kept[i];

        if (!is_same_log(&k->log, &what->log) || k->spot.seq < what->first ||
            k->spot.seq > what->last)
            continue;
        k->is_excused = is_for_any = true;
    }
    assert(is_for_any);
    note(what, sizeof(*what));
    w.port.store_unchecked(ctx, s, what);
}

static bool follows(const struct daf_log_key *log, uint64_t seq,
                    const struct daf_record_id *prev, const struct kept *k)
{
    return is_same_log(log, &k->log) && seq == k->spot.seq + 1 &&
           is_same(prev, &k->spot.id, sizeof(*prev));
}

/* Whether what vouches for @k is kept with it, or held. */
static bool has_successor(const struct kept *k)
{
    for (size_t i = 0; i < w.kept_count; i++)
        if (follows(&w.kept[i].log, w.kept[i].spot.seq, &w.kept[i].prev, k))
            return true;
    for (size_t i = 0; i < daf_fake_index_count(w.ours->index); i++) {
        struct daf_log_key log;
        struct daf_stored stored;
        struct daf_record r;

        daf_fake_index_at(w.ours->index, i, &log, &stored);
        if (daf_record_decode(stored.header, &r) == DAF_OK &&
            follows(&log, r.seq, &r.prev, k))
            return true;
    }
    return false;
}

/* protocol.md R26: a stored record goes for its signature, and for nothing else. */
static void on_drop(void *ctx, struct daf_session *s,
                    const struct daf_log_key *log, const struct daf_spot *spot)
{
    const struct daf_authority *a = &w.ours->authority;

    assert(!w.is_storing);
    for (size_t i = 0; i < daf_fake_index_count(w.ours->index); i++) {
        struct daf_log_key at;
        struct daf_stored stored;
        struct daf_device device;
        struct daf_record r;

        daf_fake_index_at(w.ours->index, i, &at, &stored);
        if (!is_same_log(&at, log) ||
            !is_same(&stored.spot.id, &spot->id, sizeof(spot->id)))
            continue;
        assert(daf_record_decode(stored.header, &r) == DAF_OK);
        assert(a->by_author(a->ctx, &log->author, &device));
        assert(daf_record_verify(stored.header, &r, &device.keys.sign) ==
               DAF_ESIG);
    }
    note(spot, sizeof(*spot));
    w.port.drop(ctx, s, log, spot);
}

static void on_store_end(void *ctx, struct daf_session *s, struct daf_view ack)
{
    assert(w.is_storing);
    for (size_t i = 0; i < w.kept_count; i++)
        assert(w.kept[i].is_verified ||
               (w.kept[i].is_excused && has_successor(&w.kept[i])));
    w.is_storing = false;
    note(ack.p, ack.len);
    w.port.store_end(ctx, s, ack);
}

static void on_closed(void *ctx, struct daf_session *s, enum daf_err why)
{
    assert(!w.is_storing && w.ours->rooms == 0);
    note(&why, sizeof(why));
    w.port.closed(ctx, s, why);
}

/* ---- frames */

static uint8_t room[DAF_FRAME_BYTES_MAX];

static void build_record(struct daf_pack *k, enum item item, uint8_t which)
{
    const struct session_pair_record *r = &records[which % RECORDS];

    if (item == ITEM_ID)
        daf_pack_bin(k, r->r.id.b, sizeof(r->r.id.b));
    else if (item == ITEM_HEADER)
        daf_pack_bin(k, r->header, r->header_len);
    else
        daf_pack_bin(k, r->body, r->body_len);
}

static void build_bin(struct daf_pack *k, struct input *in, size_t len)
{
    struct input part = take_part(in, len);

    daf_pack_bin(k, part.p, part.len);
}

static void build_simple(struct daf_pack *k, unsigned n)
{
    if (n == 0)
        daf_pack_nil(k);
    else
        daf_pack_bool(k, n == 2);
}

static void build_number(struct daf_pack *k, struct input *in, unsigned n)
{
    struct input part = take_part(in, n <= 8 ? n : 8);
    uint64_t number = 0;

    while (part.len > 0)
        number = number << 8 | take_byte(&part);
    daf_pack_uint(k, number);
}

static void build_fill(struct daf_pack *k, struct input *in)
{
    size_t len = take_u16(in);
    uint8_t c = take_byte(in);
    uint8_t *to = daf_pack_bin_room(k, len);

    if (to != NULL) memset(to, c, len);
}

static void build_heads(struct daf_pack *k, struct input *in, unsigned n)
{
    uint8_t *to = daf_pack_bin_room(k, (size_t)n * DAF_ITEM_BYTES);

    for (unsigned i = 0; to != NULL && i < n; i++) {
        const struct daf_record *r = &records[take_byte(in) % RECORDS].r;
        struct daf_tag tag = daf_sketch_tag(&r->log);

        memset(to, take_byte(in), DAF_ITEM_BYTES);
        memcpy(to, tag.b, sizeof(tag.b));
        memset(to + 8, 0, 3);
        to[11] = (uint8_t)r->seq;
        to += DAF_ITEM_BYTES;
    }
}

static void build_tag(struct daf_pack *k, uint8_t which)
{
    struct daf_tag tag = daf_sketch_tag(&records[which % RECORDS].r.log);

    daf_pack_bin(k, tag.b, sizeof(tag.b));
}

static void build_item(struct daf_pack *k, struct input *in)
{
    uint8_t first = take_byte(in);
    unsigned n = first & 15u;

    switch ((first >> 4u) % ITEMS) {
    case ITEM_SMALL:
        daf_pack_uint(k, n);
        break;
    case ITEM_NUMBER:
        build_number(k, in, n);
        break;
    case ITEM_SIMPLE:
        build_simple(k, n);
        break;
    case ITEM_SCOPE:
        daf_pack_bin(k, camp->scopes[n % SESSION_PAIR_SCOPES].b, 16);
        break;
    case ITEM_AUTHOR:
        daf_pack_bin(k, camp->devices[n % DEVICES].device.author.b, 16);
        break;
    case ITEM_ID:
    case ITEM_HEADER:
    case ITEM_BODY:
        build_record(k, (enum item)(first >> 4u), take_byte(in));
        break;
    case ITEM_ARRAY:
        daf_pack_array(k, n);
        break;
    case ITEM_ARRAY16:
        daf_pack_array(k, take_u16(in));
        break;
    case ITEM_BIN:
        build_bin(k, in, n);
        break;
    case ITEM_BIN8:
        build_bin(k, in, take_byte(in));
        break;
    case ITEM_BIN16:
        build_bin(k, in, take_u16(in));
        break;
    case ITEM_TAG:
        build_tag(k, take_byte(in));
        break;
    case ITEM_HEADS:
        build_heads(k, in, n);
        break;
    default:
        build_fill(k, in);
        break;
    }
}

static void give(struct daf_view frame)
{
    session_pair_give(w.ours, frame);
}

static void give_built(struct input part)
{
    struct daf_pack k;

    daf_pack_init(&k, room, sizeof(room));
    while (part.len > 0 && !k.is_full)
        build_item(&k, &part);
    if (!k.is_full) give(daf_pack_view(&k));
}

/* Lets the peer's own session hear all that was said, and takes what it says
 * next. */
static bool hear_peer(struct daf_view *out)
{
    struct daf_view frame;

    while (session_pair_take(w.ours, &frame))
        if (daf_session_state(w.peer->s) != DAF_SESSION_CLOSED)
            session_pair_give(w.peer, frame);
    while (session_pair_commit(w.peer, DAF_OK))
        ;
    return session_pair_take(w.peer, out);
}

static void give_changed(struct input *in)
{
    size_t place = take_u16(in);
    uint8_t mask = take_byte(in);
    struct daf_view frame;

    if (!hear_peer(&frame) || frame.len == 0 || frame.len > sizeof(room))
        return;
    memcpy(room, frame.p, frame.len);
    room[place % frame.len] ^= mask;
    give((struct daf_view){room, frame.len});
}

/* ---- steps */

static void tell_news(uint8_t which)
{
    size_t at = which % RECORDS;

    if ((which & 0x80u) != 0 && w.own < 3) {
        at = OWN + w.own++;
        session_pair_hold(w.ours, &records[at], true);
    }
    daf_session_news(w.ours->s, w.ours->now, &records[at].r.log.scope,
                     (which & 0x40u) != 0 ? NULL : &records[at].r.log, 1);
}

static void change_mood(uint8_t mood)
{
    struct session_pair *p = w.ours;

    p->claims_fail = (mood & 1u) != 0;
    p->needs_nothing = (mood & 2u) != 0;
    p->has_no_room = (mood & 4u) != 0;
    daf_session_poke(p->s, p->now);
}

static void defer(uint8_t which)
{
    const struct daf_log_key *log = &records[which % RECORDS].r.log;
    struct daf_tag tag = daf_sketch_tag(log);

    if (w.ours->batches == NULL) return;
    daf_session_deferred(w.ours->s, &log->scope, &tag, 1);
    (void)session_pair_commit(w.ours, DAF_OK);
}

static void step(struct input *in)
{
    struct session_pair *p = w.ours;
    enum op op = (enum op)(take_byte(in) % OPS);
    struct daf_view frame;

    switch (op) {
    case OP_HONEST:
        if (hear_peer(&frame)) give(frame);
        break;
    case OP_COMMIT:
        (void)session_pair_commit(p, DAF_OK);
        break;
    case OP_BUILT:
        give_built(take_part(in, take_u16(in)));
        break;
    case OP_RAW: {
        struct input part = take_part(in, take_u16(in));

        give((struct daf_view){part.p, part.len});
        break;
    }
    case OP_CHANGED:
        give_changed(in);
        break;
    case OP_TIMER:
        p->now.ms += (uint64_t)1000 * take_byte(in);
        daf_session_timer(p->s, p->now);
        break;
    case OP_FAILED:
        (void)session_pair_commit(p,
                                  (enum daf_err)(1 + take_byte(in) %
                                                         (DAF_ERR_COUNT - 1)));
        break;
    case OP_NEWS:
        tell_news(take_byte(in));
        break;
    case OP_RECHECK:
        p->is_unknown[STRANGER] = false;
        daf_session_recheck(p->s, p->now);
        break;
    case OP_READS: {
        size_t after = take_byte(in);

        if ((w.settings & SET_FAILS) != 0)
            daf_fake_index_fail(p->index, after == 255 ? SIZE_MAX : after);
        break;
    }
    case OP_END:
        daf_session_end(p->s, (enum daf_bye)(take_byte(in) % 8));
        break;
    case OP_POKE:
        change_mood(take_byte(in));
        break;
    case OP_DEFER:
        defer(take_byte(in));
        break;
    case OPS:
        break;
    }
}

static void check_state(void)
{
    const struct daf_session *s = w.ours->s;
    bool waits = daf_session_state(s) == DAF_SESSION_OPEN &&
                 daf_session_pull(s) != DAF_PULL_RESTING &&
                 daf_session_pull(s) != DAF_PULL_STORING;
    bool is_closed = daf_session_state(s) == DAF_SESSION_CLOSED;

    assert(!w.is_storing);
    assert(w.ours->closed_count == (is_closed ? 1 : 0));
    if (is_closed) assert(daf_session_deadline(s).ms == UINT64_MAX);
    if (waits) assert(daf_session_deadline(s).ms != UINT64_MAX);
    if (daf_session_resting(s)) assert(w.ours->batches == NULL);
}

/* ---- a run */

static void hold_records(bool with_secrets)
{
    size_t held = 0;

    if ((w.settings & SET_HOLDS) != 0) held = CHAIN + 2;
    if ((w.settings & SET_HOLDS_ALL) != 0) held = UNALLOWED;
    for (size_t i = 0; i < held; i++)
        session_pair_hold(w.ours, &records[i], i != FORK);
    for (size_t i = 0; held > 0 && i < 3; i++)
        session_pair_hold(w.ours, &records[i < 2 ? BRANCH + i : OTHER], true);
    for (size_t i = MANY; (w.settings & SET_MANY) != 0 && i < LARGES - 5; i++)
        session_pair_hold(w.ours, &records[i], true);
    for (size_t i = LARGES; (w.settings & SET_LARGE) != 0 && i < SECRET; i++)
        session_pair_hold(w.ours, &records[i], true);
    for (size_t i = SECRET; with_secrets && i < RECORDS; i++)
        session_pair_hold(w.ours, &records[i], true);
    for (size_t i = 0; (w.settings & SET_EMPTY) == 0 && i < PEERS_END; i++)
        if ((i < OWN || i >= FIRST) && i != FIRST)
            /* It asks for a body, in some worlds. */
            session_pair_hold(w.peer, &records[i],
                              i != CATALOG || (w.settings & SET_MANY) == 0);
    for (size_t i = MANY + 5;
         (w.settings & (SET_MANY | SET_EMPTY)) == SET_MANY && i < LARGES; i++)
        session_pair_hold(w.peer, &records[i], true);
}

static void meet(void)
{
    bool connects = (w.settings & SET_CONNECTS) != 0;
    struct daf_view frame;

    session_pair_join(w.ours, w.peer, connects);
    session_pair_join(w.peer, w.ours, !connects);
    if ((w.settings & SET_GREETS) != 0) return;
    while (daf_session_state(w.ours->s) != DAF_SESSION_OPEN) {
        bool spoke = hear_peer(&frame);

        assert(spoke);
        give(frame);
        check_state();
    }
}

/* Of ROOT's number this much is known to be told of other scopes: that some body
 * of any scope was stored (R45).  Here it counts those of common ones. */
static enum daf_err count_bodies(void *ctx, uint64_t *out)
{
    (void)ctx;
    *out = 0;
    for (size_t i = 0; i < daf_fake_index_count(w.ours->index); i++) {
        struct daf_log_key log;
        struct daf_stored stored;

        daf_fake_index_at(w.ours->index, i, &log, &stored);
        *out += stored.body_state == DAF_BODY_HELD &&
                !is_same(&log.scope, &camp->scopes[SESSION_PAIR_CAMP], 16);
    }
    return DAF_OK;
}

static void open_world(unsigned settings, bool with_secrets)
{
    memset(&w, 0, sizeof(w));
    w.settings = settings;
    (void)crypto_generichash_init(&w.story, NULL, 0, 32);
    w.ours = session_pair_new(camp, OURS);
    w.peer = session_pair_new(camp, PEER);
    w.ours->is_unknown[STRANGER] = true;
    w.port = w.ours->port;
    w.ours->port.send = on_send;
    w.ours->port.store_begin = on_store_begin;
    w.ours->port.store_keep = on_store_keep;
    w.ours->port.store_unchecked = on_store_unchecked;
    w.ours->port.drop = on_drop;
    w.ours->port.store_end = on_store_end;
    w.ours->port.closed = on_closed;
    w.index = *w.ours->env.index;
    w.index.bodies = count_bodies;
    w.ours->env.index = &w.index;
    hold_records(with_secrets);
    meet();
}

static void close_world(void)
{
    session_pair_free(w.ours);
    session_pair_free(w.peer);
}

static void run(struct input in, bool with_secrets, uint8_t story[32])
{
    open_world(take_byte(&in), with_secrets);
    for (size_t i = 0; i < STEPS_MAX && in.len > 0; i++) {
        w.said = 0;
        step(&in);
        check_state();
    }
    /* The disk answers for what it was given, also when nobody listens. */
    while (session_pair_commit(w.ours, DAF_OK))
        check_state();
    (void)crypto_generichash_final(&w.story, story, 32);
    close_world();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    uint8_t story[2][32];

    run(in, true, story[0]);
    /* When reads fail, which one does depends on what is held. */
    if (size > 0 && (data[0] & SET_FAILS) != 0) return 0;
    run(in, false, story[1]);
    assert(memcmp(story[0], story[1], 32) == 0);
    return 0;
}

/* ---- the corpus: honest talk, in items */

static uint8_t seed[1 << 16];
static size_t seed_len;
static enum {
    SEED_HONEST,
    SEED_SECRETS, /* names what is not the peer's to know instead */
    SEED_BODIES,  /* gives each record another's body */
    SEED_CREDIT,  /* takes large numbers for small ones */
} seed_mode;

static void put(unsigned c)
{
    assert(seed_len < sizeof(seed));
    seed[seed_len++] = (uint8_t)c;
}

static void put_u16(size_t n)
{
    put((unsigned)(n >> 8));
    put((unsigned)(n & 0xff));
}

static void put_which(unsigned i, bool is_body)
{
    if (seed_mode == SEED_SECRETS)
        put(SECRET + (unsigned)records[i].r.seq - 1);
    else
        put(seed_mode == SEED_BODIES && is_body ? i + 1 : i);
}

static void put_bin(struct daf_view bin)
{
    for (unsigned i = 0; bin.len == 16 && i < SESSION_PAIR_SCOPES; i++)
        if (is_same(bin.p, camp->scopes[i].b, 16)) {
            put((unsigned)ITEM_SCOPE << 4 |
                (seed_mode == SEED_SECRETS ? (unsigned)SESSION_PAIR_CAMP : i));
            return;
        }
    for (unsigned i = 0; bin.len == 16 && i < DEVICES; i++)
        if (is_same(bin.p, camp->devices[i].device.author.b, 16)) {
            put((unsigned)ITEM_AUTHOR << 4 | i);
            return;
        }
    for (unsigned i = 0; bin.len == 8 && i < RECORDS; i++) {
        struct daf_tag tag = daf_sketch_tag(&records[i].r.log);

        if (!is_same(bin.p, tag.b, 8)) continue;
        put((unsigned)ITEM_TAG << 4);
        put_which(i, false);
        return;
    }
    for (unsigned i = 0; i < RECORDS; i++) {
        const struct session_pair_record *r = &records[i];
        const struct daf_view views[] = {{r->r.id.b, 32},
                                         {r->header, r->header_len},
                                         {r->body, r->body_len}};

        for (unsigned j = 0; j < 3; j++)
            if (bin.len == views[j].len &&
                is_same(bin.p, views[j].p, bin.len)) {
                put(((unsigned)ITEM_ID + j) << 4);
                put_which(i, j == 2);
                return;
            }
    }
    if (bin.len > 4096) { /* nothing that says much */
        put((unsigned)ITEM_FILL << 4);
        put_u16(bin.len);
        put(0);
        return;
    }
    put((unsigned)ITEM_BIN16 << 4);
    put_u16(bin.len);
    for (size_t i = 0; i < bin.len; i++)
        put(bin.p[i]);
}

static void put_number(uint64_t n)
{
    if (seed_mode == SEED_CREDIT && n > UINT16_MAX) n = 10;
    if (n < 16) {
        put((unsigned)n);
        return;
    }
    put((unsigned)ITEM_NUMBER << 4 | 8);
    for (int i = 7; i >= 0; i--)
        put((unsigned)(n >> (8 * i)) & 0xffu);
}

/* A frame has no map, text or negative number. */
static void put_items(struct daf_view frame)
{
    struct daf_cursor c;

    daf_cursor_init(&c, frame);
    for (;;) {
        switch (daf_cursor_peek(&c)) {
        case DAF_KIND_NIL:
            daf_cursor_nil(&c);
            put((unsigned)ITEM_SIMPLE << 4);
            break;
        case DAF_KIND_BOOL:
            put((unsigned)ITEM_SIMPLE << 4 | (daf_cursor_bool(&c) ? 2u : 1u));
            break;
        case DAF_KIND_UINT:
            put_number(daf_cursor_uint(&c, UINT64_MAX));
            break;
        case DAF_KIND_BIN:
            put_bin(daf_cursor_bin(&c, DAF_FRAME_BYTES_MAX));
            break;
        case DAF_KIND_ARRAY:
            put((unsigned)ITEM_ARRAY16 << 4);
            put_u16(daf_cursor_array(&c, UINT16_MAX));
            break;
        case DAF_KIND_NONE:
        case DAF_KIND_INT:
        case DAF_KIND_STR:
        case DAF_KIND_MAP:
            assert(daf_cursor_done(&c));
            return;
        }
    }
}

/* What the peer says next, as a step; false when it is silent. */
static bool put_frame(void)
{
    struct daf_view frame;
    struct daf_frame f;
    size_t at;

    if (!hear_peer(&frame)) return false;
    if (daf_frame_decode(frame, &f, NULL) != DAF_OK) assert(false);
    if (seed_mode == SEED_SECRETS && f.kind != DAF_FRAME_WANT) {
        give(frame); /* about such a scope it is a breach, and the end */
        return true;
    }
    put(OP_BUILT);
    at = seed_len;
    put_u16(0);
    put_items(frame);
    seed[at] = (uint8_t)((seed_len - at - 2) >> 8);
    seed[at + 1] = (uint8_t)(seed_len - at - 2);
    give(frame);
    return true;
}

static void save_seed(const char *folder, const char *kind, unsigned settings)
{
    char path[4096];
    FILE *f;
    size_t wrote;

    (void)snprintf(path, sizeof(path), "%s/%s-%02x", folder, kind, settings);
    f = fopen(path, "wb");
    assert(f != NULL);
    wrote = fwrite(seed, 1, seed_len, f);
    assert(wrote == seed_len);
    (void)fclose(f);
}

/* The whole talk, frame by frame. */
static void make_built(const char *folder, const char *kind, unsigned settings)
{
    open_world(settings, true);
    seed_len = 0;
    put(settings);
    for (;;) {
        w.said = 0;
        if (session_pair_commit(w.ours, DAF_OK))
            put(OP_COMMIT);
        else if (!put_frame())
            break;
    }
    close_world();
    save_seed(folder, kind, settings);
}

/* A DEFER of one log; no peer here is over budget by itself. */
static void put_defer(size_t which)
{
    put(OP_BUILT);
    put_u16(5);
    put((unsigned)ITEM_ARRAY << 4 | 3);
    put((unsigned)ITEM_SMALL << 4 | (unsigned)DAF_FRAME_DEFER);
    put((unsigned)ITEM_SCOPE << 4 | (unsigned)SESSION_PAIR_CLASS);
    put((unsigned)ITEM_TAG << 4);
    put((unsigned)which);
}

/* Led by the peer's own session, with news, and a stranger who is certified in
 * the middle. */
static void make_honest(const char *folder, unsigned settings)
{
    seed_len = 0;
    put(settings);
    for (unsigned i = 0; i < 60; i++) {
        if (i == 16 || i == 19) { /* others have its logs in hand, then not */
            put(OP_POKE);
            put(i == 16);
        }
        if (i == 24) {
            put(OP_DEFER);
            put(CHAIN);
        }
        if (i == 36) put_defer(FIRST);
        put(i % 3 == 2 ? OP_COMMIT : OP_HONEST);
        if (i == 30) put(OP_RECHECK);
        if (i % 20 == 10) {
            put(OP_NEWS);
            put(0x80u | (i == 10 ? 0x40u : 0));
        }
    }
    save_seed(folder, "honest", settings);
}

static void make_seeds(const char *folder)
{
    static const unsigned settings[] = {
        0,
        SET_CONNECTS | SET_HOLDS,
        SET_HOLDS_ALL,
        SET_HOLDS_ALL | SET_EMPTY,
        SET_GREETS | SET_HOLDS,
        SET_FAILS | SET_HOLDS | SET_CONNECTS,
        SET_LARGE | SET_EMPTY,
        SET_MANY | SET_HOLDS,
        SET_MANY | SET_CONNECTS,
        SET_MANY | SET_EMPTY,
        SET_MANY | SET_HOLDS_ALL | SET_GREETS | SET_CONNECTS,
    };

    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        make_built(folder, "built", settings[i]);
        make_honest(folder, settings[i]);
    }
    seed_mode = SEED_SECRETS;
    make_built(folder, "secrets", SET_HOLDS_ALL | SET_EMPTY);
    seed_mode = SEED_BODIES;
    make_built(folder, "bodies", 0);
    seed_mode = SEED_CREDIT;
    make_built(folder, "credit", SET_HOLDS_ALL | SET_EMPTY);
    seed_mode = SEED_HONEST;
}
