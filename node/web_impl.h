/* SPDX-License-Identifier: Apache-2.0 */
/* node/web_impl.h - between the files of the web process.
 *
 *      web_main    its life: the loop, libmicrohttpd in it
 *      web_conns   who may connect: how many, from where
 *      web_core    questions to core, and its answers
 *      web_route   from a request to its page
 *      web_page*   the pages
 *      web_items   what is in a content item: asked once, remembered
 *      web_content files of content items
 *      web_stream  server-sent events
 *      web_asset   style and script, built in
 *
 * A page is a function that is called again whenever what it asked core for has
 * come: it asks for all that it lacks, returns, and in the end answers.  While
 * core is asked the connection is suspended, so a request outlives its answers. */
#ifndef DAF_NODE_WEB_IMPL_H
#define DAF_NODE_WEB_IMPL_H

#include "node/core/port.h"
#include "node/loop.h"
#include "node/web.h"
#include "node/web_events.h"
#include "node/web_guard.h"
#include "node/web_html.h"
#include "node/web_quiz.h"
#include "node/web_session.h"
#include "node/web_url.h"
#include "node/web_words.h"

#include <jansson.h>
#include <microhttpd.h>
#include <sys/queue.h>

#define DAF_WEB_CONNS_MAX    256                       /* connections */
#define DAF_WEB_MHD_CONNS    (DAF_WEB_CONNS_MAX + 128) /* with those that end */
#define DAF_WEB_CONNS_EACH   64 /* of one address (of IPv6, of one /64) */
#define DAF_WEB_STREAMS_MAX  96 /* of them that hear events */
#define DAF_WEB_STREAMS_EACH 16
#define DAF_WEB_MEMORY       ((size_t)24 * 1024) /* a connection: its headers */
#define DAF_WEB_IDLE_S       30
#define DAF_WEB_BODY_MAX     ((size_t)64 * 1024)
#define DAF_WEB_LINE_MAX     ((size_t)16 * 1024 * 1024) /* from core */
#define DAF_WEB_HEARTBEAT_MS 25000
#define DAF_WEB_ITEMS_MAX    512  /* remembered content items */
#define DAF_WEB_ASKED_MAX    200  /* open questions to core; it takes 256 */
#define DAF_WEB_ID_HEX       64   /* a content id */
#define DAF_WEB_SECONDS_MAX  3600 /* of one sitting, for a form left open */

struct daf_web;
struct daf_web_request;

/* ---- web_conns */

struct daf_web_conn {
    LIST_ENTRY(daf_web_conn) next;
    struct daf_web *web;
    int fd;                /* libmicrohttpd's */
    uint8_t from[16];      /* of an IPv6 address the first eight */
    struct daf_addr here;  /* where it came in */
    struct daf_mono since; /* its last request, or its begin */
    bool is_busy, is_stream, is_doomed;
};

struct daf_web_listener {
    struct daf_web *web;
    struct daf_loop_source source;
};

/** daf_web_conns_listen: take a listening socket.  False: no memory, or too many. */
bool daf_web_conns_listen(struct daf_web *web, int fd);
/** daf_web_conns_note: libmicrohttpd's word that one begins or ends. */
void daf_web_conns_note(void *ctx, struct MHD_Connection *connection,
                        void **socket_context,
                        enum MHD_ConnectionNotificationCode code);
struct daf_web_conn *daf_web_conns_of(struct MHD_Connection *connection);
/** daf_web_conns_may_stream: whether one more of this address may. */
bool daf_web_conns_may_stream(const struct daf_web *web,
                              const struct daf_web_conn *conn);

/* ---- web_core */

/* What a request may know of core; a page asks for each once. */
enum daf_web_want {
    DAF_WEB_STATUS,
    DAF_WEB_LEARNERS,
    DAF_WEB_PROGRESS,
    DAF_WEB_LIBRARY, /* a page of it, or one item */
    DAF_WEB_OPENED,  /* and the descriptor */
    DAF_WEB_WROTE,
    DAF_WEB_FILES,
    DAF_WEB_WANTS, /* how many */
};

/* Who hears an answer.  @answer is the taker's; @fd, or -1, too. */
typedef void (*daf_web_heard_fn)(struct daf_web *web, void *ctx, json_t *answer,
                                 int fd);
struct daf_web_question {
    STAILQ_ENTRY(daf_web_question) next;
    daf_web_heard_fn heard;
    void *ctx;
};

/** daf_web_core_open: @fd: the pair. */
bool daf_web_core_open(struct daf_web *web, int fd);
/** daf_web_core_ask: @request is taken.  Out of memory ends web. */
void daf_web_core_ask(struct daf_web *web, json_t *request,
                      daf_web_heard_fn heard, void *ctx);
/** daf_web_core_flush: write what was asked. */
void daf_web_core_flush(struct daf_web *web);

/* ---- web_items */

enum daf_web_item_kind {
    DAF_WEB_ITEM_FILES, /* a list of them */
    DAF_WEB_ITEM_HTML,
    DAF_WEB_ITEM_PDF,
    DAF_WEB_ITEM_EPUB,
    DAF_WEB_ITEM_AUDIO,
    DAF_WEB_ITEM_VIDEO,
    DAF_WEB_ITEM_IMAGE,
};
/* What a whole content item holds, as far as pages care.  It never changes: its
 * id is its hash. */
