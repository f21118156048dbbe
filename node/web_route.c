/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to its page: what a stranger wrote is checked here, in this
 * order, before any page sees it: Host, target, method, length, Origin, body,
 * cookies. */
#include "node/web_impl.h"

#include "node/clock.h"
#include "node/web_guard.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

/* ---- the life of a request */

void *daf_web_route_begin(void *ctx, const char *target,
                          struct MHD_Connection *connection)
{
    struct daf_web_request *r = calloc(1, sizeof(*r));

    if (r == NULL) return NULL;
    r->web = ctx;
    r->connection = connection;
    r->fd = -1;
    r->target = strdup(target);
    return r;
}

static void free_text(char *p, size_t len)
{
    if (p != NULL) sodium_memzero(p, len);
    free(p);
}

void daf_web_route_end(void *ctx, struct MHD_Connection *connection,
                       void **request, enum MHD_RequestTerminationCode code)
{
    struct daf_web_request *r = *request;

    (void)ctx;
    (void)connection;
    (void)code;
    if (r == NULL) return;
    *request = NULL;
    if (r->conn != NULL) {
        r->conn->is_busy = false;
        r->conn->since = daf_clock_now();
    }
    for (size_t i = 0; i < DAF_WEB_WANTS; i++)
        json_decref(r->answers[i]);
    if (r->fd >= 0) (void)close(r->fd);
    if (r->response != NULL) MHD_destroy_response(r->response);
    daf_web_html_free(&r->html);
    free_text(r->body, r->body_len);
    free_text(r->body_room, r->body_len);
    free_text(r->query_room,
              r->query_room != NULL ? strlen(daf_web_query(r->target)) : 0);
    free(r->target);
    free(r);
}

/* ---- asking core */

void daf_web_waits(struct daf_web_request *r)
{
    r->waits++;
}

void daf_web_came(struct daf_web_request *r)
{
    if (--r->waits > 0 || !r->is_suspended) return;
    r->is_suspended = false;
    MHD_resume_connection(r->connection);
}

struct waiting {
    struct daf_web_request *r;
    enum daf_web_want what;
};

static void on_wanted(struct daf_web *web, void *ctx, json_t *answer, int fd)
{
    struct waiting *w = ctx;

    (void)web;
    w->r->answers[w->what] = answer;
    if (fd >= 0) w->r->fd = fd;
    daf_web_came(w->r);
    free(w);
}

json_t *daf_web_want(struct daf_web_request *r, enum daf_web_want what,
                     json_t *request)
{
    struct waiting *w;

    if (r->asked[what]) {
        json_decref(request);
        return r->answers[what];
    }
    w = malloc(sizeof(*w));
    if (w == NULL) {
        json_decref(request);
        daf_web_die(r->web, 1, "out of memory");
        return NULL;
    }
    *w = (struct waiting){r, what};
    r->asked[what] = true;
    daf_web_waits(r);
    daf_web_core_ask(r->web, request, on_wanted, w);
    return NULL;
}

json_t *daf_web_want_op(struct daf_web_request *r, enum daf_web_want what,
                        const char *op)
{
    return daf_web_want(r, what, json_pack("{ss}", "op", op));
}

/* ---- answers */

void daf_web_header(struct daf_web_request *r, const char *name,
                    const char *value)
{
    if (r->response != NULL)
        (void)MHD_add_response_header(r->response, name, value);
}

/* On every answer, whatever it is. */
static void add_common(struct daf_web_request *r)
{
    daf_web_header(r, "X-Content-Type-Options", "nosniff");
    /* Not "no-referrer": then a form's Origin would be null. */
    daf_web_header(r, "Referrer-Policy", "same-origin");
    daf_web_header(r, "Permissions-Policy",
                   "camera=(), microphone=(), geolocation=(), usb=(), "
                   "serial=(), payment=(), midi=()");
}

