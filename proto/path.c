/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/path.h"

#include "proto/record.h"

#include <assert.h>

static bool same_id(const struct daf_record_id *a,
                    const struct daf_record_id *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

static bool same_spot(const struct daf_spot *a, const struct daf_spot *b)
{
    return a->seq == b->seq && same_id(&a->id, &b->id);
}

static bool is_among(const struct daf_spot *spot, const struct daf_spot *list,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (same_spot(spot, &list[i])) return true;
    }
    return false;
}

/* The lowest id that a record at @seq could have. */
static struct daf_spot lowest(uint64_t seq)
{
    return (struct daf_spot){.seq = seq};
}

/* The spot just after @spot in the order of at_or_after(). */
static struct daf_spot just_after(const struct daf_spot *spot)
{
    struct daf_spot next = *spot;

    for (size_t i = sizeof(next.id.b); i > 0; i--) {
        if (++next.id.b[i - 1] != 0) return next;
    }
    return lowest(spot->seq + 1);
}

/* The predecessor that a stored header names; DAF_ENOTFOUND at the start. */
static enum daf_err predecessor(struct daf_view header, struct daf_spot *out)
{
    struct daf_record r;

    /* A header was valid when it was stored. */
    if (daf_record_decode(header, &r) != DAF_OK) return DAF_ECORRUPT;
    if (r.seq == 1) return DAF_ENOTFOUND;
    out->seq = r.seq - 1;
    out->id = r.prev;
    return DAF_OK;
}

static enum daf_err get(const struct daf_index *index,
                        const struct daf_log_key *log,
                        const struct daf_spot *spot, struct daf_stored *out)
{
    return index->get(index->ctx, log, spot, out);
}

/* The header alone, for a step of a walk; one step of those left is spent. */
static enum daf_err look(const struct daf_path *p, const struct daf_spot *spot,
                         struct daf_stored *out)
{
    enum daf_err err;

    if (*p->steps == 0) return DAF_EBUSY;
    (*p->steps)--;
    err = p->index->at_or_after(p->index->ctx, &p->log, spot, out);
    if (err == DAF_OK && !same_spot(&out->spot, spot)) err = DAF_ENOTFOUND;
    return err;
}

/* A chain: the start is above the highest of @haves that is held. */
static enum daf_err begin_linear(struct daf_path *p, const struct daf_head *own,
                                 const struct daf_spot *haves, size_t count)
{
    struct daf_stored stored;
    enum daf_err err;

    p->linear = true;
    p->at = own->roots[0];
    for (size_t i = 0; i < count; i++) {
        if (haves[i].seq >= p->want.seq) continue;
        if (haves[i].seq < p->at.seq + (p->given ? 1 : 0)) continue;
        err = get(p->index, &p->log, &haves[i], &stored);
        if (err == DAF_ENOTFOUND) continue;
        if (err != DAF_OK) return err;
        p->at = haves[i];
        p->given = true;
    }
    return DAF_OK;
}

/* Forks or gaps: back from @p->want, link by link. */
static enum daf_err begin_back(struct daf_path *p, struct daf_view header,
                               const struct daf_spot *haves, size_t count)
{
    struct daf_stored stored;
    struct daf_spot prev;
    enum daf_err err;

    p->at = p->want;
    while (*p->steps > 0) {
        err = predecessor(header, &prev);
        if (err == DAF_ENOTFOUND) return DAF_OK; /* the start of the log */
        if (err != DAF_OK) return err;
        if (is_among(&prev, haves, count)) return DAF_OK;
        err = look(p, &prev, &stored);
        if (err == DAF_ENOTFOUND) return DAF_OK; /* an own root */
        if (err != DAF_OK) return err;
        p->at = prev;
        header = stored.header;
    }
    return DAF_OK; /* far enough for one answer */
}

enum daf_err daf_path_begin(const struct daf_index *index,
                            const struct daf_head *own,
                            const struct daf_spot *want,
                            const struct daf_spot *haves, size_t haves_count,
                            struct daf_path *out)
{
    struct daf_path p = {.index = index,
                         .log = own->log,
                         .want = *want,
                         .steps = out->steps};
    struct daf_stored stored;
    enum daf_err err;

    if (is_among(want, haves, haves_count)) return DAF_EEXISTS;
    err = get(index, &p.log, want, &stored);
    if (err != DAF_OK) return err;
    if (own->tips_count == 1 && own->roots_count == 1)
        err = begin_linear(&p, own, haves, haves_count);
    else
        err = begin_back(&p, stored.header, haves, haves_count);
    if (err == DAF_OK) *out = p;
    return err;
}

/* The record at @seq on the way back from @p->want. */
static enum daf_err walk_back(const struct daf_path *p, uint64_t seq,
                              struct daf_spot *out)
{
    struct daf_spot spot = p->want;
    struct daf_stored stored;
    enum daf_err err;

    while (spot.seq > seq) {
        err = look(p, &spot, &stored);
        if (err != DAF_OK) return err;
        err = predecessor(stored.header, &spot);
        if (err != DAF_OK) return err;
    }
    *out = spot;
    return DAF_OK;
}

