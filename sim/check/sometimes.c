/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/check/sometimes.h"

static const char *const words[] = {
#define WORD(name, what) [DAF_SOMETIMES_##name] = (what),
    DAF_SOMETIMES(WORD)
#undef WORD
};

static uint64_t bit(enum daf_sometimes what)
{
    return UINT64_C(1) << what;
}

uint64_t daf_sometimes_of_disks(void)
{
    return bit(DAF_SOMETIMES_TORN_KEPT) | bit(DAF_SOMETIMES_TORN_LOST) |
           bit(DAF_SOMETIMES_DAMAGE_TOLD) | bit(DAF_SOMETIMES_ROT_FOUND) |
           bit(DAF_SOMETIMES_ROT_UNFOUND) | bit(DAF_SOMETIMES_ROT_LOST) |
           bit(DAF_SOMETIMES_LIE_FOUND) | bit(DAF_SOMETIMES_LIE_OLDER) |
           bit(DAF_SOMETIMES_MENDED_ANEW);
}

/* Cards of real ones are not copied. */
uint64_t daf_sometimes_of(bool is_real)
{
    uint64_t all = (UINT64_C(1) << DAF_SOMETIMES_COUNT) - 1;

    return all &
           ~(is_real ? bit(DAF_SOMETIMES_CLONED) : daf_sometimes_of_disks());
}

const char *daf_sometimes_str(enum daf_sometimes what)
{
    return what < DAF_SOMETIMES_COUNT ? words[what] : "?";
}
