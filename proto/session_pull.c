/* SPDX-License-Identifier: Apache-2.0 */
/* The pull (protocol.md R23 to R25, R44): one scope at a time, its list of logs,
 * one WANT at a time.  An answer that the credit cut short is asked for again
 * from the same log, where less is lacking now. */
#include <assert.h>

#include "proto/path.h"
#include "proto/session_impl.h"

#define STORES_AHEAD 8 /* batches at the disk while more is wanted: 2 MiB */
/* What a record is taken to be, to tell how many logs one answer can hold: logs
 * named in vain are named again in the next WANT, some 50 bytes each. */
#define RECORD_BYTES ((uint64_t)450)

void daf_session_wait_for(struct daf_session *s, struct daf_mono now,
                          enum daf_pull pull)
{
    uint64_t ms = pull == DAF_PULL_WAITING ? DAF_CLAIM_MS : DAF_ANSWER_MS;

    /* A poke that came to nothing does not begin the wait anew: else who pokes
     * often enough keeps us waiting for ever. */
    if (pull == DAF_PULL_WAITING && s->pull == DAF_PULL_WAITING &&
        s->deadline.ms > now.ms)
        return;
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

void daf_session_let_wait(struct daf_session *s, struct daf_session_scope *sc,
                          const struct daf_item *item, enum daf_heads_kind kind)
{
    bool is_answer = kind == DAF_HEADS_ANSWER;

    if (s->waiting_count == DAF_WAITING_MAX) {
        daf_session_dirty(sc, is_answer ? DAF_TODO_NEWS | DAF_TODO_ANSWER
                                        : DAF_TODO_NEWS);
        return;
    }
    s->waiting[s->waiting_count].scope_at = (uint8_t)(sc - s->scopes);
    s->waiting[s->waiting_count].is_urgent = kind == DAF_HEADS_UNACKED;
    s->waiting[s->waiting_count].is_answer = is_answer;
    s->waiting[s->waiting_count++].item = *item;
}

static bool has_waiting(const struct daf_session *s, size_t scope_at)
{
    for (size_t i = 0; i < s->waiting_count; i++) {
        if (s->waiting[i].scope_at == scope_at) return true;
    }
    return false;
}

static bool has_urgent(const struct daf_session *s)
{
    for (size_t i = 0; i < s->waiting_count; i++) {
        if (s->waiting[i].is_urgent) return true;
    }
    return false;
}

/* R23: a peer's own work that nobody else has, before the rest of control. */
static bool is_urgent_now(const struct daf_session *s, size_t *out_scope)
{
    if (!has_urgent(s)) return false;
    for (size_t i = 0; i < s->waiting_count; i++) {
        *out_scope = s->waiting[i].scope_at;
        if (s->waiting[i].is_urgent) break;
    }
    for (size_t i = 0; i < s->scopes_count; i++) {
        if (is_control(s, i) && s->scopes[i].is_common &&
            (s->scopes[i].is_dirty || has_waiting(s, i)))
            return s->had_control;
    }
    return true;
}

/* What waits of a scope becomes the list. */
static void pull_waiting(struct daf_session *s, struct daf_mono now,
                         size_t scope_at)
{
    size_t left = 0;

    s->scope_at = scope_at;
    s->page_rest = false;
    for (size_t i = 0; i < s->waiting_count; i++) {
        if (s->waiting[i].scope_at != scope_at)
            s->waiting[left++] = s->waiting[i];
        else if (!daf_session_todo_told(s, &s->waiting[i].item,
                                        s->waiting[i].is_answer))
            return; /* out of memory, and closed */
    }
    s->waiting_count = left;
    daf_session_pull_todo(s, now);
}

/* All scopes were compared: a session that rests holds no memory. */
static void free_root_symbols(struct daf_session *s)
{
    const struct daf_session_port *port = s->env->port;

    if (s->root_symbols != NULL) port->room(port->ctx, s, s->root_symbols, 0);
    s->root_symbols = NULL;
}

void daf_session_pull_next(struct daf_session *s, struct daf_mono now)
{
    size_t urgent = 0;

    if (s->state != DAF_SESSION_OPEN || s->pull != DAF_PULL_RESTING) return;
    if (is_urgent_now(s, &urgent)) {
        pull_waiting(s, now, urgent);
        return;
    }
    for (size_t i = 0; i < s->scopes_count; i++) {
        struct daf_session_scope *sc = &s->scopes[i];

        /* Who leaves is not compared with. */
        if (s->role != DAF_SESSION_PEER) sc->is_dirty = false;
        if (!sc->is_common || (!sc->is_dirty && !has_waiting(s, i))) continue;
        if (!sc->is_dirty) {
            pull_waiting(s, now, i);
            return;
        }
        s->scope_at = i;
        daf_session_compare(s, now);
        return;
    }
    free_root_symbols(s);
    if (s->role == DAF_SESSION_TAKER) {
        daf_session_leave_rest(s, now);
        return;
    }
    if (s->role == DAF_SESSION_PEER && daf_session_tell_need(s, now)) return;
    daf_session_wait_for(s, now, DAF_PULL_RESTING);
}

/* ---- WANT */

/* The log of which the last answer was cut, what came of it perhaps still on its
 * way to the disk. */
static bool is_seen(const struct daf_session *s, const struct daf_tag *tag)
{
    return s->seen.seq > 0 && memcmp(s->given.b, tag->b, sizeof(tag->b)) == 0;
}

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
    if (is_seen(s, &tag)) {
        if (haves_count == DAF_HAVES_MAX) haves_count--;
        haves[haves_count++] = s->seen;
    }
    if (own != NULL && (own->tips_count > 1 || own->roots_count > 1))
        t->flags |= DAF_TODO_FORKED;
    daf_frame_add_want(k, &tag, wants, wants_count, haves, haves_count, all);
    if (!daf_pack_fits(k, DAF_PACK_HEAD_BYTES_MAX)) {
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

/* About how many bytes of an answer a log will take, by the heights; no more than
 * a 64th of the credit, so that a peer that boasts of its height is not asked for
 * one log at a time. */
static uint64_t bytes_of(const struct daf_session *s, const struct daf_todo *t,
                         const struct daf_mark *mark)
{
    uint32_t theirs = daf_sketch_item_height(&t->item);
    uint32_t ours = mark == NULL ? 0 : mark->height;
    uint64_t bytes = RECORD_BYTES * (theirs > ours ? theirs - ours : 1);

    return bytes < s->credit / 64 ? bytes : s->credit / 64;
}

/* Packs the WANT; @out_waits: how many other sessions have in hand. */
static size_t pack_wants(struct daf_session *s, struct daf_pack *k,
                         size_t *out_waits)
{
    const struct daf_session_port *port = s->env->port;
    uint64_t expected = 0;
    size_t count = 0;

    *out_waits = 0;
    for (size_t i = 0;
         i < s->todo_count && expected <= s->credit + s->credit / 4; i++) {
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
        expected += bytes_of(s, t, is_held ? &mark : NULL);
        count++;
    }
    s->is_forcing = false;
    return count;
}

/* Of control no more than what goes first, until others had their say. */
static uint64_t credit_now(const struct daf_session *s)
{
    if (s->role == DAF_SESSION_TAKER) return DAF_RUN_BYTES_MAX;
    return is_control(s, s->scope_at) && !s->had_control
               ? DAF_CONTROL_FIRST_BYTES
               : DAF_CREDIT_BYTES_MAX;
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
    size_t count = 0, waits = 0, mark;
    struct daf_pack k;

    s->credit = credit_now(s);
    daf_pack_init(&k, s->env->frame, DAF_WANT_BYTES_MAX);
    mark = daf_frame_begin_want(&k, &s->scopes[s->scope_at].id, s->credit);
    if (!daf_session_leave_is_full(s)) count = pack_wants(s, &k, &waits);
    if (count == 0) {
        port->release(port->ctx, s);
        if (s->stores_open > 0) /* what is left is judged when all is stored */
            daf_session_wait_for(s, now, DAF_PULL_STORING);
        else if (waits > 0)
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
    bool is_cut;   /* the credit ran out */
    bool is_share; /* ... and the next is larger (R23) */
    bool is_past;  /* entries from here on came after the cut */
};

static void settle_entry(struct daf_session *s, struct round *r,
                         struct daf_todo *t)
{
    bool is_last = s->has_given && t == &s->todo[s->given_at];
    /* What came counts only if the disk kept some of it: of a log over budget it
     * would be new for ever, and two who hold different parts of it would answer
     * each other for ever. */
    bool is_fresh = (t->flags & DAF_TODO_FRESH) &&
                    (s->round_changed > 0 || s->stores_open > 0);
    bool again =
        r->is_cut &&
        (r->is_past || (is_last && (is_fresh || s->has_moved || r->is_share)));

    if (is_fresh) t->flags |= DAF_TODO_CHANGED;
    if (t->flags & DAF_TODO_FORKED)
        again |= is_fresh || (is_last && s->has_moved);
    if ((t->flags & DAF_TODO_MORE) && !(t->flags & DAF_TODO_ALL)) {
        t->flags |= DAF_TODO_ALL;
        again = true;
    }
    /* Told anew in the meantime: that has not been answered yet. */
    if (t->flags & DAF_TODO_RENEWED) again |= (t->flags & DAF_TODO_PULL) != 0;
    if (!again) t->flags &= (uint16_t)~DAF_TODO_PULL;
    t->flags &= (uint16_t) ~(DAF_TODO_ASKED | DAF_TODO_GIVEN | DAF_TODO_MORE |
                             DAF_TODO_RENEWED | DAF_TODO_FRESH);
    r->is_past |= is_last;
    if (is_last && !again) s->seen.seq = 0;
}

/* R23: what came of control is enough for now, others wait with their work. */
static bool make_way(struct daf_session *s)
{
    if (!is_control(s, s->scope_at) || !s->had_control || !has_urgent(s))
        return false;
    daf_session_dirty(&s->scopes[s->scope_at], 0);
    s->page_rest = false;
    return true;
}

/* The next WANT need not wait for the disk if the answer was cut in a chain: where
 * it goes on is known.  So disk and network work at the same time; what is on its
 * way stays below two credits. */
static bool may_go_on(const struct daf_session *s, const struct round *r)
{
    return r->is_cut && s->has_given && s->has_moved &&
           s->stores_open <= STORES_AHEAD && s->todo_count > 0 &&
           !(s->todo[s->given_at].flags & DAF_TODO_FORKED);
}

void daf_session_pull_settle(struct daf_session *s, struct daf_mono now)
{
    const struct daf_session_port *port = s->env->port;
    struct round r = {.is_cut = s->is_cut,
                      .is_share = s->role != DAF_SESSION_TAKER &&
                                  s->credit < DAF_CREDIT_BYTES_MAX};

    if (s->pull != DAF_PULL_STORING ||
        (s->stores_open > 0 && !may_go_on(s, &r)))
        return;
    /* An answer cut before its first path names no log: all was asked for in
     * vain. */
    if (s->todo_count > 0 && !s->has_given) r.is_cut = false;
    for (size_t i = 0; i < s->todo_count; i++) {
        if (s->todo[i].flags & DAF_TODO_ASKED) settle_entry(s, &r, &s->todo[i]);
    }
    /* An answer to NEED that was cut: those left out are asked for again. */
    if (s->is_needing)
        s->in_vain = s->round_changed > 0 ? 0 : s->in_vain + s->is_full;
    if (s->is_needing && r.is_cut && s->round_changed > 0)
        s->has_needed = false;
    s->is_needing = false;
    s->had_control |= r.is_cut && is_control(s, s->scope_at);
    port->release(port->ctx, s);
    if (s->todo_count > 0 && !make_way(s)) {
        daf_session_pull_todo(s, now);
        return;
    }
    daf_session_todo_free(s);
    daf_session_wait_for(s, now, DAF_PULL_RESTING);
    daf_session_pull_next(s, now);
}
