/* SPDX-License-Identifier: Apache-2.0 */
#include "node/host.h"

#include "node/addresses.h"
#include "node/apiserver.h"
#include "node/clock.h"
#include "node/contents_json.h"
#include "node/core/addr.h"
#include "node/discoverhost.h"
#include "node/inputlog.h"
#include "node/linkhost.h"
#include "node/log.h"
#include "node/netwatch.h"
#include "node/notify.h"
#include "node/offline.h"
#include "node/progress.h"
#include "node/webhost.h"
#include "node/writer.h"
#include "proto/hash.h"
#include "store/catalogue.h"

#include <assert.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct daf_host {
    const struct daf_host_config *config;
    struct daf_home home;
    struct daf_loop *loop;
    struct daf_store *reader;
    struct daf_writer *writer;
    struct daf_linkhost *linkhost;
    struct daf_discoverhost *discover; /* NULL: --no-mdns */
    struct daf_netwatch *netwatch;
    struct daf_agent *agent;
    struct daf_contents *contents;
    struct daf_apiserver *api;
    struct daf_webhost *web; /* NULL: it serves no pages */
    char web_url[DAF_WEB_URL_BYTES];
    size_t sessions;             /* with peers, as events told last */
    struct daf_inputlog *record; /* NULL: not recording */
    struct daf_port port;
    struct daf_linkhost_ops link_ops;
    struct daf_apiserver_ops api_ops;
    struct daf_loop_source writer_source;
    struct daf_discoverhost_ops discover_ops;
    struct daf_contents_ops contents_ops;
    struct daf_loop_timer agent_timer, record_timer, stop_timer;
    struct daf_loop_timer doors_timer; /* doors that proved true, to the disk */
    uint64_t doors_written;            /* daf_agent_proven_changes() then */

    struct daf_mono started;
    char endpoint[DAF_ADDR_BYTES_MAX + 1]; /* "" until link is ready */
    struct daf_link_refused refused;
    uint64_t commits; /* of how many the agent has been told */
    bool has_records;
    int64_t records; /* as of then, if they were counted */
    uint64_t inputs; /* given to the agent */
    bool is_in_agent;
    bool is_stopping, link_gone;
    bool is_repairing; /* it stops for a repair */
    bool has_told_revoked;
    int exit_status;
    struct daf_log_limit read_trouble, write_trouble;
};

static struct daf_view view(const void *p, size_t len)
{
    return (struct daf_view){p, len};
}

/* ---- inputs */

/* One moment for all of an input's reads.  Returns its number of commits. */
static uint64_t pin(struct daf_host *h, bool *out_pinned)
{
    uint64_t commits = h->commits;
    enum daf_err err = daf_store_pin(h->reader, &commits);

    *out_pinned = err == DAF_OK;
    if (err != DAF_OK && daf_log_due(&h->read_trouble, daf_clock_now()))
        daf_log(
            "the notebook cannot be read: %s (%s). Try `daftar check --repair`",
            daf_err_str(err), daf_store_trouble(h->reader));
    return commits;
}

static void give(struct daf_host *h, const struct daf_input *in,
                 uint64_t commits, uint64_t commit)
{
    struct daf_inputlog_entry e = {.now = daf_clock_now(),
                                   .commits = commits,
                                   .commit = commit,
                                   .input = *in};

    assert(!h->is_in_agent); /* the port must not call back */
    h->is_in_agent = true;
    h->inputs++;
    daf_agent_input(h->agent, e.now, in);
    h->is_in_agent = false;
    if (h->record != NULL) daf_inputlog_append(h->record, &e);
}

/* R50: it "says so to its people", once. */
static void tell_revoked(struct daf_host *h)
{
    struct daf_agent_stats stats;

    if (h->has_told_revoked) return;
    daf_agent_stats(h->agent, &stats);
    h->has_told_revoked = stats.revoked;
    if (stats.revoked)
        daf_log("a coordinator has revoked this device: it calls no other any "
                "more, and the others turn it away. What is kept here stays, "
                "and can be read and added to. Ask a coordinator");
}

static void tell_failed(struct daf_host *h, const struct daf_writer_batch *b)
{
    if (!daf_log_due(&h->write_trouble, daf_clock_now())) return;
    daf_log("records cannot be kept: %s (%s). Nothing kept before is lost, and "
            "peers are asked again. Free some space, or look at the disk",
            daf_err_str(b->err), b->trouble);
}

static void give_batch(struct daf_host *h, struct daf_writer_batch *b)
{
    if (b->err != DAF_OK) tell_failed(h, b);
    for (size_t i = 0; i < b->jobs_count; i++) {
        const struct daf_writer_job *j = &b->jobs[i];
        struct daf_input in = {.kind = DAF_INPUT_STORED,
                               .job = j->job,
                               .err = j->err,
                               .items = j->items,
                               .items_count = j->items_count};
        bool pinned;
        uint64_t commits = pin(h, &pinned);

        give(h, &in, commits, b->commits);
        if (pinned) daf_store_unpin(h->reader);
    }
    tell_revoked(h);
    if (b->err == DAF_OK) {
        h->commits = b->commits;
        h->records += b->records;
        if (b->records != 0 && h->api != NULL)
            daf_apiserver_changed(h->api, DAF_APISERVER_RECORDS);
    }
    daf_writer_batch_free(b);
}

/* Anything but STORED: first what has been committed since. */
static void input(struct daf_host *h, const struct daf_input *in)
{
    bool pinned;
    uint64_t commits;

    for (;;) {
        struct daf_writer_batch *b;

        commits = pin(h, &pinned);
        if (!pinned || commits <= h->commits) break;
        daf_store_unpin(h->reader);
        /* Its news is posted within microseconds of the commit. */
        b = daf_writer_take(h->writer, true);
        if (b != NULL)
            give_batch(h, b);
        else
            h->commits = commits; /* somebody else's; the lock forbids it */
    }
    give(h, in, commits, 0);
    if (pinned) daf_store_unpin(h->reader);
}

