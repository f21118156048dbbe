/* SPDX-License-Identifier: Apache-2.0 */
/* sim/device/fleet_impl.h - what the fleet's files share. */
#ifndef DAF_SIM_DEVICE_FLEET_IMPL_H
#define DAF_SIM_DEVICE_FLEET_IMPL_H

#include "sim/core/chance.h"
#include "sim/device/fleet.h"
#include "sim/device/shelf_model.h"

#define DAF_FLEET_NOBODY    UINT32_MAX
#define DAF_FLEET_DOOR_PORT 5670
#define DAF_FLEET_MESH_PORT (DAF_FLEET_DOOR_PORT + DAF_MESH_STEP)

/* Numbers that are given and given back. */
struct daf_fleet_pool {
    void *items;
    size_t size; /* of an item */
    uint32_t count, room, free_count, free_room;
    uint32_t *free;
};

/* When it is free for a frame, and for one of content; and how many directions of
 * connections have such under way. */
struct daf_fleet_air {
    daf_sim_us free_at, content_free_at;
    uint32_t flows;
};

/* A contact that is up. */
struct daf_fleet_link {
    struct daf_contact contact; /* with a rate */
    struct daf_fleet_air air;   /* its own */
    daf_sim_us clogged_until;
};

/* A connection, from whom called to whom was called. */
struct daf_fleet_wire {
    uint32_t ends[2];
    uint32_t conns[2];
    uint32_t link, cell;
    uint32_t under_way; /* parcels that name it */
    enum daf_endpoint endpoint;
    bool is_cut;        /* the contact has ended: nothing passes */
    bool is_farewell;   /* an end was switched off: what it said arrives */
    bool is_heard[2];   /* that end will hear that it is closed */
    bool is_told[2];    /* and has */
    daf_sim_us last[2]; /* when the last frame to that end is there */
    uint32_t chunks[2]; /* CHUNKs on their way to that end */
    uint32_t reads[2];  /* what that end reads and cannot say yet, or NOBODY */
};

/* What a device will be told. */
enum daf_fleet_word {
    DAF_FLEET_FRAME,
    DAF_FLEET_OPENED,
    DAF_FLEET_CLOSED,
    DAF_FLEET_FOUND,
    DAF_FLEET_GONE,
};
struct daf_fleet_parcel {
    enum daf_fleet_word word;
    uint32_t wire; /* or NOBODY */
    uint32_t conn; /* CLOSED without a wire */
    uint32_t boot; /* CLOSED without a wire: of which start of the device */
    uint32_t peer; /* FOUND, GONE */
    uint32_t link; /* FOUND: of a contact that may have ended */
    uint32_t side; /* of the wire */
    size_t len;
    uint8_t *bytes; /* owned */
    size_t zeros;   /* that come after them; then this is a CHUNK */
};

/* What a shelf was asked, until it answers. */
struct daf_fleet_errand {
    /* PUT, READ; ITEM: it is wanted now; ROUND: an echo goes to the gateway. */
    enum daf_input_kind kind;
    uint32_t conn, boot;
    struct daf_port_piece piece; /* without bytes */
    enum daf_shelf_put put;
    enum daf_err err;
    uint32_t len; /* READ */
    bool is_last;
    size_t item;
};
/* So many bytes of a frame before a CHUNK's data at most. */
#define DAF_FLEET_HEAD_BYTES 64

/* One thing of a batch. */
enum daf_fleet_deed {
    DAF_FLEET_KEEP,
    DAF_FLEET_UNCHECKED,
    DAF_FLEET_CHECKED,
    DAF_FLEET_DROP,
    DAF_FLEET_ERASE,
    DAF_FLEET_ACKED, /* alone in a batch of which nobody hears */
    DAF_FLEET_SELF,
};
struct daf_fleet_task {
    enum daf_fleet_deed deed;
    enum daf_body_state state;
    struct daf_stretch what; /* DROP: the log alone; ACKED: log and first */
    struct daf_spot spot;    /* DROP, ACKED */
    struct daf_record record;
    enum daf_put put; /* KEEP: what it came to */
    bool is_dropped;  /* DROP: it was held, and is not any more */
    size_t header_len, body_len;
    uint8_t *
        bytes; /* owned: header, body; ERASE: handles; SELF: a struct daf_self */
    struct daf_erase erase; /* ERASE; handles: bytes */
};
struct daf_fleet_job {
    struct daf_fleet_job *next;
    uint64_t id;
    size_t count, room;
    struct daf_fleet_task *tasks;
};

