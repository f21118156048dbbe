/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_crowd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/core/agent.h"
#include "proto/hash.h"
#include "proto/payload.h"
#include "proto/rng.h"
#include "tests/bench/bench.h"
#include "tests/bench/bench_camp.h"
#include "tests/lib/fake_index.h"

#define DEGREE_MAX  16
#define DISK_MS     5
#define SILENT_MS   15000 /* until heartbeats tell of a device that is gone */
#define WRITE_MS    47    /* from one writer to the next */
#define PORT_DOOR   1000
#define PORT_MESH   2000
#define INCARNATION 0x1000000000000000u

struct event {
    uint64_t at, order; /* milliseconds; of two at once the older first */
    size_t node;
    enum daf_input_kind kind;
    uint32_t conn;
    enum daf_endpoint endpoint;
    struct daf_box_pk key;
    uint64_t job;
    size_t len;
    uint8_t bytes[]; /* FRAME */
};

/* One end of a connection. */
struct end {
    uint32_t id, peer_id;
    size_t peer;
    uint64_t latency;
    bool is_open;
};

enum kept_kind {
    KEPT_RECORD,
    KEPT_UNCHECKED,
    KEPT_CHECKED,
    KEPT_DROP,
    KEPT_END, /* the job's last mark */
};

/* Something on its way to the disk. */
struct kept {
    struct kept *next;
    uint64_t job;
    enum kept_kind kind;
    struct daf_stretch what;  /* UNCHECKED, CHECKED, DROP: the log alone */
    struct daf_spot spot;     /* DROP */
    struct daf_record record; /* RECORD, and what follows */
    enum daf_body_state state;
    size_t header_len, body_len;
    uint8_t bytes[];
};

struct node {
    struct bench_crowd *crowd;
    size_t number;
    struct bench_keys keys;
    uint8_t cert[DAF_CERT_BYTES_MAX];
    size_t cert_len;
    struct daf_agent *agent;
    struct daf_fake_index *store;
    struct daf_port port;
    uint32_t incoming;
    bool is_dead, is_writer, is_reachable;
    size_t neighbours_count, neighbours[DEGREE_MAX];
    size_t ends_count, ends_cap;
    struct end *ends;
    uint64_t job; /* begun, not ended */
    struct kept *kept, **kept_end;
    uint64_t acked; /* how much of its one log is held by others */
    uint64_t timer; /* there is an event for it; UINT64_MAX: none */
};

struct row {
    struct bench_draft draft;
};

struct bench_crowd {
    struct bench_crowd_config config;
    struct node *nodes;
    size_t pairs;
    struct bench_camp camp;
    struct daf_box_pk door;
    size_t rows_count;
    struct row *rows; /* control */
    uint64_t now, order;
    size_t events_count, events_cap;
    struct event **events; /* a heap */
    struct daf_rng rng;
    struct daf_scratch scratch;
    uint64_t written, payloads;
};

/* ---- events */

