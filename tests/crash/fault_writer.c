/* SPDX-License-Identifier: Apache-2.0 */
/* The writer thread: a transaction that fails fails every job in it and keeps
 * nothing; the next one works. */
#include "tests/lib/t.h"

#include "node/writer.h"
#include "tests/crash/fault.h"
#include "tests/lib/made.h"

#define JOBS 3
#define EACH 2 /* records in a job */

static struct daf_made made[JOBS][EACH];

/* What the writer said was durable. */
struct promise {
    bool durable[JOBS];
};

static void make(void)
{
    struct daf_made_want want = {.log = daf_made_log(1, 1, 1),
                                 .retention = DAF_RETENTION_PROGRESS};

    for (uint32_t i = 0; i < JOBS * EACH; i++) {
        struct daf_made *m = &made[i / EACH][i % EACH];

        want.seed = i + 1;
        want.body_len = 200 * (i + 1);
        daf_made_record(&want, m);
        want.prev = m->spot;
    }
}

static void give(struct daf_writer *w, uint64_t job)
{
    daf_writer_begin(w, job);
    for (size_t i = 0; i < EACH; i++) {
        const struct daf_made *m = &made[job][i];
        struct daf_keep keep = {.record = &m->r,
                                .header = daf_made_header(m),
                                .body_state = DAF_BODY_HELD,
                                .body = daf_made_body(m)};

        daf_writer_keep(w, &keep);
    }
    daf_writer_end(w, job);
}

static size_t held(const char *dir, size_t job)
{
    struct daf_store *s = NULL;
    size_t count = 0;
    enum daf_err err = daf_store_open(dir, DAF_STORE_READER, &s);

    if (err == DAF_ENOTFOUND) return 0;
    FAULT_OK(err);
    for (size_t i = 0; i < EACH; i++) {
        const struct daf_made *m = &made[job][i];

        count += fault_look_held(s, &m->r.log, &m->spot, daf_made_header(m),
                                 DAF_BODY_HELD, daf_made_body(m));
    }
    daf_store_close(s);
    return count;
}

static void judge(const char *dir, const struct daf_writer_batch *b,
                  const struct daf_writer_job *job)
{
    struct promise *promise = fault_room();

    FAULT_NEED(job->job < JOBS);
    if (job->err == DAF_OK) {
        /* The number is read after the commit, and that may fail by itself. */
        FAULT_NEED(b->err == DAF_OK && (b->commits > 0 || fault_fired()));
        FAULT_NEED(job->items_count == EACH);
        FAULT_NEED(held(dir, job->job) == EACH);
        promise->durable[job->job] = true;
        return;
    }
    if (!fault_fired() || !fault_clean(job->err))
        fault_broken("%s: job %u says \"%s\" (%s)", fault_where(),
                     (unsigned)job->job, daf_err_name(job->err), b->trouble);
    FAULT_NEED(b->err == DAF_OK || job->err == b->err);
    FAULT_NEED(b->err == DAF_OK || b->trouble[0] != '\0');
    FAULT_NEED(b->err == DAF_OK || b->commits == 0);
    FAULT_NEED(job->items_count == 0);
    FAULT_NEED(held(dir, job->job) == 0);
}

/* Take until each of @jobs (bits) has been answered; returns those that failed. */
static unsigned take(const char *dir, struct daf_writer *w, unsigned jobs)
{
    unsigned failed = 0;

    while (jobs != 0) {
        struct daf_writer_batch *b = daf_writer_take(w, true);
        bool was = fault_off();

        FAULT_NEED(b != NULL); /* else an answer was lost */
        for (size_t i = 0; i < b->jobs_count; i++) {
            unsigned bit = 1u << b->jobs[i].job;

            judge(dir, b, &b->jobs[i]);
            FAULT_NEED((jobs & bit) != 0);
            jobs &= ~bit;
            failed |= b->jobs[i].err != DAF_OK ? bit : 0;
        }
        fault_set(was);
        daf_writer_batch_free(b);
    }
    return failed;
}

/* Jobs that failed are given again when nothing fails any more. */
static void work(const char *dir, struct daf_writer *w, unsigned jobs)
{
    for (unsigned i = 0; i < JOBS; i++)
        if ((jobs & 1u << i) != 0) give(w, i);
    jobs = take(dir, w, jobs);
    if (jobs == 0) return;
    (void)fault_off();
    for (unsigned i = 0; i < JOBS; i++)
        if ((jobs & 1u << i) != 0) give(w, i);
    FAULT_NEED(take(dir, w, jobs) == 0);
}

static enum daf_err start(const char *dir, struct daf_writer **out)
{
    struct daf_store *s = NULL;
    enum daf_err err = daf_store_open(dir, DAF_STORE_WRITER, &s);

    if (err != DAF_OK) return err;
    err = daf_writer_new(s, out);
    if (err != DAF_OK) daf_store_close(s);
    return err;
}

static void run(const char *dir)
{
    struct daf_writer *w = NULL;
    const struct daf_made *last = &made[1][EACH - 1];
    enum daf_err err;

    make();
    fault_on();
    err = start(dir, &w);
    if (err != DAF_OK) {
        (void)fault_off();
        if (!fault_fired() || !fault_clean(err))
            fault_broken("%s: opening says \"%s\" (%s)", fault_where(),
                         daf_err_name(err), daf_store_trouble(NULL));
        FAULT_OK(start(dir, &w));
    }
    work(dir, w, 3);
    daf_writer_acked(w, &last->r.log, 1, &last->spot);
    work(dir, w, 4);
    daf_writer_acked(w, &last->r.log, 1, &made[2][0].spot);
    daf_writer_free(w);
    (void)fault_off();
}

static void verify(const char *dir)
{
    const struct promise *promise = fault_room();
    struct daf_writer *w = NULL;

    make();
    (void)fault_look_check(dir);
    for (size_t i = 0; i < JOBS; i++) {
        size_t count = held(dir, i);

        FAULT_NEED(count == EACH || (count == 0 && !promise->durable[i]));
    }
    FAULT_OK(start(dir, &w));
    work(dir, w, 3);
    work(dir, w, 4);
    daf_writer_free(w);
    FAULT_NEED(fault_look_check(dir));
}

const struct fault_workload fault_writer = {.name = "writer",
                                            .kinds = FAULT_BITS_ALL,
                                            .run = run,
                                            .verify = verify};
