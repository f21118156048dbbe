/* SPDX-License-Identifier: Apache-2.0 */
/* One source, and all others of a room want what it has: real daemons, each in a
 * network of its own behind a capped uplink.  T* is what a fluid would need. */
#include "tests/bench/bench_net.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "node/api.h"

#define DEVICES_MAX 17 /* the source is the first */
#define MIB_OWN     64
#define MIB         (1024.0 * 1024.0)
#define MEET_S      120.0
/* Then it is given up.  A source that does all of it alone needs T* for each. */
#define GIVE_UP(count, optimum) (30.0 + 2.0 * (count) * (optimum))

struct room {
    const struct bench *b;
    const char *name;
    unsigned count; /* of devices, the source too */
    const char *file;
    double uplinks[DEVICES_MAX];
    struct bench_daemon daemons[DEVICES_MAX];
};

enum {
    UPLINK,
    SLOWEST,
    OPTIMUM,
    FIRST,
    LAST,
    RATIO,
    COPIES,
    TWICE,
    TWICE_MOST,
    CPU,
    VALUES
};
/* Of others there are LAST, RATIO, COPIES and CPU. */
static const struct {
    const char *metric, *unit, *goal;
} rows[VALUES] = {
    [UPLINK] = {"bare TCP: uplink of the source", "MiB/s", NULL},
    [SLOWEST] = {"bare TCP: the slowest uplink", "MiB/s", NULL},
    [OPTIMUM] = {"fluid optimum T*", "s", NULL},
    [FIRST] = {"first finisher", "s", NULL},
    [LAST] = {"last finisher", "s", NULL},
    [RATIO] = {"last finisher by T*", "ratio", NULL},
    [COPIES] = {"copies the source sent", "copies", "<= 1.10"},
    [TWICE] = {"fetched twice, all receivers", "%", NULL},
    [TWICE_MOST] = {"fetched twice, most of one", "%", NULL},
    [CPU] = {"CPU of all processes", "s", NULL},
};

/* max(F/us, N F / (us + sum ui)); the way down has no cap, so F/dmin is no bound. */
static void measure_optimum(struct room *r, double *values)
{
    double all = 0, slowest, bytes = (double)r->b->mib * MIB, shared;

    bench_progress(r->b, "%s: bare TCP", r->name);
    bench_uplink(r->count, r->uplinks);
    slowest = r->uplinks[0];
    for (unsigned i = 0; i < r->count; i++) {
        all += r->uplinks[i];
        if (r->uplinks[i] < slowest) slowest = r->uplinks[i];
    }
    shared = (r->count - 1) * bytes / all;
    values[UPLINK] = r->uplinks[0] / MIB;
    values[SLOWEST] = slowest / MIB;
    values[OPTIMUM] = bytes / r->uplinks[0];
    if (values[OPTIMUM] < shared) values[OPTIMUM] = shared;
}

/* ---- a receiver: a thread that asks its daemon, and waits */

struct receiver {
    pthread_t thread;
    pthread_barrier_t *start;
    const struct bench_daemon *daemon;
    const char *id;
    double limit;      /* seconds it may take */
    double began, end; /* end 0: it did not come */
    struct bench_item item;
    struct daf_api *api;
};

static bool say(struct receiver *w, json_t *request, json_t **out)
{
    struct daf_trouble t;
    bool sent = daf_api_send(w->api, request, &t) == DAF_OK;
    enum daf_err err;

    json_decref(request);
    *out = NULL;
    if (!sent) return false;
    do /* nothing may change for a minute */
        err = daf_api_receive(w->api, out, &t);
    while (err == DAF_ETIME && bench_now() < w->began + w->limit);
    return err == DAF_OK && json_object_get(*out, "error") == NULL;
}

static bool wait_more(struct receiver *w)
{
    json_t *answer;
    bool done = say(w,
                    json_pack("{ss ss sI}", "op", "content-wait", "content",
                              w->id, "held", (json_int_t)w->item.held),
                    &answer);

    w->item.held =
        (uint64_t)json_integer_value(json_object_get(answer, "held"));
    w->item.bytes =
        (uint64_t)json_integer_value(json_object_get(answer, "bytes"));
    w->item.fetched =
        (uint64_t)json_integer_value(json_object_get(answer, "fetched"));
    w->item.is_whole = json_is_true(json_object_get(answer, "whole"));
    json_decref(answer);
    return done;
}

