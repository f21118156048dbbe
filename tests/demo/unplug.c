/* SPDX-License-Identifier: Apache-2.0 */
/* tests/demo/unplug.c - a device whose plug can be pulled, by LD_PRELOAD.
 *
 * To kill a process is not to cut its power: what it wrote and did not sync is
 * still in the kernel's memory, and survives.  So before a file under UNPLUG_HOME
 * is changed what was there is written into the folder UNPLUG_JOURNAL, and
 * forgotten when that file was synced.  After a kill putback.c puts it back: what
 * was not synced is lost, all of it, and nothing else.
 *
 * Harsher than most disks, which keep some of it.  Milder in one thing: names
 * (new files, renames, removals) are kept at once.  What SQLite maps (-shm) is
 * left alone: it is made anew after a start.  It knows the calls that daftard and
 * SQLite make, and no others.
 *
 * UNPLUG_LIES: syncs do nothing.  Then what was promised must be seen to be lost,
 * or this instrument is blind. */
#include "tests/demo/unplug.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Held over a change and what undoes it, and over a sync. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void die(const char *what)
{
    char text[128];
    int len =
        snprintf(text, sizeof(text), "unplug: %s: errno %d\n", what, errno);

    (void)syscall(SYS_write, STDERR_FILENO, text, (size_t)len);
    abort();
}

/* The C library's own, past this one. */
static void *next(const char *name)
{
    void *fn = dlsym(RTLD_NEXT, name);

    if (fn == NULL) die(name);
    return fn;
}
#define NEXT(name) (__extension__(__typeof__(&(name))) next(#name))

/* ---- whose file it is */

static bool ends_with(const char *text, size_t len, const char *end)
{
    size_t n = strlen(end);

    return len >= n && memcmp(text + len - n, end, n) == 0;
}

/* @out: the journal of @fd's file. */
static bool is_of_home(int fd, struct stat *st, char out[PATH_MAX])
{
    const char *home = getenv("UNPLUG_HOME"), *to = getenv("UNPLUG_JOURNAL");
    char link[64], path[PATH_MAX];
    ssize_t len;
    size_t n;

    if (home == NULL || to == NULL || fstat(fd, st) != 0 ||
        !S_ISREG(st->st_mode))
        return false;
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, path, sizeof(path));
    n = strlen(home);
    if (len <= (ssize_t)n || memcmp(path, home, n) != 0 || path[n] != '/' ||
        ends_with(path, (size_t)len, "-shm"))
        return false;
    (void)snprintf(out, PATH_MAX, "%s/%llu-%llu", to,
                   (unsigned long long)st->st_dev,
                   (unsigned long long)st->st_ino);
    return true;
}

/* ---- the journal */

/* Also of a file that is open for writing only. */
static void read_bytes(int fd, char *out, size_t len, off_t at)
{
    ssize_t got = pread(fd, out, len, at);
    char link[64];
    int again;

    if (got == (ssize_t)len) return;
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    again = NEXT(open)(link, O_RDONLY | O_CLOEXEC);
    if (again < 0 || pread(again, out, len, at) != (ssize_t)len)
        die("cannot read what was there");
    (void)close(again);
}

