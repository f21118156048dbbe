/* SPDX-License-Identifier: Apache-2.0 */

/* Marks, sketches, absent bodies and drops, against tests/lib/fake_index.h,
 * which keeps nothing and computes all of it anew. */

#include "tests/lib/t.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/rng.h"
#include "tests/lib/fake_index.h"
#include "tests/lib/made.h"
#include "tests/lib/tmpdir.h"

#define LOGS    7
#define RECORDS 140
#define STEPS   60
#define MARKS   16

struct world {
    char *dir;
    struct daf_store *writer, *reader;
    struct daf_fake_index *fake;
    struct daf_rng rng;
    struct daf_made made[RECORDS];
    bool is_held[RECORDS];
};

static struct world *new_world(uint8_t seed)
{
    const uint8_t bytes[32] = {seed, 0x3a};
    struct world *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    w->dir = daf_tmpdir_new();
    w->writer = daf_made_open(w->dir, DAF_STORE_WRITER);
    w->reader = daf_made_open(w->dir, DAF_STORE_READER);
    w->fake = daf_fake_index_new();
    daf_rng_init(&w->rng, bytes);
    return w;
}

static void free_world(struct world *w)
{
    daf_fake_index_free(w->fake);
    daf_store_close(w->reader);
    daf_store_close(w->writer);
    daf_tmpdir_free(w->dir);
    free(w);
}

static int open_world(void **state)
{
    *state = new_world(1);
    return 0;
}

static int close_world(void **state)
{
    free_world(*state);
    return 0;
}

/* Two scopes; chains with forks, of which any record may come first. */
static void make_records(struct world *w)
{
    for (size_t i = 0; i < RECORDS; i++) {
        size_t log = i % LOGS, older = i / LOGS;
        struct daf_made_want want = {
            .log = daf_made_log(log < 5 ? 1 : 2, (uint8_t)(log + 1), log % 2),
            .body_len = (uint32_t)daf_rng_below(&w->rng, 1500),
            .retention = DAF_RETENTION_PROGRESS,
            .seed = (uint32_t)i,
        };
        if (older > 0) {
            size_t back = 1;
            if (daf_rng_below(&w->rng, 6) == 0)
                back = 1 + (size_t)daf_rng_below(&w->rng, older);
            want.prev = w->made[i - back * LOGS].spot;
        }
        daf_made_record(&want, &w->made[i]);
    }
}

/* ---- the same answers */

struct marks {
    struct daf_mark list[MARKS];
    size_t count, stop;
};

static bool add_mark(void *ctx, const struct daf_mark *mark)
{
    struct marks *m = ctx;
    assert_true(m->count < MARKS);
    m->list[m->count++] = *mark;
    return m->count < m->stop;
}

static void expect_mark(const struct daf_mark *a, const struct daf_mark *b)
{
    assert_memory_equal(&a->log.scope, &b->log.scope, 16);
    assert_memory_equal(&a->log.author, &b->log.author, 16);
    assert_true(a->log.incarnation == b->log.incarnation);
    assert_memory_equal(&a->tag, &b->tag, sizeof(a->tag));
    assert_int_equal(a->height, b->height);
    assert_memory_equal(&a->digest, &b->digest, sizeof(a->digest));
}

static void ask_marks(const struct daf_index *x,
                      const struct daf_scope_id *scope,
                      const struct daf_tag *after, size_t stop,
                      struct marks *out)
{
    out->count = 0;
    out->stop = stop;
    assert_int_equal(x->marks(x->ctx, scope, after, add_mark, out), DAF_OK);
}

