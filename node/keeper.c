/* SPDX-License-Identifier: Apache-2.0 */
#include "node/keeper.h"

#include "node/clock.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define STEP_MS 100 /* for others, between two steps of what takes long */

enum job_kind {
    JOB_PUT,
    JOB_FORGET,
    JOB_READ,
    JOB_ADD,
    JOB_DROP,
    JOB_LOOK,
    JOB_OPEN,
    JOB_ROOM,
    JOB_LIST,
    JOB_CHECK,
};

struct job {
    struct job *next;
    enum job_kind kind;
    uint64_t ticket, room;
    uint32_t conn, number;       /* number: of a publisher */
    bool is_one;                 /* LOOK: at piece.content */
    struct daf_port_piece piece; /* bytes: in `bytes` */
    unsigned set, clear;
    size_t len;
    uint8_t bytes[]; /* a piece, a manifest, a path with its NUL */
};

/* An item that is not fetched now. */
struct stuck {
    struct daf_hash content;
    enum daf_err err;
};

struct results {
    struct daf_keeper_result *first, **end;
};

struct daf_keeper {
    pthread_t thread;
    int event_fd;
    char *dir;
    uint64_t budget;

    /* the thread's */
    struct daf_shelf *shelf; /* NULL: it could not be opened */
    enum daf_err shelf_err;
    struct daf_mono unsynced; /* since when something is; or NEVER */
    size_t stuck_count, stuck_cap;
    struct stuck *stuck;
    struct daf_mono retry_at;

    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t wake;
    struct job *jobs, **jobs_end;
    struct results results, reads;
    size_t queued;
    bool is_closing;
};

/* ---- results */

