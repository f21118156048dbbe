/* SPDX-License-Identifier: Apache-2.0 */

/* Server and clients share one thread: before the loop sleeps the server has its
 * turn, then each client, and then the test looks whether it has seen enough. */
#include "tests/lib/t.h"

#include "node/apiserver.h"
#include "node/clock.h"
#include "node/commands.h"
#include "tests/lib/cast.h"
#include "tests/lib/tmpdir.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLIENTS    40
#define WRITES_MAX 512

#define SESSION                                                          \
    "{\"op\":\"write\",\"kind\":\"session\",\"scope\":\"\",\"learner\":" \
    "\"Kite Example\",\"did\":[[\"fractions/01\",800000,90]]}\n"
#define CONTROL "{\"op\":\"write\",\"kind\":\"control\",\"payload\":\"c0\"}\n"

struct talker {
    char *said;
    size_t said_at, said_len;
    char *heard;
    size_t heard_len, lines;
    int fd;         /* -1: not connected */
    bool is_silent; /* does not read */
    bool is_over;   /* the server hung up */
};

static char *tmp;
static struct daf_home home;
static struct daf_loop *loop;
static struct cast *cast;
static struct daf_apiserver *server;
static struct talker talkers[CLIENTS];
static uint64_t tickets[WRITES_MAX];
static struct daf_write last_write;
static size_t writes, repairs, porches;

/* ---- the daemon's part */

static void tell_status(void *ctx, struct daf_apiserver_status *out)
{
    (void)ctx;
    out->endpoint = "192.0.2.7:5670";
    out->records = 4711;
}

static void take_write(void *ctx, const struct daf_write *write)
{
    (void)ctx;
    assert_true(writes < WRITES_MAX);
    tickets[writes++] = write->ticket;
    last_write = *write;
}

static void take_repair(void *ctx)
{
    (void)ctx;
    repairs++;
    daf_apiserver_finish(server);
}

static void give_agent(const struct daf_input *in)
{
    daf_agent_input(cast_agent(cast, 0), daf_clock_now(), in);
}

static void take_porch(void *ctx, const struct daf_porch_wish *wish)
{
    const struct daf_input in = {.kind = DAF_INPUT_PORCH, .porch = wish};

    (void)ctx;
    porches++;
    give_agent(&in);
}

/* Link has it open at @port, or cannot. */
static void ported(uint16_t port)
{
    const struct daf_input in = {.kind = DAF_INPUT_PORCHED, .port_porch = port};

    give_agent(&in);
    daf_apiserver_porched(server);
}

static void wrote(uint64_t ticket, enum daf_err err)
{
    struct daf_wrote w = {.ticket = ticket, .err = err, .registered = true};

    memset(&w.record, 0xab, sizeof(w.record));
    memset(&w.subject, 0xcd, sizeof(w.subject));
    daf_apiserver_wrote(server, &w);
}

static int setup(void **state)
{
    static const struct daf_apiserver_ops ops = {.status = tell_status,
                                                 .write = take_write,
                                                 .repair = take_repair,
                                                 .porch = take_porch};
    char dir[512];

    (void)state;
    writes = repairs = porches = 0;
    for (size_t i = 0; i < CLIENTS; i++)
        talkers[i] = (struct talker){.fd = -1};
    tmp = daf_tmpdir_new();
    assert_non_null(tmp);
    (void)snprintf(dir, sizeof(dir), "%s/home", tmp);
    assert_int_equal(daf_home_make(dir, &home, NULL), DAF_OK);
    assert_int_equal(daf_loop_new(&loop), DAF_OK);
    cast = cast_new(1, false);
    assert_int_equal(daf_apiserver_new(&home, loop, cast_agent(cast, 0), &ops,
                                       &server, NULL),
                     DAF_OK);
    return 0;
}

static void hang_up(struct talker *t)
{
    if (t->fd >= 0) (void)close(t->fd);
    free(t->said);
    free(t->heard);
    *t = (struct talker){.fd = -1};
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < CLIENTS; i++)
        hang_up(&talkers[i]);
    daf_apiserver_free(server);
    cast_free(cast);
    daf_loop_free(loop);
    daf_home_unload(&home);
    daf_tmpdir_free(tmp);
    return 0;
}

