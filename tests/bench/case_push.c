/* SPDX-License-Identifier: Apache-2.0 */
/* How news runs through a camp: how often a record is carried to a device that
 * has it or is getting it, and whether it reaches all when many fall away. */
#include <sys/resource.h>

#include "tests/bench/bench.h"
#include "tests/bench/bench_crowd.h"

#define DEGREE    5
#define WRITERS   20
#define ROUNDS    5
#define SETTLE_MS 60000

static void settle(const struct bench *b, struct bench_crowd *w)
{
    bench_progress(b, "push: %zu devices meet", b->nodes);
    bench_crowd_run(w, SETTLE_MS);
    if (bench_crowd_sessions(w) != 2 * bench_crowd_pairs(w))
        bench_die("%zu sessions of %zu", bench_crowd_sessions(w),
                  2 * bench_crowd_pairs(w));
    /* Each writer's learner is registered now, which costs a record more. */
    bench_crowd_write(w);
    bench_crowd_run(w, SETTLE_MS);
}

static void write_rounds(const struct bench *b, struct bench_crowd *w)
{
    for (size_t i = 0; i < ROUNDS; i++) {
        bench_progress(b, "push: round %zu of %d", i + 1, ROUNDS);
        bench_crowd_write(w);
        bench_crowd_run(w, 1000);
    }
    bench_crowd_run(w, SETTLE_MS);
}

static double reach(const struct bench_crowd_look *before,
                    const struct bench_crowd_look *after)
{
    double new = (double)(after->written - before->written);
    double missing =
        (double)(after->reachable * after->written) - (double)after->held;

    return 100 * (1 - missing / (new *(double)after->reachable));
}

void case_push(const struct bench *b)
{
    const struct bench_crowd_config config = {b->nodes, DEGREE, WRITERS};
    struct bench_crowd_look before, after;
    struct bench_crowd *w;
    struct rusage usage;
    double new;

    w = bench_crowd_new(&config);
    settle(b, w);
    bench_crowd_look(w, &before);
    write_rounds(b, w);
    bench_crowd_look(w, &after);
    new = (double)(after.written - before.written);
    bench_row(b, "push", "records that came, a new one and device",
              (double)(after.payloads - before.payloads) /
                  (new *(double)(after.living - 1)),
              "records", "<= 1.3");
    bench_row(b, "push", "reach, all living", reach(&before, &after), "%",
              "= 100");
    bench_progress(b, "push: a fifth falls away");
    before = after;
    bench_crowd_kill(w, b->nodes / 5);
    write_rounds(b, w);
    bench_crowd_run(w, SETTLE_MS);
    bench_crowd_look(w, &after);
    bench_row(b, "push", "reach, a fifth fallen away", reach(&before, &after),
              "%", "= 100");
    bench_row(b, "push", "living devices without a path",
              (double)(after.living - after.reachable), "devices", NULL);
    (void)getrusage(RUSAGE_SELF, &usage);
    bench_row(b, "push", "memory of this process",
              (double)usage.ru_maxrss / 1024, "MiB", "<= 2048");
    bench_crowd_free(w);
}
