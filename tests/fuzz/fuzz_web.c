/* SPDX-License-Identifier: Apache-2.0 */

/* What a browser, or a curator's file, gives to the web process.  The first byte
 * says which parser; what is read keeps what its header promises. */

#include "tests/fuzz/fuzz.h"

#include "node/web_events.h"
#include "node/web_quiz.h"
#include "node/web_range.h"
#include "node/web_url.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void play_range(const char *text, size_t size)
{
    uint64_t bytes = size % 3 == 0 ? 0 : size * 7;
    struct daf_web_range r = daf_web_range(text, bytes);

    if (r.kind == DAF_WEB_RANGE_PART)
        assert(r.first <= r.last && r.last < bytes);
}

static void play_path(const char *text)
{
    char out[DAF_WEB_PATH_BYTES], url[3 * DAF_WEB_PATH_BYTES];
    char again[DAF_WEB_PATH_BYTES];

    if (!daf_web_path(text, out)) return;
    assert(out[0] == '/' && strstr(out, "//") == NULL &&
           strstr(out, "/../") == NULL && strchr(out, '\\') == NULL);
    daf_web_url_encode(out, url);
    if (strlen(url) < DAF_WEB_PATH_BYTES)
        assert(daf_web_path(url, again) && strcmp(out, again) == 0);
}

static void play_form(const char *text, size_t size)
{
    char *room = malloc(size + 1);
    struct daf_web_form f;

    assert(room != NULL);
    if (daf_web_form(text, size, room, &f))
        for (size_t i = 0; i < f.count; i++)
            assert(
                daf_web_text_ok(f.fields[i].name, strlen(f.fields[i].name)) &&
                daf_web_field(&f, f.fields[i].name) == f.fields[i].value);
    free(room);
}

static void play_quiz(const char *text, size_t size)
{
    struct daf_web_quiz q;

    if (daf_web_quiz_read(text, size, &q) != DAF_OK) return;
    assert(q.count >= 1 && q.count <= DAF_WEB_QUIZ_QUESTIONS_MAX);
    for (size_t i = 0; i < q.count; i++)
        assert(q.questions[i].right < q.questions[i].answers_count);
    daf_web_quiz_free(&q);
}

static void play_headers(const char *text)
{
    char langs[DAF_WEB_LANGS_MAX][DAF_WEB_LANG_BYTES], cookie[16];
    static struct daf_web_events events = {.epoch = 1, .last = 9, .known = 3};
    size_t n = daf_web_langs(text, langs);
    bool reset;

    for (size_t i = 0; i < n; i++)
        assert(daf_web_lang_ok(langs[i]));
    if (daf_web_cookie(text, "a", cookie, sizeof(cookie)))
        assert(strchr(cookie, ';') == NULL);
    assert(daf_web_events_after(&events, text, &reset) <= events.last);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text;

    if (size == 0) return 0;
    text = malloc(size); /* the rest, and a NUL */
    assert(text != NULL);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    switch (data[0] % 5) {
    case 0:
        play_range(text, size);
        break;
    case 1:
        play_path(text);
        break;
    case 2:
        play_form(text, size - 1);
        break;
    case 3:
        play_quiz(text, size - 1);
        break;
    default:
        play_headers(text);
        break;
    }
    free(text);
    return 0;
}
