/* SPDX-License-Identifier: Apache-2.0 */
/* tests/crash/pcvfs_impl.h - what the disk (pcvfs_disk.c), SQLite's methods
 * (pcvfs.c) and the C library's names (sync.c) share. */
#ifndef DAF_TESTS_CRASH_PCVFS_IMPL_H
#define DAF_TESTS_CRASH_PCVFS_IMPL_H

#include <sys/types.h>

#include "sim/device/vfs_locks.h"
#include "tests/crash/chance.h"
#include "tests/crash/pcvfs.h"

/* A write, or a truncation, that was not synced. */
struct pcvfs_change {
    struct pcvfs_change *next;
    bool is_truncate;
    uint64_t due; /* a lying disk: safe from this operation on */
    size_t at, len;
    uint8_t bytes[];
};

struct pcvfs_bytes {
    uint8_t *p;
    size_t len, cap;
};

struct pcvfs_file {
    struct pcvfs_file *next;
    struct pcvfs_disk *disk;
    int fd; /* of the empty file; keeps its number from being used again */
    dev_t dev;
    ino_t ino;
    char path[PCVFS_PATH_MAX]; /* "" if it has no name */
    struct pcvfs_bytes now, safe;
    struct pcvfs_change *changes, **changes_end;
    struct daf_vfs_locks locks;
};

/* A name made, renamed or removed since the folder was synced. */
enum pcvfs_naming { PCVFS_MADE, PCVFS_RENAMED, PCVFS_REMOVED };
struct pcvfs_name {
    enum pcvfs_naming what;
    struct pcvfs_file *file, *over; /* RENAMED: over what lost its name */
    char from[PCVFS_PATH_MAX], to[PCVFS_PATH_MAX];
};
#define PCVFS_NAMES_MAX 256

struct pcvfs_disk {
    struct pcvfs_disk *next;
    char dir[PCVFS_PATH_MAX];
    int dir_fd;
    struct chance chance;
    bool is_solid, is_lying, is_cut, is_going; /* going: after this operation */
    unsigned keep_changes, keep_sectors;
    uint64_t ops, cut_at; /* 0: never */
    struct pcvfs_file *files;
    size_t names_count;
    struct pcvfs_name names[PCVFS_NAMES_MAX];
};

/** pcvfs_of: the disk that a path is on, or NULL. */
struct pcvfs_disk *pcvfs_of(const char *path);
/** pcvfs_enter: an operation begins; false: the power is gone, and nothing of it
 * happened.  pcvfs_leave: it took effect; false: the power went then. */
bool pcvfs_enter(struct pcvfs_disk *d);
bool pcvfs_leave(struct pcvfs_disk *d);

/** pcvfs_open: the file of that name; made if it is not there and @may_make;
 * NULL with errno. */
struct pcvfs_file *pcvfs_open(struct pcvfs_disk *d, const char *path,
                              bool may_make);
void pcvfs_write(struct pcvfs_file *f, size_t at, const void *p, size_t len);
void pcvfs_truncate(struct pcvfs_file *f, size_t len);
/* -1 with errno, as the functions they stand for. */
int pcvfs_remove(struct pcvfs_disk *d, const char *path);
int pcvfs_rename(struct pcvfs_disk *d, const char *from, const char *to);
/** pcvfs_synced: fdatasync() or fsync() was called; false: no file of ours.
 * *@out_failed: the power is gone. */
bool pcvfs_synced(int fd, bool *out_failed);

#endif
