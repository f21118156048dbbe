/* SPDX-License-Identifier: Apache-2.0 */
/* The first page: who is learning, where to go on, all lessons, and whether the
 * work is safe. */
#include "node/api.h"
#include "node/web_impl.h"

#include "node/web_words.h"

#include <stdio.h>

/* A lesson as its card shows it. */
struct card {
    json_t *item;
    const char *id;
    bool is_whole;
    bool is_assigned;
    const char *due; /* "2026-03-01"; NULL: on no day, or not assigned */
    const struct daf_web_item *known; /* NULL: not whole */
    struct daf_web_standing standing;
};

struct home {
    struct daf_web_request *r;
    json_t *status, *learners, *library, *progress;
    const char *name; /* of who learns; NULL: nobody */
    size_t count, skipped, total;
    struct card cards[DAF_API_LIBRARY_ITEMS_MAX];
    size_t assigned_count;
    struct card assigned[DAF_API_ASSIGNED_MAX]; /* of the first page */
};

/* ---- gathering */

static bool read_card(struct home *m, json_t *item, struct card *c)
{
    *c = (struct card){.item = item};
    c->id = json_string_value(json_object_get(item, "content"));
    c->is_whole = json_is_true(json_object_get(item, "whole"));
    if (c->id == NULL || strlen(c->id) != DAF_WEB_ID_HEX) return false;
    if (c->is_whole) c->known = daf_web_item_get(m->r, c->id);
    if (c->known != NULL && m->name != NULL)
        c->standing = daf_web_standing(m->progress, c->known->item);
    return true;
}

static void read_cards(struct home *m)
{
    json_t *list = json_object_get(m->library, "items"), *one;
    size_t i;

    m->skipped =
        (size_t)json_integer_value(json_object_get(m->library, "skipped"));
    m->total = (size_t)json_integer_value(json_object_get(m->library, "total"));
    json_array_foreach(list, i, one)
    {
        if (m->count == DAF_API_LIBRARY_ITEMS_MAX) break;
        if (read_card(m, one, &m->cards[m->count])) m->count++;
    }
    json_array_foreach(json_object_get(m->library, "assigned"), i, one)
    {
        struct card *c = &m->assigned[m->assigned_count];

        if (m->assigned_count == DAF_API_ASSIGNED_MAX) break;
        if (!read_card(m, one, c)) continue;
        c->is_assigned = true;
        c->due = json_string_value(json_object_get(one, "due"));
        m->assigned_count++;
    }
}

/* A cursor is a content id; any other text is none.  False: it is not there. */
static bool put_cursor(const struct daf_web_request *r, const char *name,
                       json_t *to)
{
    const char *id = daf_web_field(&r->query, name);

    return id != NULL && strlen(id) == DAF_WEB_ID_HEX &&
           strspn(id, "0123456789abcdef") == DAF_WEB_ID_HEX &&
           json_object_set_new(to, name, json_string(id)) == 0;
}

static json_t *library_question(const struct daf_web_request *r)
{
    json_t *o = json_pack("{ss so}", "op", "library", "languages",
                          daf_web_languages(r));

    if (!put_cursor(r, "after", o)) (void)put_cursor(r, "before", o);
    return o;
}

/* Everything that core must be asked for at once.  False: it is under way. */
static bool gather(struct home *m)
{
    struct daf_web_request *r = m->r;

    m->status = daf_web_want_op(r, DAF_WEB_STATUS, "web-status");
    m->library = daf_web_want(r, DAF_WEB_LIBRARY, library_question(r));
    if (r->has_session)
        m->learners = daf_web_want_op(r, DAF_WEB_LEARNERS, "learners");
    if (r->who[0] != '\0')
        m->progress = daf_web_want(r, DAF_WEB_PROGRESS,
                                   json_pack("{ss ss}", "op", "progress",
                                             "subject", r->who));
    if (r->waits > 0) return false;
    if (r->who[0] != '\0') m->name = daf_web_learner(m->learners, r->who);
    read_cards(m);
    return r->waits == 0;
}

/* ---- who */