struct daf_fleet_device {
    struct daf_fleet *fleet;
    uint32_t number;
    uint32_t card; /* the folder of its real notebook */
    struct daf_device_keys keys;
    struct daf_secrets secrets;
    struct daf_author_id author;
    uint8_t *cert; /* owned */
    size_t cert_len;
    struct daf_notebook *notebook;
    struct daf_agent *agent;
    struct daf_port port;
    bool is_at_work; /* its agent, for events.at_work() */
    uint64_t incarnation, boots;
    struct daf_self self; /* no lives: incarnation is the first */
    int64_t clock_off_ms;
    struct daf_spot wrap; /* of its class's key, in control */
    uint32_t incoming;
    uint64_t *admitted; /* a bit a device */
    struct daf_announce door;
    bool is_announced;
    uint32_t *wires; /* that it has an end of */
    uint32_t wires_count, wires_room;
    uint32_t *links;
    uint32_t links_count, links_room;
    struct daf_fleet_job *jobs, **jobs_end, *open_job;
    daf_sim_us disk_free_at, paused_until;
    daf_sim_timer timer;
    uint64_t timer_ms; /* what it was set for */
    uint32_t twin;     /* the next device with the same keys, or NOBODY */
    struct daf_shelf_model *shelf; /* or NULL */
    daf_sim_us shelf_free_at;      /* its disk */
    struct daf_air air;
    uint32_t cell;           /* RADIO */
    daf_sim_us echoes_until; /* content came */
    bool is_echoing;
};

struct daf_fleet_name {
    uint8_t key[32]; /* an author id, padded; or a transport key */
    uint32_t device;
};

struct daf_fleet {
    struct daf_engine *engine;
    struct daf_fleet_config config;
    struct daf_fleet_events events;
    struct daf_port port; /* all agents' */
    struct daf_chance chance, chance_loss;
    struct daf_fleet_air *cells;
    uint32_t cells_room;
    enum daf_err failed;
    struct daf_scratch *scratch;
    struct daf_notebook_pool *records;
    struct daf_ramdisk *ram; /* of real notebooks, if nobody cuts power */
    struct daf_fleet_device *devices;
    struct daf_fleet_name *authors, *keys; /* sorted */
    struct daf_scope_id scopes[DAF_FLEET_SCOPES];
    uint8_t manifest[DAF_MANIFEST_BYTES_MAX];
    size_t manifest_len;
    struct daf_manifest camp;
    struct daf_box_pk door;
    struct daf_key generation; /* of the class */
    struct daf_fleet_pool links, wires, parcels, errands;
    struct daf_shelf_about *abouts; /* of config.items */
    /* A CHUNK as it comes: its head is written before the zeros. */
    uint8_t *chunk;
    struct daf_fleet_stats stats;
    enum daf_err last_control; /* how the coordinator's last write ended */
    struct daf_spot last_control_spot;
    /* What the coordinator wrote, folded once for all, and its log as it was. */
    struct daf_camp *like;
    struct daf_log_key control;
    struct daf_spot control_tip;
};

/* ---- fleet.c */
/* What is on the device's card, or in memory; the folder is made. */
enum daf_err daf_fleet_open_notebook(struct daf_fleet_device *d);
void daf_fleet_fail(struct daf_fleet *f, enum daf_err err);
/* Room for one more in an array of @size; false without memory. */
bool daf_fleet_grow(struct daf_fleet *f, void *items, size_t size,
                    uint32_t count, uint32_t *room);
/* A number, its item zeroed; NOBODY without memory. */
uint32_t daf_fleet_take(struct daf_fleet *f, struct daf_fleet_pool *pool);
void daf_fleet_give(struct daf_fleet *f, struct daf_fleet_pool *pool,
                    uint32_t number);
struct daf_fleet_link *daf_fleet_link(struct daf_fleet *f, uint32_t number);
struct daf_fleet_wire *daf_fleet_wire(struct daf_fleet *f, uint32_t number);
struct daf_fleet_parcel *daf_fleet_parcel(struct daf_fleet *f, uint32_t number);
/* The link of these two that is up, or NOBODY. */
uint32_t daf_fleet_linked(struct daf_fleet *f, uint32_t a, uint32_t b);
/* Anew, when keys changed hands. */
void daf_fleet_sort_names(struct daf_fleet *f);
/* True, and told, if a tester may have damaged this notebook. */
bool daf_fleet_is_damage(struct daf_fleet_device *d, enum daf_err err);
/* The agent stopped, or could not start: the device is off. */
void daf_fleet_stopped(struct daf_fleet_device *d);
/* Who that is, of several the lowest; NOBODY: nobody of this camp. */
uint32_t daf_fleet_of_author(const struct daf_fleet *f,
                             const struct daf_author_id *author);
