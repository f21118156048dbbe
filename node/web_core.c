/* SPDX-License-Identifier: Apache-2.0 */
/* The pair to core: lines of JSON, and descriptors beside them.  Core is trusted:
 * what it says is checked only so far that a bug is noticed. */
#include "node/web_impl.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES  ((size_t)64 * 1024)
#define EXIT_BREACH 2
#define FDS         4 /* in one message; core sends one */

static void breach(struct daf_web *web)
{
    daf_web_die(web, EXIT_BREACH, "core sent what web does not understand");
}

/* ---- descriptors that came */

static void keep_fds(struct daf_web *web, struct msghdr *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL;
         c = CMSG_NXTHDR(m, c)) {
        size_t count;

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
        count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        if (web->fds_count + count > sizeof(web->fds) / sizeof(int)) {
            breach(web);
            return;
        }
        memcpy(&web->fds[web->fds_count], CMSG_DATA(c), count * sizeof(int));
        web->fds_count += count;
    }
}

static int take_fd(struct daf_web *web)
{
    int fd = web->fds[0];

    if (web->fds_count == 0) {
        breach(web);
        return -1;
    }
    web->fds_count--;
    memmove(web->fds, web->fds + 1, web->fds_count * sizeof(int));
    return fd;
}

/* ---- asking */

static bool reserve(uint8_t **p, size_t *cap, size_t need)
{
    size_t want = *cap > 0 ? *cap : 4096;
    uint8_t *grown;

    while (want < need)
        want *= 2;
    if (want == *cap) return true;
    grown = realloc(*p, want);
    if (grown == NULL) return false;
    *p = grown;
    *cap = want;
    return true;
}

void daf_web_core_ask(struct daf_web *web, json_t *request,
                      daf_web_heard_fn heard, void *ctx)
{
    struct daf_web_question *q = malloc(sizeof(*q));
    char *text = request != NULL ? json_dumps(request, JSON_COMPACT) : NULL;
    size_t len = text != NULL ? strlen(text) : 0;

    json_decref(request);
    if (q == NULL || text == NULL ||
        !reserve(&web->out, &web->out_cap, web->out_len + len + 1)) {
        free(q);
        free(text);
        daf_web_die(web, 1, "out of memory");
        return;
    }
    memcpy(web->out + web->out_len, text, len);
    web->out_len += len;
    web->out[web->out_len++] = '\n';
    sodium_memzero(text, len);
    free(text);
    *q = (struct daf_web_question){.heard = heard, .ctx = ctx};
    STAILQ_INSERT_TAIL(&web->questions, q, next);
}

void daf_web_core_flush(struct daf_web *web)
{
    while (!web->is_over && web->out_at < web->out_len) {
        ssize_t n =
            send(web->core_source.fd, web->out + web->out_at,
                 web->out_len - web->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n > 0) web->out_at += (size_t)n;
        if (n < 0 && errno == EAGAIN) break;
        if (n < 0 && errno != EINTR) daf_web_die(web, 0, NULL);
    }
    if (web->out_at == web->out_len) {
        if (web->out != NULL) sodium_memzero(web->out, web->out_len);
        web->out_at = web->out_len = 0;
    }
    if (!web->is_over)
        daf_loop_want(web->loop, &web->core_source, true,
                      web->out_at < web->out_len);
}

/* ---- hearing */

static bool read_hex(const json_t *from, const char *key, uint8_t *out,
                     size_t len)
{
    const json_t *text = json_object_get(from, key);
    size_t got = 0;

    return json_string_length(text) == 2 * len &&
           sodium_hex2bin(out, len, json_string_value(text), 2 * len, NULL,
                          &got, NULL) == 0 &&
           got == len;
}

static void on_subscribed(struct daf_web *web, void *ctx, json_t *answer,
                          int fd)
{
    json_t *epoch = json_object_get(answer, "epoch");
    json_t *number = json_object_get(answer, "n");

    (void)ctx;
    (void)fd;
    if (json_is_integer(epoch) && json_is_integer(number))
        daf_web_events_begin(&web->events, (uint32_t)json_integer_value(epoch),
                             (uint64_t)json_integer_value(number));
    else
        breach(web);
    json_decref(answer);
}

