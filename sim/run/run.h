/* SPDX-License-Identifier: Apache-2.0 */
/* sim/run/run.h - one run: a world, a protocol, a seed, and what came of it.
 *
 * The world is told by traces (contacts, messages, or both in one file), is one that
 * nodes walk about in, with traffic made in either; or goes by a schedule, which has
 * its own.  A run touches no file but traces; the caller prints and writes the
 * result. */
#ifndef DAF_SIM_RUN_RUN_H
#define DAF_SIM_RUN_RUN_H

#include "sim/net/net.h"
#include "sim/run/measure.h"
#include "sim/world/schedule.h"
#include "sim/world/trace.h"
#include "sim/world/traffic.h"
#include "sim/world/waypoint.h"

/* All that is pointed to is the caller's. */
struct daf_run_config {
    struct daf_trace *contacts; /* rewound by daf_run(); or NULL */
    struct daf_trace *messages; /* NULL: none, or in @contacts */
    const struct daf_waypoint_config *waypoint; /* instead of traces, or NULL */
    const struct daf_schedule_config *schedule; /* instead of both, or NULL */
    const struct daf_traffic_config *traffic;   /* or NULL */
    daf_sim_us until;                           /* 0: the traces' last event */
    /* Messages made before it are carried as all are, but daf_run_result's counted,
     * in_time, latency_* and hops_mean are of the later ones alone. */
    daf_sim_us warm_up;
    daf_sim_us within;           /* what is in time; 0: nobody asks */
    struct daf_net_config net;   /* nodes: 0 for the world's; its seed is the
                                  world's and the traffic's */
    struct daf_measure *measure; /* all zero: filled, also by a run that fails;
                                    NULL: nobody looks */
};

/* What came of content; a copy is a device and an item that it wants. */
#define DAF_RUN_LESSON (45 * DAF_SIM_MINUTE)
struct daf_run_content {
    bool is_some; /* there is content, and the protocol carries it */
    uint64_t copies;
    uint64_t finished;   /* whole at the end */
    uint64_t in_lesson;  /* whole within DAF_RUN_LESSON of when it was wanted */
    daf_sim_us all_done; /* the last; DAF_SIM_NEVER: not all */
    /* The air that the copies take at least, each byte sent once to its device's
     * seat; of several cells of air that of the fullest. */
    double bound_s;
    uint64_t bytes_twice; /* that came to who held the part already */
};

struct daf_run_result {
    struct daf_run_content content;
    struct daf_net_stats net;
    uint64_t trace_hash, events;
    daf_sim_us until, within;
    uint32_t nodes;
    /* Of messages made after the warm-up: how many, how many arrived, and in
     * time. */
    uint64_t counted, counted_delivered, in_time;
    /* Of those that arrived: from creation to the first arrival. */
    daf_sim_us latency_mean, latency_median;
    double hops_mean;
    double cpu_s, rss_mb; /* of this process; rss: its most so far */
};

/* Now and then: false breaks the run off (DAF_EBUSY). */
typedef bool (*daf_run_progress_fn)(void *ctx, daf_sim_us at, daf_sim_us until);

/** daf_run_wrong: why such a run cannot be, for people; NULL: it can. */
const char *daf_run_wrong(const struct daf_run_config *config);

/** daf_run: from the beginning to the end.
 * @config: nothing is wrong with it.
 * DAF_ENOMEM; DAF_EBUSY; DAF_EFORM, DAF_EIO: a trace changed meanwhile. */
DAF_NODISCARD enum daf_err daf_run(const struct daf_run_config *config,
                                   daf_run_progress_fn progress, void *ctx,
                                   struct daf_run_result *out);

/** daf_run_nodes: how many the world has. */
uint32_t daf_run_nodes(const struct daf_run_config *config);
/** daf_run_bytes: about what daf_run() takes. */
struct daf_run_bytes {
    uint64_t all;
    uint64_t of_messages; /* of that; the rest is for devices and their world */
    uint64_t messages;    /* how many, about */
};
struct daf_run_bytes daf_run_bytes(const struct daf_run_config *config);

#endif
