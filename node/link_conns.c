/* SPDX-License-Identifier: Apache-2.0 */
/* node/link_conns.c - the table of connections, and how one ends. */
#include "node/link_impl.h"

#include <assert.h>
#include <stdlib.h>

void daf_link_conns_init(struct daf_link_conns *conns)
{
    TAILQ_INIT(&conns->all);
    TAILQ_INIT(&conns->dead);
}

static struct daf_link_bucket *number_bucket(struct daf_link *link,
                                             uint32_t number)
{
    return &link->conns.numbers[number % DAF_LINK_BUCKETS];
}

static struct daf_link_bucket *id_bucket(struct daf_link_router *router,
                                         const uint8_t *id)
{
    /* libzmq counts up: the last byte changes with each peer. */
    return &router->ids[(id[3] << 8 | id[4]) % DAF_LINK_BUCKETS];
}

static bool has_room(const struct daf_link *link, bool incoming)
{
    /* Those cut and not yet disconnected count: a peer may be slow to leave,
     * and may not fill our memory meanwhile. */
    return incoming ? link->conns.incoming_count < DAF_LINK_INCOMING_MAX
                    : link->conns.outgoing_count < DAF_LINK_OUTGOING_MAX;
}

struct daf_link_conn *daf_link_conns_new(struct daf_link *link,
                                         struct daf_link_router *router,
                                         const uint8_t *id, uint32_t number)
{
    bool incoming = router != NULL;
    struct daf_link_conn *conn;

    if (!has_room(link, incoming)) return NULL;
    conn = calloc(1, sizeof(*conn));
    if (conn == NULL) return NULL;
    conn->number = number;
    conn->incoming = incoming;
    conn->deadline_ms = DAF_LINK_NEVER;
    conn->fd = -1;
    STAILQ_INIT(&conn->frames);
    TAILQ_INSERT_TAIL(&link->conns.all, conn, entry);
    LIST_INSERT_HEAD(number_bucket(link, number), conn, number_entry);
    if (incoming) {
        link->conns.incoming_count++;
        conn->router = router;
        conn->endpoint = router->endpoint;
        memcpy(conn->id, id, sizeof(conn->id));
        LIST_INSERT_HEAD(id_bucket(router, id), conn, id_entry);
        router->conns_count++;
    } else {
        link->conns.outgoing_count++;
    }
    return conn;
}

struct daf_link_conn *daf_link_conns_get(struct daf_link *link, uint32_t number)
{
    struct daf_link_conn *conn;

    LIST_FOREACH(conn, number_bucket(link, number), number_entry)
    if (conn->number == number) return conn;
    return NULL;
}

struct daf_link_conn *daf_link_conns_by_id(struct daf_link_router *router,
                                           const uint8_t *id)
{
    struct daf_link_conn *conn;

    LIST_FOREACH(conn, id_bucket(router, id), id_entry)
    if (memcmp(conn->id, id, sizeof(conn->id)) == 0) return conn;
    return NULL;
}

size_t daf_link_conns_of_key(struct daf_link *link,
                             const struct daf_box_pk *key)
{
    struct daf_link_conn *conn;
    size_t count = 0;

    TAILQ_FOREACH(conn, &link->conns.all, entry)
    if (conn->incoming && memcmp(conn->key.b, key->b, sizeof(key->b)) == 0)
        count++;
    return count;
}

uint32_t daf_link_conns_number(struct daf_link *link)
{
    uint32_t number;

    do {
        link->conns.incoming_last++;
        number = DAF_CONN_INCOMING | link->conns.incoming_last;
    } while (daf_link_conns_get(link, number) != NULL);
    return number;
}

static void set_state(struct daf_link *link, struct daf_link_conn *conn,
                      enum daf_link_state state, uint64_t within_ms)
{
    if (conn->incoming && conn->state == DAF_LINK_STATE_GONE)
        conn->router->gone_count--;
    if (conn->incoming && state == DAF_LINK_STATE_GONE)
        conn->router->gone_count++;
    conn->state = state;
    conn->deadline_ms = link->now_ms + within_ms;
    daf_link_wake(link, conn->deadline_ms);
}

static bool is_known_to_core(const struct daf_link_conn *conn)
{
    return conn->state == DAF_LINK_STATE_OPENING ||
           conn->state == DAF_LINK_STATE_OPEN ||
           conn->state == DAF_LINK_STATE_GONE;
}

/* tell_closed: the last word about this number; core may use it again. */
static void tell_closed(struct daf_link *link, struct daf_link_conn *conn)
{
    if (!is_known_to_core(conn)) return;
    LIST_REMOVE(conn, number_entry);
    daf_link_core_put(link, DAF_LINK_CLOSED, conn->number, conn->endpoint,
                      (struct daf_view){NULL, 0});
}

void daf_link_conns_bind(struct daf_link_conn *conn, int fd)
{
    if (conn->fd >= 0) conn->router->fds[conn->fd].conn = NULL;
    conn->fd = fd;
    if (fd >= 0) conn->router->fds[fd].conn = conn;
}

