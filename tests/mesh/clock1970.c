/* SPDX-License-Identifier: Apache-2.0 */
/* tests/mesh/clock1970.c - for LD_PRELOAD: a machine whose clock was never set.
 * Only the date: time goes on as it does. */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BEGAN 1600000000 /* a date before this program, taken off */

int clock_gettime(clockid_t clock_id, struct timespec *tp)
{
    int failed = (int)syscall(SYS_clock_gettime, clock_id, tp);

    if (failed == 0 && clock_id == CLOCK_REALTIME) tp->tv_sec -= BEGAN;
    return failed;
}
