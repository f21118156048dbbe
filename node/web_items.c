/* SPDX-License-Identifier: Apache-2.0 */
/* What is in a content item.  Core is asked for its file list and its quiz once;
 * an item never changes, so the answer is remembered. */
#include "node/web_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

/* An item that is being asked for. */
struct finding {
    struct daf_web_request *r;
    struct daf_web_item item;
};

static struct daf_web_item *find(struct daf_web *web, const char *id)
{
    for (size_t i = 0; i < DAF_WEB_ITEMS_MAX; i++)
        if (strcmp(web->items[i].id, id) == 0) return &web->items[i];
    return NULL;
}

/* Two may have asked for one; then the second writes the same over it. */
static void remember(struct daf_web *web, const struct daf_web_item *item)
{
    struct daf_web_item *to = find(web, item->id);

    for (size_t i = 0; to == NULL && i < DAF_WEB_ITEMS_MAX; i++)
        if (web->items[i].id[0] == '\0') to = &web->items[i];
    if (to == NULL) {
        to = &web->items[0];
        for (size_t i = 1; i < DAF_WEB_ITEMS_MAX; i++)
            if (web->items[i].used < to->used) to = &web->items[i];
    }
    *to = *item;
    to->used = ++web->items_used;
}

static void end(struct finding *f, bool found)
{
    struct daf_web_request *r = f->r;

    if (found)
        remember(r->web, &f->item);
    else
        r->items_failed = true;
    free(f);
    daf_web_came(r);
}

/* ---- its quiz */

/* False also for what is no quiz: then it has none. */
static bool read_quiz(int fd, uint64_t size, struct daf_web_item *item)
{
    char *text = NULL;
    struct daf_web_quiz quiz;
    bool is_one = false;

    if (size <= DAF_WEB_QUIZ_BYTES_MAX) text = malloc(size + 1);
    if (text != NULL && pread(fd, text, size, 0) == (ssize_t)size &&
        daf_web_quiz_read(text, size, &quiz) == DAF_OK) {
        (void)snprintf(item->item, sizeof(item->item), "%s", quiz.item);
        daf_web_quiz_free(&quiz);
        is_one = true;
    }
    free(text);
    return is_one;
}

static void on_quiz(struct daf_web *web, void *ctx, json_t *answer, int fd)
{
    struct finding *f = ctx;
    json_int_t size = json_integer_value(json_object_get(answer, "size"));

    (void)web;
    if (fd >= 0 && size >= 0)
        f->item.has_quiz = read_quiz(fd, (uint64_t)size, &f->item);
    if (fd >= 0) (void)close(fd);
    json_decref(answer);
    end(f, fd >= 0);
}

/* ---- its files */

static enum daf_web_item_kind kind_of(const char *path)
{
    const char *type = daf_web_content_type(path);

    if (type == NULL) return DAF_WEB_ITEM_FILES;
    if (strncmp(type, "text/html", 9) == 0) return DAF_WEB_ITEM_HTML;
    if (strcmp(type, "application/pdf") == 0) return DAF_WEB_ITEM_PDF;
    if (strcmp(type, "application/epub+zip") == 0) return DAF_WEB_ITEM_EPUB;
    if (strncmp(type, "audio/", 6) == 0) return DAF_WEB_ITEM_AUDIO;
    if (strncmp(type, "video/", 6) == 0) return DAF_WEB_ITEM_VIDEO;
    if (strncmp(type, "image/", 6) == 0) return DAF_WEB_ITEM_IMAGE;
    return DAF_WEB_ITEM_FILES;
}

/* "index.ar.html": of which language it is. */
static bool is_index_of(const char *path, char lang[DAF_WEB_LANG_BYTES])
{
    size_t len = strlen(path);

    if (strncmp(path, "index.", 6) != 0 || len < 12 ||
        strcmp(path + len - 5, ".html") != 0 || len - 11 >= DAF_WEB_LANG_BYTES)
        return false;
    memcpy(lang, path + 6, len - 11);
    lang[len - 11] = '\0';
    return daf_web_lang_ok(lang);
}

/* Which files there are of each kind, and the last of each. */
struct tally {
    size_t count[DAF_WEB_ITEM_IMAGE + 1];
    const char *last[DAF_WEB_ITEM_IMAGE + 1];
    bool has_index, has_quiz;
};

