/* SPDX-License-Identifier: Apache-2.0 */
/* proto/frame.h - the frames of docs/protocol.md §5: encode and decode, nothing
 * else.
 *
 * daf_frame_decode() checks a whole frame before anything is believed (R3): all
 * counts, lengths, nested items.  Lists stay packed; the frame holds a cursor at
 * the first item and the count, and the daf_frame_next_*() iterators, which then
 * cannot fail, read one item each:
 *
 *      struct daf_cursor c = f.want.logs.items;
 *      for (size_t i = 0; i < f.want.logs.count; i++)
 *          daf_frame_next_want(&c, &want);
 *
 * Encoders write into a daf_pack of the caller's.  Lists whose length is known
 * only afterwards use daf_pack_open() and daf_pack_close(). */
#ifndef DAF_PROTO_FRAME_H
#define DAF_PROTO_FRAME_H

#include "proto/cursor.h"
#include "proto/frontier.h"
#include "proto/index.h"
#include "proto/pack.h"

enum daf_frame_kind {
    DAF_FRAME_UNKNOWN = 0, /* well formed, a number we do not know: skip it */
    DAF_FRAME_HELLO = 1,
    DAF_FRAME_ROOT = 2,
    DAF_FRAME_SYMBOLS = 3,
    DAF_FRAME_HEADS = 4,
    DAF_FRAME_WANT = 5,
    DAF_FRAME_RUN = 6,
    DAF_FRAME_NEED = 7,
    DAF_FRAME_DEFER = 8,
    DAF_FRAME_ACK = 9,
    DAF_FRAME_BYE = 10,
    DAF_FRAME_MANIFEST = 11,
    DAF_FRAME_REGISTER = 12,
    DAF_FRAME_HAVE = 13,
    DAF_FRAME_CHUNK = 14,
    DAF_FRAME_ADDRESSES = 15,
    DAF_FRAME_SEEK = 16,
    DAF_FRAME_FETCH = 17,
    DAF_FRAME_TURN = 18,
    DAF_FRAME_AIR = 19,
    DAF_FRAME_STATED = 20,
    DAF_FRAME_KNOCK = 33,
    DAF_FRAME_NONCE = 34,
    DAF_FRAME_PROOF = 35,
    DAF_FRAME_WELCOME = 36,
    DAF_FRAME_REVOKED = 37,
    DAF_FRAME_ASK = 49,
    DAF_FRAME_OFFER = 50,
    DAF_FRAME_REVEAL = 51,
    DAF_FRAME_ANSWER = 52,
    DAF_FRAME_ACCEPT = 53,
    DAF_FRAME_DECLINE = 54,
};

enum daf_bye {
    DAF_BYE_STOPPING = 0,
    DAF_BYE_DUPLICATE = 1,
    DAF_BYE_BREACH = 2,
    DAF_BYE_TIMEOUT = 3,
    DAF_BYE_SELF = 4,
    DAF_BYE_VERSION = 5,
    DAF_BYE_UNPROVEN = 6,
    DAF_BYE_FAILURE = 7,
};

enum daf_decline {
    DAF_DECLINE_CLOSED = 0, /* by a person, or its time ran out */
    DAF_DECLINE_DECLINED = 1,
    DAF_DECLINE_USED = 2,    /* the ticket */
    DAF_DECLINE_VERSION = 3, /* none in common */
};

/* A packed list inside a checked frame. */
struct daf_list {
    size_t count;
    struct daf_cursor items; /* copy it, then iterate the copy */
};