static bool is_before(const struct event *a, const struct event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static struct event *post(struct bench_crowd *w, uint64_t at, size_t node,
                          enum daf_input_kind kind, size_t len)
{
    struct event *e = calloc(1, sizeof(*e) + len);
    size_t i = w->events_count++;

    if (i == w->events_cap) {
        w->events_cap = i == 0 ? 1024 : 2 * i;
        w->events = realloc(w->events, w->events_cap * sizeof(struct event *));
    }
    if (e == NULL || w->events == NULL) bench_die("out of memory");
    e->at = at;
    e->order = w->order++;
    e->node = node;
    e->kind = kind;
    e->len = len;
    for (; i > 0 && is_before(e, w->events[(i - 1) / 2]); i = (i - 1) / 2)
        w->events[i] = w->events[(i - 1) / 2];
    w->events[i] = e;
    return e;
}

static struct event *take(struct bench_crowd *w)
{
    struct event *first = w->events[0], *last = w->events[--w->events_count];
    size_t i = 0;

    for (;;) {
        size_t child = 2 * i + 1;

        if (child >= w->events_count) break;
        if (child + 1 < w->events_count &&
            is_before(w->events[child + 1], w->events[child]))
            child++;
        if (!is_before(w->events[child], last)) break;
        w->events[i] = w->events[child];
        i = child;
    }
    w->events[i] = last;
    return first;
}

/* ---- the network */

static struct end *end_of(struct node *n, uint32_t id)
{
    for (size_t i = 0; i < n->ends_count; i++) {
        if (n->ends[i].id == id) return &n->ends[i];
    }
    return NULL;
}

static struct end *add_end(struct node *n, uint32_t id)
{
    if (n->ends_count == n->ends_cap) {
        n->ends_cap = n->ends_cap == 0 ? 8 : 2 * n->ends_cap;
        n->ends = realloc(n->ends, n->ends_cap * sizeof(*n->ends));
        if (n->ends == NULL) bench_die("out of memory");
    }
    n->ends[n->ends_count] = (struct end){.id = id, .is_open = true};
    return &n->ends[n->ends_count++];
}

/* Each side hears of it in its time, and only then forgets the number. */
static void hang_up(struct node *n, struct end *e, uint64_t after)
{
    struct bench_crowd *w = n->crowd;
    struct node *peer = &w->nodes[e->peer];
    struct end *other = end_of(peer, e->peer_id);

    if (!e->is_open) return;
    e->is_open = false;
    post(w, w->now, n->number, DAF_INPUT_CLOSED, 0)->conn = e->id;
    if (other == NULL || !other->is_open) return;
    other->is_open = false;
    post(w, w->now + after, peer->number, DAF_INPUT_CLOSED, 0)->conn =
        other->id;
}

static void port_close(void *ctx, uint32_t conn)
{
    struct node *n = ctx;
    struct end *e = end_of(n, conn);

    if (e != NULL) hang_up(n, e, e->latency);
}

static void port_send(void *ctx, uint32_t conn, struct daf_view frame)
{
    struct node *n = ctx;
    struct bench_crowd *w = n->crowd;
    const struct end *e = end_of(n, conn);
    struct event *event;

    if (e == NULL || !e->is_open || w->nodes[e->peer].is_dead) return;
    event = post(w, w->now + e->latency, e->peer, DAF_INPUT_FRAME, frame.len);
    event->conn = e->peer_id;
    memcpy(event->bytes, frame.p, frame.len);
}

static void opened(struct bench_crowd *w, const struct node *n,
                   const struct end *e, enum daf_endpoint endpoint,
                   const struct daf_box_pk *key)
{
    struct event *event =
        post(w, w->now + e->latency, n->number, DAF_INPUT_OPENED, 0);

    event->conn = e->id;
    event->endpoint = endpoint;
    event->key = *key;
}

/* "10.0.0.NUMBER:PORT", NUMBER from 0: nobody else reads it. */
static void port_connect(void *ctx, uint32_t conn, enum daf_endpoint endpoint,
                         const struct daf_addr *addr,
                         const struct daf_box_pk *server)
{
    struct node *n = ctx;
    struct bench_crowd *w = n->crowd;
    size_t to = strtoul(addr->text + strlen("10.0.0."), NULL, 10);
    uint64_t latency = 5 + daf_rng_below(&w->rng, 11);
    struct node *peer = &w->nodes[to];
    struct end *mine, *theirs;

    if (peer->is_dead) {
        post(w, w->now + latency, n->number, DAF_INPUT_CLOSED, 0)->conn = conn;
        return;
    }
    mine = add_end(n, conn);
    theirs = add_end(peer, DAF_CONN_INCOMING | ++peer->incoming);
    mine->peer = to;
    theirs->peer = n->number;
    mine->peer_id = theirs->id;
    theirs->peer_id = mine->id;
    mine->latency = theirs->latency = latency;
    opened(w, n, mine, endpoint, server);
    opened(w, peer, theirs, endpoint, &n->keys.pub.transport);
}

static void port_admit(void *ctx, const struct daf_box_pk *key, bool allowed)
{
    (void)ctx;
    (void)key;
    (void)allowed;
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

/* @len: of header and body. */
static struct kept *keep(struct node *n, enum kept_kind kind, size_t len)
{
    struct kept *k = calloc(1, sizeof(*k) + len);

    if (k == NULL) bench_die("out of memory");
    k->job = n->job;
    k->kind = kind;
    *n->kept_end = k;
    n->kept_end = &k->next;
    return k;
}

static void port_store_begin(void *ctx, uint64_t job)
{
    struct node *n = ctx;

    n->job = job;
}

static void port_store_keep(void *ctx, const struct daf_keep *what)
{
    struct node *n = ctx;
    struct kept *k = keep(n, KEPT_RECORD, what->header.len + what->body.len);

    k->record = *what->record;
    k->state = what->body_state;
    k->header_len = what->header.len;
    k->body_len = what->body.len;
    memcpy(k->bytes, what->header.p, what->header.len);
    if (what->body.len > 0)
        memcpy(k->bytes + what->header.len, what->body.p, what->body.len);
}

static void port_store_unchecked(void *ctx, const struct daf_stretch *what)
{
    keep(ctx, KEPT_UNCHECKED, 0)->what = *what;
}

static void port_store_checked(void *ctx, const struct daf_stretch *what)
{
    keep(ctx, KEPT_CHECKED, 0)->what = *what;
}

static void port_store_drop(void *ctx, const struct daf_log_key *log,
                            const struct daf_spot *spot)
{
    struct kept *k = keep(ctx, KEPT_DROP, 0);

    k->what.log = *log;
    k->spot = *spot;
}

static void port_store_end(void *ctx, uint64_t job)
{
    struct node *n = ctx;

    (void)keep(n, KEPT_END, 0);
    post(n->crowd, n->crowd->now + DISK_MS, n->number, DAF_INPUT_STORED, 0)
        ->job = job;
}

/* A writer has one log; what leaves a gap changes nothing. */
static void port_store_acked(void *ctx, const struct daf_log_key *log,
                             uint64_t seq_first, const struct daf_spot *last)
{
    struct node *n = ctx;

    if (seq_first > n->acked + 1 || last->seq <= n->acked) return;
    n->acked = last->seq;
    daf_fake_index_acked(n->store, log, n->acked);
}

static struct daf_stored_item put(struct node *n, const struct kept *k)
{
    struct daf_view header = {k->bytes, k->header_len};
    struct daf_view body = {k->bytes + k->header_len, k->body_len};
    struct daf_stored_item item = {
        .log = k->record.log,
        .spot = {k->record.seq, k->record.id},
        .is_new =
            daf_fake_index_put(n->store, &k->record, header, k->state, body),
    };

    if (item.is_new && memcmp(&item.log.author, daf_agent_author(n->agent),
                              sizeof(item.log.author)) == 0)
        n->crowd->written++;
    return item;
}

static void do_deed(struct node *n, const struct kept *k)
{
    if (k->kind == KEPT_UNCHECKED) daf_fake_index_unchecked(n->store, &k->what);
    if (k->kind == KEPT_CHECKED) daf_fake_index_checked(n->store, &k->what);
    if (k->kind == KEPT_DROP)
        (void)daf_fake_index_drop(n->store, &k->what.log, &k->spot);
}

/* The oldest job becomes durable; @items has room for its records. */
static size_t commit(struct node *n, uint64_t job,
                     struct daf_stored_item *items)
{
    size_t count = 0;
    bool is_end = false;

    while (!is_end) {
        struct kept *k = n->kept;

        if (k == NULL || k->job != job) bench_die("jobs are out of order");
        n->kept = k->next;
        if (n->kept == NULL) n->kept_end = &n->kept;
        is_end = k->kind == KEPT_END;
        if (k->kind == KEPT_RECORD)
            items[count++] = put(n, k);
        else
            do_deed(n, k);
        free(k);
    }
    return count;
}

/* ---- running */

static void input(struct node *n, const struct daf_input *in)
{
    struct bench_crowd *w = n->crowd;
    uint64_t deadline;

    daf_agent_input(n->agent, (struct daf_mono){w->now}, in);
    deadline = daf_agent_deadline(n->agent).ms;
    if (deadline >= n->timer) return;
    n->timer = deadline;
    post(w, deadline > w->now ? deadline : w->now + 1, n->number,
         DAF_INPUT_TIMER, 0);
}

/* Records in a RUN; a frame that is none has none. */
static uint64_t records_in(struct daf_view bytes, struct daf_frame *f)
{
    struct daf_cursor paths;
    uint64_t sum = 0;

    if (bytes.len < 2 || bytes.p[1] != DAF_FRAME_RUN ||
        daf_frame_decode(bytes, f, NULL) != DAF_OK)
        return 0;
    paths = f->run.paths.items;
    for (size_t i = 0; i < f->run.paths.count; i++) {
        struct daf_run_path path;

        daf_frame_next_path(&paths, &f->run.scope, &path);
        sum += path.records.count;
    }
    return sum;
}

static void store(struct node *n, struct daf_input *in)
{
    size_t count = 1;
    struct daf_stored_item *items;

    for (const struct kept *k = n->kept; k != NULL && k->kind != KEPT_END;
         k = k->next)
        count++;
    items = calloc(count, sizeof(*items));
    if (items == NULL) bench_die("out of memory");
    in->items = items;
    in->items_count = commit(n, in->job, items);
    input(n, in);
    free(items);
}

static void forget_end(struct node *n, uint32_t id)
{
    struct end *e = end_of(n, id);

    if (e != NULL) *e = n->ends[--n->ends_count];
}

static void deliver(struct bench_crowd *w, const struct event *e)
{
    static struct daf_frame frame;
    struct node *n = &w->nodes[e->node];
    const struct end *end = end_of(n, e->conn);
    struct daf_input in = {.kind = e->kind,
                           .conn = e->conn,
                           .endpoint = e->endpoint,
                           .key = e->key,
                           .job = e->job,
                           .bytes = {e->bytes, e->len}};

    if (n->is_dead) return;
    if (e->kind == DAF_INPUT_TIMER) {
        n->timer = UINT64_MAX;
    } else if (e->kind == DAF_INPUT_FRAME) {
        if (end == NULL || !end->is_open) return;
        w->payloads += records_in(in.bytes, &frame);
    } else if (e->kind == DAF_INPUT_OPENED) {
        if (end == NULL || !end->is_open) return;
    } else if (e->kind == DAF_INPUT_CLOSED) {
        forget_end(n, e->conn);
    } else if (e->kind == DAF_INPUT_STORED) {
        store(n, &in);
        return;
    }
    input(n, &in);
}

void bench_crowd_run(struct bench_crowd *w, uint64_t ms)
{
    uint64_t end = w->now + ms;

    while (w->events_count > 0 && w->events[0]->at <= end) {
        struct event *e = take(w);

        w->now = e->at;
        deliver(w, e);
        free(e);
    }
    w->now = end;
}

/* ---- making */

static enum daf_err scan(void *ctx, const struct daf_scope_id *scope,
                         int retention, daf_camp_row_fn fn, void *fn_ctx)
{
    struct node *n = ctx;
    struct bench_crowd *w = n->crowd;

    /* No registrations either: a writer knows its own, others hold no key. */
    (void)retention;
    for (size_t i = 0; i < w->rows_count; i++) {
        const struct bench_draft *d = &w->rows[i].draft;
        const struct daf_stored stored = {
            .spot = {d->record.seq, d->record.id},
            .header = {d->header, d->header_len},
            .body_state = DAF_BODY_HELD,
            .body = {d->body, d->body_len},
        };

        if (memcmp(&d->record.log.scope, scope, sizeof(*scope)) != 0) break;
        if (!fn(fn_ctx, &d->record.log, &stored)) break;
    }
    return DAF_OK;
}

static void add_row(struct bench_crowd *w, struct bench_log *control,
                    const struct daf_pack *k)
{
    bench_camp_write(control, daf_pack_view(k), DAF_RETENTION_CONTROL,
                     &w->rows[w->rows_count++].draft);
}

static void make_control(struct bench_crowd *w)
{
    const struct bench_keys *chief = &w->nodes[0].keys;
    struct bench_log control = {
        .key = {.scope = daf_hash_scope_id(&w->camp.manifest.camp, "control"),
                .author = daf_hash_author_id(&chief->pub.sign),
                .incarnation = INCARNATION},
        .sign = &chief->sign,
    };

    w->rows = calloc(2 * w->config.writers, sizeof(*w->rows));
    if (w->rows == NULL) bench_die("out of memory");
    for (size_t i = 0; i < w->config.nodes; i++) {
        const struct node *n = &w->nodes[i];
        uint8_t room[2048];
        struct daf_pack k;

        if (!n->is_writer) continue;
        daf_pack_init(&k, room, sizeof(room));
        bench_camp_wrap(&w->camp, "class:1", &n->keys.pub, &k);
        add_row(w, &control, &k);
        daf_pack_init(&k, room, sizeof(room));
        daf_payload_pack_certificate(&k,
                                     (struct daf_view){n->cert, n->cert_len});
        add_row(w, &control, &k);
    }
}

static void wrote(void *ctx, const struct daf_wrote *w)
{
    (void)ctx;
    bench_ok(w->err, "write a record");
}

static void start(struct bench_crowd *w, struct node *n)
{
    struct daf_agent_config config = {
        .keys = n->keys.pub,
        .secrets = {n->keys.sign, n->keys.transport, n->keys.seal},
        .manifest = {w->camp.bytes, w->camp.len},
        .cert = {n->cert, n->number == 0 ? 0 : n->cert_len},
        .boot_number = 1,
        .scan = scan,
        .scan_ctx = n,
        .own_incarnation = INCARNATION + n->number,
        .port = &n->port,
        .scratch = &w->scratch,
    };
    const struct daf_input listening = {.kind = DAF_INPUT_LISTENING,
                                        .port_door = PORT_DOOR,
                                        .port_mesh = PORT_MESH};

    n->port = (struct daf_port){.ctx = n,
                                .send = port_send,
                                .close = port_close,
                                .connect = port_connect,
                                .admit = port_admit,
                                .announce = port_announce,
                                .withdraw = port_withdraw,
                                .store_begin = port_store_begin,
                                .store_keep = port_store_keep,
                                .store_unchecked = port_store_unchecked,
                                .store_checked = port_store_checked,
                                .store_drop = port_store_drop,
                                .store_end = port_store_end,
                                .store_acked = port_store_acked};
    n->store = daf_fake_index_new();
    config.index = daf_fake_index_view(n->store);
    daf_rng_bytes(&w->rng, config.seed, sizeof(config.seed));
    bench_ok(daf_agent_new(&config, wrote, n, &n->agent), "make an agent");
    input(n, &listening);
}

static bool are_neighbours(const struct node *n, size_t other)
{
    for (size_t i = 0; i < n->neighbours_count; i++) {
        if (n->neighbours[i] == other) return true;
    }
    return false;
}

/* Pairs stubs by chance; what would be a loop or a double is paired again, and
 * the few that stay alone have a neighbour less. */
static void make_graph(struct bench_crowd *w)
{
    size_t count = w->config.nodes * w->config.degree;
    size_t *stubs = calloc(count, sizeof(*stubs));

    if (stubs == NULL) bench_die("out of memory");
    for (size_t i = 0; i < count; i++)
        stubs[i] = i / w->config.degree;
    for (int round = 0; round < 100 && count > 1; round++) {
        size_t left = 0;

        for (size_t i = count; i-- > 1;) {
            size_t j = daf_rng_below(&w->rng, i + 1), other = stubs[i];

            stubs[i] = stubs[j];
            stubs[j] = other;
        }
        for (size_t i = 0; i + 1 < count; i += 2) {
            struct node *a = &w->nodes[stubs[i]], *b = &w->nodes[stubs[i + 1]];

            if (a == b || are_neighbours(a, b->number)) {
                stubs[left++] = a->number;
                stubs[left++] = b->number;
                continue;
            }
            a->neighbours[a->neighbours_count++] = b->number;
            b->neighbours[b->neighbours_count++] = a->number;
            w->pairs++;
        }
        count = left;
    }
    free(stubs);
}

static void introduce(struct node *n)
{
    for (size_t i = 0; i < n->neighbours_count; i++) {
        struct daf_input in = {.kind = DAF_INPUT_PEER,
                               .found_by = DAF_FOUND_STATIC};

        if (n->neighbours[i] < n->number) continue; /* it comes to us */
        (void)snprintf(in.addr.text, sizeof(in.addr.text), "10.0.0.%zu:%d",
                       n->neighbours[i], PORT_DOOR);
        input(n, &in);
    }
}

struct bench_crowd *bench_crowd_new(const struct bench_crowd_config *config)
{
    struct bench_crowd *w = calloc(1, sizeof(*w));
    const uint8_t seed[32] = {7};

    if (w == NULL || config->degree > DEGREE_MAX)
        bench_die("out of memory or neighbours");
    w->config = *config;
    w->now = 1000;
    daf_rng_init(&w->rng, seed);
    w->nodes = calloc(config->nodes, sizeof(*w->nodes));
    if (w->nodes == NULL) bench_die("out of memory");
    for (size_t i = 0; i < config->nodes; i++) {
        struct node *n = &w->nodes[i];

        n->crowd = w;
        n->number = i;
        n->timer = UINT64_MAX;
        n->kept_end = &n->kept;
        /* Not node 0, which is the coordinator and has no certificate. */
        n->is_writer = i % (config->nodes / config->writers) == 1;
        bench_camp_keys((uint32_t)i, &n->keys);
        if (i == 0) bench_camp_make(&n->keys.pub, &w->camp);
        n->cert_len = bench_camp_certify(&w->camp, &w->nodes[0].keys.sign,
                                         &n->keys.pub, n->cert);
    }
    make_graph(w);
    make_control(w);
    for (size_t i = 0; i < config->nodes; i++)
        start(w, &w->nodes[i]);
    for (size_t i = 0; i < config->nodes; i++)
        introduce(&w->nodes[i]);
    return w;
}

void bench_crowd_free(struct bench_crowd *w)
{
    /* All of them first: each hangs up on the others. */
    for (size_t i = 0; i < w->config.nodes; i++)
        daf_agent_free(w->nodes[i].agent);
    for (size_t i = 0; i < w->config.nodes; i++) {
        struct node *n = &w->nodes[i];

        daf_fake_index_free(n->store);
        while (n->kept != NULL) {
            struct kept *next = n->kept->next;

            free(n->kept);
            n->kept = next;
        }
        free(n->ends);
    }
    while (w->events_count > 0)
        free(w->events[--w->events_count]);
    free(w->events);
    free(w->nodes);
    free(w->rows);
    free(w);
}

/* ---- what happens */

void bench_crowd_write(struct bench_crowd *w)
{
    static const struct daf_did did = {
        .item = {(const uint8_t *)"letters-1", 9},
        .has_score = true,
        .score = 800000,
        .seconds = 600,
    };
    const struct daf_write write = {
        .kind = DAF_WRITE_SESSION,
        .claimed = {1760000000000},
        .learner = {(const uint8_t *)"Kite Example", 12},
        .did = &did,
        .did_count = 1,
    };
    const struct daf_input in = {.kind = DAF_INPUT_WRITE, .write = &write};

    for (size_t i = 0; i < w->config.nodes; i++) {
        if (!w->nodes[i].is_writer || w->nodes[i].is_dead) continue;
        input(&w->nodes[i], &in);
        bench_crowd_run(w, WRITE_MS);
    }
}

void bench_crowd_kill(struct bench_crowd *w, size_t count)
{
    while (count > 0) {
        struct node *n = &w->nodes[daf_rng_below(&w->rng, w->config.nodes)];

        if (n->is_dead) continue;
        n->is_dead = true;
        for (size_t i = 0; i < n->ends_count; i++)
            hang_up(n, &n->ends[i], SILENT_MS);
        count--;
    }
}

/* ---- looking */

size_t bench_crowd_sessions(const struct bench_crowd *w)
{
    size_t sum = 0;

    for (size_t i = 0; i < w->config.nodes; i++) {
        static struct daf_agent_stats stats;

        daf_agent_stats(w->nodes[i].agent, &stats);
        sum += stats.sessions;
    }
    return sum;
}

size_t bench_crowd_pairs(const struct bench_crowd *w)
{
    return w->pairs;
}

/* Marks all that living ones join with @from. */
static void spread(struct bench_crowd *w, size_t from)
{
    size_t *queue = calloc(w->config.nodes, sizeof(*queue)), count = 1;

    if (queue == NULL) bench_die("out of memory");
    for (size_t i = 0; i < w->config.nodes; i++)
        w->nodes[i].is_reachable = false;
    queue[0] = from;
    w->nodes[from].is_reachable = true;
    for (size_t at = 0; at < count; at++) {
        const struct node *n = &w->nodes[queue[at]];

        for (size_t i = 0; i < n->neighbours_count; i++) {
            struct node *next = &w->nodes[n->neighbours[i]];

            if (next->is_dead || next->is_reachable) continue;
            next->is_reachable = true;
            queue[count++] = next->number;
        }
    }
    free(queue);
}

void bench_crowd_look(const struct bench_crowd *w, struct bench_crowd_look *out)
{
    size_t from = 0;

    *out = (struct bench_crowd_look){.written = w->written,
                                     .payloads = w->payloads};
    while (from < w->config.nodes &&
           (!w->nodes[from].is_writer || w->nodes[from].is_dead))
        from++;
    if (from == w->config.nodes) bench_die("no writer lives");
    spread(w->nodes[from].crowd, from);
    for (size_t i = 0; i < w->config.nodes; i++) {
        const struct node *n = &w->nodes[i];

        out->living += !n->is_dead;
        out->reachable += n->is_reachable;
        if (n->is_reachable) out->held += daf_fake_index_count(n->store);
    }
}
