/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of doors, and how they were heard of.  A device may have several; the
 * door alone says whose it is.  What proved true is kept, what did not is soon
 * forgotten: so nobody fills the book with inventions. */
#include <sodium.h>
#include <stdlib.h>

#include "node/core/addr.h"
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
    a->peers_count--;
    memmove(a->peers + at, a->peers + at + 1,
            (a->peers_count - at) * sizeof(*a->peers));
}

/* Of those that one would miss least the first in the book: the oldest. */
static bool make_room(struct daf_agent *a)
{
    size_t worst = 0;
    int most = 0;

    if (a->peers_count < DAF_AGENT_PEERS_MAX) return true;
    for (size_t i = 0; i < a->peers_count; i++) {
        int n = dispensable(&a->peers[i]);

        if (n > most) {
            most = n;
            worst = i;
        }
    }
    if (most == 0) return false;
    leave_out(a, worst);
    return true;
}

void daf_agent_book_sweep(struct daf_agent *a)
{
    for (size_t i = a->peers_count; i > 0; i--)
        if (is_worthless(&a->peers[i - 1])) leave_out(a, i - 1);
}

static struct daf_peer *append(struct daf_agent *a, const struct daf_addr *addr,
                               enum daf_found_by found_by)
{
    struct daf_peer *p;

    if (!make_room(a)) return NULL;
    p = daf_agent_grow(a->peers, &a->peers_cap, a->peers_count,
                       sizeof(*a->peers));
    /* The host says what a person gave once, and a device that calls nobody
     * stays alone; started again, it is told again. */
    if (p == NULL && found_by == DAF_FOUND_STATIC) abort();
    if (p == NULL) return NULL;
    a->peers = p;
    p = &a->peers[a->peers_count++];
    memset(p, 0, sizeof(*p));
    p->addr = *addr;
    p->found_by = found_by;
    p->deadline = DAF_MONO_NEVER;
    return p;
}

struct daf_peer *daf_agent_book_add(struct daf_agent *a,
                                    const struct daf_addr *addr,
                                    enum daf_found_by found_by)
{
    struct daf_where where;
    struct daf_addr own; /* written in the one way */

    if (!daf_addr_parse(addr, &where) || where.port == 0) return NULL;
    daf_addr_format(&where, &own);
    for (size_t i = 0; i < a->peers_count; i++) {
        struct daf_peer *p = &a->peers[i];

        if (strcmp(p->addr.text, own.text) != 0) continue;
        if (found_by > p->found_by) {
            /* Whose it is was hearsay; now somebody stands for it. */
            if (!p->is_proven && !p->is_welcome) p->is_known = false;
            p->found_by = found_by;
        }
        return p;
    }
    return append(a, &own, found_by);
}

void daf_agent_book_told(struct daf_agent *a, const struct daf_input *in)
{
    struct daf_peer *p = daf_agent_book_add(a, &in->addr, in->found_by);

    if (p == NULL) return;
    if (in->found_by == DAF_FOUND_CACHED && !p->is_proven) {
        p->is_proven = true;
        p->proven_at = ++a->proven_changes;
    }
    if (!p->is_known && !sodium_is_zero(in->author.b, sizeof(in->author.b))) {
        p->is_known = true;
        p->author = in->author;
    }
    daf_agent_peer_soon(p, a->now); /* at once, or when the link listens */
}

void daf_agent_book_proven(struct daf_agent *a, struct daf_peer *p,
                           const struct daf_author_id *author)
{
    p->is_proven = true;
    p->is_known = true;
    p->author = *author;
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
    *out_addr = last->addr;
    return true;
}

uint64_t daf_agent_proven_changes(const struct daf_agent *a)
{
    return a->proven_changes;
}
