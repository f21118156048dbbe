/* SPDX-License-Identifier: Apache-2.0 */
/* sim/world/schedule.h - a schedule-driven camp: places with access points, and
 * devices whose days go by a plan.
 *
 * Who meets whom follows from where devices are, not from geometry: in a camp a
 * school is what brings tablets together (the working day movement model of Ekman,
 * Keränen, Karvo, Ott, 2008, at the resolution of places).  Nothing is computed
 * between two events of a device.
 *
 *  place     so many of a kind.  By an access point all that are attached there
 *            meet, through its one cell of air, and a byte between two clients is
 *            sent twice; one that is wired to it uses the air once.  A client has
 *            a speed of its own (its seat), and needs setup time to be attached.  A
 *            place without air only charges
 *  group     devices alike.  Member i of n belongs to place i * places / n of each
 *            kind: its own
 *  stay      from one time of day to another at its own place, or one drawn for
 *            the day; arrival and leaving are earlier or later by up to the jitter.
 *            A later stay ends an earlier one
 *  round     from place to place of a kind in turn, for mules, buses, teachers:
 *            a stay, a way, a stay
 *  power     a device is on always, or in stays that do not say otherwise; with
 *            duty it is on and off in turn during that; a battery that is empty
 *            cuts it off until it is charged to a tenth, and may set its clock to
 *            1970
 *  meeting   two devices that are on and at no place meet for a while
 *  partition some groups and the others do not hear each other for a time
 *  errand    what one group writes, for another
 *
 * Chance is a stream for each device and purpose, so one more group, or a fault,
 * moves nobody else.  Day 0 is a Monday. */
#ifndef DAF_SIM_WORLD_SCHEDULE_H
#define DAF_SIM_WORLD_SCHEDULE_H

#include <stdbool.h>

#include "sim/core/engine.h"
#include "sim/world/world.h"

#define DAF_SCHEDULE_NAME_BYTES 32
#define DAF_SCHEDULE_GROUPS_MAX 64
#define DAF_SCHEDULE_DAY        (24 * DAF_SIM_HOUR)
#define DAF_SCHEDULE_NONE       UINT32_MAX

/* Uniform, both ends in it. */
struct daf_schedule_span {
    daf_sim_us min, max;
};

enum daf_schedule_air {
    DAF_SCHEDULE_AIR_NONE,
    DAF_SCHEDULE_AIR_ACCESS_POINT,
    DAF_SCHEDULE_AIR_DIRECT, /* each pair by itself, on the place's channel */
};

struct daf_schedule_place {
    char name[DAF_SCHEDULE_NAME_BYTES];
    uint32_t count;
    enum daf_schedule_air air;
    uint64_t speed_min, speed_max; /* of a client: bytes a second of air */
    uint32_t loss;                 /* of a million frames */
    uint32_t deaf; /* of a million pairs: one of the two hears nothing */
    struct daf_schedule_span setup;
    uint32_t clients; /* attached at once; 0: no limit.  Others wait */
    bool charges;
    daf_sim_us charge_from, charge_to; /* of the day */
};

struct daf_schedule_stay {
    uint32_t place;      /* kind */
    bool is_drawn;       /* any place of the kind; else its own */
    bool is_off;         /* it is kept there, off */
    daf_sim_us from, to; /* of the day; not after @from: on the next day */
    daf_sim_us jitter;
    uint8_t days;    /* bit 0: Monday */
    uint32_t chance; /* of a million such days */
};

struct daf_schedule_round {
    uint32_t place;      /* kind; DAF_SCHEDULE_NONE: no rounds */
    daf_sim_us from, to; /* of the day */
    uint8_t days;
    struct daf_schedule_span stay, way;
};

struct daf_schedule_battery {
    daf_sim_us lasts;   /* on, from full; 0: mains, or never empty */
    daf_sim_us charges; /* from empty to full */
    uint32_t resets;    /* of a million times that it is empty: to 1970 */
};

struct daf_schedule_group {
    char name[DAF_SCHEDULE_NAME_BYTES];
    uint32_t count;
    bool is_always_on; /* else in stays */
    bool is_wired;     /* to the access points of its places */
    struct daf_schedule_span duty_on, duty_off; /* both 0: no duty */
    struct daf_schedule_battery battery;
    uint32_t wrong_clocks;  /* of a million devices */
    int64_t wrong_clock_ms; /* by so much */
    uint64_t buffer_bytes;  /* 0: the run's */
    size_t stays_count;
    const struct daf_schedule_stay *stays;
    struct daf_schedule_round round;
};

