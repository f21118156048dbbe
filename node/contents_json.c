/* SPDX-License-Identifier: Apache-2.0 */
#include "node/contents_json.h"

#include "node/cmd.h"
#include "proto/picture.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

static json_t *text(struct daf_view v)
{
    return json_stringn((const char *)v.p, v.len);
}

/* {"ar":"..."}: the best one; {} if there is none, or none that JSON can say. */
static json_t *best(const struct daf_about_text *from, size_t count,
                    const struct daf_library_query *q)
{
    json_t *out = json_object();
    const struct daf_about_text *one;

    if (out == NULL || count == 0) return out;
    one = daf_content_best(from, count, q->languages, q->languages_count);
    (void)json_object_setn_new(out, (const char *)one->language.p,
                               one->language.len, text(one->text));
    return out;
}

/* Of texts only the title, in one language: R59 bounds it, JSON at most doubles it
 * (no control characters), and the rest is a content id and small numbers. */
static_assert((DAF_API_LIBRARY_ITEMS_MAX + DAF_API_ASSIGNED_MAX) *
                      (2 * DAF_CONTENT_TITLE_BYTES_MAX +
                       DAF_LANGUAGE_BYTES_MAX + 300) <
                  DAF_API_LIBRARY_BYTES_MAX,
              "a page fits");

static json_t *card(const struct daf_content *c,
                    const struct daf_contents_item *here,
                    const struct daf_library_query *q)
{
    return json_pack("{so so sI sb sI sI sb}", "content",
                     daf_cmd_hex(c->id.b, sizeof(c->id.b)), "title",
                     best(c->titles, c->titles_count, q), "bytes",
                     (json_int_t)c->bytes, "whole",
                     here != NULL && here->is_whole, "held",
                     (json_int_t)(here != NULL ? here->held : 0), "parts",
                     (json_int_t)daf_content_parts(c), "preview",
                     c->preview.len > 0);
}

/* NULL: it has none, or there is no memory. */
static json_t *picture(const struct daf_content *c)
{
    const int variant = sodium_base64_VARIANT_ORIGINAL;
    char text[sodium_base64_ENCODED_LEN(DAF_CONTENT_PREVIEW_BYTES_MAX,
                                        sodium_base64_VARIANT_ORIGINAL)];
    struct daf_picture p;

    if (c->preview.len == 0 || daf_picture_look(c->preview, &p) != DAF_OK)
        return NULL;
    (void)sodium_bin2base64(text, sizeof(text), c->preview.p, c->preview.len,
                            variant);
    return json_pack("{ss ss}", "type", daf_picture_type(p.kind), "base64",
                     text);
}

json_t *daf_contents_json_item(const struct daf_content *c,
                               const struct daf_contents_item *here,
                               const struct daf_library_query *q)
{
    json_t *out = card(c, here, q), *shown = picture(c);

    if (out != NULL)
        (void)json_object_set_new(out, "description",
                                  best(c->descriptions, c->descriptions_count,
                                       q));
    if (out != NULL && shown != NULL)
        (void)json_object_set(out, "picture", shown);
    json_decref(shown);
    return out;
}

/* ---- a page of them */

/* Those that are told, ascending, by their place in the catalogue: of what new
 * editions replace only what is here. */
struct told {
    size_t count, *at; /* owned */
};

static bool tell_of(const struct daf_catalogue *catalogue,
                    const struct daf_contents *contents, struct told *out)
{
    size_t all = daf_catalogue_count(catalogue);

    *out = (struct told){0, malloc((all + 1) * sizeof(*out->at))};
    for (size_t i = 0; out->at != NULL && i < all; i++) {
        const struct daf_contents_item *here = NULL;
        struct daf_catalogue_entry e;

        daf_catalogue_at(catalogue, i, &e);
        if (e.is_superseded && contents != NULL)
            here = daf_contents_find(contents, &e.content.id);
        if (!e.is_superseded || (here != NULL && here->is_whole))
            out->at[out->count++] = i;
    }
    return out->at != NULL;
}

