/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_net.h"

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
#define REST_S  600.0

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
    out->content_out = number(line, "content_out");
    out->records = number(line, "records");
    out->records_in = number(line, "records_in");
    out->sessions = number(line, "sessions");
    out->is_unverified = json_is_true(json_object_get(line, "unchecked"));
}

struct peers {
    size_t count, connected, in_step;
};

static void take_peer(void *ctx, json_t *line)
{
    bool is_connected = json_is_true(json_object_get(line, "connected"));
    struct peers *p = ctx;

    if (json_object_get(line, "peer") == NULL) return;
    p->count++;
    p->connected += is_connected;
    p->in_step +=
        is_connected && json_is_true(json_object_get(line, "in_step"));
}

bool bench_node_peers(const struct bench_daemon *d, size_t *out_connected,
                      size_t *out_in_step)
{
    struct peers peers = {0, 0, 0};
    bool answers = ask(d, "peers", take_peer, &peers) == DAF_OK;

    *out_connected = peers.connected;
    *out_in_step = peers.in_step;
    return answers;
}

void bench_node_status(const struct bench_daemon *d, struct bench_status *out)
{
    struct peers peers = {0, 0, 0};

    *out = (struct bench_status){.records = 0};
    bench_ok(ask(d, "status", take_status, out), "ask a daemon");
    bench_ok(ask(d, "peers", take_peer, &peers), "ask a daemon");
    out->in_step = peers.count == 1 && peers.in_step == 1;
}

/* ---- processes */

static void become(const struct bench *b, const char *home,
                   const struct bench_place *place)
{
    char program[BENCH_PATH_MAX], log[BENCH_PATH_MAX], door[32];
    const char *words[] = {
        "daftard",
        "--home",
        home,
        "--listen",
        place->device > 0 ? "0.0.0.0:5670" : "127.0.0.1:0",
        place->finds ? NULL : "--no-mdns",
        place->peer != NULL ? "--peer" : NULL,
        place->peer,
        place->serves ? "--http" : NULL,
        place->serves ? "127.0.0.1:0" : NULL,
    };
    char *argv[sizeof(words) / sizeof(words[0]) + BENCH_KNOWN_MAX * 2 + 1] = {
        NULL};
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), out;
    size_t n = 0;

    bench_path(program, "%s/daftard", b->bin);
    bench_path(log, "%s.log", home);
    out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (words[i] != NULL) argv[n++] = strdup(words[i]);
    for (unsigned i = 1; i <= place->known && i <= BENCH_KNOWN_MAX; i++) {
        (void)snprintf(door, sizeof(door), "10.77.0.%u:5670", i);
        argv[n++] = strdup("--peer");
        argv[n++] = strdup(door);
    }
    if (place->device > 0 && !bench_lab_move(place->device)) _exit(126);
    /* Whatever ends this program, its daemons end too. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(null, STDIN_FILENO);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(out, STDERR_FILENO);
    (void)execv(program, argv);
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

void bench_node_launch(const struct bench *b, const char *home,
                       const struct bench_place *place,
                       struct bench_daemon *out)
{
    char path[BENCH_PATH_MAX];

    *out = (struct bench_daemon){.pid = 0};
    bench_path(out->home, "%s", home);
    bench_path(path, "%s/run/endpoint", home);
    (void)unlink(path); /* of the run before */
    (void)fflush(NULL);
    out->pid = fork();
    if (out->pid < 0) bench_die("no more processes");
    if (out->pid == 0) become(b, home, place);
}

void bench_node_wait(struct bench_daemon *d)
{
    double limit = bench_now() + START_S;
    int status;

    while (!read_door(d) || ask(d, "status", NULL, NULL) != DAF_OK) {
        if (waitpid(d->pid, &status, WNOHANG) == d->pid)
            bench_die("a daemon ended at once: see %s.log", d->home);
        if (bench_now() > limit) bench_die("a daemon does not answer");
        bench_pause(10);
    }
}

void bench_node_start(const struct bench *b, const char *home, const char *peer,
                      struct bench_daemon *out)
{
    const struct bench_place place = {.peer = peer};

    bench_node_launch(b, home, &place, out);
    bench_node_wait(out);
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

void bench_node_rest(const struct bench_daemon *d)
{
    double limit = bench_now() + REST_S, before, now = bench_node_cpu(d);

    do {
        if (bench_now() > limit) bench_die("a daemon does not come to rest");
        before = now;
        bench_pause(500);
        now = bench_node_cpu(d);
    } while (now > before);
}

/* ---- what the kernel knows */

double bench_node_cpu(const struct bench_daemon *d)
{
    return bench_process_cpu(d->pid);
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
