/* SPDX-License-Identifier: Apache-2.0 */
/* node/link_in.c - door, mesh and porch: those who connect to us.
 *
 * Who a peer is, is the key that ZAP saw; libzmq puts it beside every frame as
 * "User-Id" (a peer's own property of that name comes second and is ignored).
 * Which connection a frame came through is its routing id; when that connection
 * is lost, a monitor tells its descriptor, which each frame names as well. */
#include "node/link_impl.h"

#include <sodium.h>
#include <sys/socket.h>

/* What the three differ in. */
static const struct rule {
    const char *domain;
    size_t conns_max;
    uint64_t life_ms;
} rules[] = {
    [DAF_ENDPOINT_DOOR] = {"door/1", DAF_LINK_DOOR_MAX, DAF_LINK_DOOR_MS},
    [DAF_ENDPOINT_MESH] = {"mesh/1", DAF_LINK_INCOMING_MAX, DAF_LINK_NEVER},
    [DAF_ENDPOINT_PORCH] = {"porch/1", DAF_PORCH_CONNS_MAX, DAF_LINK_PORCH_MS},
};

static void on_accepted(struct daf_link *link, struct daf_link_router *router,
                        int fd)
{
    /* Its end was not told: a number is given again only after that. */
    daf_link_strangers_left(link, router, fd);
    router->fds[fd].alive = true;
    router->fds[fd].shut = false;
    daf_link_strangers_came(link, router, fd);
}

static void on_disconnected(struct daf_link *link,
                            struct daf_link_router *router, int fd)
{
    struct daf_link_fd *it = &router->fds[fd];

    /* Whom we shut did not fail. */
    if (!it->shut) link->refused.handshakes += router->failures;
    router->failures = 0;
    it->alive = false;
    daf_link_trim_soon(link);
    daf_link_strangers_left(link, router, fd);
    if (it->conn != NULL) daf_link_conns_lost(link, it->conn);
}

static void on_event(struct daf_link *link, struct daf_link_router *router,
                     const struct daf_link_event *event)
{
    bool is_fd = event->value < DAF_LINK_FDS_MAX;

    switch (event->id) {
    case ZMQ_EVENT_ACCEPTED:
        if (is_fd) on_accepted(link, router, (int)event->value);
        break;
    case ZMQ_EVENT_DISCONNECTED:
        if (is_fd) on_disconnected(link, router, (int)event->value);
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        router->failures++; /* whose, DISCONNECTED tells next */
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: /* counted where ZAP said no */
        if (router->endpoint == DAF_ENDPOINT_MESH && link->selftest.denied)
            link->selftest.enforced = true;
        break;
    default:
        break;
    }
}

void daf_link_in_watch(struct daf_link *link, struct daf_link_router *router)
{
    struct daf_link_event event;

    while (daf_link_sock_event(&router->monitor, &event))
        on_event(link, router, &event);
}

static enum daf_link_turn step_monitor(struct daf_link *link,
                                       struct daf_link_sock *sock)
{
    daf_link_in_watch(link, sock->owner);
    if (link->stage == DAF_LINK_STAGE_TESTING) daf_link_selftest_check(link);
    return DAF_LINK_TURN_IDLE;
}

void daf_link_in_close(int fd)
{
    /* libzmq has no call for it.  Its I/O thread sees the end of the stream.
     * Should the number be another connection's since the monitor was read
     * last (microseconds), that peer connects again. */
    (void)shutdown(fd, SHUT_RDWR);
}

static bool get_key(zmq_msg_t *frame, struct daf_box_pk *out)
{
    const char *hex = zmq_msg_gets(frame, "User-Id");
    size_t len;

    return hex != NULL && strlen(hex) == 2 * sizeof(out->b) &&
           sodium_hex2bin(out->b, sizeof(out->b), hex, 2 * sizeof(out->b), NULL,
                          &len, NULL) == 0 &&
           len == sizeof(out->b);
}

