/* SPDX-License-Identifier: Apache-2.0 */
/* tests/mesh/clock1970.c - for LD_PRELOAD: a machine whose clock was never set.
 * Only the date: time goes on as it does. */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BEGAN 1600000000 /* a date before this program, taken off */

int clock_gettime(clockid_t clock, struct timespec *t)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, t);

    if (failed == 0 && clock == CLOCK_REALTIME) t->tv_sec -= BEGAN;
    return failed;
}
