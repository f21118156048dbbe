/* SPDX-License-Identifier: Apache-2.0 */
/* The C library's names for what makes things safe, and for what changes names,
 * defined here so that the disk hears of every call, whoever makes it.  Files
 * that are on no disk of ours are handed to the kernel. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/crash/pcvfs_impl.h"

/* The C library calls its parameters __this and __that.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

static int synced(int fd, long number)
{
    bool failed = false;

    if (!pcvfs_synced(fd, &failed)) return (int)syscall(number, fd);
    if (failed) errno = EIO;
    return failed ? -1 : 0;
}

int fdatasync(int fd)
{
    return synced(fd, SYS_fdatasync);
}

int fsync(int fd)
{
    return synced(fd, SYS_fsync);
}

int rename(const char *from, const char *to)
{
    struct pcvfs_disk *d = pcvfs_of(from);

    if (d != NULL) return pcvfs_rename(d, from, to);
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char *path)
{
    struct pcvfs_disk *d = pcvfs_of(path);

    if (d != NULL) return pcvfs_remove(d, path);
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
