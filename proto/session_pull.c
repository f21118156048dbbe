/* SPDX-License-Identifier: Apache-2.0 */
/* The pull (protocol.md R23 to R25, R44): one scope at a time, its list of logs,
 * one WANT at a time.  An answer that the credit cut short is asked for again
 * from the same log, where less is lacking now. */
#include <assert.h>

#include "proto/path.h"
#include "proto/session_impl.h"

void daf_session_wait_for(struct daf_session *s, struct daf_mono now,
                          enum daf_pull pull)
{
    uint64_t ms = pull == DAF_PULL_WAITING ? DAF_CLAIM_MS : DAF_ANSWER_MS;

    s->pull = pull;
    s->deadline = pull == DAF_PULL_RESTING || pull == DAF_PULL_STORING
                      ? DAF_MONO_NEVER
                      : (struct daf_mono){now.ms + ms};
}

/* ---- what is first in order */

static bool is_control(const struct daf_session *s, size_t scope_at)
{
    const struct daf_scope_id *control = &s->env->authority->control;

    return memcmp(s->scopes[scope_at].id.b, control->b, 16) == 0;
}

/* R23: a peer's own work that nobody else has, before the rest of control. */
static bool is_urgent_first(const struct daf_session *s)
{
    if (s->urgent_count == 0) return false;
    for (size_t i = 0; i < s->scopes_count; i++) {
        if (is_control(s, i) && s->scopes[i].is_common && s->scopes[i].is_dirty)
            return s->control_bytes >= DAF_CONTROL_FIRST_BYTES;
    }
    return true;
}

/* The urgent logs of the first one's scope become the list. */
static void pull_urgent(struct daf_session *s, struct daf_mono now)
{
    size_t left = 0;

    s->scope_at = s->urgent[0].scope_at;
    for (size_t i = 0; i < s->urgent_count; i++) {
        if (s->urgent[i].scope_at != s->scope_at) {
            s->urgent[left++] = s->urgent[i];
            continue;
        }
        if (!daf_session_todo_add(s, &s->urgent[i].item,
                                  DAF_TODO_PULL | DAF_TODO_SALTED |
                                      DAF_TODO_NEWS))
            return;
    }
    s->urgent_count = left;
    s->page_rest = false;
    daf_session_pull_todo(s, now);
}

void daf_session_pull_next(struct daf_session *s, struct daf_mono now)
{
    if (s->state != DAF_SESSION_OPEN || s->pull != DAF_PULL_RESTING) return;
    if (is_urgent_first(s)) {
        pull_urgent(s, now);
        return;
    }
    for (size_t i = 0; i < s->scopes_count; i++) {
        if (!s->scopes[i].is_common || !s->scopes[i].is_dirty) continue;
        s->scope_at = i;
        daf_session_compare(s, now);
        return;
    }
    if (daf_session_tell_need(s, now)) return;
    daf_session_wait_for(s, now, DAF_PULL_RESTING);
}

/* ---- WANT */

/* Adds what is lacking in one log.  False if it does not fit. */
static bool add_want(struct daf_session *s, struct daf_pack *k,
                     struct daf_todo *t, const struct daf_mark *mark)
{
    const struct daf_index *index = s->env->index;
    struct daf_spot wants[DAF_WANTS_MAX], haves[DAF_HAVES_MAX];
    struct daf_tag tag = daf_sketch_item_tag(&t->item);
    struct daf_head *own = s->env->head_a;
    bool all = (t->flags & DAF_TODO_ALL) != 0 || mark == NULL;
    struct daf_pack before = *k;
    size_t wants_count, haves_count;

