/* SPDX-License-Identifier: Apache-2.0 */
#include "node/host_impl.h"

#include "node/clock.h"
#include "node/core/addr.h"
#include "node/core/confirmed.h"
#include "node/notify.h"
#include "node/offline.h"
#include "proto/hash.h"

#include <assert.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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
    if (h->record != NULL) daf_recorder_append(h->record, &e);
}

/* The agent is not told, but what it reads of its own logs changes. */
static void record_notes(struct daf_host *h, const struct daf_writer_batch *b)
{
    struct daf_inputlog_entry e = {.now = daf_clock_now(),
                                   .commits = h->commits,
                                   .commit = b->commits,
                                   .is_noted = true,
                                   .notes_first = b->notes_first,
                                   .notes_count = b->notes_count};

    if (h->record != NULL && b->notes_count > 0)
        daf_recorder_append(h->record, &e);
}

/* R50: it "says so to its people", once. */
static void tell_revoked(struct daf_host *h)
{
    struct daf_agent_stats stats;

    if (h->has_told_revoked) return;
    daf_agent_stats(h->agent, &stats);
    h->has_told_revoked = stats.revoked;
    if (stats.revoked)
        daf_log("a coordinator has revoked this device: the others turn it "
                "away, and it gets nothing from them any more. What was "
                "written here they take, so nothing is lost; until they have "
                "it this device goes on calling them. What is kept here "
                "stays, and can be read. Ask a coordinator");
}

static void tell_failed(struct daf_host *h, const struct daf_writer_batch *b)
{
    if (!daf_log_due(&h->write_trouble, daf_clock_now())) return;
    daf_log("records cannot be kept: %s (%s). Nothing kept before is lost, and "
            "peers are asked again. Free some space, or look at the disk",
            daf_err_str(b->err), b->trouble);
}

static bool is_catalogue_new(const struct daf_host *h,
                             const struct daf_writer_batch *b)
{
    const struct daf_scope_id *catalog =
        &daf_camp_authority(daf_agent_camp(h->agent))->catalog;

    for (size_t i = 0; i < b->jobs_count; i++) {
        const struct daf_writer_job *j = &b->jobs[i];

        for (size_t k = 0; k < j->items_count; k++) {
            if (j->items[k].is_new &&
                memcmp(j->items[k].log.scope.b, catalog->b,
                       sizeof(catalog->b)) == 0)
                return true;
        }
    }
    return false;
}

static void give_batch(struct daf_host *h, struct daf_writer_batch *b)
{
    if (b->err != DAF_OK) tell_failed(h, b);
    record_notes(h, b);
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
    if (is_catalogue_new(h, b)) daf_host_editions_soon(h);
    if (b->err == DAF_OK) {
        daf_host_wants_batch(h, b);
        daf_host_renew_soon(h);
        h->commits = b->commits;
        h->records += b->records;
        /* Records, or what peers hold of them. */
        if (h->api != NULL)
            daf_apiserver_changed(h->api, DAF_APISERVER_RECORDS);
    }
    daf_writer_batch_free(b);
}

/* Anything but STORED: first what has been committed since. */
void daf_host_input(struct daf_host *h, const struct daf_input *in)
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

    daf_host_input(ctx, &in);
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

