/* SPDX-License-Identifier: Apache-2.0 */
/* sim/faults/swarm_impl.h - a world under way. */
#ifndef DAF_SIM_FAULTS_SWARM_IMPL_H
#define DAF_SIM_FAULTS_SWARM_IMPL_H

#include "sim/core/chance.h"
#include "sim/faults/swarm.h"

#define DAF_SWARM_DEVICES_MAX 16
#define DAF_SWARM_FRAMES      8 /* that a hostile device remembers */

/* What happens again and again. */
enum daf_swarm_turn {
    DAF_SWARM_MEET,
    DAF_SWARM_LEARN,
    DAF_SWARM_CLOG,
    DAF_SWARM_PART,
    DAF_SWARM_CRASH,
    DAF_SWARM_PAUSE,
    DAF_SWARM_CLOCK,
    DAF_SWARM_DISK,
    DAF_SWARM_HINT,
    DAF_SWARM_CARD,
    DAF_SWARM_FORGE,
    DAF_SWARM_LOOK,
    DAF_SWARM_MEMORY,
    DAF_SWARM_ROT,
    DAF_SWARM_TURNS,
};

/* A device that is not driven by its agent alone. */
struct daf_swarm_hostile {
    uint32_t conn; /* that it spoke on last */
    struct {
        uint8_t *bytes; /* owned */
        size_t len;
    } frames[DAF_SWARM_FRAMES]; /* that its agent said; a ring */
    unsigned next;
    uint8_t *held_back; /* owned: comes after the next one */
    size_t held_back_len;
    uint64_t forged; /* so far */
};

struct daf_swarm_device {
    bool is_hostile;
    bool is_awaited;   /* who looks through its card is on her way */
    bool is_spare;     /* nobody uses it yet */
    unsigned side;     /* of the parting */
    enum daf_err disk; /* how it refuses; DAF_OK: it does not */
    daf_sim_us disk_until;
    struct daf_swarm_hostile hostile;
};

struct daf_swarm {
    const struct daf_faults *faults;
    struct daf_engine *engine;
    struct daf_fleet *fleet;
    struct daf_check *check;
    struct daf_chance chance[DAF_SWARM_TURNS], chance_tamper, chance_disk,
        chance_mend;
    uint32_t devices;                    /* with spares */
    const struct daf_swarm_disks *disks; /* NULL: models */
    void *disk[DAF_SWARM_DEVICES_MAX];   /* of each card */
    bool lies[DAF_SWARM_DEVICES_MAX];    /* so does it */
    bool was_damaged;                    /* what the last mending found */
    uint32_t short_of_memory; /* the device whose agent will be, or nobody */
    char dir[256];
    struct daf_swarm_device of[DAF_SWARM_DEVICES_MAX];
    bool is_calm; /* no faults any more */
    daf_sim_us parted_until;
    bool is_part_deaf;
    uint32_t cloned; /* spares in use */
    uint64_t tickets;
};

/* swarm.c */
bool daf_swarm_is_usable(const struct daf_swarm *s, uint32_t device);
uint32_t daf_swarm_pct(const struct daf_swarm *s, enum daf_fault which,
                       struct daf_chance *c);
void daf_swarm_down_all(struct daf_swarm *s);
/* Evenly up to @most_s, at least a millisecond. */
daf_sim_us daf_swarm_span(struct daf_chance *c, uint32_t most_s);
/* One of those that are on and not paused, or DAF_CHECK_NOBODY. */
uint32_t daf_swarm_anyone(const struct daf_swarm *s, struct daf_chance *c);

/* swarm_turns.c: engine handlers; ctx is the swarm */
void daf_swarm_begin(struct daf_swarm *s);
void daf_swarm_on_turn(void *ctx, uint32_t turn, uint32_t arg);
void daf_swarm_on_leave(void *ctx, uint32_t a, uint32_t b);
#define DAF_SWARM_MENDS 1 /* @arg: first its card is looked through */
void daf_swarm_on_power(void *ctx, uint32_t device, uint32_t arg);
void daf_swarm_on_clog(void *ctx, uint32_t a, uint32_t b);

/* swarm_disks.c */
DAF_NODISCARD enum daf_err daf_swarm_disks_begin(struct daf_swarm *s);
void daf_swarm_disks_end(struct daf_swarm *s);
/* Now and then power will go in the batch that comes. */
void daf_swarm_disks_arm(struct daf_swarm *s, uint32_t device);
void daf_swarm_disks_events(const struct daf_swarm *s,
                            struct daf_fleet_events *events);

/* swarm_memory.c: now and then an agent has none. */
void daf_swarm_memory_begin(struct daf_fleet_events *events);
void daf_swarm_memory(struct daf_swarm *s);

/* swarm_rot.c: disks that forget */
void daf_swarm_rot_begin(struct daf_swarm *s);
void daf_swarm_rot(struct daf_swarm *s);
/* The power of this disk was cut. */
void daf_swarm_rot_cut(struct daf_swarm *s, uint32_t card);
void daf_swarm_rot_told(void *ctx, uint32_t device, enum daf_err err);
/* Somebody comes and looks through its card, if it may be damaged: now, after
 * which it is off; or later. */
void daf_swarm_mend(struct daf_swarm *s, uint32_t device);
void daf_swarm_mend_later(struct daf_swarm *s, uint32_t device);

/* swarm_hints.c */
void daf_swarm_hint(struct daf_swarm *s);

/* swarm_hostile.c */
bool daf_swarm_says(struct daf_swarm *s, uint32_t device, uint32_t conn,
                    struct daf_view frame);
void daf_swarm_hostile_free(struct daf_swarm_hostile *h);
/* swarm_forge.c: a record, or several, that its agent will serve. */
void daf_swarm_forge(struct daf_swarm *s, uint32_t device);

#endif
