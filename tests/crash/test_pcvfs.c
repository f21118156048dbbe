/* SPDX-License-Identifier: Apache-2.0 */
/* Who watches the watcher: failures are planted, and the disk must show them. */
#include "tests/lib/t.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/crash/pcvfs_impl.h"
#include "tests/lib/tmpdir.h"

#define SEEDS ((uint64_t)60)

struct place {
    char *dir;
    struct pcvfs_disk *disk;
    char path[2 * PCVFS_PATH_MAX];
};

static void begin(struct place *p, uint64_t seed)
{
    p->dir = daf_tmpdir_new();
    assert_non_null(p->dir);
    p->disk = pcvfs_new(p->dir, seed);
    pcvfs_seed(seed);
    (void)snprintf(p->path, sizeof(p->path), "%s/file", p->dir);
}

static void end(struct place *p)
{
    pcvfs_free(p->disk);
    daf_tmpdir_free(p->dir);
}

static void cut(struct place *p)
{
    pcvfs_cut(p->disk);
    pcvfs_power_on(p->disk);
}

static void fill(struct pcvfs_file *f, size_t at, uint8_t with, size_t len)
{
    uint8_t *p = malloc(len);

    assert_non_null(p);
    memset(p, with, len);
    pcvfs_write(f, at, p, len);
    free(p);
}

static struct pcvfs_file *make(struct place *p)
{
    struct pcvfs_file *f = pcvfs_open(p->disk, p->path, true);

    assert_non_null(f);
    assert_int_equal(fsync(p->disk->dir_fd), 0);
    return f;
}

/* ---- bytes */

static void what_was_synced_stays_and_the_rest_may_go(void **state)
{
    struct place p;
    struct pcvfs_file *f;

    (void)state;
    begin(&p, 1);
    pcvfs_odds(p.disk, 0, 0);
    f = make(&p);
    fill(f, 0, 'a', 1000);
    assert_int_equal(fdatasync(f->fd), 0);
    fill(f, 500, 'b', 1000);
    pcvfs_truncate(f, 1200);
    assert_int_equal(f->now.len, 1200);
    cut(&p);
    assert_int_equal(f->now.len, 1000);
    assert_int_equal(f->now.p[999], 'a');
    end(&p);
}

static void all_of_what_was_not_synced_may_stay(void **state)
{
    struct place p;
    struct pcvfs_file *f;

    (void)state;
    begin(&p, 1);
    pcvfs_odds(p.disk, 100, 100);
    f = make(&p);
    fill(f, 0, 'a', 1000);
    cut(&p);
    assert_int_equal(f->now.len, 1000);
    assert_int_equal(f->now.p[999], 'a');
    end(&p);
}

static void a_write_is_torn_between_sectors_and_never_inside_one(void **state)
{
    bool is_torn = false;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct place p;
        struct pcvfs_file *f;

        begin(&p, seed);
        f = make(&p);
        fill(f, 0, 'a', 8192);
        assert_int_equal(fdatasync(f->fd), 0);
        fill(f, 0, 'b', 8192);
        cut(&p);
        assert_int_equal(f->now.len, 8192);
        for (size_t at = 0; at < 8192; at++) {
            assert_int_equal(f->now.p[at], f->now.p[at / 512 * 512]);
            is_torn |= f->now.p[at] == 'b' && f->now.p[8191 - at] == 'a';
        }
        end(&p);
    }
    assert_true(is_torn);
}

/* A mark that says "all before me is whole": worth something only with a sync
 * between the two. */
static bool mark_outlives(uint64_t seed, bool with_sync)
{
    struct place p;
    struct pcvfs_file *f;
    bool has_mark, has_data;

    begin(&p, seed);
    f = make(&p);
    fill(f, 4096, 0, 1);
    assert_int_equal(fdatasync(f->fd), 0);
    fill(f, 0, 'd', 512);
    if (with_sync) assert_int_equal(fdatasync(f->fd), 0);
    fill(f, 4096, 'm', 1);
    cut(&p);
    has_mark = f->now.p[4096] == 'm';
    has_data = f->now.p[0] == 'd';
    end(&p);
    return has_mark && !has_data;
}

