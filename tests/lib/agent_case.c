/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "tests/lib/agent_case.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/hash.h"

struct daf_device_keys keys[DEVICES];
struct daf_secrets secrets[DEVICES];
uint8_t manifest_bytes[DAF_MANIFEST_BYTES_MAX];
size_t manifest_len;
struct daf_manifest manifest;
struct daf_box_pk door;
struct daf_fake_index *control;
static uint8_t certs[DEVICES][DAF_CERT_BYTES_MAX];
static size_t cert_lens[DEVICES];
static struct daf_key generation;
static struct daf_scratch scratch;
static uint8_t room[DAF_FRAME_BYTES_MAX];

/* ---- the port */

static void note_effect(struct host *h, struct daf_view bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        h->effects = (h->effects ^ bytes.p[i]) * 0x100000001b3u;
}

static void port_send(void *ctx, uint32_t conn, struct daf_view frame)
{
    struct host *h = ctx;
    struct said *s = calloc(1, sizeof(*s) + frame.len);
    struct daf_frame f;

    assert_non_null(s);
    assert_int_equal(daf_frame_decode(frame, &f, NULL), DAF_OK);
    h->said_count[f.kind]++;
    note_effect(h, frame);
    s->conn = conn;
    s->len = frame.len;
    memcpy(s->bytes, frame.p, frame.len);
    *h->said_end = s;
    h->said_end = &s->next;
}

static void port_close(void *ctx, uint32_t conn)
{
    struct host *h = ctx;

    assert_true(h->closes_count < 2048);
    h->closes[h->closes_count++] = conn;
}

static void port_connect(void *ctx, uint32_t conn, enum daf_endpoint endpoint,
                         const struct daf_addr *addr,
                         const struct daf_box_pk *server)
{
    struct host *h = ctx;

    assert_true(h->connects_count < 256);
    assert_int_equal(conn & IN, 0);
    h->connects[h->connects_count++] =
        (struct connect){conn, endpoint, *addr, *server};
}

static void port_admit(void *ctx, const struct daf_box_pk *key, bool allowed)
{
    struct host *h = ctx;

    if (!allowed) {
        assert_true(h->denies_count < 64);
        h->denies[h->denies_count++] = *key;
        return;
    }
    assert_true(h->admits_count < 64);
    h->admits[h->admits_count++] = *key;
}

static void port_announce(void *ctx, const struct daf_announce *what)
{
    struct host *h = ctx;

    h->announced = *what;
    h->announces++;
}

static void port_withdraw(void *ctx, enum daf_endpoint endpoint)
{
    struct host *h = ctx;

    assert_int_equal(endpoint, DAF_ENDPOINT_DOOR);
    h->withdraws++;
}

static void port_store_begin(void *ctx, uint64_t id)
{
    struct host *h = ctx;
    struct job *job = calloc(1, sizeof(*job));

    assert_non_null(job);
    assert_null(*h->jobs_end);
    job->id = id;
    *h->jobs_end = job;
}

static struct kept *add_deed(struct host *h, enum deed deed)
{
    struct job *job = *h->jobs_end;
    struct kept *k;

    assert_non_null(job);
    job->items = realloc(job->items, (job->count + 1) * sizeof(*k));
    assert_non_null(job->items);
    k = &job->items[job->count++];
    memset(k, 0, sizeof(*k));
    k->deed = deed;
    note_effect(h, (struct daf_view){(const uint8_t *)&deed, sizeof(deed)});
    return k;
}

static void port_store_unchecked(void *ctx, const struct daf_stretch *what)
{
    assert_in_range(what->first, 1, what->last);
    add_deed(ctx, DEED_UNCHECKED)->what = *what;
}

static void port_store_checked(void *ctx, const struct daf_stretch *what)
{
    assert_in_range(what->first, 1, what->last);
    add_deed(ctx, DEED_CHECKED)->what = *what;
}

static void port_store_drop(void *ctx, const struct daf_log_key *log,
                            const struct daf_spot *spot)
{
    struct kept *k = add_deed(ctx, DEED_DROP);

    k->what.log = *log;
    k->spot = *spot;
}

static void port_store_keep(void *ctx, const struct daf_keep *keep)
{
    struct kept *k = add_deed(ctx, DEED_KEEP);

    k->r = *keep->record;
    k->state = keep->body_state;
    memcpy(k->header, keep->header.p, keep->header.len);
    k->header_len = keep->header.len;
    k->body = malloc(keep->body.len + 1);
    assert_non_null(k->body);
    if (keep->body.len > 0) memcpy(k->body, keep->body.p, keep->body.len);
    k->body_len = keep->body.len;
}

static void port_store_statement(void *ctx, const struct daf_statement *st,
                                 struct daf_view bytes)
{
    struct kept *k = add_deed(ctx, DEED_STATEMENT);

