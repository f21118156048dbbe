/* SPDX-License-Identifier: Apache-2.0 */
/* tests/crash/pcvfs.h - disks in memory whose power can be cut, as a SQLite VFS.
 *
 * A disk stands behind one real, empty folder.  Names are real: every file has an
 * empty file in the folder, so stat(), rename() and O_EXCL mean what they always
 * mean.  What is in a file is in memory: what a reader sees, what is safe, and
 * the changes that were not synced yet.  When the power goes
 *
 *      each change that was not synced survives or not, in any order,
 *      each sector of 512 bytes of a surviving one survives or not,
 *      names made, renamed or removed since the folder was last synced: those
 *      after some moment are undone (metadata is journalled: order is kept),
 *
 * and every operation fails until power_on().  Only the functions fdatasync() and
 * fsync() make anything safe: this program has its own (sync.c), which tell the
 * disk.  So a program linked with --wrap=fdatasync to nothing syncs nothing, and
 * must be seen to lose.
 *
 * One thread.  What cannot be had (memory, a descriptor) aborts. */
#ifndef DAF_TESTS_CRASH_PCVFS_H
#define DAF_TESTS_CRASH_PCVFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCVFS_SECTOR_BYTES 512
#define PCVFS_PATH_MAX     256

struct pcvfs_disk; /* opaque */

/** pcvfs_start: make it SQLite's default; call once, before anything is opened. */
void pcvfs_start(void);
/** pcvfs_seed: what SQLite draws (salts of journals) follows from @seed. */
void pcvfs_seed(uint64_t seed);
/** pcvfs_checkpoint: connections opened from now on copy their journal back
 * after @pages pages; 0: as SQLite does, after 1000. */
void pcvfs_checkpoint(int pages);

/** pcvfs_new: a disk for the files in @dir, which exists and is empty. */
struct pcvfs_disk *pcvfs_new(const char *dir, uint64_t seed);
/** pcvfs_free: with its files and their names; no file is open.  NULL is fine. */
void pcvfs_free(struct pcvfs_disk *d);
/** pcvfs_copy: what is seen on @from becomes what is safe on @to, an empty one. */
void pcvfs_copy(const struct pcvfs_disk *from, struct pcvfs_disk *to);
/** pcvfs_take: what is in real files in @dir is all that there is, and safe; no
 * file is open.  False: one cannot be read. */
bool pcvfs_take(struct pcvfs_disk *d, const char *dir);
/** pcvfs_dump: write what is seen into real files in @dir; false if it fails. */
bool pcvfs_dump(const struct pcvfs_disk *d, const char *dir);

/** pcvfs_solid: every write is safe at once: a disk that is never cut. */
void pcvfs_solid(struct pcvfs_disk *d);
/** pcvfs_lie: syncs return at once and make nothing safe, but one in ten; a write
 * becomes safe by itself a random number of operations later, or never. */
void pcvfs_lie(struct pcvfs_disk *d, bool is_lying);
/** pcvfs_odds: percent of changes, and of their sectors, that survive a cut; 60
 * and 85 unless told. */
void pcvfs_odds(struct pcvfs_disk *d, unsigned changes, unsigned sectors);

/** pcvfs_rot: a bit, or a page of PCVFS_ROT_BYTES, of one file is changed, all
 * drawn from @drawn, where it is safe and in what is seen.  False: no file has bytes.
 * *@out_is_journal: it was a "-wal". */
#define PCVFS_ROT_BYTES 4096
bool pcvfs_rot(struct pcvfs_disk *d, uint64_t drawn, bool is_page,
               bool *out_is_journal);

/** pcvfs_arm: cut at the @after-th operation from now, before or after it took
 * effect, by chance; 0: never.  Operations: write, truncate, sync, make, rename,
 * remove. */
void pcvfs_arm(struct pcvfs_disk *d, uint64_t after);
void pcvfs_cut(struct pcvfs_disk *d);
bool pcvfs_is_cut(const struct pcvfs_disk *d);
/** pcvfs_power_on: what survived is what there is.  No file is open. */
void pcvfs_power_on(struct pcvfs_disk *d);
uint64_t pcvfs_ops(const struct pcvfs_disk *d);

#endif
