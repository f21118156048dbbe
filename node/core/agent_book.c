/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of doors, and how they were heard of.  A device may have several; the
 * door alone says whose it is.  What proved true is kept, what did not is soon
 * forgotten: so nobody fills the book with inventions. */
#include <sodium.h>
#include <stdlib.h>

#include "node/core/agent_impl.h"

const char *daf_agent_found_by_str(enum daf_found_by how)
{
    static const char *const words[] = {"incoming", "gossip", "cached", "mdns",
                                        "static"};

    return words[how];
}

bool daf_agent_book_same(const struct daf_peer *p, const struct daf_peer *q)
{
    if (p->is_known && q->is_known)
        return memcmp(p->author.b, q->author.b, sizeof(p->author.b)) == 0;
    return !sodium_is_zero(p->salt, sizeof(p->salt)) &&
           memcmp(p->salt, q->salt, sizeof(p->salt)) == 0;
}

static bool is_idle(const struct daf_peer *p)
{
    return p->state == DAF_PEER_RETRYING || p->state == DAF_PEER_COVERED;
}

/* Nobody vouches for it any more. */
static bool is_worthless(const struct daf_peer *p)
{
    if (!is_idle(p) || p->is_there || p->is_proven) return false;
    if (p->found_by == DAF_FOUND_MDNS) return true;
    return p->found_by == DAF_FOUND_GOSSIP && p->failures >= DAF_AGENT_TRIES;
}

/* How little one would miss it; 0: it stays. */
static int dispensable(const struct daf_peer *p)
{
    if (!is_idle(p) || p->found_by == DAF_FOUND_STATIC) return 0;
    if (!p->is_proven && !p->is_there) return 3;
    return p->is_proven ? 1 : 2;
}

/* ---- where an address is */

static void place(struct daf_agent *a, size_t at)
{
    size_t last = 2 * a->peers_cap - 1, i = a->rows[at].addr & last;

    while (a->places[i] != 0)
        i = (i + 1) & last;
    a->places[i] = (uint16_t)(at + 1);
}

/* All have moved: 0.7 us for 500. */
static void place_all(struct daf_agent *a)
{
    memset(a->places, 0, 2 * a->peers_cap * sizeof(*a->places));
    for (size_t i = 0; i < a->peers_count; i++)
        place(a, i);
}

/* ---- who is left out */

static void leave_out(struct daf_agent *a, size_t at)
{
    if (a->peers[at].is_proven) a->proven_changes++;
    a->is_first_due_stale |= a->rows[at].due_ms == a->first_due_ms;
    a->hearsay_count -= a->rows[at].is_hearsay;
    a->peers_count--;
    memmove(a->peers + at, a->peers + at + 1,
            (a->peers_count - at) * sizeof(*a->peers));
    memmove(a->rows + at, a->rows + at + 1,
            (a->peers_count - at) * sizeof(*a->rows));
    place_all(a);
}

/* Of those that one would miss least the first in the book: the oldest.  Hearsay
 * takes no place of hearsay that was not called yet, or nobody would be. */
static bool make_room(struct daf_agent *a, enum daf_found_by found_by)
{
    size_t worst = 0;
    int most = 0;

    if (a->peers_count < DAF_AGENT_PEERS_MAX &&
        (found_by != DAF_FOUND_GOSSIP ||
         a->hearsay_count < DAF_AGENT_HEARSAY_MAX))
        return true;
    if (found_by == DAF_FOUND_GOSSIP && a->is_full_of_hearsay) return false;
    for (size_t i = 0; i < a->peers_count; i++) {
        const struct daf_peer *p = &a->peers[i];
        int n = dispensable(p);

        if (found_by == DAF_FOUND_GOSSIP &&
            (!a->rows[i].is_hearsay || p->failures == 0))
            continue;
        if (n > most) {
            most = n;
            worst = i;
        }
    }
    a->is_full_of_hearsay = most == 0;
    if (most == 0) return false;
    leave_out(a, worst);
    return true;
}

