/* SPDX-License-Identifier: Apache-2.0 */
/* node/core/agent.h - the daemon less its sockets.
 *
 * The agent knows the camp, its peers, its own logs and its schedule, and talks
 * to the world by one port (node/core/port.h).  Everything that happens to it is
 * one struct daf_input given to daf_agent_input() with the time; chance comes
 * from a generator seeded once.  So a run can be recorded and replayed, and the
 * simulator runs this very code.
 *
 *      host --- struct daf_input ---> agent --- struct daf_port ---> host
 *                                       |
 *                                       +--- reads: const struct daf_index
 *
 * Who may call: one thread.  The agent allocates per peer and per session, at
 * most DAF_AGENT_SESSIONS_MAX of them.  When nothing has been pulled, stored or
 * written for DAF_AGENT_IDLE_MS it verifies what was taken in on trust (R26). */
#ifndef DAF_NODE_CORE_AGENT_H
#define DAF_NODE_CORE_AGENT_H

#include "node/core/camp.h"
#include "node/core/port.h"
#include "proto/session.h"
#include "proto/ticket.h"
#include "store/shelf.h"

#define DAF_AGENT_SESSIONS_MAX 1024
#define DAF_AGENT_STATIC_MAX   64    /* addresses that a person gave */
#define DAF_AGENT_PEERS_MAX    512   /* addresses of doors */
#define DAF_AGENT_HEARSAY_MAX  128   /* of them, that peers told and no more */
#define DAF_AGENT_OWN_MAX      8     /* own addresses kept, IPv4 first */
#define DAF_AGENT_ENOUGH       96    /* peers; beyond, nobody more is called */
#define DAF_AGENT_RETRY_MIN_MS 1000  /* first retry, then doubling */
#define DAF_AGENT_RETRY_MAX_MS 15000 /* a cut heals within this and a half */
#define DAF_AGENT_FAR_MAX_MS   60000 /* where mDNS sees nobody */
#define DAF_AGENT_FAR_EACH_MS  4000 /* ... and so long for each address known */
/* Between two calls of such, for each call in a row that came to nothing; and at
 * most: where 15 or fewer are known, between two calls of one of them. */
#define DAF_AGENT_FAR_GAP_MS     125
#define DAF_AGENT_FAR_GAP_MAX_MS 240000
#define DAF_AGENT_IDLE_MS        1000 /* quiet before it verifies */

struct daf_agent; /* opaque */

/* The device's secrets; core alone holds them. */
struct daf_secrets {
    struct daf_sign_sk sign;
    struct daf_box_sk transport, seal;
};

/* Memory that is needed only while an input is handled: one for all agents of a
 * thread (the simulator has thousands), about 1.1 MB.  The largest are a path of
 * records (320 KB), a frame (288) and three rows of symbols and what they come to
 * (269). */
struct daf_scratch {
    uint8_t frame[DAF_FRAME_BYTES_MAX];
    uint8_t frame2[DAF_WANT_BYTES_MAX];
    uint8_t body[DAF_BODY_BYTES_MAX];
    uint8_t payload[DAF_BODY_BYTES_MAX];
    struct daf_head head_a;
    struct daf_manifest manifest; /* a stranger's, at the door */
    struct daf_item items[DAF_ITEMS_MAX];
    struct daf_symbol symbols[DAF_SYMBOLS_MAX], symbols2[DAF_SYMBOLS_MAX];
    struct daf_sketch_one differences[DAF_SYMBOLS_MAX];
    struct daf_session_record records[DAF_PATH_RECORDS_MAX];
};

/* By what a device reaches the others. */
enum daf_air_kind {
    DAF_AIR_UNKNOWN, /* until told otherwise; counts as a cable of its own */
    DAF_AIR_CABLE,
    DAF_AIR_RADIO, /* by the access point @id */
};
struct daf_air {
    enum daf_air_kind kind;
    /* RADIO: the same for all who share its airtime, and for no others; from the
     * host, already hashed with the camp's secret (docs/content.md R69). */
    uint8_t id[DAF_AIR_BYTES];
};

/* Whom bulk goes to and comes from where many share one air (docs/content.md §7).
 * Only the first is for people; the others are what it is measured against. */