static void put_who(struct home *m)
{
    struct daf_web_request *r = m->r;
    struct daf_web_html *h = &r->html;
    char letter[8];

    DAF_WEB_RAW(h, "<section class=\"who\">");
    if (m->name != NULL)
        DAF_WEB_PUT(h,
                    "<span class=\"face small %\" aria-hidden=\"true\">%"
                    "</span><h1>% <bdi>%</bdi></h1>"
                    "<a class=\"button quiet\" href=\"/who\">%</a>",
                    daf_web_tint(r->who), daf_web_initial(m->name, letter),
                    daf_web_say(r, DAF_WEB_W_HELLO),
                    m->name[0] != '\0' ? m->name
                                       : daf_web_say(r, DAF_WEB_W_NAMELESS),
                    daf_web_say(r, DAF_WEB_W_CHANGE));
    else if (r->has_session)
        DAF_WEB_PUT(h, "<h1>%</h1><a class=\"button big\" href=\"/who\">%</a>",
                    daf_web_say(r, DAF_WEB_W_WELCOME),
                    daf_web_say(r, DAF_WEB_W_WHO));
    else
        DAF_WEB_PUT(h, "<h1>%</h1><p>%</p>", daf_web_say(r, DAF_WEB_W_WELCOME),
                    daf_web_say(r, DAF_WEB_W_ENTER_FIRST));
    DAF_WEB_RAW(h, "</section>\n");
}

/* ---- cards */

static bool is_done(const struct card *c)
{
    return c->standing.has_score && c->standing.best >= 0.9995;
}

static void put_face(struct home *m, const struct card *c, const char *title)
{
    struct daf_web_html *h = &m->r->html;
    char url[3 * 512 + 1], letter[8];
    const char *tint = daf_web_tint(c->id);

    if (c->known != NULL && c->known->cover[0] != '\0') {
        daf_web_url_encode(c->known->cover, url);
        DAF_WEB_PUT(h,
                    "<span class=\"face %\"><img src=\"/content/%/%\" alt=\"\" "
                    "loading=\"lazy\"></span>",
                    tint, c->id, url);
        return;
    }
    if (json_is_true(json_object_get(c->item, "preview"))) {
        DAF_WEB_PUT(h,
                    "<span class=\"face %\"><img src=\"/preview/%\" alt=\"\" "
                    "loading=\"lazy\"></span>",
                    tint, c->id);
        return;
    }
    DAF_WEB_PUT(h, "<span class=\"face %\" aria-hidden=\"true\">%</span>", tint,
                daf_web_initial(title, letter));
}

/* Stars, since a five-year-old does not read per cents; and the number, for who
 * does not see them. */
static void put_stars(struct daf_web_request *r, double best)
{
    struct daf_web_html *h = &r->html;
    int lit = best >= 0.9995 ? 3 : best >= 0.6 ? 2 : best > 0 ? 1 : 0;

    DAF_WEB_PUT(h, "<span class=\"stars\" role=\"img\" aria-label=\"%: % %\">",
                daf_web_say(r, DAF_WEB_W_SCORE),
                daf_web_digits(r, (uint64_t)(best * 100 + 0.5)), "%");
    for (int i = 0; i < 3; i++)
        DAF_WEB_PUT(h,
                    "<svg viewBox=\"0 0 24 24\" class=\"%\">"
                    "<path d=\"M12 2.5l2.9 6.2 6.6.8-4.9 4.6 1.3 6.6L12 "
                    "17.4l-5.9 3.3 1.3-6.6L2.5 9.5l6.6-.8z\"/></svg>",
                    i < lit ? "lit" : "dim");
    DAF_WEB_RAW(h, "</span>");
}

static void put_state(struct home *m, const struct card *c)
{
    struct daf_web_request *r = m->r;
    struct daf_web_html *h = &r->html;
    json_int_t parts = json_integer_value(json_object_get(c->item, "parts"));
    json_int_t held = json_integer_value(json_object_get(c->item, "held"));
    char max[24], value[24];

    if (!c->is_whole) {
        (void)snprintf(max, sizeof(max), "%lld", parts > 0 ? parts : 1);
        (void)snprintf(value, sizeof(value), "%lld", held);
        DAF_WEB_PUT(h,
                    "<span class=\"state\">%</span>"
                    "<progress max=\"%\" value=\"%\"></progress>",
                    daf_web_say(r, DAF_WEB_W_COMING), max, value);
    } else if (c->standing.has_score) {
        put_stars(r, c->standing.best);
    }
}