void daf_agent_book_sweep(struct daf_agent *a)
{
    if (!a->has_worthless) return;
    a->has_worthless = false;
    for (size_t i = a->peers_count; i > 0; i--)
        if (is_worthless(&a->peers[i - 1])) leave_out(a, i - 1);
}

void daf_agent_book_doubt(struct daf_agent *a, const struct daf_peer *p)
{
    a->has_worthless |= is_worthless(p);
    a->is_full_of_hearsay = false;
}

/* ---- rows */

static uint32_t author_mark(const struct daf_author_id *author)
{
    uint32_t mark;

    memcpy(&mark, author->b, sizeof(mark));
    return mark == 0 ? 1 : mark;
}

/* As daf_agent_book_same(): by the authors, or by the salts if one has none. */
static bool may_be_same(const struct daf_peer_row *p,
                        const struct daf_peer_row *q)
{
    if (p->author != 0 && q->author != 0) return p->author == q->author;
    return p->salt != 0 && p->salt == q->salt;
}

size_t daf_agent_book_like(const struct daf_agent *a, const struct daf_peer *p,
                           size_t at)
{
    const struct daf_peer_row *own = &a->rows[p - a->peers];

    while (at < a->peers_count && !may_be_same(own, &a->rows[at]))
        at++;
    return at;
}

void daf_agent_book_mark(struct daf_agent *a, const struct daf_peer *p)
{
    static const uint8_t none[sizeof(p->salt)];
    struct daf_peer_row *row = daf_agent_row(a, p);

    row->author = p->is_known ? author_mark(&p->author) : 0;
    memcpy(&row->salt, p->salt, sizeof(row->salt));
    if (row->salt == 0 && memcmp(p->salt, none, sizeof(none)) != 0)
        row->salt = 1;
    row->is_there = p->is_there;
    row->is_proven = p->is_proven;
    row->is_own_word = p->is_own_word;
    a->hearsay_count -= row->is_hearsay;
    row->is_hearsay = !p->is_proven && p->found_by == DAF_FOUND_GOSSIP;
    a->hearsay_count += row->is_hearsay;
}

void daf_agent_book_name(struct daf_agent *a, struct daf_peer *p,
                         const struct daf_author_id *author)
{
    p->is_known = true;
    p->author = *author;
    daf_agent_book_mark(a, p);
}

/* FNV-1a; who makes addresses collide makes them be compared, no more. */
static uint32_t addr_mark(const struct daf_where *where)
{
    uint32_t mark = 2166136261u;

    for (size_t i = 0; i < sizeof(where->ip); i++)
        mark = (mark ^ where->ip[i]) * 16777619u;
    return (mark ^ where->port ^ where->zone << 16) * 16777619u;
}

