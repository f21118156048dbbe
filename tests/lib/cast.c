/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/cast.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/hash.h"
#include "tests/lib/t.h"
#include "tests/lib/tmpdir.h"

#define STORY_MAX 262144
#define STEPS_MAX 1000000
#define HELD_MAX  4096 /* records handed over and not committed */

/* One connection; `open` ends once, for both sides.  What was said before still
 * arrives, unless the wire was cut. */
struct wire {
    size_t from, to;
    uint32_t from_conn, to_conn;
    bool open, is_cut;
};

struct event {
    struct event *next;
    size_t node;
    enum daf_input_kind kind;
    uint32_t conn;
    enum daf_endpoint endpoint;
    struct daf_box_pk key;
    size_t from;       /* FRAME: the speaker */
    struct wire *wire; /* FRAME: dropped when it was cut */
    uint64_t job;
    size_t len;
    uint8_t bytes[];
};

/* One thing handed to the disk. */
enum held_kind {
    HELD_KEEP,
    HELD_UNCHECKED,
    HELD_CHECKED,
    HELD_DROP,
    HELD_SELF,
    HELD_ERASE,
    HELD_END, /* the job's last mark */
};
struct held {
    uint64_t job;
    enum held_kind kind;
    struct daf_stretch what; /* DROP: the log alone */
    struct daf_spot spot;    /* DROP */
    struct daf_record record;
    enum daf_body_state state;
    struct daf_self self; /* SELF */
    size_t header_len, body_len;
    uint8_t *bytes;         /* ERASE: the handles */
    struct daf_erase erase; /* ERASE */
};

struct node {
    struct cast *cast;
    size_t index;
    char dir[512];
    struct daf_device_keys keys;
    struct daf_secrets secrets;
    uint8_t cert[DAF_CERT_BYTES_MAX];
    size_t cert_len;
    struct daf_store *writer, *reader;
    struct daf_agent *agent;
    struct daf_port port;
    uint64_t boot, incarnation;
    struct daf_self self;
    uint64_t aside_incarnation; /* cast_backup() */
    struct daf_self aside_self;
    uint32_t incoming;
    size_t admitted_count;
    struct daf_box_pk admitted[64];
    bool is_slow, is_full;
    uint64_t job; /* begun, not ended */
    size_t held_count;
    struct held held[HELD_MAX];
    struct daf_wrote wrote;
    size_t wrote_count;
    uint64_t peers; /* bit i: told of node i's door */
    cast_hear_fn hear;
    void *hear_ctx;
};

struct cast {
    char *tmp;
    size_t count;
    struct node *nodes[CAST_NODES_MAX];
    uint8_t manifest[DAF_MANIFEST_BYTES_MAX];
    size_t manifest_len;
    struct daf_manifest camp;
    struct daf_box_pk door;
    struct daf_key generation; /* of class:1 */
    bool cut[CAST_NODES_MAX][CAST_NODES_MAX];
    struct event *first, **end;
    size_t wires_count;
    struct wire *wires[4096];
    struct daf_mono now;
    struct daf_scratch scratch;
    char story[STORY_MAX];
    size_t story_len;
};

static struct event *post(struct cast *c, size_t node, enum daf_input_kind kind,
                          size_t len)
{
    struct event *e = calloc(1, sizeof(*e) + len);

    assert_non_null(e);
    e->node = node;
    e->kind = kind;
    e->len = len;
    *c->end = e;
    c->end = &e->next;
    return e;
}

/* ---- the network */

static struct wire *wire_of(struct cast *c, size_t node, uint32_t conn)
{
    for (size_t i = c->wires_count; i-- > 0;) {
        struct wire *w = c->wires[i];

        if ((w->from == node && w->from_conn == conn) ||
            (w->to == node && w->to_conn == conn))
            return w;
    }
    return NULL;
}

static void hang_up(struct cast *c, struct wire *w)
{
    if (!w->open) return;
    w->open = false;
    post(c, w->from, DAF_INPUT_CLOSED, 0)->conn = w->from_conn;
    post(c, w->to, DAF_INPUT_CLOSED, 0)->conn = w->to_conn;
}

static void cut_wire(struct cast *c, struct wire *w)
{
    hang_up(c, w);
    w->is_cut = true;
}

static void port_close(void *ctx, uint32_t conn)
{
    struct node *n = ctx;
    struct wire *w = wire_of(n->cast, n->index, conn);

    if (w != NULL) hang_up(n->cast, w);
}

static void carry(struct cast *c, struct wire *w, bool is_from,
                  struct daf_view frame)
{
    struct event *e =
        post(c, is_from ? w->to : w->from, DAF_INPUT_FRAME, frame.len);

    e->conn = is_from ? w->to_conn : w->from_conn;
    e->from = is_from ? w->from : w->to;
    e->wire = w;
    memcpy(e->bytes, frame.p, frame.len);
}

