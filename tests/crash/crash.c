/* SPDX-License-Identifier: Apache-2.0 */
/* crash - cut the power of a device, many times, and see what it lost.
 *
 * Each cut is a small world that follows from (seed, number) alone, so the result
 * is the same for any number of processes, and any cut is played again by itself. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/crash/cut.h"
#include "tests/lib/tmpdir.h"

#define CUTS_MAX    1000000
#define WORKERS_MAX 64
#define SHOWN_MAX   10 /* failures told; all are counted */

struct options {
    uint64_t cuts, seed, only; /* only: one cut, from 1; 0: all */
    unsigned workers;
    bool is_lying, is_json;
    const char *keep;
    const char *name; /* of this program, as it was called */
};

static const char usage[] =
    "crash [--cuts N] [--seed S] [--cut K] [--lying-disk] [--json]\n"
    "      [--keep DIR] [-j N]\n"
    "\n"
    "Cuts the power of a device N times (2000), at any write of its disk, and\n"
    "looks for what it had said and does not hold any more.\n"
    "  --cut K        only the K-th; with --keep its files too\n"
    "  --lying-disk   the disk says yes to a sync and does not do it\n"
    "  --keep DIR     the files of each cut that failed, as the cut left them\n"
    "  -j N           processes (2); the result is the same\n";

static const char *const names[CUT_COUNT] = {
    [CUT_ACKED_LOST] = "acked_lost",
    [CUT_CORRUPT] = "corrupt",
    [CUT_HAVE_LIES] = "have_lies",
    [CUT_REWRITTEN] = "rewritten",
    [CUT_UNEQUAL] = "unequal",
    [CUT_FORKED] = "forked",
    [CUT_PREFIX] = "prefix",
    [CUT_ANEW] = "anew",
    [CUT_OLDER] = "older",
    [CUT_AGAIN] = "again",
    [CUT_AT_REST] = "at_rest",
    [CUT_RECORDS] = "records",
    [CUT_SAID] = "said",
    [CUT_OPS] = "ops",
    [CUT_CHECKED] = "checked",
};

/* ---- options */

static bool number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    char *end;
    unsigned long long value;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-' ||
        value < min || value > max)
        return false;
    *out = value;
    return true;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    static const struct option known[] = {
        {"cuts", required_argument, NULL, 'n'},
        {"seed", required_argument, NULL, 's'},
        {"cut", required_argument, NULL, 'k'},
        {"lying-disk", no_argument, NULL, 'l'},
        {"json", no_argument, NULL, 'o'},
        {"keep", required_argument, NULL, 'd'},
        {NULL, 0, NULL, 0},
    };
    uint64_t workers = 2;
    bool is_good = true;
    int c;

    *o = (struct options){.cuts = 2000, .seed = 1, .name = argv[0]};
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while ((c = getopt_long(argc, argv, "j:", known, NULL)) != -1) {
        if (c == 'n')
            is_good &= number(optarg, 1, CUTS_MAX, &o->cuts);
        else if (c == 's')
            is_good &= number(optarg, 0, UINT64_MAX, &o->seed);
        else if (c == 'k')
            is_good &= number(optarg, 1, CUTS_MAX, &o->only);
        else if (c == 'j')
            is_good &= number(optarg, 1, WORKERS_MAX, &workers);
        else if (c == 'l')
            o->is_lying = true;
        else if (c == 'o')
            o->is_json = true;
        else if (c == 'd')
            o->keep = optarg;
        else
            is_good = false;
    }
    o->workers = o->only > 0 ? 1 : (unsigned)workers;
    if (o->only > 0) o->cuts = 1;
    return is_good && optind == argc;
}

/* ---- playing */

static uint64_t number_of(const struct options *o, uint64_t index)
{
    return o->only > 0 ? o->only : index + 1;
}

static void play(const struct options *o, unsigned worker,
                 struct cut_result *results)
{
    struct world_camp *camp = world_camp_new();

    for (uint64_t i = worker; i < o->cuts; i += o->workers) {
        const struct cut_plan plan = {.seed = o->seed,
                                      .number = number_of(o, i),
                                      .is_lying = o->is_lying,
                                      .keep = o->keep,
                                      .keep_always = o->only > 0};

        if (results[i].is_begun) continue; /* by one that died in it */
        cut_run(camp, &plan, &results[i]);
        if (worker == 0 && isatty(STDERR_FILENO))
            (void)fprintf(stderr, "\rcut %" PRIu64 " of %" PRIu64 " ", i + 1,
                          o->cuts);
    }
    world_camp_free(camp);
}

