/* SPDX-License-Identifier: Apache-2.0 */
/* Hints where doors may be: by mDNS (protocol.md §7) and from peers (R49).  None
 * is believed further than one knock. */
#include <assert.h>
#include <sodium.h>

#include "node/core/addr.h"
#include "node/core/agent_impl.h"
#include "proto/hash.h"

#define SALT_BYTES  16
#define TOKEN_BYTES 8
#define TOKENS      ((DAF_ANNOUNCE_BYTES - SALT_BYTES) / TOKEN_BYTES)
#define FIRST_MS    250  /* who calls first does so within */
#define SECOND_MS   3000 /* the other after, if nobody came (R57) */
#define IPV6_MS     200  /* IPv4 first, if there is any */
#define HEARSAY_MS  2000
#define OWN_MS      2000 /* a new network: all are called within */
#define TELL_BYTES  4096

static_assert(TOKENS <= DAF_AGENT_OWN_MAX &&
                  DAF_ADDRESSES_EACH_MAX <= DAF_AGENT_OWN_MAX,
              "all that is told is kept");

/* ---- mDNS */

/* protocol.md §2: who knows the discovery secret is at this very address.  So an
 * announcement that is repeated at another one is worth nothing. */
static void token_of(const struct daf_key *discovery, const uint8_t *salt,
                     const struct daf_where *at, uint8_t out[TOKEN_BYTES])
{
    const size_t ip_len = at->is_v6 ? 16 : 4;
    uint8_t said[SALT_BYTES + 16 + 2], hash[16];

    memcpy(said, salt, SALT_BYTES);
    memcpy(said + SALT_BYTES, at->ip, ip_len);
    said[SALT_BYTES + ip_len] = (uint8_t)(at->port >> 8);
    said[SALT_BYTES + ip_len + 1] = (uint8_t)at->port;
    daf_hash_keyed_128("daf.mdns.1", discovery->b,
                       (struct daf_view){said, SALT_BYTES + ip_len + 2}, hash);
    memcpy(out, hash, TOKEN_BYTES);
}

void daf_agent_announce(struct daf_agent *a)
{
    const struct daf_port *port = a->config.port;
    const struct daf_manifest *m = daf_camp_manifest(a->camp);
    struct daf_announce what = {.endpoint = DAF_ENDPOINT_DOOR,
                                .port = a->port_door};

    if (!a->is_listening || a->own_count == 0) return;
    daf_rng_bytes(&a->rng, a->salt, sizeof(a->salt));
    daf_rng_bytes(&a->rng, what.name, sizeof(what.name));
    /* Places without a token look as if they had one. */
    daf_rng_bytes(&a->rng, what.data, sizeof(what.data));
    memcpy(what.data, a->salt, SALT_BYTES);
    for (size_t i = 0; i < a->own_count && i < TOKENS; i++) {
        struct daf_where at;

        if (!daf_addr_parse(&a->own[i], &at)) continue;
        at.port = a->port_door;
        token_of(&m->discovery, a->salt, &at,
                 what.data + SALT_BYTES + i * TOKEN_BYTES);
    }
    port->announce(port->ctx, &what);
}

static bool has_token(const struct daf_key *discovery, const uint8_t *data,
                      const struct daf_where *at)
{
    uint8_t token[TOKEN_BYTES];

    token_of(discovery, data, at, token);
    for (size_t i = 0; i < TOKENS; i++)
        if (sodium_memcmp(token, data + SALT_BYTES + i * TOKEN_BYTES,
                          TOKEN_BYTES) == 0)
            return true;
    return false;
}

/* Under the manifest's discovery secret, or the one before. */
static bool is_of_camp(const struct daf_agent *a, const uint8_t *data,
                       const struct daf_where *at)
{
    const struct daf_manifest *m = daf_camp_manifest(a->camp);

    return has_token(&m->discovery, data, at) ||
           (m->has_previous_discovery &&
            has_token(&m->previous_discovery, data, at));
}

static size_t stranger_at(const struct daf_agent *a, const uint8_t name[8])
{
    size_t at = 0;

    while (at < a->strangers_count && memcmp(a->strangers[at], name, 8) != 0)
        at++;
    return at;
}