static void port_send(void *ctx, uint32_t conn, struct daf_view frame)
{
    struct node *n = ctx;
    struct wire *w = wire_of(n->cast, n->index, conn);

    if (w == NULL || !w->open) return;
    carry(n->cast, w, w->from == n->index && w->from_conn == conn, frame);
}

static struct daf_box_pk *admitted(struct node *n, const struct daf_box_pk *key)
{
    for (size_t i = 0; i < n->admitted_count; i++) {
        if (memcmp(n->admitted[i].b, key->b, sizeof(key->b)) == 0)
            return &n->admitted[i];
    }
    return NULL;
}

/* "10.0.0.N:PORT"; doors listen on 1000, mesh on 2000. */
static void port_connect(void *ctx, uint32_t conn, enum daf_endpoint endpoint,
                         const struct daf_addr *addr,
                         const struct daf_box_pk *server)
{
    struct node *n = ctx;
    struct cast *c = n->cast;
    size_t to = strtoul(addr->text + strlen("10.0.0."), NULL, 10);
    unsigned long port = strtoul(strrchr(addr->text, ':') + 1, NULL, 10);
    struct node *peer = c->nodes[to];
    const struct daf_box_pk *key =
        endpoint == DAF_ENDPOINT_DOOR ? &c->door : &peer->keys.transport;
    struct event *e;
    struct wire *w;

    assert_int_equal(port, endpoint == DAF_ENDPOINT_DOOR ? 1000 : 2000);
    if (c->cut[n->index][to] || memcmp(key->b, server->b, 32) != 0 ||
        (endpoint == DAF_ENDPOINT_MESH &&
         admitted(peer, &n->keys.transport) == NULL)) {
        post(c, n->index, DAF_INPUT_CLOSED, 0)->conn = conn;
        return;
    }
    w = calloc(1, sizeof(*w));
    assert_non_null(w);
    *w = (struct wire){.from = n->index,
                       .to = to,
                       .from_conn = conn,
                       .to_conn = DAF_CONN_INCOMING | peer->incoming++,
                       .open = true};
    assert_true(c->wires_count < sizeof(c->wires) / sizeof(c->wires[0]));
    c->wires[c->wires_count++] = w;
    e = post(c, to, DAF_INPUT_OPENED, 0);
    e->conn = w->to_conn;
    e->endpoint = endpoint;
    e->key = n->keys.transport;
    e = post(c, n->index, DAF_INPUT_OPENED, 0);
    e->conn = conn;
    e->endpoint = endpoint;
    e->key = *server;
}

static void port_admit(void *ctx, const struct daf_box_pk *key, bool allowed)
{
    struct node *n = ctx;

    struct daf_box_pk *known = admitted(n, key);

    if (known == NULL && allowed) {
        assert_true(n->admitted_count < 64);
        n->admitted[n->admitted_count++] = *key;
    } else if (known != NULL && !allowed) {
        *known = n->admitted[--n->admitted_count];
    }
}

/* Nobody comes to a porch here. */
static void port_porch(void *ctx, const struct daf_box_pk *pk,
                       const struct daf_box_sk *sk)
{
    (void)ctx;
    (void)pk;
    (void)sk;
}

static void port_announce(void *ctx, const struct daf_announce *what)
{
    (void)ctx;
    (void)what;
}

static void port_withdraw(void *ctx, enum daf_endpoint endpoint)
{
    (void)ctx;
    (void)endpoint;
}

/* ---- the disk */

static void port_store_begin(void *ctx, uint64_t job)
{
    struct node *n = ctx;

    assert_int_equal(n->job, 0);
    n->job = job;
}

static struct held *hold(struct node *n, enum held_kind kind)
{
    struct held *h = &n->held[n->held_count++];

    assert_true(n->held_count < HELD_MAX);
    *h = (struct held){.job = n->job, .kind = kind};
    return h;
}

static void port_store_unchecked(void *ctx, const struct daf_stretch *what)
{
    hold(ctx, HELD_UNCHECKED)->what = *what;
}

static void port_store_checked(void *ctx, const struct daf_stretch *what)
{
    hold(ctx, HELD_CHECKED)->what = *what;
}

static void port_store_drop(void *ctx, const struct daf_log_key *log,
                            const struct daf_spot *spot)
{
    struct held *h = hold(ctx, HELD_DROP);

    h->what.log = *log;
    h->spot = *spot;
}

static void port_store_self(void *ctx, const struct daf_self *self)
{
    hold(ctx, HELD_SELF)->self = *self;
}

