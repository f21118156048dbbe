/* SPDX-License-Identifier: Apache-2.0 */
/* Server-sent events: one answer that never ends.  libmicrohttpd asks for its
 * next bytes; if there are none the connection rests until there is news. */
#include "node/web_impl.h"

#include "node/clock.h"

#include <stdlib.h>

static size_t put(char *buf, const char *text, size_t len)
{
    memcpy(buf, text, len);
    return len;
}

static ssize_t next_bytes(void *ctx, uint64_t pos, char *buf, size_t max)
{
    static const char greeting[] = "retry: 3000\n\n", beat[] = ":\n\n";
    struct daf_web_stream *s = ctx;
    char event[DAF_WEB_EVENT_BYTES];
    size_t len = 0;

    (void)pos;
    if (max < DAF_WEB_EVENT_BYTES) return MHD_CONTENT_READER_END_WITH_ERROR;
    if (!s->is_greeted) {
        s->is_greeted = true;
        return (ssize_t)put(buf, greeting, sizeof(greeting) - 1);
    }
    if (s->is_reset) {
        s->is_reset = false;
        len = daf_web_events_reset(&s->web->events, event);
    } else {
        len = daf_web_events_next(&s->web->events, &s->at, event);
    }
    if (len > 0) return (ssize_t)put(buf, event, len);
    if (s->is_due) {
        s->is_due = false;
        return (ssize_t)put(buf, beat, sizeof(beat) - 1);
    }
    s->is_suspended = true;
    MHD_suspend_connection(s->connection);
    return 0;
}

static void stream_free(void *ctx)
{
    struct daf_web_stream *s = ctx;

    LIST_REMOVE(s, next);
    free(s);
}

void daf_web_stream_wake(struct daf_web *web)
{
    struct daf_web_stream *s;

    LIST_FOREACH(s, &web->streams, next)
    {
        if (!s->is_suspended) continue;
        s->is_suspended = false;
        MHD_resume_connection(s->connection);
    }
}

void daf_web_stream(struct daf_web_request *r)
{
    struct daf_web_stream *s;
    struct MHD_Response *response;

    if (!daf_web_conns_may_stream(r->web, r->conn)) {
        daf_web_page_words(r, MHD_HTTP_SERVICE_UNAVAILABLE, DAF_WEB_W_BUSY,
                           DAF_WEB_W_BUSY_HOW);
        return;
    }
    s = calloc(1, sizeof(*s));
    if (s == NULL) return;
    s->web = r->web;
    s->connection = r->connection;
    s->at = daf_web_events_after(&r->web->events,
                                 MHD_lookup_connection_value(r->connection,
                                                             MHD_HEADER_KIND,
                                                             "Last-Event-ID"),
                                 &s->is_reset);
    LIST_INSERT_HEAD(&r->web->streams, s, next);
    response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1024,
                                                 next_bytes, s, stream_free);
    if (response == NULL) {
        stream_free(s);
        return;
    }
    r->conn->is_stream = true;
    daf_web_answer(r, MHD_HTTP_OK, response);
    daf_web_header(r, "Content-Type", "text/event-stream");
}
