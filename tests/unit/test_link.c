/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/test_link.c - link processes on 127.0.0.1, with the test as the
 * core of each.  Links are forked before libzmq is used here. */
#include "tests/lib/t.h"

#include "node/link_impl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#define PATIENCE_MS 20000 /* for what must come; most takes milliseconds */

/* One link process, and what its core knows. */
struct core {
    int fd;
    pid_t pid;
    struct daf_link_listen listen;
    struct daf_link_ready ready;
    struct daf_link_porch porch;
    struct daf_link_porched porched;
    struct daf_link_refused refused; /* sums */
    /* the message read last */
    struct daf_link_head head;
    uint8_t *bytes;
};

static uint64_t mono_ms(void)
{
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- processes */

static void spawn(struct core *core)
{
    int pair[2];

    *core = (struct core){.fd = -1};
    core->bytes = malloc(DAF_LINK_BYTES_MAX);
    assert_non_null(core->bytes);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    (void)fflush(stdout);
    core->pid = fork();
    assert_true(core->pid >= 0);
    if (core->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (dup2(pair[1], 3) != 3 || close_range(4, ~0u, 0) != 0) _exit(99);
        _exit(daf_link_main(3));
    }
    (void)close(pair[1]);
    core->fd = pair[0];
    /* A link that stopped reading is a failure with a line, not a hang. */
    assert_int_equal(setsockopt(core->fd, SOL_SOCKET, SO_SNDTIMEO,
                                &(struct timeval){PATIENCE_MS / 1000, 0},
                                sizeof(struct timeval)),
                     0);
    (void)crypto_box_keypair(core->listen.door_pk.b, core->listen.door_sk.b);
    (void)crypto_box_keypair(core->listen.transport_pk.b,
                             core->listen.transport_sk.b);
}

/* exit_status: wait until it ended; fails if that takes longer than 5 s. */
static int exit_status(struct core *core)
{
    struct pollfd gone = {.events = POLLIN};
    int status;

    gone.fd = pidfd_open(core->pid, 0);
    assert_true(gone.fd >= 0);
    assert_int_equal(poll(&gone, 1, 5000), 1);
    (void)close(gone.fd);
    assert_int_equal(waitpid(core->pid, &status, 0), core->pid);
    core->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* stop: core closes the pair; link must end at once and well. */
static void stop(struct core *core)
{
    if (core->fd >= 0) (void)close(core->fd);
    if (core->pid != 0) assert_int_equal(exit_status(core), 0);
    free(core->bytes);
}

/* ---- messages */

static void put_raw(struct core *core, const void *p, size_t len)
{
    while (len > 0) {
        ssize_t n = send(core->fd, p, len, MSG_NOSIGNAL);
        assert_true(n > 0);
        p = (const uint8_t *)p + n;
        len -= (size_t)n;
    }
}

static void put(struct core *core, enum daf_link_kind kind, uint32_t conn,
                enum daf_endpoint endpoint, const void *p, size_t len)
{
    struct daf_link_head head = {.len = (uint32_t)len,
                                 .conn = conn,
                                 .kind = (uint8_t)kind,
                                 .endpoint = (uint8_t)endpoint};
    put_raw(core, &head, sizeof(head));
    put_raw(core, p, len);
}

static bool get_raw(struct core *core, void *to, size_t len, uint64_t until_ms)
{
    size_t have = 0;

    while (have < len) {
        struct pollfd in = {.fd = core->fd, .events = POLLIN};
        uint64_t now_ms = mono_ms();
        int left_ms = now_ms < until_ms ? (int)(until_ms - now_ms) : 0;
        ssize_t n;
        if (poll(&in, 1, left_ms) != 1) return false;
        n = recv(core->fd, (uint8_t *)to + have, len - have, 0);
        if (n <= 0) return false;
        have += (size_t)n;
    }
    return true;
}

/* next: the next message within @ms; REFUSED is only summed up. */
static bool next(struct core *core, int ms)
{
    uint64_t until_ms = mono_ms() + (uint64_t)ms;
    struct daf_link_refused more;

    for (;;) {
        if (!get_raw(core, &core->head, sizeof(core->head), until_ms))
            return false;
        assert_true(core->head.len <= DAF_LINK_BYTES_MAX);
        assert_true(
            get_raw(core, core->bytes, core->head.len, until_ms + 5000));
        if (core->head.kind != DAF_LINK_REFUSED) return true;
        assert_int_equal(core->head.len, sizeof(more));
        memcpy(&more, core->bytes, sizeof(more));
        core->refused.keys += more.keys;
        core->refused.handshakes += more.handshakes;
        core->refused.messages += more.messages;
        core->refused.crowded += more.crowded;
        core->refused.silent += more.silent;
    }
}

static void expect(struct core *core, enum daf_link_kind kind)
{
    assert_true(next(core, PATIENCE_MS));
    if (core->head.kind != kind && core->head.kind == DAF_LINK_FAILED)
        print_error("%.*s\n", (int)core->head.len, (char *)core->bytes);
    assert_int_equal(core->head.kind, kind);
}

static void expect_of(struct core *core, enum daf_link_kind kind, uint32_t conn)
{
    expect(core, kind);
    assert_int_equal(core->head.conn, conn);
}

static void expect_frame(struct core *core, uint32_t conn, const void *p,
                         size_t len)
{
    expect_of(core, DAF_LINK_FRAME, conn);
    assert_int_equal(core->head.len, len);
    assert_memory_equal(core->bytes, p, len);
}

/* expect_opened: returns its number. */
static uint32_t expect_opened(struct core *core, enum daf_endpoint endpoint,
                              const struct daf_box_pk *key)
{
    expect(core, DAF_LINK_OPENED);
    assert_int_equal(core->head.endpoint, endpoint);
    assert_int_equal(core->head.len, sizeof(key->b));
    assert_memory_equal(core->bytes, key->b, sizeof(key->b));
    return core->head.conn;
}

static void expect_silence(struct core *core, int ms)
{
    assert_false(next(core, ms));
}

/* expect_refused: *sum (of core->refused) reaches @least, nothing else. */
static void expect_refused(struct core *core, const uint64_t *sum,
                           uint64_t least)
{
    uint64_t until_ms = mono_ms() + PATIENCE_MS;

    while (*sum < least && mono_ms() < until_ms)
        expect_silence(core, 50);
    assert_true(*sum >= least);
}

/* ---- what cores do */

static void listen_on(struct core *core, const char *addr)
{
    (void)snprintf(core->listen.door.text, sizeof(core->listen.door.text), "%s",
                   addr);
    put(core, DAF_LINK_LISTEN, 0, (enum daf_endpoint)0, &core->listen,
        sizeof(core->listen));
}

static void start(struct core *core)
{
    spawn(core);
    listen_on(core, "127.0.0.1:0");
}

static void expect_ready(struct core *core)
{
    expect(core, DAF_LINK_READY);
    assert_int_equal(core->head.len, sizeof(core->ready));
    memcpy(&core->ready, core->bytes, sizeof(core->ready));
    assert_true(core->ready.door_port != 0 && core->ready.mesh_port != 0);
    assert_true(core->ready.door_port != core->ready.mesh_port);
}

static void start_two(struct core *a, struct core *b)
{
    start(a);
    start(b);
    expect_ready(a);
    expect_ready(b);
}

static void admit(struct core *core, const struct daf_box_pk *key, bool allowed)
{
    struct daf_link_admit it = {*key, allowed};
    put(core, DAF_LINK_ADMIT, 0, (enum daf_endpoint)0, &it, sizeof(it));
}

static void call_addr(struct core *core, uint32_t conn,
                      enum daf_endpoint endpoint, const char *addr,
                      const struct daf_box_pk *server)
{
    struct daf_link_connect it = {.server = *server};
    (void)snprintf(it.addr.text, sizeof(it.addr.text), "%s", addr);
    put(core, DAF_LINK_CONNECT, conn, endpoint, &it, sizeof(it));
}

static void say_porch(struct core *core, bool is_open)
{
    core->porch.is_open = is_open;
    put(core, DAF_LINK_PORCH, 0, (enum daf_endpoint)0, &core->porch,
        sizeof(core->porch));
}

static void expect_porched(struct core *core)
{
    expect(core, DAF_LINK_PORCHED);
    assert_int_equal(core->head.len, sizeof(core->porched));
    memcpy(&core->porched, core->bytes, sizeof(core->porched));
}

/* say_new_porch: with a key pair of its own. */
static void say_new_porch(struct core *core)
{
    (void)crypto_box_keypair(core->porch.pk.b, core->porch.sk.b);
    say_porch(core, true);
}

static void open_porch(struct core *core)
{
    say_new_porch(core);
    expect_porched(core);
    assert_true(core->porched.port != 0);
}

static const struct daf_box_pk *key_of(const struct core *core,
                                       enum daf_endpoint endpoint)
{
    if (endpoint == DAF_ENDPOINT_DOOR) return &core->listen.door_pk;
    return endpoint == DAF_ENDPOINT_PORCH ? &core->porch.pk
                                          : &core->listen.transport_pk;
}

static uint16_t port_of(const struct core *core, enum daf_endpoint endpoint)
{
    if (endpoint == DAF_ENDPOINT_DOOR) return core->ready.door_port;
    return endpoint == DAF_ENDPOINT_PORCH ? core->porched.port
                                          : core->ready.mesh_port;
}

static void call(struct core *core, uint32_t conn, enum daf_endpoint endpoint,
                 const struct core *to)
{
    char addr[DAF_ADDR_BYTES_MAX + 1];

    (void)snprintf(addr, sizeof(addr), "127.0.0.1:%u",
                   (unsigned)port_of(to, endpoint));
    call_addr(core, conn, endpoint, addr, key_of(to, endpoint));
}

static void say(struct core *core, uint32_t conn, const void *p, size_t len)
{
    put(core, DAF_LINK_SEND, conn, (enum daf_endpoint)0, p, len);
}

/* meet: @a connects as @conn and says "hi"; returns @b's number for it. */
static uint32_t meet(struct core *a, uint32_t conn, enum daf_endpoint endpoint,
                     struct core *b)
{
    uint32_t at_b;

    call(a, conn, endpoint, b);
    assert_int_equal(expect_opened(a, endpoint, key_of(b, endpoint)), conn);
    say(a, conn, "hi", 2);
    at_b = expect_opened(b, endpoint, &a->listen.transport_pk);
    assert_true((at_b & DAF_CONN_INCOMING) != 0);
    expect_frame(b, at_b, "hi", 2);
    return at_b;
}

static void admit_each_other(struct core *a, struct core *b)
{
    admit(a, &b->listen.transport_pk, true);
    admit(b, &a->listen.transport_pk, true);
}

/* ---- strangers: libzmq without a link */

struct stranger {
    void *ctx, *zmq;
    struct daf_box_pk pk;
    struct daf_box_sk sk;
};

static void stranger_init(struct stranger *stranger)
{
    stranger->ctx = zmq_ctx_new();
    assert_non_null(stranger->ctx);
    (void)crypto_box_keypair(stranger->pk.b, stranger->sk.b);
}

static void *stranger_call(struct stranger *stranger, const char *routing_id,
                           uint16_t port, const struct daf_box_pk *server)
{
    void *zmq = zmq_socket(stranger->ctx, ZMQ_DEALER);
    char endpoint[40];
    int zero = 0, patience_ms = PATIENCE_MS;

    assert_non_null(zmq);
    (void)zmq_setsockopt(zmq, ZMQ_LINGER, &zero, sizeof(zero));
    (void)zmq_setsockopt(zmq, ZMQ_SNDTIMEO, &patience_ms, sizeof(patience_ms));
    if (routing_id != NULL)
        (void)zmq_setsockopt(zmq, ZMQ_ROUTING_ID, routing_id,
                             strlen(routing_id));
    if (server != NULL) {
        (void)zmq_setsockopt(zmq, ZMQ_CURVE_SERVERKEY, server->b, 32);
        (void)zmq_setsockopt(zmq, ZMQ_CURVE_PUBLICKEY, stranger->pk.b, 32);
        (void)zmq_setsockopt(zmq, ZMQ_CURVE_SECRETKEY, stranger->sk.b, 32);
    }
    (void)snprintf(endpoint, sizeof(endpoint), "tcp://127.0.0.1:%u",
                   (unsigned)port);
    assert_int_equal(zmq_connect(zmq, endpoint), 0);
    return zmq;
}

static void stranger_deinit(struct stranger *stranger)
{
    (void)zmq_ctx_term(stranger->ctx);
}

/* ---- tests */

static void ready_comes_when_a_stranger_was_refused(void **state)
{
    struct core a;
    uint64_t began_ms = mono_ms();

    (void)state;
    start(&a);
    expect_ready(&a);
    assert_true(mono_ms() - began_ms < 5000);
    /* The self-test's own strangers are not counted. */
    expect_silence(&a, 1200);
    assert_int_equal(a.refused.keys + a.refused.handshakes, 0);
    stop(&a);
}

static void frames_pass_both_ways(enum daf_endpoint endpoint)
{
    static const size_t lens[] = {1, 100, 4096, 262144, DAF_FRAME_BYTES_MAX};
    uint8_t *frame = malloc(DAF_FRAME_BYTES_MAX);
    struct core a, b;
    uint32_t at_b;

    assert_non_null(frame);
    randombytes_buf(frame, DAF_FRAME_BYTES_MAX);
    start_two(&a, &b);
    if (endpoint == DAF_ENDPOINT_MESH) admit_each_other(&a, &b);
    if (endpoint == DAF_ENDPOINT_PORCH) open_porch(&b);
    at_b = meet(&a, 7, endpoint, &b);
    for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
        if (lens[i] > daf_link_frame_max(endpoint)) break;
        say(&a, 7, frame, lens[i]);
        expect_frame(&b, at_b, frame, lens[i]);
        say(&b, at_b, frame, lens[i]);
        expect_frame(&a, 7, frame, lens[i]);
    }
    for (uint32_t i = 0; i < 500; i++)
        say(&a, 7, &i, sizeof(i));
    for (uint32_t i = 0; i < 500; i++)
        expect_frame(&b, at_b, &i, sizeof(i));
    for (uint32_t i = 0; i < 500; i++)
        say(&b, at_b, &i, sizeof(i));
    for (uint32_t i = 0; i < 500; i++)
        expect_frame(&a, 7, &i, sizeof(i));
    stop(&a);
    stop(&b);
    free(frame);
}

static void frames_pass_at_the_door(void **state)
{
    (void)state;
    frames_pass_both_ways(DAF_ENDPOINT_DOOR);
}

static void frames_pass_in_the_mesh(void **state)
{
    (void)state;
    frames_pass_both_ways(DAF_ENDPOINT_MESH);
}

static void frames_pass_at_the_porch(void **state)
{
    (void)state;
    frames_pass_both_ways(DAF_ENDPOINT_PORCH);
}

static void a_porch_that_closes_ends_its_connections(void **state)
{
    struct core a, b;
    struct daf_box_pk before;
    char addr[40];
    uint32_t at_b;

    (void)state;
    start_two(&a, &b);
    say_porch(&b, false); /* it was not open */
    open_porch(&b);
    assert_true(b.porched.port != b.ready.door_port);
    assert_true(b.porched.port != b.ready.mesh_port);
    at_b = meet(&a, 1, DAF_ENDPOINT_PORCH, &b);
    say(&b, at_b, "welcome", 7); /* has a second to leave */
    say_porch(&b, false);
    expect_of(&b, DAF_LINK_CLOSED, at_b);
    expect_frame(&a, 1, "welcome", 7);
    expect_of(&a, DAF_LINK_CLOSED, 1);
    call(&a, 1, DAF_ENDPOINT_PORCH, &b);
    expect_of(&a, DAF_LINK_CLOSED, 1);

    /* Opened anew, with another key: the old one opens nothing. */
    before = b.porch.pk;
    b.porch.port = b.porched.port;
    open_porch(&b);
    assert_int_equal(b.porched.port, b.porch.port);
    (void)snprintf(addr, sizeof(addr), "127.0.0.1:%u",
                   (unsigned)b.porched.port);
    call_addr(&a, 2, DAF_ENDPOINT_PORCH, addr, &before);
    expect_of(&a, DAF_LINK_CLOSED, 2);
    at_b = meet(&a, 3, DAF_ENDPOINT_PORCH, &b);
    /* Open while it is open: the one before is closed. */
    b.porch.port = 0;
    say_new_porch(&b);
    expect_of(&b, DAF_LINK_CLOSED, at_b);
    expect_porched(&b);
    expect_of(&a, DAF_LINK_CLOSED, 3);
    (void)meet(&a, 4, DAF_ENDPOINT_PORCH, &b);
    stop(&a);
    stop(&b);
}

static void a_porch_without_a_port_is_told(void **state)
{
    struct core a;

    (void)state;
    start(&a);
    expect_ready(&a);
    a.porch.port = a.ready.door_port;
    say_new_porch(&a);
    expect_porched(&a);
    assert_int_equal(a.porched.port, 0);
    a.porch.port = 0;
    open_porch(&a);
    stop(&a);
}

static void one_that_only_calls_listens_nowhere(void **state)
{
    struct core a, b;
    struct daf_link_ready none;

    (void)state;
    start(&b);
    expect_ready(&b);
    spawn(&a);
    a.listen.only_calls = 1;
    memset(&a.listen.door_sk, 0, sizeof(a.listen.door_sk)); /* it has none */
    listen_on(&a, "");
    expect(&a, DAF_LINK_READY);
    assert_int_equal(a.head.len, sizeof(none));
    memcpy(&none, a.bytes, sizeof(none));
    assert_int_equal(none.door_port | none.mesh_port, 0);
    (void)meet(&a, 1, DAF_ENDPOINT_DOOR, &b);
    open_porch(&b);
    (void)meet(&a, 2, DAF_ENDPOINT_PORCH, &b);
    say_porch(&a, true);
    assert_int_equal(exit_status(&a), 2);
    stop(&a);
    stop(&b);
}

static void a_key_comes_in_when_admitted_and_is_cut_when_revoked(void **state)
{
    struct core a, b;
    uint32_t at_b;

    (void)state;
    start_two(&a, &b);
    call(&a, 1, DAF_ENDPOINT_MESH, &b);
    expect_refused(&b, &b.refused.keys, 1);
    expect_of(&a, DAF_LINK_CLOSED, 1);

    admit(&b, &a.listen.transport_pk, true);
    at_b = meet(&a, 1, DAF_ENDPOINT_MESH, &b);

    say(&b, at_b, "goodbye", 7); /* what was said before still leaves */
    admit(&b, &a.listen.transport_pk, false);
    /* At once: the other need not say anything. */
    expect_of(&b, DAF_LINK_CLOSED, at_b);
    expect_frame(&a, 1, "goodbye", 7);
    say(&a, 1, "not heard", 9);
    expect_of(&a, DAF_LINK_CLOSED, 1);
    expect_silence(&b, 0);

    /* Denied, not merely unknown: told at once, where 300 takes 5 s. */
    call(&a, 1, DAF_ENDPOINT_MESH, &b);
    assert_true(next(&a, 4000));
    assert_int_equal(a.head.kind, DAF_LINK_CLOSED);
    expect_refused(&b, &b.refused.keys, 2);
    stop(&a);
    stop(&b);
}

static void what_stands_with_a_denied_key_is_shut_on_either_side(void **state)
{
    struct core a, b;
    uint32_t at_a, at_door;

    (void)state;
    start_two(&a, &b);
    admit_each_other(&a, &b);
    at_a = meet(&b, 7, DAF_ENDPOINT_MESH, &a);
    at_door = meet(&a, 1, DAF_ENDPOINT_DOOR, &b);
    admit(&b, &a.listen.transport_pk, false);
    expect_of(&b, DAF_LINK_CLOSED, 7); /* whom b itself had called */
    expect_of(&a, DAF_LINK_CLOSED, at_a);
    /* At the door it may still be told why. */
    say(&b, at_door, "your revocation", 15);
    expect_frame(&a, 1, "your revocation", 15);
    stop(&a);
    stop(&b);
}

static void who_does_not_know_the_camp_cannot_knock(void **state)
{
    struct core a;
    struct stranger stranger;
    void *plain, *wrong;

    (void)state;
    start(&a);
    expect_ready(&a);
    stranger_init(&stranger);
    plain = stranger_call(&stranger, NULL, a.ready.door_port, NULL);
    (void)zmq_send(plain, "hello", 5, 0);
    expect_refused(&a, &a.refused.handshakes, 1);
    (void)zmq_close(plain);
    wrong = stranger_call(&stranger, NULL, a.ready.door_port,
                          &a.listen.transport_pk);
    (void)zmq_send(wrong, "hello", 5, 0);
    expect_refused(&a, &a.refused.handshakes, 2);
    (void)zmq_close(wrong);
    expect_silence(&a, 100);
    stranger_deinit(&stranger);
    stop(&a);
}

static void odd_messages_are_dropped_and_counted(void **state)
{
    struct core a;
    struct stranger stranger;
    char longest[DAF_DOOR_BYTES_MAX + 1] = "";
    void *zmq;
    uint32_t conn;

    (void)state;
    start(&a);
    expect_ready(&a);
    stranger_init(&stranger);
    zmq = stranger_call(&stranger, NULL, a.ready.door_port, &a.listen.door_pk);
    (void)zmq_send(zmq, "two", 3, ZMQ_SNDMORE);
    (void)zmq_send(zmq, "frames", 6, 0);
    expect_refused(&a, &a.refused.messages, 1);
    (void)zmq_send(zmq, longest, DAF_DOOR_BYTES_MAX, 0);
    conn = expect_opened(&a, DAF_ENDPOINT_DOOR, &stranger.pk);
    expect_frame(&a, conn, longest, DAF_DOOR_BYTES_MAX);
    (void)zmq_send(zmq, "a", 1, ZMQ_SNDMORE);
    (void)zmq_send(zmq, "b", 1, ZMQ_SNDMORE);
    (void)zmq_send(zmq, "c", 1, 0);
    (void)zmq_send(zmq, "one", 3, 0);
    expect_frame(&a, conn, "one", 3);
    (void)zmq_send(zmq, longest, DAF_DOOR_BYTES_MAX + 1, 0);
    expect_of(&a, DAF_LINK_CLOSED, conn);
    expect_refused(&a, &a.refused.messages, 3);
    (void)zmq_close(zmq);

    zmq =
        stranger_call(&stranger, "alice", a.ready.door_port, &a.listen.door_pk);
    (void)zmq_send(zmq, "I am alice", 10, 0);
    expect_refused(&a, &a.refused.messages, 4);
    (void)zmq_close(zmq);
    stranger_deinit(&stranger);
    stop(&a);
}

static void a_killed_peer_is_told_soon(void **state)
{
    struct core a, b;
    uint32_t at_b;
    uint64_t began_ms;

    (void)state;
    start_two(&a, &b);
    admit_each_other(&a, &b);
    at_b = meet(&a, 1, DAF_ENDPOINT_MESH, &b);
    (void)meet(&b, 2, DAF_ENDPOINT_MESH, &a);
    say(&b, at_b, "then it dies", 12);
    expect_frame(&a, 1, "then it dies", 12);
    began_ms = mono_ms();
    assert_int_equal(kill(b.pid, SIGKILL), 0);
    assert_int_equal(exit_status(&b), -SIGKILL);
    expect(&a, DAF_LINK_CLOSED);
    expect(&a, DAF_LINK_CLOSED);
    assert_true(mono_ms() - began_ms < PATIENCE_MS);
    expect_silence(&a, 100);
    stop(&a);
    stop(&b);
}

static void what_a_lost_peer_said_is_heard_first(void **state)
{
    struct core a, b;
    uint32_t at_b;

    (void)state;
    start_two(&a, &b);
    admit_each_other(&a, &b);
    at_b = meet(&a, 1, DAF_ENDPOINT_MESH, &b);
    for (uint32_t i = 0; i < 20; i++)
        say(&a, 1, &i, sizeof(i));
    put(&a, DAF_LINK_CLOSE, 1, (enum daf_endpoint)0, NULL, 0);
    expect_of(&a, DAF_LINK_CLOSED, 1);
    for (uint32_t i = 0; i < 20; i++)
        expect_frame(&b, at_b, &i, sizeof(i));
    expect_of(&b, DAF_LINK_CLOSED, at_b);

    /* The number is free again; and the side that was called may close. */
    at_b = meet(&a, 1, DAF_ENDPOINT_MESH, &b);
    say(&b, at_b, "bye", 3);
    put(&b, DAF_LINK_CLOSE, at_b, (enum daf_endpoint)0, NULL, 0);
    expect_of(&b, DAF_LINK_CLOSED, at_b);
    say(&a, 1, "crossed", 7);
    expect_frame(&a, 1, "bye", 3);
    expect_of(&a, DAF_LINK_CLOSED, 1);
    put(&b, DAF_LINK_CLOSE, at_b, (enum daf_endpoint)0, NULL, 0);
    say(&b, at_b, "too late", 8);
    expect_silence(&b, 100);
    stop(&a);
    stop(&b);
}

static void a_port_in_use_is_said_in_words(void **state)
{
    struct core a, b;
    char addr[40], text[160];

    (void)state;
    spawn(&a);
    spawn(&b);
    listen_on(&a, "127.0.0.1:0");
    expect_ready(&a);
    (void)snprintf(addr, sizeof(addr), "127.0.0.1:%u",
                   (unsigned)a.ready.door_port);
    listen_on(&b, addr);
    expect(&b, DAF_LINK_FAILED);
    (void)snprintf(text, sizeof(text),
                   "cannot listen on %s: address in use; stop the other "
                   "program or choose --listen another",
                   addr);
    assert_int_equal(b.head.len, strlen(text));
    assert_memory_equal(b.bytes, text, strlen(text));
    assert_int_equal(exit_status(&b), 1);
    stop(&a);
    stop(&b);
}

static void bad_addresses_never_reach_libzmq(void **state)
{
    static const char *const bad[] = {
        "",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:05670",
        "127.0.0.1:+5670",
        "127.0.0.1;1.2.3.4:5670",
        "localhost:5670",
        "tcp://127.0.0.1:5670",
        "ipc:///tmp/x:1",
        "0.0.0.0:5670",
        "224.0.0.251:5670",
        "127.0.0.1%3:5670",
        "[::]:5670",
        "[ff02::1%1]:5670",
        "[fe80::1]:5670",      /* without zone: silence for ever */
        "[fe80::1%eth0]:5670", /* zones are numbers here */
        "[::1%1]:5670",
        "[::1:5670",
        "::1]:5670",
        "[]:5670",
    };
    struct core a;

    (void)state;
    start(&a);
    expect_ready(&a);
    for (uint32_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        call_addr(&a, i, DAF_ENDPOINT_MESH, bad[i], &a.listen.transport_pk);
        assert_true(next(&a, 1000));
        assert_int_equal(a.head.kind, DAF_LINK_CLOSED);
        assert_int_equal(a.head.conn, i);
    }
    /* And nobody at a good one. */
    call_addr(&a, 99, DAF_ENDPOINT_MESH, "127.0.0.1:1", &a.listen.door_pk);
    expect_of(&a, DAF_LINK_CLOSED, 99);
    stop(&a);
}

/* flood: 5,000 frames of 10 kB, up to 3.5 MiB of them on the way, for a core
 * that reads only when no more may leave. */
static void flood(struct core *from, uint32_t at_from, struct core *to,
                  uint32_t at_to)
{
    enum { COUNT = 5000, LEN = 10000, WINDOW = 350 };
    static uint8_t frame[LEN];
    uint32_t sent = 0, got = 0;

    while (got < COUNT) {
        for (; sent < COUNT && sent - got < WINDOW; sent++) {
            memcpy(frame, &sent, sizeof(sent));
            frame[LEN - 1] = (uint8_t)sent;
            say(from, at_from, frame, sizeof(frame));
        }
        for (int i = 0; i < WINDOW / 2 && got < sent; i++, got++) {
            memcpy(frame, &got, sizeof(got));
            frame[LEN - 1] = (uint8_t)got;
            expect_frame(to, at_to, frame, sizeof(frame));
        }
    }
}

static void a_slow_core_loses_nothing(void **state)
{
    struct core a, b;
    uint32_t at_b;

    (void)state;
    start_two(&a, &b);
    admit_each_other(&a, &b);
    at_b = meet(&a, 1, DAF_ENDPOINT_MESH, &b);
    flood(&a, 1, &b, at_b);
    flood(&b, at_b, &a, 1);
    stop(&a);
    stop(&b);
}

static void who_never_reads_is_cut(void **state)
{
    struct core a, b;
    uint32_t at_b;
    static uint8_t frame[256 * 1024];
    bool closed = false;

    (void)state;
    start_two(&a, &b);
    admit_each_other(&a, &b);
    at_b = meet(&a, 1, DAF_ENDPOINT_MESH, &b);
    /* b's core does not read: 1 MiB there, 48 frames and TCP's on the way, 4
     * MiB here.  Loopback's TCP holds 6 MiB at most. */
    for (int i = 0; i < 400 && !closed; i++) {
        say(&a, 1, frame, sizeof(frame));
        closed = next(&a, 0);
    }
    if (!closed) assert_true(next(&a, PATIENCE_MS));
    assert_int_equal(a.head.kind, DAF_LINK_CLOSED);
    for (expect(&b, DAF_LINK_FRAME); b.head.kind == DAF_LINK_FRAME;)
        assert_true(next(&b, PATIENCE_MS));
    assert_int_equal(b.head.kind, DAF_LINK_CLOSED);
    assert_int_equal(b.head.conn, at_b);
    stop(&a);
    stop(&b);
}

/* 294,913 bytes pass libzmq's limit; core would end a link that hands them on. */
static void a_frame_beyond_the_limit_ends_its_connection_and_no_more(
    void **state)
{
    static char frame[DAF_FRAME_BYTES_MAX + 1];
    struct core a;
    struct stranger member;
    uint32_t conn;
    void *zmq;

    (void)state;
    start(&a);
    expect_ready(&a);
    stranger_init(&member);
    admit(&a, &member.pk, true);
    zmq =
        stranger_call(&member, NULL, a.ready.mesh_port, &a.listen.transport_pk);
    (void)zmq_send(zmq, frame, DAF_FRAME_BYTES_MAX, 0);
    conn = expect_opened(&a, DAF_ENDPOINT_MESH, &member.pk);
    expect_frame(&a, conn, frame, DAF_FRAME_BYTES_MAX);
    (void)zmq_send(zmq, frame, DAF_FRAME_BYTES_MAX + 1, 0);
    expect_of(&a, DAF_LINK_CLOSED, conn);
    expect_refused(&a, &a.refused.messages, 1);
    (void)zmq_close(zmq);
    stranger_deinit(&member);
    stop(&a);
}

static void the_porch_has_sixteen_places(void **state)
{
    enum { PLACES = 16 };
    struct core a;
    struct stranger stranger;
    void *zmq[PLACES + 1];

    (void)state;
    start(&a);
    expect_ready(&a);
    open_porch(&a);
    stranger_init(&stranger);
    for (int i = 0; i <= PLACES; i++) {
        (void)crypto_box_keypair(stranger.pk.b, stranger.sk.b);
        zmq[i] = stranger_call(&stranger, NULL, a.porched.port, &a.porch.pk);
        (void)zmq_send(zmq[i], "hi", 2, 0);
        if (i == PLACES) break;
        (void)expect_opened(&a, DAF_ENDPOINT_PORCH, &stranger.pk);
        expect(&a, DAF_LINK_FRAME);
    }
    expect_refused(&a, &a.refused.messages, 1);
    for (int i = 0; i <= PLACES; i++)
        (void)zmq_close(zmq[i]);
    for (int i = 0; i < PLACES; i++)
        expect(&a, DAF_LINK_CLOSED);
    stranger_deinit(&stranger);
    stop(&a);
}

/* ---- strangers who say nothing */

/* silent_call: a TCP connection from @from, an address of this machine. */
static int silent_call(const char *from, uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    struct linger none = {1, 0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
    assert_int_equal(inet_pton(AF_INET, from, &at.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(inet_pton(AF_INET, "127.0.0.1", &at.sin_addr), 1);
    at.sin_port = htons(port);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    return fd;
}

static bool is_shut(int fd)
{
    uint8_t greeting[64];
    ssize_t n;

    /* libzmq says its greeting to whoever comes. */
    while ((n = recv(fd, greeting, sizeof(greeting), MSG_DONTWAIT)) > 0)
        continue;
    return n == 0 || errno != EAGAIN;
}

static void a_flood_from_one_address_leaves_its_neighbours_alone(void **state)
{
    enum { NEIGHBOURS = 8, FLOOD = 600 };
    struct core a;
    struct stranger honest;
    static int fds[NEIGHBOURS + FLOOD];
    uint64_t until_ms = mono_ms() + PATIENCE_MS;
    size_t open;
    void *zmq;

    (void)state;
    start(&a);
    expect_ready(&a);
    for (size_t i = 0; i < NEIGHBOURS + FLOOD; i++)
        fds[i] =
            silent_call(i < NEIGHBOURS ? "127.0.0.2" : "127.0.0.3",
                        i % 2 == 0 ? a.ready.door_port : a.ready.mesh_port);
    /* None was shut for its silence yet, or by libzmq: that takes 5 s. */
    expect_refused(&a, &a.refused.crowded,
                   NEIGHBOURS + FLOOD - DAF_LINK_STRANGERS_MAX);
    do {
        open = 0;
        for (size_t i = NEIGHBOURS; i < NEIGHBOURS + FLOOD; i++)
            open += is_shut(fds[i]) ? 0 : 1;
    } while (open > DAF_LINK_STRANGERS_MAX - NEIGHBOURS &&
             mono_ms() < until_ms);
    assert_int_equal(open, DAF_LINK_STRANGERS_MAX - NEIGHBOURS);
    for (size_t i = 0; i < NEIGHBOURS; i++)
        assert_false(is_shut(fds[i]));
    assert_int_equal(a.refused.handshakes, 0);

    /* Who has something to say comes in. */
    stranger_init(&honest);
    zmq = stranger_call(&honest, NULL, a.ready.door_port, &a.listen.door_pk);
    (void)zmq_send(zmq, "hi", 2, 0);
    (void)expect_opened(&a, DAF_ENDPOINT_DOOR, &honest.pk);
    for (size_t i = 0; i < NEIGHBOURS + FLOOD; i++)
        (void)close(fds[i]);
    (void)zmq_close(zmq);
    stranger_deinit(&honest);
    stop(&a);
}

static void one_key_has_sixteen_connections_and_the_door_sixty_four(
    void **state)
{
    enum { PER_KEY = 16, DOOR = 64 };
    struct core a;
    struct stranger stranger;
    void *zmq[DOOR + 1];

    (void)state;
    start(&a);
    expect_ready(&a);
    stranger_init(&stranger);
    for (int i = 0; i <= PER_KEY; i++) {
        zmq[i] = stranger_call(&stranger, NULL, a.ready.door_port,
                               &a.listen.door_pk);
        (void)zmq_send(zmq[i], "hi", 2, 0);
        if (i == PER_KEY) break;
        (void)expect_opened(&a, DAF_ENDPOINT_DOOR, &stranger.pk);
        expect(&a, DAF_LINK_FRAME);
    }
    expect_refused(&a, &a.refused.messages, 1);
    (void)zmq_close(zmq[PER_KEY]);
    for (int i = PER_KEY; i <= DOOR; i++) {
        (void)crypto_box_keypair(stranger.pk.b, stranger.sk.b);
        zmq[i] = stranger_call(&stranger, NULL, a.ready.door_port,
                               &a.listen.door_pk);
        (void)zmq_send(zmq[i], "hi", 2, 0);
        if (i == DOOR) break;
        (void)expect_opened(&a, DAF_ENDPOINT_DOOR, &stranger.pk);
        expect(&a, DAF_LINK_FRAME);
    }
    expect_refused(&a, &a.refused.messages, a.refused.messages + 1);
    for (int i = 0; i <= DOOR; i++)
        (void)zmq_close(zmq[i]);
    for (int i = 0; i < DOOR; i++)
        expect(&a, DAF_LINK_CLOSED);
    expect_silence(&a, 100);
    stranger_deinit(&stranger);
    stop(&a);
}

static void a_thousand_connections_fit(void **state)
{
    enum { KEYS = 64, PER_KEY = 16, ALL = KEYS * PER_KEY };
    static void *zmq[ALL + 1];
    struct core a;
    struct stranger stranger;
    struct rlimit files;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max < 8192 ? files.rlim_max : 8192;
    if (files.rlim_cur < 2 * ALL + 100)
        skip(); /* here a stranger takes two descriptors */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    start(&a);
    expect_ready(&a);
    stranger_init(&stranger);
    (void)zmq_ctx_set(stranger.ctx, ZMQ_MAX_SOCKETS, 2 * ALL);
    for (int i = 0; i <= ALL; i++) {
        if (i % PER_KEY == 0) {
            (void)crypto_box_keypair(stranger.pk.b, stranger.sk.b);
            admit(&a, &stranger.pk, true);
        }
        zmq[i] = stranger_call(&stranger, NULL, a.ready.mesh_port,
                               &a.listen.transport_pk);
        (void)zmq_send(zmq[i], "hi", 2, 0);
        if (i == ALL) break;
        (void)expect_opened(&a, DAF_ENDPOINT_MESH, &stranger.pk);
        expect(&a, DAF_LINK_FRAME);
    }
    expect_refused(&a, &a.refused.messages, 1);
    /* It tries again by itself, and one has left meanwhile. */
    (void)zmq_close(zmq[0]);
    expect(&a, DAF_LINK_CLOSED);
    (void)zmq_send(zmq[ALL], "hi", 2, 0);
    (void)expect_opened(&a, DAF_ENDPOINT_MESH, &stranger.pk);
    for (int i = 1; i <= ALL; i++)
        (void)zmq_close(zmq[i]);
    stranger_deinit(&stranger);
    stop(&a);
}

/* ---- option 93
 *
 * libzmq without a ZAP handler: if it does not enforce the domain, whoever has
 * the server key is let in. */

static uint16_t last_port(void *zmq)
{
    char bound[80] = "";
    size_t len = sizeof(bound);

    assert_int_equal(zmq_getsockopt(zmq, ZMQ_LAST_ENDPOINT, bound, &len), 0);
    return (uint16_t)strtoul(strrchr(bound, ':') + 1, NULL, 10);
}

/* outsiders_end: how the handshake of a stranger at @server ends. */
static unsigned outsiders_end(struct daf_link *link,
                              struct daf_link_sock *server, uint16_t port,
                              const struct daf_box_pk *key)
{
    uint64_t until_ms = mono_ms() + PATIENCE_MS;
    struct stranger stranger;
    struct daf_link_sock monitor;
    struct daf_link_event event = {0};
    void *zmq;

    assert_true(daf_link_sock_watch(link, &monitor, server, NULL, NULL));
    stranger_init(&stranger);
    zmq = stranger_call(&stranger, NULL, port, key);
    while (event.id != ZMQ_EVENT_HANDSHAKE_SUCCEEDED &&
           event.id != ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL &&
           mono_ms() < until_ms)
        (void)daf_link_sock_event(&monitor, &event);
    (void)zmq_close(zmq);
    stranger_deinit(&stranger);
    daf_link_sock_unwatch(link, &monitor, server);
    return event.id;
}

static void without_a_handler_nobody_comes_in(void **state)
{
    struct daf_link *link = calloc(1, sizeof(*link));
    struct daf_link_sock server;
    struct daf_box_pk pk;
    struct daf_box_sk sk;
    uint16_t port = 0;
    int off = 0;

    (void)state;
    assert_non_null(link);
    (void)crypto_box_keypair(pk.b, sk.b);
    link->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    link->zmq = zmq_ctx_new();
    TAILQ_INIT(&link->dirty);
    for (int enforced = 1; enforced >= 0; enforced--) {
        assert_true(daf_link_sock_open(link, &server, ZMQ_ROUTER, NULL, NULL));
        assert_true(daf_link_sock_serve(&server, "door/1", &sk,
                                        "tcp://127.0.0.1:*", &port));
        /* Options count from the next bind on: what a stranger meets who comes
         * there.  Else this test would prove nothing. */
        if (enforced == 0) {
            (void)zmq_setsockopt(server.zmq, 93, &off, sizeof(off));
            assert_true(zmq_bind(server.zmq, "tcp://127.0.0.1:*") == 0);
            port = last_port(server.zmq);
        }
        assert_int_equal(outsiders_end(link, &server, port, &pk),
                         enforced == 1 ? ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
                                       : ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    }
    (void)zmq_ctx_term(link->zmq);
    (void)close(link->epoll_fd);
    free(link);
}

/* The kernel gives a descriptor's number again at once. */
static void each_of_many_short_visits_opens_and_closes(void **state)
{
    enum { VISITS = 60 };
    struct core a;
    struct stranger stranger;
    int opened = 0, closed = 0, frames = 0;

    (void)state;
    start(&a);
    expect_ready(&a);
    stranger_init(&stranger);
    for (int i = 0; i < VISITS; i++) {
        void *zmq = stranger_call(&stranger, NULL, a.ready.door_port,
                                  &a.listen.door_pk);
        (void)zmq_send(zmq, "hi", 2, 0);
        do {
            assert_true(next(&a, PATIENCE_MS));
            opened += a.head.kind == DAF_LINK_OPENED;
            closed += a.head.kind == DAF_LINK_CLOSED;
            frames += a.head.kind == DAF_LINK_FRAME;
        } while (frames <= i);
        (void)zmq_close(zmq);
    }
    while (closed < VISITS) {
        expect(&a, DAF_LINK_CLOSED);
        closed++;
    }
    assert_int_equal(opened, VISITS);
    assert_int_equal(frames, VISITS);
    expect_silence(&a, 100);
    stranger_deinit(&stranger);
    stop(&a);
}

static void a_core_that_breaks_the_rules_stops_link(void **state)
{
    static const struct daf_link_head heads[] = {
        {.kind = 0},
        {.kind = 7},
        {.kind = 255},
        {.kind = DAF_LINK_FRAME},
        {.kind = DAF_LINK_SEND, .len = DAF_LINK_BYTES_MAX + 1},
        {.kind = DAF_LINK_SEND, .len = UINT32_MAX},
        {.kind = DAF_LINK_CLOSE, .pad = {0, 1}},
        {.kind = DAF_LINK_LISTEN},
        {.kind = DAF_LINK_ADMIT},
        {.kind = DAF_LINK_CONNECT},
        {.kind = DAF_LINK_PORCH},
    };
    struct core a;

    (void)state;
    for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
        spawn(&a);
        put_raw(&a, &heads[i], sizeof(heads[i]));
        assert_int_equal(exit_status(&a), 2);
        stop(&a);
    }
    start(&a);
    expect_ready(&a);
    listen_on(&a, "127.0.0.1:0"); /* a second time */
    assert_int_equal(exit_status(&a), 2);
    stop(&a);
    start(&a);
    expect_ready(&a);
    call(&a, DAF_CONN_INCOMING, DAF_ENDPOINT_MESH, &a);
    assert_int_equal(exit_status(&a), 2);
    stop(&a);
    start(&a);
    expect_ready(&a);
    say_porch(&a, true); /* of a key pair that is none */
    assert_int_equal(exit_status(&a), 2);
    stop(&a);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(ready_comes_when_a_stranger_was_refused),
        cmocka_unit_test(frames_pass_at_the_door),
        cmocka_unit_test(frames_pass_in_the_mesh),
        cmocka_unit_test(frames_pass_at_the_porch),
        cmocka_unit_test(a_porch_that_closes_ends_its_connections),
        cmocka_unit_test(a_porch_without_a_port_is_told),
        cmocka_unit_test(the_porch_has_sixteen_places),
        cmocka_unit_test(one_that_only_calls_listens_nowhere),
        cmocka_unit_test(a_key_comes_in_when_admitted_and_is_cut_when_revoked),
        cmocka_unit_test(what_stands_with_a_denied_key_is_shut_on_either_side),
        cmocka_unit_test(who_does_not_know_the_camp_cannot_knock),
        cmocka_unit_test(odd_messages_are_dropped_and_counted),
        cmocka_unit_test(a_killed_peer_is_told_soon),
        cmocka_unit_test(what_a_lost_peer_said_is_heard_first),
        cmocka_unit_test(a_port_in_use_is_said_in_words),
        cmocka_unit_test(bad_addresses_never_reach_libzmq),
        cmocka_unit_test(a_slow_core_loses_nothing),
        cmocka_unit_test(who_never_reads_is_cut),
        cmocka_unit_test(
            a_frame_beyond_the_limit_ends_its_connection_and_no_more),
        cmocka_unit_test(a_flood_from_one_address_leaves_its_neighbours_alone),
        cmocka_unit_test(without_a_handler_nobody_comes_in),
        cmocka_unit_test(
            one_key_has_sixteen_connections_and_the_door_sixty_four),
        cmocka_unit_test(a_thousand_connections_fit),
        cmocka_unit_test(each_of_many_short_visits_opens_and_closes),
        cmocka_unit_test(a_core_that_breaks_the_rules_stops_link),
    };

    if (sodium_init() < 0) return 1;
    /* If it is killed for its time, the log ends with the test's name. */
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
