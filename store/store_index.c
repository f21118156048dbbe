/* SPDX-License-Identifier: Apache-2.0 */
/* proto/index.h over SQL. */
#include "store/store_impl.h"

void daf_store_incarnation(uint64_t incarnation, uint8_t out[8])
{
    for (int i = 7; i >= 0; i--) {
        out[i] = (uint8_t)(incarnation & 0xff);
        incarnation >>= 8;
    }
}

uint64_t daf_store_incarnation_of(const uint8_t bytes[8])
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | bytes[i];
    return number;
}

bool daf_store_same_log(const struct daf_log_key *a,
                        const struct daf_log_key *b)
{
    return a->incarnation == b->incarnation &&
           memcmp(&a->author, &b->author, sizeof(a->author)) == 0 &&
           memcmp(&a->scope, &b->scope, sizeof(a->scope)) == 0;
}

bool daf_store_same_spot(const struct daf_spot *a, const struct daf_spot *b)
{
    return a->seq == b->seq && memcmp(&a->id, &b->id, sizeof(a->id)) == 0;
}

void daf_store_bind_log(struct daf_query *q, const struct daf_log_key *log,
                        uint8_t incarnation[8])
{
    daf_store_incarnation(log->incarnation, incarnation);
    daf_db_bind_blob(q, 1, log->scope.b, sizeof(log->scope.b));
    daf_db_bind_blob(q, 2, log->author.b, sizeof(log->author.b));
    daf_db_bind_blob(q, 3, incarnation, 8);
}

void daf_store_bind_spot(struct daf_query *q, int64_t log,
                         const struct daf_spot *spot)
{
    daf_db_bind_int(q, 1, log);
    daf_db_bind_int(q, 2, (int64_t)spot->seq);
    daf_db_bind_blob(q, 3, spot->id.b, sizeof(spot->id.b));
}

enum daf_err daf_store_state(struct daf_store *s, int64_t log,
                             const struct daf_spot *spot,
                             enum daf_body_state *out)
{
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_HEADER_STATE);
    daf_store_bind_spot(&q, log, spot);
    enum daf_err err = daf_db_step(&q);
    if (err == DAF_OK) *out = (enum daf_body_state)daf_db_int(&q, 0);
    daf_db_end(&q);
    return err;
}

enum daf_err daf_store_number(struct daf_store *s,
                              const struct daf_log_key *key, int64_t *out)
{
    /* What is remembered is of the moment pinned, or the writer's own. */
    bool is_one_moment = s->pins > 0 || s->mode == DAF_STORE_WRITER;
    if (is_one_moment && s->log != 0 && daf_store_same_log(key, &s->log_key)) {
        *out = s->log;
        return DAF_OK;
    }
    uint8_t incarnation[8];
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_LOG_GET);
    daf_store_bind_log(&q, key, incarnation);
    enum daf_err err = daf_db_step(&q);
    if (err == DAF_OK) {
        *out = daf_db_int(&q, 0);
        s->log = *out;
        s->log_key = *key;
    }
    daf_db_end(&q);
    return err;
}

/* ---- heads */

static enum daf_err read_head(struct daf_store *s, int64_t log,
                              const struct daf_log_key *key,
                              struct daf_head *out)
{
    struct daf_store_front front;
    enum daf_err err = s->is_writing ? daf_store_front_flush(s) : DAF_OK;
    if (err == DAF_OK) err = daf_store_front_load(s, log, &front);
    if (err != DAF_OK) return err;
    if (front.count[DAF_STORE_TIPS] == 0 || front.count[DAF_STORE_ROOTS] == 0)
        return daf_db_say(&s->db, DAF_ECORRUPT, "a log has no frontier");
    daf_store_front_head(&front, key, out);
    return DAF_OK;
}

static enum daf_err find_next(struct daf_store *s,
                              const struct daf_scope_id *scope,
                              const struct daf_log_key *after,
                              struct daf_head *out)
{
    struct daf_log_key key = {.scope = *scope};
    uint8_t incarnation[8] = {0};
    int64_t log = 0;
    if (after != NULL) daf_store_incarnation(after->incarnation, incarnation);