struct daf_web_item {
    char id[DAF_WEB_ID_HEX + 1]; /* "": unused */
    enum daf_web_item_kind kind;
    char main
        [513]; /* the file to open, if no index is in the reader's language */
    char cover[513]; /* a picture for its card; "" */
    size_t indexes_count;
    char indexes[DAF_WEB_LANGS_MAX][DAF_WEB_LANG_BYTES]; /* index.LANG.html */
    bool has_quiz;
    char item[DAF_WEB_QUIZ_ITEM_MAX + 1]; /* what its quiz is about; "" */
    uint64_t used;                        /* the least used goes first */
};

/** daf_web_item_get: what is known of item @id; NULL: it is being asked for, and
 * the page is called again; or (r->items_failed) it cannot be known. */
const struct daf_web_item *daf_web_item_get(struct daf_web_request *r,
                                            const char *id);
/** daf_web_item_index: the path that shows @item to a reader of @r. */
void daf_web_item_index(const struct daf_web_request *r,
                        const struct daf_web_item *item, char out[513]);

/* ---- requests */

typedef void (*daf_web_page_fn)(struct daf_web_request *r);

enum daf_web_method {
    DAF_WEB_GET,
    DAF_WEB_HEAD,
    DAF_WEB_POST,
    DAF_WEB_OTHER,
};

struct daf_web_request {
    struct daf_web *web;
    struct MHD_Connection *connection;
    struct daf_web_conn *conn;
    char *target; /* owned: as the browser wrote it */
    const char *host;
    enum daf_web_method method;
    bool is_begun, is_suspended, is_asking_items;
    daf_web_page_fn page;

    char path[DAF_WEB_PATH_BYTES];
    const char *id; /* of the content item in the path; DAF_WEB_ID_HEX */
    char id_room[DAF_WEB_ID_HEX + 1];
    const char *rest;                    /* of the path */
    char *query_room, *body, *body_room; /* owned */
    size_t body_len;
    struct daf_web_form query, form;

    bool has_session;
    struct daf_web_session session;
    char who[33]; /* the learner: a subject in hex; "" */
    size_t tongue;
    const char *languages[DAF_WEB_LANGS_MAX + 1];
    size_t languages_count;
    char languages_room[DAF_WEB_LANGS_MAX][DAF_WEB_LANG_BYTES];
    char lang_room[DAF_WEB_LANG_BYTES];

    json_t *answers[DAF_WEB_WANTS]; /* owned */
    bool asked[DAF_WEB_WANTS];
    size_t waits; /* for so many answers */
    bool items_failed;
    int fd; /* owned; -1 */

    struct daf_web_html html;
    struct MHD_Response *response; /* owned */
    unsigned status;
    char number[8][DAF_WEB_NUMBER_BYTES]; /* in use by turns */
    size_t numbers;
};

/** daf_web_want: an answer, or NULL: then it is asked for, and the page is called
 * again.  @request: taken; made by the caller each time.  An error is an answer:
 * it has "error". */
json_t *daf_web_want(struct daf_web_request *r, enum daf_web_want what,
                     json_t *request);
json_t *daf_web_want_op(struct daf_web_request *r, enum daf_web_want what,
                        const char *op);
/** daf_web_waits, daf_web_came: one answer more, or less, is waited for. */
void daf_web_waits(struct daf_web_request *r);
void daf_web_came(struct daf_web_request *r);

/* ---- web_route */

enum MHD_Result daf_web_route(void *ctx, struct MHD_Connection *connection,
                              const char *url, const char *method,
                              const char *version, const char *upload,
                              size_t *upload_len, void **request);
/** daf_web_route_begin, _end: libmicrohttpd's word on a request's life. */
void *daf_web_route_begin(void *ctx, const char *target,
                          struct MHD_Connection *connection);
void daf_web_route_end(void *ctx, struct MHD_Connection *connection,
                       void **request, enum MHD_RequestTerminationCode code);

/** daf_web_bytes: an answer of these; copied.  NULL: out of memory. */
struct MHD_Response *daf_web_bytes(const void *p, size_t len);
/** daf_web_answer: @response with this status; taken. */
void daf_web_answer(struct daf_web_request *r, unsigned status,
                    struct MHD_Response *response);
void daf_web_header(struct daf_web_request *r, const char *name,
                    const char *value);
/** daf_web_redirect: 303 to @where, a path made here. */
void daf_web_redirect(struct daf_web_request *r, const char *where);
/** daf_web_cookie_set: @value "" takes it away. */
void daf_web_cookie_set(struct daf_web_request *r, const char *name,
                        const char *value);

/* ---- web_page: what all pages share */

/** daf_web_page_open, _close: the frame around a page; close answers with it.
 * @title: escaped here. */