static size_t first_of(const struct daf_catalogue *catalogue,
                       const struct told *told,
                       const struct daf_library_query *q)
{
    const size_t most = DAF_API_LIBRARY_ITEMS_MAX;
    size_t at = 0, place = 0;
    struct daf_catalogue_entry e;

    if (q->from != DAF_LIBRARY_START)
        place = daf_catalogue_place(catalogue, &q->at);
    while (at < told->count && told->at[at] < place)
        at++;
    if (q->from == DAF_LIBRARY_BEFORE) return at > most ? at - most : 0;
    if (q->from == DAF_LIBRARY_AFTER && at < told->count &&
        told->at[at] == place && daf_catalogue_find(catalogue, &q->at, &e))
        at++;
    if (at < told->count) return at;
    return told->count > most ? told->count - most : 0;
}

enum daf_err daf_contents_json_library(const struct daf_catalogue *catalogue,
                                       const struct daf_contents *contents,
                                       const struct daf_library_query *q,
                                       struct daf_library_page *page)
{
    enum daf_err err = DAF_OK;
    struct told told;

    if (!tell_of(catalogue, contents, &told)) return DAF_ENOMEM;
    page->total = told.count;
    page->skipped = first_of(catalogue, &told, q);
    for (size_t i = page->skipped;
         i < page->total && i - page->skipped < DAF_API_LIBRARY_ITEMS_MAX;
         i++) {
        const struct daf_contents_item *here = NULL;
        struct daf_catalogue_entry e;

        daf_catalogue_at(catalogue, told.at[i], &e);
        if (contents != NULL) here = daf_contents_find(contents, &e.content.id);
        if (json_array_append_new(page->items, card(&e.content, here, q)) != 0)
            err = DAF_ENOMEM;
    }
    free(told.at);
    return err;
}

/* ---- what is assigned */

/* The next day first, then none, then days past, the last of them first. */
static uint64_t place_of(const struct daf_wanting_item *it, uint32_t today)
{
    if (!it->has_due) return UINT32_MAX;
    if (it->due >= today) return it->due;
    return (uint64_t)2 * UINT32_MAX - it->due;
}

static bool is_before(const struct daf_wanting_item *a,
                      const struct daf_wanting_item *b, uint32_t today)
{
    uint64_t x = place_of(a, today), y = place_of(b, today);

    return x != y ? x < y : memcmp(&a->content, &b->content, 32) < 0;
}

/* Enters it where it belongs among the first so many. */
static size_t enter(const struct daf_wanting_item **first, size_t count,
                    const struct daf_wanting_item *it, uint32_t today)
{
    size_t at = count;

    while (at > 0 && is_before(it, first[at - 1], today))
        at--;
    if (at == DAF_API_ASSIGNED_MAX) return count;
    if (count == DAF_API_ASSIGNED_MAX) count--;
    memmove(&first[at + 1], &first[at], (count - at) * sizeof(*first));
    first[at] = it;
    return count + 1;
}

enum daf_err daf_contents_json_assigned(const struct daf_wants *wants,
                                        const struct daf_contents *contents,
                                        const struct daf_library_query *q,
                                        uint32_t today, json_t *out)
{
    const struct daf_wanting_item *first[DAF_API_ASSIGNED_MAX];
    size_t count = 0;

    for (size_t i = 0; i < wants->count; i++)
        if (wants->items[i].reason == DAF_REASON_ASSIGNED)
            count = enter(first, count, &wants->items[i], today);
    for (size_t i = 0; i < count; i++) {
        char day[DAF_DAY_TEXT_BYTES];
        struct daf_catalogue_entry e;
        json_t *one;

        if (!daf_catalogue_find(wants->catalogue, &first[i]->content, &e))
            continue;
        one = card(&e.content,
                   contents != NULL ? daf_contents_find(contents, &e.content.id)
                                    : NULL,
                   q);
        if (one != NULL)
            (void)json_object_set_new(
                one, "due",
                first[i]->has_due
                    ? json_string(daf_wants_day(first[i]->due, day))
                    : json_null());
        if (json_array_append_new(out, one) != 0) return DAF_ENOMEM;
    }
    return DAF_OK;
}

json_t *daf_contents_json_files(struct daf_view list, size_t most)
{
    json_t *out = json_array();
    struct daf_cursor at;
    size_t count;

    daf_cursor_init(&at, list);
    count = daf_cursor_array(&at, DAF_CONTENT_FILES_MAX);
    daf_filelist_begin(&at, list);
    for (size_t i = 0; out != NULL && i < count && i < most; i++) {
        struct daf_filelist_file f;

        daf_filelist_next(&at, &f);
        (void)json_array_append_new(out, json_pack("[oI]", text(f.path),
                                                   (json_int_t)f.size));
    }
    return out;
}
