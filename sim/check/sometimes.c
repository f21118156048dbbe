/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/check/sometimes.h"

static const char *const words[] = {
#define WORD(name, what) [DAF_SOMETIMES_##name] = (what),
    DAF_SOMETIMES(WORD)
#undef WORD
};

const char *daf_sometimes_str(enum daf_sometimes what)
{
    return what < DAF_SOMETIMES_COUNT ? words[what] : "?";
}
