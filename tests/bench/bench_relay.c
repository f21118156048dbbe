/* SPDX-License-Identifier: Apache-2.0 */
/* A relay that reads ZMTP 3.1 as far as it is in clear: 64 bytes of greeting
 * each way, then frames `flags, length (1 or 8 bytes), body`.  With CURVE all
 * that follows the handshake has a body `\x07MESSAGE, nonce (8), MAC (16), flags
 * (1), text`, heartbeats as well; those are told by their length, which no frame
 * of the protocol has (https://rfc.zeromq.org/spec/26 and 37). */
#include "tests/bench/bench_net.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTENERS_MAX 16
#define LINKS_MAX     32
#define CHUNK_BYTES   ((size_t)65536)
#define QUEUED_MAX    ((size_t)4 << 20) /* on its way in one direction */
#define GREETING      64
#define SEALED        33 /* MESSAGE, nonce, MAC, flags */
#define PING_BYTES    7
#define PONG_BYTES    5

struct chunk {
    struct chunk *next;
    double due;
    uint32_t depth; /* of the last frame that ends in it; 0: none does */
    size_t len, at;
    uint8_t bytes[];
};

/* Where one direction is in ZMTP. */
struct parser {
    uint64_t seen;       /* of the greeting */
    uint8_t head[9 + 8]; /* flags, length, first bytes of the body */
    size_t head_len;
    uint64_t left; /* of the frame's body beyond head */
    uint32_t depth;
    uint32_t text; /* bytes of text; 0: no MESSAGE */
};

struct way {
    int from, to; /* descriptors */
    struct chunk *first, **end;
    size_t queued;
    bool is_over; /* nothing more comes */
    struct parser parser;
    uint32_t delivered; /* the deepest frame that arrived at `to` */
};

struct link {
    bool is_used, is_mesh, is_waiting;
    uint16_t port;
    int fds[2]; /* who connected, whom it wants */
    struct way ways[BENCH_WAYS];
};

struct listener {
    int fd;
    uint16_t port;
    bool is_mesh;
};

struct bench_relay {
    pthread_t thread;
    pthread_mutex_t lock; /* of all below */
    double delay;
    int wake[2];
    bool is_ending, holds;
    unsigned changes; /* from outside; what was polled before is void */
    size_t listeners_count;
    struct listener listeners[LISTENERS_MAX];
    struct link links[LINKS_MAX];
    struct bench_relay_look look;
    struct bench_frame *frames;
    size_t frames_cap;
};

/* ---- counting */

static void note_frame(struct bench_relay *r, const struct parser *p, int way)
{
    size_t n = r->look.frames_count;

    if (n == r->frames_cap) {
        r->frames_cap = n == 0 ? 1024 : 2 * n;
        r->frames = realloc(r->frames, r->frames_cap * sizeof(*r->frames));
        if (r->frames == NULL) bench_die("out of memory");
    }
    r->frames[n] = (struct bench_frame){way, p->text, p->depth, bench_now()};
    r->look.frames_count++;
}

/* A frame's head is whole: what is it? */
static void begin_frame(struct bench_relay *r, struct parser *p, int way,
                        uint32_t depth, uint64_t body)
{
    size_t length_bytes = (p->head[0] & 0x02) != 0 ? 8 : 1;
    const uint8_t *start = p->head + 1 + length_bytes;
    uint64_t all = 1 + length_bytes + body;
    bool is_message = body >= SEALED && memcmp(start, "\x07MESSAGE", 8) == 0;
    uint64_t text = is_message ? body - SEALED : 0;

    p->text = 0;
    p->left = body - (p->head_len - 1 - length_bytes);
    if (!is_message) {
        r->look.shaking[way] += all;
    } else if (text == PING_BYTES || text == PONG_BYTES) {
        r->look.heartbeat[way] += all;
    } else {
        p->text = (uint32_t)text;
        p->depth = depth;
        r->look.bytes[way] += all;
        r->look.last = bench_now();
        note_frame(r, p, way);
    }
}

