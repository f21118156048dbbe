/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd_content.h"

#include "node/api.h"
#include "node/size.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX_MIN      6  /* digits of a content id */
#define NAMED_MAX       4  /* of several items that are meant */
#define NAMED_TITLE_MAX 60 /* bytes; a longer title is left out */
#define NAMED_BYTES     (2 + 16 + 3 + NAMED_TITLE_MAX)
#define BAR             30 /* columns */

/* ---- what is here */

static void on_line(void *ctx, json_t *line)
{
    const char *id = json_string_value(json_object_get(line, "content"));

    if (id != NULL) (void)json_object_set(ctx, id, line);
}

static enum daf_err ask_daemon(struct daf_cmd_content *c, struct daf_trouble *t)
{
    json_t *last = NULL;
    enum daf_err err =
        daf_cmd_call(&c->view.home, json_pack("{ss}", "op", "content-list"),
                     on_line, c->states, &last, t);

    c->has_daemon = err == DAF_OK;
    c->was_archive = json_is_true(json_object_get(last, "was_archive"));
    c->is_restored = json_is_true(json_object_get(last, "restored"));
    if (err == DAF_OK) err = daf_cmd_err_of(last);
    if (err != DAF_OK && c->has_daemon)
        daf_home_trouble(t, "%s",
                         json_string_value(json_object_get(last, "error")));
    json_decref(last);
    return err;
}

static json_t *state_of(const struct daf_shelf_item *i)
{
    return json_pack("{so sI sI sI sI sI sb sb sb sb sb sb si ss si si so ss}",
                     "content", daf_cmd_hex(i->content.b, sizeof(i->content.b)),
                     "bytes", (json_int_t)i->bytes, "parts",
                     (json_int_t)i->parts, "held", (json_int_t)i->held,
                     "fetched", (json_int_t)i->fetched, "reserved",
                     (json_int_t)i->reserved, "whole", i->is_whole, "wanted",
                     (i->wishes & (DAF_SHELF_WANTED | DAF_SHELF_CAMPS)) != 0,
                     "asked", (i->wishes & DAF_SHELF_WANTED) != 0, "due_here",
                     (i->wishes & DAF_SHELF_CAMPS) != 0, "pinned",
                     (i->wishes & DAF_SHELF_PINNED) != 0, "published",
                     (i->wishes & DAF_SHELF_PUBLISHED) != 0, "sources", 0,
                     "stuck", "", "rate", 0, "place", 0, "eta_s", json_null(),
                     "waiting", "");
}

static enum daf_err look_at_shelf(struct daf_cmd_content *c,
                                  struct daf_trouble *t)
{
    char dir[DAF_HOME_PATH_MAX];
    char hex[2 * sizeof(struct daf_hash) + 1];
    struct daf_shelf_item item;
    struct daf_shelf *shelf;
    enum daf_err err;
    struct stat st;

    daf_home_path(&c->view.home, "content", dir);
    /* Nothing was ever wanted; but for a link, whose card may be away. */
    if (lstat(dir, &st) != 0) return DAF_OK;
    err = daf_shelf_open(dir, UINT64_MAX, false, &shelf);
    if (err != DAF_OK) {
        daf_home_trouble(t,
                         "%s cannot be read: %s. To do: if it is on a card of "
                         "its own, mount that",
                         dir, daf_err_str(err));
        return err;
    }
    for (size_t i = 0; i < daf_shelf_count(shelf); i++) {
        daf_shelf_at(shelf, i, &item);
        (void)json_object_set_new(c->states,
                                  daf_cmd_hex_str(item.content.b,
                                                  sizeof(item.content.b), hex),
                                  state_of(&item));
    }
    daf_shelf_close(shelf);
    return DAF_OK;
}

enum daf_err daf_cmd_content_open(const struct daf_cmd *cmd,
                                  struct daf_cmd_content *out,
                                  struct daf_trouble *t)
{
    enum daf_err err = daf_cmd_view_open(cmd, false, &out->view, t);

    out->catalogue = NULL;
    out->states = NULL;
    out->has_daemon = out->was_archive = out->is_restored = false;
    if (err != DAF_OK) return err;
    out->states = json_object();
    err = out->states == NULL
              ? DAF_ENOMEM
              : daf_wants_catalogue(out->view.store, out->view.camp,
                                    &out->catalogue);
    if (err == DAF_OK) err = ask_daemon(out, t);
    if (err == DAF_ENOTFOUND && !out->has_daemon) {
        t->what[0] = '\0';
        err = look_at_shelf(out, t);
    }
    if (err != DAF_OK) daf_cmd_content_close(out);
    return err;
}

