/* SPDX-License-Identifier: Apache-2.0 */
/* The quiz of a lesson: a form; what was answered becomes a record; "saved" is
 * said only of a record that core says is durable, and is shown by looking for
 * it in the notebook again. */
#include "node/web_impl.h"

#include "node/clock.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FIELD_BYTES (DAF_WEB_QUIZ_ID_MAX + 3)
#define NO_ANSWER   SIZE_MAX

struct sheet {
    struct daf_web_request *r;
    json_t *item; /* of the library */
    struct daf_web_quiz quiz;
    size_t chosen[DAF_WEB_QUIZ_QUESTIONS_MAX]; /* or NO_ANSWER */
    size_t answered, right;
    const char *name; /* of who learns; NULL: nobody */
    bool is_marked;   /* show what is right */
};

/* ---- gathering */

static bool read_quiz(struct sheet *s, uint64_t size)
{
    char *text = NULL;
    bool is_read;

    if (size <= DAF_WEB_QUIZ_BYTES_MAX) text = malloc(size + 1);
    is_read = text != NULL && pread(s->r->fd, text, size, 0) == (ssize_t)size &&
              daf_web_quiz_read(text, size, &s->quiz) == DAF_OK;
    free(text);
    return is_read;
}

/* Library, quiz and learners.  False: under way, or answered that it is not
 * here. */
static bool gather(struct sheet *s)
{
    struct daf_web_request *r = s->r;
    json_t *library = daf_web_want_lesson(r);
    json_t *learners = NULL, *opened;

    opened = daf_web_want(r, DAF_WEB_OPENED,
                          json_pack("{ss ss ss}", "op", "content-open",
                                    "content", r->id, "path", "quiz.json"));
    if (r->who[0] != '\0')
        learners = daf_web_want_op(r, DAF_WEB_LEARNERS, "learners");
    if (r->waits > 0) return false;
    s->item = json_object_get(library, "item");
    if (r->who[0] != '\0') s->name = daf_web_learner(learners, r->who);
    if (s->item != NULL && r->fd >= 0 &&
        read_quiz(s, (uint64_t)json_integer_value(
                         json_object_get(opened, "size"))))
        return true;
    daf_web_page_failed(r, opened);
    return false;
}

static size_t read_choice(const char *text, size_t count)
{
    size_t n;

    if (text == NULL || text[0] < '0' || text[0] > '7' || text[1] != '\0')
        return NO_ANSWER;
    n = (size_t)(text[0] - '0');
    return n < count ? n : NO_ANSWER;
}

static void count(struct sheet *s)
{
    s->answered = s->right = 0;
    for (size_t i = 0; i < s->quiz.count; i++) {
        if (s->chosen[i] == NO_ANSWER) continue;
        s->answered++;
        if (s->chosen[i] == s->quiz.questions[i].right) s->right++;
    }
}

static void read_answers(struct sheet *s)
{
    for (size_t i = 0; i < s->quiz.count; i++) {
        const struct daf_web_quiz_question *q = &s->quiz.questions[i];
        char field[FIELD_BYTES];

        (void)snprintf(field, sizeof(field), "q-%s", q->id);
        s->chosen[i] =
            read_choice(daf_web_field(&s->r->form, field), q->answers_count);
    }
    count(s);
}

/* "0213": what was chosen, in the address of the page that shows it. */
static void read_marks(struct sheet *s)
{
    const char *marks = daf_web_field(&s->r->query, "a");

    for (size_t i = 0; i < s->quiz.count; i++) {
        char one[2] = "";

        if (marks != NULL) one[0] = *marks;
        s->chosen[i] = read_choice(one, s->quiz.questions[i].answers_count);
        if (one[0] != '\0') marks++;
    }
    count(s);
    s->is_marked = s->answered == s->quiz.count;
}

/* ---- questions */

static void put_text(struct daf_web_request *r, json_t *texts)
{
    const char *lang;
    const char *text = daf_web_text(r, texts, &lang);

    DAF_WEB_PUT(&r->html, "<span lang=\"%\" dir=\"%\">%</span>", lang,
                daf_web_lang_dir(lang), text);
}

/* @n: of an answer that is nothing but this picture.  What it shows nobody wrote
 * down, so who cannot see it is told its place.  0: words stand beside it. */
static void put_picture(struct daf_web_request *r, const char *path, size_t n)
{
    char url[3 * 512 + 1];

    daf_web_url_encode(path, url);
    DAF_WEB_PUT(&r->html, "<img src=\"/content/%/%\" alt=\"", r->id, url);
    if (n > 0)
        DAF_WEB_PUT(&r->html, "% %", daf_web_say(r, DAF_WEB_W_ANSWER),
                    daf_web_digits(r, n));
    DAF_WEB_RAW(&r->html, "\">");
}