static void port_store_erase(void *ctx, const struct daf_erase *what)
{
    struct held *h = hold(ctx, HELD_ERASE);
    size_t len = what->count * sizeof(*what->handles);

    h->erase = *what;
    h->bytes = malloc(len);
    assert_non_null(h->bytes);
    memcpy(h->bytes, what->handles, len);
}

static void port_store_keep(void *ctx, const struct daf_keep *keep)
{
    struct node *n = ctx;
    struct held *h = hold(n, HELD_KEEP);

    *h = (struct held){.job = n->job,
                       .record = *keep->record,
                       .state = keep->body_state,
                       .header_len = keep->header.len,
                       .body_len = keep->body.len};
    h->bytes = malloc(h->header_len + h->body_len + 1);
    assert_non_null(h->bytes);
    memcpy(h->bytes, keep->header.p, h->header_len);
    if (h->body_len > 0)
        memcpy(h->bytes + h->header_len, keep->body.p, h->body_len);
}

static void commit(struct node *n);

static void port_store_end(void *ctx, uint64_t job)
{
    struct node *n = ctx;

    assert_int_equal(n->job, job);
    (void)hold(n, HELD_END);
    n->job = 0;
    if (!n->is_slow) commit(n);
}

static void port_store_acked(void *ctx, const struct daf_log_key *log,
                             uint64_t seq_first, const struct daf_spot *last)
{
    struct node *n = ctx;

    assert_int_equal(daf_store_begin(n->writer), DAF_OK);
    assert_int_equal(daf_store_acked(n->writer, log, seq_first, last), DAF_OK);
    assert_int_equal(daf_store_commit(n->writer), DAF_OK);
}

static struct daf_stored_item put(struct node *n, const struct held *h)
{
    struct daf_view header = {h->bytes, h->header_len};
    struct daf_view body = {h->bytes + h->header_len, h->body_len};
    enum daf_put what;

    assert_int_equal(daf_store_put(n->writer, &h->record, header, h->state,
                                   body, &what),
                     DAF_OK);
    return (struct daf_stored_item){.log = h->record.log,
                                    .spot = {h->record.seq, h->record.id},
                                    .is_new = what == DAF_PUT_NEW ||
                                              what == DAF_PUT_BODY,
                                    .is_deferred = what == DAF_PUT_DEFERRED};
}

/* What a store says of a log that it has not is no error. */
static void do_deed(struct node *n, const struct held *h)
{
    enum daf_err err = DAF_OK;

    if (h->kind == HELD_UNCHECKED)
        err = daf_store_unchecked(n->writer, &h->what);
    if (h->kind == HELD_CHECKED) err = daf_store_checked(n->writer, &h->what);
    if (h->kind == HELD_SELF) {
        n->self = h->self;
        n->incarnation = h->self.lives[h->self.lives_count - 1];
    }
    if (h->kind == HELD_DROP)
        err = daf_store_drop(n->writer, &h->what.log, &h->spot);
    assert_true(err == DAF_OK || err == DAF_ENOTFOUND || err == DAF_ELIMIT);
}

/* An item more if there is a step to come. */
static void erase(struct node *n, struct held *h, struct event *e)
{
    struct daf_stored_item item;
    struct daf_erase next;
    bool is_more;

    h->erase.handles = (const void *)h->bytes; /* as malloc() aligned them */
    assert_int_equal(daf_store_erase(n->writer, &h->erase, &next, &is_more),
                     DAF_OK);
    if (!is_more) return;
    item = daf_agent_erase_item(&next);
    memcpy(e->bytes + e->len, &item, sizeof(item));
    e->len += sizeof(item);
}

/* One transaction for one job; the news of it waits its turn in the queue. */
static void commit_job(struct node *n, size_t from, size_t to)
{
    struct event *e = post(n->cast, n->index, DAF_INPUT_STORED,
                           (to - from) * sizeof(struct daf_stored_item));
    struct daf_stored_item item;

    e->job = n->held[to].job;
    e->len = 0;
    if (n->is_full) {
        e->conn = DAF_EFULL;
        return;
    }
    assert_int_equal(daf_store_begin(n->writer), DAF_OK);
    for (size_t i = from; i < to; i++) {
        if (n->held[i].kind == HELD_ERASE) {
            erase(n, &n->held[i], e);
            continue;
        }
        if (n->held[i].kind != HELD_KEEP) {
            do_deed(n, &n->held[i]);
            continue;
        }
        item = put(n, &n->held[i]);
        memcpy(e->bytes + e->len, &item, sizeof(item));
        e->len += sizeof(item);
    }
    assert_int_equal(daf_store_commit(n->writer), DAF_OK);
}

static void drop_held(struct node *n)
{
    for (size_t i = 0; i < n->held_count; i++)
        free(n->held[i].bytes);
    n->held_count = 0;
}

