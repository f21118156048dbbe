/* SPDX-License-Identifier: Apache-2.0 */
/* proto/session.h - one conversation with one peer, without the network.
 *
 * A session makes two stores equal, scope by scope, control first.  Each side
 * pulls what it lacks at its own pace; answering a peer needs no memory at all:
 *
 *      event ---> daf_session_start, _frame, _timer, _stored, _deferred, _news,
 *                 _recheck, _poke, _end, _lost ---> calls on the port, in order
 *
 * States, and everything that moves between them:
 *
 *      NEW --start or HELLO--> GREETING --HELLO--> PROVING --ROOT--> OPEN
 *
 *      any of them --- BYE, breach, time-out, self, lost link ---> CLOSED
 *
 * The connector says HELLO at the start, its ROOT when it has verified the
 * acceptor's; the acceptor says both at the peer's HELLO and is PROVING at once.
 *
 * Inside OPEN the pull has its own small table:
 *
 *      RESTING --differs--> SYMBOLS --decoded--+--> RECORDS --last RUN--> STORING
 *         |                    |               |       ^                    |
 *         |                    v               |       +---- more to want --+
 *         |                   PAGE --a page----+       |                    |
 *         |                    ^               |       +-- WAITING          |
 *         +--news--------------|---------------+                            |
 *         ^                    +------------ more pages --------------------+
 *         +---------------- all scopes done --------------------------------+
 *
 * The symbols that came with ROOT may decode at once, without SYMBOLS.  What is
 * wanted stands in a list in memory that the agent lends for as long as it lasts
 * (`room`).  WAITING: other sessions have all that is left in hand (R44).  When all
 * rests, bodies that are lacking are asked for: BODIES, then STORING (R45).
 *
 * CLOSED is final.  The table that enforces the first picture is
 * session_transitions[] in session.c; the two change together.
 *
 * A session owns no buffer: frames in and out live in memory that the agent
 * lends for one step (struct daf_session_env).
 *
 * The wire is docs/protocol.md §5.  Not thread-safe. */
#ifndef DAF_PROTO_SESSION_H
#define DAF_PROTO_SESSION_H

#include "proto/authority.h"
#include "proto/frame.h"
#include "proto/record.h"
#include "proto/rng.h"
#include "proto/sketch.h"

enum daf_session_state {
    DAF_SESSION_NEW,
    DAF_SESSION_GREETING, /* our HELLO is out */
    DAF_SESSION_PROVING,  /* the peer's HELLO came; its ROOT must */
    DAF_SESSION_OPEN,     /* the peer is proven */
    DAF_SESSION_CLOSED,
};

enum daf_pull {
    DAF_PULL_RESTING,
    DAF_PULL_SYMBOLS, /* symbols were asked for */
    DAF_PULL_PAGE,    /* a page of items was asked for */
    DAF_PULL_RECORDS, /* records were asked for */
    DAF_PULL_STORING, /* all came; the disk is at work */
    DAF_PULL_WAITING, /* other sessions have in hand what is wanted */
    DAF_PULL_BODIES,  /* lacking bodies were asked for */
};

/* What a session is for.  A device that was revoked hands over its work in a
 * session of its own kind (protocol.md R110 to R114), in which nothing goes back. */
enum daf_session_role {
    DAF_SESSION_PEER,
    DAF_SESSION_LEAVER, /* we are revoked, and connected */
    DAF_SESSION_TAKER,  /* the peer is, and did */
};

struct daf_session;

