/* SPDX-License-Identifier: Apache-2.0 */
/* node/core/agent_impl.h - the inside of the agent, shared by agent*.c.
 *
 *      agent.c          making, inputs, deadline, what others may know
 *      agent_conns.c    connections and their sessions
 *      agent_door.c     the door, both sides: who may speak at mesh
 *      agent_porch.c    the porch, the coordinator's side: who asks to be enrolled
 *      agent_revoked.c  who was revoked: others, and this device itself
 *      agent_leave.c    what a revoked device hands over, at both ends
 *      agent_peers.c    keeping in touch: whom to call, and when again
 *      agent_book.c     addresses of doors, and how they were heard of
 *      agent_hints.c    mDNS, and what peers tell each other of addresses
 *      agent_erase.c    bodies that control erases: they go, and stay away
 *      agent_look.c     reads that failed: everybody looks again, later
 *      agent_jobs.c     what goes to the disk and what follows from it
 *      agent_news.c     which heads changed, for the other sessions
 *      agent_claims.c   which session has a log in hand
 *      agent_known.c    logs over budget; peers that were met before
 *      agent_idle.c     signatures that nobody has verified yet
 *      agent_write.c    own records
 *      agent_items.c    content items: what is on the shelf, what is sought
 *      agent_offers.c   what peers say that they hold, and how rare each part is
 *      agent_fetch.c    content that is lacking: whom to ask for which part
 *      agent_serve.c    content that peers seek and fetch
 *      agent_slices.c   which parts a first source shows to whom
 *      agent_turns.c    who shares an air, and who is served first there */
#ifndef DAF_NODE_CORE_AGENT_IMPL_H
#define DAF_NODE_CORE_AGENT_IMPL_H

#include "node/core/addr.h"
#include "node/core/agent.h"
#include "proto/porch.h"

#define DAF_AGENT_HEARD_MAX     4 /* more than are needed (agent_self.c) */
#define DAF_AGENT_LOOK_MAX_MS   3600000 /* a card that stays bad: hourly */
#define DAF_AGENT_WAITING_MAX   4096    /* writes; more are told to try later */
#define DAF_AGENT_CONNS_MAX     (DAF_AGENT_SESSIONS_MAX + DAF_AGENT_PEERS_MAX)
#define DAF_AGENT_CLAIMS_MAX    256 /* beyond, a log may come twice */
#define DAF_AGENT_PARTED_MAX    64  /* peers */
#define DAF_AGENT_SUSPECTS_MAX  64  /* authors */
#define DAF_AGENT_STRANGERS_MAX 16  /* of other camps, counted one by one */
/* Bytes asked of all peers together; beyond, one part of each.  What is asked for
 * comes, and waits in memory for the disk, beside records that do not wait. */
#define DAF_AGENT_ASKED_MAX ((uint64_t)8 * 1024 * 1024)
/* In vain; then it was an invention, or is long gone. */
#define DAF_AGENT_TRIES 6

/* How far a connection to a door, or from a knocker, has come. */
enum daf_door_step {
    DAF_DOOR_NEW,     /* nothing said */
    DAF_DOOR_KNOCKED, /* KNOCK is out (outgoing) or NONCE is (incoming) */
    DAF_DOOR_PROVED,  /* PROOF is out, WELCOME is awaited */
    DAF_DOOR_TOLD,    /* REVOKED came, WELCOME perhaps follows (R110) */
};

/* A content item on the shelf. */
struct daf_shelved {
    struct daf_wall
        whole_at; /* by the wall clock, as the shelf told it first */
    struct daf_hash content;
    uint32_t parts, pages, part_bytes;
    uint8_t rank; /* what is fetched first: the lower goes before */
    bool is_whole, is_wanted, is_stuck;
    bool is_doubted; /* a part could not be read; until the shelf tells of it */
    bool is_sliced;  /* whole, and shown to its seekers in slices (R71) */
    bool is_spread;  /* not from its beginning on */
    bool has_again;  /* some part was asked of two peers */
    bool is_stale;   /* copies and elsewhere are to be counted again */
    uint8_t *have;   /* bits; owned; NULL: whole */
    uint8_t *asked;  /* bits of parts asked for; owned; NULL until one is */
    uint32_t lacking; /* parts that are not held */
    uint32_t asked_count;
    /* For each part.  Of an item that is lacking: peers that offer it; if sliced:
     * seekers that hold it or were shown it.  Owned; NULL until there is one. */
    uint16_t *copies;
    uint16_t
        *elsewhere;   /* of them, who is not on our air; NULL: we are on none */
    uint32_t next;    /* sliced: the chunk after the last shown */
    uint32_t seekers; /* on no air, as slices_look() counted them */
    uint64_t came;    /* bytes since came_at; of the seconds before: rate */
    uint64_t rate;    /* bytes a second */
    struct daf_mono came_at;
    /* Gained in between and not told: to who is on our air, and to the others;
     * equal: none. */
    uint32_t news_from, news_to;
    uint32_t near_from, near_to;
};

/* A part that a peer was asked for. */
struct daf_errand {
    struct daf_hash content;
    uint32_t part, offset; /* of the byte that comes next */
    uint32_t part_bytes;   /* at most */
    uint64_t serial;       /* of the session's asks: in the order of FETCH */
    struct daf_mono at, first_at; /* asked; first of those not answered */
};

/* What a peer says that it holds of an item. */
struct daf_offering {
    struct daf_hash content;
    uint32_t parts;
    uint8_t *bits; /* owned */
    uint8_t *gone; /* owned: what it had not, or not right, after all */
    uint32_t next; /* lacking: search begins there */
    /* Sliced (R71); owned, or NULL: it was told all. */
    uint8_t *shown;     /* told that we hold it */
    uint8_t *taken;     /* of them, it has asked for or holds */
    uint32_t ahead;     /* shown and not taken */
    struct daf_mono at; /* made; sliced: something was taken, or shown first */
};

/* In line at a device that serves two of an air at a time (R70). */
enum daf_turn {
    DAF_TURN_NONE, /* it asks for nothing, or is not limited */
    DAF_TURN_WAITS,
    DAF_TURN_SERVED,
};

