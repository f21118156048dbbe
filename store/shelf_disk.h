/* SPDX-License-Identifier: Apache-2.0 */
/* store/shelf_disk.h - the shelf's few words with the file system.
 *
 * Private to store/.  Each is one system call, tried again when a signal came in
 * between, with our errors; whoever wants to see a disk fail puts himself between
 * these and the C library.  No link is ever followed, no descriptor inherited. */
#ifndef DAF_STORE_SHELF_DISK_H
#define DAF_STORE_SHELF_DISK_H

#include "proto/err.h"
#include "proto/types.h"

#define DAF_SHELF_BLOCK 4096 /* what we count in, at least */

/* What is kept of the last failure, for a log. */
struct daf_shelf_disk {
    char trouble[256];
};

/** daf_shelf_disk_trouble: keep the system's words for @error; what it is of ours.
 * ENOTFOUND, EEXISTS, EFULL, ELIMIT, EREADONLY, ENOMEM, else EIO. */
enum daf_err daf_shelf_disk_trouble(struct daf_shelf_disk *d, int error,
                                    const char *doing, const char *name);

/** daf_shelf_disk_open: a plain file called @name in folder @at; to read, or
 * @flags.  DAF_EIO also if it is no plain file. */
DAF_NODISCARD enum daf_err daf_shelf_disk_open(struct daf_shelf_disk *d, int at,
                                               const char *name, int flags,
                                               unsigned mode, int *out);
DAF_NODISCARD enum daf_err daf_shelf_disk_folder(struct daf_shelf_disk *d,
                                                 int at, const char *name,
                                                 int *out);
/** daf_shelf_disk_folder_of: the folder that the file @path below @root is in; a
 * safe path.  @make: make what is missing. */
DAF_NODISCARD enum daf_err daf_shelf_disk_folder_of(struct daf_shelf_disk *d,
                                                    int root,
                                                    struct daf_view path,
                                                    bool make, int *out);
/** daf_shelf_disk_file: as _open(), a path below @root. */
DAF_NODISCARD enum daf_err daf_shelf_disk_file(struct daf_shelf_disk *d,
                                               int root, struct daf_view path,
                                               int flags, int *out);
/** daf_shelf_disk_close: < 0 is fine.  What was written was synced before, or is
 * worth nothing yet, so it has no error. */
void daf_shelf_disk_close(int fd);

DAF_NODISCARD enum daf_err daf_shelf_disk_write(struct daf_shelf_disk *d,
                                                int fd, uint64_t offset,
                                                struct daf_view bytes);
/** daf_shelf_disk_copy: copy_file_range() of *@len bytes at @offset of both; *@len:
 * how many there were.  Where they can share blocks (btrfs, XFS) nothing is written.
 * *@out_able false: these two files cannot, and nothing happened. */
DAF_NODISCARD enum daf_err daf_shelf_disk_copy(struct daf_shelf_disk *d, int in,
                                               int out, uint64_t offset,
                                               uint64_t *len, bool *out_able);
/** daf_shelf_disk_punch: a hole of zeros; best effort. */
void daf_shelf_disk_punch(int fd, uint64_t offset, uint64_t len);
/** daf_shelf_disk_read: *@len: in, how many; out, how many before the end. */
DAF_NODISCARD enum daf_err daf_shelf_disk_read(struct daf_shelf_disk *d, int fd,
                                               uint64_t offset, uint8_t *out,
                                               size_t *len);
DAF_NODISCARD enum daf_err daf_shelf_disk_size(struct daf_shelf_disk *d, int fd,
                                               uint64_t *out);
DAF_NODISCARD enum daf_err daf_shelf_disk_resize(struct daf_shelf_disk *d,
                                                 int fd, uint64_t size);
/** daf_shelf_disk_fits: DAF_ELIMIT: this file system has no files of @size, as FAT
 * of 4 GiB. */
DAF_NODISCARD enum daf_err daf_shelf_disk_fits(struct daf_shelf_disk *d, int fd,
                                               uint64_t size);
DAF_NODISCARD enum daf_err daf_shelf_disk_sync(struct daf_shelf_disk *d,
                                               int fd);
DAF_NODISCARD enum daf_err daf_shelf_disk_make(struct daf_shelf_disk *d, int at,
                                               const char *name);
DAF_NODISCARD enum daf_err daf_shelf_disk_rename(struct daf_shelf_disk *d,
                                                 int from_at, const char *from,
                                                 int to_at, const char *to);
/** daf_shelf_disk_put: a small file, whole and durable, in the place of the one
 * that was there. */
DAF_NODISCARD enum daf_err daf_shelf_disk_put(struct daf_shelf_disk *d, int at,
                                              const char *name,
                                              struct daf_view bytes);
/** daf_shelf_disk_remove: a file, or a folder with all in it; none is fine. */
DAF_NODISCARD enum daf_err daf_shelf_disk_remove(struct daf_shelf_disk *d,
                                                 int at, const char *name);
/** daf_shelf_disk_remove_some: the same, until the turn is over: DAF_EBUSY. */
struct daf_shelf_turns;
DAF_NODISCARD enum daf_err daf_shelf_disk_remove_some(
    struct daf_shelf_disk *d, int at, const char *name,
    const struct daf_shelf_turns *turns);
bool daf_shelf_disk_is_folder(int at, const char *name);
/* What the disk of a folder has. */
struct daf_shelf_disk_room {
    uint64_t bytes, files; /* free; files: UINT64_MAX if it has no such bound */
    uint64_t block;        /* what it counts in, at least DAF_SHELF_BLOCK */
};
DAF_NODISCARD enum daf_err daf_shelf_disk_free(struct daf_shelf_disk *d, int fd,
                                               struct daf_shelf_disk_room *out);
/** daf_shelf_disk_has_holes: whether a file in @folder that was made longer takes
 * no room for it; false on FAT. */
bool daf_shelf_disk_has_holes(struct daf_shelf_disk *d, int folder);

/** daf_shelf_disk_lock: byte @at of @fd, for this process; EBUSY: another has
 * it.  daf_shelf_disk_unlock(): given back. */
DAF_NODISCARD enum daf_err daf_shelf_disk_lock(struct daf_shelf_disk *d, int fd,
                                               uint32_t at);
void daf_shelf_disk_unlock(int fd, uint32_t at);
/** daf_shelf_disk_is_locked: another process has byte @at. */
bool daf_shelf_disk_is_locked(int fd, uint32_t at);

/** daf_shelf_disk_data: where, from @from on, there may be something else than a
 * hole; @end: nowhere before it.  (shelf_holes.c) */
uint64_t daf_shelf_disk_data(int fd, uint64_t from, uint64_t end);

#endif