static void commit(struct node *n)
{
    size_t from = 0;

    for (size_t i = 0; i < n->held_count; i++) {
        if (n->held[i].kind != HELD_END) continue;
        commit_job(n, from, i);
        from = i + 1;
    }
    assert_int_equal(from, n->held_count);
    drop_held(n);
}

/* ---- devices */

static void make_keys(struct node *n, uint8_t tag)
{
    uint8_t seed[32];

    memset(seed, tag, sizeof(seed));
    crypto_sign_seed_keypair(n->keys.sign.b, n->secrets.sign.b, seed);
    seed[0] ^= 0x40;
    crypto_box_seed_keypair(n->keys.transport.b, n->secrets.transport.b, seed);
    seed[0] ^= 0xc0;
    crypto_box_seed_keypair(n->keys.seal.b, n->secrets.seal.b, seed);
}

static enum daf_err scan(void *ctx, const struct daf_scope_id *scope,
                         int retention, daf_camp_row_fn fn, void *fn_ctx);

struct scan_ctx {
    daf_camp_row_fn fn;
    void *ctx;
};

static bool scan_row(void *ctx, const struct daf_row *row)
{
    struct scan_ctx *s = ctx;

    return s->fn(s->ctx, &row->log, &row->stored);
}

static enum daf_err scan(void *ctx, const struct daf_scope_id *scope,
                         int retention, daf_camp_row_fn fn, void *fn_ctx)
{
    struct node *n = ctx;
    struct scan_ctx s = {fn, fn_ctx};

    return daf_store_scan(n->reader, scope, retention, scan_row, &s);
}

static void on_wrote(void *ctx, const struct daf_wrote *wrote)
{
    struct node *n = ctx;

    n->wrote = *wrote;
    n->wrote_count++;
}

static void input(struct cast *c, struct node *n, struct daf_input *in)
{
    daf_agent_input(n->agent, c->now, in);
}

static void start(struct cast *c, struct node *n)
{
    struct daf_agent_config config = {
        .keys = n->keys,
        .secrets = n->secrets,
        .manifest = {c->manifest, c->manifest_len},
        .cert = {n->cert, n->cert_len},
        .boot_number = ++n->boot,
        .scan = scan,
        .scan_ctx = n,
        .own_incarnation = n->incarnation,
        .self = n->self.lives_count > 0 ? &n->self : NULL,
        .port = &n->port,
        .scratch = &c->scratch,
    };
    struct daf_input listening = {.kind = DAF_INPUT_LISTENING,
                                  .port_door = 1000,
                                  .port_mesh = 2000};

    assert_int_equal(daf_store_open(n->dir, DAF_STORE_WRITER, &n->writer),
                     DAF_OK);
    assert_int_equal(daf_store_open(n->dir, DAF_STORE_READER, &n->reader),
                     DAF_OK);
    config.index = daf_store_index(n->reader);
    memset(config.seed, (int)(n->index + 16 * n->boot), sizeof(config.seed));
    assert_int_equal(daf_agent_new(&config, on_wrote, n, &n->agent), DAF_OK);
    n->admitted_count = 0;
    input(c, n, &listening);
}

static void stop(struct node *n)
{
    daf_agent_free(n->agent);
    daf_store_close(n->reader);
    daf_store_close(n->writer);
    drop_held(n);
    n->job = 0;
    n->agent = NULL;
}

static struct node *node_new(struct cast *c, size_t index)
{
    struct node *n = calloc(1, sizeof(*n));

    assert_non_null(n);
    n->cast = c;
    n->index = index;
    n->incarnation = 0x1000000000000000u + index;
    snprintf(n->dir, sizeof(n->dir), "%s/%zu", c->tmp, index);
    assert_int_equal(mkdir(n->dir, 0700), 0);
    make_keys(n, (uint8_t)(index + 1));
    n->port = (struct daf_port){.ctx = n,
                                .send = port_send,
                                .close = port_close,
                                .connect = port_connect,
                                .admit = port_admit,
                                .porch = port_porch,
                                .announce = port_announce,
                                .withdraw = port_withdraw,
                                .store_begin = port_store_begin,
                                .store_keep = port_store_keep,
                                .store_unchecked = port_store_unchecked,
                                .store_checked = port_store_checked,
                                .store_drop = port_store_drop,
                                .store_self = port_store_self,
                                .store_erase = port_store_erase,
                                .store_end = port_store_end,
                                .store_acked = port_store_acked};
    return n;
}