uint32_t daf_fleet_of_key(const struct daf_fleet *f,
                          const struct daf_box_pk *key);

/* ---- fleet_camp.c: everybody's keys; manifest and control.  Devices are off. */
DAF_NODISCARD enum daf_err daf_fleet_make_keys(struct daf_fleet *f);
DAF_NODISCARD enum daf_err daf_fleet_make_camp(struct daf_fleet *f);

/* ---- fleet_agent.c */
DAF_NODISCARD enum daf_err daf_fleet_start(struct daf_fleet_device *d);
void daf_fleet_stop(struct daf_fleet_device *d);
/* From now on devices that start read no more of control than they must. */
DAF_NODISCARD enum daf_err daf_fleet_share(struct daf_fleet *f);
void daf_fleet_input(struct daf_fleet_device *d, const struct daf_input *in);
void daf_fleet_on_timer(void *ctx, uint32_t device, uint32_t arg);
/* It is paused, and this event of it waits until it is not. */
bool daf_fleet_waits(struct daf_fleet_device *d, enum daf_sim_kind kind,
                     uint32_t arg);
struct daf_addr daf_fleet_addr(uint32_t device, uint16_t port);

/* ---- fleet_port.c: agents at work.  _port: what the agent gets. */
void daf_fleet_port(struct daf_fleet_device *d);
/* Let its agent do this; false: it has stopped. */
bool daf_fleet_work(struct daf_fleet_device *d, void (*work)(void *arg),
                    void *arg);
/* A write of a person's has ended. */
void daf_fleet_told(struct daf_fleet_device *d, const struct daf_wrote *wrote);

/* ---- fleet_wires.c */
void daf_fleet_wires_port(struct daf_port *port);
void daf_fleet_on_parcel(void *ctx, uint32_t device, uint32_t parcel);
/* Both ends hear of it after the silence. */
void daf_fleet_cut(struct daf_fleet *f, uint32_t link);
/* The device has said what it had to say: the others hear that it closed. */
void daf_fleet_farewell(struct daf_fleet_device *d);
/* It is paused for longer than the silence. */
void daf_fleet_wires_pause(struct daf_fleet_device *d);
/* The device is off: it hears of nothing that was. */
void daf_fleet_wires_forget(struct daf_fleet_device *d);
/* Whether something sent once over @link is lost. */
bool daf_fleet_loses(struct daf_fleet *f, uint32_t link);

/* How long a frame waits until those with content have had their turns. */
daf_sim_us daf_fleet_turns(const struct daf_fleet_air *air);
/* A CHUNK has come to that end, or never will. */
void daf_fleet_chunk_ended(struct daf_fleet *f, uint32_t wire, uint32_t side);
/* The wire that @d calls @conn, and which side of it @d is; NOBODY. */
uint32_t daf_fleet_wire_of(const struct daf_fleet_device *d, uint32_t conn,
                           unsigned *side);

/* ---- fleet_content.c */
void daf_fleet_content_port(struct daf_port *port);
/* Before the devices; their shelves, after them. */
DAF_NODISCARD enum daf_err daf_fleet_content_new(struct daf_fleet *f);
DAF_NODISCARD enum daf_err daf_fleet_content_fill(struct daf_fleet *f);
void daf_fleet_content_free(struct daf_fleet *f);
/* The agent has started: it is told what there is. */
void daf_fleet_content_tell(struct daf_fleet_device *d);
void daf_fleet_on_shelf(void *ctx, uint32_t device, uint32_t errand);
/* That end has room for one more CHUNK. */
void daf_fleet_content_go_on(struct daf_fleet_device *d, uint32_t errand);

/* ---- fleet_disk.c */
void daf_fleet_disk_port(struct daf_port *port);
void daf_fleet_on_disk(void *ctx, uint32_t device, uint32_t arg);
/* Of the notebook whose power was cut, what survived. */
void daf_fleet_recover(struct daf_fleet_device *d);
/* All batches that were handed over are committed, and nobody hears of it. */
void daf_fleet_disk_settle(struct daf_fleet_device *d);
void daf_fleet_disk_forget(struct daf_fleet_device *d);

#endif
