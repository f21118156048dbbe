/* SPDX-License-Identifier: Apache-2.0 */
/* Who may connect.  Connections are accepted here, not by libmicrohttpd, so that
 * a crowd from one address takes places from that address first, and whoever
 * holds one without asking for anything makes room for who comes. */
#include "node/web_impl.h"

#include "node/clock.h"
#include "node/core/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPTS_MAX 16 /* in one go, so that others get a turn */

static void remove_conn(struct daf_web_conn *c)
{
    LIST_REMOVE(c, next);
    c->web->conns_count--;
    free(c);
}

static bool is_of(const struct daf_web_conn *c, const uint8_t from[16])
{
    return memcmp(c->from, from, 16) == 0;
}

static size_t count_of(const struct daf_web *web, const uint8_t from[16])
{
    const struct daf_web_conn *c;
    size_t n = 0;

    LIST_FOREACH(c, &web->conns, next)
    if (is_of(c, from) && !c->is_doomed) n++;
    return n;
}

/* An address that has most connections. */
static const uint8_t *most(const struct daf_web *web)
{
    const struct daf_web_conn *c, *found = NULL;
    size_t best = 0;

    LIST_FOREACH(c, &web->conns, next)
    {
        size_t n = count_of(web, c->from);

        if (n <= best) continue;
        best = n;
        found = c;
    }
    return found != NULL ? found->from : NULL;
}

/* Send off who holds a place of @from longest without being answered. */
static bool make_room(struct daf_web *web, const uint8_t from[16])
{
    struct daf_web_conn *c, *oldest = NULL;

    LIST_FOREACH(c, &web->conns, next)
    {
        if (c->is_doomed || c->is_busy || !is_of(c, from)) continue;
        if (oldest == NULL || c->since.ms <= oldest->since.ms) oldest = c;
    }
    if (oldest == NULL) return false;
    /* libmicrohttpd reads the end of it, and closes. */
    oldest->is_doomed = true;
    (void)shutdown(oldest->fd, SHUT_RDWR);
    return true;
}

static bool may_come(struct daf_web *web, const uint8_t from[16])
{
    const uint8_t *crowd;

    if (count_of(web, from) >= DAF_WEB_CONNS_EACH) return make_room(web, from);
    if (web->conns_count < DAF_WEB_CONNS_MAX) return true;
    crowd = most(web);
    return crowd != NULL && make_room(web, crowd);
}

/* An IPv4 address inside IPv6 is one, as everywhere. */
static bool read_name(const struct sockaddr_storage *name,
                      struct daf_where *out)
{
    struct sockaddr_in6 six;
    struct sockaddr_in four;

    memset(out, 0, sizeof(*out));
    if (name->ss_family == AF_INET) {
        memcpy(&four, name, sizeof(four));
        memcpy(out->ip, &four.sin_addr, 4);
        out->port = ntohs(four.sin_port);
        return true;
    }
    if (name->ss_family != AF_INET6) return false;
    memcpy(&six, name, sizeof(six));
    out->port = ntohs(six.sin6_port);
    out->is_v6 = !IN6_IS_ADDR_V4MAPPED(&six.sin6_addr);
    /* Without its zone, which no browser writes into Host. */
    if (out->is_v6)
        memcpy(out->ip, &six.sin6_addr, 16);
    else
        memcpy(out->ip, six.sin6_addr.s6_addr + 12, 4);
    return true;
}

/* Whose places it takes: of IPv6 a household has a /64. */
static bool read_from(const struct sockaddr_storage *name, uint8_t from[16])
{
    struct daf_where w;

    if (!read_name(name, &w)) return false;
    memset(from, 0, 16);
    memcpy(from, w.ip, 8);
    return true;
}

static bool read_here(int fd, struct daf_addr *out)
{
    struct sockaddr_storage name = {0};
    socklen_t len = sizeof(name);
    struct daf_where w;

    if (getsockname(fd, (struct sockaddr *)&name, &len) != 0 ||
        !read_name(&name, &w))
        return false;
    daf_addr_format(&w, out);
    return true;
}

static struct daf_web_conn *find(struct daf_web *web, int fd)
{
    struct daf_web_conn *c;

    LIST_FOREACH(c, &web->conns, next)
    if (c->fd == fd) return c;
    return NULL;
}

/* @fd: taken. */
static void add(struct daf_web *web, int fd,
                const struct sockaddr_storage *name, socklen_t len)
{
    struct daf_web_conn *c = find(web, fd);
    uint8_t from[16];

    /* Its number is free, so whoever had it is gone without a word. */
    if (c != NULL) remove_conn(c);
    c = NULL;
    if (read_from(name, from) && may_come(web, from)) c = calloc(1, sizeof(*c));
    if (c == NULL || !read_here(fd, &c->here)) {
        free(c);
        (void)close(fd);
        return;
    }
    c->web = web;
    c->fd = fd;
    c->since = daf_clock_now();
    memcpy(c->from, from, sizeof(from));
    LIST_INSERT_HEAD(&web->conns, c, next);
    web->conns_count++;
    if (MHD_add_connection(web->mhd, fd, (const struct sockaddr *)name, len) !=
        MHD_YES) {
        c = find(web, fd); /* it closed the socket, and may have told so */
        if (c != NULL) remove_conn(c);
    }
}

static void on_listener(void *ctx, unsigned what)
{
    struct daf_web_listener *l = ctx;

    (void)what;
    for (int i = 0; i < ACCEPTS_MAX; i++) {
        struct sockaddr_storage name = {0};
        socklen_t len = sizeof(name);
        int fd = accept4(l->source.fd, (struct sockaddr *)&name, &len,
                         SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0) return;
        add(l->web, fd, &name, len);
    }
}

bool daf_web_conns_listen(struct daf_web *web, int fd)
{
    struct daf_web_listener *l;

    if (web->listeners_count == DAF_WEB_LISTENERS_MAX) return false;
    l = &web->listeners[web->listeners_count++];
    l->web = web;
    l->source = (struct daf_loop_source){.fd = fd, .fn = on_listener, .ctx = l};
    return daf_loop_add(web->loop, &l->source, true, false) == DAF_OK;
}

static int fd_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    return info != NULL ? info->connect_fd : -1;
}

void daf_web_conns_note(void *ctx, struct MHD_Connection *connection,
                        void **socket_context,
                        enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context = find(ctx, fd_of(connection));
    } else if (*socket_context != NULL) {
        remove_conn(*socket_context);
        *socket_context = NULL;
    }
}

struct daf_web_conn *daf_web_conns_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info != NULL ? info->socket_context : NULL;
}

bool daf_web_conns_may_stream(const struct daf_web *web,
                              const struct daf_web_conn *conn)
{
    const struct daf_web_conn *c;
    size_t all = 0, own = 0;

    LIST_FOREACH(c, &web->conns, next)
    {
        if (!c->is_stream) continue;
        all++;
        if (is_of(c, conn->from)) own++;
    }
    return all < DAF_WEB_STREAMS_MAX && own < DAF_WEB_STREAMS_EACH;
}
