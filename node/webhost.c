/* SPDX-License-Identifier: Apache-2.0 */
#include "node/webhost.h"

#include "node/child.h"
#include "node/clock.h"
#include "node/core/addr.h"
#include "node/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG    256
#define LINE_BYTES 256

static const struct daf_child_kind kind = {
    .option = "--as-web",
    .name = "web",
    .young_ms = DAF_WEBHOST_YOUNG_MS,
    .retry_min_ms = DAF_WEBHOST_RETRY_MIN_MS,
    .retry_max_ms = DAF_WEBHOST_RETRY_MAX_MS,
};

struct daf_webhost {
    struct daf_loop *loop;
    struct daf_apiserver *api;
    struct daf_child child;
    struct daf_loop_timer timer; /* down: start it */
    const int *fds;
    size_t count;
    const char *frame;
    struct daf_addr where[DAF_WEB_LISTENERS_MAX];
    char secret[2 * 32 + 1], key[2 * 16 + 1]; /* hex */
};

/* ---- sockets */

static socklen_t to_socket(const struct daf_where *w,
                           struct sockaddr_storage *out)
{
    struct sockaddr_in6 *six = (void *)out;
    struct sockaddr_in *four = (void *)out;

    memset(out, 0, sizeof(*out));
    if (w->is_v6) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(w->port);
        six->sin6_scope_id = w->zone;
        memcpy(&six->sin6_addr, w->ip, 16);
        return sizeof(*six);
    }
    four->sin_family = AF_INET;
    four->sin_port = htons(w->port);
    memcpy(&four->sin_addr, w->ip, 4);
    return sizeof(*four);
}

int daf_webhost_listen(const struct daf_addr *addr)
{
    struct sockaddr_storage name;
    struct daf_where where;
    socklen_t len;
    int fd, on = 1, error;

    if (!daf_addr_parse(addr, &where)) {
        errno = EINVAL;
        return -1;
    }
    len = to_socket(&where, &name);
    fd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        bind(fd, (const struct sockaddr *)&name, len) == 0 &&
        listen(fd, BACKLOG) == 0)
        return fd;
    error = errno;
    (void)close(fd);
    errno = error;
    return -1;
}

bool daf_webhost_where(int fd, struct daf_addr *out)
{
    struct sockaddr_storage name = {0};
    const struct sockaddr_in6 *six = (const void *)&name;
    const struct sockaddr_in *four = (const void *)&name;
    struct daf_where w = {.is_v6 = false};
    socklen_t len = sizeof(name), one = sizeof(int);
    int listens = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &one) != 0 ||
        listens == 0 || getsockname(fd, (struct sockaddr *)&name, &len) != 0)
        return false;
    if (name.ss_family == AF_INET6) {
        w.is_v6 = true;
        w.zone = six->sin6_scope_id;
        w.port = ntohs(six->sin6_port);
        memcpy(w.ip, &six->sin6_addr, 16);
    } else if (name.ss_family == AF_INET) {
        w.port = ntohs(four->sin_port);
        memcpy(w.ip, &four->sin_addr, 4);
    } else {
        return false;
    }
    daf_addr_format(&w, out);
    return true;
}

/* ---- its life */

static bool greet(struct daf_webhost *h, int fd)
{
    struct daf_apiserver_greeting lines[DAF_WEB_LISTENERS_MAX + 1];
    char text[DAF_WEB_LISTENERS_MAX + 1][LINE_BYTES];
    size_t n = h->count;
    bool heard;

    for (size_t i = 0; i < n; i++) {
        (void)snprintf(text[i], LINE_BYTES, "{\"listen\":\"%s\"}",
                       h->where[i].text);
        lines[i] = (struct daf_apiserver_greeting){text[i], h->fds[i]};
    }
    (void)snprintf(
        text[n], LINE_BYTES,
        "{\"hello\":1,\"secret\":\"%s\",\"key\":\"%s\",\"frame\":\"%s\"}",
        h->secret, h->key, h->frame != NULL ? h->frame : "");
    lines[n] = (struct daf_apiserver_greeting){text[n], -1};
    heard = daf_apiserver_adopt(h->api, fd, lines, n + 1);
    sodium_memzero(text, sizeof(text));
    return heard;
}

static void rest(struct daf_webhost *h)
{
    daf_loop_timer_set(&h->timer, daf_child_restart_at(&h->child));
}

