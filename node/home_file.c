/* SPDX-License-Identifier: Apache-2.0 */
#include "node/home.h"

#include "node/home_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP_BYTES 4096 /* first buffer; doubled as the file goes on */

void daf_home_trouble(struct daf_trouble *t, const char *format, ...)
{
    va_list args;

    if (t == NULL) return;
    va_start(args, format);
    (void)vsnprintf(t->what, sizeof(t->what), format, args);
    va_end(args);
}

static enum daf_err err_of(int error)
{
    switch (error) {
    case EROFS:
        return DAF_EREADONLY;
    case ENOSPC:
    case EDQUOT:
        return DAF_EFULL;
    case EACCES:
    case EPERM:
    case ELOOP:
        return DAF_EDENIED;
    case ENOENT:
    case ENOTDIR:
        return DAF_ENOTFOUND;
    case EEXIST:
        return DAF_EEXISTS;
    case ENOMEM:
        return DAF_ENOMEM;
    default:
        return DAF_EIO;
    }
}

static const char *advice(enum daf_err err)
{
    if (err == DAF_EREADONLY) return "make the disk writable, or use another";
    if (err == DAF_EFULL) return "free some space and try again";
    if (err == DAF_EDENIED) return "run as the owner of it";
    if (err == DAF_ENOTFOUND) return "check the path, or make its folder first";
    if (err == DAF_EEXISTS) return "choose another name";
    return "look at the disk and the system's log";
}

enum daf_err daf_home_system_trouble(struct daf_trouble *t, int error,
                                     const char *doing, const char *path)
{
    enum daf_err err = err_of(error);
    const char *why = strerrordesc_np(error);

    daf_home_trouble(t, "cannot %s %s: %s. To do: %s", doing, path,
                     why != NULL ? why : "unknown error", advice(err));
    return err;
}

void daf_home_path(const struct daf_home *home, const char *name, char *out)
{
    (void)snprintf(out, DAF_HOME_PATH_MAX, "%s/%s", home->dir, name);
}

enum daf_err daf_home_sync_folder_of(const char *path, struct daf_trouble *t)
{
    char folder[DAF_HOME_PATH_MAX];
    char *slash;
    int fd, failed;

    (void)snprintf(folder, sizeof(folder), "%s", path);
    slash = strrchr(folder, '/');
    if (slash == NULL)
        (void)snprintf(folder, sizeof(folder), ".");
    else
        slash[slash == folder ? 1 : 0] = '\0';
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* A folder that may be entered but not listed: nothing can be done. */
    if (fd < 0 && errno == EACCES) return DAF_OK;
    if (fd < 0) return daf_home_system_trouble(t, errno, "open", folder);
    /* Some file systems of sticks cannot sync a folder and say EINVAL. */
    failed = fsync(fd) != 0 && errno != EINVAL ? errno : 0;
    (void)close(fd);
    if (failed != 0) return daf_home_system_trouble(t, failed, "sync", folder);
    return DAF_OK;
}

static int write_whole(int fd, struct daf_view bytes)
{
    size_t at = 0;

    while (at < bytes.len) {
        ssize_t n = write(fd, bytes.p + at, bytes.len - at);

        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        at += (size_t)n;
    }
    return 0;
}

/* Returns 0 or an errno.  The mode is set by fchmod: the umask has no say.
 * FAT knows no modes and says EPERM; a key file that others can read because of
 * that is refused when it is read. */
static int write_new(const char *path, unsigned mode, struct daf_view bytes)
{
    int error, fd;

    if (unlink(path) != 0 && errno != ENOENT) return errno;
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return errno;
    error = fchmod(fd, (mode_t)mode) != 0 && errno != EPERM ? errno : 0;
    if (error == 0) error = write_whole(fd, bytes);
    if (error == 0 && fsync(fd) != 0) error = errno;
    if (close(fd) != 0 && error == 0) error = errno;
    return error;
}

enum daf_err daf_home_write_file(const char *path, unsigned mode,
                                 struct daf_view bytes, struct daf_trouble *t)
{
    char new_path[DAF_HOME_PATH_MAX];
    struct stat st;
    int error;

