/* SPDX-License-Identifier: Apache-2.0 */
/* A world from its beginning to its end. */
#include "sim/faults/swarm_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP  (5 * DAF_SIM_S)
#define RENEW (3 * DAF_SIM_MINUTE)

bool daf_swarm_is_usable(const struct daf_swarm *s, uint32_t device)
{
    return !s->of[device].is_spare && daf_fleet_is_on(s->fleet, device);
}

uint32_t daf_swarm_pct(const struct daf_swarm *s, enum daf_fault which,
                       struct daf_chance *c)
{
    return daf_chance_below(c, 100) < s->faults->of[which];
}

daf_sim_us daf_swarm_span(struct daf_chance *c, uint32_t most_s)
{
    return DAF_SIM_MS *
           (daf_sim_us)(1 + daf_chance_below(c, (uint64_t)most_s * 1000));
}

uint32_t daf_swarm_anyone(const struct daf_swarm *s, struct daf_chance *c)
{
    uint32_t from = (uint32_t)daf_chance_below(c, s->devices);

    for (uint32_t i = 0; i < s->devices; i++) {
        uint32_t device = (from + i) % s->devices;
        if (daf_swarm_is_usable(s, device) &&
            !daf_fleet_is_paused(s->fleet, device))
            return device;
    }
    return DAF_CHECK_NOBODY;
}

void daf_swarm_down_all(struct daf_swarm *s)
{
    for (uint32_t a = 0; a < s->devices; a++)
        for (uint32_t b = a + 1; b < s->devices; b++)
            daf_fleet_down(s->fleet, a, b);
}

/* ---- the fleet's events */

static void on_wrote(void *ctx, uint32_t device, uint64_t ticket,
                     enum daf_err err, uint64_t seq)
{
    struct daf_swarm *s = ctx;

    (void)ticket;
    if (s->check != NULL) daf_check_wrote(s->check, device, err, seq);
}

static bool on_says(void *ctx, uint32_t device, uint32_t conn, uint32_t peer,
                    struct daf_view frame)
{
    struct daf_swarm *s = ctx;

    if (s->of[device].is_hostile && !s->is_calm)
        return daf_swarm_says(s, device, conn, frame);
    daf_check_said(s->check, device, conn, peer, frame);
    return true;
}

static enum daf_err on_disk(void *ctx, uint32_t device)
{
    struct daf_swarm *s = ctx;
    const struct daf_swarm_device *d = &s->of[device];

    if (daf_engine_now(s->engine) > 0) daf_swarm_disks_arm(s, device);
    if (s->is_calm || d->disk_until <= daf_engine_now(s->engine) ||
        !daf_swarm_pct(s, DAF_FAULT_DISK_PCT, &s->chance_disk))
        return DAF_OK;
    daf_check_met(s->check, d->disk == DAF_EFULL ? DAF_SOMETIMES_DISK_FULL
                            : d->disk == DAF_EIO ? DAF_SOMETIMES_DISK_ERROR
                                                 : DAF_SOMETIMES_NO_MEMORY);
    return d->disk;
}

static void on_kept(void *ctx, uint32_t device, const struct daf_record *r,
                    struct daf_view header, enum daf_body_state state,
                    struct daf_view body, enum daf_put what, bool is_unchecked)
{
    struct daf_swarm *s = ctx;

    if (daf_engine_now(s->engine) > 0)
        daf_check_kept(s->check, device, r, header, state, body, what,
                       is_unchecked);
}

static void on_drops(void *ctx, uint32_t device, const struct daf_log_key *log,
                     const struct daf_spot *spot)
{
    daf_check_drops(((struct daf_swarm *)ctx)->check, device, log, spot);
}

static void on_dropped(void *ctx, uint32_t device, const struct daf_spot *spot)
{
    daf_check_dropped(((struct daf_swarm *)ctx)->check, device, spot);
}

/* ---- making it */

static void cast_roles(struct daf_swarm *s)
{
    const uint32_t *of = s->faults->of;
    uint32_t people = of[DAF_FAULT_DEVICES];
    uint32_t hostile = of[DAF_FAULT_HOSTILE];

    if (hostile > people - 2) hostile = people - 2;
    s->devices = people + of[DAF_FAULT_CLONES];
    for (uint32_t i = people - hostile; i < people; i++) {
        s->of[i].is_hostile = true;
        daf_check_hostile(s->check, i);
    }
    for (uint32_t i = people; i < s->devices; i++)
        s->of[i].is_spare = true;
}

static enum daf_err make_fleet(struct daf_swarm *s)
{
    const uint32_t *of = s->faults->of;
    struct daf_fleet_config config = daf_fleet_defaults();
    struct daf_fleet_events events = {.ctx = s,
                                      .wrote = on_wrote,
                                      .says = on_says,
                                      .disk = on_disk,
                                      .kept = on_kept,
                                      .drops = on_drops,
                                      .dropped = on_dropped};

