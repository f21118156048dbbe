/* SPDX-License-Identifier: Apache-2.0 */
/* How a record comes in, and how the frontier follows.
 *
 * A record P is the predecessor of R if it is in the same log, one seq lower,
 * and has the id that R names (protocol.md R4).  Tips have no held successor,
 * roots no held predecessor.  When R arrives:
 *
 *      R's predecessor is held:  it is no tip any more
 *                 is not held:   R is a root
 *      R's successors are held:  they are no roots any more
 *                 none is:       R is a tip
 *
 * A held successor of a record that is not held is a root; so the successors of
 * what arrives are found among at most 64 roots, without a search. */
#include <assert.h>

#include "store/store_impl.h"

/* What put() was given. */
struct arrival {
    const struct daf_record *r;
    struct daf_view header;
    enum daf_body_state state;
    struct daf_view body;
    struct daf_spot spot;
};

/* What becomes of the frontier. */
struct plan {
    bool is_root;                  /* the predecessor is not held */
    size_t pred_tip;               /* its place among the tips, or count */
    size_t succ[DAF_FRONTIER_MAX]; /* places among the roots, ascending */
    size_t succ_count;
};

static bool same_id(const struct daf_record_id *a,
                    const struct daf_record_id *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/* ---- the log */

static enum daf_err add_log(struct daf_store *s, const struct daf_log_key *key,
                            int64_t *out, bool *out_deferred)
{
    uint8_t incarnation[8];
    struct daf_tag tag = daf_sketch_tag(key);
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_LOG_COUNT);
    daf_db_bind_blob(&q, 1, key->scope.b, sizeof(key->scope.b));
    daf_db_bind_blob(&q, 2, key->author.b, sizeof(key->author.b));
    enum daf_err err = daf_db_step(&q);
    *out_deferred = err == DAF_OK && daf_db_int(&q, 0) >= DAF_INCARNATIONS_MAX;
    daf_db_end(&q);
    if (err != DAF_OK || *out_deferred) return err;

    q = daf_db_start(&s->db, DAF_SQL_LOG_ADD);
    daf_store_bind_log(&q, key, incarnation);
    daf_db_bind_blob(&q, 4, tag.b, sizeof(tag.b));
    err = daf_db_run(&q);
    *out = sqlite3_last_insert_rowid(s->db.handle);
    return err;
}

/* ---- header and body */

/* One row for each piece, the last one shorter than a piece, if only by being
 * empty: so a body needs no length beside it. */
static enum daf_err add_body(struct daf_store *s, struct daf_view body,
                             int64_t *out)
{
    enum daf_err err;
    size_t at = 0, len;
    *out = 0;
    do {
        len = body.len - at;
        if (len > DAF_STORE_PIECE_BYTES) len = DAF_STORE_PIECE_BYTES;
        struct daf_query q = daf_db_start(&s->db, DAF_SQL_BODY_ADD);
        if (at == 0) /* SQLite takes the highest number and one */
            daf_db_bind_null(&q, 1);
        else
            daf_db_bind_int(&q, 1,
                            *out + (int64_t)(at / DAF_STORE_PIECE_BYTES));
        daf_db_bind_blob(&q, 2, len > 0 ? body.p + at : NULL, len);
        err = daf_db_run(&q);
        if (at == 0) *out = sqlite3_last_insert_rowid(s->db.handle);
        at += len;
    } while (err == DAF_OK && len == DAF_STORE_PIECE_BYTES);
    s->bodies_new++;
    return err;
}

static enum daf_err add_header(struct daf_store *s, int64_t log,
                               const struct arrival *a)
{
    int64_t body = 0;
    if (a->state == DAF_BODY_HELD) {
        enum daf_err err = add_body(s, a->body, &body);
        if (err != DAF_OK) return err;
    }
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_HEADER_ADD);
    daf_store_bind_spot(&q, log, &a->spot);
    daf_db_bind_int(&q, 4, a->r->retention);
    daf_db_bind_int(&q, 5, a->state);
    if (a->state == DAF_BODY_HELD)
        daf_db_bind_int(&q, 6, body);
    else
        daf_db_bind_null(&q, 6);
    daf_db_bind_blob(&q, 7, a->header.p, a->header.len);
    return daf_db_run(&q);
}

