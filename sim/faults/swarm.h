/* SPDX-License-Identifier: Apache-2.0 */
/* sim/faults/swarm.h - one small world in which much goes wrong, and must come right.
 *
 *   safety     contacts come and go, people learn, and the faults of the options
 *              happen; the checker looks on (sim/check/check.h)
 *   liveness   faults stop, hostile devices leave, who is off comes back, and a core
 *              drawn by chance is connected: within DAF_SWARM_AGREE it must hold the
 *              same, then fall silent, then, when the last contact has ended, forget
 *              every session */
#ifndef DAF_SIM_FAULTS_SWARM_H
#define DAF_SIM_FAULTS_SWARM_H

#include "sim/check/check.h"
#include "sim/faults/faults.h"

#define DAF_SWARM_AGREE      (30 * DAF_SIM_MINUTE)
#define DAF_SWARM_SILENCE    (10 * DAF_SIM_MINUTE)
#define DAF_SWARM_EVENTS_MAX UINT64_C(4000000) /* more is a livelock */

struct daf_swarm_result {
    uint64_t hash, events, sometimes;
    uint64_t can_meet; /* bits of enum daf_sometimes, too */
    struct daf_fleet_stats fleet;
    uint64_t bodies, again;
    uint64_t torn_kept, torn_lost; /* batches in which power went */
    daf_sim_us agreed;             /* after the faults stopped */
    char broken[300];              /* "": nothing is */
};

/* Disks whose power can be cut at any write, as tests/crash has them. */
struct daf_swarm_disks {
    const char *dir; /* an empty folder is made in it for each */
    void *(*made)(const char *dir, uint64_t seed);
    void (*arm)(void *disk, uint64_t after); /* this many operations; 0: not */
    bool (*is_cut)(const void *disk);
    void (*cut)(void *disk);
    void (*on)(void *disk);
    void (*gone)(void *disk);
    /* Bytes of one of its files change, all @drawn: a bit, or a page.  False: it
     * has none.  *@out_is_journal: it was the notebook's journal. */
    bool (*rot)(void *disk, uint64_t drawn, bool is_page, bool *out_is_journal);
    void (*lie)(void *disk); /* from now on syncs make nothing safe */
    /* Nothing is open: look through its notebook, as daf_store_repair() does, and
     * with its errors. */
    enum daf_err (*mend)(void *disk, struct daf_store_repair *out);
};
/** daf_swarm_use: worlds from now on have real notebooks on these disks; cards are
 * not copied there.  @disks outlives them. */
void daf_swarm_use(const struct daf_swarm_disks *disks);

/** daf_swarm_run: DAF_OK also when something is broken; DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_swarm_run(const struct daf_faults *faults,
                                         struct daf_swarm_result *out);

#endif
