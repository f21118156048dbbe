/* SPDX-License-Identifier: Apache-2.0 */
/* Walks over many records. */
#include "proto/hash.h"
#include "sim/device/notebook_impl.h"

static bool tell(const struct daf_notebook *n,
                 const struct daf_notebook_log *log, uint32_t held,
                 daf_row_fn fn, void *ctx)
{
    uint32_t record = daf_notebook_held_record(held);
    const struct daf_notebook_record *r = &n->pool->records[record];
    struct daf_row row = {.log = n->pool->names[log->name].key,
                          .stored = {.spot = {.seq = r->seq, .id = r->id},
                                     .header = {r->header, r->header_len},
                                     .body_state =
                                         daf_notebook_held_state(held)}};

    if (row.stored.body_state == DAF_BODY_HELD)
        row.stored.body = (struct daf_view){r->body, r->body_len};
    return fn(ctx, &row);
}

static bool walk(const struct daf_notebook *n,
                 const struct daf_notebook_log *log, int retention,
                 daf_row_fn fn, void *ctx)
{
    const uint32_t *held = daf_notebook_log_held(log);

    for (uint32_t i = 0; i < log->count; i++) {
        uint32_t record = daf_notebook_held_record(held[i]);

        if (retention >= 0 && n->pool->records[record].retention != retention)
            continue;
        if (!tell(n, log, held[i], fn, ctx)) return false;
    }
    return true;
}

enum daf_err daf_notebook_scan_rows(struct daf_notebook *n,
                                    const struct daf_scope_id *scope,
                                    int retention, daf_row_fn fn, void *ctx)
{
    const struct daf_notebook_scope *s = daf_notebook_scope_find(n, scope);
    uint32_t at = 0;

    if (s == NULL) return DAF_OK;
    n->pins++; /* what is walked must stay */
    while (at < s->count && walk(n, s->logs[at], retention, fn, ctx))
        at++;
    n->pins--;
    return DAF_OK;
}

void daf_notebook_scan_digest(const struct daf_notebook *n,
                              const struct daf_scope_id *scope,
                              struct daf_store_digest *out)
{
    const struct daf_notebook_scope *s = daf_notebook_scope_find(n, scope);
    const struct daf_author_id *last = NULL;
    struct daf_hash_stream hash;

    *out = (struct daf_store_digest){.scope = *scope};
    daf_hash_begin(&hash, "daf.digest.1");
    for (uint32_t i = 0; s != NULL && i < s->count; i++) {
        const struct daf_notebook_log *log = s->logs[i];
        const struct daf_author_id *author =
            &n->pool->names[log->name].key.author;

        daf_hash_add(
            &hash, (struct daf_view){daf_notebook_mark(n, log->mark)->digest.b,
                                     sizeof(struct daf_hash)});
        out->authors += last == NULL || memcmp(last, author, sizeof *last) != 0;
        out->logs++;
        out->records += log->count;
        out->bodies += log->bodies;
        last = author;
    }
    daf_hash_end(&hash, out->root.b);
}

bool daf_notebook_scan_holds(const struct daf_notebook *n,
                             const struct daf_log_key *key, uint64_t seq)
{
    const struct daf_notebook_log *log = daf_notebook_scope_log(n, key);
    const struct daf_spot spot = {.seq = seq};

    if (log == NULL) return false;
    const uint32_t *held = daf_notebook_log_held(log);
    for (uint32_t at = daf_notebook_place(n->pool, held, log->count, &spot);
         at < log->count; at++) {
        uint32_t record = daf_notebook_held_record(held[at]);

        if (n->pool->records[record].seq != seq) return false;
        if (daf_notebook_held_state(held[at]) == DAF_BODY_HELD) return true;
    }
    return false;
}
