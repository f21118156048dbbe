/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper's thread: whose turn it is.  People's jobs come first; then peers' jobs
 * and long work take turns of DAF_KEEPER_TURN_MS each; of long work what others
 * wait for comes before a check. */
#include "node/keeper_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

/* ---- turns */

/* When something is to be done though nobody asks. */
static struct daf_mono alarm_at(const struct daf_keeper *k)
{
    struct daf_mono at = k->retry_at;

    if (k->untold_at.ms < at.ms) at = k->untold_at;
    if (k->unsynced.ms != DAF_MONO_NEVER.ms &&
        k->unsynced.ms + DAF_KEEPER_SYNC_MS < at.ms)
        at.ms = k->unsynced.ms + DAF_KEEPER_SYNC_MS;
    return at;
}

static bool has_jobs(const struct daf_keeper *k)
{
    return k->people.first != NULL || k->putting.first != NULL ||
           k->reading.first != NULL;
}

/* Asked between two units of long work. */
static bool is_turn_over(void *ctx)
{
    struct daf_keeper *k = ctx;
    struct daf_mono now = daf_clock_now();
    bool is_over;

    (void)pthread_mutex_lock(&k->mutex);
    if (k->is_finishing && k->is_idle_work)
        is_over = true;
    else if (k->is_closing || k->is_opening)
        is_over = now.ms >= k->close_by.ms;
    else
        is_over = k->people.first != NULL ||
                  (now.ms >= k->turn_end.ms &&
                   (has_jobs(k) || now.ms >= alarm_at(k).ms));
    (void)pthread_mutex_unlock(&k->mutex);
    return is_over;
}

static void begin_turn(struct daf_keeper *k, bool is_idle_work)
{
    k->is_idle_work = is_idle_work;
    k->turn_end = daf_clock_after(daf_clock_now(), DAF_KEEPER_TURN_MS);
}

/* ---- long work */

/* What is still not noted, though nothing is being noted any more, is in time. */
static void note_again(struct daf_keeper *k)
{
    if (k->unsynced.ms == DAF_MONO_NEVER.ms &&
        daf_shelf_unsynced(k->shelf) > 0 && !daf_shelf_has_work(k->shelf, true))
        k->unsynced = daf_clock_now();
}

/* Of what has ended people and peers are told. */
static void work(struct daf_keeper *k, bool notes)
{
    struct daf_shelf_worked done;

    begin_turn(k, !notes);
    if (!daf_shelf_work(k->shelf, notes, &done)) return;
    if (done.err == DAF_OK) note_again(k);
    if (done.is_gone) daf_keeper_unstick(k);
    if (done.is_gone && !daf_shelf_is_going(k->shelf)) daf_keeper_left(k);
    if (done.err != DAF_OK) daf_keeper_stick(k, &done.content, done.err);
    if (done.is_news || done.err != DAF_OK)
        daf_keeper_tell_found(k, &done.content);
}

static void end_check(struct daf_keeper *k, enum daf_err err)
{
    struct daf_keeper_job *j = daf_keeper_queue_take(&k->checks);

    daf_shelf_check_end(k->check);
    k->check = NULL;
    daf_keeper_answer(k, j, err);
    daf_keeper_job_free(k, j);
}

static void go_on_checking(struct daf_keeper *k)
{
    struct daf_shelf_checked now = {.is_over = false};
    enum daf_err err = DAF_OK;

    begin_turn(k, true);
    if (k->check == NULL)
        err = daf_shelf_check_begin(k->shelf, true, NULL, NULL, &k->check);
    if (err == DAF_OK) err = daf_shelf_check_work(k->check, &now);
    if (now.has_changed) daf_keeper_tell_found(k, &now.content);
    k->checks.first->answer->room = now.found;
    if (err != DAF_OK || now.is_over) end_check(k, err);
}

/* False: there is none. */
static bool do_long_work(struct daf_keeper *k, bool is_ending)
{
    if (k->shelf == NULL) return false;
    while (is_ending && k->checks.first != NULL)
        end_check(k, DAF_EBUSY);
    if (daf_shelf_has_work(k->shelf, is_ending))
        work(k, is_ending || daf_shelf_has_work(k->shelf, true));
    else if (k->checks.first != NULL)
        go_on_checking(k);
    else
        return false;
    return true;
}