/* How long the head must be before it tells anything; 0: not known yet. */
static size_t head_wants(const struct parser *p, uint64_t *out_body)
{
    size_t length_bytes;
    uint64_t body = 0;

    if (p->head_len == 0) return 0;
    length_bytes = (p->head[0] & 0x02) != 0 ? 8 : 1;
    if (p->head_len < 1 + length_bytes) return 0;
    for (size_t i = 0; i < length_bytes; i++)
        body = body << 8 | p->head[1 + i];
    *out_body = body;
    return 1 + length_bytes + (size_t)(body < 8 ? body : 8);
}

/* Reads @len bytes of one direction; returns the depth of the last frame that
 * ends in them. */
static uint32_t parse(struct bench_relay *r, struct link *l, int way,
                      const uint8_t *bytes, size_t len)
{
    struct parser *p = &l->ways[way].parser;
    uint32_t depth = 1 + l->ways[1 - way].delivered, ended = 0;

    while (len > 0) {
        uint64_t body = 0, n = 1;

        if (p->seen < GREETING) {
            n = GREETING - p->seen < len ? GREETING - p->seen : len;
            p->seen += n;
            r->look.shaking[way] += n;
        } else if (p->left > 0) {
            n = p->left < len ? p->left : len;
            p->left -= n;
        } else {
            p->head[p->head_len++] = *bytes;
            if (head_wants(p, &body) == p->head_len) {
                begin_frame(r, p, way, depth, body);
                p->head_len = 0;
            }
        }
        if (p->head_len == 0 && p->left == 0 && p->text > 0) {
            ended = p->depth;
            p->text = 0;
        }
        bytes += n;
        len -= (size_t)n;
    }
    return ended;
}

/* ---- passing on */

static void read_way(struct bench_relay *r, struct link *l, int way)
{
    struct way *w = &l->ways[way];
    struct chunk *c = malloc(sizeof(*c) + CHUNK_BYTES);
    ssize_t n;

    if (c == NULL) bench_die("out of memory");
    n = read(w->from, c->bytes, CHUNK_BYTES);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN) w->is_over = true;
        free(c);
        return;
    }
    c->next = NULL;
    c->at = 0;
    c->len = (size_t)n;
    c->due = bench_now() + r->delay;
    c->depth = l->is_mesh ? parse(r, l, way, c->bytes, c->len) : 0;
    *w->end = c;
    w->end = &c->next;
    w->queued += c->len;
}

static void write_way(struct way *w, double now)
{
    while (w->first != NULL && w->first->due <= now) {
        struct chunk *c = w->first;
        ssize_t n = send(w->to, c->bytes + c->at, c->len - c->at,
                         MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0) {
            if (errno != EAGAIN) w->is_over = true;
            return;
        }
        c->at += (size_t)n;
        if (c->at < c->len) return;
        if (c->depth > w->delivered) w->delivered = c->depth;
        w->first = c->next;
        if (w->first == NULL) w->end = &w->first;
        w->queued -= c->len;
        free(c);
    }
}

static void close_link(struct link *l)
{
    for (int i = 0; i < BENCH_WAYS; i++) {
        while (l->ways[i].first != NULL) {
            struct chunk *next = l->ways[i].first->next;

            free(l->ways[i].first);
            l->ways[i].first = next;
        }
        if (l->fds[i] >= 0) (void)close(l->fds[i]);
    }
    memset(l, 0, sizeof(*l));
}

static struct sockaddr_in address(const char *host, uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

    (void)inet_pton(AF_INET, host, &a.sin_addr);
    return a;
}

static void set_fast(int fd)
{
    int on = 1;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
}

