/* SPDX-License-Identifier: Apache-2.0 */
/* sim/core/chance.h - random streams, split by purpose from one seed.
 *
 * A stream belongs to a purpose ("loss", "traffic") and an index (a node, a link),
 * and is derived from the run's seed and these alone.  So switching one fault on
 * moves nothing else: the same children meet at the same time, and two protocols
 * can be compared over the same world.
 *
 * xoshiro256** by Blackman and Vigna (2018), seeded by SplitMix64: fast, and not for
 * keys; agents get a struct daf_rng (proto/rng.h) seeded from a stream. */
#ifndef DAF_SIM_CORE_CHANCE_H
#define DAF_SIM_CORE_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct daf_chance {
    uint64_t s[4];
};

/** daf_chance_init: the stream @index of @purpose under @seed. */
void daf_chance_init(struct daf_chance *c, uint64_t seed, const char *purpose,
                     uint64_t index);

uint64_t daf_chance_u64(struct daf_chance *c);
/** daf_chance_below: uniform in [0, @bound); @bound ≥ 1. */
uint64_t daf_chance_below(struct daf_chance *c, uint64_t bound);
/** daf_chance_unit: in [0, 1), of 53 bits. */
double daf_chance_unit(struct daf_chance *c);
/** daf_chance_in_million: true @millionths times in a million. */
bool daf_chance_in_million(struct daf_chance *c, uint32_t millionths);
/** daf_chance_bytes: fill @out. */
void daf_chance_bytes(struct daf_chance *c, uint8_t *out, size_t len);

/** daf_chance_mix: a bijection of 64 bits that looks like chance (the finalizer of
 * SplitMix64), for ranks that need no stream. */
uint64_t daf_chance_mix(uint64_t x);

#endif
