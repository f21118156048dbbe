/* SPDX-License-Identifier: Apache-2.0 */
/* node/web_main.c - the web process: its life.
 *
 * One thread, one loop; libmicrohttpd has an epoll of its own in it and no
 * thread.  It is run before each sleep if anything may have moved. */
#include "node/web_impl.h"

#include "node/clock.h"
#include "node/confine.h"
#include "node/log.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* Debian 13's has another name for it. */
#if MHD_VERSION >= 0x00097701
#define STRICTNESS MHD_OPTION_CLIENT_DISCIPLINE_LVL
#else
#define STRICTNESS MHD_OPTION_STRICT_FOR_CLIENT
#endif
#define HANG_S    10 /* between two sleeps: killed by SIGALRM, started again */
#define TURNS_MAX 8  /* of libmicrohttpd, before the loop has one */
/* Connections, and as many open files. */
#define FDS_MAX    (2 * DAF_WEB_MHD_CONNS + 64)
#define MEMORY_MAX ((rlim_t)256 * 1024 * 1024)

void daf_web_die(struct daf_web *web, int status, const char *why)
{
    if (web->is_over) return;
    if (why != NULL) (void)fprintf(stderr, "daftard web: %s\n", why);
    web->is_over = true;
    web->status = status;
    daf_loop_stop(web->loop);
}

void daf_web_awake(void)
{
    (void)alarm(HANG_S);
}

static void nothing(void *ctx)
{
    (void)ctx; /* the loop woke up, and runs libmicrohttpd before it sleeps */
}

static void on_mhd(void *ctx, unsigned what)
{
    (void)what;
    nothing(ctx);
}

/* Once in 25 s while somebody listens: so that whoever is gone is noticed. */
static void on_heart(void *ctx)
{
    struct daf_web *web = ctx;
    struct daf_web_stream *s;

    LIST_FOREACH(s, &web->streams, next) s->is_due = true;
    daf_web_stream_wake(web);
}

static void set_timers(struct daf_web *web)
{
    MHD_UNSIGNED_LONG_LONG ms = 0;
    struct daf_mono now = daf_clock_now();

    if (MHD_get_timeout(web->mhd, &ms) != MHD_YES)
        daf_loop_timer_set(&web->mhd_timer, DAF_MONO_NEVER);
    else
        daf_loop_timer_set(&web->mhd_timer, daf_clock_after(now, ms));
    if (LIST_EMPTY(&web->streams))
        daf_loop_timer_set(&web->heart_timer, DAF_MONO_NEVER);
    else if (web->heart_timer.at.ms == DAF_MONO_NEVER.ms)
        daf_loop_timer_set(&web->heart_timer,
                           daf_clock_after(now, DAF_WEB_HEARTBEAT_MS));
}

/* libmicrohttpd sends a file in pieces of 128 KiB, and to sleep between two of them
 * is seven system calls more.  So it goes on while clients take what it has, until
 * core is to be asked, or for so long that others get a turn. */
static void run_mhd(struct daf_web *web)
{
    MHD_UNSIGNED_LONG_LONG ms = 0;

    for (int i = 0; i < TURNS_MAX && !web->is_over && ms == 0; i++) {
        if (MHD_run(web->mhd) != MHD_YES) daf_web_die(web, 1, "waiting failed");
        if (web->out_len > 0 || MHD_get_timeout(web->mhd, &ms) != MHD_YES)
            break;
    }
}

static void before_wait(void *ctx)
{
    struct daf_web *web = ctx;

    daf_web_awake();
    run_mhd(web);
    daf_web_core_flush(web);
    set_timers(web);
    (void)alarm(0);
}

/* As it came: what it means is web_url's business. */
static size_t keep_escaped(void *ctx, struct MHD_Connection *connection,
                           char *text)
{
    (void)ctx;
    (void)connection;
    return strlen(text);
}

static void keep_silent(void *ctx, const char *format, va_list args)
{
    (void)ctx;
    (void)format;
    (void)args;
}

static struct MHD_Daemon *start_mhd(struct daf_web *web)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
            MHD_USE_SUPPRESS_DATE_NO_CLOCK | MHD_USE_ERROR_LOG,
        0, NULL, NULL, daf_web_route, web, /* its options */
        MHD_OPTION_EXTERNAL_LOGGER, keep_silent, NULL,
        MHD_OPTION_URI_LOG_CALLBACK, daf_web_route_begin, web,
        MHD_OPTION_NOTIFY_COMPLETED, daf_web_route_end, web,
        MHD_OPTION_NOTIFY_CONNECTION, daf_web_conns_note, web,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped, NULL,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)DAF_WEB_MHD_CONNS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, DAF_WEB_MEMORY,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)DAF_WEB_IDLE_S, STRICTNESS, 1,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
}

static bool open_mhd(struct daf_web *web)
{
    const union MHD_DaemonInfo *info;

    web->mhd = start_mhd(web);
    if (web->mhd == NULL) return false;
    info = MHD_get_daemon_info(web->mhd, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL) return false;
    web->mhd_source = (struct daf_loop_source){.fd = info->epoll_fd,
                                               .fn = on_mhd,
                                               .ctx = web};
    web->mhd_timer = (struct daf_loop_timer){.fn = nothing, .ctx = web};
    web->heart_timer = (struct daf_loop_timer){.fn = on_heart, .ctx = web};
    return daf_loop_add(web->loop, &web->mhd_source, true, false) == DAF_OK &&
           daf_loop_timer_open(web->loop, &web->mhd_timer) == DAF_OK &&
           daf_loop_timer_open(web->loop, &web->heart_timer) == DAF_OK;
}

static struct daf_web *web_new(int fd)
{
    struct daf_web *web = calloc(1, sizeof(*web));

    if (web == NULL) return NULL;
    LIST_INIT(&web->conns);
    LIST_INIT(&web->streams);
    STAILQ_INIT(&web->questions);
    web->items = calloc(DAF_WEB_ITEMS_MAX, sizeof(*web->items));
    if (web->items != NULL && daf_loop_new(&web->loop) == DAF_OK &&
        open_mhd(web) && daf_web_core_open(web, fd))
        return web;
    return NULL; /* and the process ends */
}

int daf_web_main(int fd)
{
    struct daf_web *web;

    daf_confine(FDS_MAX, MEMORY_MAX);
    daf_confine_network();
    daf_confine_files();
    (void)signal(SIGALRM, SIG_DFL);
    web = web_new(fd);
    if (web == NULL) {
        (void)fprintf(stderr, "daftard web: out of memory or descriptors\n");
        return 1;
    }
    if (!daf_confine_calls())
        (void)fprintf(stderr, "daftard web: its calls are not confined: %s\n",
                      daf_log_errno(errno));
    if (daf_loop_run(web->loop, before_wait, web) != DAF_OK) web->status = 1;
    /* What was answered last leaves yet. */
    (void)MHD_run(web->mhd);
    sodium_memzero(web->secret, sizeof(web->secret));
    sodium_memzero(web->key, sizeof(web->key));
    return web->status;
}
