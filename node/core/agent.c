/* SPDX-License-Identifier: Apache-2.0 */
#include "node/core/agent.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

#include "node/core/agent_impl.h"
#include "proto/hash.h"

void *daf_agent_grow(void *array, size_t *cap, size_t count, size_t size)
{
    size_t more = *cap == 0 ? 4 : 2 * *cap;
    void *bigger;

    if (count < *cap) return array;
    bigger = realloc(array, more * size);
    if (bigger != NULL) *cap = more;
    return bigger;
}

bool daf_agent_fold(struct daf_agent *a, const struct daf_log_key *log,
                    const struct daf_stored *stored)
{
    const struct daf_scope_id *control = &daf_camp_authority(a->camp)->control;

    if (a->config.has_own_learners_only &&
        memcmp(log->scope.b, control->b, sizeof(control->b)) != 0 &&
        memcmp(log->author.b, a->author.b, sizeof(a->author.b)) != 0)
        return false;
    return daf_camp_add(a->camp, log, stored);
}

static bool fold_row(void *ctx, const struct daf_log_key *log,
                     const struct daf_stored *stored)
{
    (void)daf_agent_fold(ctx, log, stored);
    return true;
}

/* Control first: it brings the keys that open the registrations. */
static enum daf_err fold_store(struct daf_agent *a)
{
    const struct daf_agent_config *config = &a->config;
    struct daf_scope_id id;
    enum daf_err err;

    (void)daf_camp_scope(a->camp, 0, &id);
    err = config->scan(config->scan_ctx, &id, -1, fold_row, a);
    while (err == DAF_OK && daf_camp_wants_rescan(a->camp, &id))
        err = config->scan(config->scan_ctx, &id, DAF_RETENTION_IDENTITY,
                           fold_row, a);
    if (err == DAF_OK && daf_camp_is_short(a->camp)) err = DAF_ENOMEM;
    return err;
}

static void fill_env(struct daf_agent *a)
{
    const struct daf_manifest *m = daf_camp_manifest(a->camp);
    struct daf_session_env *env = &a->env;
    struct daf_box_sk door_sk;

    daf_agent_session_port(a);
    env->index = a->config.index;
    env->authority = daf_camp_authority(a->camp);
    env->port = &a->session_port;
    env->rng = &a->rng;
    env->refusals = &a->stats.refusals;
    env->camp = m->camp;
    env->author = a->author;
    env->sign_sk = &a->config.secrets.sign;
    env->transport = a->config.keys.transport;
    daf_rng_bytes(&a->rng, env->boot, sizeof(env->boot));
    env->manifest_number = m->number;
    env->manifest_hash = m->hash;
    env->frame = a->scratch->frame;
    env->frame2 = a->scratch->frame2;
    env->head_a = &a->scratch->head_a;
    env->items = a->scratch->items;
    env->symbols = a->scratch->symbols;
    env->symbols2 = a->scratch->symbols2;
    env->differences = a->scratch->differences;
    env->records = a->scratch->records;
    daf_manifest_door_keys(&m->discovery, &a->door_pk, &door_sk);
    sodium_memzero(&door_sk, sizeof(door_sk));
}

/* Our own certificate must name our keys and count in this camp (R16); a
 * coordinator is in the manifest instead. */
static enum daf_err take_cert(struct daf_agent *a, struct daf_view cert)
{
    const struct daf_manifest *m = daf_camp_manifest(a->camp);
    struct daf_cert decoded;
    uint8_t *copy;
    enum daf_err err;

    if (cert.len == 0)
        return daf_manifest_coordinator(m, &a->author) != NULL ? DAF_OK
                                                               : DAF_EAUTHOR;
    err = daf_cert_decode(cert, &decoded);
    if (err == DAF_OK &&
        memcmp(&decoded.keys, &a->config.keys, sizeof(decoded.keys)) != 0)
        err = DAF_EKEY;
    if (err == DAF_OK) err = daf_camp_meet(a->camp, cert);
    if (err != DAF_OK) return err;
    copy = malloc(cert.len);
    if (copy == NULL) return DAF_ENOMEM;
    memcpy(copy, cert.p, cert.len);
    a->cert_bytes = copy;
    a->cert = (struct daf_view){copy, cert.len};
    return DAF_OK;
}