static void make_manifest(struct cast *c)
{
    struct daf_manifest *m = &c->camp;
    const char *const *names;
    struct daf_sign_sk root_sk;
    struct daf_box_sk door_sk;
    uint8_t seed[32] = {99};

    memset(m, 0, sizeof(*m));
    m->is_first = true;
    m->number = 1;
    strcpy(m->name, "Test camp");
    m->k = 1;
    m->roots_count = 1;
    crypto_sign_seed_keypair(m->roots[0].b, root_sk.b, seed);
    m->coordinators_count = 1;
    m->coordinators[0].keys = c->nodes[0]->keys;
    m->coordinators[0].acts = 50;
    names = daf_payload_names(&m->register_count);
    for (size_t i = 0; i < m->register_count; i++)
        strcpy(m->types[i], names[i]);
    memset(m->discovery.b, 7, sizeof(m->discovery.b));
    c->manifest_len = daf_manifest_sign(m, &root_sk, 1, c->manifest);
    assert_true(c->manifest_len > 0);
    assert_int_equal(
        daf_manifest_decode((struct daf_view){c->manifest, c->manifest_len}, m),
        DAF_OK);
    daf_manifest_door_keys(&m->discovery, &c->door, &door_sk);
}

/* ---- enrolment, as a coordinator does it */

static void control(struct cast *c, struct daf_pack *k)
{
    struct daf_write write = {.kind = DAF_WRITE_CONTROL,
                              .payload = daf_pack_view(k)};
    struct daf_input in = {.kind = DAF_INPUT_WRITE, .write = &write};

    input(c, c->nodes[0], &in);
    cast_run(c, 0);
    assert_int_equal(c->nodes[0]->wrote.err, DAF_OK);
}

static void wrap_key(struct cast *c, const struct node *n)
{
    struct daf_key_wrap w = {.scope = "class:1",
                             .generation = 1,
                             .wraps_count = 1};
    struct daf_wrap wrap = {.author = daf_hash_author_id(&n->keys.sign)};
    uint8_t room[512];
    struct daf_pack k;

    daf_body_commitment(&c->generation, w.commit);
    crypto_box_seal(wrap.sealed, c->generation.b, 32, n->keys.seal.b);
    daf_pack_init(&k, room, sizeof(room));
    daf_payload_pack_key_wrap(&k, &w, &wrap);
    control(c, &k);
}

static void enrol(struct cast *c, struct node *n)
{
    struct daf_cert cert = {.camp = c->camp.camp,
                            .keys = n->keys,
                            .rights_count = 4,
                            .rights = {{"camp", DAF_RIGHT_APPEND},
                                       {"catalog", DAF_RIGHT_READ},
                                       {"class:1", DAF_RIGHT_APPEND},
                                       {"control", DAF_RIGHT_READ}},
                            .issued_beacon = 0,
                            .expires_beacon = UINT64_MAX};
    uint8_t room[2048];
    struct daf_pack k;

    cert.serial[0] = (uint8_t)n->index;
    n->cert_len = daf_cert_sign(&cert, &c->nodes[0]->secrets.sign, n->cert);
    assert_true(n->cert_len > 0);
    daf_pack_init(&k, room, sizeof(room));
    daf_payload_pack_certificate(&k, (struct daf_view){n->cert, n->cert_len});
    control(c, &k);
    wrap_key(c, n);
}

static bool copy_row(void *ctx, const struct daf_row *row)
{
    struct daf_store *to = ctx;
    struct daf_record r;
    enum daf_put what;

    assert_int_equal(daf_record_decode(row->stored.header, &r), DAF_OK);
    assert_int_equal(daf_store_put(to, &r, row->stored.header,
                                   row->stored.body_state, row->stored.body,
                                   &what),
                     DAF_OK);
    return true;
}

/* What an acceptance file carries: all of control. */
static void give_control(struct cast *c, struct node *n)
{
    struct daf_scope_id id = daf_hash_scope_id(&c->camp.camp, "control");
    struct daf_store *to;

    assert_int_equal(daf_store_open(n->dir, DAF_STORE_WRITER, &to), DAF_OK);
    assert_int_equal(daf_store_begin(to), DAF_OK);
    assert_int_equal(daf_store_scan(c->nodes[0]->reader, &id, -1, copy_row, to),
                     DAF_OK);
    assert_int_equal(daf_store_commit(to), DAF_OK);
    daf_store_close(to);
}

/* ---- chance: the same in every run, or a story would be told in other words (how
 * many symbols a difference takes depends on ids, and ids on what is drawn) */

static struct daf_rng drawn;

static const char *drawn_name(void)
{
    return "cast";
}

static void drawn_buf(void *const to, const size_t len)
{
    daf_rng_bytes(&drawn, to, len);
}

static uint32_t drawn_number(void)
{
    uint32_t number;

    drawn_buf(&number, sizeof(number));
    return number;
}

static void draw_anew(void)
{
    static struct randombytes_implementation ours = {.implementation_name =
                                                         drawn_name,
                                                     .random = drawn_number,
                                                     .buf = drawn_buf};
    static const uint8_t seed[32] = {3};

    daf_rng_init(&drawn, seed);
    assert_int_equal(randombytes_set_implementation(&ours), 0);
}

