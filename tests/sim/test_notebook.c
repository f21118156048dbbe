/* SPDX-License-Identifier: Apache-2.0 */

/* The model of the store against the store: the same calls on both, the same
 * answers.  A failure names its world. */

#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/rng.h"
#include "sim/device/notebook.h"
#include "tests/lib/made.h"
#include "tests/lib/tmpdir.h"

#define WORLDS  40
#define ROUNDS  14
#define RECORDS 120
#define LOGS    7
#define SYMBOLS 300

struct pair {
    struct daf_notebook_pool *pool;
    struct daf_notebook *model, *real;
    char *dir;
};

static void open_pair(struct pair *p)
{
    p->dir = daf_tmpdir_new();
    assert_non_null(p->dir);
    assert_int_equal(daf_notebook_pool_new(&p->pool), DAF_OK);
    assert_int_equal(daf_notebook_model(p->pool, &p->model), DAF_OK);
    assert_int_equal(daf_notebook_real(p->dir, &p->real), DAF_OK);
}

static void close_pair(struct pair *p)
{
    daf_notebook_free(p->model);
    daf_notebook_free(p->real);
    daf_notebook_pool_free(p->pool);
    daf_tmpdir_free(p->dir);
}

/* ---- the same calls */

static void begin(struct pair *p)
{
    assert_int_equal(daf_notebook_begin(p->model), DAF_OK);
    assert_int_equal(daf_notebook_begin(p->real), DAF_OK);
}

static void commit(struct pair *p)
{
    assert_int_equal(daf_notebook_commit(p->model), DAF_OK);
    assert_int_equal(daf_notebook_commit(p->real), DAF_OK);
}

static void rollback(struct pair *p)
{
    daf_notebook_rollback(p->model);
    daf_notebook_rollback(p->real);
}

/* A crash of the device: the folder is opened anew. */
static void crash(struct pair *p)
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
    assert_int_equal(
        daf_notebook_put(n, &m->r, daf_made_header(m), state, body, &out),
        DAF_OK);
    return out;
}

static enum daf_put put(struct pair *p, const struct daf_made *m,
                        enum daf_body_state state)
{
    enum daf_put out = put_one(p->real, m, state);

    assert_int_equal(put_one(p->model, m, state), out);
    return out;
}

static enum daf_err drop(struct pair *p, const struct daf_made *m)
{
    enum daf_err err = daf_notebook_drop(p->real, &m->r.log, &m->spot);

    assert_int_equal(daf_notebook_drop(p->model, &m->r.log, &m->spot), err);
    return err;
}

static void acked(struct pair *p, uint64_t first, const struct daf_made *last)
{
    enum daf_err err =
        daf_notebook_acked(p->real, &last->r.log, first, &last->spot);

    assert_int_equal(
        daf_notebook_acked(p->model, &last->r.log, first, &last->spot), err);
}

static void unchecked(struct pair *p, const struct daf_stretch *what)
{
    enum daf_err err = daf_notebook_unchecked(p->real, what);

    assert_int_equal(daf_notebook_unchecked(p->model, what), err);
}

static void checked(struct pair *p, const struct daf_stretch *what)
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

/* What is asked of both: the model is a, the store b. */
struct both {
    struct pair *p;
    const struct daf_index *a, *b;
};

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

static void compare_head(const struct both *q, const struct daf_log_key *log)
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
    assert_int_equal(
        q->a->mark_by_tag(q->a->ctx, &log->scope, &mark_b.tag, &mark_a),
        DAF_OK);
    expect_mark(&mark_a, &mark_b);
}

