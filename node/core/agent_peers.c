/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping in touch.  An address names a door; being let in names the mesh.  Of a
 * device with several addresses one is tried at a time.  Whatever ends is tried
 * again after 1, 2, 4, 8, 15 s, and up to a minute where mDNS sees nobody (longer
 * if there are many such: far_longest()), each less up to three quarters by chance, so
 * a school that gets its power back does not knock in step: of 1,000 who call one device at once link takes 128 at a
 * time, and all are in after 1 to 3 s; 7 s if it is up to one quarter. */
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

void daf_agent_peer_due(struct daf_agent *a, const struct daf_peer *p,
                        struct daf_mono at)
{
    struct daf_peer_row *row = daf_agent_row(a, p);

    a->is_first_due_stale |=
        row->due_ms == a->first_due_ms && at.ms > row->due_ms;
    row->due_ms = at.ms;
    if (at.ms < a->first_due_ms) a->first_due_ms = at.ms;
}

static void cover(struct daf_agent *a, struct daf_peer *p)
{
    p->state = DAF_PEER_COVERED;
    daf_agent_row(a, p)->conn = 0;
    daf_agent_peer_due(a, p, DAF_MONO_NEVER);
    p->backoff_ms = 0;
    daf_agent_book_doubt(a, p);
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
    for (size_t i = 0; a->conns_count > 0 && i < a->peers_count; i++) {
        const struct daf_peer *q = &a->peers[i];

        if (a->rows[i].conn != 0 && q != p && daf_agent_book_same(p, q) &&
            !covers(a, q) && (is_vouched(q) || !is_vouched(p)))
            return true;
    }
    return false;
}

/* By its announcement, or by what that device says itself, it is one that is
 * connected already; only its own door can say so for certain, and that has time. */