/* What a session asks of its agent, in the order of the calls. */
struct daf_session_port {
    void *ctx;
    void (*send)(void *ctx, struct daf_session *s, struct daf_view frame);
    /* A batch of records that are vouched for (R26): begin, keep…, end.  @ack is the ACK frame to
     * send once the batch is durable; empty if there is nothing to name.  The
     * agent answers with daf_session_stored(). */
    void (*store_begin)(void *ctx, struct daf_session *s);
    void (*store_keep)(void *ctx, struct daf_session *s,
                       const struct daf_record *r, struct daf_view header,
                       enum daf_body_state state, struct daf_view body);
    void (*store_end)(void *ctx, struct daf_session *s, struct daf_view ack);
    /* Within a batch: nobody verified the signatures of this stretch (R26). */
    void (*store_unchecked)(void *ctx, struct daf_session *s,
                            const struct daf_stretch *what);
    /* Whether a record of this author ever turned out bad: then each is verified
     * before it is kept (R26). */
    bool (*is_suspect)(void *ctx, const struct daf_author_id *author);
    /* A stored record turned out bad: forget it.  In no batch. */
    void (*drop)(void *ctx, struct daf_session *s,
                 const struct daf_log_key *log, const struct daf_spot *spot);
    /* Memory while something is pulled: as realloc(); @size 0 gives it back.  All
     * is given back before `closed`.  NULL: the session ends. */
    void *(*room)(void *ctx, struct daf_session *s, void *old, size_t size);
    /* Take a log in hand, so that no other session wants it too (R44); @force
     * also if one has.  All are let go by release, and when the session ends. */
    bool (*claim)(void *ctx, struct daf_session *s, const struct daf_tag *tag,
                  bool force);
    void (*release)(void *ctx, struct daf_session *s);
    /* Logs of @scope that this device deferred (R46); at most DAF_DEFERRED_MAX.
     * Returns the count. */
    size_t (*deferred)(void *ctx, const struct daf_scope_id *scope,
                       struct daf_tag out[]);
    /* Whether nothing was stored since a session with this peer rested (R39). */
    bool (*was_equal)(void *ctx, struct daf_session *s);
    /* Whether to ask this peer, whose number is @bodies, for bodies (R45). */
    bool (*may_need)(void *ctx, struct daf_session *s, uint64_t bodies);
    /* The peer holds these of ours durably. */
    void (*acked)(void *ctx, struct daf_session *s,
                  const struct daf_ack_path *path);
    /* The peer says where doors may be: a hint, once a session (R49). */
    void (*addresses)(void *ctx, struct daf_session *s,
                      const struct daf_addresses *addresses);
    /* HAVE, CHUNK, SEEK, FETCH, TURN, AIR: docs/content.md §4; REGISTER or STATED:
     * §7. */
    void (*content)(void *ctx, struct daf_session *s,
                    const struct daf_frame *frame);
    /* ROOT verified: the peer is who it says.  False: end it with @out_why. */
    bool (*proven)(void *ctx, struct daf_session *s, enum daf_bye *out_why);
    /* The session is CLOSED; the connection can go. */
    void (*closed)(void *ctx, struct daf_session *s, enum daf_err why);
};

/* Counted, never asserted: what peers and their authors did wrong. */
struct daf_refusals {
    uint64_t by_err[DAF_ERR_COUNT]; /* records, bodies and frames refused */
    uint64_t unknown_frames;        /* skipped */
};

/* A record of a RUN while it is looked at. */
struct daf_session_record {
    struct daf_record r;
    struct daf_run_record got;
    bool is_verified; /* its own signature is known to be good */
    uint8_t header[DAF_HEADER_BYTES_MAX]; /* if it came brief */
};

/* What all sessions of one device share; lent by the agent, outlives them. */
struct daf_session_env {
    const struct daf_index *index;
    const struct daf_authority *authority;
    const struct daf_session_port *port;
    struct daf_rng *rng;
    struct daf_refusals *refusals;
    struct daf_camp_id camp;
    struct daf_author_id author;
    const struct daf_sign_sk *sign_sk;
    struct daf_box_pk transport;
    uint8_t boot[16]; /* boot nonce: who is "self" */
    uint64_t manifest_number;
    struct daf_hash manifest_hash;
    /* Scratch for one step, shared by all sessions. */
    uint8_t *frame;  /* DAF_FRAME_BYTES_MAX: the frame being made */
    uint8_t *frame2; /* DAF_WANT_BYTES_MAX: the ACK beside it */
    struct daf_head *head_a;
    struct daf_item *items;             /* DAF_ITEMS_MAX: HEADS being made */
    struct daf_symbol *symbols;         /* DAF_SYMBOLS_MAX: ours */
    struct daf_symbol *symbols2;        /* DAF_SYMBOLS_MAX: the difference */
    struct daf_sketch_one *differences; /* DAF_SYMBOLS_MAX: what it came to */
    struct daf_session_record *records; /* DAF_PATH_RECORDS_MAX: a path */
};

