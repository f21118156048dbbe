/* SPDX-License-Identifier: Apache-2.0 */
/* The porch, the coordinator's side (docs/protocol.md §5.4): who holds the ticket
 * asks, both show six digits, a person says yes or no, once.  Who does not hold
 * it gets silence. */
#include <sodium.h>
#include <stdlib.h>

#include "node/core/agent_impl.h"
#include "proto/hash.h"
#include "proto/request.h"

/* ---- guests */

static struct daf_guest *guest_of(struct daf_porch *p, uint32_t conn)
{
    for (size_t i = 0; i < p->guests_count; i++)
        if (p->guests[i].conn == conn) return &p->guests[i];
    return NULL;
}

/* The number of one try: the joiner has committed to it and we have answered. */
static uint64_t id_of(const struct daf_guest *g)
{
    uint64_t id = 0;

    for (size_t i = 0; i < 8; i++)
        id = id << 8 | g->talk.joiner_commitment.b[i];
    return id;
}

static struct daf_guest *guest_with(struct daf_porch *p, uint64_t id)
{
    for (size_t i = 0; i < p->guests_count; i++)
        if (p->guests[i].step >= DAF_GUEST_WAITING &&
            id_of(&p->guests[i]) == id)
            return &p->guests[i];
    return NULL;
}

/* Forget it and hang up. */
static void drop(struct daf_agent *a, struct daf_guest *g)
{
    struct daf_porch *p = a->porch;
    struct daf_conn *c = g->conn != 0 ? daf_agent_conn(a, g->conn) : NULL;

    if (c != NULL) daf_agent_conn_close(a, c);
    *g = p->guests[--p->guests_count];
    sodium_memzero(&p->guests[p->guests_count], sizeof(*g));
}

static void refuse(struct daf_agent *a, struct daf_guest *g)
{
    a->stats.porch_refused++;
    drop(a, g);
}

static void send_frame(struct daf_agent *a, const struct daf_guest *g,
                       const struct daf_pack *k)
{
    const struct daf_conn *c = daf_agent_conn(a, g->conn);

    if (g->conn != 0 && c != NULL) daf_agent_conn_send(a, c, daf_pack_view(k));
}

static void decline(struct daf_agent *a, struct daf_guest *g,
                    enum daf_decline reason)
{
    struct daf_pack k;

    daf_pack_init(&k, a->scratch->frame, DAF_DOOR_BYTES_MAX);
    daf_frame_pack_decline(&k, reason);
    send_frame(a, g, &k);
    drop(a, g);
}

/* All but those who wait to be told what they were accepted with. */
static void decline_all(struct daf_agent *a, enum daf_decline reason)
{
    struct daf_porch *p = a->porch;

    for (size_t i = p->guests_count; i > 0; i--)
        if (p->guests[i - 1].step != DAF_GUEST_ACCEPTED)
            decline(a, &p->guests[i - 1], reason);
}

/* A place for one more: those who left are the first to make room. */
static bool make_room(struct daf_agent *a, size_t count, size_t max)
{
    struct daf_porch *p = a->porch;

    if (count < max) return true;
    for (size_t i = 0; i < p->guests_count; i++) {
        if (p->guests[i].conn != 0 || p->guests[i].step != DAF_GUEST_WAITING)
            continue;
        drop(a, &p->guests[i]);
        return true;
    }
    return false;
}

static size_t count_waiting(const struct daf_porch *p)
{
    size_t count = 0;

    for (size_t i = 0; i < p->guests_count; i++)
        count += p->guests[i].step == DAF_GUEST_WAITING;
    return count;
}

/* ---- opening and closing */

void daf_agent_porch_close(struct daf_agent *a)
{
    const struct daf_port *port = a->config.port;
    struct daf_porch *p = a->porch;

    if (p == NULL) return;
    while (p->guests_count > 0) {
        struct daf_guest *last = &p->guests[p->guests_count - 1];

        if (last->step == DAF_GUEST_OFFERED || last->step == DAF_GUEST_WAITING)
            decline(a, last, DAF_DECLINE_CLOSED);
        else
            drop(a, last);
    }
    if (p->port != 0) port->withdraw(port->ctx, DAF_ENDPOINT_PORCH);
    port->porch(port->ctx, NULL, NULL);
    sodium_memzero(p, sizeof(*p));
    free(p);
    a->porch = NULL;
}

