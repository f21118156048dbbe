/* SPDX-License-Identifier: Apache-2.0 */
/* node/link_zmq.c - ZeroMQ sockets: one profile for all, and the loop's view.
 *
 * Never set: ROUTING_ID (a peer that could choose one swallows another's
 * frames), PROBE_ROUTER, and every mechanism but CURVE. */
#include "node/link_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

/* ZMQ_ZAP_ENFORCE_DOMAIN.  libzmq's header hides it among drafts; the library
 * has it, and without it a ZAP handler that died means that all come in. */
#define ZAP_ENFORCE_DOMAIN 93

#define MONITOR_EVENTS                                                      \
    (ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_ACCEPTED | \
     ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED |                            \
     ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | \
     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)

static bool set_int(void *zmq, int option, int value)
{
    return zmq_setsockopt(zmq, option, &value, sizeof(value)) == 0;
}

static bool set_profile(void *zmq, int type)
{
    static const struct {
        int option, value;
    } profile[] = {
        {ZMQ_LINGER, 0}, /* -1, the default, blocks the exit */
        {ZMQ_RCVHWM, 16},
        {ZMQ_SNDHWM, 32},
        /* Without IVL 2,000 silent connections stay for 30 s. */
        {ZMQ_HANDSHAKE_IVL, 5000},
        {ZMQ_CONNECT_TIMEOUT, 5000},
        {ZMQ_HEARTBEAT_IVL, 5000},
        {ZMQ_HEARTBEAT_TIMEOUT, 15000},
        {ZMQ_HEARTBEAT_TTL, 20000},
        {ZMQ_TCP_MAXRT, 30000},
        {ZMQ_RECONNECT_IVL, 1000},
        {ZMQ_RECONNECT_IVL_MAX, 60000},
        {ZMQ_IPV6, 1},
    };
    /* Without it a stranger who announces 1 GiB costs 399 MiB. */
    int64_t max = DAF_LINK_BYTES_MAX;
    bool set = zmq_setsockopt(zmq, ZMQ_MAXMSGSIZE, &max, sizeof(max)) == 0;

    for (size_t i = 0; i < sizeof(profile) / sizeof(*profile); i++)
        set = set && set_int(zmq, profile[i].option, profile[i].value);
    /* ZMQ_IMMEDIATE stays off: with it libzmq throws away what a peer said just
     * before it hung up (measured: every second DECLINE).  We send nothing before
     * the handshake is done. */
    /* libzmq's one I/O thread waits, and all connections with it, while a
     * monitor's pipe is full; so that pipe has no limit.  It is read first. */
    if (type == ZMQ_PAIR) set = set && set_int(zmq, ZMQ_RCVHWM, 0);
    return set;
}

bool daf_link_sock_open(struct daf_link *link, struct daf_link_sock *sock,
                        int type, daf_link_sock_fn step, void *owner)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = sock};
    size_t len = sizeof(int);
    int fd;

    *sock = (struct daf_link_sock){.step = step, .owner = owner};
    sock->zmq = zmq_socket(link->zmq, type);
    if (sock->zmq == NULL) return false;
    if (!set_profile(sock->zmq, type) ||
        zmq_getsockopt(sock->zmq, ZMQ_FD, &fd, &len) != 0 ||
        epoll_ctl(link->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        (void)zmq_close(sock->zmq);
        sock->zmq = NULL;
        return false;
    }
    daf_link_sock_touch(link, sock);
    return true;
}

