/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/device/vfs_locks.h"

#include <sqlite3.h>
#include <stdlib.h>

void daf_vfs_locks_join(struct daf_vfs_locks *f, struct daf_vfs_lock *l)
{
    l->next = f->all;
    f->all = l;
}

void daf_vfs_locks_leave(struct daf_vfs_locks *f, struct daf_vfs_lock *l)
{
    struct daf_vfs_lock **at = &f->all;

    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
}

/* ---- the file */

static bool others_hold(const struct daf_vfs_locks *f,
                        const struct daf_vfs_lock *l, int level)
{
    for (const struct daf_vfs_lock *o = f->all; o != NULL; o = o->next)
        if (o != l && o->level >= level) return true;
    return false;
}

int daf_vfs_locks_lock(struct daf_vfs_locks *f, struct daf_vfs_lock *l,
                       int level)
{
    if (l->level >= level) return SQLITE_OK;
    if (others_hold(f, l,
                    level == SQLITE_LOCK_SHARED ? SQLITE_LOCK_PENDING
                                                : SQLITE_LOCK_RESERVED))
        return SQLITE_BUSY;
    if (level == SQLITE_LOCK_EXCLUSIVE &&
        others_hold(f, l, SQLITE_LOCK_SHARED)) {
        l->level = SQLITE_LOCK_PENDING;
        return SQLITE_BUSY;
    }
    l->level = level;
    return SQLITE_OK;
}

void daf_vfs_locks_unlock(struct daf_vfs_lock *l, int level)
{
    if (l->level > level) l->level = level;
}

bool daf_vfs_locks_is_reserved(const struct daf_vfs_locks *f,
                               const struct daf_vfs_lock *l)
{
    return l->level >= SQLITE_LOCK_RESERVED ||
           others_hold(f, l, SQLITE_LOCK_RESERVED);
}

/* ---- the log's shared index */

int daf_vfs_locks_shm_map(struct daf_vfs_locks *f, struct daf_vfs_lock *l,
                          int index, int len, bool may_extend,
                          void volatile **out)
{
    *out = NULL;
    if (index >= DAF_VFS_SHM_REGIONS) return SQLITE_IOERR_SHMMAP;
    if (f->region[index] == NULL && may_extend) {
        f->region[index] = calloc(1, (size_t)len);
        if (f->region[index] == NULL) return SQLITE_NOMEM;
    }
    if (!l->has_shm) f->shm_users++;
    l->has_shm = true;
    *out = f->region[index];
    return SQLITE_OK;
}

int daf_vfs_locks_shm_lock(struct daf_vfs_locks *f, struct daf_vfs_lock *l,
                           int first, int count, int flags)
{
    unsigned mask = ((1u << count) - 1u) << first;
    bool is_shared = (flags & SQLITE_SHM_SHARED) != 0;

    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
        l->shm_shared &= ~mask;
        l->shm_exclusive &= ~mask;
        return SQLITE_OK;
    }
    for (const struct daf_vfs_lock *o = f->all; o != NULL; o = o->next) {
        unsigned held = o->shm_exclusive | (is_shared ? 0 : o->shm_shared);

        if (o != l && (held & mask) != 0) return SQLITE_BUSY;
    }
    if (is_shared)
        l->shm_shared |= mask;
    else
        l->shm_exclusive |= mask;
    return SQLITE_OK;
}

void daf_vfs_locks_shm_unmap(struct daf_vfs_locks *f, struct daf_vfs_lock *l)
{
    if (!l->has_shm) return;
    l->has_shm = false;
    l->shm_shared = l->shm_exclusive = 0;
    if (--f->shm_users > 0) return;
    for (int i = 0; i < DAF_VFS_SHM_REGIONS; i++) {
        free(f->region[i]);
        f->region[i] = NULL;
    }
}
