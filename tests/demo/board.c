/* SPDX-License-Identifier: Apache-2.0 */
/* tests/demo/board.c - the demo's one page.
 *
 *     demo_board DESCRIPTOR FOLDER SCENES STYLE
 *
 * DESCRIPTOR listens; FOLDER and SCENES are board.h's, STYLE is a style sheet.
 * Ends when its standard input does.  No JavaScript: the picture is a page of its
 * own, in a frame, that loads itself anew each second. */
#include "tests/demo/board.h"

#include "node/web_guard.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY_MAX   128
#define STYLE_MAX  ((size_t)64 * 1024)
#define REPORT_MAX ((size_t)8 * 1024 * 1024)
#define IDLE_S     30

struct place {
    const char *folder, *scenes, *style;
    struct daf_addr here;
};
struct request {
    char body[BODY_MAX];
    size_t len;
};

/* ---- the picture's page */

static void put_head(struct daf_web_html *h)
{
    DAF_WEB_RAW(h, "<!doctype html>\n<html lang=\"en\">\n<head>\n"
                   "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                   "content=\"width=device-width, initial-scale=1\">\n"
                   "<title>Daftar: a camp on one table</title>\n"
                   "<link rel=\"stylesheet\" href=\"/style.css\">\n"
                   "<link rel=\"icon\" href=\"data:,\">\n");
}

static void put_marks(const struct board *b, struct daf_web_html *h)
{
    DAF_WEB_RAW(h, "<ol class=\"marks\">");
    for (size_t i = 0; i < b->scenes_count; i++) {
        const struct board_scene *s = &b->scenes[i];
        bool is_now = strcmp(s->name, b->scene) == 0;
        bool is_ok = strcmp(s->done, "ok") == 0;

        DAF_WEB_PUT(h, "<li class=\"%\">% %</li>",
                    is_now               ? "now"
                    : is_ok              ? "ok"
                    : s->done[0] != '\0' ? "failed"
                                         : "",
                    is_now               ? "▶"
                    : is_ok              ? "✓"
                    : s->done[0] != '\0' ? "✗"
                                         : "·",
                    s->title);
    }
    DAF_WEB_RAW(h, "</ol>\n");
}

static void page_live(const struct board *b, struct daf_web_html *h)
{
    put_head(h);
    DAF_WEB_RAW(h, "<meta http-equiv=\"refresh\" content=\"1\">\n</head>\n"
                   "<body class=\"live\">\n");
    DAF_WEB_PUT(h, "<p class=\"say % %\">%</p>\n",
                b->scene[0] != '\0' ? "playing" : "resting",
                strncmp(b->say, "It did not", 10) == 0 ? "failed" : "",
                b->say[0] != '\0' ? b->say : "The devices are starting.");
    board_picture(b, h);
    put_marks(b, h);
    DAF_WEB_RAW(h, "</body>\n</html>\n");
}

/* ---- the board */

static void put_scenes(const struct board *b, struct daf_web_html *h)
{
    DAF_WEB_RAW(h, "<form class=\"scenes\" method=\"post\" action=\"/play\" "
                   "target=\"live\">\n<button class=\"all\" name=\"scene\" "
                   "value=\"all\"><strong>Play all of them</strong> "
                   "<span lang=\"ar\" dir=\"rtl\">شاهِدِ الكُلّ</span></button>\n");
    for (size_t i = 0; i < b->scenes_count; i++) {
        const struct board_scene *s = &b->scenes[i];

        DAF_WEB_PUT(h,
                    "<button name=\"scene\" value=\"%\"><strong>%</strong> "
                    "<span lang=\"ar\" dir=\"rtl\">%</span>"
                    "<small>%</small></button>\n",
                    s->name, s->title, s->arabic, s->watch);
    }
    DAF_WEB_RAW(h, "</form>\n");
}

static void put_devices(const struct board *b, struct daf_web_html *h)
{
    DAF_WEB_RAW(h, "<section><h2>The devices <span lang=\"ar\" dir=\"rtl\">"
                   "الأَجْهِزة</span></h2><p>Each is one of those in the "
                   "picture. Press <em>Come in</em> to see names. One that "
                   "was switched off has a new key: load this page "
                   "again.</p>\n<div class=\"devices\">\n");
    for (size_t i = 1; i <= BOARD_DEVICES_MAX; i++) {
        const struct board_device *d = &b->devices[i];

        if (d->camp == 0 || d->door[0] == '\0') continue;
        DAF_WEB_PUT(h,
                    "<figure class=\"%\"><figcaption><a href=\"%\">%</a> "
                    "<span lang=\"ar\" dir=\"rtl\">%</span></figcaption>"
                    "<div><iframe title=\"%\" src=\"%\"></iframe></div>"
                    "</figure>\n",
                    d->camp == 1 ? "one" : "two", d->door, d->name, d->arabic,
                    d->name, d->door);
    }
    DAF_WEB_RAW(h, "</div></section>\n");
}