static void pass(struct bench_relay *r, struct link *l)
{
    const struct sockaddr_in to = address("127.0.0.1", l->port);

    l->is_waiting = false;
    l->fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (l->fds[1] < 0 ||
        connect(l->fds[1], (const struct sockaddr *)&to, sizeof(to)) != 0) {
        close_link(l);
        return;
    }
    for (int i = 0; i < BENCH_WAYS; i++) {
        set_fast(l->fds[i]);
        l->ways[i] = (struct way){.from = l->fds[i], .to = l->fds[1 - i]};
        l->ways[i].end = &l->ways[i].first;
    }
    if (l->is_mesh) r->look.opened++;
}

static void accept_one(struct bench_relay *r, const struct listener *on)
{
    int fd = accept4(on->fd, NULL, NULL, SOCK_CLOEXEC);
    struct link *l = r->links;

    while (l < r->links + LINKS_MAX && l->is_used)
        l++;
    if (fd < 0) return;
    if (l == r->links + LINKS_MAX) {
        (void)close(fd);
        return;
    }
    *l = (struct link){.is_used = true,
                       .is_mesh = on->is_mesh,
                       .is_waiting = true,
                       .port = on->port,
                       .fds = {fd, -1}};
    if (!l->is_mesh || !r->holds) pass(r, l);
}

/* ---- the thread */

struct watch {
    struct pollfd fds[1 + LISTENERS_MAX + 2 * LINKS_MAX];
    nfds_t count;
};

static void add(struct watch *w, int fd, bool read, bool write)
{
    w->fds[w->count].fd = fd;
    w->fds[w->count].events =
        (short)((read ? POLLIN : 0) | (write ? POLLOUT : 0));
    w->fds[w->count++].revents = 0;
}

/* Returns how many milliseconds to wait at most. */
static int fill(struct bench_relay *r, struct watch *w, double now)
{
    int wait = 1000;

    w->count = 0;
    add(w, r->wake[0], true, false);
    for (size_t i = 0; i < r->listeners_count; i++)
        add(w, r->listeners[i].fd, true, false);
    for (struct link *l = r->links; l < r->links + LINKS_MAX; l++) {
        if (!l->is_used || l->is_waiting) continue;
        for (int i = 0; i < BENCH_WAYS; i++) {
            const struct chunk *due = l->ways[1 - i].first;
            bool is_due = due != NULL && due->due <= now;

            if (due != NULL && !is_due && wait > 1) wait = 1;
            add(w, l->fds[i], l->ways[i].queued < QUEUED_MAX, is_due);
        }
    }
    return wait;
}

