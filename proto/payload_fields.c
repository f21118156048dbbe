/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/payload_fields.h"

#include <assert.h>

bool daf_payload_fields_is_named(struct daf_view name, const char *as)
{
    return name.len == strlen(as) && name.len > 0 &&
           memcmp(name.p, as, name.len) == 0;
}

void daf_payload_fields_open(struct daf_payload_fields *f,
                             struct daf_view payload, enum daf_type type)
{
    struct daf_view name;

    memset(f, 0, sizeof(*f));
    daf_cursor_init(&f->c, payload);
    /* As a whole first: skipping a field counts its depth from there (R1). */
    if (daf_cursor_check(payload, NULL) != DAF_OK)
        daf_cursor_fail(&f->c, DAF_EFORM, 0);
    daf_cursor_array_of(&f->c, 2);
    name = daf_cursor_str(&f->c, DAF_TYPE_BYTES_MAX);
    if (!daf_payload_fields_is_named(name, daf_payload_type_str(type)))
        daf_cursor_fail(&f->c, DAF_EFORM, 0);
    f->left = daf_cursor_map(&f->c, SIZE_MAX);
}

/* Goes on to the field called @key, so that its value is next.  Ask for fields
 * in ascending order: keys ascend, so a greater one means that @key is missing. */
bool daf_payload_fields_find(struct daf_payload_fields *f, const char *key)
{
    size_t len = strlen(key);

    for (;;) {
        size_t common;
        int order;

        if (!f->is_waiting) {
            if (f->left == 0 || !daf_cursor_ok(&f->c)) return false;
            (void)daf_cursor_key(&f->c, &f->key);
            f->left--;
            f->is_waiting = true;
        }
        if (!daf_cursor_ok(&f->c)) return false;
        common = f->key.len < len ? f->key.len : len;
        order = memcmp(f->key.p, key, common);
        if (order == 0 && f->key.len == len) {
            f->is_waiting = false;
            return true;
        }
        if (order > 0 || (order == 0 && f->key.len > len)) return false;
        daf_cursor_skip(&f->c);
        f->is_waiting = false;
    }
}

void daf_payload_fields_need(struct daf_payload_fields *f, const char *key)
{
    if (!daf_payload_fields_find(f, key))
        daf_cursor_fail(&f->c, DAF_EFORM, f->c.at);
}

/* Walks over what is left.  DAF_OK if the payload is whole and well formed. */
enum daf_err daf_payload_fields_close(struct daf_payload_fields *f)
{
    while (daf_cursor_ok(&f->c) && (f->is_waiting || f->left > 0)) {
        if (!f->is_waiting) {
            (void)daf_cursor_key(&f->c, &f->key);
            f->left--;
        }
        f->is_waiting = false;
        daf_cursor_skip(&f->c);
    }
    (void)daf_cursor_done(&f->c);
    return f->c.err;
}

void daf_payload_fields_require(struct daf_cursor *c, bool holds, size_t start)
{
    if (!holds) daf_cursor_fail(c, DAF_EFORM, start);
}

void daf_payload_fields_second(struct daf_cursor *c,
                               struct daf_author_id *out_who,
                               struct daf_view *out_sig)
{
    size_t start = c->at;

    daf_cursor_array_of(c, 2);
    daf_cursor_bin_into(c, out_who->b, sizeof(out_who->b));
    *out_sig = daf_cursor_bin(c, sizeof(struct daf_sig));
    daf_payload_fields_require(c, out_sig->len == sizeof(struct daf_sig),
                               start);
}

void daf_payload_fields_pack_text(struct daf_pack *k, const char *text)
{
    daf_pack_str(k, text, strlen(text));
}

void daf_payload_fields_pack_view(struct daf_pack *k, struct daf_view text)
{
    daf_pack_str(k, (const char *)text.p, text.len);
}

void daf_payload_fields_begin(struct daf_pack *k, enum daf_type type,
                              size_t fields)
{
    daf_pack_array(k, 2);
    daf_payload_fields_pack_text(k, daf_payload_type_str(type));
    daf_pack_map(k, fields);
}

size_t daf_payload_fields_replaces(struct daf_cursor *c,
                                   struct daf_record_id out[DAF_REPLACES_MAX])
{
    size_t start = c->at;
    size_t count = daf_cursor_array(c, DAF_REPLACES_MAX);

    for (size_t i = 0; i < count && daf_cursor_ok(c); i++)
        daf_cursor_bin_into(c, out[i].b, sizeof(out[i].b));
    daf_payload_fields_require(c, count > 0, start);
    return count;
}

void daf_payload_fields_pack_replaces(struct daf_pack *k,
                                      const struct daf_record_id *replaces,
                                      size_t count)
{
    assert(count <= DAF_REPLACES_MAX);
    if (count == 0) return;
    daf_payload_fields_pack_text(k, "replaces");
    daf_pack_array(k, count);
    for (size_t i = 0; i < count; i++)
        daf_pack_bin(k, replaces[i].b, sizeof(replaces[i].b));
}