struct daf_schedule_meeting {
    uint32_t group, with;
    struct daf_schedule_span every; /* for each of @group */
    struct daf_schedule_span lasts, setup;
    uint64_t speed;
    uint32_t loss;
};

struct daf_schedule_partition {
    daf_sim_us from, to;
    uint64_t groups; /* a bit a group: these and the others */
};

struct daf_schedule_errand {
    uint32_t group, to;
    bool is_drawn; /* for any of @to; else for the one of the same place */
    uint32_t at; /* only at a place of this kind; DAF_SCHEDULE_NONE: anywhere */
    struct daf_schedule_span every;
    uint32_t bytes_min, bytes_max;
    daf_sim_us from, until; /* of the run; 0: its end */
};

/* All that is pointed to outlives the world. */
struct daf_schedule_config {
    uint64_t seed;
    size_t places_count, groups_count, meetings_count, partitions_count,
        errands_count;
    const struct daf_schedule_place *places;
    const struct daf_schedule_group *groups;
    const struct daf_schedule_meeting *meetings;
    const struct daf_schedule_partition *partitions;
    const struct daf_schedule_errand *errands;
};

struct daf_schedule; /* opaque */

/** daf_schedule_wrong: what is wrong with @config, for people, in @why; false:
 * nothing. */
#define DAF_SCHEDULE_WHY_BYTES 200
bool daf_schedule_wrong(const struct daf_schedule_config *config, char *why);

/** daf_schedule_nodes: devices; a group's are numbered one after the other, groups in
 * their order. */
uint32_t daf_schedule_nodes(const struct daf_schedule_config *config);
/** daf_schedule_group_of: which group a node is of. */
uint32_t daf_schedule_group_of(const struct daf_schedule_config *config,
                               uint32_t node);

/** daf_schedule_home_of: the place of its own where a node is on for longest in a week,
 * numbered as by daf_schedule_place_of(); DAF_SCHEDULE_NONE: it has none, as who goes
 * from place to place. */
uint32_t daf_schedule_home_of(const struct daf_schedule_config *config,
                              uint32_t node);
/** daf_schedule_kind_of: of which kind a place is; *@number: which of them, from 0. */
uint32_t daf_schedule_kind_of(const struct daf_schedule_config *config,
                              uint32_t place, uint32_t *number);

/** daf_schedule_new: all at no place; which are off at first, and whose clocks are
 * wrong, is told before it returns.
 * @e: outlives it; its DAF_SIM_CONTACT, DAF_SIM_POWER and DAF_SIM_TRAFFIC become
 * this world's.  @config: nothing is wrong with it.  @events: all are told; each may
 * be NULL but up and down.
 * DAF_ENOMEM.  The caller owns *@out. */
DAF_NODISCARD enum daf_err daf_schedule_new(
    struct daf_engine *e, const struct daf_schedule_config *config,
    const struct daf_world_events *events, struct daf_schedule **out);
void daf_schedule_free(struct daf_schedule *c);

/** daf_schedule_sites: how many places there are. */
uint32_t daf_schedule_sites(const struct daf_schedule *c);
/** daf_schedule_seat: the access point's place where @node first stays and is on, as
 * by daf_schedule_place_of(), and how fast a byte to its seat crosses the air there,
 * losses taken off; DAF_SCHEDULE_NONE: there is none, or it is on a cable. */
uint32_t daf_schedule_seat(const struct daf_schedule *c, uint32_t node,
                           double *bytes_per_s);

/** daf_schedule_failed: DAF_ENOMEM if something could not be kept. */
enum daf_err daf_schedule_failed(const struct daf_schedule *c);

/** daf_schedule_bytes: about what it takes, with the engine's events, and with what
 * a net keeps of the contacts that there may be at once. */
#define DAF_SCHEDULE_CONTACT_BYTES 120
uint64_t daf_schedule_bytes(const struct daf_schedule_config *config);

/** daf_schedule_messages: about how many are made before @until. */
uint64_t daf_schedule_messages(const struct daf_schedule_config *config,
                               daf_sim_us until);

struct daf_schedule_stats {
    uint64_t attached, waited, meetings, batteries_empty, clocks_reset;
};
const struct daf_schedule_stats *daf_schedule_stats(
    const struct daf_schedule *c);

/** daf_schedule_place_of: the place where @node is: its kind's places come after those
 * of the kinds before; DAF_SCHEDULE_NONE.  _is_on: whether it has power. */
uint32_t daf_schedule_place_of(const struct daf_schedule *c, uint32_t node);
bool daf_schedule_is_on(const struct daf_schedule *c, uint32_t node);

#endif