/* A body fills any gap: that it was erased or retired is only what some peer
 * said, and the caller knows which erasures count. */
static enum daf_err add_to_header(struct daf_store *s, int64_t log,
                                  const struct arrival *a,
                                  enum daf_body_state was, enum daf_put *out)
{
    int64_t body = 0;
    bool fills = a->state == DAF_BODY_HELD && was != DAF_BODY_HELD;
    bool explains = was == DAF_BODY_ABSENT && a->state != DAF_BODY_ABSENT;
    *out = fills ? DAF_PUT_BODY : DAF_PUT_KNOWN;
    if (!fills && !explains) return DAF_OK;
    if (fills) {
        enum daf_err err = add_body(s, a->body, &body);
        if (err != DAF_OK) return err;
    }
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_HEADER_SET);
    daf_store_bind_spot(&q, log, &a->spot);
    daf_db_bind_int(&q, 4, a->state);
    if (fills)
        daf_db_bind_int(&q, 5, body);
    else
        daf_db_bind_null(&q, 5);
    return daf_db_run(&q);
}

/* ---- frontier */

static enum daf_err is_successor(struct daf_store *s, const struct arrival *a,
                                 const struct daf_spot *root, bool *out)
{
    struct daf_record r;
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_HEADER_GET);
    daf_store_bind_spot(&q, s->front.log, root);
    enum daf_err err = daf_db_step(&q);
    if (err == DAF_OK) err = daf_record_decode(daf_db_bytes(&q, 2), &r);
    if (err == DAF_OK)
        *out = same_id(&r.prev, &a->spot.id);
    else if (err != DAF_ENOMEM && err != DAF_EIO)
        err = daf_db_say(&s->db, DAF_ECORRUPT, "a root is damaged");
    daf_db_end(&q);
    return err;
}

static enum daf_err find_successors(struct daf_store *s,
                                    const struct arrival *a, struct plan *plan)
{
    const struct daf_store_front *f = &s->front;
    plan->succ_count = 0;
    for (size_t i = 0; i < f->count[DAF_STORE_ROOTS]; i++) {
        const struct daf_spot *root = &f->spots[DAF_STORE_ROOTS][i];
        bool follows = false;
        if (root->seq != a->spot.seq + 1) continue;
        enum daf_err err = is_successor(s, a, root, &follows);
        if (err != DAF_OK) return err;
        if (follows) plan->succ[plan->succ_count++] = i;
    }
    return DAF_OK;
}

static enum daf_err find_predecessor(struct daf_store *s,
                                     const struct arrival *a, struct plan *plan)
{
    const struct daf_store_front *f = &s->front;
    struct daf_spot pred = {.seq = a->spot.seq - 1, .id = a->r->prev};
    enum daf_body_state state;
    plan->pred_tip = f->count[DAF_STORE_TIPS];
    plan->is_root = true;
    if (a->spot.seq == 1) return DAF_OK;
    for (size_t i = 0; i < f->count[DAF_STORE_TIPS]; i++) {
        const struct daf_spot *tip = &f->spots[DAF_STORE_TIPS][i];
        if (tip->seq == pred.seq && same_id(&tip->id, &pred.id)) {
            plan->pred_tip = i;
            plan->is_root = false;
            return DAF_OK;
        }
    }
    enum daf_err err = daf_store_state(s, f->log, &pred, &state);
    plan->is_root = err == DAF_ENOTFOUND;
    return err == DAF_ENOTFOUND ? DAF_OK : err;
}