/* What a session and its peer do for each other's content. */
struct daf_swap {
    /* fetching */
    size_t asks_count, asks_cap; /* ≤ DAF_FETCH_MAX */
    size_t
        asks_void; /* of them, the first so many were given up: the peer has not
                         heard of that, and answers them before the others */
    struct daf_errand *asks;
    size_t offers_count, offers_cap; /* ≤ DAF_SEEK_MAX */
    struct daf_offering *offers;
    uint32_t window;  /* bytes that may be asked for at once */
    unsigned bad;     /* parts that were not what they should be */
    uint64_t sending; /* the serial of the ask that the last CHUNK was for */
    uint64_t serial;  /* of the last ask */
    struct daf_mono
        moved; /* a byte that was asked for came, or was asked for */
    struct daf_mono rests; /* it dawdled: not asked before then */
    bool was_silent;       /* for that, not for being slow */
    uint32_t place;        /* in the peer's line; 0: it serves */
    struct daf_mono line;  /* in it since, without a byte; 0: never was */
    uint64_t line_bytes;   /* bytes_in then */
    bool was_passed;       /* that was too long ago (R69) */
    uint64_t bytes_in, bytes_out;
    /* serving */
    size_t seeks_count;
    struct daf_hash *seeks;          /* owned; what the peer seeks */
    size_t wishes_count, wishes_cap; /* ≤ DAF_FETCH_MAX */
    struct daf_errand *wishes;       /* its FETCHes, in their order */
    bool is_reading;                 /* the first of them is at the disk */
    enum daf_turn turn;
    struct daf_mono
        turn_at; /* WAITS: since; SERVED: it last asked or was told */
    struct daf_mono turn_since; /* SERVED */
    uint64_t turn_bytes;        /* sent since then */
    uint64_t turn_credit; /* SERVED, not the first: bytes it may have now */
    uint32_t place_told;
    struct daf_mono place_at; /* told then */
};

struct daf_conn {
    uint32_t id;
    enum daf_endpoint endpoint;
    bool is_open;   /* OPENED came */
    bool is_closed; /* to be freed when the input is done */
    struct daf_box_pk key;
    struct daf_session *session; /* mesh; owned */
    enum daf_door_step step;     /* door */
    struct daf_hash knocker_nonce, door_nonce;
    bool has_rested;    /* mesh: all was asked for, and came */
    uint64_t rested_at; /* a->changes when it last rested */
    uint64_t bodiless;  /* a->bodiless then */
    uint64_t bodies;    /* the peer's number in ROOT */
    bool was_told;      /* of addresses, or there was nothing new to tell */
    uint64_t told;      /* as in struct daf_parted */
    uint64_t sought;    /* a->seek_number when SEEK went out; 0: never */
    uint64_t air_told;  /* a->air_number when AIR went out; 0: never */
    struct daf_air air; /* mesh: the peer's */
    uint64_t stated;    /* a->stated.number when STATED went out; 0: never */
    struct daf_mono listed_at; /* our last list went out; 0: none did */
    struct daf_mono listed_in; /* the peer's last list came; 0: none did */
    struct daf_mono give_at;   /* statements are given again then */
    bool owes_list;            /* a list is due, a second after the last */
    bool owes_answer;          /* the same, and no answer to it */
    bool owes_gift;        /* ... at give_at: it lacked what was not given */
    struct daf_swap *swap; /* mesh; NULL until content is spoken of; owned */
};

enum daf_peer_state {
    DAF_PEER_RETRYING, /* waits for retry_at */
    DAF_PEER_DOOR,     /* conn is to its door */
    DAF_PEER_MESH,     /* conn is to its mesh */
    DAF_PEER_COVERED,  /* it came to us; nothing to do until that ends */
};

/* An address of a door: 96 bytes, of which a camp's device has hundreds. */
struct daf_peer {
    struct daf_where where;
    struct daf_author_id author;
    uint8_t name[8];       /* what mDNS calls it; zeros */
    uint8_t salt[16];      /* of its announcement; zeros */
    struct daf_mono since; /* the last connect */
    uint64_t proven_at; /* a->proven_changes then: the last proven is highest */
    uint32_t backoff_ms;
    uint16_t failures; /* in a row */
    uint8_t found_by;  /* enum daf_found_by */
    uint8_t state;     /* enum daf_peer_state */
    bool is_known : 1; /* author is: its door proved it, or somebody said so */
    bool is_welcome : 1;   /* its door said that it is author's */
    bool is_proven : 1;    /* its mesh proved it, before the start perhaps */
    bool is_there : 1;     /* mDNS sees it now */
    bool is_straight : 1;  /* MESH: without its door, and not proven yet */
    bool is_elsewhere : 1; /* its mesh is not where one would expect it */
    bool is_own_word : 1;  /* author told it, over a session of its own */
    bool is_waiting : 1; /* RETRYING: until another address of it was called */
    bool was_put_off : 1;
};

/* What is looked for in all of them: of 512 addresses 12 KB, not 48.  Kept by
 * daf_agent_book_mark(). */
struct daf_peer_row {
    uint64_t due_ms; /* RETRYING: try then; DOOR: give up then */
    uint32_t conn;   /* DOOR, MESH; else 0 */
    uint32_t addr;   /* mark of the address */
    uint32_t author; /* the author id's first bytes; 0: not known */
    uint16_t salt;   /* the salt's; 0: it has none */
    bool is_there : 1, is_proven : 1;
    bool is_own_word : 1;
    bool is_hearsay : 1; /* and nothing else stands for it */
};

/* A write waiting for its turn, or in the job under way. */
struct daf_pending {
    struct daf_pending *next;
    struct daf_write write; /* views point into `room` */
    struct daf_wrote wrote; /* filled as its records are made */
    uint8_t room[];         /* learner, activities, items, payload */
};

/* A log of our own that was written to since the start. */
struct daf_own_log {
    struct daf_scope_id scope;
    struct daf_spot head; /* seq 0: empty */
};

/* A record to look at again once the batch is durable: to fold it into the camp, or
 * to see whether it went. */
