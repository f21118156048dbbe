/* SPDX-License-Identifier: Apache-2.0 */
/* What happens again and again while faults do. */
#include <string.h>

#include "sim/faults/swarm_impl.h"

#define CLOGGED_MOST_S \
    12 /* less than the silence: the link is slow, not gone */
#define PARTED_MOST_S 300

/* What says how often; DAF_FAULT_COUNT: always, each 20 s. */
static const enum daf_fault every[DAF_SWARM_TURNS] = {
    [DAF_SWARM_MEET] = DAF_FAULT_MEET_S,
    [DAF_SWARM_LEARN] = DAF_FAULT_LEARN_S,
    [DAF_SWARM_CLOG] = DAF_FAULT_CLOG_S,
    [DAF_SWARM_PART] = DAF_FAULT_PART_S,
    [DAF_SWARM_CRASH] = DAF_FAULT_CRASH_S,
    [DAF_SWARM_PAUSE] = DAF_FAULT_PAUSE_S,
    [DAF_SWARM_CLOCK] = DAF_FAULT_CLOCK_S,
    [DAF_SWARM_DISK] = DAF_FAULT_DISK_S,
    [DAF_SWARM_HINT] = DAF_FAULT_HINT_S,
    [DAF_SWARM_CARD] = DAF_FAULT_CARD_S,
    [DAF_SWARM_FORGE] = DAF_FAULT_FORGE_S,
    [DAF_SWARM_LOOK] = DAF_FAULT_COUNT,
    [DAF_SWARM_MEMORY] = DAF_FAULT_MEMORY_S,
    [DAF_SWARM_ROT] = DAF_FAULT_ROT_S,
};

static void again(struct daf_swarm *s, enum daf_swarm_turn turn)
{
    uint32_t seconds =
        every[turn] == DAF_FAULT_COUNT ? 20 : s->faults->of[every[turn]];
    struct daf_chance *c = &s->chance[turn];

    if (seconds > 0)
        daf_engine_add(s->engine,
                       daf_engine_now(s->engine) +
                           daf_swarm_span(c, 2 * seconds),
                       DAF_SIM_TIMER, turn, turn, 0);
}

void daf_swarm_begin(struct daf_swarm *s)
{
    for (unsigned i = 0; i < DAF_SWARM_TURNS; i++)
        again(s, (enum daf_swarm_turn)i);
}

/* ---- contacts */

static bool is_parted(const struct daf_swarm *s, uint32_t a, uint32_t b)
{
    return s->parted_until > daf_engine_now(s->engine) &&
           s->of[a].side != s->of[b].side;
}

static daf_sim_us stay(struct daf_swarm *s, struct daf_chance *c)
{
    const struct daf_fleet_config config = daf_fleet_defaults();

    if (daf_swarm_pct(s, DAF_FAULT_FLAP, c)) {
        daf_check_met(s->check, DAF_SOMETIMES_FLAP);
        return DAF_SIM_MS * (daf_sim_us)daf_chance_below(c, 900);
    }
    /* Seen, called, and gone before the handshake is done. */
    if (daf_swarm_pct(s, DAF_FAULT_SHORT, c))
        return config.discovery +
               DAF_SIM_MS *
                   (daf_sim_us)daf_chance_below(
                       c, 6 * (uint64_t)s->faults->of[DAF_FAULT_LATENCY_MS]);
    return daf_swarm_span(c, s->faults->of[DAF_FAULT_STAY_S]);
}

static void meet(struct daf_swarm *s)
{
    struct daf_chance *c = &s->chance[DAF_SWARM_MEET];
    uint32_t a = (uint32_t)daf_chance_below(c, s->devices);
    uint32_t b = (uint32_t)daf_chance_below(c, s->devices);
    struct daf_contact contact = {.a = a < b ? a : b,
                                  .b = a < b ? b : a,
                                  .loss = s->faults->of[DAF_FAULT_LOSS]};
    bool is_deaf = daf_swarm_pct(s, DAF_FAULT_DEAF, c) != 0;
    bool is_shared = daf_swarm_pct(s, DAF_FAULT_SHARED, c) != 0;
    uint32_t deaf = (uint32_t)daf_chance_below(c, 2);
    daf_sim_us span = stay(s, c);

    if (a == b || !daf_swarm_is_usable(s, a) || !daf_swarm_is_usable(s, b))
        return;
    if (is_parted(s, a, b) && !s->is_part_deaf) return;
    is_deaf |= is_parted(s, a, b);
    if (is_deaf) {
        contact.deaf = deaf == 0 ? DAF_DEAF_A : DAF_DEAF_B;
        daf_check_met(s->check, DAF_SOMETIMES_DEAF);
    }
    if (is_shared) {
        contact.cell = 1;
        daf_check_met(s->check, DAF_SOMETIMES_SHARED);
    }
    daf_fleet_up(s->fleet, &contact);
    daf_engine_add(s->engine, daf_engine_now(s->engine) + span, DAF_SIM_CONTACT,
                   contact.a, contact.a, contact.b);
}

