/* SPDX-License-Identifier: Apache-2.0 */
/* daftar-sim seeds: many small worlds in which much goes wrong. */
#include "sim/commands.h"
#include "sim/core/units.h"
#include "sim/faults/swarm.h"
#include "sim/progress.h"
#include "sim/say.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX    64
#define CPU_MOST_S  120 /* of one world, which takes about 0.1 */
#define TWICE_EACH  20  /* so many worlds, one is run again */
#define ENOUGH      500 /* worlds, to have met everything */
#define ENOUGH_REAL 60  /* with disks, what can go wrong with them */
#define FILE_MOST   1000
#define FAILED_MOST 20 /* are told in full */
#define EXIT_UNTOLD 4  /* a world's process: its words could not be written */

static const char help[] =
    "usage: daftar-sim seeds [--from N] [--count N] [OPTION...]\n"
    "\n"
    "Let much go wrong in small worlds of the daemon's agents, one a seed: "
    "lost and\n"
    "cut contacts, crashes, full disks, wrong clocks, copied cards, hostile "
    "devices.\n"
    "Then let it come right.  What must hold is checked all the time.\n"
    "\n"
    "  --from N      the first seed; 1 if not said\n"
    "  --count N     how many; 500 if not said\n"
    "  --file FILE   first the seeds in this file: a number a line, and # why\n"
    "  --jobs N      worlds at a time; 1 if not said\n"
    "  --verbose     all options of each world, and what came of it\n"
    "  --json        one JSON object\n"
    "\n"
    "A world that fails is told with its options and the command that plays "
    "it\n"
    "again.  Exit 0: all is well; 1: not, or in 500 worlds something that "
    "must\n"
    "happen somewhere never did; 3: Ctrl-C broke it off, and what was played "
    "is told.\n";

struct wish {
    uint64_t from, count, jobs;
    const char *program, *file;
    bool is_verbose, is_json;
};

/* A world in a process of its own: a failed assertion is its own end. */
struct job {
    pid_t pid; /* 0: free */
    int fd;
    uint64_t seed;
};

struct batch {
    const struct wish *wish;
    struct job jobs[JOBS_MAX];
    uint64_t *listed; /* owned: of the file */
    size_t listed_count;
    uint64_t next, done, failed, sometimes, can_meet;
    uint64_t events, torn_kept, torn_lost;
    bool is_shown, is_untold;
    struct timespec began;
};

/* ---- one world */

static void tell_world(const struct daf_faults *f,
                       const struct daf_swarm_result *r)
{
    daf_faults_print(f, stdout);
    (void)printf("  events %" PRIu64 ", frames %" PRIu64 " (%" PRIu64
                 " lost), records %" PRIu64 ", bodies %" PRIu64 " (%" PRIu64
                 " again), agreed after %.0f s, history %016" PRIx64 "\n",
                 r->events, r->fleet.frames, r->fleet.frames_lost,
                 r->fleet.records, r->bodies, r->again,
                 (double)r->agreed / (double)DAF_SIM_S, r->hash);
    for (unsigned i = 0; i < DAF_SOMETIMES_COUNT; i++)
        if ((r->sometimes >> i & 1) != 0)
            (void)printf("  met: %s\n",
                         daf_sometimes_str((enum daf_sometimes)i));
}

static void play(const struct wish *w, uint64_t seed,
                 struct daf_swarm_result *out)
{
    struct daf_swarm_result second;
    struct daf_faults faults;

    daf_faults_draw(seed, &faults);
    enum daf_err err = daf_swarm_run(&faults, out);
    if (err == DAF_OK && seed % TWICE_EACH == 0 && out->broken[0] == '\0') {
        err = daf_swarm_run(&faults, &second);
        if (second.hash != out->hash)
            (void)snprintf(out->broken, sizeof out->broken,
                           "one seed has two histories: %016" PRIx64
                           " and %016" PRIx64,
                           out->hash, second.hash);
    }
    if (err != DAF_OK)
        (void)snprintf(out->broken, sizeof out->broken,
                       "the world cannot be made: %s", daf_err_str(err));
    if (w->is_verbose) tell_world(&faults, out);
}

static int play_and_tell(const struct wish *w, uint64_t seed, int fd)
{
    const struct rlimit most = {CPU_MOST_S, CPU_MOST_S};
    struct daf_swarm_result result;

    (void)setrlimit(RLIMIT_CPU, &most);
    play(w, seed, &result);
    if (write(fd, &result, sizeof result) != (ssize_t)sizeof result) return 1;
    return fflush(stdout) == 0 && ferror(stdout) == 0 ? 0 : EXIT_UNTOLD;
}

static bool start(struct batch *b, struct job *j, uint64_t seed)
{
    int ends[2];

    (void)fflush(NULL);
    if (pipe(ends) != 0) return false;
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        _exit(play_and_tell(b->wish, seed, ends[1]));
    }
    (void)close(ends[1]);
    if (pid < 0) {
        (void)close(ends[0]);
        return false;
    }
    *j = (struct job){.pid = pid, .fd = ends[0], .seed = seed};
    return true;
}