static void a_commit_is_reordered_unless_a_sync_stands_before_it(void **state)
{
    bool is_seen = false;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        is_seen |= mark_outlives(seed, false);
        assert_false(mark_outlives(seed, true));
    }
    assert_true(is_seen);
}

static void a_lying_disk_loses_what_was_synced_now_and_then(void **state)
{
    unsigned lost = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct place p;
        struct pcvfs_file *f;

        begin(&p, seed);
        f = make(&p);
        pcvfs_lie(p.disk, true);
        fill(f, 0, 'a', 512);
        assert_int_equal(fdatasync(f->fd), 0);
        cut(&p);
        lost += f->now.len == 0;
        end(&p);
    }
    assert_in_range(lost, 1, SEEDS - 1);
}

/* ---- names */

static bool is_there(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

static void a_name_is_safe_when_its_folder_is_synced(void **state)
{
    unsigned gone = 0, back = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct place p;
        struct pcvfs_file *f;

        begin(&p, seed);
        f = pcvfs_open(p.disk, p.path, true);
        assert_non_null(f);
        fill(f, 0, 'a', 512);
        assert_int_equal(fdatasync(f->fd), 0);
        cut(&p);
        gone += !is_there(p.path);
        f = make(&p);
        fill(f, 0, 'b', 512);
        assert_int_equal(fdatasync(f->fd), 0);
        assert_int_equal(unlink(p.path), 0);
        cut(&p);
        back += is_there(p.path);
        if (is_there(p.path)) {
            f = pcvfs_open(p.disk, p.path, false);
            assert_non_null(f);
            assert_int_equal(f->now.p[0], 'b');
        }
        end(&p);
    }
    assert_in_range(gone, 1, SEEDS - 1);
    assert_in_range(back, 1, SEEDS - 1);
}

static void a_rename_is_undone_as_a_whole(void **state)
{
    unsigned undone = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct place p;
        struct pcvfs_file *f;
        char other[3 * PCVFS_PATH_MAX];

        begin(&p, seed);
        (void)snprintf(other, sizeof(other), "%s-2", p.path);
        f = make(&p);
        fill(f, 0, 'a', 512);
        assert_int_equal(fdatasync(f->fd), 0);
        assert_int_equal(rename(p.path, other), 0);
        cut(&p);
        assert_int_equal(is_there(p.path) + is_there(other), 1);
        undone += is_there(p.path);
        assert_ptr_equal(pcvfs_open(p.disk, f->path, false), f);
        assert_int_equal(f->now.p[0], 'a');
        end(&p);
    }
    assert_in_range(undone, 1, SEEDS - 1);
}

/* ---- SQLite on it */

static sqlite3 *open_db(const struct place *p, const char *setup)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(p->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, setup, NULL, NULL, NULL), SQLITE_OK);
    return db;
}

static int number_of(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s = NULL;
    int n = -1;

    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_ROW)
        n = sqlite3_column_int(s, 0);
    (void)sqlite3_finalize(s);
    return n;
}

static bool is_whole(sqlite3 *db)
{
    sqlite3_stmt *s = NULL;
    bool is = sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &s, NULL) ==
                  SQLITE_OK &&
              sqlite3_step(s) == SQLITE_ROW &&
              strcmp((const char *)sqlite3_column_text(s, 0), "ok") == 0;

    (void)sqlite3_finalize(s);
    return is;
}

struct outcome {
    unsigned lost, broken;
};

