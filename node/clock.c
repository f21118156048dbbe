/* SPDX-License-Identifier: Apache-2.0 */
#include "node/clock.h"

#include <time.h>

/* 2024-01-01: before the first version, so a clock that says less was never
 * set. */
#define WRITTEN_MS UINT64_C(1704067200000)

static uint64_t read_ms(clockid_t clock)
{
    struct timespec t;

    /* A clock that cannot be read, or stands before 1970, reads 0. */
    if (clock_gettime(clock, &t) != 0 || t.tv_sec < 0) return 0;
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

struct daf_mono daf_clock_now(void)
{
    return (struct daf_mono){read_ms(CLOCK_MONOTONIC)};
}

struct daf_wall daf_clock_wall(void)
{
    return (struct daf_wall){read_ms(CLOCK_REALTIME)};
}

enum daf_time_quality daf_clock_quality(struct daf_wall wall)
{
    return wall.ms < WRITTEN_MS ? DAF_TIME_UNSET : DAF_TIME_CLOCK;
}

struct daf_mono daf_clock_after(struct daf_mono now, uint64_t ms)
{
    return (struct daf_mono){now.ms + ms};
}
