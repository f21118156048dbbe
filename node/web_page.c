/* SPDX-License-Identifier: Apache-2.0 */
/* What all pages share: their frame, their words, and what they read of core's
 * answers. */
#include "node/web_impl.h"

#include "node/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define NEVER_MS \
    2556144000000 /* 2051-01-01: no record is so late (records.md §4) */

const char *daf_web_say(const struct daf_web_request *r, enum daf_web_word word)
{
    return daf_web_word(r->tongue, word);
}

const char *daf_web_digits(struct daf_web_request *r, uint64_t n)
{
    char *out = r->number[r->numbers++ % 8];

    return daf_web_number(r->tongue, n, out);
}

const char *daf_web_text(const struct daf_web_request *r, json_t *texts,
                         const char **out_lang)
{
    return daf_web_quiz_text(texts, r->languages, r->languages_count, out_lang);
}

/* ---- the frame */

static void put_head(struct daf_web_request *r, const char *title)
{
    struct daf_web_html *h = &r->html;

    DAF_WEB_PUT(h,
                "<!doctype html>\n<html lang=\"%\" dir=\"%\">\n<head>\n"
                "<meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" "
                "content=\"width=device-width, initial-scale=1\">\n"
                "<title>% · %</title>\n",
                daf_web_tongue_tag(r->tongue), daf_web_tongue_dir(r->tongue),
                title, daf_web_say(r, DAF_WEB_W_TITLE));
    DAF_WEB_PUT(h,
                "<link rel=\"stylesheet\" href=\"/asset/%\">\n"
                "<link rel=\"icon\" type=\"image/svg+xml\" href=\"/asset/%\">\n"
                "<script src=\"/asset/%\" defer></script>\n</head>\n",
                daf_web_asset_style.name, daf_web_asset_icon.name,
                daf_web_asset_script.name);
}

/* A button for each language that is not spoken now. */
static void put_tongues(struct daf_web_request *r)
{
    struct daf_web_html *h = &r->html;
    const char *tag;

    DAF_WEB_RAW(h, "<form class=\"tongues\" method=\"post\" "
                   "action=\"/language\">");
    DAF_WEB_PUT(h, "<input type=\"hidden\" name=\"back\" value=\"%\">",
                r->path);
    for (size_t t = 0; (tag = daf_web_tongue_tag(t)) != NULL; t++)
        if (t != r->tongue)
            DAF_WEB_PUT(h,
                        "<button name=\"lang\" value=\"%\" lang=\"%\">%"
                        "</button>",
                        tag, tag, daf_web_word(t, DAF_WEB_W_LANGUAGE));
    DAF_WEB_RAW(h, "</form>");
}

void daf_web_page_open(struct daf_web_request *r, const char *title)
{
    struct daf_web_html *h = &r->html;

    daf_web_html_free(h);
    put_head(r, title);
    DAF_WEB_PUT(h,
                "<body>\n<header class=\"top\"><a class=\"mark\" href=\"/\">"
                "<svg viewBox=\"0 0 32 32\" aria-hidden=\"true\">"
                "<path d=\"M7 4h16a3 3 0 0 1 3 3v21H10a3 3 0 0 1-3-3z\"/>"
                "<path class=\"line\" d=\"M12 11h9M12 16h9M12 21h5\"/></svg>"
                "<span>%</span></a>",
                daf_web_say(r, DAF_WEB_W_TITLE));
    /* Its key is in its address, and would not come back. */
    if (r->page != daf_web_page_enter) put_tongues(r);
    DAF_WEB_RAW(h, "</header>\n<main>\n");
}

void daf_web_page_close(struct daf_web_request *r, unsigned status)
{
    struct MHD_Response *response;

    DAF_WEB_RAW(&r->html, "</main>\n</body>\n</html>\n");
    if (r->html.is_full) {
        daf_web_html_free(&r->html);
        status = MHD_HTTP_INTERNAL_SERVER_ERROR;
    }
    response = daf_web_bytes(r->html.p, r->html.len);
    daf_web_html_free(&r->html);
    daf_web_answer(r, status, response);
    daf_web_header(r, "Content-Type", "text/html; charset=utf-8");
}

void daf_web_page_words(struct daf_web_request *r, unsigned status,
                        enum daf_web_word title, enum daf_web_word text)
{
    daf_web_page_open(r, daf_web_say(r, title));
    DAF_WEB_PUT(&r->html,
                "<section class=\"words\"><h1>%</h1><p>%</p>"
                "<p><a class=\"button\" href=\"/\">%</a></p></section>\n",
                daf_web_say(r, title), daf_web_say(r, text),
                daf_web_say(r, DAF_WEB_W_LESSONS));
    daf_web_page_close(r, status);
}