static void note_stranger(struct daf_agent *a, const uint8_t name[8])
{
    size_t at = stranger_at(a, name);

    if (at == DAF_AGENT_STRANGERS_MAX) return; /* many enough to be told of */
    memcpy(a->strangers[at], name, 8);
    if (at == a->strangers_count) a->strangers_count++;
}

/* Of two that find each other one calls at once. */
static uint64_t patience(struct daf_agent *a, const struct daf_peer *p)
{
    uint64_t ms = daf_rng_below(&a->rng, FIRST_MS);
    const bool is_first = memcmp(a->salt, p->salt, SALT_BYTES) < 0;

    if (p->where.is_v6) ms += IPV6_MS;
    return is_first ? ms : ms + SECOND_MS;
}

void daf_agent_found(struct daf_agent *a, const struct daf_input *in)
{
    const uint8_t *salt = in->service.data;
    struct daf_where where;
    struct daf_peer *p;
    bool was_there;

    if (in->service.endpoint != DAF_ENDPOINT_DOOR ||
        memcmp(salt, a->salt, SALT_BYTES) == 0)
        return;
    if (!daf_addr_parse(&in->addr, &where) ||
        !is_of_camp(a, in->service.data, &where)) {
        note_stranger(a, in->service.name);
        return;
    }
    p = daf_agent_book_add(a, &where, DAF_FOUND_MDNS);
    if (p == NULL) return;
    was_there = p->is_there && memcmp(p->salt, salt, SALT_BYTES) == 0;
    p->is_there = true;
    memcpy(p->salt, salt, SALT_BYTES);
    memcpy(p->name, in->service.name, sizeof(p->name));
    daf_agent_book_mark(a, p);
    if (was_there) return;
    p->backoff_ms = 0;
    daf_agent_peer_soon(a, p, (struct daf_mono){a->now.ms + patience(a, p)});
}

void daf_agent_gone(struct daf_agent *a, const struct daf_input *in)
{
    const uint8_t *name = in->service.name;
    size_t at = stranger_at(a, name);

    if (in->service.endpoint != DAF_ENDPOINT_DOOR) return;
    if (at < a->strangers_count)
        memcpy(a->strangers[at], a->strangers[--a->strangers_count], 8);
    for (size_t i = 0; i < a->peers_count; i++) {
        struct daf_peer *p = &a->peers[i];

        if (!a->rows[i].is_there || memcmp(p->name, name, sizeof(p->name)) != 0)
            continue;
        p->is_there = false;
        daf_agent_book_mark(a, p);
        daf_agent_book_doubt(a, p);
    }
}

/* ---- our own addresses */

/* Those of one kind, in the order that they came in.  Returns how many there are
 * now. */
static size_t add_own(const struct daf_input *in, bool is_v6,
                      struct daf_addr own[DAF_AGENT_OWN_MAX], size_t count)
{
    for (size_t i = 0; i < in->addrs_count && count < DAF_AGENT_OWN_MAX; i++) {
        struct daf_where where;

        if (!daf_addr_parse(&in->addrs[i], &where) || where.is_v6 != is_v6)
            continue;
        where.port = 1; /* the door's is put in when it is told */
        daf_addr_format(&where, &own[count++]);
    }
    return count;
}

/* IPv4 first: others look by it (decisions/008), and an announcement has tokens of
 * four addresses only, ADDRESSES names four.  A laptop with a few bridges has more
 * than that of IPv6 alone. */
void daf_agent_own(struct daf_agent *a, const struct daf_input *in)
{
    struct daf_addr own[DAF_AGENT_OWN_MAX];
    size_t count;

    memset(own, 0, sizeof(own));
    count = add_own(in, false, own, 0);
    count = add_own(in, true, own, count);
    if (count == a->own_count && memcmp(own, a->own, sizeof(own)) == 0) return;
    memcpy(a->own, own, sizeof(own));
    a->own_count = count;
    daf_agent_announce(a); /* under another name: nobody is followed */
    daf_agent_peers_start(a, OWN_MS);
}

/* ---- telling peers */

/* One device's addresses being packed. */
struct telling {
    struct daf_pack k;
    size_t devices, mark; /* of the device that is open */
    size_t each;
};

static void tell_begin(struct telling *t, const struct daf_author_id *author)
{
    t->mark = daf_frame_begin_device(&t->k, author);
    t->each = 0;
}

