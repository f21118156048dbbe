/* SPDX-License-Identifier: Apache-2.0 */
#include "node/library/lesson.h"

#include <stdlib.h>
#include <string.h>

/* Pages are shown under a policy that allows no script and no style but
 * lesson.css: so there is none in them, not even an attribute. */

/* Things to count stand together in tens; the style makes two rows of five. */
#define TEN 10U

static void put(FILE *out, const char *markup)
{
    (void)fputs(markup, out);
}

static void put_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            put(out, "&amp;");
            break;
        case '<':
            put(out, "&lt;");
            break;
        case '>':
            put(out, "&gt;");
            break;
        case '"':
            put(out, "&quot;");
            break;
        default:
            (void)fputc(*text, out);
        }
    }
}

/* <p class="word">text</p> from "p class=\"word\"". */
static void put_element(FILE *out, const char *tag, const char *text)
{
    (void)fprintf(out, "<%s>", tag);
    put_text(out, text);
    (void)fprintf(out, "</%.*s>\n", (int)strcspn(tag, " "), tag);
}

/* @shows is for those who cannot see it; "" where the words beside it do. */
static void put_picture(FILE *out, const char *name, const char *shows)
{
    (void)fprintf(out, "<img src=\"pictures/%s.svg\" alt=\"", name);
    put_text(out, shows);
    put(out, "\">");
}

/* A number in the language's own digits. */
static void put_digits(FILE *out, const char *number, const char *zero)
{
    size_t len = strlen(zero);

    for (; *number != '\0'; number++) {
        (void)fwrite(zero, 1, len - 1, out);
        (void)fputc(zero[len - 1] + (*number - '0'), out);
    }
}

/* ---- blocks of rows */

static void put_letters(FILE *out, const struct daf_lesson_block *b)
{
    put(out, "<ul class=\"letters\">\n");
    for (const struct daf_lesson_row *r = b->rows; r < b->rows + b->rows_count;
         r++) {
        put(out, "<li>");
        put_element(out, "p class=\"letter\"", r->cells[0]);
        if (r->cells[1][0] != '\0')
            put_element(out, "p class=\"name\"", r->cells[1]);
        if (r->cells[3][0] != '\0') put_picture(out, r->cells[3], "");
        put_element(out, "p class=\"word\"", r->cells[2]);
        put(out, "</li>\n");
    }
    put(out, "</ul>\n");
}

static void put_number(FILE *out, const struct daf_lesson_row *r, size_t lang,
                       size_t number)
{
    const char *word = r->cells[2 + lang];

    put(out, "<li><p class=\"digits\">");
    put_digits(out, r->cells[0], daf_lesson_languages[lang].digits);
    /* Children meet both kinds of digits. */
    if (daf_lesson_languages[lang].digits[0] != '0')
        (void)fprintf(out, " <span class=\"other-digits\">%s</span>",
                      r->cells[0]);
    put(out, "</p>\n");
    put_element(out, "p class=\"word\"", word);
    put(out, "<p class=\"count\" role=\"img\" aria-label=\"");
    put_text(out, word);
    put(out, "\">");
    for (size_t i = 0; i < number; i++) {
        if (i % TEN == 0)
            put(out, i == 0 ? "<span class=\"ten\">"
                            : "</span><span class=\"ten\">");
        put_picture(out, r->cells[1], "");
    }
    put(out, "</span></p></li>\n");
}

static void put_numbers(FILE *out, const struct daf_lesson_block *b,
                        size_t lang)
{
    put(out, "<ul class=\"numbers\">\n");
    for (size_t i = 0; i < b->rows_count; i++)
        put_number(out, &b->rows[i], lang, i + 1);
    put(out, "</ul>\n");
}

static void put_words(FILE *out, const struct daf_lesson_block *b, size_t lang)
{
    put(out, "<ul class=\"words\">\n");
    for (const struct daf_lesson_row *r = b->rows; r < b->rows + b->rows_count;
         r++) {
        put(out, "<li>");
        put_picture(out, r->cells[0], "");
        put_element(out, "p class=\"word\"", r->cells[1 + lang]);
        put(out, "</li>\n");
    }
    put(out, "</ul>\n");
}

