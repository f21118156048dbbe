/* SPDX-License-Identifier: Apache-2.0 */
/* How a record goes: the reverse of store_put.c.
 *
 * Only what was taken on another's word and then failed its own signature goes,
 * so this is rare, and may search where put() does not. */
#include <assert.h>

#include "store/store_impl.h"

/* What goes, and what becomes of the frontier. */
struct plan {
    struct daf_spot spot, below; /* below: its predecessor; zeros if none */
    bool has_body;
    int64_t body;
    size_t tip, root;                       /* places, or the counts */
    bool is_below_tip;                      /* the predecessor becomes one */
    struct daf_spot succ[DAF_FRONTIER_MAX]; /* they become roots */
    size_t succ_count;
};

static enum daf_err read_header(struct daf_store *s, int64_t log,
                                struct plan *plan)
{
    struct daf_record r;
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_HEADER_GET);
    daf_store_bind_spot(&q, log, &plan->spot);
    enum daf_err err = daf_db_step(&q);
    if (err == DAF_OK) {
        plan->has_body = !daf_db_is_null(&q, 1);
        plan->body = daf_db_int(&q, 1);
        if (daf_record_decode(daf_db_bytes(&q, 2), &r) != DAF_OK)
            err = daf_db_say(&s->db, DAF_ECORRUPT, "a header is damaged");
        else if (r.seq > 1)
            plan->below = (struct daf_spot){.seq = r.seq - 1, .id = r.prev};
    }
    daf_db_end(&q);
    return err;
}

/* The held records one seq above @below that name it. */
static enum daf_err find_successors(struct daf_store *s, int64_t log,
                                    const struct daf_spot *below,
                                    struct daf_spot *out, size_t *out_count)
{
    struct daf_record r;
    enum daf_err err;
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_HEADER_AT);
    *out_count = 0;
    daf_db_bind_int(&q, 1, log);
    daf_db_bind_int(&q, 2, (int64_t)(below->seq + 1));
    while ((err = daf_db_step(&q)) == DAF_OK) {
        struct daf_spot spot = {.seq = below->seq + 1};
        if (!daf_db_copy(&q, 0, spot.id.b, sizeof(spot.id.b)) ||
            daf_record_decode(daf_db_bytes(&q, 1), &r) != DAF_OK) {
            err = daf_db_say(&s->db, DAF_ECORRUPT, "a header is damaged");
            break;
        }
        if (memcmp(&r.prev, &below->id, sizeof(r.prev)) != 0) continue;
        if (*out_count == DAF_FRONTIER_MAX) {
            err = daf_db_say(&s->db, DAF_ECORRUPT, "a log has many branches");
            break;
        }
        out[(*out_count)++] = spot;
    }
    daf_db_end(&q);
    return err == DAF_ENOTFOUND ? DAF_OK : err;
}

/* Whether the predecessor is held and nothing but what goes follows it. */
static enum daf_err look_below(struct daf_store *s, int64_t log,
                               struct plan *plan)
{
    struct daf_spot others[DAF_FRONTIER_MAX];
    enum daf_body_state state;
    size_t count = 0;
    plan->is_below_tip = false;
    if (plan->below.seq == 0) return DAF_OK;
    enum daf_err err = daf_store_state(s, log, &plan->below, &state);
    if (err != DAF_OK) return err == DAF_ENOTFOUND ? DAF_OK : err;
    err = find_successors(s, log, &plan->below, others, &count);
    plan->is_below_tip = count == 1;
    return err;
}

static size_t place_of(const struct daf_store_front *f, int side,
                       const struct daf_spot *spot)
{
    size_t at = 0;
    while (at < f->count[side] &&
           !daf_store_same_spot(&f->spots[side][at], spot))
        at++;
    return at;
}

static enum daf_err make_plan(struct daf_store *s, int64_t log,
                              struct plan *plan)
{
    const struct daf_store_front *f = &s->front;
    enum daf_err err = read_header(s, log, plan);
    if (err == DAF_OK && plan->spot.seq < DAF_INT_MAX)
        err =
            find_successors(s, log, &plan->spot, plan->succ, &plan->succ_count);
    if (err == DAF_OK) err = look_below(s, log, plan);
    plan->tip = place_of(f, DAF_STORE_TIPS, &plan->spot);
    plan->root = place_of(f, DAF_STORE_ROOTS, &plan->spot);
    return err;
}