/* ---- the clients' part */

static int new_socket(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    return fd;
}

/* The kernel notes who it was that connected. */
static bool reach(int fd)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    return (size_t)snprintf(addr.sun_path, sizeof(addr.sun_path),
                            "%s/home/run/control",
                            tmp) < sizeof(addr.sun_path) &&
           connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0;
}

static struct talker *call(size_t i)
{
    struct talker *t = &talkers[i];

    t->fd = new_socket();
    assert_true(reach(t->fd));
    return t;
}

static void say_bytes(struct talker *t, const char *p, size_t len)
{
    t->said = realloc(t->said, t->said_len + len);
    assert_non_null(t->said);
    memcpy(t->said + t->said_len, p, len);
    t->said_len += len;
}

static void say(struct talker *t, const char *text)
{
    say_bytes(t, text, strlen(text));
}

static void send_said(struct talker *t)
{
    while (t->said_at < t->said_len) {
        ssize_t n = send(t->fd, t->said + t->said_at, t->said_len - t->said_at,
                         MSG_NOSIGNAL);

        if (n < 0) return;
        t->said_at += (size_t)n;
    }
}

static void hear(struct talker *t)
{
    char part[4096];
    ssize_t n;

    while (!t->is_silent && !t->is_over) {
        n = recv(t->fd, part, sizeof(part), 0);
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) {
            t->is_over = true;
            return;
        }
        t->heard = realloc(t->heard, t->heard_len + (size_t)n + 1);
        assert_non_null(t->heard);
        memcpy(t->heard + t->heard_len, part, (size_t)n);
        t->heard_len += (size_t)n;
        for (ssize_t i = 0; i < n; i++)
            t->lines += part[i] == '\n' ? 1 : 0;
        t->heard[t->heard_len] = '\0';
    }
}

static size_t lines_of(const struct talker *t)
{
    return t->lines;
}

/* What the test waits for: enough lines, an end, or writes. */
struct wanted {
    const struct talker *t;
    size_t lines;
    bool end;
    size_t writes, repairs;
};

static void before_wait(void *ctx)
{
    const struct wanted *w = ctx;

    daf_apiserver_flush(server);
    for (size_t i = 0; i < CLIENTS; i++) {
        if (talkers[i].fd < 0) continue;
        send_said(&talkers[i]);
        hear(&talkers[i]);
    }
    if (w->t != NULL && lines_of(w->t) < w->lines) return;
    if (w->t != NULL && w->end && !w->t->is_over) return;
    if (writes < w->writes || repairs < w->repairs) return;
    daf_loop_stop(loop);
}

static void run_until(struct wanted w)
{
    assert_int_equal(daf_loop_run(loop, before_wait, &w), DAF_OK);
}

static void until_lines(const struct talker *t, size_t lines)
{
    run_until((struct wanted){.t = t, .lines = lines});
}

static void until_end(const struct talker *t)
{
    run_until((struct wanted){.t = t, .end = true});
}

static void until_writes(size_t count)
{
    run_until((struct wanted){.writes = count});
}

/* @t asks and is answered: whatever else was ready has had its turn. */
static void turn(struct talker *t)
{
    size_t before = lines_of(t);

    say(t, "{\"op\":\"peers\"}\n");
    until_lines(t, before + 1);
}

/* Line @at of what @t heard, to be given back. */
static json_t *line_of(const struct talker *t, size_t at)
{
    const char *p = t->heard;
    json_t *o;

    for (; at > 0; at--)
        p = strchr(p, '\n') + 1;
    o = json_loadb(p, (size_t)(strchr(p, '\n') - p), 0, NULL);
    assert_non_null(o);
    return o;
}

static json_int_t exit_of(const struct talker *t, size_t at)
{
    json_t *o = line_of(t, at);
    json_int_t code = json_integer_value(json_object_get(o, "exit"));

    assert_true(json_is_integer(json_object_get(o, "exit")));
    if (code != 0) assert_true(json_is_string(json_object_get(o, "error")));
    json_decref(o);
    return code;
}

