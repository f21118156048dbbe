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
 *  content     zeros, which nobody has in memory: shelf_model.h.  Pieces are read and
 *              written one after the other, at the pace of a cheap card, and a
 *              connection has two of them to say at most, as its socket's buffer.
 *              They take the air one after the other; any other frame waits 2 ms for
 *              each connection that has some under way, and no longer
 *
 * Device 0 is the camp's coordinator; all hold all of control when the run starts,
 * as devices do that were enrolled one after the other in one room.  Chance comes
 * from streams of the run's seed; libsodium draws from one of them. */
#ifndef DAF_SIM_DEVICE_FLEET_H
#define DAF_SIM_DEVICE_FLEET_H

#include "node/core/agent.h"
#include "sim/core/contact.h"
#include "sim/core/engine.h"
#include "sim/core/item.h"
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
    bool has_real_signatures;         /* else stubs */
    const struct daf_sim_item *items; /* of content; outlive the fleet */
    size_t items_count;
    enum daf_swarm_policy swarm;
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
    /* @device, which wanted it, has all of content item @item. */
    void (*got)(void *ctx, uint32_t device, size_t item);

    /* ---- for a tester (sim/faults): to look, and to let things go wrong */

    /* @device is about to say @frame to @peer.  False: it is not said;
     * daf_fleet_say() may say others instead. */
    bool (*says)(void *ctx, uint32_t device, uint32_t conn, uint32_t peer,
                 struct daf_view frame);
    /* How the disk fails with this batch, before anything is written. */
    enum daf_err (*disk)(void *ctx, uint32_t device);
    /* A batch with this record was committed at @device.  @is_unchecked: it said
     * itself that nobody has verified the record. */
    void (*kept)(void *ctx, uint32_t device, const struct daf_record *record,
                 struct daf_view header, enum daf_body_state state,
                 struct daf_view body, enum daf_put what, bool is_unchecked);
    /* This record, which @device may hold, is about to be forgotten. */
    void (*drops)(void *ctx, uint32_t device, const struct daf_log_key *log,
                  const struct daf_spot *spot);
    /* And was; the batch is committed. */
    void (*dropped)(void *ctx, uint32_t device, const struct daf_spot *spot);
    /* Of disks whose power can be cut, under real notebooks.  @card: 0 up; it is
     * in device @card until daf_fleet_swap().  made: an empty folder; cut: the
     * device's power is; on: nothing is open any more, and will be again. */
    void (*disk_made)(void *ctx, uint32_t card, const char *dir);
    bool (*disk_is_cut)(void *ctx, uint32_t card);
    void (*disk_cut)(void *ctx, uint32_t card);
    void (*disk_on)(void *ctx, uint32_t card);
    /* Power went while a batch with this record, or this drop, was written: it is
     * there as a whole, or not at all. */
    void (*perhaps)(void *ctx, uint32_t device, const struct daf_log_key *log,
                    const struct daf_spot *spot, bool is_drop);
    /* ... and so the device is off. */
    void (*torn)(void *ctx, uint32_t device);
    /* The agent of @device starts, or handles an input: call @work with @arg.
     * False: it has stopped in the middle of it, as abort() does, and nobody
     * touches it any more.  at_work: it asks something of its port, or goes on. */
    bool (*works)(void *ctx, uint32_t device, void (*work)(void *arg),
                  void *arg);
    void (*at_work)(void *ctx, bool is_at_work);
    /* It stopped, or had no memory to start, and so the device is off, as if its
     * power had gone. */
    void (*stopped)(void *ctx, uint32_t device);
    /* What its notebook says is no answer of a good one.  It goes on with what it
     * can read, or is off if it could not start. */
    void (*damaged)(void *ctx, uint32_t device, enum daf_err err);
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

/** daf_fleet_attached: by what the device reaches others now; its agent is told.
 * @cell: the air, where there is some. */
void daf_fleet_attached(struct daf_fleet *f, uint32_t device,
                        enum daf_attached how, uint32_t cell);

/** daf_fleet_learn: somebody at @device, which is on, does one exercise: a record of some 300
 * bytes, and events.wrote() tells how it ended. */