static void on_written(void *ctx, unsigned what)
{
    struct daf_host *h = ctx;
    struct daf_writer_batch *b;

    (void)what;
    while ((b = daf_writer_take(h->writer, false)) != NULL)
        give_batch(h, b);
}

static void on_agent_timer(void *ctx)
{
    struct daf_input in = {.kind = DAF_INPUT_TIMER};

    input(ctx, &in);
}

/* ---- the port: what the agent asks for */

static void effect(struct daf_host *h, enum daf_inputlog_call call,
                   uint64_t number, const struct daf_view *parts, size_t count)
{
    if (h->record != NULL)
        daf_inputlog_effect(h->record, call, number, parts, count);
}

static void port_send(void *ctx, uint32_t conn, struct daf_view frame)
{
    struct daf_host *h = ctx;

    effect(h, DAF_INPUTLOG_SEND, conn, &frame, 1);
    daf_linkhost_send(h->linkhost, conn, frame);
}

static void port_close(void *ctx, uint32_t conn)
{
    struct daf_host *h = ctx;

    effect(h, DAF_INPUTLOG_CLOSE, conn, NULL, 0);
    daf_linkhost_close(h->linkhost, conn);
}

static void port_connect(void *ctx, uint32_t conn, enum daf_endpoint endpoint,
                         const struct daf_addr *addr,
                         const struct daf_box_pk *server)
{
    struct daf_host *h = ctx;
    uint8_t where = (uint8_t)endpoint;
    struct daf_view parts[] = {view(&where, 1),
                               view(addr->text, strlen(addr->text)),
                               view(server->b, sizeof(server->b))};

    effect(h, DAF_INPUTLOG_CONNECT, conn, parts, 3);
    daf_linkhost_connect(h->linkhost, conn, endpoint, addr, server);
}

static void port_admit(void *ctx, const struct daf_box_pk *key, bool allowed)
{
    struct daf_host *h = ctx;
    struct daf_view part = view(key->b, sizeof(key->b));

    effect(h, DAF_INPUTLOG_ADMIT, allowed, &part, 1);
    daf_linkhost_admit(h->linkhost, key, allowed);
}

static void port_porch(void *ctx, const struct daf_box_pk *pk,
                       const struct daf_box_sk *sk)
{
    struct daf_host *h = ctx;
    struct daf_link_porch porch = {.is_open = pk != NULL};
    struct daf_view part = view(porch.pk.b, sizeof(porch.pk.b));

    if (pk != NULL) {
        porch.pk = *pk;
        porch.sk = *sk;
    }
    effect(h, DAF_INPUTLOG_PORCH, porch.is_open, &part, 1);
    daf_linkhost_porch(h->linkhost, &porch);
    sodium_memzero(&porch, sizeof(porch));
}

static void port_announce(void *ctx, const struct daf_announce *what)
{
    struct daf_host *h = ctx;
    uint8_t where = (uint8_t)what->endpoint;
    struct daf_view parts[] = {view(&where, 1),
                               view(what->name, sizeof(what->name)),
                               view(what->data, sizeof(what->data))};

    effect(h, DAF_INPUTLOG_ANNOUNCE, what->port, parts, 3);
    if (h->discover == NULL) return;
    daf_discoverhost_publish(h->discover, what);
    daf_discoverhost_browse(h->discover, DAF_ENDPOINT_DOOR);
}

static void port_withdraw(void *ctx, enum daf_endpoint endpoint)
{
    struct daf_host *h = ctx;

    effect(h, DAF_INPUTLOG_WITHDRAW, (uint64_t)endpoint, NULL, 0);
    if (h->discover != NULL) daf_discoverhost_withdraw(h->discover, endpoint);
}

static void port_begin(void *ctx, uint64_t job)
{
    struct daf_host *h = ctx;

    effect(h, DAF_INPUTLOG_BEGIN, job, NULL, 0);
    daf_writer_begin(h->writer, job);
}

static void port_keep(void *ctx, const struct daf_keep *keep)
{
    struct daf_host *h = ctx;
    struct daf_view parts[] = {keep->header, keep->body};

    effect(h, DAF_INPUTLOG_KEEP, (uint64_t)keep->body_state, parts, 2);
    daf_writer_keep(h->writer, keep);
}

static void big_endian(uint64_t n, uint8_t out[8])
{
    for (size_t i = 8; i > 0; i--, n >>= 8)
        out[i - 1] = (uint8_t)n;
}

static void effect_stretch(struct daf_host *h, enum daf_inputlog_call call,
                           const struct daf_stretch *what)
{
    uint8_t incarnation[8], last[8];
    struct daf_view parts[] = {
        view(what->log.scope.b, sizeof(what->log.scope.b)),
        view(what->log.author.b, sizeof(what->log.author.b)),
        view(incarnation, sizeof(incarnation)), view(last, sizeof(last))};

    big_endian(what->log.incarnation, incarnation);
    big_endian(what->last, last);
    effect(h, call, what->first, parts, 4);
}

static void port_unchecked(void *ctx, const struct daf_stretch *what)
{
    struct daf_host *h = ctx;

    effect_stretch(h, DAF_INPUTLOG_UNCHECKED, what);
    daf_writer_unchecked(h->writer, what);
}

static void port_checked(void *ctx, const struct daf_stretch *what)
{
    struct daf_host *h = ctx;

    effect_stretch(h, DAF_INPUTLOG_CHECKED, what);
    daf_writer_checked(h->writer, what);
}

