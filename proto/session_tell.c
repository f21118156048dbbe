/* SPDX-License-Identifier: Apache-2.0 */
/* What is told unasked: items that the peer lacks (protocol.md R28, R43), own
 * logs without a copy and the answer to that (R47); and NEED (R45). */
#include "proto/session_impl.h"

void daf_session_tell_items(struct daf_session *s,
                            const struct daf_scope_id *scope,
                            enum daf_heads_kind kind, size_t count)
{
    struct daf_heads heads = {.scope = *scope, .kind = kind, .count = count};
    struct daf_pack k;

    if (count == 0) return;
    heads.items = (struct daf_view){s->env->items[0].b, count * DAF_ITEM_BYTES};
    daf_pack_init(&k, s->env->frame, DAF_FRAME_BYTES_MAX);
    daf_frame_pack_heads(&k, &heads);
    daf_session_send(s, &k);
}

void daf_session_tell_all(struct daf_session *s,
                          const struct daf_scope_id *scope)
{
    struct daf_heads heads = {.scope = *scope,
                              .kind = DAF_HEADS_NEWS,
                              .more = true};
    struct daf_pack k;

    daf_pack_init(&k, s->env->frame, DAF_FRAME_BYTES_MAX);
    daf_frame_pack_heads(&k, &heads);
    daf_session_send(s, &k);
}

/* Whether an entry is to be told, and as what. */
static bool is_to_tell(struct daf_session *s, const struct daf_todo *t,
                       struct daf_item *out, enum daf_heads_kind *out_kind)
{
    const struct daf_index *index = s->env->index;
    struct daf_tag tag = daf_sketch_item_tag(&t->item);
    struct daf_mark mark;
    struct daf_item own;

    *out_kind = t->flags & DAF_TODO_NEWS ? DAF_HEADS_ANSWER : DAF_HEADS_NEWS;
    if (index->mark_by_tag(index->ctx, &s->scopes[s->scope_at].id, &tag,
                           &mark) != DAF_OK ||
        daf_session_is_deferred(s, &s->scopes[s->scope_at].id, &tag))
        return false;
    own = daf_session_todo_item(s, t, &mark);
    if (memcmp(own.b, t->item.b, sizeof(own.b)) == 0) return false;
    *out = daf_sketch_salted(&mark, &s->salt);
    return !(t->flags & DAF_TODO_ANSWER) || (t->flags & DAF_TODO_CHANGED);
}

static void tell_as(struct daf_session *s, enum daf_heads_kind kind)
{
    const struct daf_scope_id *scope = &s->scopes[s->scope_at].id;
    size_t count = 0;

    for (size_t i = 0; i < s->todo_count; i++) {
        enum daf_heads_kind its;
        struct daf_item item;

        if (!is_to_tell(s, &s->todo[i], &item, &its) || its != kind) continue;
        s->env->items[count++] = item;
        if (count < DAF_ITEMS_MAX) continue;
        daf_session_tell_items(s, scope, kind, count);
        count = 0;
    }
    daf_session_tell_items(s, scope, kind, count);
}

void daf_session_tell_todo(struct daf_session *s)
{
    if (s->todo_count == 0 || s->role != DAF_SESSION_PEER) return;
    tell_as(s, DAF_HEADS_NEWS);
    tell_as(s, DAF_HEADS_ANSWER);
}

/* ---- what nobody has a copy of */

void daf_session_tell_unacked_in(struct daf_session *s,
                                 const struct daf_scope_id *scope)
{
    const struct daf_session_env *env = s->env;
    const uint64_t *after = NULL;
    uint64_t last;
    struct daf_mark mark;
    size_t count = 0;

    while (count < DAF_INCARNATIONS_MAX &&
           env->index->unacked_next(env->index->ctx, scope, &env->author, after,
                                    &mark) == DAF_OK) {
        env->items[count++] = daf_sketch_salted(&mark, &s->salt);
        last = mark.log.incarnation;
        after = &last;
    }
    daf_session_tell_items(s, scope, DAF_HEADS_UNACKED, count);
}

