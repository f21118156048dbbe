/* SPDX-License-Identifier: Apache-2.0 */
#include "node/child.h"

#include "node/clock.h"
#include "node/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPTION_BYTES 32

void daf_child_init(struct daf_child *c, struct daf_loop *loop,
                    const struct daf_child_kind *kind,
                    void (*on_pair)(void *ctx, unsigned what),
                    void (*on_pidfd)(void *ctx, unsigned what), void *ctx)
{
    *c = (struct daf_child){
        .loop = loop,
        .kind = kind,
        .pair = {.fd = -1, .fn = on_pair, .ctx = ctx},
        .pidfd = {.fd = -1, .fn = on_pidfd, .ctx = ctx},
    };
}

/* In the child, between fork and exec: only what is safe there. */
static void become(int fd, pid_t parent, char *option)
{
    static char name[] = "daftard";
    char *const argv[] = {name, option, NULL};
    sigset_t none;

    (void)sigemptyset(&none);
    (void)pthread_sigmask(SIG_SETMASK, &none, NULL);
    /* Without core it is worth nothing, and would keep the port. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    if (fd == DAF_CHILD_FD) (void)fcntl(fd, F_SETFD, 0);
    if (fd != DAF_CHILD_FD && dup2(fd, DAF_CHILD_FD) < 0) _exit(1);
    if (close_range(DAF_CHILD_FD + 1, ~0U, 0) != 0) _exit(1);
    (void)execv("/proc/self/exe", argv);
    _exit(127);
}

static enum daf_err spawn(struct daf_child *c)
{
    char option[OPTION_BYTES];
    pid_t parent = getpid();
    int fds[2];

    (void)snprintf(option, sizeof(option), "%s", c->kind->option);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
        return DAF_EIO;
    c->pid = fork();
    if (c->pid == 0) become(fds[1], parent, option);
    (void)close(fds[1]);
    if (c->pid > 0 && fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0) {
        c->pair.fd = fds[0];
        c->pidfd.fd = pidfd_open(c->pid, 0); /* close-on-exec by itself */
        if (c->pidfd.fd >= 0) return DAF_OK;
        c->pair.fd = -1; /* closed here, once */
    }
    (void)close(fds[0]);
    return DAF_EIO;
}

enum daf_err daf_child_start(struct daf_child *c, bool reads)
{
    enum daf_err err;

    c->started = daf_clock_now(); /* tried, at least: that counts as young */
    err = spawn(c);
    if (err == DAF_OK) err = daf_loop_add(c->loop, &c->pair, reads, false);
    if (err == DAF_OK) err = daf_loop_add(c->loop, &c->pidfd, true, false);
    if (err != DAF_OK) {
        int error = errno;

        (void)daf_child_end(c);
        errno = error;
        return err;
    }
    c->starts++;
    return DAF_OK;
}

static void close_source(struct daf_child *c, struct daf_loop_source *s)
{
    daf_loop_remove(c->loop, s);
    if (s->fd >= 0) (void)close(s->fd);
    s->fd = -1;
}

siginfo_t daf_child_end(struct daf_child *c)
{
    siginfo_t how = {0};

    if (c->pid > 0) {
        /* Not reaped yet: the number is still its. */
        (void)kill(c->pid, SIGKILL);
        while (waitid(P_PID, (id_t)c->pid, &how, WEXITED) != 0 &&
               errno == EINTR)
            continue;
    }
    c->pid = 0;
    close_source(c, &c->pair);
    close_source(c, &c->pidfd);
    return how;
}

void daf_child_tell(const struct daf_child *c, const siginfo_t *how,
                    const char *why)
{
    if (how->si_code == CLD_EXITED)
        daf_log("%s left with status %d (%s); starting it again", c->kind->name,
                how->si_status, why);
    else
        daf_log("%s was killed by signal %d (%s); starting it again",
                c->kind->name, how->si_status, why);
}

struct daf_mono daf_child_restart_at(struct daf_child *c)
{
    struct daf_mono now = daf_clock_now();
    uint64_t wait = c->kind->retry_min_ms;

    if (now.ms - c->started.ms >= c->kind->young_ms) c->young_deaths = 0;
    c->young_deaths++;
    if (c->young_deaths == 1) return now;
    for (unsigned i = 2; i < c->young_deaths; i++)
        if (wait < c->kind->retry_max_ms) wait *= 2;
    if (wait > c->kind->retry_max_ms) wait = c->kind->retry_max_ms;
    return daf_clock_after(now, wait);
}

uint64_t daf_child_restarts(const struct daf_child *c)
{
    return c->starts > 0 ? c->starts - 1 : 0;
}
