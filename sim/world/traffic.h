/* SPDX-License-Identifier: Apache-2.0 */
/* sim/world/traffic.h - messages made at random.
 *
 * One after the other, each an interval after the one before and the first an
 * interval after the start; interval and size are drawn uniformly, its two nodes are
 * different and drawn uniformly (as The ONE's MessageEventGenerator does; its
 * intervals are whole seconds, these whole microseconds).
 *
 * Chance is the stream "traffic", 0 for intervals, 1 for sizes, 2 for nodes: larger
 * messages come at the same times between the same nodes. */
#ifndef DAF_SIM_WORLD_TRAFFIC_H
#define DAF_SIM_WORLD_TRAFFIC_H

#include "sim/core/engine.h"
#include "sim/world/world.h"

#define DAF_TRAFFIC_BYTES_MAX INT32_MAX /* of a message, as in The ONE */

struct daf_traffic_config {
    uint64_t seed;
    uint32_t nodes;
    daf_sim_us every_min, every_max;
    uint64_t bytes_min, bytes_max;
    daf_sim_us until; /* none at or after; DAF_SIM_NEVER: to the run's end */
};

struct daf_traffic; /* opaque */

/** daf_traffic_wrong: what is wrong with @config, for people; NULL: nothing. */
const char *daf_traffic_wrong(const struct daf_traffic_config *config);

/** daf_traffic_new: it tells @events->create.
 * @e: outlives it; its DAF_SIM_TRAFFIC becomes this one's.
 * @config: nothing is wrong with it.
 * DAF_ENOMEM.  The caller owns *@out. */
DAF_NODISCARD enum daf_err daf_traffic_new(
    struct daf_engine *e, const struct daf_traffic_config *config,
    const struct daf_world_events *events, struct daf_traffic **out);
void daf_traffic_free(struct daf_traffic *t);

/** daf_traffic_messages: about how many there will be before @until. */
uint64_t daf_traffic_messages(const struct daf_traffic_config *config,
                              daf_sim_us until);

#endif
