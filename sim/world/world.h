/* SPDX-License-Identifier: Apache-2.0 */
/* sim/world/world.h - to whom a world tells what happens in it.
 *
 * A world has a kind of the engine's events for itself (DAF_SIM_CONTACT who meets
 * whom, DAF_SIM_TRAFFIC who says something) and tells what came of them at once, in
 * the order of the engine.  What it tells is right: two different nodes, up and down
 * in turn.  Who is told may look at the world, and changes nothing there. */
#ifndef DAF_SIM_WORLD_WORLD_H
#define DAF_SIM_WORLD_WORLD_H

#include "sim/core/contact.h"

struct daf_world_events {
    void *ctx;
    /* A contact begins or ends, now; of down the same is told as of up. */
    void (*up)(void *ctx, const struct daf_contact *contact);
    void (*down)(void *ctx, const struct daf_contact *contact);
    /* A message at @from for @to, now. */
    void (*create)(void *ctx, uint32_t from, uint32_t to, uint32_t bytes);
    /* All nodes are on at first.  Of one that goes off this is told before its
     * contacts end; of one that goes on, before they begin. */
    void (*power)(void *ctx, uint32_t node, enum daf_power how);
    /* From now on its clock is off by so much; by nothing at first. */
    void (*clock)(void *ctx, uint32_t node, int64_t off_ms);
    /* It is attached by its cell of air, or by cable, or not any more; by nothing at
     * first.  Told before its contacts begin. */
    void (*attached)(void *ctx, uint32_t node, enum daf_attached how,
                     uint32_t cell);
};

#endif
