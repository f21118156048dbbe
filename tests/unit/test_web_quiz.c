/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/web_quiz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWERS \
    "[{\"say\":{\"en\":\"a\"},\"right\":true},{\"say\":{\"en\":\"b\"}}]"
#define QUESTION(id) \
    "{\"id\":\"" id "\",\"ask\":{\"en\":\"why?\"},\"answers\":" ANSWERS "}"
#define QUIZ(questions) \
    "{\"daftar-quiz\":1,\"item\":\"letters-1\",\"questions\":[" questions "]}"

static enum daf_err read_text(const char *text, struct daf_web_quiz *q)
{
    return daf_web_quiz_read(text, strlen(text), q);
}

static void expect(const char *text, enum daf_err want)
{
    struct daf_web_quiz q;
    enum daf_err got = read_text(text, &q);

    if (got != want) fail_msg("%s: %s", text, daf_err_name(got));
    daf_web_quiz_free(&q);
}

static void a_quiz_is_read(void **state)
{
    static const char text[] =
        "{\"daftar-quiz\":1,\"item\":\"letters-1\",\"later\":[],\"questions\":["
        "{\"id\":\"q-1\",\"ask\":{\"en\":\"Which?\",\"ar\":\"أي؟\"},"
        "\"picture\":\"pictures/a b.svg\",\"answers\":["
        "{\"picture\":\"x.png\"},{\"say\":{\"ar\":\"ب\"},\"right\":true},"
        "{\"say\":{\"en\":\"c\"},\"right\":false}]}]}";
    struct daf_web_quiz q;
    const char *arabic[] = {"ar-SD"}, *lang;

    (void)state;
    assert_int_equal(read_text(text, &q), DAF_OK);
    assert_string_equal(q.item, "letters-1");
    assert_int_equal(q.count, 1);
    assert_int_equal(q.questions[0].answers_count, 3);
    assert_int_equal(q.questions[0].right, 1);
    assert_string_equal(q.questions[0].picture, "pictures/a b.svg");
    assert_null(q.questions[0].answers[0].say);
    assert_string_equal(daf_web_quiz_text(q.questions[0].ask, arabic, 1, &lang),
                        "أي؟");
    assert_string_equal(lang, "ar");
    daf_web_quiz_free(&q);
}

static void a_reader_gets_the_nearest_language(void **state)
{
    json_t *texts = json_pack("{ss ss ss}", "fr", "F", "en", "E", "ar-SY", "A");
    const char *wanted[] = {"sw", "ar-SD"}, *none[] = {"sw"};
    json_t *one = json_pack("{ss}", "ti", "T");

    (void)state;
    assert_string_equal(daf_web_quiz_text(texts, wanted, 2, NULL), "A");
    assert_string_equal(daf_web_quiz_text(texts, none, 1, NULL), "E");
    assert_string_equal(daf_web_quiz_text(one, none, 1, NULL), "T");
    assert_string_equal(daf_web_quiz_text(NULL, none, 1, NULL), "");
    json_decref(texts);
    json_decref(one);
}

