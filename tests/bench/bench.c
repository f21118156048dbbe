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

static const char usage[] =
    "usage: bench sync [--case NAME] [--records N] [--nodes N] [--json]\n\n"
    "  --case NAME    one of equal late day full append disk sketch push\n"
    "  --records N    records in the camp (1000000)\n"
    "  --nodes N      devices of the case push (1000)\n"
    "  --json         one JSON object a line\n\n"
    "Exit: 0 measured, whatever the goals; 1 could not measure; 2 usage.\n";

static const struct {
    const char *name;
    void (*run)(const struct bench *b);
} cases[] = {
    {"equal", case_equal},   {"late", case_late},     {"day", case_day},
    {"full", case_full},     {"append", case_append}, {"disk", case_disk},
    {"sketch", case_sketch}, {"push", case_push},
};
#define CASES_COUNT (sizeof(cases) / sizeof(cases[0]))

static struct bench bench = {.records = RECORDS, .nodes = NODES};

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

/* @only receives a case's place, or stays. */
static const char *read_options(char **arg, size_t *only)
{
    for (; *arg != NULL; arg++) {
        if (strcmp(*arg, "sync") == 0) continue; /* the one family there is */
        if (strcmp(*arg, "--json") == 0) {
            bench.json = true;
            continue;
        }
        if (strcmp(*arg, "--case") == 0) {
            *only = find_case(*++arg);
            if (*only == CASES_COUNT) return "no such case";
        } else if (strcmp(*arg, "--records") == 0) {
            if (!read_number(*++arg, RECORDS_MIN, &bench.records))
                return "--records takes a number from 2000";
        } else if (strcmp(*arg, "--nodes") == 0) {
            if (!read_number(*++arg, 50, &bench.nodes))
                return "--nodes takes a number from 50";
        } else {
            return "unknown option";
        }
    }
    return NULL;
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

int main(int argc, char **argv)
{
    size_t only = CASES_COUNT;
    const char *wrong;

    if (argc > 1 && strcmp(argv[1], "--help") == 0)
        return fputs(usage, stdout) < 0 ? 1 : 0;
    wrong = read_options(argv + 1, &only);
    if (wrong != NULL) return misuse(wrong);
    if (sodium_init() < 0) bench_die("libsodium does not start");
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGINT, on_signal);
    (void)signal(SIGTERM, on_signal);
    find_places();
    (void)atexit(clean_up);
    for (size_t i = 0; i < CASES_COUNT; i++) {
        if (only != CASES_COUNT && only != i) continue;
        bench_progress(&bench, "%s", cases[i].name);
        cases[i].run(&bench);
    }
    bench_machine(&bench);
    return 0;
}