static void add_own(struct daf_web_request *r)
{
    char policy[320];

    (void)snprintf(policy, sizeof(policy),
                   "default-src 'none'; script-src 'self'; style-src 'self'; "
                   "img-src 'self'; media-src 'self'; connect-src 'self'; "
                   "frame-src 'self'; form-action 'self'; "
                   "frame-ancestors %s; base-uri 'none'",
                   r->web->frame[0] != '\0' ? r->web->frame : "'none'");
    daf_web_header(r, "Content-Security-Policy", policy);
    daf_web_header(r, "Cross-Origin-Opener-Policy", "same-origin");
    daf_web_header(r, "Cross-Origin-Resource-Policy", "same-origin");
    daf_web_header(r, "Cache-Control", "no-store");
}

void daf_web_answer(struct daf_web_request *r, unsigned status,
                    struct MHD_Response *response)
{
    if (r->response != NULL) MHD_destroy_response(r->response);
    r->response = response;
    r->status = status;
    add_common(r);
    /* Content says other things of itself. */
    if (r->page != daf_web_content && r->page != daf_web_preview &&
        r->page != daf_web_asset)
        add_own(r);
}

struct MHD_Response *daf_web_bytes(const void *p, size_t len)
{
    char *copy = malloc(len + 1);

    if (copy == NULL) return NULL;
    if (len > 0) memcpy(copy, p, len);
    return MHD_create_response_from_buffer(len, copy, MHD_RESPMEM_MUST_FREE);
}

/* For programs and strangers: no page, in English. */
static void refuse(struct daf_web_request *r, unsigned status, const char *text)
{
    r->page = NULL;
    daf_web_answer(r, status, daf_web_bytes(text, strlen(text)));
    daf_web_header(r, "Content-Type", "text/plain; charset=utf-8");
}

void daf_web_redirect(struct daf_web_request *r, const char *where)
{
    daf_web_answer(r, MHD_HTTP_SEE_OTHER, daf_web_bytes("", 0));
    daf_web_header(r, "Location", where);
}

/* Browsers do not tell ports apart in cookies; several devices may be on one
 * machine. */
static void cookie_name(const struct daf_web_request *r, const char *name,
                        char out[32])
{
    const char *port = strrchr(r->conn->here.text, ':');

    (void)snprintf(out, 32, "daftar-%s-%s", port != NULL ? port + 1 : "", name);
}

void daf_web_cookie_set(struct daf_web_request *r, const char *name,
                        const char *value)
{
    char full[32], text[256];

    cookie_name(r, name, full);
    (void)snprintf(text, sizeof(text),
                   "%s=%s; Path=/; HttpOnly; SameSite=Strict%s", full, value,
                   value[0] == '\0' ? "; Max-Age=0" : "");
    daf_web_header(r, "Set-Cookie", text);
}

/* ---- which page */

struct route {
    const char
        *path; /* "#" stands for a content id; a final '*' for the rest */
    daf_web_page_fn page;
    bool gets, posts;
};
static const struct route routes[] = {
    {"/", daf_web_page_home, true, false},
    {"/lesson/#", daf_web_page_lesson, true, false},
    {"/lesson/#/quiz", daf_web_page_quiz, true, true},
    {"/lesson/#/saved", daf_web_page_saved, true, false},
    {"/who", daf_web_page_who, true, true},
    {"/enter", daf_web_page_enter, true, true},
    {"/leave", daf_web_page_leave, false, true},
    {"/language", daf_web_page_language, false, true},
    {"/events", daf_web_stream, true, false},
    {"/asset/*", daf_web_asset, true, false},
    {"/content/#/*", daf_web_content, true, false},
    {"/preview/#", daf_web_preview, true, false},
};

static bool matches(struct daf_web_request *r, const char *pattern)
{
    const char *path = r->path;

    for (; *pattern != '\0' && *pattern != '*'; pattern++) {
        if (*pattern != '#') {
            if (*path++ != *pattern) return false;
            continue;
        }
        if (strspn(path, "0123456789abcdef") != DAF_WEB_ID_HEX) return false;
        memcpy(r->id_room, path, DAF_WEB_ID_HEX);
        r->id = r->id_room;
        path += DAF_WEB_ID_HEX;
    }
    r->rest = path;
    return *pattern == '*' ? *path != '\0' : *path == '\0';
}

static const struct route *find_route(struct daf_web_request *r)
{
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
        if (matches(r, routes[i].path)) return &routes[i];
    return NULL;
}

