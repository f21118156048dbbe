/* SPDX-License-Identifier: Apache-2.0 */
/* proto/index.h over a model's lists. */
#include <assert.h>

#include "sim/device/notebook_impl.h"

/* Sessions ask of one log many times. */
static const struct daf_notebook_log *log_of(struct daf_notebook *n,
                                             const struct daf_log_key *key)
{
    if (n->last != NULL) {
        const struct daf_log_key *k = &n->pool->names[n->last->name].key;
        if (k->incarnation == key->incarnation &&
            memcmp(&k->author, &key->author, sizeof k->author) == 0 &&
            memcmp(&k->scope, &key->scope, sizeof k->scope) == 0)
            return n->last;
    }
    struct daf_notebook_log *log = daf_notebook_scope_log(n, key);
    if (log != NULL) n->last = log;
    return log;
}

/* The place of the first log after *@after, or of the first. */
static uint32_t place_after(const struct daf_notebook *n,
                            const struct daf_notebook_scope *s,
                            const struct daf_author_id *author,
                            uint64_t incarnation)
{
    uint32_t at = daf_notebook_scope_place(n, s, author, incarnation);

    if (at == s->count) return at;
    const struct daf_log_key *key = &n->pool->names[s->logs[at]->name].key;
    return at + (key->incarnation == incarnation &&
                 memcmp(&key->author, author, sizeof *author) == 0);
}

/* ---- heads */

static enum daf_err head_next(void *ctx, const struct daf_scope_id *scope,
                              const struct daf_log_key *after,
                              struct daf_head *out)
{
    struct daf_notebook *n = ctx;
    const struct daf_notebook_scope *s = daf_notebook_scope_find(n, scope);
    uint32_t at = 0;

    if (s == NULL) return DAF_ENOTFOUND;
    if (after != NULL)
        at = place_after(n, s, &after->author, after->incarnation);
    if (at == s->count) return DAF_ENOTFOUND;
    n->last = s->logs[at];
    daf_notebook_scope_head(n, n->last, out);
    return DAF_OK;
}

static enum daf_err head(void *ctx, const struct daf_log_key *key,
                         struct daf_head *out)
{
    struct daf_notebook *n = ctx;
    const struct daf_notebook_log *log = log_of(n, key);

    if (log == NULL) return DAF_ENOTFOUND;
    daf_notebook_scope_head(n, log, out);
    return DAF_OK;
}

/* ---- records */

static void fill(const struct daf_notebook *n, uint32_t held, bool with_body,
                 struct daf_stored *out)
{
    uint32_t record = daf_notebook_held_record(held);
    const struct daf_notebook_record *r = &n->pool->records[record];

    *out = (struct daf_stored){.spot = {.seq = r->seq, .id = r->id},
                               .header = {r->header, r->header_len},
                               .body_state = daf_notebook_held_state(held)};
    if (with_body && out->body_state == DAF_BODY_HELD)
        out->body = (struct daf_view){r->body, r->body_len};
}

static enum daf_err get(void *ctx, const struct daf_log_key *key,
                        const struct daf_spot *spot, struct daf_stored *out)
{
    struct daf_notebook *n = ctx;
    const struct daf_notebook_log *log = log_of(n, key);

    if (log == NULL) return DAF_ENOTFOUND;
    const uint32_t *held = daf_notebook_log_held(log);
    uint32_t at = daf_notebook_place(n->pool, held, log->count, spot);
    if (!daf_notebook_is_at(n->pool, held, log->count, at, spot))
        return DAF_ENOTFOUND;
    fill(n, held[at], true, out);
    return DAF_OK;
}

static enum daf_err at_or_after(void *ctx, const struct daf_log_key *key,
                                const struct daf_spot *spot,
                                struct daf_stored *out)
{
    struct daf_notebook *n = ctx;
    const struct daf_notebook_log *log = log_of(n, key);

    if (log == NULL) return DAF_ENOTFOUND;
    const uint32_t *held = daf_notebook_log_held(log);
    uint32_t at = daf_notebook_place(n->pool, held, log->count, spot);
    if (at == log->count) return DAF_ENOTFOUND;
    fill(n, held[at], false, out);
    return DAF_OK;
}

