/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel knows of a node's processes.  They let nobody debug them, so
 * their memory is told to root only: that of the lab's user namespace will do. */
#include "tests/bench/bench_net.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number behind @key in one of a process's files. */
static bool read_number(const char *path, const char *key, uint64_t *out)
{
    FILE *f = fopen(path, "re");
    bool found = false;
    char line[256];

    while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL) {
        if (strncmp(line, key, strlen(key)) != 0) continue;
        *out = strtoull(line + strlen(key), NULL, 10);
        found = true;
    }
    if (f != NULL) (void)fclose(f);
    return found;
}

/* The sum over its threads of the number behind @key in @file. */
static uint64_t sum_tasks(pid_t pid, const char *file, const char *key)
{
    char path[BENCH_PATH_MAX];
    const struct dirent *entry;
    uint64_t sum = 0, one;
    DIR *tasks;

    bench_path(path, "/proc/%d/task", (int)pid);
    tasks = opendir(path);
    if (tasks == NULL) bench_die("a process is gone");
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the relay reads no folder */
    while ((entry = readdir(tasks)) != NULL) {
        if (entry->d_name[0] == '.') continue;
        bench_path(path, "/proc/%d/task/%s/%s", (int)pid, entry->d_name, file);
        if (!read_number(path, key, &one))
            bench_die("this kernel does not tell %s", path);
        sum += one;
    }
    (void)closedir(tasks);
    return sum;
}

double bench_process_cpu(pid_t pid)
{
    /* "time on the processor, time waiting, turns", nanoseconds */
    return (double)sum_tasks(pid, "schedstat", "") / 1e6;
}

uint64_t bench_process_wakes(pid_t pid)
{
    return sum_tasks(pid, "status", "voluntary_ctxt_switches:");
}

double bench_process_kib(pid_t pid)
{
    char path[BENCH_PATH_MAX];
    uint64_t kib;

    bench_path(path, "/proc/%d/smaps_rollup", (int)pid);
    if (!read_number(path, "Pss:", &kib))
        bench_die("cannot read %s: errno %d", path, errno);
    return (double)kib;
}

/* "--as-link" is link; who has no such option is core. */
static void name_process(struct bench_process *p)
{
    char path[BENCH_PATH_MAX], text[256];
    const char *option;
    FILE *f;
    size_t n;

    bench_path(path, "/proc/%d/cmdline", (int)p->pid);
    f = fopen(path, "re");
    n = f != NULL ? fread(text, 1, sizeof(text) - 1, f) : 0;
    if (f != NULL) (void)fclose(f);
    text[n] = '\0';
    option = text + strlen(text) + 1;
    if (option > text + n || strncmp(option, "--as-", 5) != 0)
        option = "--as-core";
    (void)snprintf(p->name, sizeof(p->name), "%s", option + 5);
}

size_t bench_process_list(const struct bench_daemon *d,
                          struct bench_process out[BENCH_PROCESSES_MAX])
{
    char path[BENCH_PATH_MAX], text[256] = "", *rest = text, *word;
    size_t count = 0;
    FILE *f;

    bench_path(path, "/proc/%d/task/%d/children", (int)d->pid, (int)d->pid);
    f = fopen(path, "re");
    if (f == NULL) bench_die("this kernel does not tell %s", path);
    if (fgets(text, sizeof(text), f) == NULL) text[0] = '\0';
    (void)fclose(f);
    out[count++].pid = d->pid;
    while (count < BENCH_PROCESSES_MAX &&
           (word = strtok_r(rest, " \n", &rest)) != NULL)
        out[count++].pid = (pid_t)strtol(word, NULL, 10);
    for (size_t i = 0; i < count; i++)
        name_process(&out[i]);
    return count;
}

void bench_process_used(const struct bench_daemon *d, struct bench_used *out)
{
    struct bench_process all[BENCH_PROCESSES_MAX];
    size_t count = bench_process_list(d, all);

    *out = (struct bench_used){0, 0};
    for (size_t i = 0; i < count; i++) {
        out->cpu_ms += bench_process_cpu(all[i].pid);
        out->kib += bench_process_kib(all[i].pid);
    }
}
