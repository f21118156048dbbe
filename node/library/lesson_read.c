/* SPDX-License-Identifier: Apache-2.0 */
#include "node/library/lesson.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NAME_CHARS   "abcdefghijklmnopqrstuvwxyz0123456789-"

const struct daf_lesson_language daf_lesson_languages[] = {
    {"en", "ltr", "English", "0"},
    {"ar", "rtl", "العربية", "٠"},
};

/* What a block of each kind has; README.md tells it to a teacher. */
static const struct shape {
    const char *name;
    bool has_word, has_says;
    bool may_picture, must_picture;
    size_t cells;        /* of a row; 0: no rows */
    size_t picture_cell; /* which of them names a picture */
    const char *how;     /* the row, for a message */
} shapes[DAF_LESSON_KINDS] = {
    [DAF_LESSON_HEADING] = {.name = "heading", .has_says = true},
    [DAF_LESSON_TEXT] = {.name = "text", .has_says = true},
    [DAF_LESSON_TRY] = {.name = "try", .has_says = true},
    [DAF_LESSON_PICTURE] = {.name = "picture",
                            .has_says = true,
                            .may_picture = true,
                            .must_picture = true},
    [DAF_LESSON_STEP] = {.name = "step",
                         .has_says = true,
                         .may_picture = true,
                         .must_picture = true},
    [DAF_LESSON_LETTERS] = {.name = "letters",
                            .has_word = true,
                            .cells = 4,
                            .picture_cell = 3,
                            .how = "letter | its name | word | picture"},
    [DAF_LESSON_NUMBERS] = {.name = "numbers",
                            .cells = 4,
                            .picture_cell = 1,
                            .how = "number | picture | English | Arabic"},
    [DAF_LESSON_WORDS] = {.name = "words",
                          .cells = 3,
                          .picture_cell = 0,
                          .how = "picture | English | Arabic"},
    [DAF_LESSON_GUESS] = {.name = "guess",
                          .has_says = true,
                          .may_picture = true,
                          .must_picture = true,
                          .cells = 2,
                          .picture_cell = DAF_LESSON_CELLS_MAX,
                          .how = "answer: English | Arabic"},
    [DAF_LESSON_QUESTION] = {.name = "question",
                             .has_word = true,
                             .has_says = true,
                             .may_picture = true,
                             .cells = 3,
                             .picture_cell = 2,
                             .how = "right: English | Arabic | picture"},
};

struct reading {
    struct daf_lesson *lesson;
    char *rest; /* lines not read yet */
    size_t line;
    struct daf_lesson_block *block; /* the one being read; NULL: none */
    char *end; /* of the text that a line could go on; NULL: none */
};

bool daf_lesson_fail(const char *path, size_t line, const char *format, ...)
{
    va_list args;

    (void)fprintf(stderr, "%s:%zu: ", path, line);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    return false;
}

#define FAIL(r, at, ...) daf_lesson_fail((r)->lesson->path, (at), __VA_ARGS__)

/* ---- files */

char *daf_lesson_bytes(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    char *bytes = calloc(1, DAF_LESSON_BYTES_MAX + 2);

    *len = 0;
    if (file != NULL && bytes != NULL)
        *len = fread(bytes, 1, DAF_LESSON_BYTES_MAX + 1, file);
    if (file == NULL || bytes == NULL || ferror(file) ||
        *len > DAF_LESSON_BYTES_MAX) {
        (void)daf_lesson_fail(path, 0, "cannot be read, or is over %d bytes",
                              DAF_LESSON_BYTES_MAX);
        free(bytes);
        bytes = NULL;
    }
    if (file != NULL) (void)fclose(file);
    return bytes;
}

/* Asked of jansson, which takes nothing else. */
static bool is_utf8(const char *s, size_t len)
{
    json_t *text = json_stringn(s, len);

    json_decref(text);
    return text != NULL;
}

static bool has_control(const char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f) return true;
    return false;
}

/* ---- words and cells */