static void look(void *ctx, struct daf_wanting_item *it)
{
    const json_t *state = daf_cmd_content_state(ctx, &it->content);

    it->is_pinned = json_is_true(json_object_get(state, "pinned"));
    it->is_asked_by_hand = json_is_true(json_object_get(state, "asked"));
    it->is_published = json_is_true(json_object_get(state, "published"));
    it->is_whole = json_is_true(json_object_get(state, "whole"));
}

enum daf_err daf_cmd_content_wants(const struct daf_cmd_content *c,
                                   struct daf_wants *out, struct daf_trouble *t)
{
    struct daf_cmd_content mine = *c;
    struct daf_subscriptions s;
    const struct daf_wants_query q = {.store = c->view.store,
                                      .camp = c->view.camp,
                                      .self = c->view.author,
                                      .subscriptions = &s,
                                      .look = look,
                                      .ctx = &mine};
    enum daf_err err = daf_subscriptions_load(&c->view.home, &s, t);

    memset(out, 0, sizeof(*out));
    if (err == DAF_OK) err = daf_wants_read(&q, out);
    daf_subscriptions_free(&s);
    return err;
}

void daf_cmd_content_close(struct daf_cmd_content *c)
{
    json_decref(c->states);
    daf_catalogue_free(c->catalogue);
    daf_cmd_view_close(&c->view);
}

json_t *daf_cmd_content_state(const struct daf_cmd_content *c,
                              const struct daf_hash *content)
{
    char hex[2 * sizeof(content->b) + 1];

    return json_object_get(c->states, daf_cmd_hex_str(content->b,
                                                      sizeof(content->b), hex));
}

/* ---- what is meant */

static bool is_prefix(const struct daf_hash *content, const char *name)
{
    char hex[2 * sizeof(content->b) + 1];

    return strlen(name) >= PREFIX_MIN && strlen(name) <= 64 &&
           strncasecmp(daf_cmd_hex_str(content->b, sizeof(content->b), hex),
                       name, strlen(name)) == 0;
}

/* U+0610 to 61A, 640, 64B to 65F and 670, in UTF-8. */
static bool is_arabic_mark(const uint8_t *p, size_t len)
{
    if (len < 2) return false;
    return (p[0] == 0xd8 && p[1] >= 0x90 && p[1] <= 0x9a) ||
           (p[0] == 0xd9 &&
            (p[1] == 0x80 || p[1] == 0xb0 || (p[1] >= 0x8b && p[1] <= 0x9f)));
}

/* Without the marks that Arabic writes or leaves out: a book for children has them,
 * and nobody types them.  @out has room for @text. */
static void plain(struct daf_view text, char *out)
{
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (is_arabic_mark(text.p + i, text.len - i))
            i++;
        else
            out[len++] = (char)text.p[i];
    }
    out[len] = '\0';
}

/* 4: it is the title; 2: it is in the title; 0: neither. */
static int title_fits(const struct daf_content *content, const char *typed)
{
    char name[DAF_CONTENT_TITLE_BYTES_MAX + 1];
    int best = 0;

    if (strlen(typed) > DAF_CONTENT_TITLE_BYTES_MAX) return 0;
    plain((struct daf_view){(const uint8_t *)typed, strlen(typed)}, name);
    if (name[0] == '\0') return 0; /* it would be in any */
    for (size_t i = 0; i < content->titles_count; i++) {
        char title[DAF_CONTENT_TITLE_BYTES_MAX + 1];

        plain(content->titles[i].text, title);
        if (strcasecmp(title, name) == 0) return 4;
        if (strcasestr(title, name) != NULL) best = 2;
    }
    return best;
}

/* An old edition has its new one's title more often than not: then the new one is
 * meant. */
static int fits(const struct daf_catalogue_entry *e, const char *name)
{
    int title = title_fits(&e->content, name);

    if (is_prefix(&e->content.id, name)) return 6;
    return title > 0 && e->is_superseded ? title - 1 : title;
}

