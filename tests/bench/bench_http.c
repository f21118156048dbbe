/* SPDX-License-Identifier: Apache-2.0 */
/* Viewers of a film, as cheap as they can be: one thread, a connection each, which
 * stays.  What comes is copied once, as any client must, and counted. */
#include "tests/bench/bench_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_MAX    4096
#define CLIENTS_MAX 16
#define STALL_MS    30000

struct client {
    int fd;
    uint64_t at, asked; /* where in the file, and so many bytes from there */
    uint64_t rest;      /* of them still to come; 0: the head comes first */
    char head[HEAD_MAX];
    size_t head_len;
};

struct run {
    const struct bench_http *h;
    struct client clients[CLIENTS_MAX];
    uint64_t bytes, passes; /* passes: of the whole file, by all */
};

static int connect_to(uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof(a)) != 0)
        bench_die("nobody serves at port %u", (unsigned)port);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* The next piece; a request is small enough to be taken at once. */
static void ask(const struct bench_http *h, struct client *c)
{
    char text[512], range[64] = "";
    int len;

    c->asked = h->size - c->at;
    if (h->range > 0) {
        if (c->asked > h->range) c->asked = h->range;
        (void)snprintf(range, sizeof(range), "Range: bytes=%llu-%llu\r\n",
                       (unsigned long long)c->at,
                       (unsigned long long)(c->at + c->asked - 1));
    }
    len = snprintf(text, sizeof(text),
                   "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n%s\r\n", h->path,
                   (unsigned)h->port, range);
    if (send(c->fd, text, (size_t)len, MSG_NOSIGNAL) != len)
        bench_die("a web server takes no request");
    c->head_len = 0;
}

/* It must be what was asked for.  Returns how many bytes the head has. */
static size_t read_head(const struct bench_http *h, struct client *c)
{
    const char *wanted = h->range > 0 ? "HTTP/1.1 206" : "HTTP/1.1 200";
    const char *end, *length;

    c->head[c->head_len] = '\0';
    end = strstr(c->head, "\r\n\r\n");
    if (end == NULL) {
        if (c->head_len == HEAD_MAX - 1) bench_die("a head without end");
        return 0;
    }
    length = strcasestr(c->head, "\r\nContent-Length: ");
    if (strncmp(c->head, wanted, strlen(wanted)) != 0 || length == NULL ||
        strtoull(length + 18, NULL, 10) != c->asked)
        bench_die("a web server answers: %.40s", c->head);
    c->rest = c->asked;
    return (size_t)(end + 4 - c->head);
}

static void take(struct run *r, struct client *c, const void *p, size_t len)
{
    if (r->h->hash != NULL) (void)crypto_generichash_update(r->h->hash, p, len);
    r->bytes += len;
    c->rest -= len;
    if (c->rest > 0) return;
    c->at += c->asked;
    if (c->at == r->h->size) {
        c->at = 0;
        r->passes++;
    }
    if (r->h->hash == NULL || r->passes == 0) ask(r->h, c);
}

static void hear(struct run *r, struct client *c)
{
    static uint8_t block[256 * 1024];
    ssize_t n;

    if (c->rest > 0) {
        n = recv(c->fd, block,
                 c->rest < sizeof(block) ? c->rest : sizeof(block), 0);
        if (n > 0) take(r, c, block, (size_t)n);
    } else {
        size_t head;

        n = recv(c->fd, c->head + c->head_len, HEAD_MAX - 1 - c->head_len, 0);
        if (n > 0) c->head_len += (size_t)n;
        head = n > 0 ? read_head(r->h, c) : 0;
        if (head > 0 && c->head_len > head)
            take(r, c, c->head + head, c->head_len - head);
    }
    if (n == 0 || (n < 0 && errno != EAGAIN))
        bench_die("a web server hung up after %llu bytes",
                  (unsigned long long)r->bytes);
}

double bench_http(const struct bench_http *h)
{
    struct pollfd polled[CLIENTS_MAX];
    struct run r = {.h = h};
    double start = bench_now();

    for (size_t i = 0; i < h->clients; i++) {
        r.clients[i].fd = connect_to(h->port);
        polled[i] = (struct pollfd){.fd = r.clients[i].fd, .events = POLLIN};
        /* Who came later is not at the same place. */
        if (h->range > 0)
            r.clients[i].at = h->size / h->clients * i / h->range * h->range;
        ask(h, &r.clients[i]);
    }
    while (h->hash != NULL ? r.passes == 0 : bench_now() < start + h->seconds) {
        if (poll(polled, h->clients, STALL_MS) <= 0)
            bench_die("a web server says no more");
        for (size_t i = 0; i < h->clients; i++)
            if (polled[i].revents != 0) hear(&r, &r.clients[i]);
    }
    start = bench_now() - start;
    for (size_t i = 0; i < h->clients; i++)
        (void)close(r.clients[i].fd);
    return (double)r.bytes / start;
}