static enum daf_err open_porch(struct daf_agent *a,
                               const struct daf_porch_wish *wish)
{
    const struct daf_port *port = a->config.port;
    struct daf_porch *p;
    uint8_t seed[crypto_box_SEEDBYTES];

    if (a->cert.len > 0) return DAF_EDENIED; /* coordinators have none */
    if (a->is_stopping) return DAF_EBUSY;
    daf_agent_porch_close(a);
    p = calloc(1, sizeof(*p));
    if (p == NULL) return DAF_ENOMEM;
    daf_rng_bytes(&a->rng, seed, sizeof(seed));
    (void)crypto_box_seed_keypair(p->pk.b, p->sk.b, seed);
    sodium_memzero(seed, sizeof(seed));
    daf_rng_bytes(&a->rng, p->ticket.secret, sizeof(p->ticket.secret));
    daf_rng_bytes(&a->rng, p->name, sizeof(p->name));
    daf_porch_mark(&a->env.manifest_hash, &p->pk, p->ticket.mark);
    p->ticket.is_full = true;
    p->ticket.porch = p->pk;
    p->key = daf_porch_key(p->ticket.secret);
    memcpy(p->scope, wish->scope, sizeof(p->scope));
    memcpy(p->right, wish->right, sizeof(p->right));
    p->expires = (struct daf_mono){a->now.ms + DAF_PORCH_MS};
    a->porch = p;
    port->porch(port->ctx, &p->pk, &p->sk);
    return DAF_OK;
}

void daf_agent_porch_ported(struct daf_agent *a, uint16_t number)
{
    const struct daf_port *port = a->config.port;
    struct daf_announce what = {.endpoint = DAF_ENDPOINT_PORCH, .port = number};
    struct daf_porch *p = a->porch;

    if (p == NULL) return;
    if (number == 0) {
        daf_agent_porch_close(a);
        a->porch_err = DAF_EIO;
        return;
    }
    if (p->port == number) return; /* link was away; it is told already */
    p->port = number;
    memcpy(what.name, p->name, sizeof(what.name));
    memcpy(what.data, p->pk.b, sizeof(p->pk.b));
    port->announce(port->ctx, &what);
}

/* No one else is let in; who was may still have to be told. */
static void use_up(struct daf_agent *a)
{
    struct daf_porch *p = a->porch;
    uint64_t end = a->now.ms + DAF_PORCH_AFTER_MS;

    p->is_used = true;
    if (end < p->expires.ms) p->expires.ms = end;
    decline_all(a, DAF_DECLINE_USED);
}

/* ---- what a person says */

static void send_accept(struct daf_agent *a, struct daf_guest *g)
{
    struct daf_porch *p = a->porch;
    struct daf_accept accept = {.manifest = daf_camp_manifest_bytes(a->camp),
                                .cert = {p->cert, p->cert_len},
                                .port = a->port_door};
    struct daf_pack k;

    g->step = DAF_GUEST_ACCEPTED;
    daf_pack_init(&k, a->scratch->frame, DAF_DOOR_BYTES_MAX);
    daf_frame_pack_accept(&k, &accept);
    send_frame(a, g, &k);
}

/* R54: good, this device's, and durable: control has it folded. */
static enum daf_err check_cert(struct daf_agent *a, const struct daf_guest *g,
                               struct daf_view bytes)
{
    const struct daf_authority *auth = daf_camp_authority(a->camp);
    const struct daf_coordinator *issuer;
    struct daf_device device;
    struct daf_cert cert;
    enum daf_err err = daf_cert_decode(bytes, &cert);

