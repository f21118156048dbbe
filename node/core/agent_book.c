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

static void leave_out(struct daf_agent *a, size_t at)
{
    if (a->peers[at].is_proven) a->proven_changes++;
    a->is_first_due_stale |= a->rows[at].due_ms == a->first_due_ms;
    a->peers_count--;
    memmove(a->peers + at, a->peers + at + 1,
            (a->peers_count - at) * sizeof(*a->peers));
    memmove(a->rows + at, a->rows + at + 1,
            (a->peers_count - at) * sizeof(*a->rows));
}

/* Of those that one would miss least the first in the book: the oldest.  Hearsay
 * takes no place of hearsay that was not called yet, or nobody would be. */
static bool make_room(struct daf_agent *a, enum daf_found_by found_by)
{
    size_t worst = 0;
    int most = 0;

    if (a->peers_count < DAF_AGENT_PEERS_MAX) return true;
    if (found_by == DAF_FOUND_GOSSIP && a->is_full_of_hearsay) return false;
    for (size_t i = 0; i < a->peers_count; i++) {
        const struct daf_peer *p = &a->peers[i];
        int n = dispensable(p);

        if (found_by == DAF_FOUND_GOSSIP && (n < 3 || p->failures == 0))
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

size_t daf_agent_book_like(const struct daf_agent *a, const struct daf_peer *p,
                           size_t at)
{
    uint32_t mark = p->is_known ? author_mark(&p->author) : 0;

    /* Who is not known may be the same by the salt. */
    while (at < a->peers_count && mark != 0 && a->rows[at].author != 0 &&
           a->rows[at].author != mark)
        at++;
    return at;
}

void daf_agent_book_name(struct daf_agent *a, struct daf_peer *p,
                         const struct daf_author_id *author)
{
    p->is_known = true;
    p->author = *author;
    daf_agent_row(a, p)->author = author_mark(author);
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

static bool grow(struct daf_agent *a)
{
    size_t cap = a->peers_cap, rows_cap = a->peers_cap;
    struct daf_peer *peers;
    struct daf_peer_row *rows;

    peers = daf_agent_grow(a->peers, &cap, a->peers_count, sizeof(*peers));
    if (peers == NULL) return false;
    a->peers = peers;
    rows = daf_agent_grow(a->rows, &rows_cap, a->peers_count, sizeof(*rows));
    if (rows == NULL) return false;
    a->rows = rows;
    a->peers_cap = cap;
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
    p = &a->peers[a->peers_count++];
    memset(p, 0, sizeof(*p));
    p->where = *where;
    p->found_by = (uint8_t)found_by;
    return p;
}

struct daf_peer *daf_agent_book_find(struct daf_agent *a,
                                     const struct daf_where *where)
{
    uint32_t mark = addr_mark(where);

    for (size_t i = 0; i < a->peers_count; i++) {
        if (a->rows[i].addr == mark && same_where(&a->peers[i].where, where))
            return &a->peers[i];
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
        if (!p->is_proven && !p->is_welcome) {
            p->is_known = false;
            daf_agent_row(a, p)->author = 0;
        }
        p->found_by = (uint8_t)found_by;
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