static void on_ready(void *ctx, uint16_t door_port, uint16_t mesh_port)
{
    struct daf_host *h = ctx;
    bool is_first = h->endpoint[0] == '\0';
    struct daf_input in = {.kind = DAF_INPUT_LISTENING,
                           .port_door = door_port,
                           .port_mesh = mesh_port};

    daf_host_input(h, &in);
    if (!is_first) return;
    daf_host_doors_tell(h);
    for (size_t i = 0; i < h->config->peers_count; i++) {
        struct daf_input peer = {.kind = DAF_INPUT_PEER,
                                 .found_by = DAF_FOUND_STATIC,
                                 .addr = h->config->peers[i]};

        daf_host_input(h, &peer);
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

    daf_host_input(ctx, &in);
}

static void on_frame(void *ctx, uint32_t conn, struct daf_view bytes)
{
    struct daf_input in = {.kind = DAF_INPUT_FRAME,
                           .conn = conn,
                           .bytes = bytes};

    daf_host_input(ctx, &in);
}

static void on_closed(void *ctx, uint32_t conn)
{
    struct daf_input in = {.kind = DAF_INPUT_CLOSED, .conn = conn};

    daf_host_input(ctx, &in);
}

static void on_lost(void *ctx)
{
    struct daf_input in = {.kind = DAF_INPUT_LINK_LOST};

    daf_host_input(ctx, &in);
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

    daf_host_input(h, &in);
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

    daf_host_input(ctx, &in);
}

static void on_lost_service(void *ctx, enum daf_endpoint endpoint,
                            const uint8_t name[8])
{
    struct daf_input in = {.kind = DAF_INPUT_GONE,
                           .service = {.endpoint = endpoint}};

    memcpy(in.service.name, name, sizeof(in.service.name));
    daf_host_input(ctx, &in);
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

    daf_host_input(h, &in);
    if (h->discover != NULL) daf_discoverhost_renew(h->discover);
}

static void on_network(void *ctx)
{
    struct daf_host *h = ctx;

    daf_airwatch_changed(h->airwatch);
}

static void on_air(void *ctx, const struct daf_air *air)
{
    const struct daf_input in = {.kind = DAF_INPUT_AIR, .air = *air};

    daf_host_input(ctx, &in);
}

static void on_round(void *ctx, uint32_t round_us)
{
    const struct daf_input in = {.kind = DAF_INPUT_ROUND, .round_us = round_us};

    daf_host_input(ctx, &in);
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

/* Each time anew: of a revoked device's log that did not change it asks for the head
 * alone.  What cannot be read now is said by check; status is not the place. */
static uint64_t unconfirmed_now(struct daf_host *h)
{
    uint64_t count = 0;

    if (h->confirmed == NULL &&
        daf_confirmed_new(daf_agent_camp(h->agent), daf_store_index(h->reader),
                          &h->confirmed) != DAF_OK)
        return 0;
    daf_confirmed_begin(h->confirmed);
    if (daf_confirmed_lacks(h->confirmed, NULL, &count) != DAF_OK) return 0;
    return count;
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
        .unconfirmed = unconfirmed_now(h),
        .uptime_s = (daf_clock_now().ms - h->started.ms) / 1000,
    };
}

static void on_write(void *ctx, const struct daf_write *write)
{
    struct daf_input in = {.kind = DAF_INPUT_WRITE, .write = write};

    daf_host_input(ctx, &in);
}

static void on_porch(void *ctx, const struct daf_porch_wish *wish)
{
    struct daf_input in = {.kind = DAF_INPUT_PORCH, .porch = wish};

    daf_host_input(ctx, &in);
}

static enum daf_err on_progress(void *ctx, const struct daf_subject_id *subject,
                                json_t *lines)
{
    struct daf_host *h = ctx;
    const struct daf_progress_query q = {
        .store = h->reader,
        .camp = daf_agent_camp(h->agent),
        .author = *daf_agent_author(h->agent),
        .scope = "",
    };
    uint64_t commits;
    enum daf_err err = daf_store_pin(h->reader, &commits);

    if (err != DAF_OK) return err;
    err = daf_progressbook_read(&h->progress, &q, commits, subject, lines,
                                DAF_APISERVER_LINES_MAX);
    daf_store_unpin(h->reader);
    return err;
}

/* Read anew after each commit, while pages ask; of a notebook without unconfirmed
 * records that is a question for each log of a revoked device. */
static const struct daf_learners *on_unconfirmed(void *ctx)
{
    struct daf_host *h = ctx;
    uint64_t commits;

    if (daf_store_pin(h->reader, &commits) != DAF_OK) return &h->learners;
    if (commits + 1 != h->learners_commits) {
        struct daf_learners now = {0};

        if (daf_learners_read(h->reader, daf_agent_camp(h->agent), &now) ==
            DAF_OK) {
            daf_learners_free(&h->learners);
            h->learners = now;
            h->learners_commits = commits + 1; /* 0: never read */
        } else {
            daf_learners_free(&now);
        }
    }
    daf_store_unpin(h->reader);
    return &h->learners;
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
    daf_host_input(h, &in);
    daf_apiserver_porched(h->api); /* who waits for it waits in vain */
    daf_contents_finish(h->contents);
    daf_linkhost_finish(h->linkhost);
    daf_loop_timer_set(&h->stop_timer,
                       daf_clock_after(daf_clock_now(), DAF_HOST_STOP_LINK_MS));
}

static void on_signal(void *ctx, int signal)
{
    struct daf_host *h = ctx;

    (void)signal;
    if (h->is_stopping && !h->is_repairing && !h->begins_again) {
        /* twice: in a hurry */
        daf_loop_stop(h->loop);
        return;
    }
    daf_notify_send("STOPPING=1");
    h->is_repairing = h->begins_again = false;
    if (!h->is_stopping) stop(h);
}

void daf_host_begin_again(struct daf_host *h)
{
    if (h->is_stopping) return;
    h->begins_again = true;
    stop(h);
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

    if (daf_recorder_flush(h->record) != DAF_OK)
        daf_log("recording ended: the file cannot be written");
}

/* What one of them is told may give work to the other.  What the shelf did is
 * told first, since it may be the answer that a client waits for. */
static void flush(struct daf_host *h)
{
    uint64_t inputs;

    do {
        inputs = h->inputs;
        daf_contents_pump(h->contents);
        daf_host_content_look(h);
        daf_apiserver_flush(h->api);
        daf_linkhost_pause(h->linkhost, daf_writer_queued(h->writer) >
                                            DAF_HOST_WRITER_BYTES_MAX);
        daf_linkhost_flush(h->linkhost);
    } while (h->inputs != inputs);
}

static void before_wait(void *ctx)
{
    struct daf_host *h = ctx;

    note_peers(h);
    flush(h);
    daf_loop_timer_set(&h->agent_timer, daf_agent_deadline(h->agent));
    if (h->record != NULL)
        daf_loop_timer_set(&h->record_timer, daf_recorder_deadline(h->record));
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
        .repair = on_repair,
        .progress = on_progress,
        .unconfirmed = on_unconfirmed,
    };
    daf_host_port_fill(h);
    daf_host_content_fill(h);
}