/* Ten commits, each told; then the cut.  What is there afterwards? */
static void ten_commits(uint64_t seed, const char *setup, struct outcome *out)
{
    struct place p;
    sqlite3 *db;
    int told = 0;

    begin(&p, seed);
    db = open_db(&p, "CREATE TABLE t(a INTEGER PRIMARY KEY, b BLOB);");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(fsync(p.disk->dir_fd), 0);
    db = open_db(&p, setup);
    pcvfs_arm(p.disk, 1 + seed % 50);
    while (told < 10 &&
           sqlite3_exec(db, "INSERT INTO t(b)VALUES(zeroblob(9000))", NULL,
                        NULL, NULL) == SQLITE_OK)
        told++;
    if (told < 10) {
        assert_true(pcvfs_is_cut(p.disk));
        assert_int_not_equal(sqlite3_exec(db, "INSERT INTO t(a)VALUES(99)",
                                          NULL, NULL, NULL),
                             SQLITE_OK);
    }
    pcvfs_cut(p.disk);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    pcvfs_power_on(p.disk);
    db = open_db(&p, "");
    if (!is_whole(db))
        out->broken++;
    else if (number_of(db, "SELECT count(*) FROM t") < told)
        out->lost++;
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    end(&p);
}

static struct outcome many(const char *setup)
{
    struct outcome out = {0};

    for (uint64_t seed = 1; seed <= 2 * SEEDS; seed++)
        ten_commits(seed, setup, &out);
    return out;
}

static void with_every_sync_nothing_is_lost(void **state)
{
    static const char *const setups[] = {
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"
        "PRAGMA wal_autocheckpoint=7",
        "PRAGMA journal_mode=DELETE;PRAGMA synchronous=EXTRA",
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct outcome out = many(setups[i]);

        assert_int_equal(out.lost, 0);
        assert_int_equal(out.broken, 0);
    }
}

static void a_sync_that_is_left_out_loses_what_was_told(void **state)
{
    struct outcome out;

    (void)state;
    /* Commits are not synced, checkpoints are: old, and whole. */
    out = many("PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
               "PRAGMA wal_autocheckpoint=7");
    assert_true(out.lost > 0);
    assert_int_equal(out.broken, 0);
}

static void pages_torn_without_a_journal_break_it(void **state)
{
    struct outcome out;

    (void)state;
    out = many("PRAGMA journal_mode=OFF;PRAGMA synchronous=OFF");
    assert_true(out.broken > 0);
}

/* Once it was not: SQLite sets its own number after a file is opened, and none of
 * the cuts fell into copying. */
static void a_journal_is_copied_back_as_often_as_was_told(void **state)
{
    struct place p;
    char wal[sizeof(p.path) + 8];
    sqlite3 *db;

    (void)state;
    begin(&p, 1);
    (void)snprintf(wal, sizeof(wal), "%s-wal", p.path);
    pcvfs_checkpoint(4);
    db = open_db(&p, "PRAGMA journal_mode=WAL;CREATE TABLE t(a)");
    for (int i = 0; i < 100; i++)
        assert_int_equal(sqlite3_exec(db, "INSERT INTO t VALUES(1)", NULL, NULL,
                                      NULL),
                         SQLITE_OK);
    assert_true(pcvfs_open(p.disk, wal, false)->now.len < (size_t)10 * 4096);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    pcvfs_checkpoint(0);
    end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_synced_stays_and_the_rest_may_go),
        cmocka_unit_test(all_of_what_was_not_synced_may_stay),
        cmocka_unit_test(a_write_is_torn_between_sectors_and_never_inside_one),
        cmocka_unit_test(a_commit_is_reordered_unless_a_sync_stands_before_it),
        cmocka_unit_test(a_lying_disk_loses_what_was_synced_now_and_then),
        cmocka_unit_test(a_name_is_safe_when_its_folder_is_synced),
        cmocka_unit_test(a_rename_is_undone_as_a_whole),
        cmocka_unit_test(with_every_sync_nothing_is_lost),
        cmocka_unit_test(a_sync_that_is_left_out_loses_what_was_told),
        cmocka_unit_test(pages_torn_without_a_journal_break_it),
        cmocka_unit_test(a_journal_is_copied_back_as_often_as_was_told),
    };

    pcvfs_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
