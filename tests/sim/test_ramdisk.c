/* SPDX-License-Identifier: Apache-2.0 */

/* SQLite's files in memory: what is written is read, copies part when one is
 * written, and two connections see each other's commits. */

#include "tests/lib/t.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/core/chance.h"
#include "sim/device/ramdisk.h"
#include "tests/lib/tmpdir.h"

struct fixture {
    char *dir, a[300], b[300];
    struct daf_ramdisk *disk;
};

static int set_up(void **state)
{
    struct fixture *x = calloc(1, sizeof *x);

    assert_non_null(x);
    x->dir = daf_tmpdir_new();
    assert_non_null(x->dir);
    (void)snprintf(x->a, sizeof x->a, "%s/a.db", x->dir);
    (void)snprintf(x->b, sizeof x->b, "%s/b.db", x->dir);
    assert_int_equal(daf_ramdisk_new(x->dir, &x->disk), DAF_OK);
    *state = x;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *x = *state;

    daf_ramdisk_free(x->disk);
    daf_tmpdir_free(x->dir);
    free(x);
    return 0;
}

static sqlite3 *connect(const char *path)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    return db;
}

static void run(sqlite3 *db, const char *sql)
{
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static int number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *q = NULL;

    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    int n = sqlite3_column_int(q, 0);
    assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
    return n;
}

static void connections_share_a_journal(void **state)
{
    const struct fixture *x = *state;
    sqlite3 *w = connect(x->a), *r;

    run(w, "PRAGMA journal_mode=WAL;CREATE TABLE t(n)");
    r = connect(x->a);
    run(w, "INSERT INTO t VALUES(1),(2)");
    run(r, "BEGIN");
    assert_int_equal(number(r, "SELECT count(*) FROM t"), 2);
    run(w, "INSERT INTO t VALUES(3)");
    assert_int_equal(number(r, "SELECT count(*) FROM t"), 2); /* as of then */
    run(r, "COMMIT");
    assert_int_equal(number(r, "SELECT count(*) FROM t"), 3);
    run(w, "BEGIN IMMEDIATE");
    assert_int_equal(sqlite3_exec(r, "BEGIN IMMEDIATE", NULL, NULL, NULL),
                     SQLITE_BUSY);
    run(w, "ROLLBACK");
    assert_int_equal(sqlite3_close(r), SQLITE_OK);
    assert_int_equal(sqlite3_close(w), SQLITE_OK);
}

static void nothing_is_on_the_disk(void **state)
{
    const struct fixture *x = *state;
    sqlite3 *db = connect(x->a);
    struct stat st;

    run(db, "CREATE TABLE t(n)");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_not_equal(stat(x->a, &st), 0);
    assert_true(daf_ramdisk_bytes(x->disk) > 4096);
    db = connect(x->a);
    assert_int_equal(number(db, "SELECT count(*) FROM t"), 0);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void copies_share_pages_until_one_is_written(void **state)
{
    const struct fixture *x = *state;
    sqlite3 *a = connect(x->a), *b;

    run(a, "CREATE TABLE t(n,b);WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL "
           "SELECT n+1 FROM c WHERE n<500) INSERT INTO t SELECT n,"
           "randomblob(900) FROM c");
    assert_int_equal(sqlite3_close(a), SQLITE_OK);
    uint64_t bytes = daf_ramdisk_bytes(x->disk);
    assert_int_equal(daf_ramdisk_copy(x->disk, x->a, x->b), DAF_OK);
    assert_int_equal(daf_ramdisk_bytes(x->disk), bytes);
    a = connect(x->a);
    b = connect(x->b);
    run(b, "UPDATE t SET n=-1 WHERE n=7");
    assert_int_equal(number(a, "SELECT count(*) FROM t WHERE n=-1"), 0);
    assert_int_equal(number(b, "SELECT count(*) FROM t WHERE n=-1"), 1);
    assert_true(daf_ramdisk_bytes(x->disk) < bytes + bytes / 4);
    run(a, "DELETE FROM t");
    assert_int_equal(number(b, "SELECT count(*) FROM t"), 500);
    assert_int_equal(number(b, "SELECT count(*) FROM pragma_integrity_check "
                               "WHERE integrity_check='ok'"),
                     1);
    assert_int_equal(sqlite3_close(a), SQLITE_OK);
    assert_int_equal(sqlite3_close(b), SQLITE_OK);
}

static void a_copy_of_nothing_is_an_error(void **state)
{
    const struct fixture *x = *state;

    assert_int_equal(daf_ramdisk_copy(x->disk, x->a, x->b), DAF_ENOTFOUND);
}

/* The disk's methods against an array, as SQLite would call them. */
static void bytes_are_those_of_an_array(void **state)
{
    enum { ROOM = 40000 };
    const struct fixture *x = *state;
    static uint8_t array[ROOM], bytes[ROOM];
    size_t len = 0;
    struct daf_chance chance;
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    sqlite3_file *f = calloc(1, (size_t)vfs->szOsFile);

    assert_non_null(f);
    daf_chance_init(&chance, 1, "ramdisk", 0);
    assert_int_equal(vfs->xOpen(vfs, x->a, f,
                                SQLITE_OPEN_CREATE | SQLITE_OPEN_READWRITE |
                                    SQLITE_OPEN_MAIN_DB,
                                NULL),
                     SQLITE_OK);
    for (int i = 0; i < 3000; i++) {
        size_t at = (size_t)daf_chance_below(&chance, ROOM),
               some = (size_t)daf_chance_below(&chance, ROOM - at) + 1;
        sqlite3_int64 size = 0;

        if (daf_chance_below(&chance, 4) == 0 && at <= len) {
            assert_int_equal(f->pMethods->xTruncate(f, (sqlite3_int64)at),
                             SQLITE_OK);
            memset(array + at, 0, ROOM - at);
            len = at;
        } else if (daf_chance_below(&chance, 2) == 0) {
            daf_chance_bytes(&chance, bytes, some);
            assert_int_equal(f->pMethods->xWrite(f, bytes, (int)some,
                                                 (sqlite3_int64)at),
                             SQLITE_OK);
            memcpy(array + at, bytes, some);
            if (at + some > len) len = at + some;
        }
        assert_int_equal(f->pMethods->xRead(f, bytes, (int)some,
                                            (sqlite3_int64)at),
                         at + some <= len ? SQLITE_OK
                                          : SQLITE_IOERR_SHORT_READ);
        assert_memory_equal(bytes, array + at, some);
        assert_int_equal(f->pMethods->xFileSize(f, &size), SQLITE_OK);
        assert_int_equal(size, len);
    }
    assert_int_equal(f->pMethods->xClose(f), SQLITE_OK);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(connections_share_a_journal, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_on_the_disk, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(copies_share_pages_until_one_is_written,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_copy_of_nothing_is_an_error, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(bytes_are_those_of_an_array, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
