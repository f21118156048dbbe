/* SPDX-License-Identifier: Apache-2.0 */
/* sim/device/fleet.h - the devices of one camp: the daemon's agents (node/core), a
 * notebook each, and the links between them, in virtual time.
 *
 * The agent is the daemon's, unchanged, but that all share what control says of
 * certificates and acts while it says the same to all, and that each keeps the
 * learners that were registered at it and no others: both are memory that grows with
 * the square of the devices.  What is modelled is what stands around it:
 *
 *  discovery   two devices in contact see each other's announcement @discovery later;
 *              one that was lost comes again after twice the time (RFC 6762, 8.3)
 *  link        a contact's cell of air (sim/core/contact.h) carries one frame at
 *              a time, in the order in which they were sent, and @latency later
 *              it is there.  One that was lost is sent again at once, seven times
 *              (802.11's long retry limit is 4, the short one 7), then 200 ms
 *              later (TCP's least timeout).  Frames of a connection keep their
 *              order
 *  handshake   a connection is open four latencies and 1,200 bytes after the call
 *              (CURVE's HELLO, WELCOME, INITIATE, READY); a peer that cannot be
 *              reached is given up after 5 s
 *  silence     what is on the air when a contact ends is lost; both ends hear of
 *              it @silence later, as link's heartbeats do (ZMQ_HEARTBEAT_TIMEOUT)
 *  disk        a batch is durable @commit after the one before
 *
 * Device 0 is the camp's coordinator; all hold all of control when the run starts,
 * as devices do that were enrolled one after the other in one room.  Chance comes
 * from streams of the run's seed; libsodium draws from one of them. */
#ifndef DAF_SIM_DEVICE_FLEET_H
#define DAF_SIM_DEVICE_FLEET_H

#include "node/core/agent.h"
#include "sim/core/contact.h"
#include "sim/core/engine.h"
#include "sim/device/notebook.h"

#define DAF_FLEET_CLASS "class:1" /* where learners' work is written */

struct daf_fleet; /* opaque */

struct daf_fleet_config {
    uint64_t seed;
    uint32_t devices;
    uint64_t bytes_per_s;
    daf_sim_us latency, discovery, silence, commit;
    /* NULL: models.  Else a folder, in which each device gets one for its real
     * notebook. */
    const char *real_dir;
    bool has_real_signatures; /* else stubs */
};

/** daf_fleet_defaults: 250 kB/s, 5 ms, 1 s, 15 s, 5 ms; models; seed 1; no
 * devices. */
struct daf_fleet_config daf_fleet_defaults(void);

struct daf_fleet_events {
    void *ctx;
    /* How daf_fleet_learn() ended: durable at its device, as record @seq of the
     * device's log in the class; or an error, and @seq is 0. */
    void (*wrote)(void *ctx, uint32_t device, uint64_t ticket, enum daf_err err,
                  uint64_t seq);
    /* Record @seq of @writer's log in the class is durable at @device, and was not
     * before; also at the writer. */
    void (*stored)(void *ctx, uint32_t device, uint32_t writer, uint64_t seq);
};

/** daf_fleet_new: the camp is made, all devices are on and alone.  Whether
 * signatures are real is one choice for the process (signer.h): the last fleet's.
 * @e: outlives it; its handlers of frames, disks and agents are set here.
 * @events: copied; calls may be NULL.
 * DAF_ENOMEM; other errors: of the agent, a bug of ours. */
DAF_NODISCARD enum daf_err daf_fleet_new(struct daf_engine *e,
                                         const struct daf_fleet_config *config,
                                         const struct daf_fleet_events *events,
                                         struct daf_fleet **out);
void daf_fleet_free(struct daf_fleet *f);
/** daf_fleet_failed: DAF_OK, or why the run is worth nothing. */
enum daf_err daf_fleet_failed(const struct daf_fleet *f);

/** daf_fleet_up, _down: two devices that are on are in contact, or not any more.
 * Twice the same changes nothing. */
void daf_fleet_up(struct daf_fleet *f, const struct daf_contact *contact);
void daf_fleet_down(struct daf_fleet *f, uint32_t a, uint32_t b);

/** daf_fleet_power: all are on at first.  One that goes off has no contact any
 * more; switched off, it says BYE and its batches are committed; cut, what was not
 * durable is gone.  On again, it is a new start of the same notebook.  Twice the
 * same changes nothing. */
void daf_fleet_power(struct daf_fleet *f, uint32_t device, enum daf_power how);
/** daf_fleet_is_on: as daf_fleet_power() left it. */
bool daf_fleet_is_on(const struct daf_fleet *f, uint32_t device);
/** daf_fleet_clock: the device's wall clock is off by so much. */
void daf_fleet_clock(struct daf_fleet *f, uint32_t device, int64_t off_ms);

/** daf_fleet_learn: somebody at @device, which is on, does one exercise: a record of some 300
 * bytes, and events.wrote() tells how it ended. */
void daf_fleet_learn(struct daf_fleet *f, uint32_t device, uint64_t ticket);

struct daf_notebook *daf_fleet_notebook(struct daf_fleet *f, uint32_t device);
const struct daf_agent *daf_fleet_agent(const struct daf_fleet *f,
                                        uint32_t device);
/** daf_fleet_scopes: the ids of the camp's scopes. */
#define DAF_FLEET_SCOPES 4
void daf_fleet_scopes(const struct daf_fleet *f,
                      struct daf_scope_id out[DAF_FLEET_SCOPES]);

struct daf_fleet_stats {
    uint64_t frames, bytes;           /* put on the air */
    uint64_t again;                   /* frames, because they were lost */
    uint64_t frames_lost, bytes_lost; /* of contacts that ended */
    uint64_t connections, commits;
    uint64_t records; /* that became new to a device */
};
const struct daf_fleet_stats *daf_fleet_stats(const struct daf_fleet *f);

#endif
