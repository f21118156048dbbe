/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/hash.h"

#include "proto/limits.h"

#include <assert.h>
#include <sodium.h>

#define CONTEXT_BYTES 16

static_assert(crypto_generichash_blake2b_PERSONALBYTES == CONTEXT_BYTES,
              "a context fills BLAKE2b's personal string");

/* Contexts are constants in our own sources: a longer one is our bug. */
static void pad_context(const char *context, uint8_t out[CONTEXT_BYTES])
{
    memset(out, 0, CONTEXT_BYTES);
    for (size_t i = 0; context[i] != '\0'; i++) {
        assert(i < CONTEXT_BYTES);
        out[i] = (uint8_t)context[i];
    }
}

static void digest(const char *context, const uint8_t *key, struct daf_view x,
                   uint8_t *out, size_t out_len)
{
    uint8_t personal[CONTEXT_BYTES];
    int failed;

    pad_context(context, personal);
    failed = crypto_generichash_blake2b_salt_personal(out, out_len, x.p, x.len,
                                                      key, key != NULL ? 32 : 0,
                                                      NULL, personal);
    assert(failed == 0);
    (void)failed;
}

void daf_hash_256(const char *context, struct daf_view x, uint8_t out[32])
{
    digest(context, NULL, x, out, 32);
}

void daf_hash_128(const char *context, struct daf_view x, uint8_t out[16])
{
    digest(context, NULL, x, out, 16);
}

/* ---- in pieces */

typedef crypto_generichash_blake2b_state sodium_state;

static_assert(sizeof(((struct daf_hash_stream *)0)->state) ==
                  sizeof(sodium_state),
              "a stream holds sodium's state");

void daf_hash_begin(struct daf_hash_stream *h, const char *context)
{
    uint8_t personal[CONTEXT_BYTES];
    sodium_state state;
    int failed;

    pad_context(context, personal);
    failed = crypto_generichash_blake2b_init_salt_personal(&state, NULL, 0, 32,
                                                           NULL, personal);
    assert(failed == 0);
    (void)failed;
    memcpy(h->state, &state, sizeof(state));
}

void daf_hash_add(struct daf_hash_stream *h, struct daf_view x)
{
    sodium_state state;
    int failed;

    memcpy(&state, h->state, sizeof(state));
    failed = crypto_generichash_blake2b_update(&state, x.p, x.len);
    assert(failed == 0);
    (void)failed;
    memcpy(h->state, &state, sizeof(state));
}

void daf_hash_end(struct daf_hash_stream *h, uint8_t out[32])
{
    sodium_state state;
    int failed;

    memcpy(&state, h->state, sizeof(state));
    failed = crypto_generichash_blake2b_final(&state, out, 32);
    assert(failed == 0);
    (void)failed;
}

/* ---- with a key */

void daf_hash_keyed_256(const char *context, const uint8_t key[32],
                        struct daf_view x, uint8_t out[32])
{
    digest(context, key, x, out, 32);
}

void daf_hash_keyed_128(const char *context, const uint8_t key[32],
                        struct daf_view x, uint8_t out[16])
{
    digest(context, key, x, out, 16);
}

struct daf_scope_id daf_hash_scope_id(const struct daf_camp_id *camp,
                                      const char *name)
{
    crypto_generichash_blake2b_state state;
    uint8_t personal[CONTEXT_BYTES];
    struct daf_scope_id id;
    int failed;

    /* In pieces: @name may come from a person and have any length. */
    pad_context("daf.scope.1", personal);
    failed = crypto_generichash_blake2b_init_salt_personal(&state, NULL, 0,
                                                           sizeof(id.b), NULL,
                                                           personal);
    failed |=
        crypto_generichash_blake2b_update(&state, camp->b, sizeof(camp->b));
    failed |= crypto_generichash_blake2b_update(&state, (const uint8_t *)name,
                                                strlen(name));
    failed |= crypto_generichash_blake2b_final(&state, id.b, sizeof(id.b));
    assert(failed == 0);
    (void)failed;
    return id;
}

struct daf_author_id daf_hash_author_id(const struct daf_sign_pk *pk)
{
    struct daf_author_id id;

    daf_hash_128("daf.author.1", (struct daf_view){pk->b, sizeof(pk->b)}, id.b);
    return id;
}

/* protocol.md §2: "Every Ed25519 signature is over context (16 bytes, zero
 * padded) ‖ the bytes signed".  @out: CONTEXT_BYTES + DAF_DOOR_BYTES_MAX. */
static size_t put_in_context(const char *context, struct daf_view x,
                             uint8_t *out)
{
    pad_context(context, out);
    if (x.len > 0) memcpy(out + CONTEXT_BYTES, x.p, x.len);
    return CONTEXT_BYTES + x.len;
}

void daf_hash_sign(const char *context, struct daf_view x,
                   const struct daf_sign_sk *sk, struct daf_sig *out)
{
    uint8_t message[CONTEXT_BYTES + DAF_DOOR_BYTES_MAX];
    size_t len;

    assert(x.len <= DAF_DOOR_BYTES_MAX);
    len = put_in_context(context, x, message);
    (void)crypto_sign_ed25519_detached(out->b, NULL, message, len, sk->b);
    /* A manifest holds the discovery secret. */
    sodium_memzero(message, len);
}

bool daf_hash_verify(const char *context, struct daf_view x,
                     const struct daf_sign_pk *pk, const struct daf_sig *sig)
{
    uint8_t message[CONTEXT_BYTES + DAF_DOOR_BYTES_MAX];
    bool is_good;
    size_t len;

    /* A stranger's bytes: too long is not signed, and no bug of ours. */
    if (x.len > DAF_DOOR_BYTES_MAX) return false;
    len = put_in_context(context, x, message);
    is_good =
        crypto_sign_ed25519_verify_detached(sig->b, message, len, pk->b) == 0;
    sodium_memzero(message, len);
    return is_good;
}
