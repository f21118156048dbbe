/* SPDX-License-Identifier: Apache-2.0 */
/* node/link_main.c - the link process: its loop, its timer, what core says.
 *
 * One thread, one epoll.  At rest no timer is armed.  libzmq's I/O thread does
 * the sockets and the ciphers. */
#include "node/link_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* A connection of ours takes 3 sockets (DEALER, monitor, and the monitor's end
 * inside libzmq), and closed ones wait for libzmq's reaper: twice that. */
#define SOCKETS_MAX (DAF_LINK_OUTGOING_MAX * 3 * 2 + 64)

void daf_link_die(struct daf_link *link, int status, const char *why)
{
    if (link->done) return;
    (void)fprintf(stderr, "daftard link: %s\n", why);
    link->done = true;
    link->status = status;
}

/* fail: what a person must hear; core shows it. */
static void fail(struct daf_link *link, const char *text)
{
    daf_link_core_put(link, DAF_LINK_FAILED, 0, (enum daf_endpoint)0,
                      (struct daf_view){(const uint8_t *)text, strlen(text)});
    daf_link_die(link, 1, text);
}

static uint64_t mono_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void daf_link_wake(struct daf_link *link, uint64_t at_ms)
{
    if (at_ms < link->wake_ms) link->wake_ms = at_ms;
}

void daf_link_trim_soon(struct daf_link *link)
{
    if (link->trim_ms == DAF_LINK_NEVER)
        link->trim_ms = link->now_ms + DAF_LINK_TRIM_MS;
    daf_link_wake(link, link->trim_ms);
}

/* trim: malloc keeps what a flood has left below its youngest piece.  Measured:
 * 325 of 445 MiB after three messages of 344 MiB that did not fit. */
static void trim(struct daf_link *link)
{
    if (link->trim_ms > link->now_ms) {
        daf_link_wake(link, link->trim_ms);
        return;
    }
    (void)malloc_trim(0);
    link->trim_ms = DAF_LINK_NEVER;
}

static void arm_timer(struct daf_link *link)
{
    struct itimerspec at = {{0, 0}, {0, 0}};

    if (link->wake_ms == link->armed_ms) return;
    if (link->wake_ms != DAF_LINK_NEVER) {
        at.it_value.tv_sec = (time_t)(link->wake_ms / 1000);
        at.it_value.tv_nsec = (long)(link->wake_ms % 1000) * 1000000;
    }
    if (timerfd_settime(link->timer_fd, TFD_TIMER_ABSTIME, &at, NULL) != 0)
        daf_link_die(link, 1, "timerfd failed");
    link->armed_ms = link->wake_ms;
}

static void tell_refused(struct daf_link *link)
{
    const struct daf_link_refused *refused = &link->refused;
    uint64_t next_ms = link->refused_ms + DAF_LINK_REFUSED_MS;

    if (link->stage != DAF_LINK_STAGE_READY || daf_link_core_full(link) ||
        (refused->keys | refused->handshakes | refused->messages |
         refused->crowded | refused->silent) == 0)
        return;
    if (link->now_ms < next_ms) {
        daf_link_wake(link, next_ms);
        return;
    }
    daf_link_core_put(link, DAF_LINK_REFUSED, 0, (enum daf_endpoint)0,
                      (struct daf_view){(const uint8_t *)refused,
                                        sizeof(*refused)});
    link->refused = (struct daf_link_refused){0};
    link->refused_ms = link->now_ms;
}

/* ---- what core says */

static const char *why_no_bind(int error)
{
    switch (error) {
    case EADDRINUSE:
        return "address in use; stop the other program or choose --listen "
               "another";
    case EADDRNOTAVAIL:
    case ENODEV:
        return "this machine has no such address; choose --listen another";
    case EACCES:
        return "not permitted; choose --listen with a port above 1023";
    default:
        return zmq_strerror(error);
    }
}

static void fail_to_listen(struct daf_link *link, const struct daf_addr *addr,
                           const char *why)
{
    char text[256];

    (void)snprintf(text, sizeof(text), "cannot listen on %.*s: %s",
                   DAF_ADDR_BYTES_MAX, addr->text, why);
    fail(link, text);
}

static bool is_pair(const struct daf_box_pk *pk, const struct daf_box_sk *sk)
{
    struct daf_box_pk made;

    return crypto_scalarmult_base(made.b, sk->b) == 0 &&
           memcmp(made.b, pk->b, sizeof(made.b)) == 0;
}

static void say_ready(struct daf_link *link)
{
    struct daf_link_ready ready = {link->door_port, link->mesh_port};

    link->stage = DAF_LINK_STAGE_READY;
    daf_link_core_put(link, DAF_LINK_READY, 0, (enum daf_endpoint)0,
                      (struct daf_view){(const uint8_t *)&ready,
                                        sizeof(ready)});
}

