/* SPDX-License-Identifier: Apache-2.0 */
/* node/link_selftest.c - before READY, a stranger must be refused.
 *
 * libzmq lets everybody in when a ZAP handler is missing or the domain is not
 * enforced; nothing else would show it.  Two throw-away clients try:
 *
 *   mesh, right server key, unknown own key: ZAP must be asked about that very
 *         key and say no, and mesh must report that it obeyed;
 *   door, wrong server key: its handshake must fail.
 *
 * Neither may ever succeed. */
#include "node/link_impl.h"

#include <sodium.h>

static enum daf_link_turn step_probe(struct daf_link *link,
                                     struct daf_link_sock *sock)
{
    struct daf_link_probe *probe = sock->owner;
    struct daf_link_event event;

    while (daf_link_sock_event(sock, &event)) {
        if (event.id == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) probe->entered = true;
        if (event.id == ZMQ_EVENT_DISCONNECTED ||
            event.id == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL ||
            event.id == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)
            probe->refused = true;
    }
    daf_link_selftest_check(link);
    return DAF_LINK_TURN_IDLE;
}

static enum daf_link_turn step_nothing(struct daf_link *link,
                                       struct daf_link_sock *sock)
{
    (void)link;
    (void)daf_link_sock_events(sock);
    return DAF_LINK_TURN_IDLE;
}

static bool start(struct daf_link *link, struct daf_link_probe *probe,
                  const struct daf_box_pk *server,
                  const struct daf_box_sk *stranger_sk,
                  const struct daf_where *where)
{
    char endpoint[DAF_LINK_ENDPOINT_BYTES];

    daf_link_addr_format(where, endpoint);
    return daf_link_sock_open(link, &probe->dealer, ZMQ_DEALER, step_nothing,
                              probe) &&
           daf_link_sock_watch(link, &probe->monitor, &probe->dealer,
                               step_probe, probe) &&
           daf_link_sock_call(&probe->dealer, server, &link->selftest.stranger,
                              stranger_sk, endpoint);
}

bool daf_link_selftest_begin(struct daf_link *link,
                             const struct daf_where *where)
{
    struct daf_link_selftest *test = &link->selftest;
    struct daf_where door = daf_link_addr_local(where, link->door_port);
    struct daf_where mesh = daf_link_addr_local(where, link->mesh_port);
    struct daf_box_sk sk;
    bool started;

    (void)crypto_box_keypair(test->stranger.b, sk.b);
    test->deadline_ms = link->now_ms + DAF_LINK_SELFTEST_MS;
    daf_link_wake(link, test->deadline_ms);
    /* The wrong server key for the door: any but the door's. */
    started = start(link, &test->mesh, &link->transport_pk, &sk, &mesh) &&
              start(link, &test->door, &test->stranger, &sk, &door);
    sodium_memzero(&sk, sizeof(sk));
    return started;
}

void daf_link_selftest_check(struct daf_link *link)
{
    const struct daf_link_selftest *test = &link->selftest;

    if (link->stage != DAF_LINK_STAGE_TESTING || link->done) return;
    if (test->mesh.entered || test->door.entered ||
        link->now_ms >= test->deadline_ms)
        daf_link_on_tested(link, false);
    else if (test->denied && test->enforced && test->door.refused)
        daf_link_on_tested(link, true);
}

void daf_link_selftest_end(struct daf_link *link)
{
    struct daf_link_selftest *test = &link->selftest;

    daf_link_sock_unwatch(link, &test->mesh.monitor, &test->mesh.dealer);
    daf_link_sock_unwatch(link, &test->door.monitor, &test->door.dealer);
}
