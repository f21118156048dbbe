/* SPDX-License-Identifier: Apache-2.0 */
/* bench - how fast and how small it is, against the goals.  See README.md. */
#include "tests/bench/bench.h"

#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORDS     1000000
#define RECORDS_MIN 2000
#define NODES       1000
#define SECONDS     60

static const char usage[] =
    "usage: bench [sync|bulk|swarm|ranges|sim|device] [--case NAME] "
    "[--records N]\n"
    "             [--nodes N] [--seconds N] [--mib N] [--percent N] "
    "[--times N] [--json]\n\n"
    "  --case NAME    of sync: equal late day full append disk sketch push\n"
    "                 of device: memory start idle peers\n"
    "                 of sim: sfhh hour waypoint camp\n"
    "                 of swarm: eight sixteen\n"
    "  --records N    records in the camp (1000000)\n"
    "  --nodes N      devices of the cases push and peers (1000)\n"
    "  --seconds N    how long the case idle looks on (60)\n"
    "  --mib N        what bulk (1024), swarm (64) and ranges (256) carry\n"
    "  --percent N    how much of its worlds sim takes (100)\n"
    "  --times N      runs behind a median of sim, swarm and ranges, at most "
    "9 (3)\n"
    "  --json         one JSON object a line\n\n"
    "Exit: 0 measured, whatever the goals; 1 could not measure; 2 usage.\n";

/* Those of sim come first: a process counts as its own what memory its maker had
 * when it was made.  Those that need a lab come last: it is entered for good. */
static const struct {
    const char *family, *name;
    void (*run)(const struct bench *b);
} cases[] = {
    {"sim", "sfhh", case_sfhh},         {"sim", "hour", case_hour},
    {"sim", "waypoint", case_waypoint}, {"sim", "camp", case_sim_camp},
    {"sync", "equal", case_equal},      {"sync", "late", case_late},
    {"sync", "day", case_day},          {"sync", "full", case_full},
    {"sync", "append", case_append},    {"sync", "disk", case_disk},
    {"sync", "sketch", case_sketch},    {"sync", "push", case_push},
    {"bulk", "bulk", case_bulk},        {"ranges", "ranges", case_ranges},
    {"swarm", "eight", case_eight},     {"swarm", "sixteen", case_sixteen},
    {"device", "memory", case_memory},  {"device", "start", case_start},
    {"device", "idle", case_idle},      {"device", "peers", case_peers},
};
#define CASES_COUNT (sizeof(cases) / sizeof(cases[0]))

static struct bench bench = {.records = RECORDS,
                             .nodes = NODES,
                             .seconds = SECONDS,
                             .percent = 100,
                             .times = BENCH_TIMES};

static int misuse(const char *what)
{
    (void)fprintf(stderr, "bench: %s\n\n%s", what, usage);
    return 2;
}

static bool read_number(const char *text, size_t min, size_t *out)
{
    char *end;
    unsigned long n = strtoul(text != NULL ? text : "", &end, 10);

    *out = n;
    return text != NULL && *text >= '0' && *text <= '9' && *end == '\0' &&
           n >= min && n <= 100000000;
}

static size_t find_case(const char *name)
{
    size_t i = 0;

    while (i < CASES_COUNT &&
           (name == NULL || strcmp(cases[i].name, name) != 0))
        i++;
    return i;
}

struct choice {
    const char *family; /* NULL: both */
    size_t only;        /* a case's place, or CASES_COUNT */
};

static bool is_family(const char *name)
{
    for (size_t i = 0; i < CASES_COUNT; i++)
        if (strcmp(cases[i].family, name) == 0) return true;
    return false;
}