struct cast *cast_new(size_t count, bool enrolled_apart)
{
    struct cast *c = calloc(1, sizeof(*c));

    assert_non_null(c);
    assert_true(sodium_init() >= 0);
    draw_anew();
    c->tmp = daf_tmpdir_new();
    assert_non_null(c->tmp);
    c->end = &c->first;
    c->now.ms = 1000;
    memset(c->generation.b, 5, sizeof(c->generation.b));
    for (c->count = 0; c->count < count; c->count++)
        c->nodes[c->count] = node_new(c, c->count);
    make_manifest(c);
    start(c, c->nodes[0]);
    wrap_key(c, c->nodes[0]);
    for (size_t i = 1; i < count; i++) {
        enrol(c, c->nodes[i]);
        if (enrolled_apart) give_control(c, c->nodes[i]);
    }
    for (size_t i = 1; i < count; i++) {
        if (!enrolled_apart) give_control(c, c->nodes[i]);
        start(c, c->nodes[i]);
    }
    cast_run(c, 0);
    cast_story_clear(c);
    return c;
}

void cast_free(struct cast *c)
{
    for (size_t i = 0; i < c->count; i++) {
        stop(c->nodes[i]);
        free(c->nodes[i]);
    }
    while (c->first != NULL) {
        struct event *next = c->first->next;

        free(c->first);
        c->first = next;
    }
    for (size_t i = 0; i < c->wires_count; i++)
        free(c->wires[i]);
    daf_tmpdir_free(c->tmp);
    free(c);
}

/* ---- running */

static void tell(struct cast *c, const struct event *e)
{
    struct daf_frame f;
    int len;

    assert_int_equal(daf_frame_decode((struct daf_view){e->bytes, e->len}, &f,
                                      NULL),
                     DAF_OK);
    len =
        snprintf(c->story + c->story_len, STORY_MAX - c->story_len,
                 "%zu>%zu %s\n", e->from, e->node, daf_frame_kind_str(f.kind));
    if (len > 0 && c->story_len + (size_t)len < STORY_MAX)
        c->story_len += (size_t)len;
}

static void deliver(struct cast *c, struct event *e)
{
    struct node *n = c->nodes[e->node];
    struct daf_input in = {.kind = e->kind,
                           .conn = e->conn,
                           .endpoint = e->endpoint,
                           .key = e->key,
                           .job = e->job};

    if (e->kind == DAF_INPUT_FRAME) {
        if (e->wire->is_cut) return;
        tell(c, e);
        in.bytes = (struct daf_view){e->bytes, e->len};
        if (n->hear != NULL && !n->hear(n->hear_ctx, in.bytes)) return;
    }
    if (e->kind == DAF_INPUT_STORED) {
        in.err = (enum daf_err)e->conn;
        in.conn = 0;
        in.items = (const void *)e->bytes;
        in.items_count = e->len / sizeof(struct daf_stored_item);
    }
    input(c, n, &in);
}

/* The next timer of all, if it is not later than @end. */
static bool next_timer(struct cast *c, uint64_t end)
{
    struct daf_input in = {.kind = DAF_INPUT_TIMER};
    struct node *first = NULL;
    uint64_t at = end;

    for (size_t i = 0; i < c->count; i++) {
        uint64_t d;

        if (c->nodes[i]->agent == NULL) /* not enrolled yet */
            continue;
        d = daf_agent_deadline(c->nodes[i]->agent).ms;
        if (d <= at && (first == NULL || d < at)) {
            at = d;
            first = c->nodes[i];
        }
    }
    if (first == NULL) return false;
    if (at > c->now.ms) c->now.ms = at;
    input(c, first, &in);
    return true;
}

void cast_run(struct cast *c, uint64_t ms)
{
    uint64_t end = c->now.ms + ms;

    for (size_t step = 0;; step++) {
        struct event *e = c->first;

        assert_true(step < STEPS_MAX);
        if (e == NULL) {
            if (next_timer(c, end)) continue;
            break;
        }
        c->first = e->next;
        if (c->first == NULL) c->end = &c->first;
        deliver(c, e);
        free(e);
    }
    c->now.ms = end;
}

void cast_peer(struct cast *c, size_t from, size_t to)
{
    struct daf_input in = {.kind = DAF_INPUT_PEER,
                           .found_by = DAF_FOUND_STATIC};

    snprintf(in.addr.text, sizeof(in.addr.text), "10.0.0.%zu:1000", to);
    c->nodes[from]->peers |= (uint64_t)1 << to;
    input(c, c->nodes[from], &in);
}

