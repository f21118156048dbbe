/* SPDX-License-Identifier: Apache-2.0 */
#include "node/writer.h"

#include "node/clock.h"
#include "node/selfvalue.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* One record of a job; its bytes lie in the job's. */
struct item {
    struct daf_record record; /* less its ext, which the store has no use for */
    size_t header_at, header_len, body_at, body_len;
    enum daf_body_state body_state;
};

/* What a job does beside keeping records. */
enum deed_kind {
    DEED_UNCHECKED,
    DEED_CHECKED,
    DEED_DROP,
    DEED_STATEMENT,
    DEED_SELF,
    DEED_ERASE,
};
struct deed {
    enum deed_kind kind;
    size_t after;            /* this many items */
    struct daf_stretch what; /* DROP: the log alone */
    struct daf_spot spot;    /* DROP */
    size_t at, len;          /* STATEMENT, SELF, ERASE: of the job's bytes */
    struct daf_erase erase;  /* ERASE: its handles are the job's bytes */
};

struct job {
    uint64_t number;
    enum daf_err err; /* out of memory while it was filled */
    struct item *items;
    size_t items_count, items_cap;
    struct deed *deeds; /* in order, among the items */
    size_t deeds_count, deeds_cap;
    uint8_t *bytes;
    size_t bytes_len, bytes_cap;
    struct job *next;
};

/* What peers hold of ours, waiting to be written down: half a MB at most. */
#define NOTES_MAX 4096
struct note {
    struct daf_log_key log;
    uint64_t seq_first;
    struct daf_spot last;
    struct note *next;
};

struct daf_writer {
    struct daf_store *store; /* the thread's */
    uint64_t commits;        /* the thread's: ever made, counted along */
    pthread_t thread;
    int event_fd;
    struct job *open; /* being filled; the main thread's */
    uint64_t acked;   /* calls; the main thread's */

    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t wake;   /* there is work, or stop */
    pthread_cond_t done;   /* a batch was added, or all is done */
    struct job *jobs, **jobs_end;
    struct note *notes, **notes_end;
    size_t notes_count;   /* ≤ NOTES_MAX */
    uint64_t notes_first; /* the oldest one's call; the others follow it */
    struct daf_mono note_since; /* of the oldest note */
    struct daf_writer_batch *batches, **batches_end;
    size_t queued; /* bytes in jobs and in the transaction at work */
    bool is_busy;  /* a transaction is at work */
    bool is_closing;
};

/* What one transaction takes. */
struct load {
    struct job *jobs, **jobs_end;
    size_t jobs_count;
    struct note *notes;
    uint64_t notes_first, notes_count;
    size_t bytes;
};

static void free_job(struct job *j)
{
    if (j == NULL) return;
    free(j->items);
    free(j->deeds);
    free(j->bytes);
    free(j);
}

static void free_jobs(struct job *j)
{
    while (j != NULL) {
        struct job *next = j->next;

        free_job(j);
        j = next;
    }
}

static void free_notes(struct note *n)
{
    while (n != NULL) {
        struct note *next = n->next;

        free(n);
        n = next;
    }
}

/* ---- the writer thread */

static size_t job_size(const struct job *j)
{
    return sizeof(*j) + j->bytes_len + j->items_count * sizeof(*j->items) +
           j->deeds_count * sizeof(*j->deeds);
}

/* Take what fits one transaction, at least one job.  Locked. */
static struct load take_load(struct daf_writer *w)
{
    struct load load = {.notes = w->notes,
                        .notes_first = w->notes_first,
                        .notes_count = w->notes_count};
    size_t count = 0;

    load.jobs_end = &load.jobs;
    w->notes = NULL;
    w->notes_end = &w->notes;
    w->notes_count = 0;
    while (w->jobs != NULL) {
        struct job *j = w->jobs;

        if (load.jobs_count > 0 &&
            (load.bytes + job_size(j) > DAF_WRITER_BATCH_BYTES_MAX ||
             count + j->items_count > DAF_WRITER_BATCH_COUNT_MAX))
            break;
        w->jobs = j->next;
        if (w->jobs == NULL) w->jobs_end = &w->jobs;
        j->next = NULL;
        *load.jobs_end = j;
        load.jobs_end = &j->next;
        load.jobs_count++;
        load.bytes += job_size(j);
        count += j->items_count;
    }
    return load;
}

