/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/payload_fields.h"

size_t daf_payload_begin_admit(struct daf_pack *k)
{
    daf_payload_fields_begin(k, DAF_TYPE_ADMIT, 2);
    daf_payload_fields_pack_text(k, "logs");
    return daf_pack_open(k);
}

void daf_payload_end_admit(struct daf_pack *k, size_t mark, size_t logs_count,
                           const struct daf_author_id *who)
{
    daf_pack_close(k, mark, logs_count);
    daf_payload_fields_pack_text(k, "who");
    daf_pack_bin(k, who->b, sizeof(who->b));
}

enum daf_err daf_payload_admit(struct daf_view payload, struct daf_admit *out)
{
    struct daf_admit a;
    struct daf_payload_fields f;
    enum daf_err err;

    memset(&a, 0, sizeof(a));
    daf_payload_fields_open(&f, payload, DAF_TYPE_ADMIT);
    daf_payload_fields_need(&f, "logs");
    a.logs_count = daf_payload_fields_logs(&f.c, &a.logs);
    daf_payload_fields_need(&f, "who");
    daf_cursor_bin_into(&f.c, a.who.b, sizeof(a.who.b));
    err = daf_payload_fields_close(&f);
    if (err == DAF_OK) *out = a;
    return err;
}
