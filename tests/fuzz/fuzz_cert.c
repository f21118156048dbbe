/* SPDX-License-Identifier: Apache-2.0 */

/* A certificate that decodes packs to the same signed bytes: nothing has two
 * encodings, so nobody can make two certificates of one signature. */

#include "tests/fuzz/fuzz.h"

#include "proto/cert.h"
#include "proto/cursor.h"

#include <assert.h>

/* The extension's length: carried in the bytes, not in the struct. */
static size_t ext_len(struct daf_view bytes)
{
    struct daf_cursor c;

    daf_cursor_init(&c, bytes);
    daf_cursor_array_of(&c, 14);
    for (int i = 0; i < 12; i++)
        daf_cursor_skip(&c);
    return daf_cursor_bin(&c, DAF_EXT_BYTES_MAX).len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct daf_view bytes = {data, size};
    uint8_t again[DAF_CERT_BYTES_MAX];
    struct daf_sign_pk issuer = {{1}};
    struct daf_cert cert;
    size_t len;

    if (daf_cert_decode(bytes, &cert) != DAF_OK) return 0;
    assert(daf_cert_verify(bytes, &cert, &issuer) != DAF_OK);
    for (size_t i = 0; i < cert.rights_count; i++)
        assert(daf_cert_right(&cert, cert.rights[i].scope) ==
               cert.rights[i].right);
    len = daf_cert_pack(&cert, again, sizeof(again));
    /* An empty extension is two bytes, as is the head of a longer one. */
    assert(len + ext_len(bytes) == cert.signed_len);
    if (ext_len(bytes) == 0) assert(memcmp(again, data, len) == 0);
    return 0;
}