    struct daf_query q = daf_db_start(&s->db, DAF_SQL_LOG_NEXT);
    daf_db_bind_blob(&q, 1, scope->b, sizeof(scope->b));
    /* The empty blob sorts before any author. */
    daf_db_bind_blob(&q, 2, after != NULL ? after->author.b : NULL,
                     after != NULL ? sizeof(after->author.b) : 0);
    daf_db_bind_blob(&q, 3, incarnation, sizeof(incarnation));
    enum daf_err err = daf_db_step(&q);
    if (err == DAF_OK) {
        log = daf_db_int(&q, 0);
        if (daf_db_copy(&q, 1, key.author.b, sizeof(key.author.b)) &&
            daf_db_copy(&q, 2, incarnation, sizeof(incarnation)))
            key.incarnation = daf_store_incarnation_of(incarnation);
        else
            err = daf_db_say(&s->db, DAF_ECORRUPT, "a log's name is damaged");
    }
    daf_db_end(&q);
    return err == DAF_OK ? read_head(s, log, &key, out) : err;
}

/* Two reads each, of one moment: between two a log may go. */
static enum daf_err head_next(void *ctx, const struct daf_scope_id *scope,
                              const struct daf_log_key *after,
                              struct daf_head *out)
{
    struct daf_store *s = ctx;
    enum daf_err err = daf_store_hold(s);
    if (err != DAF_OK) return err;
    err = find_next(s, scope, after, out);
    daf_store_release(s);
    return err;
}

static enum daf_err head(void *ctx, const struct daf_log_key *log,
                         struct daf_head *out)
{
    struct daf_store *s = ctx;
    int64_t number = 0;
    enum daf_err err = daf_store_hold(s);
    if (err != DAF_OK) return err;
    err = daf_store_number(s, log, &number);
    if (err == DAF_OK) err = read_head(s, number, log, out);
    daf_store_release(s);
    return err;
}

/* ---- records */

enum daf_err daf_store_body(struct daf_query *pieces, int64_t body,
                            uint8_t *out, size_t *out_len, size_t *out_pieces)
{
    size_t len = 0, count = 0;
    bool ended = false;
    enum daf_err err = DAF_OK;
    daf_db_bind_int(pieces, 1, body);
    while (!ended && (err = daf_db_step(pieces)) == DAF_OK) {
        struct daf_view piece = daf_db_bytes(pieces, 1);
        if (daf_db_int(pieces, 0) != body + (int64_t)count ||
            piece.len > DAF_STORE_PIECE_BYTES ||
            piece.len > (size_t)DAF_BODY_BYTES_MAX - len)
            break;
        if (piece.len > 0) memcpy(out + len, piece.p, piece.len);
        len += piece.len;
        count++;
        ended = piece.len < DAF_STORE_PIECE_BYTES;
    }
    daf_db_end(pieces);
    if (!ended)
        return err == DAF_OK || err == DAF_ENOTFOUND
                   ? daf_db_say(pieces->db, DAF_ECORRUPT, "a body is damaged")
                   : err;
    *out_len = len;
    if (out_pieces != NULL) *out_pieces = count;
    return DAF_OK;
}

/* Copies: a row that stays open would hold an old moment, and the WAL with
 * it, until the next question.  A card changes bytes by itself: what is not @id's
 * header any more is none to anybody who asks, and goes to no peer. */
static bool copy_header(struct daf_store *s, const struct daf_query *q, int at,
                        const struct daf_record_id *id, struct daf_stored *out)
{
    struct daf_view header = daf_db_bytes(q, at);
    int64_t state = daf_db_int(q, 0);
    if (header.len == 0 || header.len > sizeof(s->header) || state < 0 ||
        state > DAF_BODY_ABSENT)
        return false;
    struct daf_record_id found = daf_record_id(header);
    if (memcmp(&found, id, sizeof(found)) != 0) return false;
    memcpy(s->header, header.p, header.len);
    out->header = (struct daf_view){s->header, header.len};
    out->body_state = (enum daf_body_state)state;
    out->body = (struct daf_view){NULL, 0};
    return true;
}

static enum daf_err read_record(struct daf_store *s, struct daf_query *q,
                                const struct daf_record_id *id,
                                struct daf_stored *out)
{
    enum daf_err err = daf_db_step(q);
    if (err != DAF_OK) return err;
    if (!copy_header(s, q, 2, id, out))
        return daf_db_say(&s->db, DAF_ECORRUPT, "a header is damaged");
    if (out->body_state != DAF_BODY_HELD) return DAF_OK;
    /* While q stays on its row both questions see one moment. */
    size_t len = 0;
    struct daf_query pieces = daf_db_start(&s->db, DAF_SQL_BODY_GET);
    err = daf_store_body(&pieces, daf_db_int(q, 1), s->body, &len, NULL);
    out->body = (struct daf_view){s->body, len};
    return err;
}