    assert_true(st->content.p == NULL || (st->content.p >= bytes.p &&
                                          st->content.p < bytes.p + bytes.len));
    k->body = malloc(bytes.len);
    assert_non_null(k->body);
    memcpy(k->body, bytes.p, bytes.len);
    k->body_len = bytes.len;
}

static void port_store_end(void *ctx, uint64_t id)
{
    struct host *h = ctx;

    assert_non_null(*h->jobs_end);
    assert_int_equal((*h->jobs_end)->id, id);
    h->jobs_end = &(*h->jobs_end)->next;
}

static void port_store_acked(void *ctx, const struct daf_log_key *log,
                             uint64_t seq_first, const struct daf_spot *last)
{
    struct host *h = ctx;

    assert_memory_equal(log->author.b, daf_agent_author(h->agent)->b, 16);
    h->acked_count++;
    (void)seq_first; /* here ACKs come without gaps */
    daf_fake_index_acked(h->index, log, last->seq);
}

static void note_call(struct host *h, enum content_what what, uint32_t conn,
                      const struct daf_port_piece *piece)
{
    assert_true(h->calls_count < CALLS_MAX);
    h->calls[h->calls_count] =
        (struct content_call){.what = what, .conn = conn};
    if (piece != NULL) h->calls[h->calls_count].piece = *piece;
    h->calls_count++;
}

static void port_content_put(void *ctx, uint32_t conn,
                             const struct daf_port_piece *piece)
{
    note_call(ctx, CONTENT_PUT, conn, piece);
}

static void port_content_forget(void *ctx, uint32_t conn)
{
    note_call(ctx, CONTENT_FORGET, conn, NULL);
}

static void port_content_read(void *ctx, uint32_t conn,
                              const struct daf_port_piece *piece)
{
    note_call(ctx, CONTENT_READ, conn, piece);
}

static void on_wrote(void *ctx, const struct daf_wrote *wrote)
{
    struct host *h = ctx;

    assert_true(h->wrote_count < LIST_MAX);
    h->wrote[h->wrote_count++] = *wrote;
}

static enum daf_err scan(void *ctx, const struct daf_scope_id *scope,
                         int retention, daf_camp_row_fn fn, void *fn_ctx)
{
    const struct host *h = ctx;

    for (size_t i = 0; i < daf_fake_index_count(h->index); i++) {
        struct daf_log_key log;
        struct daf_stored stored;
        struct daf_record r;

        daf_fake_index_at(h->index, i, &log, &stored);
        assert_int_equal(daf_record_decode(stored.header, &r), DAF_OK);
        if (memcmp(log.scope.b, scope->b, 16) == 0 &&
            (retention < 0 || r.retention == retention) &&
            !fn(fn_ctx, &log, &stored))
            break;
    }
    return DAF_OK;
}

static enum daf_err scan_statements(void *ctx, daf_agent_statement_fn fn,
                                    void *fn_ctx)
{
    const struct host *h = ctx;

    for (size_t i = 0; i < h->statements_count; i++) {
        const struct on_disk *d = &h->statements[i];

        if (!fn(fn_ctx, &d->st, (struct daf_view){d->bytes, d->len})) break;
    }
    return DAF_OK;
}

/* ---- a host */

enum daf_err start(struct host *h, struct daf_view camp, struct daf_view cert,
                   uint8_t seed)
{
    struct daf_agent_config config = {.keys = keys[h->number],
                                      .secrets = secrets[h->number],
                                      .manifest = camp,
                                      .cert = cert,
                                      .seed = {seed},
                                      .boot_number = 1,
                                      .index = daf_fake_index_view(h->index),
                                      .scan = scan,
                                      .scan_ctx = h,
                                      .statements = scan_statements,
                                      .statements_ctx = h,
                                      .own_incarnation = 40 + h->number,
                                      .port = &h->port,
                                      .scratch = &scratch};

    return daf_agent_new(&config, on_wrote, h, &h->agent);
}

struct host *host_bare(size_t number)
{
    struct host *h = calloc(1, sizeof(*h));

    assert_non_null(h);
    h->number = number;
    h->now.ms = START_MS;
    h->index = daf_fake_index_new();
    h->said_end = &h->said;
    h->jobs_end = &h->jobs;
    h->port = (struct daf_port){.ctx = h,
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
                                .store_statement = port_store_statement,
                                .store_end = port_store_end,
                                .store_acked = port_store_acked,
                                .content_put = port_content_put,
                                .content_forget = port_content_forget,
                                .content_read = port_content_read};
    return h;
}

void give_row(struct host *h, const struct daf_fake_index *from, size_t at)
{
    struct daf_log_key log;
    struct daf_stored stored;
    struct daf_record r;

    daf_fake_index_at(from, at, &log, &stored);
    assert_int_equal(daf_record_decode(stored.header, &r), DAF_OK);
    (void)daf_fake_index_put(h->index, &r, stored.header, stored.body_state,
                             stored.body);
}

