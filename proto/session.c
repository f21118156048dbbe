/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/session.h"

#include <assert.h>
#include <sodium.h>

#include "proto/hash.h"
#include "proto/session_impl.h"

_Static_assert(sizeof(struct daf_session) <= DAF_SESSION_BYTES_MAX,
               "1,000 sessions must fit a small board");

/* The picture in session.h; the two change together. */
static const bool session_transitions[5][5] = {
    [DAF_SESSION_NEW] =
        {[DAF_SESSION_GREETING] = true, [DAF_SESSION_CLOSED] = true},
    [DAF_SESSION_GREETING] =
        {[DAF_SESSION_PROVING] = true, [DAF_SESSION_CLOSED] = true},
    [DAF_SESSION_PROVING] =
        {[DAF_SESSION_OPEN] = true, [DAF_SESSION_CLOSED] = true},
    [DAF_SESSION_OPEN] = {[DAF_SESSION_CLOSED] = true},
    [DAF_SESSION_CLOSED] = {false},
};

/* Who handles which frame, and in which states it may come.  A frame with no
 * handler is decoded and changes nothing (R19). */
#define IN(state) (1u << (state))
static const struct {
    unsigned states;
    daf_session_on *on;
} handlers[] = {
    [DAF_FRAME_HELLO] = {IN(DAF_SESSION_NEW) | IN(DAF_SESSION_GREETING),
                         daf_on_hello},
    [DAF_FRAME_ROOT] = {IN(DAF_SESSION_PROVING), daf_on_root},
    [DAF_FRAME_SYMBOLS] = {IN(DAF_SESSION_OPEN), daf_on_symbols},
    [DAF_FRAME_HEADS] = {IN(DAF_SESSION_OPEN), daf_on_heads},
    [DAF_FRAME_WANT] = {IN(DAF_SESSION_OPEN), daf_on_want},
    [DAF_FRAME_RUN] = {IN(DAF_SESSION_OPEN), daf_on_run},
    [DAF_FRAME_NEED] = {IN(DAF_SESSION_OPEN), daf_on_need},
    [DAF_FRAME_DEFER] = {IN(DAF_SESSION_OPEN), daf_on_defer},
    [DAF_FRAME_ACK] = {IN(DAF_SESSION_OPEN), daf_on_ack},
    [DAF_FRAME_BYE] = {~0u, daf_on_bye},
    [DAF_FRAME_MANIFEST] = {IN(DAF_SESSION_OPEN), NULL},
    [DAF_FRAME_REGISTER] = {IN(DAF_SESSION_OPEN), daf_on_content},
    [DAF_FRAME_HAVE] = {IN(DAF_SESSION_OPEN), daf_on_content},
    [DAF_FRAME_CHUNK] = {IN(DAF_SESSION_OPEN), daf_on_content},
    [DAF_FRAME_ADDRESSES] = {IN(DAF_SESSION_OPEN), daf_on_addresses},
    [DAF_FRAME_SEEK] = {IN(DAF_SESSION_OPEN), daf_on_content},
    [DAF_FRAME_FETCH] = {IN(DAF_SESSION_OPEN), daf_on_content},
    [DAF_FRAME_TURN] = {IN(DAF_SESSION_OPEN), daf_on_content},
    [DAF_FRAME_AIR] = {IN(DAF_SESSION_OPEN), daf_on_content},
    [DAF_FRAME_STATED] = {IN(DAF_SESSION_OPEN), daf_on_content},
};

struct daf_session *daf_session_init(void *room,
                                     const struct daf_session_env *env,
                                     uint32_t conn,
                                     const struct daf_box_pk *peer,
                                     bool is_connector)
{
    struct daf_session *s = room;

    memset(s, 0, sizeof(*s));
    s->env = env;
    s->conn = conn;
    s->is_connector = is_connector;
    s->peer_key = *peer;
    s->deadline = DAF_MONO_NEVER;
    daf_rng_bytes(env->rng, s->nonce.b, sizeof(s->nonce.b));
    return s;
}

void daf_session_deinit(struct daf_session *s)
{
    sodium_memzero(s, sizeof(*s));
}

void daf_session_set_state(struct daf_session *s, enum daf_session_state to)
{
    assert(session_transitions[s->state][to]);
    s->state = to;
}

void daf_session_send(struct daf_session *s, const struct daf_pack *k)
{
    assert(!k->is_full);
    s->env->port->send(s->env->port->ctx, s, daf_pack_view(k));
}

void daf_session_count(struct daf_session *s, enum daf_err why)
{
    s->env->refusals->by_err[why]++;
}

