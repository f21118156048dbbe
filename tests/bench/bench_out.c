/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

static bool has_progress, has_head;

static void wipe_progress(void)
{
    if (has_progress) (void)fputs("\r\033[K", stderr);
    has_progress = false;
}

void bench_die(const char *format, ...)
{
    va_list args;

    wipe_progress();
    (void)fputs("bench: ", stderr);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputs("\n", stderr);
    exit(1); /* NOLINT(concurrency-mt-unsafe): no other handler than ours */
}

void bench_ok(enum daf_err err, const char *doing)
{
    if (err != DAF_OK)
        bench_die("cannot %s: %s (errno %d)", doing, daf_err_str(err), errno);
}

void bench_progress(const struct bench *b, const char *format, ...)
{
    va_list args;

    if (b->json || !isatty(STDERR_FILENO)) return;
    wipe_progress();
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputs(" ...", stderr);
    (void)fflush(stderr);
    has_progress = true;
}

/* "<= 4096" and the like, the only forms there are. */
static bool is_met(double value, const char *goal)
{
    double bound = strtod(goal + strcspn(goal, "0123456789"), NULL);

    if (strncmp(goal, "<=", 2) == 0) return value <= bound;
    if (strncmp(goal, ">=", 2) == 0) return value >= bound;
    return value == bound;
}

/* @value is text already: a number, or null in JSON. */
static void put(const struct bench *b, const char *name, const char *metric,
                const char *value, const char *unit, const char *goal,
                const char *ok)
{
    wipe_progress();
    if (b->json) {
        (void)printf("{\"bench\":\"%s\",\"case\":\"%s\",\"metric\":\"%s\","
                     "\"value\":%s,\"unit\":\"%s\",\"goal\":%s%s%s,\"ok\":%s}"
                     "\n",
                     b->family, name, metric, value, unit,
                     goal != NULL ? "\"" : "", goal != NULL ? goal : "null",
                     goal != NULL ? "\"" : "", ok);
    } else {
        if (!has_head)
            (void)printf("%-8s %-38s %12s %-10s %-10s\n", "case", "metric",
                         "value", "unit", "goal");
        has_head = true;
        (void)printf("%-8s %-38s %12s %-10s %-10s %s\n", name, metric, value,
                     unit, goal != NULL ? goal : "",
                     strcmp(ok, "true") == 0    ? "ok"
                     : strcmp(ok, "false") == 0 ? "MISSED"
                                                : "");
    }
    (void)fflush(stdout);
}

void bench_row(const struct bench *b, const char *name, const char *metric,
               double value, const char *unit, const char *goal)
{
    const char *ok = "null";
    char text[40];

    /* Counts are whole; of the rest four digits are more than a busy machine
     * gives. */
    if (value >= 1000 || value <= -1000)
        (void)snprintf(text, sizeof(text), "%.0f", value);
    else
        (void)snprintf(text, sizeof(text), "%.4g", value);
    if (goal != NULL) ok = is_met(value, goal) ? "true" : "false";
    put(b, name, metric, text, unit, goal, ok);
}

void bench_row_none(const struct bench *b, const char *name, const char *metric,
                    const char *why, const char *goal)
{
    put(b, name, metric, b->json ? "null" : "-", why, goal, "null");
}

/* The first line of @path that begins with @key, what follows @mark in it. */
static bool find_line(const char *path, const char *key, const char *mark,
                      char *out, size_t cap)
{
    FILE *f = fopen(path, "re");
    char line[512];
    bool found = false;

    while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL) {
        const char *at = strstr(line, mark);

        if (strncmp(line, key, strlen(key)) != 0 || at == NULL) continue;
        (void)snprintf(out, cap, "%s", at + strlen(mark));
        out[strcspn(out, "\"\\\n")] = '\0';
        found = true;
    }
    if (f != NULL) (void)fclose(f);
    return found;
}

void bench_machine(const struct bench *b)
{
    char cpu[128] = "", debian[64] = "unknown", text[512], count[24];
    struct utsname host;
    int major = 0, minor = 0, patch = 0;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    (void)uname(&host);
    /* An ARM kernel names no model. */
    if (!find_line("/proc/cpuinfo", "model name", ": ", cpu, sizeof(cpu)))
        (void)snprintf(cpu, sizeof(cpu), "%s", host.machine);
    (void)find_line("/etc/debian_version", "", "", debian, sizeof(debian));
    zmq_version(&major, &minor, &patch);
    (void)snprintf(text, sizeof(text),
                   "%s, %ld cores, Linux %s, Debian %s, SQLite %s, "
                   "libzmq %d.%d.%d, libsodium %s",
                   cpu, cores, host.release, debian, sqlite3_libversion(),
                   major, minor, patch, sodium_version_string());
    (void)snprintf(count, sizeof(count), "%ld", cores);
    wipe_progress();
    if (b->json)
        put(b, "machine", "cores", count, text, NULL, "null");
    else
        (void)printf("\n%zu records, %zu devices for push and peers, %zu %% of "
                     "sim's worlds. %s\n",
                     b->records, b->nodes, b->percent, text);
}

const char *bench_numbers(const char *line, double *out, size_t count)
{
    char *end;

    for (size_t i = 0; i < count; i++) {
        out[i] = strtod(line, &end);
        if (end == line) return NULL;
        line = end;
    }
    return line + strspn(line, " ");
}

double bench_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int order(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

double bench_median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), order);
    return count % 2 == 1 ? values[count / 2]
                          : (values[count / 2 - 1] + values[count / 2]) / 2;
}

void bench_pause(unsigned ms)
{
    (void)poll(NULL, 0, (int)ms);
}