static void what_is_no_quiz_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "[]",
        "null",
        "{}",
        "{\"daftar-quiz\":1}",
        "{\"daftar-quiz\":\"1\",\"item\":\"a\",\"questions\":[" QUESTION(
            "q") "]}",
        QUIZ(""),
        QUIZ("7"),
        QUIZ(QUESTION("q") "," QUESTION("q")),
        QUIZ(QUESTION("Q")),
        QUIZ(QUESTION("")),
        QUIZ(QUESTION("a b")),
        QUIZ(QUESTION("abcdefghijklmnopqrstuvwxyz0123456")),
        "{\"daftar-quiz\":1,\"item\":\"../x\",\"questions\":[" QUESTION(
            "q") "]}",
        /* Said twice. */
        "{\"daftar-quiz\":1,\"item\":\"a\",\"item\":\"b\",\"questions\":"
        "[" QUESTION("q") "]}",
        /* No right answer, two, one answer, no text, no question. */
        QUIZ("{\"id\":\"q\",\"ask\":{\"en\":\"w\"},\"answers\":[{\"say\":{"
             "\"en\":\"a\"}},{\"say\":{\"en\":\"b\"}}]}"),
        QUIZ("{\"id\":\"q\",\"ask\":{\"en\":\"w\"},\"answers\":[{\"say\":{"
             "\"en\":\"a\"},\"right\":true},{\"say\":{\"en\":\"b\"},\"right\":"
             "true}]}"),
        QUIZ("{\"id\":\"q\",\"ask\":{\"en\":\"w\"},\"answers\":[{\"say\":{"
             "\"en\":\"a\"},\"right\":true}]}"),
        QUIZ("{\"id\":\"q\",\"ask\":{\"en\":\"w\"},\"answers\":[{\"right\":"
             "true},{\"say\":{\"en\":\"b\"}}]}"),
        QUIZ("{\"id\":\"q\",\"ask\":{},\"answers\":" ANSWERS "}"),
        QUIZ("{\"id\":\"q\",\"ask\":\"why\",\"answers\":" ANSWERS "}"),
        QUIZ("{\"id\":\"q\",\"ask\":{\"en\":\"\"},\"answers\":" ANSWERS "}"),
        QUIZ("{\"id\":\"q\",\"ask\":{\"e\\\"n\":\"w\"},\"answers\":" ANSWERS
             "}"),
        QUIZ("{\"id\":\"q\",\"ask\":{\"en\":\"a\\u0007\"},\"answers\":" ANSWERS
             "}"),
        QUIZ("{\"id\":\"q\",\"ask\":{\"en\":\"w\"},\"picture\":\"../"
             "secret\",\"answers\":" ANSWERS "}"),
        QUIZ("{\"id\":\"q\",\"ask\":{\"en\":\"w\"},\"picture\":\"/etc\","
             "\"answers\":" ANSWERS "}"),
        QUIZ("{\"id\":\"q\",\"ask\":{\"en\":\"w\"},\"picture\":7,"
             "\"answers\":" ANSWERS "}"),
        QUIZ("{\"id\":\"q\",\"ask\":{\"en\":\"w\"},\"answers\":{}}"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        expect(wrong[i], DAF_EFORM);
    expect("{\"daftar-quiz\":2,\"item\":\"a\",\"questions\":[]}", DAF_EVERSION);
}

/* A quiz of @count questions. */
static char *many(size_t count)
{
    char *text = malloc(count * 200 + 100);
    size_t len = 0;

    assert_non_null(text);
    len += (size_t)sprintf(text, "{\"daftar-quiz\":1,\"item\":\"a\","
                                 "\"questions\":[");
    for (size_t i = 0; i < count; i++)
        len += (size_t)sprintf(text + len,
                               "%s{\"id\":\"q%zu\",\"ask\":{\"en\":\"w\"},"
                               "\"answers\":" ANSWERS "}",
                               i > 0 ? "," : "", i);
    (void)sprintf(text + len, "]}");
    return text;
}

static void a_quiz_has_bounds(void **state)
{
    char *most = many(DAF_WEB_QUIZ_QUESTIONS_MAX);
    char *more = many(DAF_WEB_QUIZ_QUESTIONS_MAX + 1);
    char *huge = calloc(1, DAF_WEB_QUIZ_BYTES_MAX + 2);
    char text[1024], long_text[DAF_WEB_QUIZ_TEXT_MAX + 2];

    (void)state;
    expect(most, DAF_OK);
    expect(more, DAF_ELIMIT);
    assert_non_null(huge);
    memset(huge, ' ', DAF_WEB_QUIZ_BYTES_MAX + 1);
    expect(huge, DAF_ELIMIT);
    free(most);
    free(more);
    free(huge);
    memset(long_text, 'x', sizeof(long_text));
    long_text[DAF_WEB_QUIZ_TEXT_MAX] = '\0';
    (void)snprintf(
        text, sizeof(text),
        QUIZ("{\"id\":\"q\",\"ask\":{\"en\":\"%s\"},\"answers\":" ANSWERS "}"),
        long_text);
    expect(text, DAF_OK);
    long_text[DAF_WEB_QUIZ_TEXT_MAX] = 'x';
    long_text[DAF_WEB_QUIZ_TEXT_MAX + 1] = '\0';
    (void)snprintf(
        text, sizeof(text),
        QUIZ("{\"id\":\"q\",\"ask\":{\"en\":\"%s\"},\"answers\":" ANSWERS "}"),
        long_text);
    expect(text, DAF_EFORM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiz_is_read),
        cmocka_unit_test(a_reader_gets_the_nearest_language),
        cmocka_unit_test(what_is_no_quiz_is_refused),
        cmocka_unit_test(a_quiz_has_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
