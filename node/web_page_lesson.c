/* SPDX-License-Identifier: Apache-2.0 */
/* One lesson: what somebody else made, in its frame, and the way to its quiz. */
#include "node/web_impl.h"

#include <stdio.h>

static void put_title(struct daf_web_request *r, json_t *item)
{
    const char *lang;
    const char *title = daf_web_text(r, json_object_get(item, "title"), &lang);
    json_t *about = json_object_get(item, "description");

    DAF_WEB_PUT(&r->html,
                "<div class=\"lesson\"><a class=\"back\" href=\"/\" "
                "aria-label=\"%\"><svg viewBox=\"0 0 24 24\"><path d=\"M15 "
                "4l-8 8 8 8\"/></svg></a><div><h1 lang=\"%\" "
                "dir=\"%\">%</h1>",
                daf_web_say(r, DAF_WEB_W_BACK), lang, daf_web_lang_dir(lang),
                title);
    if (json_is_object(about) && json_object_size(about) > 0) {
        const char *text = daf_web_text(r, about, &lang);

        DAF_WEB_PUT(&r->html, "<p lang=\"%\" dir=\"%\">%</p>", lang,
                    daf_web_lang_dir(lang), text);
    }
    DAF_WEB_RAW(&r->html, "</div></div>\n");
}

/* A link to each file, for an item that nothing better is known of. */
static void put_list(struct daf_web_request *r, json_t *files)
{
    struct daf_web_html *h = &r->html;
    json_t *file;
    size_t i;

    DAF_WEB_PUT(h, "<section class=\"files\"><h2>%</h2><ul>",
                daf_web_say(r, DAF_WEB_W_FILES));
    json_array_foreach(files, i, file)
    {
        const char *path = json_string_value(json_array_get(file, 0));
        char url[3 * 512 + 1];

        if (path == NULL || strlen(path) > 512 ||
            strcmp(path, "quiz.json") == 0)
            continue;
        daf_web_url_encode(path, url);
        DAF_WEB_PUT(h, "<li><a href=\"/content/%/%\"><bdi>%</bdi></a></li>\n",
                    r->id, url, path);
    }
    DAF_WEB_RAW(h, "</ul></section>\n");
}

static void put_content(struct daf_web_request *r,
                        const struct daf_web_item *item, const char *title)
{
    struct daf_web_html *h = &r->html;
    char path[513], url[3 * 512 + 1];

    daf_web_item_index(r, item, path);
    daf_web_url_encode(path, url);
    switch (item->kind) {
    case DAF_WEB_ITEM_HTML:
        DAF_WEB_PUT(h,
                    "<iframe class=\"content\" title=\"%\" sandbox "
                    "src=\"/content/%/%\"></iframe>\n",
                    title, r->id, url);
        break;
    case DAF_WEB_ITEM_AUDIO:
        DAF_WEB_PUT(h,
                    "<audio class=\"content\" controls preload=\"metadata\" "
                    "src=\"/content/%/%\"></audio>\n",
                    r->id, url);
        break;
    case DAF_WEB_ITEM_VIDEO:
        DAF_WEB_PUT(h,
                    "<video class=\"content\" controls preload=\"metadata\" "
                    "src=\"/content/%/%\"></video>\n",
                    r->id, url);
        break;
    case DAF_WEB_ITEM_IMAGE:
        DAF_WEB_PUT(h,
                    "<img class=\"content\" alt=\"\" src=\"/content/%/%\">\n",
                    r->id, url);
        break;
    case DAF_WEB_ITEM_PDF:
        DAF_WEB_PUT(h,
                    "<p class=\"go\"><a class=\"button big\" "
                    "href=\"/content/%/%\">%</a>"
                    "</p>\n",
                    r->id, url, daf_web_say(r, DAF_WEB_W_READ));
        break;
    case DAF_WEB_ITEM_EPUB:
        DAF_WEB_PUT(h,
                    "<p class=\"go\"><a class=\"button big\" download "
                    "href=\"/content/%/%\">"
                    "%</a></p>\n",
                    r->id, url, daf_web_say(r, DAF_WEB_W_DOWNLOAD));
        break;
    case DAF_WEB_ITEM_FILES:
        put_list(r, json_object_get(r->answers[DAF_WEB_FILES], "files"));
        break;
    }
}

static void show(struct daf_web_request *r, json_t *item,
                 const struct daf_web_item *known)
{
    const char *title = daf_web_text(r, json_object_get(item, "title"), NULL);

    daf_web_page_open(r, title);
    put_title(r, item);
    /* One that is on its way appears by itself when it is whole. */
    DAF_WEB_PUT(&r->html, "<div id=\"lesson\" %>\n",
                known == NULL ? "data-live" : "");
    if (known == NULL && json_is_true(json_object_get(item, "preview")))
        DAF_WEB_PUT(&r->html,
                    "<p class=\"preview\"><img src=\"/preview/%\" "
                    "alt=\"\"></p>\n",
                    r->id);
    if (known == NULL)
        DAF_WEB_PUT(&r->html, "<section class=\"words\"><p>%</p></section>\n",
                    daf_web_say(r, DAF_WEB_W_COMING_HOW));
    else
        put_content(r, known, title);
    if (known != NULL && known->has_quiz)
        DAF_WEB_PUT(&r->html,
                    "<p class=\"go\"><a class=\"button big\" "
                    "href=\"/lesson/%/quiz\">%</a></p>\n",
                    r->id, daf_web_say(r, DAF_WEB_W_PRACTISE));
    DAF_WEB_RAW(&r->html, "</div>\n");
    daf_web_page_close(r, MHD_HTTP_OK);
}

void daf_web_page_lesson(struct daf_web_request *r)
{
    json_t *library = daf_web_want_lesson(r), *item;
    const struct daf_web_item *known = NULL;

    if (library == NULL) return;
    item = json_object_get(library, "item");
    if (item == NULL) {
        daf_web_page_failed(r, library);
        return;
    }
    if (json_is_true(json_object_get(item, "whole"))) {
        known = daf_web_item_get(r, r->id);
        if (known == NULL) return;
    }
    if (known != NULL && known->kind == DAF_WEB_ITEM_FILES &&
        daf_web_want(r, DAF_WEB_FILES,
                     json_pack("{ss ss}", "op", "content-files", "content",
                               r->id)) == NULL)
        return;
    show(r, item, known);
}
