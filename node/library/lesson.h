/* SPDX-License-Identifier: Apache-2.0 */
/* node/library/lesson.h - a lesson of our own sample library: from the text
 * that a teacher wrote to pages and a quiz.  README.md has the text's format.
 *
 * Runs at build time only.  A mistake in a lesson is printed as file:line with
 * what to do, and ends the build. */
#ifndef DAF_NODE_LIBRARY_LESSON_H
#define DAF_NODE_LIBRARY_LESSON_H

#include <jansson.h>
#include <limits.h>
#include <stdio.h>

#include "store/sidecar.h"

#define DAF_LESSON_LANGUAGES      2 /* every lesson speaks all of them */
#define DAF_LESSON_BLOCKS_MAX     128
#define DAF_LESSON_ROWS_MAX       512
#define DAF_LESSON_CELLS_MAX      4
#define DAF_LESSON_PICTURES_MAX   128
#define DAF_LESSON_NAME_BYTES_MAX 32 /* of a picture or a question */
#define DAF_LESSON_BYTES_MAX      262144

/* What the web process takes (quiz.json). */
#define DAF_LESSON_QUESTIONS_MAX  64
#define DAF_LESSON_ANSWERS_MIN    2
#define DAF_LESSON_ANSWERS_MAX    8
#define DAF_LESSON_SAY_BYTES_MAX  400
#define DAF_LESSON_ITEM_BYTES_MAX 64

struct daf_lesson_language {
    const char *tag;       /* as in content.ini */
    const char *direction; /* HTML's dir */
    const char *name;      /* in itself */
    const char *digits;    /* its 0, in UTF-8; 1 to 9 follow in Unicode */
};

extern const struct daf_lesson_language
    daf_lesson_languages[DAF_LESSON_LANGUAGES];

enum daf_lesson_kind {
    DAF_LESSON_HEADING,
    DAF_LESSON_TEXT,
    DAF_LESSON_TRY, /* something to do away from the page */
    DAF_LESSON_PICTURE,
    DAF_LESSON_STEP, /* neighbours are numbered through */
    DAF_LESSON_LETTERS,
    DAF_LESSON_NUMBERS,
    DAF_LESSON_WORDS,
    DAF_LESSON_GUESS,    /* a riddle; its answer is folded away */
    DAF_LESSON_QUESTION, /* goes to quiz.json, not to the page */
    DAF_LESSON_KINDS,    /* how many; not a kind */
};

/* A line of cells with | between, or an answer.  Cells are never NULL. */
struct daf_lesson_row {
    size_t line;
    bool is_right;
    const char *cells[DAF_LESSON_CELLS_MAX];
};

struct daf_lesson_block {
    enum daf_lesson_kind kind;
    size_t line;
    const char *picture; /* its name without .svg; NULL: none */
    const char *word;    /* a question's id, the letters' language; or NULL */
    const char *says[DAF_LESSON_LANGUAGES]; /* NULL where a kind has none */
    const struct daf_lesson_row *rows;
    size_t rows_count;
};

struct daf_lesson {        /* about 90 KiB */
    char name[NAME_MAX];   /* of its folder; the item's name in quiz.json */
    char source[PATH_MAX]; /* the folder of all lessons and of pictures/ */
    char path[PATH_MAX];   /* of lesson.txt, for messages */
    char *text;            /* all others point into it */
    struct daf_sidecar about;
    size_t blocks_count, rows_count, pictures_count;
    struct daf_lesson_block blocks[DAF_LESSON_BLOCKS_MAX];
    struct daf_lesson_row rows[DAF_LESSON_ROWS_MAX];
    const char *pictures[DAF_LESSON_PICTURES_MAX]; /* each once */
};

/**
 * daf_lesson_read: read SOURCE/NAME/content.ini and SOURCE/NAME/lesson.txt.
 *
 * True if both are without a mistake; else the first was printed.  Either way
 * the caller calls daf_lesson_deinit().
 */
DAF_NODISCARD bool daf_lesson_read(struct daf_lesson *lesson,
                                   const char *source, const char *name);

void daf_lesson_deinit(struct daf_lesson *lesson);

/** daf_lesson_fail: print "PATH:LINE: " and what is wrong.  Returns false. */
bool daf_lesson_fail(const char *path, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** daf_lesson_bytes: a whole file, ended by a NUL that @len does not count; the
 * caller frees it.  NULL: printed why. */
char *daf_lesson_bytes(const char *path, size_t *len);

/** daf_lesson_title: its title in that language.  Never NULL once read. */
const char *daf_lesson_title(const struct daf_lesson *lesson, size_t language);

/** daf_lesson_page: write the page of one language.  @out keeps its error. */
void daf_lesson_page(const struct daf_lesson *lesson, size_t language,
                     FILE *out);

/** daf_lesson_quiz: its questions as quiz.json has them; the caller's.  NULL
 * if it has none. */
json_t *daf_lesson_quiz(const struct daf_lesson *lesson);

#endif
