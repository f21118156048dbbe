/* SPDX-License-Identifier: Apache-2.0 */
/* tests/lib/session_pair.h - sessions without an agent: a made-up camp, devices
 * with a store in memory, and what they say kept until a test delivers it.
 *
 *      camp = session_pair_camp_new(3);
 *      a = session_pair_new(camp, 1);  b = session_pair_new(camp, 2);
 *      session_pair_hold(a, &record, true);
 *      session_pair_meet(a, b);              a session on each, started
 *      session_pair_talk(a, b, NULL, SIZE_MAX);   until both are silent
 *      session_pair_part(a, b);              the connection is lost
 *
 * Structs are open: a test may take a frame out, change it, or give one that the
 * other never said. */
#ifndef DAF_TESTS_LIB_SESSION_PAIR_H
#define DAF_TESTS_LIB_SESSION_PAIR_H

#include "proto/session.h"
#include "tests/lib/fake_index.h"

enum session_pair_scope { /* catalog has the lowest id, control the highest */
                          SESSION_PAIR_CATALOG,
                          SESSION_PAIR_CAMP,
                          SESSION_PAIR_CLASS,
                          SESSION_PAIR_CONTROL,
                          SESSION_PAIR_SCOPES,
};

struct session_pair_device {
    struct daf_device device;
    struct daf_sign_sk sign;
    enum daf_right rights[SESSION_PAIR_SCOPES];
};

struct session_pair_camp {
    struct daf_camp_id id;
    struct daf_scope_id scopes[SESSION_PAIR_SCOPES];
    size_t count;
    struct session_pair_device *devices; /* 0 is the coordinator */
};

/* A record that somebody wrote; the caller frees it. */
struct session_pair_record {
    struct daf_record r; /* its ext is empty, so it can be copied */
    uint8_t header[DAF_HEADER_BYTES_MAX];
    size_t header_len;
    uint8_t *body;
    size_t body_len;
};

struct session_pair_frame {
    struct session_pair_frame *next;
    size_t len;
    uint8_t bytes[];
};

/* A batch handed to the disk and not committed. */
struct session_pair_batch {
    struct session_pair_batch *next;
    struct session_pair_record *records; /* r, header, body: copies */
    enum daf_body_state *states;
    size_t count;
    struct daf_stretch *unchecked;
    size_t unchecked_count;
    uint8_t *ack;
    size_t ack_len;
};

struct session_pair {
    struct session_pair_camp *camp;
    size_t number; /* which device it is */
    struct daf_fake_index *index;
    bool *is_unknown;      /* [camp->count]: not certified here yet */
    struct daf_session *s; /* NULL between contacts */
    struct daf_mono now;

    struct session_pair_frame *said, **said_end; /* not delivered yet */
    struct session_pair_frame *lent;
    struct session_pair_batch *batches, **batches_end;
    size_t said_count[DAF_FRAME_ADDRESSES + 1]; /* by kind, since the meeting */
    uint64_t kept, changed; /* records handed over; those that were new */
    size_t addresses_count; /* frames handed over */
    size_t content_count;   /* the same: HAVE, CHUNK, SEEK, FETCH */
    size_t acked_count;
    struct daf_ack_path acked; /* the last one */
    size_t closed_count;
    enum daf_err closed_why;
    enum daf_session_role role; /* of the next session */
    bool refuses;               /* proven() says no, with BYE_DUPLICATE */

    struct daf_refusals refusals;
    struct daf_rng rng;
    struct daf_authority authority;
    struct daf_session_port port;
    struct daf_session_env env;
    uint8_t frame[DAF_FRAME_BYTES_MAX], frame2[DAF_WANT_BYTES_MAX];
    struct daf_head head_a;
    struct daf_item items[DAF_ITEMS_MAX];
    struct daf_symbol symbols[DAF_SYMBOLS_MAX], symbols2[DAF_SYMBOLS_MAX];
    struct daf_sketch_one differences[DAF_SYMBOLS_MAX];
    struct daf_session_record records[DAF_PATH_RECORDS_MAX];

    size_t rooms;       /* lent and not given back */
    bool has_no_room;   /* room() says NULL */
    bool was_equal;     /* what the port answers (R39) */
    bool needs_nothing; /* and may_need (R45) */
    bool claims_fail;   /* other sessions have all logs in hand (R44) */
    size_t forced;      /* claims that were taken over */
    bool suspects_all;  /* of every author bad records were found (R26) */
    size_t deferred_count;
    struct daf_tag deferred[DAF_DEFERRED_MAX]; /* of any scope */
    size_t dropped; /* records that the session found bad */
};

/** session_pair_camp_new: device 0 may everything; the others append to CAMP and
 * CLASS and read the rest. */
struct session_pair_camp *session_pair_camp_new(size_t count);
void session_pair_camp_free(struct session_pair_camp *camp);

/** session_pair_write: a record of device @number after @prev, or the first of
 * its log if that is NULL.  @salt makes forks differ.  @len bytes inside. */
void session_pair_write(const struct session_pair_camp *camp, size_t number,
                        enum session_pair_scope scope, uint64_t incarnation,
                        const struct session_pair_record *prev, uint64_t salt,
                        size_t len, struct session_pair_record *out);
/** session_pair_spoil: the same record with a signature that does not verify,
 * and so another id. */
void session_pair_spoil(struct session_pair_record *record);
void session_pair_record_free(struct session_pair_record *record);

struct session_pair *session_pair_new(struct session_pair_camp *camp,
                                      size_t number);
void session_pair_free(struct session_pair *p);
/** session_pair_hold: put it into the store, with its body or without. */
void session_pair_hold(struct session_pair *p,
                       const struct session_pair_record *record,
                       bool with_body);
bool session_pair_holds(const struct session_pair *p,
                        const struct session_pair_record *record);
/** session_pair_whole: a record of a RUN as its author wrote it: a brief header
 * (R48) is restored into @room, DAF_HEADER_BYTES_MAX bytes, and decoded into
 * @out.  @before: the one before it in its path. */
void session_pair_whole(struct daf_run_record *got,
                        const struct daf_record *before, uint8_t *room,
                        struct daf_record *out);
/** session_pair_rest: verify what was taken unverified, and drop what is bad. */
void session_pair_rest(struct session_pair *p);

/** session_pair_meet: a new session on each, started; @a connected. */
void session_pair_meet(struct session_pair *a, struct session_pair *b);
/** session_pair_join: the session of one side alone, started. */
void session_pair_join(struct session_pair *p, const struct session_pair *peer,
                       bool is_connector);
/** session_pair_part: the connection is gone, with all that was on its way. */
void session_pair_part(struct session_pair *a, struct session_pair *b);
void session_pair_leave(struct session_pair *p);

/** session_pair_take: the oldest frame said and not taken; borrowed until the
 * next.  False if there is none. */
bool session_pair_take(struct session_pair *p, struct daf_view *out);
/** session_pair_give: a frame for it, as if from its peer. */
void session_pair_give(struct session_pair *p, struct daf_view frame);
/** session_pair_commit: the oldest batch ends with @err.  False: none waits. */
bool session_pair_commit(struct session_pair *p, enum daf_err err);
/** session_pair_talk: deliver and commit, in turn or as @order draws, until
 * nothing is left or @steps are made.  Returns the steps; fails the test when
 * they never end. */
size_t session_pair_talk(struct session_pair *a, struct session_pair *b,
                         struct daf_rng *order, size_t steps);

#endif
