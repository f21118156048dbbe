/* SPDX-License-Identifier: Apache-2.0 */
/* proto/rng.h - chance as an argument.
 *
 * A generator is seeded once by the host (the operating system's randomness in
 * the daemon, the run's seed in the simulator) and then yields the same bytes
 * for the same calls.  ChaCha20 under a key that each draw replaces ("fast key
 * erasure", D. J. Bernstein 2017), so a seized generator does not tell what it
 * gave before.  Good enough for keys and nonces. */
#ifndef DAF_PROTO_RNG_H
#define DAF_PROTO_RNG_H

#include "proto/types.h"

struct daf_rng {
    uint8_t key[32];
};

/** daf_rng_init: start from @seed, which the caller wipes. */
void daf_rng_init(struct daf_rng *rng, const uint8_t seed[32]);

/** daf_rng_bytes: fill @out with @len ≤ 4096 bytes. */
void daf_rng_bytes(struct daf_rng *rng, uint8_t *out, size_t len);

/** daf_rng_u64: a uniform 64-bit number. */
uint64_t daf_rng_u64(struct daf_rng *rng);

/** daf_rng_below: uniform in [0, @bound); @bound ≥ 1. */
uint64_t daf_rng_below(struct daf_rng *rng, uint64_t bound);

#endif
