/* SPDX-License-Identifier: Apache-2.0 */
/* proto/body.h - the detachable body: sealing, opening, hashing (protocol.md
 * §3.2).  Sealed from the first record on; plain only in control and catalog.
 *
 * Key schedule (design: erasure destroys the subject key, rotation replaces the
 * generation key; both are needed to read):
 *
 *      subject key ----+
 *                      +--> body key --> key id (in clear, checked first)
 *      generation key -+
 */
#ifndef DAF_PROTO_BODY_H
#define DAF_PROTO_BODY_H

#include "proto/err.h"
#include "proto/limits.h"
#include "proto/types.h"

struct daf_body {
    bool is_sealed;
    struct daf_handle handle; /* sealed only, as the next three */
    uint8_t nonce[24];
    struct daf_key_id key_id;
    struct daf_view content; /* ciphertext or plain payload; borrowed */
};

/** daf_body_decode: read a body's form; checks no hash and opens nothing. */
DAF_NODISCARD enum daf_err daf_body_decode(struct daf_view bytes,
                                           struct daf_body *out);

/** daf_body_hash: what a header says of these body bytes. */
struct daf_hash daf_body_hash(struct daf_view bytes);

/** daf_body_key: the key of bodies of a subject under a generation. */
struct daf_key daf_body_key(const struct daf_key *subject,
                            const struct daf_key *generation);
/** daf_body_scope_key: the key of bodies sealed to a scope alone. */
struct daf_key daf_body_scope_key(const struct daf_key *generation);
/** daf_body_key_id: the id under which a body names its key. */
struct daf_key_id daf_body_key_id(const struct daf_key *body_key);
/** daf_body_handle: the erase handle of all of a subject's bodies. */
struct daf_handle daf_body_handle(const struct daf_key *subject);
/** daf_body_commitment: 16 bytes that prove which generation key is meant. */
void daf_body_commitment(const struct daf_key *generation, uint8_t out[16]);

struct daf_body_seal {
    struct daf_key key; /* the body key */
    struct daf_handle handle;
    uint8_t nonce[24];       /* random, never used twice */
    struct daf_view aad;     /* daf_record_prefix() of the header to be */
    struct daf_view payload; /* ≤ DAF_PAYLOAD_BYTES_MAX */
};

/**
 * daf_body_seal: pad, encrypt and pack.
 * @out, @cap: room for payload + 256 bytes; @out_len receives the length.
 * DAF_ELIMIT if the payload is too long or @cap too small.
 */
DAF_NODISCARD enum daf_err daf_body_seal(const struct daf_body_seal *seal,
                                         uint8_t *out, size_t cap,
                                         size_t *out_len);

/** daf_body_plain: pack a plain body; as daf_body_seal otherwise. */
DAF_NODISCARD enum daf_err daf_body_plain(struct daf_view payload, uint8_t *out,
                                          size_t cap, size_t *out_len);

/**
 * daf_body_open: decrypt and unpad.
 * @key: its key id must be the body's (checked first): else DAF_EKEY.
 * @aad: the header's bytes before the body hash.
 * @out, @cap: room for body->content.len; @out_len receives the payload's.
 * DAF_EBODY if it does not authenticate or the padding is wrong.
 */
DAF_NODISCARD enum daf_err daf_body_open(const struct daf_body *body,
                                         const struct daf_key *key,
                                         struct daf_view aad, uint8_t *out,
                                         size_t cap, size_t *out_len);

#endif
