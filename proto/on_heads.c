/* SPDX-License-Identifier: Apache-2.0 */
/* HEADS: the page that we asked for, or what the peer tells unasked
 * (protocol.md R28, R36, R43, R47). */
#include "proto/session_impl.h"

/* A page begins after the tag that we named, and more can only follow what it
 * has: else it would never end. */
static bool leads_on(const struct daf_session *s, const struct daf_heads *heads)
{
    if (heads->count == 0) return !heads->more;
    return !s->has_cursor ||
           memcmp(s->cursor.b, heads->items.p, DAF_TAG_BYTES) < 0;
}

/* The peer's own logs that nobody acknowledged: said again if they are here,
 * pulled early if not.  It has no more of them than incarnations; one that names
 * more is not answered for each. */
static void on_unacked(struct daf_session *s, struct daf_session_scope *sc,
                       const struct daf_heads *heads)
{
    const struct daf_index *index = s->env->index;
    bool is_control =
        memcmp(sc->id.b, s->env->authority->control.b, sizeof(sc->id.b)) == 0;

    for (size_t i = 0; i < heads->count && i < DAF_INCARNATIONS_MAX; i++) {
        struct daf_item item, own;
        struct daf_tag tag;
        struct daf_mark mark;

        memcpy(item.b, heads->items.p + i * DAF_ITEM_BYTES, sizeof(item.b));
        tag = daf_sketch_item_tag(&item);
        /* It must not take the place of one that can be pulled. */
        if (daf_session_is_deferred(s, &sc->id, &tag)) continue;
        if (index->mark_by_tag(index->ctx, &sc->id, &tag, &mark) == DAF_OK) {
            own = daf_sketch_salted(&mark, &s->salt);
            if (memcmp(own.b, item.b, sizeof(own.b)) == 0) {
                daf_session_tell_whole(s, &mark);
                continue;
            }
        }
        /* Control is first anyway, and found by comparing. */
        if (!is_control) daf_session_let_wait(s, sc, &item, heads->kind);
    }
}

/* News or answers, or what is left to hand over: of the scope in hand they join the
 * list, else they wait. */
static void on_told(struct daf_session *s, struct daf_mono now,
                    struct daf_session_scope *sc, const struct daf_heads *heads)
{
    bool is_resting = s->pull == DAF_PULL_RESTING;
    bool is_in_hand =
        is_resting || (s->todo_count > 0 && sc == &s->scopes[s->scope_at]);
    size_t count = heads->count;

    if (heads->kind == DAF_HEADS_UNACKED && count > DAF_INCARNATIONS_MAX)
        count = DAF_INCARNATIONS_MAX; /* as on_unacked() */
    if (is_resting) s->scope_at = (size_t)(sc - s->scopes);
    for (size_t i = 0; i < count; i++) {
        struct daf_item item;

        memcpy(item.b, heads->items.p + i * DAF_ITEM_BYTES, sizeof(item.b));
        if (!is_in_hand)
            daf_session_let_wait(s, sc, &item, heads->kind);
        else if (!daf_session_todo_told(s, &item,
                                        heads->kind == DAF_HEADS_ANSWER))
            return;
    }
    if (is_resting || (is_in_hand && s->pull == DAF_PULL_WAITING))
        daf_session_pull_todo(s, now);
}

void daf_on_heads(struct daf_session *s, struct daf_mono now,
                  const struct daf_frame *f)
{
    const struct daf_heads *heads = &f->heads;
    struct daf_session_scope *sc = daf_session_scope(s, &heads->scope);

    if (heads->kind == DAF_HEADS_PAGE) {
        if (s->pull != DAF_PULL_PAGE || sc != &s->scopes[s->scope_at] ||
            !leads_on(s, heads)) {
            daf_session_breach(s, DAF_EPEER);
            return;
        }
        daf_session_compare_page(s, now, heads);
        return;
    }
    if (sc == NULL) { /* the peer may carry what we may not */
        daf_session_count(s, DAF_ESCOPE);
        return;
    }
    if (s->role == DAF_SESSION_TAKER) { /* kind 2: no other is read */
        sc->is_named = sc->is_lacking = true;
        on_told(s, now, sc, heads);
        return;
    }
    if (heads->kind != DAF_HEADS_UNACKED && !heads->more) {
        on_told(s, now, sc, heads);
        return;
    }
    if (heads->kind == DAF_HEADS_UNACKED)
        on_unacked(s, sc, heads);
    else
        daf_session_dirty(sc, DAF_TODO_NEWS); /* too many to name */
    daf_session_pull_next(s, now);
}
