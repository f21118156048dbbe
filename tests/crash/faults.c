/* SPDX-License-Identifier: Apache-2.0 */
/* tests/crash/faults.c - every kind of fault in every workload, one child a
 * point.  Prints a line for each pair:
 *
 *      faults: KIND WORKLOAD points N failed-cleanly N
 *
 * and exits with 1 at the first point that breaks the program's word, with the
 * one command that plays it again. */
#include "tests/lib/t.h"

#include "tests/crash/fault.h"
#include "tests/lib/tmpdir.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define POINTS_MAX 2000
#define HANG_S     60 /* no answer: it hangs, also on a slow machine */

static const char *const kinds[FAULT_KINDS] = {"alloc",  "sqlmem",
                                               "step",   "vfs_full",
                                               "vfs_io", "sys_full",
                                               "sys_io", "sys_intr"};

static const struct fault_workload *const workloads[] = {
    &fault_store,   &fault_writer, &fault_agent,  &fault_create,
    &fault_request, &fault_sign,   &fault_accept, &fault_add,
    &fault_shelf,   &fault_mend,   &fault_keeper};
#define WORKLOADS_COUNT (sizeof(workloads) / sizeof(workloads[0]))

static char *base;
static char template_dir[512], run_dir[512], out_path[512];
static bool is_json, is_loud;

/* --- folders */

static const char *copy_from, *copy_to;

static int copy_entry(const char *path, const struct stat *st, int type,
                      struct FTW *where)
{
    static char buffer[65536];
    char to[DAF_HOME_PATH_MAX];
    ssize_t n = 0;
    int in, out;

    (void)where;
    (void)snprintf(to, sizeof(to), "%s%s", copy_to, path + strlen(copy_from));
    if (type == FTW_D) return mkdir(to, st->st_mode & 0777) != 0;
    in = open(path, O_RDONLY | O_CLOEXEC);
    out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, st->st_mode & 0777);
    while (in >= 0 && out >= 0 && (n = read(in, buffer, sizeof(buffer))) > 0)
        if (write(out, buffer, (size_t)n) != n) n = -1;
    if (in < 0 || out < 0 || n < 0 || fchmod(out, st->st_mode & 0777) != 0)
        return 1;
    (void)close(in);
    (void)close(out);
    return 0;
}

static void copy_tree(const char *from, const char *to)
{
    copy_from = from;
    copy_to = to;
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    if (nftw(from, copy_entry, 8, FTW_PHYS) == 0) return;
    perror("faults: copying the template");
    exit(1); /* NOLINT(concurrency-mt-unsafe): one thread */
}