static bool is_name(const char *s)
{
    size_t len = strlen(s);

    return len > 0 && len <= DAF_LESSON_NAME_BYTES_MAX &&
           strspn(s, NAME_CHARS) == len;
}

static char *trim(char *s)
{
    size_t len;

    s += strspn(s, " ");
    len = strlen(s);
    while (len > 0 && s[len - 1] == ' ')
        s[--len] = '\0';
    return s;
}

/* Cuts the next word off @s; "" if there is none. */
static const char *take_word(char **s)
{
    char *word = *s + strspn(*s, " ");
    char *end = word + strcspn(word, " ");

    *s = *end == '\0' ? end : end + 1;
    *end = '\0';
    return word;
}

/* Notes a picture as used; there must be a drawing of that name. */
static bool use_picture(struct reading *r, const char *name)
{
    struct daf_lesson *lesson = r->lesson;
    char path[PATH_MAX + DAF_LESSON_NAME_BYTES_MAX + 16];

    for (size_t i = 0; i < lesson->pictures_count; i++)
        if (strcmp(lesson->pictures[i], name) == 0) return true;
    if (!is_name(name))
        return FAIL(r, r->line,
                    "\"%s\" cannot name a picture; use a to z, 0 to 9 and -, "
                    "without .svg, at most %d",
                    name, DAF_LESSON_NAME_BYTES_MAX);
    (void)snprintf(path, sizeof(path), "%s/pictures/%s.svg", lesson->source,
                   name);
    if (access(path, R_OK) != 0)
        return FAIL(r, r->line,
                    "there is no picture %s; draw it, or correct the name",
                    path);
    if (lesson->pictures_count == DAF_LESSON_PICTURES_MAX)
        return FAIL(r, r->line, "more than %d pictures; make two lessons",
                    DAF_LESSON_PICTURES_MAX);
    lesson->pictures[lesson->pictures_count++] = name;
    return true;
}

/* Which cells may be left empty; the words of an answer only together. */
static bool may_be_empty(const struct daf_lesson_block *b, const char *const *c,
                         size_t i)
{
    if (b->kind == DAF_LESSON_LETTERS) return i == 1 || i == 3;
    if (b->kind != DAF_LESSON_QUESTION) return false;
    return i == 2 ? c[0][0] != '\0' : c[0][0] == c[1][0] && c[2][0] != '\0';
}

static bool cut_cells(struct reading *r, char *s, struct daf_lesson_row *row)
{
    const struct shape *shape = &shapes[r->block->kind];
    size_t count = 0;

    for (char *cell = s; cell != NULL; count++) {
        char *bar = strchr(cell, '|');

        if (bar != NULL) *bar++ = '\0';
        if (count < shape->cells) row->cells[count] = trim(cell);
        cell = bar;
    }
    /* An answer in words says nothing of a picture. */
    if (r->block->kind == DAF_LESSON_QUESTION && count == 2)
        row->cells[count++] = "";
    if (count != shape->cells)
        return FAIL(r, r->line, "this line has %zu parts; it must be: %s",
                    count, shape->how);
    for (size_t i = 0; i < count; i++)
        if (row->cells[i][0] == '\0' && !may_be_empty(r->block, row->cells, i))
            return FAIL(r, r->line, "part %zu is empty; the line must be: %s",
                        i + 1, shape->how);
        else if (strlen(row->cells[i]) > DAF_LESSON_SAY_BYTES_MAX)
            return FAIL(r, r->line, "part %zu is over %d bytes; shorten it",
                        i + 1, DAF_LESSON_SAY_BYTES_MAX);
    return true;
}

/* Numbers are in order, so that a page never skips one. */
static bool check_number(struct reading *r, const struct daf_lesson_row *row)
{
    char expected[24];

    (void)snprintf(expected, sizeof(expected), "%zu", r->block->rows_count + 1);
    return strcmp(row->cells[0], expected) == 0 ||
           FAIL(r, r->line, "here the number must be %s", expected);
}