static bool has_long_work(const struct daf_keeper *k)
{
    return k->shelf != NULL && (k->checks.first != NULL ||
                                daf_shelf_has_work(k->shelf, k->is_finishing));
}

/* ---- alarms */

/* What came is noted; if it cannot be, whatever is lacking waits. */
static void sync_now(struct daf_keeper *k)
{
    struct daf_shelf_item item;
    enum daf_err err;

    begin_turn(k, false);
    err = daf_shelf_sync(k->shelf);
    k->unsynced = DAF_MONO_NEVER;
    if (err == DAF_OK)
        note_again(k); /* the turn was over before all was noted */
    for (size_t i = 0; err != DAF_OK && i < daf_shelf_count(k->shelf); i++) {
        daf_shelf_at(k->shelf, i, &item);
        if (item.is_whole || item.wishes == 0) continue;
        daf_keeper_stick(k, &item.content, err);
        daf_keeper_tell_found(k, &item.content);
    }
}

static void on_alarm(struct daf_keeper *k)
{
    struct daf_mono now = daf_clock_now();

    if (k->shelf == NULL) return;
    if (daf_shelf_unsynced(k->shelf) == 0) k->unsynced = DAF_MONO_NEVER;
    /* What is being noted goes on by work(), which tells how it ended. */
    if (k->unsynced.ms != DAF_MONO_NEVER.ms &&
        now.ms >= k->unsynced.ms + DAF_KEEPER_SYNC_MS &&
        !daf_shelf_has_work(k->shelf, true))
        sync_now(k);
    if (now.ms >= k->retry_at.ms) daf_keeper_unstick(k);
    if (now.ms >= k->untold_at.ms) daf_keeper_tell_all(k);
}

/* ---- jobs */

static void wait(struct daf_keeper *k, struct daf_mono until)
{
    struct timespec ts = {(time_t)(until.ms / 1000),
                          (long)(until.ms % 1000) * 1000000};

    if (until.ms == DAF_MONO_NEVER.ms)
        (void)pthread_cond_wait(&k->wake, &k->mutex);
    else
        (void)pthread_cond_timedwait(&k->wake, &k->mutex, &ts);
}

/* A peer's job; what is put waits while something is being synced. */
static struct daf_keeper_job *take_peers(struct daf_keeper *k)
{
    bool may_put = k->shelf == NULL || !daf_shelf_has_work(k->shelf, true);
    struct daf_keeper_job *j = NULL;

    k->is_read_next = !k->is_read_next;
    if (k->is_read_next || !may_put) j = daf_keeper_queue_take(&k->reading);
    if (j != NULL) return j;
    if (may_put) j = daf_keeper_queue_take(&k->putting);
    /* Before its answer: who hears that asks what is queued. */
    if (j != NULL && j->kind == DAF_KEEPER_JOB_PUT) k->queued -= j->len;
    return j != NULL ? j : daf_keeper_queue_take(&k->reading);
}

struct turn {
    struct daf_keeper_job *job; /* NULL: long work, an alarm, or nothing */
    bool is_people, is_ending, is_over;
};

/* Locked.  @is_works: it is not the peers' turn. */
static struct turn next_turn(struct daf_keeper *k, bool is_works)
{
    for (;;) {
        struct turn t = {NULL, false, k->is_finishing, false};
        bool has_work = has_long_work(k);
        struct daf_mono now = daf_clock_now();

        t.is_over = k->is_closing &&
                    (now.ms >= k->close_by.ms || (!has_jobs(k) && !has_work));
        if (t.is_over) return t;
        t.job = daf_keeper_queue_take(&k->people);
        t.is_people = t.job != NULL;
        if (t.job == NULL && !(has_work && is_works)) t.job = take_peers(k);
        if (t.job != NULL || has_work || now.ms >= alarm_at(k).ms) return t;
        wait(k, alarm_at(k));
    }
}