struct daf_fold {
    struct daf_log_key log;
    struct daf_spot spot;
};

enum daf_job_kind {
    DAF_JOB_SESSION, /* what a peer sent */
    DAF_JOB_OWN,     /* own records */
    DAF_JOB_BAD,     /* a stored record turned out bad */
    DAF_JOB_IDLE,    /* what was verified at rest */
    DAF_JOB_TOLD,    /* our own revocation, told at a door */
    DAF_JOB_STATED,  /* statements */
    DAF_JOB_SELF,    /* what this device remembers of itself */
    DAF_JOB_ERASE,   /* bodies that control erases */
};

/* A batch on its way to the disk.  Answered in order. */
struct daf_job {
    struct daf_job *next;
    uint64_t id;
    enum daf_job_kind kind;
    uint32_t conn;  /* SESSION: whose; else 0 */
    bool is_orphan; /* that session is gone; its number may be another's now */
    bool has_unchecked;       /* records that nobody verified are among them */
    struct daf_fold *dropped; /* owned: records that go */
    size_t dropped_count, dropped_cap;
    uint8_t *ack; /* owned */
    size_t ack_len;
    struct daf_fold *folds; /* owned */
    size_t folds_count, folds_cap;
    struct daf_pending *writes;   /* own records: who is told */
    struct daf_learner *learners; /* owned: registered in this batch */
    size_t learners_count;
    struct daf_self *self; /* owned: as it is from then on; NULL: as before */
};

/* A log that a session has in hand (R44). */
struct daf_claim {
    struct daf_tag tag;
    uint32_t conn;
};

/* A log over budget (R46). */
struct daf_deferred {
    struct daf_scope_id scope;
    struct daf_tag tag;
};

/* A device at the porch, on its way from ASK to ACCEPT. */
enum daf_guest_step {
    DAF_GUEST_NEW,     /* ASK is awaited */
    DAF_GUEST_OFFERED, /* REVEAL is */
    DAF_GUEST_WAITING, /* for a person */
    DAF_GUEST_ACCEPTED,
};
struct daf_guest {
    enum daf_guest_step step;
    uint32_t conn;            /* 0: it is away, and may come back */
    struct daf_mono deadline; /* NEW, OFFERED */
    struct daf_porch_talk talk;
    struct daf_mono since; /* WAITING, and from here on what REVEAL told */
    struct daf_device_keys keys;
    size_t request_len;
    uint8_t request[DAF_REQUEST_BYTES_MAX];
};

/* The open porch, and its one ticket. */
struct daf_porch {
    struct daf_box_pk pk;
    struct daf_box_sk sk;
    struct daf_ticket ticket;
    struct daf_key key; /* of the ticket's secret */
    uint8_t name[8];    /* by mDNS */
    uint16_t port;      /* 0: link has not answered */
    struct daf_mono expires;
    char scope[DAF_SCOPE_NAME_BYTES_MAX + 1]; /* the wish's */
    char right[DAF_PORCH_RIGHT_BYTES_MAX + 1];
    size_t talks; /* ≤ DAF_PORCH_TALKS_MAX */
    bool is_used;
    /* Of who was accepted, to be told again if its connection was lost. */
    struct daf_device_keys accepted;
    size_t cert_len; /* 0: nobody was */
    uint8_t cert[DAF_CERT_BYTES_MAX];
    size_t guests_count;
    struct daf_guest guests[DAF_PORCH_CONNS_MAX];
};

/* What is remembered of a peer after its session, for the next one. */
struct daf_parted {
    struct daf_author_id author;
    uint64_t changes;  /* a->changes when it last rested (R39) */
    uint64_t bodies;   /* its number when it was last asked for bodies (R45) */
    uint64_t bodiless; /* a->bodiless then */
    uint64_t told;     /* what it was told of addresses, hashed; 0: nothing */
};

/* Verifying at rest (R26).  It goes through one stretch from seq to seq; what it
 * has seen is forgotten when anything else goes to the disk. */
struct daf_idle {
    bool has_unchecked; /* as far as is known */
    bool is_paused;     /* it could not be read: later, or after a STORED */
    struct daf_mono at; /* not before */
    struct daf_stretch stretch; /* in hand; last 0: none is */
    uint64_t seq;               /* of it, the next to look at */
    size_t seen;                /* records of it that were verified */
};

/* A verified statement. */
struct daf_kept {
    struct daf_stated said;
    struct daf_statement st; /* into bytes */
    uint8_t *bytes;          /* owned */
    size_t len;
    bool is_made; /* by us, just now */
};
/* Ascending by place. */
struct daf_kept_list {
    struct daf_kept *items; /* owned */
    size_t count, cap;      /* ≤ DAF_STATEMENTS_MAX */
};
/* docs/content.md §7 */
struct daf_stated_state {
    struct daf_kept_list kept;    /* durable */
    struct daf_kept_list coming;  /* for the next batch */
    struct daf_kept_list writing; /* at the disk */
    uint64_t changes;             /* batches that were kept */
    uint64_t number;       /* another when sums are to be told; 0: none */
    struct daf_sum sum;    /* of what is kept */
    bool has_sum, is_busy; /* sum is right; a batch is at the disk */
    bool was_refused; /* of somebody who may be certified, or archive, later */
    bool is_shelf_told, is_shelf_there;        /* SHELF came, and said so */
    struct daf_mono write_at, tell_at, own_at; /* or NEVER */
    struct daf_mono batch_at;  /* the next of others' not before */
    struct daf_mono status_at; /* our own status is looked at then; or NEVER */
    struct daf_mono status_next; /* and told anew not before */
    uint64_t own_wait_ms; /* until our own is said again; doubled each time */
};

/* Bodies with erased handles that are held (docs/protocol.md R116). */
struct daf_erasing {
    struct daf_mono at;         /* the next step then; or NEVER */
    uint64_t wait_ms;           /* until then, if the journal is in use */
    size_t done;                /* so many handles: nothing of them is left */
    size_t begun;               /* of so many is the walk under way */
    struct daf_handle *handles; /* owned: these */
    struct daf_erase next;      /* the step under way, or to come */
    bool is_busy;               /* it is at the disk */
    bool is_known;              /* the notebook was asked at this start */
};

