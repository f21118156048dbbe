/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/rng.h"

#include <assert.h>
#include <sodium.h>

#define DRAW_BYTES_MAX 4096

/* One draw is ChaCha20 (RFC 8439) under the key with a zero nonce: the first
 * half of block 0 is the next key, blocks 1 and on are the output.  A key is
 * used once, so the nonce may stay the same. */
static const uint8_t nonce[crypto_stream_chacha20_ietf_NONCEBYTES];

void daf_rng_init(struct daf_rng *rng, const uint8_t seed[32])
{
    memcpy(rng->key, seed, sizeof(rng->key));
}

void daf_rng_bytes(struct daf_rng *rng, uint8_t *out, size_t len)
{
    uint8_t next[sizeof(rng->key)];

    assert(len <= DRAW_BYTES_MAX);
    (void)crypto_stream_chacha20_ietf(next, sizeof(next), nonce, rng->key);
    if (len > 0) {
        memset(out, 0, len);
        (void)crypto_stream_chacha20_ietf_xor_ic(out, out, len, nonce, 1,
                                                 rng->key);
    }
    memcpy(rng->key, next, sizeof(rng->key));
    sodium_memzero(next, sizeof(next));
}

uint64_t daf_rng_u64(struct daf_rng *rng)
{
    uint8_t b[8];
    uint64_t v = 0;

    daf_rng_bytes(rng, b, sizeof(b));
    /* By hand, so that a seed plays the same on every machine. */
    for (size_t i = 0; i < sizeof(b); i++)
        v = v << 8 | b[i];
    sodium_memzero(b, sizeof(b));
    return v;
}

uint64_t daf_rng_below(struct daf_rng *rng, uint64_t bound)
{
    uint64_t spare;
    uint64_t v;

    assert(bound >= 1);
    /* 2^64 mod bound: as many of the lowest numbers would come too often. */
    spare = (UINT64_MAX - bound + 1) % bound;
    do {
        v = daf_rng_u64(rng);
    } while (v < spare);
    return v % bound;
}