/* ---- all blocks */

static void put_block(FILE *out, const struct daf_lesson_block *b, size_t lang)
{
    switch (b->kind) {
    case DAF_LESSON_HEADING:
        put_element(out, "h2", b->says[lang]);
        break;
    case DAF_LESSON_TEXT:
        put_element(out, "p", b->says[lang]);
        break;
    case DAF_LESSON_TRY:
        put_element(out, "p class=\"try\"", b->says[lang]);
        break;
    case DAF_LESSON_PICTURE:
        put(out, "<figure>");
        put_picture(out, b->picture, b->says[lang]);
        put(out, "</figure>\n");
        break;
    case DAF_LESSON_STEP:
        put(out, "<li>");
        put_picture(out, b->picture, "");
        put_element(out, "p", b->says[lang]);
        put(out, "</li>\n");
        break;
    case DAF_LESSON_LETTERS:
        if (strcmp(b->word, daf_lesson_languages[lang].tag) == 0)
            put_letters(out, b);
        break;
    case DAF_LESSON_NUMBERS:
        put_numbers(out, b, lang);
        break;
    case DAF_LESSON_WORDS:
        put_words(out, b, lang);
        break;
    case DAF_LESSON_GUESS:
        put(out, "<details>");
        put_element(out, "summary", b->says[lang]);
        put_picture(out, b->picture, "");
        put_element(out, "p class=\"word\"", b->rows[0].cells[lang]);
        put(out, "</details>\n");
        break;
    case DAF_LESSON_QUESTION:
    case DAF_LESSON_KINDS:
        break;
    }
}

static void put_blocks(FILE *out, const struct daf_lesson *lesson, size_t lang)
{
    bool in_steps = false;

    for (size_t i = 0; i < lesson->blocks_count; i++) {
        bool is_step = lesson->blocks[i].kind == DAF_LESSON_STEP;

        if (is_step != in_steps)
            put(out, is_step ? "<ol class=\"steps\">\n" : "</ol>\n");
        in_steps = is_step;
        put_block(out, &lesson->blocks[i], lang);
    }
    if (in_steps) put(out, "</ol>\n");
}

/* ---- a page */

static void put_other_languages(FILE *out, size_t lang)
{
    put(out, "<p class=\"languages\">");
    for (size_t i = 0; i < DAF_LESSON_LANGUAGES; i++) {
        const struct daf_lesson_language *l = &daf_lesson_languages[i];

        if (i == lang) continue;
        (void)fprintf(out,
                      "<a href=\"index.%s.html\" lang=\"%s\" hreflang=\"%s\" "
                      "dir=\"%s\">%s</a>",
                      l->tag, l->tag, l->tag, l->direction, l->name);
    }
    put(out, "</p>\n");
}

void daf_lesson_page(const struct daf_lesson *lesson, size_t language,
                     FILE *out)
{
    const struct daf_lesson_language *l = &daf_lesson_languages[language];
    const char *title = daf_lesson_title(lesson, language);
    const struct daf_sidecar *about = &lesson->about;

    (void)fprintf(out,
                  "<!DOCTYPE html>\n<html lang=\"%s\" dir=\"%s\">\n<head>\n"
                  "<meta charset=\"utf-8\">\n",
                  l->tag, l->direction);
    put(out, "<meta name=\"viewport\" "
             "content=\"width=device-width, initial-scale=1\">\n");
    put_element(out, "title", title);
    put(out, "<link rel=\"stylesheet\" href=\"lesson.css\">\n"
             "</head>\n<body>\n<main>\n");
    put_other_languages(out, language);
    put_element(out, "h1", title);
    put_blocks(out, lesson, language);
    put(out, "</main>\n<footer>");
    put_element(out, "bdi", about->values[DAF_SIDECAR_AUTHOR]);
    put_element(out, "bdi", about->values[DAF_SIDECAR_LICENCE]);
    put(out, "</footer>\n</body>\n</html>\n");
}
