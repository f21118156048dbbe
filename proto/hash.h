/* SPDX-License-Identifier: Apache-2.0 */
/* proto/hash.h - BLAKE2b with a purpose, and signatures with a purpose.
 *
 * Every hash and every signature names what it is for (docs/protocol.md §2),
 * so bytes made for one purpose are worth nothing for another.  A context is
 * at most 16 ASCII characters. */
#ifndef DAF_PROTO_HASH_H
#define DAF_PROTO_HASH_H

#include "proto/types.h"

/** daf_hash_256: BLAKE2b-256 of @x with @context as its personal string. */
void daf_hash_256(const char *context, struct daf_view x, uint8_t out[32]);

/** daf_hash_128: the same with 16 bytes of output (not a truncation). */
void daf_hash_128(const char *context, struct daf_view x, uint8_t out[16]);

/* BLAKE2b-256 of bytes that come in pieces.  Plain bytes that may lie anywhere and
 * be copied; sodium's own state wants an address that 64 divides. */
struct daf_hash_stream {
    uint8_t state[384];
};
void daf_hash_begin(struct daf_hash_stream *h, const char *context);
void daf_hash_add(struct daf_hash_stream *h, struct daf_view x);
/** daf_hash_end: what daf_hash_256() gives for all of it; @h is used up. */
void daf_hash_end(struct daf_hash_stream *h, uint8_t out[32]);

/** daf_hash_keyed_256: BLAKE2b-256 with the 32-byte key @key.  @x may be empty. */
void daf_hash_keyed_256(const char *context, const uint8_t key[32],
                        struct daf_view x, uint8_t out[32]);

/** daf_hash_keyed_128: the same with 16 bytes of output. */
void daf_hash_keyed_128(const char *context, const uint8_t key[32],
                        struct daf_view x, uint8_t out[16]);

/** daf_hash_scope_id: scope id of the scope called @name in @camp. */
struct daf_scope_id daf_hash_scope_id(const struct daf_camp_id *camp,
                                      const char *name);

/** daf_hash_author_id: author id of the device that signs with @pk. */
struct daf_author_id daf_hash_author_id(const struct daf_sign_pk *pk);

/** daf_hash_sign: sign context ‖ @x with @sk.  @x.len ≤ DAF_DOOR_BYTES_MAX. */
void daf_hash_sign(const char *context, struct daf_view x,
                   const struct daf_sign_sk *sk, struct daf_sig *out);

/** daf_hash_verify: whether @sig is @pk's over context ‖ @x. */
bool daf_hash_verify(const char *context, struct daf_view x,
                     const struct daf_sign_pk *pk, const struct daf_sig *sig);

#endif