/* get_fd: the live descriptor that a frame came through; -1 if it is gone. */
static int get_fd(struct daf_link_router *router, zmq_msg_t *frame)
{
    int fd = zmq_msg_get(frame, ZMQ_SRCFD);

    return fd >= 0 && fd < DAF_LINK_FDS_MAX && router->fds[fd].alive ? fd : -1;
}

static bool is_welcome(struct daf_link *link, struct daf_link_router *router,
                       const struct daf_box_pk *key)
{
    if (router->conns_count >= rules[router->endpoint].conns_max) return false;
    return daf_link_conns_of_key(link, key) < DAF_LINK_PER_KEY_MAX;
}

/* greet: a first frame.  NULL: it was refused, and counted. */
static struct daf_link_conn *greet(struct daf_link *link,
                                   struct daf_link_router *router,
                                   const uint8_t *id, int fd,
                                   const struct daf_box_pk *key)
{
    const struct rule *rule = &rules[router->endpoint];
    struct daf_link_conn *conn = NULL;

    if (fd < 0) /* lost before it was heard */
        return NULL;
    if (is_welcome(link, router, key))
        conn =
            daf_link_conns_new(link, router, id, daf_link_conns_number(link));
    if (conn == NULL) {
        link->refused.messages++;
        daf_link_in_close(fd);
        return NULL;
    }
    /* The kernel gave the number again: the one before it is lost. */
    if (router->fds[fd].conn != NULL)
        daf_link_conns_lost(link, router->fds[fd].conn);
    daf_link_conns_bind(conn, fd);
    daf_link_strangers_left(link, router, fd);
    conn->key = *key;
    conn->state = DAF_LINK_STATE_OPEN;
    if (rule->life_ms != DAF_LINK_NEVER) {
        conn->deadline_ms = link->now_ms + rule->life_ms;
        daf_link_wake(link, conn->deadline_ms);
    }
    daf_link_core_put(link, DAF_LINK_OPENED, conn->number, conn->endpoint,
                      (struct daf_view){key->b, sizeof(key->b)});
    return conn;
}

static bool is_admitted(struct daf_link *link, struct daf_link_router *router,
                        const struct daf_box_pk *key)
{
    return router->endpoint != DAF_ENDPOINT_MESH ||
           daf_link_keys_get(&link->keys, key) == DAF_LINK_RIGHT_ALLOWED;
}

static void refuse(struct daf_link *link, struct daf_link_conn *conn, int fd,
                   uint64_t *counter)
{
    (*counter)++;
    if (conn != NULL)
        daf_link_conns_cut(link, conn);
    else if (fd >= 0)
        daf_link_in_close(fd);
}

static void on_frame(struct daf_link *link, struct daf_link_router *router,
                     const uint8_t *id, zmq_msg_t *frame)
{
    struct daf_link_conn *conn = daf_link_conns_by_id(router, id);
    int fd = get_fd(router, frame);
    size_t len = zmq_msg_size(frame);
    struct daf_box_pk key;

    if (conn != NULL && conn->state != DAF_LINK_STATE_OPEN &&
        conn->state != DAF_LINK_STATE_GONE)
        return; /* it is over */
    /* ZAP is asked once, at the handshake; a revocation comes later. */
    if (!get_key(frame, &key) || !is_admitted(link, router, &key) ||
        (conn != NULL && memcmp(key.b, conn->key.b, sizeof(key.b)) != 0)) {
        refuse(link, conn, fd, &link->refused.keys);
        return;
    }
    if (len > daf_link_frame_max(router->endpoint)) {
        refuse(link, conn, fd, &link->refused.messages);
        return;
    }
    if (conn == NULL) conn = greet(link, router, id, fd, &key);
    if (conn != NULL)
        daf_link_core_put(link, DAF_LINK_FRAME, conn->number, conn->endpoint,
                          (struct daf_view){zmq_msg_data(frame), len});
}