static void put_card(struct home *m, const struct card *c, bool is_next)
{
    struct daf_web_request *r = m->r;
    struct daf_web_html *h = &r->html;
    const char *lang;
    const char *title =
        daf_web_text(r, json_object_get(c->item, "title"), &lang);

    DAF_WEB_PUT(h, "<a class=\"card %\" href=\"/lesson/%\">",
                !c->is_whole ? "coming"
                : is_next    ? "next"
                : is_done(c) ? "done"
                             : "plain",
                c->id);
    put_face(m, c, title);
    DAF_WEB_RAW(h, "<span class=\"say\">");
    if (is_next)
        DAF_WEB_PUT(h, "<span class=\"hint\">%</span>",
                    daf_web_say(r, c->standing.is_begun ? DAF_WEB_W_CONTINUE
                                                        : DAF_WEB_W_START));
    if (c->is_assigned && c->due != NULL)
        DAF_WEB_PUT(h,
                    "<span class=\"due\">% <time datetime=\"%\" "
                    "dir=\"ltr\">%</time></span>",
                    daf_web_say(r, DAF_WEB_W_DUE), c->due, c->due);
    else if (c->is_assigned)
        DAF_WEB_PUT(h, "<span class=\"due\">%</span>",
                    daf_web_say(r, DAF_WEB_W_ASSIGNED));
    DAF_WEB_PUT(h, "<strong lang=\"%\" dir=\"%\">%</strong>", lang,
                daf_web_lang_dir(lang), title);
    put_state(m, c);
    DAF_WEB_RAW(h, "</span></a>\n");
}

/* What to go on with: what was begun last and is not done, else the first lesson
 * that was not begun. */
static const struct card *next_of(const struct home *m)
{
    const struct card *begun = NULL, *fresh = NULL;

    if (m->name == NULL) return NULL;
    for (size_t i = 0; i < m->count; i++) {
        const struct card *c = &m->cards[i];

        if (!c->is_whole || c->known == NULL || !c->known->has_quiz) continue;
        if (!c->standing.is_begun && fresh == NULL) fresh = c;
        if (c->standing.is_begun && !is_done(c) &&
            (begun == NULL || c->standing.last_ms > begun->standing.last_ms))
            begun = c;
    }
    return begun != NULL ? begun : fresh;
}

static void put_turn(struct home *m, const char *rel, const char *to,
                     const struct card *from, enum daf_web_word word)
{
    DAF_WEB_PUT(&m->r->html,
                "<a class=\"button quiet\" rel=\"%\" href=\"/?%=%\">%</a>", rel,
                to, from->id, daf_web_say(m->r, word));
}

/* "49–96 of 1000" between the ways back and on. */
static void put_turns(struct home *m)
{
    struct daf_web_request *r = m->r;
    struct daf_web_html *h = &r->html;
    size_t end = m->skipped + m->count;

    if (m->count == 0 || m->count >= m->total) return;
    DAF_WEB_PUT(h, "<nav class=\"turns\" aria-label=\"%\">",
                daf_web_say(r, DAF_WEB_W_LESSONS));
    if (m->skipped > 0)
        put_turn(m, "prev", "before", &m->cards[0], DAF_WEB_W_PREVIOUS);
    DAF_WEB_PUT(h, "<span>%–% % %</span>", daf_web_digits(r, m->skipped + 1),
                daf_web_digits(r, end), daf_web_say(r, DAF_WEB_W_OF),
                daf_web_digits(r, m->total));
    if (end < m->total)
        put_turn(m, "next", "after", &m->cards[m->count - 1], DAF_WEB_W_NEXT);
    DAF_WEB_RAW(h, "</nav>\n");
}

static bool is_same(const struct card *a, const struct card *b)
{
    return a != NULL && b != NULL && strcmp(a->id, b->id) == 0;
}

static bool is_assigned(const struct home *m, const struct card *c)
{
    for (size_t i = 0; i < m->assigned_count; i++)
        if (is_same(&m->assigned[i], c)) return true;
    return false;
}