static void expect_marks(const struct daf_index *a, const struct daf_index *b,
                         const struct daf_scope_id *scope)
{
    static struct marks ours, right;
    ask_marks(b, scope, NULL, MARKS, &right);
    ask_marks(a, scope, NULL, MARKS, &ours);
    assert_int_equal(ours.count, right.count);
    for (size_t i = 0; i < right.count; i++) {
        struct daf_mark one;
        const struct daf_mark *mark = &right.list[i];
        struct marks rest;
        expect_mark(&ours.list[i], mark);
        assert_int_equal(a->mark(a->ctx, &mark->log, &one), DAF_OK);
        expect_mark(&one, mark);
        assert_int_equal(a->mark_by_tag(a->ctx, scope, &mark->tag, &one),
                         DAF_OK);
        expect_mark(&one, mark);
        ask_marks(a, scope, &mark->tag, MARKS, &rest);
        assert_int_equal(rest.count, right.count - i - 1);
        ask_marks(a, scope, &mark->tag, 1, &rest);
        assert_int_equal(rest.count, i + 1 < right.count ? 1 : 0);
        if (rest.count > 0) expect_mark(&rest.list[0], &right.list[i + 1]);
    }
}

static void expect_symbols(const struct daf_index *a, const struct daf_index *b,
                           const struct daf_scope_id *scope, size_t start,
                           size_t count)
{
    static struct daf_symbol ours[300], right[300];
    assert_true(count <= 300);
    assert_int_equal(b->symbols(b->ctx, scope, start, count, right), DAF_OK);
    assert_int_equal(a->symbols(a->ctx, scope, start, count, ours), DAF_OK);
    assert_memory_equal(ours, right, count * sizeof(ours[0]));
}

static void expect_absent(const struct daf_index *a, const struct daf_index *b,
                          const struct daf_scope_id *scope)
{
    struct daf_log_key log = {0}, right_log = {0};
    struct daf_spot spot = {0}, right = {0};
    bool is_first = true;
    for (;;) {
        enum daf_err err =
            b->absent_next(b->ctx, scope, is_first ? NULL : &right_log,
                           is_first ? NULL : &right, &right_log, &right);
        assert_int_equal(a->absent_next(a->ctx, scope, is_first ? NULL : &log,
                                        is_first ? NULL : &spot, &log, &spot),
                         err);
        if (err == DAF_ENOTFOUND) return;
        assert_int_equal(err, DAF_OK);
        assert_memory_equal(&log.author, &right_log.author, 16);
        assert_true(log.incarnation == right_log.incarnation);
        assert_memory_equal(&spot, &right, sizeof(spot));
        is_first = false;
    }
}

static void expect_heads(const struct daf_index *a, const struct daf_index *b,
                         const struct daf_scope_id *scope)
{
    static struct daf_head ours, right;
    struct daf_log_key last;
    const struct daf_log_key *after = NULL;
    for (;;) {
        enum daf_err err = b->head_next(b->ctx, scope, after, &right);
        assert_int_equal(a->head_next(a->ctx, scope, after, &ours), err);
        if (err == DAF_ENOTFOUND) return;
        assert_int_equal(err, DAF_OK);
        assert_true(daf_frontier_equal(&ours, &right));
        last = right.log;
        after = &last;
    }
}

static void expect_same(struct world *w, struct daf_store *s)
{
    const struct daf_index *a = daf_store_index(s);
    const struct daf_index *b = daf_fake_index_view(w->fake);
    for (uint8_t i = 1; i <= 3; i++) { /* of the third nothing is held */
        struct daf_scope_id scope = daf_made_log(i, 0, 0).scope;
        size_t start = (size_t)daf_rng_below(&w->rng, 40);
        expect_marks(a, b, &scope);
        expect_symbols(a, b, &scope, 0, 8);
        expect_symbols(a, b, &scope, start, 20);
        expect_absent(a, b, &scope);
        expect_heads(a, b, &scope);
    }
}

/* ---- anything happens */

