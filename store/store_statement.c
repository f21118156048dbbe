/* SPDX-License-Identifier: Apache-2.0 */
/* What devices say of themselves: one row a place, the newest. */
#include <assert.h>

#include "proto/hash.h"
#include "store/store_impl.h"

/* The bytes are signed, and the columns repeat what they say; the sum shows what
 * the card did to either, without a key. */
static void sum_of(const struct daf_statement *st, struct daf_view bytes,
                   uint8_t out[16])
{
    struct daf_stated stated = daf_statement_mark(st);
    uint8_t row[DAF_STATED_BYTES], key[32];

    daf_statement_write(&stated, row);
    daf_hash_256("daf.value.2", (struct daf_view){row, sizeof(row)}, key);
    daf_hash_keyed_128("daf.value.2", key, bytes, out);
}

enum daf_err daf_store_keep_statement(struct daf_store *s,
                                      const struct daf_statement *st,
                                      struct daf_view bytes)
{
    uint8_t sum[16];
    struct daf_query q;

    assert(s->is_writing);
    if (s->spoilt != DAF_OK) return s->spoilt;
    sum_of(st, bytes, sum);
    q = daf_db_start(&s->db, DAF_SQL_STATEMENT_SET);
    daf_db_bind_blob(&q, 1, st->author.b, sizeof(st->author.b));
    daf_db_bind_int(&q, 2, st->kind);
    daf_db_bind_int(&q, 3, st->page);
    daf_db_bind_int(&q, 4, (int64_t)st->number);
    daf_db_bind_blob(&q, 5, bytes.p, bytes.len);
    daf_db_bind_blob(&q, 6, sum, sizeof(sum));
    s->spoilt = daf_db_run(&q);
    return s->spoilt;
}

static bool read_row(const struct daf_query *q, struct daf_statement *st,
                     struct daf_view *bytes)
{
    uint8_t author[16], said[16], sum[16];

    *bytes = daf_db_bytes(q, 4);
    if (!daf_db_copy(q, 0, author, sizeof(author)) ||
        !daf_db_copy(q, 5, said, sizeof(said)) ||
        daf_statement_decode(*bytes, st) != DAF_OK)
        return false;
    sum_of(st, *bytes, sum);
    return memcmp(author, st->author.b, sizeof(author)) == 0 &&
           daf_db_int(q, 1) == st->kind && daf_db_int(q, 2) == st->page &&
           daf_db_int(q, 3) == (int64_t)st->number &&
           memcmp(said, sum, sizeof(sum)) == 0;
}

enum daf_err daf_store_statements(struct daf_store *s, daf_statement_fn fn,
                                  void *ctx, uint64_t *out_bad)
{
    struct daf_query q = {0};
    enum daf_err err = daf_db_prepare(
        &s->db,
        "SELECT author,kind,page,number,bytes,sum FROM statement "
        "ORDER BY author,kind,page",
        &q);

    if (out_bad != NULL) *out_bad = 0;
    while (err == DAF_OK && (err = daf_db_step(&q)) == DAF_OK) {
        struct daf_statement st;
        struct daf_view bytes;

        if (!read_row(&q, &st, &bytes)) {
            if (out_bad != NULL) ++*out_bad;
        } else if (fn != NULL && !fn(ctx, &st, bytes)) {
            break;
        }
    }
    daf_db_drop(&q);
    return err == DAF_ENOTFOUND ? DAF_OK : err;
}
