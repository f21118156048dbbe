/* SPDX-License-Identifier: Apache-2.0 */
/* A device that has just joined copies everything, and SQLite alone writes the
 * same rows, in turns. */
#include "tests/bench/bench_net.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/store.h"

#define BODY       300
#define LIMIT_S    7200.0
#define SCOPES_MAX 32

/* When the first RUN passed: the first frame that no page of heads could be. */
static double first_run(struct bench_pair *p)
{
    double limit = bench_now() + LIMIT_S;

    for (;;) {
        size_t count;
        struct bench_frame *frames = bench_relay_frames(p->relay, &count);

        for (size_t i = 0; i < count; i++) {
            double at = frames[i].at;

            if (frames[i].way != BENCH_BACK || frames[i].bytes <= 65536)
                continue;
            free(frames);
            return at;
        }
        free(frames);
        if (bench_now() > limit) bench_die("no records come");
        bench_pause(2);
    }
}

static size_t digests(const char *home, struct daf_store_digest *out)
{
    struct daf_scope_id scopes[SCOPES_MAX];
    char dir[BENCH_PATH_MAX];
    struct daf_store *s;
    size_t count;

    bench_path(dir, "%s/store", home);
    bench_ok(daf_store_open(dir, DAF_STORE_READER, &s), "read a store");
    count = daf_store_scopes(s, scopes, SCOPES_MAX);
    for (size_t i = 0; i < count; i++)
        bench_ok(daf_store_digest(s, &scopes[i], &out[i]), "make a digest");
    daf_store_close(s);
    return count;
}

static void check_equal(const struct bench_pair *p)
{
    struct daf_store_digest a[SCOPES_MAX], d[SCOPES_MAX];
    size_t count = digests(p->a.home, a);
    bool same = count == digests(p->d.home, d);

    for (size_t i = 0; same && i < count; i++)
        same = memcmp(a[i].root.b, d[i].root.b, sizeof(a[i].root.b)) == 0 &&
               a[i].bodies == d[i].bodies;
    if (!same) bench_die("all records came, and the digests differ");
}

/* Seconds from the first RUN until all is there; @out_verified: until every
 * record's own signature was verified as well. */
static double copy_once(const struct bench *b, const struct bench_world *w,
                        double *out_verified)
{
    uint64_t lacks = w->all.records - w->control.records;
    char home_a[BENCH_PATH_MAX], home_b[BENCH_PATH_MAX];
    struct bench_status status = {.records = 0};
    double start, end, limit = bench_now() + LIMIT_S;
    struct bench_pair p;

    bench_gen_home(b, w, 'A', BENCH_STORE_FULL, home_a);
    bench_gen_home(b, w, 'B', BENCH_STORE_CONTROL, home_b);
    bench_contact_open(b, home_a, home_b, 0, &p);
    bench_relay_reset(p.relay);
    bench_relay_hold(p.relay, false);
    start = first_run(&p);
    while (status.records_in < lacks) {
        if (bench_now() > limit) bench_die("the copy does not end");
        bench_pause(50);
        bench_node_status(&p.d, &status);
        bench_progress(b, "full: %llu of %llu",
                       (unsigned long long)status.records_in,
                       (unsigned long long)lacks);
    }
    end = bench_now();
    while (out_verified != NULL && status.is_unverified) {
        bench_pause(20);
        bench_node_status(&p.d, &status);
    }
    if (out_verified != NULL) *out_verified = bench_now() - start;
    check_equal(&p);
    bench_contact_close(&p);
    return end - start;
}

static double limit_once(const struct bench *b, const struct bench_world *w)
{
    char from[BENCH_PATH_MAX], to[BENCH_PATH_MAX];
    double seconds;

    bench_progress(b, "full: SQLite alone");
    bench_gen_notebook(w, BENCH_STORE_FULL, from);
    bench_path(to, "%s/limit", b->run);
    bench_file_remove(to);
    bench_file_mkdir(to);
    bench_path(to, "%s/limit/notebook.db", b->run);
    bench_file_settle(b->run);
    seconds = bench_limit_copy(from, to);
    bench_path(to, "%s/limit", b->run);
    bench_file_remove(to);
    return seconds;
}

void case_full(const struct bench *b)
{
    double ours[BENCH_TIMES], limit[BENCH_TIMES], ratio[BENCH_TIMES];
    double verified;
    struct bench_world w;
    double count, all;

    bench_gen(b, b->records, BODY, &w);
    count = (double)(w.all.records - w.control.records);
    all = (double)w.all.records;
    for (size_t i = 0; i < BENCH_TIMES; i++) {
        limit[i] = all / limit_once(b, &w);
        ours[i] = count / copy_once(b, &w, NULL);
        ratio[i] = ours[i] / limit[i];
    }
    bench_row(b, "full", "first copy, from RUN to equal digests",
              bench_median(ours, BENCH_TIMES), "records/s", ">= 25000");
    bench_row(b, "full", "SQLite alone, the same rows",
              bench_median(limit, BENCH_TIMES), "records/s", NULL);
    bench_row(b, "full", "share of SQLite alone",
              bench_median(ratio, BENCH_TIMES), "ratio", ">= 0.35");
    /* Once: it is a rest of minutes, at a fifth of a core. */
    (void)copy_once(b, &w, &verified);
    bench_row(b, "full", "until all signatures are verified", verified, "s",
              "<= 600");
}