const struct daf_view no_cert;

struct daf_view the_manifest(void)
{
    return (struct daf_view){manifest_bytes, manifest_len};
}

struct daf_view the_cert(size_t number)
{
    return (struct daf_view){certs[number], cert_lens[number]};
}

struct host *host_seeded(size_t number, uint8_t seed)
{
    struct host *h = host_bare(number);
    struct daf_input in = {.kind = DAF_INPUT_LISTENING,
                           .port_door = 1000,
                           .port_mesh = 2000};

    for (size_t i = 0; i < daf_fake_index_count(control); i++)
        give_row(h, control, i);
    assert_int_equal(start(h, the_manifest(), the_cert(number), seed), DAF_OK);
    daf_agent_input(h->agent, h->now, &in);
    h->admits_count = 0;
    return h;
}

struct host *host_new(size_t number)
{
    return host_seeded(number, (uint8_t)(number + 1));
}

static void job_free(struct host *h)
{
    struct job *job = h->jobs;

    h->jobs = job->next;
    if (h->jobs == NULL) h->jobs_end = &h->jobs;
    for (size_t i = 0; i < job->count; i++)
        free(job->items[i].body);
    free(job->items);
    free(job);
}

bool take(struct host *h, uint32_t *out_conn, struct daf_view *out)
{
    struct said *s = h->said;

    if (s == NULL) return false;
    h->said = s->next;
    if (h->said == NULL) h->said_end = &h->said;
    *out_conn = s->conn;
    memcpy(room, s->bytes, s->len);
    *out = (struct daf_view){room, s->len};
    free(s);
    return true;
}

static void agent_end(struct host *h)
{
    struct daf_view bytes;
    uint32_t conn;

    daf_agent_free(h->agent);
    while (take(h, &conn, &bytes))
        ;
    while (h->jobs != NULL)
        job_free(h);
}

void restart(struct host *h)
{
    agent_end(h);
    assert_int_equal(start(h, the_manifest(), the_cert(h->number),
                           (uint8_t)(h->number + 101)),
                     DAF_OK);
    listening(h);
}

void host_free(struct host *h)
{
    agent_end(h);
    for (size_t i = 0; i < h->statements_count; i++)
        free(h->statements[i].bytes);
    free(h->statements);
    daf_fake_index_free(h->index);
    free(h);
}

/* ---- what happens to it */

void listening(struct host *h)
{
    struct daf_input in = {.kind = DAF_INPUT_LISTENING,
                           .port_door = 1000,
                           .port_mesh = 2000};

    daf_agent_input(h->agent, h->now, &in);
}

void simple(struct host *h, enum daf_input_kind kind)
{
    struct daf_input in = {.kind = kind};

    daf_agent_input(h->agent, h->now, &in);
}

void await(struct host *h)
{
    h->now = daf_agent_deadline(h->agent);
    assert_true(h->now.ms != UINT64_MAX);
    simple(h, DAF_INPUT_TIMER);
}

void peer(struct host *h, const char *addr)
{
    struct daf_input in = {.kind = DAF_INPUT_PEER,
                           .found_by = DAF_FOUND_STATIC};

    snprintf(in.addr.text, sizeof(in.addr.text), "%s", addr);
    daf_agent_input(h->agent, h->now, &in);
}

void own_address_list(struct host *h, const char *const texts[], size_t count)
{
    struct daf_addr addrs[16] = {{""}};
    struct daf_input in = {.kind = DAF_INPUT_OWN,
                           .addrs = addrs,
                           .addrs_count = count};

    for (size_t i = 0; i < count; i++)
        snprintf(addrs[i].text, sizeof(addrs[i].text), "%s", texts[i]);
    daf_agent_input(h->agent, h->now, &in);
}

void own_addresses(struct host *h, const char *text)
{
    const char *const texts[] = {"127.0.0.1:0", text};

    own_address_list(h, texts, 2);
}

void token_of(const uint8_t *salt, const char *addr, uint8_t out[8])
{
    const char *colon = strrchr(addr, ':'), *end = strpbrk(addr, "%]");
    char ip[64] = "";
    uint8_t said[34], hash[16];
    size_t len = 16;
    bool is_v6 = addr[0] == '[';
    int port = atoi(colon + 1); /* NOLINT(cert-err34-c) */

    memcpy(said, salt, 16);
    memcpy(ip, is_v6 ? addr + 1 : addr,
           (size_t)(is_v6 ? end - addr - 1 : colon - addr));
    assert_int_equal(inet_pton(is_v6 ? AF_INET6 : AF_INET, ip, said + len), 1);
    len += is_v6 ? 16 : 4;
    said[len++] = (uint8_t)(port >> 8);
    said[len++] = (uint8_t)port;
    assert_int_equal(crypto_generichash_blake2b_salt_personal(
                         hash, 16, said, len, manifest.discovery.b, 32, NULL,
                         (const uint8_t *)"daf.mdns.1\0\0\0\0\0"),
                     0);
    memcpy(out, hash, 8);
}

