/* SPDX-License-Identifier: Apache-2.0 */
/* tests/crash/chance.h - numbers that follow from a seed: SplitMix64 (Steele,
 * Lea and Flood 2014).  For dice, not for keys. */
#ifndef DAF_TESTS_CRASH_CHANCE_H
#define DAF_TESTS_CRASH_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

static inline uint64_t chance_next(struct chance *c)
{
    uint64_t z = c->state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/** chance_of: a generator of its own for every (seed, number). */
static inline struct chance chance_of(uint64_t seed, uint64_t number)
{
    struct chance a = {seed}, b = {number ^ 0xda942042e4dd58b5u};

    return (struct chance){chance_next(&a) ^ (chance_next(&b) << 1)};
}

/** chance_below: in [0, @bound), @bound ≥ 1; its bias is below 2^-40 here. */
static inline uint64_t chance_below(struct chance *c, uint64_t bound)
{
    return chance_next(c) % bound;
}

static inline bool chance_percent(struct chance *c, unsigned percent)
{
    return chance_below(c, 100) < percent;
}

#endif