struct daf_hello {
    uint32_t version_min, version_max;
    struct daf_hash nonce;
    uint8_t boot[16];
};
struct daf_root {
    struct daf_author_id author;
    struct daf_sig sig;
    uint64_t manifest_number;
    uint8_t manifest_mark[16]; /* the manifest hash begins so */
    uint64_t bodies;           /* another number after each body stored (R45) */
    struct daf_sum combined;
    struct daf_list parts; /* ≤ DAF_SCOPES_MAX, scopes strictly ascending */
};
struct daf_root_part {
    struct daf_scope_id scope;
    uint64_t heads_count;
    struct daf_sum sum;
    struct daf_view symbols;  /* whole ones, ≤ 32 */
    struct daf_view deferred; /* whole tags, ≤ DAF_DEFERRED_MAX */
};
struct daf_symbols {
    struct daf_scope_id scope;
    uint64_t start; /* and count: together ≤ DAF_SYMBOLS_MAX */
    struct daf_view symbols;
};
enum daf_heads_kind {
    DAF_HEADS_PAGE = 0,    /* asked for; ascending by tag */
    DAF_HEADS_NEWS = 1,    /* told unasked */
    DAF_HEADS_UNACKED = 2, /* the sender's own, with no copy elsewhere */
    DAF_HEADS_ANSWER = 3,  /* told in answer to news */
};
struct daf_heads {
    struct daf_scope_id scope;
    enum daf_heads_kind kind;
    bool more;
    size_t count; /* of items */
    struct daf_view items;
};
enum daf_want_kind {
    DAF_WANT_PAGE = 0,
    DAF_WANT_RECORDS = 1,
    DAF_WANT_SYMBOLS = 2,
};
struct daf_want {
    struct daf_scope_id scope;
    enum daf_want_kind kind;
    bool has_after; /* PAGE */
    struct daf_tag after;
    uint64_t credit;       /* RECORDS; bytes */
    struct daf_list logs;  /* RECORDS */
    uint64_t start, count; /* SYMBOLS; together ≤ DAF_SYMBOLS_MAX */
};
struct daf_want_log {
    struct daf_tag tag;
    struct daf_list wants; /* ≤ DAF_WANTS_MAX spots */
    struct daf_list haves; /* ≤ DAF_HAVES_MAX spots */
    bool all;              /* the haves are all that can be said */
};
struct daf_run {
    struct daf_scope_id scope;
    bool last;   /* of its answer */
    bool is_cut; /* last, and the credit or the steps did not suffice */
    struct daf_list paths;
};
struct daf_run_path {
    struct daf_log_key log;
    struct daf_list records; /* ≤ DAF_PATH_RECORDS_MAX; 0: "say more" */
};
struct daf_run_record {
    struct daf_view header; /* ≤ DAF_HEADER_BYTES_MAX, not decoded yet */
    enum daf_body_state body_state;
    struct daf_view body; /* ≤ DAF_BODY_BYTES_MAX; empty unless HELD */
};
struct daf_need {
    struct daf_scope_id scope;
    struct daf_list logs; /* ≤ DAF_NEED_MAX spots in all */
};
struct daf_need_log {
    struct daf_log_key log;
    struct daf_list spots; /* at least 1 */
};
struct daf_defer {
    struct daf_scope_id scope;
    struct daf_view tags; /* whole ones, ≤ DAF_DEFERRED_MAX */
};
struct daf_ack {
    struct daf_scope_id scope;
    struct daf_list paths;
};
struct daf_ack_path {
    struct daf_log_key log;
    uint64_t seq_first;
    struct daf_spot last; /* seq ≥ seq_first */
};
struct daf_addresses {
    struct daf_list devices; /* ≤ DAF_ADDRESSES_DEVICES_MAX */
};
struct daf_addresses_device {
    struct daf_author_id author;
    struct daf_list addresses; /* 1 to DAF_ADDRESSES_EACH_MAX */
};
struct daf_bytes {               /* MANIFEST: decoded, not acted on; REGISTER */
    struct daf_author_id author; /* REGISTER */
    struct daf_view data;        /* REGISTER: a statement, not decoded yet */
};
enum daf_stated_kind { /* docs/content.md R82 */
                       DAF_STATED_SUM =
                           0, /* of all statements that are held; 16 bytes */
                       DAF_STATED_LIST =
                           1, /* of each of them, DAF_STATED_BYTES; yours, if need be */
                       DAF_STATED_ANSWER =
                           2, /* the same, in answer to a list */
};
struct daf_stated_list {
    enum daf_stated_kind kind;
    struct daf_view data; /* of the length that its kind has */
};
struct daf_part {            /* HAVE, CHUNK, FETCH (docs/content.md §4) */
    struct daf_hash content; /* its id */
    uint32_t part;           /* HAVE: the first that a bit is about */
    uint32_t offset;         /* CHUNK, FETCH: in the part */
    struct daf_view data;    /* HAVE: bits; CHUNK: ≤ DAF_PIECE_BYTES_MAX */
};
struct daf_air_told { /* AIR */
    bool is_radio;    /* false: on a cable */
    uint8_t id[DAF_AIR_BYTES];
};
struct daf_knock {
    uint32_t version_min, version_max;
    struct daf_hash nonce;
};
struct daf_proof { /* PROOF and WELCOME */
    struct daf_view manifest;
    struct daf_view cert; /* empty: nil, a coordinator */
    struct daf_author_id author;
    struct daf_sig sig;
    uint16_t port; /* WELCOME */
};
struct daf_revoked {
    struct daf_view header; /* ≤ DAF_HEADER_BYTES_MAX, not decoded yet */
    struct daf_view body;
};
/* What a door frame has room for: with its frame, header and body of a record
 * are no more than this. */