static const char *class_of(const struct sheet *s, size_t question, size_t i)
{
    if (!s->is_marked) return "answer";
    if (i == s->quiz.questions[question].right) return "answer right";
    return i == s->chosen[question] ? "answer wrong" : "answer";
}

static void put_answer(struct sheet *s, size_t question, size_t i)
{
    const struct daf_web_quiz_question *q = &s->quiz.questions[question];
    const struct daf_web_quiz_answer *a = &q->answers[i];
    struct daf_web_request *r = s->r;
    char value[2] = {(char)('0' + i), '\0'};

    DAF_WEB_PUT(&r->html,
                "<label class=\"%\"><input type=\"radio\" name=\"q-%\" "
                "value=\"%\" required",
                class_of(s, question, i), q->id, value);
    if (s->chosen[question] == i) DAF_WEB_RAW(&r->html, " checked");
    if (s->is_marked) DAF_WEB_RAW(&r->html, " disabled");
    DAF_WEB_RAW(&r->html, "><span class=\"choice\">");
    if (a->picture != NULL)
        put_picture(r, a->picture, a->say == NULL ? i + 1 : 0);
    if (a->say != NULL) put_text(r, a->say);
    if (s->is_marked && i == q->right)
        DAF_WEB_PUT(&r->html, "<em>%</em>",
                    daf_web_say(r, s->chosen[question] == i
                                       ? DAF_WEB_W_RIGHT
                                       : DAF_WEB_W_CORRECT_IS));
    else if (s->is_marked && i == s->chosen[question])
        DAF_WEB_PUT(&r->html, "<em>%</em>", daf_web_say(r, DAF_WEB_W_WRONG));
    DAF_WEB_RAW(&r->html, "</span></label>\n");
}

static void put_question(struct sheet *s, size_t at)
{
    const struct daf_web_quiz_question *q = &s->quiz.questions[at];
    struct daf_web_request *r = s->r;

    DAF_WEB_PUT(&r->html,
                "<fieldset class=\"%\"><legend><small>% % % %</small> ",
                s->is_marked || s->chosen[at] != NO_ANSWER ? "question"
                                                           : "question open",
                daf_web_say(r, DAF_WEB_W_QUESTION), daf_web_digits(r, at + 1),
                daf_web_say(r, DAF_WEB_W_OF), daf_web_digits(r, s->quiz.count));
    put_text(r, q->ask);
    DAF_WEB_RAW(&r->html, "</legend>\n");
    if (q->picture != NULL) {
        DAF_WEB_RAW(&r->html, "<div class=\"picture\">");
        put_picture(r, q->picture, 0);
        DAF_WEB_RAW(&r->html, "</div>\n");
    }
    DAF_WEB_RAW(&r->html, "<div class=\"answers\">\n");
    for (size_t i = 0; i < q->answers_count; i++)
        put_answer(s, at, i);
    DAF_WEB_RAW(&r->html, "</div></fieldset>\n");
}

static void put_title(struct sheet *s)
{
    struct daf_web_request *r = s->r;
    const char *lang;
    const char *title =
        daf_web_text(r, json_object_get(s->item, "title"), &lang);

    DAF_WEB_PUT(&r->html,
                "<div class=\"lesson\"><a class=\"back\" href=\"/lesson/%\" "
                "aria-label=\"%\"><svg viewBox=\"0 0 24 24\"><path d=\"M15 "
                "4l-8 8 8 8\"/></svg></a><div><h1 lang=\"%\" dir=\"%\">%</h1>",
                r->id, daf_web_say(r, DAF_WEB_W_BACK), lang,
                daf_web_lang_dir(lang), title);
    if (s->name != NULL && s->name[0] != '\0')
        DAF_WEB_PUT(&r->html, "<p><bdi>%</bdi></p>", s->name);
    DAF_WEB_RAW(&r->html, "</div></div>\n");
}

/* ---- the form */

static void put_note(struct sheet *s, enum daf_web_word note)
{
    struct daf_web_request *r = s->r;

    if (note != DAF_WEB_W_COUNT)
        DAF_WEB_PUT(&r->html, "<p class=\"note\" role=\"alert\">%</p>\n",
                    daf_web_say(r, note));
    else if (!r->has_session)
        DAF_WEB_PUT(&r->html, "<p class=\"note\">%</p>\n",
                    daf_web_say(r, DAF_WEB_W_ENTER_FIRST));
    else if (s->name == NULL)
        DAF_WEB_PUT(&r->html,
                    "<p class=\"note\">% <a class=\"button\" "
                    "href=\"/who?back=/lesson/%/quiz\">%</a></p>\n",
                    daf_web_say(r, DAF_WEB_W_NEED_WHO), r->id,
                    daf_web_say(r, DAF_WEB_W_WHO));
}