static enum daf_err put_item(struct daf_store *s, const struct job *j,
                             const struct item *item,
                             struct daf_stored_item *out, int64_t *records)
{
    struct daf_view header = {j->bytes + item->header_at, item->header_len};
    struct daf_view body = {j->bytes + item->body_at, item->body_len};
    enum daf_put put = DAF_PUT_KNOWN;
    enum daf_err err;

    if (body.len == 0) body.p = NULL;
    err = daf_store_put(s, &item->record, header, item->body_state, body, &put);
    *records += put == DAF_PUT_NEW;
    *out = (struct daf_stored_item){
        .log = item->record.log,
        .spot = {item->record.seq, item->record.id},
        .is_new = put == DAF_PUT_NEW || put == DAF_PUT_BODY,
        .is_deferred = put == DAF_PUT_DEFERRED,
    };
    return err;
}

/* The agent has verified it. */
static enum daf_err keep_statement(struct daf_store *s, struct daf_view bytes)
{
    struct daf_statement st;
    enum daf_err err = daf_statement_decode(bytes, &st);

    assert(err == DAF_OK);
    return daf_store_keep_statement(s, &st, bytes);
}

/* The job's last item says what is left to do. */
static enum daf_err erase(struct daf_store *s, const struct job *j,
                          const struct deed *d, struct daf_writer_job *out)
{
    struct daf_erase what = d->erase, next;
    bool is_more = false;
    enum daf_err err;
    struct daf_handle *handles = malloc(d->len);

    if (handles == NULL) return DAF_ENOMEM;
    memcpy(handles, j->bytes + d->at, d->len);
    what.handles = handles;
    err = daf_store_erase(s, &what, &next, &is_more);
    free(handles);
    if (err == DAF_OK && is_more)
        out->items[j->items_count] = daf_agent_erase_item(&next);
    out->items_count = is_more; /* beside those that were kept */
    return err;
}

/* What the store has no record for, or cannot part with, is nobody's fault. */
static enum daf_err do_deed(struct daf_store *s, const struct job *j,
                            const struct deed *d, struct daf_writer_job *out,
                            int64_t *records)
{
    enum daf_err err = DAF_OK;
    struct daf_self self;

    switch (d->kind) {
    case DEED_UNCHECKED: /* not found: all of it was over budget */
        err = daf_store_unchecked(s, &d->what);
        break;
    case DEED_CHECKED:
        err = daf_store_checked(s, &d->what);
        break;
    case DEED_DROP:
        err = daf_store_drop(s, &d->what.log, &d->spot);
        *records -= err == DAF_OK;
        break;
    case DEED_STATEMENT:
        err = keep_statement(s, (struct daf_view){j->bytes + d->at, d->len});
        break;
    case DEED_SELF:
        memcpy(&self, j->bytes + d->at, sizeof(self));
        err = daf_selfvalue_set(s, &self);
        break;
    case DEED_ERASE: /* an error is one: it must not look done */
        return erase(s, j, d, out);
    }
    return err == DAF_ENOTFOUND || err == DAF_ELIMIT ? DAF_OK : err;
}

/* Those that come before item @at. */
static enum daf_err do_deeds(struct daf_store *s, const struct job *j,
                             size_t at, size_t *done,
                             struct daf_writer_job *out, int64_t *records)
{
    while (*done < j->deeds_count && j->deeds[*done].after <= at) {
        enum daf_err err = do_deed(s, j, &j->deeds[(*done)++], out, records);

        if (err != DAF_OK) return err;
    }
    return DAF_OK;
}

static enum daf_err put_job(struct daf_store *s, const struct job *j,
                            struct daf_writer_job *out, int64_t *records)
{
    enum daf_err err = DAF_OK;
    size_t done = 0;