/* origin_of: "http://127.0.0.1:8080" of what lets a browser in there. */
static void origin_of(const char *door, char out[BOARD_TEXT_BYTES])
{
    const char *end = strstr(door, "/enter");

    (void)snprintf(out, BOARD_TEXT_BYTES, "%.*s",
                   end != NULL ? (int)(end - door) : 0, door);
}

static void put_lesson(const struct board *b, struct daf_web_html *h)
{
    char origin[BOARD_TEXT_BYTES];

    if (b->lesson_device == 0) return;
    origin_of(b->devices[b->lesson_device].door, origin);
    DAF_WEB_PUT(h,
                "<section class=\"lesson\"><h2>A lesson on % "
                "<span lang=\"ar\" dir=\"rtl\">دَرْس</span></h2>"
                "<p><a href=\"%/lesson/%\">%</a></p>\n",
                b->devices[b->lesson_device].name, origin, b->lesson,
                b->lesson_title);
    DAF_WEB_PUT(h,
                "<iframe title=\"%\" src=\"%/lesson/%\"></iframe></section>\n",
                b->lesson_title, origin, b->lesson);
}

/* It opens by itself when it is there: until then the frame asks again. */
static void put_report(struct daf_web_html *h)
{
    DAF_WEB_RAW(h, "<section class=\"report\"><h2>A thousand tablets "
                   "<span lang=\"ar\" dir=\"rtl\">أَلْفُ لَوْح</span></h2>"
                   "<p><a href=\"/report\">The simulator's report</a></p>\n"
                   "<iframe title=\"The simulator's report\" "
                   "src=\"/report\"></iframe></section>\n");
}

static void page_no_report(const struct board *b, struct daf_web_html *h)
{
    (void)b;
    put_head(h);
    DAF_WEB_RAW(h, "<meta http-equiv=\"refresh\" content=\"2\">\n</head>\n"
                   "<body class=\"live\"><p class=\"say resting\">Play "
                   "<em>A thousand tablets</em>: its report opens here.</p>"
                   "</body>\n</html>\n");
}

static void page_board(const struct board *b, struct daf_web_html *h)
{
    put_head(h);
    DAF_WEB_RAW(h, "</head>\n<body>\n<header><h1>Daftar <small>a camp on one "
                   "table</small></h1><p lang=\"ar\" dir=\"rtl\">دَفْتَر: مُخَيَّمٌ "
                   "عَلى طاوِلةٍ واحِدة</p></header>\n<main>\n<div class=\"top\">\n"
                   "<section class=\"picture\"><iframe name=\"live\" "
                   "title=\"The camp now\" src=\"/live\"></iframe>\n"
                   "<p class=\"key\"><i class=\"met\"></i> connected "
                   "<i class=\"looking\"></i> in reach "
                   "<i class=\"strange\"></i> in reach, not let in; in each "
                   "device how many "
                   "answers, how many lessons; of a film "
                   "<span class=\"source\">■</span> what came from the "
                   "laptop, <span class=\"others\">●</span> from another "
                   "tablet</p>"
                   "</section>\n");
    put_scenes(b, h);
    DAF_WEB_RAW(h, "</div>\n");
    put_devices(b, h);
    put_lesson(b, h);
    put_report(h);
    DAF_WEB_RAW(h, "</main>\n</body>\n</html>\n");
}

/* ---- answers */

static void add_policy(const struct board *b, struct MHD_Response *response)
{
    char text[1024], origin[BOARD_TEXT_BYTES];
    size_t len = (size_t)snprintf(
        text, sizeof(text),
        "default-src 'none'; style-src 'self'; img-src data:; form-action "
        "'self'; base-uri 'none'; frame-ancestors 'self'; frame-src 'self'");

    for (size_t i = 1; i <= BOARD_DEVICES_MAX; i++) {
        origin_of(b->devices[i].door, origin);
        if (origin[0] == '\0' || len > sizeof(text) - 64) continue;
        len +=
            (size_t)snprintf(text + len, sizeof(text) - len, " %.40s", origin);
    }
    (void)MHD_add_response_header(response, "Content-Security-Policy", text);
    (void)MHD_add_response_header(response, "X-Content-Type-Options",
                                  "nosniff");
    (void)MHD_add_response_header(response, "Cache-Control", "no-store");
}

