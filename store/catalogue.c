/* SPDX-License-Identifier: Apache-2.0 */
#include "store/catalogue.h"

#include "proto/body.h"
#include "proto/payload.h"

#include <assert.h>
#include <stdlib.h>

/* A catalogue-item record. */
struct entry {
    struct daf_hash content; /* if it brings a content manifest */
    struct daf_author_id author;
    struct daf_record_id record;
    size_t manifest_len; /* 0: it brings none, or none that can be read */
    uint8_t *manifest;   /* owned; of each content the first entry has one */
    size_t replaces, replaces_count; /* in `replaced` */
    bool is_replaced;
    bool
        has_by; /* it, or what replaces it and so on, leads to one that stands */
    struct daf_hash by; /* the lowest of their content ids */
};

struct daf_catalogue {
    size_t count, cap;
    struct entry *entries;
    size_t replaced_count, replaced_cap;
    struct daf_record_id *replaced;
    size_t shown_count;
    struct entry **shown; /* of each content one, ascending */
    bool is_short;
    daf_catalogue_counts_fn counts; /* NULL: all do */
    void *counts_ctx;
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
                       const struct daf_catalogue_item *item)
{
    struct entry *bigger =
        grow(c, c->entries, c->count, &c->cap, sizeof(*c->entries));
    struct daf_content content;
    struct entry *e;

    if (bigger == NULL) return;
    c->entries = bigger;
    e = &c->entries[c->count];
    *e = (struct entry){.author = row->log.author,
                        .record = row->stored.spot.id,
                        .replaces = c->replaced_count,
                        .replaces_count = item->replaces_count};
    if (item->manifest.len > 0 &&
        daf_content_decode(item->manifest, &content) == DAF_OK) {
        e->manifest = malloc(item->manifest.len);
        c->is_short = e->manifest == NULL;
        if (c->is_short) return;
        memcpy(e->manifest, item->manifest.p, item->manifest.len);
        e->manifest_len = item->manifest.len;
        e->content = content.id;
    }
    c->count++;
    note_replaced(c, item);
}

static bool read_row(void *ctx, const struct daf_row *row)
{
    struct daf_catalogue *c = ctx;
    struct daf_catalogue_item item;
    struct daf_body body;

    if (row->stored.body_state != DAF_BODY_HELD ||
        (c->counts != NULL && !c->counts(c->counts_ctx, row)) ||
        daf_body_decode(row->stored.body, &body) != DAF_OK || body.is_sealed ||
        daf_payload_catalogue_item(body.content, &item) != DAF_OK)
        return true;
    note_entry(c, row, &item);
    return !c->is_short;
}

/* ---- order */

static int by_record(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    return memcmp(x->record.b, y->record.b, sizeof(x->record.b));
}

/* What stands before what does not, and what leads to one that stands before what
 * does not; with no manifest last of all. */
static int by_content(const void *a, const void *b)
{
    const struct entry *x = *(struct entry *const *)a;
    const struct entry *y = *(struct entry *const *)b;
    int order = memcmp(x->content.b, y->content.b, 32);

    if (order == 0) order = (int)x->is_replaced - (int)y->is_replaced;
    if (order == 0) order = (int)y->has_by - (int)x->has_by;
    if (order == 0) order = memcmp(x->by.b, y->by.b, 32);
    if (order == 0) order = memcmp(x->author.b, y->author.b, 16);
    return order != 0 ? order : memcmp(x->record.b, y->record.b, 32);
}

static struct entry *entry_of(struct daf_catalogue *c,
                              const struct daf_record_id *record)
{
    const struct entry key = {.record = *record};

    if (c->count == 0) return NULL;
    return bsearch(&key, c->entries, c->count, sizeof(key), by_record);
}

/* All that @from replaces, and that replaces, and so on: @from stands for it, but
 * where another does already.  No recursion: who chains 10^5 editions has done so on
 * purpose.  @room: for all entries; each comes in once, so rings end, too. */
static void stand_for(struct daf_catalogue *c, const struct entry *from,
                      const struct entry **room)
{
    size_t open = 0;

    room[open++] = from;
    while (open > 0) {
        const struct entry *e = room[--open];

        for (size_t i = 0; i < e->replaces_count; i++) {
            struct entry *old = entry_of(c, &c->replaced[e->replaces + i]);

            if (old == NULL || old->has_by) continue;
            old->has_by = true;
            old->by = from->content;
            room[open++] = old;
        }
    }
}

