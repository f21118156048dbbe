/* SPDX-License-Identifier: Apache-2.0 */
/* What a camp cannot be. */
#include <stdarg.h>
#include <stdio.h>

#include "sim/world/schedule_impl.h"

#define MILLION 1000000u

__attribute__((format(printf, 2, 3))) static bool wrong(char *why,
                                                        const char *what, ...)
{
    va_list args;

    va_start(args, what);
    (void)vsnprintf(why, DAF_SCHEDULE_WHY_BYTES, what, args);
    va_end(args);
    return true;
}

static bool is_span(struct daf_schedule_span s)
{
    return s.min >= 0 && s.min <= s.max && s.max < DAF_SIM_NEVER / 4;
}

static bool is_hours(daf_sim_us from, daf_sim_us to)
{
    return from >= 0 && to >= 0 && from <= DAF_SCHEDULE_DAY &&
           to <= DAF_SCHEDULE_DAY;
}

static bool place_wrong(const struct daf_schedule_place *p, char *why)
{
    if (p->count < 1) return wrong(why, "place %s: its count is 0", p->name);
    if (p->air != DAF_SCHEDULE_AIR_NONE &&
        (p->speed_min < 1 || p->speed_min > p->speed_max))
        return wrong(why, "place %s: its speed is 0, or goes from more to less",
                     p->name);
    if (p->loss > DAF_CONTACT_LOSS_MAX)
        return wrong(why, "place %s: its loss is more than 90%%", p->name);
    if (p->deaf > MILLION)
        return wrong(why, "place %s: more than all are deaf", p->name);
    if (!is_span(p->setup))
        return wrong(why, "place %s: its setup goes from more to less",
                     p->name);
    if (!is_hours(p->charge_from, p->charge_to))
        return wrong(why, "place %s: it charges at no time of a day", p->name);
    return false;
}

static bool stay_wrong(const struct daf_schedule_config *c,
                       const struct daf_schedule_group *g, size_t i, char *why)
{
    const struct daf_schedule_stay *s = &g->stays[i];

    if (s->place >= c->places_count)
        return wrong(why, "group %s: stay %zu is at no place", g->name, i + 1);
    if (!is_hours(s->from, s->to) || s->from == DAF_SCHEDULE_DAY)
        return wrong(why, "group %s: stay %zu is at no time of a day", g->name,
                     i + 1);
    if (s->jitter < 0 || s->jitter > DAF_SCHEDULE_DAY / 2)
        return wrong(why, "group %s: stay %zu jitters by more than 12 hours",
                     g->name, i + 1);
    if (s->chance > MILLION)
        return wrong(why, "group %s: stay %zu is more than certain", g->name,
                     i + 1);
    return false;
}

static bool round_wrong(const struct daf_schedule_config *c,
                        const struct daf_schedule_group *g, char *why)
{
    const struct daf_schedule_round *r = &g->round;

    if (r->place == DAF_SCHEDULE_NONE) return false;
    if (r->place >= c->places_count)
        return wrong(why, "group %s: its round goes to no place", g->name);
    if (!is_hours(r->from, r->to) || r->from >= r->to)
        return wrong(why, "group %s: its round ends before it begins", g->name);
    if (!is_span(r->stay) || !is_span(r->way) ||
        r->stay.min + r->way.min < DAF_SIM_MINUTE)
        return wrong(why,
                     "group %s: a stay and a way of its round take less than a "
                     "minute",
                     g->name);
    return false;
}

