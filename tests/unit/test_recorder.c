/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/clock.h"
#include "node/recorder.h"
#include "proto/hash.h"
#include "tests/lib/tmpdir.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct world {
    char *dir;
    char *home;
    struct daf_store *writer, *reader;
    struct daf_port port; /* nobody calls it here */
    char path[DAF_HOME_PATH_MAX];
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    w->dir = daf_tmpdir_new();
    w->home = daf_tmpdir_new();
    assert_non_null(w->dir);
    assert_non_null(w->home);
    assert_int_equal(daf_store_open(w->home, DAF_STORE_WRITER, &w->writer),
                     DAF_OK);
    assert_int_equal(daf_store_begin(w->writer), DAF_OK);
    assert_int_equal(daf_store_set(w->writer, "key",
                                   (struct daf_view){(const uint8_t *)"v", 1}),
                     DAF_OK);
    assert_int_equal(daf_store_commit(w->writer), DAF_OK);
    assert_int_equal(daf_store_open(w->home, DAF_STORE_READER, &w->reader),
                     DAF_OK);
    (void)snprintf(w->path, sizeof(w->path), "%s/inputs", w->dir);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    daf_store_close(w->reader);
    daf_store_close(w->writer);
    daf_tmpdir_free(w->dir);
    daf_tmpdir_free(w->home);
    free(w);
    return 0;
}

static enum daf_err try_open(struct world *w, const char *path,
                             struct daf_recorder **out, struct daf_trouble *t)
{
    const struct daf_inputlog_head head = {.boot_number = 3,
                                           .self = {.lives = {7},
                                                    .lives_count = 1}};
    const struct daf_recorder_config config = {.path = path,
                                               .home = w->home,
                                               .reader = w->reader,
                                               .head = &head,
                                               .port = &w->port};

    return daf_recorder_open(&config, out, t);
}

static struct daf_recorder *open_log(struct world *w)
{
    struct daf_recorder *r = NULL;
    struct daf_trouble t;

    assert_int_equal(try_open(w, w->path, &r, &t), DAF_OK);
    return r;
}

static const char *beside(const char *path)
{
    static char start[DAF_HOME_PATH_MAX + 8];

    (void)snprintf(start, sizeof(start), "%s.start", path);
    return start;
}

static bool stop(void *ctx, const struct daf_inputlog_entry *e)
{
    (void)ctx;
    (void)e;
    return false;
}

static size_t slurp(const char *path, uint8_t *out, size_t cap)
{
    FILE *f = fopen(path, "rbe");
    size_t len;

    assert_non_null(f);
    len = fread(out, 1, cap, f);
    assert_true(len < cap);
    (void)fclose(f);
    return len;
}

/* ---- what lies there */