/* c->shown: those with a manifest, ascending; what stands first. */
static void order(struct daf_catalogue *c)
{
    c->shown_count = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (c->entries[i].manifest_len > 0)
            c->shown[c->shown_count++] = &c->entries[i];
    }
    if (c->shown_count > 0)
        qsort(c->shown, c->shown_count, sizeof(*c->shown), by_content);
}

/* Of each content one entry is shown: one that stands, or one that leads to one that
 * stands.  What was taken back is not. */
static void show(struct daf_catalogue *c)
{
    const struct entry *before = NULL;
    size_t kept = 0;

    for (size_t i = 0; i < c->shown_count; i++) {
        struct entry *e = c->shown[i];
        bool is_first =
            before == NULL || memcmp(before->content.b, e->content.b, 32) != 0;

        before = e;
        if (is_first && (!e->is_replaced || e->has_by)) {
            c->shown[kept++] = e;
            continue;
        }
        free(e->manifest);
        e->manifest = NULL;
    }
    c->shown_count = kept;
}

static enum daf_err settle(struct daf_catalogue *c)
{
    const struct entry **room = malloc((c->count + 1) * sizeof(struct entry *));

    c->shown = malloc((c->count + 1) * sizeof(struct entry *));
    if (room == NULL || c->shown == NULL) {
        free(room);
        return DAF_ENOMEM;
    }
    if (c->count > 0)
        qsort(c->entries, c->count, sizeof(struct entry), by_record);
    for (size_t i = 0; i < c->replaced_count; i++) {
        struct entry *old = entry_of(c, &c->replaced[i]);

        if (old != NULL) old->is_replaced = true;
    }
    order(c);
    for (size_t i = 0; i < c->shown_count; i++) {
        if (!c->shown[i]->is_replaced) stand_for(c, c->shown[i], room);
    }
    order(c);
    show(c);
    free(room);
    return DAF_OK;
}

enum daf_err daf_catalogue_read(struct daf_store *s,
                                const struct daf_scope_id *scope,
                                struct daf_catalogue **out)
{
    return daf_catalogue_read_of(s, scope, NULL, NULL, out);
}

enum daf_err daf_catalogue_read_of(struct daf_store *s,
                                   const struct daf_scope_id *scope,
                                   daf_catalogue_counts_fn counts, void *ctx,
                                   struct daf_catalogue **out)
{
    struct daf_catalogue *c = calloc(1, sizeof(*c));
    enum daf_err err;

    *out = NULL;
    if (c == NULL) return DAF_ENOMEM;
    c->counts = counts;
    c->counts_ctx = ctx;
    err = daf_store_scan(s, scope, -1, read_row, c);
    if (err == DAF_OK && c->is_short) err = DAF_ENOMEM;
    if (err == DAF_OK) err = settle(c);
    if (err != DAF_OK) {
        daf_catalogue_free(c);
        return err;
    }
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
    free(c->shown);
    free(c);
}

/* ---- reading */

size_t daf_catalogue_count(const struct daf_catalogue *c)
{
    return c->shown_count;
}

void daf_catalogue_at(const struct daf_catalogue *c, size_t index,
                      struct daf_catalogue_entry *out)
{
    const struct entry *e;
    enum daf_err err;

    assert(index < c->shown_count);
    e = c->shown[index];
    *out = (struct daf_catalogue_entry){
        .manifest = {e->manifest, e->manifest_len},
        .author = e->author,
        .record = e->record,
        .is_superseded = e->is_replaced,
        .superseded_by = e->by,
    };
    err = daf_content_decode(out->manifest, &out->content);
    assert(err == DAF_OK); /* it was read before it was kept */
    (void)err;
}

size_t daf_catalogue_place(const struct daf_catalogue *c,
                           const struct daf_hash *content)
{
    size_t low = 0, high = c->shown_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(c->shown[middle]->content.b, content->b, 32) < 0)
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

    if (at == c->shown_count ||
        memcmp(c->shown[at]->content.b, content->b, 32) != 0)
        return false;
    daf_catalogue_at(c, at, out);
    return true;
}

size_t daf_catalogue_records(const struct daf_catalogue *c,
                             const struct daf_hash *content,
                             struct daf_record_id *out, size_t most)
{
    size_t count = 0;

    /* First those that stand. */
    for (int is_replaced = 0; is_replaced < 2; is_replaced++) {
        for (size_t i = 0; i < c->count; i++) {
            const struct entry *e = &c->entries[i];

            if (e->manifest_len == 0 || e->is_replaced != (is_replaced == 1) ||
                memcmp(e->content.b, content->b, 32) != 0)
                continue;
            if (count < most) out[count] = e->record;
            count++;
        }
    }
    return count;
}
