/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the two answers.  The real one is a writer and a reader, as in the
 * daemon: what is asked is what was committed. */
#include <assert.h>
#include <stdlib.h>

#include "sim/device/notebook_impl.h"

static bool is_real(const struct daf_notebook *n)
{
    return n->writer != NULL;
}

/* ---- making and freeing */

enum daf_err daf_notebook_model(struct daf_notebook_pool *pool,
                                struct daf_notebook **out)
{
    struct daf_notebook *n = calloc(1, sizeof *n);

    *out = n;
    if (n == NULL) return DAF_ENOMEM;
    n->pool = pool;
    daf_notebook_index_init(n);
    return DAF_OK;
}

enum daf_err daf_notebook_real(const char *dir, struct daf_notebook **out)
{
    struct daf_notebook *n = calloc(1, sizeof *n);

    *out = NULL;
    if (n == NULL) return DAF_ENOMEM;
    enum daf_err err = daf_store_open(dir, DAF_STORE_WRITER, &n->writer);
    if (err == DAF_OK) err = daf_store_open(dir, DAF_STORE_READER, &n->reader);
    if (err == DAF_OK) err = daf_store_slim(n->writer);
    if (err == DAF_OK) err = daf_store_slim(n->reader);
    if (err == DAF_OK)
        *out = n;
    else
        daf_notebook_free(n);
    return err;
}

/* All that a model holds. */
static void empty(struct daf_notebook *n)
{
    for (uint32_t i = 0; i < n->scopes_count; i++) {
        struct daf_notebook_scope *s = &n->scopes[i];

        for (uint32_t j = 0; j < s->count; j++)
            daf_notebook_log_free(s->logs[j]);
        free(s->logs);
        free(s->tags);
        free(s->symbols);
    }
    free(n->scopes);
    free(n->unchecked.list);
    n->scopes = NULL;
    n->scopes_count = 0;
    n->unchecked = (struct daf_notebook_stretches){0};
    n->last = NULL;
}

void daf_notebook_free(struct daf_notebook *n)
{
    if (n == NULL) return;
    daf_store_close(n->reader);
    daf_store_close(n->writer);
    daf_notebook_batch_end(n);
    empty(n);
    free(n);
}

/* ---- copies */

static enum daf_err copy_scope(const struct daf_notebook_scope *from,
                               struct daf_notebook *to)
{
    uint32_t place = 0;
    enum daf_err err = daf_notebook_scope_add(to, &from->id, &place);

    if (err != DAF_OK || from->count == 0) return err;
    struct daf_notebook_scope *s = &to->scopes[place];
    err = daf_notebook_scope_room(s, from->count);
    for (uint32_t i = 0; err == DAF_OK && i < from->count; i++) {
        from->logs[i]->refs++;
        daf_notebook_scope_swap(to, s, NULL, from->logs[i]);
    }
    return err;
}

static enum daf_err copy_all(const struct daf_notebook *from,
                             struct daf_notebook *to)
{
    enum daf_err err = DAF_OK;

    for (uint32_t i = 0; err == DAF_OK && i < from->scopes_count; i++)
        err = copy_scope(&from->scopes[i], to);
    return err == DAF_OK ? daf_notebook_unchecked_copy(from, &to->unchecked)
                         : err;
}

enum daf_err daf_notebook_copy(const struct daf_notebook *from,
                               struct daf_notebook *to)
{
    assert(!is_real(from) && !is_real(to) && from->pool == to->pool);
    assert(to->batch == NULL && to->commits == 0);
    enum daf_err err = copy_all(from, to);
    if (err != DAF_OK) {
        empty(to);
        return err;
    }
    to->commits = from->commits;
    to->bodies = from->bodies;
    to->logs_ever = from->logs_ever;
    return DAF_OK;
}

/* ---- writing */

enum daf_err daf_notebook_begin(struct daf_notebook *n)
{
    return is_real(n) ? daf_store_begin(n->writer)
                      : daf_notebook_batch_begin(n);
}

enum daf_err daf_notebook_put(struct daf_notebook *n,
                              const struct daf_record *r,
                              struct daf_view header, enum daf_body_state state,
                              struct daf_view body, enum daf_put *out)
{
    return is_real(n) ? daf_store_put(n->writer, r, header, state, body, out)
                      : daf_notebook_put_record(n, r, header, state, body, out);
}

