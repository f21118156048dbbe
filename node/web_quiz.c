/* SPDX-License-Identifier: Apache-2.0 */
#include "node/web_quiz.h"

#include "node/web_url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LANGUAGES_MAX 16
#define PATH_BYTES    512

/* ---- pieces */

static bool is_word(const json_t *text, size_t max)
{
    const char *p = json_string_value(text);
    size_t len = json_string_length(text);

    return p != NULL && len >= 1 && len <= max && strlen(p) == len &&
           strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* A path within the item; what it names is looked for in its file list. */
static bool is_path(const json_t *text)
{
    char target[PATH_BYTES + 2], path[DAF_WEB_PATH_BYTES];
    const char *p = json_string_value(text);
    size_t len = json_string_length(text);

    if (p == NULL || len == 0 || len > PATH_BYTES || strlen(p) != len ||
        strpbrk(p, "%?") != NULL || p[len - 1] == '/')
        return false;
    target[0] = '/';
    memcpy(target + 1, p, len + 1);
    return daf_web_path(target, path);
}

static bool is_texts(json_t *texts)
{
    const char *lang;
    json_t *text;

    if (!json_is_object(texts) || json_object_size(texts) == 0 ||
        json_object_size(texts) > LANGUAGES_MAX)
        return false;
    json_object_foreach(texts, lang, text)
    {
        size_t len = json_string_length(text);

        if (!daf_web_lang_ok(lang) || !json_is_string(text) || len == 0 ||
            len > DAF_WEB_QUIZ_TEXT_MAX ||
            !daf_web_text_ok(json_string_value(text), len))
            return false;
    }
    return true;
}

/* ---- questions */

static bool read_answer(json_t *from, struct daf_web_quiz_answer *to,
                        bool *out_right)
{
    json_t *say = json_object_get(from, "say");
    json_t *picture = json_object_get(from, "picture");
    json_t *right = json_object_get(from, "right");

    if (!json_is_object(from) || (say == NULL && picture == NULL)) return false;
    if (say != NULL && !is_texts(say)) return false;
    if (picture != NULL && !is_path(picture)) return false;
    if (right != NULL && !json_is_boolean(right)) return false;
    to->say = say;
    to->picture = json_string_value(picture);
    *out_right = json_is_true(right);
    return true;
}

static bool read_answers(json_t *list, struct daf_web_quiz_question *to)
{
    size_t rights = 0;

    to->answers_count = json_array_size(list);
    if (!json_is_array(list) || to->answers_count < 2 ||
        to->answers_count > DAF_WEB_QUIZ_ANSWERS_MAX)
        return false;
    for (size_t i = 0; i < to->answers_count; i++) {
        bool is_right;

        if (!read_answer(json_array_get(list, i), &to->answers[i], &is_right))
            return false;
        if (!is_right) continue;
        to->right = i;
        rights++;
    }
    return rights == 1;
}

static bool read_question(json_t *from, struct daf_web_quiz_question *to)
{
    json_t *id = json_object_get(from, "id");
    json_t *picture = json_object_get(from, "picture");

    if (!json_is_object(from) || !is_word(id, DAF_WEB_QUIZ_ID_MAX))
        return false;
    to->id = json_string_value(id);
    to->ask = json_object_get(from, "ask");
    to->picture = json_string_value(picture);
    return is_texts(to->ask) && (picture == NULL || is_path(picture)) &&
           read_answers(json_object_get(from, "answers"), to);
}

static bool is_new_id(const struct daf_web_quiz *q, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(q->questions[i].id, q->questions[at].id) == 0) return false;
    return true;
}

static enum daf_err read_all(struct daf_web_quiz *q)
{
    json_t *version = json_object_get(q->json, "daftar-quiz");
    json_t *item = json_object_get(q->json, "item");
    json_t *list = json_object_get(q->json, "questions");

    if (!json_is_object(q->json) || !json_is_integer(version)) return DAF_EFORM;
    if (json_integer_value(version) != 1) return DAF_EVERSION;
    if (!is_word(item, DAF_WEB_QUIZ_ITEM_MAX) || !json_is_array(list) ||
        json_array_size(list) == 0)
        return DAF_EFORM;
    if (json_array_size(list) > DAF_WEB_QUIZ_QUESTIONS_MAX) return DAF_ELIMIT;
    q->item = json_string_value(item);
    q->questions = calloc(json_array_size(list), sizeof(*q->questions));
    if (q->questions == NULL) return DAF_ENOMEM;
    for (; q->count < json_array_size(list); q->count++)
        if (!read_question(json_array_get(list, q->count),
                           &q->questions[q->count]) ||
            !is_new_id(q, q->count))
            return DAF_EFORM;
    return DAF_OK;
}

enum daf_err daf_web_quiz_read(const char *text, size_t len,
                               struct daf_web_quiz *out)
{
    enum daf_err err;

    *out = (struct daf_web_quiz){.json = NULL};
    if (len > DAF_WEB_QUIZ_BYTES_MAX) return DAF_ELIMIT;
    out->json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    err = out->json != NULL ? read_all(out) : DAF_EFORM;
    if (err != DAF_OK) daf_web_quiz_free(out);
    return err;
}

void daf_web_quiz_free(struct daf_web_quiz *q)
{
    free(q->questions);
    json_decref(q->json);
    *q = (struct daf_web_quiz){.json = NULL};
}

/* ---- which language */

/* 2: the same tag; 1: the same language; 0. */
static int likeness(const char *tag, const char *wanted)
{
    size_t len = strcspn(wanted, "-");

    if (strcasecmp(tag, wanted) == 0) return 2;
    return strcspn(tag, "-") == len && strncasecmp(tag, wanted, len) == 0;
}

static const char *best(json_t *texts, const char *wanted,
                        const char **out_lang)
{
    const char *lang, *found = NULL;
    json_t *text;
    int most = 0;

    json_object_foreach(texts, lang, text)
    {
        int like = likeness(lang, wanted);

        if (like <= most || !json_is_string(text)) continue;
        most = like;
        found = json_string_value(text);
        *out_lang = lang;
    }
    return found;
}

const char *daf_web_quiz_text(json_t *texts, const char *const *languages,
                              size_t count, const char **out_lang)
{
    const char *found = NULL, *lang = "";
    void *first = json_object_iter(texts);

    for (size_t i = 0; i < count && found == NULL; i++)
        found = best(texts, languages[i], &lang);
    if (found == NULL) found = best(texts, "en", &lang);
    if (found == NULL && first != NULL) {
        lang = json_object_iter_key(first);
        found = json_string_value(json_object_iter_value(first));
    }
    if (out_lang != NULL) *out_lang = lang;
    return found != NULL ? found : "";
}
