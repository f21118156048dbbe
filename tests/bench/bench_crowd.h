/* SPDX-License-Identifier: Apache-2.0 */
/* tests/bench/bench_crowd.h - a thousand devices in one process: real agents,
 * stores in memory, a made-up network and a made-up clock.
 *
 * Certificates of writers are folded into each camp at the start; neighbours meet
 * at their doors.  Control itself is not passed on, nothing else would fit the
 * memory: a thousand camps of a thousand certificates. */
#ifndef DAF_TESTS_BENCH_CROWD_H
#define DAF_TESTS_BENCH_CROWD_H

#include <stddef.h>
#include <stdint.h>

struct bench_crowd; /* opaque */

struct bench_crowd_config {
    size_t nodes, degree, writers;
};

/** bench_crowd_new: a random graph; every device knows its neighbours' doors. */
struct bench_crowd *bench_crowd_new(const struct bench_crowd_config *config);
void bench_crowd_free(struct bench_crowd *w);

/** bench_crowd_run: let @ms of made-up time pass. */
void bench_crowd_run(struct bench_crowd *w, uint64_t ms);
/** bench_crowd_sessions: open ones; two for each pair. */
size_t bench_crowd_sessions(const struct bench_crowd *w);
size_t bench_crowd_pairs(const struct bench_crowd *w);

/** bench_crowd_write: every living writer writes one session of learning, one
 * after the other, while time passes. */
void bench_crowd_write(struct bench_crowd *w);
/** bench_crowd_kill: @count devices fall silent; others hear of it 15 s later,
 * as by heartbeats. */
void bench_crowd_kill(struct bench_crowd *w, size_t count);

struct bench_crowd_look {
    size_t living;
    size_t reachable;  /* of them, by paths of living ones from a writer */
    uint64_t written;  /* records ever made durable by their authors */
    uint64_t payloads; /* records that came over a link */
    uint64_t held;     /* records held by reachable ones, added up */
};
void bench_crowd_look(const struct bench_crowd *w,
                      struct bench_crowd_look *out);

#endif
