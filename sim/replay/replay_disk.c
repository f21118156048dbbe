/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's batches, carried out as node/writer.c does, when the plan says. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/replay/replay_impl.h"

/* ---- what the agent asks for */

static void *grow(struct daf_replay_disk *d, void *list, size_t *cap,
                  size_t count, size_t size)
{
    size_t wanted = *cap > 0 ? *cap * 2 : 16;
    void *grown;

    if (count < *cap) return list;
    grown = realloc(list, wanted * size);
    if (grown == NULL) {
        d->err = DAF_ENOMEM;
        return NULL;
    }
    *cap = wanted;
    return grown;
}

static void free_job(struct daf_replay_job *job)
{
    if (job == NULL) return;
    for (size_t i = 0; i < job->count; i++)
        free(job->tasks[i].bytes);
    free(job->tasks);
    free(job->items);
    free(job);
}

static void port_begin(void *ctx, uint64_t number)
{
    struct daf_replay_disk *d = ctx;

    d->open = calloc(1, sizeof *d->open);
    if (d->open == NULL)
        d->err = DAF_ENOMEM;
    else
        d->open->number = number;
}

/* NULL without memory: the replay ends then. */
static struct daf_replay_task *add(struct daf_replay_disk *d,
                                   enum daf_replay_deed deed)
{
    struct daf_replay_job *job = d->open;
    struct daf_replay_task *tasks;

    if (job == NULL) return NULL;
    tasks = grow(d, job->tasks, &job->cap, job->count, sizeof *tasks);
    if (tasks == NULL) return NULL;
    job->tasks = tasks;
    tasks[job->count] = (struct daf_replay_task){.deed = deed};
    return &tasks[job->count++];
}

static void port_keep(void *ctx, const struct daf_keep *keep)
{
    struct daf_replay_task *t = add(ctx, DAF_REPLAY_KEEP);

    if (t == NULL) return;
    t->record = *keep->record;
    t->state = keep->body_state;
    t->bytes = malloc(keep->header.len + keep->body.len + 1);
    if (t->bytes == NULL) {
        ((struct daf_replay_disk *)ctx)->err = DAF_ENOMEM;
        return;
    }
    t->header_len = keep->header.len;
    t->body_len = keep->body.len;
    memcpy(t->bytes, keep->header.p, keep->header.len);
    if (keep->body.len > 0)
        memcpy(t->bytes + keep->header.len, keep->body.p, keep->body.len);
}

static void port_unchecked(void *ctx, const struct daf_stretch *what)
{
    struct daf_replay_task *t = add(ctx, DAF_REPLAY_UNCHECKED);

    if (t != NULL) t->what = *what;
}

static void port_checked(void *ctx, const struct daf_stretch *what)
{
    struct daf_replay_task *t = add(ctx, DAF_REPLAY_CHECKED);

    if (t != NULL) t->what = *what;
}

static void port_drop(void *ctx, const struct daf_log_key *log,
                      const struct daf_spot *spot)
{
    struct daf_replay_task *t = add(ctx, DAF_REPLAY_DROP);

    if (t == NULL) return;
    t->what.log = *log;
    t->spot = *spot;
}

static void port_statement(void *ctx, const struct daf_statement *st,
                           struct daf_view bytes)
{
    struct daf_replay_task *t = add(ctx, DAF_REPLAY_STATEMENT);

    (void)st;
    if (t == NULL) return;
    t->bytes = malloc(bytes.len);
    if (t->bytes == NULL) {
        ((struct daf_replay_disk *)ctx)->err = DAF_ENOMEM;
        return;
    }
    t->header_len = bytes.len;
    memcpy(t->bytes, bytes.p, bytes.len);
}

static void port_self(void *ctx, const struct daf_self *self)
{
    (void)self;
    (void)add(ctx, DAF_REPLAY_SELF);
}

static void port_erase(void *ctx, const struct daf_erase *what)
{
    struct daf_replay_task *t = add(ctx, DAF_REPLAY_ERASE);

    if (t == NULL) return;
    t->erase = *what;
    t->bytes = malloc(what->count * sizeof *what->handles);
    if (t->bytes == NULL) {
        ((struct daf_replay_disk *)ctx)->err = DAF_ENOMEM;
        return;
    }
    memcpy(t->bytes, what->handles, what->count * sizeof *what->handles);
}

static void port_end(void *ctx, uint64_t number)
{
    struct daf_replay_disk *d = ctx;

    (void)number;
    if (d->open == NULL) return;
    *d->jobs_end = d->open;
    d->jobs_end = &d->open->next;
    d->open = NULL;
}

