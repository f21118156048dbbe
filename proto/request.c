/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/request.h"

#include "proto/cursor.h"
#include "proto/hash.h"
#include "proto/pack.h"

#define FORMAT  "daf-request"
#define CONTEXT "daf.request.1"

static void read_start(struct daf_cursor *c)
{
    struct daf_view name;
    size_t at;

    daf_cursor_array_of(c, 6);
    at = c->at;
    name = daf_cursor_str(c, strlen(FORMAT));
    if (daf_cursor_ok(c) && (name.len != strlen(FORMAT) ||
                             memcmp(name.p, FORMAT, strlen(FORMAT)) != 0))
        daf_cursor_fail(c, DAF_EFORM, at);
    at = c->at;
    if (daf_cursor_uint(c, UINT32_MAX) != DAF_FORMAT_VERSION &&
        daf_cursor_ok(c))
        daf_cursor_fail(c, DAF_EVERSION, at);
}

size_t daf_request_pack(const struct daf_device_keys *keys,
                        const struct daf_sign_sk *sign, uint8_t *out,
                        size_t cap)
{
    struct daf_pack k;
    struct daf_sig sig;

    daf_pack_init(&k, out, cap);
    daf_pack_array(&k, 6);
    daf_pack_str(&k, FORMAT, strlen(FORMAT));
    daf_pack_uint(&k, DAF_FORMAT_VERSION);
    daf_pack_bin(&k, keys->sign.b, sizeof(keys->sign.b));
    daf_pack_bin(&k, keys->transport.b, sizeof(keys->transport.b));
    daf_pack_bin(&k, keys->seal.b, sizeof(keys->seal.b));
    if (k.is_full) return 0;
    daf_hash_sign(CONTEXT, daf_pack_view(&k), sign, &sig);
    daf_pack_bin(&k, sig.b, sizeof(sig.b));
    return k.is_full ? 0 : k.len;
}

enum daf_err daf_request_decode(struct daf_view bytes,
                                struct daf_device_keys *out, size_t *out_offset)
{
    struct daf_cursor c;
    struct daf_sig sig;
    size_t signed_len;
    bool is_good;

    daf_cursor_init(&c, bytes);
    read_start(&c);
    daf_cursor_bin_into(&c, out->sign.b, sizeof(out->sign.b));
    daf_cursor_bin_into(&c, out->transport.b, sizeof(out->transport.b));
    daf_cursor_bin_into(&c, out->seal.b, sizeof(out->seal.b));
    signed_len = c.at;
    daf_cursor_bin_into(&c, sig.b, sizeof(sig.b));
    is_good = daf_cursor_done(&c);
    if (out_offset != NULL) *out_offset = is_good ? signed_len : c.offset;
    if (!is_good) return c.err;
    return daf_hash_verify(CONTEXT, (struct daf_view){bytes.p, signed_len},
                           &out->sign, &sig)
               ? DAF_OK
               : DAF_ESIG;
}
