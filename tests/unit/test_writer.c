/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/writer.h"
#include "tests/lib/made.h"
#include "tests/lib/tmpdir.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define BODY_BYTES 300

struct world {
    char *dir;
    struct daf_store *reader;
    struct daf_writer *writer;
    struct daf_log_key log;
    struct daf_spot last; /* of the log as it was made */
    uint32_t seed;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    w->dir = daf_tmpdir_new();
    assert_non_null(w->dir);
    w->log = daf_made_log(1, 1, 1);
    assert_int_equal(daf_writer_new(daf_made_open(w->dir, DAF_STORE_WRITER),
                                    &w->writer),
                     DAF_OK);
    w->reader = daf_made_open(w->dir, DAF_STORE_READER);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    daf_writer_free(w->writer);
    daf_store_close(w->reader);
    daf_tmpdir_free(w->dir);
    free(w);
    return 0;
}

static void keep(struct world *w, const struct daf_made *m)
{
    struct daf_keep k = {.record = &m->r,
                         .header = daf_made_header(m),
                         .body_state = DAF_BODY_HELD,
                         .body = daf_made_body(m)};

    daf_writer_keep(w->writer, &k);
}

static void make_next(struct world *w, struct daf_made *out)
{
    struct daf_made_want want = {.log = w->log,
                                 .prev = w->last,
                                 .body_len = BODY_BYTES,
                                 .seed = w->seed++};

    daf_made_record(&want, out);
    w->last = out->spot;
}

/* One job of @count new records. */
static void give_job(struct world *w, uint64_t job, size_t count)
{
    struct daf_made m;

    daf_writer_begin(w->writer, job);
    for (size_t i = 0; i < count; i++) {
        make_next(w, &m);
        keep(w, &m);
    }
    daf_writer_end(w->writer, job);
}

static uint64_t commits_of(struct world *w)
{
    uint64_t commits = 0;

    assert_int_equal(daf_store_pin(w->reader, &commits), DAF_OK);
    daf_store_unpin(w->reader);
    return commits;
}

static uint64_t records_of(struct world *w)
{
    struct daf_store_digest digest;

    assert_int_equal(daf_store_digest(w->reader, &w->log.scope, &digest),
                     DAF_OK);
    return digest.records;
}

static struct daf_writer_batch *take(struct world *w)
{
    struct daf_writer_batch *b = daf_writer_take(w->writer, true);

    assert_non_null(b);
    return b;
}

/* ---- what comes back */

static void what_is_told_is_durable_and_counted(void **state)
{
    struct world *w = *state;
    struct daf_writer_batch *b;

    give_job(w, 7, 3);
    b = take(w);
    assert_int_equal(b->err, DAF_OK);
    assert_int_equal(b->jobs_count, 1);
    assert_int_equal(b->jobs[0].job, 7);
    assert_int_equal(b->jobs[0].items_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(b->jobs[0].items[i].is_new);
        assert_false(b->jobs[0].items[i].is_deferred);
        assert_int_equal(b->jobs[0].items[i].spot.seq, i + 1);
    }
    assert_int_equal(b->commits, commits_of(w));
    assert_int_equal(records_of(w), 3);
    daf_writer_batch_free(b);
}

static void a_record_that_was_held_is_not_new(void **state)
{
    struct world *w = *state;
    struct daf_made m;

    make_next(w, &m);
    for (uint64_t job = 1; job <= 2; job++) {
        struct daf_writer_batch *b;

        daf_writer_begin(w->writer, job);
        keep(w, &m);
        daf_writer_end(w->writer, job);
        b = take(w);
        assert_int_equal(b->jobs[0].items_count, 1);
        assert_int_equal(b->jobs[0].items[0].is_new, job == 1);
        daf_writer_batch_free(b);
    }
}

static void a_job_of_nothing_is_answered_too(void **state)
{
    struct world *w = *state;
    struct daf_writer_batch *b;

    give_job(w, 1, 0);
    b = take(w);
    assert_int_equal(b->jobs[0].job, 1);
    assert_int_equal(b->jobs[0].err, DAF_OK);
    assert_int_equal(b->jobs[0].items_count, 0);
    daf_writer_batch_free(b);
}

