/* SPDX-License-Identifier: Apache-2.0 */
/* Who is learning, and how a browser is let in.  Names are shown only to one that
 * was. */
#include "node/web_impl.h"

#include "node/clock.h"

#include <sodium.h>
#include <stdio.h>

#define NAME_MAX_BYTES 128

/* ---- where to go afterwards: a page of ours, not what somebody wrote */

static const char *way_back(const struct daf_web_request *r,
                            const struct daf_web_form *from, char out[96])
{
    const char *back = daf_web_field(from, "back");

    (void)r;
    (void)snprintf(out, 96, "/");
    if (back != NULL && strncmp(back, "/lesson/", 8) == 0 &&
        strspn(back + 8, "0123456789abcdef") == DAF_WEB_ID_HEX &&
        (strcmp(back + 8 + DAF_WEB_ID_HEX, "") == 0 ||
         strcmp(back + 8 + DAF_WEB_ID_HEX, "/quiz") == 0))
        (void)snprintf(out, 96, "%s", back);
    else if (back != NULL && strcmp(back, "/who") == 0)
        (void)snprintf(out, 96, "/who");
    return out;
}

static void put_back(struct daf_web_request *r, const struct daf_web_form *from)
{
    char back[96];

    DAF_WEB_PUT(&r->html, "<input type=\"hidden\" name=\"back\" value=\"%\">",
                way_back(r, from, back));
}

/* ---- the page */

static void put_learner(struct daf_web_request *r, const json_t *one)
{
    const char *id = json_string_value(json_object_get(one, "subject"));
    const char *name = json_string_value(json_object_get(one, "name"));
    char letter[8];

    if (id == NULL || name == NULL) return;
    DAF_WEB_PUT(&r->html,
                "<button class=\"person %\" name=\"learner\" value=\"%\">"
                "<span class=\"face small %\" aria-hidden=\"true\">%</span>"
                "<bdi>%</bdi>",
                strcmp(id, r->who) == 0 ? "me" : "other", id, daf_web_tint(id),
                daf_web_initial(name, letter),
                name[0] != '\0' ? name : daf_web_say(r, DAF_WEB_W_NAMELESS));
    /* Who has no name needs something to know herself by. */
    if (name[0] == '\0')
        DAF_WEB_PUT(&r->html, " <small>%%%%</small>",
                    (const char[]){id[0], '\0'}, (const char[]){id[1], '\0'},
                    (const char[]){id[2], '\0'}, (const char[]){id[3], '\0'});
    if (json_is_false(json_object_get(one, "confirmed")))
        DAF_WEB_PUT(&r->html, " <small class=\"unconfirmed\">%</small>",
                    daf_web_say(r, DAF_WEB_W_UNCONFIRMED));
    DAF_WEB_RAW(&r->html, "</button>\n");
}

static void put_people(struct daf_web_request *r, json_t *learners,
                       const struct daf_web_form *from)
{
    json_t *list = json_object_get(learners, "learners"), *one;
    size_t i;

    if (json_array_size(list) == 0) {
        DAF_WEB_PUT(&r->html, "<p>%</p>", daf_web_say(r, DAF_WEB_W_NOBODY_YET));
        return;
    }
    DAF_WEB_RAW(&r->html, "<form class=\"people\" method=\"post\" "
                          "action=\"/who\">");
    daf_web_page_token(r);
    put_back(r, from);
    json_array_foreach(list, i, one) put_learner(r, one);
    DAF_WEB_RAW(&r->html, "</form>\n");
}

static void put_new(struct daf_web_request *r, const struct daf_web_form *from)
{
    DAF_WEB_PUT(&r->html,
                "<section class=\"new\"><h2>%</h2>"
                "<form method=\"post\" action=\"/who\">",
                daf_web_say(r, DAF_WEB_W_NEW));
    daf_web_page_token(r);
    put_back(r, from);
    DAF_WEB_PUT(&r->html,
                "<label>% <input name=\"name\" maxlength=\"60\" "
                "autocomplete=\"off\" dir=\"auto\"></label><small>%</small>"
                "<button class=\"button\" name=\"add\" value=\"1\">%</button>"
                "</form></section>\n",
                daf_web_say(r, DAF_WEB_W_NAME),
                daf_web_say(r, DAF_WEB_W_NAME_HOW),
                daf_web_say(r, DAF_WEB_W_ADD));
}