static bool fits(const struct daf_store_front *f, const struct plan *plan)
{
    size_t tips = f->count[DAF_STORE_TIPS], roots = f->count[DAF_STORE_ROOTS];
    tips -= plan->pred_tip < tips ? 1 : 0;
    tips += plan->succ_count == 0 ? 1 : 0;
    roots -= plan->succ_count;
    roots += plan->is_root ? 1 : 0;
    return tips <= DAF_FRONTIER_MAX && roots <= DAF_FRONTIER_MAX;
}

static void apply(struct daf_store *s, const struct arrival *a,
                  const struct plan *plan)
{
    if (plan->pred_tip < s->front.count[DAF_STORE_TIPS])
        daf_store_front_remove(s, DAF_STORE_TIPS, plan->pred_tip);
    /* From the last, because removing moves the last one into the gap. */
    for (size_t i = plan->succ_count; i-- > 0;)
        daf_store_front_remove(s, DAF_STORE_ROOTS, plan->succ[i]);
    if (plan->succ_count == 0) daf_store_front_add(s, DAF_STORE_TIPS, &a->spot);
    if (plan->is_root) daf_store_front_add(s, DAF_STORE_ROOTS, &a->spot);
}

/* ---- put */

static enum daf_err add_record(struct daf_store *s, int64_t log,
                               const struct arrival *a, enum daf_put *out)
{
    struct plan plan;
    enum daf_err err = find_predecessor(s, a, &plan);
    if (err == DAF_OK) err = find_successors(s, a, &plan);
    if (err != DAF_OK) return err;
    if (!fits(&s->front, &plan)) {
        *out = DAF_PUT_DEFERRED;
        return DAF_OK;
    }
    *out = DAF_PUT_NEW;
    err = add_header(s, log, a);
    if (err == DAF_OK) apply(s, a, &plan);
    return err;
}

/* Nothing that is held is above all tips: what comes there is new. */
static bool is_above(const struct daf_store_front *f, uint64_t seq)
{
    for (size_t i = 0; i < f->count[DAF_STORE_TIPS]; i++) {
        if (f->spots[DAF_STORE_TIPS][i].seq >= seq) return false;
    }
    return true;
}

static enum daf_err put(struct daf_store *s, const struct arrival *a,
                        enum daf_put *out)
{
    int64_t log = 0;
    bool deferred = false;
    enum daf_err err = daf_store_number(s, &a->r->log, &log);
    if (err == DAF_ENOTFOUND) err = add_log(s, &a->r->log, &log, &deferred);
    if (err == DAF_OK && deferred) {
        *out = DAF_PUT_DEFERRED;
        return DAF_OK;
    }
    if (err == DAF_OK) err = daf_store_front_enter(s, log, &a->r->log);
    if (err != DAF_OK) return err;
    if (is_above(&s->front, a->spot.seq)) return add_record(s, log, a, out);
    enum daf_body_state was;
    err = daf_store_state(s, log, &a->spot, &was);
    if (err == DAF_OK) return add_to_header(s, log, a, was, out);
    return err == DAF_ENOTFOUND ? add_record(s, log, a, out) : err;
}

enum daf_err daf_store_put(struct daf_store *s, const struct daf_record *r,
                           struct daf_view header, enum daf_body_state state,
                           struct daf_view body, enum daf_put *out)
{
    assert(s->is_writing);
    assert(r->seq >= 1 && r->seq <= DAF_INT_MAX);
    assert(header.len <= DAF_HEADER_BYTES_MAX);
    assert(body.len == (state == DAF_BODY_HELD ? r->body_len : 0));
    assert(body.len <= (size_t)DAF_BODY_BYTES_MAX);
    if (s->spoilt != DAF_OK) return s->spoilt;
    const struct arrival a = {
        .r = r,
        .header = header,
        .state = state,
        .body = body,
        .spot = {.seq = r->seq, .id = r->id},
    };
    /* Half a record must not be committed: nothing follows but rollback. */
    s->spoilt = put(s, &a, out);
    return s->spoilt;
}
