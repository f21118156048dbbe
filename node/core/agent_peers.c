/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping in touch.  An address names a door; being let in names the mesh.  Of a
 * device with several addresses one is tried at a time.  Whatever ends is tried
 * again after 1, 2, 4, 8, 15 s, and up to a minute where mDNS sees nobody (longer
 * if there are many such: DAF_AGENT_FAR_EACH_MS), each less up to three quarters by chance, so a school that gets its power back does
 * not knock in step: of 1,000 who call one device at once link takes 128 at a
 * time, and all are in after 1 to 3 s; 7 s if it is up to one quarter. */
#include "node/core/addr.h"
#include "node/core/agent_impl.h"

#define DOOR_MS 10000 /* from connect to WELCOME; a handshake has 5 s */
/* What lasted this long starts again at 1 s; a session that ends sooner, as with a
 * full disk, does not. */
#define STEADY_MS  30000
#define PUT_OFF_MS 20000 /* another address of somebody who is connected */
#define ENOUGH_MS  30000 /* then look whether there is room for one more */

/* Whoever is connected need not be called.  Hearsay does not count: who says that
 * another's address is his would keep us from ever calling there. */
static bool covers(struct daf_agent *a, const struct daf_peer *p)
{
    return p->is_known && (p->is_proven || p->is_welcome) &&
           daf_agent_session_with(a, &p->author) != NULL;
}

static void cover(struct daf_peer *p)
{
    p->state = DAF_PEER_COVERED;
    p->conn = 0;
    p->deadline = DAF_MONO_NEVER;
    p->backoff_ms = 0;
}

static bool is_calling(const struct daf_peer *p)
{
    return p->state == DAF_PEER_DOOR || p->state == DAF_PEER_MESH;
}

/* Somebody stands for it: a person, mDNS, or the past. */
static bool is_vouched(const struct daf_peer *p)
{
    return p->is_proven || p->is_there || p->found_by == DAF_FOUND_STATIC;
}

/* Another address of the same device is being called.  Hearsay does not hold up
 * what somebody stands for. */
static bool sibling_calls(struct daf_agent *a, const struct daf_peer *p)
{
    for (size_t i = 0; i < a->peers_count; i++) {
        const struct daf_peer *q = &a->peers[i];

        if (q != p && is_calling(q) && daf_agent_book_same(p, q) &&
            !covers(a, q) && (is_vouched(q) || !is_vouched(p)))
            return true;
    }
    return false;
}

/* By its announcement it is a device that is connected already; only its own door
 * can say so for certain, and that has time. */
static bool may_be_put_off(struct daf_agent *a, const struct daf_peer *p)
{
    for (size_t i = 0; !p->was_put_off && i < a->peers_count; i++) {
        const struct daf_peer *q = &a->peers[i];

        if (q != p && daf_agent_book_same(p, q) && covers(a, q)) return true;
    }
    return false;
}

static struct daf_mono after(const struct daf_agent *a, uint64_t ms)
{
    return (struct daf_mono){a->now.ms + ms};
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
    p->deadline = endpoint == DAF_ENDPOINT_DOOR || p->is_straight
                      ? after(a, DOOR_MS)
                      : DAF_MONO_NEVER;
    port->connect(port->ctx, id, endpoint, addr, server);
}

/* Its other addresses need not wait for this one any more. */
static void wake_siblings(struct daf_agent *a, const struct daf_peer *p)
{
    for (size_t i = 0; i < a->peers_count; i++) {
        struct daf_peer *q = &a->peers[i];

        if (!q->is_waiting || !daf_agent_book_same(p, q)) continue;
        q->is_waiting = false;
        daf_agent_peer_soon(q, after(a, daf_rng_below(&a->rng, 250)));
    }
}

/* Of a camp of 400 a device alone would knock at seven doors a second, all day. */
static uint64_t longest_wait(const struct daf_agent *a,
                             const struct daf_peer *p)
{
    uint64_t far = a->peers_count * DAF_AGENT_FAR_EACH_MS;

    if (p->is_there || p->found_by == DAF_FOUND_STATIC)
        return DAF_AGENT_RETRY_MAX_MS;
    return far > DAF_AGENT_FAR_MAX_MS ? far : DAF_AGENT_FAR_MAX_MS;
}

void daf_agent_peer_retry(struct daf_agent *a, struct daf_peer *p)
{
    uint64_t wait;

    if (p->is_straight) { /* not there, or it does not know us: to the door */
        p->is_straight = false;
        p->is_elsewhere = true;
        p->state = DAF_PEER_RETRYING;
        p->conn = 0;
        p->deadline = a->now;
        return;
    }
    if (p->backoff_ms < DAF_AGENT_RETRY_MIN_MS ||
        a->now.ms - p->since.ms > STEADY_MS)
        p->backoff_ms = DAF_AGENT_RETRY_MIN_MS;
    wait = p->backoff_ms - daf_rng_below(&a->rng, p->backoff_ms / 4 * 3);
    p->state = DAF_PEER_RETRYING;
    p->conn = 0;
    p->deadline = after(a, wait);
    p->backoff_ms *= 2;
    if (p->backoff_ms > longest_wait(a, p)) p->backoff_ms = longest_wait(a, p);
    p->failures++;
    p->was_put_off = false;
    wake_siblings(a, p);
}

