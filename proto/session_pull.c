/* SPDX-License-Identifier: Apache-2.0 */
/* The pull (protocol.md R23 to R25): one scope, one page of heads, one WANT at a
 * time.  Where it stands is a cursor in the order of heads, so nothing of a page
 * is kept, and an answer that the credit cut short is asked for again from the
 * same place. */
#include <assert.h>

#include "proto/path.h"
#include "proto/session_impl.h"

struct daf_session_mark daf_session_mark_of(const struct daf_log_key *log)
{
    return (struct daf_session_mark){.is_set = true,
                                     .author = log->author,
                                     .incarnation = log->incarnation};
}

static bool is_before(const struct daf_session_mark *a,
                      const struct daf_session_mark *b)
{
    int order = memcmp(a->author.b, b->author.b, sizeof(a->author.b));

    if (!a->is_set || !b->is_set) return !a->is_set && b->is_set;
    return order < 0 || (order == 0 && a->incarnation < b->incarnation);
}

bool daf_session_mark_before(const struct daf_session_mark *mark,
                             const struct daf_log_key *log)
{
    struct daf_session_mark at = daf_session_mark_of(log);

    return is_before(mark, &at);
}

static void wait_for(struct daf_session *s, struct daf_mono now,
                     enum daf_pull pull)
{
    s->pull = pull;
    s->deadline = pull == DAF_PULL_HEADS || pull == DAF_PULL_RECORDS
                      ? (struct daf_mono){now.ms + DAF_ANSWER_MS}
                      : DAF_MONO_NEVER;
}

static void ask_page(struct daf_session *s, struct daf_mono now)
{
    const struct daf_scope_id *scope = &s->scopes[s->scope_at].id;
    struct daf_log_key after = {.scope = *scope,
                                .author = s->cursor.author,
                                .incarnation = s->cursor.incarnation};
    struct daf_pack k;

    daf_pack_init(&k, s->env->frame, DAF_FRAME_BYTES_MAX);
    daf_frame_pack_want_page(&k, scope, s->cursor.is_set ? &after : NULL);
    daf_session_send(s, &k);
    wait_for(s, now, DAF_PULL_HEADS);
}

void daf_session_pull_next(struct daf_session *s, struct daf_mono now)
{
    if (s->state != DAF_SESSION_OPEN || s->pull != DAF_PULL_RESTING) return;
    for (size_t i = 0; i < s->scopes_count; i++) {
        if (!s->scopes[i].is_common || !s->scopes[i].is_dirty) continue;
        s->scopes[i].is_dirty = false;
        s->scope_at = i;
        s->cursor.is_set = false;
        s->is_news_round = false;
        ask_page(s, now);
        return;
    }
    wait_for(s, now, DAF_PULL_RESTING);
}

/* Adds what is lacking in one log to the WANT.  False if it does not fit. */
static bool add_want(struct daf_session *s, struct daf_pack *k,
                     const struct daf_head *peer, size_t *count)
{
    const struct daf_index *index = s->env->index;
    struct daf_spot wants[DAF_WANTS_MAX], haves[DAF_HAVES_MAX];
    struct daf_head *own = s->env->head_b;
    struct daf_pack before = *k;
    size_t wants_count, haves_count;

    if (index->head(index->ctx, &peer->log, own) != DAF_OK) own = NULL;
    if (own != NULL && daf_frontier_equal(own, peer)) return true;
    wants_count = daf_path_wants(index, own, peer, wants);
    if (wants_count == 0) return true;
    haves_count = daf_path_haves(index, own, haves);
    if (s->seen.seq > 0 &&
        memcmp(&s->seen_log, &peer->log, sizeof(peer->log)) == 0) {
        if (haves_count == DAF_HAVES_MAX) haves_count--;
        haves[haves_count++] = s->seen;
    }
    s->is_forked |= peer->tips_count > 1 || peer->roots_count > 1;
    daf_frame_add_want(k, &peer->log, wants, wants_count, haves, haves_count);
    /* Five bytes stay free for the list's header, which comes last. */
    if (k->is_full || k->len + 5 > k->cap) {
        *k = before;
        return false;
    }
    (*count)++;
    return true;
}

/* What to do with a page that was asked for, or with news, once every log in it
 * up to `asked` is dealt with. */
static void go_on(struct daf_session *s, struct daf_mono now)
{
    s->cursor = s->asked;
    s->seen.seq = 0;
    if (s->is_news_round) {
        s->scopes[s->scope_at].is_dirty |= s->page_rest;
    } else if (s->page_rest) {
        ask_page(s, now);
        return;
    }
    wait_for(s, now, DAF_PULL_RESTING);
    daf_session_pull_next(s, now);
}

void daf_session_pull_heads(struct daf_session *s, struct daf_mono now,
                            const struct daf_heads *heads)
{
    struct daf_cursor c = heads->heads.items;
    struct daf_head *peer = s->env->head_a;
    size_t count = 0, mark;
    struct daf_pack k;

    s->page_rest = heads->more;
    s->is_forked = false;
    s->asked = s->cursor;
    /* Half the room of a frame in: a log's wants and haves take 9 KiB at most,
     * so at least three logs always fit. */
    daf_pack_init(&k, s->env->frame, DAF_WANT_BYTES_MAX);
    mark = daf_frame_begin_want(&k, &heads->scope, DAF_CREDIT_BYTES_MAX);
    for (size_t i = 0; i < heads->heads.count; i++) {
        daf_frame_next_head(&c, &heads->scope, peer);
        if (!add_want(s, &k, peer, &count)) {
            s->page_rest = true;
            break;
        }
        s->asked = daf_session_mark_of(&peer->log);
    }
    if (count == 0) {
        go_on(s, now);
        return;
    }
    daf_frame_end(&k, mark, count, false);
    daf_session_send(s, &k);
    s->given.is_set = false;
    s->round_bytes = 0;
    s->round_changed = 0;
    s->has_moved = false;
    wait_for(s, now, DAF_PULL_RECORDS);
}

void daf_session_pull_settle(struct daf_session *s, struct daf_mono now)
{
    /* The answerer stops before the record that would pass the credit. */
    bool may_be_cut =
        s->round_bytes + DAF_HEADER_BYTES_MAX + DAF_BODY_BYTES_MAX >
        DAF_CREDIT_BYTES_MAX;

    if (s->pull != DAF_PULL_STORING || s->stores_open > 0) return;
    /* Cut short, but it brought something: the same place again, where less is
     * lacking now.  A round that brought nothing is never repeated, so a peer
     * that gives rubbish cannot keep us at it. */
    /* On a forked log the answerer's budget of steps may have cut it as well. */
    may_be_cut |= s->is_forked;
    if (may_be_cut && (s->round_changed > 0 || s->has_moved)) {
        if (!s->is_news_round) {
            ask_page(s, now);
            return;
        }
        s->page_rest = true;
    } else if (may_be_cut) {
        /* All of it was refused: what it hid is asked for without it, from the
         * log after the one that filled the credit. */
        s->page_rest |= s->is_news_round || is_before(&s->given, &s->asked);
        if (is_before(&s->cursor, &s->given) && is_before(&s->given, &s->asked))
            s->asked = s->given;
    }
    go_on(s, now);
}