void daf_fleet_learn(struct daf_fleet *f, uint32_t device, uint64_t ticket);

/* ---- what a tester does (sim/faults) */

/** daf_fleet_say: put this frame on the air, whatever the device's agent thinks;
 * events.says() is not asked.  Without such a connection nothing happens. */
void daf_fleet_say(struct daf_fleet *f, uint32_t device, uint32_t conn,
                   struct daf_view frame);
/** daf_fleet_tell: the device's agent is told this, of the kinds FOUND and GONE, if
 * it is on and not paused. */
void daf_fleet_tell(struct daf_fleet *f, uint32_t device,
                    const struct daf_input *in);
/** daf_fleet_announced: what the device says by mDNS; NULL: nothing. */
const struct daf_announce *daf_fleet_announced(const struct daf_fleet *f,
                                               uint32_t device);
/** daf_fleet_pause: the device does nothing for a while, then hears all at once; a
 * pause longer than the silence ends its connections. */
void daf_fleet_pause(struct daf_fleet *f, uint32_t device, daf_sim_us span);
bool daf_fleet_is_paused(const struct daf_fleet *f, uint32_t device);
/** daf_fleet_clog: what is said from now on between these two, who are in contact,
 * arrives after @span at the earliest; 0: no more so. */
void daf_fleet_clog(struct daf_fleet *f, uint32_t a, uint32_t b,
                    daf_sim_us span);
/** daf_fleet_clone: the card of @from is copied for the device @to; both are off.
 * What @to was is gone.  Models only. */
DAF_NODISCARD enum daf_err daf_fleet_clone(struct daf_fleet *f, uint32_t from,
                                           uint32_t to);
/** daf_fleet_swap: the cards of two devices, which are off, change places. */
void daf_fleet_swap(struct daf_fleet *f, uint32_t a, uint32_t b);
/** daf_fleet_mend: the notebook of @device, which is off, is closed, or with
 * @is_cut left as a power cut leaves it, and @mend called; then it is opened again,
 * in a new incarnation if @mend says so.  Errors: @mend's, or of the opening. */
typedef enum daf_err (*daf_fleet_mend_fn)(void *ctx, uint32_t card,
                                          bool *out_is_new_start);
DAF_NODISCARD enum daf_err daf_fleet_mend(struct daf_fleet *f, uint32_t device,
                                          bool is_cut, daf_fleet_mend_fn mend);
/** daf_fleet_revoke: the coordinator, who is on, revokes this device. */
void daf_fleet_revoke(struct daf_fleet *f, uint32_t device);
/** daf_fleet_manifest: the camp's. */
const struct daf_manifest *daf_fleet_manifest(const struct daf_fleet *f);

/* Who uses the device, and what of it is under way. */
struct daf_fleet_who {
    const struct daf_device_keys *keys;
    const struct daf_secrets *secrets;
    struct daf_author_id author;
    uint64_t incarnation, boots;
    uint32_t card;
    uint32_t wires, jobs; /* connections; batches that are not durable */
};
void daf_fleet_who(const struct daf_fleet *f, uint32_t device,
                   struct daf_fleet_who *out);
/** daf_fleet_under_way: frames on the air. */
uint64_t daf_fleet_under_way(const struct daf_fleet *f);

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
    uint64_t frames_heard;            /* by an agent; the rest is under way */
    uint64_t connections, commits;
    uint64_t
        cut_short; /* connections whose contact ended before they were open */
    uint64_t records; /* that became new to a device */
    uint64_t bytes_runs,
        bytes_runs_lost;   /* of those: RUNs, which carry records */
    uint64_t bytes_around; /* frames' and handshakes' */
    /* Of content's parts: put on the air, lost there, heard by an agent; of these: put
     * on its shelf, and come to a device that held the part.  The rest nobody waited
     * for any more. */
    uint64_t bytes_chunks, bytes_chunks_lost, bytes_chunks_heard, bytes_shelved,
        bytes_twice;
    /* Headers and bodies that came to a disk: kept, or held there already. */
    uint64_t bytes_kept, bytes_known;
};
const struct daf_fleet_stats *daf_fleet_stats(const struct daf_fleet *f);

#endif
