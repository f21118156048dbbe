/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/body.h"

#include "proto/cursor.h"
#include "proto/hash.h"
#include "proto/pack.h"

#include <assert.h>
#include <sodium.h>

#define KIND_PLAIN   0
#define KIND_SEALED  1
#define PLAIN_ITEMS  2
#define SEALED_ITEMS 5
#define TAG_BYTES    crypto_aead_xchacha20poly1305_ietf_ABYTES

static const struct daf_view empty = {NULL, 0};

enum daf_err daf_body_decode(struct daf_view bytes, struct daf_body *out)
{
    struct daf_body body = {0};
    struct daf_cursor c;
    size_t count;

    /* protocol.md R14: "A body is at most DAF_BODY_BYTES_MAX" */
    if (bytes.len > DAF_BODY_BYTES_MAX) return DAF_ELIMIT;
    daf_cursor_init(&c, bytes);
    count = daf_cursor_array(&c, SIZE_MAX);
    body.is_sealed = daf_cursor_uint(&c, KIND_SEALED) == KIND_SEALED;
    if (count != (body.is_sealed ? SEALED_ITEMS : PLAIN_ITEMS))
        daf_cursor_fail(&c, DAF_EFORM, 0);
    if (body.is_sealed) {
        daf_cursor_bin_into(&c, body.handle.b, sizeof(body.handle.b));
        daf_cursor_bin_into(&c, body.nonce, sizeof(body.nonce));
        daf_cursor_bin_into(&c, body.key_id.b, sizeof(body.key_id.b));
    }
    body.content = daf_cursor_bin(&c, DAF_BODY_BYTES_MAX);
    if (!daf_cursor_done(&c)) return c.err;
    *out = body;
    return DAF_OK;
}

struct daf_hash daf_body_hash(struct daf_view bytes)
{
    struct daf_hash hash;

    daf_hash_256("daf.body.1", bytes, hash.b);
    return hash;
}

/* ---- keys */

struct daf_key daf_body_key(const struct daf_key *subject,
                            const struct daf_key *generation)
{
    struct daf_key key;

    daf_hash_keyed_256("daf.key.1", subject->b,
                       (struct daf_view){generation->b, sizeof(generation->b)},
                       key.b);
    return key;
}

struct daf_key daf_body_scope_key(const struct daf_key *generation)
{
    struct daf_key key;

    daf_hash_keyed_256("daf.key.2", generation->b, empty, key.b);
    return key;
}

struct daf_key_id daf_body_key_id(const struct daf_key *body_key)
{
    struct daf_key_id id;

    daf_hash_keyed_128("daf.kid.1", body_key->b, empty, id.b);
    return id;
}

struct daf_handle daf_body_handle(const struct daf_key *subject)
{
    struct daf_handle handle;

    daf_hash_keyed_128("daf.handle.1", subject->b, empty, handle.b);
    return handle;
}

void daf_body_commitment(const struct daf_key *generation, uint8_t out[16])
{
    daf_hash_keyed_128("daf.gen.1", generation->b, empty, out);
}

/* ---- sealing */

/* ISO/IEC 7816-4 adds at least one byte (R11). */
static size_t padded_len(size_t len)
{
    return len - len % DAF_PAD_BYTES + DAF_PAD_BYTES;
}

enum daf_err daf_body_seal(const struct daf_body_seal *seal, uint8_t *out,
                           size_t cap, size_t *out_len)
{
    struct daf_key_id key_id;
    struct daf_pack k;
    uint8_t *content;
    size_t padded;
    int failed;

    if (seal->payload.len > DAF_PAYLOAD_BYTES_MAX) return DAF_ELIMIT;
    padded = padded_len(seal->payload.len);
    key_id = daf_body_key_id(&seal->key);
    daf_pack_init(&k, out, cap);
    daf_pack_array(&k, SEALED_ITEMS);
    daf_pack_uint(&k, KIND_SEALED);
    daf_pack_bin(&k, seal->handle.b, sizeof(seal->handle.b));
    daf_pack_bin(&k, seal->nonce, sizeof(seal->nonce));
    daf_pack_bin(&k, key_id.b, sizeof(key_id.b));
    content = daf_pack_bin_room(&k, padded + TAG_BYTES);
    if (content == NULL) return DAF_ELIMIT;

    /* Padded and encrypted where it will lie: no plaintext stays behind. */
    if (seal->payload.len > 0)
        memcpy(content, seal->payload.p, seal->payload.len);
    failed =
        sodium_pad(&padded, content, seal->payload.len, DAF_PAD_BYTES, padded);
    assert(failed == 0);
    (void)failed;
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(content, NULL, content,
                                                     padded, seal->aad.p,
                                                     seal->aad.len, NULL,
                                                     seal->nonce, seal->key.b);
    assert(k.len <= DAF_BODY_BYTES_MAX);
    *out_len = k.len;
    return DAF_OK;
}

enum daf_err daf_body_plain(struct daf_view payload, uint8_t *out, size_t cap,
                            size_t *out_len)
{
    struct daf_pack k;

    if (payload.len > DAF_PAYLOAD_BYTES_MAX) return DAF_ELIMIT;
    daf_pack_init(&k, out, cap);
    daf_pack_array(&k, PLAIN_ITEMS);
    daf_pack_uint(&k, KIND_PLAIN);
    daf_pack_bin(&k, payload.p, payload.len);
    if (k.is_full) return DAF_ELIMIT;
    *out_len = k.len;
    return DAF_OK;
}

enum daf_err daf_body_open(const struct daf_body *body,
                           const struct daf_key *key, struct daf_view aad,
                           uint8_t *out, size_t cap, size_t *out_len)
{
    struct daf_key_id key_id = daf_body_key_id(key);
    size_t padded;

    if (!body->is_sealed) return DAF_EBODY;
    /* protocol.md R11: "A reader MUST check the key id before it decrypts" */
    if (sodium_memcmp(key_id.b, body->key_id.b, sizeof(key_id.b)) != 0)
        return DAF_EKEY;
    if (body->content.len < DAF_PAD_BYTES + TAG_BYTES) return DAF_EBODY;
    padded = body->content.len - TAG_BYTES;
    if (padded % DAF_PAD_BYTES != 0) return DAF_EBODY;
    if (cap < padded) return DAF_ELIMIT;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            out, NULL, NULL, body->content.p, body->content.len, aad.p, aad.len,
            body->nonce, key->b) != 0)
        return DAF_EBODY;
    /* Made by who has the key, and still no body of this protocol. */
    if (sodium_unpad(out_len, out, padded, DAF_PAD_BYTES) != 0) {
        sodium_memzero(out, padded);
        return DAF_EBODY;
    }
    return DAF_OK;
}
