/* SPDX-License-Identifier: Apache-2.0 */
/* node/link_out.c - those whom we connect to: one DEALER each.
 *
 * The peer is whoever holds the server key; CURVE proves it in the handshake.
 * libzmq would connect again by itself; core wants to hear of each loss and
 * decides when to try again, so the first failure ends the socket. */
#include "node/link_impl.h"

bool daf_link_out_refused(unsigned event)
{
    return event == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL ||
           event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL ||
           event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH ||
           event == ZMQ_EVENT_DISCONNECTED || event == ZMQ_EVENT_CLOSED ||
           event == ZMQ_EVENT_CONNECT_RETRIED;
}

static void on_opened(struct daf_link *link, struct daf_link_conn *conn)
{
    conn->state = DAF_LINK_STATE_OPEN;
    conn->deadline_ms = DAF_LINK_NEVER;
    daf_link_core_put(link, DAF_LINK_OPENED, conn->number, conn->endpoint,
                      (struct daf_view){conn->key.b, sizeof(conn->key.b)});
    daf_link_sock_touch(link, &conn->dealer);
}

static void on_event(struct daf_link *link, struct daf_link_conn *conn,
                     unsigned event)
{
    if (daf_link_out_refused(event)) {
        daf_link_conns_lost(link, conn);
        return;
    }
    /* Lost, and now libzmq connects again: too late for what was unread. */
    if (event == ZMQ_EVENT_CONNECTED && conn->state != DAF_LINK_STATE_OPENING)
        daf_link_conns_end(link, conn);
    else if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED &&
             conn->state == DAF_LINK_STATE_OPENING)
        on_opened(link, conn);
}

static enum daf_link_turn step_monitor(struct daf_link *link,
                                       struct daf_link_sock *sock)
{
    struct daf_link_conn *conn = sock->owner;
    struct daf_link_event event;

    while (daf_link_sock_event(sock, &event))
        on_event(link, conn, event.id);
    return DAF_LINK_TURN_IDLE;
}

static void on_frame(struct daf_link *link, struct daf_link_conn *conn,
                     enum daf_link_got got, zmq_msg_t *frame)
{
    size_t len = zmq_msg_size(frame);

    if (got != DAF_LINK_GOT_FRAME) {
        link->refused.messages++;
        return;
    }
    /* Success is told before the first frame, but on another socket. */
    if (conn->state == DAF_LINK_STATE_OPENING)
        (void)step_monitor(link, &conn->monitor);
    if (conn->state != DAF_LINK_STATE_OPEN &&
        conn->state != DAF_LINK_STATE_GONE)
        return;
    if (len > daf_link_frame_max(conn->endpoint)) {
        link->refused.messages++;
        daf_link_conns_cut(link, conn);
        return;
    }
    daf_link_core_put(link, DAF_LINK_FRAME, conn->number, conn->endpoint,
                      (struct daf_view){zmq_msg_data(frame), len});
}

static int wanted(const struct daf_link_conn *conn)
{
    return STAILQ_EMPTY(&conn->frames) ? ZMQ_POLLIN : ZMQ_POLLIN | ZMQ_POLLOUT;
}

static enum daf_link_turn step_dealer(struct daf_link *link,
                                      struct daf_link_sock *sock)
{
    struct daf_link_conn *conn = sock->owner;
    enum daf_link_turn turn = DAF_LINK_TURN_MORE;

    for (int i = 0; i < DAF_LINK_TURN_MESSAGES; i++) {
        zmq_msg_t frame;
        enum daf_link_got got;
        if (daf_link_core_full(link)) {
            (void)daf_link_sock_events(sock);
            turn = DAF_LINK_TURN_HELD;
            break;
        }
        got = daf_link_sock_next(sock, NULL, &frame);
        if (got == DAF_LINK_GOT_NOTHING) {
            turn = DAF_LINK_TURN_IDLE;
            break;
        }
        on_frame(link, conn, got, &frame);
        (void)zmq_msg_close(&frame);
        if (sock->zmq == NULL) return DAF_LINK_TURN_IDLE;
    }
    if (conn->state == DAF_LINK_STATE_GONE && turn == DAF_LINK_TURN_IDLE) {
        daf_link_conns_end(link, conn);
        return turn;
    }
    daf_link_send_queued(link, conn);
    /* Sending may have taken news of frames; asking takes news of room. */
    if (turn == DAF_LINK_TURN_IDLE && sock->zmq != NULL &&
        (daf_link_sock_events(sock) & wanted(conn)) != 0)
        turn = DAF_LINK_TURN_MORE;
    return turn;
}

static bool call(struct daf_link *link, struct daf_link_conn *conn,
                 const struct daf_link_connect *to)
{
    struct daf_where where;
    char endpoint[DAF_LINK_ENDPOINT_BYTES];

    if (!daf_addr_parse(&to->addr, &where) || !daf_addr_callable(&where))
        return false;
    daf_link_addr_format(&where, endpoint);
    return daf_link_sock_open(link, &conn->dealer, ZMQ_DEALER, step_dealer,
                              conn) &&
           daf_link_sock_watch(link, &conn->monitor, &conn->dealer,
                               step_monitor, conn) &&
           daf_link_sock_call(&conn->dealer, &to->server, &link->transport_pk,
                              &link->transport_sk, endpoint);
}

void daf_link_out_open(struct daf_link *link, uint32_t number,
                       enum daf_endpoint endpoint,
                       const struct daf_link_connect *to)
{
    struct daf_link_conn *conn = daf_link_conns_new(link, NULL, NULL, number);

    if (conn == NULL) {
        daf_link_core_put(link, DAF_LINK_CLOSED, number, endpoint,
                          (struct daf_view){NULL, 0});
        return;
    }
    conn->endpoint = endpoint;
    conn->key = to->server;
    conn->state = DAF_LINK_STATE_OPENING;
    conn->deadline_ms = link->now_ms + DAF_LINK_OPENING_MS;
    daf_link_wake(link, conn->deadline_ms);
    if (!call(link, conn, to)) daf_link_conns_end(link, conn);
}