static int remove_entry(const char *path, const struct stat *st, int type,
                        struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

static void remove_tree(const char *path)
{
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    (void)nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* --- children */

static unsigned open_fds(void)
{
    unsigned count = 0;

    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* What it prints goes to a file, and is shown if it breaks. */
static void quiet(void)
{
    int fd = open(out_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    (void)dup2(fd, STDOUT_FILENO);
    (void)dup2(fd, STDERR_FILENO);
    (void)close(fd);
}

static _Noreturn void be_armed(const struct fault_workload *w,
                               enum fault_kind kind, uint64_t at)
{
    unsigned fds = open_fds();

    fault_arm(kind, at);
    w->run(run_dir);
    (void)fault_off();
    if (fault_leaked() > 0)
        fault_broken("%s: %zu allocations were not given back", fault_where(),
                     fault_leaked());
    if (open_fds() != fds)
        fault_broken("%s: %u descriptors open before, %u after", fault_where(),
                     fds, open_fds());
    _exit(FAULT_EXIT_DONE);
}

/* Its exit; -SIGNAL if one ended it. */
static int wait_for(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static pid_t child(void)
{
    pid_t pid;

    (void)fflush(NULL);
    pid = fork();
    if (pid < 0) {
        perror("faults: fork");
        exit(1); /* NOLINT(concurrency-mt-unsafe): one thread */
    }
    if (pid == 0) {
        (void)alarm(HANG_S);
        quiet();
    }
    return pid;
}

static int plain(void (*what)(const char *dir), const char *dir)
{
    pid_t pid = child();

    if (pid == 0) {
        what(dir);
        _exit(FAULT_EXIT_DONE);
    }
    return wait_for(pid);
}

/* --- points */

struct tally {
    uint64_t points, stopped;
};

static void show_output(void)
{
    char line[512];
    FILE *f = fopen(out_path, "r");

    while (f != NULL && fgets(line, sizeof(line), f) != NULL)
        (void)fprintf(stderr, "    | %s", line);
    if (f != NULL) (void)fclose(f);
}

static bool tell(const struct fault_workload *w, enum fault_kind kind,
                 uint64_t at, const char *when, int code)
{
    show_output();
    (void)fprintf(stderr,
                  "faults: %s %s: point %" PRIu64 " (%s) %s: ", kinds[kind],
                  w->name, at, fault_where(), when);
    if (code == -SIGALRM)
        (void)fprintf(stderr, "it hangs\n");
    else if (code < 0)
        (void)fprintf(stderr, "signal %d\n", -code);
    else
        (void)fprintf(stderr, "exit %d: %s\n", code, fault_words());
    (void)fprintf(stderr,
                  "again: build/dev/bin/faults --kind %s --workload %s --at "
                  "%" PRIu64 "\n",
                  kinds[kind], w->name, at);
    return false;
}

/* One point; @at 0: nothing fails, and the operations are counted. */
static bool point(const struct fault_workload *w, enum fault_kind kind,
                  uint64_t at, struct tally *tally)
{
    bool is_good = true;
    pid_t pid;
    int code;

    fault_reset();
    copy_tree(template_dir, run_dir);
    pid = child();
    if (pid == 0) be_armed(w, kind, at > 0 ? at : UINT64_MAX);
    code = wait_for(pid);
    if (code == FAULT_EXIT_STOPPED && kind == FAULT_ALLOC && fault_fired())
        tally->stopped++;
    else if (code != FAULT_EXIT_DONE)
        is_good = tell(w, kind, at, "under the fault", code);
    if (is_good) {
        code = plain(w->verify, run_dir);
        if (code != FAULT_EXIT_DONE)
            is_good = tell(w, kind, at, "afterwards", code);
    }
    tally->points += fault_fired();
    if (is_loud && is_good)
        (void)printf("point %" PRIu64 ": %s: clean\n", at,
                     fault_fired() ? fault_where() : "no fault");
    remove_tree(run_dir);
    return is_good;
}

static void print(const struct fault_workload *w, enum fault_kind kind,
                  const struct tally *t, bool is_good, uint64_t all)
{
    uint64_t clean = t->points - (is_good || t->points == 0 ? 0 : 1);

    if (is_json)
        (void)printf("{\"kind\":\"%s\",\"workload\":\"%s\",\"points\":%" PRIu64
                     ",\"clean\":%" PRIu64 ",\"stopped\":%" PRIu64
                     ",\"of\":%" PRIu64 "}\n",
                     kinds[kind], w->name, t->points, clean, t->stopped, all);
    else
        (void)printf("faults: %s %s points %" PRIu64 " failed-cleanly %" PRIu64
                     "\n",
                     kinds[kind], w->name, t->points, clean);
    (void)fflush(stdout);
}

/* All points of a pair, or at most about @most of them, evenly spread. */
static bool pair(const struct fault_workload *w, enum fault_kind kind,
                 uint64_t most)
{
    struct tally tally = {0};
    uint64_t all, step;
    bool is_good = point(w, kind, 0, &tally);

    all = fault_seen();
    step = all / most + 1;
    for (uint64_t at = 1; is_good; at += step) {
        is_good = point(w, kind, at, &tally);
        if (!fault_fired()) break;
    }
    print(w, kind, &tally, is_good, all);
    return is_good;
}

static bool prepare(const struct fault_workload *w)
{
    int code = FAULT_EXIT_DONE;

    remove_tree(template_dir);
    fault_reset();
    if (mkdir(template_dir, 0700) != 0) return false;
    if (w->prepare != NULL) code = plain(w->prepare, template_dir);
    if (code == FAULT_EXIT_DONE) return true;
    show_output();
    (void)fprintf(stderr, "faults: %s cannot be prepared: exit %d: %s\n",
                  w->name, code, fault_words());
    return false;
}

/* --- arguments */

struct wanted {
    const char *kind, *workload;
    uint64_t at, most;
};

static int usage(void)
{
    (void)fprintf(
        stderr, "faults [--kind K] [--workload W] [--at N] [--most N] "
                "[--json]\n"
                "  --at N    only the Nth operation of one kind and workload\n"
                "  --most N  about N points of each pair, evenly spread\n"
                "kinds:");
    for (size_t i = 0; i < FAULT_KINDS; i++)
        (void)fprintf(stderr, " %s", kinds[i]);
    (void)fprintf(stderr, "\nworkloads:");
    for (size_t i = 0; i < WORKLOADS_COUNT; i++)
        (void)fprintf(stderr, " %s", workloads[i]->name);
    (void)fprintf(stderr, "\n");
    return 2;
}

static bool parse(int argc, char **argv, struct wanted *out)
{
    static const struct option options[] = {
        {"kind", required_argument, NULL, 'k'},
        {"workload", required_argument, NULL, 'w'},
        {"at", required_argument, NULL, 'a'},
        {"most", required_argument, NULL, 'm'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0}};
    int got;

    *out = (struct wanted){.most = POINTS_MAX};
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while ((got = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (got == 'k') out->kind = optarg;
        if (got == 'w') out->workload = optarg;
        if (got == 'a') out->at = strtoull(optarg, NULL, 10);
        if (got == 'm') out->most = strtoull(optarg, NULL, 10);
        if (got == 'j') is_json = true;
        if (got == '?') return false;
    }
    return optind == argc && out->most > 0;
}

static bool run_all(const struct wanted *want, size_t *out_pairs)
{
    struct tally tally = {0};
    bool is_good = true;

    for (size_t i = 0; is_good && i < WORKLOADS_COUNT; i++) {
        const struct fault_workload *w = workloads[i];
        bool is_made = false;

        if (want->workload != NULL && strcmp(want->workload, w->name) != 0)
            continue;
        for (unsigned k = 0; is_good && k < FAULT_KINDS; k++) {
            if ((w->kinds & FAULT_BIT(k)) == 0) continue;
            if (want->kind != NULL && strcmp(want->kind, kinds[k]) != 0)
                continue;
            ++*out_pairs;
            is_good = is_made || prepare(w);
            is_made = true;
            if (is_good && want->at > 0)
                is_good = point(w, (enum fault_kind)k, want->at, &tally);
            else if (is_good)
                is_good = pair(w, (enum fault_kind)k, want->most);
        }
    }
    return is_good;
}

int main(int argc, char **argv)
{
    struct wanted want;
    size_t pairs = 0;
    bool is_good;

    if (!parse(argc, argv, &want)) return usage();
    is_loud = want.at > 0;
    fault_share();
    fault_sqlite_install();
    /* Nothing is synced, and thousands of small files come and go: a folder in
     * memory, if there is one, takes a third of the time.
     * NOLINTNEXTLINE(concurrency-mt-unsafe) */
    if (access("/dev/shm", W_OK) == 0) (void)setenv("TMPDIR", "/dev/shm", 0);
    base = daf_tmpdir_new();
    if (base == NULL || sodium_init() < 0) {
        perror("faults: a temporary folder");
        return 1;
    }
    (void)snprintf(template_dir, sizeof(template_dir), "%s/template", base);
    (void)snprintf(run_dir, sizeof(run_dir), "%s/run", base);
    (void)snprintf(out_path, sizeof(out_path), "%s/out", base);
    is_good = run_all(&want, &pairs);
    daf_tmpdir_free(base);
    return pairs == 0 ? usage() : is_good ? 0 : 1;
}