    out->job = j->number;
    out->err = j->err;
    if (j->err != DAF_OK) return DAF_OK;
    if (j->items_count + j->deeds_count > 0) {
        out->items = calloc(j->items_count + 1, sizeof(*out->items));
        if (out->items == NULL) return DAF_ENOMEM;
    }
    for (size_t i = 0; i < j->items_count && err == DAF_OK; i++) {
        err = do_deeds(s, j, i, &done, out, records);
        if (err == DAF_OK)
            err = put_item(s, j, &j->items[i], &out->items[i], records);
    }
    if (err == DAF_OK)
        err = do_deeds(s, j, j->items_count, &done, out, records);
    if (err == DAF_OK) out->items_count += j->items_count;
    return err;
}

static enum daf_err put_all(struct daf_store *s, const struct load *load,
                            struct daf_writer_batch *b)
{
    size_t at = 0;

    for (const struct job *j = load->jobs; j != NULL; j = j->next) {
        enum daf_err err = put_job(s, j, &b->jobs[at++], &b->records);

        if (err != DAF_OK) return err;
    }
    for (const struct note *n = load->notes; n != NULL; n = n->next) {
        /* A note is what a peer says, and may name what was never here: it must
         * not take the records with it.  What the disk refuses spoils the
         * transaction by itself, and the commit tells. */
        if (daf_store_acked(s, &n->log, n->seq_first, &n->last) != DAF_OK)
            continue;
    }
    return DAF_OK;
}

static enum daf_err transact(struct daf_store *s, const struct load *load,
                             struct daf_writer_batch *b)
{
    enum daf_err err = daf_store_begin(s);

    if (err != DAF_OK) return err;
    err = put_all(s, load, b);
    if (err == DAF_OK) return daf_store_commit(s);
    /* Before rollback puts other words in their place. */
    (void)snprintf(b->trouble, sizeof(b->trouble), "%s", daf_store_trouble(s));
    daf_store_rollback(s);
    return err;
}

/* Nothing half: a job of a failed transaction has no items. */
static void fail_batch(struct daf_writer_batch *b, const struct load *load,
                       struct daf_store *s)
{
    const struct job *j = load->jobs;

    if (b->trouble[0] == '\0')
        (void)snprintf(b->trouble, sizeof(b->trouble), "%s",
                       daf_store_trouble(s));
    if (b->trouble[0] == '\0') /* it was not the store that failed */
        (void)snprintf(b->trouble, sizeof(b->trouble), "%s",
                       daf_err_str(b->err));
    for (size_t i = 0; j != NULL; i++, j = j->next) {
        free(b->jobs[i].items);
        b->jobs[i] = (struct daf_writer_job){.job = j->number, .err = b->err};
    }
}

/* A hundred bytes that cannot be had: nobody can be told of it.  The process
 * stops, systemd starts it again, and what was durable is. */
static void *must_have(void *p)
{
    if (p == NULL) abort();
    return p;
}

static struct daf_writer_batch *work(struct daf_writer *w,
                                     const struct load *load)
{
    struct daf_writer_batch *b = must_have(calloc(1, sizeof(*b)));

    b->jobs_count = load->jobs_count;
    if (b->jobs_count > 0)
        b->jobs = must_have(calloc(b->jobs_count, sizeof(*b->jobs)));
    b->err = transact(w->store, load, b);
    /* Counted, not read: nobody else writes, and a read may fail. */
    if (b->err == DAF_OK) {
        b->commits = ++w->commits;
        b->notes_first = load->notes_first;
        b->notes_count = load->notes_count;
    } else {
        fail_batch(b, load, w->store);
    }
    return b;
}

static void ring(struct daf_writer *w)
{
    uint64_t one = 1;

    /* Fails only if 2^64 - 2 rings were not heard. */
    if (write(w->event_fd, &one, sizeof(one)) < 0) return;
}