    if (err != DAF_OK) return err;
    if (memcmp(&cert.keys, &g->keys, sizeof(cert.keys)) != 0 ||
        memcmp(&cert.camp, &a->env.camp, sizeof(cert.camp)) != 0)
        return DAF_EKEY;
    issuer = daf_manifest_coordinator(daf_camp_manifest(a->camp), &cert.issuer);
    if (issuer == NULL) return DAF_EAUTHOR;
    err = daf_cert_verify(bytes, &cert, &issuer->keys.sign);
    if (err != DAF_OK) return err;
    if (daf_agent_is_revoked(a, &cert.keys.transport) ||
        !auth->by_author(auth->ctx, &cert.author, &device) ||
        memcmp(&device.keys, &g->keys, sizeof(device.keys)) != 0)
        return DAF_EAUTHOR;
    return DAF_OK;
}

static enum daf_err accept_guest(struct daf_agent *a,
                                 const struct daf_porch_wish *wish)
{
    struct daf_porch *p = a->porch;
    struct daf_guest *g = p != NULL ? guest_with(p, wish->id) : NULL;
    enum daf_err err;

    if (g == NULL) return DAF_ENOTFOUND;
    if (p->is_used) return g->step == DAF_GUEST_ACCEPTED ? DAF_OK : DAF_EEXISTS;
    err = check_cert(a, g, wish->cert);
    if (err != DAF_OK) return err;
    memcpy(p->cert, wish->cert.p, wish->cert.len);
    p->cert_len = wish->cert.len;
    p->accepted = g->keys;
    send_accept(a, g);
    use_up(a);
    return DAF_OK;
}

static enum daf_err decline_guest(struct daf_agent *a, uint64_t id)
{
    struct daf_guest *g = a->porch != NULL ? guest_with(a->porch, id) : NULL;

    if (g == NULL) return DAF_ENOTFOUND;
    if (a->porch->is_used) return DAF_EEXISTS;
    decline(a, g, DAF_DECLINE_DECLINED);
    use_up(a);
    return DAF_OK;
}

static enum daf_err close_wish(struct daf_agent *a)
{
    if (a->porch == NULL) return DAF_ENOTFOUND;
    daf_agent_porch_close(a);
    return DAF_OK;
}

void daf_agent_porch_wish(struct daf_agent *a,
                          const struct daf_porch_wish *wish)
{
    switch (wish->what) {
    case DAF_PORCH_OPEN:
        a->porch_err = open_porch(a, wish);
        break;
    case DAF_PORCH_ACCEPT:
        a->porch_err = accept_guest(a, wish);
        break;
    case DAF_PORCH_DECLINE:
        a->porch_err = decline_guest(a, wish->id);
        break;
    case DAF_PORCH_CLOSE:
        a->porch_err = close_wish(a);
        break;
    }
}

/* ---- what a guest says */

void daf_agent_porch_opened(struct daf_agent *a, struct daf_conn *c)
{
    struct daf_porch *p = a->porch;
    struct daf_guest *g;

    if (p == NULL || !make_room(a, p->guests_count, DAF_PORCH_CONNS_MAX)) {
        daf_agent_conn_close(a, c);
        return;
    }
    g = &p->guests[p->guests_count++];
    *g = (struct daf_guest){.conn = c->id,
                            .deadline = {a->now.ms + DAF_GREET_MS}};
    g->talk.ticket = p->key;
    g->talk.porch = p->pk;
    g->talk.joiner = c->key;
    g->talk.manifest = a->env.manifest_hash;
}

static bool is_accepted(const struct daf_porch *p, const struct daf_box_pk *key)
{
    return p->cert_len > 0 &&
           memcmp(&p->accepted.transport, key, sizeof(*key)) == 0;
}