static void start(struct daf_webhost *h)
{
    int fd;

    if (daf_child_start(&h->child, false) != DAF_OK) {
        daf_log("web cannot be started: %s", daf_log_errno(errno));
        rest(h);
        return;
    }
    /* The API server has an end of its own: the child's watches only whether it
     * is there. */
    fd = fcntl(h->child.pair.fd, F_DUPFD_CLOEXEC, 0);
    if (fd >= 0 && greet(h, fd)) return;
    daf_log("web cannot be spoken to: %s", daf_log_errno(errno));
    (void)daf_child_end(&h->child);
    rest(h);
}

static void bury(struct daf_webhost *h)
{
    siginfo_t how = daf_child_end(&h->child);

    daf_child_tell(&h->child, &how, "it ended");
    rest(h);
}

/* Hung up, or gone: either is the end of it. */
static void on_end(void *ctx, unsigned what)
{
    (void)what;
    bury(ctx);
}

static void on_timer(void *ctx)
{
    start(ctx);
}

enum daf_err daf_webhost_new(struct daf_loop *loop, struct daf_apiserver *api,
                             const int *fds, size_t count, const char *frame,
                             struct daf_webhost **out)
{
    struct daf_webhost *h = calloc(1, sizeof(*h));
    uint8_t drawn[32];
    enum daf_err err;

    *out = NULL;
    if (h == NULL) return DAF_ENOMEM;
    h->loop = loop;
    h->api = api;
    h->fds = fds;
    h->count = count;
    h->frame = frame;
    for (size_t i = 0; i < count; i++)
        (void)daf_webhost_where(fds[i], &h->where[i]);
    randombytes_buf(drawn, 32);
    (void)sodium_bin2hex(h->secret, sizeof(h->secret), drawn, 32);
    randombytes_buf(drawn, 16);
    (void)sodium_bin2hex(h->key, sizeof(h->key), drawn, 16);
    sodium_memzero(drawn, sizeof(drawn));
    daf_child_init(&h->child, loop, &kind, on_end, on_end, h);
    h->timer = (struct daf_loop_timer){.fn = on_timer, .ctx = h};
    err = daf_loop_timer_open(loop, &h->timer);
    if (err != DAF_OK) {
        free(h);
        return err;
    }
    start(h);
    *out = h;
    return DAF_OK;
}

void daf_webhost_free(struct daf_webhost *h)
{
    struct pollfd ended;

    if (h == NULL) return;
    if (h->child.pid != 0) {
        ended = (struct pollfd){.fd = h->child.pidfd.fd, .events = POLLIN};
        (void)shutdown(h->child.pair.fd, SHUT_WR);
        (void)poll(&ended, 1, DAF_WEBHOST_LEAVE_MS);
    }
    (void)daf_child_end(&h->child);
    daf_loop_timer_close(h->loop, &h->timer);
    sodium_memzero(h->secret, sizeof(h->secret));
    sodium_memzero(h->key, sizeof(h->key));
    free(h);
}

/* ---- what it is called */

void daf_webhost_url(const struct daf_webhost *h, size_t index,
                     char out[DAF_WEB_URL_BYTES])
{
    static const uint8_t everywhere[16] = {0};
    struct daf_addr addr = h->where[index];
    struct daf_where w;

    if (daf_addr_parse(&addr, &w) && memcmp(w.ip, everywhere, 16) == 0) {
        if (w.is_v6)
            w.ip[15] = 1;
        else
            memcpy(w.ip, "\x7f\0\0\x01", 4);
        daf_addr_format(&w, &addr);
    }
    (void)snprintf(out, DAF_WEB_URL_BYTES, "http://%s", addr.text);
}

void daf_webhost_enter_url(const struct daf_webhost *h, size_t index,
                           char out[DAF_WEB_URL_BYTES])
{
    size_t len;

    daf_webhost_url(h, index, out);
    len = strlen(out);
    (void)snprintf(out + len, DAF_WEB_URL_BYTES - len, "/enter?key=%s", h->key);
}

pid_t daf_webhost_pid(const struct daf_webhost *h)
{
    return h->child.pid;
}

uint64_t daf_webhost_restarts(const struct daf_webhost *h)
{
    return daf_child_restarts(&h->child);
}
