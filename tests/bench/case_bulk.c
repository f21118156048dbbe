/* SPDX-License-Identifier: Apache-2.0 */
/* One source to one device: 1 GiB, encrypted, verified, synced, beside the bare
 * pipeline and, where they are installed, what others do on the same machine in the
 * same run (peers.bash). */
#include "tests/bench/bench_net.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/api.h"

#define LIMIT_S 600.0
#define MIB     (1024.0 * 1024.0)

struct result {
    double wall_s[BENCH_TIMES], cpu_s[BENCH_TIMES];
};

/* ---- the file and two homes */

static void make_file(const struct bench *b, const char *path)
{
    static uint8_t block[1024 * 1024];
    FILE *f = fopen(path, "wbe");

    if (f == NULL) bench_die("cannot write %s", path);
    for (size_t i = 0; i < b->mib; i++) {
        randombytes_buf(block, sizeof(block));
        if (fwrite(block, sizeof(block), 1, f) != 1)
            bench_die("cannot write %s", path);
    }
    if (fclose(f) != 0) bench_die("cannot write %s", path);
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");

    if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
        bench_die("cannot write %s", path);
}

/* A command of ours; what it prints is not wanted. */
static void run(const struct bench *b, const char *home,
                const char *const *words)
{
    char program[BENCH_PATH_MAX];
    const char *argv[16] = {"daftar"};
    size_t n = 1;
    int status;
    pid_t pid;

    bench_path(program, "%s/daftar", b->bin);
    while (words[n - 1] != NULL) {
        argv[n] = words[n - 1];
        n++;
    }
    argv[n++] = "--home";
    argv[n++] = home;
    (void)fflush(NULL);
    pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

        (void)dup2(null, STDOUT_FILENO);
        (void)execv(program, (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    if (waitpid(pid, &status, 0) != pid || status != 0)
        bench_die("daftar %s failed", words[0]);
}

#define RUN(b, home, ...) run(b, home, (const char *const[]){__VA_ARGS__, NULL})

static void make_homes(const struct bench *b, char *a, char *d)
{
    char request[BENCH_PATH_MAX], accept[BENCH_PATH_MAX];

    bench_path(a, "%s/bulk-a", b->run);
    bench_path(d, "%s/bulk-b", b->run);
    bench_path(request, "%s/b.request", b->run);
    bench_path(accept, "%s/b.request.accept", b->run);
    RUN(b, a, "camp", "create", "Bench");
    RUN(b, d, "join", "--request", request);
    RUN(b, a, "enrol", "sign", request);
    RUN(b, d, "join", "--accept", accept);
}

/* ---- asking */

struct found {
    char id[65];
    uint64_t held; /* parts */
    bool is_whole;
};

static void on_item(void *ctx, json_t *line)
{
    const char *id = json_string_value(json_object_get(line, "content"));
    struct found *f = ctx;

    if (id == NULL) return;
    (void)snprintf(f->id, sizeof(f->id), "%s", id);
    f->is_whole = json_is_true(json_object_get(line, "whole"));
    f->held = (uint64_t)json_integer_value(json_object_get(line, "held"));
}

static bool ask(const struct bench_daemon *d, json_t *request,
                struct found *out)
{
    struct daf_home home = {.lock_fd = -1};
    struct daf_trouble t;
    json_t *last = NULL;
    enum daf_err err;
    bool done;

    (void)snprintf(home.dir, sizeof(home.dir), "%s", d->home);
    err = daf_api_call(&home, request, on_item, out, &last, &t);
    done = err == DAF_OK && json_object_get(last, "error") == NULL;
    json_decref(last);
    json_decref(request);
    return done;
}

static double cpu_of(const struct bench_daemon *d)
{
    struct bench_process all[BENCH_PROCESSES_MAX];
    size_t count = bench_process_list(d, all);
    double ms = 0;

    for (size_t i = 0; i < count; i++)
        ms += bench_process_cpu(all[i].pid);
    return ms / 1000;
}

/* ---- ours */

/* Both are connected, and the catalogue is known: from the wish until the item is
 * whole, which is said when it is durable. */
static double fetch(const struct bench *b, const struct bench_daemon *a,
                    const struct bench_daemon *d, const char *id,
                    double *out_cpu_s)
{
    struct found found = {.is_whole = false};
    double limit = bench_now() + LIMIT_S, start, cpu = cpu_of(a) + cpu_of(d);

    start = bench_now();
    while (!ask(d,
                json_pack("{ss ss s[s]}", "op", "content-wish", "content", id,
                          "set", "wanted"),
                &found)) {
        /* The catalogue has not come yet. */
        if (bench_now() > limit) bench_die("the catalogue does not come");
        bench_pause(5);
        start = bench_now();
    }
    while (!found.is_whole) {
        bench_progress(b, "bulk: daftar, %.0f s", bench_now() - start);
        if (!ask(d,
                 json_pack("{ss ss sI}", "op", "content-wait", "content", id,
                           "held", (json_int_t)found.held),
                 &found) ||
            bench_now() > limit)
            bench_die("the content does not come");
    }
    *out_cpu_s = cpu_of(a) + cpu_of(d) - cpu;
    return bench_now() - start;
}

static void check_same(const struct bench *b, const char *home, const char *id,
                       const char *file)
{
    char command[3 * BENCH_PATH_MAX];

    (void)snprintf(command, sizeof(command),
                   "cmp -s '%s' '%s/content/%s/files/file.bin'", file, home,
                   id);
    (void)b;
    if (system(command) != 0) bench_die("what came is not what was sent");
}

static double ours_once(const struct bench *b, const char *file,
                        double *out_cpu_s)
{
    char home_a[BENCH_PATH_MAX], home_b[BENCH_PATH_MAX], door[64];
    char folder[BENCH_PATH_MAX];
    struct bench_daemon a, d;
    struct found found = {.id = ""};
    double seconds;

    make_homes(b, home_a, home_b);
    bench_path(folder, "%s/bulk", b->run);
    bench_node_start(b, home_a, NULL, &a);
    RUN(b, home_a, "publish", folder);
    if (!ask(&a, json_pack("{ss}", "op", "content-list"), &found) ||
        found.id[0] == '\0')
        bench_die("what was published is not there");
    (void)snprintf(door, sizeof(door), "127.0.0.1:%u", (unsigned)a.door);
    bench_node_start(b, home_b, door, &d);
    bench_node_rest(&d);
    bench_file_warm(2 * b->mib);
    bench_file_settle(b->run);
    seconds = fetch(b, &a, &d, found.id, out_cpu_s);
    check_same(b, home_b, found.id, file);
    bench_node_stop(&d);
    bench_node_stop(&a);
    bench_file_remove(home_a);
    bench_file_remove(home_b);
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
    FILE *f;
    int n = 0;

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
    if (sscanf(line, "%lf %lf %n", wall_s, cpu_s, &n) != 2) return false;
    line[strcspn(line, "\n")] = '\0';
    (void)snprintf(version, cap, "%s", line + n);
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
    char folder[BENCH_PATH_MAX], file[BENCH_PATH_MAX], to[BENCH_PATH_MAX];
    double share[BENCH_TIMES];
    struct result ours, bare;

    bench_path(folder, "%s/bulk", b->run);
    bench_path(file, "%s/bulk/file.bin", b->run);
    bench_path(to, "%s/bare.bin", b->run);
    bench_file_mkdir(folder);
    make_file(b, file);
    bench_path(folder, "%s/bulk/content.ini", b->run);
    write_text(folder, "[title]\nen = Bulk\n");
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