static void wake_taker(struct daf_keeper *k)
{
    const uint64_t one = 1;

    while (write(k->event_fd, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
}

static void post(struct daf_keeper *k, struct daf_keeper_result *r)
{
    struct results *to;

    (void)pthread_mutex_lock(&k->mutex);
    to = r->kind == DAF_KEEPER_READ ? &k->reads : &k->results;
    *to->end = r;
    to->end = &r->next;
    (void)pthread_mutex_unlock(&k->mutex);
    wake_taker(k);
}

/* Without memory for a result the process cannot go on telling the truth. */
static struct daf_keeper_result *result_new(enum daf_keeper_kind kind)
{
    struct daf_keeper_result *r = calloc(1, sizeof(*r));

    if (r == NULL) abort();
    r->kind = kind;
    return r;
}

static struct daf_view copy(struct daf_view v)
{
    uint8_t *p = malloc(v.len + 1);

    if (p == NULL) abort();
    if (v.len > 0) memcpy(p, v.p, v.len);
    return (struct daf_view){p, v.len};
}

static void free_view(struct daf_view v)
{
    free((void *)(uintptr_t)v.p);
}

void daf_keeper_result_free(struct daf_keeper_result *r)
{
    if (r == NULL) return;
    free_view(r->piece.bytes);
    free_view(r->bytes);
    free_view(r->item.manifest);
    free_view(r->item.bits);
    free(r);
}

static void say_trouble(const struct daf_keeper *k, struct daf_keeper_result *r)
{
    if ((r->err == DAF_EIO || r->err == DAF_EREADONLY) && k->shelf != NULL)
        (void)snprintf(r->trouble, sizeof(r->trouble), "%s",
                       daf_shelf_trouble(k->shelf));
}

static void done(struct daf_keeper *k, uint64_t ticket, enum daf_err err)
{
    struct daf_keeper_result *r = result_new(DAF_KEEPER_DONE);

    r->ticket = ticket;
    r->err = err;
    say_trouble(k, r);
    post(k, r);
}

/* ---- what is stuck */

static struct stuck *stuck_of(struct daf_keeper *k,
                              const struct daf_hash *content)
{
    for (size_t i = 0; i < k->stuck_count; i++) {
        if (memcmp(k->stuck[i].content.b, content->b, 32) == 0)
            return &k->stuck[i];
    }
    return NULL;
}

static void stick(struct daf_keeper *k, const struct daf_hash *content,
                  enum daf_err err)
{
    struct stuck *s = stuck_of(k, content);
    struct daf_mono at;

    if (s == NULL && k->stuck_count == k->stuck_cap) {
        size_t more = k->stuck_cap == 0 ? 8 : 2 * k->stuck_cap;
        struct stuck *bigger = realloc(k->stuck, more * sizeof(*bigger));

        if (bigger == NULL) abort();
        k->stuck = bigger;
        k->stuck_cap = more;
    }
    if (s == NULL) s = &k->stuck[k->stuck_count++];
    *s = (struct stuck){*content, err};
    at = daf_clock_after(daf_clock_now(),
                         err == DAF_EBUSY ? STEP_MS : DAF_KEEPER_RETRY_MS);
    if (at.ms < k->retry_at.ms) k->retry_at = at;
}

/* ---- items */

static void tell_item(struct daf_keeper *k, const struct daf_shelf_item *item)
{
    struct daf_keeper_result *r = result_new(DAF_KEEPER_ITEM);
    const struct stuck *s = stuck_of(k, &item->content);
    struct daf_content content;

    r->item = *item;
    r->item.manifest = copy(item->manifest);
    r->item.bits = copy(item->bits);
    r->is_stuck = s != NULL || item->is_condemned;
    r->stuck_err = s != NULL ? s->err : DAF_OK;
    if (item->is_condemned) r->stuck_err = DAF_ECORRUPT;
    r->part_bytes = DAF_PAGE_BYTES;
    if (daf_content_decode(item->manifest, &content) == DAF_OK)
        r->part_bytes = content.chunk_bytes;
    post(k, r);
}

static void tell_found(struct daf_keeper *k, const struct daf_hash *content)
{
    struct daf_shelf_item item;

    if (daf_shelf_find(k->shelf, content, &item)) tell_item(k, &item);
}

static void tell_all(struct daf_keeper *k)
{
    struct daf_shelf_item item;

    for (size_t i = 0; i < daf_shelf_count(k->shelf); i++) {
        daf_shelf_at(k->shelf, i, &item);
        tell_item(k, &item);
    }
}

static void tell_gone(struct daf_keeper *k, const struct daf_hash *content)
{
    struct daf_keeper_result *r = result_new(DAF_KEEPER_GONE);

    r->item.content = *content;
    post(k, r);
}

static enum daf_err look_all(struct daf_keeper *k)
{
    size_t count = daf_shelf_count(k->shelf);
    struct daf_hash *before = malloc((count + 1) * sizeof(*before));
    struct daf_shelf_item item;
    enum daf_err err;

    if (before == NULL) abort();
    for (size_t i = 0; i < count; i++) {
        daf_shelf_at(k->shelf, i, &item);
        before[i] = item.content;
    }
    err = daf_shelf_look(k->shelf);
    /* Also after an error: one that changed and cannot be read is gone. */
    for (size_t i = 0; i < count; i++) {
        if (!daf_shelf_find(k->shelf, &before[i], &item))
            tell_gone(k, &before[i]);
    }
    free(before);
    if (err == DAF_OK) tell_all(k);
    return err;
}

/* What a publisher left that went without a word is counted, not promised. */
static void settle(struct daf_keeper *k)
{
    enum daf_err err = DAF_OK;

    if (daf_shelf_is_promise_over(k->shelf)) err = look_all(k);
    (void)err; /* it stays promised, until it is looked at again */
}

/* Whoever had no room may have it now. */
static void unstick(struct daf_keeper *k)
{
    struct stuck *old = k->stuck;
    size_t count = k->stuck_count;

    settle(k);
    k->retry_at = DAF_MONO_NEVER;
    k->stuck = NULL;
    k->stuck_count = k->stuck_cap = 0;
    for (size_t i = 0; i < count; i++) {
        struct daf_shelf_item item;
        enum daf_err err;

        if (!daf_shelf_find(k->shelf, &old[i].content, &item)) continue;
        /* To wish for it again tries to reserve again. */
        err = daf_shelf_add(k->shelf, item.manifest, item.wishes, 0);
        if (err != DAF_OK) stick(k, &old[i].content, err);
        tell_found(k, &old[i].content);
    }
    free(old);
}

/* ---- jobs */

static bool is_end(enum daf_err err, enum daf_shelf_put put)
{
    return err != DAF_OK || put != DAF_SHELF_MORE;
}

static void do_put(struct daf_keeper *k, const struct job *j)
{
    struct daf_keeper_result *r = result_new(DAF_KEEPER_PUT);
    const struct daf_port_piece *p = &j->piece;
    bool is_here, is_other;

    r->conn = j->conn;
    r->piece =
        (struct daf_port_piece){p->content, p->part, p->offset, {NULL, 0}};
    r->err = daf_shelf_put(k->shelf, &p->content, p->part, j->conn, p->offset,
                           (struct daf_view){j->bytes, j->len}, &r->put);
    if (k->unsynced.ms == DAF_MONO_NEVER.ms && daf_shelf_unsynced(k->shelf) > 0)
        k->unsynced = daf_clock_now();
    if (!is_end(r->err, r->put)) {
        daf_keeper_result_free(r);
        wake_taker(k); /* who waits for room in the queue has it */
        return;
    }
    say_trouble(k, r);
    is_here = daf_shelf_find(k->shelf, &p->content, &r->item);
    if (is_here) r->item.manifest = r->item.bits = (struct daf_view){NULL, 0};
    /* First that it is stuck, or it would be asked for again at once. */
    if (r->err != DAF_OK && is_here) {
        stick(k, &p->content, r->err);
        tell_found(k, &p->content);
    }
    is_other = r->err == DAF_OK &&
               (r->put == DAF_SHELF_LIST || r->put == DAF_SHELF_WHOLE ||
                r->put == DAF_SHELF_CONDEMNED);
    post(k, r); /* and is the taker's */
    if (is_other) tell_found(k, &p->content);
}

static void do_read(struct daf_keeper *k, const struct job *j)
{
    struct daf_keeper_result *r = result_new(DAF_KEEPER_READ);
    const struct daf_port_piece *p = &j->piece;
    uint8_t *room = malloc(DAF_PIECE_BYTES_MAX);
    size_t len = DAF_PIECE_BYTES_MAX;
    uint32_t bytes = 0;

    if (room == NULL) abort();
    r->conn = j->conn;
    r->err = daf_shelf_part_bytes(k->shelf, &p->content, p->part, &bytes);
    if (r->err == DAF_OK)
        r->err = daf_shelf_read(k->shelf, &p->content, p->part, p->offset, room,
                                &len);
    if (r->err != DAF_OK) len = 0;
    r->is_last = p->offset + len >= bytes;
    r->piece =
        (struct daf_port_piece){p->content, p->part, p->offset, {room, len}};
    say_trouble(k, r);
    post(k, r);
}

static void do_add(struct daf_keeper *k, const struct job *j)
{
    const struct daf_view manifest = {j->bytes, j->len};
    struct daf_hash content = daf_content_id(manifest);
    enum daf_err err;

    settle(k);
    err = daf_shelf_add(k->shelf, manifest, j->set, j->clear);
    if (err == DAF_EBUSY) {
        stick(k, &content, err);
        tell_found(k, &content);
        err = DAF_OK;
    } else if (err == DAF_OK) {
        struct stuck *s = stuck_of(k, &content);

        /* To take a wish back does not try again. */
        if (s != NULL && j->set != 0) *s = k->stuck[--k->stuck_count];
        tell_found(k, &content);
    }
    done(k, j->ticket, err);
}

static void do_drop(struct daf_keeper *k, const struct job *j)
{
    enum daf_err err = daf_shelf_drop(k->shelf, &j->piece.content);

    if (err == DAF_OK) {
        tell_gone(k, &j->piece.content);
        unstick(k);
    }
    done(k, j->ticket, err);
}

static void do_look(struct daf_keeper *k, const struct job *j)
{
    const struct daf_hash *content = &j->piece.content;
    enum daf_err err;

    if (j->is_one) {
        err = daf_shelf_look_at(k->shelf, content, j->number);
        if (err == DAF_OK) tell_found(k, content);
    } else {
        err = look_all(k);
    }
    done(k, j->ticket, err);
}

static void do_open(struct daf_keeper *k, const struct job *j)
{
    struct daf_keeper_result *r = result_new(DAF_KEEPER_FILE);

    r->ticket = j->ticket;
    r->file.fd = -1;
    r->err = daf_shelf_file(k->shelf, &j->piece.content, (const char *)j->bytes,
                            &r->file);
    say_trouble(k, r);
    post(k, r);
}

/* To a publisher; what others have left is counted first. */
static enum daf_err promise(struct daf_keeper *k, const struct job *j,
                            struct daf_keeper_result *r)
{
    enum daf_err err;

    while ((err = daf_shelf_promise(k->shelf, j->number, j->room, &r->room,
                                    &r->is_disk)) == DAF_EBUSY) {
        err = look_all(k);
        if (err != DAF_OK) break;
    }
    return err;
}

static void do_room(struct daf_keeper *k, const struct job *j)
{
    struct daf_keeper_result *r = result_new(DAF_KEEPER_ROOM);

    r->ticket = j->ticket;
    if (j->number != 0)
        r->err = promise(k, j, r);
    else {
        r->room = daf_shelf_room(k->shelf, &r->is_disk);
        r->err = j->room <= r->room ? DAF_OK : DAF_EFULL;
    }
    say_trouble(k, r);
    post(k, r);
}

static void do_list(struct daf_keeper *k, const struct job *j)
{
    struct daf_keeper_result *r = result_new(DAF_KEEPER_LIST);

    r->ticket = j->ticket;
    r->err = daf_shelf_list(k->shelf, &j->piece.content, &r->bytes);
    r->bytes = r->err == DAF_OK ? copy(r->bytes) : (struct daf_view){NULL, 0};
    say_trouble(k, r);
    post(k, r);
}

static void do_check(struct daf_keeper *k, const struct job *j)
{
    struct daf_keeper_result *r = result_new(DAF_KEEPER_DONE);

    r->ticket = j->ticket;
    r->err = daf_shelf_check(k->shelf, true, NULL, NULL, &r->room);
    say_trouble(k, r);
    if (r->room > 0) tell_all(k);
    post(k, r);
}

/* Without a shelf there is an answer all the same. */
static void refuse(struct daf_keeper *k, const struct job *j)
{
    struct daf_keeper_result *r;

    switch (j->kind) {
    case JOB_PUT:
        r = result_new(DAF_KEEPER_PUT);
        break;
    case JOB_READ:
        r = result_new(DAF_KEEPER_READ);
        break;
    case JOB_OPEN:
        r = result_new(DAF_KEEPER_FILE);
        break;
    case JOB_ROOM:
        r = result_new(DAF_KEEPER_ROOM);
        break;
    case JOB_LIST:
        r = result_new(DAF_KEEPER_LIST);
        break;
    case JOB_FORGET:
        return;
    case JOB_ADD:
    case JOB_DROP:
    case JOB_LOOK:
    case JOB_CHECK:
        r = result_new(DAF_KEEPER_DONE);
        break;
    default:
        abort();
    }
    r->ticket = j->ticket;
    r->conn = j->conn;
    r->piece = j->piece;
    r->piece.bytes = (struct daf_view){NULL, 0};
    r->file.fd = -1;
    r->err = k->shelf_err;
    post(k, r);
}

static void do_job(struct daf_keeper *k, const struct job *j)
{
    static void (*const doers[])(struct daf_keeper *, const struct job *) = {
        [JOB_PUT] = do_put,   [JOB_READ] = do_read, [JOB_ADD] = do_add,
        [JOB_DROP] = do_drop, [JOB_LOOK] = do_look, [JOB_OPEN] = do_open,
        [JOB_ROOM] = do_room, [JOB_LIST] = do_list, [JOB_CHECK] = do_check,
    };

    if (k->shelf == NULL)
        refuse(k, j);
    else if (j->kind == JOB_FORGET)
        daf_shelf_forget(k->shelf, j->conn);
    else
        doers[j->kind](k, j);
}

/* ---- the thread */

/* What came is noted; if it cannot be, whatever is lacking waits. */
static void sync_now(struct daf_keeper *k)
{
    enum daf_err err = daf_shelf_sync(k->shelf);
    struct daf_shelf_item item;

    k->unsynced = DAF_MONO_NEVER;
    for (size_t i = 0; err != DAF_OK && i < daf_shelf_count(k->shelf); i++) {
        daf_shelf_at(k->shelf, i, &item);
        if (item.is_whole || item.wishes == 0) continue;
        stick(k, &item.content, err);
        tell_item(k, &item);
    }
}

/* When something is to be done though nobody asks. */
static struct daf_mono alarm_at(const struct daf_keeper *k)
{
    struct daf_mono at = k->retry_at;

    if (k->unsynced.ms != DAF_MONO_NEVER.ms &&
        k->unsynced.ms + DAF_KEEPER_SYNC_MS < at.ms)
        at.ms = k->unsynced.ms + DAF_KEEPER_SYNC_MS;
    return at;
}

static void on_alarm(struct daf_keeper *k)
{
    struct daf_mono now = daf_clock_now();

    if (k->shelf == NULL) return;
    if (daf_shelf_unsynced(k->shelf) == 0) k->unsynced = DAF_MONO_NEVER;
    if (k->unsynced.ms != DAF_MONO_NEVER.ms &&
        now.ms >= k->unsynced.ms + DAF_KEEPER_SYNC_MS)
        sync_now(k);
    if (now.ms >= k->retry_at.ms) unstick(k);
}

/* The next job; NULL: the alarm rings, or it is over.  Locked. */
static struct job *next_job(struct daf_keeper *k)
{
    struct daf_mono at = alarm_at(k);
    struct job *j;

    while (k->jobs == NULL && !k->is_closing) {
        struct timespec ts = {(time_t)(at.ms / 1000),
                              (long)(at.ms % 1000) * 1000000};

        if (at.ms == DAF_MONO_NEVER.ms)
            (void)pthread_cond_wait(&k->wake, &k->mutex);
        else if (daf_clock_now().ms >= at.ms ||
                 pthread_cond_timedwait(&k->wake, &k->mutex, &ts) == ETIMEDOUT)
            break;
    }
    j = k->jobs;
    if (j == NULL) return NULL;
    k->jobs = j->next;
    if (k->jobs == NULL) k->jobs_end = &k->jobs;
    /* Before its answer: who hears that asks what is queued. */
    if (j->kind == JOB_PUT) k->queued -= j->len;
    return j;
}

static void open_shelf(struct daf_keeper *k)
{
    struct daf_keeper_result *r = result_new(DAF_KEEPER_OPENED);

    k->shelf_err = daf_shelf_open(k->dir, k->budget, true, &k->shelf);
    r->err = k->shelf_err;
    if (k->shelf != NULL) r->room = daf_shelf_unreadable(k->shelf);
    post(k, r);
    if (k->shelf != NULL) tell_all(k);
}

static void *keep(void *ctx)
{
    struct daf_keeper *k = ctx;

    open_shelf(k);
    for (;;) {
        struct job *j;
        bool is_over;

        (void)pthread_mutex_lock(&k->mutex);
        j = next_job(k);
        is_over = j == NULL && k->is_closing;
        (void)pthread_mutex_unlock(&k->mutex);
        if (is_over) break;
        if (j != NULL) {
            do_job(k, j);
            free(j);
        }
        if (daf_clock_now().ms >= alarm_at(k).ms) on_alarm(k);
    }
    daf_shelf_close(k->shelf);
    return NULL;
}

/* ---- asking */

static void ask(struct daf_keeper *k, struct job *j, const void *bytes,
                size_t len)
{
    struct job *own = malloc(sizeof(*own) + len);

    if (own == NULL) abort();
    *own = *j;
    own->next = NULL;
    own->len = len;
    if (len > 0) memcpy(own->bytes, bytes, len);
    (void)pthread_mutex_lock(&k->mutex);
    *k->jobs_end = own;
    k->jobs_end = &own->next;
    if (own->kind == JOB_PUT) k->queued += len;
    (void)pthread_cond_signal(&k->wake);
    (void)pthread_mutex_unlock(&k->mutex);
}

void daf_keeper_put(struct daf_keeper *k, uint32_t conn,
                    const struct daf_port_piece *piece)
{
    struct job j = {.kind = JOB_PUT, .conn = conn, .piece = *piece};

    ask(k, &j, piece->bytes.p, piece->bytes.len);
}

void daf_keeper_forget(struct daf_keeper *k, uint32_t conn)
{
    struct job j = {.kind = JOB_FORGET, .conn = conn};

    ask(k, &j, NULL, 0);
}

void daf_keeper_read(struct daf_keeper *k, uint32_t conn,
                     const struct daf_port_piece *piece)
{
    struct job j = {.kind = JOB_READ, .conn = conn, .piece = *piece};

    ask(k, &j, NULL, 0);
}

void daf_keeper_add(struct daf_keeper *k, uint64_t ticket,
                    struct daf_view manifest, unsigned set, unsigned clear)
{
    struct job j = {.kind = JOB_ADD,
                    .ticket = ticket,
                    .set = set,
                    .clear = clear};

    ask(k, &j, manifest.p, manifest.len);
}

void daf_keeper_drop(struct daf_keeper *k, uint64_t ticket,
                     const struct daf_hash *content)
{
    struct job j = {.kind = JOB_DROP,
                    .ticket = ticket,
                    .piece.content = *content};

    ask(k, &j, NULL, 0);
}

void daf_keeper_look(struct daf_keeper *k, uint64_t ticket,
                     const struct daf_hash *content, uint32_t number)
{
    struct job j = {.kind = JOB_LOOK, .ticket = ticket, .number = number};

    j.is_one = content != NULL;
    if (j.is_one) j.piece.content = *content;
    ask(k, &j, NULL, 0);
}

void daf_keeper_open(struct daf_keeper *k, uint64_t ticket,
                     const struct daf_hash *content, const char *path)
{
    struct job j = {.kind = JOB_OPEN,
                    .ticket = ticket,
                    .piece.content = *content};

    ask(k, &j, path, strlen(path) + 1);
}

void daf_keeper_room(struct daf_keeper *k, uint64_t ticket, uint64_t bytes,
                     uint32_t number)
{
    struct job j = {.kind = JOB_ROOM,
                    .ticket = ticket,
                    .room = bytes,
                    .number = number};

    ask(k, &j, NULL, 0);
}

void daf_keeper_list(struct daf_keeper *k, uint64_t ticket,
                     const struct daf_hash *content)
{
    struct job j = {.kind = JOB_LIST,
                    .ticket = ticket,
                    .piece.content = *content};

    ask(k, &j, NULL, 0);
}

void daf_keeper_check(struct daf_keeper *k, uint64_t ticket)
{
    struct job j = {.kind = JOB_CHECK, .ticket = ticket};

    ask(k, &j, NULL, 0);
}

/* ---- life */

static enum daf_err start(struct daf_keeper *k)
{
    pthread_condattr_t attr;
    sigset_t all, before;
    int failed;

    (void)pthread_mutex_init(&k->mutex, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&k->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    /* Signals are the main thread's. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&k->thread, NULL, keep, k);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed == 0) return DAF_OK;
    (void)pthread_cond_destroy(&k->wake);
    (void)pthread_mutex_destroy(&k->mutex);
    return DAF_EIO;
}

static void dispose(struct daf_keeper *k)
{
    if (k->event_fd >= 0) (void)close(k->event_fd);
    free(k->stuck);
    free(k->dir);
    free(k);
}

enum daf_err daf_keeper_new(const char *dir, uint64_t budget,
                            struct daf_keeper **out)
{
    struct daf_keeper *k = calloc(1, sizeof(*k));
    enum daf_err err = DAF_ENOMEM;

    *out = NULL;
    if (k == NULL) return DAF_ENOMEM;
    k->dir = strdup(dir);
    k->budget = budget;
    k->unsynced = k->retry_at = DAF_MONO_NEVER;
    k->jobs_end = &k->jobs;
    k->results.end = &k->results.first;
    k->reads.end = &k->reads.first;
    k->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (k->dir != NULL) err = k->event_fd >= 0 ? start(k) : DAF_EIO;
    if (err != DAF_OK) {
        dispose(k);
        return err;
    }
    *out = k;
    return DAF_OK;
}

/* READs are for peers, who are gone. */
static void drop_reads(struct daf_keeper *k)
{
    struct job **at = &k->jobs;

    while (*at != NULL) {
        struct job *j = *at;

        if (j->kind != JOB_READ) {
            at = &j->next;
            continue;
        }
        *at = j->next;
        free(j);
    }
    k->jobs_end = at;
}

void daf_keeper_free(struct daf_keeper *k)
{
    struct daf_keeper_result *r;

    if (k == NULL) return;
    (void)pthread_mutex_lock(&k->mutex);
    k->is_closing = true;
    drop_reads(k);
    (void)pthread_cond_signal(&k->wake);
    (void)pthread_mutex_unlock(&k->mutex);
    (void)pthread_join(k->thread, NULL);
    while ((r = daf_keeper_take(k, true)) != NULL) {
        if (r->kind == DAF_KEEPER_FILE && r->file.fd >= 0)
            (void)close(r->file.fd);
        daf_keeper_result_free(r);
    }
    (void)pthread_cond_destroy(&k->wake);
    (void)pthread_mutex_destroy(&k->mutex);
    dispose(k);
}

int daf_keeper_fd(const struct daf_keeper *k)
{
    return k->event_fd;
}

static struct daf_keeper_result *pop(struct results *from)
{
    struct daf_keeper_result *r = from->first;

    if (r == NULL) return NULL;
    from->first = r->next;
    if (from->first == NULL) from->end = &from->first;
    r->next = NULL;
    return r;
}

struct daf_keeper_result *daf_keeper_take(struct daf_keeper *k, bool reads)
{
    struct daf_keeper_result *r;
    uint64_t count;

    /* Level: who takes reads later asks again by himself. */
    while (read(k->event_fd, &count, sizeof(count)) < 0 && errno == EINTR) {
    }
    (void)pthread_mutex_lock(&k->mutex);
    r = pop(&k->results);
    if (r == NULL && reads) r = pop(&k->reads);
    (void)pthread_mutex_unlock(&k->mutex);
    return r;
}

size_t daf_keeper_queued(struct daf_keeper *k)
{
    size_t queued;

    (void)pthread_mutex_lock(&k->mutex);
    queued = k->queued;
    (void)pthread_mutex_unlock(&k->mutex);
    return queued;
}
