/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's own allocations and files, with faults: its memory methods, and a
 * VFS around the default one (https://sqlite.org/vfs.html). */
#include "tests/crash/fault.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct shim {
    sqlite3_file base;
    int number; /* errno of the last fault; 0 */
    sqlite3_file *real;
};

static sqlite3_mem_methods real_memory;
static sqlite3_vfs *real_vfs, shim_vfs;
static atomic_long live;
static _Thread_local int last_number;

long fault_sqlite_live(void)
{
    return atomic_load(&live);
}

/* ---- memory */

static void *memory_malloc(int size)
{
    void *p = fault_hit(FAULT_SQLMEM, "SQLite's malloc")
                  ? NULL
                  : real_memory.xMalloc(size);

    if (p != NULL) (void)atomic_fetch_add(&live, 1);
    return p;
}

static void memory_free(void *p)
{
    if (p != NULL) (void)atomic_fetch_sub(&live, 1);
    real_memory.xFree(p);
}

static void *memory_realloc(void *p, int size)
{
    if (fault_hit(FAULT_SQLMEM, "SQLite's realloc")) return NULL;
    return real_memory.xRealloc(p, size);
}

/* ---- files */

static struct shim *shim_of(sqlite3_file *f)
{
    return (void *)f;
}

static int say(struct shim *s, int number, int code)
{
    s->number = last_number = errno = number;
    return code;
}

/* The code with which this operation fails, or 0. */
static int failing(struct shim *s, const char *what, int code)
{
    bool half;

    if (fault_hit_full(FAULT_VFS_FULL, what, &half) && half)
        return say(s, ENOSPC, code);
    if (fault_hit(FAULT_VFS_IO, what)) return say(s, EIO, code);
    return 0;
}

static int file_close(sqlite3_file *f)
{
    sqlite3_file *real = shim_of(f)->real;

    return real->pMethods->xClose(real);
}

static int file_read(sqlite3_file *f, void *p, int len, sqlite3_int64 at)
{
    struct shim *s = shim_of(f);

    if (fault_hit(FAULT_VFS_IO, "xRead")) return say(s, EIO, SQLITE_IOERR_READ);
    return s->real->pMethods->xRead(s->real, p, len, at);
}

static int file_write(sqlite3_file *f, const void *p, int len, sqlite3_int64 at)
{
    struct shim *s = shim_of(f);
    bool torn = false, is_full, is_broken;

    is_full = fault_hit_full(FAULT_VFS_FULL, "xWrite", &torn);
    is_broken = fault_hit(FAULT_VFS_IO, "xWrite");
    if (!is_full && !is_broken)
        return s->real->pMethods->xWrite(s->real, p, len, at);
    if (torn || is_broken)
        (void)s->real->pMethods->xWrite(s->real, p, len / 2, at);
    return is_full ? say(s, ENOSPC, SQLITE_FULL)
                   : say(s, EIO, SQLITE_IOERR_WRITE);
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    struct shim *s = shim_of(f);
    int code = failing(s, "xTruncate", SQLITE_IOERR_TRUNCATE);

    return code != 0 ? code : s->real->pMethods->xTruncate(s->real, size);
}

/* Nothing is really synced: power stays. */
static int file_sync(sqlite3_file *f, int flags)
{
    (void)flags;
    return failing(shim_of(f), "xSync", SQLITE_IOERR_FSYNC);
}

static int file_size(sqlite3_file *f, sqlite3_int64 *out)
{
    sqlite3_file *real = shim_of(f)->real;

    return real->pMethods->xFileSize(real, out);
}

static int file_lock(sqlite3_file *f, int level)
{
    sqlite3_file *real = shim_of(f)->real;

    return real->pMethods->xLock(real, level);
}

static int file_unlock(sqlite3_file *f, int level)
{
    sqlite3_file *real = shim_of(f)->real;

    return real->pMethods->xUnlock(real, level);
}

