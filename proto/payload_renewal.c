/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/payload_fields.h"

#include <assert.h>

void daf_payload_pack_renewal(struct daf_pack *k, const struct daf_renewal *r)
{
    assert(r->lives_count > 0 && r->lives_count <= DAF_RENEWAL_LIVES_MAX);
    daf_payload_fields_begin(k, DAF_TYPE_RENEWAL, 2);
    daf_payload_fields_pack_text(k, "lives");
    daf_pack_array(k, r->lives_count);
    for (size_t i = 0; i < r->lives_count; i++)
        daf_pack_uint(k, r->lives[i]);
    daf_payload_fields_pack_text(k, "request");
    daf_pack_bin(k, r->request.p, r->request.len);
}

enum daf_err daf_payload_renewal(struct daf_view payload,
                                 struct daf_renewal *out)
{
    struct daf_payload_fields f;
    size_t start;
    enum daf_err err;

    memset(out, 0, sizeof(*out));
    daf_payload_fields_open(&f, payload, DAF_TYPE_RENEWAL);
    daf_payload_fields_need(&f, "lives");
    start = f.c.at;
    out->lives_count = daf_cursor_array(&f.c, DAF_RENEWAL_LIVES_MAX);
    daf_payload_fields_require(&f.c, out->lives_count > 0, start);
    for (size_t i = 0; i < out->lives_count && daf_cursor_ok(&f.c); i++)
        out->lives[i] = daf_cursor_uint(&f.c, UINT64_MAX);
    daf_payload_fields_need(&f, "request");
    out->request = daf_cursor_bin(&f.c, DAF_REQUEST_BYTES_MAX);
    err = daf_payload_fields_close(&f);
    if (err != DAF_OK) memset(out, 0, sizeof(*out));
    return err;
}