static void put_ways_out(struct daf_web_request *r)
{
    DAF_WEB_RAW(&r->html, "<section class=\"out\">");
    if (r->who[0] != '\0') {
        DAF_WEB_RAW(&r->html, "<form method=\"post\" action=\"/who\">");
        daf_web_page_token(r);
        DAF_WEB_PUT(&r->html,
                    "<button class=\"button quiet\" name=\"finish\" "
                    "value=\"1\">%</button></form>",
                    daf_web_say(r, DAF_WEB_W_FINISH));
    }
    DAF_WEB_RAW(&r->html, "<form method=\"post\" action=\"/leave\">");
    daf_web_page_token(r);
    DAF_WEB_PUT(&r->html,
                "<button class=\"button quiet\">%</button></form></section>\n",
                daf_web_say(r, DAF_WEB_W_LEAVE));
}

static void show(struct daf_web_request *r, unsigned status, json_t *learners)
{
    const struct daf_web_form *from =
        r->method == DAF_WEB_POST ? &r->form : &r->query;

    daf_web_page_open(r, daf_web_say(r, DAF_WEB_W_WHO_HERE));
    DAF_WEB_PUT(&r->html, "<h1>%</h1>\n", daf_web_say(r, DAF_WEB_W_WHO_HERE));
    if (status != MHD_HTTP_OK)
        DAF_WEB_PUT(&r->html, "<p class=\"note\">%</p>\n",
                    daf_web_say(r, DAF_WEB_W_REFUSED_HOW));
    put_people(r, learners, from);
    put_new(r, from);
    put_ways_out(r);
    daf_web_page_close(r, status);
}

/* Somebody of that name is here: is it her? */
static void ask(struct daf_web_request *r, json_t *learners, const char *name)
{
    json_t *list = json_object_get(learners, "learners"), *one;
    size_t i;

    daf_web_page_open(r, daf_web_say(r, DAF_WEB_W_WHO_HERE));
    DAF_WEB_PUT(&r->html,
                "<h1>%</h1>\n<p>%</p><form class=\"people\" method=\"post\" "
                "action=\"/who\">",
                daf_web_say(r, DAF_WEB_W_SAME_NAME),
                daf_web_say(r, DAF_WEB_W_THAT_IS_ME));
    daf_web_page_token(r);
    put_back(r, &r->form);
    json_array_foreach(list, i, one)
    {
        const char *of = json_string_value(json_object_get(one, "name"));

        if (of != NULL && strcmp(of, name) == 0) put_learner(r, one);
    }
    DAF_WEB_RAW(&r->html, "</form>\n<form method=\"post\" action=\"/who\">");
    daf_web_page_token(r);
    put_back(r, &r->form);
    DAF_WEB_PUT(&r->html,
                "<input type=\"hidden\" name=\"name\" value=\"%\">"
                "<input type=\"hidden\" name=\"sure\" value=\"1\">"
                "<button class=\"button quiet\" name=\"add\" value=\"1\">%"
                "</button></form>\n",
                name, daf_web_say(r, DAF_WEB_W_ANOTHER));
    daf_web_page_close(r, MHD_HTTP_OK);
}

/* ---- what was pressed */

static void become(struct daf_web_request *r, const char *subject)
{
    char back[96];

    daf_web_redirect(r, way_back(r, &r->form, back));
    daf_web_cookie_set(r, "who", subject);
}

static bool has_name(json_t *learners, const char *name)
{
    json_t *list = json_object_get(learners, "learners"), *one;
    size_t i;

    json_array_foreach(list, i, one)
    {
        const char *of = json_string_value(json_object_get(one, "name"));

        if (of != NULL && name[0] != '\0' && strcmp(of, name) == 0) return true;
    }
    return false;
}

/* Blanks at both ends are nobody's name. */
static bool read_name(const struct daf_web_request *r,
                      char out[NAME_MAX_BYTES + 1])
{
    const char *name = daf_web_field(&r->form, "name");
    size_t len;

    if (name == NULL) name = "";
    name += strspn(name, " ");
    len = strlen(name);
    while (len > 0 && name[len - 1] == ' ')
        len--;
    if (len > NAME_MAX_BYTES) return false;
    memcpy(out, name, len);
    out[len] = '\0';
    return true;
}

