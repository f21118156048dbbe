/* SPDX-License-Identifier: Apache-2.0 */
#include "node/core/confirmed.h"

#include <stdlib.h>
#include <string.h>

/* What is known of one log of a revoked device. */
struct log_state {
    struct daf_log_key log;
    struct daf_hash digest; /* of the frontier, which determines the set held */
    size_t named;           /* tips named in all, when it was walked */
    uint64_t round;         /* in which that was last looked at */
    size_t count, cap;
    struct daf_spot *unconfirmed; /* owned; ascending by seq and id */
};

struct daf_confirmed {
    const struct daf_camp *camp;
    const struct daf_index *index;
    uint64_t round;
    enum daf_err err;
    size_t count, cap, last; /* the one found last: rows come log by log */
    struct log_state *logs;  /* ascending by log */
    struct daf_head head;    /* room */
};

enum daf_err daf_confirmed_new(const struct daf_camp *camp,
                               const struct daf_index *index,
                               struct daf_confirmed **out)
{
    struct daf_confirmed *c = calloc(1, sizeof(*c));

    *out = c;
    if (c == NULL) return DAF_ENOMEM;
    c->camp = camp;
    c->index = index;
    c->round = 1;
    return DAF_OK;
}

void daf_confirmed_free(struct daf_confirmed *c)
{
    if (c == NULL) return;
    for (size_t i = 0; i < c->count; i++)
        free(c->logs[i].unconfirmed);
    free(c->logs);
    free(c);
}

void daf_confirmed_begin(struct daf_confirmed *c)
{
    c->round++;
    c->err = DAF_OK;
}

enum daf_err daf_confirmed_err(const struct daf_confirmed *c)
{
    return c->err;
}

/* ---- one log, from its tips down */

/* A record of the walk: of what follows it nothing is left to see. */
struct place {
    struct daf_spot spot, prev;
    bool is_confirmed;
};

static int compare_spots(const void *a, const void *b)
{
    const struct daf_spot *x = a, *y = b;

    if (x->seq != y->seq) return x->seq < y->seq ? -1 : 1;
    return memcmp(x->id.b, y->id.b, sizeof(x->id.b));
}

static enum daf_err note(struct log_state *s, const struct daf_spot *spot)
{
    if (s->count == s->cap) {
        size_t cap = s->cap == 0 ? 64 : 2 * s->cap;
        struct daf_spot *more = realloc(s->unconfirmed, cap * sizeof(*more));

        if (more == NULL) return DAF_ENOMEM;
        s->unconfirmed = more;
        s->cap = cap;
    }
    s->unconfirmed[s->count++] = *spot;
    return DAF_OK;
}

/* The record at @spot; DAF_ENOTFOUND if it is not held. */
static enum daf_err read_place(const struct daf_confirmed *c,
                               const struct daf_log_key *log,
                               const struct daf_spot *spot, struct place *out)
{
    const struct daf_index *index = c->index;
    struct daf_stored stored;
    struct daf_record r;
    enum daf_err err = index->at_or_after(index->ctx, log, spot, &stored);

    if (err == DAF_OK && compare_spots(&stored.spot, spot) != 0)
        err = DAF_ENOTFOUND;
    if (err == DAF_OK) err = daf_record_decode(stored.header, &r);
    if (err != DAF_OK) return err;
    out->spot = *spot;
    out->prev = (struct daf_spot){spot->seq - 1, r.prev};
    out->is_confirmed = daf_camp_is_named(c->camp, log, &spot->id);
    return DAF_OK;
}

/* The highest that is left, so that all who follow a record are seen before it;
 * @count if every place left is confirmed: then so is all below. */
static size_t highest(const struct place *places, size_t count)
{
    bool is_any = false;
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        is_any |= !places[i].is_confirmed;
        if (places[i].spot.seq > places[at].spot.seq) at = i;
    }
    return is_any ? at : count;
}

/* @places[at] goes down to its predecessor, to where one is already, or away.
 * Returns how many are left. */
/* NOLINTNEXTLINE(readability-function-size): a list is two arguments */
static size_t go_down(const struct daf_confirmed *c,
                      const struct daf_log_key *log, struct place *places,
                      size_t count, size_t at, enum daf_err *out_err)
{
    struct place from = places[at];
    enum daf_err err = DAF_ENOTFOUND;

    for (size_t i = 0; i < count; i++) {
        if (i == at || compare_spots(&places[i].spot, &from.prev) != 0)
            continue;
        places[i].is_confirmed |= from.is_confirmed;
        places[at] = places[count - 1];
        return count - 1;
    }
    if (from.spot.seq > 1) err = read_place(c, log, &from.prev, &places[at]);
    places[at].is_confirmed |= from.is_confirmed;
    if (err == DAF_OK) return count;
    if (err != DAF_ENOTFOUND) *out_err = err;
    places[at] = places[count - 1];
    return count - 1;
}

/* Every held record is a tip or below one by held links, so the places left, 64 at
 * most, stand for all that was not seen yet. */
static enum daf_err walk(struct daf_confirmed *c, struct log_state *s)
{
    struct place places[DAF_FRONTIER_MAX];
    size_t count = c->head.tips_count, at;
    enum daf_err err = DAF_OK;