/* A revoked device that may come to mesh once (R110). */
struct daf_leaver {
    struct daf_box_pk key;
    uint32_t conn;         /* 0: it has not come yet, */
    struct daf_mono until; /* ... and may until then */
};
#define DAF_AGENT_LEAVERS_MAX 4
#define DAF_AGENT_LEAVE_MS    30000 /* as long as its door connection may last */

/* What a device that is revoked has still to hand over (R111). */
struct daf_leave {
    bool is_left; /* something, when last looked */
    /* Tips of own logs that peers hold whole, as they said since the start.  One
     * that has no place is asked for once more than needed. */
    size_t acked_count; /* ≤ DAF_LEAVE_ACKED_MAX */
    struct daf_fold *acked;
};
#define DAF_LEAVE_ACKED_MAX 1024

struct daf_agent {
    struct daf_agent_config config; /* views inside are not used after new */
    struct daf_author_id author;
    struct daf_camp *camp;
    uint8_t *cert_bytes;  /* owned; NULL for a coordinator */
    struct daf_view cert; /* the same, to look at */
    struct daf_box_pk door_pk;
    struct daf_rng rng;
    struct daf_scratch *scratch;
    bool owns_scratch;
    daf_wrote_fn wrote;
    void *wrote_ctx;

    const struct daf_index *real_index;
    struct daf_index index;  /* over it, noting what could not be read */
    struct daf_mono look_at; /* a read failed: look again then; or NEVER */

    uint64_t look_wait_ms; /* until then; doubled each time */

    struct daf_session_env env;
    struct daf_session_port session_port;
    struct daf_mono now; /* of the input being handled */

    bool is_listening;
    bool is_stopping; /* STOP came: nothing new begins */
    bool is_revoked;  /* this device: it calls nobody any more (R50) */
    uint16_t port_mesh, port_door;
    uint32_t next_conn;
    /* These arrays grow with what is in them (daf_agent_grow). */
    size_t conns_count, conns_cap; /* ≤ DAF_AGENT_CONNS_MAX */
    struct daf_conn **conns;
    size_t peers_count, peers_cap; /* ≤ DAF_AGENT_PEERS_MAX */
    struct daf_peer *peers;
    struct daf_peer_row *rows; /* one for each, in the same order */
    uint64_t first_due_ms;     /* of the rows */
    bool is_first_due_stale;   /* it is perhaps too early */
    bool has_worthless;        /* perhaps: to be left out at the next timer */
    bool is_full_of_hearsay;   /* of none that was called */
    size_t hearsay_count;      /* ≤ DAF_AGENT_HEARSAY_MAX */
    uint16_t
        *places; /* of rows, by address: open, twice peers_cap; a number and
                         one, or 0 */
    uint32_t far_vain; /* calls in a row, of addresses that only hearsay or the
                          past stands for, that came to nothing */
    uint64_t proven_changes;
    uint8_t salt[16]; /* of our own announcement */
    size_t own_count;
    struct daf_addr
        own[DAF_AGENT_OWN_MAX]; /* this machine's; port: the door's */
    size_t strangers_count;     /* may be one too small: names come and go */
    uint8_t strangers[DAF_AGENT_STRANGERS_MAX][8];
    size_t claims_count, claims_cap; /* ≤ DAF_AGENT_CLAIMS_MAX */
    struct daf_claim *claims;
    struct daf_porch *porch; /* NULL: closed */
    enum daf_err porch_err;
    bool was_released;        /* who waits for a log is to be poked */
    bool is_everyone_suspect; /* suspects are too many to remember */
    size_t deferred_count, deferred_cap;
    struct daf_deferred *deferred; /* of each scope ≤ DAF_DEFERRED_MAX */
    size_t suspects_count, suspects_cap; /* ≤ DAF_AGENT_SUSPECTS_MAX */
    struct daf_author_id *suspects;
    size_t parted_count, parted_cap; /* ≤ DAF_AGENT_PARTED_MAX */
    struct daf_parted *parted;       /* the last met at the end */
    uint64_t changes;  /* batches that changed a head or what is told of it */
    uint64_t bodiless; /* headers that came without their bodies */
    struct daf_idle idle;

    uint64_t next_job;
    struct daf_job *jobs, **jobs_end; /* at the disk, oldest first */
    struct daf_job *open_job;         /* between store_begin and store_end */

    struct daf_pending *waiting, **waiting_end; /* for the next own batch */
    size_t waiting_count;
    bool is_writing;      /* an own batch is at the disk */
    bool is_seek_new;     /* sessions are to be told */
    bool is_hungry;       /* somebody may be asked for more */
    bool is_line_new;     /* somebody is served no more, or changed its air */
    bool is_show_due;     /* what was shown, or asked for, changed */
    bool is_audience_new; /* who seeks what changed, or who is on which air */
    size_t own_logs_count;
    struct daf_own_log own_logs[DAF_SCOPES_MAX];

    size_t leavers_count;
    struct daf_leaver leavers[DAF_AGENT_LEAVERS_MAX];
    struct daf_leave leave;

    struct daf_self self; /* durable */
    size_t heard_count;   /* devices in step with us since it is restored */
    struct daf_author_id heard[DAF_AGENT_HEARD_MAX];

    size_t items_count, items_cap;
    struct daf_shelved *items; /* ascending by content id */
    uint64_t seek_number; /* another whenever what is sought changed; 0: never
                               sought anything */
    uint64_t asked_bytes; /* of parts that peers were asked for */
    uint64_t asked_max;   /* so much of all peers together */
    uint32_t round_least_us,
        round_before_us; /* of these and the last minutes */
    struct daf_air air;
    struct daf_mono round_at;    /* when these began */
    struct daf_mono shelf_rests; /* until then nobody is; 0: it takes parts */
    struct daf_mono news_at;     /* seekers are told then; or NEVER */
    struct daf_mono near_at;     /* the same, of those on our air */
    struct daf_mono again_at;    /* a part may be asked of another then */
    uint64_t air_number;         /* another whenever it changed; 0: not known */
    struct daf_mono slices_at;   /* who takes nothing is looked for; or NEVER */
    size_t shown_last; /* of the connections, the last that was shown more */
    struct daf_mono turn_at; /* others are sought then; or NEVER: all are */
    size_t turn;             /* of those that are lacking, the first sought */

