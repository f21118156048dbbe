/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/payload_fields.h"

#include <assert.h>

static void pack_number(struct daf_pack *k, const char *key, uint64_t number)
{
    daf_payload_fields_pack_text(k, key);
    daf_pack_uint(k, number);
}

void daf_payload_pack_clock(struct daf_pack *k,
                            const struct daf_clock_fix *clock)
{
    bool has_replaces = clock->replaces_count > 0;

    assert(clock->has_value || has_replaces);
    assert(clock->replaces_count <= DAF_REPLACES_MAX);
    daf_payload_fields_begin(k, DAF_TYPE_CLOCK,
                             (clock->has_value ? 4 : 0) + (size_t)has_replaces);
    if (clock->has_value) {
        pack_number(k, "boot", clock->boot);
        pack_number(k, "claimed", clock->claimed_ms);
        pack_number(k, "real", clock->real_ms);
    }
    daf_payload_fields_pack_replaces(k, clock->replaces, clock->replaces_count);
    if (!clock->has_value) return;
    daf_payload_fields_pack_text(k, "who");
    daf_pack_bin(k, clock->who.b, sizeof(clock->who.b));
}

/* What the first is, each of the others is: there, or not. */
static uint64_t read_number(struct daf_payload_fields *f, const char *key,
                            bool has_value)
{
    bool is_there = daf_payload_fields_find(f, key);

    daf_payload_fields_require(&f->c, is_there == has_value, f->c.at);
    return is_there ? daf_cursor_uint(&f->c, DAF_INT_MAX) : 0;
}

enum daf_err daf_payload_clock(struct daf_view payload,
                               struct daf_clock_fix *out)
{
    struct daf_payload_fields f;
    enum daf_err err;

    memset(out, 0, sizeof(*out));
    daf_payload_fields_open(&f, payload, DAF_TYPE_CLOCK);
    out->has_value = daf_payload_fields_find(&f, "boot");
    if (out->has_value) out->boot = daf_cursor_uint(&f.c, DAF_INT_MAX);
    out->claimed_ms = read_number(&f, "claimed", out->has_value);
    out->real_ms = read_number(&f, "real", out->has_value);
    if (daf_payload_fields_find(&f, "replaces"))
        out->replaces_count = daf_payload_fields_replaces(&f.c, out->replaces);
    daf_payload_fields_require(
        &f.c, daf_payload_fields_find(&f, "who") == out->has_value, f.c.at);
    if (out->has_value)
        daf_cursor_bin_into(&f.c, out->who.b, sizeof(out->who.b));
    daf_payload_fields_require(&f.c, out->has_value || out->replaces_count > 0,
                               0);
    err = daf_payload_fields_close(&f);
    if (err != DAF_OK) memset(out, 0, sizeof(*out));
    return err;
}