static void assert_text(const struct talker *t, size_t at, const char *key,
                        const char *expected)
{
    json_t *o = line_of(t, at);

    assert_string_equal(json_string_value(json_object_get(o, key)), expected);
    json_decref(o);
}

/* ---- requests */

static void the_socket_is_its_owners(void **state)
{
    char path[512];
    struct stat st;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/home/run/control", tmp);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0600);
    daf_apiserver_free(server);
    server = NULL;
    assert_int_equal(stat(path, &st), -1);
}

static void status_tells_what_the_host_says(void **state)
{
    struct talker *t = call(0);
    json_t *o;

    (void)state;
    say(t, "{\"op\":\"status\"}\n");
    until_lines(t, 1);
    assert_int_equal(exit_of(t, 0), 0);
    assert_text(t, 0, "endpoint", "192.0.2.7:5670");
    o = line_of(t, 0);
    assert_int_equal(json_integer_value(json_object_get(o, "records")), 4711);
    assert_true(json_is_false(json_object_get(o, "unchecked")));
    assert_int_equal(json_integer_value(json_object_get(o, "deferred")), 0);
    json_decref(o);
}

/* No frame yet: none is named, and the keys are there. */
static void status_tells_frames_by_kind(void **state)
{
    struct talker *t = call(0);
    json_t *o, *sent, *received;

    (void)state;
    say(t, "{\"op\":\"status\"}\n");
    until_lines(t, 1);
    o = line_of(t, 0);
    sent = json_object_get(o, "sent");
    received = json_object_get(o, "received");
    assert_true(json_is_object(sent));
    assert_int_equal(json_object_size(sent), 0);
    assert_true(json_is_object(received));
    assert_int_equal(json_object_size(received), 0);
    json_decref(o);
}

static void a_line_may_come_in_halves(void **state)
{
    struct talker *t = call(0), *other = call(1);

    (void)state;
    say(t, "{\"op\":\"pe");
    for (int i = 0; i < 3; i++)
        turn(other);
    assert_int_equal(lines_of(t), 0);
    say(t, "ers\"}");
    turn(other);
    assert_int_equal(lines_of(t), 0);
    say(t, "\n");
    until_lines(t, 1);
    assert_int_equal(exit_of(t, 0), 0);
}

static void what_is_no_request_is_refused_and_the_next_is_answered(void **state)
{
    static const char *const bad[] = {
        "\n",
        "nonsense\n",
        "[]\n",
        "7\n",
        "{}\n",
        "{\"op\":7}\n",
        "{\"op\":\"dance\"}\n",
        "{\"op\":\"peers\"\n",
        "{\"op\":\"peers\",\"op\":\"peers\"}\n",
        "{\"op\":\"peers\"} x\n",
        "{\"op\":\"write\"}\n",
        "{\"op\":\"write\",\"kind\":\"session\"}\n",
        "{\"op\":\"write\",\"kind\":\"control\",\"payload\":\"c\"}\n",
        "{\"op\":\"write\",\"kind\":\"control\",\"payload\":\"\"}\n",
        "{\"op\":\"write\",\"kind\":\"control\",\"payload\":\"zz\"}\n",
        "{\"op\":\"write\",\"kind\":\"session\",\"scope\":\"\",\"learner\":"
        "\"A\",\"did\":[]}\n",
        "{\"op\":\"write\",\"kind\":\"session\",\"scope\":\"\",\"learner\":"
        "\"\",\"did\":[[\"i\",null,1]]}\n",
        "{\"op\":\"write\",\"kind\":\"session\",\"scope\":\"\",\"learner\":"
        "\"A\",\"did\":[[\"i\",1000001,1]]}\n",
        "{\"op\":\"write\",\"kind\":\"session\",\"scope\":\"\",\"learner\":"
        "\"A\",\"did\":[[\"i\",0.5,1]]}\n",
        "{\"op\":\"write\",\"kind\":\"session\",\"scope\":\"\",\"learner\":"
        "\"A\",\"did\":[[\"i\",null,-1]]}\n",
    };
    struct talker *t = call(0);

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        say(t, bad[i]);
        until_lines(t, 2 * i + 1);
        if (exit_of(t, 2 * i) == 0) fail_msg("answered: %s", bad[i]);
        turn(t);
        assert_int_equal(exit_of(t, 2 * i + 1), 0);
    }
    assert_int_equal(writes, 0);
}