static enum daf_err open_loop(struct daf_host *h)
{
    enum daf_err err = daf_loop_new(&h->loop);

    h->agent_timer = (struct daf_loop_timer){.fn = on_agent_timer, .ctx = h};
    h->record_timer = (struct daf_loop_timer){.fn = flush_record, .ctx = h};
    h->stop_timer = (struct daf_loop_timer){.fn = on_stop_timer, .ctx = h};
    h->editions_timer =
        (struct daf_loop_timer){.fn = daf_host_editions, .ctx = h};
    h->renew_timer = (struct daf_loop_timer){.fn = daf_host_renew, .ctx = h};
    h->doors_timer =
        (struct daf_loop_timer){.fn = daf_host_doors_write, .ctx = h};
    if (err == DAF_OK) err = daf_loop_signals(h->loop, on_signal, h);
    if (err == DAF_OK) err = daf_loop_timer_open(h->loop, &h->agent_timer);
    if (err == DAF_OK) err = daf_loop_timer_open(h->loop, &h->record_timer);
    if (err == DAF_OK) err = daf_loop_timer_open(h->loop, &h->stop_timer);
    if (err == DAF_OK) err = daf_loop_timer_open(h->loop, &h->doors_timer);
    if (err == DAF_OK) err = daf_loop_timer_open(h->loop, &h->renew_timer);
    if (err == DAF_OK) err = daf_loop_timer_open(h->loop, &h->editions_timer);
    return err;
}

