/* SPDX-License-Identifier: Apache-2.0 */
/* The network lab (tests/lab), spoken to as a person would: a shell that has read
 * lab.bash and camp.bash takes commands, a line each. */
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define INSIDE   "DAF_BENCH_INSIDE"
#define ARGS_MAX 64

static char enter[] = "mount -t tmpfs tmpfs /run && mkdir /run/netns && "
                      "ip link set lo up && exec \"$0\" \"$@\"";

/* Standard output is ours; what a command prints goes there too. */
static const char shell[] = ". \"$0/lab/lab.bash\" && . \"$0/lab/camp.bash\"\n"
                            "trap lab_down EXIT\n"
                            "while read -r line; do\n"
                            "    eval \"$line\" </dev/null && echo ok ||\n"
                            "        echo error\n"
                            "done\n";

static FILE *to, *from;
static pid_t shell_pid;

/* ---- namespaces */

bool bench_lab_is_inside(void)
{
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    return getenv(INSIDE) != NULL;
}

static bool is_allowed(void)
{
    int null, status = 1;
    pid_t pid;

    (void)fflush(NULL);
    pid = fork();
    if (pid < 0) bench_die("no more processes");
    if (pid == 0) {
        null = open("/dev/null", O_RDWR | O_CLOEXEC);
        (void)dup2(null, STDOUT_FILENO);
        (void)dup2(null, STDERR_FILENO);
        (void)execlp("unshare", "unshare", "-Urnmpf", "--mount-proc", "sh",
                     "-c", "mount -t tmpfs tmpfs /run && ip link", NULL);
        _exit(127);
    }
    (void)waitpid(pid, &status, 0);
    return status == 0;
}

void bench_lab_enter(const struct bench *b, char **argv)
{
    static char unshare_name[] = "unshare", spaces[] = "-Urnmpf";
    static char proc[] = "--mount-proc", ends[] = "--kill-child";
    static char sh[] = "sh", command[] = "-c", own[BENCH_PATH_MAX];
    char *args[ARGS_MAX] = {unshare_name, spaces,  proc,  ends,
                            sh,           command, enter, own};
    size_t n = 8;

    if (!is_allowed()) return;
    bench_path(own, "%s/bench", b->bin);
    for (argv++; *argv != NULL; argv++) {
        if (n == ARGS_MAX - 1) bench_die("too many options");
        args[n++] = *argv;
    }
    (void)fflush(NULL);
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    (void)setenv(INSIDE, "1", 1);
    (void)execvp(unshare_name, args);
    bench_die("cannot run unshare");
}

/* ---- the shell */

static void become_shell(const struct bench *b, int in, int out)
{
    char build[BENCH_PATH_MAX];

    bench_path(build, "%s/..", b->bin);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)dup2(in, STDIN_FILENO);
    (void)dup2(out, STDOUT_FILENO);
    /* One thread.  NOLINTBEGIN(concurrency-mt-unsafe) */
    (void)setenv("DAF_BUILD", build, 1);
    (void)setenv("TMPDIR", b->run, 1);
    (void)setenv("bin", b->bin, 1);
    /* NOLINTEND(concurrency-mt-unsafe) */
    (void)execlp("bash", "bash", "-c", shell, DAF_SOURCE_DIR "/tests", NULL);
    _exit(127);
}

void bench_lab_open(const struct bench *b, unsigned devices, bool is_bridge)
{
    int in[2], out[2];

    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        bench_die("no more pipes");
    (void)fflush(NULL);
    shell_pid = fork();
    if (shell_pid < 0) bench_die("no more processes");
    if (shell_pid == 0) become_shell(b, in[0], out[1]);
    (void)close(in[0]);
    (void)close(out[1]);
    to = fdopen(in[1], "w");
    from = fdopen(out[0], "r");
    if (to == NULL || from == NULL) bench_die("out of memory");
    (void)bench_lab_do(is_bridge ? "lab_up_bridge %u" : "lab_up %u", devices);
}

const char *bench_lab_do(const char *format, ...)
{
    static char said[BENCH_PATH_MAX];
    char line[BENCH_PATH_MAX];
    va_list args;

    va_start(args, format);
    (void)vfprintf(to, format, args);
    va_end(args);
    (void)fputs("\n", to);
    (void)fflush(to);
    said[0] = '\0';
    while (fgets(line, sizeof(line), from) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(line, "ok") == 0) return said;
        if (strcmp(line, "error") == 0) break;
        (void)snprintf(said, sizeof(said), "%s", line);
    }
    bench_die("the lab failed at: %s", format);
}

bool bench_lab_move(unsigned device)
{
    char path[BENCH_PATH_MAX];
    int fd;
    bool done;

    bench_path(path, "/run/netns/d%u", device);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    done = fd >= 0 && setns(fd, CLONE_NEWNET) == 0;
    if (fd >= 0) (void)close(fd);
    return done;
}

int bench_lab_socket(unsigned device)
{
    int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd = -1;

    if (here >= 0 && bench_lab_move(device)) {
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (setns(here, CLONE_NEWNET) != 0) bench_die("cannot leave a device");
    }
    if (fd < 0) bench_die("no socket in device %u", device);
    (void)close(here);
    return fd;
}

void bench_lab_close(void)
{
    (void)fclose(to);
    (void)waitpid(shell_pid, NULL, 0);
    (void)fclose(from);
}