static void a_line_over_a_mebibyte_is_refused_and_ends_it(void **state)
{
    struct talker *t = call(0), *other = call(1);
    size_t len = (size_t)1024 * 1024;
    char *spaces = malloc(len);

    (void)state;
    assert_non_null(spaces);
    memset(spaces, ' ', len);
    /* A long one is fine. */
    say_bytes(t, spaces, len - 100);
    say(t, "{\"op\":\"peers\"}\n");
    until_lines(t, 1);
    assert_int_equal(exit_of(t, 0), 0);
    say_bytes(t, spaces, len);
    until_end(t);
    assert_int_equal(lines_of(t), 2);
    assert_int_not_equal(exit_of(t, 1), 0);
    turn(other);
    free(spaces);
}

/* ---- writes */

static void a_write_is_answered_only_when_it_ended(void **state)
{
    struct talker *t = call(0), *other = call(1);

    (void)state;
    say(t, SESSION);
    until_writes(1);
    assert_int_equal(last_write.kind, DAF_WRITE_SESSION);
    for (int i = 0; i < 3; i++)
        turn(other);
    assert_int_equal(lines_of(t), 0);
    assert_false(daf_apiserver_idle(server));
    wrote(tickets[0] + 1000, DAF_OK); /* somebody else's */
    turn(other);
    assert_int_equal(lines_of(t), 0);
    wrote(tickets[0], DAF_OK);
    until_lines(t, 1);
    assert_int_equal(exit_of(t, 0), 0);
    assert_text(t, 0, "record",
                "abababababababababababababababab"
                "abababababababababababababababab");
    assert_text(t, 0, "subject", "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd");
    assert_true(daf_apiserver_idle(server));
    wrote(tickets[0], DAF_OK); /* twice is once */
    turn(other);
    assert_int_equal(lines_of(t), 1);
}

static void a_write_that_failed_says_why(void **state)
{
    struct talker *t = call(0);

    (void)state;
    say(t, CONTROL);
    until_writes(1);
    assert_int_equal(last_write.kind, DAF_WRITE_CONTROL);
    wrote(tickets[0], DAF_EFULL);
    until_lines(t, 1);
    assert_int_not_equal(exit_of(t, 0), 0);
    assert_non_null(strstr(t->heard, "the disk is full"));
}

static void requests_are_answered_in_their_order(void **state)
{
    struct talker *t = call(0);

    (void)state;
    say(t, SESSION "{\"op\":\"status\"}\n" CONTROL "{\"op\":\"dance\"}\n");
    until_writes(2);
    wrote(tickets[1], DAF_OK); /* the later one first */
    turn(call(1));
    assert_int_equal(lines_of(t), 0);
    wrote(tickets[0], DAF_OK);
    until_lines(t, 4);
    assert_non_null(strstr(t->heard, "subject"));
    assert_text(t, 1, "endpoint", "192.0.2.7:5670");
    assert_int_equal(exit_of(t, 2), 0);
    assert_int_not_equal(exit_of(t, 3), 0);
}

static void one_client_has_so_many_open_requests_and_no_more(void **state)
{
    struct talker *t = call(0), *other = call(1);

    (void)state;
    for (int i = 0; i < 300; i++)
        say(t, CONTROL);
    until_writes(256);
    for (int i = 0; i < 5; i++)
        turn(other);
    assert_int_equal(writes, 256);
    for (size_t i = 0; i < 256; i++)
        wrote(tickets[i], DAF_OK);
    until_writes(300);
    for (size_t i = 256; i < 300; i++)
        wrote(tickets[i], DAF_OK);
    until_lines(t, 300);
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(exit_of(t, i), 0);
}

