/* SPDX-License-Identifier: Apache-2.0 */
/* sim/world/waypoint.h - random waypoint: nodes that walk about in a rectangle.
 *
 * Each node begins at a point drawn uniformly, and for ever waits a time drawn
 * uniformly, draws a point and a speed uniformly, and goes there in a straight line
 * (Johnson and Maltz, "Dynamic source routing in ad hoc wireless networks", 1996; as
 * The ONE's RandomWaypoint, which begins with a wait as well).  The first minutes
 * are not like the later ones: nodes gather in the middle and are slower than the
 * mean of what was drawn (Yoon, Liu, Noble, "Random waypoint considered harmful",
 * 2003); measure after some time, and let the slowest not be near 0.
 *
 * Two nodes are in contact while they are within range.  There are no steps of time:
 * a contact begins at the first whole microsecond at which it is true and ends at
 * the first at which it is not, found by the quadratic equation of two straight
 * lines.  A leg's end is known when it begins and nothing breaks it off; an event is
 * planned if it comes before the ends of both legs, so none is ever void.  Pairs are
 * looked at when one of the two begins a leg, or comes into a cell of the grid that
 * touches the other's; cells are at least as wide as the range.
 *
 * Chance is the stream "waypoint" of each node's number, in this order: x, y, then
 * for ever wait, x, y, speed; so one more node moves nobody else.  A walk takes the
 * next whole microsecond after its length over its speed.  Numbers are doubles, with
 * + - * / and sqrt alone, which every machine rounds alike. */
#ifndef DAF_SIM_WORLD_WAYPOINT_H
#define DAF_SIM_WORLD_WAYPOINT_H

#include "sim/core/engine.h"
#include "sim/world/world.h"

#define DAF_WAYPOINT_SIDE_MIN  1.0 /* metres */
#define DAF_WAYPOINT_SIDE_MAX  1e6
#define DAF_WAYPOINT_SPEED_MIN 0.001 /* metres a second */
#define DAF_WAYPOINT_SPEED_MAX 1000.0

struct daf_waypoint_config {
    uint64_t seed;
    uint32_t nodes;
    double width, height;        /* metres */
    double range;                /* metres */
    double speed_min, speed_max; /* metres a second */
    daf_sim_us wait_min, wait_max;
};

struct daf_waypoint; /* opaque */

/** daf_waypoint_wrong: what is wrong with @config, for people ("its range is 0");
 * NULL: nothing. */
const char *daf_waypoint_wrong(const struct daf_waypoint_config *config);

/** daf_waypoint_new: the nodes at their first points, nothing told yet; contacts of
 * the first instant are told as its events happen.
 * @e: outlives it; its DAF_SIM_CONTACT becomes this world's.
 * @config: nothing is wrong with it.
 * DAF_ENOMEM.  The caller owns *@out. */
DAF_NODISCARD enum daf_err daf_waypoint_new(
    struct daf_engine *e, const struct daf_waypoint_config *config,
    const struct daf_world_events *events, struct daf_waypoint **out);
void daf_waypoint_free(struct daf_waypoint *w);

/** daf_waypoint_bytes: about what it takes, with the engine's events. */
uint64_t daf_waypoint_bytes(const struct daf_waypoint_config *config);

/** daf_waypoint_failed: DAF_ENOMEM if a contact could not be kept; the run is worth
 * nothing then. */
enum daf_err daf_waypoint_failed(const struct daf_waypoint *w);

/** daf_waypoint_place: where @node is now, in metres. */
void daf_waypoint_place(const struct daf_waypoint *w, uint32_t node,
                        double *out_x, double *out_y);

#endif
