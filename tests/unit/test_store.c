/* SPDX-License-Identifier: Apache-2.0 */

/* Opening, closing, transactions, and what a bad disk does. */

#include "tests/lib/t.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/made.h"
#include "tests/lib/tmpdir.h"

#define NOBODY 65534

static int open_dir(void **state)
{
    *state = daf_tmpdir_new();
    return *state == NULL ? -1 : 0;
}

static int close_dir(void **state)
{
    daf_tmpdir_free(*state);
    return 0;
}

/* Records @from to @to of one log. */
static void append(struct daf_store *s, uint32_t from, uint32_t to)
{
    static struct daf_spot last;
    struct daf_made m;
    struct daf_made_want want = {.log = daf_made_log(1, 1, 1), .body_len = 300};
    if (from == 0) last = (struct daf_spot){0};
    for (want.seed = from; want.seed < to; want.seed++) {
        want.prev = last;
        daf_made_record(&want, &m);
        assert_int_equal(daf_made_put(s, &m, DAF_BODY_HELD), DAF_PUT_NEW);
        last = m.spot;
    }
}

static void commit(struct daf_store *s, uint32_t from, uint32_t to)
{
    assert_int_equal(daf_store_begin(s), DAF_OK);
    append(s, from, to);
    assert_int_equal(daf_store_commit(s), DAF_OK);
}

static uint64_t records(struct daf_store *s)
{
    struct daf_store_digest digest;
    struct daf_scope_id scope = daf_made_log(1, 1, 1).scope;
    assert_int_equal(daf_store_digest(s, &scope, &digest), DAF_OK);
    return digest.records;
}

static void expect_clean(struct daf_store *s)
{
    struct daf_store_check check;
    assert_int_equal(daf_store_check(s, NULL, NULL, NULL, &check), DAF_OK);
    assert_int_equal(check.bad, 0);
}