enum daf_swarm_policy {
    DAF_SWARM_OURS, /* two at a time, and from who sends a byte over the air once
                       before who sends it twice */
    DAF_SWARM_TWO,  /* two at a time, from anybody */
    DAF_SWARM_FAIR_SHARE, /* all at once, and as ours from whom */
};

/* A statement that is kept; borrowed for the call.  Returns true to go on. */
typedef bool (*daf_agent_statement_fn)(void *ctx,
                                       const struct daf_statement *st,
                                       struct daf_view bytes);

struct daf_agent_config {
    struct daf_device_keys keys;
    struct daf_secrets secrets;
    struct daf_view manifest; /* decoded and verified by the agent; copied */
    struct daf_view cert;     /* empty for a coordinator; copied */
    uint8_t seed[32];         /* chance */
    uint64_t boot_number;     /* counts starts of this home */
    const struct daf_index *index; /* outlives the agent */
    /* Records of one scope, to rebuild the camp and the roster at start. */
    enum daf_err (*scan)(void *ctx, const struct daf_scope_id *scope,
                         int retention, daf_camp_row_fn fn, void *fn_ctx);
    void *scan_ctx;
    /* Statements that are kept, by place; NULL: none are. */
    enum daf_err (*statements)(void *ctx, daf_agent_statement_fn fn,
                               void *fn_ctx);
    void *statements_ctx;
    uint64_t own_incarnation; /* of this device's logs */
    /* NULL: this is its first life, and it was never restored.  Else its last life
     * is own_incarnation.  Copied. */
    const struct daf_self *self;
    const struct daf_port *port; /* outlives the agent */
    struct daf_scratch
        *scratch; /* outlives the agent; NULL: it makes its own */
    /* For thousands of agents in one process.  A camp that has all of control that
     * the notebook has (camp.h), or NULL; with one, scan may leave out of control
     * what has no key for this device. */
    const struct daf_camp *like;
    /* Learners whom others registered are passed over: 600 bytes each. */
    bool has_own_learners_only;
    enum daf_swarm_policy swarm;
};

enum daf_input_kind {
    DAF_INPUT_TIMER,     /* the deadline has passed (early is harmless) */
    DAF_INPUT_LISTENING, /* link is up: port_door, port_mesh */
    DAF_INPUT_LINK_LOST, /* link died: every connection is gone */
    DAF_INPUT_OPENED,    /* conn, endpoint, key */
    DAF_INPUT_FRAME,     /* conn, bytes */
    DAF_INPUT_CLOSED,    /* conn */
    DAF_INPUT_STORED,    /* job, err; results in order of store_keep */
    DAF_INPUT_PEER,      /* addr, found_by, author (zeros: not known) */
    DAF_INPUT_WRITE,     /* a person's new record: write */
    DAF_INPUT_STOP,      /* say BYE to all */
    DAF_INPUT_FOUND,     /* service, addr: mDNS sees it */
    DAF_INPUT_GONE,      /* service (endpoint, name): mDNS sees it no more */
    DAF_INPUT_OWN,     /* addrs: of this machine; at start, and when changed */
    DAF_INPUT_PORCH,   /* a coordinator's wish: porch */
    DAF_INPUT_PORCHED, /* link has it open at port_porch; 0: it cannot */
    DAF_INPUT_ITEM, /* item: at start for each, and when anything else than a PUT
                       has changed it */
    DAF_INPUT_PUT,  /* conn, piece (no bytes), put, err: a part's end */
    DAF_INPUT_READ, /* conn, piece, is_last, err: what content_read came to */
    DAF_INPUT_AIR,  /* air: by what this machine is attached; when it changes */
    DAF_INPUT_ROUND, /* round_us: to the gateway and back, while content comes */
    DAF_INPUT_SHELF, /* is_there: all items of the shelf were told; or it is not
                        mounted, and there are none */
};

/* How an address was heard of; of several ways the last of this list counts. */
enum daf_found_by {
    DAF_FOUND_INCOMING, /* it has none: that device came to us */
    DAF_FOUND_GOSSIP,   /* a peer told */
    DAF_FOUND_CACHED,   /* it was right before the start */
    DAF_FOUND_MDNS,
    DAF_FOUND_STATIC, /* a person gave it */
};