static void look_at(const char *path, struct daf_web_item *item,
                    struct tally *t)
{
    enum daf_web_item_kind kind = kind_of(path);
    char lang[DAF_WEB_LANG_BYTES];

    if (strcmp(path, "quiz.json") == 0) {
        t->has_quiz = true;
        return;
    }
    if (strncmp(path, "cover.", 6) == 0 && kind == DAF_WEB_ITEM_IMAGE)
        (void)snprintf(item->cover, sizeof(item->cover), "%s", path);
    if (strcmp(path, "index.html") == 0) t->has_index = true;
    if (is_index_of(path, lang) && item->indexes_count < DAF_WEB_LANGS_MAX)
        memcpy(item->indexes[item->indexes_count++], lang, sizeof(lang));
    t->count[kind]++;
    t->last[kind] = path;
}

/* An index, else the only one of the kinds that can be shown, else a list. */
static void settle(struct daf_web_item *item, const struct tally *t)
{
    const char *main = "";
    enum daf_web_item_kind kind = DAF_WEB_ITEM_FILES;

    if (t->has_index || item->indexes_count > 0) {
        kind = DAF_WEB_ITEM_HTML;
        if (t->has_index) main = "index.html";
    } else {
        for (int k = DAF_WEB_ITEM_IMAGE; k >= DAF_WEB_ITEM_HTML; k--) {
            if (t->count[k] != 1) continue;
            if (k == DAF_WEB_ITEM_IMAGE && strcmp(t->last[k], item->cover) == 0)
                continue;
            kind = (enum daf_web_item_kind)k;
            main = t->last[k];
        }
    }
    item->kind = kind;
    (void)snprintf(item->main, sizeof(item->main), "%s", main);
}

static void on_files(struct daf_web *web, void *ctx, json_t *answer, int fd)
{
    struct finding *f = ctx;
    json_t *files = json_object_get(answer, "files"), *file;
    struct tally t = {.has_index = false};
    size_t i;

    (void)fd;
    if (!json_is_array(files)) {
        json_decref(answer);
        end(f, false);
        return;
    }
    json_array_foreach(files, i, file)
    {
        const char *path = json_string_value(json_array_get(file, 0));

        if (path != NULL && strlen(path) < sizeof(f->item.main))
            look_at(path, &f->item, &t);
    }
    settle(&f->item, &t);
    json_decref(answer);
    if (t.has_quiz)
        daf_web_core_ask(web,
                         json_pack("{ss ss ss}", "op", "content-open",
                                   "content", f->item.id, "path", "quiz.json"),
                         on_quiz, f);
    else
        end(f, true);
}

const struct daf_web_item *daf_web_item_get(struct daf_web_request *r,
                                            const char *id)
{
    static const struct daf_web_item unknown = {.kind = DAF_WEB_ITEM_FILES};
    struct daf_web_item *item = find(r->web, id);
    struct finding *f;

    if (item != NULL) {
        item->used = ++r->web->items_used;
        return item;
    }
    if (r->items_failed) return &unknown;
    f = calloc(1, sizeof(*f));
    if (f == NULL) return &unknown;
    f->r = r;
    (void)snprintf(f->item.id, sizeof(f->item.id), "%s", id);
    daf_web_waits(r);
    daf_web_core_ask(r->web,
                     json_pack("{ss ss}", "op", "content-files", "content", id),
                     on_files, f);
    return NULL;
}

void daf_web_item_index(const struct daf_web_request *r,
                        const struct daf_web_item *item, char out[513])
{
    (void)snprintf(out, 513, "%s", item->main);
    for (size_t l = 0; l < r->languages_count; l++) {
        size_t len = strcspn(r->languages[l], "-");

        for (size_t i = 0; i < item->indexes_count; i++) {
            const char *has = item->indexes[i];

            if (strcasecmp(has, r->languages[l]) != 0 &&
                (strcspn(has, "-") != len ||
                 strncasecmp(has, r->languages[l], len) != 0))
                continue;
            (void)snprintf(out, 513, "index.%s.html", has);
            return;
        }
    }
    if (out[0] == '\0' && item->indexes_count > 0)
        (void)snprintf(out, 513, "index.%s.html", item->indexes[0]);
}