static enum daf_err set_up(struct daf_agent *a)
{
    const struct daf_agent_config *config = &a->config;
    struct daf_camp_config camp = {.manifest = config->manifest,
                                   .keys = config->keys,
                                   .seal = &config->secrets.seal,
                                   .like = config->like};
    enum daf_err err;

    a->scratch = config->scratch;
    if (a->scratch == NULL) {
        a->scratch = malloc(sizeof(*a->scratch));
        a->owns_scratch = true;
        if (a->scratch == NULL) return DAF_ENOMEM;
    }
    a->author = daf_hash_author_id(&config->keys.sign);
    daf_rng_init(&a->rng, config->seed);
    daf_agent_self_begin(a);
    err = daf_camp_new(&camp, &a->camp);
    if (err == DAF_OK) err = take_cert(a, config->cert);
    if (err == DAF_OK) err = fold_store(a);
    if (err != DAF_OK) return err;
    err = daf_agent_statements_begin(a);
    if (err != DAF_OK) return err;
    fill_env(a);
    daf_agent_note_revoked(a, NULL);
    daf_agent_idle_begin(a);
    return DAF_OK;
}

enum daf_err daf_agent_new(const struct daf_agent_config *config,
                           daf_wrote_fn wrote, void *ctx,
                           struct daf_agent **out)
{
    struct daf_agent *a = calloc(1, sizeof(*a));
    enum daf_err err;

    *out = NULL;
    if (a == NULL) return DAF_ENOMEM;
    a->config = *config;
    a->wrote = wrote;
    a->wrote_ctx = ctx;
    a->next_conn = 1;
    a->next_job = 1;
    a->jobs_end = &a->jobs;
    a->waiting_end = &a->waiting;
    a->news_at = a->near_at = a->turn_at = a->again_at = DAF_MONO_NEVER;
    a->slices_at = DAF_MONO_NEVER;
    a->stated.write_at = a->stated.tell_at = a->stated.own_at = DAF_MONO_NEVER;
    a->stated.status_at = DAF_MONO_NEVER;
    a->asked_max = DAF_AGENT_ASKED_MAX;
    a->first_due_ms = DAF_MONO_NEVER.ms;
    daf_agent_look_init(a);
    daf_agent_erase_init(a);
    err = set_up(a);
    if (err != DAF_OK) {
        daf_agent_free(a);
        return err;
    }
    *out = a;
    return DAF_OK;
}

void daf_agent_free(struct daf_agent *a)
{
    if (a == NULL) return;
    daf_agent_porch_close(a);
    daf_agent_conns_lost(a);
    daf_agent_jobs_free(a);
    daf_camp_free(a->camp);
    free(a->conns);
    free(a->peers);
    free(a->rows);
    free(a->places);
    free(a->claims);
    free(a->deferred);
    free(a->suspects);
    free(a->parted);
    free(a->leave.acked);
    free(a->cert_bytes);
    daf_agent_items_free(a);
    daf_agent_statements_free(a);
    daf_agent_erase_free(a);
    if (a->owns_scratch && a->scratch != NULL) {
        sodium_memzero(a->scratch, sizeof(*a->scratch));
        free(a->scratch);
    }
    sodium_memzero(a, sizeof(*a));
    free(a);
}

/* ---- inputs */

static void on_opened(struct daf_agent *a, const struct daf_input *in)
{
    struct daf_conn *c = daf_agent_conn(a, in->conn);

    if (c == NULL && (in->conn & DAF_CONN_INCOMING) != 0 && !a->is_stopping)
        c = daf_agent_conn_new(a, in->conn, in->endpoint);
    if (c == NULL) {
        a->config.port->close(a->config.port->ctx, in->conn);
        return;
    }
    c->is_open = true;
    c->key = in->key;
    if (c->endpoint == DAF_ENDPOINT_DOOR)
        daf_agent_door_opened(a, c);
    else if (c->endpoint == DAF_ENDPOINT_PORCH)
        daf_agent_porch_opened(a, c);
    else
        daf_agent_session_start(a, c);
}

