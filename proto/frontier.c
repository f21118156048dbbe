/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/frontier.h"

#include "proto/hash.h"

#include <assert.h>
#include <sodium.h>

/* What a digest covers: the log's name and two counted lists of ids. */
#define DIGEST_BYTES_MAX (16 + 16 + 8 + 2 * (4 + DAF_FRONTIER_MAX * 32))

static uint8_t *put(uint8_t *at, const uint8_t *bytes, size_t len)
{
    memcpy(at, bytes, len);
    return at + len;
}

/* @len bytes of @v, big endian. */
static uint8_t *put_number(uint8_t *at, uint64_t v, size_t len)
{
    for (size_t i = len; i > 0; i--) {
        at[i - 1] = (uint8_t)(v & 0xff);
        v >>= 8;
    }
    return at + len;
}

static uint8_t *put_ids(uint8_t *at, const struct daf_spot *spots, size_t count)
{
    assert(count <= DAF_FRONTIER_MAX);
    at = put_number(at, count, 4);
    for (size_t i = 0; i < count; i++)
        at = put(at, spots[i].id.b, sizeof(spots[i].id.b));
    return at;
}

struct daf_hash daf_frontier_digest(const struct daf_head *head)
{
    uint8_t bytes[DIGEST_BYTES_MAX];
    struct daf_hash digest;
    uint8_t *at = bytes;

    at = put(at, head->log.scope.b, sizeof(head->log.scope.b));
    at = put(at, head->log.author.b, sizeof(head->log.author.b));
    at = put_number(at, head->log.incarnation, 8);
    at = put_ids(at, head->tips, head->tips_count);
    at = put_ids(at, head->roots, head->roots_count);
    daf_hash_256("daf.head.1", (struct daf_view){bytes, (size_t)(at - bytes)},
                 digest.b);
    return digest;
}

static bool same_spots(const struct daf_spot *a, const struct daf_spot *b,
                       size_t count)
{
    assert(count <= DAF_FRONTIER_MAX);
    for (size_t i = 0; i < count; i++) {
        if (a[i].seq != b[i].seq ||
            memcmp(a[i].id.b, b[i].id.b, sizeof(a[i].id.b)) != 0)
            return false;
    }
    return true;
}

bool daf_frontier_equal(const struct daf_head *a, const struct daf_head *b)
{
    return memcmp(a->log.scope.b, b->log.scope.b, 16) == 0 &&
           memcmp(a->log.author.b, b->log.author.b, 16) == 0 &&
           a->log.incarnation == b->log.incarnation &&
           a->tips_count == b->tips_count && a->roots_count == b->roots_count &&
           same_spots(a->tips, b->tips, a->tips_count) &&
           same_spots(a->roots, b->roots, a->roots_count);
}

struct daf_key daf_frontier_salt(const struct daf_hash *nonce_a,
                                 const struct daf_hash *nonce_b)
{
    bool ordered = memcmp(nonce_a->b, nonce_b->b, sizeof(nonce_a->b)) <= 0;
    uint8_t both[64];
    struct daf_key salt;

    /* Lower first: both sides must come to the same salt. */
    memcpy(both, ordered ? nonce_a->b : nonce_b->b, 32);
    memcpy(both + 32, ordered ? nonce_b->b : nonce_a->b, 32);
    daf_hash_256("daf.salt.1", (struct daf_view){both, sizeof(both)}, salt.b);
    return salt;
}

/* One for each log of each ROOT.  SipHash needs 35 ns, keyed BLAKE2b 300: of what
 * it is to withstand, digests that were chosen before the salt was drawn, both do. */
static void value_of(const struct daf_key *salt, const uint8_t *bytes,
                     size_t len, uint8_t out[16])
{
    static_assert(crypto_shorthash_siphashx24_BYTES == 16 &&
                      crypto_shorthash_siphashx24_KEYBYTES <= sizeof(salt->b),
                  "a value is a hash");
    (void)crypto_shorthash_siphashx24(out, bytes, len, salt->b);
}

void daf_frontier_value(const struct daf_key *salt,
                        const struct daf_hash *digest, uint8_t out[16])
{
    value_of(salt, digest->b, sizeof(digest->b), out);
}

static void add_number(uint8_t sum[16], const uint8_t number[16])
{
    unsigned carry = 0;

    for (size_t i = 16; i > 0; i--) {
        carry += (unsigned)sum[i - 1] + number[i - 1];
        sum[i - 1] = (uint8_t)(carry & 0xff);
        carry >>= 8;
    }
}

void daf_frontier_add(struct daf_sum *sum, const struct daf_key *salt,
                      const struct daf_hash *digest)
{
    uint8_t value[16];

    daf_frontier_value(salt, digest, value);
    add_number(sum->b, value);
}

void daf_frontier_add_scope(struct daf_sum *sum, const struct daf_key *salt,
                            const struct daf_scope_id *scope)
{
    uint8_t value[16];

    value_of(salt, scope->b, sizeof(scope->b), value);
    add_number(sum->b, value);
}

void daf_frontier_add_sum(struct daf_sum *sum, const struct daf_sum *other)
{
    add_number(sum->b, other->b);
}
