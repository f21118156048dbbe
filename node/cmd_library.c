/* SPDX-License-Identifier: Apache-2.0 */
/* daftar library: what there is to learn, and how much of it is here. */
#include "node/clock.h"
#include "node/cmd_content.h"
#include "node/size.h"
#include "proto/picture.h"

#include <stdio.h>
#include <string.h>

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

/* Its type and size; the picture itself is for pages. */
static void put_preview(json_t *line, const struct daf_content *c)
{
    struct daf_picture p;
    bool has = c->preview.len > 0 && daf_picture_look(c->preview, &p) == DAF_OK;

    (void)json_object_set_new(line, "preview",
                              has ? json_pack("{ss sI sI sI}", "type",
                                              daf_picture_type(p.kind), "bytes",
                                              (json_int_t)c->preview.len,
                                              "width", (json_int_t)p.width,
                                              "height", (json_int_t)p.height)
                                  : json_null());
}

static bool is_true(const json_t *state, const char *key)
{
    return json_is_true(json_object_get(state, key));
}

static json_int_t number(const json_t *state, const char *key)
{
    return json_integer_value(json_object_get(state, key));
}

/* Why it is to be here, by when, and whether that will be. */
static void put_wants(json_t *line, const struct daf_wanting_item *it,
                      const json_t *state)
{
    char day[DAF_DAY_TEXT_BYTES];
    const char *reason = daf_wanting_reason_str(it->reason);

    (void)json_object_set_new(line, "reason",
                              reason != NULL ? json_string(reason)
                                             : json_null());
    (void)json_object_set_new(line, "due",
                              it->has_due
                                  ? json_string(daf_wants_day(it->due, day))
                                  : json_null());
    (void)json_object_set_new(
        line, "late",
        json_boolean(daf_wants_is_late(it, daf_clock_wall().ms,
                                       (uint64_t)number(state, "eta_s"))));
}

/* [{"author","since_ms","before","revoked"}…]; none where no daemon knows. */
static json_t *kept_by(const json_t *state)
{
    json_t *list = json_object_get(state, "kept_by");

    return list != NULL ? json_incref(list) : json_array();
}

static void print_json(const struct daf_cmd_content *c,
                       const struct daf_catalogue_entry *e,
                       const struct daf_wanting_item *it, json_t *state)
{
    static const char *const copied[] = {"held",    "fetched", "reserved",
                                         "sources", "rate",    "place",
                                         "stuck",   "waiting", "eta_s"};
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
    (void)json_object_set_new(line, "superseded_by",
                              e->is_superseded
                                  ? daf_cmd_hex(e->superseded_by.b,
                                                sizeof(e->superseded_by.b))
                                  : json_null());
    put_texts(line, content);
    put_preview(line, content);
    put_wants(line, it, state);
    for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++) {
        json_t *value = json_object_get(state, copied[i]);

        (void)json_object_set_new(line, copied[i],
                                  value != NULL ? json_incref(value)
                                  : i < 6       ? json_integer(0)
                                  : i < 8       ? json_string("")
                                                : json_null());
    }
    (void)json_object_set_new(line, "kept_by", kept_by(state));
    daf_cmd_print(line);
}

/* "40 s", "12 min", "5 h" */
static void time_text(json_int_t seconds, char out[24])
{
    if (seconds < 120)
        (void)snprintf(out, 24, "%lld s", (long long)seconds);
    else if (seconds < 7200)
        (void)snprintf(out, 24, "%lld min", (long long)seconds / 60);
    else
        (void)snprintf(out, 24, "%lld h", (long long)seconds / 3600);
}

/* Of what is wanted and not here: how far it is, and what it waits for. */
static void coming_text(const json_t *state, char *out, size_t len)
{
    json_int_t held = number(state, "held"), parts = number(state, "parts");
    const char *waiting = json_string_value(json_object_get(state, "waiting"));
    char rate[DAF_SIZE_TEXT_MAX], time[24];
    int at = parts > 0 && held > 0
                 ? snprintf(out, len, "%d %%, ", (int)(held * 100 / parts))
                 : 0;

    out += at;
    len -= (size_t)at;
    if (waiting != NULL && strcmp(waiting, "source") == 0) {
        (void)snprintf(out, len, "nobody here has it");
    } else if (waiting != NULL && strcmp(waiting, "turn") == 0) {
        (void)snprintf(out, len, "number %d in line",
                       (int)number(state, "place"));
    } else if (number(state, "rate") > 0) {
        daf_size_text((uint64_t)number(state, "rate"), rate);
        time_text(number(state, "eta_s"), time);
        (void)snprintf(out, len, "%s/s, %s", rate, time);
    } else {
        (void)snprintf(out, len, "wanted");
    }
}

