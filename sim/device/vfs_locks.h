/* SPDX-License-Identifier: Apache-2.0 */
/* sim/device/vfs_locks.h - what connections of one process hold of a file in memory:
 * the locks of sqlite3_io_methods, and the shared index of a write-ahead log, as
 * SQLite's documentation asks for them.  Codes are SQLite's.  One thread. */
#ifndef DAF_SIM_DEVICE_VFS_LOCKS_H
#define DAF_SIM_DEVICE_VFS_LOCKS_H

#include <stdbool.h>
#include <stdint.h>

/* One connection's; zeroed. */
struct daf_vfs_lock {
    struct daf_vfs_lock *next;
    int level; /* SQLITE_LOCK_ */
    bool has_shm;
    unsigned shm_shared, shm_exclusive; /* masks */
};

/* Sixteen regions of 32 KiB index 65,000 pages of a log. */
#define DAF_VFS_SHM_REGIONS 16

/* A file's; zeroed. */
struct daf_vfs_locks {
    struct daf_vfs_lock *all;
    uint8_t *region[DAF_VFS_SHM_REGIONS];
    unsigned shm_users;
};

/** daf_vfs_locks_join, _leave: a connection opens the file, and closes it. */
void daf_vfs_locks_join(struct daf_vfs_locks *f, struct daf_vfs_lock *l);
void daf_vfs_locks_leave(struct daf_vfs_locks *f, struct daf_vfs_lock *l);

/* As xLock, xUnlock and xCheckReservedLock: SQLITE_OK or SQLITE_BUSY. */
int daf_vfs_locks_lock(struct daf_vfs_locks *f, struct daf_vfs_lock *l,
                       int level);
void daf_vfs_locks_unlock(struct daf_vfs_lock *l, int level);
bool daf_vfs_locks_is_reserved(const struct daf_vfs_locks *f,
                               const struct daf_vfs_lock *l);

/* As xShmMap (SQLITE_IOERR_SHMMAP, SQLITE_NOMEM), xShmLock (SQLITE_BUSY) and
 * xShmUnmap; the last one takes the regions away. */
int daf_vfs_locks_shm_map(struct daf_vfs_locks *f, struct daf_vfs_lock *l,
                          int index, int len, bool may_extend,
                          void volatile **out);
int daf_vfs_locks_shm_lock(struct daf_vfs_locks *f, struct daf_vfs_lock *l,
                           int first, int count, int flags);
void daf_vfs_locks_shm_unmap(struct daf_vfs_locks *f, struct daf_vfs_lock *l);

#endif