static void put_one(struct world *w, size_t i)
{
    enum daf_body_state state =
        daf_rng_below(&w->rng, 4) == 0 ? DAF_BODY_ABSENT : DAF_BODY_HELD;
    const struct daf_made *m = &w->made[i];
    struct daf_view body = {NULL, 0};
    (void)daf_made_put(w->writer, m, state);
    if (state == DAF_BODY_HELD) body = daf_made_body(m);
    (void)daf_fake_index_put(w->fake, &m->r, daf_made_header(m), state, body);
    w->is_held[i] = true;
}

static void drop_one(struct world *w, size_t i)
{
    const struct daf_made *m = &w->made[i];
    enum daf_err err = daf_store_drop(w->writer, &m->r.log, &m->spot);
    assert_int_equal(err, w->is_held[i] ? DAF_OK : DAF_ENOTFOUND);
    assert_true(daf_fake_index_drop(w->fake, &m->r.log, &m->spot) ==
                w->is_held[i]);
    w->is_held[i] = false;
}

static void change(struct world *w, bool dropping)
{
    size_t count = 1 + (size_t)daf_rng_below(&w->rng, 8);
    for (size_t k = 0; k < count; k++) {
        size_t i = (size_t)daf_rng_below(&w->rng, RECORDS);
        if (daf_rng_below(&w->rng, 10) < (dropping ? 9 : 2))
            drop_one(w, i);
        else
            put_one(w, i);
    }
}

static void expect_clean(struct daf_store *s, uint64_t records)
{
    struct daf_store_check check;
    assert_int_equal(daf_store_check(s, NULL, NULL, NULL, &check), DAF_OK);
    assert_int_equal(check.bad, 0);
    assert_int_equal(check.records, records);
}

/* Changes, asks about them, and rolls back. */
static void take_back(struct world *w, size_t at)
{
    const struct daf_made *put = &w->made[at], *gone = &w->made[at + 1];
    const struct daf_index *x = daf_store_index(w->writer);
    struct daf_mark mark;
    (void)daf_made_put(w->writer, put, DAF_BODY_HELD);
    assert_int_equal(daf_store_drop(w->writer, &gone->r.log, &gone->spot),
                     w->is_held[at + 1] ? DAF_OK : DAF_ENOTFOUND);
    assert_int_equal(x->mark(x->ctx, &put->r.log, &mark), DAF_OK);
    expect_symbols(x, x, &put->r.log.scope, 0, 70);
    daf_store_rollback(w->writer);
    expect_same(w, w->writer);
}

static void marks_and_sketches_follow_whatever_happens(void **state)
{
    (void)state;
    for (uint8_t seed = 0; seed < 6; seed++) {
        struct world *w = new_world(seed);
        make_records(w);
        for (size_t step = 0; step < STEPS; step++) {
            assert_int_equal(daf_store_begin(w->writer), DAF_OK);
            if (step % 7 == 3) {
                take_back(w, step);
                continue;
            }
            change(w, step > STEPS / 2);
            if (step % 3 == 0) expect_same(w, w->writer); /* inside */
            if (step % 6 == 0) change(w, false);          /* and go on */
            assert_int_equal(daf_store_commit(w->writer), DAF_OK);
            expect_same(w, w->reader);
            expect_same(w, w->writer);
        }
        expect_clean(w->reader, daf_fake_index_count(w->fake));
        assert_int_equal(daf_store_begin(w->writer), DAF_OK);
        for (size_t i = 0; i < RECORDS; i++)
            drop_one(w, i);
        assert_int_equal(daf_store_commit(w->writer), DAF_OK);
        expect_same(w, w->reader);
        expect_clean(w->reader, 0);
        free_world(w);
    }
}

/* ---- one thing each */

static void append(struct daf_store *s, const struct daf_log_key *log,
                   struct daf_made *m, uint32_t seed)
{
    struct daf_made_want want = {.log = *log,
                                 .body_len = 100,
                                 .prev = m->spot,
                                 .seed = seed};
    daf_made_record(&want, m);
    assert_int_equal(daf_made_commit(s, m, DAF_BODY_HELD), DAF_PUT_NEW);
}