/* How many held records have @p->at as predecessor, up to 2; one of them. */
static enum daf_err successors(const struct daf_path *p, size_t *out_count,
                               struct daf_spot *out)
{
    size_t rows = 0;
    struct daf_spot from = lowest(p->at.seq + 1), prev;
    struct daf_stored stored;
    enum daf_err err;

    *out_count = 0;
    while (*out_count < 2) {
        err = p->index->at_or_after(p->index->ctx, &p->log, &from, &stored);
        if (err == DAF_ENOTFOUND) break;
        if (err != DAF_OK) return err;
        if (stored.spot.seq != p->at.seq + 1) break;
        /* Up to 64 branches side by side: each but the first costs a step. */
        if (rows++ > 0) {
            if (*p->steps == 0) return DAF_EBUSY;
            (*p->steps)--;
        }
        err = predecessor(stored.header, &prev);
        if (err != DAF_OK) return err;
        if (same_spot(&prev, &p->at)) {
            *out = stored.spot;
            (*out_count)++;
        }
        from = just_after(&stored.spot);
    }
    return DAF_OK;
}

/* One link up from @p->at, which is an ancestor of @p->want. */
static enum daf_err step_up(struct daf_path *p)
{
    struct daf_spot next;
    enum daf_err err;
    size_t count;

    if (p->at.seq + 1 == p->want.seq) {
        p->at = p->want;
        return DAF_OK;
    }
    err = successors(p, &count, &next);
    if (err != DAF_OK) return err;
    if (count > 1) { /* a true fork: only the way back tells the branch */
        err = walk_back(p, p->at.seq + 1, &next);
        if (err != DAF_OK) return err;
    }
    if (count == 0) return DAF_ECORRUPT;
    p->at = next;
    return DAF_OK;
}

/* A chain: whatever comes after is the next link. */
static enum daf_err next_linear(struct daf_path *p, struct daf_stored *out)
{
    enum daf_err err = p->index->next(p->index->ctx, &p->log, &p->at, out);

    if (err == DAF_OK && out->spot.seq == p->at.seq + 1) {
        p->at = out->spot;
        return DAF_OK;
    }
    return err == DAF_OK || err == DAF_ENOTFOUND ? DAF_ECORRUPT : err;
}

enum daf_err daf_path_next(struct daf_path *path, struct daf_stored *out)
{
    enum daf_err err;

    if (path->given) {
        if (same_spot(&path->at, &path->want)) return DAF_ENOTFOUND;
        if (path->linear) return next_linear(path, out);
        err = step_up(path);
        if (err != DAF_OK) return err == DAF_ENOTFOUND ? DAF_ECORRUPT : err;
    }
    err = get(path->index, &path->log, &path->at, out);
    if (err != DAF_OK) return err == DAF_ENOTFOUND ? DAF_ECORRUPT : err;
    path->given = true;
    return DAF_OK;
}

static void add(const struct daf_spot *spot, struct daf_spot out[],
                size_t *count)
{
    if (!is_among(spot, out, *count)) out[(*count)++] = *spot;
}

size_t daf_path_haves(const struct daf_index *index, const struct daf_head *own,
                      bool all, struct daf_spot out[])
{
    struct daf_spot highest, from;
    struct daf_stored stored;
    size_t most = all ? DAF_PATH_TIPS_MAX : DAF_HAVES_MAX;
    size_t count = 0;

    if (own == NULL || own->tips_count == 0) return 0;
    highest = own->tips[0];
    for (size_t i = 1; i < own->tips_count; i++) {
        if (own->tips[i].seq > highest.seq) highest = own->tips[i];
    }
    add(&highest, out, &count);
    for (size_t i = 0; i < own->tips_count && count < most; i++)
        add(&own->tips[i], out, &count);
    for (uint64_t d = 1; all && d < highest.seq && count < DAF_HAVES_MAX;
         d *= 2) {
        from = lowest(highest.seq - d);
        /* Fewer haves make an answer longer, never wrong. */
        if (index->at_or_after(index->ctx, &own->log, &from, &stored) != DAF_OK)
            break;
        add(&stored.spot, out, &count);
    }
    return count;
}

bool daf_path_knows(const struct daf_index *index,
                    const struct daf_log_key *log, const struct daf_spot *haves,
                    size_t haves_count)
{
    struct daf_stored stored;

    for (size_t i = 0; i < haves_count; i++) {
        if (get(index, log, &haves[i], &stored) == DAF_OK) return true;
    }
    return false;
}

size_t daf_path_wants(const struct daf_index *index, const struct daf_head *own,
                      struct daf_spot out[])
{
    struct daf_stored stored;
    struct daf_spot prev;
    size_t count = 0;

    if (own == NULL) return 0;
    static_assert(DAF_FRONTIER_MAX <= DAF_WANTS_MAX, "wants have room");
    assert(own->roots_count <= DAF_FRONTIER_MAX);
    for (size_t i = 0; i < own->roots_count; i++) {
        if (own->roots[i].seq == 1) continue;
        if (get(index, &own->log, &own->roots[i], &stored) == DAF_OK &&
            predecessor(stored.header, &prev) == DAF_OK)
            add(&prev, out, &count);
    }
    return count;
}
