/* SPDX-License-Identifier: Apache-2.0 */
/* node/link_strangers.c - descriptors that have proven nothing yet.
 *
 * libzmq accepts whoever comes and says nothing of him until he shook hands; to
 * leave it at that is to let a stranger take all descriptors.  So at most 128 in
 * all may be between ACCEPTED and a first frame that link takes, and none for
 * longer than 6 s.  When one more comes, the oldest of the address that has most
 * of them goes: a flood from one address does not keep its neighbours out.  If
 * each has an address of its own it is the oldest of all.  Measured: 1,000 honest
 * ones who come within the same millisecond are in after 1 to 3 s (1 s without
 * the limit; no better when the newest goes instead), as those sent off call
 * again; 100 of them amid 3,000 strangers a second from 60,000 addresses after
 * 1 s, where turning away the newest kept 17 out for a minute.
 *
 * What is known here is a moment old: the kernel may have given a number again
 * to someone else.  So a descriptor is shut only while it leads to the address
 * and port that it had. */
#include "node/link_impl.h"

#include <assert.h>
#include <sys/socket.h>

/* get_peer: false if nobody is there any more. */
static bool get_peer(int fd, struct sockaddr_in6 *out)
{
    struct sockaddr_storage at = {.ss_family = AF_UNSPEC};
    struct sockaddr_in v4;
    socklen_t len = sizeof(at);

    memset(out, 0, sizeof(*out));
    if (getpeername(fd, (struct sockaddr *)&at, &len) != 0) return false;
    if (at.ss_family == AF_INET6) {
        memcpy(out, &at, sizeof(*out));
        return true;
    }
    memcpy(&v4, &at, sizeof(v4));
    out->sin6_family = AF_INET6;
    out->sin6_port = v4.sin_port;
    out->sin6_addr.s6_addr[10] = out->sin6_addr.s6_addr[11] = 0xff;
    memcpy(out->sin6_addr.s6_addr + 12, &v4.sin_addr, 4);
    return at.ss_family == AF_INET;
}

static bool is_same(const struct sockaddr_in6 *a, const struct sockaddr_in6 *b)
{
    return a->sin6_port == b->sin6_port &&
           memcmp(&a->sin6_addr, &b->sin6_addr, sizeof(a->sin6_addr)) == 0;
}

/* net_of: of IPv6 the /64, within which a device makes up addresses at will. */
static struct in6_addr net_of(const struct sockaddr_in6 *from)
{
    struct in6_addr net = from->sin6_addr;

    if (!IN6_IS_ADDR_V4MAPPED(&net)) memset(net.s6_addr + 8, 0, 8);
    return net;
}

static struct daf_link_source *source_of(struct daf_link_strangers *all,
                                         const struct in6_addr *net)
{
    struct daf_link_source *empty = NULL;

    for (size_t i = 0; i <= DAF_LINK_STRANGERS_MAX; i++) {
        struct daf_link_source *source = &all->sources[i];
        if (source->count == 0)
            empty = source;
        else if (memcmp(&source->net, net, sizeof(*net)) == 0)
            return source;
    }
    assert(empty != NULL); /* there are no more sources than strangers */
    empty->net = *net;
    return empty;
}

static void forget(struct daf_link *link, struct daf_link_stranger *stranger)
{
    stranger->router->fds[stranger->fd].stranger = NULL;
    stranger->router = NULL;
    stranger->source->count--;
    TAILQ_REMOVE(&link->strangers.all, stranger, entry);
    link->strangers.count--;
}

/* send_off: count it, unless it left by itself. */
static void send_off(struct daf_link *link, struct daf_link_stranger *stranger,
                     uint64_t *counter)
{
    struct sockaddr_in6 now;

    if (get_peer(stranger->fd, &now) && is_same(&now, &stranger->from)) {
        stranger->router->fds[stranger->fd].shut = true;
        daf_link_in_close(stranger->fd);
        (*counter)++;
    }
    forget(link, stranger);
}

/* evict: the oldest of the address that has most. */
static void evict(struct daf_link *link)
{
    struct daf_link_stranger *stranger, *victim = NULL;

    TAILQ_FOREACH(stranger, &link->strangers.all, entry)
    if (victim == NULL || stranger->source->count > victim->source->count)
        victim = stranger;
    assert(victim != NULL); /* there are too many */
    send_off(link, victim, &link->refused.crowded);
}

void daf_link_strangers_came(struct daf_link *link,
                             struct daf_link_router *router, int fd)
{
    struct daf_link_strangers *all = &link->strangers;
    struct daf_link_stranger *stranger = all->places;
    struct sockaddr_in6 from;
    struct in6_addr net;

    if (!get_peer(fd, &from)) return; /* gone again */
    while (stranger->router != NULL)
        stranger++;
    net = net_of(&from);
    *stranger = (struct daf_link_stranger){.router = router,
                                           .fd = fd,
                                           .since_ms = link->now_ms,
                                           .from = from,
                                           .source = source_of(all, &net)};
    stranger->source->count++;
    TAILQ_INSERT_TAIL(&all->all, stranger, entry);
    router->fds[fd].stranger = stranger;
    daf_link_wake(link, link->now_ms + DAF_LINK_SILENT_MS);
    if (++all->count > DAF_LINK_STRANGERS_MAX) evict(link);
}

void daf_link_strangers_left(struct daf_link *link,
                             struct daf_link_router *router, int fd)
{
    if (router->fds[fd].stranger != NULL)
        forget(link, router->fds[fd].stranger);
}

/* is_behind: frames may lie here unread, so nobody can be called silent. */
static bool is_behind(const struct daf_link *link)
{
    return link->stage != DAF_LINK_STAGE_READY || daf_link_core_full(link) ||
           link->door.sock.list != NULL || link->mesh.sock.list != NULL ||
           link->porch.sock.list != NULL;
}

void daf_link_strangers_on_timer(struct daf_link *link)
{
    struct daf_link_stranger *stranger;

    while ((stranger = TAILQ_FIRST(&link->strangers.all)) != NULL) {
        uint64_t until_ms = stranger->since_ms + DAF_LINK_SILENT_MS;
        if (until_ms > link->now_ms || is_behind(link)) {
            daf_link_wake(link, until_ms > link->now_ms
                                    ? until_ms
                                    : link->now_ms + DAF_LINK_RETRY_MS);
            return;
        }
        send_off(link, stranger, &link->refused.silent);
    }
}
