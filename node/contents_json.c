/* SPDX-License-Identifier: Apache-2.0 */
#include "node/contents_json.h"

#include "node/cmd.h"

static json_t *text(struct daf_view v)
{
    return json_stringn((const char *)v.p, v.len);
}

static json_t *texts(const struct daf_about_text *from, size_t count)
{
    json_t *out = json_object();

    for (size_t i = 0; out != NULL && i < count; i++)
        (void)json_object_setn_new(out, (const char *)from[i].language.p,
                                   from[i].language.len, text(from[i].text));
    return out;
}

static json_t *languages(const struct daf_content *c)
{
    json_t *out = json_array();

    for (size_t i = 0; out != NULL && i < c->languages_count; i++)
        (void)json_array_append_new(out, text(c->languages[i]));
    return out;
}

static json_t *item_of(const struct daf_content *c,
                       const struct daf_contents_item *here)
{
    json_t *out =
        json_pack("{so so so so sI sb sI sI}", "content",
                  daf_cmd_hex(c->id.b, sizeof(c->id.b)), "titles",
                  texts(c->titles, c->titles_count), "descriptions",
                  texts(c->descriptions, c->descriptions_count), "languages",
                  languages(c), "bytes", (json_int_t)c->bytes, "whole",
                  here != NULL && here->is_whole, "held",
                  (json_int_t)(here != NULL ? here->held : 0), "parts",
                  (json_int_t)daf_content_parts(c));

    for (int i = 0; out != NULL && i < DAF_ABOUT_COUNT; i++) {
        if (c->texts[i].len > 0)
            (void)json_object_set_new(out,
                                      daf_content_about_str((enum daf_about)i),
                                      text(c->texts[i]));
    }
    return out;
}

enum daf_err daf_contents_json_library(const struct daf_catalogue *catalogue,
                                       const struct daf_contents *contents,
                                       json_t *items)
{
    for (size_t i = 0; i < daf_catalogue_count(catalogue); i++) {
        struct daf_catalogue_entry e;

        daf_catalogue_at(catalogue, i, &e);
        if (json_array_append_new(
                items, item_of(&e.content,
                               daf_contents_find(contents, &e.content.id))) !=
            0)
            return DAF_ENOMEM;
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