void found(struct host *h, struct host *from, const char *addr)
{
    struct daf_input in = {.kind = DAF_INPUT_FOUND};

    if (from->announces == 0) own_addresses(from, "[fe80::77%3]:0");
    in.service = from->announced;
    token_of(in.service.data, addr, in.service.data + 16 + 8);
    snprintf(in.addr.text, sizeof(in.addr.text), "%s", addr);
    daf_agent_input(h->agent, h->now, &in);
}

void gone(struct host *h, const struct host *from)
{
    struct daf_input in = {.kind = DAF_INPUT_GONE, .service = from->announced};

    daf_agent_input(h->agent, h->now, &in);
}

size_t peers_of(const struct host *h, struct daf_peer_info *out, size_t max)
{
    size_t at = 0, count = 0;

    while (count < max && daf_agent_peer(h->agent, &at, &out[count]))
        count++;
    return count;
}

void opened(struct host *h, uint32_t conn, enum daf_endpoint endpoint,
            const struct daf_box_pk *key)
{
    struct daf_input in = {.kind = DAF_INPUT_OPENED,
                           .conn = conn,
                           .endpoint = endpoint,
                           .key = *key};

    daf_agent_input(h->agent, h->now, &in);
}

void frame(struct host *h, uint32_t conn, struct daf_view bytes)
{
    struct daf_input in = {.kind = DAF_INPUT_FRAME,
                           .conn = conn,
                           .bytes = bytes};

    daf_agent_input(h->agent, h->now, &in);
}

void closed(struct host *h, uint32_t conn)
{
    struct daf_input in = {.kind = DAF_INPUT_CLOSED, .conn = conn};

    daf_agent_input(h->agent, h->now, &in);
}

static void note_order(struct host *h, const struct kept *k)
{
    struct daf_scope_id id = daf_hash_scope_id(&manifest.camp, "control");

    if (memcmp(k->r.log.scope.b, id.b, sizeof(id.b)) == 0)
        h->control_bytes += k->header_len + k->body_len;
    else if (h->control_before == 0)
        h->control_before = h->control_bytes;
}

/* Instead of what is there, as the notebook does. */
static void keep_statement(struct host *h, const struct kept *k)
{
    struct on_disk d = {.bytes = malloc(k->body_len), .len = k->body_len}, *at;

    assert_non_null(d.bytes);
    memcpy(d.bytes, k->body, d.len);
    assert_int_equal(daf_statement_decode((struct daf_view){d.bytes, d.len},
                                          &d.st),
                     DAF_OK);
    for (size_t i = 0; i < h->statements_count; i++) {
        struct daf_stated ours = daf_statement_mark(&h->statements[i].st);
        struct daf_stated theirs = daf_statement_mark(&d.st);

        if (daf_statement_order(&ours, &theirs) != 0) continue;
        assert_true(daf_statement_stands(&theirs, &ours));
        free(h->statements[i].bytes);
        h->statements[i] = d;
        return;
    }
    at = realloc(h->statements, (h->statements_count + 1) * sizeof(*at));
    assert_non_null(at);
    h->statements = at;
    at[h->statements_count++] = d;
}

/* What a deed does to the disk; a keep's outcome goes to @out. */
static void do_deed(struct host *h, const struct kept *k, bool is_deferred,
                    struct daf_stored_item *out)
{
    switch (k->deed) {
    case DEED_KEEP:
        note_order(h, k);
        out->log = k->r.log;
        out->spot = (struct daf_spot){k->r.seq, k->r.id};
        out->is_deferred = is_deferred;
        out->is_new =
            !is_deferred &&
            daf_fake_index_put(h->index, &k->r,
                               (struct daf_view){k->header, k->header_len},
                               k->state,
                               (struct daf_view){k->body, k->body_len});
        break;
    case DEED_UNCHECKED:
        daf_fake_index_unchecked(h->index, &k->what);
        break;
    case DEED_CHECKED:
        daf_fake_index_checked(h->index, &k->what);
        break;
    case DEED_DROP:
        (void)daf_fake_index_drop(h->index, &k->what.log, &k->spot);
        break;
    case DEED_STATEMENT:
        keep_statement(h, k);
        break;
    }
}

bool stored(struct host *h, enum daf_err err, size_t deferred)
{
    struct job *job = h->jobs;
    struct daf_input in = {.kind = DAF_INPUT_STORED, .err = err};
    struct daf_stored_item *items;

    if (job == NULL || h->jobs_end == &h->jobs) return false;
    items = calloc(job->count + 1, sizeof(*items));
    assert_non_null(items);
    in.job = job->id;
    in.items = items;
    for (size_t i = 0; err == DAF_OK && i < job->count; i++) {
        const struct kept *k = &job->items[i];

        do_deed(h, k, in.items_count < deferred, &items[in.items_count]);
        in.items_count += k->deed == DEED_KEEP;
    }
    h->kept_count += in.items_count;
    job_free(h);
    daf_agent_input(h->agent, h->now, &in);
    free(items);
    return true;
}