    daf_swarm_disks_events(s, &events);
    daf_swarm_memory_begin(&events);
    s->short_of_memory = DAF_CHECK_NOBODY;
    if (s->disks != NULL) config.real_dir = s->dir;
    config.seed = s->faults->seed;
    config.devices = s->devices;
    config.bytes_per_s = of[DAF_FAULT_SPEED];
    config.latency = of[DAF_FAULT_LATENCY_MS] * DAF_SIM_MS;
    config.commit = of[DAF_FAULT_COMMIT_MS] * DAF_SIM_MS;
    config.has_real_signatures = of[DAF_FAULT_REAL_SIGN] != 0;
    return daf_fleet_new(s->engine, &config, &events, &s->fleet);
}

static enum daf_err make(struct daf_swarm *s, const struct daf_faults *faults)
{
    uint32_t most =
        faults->of[DAF_FAULT_DEVICES] + faults->of[DAF_FAULT_CLONES];
    enum daf_err err = daf_engine_new(&s->engine);

    s->faults = faults;
    if (err == DAF_OK) err = daf_check_new(s->engine, most, &s->check);
    if (err == DAF_OK) err = daf_swarm_disks_begin(s);
    if (err != DAF_OK) return err;
    cast_roles(s);
    for (unsigned i = 0; i < DAF_SWARM_TURNS; i++)
        daf_chance_init(&s->chance[i], faults->seed, "turn", i);
    daf_chance_init(&s->chance_tamper, faults->seed, "tamper", 0);
    daf_chance_init(&s->chance_disk, faults->seed, "disk", 0);
    daf_chance_init(&s->chance_mend, faults->seed, "mend", 0);
    err = make_fleet(s);
    if (err != DAF_OK) return err;
    daf_engine_handle(s->engine, DAF_SIM_TIMER, daf_swarm_on_turn, s);
    daf_engine_handle(s->engine, DAF_SIM_CONTACT, daf_swarm_on_leave, s);
    daf_engine_handle(s->engine, DAF_SIM_POWER, daf_swarm_on_power, s);
    daf_engine_handle(s->engine, DAF_SIM_ARRIVAL, daf_swarm_on_clog, s);
    daf_check_begin(s->check, s->fleet);
    for (uint32_t i = 0; i < s->devices; i++)
        if (s->of[i].is_spare) daf_fleet_power(s->fleet, i, DAF_POWER_OFF);
    return daf_fleet_failed(s->fleet);
}

static void unmake(struct daf_swarm *s)
{
    daf_fleet_free(s->fleet);
    daf_check_free(s->check);
    daf_engine_free(s->engine);
    daf_swarm_disks_end(s);
    for (uint32_t i = 0; i < s->devices; i++)
        daf_swarm_hostile_free(&s->of[i].hostile);
    free(s);
}

/* ---- running it */

/* False: it is over, whatever the reason. */
static bool run(struct daf_swarm *s, daf_sim_us span)
{
    daf_sim_us until = daf_engine_now(s->engine) + span;
    bool is_done = false;

    if (daf_check_broken(s->check) != NULL) return false;
    while (!is_done) {
        if (daf_engine_run(s->engine, until, 1000, &is_done) != DAF_OK ||
            daf_fleet_failed(s->fleet) != DAF_OK) {
            daf_check_fail(s->check, DAF_CHECK_NOBODY,
                           "the world has no memory, or its notebooks fail");
            return false;
        }
        if (daf_check_broken(s->check) != NULL) return false;
        if (daf_engine_events(s->engine) > DAF_SWARM_EVENTS_MAX) {
            daf_check_fail(s->check, DAF_CHECK_NOBODY,
                           "it does not come to rest: a livelock");
            return false;
        }
    }
    return true;
}

/* Faults stop; all is alone for as long as anything may last. */
static bool calm(struct daf_swarm *s)
{
    s->is_calm = true;
    daf_swarm_down_all(s);
    for (uint32_t i = 0; i < s->devices; i++) {
        if (s->of[i].is_hostile)
            daf_fleet_power(s->fleet, i, DAF_POWER_CUT);
        else if (!s->of[i].is_spare)
            daf_swarm_mend(s, i);
    }
    for (uint32_t i = 0; i < s->devices; i++)
        if (!s->of[i].is_hostile && !s->of[i].is_spare)
            daf_fleet_power(s->fleet, i, DAF_POWER_ON);
    if (!run(s, 5 * DAF_SIM_MINUTE)) return false;
    daf_check_alone(s->check);
    return daf_check_broken(s->check) == NULL;
}

