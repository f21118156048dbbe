/* SPDX-License-Identifier: Apache-2.0 */
/* Stretches of a log whose records' own signatures are to be verified later.
 *
 * Those of one log neither overlap nor touch: what is added joins what it meets,
 * what was verified is cut out. */
#include <assert.h>

#include "store/store_impl.h"

/* From where to where the stretches reach that meet @first to @last; they are
 * taken away.  Zeros if there are none. */
static enum daf_err take_span(struct daf_store *s, int64_t log, uint64_t first,
                              uint64_t last, uint64_t *out_first,
                              uint64_t *out_last)
{
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_UNCHECKED_SPAN);
    daf_db_bind_int(&q, 1, log);
    daf_db_bind_int(&q, 2, (int64_t)first);
    daf_db_bind_int(&q, 3, (int64_t)last);
    enum daf_err err = daf_db_step(&q);
    *out_first = err == DAF_OK ? (uint64_t)daf_db_int(&q, 0) : 0;
    *out_last = err == DAF_OK ? (uint64_t)daf_db_int(&q, 1) : 0;
    daf_db_end(&q);
    if (err != DAF_OK || *out_first == 0) return err;
    q = daf_db_start(&s->db, DAF_SQL_UNCHECKED_REMOVE);
    daf_db_bind_int(&q, 1, log);
    daf_db_bind_int(&q, 2, (int64_t)first);
    daf_db_bind_int(&q, 3, (int64_t)last);
    return daf_db_run(&q);
}

static enum daf_err add(struct daf_store *s, int64_t log, uint64_t first,
                        uint64_t last)
{
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_UNCHECKED_ADD);
    daf_db_bind_int(&q, 1, log);
    daf_db_bind_int(&q, 2, (int64_t)first);
    daf_db_bind_int(&q, 3, (int64_t)last);
    return daf_db_run(&q);
}

static enum daf_err join(struct daf_store *s, int64_t log,
                         const struct daf_stretch *what)
{
    uint64_t first = what->first, last = what->last, low, high;
    enum daf_err err =
        take_span(s, log, first - 1, last < DAF_INT_MAX ? last + 1 : last, &low,
                  &high);
    if (low > 0 && low < first) first = low;
    if (high > last) last = high;
    return err == DAF_OK ? add(s, log, first, last) : err;
}

static enum daf_err cut(struct daf_store *s, int64_t log,
                        const struct daf_stretch *what)
{
    uint64_t low, high;
    enum daf_err err = take_span(s, log, what->first, what->last, &low, &high);
    if (err == DAF_OK && low > 0 && low < what->first)
        err = add(s, log, low, what->first - 1);
    if (err == DAF_OK && high > what->last)
        err = add(s, log, what->last + 1, high);
    return err;
}

static void expect_stretch(const struct daf_store *s,
                           const struct daf_stretch *what)
{
    assert(s->is_writing);
    assert(what->first >= 1 && what->first <= what->last);
    assert(what->last <= DAF_INT_MAX);
}

enum daf_err daf_store_unchecked(struct daf_store *s,
                                 const struct daf_stretch *what)
{
    int64_t log = 0;
    expect_stretch(s, what);
    if (s->spoilt != DAF_OK) return s->spoilt;
    enum daf_err err = daf_store_number(s, &what->log, &log);
    if (err == DAF_ENOTFOUND) return err; /* all of it was deferred */
    if (err == DAF_OK) err = join(s, log, what);
    s->spoilt = err;
    return err;
}

enum daf_err daf_store_checked(struct daf_store *s,
                               const struct daf_stretch *what)
{
    int64_t log = 0;
    expect_stretch(s, what);
    if (s->spoilt != DAF_OK) return s->spoilt;
    enum daf_err err = daf_store_number(s, &what->log, &log);
    if (err == DAF_ENOTFOUND) return DAF_OK; /* all of it was dropped */
    if (err == DAF_OK) err = cut(s, log, what);
    s->spoilt = err;
    return err;
}

/* ---- questions */

static enum daf_err find_unchecked(struct daf_store *s, int64_t log,
                                   uint64_t seq, bool *out)
{
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_UNCHECKED_AT);
    daf_db_bind_int(&q, 1, log);
    daf_db_bind_int(&q, 2, (int64_t)seq);
    enum daf_err err = daf_db_step(&q);
    *out = err == DAF_OK && (uint64_t)daf_db_int(&q, 0) >= seq;
    daf_db_end(&q);
    return err == DAF_ENOTFOUND ? DAF_OK : err;
}

bool daf_store_is_checked(void *ctx, const struct daf_log_key *log,
                          const struct daf_spot *spot)
{
    struct daf_store *s = ctx;
    enum daf_body_state state;
    bool is_unchecked = true;
    int64_t number = 0;
    if (spot->seq > DAF_INT_MAX || daf_store_hold(s) != DAF_OK) return false;
    enum daf_err err = daf_store_number(s, log, &number);
    if (err == DAF_OK) err = daf_store_state(s, number, spot, &state);
    if (err == DAF_OK)
        err = find_unchecked(s, number, spot->seq, &is_unchecked);
    daf_store_release(s);
    return err == DAF_OK && !is_unchecked;
}

enum daf_err daf_store_unchecked_next(void *ctx, struct daf_stretch *out)
{
    struct daf_store *s = ctx;
    uint8_t incarnation[8];
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_UNCHECKED_NEXT);
    enum daf_err err = daf_db_step(&q);
    if (err == DAF_OK) {
        out->first = (uint64_t)daf_db_int(&q, 3);
        out->last = (uint64_t)daf_db_int(&q, 4);
        if (!daf_db_copy(&q, 0, out->log.scope.b, sizeof(out->log.scope.b)) ||
            !daf_db_copy(&q, 1, out->log.author.b, sizeof(out->log.author.b)) ||
            !daf_db_copy(&q, 2, incarnation, sizeof(incarnation)) ||
            daf_db_int(&q, 3) < 1 || daf_db_int(&q, 4) < daf_db_int(&q, 3))
            err = daf_db_say(&s->db, DAF_ECORRUPT, "a stretch is damaged");
        else
            out->log.incarnation = daf_store_incarnation_of(incarnation);
    }
    daf_db_end(&q);
    return err;
}
