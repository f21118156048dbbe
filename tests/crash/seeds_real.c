/* SPDX-License-Identifier: Apache-2.0 */
/* daftar-sim seeds over real notebooks: SQLite on disks whose power goes in the
 * middle of batches, with torn and reordered writes. */

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

int main(int argc, char **argv)
{
    char *dir = daf_tmpdir_new();
    struct daf_swarm_disks disks = {.dir = dir,
                                    .made = made,
                                    .arm = arm,
                                    .is_cut = is_cut,
                                    .cut = cut,
                                    .on = on,
                                    .gone = gone};

    if (dir == NULL) return 1;
    pcvfs_start();
    pcvfs_checkpoint(40);
    daf_swarm_use(&disks);
    int code = daf_cmd_seeds(argc, argv);
    daf_tmpdir_free(dir);
    return code;
}
