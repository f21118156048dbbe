/* SPDX-License-Identifier: Apache-2.0 */
/* Up to where peers hold an own log. */
#include <assert.h>

#include "store/store_impl.h"

enum daf_err daf_store_acked_get(struct daf_store *s, int64_t log,
                                 struct daf_spot *out)
{
    *out = (struct daf_spot){0};
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_ACKED_GET);
    daf_db_bind_int(&q, 1, log);
    enum daf_err err = daf_db_step(&q);
    if (err == DAF_OK) {
        out->seq = (uint64_t)daf_db_int(&q, 0);
        if (!daf_db_copy(&q, 1, out->id.b, sizeof(out->id.b)))
            err = daf_db_say(&s->db, DAF_ECORRUPT, "an acked spot is damaged");
    }
    daf_db_end(&q);
    return err == DAF_ENOTFOUND ? DAF_OK : err;
}

static enum daf_err step_down(struct daf_store *s, int64_t log,
                              struct daf_spot *at)
{
    struct daf_record r;
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_HEADER_GET);
    daf_store_bind_spot(&q, log, at);
    enum daf_err err = daf_db_step(&q);
    if (err == DAF_OK) err = daf_record_decode(daf_db_bytes(&q, 2), &r);
    daf_db_end(&q);
    if (err == DAF_OK)
        *at = (struct daf_spot){.seq = at->seq - 1, .id = r.prev};
    return err;
}

/* A log without a fork or gap is one path: two counts tell what a walk would. */
static enum daf_err is_linear(struct daf_store *s, int64_t log, bool *out)
{
    struct daf_store_front other;
    const struct daf_store_front *f = &s->front;
    enum daf_err err = DAF_OK;
    if (f->log != log) {
        err = daf_store_front_load(s, log, &other);
        f = &other;
    }
    *out = err == DAF_OK && f->count[DAF_STORE_TIPS] == 1 &&
           f->count[DAF_STORE_ROOTS] == 1 &&
           f->spots[DAF_STORE_ROOTS][0].seq == 1;
    return err;
}

/* Whether the path below @last reaches @floor, which is zeros for the beginning;
 * only what is held counts, so a peer cannot ack what we do not have, and a walk
 * ends where the log does. */
static enum daf_err reaches(struct daf_store *s, int64_t log,
                            const struct daf_spot *last,
                            const struct daf_spot *floor, bool *out)
{
    struct daf_spot at = *last;
    while (at.seq > floor->seq) {
        enum daf_err err = step_down(s, log, &at);
        if (err != DAF_OK) return err;
    }
    /* Below seq 1 both are zeros. */
    *out = memcmp(&at.id, &floor->id, sizeof(at.id)) == 0;
    return DAF_OK;
}

static enum daf_err joins(struct daf_store *s, int64_t log,
                          const struct daf_spot *last,
                          const struct daf_spot *floor, bool *out)
{
    enum daf_body_state state;
    enum daf_err err = daf_store_state(s, log, last, &state);
    if (err == DAF_OK) err = is_linear(s, log, out);
    if (err != DAF_OK || *out) return err;
    return reaches(s, log, last, floor, out);
}

static enum daf_err set_acked(struct daf_store *s, int64_t log,
                              const struct daf_spot *spot)
{
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_ACKED_SET);
    daf_store_bind_spot(&q, log, spot);
    return daf_db_run(&q);
}

/* A read that fails may make SQLite roll all back by itself: then what follows
 * would be kept, or not, one by one. */
static enum daf_err spoil(struct daf_store *s, enum daf_err err)
{
    if (err != DAF_OK && err != DAF_ENOTFOUND) s->spoilt = err;
    return err;
}

enum daf_err daf_store_acked(struct daf_store *s, const struct daf_log_key *log,
                             uint64_t seq_first, const struct daf_spot *last)
{
    assert(s->is_writing);
    struct daf_spot floor;
    int64_t number = 0;
    bool is_joined = false;
    if (s->spoilt != DAF_OK) return s->spoilt;
    if (last->seq > DAF_INT_MAX) return DAF_ENOTFOUND;
    enum daf_err err = daf_store_number(s, log, &number);
    if (err == DAF_OK) err = daf_store_acked_get(s, number, &floor);
    if (err != DAF_OK) return spoil(s, err);
    /* Known, or a gap is left below. */
    if (last->seq <= floor.seq || seq_first > floor.seq + 1) return DAF_OK;
    err = joins(s, number, last, &floor, &is_joined);
    if (err != DAF_OK || !is_joined) return spoil(s, err);
    s->spoilt = set_acked(s, number, last);
    return s->spoilt;
}

/* Whether @spot is on the path from @acked down to the beginning. */
static enum daf_err is_under(struct daf_store *s, int64_t log,
                             const struct daf_spot *acked,
                             const struct daf_spot *spot, bool *out)
{
    struct daf_spot at = *acked;
    while (at.seq > spot->seq) {
        enum daf_err err = step_down(s, log, &at);
        if (err == DAF_ENOTFOUND)
            return daf_db_say(&s->db, DAF_ECORRUPT, "an acked path has a gap");
        if (err != DAF_OK) return err;
    }
    *out = daf_store_same_spot(&at, spot);
    return DAF_OK;
}

enum daf_err daf_store_acked_drop(struct daf_store *s, int64_t log,
                                  const struct daf_spot *spot,
                                  const struct daf_spot *below)
{
    struct daf_spot acked;
    bool is_hit = false;
    enum daf_err err = daf_store_acked_get(s, log, &acked);
    if (err == DAF_OK && acked.seq >= spot->seq)
        err = is_under(s, log, &acked, spot, &is_hit);
    if (err != DAF_OK || !is_hit) return err;
    if (below->seq > 0) return set_acked(s, log, below);
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_ACKED_REMOVE);
    daf_db_bind_int(&q, 1, log);
    return daf_db_run(&q);
}

bool daf_store_is_acked(struct daf_store *s, const struct daf_log_key *log,
                        const struct daf_spot *spot)
{
    struct daf_spot acked = {0};
    int64_t number = 0;
    bool is_one = false, is_below = false;
    if (daf_store_number(s, log, &number) != DAF_OK ||
        daf_store_acked_get(s, number, &acked) != DAF_OK ||
        acked.seq < spot->seq || is_linear(s, number, &is_one) != DAF_OK)
        return false;
    return is_one ||
           (is_under(s, number, &acked, spot, &is_below) == DAF_OK && is_below);
}

uint64_t daf_store_acked_seq(struct daf_store *s, const struct daf_log_key *log)
{
    struct daf_spot spot = {0};
    int64_t number = 0;
    if (daf_store_number(s, log, &number) != DAF_OK ||
        daf_store_acked_get(s, number, &spot) != DAF_OK)
        return 0;
    return spot.seq;
}