void commit_all(struct host *h)
{
    while (stored(h, DAF_OK, 0))
        ;
}

size_t jobs_of(const struct host *h)
{
    size_t count = 0;

    for (const struct job *job = h->jobs; job != NULL; job = job->next)
        count++;
    return count;
}

struct daf_agent_stats stats_of(const struct host *h)
{
    struct daf_agent_stats stats;

    daf_agent_stats(h->agent, &stats);
    return stats;
}

struct daf_frame says(struct host *h, uint32_t conn, enum daf_frame_kind kind)
{
    struct daf_view bytes;
    struct daf_frame f;
    uint32_t on;

    if (!take(h, &on, &bytes))
        fail_msg("silent instead of %s", daf_frame_kind_str(kind));
    assert_int_equal(daf_frame_decode(bytes, &f, NULL), DAF_OK);
    assert_string_equal(daf_frame_kind_str(f.kind), daf_frame_kind_str(kind));
    assert_int_equal(on, conn);
    return f;
}

bool is_closed(const struct host *h, uint32_t conn)
{
    for (size_t i = 0; i < h->closes_count; i++) {
        if (h->closes[i] == conn) return true;
    }
    return false;
}

/* ---- two hosts with a wire */

struct wire wire_up(struct host *a, uint32_t a_conn, struct host *b,
                    uint32_t b_conn)
{
    opened(b, b_conn, DAF_ENDPOINT_MESH, &keys[a->number].transport);
    opened(a, a_conn, DAF_ENDPOINT_MESH, &keys[b->number].transport);
    return (struct wire){a, b, a_conn, b_conn};
}

static void hear(struct host *h, uint32_t conn, struct daf_view bytes)
{
    struct daf_frame f;

    assert_int_equal(daf_frame_decode(bytes, &f, NULL), DAF_OK);
    if (h->lost == DAF_FRAME_UNKNOWN || f.kind != h->lost)
        frame(h, conn, bytes);
}

bool pass_one(struct host *from, const struct wire *wires, size_t count)
{
    struct daf_view bytes;
    uint32_t conn;

    if (!take(from, &conn, &bytes)) return false;
    for (size_t i = 0; i < count; i++) {
        const struct wire *w = &wires[i];

        if (w->a == from && w->a_conn == conn)
            hear(w->b, w->b_conn, bytes);
        else if (w->b == from && w->b_conn == conn)
            hear(w->a, w->a_conn, bytes);
    }
    return true;
}

void talk(const struct wire *wires, size_t count, bool commits)
{
    bool went_on = true;

    for (size_t steps = 0; went_on; steps++) {
        assert_true(steps < 100000);
        went_on = false;
        for (size_t i = 0; i < count; i++) {
            went_on |= pass_one(wires[i].a, wires, count);
            went_on |= pass_one(wires[i].b, wires, count);
            if (!commits) continue;
            went_on |= stored(wires[i].a, DAF_OK, 0);
            went_on |= stored(wires[i].b, DAF_OK, 0);
        }
    }
}

/* ---- writes */

struct daf_write session_write(uint64_t ticket, const char *learner,
                               const struct daf_did *did)
{
    return (struct daf_write){.ticket = ticket,
                              .kind = DAF_WRITE_SESSION,
                              .claimed = {1700000000000},
                              .time_quality = DAF_TIME_CLOCK,
                              .learner = {(const uint8_t *)learner,
                                          strlen(learner)},
                              .did = did,
                              .did_count = 1};
}

const struct daf_did counted = {.item = {(const uint8_t *)"count-to-20", 11},
                                .score = 1};

void write_it(struct host *h, const struct daf_write *write)
{
    struct daf_input in = {.kind = DAF_INPUT_WRITE, .write = write};

    daf_agent_input(h->agent, h->now, &in);
}

void learn(struct host *h, uint64_t ticket, const char *learner)
{
    struct daf_write write = session_write(ticket, learner, &counted);

    write_it(h, &write);
}

void write_control(struct host *h, uint64_t ticket, struct daf_pack *k)
{
    struct daf_write write = {.ticket = ticket,
                              .kind = DAF_WRITE_CONTROL,
                              .payload = daf_pack_view(k)};

    assert_false(k->is_full);
    write_it(h, &write);
}

void write_cert(struct host *h, size_t number)
{
    uint8_t bytes[2048];
    struct daf_pack k;

    daf_pack_init(&k, bytes, sizeof(bytes));
    daf_payload_pack_certificate(&k, the_cert(number));
    write_control(h, 0, &k);
}