/* Borrowed until the next call. */
static const char *path_of(const char *dir, const char *name)
{
    static char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static void copy_file(const char *from_dir, const char *to_dir,
                      const char *name)
{
    static uint8_t bytes[1 << 20];
    FILE *f = fopen(path_of(from_dir, name), "rb");
    assert_non_null(f);
    size_t len = fread(bytes, 1, sizeof(bytes), f);
    assert_true(len < sizeof(bytes));
    assert_int_equal(fclose(f), 0);
    f = fopen(path_of(to_dir, name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

/* ---- open */

static void what_was_committed_is_there_after_reopening(void **state)
{
    struct daf_store_digest before, after;
    struct daf_scope_id scope = daf_made_log(1, 1, 1).scope;
    struct daf_store *s = daf_made_open(*state, DAF_STORE_WRITER);
    commit(s, 0, 100);
    assert_int_equal(daf_store_digest(s, &scope, &before), DAF_OK);
    daf_store_close(s);

    s = daf_made_open(*state, DAF_STORE_WRITER);
    assert_int_equal(daf_store_digest(s, &scope, &after), DAF_OK);
    assert_memory_equal(&before, &after, sizeof(before));
    assert_int_equal(after.records, 100);
    expect_clean(s);
    assert_int_equal(daf_store_begin(s), DAF_OK);
    append(s, 100, 110); /* left open: rolled back */
    daf_store_close(s);

    s = daf_made_open(*state, DAF_STORE_READER);
    assert_int_equal(records(s), 100);
    daf_store_close(s);
    daf_store_close(NULL);
}

static void nobody_else_may_read_the_files(void **state)
{
    static const char *const names[] = {"notebook.db", "notebook.db-wal",
                                        "notebook.db-shm"};
    mode_t before = umask(0);
    struct daf_store *s = daf_made_open(*state, DAF_STORE_WRITER);
    commit(s, 0, 1);
    struct daf_store *reader = daf_made_open(*state, DAF_STORE_READER);
    for (size_t i = 0; i < 3; i++) {
        struct stat st;
        assert_int_equal(stat(path_of(*state, names[i]), &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
    }
    (void)umask(before);
    daf_store_close(reader);
    daf_store_close(s);

    /* A copy that was brought back with the mode of any file. */
    struct stat st;
    const char *path = path_of(*state, "notebook.db");
    assert_int_equal(chmod(path, 0644), 0);
    daf_store_close(daf_made_open(*state, DAF_STORE_WRITER));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void a_reader_makes_nothing(void **state)
{
    struct daf_store *s;
    struct stat st;
    assert_int_equal(daf_store_open(*state, DAF_STORE_READER, &s),
                     DAF_ENOTFOUND);
    assert_null(s);
    assert_true(strlen(daf_store_trouble(NULL)) > 0);
    assert_int_not_equal(stat(path_of(*state, "notebook.db"), &st), 0);
    assert_int_equal(daf_store_open("/nonexistent", DAF_STORE_WRITER, &s),
                     DAF_EIO);
}

static void change(const char *dir, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path_of(dir, "notebook.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static size_t read_all(const char *dir, uint8_t *out, size_t cap)
{
    FILE *f = fopen(path_of(dir, "notebook.db"), "rb");
    assert_non_null(f);
    size_t len = fread(out, 1, cap, f);
    assert_int_equal(fclose(f), 0);
    return len;
}

static void a_newer_notebook_is_not_touched(void **state)
{
    static uint8_t before[1 << 18], after[1 << 18];
    struct daf_store *s = daf_made_open(*state, DAF_STORE_WRITER);
    commit(s, 0, 10);
    daf_store_close(s);
    change(*state, "PRAGMA user_version=9999");
    size_t len = read_all(*state, before, sizeof(before));
    assert_int_equal(daf_store_open(*state, DAF_STORE_WRITER, &s),
                     DAF_EVERSION);
    assert_int_equal(daf_store_open(*state, DAF_STORE_READER, &s),
                     DAF_EVERSION);
    assert_int_equal(read_all(*state, after, sizeof(after)), len);
    assert_memory_equal(before, after, len);
}

/* The newer program was killed: its last commits are in the journal alone. */
static void a_newer_journal_is_not_touched(void **state)
{
    static uint8_t before[1 << 18], after[1 << 18];
    char *copy = daf_tmpdir_new();
    sqlite3 *db;
    struct daf_store *s = daf_made_open(*state, DAF_STORE_WRITER);
    commit(s, 0, 10);
    daf_store_close(s);
    assert_int_equal(sqlite3_open(path_of(*state, "notebook.db"), &db),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version=9999", NULL, NULL,
                                  NULL),
                     SQLITE_OK);
    copy_file(*state, copy, "notebook.db");
    copy_file(*state, copy, "notebook.db-wal");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    size_t len = read_all(copy, before, sizeof(before));
    assert_int_equal(daf_store_open(copy, DAF_STORE_WRITER, &s), DAF_EVERSION);
    assert_int_equal(read_all(copy, after, sizeof(after)), len);
    assert_memory_equal(before, after, len);
    struct stat st;
    assert_int_equal(stat(path_of(copy, "notebook.db-wal"), &st), 0);
    assert_true(st.st_size > 0);
    daf_tmpdir_free(copy);
}

static void another_database_is_not_taken(void **state)
{
    struct daf_store *s;
    change(*state, "CREATE TABLE theirs(x)");
    assert_int_equal(daf_store_open(*state, DAF_STORE_WRITER, &s),
                     DAF_ECORRUPT);
    change(*state, "PRAGMA user_version=1");
    assert_int_equal(daf_store_open(*state, DAF_STORE_READER, &s),
                     DAF_ECORRUPT);
    FILE *f = fopen(path_of(*state, "notebook.db"), "wb");
    assert_non_null(f);
    for (int i = 0; i < 1000; i++)
        (void)fputs("not a database\n", f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(daf_store_open(*state, DAF_STORE_WRITER, &s),
                     DAF_ECORRUPT);
}

/* Power went after the file was made, before the first commit. */
static void an_empty_notebook_is_begun_again(void **state)
{
    struct daf_store *s;
    FILE *f = fopen(path_of(*state, "notebook.db"), "wb");
    assert_non_null(f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(daf_store_open(*state, DAF_STORE_READER, &s),
                     DAF_ENOTFOUND);
    s = daf_made_open(*state, DAF_STORE_WRITER);
    commit(s, 0, 1);
    expect_clean(s);
    daf_store_close(s);
}

/* ---- readers beside a writer */

static void a_reader_sees_a_commit_only_when_it_is_made(void **state)
{
    uint64_t commits = 99;
    struct daf_store *s = daf_made_open(*state, DAF_STORE_WRITER);
    struct daf_store *reader = daf_made_open(*state, DAF_STORE_READER);
    assert_int_equal(daf_store_begin(s), DAF_OK);
    append(s, 0, 5);
    assert_int_equal(records(s), 5);
    assert_int_equal(records(reader), 0);
    assert_int_equal(daf_store_commit(s), DAF_OK);
    assert_int_equal(records(reader), 5);

    assert_int_equal(daf_store_pin(reader, &commits), DAF_OK);
    assert_int_equal(commits, 1);
    commit(s, 5, 9);
    assert_int_equal(records(reader), 5);
    daf_store_unpin(reader);
    assert_int_equal(records(reader), 9);
    assert_int_equal(daf_store_pin(reader, &commits), DAF_OK);
    assert_int_equal(commits, 2);
    daf_store_unpin(reader);

    /* Also what did not change anything, and not what was taken back. */
    assert_int_equal(daf_store_begin(s), DAF_OK);
    daf_store_rollback(s);
    assert_int_equal(daf_store_begin(s), DAF_OK);
    assert_int_equal(daf_store_commit(s), DAF_OK);
    assert_int_equal(daf_store_pin(s, &commits), DAF_OK);
    assert_int_equal(commits, 3);
    daf_store_unpin(s);
    daf_store_close(reader);
    daf_store_close(s);
}

#define BATCHES 60
#define BATCH   10

static void *write_batches(void *arg)
{
    for (uint32_t i = 0; i < BATCHES; i++)
        commit(arg, i * BATCH, (i + 1) * BATCH);
    return NULL;
}

static void a_pinned_reader_sees_whole_commits_of_another_thread(void **state)
{
    pthread_t thread;
    uint64_t commits = 0;
    struct daf_store *s = daf_made_open(*state, DAF_STORE_WRITER);
    struct daf_store *reader = daf_made_open(*state, DAF_STORE_READER);
    assert_int_equal(pthread_create(&thread, NULL, write_batches, s), 0);
    while (commits < BATCHES) {
        assert_int_equal(daf_store_pin(reader, &commits), DAF_OK);
        assert_int_equal(records(reader), commits * BATCH);
        daf_store_unpin(reader);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    expect_clean(reader);
    daf_store_close(reader);
    daf_store_close(s);
}

/* This program again, as a reader; its exit status is the count. */
static int count_in_another_process(char *dir)
{
    char self[] = "/proc/self/exe", word[] = "count";
    char *argv[] = {self, word, dir, NULL};
    pid_t pid;
    int status = -1;
    if (posix_spawn(&pid, self, NULL, NULL, argv, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

static int count(const char *dir)
{
    struct daf_store *s;
    struct daf_store_digest digest;
    struct daf_scope_id scope = daf_made_log(1, 1, 1).scope;
    if (daf_store_open(dir, DAF_STORE_READER, &s) != DAF_OK) return 101;
    if (daf_store_digest(s, &scope, &digest) != DAF_OK) return 102;
    daf_store_close(s);
    return (int)digest.records;
}

static void another_process_reads_with_and_without_a_writer(void **state)
{
    struct daf_store *s = daf_made_open(*state, DAF_STORE_WRITER);
    commit(s, 0, 40);
    assert_int_equal(count_in_another_process(*state), 40);
    commit(s, 40, 50);
    assert_int_equal(count_in_another_process(*state), 50);
    daf_store_close(s);
    assert_int_equal(count_in_another_process(*state), 50);
    assert_int_equal(count_in_another_process(*state), 50);
    /* And the writer comes back to what readers left. */
    s = daf_made_open(*state, DAF_STORE_WRITER);
    commit(s, 50, 60);
    expect_clean(s);
    daf_store_close(s);
    assert_int_equal(count_in_another_process(*state), 60);
}

static void the_journal_of_a_killed_writer_is_read(void **state)
{
    char *copy = daf_tmpdir_new();
    struct daf_store *s = daf_made_open(*state, DAF_STORE_WRITER);
    commit(s, 0, 20);
    copy_file(*state, copy, "notebook.db");
    copy_file(*state, copy, "notebook.db-wal");
    daf_store_close(s);
    assert_int_equal(count(copy), 20);
    s = daf_made_open(copy, DAF_STORE_WRITER);
    assert_int_equal(records(s), 20);
    expect_clean(s);
    daf_store_close(s);
    daf_tmpdir_free(copy);
}

static void a_second_writer_is_told_to_wait(void **state)
{
    struct daf_store *s = daf_made_open(*state, DAF_STORE_WRITER);
    struct daf_store *other = daf_made_open(*state, DAF_STORE_WRITER);
    assert_int_equal(daf_store_begin(s), DAF_OK);
    assert_int_equal(daf_store_begin(other), DAF_EBUSY);
    append(s, 0, 1);
    assert_int_equal(daf_store_commit(s), DAF_OK);
    assert_int_equal(daf_store_begin(other), DAF_OK);
    daf_store_rollback(other);
    daf_store_close(other);
    daf_store_close(s);
}

/* ---- bad disks */

/* Root may write anywhere: be nobody for a while. */
static bool become_nobody(const char *dir)
{
    static const char *const names[] = {".", "notebook.db", "notebook.db-wal",
                                        "notebook.db-shm"};
    if (geteuid() != 0) return true;
    for (size_t i = 0; i < 4; i++)
        (void)!chown(path_of(dir, names[i]), NOBODY, NOBODY);
    return seteuid(NOBODY) == 0 && access(dir, F_OK) == 0;
}

static void be_oneself(void)
{
    assert_int_equal(seteuid(getuid()), 0);
}

static void a_read_only_folder_can_be_read(void **state)
{
    const char *dir = *state;
    char *copy = daf_tmpdir_new();
    struct daf_store *s = daf_made_open(dir, DAF_STORE_WRITER);
    commit(s, 0, 20);
    copy_file(dir, copy, "notebook.db");
    copy_file(dir, copy, "notebook.db-wal");
    daf_store_close(s);
    bool can = become_nobody(copy);
    be_oneself();
    can = can && become_nobody(dir);
    if (!can) {
        be_oneself();
        daf_tmpdir_free(copy);
        skip();
    }
    assert_int_equal(chmod(path_of(dir, "notebook.db"), 0400), 0);
    assert_int_equal(chmod(dir, 0500), 0);
    assert_int_equal(chmod(copy, 0500), 0);
    int counted = count(dir);
    enum daf_err as_writer = daf_store_open(dir, DAF_STORE_WRITER, &s);
    /* The file alone would be an old moment: say so. */
    enum daf_err with_journal = daf_store_open(copy, DAF_STORE_READER, &s);
    enum daf_err writer_there = daf_store_open(copy, DAF_STORE_WRITER, &s);
    assert_int_equal(chmod(dir, 0700), 0);
    assert_int_equal(chmod(copy, 0700), 0);
    be_oneself();
    daf_tmpdir_free(copy);
    assert_int_equal(counted, 20);
    assert_int_equal(as_writer, DAF_EREADONLY);
    assert_int_equal(with_journal, DAF_EREADONLY);
    assert_int_equal(writer_there, DAF_EREADONLY);
}

static void no_notebook_is_made_in_a_read_only_folder(void **state)
{
    struct daf_store *s;
    if (!become_nobody(*state)) {
        be_oneself();
        skip();
    }
    assert_int_equal(chmod(*state, 0500), 0);
    enum daf_err err = daf_store_open(*state, DAF_STORE_WRITER, &s);
    assert_int_equal(chmod(*state, 0700), 0);
    be_oneself();
    assert_int_equal(err, DAF_EREADONLY);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes == 0 ? limit.rlim_max : bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The journal may not grow beyond a limit, as on a full disk. */
static void a_full_disk_loses_nothing_that_was_committed(void **state)
{
    uint32_t held = 0;
    enum daf_err err;
    struct daf_made m;
    struct daf_made_want want = {.log = daf_made_log(2, 1, 1),
                                 .body_len = 60000};
    struct daf_store *s = daf_made_open(*state, DAF_STORE_WRITER);
    commit(s, 0, 50);
    (void)signal(SIGXFSZ, SIG_IGN);
    limit_files(1 << 20);
    do {
        enum daf_put put;
        daf_made_record(&want, &m);
        want.prev = m.spot;
        err = daf_store_begin(s);
        if (err != DAF_OK) break;
        err = daf_store_put(s, &m.r, daf_made_header(&m), DAF_BODY_HELD,
                            daf_made_body(&m), &put);
        enum daf_err committed = daf_store_commit(s);
        assert_true(err == DAF_OK || committed == err);
        err = committed;
        held += err == DAF_OK ? 1 : 0;
    } while (err == DAF_OK && held < 1000);
    limit_files(0);
    assert_int_equal(err, DAF_EFULL);
    assert_true(strlen(daf_store_trouble(s)) > 0);
    assert_in_range(held, 1, 40);

    /* With room again it goes on, on the same handle. */
    expect_clean(s);
    assert_int_equal(records(s), 50);
    assert_int_equal(daf_made_commit(s, &m, DAF_BODY_HELD), DAF_PUT_NEW);
    daf_store_close(s);
    s = daf_made_open(*state, DAF_STORE_READER);
    struct daf_store_digest digest;
    assert_int_equal(daf_store_digest(s, &want.log.scope, &digest), DAF_OK);
    assert_int_equal(digest.records, held + 1);
    assert_int_equal(digest.bodies, held + 1);
    expect_clean(s);
    daf_store_close(s);
}

/* ---- local values */

static void a_local_value_is_remembered(void **state)
{
    uint8_t out[4096];
    size_t len = 77;
    static const uint8_t big[4097] = {1, 2, 3};
    struct daf_store *s = daf_made_open(*state, DAF_STORE_WRITER);
    assert_int_equal(daf_store_get_value(s, "a", out, sizeof(out), &len),
                     DAF_ENOTFOUND);
    assert_int_equal(daf_store_begin(s), DAF_OK);
    assert_int_equal(daf_store_set(s, "a", (struct daf_view){big, 4096}),
                     DAF_OK);
    assert_int_equal(daf_store_set(s, "b", (struct daf_view){NULL, 0}), DAF_OK);
    assert_int_equal(daf_store_set(s, "c", (struct daf_view){big, 4097}),
                     DAF_ELIMIT);
    assert_int_equal(daf_store_commit(s), DAF_OK);
    assert_int_equal(daf_store_get_value(s, "a", out, 4095, &len), DAF_ELIMIT);
    assert_int_equal(daf_store_get_value(s, "a", out, 4096, &len), DAF_OK);
    assert_int_equal(len, 4096);
    assert_memory_equal(out, big, len);
    assert_int_equal(daf_store_get_value(s, "b", out, 0, &len), DAF_OK);
    assert_int_equal(len, 0);
    assert_int_equal(daf_store_begin(s), DAF_OK);
    assert_int_equal(daf_store_set(s, "a", (struct daf_view){big, 2}), DAF_OK);
    assert_int_equal(daf_store_commit(s), DAF_OK);
    daf_store_close(s);
    s = daf_made_open(*state, DAF_STORE_READER);
    assert_int_equal(daf_store_get_value(s, "a", out, sizeof(out), &len),
                     DAF_OK);
    assert_int_equal(len, 2);
    expect_clean(s);
    daf_store_close(s);
}

#define HERE(test) cmocka_unit_test_setup_teardown(test, open_dir, close_dir)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        HERE(what_was_committed_is_there_after_reopening),
        HERE(nobody_else_may_read_the_files),
        HERE(a_reader_makes_nothing),
        HERE(a_newer_notebook_is_not_touched),
        HERE(a_newer_journal_is_not_touched),
        HERE(another_database_is_not_taken),
        HERE(an_empty_notebook_is_begun_again),
        HERE(a_reader_sees_a_commit_only_when_it_is_made),
        HERE(a_pinned_reader_sees_whole_commits_of_another_thread),
        HERE(another_process_reads_with_and_without_a_writer),
        HERE(the_journal_of_a_killed_writer_is_read),
        HERE(a_second_writer_is_told_to_wait),
        HERE(a_read_only_folder_can_be_read),
        HERE(no_notebook_is_made_in_a_read_only_folder),
        HERE(a_full_disk_loses_nothing_that_was_committed),
        HERE(a_local_value_is_remembered),
    };
    if (argc == 3 && strcmp(argv[1], "count") == 0) return count(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