static void port_drop(void *ctx, const struct daf_log_key *log,
                      const struct daf_spot *spot)
{
    struct daf_host *h = ctx;
    uint8_t incarnation[8];
    struct daf_view parts[] = {view(log->scope.b, sizeof(log->scope.b)),
                               view(log->author.b, sizeof(log->author.b)),
                               view(incarnation, sizeof(incarnation)),
                               view(spot->id.b, sizeof(spot->id.b))};

    big_endian(log->incarnation, incarnation);
    effect(h, DAF_INPUTLOG_DROP, spot->seq, parts, 4);
    daf_writer_drop(h->writer, log, spot);
}

static void port_end(void *ctx, uint64_t job)
{
    struct daf_host *h = ctx;

    effect(h, DAF_INPUTLOG_END, job, NULL, 0);
    daf_writer_end(h->writer, job);
}

static void port_acked(void *ctx, const struct daf_log_key *log,
                       uint64_t seq_first, const struct daf_spot *last)
{
    struct daf_host *h = ctx;
    struct daf_view parts[] = {view(log->scope.b, sizeof(log->scope.b)),
                               view(log->author.b, sizeof(log->author.b)),
                               view(last->id.b, sizeof(last->id.b))};

    effect(h, DAF_INPUTLOG_ACKED, seq_first, parts, 3);
    daf_writer_acked(h->writer, log, seq_first, last);
    if (h->api != NULL) daf_apiserver_changed(h->api, DAF_APISERVER_RECORDS);
}

static void effect_piece(struct daf_host *h, enum daf_inputlog_call call,
                         uint32_t conn, const struct daf_port_piece *p)
{
    uint8_t where[8];
    struct daf_view parts[] = {view(p->content.b, sizeof(p->content.b)),
                               view(where, sizeof(where)), p->bytes};

    big_endian((uint64_t)p->part << 32 | p->offset, where);
    effect(h, call, conn, parts, 3);
}

static void port_content_put(void *ctx, uint32_t conn,
                             const struct daf_port_piece *piece)
{
    struct daf_host *h = ctx;

    effect_piece(h, DAF_INPUTLOG_CONTENT_PUT, conn, piece);
    daf_contents_put(h->contents, conn, piece);
}

static void port_content_forget(void *ctx, uint32_t conn)
{
    struct daf_host *h = ctx;

    effect(h, DAF_INPUTLOG_CONTENT_FORGET, conn, NULL, 0);
    daf_contents_forget(h->contents, conn);
}

static void port_content_read(void *ctx, uint32_t conn,
                              const struct daf_port_piece *piece)
{
    struct daf_host *h = ctx;

    effect_piece(h, DAF_INPUTLOG_CONTENT_READ, conn, piece);
    daf_contents_read(h->contents, conn, piece);
}

static void on_wrote(void *ctx, const struct daf_wrote *wrote)
{
    struct daf_host *h = ctx;

    if (h->api != NULL) daf_apiserver_wrote(h->api, wrote);
}

/* ---- what link says */

static void write_endpoint(struct daf_host *h, uint16_t port)
{
    const char *listen = h->config->listen.text;
    const char *colon = strrchr(listen, ':');
    char path[DAF_HOME_PATH_MAX], line[sizeof(h->endpoint) + 1];
    struct daf_trouble t = {""};
    int len;

    (void)snprintf(h->endpoint, sizeof(h->endpoint), "%.*s:%u",
                   (int)(colon - listen), listen, (unsigned)port);
    len = snprintf(line, sizeof(line), "%s\n", h->endpoint);
    daf_home_path(&h->home, "run/endpoint", path);
    if (daf_home_write_file(path, 0600, view(line, (size_t)len), &t) != DAF_OK)
        daf_log("the address is not written down: %s", t.what);
}

/* Whom it called before the start. */
static void tell_doors(struct daf_host *h)
{
    struct daf_addresses_file *file = calloc(1, sizeof(*file));

    if (file == NULL) return;
    daf_addresses_read(&h->home, file);
    /* The last proven stands first, and is told last. */
    for (size_t i = file->count; i-- > 0;) {
        const struct daf_addresses_door *door = &file->doors[i];

        for (size_t j = door->count; j-- > 0;) {
            struct daf_input in = {.kind = DAF_INPUT_PEER,
                                   .found_by = DAF_FOUND_CACHED,
                                   .author = door->author,
                                   .addr = door->addrs[j]};

            input(h, &in);
        }
    }
    free(file);
    h->doors_written = daf_agent_proven_changes(h->agent);
}

static void on_ready(void *ctx, uint16_t door_port, uint16_t mesh_port)
{
    struct daf_host *h = ctx;
    bool is_first = h->endpoint[0] == '\0';
    struct daf_input in = {.kind = DAF_INPUT_LISTENING,
                           .port_door = door_port,
                           .port_mesh = mesh_port};

    input(h, &in);
    if (!is_first) return;
    tell_doors(h);
    for (size_t i = 0; i < h->config->peers_count; i++) {
        struct daf_input peer = {.kind = DAF_INPUT_PEER,
                                 .found_by = DAF_FOUND_STATIC,
                                 .addr = h->config->peers[i]};

        input(h, &peer);
    }
    write_endpoint(h, door_port);
    daf_log("listening at %s", h->endpoint);
    daf_notify_send("READY=1");
}

static void on_opened(void *ctx, uint32_t conn, enum daf_endpoint endpoint,
                      const struct daf_box_pk *key)
{
    struct daf_input in = {.kind = DAF_INPUT_OPENED,
                           .conn = conn,
                           .endpoint = endpoint,
                           .key = *key};

    input(ctx, &in);
}

static void on_frame(void *ctx, uint32_t conn, struct daf_view bytes)
{
    struct daf_input in = {.kind = DAF_INPUT_FRAME,
                           .conn = conn,
                           .bytes = bytes};

    input(ctx, &in);
}

static void on_closed(void *ctx, uint32_t conn)
{
    struct daf_input in = {.kind = DAF_INPUT_CLOSED, .conn = conn};

    input(ctx, &in);
}

static void on_lost(void *ctx)
{
    struct daf_input in = {.kind = DAF_INPUT_LINK_LOST};

    input(ctx, &in);
}

