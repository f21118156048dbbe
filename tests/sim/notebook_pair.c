/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "tests/sim/notebook_pair.h"

#include <stdlib.h>

#include "tests/lib/tmpdir.h"

#define SYMBOLS 300

void pair_open(struct pair *p)
{
    p->dir = daf_tmpdir_new();
    assert_non_null(p->dir);
    assert_int_equal(daf_notebook_pool_new(&p->pool), DAF_OK);
    assert_int_equal(daf_notebook_model(p->pool, &p->model), DAF_OK);
    assert_int_equal(daf_notebook_real(p->dir, &p->real), DAF_OK);
}

void pair_close(struct pair *p)
{
    daf_notebook_free(p->model);
    daf_notebook_free(p->real);
    daf_notebook_pool_free(p->pool);
    daf_tmpdir_free(p->dir);
}

/* ---- the same calls */

void pair_begin(struct pair *p)
{
    assert_int_equal(daf_notebook_begin(p->model), DAF_OK);
    assert_int_equal(daf_notebook_begin(p->real), DAF_OK);
}

void pair_commit(struct pair *p)
{
    assert_int_equal(daf_notebook_commit(p->model), DAF_OK);
    assert_int_equal(daf_notebook_commit(p->real), DAF_OK);
}

void pair_rollback(struct pair *p)
{
    daf_notebook_rollback(p->model);
    daf_notebook_rollback(p->real);
}

void pair_crash(struct pair *p)
{
    daf_notebook_rollback(p->model);
    daf_notebook_free(p->real);
    assert_int_equal(daf_notebook_real(p->dir, &p->real), DAF_OK);
}

static enum daf_put put_one(struct daf_notebook *n, const struct daf_made *m,
                            enum daf_body_state state)
{
    struct daf_view body = {NULL, 0};
    enum daf_put out = DAF_PUT_KNOWN;

    if (state == DAF_BODY_HELD) body = daf_made_body(m);
    assert_int_equal(daf_notebook_put(n, &m->r, daf_made_header(m), state, body,
                                      &out),
                     DAF_OK);
    return out;
}

enum daf_put pair_put(struct pair *p, const struct daf_made *m,
                      enum daf_body_state state)
{
    enum daf_put out = put_one(p->real, m, state);

    assert_int_equal(put_one(p->model, m, state), out);
    return out;
}

enum daf_err pair_drop(struct pair *p, const struct daf_made *m)
{
    enum daf_err err = daf_notebook_drop(p->real, &m->r.log, &m->spot);

    assert_int_equal(daf_notebook_drop(p->model, &m->r.log, &m->spot), err);
    return err;
}

void pair_acked(struct pair *p, uint64_t first, const struct daf_made *last)
{
    enum daf_err err =
        daf_notebook_acked(p->real, &last->r.log, first, &last->spot);

    assert_int_equal(daf_notebook_acked(p->model, &last->r.log, first,
                                        &last->spot),
                     err);
}

void pair_unchecked(struct pair *p, const struct daf_stretch *what)
{
    enum daf_err err = daf_notebook_unchecked(p->real, what);

    assert_int_equal(daf_notebook_unchecked(p->model, what), err);
}

void pair_checked(struct pair *p, const struct daf_stretch *what)
{
    enum daf_err err = daf_notebook_checked(p->real, what);

    assert_int_equal(daf_notebook_checked(p->model, what), err);
}

/* ---- the same answers */

static void expect_log(const struct daf_log_key *a, const struct daf_log_key *b)
{
    assert_memory_equal(&a->scope, &b->scope, sizeof a->scope);
    assert_memory_equal(&a->author, &b->author, sizeof a->author);
    assert_true(a->incarnation == b->incarnation);
}

static void expect_spot(const struct daf_spot *a, const struct daf_spot *b)
{
    assert_true(a->seq == b->seq);
    assert_memory_equal(&a->id, &b->id, sizeof a->id);
}

static void expect_bytes(struct daf_view a, struct daf_view b)
{
    assert_int_equal(a.len, b.len);
    if (a.len > 0) assert_memory_equal(a.p, b.p, a.len);
}

static void expect_stored(const struct daf_stored *a,
                          const struct daf_stored *b)
{
    expect_spot(&a->spot, &b->spot);
    assert_int_equal(a->body_state, b->body_state);
    expect_bytes(a->header, b->header);
    expect_bytes(a->body, b->body);
}