static void many_jobs_come_back_in_order_in_fewer_commits(void **state)
{
    struct world *w = *state;
    uint64_t before = commits_of(w), next = 1, commits = 0;

    for (uint64_t job = 1; job <= 400; job++)
        give_job(w, job, 2);
    while (next <= 400) {
        struct daf_writer_batch *b = take(w);

        assert_int_equal(b->err, DAF_OK);
        assert_true(b->commits > commits);
        commits = b->commits;
        for (size_t i = 0; i < b->jobs_count; i++)
            assert_int_equal(b->jobs[i].job, next++);
        daf_writer_batch_free(b);
    }
    assert_int_equal(records_of(w), 800);
    assert_int_equal(commits, commits_of(w));
    assert_true(commits - before < 400);
    assert_null(daf_writer_take(w->writer, false));
    assert_int_equal(daf_writer_queued(w->writer), 0);
    assert_true(daf_writer_idle(w->writer));
}

static void a_transaction_is_bounded(void **state)
{
    struct world *w = *state;
    uint64_t next = 1;

    /* The first one keeps the thread busy while the others queue up. */
    for (uint64_t job = 1; job <= 9; job++)
        give_job(w, job, 1000);
    while (next <= 9) {
        struct daf_writer_batch *b = take(w);
        size_t records = 0;

        for (size_t i = 0; i < b->jobs_count; i++, next++)
            records += b->jobs[i].items_count;
        assert_true(records <= DAF_WRITER_BATCH_COUNT_MAX);
        daf_writer_batch_free(b);
    }
}

/* ---- what is not a record */

static bool is_checked(struct world *w, const struct daf_made *m)
{
    const struct daf_index *index = daf_store_index(w->reader);

    return index->is_checked(index->ctx, &w->log, &m->spot);
}

static void deeds_are_done_in_order_among_the_records(void **state)
{
    struct world *w = *state;
    struct daf_stretch what = {.log = w->log, .first = 1, .last = 3};
    struct daf_writer_batch *b;
    struct daf_made m[4];

    for (size_t i = 0; i < 4; i++)
        make_next(w, &m[i]);
    daf_writer_begin(w->writer, 1);
    for (size_t i = 0; i < 3; i++)
        keep(w, &m[i]);
    daf_writer_unchecked(w->writer, &what);
    what.first = what.last = 2; /* before the third is unchecked again */
    daf_writer_checked(w->writer, &what);
    daf_writer_drop(w->writer, &w->log, &m[0].spot);
    keep(w, &m[3]);
    keep(w, &m[0]); /* it comes back, and is new */
    daf_writer_end(w->writer, 1);
    b = take(w);
    assert_int_equal(b->err, DAF_OK);
    assert_int_equal(b->jobs[0].items_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_true(b->jobs[0].items[i].is_new);
        assert_int_equal(b->jobs[0].items[i].spot.seq, i == 4 ? 1 : i + 1);
    }
    daf_writer_batch_free(b);
    assert_int_equal(records_of(w), 4);
    assert_true(is_checked(w, &m[1]));
    assert_false(is_checked(w, &m[2]));
    assert_true(is_checked(w, &m[3]));
}

static void what_is_not_held_is_dropped_without_an_error(void **state)
{
    struct world *w = *state;
    struct daf_log_key nowhere = w->log;
    struct daf_stretch what = {.log = w->log, .first = 1, .last = 9};
    struct daf_spot nothing = {.seq = 7};
    struct daf_writer_batch *b;
    struct daf_made m;
    uint64_t commits = 0;

    nowhere.incarnation ^= 1;
    make_next(w, &m);
    daf_writer_begin(w->writer, 1);
    daf_writer_unchecked(w->writer, &what); /* all of it was over budget */
    daf_writer_drop(w->writer, &nowhere, &nothing);
    keep(w, &m);
    daf_writer_drop(w->writer, &w->log, &nothing);
    daf_writer_checked(w->writer, &what);
    daf_writer_end(w->writer, 1);
    daf_writer_begin(w->writer, 2); /* a job of deeds alone */
    daf_writer_drop(w->writer, &w->log, &m.spot);
    daf_writer_end(w->writer, 2);
    for (uint64_t job = 1; job <= 2;) {
        b = take(w);
        assert_int_equal(b->err, DAF_OK);
        for (size_t i = 0; i < b->jobs_count; i++, job++) {
            assert_int_equal(b->jobs[i].job, job);
            assert_int_equal(b->jobs[i].err, DAF_OK);
            assert_int_equal(b->jobs[i].items_count, job == 1 ? 1 : 0);
        }
        commits = b->commits;
        daf_writer_batch_free(b);
    }
    assert_int_equal(commits, commits_of(w));
    assert_int_equal(records_of(w), 0);
}

/* ---- news */

static bool is_ringing(struct world *w)
{
    struct pollfd p = {.fd = daf_writer_fd(w->writer), .events = POLLIN};

    return poll(&p, 1, 0) == 1;
}

/* ---- statements */

