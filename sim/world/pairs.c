/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/world/pairs.h"

#include "sim/core/chance.h"

#include <assert.h>
#include <stdlib.h>

#define ROOM_FIRST 1024

/* Never 0: the larger of two different numbers is not. */
static uint64_t pair_of(uint32_t a, uint32_t b)
{
    return a < b ? (uint64_t)b << 32 | a : (uint64_t)a << 32 | b;
}

static size_t home_of(const struct daf_pairs *p, uint64_t pair)
{
    return (size_t)daf_chance_mix(pair) & (p->room - 1);
}

/* Where @pair is, or would be. */
static size_t find(const struct daf_pairs *p, uint64_t pair)
{
    size_t at = home_of(p, pair);

    while (p->places[at] != 0 && p->places[at] != pair)
        at = (at + 1) & (p->room - 1);
    return at;
}

void daf_pairs_clear(struct daf_pairs *p)
{
    free(p->places);
    *p = (struct daf_pairs){.room = 0};
}

bool daf_pairs_has(const struct daf_pairs *p, uint32_t a, uint32_t b)
{
    return p->count > 0 && p->places[find(p, pair_of(a, b))] != 0;
}

static bool grow(struct daf_pairs *p)
{
    struct daf_pairs old = *p;
    size_t room = old.room == 0 ? ROOM_FIRST : old.room * 2;
    uint64_t *places = calloc(room, sizeof *places);

    if (places == NULL) return false;
    p->places = places;
    p->room = room;
    for (size_t i = 0; i < old.room; i++)
        if (old.places[i] != 0) places[find(p, old.places[i])] = old.places[i];
    free(old.places);
    return true;
}

bool daf_pairs_add(struct daf_pairs *p, uint32_t a, uint32_t b)
{
    assert(a != b && !daf_pairs_has(p, a, b));
    if (p->count * 2 >= p->room && !grow(p)) return false;
    p->places[find(p, pair_of(a, b))] = pair_of(a, b);
    p->count++;
    return true;
}

/* What comes after the hole moves into it if its search would pass there. */
void daf_pairs_remove(struct daf_pairs *p, uint32_t a, uint32_t b)
{
    size_t mask = p->room - 1, hole = find(p, pair_of(a, b));

    assert(p->places[hole] != 0);
    for (size_t at = (hole + 1) & mask; p->places[at] != 0;
         at = (at + 1) & mask) {
        size_t home = home_of(p, p->places[at]);
        if (((at - home) & mask) < ((at - hole) & mask)) continue;
        p->places[hole] = p->places[at];
        hole = at;
    }
    p->places[hole] = 0;
    p->count--;
}