void daf_session_finish(struct daf_session *s, enum daf_err why)
{
    const struct daf_session_port *port = s->env->port;

    daf_session_set_state(s, DAF_SESSION_CLOSED);
    s->deadline = DAF_MONO_NEVER;
    if (s->root_symbols != NULL) port->room(port->ctx, s, s->root_symbols, 0);
    if (s->symbols != NULL) port->room(port->ctx, s, s->symbols, 0);
    s->root_symbols = s->symbols = NULL;
    daf_session_todo_free(s);
    port->release(port->ctx, s);
    port->closed(port->ctx, s, why);
}

void daf_session_close(struct daf_session *s, enum daf_bye bye,
                       enum daf_err why)
{
    uint8_t room[16];
    struct daf_pack k;

    if (s->state == DAF_SESSION_CLOSED) return;
    daf_pack_init(&k, room, sizeof(room));
    daf_frame_pack_bye(&k, bye);
    daf_session_send(s, &k);
    daf_session_finish(s, why);
}

void daf_session_breach(struct daf_session *s, enum daf_err why)
{
    daf_session_count(s, why);
    daf_session_close(s, DAF_BYE_BREACH, DAF_EPEER);
}

struct daf_session_scope *daf_session_scope(struct daf_session *s,
                                            const struct daf_scope_id *id)
{
    for (size_t i = 0; i < s->scopes_count; i++) {
        if (memcmp(s->scopes[i].id.b, id->b, sizeof(id->b)) == 0)
            return s->scopes[i].is_common ? &s->scopes[i] : NULL;
    }
    return NULL;
}

/* ---- events */

void daf_session_start(struct daf_session *s, struct daf_mono now)
{
    assert(s->state == DAF_SESSION_NEW);
    s->deadline = (struct daf_mono){now.ms + DAF_GREET_MS};
    s->leave_start = s->leave_moved = now;
    if (s->is_connector) {
        daf_session_send_hello(s);
        daf_session_set_state(s, DAF_SESSION_GREETING);
    }
}

void daf_session_frame(struct daf_session *s, struct daf_mono now,
                       struct daf_view bytes)
{
    struct daf_frame f;
    enum daf_err err;

    if (s->state == DAF_SESSION_CLOSED) return;
    err = daf_frame_decode(bytes, &f, NULL);
    if (err != DAF_OK) {
        daf_session_breach(s, err);
        return;
    }
    if (f.kind == DAF_FRAME_UNKNOWN) {
        s->env->refusals->unknown_frames++;
        return;
    }
    if ((size_t)f.kind >= sizeof(handlers) / sizeof(handlers[0]) ||
        (handlers[f.kind].states & IN(s->state)) == 0) {
        daf_session_breach(s, DAF_EPEER);
        return;
    }
    if (!daf_session_leave_reads(s, now, &f)) return;
    if (handlers[f.kind].on != NULL) handlers[f.kind].on(s, now, &f);
}

void daf_session_timer(struct daf_session *s, struct daf_mono now)
{
    if (s->state == DAF_SESSION_CLOSED) return;
    daf_session_leave_timer(s, now);
    if (s->state == DAF_SESSION_CLOSED || now.ms < s->deadline.ms) return;
    if (s->pull == DAF_PULL_WAITING) { /* whoever has it had time enough */
        s->is_forcing = true;
        daf_session_pull_todo(s, now);
        return;
    }
    daf_session_count(s, DAF_ETIME);
    daf_session_close(s, DAF_BYE_TIMEOUT, DAF_ETIME);
}

void daf_session_poke(struct daf_session *s, struct daf_mono now)
{
    if (s->state == DAF_SESSION_OPEN && s->pull == DAF_PULL_WAITING)
        daf_session_pull_todo(s, now);
}

void daf_session_stored(struct daf_session *s, struct daf_mono now,
                        enum daf_err err, uint64_t changed, struct daf_view ack)
{
    assert(s->stores_open > 0);
    s->stores_open--;
    if (s->state == DAF_SESSION_CLOSED) return;
    if (err != DAF_OK) {
        /* Nothing is promised that is not on the disk: the peer keeps its
         * copy, and a later session tries again. */
        daf_session_close(s, DAF_BYE_FAILURE, err);
        return;
    }
    if (ack.len > 0) s->env->port->send(s->env->port->ctx, s, ack);
    s->round_changed += changed;
    if (changed > 0 && s->role == DAF_SESSION_TAKER) s->leave_moved = now;
    daf_session_pull_settle(s, now);
}