struct seen {
    size_t count;
    uint64_t numbers[4];
};

static bool see(void *ctx, const struct daf_statement *st,
                struct daf_view bytes)
{
    struct seen *seen = ctx;

    assert_true(seen->count < 4 && bytes.len > 0);
    seen->numbers[seen->count++] = st->number;
    return true;
}

static struct seen seen_in(struct world *w)
{
    struct seen seen = {0};
    uint64_t bad;

    assert_int_equal(daf_store_statements(w->reader, see, &seen, &bad), DAF_OK);
    assert_int_equal(bad, 0);
    return seen;
}

static void give_statement(struct world *w, uint8_t page, uint64_t number,
                           size_t count)
{
    static struct daf_made_statement m;

    daf_made_statement(5, page, number, count, &m);
    daf_writer_statement(w->writer, (struct daf_view){m.bytes, m.len});
    memset(&m, 0xee, sizeof(m)); /* it is copied */
}

static void statements_are_kept_alone_and_among_records(void **state)
{
    struct world *w = *state;
    struct daf_writer_batch *b;
    struct daf_made m;

    daf_writer_begin(w->writer, 1);
    give_statement(w, 0, 1, DAF_ARCHIVED_MAX);
    give_statement(w, 3, 9, 0);
    daf_writer_end(w->writer, 1);
    b = take(w);
    assert_int_equal(b->err, DAF_OK);
    assert_int_equal(b->jobs[0].items_count, 0);
    assert_int_equal(b->commits, commits_of(w));
    daf_writer_batch_free(b);
    assert_int_equal(seen_in(w).count, 2);
    assert_int_equal(seen_in(w).numbers[1], 9);
    daf_writer_begin(w->writer, 2);
    make_next(w, &m);
    keep(w, &m);
    give_statement(w, 0, 2, 700);
    make_next(w, &m);
    keep(w, &m);
    give_statement(w, 0, 3, 1); /* the last is kept */
    daf_writer_end(w->writer, 2);
    b = take(w);
    assert_int_equal(b->err, DAF_OK);
    assert_int_equal(b->jobs[0].items_count, 2);
    assert_int_equal(records_of(w), 2);
    daf_writer_batch_free(b);
    assert_int_equal(seen_in(w).count, 2);
    assert_int_equal(seen_in(w).numbers[0], 3);
}

static void it_rings_until_all_is_taken(void **state)
{
    struct world *w = *state;
    struct pollfd p = {.fd = daf_writer_fd(w->writer), .events = POLLIN};

    assert_false(is_ringing(w));
    give_job(w, 1, 1);
    assert_int_equal(poll(&p, 1, 30000), 1);
    daf_writer_batch_free(take(w));
    assert_false(is_ringing(w));
    assert_null(daf_writer_take(w->writer, true)); /* nothing to wait for */
}

static void what_peers_hold_is_noted_by_itself(void **state)
{
    struct world *w = *state;
    struct daf_writer_batch *b;

    give_job(w, 1, 4);
    daf_writer_batch_free(take(w));
    daf_writer_acked(w->writer, &w->log, 1, &w->last);
    b = take(w);
    assert_int_equal(b->err, DAF_OK);
    assert_int_equal(b->jobs_count, 0);
    assert_int_equal(b->commits, commits_of(w));
    assert_int_equal(daf_store_acked_seq(w->reader, &w->log), 4);
    assert_int_equal(b->notes_first, 0);
    assert_int_equal(b->notes_count, 1);
    daf_writer_batch_free(b);
}

/* A recording must know which calls a commit wrote down (docs/inputlog.md). */
static void batches_tell_which_notes_they_have(void **state)
{
    struct world *w = *state;
    uint64_t next = 0;

    give_job(w, 1, 4);
    daf_writer_batch_free(take(w));
    for (uint64_t calls = 0; calls < 20; calls++)
        daf_writer_acked(w->writer, &w->log, 1, &w->last);
    while (next < 20) {
        struct daf_writer_batch *b = take(w);

        assert_int_equal(b->notes_first, next);
        next += b->notes_count;
        daf_writer_batch_free(b);
    }
    assert_int_equal(next, 20);
}

/* A peer may say that it holds what never was: our records are kept all the
 * same, in whatever batch the note lands. */
static void a_note_of_what_never_was_takes_no_record_with_it(void **state)
{
    struct world *w = *state;
    struct daf_log_key nowhere = w->log;
    struct daf_spot nothing = {.seq = 1};

    nowhere.incarnation ^= 1;
    for (uint64_t job = 1; job <= 40; job++) {
        daf_writer_acked(w->writer, &nowhere, 1, &nothing);
        give_job(w, job, 2);
        daf_writer_acked(w->writer, &w->log, 1, &nothing);
    }
    daf_writer_free(w->writer);
    w->writer = NULL;
    assert_int_equal(records_of(w), 80);
    assert_int_equal(daf_store_acked_seq(w->reader, &w->log), 0);
}