enum daf_err daf_notebook_unchecked(struct daf_notebook *n,
                                    const struct daf_stretch *what)
{
    return is_real(n) ? daf_store_unchecked(n->writer, what)
                      : daf_notebook_unchecked_join(n, what);
}

enum daf_err daf_notebook_checked(struct daf_notebook *n,
                                  const struct daf_stretch *what)
{
    return is_real(n) ? daf_store_checked(n->writer, what)
                      : daf_notebook_unchecked_cut(n, what);
}

enum daf_err daf_notebook_drop(struct daf_notebook *n,
                               const struct daf_log_key *log,
                               const struct daf_spot *spot)
{
    return is_real(n) ? daf_store_drop(n->writer, log, spot)
                      : daf_notebook_drop_record(n, log, spot);
}

enum daf_err daf_notebook_erase(struct daf_notebook *n,
                                const struct daf_erase *what,
                                struct daf_erase *out_next, bool *out_more)
{
    if (is_real(n)) return daf_store_erase(n->writer, what, out_next, out_more);
    *out_next = *what;
    *out_more = false;
    return daf_notebook_erase_bodies(n, what);
}

enum daf_err daf_notebook_acked(struct daf_notebook *n,
                                const struct daf_log_key *log,
                                uint64_t seq_first, const struct daf_spot *last)
{
    return is_real(n) ? daf_store_acked(n->writer, log, seq_first, last)
                      : daf_notebook_acked_set(n, log, seq_first, last);
}

enum daf_err daf_notebook_state(struct daf_notebook *n,
                                struct daf_view statement)
{
    struct daf_statement st;
    enum daf_err err = daf_statement_decode(statement, &st);

    if (err != DAF_OK || !is_real(n)) return err;
    return daf_store_keep_statement(n->writer, &st, statement);
}

enum daf_err daf_notebook_statements(struct daf_notebook *n,
                                     daf_statement_fn fn, void *ctx)
{
    return is_real(n) ? daf_store_statements(n->reader, fn, ctx, NULL) : DAF_OK;
}

enum daf_err daf_notebook_commit(struct daf_notebook *n)
{
    return is_real(n) ? daf_store_commit(n->writer)
                      : daf_notebook_batch_commit(n);
}

void daf_notebook_rollback(struct daf_notebook *n)
{
    if (is_real(n))
        daf_store_rollback(n->writer);
    else
        daf_notebook_batch_end(n);
}

/* ---- reading */

const struct daf_index *daf_notebook_index(struct daf_notebook *n)
{
    return is_real(n) ? daf_store_index(n->reader) : &n->index;
}

enum daf_err daf_notebook_pin(struct daf_notebook *n, uint64_t *out_commits)
{
    if (is_real(n)) return daf_store_pin(n->reader, out_commits);
    n->pins++;
    *out_commits = n->commits;
    return DAF_OK;
}

void daf_notebook_unpin(struct daf_notebook *n)
{
    if (is_real(n)) {
        daf_store_unpin(n->reader);
        return;
    }
    assert(n->pins > 0);
    n->pins--;
}

enum daf_err daf_notebook_scan(struct daf_notebook *n,
                               const struct daf_scope_id *scope, int retention,
                               daf_row_fn fn, void *ctx)
{
    return is_real(n) ? daf_store_scan(n->reader, scope, retention, fn, ctx)
                      : daf_notebook_scan_rows(n, scope, retention, fn, ctx);
}

enum daf_err daf_notebook_digest(struct daf_notebook *n,
                                 const struct daf_scope_id *scope,
                                 struct daf_store_digest *out)
{
    if (is_real(n)) return daf_store_digest(n->reader, scope, out);
    daf_notebook_scan_digest(n, scope, out);
    return DAF_OK;
}

static bool real_holds(const struct daf_notebook *n,
                       const struct daf_log_key *log, uint64_t seq)
{
    const struct daf_index *index = daf_store_index(n->reader);
    struct daf_spot at = {.seq = seq};
    struct daf_stored found;

    while (index->next(index->ctx, log, &at, &found) == DAF_OK &&
           found.spot.seq == seq) {
        if (found.body_state == DAF_BODY_HELD) return true;
        at = found.spot;
    }
    return false;
}

bool daf_notebook_holds(const struct daf_notebook *n,
                        const struct daf_log_key *log, uint64_t seq)
{
    return is_real(n) ? real_holds(n, log, seq)
                      : daf_notebook_scan_holds(n, log, seq);
}