/* With what was answered so far.  @note: DAF_WEB_W_COUNT: none.  @keep_token: the
 * same try again, not another one. */
static void show_form(struct sheet *s, unsigned status, enum daf_web_word note,
                      bool keep_token)
{
    struct daf_web_request *r = s->r;
    const char *token = daf_web_field(&r->form, "token");

    daf_web_page_open(r, daf_web_say(r, DAF_WEB_W_PRACTISE));
    put_title(s);
    put_note(s, note);
    DAF_WEB_PUT(&r->html,
                "<form class=\"quiz\" method=\"post\" "
                "action=\"/lesson/%/quiz\">\n",
                r->id);
    if (keep_token && token != NULL)
        DAF_WEB_PUT(&r->html,
                    "<input type=\"hidden\" name=\"token\" value=\"%\">",
                    token);
    else
        daf_web_page_token(r);
    for (size_t i = 0; i < s->quiz.count; i++)
        put_question(s, i);
    DAF_WEB_PUT(&r->html,
                "<p class=\"go\"><button class=\"button big\">%</button></p>"
                "</form>\n",
                daf_web_say(r, DAF_WEB_W_READY));
    daf_web_page_close(r, status);
}

/* ---- a record */

/* Made from what the form's token and the clock say; a form that lay open over
 * night was not worked on all night. */
static json_int_t seconds_of(const struct daf_web_token *token)
{
    uint64_t now = daf_clock_now().ms;
    uint64_t s = now > token->made_ms ? (now - token->made_ms) / 1000 : 0;

    return (json_int_t)(s < DAF_WEB_SECONDS_MAX ? s : DAF_WEB_SECONDS_MAX);
}

static json_t *write_request(const struct sheet *s,
                             const struct daf_web_token *token)
{
    char once[33];
    json_int_t score = (json_int_t)(s->right * (size_t)1000000 / s->quiz.count);

    (void)sodium_bin2hex(once, sizeof(once), token->once, sizeof(token->once));
    return json_pack("{ss ss ss ss s[[sII]] ss}", "op", "write", "kind",
                     "session", "scope", "", "learner", s->r->who, "did",
                     s->quiz.item, score, seconds_of(token), "once", once);
}

static void show_saved(struct sheet *s, const json_t *wrote)
{
    const char *record = json_string_value(json_object_get(wrote, "record"));
    char marks[DAF_WEB_QUIZ_QUESTIONS_MAX + 1], where[320];

    for (size_t i = 0; i < s->quiz.count; i++)
        marks[i] = (char)('0' + s->chosen[i]);
    marks[s->quiz.count] = '\0';
    (void)snprintf(where, sizeof(where), "/lesson/%s/saved?record=%s&a=%s",
                   s->r->id, record != NULL ? record : "", marks);
    daf_web_redirect(s->r, where);
}

static void answer(struct sheet *s)
{
    struct daf_web_request *r = s->r;
    struct daf_web_token token;
    const json_t *wrote;

    read_answers(s);
    if (!r->has_session) {
        show_form(s, MHD_HTTP_FORBIDDEN, DAF_WEB_W_NEED_ENTER, false);
        return;
    }
    if (s->name == NULL) {
        show_form(s, MHD_HTTP_CONFLICT, DAF_WEB_W_NEED_WHO, false);
        return;
    }
    if (!daf_web_token_check(r->web->secret, &r->session,
                             daf_web_field(&r->form, "token"), &token)) {
        show_form(s, MHD_HTTP_CONFLICT, DAF_WEB_W_OLD_FORM, false);
        return;
    }
    if (s->answered < s->quiz.count) {
        show_form(s, MHD_HTTP_UNPROCESSABLE_CONTENT, DAF_WEB_W_ANSWER_ALL,
                  true);
        return;
    }
    wrote = daf_web_want(r, DAF_WEB_WROTE, write_request(s, &token));
    if (wrote == NULL) return;
    if (json_is_true(json_object_get(wrote, "durable")))
        show_saved(s, wrote);
    else
        show_form(s, MHD_HTTP_SERVICE_UNAVAILABLE, DAF_WEB_W_NOT_SAVED_HOW,
                  true);
}