/* Of two certificates of one device that with the lower id stands. */
void write_demotion(struct host *h, size_t number)
{
    struct daf_cert old, cert, made = {.id = {{0xff}}};
    uint8_t bytes[1024], payload[2048];
    struct daf_pack k;
    size_t len = 0;

    assert_int_equal(daf_cert_decode(the_cert(number), &old), DAF_OK);
    for (uint8_t i = 1; memcmp(made.id.b, old.id.b, sizeof(old.id.b)) > 0;
         i++) {
        assert_true(i < UINT8_MAX);
        cert = old;
        cert.archive = false;
        cert.serial[1] = i;
        len = daf_cert_sign(&cert, &secrets[0].sign, bytes);
        assert_int_equal(daf_cert_decode((struct daf_view){bytes, len}, &made),
                         DAF_OK);
    }
    daf_pack_init(&k, payload, sizeof(payload));
    daf_payload_pack_certificate(&k, (struct daf_view){bytes, len});
    write_control(h, 0, &k);
}

void write_wrap(struct host *h, const char *scope, size_t devices)
{
    struct daf_key_wrap w = {.generation = 1, .wraps_count = devices};
    struct daf_wrap wraps[DEVICES];
    uint8_t bytes[2048];
    struct daf_pack k;

    snprintf(w.scope, sizeof(w.scope), "%s", scope);
    daf_body_commitment(&generation, w.commit);
    for (size_t i = 0; i < devices; i++) {
        wraps[i].author = daf_hash_author_id(&keys[i].sign);
        crypto_box_seal(wraps[i].sealed, generation.b, 32, keys[i].seal.b);
    }
    /* Ascending by author. */
    for (size_t i = 0; i < devices; i++) {
        for (size_t j = i + 1; j < devices; j++) {
            if (memcmp(wraps[i].author.b, wraps[j].author.b, 16) > 0) {
                struct daf_wrap swap = wraps[i];

                wraps[i] = wraps[j];
                wraps[j] = swap;
            }
        }
    }
    daf_pack_init(&k, bytes, sizeof(bytes));
    daf_payload_pack_key_wrap(&k, &w, wraps);
    write_control(h, 0, &k);
}

/* ---- the camp */

static void make_keys(size_t i)
{
    uint8_t seed[32];

    memset(seed, (int)(i + 1), sizeof(seed));
    crypto_sign_seed_keypair(keys[i].sign.b, secrets[i].sign.b, seed);
    seed[0] ^= 0x40;
    crypto_box_seed_keypair(keys[i].transport.b, secrets[i].transport.b, seed);
    seed[0] ^= 0xc0;
    crypto_box_seed_keypair(keys[i].seal.b, secrets[i].seal.b, seed);
}

size_t make_manifest(struct daf_manifest *m, uint8_t root, size_t less,
                     uint8_t *out)
{
    const char *const *names;
    struct daf_sign_sk root_sk;
    uint8_t seed[32] = {root};
    size_t len;

    memset(m, 0, sizeof(*m));
    m->is_first = true;
    m->number = 1;
    strcpy(m->name, "Test camp");
    m->k = 1;
    m->roots_count = 1;
    crypto_sign_seed_keypair(m->roots[0].b, root_sk.b, seed);
    m->coordinators_count = 1;
    m->coordinators[0].keys = keys[0];
    m->coordinators[0].acts = 50;
    names = daf_payload_names(&m->register_count);
    m->register_count -= less;
    for (size_t i = 0; i < m->register_count; i++)
        strcpy(m->types[i], names[i]);
    memset(m->discovery.b, 7, sizeof(m->discovery.b));
    len = daf_manifest_sign(m, &root_sk, 1, out);
    assert_true(len > 0);
    assert_int_equal(daf_manifest_decode((struct daf_view){out, len}, m),
                     DAF_OK);
    return len;
}

static void make_cert(size_t i, size_t issuer)
{
    struct daf_cert cert = {.camp = manifest.camp,
                            .serial = {(uint8_t)i},
                            .keys = keys[i],
                            .rights_count = 4,
                            .rights = {{"camp", DAF_RIGHT_APPEND},
                                       {"catalog", DAF_RIGHT_READ},
                                       {"class:1", DAF_RIGHT_APPEND},
                                       {"control", DAF_RIGHT_READ}},
                            .archive = i == 2 || i == LATE,
                            .expires_beacon = UINT64_MAX};

    cert_lens[i] = daf_cert_sign(&cert, &secrets[issuer].sign, certs[i]);
    assert_true(cert_lens[i] > 0);
}