/* "here", "45 %, 2.1 MB/s, 40 s", "number 3 in line", "-" */
static void state_text(const json_t *state, char out[48])
{
    const char *stuck = json_string_value(json_object_get(state, "stuck"));

    if (is_true(state, "whole"))
        (void)snprintf(out, 48, "%s",
                       is_true(state, "pinned") ? "here, pinned" : "here");
    else if (stuck != NULL && stuck[0] != '\0')
        (void)snprintf(out, 48, "stuck: %.12s", stuck);
    else if (is_true(state, "wanted"))
        coming_text(state, out, 48);
    else if (number(state, "held") > 0 && number(state, "parts") > 0)
        (void)snprintf(out, 48, "%d %%",
                       (int)(number(state, "held") * 100 /
                             number(state, "parts")));
    else
        (void)snprintf(out, 48, "-");
}

/* "assigned, due 2026-03-01, late"; "" if it is nobody's wish but a person's. */
static void reason_text(const struct daf_wanting_item *it, const json_t *state,
                        char out[64])
{
    char day[DAF_DAY_TEXT_BYTES];
    bool is_late = daf_wants_is_late(it, daf_clock_wall().ms,
                                     (uint64_t)number(state, "eta_s"));

    out[0] = '\0';
    if (it->reason != DAF_REASON_ASSIGNED && it->reason != DAF_REASON_CHANNEL &&
        it->reason != DAF_REASON_NEXT)
        return;
    (void)snprintf(out, 64, "  (%s%s%s%s)", daf_wanting_reason_str(it->reason),
                   it->has_due ? ", due " : "",
                   it->has_due ? daf_wants_day(it->due, day) : "",
                   is_late ? ", late" : "");
}

static void print_text(const struct daf_catalogue_entry *e,
                       const struct daf_wanting_item *it, json_t *state)
{
    char title[DAF_CONTENT_TITLE_BYTES_MAX + 1], size[DAF_SIZE_TEXT_MAX];
    char hex[2 * sizeof(e->content.id.b) + 1], words[48], reason[64];

    daf_cmd_content_title(&e->content, title);
    daf_size_text(e->content.bytes, size);
    state_text(state, words);
    (void)printf("%.12s  %8s  %-26s  ",
                 daf_cmd_hex_str(e->content.id.b, sizeof(e->content.id.b), hex),
                 size, words);
    (void)daf_cmd_put_text(title);
    reason_text(it, state, reason);
    (void)printf("%s%s\n", reason,
                 e->is_superseded ? "  (there is a new edition)" : "");
}

/* Old editions are told of where they are, or are to be. */
static bool is_told(const struct daf_catalogue_entry *e, const json_t *state)
{
    return !e->is_superseded || is_true(state, "whole") ||
           is_true(state, "wanted") || is_true(state, "pinned");
}

enum daf_exit daf_cmd_library(const struct daf_cmd *cmd)
{
    struct daf_trouble t = {""};
    struct daf_cmd_content c;
    struct daf_wants wants;
    enum daf_err err = daf_cmd_content_open(cmd, &c, &t);
    size_t count;

    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    err = daf_cmd_content_wants(&c, &wants, &t);
    if (err != DAF_OK) {
        daf_wants_free(&wants);
        daf_cmd_content_close(&c);
        return daf_cmd_fail(cmd, err, &t);
    }
    count = wants.count;
    for (size_t i = 0; i < count; i++) {
        struct daf_catalogue_entry e;
        json_t *state;

        daf_catalogue_at(wants.catalogue, i, &e);
        state = daf_cmd_content_state(&c, &e.content.id);
        if (cmd->json)
            print_json(&c, &e, &wants.items[i], state);
        else if (is_told(&e, state))
            print_text(&e, &wants.items[i], state);
    }
    if (count == 0 && !cmd->json)
        (void)printf("Nothing has been published yet, or nobody who knows of "
                     "it was met. `daftar publish FOLDER` adds lessons.\n");
    daf_wants_free(&wants);
    daf_cmd_content_close(&c);
    return DAF_EXIT_DONE;
}