/* @spot may be held, or not. */
static void compare_record(const struct both *q, const struct daf_log_key *log,
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

static void compare_around(const struct both *q, const struct daf_made *m)
{
    struct daf_spot at = m->spot;

    compare_record(q, &m->r.log, &at);
    at.id.b[31] ^= 1;
    compare_record(q, &m->r.log, &at);
    memset(&at.id, 0, sizeof at.id);
    compare_record(q, &m->r.log, &at);
    memset(&at.id, 0xff, sizeof at.id);
    compare_record(q, &m->r.log, &at);
    at.seq = UINT64_MAX;
    compare_record(q, &m->r.log, &at);
    at.seq = 0;
    compare_record(q, &m->r.log, &at);
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

static void compare_marks(const struct both *q,
                          const struct daf_scope_id *scope)
{
    struct daf_tag tag = {{0}};
    struct daf_mark mark;

    (void)compare_marks_from(q, scope, NULL, MARKS);
    (void)compare_marks_from(q, scope, NULL, 2);
    (void)compare_marks_from(q, scope, &tag, MARKS);
    for (unsigned i = 0; i < 256; i += 51) {
        memset(&tag, (int)i, sizeof tag);
        (void)compare_marks_from(q, scope, &tag, 3);
        assert_int_equal(q->a->mark_by_tag(q->a->ctx, scope, &tag, &mark),
                         q->b->mark_by_tag(q->b->ctx, scope, &tag, &mark));
    }
}

static void compare_symbols(const struct both *q,
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
        enum daf_err err = q->b->absent_next(q->b->ctx, scope, at_b, &spot_b,
                                             &log_b, &spot_b);
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
static void compare_absent_from(const struct both *q,
                                const struct daf_log_key *log,
                                const struct daf_spot *spot)
{
    struct daf_log_key log_a, log_b;
    struct daf_spot spot_a, spot_b;
    enum daf_err err = q->b->absent_next(q->b->ctx, &log->scope, log, spot,
                                         &log_b, &spot_b);

    assert_int_equal(q->a->absent_next(q->a->ctx, &log->scope, log, spot,
                                       &log_a, &spot_a),
                     err);
    if (err != DAF_OK) return;
    expect_log(&log_a, &log_b);
    expect_spot(&spot_a, &spot_b);
}

static void compare_unacked(const struct both *q,
                            const struct daf_log_key *of)
{
    struct daf_mark ours, right;
    uint64_t after = 0;
    const uint64_t *at = NULL;

    for (;;) {
        enum daf_err err = q->b->unacked_next(q->b->ctx, &of->scope,
                                              &of->author, at, &right);
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
    if (s->body.len > 0)
        memcpy(bytes + s->header.len, s->body.p, s->body.len);
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
    assert_int_equal(
        daf_notebook_scan(q->p->model, scope, retention, add_row, &ours),
        DAF_OK);
    assert_int_equal(
        daf_notebook_scan(q->p->real, scope, retention, add_row, &right),
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

static void compare_scope(const struct both *q,
                          const struct daf_scope_id *scope)
{
    compare_heads(q, scope);
    compare_marks(q, scope);
    compare_symbols(q, scope, 0, 8);
    compare_absent(q, scope);
    compare_scan(q, scope, -1, ROWS);
    compare_scan(q, scope, -1, 5);
    compare_scan(q, scope, DAF_RETENTION_IDENTITY, ROWS);
    compare_scan(q, scope, DAF_RETENTION_PROGRESS, ROWS);
    compare_digest(q, scope);
}

/* The reader of the store stays at one moment for all questions. */
static void compare_begin(struct pair *p, struct both *q)
{
    uint64_t a = 0, b = 0;

    *q = (struct both){p, daf_notebook_index(p->model),
                       daf_notebook_index(p->real)};
    assert_int_equal(daf_notebook_pin(p->model, &a), DAF_OK);
    assert_int_equal(daf_notebook_pin(p->real, &b), DAF_OK);
    assert_true(a == b);
    compare_rest(q);
}

static void compare_end(const struct both *q)
{
    daf_notebook_unpin(q->p->model);
    daf_notebook_unpin(q->p->real);
}

/* ---- random worlds */

struct world {
    struct pair p;
    struct daf_rng rng;
    struct daf_made made[RECORDS];
    struct daf_log_key logs[LOGS];
};

static uint64_t below(struct world *w, uint64_t bound)
{
    return daf_rng_below(&w->rng, bound);
}

/* Two scopes, three authors; incarnations that sort as numbers do, not signed
 * ones. */
static void name_logs(struct world *w)
{
    w->logs[0] = daf_made_log(1, 1, 1);
    w->logs[1] = daf_made_log(1, 1, UINT64_MAX);
    w->logs[2] = daf_made_log(1, 1, 0x8000000000000000);
    w->logs[3] = daf_made_log(1, 0xf0, 0);
    w->logs[4] = daf_made_log(2, 1, 1);
    w->logs[5] = daf_made_log(2, 2, 7);
    w->logs[6] = daf_made_log(2, 2, 0x100);
}

/* Mostly chains; some records branch off from anywhere in their log, or start it
 * again.  Every other world has many forks. */
static void make_records(struct world *w)
{
    static const uint8_t classes[] = {
        DAF_RETENTION_CONTROL, DAF_RETENTION_IDENTITY, DAF_RETENTION_PROGRESS};
    uint64_t fork = below(w, 2) == 0 ? 4 : 40;

    for (size_t i = 0; i < RECORDS; i++) {
        size_t older = i / LOGS;
        struct daf_made_want want = {
            .log = w->logs[i % LOGS],
            .body_len = (uint32_t)below(w, below(w, 8) == 0 ? 1300 : 40),
            .retention = classes[below(w, 3)],
            .seed = (uint32_t)daf_rng_u64(&w->rng),
        };
        if (older > 0) {
            size_t back = 1;
            if (below(w, fork) == 0) back = 1 + (size_t)below(w, older);
            if (below(w, 3 * fork) != 0)
                want.prev = w->made[i - back * LOGS].spot;
        }
        daf_made_record(&want, &w->made[i]);
    }
}

/* Near the round's place in history, or anywhere. */
static const struct daf_made *pick(struct world *w, size_t round)
{
    size_t base = round * RECORDS / ROUNDS;
    size_t at = (size_t)below(w, RECORDS);

    if (below(w, 4) != 0) at = (base + (size_t)below(w, 30)) % RECORDS;
    return &w->made[at];
}

static enum daf_body_state pick_state(struct world *w)
{
    uint64_t x = below(w, 10);

    return x < 6 ? DAF_BODY_HELD : (enum daf_body_state)(x - 6);
}

static struct daf_stretch pick_stretch(struct world *w)
{
    struct daf_stretch what = {.log = w->logs[below(w, LOGS)],
                               .first = 1 + below(w, 20)};

    what.last = what.first + below(w, 6);
    if (below(w, 20) == 0) what.last = DAF_INT_MAX;
    return what;
}

static void act(struct world *w, size_t round)
{
    struct pair *p = &w->p;
    const struct daf_made *m = pick(w, round);
    const struct daf_stretch what = pick_stretch(w);
    uint64_t x = below(w, 24);

    if (x < 14) {
        (void)put(p, m, pick_state(w));
        if (below(w, 8) == 0) (void)put(p, m, pick_state(w));
    } else if (x < 17) {
        (void)drop(p, m);
    } else if (x < 20) {
        acked(p, 1 + below(w, m->spot.seq + 2), m);
    } else if (x < 22) {
        unchecked(p, &what);
    } else {
        checked(p, &what);
    }
}

/* A run of one log, as peers send it. */
static void act_run(struct world *w, size_t round)
{
    size_t log = (size_t)below(w, LOGS);
    size_t rows = (round + 1) * RECORDS / ROUNDS / LOGS;

    for (size_t i = 0; i < rows && log + i * LOGS < RECORDS; i++)
        (void)put(&w->p, &w->made[log + i * LOGS], DAF_BODY_HELD);
}

/* A log goes, record by record, and perhaps comes back in the same batch. */
static void act_drop_log(struct world *w)
{
    size_t log = (size_t)below(w, LOGS);
    const struct daf_made *m = &w->made[log + below(w, 5) * LOGS];

    for (size_t i = log; i < RECORDS; i += LOGS)
        (void)drop(&w->p, &w->made[i]);
    if (below(w, 2) == 0) (void)put(&w->p, m, DAF_BODY_ABSENT);
}

static void compare_all(struct world *w)
{
    struct daf_scope_id scope;
    struct both q;

    compare_begin(&w->p, &q);
    for (uint8_t i = 1; i <= 3; i++) {
        scope = daf_made_log(i, 1, 1).scope;
        compare_scope(&q, &scope);
        if (below(w, 3) == 0)
            compare_symbols(&q, &scope, (size_t)below(w, 90),
                            (size_t)below(w, 200));
    }
    for (size_t i = 0; i < LOGS; i++) {
        compare_head(&q, &w->logs[i]);
        compare_unacked(&q, &w->logs[i]);
    }
    for (size_t i = 0; i < RECORDS; i++) {
        compare_record(&q, &w->made[i].r.log, &w->made[i].spot);
        if (i % 8 != 0) continue;
        compare_around(&q, &w->made[i]);
        compare_absent_from(&q, &w->logs[below(w, LOGS)], &w->made[i].spot);
    }
    compare_end(&q);
}

/* unchecked_next tells the first; what is told is verified until there is none. */
static void drain_unchecked(struct world *w)
{
    struct both q;
    struct daf_stretch first;
    bool is_more = true;

    while (is_more) {
        compare_begin(&w->p, &q);
        is_more = q.b->unchecked_next(q.b->ctx, &first) == DAF_OK;
        compare_end(&q);
        if (!is_more) break;
        begin(&w->p);
        checked(&w->p, &first);
        commit(&w->p);
    }
}

static void play(struct world *w)
{
    for (size_t round = 0; round < ROUNDS; round++) {
        uint64_t end = below(w, 8);

        begin(&w->p);
        for (uint64_t i = below(w, 24); i > 0; i--)
            act(w, round);
        if (below(w, 3) == 0) act_run(w, round);
        if (below(w, 9) == 0) act_drop_log(w);
        if (end == 0)
            rollback(&w->p);
        else if (end == 1)
            crash(&w->p);
        else
            commit(&w->p);
        compare_all(w);
    }
    drain_unchecked(w);
    compare_all(w);
}

static void random_worlds_give_the_same_answers(void **state)
{
    static struct world w;

    (void)state;
    for (uint8_t seed = 0; seed < WORLDS; seed++) {
        print_message("world %u\n", seed);
        daf_rng_init(&w.rng, (const uint8_t[32]){seed, 1});
        name_logs(&w);
        make_records(&w);
        open_pair(&w.p);
        play(&w);
        close_pair(&w.p);
    }
}

/* ---- budgets */

static void compare_few(struct pair *p, const struct daf_made *made,
                        size_t count)
{
    struct both q;

    compare_begin(p, &q);
    compare_scope(&q, &made[0].r.log.scope);
    compare_symbols(&q, &made[0].r.log.scope, 0, 100);
    for (size_t i = 0; i < count; i++) {
        compare_record(&q, &made[i].r.log, &made[i].spot);
        compare_head(&q, &made[i].r.log);
    }
    compare_end(&q);
}

/* A fork of 64 and one more under a first record. */
static void a_frontier_that_is_full_defers_and_keeps(void **state)
{
    static struct daf_made made[DAF_FRONTIER_MAX + 2];
    struct daf_made_want want = {.log = daf_made_log(1, 1, 1)};
    struct pair p;

    (void)state;
    open_pair(&p);
    daf_made_record(&want, &made[0]);
    want.prev = made[0].spot;
    begin(&p);
    for (size_t i = 1; i < DAF_FRONTIER_MAX + 2; i++) {
        want.seed = (uint32_t)i;
        daf_made_record(&want, &made[i]);
        assert_int_equal(put(&p, &made[i], DAF_BODY_HELD),
                         i <= DAF_FRONTIER_MAX ? DAF_PUT_NEW
                                               : DAF_PUT_DEFERRED);
    }
    /* 64 roots become one. */
    assert_int_equal(put(&p, &made[0], DAF_BODY_HELD), DAF_PUT_NEW);
    commit(&p);
    compare_few(&p, made, DAF_FRONTIER_MAX + 2);
    begin(&p);
    assert_int_equal(put(&p, &made[DAF_FRONTIER_MAX + 1], DAF_BODY_HELD),
                     DAF_PUT_DEFERRED);
    assert_int_equal(drop(&p, &made[1]), DAF_OK);
    assert_int_equal(put(&p, &made[DAF_FRONTIER_MAX + 1], DAF_BODY_HELD),
                     DAF_PUT_NEW);
    commit(&p);
    compare_few(&p, made, DAF_FRONTIER_MAX + 2);
    close_pair(&p);
}

/* 63 first records alone and a path of three: without its middle it would be two
 * more tips in place of one. */
static void a_drop_that_would_not_fit_is_refused(void **state)
{
    static struct daf_made made[DAF_FRONTIER_MAX + 2];
    struct daf_made_want want = {.log = daf_made_log(1, 1, 1)};
    const size_t bottom = DAF_FRONTIER_MAX - 1;
    struct pair p;

    (void)state;
    open_pair(&p);
    begin(&p);
    for (size_t i = 0; i < DAF_FRONTIER_MAX + 2; i++) {
        want.seed = (uint32_t)i;
        if (i > bottom) want.prev = made[i - 1].spot;
        daf_made_record(&want, &made[i]);
        assert_int_equal(put(&p, &made[i], DAF_BODY_HELD), DAF_PUT_NEW);
    }
    acked(&p, 1, &made[bottom + 2]);
    commit(&p);
    begin(&p);
    assert_int_equal(drop(&p, &made[bottom + 1]), DAF_ELIMIT);
    assert_int_equal(drop(&p, &made[0]), DAF_OK);
    commit(&p);
    compare_few(&p, made, DAF_FRONTIER_MAX + 2);
    begin(&p);
    assert_int_equal(drop(&p, &made[bottom + 1]), DAF_OK);
    commit(&p);
    compare_few(&p, made, DAF_FRONTIER_MAX + 2);
    close_pair(&p);
}

static void an_author_has_at_most_64_logs(void **state)
{
    static struct daf_made made[DAF_INCARNATIONS_MAX + 1];
    struct pair p;

    (void)state;
    open_pair(&p);
    begin(&p);
    for (uint32_t i = 0; i <= DAF_INCARNATIONS_MAX; i++) {
        struct daf_made_want want = {.log = daf_made_log(1, 1, i), .seed = i};
        daf_made_record(&want, &made[i]);
        assert_int_equal(put(&p, &made[i], DAF_BODY_HELD),
                         i < DAF_INCARNATIONS_MAX ? DAF_PUT_NEW
                                                  : DAF_PUT_DEFERRED);
        if (i == 40) {
            commit(&p);
            begin(&p);
        }
    }
    /* One goes, in the batch, and there is room; a deferred log is not held. */
    unchecked(&p, &(struct daf_stretch){made[DAF_INCARNATIONS_MAX].r.log, 1,
                                        1});
    assert_int_equal(drop(&p, &made[3]), DAF_OK);
    assert_int_equal(put(&p, &made[DAF_INCARNATIONS_MAX], DAF_BODY_HELD),
                     DAF_PUT_NEW);
    assert_int_equal(put(&p, &made[3], DAF_BODY_HELD), DAF_PUT_DEFERRED);
    commit(&p);
    compare_few(&p, made, DAF_INCARNATIONS_MAX + 1);
    close_pair(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_worlds_give_the_same_answers),
        cmocka_unit_test(a_frontier_that_is_full_defers_and_keeps),
        cmocka_unit_test(a_drop_that_would_not_fit_is_refused),
        cmocka_unit_test(an_author_has_at_most_64_logs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
