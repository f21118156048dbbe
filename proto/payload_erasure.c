/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/payload.h"
#include "proto/payload_fields.h"

#include <assert.h>

void daf_payload_pack_erasure(struct daf_pack *k,
                              const struct daf_handle *handles, size_t count)
{
    assert(count >= 1 && count <= DAF_ERASURE_MAX);
    daf_payload_fields_begin(k, DAF_TYPE_ERASURE, 1);
    daf_payload_fields_pack_text(k, "handles");
    daf_pack_array(k, count);
    for (size_t i = 0; i < count; i++)
        daf_pack_bin(k, handles[i].b, sizeof(handles[i].b));
}

static void read_handles(struct daf_cursor *c, struct daf_erasure *out)
{
    size_t start = c->at;

    out->handles_count = daf_cursor_array(c, DAF_ERASURE_MAX);
    daf_payload_fields_require(c, out->handles_count >= 1, start);
    for (size_t i = 0; i < out->handles_count && daf_cursor_ok(c); i++)
        daf_cursor_bin_into(c, out->handles[i].b, sizeof(out->handles[i].b));
}

enum daf_err daf_payload_erasure(struct daf_view payload,
                                 struct daf_erasure *out)
{
    struct daf_payload_fields f;
    enum daf_err err;

    memset(out, 0, sizeof(*out));
    daf_payload_fields_open(&f, payload, DAF_TYPE_ERASURE);
    daf_payload_fields_need(&f, "handles");
    read_handles(&f.c, out);
    out->has_second = daf_payload_fields_find(&f, "second");
    if (out->has_second)
        daf_payload_fields_second(&f.c, &out->second, &out->second_sig);
    err = daf_payload_fields_close(&f);
    if (err != DAF_OK) memset(out, 0, sizeof(*out));
    return err;
}

bool daf_payload_erasure_second_ok(struct daf_view payload,
                                   const struct daf_erasure *e,
                                   struct daf_view aad,
                                   const struct daf_sign_pk *pk)
{
    return e->has_second &&
           daf_payload_second_sig_ok(payload, e->second_sig, aad, pk);
}