static void expect_mark(const struct daf_mark *a, const struct daf_mark *b)
{
    expect_log(&a->log, &b->log);
    assert_memory_equal(&a->tag, &b->tag, sizeof a->tag);
    assert_int_equal(a->height, b->height);
    assert_memory_equal(&a->digest, &b->digest, sizeof a->digest);
}

static void expect_head(const struct daf_head *a, const struct daf_head *b)
{
    expect_log(&a->log, &b->log);
    assert_int_equal(a->tips_count, b->tips_count);
    assert_int_equal(a->roots_count, b->roots_count);
    assert_memory_equal(a->tips, b->tips, a->tips_count * sizeof a->tips[0]);
    assert_memory_equal(a->roots, b->roots,
                        a->roots_count * sizeof a->roots[0]);
}

static void compare_heads(const struct both *q,
                          const struct daf_scope_id *scope)
{
    static struct daf_head ours, right;
    struct daf_log_key at;
    bool is_first = true;

    for (;;) {
        const struct daf_log_key *after = is_first ? NULL : &at;
        enum daf_err err = q->b->head_next(q->b->ctx, scope, after, &right);
        assert_int_equal(q->a->head_next(q->a->ctx, scope, after, &ours), err);
        if (err != DAF_OK) break;
        expect_head(&ours, &right);
        at = right.log;
        is_first = false;
    }
}

void pair_compare_head(const struct both *q, const struct daf_log_key *log)
{
    static struct daf_head ours, right;
    struct daf_mark mark_a, mark_b;
    enum daf_err err = q->b->head(q->b->ctx, log, &right);

    assert_int_equal(q->a->head(q->a->ctx, log, &ours), err);
    if (err == DAF_OK) expect_head(&ours, &right);
    err = q->b->mark(q->b->ctx, log, &mark_b);
    assert_int_equal(q->a->mark(q->a->ctx, log, &mark_a), err);
    if (err != DAF_OK) return;
    expect_mark(&mark_a, &mark_b);
    assert_int_equal(q->a->mark_by_tag(q->a->ctx, &log->scope, &mark_b.tag,
                                       &mark_a),
                     DAF_OK);
    expect_mark(&mark_a, &mark_b);
}

/* @spot may be held, or not. */
void pair_compare_record(const struct both *q, const struct daf_log_key *log,
                         const struct daf_spot *spot)
{
    struct daf_stored ours, right;
    enum daf_err err = q->b->get(q->b->ctx, log, spot, &right);

    assert_int_equal(q->a->get(q->a->ctx, log, spot, &ours), err);
    if (err == DAF_OK) expect_stored(&ours, &right);
    err = q->b->at_or_after(q->b->ctx, log, spot, &right);
    assert_int_equal(q->a->at_or_after(q->a->ctx, log, spot, &ours), err);
    if (err == DAF_OK) expect_stored(&ours, &right);
    err = q->b->next(q->b->ctx, log, spot, &right);
    assert_int_equal(q->a->next(q->a->ctx, log, spot, &ours), err);
    if (err == DAF_OK) expect_stored(&ours, &right);
    assert_int_equal(q->a->is_checked(q->a->ctx, log, spot),
                     q->b->is_checked(q->b->ctx, log, spot));
    assert_int_equal(daf_notebook_holds(q->p->model, log, spot->seq),
                     daf_notebook_holds(q->p->real, log, spot->seq));
}

void pair_compare_around(const struct both *q, const struct daf_made *m)
{
    struct daf_spot at = m->spot;

    pair_compare_record(q, &m->r.log, &at);
    at.id.b[31] ^= 1;
    pair_compare_record(q, &m->r.log, &at);
    memset(&at.id, 0, sizeof at.id);
    pair_compare_record(q, &m->r.log, &at);
    memset(&at.id, 0xff, sizeof at.id);
    pair_compare_record(q, &m->r.log, &at);
    at.seq = UINT64_MAX;
    pair_compare_record(q, &m->r.log, &at);
    at.seq = 0;
    pair_compare_record(q, &m->r.log, &at);
}

#define MARKS 200

struct marks {
    struct daf_mark list[MARKS];
    size_t count, cap;
};

static bool add_mark(void *ctx, const struct daf_mark *mark)
{
    struct marks *m = ctx;

    assert_true(m->count < MARKS);
    m->list[m->count++] = *mark;
    return m->count < m->cap;
}