static void who_left_needs_no_answer(void **state)
{
    struct talker *t = call(0), *other = call(1);

    (void)state;
    say(t, SESSION);
    until_writes(1);
    t->is_silent = true;
    say(t, "half a li");
    turn(other);
    hang_up(t);
    turn(other);
    wrote(tickets[0], DAF_OK);
    turn(other);
    assert_true(daf_apiserver_idle(server));
}

/* ---- many and greedy clients */

/* Requests of two bytes whose answers have dozens. */
static void who_never_reads_is_not_read_from(void **state)
{
    const size_t most = (size_t)4 * 1024 * 1024;
    struct talker *t = call(0), *other = call(1);
    size_t still = 0, before;
    char *lines = malloc(most);

    (void)state;
    assert_non_null(lines);
    for (size_t i = 0; i < most; i++)
        lines[i] = i % 2 == 0 ? 'x' : '\n';
    t->is_silent = true;
    say_bytes(t, lines, most);
    free(lines);
    /* One read is 32,768 lines, and a turn answers at least 64 of them. */
    while (still < 2000) {
        before = t->said_at;
        turn(other);
        still = t->said_at == before ? still + 1 : 0;
    }
    /* It holds 1 MiB of answers, one buffer of requests and the kernel's. */
    assert_true(t->said_at < most / 2);
    /* It reads again: all that was held is answered, and the rest is read. */
    t->said_len = t->said_at;
    t->is_silent = false;
    until_lines(t, t->said_len / 2);
    assert_int_not_equal(exit_of(t, 0), 0);
    turn(other);
}

static void the_33rd_waits_until_another_leaves(void **state)
{
    (void)state;
    for (size_t i = 0; i < 32; i++)
        turn(call(i));
    say(call(32), "{\"op\":\"peers\"}\n");
    for (int i = 0; i < 5; i++)
        turn(&talkers[31]);
    assert_int_equal(lines_of(&talkers[32]), 0);
    hang_up(&talkers[7]);
    until_lines(&talkers[32], 1);
    assert_int_equal(exit_of(&talkers[32], 0), 0);
}

static void who_says_no_more_is_answered_and_then_let_go(void **state)
{
    struct talker *t = call(0);

    (void)state;
    say(t, SESSION);
    until_writes(1);
    assert_int_equal(shutdown(t->fd, SHUT_WR), 0);
    turn(call(1));
    assert_false(t->is_over);
    wrote(tickets[0], DAF_OK);
    until_end(t);
    assert_int_equal(lines_of(t), 1);
    assert_int_equal(exit_of(t, 0), 0);
}

static void at_the_end_open_writes_are_answered_and_new_ones_not_read(
    void **state)
{
    struct talker *t = call(0), *other = call(1);

    (void)state;
    turn(other);
    say(t, SESSION);
    until_writes(1);
    daf_apiserver_finish(server);
    assert_false(daf_apiserver_idle(server));
    say(other, SESSION);
    wrote(tickets[0], DAF_OK);
    until_lines(t, 1);
    assert_true(daf_apiserver_idle(server));
    assert_int_equal(writes, 1);
}

static void a_repair_is_answered_when_all_else_is_over(void **state)
{
    struct talker *t = call(0), *other = call(1);
    struct daf_repair r = {.done = {.was_damaged = true,
                                    .is_new_start = true,
                                    .absent = 3,
                                    .aside = "notebook.damaged-1"},
                           .bad = json_array()};
    struct daf_repair back = {.bad = NULL};
    struct daf_store_bad bad = {.what = "body", .where = "log 1, seq 7"};
    json_t *o;

    (void)state;
    say(other, SESSION);
    until_writes(1);
    say(t, "{\"op\":\"repair\"}\n" SESSION);
    run_until((struct wanted){.repairs = 1});
    assert_false(daf_apiserver_idle(server));
    wrote(tickets[0], DAF_OK);
    until_lines(other, 1);
    assert_true(daf_apiserver_idle(server));
    assert_int_equal(lines_of(t), 0);
    for (size_t i = 0; i < 20; i++)
        daf_repair_found(&r, &bad);
    daf_apiserver_repaired(server, DAF_OK, &r, NULL);
    daf_apiserver_free(server);
    server = NULL;
    while (!t->is_over)
        hear(t);
    assert_int_equal(lines_of(t), 1);
    assert_int_equal(exit_of(t, 0), 0);
    o = line_of(t, 0);
    assert_int_equal(daf_repair_unpack(o, &back), DAF_OK);
    assert_true(back.done.was_damaged && back.done.is_new_start);
    assert_int_equal(back.done.absent, 3);
    assert_string_equal(back.done.aside, "notebook.damaged-1");
    assert_int_equal(back.bad_count, 20);
    assert_true(json_equal(back.bad, r.bad));
    assert_int_equal(writes, 1);
    json_decref(back.bad);
    json_decref(r.bad);
    json_decref(o);
}