static void a_pinned_reader_compares_one_moment(void **state)
{
    struct world *w = *state;
    struct daf_log_key log = daf_made_log(1, 1, 1), other;
    struct daf_made m = {0}, n = {0};
    struct daf_symbol before[80], during[80], after[80];
    struct marks marks;
    uint64_t commits;
    const struct daf_index *x = daf_store_index(w->reader);
    append(w->writer, &log, &m, 1);
    assert_int_equal(daf_store_pin(w->reader, &commits), DAF_OK);
    assert_int_equal(x->symbols(x->ctx, &log.scope, 0, 80, before), DAF_OK);
    append(w->writer, &log, &m, 2);
    other = daf_made_log(1, 2, 1);
    append(w->writer, &other, &n, 3);
    assert_int_equal(x->symbols(x->ctx, &log.scope, 0, 80, during), DAF_OK);
    assert_memory_equal(before, during, sizeof(before));
    ask_marks(x, &log.scope, NULL, MARKS, &marks);
    assert_int_equal(marks.count, 1);
    assert_int_equal(marks.list[0].height, 1);
    daf_store_unpin(w->reader);

    /* And the next one another, the same as a handle that begins there. */
    assert_int_equal(daf_store_pin(w->reader, &commits), DAF_OK);
    assert_int_equal(x->symbols(x->ctx, &log.scope, 0, 80, during), DAF_OK);
    daf_store_unpin(w->reader);
    struct daf_store *fresh = daf_made_open(w->dir, DAF_STORE_READER);
    x = daf_store_index(fresh);
    assert_int_equal(x->symbols(x->ctx, &log.scope, 0, 80, after), DAF_OK);
    assert_memory_equal(during, after, sizeof(after));
    assert_memory_not_equal(before, after, sizeof(after));
    daf_store_close(fresh);
}

/* Nothing but the count tells: the new log takes the old one's number. */
static void a_log_that_went_leaves_the_sketch(void **state)
{
    struct world *w = *state;
    struct daf_log_key log = daf_made_log(1, 1, 1),
                       log2 = daf_made_log(1, 9, 2);
    struct daf_log_key elsewhere = daf_made_log(2, 3, 3);
    struct daf_made m = {0}, m2 = {0}, m3 = {0};
    struct daf_mark mark;
    struct daf_head head;
    struct marks marks;
    const struct daf_index *x = daf_store_index(w->reader);
    append(w->writer, &log, &m, 1);
    append(w->writer, &log2, &m2, 2);
    ask_marks(x, &log.scope, NULL, MARKS, &marks);
    assert_int_equal(marks.count, 2);
    assert_int_equal(x->head(x->ctx, &log2, &head), DAF_OK);

    assert_int_equal(daf_store_begin(w->writer), DAF_OK);
    assert_int_equal(daf_store_drop(w->writer, &log2, &m2.spot), DAF_OK);
    assert_int_equal(daf_store_commit(w->writer), DAF_OK);
    append(w->writer, &elsewhere, &m3, 3);
    ask_marks(x, &log.scope, NULL, MARKS, &marks);
    assert_int_equal(marks.count, 1);
    assert_int_equal(x->mark(x->ctx, &log2, &mark), DAF_ENOTFOUND);
    assert_int_equal(x->mark_by_tag(x->ctx, &log.scope, &mark.tag, &mark),
                     DAF_ENOTFOUND);
    assert_int_equal(x->head(x->ctx, &log2, &head), DAF_ENOTFOUND);
    assert_int_equal(x->head(x->ctx, &elsewhere, &head), DAF_OK);
    assert_memory_equal(&head.tips[0].id, &m3.spot.id, 32);
    expect_clean(w->reader, 2);
}

