/* SPDX-License-Identifier: Apache-2.0 */
/* tests/mesh/clock1970.c - for LD_PRELOAD: a machine whose clock is wrong.  Only the
 * date: what measures time goes on as it does.
 *
 *      DAF_TEST_YEAR=2099     that year, roughly
 *      DAF_TEST_YEAR=jumps    another one each time that it is asked, there and back
 *      else                   never set: soon after 1970 */
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BEGAN 1600000000 /* a date before this program, taken off */
#define YEAR  31556952

static long jump(void)
{
    static const long years[] = {0, 60, -40, 1, 0, -1, 73, -56};
    static unsigned asked;

    return years[asked++ % (sizeof(years) / sizeof(years[0]))] * YEAR;
}

int clock_gettime(clockid_t clock_id, struct timespec *tp)
{
    const char *year = getenv("DAF_TEST_YEAR");
    int failed = (int)syscall(SYS_clock_gettime, clock_id, tp);

    if (failed != 0 || clock_id != CLOCK_REALTIME) return failed;
    if (year == NULL)
        tp->tv_sec -= BEGAN;
    else if (strcmp(year, "jumps") == 0)
        tp->tv_sec += jump();
    else
        tp->tv_sec += (atol(year) - 1970) * YEAR - tp->tv_sec / YEAR * YEAR;
    if (tp->tv_sec < 0) tp->tv_sec = 0;
    return 0;
}
