/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/device/ramdisk.h"

#include <assert.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/device/vfs_locks.h"

#define PATH_BYTES_MAX 600
#define PAGE_BYTES     4096 /* divides the store's */
#define BUCKETS        4096

struct page {
    uint32_t users; /* files that it is in */
    uint8_t bytes[PAGE_BYTES];
};

struct file {
    struct file *next;   /* in its bucket */
    struct page **pages; /* NULL: zeros */
    size_t pages_count, pages_room, len;
    struct daf_vfs_locks locks;
    char path[];
};

struct daf_ramdisk {
    struct daf_ramdisk *next;
    uint64_t bytes;
    struct file *buckets[BUCKETS];
    size_t dir_len;
    char dir[PATH_BYTES_MAX];
};

struct handle {
    sqlite3_file base; /* first: SQLite knows no more of it */
    struct daf_ramdisk *disk;
    struct file *file;
    struct daf_vfs_lock lock;
};

static struct daf_ramdisk *disks; /* SQLite's interface leaves no other place */
static sqlite3_vfs *before;       /* whose the other paths are */

static struct handle *of(sqlite3_file *f)
{
    return (struct handle *)f;
}

/* ---- names */

static struct daf_ramdisk *disk_of(const char *path)
{
    struct daf_ramdisk *r = disks;

    while (path != NULL && r != NULL &&
           (strncmp(path, r->dir, r->dir_len) != 0 || path[r->dir_len] != '/'))
        r = r->next;
    return path == NULL ? NULL : r;
}

static struct file **place(struct daf_ramdisk *r, const char *path)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (const char *p = path + r->dir_len; *p != '\0'; p++)
        hash = (hash ^ (uint8_t)*p) * 16777619u;
    struct file **at = &r->buckets[hash % BUCKETS];
    while (*at != NULL && strcmp((*at)->path, path) != 0)
        at = &(*at)->next;
    return at;
}

/* The file of that name, made if there is none; NULL: no memory. */
static struct file *make(struct daf_ramdisk *r, const char *path)
{
    struct file **at = place(r, path);
    size_t len = strlen(path) + 1;

    if (*at != NULL) return *at;
    *at = calloc(1, sizeof **at + len);
    if (*at != NULL) memcpy((*at)->path, path, len);
    return *at;
}

/* ---- pages */

static void let_go(struct daf_ramdisk *r, struct page *p)
{
    if (p == NULL || --p->users > 0) return;
    r->bytes -= sizeof *p;
    free(p);
}

/* A page that is this file's alone; NULL: no memory. */
static struct page *own(struct daf_ramdisk *r, struct page **at)
{
    if (*at != NULL && (*at)->users == 1) return *at;
    struct page *p = malloc(sizeof *p);
    if (p == NULL) return NULL;
    if (*at != NULL)
        memcpy(p->bytes, (*at)->bytes, PAGE_BYTES);
    else
        memset(p->bytes, 0, PAGE_BYTES);
    p->users = 1;
    r->bytes += sizeof *p;
    let_go(r, *at);
    *at = p;
    return p;
}

static bool make_room(struct file *f, size_t pages)
{
    size_t room = f->pages_room == 0 ? 8 : f->pages_room;

    if (pages <= f->pages_room) return true;
    while (room < pages)
        room *= 2;
    struct page **moved = realloc(f->pages, room * sizeof(struct page *));
    if (moved == NULL) return false;
    memset(moved + f->pages_room, 0,
           (room - f->pages_room) * sizeof(struct page *));
    f->pages = moved;
    f->pages_room = room;
    return true;
}

static void cut_pages(struct daf_ramdisk *r, struct file *f, size_t pages)
{
    while (f->pages_count > pages) {
        let_go(r, f->pages[--f->pages_count]);
        f->pages[f->pages_count] = NULL;
    }
}

static void free_file(struct daf_ramdisk *r, struct file *f)
{
    assert(f->locks.all == NULL && "it is open");
    cut_pages(r, f, 0);
    free(f->pages);
    free(f);
}

/* ---- reading and writing */

static int io_close(sqlite3_file *base)
{
    struct handle *h = of(base);

    daf_vfs_locks_leave(&h->file->locks, &h->lock);
    return SQLITE_OK;
}

