/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/sidecar.h"

#define TITLE "[title]\nen = Letters\n"

static struct daf_sidecar s;
static struct daf_sidecar_trouble trouble;

/* From a block of exactly its size, so that a sanitizer sees its end. */
static enum daf_err parse(const char *text, size_t len)
{
    uint8_t *bytes = malloc(len > 0 ? len : 1);
    enum daf_err err;

    assert_non_null(bytes);
    memcpy(bytes, text, len);
    err = daf_sidecar_parse((struct daf_view){bytes, len}, &s, &trouble);
    free(bytes);
    return err;
}

static void reads(const char *text)
{
    enum daf_err err = parse(text, strlen(text));

    if (err != DAF_OK) fail_msg("line %zu: %s", trouble.line, trouble.what);
    assert_null(trouble.what);
}

/* Refused at this line, in words that hold @words. */
static void refuses(const char *text, enum daf_err err, size_t line,
                    const char *words)
{
    static const struct daf_sidecar none;

    assert_int_equal(parse(text, strlen(text)), err);
    assert_int_equal(trouble.line, line);
    if (strstr(trouble.what, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", trouble.what, words);
    assert_memory_equal(&s, &none, sizeof(s));
}

/* @head, then @count times @c, then @tail; good until the next. */
static const char *filled(const char *head, char c, size_t count,
                          const char *tail)
{
    static char text[DAF_SIDECAR_BYTES_MAX + 64];
    size_t at = strlen(head);

    assert_true(at + count + strlen(tail) < sizeof(text));
    (void)snprintf(text, sizeof(text), "%s", head);
    memset(text + at, c, count);
    (void)snprintf(text + at + count, sizeof(text) - at - count, "%s", tail);
    return text;
}

static void the_documented_example_is_read(void **state)
{
    (void)state;
    reads("; lesson.html.ini\n"
          "[title]\n"
          "en = Letters, part one\n"
          "ar = الحروف، الجزء الأول\n"
          "\n"
          "[description]\n"
          "en = The first ten letters, with a voice\n"
          "  and a game for each.\n"
          "\n"
          "[content]\n"
          "languages = ar, en\n"
          "level = grade 1\n"
          "subject = reading\n"
          "licence = CC-BY-SA-4.0\n");
    assert_int_equal(s.titles_count, 2);
    assert_string_equal(s.titles[0].tag, "en");
    assert_string_equal(s.titles[0].text, "Letters, part one");
    assert_int_equal(s.titles[0].line, 3);
    assert_string_equal(s.titles[1].tag, "ar");
    assert_string_equal(s.titles[1].text, "الحروف، الجزء الأول");
    assert_int_equal(s.descriptions_count, 1);
    assert_string_equal(s.descriptions[0].text,
                        "The first ten letters, with a voice and a game for "
                        "each.");
    assert_int_equal(s.tags_count, 2);
    assert_string_equal(s.tags[0], "ar");
    assert_string_equal(s.tags[1], "en");
    assert_string_equal(s.values[DAF_SIDECAR_LEVEL], "grade 1");
    assert_string_equal(s.values[DAF_SIDECAR_SUBJECT], "reading");
    assert_string_equal(s.values[DAF_SIDECAR_LICENCE], "CC-BY-SA-4.0");
    assert_string_equal(s.values[DAF_SIDECAR_AGE], "");
    assert_int_equal(s.lines[DAF_SIDECAR_LICENCE], 14);
    assert_int_equal(s.lines[DAF_SIDECAR_AGE], 0);
    assert_int_equal(s.warnings_count, 0);
}

static void every_key_is_read_by_its_name(void **state)
{
    char text[128];

    (void)state;
    for (int i = 0; i < DAF_SIDECAR_KEYS; i++) {
        enum daf_sidecar_key key = (enum daf_sidecar_key)i;

        const char *value = key == DAF_SIDECAR_ORDER ? "12" : "sw";

        (void)snprintf(text, sizeof(text), TITLE "[content]\n%s = %s\n",
                       daf_sidecar_key_str(key), value);
        reads(text);
        assert_string_equal(s.values[key], value);
        assert_int_equal(s.lines[key], 4);
    }
    assert_string_equal(daf_sidecar_key_str(DAF_SIDECAR_KEYS), "");
    reads(TITLE "[content]\nlicense = MIT\n");
    assert_string_equal(s.values[DAF_SIDECAR_LICENCE], "MIT");
}

static void a_mark_and_the_line_ends_of_windows_are_fine(void **state)
{
    (void)state;
    reads("\xef\xbb\xbf[title]\r\nen = Letters\r\n\r\n[description]\r\n"
          "en = a\r\n b");
    assert_string_equal(s.titles[0].text, "Letters");
    assert_string_equal(s.descriptions[0].text, "a b");
}

static void comments_and_blanks_are_left_out(void **state)
{
    (void)state;
    reads("# one\n\n \t\n  ; two\n[title]\n; en = No\nen\t=\tLetters \n"
          "  # not a part\n\n  and numbers\n");
    assert_string_equal(s.titles[0].text, "Letters and numbers");
    reads("[title]\nen = a;b =c: d #e [f]\n");
    assert_string_equal(s.titles[0].text, "a;b =c: d #e [f]");
}

static void what_is_not_known_is_reported_and_left_out(void **state)
{
    char text[512] = TITLE "[content]\n";

    (void)state;
    reads(TITLE "[content]\ncolour = red\n  and blue\n[later]\nx = 1\nx = 2\n");
    assert_int_equal(s.warnings_count, 3);
    assert_int_equal(s.warnings[0].line, 4);
    assert_string_equal(s.warnings[0].section, "content");
    assert_string_equal(s.warnings[0].name, "colour");
    assert_int_equal(s.warnings[1].line, 7);
    assert_string_equal(s.warnings[1].section, "later");
    assert_string_equal(s.warnings[1].name, "x");
    assert_int_equal(s.warnings[2].line, 8);

    for (size_t i = 0; i < DAF_SIDECAR_WARNINGS_MAX + 1; i++)
        memcpy(text + strlen(text), "k = v\n", 7);
    reads(text);
    assert_int_equal(s.warnings_count, DAF_SIDECAR_WARNINGS_MAX + 1);
    assert_int_equal(s.warnings[DAF_SIDECAR_WARNINGS_MAX - 1].line, 19);
}

static void a_title_is_needed(void **state)
{
    (void)state;
    refuses("", DAF_ENOTFOUND, 0, "no title");
    refuses("[title]\n[content]\nlevel = grade 1\n", DAF_ENOTFOUND, 0,
            "no title");
    refuses("[Title]\nen = Letters\n", DAF_ENOTFOUND, 0, "no title");
}

static void what_is_said_twice_is_refused(void **state)
{
    (void)state;
    refuses(TITLE "EN = Letters\n", DAF_EEXISTS, 3, "already");
    refuses(TITLE "[content]\nage = 6\n[title]\nen = x\n", DAF_EEXISTS, 6,
            "already");
    refuses(TITLE "[description]\nar = a\nar = b\n", DAF_EEXISTS, 5, "already");
    refuses(TITLE "[content]\nlicence = a\nlicense = b\n", DAF_EEXISTS, 5,
            "already");
    refuses(TITLE "[content]\nlanguages = en, ar, En\n", DAF_EEXISTS, 4,
            "twice");
}

static void what_is_empty_is_refused(void **state)
{
    (void)state;
    refuses("[title]\nen =\nar = x\n", DAF_ENOTFOUND, 2, "nothing after");
    refuses(TITLE "[description]\nen = \t\n", DAF_ENOTFOUND, 4,
            "nothing after");
    refuses(TITLE "[content]\nlevel=\n", DAF_ENOTFOUND, 4, "nothing after");
    refuses("[title]\n= x\n", DAF_EFORM, 2, "nothing before");
    reads("[title]\nen =\n  Letters\n");
    assert_string_equal(s.titles[0].text, "Letters");
}

static void what_is_not_ini_is_refused(void **state)
{
    (void)state;
    refuses("en = Letters\n", DAF_EFORM, 1, "no section");
    refuses("[]\nen = Letters\n", DAF_EFORM, 2, "no section");
    refuses(TITLE "Letters\n[content]\nage=1\nage=1\n", DAF_EFORM, 3, "no =");
    refuses("[title\nen = x\n", DAF_EFORM, 1, "end with ]");
    refuses("[title] en = x\n", DAF_EFORM, 1, "end with ]");
    refuses("[title]\n  en = Letters\n  ar = x\n", DAF_EFORM, 3, "looks like");
    refuses(TITLE " [content]\n age = 6\n", DAF_EFORM, 3, "looks like");
    refuses("[title]\nen = Letters ; or numbers\n", DAF_EFORM, 2, "comment");
    refuses("[title]\nen = Letters\n  or ;numbers\n", DAF_EFORM, 3, "comment");
    reads("  [title]\n  en = Letters\n  so that 2 + 2 = 4\n");
    assert_string_equal(s.titles[0].text, "Letters so that 2 + 2 = 4");
}

static void what_is_not_text_is_refused(void **state)
{
    static const char nul[] = "[title]\nen = a\0b\n";

    (void)state;
    refuses("[title]\n\nen = \xc3\n", DAF_EFORM, 3, "UTF-8");
    refuses("; \xed\xa0\x80\n" TITLE, DAF_EFORM, 1, "UTF-8");
    assert_int_equal(parse(nul, sizeof(nul) - 1), DAF_EFORM);
    assert_int_equal(trouble.line, 2);
    refuses("[title]\nen = a\x1b[2J\n", DAF_EFORM, 2, "control");
    refuses("[title]\nen = a\xc2\x9b\n", DAF_EFORM, 2, "control");
    refuses("[title]\nen = a\rar = b\n", DAF_EFORM, 2, "control");
    refuses("[title]\nen = a\x7f\n", DAF_EFORM, 2, "control");
}

static void lines_are_never_cut(void **state)
{
    (void)state;
    /* "en = " and 192 are 197, with every end that a line can have. */
    reads(filled("[title]\nen = ", 'a', 192, ""));
    assert_int_equal(strlen(s.titles[0].text), 192);
    reads(filled("[title]\nen = ", 'a', 192, "\r\nar = b"));
    assert_int_equal(strlen(s.titles[0].text), 192);
    assert_string_equal(s.titles[1].text, "b");
    refuses(filled("[title]\nen = ", 'a', 193, ""), DAF_ELIMIT, 2, "longer");
    refuses(filled("[title]\nen = ", 'a', 193, "\n"), DAF_ELIMIT, 2, "longer");
    refuses(filled("[title]\nen = ", 'a', 193, "\r\n"), DAF_ELIMIT, 2,
            "longer");
    refuses(filled("[title]\n;", 'a', 60000, "\n"), DAF_ELIMIT, 2, "longer");
}

static void names_are_never_cut(void **state)
{
    (void)state;
    reads(filled(TITLE "[", 'a', 49, "]\nx = 1\n"));
    assert_int_equal(strlen(s.warnings[0].section), 49);
    refuses(filled(TITLE "[", 'a', 50, "]\nx = 1\n"), DAF_ELIMIT, 3, "section");
    reads(filled(TITLE "[content]\n", 'a', 49, " = 1\n"));
    assert_int_equal(strlen(s.warnings[0].name), 49);
    refuses(filled(TITLE "[content]\n", 'a', 50, " = 1\n"), DAF_ELIMIT, 4,
            "key");
}

/* @total bytes of value under @head, in lines of 100 and one that is shorter. */
static const char *wrapped(const char *head, size_t total)
{
    static char text[4096];
    size_t at = (size_t)snprintf(text, sizeof(text), "%s", head);

    for (size_t left = total; left > 0;) {
        size_t len = left < 100 ? left : 100;

        text[at++] = '\n';
        text[at++] = ' ';
        memset(text + at, 'a', len);
        at += len;
        left -= len;
        if (left > 0) left--; /* the blank that joins */
    }
    text[at] = '\0';
    return text;
}

static void values_have_limits(void **state)
{
    (void)state;
    reads(wrapped("[title]\nen =", 200));
    assert_int_equal(strlen(s.titles[0].text), 200);
    refuses(wrapped("[title]\nen =", 201), DAF_ELIMIT, 4, "too long");
    reads(wrapped(TITLE "[description]\nen =", 1000));
    assert_int_equal(strlen(s.descriptions[0].text), 1000);
    refuses(wrapped(TITLE "[description]\nen =", 1001), DAF_ELIMIT, 14,
            "too long");
    reads(wrapped(TITLE "[content]\nlevel =", 200));
    refuses(wrapped(TITLE "[content]\nlevel =", 201), DAF_ELIMIT, 6,
            "too long");
}

static void the_file_has_a_limit(void **state)
{
    static char text[DAF_SIDECAR_BYTES_MAX + 1];

    (void)state;
    memset(text, '\n', sizeof(text));
    (void)snprintf(text, sizeof(text), "%s", TITLE);
    text[strlen(TITLE)] = '\n';
    assert_int_equal(parse(text, sizeof(text) - 1), DAF_OK);
    assert_int_equal(parse(text, sizeof(text)), DAF_ELIMIT);
    assert_int_equal(trouble.line, 0);
}

static void there_are_sixteen_languages_at_most(void **state)
{
    char text[512] = "[title]\n", list[512] = TITLE "[content]\nlanguages = aa";

    (void)state;
    for (int i = 0; i < DAF_SIDECAR_LANGUAGES_MAX; i++) {
        (void)snprintf(text + strlen(text), 16, "a%c = x\n", 'a' + i);
        if (i > 0) (void)snprintf(list + strlen(list), 8, ",a%c", 'a' + i);
    }
    reads(text);
    assert_int_equal(s.titles_count, DAF_SIDECAR_LANGUAGES_MAX);
    reads(list);
    assert_int_equal(s.tags_count, DAF_SIDECAR_LANGUAGES_MAX);
    memcpy(text + strlen(text), "zz = x\n", 8);
    refuses(text, DAF_ELIMIT, 18, "16 languages");
    memcpy(list + strlen(list), ",zz", 4);
    refuses(list, DAF_ELIMIT, 4, "16 languages");
}

static void tags_are_checked_by_their_shape(void **state)
{
    static const char *const good[] = {"en",       "ar",         "ckb",
                                       "ckb-Arab", "zh-Hans-CN", "es-419",
                                       "AR",       "sl-1994",    "de-a-phonebk",
                                       "x-camp",   "abcdefgh",   "en-x-ab"};
    static const char *const bad[] = {
        "",      "e",
        "1n",    "en_GB",
        "en-",   "-en",
        "en--x", "abcdefghi",
        "a-en",  "en-abcdefghi",
        "en-x",  "عر",
        "en GB", "e1",
        "x",     "en-aaaaaaaa-bbbbbbbb-cccccccc-ddddddd"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        if (!daf_sidecar_is_tag(
                (struct daf_view){(const uint8_t *)good[i], strlen(good[i])}))
            fail_msg("%s is refused", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (daf_sidecar_is_tag(
                (struct daf_view){(const uint8_t *)bad[i], strlen(bad[i])}))
            fail_msg("%s is accepted", bad[i]);
    refuses("[title]\nenglish1 = x\n", DAF_EFORM, 2, "language tag");
    refuses(TITLE "[content]\nlanguages = en, english language\n", DAF_EFORM, 4,
            "language tags");
    refuses(TITLE "[content]\nlanguages = en,\n", DAF_EFORM, 4,
            "language tags");
}

static void a_preview_is_beside_its_sidecar(void **state)
{
    (void)state;
    reads(TITLE "[content]\npreview = cover of it.webp\n");
    assert_string_equal(s.values[DAF_SIDECAR_PREVIEW], "cover of it.webp");
    refuses(TITLE "[content]\npreview = ../cover.webp\n", DAF_EFORM, 4,
            "own folder");
    refuses(TITLE "[content]\npreview = img/cover.webp\n", DAF_EFORM, 4,
            "own folder");
    refuses(TITLE "[content]\npreview = ..\n", DAF_EFORM, 4, "own folder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_example_is_read),
        cmocka_unit_test(every_key_is_read_by_its_name),
        cmocka_unit_test(a_mark_and_the_line_ends_of_windows_are_fine),
        cmocka_unit_test(comments_and_blanks_are_left_out),
        cmocka_unit_test(what_is_not_known_is_reported_and_left_out),
        cmocka_unit_test(a_title_is_needed),
        cmocka_unit_test(what_is_said_twice_is_refused),
        cmocka_unit_test(what_is_empty_is_refused),
        cmocka_unit_test(what_is_not_ini_is_refused),
        cmocka_unit_test(what_is_not_text_is_refused),
        cmocka_unit_test(lines_are_never_cut),
        cmocka_unit_test(names_are_never_cut),
        cmocka_unit_test(values_have_limits),
        cmocka_unit_test(the_file_has_a_limit),
        cmocka_unit_test(there_are_sixteen_languages_at_most),
        cmocka_unit_test(tags_are_checked_by_their_shape),
        cmocka_unit_test(a_preview_is_beside_its_sidecar),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
