/* SPDX-License-Identifier: Apache-2.0 */
/* Files of content items: somebody else's HTML, so it is shown in a sandbox:
 * no script runs, no form is sent, and it belongs to no site. */
#include "node/web_impl.h"

#include "node/web_range.h"

#include <sodium.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#define ETAG_BYTES 80

const char *daf_web_content_type(const char *path)
{
    static const struct {
        const char *extension, *type;
    } types[] = {
        {"html", "text/html; charset=utf-8"},
        {"htm", "text/html; charset=utf-8"},
        {"css", "text/css; charset=utf-8"},
        {"txt", "text/plain; charset=utf-8"},
        {"vtt", "text/vtt; charset=utf-8"},
        {"json", "application/json"},
        {"svg", "image/svg+xml"},
        {"png", "image/png"},
        {"jpg", "image/jpeg"},
        {"jpeg", "image/jpeg"},
        {"gif", "image/gif"},
        {"webp", "image/webp"},
        {"mp3", "audio/mpeg"},
        {"ogg", "audio/ogg"},
        {"oga", "audio/ogg"},
        {"opus", "audio/ogg"},
        {"wav", "audio/wav"},
        {"m4a", "audio/mp4"},
        {"mp4", "video/mp4"},
        {"m4v", "video/mp4"},
        {"webm", "video/webm"},
        {"ogv", "video/ogg"},
        {"pdf", "application/pdf"},
        {"epub", "application/epub+zip"},
        {"woff", "font/woff"},
        {"woff2", "font/woff2"},
    };
    const char *dot = strrchr(path, '.');

    if (dot == NULL || strchr(dot, '/') != NULL) return NULL;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcasecmp(dot + 1, types[i].extension) == 0) return types[i].type;
    return NULL;
}

/* A content id is a hash of every byte, so this names them for ever. */
static void etag_of(const struct daf_web_request *r, char out[ETAG_BYTES])
{
    uint8_t hash[16];
    char hex[33];

    (void)crypto_generichash(hash, sizeof(hash), (const uint8_t *)r->rest,
                             strlen(r->rest), NULL, 0);
    (void)sodium_bin2hex(hex, sizeof(hex), hash, 8);
    (void)snprintf(out, ETAG_BYTES, "\"%.32s-%s\"", r->id, hex);
}

static const char *head(const struct daf_web_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

/* 'self' would do, but means nothing in a sandbox to older browsers; so the host
 * is named as well.  PDF viewers do not work in a sandbox, and PDF is no HTML. */
static void add_policy(struct daf_web_request *r, const char *type)
{
    char text[768];
    const char *h = r->host, *frame = r->web->frame;

    if (type != NULL && strcmp(type, "application/pdf") == 0)
        (void)snprintf(text, sizeof(text),
                       "default-src 'none'; object-src 'self'; "
                       "style-src 'unsafe-inline'; frame-ancestors %s",
                       frame[0] != '\0' ? frame : "'none'");
    else
        (void)snprintf(text, sizeof(text),
                       "sandbox; default-src 'none'; img-src 'self' http://%s; "
                       "style-src 'self' 'unsafe-inline' http://%s; "
                       "media-src 'self' http://%s; font-src 'self' http://%s; "
                       "form-action 'none'; base-uri 'none'; "
                       "frame-ancestors 'self' http://%s %s",
                       h, h, h, h, h, frame);
    daf_web_header(r, "Content-Security-Policy", text);
    /* A sandboxed page is of no site, so its own pictures are another site's. */
    daf_web_header(r, "Cross-Origin-Resource-Policy", "cross-origin");
}

static void add_headers(struct daf_web_request *r, const char *etag)
{
    const char *type = daf_web_content_type(r->rest);

    daf_web_header(r, "Content-Type",
                   type != NULL ? type : "application/octet-stream");
    if (type == NULL) daf_web_header(r, "Content-Disposition", "attachment");
    add_policy(r, type);
    daf_web_header(r, "ETag", etag);
    daf_web_header(r, "Accept-Ranges", "bytes");
    daf_web_header(r, "Cache-Control", "private, max-age=604800, immutable");
}

/* @size, @first: of what is sent; the descriptor is libmicrohttpd's then. */
static struct MHD_Response *of_file(struct daf_web_request *r, uint64_t size,
                                    uint64_t first)
{
    struct MHD_Response *response;

    if (size == 0) return daf_web_bytes("", 0);
    response = MHD_create_response_from_fd_at_offset64(size, r->fd, first);
    if (response != NULL) r->fd = -1;
    return response;
}

static void send_file(struct daf_web_request *r, uint64_t size,
                      const char *etag)
{
    const char *condition = head(r, "If-Range"), *asked = NULL;
    struct daf_web_range range;
    char text[96];

    if (r->method == DAF_WEB_GET &&
        (condition == NULL || strcmp(condition, etag) == 0))
        asked = head(r, "Range");
    range = daf_web_range(asked, size);
    if (range.kind == DAF_WEB_RANGE_NONE) {
        daf_web_answer(r, MHD_HTTP_RANGE_NOT_SATISFIABLE, daf_web_bytes("", 0));
        (void)snprintf(text, sizeof(text), "bytes */%llu",
                       (unsigned long long)size);
    } else if (range.kind == DAF_WEB_RANGE_PART) {
        daf_web_answer(r, MHD_HTTP_PARTIAL_CONTENT,
                       of_file(r, range.last - range.first + 1, range.first));
        (void)snprintf(text, sizeof(text), "bytes %llu-%llu/%llu",
                       (unsigned long long)range.first,
                       (unsigned long long)range.last,
                       (unsigned long long)size);
    } else {
        daf_web_answer(r, MHD_HTTP_OK, of_file(r, size, 0));
    }
    if (range.kind != DAF_WEB_RANGE_WHOLE)
        daf_web_header(r, "Content-Range", text);
    add_headers(r, etag);
}

void daf_web_content(struct daf_web_request *r)
{
    const json_t *opened =
        daf_web_want(r, DAF_WEB_OPENED,
                     json_pack("{ss ss ss}", "op", "content-open", "content",
                               r->id, "path", r->rest));
    const char *known = head(r, "If-None-Match");
    char etag[ETAG_BYTES];

    if (opened == NULL) return;
    if (r->fd < 0) {
        r->page = NULL; /* its answer is a page of ours */
        daf_web_page_failed(r, opened);
        return;
    }
    etag_of(r, etag);
    if (known != NULL && strstr(known, etag) != NULL) {
        daf_web_answer(r, MHD_HTTP_NOT_MODIFIED, daf_web_bytes("", 0));
        add_headers(r, etag);
        return;
    }
    send_file(r, (uint64_t)json_integer_value(json_object_get(opened, "size")),
              etag);
}