static void not_found(struct daf_web_request *r)
{
    daf_web_page_words(r, MHD_HTTP_NOT_FOUND, DAF_WEB_W_NOT_FOUND,
                       DAF_WEB_W_NOT_FOUND_HOW);
}

static enum daf_web_method read_method(const char *text)
{
    if (strcmp(text, MHD_HTTP_METHOD_GET) == 0) return DAF_WEB_GET;
    if (strcmp(text, MHD_HTTP_METHOD_HEAD) == 0) return DAF_WEB_HEAD;
    return strcmp(text, MHD_HTTP_METHOD_POST) == 0 ? DAF_WEB_POST
                                                   : DAF_WEB_OTHER;
}

static void choose(struct daf_web_request *r)
{
    const struct route *route = find_route(r);
    bool is_post = r->method == DAF_WEB_POST;

    r->page = route != NULL ? route->page : not_found;
    if (r->method != DAF_WEB_OTHER && (route == NULL ? !is_post
                                       : is_post     ? route->posts
                                                     : route->gets))
        return;
    refuse(r, MHD_HTTP_METHOD_NOT_ALLOWED, "This is not done here so.\n");
    daf_web_header(r, "Allow",
                   route == NULL || !route->posts ? "GET, HEAD"
                   : route->gets                  ? "GET, HEAD, POST"
                                                  : "POST");
}

/* ---- what came, checked */

static const char *head(const struct daf_web_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

struct only {
    const char *name, *value;
    size_t count;
};

static enum MHD_Result count_one(void *ctx, enum MHD_ValueKind kind,
                                 const char *name, const char *value)
{
    struct only *o = ctx;

    (void)kind;
    if (strcasecmp(name, o->name) != 0) return MHD_YES;
    o->value = value;
    o->count++;
    return MHD_YES;
}

/* NULL too if it was sent more than once: then who knows which counts. */
static const char *only_head(const struct daf_web_request *r, const char *name)
{
    struct only o = {.name = name};

    (void)MHD_get_connection_values(r->connection, MHD_HEADER_KIND, count_one,
                                    &o);
    return o.count == 1 ? o.value : NULL;
}

/* A page of another site may make a browser post here, but not say so. */
static bool is_own_post(const struct daf_web_request *r)
{
    const char *site = head(r, "Sec-Fetch-Site");

    return daf_web_guard_origin(only_head(r, "Origin"), r->host) &&
           (site == NULL || strcmp(site, "same-origin") == 0);
}

static void check_post(struct daf_web_request *r)
{
    static const char type[] = "application/x-www-form-urlencoded";
    const char *length = head(r, "Content-Length");
    const char *given = head(r, "Content-Type");

    if (!is_own_post(r))
        refuse(r, MHD_HTTP_FORBIDDEN,
               "Only this device's own pages may send this.\n");
    else if (length == NULL || head(r, "Transfer-Encoding") != NULL)
        refuse(r, MHD_HTTP_LENGTH_REQUIRED, "How long is it?\n");
    else if (strlen(length) > 9 || strtoul(length, NULL, 10) > DAF_WEB_BODY_MAX)
        refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, "That is too much.\n");
    else if (given == NULL || strncmp(given, type, sizeof(type) - 1) != 0)
        refuse(r, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "Only a form, please.\n");
}

/* Everything but the body.  What is wrong is answered at once. */
static void check_head(struct daf_web_request *r, const char *method)
{
    r->method = read_method(method);
    r->host = only_head(r, "Host");
    if (!daf_web_guard_host(r->host, &r->conn->here))
        refuse(r, MHD_HTTP_MISDIRECTED_REQUEST,
               "This device is not called so. Use the address that it "
               "printed.\n");
    else if (!daf_web_path(r->target, r->path))
        refuse(r, MHD_HTTP_BAD_REQUEST, "This address is not understood.\n");
    else
        choose(r);
    if (r->response == NULL && r->method == DAF_WEB_POST) check_post(r);
}

