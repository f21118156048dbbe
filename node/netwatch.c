/* SPDX-License-Identifier: Apache-2.0 */
#include "node/netwatch.h"

#include "node/clock.h"
#include "node/core/addr.h"

#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct daf_netwatch {
    struct daf_loop *loop;
    struct daf_addr listen;
    void (*told)(void *ctx, const struct daf_addr *addrs, size_t count);
    void (*settled)(void *ctx);
    void *ctx;
    struct daf_loop_source source; /* fd -1: the kernel does not tell */
    struct daf_loop_timer timer;   /* something changed: look when it settled */
    bool was_told;
    size_t count; /* what was told last */
    struct daf_addr addrs[DAF_NETWATCH_ADDRS_MAX];
};

static bool is_any(const struct daf_where *w)
{
    static const uint8_t zero[16];

    return memcmp(w->ip, zero, sizeof(zero)) == 0;
}

/* Of an interface that can carry something, as IPv4 or IPv6. */
static bool read_one(const struct ifaddrs *i, struct daf_where *out)
{
    *out = (struct daf_where){.port = 0};
    if (i->ifa_addr == NULL || (i->ifa_flags & IFF_UP) == 0 ||
        (i->ifa_flags & IFF_LOOPBACK) != 0)
        return false;
    if (i->ifa_addr->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, i->ifa_addr, sizeof(in));
        memcpy(out->ip, &in.sin_addr, 4);
        return true;
    }
    if (i->ifa_addr->sa_family == AF_INET6) {
        struct sockaddr_in6 in;

        memcpy(&in, i->ifa_addr, sizeof(in));
        memcpy(out->ip, &in.sin6_addr, 16);
        out->is_v6 = true;
        out->zone = in.sin6_scope_id;
        return true;
    }
    return false;
}

void daf_netwatch_default(struct daf_addr *out)
{
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memset(out, 0, sizeof(*out));
    (void)snprintf(out->text, sizeof(out->text), "%s:%d",
                   fd >= 0 ? "[::]" : "0.0.0.0", DAF_NETWATCH_PORT);
    if (fd >= 0) (void)close(fd);
}

size_t daf_netwatch_list(const struct daf_addr *listen, struct daf_addr out[])
{
    struct ifaddrs *all = NULL;
    struct daf_where at, one;
    size_t count = 0;

    if (!daf_addr_parse(listen, &at)) return 0;
    if (!is_any(&at)) {
        out[0] = *listen;
        return 1;
    }
    if (getifaddrs(&all) != 0) return 0;
    for (const struct ifaddrs *i = all;
         i != NULL && count < DAF_NETWATCH_ADDRS_MAX; i = i->ifa_next) {
        /* A door on 0.0.0.0 does not hear IPv6. */
        if (!read_one(i, &one) || (one.is_v6 && !at.is_v6)) continue;
        one.port = at.port;
        daf_addr_format(&one, &out[count++]);
    }
    freeifaddrs(all);
    return count;
}

/* The kernel has news of lease times and router's words as well: told is only what
 * changed. */
static void on_timer(void *ctx)
{
    struct daf_netwatch *n = ctx;
    struct daf_addr addrs[DAF_NETWATCH_ADDRS_MAX];
    size_t count;

    memset(addrs, 0, sizeof(addrs));
    count = daf_netwatch_list(&n->listen, addrs);
    n->settled(n->ctx);
    if (n->was_told && count == n->count &&
        memcmp(addrs, n->addrs, sizeof(addrs)) == 0)
        return;
    n->was_told = true;
    n->count = count;
    memcpy(n->addrs, addrs, sizeof(addrs));
    n->told(n->ctx, n->addrs, count);
}

/* What changed does not matter: all is read anew, once it has settled. */
static void on_news(void *ctx, unsigned what)
{
    struct daf_netwatch *n = ctx;
    uint8_t news[8192];

    (void)what;
    while (recv(n->source.fd, news, sizeof(news), MSG_DONTWAIT) > 0)
        continue;
    /* From the first word on: whoever goes on talking holds up nothing. */
    if (n->timer.at.ms == DAF_MONO_NEVER.ms)
        daf_loop_timer_set(&n->timer, daf_clock_after(daf_clock_now(),
                                                      DAF_NETWATCH_SETTLE_MS));
}

static int open_news(void)
{
    struct sockaddr_nl to = {.nl_family = AF_NETLINK,
                             .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
                                          RTMGRP_IPV6_IFADDR};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    NETLINK_ROUTE);

    if (fd < 0) return -1;
    if (bind(fd, (const struct sockaddr *)&to, sizeof(to)) == 0) return fd;
    (void)close(fd);
    return -1;
}

enum daf_err daf_netwatch_new(
    struct daf_loop *loop, const struct daf_addr *listen,
    void (*told)(void *ctx, const struct daf_addr *addrs, size_t count),
    void (*settled)(void *ctx), void *ctx, struct daf_netwatch **out)
{
    struct daf_netwatch *n = calloc(1, sizeof(*n));
    enum daf_err err;

    *out = NULL;
    if (n == NULL) return DAF_ENOMEM;
    n->loop = loop;
    n->listen = *listen;
    n->told = told;
    n->settled = settled;
    n->ctx = ctx;
    n->timer = (struct daf_loop_timer){.fn = on_timer, .ctx = n};
    n->source =
        (struct daf_loop_source){.fd = open_news(), .fn = on_news, .ctx = n};
    err = daf_loop_timer_open(loop, &n->timer);
    if (err == DAF_OK && n->source.fd >= 0)
        err = daf_loop_add(loop, &n->source, true, false);
    if (err != DAF_OK) {
        daf_netwatch_free(n);
        return err;
    }
    daf_loop_timer_set(&n->timer, daf_clock_now());
    *out = n;
    return DAF_OK;
}

void daf_netwatch_free(struct daf_netwatch *n)
{
    if (n == NULL) return;
    daf_loop_remove(n->loop, &n->source);
    if (n->source.fd >= 0) (void)close(n->source.fd);
    daf_loop_timer_close(n->loop, &n->timer);
    free(n);
}
