/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/check/proof.h"

#include <sodium.h>
#include <string.h>

/* A place in msgpack bytes that one hopes are a header. */
struct place {
    const uint8_t *p;
    size_t left;
    bool is_bad;
};

static const uint8_t *take(struct place *at, size_t len)
{
    const uint8_t *p = at->p;

    if (at->is_bad || len > at->left) {
        at->is_bad = true;
        return NULL;
    }
    at->p += len;
    at->left -= len;
    return p;
}

static uint64_t number(struct place *at)
{
    const uint8_t *first = take(at, 1);
    uint64_t out = 0;

    if (first == NULL) return 0;
    if (*first < 0x80) return *first;
    if (*first < 0xcc || *first > 0xcf) {
        at->is_bad = true;
        return 0;
    }
    size_t len = (size_t)1 << (*first - 0xcc);
    const uint8_t *p = take(at, len);
    for (size_t i = 0; p != NULL && i < len; i++)
        out = out << 8 | p[i];
    return out;
}

/* All are shorter than 256 bytes: bin 8. */
static void bin(struct place *at, void *out, size_t len)
{
    const uint8_t *first = take(at, 2);
    const uint8_t *p = first != NULL && first[0] == 0xc4 && first[1] == len
                           ? take(at, len)
                           : NULL;

    if (p == NULL)
        at->is_bad = true;
    else if (out != NULL)
        memcpy(out, p, len);
}

static void hash(const char *context, struct daf_view x, uint8_t out[32])
{
    uint8_t personal[16] = {0};

    memcpy(personal, context, strlen(context));
    (void)crypto_generichash_blake2b_salt_personal(out, 32, x.p, x.len, NULL, 0,
                                                   NULL, personal);
}

/* docs/protocol.md §3.1 */
bool daf_proof_read(struct daf_view header, struct daf_proof_header *out)
{
    struct place at = {header.p, header.len, false};
    const uint8_t *first = take(&at, 1);

    memset(out, 0, sizeof *out);
    if (first == NULL || *first != 0x9e || number(&at) != 1) return false;
    bin(&at, out->log.scope.b, 16);
    bin(&at, out->log.author.b, 16);
    out->log.incarnation = number(&at);
    out->seq = number(&at);
    out->has_prev = at.left == 0 || *at.p != 0xc0;
    if (out->has_prev)
        bin(&at, out->prev.b, 32);
    else
        (void)take(&at, 1);
    for (int i = 0; i < 4; i++)
        (void)number(&at); /* claimed, boot, quality, retention */
    bin(&at, out->body_hash.b, 32);
    out->body_len = number(&at);
    const uint8_t *ext = take(&at, 2);
    if (ext == NULL || ext[0] != 0xc4 || ext[1] > DAF_EXT_BYTES_MAX)
        return false;
    (void)take(&at, ext[1]);
    bin(&at, NULL, 64);
    if (at.is_bad || at.left > 0 || out->has_prev != (out->seq > 1))
        return false;
    hash("daf.rec.1", header, out->id.b);
    return true;
}

bool daf_proof_signed(struct daf_view header, const struct daf_sign_pk *pk)
{
    static const char context[16] = "daf.rec.1";
    uint8_t message[sizeof context + DAF_HEADER_BYTES_MAX];
    size_t len = header.len - 66; /* the signature, a bin 8 of 64 */

    if (header.len < 66 || header.len > DAF_HEADER_BYTES_MAX) return false;
    memcpy(message, context, sizeof context);
    memcpy(message + sizeof context, header.p, len);
    return crypto_sign_ed25519_verify_detached(header.p + len + 2, message,
                                               sizeof context + len,
                                               pk->b) == 0;
}

bool daf_proof_body(const struct daf_proof_header *h, struct daf_view body)
{
    struct daf_hash is;

    hash("daf.body.1", body, is.b);
    return h->body_len == body.len &&
           memcmp(&is, &h->body_hash, sizeof is) == 0;
}
