/* SPDX-License-Identifier: Apache-2.0 */
/* Real notebooks on disks whose power can be cut in the middle of a batch. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/faults/swarm_impl.h"

#define OPERATIONS_MOST 40 /* a small batch has some 20, and a sync */

static const struct daf_swarm_disks *used;

void daf_swarm_use(const struct daf_swarm_disks *disks)
{
    used = disks;
}

enum daf_err daf_swarm_disks_begin(struct daf_swarm *s)
{
    if (used == NULL) return DAF_OK;
    int len =
        snprintf(s->dir, sizeof s->dir, "%s/%ld", used->dir, (long)getpid());
    if (len < 0 || (size_t)len >= sizeof s->dir) return DAF_ELIMIT;
    if (mkdir(s->dir, 0700) != 0) return DAF_EIO;
    s->disks = used;
    return DAF_OK;
}

void daf_swarm_disks_end(struct daf_swarm *s)
{
    char dir[300];

    if (s->disks == NULL) return;
    for (uint32_t i = 0; i < s->devices; i++) {
        if (s->disk[i] != NULL) s->disks->gone(s->disk[i]);
        (void)snprintf(dir, sizeof dir, "%s/%u", s->dir, (unsigned)i);
        (void)rmdir(dir);
    }
    (void)rmdir(s->dir);
}

static void on_made(void *ctx, uint32_t card, const char *dir)
{
    struct daf_swarm *s = ctx;

    s->disk[card] = s->disks->made(dir, s->faults->seed + card);
}

static bool on_is_cut(void *ctx, uint32_t card)
{
    struct daf_swarm *s = ctx;

    return s->disks->is_cut(s->disk[card]);
}

static void on_cut(void *ctx, uint32_t card)
{
    struct daf_swarm *s = ctx;

    s->disks->cut(s->disk[card]);
}

static void on_on(void *ctx, uint32_t card)
{
    struct daf_swarm *s = ctx;

    s->disks->arm(s->disk[card], 0);
    s->disks->on(s->disk[card]);
    daf_swarm_rot_cut(s, card);
}

static void on_perhaps(void *ctx, uint32_t device,
                       const struct daf_log_key *log,
                       const struct daf_spot *spot, bool is_drop)
{
    daf_check_perhaps(((struct daf_swarm *)ctx)->check, device, log, spot,
                      is_drop);
}

static void on_torn(void *ctx, uint32_t device)
{
    struct daf_swarm *s = ctx;

    daf_check_card(s->check, device);
    daf_engine_add(s->engine,
                   daf_engine_now(s->engine) +
                       daf_swarm_span(&s->chance_disk,
                                      s->faults->of[DAF_FAULT_OFF_MOST_S]),
                   DAF_SIM_POWER, device, device, 0);
}

void daf_swarm_disks_arm(struct daf_swarm *s, uint32_t device)
{
    struct daf_fleet_who who;

    if (s->disks == NULL) return;
    daf_fleet_who(s->fleet, device, &who);
    bool is_now = !s->is_calm && !s->of[device].is_hostile &&
                  s->faults->of[DAF_FAULT_CRASH_S] > 0 &&
                  daf_chance_below(&s->chance_disk, 10) == 0;
    s->disks->arm(s->disk[who.card],
                  is_now
                      ? 1 + daf_chance_below(&s->chance_disk, OPERATIONS_MOST)
                      : 0);
}

void daf_swarm_disks_events(const struct daf_swarm *s,
                            struct daf_fleet_events *events)
{
    if (s->disks == NULL) return;
    events->disk_made = on_made;
    events->disk_is_cut = on_is_cut;
    events->disk_cut = on_cut;
    events->disk_on = on_on;
    events->perhaps = on_perhaps;
    events->torn = on_torn;
    events->damaged = daf_swarm_rot_told;
}
