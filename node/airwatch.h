/* SPDX-License-Identifier: Apache-2.0 */
/* node/airwatch.h - whose airtime this machine shares, and how busy it is
 * (docs/content.md R69).
 *
 * Looked at when the network has changed (node/netwatch.h).  While content comes
 * over an air, an echo goes to the gateway each second and how long it took is
 * told; at rest there is no timer.  Where neither can be read, nothing is told.
 * One thread. */
#ifndef DAF_NODE_AIRWATCH_H
#define DAF_NODE_AIRWATCH_H

#include "node/core/agent.h"
#include "node/loop.h"
#include "proto/payload.h"

#define DAF_AIRWATCH_ECHO_MS  1000
#define DAF_AIRWATCH_BUSY_MS  3000 /* after the last word of content */
#define DAF_AIRWATCH_NAME_MAX DAF_AIR_WORD_BYTES_MAX

struct daf_airwatch; /* opaque */

struct daf_airwatch_ops {
    void *ctx;
    void (*air)(void *ctx, const struct daf_air *air); /* when it is another */
    void (*round)(void *ctx, uint32_t round_us);
};

/* What a look came to. */
struct daf_airwatch_seen {
    struct daf_air air;
    bool is_guess;    /* a radio of which nothing more is known yet */
    uint32_t gateway; /* IPv4, network order; 0: none */
};

/** daf_airwatch_look: read how this machine is attached, from @root's /proc/net and
 * /sys/class/net ("": the system's; another: its interfaces are asked nothing).
 * By the interface of the default route, else by the only radio that is up.  An
 * access point itself is on a cable.  @key: the camp's discovery secret. */
void daf_airwatch_look(const char *root, const struct daf_key *key,
                       struct daf_airwatch_seen *out);

/** daf_airwatch_named: what a person said instead: "cable", or any word that is the
 * same on all devices of one access point. */
void daf_airwatch_named(const char *name, const struct daf_key *key,
                        struct daf_air *out);

/** daf_airwatch_new: @name: NULL, or daf_airwatch_named()'s, copied.  @ops: copied;
 * called from daf_airwatch_changed() and from the loop.  The caller owns it:
 * daf_airwatch_free().  DAF_ENOMEM, DAF_EIO. */
DAF_NODISCARD enum daf_err daf_airwatch_new(struct daf_loop *loop,
                                            const struct daf_key *key,
                                            const char *name,
                                            const struct daf_airwatch_ops *ops,
                                            struct daf_airwatch **out);
/** daf_airwatch_free: wipes the key.  NULL is fine. */
void daf_airwatch_free(struct daf_airwatch *w);

/** daf_airwatch_mapped: what the coordinator's map says, "" for nothing: as @name,
 * but only where nothing can be read (R99). */
void daf_airwatch_mapped(struct daf_airwatch *w, const char *name);
/** daf_airwatch_changed: the network may be another. */
void daf_airwatch_changed(struct daf_airwatch *w);
/** daf_airwatch_busy: content came.  Cheap. */
void daf_airwatch_busy(struct daf_airwatch *w);

#endif
