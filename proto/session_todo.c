/* SPDX-License-Identifier: Apache-2.0 */
/* The list of logs in which the peer and we differ: what is to be wanted, and
 * what is to be told once it is stored. */
#include "proto/session_impl.h"

static bool same_tag(const struct daf_todo *t, const struct daf_tag *tag)
{
    return memcmp(t->item.b, tag->b, sizeof(tag->b)) == 0;
}

struct daf_todo *daf_session_todo_find(struct daf_session *s,
                                       const struct daf_tag *tag)
{
    for (size_t i = 0; i < s->todo_count; i++) {
        size_t at = s->todo_hint + i;

        if (at >= s->todo_count) at -= s->todo_count;
        if (same_tag(&s->todo[at], tag)) {
            s->todo_hint = at;
            return &s->todo[at];
        }
    }
    return NULL;
}

/* Room for one more: doubled, so that adding stays cheap. */
static bool grow(struct daf_session *s)
{
    const struct daf_session_port *port = s->env->port;
    size_t cap = s->todo_cap == 0 ? 8 : 2 * s->todo_cap;
    struct daf_todo *bigger;

    if (s->todo_count < s->todo_cap) return true;
    bigger = port->room(port->ctx, s, s->todo, cap * sizeof(*bigger));
    if (bigger == NULL) {
        daf_session_close(s, DAF_BYE_FAILURE, DAF_ENOMEM);
        return false;
    }
    s->todo = bigger;
    s->todo_cap = cap;
    return true;
}

/* The log was told anew, perhaps while it is asked for. */
static void renew(struct daf_todo *t, const struct daf_item *item,
                  unsigned flags)
{
    unsigned kept =
        t->flags & (DAF_TODO_ASKED | DAF_TODO_GIVEN | DAF_TODO_FORKED |
                    DAF_TODO_CHANGED | DAF_TODO_FRESH);

    if (kept & DAF_TODO_ASKED) kept |= DAF_TODO_RENEWED;
    t->item = *item;
    t->flags = (uint16_t)(flags | kept);
}

bool daf_session_todo_add(struct daf_session *s, const struct daf_item *item,
                          unsigned flags)
{
    struct daf_session_scope *sc = &s->scopes[s->scope_at];
    struct daf_tag tag = daf_sketch_item_tag(item);
    struct daf_todo *t;

    if (daf_session_is_deferred(s, &sc->id, &tag)) return true;
    /* Differences come each log once and in order; news may come again. */
    t = flags & DAF_TODO_NEWS ? daf_session_todo_find(s, &tag) : NULL;
    if (t != NULL) {
        renew(t, item, flags);
        return true;
    }
    if (s->todo_count == DAF_TODO_MAX) {
        daf_session_dirty(sc, DAF_TODO_NEWS | (flags & DAF_TODO_ANSWER));
        return true;
    }
    if (!grow(s)) return false;
    t = &s->todo[s->todo_count++];
    t->item = *item;
    t->flags = (uint16_t)flags;
    return true;
}

struct daf_item daf_session_todo_item(const struct daf_session *s,
                                      const struct daf_todo *t,
                                      const struct daf_mark *mark)
{
    return t->flags & DAF_TODO_SALTED ? daf_sketch_salted(mark, &s->salt)
                                      : daf_sketch_item(mark);
}

/* R43: what to do about one item that was told; 0: nothing. */
static unsigned judge(struct daf_session *s, const struct daf_scope_id *scope,
                      const struct daf_item *item, bool is_answer)
{
    const struct daf_index *index = s->env->index;
    struct daf_tag tag = daf_sketch_item_tag(item);
    struct daf_mark mark;
    struct daf_item own;

    if (index->mark_by_tag(index->ctx, scope, &tag, &mark) != DAF_OK)
        return DAF_TODO_PULL;
    /* To want it would tell who leaves what is held of others. */
    if (!daf_session_leave_may_take(s, &mark.log)) {
        daf_session_count(s, DAF_EAUTHOR);
        return 0;
    }
    own = daf_sketch_salted(&mark, &s->salt);
    if (memcmp(own.b, item->b, sizeof(own.b)) == 0) return 0;
    if (mark.height <= daf_sketch_item_height(item)) return DAF_TODO_PULL;
    return is_answer ? 0 : DAF_TODO_TELL;
}

bool daf_session_todo_told(struct daf_session *s, const struct daf_item *item,
                           bool is_answer)
{
    unsigned what = judge(s, &s->scopes[s->scope_at].id, item, is_answer);

    if (what == 0) return true;
    what |= DAF_TODO_SALTED | DAF_TODO_NEWS;
    if (is_answer) what |= DAF_TODO_ANSWER;
    return daf_session_todo_add(s, item, what);
}

void daf_session_todo_free(struct daf_session *s)
{
    const struct daf_session_port *port = s->env->port;

    if (s->todo != NULL) port->room(port->ctx, s, s->todo, 0);
    s->todo = NULL;
    s->todo_count = s->todo_cap = s->todo_hint = 0;
}

bool daf_session_is_deferred(struct daf_session *s,
                             const struct daf_scope_id *scope,
                             const struct daf_tag *tag)
{
    const struct daf_session_port *port = s->env->port;
    struct daf_tag own[DAF_DEFERRED_MAX];
    size_t count = port->deferred(port->ctx, scope, own);

    for (size_t i = 0; i < count; i++) {
        if (memcmp(own[i].b, tag->b, sizeof(tag->b)) == 0) return true;
    }
    for (size_t i = 0; i < s->peer_deferred_count; i++) {
        if (memcmp(s->peer_deferred[i].b, tag->b, sizeof(tag->b)) == 0)
            return true;
    }
    return false;
}
