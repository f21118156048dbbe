/* SPDX-License-Identifier: Apache-2.0 */
/* tests/crash/world.h - two devices of one camp: real agents, real stores on disks
 * of pcvfs.h, a network and a clock that are made up.
 *
 * PEER is the coordinator, on a disk that is never cut.  DEVICE is under test.
 * Everything follows from the seed.  Nothing that the device does after its power
 * went reaches anybody. */
#ifndef DAF_TESTS_CRASH_WORLD_H
#define DAF_TESTS_CRASH_WORLD_H

#include "node/core/agent.h"
#include "store/store.h"
#include "tests/crash/chance.h"
#include "tests/crash/pcvfs.h"
#include "tests/crash/said.h"

enum { WORLD_PEER, WORLD_DEVICE, WORLD_NODES };

#define WORLD_ERASED_MAX   64
#define WORLD_ADMITTED_MAX 8
#define WORLD_NOTES_MAX    256
#define WORLD_WIRES_MAX    1024

struct world;
struct world_job; /* world_disk.c */

/* What a camp needs before anything happens; made once. */
struct world_camp {
    char *tmp; /* owned: a folder with one folder for each device */
    struct daf_device_keys keys[WORLD_NODES];
    struct daf_secrets secrets[WORLD_NODES];
    uint8_t cert[DAF_CERT_BYTES_MAX]; /* the device's */
    size_t cert_len;
    uint8_t manifest[DAF_MANIFEST_BYTES_MAX];
    size_t manifest_len;
    struct daf_manifest camp;
    struct daf_box_pk door;
    struct pcvfs_disk *disks[WORLD_NODES]; /* after a first meeting */
    struct said said;                      /* what is on them */
    struct daf_scratch scratch;
};

struct world_note {
    struct daf_log_key log;
    uint64_t seq_first;
    struct daf_spot last;
};

/* One connection; open ends once, for both sides. */
struct world_wire {
    size_t from, to;
    uint32_t from_conn, to_conn;
    bool open;
};

struct world_node {
    struct world *world;
    size_t index;
    char dir[PCVFS_PATH_MAX];
    struct pcvfs_disk *disk;
    struct daf_store *writer, *reader;
    struct daf_agent *agent; /* NULL: it is off */
    struct daf_port port;
    bool calls; /* keeps in touch with the other */
    bool is_dying;
    uint32_t incoming;
    size_t admitted_count;
    struct daf_box_pk admitted[WORLD_ADMITTED_MAX];
    struct world_job *jobs, **jobs_end, *open_job;
    size_t notes_count;
    struct world_note notes[WORLD_NOTES_MAX];
    enum daf_err last_write;
    uint64_t writes, writes_refused;
    uint64_t checked; /* stretches verified at rest */
};

struct world {
    struct world_camp *camp;
    struct chance chance;
    struct daf_mono now;
    bool is_after; /* the cut */
    bool is_apart; /* the network is cut */
    struct world_node nodes[WORLD_NODES];
    struct world_event *first, **end;
    size_t wires_count;
    struct world_wire wires[WORLD_WIRES_MAX];
    struct said said;
    size_t erased_count;
    struct daf_handle erased[WORLD_ERASED_MAX]; /* by world_erase() */
};

/** world_camp_new, world_camp_free: the camp, and two devices that met once. */
struct world_camp *world_camp_new(void);
void world_camp_free(struct world_camp *camp);

/** world_new: both devices off, their disks as the camp left them, or
 * (@is_blank) the device's empty. */
struct world *world_new(struct world_camp *camp, uint64_t seed, bool is_blank);
void world_free(struct world *w);

/** world_start: open the notebook and start the agent.  An error: it stays off. */
DAF_NODISCARD enum daf_err world_start(struct world *w, size_t node);
/** world_stop: what was handed to the disk is committed, then it goes. */
void world_stop(struct world *w, size_t node);
/** world_lose_power: it goes at once.  Of what it had sent, the other receives
 * some; of what it was sent, nothing. */
void world_lose_power(struct world *w, size_t node);

/** world_learn: a person writes what a learner did; small and large by chance. */
void world_learn(struct world *w, size_t node);
/** world_control: the coordinator publishes a control payload. */
void world_control(struct world *w, struct daf_view payload);
/** world_erase: the coordinator erases a learner that it knows. */
void world_erase(struct world *w);
/** world_is_erased: whether this body has a handle of such. */
bool world_is_erased(const struct world *w, struct daf_view body);
/** world_part: cut the network, or heal it. */
void world_part(struct world *w, bool is_apart);

/** world_step: one thing happens, chosen by chance among those that may; false:
 * nothing is left before @end. */
bool world_step(struct world *w, uint64_t end);
/** world_run: until all is quiet and @ms of made-up time have passed, or the
 * device's power went. */
void world_run(struct world *w, uint64_t ms);

/** world_equal: whether all scopes of the two have equal digests. */
bool world_equal(struct world *w);
/** world_scopes: the ids of all scopes there are; returns how many. */
#define WORLD_SCOPES 4
void world_scopes(const struct world *w, struct daf_scope_id out[WORLD_SCOPES]);
/** world_accept: daf_accept_fn; @ctx is the struct world_camp. */
enum daf_err world_accept(void *ctx, struct daf_view header);

#endif