static void *receive(void *ctx)
{
    struct receiver *w = ctx;
    struct daf_home home = {.lock_fd = -1};
    struct daf_trouble t;
    json_t *answer = NULL;
    bool goes_on;

    (void)snprintf(home.dir, sizeof(home.dir), "%s", w->daemon->home);
    goes_on = daf_api_open(&home, &w->api, &t) == DAF_OK;
    (void)pthread_barrier_wait(w->start);
    w->began = bench_now();
    goes_on = goes_on && say(w,
                             json_pack("{ss ss s[s]}", "op", "content-wish",
                                       "content", w->id, "set", "wanted"),
                             &answer);
    json_decref(answer);
    while (goes_on && !w->item.is_whole)
        goes_on = wait_more(w) && bench_now() < w->began + w->limit;
    if (w->item.is_whole) w->end = bench_now();
    daf_api_close(w->api);
    return NULL;
}

/* From the moment when the first was told to the one when each has all of it. */
static void fetch(struct room *r, const char *id, double *values)
{
    struct receiver w[DEVICES_MAX] = {0};
    double start = 0, last = 0, first = 0, twice = 0, most = 0;
    unsigned receivers = r->count - 1;
    pthread_barrier_t barrier;

    (void)pthread_barrier_init(&barrier, NULL, receivers);
    for (unsigned i = 0; i < receivers; i++) {
        w[i].start = &barrier;
        w[i].daemon = &r->daemons[i + 1];
        w[i].id = id;
        w[i].limit = GIVE_UP(r->count, values[OPTIMUM]);
        if (pthread_create(&w[i].thread, NULL, receive, &w[i]) != 0)
            bench_die("no more threads");
    }
    for (unsigned i = 0; i < receivers; i++)
        (void)pthread_join(w[i].thread, NULL);
    (void)pthread_barrier_destroy(&barrier);
    for (unsigned i = 0; i < receivers; i++) {
        double more;

        if (w[i].end <= 0)
            bench_die("device %u has %llu parts after %.0f s, and not all",
                      i + 2, (unsigned long long)w[i].item.held, w[i].limit);
        more = ((double)w[i].item.fetched - (double)w[i].item.bytes) /
               (double)w[i].item.bytes;
        twice += more / receivers;
        if (more > most) most = more;
        if (i == 0 || w[i].began < start) start = w[i].began;
        if (i == 0 || w[i].end < first) first = w[i].end;
        if (w[i].end > last) last = w[i].end;
    }
    values[FIRST] = first - start;
    values[LAST] = last - start;
    values[RATIO] = values[LAST] / values[OPTIMUM];
    values[TWICE] = 100 * twice;
    values[TWICE_MOST] = 100 * most;
}

/* ---- ours */

static void start_all(struct room *r, char (*homes)[BENCH_PATH_MAX])
{
    struct bench_place place = {0};

    for (unsigned i = 0; i < r->count; i++) {
        place.device = i + 1;
        place.known = i; /* of each two the later one calls */
        bench_node_launch(r->b, homes[i], &place, &r->daemons[i]);
        bench_node_wait(&r->daemons[i]);
    }
}

static void stop_all(struct room *r)
{
    for (unsigned i = 0; i < r->count; i++)
        (void)kill(r->daemons[i].pid, SIGTERM);
    for (unsigned i = 0; i < r->count; i++)
        bench_node_stop(&r->daemons[i]);
}

/* Each is in step with all others, and its catalogue has the item. */
static void wait_ready(const struct room *r, const char *id)
{
    double limit = bench_now() + MEET_S;
    size_t connected, in_step = 0;
    struct bench_item unused;

    for (unsigned i = 0; i < r->count;) {
        bench_progress(r->b, "%s: %u of %u are ready", r->name, i, r->count);
        if (bench_node_peers(&r->daemons[i], &connected, &in_step) &&
            in_step + 1 == r->count &&
            bench_content_ask(&r->daemons[i],
                              json_pack("{ss ss s[s]}", "op", "library-item",
                                        "content", id, "languages", "en"),
                              &unused)) {
            i++;
            continue;
        }
        if (bench_now() > limit)
            bench_die("device %u is in step with %zu of %u others", i + 1,
                      in_step, r->count - 1);
        bench_pause(50);
    }
    for (unsigned i = 0; i < r->count; i++)
        bench_node_rest(&r->daemons[i]);
}

static double cpu_of_all(const struct room *r)
{
    double sum = 0;

    for (unsigned i = 0; i < r->count; i++)
        sum += bench_content_cpu(&r->daemons[i]);
    return sum;
}