/* Sleep until there is something to write or the end.  Locked. */
static bool wait_for_work(struct daf_writer *w)
{
    for (;;) {
        struct daf_mono at;
        struct timespec until;

        if (w->jobs != NULL) return true;
        if (w->is_closing) return w->notes != NULL;
        if (w->notes == NULL) {
            (void)pthread_cond_wait(&w->wake, &w->mutex);
            continue;
        }
        at = daf_clock_after(w->note_since, DAF_WRITER_NOTE_MS);
        if (daf_clock_now().ms >= at.ms) return true;
        until.tv_sec = (time_t)(at.ms / 1000);
        until.tv_nsec = (long)(at.ms % 1000) * 1000000;
        (void)pthread_cond_timedwait(&w->wake, &w->mutex, &until);
    }
}

static void *run(void *ctx)
{
    struct daf_writer *w = ctx;

    (void)pthread_mutex_lock(&w->mutex);
    while (wait_for_work(w)) {
        struct load load = take_load(w);
        struct daf_writer_batch *b;

        w->is_busy = true;
        (void)pthread_mutex_unlock(&w->mutex);
        b = work(w, &load);
        free_jobs(load.jobs);
        free_notes(load.notes);
        (void)pthread_mutex_lock(&w->mutex);
        w->is_busy = false;
        w->queued -= load.bytes;
        *w->batches_end = b;
        w->batches_end = &b->next;
        (void)pthread_cond_broadcast(&w->done);
        ring(w);
    }
    (void)pthread_mutex_unlock(&w->mutex);
    return NULL;
}

/* ---- the main thread */

static void init_conds(struct daf_writer *w)
{
    pthread_condattr_t attr;

    (void)pthread_mutex_init(&w->mutex, NULL);
    (void)pthread_condattr_init(&attr);
    /* daf_clock_now()'s clock; the wall's may jump by years. */
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&w->wake, &attr);
    (void)pthread_cond_init(&w->done, &attr);
    (void)pthread_condattr_destroy(&attr);
}

static void destroy(struct daf_writer *w)
{
    (void)pthread_cond_destroy(&w->wake);
    (void)pthread_cond_destroy(&w->done);
    (void)pthread_mutex_destroy(&w->mutex);
    (void)close(w->event_fd);
    free(w);
}

/* Signals are the main thread's: a handler here could interrupt an fsync. */
static int start_thread(struct daf_writer *w)
{
    sigset_t all, before;
    int failed;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&w->thread, NULL, run, w);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

enum daf_err daf_writer_new(struct daf_store *store, struct daf_writer **out)
{
    struct daf_writer *w = calloc(1, sizeof(*w));
    enum daf_err err;

    *out = NULL;
    if (w == NULL) return DAF_ENOMEM;
    err = daf_store_pin(store, &w->commits);
    if (err != DAF_OK) {
        free(w);
        return err;
    }
    daf_store_unpin(store);
    w->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->event_fd < 0) {
        free(w);
        return DAF_EIO;
    }
    w->store = store;
    w->jobs_end = &w->jobs;
    w->notes_end = &w->notes;
    w->batches_end = &w->batches;
    init_conds(w);
    if (start_thread(w) != 0) {
        destroy(w);
        return DAF_EIO;
    }
    *out = w;
    return DAF_OK;
}

void daf_writer_free(struct daf_writer *w)
{
    struct daf_writer_batch *b;

    if (w == NULL) return;
    (void)pthread_mutex_lock(&w->mutex);
    w->is_closing = true;
    (void)pthread_cond_signal(&w->wake);
    (void)pthread_mutex_unlock(&w->mutex);
    (void)pthread_join(w->thread, NULL);
    while ((b = daf_writer_take(w, false)) != NULL)
        daf_writer_batch_free(b);
    free_job(w->open);
    daf_store_close(w->store);
    destroy(w);
}

void daf_writer_abandon(struct daf_writer *w)
{
    struct job *jobs;

    (void)pthread_mutex_lock(&w->mutex);
    jobs = w->jobs;
    w->jobs = NULL;
    w->jobs_end = &w->jobs;
    for (const struct job *j = jobs; j != NULL; j = j->next)
        w->queued -= job_size(j);
    (void)pthread_cond_broadcast(&w->done);
    (void)pthread_mutex_unlock(&w->mutex);
    free_jobs(jobs);
}