void daf_session_deferred(struct daf_session *s,
                          const struct daf_scope_id *scope,
                          const struct daf_tag *tags, size_t count)
{
    struct daf_defer defer = {.scope = *scope};
    struct daf_pack k;

    if (s->state != DAF_SESSION_OPEN) return;
    if (count > DAF_DEFERRED_MAX) count = DAF_DEFERRED_MAX;
    defer.tags = (struct daf_view){tags[0].b, count * DAF_TAG_BYTES};
    daf_pack_init(&k, s->env->frame, DAF_FRAME_BYTES_MAX);
    daf_frame_pack_defer(&k, &defer);
    daf_session_send(s, &k);
}

void daf_session_news(struct daf_session *s, struct daf_mono now,
                      const struct daf_scope_id *scope,
                      const struct daf_log_key *logs, size_t count)
{
    const struct daf_index *index = s->env->index;
    struct daf_session_scope *sc = NULL;
    size_t told = 0;

    (void)now;
    for (size_t i = 0; i < s->scopes_count; i++) {
        if (memcmp(s->scopes[i].id.b, scope->b, sizeof(scope->b)) == 0)
            sc = &s->scopes[i];
    }
    if (sc == NULL || s->state == DAF_SESSION_CLOSED ||
        s->role == DAF_SESSION_TAKER)
        return;
    if (s->role == DAF_SESSION_LEAVER) {
        /* Perhaps we wrote; before the peer is proven it is said later anyway. */
        if (s->state == DAF_SESSION_OPEN && sc->is_common)
            daf_session_tell_unacked_in(s, scope);
        return;
    }
    if (s->state != DAF_SESSION_OPEN) {
        sc->tell = true; /* our ROOT may have gone out before the change */
        return;
    }
    if (!sc->is_common) return;
    if (logs == NULL || count > DAF_ITEMS_MAX) {
        daf_session_tell_all(s, scope);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct daf_mark mark;

        if (index->mark(index->ctx, &logs[i], &mark) == DAF_OK &&
            !daf_session_is_deferred(s, scope, &mark.tag))
            s->env->items[told++] = daf_sketch_salted(&mark, &s->salt);
    }
    daf_session_tell_items(s, scope, DAF_HEADS_NEWS, told);
}

void daf_session_recheck(struct daf_session *s, struct daf_mono now)
{
    bool any = false;

    if (s->role != DAF_SESSION_PEER) return; /* the next one sees it */
    for (size_t i = 0; i < s->scopes_count; i++) {
        if (s->scopes[i].uncertified) {
            s->scopes[i].uncertified = false;
            daf_session_dirty(&s->scopes[i], 0);
            any = true;
        }
    }
    if (any && s->state == DAF_SESSION_OPEN) daf_session_pull_next(s, now);
}

void daf_session_end(struct daf_session *s, enum daf_bye why)
{
    daf_session_close(s, why, DAF_ELOST);
}

void daf_session_lost(struct daf_session *s)
{
    if (s->state != DAF_SESSION_CLOSED) daf_session_finish(s, DAF_ELOST);
}

/* ---- what others may know */

struct daf_mono daf_session_deadline(const struct daf_session *s)
{
    struct daf_mono leave = daf_session_leave_deadline(s);

    return leave.ms < s->deadline.ms ? leave : s->deadline;
}

uint32_t daf_session_conn(const struct daf_session *s)
{
    return s->conn;
}

enum daf_session_state daf_session_state(const struct daf_session *s)
{
    return s->state;
}

enum daf_pull daf_session_pull(const struct daf_session *s)
{
    return s->pull;
}

bool daf_session_resting(const struct daf_session *s)
{
    return s->state == DAF_SESSION_OPEN && s->pull == DAF_PULL_RESTING &&
           s->stores_open == 0;
}

bool daf_session_is_connector(const struct daf_session *s)
{
    return s->is_connector;
}

const struct daf_author_id *daf_session_peer(const struct daf_session *s)
{
    return &s->peer.author;
}

const uint8_t *daf_session_peer_boot(const struct daf_session *s)
{
    return s->peer_boot;
}

const struct daf_box_pk *daf_session_peer_key(const struct daf_session *s)
{
    return &s->peer_key;
}

const char *daf_session_state_str(enum daf_session_state state)
{
    static const char *const words[] = {"new", "greeting", "proving", "open",
                                        "closed"};

    return (unsigned)state < 5 ? words[state] : "unknown";
}

size_t daf_session_size(void)
{
    return sizeof(struct daf_session);
}
