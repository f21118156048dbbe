/* SPDX-License-Identifier: Apache-2.0 */
#include "node/library/lesson.h"

#include <stdlib.h>
#include <string.h>

/* Out of memory at build time: there is nothing to save. */
static void put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0) abort();
}

static json_t *said(const char *const *words)
{
    json_t *say = json_object();

    for (size_t i = 0; i < DAF_LESSON_LANGUAGES; i++)
        put(say, daf_lesson_languages[i].tag, json_string(words[i]));
    return say;
}

static void put_picture(json_t *object, const char *name)
{
    if (name != NULL && name[0] != '\0')
        put(object, "picture", json_sprintf("pictures/%s.svg", name));
}

static json_t *answer(const struct daf_lesson_row *row)
{
    json_t *answer = json_object();

    if (row->cells[0][0] != '\0') put(answer, "say", said(row->cells));
    put_picture(answer, row->cells[2]);
    if (row->is_right) put(answer, "right", json_true());
    return answer;
}

static json_t *question(const struct daf_lesson_block *b)
{
    json_t *question = json_object();
    json_t *answers = json_array();

    put(question, "id", json_string(b->word));
    put(question, "ask", said(b->says));
    put_picture(question, b->picture);
    for (size_t i = 0; i < b->rows_count; i++)
        if (json_array_append_new(answers, answer(&b->rows[i])) != 0) abort();
    put(question, "answers", answers);
    return question;
}

json_t *daf_lesson_quiz(const struct daf_lesson *lesson)
{
    json_t *quiz = json_object();
    json_t *questions = json_array();

    for (size_t i = 0; i < lesson->blocks_count; i++)
        if (lesson->blocks[i].kind == DAF_LESSON_QUESTION &&
            json_array_append_new(questions, question(&lesson->blocks[i])) != 0)
            abort();
    put(quiz, "daftar-quiz", json_integer(1));
    put(quiz, "item", json_string(lesson->name));
    put(quiz, "questions", json_incref(questions));
    if (json_array_size(questions) == 0) {
        json_decref(quiz);
        quiz = NULL;
    }
    json_decref(questions);
    return quiz;
}
