/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/payload_fields.h"

void daf_payload_pack_beacon(struct daf_pack *k, uint64_t week)
{
    daf_payload_fields_begin(k, DAF_TYPE_BEACON, 1);
    daf_payload_fields_pack_text(k, "beacon");
    daf_pack_uint(k, week);
}

enum daf_err daf_payload_beacon(struct daf_view payload, struct daf_beacon *out)
{
    struct daf_payload_fields f;
    enum daf_err err;

    memset(out, 0, sizeof(*out));
    daf_payload_fields_open(&f, payload, DAF_TYPE_BEACON);
    daf_payload_fields_need(&f, "beacon");
    out->week = daf_cursor_uint(&f.c, DAF_INT_MAX);
    out->has_second = daf_payload_fields_find(&f, "second");
    if (out->has_second)
        daf_payload_fields_second(&f.c, &out->second, &out->second_sig);
    err = daf_payload_fields_close(&f);
    if (err != DAF_OK) memset(out, 0, sizeof(*out));
    return err;
}
