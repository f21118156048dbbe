/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/faults/faults.h"

#include <inttypes.h>
#include <stdbool.h>

#include "sim/core/chance.h"

static const struct {
    const char *word, *unit;
    bool may_be_off;
    uint32_t least, most;
} options[DAF_FAULT_COUNT] = {
#define OPTION(name, word, unit, may_be_off, least, most) \
    [DAF_FAULT_##name] = {(word), (unit), (may_be_off) != 0, (least), (most)},
    DAF_FAULT_OPTIONS(OPTION)
#undef OPTION
};

const char *daf_faults_str(enum daf_fault which)
{
    return which < DAF_FAULT_COUNT ? options[which].word : NULL;
}

/* As many worlds have 2 to 4 of something as have 200 to 400: a doubling is drawn,
 * then a number within it. */
static uint32_t draw(struct daf_chance *c, uint32_t least, uint32_t most)
{
    uint32_t doublings = 0;

    while (doublings < 31 && (uint64_t)least << (doublings + 1) <= most)
        doublings++;
    uint64_t from = (uint64_t)least << daf_chance_below(c, doublings + 1);
    uint64_t to = from * 2 < most ? from * 2 : most;
    return (uint32_t)(from + daf_chance_below(c, to - from + 1));
}

void daf_faults_draw(uint64_t seed, struct daf_faults *out)
{
    struct daf_chance c;

    out->seed = seed;
    daf_chance_init(&c, seed, "swarm", 0);
    /* Some worlds have few faults, some many. */
    uint32_t on_pct = 10 + (uint32_t)daf_chance_below(&c, 80);
    for (unsigned i = 0; i < DAF_FAULT_COUNT; i++) {
        daf_chance_init(&c, seed, "option", i);
        bool is_on =
            !options[i].may_be_off || daf_chance_below(&c, 100) < on_pct;
        out->of[i] = is_on ? draw(&c, options[i].least, options[i].most) : 0;
    }
}

void daf_faults_print(const struct daf_faults *f, FILE *to)
{
    (void)fprintf(to, "  %-18s %" PRIu64 "\n", "seed", f->seed);
    for (unsigned i = 0; i < DAF_FAULT_COUNT; i++)
        if (f->of[i] == 0 && options[i].may_be_off)
            (void)fprintf(to, "  %-18s off\n", options[i].word);
        else
            (void)fprintf(to, "  %-18s %" PRIu32 " %s\n", options[i].word,
                          f->of[i], options[i].unit);
}