/* take_message: false if there is none. */
static bool take_message(struct daf_link *link, struct daf_link_router *router)
{
    uint8_t id[5];
    zmq_msg_t frame;
    enum daf_link_got got = daf_link_sock_next(&router->sock, id, &frame);

    if (got == DAF_LINK_GOT_NOTHING) return false;
    /* Before the frame: its descriptor may have been another's, of which the
     * end is told there. */
    daf_link_in_watch(link, router);
    if (got == DAF_LINK_GOT_FRAME) {
        on_frame(link, router, id, &frame);
    } else {
        link->refused.messages++;
        daf_link_trim_soon(link);
        if (got == DAF_LINK_GOT_ODD_ID && get_fd(router, &frame) >= 0)
            daf_link_in_close(get_fd(router, &frame));
    }
    (void)zmq_msg_close(&frame);
    return true;
}

/* end_gone: all that came was read, so those lost before have said it all. */
static void end_gone(struct daf_link *link, struct daf_link_router *router)
{
    struct daf_link_conn *conn = TAILQ_FIRST(&link->conns.all);

    while (router->gone_count > 0 && conn != NULL) {
        struct daf_link_conn *next = TAILQ_NEXT(conn, entry);
        if (conn->router == router && conn->state == DAF_LINK_STATE_GONE)
            daf_link_conns_end(link, conn);
        conn = next;
    }
}

static enum daf_link_turn step_router(struct daf_link *link,
                                      struct daf_link_sock *sock)
{
    struct daf_link_router *router = sock->owner;
    enum daf_link_turn turn = DAF_LINK_TURN_MORE;

    for (int i = 0; i < DAF_LINK_TURN_MESSAGES; i++) {
        /* Nobody is heard before the self-test passed. */
        if (link->stage != DAF_LINK_STAGE_READY || daf_link_core_full(link)) {
            (void)daf_link_sock_events(sock);
            turn = DAF_LINK_TURN_HELD;
            break;
        }
        if (!take_message(link, router)) {
            end_gone(link, router);
            turn = DAF_LINK_TURN_IDLE;
            break;
        }
    }
    daf_link_send_waiting(link, router);
    if (turn != DAF_LINK_TURN_IDLE) return turn;
    /* Sending may have taken news of frames; asking for those takes news of
     * peers that have read, so they are tried last. */
    if ((daf_link_sock_events(sock) & ZMQ_POLLIN) != 0)
        return DAF_LINK_TURN_MORE;
    daf_link_send_waiting(link, router);
    return DAF_LINK_TURN_IDLE;
}

bool daf_link_in_open(struct daf_link *link, struct daf_link_router *router,
                      const struct daf_box_sk *sk,
                      const struct daf_where *where, uint16_t *port)
{
    struct daf_where at = *where;
    char endpoint[DAF_LINK_ENDPOINT_BYTES];

    at.port = *port;
    daf_link_addr_format(&at, endpoint);
    return daf_link_sock_open(link, &router->sock, ZMQ_ROUTER, step_router,
                              router) &&
           daf_link_sock_watch(link, &router->monitor, &router->sock,
                               step_monitor, router) &&
           daf_link_sock_serve(&router->sock, rules[router->endpoint].domain,
                               sk, endpoint, port);
}

void daf_link_in_end(struct daf_link *link, struct daf_link_router *router)
{
    struct daf_link_conn *conn = TAILQ_FIRST(&link->conns.all);

    while (conn != NULL) {
        struct daf_link_conn *next = TAILQ_NEXT(conn, entry);
        if (conn->router == router) daf_link_conns_end(link, conn);
        conn = next;
    }
    for (int fd = 0; fd < DAF_LINK_FDS_MAX; fd++)
        daf_link_strangers_left(link, router, fd);
    memset(router->fds, 0, sizeof(router->fds));
    router->failures = 0;
    daf_link_sock_linger(&router->sock, DAF_LINK_SHUT_MS);
    daf_link_sock_unwatch(link, &router->monitor, &router->sock);
}