static void ours_once(struct room *r, double *values)
{
    static char homes[DEVICES_MAX][BENCH_PATH_MAX];
    char folder[BENCH_PATH_MAX];
    struct bench_status status;
    struct bench_item item;

    for (unsigned i = 0; i < r->count; i++)
        bench_path(homes[i], "%s/h%u", r->b->run, i + 1);
    bench_path(folder, "%s/swarm", r->b->run);
    bench_progress(r->b, "%s: a camp of %u", r->name, r->count);
    bench_content_camp(r->b, homes, r->count);
    start_all(r, homes);
    bench_content_publish(r->b, &r->daemons[0], folder, &item);
    wait_ready(r, item.id);
    bench_file_warm((r->count + 1) * r->b->mib);
    bench_file_settle(r->b->run);
    bench_progress(r->b, "%s: daftar", r->name);
    values[CPU] = cpu_of_all(r);
    fetch(r, item.id, values);
    values[CPU] = cpu_of_all(r) - values[CPU];
    bench_node_status(&r->daemons[0], &status);
    values[COPIES] = (double)status.content_out / (double)item.bytes;
    for (unsigned i = 1; i < r->count; i++)
        bench_content_check(homes[i], item.id, r->file);
    stop_all(r);
    for (unsigned i = 0; i < r->count; i++)
        bench_file_remove(homes[i]);
}

/* ---- others */

/* One line of torrent.py: "last copies cpu version"; it ends by itself.  Otherwise
 * why there is none. */
static const char *torrent_once(const struct room *r, double *values,
                                char *version, size_t cap)
{
    char command[4 * BENCH_PATH_MAX], line[256] = "";
    double said[3];
    const char *rest;
    FILE *f;
    int status;

    bench_progress(r->b, "%s: libtorrent", r->name);
    (void)snprintf(command, sizeof(command),
                   "/usr/bin/python3 '%s/tests/bench/torrent.py' '%s' "
                   "'%s/torrent' %u %.0f",
                   DAF_SOURCE_DIR, r->file, r->b->run, r->count,
                   GIVE_UP(r->count, values[OPTIMUM]));
    f = popen(command, "re");
    if (f == NULL) return "no more processes";
    if (fgets(line, sizeof(line), f) == NULL) line[0] = '\0';
    status = pclose(f);
    line[strcspn(line, "\n")] = '\0';
    rest = bench_numbers(line, said, 3);
    if (rest == NULL)
        return status == 0 ? "not installed" : "failed; it says why above";
    values[LAST] = said[0];
    values[RATIO] = said[0] / values[OPTIMUM];
    values[COPIES] = said[1];
    values[CPU] = said[2];
    (void)snprintf(version, cap, "%s", rest);
    return NULL;
}

/* ---- rows */

static void row(const struct room *r, const char *who, int what, double value,
                const char *goal)
{
    char metric[96];

    (void)snprintf(metric, sizeof(metric), "%s%s%s", who,
                   who[0] != '\0' ? ": " : "", rows[what].metric);
    bench_row(r->b, r->name, metric, value, rows[what].unit, goal);
}

static void compare(const struct room *r, double optimum)
{
    static const int said[] = {LAST, RATIO, COPIES, CPU};
    double values[VALUES] = {0};
    char version[64];
    const char *why;

    values[OPTIMUM] = optimum;
    why = torrent_once(r, values, version, sizeof(version));
    if (why != NULL) {
        bench_row_none(r->b, r->name, "libtorrent", why, NULL);
        return;
    }
    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
        row(r, version, said[i], values[said[i]], NULL);
}

/* @cap: bytes a second, headers included; @goal: of the last finisher by T*. */
static void swarm(const struct bench *asked, const char *name,
                  unsigned receivers, double cap, const char *goal)
{
    double values[VALUES][BENCH_SIM_TIMES_MAX], once[VALUES] = {0};
    struct bench with = *asked;
    struct room r = {.b = &with, .name = name, .count = receivers + 1};
    char folder[BENCH_PATH_MAX], file[BENCH_PATH_MAX];

    if (with.mib == 0) with.mib = MIB_OWN;
    bench_path(folder, "%s/swarm", with.run);
    bench_path(file, "%s/file.bin", folder);
    r.file = file;
    bench_content_make(folder, "file.bin", with.mib);
    bench_lab_open(&with, r.count, true);
    for (unsigned i = 1; i <= r.count; i++)
        (void)bench_lab_do("lab_cap %u %.0f", i, cap);
    for (size_t i = 0; i < with.times; i++) {
        measure_optimum(&r, once);
        ours_once(&r, once);
        for (int v = 0; v < VALUES; v++)
            values[v][i] = once[v];
    }
    for (int v = 0; v < VALUES; v++)
        row(&r, v <= OPTIMUM ? "" : "daftar", v,
            bench_median(values[v], with.times),
            v == RATIO ? goal : rows[v].goal);
    compare(&r, once[OPTIMUM]);
    bench_lab_close();
    bench_file_remove(folder);
}

void case_eight(const struct bench *b)
{
    swarm(b, "eight", 8, 4e6, "<= 1.15");
}

void case_sixteen(const struct bench *b)
{
    swarm(b, "sixteen", 16, 3e6, "<= 1.25");
}