void daf_swarm_on_leave(void *ctx, uint32_t a, uint32_t b)
{
    struct daf_swarm *s = ctx;

    if (!s->is_calm) daf_fleet_down(s->fleet, a, b);
}

/* A random part of the links clogs one by one, and comes free in another order. */
static void clog_some(struct daf_swarm *s)
{
    struct daf_chance *c = &s->chance[DAF_SWARM_CLOG];
    daf_sim_us at = daf_engine_now(s->engine);

    daf_check_met(s->check, DAF_SOMETIMES_CLOGGED);
    for (uint32_t a = 0; a < s->devices; a++)
        for (uint32_t b = a + 1; b < s->devices; b++) {
            if (daf_chance_below(c, 2) == 0) continue;
            at += daf_swarm_span(c, 1) / 4;
            daf_engine_add(s->engine, at, DAF_SIM_ARRIVAL, a, a, b);
        }
}

void daf_swarm_on_clog(void *ctx, uint32_t a, uint32_t b)
{
    struct daf_swarm *s = ctx;

    if (!s->is_calm)
        daf_fleet_clog(s->fleet, a, b,
                       daf_swarm_span(&s->chance[DAF_SWARM_CLOG],
                                      CLOGGED_MOST_S));
}

static void part(struct daf_swarm *s)
{
    struct daf_chance *c = &s->chance[DAF_SWARM_PART];

    for (uint32_t i = 0; i < s->devices; i++)
        s->of[i].side = (unsigned)daf_chance_below(c, 2);
    s->is_part_deaf = daf_swarm_pct(s, DAF_FAULT_PART_DEAF, c) != 0;
    s->parted_until =
        daf_engine_now(s->engine) + daf_swarm_span(c, PARTED_MOST_S);
    for (uint32_t a = 0; a < s->devices; a++)
        for (uint32_t b = a + 1; b < s->devices; b++)
            if (s->of[a].side != s->of[b].side) daf_fleet_down(s->fleet, a, b);
    daf_check_met(s->check, DAF_SOMETIMES_PARTED);
}

/* ---- people and devices */

static void learn(struct daf_swarm *s)
{
    uint32_t device = daf_swarm_anyone(s, &s->chance[DAF_SWARM_LEARN]);

    if (device != DAF_CHECK_NOBODY)
        daf_fleet_learn(s->fleet, device, ++s->tickets);
}

static void go_off(struct daf_swarm *s, uint32_t device, bool is_cut,
                   daf_sim_us span)
{
    struct daf_fleet_who who;

    daf_fleet_who(s->fleet, device, &who);
    if (is_cut && who.jobs > 0)
        daf_check_met(s->check, DAF_SOMETIMES_BATCH_LOST);
    if (!is_cut) daf_check_met(s->check, DAF_SOMETIMES_SWITCHED_OFF);
    daf_fleet_power(s->fleet, device, is_cut ? DAF_POWER_CUT : DAF_POWER_OFF);
    daf_engine_add(s->engine, daf_engine_now(s->engine) + span, DAF_SIM_POWER,
                   device, device, 0);
}

static void crash(struct daf_swarm *s)
{
    struct daf_chance *c = &s->chance[DAF_SWARM_CRASH];
    uint32_t device = daf_swarm_anyone(s, c);
    bool is_cut = daf_swarm_pct(s, DAF_FAULT_SWITCH_OFF, c) == 0;
    daf_sim_us span = daf_swarm_span(c, s->faults->of[DAF_FAULT_OFF_MOST_S]);

    if (device != DAF_CHECK_NOBODY) go_off(s, device, is_cut, span);
}

void daf_swarm_on_power(void *ctx, uint32_t device, uint32_t arg)
{
    struct daf_swarm *s = ctx;

    if (!s->is_calm && arg == DAF_SWARM_MENDS) daf_swarm_mend(s, device);
    if (s->is_calm || daf_fleet_is_on(s->fleet, device)) return;
    daf_fleet_power(s->fleet, device, DAF_POWER_ON);
    daf_check_met(s->check, DAF_SOMETIMES_RESTARTED);
    daf_check_card(s->check, device);
}

static void pause_one(struct daf_swarm *s)
{
    struct daf_chance *c = &s->chance[DAF_SWARM_PAUSE];
    const struct daf_fleet_config config = daf_fleet_defaults();
    uint32_t device = daf_swarm_anyone(s, c);
    daf_sim_us span = daf_swarm_span(c, s->faults->of[DAF_FAULT_PAUSE_MOST_S]);

    if (device == DAF_CHECK_NOBODY) return;
    daf_fleet_pause(s->fleet, device, span);
    daf_check_met(s->check, span > config.silence ? DAF_SOMETIMES_SUSPENDED
                                                  : DAF_SOMETIMES_PAUSED);
}