static void closing_commits_what_is_queued(void **state)
{
    struct world *w = *state;

    for (uint64_t job = 1; job <= 50; job++)
        give_job(w, job, 10);
    daf_writer_acked(w->writer, &w->log, 1, &w->last);
    daf_writer_free(w->writer);
    w->writer = NULL;
    assert_int_equal(records_of(w), 500);
    assert_int_equal(daf_store_acked_seq(w->reader, &w->log), 500);
}

static void what_is_abandoned_is_whole_jobs(void **state)
{
    struct world *w = *state;

    for (uint64_t job = 1; job <= 50; job++)
        give_job(w, job, 10);
    daf_writer_abandon(w->writer);
    daf_writer_free(w->writer);
    w->writer = NULL;
    assert_int_equal(records_of(w) % 10, 0);
}

/* ---- a bad disk */

/* No file may grow: what the disk says when it is full. */
static void fill_disk(struct world *w, bool is_full)
{
    struct rlimit limit;
    struct stat st;
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/notebook.db-wal", w->dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = is_full ? (rlim_t)st.st_size : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_keeps_the_statement_that_was(void **state)
{
    struct world *w = *state;
    struct daf_writer_batch *b;

    for (uint64_t job = 1; job <= 3; job++) {
        daf_writer_begin(w->writer, job);
        give_statement(w, 0, job, DAF_ARCHIVED_MAX);
        daf_writer_end(w->writer, job);
        b = take(w);
        assert_true((b->err == DAF_OK) == (job != 2));
        assert_int_equal(b->jobs[0].err, b->err);
        daf_writer_batch_free(b);
        assert_int_equal(seen_in(w).count, 1);
        assert_int_equal(seen_in(w).numbers[0], job == 2 ? 1 : job);
        fill_disk(w, job == 1);
    }
}

static void a_full_disk_fails_every_job_and_keeps_nothing_half(void **state)
{
    struct world *w = *state;
    struct daf_writer_batch *b;
    uint64_t next = 1;

    give_job(w, 0, 5);
    daf_writer_batch_free(take(w));
    fill_disk(w, true);
    for (uint64_t job = 1; job <= 20; job++)
        give_job(w, job, 50);
    while (next <= 20) {
        b = take(w);
        assert_int_not_equal(b->err, DAF_OK);
        assert_int_equal(b->commits, 0);
        assert_true(b->trouble[0] != '\0');
        for (size_t i = 0; i < b->jobs_count; i++) {
            assert_int_equal(b->jobs[i].job, next++);
            assert_int_equal(b->jobs[i].err, b->err);
            assert_int_equal(b->jobs[i].items_count, 0);
            assert_null(b->jobs[i].items);
        }
        daf_writer_batch_free(b);
    }
    assert_int_equal(records_of(w), 5);
    fill_disk(w, false);
    give_job(w, 21, 1);
    b = take(w);
    assert_int_equal(b->err, DAF_OK);
    daf_writer_batch_free(b);
}

#define WITH_WORLD(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(what_is_told_is_durable_and_counted),
        WITH_WORLD(a_record_that_was_held_is_not_new),
        WITH_WORLD(a_job_of_nothing_is_answered_too),
        WITH_WORLD(many_jobs_come_back_in_order_in_fewer_commits),
        WITH_WORLD(a_transaction_is_bounded),
        WITH_WORLD(deeds_are_done_in_order_among_the_records),
        WITH_WORLD(what_is_not_held_is_dropped_without_an_error),
        WITH_WORLD(statements_are_kept_alone_and_among_records),
        WITH_WORLD(it_rings_until_all_is_taken),
        WITH_WORLD(what_peers_hold_is_noted_by_itself),
        WITH_WORLD(batches_tell_which_notes_they_have),
        WITH_WORLD(a_note_of_what_never_was_takes_no_record_with_it),
        WITH_WORLD(closing_commits_what_is_queued),
        WITH_WORLD(what_is_abandoned_is_whole_jobs),
        WITH_WORLD(a_full_disk_keeps_the_statement_that_was),
        WITH_WORLD(a_full_disk_fails_every_job_and_keeps_nothing_half),
    };

    /* Growing a file beyond its limit is to be an error, not an end. */
    (void)signal(SIGXFSZ, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