static bool fits(const struct daf_store_front *f, const struct plan *plan)
{
    size_t tips = f->count[DAF_STORE_TIPS], roots = f->count[DAF_STORE_ROOTS];
    tips -= plan->tip < tips ? 1 : 0;
    tips += plan->is_below_tip ? 1 : 0;
    roots -= plan->root < roots ? 1 : 0;
    roots += plan->succ_count;
    return tips <= DAF_FRONTIER_MAX && roots <= DAF_FRONTIER_MAX;
}

static void change_front(struct daf_store *s, const struct plan *plan)
{
    struct daf_store_front *f = &s->front;
    if (plan->tip < f->count[DAF_STORE_TIPS])
        daf_store_front_remove(s, DAF_STORE_TIPS, plan->tip);
    if (plan->root < f->count[DAF_STORE_ROOTS])
        daf_store_front_remove(s, DAF_STORE_ROOTS, plan->root);
    if (plan->is_below_tip)
        daf_store_front_add(s, DAF_STORE_TIPS, &plan->below);
    for (size_t i = 0; i < plan->succ_count; i++)
        daf_store_front_add(s, DAF_STORE_ROOTS, &plan->succ[i]);
}

static enum daf_err remove_record(struct daf_store *s, int64_t log,
                                  const struct plan *plan)
{
    size_t len = 0, pieces = 0;
    enum daf_err err = DAF_OK;
    struct daf_query q;
    if (plan->has_body) {
        q = daf_db_start(&s->db, DAF_SQL_BODY_GET);
        err = daf_store_body(&q, plan->body, s->body, &len, &pieces);
        if (err != DAF_OK) return err;
        q = daf_db_start(&s->db, DAF_SQL_BODY_REMOVE);
        daf_db_bind_int(&q, 1, plan->body);
        daf_db_bind_int(&q, 2, plan->body + (int64_t)pieces);
        err = daf_db_run(&q);
        if (err != DAF_OK) return err;
    }
    q = daf_db_start(&s->db, DAF_SQL_HEADER_REMOVE);
    daf_store_bind_spot(&q, log, &plan->spot);
    return daf_db_run(&q);
}

/* A log of which nothing is left: its number may be another's next. */
static enum daf_err remove_log(struct daf_store *s, int64_t log)
{
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_UNCHECKED_REMOVE);
    daf_db_bind_int(&q, 1, log);
    daf_db_bind_int(&q, 2, 0);
    daf_db_bind_int(&q, 3, INT64_MAX);
    enum daf_err err = daf_db_run(&q);
    if (err == DAF_OK) err = daf_store_front_rows(s);
    if (err == DAF_OK) {
        q = daf_db_start(&s->db, DAF_SQL_ACKED_REMOVE);
        daf_db_bind_int(&q, 1, log);
        err = daf_db_run(&q);
    }
    if (err == DAF_OK) {
        q = daf_db_start(&s->db, DAF_SQL_LOG_REMOVE);
        daf_db_bind_int(&q, 1, log);
        err = daf_db_run(&q);
    }
    s->log = 0;
    s->front.log = 0;
    s->front.is_dirty = false;
    return err;
}

static enum daf_err drop(struct daf_store *s, int64_t log,
                         const struct plan *plan)
{
    enum daf_err err = daf_store_acked_drop(s, log, &plan->spot, &plan->below);
    if (err == DAF_OK) err = remove_record(s, log, plan);
    if (err == DAF_OK) change_front(s, plan);
    if (err == DAF_OK && s->front.count[DAF_STORE_TIPS] == 0)
        err = remove_log(s, log);
    return err;
}

enum daf_err daf_store_drop(struct daf_store *s, const struct daf_log_key *log,
                            const struct daf_spot *spot)
{
    struct plan plan = {.spot = *spot};
    int64_t number = 0;
    assert(s->is_writing);
    if (s->spoilt != DAF_OK) return s->spoilt;
    if (spot->seq > DAF_INT_MAX) return DAF_ENOTFOUND;
    enum daf_err err = daf_store_number(s, log, &number);
    if (err == DAF_OK) err = daf_store_front_enter(s, number, log);
    if (err == DAF_OK) err = make_plan(s, number, &plan);
    if (err == DAF_ENOTFOUND) return err;
    if (err == DAF_OK && !fits(&s->front, &plan)) return DAF_ELIMIT;
    if (err == DAF_OK) err = drop(s, number, &plan);
    s->spoilt = err;
    return err;
}
