/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench.h"
void case_push(const struct bench *b)
{
    bench_row_none(b, "push", "payloads a record and device", "not built",
                   "<= 1.3");
}
