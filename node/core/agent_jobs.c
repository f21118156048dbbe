/* SPDX-License-Identifier: Apache-2.0 */
/* Batches on their way to the disk, and what follows once they are durable: the
 * ACK, the camp's fold, the news to other peers.  Nothing is said before. */
#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

#include "node/core/agent_impl.h"

struct daf_job *daf_agent_job_begin(struct daf_agent *a, enum daf_job_kind kind,
                                    uint32_t conn)
{
    struct daf_job *job = calloc(1, sizeof(*job));

    assert(a->open_job == NULL);
    if (job == NULL)
        abort(); /* 100 bytes: the machine is lost, the store is not */
    if (kind != DAF_JOB_IDLE) {
        daf_agent_idle_forget(a);
        daf_agent_idle_wait(a);
    }
    job->id = a->next_job++;
    job->kind = kind;
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
    struct daf_keep kept = *keep;

    assert(a->open_job != NULL);
    /* R116: "one that comes is not kept, its header is" */
    if (keep->body_state == DAF_BODY_HELD &&
        daf_camp_body_is_erased(a->camp, keep->body)) {
        kept.body_state = DAF_BODY_ERASED;
        kept.body = (struct daf_view){NULL, 0};
    }
    note_fold(a, a->open_job, kept.record);
    if (a->open_job->kind != DAF_JOB_OWN) daf_agent_self_meet(a, kept.record);
    a->config.port->store_keep(a->config.port->ctx, &kept);
    a->bodiless += kept.body_state == DAF_BODY_ABSENT;
}

void daf_agent_job_unchecked(struct daf_agent *a,
                             const struct daf_stretch *what)
{
    assert(a->open_job != NULL);
    a->open_job->has_unchecked = true;
    a->config.port->store_unchecked(a->config.port->ctx, what);
}

void daf_agent_job_drop(struct daf_agent *a, const struct daf_log_key *log,
                        const struct daf_spot *spot)
{
    struct daf_job *job = a->open_job;
    size_t count = job->dropped_count;
    struct daf_fold *bigger;

    assert(job != NULL);
    daf_agent_suspect(a, &log->author);
    a->config.port->store_drop(a->config.port->ctx, log, spot);
    bigger = daf_agent_grow(job->dropped, &job->dropped_cap, count,
                            sizeof(*job->dropped));
    if (bigger == NULL) return; /* peers hear of it at the next contact */
    job->dropped = bigger;
    job->dropped[job->dropped_count++] =
        (struct daf_fold){.log = *log, .spot = *spot};
}

/* Peers may ask for it again and again before the disk is done. */
bool daf_agent_job_drops(const struct daf_agent *a,
                         const struct daf_log_key *log,
                         const struct daf_spot *spot)
{
    for (const struct daf_job *job = a->jobs; job != NULL; job = job->next) {
        for (size_t i = 0; i < job->dropped_count; i++) {
            if (memcmp(&job->dropped[i].spot.id, &spot->id, sizeof(spot->id)) ==
                    0 &&
                memcmp(&job->dropped[i].log, log, sizeof(*log)) == 0)
                return true;
        }
    }
    return false;
}

/* One with which the store cannot part is no news: it would be told, asked for,
 * found bad and told again, for ever. */
static void forget_those_that_stay(struct daf_agent *a, struct daf_job *job)
{
    const struct daf_index *index = a->config.index;
    size_t gone = 0;

    for (size_t i = 0; i < job->dropped_count; i++) {
        struct daf_stored stored;

        if (index->get(index->ctx, &job->dropped[i].log, &job->dropped[i].spot,
                       &stored) != DAF_OK)
            job->dropped[gone++] = job->dropped[i];
    }
    job->dropped_count = gone;
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
    free(job->dropped);
    free(job->self);
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
    (void)daf_agent_fold(ctx, log, stored);
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
            is_changed |= daf_agent_fold(a, &job->folds[i].log, &stored);
    }
    if (!is_changed) return;
    /* A key that came after the registrations that it opens. */
    while (daf_camp_wants_rescan(a->camp, &id))
        (void)a->config.scan(a->config.scan_ctx, &id, DAF_RETENTION_IDENTITY,
                             fold_row, a);
    daf_agent_note_revoked(a, NULL);
    daf_agent_expel(a); /* first: their BYE goes out before link cuts them */
    daf_agent_admit(a);
    daf_agent_recheck(a);
    daf_agent_statements_camp(a);
    daf_agent_statements_applied(a);
    daf_agent_erase_look(a);
}

/* What was new, and what was over budget, in a batch that is durable. */
struct outcome {
    uint64_t changed, deferred;
};

static struct outcome outcome_of(const struct daf_input *in)
{
    struct outcome o = {0, 0};

    for (size_t i = 0; in->err == DAF_OK && i < in->items_count; i++) {
        o.changed += in->items[i].is_new;
        o.deferred += in->items[i].is_deferred;
    }
    return o;
}

/* The session that sent it, if it is still there. */
static struct daf_conn *sender(struct daf_agent *a, const struct daf_job *job)
{
    struct daf_conn *c;

    if (job->kind != DAF_JOB_SESSION || job->is_orphan) return NULL;
    c = daf_agent_conn(a, job->conn);
    return c != NULL && c->session != NULL ? c : NULL;
}

static void follow(struct daf_agent *a, struct daf_job *job,
                   const struct daf_input *in, const struct outcome *o)
{
    forget_those_that_stay(a, job);
    if (o->changed > 0 || o->deferred > 0 || job->dropped_count > 0)
        a->changes++;
    a->idle.has_unchecked |= job->has_unchecked;
    fold(a, job);
    if (job->kind == DAF_JOB_TOLD && o->deferred == 0)
        daf_agent_note_revoked(a, job);
    daf_agent_news(a, job, in, job->is_orphan ? 0 : job->conn);
}

static void answer(struct daf_agent *a, const struct daf_job *job,
                   const struct daf_input *in, const struct outcome *o)
{
    struct daf_conn *c = sender(a, job);
    struct daf_view ack = {job->ack, job->ack_len};

    /* protocol.md R27: an ACK that named what was not kept would be a lie. */
    if (o->deferred > 0) {
        ack.len = 0;
        daf_agent_defer(a, in, c == NULL ? NULL : c->session);
    }
    if (c == NULL) return;
    daf_session_stored(c->session, a->now, in->err, o->changed, ack);
    daf_agent_conn_note(a, c);
}

void daf_agent_job_stored(struct daf_agent *a, const struct daf_input *in)
{
    struct daf_job *job = a->jobs;
    struct outcome o = outcome_of(in);

    assert(job != NULL && job->id == in->job);
    a->jobs = job->next;
    if (a->jobs == NULL) a->jobs_end = &a->jobs;
    daf_agent_idle_stored(a, job->kind == DAF_JOB_IDLE, in->err);
    if (job->kind == DAF_JOB_OWN) daf_agent_write_done(a, job, in);
    if (a->is_revoked) daf_agent_leave_look(a);
    if (job->kind == DAF_JOB_STATED) daf_agent_statements_stored(a, in->err);
    if (job->kind == DAF_JOB_SESSION) a->stats.records_in += o.changed;
    daf_agent_self_stored(a, job, in->err);
    if (job->kind == DAF_JOB_ERASE)
        daf_agent_erase_stored(a, in);
    else if (in->err == DAF_OK)
        follow(a, job, in, &o);
    if (job->kind == DAF_JOB_SESSION) answer(a, job, in, &o);
    job_free(job);
    daf_agent_write_next(a);
}