static enum daf_err get(void *ctx, const struct daf_log_key *log,
                        const struct daf_spot *spot, struct daf_stored *out)
{
    struct daf_store *s = ctx;
    int64_t number = 0;
    if (spot->seq > DAF_INT_MAX) return DAF_ENOTFOUND;
    enum daf_err err = daf_store_number(s, log, &number);
    if (err != DAF_OK) return err;
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_HEADER_GET);
    daf_store_bind_spot(&q, number, spot);
    err = read_record(s, &q, &spot->id, out);
    daf_db_end(&q);
    out->spot = *spot;
    return err;
}

/* The body of a row of DAF_SQL_HEADER_NEXT. */
static enum daf_err next_body(struct daf_store *s, const struct daf_query *q,
                              struct daf_stored *out)
{
    struct daf_view piece = daf_db_bytes(q, 5);
    size_t len = 0;
    if (out->body_state != DAF_BODY_HELD) return DAF_OK;
    if (!daf_db_is_null(q, 5) && piece.len < DAF_STORE_PIECE_BYTES) {
        if (piece.len > 0) memcpy(s->body, piece.p, piece.len);
        out->body = (struct daf_view){s->body, piece.len};
        return DAF_OK;
    }
    struct daf_query pieces = daf_db_start(&s->db, DAF_SQL_BODY_GET);
    enum daf_err err =
        daf_store_body(&pieces, daf_db_int(q, 1), s->body, &len, NULL);
    out->body = (struct daf_view){s->body, len};
    return err;
}

static enum daf_err next(void *ctx, const struct daf_log_key *log,
                         const struct daf_spot *spot, struct daf_stored *out)
{
    struct daf_store *s = ctx;
    struct daf_spot found;
    int64_t number = 0;
    if (spot->seq > DAF_INT_MAX) return DAF_ENOTFOUND;
    enum daf_err err = daf_store_number(s, log, &number);
    if (err != DAF_OK) return err;
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_HEADER_NEXT);
    daf_store_bind_spot(&q, number, spot);
    err = daf_db_step(&q);
    if (err == DAF_OK) {
        found.seq = (uint64_t)daf_db_int(&q, 3);
        if (daf_db_copy(&q, 4, found.id.b, sizeof(found.id.b)) &&
            copy_header(s, &q, 2, &found.id, out))
            err = next_body(s, &q, out);
        else
            err = daf_db_say(&s->db, DAF_ECORRUPT, "a header is damaged");
        out->spot = found;
    }
    daf_db_end(&q);
    return err;
}

static enum daf_err find_after(struct daf_store *s,
                               const struct daf_log_key *log,
                               const struct daf_spot *spot,
                               struct daf_stored *out)
{
    int64_t number = 0;
    enum daf_err err = daf_store_number(s, log, &number);
    if (err != DAF_OK) return err;
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_HEADER_AFTER);
    daf_store_bind_spot(&q, number, spot);
    err = daf_db_step(&q);
    if (err == DAF_OK) {
        struct daf_spot found = {.seq = (uint64_t)daf_db_int(&q, 1)};
        if (daf_db_copy(&q, 2, found.id.b, sizeof(found.id.b)) &&
            copy_header(s, &q, 3, &found.id, out))
            out->spot = found;
        else
            err = daf_db_say(&s->db, DAF_ECORRUPT, "a header is damaged");
    }
    daf_db_end(&q);
    return err;
}

static enum daf_err at_or_after(void *ctx, const struct daf_log_key *log,
                                const struct daf_spot *spot,
                                struct daf_stored *out)
{
    struct daf_store *s = ctx;
    if (spot->seq > DAF_INT_MAX) return DAF_ENOTFOUND;
    enum daf_err err = daf_store_hold(s);
    if (err != DAF_OK) return err;
    err = find_after(s, log, spot, out);
    daf_store_release(s);
    return err;
}

/* ---- bodies that are not here */