/* The @step-th port after the door's, so that firewalls, and who was here before,
 * know it; if another program has it, any. */
static bool bind_beside(struct daf_link *link, struct daf_link_router *router,
                        const struct daf_box_sk *sk, unsigned step,
                        uint16_t *port)
{
    if (*port == 0 && link->door_port + step <= UINT16_MAX) {
        *port = (uint16_t)(link->door_port + step);
        if (daf_link_in_open(link, router, sk, &link->where, port)) return true;
        daf_link_in_end(link, router);
        *port = 0;
    }
    return daf_link_in_open(link, router, sk, &link->where, port);
}

static void bind_all(struct daf_link *link, const struct daf_link_listen *on)
{
    if (!daf_addr_parse(&on->door, &link->where)) {
        fail_to_listen(link, &on->door,
                       "not a numeric address and port, like 0.0.0.0:5670 "
                       "or [fe80::1%3]:5670");
        return;
    }
    link->door_port = link->where.port;
    /* ZAP first: it must be there before anyone can knock. */
    if (!daf_link_zap_open(link) ||
        !daf_link_in_open(link, &link->door, &on->door_sk, &link->where,
                          &link->door_port) ||
        !bind_beside(link, &link->mesh, &on->transport_sk, DAF_MESH_STEP,
                     &link->mesh_port)) {
        fail_to_listen(link, &on->door, why_no_bind(zmq_errno()));
        return;
    }
    link->stage = DAF_LINK_STAGE_TESTING;
    if (!daf_link_selftest_begin(link, &link->where))
        daf_link_on_tested(link, false);
}

static void on_porch(struct daf_link *link, const struct daf_link_porch *porch)
{
    struct daf_link_porched porched = {.port = porch->port};

    if (link->stage != DAF_LINK_STAGE_READY || link->only_calls ||
        porch->is_open > 1 ||
        (porch->is_open == 1 && !is_pair(&porch->pk, &porch->sk))) {
        daf_link_die(link, 2, "core sent a PORCH that cannot be");
        return;
    }
    daf_link_in_end(link, &link->porch);
    if (porch->is_open == 0) return;
    if (!bind_beside(link, &link->porch, &porch->sk, DAF_PORCH_STEP,
                     &porched.port)) {
        daf_link_in_end(link, &link->porch);
        porched.port = 0;
    }
    daf_link_core_put(link, DAF_LINK_PORCHED, 0, DAF_ENDPOINT_PORCH,
                      (struct daf_view){(const uint8_t *)&porched,
                                        sizeof(porched)});
}

static void on_listen(struct daf_link *link, const struct daf_link_listen *on)
{
    if (link->stage != DAF_LINK_STAGE_NEW || on->only_calls > 1 ||
        (on->only_calls == 0 && !is_pair(&on->door_pk, &on->door_sk)) ||
        !is_pair(&on->transport_pk, &on->transport_sk)) {
        daf_link_die(link, 2, "core sent a LISTEN that cannot be");
        return;
    }
    link->transport_pk = on->transport_pk;
    link->transport_sk = on->transport_sk;
    link->only_calls = on->only_calls == 1;
    if (link->only_calls)
        say_ready(link);
    else
        bind_all(link, on);
}

void daf_link_on_tested(struct daf_link *link, bool passed)
{
    if (!passed) {
        fail(link, "self-test: a stranger was not refused");
        return;
    }
    daf_link_selftest_end(link);
    /* The test's own two are not to be counted. */
    daf_link_in_watch(link, &link->door);
    daf_link_in_watch(link, &link->mesh);
    link->refused = (struct daf_link_refused){0};
    say_ready(link);
}

static void on_admit(struct daf_link *link, const struct daf_link_admit *admit)
{
    if (admit->allowed > 1)
        daf_link_die(link, 2, "core sent an ADMIT that cannot be");
    else if (!daf_link_keys_put(&link->keys, &admit->key, admit->allowed == 1))
        daf_link_die(link, 1, "too many keys, or out of memory");
    else if (admit->allowed == 0)
        daf_link_conns_shut_key(link, &admit->key);
}

static void on_connect(struct daf_link *link, const struct daf_link_head *head,
                       const struct daf_link_connect *to)
{
    if (link->stage == DAF_LINK_STAGE_NEW ||
        (head->conn & DAF_CONN_INCOMING) != 0 ||
        head->endpoint < DAF_ENDPOINT_DOOR ||
        head->endpoint > DAF_ENDPOINT_PORCH ||
        daf_link_conns_get(link, head->conn) != NULL) {
        daf_link_die(link, 2, "core sent a CONNECT that cannot be");
        return;
    }
    daf_link_out_open(link, head->conn, (enum daf_endpoint)head->endpoint, to);
}