#define DAF_REVOKED_BYTES_MAX (DAF_DOOR_BYTES_MAX - 8)

struct daf_ask {
    uint32_t version_min, version_max;
    struct daf_hash commitment, mac;
};
struct daf_offer {
    struct daf_hash manifest, commitment, mac;
};
struct daf_reveal {
    struct daf_hash nonce;
    struct daf_view request; /* ≤ DAF_REQUEST_BYTES_MAX, not decoded yet */
};
struct daf_accept {
    struct daf_view manifest, cert; /* not decoded yet */
    uint16_t port;                  /* of the door */
};

struct daf_frame {
    enum daf_frame_kind kind;
    uint64_t number; /* as on the wire, also when UNKNOWN */
    union {
        struct daf_hello hello;
        struct daf_root root;
        struct daf_symbols symbols;
        struct daf_heads heads;
        struct daf_want want;
        struct daf_run run;
        struct daf_need need;
        struct daf_defer defer;
        struct daf_ack ack;
        struct daf_addresses addresses;
        uint64_t bye;
        struct daf_bytes bytes;
        struct daf_part part;
        struct daf_view seek; /* whole content ids, ≤ DAF_SEEK_MAX */
        uint32_t turn;        /* place; 0: now */
        struct daf_air_told air;
        struct daf_stated_list stated;
        struct daf_knock knock;
        struct daf_hash nonce; /* NONCE, ANSWER */
        struct daf_proof proof;
        struct daf_revoked revoked;
        struct daf_ask ask;
        struct daf_offer offer;
        struct daf_reveal reveal;
        struct daf_accept accept;
        uint64_t decline; /* enum daf_decline, or a later version's */
    };
};

/**
 * daf_frame_decode: check and read a frame.
 * @bytes: one whole message, borrowed as long as @out is used.
 * @out_offset: if not NULL, where it goes wrong.
 * DAF_EFORM or DAF_ELIMIT when it is a breach (R18).
 */
DAF_NODISCARD enum daf_err daf_frame_decode(struct daf_view bytes,
                                            struct daf_frame *out,
                                            size_t *out_offset);

/** daf_frame_kind_str: "HELLO"; "UNKNOWN".  Never NULL. */
const char *daf_frame_kind_str(enum daf_frame_kind kind);

/* Iterators over checked lists. */
void daf_frame_next_part(struct daf_cursor *c, struct daf_root_part *out);
void daf_frame_next_want(struct daf_cursor *c, struct daf_want_log *out);
void daf_frame_next_need(struct daf_cursor *c, const struct daf_scope_id *scope,
                         struct daf_need_log *out);
void daf_frame_next_spot(struct daf_cursor *c, struct daf_spot *out);
void daf_frame_next_path(struct daf_cursor *c, const struct daf_scope_id *scope,
                         struct daf_run_path *out);
void daf_frame_next_record(struct daf_cursor *c, struct daf_run_record *out);
void daf_frame_next_ack(struct daf_cursor *c, const struct daf_scope_id *scope,
                        struct daf_ack_path *out);
void daf_frame_next_device(struct daf_cursor *c,
                           struct daf_addresses_device *out);
/* The bytes of one address: 6 or 18 (R49). */
struct daf_view daf_frame_next_address(struct daf_cursor *c);

/* Encoders of whole frames. */
void daf_frame_pack_hello(struct daf_pack *k, const struct daf_hello *hello);
void daf_frame_pack_bye(struct daf_pack *k, enum daf_bye reason);
void daf_frame_pack_want_page(struct daf_pack *k,
                              const struct daf_scope_id *scope,
                              const struct daf_tag *after_or_null);