static void serve(struct bench_relay *r, const struct watch *w, double now)
{
    nfds_t at = 0;
    uint8_t rest[64];

    if (w->fds[at++].revents != 0) (void)!read(r->wake[0], rest, sizeof(rest));
    at += r->listeners_count;
    for (struct link *l = r->links; l < r->links + LINKS_MAX; l++) {
        if (!l->is_used || l->is_waiting) continue;
        for (int i = 0; i < BENCH_WAYS; i++) {
            if ((w->fds[at++].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
                read_way(r, l, i);
        }
        for (int i = 0; i < BENCH_WAYS; i++)
            write_way(&l->ways[i], now);
        if (l->ways[0].is_over || l->ways[1].is_over) close_link(l);
    }
    /* Last: who is new was not polled. */
    for (size_t i = 0; i < r->listeners_count; i++)
        if (w->fds[1 + i].revents != 0) accept_one(r, &r->listeners[i]);
}

static void *run(void *ctx)
{
    struct bench_relay *r = ctx;
    static struct watch w;
    uint8_t rest[64];

    (void)pthread_mutex_lock(&r->lock);
    while (!r->is_ending) {
        int wait = fill(r, &w, bench_now());
        unsigned changes = r->changes;

        (void)pthread_mutex_unlock(&r->lock);
        (void)poll(w.fds, w.count, wait);
        (void)pthread_mutex_lock(&r->lock);
        if (changes == r->changes)
            serve(r, &w, bench_now());
        else
            (void)!read(r->wake[0], rest, sizeof(rest));
    }
    (void)pthread_mutex_unlock(&r->lock);
    return NULL;
}

/* ---- from outside */

/* With the lock held, or of a relay that ends. */
static void wake(struct bench_relay *r)
{
    r->changes++;
    (void)!write(r->wake[1], "", 1);
}

struct bench_relay *bench_relay_new(unsigned delay_ms)
{
    struct bench_relay *r = calloc(1, sizeof(*r));

    if (r == NULL || pipe2(r->wake, O_CLOEXEC | O_NONBLOCK) != 0)
        bench_die("no relay: out of memory or pipes");
    r->delay = delay_ms / 1e3;
    (void)pthread_mutex_init(&r->lock, NULL);
    if (pthread_create(&r->thread, NULL, run, r) != 0)
        bench_die("no more threads");
    return r;
}

void bench_relay_free(struct bench_relay *r)
{
    (void)pthread_mutex_lock(&r->lock);
    r->is_ending = true;
    wake(r);
    (void)pthread_mutex_unlock(&r->lock);
    (void)pthread_join(r->thread, NULL);
    for (size_t i = 0; i < LINKS_MAX; i++)
        if (r->links[i].is_used) close_link(&r->links[i]);
    for (size_t i = 0; i < r->listeners_count; i++)
        (void)close(r->listeners[i].fd);
    (void)close(r->wake[0]);
    (void)close(r->wake[1]);
    (void)pthread_mutex_destroy(&r->lock);
    free(r->frames);
    free(r);
}

void bench_relay_listen(struct bench_relay *r, uint16_t port, bool is_mesh)
{
    const struct sockaddr_in at = address("127.0.0.2", port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;

    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
        listen(fd, 16) != 0)
        bench_die("cannot listen on 127.0.0.2:%u: errno %d", port, errno);
    (void)pthread_mutex_lock(&r->lock);
    assert(r->listeners_count < LISTENERS_MAX);
    r->listeners[r->listeners_count] = (struct listener){fd, port, is_mesh};
    r->listeners_count++;
    wake(r);
    (void)pthread_mutex_unlock(&r->lock);
}

void bench_relay_hold(struct bench_relay *r, bool hold)
{
    (void)pthread_mutex_lock(&r->lock);
    r->holds = hold;
    for (struct link *l = r->links; !hold && l < r->links + LINKS_MAX; l++)
        if (l->is_used && l->is_waiting) pass(r, l);
    wake(r);
    (void)pthread_mutex_unlock(&r->lock);
}

void bench_relay_cut(struct bench_relay *r)
{
    (void)pthread_mutex_lock(&r->lock);
    for (struct link *l = r->links; l < r->links + LINKS_MAX; l++)
        if (l->is_used) close_link(l);
    wake(r);
    (void)pthread_mutex_unlock(&r->lock);
}

void bench_relay_reset(struct bench_relay *r)
{
    (void)pthread_mutex_lock(&r->lock);
    r->look = (struct bench_relay_look){0};
    (void)pthread_mutex_unlock(&r->lock);
}

void bench_relay_look(struct bench_relay *r, struct bench_relay_look *out)
{
    (void)pthread_mutex_lock(&r->lock);
    *out = r->look;
    for (struct link *l = r->links; l < r->links + LINKS_MAX; l++)
        out->waiting += l->is_used && l->is_waiting;
    (void)pthread_mutex_unlock(&r->lock);
}

struct bench_frame *bench_relay_frames(struct bench_relay *r, size_t *out_count)
{
    struct bench_frame *copy;

    (void)pthread_mutex_lock(&r->lock);
    *out_count = r->look.frames_count;
    copy = calloc(*out_count + 1, sizeof(*copy));
    if (copy == NULL) bench_die("out of memory");
    if (*out_count > 0) memcpy(copy, r->frames, *out_count * sizeof(*copy));
    (void)pthread_mutex_unlock(&r->lock);
    return copy;
}