static void on_frame(struct daf_agent *a, const struct daf_input *in)
{
    struct daf_conn *c = daf_agent_conn(a, in->conn);

    if (c == NULL) return;
    a->stats.frames_in++;
    a->stats.bytes_in += in->bytes.len;
    daf_agent_conn_tally(a->stats.received, in->bytes);
    if (c->endpoint == DAF_ENDPOINT_DOOR)
        daf_agent_door_frame(a, c, in->bytes);
    else if (c->endpoint == DAF_ENDPOINT_PORCH)
        daf_agent_porch_frame(a, c, in->bytes);
    else if (c->session != NULL && !daf_agent_leave_is(c) &&
             daf_agent_is_revoked(a, &c->key)) {
        /* protocol.md R50: "each frame is read only if its session's peer is
         * not revoked" */
        daf_session_end(c->session, DAF_BYE_UNPROVEN);
    } else if (c->session != NULL) {
        daf_agent_idle_wait(a);
        daf_session_frame(c->session, a->now, in->bytes);
        if (daf_agent_leave_is(c)) {
            daf_agent_leave_after(a, c);
            return;
        }
        daf_agent_addresses_tell(a, c);
        daf_agent_air_tell(a, c);
        daf_agent_seek_tell(a, c);
        daf_agent_statements_tell(a, c);
        daf_agent_conn_note(a, c);
    }
}

static void on_closed(struct daf_agent *a, const struct daf_input *in)
{
    struct daf_conn *c = daf_agent_conn(a, in->conn);
    struct daf_peer *p;

    if (c == NULL) return;
    if (c->session != NULL) daf_session_lost(c->session);
    c->is_closed = true;
    daf_agent_porch_left(a, in->conn);
    p = daf_agent_peer_of(a, in->conn);
    if (p != NULL) daf_agent_peer_retry(a, p);
}

static void on_timer(struct daf_agent *a)
{
    for (size_t i = 0; i < a->conns_count; i++) {
        if (a->conns[i]->session != NULL && !a->conns[i]->is_closed)
            daf_session_timer(a->conns[i]->session, a->now);
    }
    daf_agent_leave_timer(a);
    daf_agent_peers_timer(a);
    daf_agent_porch_timer(a);
    daf_agent_idle_timer(a);
    daf_agent_turns_timer(a);
    daf_agent_slices_timer(a);
    daf_agent_items_timer(a);
    daf_agent_fetch_timer(a);
    daf_agent_statements_timer(a);
    daf_agent_erase_timer(a);
    if (daf_agent_look_due(a)) {
        (void)fold_store(a); /* what cannot be read is passed over, as ever */
        daf_agent_note_revoked(a, NULL);
        daf_agent_erase_look(a);
        daf_agent_look_again(a);
    }
}

static void on_listening(struct daf_agent *a, const struct daf_input *in)
{
    if (a->is_stopping) return;
    a->is_listening = true;
    a->port_door = in->port_door;
    a->port_mesh = in->port_mesh;
    daf_agent_idle_wait(a);
    daf_agent_admit(a);
    daf_agent_announce(a);
    daf_agent_peers_start(a, 0);
    daf_agent_statements_applied(a);
    daf_agent_erase_look(a);
}

static void on_stop(struct daf_agent *a)
{
    a->is_stopping = true;
    a->is_listening = false;
    daf_agent_porch_close(a);
    a->config.port->withdraw(a->config.port->ctx, DAF_ENDPOINT_DOOR);
    for (size_t i = 0; i < a->conns_count; i++) {
        if (a->conns[i]->session != NULL)
            daf_session_end(a->conns[i]->session, DAF_BYE_STOPPING);
        else
            daf_agent_conn_close(a, a->conns[i]);
    }
}

