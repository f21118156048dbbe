/* SPDX-License-Identifier: Apache-2.0 */
#include "node/sweep.h"

#include "node/clock.h"
#include "node/core/addr.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define NEIGHBOURS 254

static bool is_own(const struct daf_addr *own, size_t count,
                   const struct daf_where *w)
{
    for (size_t i = 0; i < count; i++) {
        struct daf_where o;

        if (daf_addr_parse(&own[i], &o) && !o.is_v6 &&
            memcmp(o.ip, w->ip, 4) == 0)
            return true;
    }
    return false;
}

/* A socket that is connecting; -1 if the network has no way there. */
static int call(const struct daf_where *w)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(w->port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) return -1;
    memcpy(&to.sin_addr, w->ip, 4);
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 ||
        errno == EINPROGRESS)
        return fd;
    (void)close(fd);
    return -1;
}

/* 0: it was taken. */
static int error_of(int fd)
{
    int error = 0;
    socklen_t len = sizeof(error);

    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 ? error
                                                                   : errno;
}

/* Wait for all that were called; closes them. */
static size_t hear(struct pollfd *fds, const struct daf_where *called,
                   size_t count, struct daf_addr *out_first)
{
    struct daf_mono until = daf_clock_after(daf_clock_now(), DAF_SWEEP_MS);
    size_t left = count, found = 0;

    while (left > 0) {
        uint64_t now = daf_clock_now().ms;

        if (now >= until.ms || poll(fds, count, (int)(until.ms - now)) <= 0)
            break;
        for (size_t i = 0; i < count; i++) {
            if (fds[i].fd < 0 || fds[i].revents == 0) continue;
            if (error_of(fds[i].fd) == 0 && found++ == 0)
                daf_addr_format(&called[i], out_first);
            (void)close(fds[i].fd);
            fds[i].fd = -1;
            left--;
        }
    }
    for (size_t i = 0; i < count; i++)
        if (fds[i].fd >= 0) (void)close(fds[i].fd);
    return found;
}

static size_t sweep_one(const struct daf_addr *own, size_t own_count,
                        const struct daf_where *here,
                        struct daf_addr *out_first)
{
    struct daf_where called[NEIGHBOURS], w = *here;
    struct pollfd fds[NEIGHBOURS];
    size_t count = 0;

    for (unsigned last = 1; last <= NEIGHBOURS; last++) {
        w.ip[3] = (uint8_t)last;
        if (is_own(own, own_count, &w)) continue;
        fds[count] = (struct pollfd){.fd = call(&w), .events = POLLOUT};
        called[count] = w;
        if (fds[count].fd >= 0) count++;
    }
    return hear(fds, called, count, out_first);
}

size_t daf_sweep(const struct daf_addr *own, size_t own_count, uint16_t port,
                 struct daf_addr *out_first)
{
    size_t found = 0;

    for (size_t i = 0; i < own_count && found == 0; i++) {
        struct daf_where here;

        if (!daf_addr_parse(&own[i], &here) || here.is_v6 ||
            !daf_addr_is_private(&here))
            continue;
        here.port = port;
        found = sweep_one(own, own_count, &here, out_first);
    }
    return found;
}

bool daf_sweep_is_refused(const struct daf_addr *addr)
{
    struct daf_where w;
    struct pollfd one = {.events = POLLOUT};
    bool is_refused;

    if (!daf_addr_parse(addr, &w) || w.is_v6) return false;
    one.fd = call(&w);
    if (one.fd < 0) return false;
    is_refused =
        poll(&one, 1, DAF_SWEEP_MS) == 1 && error_of(one.fd) == ECONNREFUSED;
    (void)close(one.fd);
    return is_refused;
}
