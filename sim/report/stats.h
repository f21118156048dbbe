/* SPDX-License-Identifier: Apache-2.0 */
/* sim/report/stats.h - means over seeds, and how sure they are.
 *
 * Seeds are independent draws of one world, and the mean over a few of them is taken
 * as normal: its interval is Student's ("The probable error of a mean", 1908).  What
 * is compared over the same seeds is compared pair by pair, which takes out what the
 * seeds have in common. */
#ifndef DAF_SIM_REPORT_STATS_H
#define DAF_SIM_REPORT_STATS_H

#include <stddef.h>

struct daf_interval {
    size_t count; /* of values that are known */
    double mean;  /* NAN: none */
    double half;  /* of the 95 % interval, mean - half to mean + half; NAN with
                     fewer than two values */
};

/** daf_stats_t95: what 95 % of Student's t with @freedom degrees lie within; 1 at
 * least.  Right to 1e-4. */
double daf_stats_t95(size_t freedom);

/** daf_stats_interval: of the mean of @values; NAN among them are left out. */
struct daf_interval daf_stats_interval(const double *values, size_t count);

/** daf_stats_rank: which of @count sorted values is their quantile @q in [0, 1]: the
 * least that more than the share q of them do not exceed.  @count is not 0. */
size_t daf_stats_rank(size_t count, double q);

#endif
