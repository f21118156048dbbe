/* SPDX-License-Identifier: Apache-2.0 */

/* A header that decodes is canonical: its fields packed again are its bytes.
 * The same input is tried as a body too. */

#include "tests/fuzz/fuzz.h"

#include "proto/body.h"
#include "proto/cursor.h"
#include "proto/pack.h"
#include "proto/record.h"

#include <assert.h>
#include <stdlib.h>

static void check_header(struct daf_view bytes)
{
    uint8_t out[DAF_HEADER_BYTES_MAX];
    struct daf_sign_pk pk = {{0}};
    struct daf_record r;
    struct daf_pack k;

    if (daf_record_decode(bytes, &r) != DAF_OK) return;
    assert(daf_cursor_check(bytes, NULL) == DAF_OK);
    assert(r.aad_len < r.signed_len && r.signed_len < bytes.len);
    assert(daf_record_prefix(&r, out) == r.aad_len);
    daf_pack_init(&k, out, sizeof(out));
    k.len = r.aad_len;
    daf_pack_bin(&k, r.body_hash.b, sizeof(r.body_hash.b));
    daf_pack_uint(&k, r.body_len);
    daf_pack_bin(&k, r.ext.p, r.ext.len);
    assert(k.len == r.signed_len);
    daf_pack_bin(&k, r.sig.b, sizeof(r.sig.b));
    assert(!k.is_full && k.len == bytes.len);
    assert(memcmp(out, bytes.p, bytes.len) == 0);
    assert(!daf_record_follows(&r, &r));
    /* Nobody has this key. */
    assert(daf_record_verify(bytes, &r, &pk) != DAF_OK);
}

static void check_body(struct daf_view bytes)
{
    struct daf_key key = {{0}};
    struct daf_body body;
    struct daf_pack k;
    uint8_t *out;
    size_t len;

    if (daf_body_decode(bytes, &body) != DAF_OK) return;
    assert(daf_cursor_check(bytes, NULL) == DAF_OK);
    out = malloc(bytes.len);
    assert(out != NULL);
    daf_pack_init(&k, out, bytes.len);
    daf_pack_array(&k, body.is_sealed ? 5 : 2);
    daf_pack_uint(&k, body.is_sealed);
    if (body.is_sealed) {
        daf_pack_bin(&k, body.handle.b, sizeof(body.handle.b));
        daf_pack_bin(&k, body.nonce, sizeof(body.nonce));
        daf_pack_bin(&k, body.key_id.b, sizeof(body.key_id.b));
    }
    daf_pack_bin(&k, body.content.p, body.content.len);
    assert(!k.is_full && k.len == bytes.len);
    assert(memcmp(out, bytes.p, bytes.len) == 0);

    /* As if the key id were right: no tag of 128 bits is met by chance. */
    body.key_id = daf_body_key_id(&key);
    assert(daf_body_open(&body, &key, (struct daf_view){NULL, 0}, out,
                         bytes.len, &len) != DAF_OK);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct daf_view bytes = {data, size};

    check_header(bytes);
    check_body(bytes);
    return 0;
}