/* The place of the first record above @spot. */
static uint32_t above(const struct daf_notebook *n,
                      const struct daf_notebook_log *log,
                      const struct daf_spot *spot)
{
    const uint32_t *held = daf_notebook_log_held(log);
    uint32_t at = daf_notebook_place(n->pool, held, log->count, spot);

    return at + daf_notebook_is_at(n->pool, held, log->count, at, spot);
}

static enum daf_err next(void *ctx, const struct daf_log_key *key,
                         const struct daf_spot *spot, struct daf_stored *out)
{
    struct daf_notebook *n = ctx;
    const struct daf_notebook_log *log = log_of(n, key);

    if (log == NULL) return DAF_ENOTFOUND;
    uint32_t at = above(n, log, spot);
    if (at == log->count) return DAF_ENOTFOUND;
    fill(n, daf_notebook_log_held(log)[at], true, out);
    return DAF_OK;
}

/* ---- comparing */

static enum daf_err mark(void *ctx, const struct daf_log_key *key,
                         struct daf_mark *out)
{
    struct daf_notebook *n = ctx;
    const struct daf_notebook_log *log = log_of(n, key);

    if (log == NULL) return DAF_ENOTFOUND;
    *out = *daf_notebook_mark(n, log->mark);
    return DAF_OK;
}

static enum daf_err mark_by_tag(void *ctx, const struct daf_scope_id *scope,
                                const struct daf_tag *tag, struct daf_mark *out)
{
    struct daf_notebook *n = ctx;
    const struct daf_notebook_scope *s = daf_notebook_scope_find(n, scope);

    if (s == NULL) return DAF_ENOTFOUND;
    uint32_t at = daf_notebook_scope_tag(n, s, tag);
    if (at == s->count ||
        memcmp(&daf_notebook_mark(n, s->tags[at])->tag, tag, sizeof *tag) != 0)
        return DAF_ENOTFOUND;
    *out = *daf_notebook_mark(n, s->tags[at]);
    return DAF_OK;
}

static enum daf_err marks(void *ctx, const struct daf_scope_id *scope,
                          const struct daf_tag *after, daf_mark_fn fn,
                          void *fn_ctx)
{
    struct daf_notebook *n = ctx;
    const struct daf_notebook_scope *s = daf_notebook_scope_find(n, scope);
    uint32_t at = 0;

    if (s == NULL) return DAF_OK;
    if (after != NULL) at = daf_notebook_scope_tag(n, s, after);
    for (; at < s->count; at++) {
        const struct daf_mark *m = daf_notebook_mark(n, s->tags[at]);

        if (after != NULL && memcmp(&m->tag, after, sizeof *after) == 0)
            continue;
        if (!fn(fn_ctx, m)) break;
    }
    return DAF_OK;
}

static enum daf_err symbols(void *ctx, const struct daf_scope_id *scope,
                            size_t start, size_t count, struct daf_symbol *out)
{
    struct daf_notebook *n = ctx;
    struct daf_notebook_scope *s = daf_notebook_scope_find(n, scope);

    assert(start <= DAF_SYMBOLS_MAX && count <= DAF_SYMBOLS_MAX - start);
    if (count == 0) return DAF_OK;
    if (s == NULL) {
        memset(out, 0, count * sizeof *out);
        return DAF_OK;
    }
    enum daf_err err = daf_notebook_scope_widen(n, s, start + count);
    if (err == DAF_OK) memcpy(out, s->symbols + start, count * sizeof *out);
    return err;
}

