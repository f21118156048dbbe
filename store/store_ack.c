/* SPDX-License-Identifier: Apache-2.0 */
/* Up to where peers hold an own log. */
#include <assert.h>

#include "store/store_impl.h"

static enum daf_err get_acked(struct daf_store *s, int64_t log,
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
    daf_db_bind_int(&q, 1, log);
    daf_db_bind_int(&q, 2, (int64_t)at->seq);
    daf_db_bind_blob(&q, 3, at->id.b, sizeof(at->id.b));
    enum daf_err err = daf_db_step(&q);
    if (err == DAF_OK) err = daf_record_decode(daf_db_bytes(&q, 2), &r);
    daf_db_end(&q);
    if (err == DAF_OK)
        *at = (struct daf_spot){.seq = at->seq - 1, .id = r.prev};
    return err;
}

/* Whether the path below @last reaches @floor; only what is held counts, so a
 * peer cannot ack what we do not have. */
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
    bool joins = false;
    if (s->spoilt != DAF_OK) return s->spoilt;
    enum daf_err err = daf_store_number(s, log, &number);
    if (err == DAF_OK) err = get_acked(s, number, &floor);
    if (err != DAF_OK) return spoil(s, err);
    if (last->seq > DAF_INT_MAX) return DAF_ENOTFOUND;
    /* Known, or a gap is left below, or longer than a RUN can be: a peer that
     * makes up ACKs must not make us walk a whole log for each. */
    if (last->seq <= floor.seq || seq_first > floor.seq + 1 ||
        last->seq - floor.seq > DAF_PATH_RECORDS_MAX)
        return DAF_OK;
    err = reaches(s, number, last, &floor, &joins);
    if (err != DAF_OK || !joins) return spoil(s, err);
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_ACKED_SET);
    daf_db_bind_int(&q, 1, number);
    daf_db_bind_int(&q, 2, (int64_t)last->seq);
    daf_db_bind_blob(&q, 3, last->id.b, sizeof(last->id.b));
    s->spoilt = daf_db_run(&q);
    return s->spoilt;
}

uint64_t daf_store_acked_seq(struct daf_store *s, const struct daf_log_key *log)
{
    struct daf_spot spot = {0};
    int64_t number = 0;
    if (daf_store_number(s, log, &number) != DAF_OK ||
        get_acked(s, number, &spot) != DAF_OK)
        return 0;
    return spot.seq;
}