static bool group_wrong(const struct daf_schedule_config *c,
                        const struct daf_schedule_group *g, char *why)
{
    if (g->count < 1) return wrong(why, "group %s: its count is 0", g->name);
    if (!is_span(g->duty_on) || !is_span(g->duty_off) ||
        (g->duty_on.max > 0) != (g->duty_off.max > 0))
        return wrong(why, "group %s: its duty wants a time on and a time off",
                     g->name);
    if (g->duty_on.max > 0 && g->duty_on.min + g->duty_off.min < DAF_SIM_S)
        return wrong(why, "group %s: it is on and off within a second",
                     g->name);
    if (g->battery.lasts < 0 ||
        (g->battery.lasts > 0 && g->battery.charges < DAF_SIM_MINUTE))
        return wrong(why,
                     "group %s: its battery is charged within less than a "
                     "minute",
                     g->name);
    if (g->wrong_clocks > MILLION || g->battery.resets > MILLION)
        return wrong(why, "group %s: more than all clocks are wrong", g->name);
    for (size_t i = 0; i < g->stays_count; i++)
        if (stay_wrong(c, g, i, why)) return true;
    return round_wrong(c, g, why);
}

static bool meeting_wrong(const struct daf_schedule_config *c,
                          const struct daf_schedule_meeting *m, char *why)
{
    if (m->group >= c->groups_count || m->with >= c->groups_count)
        return wrong(why, "a meeting is of no group");
    if (!is_span(m->every) || m->every.max < DAF_SIM_S)
        return wrong(why, "a meeting of %s comes each second, or more often",
                     c->groups[m->group].name);
    if (!is_span(m->lasts) || !is_span(m->setup) || m->speed < 1 ||
        m->loss > DAF_CONTACT_LOSS_MAX)
        return wrong(why, "a meeting of %s has no time, or no speed",
                     c->groups[m->group].name);
    return false;
}

static bool errand_wrong(const struct daf_schedule_config *c,
                         const struct daf_schedule_errand *e, char *why)
{
    if (e->group >= c->groups_count || e->to >= c->groups_count ||
        (e->at != DAF_SCHEDULE_NONE && e->at >= c->places_count))
        return wrong(why, "traffic is of no group, for none, or at no place");
    if (!is_span(e->every) || e->every.max < DAF_SIM_MS)
        return wrong(why, "traffic of %s comes each millisecond",
                     c->groups[e->group].name);
    if (e->bytes_min > e->bytes_max || e->bytes_max > INT32_MAX)
        return wrong(why, "traffic of %s has a size from more to less",
                     c->groups[e->group].name);
    if (e->from < 0 || e->until < 0)
        return wrong(why, "traffic of %s is before the beginning",
                     c->groups[e->group].name);
    return false;
}

static bool counts_wrong(const struct daf_schedule_config *c, char *why)
{
    uint64_t sites = 0;

    for (size_t i = 0; i < c->places_count; i++)
        sites += c->places[i].count;
    if (c->groups_count < 1 || c->groups_count > DAF_SCHEDULE_GROUPS_MAX)
        return wrong(why, "it wants 1 to %d groups", DAF_SCHEDULE_GROUPS_MAX);
    if (sites + 1 >= DAF_CELLS_MAX)
        return wrong(why, "it has more than %u places", DAF_CELLS_MAX - 2);
    if (daf_schedule_nodes(c) > DAF_SIM_NODES_MAX)
        return wrong(why, "it has more than %u devices", DAF_SIM_NODES_MAX);
    return false;
}

bool daf_schedule_wrong(const struct daf_schedule_config *c, char *why)
{
    if (counts_wrong(c, why)) return true;
    for (size_t i = 0; i < c->places_count; i++)
        if (place_wrong(&c->places[i], why)) return true;
    for (size_t i = 0; i < c->groups_count; i++)
        if (group_wrong(c, &c->groups[i], why)) return true;
    for (size_t i = 0; i < c->meetings_count; i++)
        if (meeting_wrong(c, &c->meetings[i], why)) return true;
    for (size_t i = 0; i < c->errands_count; i++)
        if (errand_wrong(c, &c->errands[i], why)) return true;
    for (size_t i = 0; i < c->partitions_count; i++)
        if (c->partitions[i].from < 0 ||
            c->partitions[i].from >= c->partitions[i].to)
            return wrong(why, "partition %zu ends before it begins", i + 1);
    return false;
}