    struct daf_stated_state stated;
    struct daf_erasing erasing;

    struct daf_agent_stats stats;
};

/* ---- agent.c */
/* daf_camp_add(), of what this agent is to know. */
bool daf_agent_fold(struct daf_agent *a, const struct daf_log_key *log,
                    const struct daf_stored *stored);
/* @array with room for one element more, moved perhaps; NULL when out of memory,
 * and then nothing has changed.  Twice as much each time. */
void *daf_agent_grow(void *array, size_t *cap, size_t count, size_t size);

/* ---- agent_conns.c */
struct daf_conn *daf_agent_conn(struct daf_agent *a, uint32_t id);
/* NULL when there are too many or no memory; @id as the port has it. */
struct daf_conn *daf_agent_conn_new(struct daf_agent *a, uint32_t id,
                                    enum daf_endpoint endpoint);
/* Close it towards the port and forget it after this input. */
void daf_agent_conn_close(struct daf_agent *a, struct daf_conn *c);
void daf_agent_conns_sweep(struct daf_agent *a);
void daf_agent_conns_lost(struct daf_agent *a);
void daf_agent_conn_send(struct daf_agent *a, const struct daf_conn *c,
                         struct daf_view frame);
/* Count a frame under its kind in stats.sent or stats.received. */
void daf_agent_conn_tally(struct daf_agent_tally *by_kind,
                          struct daf_view frame);
void daf_agent_session_start(struct daf_agent *a, struct daf_conn *c);
void daf_agent_session_port(struct daf_agent *a);
/* A proven session with this author, not closed; NULL if there is none. */
struct daf_session *daf_agent_session_with(struct daf_agent *a,
                                           const struct daf_author_id *author);
/* Poke who waits for logs that were let go.  Not while a session is at work. */
void daf_agent_conns_poke(struct daf_agent *a);
/* What it did may have brought @c's session to rest. */
void daf_agent_conn_note(struct daf_agent *a, struct daf_conn *c);
/* Somebody may have been certified: sessions look again at what they refused. */
void daf_agent_recheck(struct daf_agent *a);
/* Tell the port every device of the camp and whether it may come in, also those
 * told before; nothing while link is down. */
void daf_agent_admit(struct daf_agent *a);

/* ---- agent_door.c */
void daf_agent_door_opened(struct daf_agent *a, struct daf_conn *c);
void daf_agent_door_frame(struct daf_agent *a, struct daf_conn *c,
                          struct daf_view bytes);

/* ---- agent_porch.c */
void daf_agent_porch_wish(struct daf_agent *a,
                          const struct daf_porch_wish *wish);
void daf_agent_porch_ported(struct daf_agent *a, uint16_t port);
void daf_agent_porch_opened(struct daf_agent *a, struct daf_conn *c);
void daf_agent_porch_frame(struct daf_agent *a, struct daf_conn *c,
                           struct daf_view bytes);
/* Its connection is gone; 0: all are. */
void daf_agent_porch_left(struct daf_agent *a, uint32_t conn);
void daf_agent_porch_timer(struct daf_agent *a);
struct daf_mono daf_agent_porch_deadline(const struct daf_agent *a);
/* Tell all who wait and close it, if it is open. */
void daf_agent_porch_close(struct daf_agent *a);

/* ---- agent_revoked.c */
/* Whether the device with this transport key is revoked. */
bool daf_agent_is_revoked(const struct daf_agent *a,
                          const struct daf_box_pk *transport);
/* Somebody was revoked: sessions with such end. */
void daf_agent_expel(struct daf_agent *a);
/* A knocker that proved itself is revoked: tell it.  False: there is nothing to
 * tell it by. */
bool daf_agent_tell_revoked(struct daf_agent *a, const struct daf_conn *c,
                            const struct daf_author_id *author);
/* What a door said instead of WELCOME.  False if it is not good. */
bool daf_agent_hear_revoked(struct daf_agent *a, const struct daf_revoked *f);
/* Control has changed, or (@told) what a door said of us is durable. */
void daf_agent_note_revoked(struct daf_agent *a, const struct daf_job *told);

/* ---- agent_leave.c */
/* A revoked device may come to mesh once, soon.  False: no room, or it is there. */
bool daf_agent_leave_grant(struct daf_agent *a, const struct daf_box_pk *key);
/* Whether the device with this key may be there. */
bool daf_agent_leave_may(struct daf_agent *a, const struct daf_box_pk *key);
/* It has come to mesh by this connection.  False: it may not. */
bool daf_agent_leave_begin(struct daf_agent *a, const struct daf_conn *c);
/* This connection is gone. */
void daf_agent_leave_end(struct daf_agent *a, const struct daf_conn *c);
void daf_agent_leave_timer(struct daf_agent *a);
struct daf_mono daf_agent_leave_deadline(const struct daf_agent *a);
/* Whether @c's session is a leaving one, here or there. */
bool daf_agent_leave_is(const struct daf_conn *c);
/* Whether @frame may go to @c (R111, R112). */
bool daf_agent_leave_says(const struct daf_conn *c, struct daf_view frame);
/* This device is revoked: look what is left, and wake up if it is called for. */
void daf_agent_leave_look(struct daf_agent *a);
/* A peer acknowledged this. */
void daf_agent_leave_acked(struct daf_agent *a,
                           const struct daf_ack_path *path);
/* A frame came in a leaving session: has it done what it was for? */
void daf_agent_leave_after(struct daf_agent *a, const struct daf_conn *c);

/* ---- agent_self.c */
void daf_agent_self_begin(struct daf_agent *a);
/* The incarnation that own records are written in. */
uint64_t daf_agent_life(const struct daf_agent *a);
/* Another's batch, which is open, is to keep this record. */
void daf_agent_self_meet(struct daf_agent *a, const struct daf_record *r);
void daf_agent_self_stored(struct daf_agent *a, struct daf_job *job,
                           enum daf_err err);
