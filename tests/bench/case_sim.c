/* SPDX-License-Identifier: Apache-2.0 */
/* The simulator beside The ONE: the same events, one process each, in turns.  What
 * daftar-sim is measured on without a peer has its rows all the same. */
#include "tests/bench/bench_sim.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define TRACES_HINT "not measured: set DAF_BENCH_TRACES"
#define WORD_BYTES  120

/* Who runs on a trace. */
enum { ENGINE, MODEL, REAL, RUNNERS };
static const struct {
    const char *name, *protocol, *fidelity;
} runners[RUNNERS] = {
    [ENGINE] = {"epidemic-one", "epidemic-one", "model"},
    [MODEL] = {"daftar, model", "daftar", "model"},
    [REAL] = {"daftar, real", "daftar", "real"},
};

/* A trace, and what is wanted of it. */
struct trace {
    const char *name;
    const char *contacts,
        *messages; /* files; @messages: NULL if in @contacts */
    size_t hosts;
    double end_s;
    unsigned buffer_mb, lifetime_min;
    const char *cpu[RUNNERS], *rss[RUNNERS], *faster[RUNNERS]; /* goals */
};

/* ---- rows */

static void row(const struct bench *b, const char *name, const char *who,
                const char *what, double value, const char *unit,
                const char *goal)
{
    char metric[WORD_BYTES];

    (void)snprintf(metric, sizeof(metric), "%s: %s", who, what);
    if (isnan(value))
        bench_row_none(b, name, metric, BENCH_ONE_HINT, goal);
    else
        bench_row(b, name, metric, value, unit, goal);
}

static void rows_used(const struct bench *b, const char *name, const char *who,
                      const struct bench_sim *used, const char *cpu_goal,
                      const char *rss_goal)
{
    row(b, name, who, "processor time", used->cpu_s, "s", cpu_goal);
    row(b, name, who, "memory", used->rss_mb, "MB", rss_goal);
}

/* How many times as long The ONE takes, turn by turn. */
static void row_faster(const struct bench *b, const char *name, const char *who,
                       const struct bench_sim *ours,
                       const struct bench_sim *theirs, const char *goal)
{
    double values[BENCH_SIM_TIMES_MAX];

    for (size_t i = 0; i < b->times; i++)
        values[i] = theirs[i].cpu_s / ours[i].cpu_s;
    row(b, name, who, "The ONE's time by ours", bench_median(values, b->times),
        "times", goal);
}

/* What both counted, and how far it is apart. */
static void rows_apart(const struct bench *b, const char *name, const char *who,
                       const char *what, double ours, double theirs,
                       const char *goal)
{
    row(b, name, who, what, ours, "", NULL);
    row(b, name, "The ONE", what, theirs, "", NULL);
    row(b, name, what, "apart",
        100 * fabs(ours - theirs) / (theirs > 1 ? theirs : 1), "%", goal);
}

/* ---- a trace */

static void run_ours(const struct bench *b, const struct trace *t, int runner,
                     size_t turn, struct bench_sim *out)
{
    const bool is_engine = runner == ENGINE;
    char until[WORD_BYTES], seed[WORD_BYTES], buffer[WORD_BYTES],
        lifetime[WORD_BYTES], nodes[WORD_BYTES];
    const char *words[24] = {"--contacts", t->contacts,
                             "--protocol", runners[runner].protocol,
                             "--fidelity", runners[runner].fidelity,
                             "--until",    until,
                             "--nodes",    nodes,
                             "--seed",     seed};
    size_t n = 12;

    (void)snprintf(until, sizeof(until), "%.0fs", t->end_s);
    (void)snprintf(seed, sizeof(seed), "%zu", turn + 1);
    (void)snprintf(nodes, sizeof(nodes), "%zu", t->hosts);
    (void)snprintf(buffer, sizeof(buffer), "%uMB", t->buffer_mb);
    (void)snprintf(lifetime, sizeof(lifetime), "%umin", t->lifetime_min);
    if (t->messages != NULL) {
        words[n++] = "--messages";
        words[n++] = t->messages;
    }
    /* The ONE's rules; the agents know neither ticks nor buffers. */
    if (is_engine) {
        words[n++] = "--tick";
        words[n++] = "100ms";
        words[n++] = "--buffer";
        words[n++] = buffer;
    }
    if (is_engine && t->lifetime_min != 0) {
        words[n++] = "--lifetime";
        words[n++] = lifetime;
    }
    words[n] = NULL;
    bench_sim_run(b, words, out);
}

