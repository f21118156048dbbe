/* SPDX-License-Identifier: Apache-2.0 */
/* Walks over many records, and lists of what logs there are. */
#include <stdlib.h>

#include "store/store_impl.h"

#define ROW                                                                  \
    "SELECT log.scope,log.author,log.incarnation,h.seq,h.id,h.state,h.body," \
    "h.bytes FROM log CROSS JOIN header AS h "
#define IN_SCOPE "ON h.log=log.log WHERE log.scope=?1 "
#define IN_ORDER "ORDER BY log.author,log.incarnation,h.seq,h.id"

static const char scan_all[] = ROW IN_SCOPE IN_ORDER;
static const char scan_daily[] =
    ROW "INDEXED BY header_daily " IN_SCOPE "AND h.retention=3 " IN_ORDER;
static const char scan_class[] = ROW IN_SCOPE "AND h.retention=?2 " IN_ORDER;
/* The planner takes the index only for the number itself. */
static const char scan_identity[] =
    ROW "INDEXED BY header_identity " IN_SCOPE "AND h.retention=1 " IN_ORDER;
static const char scan_id[] = ROW "ON h.log=log.log WHERE h.id=?1";

/* A walk has its own questions and memory, so that the caller may ask for other
 * records, or walk, while it is in one. */
struct walk {
    struct daf_query rows, pieces;
    uint8_t body[DAF_BODY_BYTES_MAX];
};

static enum daf_err read_row(struct walk *w, struct daf_row *out)
{
    const struct daf_query *q = &w->rows;
    uint8_t incarnation[8];
    struct daf_stored *stored = &out->stored;
    int64_t state = daf_db_int(q, 5);
    if (!daf_db_copy(q, 0, out->log.scope.b, sizeof(out->log.scope.b)) ||
        !daf_db_copy(q, 1, out->log.author.b, sizeof(out->log.author.b)) ||
        !daf_db_copy(q, 2, incarnation, sizeof(incarnation)) ||
        !daf_db_copy(q, 4, stored->spot.id.b, sizeof(stored->spot.id.b)) ||
        state < DAF_BODY_HELD || state > DAF_BODY_ABSENT)
        return daf_db_say(q->db, DAF_ECORRUPT, "a row is damaged");
    out->log.incarnation = daf_store_incarnation_of(incarnation);
    stored->spot.seq = (uint64_t)daf_db_int(q, 3);
    stored->header = daf_db_bytes(q, 7);
    stored->body_state = (enum daf_body_state)state;
    stored->body = (struct daf_view){NULL, 0};
    if (state != DAF_BODY_HELD) return DAF_OK;
    size_t len = 0;
    enum daf_err err =
        daf_store_body(&w->pieces, daf_db_int(q, 6), w->body, &len, NULL);
    stored->body = (struct daf_view){w->body, len};
    return err;
}

static enum daf_err walk_rows(struct walk *w, daf_row_fn fn, void *ctx)
{
    enum daf_err err;
    while ((err = daf_db_step(&w->rows)) == DAF_OK) {
        struct daf_row row;
        err = read_row(w, &row);
        if (err != DAF_OK || !fn(ctx, &row)) return err;
    }
    return err == DAF_ENOTFOUND ? DAF_OK : err;
}

static enum daf_err walk_open(struct daf_store *s, const char *sql,
                              struct walk **out)
{
    struct walk *w = calloc(1, sizeof(*w));
    *out = w;
    if (w == NULL) return daf_db_say(&s->db, DAF_ENOMEM, "out of memory");
    enum daf_err err = daf_db_prepare(&s->db, sql, &w->rows);
    if (err == DAF_OK)
        err = daf_db_prepare(
            &s->db, "SELECT body,bytes FROM body WHERE body>=?1 ORDER BY body",
            &w->pieces);
    return err;
}

static void walk_close(struct walk *w)
{
    if (w == NULL) return;
    daf_db_drop(&w->rows);
    daf_db_drop(&w->pieces);
    free(w);
}

enum daf_err daf_store_scan(struct daf_store *s,
                            const struct daf_scope_id *scope, int retention,
                            daf_row_fn fn, void *ctx)
{
    const char *sql = retention < 0 ? scan_all : scan_class;
    struct walk *w;
    if (retention == DAF_RETENTION_IDENTITY) sql = scan_identity;
    if (retention == DAF_RETENTION_DAILY) sql = scan_daily;
    enum daf_err err = walk_open(s, sql, &w);
    if (err == DAF_OK) {
        daf_db_bind_blob(&w->rows, 1, scope->b, sizeof(scope->b));
        if (sql == scan_class) daf_db_bind_int(&w->rows, 2, retention);
        err = walk_rows(w, fn, ctx);
    }
    walk_close(w);
    return err;
}

enum daf_err daf_store_find(struct daf_store *s, const struct daf_record_id *id,
                            daf_row_fn fn, void *ctx)
{
    struct walk *w;
    enum daf_err err = walk_open(s, scan_id, &w);
    if (err == DAF_OK) {
        daf_db_bind_blob(&w->rows, 1, id->b, sizeof(id->b));
        err = walk_rows(w, fn, ctx);
    }
    walk_close(w);
    return err;
}

size_t daf_store_author_logs(struct daf_store *s,
                             const struct daf_scope_id *scope,
                             const struct daf_author_id *author, uint64_t *out,
                             size_t cap)
{
    size_t count = 0;
    uint8_t incarnation[8];
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_LOG_OF_AUTHOR);
    daf_db_bind_blob(&q, 1, scope->b, sizeof(scope->b));
    daf_db_bind_blob(&q, 2, author->b, sizeof(author->b));
    while (count < cap && daf_db_step(&q) == DAF_OK) {
        if (daf_db_copy(&q, 0, incarnation, sizeof(incarnation)))
            out[count++] = daf_store_incarnation_of(incarnation);
    }
    daf_db_end(&q);
    return count;
}

size_t daf_store_scopes(struct daf_store *s, struct daf_scope_id *out,
                        size_t cap)
{
    size_t count = 0;
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_SCOPES);
    while (count < cap && daf_db_step(&q) == DAF_OK) {
        if (daf_db_copy(&q, 0, out[count].b, sizeof(out[count].b))) count++;
    }
    daf_db_end(&q);
    return count;
}