static void on_refused(void *ctx, const struct daf_link_refused *refused)
{
    struct daf_host *h = ctx;

    h->refused.keys += refused->keys;
    h->refused.handshakes += refused->handshakes;
    h->refused.messages += refused->messages;
    h->refused.crowded += refused->crowded;
    h->refused.silent += refused->silent;
}

static void on_porched(void *ctx, uint16_t port)
{
    struct daf_host *h = ctx;
    struct daf_input in = {.kind = DAF_INPUT_PORCHED, .port_porch = port};

    input(h, &in);
    daf_apiserver_porched(h->api);
}

static void on_failed(void *ctx, const char *text)
{
    struct daf_host *h = ctx;

    daf_log("%s", text);
    h->exit_status = 1;
    daf_loop_stop(h->loop);
}

static void on_gone(void *ctx)
{
    struct daf_host *h = ctx;

    h->link_gone = true;
}

/* ---- what the network says */

static void on_found(void *ctx, const struct daf_announce *what,
                     const struct daf_addr *addr)
{
    struct daf_input in = {.kind = DAF_INPUT_FOUND,
                           .service = *what,
                           .addr = *addr};

    input(ctx, &in);
}

static void on_lost_service(void *ctx, enum daf_endpoint endpoint,
                            const uint8_t name[8])
{
    struct daf_input in = {.kind = DAF_INPUT_GONE,
                           .service = {.endpoint = endpoint}};

    memcpy(in.service.name, name, sizeof(in.service.name));
    input(ctx, &in);
}

static void on_discover_state(void *ctx, enum daf_discover_by by)
{
    (void)ctx;
    (void)by; /* asked for by status */
}

static void on_own_addresses(void *ctx, const struct daf_addr *addrs,
                             size_t count)
{
    struct daf_host *h = ctx;
    struct daf_input in = {.kind = DAF_INPUT_OWN,
                           .addrs = addrs,
                           .addrs_count = count};

    input(h, &in);
    if (h->discover != NULL) daf_discoverhost_renew(h->discover);
}

/* ---- doors that proved true */

static void keep_door(struct daf_addresses_file *file,
                      const struct daf_author_id *author,
                      const struct daf_addr *addr)
{
    size_t at = 0;

    while (at < file->count &&
           memcmp(file->doors[at].author.b, author->b, sizeof(author->b)) != 0)
        at++;
    if (at == DAF_ADDRESSES_DEVICES_MAX) return;
    if (at == file->count) file->doors[file->count++].author = *author;
    if (file->doors[at].count < DAF_ADDRESSES_EACH_MAX)
        file->doors[at].addrs[file->doors[at].count++] = *addr;
}

static void write_doors(void *ctx)
{
    struct daf_host *h = ctx;
    uint64_t changes = daf_agent_proven_changes(h->agent);
    struct daf_addresses_file *file;
    struct daf_author_id author;
    struct daf_trouble t = {""};
    struct daf_addr addr;
    uint64_t before = UINT64_MAX;

    if (changes == h->doors_written) return;
    file = calloc(1, sizeof(*file));
    if (file == NULL) return;
    while (daf_agent_proven(h->agent, &before, &author, &addr))
        keep_door(file, &author, &addr);
    if (daf_addresses_write(&h->home, file, &t) != DAF_OK &&
        daf_log_due(&h->write_trouble, daf_clock_now()))
        daf_log("addresses are not kept for the next start: %s", t.what);
    h->doors_written = changes; /* tried; the next change tries again */
    free(file);
}

/* ---- what commands ask */

static uint64_t count_records(struct daf_store *reader)
{
    struct daf_scope_id scopes[DAF_SCOPES_MAX];
    size_t count = daf_store_scopes(reader, scopes, DAF_SCOPES_MAX);
    uint64_t records = 0;

    for (size_t i = 0; i < count; i++) {
        struct daf_store_digest digest;

        if (daf_store_digest(reader, &scopes[i], &digest) == DAF_OK)
            records += digest.records;
    }
    return records;
}

/* Counted once, and kept by what each batch brought: to count is to read all
 * headers, and status is asked for often. */
static uint64_t records_now(struct daf_host *h)
{
    uint64_t commits, records;

    if (h->has_records) return (uint64_t)h->records;
    if (daf_store_pin(h->reader, &commits) != DAF_OK) return 0;
    records = count_records(h->reader);
    daf_store_unpin(h->reader);
    /* Of a batch that is not heard of yet it would count twice. */
    h->has_records = commits == h->commits;
    h->records = (int64_t)records;
    return records;
}

static const char *const mdns_words[] = {"none", "system", "own"};

static void on_status(void *ctx, struct daf_apiserver_status *out)
{
    struct daf_host *h = ctx;

    *out = (struct daf_apiserver_status){
        .endpoint = h->endpoint,
        .link_restarts = daf_linkhost_restarts(h->linkhost),
        .discover_restarts =
            h->discover != NULL ? daf_discoverhost_restarts(h->discover) : 0,
        .mdns = h->discover != NULL
                    ? mdns_words[daf_discoverhost_by(h->discover)]
                    : "off",
        .web = h->web_url,
        .web_restarts = h->web != NULL ? daf_webhost_restarts(h->web) : 0,
        .refused = h->refused,
        .records = records_now(h),
        .uptime_s = (daf_clock_now().ms - h->started.ms) / 1000,
    };
}

static void on_write(void *ctx, const struct daf_write *write)
{
    struct daf_input in = {.kind = DAF_INPUT_WRITE, .write = write};

    input(ctx, &in);
}

static void on_porch(void *ctx, const struct daf_porch_wish *wish)
{
    struct daf_input in = {.kind = DAF_INPUT_PORCH, .porch = wish};

    input(ctx, &in);
}

/* ---- content */