static bool may_be_put_off(struct daf_agent *a, const struct daf_peer *p)
{
    if (p->was_put_off || a->conns_count == 0) return false;
    if (p->is_known && daf_agent_session_with(a, &p->author) != NULL)
        return true;
    for (size_t i = daf_agent_book_like(a, p, 0); i < a->peers_count;
         i = daf_agent_book_like(a, p, i + 1)) {
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
    daf_agent_row(a, p)->conn = id;
    p->since = a->now;
    daf_agent_peer_due(a, p,
                       endpoint == DAF_ENDPOINT_DOOR || p->is_straight
                           ? after(a, DOOR_MS)
                           : DAF_MONO_NEVER);
    port->connect(port->ctx, id, endpoint, addr, server);
}

/* Its other addresses need not wait for this one any more. */
static void wake_siblings(struct daf_agent *a, const struct daf_peer *p)
{
    for (size_t i = daf_agent_book_like(a, p, 0); i < a->peers_count;
         i = daf_agent_book_like(a, p, i + 1)) {
        struct daf_peer *q = &a->peers[i];

        if (!q->is_waiting || !daf_agent_book_same(p, q)) continue;
        q->is_waiting = false;
        daf_agent_peer_soon(a, q, after(a, daf_rng_below(&a->rng, 250)));
    }
}

/* Hearsay or the past stands for it, nothing better. */
static bool is_far(const struct daf_peer *p)
{
    return !p->is_there && p->found_by != DAF_FOUND_STATIC;
}

/* Of 400 devices that are out of reach each was called every 17 minutes: 98 of 100
 * inputs of a day that a device spends alone.  So the more calls in a row come to
 * nothing, the rarer they are: alone from now on a device calls 340 times in the
 * first hour, 1,660 in a day.  Whoever comes near says so by mDNS; one of those
 * calls that is answered begins anew, as does another network. */
static uint64_t far_longest(const struct daf_agent *a)
{
    uint64_t gap = (uint64_t)a->far_vain * DAF_AGENT_FAR_GAP_MS;

    if (gap > DAF_AGENT_FAR_GAP_MAX_MS) gap = DAF_AGENT_FAR_GAP_MAX_MS;
    gap *= a->peers_count;
    /* Few, as in a school: the wait is for one of them, not for all. */
    if (a->peers_count <= DAF_AGENT_FAR_MAX_MS / DAF_AGENT_FAR_EACH_MS &&
        gap > DAF_AGENT_FAR_GAP_MAX_MS)
        gap = DAF_AGENT_FAR_GAP_MAX_MS;
    return gap;
}

void daf_agent_peer_far(struct daf_agent *a, const struct daf_peer *p,
                        uint64_t ms)
{
    uint64_t far = far_longest(a);

    daf_agent_peer_soon(a, p,
                        after(a, daf_rng_below(&a->rng, far > ms ? far : ms)));
}

/* Somebody answered where nobody is seen: there is a way again.  All the others
 * are called within a round. */
static void far_answered(struct daf_agent *a)
{
    uint64_t round = a->peers_count * DAF_AGENT_FAR_EACH_MS;
    bool was_rare = a->far_vain > 0;

    a->far_vain = 0;
    for (size_t i = 0; was_rare && i < a->peers_count; i++) {
        struct daf_peer *p = &a->peers[i];

        if (p->state == DAF_PEER_RETRYING &&
            a->rows[i].due_ms > a->now.ms + round)
            daf_agent_peer_soon(a, p, after(a, daf_rng_below(&a->rng, round)));
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

static uint64_t wait_for(struct daf_agent *a, const struct daf_peer *p)
{
    uint64_t far = is_far(p) ? far_longest(a) : 0;
    uint64_t least = p->backoff_ms / 4;

    a->far_vain += is_far(p);
    return far > p->backoff_ms
               ? least + daf_rng_below(&a->rng, far - least)
               : p->backoff_ms - daf_rng_below(&a->rng, 3 * least);
}

void daf_agent_peer_retry(struct daf_agent *a, struct daf_peer *p)
{
    uint64_t wait, longest;

    if (p->is_straight) { /* not there, or it does not know us: to the door */
        p->is_straight = false;
        p->is_elsewhere = true;
        p->state = DAF_PEER_RETRYING;
        daf_agent_row(a, p)->conn = 0;
        daf_agent_peer_due(a, p, a->now);
        return;
    }
    if (p->backoff_ms < DAF_AGENT_RETRY_MIN_MS ||
        a->now.ms - p->since.ms > STEADY_MS)
        p->backoff_ms = DAF_AGENT_RETRY_MIN_MS;
    wait = wait_for(a, p);
    longest = longest_wait(a, p);
    p->backoff_ms =
        (uint32_t)(2 * p->backoff_ms > longest ? longest : 2 * p->backoff_ms);
    p->state = DAF_PEER_RETRYING;
    daf_agent_row(a, p)->conn = 0;
    daf_agent_peer_due(a, p, after(a, wait));
    if (p->failures < UINT16_MAX) p->failures++;
    p->was_put_off = false;
    wake_siblings(a, p);
    daf_agent_book_doubt(a, p);
}

void daf_agent_peer_soon(struct daf_agent *a, const struct daf_peer *p,
                         struct daf_mono at)
{
    if (p->state == DAF_PEER_RETRYING && at.ms < daf_agent_row(a, p)->due_ms)
        daf_agent_peer_due(a, p, at);
}

/* "192.0.2.7:5670" and another port give "192.0.2.7:41234". */
static struct daf_addr with_port(struct daf_where where, uint16_t port)
{
    struct daf_addr addr;

    where.port = port;
    daf_addr_format(&where, &addr);
    return addr;
}

/* Whoever let us in before is called at mesh, beside its door: half the
 * handshakes, and one trip less.  It refuses aloud if it does not know us. */
static bool call_straight(struct daf_agent *a, struct daf_peer *p)
{
    const struct daf_authority *auth = daf_camp_authority(a->camp);
    struct daf_device device;
    struct daf_addr addr;

    if (!p->is_proven || !p->is_known || p->is_elsewhere ||
        a->is_revoked || /* its door is to let us in once (R110) */
        !auth->by_author(auth->ctx, &p->author, &device) ||
        daf_camp_is_revoked(a->camp, &p->author) ||
        p->where.port + DAF_MESH_STEP > UINT16_MAX)
        return false;
    addr = with_port(p->where, (uint16_t)(p->where.port + DAF_MESH_STEP));
    p->is_straight = true;
    connect_to(a, p, DAF_ENDPOINT_MESH, &addr, &device.keys.transport);
    return true;
}

/* A try is due: unless the peer has come to us meanwhile. */
static void try_now(struct daf_agent *a, struct daf_peer *p)
{
    if (a->is_revoked && !a->leave.is_left) {
        /* R50: nobody is called any more */
        daf_agent_peer_due(a, p, DAF_MONO_NEVER);
        return;
    }
    p->is_waiting = !covers(a, p) && sibling_calls(a, p);
    if (covers(a, p)) {
        cover(a, p);
    } else if (p->is_waiting) {
        daf_agent_peer_due(a, p, after(a, DOOR_MS));
    } else if (may_be_put_off(a, p)) {
        p->was_put_off = true;
        daf_agent_peer_due(a, p,
                           after(a, PUT_OFF_MS +
                                        daf_rng_below(&a->rng, PUT_OFF_MS)));
    } else if (p->found_by != DAF_FOUND_STATIC &&
               a->conns_count >= DAF_AGENT_ENOUGH) {
        daf_agent_peer_due(a, p,
                           after(a, ENOUGH_MS +
                                        daf_rng_below(&a->rng, ENOUGH_MS)));
    } else if (!call_straight(a, p)) {
        struct daf_addr addr = with_port(p->where, p->where.port);

        connect_to(a, p, DAF_ENDPOINT_DOOR, &addr, &a->door_pk);
    }
}

struct daf_peer *daf_agent_peer_of(struct daf_agent *a, uint32_t conn)
{
    if (conn == 0 || (conn & DAF_CONN_INCOMING) != 0) return NULL;
    for (size_t i = 0; i < a->peers_count; i++) {
        if (a->rows[i].conn == conn) return &a->peers[i];
    }
    return NULL;
}

void daf_agent_peer_mesh(struct daf_agent *a, struct daf_peer *p,
                         const struct daf_device *device, uint16_t port)
{
    struct daf_addr addr = with_port(p->where, port);

    p->is_welcome = true;
    daf_agent_book_name(a, p, &device->author);
    p->is_elsewhere = p->where.port + DAF_MESH_STEP != port;
    if (covers(a, p)) {
        /* It came to us: its door's word is all there will be. */
        daf_agent_book_proven(a, p, &device->author);
        cover(a, p);
        return;
    }
    connect_to(a, p, DAF_ENDPOINT_MESH, &addr, &device->keys.transport);
}

void daf_agent_peer_met(struct daf_agent *a, struct daf_peer *p,
                        const struct daf_author_id *author)
{
    p->is_straight = false;
    daf_agent_peer_due(a, p, DAF_MONO_NEVER);
    daf_agent_book_proven(a, p, author);
    if (!p->is_there) far_answered(a);
}

void daf_agent_peers_uncover(struct daf_agent *a,
                             const struct daf_author_id *author)
{
    for (size_t i = 0; i < a->peers_count; i++) {
        struct daf_peer *p = &a->peers[i];

        /* What is covered waits for nothing. */
        if (a->rows[i].due_ms != DAF_MONO_NEVER.ms || a->rows[i].author == 0)
            continue;
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
        daf_agent_peer_due(a, p,
                           after(a, ms > 0 ? daf_rng_below(&a->rng, ms) : 0));
        if (ms > 0) p->backoff_ms = 0;
    }
    a->far_vain = 0;
}

static void peer_timer(struct daf_agent *a, struct daf_peer *p)
{
    struct daf_conn *c;

    if (!a->is_listening) { /* a link that is away says LISTENING later */
        daf_agent_peer_due(a, p, DAF_MONO_NEVER);
    } else if (p->state == DAF_PEER_RETRYING) {
        try_now(a, p);
    } else if (is_calling(p)) {
        c = daf_agent_conn(a, daf_agent_row(a, p)->conn);
        if (c != NULL) daf_agent_conn_close(a, c);
        daf_agent_peer_retry(a, p);
    }
}

void daf_agent_peers_after(struct daf_agent *a)
{
    if (!a->is_first_due_stale) return;
    a->is_first_due_stale = false;
    a->first_due_ms = DAF_MONO_NEVER.ms;
    for (size_t i = 0; i < a->peers_count; i++) {
        if (a->rows[i].due_ms < a->first_due_ms)
            a->first_due_ms = a->rows[i].due_ms;
    }
}

void daf_agent_peers_timer(struct daf_agent *a)
{
    daf_agent_book_sweep(a);
    if (a->first_due_ms > a->now.ms) return;
    for (size_t i = 0; i < a->peers_count; i++) {
        if (a->rows[i].due_ms <= a->now.ms) peer_timer(a, &a->peers[i]);
    }
}

struct daf_mono daf_agent_peers_deadline(const struct daf_agent *a)
{
    return a->is_listening ? (struct daf_mono){a->first_due_ms}
                           : DAF_MONO_NEVER;
}
