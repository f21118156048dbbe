/* SPDX-License-Identifier: Apache-2.0 */
/* proto/payload.h - what is inside bodies: `[type, fields]` (docs/records.md).
 *
 * Fields that this program does not know are ignored here and carried in the
 * stored bytes.  Decoding checks form, limits and the ascending keys. */
#ifndef DAF_PROTO_PAYLOAD_H
#define DAF_PROTO_PAYLOAD_H

#include "proto/cursor.h"
#include "proto/limits.h"
#include "proto/pack.h"

enum daf_type {
    DAF_TYPE_UNKNOWN, /* carried, not read */
    DAF_TYPE_SESSION,
    DAF_TYPE_REGISTRATION,
    DAF_TYPE_CERTIFICATE,
    DAF_TYPE_KEY_WRAP,
    DAF_TYPE_REVOCATION,
    DAF_TYPE_CATALOGUE_ITEM,
    DAF_TYPE_ASSIGNMENT,
    DAF_TYPE_RENEWAL,
    DAF_TYPE_ADMIT,
    DAF_TYPE_ERASURE,
    DAF_TYPE_CLOCK,
    DAF_TYPE_BEACON,
};

/** daf_payload_type: the type of a payload, by its name; UNKNOWN for names of
 * types that this program does not read.  @out_name, if not NULL: the name,
 * borrowed from @payload, empty if the payload has no such form. */
enum daf_type daf_payload_type(struct daf_view payload,
                               struct daf_view *out_name);

/** daf_payload_type_str: its name as registered; "" for UNKNOWN. */
const char *daf_payload_type_str(enum daf_type type);

/** daf_payload_names: every type of docs/records.md, ascending, as a new camp's
 * register names them.  @out_count receives how many. */
const char *const *daf_payload_names(size_t *out_count);

/* --- session: what one learner did on one device, once per sitting or flush */
struct daf_did {
    struct daf_view item; /* borrowed */
    bool has_score;
    uint32_t score; /* millionths, ≤ DAF_SCORE_MAX */
    uint32_t seconds;
};
struct daf_session_payload {
    struct daf_subject_id subject;
    size_t did_count;    /* 1 to DAF_DID_MAX */
    struct daf_view did; /* the packed array; daf_payload_did() reads it */
};
void daf_payload_pack_session(struct daf_pack *k,
                              const struct daf_subject_id *subject,
                              const struct daf_did *did, size_t did_count);
DAF_NODISCARD enum daf_err daf_payload_session(struct daf_view payload,
                                               struct daf_session_payload *out);
/** daf_payload_did: the activity at @index < did_count. */
struct daf_did daf_payload_did(const struct daf_session_payload *s,
                               size_t index);

/* --- registration: makes a learner known to a class */
struct daf_registration {
    struct daf_subject_id subject;
    struct daf_key key;   /* the subject key */
    struct daf_view name; /* borrowed; empty if none was given */
};
void daf_payload_pack_registration(struct daf_pack *k,
                                   const struct daf_registration *r);
DAF_NODISCARD enum daf_err daf_payload_registration(
    struct daf_view payload, struct daf_registration *out);

/* --- certificate: a device's certificate, published in control */
void daf_payload_pack_certificate(struct daf_pack *k, struct daf_view cert);
DAF_NODISCARD enum daf_err daf_payload_certificate(struct daf_view payload,
                                                   struct daf_view *out_cert);

/* --- key-wrap: a scope's generation key, sealed to devices */
#define DAF_WRAP_BYTES 80 /* crypto_box_seal of 32 bytes */
struct daf_wrap {
    struct daf_author_id author;
    uint8_t sealed[DAF_WRAP_BYTES];
};
struct daf_key_wrap {
    char scope[DAF_SCOPE_NAME_BYTES_MAX + 1];
    uint64_t generation; /* from 1 */
    uint8_t commit[16];  /* daf_body_commitment() of the key inside */
    size_t wraps_count;
    struct daf_view wraps; /* the packed array; daf_payload_wrap() reads it */
};
void daf_payload_pack_key_wrap(struct daf_pack *k, const struct daf_key_wrap *w,
                               const struct daf_wrap *wraps);
DAF_NODISCARD enum daf_err daf_payload_key_wrap(struct daf_view payload,
                                                struct daf_key_wrap *out);
/** daf_payload_wraps: walk them all: daf_payload_next_wrap() wraps_count times. */
void daf_payload_wraps(const struct daf_key_wrap *w, struct daf_cursor *out);
void daf_payload_next_wrap(struct daf_cursor *c, struct daf_wrap *out);
/** daf_payload_wrap: find @author's sealed copy; DAF_ENOTFOUND if none. */
DAF_NODISCARD enum daf_err daf_payload_wrap(const struct daf_key_wrap *w,
                                            const struct daf_author_id *author,
                                            struct daf_wrap *out);

