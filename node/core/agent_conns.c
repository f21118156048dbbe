/* SPDX-License-Identifier: Apache-2.0 */
/* Connections, and the sessions that belong to them: not to keys, for clones of
 * a card share a key. */
#include <assert.h>
#include <stdlib.h>

#include "node/core/agent_impl.h"

struct daf_conn *daf_agent_conn(struct daf_agent *a, uint32_t id)
{
    for (size_t i = 0; i < a->conns_count; i++) {
        if (a->conns[i]->id == id && !a->conns[i]->is_closed)
            return a->conns[i];
    }
    return NULL;
}

struct daf_conn *daf_agent_conn_new(struct daf_agent *a, uint32_t id,
                                    enum daf_endpoint endpoint)
{
    struct daf_conn **bigger, *c;

    if (a->conns_count == DAF_AGENT_CONNS_MAX) return NULL;
    bigger = daf_agent_grow(a->conns, &a->conns_cap, a->conns_count,
                            sizeof(struct daf_conn *));
    if (bigger == NULL) return NULL;
    a->conns = bigger;
    c = calloc(1, sizeof(*c));
    if (c == NULL) return NULL;
    c->id = id;
    c->endpoint = endpoint;
    a->conns[a->conns_count++] = c;
    return c;
}

void daf_agent_conn_close(struct daf_agent *a, struct daf_conn *c)
{
    if (c->is_closed) return;
    c->is_closed = true;
    a->config.port->close(a->config.port->ctx, c->id);
}

static void conn_free(struct daf_conn *c)
{
    if (c->session != NULL) {
        daf_session_deinit(c->session);
        free(c->session);
    }
    free(c);
}

void daf_agent_conns_sweep(struct daf_agent *a)
{
    size_t kept = 0;

    for (size_t i = 0; i < a->conns_count; i++) {
        if (!a->conns[i]->is_closed) {
            a->conns[kept++] = a->conns[i];
            continue;
        }
        daf_agent_jobs_orphan(a, a->conns[i]->id);
        daf_agent_leave_end(a, a->conns[i]);
        daf_agent_swap_free(a, a->conns[i]);
        conn_free(a->conns[i]);
    }
    a->conns_count = kept;
}

void daf_agent_conns_lost(struct daf_agent *a)
{
    for (size_t i = 0; i < a->conns_count; i++) {
        struct daf_conn *c = a->conns[i];
        struct daf_peer *p;

        if (c->is_closed) continue;
        if (c->session != NULL) daf_session_lost(c->session);
        c->is_closed = true;
        /* Asked now: a session that was lost has told its peer already. */
        p = daf_agent_peer_of(a, c->id);
        if (p != NULL) daf_agent_peer_retry(a, p);
    }
    daf_agent_conns_sweep(a);
}

/* By its first two bytes, before anybody has checked the rest: all frames are
 * short arrays (R18) and all their numbers one byte. */
void daf_agent_conn_tally(struct daf_agent_tally *by_kind,
                          struct daf_view frame)
{
    size_t kind = DAF_FRAME_UNKNOWN;

    if (frame.len >= 2 && (frame.p[0] & 0xf0) == 0x90 &&
        (frame.p[1] <= DAF_FRAME_AIR ||
         (frame.p[1] >= DAF_FRAME_KNOCK && frame.p[1] <= DAF_FRAME_REVOKED) ||
         (frame.p[1] >= DAF_FRAME_ASK && frame.p[1] <= DAF_FRAME_DECLINE)))
        kind = frame.p[1];
    by_kind[kind].frames++;
    by_kind[kind].bytes += frame.len;
}

/* A session that is poked may let go of what it then takes: once more for those
 * who wait for that.  Each round ends a wait, so they end. */
void daf_agent_conns_poke(struct daf_agent *a)
{
    while (a->was_released) {
        a->was_released = false;
        for (size_t i = 0; i < a->conns_count; i++) {
            struct daf_conn *c = a->conns[i];

            if (c->session == NULL || c->is_closed) continue;
            daf_session_poke(c->session, a->now);
            daf_agent_conn_note(a, c);
        }
    }
}

void daf_agent_conn_note(struct daf_agent *a, struct daf_conn *c)
{
    /* Who leaves is in step with nobody. */
    if (c->is_closed || !daf_session_resting(c->session) ||
        daf_agent_leave_is(c))
        return;
    c->has_rested = true;
    c->rested_at = a->changes;
    c->bodiless = a->bodiless;
    daf_agent_self_heard(a, c);
}

