/* SPDX-License-Identifier: Apache-2.0 */
/* sim/core/engine.h - virtual time.
 *
 * An event is due at an instant, belongs to a kind and a node, and is done by the
 * kind's handler.  Events are done in the order of (instant, kind, order, number):
 * kinds are listed in the order in which they happen within one instant, @order is
 * the caller's (a node, or a rank drawn by chance), and the number grows with every
 * event added.  So one seed has one history, whatever the heap looks like inside.
 *
 * Time is whole microseconds since the start; there is no other clock and no
 * thread.  The history is hashed as it happens (daf_engine_hash()): two runs that
 * differ in one event differ there.
 *
 * Probes (DAF_SIM_PROBE) come after all else of their instant and are no history:
 * they are neither hashed nor counted, and have numbers of their own, so a run that
 * is measured has the hash of one that is not.  Their handler changes nothing but
 * what it measures, and adds no event but probes.
 *
 * The heap has four children a parent and 32 bytes an event, two a cache line: a
 * deep two-way heap misses the cache at every level (LaMarca and Ladner, "The
 * influence of caches on the performance of heaps", 1996). */
#ifndef DAF_SIM_CORE_ENGINE_H
#define DAF_SIM_CORE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "proto/types.h"

typedef int64_t daf_sim_us; /* microseconds since the run's start */

#define DAF_SIM_NEVER      INT64_MAX
#define DAF_SIM_BEGINS_MS  INT64_C(1699833600000) /* a Monday, 0:00 UTC */
#define DAF_SIM_MS         INT64_C(1000)
#define DAF_SIM_S          INT64_C(1000000)
#define DAF_SIM_MINUTE     (60 * DAF_SIM_S)
#define DAF_SIM_HOUR       (60 * DAF_SIM_MINUTE)
#define DAF_SIM_NODES_MAX  (1u << 20)
#define DAF_SIM_ORDER_BITS 24 /* of an event's order */

/* In the order within one instant. */
enum daf_sim_kind {
    DAF_SIM_ARRIVAL, /* a frame or a transfer comes to its end */
    DAF_SIM_CONTACT, /* the trace or the world has something to tell */
    DAF_SIM_TRAFFIC, /* somebody makes a message */
    DAF_SIM_POWER,   /* a device goes on or off */
    DAF_SIM_FRAME,   /* something reaches a device's agent */
    DAF_SIM_DISK,    /* a disk answers */
    DAF_SIM_AGENT,   /* an agent's deadline */
    DAF_SIM_TIMER,   /* a node's own */
    DAF_SIM_PASS,    /* those whom something concerned have their turns */
    DAF_SIM_SHELF,   /* a device's content answers, or is wanted */
    DAF_SIM_PROBE,   /* who only looks: not part of the history */
    DAF_SIM_KINDS,
};

struct daf_engine; /* opaque */

/* @arg is what the event was added with. */
typedef void (*daf_engine_fn)(void *ctx, uint32_t node, uint32_t arg);

/* A timer that can be taken back; 0 is none. */
typedef uint64_t daf_sim_timer;

/** daf_engine_new: at time 0, without events.  DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_engine_new(struct daf_engine **out);
void daf_engine_free(struct daf_engine *e);

/** daf_engine_handle: who does events of @kind; once for each kind in use. */
void daf_engine_handle(struct daf_engine *e, enum daf_sim_kind kind,
                       daf_engine_fn fn, void *ctx);

daf_sim_us daf_engine_now(const struct daf_engine *e);

/** daf_engine_add: an event that will happen.
 * @at: not before now; DAF_SIM_NEVER adds nothing.  @order: below
 * 1 << DAF_SIM_ORDER_BITS.  Cannot fail: without memory the next
 * daf_engine_run() says so. */
void daf_engine_add(struct daf_engine *e, daf_sim_us at, enum daf_sim_kind kind,
                    uint32_t order, uint32_t node, uint32_t arg);

/** daf_engine_timer: the same, and it can be taken back. */
daf_sim_timer daf_engine_timer(struct daf_engine *e, daf_sim_us at,
                               enum daf_sim_kind kind, uint32_t order,
                               uint32_t node, uint32_t arg);
/** daf_engine_cancel: it will not happen; *@timer becomes 0.  One that has
 * happened, or 0, is no error. */
void daf_engine_cancel(struct daf_engine *e, daf_sim_timer *timer);

/** daf_engine_note: a part of the history that is no event, such as the digest of
 * what an agent did. */
void daf_engine_note(struct daf_engine *e, uint64_t what);

/** daf_engine_run: do what is due before @until, at most @events of them.
 * Time stands at @until after DAF_OK with *@done true; with false there is more.
 * DAF_ENOMEM: something could not be added; the run is worth nothing. */
DAF_NODISCARD enum daf_err daf_engine_run(struct daf_engine *e,
                                          daf_sim_us until, uint64_t events,
                                          bool *done);

uint64_t daf_engine_hash(const struct daf_engine *e);
/** daf_engine_events: done so far. */
uint64_t daf_engine_events(const struct daf_engine *e);
/** daf_engine_waiting: in the heap and not taken back. */
size_t daf_engine_waiting(const struct daf_engine *e);

#endif