static bool add_row(struct reading *r, char *s, bool is_right)
{
    struct daf_lesson *lesson = r->lesson;
    struct daf_lesson_block *b = r->block;
    size_t at = shapes[b->kind].picture_cell;
    struct daf_lesson_row *row = &lesson->rows[lesson->rows_count];

    if (lesson->rows_count == DAF_LESSON_ROWS_MAX)
        return FAIL(r, r->line, "more than %d rows; make two lessons",
                    DAF_LESSON_ROWS_MAX);
    row->line = r->line;
    row->is_right = is_right;
    if (!cut_cells(r, s, row)) return false;
    if (b->kind == DAF_LESSON_NUMBERS && !check_number(r, row)) return false;
    if (at < DAF_LESSON_CELLS_MAX && row->cells[at][0] != '\0' &&
        !use_picture(r, row->cells[at]))
        return false;
    if (b->rows_count++ == 0) b->rows = row;
    lesson->rows_count++;
    return true;
}

/* ---- blocks */

static bool check_question(struct reading *r)
{
    const struct daf_lesson_block *b = r->block;
    size_t right = 0, questions = 0;

    for (size_t i = 0; i < b->rows_count; i++)
        right += b->rows[i].is_right;
    if (b->rows_count < DAF_LESSON_ANSWERS_MIN ||
        b->rows_count > DAF_LESSON_ANSWERS_MAX)
        return FAIL(r, b->line, "a question has %d to %d answers, not %zu",
                    DAF_LESSON_ANSWERS_MIN, DAF_LESSON_ANSWERS_MAX,
                    b->rows_count);
    if (right != 1)
        return FAIL(r, b->line,
                    "one answer must begin with right:, here it is %zu", right);
    for (struct daf_lesson_block *o = r->lesson->blocks; o <= b; o++) {
        if (o->kind != DAF_LESSON_QUESTION) continue;
        if (o != b && strcmp(o->word, b->word) == 0)
            return FAIL(r, b->line,
                        "line %zu has a question called %s already; give this "
                        "one another name",
                        o->line, b->word);
        if (++questions > DAF_LESSON_QUESTIONS_MAX)
            return FAIL(r, b->line, "more than %d questions; leave some out",
                        DAF_LESSON_QUESTIONS_MAX);
    }
    return true;
}

/* All lines of the block were read. */
static bool end_block(struct reading *r)
{
    const struct daf_lesson_block *b = r->block;
    const struct shape *shape;

    if (b == NULL) return true;
    shape = &shapes[b->kind];
    for (size_t i = 0; i < DAF_LESSON_LANGUAGES; i++)
        if (shape->has_says && b->says[i] == NULL)
            return FAIL(r, b->line,
                        "this %s says nothing in %s; add a line %s:",
                        shape->name, daf_lesson_languages[i].name,
                        daf_lesson_languages[i].tag);
    if (b->kind == DAF_LESSON_QUESTION) {
        if (!check_question(r)) return false;
    } else if (b->kind == DAF_LESSON_GUESS && b->rows_count != 1) {
        return FAIL(r, b->line, "a guess has one line answer:, not %zu",
                    b->rows_count);
    } else if (shape->cells > 0 && b->rows_count == 0) {
        return FAIL(r, b->line, "there are no lines in this block; add: %s",
                    shape->how);
    }
    r->block = NULL;
    r->end = NULL;
    return true;
}

static bool check_word(struct reading *r, const struct daf_lesson_block *b)
{
    if (b->kind == DAF_LESSON_LETTERS) {
        for (size_t i = 0; i < DAF_LESSON_LANGUAGES; i++)
            if (strcmp(b->word, daf_lesson_languages[i].tag) == 0) return true;
        return FAIL(r, r->line, "say for which page: letters en, letters ar");
    }
    return is_name(b->word) ||
           FAIL(r, r->line,
                "a question needs a name of its own, of a to z, 0 to 9 and -: "
                "question soap");
}