/* note: what @len bytes at @at are before they change; past the end are none. */
static void note(int fd, const char *journal, const struct stat *st, off_t at,
                 size_t len)
{
    struct unplug_entry e = {(uint64_t)st->st_size, (uint64_t)at, 0};
    struct iovec parts[2] = {{&e, sizeof(e)}, {NULL, 0}};
    int to =
        NEXT(open)(journal, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    if (to < 0) die("no journal");
    if (at < st->st_size) {
        e.len = (uint64_t)(st->st_size - at);
        if (e.len > len) e.len = len;
        parts[1] = (struct iovec){malloc(e.len), e.len};
        if (parts[1].iov_base == NULL) die("memory");
        read_bytes(fd, parts[1].iov_base, e.len, at);
    }
    if (writev(to, parts, 2) != (ssize_t)(sizeof(e) + e.len))
        die("the journal cannot be written");
    free(parts[1].iov_base);
    (void)close(to);
}

/* Returns whether @fd's file is of the home, and then with the lock. */
static bool begin(int fd, struct stat *st, char journal[PATH_MAX])
{
    int kept = errno;
    bool ours;

    (void)pthread_mutex_lock(&lock);
    ours = is_of_home(fd, st, journal);
    if (!ours) (void)pthread_mutex_unlock(&lock);
    errno = kept;
    return ours;
}

static void end(void)
{
    int kept = errno;

    (void)pthread_mutex_unlock(&lock);
    errno = kept;
}

/* ---- instead of the C library's */

ssize_t write(int fd, const void *bytes, size_t len)
{
    char journal[PATH_MAX];
    struct stat st;
    ssize_t n;
    off_t at;

    if (!begin(fd, &st, journal)) return NEXT(write)(fd, bytes, len);
    at = (fcntl(fd, F_GETFL) & O_APPEND) != 0 ? st.st_size
                                              : lseek(fd, 0, SEEK_CUR);
    note(fd, journal, &st, at, len);
    n = NEXT(write)(fd, bytes, len);
    end();
    return n;
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
    char journal[PATH_MAX];
    struct stat st;
    ssize_t n;

    if (!begin(fd, &st, journal)) return NEXT(pwrite64)(fd, bytes, len, at);
    note(fd, journal, &st, at, len);
    n = NEXT(pwrite64)(fd, bytes, len, at);
    end();
    return n;
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return pwrite64(fd, bytes, len, at);
}

int ftruncate64(int fd, off64_t len)
{
    char journal[PATH_MAX];
    struct stat st;
    int rc;

    if (!begin(fd, &st, journal)) return NEXT(ftruncate64)(fd, len);
    note(fd, journal, &st, len,
         len < st.st_size ? (size_t)(st.st_size - len) : 0);
    rc = NEXT(ftruncate64)(fd, len);
    end();
    return rc;
}

int ftruncate(int fd, off_t len)
{
    return ftruncate64(fd, len);
}

/* A file is emptied by what can be undone. */
static int emptied(int fd, int flags)
{
    if (fd >= 0 && (flags & O_TRUNC) != 0 && ftruncate64(fd, 0) != 0)
        die("a file cannot be emptied");
    return fd;
}

static mode_t mode_of(int flags, va_list *more)
{
    return (flags & O_CREAT) != 0 ? (mode_t)va_arg(*more, int) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list more;
    mode_t mode;

    va_start(more, flags);
    mode = mode_of(flags, &more);
    va_end(more);
    return emptied(NEXT(open)(path, flags & ~O_TRUNC, mode), flags);
}

int open64(const char *path, int flags, ...)
{
    va_list more;
    mode_t mode;

    va_start(more, flags);
    mode = mode_of(flags, &more);
    va_end(more);
    return emptied(NEXT(open)(path, flags & ~O_TRUNC, mode), flags);
}

int openat(int dir, const char *path, int flags, ...)
{
    va_list more;
    mode_t mode;

    va_start(more, flags);
    mode = mode_of(flags, &more);
    va_end(more);
    return emptied(NEXT(openat)(dir, path, flags & ~O_TRUNC, mode), flags);
}

/* synced: forget how to undo what @sync made last. */
static int synced(int fd, int (*sync)(int fd))
{
    char journal[PATH_MAX];
    struct stat st;
    int rc = 0;

    if (!begin(fd, &st, journal)) return sync(fd);
    if (getenv("UNPLUG_LIES") == NULL) {
        rc = sync(fd);
        if (rc == 0 && unlink(journal) != 0 && errno != ENOENT)
            die("the journal cannot be removed");
    }
    end();
    return rc;
}

int fsync(int fd)
{
    return synced(fd, NEXT(fsync));
}

int fdatasync(int fd)
{
    return synced(fd, NEXT(fdatasync));
}
