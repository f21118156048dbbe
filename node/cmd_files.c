/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include "proto/hash.h"

#define REQUEST_FORMAT  "daf-request"
#define REQUEST_CONTEXT "daf.request.1"
#define ACCEPT_FORMAT   "daf-accept"
#define FILE_VERSION    1

/* An array of @count that begins with @format and the version. */
static void read_start(struct daf_cursor *c, size_t count, const char *format)
{
    size_t len = strlen(format), at;
    struct daf_view name;

    daf_cursor_array_of(c, count);
    at = c->at;
    name = daf_cursor_str(c, len);
    if (daf_cursor_ok(c) &&
        (name.len != len || memcmp(name.p, format, len) != 0))
        daf_cursor_fail(c, DAF_EFORM, at);
    at = c->at;
    if (daf_cursor_uint(c, UINT32_MAX) != FILE_VERSION && daf_cursor_ok(c))
        daf_cursor_fail(c, DAF_EVERSION, at);
}

size_t daf_cmd_request_pack(const struct daf_device_keys *keys,
                            const struct daf_sign_sk *sign, uint8_t *out,
                            size_t cap)
{
    struct daf_pack k;
    struct daf_sig sig;

    daf_pack_init(&k, out, cap);
    daf_pack_array(&k, 6);
    daf_pack_str(&k, REQUEST_FORMAT, strlen(REQUEST_FORMAT));
    daf_pack_uint(&k, FILE_VERSION);
    daf_pack_bin(&k, keys->sign.b, sizeof(keys->sign.b));
    daf_pack_bin(&k, keys->transport.b, sizeof(keys->transport.b));
    daf_pack_bin(&k, keys->seal.b, sizeof(keys->seal.b));
    if (k.is_full) return 0;
    daf_hash_sign(REQUEST_CONTEXT, daf_pack_view(&k), sign, &sig);
    daf_pack_bin(&k, sig.b, sizeof(sig.b));
    return k.is_full ? 0 : k.len;
}

enum daf_err daf_cmd_request_decode(struct daf_view bytes,
                                    struct daf_device_keys *out,
                                    size_t *out_offset)
{
    struct daf_cursor c;
    struct daf_sig sig;
    size_t signed_len;
    bool is_good;

    daf_cursor_init(&c, bytes);
    read_start(&c, 6, REQUEST_FORMAT);
    daf_cursor_bin_into(&c, out->sign.b, sizeof(out->sign.b));
    daf_cursor_bin_into(&c, out->transport.b, sizeof(out->transport.b));
    daf_cursor_bin_into(&c, out->seal.b, sizeof(out->seal.b));
    signed_len = c.at;
    daf_cursor_bin_into(&c, sig.b, sizeof(sig.b));
    is_good = daf_cursor_done(&c);
    if (out_offset != NULL) *out_offset = is_good ? signed_len : c.offset;
    if (!is_good) return c.err;
    return daf_hash_verify(REQUEST_CONTEXT,
                           (struct daf_view){bytes.p, signed_len}, &out->sign,
                           &sig)
               ? DAF_OK
               : DAF_ESIG;
}

void daf_cmd_accept_next(struct daf_cursor *c, struct daf_view *out_header,
                         struct daf_view *out_body)
{
    daf_cursor_array_of(c, 2);
    *out_header = daf_cursor_bin(c, DAF_HEADER_BYTES_MAX);
    *out_body = daf_cursor_bin(c, (size_t)DAF_BODY_BYTES_MAX);
}

enum daf_err daf_cmd_accept_decode(struct daf_view bytes,
                                   struct daf_cmd_accept *out,
                                   size_t *out_offset)
{
    struct daf_view header, body;
    struct daf_cursor c;
    bool is_good;

    daf_cursor_init(&c, bytes);
    read_start(&c, 5, ACCEPT_FORMAT);
    out->manifest = daf_cursor_bin(&c, DAF_MANIFEST_BYTES_MAX);
    out->cert = daf_cursor_bin(&c, DAF_CERT_BYTES_MAX);
    out->records_count = daf_cursor_array(&c, DAF_CMD_RECORDS_MAX);
    out->records = c;
    for (size_t i = 0; i < out->records_count && daf_cursor_ok(&c); i++)
        daf_cmd_accept_next(&c, &header, &body);
    is_good = daf_cursor_done(&c);
    if (out_offset != NULL) *out_offset = c.offset;
    return is_good ? DAF_OK : c.err;
}

size_t daf_cmd_accept_begin(struct daf_pack *k, struct daf_view manifest,
                            struct daf_view cert)
{
    daf_pack_array(k, 5);
    daf_pack_str(k, ACCEPT_FORMAT, strlen(ACCEPT_FORMAT));
    daf_pack_uint(k, FILE_VERSION);
    daf_pack_bin(k, manifest.p, manifest.len);
    daf_pack_bin(k, cert.p, cert.len);
    return daf_pack_open(k);
}

void daf_cmd_accept_add(struct daf_pack *k, struct daf_view header,
                        struct daf_view body)
{
    daf_pack_array(k, 2);
    daf_pack_bin(k, header.p, header.len);
    daf_pack_bin(k, body.p, body.len);
}