static void offer(struct daf_agent *a, struct daf_guest *g)
{
    struct daf_porch_talk *t = &g->talk;
    struct daf_view speaker = {t->porch.b, sizeof(t->porch.b)};
    struct daf_offer offer = {.manifest = t->manifest};
    struct daf_pack k;

    daf_rng_bytes(&a->rng, t->coordinator_nonce.b,
                  sizeof(t->coordinator_nonce.b));
    t->coordinator_commitment =
        daf_porch_commitment(&t->coordinator_nonce, speaker);
    offer.commitment = t->coordinator_commitment;
    offer.mac = daf_porch_offer_mac(t);
    g->step = DAF_GUEST_OFFERED;
    g->deadline.ms = a->now.ms + DAF_GREET_MS;
    daf_pack_init(&k, a->scratch->frame, DAF_DOOR_BYTES_MAX);
    daf_frame_pack_offer(&k, &offer);
    send_frame(a, g, &k);
}

/* R55: somebody tries for digits that are on another's screen. */
static bool is_one_too_many(struct daf_agent *a)
{
    if (++a->porch->talks < DAF_PORCH_TALKS_MAX) return false;
    daf_agent_porch_close(a);
    return true;
}

static void on_ask(struct daf_agent *a, struct daf_guest *g,
                   const struct daf_ask *ask)
{
    struct daf_porch *p = a->porch;
    struct daf_hash mac;

    g->talk.joiner_commitment = ask->commitment;
    mac = daf_porch_ask_mac(&g->talk);
    if (!daf_porch_same(&mac, &ask->mac)) {
        refuse(a, g);
        return;
    }
    if (ask->version_min > DAF_PROTOCOL_VERSION ||
        ask->version_max < DAF_PROTOCOL_VERSION)
        decline(a, g, DAF_DECLINE_VERSION);
    else if (p->is_used && !is_accepted(p, &g->talk.joiner))
        decline(a, g, DAF_DECLINE_USED);
    else if (!is_one_too_many(a))
        offer(a, g);
}

/* One device waits once: its last try counts.  @keys: a copy, guests move up. */
static void drop_others(struct daf_agent *a, uint32_t conn,
                        struct daf_device_keys keys)
{
    struct daf_porch *p = a->porch;

    for (size_t i = p->guests_count; i > 0; i--) {
        struct daf_guest *g = &p->guests[i - 1];

        if (g->conn == conn || g->step < DAF_GUEST_WAITING) continue;
        if (memcmp(&g->keys.sign, &keys.sign, sizeof(keys.sign)) == 0 ||
            memcmp(&g->keys.transport, &keys.transport,
                   sizeof(keys.transport)) == 0)
            drop(a, g);
    }
}

static bool take_request(struct daf_guest *g, const struct daf_reveal *reveal)
{
    struct daf_porch_talk *t = &g->talk;
    struct daf_hash commitment =
        daf_porch_commitment(&reveal->nonce, reveal->request);

    if (!daf_porch_same(&commitment, &t->joiner_commitment) ||
        daf_request_decode(reveal->request, &g->keys, NULL) != DAF_OK ||
        memcmp(&g->keys.transport, &t->joiner, sizeof(t->joiner)) != 0)
        return false;
    t->joiner_nonce = reveal->nonce;
    memcpy(g->request, reveal->request.p, reveal->request.len);
    g->request_len = reveal->request.len;
    return true;
}

static void on_reveal(struct daf_agent *a, struct daf_guest *g,
                      const struct daf_reveal *reveal)
{
    struct daf_porch *p = a->porch;
    uint32_t conn = g->conn;
    struct daf_pack k;

    if (!take_request(g, reveal)) {
        refuse(a, g);
        return;
    }
    drop_others(a, conn, g->keys);
    /* Guests have moved up: not `g` any more. */
    if (!make_room(a, count_waiting(p), DAF_PORCH_PENDING_MAX)) {
        drop(a, guest_of(p, conn));
        return;
    }
    g = guest_of(p, conn);
    if (p->is_used && memcmp(&g->keys, &p->accepted, sizeof(g->keys)) != 0) {
        decline(a, g, DAF_DECLINE_USED);
        return;
    }
    g->step = DAF_GUEST_WAITING;
    g->since = a->now;
    daf_pack_init(&k, a->scratch->frame, DAF_DOOR_BYTES_MAX);
    daf_frame_pack_answer(&k, &g->talk.coordinator_nonce);
    send_frame(a, g, &k);
    if (p->is_used) send_accept(a, g);
}

