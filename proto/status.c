/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/status.h"

#include "proto/cursor.h"

void daf_status_pack(struct daf_pack *k, struct daf_view control)
{
    daf_pack_map(k, 1);
    daf_pack_str(k, "control", 7);
    daf_pack_raw(k, control.p, control.len);
}

struct daf_view daf_status_control(const struct daf_statement *st)
{
    struct daf_view found = {NULL, 0}, prev = {NULL, 0};
    struct daf_cursor c;
    size_t count;

    if (st->kind != DAF_STATEMENT_STATUS) return found;
    daf_cursor_init(&c, st->other);
    count = daf_cursor_map(&c, SIZE_MAX);
    for (size_t i = 0; i < count && daf_cursor_ok(&c); i++) {
        struct daf_view key = daf_cursor_key(&c, &prev);
        size_t start = c.at;

        daf_cursor_skip(&c);
        if (key.len == 7 && memcmp(key.p, "control", 7) == 0)
            found = (struct daf_view){c.p + start, c.at - start};
    }
    if (!daf_cursor_done(&c)) found = (struct daf_view){NULL, 0};
    return found;
}
