/* SPDX-License-Identifier: Apache-2.0 */
/* sim/world/schedule_impl.h - what the camp's files share. */
#ifndef DAF_SIM_WORLD_SCHEDULE_IMPL_H
#define DAF_SIM_WORLD_SCHEDULE_IMPL_H

#include "sim/core/chance.h"
#include "sim/world/schedule.h"

#define DAF_SCHEDULE_ROUND \
    (DAF_SCHEDULE_NONE - 1) /* a stay's number: one of a round */

/* What an event of DAF_SIM_CONTACT and DAF_SIM_POWER is. */
enum daf_schedule_event {
    DAF_SCHEDULE_ON_DAY,
    DAF_SCHEDULE_ON_MOVE,
    DAF_SCHEDULE_ON_ATTACH,
    DAF_SCHEDULE_ON_MET,   /* a meeting's setup is over */
    DAF_SCHEDULE_ON_LEAVE, /* it ends */
    DAF_SCHEDULE_ON_PARTITION,
    DAF_SCHEDULE_ON_DUTY,
    DAF_SCHEDULE_ON_BATTERY,
    DAF_SCHEDULE_ON_SUN,  /* a kind of place begins or ends to charge */
    DAF_SCHEDULE_ON_MEET, /* and the meeting's number: last */
};

struct daf_schedule_move {
    daf_sim_us at;
    uint32_t stay, place;
    bool is_leave;
};

struct daf_schedule_node {
    uint32_t group, member;
    struct daf_chance days, duty, errands, meets;
    uint32_t seat; /* of 2^20: its place between slowest and fastest */

    uint32_t place, stay;            /* or DAF_SCHEDULE_NONE */
    struct daf_schedule_move *moves; /* from moves_next on: still to come */
    uint32_t moves_count, moves_room, moves_next;
    uint32_t round_next; /* the place of its kind where the next round begins */
    daf_sim_timer move;

    bool is_attached, is_waiting;
    daf_sim_timer attach;
    uint32_t met; /* whom it meets, or DAF_SCHEDULE_NONE */
    bool is_met;  /* the setup is over */
    struct daf_contact meeting;
    daf_sim_timer met_timer; /* of the one of smaller number */

    bool is_on, is_duty_on, is_empty;
    daf_sim_timer duty_timer, battery_timer;
    double level; /* microseconds on that are left */
    double rate;  /* how it has changed since, a microsecond */
    daf_sim_us level_at;
};

struct daf_schedule_list {
    uint32_t *items;
    uint32_t count, room;
};

struct daf_schedule_site {
    uint32_t kind;
    struct daf_schedule_list present; /* in the order in which they came */
    struct daf_schedule_list clients, waiting;
};

struct daf_schedule {
    struct daf_engine *engine;
    struct daf_schedule_config config;
    struct daf_world_events events;
    struct daf_schedule_node *nodes;
    uint32_t nodes_count;
    uint32_t first_node[DAF_SCHEDULE_GROUPS_MAX + 1];
    struct daf_schedule_site *sites;
    uint32_t sites_count;
    uint32_t *first_site; /* of each kind */
    bool *is_parted;      /* of each partition */
    struct daf_schedule_stats stats;
    enum daf_err failed;
};

/* ---- camp.c */
bool daf_schedule_push(struct daf_schedule *c, struct daf_schedule_list *list,
                       uint32_t item);
/* The order of the others stays; false: it is not there. */
bool daf_schedule_take(struct daf_schedule_list *list, uint32_t item);
daf_sim_us daf_schedule_draw(struct daf_chance *chance,
                             struct daf_schedule_span span);
static inline const struct daf_schedule_group *daf_schedule_group(
    const struct daf_schedule *c, uint32_t node)
{
    return &c->config.groups[c->nodes[node].group];
}
static inline const struct daf_schedule_place *daf_schedule_kind(
    const struct daf_schedule *c, uint32_t site)
{
    return &c->config.places[c->sites[site].kind];
}

/* ---- camp_plan.c: where it is */
void daf_schedule_plan_day(struct daf_schedule *c, uint32_t node);
void daf_schedule_move(struct daf_schedule *c, uint32_t node);

/* ---- camp_air.c: whom it hears */
/* Attached after the setup, if it is on and there is air. */
void daf_schedule_come(struct daf_schedule *c, uint32_t node);
/* Its contacts end, by place or meeting. */
void daf_schedule_leave_air(struct daf_schedule *c, uint32_t node);
void daf_schedule_attach(struct daf_schedule *c, uint32_t node);
void daf_schedule_partition(struct daf_schedule *c, uint32_t partition);
/* Whether a partition is between these groups; @but one, or none. */
bool daf_schedule_is_apart(const struct daf_schedule *c, uint32_t a, uint32_t b,
                           size_t but);
void daf_schedule_tell(struct daf_schedule *c,
                       const struct daf_contact *contact, bool is_up);

/* ---- camp_meet.c */
void daf_schedule_plan_meeting(struct daf_schedule *c, uint32_t node,
                               uint32_t meeting);
void daf_schedule_meet(struct daf_schedule *c, uint32_t node, uint32_t meeting);
void daf_schedule_met(struct daf_schedule *c, uint32_t node);
void daf_schedule_part(struct daf_schedule *c, uint32_t node);

/* ---- camp_power.c: whether it is on */
void daf_schedule_start_power(struct daf_schedule *c, uint32_t node);
/* Where it is has changed, or what it wants, or the sun. */
void daf_schedule_update_power(struct daf_schedule *c, uint32_t node);
/* The level up to now; before anything of that changes. */
void daf_schedule_settle(struct daf_schedule *c, uint32_t node);
void daf_schedule_duty(struct daf_schedule *c, uint32_t node);
void daf_schedule_battery(struct daf_schedule *c, uint32_t node);
void daf_schedule_sun(struct daf_schedule *c, uint32_t kind);

#endif