    s->count = 0;
    for (size_t i = 0; err == DAF_OK && i < count; i++)
        err = read_place(c, &s->log, &c->head.tips[i], &places[i]);
    while (err == DAF_OK && (at = highest(places, count)) < count) {
        if (!places[at].is_confirmed) err = note(s, &places[at].spot);
        if (err == DAF_OK) count = go_down(c, &s->log, places, count, at, &err);
    }
    if (err == DAF_ENOTFOUND) err = DAF_ECORRUPT; /* a tip that is not there */
    if (err == DAF_OK && s->count > 0)
        qsort(s->unconfirmed, s->count, sizeof(*s->unconfirmed), compare_spots);
    return err;
}

/* ---- logs */

static int compare_logs(const struct daf_log_key *a,
                        const struct daf_log_key *b)
{
    int order = memcmp(a->author.b, b->author.b, sizeof(a->author.b));

    if (order == 0) order = memcmp(a->scope.b, b->scope.b, sizeof(a->scope.b));
    if (order == 0 && a->incarnation != b->incarnation)
        order = a->incarnation < b->incarnation ? -1 : 1;
    return order;
}

static size_t place_of(const struct daf_confirmed *c,
                       const struct daf_log_key *log)
{
    size_t low = 0, high = c->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_logs(&c->logs[middle].log, log) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct log_state *find_log(struct daf_confirmed *c,
                                  const struct daf_log_key *log)
{
    size_t at = c->last;

    if (at >= c->count || compare_logs(&c->logs[at].log, log) != 0)
        at = place_of(c, log);
    c->last = at;
    if (at < c->count && compare_logs(&c->logs[at].log, log) == 0)
        return &c->logs[at];
    if (c->count == c->cap) {
        size_t cap = c->cap == 0 ? 16 : 2 * c->cap;
        struct log_state *more = realloc(c->logs, cap * sizeof(*more));

        if (more == NULL) return NULL;
        c->logs = more;
        c->cap = cap;
    }
    memmove(&c->logs[at + 1], &c->logs[at], (c->count - at) * sizeof(*c->logs));
    c->count++;
    c->logs[at] = (struct log_state){.log = *log};
    return &c->logs[at];
}

/* @c->head is @s's.  A log that could not be walked is walked again. */
static enum daf_err look(struct daf_confirmed *c, struct log_state *s)
{
    struct daf_hash digest = daf_frontier_digest(&c->head);
    size_t named = daf_camp_named_count(c->camp);
    enum daf_err err = DAF_OK;

    if (s->round == 0 || s->named != named ||
        memcmp(digest.b, s->digest.b, sizeof(digest.b)) != 0)
        err = walk(c, s);
    s->digest = digest;
    s->named = named;
    s->round = err == DAF_OK ? c->round : 0;
    return err;
}

/* The log as it is now; NULL, and the reason is kept. */
static const struct log_state *log_now(struct daf_confirmed *c,
                                       const struct daf_log_key *log)
{
    struct log_state *s = find_log(c, log);
    enum daf_err err = s == NULL ? DAF_ENOMEM : DAF_OK;

    if (err == DAF_OK && s->round == c->round) return s;
    if (err == DAF_OK) err = c->index->head(c->index->ctx, log, &c->head);
    if (err == DAF_OK) err = look(c, s);
    if (err == DAF_OK) return s;
    if (c->err == DAF_OK) c->err = err;
    return NULL;
}

/* ---- asking */

bool daf_confirmed_is(struct daf_confirmed *c, const struct daf_log_key *log,
                      const struct daf_spot *spot)
{
    const struct log_state *s;

    if (!daf_camp_is_revoked(c->camp, &log->author)) return true;
    s = log_now(c, log);
    if (s == NULL) return false;
    return s->count == 0 || bsearch(spot, s->unconfirmed, s->count,
                                    sizeof(*spot), compare_spots) == NULL;
}

static enum daf_err add_scope(struct daf_confirmed *c,
                              const struct daf_log_key *first, uint64_t *sum)
{
    const struct daf_index *index = c->index;
    struct daf_log_key log = *first;
    /* Nothing but the log with incarnation 0 could come before. */
    enum daf_err err = index->head(index->ctx, &log, &c->head);

    if (err == DAF_ENOTFOUND)
        err = index->head_next(index->ctx, &log.scope, &log, &c->head);
    while (err == DAF_OK && memcmp(c->head.log.author.b, first->author.b,
                                   sizeof(first->author.b)) == 0) {
        const struct log_state *s;

        log = c->head.log;
        s = log_now(c, &log);
        if (s == NULL) return c->err;
        *sum += s->count;
        err = index->head_next(index->ctx, &log.scope, &log, &c->head);
    }
    return err == DAF_ENOTFOUND ? DAF_OK : err;
}

static enum daf_err add_author(struct daf_confirmed *c,
                               const struct daf_author_id *author,
                               uint64_t *sum)
{
    struct daf_log_key log = {.author = *author};
    enum daf_err err = DAF_OK;

    for (size_t i = 0;
         err == DAF_OK && daf_camp_scope(c->camp, i, &log.scope) != NULL; i++)
        err = add_scope(c, &log, sum);
    return err;
}

enum daf_err daf_confirmed_lacks(struct daf_confirmed *c,
                                 const struct daf_author_id *author,
                                 uint64_t *out)
{
    const struct daf_author_id *after = NULL;
    struct daf_author_id who;
    enum daf_err err = DAF_OK;

    *out = 0;
    if (author != NULL)
        return daf_camp_is_revoked(c->camp, author) ? add_author(c, author, out)
                                                    : DAF_OK;
    for (; err == DAF_OK && daf_camp_revoked_next(c->camp, after, &who);
         after = &who)
        err = add_author(c, &who, out);
    return err;
}