void daf_agent_conn_send(struct daf_agent *a, const struct daf_conn *c,
                         struct daf_view frame)
{
    if (!daf_agent_leave_says(c, frame)) return;
    a->stats.frames_out++;
    a->stats.bytes_out += frame.len;
    daf_agent_conn_tally(a->stats.sent, frame);
    a->config.port->send(a->config.port->ctx, c->id, frame);
}

void daf_agent_recheck(struct daf_agent *a)
{
    daf_agent_idle_resume(a);
    for (size_t i = 0; i < a->conns_count; i++) {
        if (a->conns[i]->session != NULL && !a->conns[i]->is_closed)
            daf_session_recheck(a->conns[i]->session, a->now);
    }
}

void daf_agent_admit(struct daf_agent *a)
{
    struct daf_device device;

    /* The camp only grows here, but not at its end: all are told again, which
     * costs the link a look-up each. */
    if (!a->is_listening) return;
    for (size_t i = 0; daf_camp_device(a->camp, i, &device); i++)
        a->config.port->admit(a->config.port->ctx, &device.keys.transport,
                              !daf_agent_is_revoked(a,
                                                    &device.keys.transport) ||
                                  daf_agent_leave_may(a,
                                                      &device.keys.transport));
}

/* ---- what a session asks for */

static struct daf_conn *conn_of(struct daf_agent *a,
                                const struct daf_session *s)
{
    struct daf_conn *c = daf_agent_conn(a, daf_session_conn(s));

    assert(c != NULL && c->session == s);
    return c;
}

static void session_send(void *ctx, struct daf_session *s,
                         struct daf_view frame)
{
    struct daf_agent *a = ctx;

    daf_agent_conn_send(a, conn_of(a, s), frame);
}

static void session_store_begin(void *ctx, struct daf_session *s)
{
    (void)daf_agent_job_begin(ctx, DAF_JOB_SESSION, daf_session_conn(s));
}

static void session_store_keep(void *ctx, struct daf_session *s,
                               const struct daf_record *r,
                               struct daf_view header,
                               enum daf_body_state state, struct daf_view body)
{
    const struct daf_keep keep = {.record = r,
                                  .header = header,
                                  .body_state = state,
                                  .body = body};

    (void)s;
    daf_agent_job_keep(ctx, &keep);
}

static void session_store_end(void *ctx, struct daf_session *s,
                              struct daf_view ack)
{
    (void)s;
    daf_agent_job_end(ctx, ack);
}

static void session_unchecked(void *ctx, struct daf_session *s,
                              const struct daf_stretch *what)
{
    (void)s;
    daf_agent_job_unchecked(ctx, what);
}

static void session_drop(void *ctx, struct daf_session *s,
                         const struct daf_log_key *log,
                         const struct daf_spot *spot)
{
    (void)s;
    if (daf_agent_job_drops(ctx, log, spot)) return;
    (void)daf_agent_job_begin(ctx, DAF_JOB_BAD, 0);
    daf_agent_job_drop(ctx, log, spot);
    daf_agent_job_end(ctx, (struct daf_view){0});
}

static void *session_room(void *ctx, struct daf_session *s, void *old,
                          size_t size)
{
    (void)ctx;
    (void)s;
    if (size > 0) return realloc(old, size);
    free(old);
    return NULL;
}

/* protocol.md R39 */
static bool session_was_equal(void *ctx, struct daf_session *s)
{
    struct daf_agent *a = ctx;
    const struct daf_authority *auth = daf_camp_authority(a->camp);
    const struct daf_parted *parted;
    struct daf_device peer;

    /* Asked for the acceptor's ROOT: the link knows the peer's key, no more. */
    if (!auth->by_transport(auth->ctx, daf_session_peer_key(s), &peer))
        return false;
    parted = daf_agent_parted(a, &peer.author);
    return parted != NULL && parted->changes == a->changes;
}

/* protocol.md R45.  That it was asked is remembered when the session rests: one
 * that is cut before has not asked. */
static bool session_may_need(void *ctx, struct daf_session *s, uint64_t bodies)
{
    struct daf_agent *a = ctx;
    const struct daf_parted *parted = daf_agent_parted(a, daf_session_peer(s));

    conn_of(a, s)->bodies = bodies;
    /* What came to us since may lack bodies that were not asked for then. */
    return parted == NULL || parted->bodies != bodies ||
           parted->bodiless != a->bodiless;
}

static void session_acked(void *ctx, struct daf_session *s,
                          const struct daf_ack_path *path)
{
    struct daf_agent *a = ctx;
    const struct daf_port *port = a->config.port;

    (void)s;
    if (memcmp(path->log.author.b, a->author.b, sizeof(a->author.b)) != 0)
        return;
    port->store_acked(port->ctx, &path->log, path->seq_first, &path->last);
    daf_agent_leave_acked(a, path);
}