static int file_reserved(sqlite3_file *f, int *out)
{
    sqlite3_file *real = shim_of(f)->real;

    return real->pMethods->xCheckReservedLock(real, out);
}

static int file_control(sqlite3_file *f, int op, void *arg)
{
    struct shim *s = shim_of(f);

    if (op == SQLITE_FCNTL_LAST_ERRNO && s->number != 0) {
        *(int *)arg = s->number;
        return SQLITE_OK;
    }
    return s->real->pMethods->xFileControl(s->real, op, arg);
}

static int file_sector(sqlite3_file *f)
{
    sqlite3_file *real = shim_of(f)->real;

    return real->pMethods->xSectorSize(real);
}

static int file_traits(sqlite3_file *f)
{
    sqlite3_file *real = shim_of(f)->real;

    return real->pMethods->xDeviceCharacteristics(real);
}

static int shm_map(sqlite3_file *f, int region, int size, int extend,
                   void volatile **out)
{
    struct shim *s = shim_of(f);
    int code = failing(s, "xShmMap", SQLITE_IOERR_SHMSIZE);

    if (code != 0) {
        *out = NULL;
        return code;
    }
    return s->real->pMethods->xShmMap(s->real, region, size, extend, out);
}

static int shm_lock(sqlite3_file *f, int from, int count, int flags)
{
    sqlite3_file *real = shim_of(f)->real;

    return real->pMethods->xShmLock(real, from, count, flags);
}

static void shm_barrier(sqlite3_file *f)
{
    sqlite3_file *real = shim_of(f)->real;

    real->pMethods->xShmBarrier(real);
}

static int shm_unmap(sqlite3_file *f, int remove_it)
{
    sqlite3_file *real = shim_of(f)->real;

    return real->pMethods->xShmUnmap(real, remove_it);
}

/* Version 2: shared memory for WAL, no mapping of the file itself. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f,
                    int flags, int *out_flags)
{
    struct shim *s = shim_of(f);
    int code;

    (void)vfs;
    *s = (struct shim){.real = (void *)(s + 1)};
    code = real_vfs->xOpen(real_vfs, name, s->real, flags, out_flags);
    if (s->real->pMethods != NULL) s->base.pMethods = &methods;
    last_number = code != SQLITE_OK ? errno : last_number;
    return code;
}

static int vfs_last_error(sqlite3_vfs *vfs, int len, char *words)
{
    (void)vfs;
    (void)len;
    (void)words;
    return last_number != 0 ? last_number : errno;
}

void fault_sqlite_install(void)
{
    sqlite3_mem_methods memory;
    int code = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory);

    memory = real_memory;
    memory.xMalloc = memory_malloc;
    memory.xFree = memory_free;
    memory.xRealloc = memory_realloc;
    if (code == SQLITE_OK) code = sqlite3_config(SQLITE_CONFIG_MALLOC, &memory);
    if (code == SQLITE_OK) code = sqlite3_initialize();
    real_vfs = sqlite3_vfs_find(NULL);
    if (code != SQLITE_OK || real_vfs == NULL) {
        (void)fprintf(stderr, "faults: SQLite cannot be set up: %d\n", code);
        exit(1); /* NOLINT(concurrency-mt-unsafe): one thread */
    }
    shim_vfs = *real_vfs;
    shim_vfs.zName = "fault";
    shim_vfs.pNext = NULL;
    shim_vfs.szOsFile = (int)sizeof(struct shim) + real_vfs->szOsFile;
    shim_vfs.xOpen = vfs_open;
    shim_vfs.xGetLastError = vfs_last_error;
    code = sqlite3_vfs_register(&shim_vfs, 1);
    if (code == SQLITE_OK) return;
    (void)fprintf(stderr, "faults: SQLite takes no VFS: %d\n", code);
    exit(1); /* NOLINT(concurrency-mt-unsafe): one thread */
}