static size_t compare_marks_from(const struct both *q,
                                 const struct daf_scope_id *scope,
                                 const struct daf_tag *after, size_t cap)
{
    static struct marks ours, right;

    ours.count = right.count = 0;
    ours.cap = right.cap = cap;
    assert_int_equal(q->a->marks(q->a->ctx, scope, after, add_mark, &ours),
                     DAF_OK);
    assert_int_equal(q->b->marks(q->b->ctx, scope, after, add_mark, &right),
                     DAF_OK);
    assert_int_equal(ours.count, right.count);
    for (size_t i = 0; i < ours.count; i++)
        expect_mark(&ours.list[i], &right.list[i]);
    return ours.count;
}

static bool last_tag(void *ctx, const struct daf_mark *mark)
{
    memcpy(ctx, &mark->tag, sizeof mark->tag);
    return false;
}

static void compare_marks(const struct both *q,
                          const struct daf_scope_id *scope)
{
    struct daf_tag tag = {{0}};
    struct daf_mark mark;
    bool is_first = true;

    (void)compare_marks_from(q, scope, NULL, MARKS);
    (void)compare_marks_from(q, scope, NULL, 2);
    /* A walk, one at a time. */
    while (q->b->marks(q->b->ctx, scope, is_first ? NULL : &tag, last_tag,
                       &tag) == DAF_OK &&
           compare_marks_from(q, scope, &tag, 1) > 0)
        is_first = false;
    memset(&tag, 0, sizeof tag);
    (void)compare_marks_from(q, scope, &tag, MARKS);
    for (unsigned i = 0; i < 256; i += 51) {
        memset(&tag, (int)i, sizeof tag);
        (void)compare_marks_from(q, scope, &tag, 3);
        assert_int_equal(q->a->mark_by_tag(q->a->ctx, scope, &tag, &mark),
                         q->b->mark_by_tag(q->b->ctx, scope, &tag, &mark));
    }
}

void pair_compare_symbols(const struct both *q,
                          const struct daf_scope_id *scope, size_t start,
                          size_t count)
{
    static struct daf_symbol ours[SYMBOLS], right[SYMBOLS];

    assert_true(count <= SYMBOLS);
    assert_int_equal(q->a->symbols(q->a->ctx, scope, start, count, ours),
                     DAF_OK);
    assert_int_equal(q->b->symbols(q->b->ctx, scope, start, count, right),
                     DAF_OK);
    assert_memory_equal(ours, right, count * sizeof ours[0]);
}

static void compare_absent(const struct both *q,
                           const struct daf_scope_id *scope)
{
    struct daf_log_key log_a, log_b;
    struct daf_spot spot_a = {0}, spot_b = {0};
    const struct daf_log_key *at_a = NULL, *at_b = NULL;

    for (;;) {
        enum daf_err err =
            q->b->absent_next(q->b->ctx, scope, at_b, &spot_b, &log_b, &spot_b);
        assert_int_equal(q->a->absent_next(q->a->ctx, scope, at_a, &spot_a,
                                           &log_a, &spot_a),
                         err);
        if (err != DAF_OK) return;
        expect_log(&log_a, &log_b);
        expect_spot(&spot_a, &spot_b);
        at_a = &log_a;
        at_b = &log_b;
    }
}

/* From anywhere, held or not. */
void pair_compare_absent_from(const struct both *q,
                              const struct daf_log_key *log,
                              const struct daf_spot *spot)
{
    struct daf_log_key log_a, log_b;
    struct daf_spot spot_a, spot_b;
    enum daf_err err =
        q->b->absent_next(q->b->ctx, &log->scope, log, spot, &log_b, &spot_b);

    assert_int_equal(q->a->absent_next(q->a->ctx, &log->scope, log, spot,
                                       &log_a, &spot_a),
                     err);
    if (err != DAF_OK) return;
    expect_log(&log_a, &log_b);
    expect_spot(&spot_a, &spot_b);
}

void pair_compare_unacked(const struct both *q, const struct daf_log_key *of)
{
    struct daf_mark ours, right;
    uint64_t after = 0;
    const uint64_t *at = NULL;

    for (;;) {
        enum daf_err err =
            q->b->unacked_next(q->b->ctx, &of->scope, &of->author, at, &right);
        assert_int_equal(q->a->unacked_next(q->a->ctx, &of->scope, &of->author,
                                            at, &ours),
                         err);
        if (err != DAF_OK) return;
        expect_mark(&ours, &right);
        after = right.log.incarnation;
        at = &after;
    }
}