/* ---- what came of it */

static void tell_failed(const struct batch *b, uint64_t seed, const char *why)
{
    struct daf_faults faults;

    (void)fprintf(stderr, "%sseed %" PRIu64 " failed: %s\n",
                  b->is_shown ? "\r\033[K" : "", seed, why);
    if (b->failed <= FAILED_MOST && !b->wish->is_verbose) {
        daf_faults_draw(seed, &faults);
        daf_faults_print(&faults, stderr);
    }
    (void)fprintf(stderr,
                  "  again: %s --from %" PRIu64 " --count 1 --verbose\n",
                  b->wish->program, seed);
}

static double since(const struct timespec *began)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - began->tv_sec) +
           1e-9 * (double)(now.tv_nsec - began->tv_nsec);
}

static void tell_progress(const struct batch *b)
{
    uint64_t all = b->wish->count + b->listed_count;

    if (b->is_shown)
        (void)fprintf(stderr,
                      "\r%" PRIu64 " of %" PRIu64 " worlds, %" PRIu64
                      " failed, %.0f s left \033[K",
                      b->done, all, b->failed,
                      since(&b->began) * (double)(all - b->done) /
                          (double)b->done);
}

static void finish(struct batch *b, struct job *j, int status)
{
    struct daf_swarm_result r = {.events = 0};
    char why[sizeof r.broken] = "";

    bool is_told = read(j->fd, &r, sizeof r) == (ssize_t)sizeof r;
    (void)close(j->fd);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
        (void)snprintf(why, sizeof why, "it did not end in %d s of a core",
                       CPU_MOST_S);
    else if (WIFSIGNALED(status))
        /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
        (void)snprintf(why, sizeof why, "%s", strsignal(WTERMSIG(status)));
    else if (is_told && WEXITSTATUS(status) == EXIT_UNTOLD)
        b->is_untold = true;
    else if (!is_told || WEXITSTATUS(status) != 0)
        (void)snprintf(why, sizeof why, "exit %d", WEXITSTATUS(status));
    if (why[0] == '\0') memcpy(why, r.broken, sizeof why);
    b->done++;
    b->sometimes |= r.sometimes;
    b->can_meet |= r.can_meet;
    b->events += r.events;
    b->torn_kept += r.torn_kept;
    b->torn_lost += r.torn_lost;
    if (why[0] != '\0') {
        b->failed++;
        tell_failed(b, j->seed, why);
    }
    j->pid = 0;
    tell_progress(b);
}

static bool wait_for_one(struct batch *b)
{
    int status = 0;
    pid_t pid = waitpid(-1, &status, 0);

    if (pid < 0) return errno == EINTR;
    for (uint64_t i = 0; i < b->wish->jobs; i++)
        if (b->jobs[i].pid == pid) finish(b, &b->jobs[i], status);
    return true;
}

static uint64_t seed_at(const struct batch *b, uint64_t at)
{
    return at < b->listed_count ? b->listed[at]
                                : b->wish->from + (at - b->listed_count);
}

/* After Ctrl-C, or when nobody reads it, no world is begun; those that are played
 * are played to their end. */
static bool play_all(struct batch *b)
{
    uint64_t all = b->wish->count + b->listed_count;

    while (b->done < all) {
        if (daf_progress_is_broken() || b->is_untold) all = b->next;
        for (uint64_t i = 0; i < b->wish->jobs && b->next < all; i++)
            if (b->jobs[i].pid == 0 &&
                !start(b, &b->jobs[i], seed_at(b, b->next++)))
                return false;
        if (b->done < all && !wait_for_one(b)) return false;
    }
    if (b->is_shown) (void)fputs("\r\033[K", stderr);
    return true;
}

/* ---- the whole batch */

static uint64_t unreached(const struct batch *b)
{
    uint64_t due = b->done >= ENOUGH ? b->can_meet
                   : b->done >= ENOUGH_REAL
                       ? b->can_meet & daf_sometimes_of_disks()
                       : 0;

    return due & ~b->sometimes;
}

static void print_json(const struct batch *b)
{
    json_t *never = json_array();

    for (unsigned i = 0; i < DAF_SOMETIMES_COUNT; i++)
        if ((unreached(b) >> i & 1) != 0)
            (void)json_array_append_new(never, json_string(daf_sometimes_str(
                                                   (enum daf_sometimes)i)));
    json_t *o =
        json_pack("{s:I, s:I, s:o, s:I, s:I, s:I, s:f}", "seeds",
                  (json_int_t)b->done, "failed", (json_int_t)b->failed,
                  "sometimes_unreached", never, "events", (json_int_t)b->events,
                  "torn_kept", (json_int_t)b->torn_kept, "torn_lost",
                  (json_int_t)b->torn_lost, "wall_s", since(&b->began));
    if (o != NULL) json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(4));
    json_decref(o);
    (void)fputs("\n", stdout);
}

