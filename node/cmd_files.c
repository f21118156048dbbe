/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#define ACCEPT_FORMAT "daf-accept"
#define FILE_VERSION  1

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
