/* SPDX-License-Identifier: Apache-2.0 */
/* One source to one device: 1 GiB, encrypted, verified, synced, beside the bare
 * pipeline and, where they are installed, what others do on the same machine in the
 * same run (peers.bash). */
#include "tests/bench/bench_net.h"

#include <stdio.h>
#include <string.h>

#define LIMIT_S 600.0
#define MIB_OWN 1024

struct result {
    double wall_s[BENCH_TIMES], cpu_s[BENCH_TIMES];
};

/* ---- ours */

/* Both are connected, and the catalogue is known: from the wish until the item is
 * whole, which is said when it is durable. */
static double fetch(const struct bench *b, const struct bench_daemon *a,
                    const struct bench_daemon *d, const char *id,
                    double *out_cpu_s)
{
    struct bench_item found = {.is_whole = false};
    double limit = bench_now() + LIMIT_S, start,
           cpu = bench_content_cpu(a) + bench_content_cpu(d);

    start = bench_now();
    while (!bench_content_ask(d,
                              json_pack("{ss ss s[s]}", "op", "content-wish",
                                        "content", id, "set", "wanted"),
                              &found)) {
        /* The catalogue has not come yet. */
        if (bench_now() > limit) bench_die("the catalogue does not come");
        bench_pause(5);
        start = bench_now();
    }
    while (!found.is_whole) {
        bench_progress(b, "bulk: daftar, %.0f s", bench_now() - start);
        if (!bench_content_ask(d,
                               json_pack("{ss ss sI}", "op", "content-wait",
                                         "content", id, "held",
                                         (json_int_t)found.held),
                               &found) ||
            bench_now() > limit)
            bench_die("the content does not come");
    }
    *out_cpu_s = bench_content_cpu(a) + bench_content_cpu(d) - cpu;
    return bench_now() - start;
}

static double ours_once(const struct bench *b, const char *file,
                        double *out_cpu_s)
{
    char homes[2][BENCH_PATH_MAX], folder[BENCH_PATH_MAX], door[64];
    struct bench_daemon a, d;
    struct bench_item found;
    double seconds;

    bench_path(homes[0], "%s/bulk-a", b->run);
    bench_path(homes[1], "%s/bulk-b", b->run);
    bench_content_camp(b, homes, 2);
    bench_path(folder, "%s/bulk", b->run);
    bench_node_start(b, homes[0], NULL, &a);
    bench_content_publish(b, &a, folder, &found);
    (void)snprintf(door, sizeof(door), "127.0.0.1:%u", (unsigned)a.door);
    bench_node_start(b, homes[1], door, &d);
    bench_node_rest(&d);
    bench_file_warm(2 * b->mib);
    bench_file_settle(b->run);
    seconds = fetch(b, &a, &d, found.id, out_cpu_s);
    bench_content_check(homes[1], found.id, file);
    bench_node_stop(&d);
    bench_node_stop(&a);
    bench_file_remove(homes[0]);
    bench_file_remove(homes[1]);
    return seconds;
}

/* ---- others */

static const char *const others[] = {"syncthing", "rsync", "nginx-tls"};
#define OTHERS 3

/* "wall cpu version"; false: it is not installed. */
static bool other_once(const struct bench *b, const char *name,
                       const char *file, double *wall_s, double *cpu_s,
                       char *version, size_t cap)
{
    char command[4 * BENCH_PATH_MAX], line[256] = "";
    double said[2];
    const char *rest;
    FILE *f;

    bench_progress(b, "bulk: %s", name);
    (void)snprintf(command, sizeof(command),
                   "bash '%s/tests/bench/peers.bash' %s '%s' '%s/peer'",
                   DAF_SOURCE_DIR, name, file, b->run);
    bench_file_warm(2 * b->mib);
    bench_file_settle(b->run);
    f = popen(command, "re");
    if (f == NULL) return false;
    if (fgets(line, sizeof(line), f) == NULL) line[0] = '\0';
    (void)pclose(f);
    line[strcspn(line, "\n")] = '\0';
    rest = bench_numbers(line, said, 2);
    if (rest == NULL) return false;
    *wall_s = said[0];
    *cpu_s = said[1];
    (void)snprintf(version, cap, "%s", rest);
    return true;
}

static void row(const struct bench *b, const char *who, const char *metric,
                double value, const char *unit, const char *goal)
{
    char name[96];

    (void)snprintf(name, sizeof(name), "%s: %s", who, metric);
    bench_row(b, "one to one", name, value, unit, goal);
}

static void rows_of(const struct bench *b, const char *who, struct result *r,
                    size_t count)
{
    double gib = (double)b->mib / 1024;

    row(b, who, "throughput", (double)b->mib / bench_median(r->wall_s, count),
        "MiB/s", NULL);
    row(b, who, "CPU of all processes", bench_median(r->cpu_s, count) / gib,
        "s/GiB", NULL);
}

static void compare(const struct bench *b, const char *name, const char *file,
                    const struct result *ours)
{
    double speed[BENCH_TIMES], cpu[BENCH_TIMES];
    char version[200], what[240];
    bool is_syncthing = strcmp(name, "syncthing") == 0;
    struct result r;

    for (size_t i = 0; i < BENCH_TIMES; i++) {
        if (!other_once(b, name, file, &r.wall_s[i], &r.cpu_s[i], version,
                        sizeof(version))) {
            bench_row_none(b, "one to one", name, "not installed", NULL);
            return;
        }
        speed[i] = r.wall_s[i] / ours->wall_s[i];
        cpu[i] = ours->cpu_s[i] / r.cpu_s[i];
    }
    (void)snprintf(what, sizeof(what), "%s (%s)", name, version);
    rows_of(b, what, &r, BENCH_TIMES);
    row(b, name, "our throughput by theirs", bench_median(speed, BENCH_TIMES),
        "ratio", is_syncthing ? ">= 1.15" : NULL);
    row(b, name, "our CPU by theirs", bench_median(cpu, BENCH_TIMES), "ratio",
        is_syncthing ? "<= 1.0" : NULL);
}

void case_bulk(const struct bench *b)
{
    struct bench with = *b;
    char folder[BENCH_PATH_MAX], file[BENCH_PATH_MAX], to[BENCH_PATH_MAX];
    double share[BENCH_TIMES];
    struct result ours, bare;

    if (with.mib == 0) with.mib = MIB_OWN;
    b = &with;
    bench_path(folder, "%s/bulk", b->run);
    bench_path(file, "%s/bulk/file.bin", b->run);
    bench_path(to, "%s/bare.bin", b->run);
    bench_content_make(folder, "file.bin", b->mib);
    for (size_t i = 0; i < BENCH_TIMES; i++) {
        bench_progress(b, "bulk: the bare pipeline");
        bench_file_warm(2 * b->mib);
        bench_file_settle(b->run);
        bare.wall_s[i] =
            bench_pipeline(file, to, (uint64_t)b->mib * 1024 * 1024,
                           &bare.cpu_s[i]);
        bench_file_remove(to);
        ours.wall_s[i] = ours_once(b, file, &ours.cpu_s[i]);
        share[i] = bare.wall_s[i] / ours.wall_s[i];
    }
    for (size_t i = 0; i < OTHERS; i++)
        compare(b, others[i], file, &ours);
    rows_of(b, "bare pipeline", &bare, BENCH_TIMES);
    rows_of(b, "daftar", &ours, BENCH_TIMES);
    row(b, "daftar", "share of the bare pipeline",
        bench_median(share, BENCH_TIMES), "ratio", ">= 0.75");
}