static const char *read_options(char **arg, struct choice *c)
{
    for (; *arg != NULL; arg++) {
        if (is_family(*arg)) {
            c->family = *arg;
        } else if (strcmp(*arg, "--json") == 0) {
            bench.json = true;
        } else if (strcmp(*arg, "--case") == 0) {
            c->only = find_case(*++arg);
            if (c->only == CASES_COUNT) return "no such case";
        } else if (strcmp(*arg, "--records") == 0) {
            if (!read_number(*++arg, RECORDS_MIN, &bench.records))
                return "--records takes a number from 2000";
        } else if (strcmp(*arg, "--nodes") == 0) {
            if (!read_number(*++arg, 50, &bench.nodes))
                return "--nodes takes a number from 50";
        } else if (strcmp(*arg, "--seconds") == 0) {
            if (!read_number(*++arg, 1, &bench.seconds))
                return "--seconds takes a number from 1";
        } else if (strcmp(*arg, "--mib") == 0) {
            if (!read_number(*++arg, 16, &bench.mib))
                return "--mib takes a number from 16";
        } else if (strcmp(*arg, "--percent") == 0) {
            if (!read_number(*++arg, 1, &bench.percent) || bench.percent > 100)
                return "--percent takes a number from 1 to 100";
        } else if (strcmp(*arg, "--times") == 0) {
            if (!read_number(*++arg, 1, &bench.times) ||
                bench.times > BENCH_SIM_TIMES_MAX)
                return "--times takes a number from 1 to 9";
        } else {
            return "unknown option";
        }
    }
    return NULL;
}

static bool needs_lab(size_t i)
{
    return strcmp(cases[i].family, "device") == 0 ||
           strcmp(cases[i].family, "swarm") == 0;
}

static bool is_chosen(const struct choice *c, size_t i)
{
    /* Whatever needs none was done before the lab was entered. */
    if (bench_lab_is_inside() && !needs_lab(i)) return false;
    if (c->family != NULL && strcmp(cases[i].family, c->family) != 0)
        return false;
    return c->only == CASES_COUNT || c->only == i;
}

static void clean_up(void)
{
    if (bench.run[0] != '\0') bench_file_remove(bench.run);
}

static void on_signal(int number)
{
    (void)number;
    _exit(1); /* the daemons go with us; the next run sweeps */
}

/* build/bench beside build/<preset>, and there a folder for this run. */
static void find_places(void)
{
    char exe[BENCH_PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

    if (n <= 0) bench_die("cannot find this program's folder");
    exe[n] = '\0';
    *strrchr(exe, '/') = '\0';
    bench_path(bench.bin, "%s", exe);
    bench_path(bench.cache, "%s/../../bench", exe);
    bench_path(bench.run, "%s/run", bench.cache);
    /* Two at a time would measure each other. */
    bench_file_remove(bench.run);
    bench_file_mkdir(bench.run);
}

/* False: the case needs a lab, and there cannot be one. */
static bool have_place(size_t i, char **argv)
{
    if (!needs_lab(i) || bench_lab_is_inside()) return true;
    bench_lab_enter(&bench, argv);
    return false;
}

static void run_cases(const struct choice *c, char **argv)
{
    for (size_t i = 0; i < CASES_COUNT; i++) {
        if (!is_chosen(c, i)) continue;
        bench.family = cases[i].family;
        bench_progress(&bench, "%s", cases[i].name);
        if (have_place(i, argv))
            cases[i].run(&bench);
        else
            bench_row_none(&bench, cases[i].name, "all", "no namespaces", NULL);
    }
}

int main(int argc, char **argv)
{
    struct choice choice = {.only = CASES_COUNT};
    const char *wrong;

    if (argc > 1 && strcmp(argv[1], "--help") == 0)
        return fputs(usage, stdout) < 0 ? 1 : 0;
    wrong = read_options(argv + 1, &choice);
    if (wrong != NULL) return misuse(wrong);
    bench.family = choice.family != NULL ? choice.family : "sync";
    if (sodium_init() < 0) bench_die("libsodium does not start");
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGINT, on_signal);
    (void)signal(SIGTERM, on_signal);
    find_places();
    (void)atexit(clean_up);
    run_cases(&choice, argv);
    bench_machine(&bench);
    return 0;
}