static void on_content_input(void *ctx, const struct daf_input *in)
{
    input(ctx, in);
}

static size_t on_link_queued(void *ctx)
{
    struct daf_host *h = ctx;

    return daf_linkhost_queued(h->linkhost);
}

static void on_content_answered(void *ctx, const struct daf_keeper_result *r)
{
    struct daf_host *h = ctx;
    json_t *files;

    if (h->api == NULL) {
        if (r->kind == DAF_KEEPER_FILE && r->file.fd >= 0)
            (void)close(r->file.fd);
    } else if (r->kind == DAF_KEEPER_FILE) {
        daf_apiserver_content_opened(h->api, r->ticket, r->err, r->file.fd,
                                     r->file.size);
    } else if (r->kind == DAF_KEEPER_LIST) {
        files =
            r->err != DAF_OK
                ? NULL
                : daf_contents_json_files(r->bytes, DAF_APISERVER_FILES_MAX);
        daf_apiserver_content_listed(h->api, r->ticket, r->err, files);
    } else {
        daf_apiserver_content(h->api, r);
    }
}

static void on_content_changed(void *ctx, const struct daf_hash *content,
                               const struct daf_contents_item *item)
{
    struct daf_host *h = ctx;

    if (h->api == NULL) return;
    daf_apiserver_content_changed(h->api, content, item);
    daf_apiserver_changed(h->api, DAF_APISERVER_CONTENT);
}

static const struct daf_contents *on_contents(void *ctx)
{
    struct daf_host *h = ctx;

    return h->contents;
}

static enum daf_err read_catalogue(struct daf_host *h,
                                   struct daf_catalogue **out)
{
    return daf_catalogue_read(
        h->reader, &daf_camp_authority(daf_agent_camp(h->agent))->catalog, out);
}

static enum daf_err on_library(void *ctx, json_t *items)
{
    struct daf_host *h = ctx;
    struct daf_catalogue *catalogue;
    enum daf_err err = read_catalogue(h, &catalogue);

    if (err != DAF_OK) return err;
    err = daf_contents_json_library(catalogue, h->contents, items);
    daf_catalogue_free(catalogue);
    return err;
}

static void on_content_files(void *ctx, uint64_t ticket,
                             const struct daf_hash *content)
{
    struct daf_host *h = ctx;
    const struct daf_contents_wish wish = {.what = DAF_CONTENTS_LIST,
                                           .content = *content};

    daf_contents_wish(h->contents, ticket, &wish);
}

static void on_content_open(void *ctx, uint64_t ticket,
                            const struct daf_hash *content, const char *path)
{
    struct daf_host *h = ctx;
    const struct daf_contents_wish wish = {.what = DAF_CONTENTS_OPEN,
                                           .content = *content,
                                           .path = path};

    daf_contents_wish(h->contents, ticket, &wish);
}

/* The content manifest of @wish is the catalogue's. */
static enum daf_err on_content(void *ctx, uint64_t ticket,
                               const struct daf_contents_wish *wish)
{
    struct daf_host *h = ctx;
    struct daf_contents_wish w = *wish;
    struct daf_catalogue_entry entry;
    struct daf_catalogue *catalogue;
    enum daf_err err;

    if (w.what != DAF_CONTENTS_ADD) {
        daf_contents_wish(h->contents, ticket, &w);
        return DAF_OK;
    }
    err = read_catalogue(h, &catalogue);
    if (err != DAF_OK) return err;
    if (daf_catalogue_find(catalogue, &w.content, &entry)) {
        w.manifest = entry.manifest;
        daf_contents_wish(h->contents, ticket, &w);
    } else {
        err = DAF_ENOTFOUND;
    }
    daf_catalogue_free(catalogue);
    return err;
}

static enum daf_err on_progress(void *ctx, const char *subject, json_t *lines)
{
    struct daf_host *h = ctx;
    struct daf_progress_query q = {.store = h->reader,
                                   .camp = daf_agent_camp(h->agent),
                                   .author = *daf_agent_author(h->agent),
                                   .scope = "",
                                   .learner = subject,
                                   .is_subject = true};
    struct daf_progress p = {.lines = NULL};
    uint64_t commits;
    enum daf_err err = daf_store_pin(h->reader, &commits);

    if (err != DAF_OK) return err;
    err = daf_progress_read(&q, &p);
    daf_store_unpin(h->reader);
    if (err == DAF_OK && !p.knows_learner) err = DAF_ENOTFOUND;
    for (size_t i = 0; err == DAF_OK && i < p.count; i++) {
        if (i == DAF_APISERVER_LINES_MAX) break;
        if (json_array_append_new(lines, daf_progress_json(&p.lines[i])) != 0)
            err = DAF_ENOMEM;
    }
    daf_progress_free(&p);
    return err;
}

/* ---- pages */

/* For `daftar open`: each address, with the key that lets a browser in. */
static void write_web(struct daf_host *h)
{
    char text[DAF_WEB_LISTENERS_MAX * (DAF_WEB_URL_BYTES + 1)];
    char url[DAF_WEB_URL_BYTES], path[DAF_HOME_PATH_MAX];
    struct daf_trouble t = {""};
    size_t len = 0;

    for (size_t i = 0; i < h->config->http_count; i++) {
        daf_webhost_enter_url(h->web, i, url);
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\n", url);
    }
    daf_home_path(&h->home, "run/web", path);
    if (daf_home_write_file(path, 0600, view(text, len), &t) != DAF_OK)
        daf_log("the pages' address is not written down: %s", t.what);
    sodium_memzero(text, sizeof(text));
    sodium_memzero(url, sizeof(url));
}

static enum daf_err open_web(struct daf_host *h)
{
    enum daf_err err;

    if (h->config->http_count == 0) return DAF_OK;
    err =
        daf_webhost_new(h->loop, h->api, h->config->http, h->config->http_count,
                        h->config->http_frame, &h->web);
    if (err != DAF_OK) return err;
    daf_webhost_url(h->web, 0, h->web_url);
    write_web(h);
    daf_log("pages at %s; daftar open lets a browser in", h->web_url);
    return DAF_OK;
}

