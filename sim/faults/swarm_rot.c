/* SPDX-License-Identifier: Apache-2.0 */
/* Disks that forget: bytes change by themselves, and syncs that made nothing safe
 * come to light when power goes.
 *
 * The daemon goes on with what it can read, tells that its notebook is damaged, and
 * a person has it repaired (docs/storage.md); what nobody noticed is looked for
 * when the faults end.  So the device may say nonsense meanwhile, and others must
 * take none of it. */
#include "sim/faults/swarm_impl.h"

#define COMES_MOST_S 120 /* until somebody looks through a card */

static uint32_t device_of(const struct daf_swarm *s, uint32_t card)
{
    struct daf_fleet_who who = {.card = 0};
    uint32_t device = 0;

    for (uint32_t i = 0; i < s->devices; i++) {
        daf_fleet_who(s->fleet, i, &who);
        if (who.card == card) device = i;
    }
    return device;
}

void daf_swarm_rot_begin(struct daf_swarm *s)
{
    struct daf_chance c;

    daf_chance_init(&c, s->faults->seed, "lies", 0);
    for (uint32_t i = 0; s->disks != NULL && i < s->devices; i++) {
        bool lies = daf_swarm_pct(s, DAF_FAULT_LIE, &c) != 0;
        if (!lies || s->of[i].is_hostile) continue;
        s->lies[i] = true;
        s->disks->lie(s->disk[i]);
    }
}

void daf_swarm_rot_cut(struct daf_swarm *s, uint32_t card)
{
    if (s->lies[card])
        daf_check_sick(s->check, device_of(s, card), DAF_CHECK_LIE);
}

void daf_swarm_rot(struct daf_swarm *s)
{
    struct daf_chance *c = &s->chance[DAF_SWARM_ROT];
    uint32_t device = (uint32_t)daf_chance_below(c, s->devices);
    bool is_page = daf_swarm_pct(s, DAF_FAULT_ROT_PAGE, c) != 0;
    uint64_t drawn = daf_chance_u64(c);
    struct daf_fleet_who who;
    bool is_journal = false;

    if (s->disks == NULL || s->of[device].is_hostile || s->of[device].is_spare)
        return;
    daf_fleet_who(s->fleet, device, &who);
    if (s->disks->rot(s->disk[who.card], drawn, is_page, &is_journal))
        daf_check_sick(s->check, device,
                       is_journal ? DAF_CHECK_ROT_JOURNAL : DAF_CHECK_ROT);
}

/* ---- looking through it */

static enum daf_err mend_card(void *ctx, uint32_t card, bool *out_is_new_start)
{
    struct daf_swarm *s = ctx;
    struct daf_store_repair done = {.was_damaged = false};
    enum daf_err err = s->disks->mend(s->disk[card], &done);

    s->was_damaged = done.was_damaged;
    *out_is_new_start = done.is_new_start;
    if (done.is_new_start) daf_check_met(s->check, DAF_SOMETIMES_MENDED_ANEW);
    return err;
}

static void meet(struct daf_swarm *s, unsigned why, uint64_t lost)
{
    bool is_lie = (why & DAF_CHECK_LIE) != 0;

    if (is_lie && s->was_damaged)
        daf_check_met(s->check, DAF_SOMETIMES_LIE_FOUND);
    else if (is_lie && lost > 0)
        daf_check_met(s->check, DAF_SOMETIMES_LIE_OLDER);
    if (is_lie) return;
    daf_check_met(s->check, s->was_damaged ? DAF_SOMETIMES_ROT_FOUND
                                           : DAF_SOMETIMES_ROT_UNFOUND);
    if (lost > 0) daf_check_met(s->check, DAF_SOMETIMES_ROT_LOST);
}

void daf_swarm_mend(struct daf_swarm *s, uint32_t device)
{
    unsigned why = daf_check_why(s->check, device);
    bool is_cut = daf_chance_below(&s->chance_mend, 2) == 0;

    s->of[device].is_awaited = false;
    if (why == 0) return;
    daf_fleet_power(s->fleet, device, DAF_POWER_OFF);
    enum daf_err err = daf_fleet_mend(s->fleet, device, is_cut, mend_card);
    if (err == DAF_OK)
        meet(s, why, daf_check_cured(s->check, device, s->was_damaged));
    else
        daf_check_fail(s->check, device,
                       "its notebook was damaged, and cannot be mended: %s",
                       daf_err_str(err));
}

void daf_swarm_mend_later(struct daf_swarm *s, uint32_t device)
{
    if (s->of[device].is_awaited) return;
    s->of[device].is_awaited = true;
    daf_engine_add(s->engine,
                   daf_engine_now(s->engine) +
                       daf_swarm_span(&s->chance_mend, COMES_MOST_S),
                   DAF_SIM_POWER, device, device, DAF_SWARM_MENDS);
}

void daf_swarm_rot_told(void *ctx, uint32_t device, enum daf_err err)
{
    struct daf_swarm *s = ctx;

    if (daf_check_why(s->check, device) == 0)
        daf_check_fail(s->check, device,
                       "its notebook is damaged, and nothing damaged it: %s",
                       daf_err_str(err));
    daf_check_met(s->check, DAF_SOMETIMES_DAMAGE_TOLD);
    daf_swarm_mend_later(s, device);
}
