/* SPDX-License-Identifier: Apache-2.0 */
/* A thousand connected peers, equal to the device, beside the least that could
 * have let them in. */
#include "tests/bench/bench_net.h"

#include "node/home.h"
#include "proto/manifest.h"

#define BODY      300
#define PORTS_MAX 1024

enum { KIB, BARE_KIB, CPU, DOOR_CPU, BARE_CPU, SHARE, DOOR_SHARE, ROWS };

/* Whoever connects knocks first, so that it is two handshakes; bare CURVE and ZAP
 * is one. */
static const struct {
    const char *metric, *unit, *goal;
} rows[ROWS] = {
    [KIB] = {"memory of link and core, each", "KiB", "<= 64"},
    [BARE_KIB] = {"bare CURVE and ZAP: memory, each", "KiB", NULL},
    [CPU] = {"processor time, mesh", "ms", NULL},
    [DOOR_CPU] = {"processor time, door and mesh", "ms", NULL},
    [BARE_CPU] = {"bare CURVE and ZAP: processor time", "ms", NULL},
    [SHARE] = {"mesh, to bare", "ratio", "<= 2.0"},
    [DOOR_SHARE] = {"door and mesh, to bare", "ratio", "<= 2.0"},
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

static void plan_for(const struct bench_daemon *d, size_t count, bool knocks,
                     struct bench_callers_plan *out)
{
    static struct bench_camp camp;
    struct daf_trouble t = {""};
    struct daf_box_sk unused;
    struct daf_home home;

    bench_ok(daf_home_load(d->home, true, &home, &t), "load a home");
    bench_camp_make(&home.keys, &camp); /* the same as when it was made */
    *out = (struct bench_callers_plan){.port = find_mesh(d),
                                       .server = home.keys.transport,
                                       .count = count,
                                       .camp = &camp,
                                       .coordinator = home.secrets.sign,
                                       .door_port = knocks ? d->door : 0};
    daf_manifest_door_keys(&camp.manifest.discovery, &out->door, &unused);
    daf_home_unload(&home);
}

static size_t count_of(const struct bench *b)
{
    return b->nodes < BENCH_DEVICES ? b->nodes : BENCH_DEVICES;
}

static void daftar_once(const struct bench *b, const char *home, bool knocks,
                        double *out_kib, double *out_cpu)
{
    size_t count = count_of(b);
    struct bench_callers_plan plan;
    struct bench_callers callers;
    struct bench_used before, after;
    size_t connected = 0, in_step = 0;
    struct bench_daemon d;

    bench_node_start(b, home, NULL, &d);
    bench_node_rest(&d);
    plan_for(&d, count, knocks, &plan);
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
    double values[ROWS][BENCH_TIMES], kib;
    char home[BENCH_PATH_MAX];
    struct bench_world w;

    bench_gen(b, b->records, BODY, &w);
    bench_gen_home(b, &w, 'A', BENCH_STORE_CONTROL, home);
    for (size_t i = 0; i < BENCH_TIMES; i++) {
        bench_progress(b, "peers, %zu of %d", i + 1, BENCH_TIMES);
        daftar_once(b, home, false, &values[KIB][i], &values[CPU][i]);
        daftar_once(b, home, true, &kib, &values[DOOR_CPU][i]);
        bare_once(count_of(b), &values[BARE_KIB][i], &values[BARE_CPU][i]);
        values[SHARE][i] = values[CPU][i] / values[BARE_CPU][i];
        values[DOOR_SHARE][i] = values[DOOR_CPU][i] / values[BARE_CPU][i];
    }
    for (size_t i = 0; i < ROWS; i++)
        bench_row(b, "peers", rows[i].metric,
                  bench_median(values[i], BENCH_TIMES), rows[i].unit,
                  rows[i].goal);
}
