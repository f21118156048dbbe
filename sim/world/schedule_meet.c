/* SPDX-License-Identifier: Apache-2.0 */
/* Meetings on the way: two devices that are at no place, for a while. */
#include "sim/world/schedule_impl.h"

#include <assert.h>

#define TRIES 8 /* to find somebody who is on the way as well */

void daf_schedule_plan_meeting(struct daf_schedule *c, uint32_t node,
                               uint32_t meeting)
{
    struct daf_schedule_node *n = &c->nodes[node];
    const struct daf_schedule_meeting *m = &c->config.meetings[meeting];

    daf_engine_add(c->engine,
                   daf_engine_now(c->engine) +
                       daf_schedule_draw(&n->meets, m->every),
                   DAF_SIM_CONTACT, node, node, DAF_SCHEDULE_ON_MEET + meeting);
}

static bool is_free(const struct daf_schedule *c, uint32_t node)
{
    const struct daf_schedule_node *n = &c->nodes[node];

    return n->is_on && n->place == DAF_SCHEDULE_NONE &&
           n->met == DAF_SCHEDULE_NONE;
}

/* The number of tries does not depend on who is found: all are drawn. */
static uint32_t find_other(struct daf_schedule *c, uint32_t node,
                           uint32_t group)
{
    struct daf_chance *chance = &c->nodes[node].meets;
    uint32_t found = DAF_SCHEDULE_NONE;

    for (unsigned i = 0; i < TRIES; i++) {
        uint32_t other =
            c->first_node[group] +
            (uint32_t)daf_chance_below(chance, c->config.groups[group].count);
        if (found == DAF_SCHEDULE_NONE && other != node && is_free(c, other) &&
            !daf_schedule_is_apart(c, node, other, SIZE_MAX))
            found = other;
    }
    return found;
}

void daf_schedule_meet(struct daf_schedule *c, uint32_t node, uint32_t meeting)
{
    struct daf_schedule_node *n = &c->nodes[node];
    const struct daf_schedule_meeting *m = &c->config.meetings[meeting];
    daf_sim_us now = daf_engine_now(c->engine);
    uint32_t other = find_other(c, node, m->with);
    daf_sim_us setup = daf_schedule_draw(&n->meets, m->setup);
    daf_sim_us lasts = daf_schedule_draw(&n->meets, m->lasts);

    daf_schedule_plan_meeting(c, node, meeting);
    if (!is_free(c, node) || other == DAF_SCHEDULE_NONE || setup >= lasts)
        return;
    struct daf_contact contact = {.a = node < other ? node : other,
                                  .b = node < other ? other : node,
                                  .bytes_per_s = m->speed,
                                  .loss = m->loss};
    c->stats.meetings++;
    n->met = other;
    c->nodes[other].met = node;
    n->is_met = c->nodes[other].is_met = false;
    n->meeting = c->nodes[other].meeting = contact;
    c->nodes[contact.a].met_timer =
        daf_engine_timer(c->engine, now + lasts, DAF_SIM_CONTACT, contact.a,
                         contact.a, DAF_SCHEDULE_ON_LEAVE);
    c->nodes[contact.b].met_timer =
        daf_engine_timer(c->engine, now + setup, DAF_SIM_CONTACT, contact.b,
                         contact.b, DAF_SCHEDULE_ON_MET);
}

/* Told of the one of greater number. */
void daf_schedule_met(struct daf_schedule *c, uint32_t node)
{
    struct daf_schedule_node *n = &c->nodes[node];

    assert(n->met != DAF_SCHEDULE_NONE && node == n->meeting.b);
    n->met_timer = 0;
    n->is_met = c->nodes[n->met].is_met = true;
    daf_schedule_tell(c, &n->meeting, true);
}

void daf_schedule_part(struct daf_schedule *c, uint32_t node)
{
    struct daf_schedule_node *n = &c->nodes[node];
    struct daf_schedule_node *other = &c->nodes[n->met];

    assert(n->met != DAF_SCHEDULE_NONE && other->met == node);
    daf_engine_cancel(c->engine, &n->met_timer);
    daf_engine_cancel(c->engine, &other->met_timer);
    n->met = other->met = DAF_SCHEDULE_NONE;
    if (n->is_met) daf_schedule_tell(c, &n->meeting, false);
    n->is_met = other->is_met = false;
}