void daf_web_page_open(struct daf_web_request *r, const char *title);
void daf_web_page_close(struct daf_web_request *r, unsigned status);
/** daf_web_page_words: a page that says only this. */
void daf_web_page_words(struct daf_web_request *r, unsigned status,
                        enum daf_web_word title, enum daf_web_word text);
/** daf_web_page_failed: core said no, or nothing: a page of words. */
void daf_web_page_failed(struct daf_web_request *r, const json_t *answer);
/** daf_web_page_token: the hidden fields of a form that writes. */
void daf_web_page_token(struct daf_web_request *r);
const char *daf_web_say(const struct daf_web_request *r,
                        enum daf_web_word word);
/** daf_web_digits: a number for this reader; good for the next seven calls. */
const char *daf_web_digits(struct daf_web_request *r, uint64_t n);
/** daf_web_text: of @texts what this reader reads best; with its language. */
const char *daf_web_text(const struct daf_web_request *r, json_t *texts,
                         const char **out_lang);
/** daf_web_tint: a class of the style, always the same for one id. */
const char *daf_web_tint(const char *id);
/** daf_web_initial: the first letter that tells @text from others. */
const char *daf_web_initial(const char *text, char out[8]);
/** daf_web_learner: the name to show of the learner @subject; NULL if she is
 * not known.  "" has no name. */
const char *daf_web_learner(json_t *learners, const char *subject);
/** daf_web_languages: those that the reader reads, for core; the caller's. */
json_t *daf_web_languages(const struct daf_web_request *r);
/** daf_web_want_lesson: as daf_web_want: what core says of r->id, with "item". */
json_t *daf_web_want_lesson(struct daf_web_request *r);

/* What is known of one lesson for one learner. */
struct daf_web_standing {
    bool is_begun, has_score, is_elsewhere;
    double best; /* 0 to 1 */
    json_int_t last_ms;
};
struct daf_web_standing daf_web_standing(json_t *progress, const char *item);

void daf_web_page_home(struct daf_web_request *r);
void daf_web_page_lesson(struct daf_web_request *r);
void daf_web_page_files(struct daf_web_request *r);
void daf_web_page_quiz(struct daf_web_request *r);
void daf_web_page_saved(struct daf_web_request *r);
void daf_web_page_who(struct daf_web_request *r);
void daf_web_page_enter(struct daf_web_request *r);
void daf_web_page_language(struct daf_web_request *r);
void daf_web_page_leave(struct daf_web_request *r);

/* ---- web_content, web_stream, web_asset */

void daf_web_content(struct daf_web_request *r);
/** daf_web_preview: the picture that travels with the catalogue (R98). */
void daf_web_preview(struct daf_web_request *r);
/** daf_web_content_type: by the path's extension, from a fixed table; NULL:
 * unknown, to be saved and not shown. */
const char *daf_web_content_type(const char *path);
void daf_web_stream(struct daf_web_request *r);
/** daf_web_stream_wake: there is news; everybody who listens goes on. */
void daf_web_stream_wake(struct daf_web *web);
struct daf_web_asset {
    const char *name; /* "style-0123456789abcdef.css" */
    const char *type;
    const unsigned char *bytes;
    size_t len;
};
extern const struct daf_web_asset daf_web_asset_style, daf_web_asset_script,
    daf_web_asset_icon;
void daf_web_asset(struct daf_web_request *r);

/* ---- the process */

struct daf_web_stream {
    LIST_ENTRY(daf_web_stream) next;
    struct daf_web *web;
    struct MHD_Connection *connection;
    uint64_t at;
    bool is_suspended, is_reset, is_greeted, is_due; /* a heartbeat is */
};

struct daf_web {
    struct daf_loop *loop;
    struct MHD_Daemon *mhd;
    struct daf_loop_source mhd_source, core_source;
    struct daf_loop_timer mhd_timer, heart_timer;
    bool is_greeted; /* core's hello came */
    bool is_over;
    int status;

    struct daf_web_listener listeners[DAF_WEB_LISTENERS_MAX];
    size_t listeners_count;
    struct daf_addr accepted; /* where the connection being added came in */
    uint8_t accepted_from[16];
    LIST_HEAD(, daf_web_conn) conns;
    size_t conns_count;

    uint8_t *in; /* from core */
    size_t in_len, in_cap;
    uint8_t *out;
    size_t out_at, out_len, out_cap;
    int fds[DAF_WEB_ASKED_MAX + 8]; /* that came, oldest first */
    size_t fds_count;
    STAILQ_HEAD(, daf_web_question) questions;
    size_t asked; /* of them, sent */
    uint8_t secret[DAF_WEB_SECRET_BYTES];
    char key[33];
    char frame[DAF_WEB_GUARD_FRAME_BYTES]; /* who may hold pages; "": nobody */

    struct daf_web_events events;
    LIST_HEAD(, daf_web_stream) streams;
    struct daf_web_item *items; /* DAF_WEB_ITEMS_MAX */
    uint64_t items_used;
};

/** daf_web_awake: from now until the loop sleeps again takes 10 s at most. */
void daf_web_awake(void);
/** daf_web_die: end with @status; @why, for the log, or NULL. */
void daf_web_die(struct daf_web *web, int status, const char *why);

#endif
