/* SPDX-License-Identifier: Apache-2.0 */
#include "store/catalogue.h"

#include "proto/body.h"
#include "proto/payload.h"

#include <assert.h>
#include <stdlib.h>

/* One catalogue-item record that brings a content manifest. */
struct entry {
    struct daf_hash content;
    struct daf_author_id author;
    struct daf_record_id record;
    size_t manifest_len;
    uint8_t *manifest; /* owned */
};

struct daf_catalogue {
    size_t count, cap;
    struct entry *entries;
    size_t replaced_count, replaced_cap;
    struct daf_record_id *replaced; /* while it is read */
    bool is_short;
};

static void *grow(struct daf_catalogue *c, void *array, size_t count,
                  size_t *cap, size_t size)
{
    size_t more = *cap == 0 ? 16 : 2 * *cap;
    void *bigger;

    if (count < *cap) return array;
    bigger = realloc(array, more * size);
    if (bigger == NULL)
        c->is_short = true;
    else
        *cap = more;
    return bigger;
}

static void note_replaced(struct daf_catalogue *c,
                          const struct daf_catalogue_item *item)
{
    for (size_t i = 0; i < item->replaces_count; i++) {
        struct daf_record_id *bigger =
            grow(c, c->replaced, c->replaced_count, &c->replaced_cap,
                 sizeof(*c->replaced));

        if (bigger == NULL) return;
        c->replaced = bigger;
        c->replaced[c->replaced_count++] = item->replaces[i];
    }
}

static void note_entry(struct daf_catalogue *c, const struct daf_row *row,
                       struct daf_view manifest)
{
    struct entry *bigger =
        grow(c, c->entries, c->count, &c->cap, sizeof(*c->entries));
    uint8_t *copy = malloc(manifest.len);

    if (bigger != NULL) c->entries = bigger;
    if (bigger == NULL || copy == NULL) {
        free(copy);
        c->is_short = true;
        return;
    }
    memcpy(copy, manifest.p, manifest.len);
    c->entries[c->count++] = (struct entry){
        .content = daf_content_id(manifest),
        .author = row->log.author,
        .record = row->stored.spot.id,
        .manifest_len = manifest.len,
        .manifest = copy,
    };
}

static bool read_row(void *ctx, const struct daf_row *row)
{
    struct daf_catalogue *c = ctx;
    struct daf_catalogue_item item;
    struct daf_content content;
    struct daf_body body;

    if (row->stored.body_state != DAF_BODY_HELD ||
        daf_body_decode(row->stored.body, &body) != DAF_OK || body.is_sealed ||
        daf_payload_catalogue_item(body.content, &item) != DAF_OK)
        return true;
    note_replaced(c, &item);
    if (item.manifest.len > 0 &&
        daf_content_decode(item.manifest, &content) == DAF_OK)
        note_entry(c, row, item.manifest);
    return !c->is_short;
}

/* ---- order */

static int by_record(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct daf_record_id));
}

static int by_content(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = memcmp(x->content.b, y->content.b, 32);

    if (order == 0) order = memcmp(x->author.b, y->author.b, 16);
    return order != 0 ? order : memcmp(x->record.b, y->record.b, 32);
}

/* Leaves out what is replaced, and all but the first of one content. */
static void settle(struct daf_catalogue *c)
{
    size_t kept = 0;

    if (c->replaced_count > 0)
        qsort(c->replaced, c->replaced_count, sizeof(*c->replaced), by_record);
    if (c->count > 0)
        qsort(c->entries, c->count, sizeof(struct entry), by_content);
    for (size_t i = 0; i < c->count; i++) {
        struct entry *e = &c->entries[i];
        bool is_replaced = c->replaced_count > 0 &&
                           bsearch(&e->record, c->replaced, c->replaced_count,
                                   sizeof(*c->replaced), by_record) != NULL;

        if (is_replaced || (kept > 0 && memcmp(c->entries[kept - 1].content.b,
                                               e->content.b, 32) == 0))
            free(e->manifest);
        else
            c->entries[kept++] = *e;
    }
    c->count = kept;
}

enum daf_err daf_catalogue_read(struct daf_store *s,
                                const struct daf_scope_id *scope,
                                struct daf_catalogue **out)
{
    struct daf_catalogue *c = calloc(1, sizeof(*c));
    enum daf_err err;

    *out = NULL;
    if (c == NULL) return DAF_ENOMEM;
    err = daf_store_scan(s, scope, -1, read_row, c);
    if (err == DAF_OK && c->is_short) err = DAF_ENOMEM;
    if (err != DAF_OK) {
        daf_catalogue_free(c);
        return err;
    }
    settle(c);
    *out = c;
    return DAF_OK;
}

void daf_catalogue_free(struct daf_catalogue *c)
{
    if (c == NULL) return;
    for (size_t i = 0; i < c->count; i++)
        free(c->entries[i].manifest);
    free(c->entries);
    free(c->replaced);
    free(c);
}

/* ---- reading */

size_t daf_catalogue_count(const struct daf_catalogue *c)
{
    return c->count;
}

void daf_catalogue_at(const struct daf_catalogue *c, size_t index,
                      struct daf_catalogue_entry *out)
{
    const struct entry *e = &c->entries[index];
    enum daf_err err;

    assert(index < c->count);
    *out = (struct daf_catalogue_entry){
        .manifest = {e->manifest, e->manifest_len},
        .author = e->author,
        .record = e->record,
    };
    err = daf_content_decode(out->manifest, &out->content);
    assert(err == DAF_OK); /* it was read before it was kept */
    (void)err;
}

size_t daf_catalogue_place(const struct daf_catalogue *c,
                           const struct daf_hash *content)
{
    size_t low = 0, high = c->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(c->entries[middle].content.b, content->b, 32) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool daf_catalogue_find(const struct daf_catalogue *c,
                        const struct daf_hash *content,
                        struct daf_catalogue_entry *out)
{
    size_t at = daf_catalogue_place(c, content);

    if (at == c->count || memcmp(c->entries[at].content.b, content->b, 32) != 0)
        return false;
    daf_catalogue_at(c, at, out);
    return true;
}
