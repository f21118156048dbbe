/* SPDX-License-Identifier: Apache-2.0 */
#include "node/loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define BATCH_MAX 64

struct daf_loop {
    int epoll_fd;
    bool stopped;
    struct epoll_event batch[BATCH_MAX]; /* data.ptr NULL: removed since */
    size_t batch_count;
    struct daf_loop_source signals;
    void (*on_signal)(void *ctx, int signal);
    void *on_signal_ctx;
};

enum daf_err daf_loop_new(struct daf_loop **out)
{
    struct daf_loop *l = calloc(1, sizeof(*l));

    *out = NULL;
    if (l == NULL) return DAF_ENOMEM;
    l->signals.fd = -1;
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll_fd < 0) {
        free(l);
        return DAF_EIO;
    }
    *out = l;
    return DAF_OK;
}

void daf_loop_free(struct daf_loop *l)
{
    if (l == NULL) return;
    if (l->signals.fd >= 0) (void)close(l->signals.fd);
    (void)close(l->epoll_fd);
    free(l);
}

static int control(struct daf_loop *l, int op, struct daf_loop_source *s)
{
    struct epoll_event e = {.data.ptr = s};

    if (s->reads) e.events |= EPOLLIN;
    if (s->writes) e.events |= EPOLLOUT;
    return epoll_ctl(l->epoll_fd, op, s->fd, &e);
}

enum daf_err daf_loop_add(struct daf_loop *l, struct daf_loop_source *s,
                          bool reads, bool writes)
{
    assert(!s->is_added);
    s->reads = reads;
    s->writes = writes;
    if (control(l, EPOLL_CTL_ADD, s) != 0)
        return errno == ENOMEM ? DAF_ENOMEM : DAF_EIO;
    s->is_added = true;
    return DAF_OK;
}

void daf_loop_want(struct daf_loop *l, struct daf_loop_source *s, bool reads,
                   bool writes)
{
    int failed;

    assert(s->is_added);
    if (s->reads == reads && s->writes == writes) return;
    s->reads = reads;
    s->writes = writes;
    /* A change of something added allocates nothing and cannot fail. */
    failed = control(l, EPOLL_CTL_MOD, s);
    assert(failed == 0);
    (void)failed;
}

void daf_loop_remove(struct daf_loop *l, struct daf_loop_source *s)
{
    if (!s->is_added) return;
    (void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, s->fd, NULL);
    s->is_added = false;
    for (size_t i = 0; i < l->batch_count; i++)
        if (l->batch[i].data.ptr == s) l->batch[i].data.ptr = NULL;
}

/* ---- timers */

static void on_timer(void *ctx, unsigned what)
{
    struct daf_loop_timer *t = ctx;
    uint64_t times;

    (void)what;
    /* EAGAIN: it was set anew after it had fired in this batch. */
    if (read(t->source.fd, &times, sizeof(times)) < 0) return;
    t->at = DAF_MONO_NEVER;
    t->fn(t->ctx);
}

enum daf_err daf_loop_timer_open(struct daf_loop *l, struct daf_loop_timer *t)
{
    enum daf_err err;
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

    if (fd < 0) return DAF_EIO;
    t->at = DAF_MONO_NEVER;
    t->source = (struct daf_loop_source){.fd = fd, .fn = on_timer, .ctx = t};
    err = daf_loop_add(l, &t->source, true, false);
    if (err != DAF_OK) (void)close(fd);
    return err;
}

void daf_loop_timer_set(struct daf_loop_timer *t, struct daf_mono at)
{
    struct itimerspec spec = {0};
    int failed;

    if (at.ms == t->at.ms) return;
    t->at = at;
    /* All zeros would disarm, so the past is one nanosecond after the start. */
    if (at.ms != DAF_MONO_NEVER.ms) {
        spec.it_value.tv_sec = (time_t)(at.ms / 1000);
        spec.it_value.tv_nsec = (long)(at.ms % 1000) * 1000000 + 1;
    }
    failed = timerfd_settime(t->source.fd, TFD_TIMER_ABSTIME, &spec, NULL);
    assert(failed == 0);
    (void)failed;
}

void daf_loop_timer_close(struct daf_loop *l, struct daf_loop_timer *t)
{
    if (!t->source.is_added) return;
    daf_loop_remove(l, &t->source);
    (void)close(t->source.fd);
}

/* ---- signals */

static void on_signalfd(void *ctx, unsigned what)
{
    struct daf_loop *l = ctx;
    struct signalfd_siginfo info;

    (void)what;
    if (read(l->signals.fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return;
    l->on_signal(l->on_signal_ctx, (int)info.ssi_signo);
}

enum daf_err daf_loop_signals(struct daf_loop *l,
                              void (*fn)(void *ctx, int signal), void *ctx)
{
    sigset_t set;
    int fd;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP); /* its terminal was closed */
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0) return DAF_EIO;
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0) return DAF_EIO;
    l->on_signal = fn;
    l->on_signal_ctx = ctx;
    l->signals =
        (struct daf_loop_source){.fd = fd, .fn = on_signalfd, .ctx = l};
    return daf_loop_add(l, &l->signals, true, false);
}

/* ---- running */

static unsigned what_of(uint32_t events)
{
    unsigned what = 0;

    if (events & EPOLLIN) what |= DAF_LOOP_READABLE;
    if (events & EPOLLOUT) what |= DAF_LOOP_WRITABLE;
    if (events & (EPOLLHUP | EPOLLERR)) what |= DAF_LOOP_LOST;
    return what;
}

static void dispatch(struct daf_loop *l)
{
    for (size_t i = 0; i < l->batch_count && !l->stopped; i++) {
        struct daf_loop_source *s = l->batch[i].data.ptr;

        /* Cleared first: what is called may free the source. */
        l->batch[i].data.ptr = NULL;
        if (s != NULL) s->fn(s->ctx, what_of(l->batch[i].events));
    }
    l->batch_count = 0;
}

enum daf_err daf_loop_run(struct daf_loop *l, void (*before_wait)(void *ctx),
                          void *ctx)
{
    while (!l->stopped) {
        int n;

        if (before_wait != NULL) before_wait(ctx);
        if (l->stopped) break;
        n = epoll_wait(l->epoll_fd, l->batch, BATCH_MAX, -1);
        if (n < 0 && errno != EINTR) return DAF_EIO;
        l->batch_count = n > 0 ? (size_t)n : 0;
        dispatch(l);
    }
    l->stopped = false;
    return DAF_OK;
}

void daf_loop_stop(struct daf_loop *l)
{
    l->stopped = true;
}
