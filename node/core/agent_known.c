/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered from one session to the next, in memory only: logs over
 * budget (protocol.md R46), authors of bad records (R26), and how it stood with
 * peers when they parted (R39, R45).  What is forgotten costs a round, never a
 * record. */
#include "node/core/agent_impl.h"

/* ---- logs over budget */

static bool same_scope(const struct daf_scope_id *a,
                       const struct daf_scope_id *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

size_t daf_agent_deferred(void *ctx, const struct daf_scope_id *scope,
                          struct daf_tag out[])
{
    const struct daf_agent *a = ctx;
    size_t count = 0;

    for (size_t i = 0; i < a->deferred_count; i++) {
        if (same_scope(&a->deferred[i].scope, scope))
            out[count++] = a->deferred[i].tag;
    }
    return count;
}

/* False: there are too many of its scope; its log is pulled in vain then. */
static bool remember(struct daf_agent *a, const struct daf_scope_id *scope,
                     const struct daf_tag *tag)
{
    struct daf_tag known[DAF_DEFERRED_MAX];
    size_t count = daf_agent_deferred(a, scope, known);
    struct daf_deferred *bigger;

    if (daf_sketch_tag_among(tag, known, count)) return true;
    if (count == DAF_DEFERRED_MAX) return false;
    bigger = daf_agent_grow(a->deferred, &a->deferred_cap, a->deferred_count,
                            sizeof(*a->deferred));
    if (bigger == NULL) return false;
    a->deferred = bigger;
    a->deferred[a->deferred_count++] = (struct daf_deferred){*scope, *tag};
    return true;
}

/* Whether the log is at its limit still.  Gaps are not the author's doing: whoever
 * brought genuine records of a log with others left out must not make us leave the
 * log alone; what did not fit comes again with what was before it.  And what came
 * behind it in the same batch may have closed them all. */
static bool is_at_limit(struct daf_agent *a, const struct daf_log_key *log)
{
    const struct daf_index *index = a->config.index;
    struct daf_head *head = &a->scratch->head_a;

    /* Not held at all: its author has too many. */
    if (index->head(index->ctx, log, head) != DAF_OK) return true;
    for (size_t i = 0; i < head->roots_count; i++) {
        if (head->roots[i].seq > 1) return false;
    }
    return head->tips_count >= DAF_FRONTIER_MAX ||
           head->roots_count >= DAF_FRONTIER_MAX;
}

void daf_agent_defer(struct daf_agent *a, const struct daf_input *in,
                     struct daf_session *s)
{
    struct daf_tag tags[DAF_DEFERRED_MAX];
    const struct daf_scope_id *scope = NULL;
    size_t count = 0;

    for (size_t i = 0; i < in->items_count; i++) {
        const struct daf_stored_item *item = &in->items[i];
        struct daf_tag tag;

        if (!item->is_deferred || !is_at_limit(a, &item->log)) continue;
        tag = daf_sketch_tag(&item->log);
        if (!remember(a, &item->log.scope, &tag)) continue;
        scope = &item->log.scope; /* a batch of a session has one */
        if (count < DAF_DEFERRED_MAX &&
            !daf_sketch_tag_among(&tag, tags, count))
            tags[count++] = tag;
    }
    if (s != NULL && count > 0) daf_session_deferred(s, scope, tags, count);
}

/* ---- authors of bad records */

bool daf_agent_is_suspect(void *ctx, const struct daf_author_id *author)
{
    const struct daf_agent *a = ctx;

    for (size_t i = 0; i < a->suspects_count; i++)
        if (memcmp(a->suspects[i].b, author->b, sizeof(author->b)) == 0)
            return true;
    return a->is_everyone_suspect;
}

void daf_agent_suspect(struct daf_agent *a, const struct daf_author_id *author)
{
    struct daf_author_id *bigger = NULL;

    if (daf_agent_is_suspect(a, author)) return;
    if (a->suspects_count < DAF_AGENT_SUSPECTS_MAX)
        bigger = daf_agent_grow(a->suspects, &a->suspects_cap,
                                a->suspects_count, sizeof(*a->suspects));
    /* To verify everybody's at once costs time, and is never wrong. */
    a->is_everyone_suspect = bigger == NULL;
    if (bigger == NULL) return;
    a->suspects = bigger;
    a->suspects[a->suspects_count++] = *author;
}

/* ---- peers met before */

const struct daf_parted *daf_agent_parted(const struct daf_agent *a,
                                          const struct daf_author_id *author)
{
    for (size_t i = 0; i < a->parted_count; i++) {
        if (memcmp(a->parted[i].author.b, author->b, sizeof(author->b)) == 0)
            return &a->parted[i];
    }
    return NULL;
}

static void forget(struct daf_agent *a, size_t at)
{
    a->parted_count--;
    memmove(a->parted + at, a->parted + at + 1,
            (a->parted_count - at) * sizeof(*a->parted));
}

void daf_agent_part(struct daf_agent *a, const struct daf_conn *c)
{
    const struct daf_author_id *author = daf_session_peer(c->session);
    const struct daf_parted *known = daf_agent_parted(a, author);
    struct daf_parted *bigger;

    uint64_t told = known != NULL ? known->told : 0;

    if (!c->has_rested) return;
    if (c->told != 0) told = c->told;
    if (known != NULL) forget(a, (size_t)(known - a->parted));
    if (a->parted_count == DAF_AGENT_PARTED_MAX) forget(a, 0);
    bigger = daf_agent_grow(a->parted, &a->parted_cap, a->parted_count,
                            sizeof(*a->parted));
    if (bigger == NULL) return;
    a->parted = bigger;
    a->parted[a->parted_count++] =
        (struct daf_parted){*author, c->rested_at, c->bodies, c->bodiless,
                            told};
}