static void tell_one(struct telling *t, const struct daf_where *where)
{
    uint8_t bytes[18];
    size_t len = daf_addr_pack(where, bytes);

    if (len == 0 || t->each == DAF_ADDRESSES_EACH_MAX) return;
    daf_pack_bin(&t->k, bytes, len);
    t->each++;
}

/* A device without an address is left out. */
static void tell_end(struct telling *t, const struct daf_pack *before)
{
    if (t->each == 0) {
        t->k = *before;
        return;
    }
    daf_pack_close(&t->k, t->mark, t->each);
    t->devices++;
}

static void tell_own(const struct daf_agent *a, struct telling *t)
{
    struct daf_pack before = t->k;
    struct daf_where where;

    tell_begin(t, &a->author);
    for (size_t i = 0; i < a->own_count; i++) {
        if (!daf_addr_parse(&a->own[i], &where)) continue;
        where.port = a->port_door;
        tell_one(t, &where);
    }
    tell_end(t, &before);
}

static bool may_be_told(const struct daf_peer_row *row)
{
    return row->is_proven || row->is_own_word;
}

/* What proved true, and not long ago; or its device's word, while that is here:
 * two whom everybody has met as incoming would hear of each other from nobody. */
static bool is_worth_telling(struct daf_agent *a, const struct daf_peer *p)
{
    uint8_t bytes[18];

    if (!p->is_proven && daf_agent_session_with(a, &p->author) == NULL)
        return false;
    return p->is_known && p->failures < DAF_AGENT_TRIES &&
           !daf_camp_is_revoked(a->camp, &p->author) &&
           daf_addr_pack(&p->where, bytes) > 0;
}

/* Who is told of: the first address of each, and which marks they have. */
struct chosen {
    uint16_t at[DAF_ADDRESSES_DEVICES_MAX];
    size_t count;
    uint64_t marks; /* a bit for each: of 64, by their lowest six */
};

/* The one that is @at's device; or @count. */
static size_t chosen_at(const struct daf_agent *a, const struct chosen *c,
                        size_t at)
{
    size_t i = 0;

    if (!may_be_told(&a->rows[at]) ||
        (c->marks >> (a->rows[at].author & 63) & 1) == 0)
        return c->count;
    while (i < c->count &&
           (a->rows[c->at[i]].author != a->rows[at].author ||
            !daf_agent_book_same(&a->peers[c->at[i]], &a->peers[at])))
        i++;
    return i;
}

/* Each peer hears of others where there are too many for one frame. */
static void choose(struct daf_agent *a, const struct daf_author_id *to,
                   struct chosen *c)
{
    size_t at = a->peers_count > 0 ? to->b[0] % a->peers_count : 0;

    c->count = 0;
    c->marks = 0;
    for (size_t i = 0;
         i < a->peers_count && c->count < DAF_ADDRESSES_DEVICES_MAX;
         i++, at = at + 1 == a->peers_count ? 0 : at + 1) {
        const struct daf_peer *p = &a->peers[at];

        if (!may_be_told(&a->rows[at]) || !is_worth_telling(a, p) ||
            memcmp(p->author.b, to->b, sizeof(to->b)) == 0 ||
            chosen_at(a, c, at) < c->count)
            continue;
        c->at[c->count++] = (uint16_t)at;
        c->marks |= UINT64_C(1) << (a->rows[at].author & 63);
    }
}

/* The other addresses of those that were chosen are looked for once for all:
 * some 100 comparisons of 500 addresses, and 32 times 500 if for each. */
static void tell_known(struct daf_agent *a, struct telling *t,
                       const struct daf_author_id *to)
{
    uint16_t others[DAF_ADDRESSES_DEVICES_MAX][DAF_ADDRESSES_EACH_MAX];
    uint8_t counts[DAF_ADDRESSES_DEVICES_MAX] = {0};
    struct chosen c;

    choose(a, to, &c);
    for (size_t at = 0; at < a->peers_count; at++) {
        size_t i = chosen_at(a, &c, at);

        if (i < c.count && c.at[i] != at &&
            is_worth_telling(a, &a->peers[at]) &&
            counts[i] < DAF_ADDRESSES_EACH_MAX)
            others[i][counts[i]++] = (uint16_t)at;
    }
    for (size_t i = 0; i < c.count && t->devices < DAF_ADDRESSES_DEVICES_MAX;
         i++) {
        struct daf_pack before = t->k;

        tell_begin(t, &a->peers[c.at[i]].author);
        tell_one(t, &a->peers[c.at[i]].where);
        for (size_t j = 0; j < counts[i]; j++)
            tell_one(t, &a->peers[others[i][j]].where);
        tell_end(t, &before);
    }
}