void daf_link_conns_end(struct daf_link *link, struct daf_link_conn *conn)
{
    tell_closed(link, conn);
    if (conn->incoming) {
        if (conn->state == DAF_LINK_STATE_GONE) conn->router->gone_count--;
        daf_link_conns_bind(conn, -1);
        LIST_REMOVE(conn, id_entry);
        conn->router->conns_count--;
        link->conns.incoming_count--;
    } else {
        daf_link_sock_unwatch(link, &conn->monitor, &conn->dealer);
        link->conns.outgoing_count--;
    }
    daf_link_send_forget(link, conn);
    TAILQ_REMOVE(&link->conns.all, conn, entry);
    /* A step higher up may still hold the pointer. */
    conn->state = DAF_LINK_STATE_CUT;
    TAILQ_INSERT_TAIL(&link->conns.dead, conn, entry);
}

void daf_link_conns_lost(struct daf_link *link, struct daf_link_conn *conn)
{
    struct daf_link_sock *sock =
        conn->incoming ? &conn->router->sock : &conn->dealer;

    if (conn->incoming) daf_link_conns_bind(conn, -1);
    if (conn->state == DAF_LINK_STATE_GONE) return;
    if (conn->state != DAF_LINK_STATE_OPEN) {
        daf_link_conns_end(link, conn);
        return;
    }
    /* It may have said goodbye: its step ends it, when all was read. */
    daf_link_send_forget(link, conn);
    set_state(link, conn, DAF_LINK_STATE_GONE, DAF_LINK_GONE_MS);
    daf_link_sock_touch(link, sock);
}

void daf_link_conns_shut(struct daf_link *link, struct daf_link_conn *conn)
{
    if (conn->state != DAF_LINK_STATE_OPEN) {
        daf_link_conns_end(link, conn);
        return;
    }
    tell_closed(link, conn);
    set_state(link, conn, DAF_LINK_STATE_SHUT, DAF_LINK_SHUT_MS);
}

void daf_link_conns_shut_key(struct daf_link *link,
                             const struct daf_box_pk *key)
{
    struct daf_link_conn *conn = TAILQ_FIRST(&link->conns.all);

    while (conn != NULL) {
        struct daf_link_conn *next = TAILQ_NEXT(conn, entry);
        /* At the door it may still be told why. */
        if (is_known_to_core(conn) && conn->endpoint == DAF_ENDPOINT_MESH &&
            memcmp(conn->key.b, key->b, sizeof(key->b)) == 0)
            daf_link_conns_shut(link, conn);
        conn = next;
    }
}

void daf_link_conns_cut(struct daf_link *link, struct daf_link_conn *conn)
{
    /* GONE: it is disconnected already, and its descriptor another's. */
    if (!conn->incoming || conn->state == DAF_LINK_STATE_GONE || conn->fd < 0) {
        daf_link_conns_end(link, conn);
        return;
    }
    tell_closed(link, conn);
    daf_link_send_forget(link, conn);
    daf_link_in_close(conn->fd);
    set_state(link, conn, DAF_LINK_STATE_CUT, DAF_LINK_CUT_MS);
}

static void expire(struct daf_link *link, struct daf_link_conn *conn)
{
    switch (conn->state) {
    case DAF_LINK_STATE_GONE:
        if (daf_link_core_full(link)) { /* what it said is not read yet */
            set_state(link, conn, DAF_LINK_STATE_GONE, DAF_LINK_GONE_MS);
            break;
        }
        daf_link_conns_end(link, conn);
        break;
    case DAF_LINK_STATE_OPENING:
    case DAF_LINK_STATE_CUT:
        daf_link_conns_end(link, conn);
        break;
    case DAF_LINK_STATE_OPEN: /* at the door */
    case DAF_LINK_STATE_SHUT:
        daf_link_conns_cut(link, conn);
        break;
    }
}

void daf_link_conns_on_timer(struct daf_link *link)
{
    struct daf_link_conn *conn = TAILQ_FIRST(&link->conns.all);

    while (conn != NULL) {
        struct daf_link_conn *next = TAILQ_NEXT(conn, entry);
        if (conn->deadline_ms <= link->now_ms)
            expire(link, conn);
        else
            daf_link_wake(link, conn->deadline_ms);
        conn = next;
    }
}

void daf_link_conns_reap(struct daf_link *link)
{
    struct daf_link_conn *conn;

    while ((conn = TAILQ_FIRST(&link->conns.dead)) != NULL) {
        TAILQ_REMOVE(&link->conns.dead, conn, entry);
        free(conn);
    }
}

void daf_link_conns_deinit(struct daf_link *link)
{
    struct daf_link_conn *conn;

    while ((conn = TAILQ_FIRST(&link->conns.all)) != NULL)
        daf_link_conns_end(link, conn);
    daf_link_conns_reap(link);
}