static enum MHD_Result send_text(struct MHD_Connection *c, unsigned status,
                                 const char *text, size_t len, const char *type)
{
    struct board none = {.scenes_count = 0};
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, (void *)(uintptr_t)text,
                                        MHD_RESPMEM_MUST_COPY);
    enum MHD_Result sent;

    if (response == NULL) return MHD_NO;
    add_policy(&none, response);
    (void)MHD_add_response_header(response, "Content-Type", type);
    if (status == MHD_HTTP_SEE_OTHER)
        (void)MHD_add_response_header(response, "Location", "/live");
    sent = MHD_queue_response(c, status, response);
    MHD_destroy_response(response);
    return sent;
}

static enum MHD_Result say(struct MHD_Connection *c, unsigned status,
                           const char *text)
{
    return send_text(c, status, text, strlen(text),
                     "text/plain; charset=utf-8");
}

static enum MHD_Result send_page(const struct place *p,
                                 struct MHD_Connection *c,
                                 void (*page)(const struct board *b,
                                              struct daf_web_html *h))
{
    struct board *b = malloc(sizeof(*b));
    struct daf_web_html h = {.p = NULL};
    struct MHD_Response *response = NULL;
    enum MHD_Result sent = MHD_NO;

    if (b == NULL) return MHD_NO;
    board_read(p->folder, p->scenes, b);
    page(b, &h);
    if (!h.is_full)
        response =
            MHD_create_response_from_buffer(h.len, h.p, MHD_RESPMEM_MUST_COPY);
    daf_web_html_free(&h);
    if (response != NULL) {
        add_policy(b, response);
        (void)MHD_add_response_header(response, "Content-Type",
                                      "text/html; charset=utf-8");
        sent = MHD_queue_response(c, MHD_HTTP_OK, response);
        MHD_destroy_response(response);
    }
    free(b);
    return sent;
}

/* @path's bytes, at most @most; NULL: none.  Whoever asked frees it. */
static char *read_file(const char *path, size_t most, size_t *out_len)
{
    FILE *from = fopen(path, "re");
    char *text = malloc(most);

    *out_len = from != NULL && text != NULL ? fread(text, 1, most, from) : 0;
    if (from != NULL) (void)fclose(from);
    if (*out_len > 0) return text;
    free(text);
    return NULL;
}

static enum MHD_Result send_style(const struct place *p,
                                  struct MHD_Connection *c)
{
    size_t len = 0;
    char *text = read_file(p->style, STYLE_MAX, &len);
    enum MHD_Result sent =
        text == NULL ? say(c, MHD_HTTP_NOT_FOUND, "No style.\n")
                     : send_text(c, MHD_HTTP_OK, text, len, "text/css");

    free(text);
    return sent;
}

/* Its policy is inside: what it may run is its own, by hash. */
static enum MHD_Result send_report(const struct place *p,
                                   struct MHD_Connection *c)
{
    char path[1024];
    size_t len = 0;

    (void)snprintf(path, sizeof(path), "%s/report.html", p->folder);
    char *text = read_file(path, REPORT_MAX, &len);
    if (text == NULL) return send_page(p, c, page_no_report);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(text);
        return MHD_NO;
    }
    (void)MHD_add_response_header(response, "Content-Type",
                                  "text/html; charset=utf-8");
    (void)MHD_add_response_header(response, "X-Content-Type-Options",
                                  "nosniff");
    (void)MHD_add_response_header(response, "Cache-Control", "no-store");
    enum MHD_Result sent = MHD_queue_response(c, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return sent;
}

/* ---- what was pressed */

static bool hand_on(const struct place *p, const char *name)
{
    char path[1024], line[BODY_MAX + 2];
    int fd, len = snprintf(line, sizeof(line), "%s\n", name);
    bool is_written;

    (void)snprintf(path, sizeof(path), "%s/pressed", p->folder);
    /* Not waiting: if nobody reads, nothing can be played. */
    fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return false;
    is_written = write(fd, line, (size_t)len) == len;
    (void)close(fd);
    return is_written;
}

