/* SPDX-License-Identifier: Apache-2.0 */
/* One device on its network: what it holds, how soon it has met, what it does
 * when there is nothing to do. */
#include "tests/bench/bench_net.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define BODY       300
#define MEET_S     30.0 /* then it does not find the other */
#define IDLE_PEERS 10
#define IDLE_WORK  200

/* ---- memory */

void case_memory(const struct bench *b)
{
    const struct bench_place place = {.device = 1, .finds = true};
    struct bench_process all[BENCH_PROCESSES_MAX];
    char home[BENCH_PATH_MAX], metric[48];
    double sum = 0, kib;
    struct bench_daemon d;
    struct bench_world w;
    size_t count;

    bench_gen(b, b->records, BODY, &w);
    bench_gen_home(b, &w, 'A', BENCH_STORE_FULL, home);
    bench_lab_open(b, 1, false);
    bench_node_launch(b, home, &place, &d);
    bench_node_wait(&d);
    bench_node_rest(&d);
    count = bench_process_list(&d, all);
    for (size_t i = 0; i < count; i++) {
        kib = bench_process_kib(all[i].pid);
        sum += kib;
        (void)snprintf(metric, sizeof(metric), "%s", all[i].name);
        bench_row(b, "memory", metric, kib / 1024, "MiB", NULL);
    }
    bench_row(b, "memory", "all processes, idle", sum / 1024, "MiB", "<= 32");
    bench_node_stop(&d);
    bench_lab_close();
}

/* ---- start */

/* Seconds from exec until @place's one peer is there and in step; below 0 if it
 * was not found. */
static double meet_once(const struct bench *b, const char *home,
                        const struct bench_place *place)
{
    size_t connected = 0, in_step = 0;
    double start = bench_now(), seconds = -1;
    struct bench_daemon d;
    int status;

    bench_node_launch(b, home, place, &d);
    while (in_step == 0 && bench_now() < start + MEET_S) {
        bench_pause(2);
        if (waitpid(d.pid, &status, WNOHANG) == d.pid)
            bench_die("a daemon ended at once: see %s.log", home);
        (void)bench_node_peers(&d, &connected, &in_step);
    }
    if (in_step > 0) seconds = bench_now() - start;
    bench_node_stop(&d);
    return seconds;
}

struct way {
    const char *metric, *goal;
    struct bench_place place;
    bool has_cache; /* keeps the addresses of the run before */
};

static void meet(const struct bench *b, const char *home, const struct way *way)
{
    double seconds[BENCH_TIMES];
    char cache[BENCH_PATH_MAX];

    bench_path(cache, "%s/camp/addresses.daf", home);
    if (way->has_cache && !bench_file_exists(cache)) {
        bench_row_none(b, "start", way->metric, "keeps none", way->goal);
        return;
    }
    for (size_t i = 0; i < BENCH_TIMES; i++) {
        bench_progress(b, "start: %s, %zu of %d", way->metric, i + 1,
                       BENCH_TIMES);
        if (!way->has_cache) bench_file_remove(cache);
        seconds[i] = meet_once(b, home, &way->place);
        if (seconds[i] >= 0) continue;
        bench_row_none(b, "start", way->metric, "not found", way->goal);
        return;
    }
    bench_row(b, "start", way->metric,
              1000 * bench_median(seconds, BENCH_TIMES), "ms", way->goal);
}

void case_start(const struct bench *b)
{
    static const struct way ways[] = {
        {"exec to equal, by an address given",
         "<= 500",
         {.device = 2, .peer = "10.77.0.1:5670"},
         false},
        {"exec to equal, by an address kept", "<= 500", {.device = 2}, true},
        {"exec to equal, by mDNS",
         "<= 4000",
         {.device = 2, .finds = true},
         false},
    };
    const struct bench_place place = {.device = 1, .finds = true};
    char home_a[BENCH_PATH_MAX], home_b[BENCH_PATH_MAX];
    struct bench_daemon a;
    struct bench_world w;

    bench_gen(b, b->records, BODY, &w);
    bench_gen_home(b, &w, 'A', BENCH_STORE_FULL, home_a);
    bench_gen_home(b, &w, 'B', BENCH_STORE_FULL, home_b);
    bench_lab_open(b, 2, false);
    bench_node_launch(b, home_a, &place, &a);
    bench_node_wait(&a);
    bench_node_rest(&a);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        meet(b, home_b, &ways[i]);
    bench_node_stop(&a);
    bench_lab_close();
}