/* Names up to NAMED_MAX of those that fit as well. */
static void tell_several(const struct daf_catalogue *c, const char *name,
                         int how, struct daf_trouble *t)
{
    char list[NAMED_MAX * NAMED_BYTES + 1] = "";
    size_t len = 0, named = 0;

    for (size_t i = 0; i < daf_catalogue_count(c); i++) {
        struct daf_catalogue_entry e;
        char hex[2 * sizeof(e.content.id.b) + 1];
        char title[DAF_CONTENT_TITLE_BYTES_MAX + 1];

        daf_catalogue_at(c, i, &e);
        if (fits(&e, name) != how || named == NAMED_MAX) continue;
        daf_cmd_content_title(&e.content, title);
        len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%.16s",
                                named > 0 ? ", " : "",
                                daf_cmd_hex_str(e.content.id.b, 32, hex));
        if (strlen(title) <= NAMED_TITLE_MAX)
            len += (size_t)snprintf(list + len, sizeof(list) - len, " (%s)",
                                    title);
        named++;
    }
    daf_home_trouble(t, "\"%s\" may be several: %s. Name one by its id", name,
                     list);
}

enum daf_err daf_cmd_content_named(const struct daf_catalogue *c,
                                   const char *name,
                                   struct daf_catalogue_entry *out,
                                   struct daf_trouble *t)
{
    size_t count = 0;
    int best = 1;

    for (size_t i = 0; i < daf_catalogue_count(c); i++) {
        struct daf_catalogue_entry e;
        int how;

        daf_catalogue_at(c, i, &e);
        how = fits(&e, name);
        if (how < best) continue;
        if (how > best) count = 0;
        best = how;
        count++;
        *out = e;
    }
    if (count == 1) return DAF_OK;
    if (count > 1) {
        tell_several(c, name, best, t);
        return DAF_EUSAGE;
    }
    daf_home_trouble(t,
                     "the catalogue has nothing called \"%s\". `daftar "
                     "library` lists what there is; what others published "
                     "comes when they are met",
                     name);
    return DAF_ENOTFOUND;
}

enum daf_err daf_cmd_content_find(const struct daf_cmd_content *c,
                                  const char *name,
                                  struct daf_catalogue_entry *out,
                                  struct daf_trouble *t)
{
    return daf_cmd_content_named(c->catalogue, name, out, t);
}

/* ---- for people */

/* "ar_EG.UTF-8" is "ar-EG". */
static const char *language(char out[16])
{
    const char *from = getenv("LC_ALL");
    size_t len = 0;

    if (from == NULL || from[0] == '\0') from = getenv("LC_MESSAGES");
    if (from == NULL || from[0] == '\0') from = getenv("LANG");
    if (from == NULL) from = "";
    while (len < 15 && from[len] != '\0' && from[len] != '.' &&
           from[len] != '@') {
        out[len] = from[len] == '_' ? '-' : from[len];
        len++;
    }
    out[len] = '\0';
    return out;
}

void daf_cmd_content_title(const struct daf_content *content,
                           char out[DAF_CONTENT_TITLE_BYTES_MAX + 1])
{
    char room[16];
    const char *const languages[] = {language(room)};
    struct daf_view title = daf_content_title(content, languages, 1);

    memcpy(out, title.p, title.len);
    out[title.len] = '\0';
}

void daf_cmd_content_path(const struct daf_home *home,
                          const struct daf_hash *content,
                          char out[DAF_HOME_PATH_MAX])
{
    char name[2 * sizeof(content->b) + 32];
    char hex[2 * sizeof(content->b) + 1];

    (void)snprintf(name, sizeof(name), "content/%s/files",
                   daf_cmd_hex_str(content->b, sizeof(content->b), hex));
    daf_home_path(home, name, out);
}

bool daf_cmd_bar_wanted(const struct daf_cmd *cmd)
{
    const char *term = getenv("TERM");

    return !cmd->json && isatty(STDERR_FILENO) == 1 &&
           (term == NULL || strcmp(term, "dumb") != 0);
}

void daf_cmd_bar(uint64_t done, uint64_t total, const char *words)
{
    char bar[BAR + 1];
    uint64_t full = total > 0 ? done * BAR / total : 0;

    for (size_t i = 0; i < BAR; i++)
        bar[i] = i < full ? '#' : '.';
    bar[BAR] = '\0';
    (void)fprintf(stderr, "\r[%s] %3u %%  %s\x1b[K", bar,
                  total > 0 ? (unsigned)(done * 100 / total) : 0, words);
}

void daf_cmd_bar_end(void)
{
    (void)fprintf(stderr, "\r\x1b[K");
}