static void print_words(const struct batch *b)
{
    (void)printf("%" PRIu64 " worlds, %" PRIu64 " failed, %" PRIu64
                 " events, %.0f s\n",
                 b->done, b->failed, b->events, since(&b->began));
    for (unsigned i = 0; i < DAF_SOMETIMES_COUNT; i++)
        if ((unreached(b) >> i & 1) != 0)
            (void)printf("never: %s\n",
                         daf_sometimes_str((enum daf_sometimes)i));
}

static bool read_file(struct batch *b)
{
    const char *path = b->wish->file;
    FILE *f = path == NULL ? NULL : fopen(path, "re");
    char line[256];

    if (path == NULL) return true;
    b->listed = calloc(FILE_MOST, sizeof *b->listed);
    bool is_good = f != NULL && b->listed != NULL;
    while (is_good && fgets(line, sizeof line, f) != NULL) {
        char *end = line;
        uint64_t seed = strtoull(line, &end, 10);
        if (line[0] == '#' || line[0] == '\n') continue;
        is_good = end > line && b->listed_count < FILE_MOST;
        if (is_good) b->listed[b->listed_count++] = seed;
    }
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *why = f == NULL ? strerror(errno) : "a seed a line, then # why";
    if (!is_good) daf_say("daftar-sim seeds: %s: %s", path, why);
    if (f != NULL) (void)fclose(f);
    return is_good;
}

static int tell_broken(const struct batch *b)
{
    daf_say("daftar-sim seeds: broken off: %" PRIu64 " of %" PRIu64
            " worlds were played",
            b->done, b->wish->count + b->listed_count);
    return DAF_SIM_EXIT_PARTLY;
}

static int run_batch(const struct wish *w)
{
    struct batch b = {.wish = w,
                      .is_shown = isatty(STDERR_FILENO) && !w->is_verbose};
    bool is_good = read_file(&b);

    if (is_good && w->count + b.listed_count == 0) {
        daf_say("daftar-sim seeds: no world is asked for: give --count, or "
                "seeds in a --file");
        free(b.listed);
        return DAF_SIM_EXIT_USAGE;
    }
    daf_progress_catch();
    (void)clock_gettime(CLOCK_MONOTONIC, &b.began);
    if (is_good && !play_all(&b)) {
        /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
        daf_say("daftar-sim seeds: %s", strerror(errno));
        is_good = false;
    }
    if (b.is_untold)
        daf_say("daftar-sim seeds: the output could not be written. To do: "
                "look at where it goes");
    else if (is_good && w->is_json)
        print_json(&b);
    else if (is_good)
        print_words(&b);
    is_good &= b.failed == 0 && unreached(&b) == 0 && !b.is_untold;
    free(b.listed);
    if (b.done < w->count + b.listed_count && daf_progress_is_broken())
        return tell_broken(&b);
    return is_good ? DAF_SIM_EXIT_DONE : DAF_SIM_EXIT_FAILED;
}

/* ---- options */

enum seeds_option {
    OPT_FROM = 256,
    OPT_COUNT,
    OPT_FILE,
    OPT_JOBS,
    OPT_VERBOSE,
    OPT_JSON,
    OPT_HELP,
};
static const struct option options[] = {
    {"from", required_argument, NULL, OPT_FROM},
    {"count", required_argument, NULL, OPT_COUNT},
    {"file", required_argument, NULL, OPT_FILE},
    {"jobs", required_argument, NULL, OPT_JOBS},
    {"verbose", no_argument, NULL, OPT_VERBOSE},
    {"json", no_argument, NULL, OPT_JSON},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static bool take(struct wish *w, int option, const char *value)
{
    uint64_t most = option == OPT_JOBS ? JOBS_MAX : UINT64_MAX / 2;
    uint64_t *to = option == OPT_FROM    ? &w->from
                   : option == OPT_COUNT ? &w->count
                                         : &w->jobs;

    if (option == OPT_FILE) {
        w->file = value;
        return true;
    }
    if (option == OPT_VERBOSE || option == OPT_JSON) {
        w->is_verbose |= option == OPT_VERBOSE;
        w->is_json |= option == OPT_JSON;
        return true;
    }
    if (daf_units_count(value, most, to) && (*to > 0 || option != OPT_JOBS))
        return true;
    daf_say("daftar-sim seeds: '%s' is no number that will do here; --help "
            "tells",
            value);
    return false;
}

int daf_cmd_seeds(int argc, char **argv)
{
    struct wish w = {.program = strcmp(argv[0], "seeds") == 0
                                    ? "daftar-sim seeds"
                                    : argv[0],
                     .from = 1,
                     .count = 500,
                     .jobs = 1};
    int option;

    optind = 1;
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == OPT_HELP) {
            (void)fputs(help, stdout);
            return DAF_SIM_EXIT_DONE;
        }
        if (option == '?') return daf_say_option("seeds", argv);
        if (!take(&w, option, optarg)) return DAF_SIM_EXIT_USAGE;
    }
    if (optind < argc) {
        daf_say("daftar-sim seeds: what is '%s'? --help tells", argv[optind]);
        return DAF_SIM_EXIT_USAGE;
    }
    return run_batch(&w);
}