void daf_link_sock_close(struct daf_link *link, struct daf_link_sock *sock)
{
    size_t len = sizeof(int);
    int fd;

    if (sock->zmq == NULL) return;
    /* Its descriptor outlives zmq_close() in libzmq's reaper. */
    if (zmq_getsockopt(sock->zmq, ZMQ_FD, &fd, &len) == 0)
        (void)epoll_ctl(link->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    daf_link_sock_list(sock, NULL);
    (void)zmq_close(sock->zmq);
    sock->zmq = NULL;
}

void daf_link_sock_touch(struct daf_link *link, struct daf_link_sock *sock)
{
    if (sock->zmq != NULL && sock->list != &link->dirty)
        daf_link_sock_list(sock, &link->dirty);
}

void daf_link_sock_list(struct daf_link_sock *sock, struct daf_link_socks *list)
{
    if (sock->list != NULL) TAILQ_REMOVE(sock->list, sock, entry);
    sock->list = list;
    if (list != NULL) TAILQ_INSERT_TAIL(list, sock, entry);
}

int daf_link_sock_events(struct daf_link_sock *sock)
{
    size_t len = sizeof(int);
    int events;

    if (zmq_getsockopt(sock->zmq, ZMQ_EVENTS, &events, &len) != 0) return 0;
    return events;
}

bool daf_link_sock_watch(struct daf_link *link, struct daf_link_sock *monitor,
                         struct daf_link_sock *target, daf_link_sock_fn step,
                         void *owner)
{
    char name[40];

    (void)snprintf(name, sizeof(name), "inproc://monitor/%u",
                   link->monitors_count++);
    if (!daf_link_sock_open(link, monitor, ZMQ_PAIR, step, owner)) return false;
    if (zmq_socket_monitor(target->zmq, name, MONITOR_EVENTS) == 0 &&
        zmq_connect(monitor->zmq, name) == 0)
        return true;
    (void)zmq_socket_monitor(target->zmq, NULL, 0);
    daf_link_sock_close(link, monitor);
    return false;
}

void daf_link_sock_unwatch(struct daf_link *link, struct daf_link_sock *monitor,
                           struct daf_link_sock *target)
{
    /* In this order: libzmq's I/O thread would wait for ever to tell an event
     * to a monitor whose reader is gone. */
    if (target->zmq != NULL) (void)zmq_socket_monitor(target->zmq, NULL, 0);
    daf_link_sock_close(link, monitor);
    daf_link_sock_close(link, target);
}

bool daf_link_sock_event(struct daf_link_sock *monitor,
                         struct daf_link_event *out)
{
    uint8_t event[6], address[DAF_LINK_ENDPOINT_BYTES];
    uint16_t id;
    uint32_t value;

    if (monitor->zmq == NULL ||
        zmq_recv(monitor->zmq, event, sizeof(event), ZMQ_DONTWAIT) < 0)
        return false;
    (void)zmq_recv(monitor->zmq, address, sizeof(address), ZMQ_DONTWAIT);
    memcpy(&id, event, sizeof(id));
    memcpy(&value, event + sizeof(id), sizeof(value));
    *out = (struct daf_link_event){.id = id, .value = value};
    return true;
}

void daf_link_sock_linger(struct daf_link_sock *sock, int ms)
{
    if (sock->zmq != NULL) (void)set_int(sock->zmq, ZMQ_LINGER, ms);
}

bool daf_link_sock_serve(struct daf_link_sock *sock, const char *domain,
                         const struct daf_box_sk *sk, const char *endpoint,
                         uint16_t *port)
{
    char bound[DAF_LINK_ENDPOINT_BYTES];
    size_t len = sizeof(bound);
    const char *colon;

    if (!set_int(sock->zmq, ZMQ_CURVE_SERVER, 1) ||
        !set_int(sock->zmq, ZAP_ENFORCE_DOMAIN, 1) ||
        !set_int(sock->zmq, ZMQ_ROUTER_MANDATORY, 1) ||
        !set_int(sock->zmq, ZMQ_ROUTER_HANDOVER, 0) ||
        !set_int(sock->zmq, ZMQ_BACKLOG, 256) ||
        zmq_setsockopt(sock->zmq, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) !=
            0 ||
        zmq_setsockopt(sock->zmq, ZMQ_CURVE_SECRETKEY, sk->b, sizeof(sk->b)) !=
            0 ||
        zmq_bind(sock->zmq, endpoint) != 0 ||
        zmq_getsockopt(sock->zmq, ZMQ_LAST_ENDPOINT, bound, &len) != 0)
        return false;
    /* "tcp://[::ffff:127.0.0.1]:45957", whatever was asked for. */
    colon = strrchr(bound, ':');
    if (colon == NULL) return false;
    *port = (uint16_t)strtoul(colon + 1, NULL, 10);
    return *port != 0;
}

bool daf_link_sock_call(struct daf_link_sock *sock,
                        const struct daf_box_pk *server,
                        const struct daf_box_pk *pk,
                        const struct daf_box_sk *sk, const char *endpoint)
{
    return zmq_setsockopt(sock->zmq, ZMQ_CURVE_SERVERKEY, server->b,
                          sizeof(server->b)) == 0 &&
           zmq_setsockopt(sock->zmq, ZMQ_CURVE_PUBLICKEY, pk->b,
                          sizeof(pk->b)) == 0 &&
           zmq_setsockopt(sock->zmq, ZMQ_CURVE_SECRETKEY, sk->b,
                          sizeof(sk->b)) == 0 &&
           zmq_connect(sock->zmq, endpoint) == 0;
}

/* skip_rest: of a message of several frames; true if there was any. */
static bool skip_rest(void *zmq, zmq_msg_t *frame)
{
    zmq_msg_t part;
    bool more = zmq_msg_more(frame) != 0, any = more;

    (void)zmq_msg_init(&part);
    while (more && zmq_msg_recv(&part, zmq, ZMQ_DONTWAIT) >= 0)
        more = zmq_msg_more(&part) != 0;
    (void)zmq_msg_close(&part);
    return any;
}

enum daf_link_got daf_link_sock_next(struct daf_link_sock *sock, uint8_t *id,
                                     zmq_msg_t *frame)
{
    bool own_id = true;

    (void)zmq_msg_init(frame);
    if (zmq_msg_recv(frame, sock->zmq, ZMQ_DONTWAIT) < 0) {
        (void)zmq_msg_close(frame);
        return DAF_LINK_GOT_NOTHING;
    }
    if (id != NULL) {
        /* libzmq's ids are 5 bytes and begin with 0; a peer chose others. */
        const uint8_t *data = zmq_msg_data(frame);
        own_id = zmq_msg_size(frame) == 5 && data[0] == 0;
        if (own_id) memcpy(id, data, 5);
        if (zmq_msg_more(frame) == 0 ||
            zmq_msg_recv(frame, sock->zmq, ZMQ_DONTWAIT) < 0)
            return DAF_LINK_GOT_PARTS;
    }
    if (skip_rest(sock->zmq, frame)) return DAF_LINK_GOT_PARTS;
    return own_id ? DAF_LINK_GOT_FRAME : DAF_LINK_GOT_ODD_ID;
}
