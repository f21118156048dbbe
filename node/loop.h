/* SPDX-License-Identifier: Apache-2.0 */
/* node/loop.h - one thread's epoll loop: descriptors, timers, signals.
 *
 *      struct daf_loop_source s = {.fd = fd, .fn = on_bytes, .ctx = me};
 *      daf_loop_add(loop, &s, true, false);
 *      daf_loop_run(loop, before_wait, me);    until daf_loop_stop(loop)
 *
 * Level-triggered.  A source may be removed, and its memory freed, from within
 * any callback, also when its own event is waiting in the same batch.  Nothing
 * wakes a loop in which nothing happens. */
#ifndef DAF_NODE_LOOP_H
#define DAF_NODE_LOOP_H

#include "proto/err.h"
#include "proto/types.h"

struct daf_loop; /* opaque */

/* What happened; LOST comes unasked (hang-up or error), so whoever gets it
 * must read to the end or remove the source, or the loop spins. */
enum {
    DAF_LOOP_READABLE = 1,
    DAF_LOOP_WRITABLE = 2,
    DAF_LOOP_LOST = 4,
};

/* The caller's; outlives its time in the loop. */
struct daf_loop_source {
    int fd;
    void (*fn)(void *ctx, unsigned what);
    void *ctx;
    bool is_added, reads, writes; /* the loop's */
};

struct daf_loop_timer {
    void (*fn)(void *ctx);
    void *ctx;
    struct daf_loop_source source; /* the loop's */
    struct daf_mono at;            /* the loop's */
};

/** daf_loop_new: DAF_EIO, DAF_ENOMEM.  The caller owns it: daf_loop_free(). */
DAF_NODISCARD enum daf_err daf_loop_new(struct daf_loop **out);
/** daf_loop_free: NULL is fine.  Does not close sources' descriptors. */
void daf_loop_free(struct daf_loop *l);

DAF_NODISCARD enum daf_err daf_loop_add(struct daf_loop *l,
                                        struct daf_loop_source *s, bool reads,
                                        bool writes);
/** daf_loop_want: change what is waited for; no system call if nothing is. */
void daf_loop_want(struct daf_loop *l, struct daf_loop_source *s, bool reads,
                   bool writes);
/** daf_loop_remove: before the descriptor is closed.  Twice is fine. */
void daf_loop_remove(struct daf_loop *l, struct daf_loop_source *s);

/** daf_loop_timer_open: @t with fn and ctx set, resting. */
DAF_NODISCARD enum daf_err daf_loop_timer_open(struct daf_loop *l,
                                               struct daf_loop_timer *t);
/** daf_loop_timer_set: call once at or after @at (the past: at once); with
 * DAF_MONO_NEVER rest.  No system call if it is the same. */
void daf_loop_timer_set(struct daf_loop_timer *t, struct daf_mono at);
/** daf_loop_timer_close: zeros and twice are fine. */
void daf_loop_timer_close(struct daf_loop *l, struct daf_loop_timer *t);

/** daf_loop_signals: block SIGTERM and SIGINT in this thread, and those it will
 * start, and hand them to @fn. */
DAF_NODISCARD enum daf_err daf_loop_signals(struct daf_loop *l,
                                            void (*fn)(void *ctx, int signal),
                                            void *ctx);

/** daf_loop_run: until daf_loop_stop().  @before_wait, which may be NULL, is
 * called each time before the loop may sleep.  DAF_EIO if waiting fails. */
DAF_NODISCARD enum daf_err daf_loop_run(struct daf_loop *l,
                                        void (*before_wait)(void *ctx),
                                        void *ctx);
void daf_loop_stop(struct daf_loop *l);

#endif