void daf_frame_pack_want_symbols(struct daf_pack *k,
                                 const struct daf_scope_id *scope,
                                 uint64_t start, uint64_t count);
void daf_frame_pack_symbols(struct daf_pack *k, const struct daf_symbols *s);
/* @items: what DAF_ITEM_BYTES divides. */
void daf_frame_pack_heads(struct daf_pack *k, const struct daf_heads *heads);
void daf_frame_pack_defer(struct daf_pack *k, const struct daf_defer *defer);
void daf_frame_pack_have(struct daf_pack *k, const struct daf_part *have);
void daf_frame_pack_chunk(struct daf_pack *k, const struct daf_part *chunk);
void daf_frame_pack_fetch(struct daf_pack *k, const struct daf_part *fetch);
/* @contents: whole content ids. */
void daf_frame_pack_seek(struct daf_pack *k, struct daf_view contents);
void daf_frame_pack_turn(struct daf_pack *k, uint32_t place);
void daf_frame_pack_air(struct daf_pack *k, const struct daf_air_told *air);
void daf_frame_pack_register(struct daf_pack *k,
                             const struct daf_author_id *author,
                             struct daf_view statement);
void daf_frame_pack_stated(struct daf_pack *k,
                           const struct daf_stated_list *stated);
void daf_frame_pack_knock(struct daf_pack *k, const struct daf_knock *knock);
void daf_frame_pack_nonce(struct daf_pack *k, const struct daf_hash *nonce);
void daf_frame_pack_proof(struct daf_pack *k, const struct daf_proof *proof,
                          bool is_welcome);
void daf_frame_pack_revoked(struct daf_pack *k,
                            const struct daf_revoked *revoked);
void daf_frame_pack_ask(struct daf_pack *k, const struct daf_ask *ask);
void daf_frame_pack_offer(struct daf_pack *k, const struct daf_offer *offer);
void daf_frame_pack_reveal(struct daf_pack *k, const struct daf_reveal *reveal);
void daf_frame_pack_answer(struct daf_pack *k, const struct daf_hash *nonce);
void daf_frame_pack_accept(struct daf_pack *k, const struct daf_accept *accept);
void daf_frame_pack_decline(struct daf_pack *k, enum daf_decline reason);

/* Encoders of frames with a list: begin packs all up to the list and opens it;
 * items follow; end closes the list.  @mark is daf_pack_open()'s. */
size_t daf_frame_begin_root(struct daf_pack *k, const struct daf_root *root);
void daf_frame_add_part(struct daf_pack *k, const struct daf_root_part *part);
size_t daf_frame_begin_want(struct daf_pack *k,
                            const struct daf_scope_id *scope, uint64_t credit);
void daf_frame_add_want(struct daf_pack *k, const struct daf_tag *tag,
                        const struct daf_spot *wants, size_t wants_count,
                        const struct daf_spot *haves, size_t haves_count,
                        bool all);
size_t daf_frame_begin_need(struct daf_pack *k,
                            const struct daf_scope_id *scope);
void daf_frame_add_need(struct daf_pack *k, const struct daf_log_key *log,
                        const struct daf_spot *spots, size_t count);
size_t daf_frame_begin_run(struct daf_pack *k,
                           const struct daf_scope_id *scope);
/* Opens one path of a RUN; close it with daf_pack_close(k, mark, records). */
size_t daf_frame_begin_path(struct daf_pack *k, const struct daf_log_key *log);
void daf_frame_add_record(struct daf_pack *k, const struct daf_stored *record);
size_t daf_frame_begin_ack(struct daf_pack *k,
                           const struct daf_scope_id *scope);
void daf_frame_add_ack(struct daf_pack *k, const struct daf_ack_path *path);
size_t daf_frame_begin_addresses(struct daf_pack *k);
/* Opens one device of ADDRESSES; close it with daf_pack_close(k, mark, count). */
size_t daf_frame_begin_device(struct daf_pack *k,
                              const struct daf_author_id *author);
/** daf_frame_end: close the list and set RUN's end, which begins packed as "goes
 * on", to "last" if @flag; that is ignored for other frames. */
void daf_frame_end(struct daf_pack *k, size_t mark, size_t count, bool flag);
/** daf_frame_end_cut: close a RUN as the last of an answer that was cut short. */
void daf_frame_end_cut(struct daf_pack *k, size_t mark, size_t count);

#endif