/* --- revocation: a device, or a person's key, stops counting */
enum daf_revocation_reason {
    DAF_REVOKED_OTHER = 0,
    DAF_REVOKED_LOST = 1,
    DAF_REVOKED_STOLEN = 2,
    DAF_REVOKED_LEFT = 3,
};
struct daf_revocation {
    struct daf_author_id who;
    enum daf_revocation_reason reason;
    size_t logs_count;
    struct daf_view logs; /* the packed array; daf_payload_revoked_log() */
    bool has_second;
    struct daf_author_id second; /* who signed as well */
    struct daf_view second_sig;  /* 64 bytes, within the payload */
};
/* One log of who is revoked, with the tips that the revoker knows. */
struct daf_revoked_log {
    struct daf_log_key log;
    size_t tips_count;
    struct daf_record_id tips[DAF_FRONTIER_MAX];
};
/** daf_payload_reason_str: "stolen"; "other" for what is none. */
const char *daf_payload_reason_str(enum daf_revocation_reason reason);
/** daf_payload_begin_revocation: pack all up to the logs; then
 * daf_payload_add_revoked_log() each, then daf_payload_end_revocation() with the
 * mark returned.  What is packed has no `second`. */
size_t daf_payload_begin_revocation(struct daf_pack *k);
/** daf_payload_add_revoked_log: @tips may be at most DAF_FRONTIER_MAX. */
void daf_payload_add_revoked_log(struct daf_pack *k,
                                 const struct daf_log_key *log,
                                 const struct daf_spot *tips,
                                 size_t tips_count);
void daf_payload_end_revocation(struct daf_pack *k, size_t mark,
                                size_t logs_count,
                                enum daf_revocation_reason reason,
                                const struct daf_author_id *who);
DAF_NODISCARD enum daf_err daf_payload_revocation(struct daf_view payload,
                                                  struct daf_revocation *out);
/** daf_payload_logs: walk the logs of a revocation or an admit that was read:
 * daf_payload_next_log() as often as it has logs. */
void daf_payload_logs(struct daf_view logs, struct daf_cursor *out);
void daf_payload_next_log(struct daf_cursor *c, struct daf_revoked_log *out);
/** daf_payload_revoked_log: the log at @index < logs_count; walks to it. */
void daf_payload_revoked_log(const struct daf_revocation *r, size_t index,
                             struct daf_revoked_log *out);
/** daf_payload_second_ok: whether `second` of @r, read from @payload, is @pk's
 * signature (docs/records.md §4).  @aad: the header's bytes before the body hash.
 * Together they are at most DAF_DOOR_BYTES_MAX, else it is not good. */
bool daf_payload_second_ok(struct daf_view payload,
                           const struct daf_revocation *r, struct daf_view aad,
                           const struct daf_sign_pk *pk);

/* --- admit: further tips of a revoked device, below which its work counts */
struct daf_admit {
    struct daf_author_id who;
    size_t logs_count;
    struct daf_view logs; /* the packed array; daf_payload_logs() */
};
/** daf_payload_begin_admit: pack all up to the logs; then
 * daf_payload_add_revoked_log() each, then daf_payload_end_admit() with the mark
 * returned. */
size_t daf_payload_begin_admit(struct daf_pack *k);
void daf_payload_end_admit(struct daf_pack *k, size_t mark, size_t logs_count,
                           const struct daf_author_id *who);
DAF_NODISCARD enum daf_err daf_payload_admit(struct daf_view payload,
                                             struct daf_admit *out);
/* --- erasure: bodies with these erase handles go, everywhere and for ever */
#define DAF_ERASURE_MAX 64 /* handles in one record */
struct daf_erasure {
    size_t handles_count; /* 1 to DAF_ERASURE_MAX; any order, repeated or not */
    struct daf_handle handles[DAF_ERASURE_MAX];
    bool has_second;
    struct daf_author_id second; /* who signed as well */
    struct daf_view second_sig;  /* 64 bytes, within the payload */
};
/** daf_payload_pack_erasure: without `second`. */
void daf_payload_pack_erasure(struct daf_pack *k,
                              const struct daf_handle *handles, size_t count);
DAF_NODISCARD enum daf_err daf_payload_erasure(struct daf_view payload,
                                               struct daf_erasure *out);
/** daf_payload_erasure_second_ok: as daf_payload_second_ok(). */
bool daf_payload_erasure_second_ok(struct daf_view payload,
                                   const struct daf_erasure *e,
                                   struct daf_view aad,
                                   const struct daf_sign_pk *pk);
