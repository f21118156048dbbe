/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/payload_fields.h"

#include <assert.h>

void daf_payload_pack_assignment(struct daf_pack *k,
                                 const struct daf_assignment *a)
{
    assert(a->items_count + a->replaces_count + a->air.len > 0);
    assert(a->air.len <= DAF_AIR_WORD_BYTES_MAX);
    assert(a->air.len == 0 || a->has_device);
    assert(a->items_count <= DAF_ASSIGNMENT_ITEMS_MAX);
    assert(!a->has_due || a->due <= DAF_DAY_MAX);
    daf_payload_fields_begin(k, DAF_TYPE_ASSIGNMENT,
                             (size_t)(a->air.len > 0) + a->has_device +
                                 a->has_due + (a->items_count > 0) +
                                 a->has_lesson + (a->replaces_count > 0));
    if (a->air.len > 0) {
        daf_payload_fields_pack_text(k, "air");
        daf_payload_fields_pack_view(k, a->air);
    }
    if (a->has_device) {
        daf_payload_fields_pack_text(k, "device");
        daf_pack_bin(k, a->device.b, sizeof(a->device.b));
    }
    if (a->has_due) {
        daf_payload_fields_pack_text(k, "due");
        daf_pack_uint(k, a->due);
    }
    if (a->items_count > 0) {
        daf_payload_fields_pack_text(k, "items");
        daf_pack_array(k, a->items_count);
    }
    for (size_t i = 0; i < a->items_count; i++)
        daf_payload_fields_pack_view(k, a->items[i]);
    if (a->has_lesson) {
        daf_payload_fields_pack_text(k, "lesson");
        daf_pack_bin(k, a->lesson.b, sizeof(a->lesson.b));
    }
    daf_payload_fields_pack_replaces(k, a->replaces, a->replaces_count);
}

static void read_items(struct daf_cursor *c, struct daf_assignment *out)
{
    size_t start = c->at;

    out->items_count = daf_cursor_array(c, DAF_ASSIGNMENT_ITEMS_MAX);
    for (size_t i = 0; i < out->items_count && daf_cursor_ok(c); i++) {
        out->items[i] = daf_cursor_str(c, DAF_ITEM_BYTES_MAX);
        daf_payload_fields_require(c, out->items[i].len > 0, start);
    }
    daf_payload_fields_require(c, out->items_count > 0, start);
}

/* A word; shown to people, and hashed. */
static struct daf_view read_air(struct daf_cursor *c)
{
    size_t start = c->at;
    struct daf_view v = daf_cursor_str(c, DAF_AIR_WORD_BYTES_MAX);
    bool good = v.len > 0;

    for (size_t i = 0; i < v.len; i++)
        good = good && v.p[i] >= 0x20 && v.p[i] != 0x7f;
    daf_payload_fields_require(c, good, start);
    return v;
}

static bool read_bin(struct daf_payload_fields *f, const char *key,
                     uint8_t *out, size_t len)
{
    if (!daf_payload_fields_find(f, key)) return false;
    daf_cursor_bin_into(&f->c, out, len);
    return true;
}

enum daf_err daf_payload_assignment(struct daf_view payload,
                                    struct daf_assignment *out)
{
    struct daf_payload_fields f;
    uint8_t sig[64];
    enum daf_err err;

    memset(out, 0, sizeof(*out));
    daf_payload_fields_open(&f, payload, DAF_TYPE_ASSIGNMENT);
    if (daf_payload_fields_find(&f, "air")) out->air = read_air(&f.c);
    out->has_device =
        read_bin(&f, "device", out->device.b, sizeof(out->device.b));
    out->has_due = daf_payload_fields_find(&f, "due");
    if (out->has_due) out->due = (uint32_t)daf_cursor_uint(&f.c, DAF_DAY_MAX);
    if (daf_payload_fields_find(&f, "items")) read_items(&f.c, out);
    out->has_lesson =
        read_bin(&f, "lesson", out->lesson.b, sizeof(out->lesson.b));
    out->has_person =
        read_bin(&f, "person", out->person.b, sizeof(out->person.b));
    if (daf_payload_fields_find(&f, "replaces"))
        out->replaces_count = daf_payload_fields_replaces(&f.c, out->replaces);
    /* One is nothing without the other. */
    daf_payload_fields_require(
        &f.c, read_bin(&f, "sig", sig, sizeof(sig)) == out->has_person, 0);
    out->has_subject =
        read_bin(&f, "subject", out->subject.b, sizeof(out->subject.b));
    daf_payload_fields_require(&f.c, out->air.len == 0 || out->has_device, 0);
    daf_payload_fields_require(&f.c,
                               out->items_count > 0 ||
                                   out->replaces_count > 0 || out->air.len > 0,
                               0);
    err = daf_payload_fields_close(&f);
    if (err != DAF_OK) memset(out, 0, sizeof(*out));
    return err;
}

static int digit(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool daf_payload_item_content(struct daf_view item, struct daf_hash *out)
{
    if (item.len != 2 * sizeof(out->b)) return false;
    for (size_t i = 0; i < sizeof(out->b); i++) {
        int high = digit(item.p[2 * i]), low = digit(item.p[2 * i + 1]);

        if (high < 0 || low < 0) return false;
        out->b[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
