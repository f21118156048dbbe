/* SPDX-License-Identifier: Apache-2.0 */
/* daftar-sim seeds over real notebooks: SQLite on disks whose power goes in the
 * middle of batches, with torn and reordered writes. */

#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "sim/commands.h"
#include "sim/faults/swarm.h"
#include "tests/crash/pcvfs.h"
#include "tests/lib/tmpdir.h"

static void *made(const char *dir, uint64_t seed)
{
    pcvfs_seed(seed);
    return pcvfs_new(dir, seed);
}

static void arm(void *disk, uint64_t after)
{
    pcvfs_arm(disk, after);
}

static bool is_cut(const void *disk)
{
    return pcvfs_is_cut(disk);
}

static void cut(void *disk)
{
    if (!pcvfs_is_cut(disk)) pcvfs_cut(disk);
}

static void on(void *disk)
{
    pcvfs_power_on(disk);
}

static void gone(void *disk)
{
    pcvfs_free(disk);
}

static bool rot(void *disk, uint64_t drawn, bool is_page, bool *out_is_journal)
{
    return pcvfs_rot(disk, drawn, is_page, out_is_journal);
}

static void lie(void *disk)
{
    pcvfs_lie(disk, true);
}

/* ---- mending: in real files, which is where a repair reads pages by hand */

/* Nobody will read it. */
static void forget_aside(const char *dir)
{
    char path[300];

    (void)snprintf(path, sizeof path, "%s/notebook.damaged-1", dir);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/notebook.damaged-1-wal", dir);
    (void)unlink(path);
}

/* What the next start does of it (daf_offline_prepare()). */
static enum daf_err take_note(const char *dir)
{
    struct daf_store *store = NULL;
    enum daf_err err = daf_store_open(dir, DAF_STORE_WRITER, &store);

    if (err == DAF_OK) err = daf_store_begin(store);
    if (err == DAF_OK)
        err = daf_store_set(store, DAF_STORE_NEW_START,
                            (struct daf_view){NULL, 0});
    if (err == DAF_OK) err = daf_store_commit(store);
    daf_store_close(store);
    return err;
}

static enum daf_err mend_in(void *disk, const char *dir,
                            struct daf_store_repair *out)
{
    if (!pcvfs_dump(disk, dir)) return DAF_EIO;
    enum daf_err err = daf_store_repair(dir, NULL, NULL, NULL, out);
    if (err == DAF_ENOTFOUND) { /* the file itself is gone: an empty one */
        *out = (struct daf_store_repair){.was_damaged = true,
                                         .is_new_start = true};
        err = DAF_OK;
    }
    if (err == DAF_OK && out->is_new_start) err = take_note(dir);
    if (err != DAF_OK) return err;
    forget_aside(dir);
    return pcvfs_take(disk, dir) ? DAF_OK : DAF_EIO;
}

static enum daf_err mend(void *disk, struct daf_store_repair *out)
{
    char *dir = daf_tmpdir_new();

    if (dir == NULL) return DAF_EIO;
    (void)sqlite3_vfs_register(sqlite3_vfs_find("unix"), 1);
    enum daf_err err = mend_in(disk, dir, out);
    (void)sqlite3_vfs_register(sqlite3_vfs_find("pcvfs"), 1);
    daf_tmpdir_free(dir);
    return err;
}

int main(int argc, char **argv)
{
    char *dir = daf_tmpdir_new();
    struct daf_swarm_disks disks = {.dir = dir,
                                    .made = made,
                                    .arm = arm,
                                    .is_cut = is_cut,
                                    .cut = cut,
                                    .on = on,
                                    .gone = gone,
                                    .rot = rot,
                                    .lie = lie,
                                    .mend = mend};

    if (dir == NULL) return 1;
    pcvfs_start();
    pcvfs_checkpoint(40);
    daf_swarm_use(&disks);
    int code = daf_cmd_seeds(argc, argv);
    daf_tmpdir_free(dir);
    return code;
}
