/* SPDX-License-Identifier: Apache-2.0 */
/* tests/bench/bench_sim.h - runs of daftar-sim and, where DAF_BENCH_ONE names it, of
 * The ONE, each as a process of its own; the kernel says for both alike what they
 * used. */
#ifndef DAF_TESTS_BENCH_SIM_H
#define DAF_TESTS_BENCH_SIM_H

#include "tests/bench/bench.h"

/* What a run used, and what came of it; NAN: it does not say. */
struct bench_sim {
    double cpu_s, rss_mb; /* user and system; the most that was resident */
    double nodes, contacts, created, relayed, aborted, delivered, events;
};

/** bench_sim_try: daftar-sim run @words --json; @words end with NULL.  False: it
 * failed, and said why on standard error. */
bool bench_sim_try(const struct bench *b, const char *const *words,
                   struct bench_sim *out);
/** bench_sim_run: the same; a failure ends the bench. */
void bench_sim_run(const struct bench *b, const char *const *words,
                   struct bench_sim *out);
#define BENCH_SIM_RUN(b, out, ...) \
    bench_sim_run(b, (const char *const[]){__VA_ARGS__, NULL}, out)

#define BENCH_SIM_TRY(b, out, ...) \
    bench_sim_try(b, (const char *const[]){__VA_ARGS__, NULL}, out)

/** bench_sim_world: what daftar-sim world @words prints becomes the file @to. */
void bench_sim_world(const struct bench *b, const char *const *words,
                     const char *to);
#define BENCH_SIM_WORLD(b, to, ...) \
    bench_sim_world(b, (const char *const[]){__VA_ARGS__, NULL}, to)

/** bench_sim_median: of each number by itself, over @count runs. */
void bench_sim_median(const struct bench_sim *runs, size_t count,
                      struct bench_sim *out);

/* ---- The ONE */

#define BENCH_ONE_HINT "not measured: set DAF_BENCH_ONE"

struct bench_one {
    size_t hosts;
    size_t seed; /* of how they walk */
    double end_s;
    /* Files of external events; contacts are made by nothing else.  Both NULL:
     * hosts walk in @width x @height metres, and nobody says anything. */
    const char *contacts,
        *messages; /* @messages: NULL if they are in @contacts */
    unsigned buffer_mb;
    unsigned lifetime_min; /* 0: for ever */
    double width, height;
};

/** bench_one_run: with 250 kB/s, 10 m, steps of 0.1 s; epidemic routing.  Of hosts
 * that walk, @out has contacts; else what happened to messages.  All is NAN if
 * nobody told where The ONE is. */
void bench_one_run(const struct bench *b, const struct bench_one *one,
                   struct bench_sim *out);

#endif