static void both_files_are_for_their_owner_alone(void **state)
{
    struct world *w = *state;
    struct stat st;

    daf_recorder_close(open_log(w));
    assert_int_equal(stat(w->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(beside(w->path), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void the_head_names_the_notebook_beside_it(void **state)
{
    static uint8_t bytes[1024 * 1024];
    struct world *w = *state;
    struct daf_inputlog_head head;
    struct daf_hash hash;
    size_t len, torn;

    daf_recorder_close(open_log(w));
    len = slurp(beside(w->path), bytes, sizeof(bytes));
    daf_hash_256(DAF_INPUTLOG_HASH, (struct daf_view){bytes, len}, hash.b);
    len = slurp(w->path, bytes, sizeof(bytes));
    assert_int_equal(daf_inputlog_read((struct daf_view){bytes, len}, &head,
                                       &torn, stop, NULL),
                     DAF_OK);
    assert_int_equal(torn, 0);
    assert_int_equal(head.boot_number, 3);
    assert_memory_equal(&head.start, &hash, sizeof(hash));
}

static void the_notebook_beside_it_is_of_the_start(void **state)
{
    struct world *w = *state;
    struct daf_recorder *r = open_log(w);
    struct daf_store *s = NULL;
    uint64_t commits = 0, now = 0;
    char path[DAF_HOME_PATH_MAX];

    assert_int_equal(daf_store_begin(w->writer), DAF_OK);
    assert_int_equal(daf_store_commit(w->writer), DAF_OK);
    assert_int_equal(daf_store_pin(w->reader, &now), DAF_OK);
    daf_store_unpin(w->reader);
    (void)snprintf(path, sizeof(path), "%s/notebook.db", w->dir);
    assert_int_equal(rename(beside(w->path), path), 0);
    assert_int_equal(daf_store_open(w->dir, DAF_STORE_WRITER, &s), DAF_OK);
    assert_int_equal(daf_store_pin(s, &commits), DAF_OK);
    daf_store_unpin(s);
    assert_int_equal(commits + 1, now);
    daf_store_close(s);
    daf_recorder_close(r);
}

/* ---- where it may lie */

static void expect_refused(struct world *w, const char *path, enum daf_err why)
{
    struct daf_recorder *r = NULL;
    struct daf_trouble t = {""};

    assert_int_equal(try_open(w, path, &r, &t), why);
    assert_null(r);
    assert_true(t.what[0] != '\0');
}

static void it_may_not_lie_inside_the_home(void **state)
{
    struct world *w = *state;
    char path[DAF_HOME_PATH_MAX], folder[DAF_HOME_PATH_MAX];

    (void)snprintf(path, sizeof(path), "%s/inputs", w->home);
    expect_refused(w, path, DAF_EUSAGE);
    (void)snprintf(folder, sizeof(folder), "%s/run", w->home);
    assert_int_equal(mkdir(folder, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/run/inputs", w->home);
    expect_refused(w, path, DAF_EUSAGE);
    (void)snprintf(path, sizeof(path), "%s/link", w->dir);
    assert_int_equal(symlink(folder, path), 0);
    (void)snprintf(path, sizeof(path), "%s/link/inputs", w->dir);
    expect_refused(w, path, DAF_EUSAGE);
    assert_int_equal(access(path, F_OK), -1);
}

static void a_folder_that_only_begins_alike_is_outside(void **state)
{
    struct world *w = *state;
    char folder[DAF_HOME_PATH_MAX];

    (void)snprintf(folder, sizeof(folder), "%s-logs", w->home);
    assert_int_equal(mkdir(folder, 0700), 0);
    (void)snprintf(w->path, sizeof(w->path), "%s-logs/inputs", w->home);
    daf_recorder_close(open_log(w));
    assert_int_equal(unlink(w->path), 0);
    assert_int_equal(unlink(beside(w->path)), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void a_file_is_never_written_over(void **state)
{
    struct world *w = *state;

    daf_recorder_close(open_log(w));
    expect_refused(w, w->path, DAF_EEXISTS);
    expect_refused(w, "/nowhere/at/all", DAF_EIO);
    /* Nor is what would lie beside it; then nothing is left. */
    assert_int_equal(unlink(w->path), 0);
    expect_refused(w, w->path, DAF_EEXISTS);
    assert_int_equal(access(w->path, F_OK), -1);
    assert_int_equal(access(beside(w->path), F_OK), 0);
}

/* ---- when it is written */

static void it_is_written_within_a_second_or_64_kib(void **state)
{
    struct world *w = *state;
    struct daf_recorder *l = open_log(w);
    struct daf_inputlog_entry e = {.input = {.kind = DAF_INPUT_FRAME}};
    struct daf_mono now = daf_clock_now();
    static const uint8_t bytes[4096];
    struct stat st;
    off_t before;

    assert_int_equal(daf_recorder_deadline(l).ms, DAF_MONO_NEVER.ms);
    assert_int_equal(stat(w->path, &st), 0);
    before = st.st_size;
    assert_true(before > 0); /* the head is there from the start */
    e.input.bytes = (struct daf_view){bytes, sizeof(bytes)};
    daf_recorder_append(l, &e);
    assert_true(daf_recorder_deadline(l).ms >= now.ms + DAF_RECORDER_FLUSH_MS);
    assert_int_equal(stat(w->path, &st), 0);
    assert_int_equal(st.st_size, before);
    for (int i = 0; i < 16; i++)
        daf_recorder_append(l, &e);
    assert_int_equal(stat(w->path, &st), 0);
    assert_true(st.st_size >= before + (off_t)DAF_RECORDER_FLUSH_BYTES);
    assert_int_equal(daf_recorder_flush(l), DAF_OK);
    assert_int_equal(daf_recorder_deadline(l).ms, DAF_MONO_NEVER.ms);
    daf_recorder_close(l);
}

#define WITH_WORLD(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(both_files_are_for_their_owner_alone),
        WITH_WORLD(the_head_names_the_notebook_beside_it),
        WITH_WORLD(the_notebook_beside_it_is_of_the_start),
        WITH_WORLD(it_may_not_lie_inside_the_home),
        WITH_WORLD(a_folder_that_only_begins_alike_is_outside),
        WITH_WORLD(a_file_is_never_written_over),
        WITH_WORLD(it_is_written_within_a_second_or_64_kib),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