/* It has heard what it once said.  @who, or NULL, is told when that is durable;
 * taken. */
void daf_agent_self_settle(struct daf_agent *a, struct daf_pending *who);
/* The session of @c rests. */
void daf_agent_self_heard(struct daf_agent *a, const struct daf_conn *c);
/* Whether it has still to hear what it once said (R126). */
bool daf_agent_self_is_restored(const struct daf_agent *a);

/* ---- agent_peers.c */
struct daf_peer *daf_agent_peer_of(struct daf_agent *a, uint32_t conn);
/* It is to be tried at @at, unless it is in use or is to be tried sooner. */
void daf_agent_peer_soon(struct daf_agent *a, const struct daf_peer *p,
                         struct daf_mono at);
/* The same for one that hearsay brought, within @ms; longer if much that was far
 * was called in vain. */
void daf_agent_peer_far(struct daf_agent *a, const struct daf_peer *p,
                        uint64_t ms);
void daf_agent_peer_due(struct daf_agent *a, const struct daf_peer *p,
                        struct daf_mono at);
/* Its connection ended, or never came about: try again later. */
void daf_agent_peer_retry(struct daf_agent *a, struct daf_peer *p);
/* The door let us in: go to mesh. */
void daf_agent_peer_mesh(struct daf_agent *a, struct daf_peer *p,
                         const struct daf_device *device, uint16_t port);
/* Its mesh proved to be @author's. */
void daf_agent_peer_met(struct daf_agent *a, struct daf_peer *p,
                        const struct daf_author_id *author);
/* A session with this author ended: who was covered by it is tried again. */
void daf_agent_peers_uncover(struct daf_agent *a,
                             const struct daf_author_id *author);
/* Link is back, or the network is another: try all again, now or within @ms. */
void daf_agent_peers_start(struct daf_agent *a, uint64_t ms);
void daf_agent_peers_timer(struct daf_agent *a);
/* When an input is done: the deadline below is right again. */
void daf_agent_peers_after(struct daf_agent *a);
struct daf_mono daf_agent_peers_deadline(const struct daf_agent *a);

/* ---- agent_book.c */
/* The entry of an address, or NULL. */
struct daf_peer *daf_agent_book_find(struct daf_agent *a,
                                     const struct daf_where *where);
/* The same, added if it is new; NULL: no port, or no place for it. */
struct daf_peer *daf_agent_book_add(struct daf_agent *a,
                                    const struct daf_where *where,
                                    enum daf_found_by found_by);
/* Leave out what is worth nothing any more.  Pointers to entries end. */
void daf_agent_book_sweep(struct daf_agent *a);
/* DAF_INPUT_PEER */
void daf_agent_book_told(struct daf_agent *a, const struct daf_input *in);
/* Its door let us in and proved to be @author's. */
void daf_agent_book_proven(struct daf_agent *a, struct daf_peer *p,
                           const struct daf_author_id *author);
/* Both are addresses of one device, as far as is known. */
bool daf_agent_book_same(const struct daf_peer *p, const struct daf_peer *q);
/* The next entry from @at on that may be of @p's device, or the end: what others
 * are not is seen by their rows. */
size_t daf_agent_book_like(const struct daf_agent *a, const struct daf_peer *p,
                           size_t at);
/* Whose it is. */
void daf_agent_book_name(struct daf_agent *a, struct daf_peer *p,
                         const struct daf_author_id *author);
/* It has changed: so does its row. */
void daf_agent_book_mark(struct daf_agent *a, const struct daf_peer *p);
/* It is idle, or mDNS does not see it any more. */
void daf_agent_book_doubt(struct daf_agent *a, const struct daf_peer *p);
static inline struct daf_peer_row *daf_agent_row(struct daf_agent *a,
                                                 const struct daf_peer *p)
{
    return &a->rows[p - a->peers];
}

/* ---- agent_hints.c */
void daf_agent_announce(struct daf_agent *a);
void daf_agent_found(struct daf_agent *a, const struct daf_input *in);
void daf_agent_gone(struct daf_agent *a, const struct daf_input *in);
void daf_agent_own(struct daf_agent *a, const struct daf_input *in);
/* Tell @c's peer, which is proven, of addresses; once. */
void daf_agent_addresses_tell(struct daf_agent *a, struct daf_conn *c);
/* struct daf_session_port's. */
void daf_agent_addresses(void *ctx, struct daf_session *s,
                         const struct daf_addresses *addresses);

/* ---- agent_items.c */
/* NULL: not on the shelf. */
struct daf_shelved *daf_agent_item(struct daf_agent *a,
                                   const struct daf_hash *content);
/* DAF_INPUT_ITEM */
void daf_agent_item_news(struct daf_agent *a, const struct daf_item_news *news);
/* The shelf is there, with all that was told of it, or it is not. */
void daf_agent_items_shelf(struct daf_agent *a, bool is_there);
/* The disk failed under a part of it: what it states is in doubt (R84). */
void daf_agent_item_doubt(struct daf_agent *a, const struct daf_hash *content);
/* A part is held now: seekers will hear of it. */
void daf_agent_item_gained(struct daf_agent *a, struct daf_shelved *item,
                           uint32_t part);
/* Bytes of it came: for how fast. */
void daf_agent_item_came(struct daf_agent *a, struct daf_shelved *item,
                         uint64_t bytes);
/* Connected peers that offer parts of it. */
size_t daf_agent_sources(const struct daf_agent *a,
                         const struct daf_hash *content);