    if (mark == NULL || index->head(index->ctx, &mark->log, own) != DAF_OK)
        own = NULL;
    wants_count = daf_path_wants(index, own, wants);
    haves_count = daf_path_haves(index, own, all, haves);
    if (own != NULL && s->seen.seq > 0 &&
        memcmp(&s->seen_log, &own->log, sizeof(own->log)) == 0) {
        if (haves_count == DAF_HAVES_MAX) haves_count--;
        haves[haves_count++] = s->seen;
    }
    if (own != NULL && (own->tips_count > 1 || own->roots_count > 1))
        t->flags |= DAF_TODO_FORKED;
    daf_frame_add_want(k, &tag, wants, wants_count, haves, haves_count, all);
    /* Five bytes stay free for the list's header, which comes last. */
    if (k->is_full || k->len + 5 > k->cap) {
        *k = before;
        return false;
    }
    return true;
}

/* Whether an entry is still to be wanted, now that more may be held. */
static bool is_wanted(struct daf_session *s, struct daf_todo *t,
                      struct daf_mark *mark, bool *out_held)
{
    const struct daf_index *index = s->env->index;
    struct daf_tag tag = daf_sketch_item_tag(&t->item);
    struct daf_item own;

    *out_held = false;
    if ((t->flags & DAF_TODO_PULL) == 0) return false;
    *out_held = index->mark_by_tag(index->ctx, &s->scopes[s->scope_at].id, &tag,
                                   mark) == DAF_OK;
    if (*out_held) {
        own = daf_session_todo_item(s, t, mark);
        if (memcmp(own.b, t->item.b, sizeof(own.b)) == 0)
            t->flags &= (uint16_t)~DAF_TODO_PULL;
    }
    if (daf_session_is_deferred(s, &s->scopes[s->scope_at].id, &tag))
        t->flags &= (uint16_t)~DAF_TODO_PULL;
    return (t->flags & DAF_TODO_PULL) != 0;
}

/* Packs the WANT; @out_waits: how many other sessions have in hand. */
static size_t pack_wants(struct daf_session *s, struct daf_pack *k,
                         size_t *out_waits)
{
    const struct daf_session_port *port = s->env->port;
    size_t count = 0;

    *out_waits = 0;
    for (size_t i = 0; i < s->todo_count; i++) {
        struct daf_todo *t = &s->todo[i];
        struct daf_tag tag = daf_sketch_item_tag(&t->item);
        struct daf_mark mark;
        bool is_held;

        if (!is_wanted(s, t, &mark, &is_held)) continue;
        if (!port->claim(port->ctx, s, &tag, s->is_forcing)) {
            (*out_waits)++;
            continue;
        }
        if (!add_want(s, k, t, is_held ? &mark : NULL)) break;
        t->flags |= DAF_TODO_ASKED;
        count++;
    }
    s->is_forcing = false;
    return count;
}

static uint64_t credit_now(const struct daf_session *s)
{
    uint64_t left = DAF_CONTROL_FIRST_BYTES;

    if (s->urgent_count == 0 || !is_control(s, s->scope_at))
        return DAF_CREDIT_BYTES_MAX;
    left -= s->control_bytes < left ? s->control_bytes : left;
    return left < 4096 ? 4096 : left;
}

/* Nothing of the list is left to want. */
static void end_list(struct daf_session *s, struct daf_mono now)
{
    daf_session_tell_todo(s);
    daf_session_todo_free(s);
    if (s->page_rest) {
        daf_session_ask_page(s, now);
        return;
    }
    daf_session_wait_for(s, now, DAF_PULL_RESTING);
    daf_session_pull_next(s, now);
}

void daf_session_pull_todo(struct daf_session *s, struct daf_mono now)
{
    const struct daf_session_port *port = s->env->port;
    size_t count, waits, mark;
    struct daf_pack k;

    s->credit = credit_now(s);
    daf_pack_init(&k, s->env->frame, DAF_WANT_BYTES_MAX);
    mark = daf_frame_begin_want(&k, &s->scopes[s->scope_at].id, s->credit);
    count = pack_wants(s, &k, &waits);
    if (count == 0) {
        port->release(port->ctx, s);
        if (waits > 0)
            daf_session_wait_for(s, now, DAF_PULL_WAITING);
        else
            end_list(s, now);
        return;
    }
    daf_frame_end(&k, mark, count, false);
    daf_session_send(s, &k);
    s->has_given = false;
    s->round_bytes = 0;
    s->round_changed = 0;
    s->has_moved = false;
    s->todo_hint = 0;
    daf_session_wait_for(s, now, DAF_PULL_RECORDS);
}

