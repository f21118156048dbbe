/* SPDX-License-Identifier: Apache-2.0 */
/* daftar library: what there is to learn, and how much of it is here. */
#include "node/cmd_content.h"
#include "node/size.h"

#include <stdio.h>

static json_t *texts_json(const struct daf_about_text *texts, size_t count)
{
    json_t *out = json_object();

    for (size_t i = 0; out != NULL && i < count; i++)
        (void)json_object_setn_new(out, (const char *)texts[i].language.p,
                                   texts[i].language.len,
                                   json_stringn((const char *)texts[i].text.p,
                                                texts[i].text.len));
    return out;
}

static json_t *languages_json(const struct daf_content *c)
{
    json_t *out = json_array();

    for (size_t i = 0; out != NULL && i < c->languages_count; i++)
        (void)json_array_append_new(
            out,
            json_stringn((const char *)c->languages[i].p, c->languages[i].len));
    return out;
}

static void put_texts(json_t *line, const struct daf_content *c)
{
    for (int i = 0; i < DAF_ABOUT_COUNT; i++) {
        struct daf_view text = c->texts[i];

        if (text.len > 0)
            (void)json_object_set_new(line,
                                      daf_content_about_str((enum daf_about)i),
                                      json_stringn((const char *)text.p,
                                                   text.len));
    }
}

static bool is_true(const json_t *state, const char *key)
{
    return json_is_true(json_object_get(state, key));
}

static json_int_t number(const json_t *state, const char *key)
{
    return json_integer_value(json_object_get(state, key));
}

static void print_json(const struct daf_cmd_content *c,
                       const struct daf_catalogue_entry *e, json_t *state)
{
    static const char *const copied[] = {"held", "fetched", "reserved",
                                         "sources", "stuck"};
    const struct daf_content *content = &e->content;
    char title[DAF_CONTENT_TITLE_BYTES_MAX + 1], path[DAF_HOME_PATH_MAX];
    bool is_whole = is_true(state, "whole");
    json_t *line;

    daf_cmd_content_title(content, title);
    daf_cmd_content_path(&c->view.home, &content->id, path);
    line = json_pack(
        "{so so so so so sI sI sI sb sb sb sb so so}", "content",
        daf_cmd_hex(content->id.b, 32), "title", daf_cmd_text(title), "titles",
        texts_json(content->titles, content->titles_count), "descriptions",
        texts_json(content->descriptions, content->descriptions_count),
        "languages", languages_json(content), "bytes",
        (json_int_t)content->bytes, "files", (json_int_t)content->files,
        "parts", (json_int_t)daf_content_parts(content), "whole", is_whole,
        "wanted", is_true(state, "wanted"), "pinned", is_true(state, "pinned"),
        "published", is_true(state, "published"), "path",
        is_whole ? daf_cmd_text(path) : json_null(), "publisher_device",
        daf_cmd_hex(e->author.b, sizeof(e->author.b)));
    put_texts(line, content);
    for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++) {
        json_t *value = json_object_get(state, copied[i]);

        (void)json_object_set_new(line, copied[i],
                                  value != NULL ? json_incref(value)
                                  : i == 4      ? json_string("")
                                                : json_integer(0));
    }
    daf_cmd_print(line);
}

/* "here", "45 %", "wanted", "-" */
static void state_text(const json_t *state, char out[24])
{
    json_int_t held = number(state, "held"), parts = number(state, "parts");
    const char *stuck = json_string_value(json_object_get(state, "stuck"));

    if (is_true(state, "whole"))
        (void)snprintf(out, 24, "%s",
                       is_true(state, "pinned") ? "here, pinned" : "here");
    else if (stuck != NULL && stuck[0] != '\0')
        (void)snprintf(out, 24, "stuck: %.12s", stuck);
    else if (held > 0 && parts > 0)
        (void)snprintf(out, 24, "%d %%", (int)(held * 100 / parts));
    else
        (void)snprintf(out, 24, "%s",
                       is_true(state, "wanted") ? "wanted" : "-");
}

static void print_text(const struct daf_catalogue_entry *e, json_t *state)
{
    char title[DAF_CONTENT_TITLE_BYTES_MAX + 1], size[DAF_SIZE_TEXT_MAX];
    char hex[2 * sizeof(e->content.id.b) + 1], words[24];

    daf_cmd_content_title(&e->content, title);
    daf_size_text(e->content.bytes, size);
    state_text(state, words);
    (void)printf("%.12s  %8s  %-14s  ",
                 daf_cmd_hex_str(e->content.id.b, sizeof(e->content.id.b), hex),
                 size, words);
    (void)daf_cmd_put_text(title);
    (void)printf("\n");
}

enum daf_exit daf_cmd_library(const struct daf_cmd *cmd)
{
    struct daf_trouble t = {""};
    struct daf_cmd_content c;
    enum daf_err err = daf_cmd_content_open(cmd, &c, &t);
    size_t count;

    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    count = daf_catalogue_count(c.catalogue);
    for (size_t i = 0; i < count; i++) {
        struct daf_catalogue_entry e;
        json_t *state;

        daf_catalogue_at(c.catalogue, i, &e);
        state = daf_cmd_content_state(&c, &e.content.id);
        if (cmd->json)
            print_json(&c, &e, state);
        else
            print_text(&e, state);
    }
    if (count == 0 && !cmd->json)
        (void)printf("Nothing has been published yet, or nobody who knows of "
                     "it was met. `daftar publish FOLDER` adds lessons.\n");
    daf_cmd_content_close(&c);
    return DAF_EXIT_DONE;
}
