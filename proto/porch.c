/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/porch.h"

#include "proto/hash.h"
#include "proto/limits.h"

#include <assert.h>
#include <sodium.h>

#define PARTS_MAX 6 /* of 32 bytes, in the digits */

struct parts {
    uint8_t bytes[PARTS_MAX * 32];
    size_t len;
};

static void add(struct parts *p, const uint8_t part[32])
{
    assert(p->len < sizeof(p->bytes));
    memcpy(p->bytes + p->len, part, 32);
    p->len += 32;
}

static struct daf_hash mac(const char *context, const struct daf_key *key,
                           const struct parts *p)
{
    struct daf_hash out;

    daf_hash_keyed_256(context, key->b, (struct daf_view){p->bytes, p->len},
                       out.b);
    return out;
}

void daf_porch_mark(const struct daf_hash *manifest,
                    const struct daf_box_pk *porch, uint8_t out[16])
{
    struct parts p = {.len = 0};

    add(&p, manifest->b);
    add(&p, porch->b);
    daf_hash_128("daf.ticket.1", (struct daf_view){p.bytes, p.len}, out);
}

struct daf_key daf_porch_key(const uint8_t secret[16])
{
    struct daf_key out;

    daf_hash_256("daf.ticket.2", (struct daf_view){secret, 16}, out.b);
    return out;
}

struct daf_hash daf_porch_commitment(const struct daf_hash *nonce,
                                     struct daf_view speaker)
{
    uint8_t bytes[32 + DAF_REQUEST_BYTES_MAX];
    struct daf_hash out;

    assert(speaker.len <= DAF_REQUEST_BYTES_MAX);
    memcpy(bytes, nonce->b, 32);
    if (speaker.len > 0) memcpy(bytes + 32, speaker.p, speaker.len);
    daf_hash_256("daf.commit.1", (struct daf_view){bytes, 32 + speaker.len},
                 out.b);
    return out;
}

struct daf_hash daf_porch_ask_mac(const struct daf_porch_talk *t)
{
    struct parts p = {.len = 0};

    add(&p, t->porch.b);
    add(&p, t->joiner.b);
    add(&p, t->joiner_commitment.b);
    return mac("daf.ask.1", &t->ticket, &p);
}

struct daf_hash daf_porch_offer_mac(const struct daf_porch_talk *t)
{
    struct parts p = {.len = 0};

    add(&p, t->porch.b);
    add(&p, t->joiner.b);
    add(&p, t->joiner_commitment.b);
    add(&p, t->manifest.b);
    add(&p, t->coordinator_commitment.b);
    return mac("daf.offer.1", &t->ticket, &p);
}

bool daf_porch_same(const struct daf_hash *a, const struct daf_hash *b)
{
    return sodium_memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

uint32_t daf_porch_digits(const struct daf_porch_talk *t)
{
    struct parts p = {.len = 0};
    struct daf_hash h;
    uint64_t n = 0;

    add(&p, t->porch.b);
    add(&p, t->manifest.b);
    add(&p, t->joiner_commitment.b);
    add(&p, t->coordinator_commitment.b);
    add(&p, t->joiner_nonce.b);
    add(&p, t->coordinator_nonce.b);
    h = mac("daf.digits.1", &t->ticket, &p);
    for (size_t i = 0; i < 8; i++)
        n = n << 8 | h.b[i];
    return (uint32_t)(n % DAF_PORCH_DIGITS);
}