/** daf_session_init: make a session in state NEW in storage of the caller's.
 * @room: daf_session_size() bytes, aligned as malloc aligns; the caller's, given
 *        back after daf_session_deinit().
 * @peer: the CURVE key that the link proved.
 * Returns @room as a session. */
struct daf_session *daf_session_init(void *room,
                                     const struct daf_session_env *env,
                                     uint32_t conn,
                                     const struct daf_box_pk *peer,
                                     bool is_connector);
/** daf_session_deinit: wipe it; says nothing to the peer. */
void daf_session_deinit(struct daf_session *s);

/** daf_session_set_role: before daf_session_start(), if it is not PEER. */
void daf_session_set_role(struct daf_session *s, enum daf_session_role role);

/** daf_session_start: the link is up; the connector speaks first. */
void daf_session_start(struct daf_session *s, struct daf_mono now);
/** daf_session_frame: @bytes came from the peer, whole, not yet checked. */
void daf_session_frame(struct daf_session *s, struct daf_mono now,
                       struct daf_view bytes);
/** daf_session_timer: the deadline has passed (early is harmless). */
void daf_session_timer(struct daf_session *s, struct daf_mono now);
/** daf_session_stored: the oldest batch not yet answered is durable, or failed.
 * @changed: how many records or bodies in it were new. */
void daf_session_stored(struct daf_session *s, struct daf_mono now,
                        enum daf_err err, uint64_t changed,
                        struct daf_view ack);
/** daf_session_deferred: of the oldest batch not yet answered some records were
 * over the budget of these logs.  Before daf_session_stored(). */
void daf_session_deferred(struct daf_session *s,
                          const struct daf_scope_id *scope,
                          const struct daf_tag *tags, size_t count);
/** daf_session_poke: logs that others had in hand were let go. */
void daf_session_poke(struct daf_session *s, struct daf_mono now);
/** daf_session_news: heads of @scope changed here, by another way than this
 * session.  @logs may be NULL when they are too many to name. */
void daf_session_news(struct daf_session *s, struct daf_mono now,
                      const struct daf_scope_id *scope,
                      const struct daf_log_key *logs, size_t count);
/** daf_session_recheck: authors may have been certified: pull again what was
 * refused for want of a certificate. */
void daf_session_recheck(struct daf_session *s, struct daf_mono now);
/** daf_session_end: say BYE and close. */
void daf_session_end(struct daf_session *s, enum daf_bye why);
/** daf_session_lost: the link is gone. */
void daf_session_lost(struct daf_session *s);

/** daf_session_deadline: when to call daf_session_timer(); DAF_MONO_NEVER if no
 * timer is wanted.  Ask after every call. */
struct daf_mono daf_session_deadline(const struct daf_session *s);

/* What others may know of it. */
uint32_t daf_session_conn(const struct daf_session *s);
enum daf_session_state daf_session_state(const struct daf_session *s);
enum daf_pull daf_session_pull(const struct daf_session *s);
/** daf_session_resting: OPEN, nothing asked and nothing being stored. */
bool daf_session_resting(const struct daf_session *s);
bool daf_session_is_connector(const struct daf_session *s);
enum daf_session_role daf_session_role(const struct daf_session *s);
/** daf_session_role_says: whether a session with that role ever says such a frame
 * (R111, R112). */
bool daf_session_role_says(enum daf_session_role role,
                           enum daf_frame_kind kind);
/** daf_session_peer: the peer's author id; zeros before it is proven. */
const struct daf_author_id *daf_session_peer(const struct daf_session *s);
/** daf_session_peer_boot: its boot nonce, 16 bytes; zeros before HELLO. */
const uint8_t *daf_session_peer_boot(const struct daf_session *s);
/** daf_session_peer_key: the CURVE key that the link proved. */
const struct daf_box_pk *daf_session_peer_key(const struct daf_session *s);
const char *daf_session_state_str(enum daf_session_state state);
/** daf_session_size: sizeof(struct daf_session); ≤ DAF_SESSION_BYTES_MAX. */
size_t daf_session_size(void);

#endif
