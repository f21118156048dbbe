/* SPDX-License-Identifier: Apache-2.0 */
/* Life of the keeper, and the main thread's side of it. */
#include "node/keeper_impl.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* ---- jobs */

void daf_keeper_queue_add(struct daf_keeper_queue *q, struct daf_keeper_job *j)
{
    j->next = NULL;
    *q->end = j;
    q->end = &j->next;
}

struct daf_keeper_job *daf_keeper_queue_take(struct daf_keeper_queue *q)
{
    struct daf_keeper_job *j = q->first;

    if (j == NULL) return NULL;
    q->first = j->next;
    if (q->first == NULL) q->end = &q->first;
    j->next = NULL;
    return j;
}

static void queue_init(struct daf_keeper_queue *q)
{
    q->first = NULL;
    q->end = &q->first;
}

static void job_dispose(struct daf_keeper_job *j)
{
    daf_keeper_result_free(j->answer);
    free(j);
}

static void queue_dispose(struct daf_keeper_queue *q)
{
    struct daf_keeper_job *j;

    while ((j = daf_keeper_queue_take(q)) != NULL)
        job_dispose(j);
}

/* A room for a piece is kept for the next one. */
void daf_keeper_job_free(struct daf_keeper *k, struct daf_keeper_job *j)
{
    bool is_kept = false;

    if (j->cap == DAF_PIECE_BYTES_MAX) {
        (void)pthread_mutex_lock(&k->mutex);
        is_kept = k->spares < DAF_KEEPER_SPARE;
        if (is_kept) {
            j->next = k->spare;
            k->spare = j;
            k->spares++;
        }
        (void)pthread_mutex_unlock(&k->mutex);
    }
    if (!is_kept) job_dispose(j);
}

static struct daf_keeper_job *spare_take(struct daf_keeper *k)
{
    struct daf_keeper_job *j;

    (void)pthread_mutex_lock(&k->mutex);
    j = k->spare;
    if (j != NULL) {
        k->spare = j->next;
        k->spares--;
    }
    (void)pthread_mutex_unlock(&k->mutex);
    return j;
}

/* ---- asking */

/* What is asked, but for its bytes; and the kind of its answer. */
struct asking {
    struct daf_keeper_job job;
    enum daf_keeper_kind answer;
    bool is_unanswered;
};

static bool answer_make(struct daf_keeper_job *j, const struct asking *a)
{
    if (a->is_unanswered) return true;
    if (j->answer == NULL) j->answer = malloc(sizeof(*j->answer));
    if (j->answer == NULL) return false;
    *j->answer = (struct daf_keeper_result){
        .kind = a->answer,
        .ticket = a->job.ticket,
        .conn = a->job.conn,
        .piece = a->job.piece,
        .file = {.fd = -1},
    };
    j->answer->piece.bytes = (struct daf_view){NULL, 0};
    return true;
}

static struct daf_keeper_job *job_make(struct daf_keeper *k,
                                       const struct asking *a,
                                       struct daf_view bytes)
{
    bool is_piece =
        a->job.kind == DAF_KEEPER_JOB_PUT && bytes.len <= DAF_PIECE_BYTES_MAX;
    size_t cap = is_piece ? DAF_PIECE_BYTES_MAX : bytes.len;
    struct daf_keeper_job *j = is_piece ? spare_take(k) : NULL;
    struct daf_keeper_result *answer = j != NULL ? j->answer : NULL;

    if (j == NULL) j = malloc(sizeof(*j) + cap);
    if (j == NULL) return NULL;
    *j = a->job;
    j->bytes = (uint8_t *)(j + 1);
    j->answer = answer;
    j->cap = cap;
    j->len = bytes.len;
    if (bytes.len > 0) memcpy(j->bytes, bytes.p, bytes.len);
    if (answer_make(j, a)) return j;
    job_dispose(j);
    return NULL;
}

static bool ask(struct daf_keeper *k, struct daf_keeper_queue *q,
                const struct asking *a, struct daf_view bytes)
{
    struct daf_keeper_job *j = job_make(k, a, bytes);

    if (j == NULL) return false;
    (void)pthread_mutex_lock(&k->mutex);
    daf_keeper_queue_add(q, j);
    if (j->kind == DAF_KEEPER_JOB_PUT) k->queued += j->len;
    (void)pthread_cond_signal(&k->wake);
    (void)pthread_mutex_unlock(&k->mutex);
    return true;
}

/* A person's doing.  Without memory for a few hundred bytes the process cannot go
 * on telling the truth. */
static void ask_people(struct daf_keeper *k, struct asking a,
                       struct daf_view bytes)
{
    if (!ask(k, &k->people, &a, bytes)) abort();
}

static const struct daf_view none;

bool daf_keeper_put(struct daf_keeper *k, uint32_t conn,
                    const struct daf_port_piece *piece)
{
    const struct asking a = {.job = {.kind = DAF_KEEPER_JOB_PUT,
                                     .conn = conn,
                                     .piece = *piece},
                             .answer = DAF_KEEPER_PUT};

    return ask(k, &k->putting, &a, piece->bytes);
}

/* Without memory for it what was begun is in the way of others until the
 * connection's number comes again. */
void daf_keeper_forget(struct daf_keeper *k, uint32_t conn)
{
    const struct asking a = {.job = {.kind = DAF_KEEPER_JOB_FORGET,
                                     .conn = conn},
                             .is_unanswered = true};
    bool is_asked = ask(k, &k->putting, &a, none);

    (void)is_asked;
}