static uint32_t draw_core(struct daf_swarm *s, struct daf_chance *c,
                          uint32_t core[DAF_SWARM_DEVICES_MAX])
{
    uint32_t count = 0, honest = 0;
    uint32_t pct = s->faults->of[DAF_FAULT_CORE_PCT];

    for (uint32_t i = 0; i < s->devices; i++) {
        if (!daf_swarm_is_usable(s, i)) continue;
        honest++;
        if (pct == 0 || daf_chance_below(c, 100) < pct) core[count++] = i;
    }
    if (count >= 2) {
        if (count < honest) daf_check_met(s->check, DAF_SOMETIMES_MANY_CORES);
        return count;
    }
    count = 0;
    for (uint32_t i = 0; i < s->devices; i++)
        if (daf_swarm_is_usable(s, i)) core[count++] = i;
    return count;
}

static void connect(struct daf_swarm *s, const uint32_t *core, uint32_t count)
{
    struct daf_contact contact = {.loss = s->faults->of[DAF_FAULT_CORE_LOSS]};

    if (s->faults->of[DAF_FAULT_SPEED] < 20000) contact.bytes_per_s = 20000;
    if (contact.loss > 0) daf_check_met(s->check, DAF_SOMETIMES_LOSSY_CORE);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = i + 1; j < count; j++) {
            if (s->faults->of[DAF_FAULT_CORE_TREE] != 0 && j > i + 1) break;
            contact.a = core[i];
            contact.b = core[j];
            daf_fleet_up(s->fleet, &contact);
        }
}

/* A body is asked for once in a session, and nobody tells when it has come to a
 * peer since (R45): who was mended gets it in the next one. */
static bool renew(struct daf_swarm *s, const uint32_t *core, uint32_t count)
{
    daf_swarm_down_all(s);
    if (!run(s, DAF_SIM_MINUTE)) return false;
    connect(s, core, count);
    return true;
}

static bool agree(struct daf_swarm *s, const uint32_t *core, uint32_t count,
                  daf_sim_us *took)
{
    daf_sim_us from = daf_engine_now(s->engine), next = from + RENEW;
    char why[DAF_CHECK_WHY_BYTES] = "";

    do {
        if (!run(s, STEP)) return false;
        if (daf_check_was_sick(s->check) && daf_engine_now(s->engine) > next) {
            next += RENEW;
            if (!renew(s, core, count)) return false;
        }
        *took = daf_engine_now(s->engine) - from;
        if (daf_check_agrees(s->check, core, count, why)) return true;
    } while (*took < DAF_SWARM_AGREE);
    daf_check_fail(s->check, DAF_CHECK_NOBODY,
                   "connected for half an hour, the core does not agree: %s",
                   why);
    return false;
}

/* Nothing is new, so nobody has anything to say. */
static bool fall_silent(struct daf_swarm *s)
{
    if (!run(s, DAF_SWARM_SILENCE / 2)) return false;
    uint64_t frames = daf_fleet_stats(s->fleet)->frames;
    if (!run(s, DAF_SWARM_SILENCE / 2)) return false;
    frames = daf_fleet_stats(s->fleet)->frames - frames;
    if (frames > 0)
        daf_check_fail(s->check, DAF_CHECK_NOBODY,
                       "the core agrees, and says %llu frames more",
                       (unsigned long long)frames);
    return frames == 0;
}

static void live(struct daf_swarm *s, struct daf_swarm_result *out)
{
    uint32_t core[DAF_SWARM_DEVICES_MAX], count;
    struct daf_chance c;

    daf_chance_init(&c, s->faults->seed, "core", 0);
    if (!run(s, s->faults->of[DAF_FAULT_SECONDS] * DAF_SIM_S) || !calm(s))
        return;
    count = draw_core(s, &c, core);
    connect(s, core, count);
    if (!agree(s, core, count, &out->agreed) || !fall_silent(s)) return;
    for (uint32_t i = 0; i < count; i++)
        daf_check_means(s->check, core[i]);
    daf_swarm_down_all(s);
    if (!run(s, 5 * DAF_SIM_MINUTE)) return;
    daf_check_alone(s->check);
    for (uint32_t i = 0; i < s->devices; i++)
        if (!s->of[i].is_spare) daf_check_card(s->check, i);
}

enum daf_err daf_swarm_run(const struct daf_faults *faults,
                           struct daf_swarm_result *out)
{
    struct daf_swarm *s = calloc(1, sizeof *s);

    memset(out, 0, sizeof *out);
    if (s == NULL) return DAF_ENOMEM;
    enum daf_err err = make(s, faults);
    if (err == DAF_OK) {
        daf_swarm_rot_begin(s);
        daf_swarm_begin(s);
        live(s, out);
        const char *broken = daf_check_broken(s->check);
        if (broken != NULL)
            (void)snprintf(out->broken, sizeof out->broken, "%s", broken);
        out->hash = daf_engine_hash(s->engine);
        out->events = daf_engine_events(s->engine);
        out->sometimes = daf_check_sometimes(s->check);
        out->can_meet = daf_sometimes_of(s->disks != NULL);
        out->fleet = *daf_fleet_stats(s->fleet);
        daf_check_bodies(s->check, &out->bodies, &out->again);
        daf_check_torn(s->check, &out->torn_kept, &out->torn_lost);
    }
    unmake(s);
    return err;
}