/* A case for each input.  NOLINTNEXTLINE(readability-function-size) */
void daf_agent_input(struct daf_agent *a, struct daf_mono now,
                     const struct daf_input *in)
{
    a->now = now;
    switch (in->kind) {
    case DAF_INPUT_TIMER:
        on_timer(a);
        break;
    case DAF_INPUT_LISTENING:
        on_listening(a, in);
        break;
    case DAF_INPUT_LINK_LOST:
        a->is_listening = false;
        daf_agent_porch_left(a, 0);
        daf_agent_conns_lost(a);
        break;
    case DAF_INPUT_OPENED:
        on_opened(a, in);
        break;
    case DAF_INPUT_FRAME:
        on_frame(a, in);
        break;
    case DAF_INPUT_CLOSED:
        on_closed(a, in);
        break;
    case DAF_INPUT_STORED:
        daf_agent_job_stored(a, in);
        break;
    case DAF_INPUT_PEER:
        daf_agent_book_told(a, in);
        break;
    case DAF_INPUT_WRITE:
        daf_agent_write(a, in->write);
        break;
    case DAF_INPUT_STOP:
        on_stop(a);
        break;
    case DAF_INPUT_FOUND:
        daf_agent_found(a, in);
        break;
    case DAF_INPUT_GONE:
        daf_agent_gone(a, in);
        break;
    case DAF_INPUT_OWN:
        daf_agent_own(a, in);
        break;
    case DAF_INPUT_PORCH:
        daf_agent_porch_wish(a, in->porch);
        break;
    case DAF_INPUT_PORCHED:
        daf_agent_porch_ported(a, in->port_porch);
        break;
    case DAF_INPUT_ITEM:
        daf_agent_item_news(a, in->item);
        break;
    case DAF_INPUT_PUT:
        daf_agent_fetch_put(a, in);
        break;
    case DAF_INPUT_READ:
        daf_agent_serve_read(a, in);
        break;
    case DAF_INPUT_AIR:
        daf_agent_air(a, &in->air);
        break;
    case DAF_INPUT_ROUND:
        daf_agent_fetch_round(a, in->round_us);
        break;
    case DAF_INPUT_SHELF:
        daf_agent_items_shelf(a, in->is_there);
        break;
    }
    daf_agent_conns_poke(a);
    daf_agent_conns_sweep(a);
    daf_agent_turns_after(a);
    daf_agent_items_after(a);
    daf_agent_slices_after(a);
    daf_agent_peers_after(a);
}

/* ---- what others may know */

struct daf_mono daf_agent_deadline(const struct daf_agent *a)
{
    struct daf_mono first = daf_agent_peers_deadline(a);
    struct daf_mono idle = daf_agent_idle_deadline(a);
    struct daf_mono porch = daf_agent_porch_deadline(a);
    struct daf_mono fetch = daf_agent_fetch_deadline(a);
    struct daf_mono turns = daf_agent_turns_deadline(a);
    struct daf_mono stated = daf_agent_statements_deadline(a);
    struct daf_mono erase = daf_agent_erase_deadline(a);
    struct daf_mono leave = daf_agent_leave_deadline(a);

    if (leave.ms < first.ms) first = leave;
    if (stated.ms < first.ms) first = stated;
    if (erase.ms < first.ms) first = erase;
    if (turns.ms < first.ms) first = turns;
    if (a->slices_at.ms < first.ms) first = a->slices_at;
    if (idle.ms < first.ms) first = idle;
    if (porch.ms < first.ms) first = porch;
    if (fetch.ms < first.ms) first = fetch;
    if (a->look_at.ms < first.ms) first = a->look_at;
    for (size_t i = 0; i < a->conns_count; i++) {
        struct daf_mono d = DAF_MONO_NEVER;

        if (a->conns[i]->session != NULL)
            d = daf_session_deadline(a->conns[i]->session);
        if (d.ms < first.ms) first = d;
    }
    return first;
}

const struct daf_camp *daf_agent_camp(const struct daf_agent *a)
{
    return a->camp;
}

const struct daf_author_id *daf_agent_author(const struct daf_agent *a)
{
    return &a->author;
}

size_t daf_agent_size(const struct daf_agent *a)
{
    return sizeof(*a) + a->cert.len +
           (a->porch != NULL ? sizeof(*a->porch) : 0) +
           a->conns_cap * sizeof(struct daf_conn *) +
           a->conns_count * sizeof(**a->conns) +
           a->peers_cap *
               (sizeof(*a->peers) + sizeof(*a->rows) + 2 * sizeof(*a->places)) +
           a->claims_cap * sizeof(*a->claims) +
           a->deferred_cap * sizeof(*a->deferred) +
           a->suspects_cap * sizeof(*a->suspects) +
           a->items_cap * sizeof(*a->items) +
           a->parted_cap * sizeof(*a->parted);
}

static bool is_proven(const struct daf_conn *c)
{
    return c->session != NULL && !daf_agent_leave_is(c) &&
           daf_session_state(c->session) == DAF_SESSION_OPEN;
}

