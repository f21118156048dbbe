/* SPDX-License-Identifier: Apache-2.0 */
#include "store/shelf_disk.h"
#include "store/shelf.h"

#include "proto/limits.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

#define HOLE_BYTES ((uint64_t)1024 * 1024)

static_assert(sizeof(off_t) >= 8, "files of more than 2 GiB");

/* The call again while a signal is all that came of it. */
#define AGAIN(result, call) \
    do {                    \
        (result) = (call);  \
    } while ((result) < 0 && errno == EINTR)

enum daf_err daf_shelf_disk_trouble(struct daf_shelf_disk *d, int error,
                                    const char *doing, const char *name)
{
    char why[128];

    if (strerror_r(error, why, sizeof(why)) != 0)
        (void)snprintf(why, sizeof(why), "error %d", error);
    (void)snprintf(d->trouble, sizeof(d->trouble), "%s %.80s: %s", doing, name,
                   why);
    switch (error) {
    case ENOENT:
        return DAF_ENOTFOUND;
    case EEXIST:
    case ENOTEMPTY:
        return DAF_EEXISTS;
    case ENOSPC:
    case EDQUOT:
        return DAF_EFULL;
    case EFBIG:
        return DAF_ELIMIT;
    case EROFS:
    case EACCES:
    case EPERM:
        return DAF_EREADONLY;
    case ENOMEM:
        return DAF_ENOMEM;
    default:
        return DAF_EIO;
    }
}

static enum daf_err failed(struct daf_shelf_disk *d, const char *doing,
                           const char *name)
{
    return daf_shelf_disk_trouble(d, errno, doing, name);
}

/* ---- opening */

/* O_NONBLOCK: somebody's pipe in the place of a file is refused, not waited for. */
enum daf_err daf_shelf_disk_open(struct daf_shelf_disk *d, int at,
                                 const char *name, int flags, unsigned mode,
                                 int *out)
{
    struct stat st;
    int fd;

    *out = -1;
    AGAIN(fd, openat(at, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
                     (mode_t)mode));
    if (fd < 0) return failed(d, "opening", name);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        (void)close(fd);
        return daf_shelf_disk_trouble(d, EINVAL, "opening", name);
    }
    *out = fd;
    return DAF_OK;
}

enum daf_err daf_shelf_disk_folder(struct daf_shelf_disk *d, int at,
                                   const char *name, int *out)
{
    int fd;

    AGAIN(fd, openat(at, name, FOLDER_FLAGS));
    *out = fd;
    return fd >= 0 ? DAF_OK : failed(d, "opening folder", name);
}

static enum daf_err enter(struct daf_shelf_disk *d, int at, const char *name,
                          bool make, int *out)
{
    enum daf_err err = daf_shelf_disk_folder(d, at, name, out);

    if (err != DAF_ENOTFOUND || !make) return err;
    err = daf_shelf_disk_make(d, at, name);
    return err == DAF_OK ? daf_shelf_disk_folder(d, at, name, out) : err;
}

/* @path as a string whose names end with NUL; where the last one begins. */
static size_t cut(struct daf_view path, char out[DAF_FILE_PATH_BYTES_MAX + 1])
{
    size_t last = 0;

    assert(path.len <= DAF_FILE_PATH_BYTES_MAX);
    memcpy(out, path.p, path.len);
    out[path.len] = '\0';
    for (size_t i = 0; i < path.len; i++) {
        if (out[i] != '/') continue;
        out[i] = '\0';
        last = i + 1;
    }
    return last;
}

enum daf_err daf_shelf_disk_folder_of(struct daf_shelf_disk *d, int root,
                                      struct daf_view path, bool make, int *out)
{
    char names[DAF_FILE_PATH_BYTES_MAX + 1];
    size_t last = cut(path, names);
    enum daf_err err = daf_shelf_disk_folder(d, root, ".", out);

    for (size_t i = 0; err == DAF_OK && i < last; i += strlen(names + i) + 1) {
        int next;

        err = enter(d, *out, names + i, make, &next);
        daf_shelf_disk_close(*out);
        *out = next;
    }
    return err;
}

enum daf_err daf_shelf_disk_file(struct daf_shelf_disk *d, int root,
                                 struct daf_view path, int flags, int *out)
{
    char names[DAF_FILE_PATH_BYTES_MAX + 1];
    size_t last = cut(path, names);
    enum daf_err err;
    int folder;

    if (last == 0) return daf_shelf_disk_open(d, root, names, flags, 0644, out);
    *out = -1;
    err = daf_shelf_disk_folder_of(d, root, path, false, &folder);
    if (err != DAF_OK) return err;
    err = daf_shelf_disk_open(d, folder, names + last, flags, 0644, out);
    daf_shelf_disk_close(folder);
    return err;
}