/* It lacks something that is to be fetched. */
bool daf_agent_item_lacks(const struct daf_shelved *item);
/* Tell @c, if it is proven and was not told, what is sought. */
void daf_agent_seek_tell(struct daf_agent *a, struct daf_conn *c);
void daf_agent_items_timer(struct daf_agent *a);
/* When an input is done: what is sought changed, or somebody may be asked. */
void daf_agent_items_after(struct daf_agent *a);
void daf_agent_items_free(struct daf_agent *a);
/* @c's; made if @make; NULL: not there, or no memory. */
struct daf_swap *daf_agent_swap(struct daf_conn *c, bool make);
/* Its session is over.  What it was asked for is free again. */
void daf_agent_swap_free(struct daf_agent *a, struct daf_conn *c);
static inline bool daf_agent_bit(const uint8_t *bits, uint32_t part)
{
    return (bits[part / 8] & 0x80u >> part % 8) != 0;
}

/* Whether the peer named it in SEEK. */
bool daf_agent_seeks(const struct daf_conn *c, const struct daf_hash *content);

/* ---- agent_offers.c */
/* HAVE */
void daf_agent_offers_have(struct daf_agent *a, struct daf_conn *c,
                           const struct daf_part *f);
/* What @s offers of it, or NULL; the same, made if it is not there yet. */
struct daf_offering *daf_agent_offer(struct daf_swap *s,
                                     const struct daf_hash *content);
struct daf_offering *daf_agent_offer_make(struct daf_agent *a,
                                          struct daf_swap *s,
                                          const struct daf_shelved *item);
/* It has not what it offered: R64, "not asked for that part again", whatever it
 * says later. */
void daf_agent_offer_withdraw(struct daf_agent *a, struct daf_swap *s,
                              const struct daf_hash *content, uint32_t part);
/* Whether @s can be asked, now or soon, has changed. */
void daf_agent_offers_stale(struct daf_agent *a, const struct daf_swap *s);
/* Somebody's air has changed. */
void daf_agent_offers_recount(struct daf_agent *a);
/* copies and elsewhere are right after it; false: no memory. */
bool daf_agent_offers_count(struct daf_agent *a, struct daf_shelved *item);
void daf_agent_offers_free(struct daf_agent *a, struct daf_swap *s);

/* ---- agent_fetch.c */
/* Ask whoever can be asked for what is lacking. */
void daf_agent_fetch(struct daf_agent *a);
/* Whether @c would be asked for what it offers, now or as soon as it has time. */
bool daf_agent_fetch_counts(const struct daf_agent *a,
                            const struct daf_conn *c);
/* DAF_INPUT_ROUND */
void daf_agent_fetch_round(struct daf_agent *a, uint32_t round_us);
/* TURN */
void daf_agent_fetch_turn(struct daf_agent *a, struct daf_conn *c,
                          uint32_t place);
void daf_agent_fetch_chunk(struct daf_agent *a, struct daf_conn *c,
                           const struct daf_part *f);
/* DAF_INPUT_PUT */
void daf_agent_fetch_put(struct daf_agent *a, const struct daf_input *in);
/* @c will not send what it was asked for. */
void daf_agent_fetch_give_back(struct daf_agent *a, struct daf_conn *c);
void daf_agent_fetch_timer(struct daf_agent *a);
struct daf_mono daf_agent_fetch_deadline(const struct daf_agent *a);

/* ---- agent_serve.c */
/* struct daf_session_port's */
void daf_agent_content(void *ctx, struct daf_session *s,
                       const struct daf_frame *frame);
/* Say that parts @from to @to - 1 of @item, as far as they are held, are. */
void daf_agent_serve_have(struct daf_agent *a, const struct daf_conn *c,
                          const struct daf_shelved *item, uint32_t from,
                          uint32_t to);
/* Say that of parts @first to @last what @o was shown is held. */
void daf_agent_serve_shown(struct daf_agent *a, const struct daf_conn *c,
                           const struct daf_offering *o, uint32_t first,
                           uint32_t last);
/* Read the next piece for @c, if it wants one and may. */
void daf_agent_serve_go(struct daf_agent *a, struct daf_conn *c);
/* DAF_INPUT_READ */
void daf_agent_serve_read(struct daf_agent *a, const struct daf_input *in);

/* ---- agent_slices.c */
/* Which items are shown in slices: who is sought by whom has changed. */
void daf_agent_slices_look(struct daf_agent *a);
/* All seekers are told all of it, as far as it is held. */
void daf_agent_slices_end(struct daf_agent *a, struct daf_shelved *item);
/* Tell @c, who began to seek it, of a sliced item. */
void daf_agent_slices_begin(struct daf_agent *a, struct daf_conn *c,
                            struct daf_shelved *item);
void daf_agent_slices_timer(struct daf_agent *a);
/* When an input is done: show what others have, if nobody asks for anything. */
void daf_agent_slices_after(struct daf_agent *a);
/* @c has this part, or asked for it: show it more.  Any item, any part. */
void daf_agent_slices_taken(struct daf_agent *a, struct daf_conn *c,
                            const struct daf_hash *content, uint32_t part);

/* ---- agent_turns.c */
/* DAF_INPUT_AIR, and AIR */
void daf_agent_air(struct daf_agent *a, const struct daf_air *air);
void daf_agent_air_hear(struct daf_agent *a, struct daf_conn *c,
                        const struct daf_air_told *told);
/* Tell @c, if it is proven and was not told, what our air is. */
void daf_agent_air_tell(struct daf_agent *a, struct daf_conn *c);
bool daf_agent_air_is_ours(const struct daf_agent *a, const struct daf_conn *c);
/* Whether @c, which sent FETCH, is served now; if not it was told its place. */
bool daf_agent_turns_may(struct daf_agent *a, struct daf_conn *c);
/* Whether the next piece for @c may be read; if not, daf_agent_serve_go() comes. */
bool daf_agent_turns_may_read(const struct daf_agent *a,
                              const struct daf_conn *c);
/* So many bytes went to @c. */
void daf_agent_turns_sent(struct daf_agent *a, struct daf_conn *c,
                          uint64_t bytes);
/* It seeks nothing any more, or is gone. */
void daf_agent_turns_leave(struct daf_agent *a, struct daf_conn *c);
void daf_agent_turns_timer(struct daf_agent *a);
/* When an input is done: who is next is told. */
void daf_agent_turns_after(struct daf_agent *a);
struct daf_mono daf_agent_turns_deadline(const struct daf_agent *a);

