/* SPDX-License-Identifier: Apache-2.0 */
/* What keeping a sketch up to date costs.  proto/sketch.h is not there yet; this
 * file alone changes when it is. */
#include "tests/bench/bench.h"

void case_sketch(const struct bench *b)
{
    bench_row_none(b, "sketch", "upkeep per head change", "not built", "<= 1");
}
