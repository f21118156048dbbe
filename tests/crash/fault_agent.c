/* SPDX-License-Identifier: Apache-2.0 */
/* Two agents on real stores and one table: the tablet, under faults, writes
 * three records and syncs with the office, which has some; then it verifies at
 * rest what it took on trust.  Frames pass through memory, time is made up. */
#include "tests/lib/t.h"

#include "tests/crash/fault.h"

#include "proto/hash.h"

#include <stdio.h>
#include <stdlib.h>

#define WRITES     3
#define KEPT_MAX   48
#define DEEDS_MAX  16
#define BYTES_MAX  2048
#define EVENTS_MAX 4096
#define SYNC_MS    120000 /* made-up time in which all must be well again */

/* A record given to the disk, as the tablet gave it. */
struct kept {
    struct daf_log_key log;
    struct daf_spot spot;
    bool durable;
    enum daf_body_state state;
    size_t header_len, body_len;
    uint8_t header[DAF_HEADER_BYTES_MAX], body[BYTES_MAX];
};

/* Beside keeping. */
struct deed {
    bool is_checked; /* else unchecked */
    size_t after;    /* this many records */
    struct daf_stretch what;
};

struct promise {
    size_t count;
    struct kept kept[KEPT_MAX];
};

struct side {
    const char *name;
    bool is_faulty;
    struct daf_home home;
    struct daf_store *writer, *reader;
    struct daf_agent *agent;
    struct daf_port port;
    uint64_t boot, job;
    size_t first, count; /* of the job under way: a slice of `kept` */
    struct kept kept[KEPT_MAX];
    size_t deeds_count;
    struct deed deeds[DEEDS_MAX];
    enum daf_err wrote[WRITES];
    unsigned answers[WRITES];
};

/* The one connection; the tablet calls. */
struct wire {
    bool open;
    uint32_t tablet, office; /* its number at either end */
    uint32_t made;
};

struct event {
    struct side *to;
    enum daf_input_kind kind;
    uint32_t conn;
    struct daf_box_pk key;
    uint64_t job;
    uint8_t *bytes; /* of a frame, or items of a job */
    size_t len;
    enum daf_endpoint endpoint;
    enum daf_err err;
    bool is_void; /* its connection was cut */
};

static struct side office = {.name = "office"};
static struct side tablet = {.name = "tablet", .is_faulty = true};
static struct wire wire;
static struct event events[EVENTS_MAX];
static size_t events_first, events_end;
static struct daf_mono now = {1000};
static const char *camp_dir;

static struct event *post(struct side *to, enum daf_input_kind kind)
{
    struct event *e = &events[events_end++ % EVENTS_MAX];

    FAULT_NEED(events_end - events_first < EVENTS_MAX);
    *e = (struct event){.to = to, .kind = kind};
    return e;
}

static void copy_bytes(struct event *e, const void *p, size_t len)
{
    e->bytes = malloc(len > 0 ? len : 1);
    FAULT_NEED(e->bytes != NULL);
    if (len > 0) memcpy(e->bytes, p, len);
    e->len = len;
}

/* --- the port; the harness's part of a call never fails */

static uint32_t end_of(const struct side *s)
{
    return s == &tablet ? wire.tablet : wire.office;
}

static struct side *other(const struct side *s)
{
    return s == &tablet ? &office : &tablet;
}

static void hang_up(void)
{
    if (!wire.open) return;
    wire.open = false;
    for (size_t i = events_first; i < events_end; i++)
        if (events[i % EVENTS_MAX].kind == DAF_INPUT_FRAME)
            events[i % EVENTS_MAX].is_void = true;
    post(&tablet, DAF_INPUT_CLOSED)->conn = wire.tablet;
    post(&office, DAF_INPUT_CLOSED)->conn = wire.office;
}

static void port_close(void *ctx, uint32_t conn)
{
    if (wire.open && conn == end_of(ctx)) hang_up();
}

static void port_send(void *ctx, uint32_t conn, struct daf_view frame)
{
    bool was = fault_off();

    if (wire.open && conn == end_of(ctx)) {
        struct event *e = post(other(ctx), DAF_INPUT_FRAME);

        e->conn = end_of(other(ctx));
        copy_bytes(e, frame.p, frame.len);
    }
    fault_set(was);
}