/* ---- the end of a round */

/* How the round left the entries: where the answer was cut, and what it was. */
struct round {
    bool is_cut;      /* the credit ran out */
    bool is_progress; /* something new came */
    bool is_past;     /* entries from here on came after the cut */
};

static void settle_entry(struct daf_session *s, struct round *r,
                         struct daf_todo *t)
{
    struct daf_tag tag = daf_sketch_item_tag(&t->item);
    bool is_last =
        s->has_given && memcmp(tag.b, s->given.b, sizeof(tag.b)) == 0;
    bool again = r->is_cut && (r->is_past || (is_last && r->is_progress));

    if (t->flags & DAF_TODO_FORKED) again |= r->is_progress;
    if ((t->flags & DAF_TODO_MORE) && !(t->flags & DAF_TODO_ALL)) {
        t->flags |= DAF_TODO_ALL;
        again = true;
    }
    /* Told anew in the meantime: that has not been answered yet. */
    if (t->flags & DAF_TODO_RENEWED) again |= (t->flags & DAF_TODO_PULL) != 0;
    if (!again) t->flags &= (uint16_t)~DAF_TODO_PULL;
    t->flags &= (uint16_t) ~(DAF_TODO_ASKED | DAF_TODO_GIVEN | DAF_TODO_MORE |
                             DAF_TODO_RENEWED);
    r->is_past |= is_last;
    if (is_last && !again) s->seen.seq = 0;
}

/* R23: what came of control is enough for now, others wait with their work.  So
 * it is when the rest of its share is too small to bring anything new: then the
 * whole credit does, after them. */
static bool make_way(struct daf_session *s, const struct round *r)
{
    if (!is_control(s, s->scope_at) || s->urgent_count == 0) return false;
    if (r->is_cut && !r->is_progress)
        s->control_bytes = DAF_CONTROL_FIRST_BYTES;
    if (s->control_bytes < DAF_CONTROL_FIRST_BYTES) return false;
    daf_session_dirty(&s->scopes[s->scope_at], 0);
    s->page_rest = false;
    return true;
}

void daf_session_pull_settle(struct daf_session *s, struct daf_mono now)
{
    const struct daf_session_port *port = s->env->port;
    /* The answerer stops before the record that would pass the credit. */
    struct round r = {
        .is_cut = s->round_bytes + DAF_HEADER_BYTES_MAX + DAF_BODY_BYTES_MAX >
                  s->credit,
        .is_progress = s->round_changed > 0 || s->has_moved,
    };

    if (s->pull != DAF_PULL_STORING || s->stores_open > 0) return;
    /* An answer cut before its first path names no log: all was asked for in
     * vain. */
    if (s->todo_count > 0 && !s->has_given) r.is_cut = false;
    for (size_t i = 0; i < s->todo_count; i++) {
        if (s->todo[i].flags & DAF_TODO_ASKED) settle_entry(s, &r, &s->todo[i]);
    }
    /* An answer to NEED that was cut: those left out are asked for again. */
    if (s->todo_count == 0 && r.is_cut && r.is_progress) s->has_needed = false;
    port->release(port->ctx, s);
    if (s->todo_count > 0 && !make_way(s, &r)) {
        daf_session_pull_todo(s, now);
        return;
    }
    daf_session_todo_free(s);
    daf_session_wait_for(s, now, DAF_PULL_RESTING);
    daf_session_pull_next(s, now);
}
