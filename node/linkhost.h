/* SPDX-License-Identifier: Apache-2.0 */
/* node/linkhost.h - core's side of the link process (node/link.h).
 *
 *      DOWN --start--> STARTING --READY--> UP
 *       ^                 |                |
 *       +---- it died, broke the rules or hangs: wait, start again
 *
 *      any of them --daf_linkhost_finish()--> ENDING --it went--> GONE
 *
 * What link says is believed for traffic, never for identity, and checked: a
 * wrong length, kind or connection kills it.  So does a queue over
 * DAF_LINKHOST_QUEUE_MAX, or one that does not move for DAF_LINKHOST_HANG_MS.
 * It is started again at once; if it dies again within DAF_LINKHOST_YOUNG_MS,
 * after 1 s, then 2 s: whoever kills it again and again keeps nobody out for
 * long.  Keys admitted, the port and an open porch are said once more.
 *
 * Calls while it is down are dropped: `lost` has said that every connection is
 * gone.  One thread. */
#ifndef DAF_NODE_LINKHOST_H
#define DAF_NODE_LINKHOST_H

#include "node/link.h"
#include "node/loop.h"

#include <sys/types.h>

/* Bytes towards link. */
#define DAF_LINKHOST_FULL         ((size_t)8 * 1024 * 1024) /* hear no more */
#define DAF_LINKHOST_QUEUE_MAX    ((size_t)64 * 1024 * 1024)
#define DAF_LINKHOST_CONNS_MAX    4096
#define DAF_LINKHOST_YOUNG_MS     5000
#define DAF_LINKHOST_RETRY_MIN_MS 1000
#define DAF_LINKHOST_RETRY_MAX_MS 2000
#define DAF_LINKHOST_HANG_MS      20000

struct daf_linkhost; /* opaque */

/* Who hears what link says.  `failed` comes instead of the first `ready`; the
 * linkhost then stays DOWN. */
struct daf_linkhost_ops {
    void *ctx;
    /* Ports are 0 of one that only calls. */
    void (*ready)(void *ctx, uint16_t door_port, uint16_t mesh_port);
    void (*opened)(void *ctx, uint32_t conn, enum daf_endpoint endpoint,
                   const struct daf_box_pk *key);
    void (*frame)(void *ctx, uint32_t conn, struct daf_view bytes);
    void (*closed)(void *ctx, uint32_t conn);
    void (*refused)(void *ctx, const struct daf_link_refused *refused);
    /* The porch that was opened last listens, on the door's address; 0: it
     * cannot.  Again after each `ready` while it is open, of the same port.
     * May be NULL if it is never opened. */
    void (*porched)(void *ctx, uint16_t port);
    void (*lost)(void *ctx);
    void (*failed)(void *ctx, const char *text);
    void (*gone)(void *ctx); /* after daf_linkhost_finish() */
};

/**
 * daf_linkhost_new: a linkhost that is DOWN.
 * @loop, @ops: outlive it.
 * @listen: copied, secrets included.
 */
DAF_NODISCARD enum daf_err daf_linkhost_new(
    struct daf_loop *loop, const struct daf_linkhost_ops *ops,
    const struct daf_link_listen *listen, struct daf_linkhost **out);
/** daf_linkhost_free: kill link, wait for it, wipe the keys.  NULL is fine. */
void daf_linkhost_free(struct daf_linkhost *h);

DAF_NODISCARD enum daf_err daf_linkhost_start(struct daf_linkhost *h);
/** daf_linkhost_finish: close the pair once all is said; `gone` follows. */
void daf_linkhost_finish(struct daf_linkhost *h);
/** daf_linkhost_kill: it had its time; `gone` comes at once. */
void daf_linkhost_kill(struct daf_linkhost *h);

/* struct daf_port's calls. */
void daf_linkhost_send(struct daf_linkhost *h, uint32_t conn,
                       struct daf_view frame);
void daf_linkhost_close(struct daf_linkhost *h, uint32_t conn);
void daf_linkhost_connect(struct daf_linkhost *h, uint32_t conn,
                          enum daf_endpoint endpoint,
                          const struct daf_addr *addr,
                          const struct daf_box_pk *server);
void daf_linkhost_admit(struct daf_linkhost *h, const struct daf_box_pk *key,
                        bool allowed);
/** daf_linkhost_porch: open the porch, or close it; `porched` answers only the
 * first.  @porch: copied, secrets included. */
void daf_linkhost_porch(struct daf_linkhost *h,
                        const struct daf_link_porch *porch);

/** daf_linkhost_pause: while @paused nothing is read from link. */
void daf_linkhost_pause(struct daf_linkhost *h, bool paused);
/** daf_linkhost_queued: bytes that link has not taken yet. */
size_t daf_linkhost_queued(const struct daf_linkhost *h);
/** daf_linkhost_flush: write what was said since; bury a link that broke the
 * rules.  Before the loop sleeps, and in no callback of `ops`. */
void daf_linkhost_flush(struct daf_linkhost *h);

/** daf_linkhost_pid: the process; 0 while it is down. */
pid_t daf_linkhost_pid(const struct daf_linkhost *h);
/** daf_linkhost_restarts: how often it was started again. */
uint64_t daf_linkhost_restarts(const struct daf_linkhost *h);

#endif
