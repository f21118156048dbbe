/* SPDX-License-Identifier: Apache-2.0 */
/* Where a sparse file has holes, if the system says. */
#include "store/shelf_disk.h"

#include <errno.h>
#include <unistd.h>

uint64_t daf_shelf_disk_data(int fd, uint64_t from, uint64_t end)
{
#ifdef SEEK_DATA
    off_t at = lseek(fd, (off_t)from, SEEK_DATA);

    if (at < 0) return errno == ENXIO ? end : from;
    return (uint64_t)at < end ? (uint64_t)at : end;
#else
    (void)fd;
    (void)end;
    return from;
#endif
}