void daf_shelf_disk_close(int fd)
{
    if (fd >= 0) (void)close(fd);
}

/* ---- bytes */

enum daf_err daf_shelf_disk_write(struct daf_shelf_disk *d, int fd,
                                  uint64_t offset, struct daf_view bytes)
{
    while (bytes.len > 0) {
        ssize_t n;

        AGAIN(n, pwrite(fd, bytes.p, bytes.len, (off_t)offset));
        if (n < 0) return failed(d, "writing", "");
        bytes.p += n;
        bytes.len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return DAF_OK;
}

/* Where the kernel or the two file systems cannot, nothing has been written. */
static bool is_unable(int number)
{
    return number == EXDEV || number == ENOSYS || number == EOPNOTSUPP ||
           number == EINVAL || number == EPERM || number == EBADF ||
           number == ETXTBSY;
}

enum daf_err daf_shelf_disk_copy(struct daf_shelf_disk *d, int in, int out,
                                 uint64_t offset, uint64_t *len, bool *out_able)
{
    off_t from = (off_t)offset, to = (off_t)offset;
    uint64_t done = 0;
    ssize_t n = 1;

    *out_able = true;
    while (done < *len && n > 0) {
        AGAIN(n, copy_file_range(in, &from, out, &to, *len - done, 0));
        if (n < 0 && done == 0 && is_unable(errno)) {
            *out_able = false;
            return DAF_OK;
        }
        if (n < 0) return failed(d, "copying", "");
        done += (uint64_t)n;
    }
    *len = done;
    return DAF_OK;
}

void daf_shelf_disk_punch(int fd, uint64_t offset, uint64_t len)
{
    (void)fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                    (off_t)offset, (off_t)len);
}

enum daf_err daf_shelf_disk_read(struct daf_shelf_disk *d, int fd,
                                 uint64_t offset, uint8_t *out, size_t *len)
{
    size_t got = 0;
    ssize_t n = 1;

    while (got < *len && n > 0) {
        AGAIN(n, pread(fd, out + got, *len - got, (off_t)(offset + got)));
        if (n < 0) return failed(d, "reading", "");
        got += (size_t)n;
    }
    *len = got;
    return DAF_OK;
}

enum daf_err daf_shelf_disk_size(struct daf_shelf_disk *d, int fd,
                                 uint64_t *out)
{
    struct stat st;

    if (fstat(fd, &st) != 0) return failed(d, "asking for", "a size");
    *out = (uint64_t)st.st_size;
    return DAF_OK;
}

enum daf_err daf_shelf_disk_resize(struct daf_shelf_disk *d, int fd,
                                   uint64_t size)
{
    int result;

    AGAIN(result, ftruncate(fd, (off_t)size));
    return result == 0 ? DAF_OK : failed(d, "setting", "a length");
}

/* A place that no file can have is said without making the file so long, which on
 * FAT writes all of it. */
enum daf_err daf_shelf_disk_fits(struct daf_shelf_disk *d, int fd,
                                 uint64_t size)
{
    if (lseek(fd, (off_t)size, SEEK_SET) >= 0 || errno != EINVAL) return DAF_OK;
    return daf_shelf_disk_trouble(d, EFBIG, "setting", "a length");
}

/* Some file systems cannot sync a folder and say EINVAL; there is no more that we
 * can do there. */
enum daf_err daf_shelf_disk_sync(struct daf_shelf_disk *d, int fd)
{
    int result;

    AGAIN(result, fsync(fd));
    if (result == 0 || errno == EINVAL) return DAF_OK;
    return failed(d, "syncing", "");
}

/* ---- names */

enum daf_err daf_shelf_disk_make(struct daf_shelf_disk *d, int at,
                                 const char *name)
{
    return mkdirat(at, name, 0700) == 0 ? DAF_OK
                                        : failed(d, "making folder", name);
}

enum daf_err daf_shelf_disk_rename(struct daf_shelf_disk *d, int from_at,
                                   const char *from, int to_at, const char *to)
{
    return renameat(from_at, from, to_at, to) == 0
               ? DAF_OK
               : failed(d, "renaming", from);
}

enum daf_err daf_shelf_disk_put(struct daf_shelf_disk *d, int at,
                                const char *name, struct daf_view bytes)
{
    char made[48];
    enum daf_err err;
    int fd;

    /* A publisher and the daemon may both be at it. */
    (void)snprintf(made, sizeof(made), "%.20s.%ld.new", name, (long)getpid());
    err = daf_shelf_disk_open(d, at, made, O_WRONLY | O_CREAT | O_TRUNC, 0600,
                              &fd);
    if (err != DAF_OK) return err;
    err = daf_shelf_disk_write(d, fd, 0, bytes);
    if (err == DAF_OK) err = daf_shelf_disk_sync(d, fd);
    daf_shelf_disk_close(fd);
    if (err == DAF_OK) err = daf_shelf_disk_rename(d, at, made, at, name);
    if (err != DAF_OK) {
        (void)unlinkat(at, made, 0);
        return err;
    }
    return daf_shelf_disk_sync(d, at);
}