static int make_control(bool has_crowd)
{
    struct daf_box_sk door_sk;
    struct host *boss;

    if (sodium_init() < 0) return 1;
    for (size_t i = 0; i < DEVICES; i++)
        make_keys(i);
    manifest_len = make_manifest(&manifest, 99, 0, manifest_bytes);
    daf_manifest_door_keys(&manifest.discovery, &door, &door_sk);
    memset(generation.b, 5, sizeof(generation.b));
    for (size_t i = 1; i < DEVICES; i++)
        make_cert(i, i == STRANGER ? STRANGER : 0);
    boss = host_bare(0);
    assert_int_equal(start(boss, the_manifest(), no_cert, 1), DAF_OK);
    write_cert(boss, 1);
    write_cert(boss, 2);
    for (size_t i = CROWD; has_crowd && i < DEVICES; i++)
        write_cert(boss, i);
    write_wrap(boss, "class:1", 3);
    commit_all(boss);
    for (size_t i = 0; i < boss->wrote_count; i++)
        assert_int_equal(boss->wrote[i].err, DAF_OK);
    control = boss->index;
    boss->index = daf_fake_index_new();
    host_free(boss);
    return 0;
}

int make_camp(void **state)
{
    (void)state;
    return make_control(false);
}

int make_crowd(void **state)
{
    (void)state;
    return make_control(true);
}

int free_camp(void **state)
{
    (void)state;
    daf_fake_index_free(control);
    return 0;
}

/* ---- records made by hand */

struct kept make_record(size_t author, uint64_t incarnation,
                        const struct kept *prev, bool is_bad)
{
    struct kept k = {.state = DAF_BODY_HELD, .body_len = 512};
    struct daf_body_seal seal = {.payload = {(const uint8_t *)"made", 4}};
    uint8_t prefix[DAF_HEADER_BYTES_MAX];

    k.r = (struct daf_record){
        .log = {daf_hash_scope_id(&manifest.camp, "class:1"),
                daf_hash_author_id(&keys[author].sign), incarnation},
        .seq = 1,
        .retention = DAF_RETENTION_PROGRESS};
    if (prev != NULL) {
        k.r.seq = prev->r.seq + 1;
        k.r.prev = prev->r.id;
    }
    seal.aad = (struct daf_view){prefix, daf_record_prefix(&k.r, prefix)};
    k.body = malloc(k.body_len);
    assert_non_null(k.body);
    assert_int_equal(daf_body_seal(&seal, k.body, k.body_len, &k.body_len),
                     DAF_OK);
    k.r.body_len = (uint32_t)k.body_len;
    k.r.body_hash = daf_body_hash((struct daf_view){k.body, k.body_len});
    k.header_len = daf_record_sign(&k.r, &secrets[author].sign, k.header);
    if (is_bad) k.header[k.header_len - 1] ^= 1; /* the signature's end */
    assert_int_equal(
        daf_record_decode((struct daf_view){k.header, k.header_len}, &k.r),
        DAF_OK);
    k.r.ext = (struct daf_view){0};
    return k;
}

void hold(struct host *h, const struct kept *k, bool with_body)
{
    struct daf_view body = {k->body, with_body ? k->body_len : 0};

    assert_true(daf_fake_index_put(h->index, &k->r,
                                   (struct daf_view){k->header, k->header_len},
                                   with_body ? DAF_BODY_HELD : DAF_BODY_ABSENT,
                                   body));
}

void make_chain(size_t author, struct kept *out, size_t count, size_t bad)
{
    for (size_t i = 0; i < count; i++)
        out[i] = make_record(author, 77, i == 0 ? NULL : &out[i - 1], i == bad);
}

void free_chain(struct kept *chain, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(chain[i].body);
}

bool holds(const struct host *h, const struct kept *k, bool with_body)
{
    const struct daf_index *index = daf_fake_index_view(h->index);
    struct daf_spot spot = {k->r.seq, k->r.id};
    struct daf_stored stored;

    return index->get(index->ctx, &k->r.log, &spot, &stored) == DAF_OK &&
           (!with_body || stored.body_state == DAF_BODY_HELD);
}

/* ---- the door */

struct proof proof_of(size_t number)
{
    return (struct proof){.manifest = manifest_bytes,
                          .manifest_len = manifest_len,
                          .cert = the_cert(number),
                          .author = number,
                          .signer = number,
                          .transport = &keys[number].transport,
                          .kind = DAF_FRAME_PROOF};
}

struct daf_view pack_proof(const struct proof *p,
                           const struct daf_hash *knocker,
                           const struct daf_hash *at_door, uint8_t *out)
{
    struct daf_proof proof = {.manifest = {p->manifest, p->manifest_len},
                              .cert = p->cert,
                              .author =
                                  daf_hash_author_id(&keys[p->author].sign),
                              .port = 2000};
    uint8_t bytes[1 + 4 * 32];
    struct daf_pack k;

    bytes[0] = (uint8_t)p->kind;
    memcpy(bytes + 1, manifest.camp.b, 32);
    memcpy(bytes + 33, knocker->b, 32);
    memcpy(bytes + 65, at_door->b, 32);
    memcpy(bytes + 97, p->transport->b, 32);
    daf_hash_sign("daf.door.1", (struct daf_view){bytes, sizeof(bytes)},
                  &secrets[p->signer].sign, &proof.sig);
    daf_pack_init(&k, out, DAF_DOOR_BYTES_MAX);
    daf_frame_pack_proof(&k, &proof, p->kind == DAF_FRAME_WELCOME);
    assert_false(k.is_full);
    return daf_pack_view(&k);
}