static bool same_where(const struct daf_where *a, const struct daf_where *b)
{
    return a->port == b->port && a->is_v6 == b->is_v6 && a->zone == b->zone &&
           memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

/* Peers, rows and places; those that have grown already are too large, no more. */
static bool grow(struct daf_agent *a)
{
    size_t cap = a->peers_cap, same = cap;
    struct daf_peer *peers;
    struct daf_peer_row *rows;
    uint16_t *places;

    if (a->peers_count < cap) return true;
    peers = daf_agent_grow(a->peers, &cap, a->peers_count, sizeof(*peers));
    if (peers == NULL) return false;
    a->peers = peers;
    rows = daf_agent_grow(a->rows, &same, a->peers_count, sizeof(*rows));
    if (rows == NULL) return false;
    a->rows = rows;
    places = realloc(a->places, 2 * cap * sizeof(*places));
    if (places == NULL) return false;
    a->places = places;
    a->peers_cap = cap;
    place_all(a);
    return true;
}

static struct daf_peer *append(struct daf_agent *a,
                               const struct daf_where *where,
                               enum daf_found_by found_by)
{
    struct daf_peer *p;
    bool has_grown;

    if (!make_room(a, found_by)) return NULL;
    has_grown = grow(a);
    /* The host says what a person gave once, and a device that calls nobody
     * stays alone; started again, it is told again. */
    if (!has_grown && found_by == DAF_FOUND_STATIC) abort();
    if (!has_grown) return NULL;
    a->rows[a->peers_count] = (struct daf_peer_row){.due_ms = DAF_MONO_NEVER.ms,
                                                    .addr = addr_mark(where)};
    place(a, a->peers_count);
    p = &a->peers[a->peers_count++];
    memset(p, 0, sizeof(*p));
    p->where = *where;
    p->found_by = (uint8_t)found_by;
    daf_agent_book_mark(a, p);
    return p;
}

struct daf_peer *daf_agent_book_find(struct daf_agent *a,
                                     const struct daf_where *where)
{
    uint32_t mark = addr_mark(where);
    size_t last = 2 * a->peers_cap - 1;

    for (size_t i = mark & last; a->peers_cap > 0 && a->places[i] != 0;
         i = (i + 1) & last) {
        size_t at = a->places[i] - 1u;

        if (a->rows[at].addr == mark && same_where(&a->peers[at].where, where))
            return &a->peers[at];
    }
    return NULL;
}

struct daf_peer *daf_agent_book_add(struct daf_agent *a,
                                    const struct daf_where *where,
                                    enum daf_found_by found_by)
{
    struct daf_peer *p = daf_agent_book_find(a, where);

    if (where->port == 0) return NULL;
    if (p == NULL) return append(a, where, found_by);
    if (found_by > p->found_by) {
        /* Whose it is was hearsay; now somebody stands for it. */
        if (!p->is_proven && !p->is_welcome) p->is_known = false;
        p->found_by = (uint8_t)found_by;
        daf_agent_book_mark(a, p);
    }
    return p;
}

void daf_agent_book_told(struct daf_agent *a, const struct daf_input *in)
{
    struct daf_where where;
    struct daf_peer *p;

    if (!daf_addr_parse(&in->addr, &where)) return;
    p = daf_agent_book_add(a, &where, in->found_by);
    if (p == NULL) return;
    if (in->found_by == DAF_FOUND_CACHED && !p->is_proven) {
        p->is_proven = true;
        p->proven_at = ++a->proven_changes;
        daf_agent_book_mark(a, p);
    }
    if (!p->is_known && !sodium_is_zero(in->author.b, sizeof(in->author.b)))
        daf_agent_book_name(a, p, &in->author);
    daf_agent_peer_soon(a, p, a->now); /* at once, or when the link listens */
}

void daf_agent_book_proven(struct daf_agent *a, struct daf_peer *p,
                           const struct daf_author_id *author)
{
    p->is_proven = true;
    daf_agent_book_name(a, p, author);
    p->failures = 0;
    /* The same again, and nothing since: no need to write it down. */
    if (p->proven_at == 0 || p->proven_at != a->proven_changes)
        p->proven_at = ++a->proven_changes;
}

bool daf_agent_proven(const struct daf_agent *a, uint64_t *before,
                      struct daf_author_id *out_author,
                      struct daf_addr *out_addr)
{
    const struct daf_peer *last = NULL;

    for (size_t i = 0; i < a->peers_count; i++) {
        const struct daf_peer *p = &a->peers[i];

        if (p->is_proven && p->is_known && p->proven_at < *before &&
            (last == NULL || p->proven_at > last->proven_at))
            last = p;
    }
    if (last == NULL) return false;
    *before = last->proven_at;
    *out_author = last->author;
    daf_addr_format(&last->where, out_addr);
    return true;
}

uint64_t daf_agent_proven_changes(const struct daf_agent *a)
{
    return a->proven_changes;
}
