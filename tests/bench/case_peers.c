/* SPDX-License-Identifier: Apache-2.0 */
/* A thousand connected peers, equal to the device, beside the least that could
 * have let them in. */
#include "tests/bench/bench_net.h"

#include "node/home.h"
#include "proto/manifest.h"

#define BODY      300
#define PORTS_MAX 1024

enum { KIB, BARE_KIB, CPU, BARE_CPU, SHARE, ROWS };

static const struct {
    const char *metric, *unit, *goal;
} rows[ROWS] = {
    [KIB] = {"memory of link and core, each", "KiB", "<= 64"},
    [BARE_KIB] = {"bare CURVE and ZAP: memory, each", "KiB", NULL},
    [CPU] = {"processor time of link and core, each", "ms", NULL},
    [BARE_CPU] = {"bare CURVE and ZAP: processor time", "ms", NULL},
    [SHARE] = {"processor time to that of bare", "ratio", "<= 2.0"},
};

/* Mesh has no address of its own on paper: it is the other new listener. */
static uint16_t find_mesh(const struct bench_daemon *d)
{
    static uint16_t ports[PORTS_MAX];
    size_t count = bench_node_listeners(ports, PORTS_MAX);

    for (size_t i = 0; i < count; i++) {
        if (ports[i] != d->door) return ports[i];
    }
    bench_die("the daemon has no mesh endpoint");
}

static void plan_for(const struct bench_daemon *d, size_t count,
                     struct bench_callers_plan *out)
{
    static struct daf_manifest manifest;
    struct daf_trouble t = {""};
    struct daf_home home;

    bench_ok(daf_home_load(d->home, true, &home, &t), "load a home");
    bench_ok(daf_manifest_decode((struct daf_view){home.manifest,
                                                   home.manifest_len},
                                 &manifest),
             "read a manifest");
    *out = (struct bench_callers_plan){.port = find_mesh(d),
                                       .server = home.keys.transport,
                                       .camp = manifest.camp,
                                       .greets = true,
                                       .count = count};
    daf_home_unload(&home);
}

static void daftar_once(const struct bench *b, const char *home, size_t count,
                        double *out_kib, double *out_cpu)
{
    struct bench_callers_plan plan;
    struct bench_callers callers;
    struct bench_used before, after;
    size_t connected = 0, in_step = 0;
    struct bench_daemon d;

    bench_node_start(b, home, NULL, &d);
    bench_node_rest(&d);
    plan_for(&d, count, &plan);
    bench_process_used(&d, &before);
    bench_callers_open(&plan, &callers);
    bench_node_rest(&d);
    bench_process_used(&d, &after);
    /* Asked last: to list a thousand costs as well. */
    (void)bench_node_peers(&d, &connected, &in_step);
    if (in_step < count)
        bench_die("%zu of %zu peers are connected, %zu in step", connected,
                  count, in_step);
    *out_kib = (after.kib - before.kib) / (double)count;
    *out_cpu = (after.cpu_ms - before.cpu_ms) / (double)count;
    bench_callers_close(&callers);
    bench_node_stop(&d);
}

static void bare_once(size_t count, double *out_kib, double *out_cpu)
{
    struct bench_callers server, callers;
    struct bench_callers_plan plan;
    double kib, cpu;

    bench_callers_serve(count, &server, &plan);
    kib = bench_process_kib(server.pid);
    cpu = bench_process_cpu(server.pid);
    bench_callers_open(&plan, &callers);
    *out_kib = (bench_process_kib(server.pid) - kib) / (double)count;
    *out_cpu = (bench_process_cpu(server.pid) - cpu) / (double)count;
    bench_callers_close(&callers);
    bench_callers_close(&server);
}

void case_peers(const struct bench *b)
{
    size_t count = b->nodes < BENCH_DEVICES ? b->nodes : BENCH_DEVICES;
    double values[ROWS][BENCH_TIMES];
    char home[BENCH_PATH_MAX];
    struct bench_world w;

    bench_gen(b, b->records, BODY, &w);
    bench_gen_home(b, &w, 'A', BENCH_STORE_CONTROL, home);
    for (size_t i = 0; i < BENCH_TIMES; i++) {
        bench_progress(b, "peers, %zu of %d", i + 1, BENCH_TIMES);
        daftar_once(b, home, count, &values[KIB][i], &values[CPU][i]);
        bare_once(count, &values[BARE_KIB][i], &values[BARE_CPU][i]);
        values[SHARE][i] = values[CPU][i] / values[BARE_CPU][i];
    }
    for (size_t i = 0; i < ROWS; i++)
        bench_row(b, "peers", rows[i].metric,
                  bench_median(values[i], BENCH_TIMES), rows[i].unit,
                  rows[i].goal);
}