static bool read_frame(struct daf_web *web, const json_t *line)
{
    const char *frame = json_string_value(json_object_get(line, "frame"));

    if (frame == NULL || (frame[0] != '\0' && !daf_web_guard_frame(frame)))
        return false;
    (void)snprintf(web->frame, sizeof(web->frame), "%s", frame);
    return true;
}

static void on_hello(struct daf_web *web, const json_t *line)
{
    uint8_t key[16];

    if (web->is_greeted ||
        !read_hex(line, "secret", web->secret, sizeof(web->secret)) ||
        !read_hex(line, "key", key, sizeof(key)) || !read_frame(web, line)) {
        breach(web);
        return;
    }
    (void)sodium_bin2hex(web->key, sizeof(web->key), key, sizeof(key));
    web->is_greeted = true;
    daf_web_core_ask(web, json_pack("{ss}", "op", "events"), on_subscribed,
                     NULL);
}

static void on_event(struct daf_web *web, const json_t *line)
{
    const char *kind = json_string_value(json_object_get(line, "event"));
    json_int_t n = json_integer_value(json_object_get(line, "n"));

    if (kind == NULL || !daf_web_events_add(&web->events, kind, (uint64_t)n)) {
        breach(web);
        return;
    }
    daf_web_stream_wake(web);
}

static void on_answer(struct daf_web *web, json_t *line)
{
    struct daf_web_question *q = STAILQ_FIRST(&web->questions);
    int fd = -1;

    if (json_object_get(line, "size") != NULL) fd = take_fd(web);
    if (q == NULL || web->is_over) {
        if (fd >= 0) (void)close(fd);
        json_decref(line);
        breach(web);
        return;
    }
    STAILQ_REMOVE_HEAD(&web->questions, next);
    q->heard(web, q->ctx, line, fd);
    free(q);
}

static void on_line(struct daf_web *web, const char *text, size_t len)
{
    json_t *line = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);

    if (json_object_get(line, "listen") != NULL) {
        int fd = take_fd(web);

        if (fd < 0 || !daf_web_conns_listen(web, fd)) breach(web);
    } else if (json_object_get(line, "hello") != NULL) {
        on_hello(web, line);
    } else if (json_object_get(line, "event") != NULL) {
        on_event(web, line);
    } else if (json_object_get(line, "exit") != NULL) {
        on_answer(web, line);
        return;
    } else {
        breach(web);
    }
    json_decref(line);
}

static void parse(struct daf_web *web)
{
    size_t at = 0;

    while (!web->is_over) {
        uint8_t *end = memchr(web->in + at, '\n', web->in_len - at);

        if (end == NULL) break;
        on_line(web, (const char *)web->in + at,
                (size_t)(end - (web->in + at)));
        at = (size_t)(end - web->in) + 1;
    }
    web->in_len -= at;
    memmove(web->in, web->in + at, web->in_len);
    /* Names passed through here. */
    sodium_memzero(web->in + web->in_len, at);
}

static void on_pair(void *ctx, unsigned what)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(FDS * sizeof(int))];
    } control;
    struct daf_web *web = ctx;
    struct iovec part;
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t n;

    if (!(what & (DAF_LOOP_READABLE | DAF_LOOP_LOST))) return;
    daf_web_awake();
    if (web->in_len > DAF_WEB_LINE_MAX ||
        !reserve(&web->in, &web->in_cap, web->in_len + READ_BYTES)) {
        daf_web_die(web, 1, "a line is too long");
        return;
    }
    part = (struct iovec){web->in + web->in_len, READ_BYTES};
    m.msg_control = &control;
    m.msg_controllen = sizeof(control.room);
    n = recvmsg(web->core_source.fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
        daf_web_die(web, 0, NULL);
        return;
    }
    keep_fds(web, &m);
    web->in_len += (size_t)n;
    parse(web);
}

bool daf_web_core_open(struct daf_web *web, int fd)
{
    web->core_source =
        (struct daf_loop_source){.fd = fd, .fn = on_pair, .ctx = web};
    return daf_loop_add(web->loop, &web->core_source, true, false) == DAF_OK;
}