void daf_agent_stats(const struct daf_agent *a, struct daf_agent_stats *out)
{
    *out = a->stats;
    for (size_t i = 0; i < a->conns_count; i++)
        out->sessions += is_proven(a->conns[i]);
    out->strangers = a->strangers_count;
    out->deferred = a->deferred_count;
    out->revoked = a->is_revoked;
    out->left = a->is_revoked && a->leave.is_left;
    out->unchecked = a->idle.has_unchecked;
    out->restored = daf_agent_self_is_restored(a);
    out->lives = a->self.lives_count;
    out->pending_writes = a->waiting_count;
    for (const struct daf_job *j = a->jobs; j != NULL; j = j->next) {
        for (const struct daf_pending *w = j->writes; w != NULL; w = w->next)
            out->pending_writes++;
    }
}

static const char *air_str(const struct daf_agent *a, const struct daf_conn *c)
{
    if (c->air.kind == DAF_AIR_CABLE) return "cable";
    if (c->air.kind == DAF_AIR_UNKNOWN) return "";
    return daf_agent_air_is_ours(a, c) ? "ours" : "another";
}

static void tell_session(const struct daf_agent *a, const struct daf_conn *c,
                         struct daf_peer_info *out)
{
    const struct daf_session *s = c->session;

    if (c->swap != NULL) {
        out->content_in = c->swap->bytes_in;
        out->content_out = c->swap->bytes_out;
        out->bad_parts = c->swap->bad;
        out->place = c->swap->place;
    }
    out->air = air_str(a, c);
    out->author = *daf_session_peer(s);
    out->connected = true;
    out->in_step = daf_session_resting(s);
    out->state = "open";
}

/* The entry at @at stands for its device: of several the one by which it was
 * best heard of, the first of equals. */
static bool stands(const struct daf_agent *a, size_t at)
{
    const struct daf_peer *p = &a->peers[at];

    for (size_t i = 0; i < a->peers_count; i++) {
        const struct daf_peer *q = &a->peers[i];

        if (i == at || !daf_agent_book_same(p, q)) continue;
        if (q->is_known != p->is_known) {
            if (q->is_known) return false;
        } else if (q->found_by != p->found_by) {
            if (q->found_by > p->found_by) return false;
        } else if (i < at) {
            return false;
        }
    }
    return true;
}

static void tell_entry(const struct daf_agent *a, const struct daf_peer *p,
                       struct daf_peer_info *out)
{
    static const char *const words[] = {"retrying", "knocking", "connecting",
                                        "open"};

    daf_addr_format(&p->where, &out->addr);
    out->author = p->author;
    out->found_by = daf_agent_found_by_str(p->found_by);
    out->state = words[p->state];
    out->is_there = p->is_there;
    out->failures = p->failures;
    for (size_t j = 0; p->is_known && j < a->conns_count; j++) {
        if (is_proven(a->conns[j]) &&
            memcmp(daf_session_peer(a->conns[j]->session)->b, p->author.b,
                   sizeof(p->author.b)) == 0)
            tell_session(a, a->conns[j], out);
    }
}

/* It came to us, and no address is known to be its. */
static bool is_only_incoming(const struct daf_agent *a,
                             const struct daf_conn *c)
{
    if (!is_proven(c)) return false;
    for (size_t i = 0; i < a->peers_count; i++)
        if (a->peers[i].is_known &&
            memcmp(a->peers[i].author.b, daf_session_peer(c->session)->b,
                   sizeof(a->peers[i].author.b)) == 0)
            return false;
    return true;
}

/* Addresses first, then who came by itself and is no address's. */
bool daf_agent_peer(const struct daf_agent *a, size_t *at,
                    struct daf_peer_info *out)
{
    memset(out, 0, sizeof(*out));
    out->air = "";
    for (; *at < a->peers_count; ++*at) {
        if (!stands(a, *at)) continue;
        tell_entry(a, &a->peers[(*at)++], out);
        return true;
    }
    for (; *at < a->peers_count + a->conns_count; ++*at) {
        const struct daf_conn *c = a->conns[*at - a->peers_count];

        if (!is_only_incoming(a, c)) continue;
        ++*at;
        out->found_by = daf_agent_found_by_str(DAF_FOUND_INCOMING);
        tell_session(a, c, out);
        return true;
    }
    return false;
}