/* The boot nonce of the side that connected. */
static const uint8_t *connector(const struct daf_agent *a,
                                const struct daf_session *s)
{
    return daf_session_is_connector(s) ? a->env.boot : daf_session_peer_boot(s);
}

/* protocol.md R21: of two sessions with one peer the one whose connector has
 * the lower boot nonce stays; of two with one connector, the newer. */
static bool session_proven(void *ctx, struct daf_session *s,
                           enum daf_bye *out_why)
{
    struct daf_agent *a = ctx;
    struct daf_peer *p;

    *out_why = DAF_BYE_DUPLICATE;
    for (size_t i = 0; i < a->conns_count; i++) {
        struct daf_session *other = a->conns[i]->session;

        if (other == NULL || other == s || a->conns[i]->is_closed ||
            daf_session_state(other) != DAF_SESSION_OPEN ||
            memcmp(daf_session_peer(other), daf_session_peer(s), 16) != 0 ||
            memcmp(daf_session_peer_boot(other), daf_session_peer_boot(s),
                   16) != 0)
            continue;
        if (memcmp(connector(a, other), connector(a, s), 16) < 0) return false;
        daf_session_end(other, DAF_BYE_DUPLICATE);
    }
    p = daf_agent_peer_of(a, daf_session_conn(s));
    if (p != NULL) daf_agent_peer_met(a, p, daf_session_peer(s));
    return true;
}

static void session_closed(void *ctx, struct daf_session *s, enum daf_err why)
{
    struct daf_agent *a = ctx;
    struct daf_conn *c = conn_of(a, s);
    struct daf_peer *p = daf_agent_peer_of(a, c->id);

    (void)why; /* counted where it was seen */
    daf_agent_part(a, c);
    daf_agent_conn_close(a, c);
    if (p != NULL) daf_agent_peer_retry(a, p);
    daf_agent_peers_uncover(a, daf_session_peer(s));
}

void daf_agent_session_port(struct daf_agent *a)
{
    a->session_port = (struct daf_session_port){
        .ctx = a,
        .send = session_send,
        .store_begin = session_store_begin,
        .store_keep = session_store_keep,
        .store_end = session_store_end,
        .store_unchecked = session_unchecked,
        .is_suspect = daf_agent_is_suspect,
        .drop = session_drop,
        .room = session_room,
        .claim = daf_agent_claim,
        .release = daf_agent_release,
        .deferred = daf_agent_deferred,
        .was_equal = session_was_equal,
        .may_need = session_may_need,
        .acked = session_acked,
        .addresses = daf_agent_addresses,
        .content = daf_agent_content,
        .proven = session_proven,
        .closed = session_closed,
    };
}

/* What a session with @device, by @c, is for; false: there is to be none. */
static bool role_of(struct daf_agent *a, const struct daf_conn *c,
                    const struct daf_device *device, enum daf_session_role *out)
{
    bool is_ours = (c->id & DAF_CONN_INCOMING) == 0;

    *out = is_ours && a->is_revoked ? DAF_SESSION_LEAVER : DAF_SESSION_PEER;
    if (!daf_camp_is_revoked(a->camp, &device->author)) return true;
    *out = DAF_SESSION_TAKER;
    return !is_ours && daf_agent_leave_begin(a, c);
}

void daf_agent_session_start(struct daf_agent *a, struct daf_conn *c)
{
    const struct daf_authority *auth = daf_camp_authority(a->camp);
    enum daf_session_role role;
    struct daf_device device;
    void *room;

    /* The link let this key in, but it is the camp that says who it is. */
    if (!auth->by_transport(auth->ctx, &c->key, &device) ||
        !role_of(a, c, &device, &role) ||
        (room = malloc(daf_session_size())) == NULL) {
        struct daf_peer *p = daf_agent_peer_of(a, c->id);

        a->stats.refusals.by_err[DAF_EAUTHOR]++;
        daf_agent_conn_close(a, c);
        if (p != NULL) daf_agent_peer_retry(a, p);
        return;
    }
    c->session = daf_session_init(room, &a->env, c->id, &c->key,
                                  (c->id & DAF_CONN_INCOMING) == 0);
    daf_session_set_role(c->session, role);
    daf_session_start(c->session, a->now);
}

struct daf_session *daf_agent_session_with(struct daf_agent *a,
                                           const struct daf_author_id *author)
{
    for (size_t i = 0; i < a->conns_count; i++) {
        struct daf_session *s = a->conns[i]->session;

        if (s != NULL && !a->conns[i]->is_closed &&
            daf_session_state(s) == DAF_SESSION_OPEN &&
            memcmp(daf_session_peer(s)->b, author->b, 16) == 0)
            return s;
    }
    return NULL;
}
