/* SPDX-License-Identifier: Apache-2.0 */
/* node/link_zap.c - libzmq asks, for each handshake: may this key come in?
 *
 * mesh/1: those admitted.  door/1: anyone, for whoever knows the door's key
 * knows the camp.  porch/1: anyone; what they show there is judged by core and by
 * a person.  The answer's user id, the key in hex, is what libzmq puts
 * beside each frame from then on.  Every handshake waits for the answer, so it
 * is looked up in memory. */
#include "node/link_impl.h"

#include <sodium.h>

/* RFC 27, version 1.0: the frames of a request with mechanism CURVE. */
enum {
    FRAME_VERSION,
    FRAME_REQUEST,
    FRAME_DOMAIN,
    FRAME_ADDRESS,
    FRAME_ROUTING_ID,
    FRAME_MECHANISM,
    FRAME_KEY,
    FRAME_COUNT,
};

struct request {
    uint8_t frames[FRAME_COUNT][256];
    size_t lens[FRAME_COUNT];
    bool whole;
};

/* take_request: false if there is none. */
static bool take_request(void *zmq, struct request *out)
{
    int more = 1, n = 0;
    size_t len = sizeof(more);

    out->whole = true;
    for (; more != 0; n++) {
        uint8_t *to = out->frames[n < FRAME_COUNT ? n : FRAME_COUNT - 1];
        int got = zmq_recv(zmq, to, sizeof(*out->frames), ZMQ_DONTWAIT);
        if (got < 0) return false;
        if (n >= FRAME_COUNT || (size_t)got > sizeof(*out->frames))
            out->whole = false;
        else
            out->lens[n] = (size_t)got;
        if (zmq_getsockopt(zmq, ZMQ_RCVMORE, &more, &len) != 0) return false;
    }
    out->whole = out->whole && n == FRAME_COUNT;
    return true;
}

static bool is_text(const struct request *request, int frame, const char *text)
{
    return request->lens[frame] == strlen(text) &&
           memcmp(request->frames[frame], text, strlen(text)) == 0;
}

/* Refused aloud (400), not with silence (300): who was here before goes straight
 * to mesh, and must hear at once that it is to knock at the door first.  Only
 * members have mesh's key, and can ask. */
static const char *judge_mesh(struct daf_link *link,
                              const struct daf_box_pk *key)
{
    return daf_link_keys_get(&link->keys, key) == DAF_LINK_RIGHT_ALLOWED
               ? "200"
               : "400";
}

static const char *judge(struct daf_link *link, const struct request *request,
                         struct daf_box_pk *key)
{
    const char *status;

    if (!request->whole || !is_text(request, FRAME_VERSION, "1.0") ||
        !is_text(request, FRAME_MECHANISM, "CURVE") ||
        request->lens[FRAME_KEY] != sizeof(key->b))
        return "400";
    memcpy(key->b, request->frames[FRAME_KEY], sizeof(key->b));
    if (is_text(request, FRAME_DOMAIN, "door/1") ||
        is_text(request, FRAME_DOMAIN, "porch/1"))
        return "200";
    if (!is_text(request, FRAME_DOMAIN, "mesh/1")) return "400";
    status = judge_mesh(link, key);
    if (status[0] != '2') {
        link->refused.keys++;
        if (memcmp(key->b, link->selftest.stranger.b, sizeof(key->b)) == 0)
            link->selftest.denied = true;
    }
    return status;
}

static void answer(void *zmq, const struct request *request, const char *status,
                   const struct daf_box_pk *key)
{
    char hex[2 * sizeof(key->b) + 1] = "";

    if (status[0] == '2')
        (void)sodium_bin2hex(hex, sizeof(hex), key->b, sizeof(key->b));
    (void)zmq_send(zmq, "1.0", 3, ZMQ_SNDMORE);
    (void)zmq_send(zmq, request->frames[FRAME_REQUEST],
                   request->lens[FRAME_REQUEST], ZMQ_SNDMORE);
    (void)zmq_send(zmq, status, strlen(status), ZMQ_SNDMORE);
    (void)zmq_send(zmq, "", 0, ZMQ_SNDMORE); /* words for the log: none */
    (void)zmq_send(zmq, hex, strlen(hex), ZMQ_SNDMORE);
    (void)zmq_send(zmq, "", 0, 0); /* metadata: none */
}

static enum daf_link_turn step_zap(struct daf_link *link,
                                   struct daf_link_sock *sock)
{
    for (int i = 0; i < DAF_LINK_TURN_MESSAGES; i++) {
        struct request request = {.whole = false};
        struct daf_box_pk key = {{0}};
        if (!take_request(sock->zmq, &request)) return DAF_LINK_TURN_IDLE;
        answer(sock->zmq, &request, judge(link, &request, &key), &key);
    }
    return DAF_LINK_TURN_MORE;
}

bool daf_link_zap_open(struct daf_link *link)
{
    return daf_link_sock_open(link, &link->zap, ZMQ_REP, step_zap, link) &&
           zmq_bind(link->zap.zmq, "inproc://zeromq.zap.01") == 0;
}