/* What became of one record of a job. */
struct daf_stored_item {
    struct daf_log_key log;
    struct daf_spot spot;
    bool is_new;      /* header or body was not held before */
    bool is_deferred; /* over budget: not kept */
};

/** daf_agent_erase_item: how a port says that an erasure has a step to come. */
struct daf_stored_item daf_agent_erase_item(const struct daf_erase *next);

enum daf_write_kind {
    DAF_WRITE_SESSION, /* what a learner did; registers an unknown one first */
    DAF_WRITE_CONTROL, /* a packed control payload; coordinators only */
    DAF_WRITE_CATALOG, /* a packed catalogue-item; who may curate */
    DAF_WRITE_LEARNER, /* register a learner, also one more of a known name */
    DAF_WRITE_ASSIGNMENT, /* a packed assignment; who may curate in that class */
    DAF_WRITE_HEARD, /* no record: a person says that nobody is left who knows more
                        of this device than it does (R126) */
    DAF_WRITE_RENEWAL, /* a packed renewal (R127) */
};
struct daf_write {
    uint64_t ticket; /* the host's, back in daf_agent_wrote */
    enum daf_write_kind kind;
    struct daf_wall claimed; /* the wall clock's claim */
    uint8_t time_quality;
    /* SESSION, LEARNER, ASSIGNMENT */
    char scope[DAF_SCOPE_NAME_BYTES_MAX + 1]; /* "" = the first class */
    /* A name, or a subject id in hex (32 digits); LEARNER: her name, or none. */
    struct daf_view learner;
    const struct daf_did *did;
    size_t did_count;
    /* CONTROL, CATALOG, ASSIGNMENT */
    struct daf_view payload;
};

enum daf_porch_do {
    DAF_PORCH_OPEN,    /* with a new ticket; one that is open is closed first */
    DAF_PORCH_ACCEPT,  /* the device @id: its certificate is durable */
    DAF_PORCH_DECLINE, /* it, or its digits were others */
    DAF_PORCH_CLOSE,
};
#define DAF_PORCH_RIGHT_BYTES_MAX 15
struct daf_porch_wish {
    enum daf_porch_do what;
    uint64_t id; /* struct daf_agent_guest's */
    /* OPEN: what the device is to get, for who certifies; carried unread. */
    char scope[DAF_SCOPE_NAME_BYTES_MAX + 1];
    char right[DAF_PORCH_RIGHT_BYTES_MAX + 1];
    struct daf_view cert; /* ACCEPT */
};

/* A content item on the shelf (store/shelf.h). */
struct daf_item_news {
    struct daf_hash content;
    uint32_t parts, pages;
    uint32_t part_bytes; /* of the longest part */
    bool is_gone;        /* from the shelf */
    bool is_whole;
    bool is_wanted;       /* to be fetched if something is lacking */
    bool is_stuck;        /* not now: no room, or the file list is not good */
    uint8_t rank;         /* what is fetched first: the lower goes before */
    struct daf_wall at;   /* the wall clock's claim, for `since` of R80 */
    struct daf_view bits; /* held parts, the highest bit first; of one that is
                             whole: empty.  Borrowed for the call */
};

struct daf_input {
    enum daf_input_kind kind;
    uint32_t conn;
    enum daf_endpoint endpoint;
    struct daf_box_pk key;
    struct daf_addr addr;
    uint16_t port_door, port_mesh;
    struct daf_view bytes; /* borrowed for the call */
    uint64_t job;
    enum daf_err err;
    const struct daf_stored_item *items;
    size_t items_count;
    const struct daf_write *write;
    enum daf_found_by found_by;
    struct daf_author_id author;
    struct daf_announce service;
    const struct daf_addr *addrs; /* borrowed; their ports count for nothing */
    size_t addrs_count;
    const struct daf_porch_wish *porch;
    uint16_t port_porch;
    const struct daf_item_news *item;
    struct daf_port_piece piece;
    enum daf_shelf_put put;
    bool is_last; /* READ: to the part's end */
    struct daf_air air;
    uint32_t round_us; /* 0: nothing came back */
    bool is_there;     /* SHELF */
};

/* How a WRITE ended; called from the STORED input that made it durable, or at
 * once if it was refused. */