static void note_peers(struct daf_host *h)
{
    struct daf_agent_stats stats;

    if (h->web == NULL) return;
    daf_agent_stats(h->agent, &stats);
    if (stats.sessions == h->sessions) return;
    h->sessions = stats.sessions;
    daf_apiserver_changed(h->api, DAF_APISERVER_PEERS);
}

/* ---- stopping */

static void remove_run(struct daf_host *h, const char *name)
{
    char path[DAF_HOME_PATH_MAX];

    daf_home_path(&h->home, name, path);
    (void)unlink(path);
}

static void remove_endpoint(struct daf_host *h)
{
    remove_run(h, "run/endpoint");
    remove_run(h, "run/web");
    h->endpoint[0] = '\0';
}

static void stop(struct daf_host *h)
{
    struct daf_input in = {.kind = DAF_INPUT_STOP};

    h->is_stopping = true;
    remove_endpoint(h);
    daf_apiserver_finish(h->api);
    input(h, &in);
    daf_apiserver_porched(h->api); /* who waits for it waits in vain */
    daf_linkhost_finish(h->linkhost);
    daf_loop_timer_set(&h->stop_timer,
                       daf_clock_after(daf_clock_now(), DAF_HOST_STOP_LINK_MS));
}

static void on_signal(void *ctx, int signal)
{
    struct daf_host *h = ctx;

    (void)signal;
    if (h->is_stopping && !h->is_repairing) { /* twice: in a hurry */
        daf_loop_stop(h->loop);
        return;
    }
    daf_notify_send("STOPPING=1");
    h->is_repairing = false;
    if (!h->is_stopping) stop(h);
}

/* Answered when the loop has ended: daf_host_repair(). */
static void on_repair(void *ctx)
{
    struct daf_host *h = ctx;

    if (h->is_stopping) return;
    daf_log("a command asks for a repair of the notebook");
    h->is_repairing = true;
    stop(h);
}

static void on_stop_timer(void *ctx)
{
    struct daf_host *h = ctx;

    if (h->link_gone) {
        daf_loop_stop(h->loop);
        return;
    }
    daf_linkhost_kill(h->linkhost);
    daf_loop_timer_set(&h->stop_timer,
                       daf_clock_after(daf_clock_now(),
                                       DAF_HOST_STOP_MS -
                                           DAF_HOST_STOP_LINK_MS));
}

static bool is_stopped(struct daf_host *h)
{
    return h->is_stopping && h->link_gone && daf_writer_idle(h->writer) &&
           daf_apiserver_idle(h->api);
}

/* ---- before the loop sleeps */

static void flush_record(void *ctx)
{
    struct daf_host *h = ctx;

    if (h->record == NULL) return;
    if (daf_inputlog_flush(h->record) == DAF_OK) return;
    daf_log("recording ended: the file cannot be written");
    daf_inputlog_close(h->record);
    h->record = NULL;
}

/* What one of them is told may give work to the other, and what the keeper says to
 * whoever asked: a file that it opened meanwhile. */
static void flush(struct daf_host *h)
{
    uint64_t inputs;
    bool took;

    do {
        inputs = h->inputs;
        daf_apiserver_flush(h->api);
        took = daf_contents_pump(h->contents);
        daf_linkhost_pause(h->linkhost, daf_writer_queued(h->writer) >
                                                DAF_HOST_WRITER_BYTES_MAX ||
                                            daf_contents_is_full(h->contents));
        daf_linkhost_flush(h->linkhost);
    } while (h->inputs != inputs || took);
}

static void before_wait(void *ctx)
{
    struct daf_host *h = ctx;

    note_peers(h);
    flush(h);
    daf_loop_timer_set(&h->agent_timer, daf_agent_deadline(h->agent));
    if (h->record != NULL)
        daf_loop_timer_set(&h->record_timer, daf_inputlog_deadline(h->record));
    if (daf_agent_proven_changes(h->agent) != h->doors_written &&
        h->doors_timer.at.ms == DAF_MONO_NEVER.ms)
        daf_loop_timer_set(&h->doors_timer,
                           daf_clock_after(daf_clock_now(), DAF_HOST_DOORS_MS));
    if (is_stopped(h)) daf_loop_stop(h->loop);
}

/* ---- starting */

/* For `daftar doctor`, when it cannot start: which port it wanted. */
static void write_listen(struct daf_host *h)
{
    char path[DAF_HOME_PATH_MAX], line[DAF_ADDR_BYTES_MAX + 2];
    struct daf_trouble t = {""};
    int len = snprintf(line, sizeof(line), "%s\n", h->config->listen.text);

    daf_home_path(&h->home, "run/listen", path);
    if (daf_home_write_file(path, 0600, view(line, (size_t)len), &t) != DAF_OK)
        daf_log("%s", t.what);
}

static void fill_tables(struct daf_host *h)
{
    h->port = (struct daf_port){
        .ctx = h,
        .send = port_send,
        .close = port_close,
        .connect = port_connect,
        .admit = port_admit,
        .porch = port_porch,
        .announce = port_announce,
        .withdraw = port_withdraw,
        .store_begin = port_begin,
        .store_keep = port_keep,
        .store_unchecked = port_unchecked,
        .store_checked = port_checked,
        .store_drop = port_drop,
        .store_end = port_end,
        .store_acked = port_acked,
        .content_put = port_content_put,
        .content_forget = port_content_forget,
        .content_read = port_content_read,
    };
    h->contents_ops = (struct daf_contents_ops){
        .ctx = h,
        .input = on_content_input,
        .link_queued = on_link_queued,
        .answered = on_content_answered,
        .changed = on_content_changed,
    };
    h->link_ops = (struct daf_linkhost_ops){
        .ctx = h,
        .ready = on_ready,
        .opened = on_opened,
        .frame = on_frame,
        .closed = on_closed,
        .refused = on_refused,
        .porched = on_porched,
        .lost = on_lost,
        .failed = on_failed,
        .gone = on_gone,
    };
    h->discover_ops = (struct daf_discoverhost_ops){
        .ctx = h,
        .found = on_found,
        .lost = on_lost_service,
        .state = on_discover_state,
    };
    h->api_ops = (struct daf_apiserver_ops){
        .ctx = h,
        .status = on_status,
        .write = on_write,
        .porch = on_porch,
        .contents = on_contents,
        .content = on_content,
        .library = on_library,
        .content_files = on_content_files,
        .content_open = on_content_open,
        .repair = on_repair,
        .progress = on_progress,
    };
}