static uint64_t hash_of(struct daf_view frame)
{
    uint8_t hash[16];
    uint64_t n = 0;

    daf_hash_128("daf.told", frame, hash);
    for (size_t i = 0; i < 8; i++)
        n = n << 8 | hash[i];
    return n;
}

void daf_agent_addresses_tell(struct daf_agent *a, struct daf_conn *c)
{
    const struct daf_author_id *to = daf_session_peer(c->session);
    const struct daf_parted *parted = daf_agent_parted(a, to);
    struct telling t = {.devices = 0};
    size_t mark;

    if (c->is_closed || c->was_told ||
        daf_session_state(c->session) != DAF_SESSION_OPEN)
        return;
    c->was_told = true;
    daf_pack_init(&t.k, a->scratch->frame, TELL_BYTES);
    mark = daf_frame_begin_addresses(&t.k);
    tell_own(a, &t);
    tell_known(a, &t, to);
    daf_frame_end(&t.k, mark, t.devices, false);
    if (t.devices == 0) return;
    c->told = hash_of(daf_pack_view(&t.k));
    if (parted != NULL && parted->told == c->told) return;
    daf_agent_conn_send(a, c, daf_pack_view(&t.k));
}

/* ---- what peers tell */

/* Whether @where is one to be kept: nobody sends us to a far-away host, and most
 * are in the book.  Who has come to us and says where his door is spares us the
 * way there for a while (may_be_put_off()), if mDNS sees the same. */
static bool is_news(struct daf_agent *a, struct daf_view bytes,
                    struct daf_where *where)
{
    const struct daf_peer *p;

    if (!daf_addr_unpack(bytes, where) || !daf_addr_is_private(where))
        return false;
    p = daf_agent_book_find(a, where);
    return p == NULL || (!p->is_known && p->found_by != DAF_FOUND_STATIC);
}

/* One that is in the book already. */
static void note_own_word(struct daf_agent *a, struct daf_view bytes,
                          const struct daf_author_id *author)
{
    struct daf_where where;
    struct daf_peer *p;

    if (!daf_addr_unpack(bytes, &where)) return;
    p = daf_agent_book_find(a, &where);
    if (p == NULL || !p->is_known || memcmp(p->author.b, author->b, 16) != 0)
        return;
    p->is_own_word = true;
    daf_agent_book_mark(a, p);
}

static void hear_device(struct daf_agent *a, const struct daf_session *s,
                        struct daf_addresses_device *d)
{
    bool is_own = memcmp(d->author.b, daf_session_peer(s)->b, 16) == 0;
    const struct daf_authority *auth = daf_camp_authority(a->camp);
    struct daf_device device;
    bool is_known = false;

    for (size_t i = 0; i < d->addresses.count; i++) {
        struct daf_view bytes = daf_frame_next_address(&d->addresses.items);
        struct daf_where where;
        struct daf_peer *p;

        if (is_own) note_own_word(a, bytes, &d->author);
        if (!is_news(a, bytes, &where)) continue;
        is_known = is_known || auth->by_author(auth->ctx, &d->author, &device);
        if (!is_known) continue;
        p = daf_agent_book_add(a, &where, DAF_FOUND_GOSSIP);
        if (p == NULL) continue;
        daf_agent_book_name(a, p, &d->author);
        p->is_own_word |= is_own;
        daf_agent_book_mark(a, p);
        if (p->found_by == DAF_FOUND_GOSSIP)
            daf_agent_peer_far(a, p, HEARSAY_MS);
    }
}

void daf_agent_addresses(void *ctx, struct daf_session *s,
                         const struct daf_addresses *addresses)
{
    struct daf_agent *a = ctx;
    struct daf_cursor c = addresses->devices.items;

    for (size_t i = 0; i < addresses->devices.count; i++) {
        struct daf_addresses_device d;

        daf_frame_next_device(&c, &d);
        if (memcmp(d.author.b, a->author.b, sizeof(a->author.b)) != 0)
            hear_device(a, s, &d);
    }
}
