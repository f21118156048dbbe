/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/core/chance.h"

#include <assert.h>

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

uint64_t daf_chance_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

void daf_chance_init(struct daf_chance *c, uint64_t seed, const char *purpose,
                     uint64_t index)
{
    uint64_t state = daf_chance_mix(seed + GOLDEN);

    for (const char *p = purpose; *p != '\0'; p++)
        state = daf_chance_mix((state ^ (uint8_t)*p) + GOLDEN);
    state = daf_chance_mix((state ^ index) + GOLDEN);
    for (int i = 0; i < 4; i++) {
        state += GOLDEN;
        c->s[i] = daf_chance_mix(state);
    }
}

static uint64_t turned(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

uint64_t daf_chance_u64(struct daf_chance *c)
{
    uint64_t *s = c->s;
    uint64_t out = turned(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = turned(s[3], 45);
    return out;
}

uint64_t daf_chance_below(struct daf_chance *c, uint64_t bound)
{
    assert(bound >= 1);
    /* Values below the remainder of 2^64 by @bound would come once too often. */
    uint64_t least = (0 - bound) % bound;
    uint64_t x = daf_chance_u64(c);

    while (x < least)
        x = daf_chance_u64(c);
    return x % bound;
}

double daf_chance_unit(struct daf_chance *c)
{
    return (double)(daf_chance_u64(c) >> 11) * 0x1p-53;
}

bool daf_chance_in_million(struct daf_chance *c, uint32_t millionths)
{
    return daf_chance_below(c, 1000000) < millionths;
}

void daf_chance_bytes(struct daf_chance *c, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i += 8) {
        uint64_t x = daf_chance_u64(c);
        for (size_t k = 0; k < 8 && i + k < len; k++)
            out[i + k] = (uint8_t)(x >> (8 * k));
    }
}