static const struct daf_hash knocker_nonce = {{0x4b}};

void knock(struct host *h, uint32_t conn, uint32_t min, uint32_t max)
{
    struct daf_knock knock = {min, max, knocker_nonce};
    uint8_t bytes[128];
    struct daf_pack k;

    daf_pack_init(&k, bytes, sizeof(bytes));
    daf_frame_pack_knock(&k, &knock);
    frame(h, conn, daf_pack_view(&k));
}

struct daf_hash knock_at(struct host *h, uint32_t conn,
                         const struct daf_box_pk *key)
{
    opened(h, conn, DAF_ENDPOINT_DOOR, key);
    knock(h, conn, DAF_PROTOCOL_VERSION, DAF_PROTOCOL_VERSION);
    return says(h, conn, DAF_FRAME_NONCE).nonce;
}

void show(struct host *h, uint32_t conn, const struct proof *p,
          const struct daf_hash *nonce)
{
    uint8_t bytes[DAF_DOOR_BYTES_MAX];

    frame(h, conn, pack_proof(p, &knocker_nonce, nonce, bytes));
}

void is_refused(struct host *h, uint32_t conn)
{
    struct daf_view bytes;
    uint32_t on;

    assert_int_equal(stats_of(h).door_refused, 1);
    assert_true(is_closed(h, conn));
    assert_false(take(h, &on, &bytes));
    assert_int_equal(h->admits_count, 0);
    host_free(h);
}

/* ---- going to a door */

const struct connect *last_connect(const struct host *h)
{
    assert_true(h->connects_count > 0);
    return &h->connects[h->connects_count - 1];
}

void answer_knock(struct host *h, uint32_t conn, const struct proof *p)
{
    static const struct daf_hash at_door = {{0xd0}};
    uint8_t bytes[DAF_DOOR_BYTES_MAX];
    struct daf_hash knocker;
    struct daf_pack k;

    knocker = says(h, conn, DAF_FRAME_KNOCK).knock.nonce;
    daf_pack_init(&k, bytes, sizeof(bytes));
    daf_frame_pack_nonce(&k, &at_door);
    frame(h, conn, daf_pack_view(&k));
    (void)says(h, conn, DAF_FRAME_PROOF);
    frame(h, conn, pack_proof(p, &knocker, &at_door, bytes));
}

uint32_t let_in(struct host *h, size_t to)
{
    struct proof p = proof_of(to);
    uint32_t conn = last_connect(h)->conn;

    p.kind = DAF_FRAME_WELCOME;
    opened(h, conn, DAF_ENDPOINT_DOOR, &door);
    answer_knock(h, conn, &p);
    assert_true(is_closed(h, conn));
    closed(h, conn);
    return last_connect(h)->conn;
}

uint32_t door_to_mesh(struct host *h, size_t to)
{
    size_t before = h->connects_count;

    while (h->connects_count == before)
        await(h);
    return let_in(h, to);
}

uint32_t go_to_mesh(struct host *h, size_t to, const char *addr)
{
    peer(h, addr);
    return door_to_mesh(h, to);
}

/* ---- two that meet */

void pass_time(struct host *h)
{
    for (size_t i = 0; daf_agent_deadline(h->agent).ms != UINT64_MAX; i++) {
        assert_true(i < 1000);
        await(h);
        commit_all(h);
    }
}

void is_at_rest(struct host *h)
{
    struct daf_view bytes;
    uint32_t conn;

    pass_time(h);
    assert_int_equal(daf_agent_deadline(h->agent).ms, UINT64_MAX);
    assert_int_equal(jobs_of(h), 0);
    assert_false(take(h, &conn, &bytes));
}

struct wire meet(struct host *a, struct host *b)
{
    struct wire w;
    uint32_t conn = go_to_mesh(a, b->number, "10.0.0.9:1000");

    b->now = a->now;
    memset(a->said_count, 0, sizeof(a->said_count));
    memset(b->said_count, 0, sizeof(b->said_count));
    a->acked_count = b->acked_count = 0;
    a->kept_count = b->kept_count = 0;
    w = wire_up(a, conn, b, IN | 7);
    talk(&w, 1, true);
    return w;
}

void part(const struct wire *w)
{
    closed(w->a, w->a_conn);
    closed(w->b, w->b_conn);
}
