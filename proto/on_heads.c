/* SPDX-License-Identifier: Apache-2.0 */
/* HEADS: the page that we asked for, or news (protocol.md R28). */
#include "proto/session_impl.h"

/* A page begins after the log that we named, and more can only follow what it
 * has: else it would never end. */
static bool leads_on(struct daf_session *s, const struct daf_heads *heads)
{
    struct daf_cursor c = heads->heads.items;
    struct daf_head *first = s->env->head_a;

    if (heads->heads.count == 0) return !heads->more;
    daf_frame_next_head(&c, &heads->scope, first);
    return daf_session_mark_before(&s->cursor, &first->log);
}

void daf_on_heads(struct daf_session *s, struct daf_mono now,
                  const struct daf_frame *f)
{
    const struct daf_heads *heads = &f->heads;
    struct daf_session_scope *sc = daf_session_scope(s, &heads->scope);

    if (!heads->is_news) {
        if (s->pull != DAF_PULL_HEADS || sc != &s->scopes[s->scope_at] ||
            !leads_on(s, heads)) {
            daf_session_breach(s, DAF_EPEER);
            return;
        }
        daf_session_pull_heads(s, now, heads);
        return;
    }
    if (sc == NULL) { /* the peer may carry what we may not */
        daf_session_count(s, DAF_ESCOPE);
        return;
    }
    /* News while we are busy, or too many to name: the scope is looked at
     * again as a whole when its turn comes. */
    if (s->pull != DAF_PULL_RESTING || heads->more) {
        sc->is_dirty = true;
        daf_session_pull_next(s, now);
        return;
    }
    s->scope_at = (size_t)(sc - s->scopes);
    s->is_news_round = true;
    s->cursor.is_set = false;
    daf_session_pull_heads(s, now, heads);
}