bool daf_shelf_disk_is_folder(int at, const char *name)
{
    struct stat st;

    return fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(st.st_mode);
}

static enum daf_err remove_inside(struct daf_shelf_disk *d, int fd,
                                  const struct daf_shelf_turns *turns)
{
    DIR *dir = fdopendir(fd); /* which owns it from here on */
    enum daf_err err = DAF_OK;
    struct dirent *e;

    if (dir == NULL) {
        err = failed(d, "reading", "a folder");
        daf_shelf_disk_close(fd);
        return err;
    }
    /* A stream of our own.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while (err == DAF_OK && (e = readdir(dir)) != NULL) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        err = daf_shelf_disk_remove_some(d, dirfd(dir), e->d_name, turns);
        if (err == DAF_OK && turns->is_over != NULL &&
            turns->is_over(turns->ctx))
            err = DAF_EBUSY;
    }
    (void)closedir(dir);
    return err;
}

/* A list's folders are at most 16 deep, and so is the recursion. */
enum daf_err daf_shelf_disk_remove_some(struct daf_shelf_disk *d, int at,
                                        const char *name,
                                        const struct daf_shelf_turns *turns)
{
    enum daf_err err;
    int fd;

    if (unlinkat(at, name, 0) == 0 || errno == ENOENT) return DAF_OK;
    if (!daf_shelf_disk_is_folder(at, name)) return failed(d, "removing", name);
    err = daf_shelf_disk_folder(d, at, name, &fd);
    if (err == DAF_OK) err = remove_inside(d, fd, turns);
    if (err == DAF_OK && unlinkat(at, name, AT_REMOVEDIR) != 0)
        err = failed(d, "removing", name);
    return err;
}

enum daf_err daf_shelf_disk_remove(struct daf_shelf_disk *d, int at,
                                   const char *name)
{
    const struct daf_shelf_turns all = {NULL, NULL};

    return daf_shelf_disk_remove_some(d, at, name, &all);
}

/* ---- the disk */

enum daf_err daf_shelf_disk_free(struct daf_shelf_disk *d, int fd,
                                 struct daf_shelf_disk_room *out)
{
    struct statvfs st;

    if (fstatvfs(fd, &st) != 0) return failed(d, "asking for", "free space");
    out->bytes = (uint64_t)st.f_bavail * st.f_frsize;
    out->files = st.f_files > 0 ? (uint64_t)st.f_favail : UINT64_MAX;
    out->block =
        st.f_frsize > DAF_SHELF_BLOCK ? (uint64_t)st.f_frsize : DAF_SHELF_BLOCK;
    return DAF_OK;
}

/* One that cannot be tried, as it cannot be written, has them for all we know. */
bool daf_shelf_disk_has_holes(struct daf_shelf_disk *d, int folder)
{
    static const char name[] = "hole";
    struct stat st = {0};
    enum daf_err err;
    int fd;

    err = daf_shelf_disk_open(d, folder, name, O_WRONLY | O_CREAT | O_TRUNC,
                              0600, &fd);
    if (err != DAF_OK) return true;
    err = daf_shelf_disk_resize(d, fd, HOLE_BYTES);
    if (err == DAF_OK && fstat(fd, &st) != 0) st.st_blocks = 0;
    daf_shelf_disk_close(fd);
    (void)unlinkat(folder, name, 0);
    return (uint64_t)st.st_blocks * 512 < HOLE_BYTES;
}

static struct flock byte_of(uint32_t at, bool is_locked)
{
    struct flock lock = {0};

    lock.l_type = is_locked ? F_WRLCK : F_UNLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = (off_t)at;
    lock.l_len = 1;
    return lock;
}

enum daf_err daf_shelf_disk_lock(struct daf_shelf_disk *d, int fd, uint32_t at)
{
    struct flock lock = byte_of(at, true);

    if (fcntl(fd, F_SETLK, &lock) == 0) return DAF_OK;
    if (errno == EACCES || errno == EAGAIN) return DAF_EBUSY;
    /* Not open for writing: it could not be. */
    return daf_shelf_disk_trouble(d, errno == EBADF ? EROFS : errno, "locking",
                                  "the shelf");
}

void daf_shelf_disk_unlock(int fd, uint32_t at)
{
    struct flock lock = byte_of(at, false);

    (void)fcntl(fd, F_SETLK, &lock);
}

bool daf_shelf_disk_is_locked(int fd, uint32_t at)
{
    struct flock lock = byte_of(at, true);

    return fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}