    if ((size_t)snprintf(new_path, sizeof(new_path), "%s.new", path) >=
        sizeof(new_path)) {
        daf_home_trouble(t,
                         "the path of the file to write is longer than %d "
                         "bytes. To do: use a shorter one",
                         DAF_HOME_PATH_MAX - 5);
        return DAF_ELIMIT;
    }
    /* To rename onto /dev/null, as root, would be the end of it. */
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        daf_home_trouble(t,
                         "cannot write %s: it is there and no plain file. "
                         "To do: choose another name",
                         path);
        return DAF_EEXISTS;
    }
    error = write_new(new_path, mode, bytes);
    if (error == 0 && rename(new_path, path) != 0) error = errno;
    if (error != 0) {
        (void)unlink(new_path);
        return daf_home_system_trouble(t, error, "write", path);
    }
    return daf_home_sync_folder_of(path, t);
}

/* Grows by doubling and wipes what it leaves: it may be a key. */
static uint8_t *grow(uint8_t *old, size_t len, size_t cap)
{
    uint8_t *p = malloc(cap);

    if (p != NULL && len > 0) memcpy(p, old, len);
    if (old != NULL) sodium_memzero(old, len);
    free(old);
    return p;
}

enum daf_err daf_home_read_fd(int fd, const char *path, size_t max,
                              struct daf_view *out, struct daf_trouble *t)
{
    size_t len = 0, cap = 0;
    uint8_t *p = NULL;
    enum daf_err err;

    for (;;) {
        ssize_t n;

        if (len == cap) {
            cap = cap == 0 ? READ_STEP_BYTES : 2 * cap;
            if (cap > max + 1) cap = max + 1;
            p = grow(p, len, cap);
            if (p == NULL) return DAF_ENOMEM;
        }
        n = read(fd, p + len, cap - len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            err = daf_home_system_trouble(t, errno, "read", path);
            break;
        }
        len += (size_t)n;
        if (len > max) {
            daf_home_trouble(t,
                             "%s is longer than %zu bytes, the most that "
                             "such a file may have. To do: check that it is "
                             "the right file",
                             path, max);
            err = DAF_ELIMIT;
            break;
        }
        if (n == 0) {
            *out = (struct daf_view){p, len};
            return DAF_OK;
        }
    }
    sodium_memzero(p, len);
    free(p);
    return err;
}

enum daf_err daf_home_read_file(const char *path, size_t max, uint8_t **out,
                                size_t *out_len, struct daf_trouble *t)
{
    bool is_stdin = strcmp(path, "-") == 0;
    struct daf_view bytes = {NULL, 0};
    enum daf_err err;
    int fd;

    *out = NULL;
    *out_len = 0;
    fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return daf_home_system_trouble(t, errno, "read", path);
    err = daf_home_read_fd(fd, is_stdin ? "standard input" : path, max, &bytes,
                           t);
    if (!is_stdin) (void)close(fd);
    if (err != DAF_OK) return err;
    /* Ours from malloc, const only in the view. */
    memcpy(out, &bytes.p, sizeof(*out));
    *out_len = bytes.len;
    return DAF_OK;
}

enum daf_err daf_home_lock(struct daf_home *home, struct daf_trouble *t)
{
    char path[DAF_HOME_PATH_MAX];
    int fd;

    if (home->lock_fd >= 0) return DAF_OK;
    daf_home_path(home, "run/lock", path);
    fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return daf_home_system_trouble(t, errno, "open", path);
    (void)fchmod(fd, 0600);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int error = errno;

        (void)close(fd);
        if (error != EWOULDBLOCK)
            return daf_home_system_trouble(t, error, "lock", path);
        daf_home_trouble(t,
                         "%s is in use: another process holds run/lock. To "
                         "do: wait until it is done, or stop its daemon",
                         home->dir);
        return DAF_EBUSY;
    }
    home->lock_fd = fd;
    return DAF_OK;
}