struct daf_wrote {
    uint64_t ticket;
    enum daf_err err;
    struct daf_record_id
        record; /* the session's, control's or registration's */
    struct daf_log_key log;
    uint64_t seq;
    struct daf_subject_id subject; /* SESSION, LEARNER */
    bool registered;               /* a registration was written as well */
    bool is_deferred; /* DAF_ELIMIT: the log, not the write, is at its limit */
};
typedef void (*daf_wrote_fn)(void *ctx, const struct daf_wrote *wrote);

/**
 * daf_agent_new: an agent that has spoken to nobody yet.
 * @config: copied, secrets included.
 * @wrote, @ctx: who hears how writes ended.
 * DAF_ESIG, DAF_EFORM: the manifest or certificate is not good; DAF_ENOMEM;
 * what the scan returned.
 */
DAF_NODISCARD enum daf_err daf_agent_new(const struct daf_agent_config *config,
                                         daf_wrote_fn wrote, void *ctx,
                                         struct daf_agent **out);
/** daf_agent_free: wipes the secrets.  Closes its sessions' connections by the
 * port, which must still be there; says no BYE.  NULL is fine. */
void daf_agent_free(struct daf_agent *a);

/** daf_agent_input: something happened at @now.  Cannot fail. */
void daf_agent_input(struct daf_agent *a, struct daf_mono now,
                     const struct daf_input *input);

/** daf_agent_deadline: when TIMER is wanted; DAF_MONO_NEVER at rest. */
struct daf_mono daf_agent_deadline(const struct daf_agent *a);

/** daf_agent_camp: the camp as control tells it now.  Borrowed. */
const struct daf_camp *daf_agent_camp(const struct daf_agent *a);

/** daf_agent_author: this device. */
const struct daf_author_id *daf_agent_author(const struct daf_agent *a);

/* Frames of one kind and their bytes, of all endpoints. */
struct daf_agent_tally {
    uint64_t frames, bytes;
};
#define DAF_AGENT_KINDS (DAF_FRAME_DECLINE + 1)

/** daf_agent_size: bytes that it takes beside its sessions, its camp, what waits
 * for the disk, and the scratch. */
size_t daf_agent_size(const struct daf_agent *a);

/* What `status` and `peers` show. */
struct daf_agent_stats {
    size_t sessions;       /* open with proven peers */
    size_t pending_writes; /* not durable yet */
    size_t deferred;       /* logs over budget, let be until the next start */
    bool revoked; /* this device: it knows, and calls nobody any more (R50) */
    bool left; /* ... and some own record is not known to be kept elsewhere */
    bool restored; /* others may know more of this device than it does (R126) */
    size_t lives;  /* incarnations it has written in */
    bool
        unchecked; /* own signatures of some records are still to be verified */
    struct daf_refusals refusals;
    uint64_t door_refused;  /* door frames that did not verify */
    uint64_t porch_refused; /* the same at the porch */
    uint64_t frames_in, frames_out, bytes_in, bytes_out;
    /* The same by enum daf_frame_kind; what is no known frame is UNKNOWN. */
    struct daf_agent_tally sent[DAF_AGENT_KINDS], received[DAF_AGENT_KINDS];
    uint64_t records_in;              /* new ones from peers */
    uint64_t content_in, content_out; /* bytes of parts, from and to peers */
    uint64_t parts_bad;               /* came and had not their hash */
    uint64_t chunks_odd; /* CHUNKs that nobody asked for, or not any more */
    uint64_t statements_refused; /* and lists of them (docs/content.md §7) */
    size_t strangers; /* announcements by mDNS that are not of this camp */
};
void daf_agent_stats(const struct daf_agent *a, struct daf_agent_stats *out);

/** daf_agent_clones: how many other devices write with this one's keys, as far as
 * is known here (docs/protocol.md R129): copies of its card, or what it was itself
 * before an older copy was put back.  Reads the heads of its logs. */
size_t daf_agent_clones(const struct daf_agent *a);

/* An archive that states a content item. */
struct daf_keeper_info {
    struct daf_author_id author;
    struct daf_wall since; /* by its clock */
    bool is_before;        /* this device (R85) */
    bool is_revoked;       /* it counts for nothing */
};
/** daf_agent_keepers: archives other than this device that state @content, by author
 * id.  Returns how many; at most @cap are written. */