void cast_learn(struct cast *c, size_t node, const char *learner,
                const char *item, uint32_t score)
{
    struct daf_did did = {.item = {(const uint8_t *)item, strlen(item)},
                          .has_score = true,
                          .score = score};
    struct daf_write write = {.kind = DAF_WRITE_SESSION,
                              .claimed = {1700000000000},
                              .learner = {(const uint8_t *)learner,
                                          strlen(learner)},
                              .did = &did,
                              .did_count = 1};
    struct daf_input in = {.kind = DAF_INPUT_WRITE, .write = &write};

    input(c, c->nodes[node], &in);
}

void cast_revoke(struct cast *c, size_t who)
{
    struct daf_author_id author = cast_author(c, who);
    struct daf_write write = {.kind = DAF_WRITE_CONTROL};
    struct daf_input in = {.kind = DAF_INPUT_WRITE, .write = &write};
    uint8_t bytes[256];
    struct daf_pack k;
    size_t mark;

    daf_pack_init(&k, bytes, sizeof(bytes));
    mark = daf_payload_begin_revocation(&k);
    daf_payload_end_revocation(&k, mark, 0, DAF_REVOKED_STOLEN, &author);
    write.payload = daf_pack_view(&k);
    input(c, c->nodes[0], &in);
}

size_t cast_handles(struct cast *c, size_t node, const char *learner,
                    struct daf_handle *out, size_t cap)
{
    const struct daf_camp *camp = daf_agent_camp(c->nodes[node]->agent);
    struct daf_scope_id scope = cast_scope(c, "class:1");
    struct daf_view who = {(const uint8_t *)learner, strlen(learner)};
    struct daf_learner l;

    if (daf_camp_learner(camp, &scope, who, &l, NULL) != DAF_OK) return 0;
    return daf_camp_handles(camp, &l.subject, out, cap);
}

void cast_erase(struct cast *c, const struct daf_handle *handles, size_t count)
{
    struct daf_write write = {.kind = DAF_WRITE_CONTROL};
    struct daf_input in = {.kind = DAF_INPUT_WRITE, .write = &write};
    uint8_t bytes[64 + DAF_ERASURE_MAX * 18];
    struct daf_pack k;

    daf_pack_init(&k, bytes, sizeof(bytes));
    daf_payload_pack_erasure(&k, handles, count);
    write.payload = daf_pack_view(&k);
    input(c, c->nodes[0], &in);
}

const char *cast_dir(struct cast *c, size_t node)
{
    return c->nodes[node]->dir;
}

void cast_backup(struct cast *c, size_t node)
{
    char path[600];

    snprintf(path, sizeof(path), "%s/backup", c->nodes[node]->dir);
    (void)remove(path);
    assert_int_equal(daf_store_copy(c->nodes[node]->reader, path), DAF_OK);
    c->nodes[node]->aside_incarnation = c->nodes[node]->incarnation;
    c->nodes[node]->aside_self = c->nodes[node]->self;
}

void cast_cut(struct cast *c, size_t a, size_t b)
{
    c->cut[a][b] = c->cut[b][a] = true;
    for (size_t i = 0; i < c->wires_count; i++) {
        struct wire *w = c->wires[i];

        if ((w->from == a && w->to == b) || (w->from == b && w->to == a))
            cut_wire(c, w);
    }
}

void cast_heal(struct cast *c, size_t a, size_t b)
{
    c->cut[a][b] = c->cut[b][a] = false;
}

void cast_listen(struct cast *c, size_t node, cast_hear_fn hear, void *ctx)
{
    c->nodes[node]->hear = hear;
    c->nodes[node]->hear_ctx = ctx;
}

void cast_say(struct cast *c, size_t from, size_t to, struct daf_view frame)
{
    for (size_t i = c->wires_count; i-- > 0;) {
        struct wire *w = c->wires[i];
        bool is_from = w->from == from && w->to == to;

        if (!w->open || !(is_from || (w->from == to && w->to == from)))
            continue;
        carry(c, w, is_from, frame);
        return;
    }
    fail();
}

void cast_slow_disk(struct cast *c, size_t node, bool is_slow)
{
    c->nodes[node]->is_slow = is_slow;
}

void cast_disk(struct cast *c, size_t node)
{
    commit(c->nodes[node]);
}

void cast_full_disk(struct cast *c, size_t node, bool is_full)
{
    c->nodes[node]->is_full = is_full;
}

/* What waited for this device in the network or came from its disk is gone with
 * its memory. */
static void forget_events(struct cast *c, size_t node)
{
    struct event **at = &c->first;

    while (*at != NULL) {
        struct event *e = *at;

        if (e->node != node) {
            at = &e->next;
            continue;
        }
        *at = e->next;
        free(e);
    }
    c->end = at;
}

static void power_off(struct cast *c, size_t node)
{
    struct node *n = c->nodes[node];

    for (size_t i = 0; i < c->wires_count; i++) {
        if (c->wires[i]->from == node || c->wires[i]->to == node)
            cut_wire(c, c->wires[i]);
    }
    stop(n);
    forget_events(c, node);
}