static void the_number_of_bodies_changes_with_each(void **state)
{
    struct world *w = *state;
    struct daf_log_key log = daf_made_log(1, 1, 1);
    struct daf_made m = {0};
    uint64_t seen[6];
    const struct daf_index *x = daf_store_index(w->reader);
    assert_int_equal(x->bodies(x->ctx, &seen[0]), DAF_OK);
    append(w->writer, &log, &m, 1);
    assert_int_equal(x->bodies(x->ctx, &seen[1]), DAF_OK);
    assert_int_equal(daf_made_commit(w->writer, &m, DAF_BODY_HELD),
                     DAF_PUT_KNOWN);
    assert_int_equal(x->bodies(x->ctx, &seen[2]), DAF_OK);
    assert_int_equal(daf_store_begin(w->writer), DAF_OK);
    assert_int_equal(daf_store_drop(w->writer, &log, &m.spot), DAF_OK);
    assert_int_equal(daf_store_commit(w->writer), DAF_OK);
    assert_int_equal(daf_made_commit(w->writer, &m, DAF_BODY_ABSENT),
                     DAF_PUT_NEW);
    assert_int_equal(x->bodies(x->ctx, &seen[3]), DAF_OK);
    assert_int_equal(daf_made_commit(w->writer, &m, DAF_BODY_HELD),
                     DAF_PUT_BODY);
    assert_int_equal(x->bodies(x->ctx, &seen[4]), DAF_OK);
    assert_true(seen[0] != seen[1] && seen[1] == seen[2]);
    assert_true(seen[2] == seen[3] && seen[3] != seen[4]);
    assert_true(seen[4] != seen[1]);
}

static void more_scopes_than_are_kept_are_right_all_the_same(void **state)
{
    struct world *w = *state;
    const struct daf_index *x = daf_store_index(w->writer);
    struct daf_made m[DAF_SCOPES_MAX + 5];
    memset(m, 0, sizeof(m));
    for (uint8_t round = 1; round <= 3; round++) {
        for (uint8_t i = 0; i < DAF_SCOPES_MAX + 5; i++) {
            struct daf_log_key log = daf_made_log(i, i, i);
            struct daf_symbol ours, right = {0};
            struct marks marks;
            append(w->writer, &log, &m[i], i);
            ask_marks(x, &log.scope, NULL, MARKS, &marks);
            assert_int_equal(marks.count, 1);
            assert_int_equal(marks.list[0].height, round);
            assert_int_equal(x->symbols(x->ctx, &log.scope, 0, 1, &ours),
                             DAF_OK);
            struct daf_item item = daf_sketch_item(&marks.list[0]);
            daf_sketch_add(&right, 1, &log.scope, &item, 1);
            assert_memory_equal(&ours, &right, sizeof(ours));
        }
    }
}

/* ---- an older notebook */

/* The schema of version 1, as that program made it. */
static const char version_1[] =
    "CREATE TABLE log(log INTEGER PRIMARY KEY,scope BLOB NOT NULL,"
    "author BLOB NOT NULL,incarnation BLOB NOT NULL,"
    "UNIQUE(scope,author,incarnation))STRICT;"
    "CREATE TABLE header(log INTEGER NOT NULL,seq INTEGER NOT NULL,"
    "id BLOB NOT NULL,retention INTEGER NOT NULL,state INTEGER NOT NULL,"
    "body INTEGER,bytes BLOB NOT NULL,PRIMARY KEY(log,seq,id)"
    ")STRICT,WITHOUT ROWID;"
    "CREATE INDEX header_identity ON header(log) WHERE retention=1;"
    "CREATE INDEX header_absent ON header(log) WHERE state=3;"
    "CREATE TABLE body(body INTEGER PRIMARY KEY,bytes BLOB NOT NULL)STRICT;"
    "CREATE TABLE frontier(log INTEGER NOT NULL,is_root INTEGER NOT NULL,"
    "id BLOB NOT NULL,seq INTEGER NOT NULL,PRIMARY KEY(log,is_root,id)"
    ")STRICT,WITHOUT ROWID;"
    "CREATE TABLE acked(log INTEGER PRIMARY KEY,seq INTEGER NOT NULL,"
    "id BLOB NOT NULL)STRICT;"
    "CREATE TABLE value(name TEXT NOT NULL PRIMARY KEY,value BLOB NOT NULL,"
    "sum BLOB NOT NULL)STRICT,WITHOUT ROWID;"
    "CREATE TABLE commits(one INTEGER PRIMARY KEY CHECK(one=1),"
    "count INTEGER NOT NULL,inverse INTEGER NOT NULL CHECK(inverse=~count)"
    ")STRICT;"
    "INSERT INTO commits VALUES(1,0,~0);"
    "PRAGMA application_id=0x44414631;PRAGMA user_version=1;";