static void run_one(const struct bench *b, const struct trace *t,
                    struct bench_sim *out)
{
    const struct bench_one one = {.hosts = t->hosts,
                                  .seed = 1,
                                  .end_s = t->end_s,
                                  .contacts = t->contacts,
                                  .messages = t->messages,
                                  .buffer_mb = t->buffer_mb,
                                  .lifetime_min = t->lifetime_min};

    bench_one_run(b, &one, out);
}

static void tell(const struct bench *b, const struct trace *t,
                 struct bench_sim ours[RUNNERS][BENCH_SIM_TIMES_MAX],
                 const struct bench_sim *theirs)
{
    const char *engine = runners[ENGINE].name;
    struct bench_sim middle[RUNNERS], one;

    bench_sim_median(theirs, b->times, &one);
    for (int r = 0; r < RUNNERS; r++)
        bench_sim_median(ours[r], b->times, &middle[r]);
    bench_row(b, t->name, "contacts", middle[ENGINE].contacts, "", NULL);
    for (int r = 0; r < RUNNERS; r++)
        rows_used(b, t->name, runners[r].name, &middle[r], t->cpu[r],
                  t->rss[r]);
    rows_used(b, t->name, "The ONE", &one, NULL, NULL);
    for (int r = 0; r < RUNNERS; r++)
        row_faster(b, t->name, runners[r].name, ours[r], theirs, t->faster[r]);
    rows_apart(b, t->name, engine, "relayed", middle[ENGINE].relayed,
               one.relayed, "<= 10");
    rows_apart(b, t->name, engine, "aborted", middle[ENGINE].aborted,
               one.aborted, "<= 10");
    rows_apart(b, t->name, engine, "delivered", middle[ENGINE].delivered,
               one.delivered, "<= 10");
}

/* Each turn has another seed of ours; to a trace The ONE adds no chance. */
static void compare(const struct bench *b, const struct trace *t)
{
    struct bench_sim ours[RUNNERS][BENCH_SIM_TIMES_MAX];
    struct bench_sim theirs[BENCH_SIM_TIMES_MAX];

    for (size_t i = 0; i < b->times; i++) {
        for (int r = 0; r < RUNNERS; r++) {
            bench_progress(b, "%s: %s, %zu of %zu", t->name, runners[r].name,
                           i + 1, b->times);
            run_ours(b, t, r, i, &ours[r][i]);
        }
        bench_progress(b, "%s: The ONE, %zu of %zu", t->name, i + 1, b->times);
        run_one(b, t, &theirs[i]);
    }
    tell(b, t, ours, theirs);
}

/* ---- the conference: who faced whom, 403 people in 31.7 hours */

#define SFHH_HOSTS 403
#define SFHH_END_S 114100.0

static bool have_sfhh(const struct bench *b)
{
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *from = getenv("DAF_BENCH_TRACES");
    char command[5 * BENCH_PATH_MAX];

    if (from == NULL) return false;
    (void)snprintf(command, sizeof(command),
                   "bash '%s/tests/bench/sfhh.bash' '%s' '%s/daftar-sim' '%s'",
                   DAF_SOURCE_DIR, from, b->bin, b->run);
    /* A shell as any.  NOLINTNEXTLINE(concurrency-mt-unsafe,cert-env33-c) */
    if (system(command) != 0)
        bench_die("DAF_BENCH_TRACES=%s has no SFHH; docs/benchmarks.md tells "
                  "where it is had",
                  from);
    return true;
}

