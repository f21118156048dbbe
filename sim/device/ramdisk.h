/* SPDX-License-Identifier: Apache-2.0 */
/* sim/device/ramdisk.h - SQLite's files of a whole camp in memory.
 *
 * A ramdisk stands behind one real folder: what SQLite has below it has its name
 * there at most, and its bytes here, in pages that copies share until one is
 * written.  So a thousand devices that begin with the same notebook hold it once,
 * and no call of the system is needed for what a simulation throws away: half of
 * the time of a run with real notebooks went into them.
 *
 * Nothing is durable, and power is never cut: tests/crash has disks for that.  The
 * methods are sqlite3_vfs's and sqlite3_io_methods's, as SQLite's documentation
 * asks for them; locks are between the connections of this process.  One thread. */
#ifndef DAF_SIM_DEVICE_RAMDISK_H
#define DAF_SIM_DEVICE_RAMDISK_H

#include "proto/err.h"
#include "proto/types.h"

struct daf_ramdisk; /* opaque */

/** daf_ramdisk_new: from now on what SQLite opens below the folder @dir, which
 * exists, is in memory.  Other paths are SQLite's as before.  DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_ramdisk_new(const char *dir,
                                           struct daf_ramdisk **out);
/** daf_ramdisk_free: with all files, none of which is open.  NULL is fine. */
void daf_ramdisk_free(struct daf_ramdisk *r);

/** daf_ramdisk_copy: the file @to, which is not open, holds what @from holds.
 * Both are paths below the folder.  DAF_ENOTFOUND: no @from.  DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_ramdisk_copy(struct daf_ramdisk *r,
                                            const char *from, const char *to);
/** daf_ramdisk_bytes: of all files, what is shared counted once. */
uint64_t daf_ramdisk_bytes(const struct daf_ramdisk *r);

#endif