static void put_lessons(struct home *m)
{
    struct daf_web_request *r = m->r;
    struct daf_web_html *h = &r->html;
    const struct card *next = next_of(m);

    DAF_WEB_RAW(h, "<section class=\"lessons\" id=\"lessons\" data-live>");
    if (m->count == 0)
        DAF_WEB_PUT(h, "<div class=\"words\"><h2>%</h2><p>%</p></div>",
                    daf_web_say(r, DAF_WEB_W_NO_LESSONS),
                    daf_web_say(r, DAF_WEB_W_NO_LESSONS_HOW));
    else
        DAF_WEB_PUT(h, "<h2>%</h2>", daf_web_say(r, DAF_WEB_W_LESSONS));
    DAF_WEB_RAW(h, "<div class=\"cards\">\n");
    for (size_t i = 0; i < m->assigned_count; i++)
        put_card(m, &m->assigned[i], is_same(&m->assigned[i], next));
    if (next != NULL && !is_assigned(m, next)) put_card(m, next, true);
    for (size_t i = 0; i < m->count; i++)
        if (&m->cards[i] != next && !is_assigned(m, &m->cards[i]))
            put_card(m, &m->cards[i], false);
    DAF_WEB_RAW(h, "</div>\n");
    put_turns(m);
    DAF_WEB_RAW(h, "</section>\n");
}

/* ---- whether the work is safe */

static void put_kept(struct home *m)
{
    json_t *lines = json_object_get(m->progress, "lines"), *line;
    struct daf_web_request *r = m->r;
    size_t i, elsewhere = 0, unconfirmed = 0;

    json_array_foreach(lines, i, line)
    {
        const char *kept = json_string_value(json_object_get(line, "kept"));

        if (kept != NULL && strcmp(kept, "elsewhere") == 0) elsewhere++;
        unconfirmed += json_is_false(json_object_get(line, "confirmed"));
    }
    if (m->name == NULL || json_array_size(lines) == 0) return;
    i = json_array_size(lines);
    DAF_WEB_PUT(&r->html, "<li class=\"%\">% (%): %</li>",
                elsewhere == i ? "safe" : "here",
                daf_web_say(r, DAF_WEB_W_MY_WORK), daf_web_digits(r, i),
                daf_web_say(r, elsewhere == i ? DAF_WEB_W_KEPT_ELSEWHERE
                                              : DAF_WEB_W_KEPT_HERE));
    if (unconfirmed > 0)
        DAF_WEB_PUT(&r->html, "<li class=\"unconfirmed\">% (%): %</li>",
                    daf_web_say(r, DAF_WEB_W_UNCONFIRMED),
                    daf_web_digits(r, unconfirmed),
                    daf_web_say(r, DAF_WEB_W_UNCONFIRMED_HOW));
}

static void put_device(struct home *m)
{
    struct daf_web_request *r = m->r;
    struct daf_web_html *h = &r->html;
    const char *camp = json_string_value(json_object_get(m->status, "camp"));
    const char *author =
        json_string_value(json_object_get(m->status, "author"));
    json_int_t peers = json_integer_value(json_object_get(m->status, "peers"));

    DAF_WEB_RAW(h, "<footer class=\"device\" id=\"device\" data-live><ul>");
    put_kept(m);
    if (peers > 0)
        DAF_WEB_PUT(h, "<li class=\"near\">% %</li>",
                    daf_web_say(r, DAF_WEB_W_CONNECTED),
                    daf_web_digits(r, (uint64_t)peers));
    else
        DAF_WEB_PUT(h, "<li class=\"alone\">%</li>",
                    daf_web_say(r, DAF_WEB_W_ALONE));
    DAF_WEB_PUT(h, "<li class=\"camp\"><bdi>%</bdi> · <bdi>%</bdi></li>",
                camp != NULL ? camp : "", author != NULL ? author : "");
    DAF_WEB_RAW(h, "</ul></footer>\n");
}

void daf_web_page_home(struct daf_web_request *r)
{
    struct home m = {.r = r};

    if (!gather(&m)) return;
    if (json_object_get(m.library, "items") == NULL) {
        daf_web_page_failed(r, m.library);
        return;
    }
    daf_web_page_open(r, daf_web_say(r, DAF_WEB_W_HOME));
    put_who(&m);
    put_lessons(&m);
    put_device(&m);
    daf_web_page_close(r, MHD_HTTP_OK);
}