static enum daf_err bodies(void *ctx, uint64_t *out)
{
    struct daf_store *s = ctx;
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_BODIES_GET);
    enum daf_err err = daf_db_step(&q);
    if (err == DAF_OK) *out = (uint64_t)daf_db_int(&q, 0) + s->bodies_new;
    daf_db_end(&q);
    return err == DAF_ENOTFOUND ? DAF_ECORRUPT : err;
}

static enum daf_err absent_in_log(struct daf_store *s,
                                  const struct daf_log_key *log,
                                  const struct daf_spot *spot,
                                  struct daf_spot *out)
{
    int64_t number = 0;
    if (spot->seq > DAF_INT_MAX) return DAF_ENOTFOUND;
    enum daf_err err = daf_store_number(s, log, &number);
    if (err != DAF_OK) return err;
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_ABSENT_IN_LOG);
    daf_store_bind_spot(&q, number, spot);
    err = daf_db_step(&q);
    if (err == DAF_OK) {
        out->seq = (uint64_t)daf_db_int(&q, 0);
        if (!daf_db_copy(&q, 1, out->id.b, sizeof(out->id.b)))
            err = daf_db_say(&s->db, DAF_ECORRUPT, "an id is damaged");
    }
    daf_db_end(&q);
    return err;
}

static enum daf_err absent_in_later(struct daf_store *s,
                                    const struct daf_scope_id *scope,
                                    const struct daf_log_key *after,
                                    struct daf_log_key *out_log,
                                    struct daf_spot *out)
{
    uint8_t incarnation[8] = {0};
    if (after != NULL) daf_store_incarnation(after->incarnation, incarnation);
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_ABSENT_IN_LATER);
    daf_db_bind_blob(&q, 1, scope->b, sizeof(scope->b));
    /* The empty blob sorts before any author. */
    daf_db_bind_blob(&q, 2, after != NULL ? after->author.b : NULL,
                     after != NULL ? sizeof(after->author.b) : 0);
    daf_db_bind_blob(&q, 3, incarnation, sizeof(incarnation));
    enum daf_err err = daf_db_step(&q);
    if (err == DAF_OK) {
        struct daf_log_key log = {.scope = *scope};
        out->seq = (uint64_t)daf_db_int(&q, 2);
        if (!daf_db_copy(&q, 0, log.author.b, sizeof(log.author.b)) ||
            !daf_db_copy(&q, 1, incarnation, sizeof(incarnation)) ||
            !daf_db_copy(&q, 3, out->id.b, sizeof(out->id.b)))
            err = daf_db_say(&s->db, DAF_ECORRUPT, "a log's name is damaged");
        log.incarnation = daf_store_incarnation_of(incarnation);
        *out_log = log;
    }
    daf_db_end(&q);
    return err;
}

static enum daf_err absent_next(void *ctx, const struct daf_scope_id *scope,
                                const struct daf_log_key *log,
                                const struct daf_spot *spot,
                                struct daf_log_key *out_log,
                                struct daf_spot *out_spot)
{
    struct daf_store *s = ctx;
    /* Where the walk is may be the caller's own @out. */
    struct daf_log_key at = {.scope = *scope};
    enum daf_err err = daf_store_hold(s);
    if (err != DAF_OK) return err;
    if (log != NULL) {
        at = *log;
        at.scope = *scope;
        err = absent_in_log(s, &at, spot, out_spot);
    }
    if (log == NULL || err == DAF_ENOTFOUND)
        err = absent_in_later(s, scope, log == NULL ? NULL : &at, out_log,
                              out_spot);
    else if (err == DAF_OK)
        *out_log = at;
    daf_store_release(s);
    return err;
}

const struct daf_index *daf_store_index(struct daf_store *s)
{
    s->index = (struct daf_index){
        .ctx = s,
        .head_next = head_next,
        .head = head,
        .get = get,
        .at_or_after = at_or_after,
        .next = next,
        .mark = daf_store_mark,
        .mark_by_tag = daf_store_mark_by_tag,
        .marks = daf_store_marks_walk,
        .symbols = daf_store_symbols,
        .bodies = bodies,
        .absent_next = absent_next,
        .is_checked = daf_store_is_checked,
        .unchecked_next = daf_store_unchecked_next,
        .unacked_next = daf_store_unacked_next,
    };
    return &s->index;
}
