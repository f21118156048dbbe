/* SPDX-License-Identifier: Apache-2.0 */
/* proto/record.h - a record's signed header (docs/protocol.md §3.1).
 *
 * A header is kept and served as the bytes that came (R6); this struct is only
 * what was read from them.  The id covers the whole header, signature included. */
#ifndef DAF_PROTO_RECORD_H
#define DAF_PROTO_RECORD_H

#include "proto/err.h"
#include "proto/limits.h"
#include "proto/types.h"

/* Retention classes; docs/records.md says which type has which. */
enum {
    DAF_RETENTION_CONTROL = 0,
    DAF_RETENTION_IDENTITY = 1, /* registrations: found by an index */
    DAF_RETENTION_PROGRESS = 2,
    DAF_RETENTION_DAILY = 3, /* the class's day: found by an index */
    DAF_RETENTION_CONTENT = 6,
};

enum daf_time_quality {
    DAF_TIME_UNSET = 0,
    DAF_TIME_CLOCK = 1,
    DAF_TIME_BEACON = 2,
};

struct daf_record {
    struct daf_log_key log;
    uint64_t seq;              /* from 1 */
    struct daf_record_id prev; /* zeros when seq is 1 */
    uint64_t claimed_ms;       /* display only */
    uint64_t boot;             /* boot number of the author */
    uint8_t time_quality;
    uint8_t retention;
    struct daf_hash body_hash;
    uint32_t body_len;
    struct daf_view ext; /* borrowed from the bytes decoded */
    struct daf_sig sig;
    struct daf_record_id id; /* of the whole header; set by decode and sign */
    size_t aad_len;          /* the header's bytes before the body hash: R10 */
    size_t signed_len;       /* the header's bytes before the signature */
};

/**
 * daf_record_decode: read a header.
 * @bytes: the whole header and nothing else; borrowed for as long as @out.
 *
 * Checks form and limits and R4 (prev is nil if and only if seq is 1); does not
 * verify the signature.  DAF_EVERSION for a version other than 1.
 */
DAF_NODISCARD enum daf_err daf_record_decode(struct daf_view bytes,
                                             struct daf_record *out);

/** daf_record_id: of a whole header. */
struct daf_record_id daf_record_id(struct daf_view bytes);

/** daf_record_verify: whether @bytes, decoded as @r, carry @pk's signature, and
 * @pk is the author's.  DAF_OK, DAF_EAUTHOR or DAF_ESIG. */
DAF_NODISCARD enum daf_err daf_record_verify(struct daf_view bytes,
                                             const struct daf_record *r,
                                             const struct daf_sign_pk *pk);

/**
 * daf_record_prefix: pack the bytes before the body hash: the body's associated
 * data, needed before the body can be sealed.
 * @r: log, seq, prev, claimed_ms, boot, time_quality, retention.
 * Returns the length; @out has room for DAF_HEADER_BYTES_MAX.
 */
size_t daf_record_prefix(const struct daf_record *r, uint8_t *out);

/**
 * daf_record_sign: make the header of a new record.
 * @r: all but sig, id, aad_len and signed_len, which are set here.
 * @sk: the author's.
 * @out: DAF_HEADER_BYTES_MAX bytes; @r->ext must not point into it.
 * Returns the header's length.
 */
size_t daf_record_sign(struct daf_record *r, const struct daf_sign_sk *sk,
                       uint8_t *out);

/** daf_record_follows: whether @b's predecessor is @a (R4). */
bool daf_record_follows(const struct daf_record *a, const struct daf_record *b);

#endif