static void compare_rest(const struct both *q)
{
    struct daf_stretch ours, right;
    uint64_t a = 0, b = 0;
    enum daf_err err = q->b->unchecked_next(q->b->ctx, &right);

    assert_int_equal(q->a->unchecked_next(q->a->ctx, &ours), err);
    if (err == DAF_OK) {
        expect_log(&ours.log, &right.log);
        assert_true(ours.first == right.first && ours.last == right.last);
    }
    assert_int_equal(q->a->bodies(q->a->ctx, &a), DAF_OK);
    assert_int_equal(q->b->bodies(q->b->ctx, &b), DAF_OK);
    assert_true(a == b);
}

#define ROWS 300

struct rows {
    struct daf_row list[ROWS];
    uint8_t *bytes[ROWS];
    size_t count, cap;
};

static bool add_row(void *ctx, const struct daf_row *row)
{
    struct rows *r = ctx;
    const struct daf_stored *s = &row->stored;

    assert_true(r->count < ROWS);
    struct daf_row *to = &r->list[r->count];
    uint8_t *bytes = malloc(s->header.len + s->body.len + 1);
    assert_non_null(bytes);
    memcpy(bytes, s->header.p, s->header.len);
    if (s->body.len > 0) memcpy(bytes + s->header.len, s->body.p, s->body.len);
    *to = *row;
    to->stored.header.p = bytes;
    to->stored.body.p = bytes + s->header.len;
    r->bytes[r->count++] = bytes;
    return r->count < r->cap;
}

static void compare_scan(const struct both *q, const struct daf_scope_id *scope,
                         int retention, size_t cap)
{
    static struct rows ours, right;

    ours.count = right.count = 0;
    ours.cap = right.cap = cap;
    assert_int_equal(daf_notebook_scan(q->p->model, scope, retention, add_row,
                                       &ours),
                     DAF_OK);
    assert_int_equal(daf_notebook_scan(q->p->real, scope, retention, add_row,
                                       &right),
                     DAF_OK);
    assert_int_equal(ours.count, right.count);
    for (size_t i = 0; i < ours.count; i++) {
        expect_log(&ours.list[i].log, &right.list[i].log);
        expect_stored(&ours.list[i].stored, &right.list[i].stored);
        free(ours.bytes[i]);
        free(right.bytes[i]);
    }
}

static void compare_digest(const struct both *q,
                           const struct daf_scope_id *scope)
{
    struct daf_store_digest a, b;

    assert_int_equal(daf_notebook_digest(q->p->model, scope, &a), DAF_OK);
    assert_int_equal(daf_notebook_digest(q->p->real, scope, &b), DAF_OK);
    assert_memory_equal(&a, &b, sizeof a);
}

void pair_compare_scope(const struct both *q, const struct daf_scope_id *scope)
{
    compare_heads(q, scope);
    compare_marks(q, scope);
    pair_compare_symbols(q, scope, 0, 8);
    compare_absent(q, scope);
    compare_scan(q, scope, -1, ROWS);
    compare_scan(q, scope, -1, 5);
    compare_scan(q, scope, DAF_RETENTION_IDENTITY, ROWS);
    compare_scan(q, scope, DAF_RETENTION_PROGRESS, ROWS);
    compare_digest(q, scope);
}

void pair_compare_begin(struct pair *p, struct both *q)
{
    uint64_t a = 0, b = 0;

    *q = (struct both){p, daf_notebook_index(p->model),
                       daf_notebook_index(p->real)};
    assert_int_equal(daf_notebook_pin(p->model, &a), DAF_OK);
    assert_int_equal(daf_notebook_pin(p->real, &b), DAF_OK);
    assert_true(a == b);
    compare_rest(q);
}

void pair_compare_end(const struct both *q)
{
    daf_notebook_unpin(q->p->model);
    daf_notebook_unpin(q->p->real);
}

void pair_compare_few(struct pair *p, const struct daf_made *made, size_t count)
{
    struct both q;

    pair_compare_begin(p, &q);
    pair_compare_scope(&q, &made[0].r.log.scope);
    pair_compare_symbols(&q, &made[0].r.log.scope, 0, 100);
    for (size_t i = 0; i < count; i++) {
        pair_compare_record(&q, &made[i].r.log, &made[i].spot);
        pair_compare_head(&q, &made[i].r.log);
    }
    pair_compare_end(&q);
}
