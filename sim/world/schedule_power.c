/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a device is on: plans, duty, batteries. */
#include "sim/world/schedule_impl.h"

#define AGAIN 0.1 /* of full: then an empty device goes on again */

static bool has_duty(const struct daf_schedule_group *g)
{
    return g->duty_on.max > 0;
}

static bool is_wanted(const struct daf_schedule *c, uint32_t node)
{
    const struct daf_schedule_node *n = &c->nodes[node];
    const struct daf_schedule_group *g = daf_schedule_group(c, node);

    if (n->stay < g->stays_count) return !g->stays[n->stay].is_off;
    return g->is_always_on || n->stay == DAF_SCHEDULE_ROUND;
}

/* ---- batteries */

static bool is_within(daf_sim_us time, daf_sim_us from, daf_sim_us to)
{
    return from < to ? time >= from && time < to : time >= from || time < to;
}

static bool is_charging(const struct daf_schedule *c, uint32_t node)
{
    uint32_t site = c->nodes[node].place;

    if (site == DAF_SCHEDULE_NONE) return false;
    const struct daf_schedule_place *p = daf_schedule_kind(c, site);
    return p->charges &&
           (p->charge_from == p->charge_to ||
            is_within(daf_engine_now(c->engine) % DAF_SCHEDULE_DAY,
                      p->charge_from, p->charge_to));
}

/* Microseconds on that a microsecond brings, or takes. */
static double rate_of(const struct daf_schedule *c, uint32_t node,
                      bool is_charging)
{
    const struct daf_schedule_battery *b =
        &daf_schedule_group(c, node)->battery;
    double brought = is_charging ? (double)b->lasts / (double)b->charges : 0.0;

    return brought - (c->nodes[node].is_on ? 1.0 : 0.0);
}

static void plan_battery(struct daf_schedule *c, uint32_t node)
{
    struct daf_schedule_node *n = &c->nodes[node];
    double full = (double)daf_schedule_group(c, node)->battery.lasts;
    double left = -1;

    daf_engine_cancel(c->engine, &n->battery_timer);
    n->rate = rate_of(c, node, is_charging(c, node));
    if (n->rate < 0 && n->is_on)
        left = n->level / -n->rate;
    else if (n->rate > 0 && n->is_empty)
        left = (full * AGAIN - n->level) / n->rate;
    if (left >= 0 && left < 1e15)
        n->battery_timer =
            daf_engine_timer(c->engine,
                             daf_engine_now(c->engine) + (daf_sim_us)left + 1,
                             DAF_SIM_POWER, node, node,
                             DAF_SCHEDULE_ON_BATTERY);
}

void daf_schedule_settle(struct daf_schedule *c, uint32_t node)
{
    struct daf_schedule_node *n = &c->nodes[node];
    double full = (double)daf_schedule_group(c, node)->battery.lasts;
    daf_sim_us now = daf_engine_now(c->engine);

    n->level += n->rate * (double)(now - n->level_at);
    n->level_at = now;
    if (n->level < 0) n->level = 0;
    if (n->level > full) n->level = full;
}

/* ---- on and off */

static void turn_on(struct daf_schedule *c, uint32_t node)
{
    c->nodes[node].is_on = true;
    if (c->events.power != NULL)
        c->events.power(c->events.ctx, node, DAF_POWER_ON);
    daf_schedule_come(c, node);
}

static void turn_off(struct daf_schedule *c, uint32_t node)
{
    struct daf_schedule_node *n = &c->nodes[node];

    n->is_on = false;
    if (c->events.power != NULL)
        c->events.power(c->events.ctx, node,
                        n->is_empty ? DAF_POWER_CUT : DAF_POWER_OFF);
    daf_schedule_leave_air(c, node);
}

static void plan_duty(struct daf_schedule *c, uint32_t node)
{
    struct daf_schedule_node *n = &c->nodes[node];
    const struct daf_schedule_group *g = daf_schedule_group(c, node);
    daf_sim_us lasts =
        daf_schedule_draw(&n->duty, n->is_duty_on ? g->duty_on : g->duty_off);

    n->duty_timer =
        daf_engine_timer(c->engine, daf_engine_now(c->engine) + lasts,
                         DAF_SIM_POWER, node, node, DAF_SCHEDULE_ON_DUTY);
}