static bool is_scene(const struct place *p, const char *name)
{
    struct board *b = malloc(sizeof(*b));
    bool is_one = false;

    if (b == NULL) return false;
    board_read(p->folder, p->scenes, b);
    is_one = strcmp(name, "all") == 0 || board_scene_find(b, name) != NULL;
    free(b);
    return is_one;
}

static enum MHD_Result press(const struct place *p, struct MHD_Connection *c,
                             struct request *r)
{
    static const char field[] = "scene=";

    r->body[r->len] = '\0';
    if (strncmp(r->body, field, sizeof(field) - 1) != 0 ||
        !is_scene(p, r->body + sizeof(field) - 1))
        return say(c, MHD_HTTP_BAD_REQUEST, "There is no such scene.\n");
    if (!hand_on(p, r->body + sizeof(field) - 1))
        return say(c, MHD_HTTP_SERVICE_UNAVAILABLE, "The demo has ended.\n");
    return say(c, MHD_HTTP_SEE_OTHER, "");
}

/* ---- libmicrohttpd's calls */

static const char *head(struct MHD_Connection *c, const char *name)
{
    return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

static enum MHD_Result get(const struct place *p, struct MHD_Connection *c,
                           const char *path)
{
    if (strcmp(path, "/") == 0) return send_page(p, c, page_board);
    if (strcmp(path, "/live") == 0) return send_page(p, c, page_live);
    if (strcmp(path, "/style.css") == 0) return send_style(p, c);
    if (strcmp(path, "/report") == 0) return send_report(p, c);
    return say(c, MHD_HTTP_NOT_FOUND, "There is no such page.\n");
}

/* Headers are here, and no body yet: what is answered now is not heard further. */
static enum MHD_Result begin(const struct place *p, struct MHD_Connection *c,
                             const char *method)
{
    const char *host = head(c, "Host");

    if (!daf_web_guard_host(host, &p->here))
        return say(c, MHD_HTTP_MISDIRECTED_REQUEST,
                   "The board is not called so. Use the address that was "
                   "printed.\n");
    if (strcmp(method, MHD_HTTP_METHOD_POST) == 0 &&
        !daf_web_guard_origin(head(c, "Origin"), host))
        return say(c, MHD_HTTP_FORBIDDEN, "Only the board may press this.\n");
    return MHD_YES;
}

/* NOLINTNEXTLINE(readability-function-size): as libmicrohttpd calls it */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c,
                                  const char *path, const char *method,
                                  const char *version, const char *upload,
                                  size_t *upload_len, void **request)
{
    const struct place *p = ctx;
    struct request *r = *request;
    bool is_post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;

    (void)version;
    if (r == NULL) {
        r = *request = calloc(1, sizeof(*r));
        return r != NULL ? begin(p, c, method) : MHD_NO;
    }
    if (*upload_len > 0) {
        if (r->len + *upload_len >= BODY_MAX) return MHD_NO;
        memcpy(r->body + r->len, upload, *upload_len);
        r->len += *upload_len;
        *upload_len = 0;
        return MHD_YES;
    }
    if (is_post && strcmp(path, "/play") == 0) return press(p, c, r);
    if (strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
        strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)
        return get(p, c, path);
    return say(c, MHD_HTTP_METHOD_NOT_ALLOWED, "This is not done here so.\n");
}

static void on_end(void *ctx, struct MHD_Connection *c, void **request,
                   enum MHD_RequestTerminationCode code)
{
    (void)ctx;
    (void)c;
    (void)code;
    free(*request);
    *request = NULL;
}

static bool read_here(int fd, struct daf_addr *out)
{
    struct sockaddr_in at = {0};
    socklen_t len = sizeof(at);

    if (getsockname(fd, (struct sockaddr *)&at, &len) != 0 ||
        at.sin_family != AF_INET)
        return false;
    (void)snprintf(out->text, sizeof(out->text), "127.0.0.1:%u",
                   (unsigned)ntohs(at.sin_port));
    return true;
}

int main(int argc, char **argv)
{
    struct place p;
    struct MHD_Daemon *mhd;
    char byte;
    int fd;

    if (argc != 5) return 2;
    fd = (int)strtol(argv[1], NULL, 10);
    p = (struct place){argv[2], argv[3], argv[4], {""}};
    if (!read_here(fd, &p.here)) return 2;
    mhd = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL,
                           on_request, &p, MHD_OPTION_LISTEN_SOCKET, fd,
                           MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL,
                           MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
                           MHD_OPTION_END);
    if (mhd == NULL) return 1;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    MHD_stop_daemon(mhd);
    return 0;
}