static void set_clock(struct daf_swarm *s)
{
    static const int64_t year_ms = INT64_C(365) * 86400 * 1000;
    struct daf_chance *c = &s->chance[DAF_SWARM_CLOCK];
    uint32_t device = (uint32_t)daf_chance_below(c, s->devices);
    int64_t off =
        (int64_t)daf_chance_below(c, (uint64_t)(4 * year_ms)) - 2 * year_ms;
    bool is_1970 = daf_chance_below(c, 3) == 0;

    daf_fleet_clock(s->fleet, device, is_1970 ? -60 * year_ms : off);
    if (off < 0) daf_check_met(s->check, DAF_SOMETIMES_CLOCK_BACK);
    if (is_1970) daf_check_met(s->check, DAF_SOMETIMES_CLOCK_1970);
}

static void spoil_disk(struct daf_swarm *s)
{
    static const enum daf_err how[] = {DAF_EFULL, DAF_EIO, DAF_ENOMEM};
    struct daf_chance *c = &s->chance[DAF_SWARM_DISK];
    struct daf_swarm_device *d = &s->of[daf_chance_below(c, s->devices)];

    d->disk = how[daf_chance_below(c, 3)];
    d->disk_until = daf_engine_now(s->engine) +
                    daf_swarm_span(c, s->faults->of[DAF_FAULT_DISK_MOST_S]);
}

/* ---- cards */

static void off_and_on(struct daf_swarm *s, uint32_t device)
{
    if (daf_fleet_is_on(s->fleet, device))
        go_off(s, device, false,
               daf_swarm_span(&s->chance[DAF_SWARM_CARD], 10));
}

static void clone(struct daf_swarm *s, uint32_t from)
{
    uint32_t to = s->devices - s->faults->of[DAF_FAULT_CLONES] + s->cloned;

    if (s->of[from].is_hostile) return;
    off_and_on(s, from);
    if (daf_fleet_clone(s->fleet, from, to) != DAF_OK) {
        daf_check_fail(s->check, from, "its card cannot be copied");
        return;
    }
    s->cloned++;
    s->of[to].is_spare = false;
    daf_check_cloned(s->check, from, to);
    daf_engine_add(s->engine, daf_engine_now(s->engine) + DAF_SIM_S,
                   DAF_SIM_POWER, to, to, 0);
}

static void change_cards(struct daf_swarm *s)
{
    struct daf_chance *c = &s->chance[DAF_SWARM_CARD];
    uint32_t a = daf_swarm_anyone(s, c), b = daf_swarm_anyone(s, c);
    bool is_copy = daf_chance_below(c, 2) == 0;

    if (a == DAF_CHECK_NOBODY || b == DAF_CHECK_NOBODY) return;
    if (is_copy && s->disks == NULL &&
        s->cloned < s->faults->of[DAF_FAULT_CLONES]) {
        clone(s, a);
        return;
    }
    /* The coordinator stays device 0, and who is hostile stays so. */
    if (a == b || a == 0 || b == 0 || s->of[a].is_hostile ||
        s->of[b].is_hostile)
        return;
    off_and_on(s, a);
    off_and_on(s, b);
    daf_fleet_swap(s->fleet, a, b);
    daf_check_swapped(s->check, a, b);
}

/* ---- hostile devices */

static void forge(struct daf_swarm *s)
{
    struct daf_chance *c = &s->chance[DAF_SWARM_FORGE];

    for (uint32_t i = 0; i < s->devices; i++) {
        if (!s->of[i].is_hostile) continue;
        daf_swarm_forge(s, i);
        /* Late, so that it has done something. */
        if (daf_chance_below(c, 8) == 0 &&
            daf_swarm_pct(s, DAF_FAULT_REVOKE, c) != 0 &&
            daf_swarm_is_usable(s, 0) && !daf_fleet_is_paused(s->fleet, 0))
            daf_fleet_revoke(s->fleet, i);
    }
}

void daf_swarm_on_turn(void *ctx, uint32_t turn, uint32_t arg)
{
    static void (*const turns[DAF_SWARM_TURNS])(
        struct daf_swarm * s) = {[DAF_SWARM_MEET] = meet,
                                 [DAF_SWARM_LEARN] = learn,
                                 [DAF_SWARM_CLOG] = clog_some,
                                 [DAF_SWARM_PART] = part,
                                 [DAF_SWARM_CRASH] = crash,
                                 [DAF_SWARM_PAUSE] = pause_one,
                                 [DAF_SWARM_CLOCK] = set_clock,
                                 [DAF_SWARM_DISK] = spoil_disk,
                                 [DAF_SWARM_HINT] = daf_swarm_hint,
                                 [DAF_SWARM_CARD] = change_cards,
                                 [DAF_SWARM_FORGE] = forge,
                                 [DAF_SWARM_MEMORY] = daf_swarm_memory,
                                 [DAF_SWARM_ROT] = daf_swarm_rot};
    struct daf_swarm *s = ctx;

    (void)arg;
    if (s->is_calm) return;
    if (turn == DAF_SWARM_LOOK)
        daf_check_bounds(s->check);
    else
        turns[turn](s);
    again(s, (enum daf_swarm_turn)turn);
}