void daf_schedule_update_power(struct daf_schedule *c, uint32_t node)
{
    struct daf_schedule_node *n = &c->nodes[node];
    const struct daf_schedule_group *g = daf_schedule_group(c, node);
    bool is_on =
        is_wanted(c, node) && !n->is_empty && (!has_duty(g) || n->is_duty_on);

    daf_schedule_settle(c, node);
    if (is_on != n->is_on) daf_engine_note(c->engine, node);
    if (is_on && !n->is_on)
        turn_on(c, node);
    else if (!is_on && n->is_on)
        turn_off(c, node);
    if (g->battery.lasts > 0) plan_battery(c, node);
}

void daf_schedule_duty(struct daf_schedule *c, uint32_t node)
{
    struct daf_schedule_node *n = &c->nodes[node];

    n->is_duty_on = !n->is_duty_on;
    plan_duty(c, node);
    daf_schedule_update_power(c, node);
}

static void reset_clock(struct daf_schedule *c, uint32_t node)
{
    uint32_t resets = daf_schedule_group(c, node)->battery.resets;

    if (!daf_chance_in_million(&c->nodes[node].duty, resets)) return;
    c->stats.clocks_reset++;
    if (c->events.clock != NULL)
        c->events.clock(c->events.ctx, node,
                        -DAF_SIM_BEGINS_MS -
                            daf_engine_now(c->engine) / DAF_SIM_MS);
}

void daf_schedule_battery(struct daf_schedule *c, uint32_t node)
{
    struct daf_schedule_node *n = &c->nodes[node];
    double full = (double)daf_schedule_group(c, node)->battery.lasts;

    n->battery_timer = 0;
    daf_schedule_settle(c, node);
    if (n->is_on && n->level <= 0) {
        n->is_empty = true;
        c->stats.batteries_empty++;
        daf_schedule_update_power(c, node);
        reset_clock(c, node);
        return;
    }
    if (n->is_empty && n->level >= full * AGAIN) n->is_empty = false;
    daf_schedule_update_power(c, node);
}

void daf_schedule_sun(struct daf_schedule *c, uint32_t kind)
{
    const struct daf_schedule_place *p = &c->config.places[kind];
    daf_sim_us now = daf_engine_now(c->engine);
    daf_sim_us today = now - now % DAF_SCHEDULE_DAY, next = DAF_SIM_NEVER;
    const daf_sim_us times[] = {today + p->charge_from, today + p->charge_to,
                                today + DAF_SCHEDULE_DAY + p->charge_from,
                                today + DAF_SCHEDULE_DAY + p->charge_to};

    for (uint32_t i = 0; i < p->count; i++) {
        const struct daf_schedule_list *present =
            &c->sites[c->first_site[kind] + i].present;
        for (uint32_t k = 0; k < present->count; k++)
            daf_schedule_update_power(c, present->items[k]);
    }
    if (p->charge_from == p->charge_to) return; /* always */
    for (unsigned i = 0; i < 4; i++)
        if (times[i] > now && times[i] < next) next = times[i];
    daf_engine_add(c->engine, next, DAF_SIM_POWER, 0, kind,
                   DAF_SCHEDULE_ON_SUN);
}

void daf_schedule_start_power(struct daf_schedule *c, uint32_t node)
{
    struct daf_schedule_node *n = &c->nodes[node];
    const struct daf_schedule_group *g = daf_schedule_group(c, node);
    daf_sim_us cycle = g->duty_on.max + g->duty_off.max;

    n->level = (double)g->battery.lasts;
    if (has_duty(g)) {
        n->is_duty_on =
            (daf_sim_us)daf_chance_below(&n->duty, (uint64_t)cycle) <
            g->duty_on.max;
        plan_duty(c, node);
    }
    daf_schedule_update_power(c, node);
}