static bool begin_block(struct reading *r, char *s)
{
    struct daf_lesson *lesson = r->lesson;
    struct daf_lesson_block *b = &lesson->blocks[lesson->blocks_count];
    const char *name = take_word(&s);
    const struct shape *shape = shapes;
    const char *word;

    while (shape < shapes + COUNT(shapes) && strcmp(shape->name, name) != 0)
        shape++;
    if (shape == shapes + COUNT(shapes))
        return FAIL(r, r->line,
                    "\"%s\" is no kind of block; the README beside the lessons "
                    "lists them",
                    name);
    if (lesson->blocks_count == DAF_LESSON_BLOCKS_MAX)
        return FAIL(r, r->line, "more than %d blocks; make two lessons",
                    DAF_LESSON_BLOCKS_MAX);
    memset(b, 0, sizeof(*b));
    b->kind = (enum daf_lesson_kind)(shape - shapes);
    b->line = r->line;
    if (shape->has_word) {
        b->word = take_word(&s);
        if (!check_word(r, b)) return false;
    }
    word = take_word(&s);
    if (word[0] != '\0' && shape->may_picture) {
        if (!use_picture(r, word)) return false;
        b->picture = word;
        word = take_word(&s);
    } else if (shape->must_picture) {
        return FAIL(r, r->line, "this needs a picture: %s apple", shape->name);
    }
    if (word[0] != '\0')
        return FAIL(r, r->line, "\"%s\" is one word too many", word);
    lesson->blocks_count++;
    r->block = b;
    return true;
}

/* ---- lines */

/* Whether @s begins with @key and a colon; then *@s is what follows. */
static bool takes_key(char **s, const char *key)
{
    size_t len = strlen(key);

    if (strncmp(*s, key, len) != 0 || (*s)[len] != ':') return false;
    *s = trim(*s + len + 1);
    return true;
}

static bool check_say(struct reading *r, const char *s)
{
    if (s[0] == '\0')
        return FAIL(r, r->line, "nothing follows the colon; write the text");
    return r->block->kind != DAF_LESSON_QUESTION ||
           strlen(s) <= DAF_LESSON_SAY_BYTES_MAX ||
           FAIL(r, r->line, "a question has at most %d bytes; shorten it",
                DAF_LESSON_SAY_BYTES_MAX);
}

static bool say(struct reading *r, size_t language, char *s)
{
    if (r->block->says[language] != NULL)
        return FAIL(r, r->line,
                    "this block has a line %s: already; a line that "
                    "goes on begins with a blank",
                    daf_lesson_languages[language].tag);
    if (!check_say(r, s)) return false;
    r->block->says[language] = s;
    r->end = s + strlen(s);
    return true;
}

static bool in_block(struct reading *r, char *s)
{
    const struct shape *shape = &shapes[r->block->kind];

    r->end = NULL;
    for (size_t i = 0; i < DAF_LESSON_LANGUAGES && shape->has_says; i++)
        if (takes_key(&s, daf_lesson_languages[i].tag)) return say(r, i, s);
    if (r->block->kind == DAF_LESSON_GUESS && takes_key(&s, "answer"))
        return add_row(r, s, true);
    if (r->block->kind == DAF_LESSON_QUESTION) {
        if (takes_key(&s, "right")) return add_row(r, s, true);
        if (takes_key(&s, "wrong")) return add_row(r, s, false);
    }
    if (shape->cells > 0 && !shape->has_says) return add_row(r, s, false);
    return FAIL(r, r->line,
                "this line does not belong to a %s; an empty line ends a block",
                shape->name);
}

/* The line goes on the text above it, one blank between. */
static bool go_on(struct reading *r, const char *s)
{
    size_t len = strlen(s);

    if (r->block == NULL || r->end == NULL)
        return FAIL(r, r->line,
                    "this line begins with a blank, but there is no text above "
                    "that it could go on; take the blank away");
    *r->end++ = ' ';
    memmove(r->end, s, len + 1); /* towards the start, over what was read */
    r->end += len;
    for (size_t i = 0; i < DAF_LESSON_LANGUAGES; i++)
        if (r->block->says[i] != NULL && !check_say(r, r->block->says[i]))
            return false;
    return true;
}