int daf_writer_fd(const struct daf_writer *w)
{
    return w->event_fd;
}

void daf_writer_begin(struct daf_writer *w, uint64_t job)
{
    assert(w->open == NULL);
    w->open = must_have(calloc(1, sizeof(*w->open)));
    w->open->number = job;
}

/* Room for @more elements of @size in the array at @at; false if out of memory.
 * Twice as much each time, so a job of n records costs O(n). */
static bool reserve(void **at, size_t *cap, size_t len, size_t more,
                    size_t size)
{
    size_t wanted = *cap > 0 ? *cap : 16;
    void *grown;

    while (wanted - len < more)
        wanted *= 2;
    if (wanted == *cap) return true;
    grown = realloc(*at, wanted * size);
    if (grown == NULL) return false;
    *at = grown;
    *cap = wanted;
    return true;
}

static size_t copy_bytes(struct job *j, struct daf_view v)
{
    size_t at = j->bytes_len;

    if (v.len > 0) memcpy(j->bytes + at, v.p, v.len);
    j->bytes_len += v.len;
    return at;
}

void daf_writer_keep(struct daf_writer *w, const struct daf_keep *keep)
{
    struct job *j = w->open;
    void *items, *bytes;

    assert(j != NULL);
    items = j->items;
    bytes = j->bytes;
    if (!reserve(&items, &j->items_cap, j->items_count, 1, sizeof(*j->items)))
        j->err = DAF_ENOMEM;
    if (!reserve(&bytes, &j->bytes_cap, j->bytes_len,
                 keep->header.len + keep->body.len, 1))
        j->err = DAF_ENOMEM;
    j->items = items;
    j->bytes = bytes;
    if (j->err != DAF_OK) return;
    j->items[j->items_count++] = (struct item){
        .record = *keep->record,
        .header_len = keep->header.len,
        .header_at = copy_bytes(j, keep->header),
        .body_len = keep->body.len,
        .body_at = copy_bytes(j, keep->body),
        .body_state = keep->body_state,
    };
    j->items[j->items_count - 1].record.ext = (struct daf_view){NULL, 0};
}

static void add_deed(struct daf_writer *w, const struct deed *deed)
{
    struct job *j = w->open;
    void *deeds;

    assert(j != NULL);
    deeds = j->deeds;
    if (!reserve(&deeds, &j->deeds_cap, j->deeds_count, 1, sizeof(*j->deeds)))
        j->err = DAF_ENOMEM;
    j->deeds = deeds;
    if (j->err != DAF_OK) return;
    j->deeds[j->deeds_count] = *deed;
    j->deeds[j->deeds_count++].after = j->items_count;
}

void daf_writer_unchecked(struct daf_writer *w, const struct daf_stretch *what)
{
    add_deed(w, &(struct deed){.kind = DEED_UNCHECKED, .what = *what});
}

void daf_writer_checked(struct daf_writer *w, const struct daf_stretch *what)
{
    add_deed(w, &(struct deed){.kind = DEED_CHECKED, .what = *what});
}

void daf_writer_drop(struct daf_writer *w, const struct daf_log_key *log,
                     const struct daf_spot *spot)
{
    add_deed(w, &(struct deed){.kind = DEED_DROP,
                               .what = {.log = *log},
                               .spot = *spot});
}

static void add_bytes(struct daf_writer *w, enum deed_kind kind,
                      struct daf_view what)
{
    struct deed d = {.kind = kind, .len = what.len};
    struct job *j = w->open;
    void *bytes;

    assert(j != NULL);
    bytes = j->bytes;
    if (!reserve(&bytes, &j->bytes_cap, j->bytes_len, what.len, 1))
        j->err = DAF_ENOMEM;
    j->bytes = bytes;
    if (j->err != DAF_OK) return;
    d.at = copy_bytes(j, what);
    add_deed(w, &d);
}

void daf_writer_statement(struct daf_writer *w, struct daf_view statement)
{
    add_bytes(w, DEED_STATEMENT, statement);
}