/** daf_payload_second_sig_ok: the same of any payload that has a `second`. */
bool daf_payload_second_sig_ok(struct daf_view payload, struct daf_view sig,
                               struct daf_view aad,
                               const struct daf_sign_pk *pk);

/* --- catalogue-item: content that a curator has checked */
#define DAF_REPLACES_MAX 64 /* records that one names as replaced */
struct daf_catalogue_item {
    struct daf_view
        manifest; /* a content manifest, not decoded; empty: this only
                                 takes back what it replaces */
    size_t replaces_count;
    struct daf_record_id replaces[DAF_REPLACES_MAX];
};
void daf_payload_pack_catalogue_item(struct daf_pack *k,
                                     const struct daf_catalogue_item *item);
DAF_NODISCARD enum daf_err daf_payload_catalogue_item(
    struct daf_view payload, struct daf_catalogue_item *out);

/* --- assignment: what a class or a device is to have, and by when */
#define DAF_ASSIGNMENT_ITEMS_MAX 64
#define DAF_AIR_WORD_BYTES_MAX   64
#define DAF_DAY_MAX              2932896 /* 9999-12-31; days since 1970-01-01 */
struct daf_assignment {
    bool has_device, has_due, has_lesson, has_person, has_subject;
    struct daf_author_id device;
    uint32_t due; /* a day, at most DAF_DAY_MAX */
    /* Borrowed; a word; empty: none.  With has_device alone: where that device is. */
    struct daf_view air;
    size_t items_count; /* 0: a word for the air, or only takes back */
    struct daf_view items[DAF_ASSIGNMENT_ITEMS_MAX]; /* borrowed; str */
    struct daf_record_id lesson;
    /* An educator's word; nothing here can verify it yet, so it is not packed. */
    struct daf_author_id person;
    struct daf_subject_id subject; /* not packed either */
    size_t replaces_count;
    struct daf_record_id replaces[DAF_REPLACES_MAX];
};
void daf_payload_pack_assignment(struct daf_pack *k,
                                 const struct daf_assignment *a);
DAF_NODISCARD enum daf_err daf_payload_assignment(struct daf_view payload,
                                                  struct daf_assignment *out);
/** daf_payload_item_content: whether an item's name is a content id, 64 digits in
 * hex, small; @out: it. */
bool daf_payload_item_content(struct daf_view item, struct daf_hash *out);

/* --- renewal: a device whose card was copied asks for keys of its own */
#define DAF_RENEWAL_LIVES_MAX 32
struct daf_renewal {
    size_t
        lives_count; /* 1 or more; the incarnations it wrote in, the present last */
    uint64_t lives[DAF_RENEWAL_LIVES_MAX];
    struct daf_view
        request; /* proto/request.h; borrowed, and not verified here */
};
void daf_payload_pack_renewal(struct daf_pack *k, const struct daf_renewal *r);
DAF_NODISCARD enum daf_err daf_payload_renewal(struct daf_view payload,
                                               struct daf_renewal *out);

/* --- clock: what a device's clock said, and what it was then */
struct daf_clock_fix {
    bool has_value; /* false: it only takes back; then what follows is 0 */
    struct daf_author_id who;
    uint64_t boot;                /* of that device, as its headers have it */
    uint64_t claimed_ms, real_ms; /* up to DAF_INT_MAX */
    size_t replaces_count;        /* 1 or more if it has no value */
    struct daf_record_id replaces[DAF_REPLACES_MAX];
};
void daf_payload_pack_clock(struct daf_pack *k,
                            const struct daf_clock_fix *clock);
DAF_NODISCARD enum daf_err daf_payload_clock(struct daf_view payload,
                                             struct daf_clock_fix *out);

/* --- beacon: a week, so that devices know roughly how late it is */
#define DAF_BEACON_FROM \
    2609 /* weeks since 1970-01-01 that count: whole in 2020 */
#define DAF_BEACON_TO    4225 /* to 2050; others are carried */
#define DAF_BEACON_ALONE 8 /* so many weeks one coordinator may go on alone */
struct daf_beacon {
    uint64_t week; /* since 1970-01-01 */
    bool has_second;
    struct daf_author_id second;
    struct daf_view second_sig; /* 64 bytes, within the payload */
};
/** daf_payload_pack_beacon: one without `second`. */
void daf_payload_pack_beacon(struct daf_pack *k, uint64_t week);
DAF_NODISCARD enum daf_err daf_payload_beacon(struct daf_view payload,
                                              struct daf_beacon *out);

/** daf_payload_acts: how many acts a control payload is (docs/records.md §4), by
 * its type alone, also of types that are not read here: 0, 1, or the handles of
 * an erasure. */
uint64_t daf_payload_acts(struct daf_view payload);

#endif
