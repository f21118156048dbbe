/* SPDX-License-Identifier: Apache-2.0 */
/* proto/types.h - ids, keys, views and clocks: one type for each kind, so
 * that a scope id cannot be passed where an author id belongs. */
#ifndef DAF_PROTO_TYPES_H
#define DAF_PROTO_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define DAF_NODISCARD __attribute__((warn_unused_result))

/* Bytes that belong to somebody else.  The comment beside each use says until
 * when they may be read. */
struct daf_view {
    const uint8_t *p;
    size_t len;
};

struct daf_scope_id {
    uint8_t b[16];
};
struct daf_author_id {
    uint8_t b[16];
};
struct daf_record_id {
    uint8_t b[32];
};
struct daf_hash {
    uint8_t b[32];
};
struct daf_camp_id {
    uint8_t b[32];
};
struct daf_handle { /* erase handle: 16 bytes that say nothing by themselves */
    uint8_t b[16];
};
struct daf_key_id {
    uint8_t b[16];
};
struct daf_subject_id { /* a learner, for life; inside sealed bodies only */
    uint8_t b[16];
};

/* Keys.  Public ones first; a secret's struct is never logged or sent. */
struct daf_sign_pk {
    uint8_t b[32];
};
struct daf_box_pk { /* X25519: transport (CURVE) and sealing keys */
    uint8_t b[32];
};
struct daf_sig {
    uint8_t b[64];
};
struct daf_sign_sk { /* Ed25519 seed ‖ public key, libsodium's form */
    uint8_t b[64];
};
struct daf_box_sk {
    uint8_t b[32];
};
struct daf_key { /* symmetric: subject key, generation key, body key */
    uint8_t b[32];
};

/* Monotonic milliseconds since an arbitrary start: timers only. */
struct daf_mono {
    uint64_t ms;
};
#define DAF_MONO_NEVER ((struct daf_mono){UINT64_MAX})

/* A wall clock's claim, milliseconds since 1970: display only, never a rule. */
struct daf_wall {
    uint64_t ms;
};

/* The name of a log.  Order: author, then incarnation, bytewise. */
struct daf_log_key {
    struct daf_scope_id scope;
    struct daf_author_id author;
    uint64_t incarnation;
};

/* A record's place in its log; (seq, id) finds it without a search. */
struct daf_spot {
    uint64_t seq;
    struct daf_record_id id;
};

#endif