static void a_repair_that_failed_says_why(void **state)
{
    struct daf_trouble trouble = {"no room for the new notebook"};
    struct talker *t = call(0);

    (void)state;
    say(t, "{\"op\":\"repair\"}\n");
    run_until((struct wanted){.repairs = 1});
    daf_apiserver_repaired(server, DAF_EFULL, NULL, &trouble);
    until_lines(t, 1);
    assert_int_not_equal(exit_of(t, 0), 0);
    assert_non_null(strstr(t->heard, trouble.what));
}

/* ---- enrolment */

#define OPEN \
    "{\"op\":\"enrol-open\",\"scope\":\"class:1\",\"right\":\"append\"}\n"

static void a_ticket_is_told_when_the_porch_listens(void **state)
{
    struct talker *t = call(0), *other = call(1);
    json_t *o;

    (void)state;
    say(t, OPEN);
    turn(other);
    turn(other);
    assert_int_equal(porches, 1);
    assert_int_equal(lines_of(t), 0);
    ported(47111);
    until_lines(t, 1);
    assert_int_equal(exit_of(t, 0), 0);
    assert_text(t, 0, "address", "192.0.2.7:47111");
    o = line_of(t, 0);
    assert_non_null(strstr(json_string_value(json_object_get(o, "ticket")),
                           ":192.0.2.7+47111"));
    assert_int_equal(json_string_length(json_object_get(o, "code")), 52);
    assert_in_range(json_integer_value(json_object_get(o, "expires_s")), 590,
                    600);
    json_decref(o);
    say(t, "{\"op\":\"enrol-list\"}\n");
    until_lines(t, 2);
    assert_int_equal(exit_of(t, 1), 0);
    assert_text(t, 1, "right", "append");
    assert_text(t, 1, "scope", "class:1");
    say(t, "{\"op\":\"enrol-close\"}\n{\"op\":\"enrol-close\"}\n");
    until_lines(t, 4);
    assert_int_equal(exit_of(t, 2), 0);
    assert_int_equal(exit_of(t, 3), 1);
}

static void who_waits_for_a_porch_is_told_that_it_cannot_be(void **state)
{
    const struct daf_input stop = {.kind = DAF_INPUT_STOP};
    struct talker *t = call(0);

    (void)state;
    say(t, OPEN);
    turn(call(1));
    ported(0);
    until_lines(t, 1);
    assert_int_equal(exit_of(t, 0), 1);
    assert_non_null(strstr(t->heard, "cannot listen"));
    /* The daemon ends meanwhile. */
    say(t, OPEN);
    turn(call(2));
    assert_false(daf_apiserver_idle(server));
    give_agent(&stop);
    daf_apiserver_porched(server);
    until_lines(t, 2);
    assert_int_not_equal(exit_of(t, 1), 0);
}