static void read_languages(struct daf_web_request *r)
{
    const char *asked = daf_web_field(&r->query, "lang");
    const char *cookies = head(r, "Cookie");
    char name[32];
    size_t n;

    cookie_name(r, "lang", name);
    if (asked != NULL && daf_web_lang_ok(asked))
        (void)snprintf(r->lang_room, sizeof(r->lang_room), "%s", asked);
    else if (!daf_web_cookie(cookies, name, r->lang_room,
                             sizeof(r->lang_room)) ||
             !daf_web_lang_ok(r->lang_room))
        r->lang_room[0] = '\0';
    if (r->lang_room[0] != '\0')
        r->languages[r->languages_count++] = r->lang_room;
    n = daf_web_langs(head(r, "Accept-Language"), r->languages_room);
    for (size_t i = 0; i < n; i++)
        r->languages[r->languages_count++] = r->languages_room[i];
    r->tongue = daf_web_tongue(r->languages, r->languages_count);
}

static void read_cookies(struct daf_web_request *r)
{
    char name[32], text[DAF_WEB_SESSION_HEX + 1];
    const char *cookies = head(r, "Cookie");

    cookie_name(r, "session", name);
    r->has_session = daf_web_cookie(cookies, name, text, sizeof(text)) &&
                     daf_web_session_check(r->web->secret, text, &r->session);
    sodium_memzero(text, sizeof(text));
    cookie_name(r, "who", name);
    if (!r->has_session ||
        !daf_web_cookie(cookies, name, r->who, sizeof(r->who)) ||
        strspn(r->who, "0123456789abcdef") != 32)
        r->who[0] = '\0';
}

/* Query, cookies, body: what the page will look at. */
static bool read_fields(struct daf_web_request *r)
{
    const char *query = daf_web_query(r->target);

    r->query_room = malloc(strlen(query) + 1);
    r->body_room = malloc(r->body_len + 1);
    if (r->query_room == NULL || r->body_room == NULL) return false;
    if (!daf_web_form(query, strlen(query), r->query_room, &r->query) ||
        !daf_web_form(r->body != NULL ? r->body : "", r->body_len, r->body_room,
                      &r->form))
        refuse(r, MHD_HTTP_BAD_REQUEST, "This form is not understood.\n");
    read_languages(r);
    read_cookies(r);
    return true;
}

/* ---- libmicrohttpd's calls */

static enum MHD_Result send_answer(struct daf_web_request *r)
{
    enum MHD_Result sent =
        MHD_queue_response(r->connection, r->status, r->response);

    MHD_destroy_response(r->response);
    r->response = NULL;
    return sent;
}

static enum MHD_Result begin(struct daf_web_request *r, const char *method)
{
    r->is_begun = true;
    r->conn = daf_web_conns_of(r->connection);
    if (r->conn == NULL || r->target == NULL || !r->web->is_greeted)
        return MHD_NO;
    check_head(r, method);
    return r->response != NULL ? send_answer(r) : MHD_YES;
}

static enum MHD_Result take_body(struct daf_web_request *r, const char *bytes,
                                 size_t *len)
{
    char *grown;

    if (r->method != DAF_WEB_POST || r->body_len + *len > DAF_WEB_BODY_MAX)
        return MHD_NO;
    grown = realloc(r->body, r->body_len + *len);
    if (grown == NULL) return MHD_NO;
    r->body = grown;
    memcpy(r->body + r->body_len, bytes, *len);
    r->body_len += *len;
    *len = 0;
    return MHD_YES;
}

/* NOLINTNEXTLINE(readability-function-size): as libmicrohttpd calls it */
enum MHD_Result daf_web_route(void *ctx, struct MHD_Connection *connection,
                              const char *url, const char *method,
                              const char *version, const char *upload,
                              size_t *upload_len, void **request)
{
    struct daf_web_request *r = *request;

    (void)ctx;
    (void)connection;
    (void)url;
    (void)version;
    if (r == NULL) return MHD_NO;
    if (!r->is_begun) return begin(r, method);
    if (*upload_len > 0) return take_body(r, upload, upload_len);
    r->conn->is_busy = true;
    if (r->query_room == NULL && !read_fields(r)) return MHD_NO;
    if (r->response == NULL) r->page(r);
    if (r->response != NULL) return send_answer(r);
    if (r->waits == 0) return MHD_NO;
    r->is_suspended = true;
    MHD_suspend_connection(r->connection);
    return MHD_YES;
}