static int io_read(sqlite3_file *base, void *out, int len, sqlite3_int64 at)
{
    const struct file *f = of(base)->file;
    size_t want = (size_t)len, from = (size_t)at, have = 0;

    if (from < f->len) have = f->len - from < want ? f->len - from : want;
    for (size_t done = 0; done < have;) {
        size_t in = (from + done) % PAGE_BYTES, part = PAGE_BYTES - in;
        const struct page *p = f->pages[(from + done) / PAGE_BYTES];

        if (part > have - done) part = have - done;
        if (p != NULL)
            memcpy((uint8_t *)out + done, p->bytes + in, part);
        else
            memset((uint8_t *)out + done, 0, part);
        done += part;
    }
    memset((uint8_t *)out + have, 0, want - have);
    return have == want ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int io_write(sqlite3_file *base, const void *from, int len,
                    sqlite3_int64 at)
{
    struct file *f = of(base)->file;
    size_t want = (size_t)len, to = (size_t)at, end = to + want;
    size_t pages = (end + PAGE_BYTES - 1) / PAGE_BYTES;

    if (!make_room(f, pages)) return SQLITE_FULL;
    if (pages > f->pages_count) f->pages_count = pages;
    for (size_t done = 0; done < want;) {
        size_t in = (to + done) % PAGE_BYTES, part = PAGE_BYTES - in;
        struct page *p =
            own(of(base)->disk, &f->pages[(to + done) / PAGE_BYTES]);

        if (p == NULL) return SQLITE_FULL;
        if (part > want - done) part = want - done;
        memcpy(p->bytes + in, (const uint8_t *)from + done, part);
        done += part;
    }
    if (end > f->len) f->len = end;
    return SQLITE_OK;
}

static int io_truncate(sqlite3_file *base, sqlite3_int64 to)
{
    struct file *f = of(base)->file;
    size_t len = (size_t)to, in = len % PAGE_BYTES;

    if (len > f->len) return SQLITE_IOERR_TRUNCATE; /* SQLite never does */
    cut_pages(of(base)->disk, f, (len + PAGE_BYTES - 1) / PAGE_BYTES);
    if (in > 0 && f->pages[len / PAGE_BYTES] != NULL) {
        struct page *p = own(of(base)->disk, &f->pages[len / PAGE_BYTES]);

        if (p == NULL) return SQLITE_IOERR_TRUNCATE;
        memset(p->bytes + in, 0, PAGE_BYTES - in);
    }
    f->len = len;
    return SQLITE_OK;
}

static int io_sync(sqlite3_file *base, int flags)
{
    (void)base;
    (void)flags;
    return SQLITE_OK;
}

static int io_size(sqlite3_file *base, sqlite3_int64 *out)
{
    *out = (sqlite3_int64)of(base)->file->len;
    return SQLITE_OK;
}

/* ---- locks */

static int io_lock(sqlite3_file *base, int level)
{
    return daf_vfs_locks_lock(&of(base)->file->locks, &of(base)->lock, level);
}

static int io_unlock(sqlite3_file *base, int level)
{
    daf_vfs_locks_unlock(&of(base)->lock, level);
    return SQLITE_OK;
}

static int io_reserved(sqlite3_file *base, int *out)
{
    *out = daf_vfs_locks_is_reserved(&of(base)->file->locks, &of(base)->lock);
    return SQLITE_OK;
}

static int io_shm_map(sqlite3_file *base, int index, int len, int may_extend,
                      void volatile **out)
{
    return daf_vfs_locks_shm_map(&of(base)->file->locks, &of(base)->lock, index,
                                 len, may_extend != 0, out);
}

static int io_shm_lock(sqlite3_file *base, int first, int count, int flags)
{
    return daf_vfs_locks_shm_lock(&of(base)->file->locks, &of(base)->lock,
                                  first, count, flags);
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

/* ---- what kind of disk it is */

static int io_control(sqlite3_file *base, int what, void *arg)
{
    (void)base;
    (void)arg;
    (void)what;
    return SQLITE_NOTFOUND;
}

static int io_sector(sqlite3_file *base)
{
    (void)base;
    return PAGE_BYTES;
}

static int io_device(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
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

/* ---- the file system; what lies elsewhere is for the one before */

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base,
                    int flags, int *out_flags)
{
    struct daf_ramdisk *r = disk_of(path);
    struct handle *h = of(base);
    int is_there = 0;

    if (r == NULL) return before->xOpen(vfs, path, base, flags, out_flags);
    memset(h, 0, sizeof *h);
    /* The store makes the file itself, with its mode, before SQLite may. */
    (void)before->xAccess(vfs, path, SQLITE_ACCESS_READWRITE, &is_there);
    h->file = is_there != 0 || (flags & SQLITE_OPEN_CREATE) != 0
                  ? make(r, path)
                  : *place(r, path);
    if (h->file == NULL) return SQLITE_CANTOPEN;
    h->disk = r;
    daf_vfs_locks_join(&h->file->locks, &h->lock);
    h->base.pMethods = &methods;
    if (out_flags != NULL) *out_flags = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    struct daf_ramdisk *r = disk_of(path);

    if (r == NULL) return before->xDelete(vfs, path, sync_folder);
    struct file **at = place(r, path), *f = *at;
    if (f == NULL) return SQLITE_IOERR_DELETE_NOENT;
    *at = f->next;
    free_file(r, f);
    return SQLITE_OK;
}

/* As in the unix VFS, an empty file does not exist. */
static int vfs_access(sqlite3_vfs *vfs, const char *path, int what, int *out)
{
    struct daf_ramdisk *r = disk_of(path);

    if (r == NULL) return before->xAccess(vfs, path, what, out);
    const struct file *f = *place(r, path);
    *out = f != NULL && (what != SQLITE_ACCESS_EXISTS || f->len > 0);
    return SQLITE_OK;
}

static int vfs_path(sqlite3_vfs *vfs, const char *path, int cap, char *out)
{
    if (disk_of(path) == NULL)
        return before->xFullPathname(vfs, path, cap, out);
    if (strlen(path) >= (size_t)cap) return SQLITE_CANTOPEN;
    memcpy(out, path, strlen(path) + 1);
    return SQLITE_OK;
}

static enum daf_err register_once(void)
{
    static sqlite3_vfs vfs;

    if (before != NULL) return DAF_OK;
    before = sqlite3_vfs_find(NULL);
    if (before == NULL) return DAF_ENOMEM;
    vfs = *before;
    vfs.zName = "daftar-ramdisk";
    vfs.pNext = NULL;
    if (vfs.szOsFile < (int)sizeof(struct handle))
        vfs.szOsFile = sizeof(struct handle);
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    vfs.xAccess = vfs_access;
    vfs.xFullPathname = vfs_path;
    return sqlite3_vfs_register(&vfs, 1) == SQLITE_OK ? DAF_OK : DAF_ENOMEM;
}

/* ---- disks */

enum daf_err daf_ramdisk_new(const char *dir, struct daf_ramdisk **out)
{
    struct daf_ramdisk *r = calloc(1, sizeof *r);

    *out = NULL;
    if (r == NULL) return DAF_ENOMEM;
    int len = snprintf(r->dir, sizeof r->dir, "%s", dir);
    enum daf_err err =
        len < 0 || (size_t)len >= sizeof r->dir ? DAF_ELIMIT : register_once();
    if (err != DAF_OK) {
        free(r);
        return err;
    }
    r->dir_len = (size_t)len;
    r->next = disks;
    disks = r;
    *out = r;
    return DAF_OK;
}

void daf_ramdisk_free(struct daf_ramdisk *r)
{
    struct daf_ramdisk **at = &disks;

    if (r == NULL) return;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    for (size_t i = 0; i < BUCKETS; i++)
        while (r->buckets[i] != NULL) {
            struct file *next = r->buckets[i]->next;

            free_file(r, r->buckets[i]);
            r->buckets[i] = next;
        }
    free(r);
}

enum daf_err daf_ramdisk_copy(struct daf_ramdisk *r, const char *from,
                              const char *to)
{
    struct file *a = *place(r, from), *b = make(r, to);

    if (a == NULL) return DAF_ENOTFOUND;
    if (b == NULL || !make_room(b, a->pages_count)) return DAF_ENOMEM;
    assert(a != b && b->locks.all == NULL);
    cut_pages(r, b, 0);
    for (size_t i = 0; i < a->pages_count; i++) {
        b->pages[i] = a->pages[i];
        if (b->pages[i] != NULL) b->pages[i]->users++;
    }
    b->pages_count = a->pages_count;
    b->len = a->len;
    return DAF_OK;
}

uint64_t daf_ramdisk_bytes(const struct daf_ramdisk *r)
{
    return r->bytes;
}