static enum daf_err open_loop(struct daf_host *h)
{
    enum daf_err err = daf_loop_new(&h->loop);

    h->agent_timer = (struct daf_loop_timer){.fn = on_agent_timer, .ctx = h};
    h->record_timer = (struct daf_loop_timer){.fn = flush_record, .ctx = h};
    h->stop_timer = (struct daf_loop_timer){.fn = on_stop_timer, .ctx = h};
    h->doors_timer = (struct daf_loop_timer){.fn = write_doors, .ctx = h};
    if (err == DAF_OK) err = daf_loop_signals(h->loop, on_signal, h);
    if (err == DAF_OK) err = daf_loop_timer_open(h->loop, &h->agent_timer);
    if (err == DAF_OK) err = daf_loop_timer_open(h->loop, &h->record_timer);
    if (err == DAF_OK) err = daf_loop_timer_open(h->loop, &h->stop_timer);
    if (err == DAF_OK) err = daf_loop_timer_open(h->loop, &h->doors_timer);
    return err;
}

static enum daf_err open_writer(struct daf_host *h, uint64_t *out_boot,
                                struct daf_trouble *t)
{
    struct daf_store *store = NULL;
    enum daf_err err = daf_offline_store(&h->home, DAF_STORE_WRITER, &store, t);

    if (err == DAF_OK) err = daf_offline_prepare(store, out_boot, t);
    if (err == DAF_OK) err = daf_writer_new(store, &h->writer);
    if (err != DAF_OK) {
        daf_store_close(store);
        return err;
    }
    h->writer_source = (struct daf_loop_source){.fd = daf_writer_fd(h->writer),
                                                .fn = on_written,
                                                .ctx = h};
    return daf_loop_add(h->loop, &h->writer_source, true, false);
}

static enum daf_err open_reader(struct daf_host *h, struct daf_trouble *t)
{
    enum daf_err err =
        daf_offline_store(&h->home, DAF_STORE_READER, &h->reader, t);

    if (err != DAF_OK) return err;
    err = daf_store_pin(h->reader, &h->commits);
    if (err == DAF_OK) daf_store_unpin(h->reader);
    return err;
}

static enum daf_err open_linkhost(struct daf_host *h)
{
    struct daf_manifest m;
    struct daf_link_listen listen = {
        .door = h->config->listen,
        .transport_pk = h->home.keys.transport,
        .transport_sk = h->home.secrets.transport,
    };
    enum daf_err err =
        daf_manifest_decode(view(h->home.manifest, h->home.manifest_len), &m);

    if (err == DAF_OK) {
        daf_manifest_door_keys(&m.discovery, &listen.door_pk, &listen.door_sk);
        err = daf_linkhost_new(h->loop, &h->link_ops, &listen, &h->linkhost);
    }
    sodium_memzero(&m, sizeof(m));
    sodium_memzero(&listen, sizeof(listen));
    return err;
}

/* A door that only this machine can reach is announced to nobody. */
static bool is_for_others(const struct daf_addr *listen)
{
    struct daf_where where;

    return daf_addr_parse(listen, &where) && !daf_addr_is_loopback(&where);
}

static enum daf_err open_network(struct daf_host *h)
{
    const struct daf_addr *listen = &h->config->listen;
    enum daf_err err =
        daf_netwatch_new(h->loop, listen, on_own_addresses, h, &h->netwatch);

    if (err == DAF_OK && !h->config->no_mdns && is_for_others(listen))
        err = daf_discoverhost_new(h->loop, &h->discover_ops, &h->discover);
    return err;
}

static uint64_t read_incarnation(struct daf_store *reader)
{
    uint8_t value[8] = {0};
    uint64_t incarnation = 0;
    size_t len = 0;

    if (daf_store_get_value(reader, DAF_VALUE_INCARNATION, value, sizeof(value),
                            &len) != DAF_OK)
        return 0; /* daf_offline_agent() will say so */
    for (size_t i = 0; i < len; i++)
        incarnation = incarnation << 8 | value[i];
    return incarnation;
}

static enum daf_err open_record(struct daf_host *h, const uint8_t seed[32],
                                uint64_t boot, struct daf_trouble *t)
{
    struct daf_inputlog_head head = {
        .boot_number = boot,
        .incarnation = read_incarnation(h->reader),
        .author = daf_hash_author_id(&h->home.keys.sign),
    };
    enum daf_err err;

    if (h->config->record == NULL) return DAF_OK;
    memcpy(head.seed, seed, sizeof(head.seed));
    err =
        daf_inputlog_open(h->config->record, h->home.dir, &head, &h->record, t);
    sodium_memzero(&head, sizeof(head));
    return err;
}

static enum daf_err open_agent(struct daf_host *h, uint64_t boot,
                               struct daf_trouble *t)
{
    uint8_t seed[32];
    enum daf_err err;

    randombytes_buf(seed, sizeof(seed));
    err = open_record(h, seed, boot, t);
    if (err == DAF_OK)
        err = daf_offline_agent(&h->home, h->reader, boot, &h->port, on_wrote,
                                h, seed, &h->agent, t);
    sodium_memzero(seed, sizeof(seed));
    if (err == DAF_OK) tell_revoked(h);
    return err;
}