void daf_session_tell_unacked(struct daf_session *s)
{
    if (s->role == DAF_SESSION_TAKER) return;
    for (size_t i = 0; i < s->scopes_count; i++) {
        if (s->scopes[i].is_common)
            daf_session_tell_unacked_in(s, &s->scopes[i].id);
    }
}

static bool same_log(const struct daf_log_key *a, const struct daf_log_key *b)
{
    return a->incarnation == b->incarnation &&
           memcmp(a->author.b, b->author.b, sizeof(a->author.b)) == 0 &&
           memcmp(a->scope.b, b->scope.b, sizeof(a->scope.b)) == 0;
}

/* No record of it lacks its body. */
static bool has_all_bodies(const struct daf_session *s,
                           const struct daf_log_key *log)
{
    const struct daf_index *index = s->env->index;
    struct daf_spot start = {.seq = 0};
    struct daf_log_key found;
    struct daf_spot spot;
    enum daf_err err =
        index->absent_next(index->ctx, &log->scope, log, &start, &found, &spot);

    return err == DAF_ENOTFOUND || (err == DAF_OK && !same_log(&found, log));
}

void daf_session_tell_whole(struct daf_session *s, const struct daf_mark *mark)
{
    const struct daf_index *index = s->env->index;
    struct daf_head *head = s->env->head_a;
    struct daf_ack_path path = {.log = mark->log, .seq_first = 1};
    struct daf_pack k;
    size_t at;

    if (memcmp(mark->log.author.b, s->peer.author.b, 16) != 0 ||
        index->head(index->ctx, &mark->log, head) != DAF_OK ||
        head->tips_count != 1 || head->roots_count != 1 ||
        head->roots[0].seq != 1 || !has_all_bodies(s, &mark->log))
        return;
    path.last = head->tips[0];
    daf_pack_init(&k, s->env->frame, DAF_FRAME_BYTES_MAX);
    at = daf_frame_begin_ack(&k, &mark->log.scope);
    daf_frame_add_ack(&k, &path);
    daf_frame_end(&k, at, 1, false);
    daf_session_send(s, &k);
}

/* From seq 1 on without a gap, and with all bodies. */
static bool is_whole(const struct daf_session *s, const struct daf_head *head)
{
    for (size_t i = 0; i < head->roots_count; i++)
        if (head->roots[i].seq != 1) return false;
    return has_all_bodies(s, &head->log);
}

void daf_session_tell_wholes(struct daf_session *s,
                             const struct daf_scope_id *scope)
{
    const struct daf_index *index = s->env->index;
    struct daf_head *head = s->env->head_a;
    /* Incarnation 0 comes before all that head_next() gives: drawn by chance. */
    struct daf_log_key log = {.scope = *scope, .author = s->peer.author};

    while (index->head_next(index->ctx, scope, &log, head) == DAF_OK &&
           memcmp(head->log.author.b, s->peer.author.b, 16) == 0) {
        struct daf_pack k;
        size_t at;

        log = head->log;
        if (!is_whole(s, head)) continue;
        /* 64 tips are 5 KB. */
        daf_pack_init(&k, s->env->frame, DAF_FRAME_BYTES_MAX);
        at = daf_frame_begin_ack(&k, scope);
        for (size_t i = 0; i < head->tips_count; i++) {
            const struct daf_ack_path path = {.log = log,
                                              .seq_first = 1,
                                              .last = head->tips[i]};

            daf_frame_add_ack(&k, &path);
        }
        daf_frame_end(&k, at, head->tips_count, false);
        daf_session_send(s, &k);
    }
}

/* ---- R26: what is served */

bool daf_session_may_serve(struct daf_session *s, const struct daf_log_key *log,
                           const struct daf_spot *spot,
                           struct daf_spot *out_prev, size_t *out_len)
{
    const struct daf_session_env *env = s->env;
    struct daf_stored stored;
    struct daf_record r;

    if (env->index->is_checked(env->index->ctx, log, spot)) return true;
    /* One that is not held any more is left to the peer. */
    if (env->index->get(env->index->ctx, log, spot, &stored) != DAF_OK)
        return true;
    /* Its author was entitled when it was stored, and is. */
    if (daf_authority_accept(env->authority, stored.header, &r) != DAF_ESIG)
        return true;
    *out_prev = (struct daf_spot){.seq = r.seq - 1, .id = r.prev};
    *out_len = stored.header.len + stored.body.len;
    return false;
}

