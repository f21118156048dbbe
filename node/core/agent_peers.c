/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses to keep in touch with.  An address names a door; being let in names
 * the mesh.  Whatever ends is tried again after 1, 2, 4, 8, 15 s, each less up
 * to three quarters by chance, so a school that gets its power back does not
 * knock in step: of 1,000 who call one device at once link takes 128 at a time,
 * and all are in after 1 to 3 s; 7 s if it is up to one quarter. */
#include <stdlib.h>

#include "node/core/agent_impl.h"

#define DOOR_MS 10000 /* from connect to WELCOME; a handshake has 5 s */
#define STEADY_MS \
    30000 /* what lasted this long starts again at 1 s; a session
                           that ends sooner, as with a full disk, does not */

static bool covers(struct daf_agent *a, const struct daf_peer *p)
{
    return p->is_known && daf_agent_session_with(a, &p->author) != NULL;
}

static void connect_to(struct daf_agent *a, struct daf_peer *p,
                       enum daf_endpoint endpoint, const struct daf_addr *addr,
                       const struct daf_box_pk *server)
{
    const struct daf_port *port = a->config.port;
    uint32_t id = a->next_conn++ & ~DAF_CONN_INCOMING;

    if (daf_agent_conn_new(a, id, endpoint) == NULL) {
        daf_agent_peer_retry(a, p);
        return;
    }
    p->state = endpoint == DAF_ENDPOINT_DOOR ? DAF_PEER_DOOR : DAF_PEER_MESH;
    p->conn = id;
    p->since = a->now;
    p->deadline = endpoint == DAF_ENDPOINT_DOOR
                      ? (struct daf_mono){a->now.ms + DOOR_MS}
                      : DAF_MONO_NEVER;
    port->connect(port->ctx, id, endpoint, addr, server);
}

void daf_agent_peer_retry(struct daf_agent *a, struct daf_peer *p)
{
    uint64_t wait;

    if (p->backoff_ms < DAF_AGENT_RETRY_MIN_MS ||
        a->now.ms - p->since.ms > STEADY_MS)
        p->backoff_ms = DAF_AGENT_RETRY_MIN_MS;
    wait = p->backoff_ms - daf_rng_below(&a->rng, p->backoff_ms / 4 * 3);
    p->state = DAF_PEER_RETRYING;
    p->conn = 0;
    p->deadline = (struct daf_mono){a->now.ms + wait};
    p->backoff_ms *= 2;
    if (p->backoff_ms > DAF_AGENT_RETRY_MAX_MS)
        p->backoff_ms = DAF_AGENT_RETRY_MAX_MS;
}

/* A try is due: unless the peer has come to us meanwhile. */
static void try_now(struct daf_agent *a, struct daf_peer *p)
{
    if (covers(a, p)) {
        p->state = DAF_PEER_COVERED;
        p->deadline = DAF_MONO_NEVER;
        p->backoff_ms = 0;
        return;
    }
    connect_to(a, p, DAF_ENDPOINT_DOOR, &p->addr, &a->door_pk);
}

void daf_agent_peer_add(struct daf_agent *a, const struct daf_addr *addr)
{
    struct daf_peer *p;

    for (size_t i = 0; i < a->peers_count; i++) {
        if (strcmp(a->peers[i].addr.text, addr->text) == 0) return;
    }
    if (a->peers_count == DAF_AGENT_PEERS_MAX) return;
    p = daf_agent_grow(a->peers, &a->peers_cap, a->peers_count,
                       sizeof(*a->peers));
    /* The host says it once, and a device that calls nobody stays alone; started
     * again, it is told again. */
    if (p == NULL) abort();
    a->peers = p;
    p = &a->peers[a->peers_count++];
    memset(p, 0, sizeof(*p));
    p->addr = *addr;
    p->deadline = a->now; /* at once, or when the link listens */
}

struct daf_peer *daf_agent_peer_of(struct daf_agent *a, uint32_t conn)
{
    for (size_t i = 0; conn != 0 && i < a->peers_count; i++) {
        if (a->peers[i].conn == conn) return &a->peers[i];
    }
    return NULL;
}

/* "192.0.2.7:5670" and another port give "192.0.2.7:41234". */
static void with_port(const struct daf_addr *addr, uint16_t port,
                      struct daf_addr *out)
{
    const char *colon = strrchr(addr->text, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - addr->text) + 1;
    char digits[5];
    size_t count = 0;

    memset(out, 0, sizeof(*out));
    if (len == 0 || len + sizeof(digits) > DAF_ADDR_BYTES_MAX) return;
    memcpy(out->text, addr->text, len);
    for (unsigned v = port; v > 0 || count == 0; v /= 10)
        digits[count++] = (char)('0' + v % 10);
    while (count > 0)
        out->text[len++] = digits[--count];
}

void daf_agent_peer_mesh(struct daf_agent *a, struct daf_peer *p,
                         const struct daf_author_id *author,
                         const struct daf_box_pk *transport, uint16_t port)
{
    struct daf_addr addr;

    p->is_known = true;
    p->author = *author;
    if (covers(a, p)) {
        p->state = DAF_PEER_COVERED;
        p->conn = 0;
        p->deadline = DAF_MONO_NEVER;
        p->backoff_ms = 0;
        return;
    }
    with_port(&p->addr, port, &addr);
    connect_to(a, p, DAF_ENDPOINT_MESH, &addr, transport);
}

void daf_agent_peers_uncover(struct daf_agent *a,
                             const struct daf_author_id *author)
{
    for (size_t i = 0; i < a->peers_count; i++) {
        struct daf_peer *p = &a->peers[i];

        if (p->state == DAF_PEER_COVERED &&
            memcmp(p->author.b, author->b, sizeof(author->b)) == 0)
            daf_agent_peer_retry(a, p);
    }
}

void daf_agent_peers_start(struct daf_agent *a)
{
    for (size_t i = 0; i < a->peers_count; i++) {
        if (a->peers[i].state == DAF_PEER_RETRYING)
            a->peers[i].deadline = a->now;
    }
}

void daf_agent_peers_timer(struct daf_agent *a)
{
    for (size_t i = 0; i < a->peers_count; i++) {
        struct daf_peer *p = &a->peers[i];

        /* A link that is away says LISTENING when it is back. */
        if (p->deadline.ms > a->now.ms) continue;
        if (!a->is_listening) {
            p->deadline = DAF_MONO_NEVER;
        } else if (p->state == DAF_PEER_RETRYING) {
            try_now(a, p);
        } else if (p->state == DAF_PEER_DOOR) {
            struct daf_conn *c = daf_agent_conn(a, p->conn);

            if (c != NULL) daf_agent_conn_close(a, c);
            daf_agent_peer_retry(a, p);
        }
    }
}

struct daf_mono daf_agent_peers_deadline(const struct daf_agent *a)
{
    struct daf_mono first = DAF_MONO_NEVER;

    for (size_t i = 0; i < a->peers_count; i++) {
        if (a->is_listening && a->peers[i].deadline.ms < first.ms)
            first = a->peers[i].deadline;
    }
    return first;
}
