/* SPDX-License-Identifier: Apache-2.0 */
/* sim/world/world.h - to whom a world tells what happens in it.
 *
 * A world has a kind of the engine's events for itself (DAF_SIM_CONTACT who meets
 * whom, DAF_SIM_TRAFFIC who says something) and tells what came of them at once, in
 * the order of the engine.  What it tells is right: two different nodes, up and down
 * in turn.  Who is told may look at the world, and changes nothing there. */
#ifndef DAF_SIM_WORLD_WORLD_H
#define DAF_SIM_WORLD_WORLD_H

#include <stdint.h>

struct daf_world_events {
    void *ctx;
    /* A contact begins or ends, now; @a < @b. */
    void (*up)(void *ctx, uint32_t a, uint32_t b);
    void (*down)(void *ctx, uint32_t a, uint32_t b);
    /* A message at @from for @to, now. */
    void (*create)(void *ctx, uint32_t from, uint32_t to, uint32_t bytes);
};

#endif