/* copy: false if the payload is not of the kind's one length. */
static bool copy(void *to, size_t len, struct daf_view payload)
{
    if (payload.len != len) return false;
    memcpy(to, payload.p, len);
    return true;
}

void daf_link_on_core(struct daf_link *link, const struct daf_link_head *head,
                      struct daf_view payload)
{
    /* The number may have ended while core wrote: CLOSED is on its way. */
    struct daf_link_conn *conn = daf_link_conns_get(link, head->conn);
    union {
        struct daf_link_listen listen;
        struct daf_link_admit admit;
        struct daf_link_connect connect;
        struct daf_link_porch porch;
    } u;
    bool whole = false;

    switch ((enum daf_link_kind)head->kind) {
    case DAF_LINK_LISTEN:
        if ((whole = copy(&u.listen, sizeof(u.listen), payload)))
            on_listen(link, &u.listen);
        sodium_memzero(&u, sizeof(u));
        break;
    case DAF_LINK_ADMIT:
        if ((whole = copy(&u.admit, sizeof(u.admit), payload)))
            on_admit(link, &u.admit);
        break;
    case DAF_LINK_CONNECT:
        if ((whole = copy(&u.connect, sizeof(u.connect), payload)))
            on_connect(link, head, &u.connect);
        break;
    case DAF_LINK_SEND:
        if ((whole = payload.len <= DAF_FRAME_BYTES_MAX) && conn != NULL)
            daf_link_send_frame(link, conn, payload);
        break;
    case DAF_LINK_CLOSE:
        if ((whole = payload.len == 0) && conn != NULL)
            daf_link_conns_shut(link, conn);
        break;
    case DAF_LINK_PORCH:
        if ((whole = copy(&u.porch, sizeof(u.porch), payload)))
            on_porch(link, &u.porch);
        sodium_memzero(&u, sizeof(u));
        break;
    case DAF_LINK_READY:
    case DAF_LINK_OPENED:
    case DAF_LINK_FRAME:
    case DAF_LINK_CLOSED:
    case DAF_LINK_REFUSED:
    case DAF_LINK_FAILED:
    case DAF_LINK_PORCHED:
        break;
    }
    if (!whole)
        daf_link_die(link, 2, "core sent what link does not understand");
}

/* ---- the loop */

/* turn: one step of each socket that is dirty now. */
static void turn(struct daf_link *link)
{
    struct daf_link_sock *sock;
    size_t n = 0;

    TAILQ_FOREACH(sock, &link->dirty, entry)
    n++;
    for (; n > 0 && !link->done; n--) {
        sock = TAILQ_FIRST(&link->dirty);
        if (sock == NULL) /* a step closed others */
            break;
        daf_link_sock_list(sock, NULL);
        switch (sock->step(link, sock)) {
        case DAF_LINK_TURN_IDLE:
            break;
        case DAF_LINK_TURN_MORE:
            daf_link_sock_touch(link, sock);
            break;
        case DAF_LINK_TURN_HELD:
            if (sock->zmq != NULL && sock->list == NULL)
                daf_link_sock_list(sock, &link->held);
            break;
        }
    }
}

static void on_timer(struct daf_link *link)
{
    uint64_t count;

    (void)!read(link->timer_fd, &count, sizeof(count));
    link->wake_ms = link->armed_ms = DAF_LINK_NEVER;
    if (link->stage == DAF_LINK_STAGE_TESTING) {
        daf_link_wake(link, link->selftest.deadline_ms);
        daf_link_selftest_check(link);
    }
    daf_link_conns_on_timer(link);
    trim(link);
    daf_link_strangers_on_timer(link);
    daf_link_send_on_timer(link, &link->door);
    daf_link_send_on_timer(link, &link->mesh);
    daf_link_send_on_timer(link, &link->porch);
}

static void release_held(struct daf_link *link)
{
    struct daf_link_sock *sock;

    if (link->stage != DAF_LINK_STAGE_READY || daf_link_core_full(link)) return;
    while ((sock = TAILQ_FIRST(&link->held)) != NULL)
        daf_link_sock_touch(link, sock);
}

static void await(struct daf_link *link)
{
    struct epoll_event events[64];
    int n = epoll_wait(link->epoll_fd, events, 64,
                       TAILQ_EMPTY(&link->dirty) ? -1 : 0);
    bool heard = false, timed = false;

    if (n < 0 && errno != EINTR) daf_link_die(link, 1, "epoll failed");
    link->now_ms = mono_ms();
    /* First note everything: what follows may close sockets named here. */
    for (int i = 0; i < n; i++) {
        void *what = events[i].data.ptr;
        if (what == &link->core)
            heard = (events[i].events & ~(uint32_t)EPOLLOUT) != 0;
        else if (what == &link->timer_fd)
            timed = true;
        else
            daf_link_sock_touch(link, what);
    }
    if (timed) on_timer(link);
    daf_link_core_flush(link);
    if (heard && !link->done) daf_link_core_read(link);
}

