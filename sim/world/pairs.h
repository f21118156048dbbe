/* SPDX-License-Identifier: Apache-2.0 */
/* sim/world/pairs.h - a set of pairs of nodes.
 *
 * Open addressing at most half full, 8 bytes a place; nothing walks it, so its order
 * is nobody's history. */
#ifndef DAF_SIM_WORLD_PAIRS_H
#define DAF_SIM_WORLD_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero is an empty one. */
struct daf_pairs {
    uint64_t *places; /* the pair, or 0 */
    size_t room;      /* a power of two, or 0 */
    size_t count;
};

void daf_pairs_clear(struct daf_pairs *p);

/* Each: @a and @b differ; which is first does not matter. */
bool daf_pairs_has(const struct daf_pairs *p, uint32_t a, uint32_t b);
/** daf_pairs_add: one that is not there.  False without memory. */
bool daf_pairs_add(struct daf_pairs *p, uint32_t a, uint32_t b);
/** daf_pairs_remove: one that is there. */
void daf_pairs_remove(struct daf_pairs *p, uint32_t a, uint32_t b);

#endif