/* Shared with the workers, so that what one did before it died is known. */
static struct cut_result *make_results(const struct options *o)
{
    void *p = mmap(NULL, o->cuts * sizeof(struct cut_result),
                   PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

static pid_t start(const struct options *o, unsigned worker,
                   struct cut_result *results)
{
    pid_t pid;

    (void)fflush(NULL);
    pid = fork();
    if (pid != 0) return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* not without us */
    play(o, worker, results);
    /* Sanitizers look for leaks in it.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    exit(0);
}

static uint64_t left_of(const struct options *o, unsigned worker,
                        const struct cut_result *results)
{
    uint64_t left = 0;

    for (uint64_t i = worker; i < o->cuts; i += o->workers)
        left += !results[i].is_begun;
    return left;
}

/* A worker that dies in a cut is followed by one that goes on after it; one that
 * dies before it has begun any, by none. */
static bool play_all(const struct options *o, struct cut_result *results)
{
    pid_t workers[WORKERS_MAX];
    bool is_good = true;

    for (unsigned i = 0; i < o->workers; i++)
        workers[i] = start(o, i, results);
    for (unsigned i = 0; i < o->workers; i++) {
        uint64_t left = UINT64_MAX, now;
        int status = 0;

        while (workers[i] > 0 && waitpid(workers[i], &status, 0) > 0 &&
               (now = left_of(o, i, results)) > 0 && now < left) {
            left = now;
            workers[i] = start(o, i, results);
        }
        is_good &= workers[i] > 0 && left_of(o, i, results) == 0;
    }
    if (isatty(STDERR_FILENO)) (void)fprintf(stderr, "\r\033[K");
    return is_good;
}

/* ---- telling */

static void tell_replay(const struct options *o, uint64_t cut, const char *why)
{
    (void)fprintf(stderr,
                  "cut %" PRIu64 ": %s\n  replay: %s --seed %" PRIu64
                  " --cut %" PRIu64 "%s\n",
                  cut, why, o->name, o->seed, cut,
                  o->is_lying ? " --lying-disk" : "");
}

struct sums {
    uint64_t counts[CUT_COUNT];
    uint64_t done, failed, died;
};

static void add_up(const struct options *o, const struct cut_result *results,
                   struct sums *out)
{
    uint64_t shown = 0;

    memset(out, 0, sizeof(*out));
    for (uint64_t i = 0; i < o->cuts; i++) {
        const struct cut_result *r = &results[i];
        bool died = r->is_begun && !r->is_done;

        out->died += died;
        if ((died || r->has_failed) && shown++ < SHOWN_MAX)
            tell_replay(o, number_of(o, i), died ? "the program died" : r->why);
        if (!r->is_done) continue;
        out->done++;
        for (size_t j = 0; j < CUT_COUNT; j++)
            out->counts[j] += r->counts[j];
        out->failed += r->has_failed;
    }
}

static void put_json(const struct options *o, const struct sums *s)
{
    static const enum cut_count honest[] = {CUT_ACKED_LOST, CUT_CORRUPT,
                                            CUT_HAVE_LIES,  CUT_REWRITTEN,
                                            CUT_UNEQUAL,    CUT_FORKED,
                                            CUT_PREFIX,     CUT_ANEW},
                                lying[] = {CUT_REWRITTEN, CUT_PREFIX,
                                           CUT_FORKED,    CUT_ANEW,
                                           CUT_OLDER,     CUT_CORRUPT,
                                           CUT_HAVE_LIES, CUT_UNEQUAL};
    const enum cut_count *list = o->is_lying ? lying : honest;

    printf("{\"cuts\":%" PRIu64, s->done);
    for (size_t i = 0; i < 8; i++)
        printf(",\"%s\":%" PRIu64, names[list[i]], s->counts[list[i]]);
    for (size_t i = CUT_AGAIN; i < CUT_COUNT; i++)
        printf(",\"%s\":%" PRIu64, names[i], s->counts[i]);
    printf(",\"died\":%" PRIu64 "}\n", s->died);
}

static void put_words(const struct options *o, const struct sums *s)
{
    printf("%" PRIu64 " power cuts on %s disk, %" PRIu64
           " records spoken of: %" PRIu64 " lost, %" PRIu64
           " notebooks damaged, %" PRIu64 " rewritten; %" PRIu64
           " cuts failed\n",
           s->done, o->is_lying ? "a lying" : "an honest", s->counts[CUT_SAID],
           s->counts[CUT_ACKED_LOST],
           o->is_lying ? s->counts[CUT_ANEW] : s->counts[CUT_CORRUPT],
           s->counts[CUT_REWRITTEN], s->failed + s->died);
}

/* What a worker that died leaves behind goes with our own folder. */
static bool run(const struct options *o, struct cut_result *results)
{
    char *tmp = daf_tmpdir_new();
    bool is_good = tmp != NULL;

    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    if (is_good) is_good = setenv("TMPDIR", tmp, 1) == 0;
    if (is_good && o->keep != NULL)
        is_good = mkdir(o->keep, 0700) == 0 || errno == EEXIST;
    if (is_good) is_good = play_all(o, results);
    if (!is_good) perror("crash");
    daf_tmpdir_free(tmp);
    return is_good;
}

int main(int argc, char **argv)
{
    struct options o;
    struct cut_result *results;
    struct sums sums;
    bool is_good;

    if (!read_options(argc, argv, &o)) {
        (void)fputs(usage, stderr);
        return 2;
    }
    results = make_results(&o);
    is_good = results != NULL && run(&o, results);
    if (results == NULL) return 1;
    add_up(&o, results, &sums);
    if (o.is_json)
        put_json(&o, &sums);
    else
        put_words(&o, &sums);
    (void)munmap(results, o.cuts * sizeof(*results));
    return is_good && sums.failed + sums.died == 0 && sums.done == o.cuts ? 0
                                                                          : 1;
}