/* ---- agent_statements.c */
/* At the start: what is kept.  DAF_ENOMEM, or what the scan returned. */
DAF_NODISCARD enum daf_err daf_agent_statements_begin(struct daf_agent *a);
void daf_agent_statements_free(struct daf_agent *a);
/* REGISTER, STATED */
void daf_agent_statements_hear(struct daf_agent *a, struct daf_conn *c,
                               const struct daf_frame *frame);
/* Tell @c, if it is proven and was not told, what those that are kept come to. */
void daf_agent_statements_tell(struct daf_agent *a, struct daf_conn *c);
/* The batch of statements ended. */
void daf_agent_statements_stored(struct daf_agent *a, enum daf_err err);
/* An item has changed, by which what we state may have become untrue (@is_less),
 * or more. */
void daf_agent_statements_item(struct daf_agent *a, bool is_less);
/* Acts that count have come, and are applied: say so. */
void daf_agent_statements_applied(struct daf_agent *a);
/* DAF_INPUT_SHELF */
void daf_agent_statements_shelf(struct daf_agent *a, bool is_there);
/* Somebody was certified. */
void daf_agent_statements_camp(struct daf_agent *a);
void daf_agent_statements_timer(struct daf_agent *a);
struct daf_mono daf_agent_statements_deadline(const struct daf_agent *a);

/* ---- agent_erase.c */
void daf_agent_erase_init(struct daf_agent *a);
void daf_agent_erase_free(struct daf_agent *a);
/* Control may erase more than it did, or the daemon has begun: see to it. */
void daf_agent_erase_look(struct daf_agent *a);
/* The step's batch ended as @in says. */
void daf_agent_erase_stored(struct daf_agent *a, const struct daf_input *in);
void daf_agent_erase_timer(struct daf_agent *a);
struct daf_mono daf_agent_erase_deadline(const struct daf_agent *a);
/* Whether nothing is held of all that control erases; also where nothing is ever
 * destroyed, as in a model. */
bool daf_agent_erase_is_done(const struct daf_agent *a);
/* A record from the index, as it is to be told: an erased body is not. */
void daf_agent_erase_hide(const struct daf_agent *a, struct daf_stored *stored);

/* ---- agent_look.c */
/* Read by a->index from now on. */
void daf_agent_look_init(struct daf_agent *a);
/* Whether it is time to look again; says so once. */
bool daf_agent_look_due(struct daf_agent *a);
/* The camp was read again: all sessions begin anew. */
void daf_agent_look_again(struct daf_agent *a);

/* ---- agent_jobs.c */
struct daf_job *daf_agent_job_begin(struct daf_agent *a, enum daf_job_kind kind,
                                    uint32_t conn);
/* In the open job, in this order: keep a record, ... */
void daf_agent_job_keep(struct daf_agent *a, const struct daf_keep *keep);
void daf_agent_job_unchecked(struct daf_agent *a,
                             const struct daf_stretch *what);
void daf_agent_job_drop(struct daf_agent *a, const struct daf_log_key *log,
                        const struct daf_spot *spot);
/* Whether a batch at the disk does so already. */
bool daf_agent_job_drops(const struct daf_agent *a,
                         const struct daf_log_key *log,
                         const struct daf_spot *spot);
void daf_agent_job_end(struct daf_agent *a, struct daf_view ack);
void daf_agent_job_stored(struct daf_agent *a, const struct daf_input *in);
/* The connection is gone: what it sent is still stored, and answered to nobody. */
void daf_agent_jobs_orphan(struct daf_agent *a, uint32_t conn);
void daf_agent_jobs_free(struct daf_agent *a);

/* ---- agent_news.c */
/* Tell all sessions but that of @conn what @job has changed. */
void daf_agent_news(struct daf_agent *a, const struct daf_job *job,
                    const struct daf_input *in, uint32_t conn);

/* ---- agent_claims.c: struct daf_session_port's */
bool daf_agent_claim(void *ctx, struct daf_session *s,
                     const struct daf_tag *tag, bool force);
void daf_agent_release(void *ctx, struct daf_session *s);

/* ---- agent_known.c */
/* Of the records of a batch that a peer sent some were over budget: remember
 * their logs and let @s, if it is there, tell the peer. */
void daf_agent_defer(struct daf_agent *a, const struct daf_input *in,
                     struct daf_session *s);
/* R26: a record of this author turned out bad. */
void daf_agent_suspect(struct daf_agent *a, const struct daf_author_id *author);
/* struct daf_session_port's. */
bool daf_agent_is_suspect(void *ctx, const struct daf_author_id *author);
size_t daf_agent_deferred(void *ctx, const struct daf_scope_id *scope,
                          struct daf_tag out[]);
/* The peer; NULL if it is not remembered. */
const struct daf_parted *daf_agent_parted(const struct daf_agent *a,
                                          const struct daf_author_id *author);
/* The session of @c ends: remember how it stood. */
void daf_agent_part(struct daf_agent *a, const struct daf_conn *c);

/* ---- agent_idle.c */
/* At the start: is there anything to verify? */
void daf_agent_idle_begin(struct daf_agent *a);
/* Something else is at work: wait until it is quiet again. */
void daf_agent_idle_wait(struct daf_agent *a);
/* Something else goes to the disk: what was seen may not be all. */
void daf_agent_idle_forget(struct daf_agent *a);
/* Somebody was certified: what could not be verified perhaps can be. */
void daf_agent_idle_resume(struct daf_agent *a);
void daf_agent_idle_timer(struct daf_agent *a);
/* Its own job ended, or (false) another one. */
void daf_agent_idle_stored(struct daf_agent *a, bool is_own, enum daf_err err);
struct daf_mono daf_agent_idle_deadline(const struct daf_agent *a);

/* ---- agent_write.c */
void daf_agent_write(struct daf_agent *a, const struct daf_write *write);
/* Start the next own batch if writes wait and none is under way. */
void daf_agent_write_next(struct daf_agent *a);
/* The own batch @job ended as @in says. */
void daf_agent_write_done(struct daf_agent *a, struct daf_job *job,
                          const struct daf_input *in);

#endif