static void add(struct daf_web_request *r, json_t *learners,
                const struct daf_web_token *token)
{
    char name[NAME_MAX_BYTES + 1], once[33];
    const char *subject;
    json_t *wrote;

    if (!read_name(r, name)) {
        show(r, MHD_HTTP_BAD_REQUEST, learners);
        return;
    }
    if (!r->asked[DAF_WEB_WROTE] && has_name(learners, name) &&
        daf_web_field(&r->form, "sure") == NULL) {
        ask(r, learners, name);
        return;
    }
    (void)sodium_bin2hex(once, sizeof(once), token->once, sizeof(token->once));
    wrote = daf_web_want(r, DAF_WEB_WROTE,
                         json_pack("{ss ss ss ss ss}", "op", "write", "kind",
                                   "learner", "scope", "", "learner", name,
                                   "once", once));
    if (wrote == NULL) return;
    subject = json_string_value(json_object_get(wrote, "subject"));
    if (json_is_true(json_object_get(wrote, "durable")) && subject != NULL)
        become(r, subject);
    else
        daf_web_page_failed(r, wrote);
}

static void press(struct daf_web_request *r, json_t *learners)
{
    const char *chosen = daf_web_field(&r->form, "learner");
    struct daf_web_token token;

    if (!daf_web_token_check(r->web->secret, &r->session,
                             daf_web_field(&r->form, "token"), &token))
        show(r, MHD_HTTP_CONFLICT, learners);
    else if (daf_web_field(&r->form, "finish") != NULL)
        become(r, "");
    else if (daf_web_field(&r->form, "add") != NULL)
        add(r, learners, &token);
    else if (chosen != NULL && daf_web_learner(learners, chosen) != NULL)
        become(r, chosen);
    else
        show(r, MHD_HTTP_BAD_REQUEST, learners);
}

void daf_web_page_who(struct daf_web_request *r)
{
    json_t *learners;

    if (!r->has_session) {
        daf_web_page_words(r, MHD_HTTP_FORBIDDEN, DAF_WEB_W_ENTER,
                           DAF_WEB_W_ENTER_FIRST);
        return;
    }
    learners = daf_web_want_op(r, DAF_WEB_LEARNERS, "learners");
    if (learners == NULL) return;
    if (json_object_get(learners, "learners") == NULL)
        daf_web_page_failed(r, learners);
    else if (r->method == DAF_WEB_POST)
        press(r, learners);
    else
        show(r, MHD_HTTP_OK, learners);
}

/* ---- in and out */

static void show_enter(struct daf_web_request *r)
{
    const char *key = daf_web_field(&r->query, "key");

    if (!daf_web_key_check(r->web->key, key)) {
        daf_web_page_words(r, MHD_HTTP_FORBIDDEN, DAF_WEB_W_ENTER,
                           DAF_WEB_W_ENTER_WRONG);
        return;
    }
    daf_web_page_open(r, daf_web_say(r, DAF_WEB_W_ENTER));
    DAF_WEB_PUT(&r->html,
                "<section class=\"words\"><h1>%</h1><p>%</p>"
                "<form method=\"post\" action=\"/enter\">"
                "<input type=\"hidden\" name=\"key\" value=\"%\">"
                "<button class=\"button big\">%</button></form></section>\n",
                daf_web_say(r, DAF_WEB_W_ENTER),
                daf_web_say(r, DAF_WEB_W_ENTER_HOW), key,
                daf_web_say(r, DAF_WEB_W_ENTER_BUTTON));
    daf_web_page_close(r, MHD_HTTP_OK);
}

void daf_web_page_enter(struct daf_web_request *r)
{
    char cookie[DAF_WEB_SESSION_HEX + 1];

    if (r->method != DAF_WEB_POST) {
        show_enter(r);
        return;
    }
    if (!daf_web_key_check(r->web->key, daf_web_field(&r->form, "key"))) {
        daf_web_page_words(r, MHD_HTTP_FORBIDDEN, DAF_WEB_W_ENTER,
                           DAF_WEB_W_ENTER_WRONG);
        return;
    }
    daf_web_session_new(r->web->secret, cookie);
    daf_web_redirect(r, r->who[0] != '\0' ? "/" : "/who");
    daf_web_cookie_set(r, "session", cookie);
    sodium_memzero(cookie, sizeof(cookie));
}

void daf_web_page_leave(struct daf_web_request *r)
{
    daf_web_redirect(r, "/");
    daf_web_cookie_set(r, "who", "");
    daf_web_cookie_set(r, "session", "");
}

void daf_web_page_language(struct daf_web_request *r)
{
    const char *lang = daf_web_field(&r->form, "lang");
    char back[96];

    daf_web_redirect(r, way_back(r, &r->form, back));
    if (lang != NULL && daf_web_lang_ok(lang))
        daf_web_cookie_set(r, "lang", lang);
}
