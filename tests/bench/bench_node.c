/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_net.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/api.h"
#include "proto/frame.h"

#define START_S 120.0 /* a daemon reads all of control first */
#define STOP_S  60.0

/* ---- asking */

static enum daf_err ask(const struct bench_daemon *d, const char *op,
                        void (*line)(void *ctx, json_t *line), void *ctx)
{
    struct daf_trouble t = {""};
    json_t *request = json_pack("{ss}", "op", op), *last = NULL;
    struct daf_home home = {.lock_fd = -1};
    enum daf_err err;

    (void)snprintf(home.dir, sizeof(home.dir), "%s", d->home);
    err = daf_api_call(&home, request, line, ctx, &last, &t);
    json_decref(last);
    json_decref(request);
    return err;
}

static uint64_t number(const json_t *o, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(o, key));
}

static void take_status(void *ctx, json_t *line)
{
    struct bench_status *out = ctx;
    const json_t *sent = json_object_get(line, "sent");

    for (size_t i = 0; i < DAF_AGENT_KINDS; i++) {
        const json_t *one =
            json_object_get(sent, daf_frame_kind_str((enum daf_frame_kind)i));

        /* Numbers in between have no name of their own. */
        if (i > DAF_FRAME_ADDRESSES && i < DAF_FRAME_KNOCK) continue;
        out->sent[i] = (struct daf_agent_tally){number(one, "frames"),
                                                number(one, "bytes")};
    }
    out->bytes_in = number(line, "bytes_in");
    out->bytes_out = number(line, "bytes_out");
    out->records = number(line, "records");
    out->records_in = number(line, "records_in");
    out->sessions = number(line, "sessions");
    out->is_unverified = json_is_true(json_object_get(line, "unchecked"));
}

struct peers {
    size_t count, in_step;
};

static void take_peer(void *ctx, json_t *line)
{
    struct peers *p = ctx;

    if (json_object_get(line, "peer") == NULL) return;
    p->count++;
    p->in_step += json_is_true(json_object_get(line, "connected")) &&
                  json_is_true(json_object_get(line, "in_step"));
}

void bench_node_status(const struct bench_daemon *d, struct bench_status *out)
{
    struct peers peers = {0, 0};

    *out = (struct bench_status){.records = 0};
    bench_ok(ask(d, "status", take_status, out), "ask a daemon");
    bench_ok(ask(d, "peers", take_peer, &peers), "ask a daemon");
    out->in_step = peers.count == 1 && peers.in_step == 1;
}

/* ---- processes */

static void become(const struct bench *b, const char *home, const char *peer)
{
    char program[BENCH_PATH_MAX], log[BENCH_PATH_MAX];
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), out;

    bench_path(program, "%s/daftard", b->bin);
    bench_path(log, "%s.log", home);
    out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    /* Whatever ends this program, its daemons end too. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(null, STDIN_FILENO);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(out, STDERR_FILENO);
    (void)execl(program, "daftard", "--home", home, "--listen", "127.0.0.1:0",
                "--no-mdns", peer != NULL ? "--peer" : NULL, peer, NULL);
    _exit(127);
}

static bool read_door(struct bench_daemon *d)
{
    char path[BENCH_PATH_MAX], text[80] = "";
    const char *colon;
    FILE *f;

    bench_path(path, "%s/run/endpoint", d->home);
    f = fopen(path, "re");
    if (f == NULL) return false;
    if (fgets(text, sizeof(text), f) == NULL) text[0] = '\0';
    (void)fclose(f);
    colon = strrchr(text, ':');
    d->door = colon != NULL ? (uint16_t)strtoul(colon + 1, NULL, 10) : 0;
    return d->door != 0;
}

void bench_node_start(const struct bench *b, const char *home, const char *peer,
                      struct bench_daemon *out)
{
    double limit = bench_now() + START_S;
    int status;

    *out = (struct bench_daemon){.pid = 0};
    bench_path(out->home, "%s", home);
    (void)fflush(NULL);
    out->pid = fork();
    if (out->pid < 0) bench_die("no more processes");
    if (out->pid == 0) become(b, home, peer);
    while (!read_door(out) || ask(out, "status", NULL, NULL) != DAF_OK) {
        if (waitpid(out->pid, &status, WNOHANG) == out->pid)
            bench_die("a daemon ended at once: see %s.log", home);
        if (bench_now() > limit) bench_die("a daemon does not answer");
        bench_pause(10);
    }
}

void bench_node_stop(struct bench_daemon *d)
{
    double limit = bench_now() + STOP_S;
    int status;

    if (d->pid == 0) return;
    (void)kill(d->pid, SIGTERM);
    while (waitpid(d->pid, &status, WNOHANG) == 0) {
        if (bench_now() > limit) (void)kill(d->pid, SIGKILL);
        bench_pause(10);
    }
    d->pid = 0;
}

/* ---- what the kernel knows */

double bench_node_cpu(const struct bench_daemon *d)
{
    char path[BENCH_PATH_MAX];
    const struct dirent *entry;
    uint64_t sum = 0;
    DIR *tasks;

    bench_path(path, "/proc/%d/task", (int)d->pid);
    tasks = opendir(path);
    if (tasks == NULL) bench_die("a daemon is gone");
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the relay reads no folder */
    while ((entry = readdir(tasks)) != NULL) {
        char text[80], *end = text;
        FILE *f;

        if (entry->d_name[0] == '.') continue;
        bench_path(path, "/proc/%d/task/%s/schedstat", (int)d->pid,
                   entry->d_name);
        f = fopen(path, "re");
        /* "time on the processor, time waiting, turns", nanoseconds */
        if (f != NULL && fgets(text, sizeof(text), f) != NULL)
            sum += strtoull(text, &end, 10);
        if (f == NULL || end == text)
            bench_die("this kernel does not tell processor time");
        (void)fclose(f);
    }
    (void)closedir(tasks);
    return (double)sum / 1e6;
}

/* "  0: 0100007F:A3D1 00000000:0000 0A …": the port is the second word's, and
 * state 0A, the fourth word, listens. */
static bool read_listener(char *line, uint16_t *out)
{
    char *words[4], *rest = NULL;

    for (size_t i = 0; i < 4; i++) {
        words[i] = strtok_r(i == 0 ? line : NULL, " ", &rest);
        if (words[i] == NULL) return false;
    }
    if (strcmp(words[3], "0A") != 0 || strchr(words[1], ':') == NULL)
        return false;
    *out = (uint16_t)strtoul(strchr(words[1], ':') + 1, NULL, 16);
    return true;
}

static size_t read_listeners(const char *path, uint16_t *out, size_t cap)
{
    FILE *f = fopen(path, "re");
    char line[512];
    size_t count = 0;

    while (f != NULL && count < cap && fgets(line, sizeof(line), f) != NULL)
        count += read_listener(line, &out[count]);
    if (f != NULL) (void)fclose(f);
    return count;
}

size_t bench_node_listeners(uint16_t *out, size_t cap)
{
    size_t n = read_listeners("/proc/net/tcp", out, cap);

    return n + read_listeners("/proc/net/tcp6", out + n, cap - n);
}
