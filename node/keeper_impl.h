/* SPDX-License-Identifier: Apache-2.0 */
/* node/keeper_impl.h - the inside of the keeper, shared by keeper*.c.
 *
 *      keeper.c        life; what the main thread asks and takes
 *      keeper_tell.c   results, and what is stuck
 *      keeper_jobs.c   what is asked, done
 *      keeper_turns.c  the thread: whose turn it is, long work, alarms */
#ifndef DAF_NODE_KEEPER_IMPL_H
#define DAF_NODE_KEEPER_IMPL_H

#include "node/clock.h"
#include "node/keeper.h"

#include <pthread.h>

#define DAF_KEEPER_TURN_MS   50   /* of long work, while others wait */
#define DAF_KEEPER_UNTOLD_MS 1000 /* what could not be told is told again */
#define DAF_KEEPER_SPARE     8    /* pieces' rooms kept for the next ones */

enum daf_keeper_job_kind {
    DAF_KEEPER_JOB_PUT,
    DAF_KEEPER_JOB_FORGET,
    DAF_KEEPER_JOB_READ,
    DAF_KEEPER_JOB_ADD,
    DAF_KEEPER_JOB_DROP,
    DAF_KEEPER_JOB_LOOK,
    DAF_KEEPER_JOB_OPEN,
    DAF_KEEPER_JOB_ROOM,
    DAF_KEEPER_JOB_LIST,
    DAF_KEEPER_JOB_CHECK,
    DAF_KEEPER_JOB_VOLUME,
};

/* Its answer is made with it: who cannot be answered is not asked for anything. */
struct daf_keeper_job {
    struct daf_keeper_job *next;
    enum daf_keeper_job_kind kind;
    struct daf_keeper_result *answer; /* NULL: none (any more) */
    uint64_t ticket, room;
    uint32_t conn, number;       /* number: of a publisher */
    bool is_one;                 /* LOOK: at piece.content */
    bool is_only_lacking;        /* DROP: daf_keeper_give_back() */
    bool is_for_room;            /* DROP: daf_keeper_evict() */
    struct daf_port_piece piece; /* bytes: in `bytes` */
    unsigned set, clear;
    size_t len, cap;
    uint8_t *bytes; /* behind it: a piece, a manifest, a path with its NUL */
};

struct daf_keeper_queue {
    struct daf_keeper_job *first, **end;
};

struct daf_keeper_results {
    struct daf_keeper_result *first, **end;
};

/* An item that is not fetched now. */
struct daf_keeper_stuck {
    struct daf_hash content;
    enum daf_err err;
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
    struct daf_keeper_stuck *stuck;
    struct daf_mono retry_at;
    struct daf_mono untold_at;      /* items could not be told; or NEVER */
    struct daf_keeper_queue checks; /* the first is under way if there is: */
    struct daf_shelf_check *check;
    struct daf_keeper_queue leaving; /* DROPs whose room is not free yet */
    struct daf_mono turn_end;        /* of long work */
    bool is_idle_work;               /* nobody waits for it: it ends at once */
    bool is_opening, is_read_next;

    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t wake;
    struct daf_keeper_queue people, putting,
        reading; /* the latter are peers' */
    struct daf_keeper_results results, reads;
    size_t queued;
    struct daf_keeper_job *spare; /* with room for a piece each */
    size_t spares;
    bool is_finishing, is_closing;
    struct daf_mono close_by;
};

/* ---- keeper.c */
void daf_keeper_job_free(struct daf_keeper *k, struct daf_keeper_job *j);
/** daf_keeper_queue_add, _take: at its end; its first one or NULL. */
void daf_keeper_queue_add(struct daf_keeper_queue *q, struct daf_keeper_job *j);
struct daf_keeper_job *daf_keeper_queue_take(struct daf_keeper_queue *q);

/* ---- keeper_tell.c */
/** daf_keeper_post: it is the taker's then. */
void daf_keeper_post(struct daf_keeper *k, struct daf_keeper_result *r);
/** daf_keeper_answer: post the job's answer. */
void daf_keeper_answer(struct daf_keeper *k, struct daf_keeper_job *j,
                       enum daf_err err);
void daf_keeper_say_trouble(const struct daf_keeper *k,
                            struct daf_keeper_result *r);
/** daf_keeper_copy: false: no memory. */
DAF_NODISCARD bool daf_keeper_copy(struct daf_view v, struct daf_view *out);
struct daf_keeper_stuck *daf_keeper_stuck_of(struct daf_keeper *k,
                                             const struct daf_hash *content);
void daf_keeper_stick(struct daf_keeper *k, const struct daf_hash *content,
                      enum daf_err err);
/** daf_keeper_unstick: whoever had no room may have it now. */
void daf_keeper_unstick(struct daf_keeper *k);
void daf_keeper_tell_found(struct daf_keeper *k,
                           const struct daf_hash *content);
void daf_keeper_tell_all(struct daf_keeper *k);
void daf_keeper_tell_gone(struct daf_keeper *k, const struct daf_hash *content);

/* ---- keeper_jobs.c */
/** daf_keeper_look_all: daf_shelf_look(), and everybody is told. */
DAF_NODISCARD enum daf_err daf_keeper_look_all(struct daf_keeper *k);
/** daf_keeper_settle: what a publisher left that went without a word is counted,
 * not promised. */
void daf_keeper_settle(struct daf_keeper *k);
/** daf_keeper_do: false: not now, and it is to be kept. */
DAF_NODISCARD bool daf_keeper_do(struct daf_keeper *k,
                                 struct daf_keeper_job *j);

/** daf_keeper_left: the room of all that was dropped is free: who waits is told. */
void daf_keeper_left(struct daf_keeper *k);

/* ---- keeper_turns.c */
/** daf_keeper_volume_look: close the shelf if its card is away, open it if it is
 * there again. */
void daf_keeper_volume_look(struct daf_keeper *k);
void *daf_keeper_thread(void *keeper);

#endif