/* ---- idle */

/* All processes of a node at one time. */
struct look {
    double at, cpu_ms;
    size_t count;
    struct bench_process all[BENCH_PROCESSES_MAX];
    uint64_t wakes[BENCH_PROCESSES_MAX];
};

static void look_at(const struct bench_daemon *d, struct look *out)
{
    *out = (struct look){.at = bench_now()};
    out->count = bench_process_list(d, out->all);
    for (size_t i = 0; i < out->count; i++) {
        out->cpu_ms += bench_process_cpu(out->all[i].pid);
        out->wakes[i] = bench_process_wakes(out->all[i].pid);
    }
}

/* What happens in @seconds in which nobody asks anything.  Rows of wake-ups: with
 * @goal, of each process. */
static void idle(const struct bench *b, const struct bench_daemon *d,
                 const char *when, const char *cpu_goal, const char *goal)
{
    struct look before, after;
    char metric[64];

    /* mDNS announces and asks most in its first minute, which is no idling. */
    bench_progress(b, "idle: %s, twice %zu s", when, b->seconds);
    bench_pause((unsigned)b->seconds * 1000);
    bench_node_rest(d);
    look_at(d, &before);
    bench_pause((unsigned)b->seconds * 1000);
    look_at(d, &after);
    if (before.count != after.count) bench_die("a process came or went");
    (void)snprintf(metric, sizeof(metric), "%s: processor time a minute", when);
    bench_row(b, "idle", metric,
              (after.cpu_ms - before.cpu_ms) / 1000 * 60 /
                  (after.at - before.at),
              "s", cpu_goal);
    for (size_t i = 0; i < after.count; i++) {
        (void)snprintf(metric, sizeof(metric), "%s: %s sleeps", when,
                       after.all[i].name);
        bench_row(b, "idle", metric,
                  (double)(after.wakes[i] - before.wakes[i]) /
                      (after.at - before.at),
                  "a second", goal);
    }
}

static void wait_for_peers(const struct bench_daemon *d)
{
    double limit = bench_now() + MEET_S;
    size_t connected, in_step = 0;

    while (in_step < IDLE_PEERS) {
        if (bench_now() > limit) bench_die("%zu peers of ten came", in_step);
        bench_pause(50);
        (void)bench_node_peers(d, &connected, &in_step);
    }
}

/* Alone no frame comes that could wake it: what does is a timer of its own. */
void case_idle(const struct bench *b)
{
    struct bench_daemon d[IDLE_PEERS + 1];
    struct bench_place place = {.device = 1, .finds = true};
    char home[BENCH_PATH_MAX];

    bench_lab_open(b, IDLE_PEERS + 1, false);
    (void)bench_lab_do("camp_new %d", IDLE_PEERS + 1);
    bench_path(home, "%s", bench_lab_do("camp_home 1"));
    bench_node_launch(b, home, &place, &d[0]);
    bench_node_wait(&d[0]);
    (void)bench_lab_do("camp_work 1 idle %d", IDLE_WORK);
    idle(b, &d[0], "alone", NULL, "<= 1");
    place.peer = "10.77.0.1:5670";
    for (unsigned i = 1; i <= IDLE_PEERS; i++) {
        place.device = i + 1;
        bench_path(home, "%s", bench_lab_do("camp_home %u", i + 1));
        bench_node_launch(b, home, &place, &d[i]);
    }
    for (unsigned i = 1; i <= IDLE_PEERS; i++)
        bench_node_wait(&d[i]);
    wait_for_peers(&d[0]);
    idle(b, &d[0], "ten equal peers", "<= 0.12", NULL);
    for (unsigned i = 0; i <= IDLE_PEERS; i++)
        bench_node_stop(&d[i]);
    bench_lab_close();
}