void daf_writer_self(struct daf_writer *w, const struct daf_self *self)
{
    add_bytes(w, DEED_SELF,
              (struct daf_view){(const void *)self, sizeof(*self)});
}

void daf_writer_erase(struct daf_writer *w, const struct daf_erase *what)
{
    struct deed d = {.kind = DEED_ERASE,
                     .erase = *what,
                     .len = what->count * sizeof(*what->handles)};
    struct job *j = w->open;
    void *bytes;

    assert(j != NULL);
    bytes = j->bytes;
    if (!reserve(&bytes, &j->bytes_cap, j->bytes_len, d.len, 1))
        j->err = DAF_ENOMEM;
    j->bytes = bytes;
    if (j->err != DAF_OK) return;
    d.at = copy_bytes(j, (struct daf_view){what->handles[0].b, d.len});
    add_deed(w, &d);
}

void daf_writer_end(struct daf_writer *w, uint64_t job)
{
    struct job *j = w->open;

    assert(j != NULL && j->number == job);
    (void)job;
    w->open = NULL;
    (void)pthread_mutex_lock(&w->mutex);
    w->queued += job_size(j);
    *w->jobs_end = j;
    w->jobs_end = &j->next;
    (void)pthread_cond_signal(&w->wake);
    (void)pthread_mutex_unlock(&w->mutex);
}

void daf_writer_acked(struct daf_writer *w, const struct daf_log_key *log,
                      uint64_t seq_first, const struct daf_spot *last)
{
    struct note *n = malloc(sizeof(*n));
    uint64_t number = w->acked++;

    if (n == NULL) return; /* best effort */
    *n = (struct note){.log = *log, .seq_first = seq_first, .last = *last};
    (void)pthread_mutex_lock(&w->mutex);
    if (w->notes == NULL) {
        w->note_since = daf_clock_now();
        w->notes_first = number;
    }
    /* A frame can hold thousands, and the disk may be slow: the rest goes.  So
     * does all behind a gap: a batch says which calls it has by two numbers. */
    if (w->notes_count < NOTES_MAX &&
        number == w->notes_first + w->notes_count) {
        *w->notes_end = n;
        w->notes_end = &n->next;
        w->notes_count++;
        n = NULL;
        (void)pthread_cond_signal(&w->wake);
    }
    (void)pthread_mutex_unlock(&w->mutex);
    free(n);
}

static bool has_work(const struct daf_writer *w)
{
    return w->is_busy || w->jobs != NULL || w->notes != NULL;
}

struct daf_writer_batch *daf_writer_take(struct daf_writer *w, bool wait)
{
    struct daf_writer_batch *b;
    uint64_t rings;

    (void)pthread_mutex_lock(&w->mutex);
    while (wait && w->batches == NULL && has_work(w))
        (void)pthread_cond_wait(&w->done, &w->mutex);
    b = w->batches;
    if (b != NULL) {
        w->batches = b->next;
        b->next = NULL;
    }
    if (w->batches == NULL) {
        w->batches_end = &w->batches;
        /* Silent again; EAGAIN if it was. */
        if (read(w->event_fd, &rings, sizeof(rings)) < 0) rings = 0;
    }
    (void)pthread_mutex_unlock(&w->mutex);
    return b;
}

void daf_writer_batch_free(struct daf_writer_batch *b)
{
    if (b == NULL) return;
    for (size_t i = 0; i < b->jobs_count; i++)
        free(b->jobs[i].items);
    free(b->jobs);
    free(b);
}

size_t daf_writer_queued(struct daf_writer *w)
{
    size_t queued;

    (void)pthread_mutex_lock(&w->mutex);
    queued = w->queued;
    (void)pthread_mutex_unlock(&w->mutex);
    return queued;
}

bool daf_writer_idle(struct daf_writer *w)
{
    bool is_idle;

    (void)pthread_mutex_lock(&w->mutex);
    is_idle = !w->is_busy && w->jobs == NULL && w->batches == NULL;
    (void)pthread_mutex_unlock(&w->mutex);
    return is_idle;
}
