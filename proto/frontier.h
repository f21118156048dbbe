/* SPDX-License-Identifier: Apache-2.0 */
/* proto/frontier.h - the head of a log: its tips and roots, which determine the
 * set of records held, with forks and gaps (docs/protocol.md §3.3). */
#ifndef DAF_PROTO_FRONTIER_H
#define DAF_PROTO_FRONTIER_H

#include "proto/limits.h"
#include "proto/types.h"

/* About 5 KB: never one per log in memory; hosts keep one or two and refill. */
struct daf_head {
    struct daf_log_key log;
    size_t tips_count, roots_count;         /* ≤ DAF_FRONTIER_MAX */
    struct daf_spot tips[DAF_FRONTIER_MAX]; /* ascending by id */
    struct daf_spot roots[DAF_FRONTIER_MAX];
};

/** daf_frontier_digest: the head's digest; equal if and only if the sets of
 * headers are. */
struct daf_hash daf_frontier_digest(const struct daf_head *head);

/** daf_frontier_equal: whether two heads of one log are the same. */
bool daf_frontier_equal(const struct daf_head *a, const struct daf_head *b);

/* A sum of head values mod 2^128 under one session's salt, big endian. */
struct daf_sum {
    uint8_t b[16];
};
/** daf_frontier_salt: the session salt of two nonces, in either order. */
struct daf_key daf_frontier_salt(const struct daf_hash *nonce_a,
                                 const struct daf_hash *nonce_b);
/** daf_frontier_value: the head value of @digest under @salt. */
void daf_frontier_value(const struct daf_key *salt,
                        const struct daf_hash *digest, uint8_t out[16]);
/** daf_frontier_add: add the value of @digest under @salt to @sum. */
void daf_frontier_add(struct daf_sum *sum, const struct daf_key *salt,
                      const struct daf_hash *digest);
/** daf_frontier_add_scope: add the scope value of @scope likewise. */
void daf_frontier_add_scope(struct daf_sum *sum, const struct daf_key *salt,
                            const struct daf_scope_id *scope);
/** daf_frontier_add_sum: add one sum to another. */
void daf_frontier_add_sum(struct daf_sum *sum, const struct daf_sum *other);

#endif
