/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_net.h"

void case_ranges(const struct bench *b)
{
    bench_row_none(b, "ranges", "all", "not yet", NULL);
}