static const char copy_rows[] =
    "INSERT INTO log SELECT log,scope,author,incarnation FROM now.log;"
    "INSERT INTO header SELECT * FROM now.header;"
    "INSERT INTO body SELECT * FROM now.body;"
    "INSERT INTO frontier SELECT * FROM now.frontier;"
    "INSERT INTO acked SELECT * FROM now.acked;"
    "INSERT INTO value SELECT * FROM now.value;"
    "UPDATE commits SET count=(SELECT count FROM now.commits),"
    "inverse=(SELECT inverse FROM now.commits);";

static void run_sql(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
}

/* What version 1 would have kept of the notebook in @from. */
static void make_version_1(const char *from, const char *to)
{
    sqlite3 *db;
    char text[600];
    (void)snprintf(text, sizeof(text), "%s/notebook.db", to);
    assert_int_equal(sqlite3_open(text, &db), SQLITE_OK);
    run_sql(db, "PRAGMA page_size=8192;PRAGMA journal_mode=WAL;");
    run_sql(db, version_1);
    (void)snprintf(text, sizeof(text), "ATTACH '%s/notebook.db' AS now", from);
    run_sql(db, text);
    run_sql(db, copy_rows);
    run_sql(db, "DETACH now");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_notebook_of_version_1_is_brought_forward(void **state)
{
    struct world *w = *state;
    char *old = daf_tmpdir_new();
    struct daf_store *s;
    uint64_t bodies;
    make_records(w);
    assert_int_equal(daf_store_begin(w->writer), DAF_OK);
    for (size_t i = 0; i < RECORDS; i++)
        if (i % 9 != 0) put_one(w, i);
    assert_int_equal(daf_store_set(w->writer, "a",
                                   (struct daf_view){(const uint8_t *)"b", 1}),
                     DAF_OK);
    assert_int_equal(daf_store_commit(w->writer), DAF_OK);
    make_version_1(w->dir, old);
    /* Only a writer may. */
    assert_int_equal(daf_store_open(old, DAF_STORE_READER, &s), DAF_EVERSION);
    s = daf_made_open(old, DAF_STORE_WRITER);
    expect_clean(s, daf_fake_index_count(w->fake));
    expect_same(w, s);
    const struct daf_index *x = daf_store_index(s);
    assert_int_equal(x->bodies(x->ctx, &bodies), DAF_OK);
    (void)daf_made_commit(s, &w->made[0], DAF_BODY_HELD);
    daf_store_close(s);
    s = daf_made_open(old, DAF_STORE_READER);
    expect_clean(s, daf_fake_index_count(w->fake) + 1);
    daf_store_close(s);
    daf_tmpdir_free(old);
}

#define HERE(test) \
    cmocka_unit_test_setup_teardown(test, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_and_sketches_follow_whatever_happens),
        HERE(a_pinned_reader_compares_one_moment),
        HERE(a_log_that_went_leaves_the_sketch),
        HERE(the_number_of_bodies_changes_with_each),
        HERE(more_scopes_than_are_kept_are_right_all_the_same),
        HERE(a_notebook_of_version_1_is_brought_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