static void enrolment_asked_wrongly_is_refused(void **state)
{
    static const char *const bad[] = {
        "{\"op\":\"enrol-dance\"}\n",
        "{\"op\":\"enrol-open\"}\n",
        "{\"op\":\"enrol-open\",\"scope\":7,\"right\":\"\"}\n",
        "{\"op\":\"enrol-open\",\"scope\":\"\",\"right\":\"0123456789abcdef\"}"
        "\n",
        "{\"op\":\"enrol-decline\"}\n",
        "{\"op\":\"enrol-decline\",\"id\":\"0123\"}\n",
        "{\"op\":\"enrol-decline\",\"id\":\"0123456789abcdeg\"}\n",
        "{\"op\":\"enrol-accept\",\"id\":\"0123456789abcdef\"}\n",
        "{\"op\":\"enrol-accept\",\"id\":\"0123456789abcdef\","
        "\"certificate\":\"zz\"}\n",
    };
    struct talker *t = call(0);
    size_t count = sizeof(bad) / sizeof(bad[0]);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        say(t, bad[i]);
        until_lines(t, i + 1);
        assert_int_equal(exit_of(t, i), DAF_EXIT_USAGE);
    }
    assert_int_equal(porches, 0);
    /* Asked well, but nobody is there. */
    say(t, "{\"op\":\"enrol-decline\",\"id\":\"0123456789abcdef\"}\n"
           "{\"op\":\"enrol-accept\",\"id\":\"0123456789abcdef\","
           "\"certificate\":\"00\"}\n{\"op\":\"enrol-list\"}\n");
    until_lines(t, count + 3);
    for (size_t i = count; i < count + 3; i++) {
        assert_int_equal(exit_of(t, i), DAF_EXIT_FAILED);
        assert_text(t, i, "code", "not-found");
    }
}

static void another_user_is_turned_away(void **state)
{
    static const char *const open_up[] = {"", "/home", "/home/run"};
    struct talker *t;
    char path[512];

    (void)state;
    if (geteuid() != 0) skip(); /* only root can be somebody else */
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof(path), "%s%s", tmp, open_up[i]);
        assert_int_equal(chmod(path, 0711), 0);
    }
    (void)snprintf(path, sizeof(path), "%s/home/run/control", tmp);
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(seteuid(65534), 0);
    t = call(0);
    assert_int_equal(seteuid(0), 0);
    say(t, SESSION);
    until_end(t);
    assert_int_equal(writes, 0);
    assert_int_equal(lines_of(t), 1);
    assert_int_equal(exit_of(t, 0), 5);
    turn(call(1));
}

/* As link or discover would be, if somebody else's code ran in it. */
static void a_child_of_the_daemon_is_turned_away(void **state)
{
    struct talker *t = &talkers[0];
    siginfo_t how = {0};
    pid_t pid;

    (void)state;
    t->fd = new_socket();
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) _exit(reach(t->fd) ? 0 : 1);
    /* It is over and not reaped yet, so the number is still its. */
    assert_int_equal(waitid(P_PID, (id_t)pid, &how, WEXITED | WNOWAIT), 0);
    assert_int_equal(how.si_status, 0);
    say(t, SESSION);
    until_end(t);
    assert_int_equal(writes, 0);
    assert_int_equal(lines_of(t), 1);
    assert_int_equal(exit_of(t, 0), 5);
    assert_int_equal(waitid(P_PID, (id_t)pid, &how, WEXITED), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(the_socket_is_its_owners),
        T(status_tells_what_the_host_says),
        T(status_tells_frames_by_kind),
        T(a_line_may_come_in_halves),
        T(what_is_no_request_is_refused_and_the_next_is_answered),
        T(a_line_over_a_mebibyte_is_refused_and_ends_it),
        T(a_write_is_answered_only_when_it_ended),
        T(a_write_that_failed_says_why),
        T(requests_are_answered_in_their_order),
        T(one_client_has_so_many_open_requests_and_no_more),
        T(who_left_needs_no_answer),
        T(who_never_reads_is_not_read_from),
        T(the_33rd_waits_until_another_leaves),
        T(who_says_no_more_is_answered_and_then_let_go),
        T(at_the_end_open_writes_are_answered_and_new_ones_not_read),
        T(a_repair_is_answered_when_all_else_is_over),
        T(a_repair_that_failed_says_why),
        T(a_ticket_is_told_when_the_porch_listens),
        T(who_waits_for_a_porch_is_told_that_it_cannot_be),
        T(enrolment_asked_wrongly_is_refused),
        T(another_user_is_turned_away),
        T(a_child_of_the_daemon_is_turned_away),
#undef T
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