static enum daf_err open_writer(struct daf_host *h, uint64_t *out_boot,
                                struct daf_trouble *t)
{
    struct daf_store *store = NULL;
    struct daf_machine machine;
    enum daf_err err = daf_offline_store(&h->home, DAF_STORE_WRITER, &store, t);

    daf_machine_read("", &machine);
    if (err == DAF_OK) err = daf_offline_prepare(store, &machine, out_boot, t);
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
    const struct daf_airwatch_ops ops = {h, on_air, on_round};
    enum daf_err err = daf_airwatch_new(
        h->loop, &daf_camp_manifest(daf_agent_camp(h->agent))->discovery,
        h->config->air, &ops, &h->airwatch);

    if (err == DAF_OK)
        err = daf_netwatch_new(h->loop, listen, on_own_addresses, on_network, h,
                               &h->netwatch);
    if (err == DAF_OK && !h->config->no_mdns && is_for_others(listen))
        err = daf_discoverhost_new(h->loop, &h->discover_ops, &h->discover);
    return err;
}

static enum daf_err open_record(struct daf_host *h, const uint8_t seed[32],
                                uint64_t boot, struct daf_trouble *t)
{
    struct daf_inputlog_head head = {
        .boot_number = boot,
        .keys = h->home.keys,
        .manifest = view(h->home.manifest, h->home.manifest_len),
        .cert = view(h->home.cert, h->home.cert_len),
    };
    const struct daf_recorder_config config = {.path = h->config->record,
                                               .home = h->home.dir,
                                               .reader = h->reader,
                                               .head = &head,
                                               .port = &h->port};
    enum daf_err err;

    if (h->config->record == NULL) return DAF_OK;
    err = daf_selfvalue_get(h->reader, &head.self);
    if (err != DAF_OK) {
        daf_home_trouble(t,
                         "the notebook does not say who this device is "
                         "(%s). To do: daftar check --repair",
                         daf_err_str(err));
        return err;
    }
    head.secrets = h->home.secrets;
    memcpy(head.seed, seed, sizeof(head.seed));
    err = daf_recorder_open(&config, &h->record, t);
    sodium_memzero(&head, sizeof(head));
    return err;
}

static enum daf_err open_agent(struct daf_host *h, uint64_t boot,
                               struct daf_trouble *t)
{
    const struct daf_port *port = &h->port;
    uint8_t seed[32];
    enum daf_err err;

    randombytes_buf(seed, sizeof(seed));
    err = open_record(h, seed, boot, t);
    if (h->record != NULL) port = daf_recorder_port(h->record);
    if (err == DAF_OK)
        err = daf_offline_agent(&h->home, h->reader, boot, port, on_wrote, h,
                                seed, &h->agent, t);
    sodium_memzero(seed, sizeof(seed));
    if (err == DAF_OK) tell_revoked(h);
    return err;
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
    if (err == DAF_OK) err = daf_host_wants_start(h);
    if (err == DAF_OK) err = daf_host_content_start(h);
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
    daf_confirmed_free(h->confirmed);
    h->confirmed = NULL;
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

    if (!h->is_repairing) return h->begins_again;
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
    if (h->agent != NULL) daf_host_doors_write(h);
    close_store(h);
    daf_netwatch_free(h->netwatch);
    daf_airwatch_free(h->airwatch);
    daf_discoverhost_free(h->discover);
    daf_webhost_free(h->web);
    daf_progressbook_free(&h->progress);
    daf_learners_free(&h->learners);
    daf_host_wants_end(h);
    daf_apiserver_free(h->api);
    daf_recorder_close(h->record);
    if (h->loop != NULL) {
        daf_loop_timer_close(h->loop, &h->agent_timer);
        daf_loop_timer_close(h->loop, &h->record_timer);
        daf_loop_timer_close(h->loop, &h->stop_timer);
        daf_loop_timer_close(h->loop, &h->doors_timer);
        daf_loop_timer_close(h->loop, &h->renew_timer);
        daf_loop_timer_close(h->loop, &h->editions_timer);
    }
    daf_loop_free(h->loop);
    daf_home_unload(&h->home);
    free(h);
}