static void run(struct daf_link *link)
{
    while (!link->done) {
        await(link);
        turn(link);
        tell_refused(link);
        daf_link_core_flush(link);
        release_held(link);
        daf_link_conns_reap(link);
        arm_timer(link);
    }
}

/* ---- beginning and end */

/* limit_memory: libzmq counts whole messages and the bytes of a frame, not the
 * frames of a message: a member's one message of 6,000 frames takes 344 MiB before
 * it ends.  Rather than the machine link runs out of memory, which costs that
 * member his connection, or a restart. */
static void limit_memory(void)
{
    char text[64] = "";
    struct rlimit all;
    ssize_t len = -1;
    unsigned long pages;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

    if (fd >= 0) len = read(fd, text, sizeof(text) - 1);
    if (fd >= 0) (void)close(fd);
    if (len <= 0 || getrlimit(RLIMIT_AS, &all) != 0) return;
    pages = strtoul(text, NULL, 10);
    all.rlim_cur =
        (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + DAF_LINK_MEMORY_MORE;
    if (all.rlim_cur < all.rlim_max) (void)setrlimit(RLIMIT_AS, &all);
}

static void harden(void)
{
    struct rlimit none = {0, 0}, files;
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    /* Keys do not go to a core file or another process of the user. */
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    /* 1,024 peers and as many strangers in their handshake; the usual soft
     * limit is 1,024 in all, where libzmq's listener spins. */
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max < DAF_LINK_FDS_MAX ? files.rlim_max
                                                           : DAF_LINK_FDS_MAX;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    limit_memory();
    (void)sigaction(SIGPIPE, &ignore, NULL);
    /* Ctrl-C reaches the whole group; core decides when to stop. */
    (void)sigaction(SIGINT, &ignore, NULL);
    (void)sigaction(SIGTERM, &ignore, NULL);
}

static bool watch(struct daf_link *link, int fd, void *what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};

    return epoll_ctl(link->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool init(struct daf_link *link)
{
    int flags = fcntl(link->fd, F_GETFL);

    TAILQ_INIT(&link->dirty);
    TAILQ_INIT(&link->held);
    TAILQ_INIT(&link->strangers.all);
    daf_link_conns_init(&link->conns);
    link->door.endpoint = DAF_ENDPOINT_DOOR;
    link->mesh.endpoint = DAF_ENDPOINT_MESH;
    link->porch.endpoint = DAF_ENDPOINT_PORCH;
    link->wake_ms = link->armed_ms = link->trim_ms = DAF_LINK_NEVER;
    link->now_ms = mono_ms();
    if (flags < 0 || fcntl(link->fd, F_SETFL, flags | O_NONBLOCK) != 0)
        return false;
    link->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    link->timer_fd =
        timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    link->zmq = zmq_ctx_new();
    return daf_link_core_init(link) && link->epoll_fd >= 0 &&
           link->timer_fd >= 0 && link->zmq != NULL &&
           zmq_ctx_set(link->zmq, ZMQ_MAX_SOCKETS, SOCKETS_MAX) == 0 &&
           zmq_ctx_set(link->zmq, ZMQ_IO_THREADS, 1) == 0 &&
           zmq_ctx_set(link->zmq, ZMQ_BLOCKY, 0) == 0 &&
           watch(link, link->fd, &link->core) &&
           watch(link, link->timer_fd, &link->timer_fd);
}

static void deinit(struct daf_link *link)
{
    daf_link_selftest_end(link);
    daf_link_conns_deinit(link);
    daf_link_sock_unwatch(link, &link->door.monitor, &link->door.sock);
    daf_link_sock_unwatch(link, &link->mesh.monitor, &link->mesh.sock);
    daf_link_sock_unwatch(link, &link->porch.monitor, &link->porch.sock);
    daf_link_sock_close(link, &link->zap);
    if (link->zmq != NULL) (void)zmq_ctx_term(link->zmq);
    daf_link_keys_deinit(&link->keys);
    daf_link_core_deinit(link);
    (void)close(link->timer_fd);
    (void)close(link->epoll_fd);
    sodium_memzero(&link->transport_sk, sizeof(link->transport_sk));
}

int daf_link_main(int fd)
{
    struct daf_link *link = calloc(1, sizeof(*link));
    int status;

    if (link == NULL) return 1;
    link->fd = fd;
    link->epoll_fd = link->timer_fd = -1;
    harden();
    if (sodium_init() < 0 || !init(link))
        daf_link_die(link, 1, "cannot start: out of memory or descriptors");
    run(link);
    if (link->status == 1) daf_link_core_farewell(link);
    status = link->status;
    deinit(link);
    free(link);
    return status;
}