void daf_web_page_failed(struct daf_web_request *r, const json_t *answer)
{
    const char *code = json_string_value(json_object_get(answer, "code"));
    const char *not_found = daf_err_name(DAF_ENOTFOUND);
    const char *form = daf_err_name(DAF_EFORM),
               *usage = daf_err_name(DAF_EUSAGE);

    /* No error: what it tells of is not what was looked for. */
    if (code == NULL || strcmp(code, not_found) == 0 ||
        strcmp(code, form) == 0 || strcmp(code, usage) == 0)
        daf_web_page_words(r, MHD_HTTP_NOT_FOUND, DAF_WEB_W_NOT_FOUND,
                           DAF_WEB_W_NOT_FOUND_HOW);
    else
        daf_web_page_words(r, MHD_HTTP_SERVICE_UNAVAILABLE, DAF_WEB_W_BUSY,
                           DAF_WEB_W_BUSY_HOW);
}

void daf_web_page_token(struct daf_web_request *r)
{
    char token[DAF_WEB_TOKEN_HEX + 1];

    if (!r->has_session) return;
    daf_web_token_new(r->web->secret, &r->session, daf_clock_now().ms, token);
    DAF_WEB_PUT(&r->html, "<input type=\"hidden\" name=\"token\" value=\"%\">",
                token);
}

/* ---- faces: a colour and a letter, to know a card or a child again by */

const char *daf_web_tint(const char *id)
{
    static const char *const tints[] = {"t0", "t1", "t2", "t3", "t4", "t5"};

    return tints[(unsigned char)(id[0] * 7 + id[1]) %
                 (sizeof(tints) / sizeof(tints[0]))];
}

const char *daf_web_initial(const char *text, char out[8])
{
    static const char article[] = "ال"; /* before most Arabic titles */
    size_t len = 1;

    if (text[0] == '\0') text = "★";
    if (strncmp(text, article, sizeof(article) - 1) == 0 &&
        text[sizeof(article) - 1] != '\0')
        text += sizeof(article) - 1;
    while (len < 4 && ((unsigned char)text[len] & 0xc0) == 0x80)
        len++;
    memcpy(out, text, len);
    out[len] = '\0';
    return out;
}

/* ---- what core told */

const char *daf_web_learner(json_t *learners, const char *subject)
{
    json_t *list = json_object_get(learners, "learners"), *one;
    size_t i;

    json_array_foreach(list, i, one)
    {
        const char *id = json_string_value(json_object_get(one, "subject"));

        if (id != NULL && strcmp(id, subject) == 0)
            return json_string_value(json_object_get(one, "name"));
    }
    return NULL;
}

json_t *daf_web_languages(const struct daf_web_request *r)
{
    json_t *list = json_array();

    for (size_t i = 0; list != NULL && i < r->languages_count; i++)
        (void)json_array_append_new(list, json_string(r->languages[i]));
    return list;
}

json_t *daf_web_want_lesson(struct daf_web_request *r)
{
    return daf_web_want(r, DAF_WEB_LIBRARY,
                        json_pack("{ss ss so}", "op", "library-item", "content",
                                  r->id, "languages", daf_web_languages(r)));
}

static void add_line(struct daf_web_standing *s, const json_t *line)
{
    const json_t *score = json_object_get(line, "score");
    const char *kept = json_string_value(json_object_get(line, "kept"));
    json_int_t ms = json_integer_value(json_object_get(line, "shown_ms"));

    /* One clock in 2099 would be the last for ever.  One in 1970 is first as it
     * is, and still tells its own records apart. */
    if (ms >= NEVER_MS && json_is_true(json_object_get(line, "doubtful")))
        ms = 0;

    s->is_begun = true;
    if (json_is_number(score)) {
        double value = json_number_value(score);

        if (!s->has_score || value > s->best) s->best = value;
        s->has_score = true;
    }
    if (kept != NULL && strcmp(kept, "elsewhere") == 0) s->is_elsewhere = true;
    if (ms > s->last_ms) s->last_ms = ms;
}

struct daf_web_standing daf_web_standing(json_t *progress, const char *item)
{
    json_t *lines = json_object_get(progress, "lines"), *line;
    struct daf_web_standing s = {.is_begun = false};
    size_t i;

    if (item[0] == '\0') return s;
    json_array_foreach(lines, i, line)
    {
        const char *of = json_string_value(json_object_get(line, "item"));

        /* What is not confirmed gives no mark (protocol.md R106). */
        if (of != NULL && strcmp(of, item) == 0 &&
            !json_is_false(json_object_get(line, "confirmed")))
            add_line(&s, line);
    }
    return s;
}
