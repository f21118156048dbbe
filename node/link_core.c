/* SPDX-License-Identifier: Apache-2.0 */
/* node/link_core.c - the socket pair to core: heads, payloads, back-pressure.
 *
 * Nothing for core is ever dropped.  When more than 1 MiB waits, no frame is
 * read from a peer until core has read; what else core must hear is bounded by
 * the number of connections, and has the rest of the buffer. */
#include "node/link_impl.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define HEAD_BYTES sizeof(struct daf_link_head)
#define IN_BYTES   (HEAD_BYTES + DAF_LINK_BYTES_MAX)
/* The mark, one largest frame above it, and 512 KiB of small words: 11,000 of
 * OPENED, where 2,304 connections can be told of. */
#define OUT_BYTES (DAF_LINK_CORE_BYTES_HIGH + IN_BYTES + (size_t)512 * 1024)

bool daf_link_core_init(struct daf_link *link)
{
    struct daf_link_core *core = &link->core;

    core->in = malloc(IN_BYTES);
    core->out = malloc(OUT_BYTES);
    return core->in != NULL && core->out != NULL;
}

void daf_link_core_deinit(struct daf_link *link)
{
    free(link->core.in);
    free(link->core.out);
}

static void close_pair(struct daf_link *link)
{
    link->done = true; /* status stays: 0, if nothing went wrong before */
}

/* take_one: the bytes of the first message at @at; 0 if it is not whole. */
static size_t take_one(struct daf_link *link, size_t at)
{
    struct daf_link_core *core = &link->core;
    struct daf_link_head head;
    size_t have = core->in_len - at;

    if (have < sizeof(head)) return 0;
    memcpy(&head, core->in + at, sizeof(head));
    if (head.len > DAF_LINK_BYTES_MAX || head.pad[0] != 0 || head.pad[1] != 0) {
        daf_link_die(link, 2, "core sent a malformed head");
        return 0;
    }
    if (have - sizeof(head) < head.len) return 0;
    daf_link_on_core(link, &head,
                     (struct daf_view){core->in + at + sizeof(head), head.len});
    /* It may have held keys; frames are public to this process anyway. */
    if (head.kind == DAF_LINK_LISTEN || head.kind == DAF_LINK_PORCH)
        sodium_memzero(core->in + at, sizeof(head) + head.len);
    return sizeof(head) + head.len;
}

void daf_link_core_read(struct daf_link *link)
{
    struct daf_link_core *core = &link->core;
    size_t at = 0, taken;
    ssize_t n =
        read(link->fd, core->in + core->in_len, IN_BYTES - core->in_len);

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
        close_pair(link);
        return;
    }
    core->in_len += (size_t)n;
    while (!link->done && (taken = take_one(link, at)) != 0)
        at += taken;
    core->in_len -= at;
    memmove(core->in, core->in + at, core->in_len);
}

void daf_link_core_put(struct daf_link *link, enum daf_link_kind kind,
                       uint32_t conn, enum daf_endpoint endpoint,
                       struct daf_view payload)
{
    struct daf_link_core *core = &link->core;
    struct daf_link_head head = {
        .len = (uint32_t)payload.len,
        .conn = conn,
        .kind = (uint8_t)kind,
        .endpoint = (uint8_t)endpoint,
    };
    size_t need = sizeof(head) + payload.len;

    assert(payload.len <= DAF_LINK_BYTES_MAX);
    if (core->out_end + need > OUT_BYTES) {
        core->out_end -= core->out_start;
        memmove(core->out, core->out + core->out_start, core->out_end);
        core->out_start = 0;
    }
    if (core->out_end + need > OUT_BYTES) {
        daf_link_die(link, 2, "core asks and does not read the answers");
        return;
    }
    memcpy(core->out + core->out_end, &head, sizeof(head));
    if (payload.len > 0)
        memcpy(core->out + core->out_end + sizeof(head), payload.p,
               payload.len);
    core->out_end += need;
}

static void set_blocked(struct daf_link *link, bool blocked)
{
    struct epoll_event event = {
        .events = EPOLLIN | (blocked ? EPOLLOUT : 0u),
        .data.ptr = &link->core,
    };

    if (link->core.blocked == blocked) return;
    link->core.blocked = blocked;
    if (epoll_ctl(link->epoll_fd, EPOLL_CTL_MOD, link->fd, &event) != 0)
        daf_link_die(link, 1, "epoll failed");
}

void daf_link_core_flush(struct daf_link *link)
{
    struct daf_link_core *core = &link->core;

    while (core->out_start < core->out_end) {
        ssize_t n = write(link->fd, core->out + core->out_start,
                          core->out_end - core->out_start);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) break;
        if (n < 0) {
            close_pair(link);
            return;
        }
        core->out_start += (size_t)n;
    }
    if (core->out_start == core->out_end) core->out_start = core->out_end = 0;
    set_blocked(link, core->out_end != 0);
}

bool daf_link_core_full(const struct daf_link *link)
{
    return link->core.out_end - link->core.out_start > DAF_LINK_CORE_BYTES_HIGH;
}

void daf_link_core_farewell(struct daf_link *link)
{
    struct pollfd writable = {.fd = link->fd, .events = POLLOUT};

    daf_link_core_flush(link);
    while (link->core.out_end != 0 && poll(&writable, 1, 1000) == 1 &&
           (writable.revents & (POLLERR | POLLHUP)) == 0)
        daf_link_core_flush(link);
}