/* ---- NEED */

/* What a contact may cost for bodies that this peer lacks too: some 40 kB each. */
#define NEEDS_IN_VAIN 2

/* A NEED being made: spots of one log are gathered until the log changes. */
struct needing {
    struct daf_session *s;
    struct daf_pack k;
    struct daf_log_key log;
    struct daf_spot spots[64];
    size_t count; /* of spots */
    size_t logs, total;
};

/* False if the frame is full; those spots are asked for in the next one. */
static bool end_log(struct needing *n)
{
    struct daf_pack before = n->k;

    if (n->count == 0) return true;
    daf_frame_add_need(&n->k, &n->log, n->spots, n->count);
    if (!daf_pack_fits(&n->k, DAF_PACK_HEAD_BYTES_MAX)) {
        n->k = before;
        return false;
    }
    n->logs++;
    n->total += n->count;
    n->s->needed_log = n->log;
    n->s->needed = n->spots[n->count - 1];
    n->s->has_needed = true;
    n->count = 0;
    return true;
}

/* Lacking bodies of a scope after the last one asked for.  True: asked. */
static bool need_in(struct daf_session *s, struct daf_mono now,
                    const struct daf_scope_id *scope)
{
    const struct daf_index *index = s->env->index;
    struct needing n = {.s = s};
    struct daf_log_key log;
    struct daf_spot spot;
    bool has = s->has_needed;
    size_t mark;

    /* The first were in vain: the next are from anywhere, so that in the end all
     * are asked for. */
    if (s->role == DAF_SESSION_TAKER && !has) { /* of the peer's own logs */
        log = (struct daf_log_key){.scope = *scope, .author = s->peer.author};
        spot = (struct daf_spot){.seq = 0};
        has = true;
    } else if (has && s->in_vain == 1) {
        daf_rng_bytes(s->env->rng, s->needed_log.author.b,
                      sizeof(s->needed_log.author.b));
        s->needed_log.scope = *scope;
        s->needed = (struct daf_spot){.seq = 0};
    }
    if (s->has_needed) {
        log = s->needed_log;
        spot = s->needed;
    }
    daf_pack_init(&n.k, s->env->frame, DAF_WANT_BYTES_MAX);
    mark = daf_frame_begin_need(&n.k, scope);
    while (n.total + n.count < DAF_NEED_MAX &&
           index->absent_next(index->ctx, scope, has ? &log : NULL,
                              has ? &spot : NULL, &log, &spot) == DAF_OK &&
           daf_session_leave_may_take(s, &log)) {
        has = true;
        if ((n.count == sizeof(n.spots) / sizeof(n.spots[0]) ||
             (n.count > 0 && !same_log(&n.log, &log))) &&
            !end_log(&n))
            break;
        n.log = log;
        n.spots[n.count++] = spot;
    }
    (void)end_log(&n);
    if (n.total == 0) return false;
    daf_frame_end(&n.k, mark, n.logs, false);
    daf_session_send(s, &n.k);
    s->round_bytes = 0;
    s->round_changed = 0;
    s->credit = DAF_CREDIT_BYTES_MAX;
    s->is_needing = true;
    s->is_full = n.total >= DAF_NEED_MAX - sizeof(n.spots) / sizeof(n.spots[0]);
    daf_session_wait_for(s, now, DAF_PULL_BODIES);
    return true;
}

bool daf_session_tell_need(struct daf_session *s, struct daf_mono now)
{
    size_t patience = s->role == DAF_SESSION_TAKER ? 1 : NEEDS_IN_VAIN;

    if (!s->may_need || s->in_vain >= patience) return false;
    for (size_t i = 0; i < s->scopes_count; i++) {
        struct daf_session_scope *sc = &s->scopes[i];

        if (!sc->is_common || !sc->is_lacking) continue;
        s->scope_at = i;
        if (need_in(s, now, &sc->id)) return true;
        sc->is_lacking = false;
        s->has_needed = false;
    }
    return false;
}