/* It was the first, and is again. */
static void put_back(struct daf_keeper *k, struct daf_keeper_job *j)
{
    (void)pthread_mutex_lock(&k->mutex);
    j->next = k->putting.first;
    k->putting.first = j;
    if (j->next == NULL) k->putting.end = &j->next;
    k->queued += j->len;
    (void)pthread_mutex_unlock(&k->mutex);
}

static void post(struct daf_keeper *k, enum daf_keeper_kind kind,
                 enum daf_err err)
{
    struct daf_keeper_result *r = calloc(1, sizeof(*r));

    if (r == NULL) abort();
    r->kind = kind;
    r->err = err;
    if (kind == DAF_KEEPER_OPENED && k->shelf != NULL)
        r->room = daf_shelf_unreadable(k->shelf);
    daf_keeper_post(k, r);
}

typedef enum daf_err (*open_fn)(const char *dir, uint64_t budget,
                                const struct daf_shelf_turns *turns,
                                struct daf_shelf **out);

/* That it is as it was is not said again. */
static void open_shelf(struct daf_keeper *k, open_fn open)
{
    const struct daf_shelf_turns turns = {is_turn_over, k};
    enum daf_err before = k->shelf_err;

    k->is_opening = true; /* jobs wait for it: only a close ends it */
    k->shelf_err = open(k->dir, k->budget, &turns, &k->shelf);
    k->is_opening = false;
    if (open == daf_shelf_open_again && k->shelf_err == before) return;
    post(k, DAF_KEEPER_OPENED, k->shelf_err);
    if (k->shelf == NULL) return;
    daf_keeper_tell_all(k);
    post(k, DAF_KEEPER_TOLD, DAF_OK);
}

/* First that none is there, so that nobody thinks each was dropped. */
static void lose_shelf(struct daf_keeper *k)
{
    struct daf_shelf_item item;

    while (k->checks.first != NULL)
        end_check(k, DAF_ENOTFOUND);
    daf_keeper_left(k);
    k->shelf_err = DAF_ENOTFOUND;
    post(k, DAF_KEEPER_OPENED, k->shelf_err);
    for (size_t i = 0; i < daf_shelf_count(k->shelf); i++) {
        daf_shelf_at(k->shelf, i, &item);
        daf_keeper_tell_gone(k, &item.content);
    }
    begin_turn(k, true);
    daf_shelf_close(k->shelf);
    k->shelf = NULL;
    k->stuck_count = 0;
    k->unsynced = k->retry_at = k->untold_at = DAF_MONO_NEVER;
}

void daf_keeper_volume_look(struct daf_keeper *k)
{
    if (k->shelf != NULL && !daf_shelf_is_there(k->shelf, k->dir))
        lose_shelf(k);
    if (k->shelf == NULL) open_shelf(k, daf_shelf_open_again);
}

void *daf_keeper_thread(void *keeper)
{
    struct daf_keeper *k = keeper;
    struct daf_mono peers_until = {0};
    bool is_peers = false; /* at least one job of theirs between two turns */

    open_shelf(k, daf_shelf_open_turns);
    for (;;) {
        struct daf_mono now = daf_clock_now();
        struct turn t;

        (void)pthread_mutex_lock(&k->mutex);
        t = next_turn(k, !is_peers && now.ms >= peers_until.ms);
        (void)pthread_mutex_unlock(&k->mutex);
        if (t.is_over) break;
        begin_turn(k, false);
        if (t.job != NULL && !daf_keeper_do(k, t.job)) put_back(k, t.job);
        if (t.job == NULL) {
            is_peers = do_long_work(k, t.is_ending);
            peers_until = daf_clock_after(daf_clock_now(), DAF_KEEPER_TURN_MS);
        } else if (!t.is_people) {
            is_peers = false;
        }
        if (daf_clock_now().ms >= alarm_at(k).ms) on_alarm(k);
    }
    while (k->checks.first != NULL)
        end_check(k, DAF_EBUSY);
    daf_keeper_left(k); /* the rest goes at the next start */
    k->is_idle_work = false;
    daf_shelf_close(k->shelf);
    return NULL;
}
