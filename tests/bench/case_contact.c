/* SPDX-License-Identifier: Apache-2.0 */
/* Two stores that are nearly equal meet: what does it cost to find out? */
#include <stdio.h>

#include "tests/bench/bench_net.h"

#define BODY     300
#define DELAY_MS 10 /* much longer than either side thinks */

static void open_pair(const struct bench *b, const struct bench_world *w,
                      enum bench_store a, enum bench_store d,
                      struct bench_pair *out)
{
    char home_a[BENCH_PATH_MAX], home_b[BENCH_PATH_MAX];

    bench_gen_home(b, w, 'A', a, home_a);
    bench_gen_home(b, w, 'B', d, home_b);
    bench_contact_open(b, home_a, home_b, DELAY_MS, out);
}

/* ---- equal */

enum { OUT, BACK, TRIPS, CPU, AGAIN_OUT, AGAIN_BACK, PLAIN, EQUAL_ROWS };

static const struct {
    const char *metric, *unit, *goal;
} equal_rows[EQUAL_ROWS] = {
    [OUT] = {"bytes, connector to acceptor", "bytes", "<= 4096"},
    [BACK] = {"bytes, acceptor to connector", "bytes", "<= 4096"},
    [TRIPS] = {"round trips after HELLO", "trips", "<= 1"},
    [CPU] = {"processor time of both cores", "ms", "<= 5"},
    [AGAIN_OUT] = {"again: bytes, connector to acceptor", "bytes", "<= 256"},
    [AGAIN_BACK] = {"again: bytes, acceptor to connector", "bytes", "<= 256"},
    [PLAIN] = {"frames after HELLO, before encryption", "bytes", NULL},
};

static void equal_once(const struct bench *b, const struct bench_world *w,
                       double values[EQUAL_ROWS][BENCH_TIMES], size_t time)
{
    struct bench_contact c;
    struct bench_pair p;

    open_pair(b, w, BENCH_STORE_FULL, BENCH_STORE_FULL, &p);
    bench_contact_go(&p, &c);
    values[OUT][time] = (double)c.wire.bytes[BENCH_OUT];
    values[BACK][time] = (double)c.wire.bytes[BENCH_BACK];
    values[TRIPS][time] = bench_contact_trips(&c);
    values[CPU][time] = c.cpu_ms;
    values[PLAIN][time] = bench_contact_metadata(&c, 0).identification;
    bench_contact_free(&c);
    bench_contact_again(&p);
    bench_contact_go(&p, &c);
    values[AGAIN_OUT][time] = (double)c.wire.bytes[BENCH_OUT];
    values[AGAIN_BACK][time] = (double)c.wire.bytes[BENCH_BACK];
    bench_contact_free(&c);
    bench_contact_close(&p);
}

void case_equal(const struct bench *b)
{
    double values[EQUAL_ROWS][BENCH_TIMES];
    struct bench_world w;

    bench_gen(b, b->records, BODY, &w);
    for (size_t i = 0; i < BENCH_TIMES; i++) {
        bench_progress(b, "equal, %zu of %d", i + 1, BENCH_TIMES);
        equal_once(b, &w, values, i);
    }
    for (size_t i = 0; i < EQUAL_ROWS; i++)
        bench_row(b, "equal", equal_rows[i].metric,
                  bench_median(values[i], BENCH_TIMES), equal_rows[i].unit,
                  equal_rows[i].goal);
}

/* ---- late and day */

static void row(const struct bench *b, const char *name, const char *who,
                const char *metric, double value, const char *unit,
                const char *goal)
{
    char text[80];

    (void)snprintf(text, sizeof(text), "%s: %s", who, metric);
    bench_row(b, name, text, value, unit, goal);
}

static void row_trips(const struct bench *b, const char *name, const char *who,
                      double trips, const char *goal)
{
    char text[80];

    (void)snprintf(text, sizeof(text), "%s: round trips before records", who);
    if (trips < 0)
        bench_row_none(b, name, text, "no long RUN", goal);
    else
        bench_row(b, name, text, trips, "trips", goal);
}

/* @a connected to by @d; one of them lacks @lacks, which travels @way. */
struct meeting {
    const char *who; /* what the one that lacks does */
    enum bench_store a, d;
    struct bench_amount lacks;
    int way;
};

static void meet(const struct bench *b, const struct bench_world *w,
                 const struct meeting *m, struct bench_metadata *out,
                 double *out_trips, double *out_seconds)
{
    struct bench_contact c;
    struct bench_pair p;

    open_pair(b, w, m->a, m->d, &p);
    bench_contact_go(&p, &c);
    *out = bench_contact_metadata(&c, m->lacks.bytes);
    *out_trips = bench_contact_trips_to_run(&c, m->way);
    *out_seconds = c.seconds;
    bench_contact_free(&c);
    bench_contact_close(&p);
}

void case_late(const struct bench *b)
{
    struct bench_world w;

    bench_gen(b, b->records, BODY, &w);
    const struct meeting meetings[] = {
        {"connects", BENCH_STORE_FULL, BENCH_STORE_LATE, w.late, BENCH_BACK},
        {"is met", BENCH_STORE_LATE, BENCH_STORE_FULL, w.late, BENCH_OUT},
    };
    for (size_t i = 0; i < 2; i++) {
        const struct meeting *m = &meetings[i];
        struct bench_metadata meta;
        double trips, seconds;

        bench_progress(b, "late, %s", m->who);
        meet(b, &w, m, &meta, &trips, &seconds);
        row(b, "late", m->who, "metadata after HELLO",
            meta.identification + meta.ack + meta.run, "bytes", "<= 512");
        row_trips(b, "late", m->who, trips, "<= 1");
        row(b, "late", m->who, "time", seconds, "s", NULL);
    }
}

void case_day(const struct bench *b)
{
    struct bench_world w;

    bench_gen(b, b->records, BODY, &w);
    const struct meeting meetings[] = {
        {"connects", BENCH_STORE_FULL, BENCH_STORE_DAY, w.day, BENCH_BACK},
        {"is met", BENCH_STORE_DAY, BENCH_STORE_FULL, w.day, BENCH_OUT},
    };
    for (size_t i = 0; i < 2; i++) {
        const struct meeting *m = &meetings[i];
        double count = (double)m->lacks.records, trips, seconds;
        struct bench_metadata meta;

        bench_progress(b, "day, %s", m->who);
        meet(b, &w, m, &meta, &trips, &seconds);
        row(b, "day", m->who, "identification", meta.identification / count,
            "B/record", NULL);
        row(b, "day", m->who, "ACK", meta.ack / count, "B/record", NULL);
        row(b, "day", m->who, "RUN around records", meta.run / count,
            "B/record", NULL);
        row(b, "day", m->who, "metadata after HELLO",
            (meta.identification + meta.ack + meta.run) / count, "B/record",
            "<= 8");
        row_trips(b, "day", m->who, trips, "<= 2");
        row(b, "day", m->who, "time", seconds, "s", NULL);
    }
}
