/* SPDX-License-Identifier: Apache-2.0 */
/* Which heads a batch has changed, told to all sessions but the one that brought
 * it (protocol.md R28): for each scope once, log by log, or as "compare again"
 * when they are many. */
#include "node/core/agent_impl.h"

#define NEWS_MAX 256 /* 10 KB here, 4.6 KB on the wire */
struct news {
    struct daf_scope_id scope;
    struct daf_log_key logs[NEWS_MAX];
    size_t count;
    bool is_too_many;
};

static bool same_scope(const struct daf_log_key *a, const struct daf_log_key *b)
{
    return memcmp(a->scope.b, b->scope.b, sizeof(a->scope.b)) == 0;
}

/* Items of one log mostly come one after the other: the last is looked at
 * first. */
static void add(struct news *n, const struct daf_log_key *log)
{
    for (size_t i = n->count; i-- > 0;) {
        if (memcmp(&n->logs[i], log, sizeof(*log)) == 0) return;
    }
    if (n->count == NEWS_MAX)
        n->is_too_many = true;
    else
        n->logs[n->count++] = *log;
}

static void tell(struct daf_agent *a, const struct news *n, uint32_t conn)
{
    for (size_t i = 0; i < a->conns_count; i++) {
        struct daf_conn *c = a->conns[i];

        if (c->session != NULL && !c->is_closed && c->id != conn)
            daf_session_news(c->session, a->now, &n->scope,
                             n->is_too_many ? NULL : n->logs, n->count);
    }
}

/* The log at @at, first those of new records, then those of dropped ones; NULL
 * if nothing changed there. */
static const struct daf_log_key *changed(const struct daf_job *job,
                                         const struct daf_input *in, size_t at)
{
    if (at >= in->items_count) return &job->dropped[at - in->items_count].log;
    return in->items[at].is_new ? &in->items[at].log : NULL;
}

/* Whether the scope of the log at @at was dealt with further up. */
static bool is_told(const struct daf_job *job, const struct daf_input *in,
                    size_t at)
{
    const struct daf_log_key *this = changed(job, in, at);

    for (size_t i = 0; i < at; i++) {
        const struct daf_log_key *log = changed(job, in, i);

        if (log != NULL && same_scope(log, this)) return true;
    }
    return false;
}

void daf_agent_news(struct daf_agent *a, const struct daf_job *job,
                    const struct daf_input *in, uint32_t conn)
{
    size_t count = in->items_count + job->dropped_count;

    for (size_t i = 0; i < count; i++) {
        const struct daf_log_key *first = changed(job, in, i);
        struct news n;

        if (first == NULL || is_told(job, in, i)) continue;
        n.scope = first->scope;
        n.count = 0;
        n.is_too_many = false;
        for (size_t j = i; j < count && !n.is_too_many; j++) {
            const struct daf_log_key *log = changed(job, in, j);

            if (log != NULL && same_scope(log, first)) add(&n, log);
        }
        tell(a, &n, conn);
    }
}