static void port_acked(void *ctx, const struct daf_log_key *log,
                       uint64_t seq_first, const struct daf_spot *last)
{
    struct daf_replay_disk *d = ctx;
    struct daf_replay_note *notes =
        grow(d, d->notes, &d->notes_cap, d->notes_count, sizeof *notes);

    if (notes == NULL) return;
    d->notes = notes;
    notes[d->notes_count++] = (struct daf_replay_note){.log = *log,
                                                       .seq_first = seq_first,
                                                       .last = *last};
}

void daf_replay_disk_port(struct daf_replay_disk *d, struct daf_port *port)
{
    port->ctx = d;
    port->store_begin = port_begin;
    port->store_keep = port_keep;
    port->store_unchecked = port_unchecked;
    port->store_checked = port_checked;
    port->store_drop = port_drop;
    port->store_statement = port_statement;
    port->store_self = port_self;
    port->store_erase = port_erase;
    port->store_end = port_end;
    port->store_acked = port_acked;
}

enum daf_err daf_replay_disk_init(struct daf_replay_disk *d,
                                  struct daf_notebook *n,
                                  struct daf_replay_plan *plan)
{
    *d = (struct daf_replay_disk){.notebook = n, .plan = plan};
    d->jobs_end = &d->jobs;
    enum daf_err err = daf_notebook_pin(n, &d->commits);
    if (err == DAF_OK) daf_notebook_unpin(n);
    return err;
}

void daf_replay_disk_free(struct daf_replay_disk *d)
{
    while (d->jobs != NULL) {
        struct daf_replay_job *next = d->jobs->next;

        free_job(d->jobs);
        d->jobs = next;
    }
    free_job(d->open);
    free(d->notes);
    *d = (struct daf_replay_disk){.notebook = NULL};
}

/* ---- one commit */

static enum daf_err keep(struct daf_replay_disk *d,
                         const struct daf_replay_task *t,
                         struct daf_stored_item *out)
{
    struct daf_view header = {t->bytes, t->header_len};
    struct daf_view body = {NULL, t->body_len};
    enum daf_put put = DAF_PUT_KNOWN;

    if (body.len > 0) body.p = t->bytes + t->header_len;
    enum daf_err err =
        daf_notebook_put(d->notebook, &t->record, header, t->state, body, &put);
    *out = (struct daf_stored_item){
        .log = t->record.log,
        .spot = {t->record.seq, t->record.id},
        .is_new = put == DAF_PUT_NEW || put == DAF_PUT_BODY,
        .is_deferred = put == DAF_PUT_DEFERRED,
    };
    return err;
}

static enum daf_err erase(struct daf_replay_disk *d,
                          const struct daf_replay_task *t,
                          struct daf_replay_job *job)
{
    struct daf_erase what = t->erase, next;
    bool is_more = false;

    what.handles = (const void *)t->bytes; /* as malloc() aligned them */
    enum daf_err err = daf_notebook_erase(d->notebook, &what, &next, &is_more);
    if (err == DAF_OK && is_more)
        job->items[job->items_count++] = daf_agent_erase_item(&next);
    return err;
}

/* What there is no record for, or cannot be parted with, is no error. */
static enum daf_err do_task(struct daf_replay_disk *d,
                            const struct daf_replay_task *t,
                            struct daf_replay_job *job)
{
    enum daf_err err = DAF_OK;

    switch (t->deed) {
    case DAF_REPLAY_KEEP:
        return keep(d, t, &job->items[job->items_count++]);
    case DAF_REPLAY_UNCHECKED:
        err = daf_notebook_unchecked(d->notebook, &t->what);
        break;
    case DAF_REPLAY_CHECKED:
        err = daf_notebook_checked(d->notebook, &t->what);
        break;
    case DAF_REPLAY_DROP:
        err = daf_notebook_drop(d->notebook, &t->what.log, &t->spot);
        break;
    case DAF_REPLAY_ERASE:
        return t->bytes == NULL ? DAF_ENOMEM : erase(d, t, job);
    case DAF_REPLAY_STATEMENT:
        err = daf_notebook_state(d->notebook,
                                 (struct daf_view){t->bytes, t->header_len});
        break;
    case DAF_REPLAY_SELF:
        break;
    }
    return err == DAF_ENOTFOUND || err == DAF_ELIMIT ? DAF_OK : err;
}

static enum daf_err do_job(struct daf_replay_disk *d,
                           struct daf_replay_job *job)
{
    enum daf_err err = DAF_OK;

    assert(job != NULL); /* is_possible() found it */
    job->items = calloc(job->count + 1, sizeof *job->items);
    if (job->items == NULL) return DAF_ENOMEM;
    for (size_t i = 0; err == DAF_OK && i < job->count; i++)
        err = do_task(d, &job->tasks[i], job);
    return err;
}

static struct daf_replay_job *find(struct daf_replay_disk *d, uint64_t number)
{
    struct daf_replay_job *job = d->jobs;