void case_sfhh(const struct bench *b)
{
    char contacts[BENCH_PATH_MAX], messages[BENCH_PATH_MAX];
    const struct trace t = {
        .name = "sfhh",
        .contacts = contacts,
        .messages = messages,
        .hosts = SFHH_HOSTS,
        .end_s = SFHH_END_S * (double)b->percent / 100,
        .buffer_mb = 50,
        .cpu = {[ENGINE] = "<= 1.3", [MODEL] = "<= 6.7", [REAL] = "<= 27"},
        .rss = {[ENGINE] = "<= 60"},
    };

    if (!have_sfhh(b)) {
        bench_row_none(b, t.name, "all", TRACES_HINT, NULL);
        return;
    }
    bench_path(contacts, "%s/sfhh.contacts", b->run);
    bench_path(messages, "%s/sfhh.messages", b->run);
    compare(b, &t);
}

/* ---- an hour of a crowd that walks, written down once */

#define HOUR_HOSTS 1002
#define HOUR_WIDTH 565.0 /* with which they meet 160,000 times */

void case_hour(const struct bench *b)
{
    /* In less room fewer meet as often. */
    const size_t hosts = HOUR_HOSTS * b->percent / 100;
    const double width = HOUR_WIDTH * (double)b->percent / 100;
    char spec[WORD_BYTES], contacts[BENCH_PATH_MAX];
    const struct trace t = {
        .name = "hour",
        .contacts = contacts,
        .hosts = hosts,
        .end_s = 3600,
        .buffer_mb = 5,
        .lifetime_min = 300,
        .rss = {[ENGINE] = "<= 75", [MODEL] = "<= 75", [REAL] = "<= 75"},
        .faster = {[ENGINE] = ">= 100", [MODEL] = ">= 20", [REAL] = ">= 5"},
    };

    bench_path(contacts, "%s/hour.events", b->run);
    (void)snprintf(spec, sizeof(spec),
                   "nodes=%zu,area=%.1fx%.0fm,range=10m,speed=0.5-1.5m/s,"
                   "wait=0-120s",
                   hosts, width, HOUR_WIDTH);
    BENCH_SIM_WORLD(b, contacts, "--waypoint", spec, "--until", "1h",
                    "--traffic", "every=25-35s,size=500kB-1MB");
    compare(b, &t);
}

/* ---- five minutes of five thousand that walk, and say nothing */

#define WAYPOINT_HOSTS 5000
#define WAYPOINT_SIDE  2236.0 /* metres: 1,000 m2 for each */
#define WAYPOINT_END_S 300.0

static double contacts_each(const struct bench_sim *s)
{
    return 2 * s->contacts / s->nodes / (WAYPOINT_END_S / 3600);
}

void case_waypoint(const struct bench *b)
{
    struct bench_one peer = {.hosts = WAYPOINT_HOSTS * b->percent / 100,
                             .end_s = WAYPOINT_END_S,
                             .buffer_mb = 5,
                             .width = WAYPOINT_SIDE * (double)b->percent / 100,
                             .height = WAYPOINT_SIDE};
    struct bench_sim ours[BENCH_SIM_TIMES_MAX], theirs[BENCH_SIM_TIMES_MAX];
    struct bench_sim middle, one;
    char spec[WORD_BYTES], seed[WORD_BYTES];

    (void)snprintf(spec, sizeof(spec),
                   "nodes=%zu,area=%.0fx%.0fm,range=10m,speed=0.5-1.5m/s,"
                   "wait=0-120s",
                   peer.hosts, peer.width, peer.height);
    for (size_t i = 0; i < b->times; i++) {
        bench_progress(b, "waypoint, %zu of %zu", i + 1, b->times);
        (void)snprintf(seed, sizeof(seed), "%zu", i + 1);
        BENCH_SIM_RUN(b, &ours[i], "--waypoint", spec, "--until", "300s",
                      "--seed", seed);
        peer.seed = i + 1;
        bench_one_run(b, &peer, &theirs[i]);
    }
    bench_sim_median(ours, b->times, &middle);
    bench_sim_median(theirs, b->times, &one);
    rows_used(b, "waypoint", "daftar-sim", &middle, NULL, NULL);
    rows_used(b, "waypoint", "The ONE", &one, NULL, NULL);
    row_faster(b, "waypoint", "daftar-sim", ours, theirs, ">= 30");
    rows_apart(b, "waypoint", "daftar-sim", "contacts of each in an hour",
               contacts_each(&middle), contacts_each(&one), "<= 5");
}