void daf_agent_porch_frame(struct daf_agent *a, struct daf_conn *c,
                           struct daf_view bytes)
{
    struct daf_guest *g = a->porch != NULL ? guest_of(a->porch, c->id) : NULL;
    struct daf_frame f = {.kind = DAF_FRAME_UNKNOWN};

    if (g == NULL) {
        daf_agent_conn_close(a, c);
        return;
    }
    /* What is too long or no frame stays UNKNOWN. */
    if (bytes.len <= DAF_DOOR_BYTES_MAX &&
        daf_frame_decode(bytes, &f, NULL) != DAF_OK)
        f.kind = DAF_FRAME_UNKNOWN;
    if (f.kind == DAF_FRAME_ASK && g->step == DAF_GUEST_NEW)
        on_ask(a, g, &f.ask);
    else if (f.kind == DAF_FRAME_REVEAL && g->step == DAF_GUEST_OFFERED)
        on_reveal(a, g, &f.reveal);
    else
        refuse(a, g);
}

void daf_agent_porch_left(struct daf_agent *a, uint32_t conn)
{
    struct daf_porch *p = a->porch;

    for (size_t i = p != NULL ? p->guests_count : 0; i > 0; i--) {
        struct daf_guest *g = &p->guests[i - 1];

        if (g->conn == 0 || (conn != 0 && g->conn != conn)) continue;
        g->conn = 0;
        if (g->step < DAF_GUEST_WAITING) drop(a, g);
    }
}

/* ---- time */

void daf_agent_porch_timer(struct daf_agent *a)
{
    struct daf_porch *p = a->porch;

    if (p == NULL) return;
    if (p->expires.ms <= a->now.ms) {
        daf_agent_porch_close(a);
        return;
    }
    for (size_t i = p->guests_count; i > 0; i--) {
        struct daf_guest *g = &p->guests[i - 1];

        if (g->step < DAF_GUEST_WAITING && g->deadline.ms <= a->now.ms)
            refuse(a, g);
    }
}

struct daf_mono daf_agent_porch_deadline(const struct daf_agent *a)
{
    const struct daf_porch *p = a->porch;
    struct daf_mono first = p != NULL ? p->expires : DAF_MONO_NEVER;

    for (size_t i = 0; p != NULL && i < p->guests_count; i++)
        if (p->guests[i].step < DAF_GUEST_WAITING &&
            p->guests[i].deadline.ms < first.ms)
            first = p->guests[i].deadline;
    return first;
}

/* ---- what others may know */

void daf_agent_porch(const struct daf_agent *a, struct daf_mono now,
                     struct daf_agent_porch *out)
{
    const struct daf_porch *p = a->porch;

    *out = (struct daf_agent_porch){.err = a->porch_err};
    if (p == NULL) return;
    out->is_open = true;
    out->is_used = p->is_used;
    out->port = p->port;
    out->left_ms = p->expires.ms > now.ms ? p->expires.ms - now.ms : 0;
    out->ticket = p->ticket;
    out->scope = p->scope;
    out->right = p->right;
}

bool daf_agent_guest(const struct daf_agent *a, struct daf_mono now,
                     size_t index, struct daf_agent_guest *out)
{
    const struct daf_porch *p = a->porch;

    for (size_t i = 0; p != NULL && i < p->guests_count; i++) {
        const struct daf_guest *g = &p->guests[i];

        if (g->step < DAF_GUEST_WAITING || index-- != 0) continue;
        *out = (struct daf_agent_guest){
            .id = id_of(g),
            .digits = daf_porch_digits(&g->talk),
            .author = daf_hash_author_id(&g->keys.sign),
            .request = {g->request, g->request_len},
            .since_ms = now.ms - g->since.ms,
            .state = g->step == DAF_GUEST_ACCEPTED ? "accepted"
                     : g->conn == 0                ? "away"
                                                   : "waiting",
        };
        return true;
    }
    return false;
}