    while (job != NULL && job->number != number)
        job = job->next;
    return job;
}

/* A note may name what was never here, as in the daemon. */
static void do_notes(struct daf_replay_disk *d,
                     const struct daf_replay_planned *p)
{
    size_t from = (size_t)(p->first - d->notes_gone);

    for (size_t i = from; i < from + p->count; i++) {
        const struct daf_replay_note *n = &d->notes[i];

        if (daf_notebook_acked(d->notebook, &n->log, n->seq_first, &n->last) !=
            DAF_OK)
            continue;
    }
    d->notes_count -= from + (size_t)p->count;
    memmove(d->notes, d->notes + from + p->count,
            d->notes_count * sizeof *d->notes);
    d->notes_gone = p->first + p->count;
}

static bool is_possible(struct daf_replay_disk *d,
                        const struct daf_replay_planned *p)
{
    uint64_t made = d->notes_gone + d->notes_count;
    const struct daf_replay_job *job;

    if (p->is_notes)
        return p->first >= d->notes_gone && p->first <= made &&
               p->count <= made - p->first;
    job = find(d, p->job);
    return job != NULL && job->items == NULL;
}

/* All that the plan has for the next commit: the jobs, then the notes, which stand
 * first there. */
static enum daf_err do_commit(struct daf_replay_disk *d, size_t end,
                              const char **out_why)
{
    enum daf_err err = daf_notebook_begin(d->notebook);

    if (err != DAF_OK) return err;
    for (size_t i = d->planned; err == DAF_OK && i < end; i++) {
        const struct daf_replay_planned *p = &d->plan->list[i];

        if (!is_possible(d, p))
            *out_why = "its reads saw a commit of a batch that the agent had "
                       "not begun";
        else if (!p->is_notes && p->is_kept)
            err = do_job(d, find(d, p->job));
        if (*out_why != NULL) break;
    }
    for (size_t i = d->planned; err == DAF_OK && i < end; i++)
        if (*out_why == NULL && d->plan->list[i].is_notes)
            do_notes(d, &d->plan->list[i]);
    if (err == DAF_OK && *out_why == NULL)
        return daf_notebook_commit(d->notebook);
    daf_notebook_rollback(d->notebook);
    return err;
}

enum daf_err daf_replay_disk_carry(struct daf_replay_disk *d, uint64_t commits,
                                   const char **out_why)
{
    const struct daf_replay_plan *plan = d->plan;

    *out_why = NULL;
    if (commits < d->commits)
        *out_why = "the recorded run could not read its notebook";
    while (*out_why == NULL && d->commits < commits) {
        size_t end = d->planned;
        enum daf_err err;

        while (end < plan->count && plan->list[end].commit == d->commits + 1)
            end++;
        if (end == d->planned) {
            d->is_untold = end == plan->count;
            *out_why = "its reads saw a commit of which the log does not tell";
            break;
        }
        err = do_commit(d, end, out_why);
        if (err != DAF_OK) return err;
        d->planned = end;
        d->commits++;
    }
    return DAF_OK;
}

/* ---- what came of a batch */

static bool is_same(const struct daf_stored_item *a,
                    const struct daf_stored_item *b)
{
    return memcmp(a->log.scope.b, b->log.scope.b, sizeof a->log.scope.b) == 0 &&
           memcmp(a->log.author.b, b->log.author.b, sizeof a->log.author.b) ==
               0 &&
           a->log.incarnation == b->log.incarnation &&
           a->spot.seq == b->spot.seq &&
           memcmp(a->spot.id.b, b->spot.id.b, sizeof a->spot.id.b) == 0 &&
           a->is_new == b->is_new && a->is_deferred == b->is_deferred;
}

static const char *compare(const struct daf_replay_job *job,
                           const struct daf_input *in)
{
    if (job == NULL || job->number != in->job)
        return "the agent has no such batch, or not next";
    if (in->err != DAF_OK)
        return in->items_count == 0 && job->items == NULL
                   ? NULL
                   : "a batch that failed has kept something";
    if (job->items == NULL) return "no commit has kept the batch";
    if (job->items_count != in->items_count)
        return "the batch has another number of records";
    for (size_t i = 0; i < in->items_count; i++)
        if (!is_same(&job->items[i], &in->items[i]))
            return "the notebook has kept other records of the batch";
    return NULL;
}

const char *daf_replay_disk_stored(struct daf_replay_disk *d,
                                   const struct daf_inputlog_entry *e)
{
    struct daf_replay_job *job = d->jobs;
    const char *why = compare(job, &e->input);

    if (why != NULL) return why;
    d->jobs = job->next;
    if (d->jobs == NULL) d->jobs_end = &d->jobs;
    free_job(job);
    return NULL;
}
