/* SPDX-License-Identifier: Apache-2.0 */
/* Frontiers as rows, and the mark of a log that follows from its frontier. */
#include <assert.h>

#include "store/store_impl.h"

enum daf_err daf_store_front_load(struct daf_store *s, int64_t log,
                                  struct daf_store_front *out)
{
    out->log = 0; /* until it is whole */
    out->is_dirty = false;
    out->count[DAF_STORE_TIPS] = out->count[DAF_STORE_ROOTS] = 0;
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_FRONTIER_GET);
    daf_db_bind_int(&q, 1, log);
    enum daf_err err;
    while ((err = daf_db_step(&q)) == DAF_OK) {
        int side = daf_db_int(&q, 0) == 0 ? DAF_STORE_TIPS : DAF_STORE_ROOTS;
        if (out->count[side] == DAF_FRONTIER_MAX) break;
        struct daf_spot *spot = &out->spots[side][out->count[side]++];
        spot->seq = (uint64_t)daf_db_int(&q, 1);
        if (!daf_db_copy(&q, 2, spot->id.b, sizeof(spot->id.b))) break;
    }
    daf_db_end(&q);
    if (err == DAF_OK)
        return daf_db_say(&s->db, DAF_ECORRUPT, "a frontier is damaged");
    if (err != DAF_ENOTFOUND) return err;
    memcpy(out->was_count, out->count, sizeof(out->count));
    for (int side = 0; side < 2; side++)
        memcpy(out->was[side], out->spots[side],
               out->count[side] * sizeof(out->spots[side][0]));
    out->log = log;
    return DAF_OK;
}

enum daf_err daf_store_front_enter(struct daf_store *s, int64_t log,
                                   const struct daf_log_key *key)
{
    if (s->front.log == log) return DAF_OK;
    enum daf_err err = daf_store_front_flush(s);
    if (err == DAF_OK) err = daf_store_front_load(s, log, &s->front);
    s->front.key = *key;
    return err;
}

/* ---- changes */

void daf_store_front_remove(struct daf_store *s, int side, size_t at)
{
    struct daf_store_front *f = &s->front;
    f->spots[side][at] = f->spots[side][--f->count[side]];
    f->is_dirty = true;
}

void daf_store_front_add(struct daf_store *s, int side,
                         const struct daf_spot *spot)
{
    struct daf_store_front *f = &s->front;
    assert(f->count[side] < DAF_FRONTIER_MAX); /* the caller made sure */
    f->spots[side][f->count[side]++] = *spot;
    f->is_dirty = true;
}

static bool is_among(const struct daf_spot *spot, const struct daf_spot *list,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (daf_store_same_spot(spot, &list[i])) return true;
    }
    return false;
}

static enum daf_err write_row(struct daf_store *s, enum daf_sql which, int side,
                              const struct daf_spot *spot)
{
    struct daf_query q = daf_db_start(&s->db, which);
    daf_db_bind_int(&q, 1, s->front.log);
    daf_db_bind_int(&q, 2, side);
    daf_db_bind_blob(&q, 3, spot->id.b, sizeof(spot->id.b));
    if (which == DAF_SQL_FRONTIER_ADD)
        daf_db_bind_int(&q, 4, (int64_t)spot->seq);
    return daf_db_run(&q);
}

/* What came and went in between needs no row at all. */
static enum daf_err write_side(struct daf_store *s, int side)
{
    struct daf_store_front *f = &s->front;
    enum daf_err err = DAF_OK;
    for (size_t i = 0; err == DAF_OK && i < f->was_count[side]; i++) {
        if (!is_among(&f->was[side][i], f->spots[side], f->count[side]))
            err = write_row(s, DAF_SQL_FRONTIER_REMOVE, side, &f->was[side][i]);
    }
    for (size_t i = 0; err == DAF_OK && i < f->count[side]; i++) {
        if (!is_among(&f->spots[side][i], f->was[side], f->was_count[side]))
            err = write_row(s, DAF_SQL_FRONTIER_ADD, side, &f->spots[side][i]);
    }
    f->was_count[side] = f->count[side];
    memcpy(f->was[side], f->spots[side],
           f->count[side] * sizeof(f->spots[side][0]));
    return err;
}

enum daf_err daf_store_front_rows(struct daf_store *s)
{
    enum daf_err err = write_side(s, DAF_STORE_TIPS);
    return err == DAF_OK ? write_side(s, DAF_STORE_ROOTS) : err;
}

/* ---- the mark */

/* At most 64, and mostly one. */
static void copy_sorted(struct daf_spot *out, const struct daf_spot *from,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        while (at > 0 &&
               memcmp(from[i].id.b, out[at - 1].id.b, sizeof(out->id.b)) < 0) {
            out[at] = out[at - 1];
            at--;
        }
        out[at] = from[i];
    }
}

void daf_store_front_head(const struct daf_store_front *front,
                          const struct daf_log_key *key, struct daf_head *out)
{
    out->log = *key;
    out->tips_count = front->count[DAF_STORE_TIPS];
    out->roots_count = front->count[DAF_STORE_ROOTS];
    copy_sorted(out->tips, front->spots[DAF_STORE_TIPS], out->tips_count);
    copy_sorted(out->roots, front->spots[DAF_STORE_ROOTS], out->roots_count);
}

enum daf_err daf_store_front_flush(struct daf_store *s)
{
    struct daf_store_front *f = &s->front;
    struct daf_head head;
    if (f->log == 0 || !f->is_dirty) return DAF_OK;
    enum daf_err err = daf_store_front_rows(s);
    if (err != DAF_OK) return err;
    daf_store_front_head(f, &f->key, &head);
    struct daf_mark mark = daf_sketch_mark(&head);
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_MARK_SET);
    daf_db_bind_int(&q, 1, f->log);
    daf_db_bind_int(&q, 2, mark.height);
    daf_db_bind_blob(&q, 3, mark.digest.b, sizeof(mark.digest.b));
    f->is_dirty = false;
    return daf_db_run(&q);
}
