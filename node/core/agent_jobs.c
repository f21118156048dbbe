/* SPDX-License-Identifier: Apache-2.0 */
/* Batches on their way to the disk, and what follows once they are durable: the
 * ACK, the camp's fold, the news to other peers.  Nothing is said before. */
#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

#include "node/core/agent_impl.h"

struct daf_job *daf_agent_job_begin(struct daf_agent *a, uint32_t conn)
{
    struct daf_job *job = calloc(1, sizeof(*job));

    assert(a->open_job == NULL);
    if (job == NULL)
        abort(); /* 100 bytes: the machine is lost, the store is not */
    job->id = a->next_job++;
    job->conn = conn;
    a->open_job = job;
    a->config.port->store_begin(a->config.port->ctx, job->id);
    return job;
}

/* Control and registrations change what the camp is: look again when durable. */
static void note_fold(struct daf_agent *a, struct daf_job *job,
                      const struct daf_record *r)
{
    const struct daf_scope_id *control = &daf_camp_authority(a->camp)->control;

    if (r->retention != DAF_RETENTION_IDENTITY &&
        memcmp(r->log.scope.b, control->b, sizeof(control->b)) != 0)
        return;
    if (job->folds_count == job->folds_cap) {
        size_t cap = job->folds_cap == 0 ? 16 : job->folds_cap * 2;
        struct daf_fold *bigger = realloc(job->folds, cap * sizeof(*bigger));

        if (bigger == NULL) abort();
        job->folds = bigger;
        job->folds_cap = cap;
    }
    job->folds[job->folds_count++] =
        (struct daf_fold){.log = r->log, .spot = {r->seq, r->id}};
}

void daf_agent_job_keep(struct daf_agent *a, const struct daf_keep *keep)
{
    assert(a->open_job != NULL);
    note_fold(a, a->open_job, keep->record);
    a->config.port->store_keep(a->config.port->ctx, keep);
}

void daf_agent_job_end(struct daf_agent *a, struct daf_view ack)
{
    struct daf_job *job = a->open_job;

    assert(job != NULL);
    if (ack.len > 0) {
        job->ack = malloc(ack.len);
        if (job->ack != NULL) { /* a lost ACK costs no record (R27) */
            memcpy(job->ack, ack.p, ack.len);
            job->ack_len = ack.len;
        }
    }
    a->open_job = NULL;
    *a->jobs_end = job;
    a->jobs_end = &job->next;
    a->config.port->store_end(a->config.port->ctx, job->id);
}

static void job_free(struct daf_job *job)
{
    free(job->ack);
    free(job->folds);
    while (job->writes != NULL) {
        struct daf_pending *next = job->writes->next;

        free(job->writes);
        job->writes = next;
    }
    if (job->learners != NULL)
        sodium_memzero(job->learners,
                       job->learners_count * sizeof(*job->learners));
    free(job->learners);
    free(job);
}

void daf_agent_jobs_orphan(struct daf_agent *a, uint32_t conn)
{
    for (struct daf_job *job = a->jobs; job != NULL; job = job->next)
        job->is_orphan |= job->conn == conn;
}

void daf_agent_jobs_free(struct daf_agent *a)
{
    while (a->jobs != NULL) {
        struct daf_job *next = a->jobs->next;

        job_free(a->jobs);
        a->jobs = next;
    }
    while (a->waiting != NULL) {
        struct daf_pending *next = a->waiting->next;

        free(a->waiting);
        a->waiting = next;
    }
}

static bool fold_row(void *ctx, const struct daf_log_key *log,
                     const struct daf_stored *stored)
{
    (void)daf_camp_add(ctx, log, stored);
    return true;
}

/* What is durable now may certify devices and bring keys. */
static void fold(struct daf_agent *a, const struct daf_job *job)
{
    const struct daf_index *index = a->config.index;
    bool is_changed = false;
    struct daf_scope_id id;

    for (size_t i = 0; i < job->folds_count; i++) {
        struct daf_stored stored;

        if (index->get(index->ctx, &job->folds[i].log, &job->folds[i].spot,
                       &stored) == DAF_OK)
            is_changed |= daf_camp_add(a->camp, &job->folds[i].log, &stored);
    }
    if (!is_changed) return;
    /* A key that came after the registrations that it opens. */
    while (daf_camp_wants_rescan(a->camp, &id))
        (void)a->config.scan(a->config.scan_ctx, &id, DAF_RETENTION_IDENTITY,
                             fold_row, a->camp);
    daf_agent_admit(a);
    daf_agent_recheck(a);
}

/* Tells all sessions but the one that brought them which heads changed.  Items
 * come in runs of one log; what is not is told twice, harmlessly. */
#define NEWS_MAX 256
struct news {
    struct daf_scope_id scope;
    struct daf_log_key logs[NEWS_MAX];
    size_t count;
    bool is_too_many;
};

static void tell_news(struct daf_agent *a, const struct news *n, uint32_t conn)
{
    for (size_t i = 0; n->count > 0 && i < a->conns_count; i++) {
        struct daf_conn *c = a->conns[i];

        if (c->session != NULL && !c->is_closed && c->id != conn)
            daf_session_news(c->session, a->now, &n->scope,
                             n->is_too_many ? NULL : n->logs, n->count);
    }
}

static void news(struct daf_agent *a, const struct daf_input *in, uint32_t conn)
{
    struct news n = {.count = 0};

    for (size_t i = 0; i < in->items_count; i++) {
        const struct daf_stored_item *item = &in->items[i];

        if (!item->is_new) continue;
        if (n.count > 0 && memcmp(&n.scope, &item->log.scope, 16) != 0) {
            tell_news(a, &n, conn);
            n.count = 0;
            n.is_too_many = false;
        }
        n.scope = item->log.scope;
        if (n.count > 0 &&
            memcmp(&n.logs[n.count - 1], &item->log, sizeof(item->log)) == 0)
            continue;
        if (n.count == NEWS_MAX)
            n.is_too_many = true;
        else
            n.logs[n.count++] = item->log;
    }
    tell_news(a, &n, conn);
}

void daf_agent_job_stored(struct daf_agent *a, const struct daf_input *in)
{
    struct daf_job *job = a->jobs;
    struct daf_conn *c;
    uint64_t changed = 0, deferred = 0;

    assert(job != NULL && job->id == in->job);
    a->jobs = job->next;
    if (a->jobs == NULL) a->jobs_end = &a->jobs;
    for (size_t i = 0; in->err == DAF_OK && i < in->items_count; i++) {
        changed += in->items[i].is_new;
        deferred += in->items[i].is_deferred;
    }
    a->stats.deferred += deferred;
    if (job->conn != 0)
        a->stats.records_in += changed;
    else
        daf_agent_write_done(a, job, in);
    if (in->err == DAF_OK) {
        fold(a, job);
        news(a, in, job->is_orphan ? 0 : job->conn);
    }
    /* protocol.md R27: an ACK that named what was not kept would be a lie. */
    if (deferred > 0) job->ack_len = 0;
    c = job->conn == 0 || job->is_orphan ? NULL : daf_agent_conn(a, job->conn);
    if (c != NULL && c->session != NULL)
        daf_session_stored(c->session, a->now, in->err, changed,
                           (struct daf_view){job->ack, job->ack_len});
    job_free(job);
    daf_agent_write_next(a);
}
