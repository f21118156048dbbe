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
    void (*on)(struct daf_session *s, struct daf_mono now,
               const struct daf_frame *f);
} handlers[] = {
    [DAF_FRAME_HELLO] = {IN(DAF_SESSION_NEW) | IN(DAF_SESSION_GREETING),
                         daf_on_hello},
    [DAF_FRAME_ROOT] = {IN(DAF_SESSION_PROVING), daf_on_root},
    [DAF_FRAME_SYMBOLS] = {IN(DAF_SESSION_OPEN), NULL},
    [DAF_FRAME_HEADS] = {IN(DAF_SESSION_OPEN), daf_on_heads},
    [DAF_FRAME_WANT] = {IN(DAF_SESSION_OPEN), daf_on_want},
    [DAF_FRAME_RUN] = {IN(DAF_SESSION_OPEN), daf_on_run},
    [DAF_FRAME_NEED] = {IN(DAF_SESSION_OPEN), NULL},
    [DAF_FRAME_DEFER] = {IN(DAF_SESSION_OPEN), NULL},
    [DAF_FRAME_ACK] = {IN(DAF_SESSION_OPEN), daf_on_ack},
    [DAF_FRAME_BYE] = {~0u, daf_on_bye},
    [DAF_FRAME_MANIFEST] = {IN(DAF_SESSION_OPEN), NULL},
    [DAF_FRAME_REGISTER] = {IN(DAF_SESSION_OPEN), NULL},
    [DAF_FRAME_HAVE] = {IN(DAF_SESSION_OPEN), NULL},
    [DAF_FRAME_CHUNK] = {IN(DAF_SESSION_OPEN), NULL},
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

void daf_session_close(struct daf_session *s, enum daf_bye bye,
                       enum daf_err why)
{
    uint8_t room[16];
    struct daf_pack k;

    daf_pack_init(&k, room, sizeof(room));
    daf_frame_pack_bye(&k, bye);
    daf_session_send(s, &k);
    daf_session_set_state(s, DAF_SESSION_CLOSED);
    s->deadline = DAF_MONO_NEVER;
    s->env->port->closed(s->env->port->ctx, s, why);
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

enum daf_err daf_session_sum(struct daf_session *s,
                             const struct daf_scope_id *scope,
                             struct daf_root_part *out)
{
    const struct daf_index *index = s->env->index;
    struct daf_head *head = s->env->head_a;
    const struct daf_log_key *after = NULL;
    struct daf_log_key last;
    enum daf_err err;

    memset(out, 0, sizeof(*out));
    out->scope = *scope;
    while ((err = index->head_next(index->ctx, scope, after, head)) == DAF_OK) {
        struct daf_hash digest = daf_frontier_digest(head);

        daf_frontier_add(&out->sum, &s->salt, &digest);
        out->heads_count++;
        last = head->log;
        after = &last;
    }
    return err == DAF_ENOTFOUND ? DAF_OK : err;
}

void daf_session_send_hello(struct daf_session *s)
{
    struct daf_hello hello = {.version_min = DAF_PROTOCOL_VERSION,
                              .version_max = DAF_PROTOCOL_VERSION,
                              .nonce = s->nonce};
    struct daf_pack k;

    memcpy(hello.boot, s->env->boot, sizeof(hello.boot));
    daf_pack_init(&k, s->env->frame, DAF_FRAME_BYTES_MAX);
    daf_frame_pack_hello(&k, &hello);
    daf_session_send(s, &k);
}

void daf_session_proof(const struct daf_session *s, bool is_own,
                       const struct daf_author_id *author, uint8_t *out)
{
    const struct {
        const uint8_t *p;
        size_t len;
    } parts[] = {
        {s->env->camp.b, 32},
        {author->b, 16},
        {is_own ? s->nonce.b : s->peer_nonce.b, 32},
        {is_own ? s->peer_nonce.b : s->nonce.b, 32},
        {is_own ? s->env->boot : s->peer_boot, 16},
        {is_own ? s->peer_boot : s->env->boot, 16},
        {is_own ? s->env->transport.b : s->peer_key.b, 32},
        {is_own ? s->peer_key.b : s->env->transport.b, 32},
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        memcpy(out, parts[i].p, parts[i].len);
        out += parts[i].len;
    }
}

/* The scopes that we carry and that the peer may carry: nothing about others is
 * said, not even that they exist (R22). */
static void list_scopes(struct daf_session *s, const struct daf_author_id *peer)
{
    const struct daf_authority *a = s->env->authority;
    struct daf_scope_id own[DAF_SCOPES_MAX];
    size_t count = a->scopes(a->ctx, &s->env->author, own);

    s->scopes_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (a->right(a->ctx, peer, &own[i]) >= DAF_RIGHT_RELAY)
            s->scopes[s->scopes_count++].id = own[i];
    }
}

/* ROOT lists scopes ascending by id; scopes[] has control first. */
static void pack_parts(struct daf_session *s, struct daf_pack *k,
                       size_t *out_count)
{
    const struct daf_scope_id *last = NULL;
    size_t count = 0;

    for (;;) {
        const struct daf_scope_id *next = NULL;
        struct daf_root_part part;

        for (size_t i = 0; i < s->scopes_count; i++) {
            const struct daf_scope_id *id = &s->scopes[i].id;

            if (last != NULL && memcmp(id->b, last->b, 16) <= 0) continue;
            if (next == NULL || memcmp(id->b, next->b, 16) < 0) next = id;
        }
        if (next == NULL) break;
        if (daf_session_sum(s, next, &part) == DAF_OK) {
            daf_frame_add_part(k, &part);
            count++;
        }
        last = next;
    }
    *out_count = count;
}

void daf_session_send_root(struct daf_session *s)
{
    const struct daf_session_env *env = s->env;
    uint8_t proof[DAF_SESSION_PROOF_BYTES];
    struct daf_root root = {.author = env->author,
                            .manifest_number = env->manifest_number,
                            .manifest_hash = env->manifest_hash};
    struct daf_device peer;
    struct daf_pack k;
    size_t mark, count;

    if (env->authority->by_transport(env->authority->ctx, &s->peer_key, &peer))
        list_scopes(s, &peer.author);
    daf_session_proof(s, true, &env->author, proof);
    daf_hash_sign("daf.root.1", (struct daf_view){proof, sizeof(proof)},
                  env->sign_sk, &root.sig);
    daf_pack_init(&k, env->frame, DAF_FRAME_BYTES_MAX);
    mark = daf_frame_begin_root(&k, &root);
    pack_parts(s, &k, &count);
    daf_frame_end(&k, mark, count, false);
    daf_session_send(s, &k);
}

void daf_session_tell(struct daf_session *s, const struct daf_scope_id *scope)
{
    struct daf_pack k;
    size_t mark;

    daf_pack_init(&k, s->env->frame, DAF_FRAME_BYTES_MAX);
    mark = daf_frame_begin_heads(&k, scope, true);
    daf_frame_end(&k, mark, 0, true);
    daf_session_send(s, &k);
}

/* ---- events */

void daf_session_start(struct daf_session *s, struct daf_mono now)
{
    assert(s->state == DAF_SESSION_NEW);
    s->deadline = (struct daf_mono){now.ms + DAF_GREET_MS};
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
    if (handlers[f.kind].on != NULL) handlers[f.kind].on(s, now, &f);
}

void daf_session_timer(struct daf_session *s, struct daf_mono now)
{
    if (s->state == DAF_SESSION_CLOSED || now.ms < s->deadline.ms) return;
    daf_session_count(s, DAF_ETIME);
    daf_session_close(s, DAF_BYE_TIMEOUT, DAF_ETIME);
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
    daf_session_pull_settle(s, now);
}

void daf_session_news(struct daf_session *s, struct daf_mono now,
                      const struct daf_scope_id *scope,
                      const struct daf_log_key *logs, size_t count)
{
    const struct daf_index *index = s->env->index;
    struct daf_session_scope *sc = NULL;
    struct daf_pack k;
    size_t mark, packed = 0;

    (void)now;
    for (size_t i = 0; i < s->scopes_count; i++) {
        if (memcmp(s->scopes[i].id.b, scope->b, sizeof(scope->b)) == 0)
            sc = &s->scopes[i];
    }
    if (sc == NULL || s->state == DAF_SESSION_CLOSED) return;
    if (s->state != DAF_SESSION_OPEN) {
        sc->tell = true; /* our ROOT may have gone out before the change */
        return;
    }
    if (!sc->is_common) return;
    daf_pack_init(&k, s->env->frame, DAF_HEADS_BYTES_MAX);
    mark = daf_frame_begin_heads(&k, scope, true);
    for (size_t i = 0; logs != NULL && i < count && !k.is_full; i++) {
        if (index->head(index->ctx, &logs[i], s->env->head_a) == DAF_OK) {
            daf_frame_add_head(&k, s->env->head_a);
            packed++;
        }
    }
    daf_frame_end(&k, mark, packed, false);
    if (logs == NULL || k.is_full)
        daf_session_tell(s, scope);
    else if (packed > 0)
        daf_session_send(s, &k);
}

void daf_session_recheck(struct daf_session *s, struct daf_mono now)
{
    bool any = false;

    for (size_t i = 0; i < s->scopes_count; i++) {
        if (s->scopes[i].uncertified) {
            s->scopes[i].uncertified = false;
            s->scopes[i].is_dirty = any = true;
        }
    }
    if (any && s->state == DAF_SESSION_OPEN) daf_session_pull_next(s, now);
}

void daf_session_end(struct daf_session *s, enum daf_bye why)
{
    if (s->state != DAF_SESSION_CLOSED) daf_session_close(s, why, DAF_ELOST);
}

void daf_session_lost(struct daf_session *s)
{
    if (s->state == DAF_SESSION_CLOSED) return;
    daf_session_set_state(s, DAF_SESSION_CLOSED);
    s->deadline = DAF_MONO_NEVER;
    s->env->port->closed(s->env->port->ctx, s, DAF_ELOST);
}

/* ---- what others may know */

struct daf_mono daf_session_deadline(const struct daf_session *s)
{
    return s->deadline;
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