size_t daf_agent_keepers(const struct daf_agent *a,
                         const struct daf_hash *content,
                         struct daf_keeper_info *out, size_t cap);
/** daf_agent_stated: another number whenever what archives state has changed. */
uint64_t daf_agent_stated(const struct daf_agent *a);
/** daf_agent_has_stated: whether this device states @content, or did when it was an
 * archive and has not withdrawn it: others rely on it (R85). */
bool daf_agent_has_stated(const struct daf_agent *a,
                          const struct daf_hash *content);
/** daf_agent_is_archive: whether this device is one. */
bool daf_agent_is_archive(const struct daf_agent *a);
/** daf_agent_was_archive: whether it is, or ever was (daf_camp_was_archive()). */
bool daf_agent_was_archive(const struct daf_agent *a);
/** daf_agent_is_restored: as `restored` of daf_agent_stats(). */
bool daf_agent_is_restored(const struct daf_agent *a);

struct daf_peer_info {
    struct daf_author_id author; /* zeros until proven */
    struct daf_addr addr;        /* "" if it came to us */
    const char *state;           /* words: "connecting", "open", "retrying" */
    const char *found_by;        /* words: "mdns", "static", "incoming"... */
    unsigned failures;           /* calls in vain, in a row */
    bool connected;              /* a proven session */
    bool in_step;                /* its session rests */
    bool is_there;               /* mDNS sees it now */
    uint64_t content_in, content_out; /* bytes of parts, in this session */
    const char *air;    /* words: "cable", "ours", "another", "" (not told) */
    uint32_t place;     /* ours in its line; 0: it serves us */
    unsigned bad_parts; /* it sent, in this session */
};
/* The porch: what `enrol` shows.  Borrowed until the next input. */
struct daf_agent_porch {
    enum daf_err err; /* how the last wish ended; PORCHED may change it */
    bool is_open;     /* or opening: port is 0 */
    bool is_used;  /* somebody was accepted or declined: no one else will be */
    uint16_t port; /* on the door's address */
    uint64_t left_ms;         /* until it closes by itself */
    struct daf_ticket ticket; /* full, but without addresses; a secret */
    const char *scope, *right;
};
void daf_agent_porch(const struct daf_agent *a, struct daf_mono now,
                     struct daf_agent_porch *out);

/* A device that has told its digits. */
struct daf_agent_guest {
    uint64_t id; /* of this try of the device: a new one has new digits */
    uint32_t digits;
    struct daf_author_id author;
    struct daf_view request; /* verified; borrowed until the next input */
    uint64_t since_ms;
    const char *state; /* words: "waiting", "away", "accepted" */
};
/** daf_agent_guest: the guest at @index, from 0; false at the end. */
bool daf_agent_guest(const struct daf_agent *a, struct daf_mono now,
                     size_t index, struct daf_agent_guest *out);

/** daf_agent_peer: the devices that are known of, one each however many addresses
 * it has.  *@at is 0 at first and moved on; false at the end. */
bool daf_agent_peer(const struct daf_agent *a, size_t *at,
                    struct daf_peer_info *out);

/** daf_agent_proven: doors that proved true, the last first, for the next start:
 * the one before *@before, which is UINT64_MAX at first and moved on; false at the
 * end. */
bool daf_agent_proven(const struct daf_agent *a, uint64_t *before,
                      struct daf_author_id *out_author,
                      struct daf_addr *out_addr);
/** daf_agent_proven_changes: another number whenever that list changed. */
uint64_t daf_agent_proven_changes(const struct daf_agent *a);

/* How an item comes, and what it waits for. */
struct daf_agent_coming {
    size_t sources; /* connected peers that offer parts of it */
    /* All of them serve others first (docs/content.md R70): the least place in
     * their lines.  0: one at least serves us, or there is none. */
    uint32_t place;
    uint64_t rate; /* bytes a second, of the last seconds */
};
void daf_agent_coming(const struct daf_agent *a, struct daf_mono now,
                      const struct daf_hash *content,
                      struct daf_agent_coming *out);

/** daf_agent_found_by_str: "mdns". */
const char *daf_agent_found_by_str(enum daf_found_by how);

#endif