void daf_web_page_quiz(struct daf_web_request *r)
{
    struct sheet s = {.r = r};

    for (size_t i = 0; i < DAF_WEB_QUIZ_QUESTIONS_MAX; i++)
        s.chosen[i] = NO_ANSWER;
    if (!gather(&s)) return;
    if (r->method == DAF_WEB_POST)
        answer(&s);
    else
        show_form(&s, MHD_HTTP_OK, DAF_WEB_W_COUNT, false);
    daf_web_quiz_free(&s.quiz);
}

/* ---- afterwards */

/* The record that the address names, if this learner has it in the notebook. */
static const json_t *find_line(const struct sheet *s, json_t *progress)
{
    const char *wanted = daf_web_field(&s->r->query, "record");
    json_t *lines = json_object_get(progress, "lines"), *line;
    size_t i;

    json_array_foreach(lines, i, line)
    {
        const char *record = json_string_value(json_object_get(line, "record"));
        const char *item = json_string_value(json_object_get(line, "item"));

        if (wanted != NULL && record != NULL && item != NULL &&
            strcmp(record, wanted) == 0 && strcmp(item, s->quiz.item) == 0)
            return line;
    }
    return NULL;
}

static enum daf_web_word praise(double score)
{
    if (score >= 0.9995) return DAF_WEB_W_PRAISE_ALL;
    return score >= 0.6 ? DAF_WEB_W_PRAISE_MOST : DAF_WEB_W_PRAISE_SOME;
}

static void put_result(struct sheet *s, const json_t *line)
{
    struct daf_web_request *r = s->r;
    double score = json_number_value(json_object_get(line, "score"));
    const char *kept = json_string_value(json_object_get(line, "kept"));
    bool elsewhere = kept != NULL && strcmp(kept, "elsewhere") == 0;

    DAF_WEB_PUT(&r->html,
                "<section class=\"result\" id=\"result\" data-live>"
                "<p class=\"praise\">%</p>"
                "<p class=\"score\">%: <strong>% % %</strong></p>",
                daf_web_say(r, praise(score)), daf_web_say(r, DAF_WEB_W_SCORE),
                daf_web_digits(r,
                               (uint64_t)(score * (double)s->quiz.count + 0.5)),
                daf_web_say(r, DAF_WEB_W_OF), daf_web_digits(r, s->quiz.count));
    DAF_WEB_PUT(&r->html,
                "<p class=\"saved %\"><svg viewBox=\"0 0 24 24\"><path "
                "d=\"M4 12.5l5.5 5.5L20 6.5\"/></svg><strong>%</strong> "
                "<span>%</span></p>",
                elsewhere ? "safe" : "here", daf_web_say(r, DAF_WEB_W_SAVED),
                daf_web_say(r, elsewhere ? DAF_WEB_W_KEPT_ELSEWHERE
                                         : DAF_WEB_W_KEPT_HERE));
    if (json_is_false(json_object_get(line, "confirmed")))
        DAF_WEB_PUT(&r->html, "<p class=\"note\">%</p>",
                    daf_web_say(r, DAF_WEB_W_UNCONFIRMED_HOW));
    DAF_WEB_RAW(&r->html, "</section>\n");
}

static void show_result(struct sheet *s, const json_t *line)
{
    struct daf_web_request *r = s->r;

    daf_web_page_open(r, daf_web_say(r, DAF_WEB_W_SAVED));
    put_title(s);
    put_result(s, line);
    DAF_WEB_PUT(&r->html,
                "<p class=\"go\"><a class=\"button big\" href=\"/\">%</a> "
                "<a class=\"button quiet\" href=\"/lesson/%/quiz\">%</a></p>\n",
                daf_web_say(r, DAF_WEB_W_CONTINUE), r->id,
                daf_web_say(r, DAF_WEB_W_AGAIN));
    read_marks(s);
    if (s->is_marked) {
        DAF_WEB_RAW(&r->html, "<div class=\"quiz\">\n");
        for (size_t i = 0; i < s->quiz.count; i++)
            put_question(s, i);
        DAF_WEB_RAW(&r->html, "</div>\n");
    }
    daf_web_page_close(r, MHD_HTTP_OK);
}

void daf_web_page_saved(struct daf_web_request *r)
{
    struct sheet s = {.r = r};
    json_t *progress = NULL;
    const json_t *line;

    if (r->who[0] != '\0')
        progress = daf_web_want(r, DAF_WEB_PROGRESS,
                                json_pack("{ss ss}", "op", "progress",
                                          "subject", r->who));
    if (!gather(&s)) return;
    line = find_line(&s, progress);
    if (line != NULL)
        show_result(&s, line);
    else
        daf_web_page_words(r, MHD_HTTP_NOT_FOUND, DAF_WEB_W_NOT_SAVED,
                           DAF_WEB_W_NOT_FOUND_SAVED);
    daf_web_quiz_free(&s.quiz);
}
