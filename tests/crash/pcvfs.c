/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's side of the disk: the methods of sqlite3_vfs and sqlite3_io_methods, as
 * SQLite's documentation asks for them, in what matters for durability the same
 * as its unix VFS: sector size, powersafe overwrite, the folder's sync after a
 * journal's first. */
#include "tests/crash/pcvfs.h"

#include <assert.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/crash/pcvfs_impl.h"

struct pcvfs_handle {
    sqlite3_file base; /* first: SQLite knows no more of it */
    struct pcvfs_file *file;
    sqlite3 *db; /* NULL: not told */
    struct daf_vfs_lock lock;
    bool wants_folder; /* a journal's first sync syncs the folder too */
};

static struct chance drawn; /* what SQLite draws */
static int checkpoint_pages;

static struct pcvfs_handle *of(sqlite3_file *f)
{
    return (struct pcvfs_handle *)f;
}

static bool is_dark(const struct pcvfs_handle *h)
{
    return h->file->disk->is_cut;
}

/* ---- reading and writing */

static int io_close(sqlite3_file *base)
{
    daf_vfs_locks_leave(&of(base)->file->locks, &of(base)->lock);
    return SQLITE_OK;
}

static int io_read(sqlite3_file *base, void *out, int len, sqlite3_int64 at)
{
    const struct pcvfs_bytes *now = &of(base)->file->now;
    size_t want = (size_t)len, from = (size_t)at, have = 0;

    if (is_dark(of(base))) return SQLITE_IOERR_READ;
    if (from < now->len) have = now->len - from < want ? now->len - from : want;
    if (have > 0) memcpy(out, now->p + from, have);
    memset((uint8_t *)out + have, 0, want - have);
    return have == want ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int io_write(sqlite3_file *base, const void *p, int len,
                    sqlite3_int64 at)
{
    struct pcvfs_file *f = of(base)->file;

    if (!pcvfs_enter(f->disk)) return SQLITE_IOERR_WRITE;
    pcvfs_write(f, (size_t)at, p, (size_t)len);
    return pcvfs_leave(f->disk) ? SQLITE_OK : SQLITE_IOERR_WRITE;
}

static int io_truncate(sqlite3_file *base, sqlite3_int64 len)
{
    struct pcvfs_file *f = of(base)->file;

    if (!pcvfs_enter(f->disk)) return SQLITE_IOERR_TRUNCATE;
    pcvfs_truncate(f, (size_t)len);
    return pcvfs_leave(f->disk) ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

static int io_sync(sqlite3_file *base, int flags)
{
    struct pcvfs_handle *h = of(base);

    (void)flags;
    if (is_dark(h) || fdatasync(h->file->fd) != 0) return SQLITE_IOERR_FSYNC;
    if (!h->wants_folder) return SQLITE_OK;
    h->wants_folder = false;
    return fdatasync(h->file->disk->dir_fd) == 0 ? SQLITE_OK
                                                 : SQLITE_IOERR_DIR_FSYNC;
}

static int io_size(sqlite3_file *base, sqlite3_int64 *out)
{
    *out = (sqlite3_int64)of(base)->file->now.len;
    return is_dark(of(base)) ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

/* ---- locks between the handles of a file */

static int io_lock(sqlite3_file *base, int level)
{
    struct pcvfs_handle *h = of(base);

    if (is_dark(h)) return SQLITE_IOERR_LOCK;
    return daf_vfs_locks_lock(&h->file->locks, &h->lock, level);
}

static int io_unlock(sqlite3_file *base, int level)
{
    daf_vfs_locks_unlock(&of(base)->lock, level);
    return SQLITE_OK;
}

static int io_reserved(sqlite3_file *base, int *out)
{
    const struct pcvfs_handle *h = of(base);

    *out = daf_vfs_locks_is_reserved(&h->file->locks, &h->lock);
    return is_dark(h) ? SQLITE_IOERR_CHECKRESERVEDLOCK : SQLITE_OK;
}

/* SQLite sets how often a journal is copied back after it has told the file whose
 * it is, so it is set again before the first pragma. */
static void hasten(const struct pcvfs_handle *h)
{
    if (checkpoint_pages > 0 && h->db != NULL)
        (void)sqlite3_wal_autocheckpoint(h->db, checkpoint_pages);
}

static int io_control(sqlite3_file *base, int what, void *arg)
{
    switch (what) {
    case SQLITE_FCNTL_LOCKSTATE:
        *(int *)arg = of(base)->lock.level;
        return SQLITE_OK;
    case SQLITE_FCNTL_PDB:
        of(base)->db = *(sqlite3 **)arg;
        return SQLITE_NOTFOUND;
    case SQLITE_FCNTL_PRAGMA:
        hasten(of(base));
        return SQLITE_NOTFOUND;
    case SQLITE_FCNTL_LAST_ERRNO:
        *(int *)arg = is_dark(of(base)) ? EIO : 0;
        return SQLITE_OK;
    case SQLITE_FCNTL_POWERSAFE_OVERWRITE:
        if (*(int *)arg < 0) *(int *)arg = 1;
        return SQLITE_OK;
    default:
        return SQLITE_NOTFOUND;
    }
}

static int io_sector(sqlite3_file *base)
{
    (void)base;
    return 4096;
}

static int io_device(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* ---- the journal's shared index */

static int io_shm_map(sqlite3_file *base, int index, int len, int may_extend,
                      void volatile **out)
{
    struct pcvfs_handle *h = of(base);

    *out = NULL;
    if (is_dark(h)) return SQLITE_IOERR_SHMMAP;
    return daf_vfs_locks_shm_map(&h->file->locks, &h->lock, index, len,
                                 may_extend != 0, out);
}

static int io_shm_lock(sqlite3_file *base, int first, int count, int flags)
{
    struct pcvfs_handle *h = of(base);

    if (is_dark(h) && (flags & SQLITE_SHM_UNLOCK) == 0)
        return SQLITE_IOERR_SHMLOCK;
    return daf_vfs_locks_shm_lock(&h->file->locks, &h->lock, first, count,
                                  flags);
}

static void io_shm_barrier(sqlite3_file *base)
{
    (void)base; /* one thread */
}

static int io_shm_unmap(sqlite3_file *base, int is_delete)
{
    (void)is_delete; /* who comes first makes it anew in any case */
    daf_vfs_locks_shm_unmap(&of(base)->file->locks, &of(base)->lock);
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = io_close,
    .xRead = io_read,
    .xWrite = io_write,
    .xTruncate = io_truncate,
    .xSync = io_sync,
    .xFileSize = io_size,
    .xLock = io_lock,
    .xUnlock = io_unlock,
    .xCheckReservedLock = io_reserved,
    .xFileControl = io_control,
    .xSectorSize = io_sector,
    .xDeviceCharacteristics = io_device,
    .xShmMap = io_shm_map,
    .xShmLock = io_shm_lock,
    .xShmBarrier = io_shm_barrier,
    .xShmUnmap = io_shm_unmap,
};

/* ---- the file system */

/* A missing file is made; making it is an operation. */
static struct pcvfs_file *open_file(struct pcvfs_disk *d, const char *path,
                                    int flags, int *out_code)
{
    struct pcvfs_file *f;

    *out_code = SQLITE_CANTOPEN;
    if (d->is_cut) return NULL;
    f = pcvfs_open(d, path, false);
    if (f != NULL || (flags & SQLITE_OPEN_CREATE) == 0) return f;
    *out_code = SQLITE_IOERR;
    if (!pcvfs_enter(d)) return NULL;
    f = pcvfs_open(d, path, true);
    return pcvfs_leave(d) ? f : NULL;
}

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base,
                    int flags, int *out_flags)
{
    struct pcvfs_handle *h = of(base);
    struct pcvfs_disk *d = path == NULL ? NULL : pcvfs_of(path);
    int code, journals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL |
                         SQLITE_OPEN_WAL;
    struct pcvfs_file *f;

    (void)vfs;
    memset(h, 0, sizeof(*h));
    if (d == NULL) return SQLITE_CANTOPEN; /* nothing here needs a temporary */
    f = open_file(d, path, flags, &code);
    if (f == NULL) return code;
    h->file = f;
    daf_vfs_locks_join(&f->locks, &h->lock);
    h->wants_folder =
        (flags & SQLITE_OPEN_CREATE) != 0 && (flags & journals) != 0;
    h->base.pMethods = &methods;
    if (out_flags != NULL) *out_flags = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    struct pcvfs_disk *d = pcvfs_of(path);

    (void)vfs;
    if (d == NULL) return SQLITE_IOERR_DELETE;
    if (pcvfs_remove(d, path) != 0)
        return errno == ENOENT ? SQLITE_IOERR_DELETE_NOENT
                               : SQLITE_IOERR_DELETE;
    if (sync_folder != 0 && fdatasync(d->dir_fd) != 0)
        return SQLITE_IOERR_DIR_FSYNC;
    return SQLITE_OK;
}

/* As in the unix VFS, an empty file does not exist. */
static int vfs_access(sqlite3_vfs *vfs, const char *path, int what, int *out)
{
    struct pcvfs_disk *d = pcvfs_of(path);
    const struct pcvfs_file *f;

    (void)vfs;
    *out = 0;
    if (d == NULL || d->is_cut) return SQLITE_IOERR_ACCESS;
    f = pcvfs_open(d, path, false);
    *out = f != NULL && (what != SQLITE_ACCESS_EXISTS || f->now.len > 0);
    return SQLITE_OK;
}

static int vfs_path(sqlite3_vfs *vfs, const char *path, int cap, char *out)
{
    (void)vfs;
    if (strlen(path) >= (size_t)cap) return SQLITE_CANTOPEN;
    strcpy(out, path);
    return SQLITE_OK;
}

static int vfs_randomness(sqlite3_vfs *vfs, int len, char *out)
{
    (void)vfs;
    for (int i = 0; i < len; i++)
        out[i] = (char)(uint8_t)chance_next(&drawn);
    return len;
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int vfs_time64(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    (void)vfs;
    *out = 212000000000000; /* some day; nothing is ordered by it */
    return SQLITE_OK;
}

static int vfs_time(sqlite3_vfs *vfs, double *out)
{
    (void)vfs;
    *out = 212000000000000 / 86400000.0;
    return SQLITE_OK;
}

static int vfs_error(sqlite3_vfs *vfs, int cap, char *out)
{
    (void)vfs;
    (void)cap;
    (void)out;
    return EIO;
}

/* ---- starting */

void pcvfs_start(void)
{
    static sqlite3_vfs vfs = {
        .iVersion = 2,
        .szOsFile = sizeof(struct pcvfs_handle),
        .mxPathname = PCVFS_PATH_MAX,
        .zName = "pcvfs",
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_path,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time,
        .xGetLastError = vfs_error,
        .xCurrentTimeInt64 = vfs_time64,
    };

    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK) abort();
}

void pcvfs_seed(uint64_t seed)
{
    drawn = chance_of(seed, 0x73716c);
    sqlite3_randomness(0, NULL); /* forget, and draw from us again */
}

void pcvfs_checkpoint(int pages)
{
    checkpoint_pages = pages;
}