bool daf_keeper_read(struct daf_keeper *k, uint32_t conn,
                     const struct daf_port_piece *piece)
{
    const struct asking a = {.job = {.kind = DAF_KEEPER_JOB_READ,
                                     .conn = conn,
                                     .piece = *piece},
                             .answer = DAF_KEEPER_READ};

    return ask(k, &k->reading, &a, none);
}

void daf_keeper_add(struct daf_keeper *k, uint64_t ticket,
                    struct daf_view manifest, unsigned set, unsigned clear)
{
    ask_people(k,
               (struct asking){.job = {.kind = DAF_KEEPER_JOB_ADD,
                                       .ticket = ticket,
                                       .set = set,
                                       .clear = clear},
                               .answer = DAF_KEEPER_DONE},
               manifest);
}

/* The rest: a ticket and, of some, an item. */
static struct asking asking(enum daf_keeper_job_kind kind,
                            enum daf_keeper_kind answer, uint64_t ticket,
                            const struct daf_hash *content)
{
    struct asking a = {.job = {.kind = kind, .ticket = ticket},
                       .answer = answer};

    if (content != NULL) a.job.piece.content = *content;
    return a;
}

void daf_keeper_drop(struct daf_keeper *k, uint64_t ticket,
                     const struct daf_hash *content)
{
    ask_people(k, asking(DAF_KEEPER_JOB_DROP, DAF_KEEPER_DONE, ticket, content),
               none);
}

void daf_keeper_give_back(struct daf_keeper *k, uint64_t ticket,
                          const struct daf_hash *content)
{
    struct asking a =
        asking(DAF_KEEPER_JOB_DROP, DAF_KEEPER_DONE, ticket, content);

    a.job.is_only_lacking = true;
    ask_people(k, a, none);
}

void daf_keeper_evict(struct daf_keeper *k, uint64_t ticket,
                      const struct daf_hash *content)
{
    struct asking a =
        asking(DAF_KEEPER_JOB_DROP, DAF_KEEPER_DONE, ticket, content);

    a.job.is_for_room = true;
    ask_people(k, a, none);
}

void daf_keeper_look(struct daf_keeper *k, uint64_t ticket,
                     const struct daf_hash *content, uint32_t number)
{
    struct asking a =
        asking(DAF_KEEPER_JOB_LOOK, DAF_KEEPER_DONE, ticket, content);

    a.job.is_one = content != NULL;
    a.job.number = number;
    ask_people(k, a, none);
}

void daf_keeper_open(struct daf_keeper *k, uint64_t ticket,
                     const struct daf_hash *content, const char *path)
{
    ask_people(k, asking(DAF_KEEPER_JOB_OPEN, DAF_KEEPER_FILE, ticket, content),
               (struct daf_view){(const uint8_t *)path, strlen(path) + 1});
}

void daf_keeper_room(struct daf_keeper *k, uint64_t ticket, uint64_t bytes,
                     uint32_t number)
{
    struct asking a =
        asking(DAF_KEEPER_JOB_ROOM, DAF_KEEPER_ROOM, ticket, NULL);

    a.job.room = bytes;
    a.job.number = number;
    ask_people(k, a, none);
}

void daf_keeper_list(struct daf_keeper *k, uint64_t ticket,
                     const struct daf_hash *content)
{
    ask_people(k, asking(DAF_KEEPER_JOB_LIST, DAF_KEEPER_LIST, ticket, content),
               none);
}

void daf_keeper_check(struct daf_keeper *k, uint64_t ticket)
{
    ask_people(k, asking(DAF_KEEPER_JOB_CHECK, DAF_KEEPER_DONE, ticket, NULL),
               none);
}

void daf_keeper_volume(struct daf_keeper *k)
{
    ask_people(k,
               (struct asking){.job = {.kind = DAF_KEEPER_JOB_VOLUME},
                               .is_unanswered = true},
               none);
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
    failed = pthread_create(&k->thread, NULL, daf_keeper_thread, k);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed == 0) return DAF_OK;
    (void)pthread_cond_destroy(&k->wake);
    (void)pthread_mutex_destroy(&k->mutex);
    return DAF_EIO;
}

static struct daf_keeper_job *spare_next(struct daf_keeper *k)
{
    struct daf_keeper_job *j = k->spare;

    k->spare = j->next;
    return j;
}

static void dispose(struct daf_keeper *k)
{
    if (k->event_fd >= 0) (void)close(k->event_fd);
    queue_dispose(&k->people);
    queue_dispose(&k->putting);
    queue_dispose(&k->reading);
    while (k->spare != NULL)
        job_dispose(spare_next(k));
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
    k->unsynced = k->retry_at = k->untold_at = DAF_MONO_NEVER;
    k->close_by = DAF_MONO_NEVER;
    queue_init(&k->people);
    queue_init(&k->putting);
    queue_init(&k->reading);
    queue_init(&k->checks);
    queue_init(&k->leaving);
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

void daf_keeper_finish(struct daf_keeper *k)
{
    (void)pthread_mutex_lock(&k->mutex);
    k->is_finishing = true;
    (void)pthread_cond_signal(&k->wake);
    (void)pthread_mutex_unlock(&k->mutex);
}

void daf_keeper_free(struct daf_keeper *k)
{
    struct daf_keeper_result *r;

    if (k == NULL) return;
    (void)pthread_mutex_lock(&k->mutex);
    k->is_finishing = k->is_closing = true;
    k->close_by = daf_clock_after(daf_clock_now(), DAF_KEEPER_CLOSE_MS);
    queue_dispose(&k->reading); /* for peers, who are gone */
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

int daf_keeper_fd(const struct daf_keeper *k)
{
    return k->event_fd;
}

static struct daf_keeper_result *pop(struct daf_keeper_results *from)
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
