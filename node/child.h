/* SPDX-License-Identifier: Apache-2.0 */
/* node/child.h - this very program, started again on one end of a socket pair.
 *
 *      daf_child_init(&c, loop, &kind, on_pair, on_pidfd, me);
 *      daf_child_start(&c, true);         it runs with its end as descriptor 3
 *      ... on_pidfd: it went ...
 *      how = daf_child_end(&c);           and may be started again,
 *      at = daf_child_restart_at(&c);     not before this
 *
 * What it says and when it is to be killed is its owner's business (linkhost,
 * discoverhost).  It does not outlive this process.  One thread. */
#ifndef DAF_NODE_CHILD_H
#define DAF_NODE_CHILD_H

#include "node/loop.h"

#include <signal.h>
#include <sys/types.h>

#define DAF_CHILD_FD 3 /* its end of the pair, in the child */

struct daf_child_kind {
    const char *option; /* "--as-link" */
    const char *name;   /* for the log */
    /* At once after its first death; after retry_min_ms, twice that ...
     * retry_max_ms if it dies again younger than young_ms. */
    uint64_t young_ms, retry_min_ms, retry_max_ms;
};

struct daf_child {
    struct daf_loop *loop;
    const struct daf_child_kind *kind;
    struct daf_loop_source pair, pidfd; /* fd is -1 while it is down */
    pid_t pid;                          /* 0 while it is down */
    struct daf_mono started;
    unsigned young_deaths;
    uint64_t starts;
};

/** daf_child_init: one that is down.  @loop, @kind: outlive it.  @on_pair: the
 * pair can be read, or was lost.  @on_pidfd: it ended; call daf_child_end(). */
void daf_child_init(struct daf_child *c, struct daf_loop *loop,
                    const struct daf_child_kind *kind,
                    void (*on_pair)(void *ctx, unsigned what),
                    void (*on_pidfd)(void *ctx, unsigned what), void *ctx);

/** daf_child_start: one that is down.  @reads: watch for what it says.
 * DAF_EIO and errno: still down. */
DAF_NODISCARD enum daf_err daf_child_start(struct daf_child *c, bool reads);
/** daf_child_end: kill it if it lives, wait, close.  Zeros if it was down.
 * Returns how it ended. */
siginfo_t daf_child_end(struct daf_child *c);

/** daf_child_tell: say in the log how it ended, and @why. */
void daf_child_tell(const struct daf_child *c, const siginfo_t *how,
                    const char *why);
/** daf_child_restart_at: count its death, or a start that failed. */
struct daf_mono daf_child_restart_at(struct daf_child *c);
/** daf_child_restarts: how often it was started again. */
uint64_t daf_child_restarts(const struct daf_child *c);

#endif
