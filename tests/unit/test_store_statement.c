/* SPDX-License-Identifier: Apache-2.0 */

/* Statements in the notebook: one a place, what the card changed left out. */

#include "tests/lib/t.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/made.h"
#include "tests/lib/tmpdir.h"

#define MANY 6

static int open_dir(void **state)
{
    *state = daf_tmpdir_new();
    return *state == NULL;
}

static int close_dir(void **state)
{
    daf_tmpdir_free(*state);
    return 0;
}

/* Borrowed until the next call. */
static const char *path_of(const char *dir, const char *name)
{
    static char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static void run_sql(const char *dir, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path_of(dir, "notebook.db"), &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* ---- keeping */

static void keep(struct daf_store *s, const struct daf_made_statement *m)
{
    assert_int_equal(daf_store_begin(s), DAF_OK);
    assert_int_equal(daf_store_keep_statement(s, &m->st,
                                              (struct daf_view){m->bytes,
                                                                m->len}),
                     DAF_OK);
    assert_int_equal(daf_store_commit(s), DAF_OK);
}

/* Those read, in their order. */
struct seen {
    size_t count, stop;
    struct daf_stated said[16];
    struct daf_view last; /* its bytes, in room */
    uint8_t room[DAF_STATEMENT_BYTES_MAX];
};

static bool see(void *ctx, const struct daf_statement *st,
                struct daf_view bytes)
{
    struct seen *seen = ctx;
    assert_true(seen->count < 16);
    assert_true(st->content.p == NULL || (st->content.p > bytes.p &&
                                          st->content.p < bytes.p + bytes.len));
    memcpy(seen->room, bytes.p, bytes.len);
    seen->last = (struct daf_view){seen->room, bytes.len};
    seen->said[seen->count++] = daf_statement_mark(st);
    return seen->stop == 0 || seen->count < seen->stop;
}

static uint64_t look(const char *dir, struct seen *seen)
{
    struct daf_store *s = daf_made_open(dir, DAF_STORE_READER);
    uint64_t bad = 99;
    seen->count = 0;
    assert_int_equal(daf_store_statements(s, see, seen, &bad), DAF_OK);
    daf_store_close(s);
    return bad;
}

static uint64_t findings(const char *dir)
{
    struct daf_store *s = daf_made_open(dir, DAF_STORE_READER);
    struct daf_store_check check;
    assert_int_equal(daf_store_check(s, NULL, NULL, NULL, &check), DAF_OK);
    daf_store_close(s);
    return check.bad;
}

static void one_is_there_when_the_notebook_is_opened_again(void **state)
{
    static struct daf_made_statement m;
    static struct seen seen;
    static const size_t counts[] = {0, 3, DAF_ARCHIVED_MAX};
    for (size_t i = 0; i < 3; i++) {
        struct daf_store *s = daf_made_open(*state, DAF_STORE_WRITER);
        daf_made_statement(7, 0, i + 1, counts[i], &m);
        keep(s, &m);
        daf_store_close(s);
        assert_int_equal(look(*state, &seen), 0);
        assert_int_equal(seen.count, 1);
        assert_int_equal(seen.last.len, m.len);
        assert_memory_equal(seen.last.p, m.bytes, m.len);
        assert_int_equal(findings(*state), 0);
    }
}

/* Who keeps decides what stands; the notebook has what it was given last. */
static void of_a_place_the_last_is_kept(void **state)
{
    static struct daf_made_statement m;
    static struct seen seen;
    static const uint64_t numbers[] = {5, 6, 6, 2, DAF_INT_MAX};
    struct daf_store *s = daf_made_open(*state, DAF_STORE_WRITER);
    for (size_t i = 0; i < 5; i++) {
        daf_made_statement(7, 3, numbers[i], i, &m);
        keep(s, &m);
        assert_int_equal(look(*state, &seen), 0);
        assert_int_equal(seen.count, 1);
        assert_true(seen.said[0].number == numbers[i]);
        assert_memory_equal(seen.last.p, m.bytes, m.len);
    }
    daf_store_close(s);
}

static void they_are_read_by_their_places(void **state)
{
    static struct daf_made_statement m;
    static struct seen seen;
    struct daf_store *s = daf_made_open(*state, DAF_STORE_WRITER);
    for (uint8_t i = 0; i < MANY; i++) {
        daf_made_statement((uint8_t)(9 - i / 2), (uint8_t)(15 - i), 1, 2, &m);
        keep(s, &m);
    }
    daf_store_close(s);
    assert_int_equal(look(*state, &seen), 0);
    assert_int_equal(seen.count, MANY);
    for (size_t i = 1; i < MANY; i++)
        assert_true(daf_statement_order(&seen.said[i - 1], &seen.said[i]) < 0);
    seen.stop = 2;
    assert_int_equal(look(*state, &seen), 0);
    assert_int_equal(seen.count, 2);
    seen.stop = 0;
}

static void what_is_rolled_back_is_not_kept(void **state)
{
    static struct daf_made_statement m;
    static struct seen seen;
    struct daf_store *s = daf_made_open(*state, DAF_STORE_WRITER);
    daf_made_statement(7, 0, 1, 2, &m);
    assert_int_equal(daf_store_begin(s), DAF_OK);
    assert_int_equal(
        daf_store_keep_statement(s, &m.st, (struct daf_view){m.bytes, m.len}),
        DAF_OK);
    daf_store_rollback(s);
    assert_int_equal(look(*state, &seen), 0);
    assert_int_equal(seen.count, 0);
    keep(s, &m);
    daf_store_close(s);
    assert_int_equal(look(*state, &seen), 0);
    assert_int_equal(seen.count, 1);
}

/* ---- what the card changed */

static void make_three(const char *dir)
{
    static struct daf_made_statement m;
    struct daf_store *s = daf_made_open(dir, DAF_STORE_WRITER);
    for (uint8_t i = 0; i < 3; i++) {
        daf_made_statement((uint8_t)(i + 1), i, 9, 2, &m);
        keep(s, &m);
    }
    daf_store_close(s);
}

static void any_column_that_changed_is_seen(void **state)
{
    static const char *const changes[] = {
        "author=zeroblob(16)",
        "author=x'02'",
        "kind=2",
        "kind=257",
        "page=5",
        "page=257",
        "number=10",
        "number=8",
        "number=-1",
        "number=9+4294967296",
        "bytes=zeroblob(length(bytes))",
        "bytes=x''",
        "bytes=substr(bytes,1,length(bytes)-1)",
        "bytes=CAST(bytes||x'00' AS BLOB)",
        "bytes=(SELECT bytes FROM statement WHERE page=0)",
        "sum=zeroblob(16)",
        "sum=x''",
        "sum=(SELECT sum FROM statement WHERE page=0)",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        static struct seen seen;
        char *dir = daf_tmpdir_new();
        char sql[200];
        make_three(dir);
        assert_int_equal(findings(dir), 0);
        (void)snprintf(sql, sizeof(sql), "UPDATE statement SET %s WHERE page=1",
                       changes[i]);
        run_sql(dir, sql);
        if (look(dir, &seen) != 1 || seen.count != 2 || findings(dir) != 1)
            fail_msg("%s: %zu are read", changes[i], seen.count);
        for (size_t j = 0; j < 2; j++)
            assert_int_not_equal(seen.said[j].author.b[0], 2);
        daf_tmpdir_free(dir);
    }
}

/* Every byte of it, by its lowest bit and its highest. */
static void any_byte_that_changed_is_seen(void **state)
{
    static struct daf_made_statement m;
    static struct seen seen;
    struct daf_store *s = daf_made_open(*state, DAF_STORE_WRITER);
    sqlite3 *db;
    sqlite3_stmt *q;
    daf_made_statement(7, 3, 300, 2, &m);
    keep(s, &m);
    daf_store_close(s);
    assert_int_equal(sqlite3_open(path_of(*state, "notebook.db"), &db),
                     SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "UPDATE statement SET bytes=?", -1,
                                        &q, NULL),
                     SQLITE_OK);
    for (size_t i = 0; i <= 2 * m.len; i++) {
        uint8_t mask = i == 2 * m.len ? 0 : i % 2 == 0 ? 1 : 0x80;
        if (mask != 0) m.bytes[i / 2] ^= mask;
        (void)sqlite3_bind_blob(q, 1, m.bytes, (int)m.len, SQLITE_STATIC);
        assert_int_equal(sqlite3_step(q), SQLITE_DONE);
        (void)sqlite3_reset(q);
        if (mask != 0) m.bytes[i / 2] ^= mask;
        assert_int_equal(look(*state, &seen), mask != 0);
        assert_int_equal(seen.count, mask == 0);
    }
    (void)sqlite3_finalize(q);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Its place is taken again by what a peer sends. */
static void what_was_left_out_is_kept_again(void **state)
{
    static struct daf_made_statement m;
    static struct seen seen;
    make_three(*state);
    run_sql(*state, "UPDATE statement SET number=90 WHERE page=1");
    struct daf_store *s = daf_made_open(*state, DAF_STORE_WRITER);
    daf_made_statement(2, 1, 9, 2, &m);
    keep(s, &m);
    daf_store_close(s);
    assert_int_equal(look(*state, &seen), 0);
    assert_int_equal(seen.count, 3);
    assert_int_equal(findings(*state), 0);
}

/* ---- from version 2, and out of a damaged one */

static uint64_t records_in(const char *dir)
{
    struct daf_store *s = daf_made_open(dir, DAF_STORE_READER);
    struct daf_store_check check;
    assert_int_equal(daf_store_check(s, NULL, NULL, NULL, &check), DAF_OK);
    assert_int_equal(check.bad, 0);
    daf_store_close(s);
    return check.records;
}

static bool count_row(void *ctx, const struct daf_row *row)
{
    (void)row;
    ++*(size_t *)ctx;
    return true;
}

static size_t daily_in(const char *dir)
{
    struct daf_store *s = daf_made_open(dir, DAF_STORE_READER);
    struct daf_scope_id scope = daf_made_log(1, 1, 1).scope;
    size_t count = 0;
    assert_int_equal(daf_store_scan(s, &scope, DAF_RETENTION_DAILY, count_row,
                                    &count),
                     DAF_OK);
    daf_store_close(s);
    return count;
}

static void make_records(const char *dir, size_t count)
{
    struct daf_store *s = daf_made_open(dir, DAF_STORE_WRITER);
    struct daf_made_want want = {.log = daf_made_log(1, 1, 1), .body_len = 700};
    static struct daf_made m;
    for (size_t i = 0; i < count; i++) {
        want.seed = (uint32_t)i;
        want.retention =
            i % 4 == 0 ? DAF_RETENTION_DAILY : DAF_RETENTION_PROGRESS;
        daf_made_record(&want, &m);
        assert_int_equal(daf_made_commit(s, &m, DAF_BODY_HELD), DAF_PUT_NEW);
        want.prev = m.spot;
    }
    daf_store_close(s);
}

/* A notebook of version 2 is one of version 3 without what that added. */
static void a_notebook_of_version_2_is_brought_forward(void **state)
{
    static struct daf_made_statement m;
    static struct seen seen;
    struct daf_store *s;
    make_records(*state, 20);
    run_sql(*state, "DROP TABLE statement;DROP INDEX header_daily;"
                    "PRAGMA user_version=2");
    assert_int_equal(daf_store_open(*state, DAF_STORE_READER, &s),
                     DAF_EVERSION);
    s = daf_made_open(*state, DAF_STORE_WRITER);
    daf_made_statement(7, 0, 1, 2, &m);
    keep(s, &m);
    daf_store_close(s);
    assert_int_equal(records_in(*state), 20);
    assert_int_equal(daily_in(*state), 5);
    assert_int_equal(look(*state, &seen), 0);
    assert_int_equal(seen.count, 1);
}

static struct daf_store_repair mend(const char *dir)
{
    struct daf_store_repair out;
    assert_int_equal(daf_store_repair(dir, NULL, NULL, NULL, &out), DAF_OK);
    assert_true(out.was_damaged);
    return out;
}

/* Peers have others', but one's own nobody tells: what is good stays. */
static void repair_leaves_out_what_is_damaged(void **state)
{
    static struct seen seen;
    make_records(*state, 20);
    make_three(*state);
    run_sql(*state, "UPDATE statement SET sum=zeroblob(16) WHERE page=1");
    (void)mend(*state);
    assert_int_equal(records_in(*state), 20);
    assert_int_equal(daily_in(*state), 5);
    assert_int_equal(look(*state, &seen), 0);
    assert_int_equal(seen.count, 2);
}

/* Its schema is gone: pages are read by what they look like, and those of statements
 * look like no record's. */
static void nothing_of_them_is_taken_for_a_record(void **state)
{
    static struct daf_made_statement m;
    static struct seen seen;
    make_records(*state, 20);
    struct daf_store *s = daf_made_open(*state, DAF_STORE_WRITER);
    for (uint8_t i = 0; i < DAF_ARCHIVED_PAGES_MAX; i++) {
        daf_made_statement(7, i, 1, i % 2 == 0 ? DAF_ARCHIVED_MAX : 3, &m);
        keep(s, &m);
    }
    daf_store_close(s);
    FILE *f = fopen(path_of(*state, "notebook.db"), "rb+");
    assert_non_null(f);
    for (size_t i = 0; i < 2048; i++)
        (void)fputc(0, f);
    assert_int_equal(fclose(f), 0);
    (void)mend(*state);
    assert_int_equal(records_in(*state), 20);
    assert_int_equal(look(*state, &seen), 0);
    assert_int_equal(seen.count, 0);
}

#define HERE(test) cmocka_unit_test_setup_teardown(test, open_dir, close_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HERE(one_is_there_when_the_notebook_is_opened_again),
        HERE(of_a_place_the_last_is_kept),
        HERE(they_are_read_by_their_places),
        HERE(what_is_rolled_back_is_not_kept),
        cmocka_unit_test(any_column_that_changed_is_seen),
        HERE(any_byte_that_changed_is_seen),
        HERE(what_was_left_out_is_kept_again),
        HERE(a_notebook_of_version_2_is_brought_forward),
        HERE(repair_leaves_out_what_is_damaged),
        HERE(nothing_of_them_is_taken_for_a_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
