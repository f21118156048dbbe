/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/report/stats.h"

#include <assert.h>
#include <math.h>

/* Few degrees are exact; from 11 on the expansion about the normal distribution is
 * right to 1e-5 (Fisher and Cornish; Abramowitz and Stegun 26.7.5). */
double daf_stats_t95(size_t freedom)
{
    static const double few[] = {12.70620, 4.30265, 3.18245, 2.77645, 2.57058,
                                 2.44691,  2.36462, 2.30600, 2.26216, 2.22814};
    const double z = 1.959963985, z2 = z * z, v = (double)freedom;

    assert(freedom > 0);
    if (freedom <= sizeof few / sizeof few[0]) return few[freedom - 1];
    double g1 = (z2 + 1) / 4;
    double g2 = ((5 * z2 + 16) * z2 + 3) / 96;
    double g3 = (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
    double g4 =
        ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160;
    return z * (1 + (g1 + (g2 + (g3 + g4 / v) / v) / v) / v);
}

struct daf_interval daf_stats_interval(const double *values, size_t count)
{
    struct daf_interval out = {.mean = (double)NAN, .half = (double)NAN};
    double sum = 0, squares = 0;

    for (size_t i = 0; i < count; i++) {
        if (isnan(values[i])) continue;
        sum += values[i];
        out.count++;
    }
    if (out.count == 0) return out;
    double n = (double)out.count;
    out.mean = sum / n;
    if (out.count == 1) return out;
    for (size_t i = 0; i < count; i++)
        if (!isnan(values[i]))
            squares += (values[i] - out.mean) * (values[i] - out.mean);
    out.half = daf_stats_t95(out.count - 1) * sqrt(squares / (n - 1) / n);
    return out;
}

size_t daf_stats_rank(size_t count, double q)
{
    assert(count > 0 && q >= 0 && q <= 1);
    size_t rank = (size_t)(q * (double)count);
    return rank < count ? rank : count - 1;
}
