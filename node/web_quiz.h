/* SPDX-License-Identifier: Apache-2.0 */
/* node/web_quiz.h - quiz.json of a content item (docs/web.md): hostile until
 * read by this. */
#ifndef DAF_NODE_WEB_QUIZ_H
#define DAF_NODE_WEB_QUIZ_H

#include "proto/err.h"
#include "proto/types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#define DAF_WEB_QUIZ_BYTES_MAX     ((size_t)256 * 1024)
#define DAF_WEB_QUIZ_QUESTIONS_MAX 64
#define DAF_WEB_QUIZ_ANSWERS_MAX   8
#define DAF_WEB_QUIZ_TEXT_MAX      400 /* bytes */
#define DAF_WEB_QUIZ_ITEM_MAX      64
#define DAF_WEB_QUIZ_ID_MAX        32

struct daf_web_quiz_answer {
    json_t *say;         /* language -> text; NULL: none; borrowed */
    const char *picture; /* a path in the item; NULL: none */
};
struct daf_web_quiz_question {
    const char *id;
    json_t *ask;
    const char *picture;
    size_t answers_count, right; /* which of them */
    struct daf_web_quiz_answer answers[DAF_WEB_QUIZ_ANSWERS_MAX];
};
struct daf_web_quiz {
    json_t *json; /* owned; what the others point into */
    const char *item;
    size_t count;
    struct daf_web_quiz_question *questions; /* owned */
};

/** daf_web_quiz_read: DAF_EFORM, DAF_ELIMIT, DAF_EVERSION, DAF_ENOMEM; then @out
 * is empty.  To be freed. */
DAF_NODISCARD enum daf_err daf_web_quiz_read(const char *text, size_t len,
                                             struct daf_web_quiz *out);
/** daf_web_quiz_free: zeros are fine. */
void daf_web_quiz_free(struct daf_web_quiz *q);

/** daf_web_quiz_text: the text of @texts in the first of @languages that it has,
 * matched by the part before '-' if not whole; else English, else the first; ""
 * if @texts is NULL.  @out_lang: whose tag it is; may be NULL. */
const char *daf_web_quiz_text(json_t *texts, const char *const *languages,
                              size_t count, const char **out_lang);

#endif
