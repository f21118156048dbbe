/* SPDX-License-Identifier: Apache-2.0 */
/* Camps of many homes, an item in one of them, and what daemons say of it. */
#include "tests/bench/bench_net.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/api.h"

#define WORDS_MAX 8

/* ---- commands of ours */

static void become(const struct bench *b, const char *home,
                   const char *const *words)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    char program[BENCH_PATH_MAX], *argv[WORDS_MAX + 4] = {strdup("daftar")};
    size_t n = 1;

    bench_path(program, "%s/daftar", b->bin);
    for (; n <= WORDS_MAX && words[n - 1] != NULL; n++)
        argv[n] = strdup(words[n - 1]);
    argv[n++] = strdup("--home");
    argv[n] = strdup(home);
    (void)dup2(null, STDOUT_FILENO); /* what it prints is not wanted */
    (void)execv(program, argv);
    _exit(127);
}

void bench_daftar(const struct bench *b, const char *home,
                  const char *const *words)
{
    int status;
    pid_t pid;

    (void)fflush(NULL);
    pid = fork();
    if (pid == 0) become(b, home, words);
    if (waitpid(pid, &status, 0) != pid || status != 0)
        bench_die("daftar %s failed", words[0]);
}

void bench_content_camp(const struct bench *b, char (*homes)[BENCH_PATH_MAX],
                        size_t count)
{
    char request[BENCH_PATH_MAX], accept[BENCH_PATH_MAX];

    BENCH_DAFTAR(b, homes[0], "camp", "create", "Bench");
    for (size_t i = 1; i < count; i++) {
        bench_path(request, "%s/%zu.request", b->run, i);
        bench_path(accept, "%s/%zu.request.accept", b->run, i);
        BENCH_DAFTAR(b, homes[i], "join", "--request", request);
        BENCH_DAFTAR(b, homes[0], "enrol", "sign", request);
        BENCH_DAFTAR(b, homes[i], "join", "--accept", accept);
        bench_file_remove(request);
        bench_file_remove(accept);
    }
}

/* ---- a folder to publish */

static void make_file(const char *path, size_t mib)
{
    static uint8_t block[1024 * 1024];
    FILE *f = fopen(path, "wbe");

    if (f == NULL) bench_die("cannot write %s", path);
    for (size_t i = 0; i < mib; i++) {
        randombytes_buf(block, sizeof(block));
        if (fwrite(block, sizeof(block), 1, f) != 1)
            bench_die("cannot write %s", path);
    }
    if (fclose(f) != 0) bench_die("cannot write %s", path);
}

void bench_content_make(const char *folder, const char *name, size_t mib)
{
    char path[BENCH_PATH_MAX];
    FILE *f;

    bench_file_mkdir(folder);
    bench_path(path, "%s/%s", folder, name);
    make_file(path, mib);
    bench_path(path, "%s/content.ini", folder);
    f = fopen(path, "we");
    if (f == NULL || fputs("[title]\nen = Bench\n", f) < 0 || fclose(f) != 0)
        bench_die("cannot write %s", path);
}

void bench_content_check(const char *home, const char *id, const char *file)
{
    static uint8_t ours[1024 * 1024], theirs[sizeof(ours)];
    char path[BENCH_PATH_MAX];
    FILE *f = fopen(file, "rbe"), *g;
    size_t n = 0;

    bench_path(path, "%s/content/%s/files/%s", home, id,
               strrchr(file, '/') + 1);
    g = fopen(path, "rbe");
    if (f == NULL || g == NULL) bench_die("cannot read %s", path);
    do {
        n = fread(ours, 1, sizeof(ours), f);
        if (fread(theirs, 1, sizeof(theirs), g) != n ||
            memcmp(ours, theirs, n) != 0)
            bench_die("what came is not what was sent");
    } while (n > 0);
    (void)fclose(g);
    (void)fclose(f);
}

/* ---- asking */

static void on_item(void *ctx, json_t *line)
{
    const char *id = json_string_value(json_object_get(line, "content"));
    struct bench_item *out = ctx;

    if (id == NULL) return;
    (void)snprintf(out->id, sizeof(out->id), "%s", id);
    out->is_whole = json_is_true(json_object_get(line, "whole"));
    out->held = (uint64_t)json_integer_value(json_object_get(line, "held"));
    out->bytes = (uint64_t)json_integer_value(json_object_get(line, "bytes"));
    out->fetched =
        (uint64_t)json_integer_value(json_object_get(line, "fetched"));
}

bool bench_content_ask(const struct bench_daemon *d, json_t *request,
                       struct bench_item *out)
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

void bench_content_publish(const struct bench *b, const struct bench_daemon *d,
                           const char *folder, struct bench_item *out)
{
    *out = (struct bench_item){.id = ""};
    BENCH_DAFTAR(b, d->home, "publish", folder);
    if (!bench_content_ask(d, json_pack("{ss}", "op", "content-list"), out) ||
        out->id[0] == '\0')
        bench_die("what was published is not there");
}

double bench_content_cpu(const struct bench_daemon *d)
{
    struct bench_process all[BENCH_PROCESSES_MAX];
    size_t count = bench_process_list(d, all);
    double ms = 0;

    for (size_t i = 0; i < count; i++)
        ms += bench_process_cpu(all[i].pid);
    return ms / 1000;
}