void daf_agent_peer_soon(struct daf_peer *p, struct daf_mono at)
{
    if (p->state == DAF_PEER_RETRYING && at.ms < p->deadline.ms)
        p->deadline = at;
}

/* "192.0.2.7:5670" and another port give "192.0.2.7:41234". */
static void with_port(const struct daf_addr *addr, uint16_t port,
                      struct daf_addr *out)
{
    struct daf_where where = {.port = 0};

    (void)daf_addr_parse(addr, &where); /* the book has no other */
    where.port = port;
    daf_addr_format(&where, out);
}

/* Whoever let us in before is called at mesh, beside its door: half the
 * handshakes, and one trip less.  It refuses aloud if it does not know us. */
static bool call_straight(struct daf_agent *a, struct daf_peer *p)
{
    const struct daf_authority *auth = daf_camp_authority(a->camp);
    struct daf_where where;
    struct daf_device device;
    struct daf_addr addr;

    if (!p->is_proven || !p->is_known || p->is_elsewhere ||
        !auth->by_author(auth->ctx, &p->author, &device) ||
        daf_camp_is_revoked(a->camp, &p->author) ||
        !daf_addr_parse(&p->addr, &where) ||
        where.port + DAF_MESH_STEP > UINT16_MAX)
        return false;
    with_port(&p->addr, (uint16_t)(where.port + DAF_MESH_STEP), &addr);
    p->is_straight = true;
    connect_to(a, p, DAF_ENDPOINT_MESH, &addr, &device.keys.transport);
    return true;
}

/* A try is due: unless the peer has come to us meanwhile. */
static void try_now(struct daf_agent *a, struct daf_peer *p)
{
    if (a->is_revoked) { /* R50: nobody is called any more */
        p->deadline = DAF_MONO_NEVER;
        return;
    }
    p->is_waiting = !covers(a, p) && sibling_calls(a, p);
    if (covers(a, p)) {
        cover(p);
    } else if (p->is_waiting) {
        p->deadline = after(a, DOOR_MS);
    } else if (may_be_put_off(a, p)) {
        p->was_put_off = true;
        p->deadline = after(a, PUT_OFF_MS + daf_rng_below(&a->rng, PUT_OFF_MS));
    } else if (p->found_by != DAF_FOUND_STATIC &&
               a->conns_count >= DAF_AGENT_ENOUGH) {
        p->deadline = after(a, ENOUGH_MS + daf_rng_below(&a->rng, ENOUGH_MS));
    } else if (!call_straight(a, p)) {
        connect_to(a, p, DAF_ENDPOINT_DOOR, &p->addr, &a->door_pk);
    }
}

struct daf_peer *daf_agent_peer_of(struct daf_agent *a, uint32_t conn)
{
    for (size_t i = 0; conn != 0 && i < a->peers_count; i++) {
        if (a->peers[i].conn == conn) return &a->peers[i];
    }
    return NULL;
}

void daf_agent_peer_mesh(struct daf_agent *a, struct daf_peer *p,
                         const struct daf_device *device, uint16_t port)
{
    struct daf_where where;
    struct daf_addr addr;

    p->is_welcome = true;
    p->is_known = true;
    p->author = device->author;
    p->is_elsewhere =
        !daf_addr_parse(&p->addr, &where) || where.port + DAF_MESH_STEP != port;
    if (covers(a, p)) {
        /* It came to us: its door's word is all there will be. */
        daf_agent_book_proven(a, p, &device->author);
        cover(p);
        return;
    }
    with_port(&p->addr, port, &addr);
    connect_to(a, p, DAF_ENDPOINT_MESH, &addr, &device->keys.transport);
}

void daf_agent_peer_met(struct daf_agent *a, struct daf_peer *p,
                        const struct daf_author_id *author)
{
    p->is_straight = false;
    p->deadline = DAF_MONO_NEVER;
    daf_agent_book_proven(a, p, author);
}

void daf_agent_peers_uncover(struct daf_agent *a,
                             const struct daf_author_id *author)
{
    for (size_t i = 0; i < a->peers_count; i++) {
        struct daf_peer *p = &a->peers[i];

        if (p->state == DAF_PEER_COVERED && p->is_known &&
            memcmp(p->author.b, author->b, sizeof(author->b)) == 0)
            daf_agent_peer_retry(a, p);
    }
}

void daf_agent_peers_start(struct daf_agent *a, uint64_t ms)
{
    for (size_t i = 0; i < a->peers_count; i++) {
        struct daf_peer *p = &a->peers[i];

        if (p->state != DAF_PEER_RETRYING) continue;
        p->deadline = after(a, ms > 0 ? daf_rng_below(&a->rng, ms) : 0);
        if (ms > 0) p->backoff_ms = 0;
    }
}

void daf_agent_peers_timer(struct daf_agent *a)
{
    daf_agent_book_sweep(a);
    for (size_t i = 0; i < a->peers_count; i++) {
        struct daf_peer *p = &a->peers[i];

        /* A link that is away says LISTENING when it is back. */
        if (p->deadline.ms > a->now.ms) continue;
        if (!a->is_listening) {
            p->deadline = DAF_MONO_NEVER;
        } else if (p->state == DAF_PEER_RETRYING) {
            try_now(a, p);
        } else if (is_calling(p)) {
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
