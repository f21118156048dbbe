/* SPDX-License-Identifier: Apache-2.0 */
/* node/link_send.c - frames on their way out.
 *
 * libzmq takes 32 frames for each peer and then says EAGAIN.  The rest waits
 * here, up to 4 MiB; a peer that lets more pile up is cut.  When a peer has
 * read, its socket's ZMQ_FD wakes the loop: a ROUTER's too, although its
 * ZMQ_POLLOUT says nothing about any one peer.  A call between two peers' turns
 * could take that news, so while frames wait each is tried once a second. */
#include "node/link_impl.h"

#include <errno.h>
#include <stdlib.h>

/* try_send: 0, or the errno that kept libzmq from taking @msg. */
static int try_send(struct daf_link *link, struct daf_link_conn *conn,
                    zmq_msg_t *msg)
{
    struct daf_link_sock *sock =
        conn->incoming ? &conn->router->sock : &conn->dealer;

    if (conn->incoming && zmq_send(sock->zmq, conn->id, sizeof(conn->id),
                                   ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        return errno;
    if (zmq_msg_send(msg, sock->zmq, ZMQ_DONTWAIT) >= 0) return 0;
    /* Half a message: the next one's id would go to this peer as a frame. */
    if (conn->incoming) daf_link_die(link, 1, "libzmq took half a message");
    return errno;
}

static void pop(struct daf_link *link, struct daf_link_conn *conn)
{
    struct daf_link_frame *frame = STAILQ_FIRST(&conn->frames);

    STAILQ_REMOVE_HEAD(&conn->frames, entry);
    (void)zmq_msg_close(&frame->msg);
    free(frame);
    if (STAILQ_EMPTY(&conn->frames)) {
        link->conns.frames_bytes -= conn->frames_bytes;
        conn->frames_bytes = 0;
        if (conn->waiting) LIST_REMOVE(conn, waiting_entry);
        conn->waiting = false;
    }
}

void daf_link_send_forget(struct daf_link *link, struct daf_link_conn *conn)
{
    while (!STAILQ_EMPTY(&conn->frames))
        pop(link, conn);
}

void daf_link_send_queued(struct daf_link *link, struct daf_link_conn *conn)
{
    while (!STAILQ_EMPTY(&conn->frames)) {
        struct daf_link_frame *frame = STAILQ_FIRST(&conn->frames);
        size_t len = zmq_msg_size(&frame->msg);
        int why = try_send(link, conn, &frame->msg);
        if (why == EAGAIN) return;
        if (why != 0) {
            daf_link_conns_lost(link, conn);
            return;
        }
        conn->frames_bytes -= len;
        link->conns.frames_bytes -= len;
        pop(link, conn);
    }
}

void daf_link_send_waiting(struct daf_link *link,
                           struct daf_link_router *router)
{
    struct daf_link_conn *conn = LIST_FIRST(&router->waiting);

    while (conn != NULL) {
        struct daf_link_conn *next = LIST_NEXT(conn, waiting_entry);
        daf_link_send_queued(link, conn);
        conn = next;
    }
}

void daf_link_send_on_timer(struct daf_link *link,
                            struct daf_link_router *router)
{
    if (LIST_EMPTY(&router->waiting)) return;
    daf_link_sock_touch(link, &router->sock);
    daf_link_wake(link, link->now_ms + DAF_LINK_RETRY_MS);
}

static void put_last(struct daf_link *link, struct daf_link_conn *conn,
                     struct daf_link_frame *frame)
{
    size_t len = zmq_msg_size(&frame->msg);

    STAILQ_INSERT_TAIL(&conn->frames, frame, entry);
    conn->frames_bytes += len;
    link->conns.frames_bytes += len;
    if (conn->incoming && !conn->waiting) {
        LIST_INSERT_HEAD(&conn->router->waiting, conn, waiting_entry);
        conn->waiting = true;
        daf_link_wake(link, link->now_ms + DAF_LINK_RETRY_MS);
    }
    if (conn->frames_bytes > DAF_LINK_QUEUE_BYTES_MAX ||
        link->conns.frames_bytes > DAF_LINK_QUEUES_BYTES_MAX)
        daf_link_conns_cut(link, conn);
}

void daf_link_send_frame(struct daf_link *link, struct daf_link_conn *conn,
                         struct daf_view bytes)
{
    struct daf_link_frame *frame;
    int why = EAGAIN;

    if (conn->state != DAF_LINK_STATE_OPEN) return;
    frame = calloc(1, sizeof(*frame));
    if (frame == NULL || zmq_msg_init_size(&frame->msg, bytes.len) != 0) {
        free(frame);
        daf_link_die(link, 1, "out of memory");
        return;
    }
    if (bytes.len > 0) memcpy(zmq_msg_data(&frame->msg), bytes.p, bytes.len);
    if (STAILQ_EMPTY(&conn->frames)) {
        why = try_send(link, conn, &frame->msg);
        /* The call may have taken news of frames to read. */
        daf_link_sock_touch(link, conn->incoming ? &conn->router->sock
                                                 : &conn->dealer);
    }
    if (why == EAGAIN) {
        put_last(link, conn, frame);
        return;
    }
    (void)zmq_msg_close(&frame->msg);
    free(frame);
    if (why != 0) daf_link_conns_lost(link, conn);
}