static enum daf_err unacked_next(void *ctx, const struct daf_scope_id *scope,
                                 const struct daf_author_id *author,
                                 const uint64_t *after, struct daf_mark *out)
{
    struct daf_notebook *n = ctx;
    const struct daf_notebook_scope *s = daf_notebook_scope_find(n, scope);

    if (s == NULL) return DAF_ENOTFOUND;
    uint32_t at = after == NULL ? daf_notebook_scope_place(n, s, author, 0)
                                : place_after(n, s, author, *after);
    for (; at < s->count; at++) {
        const struct daf_notebook_log *log = s->logs[at];
        uint64_t acked =
            log->acked == 0 ? 0 : n->pool->records[log->acked - 1].seq;

        if (memcmp(&n->pool->names[log->name].key.author, author,
                   sizeof *author) != 0)
            break;
        if (log->height <= acked && log->tips == 1) continue;
        *out = *daf_notebook_mark(n, log->mark);
        return DAF_OK;
    }
    return DAF_ENOTFOUND;
}

static enum daf_err bodies(void *ctx, uint64_t *out)
{
    const struct daf_notebook *n = ctx;

    *out = n->bodies;
    return DAF_OK;
}

/* ---- what has its own repair */

/* The first absent body of @log from place @at. */
static bool absent_from(const struct daf_notebook *n,
                        const struct daf_notebook_log *log, uint32_t at,
                        struct daf_log_key *out_log, struct daf_spot *out_spot)
{
    const uint32_t *held = daf_notebook_log_held(log);

    if (log->absent == 0) return false;
    for (; at < log->count; at++) {
        if (daf_notebook_held_state(held[at]) != DAF_BODY_ABSENT) continue;
        *out_log = n->pool->names[log->name].key;
        *out_spot =
            daf_notebook_spot(n->pool, daf_notebook_held_record(held[at]));
        return true;
    }
    return false;
}

static enum daf_err absent_next(void *ctx, const struct daf_scope_id *scope,
                                const struct daf_log_key *log,
                                const struct daf_spot *spot,
                                struct daf_log_key *out_log,
                                struct daf_spot *out_spot)
{
    struct daf_notebook *n = ctx;
    const struct daf_notebook_scope *s = daf_notebook_scope_find(n, scope);
    uint32_t at = 0;

    if (s == NULL || s->absent == 0) return DAF_ENOTFOUND;
    if (log != NULL) {
        at = place_after(n, s, &log->author, log->incarnation);
        uint32_t from =
            daf_notebook_scope_place(n, s, &log->author, log->incarnation);
        /* The log itself is held. */
        if (from < at &&
            absent_from(n, s->logs[from], above(n, s->logs[from], spot),
                        out_log, out_spot))
            return DAF_OK;
    }
    for (; at < s->count; at++) {
        if (absent_from(n, s->logs[at], 0, out_log, out_spot)) return DAF_OK;
    }
    return DAF_ENOTFOUND;
}

static bool is_checked(void *ctx, const struct daf_log_key *key,
                       const struct daf_spot *spot)
{
    struct daf_notebook *n = ctx;
    const struct daf_notebook_log *log = log_of(n, key);

    if (log == NULL) return false;
    const uint32_t *held = daf_notebook_log_held(log);
    uint32_t at = daf_notebook_place(n->pool, held, log->count, spot);
    return daf_notebook_is_at(n->pool, held, log->count, at, spot) &&
           !daf_notebook_unchecked_has(n, log->number, spot->seq);
}

static enum daf_err unchecked_next(void *ctx, struct daf_stretch *out)
{
    const struct daf_notebook *n = ctx;

    if (n->unchecked.count == 0) return DAF_ENOTFOUND;
    const struct daf_notebook_stretch *first = &n->unchecked.list[0];
    *out = (struct daf_stretch){.log = n->pool->names[first->name].key,
                                .first = first->first,
                                .last = first->last};
    return DAF_OK;
}

static const struct daf_index questions = {.head_next = head_next,
                                           .head = head,
                                           .get = get,
                                           .at_or_after = at_or_after,
                                           .next = next,
                                           .mark = mark,
                                           .mark_by_tag = mark_by_tag,
                                           .marks = marks,
                                           .symbols = symbols,
                                           .unacked_next = unacked_next,
                                           .bodies = bodies,
                                           .absent_next = absent_next,
                                           .is_checked = is_checked,
                                           .unchecked_next = unchecked_next};

void daf_notebook_index_init(struct daf_notebook *n)
{
    n->index = questions;
    n->index.ctx = n;
}