static void power_on(struct cast *c, size_t node)
{
    struct node *n = c->nodes[node];

    start(c, n);
    for (size_t i = 0; i < c->count; i++) {
        if (n->peers & ((uint64_t)1 << i)) cast_peer(c, node, i);
    }
}

void cast_pull_plug(struct cast *c, size_t node)
{
    power_off(c, node);
    power_on(c, node);
}

/* ---- cards */

static void copy_file(const char *from, const char *to)
{
    char bytes[4096];
    FILE *in = fopen(from, "rb"), *out;
    size_t len;

    (void)unlink(to);
    if (in == NULL) return; /* SQLite leaves no journal when all is closed */
    out = fopen(to, "wb");
    assert_non_null(out);
    while ((len = fread(bytes, 1, sizeof(bytes), in)) > 0)
        assert_int_equal(fwrite(bytes, 1, len, out), len);
    assert_int_equal(fclose(in), 0);
    assert_int_equal(fclose(out), 0);
}

static void copy_notebook(const char *from, const char *to)
{
    static const char *const names[] = {"notebook.db", "notebook.db-wal"};
    char a[600], b[600];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(a, sizeof(a), "%s/%s", from, names[i]);
        snprintf(b, sizeof(b), "%s/%s", to, names[i]);
        copy_file(a, b);
    }
}

void cast_copy_card(struct cast *c, size_t from, size_t to)
{
    const struct node *a = c->nodes[from];
    struct node *b = c->nodes[to];

    power_off(c, from);
    power_off(c, to);
    copy_notebook(a->dir, b->dir);
    b->keys = a->keys;
    b->secrets = a->secrets;
    memcpy(b->cert, a->cert, a->cert_len);
    b->cert_len = a->cert_len;
    b->incarnation = a->incarnation;
    b->self = a->self;
    power_on(c, from);
    power_on(c, to);
}

void cast_restore(struct cast *c, size_t node)
{
    struct node *n = c->nodes[node];
    char from[600], to[600];

    power_off(c, node);
    snprintf(from, sizeof(from), "%s/backup", n->dir);
    snprintf(to, sizeof(to), "%s/notebook.db", n->dir);
    assert_int_equal(rename(from, to), 0);
    snprintf(to, sizeof(to), "%s/notebook.db-wal", n->dir);
    (void)unlink(to);
    n->incarnation = n->aside_incarnation;
    n->self = n->aside_self;
    power_on(c, node);
}

/* ---- looking */

struct daf_agent *cast_agent(struct cast *c, size_t node)
{
    return c->nodes[node]->agent;
}

struct daf_store *cast_reader(struct cast *c, size_t node)
{
    return c->nodes[node]->reader;
}

struct daf_store *cast_writer(struct cast *c, size_t node)
{
    return c->nodes[node]->writer;
}

struct daf_author_id cast_author(struct cast *c, size_t node)
{
    return daf_hash_author_id(&c->nodes[node]->keys.sign);
}

const struct daf_secrets *cast_secrets(struct cast *c, size_t node)
{
    return &c->nodes[node]->secrets;
}

struct daf_scope_id cast_scope(struct cast *c, const char *scope)
{
    return daf_hash_scope_id(&c->camp.camp, scope);
}

static struct daf_store_digest digest(struct cast *c, size_t node,
                                      const char *scope)
{
    struct daf_scope_id id = daf_hash_scope_id(&c->camp.camp, scope);
    struct daf_store_digest d;

    assert_int_equal(daf_store_digest(c->nodes[node]->reader, &id, &d), DAF_OK);
    return d;
}

uint64_t cast_records(struct cast *c, size_t node, const char *scope)
{
    return digest(c, node, scope).records;
}

bool cast_equal(struct cast *c, size_t a, size_t b)
{
    static const char *const scopes[] = {"control", "catalog", "camp",
                                         "class:1"};

    for (size_t i = 0; i < 4; i++) {
        struct daf_store_digest x = digest(c, a, scopes[i]);
        struct daf_store_digest y = digest(c, b, scopes[i]);

        if (memcmp(x.root.b, y.root.b, 32) != 0 || x.records != y.records ||
            x.bodies != y.bodies)
            return false;
    }
    return true;
}

const struct daf_wrote *cast_last_wrote(struct cast *c, size_t node)
{
    return &c->nodes[node]->wrote;
}

size_t cast_wrote_count(struct cast *c, size_t node)
{
    return c->nodes[node]->wrote_count;
}

const char *cast_story(struct cast *c)
{
    return c->story;
}

void cast_story_clear(struct cast *c)
{
    c->story_len = 0;
    c->story[0] = '\0';
}