static void port_connect(void *ctx, uint32_t conn, enum daf_endpoint endpoint,
                         const struct daf_addr *addr,
                         const struct daf_box_pk *server)
{
    struct event *e;

    (void)addr;
    FAULT_NEED(ctx == &tablet && !wire.open);
    wire = (struct wire){.open = true,
                         .tablet = conn,
                         .office = DAF_CONN_INCOMING | wire.made,
                         .made = wire.made + 1};
    e = post(&office, DAF_INPUT_OPENED);
    e->conn = wire.office;
    e->endpoint = endpoint;
    e->key = tablet.home.keys.transport;
    e = post(&tablet, DAF_INPUT_OPENED);
    e->conn = wire.tablet;
    e->endpoint = endpoint;
    e->key = *server;
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

static void store_begin(void *ctx, uint64_t job)
{
    struct side *s = ctx;

    s->job = job;
    s->count = s->deeds_count = 0;
}

static void add_deed(struct side *s, bool is_checked,
                     const struct daf_stretch *what)
{
    FAULT_NEED(s->deeds_count < DEEDS_MAX);
    s->deeds[s->deeds_count++] = (struct deed){is_checked, s->count, *what};
}

static void store_unchecked(void *ctx, const struct daf_stretch *what)
{
    add_deed(ctx, false, what);
}

static void store_checked(void *ctx, const struct daf_stretch *what)
{
    add_deed(ctx, true, what);
}

static void store_drop(void *ctx, const struct daf_log_key *log,
                       const struct daf_spot *spot)
{
    (void)ctx;
    (void)log;
    fault_broken("%s: a good record, seq %u, is to be dropped", fault_where(),
                 (unsigned)spot->seq);
}

static void store_keep(void *ctx, const struct daf_keep *keep)
{
    struct side *s = ctx;
    struct kept *k = &s->kept[s->count++];

    FAULT_NEED(s->count < KEPT_MAX && keep->body.len <= BYTES_MAX);
    *k = (struct kept){.log = keep->record->log,
                       .spot = {keep->record->seq, keep->record->id},
                       .state = keep->body_state,
                       .header_len = keep->header.len,
                       .body_len = keep->body.len};
    memcpy(k->header, keep->header.p, k->header_len);
    if (k->body_len > 0) memcpy(k->body, keep->body.p, k->body_len);
}

static enum daf_err put(struct side *s, const struct kept *k,
                        struct daf_stored_item *out)
{
    struct daf_view header = {k->header, k->header_len};
    struct daf_view body = {k->body_len > 0 ? k->body : NULL, k->body_len};
    enum daf_put what = DAF_PUT_KNOWN;
    struct daf_record r;
    enum daf_err err = daf_record_decode(header, &r);

    if (err == DAF_OK)
        err = daf_store_put(s->writer, &r, header, k->state, body, &what);
    *out = (struct daf_stored_item){.log = k->log,
                                    .spot = k->spot,
                                    .is_new = what == DAF_PUT_NEW ||
                                              what == DAF_PUT_BODY};
    return err;
}

static enum daf_err do_deed(struct side *s, const struct deed *deed)
{
    return deed->is_checked ? daf_store_checked(s->writer, &deed->what)
                            : daf_store_unchecked(s->writer, &deed->what);
}

/* In the order in which it was asked for. */
static enum daf_err do_job(struct side *s, struct daf_stored_item *items)
{
    enum daf_err err = DAF_OK;
    size_t deeds = 0;

    for (size_t i = 0; err == DAF_OK && i <= s->count; i++) {
        while (err == DAF_OK && deeds < s->deeds_count &&
               s->deeds[deeds].after == i)
            err = do_deed(s, &s->deeds[deeds++]);
        if (err == DAF_OK && i < s->count) err = put(s, &s->kept[i], &items[i]);
    }
    return err;
}

/* What is durable is promised. */
static void promise_kept(const struct side *s)
{
    struct promise *p = fault_room();

    for (size_t i = 0; s->is_faulty && i < s->count; i++) {
        FAULT_NEED(p->count < KEPT_MAX);
        p->kept[p->count++] = s->kept[i];
    }
}

static void store_end(void *ctx, uint64_t job)
{
    static struct daf_stored_item items[KEPT_MAX];
    struct side *s = ctx;
    enum daf_err err = daf_store_begin(s->writer);
    struct event *e;
    bool was;

    FAULT_NEED(s->job == job);
    if (err == DAF_OK) {
        err = do_job(s, items);
        if (err == DAF_OK)
            err = daf_store_commit(s->writer);
        else
            daf_store_rollback(s->writer);
    }
    was = fault_off();
    FAULT_NEED(err == DAF_OK || (s->is_faulty && fault_clean(err)));
    if (err == DAF_OK) promise_kept(s);
    e = post(s, DAF_INPUT_STORED);
    e->job = job;
    e->err = err;
    copy_bytes(e, items, err == DAF_OK ? s->count * sizeof(items[0]) : 0);
    fault_set(was);
}

static void store_acked(void *ctx, const struct daf_log_key *log,
                        uint64_t seq_first, const struct daf_spot *last)
{
    struct side *s = ctx;

    if (daf_store_begin(s->writer) != DAF_OK) return; /* best effort */
    if (daf_store_acked(s->writer, log, seq_first, last) == DAF_OK) {
        if (daf_store_commit(s->writer) != DAF_OK) return;
    } else {
        daf_store_rollback(s->writer);
    }
}

static void on_wrote(void *ctx, const struct daf_wrote *wrote)
{
    struct side *s = ctx;

    FAULT_NEED(wrote->ticket < WRITES);
    s->wrote[wrote->ticket] = wrote->err;
    s->answers[wrote->ticket]++;
}

/* --- the sides */

static enum daf_err open_side(struct side *s)
{
    /* Two with one seed would take each other for themselves. */
    uint8_t seed[32] = {s->is_faulty ? 1 : 2};
    struct daf_trouble t = {""};
    enum daf_err err;

    s->port = (struct daf_port){.ctx = s,
                                .send = port_send,
                                .close = port_close,
                                .connect = port_connect,
                                .admit = port_admit,
                                .announce = port_announce,
                                .withdraw = port_withdraw,
                                .store_begin = store_begin,
                                .store_keep = store_keep,
                                .store_unchecked = store_unchecked,
                                .store_checked = store_checked,
                                .store_drop = store_drop,
                                .store_end = store_end,
                                .store_acked = store_acked};
    err = daf_home_load(fault_look_path(camp_dir, s->name), true, &s->home, &t);
    if (err != DAF_OK) return err;
    err = daf_offline_store(&s->home, DAF_STORE_WRITER, &s->writer, &t);
    if (err == DAF_OK) err = daf_offline_prepare(s->writer, NULL, &s->boot, &t);
    seed[1] = (uint8_t)s->boot;
    if (err == DAF_OK)
        err = daf_offline_store(&s->home, DAF_STORE_READER, &s->reader, &t);
    if (err == DAF_OK)
        err = daf_offline_agent(&s->home, s->reader, s->boot, &s->port,
                                on_wrote, s, seed, &s->agent, &t);
    return err;
}

static void close_side(struct side *s)
{
    daf_agent_free(s->agent);
    daf_store_close(s->reader);
    daf_store_close(s->writer);
    daf_home_unload(&s->home);
    s->agent = NULL;
    s->reader = s->writer = NULL;
}

/* Only the tablet's code meets faults. */
static void give(struct side *s, const struct daf_input *in, bool faulty)
{
    fault_set(faulty && s->is_faulty);
    daf_agent_input(s->agent, now, in);
    (void)fault_off();
}

static void deliver(const struct event *e, bool faulty)
{
    struct daf_input in = {.kind = e->kind,
                           .conn = e->conn,
                           .endpoint = e->endpoint,
                           .key = e->key,
                           .job = e->job,
                           .err = e->err};

    if (e->is_void) return;
    if (e->kind == DAF_INPUT_FRAME)
        in.bytes = (struct daf_view){e->bytes, e->len};
    if (e->kind == DAF_INPUT_STORED) {
        in.items = (const void *)e->bytes;
        in.items_count = e->len / sizeof(struct daf_stored_item);
    }
    give(e->to, &in, faulty);
}

static void run_until(struct daf_mono end, bool faulty)
{
    struct daf_input timer = {.kind = DAF_INPUT_TIMER};

    for (size_t steps = 0; steps < 100000; steps++) {
        struct daf_mono a, b;

        if (events_first < events_end) {
            struct event e = events[events_first++ % EVENTS_MAX];

            deliver(&e, faulty);
            free(e.bytes);
            continue;
        }
        a = daf_agent_deadline(tablet.agent);
        b = daf_agent_deadline(office.agent);
        if (a.ms > end.ms && b.ms > end.ms) {
            now = end;
            return;
        }
        if ((a.ms < b.ms ? a.ms : b.ms) > now.ms) now = a.ms < b.ms ? a : b;
        give(a.ms <= b.ms ? &tablet : &office, &timer, faulty);
    }
    fault_broken("somebody never falls silent");
}

static void write_one(uint64_t ticket, bool faulty)
{
    static const char *const items[WRITES] = {"letters-1", "letters-2",
                                              "numbers-1"};
    struct daf_did did = {.item = {(const uint8_t *)items[ticket],
                                   strlen(items[ticket])},
                          .has_score = true,
                          .score = 800000};
    struct daf_write write = {.ticket = ticket,
                              .kind = DAF_WRITE_SESSION,
                              .claimed = {1700000000000},
                              .learner = {(const uint8_t *)"Kite Example", 12},
                              .did = &did,
                              .did_count = 1};
    struct daf_input in = {.kind = DAF_INPUT_WRITE, .write = &write};

    tablet.answers[ticket] = 0;
    give(&tablet, &in, faulty);
}

/* --- the workload */

static bool in_step(void)
{
    struct daf_scope_id scopes[8];
    size_t count = daf_store_scopes(office.reader, scopes, 8);

    FAULT_NEED(count >= 2 && count <= 8);
    for (size_t i = 0; i < count; i++) {
        struct daf_store_digest a, b;

        FAULT_OK(daf_store_digest(office.reader, &scopes[i], &a));
        FAULT_OK(daf_store_digest(tablet.reader, &scopes[i], &b));
        if (memcmp(&a, &b, sizeof(a)) != 0) return false;
    }
    return true;
}

/* R26: all is verified when it has been quiet for long enough. */
static bool is_verified(const struct side *s)
{
    const struct daf_index *index = daf_store_index(s->reader);
    struct daf_stretch left;

    return index->unchecked_next(index->ctx, &left) == DAF_ENOTFOUND;
}

static void start(bool faulty)
{
    struct daf_input listening = {.kind = DAF_INPUT_LISTENING,
                                  .port_door = 1000,
                                  .port_mesh = 2000};
    struct daf_input peer = {.kind = DAF_INPUT_PEER,
                             .found_by = DAF_FOUND_STATIC,
                             .addr = {"192.0.2.7:1000"}};
    enum daf_err err;

    FAULT_OK(open_side(&office));
    give(&office, &listening, false);
    fault_set(faulty);
    err = open_side(&tablet);
    if (err != DAF_OK) {
        close_side(&tablet);
        (void)fault_off();
        if (!fault_fired() || !fault_clean(err))
            fault_broken("%s: starting says \"%s\" (%s)", fault_where(),
                         daf_err_name(err), daf_store_trouble(NULL));
        FAULT_OK(open_side(&tablet));
    }
    (void)fault_off();
    give(&tablet, &listening, faulty);
    give(&tablet, &peer, faulty);
}

/* Each write is answered once; what failed is written again. */
static void write_all(bool faulty)
{
    for (uint64_t i = 0; i < WRITES; i++)
        write_one(i, faulty);
    run_until((struct daf_mono){now.ms + SYNC_MS}, faulty);
    for (uint64_t i = 0; i < WRITES; i++) {
        enum daf_err err = tablet.wrote[i];

        if (tablet.answers[i] != 1)
            fault_broken("%s: write %u was answered %u times", fault_where(),
                         (unsigned)i, tablet.answers[i]);
        if (err == DAF_OK) continue;
        if (!faulty || !fault_fired() || !fault_clean(err))
            fault_broken("%s: write %u says \"%s\"", fault_where(), (unsigned)i,
                         daf_err_name(err));
        write_one(i, false);
    }
    run_until((struct daf_mono){now.ms + SYNC_MS}, false);
    for (uint64_t i = 0; i < WRITES; i++)
        FAULT_NEED(tablet.answers[i] == 1 && tablet.wrote[i] == DAF_OK);
    FAULT_NEED(in_step());
    FAULT_NEED(is_verified(&tablet) && is_verified(&office));
}

static void end(bool faulty)
{
    struct daf_input stop = {.kind = DAF_INPUT_STOP};

    give(&tablet, &stop, faulty);
    run_until((struct daf_mono){now.ms + 1000}, faulty);
    fault_set(faulty);
    close_side(&tablet);
    (void)fault_off();
    close_side(&office);
    for (; events_first < events_end; events_first++)
        free(events[events_first % EVENTS_MAX].bytes);
}

static void run(const char *dir)
{
    camp_dir = dir;
    start(true);
    write_all(true);
    end(true);
}

/* --- afterwards */

/* R9: what another holds of the tablet's own records, the tablet holds; and what
 * the tablet acknowledged of the office's. */
static bool look_row(void *ctx, const struct daf_row *row)
{
    struct daf_author_id own = daf_hash_author_id(&tablet.home.keys.sign);
    uint64_t acked = daf_store_acked_seq(office.reader, &row->log);

    (void)ctx;
    if (memcmp(&row->log.author, &own, sizeof(own)) != 0 &&
        row->stored.spot.seq > acked)
        return true;
    FAULT_NEED(fault_look_held(tablet.reader, &row->log, &row->stored.spot,
                               row->stored.header, row->stored.body_state,
                               row->stored.body));
    return true;
}

static void look_promises(void)
{
    const struct promise *p = fault_room();
    struct daf_scope_id scopes[8];
    size_t count = daf_store_scopes(office.reader, scopes, 8);

    for (size_t i = 0; i < p->count; i++) {
        const struct kept *k = &p->kept[i];

        FAULT_NEED(fault_look_held(tablet.reader, &k->log, &k->spot,
                                   (struct daf_view){k->header, k->header_len},
                                   k->state,
                                   (struct daf_view){k->body, k->body_len}));
    }
    for (size_t i = 0; i < count; i++)
        FAULT_OK(daf_store_scan(office.reader, &scopes[i], -1, look_row, NULL));
}

static void verify(const char *dir)
{
    camp_dir = dir;
    FAULT_NEED(fault_look_check(fault_look_path(dir, "tablet/store")));
    FAULT_NEED(fault_look_check(fault_look_path(dir, "office/store")));
    start(false);
    look_promises();
    write_all(false);
    end(false);
    FAULT_NEED(fault_look_check(fault_look_path(dir, "tablet/store")));
}

/* An office with a record of its own, and an enrolled tablet. */
static void prepare(const char *dir)
{
    char at[4][DAF_HOME_PATH_MAX];
    static const char *const names[4] = {"office", "tablet", "r", "a"};

    for (size_t i = 0; i < 4; i++)
        (void)snprintf(at[i], sizeof(at[i]), "%s/%s", dir, names[i]);
    const char *const words[][12] = {
        {"daftar", "camp", "create", "Test camp", "--home", at[0], NULL},
        {"daftar", "join", "--request", at[2], "--home", at[1], NULL},
        {"daftar", "enrol", "sign", at[2], "--out", at[3], "--home", at[0],
         NULL},
        {"daftar", "join", "--accept", at[3], "--home", at[1], NULL},
        {"daftar", "progress", "add", "--learner", "Paper Example", "--item",
         "letters-1", "--home", at[0], NULL},
        {"daftar", "progress", "add", "--learner", "Paper Example", "--item",
         "letters-2", "--home", at[0], NULL},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        FAULT_NEED(fault_look_daftar(words[i]) == 0);
}

const struct fault_workload fault_agent = {.name = "agent",
                                           .kinds = FAULT_BITS_STORE,
                                           .prepare = prepare,
                                           .run = run,
                                           .verify = verify};