/* What --budget leaves for content: less the notebook, and a reserve for the
 * records to come (docs/content.md §6). */
static uint64_t content_budget(const struct daf_host *h)
{
    uint64_t budget = h->config->budget, notebook, reserve = budget / 8;

    if (budget == 0) return UINT64_MAX;
    if (reserve > DAF_SHELF_RESERVE) reserve = DAF_SHELF_RESERVE;
    notebook = daf_home_notebook_bytes(&h->home);
    return budget > notebook + reserve ? budget - notebook - reserve : 0;
}

static enum daf_err open_contents(struct daf_host *h)
{
    char dir[DAF_HOME_PATH_MAX];

    daf_home_path(&h->home, "content", dir);
    return daf_contents_new(h->loop, &h->contents_ops, dir, content_budget(h),
                            &h->contents);
}

#define LOCK_WAIT_MS 3000 /* a command holds the lock for milliseconds */

static enum daf_err lock_home(struct daf_host *h, struct daf_trouble *t)
{
    struct daf_mono until = daf_clock_after(daf_clock_now(), LOCK_WAIT_MS);

    for (;;) {
        enum daf_err err = daf_home_lock(&h->home, t);

        if (err != DAF_EBUSY || daf_clock_now().ms >= until.ms) return err;
        (void)poll(NULL, 0, 50);
    }
}

static enum daf_err open_all(struct daf_host *h, struct daf_trouble *t)
{
    uint64_t boot = 0;
    enum daf_err err = daf_home_load(h->config->home, true, &h->home, t);

    if (err != DAF_OK) return err;
    err = lock_home(h, t);
    if (err != DAF_OK) return err;
    remove_endpoint(h); /* of one that was killed */
    write_listen(h);
    err = open_loop(h);
    if (err == DAF_OK) err = open_writer(h, &boot, t);
    if (err == DAF_OK) err = open_reader(h, t);
    if (err == DAF_OK) err = open_linkhost(h);
    if (err == DAF_OK) err = open_agent(h, boot, t);
    if (err == DAF_OK) err = open_contents(h);
    if (err == DAF_OK) err = open_network(h);
    if (err == DAF_OK)
        err = daf_apiserver_new(&h->home, h->loop, h->agent, &h->api_ops,
                                &h->api, t);
    if (err == DAF_OK) err = open_web(h);
    return err;
}

enum daf_err daf_host_open(const struct daf_host_config *config,
                           struct daf_host **out, struct daf_trouble *t)
{
    struct daf_host *h = calloc(1, sizeof(*h));
    enum daf_err err = DAF_ENOMEM;

    *out = NULL;
    t->what[0] = '\0';
    if (h != NULL) {
        h->config = config;
        h->home.lock_fd = -1;
        h->started = daf_clock_now();
        fill_tables(h);
        err = open_all(h, t);
    }
    if (err == DAF_OK) {
        *out = h;
        return DAF_OK;
    }
    if (t->what[0] == '\0')
        daf_home_trouble(t, "cannot start: %s", daf_err_str(err));
    daf_host_close(h);
    return err;
}

int daf_host_run(struct daf_host *h)
{
    if (daf_linkhost_start(h->linkhost) != DAF_OK) {
        daf_log("the link process cannot be started: too many processes, or no "
                "memory");
        return 1;
    }
    if (daf_loop_run(h->loop, before_wait, h) != DAF_OK) {
        daf_log("waiting for events failed");
        return 1;
    }
    return h->exit_status;
}

/* All that has the store open. */
static void close_store(struct daf_host *h)
{
    /* First: what is left of its sessions still calls the port. */
    daf_agent_free(h->agent);
    h->agent = NULL;
    daf_contents_free(h->contents);
    h->contents = NULL;
    daf_linkhost_free(h->linkhost);
    h->linkhost = NULL;
    /* What is queued now was too much for the time there was. */
    if (h->writer != NULL) {
        daf_loop_remove(h->loop, &h->writer_source);
        daf_writer_abandon(h->writer);
    }
    daf_writer_free(h->writer);
    h->writer = NULL;
    daf_store_close(h->reader);
    h->reader = NULL;
}

bool daf_host_repair(struct daf_host *h)
{
    struct daf_repair r = {.bad = NULL};
    struct daf_trouble t = {""};
    enum daf_err err = DAF_ENOMEM;

    if (!h->is_repairing) return false;
    close_store(h);
    r.bad = json_array();
    if (r.bad != NULL) err = daf_repair_run(&h->home, &r, &t);
    if (err != DAF_OK)
        daf_log("%s", t.what[0] != '\0' ? t.what : daf_err_str(err));
    else if (r.done.was_damaged)
        daf_log("the notebook was damaged; what is sound is in a new one, the "
                "old one is store/%s",
                r.done.aside);
    daf_apiserver_repaired(h->api, err, &r, &t);
    json_decref(r.bad);
    return true;
}

void daf_host_close(struct daf_host *h)
{
    if (h == NULL) return;
    if (h->home.lock_fd >= 0) remove_endpoint(h);
    if (h->agent != NULL) write_doors(h);
    close_store(h);
    daf_netwatch_free(h->netwatch);
    daf_discoverhost_free(h->discover);
    daf_webhost_free(h->web);
    daf_apiserver_free(h->api);
    daf_inputlog_close(h->record);
    if (h->loop != NULL) {
        daf_loop_timer_close(h->loop, &h->agent_timer);
        daf_loop_timer_close(h->loop, &h->record_timer);
        daf_loop_timer_close(h->loop, &h->stop_timer);
        daf_loop_timer_close(h->loop, &h->doors_timer);
    }
    daf_loop_free(h->loop);
    daf_home_unload(&h->home);
    free(h);
}