static bool take_line(struct reading *r)
{
    char *s = r->rest;
    size_t len = strcspn(s, "\n");
    bool is_indented;

    r->rest = s[len] == '\0' ? NULL : s + len + 1;
    r->line++;
    s[len] = '\0';
    if (len > 0 && s[len - 1] == '\r') s[len - 1] = '\0';
    if (!is_utf8(s, strlen(s)))
        return FAIL(r, r->line, "this is not UTF-8; save the file as UTF-8");
    if (has_control(s))
        return FAIL(r, r->line,
                    "there is a tab or another character that "
                    "cannot be seen; use blanks");
    is_indented = s[0] == ' ';
    s = trim(s);
    if (s[0] == '#') return true;
    if (s[0] == '\0') return end_block(r);
    if (is_indented) return go_on(r, s);
    return r->block == NULL ? begin_block(r, s) : in_block(r, s);
}

/* ---- a lesson */

static bool read_about(struct daf_lesson *lesson)
{
    char path[2 * PATH_MAX];
    struct daf_sidecar_trouble trouble;
    enum daf_err err;
    size_t len;
    char *bytes;

    (void)snprintf(path, sizeof(path), "%s/%s/content.ini", lesson->source,
                   lesson->name);
    bytes = daf_lesson_bytes(path, &len);
    if (bytes == NULL) return false;
    err = daf_sidecar_parse((struct daf_view){(const uint8_t *)bytes, len},
                            &lesson->about, &trouble);
    free(bytes);
    if (err != DAF_OK)
        return daf_lesson_fail(path, trouble.line, "%s", trouble.what);
    if (lesson->about.warnings_count > 0)
        return daf_lesson_fail(path, lesson->about.warnings[0].line,
                               "\"%s\" is no key of a sidecar",
                               lesson->about.warnings[0].name);
    for (size_t i = 0; i < DAF_LESSON_LANGUAGES; i++)
        if (daf_lesson_title(lesson, i) == NULL)
            return daf_lesson_fail(path, 0, "there is no title in %s",
                                   daf_lesson_languages[i].name);
    return true;
}

static bool read_text(struct daf_lesson *lesson)
{
    struct reading r = {.lesson = lesson};
    size_t len;

    lesson->text = daf_lesson_bytes(lesson->path, &len);
    if (lesson->text == NULL) return false;
    if (strlen(lesson->text) != len)
        return daf_lesson_fail(lesson->path, 0, "this is not a text file");
    r.rest = lesson->text;
    while (r.rest != NULL)
        if (!take_line(&r)) return false;
    if (!end_block(&r)) return false;
    return lesson->blocks_count > 0 ||
           daf_lesson_fail(lesson->path, 0, "the lesson is empty");
}

bool daf_lesson_read(struct daf_lesson *lesson, const char *source,
                     const char *name)
{
    memset(lesson, 0, sizeof(*lesson));
    (void)snprintf(lesson->source, sizeof(lesson->source), "%s", source);
    (void)snprintf(lesson->name, sizeof(lesson->name), "%s", name);
    if (snprintf(lesson->path, sizeof(lesson->path), "%s/%s/lesson.txt", source,
                 name) >= (int)sizeof(lesson->path))
        return daf_lesson_fail(source, 0, "the path is too long");
    if (strlen(name) > DAF_LESSON_ITEM_BYTES_MAX ||
        strspn(name, NAME_CHARS) != strlen(name))
        return daf_lesson_fail(lesson->path, 0,
                               "the folder's name is at most %d of a to z, 0 "
                               "to 9 and -",
                               DAF_LESSON_ITEM_BYTES_MAX);
    return read_about(lesson) && read_text(lesson);
}

void daf_lesson_deinit(struct daf_lesson *lesson)
{
    free(lesson->text);
    lesson->text = NULL;
}

const char *daf_lesson_title(const struct daf_lesson *lesson, size_t language)
{
    const struct daf_sidecar *about = &lesson->about;

    for (size_t i = 0; i < about->titles_count; i++)
        if (strcmp(about->titles[i].tag, daf_lesson_languages[language].tag) ==
            0)
            return about->titles[i].text;
    return NULL;
}
