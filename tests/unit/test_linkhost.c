/* SPDX-License-Identifier: Apache-2.0 */

/* This program is also the link process of its own tests: called with --as-link
 * it plays the part that is named in the environment. */

#include "tests/lib/t.h"

#include "node/clock.h"
#include "node/linkhost.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINK_FD    3
#define PART       "DAF_TEST_PART"
#define PORT_ANY   4711
#define PORT_PORCH 1000
#define LIMIT_MS   30000 /* far beyond what anything here takes */
#define INCOMING   (DAF_CONN_INCOMING | 1)

/* ---- link's side */

static void put(const void *p, size_t len)
{
    const uint8_t *at = p;

    while (len > 0) {
        ssize_t n = write(LINK_FD, at, len);

        if (n < 0) _exit(1);
        at += n;
        len -= (size_t)n;
    }
}

static void say(struct daf_link_head head, const void *p, size_t len)
{
    head.len = (uint32_t)len;
    put(&head, sizeof(head));
    put(p, len);
}

/* Returns the kind of what core said, 0 at the end. */
static uint8_t hear(struct daf_link_head *head, uint8_t *payload)
{
    if (recv(LINK_FD, head, sizeof(*head), MSG_WAITALL) !=
        (ssize_t)sizeof(*head))
        return 0;
    if (head->len > 0 &&
        recv(LINK_FD, payload, head->len, MSG_WAITALL) != (ssize_t)head->len)
        return 0;
    return head->kind;
}

static void say_ready(uint16_t port)
{
    struct daf_link_ready ready = {port, port == 0 ? 0 : 1};

    say((struct daf_link_head){.kind = DAF_LINK_READY}, &ready, sizeof(ready));
}

static void say_opened(uint32_t conn, uint8_t endpoint)
{
    struct daf_box_pk key = {{7}};

    say((struct daf_link_head){.kind = DAF_LINK_OPENED,
                               .conn = conn,
                               .endpoint = endpoint},
        &key, sizeof(key));
}

static void say_frame(uint32_t conn, size_t len)
{
    static uint8_t bytes[DAF_LINK_BYTES_MAX];

    say((struct daf_link_head){.kind = DAF_LINK_FRAME, .conn = conn}, bytes,
        len);
}

static void say_porched(const uint8_t *payload)
{
    struct daf_link_porch porch;
    struct daf_link_porched porched = {PORT_PORCH};

    memcpy(&porch, payload, sizeof(porch));
    if (porch.is_open == 0) return;
    /* A port that was asked for is told apart from one that it chose. */
    if (porch.port != 0) porched.port = (uint16_t)(porch.port + 1);
    say((struct daf_link_head){.kind = DAF_LINK_PORCHED}, &porched,
        sizeof(porched));
}

/* An honest link: echoes frames, closes what it is told to close, opens what it
 * is told to, and gives ADMITs back as frames. */
static void be_honest(void)
{
    static uint8_t payload[DAF_LINK_BYTES_MAX];
    struct daf_link_listen listen;
    struct daf_link_head head;
    uint8_t kind;

    if (hear(&head, payload) != DAF_LINK_LISTEN) _exit(1);
    memcpy(&listen, payload, sizeof(listen));
    say_ready(listen.only_calls == 1                         ? 0
              : strcmp(listen.door.text, "127.0.0.1:0") == 0 ? PORT_ANY
                                                             : 5670);
    say_opened(INCOMING, DAF_ENDPOINT_MESH);
    while ((kind = hear(&head, payload)) != 0) {
        if (kind == DAF_LINK_PORCH) say_porched(payload);
        if (kind == DAF_LINK_CONNECT) say_opened(head.conn, head.endpoint);
        if (kind == DAF_LINK_CLOSE)
            say((struct daf_link_head){.kind = DAF_LINK_CLOSED,
                                       .conn = head.conn},
                NULL, 0);
        if (kind == DAF_LINK_SEND || kind == DAF_LINK_ADMIT)
            say((struct daf_link_head){.kind = DAF_LINK_FRAME,
                                       .conn = INCOMING},
                payload, head.len);
    }
    _exit(0);
}

static const struct {
    const char *name;
    struct daf_link_head head;
    size_t len;
} breaches[] = {
    {"an unknown kind", {.kind = 99}, 0},
    {"a kind that is core's", {.kind = DAF_LINK_SEND}, 1},
    {"padding", {.kind = DAF_LINK_CLOSED, .pad = {0, 1}}, 0},
    {"READY twice", {.kind = DAF_LINK_READY}, sizeof(struct daf_link_ready)},
    {"a short READY", {.kind = DAF_LINK_READY}, 3},
    {"OPENED without a key",
     {.kind = DAF_LINK_OPENED,
      .conn = INCOMING + 1,
      .endpoint = DAF_ENDPOINT_MESH},
     31},
    {"OPENED nowhere",
     {.kind = DAF_LINK_OPENED, .conn = INCOMING + 1, .endpoint = 4},
     32},
    {"OPENED twice",
     {.kind = DAF_LINK_OPENED, .conn = INCOMING, .endpoint = DAF_ENDPOINT_MESH},
     32},
    {"OPENED unasked",
     {.kind = DAF_LINK_OPENED, .conn = 5, .endpoint = DAF_ENDPOINT_MESH},
     32},
    {"a frame of nobody", {.kind = DAF_LINK_FRAME, .conn = 5}, 1},
    {"a frame too long",
     {.kind = DAF_LINK_FRAME, .conn = INCOMING},
     DAF_FRAME_BYTES_MAX + 1},
    {"CLOSED with bytes", {.kind = DAF_LINK_CLOSED, .conn = INCOMING}, 1},
    {"PORCHED unasked",
     {.kind = DAF_LINK_PORCHED},
     sizeof(struct daf_link_porched)},
    {"REFUSED cut short", {.kind = DAF_LINK_REFUSED}, 1},
    {"FAILED too late", {.kind = DAF_LINK_FAILED}, 4},
};
#define BREACHES (sizeof(breaches) / sizeof(breaches[0]))

static void be_hostile(size_t which)
{
    static uint8_t bytes[DAF_LINK_BYTES_MAX];
    struct daf_link_head head = breaches[which].head;

    say_ready(PORT_ANY);
    say_opened(INCOMING, DAF_ENDPOINT_MESH);
    if (head.kind == DAF_LINK_READY) bytes[0] = 1;
    say(head, bytes, breaches[which].len);
    (void)pause();
}

static void be_too_long(void)
{
    struct daf_link_head head = {.kind = DAF_LINK_FRAME,
                                 .conn = INCOMING,
                                 .len = DAF_LINK_BYTES_MAX + 1};

    say_ready(PORT_ANY);
    say_opened(INCOMING, DAF_ENDPOINT_MESH);
    put(&head, sizeof(head));
    (void)pause();
}

static void be_first_too_early(void)
{
    say_opened(INCOMING, DAF_ENDPOINT_MESH);
    (void)pause();
}

static void be_sorry(void)
{
    static const char text[] = "the port is taken\33[31m";

    say((struct daf_link_head){.kind = DAF_LINK_FAILED}, text,
        sizeof(text) - 1);
}

static void be_deaf(void)
{
    say_ready(PORT_ANY);
    say_opened(INCOMING, DAF_ENDPOINT_MESH);
    (void)pause();
}

/* The largest frames that may come, and one more byte at the door. */
static void be_at_the_limit(void)
{
    say_ready(PORT_ANY);
    say_opened(INCOMING, DAF_ENDPOINT_MESH);
    say_opened(INCOMING + 1, DAF_ENDPOINT_DOOR);
    say_frame(INCOMING, (size_t)DAF_FRAME_BYTES_MAX);
    say_frame(INCOMING + 1, DAF_DOOR_BYTES_MAX);
    say_frame(INCOMING + 1, (size_t)DAF_DOOR_BYTES_MAX + 1);
    (void)pause();
}

static int play(const char *part)
{
    if (part == NULL) return 1;
    if (strncmp(part, "hostile ", 8) == 0)
        be_hostile((size_t)strtoul(part + 8, NULL, 10));
    if (strcmp(part, "honest") == 0) be_honest();
    if (strcmp(part, "long") == 0) be_too_long();
    if (strcmp(part, "early") == 0) be_first_too_early();
    if (strcmp(part, "sorry") == 0) be_sorry();
    if (strcmp(part, "deaf") == 0) be_deaf();
    if (strcmp(part, "limit") == 0) be_at_the_limit();
    return 0; /* "dead" */
}

/* ---- core's side */

struct world {
    struct daf_loop *loop;
    struct daf_linkhost *host;
    struct daf_linkhost_ops ops;
    struct daf_loop_timer limit;
    bool is_late;
    size_t ready, opened, frames, closed, lost, gone;
    uint16_t door_port, porch_port;
    size_t porched;
    size_t frame_len; /* of the last one */
    uint8_t frame[64];
    char failed[128];
    bool (*is_done)(const struct world *w);
};

static void on_ready(void *ctx, uint16_t door_port, uint16_t mesh_port)
{
    struct world *w = ctx;

    assert_int_equal(mesh_port, door_port == 0 ? 0 : 1);
    w->door_port = door_port;
    w->ready++;
}

static void on_opened(void *ctx, uint32_t conn, enum daf_endpoint endpoint,
                      const struct daf_box_pk *key)
{
    (void)conn;
    (void)endpoint;
    assert_int_equal(key->b[0], 7);
    ((struct world *)ctx)->opened++;
}

static void on_frame(void *ctx, uint32_t conn, struct daf_view bytes)
{
    struct world *w = ctx;

    (void)conn;
    w->frames++;
    w->frame_len = bytes.len;
    memcpy(w->frame, bytes.p,
           bytes.len < sizeof(w->frame) ? bytes.len : sizeof(w->frame));
}

static void on_closed(void *ctx, uint32_t conn)
{
    (void)conn;
    ((struct world *)ctx)->closed++;
}

static void on_refused(void *ctx, const struct daf_link_refused *refused)
{
    (void)ctx;
    (void)refused;
}

static void on_porched(void *ctx, uint16_t port)
{
    struct world *w = ctx;

    w->porch_port = port;
    w->porched++;
}

static void on_lost(void *ctx)
{
    ((struct world *)ctx)->lost++;
}

static void on_failed(void *ctx, const char *text)
{
    struct world *w = ctx;

    (void)snprintf(w->failed, sizeof(w->failed), "%s", text);
}

static void on_gone(void *ctx)
{
    ((struct world *)ctx)->gone++;
}

static void on_limit(void *ctx)
{
    struct world *w = ctx;

    w->is_late = true;
    daf_loop_stop(w->loop);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    struct daf_link_listen listen = {.door = {"127.0.0.1:0"}};

    assert_non_null(w);
    assert_int_equal(daf_loop_new(&w->loop), DAF_OK);
    w->ops = (struct daf_linkhost_ops){.ctx = w,
                                       .ready = on_ready,
                                       .opened = on_opened,
                                       .frame = on_frame,
                                       .closed = on_closed,
                                       .refused = on_refused,
                                       .porched = on_porched,
                                       .lost = on_lost,
                                       .failed = on_failed,
                                       .gone = on_gone};
    w->limit = (struct daf_loop_timer){.fn = on_limit, .ctx = w};
    assert_int_equal(daf_loop_timer_open(w->loop, &w->limit), DAF_OK);
    *state = w;
    return daf_linkhost_new(w->loop, &w->ops, &listen, &w->host) == DAF_OK ? 0
                                                                           : -1;
}

static int teardown(void **state)
{
    struct world *w = *state;

    daf_linkhost_free(w->host);
    daf_loop_timer_close(w->loop, &w->limit);
    daf_loop_free(w->loop);
    free(w);
    return 0;
}

static void cast(const char *part)
{
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    assert_int_equal(setenv(PART, part, 1), 0);
}

static void start(struct world *w, const char *part)
{
    cast(part);
    assert_int_equal(daf_linkhost_start(w->host), DAF_OK);
}

static void before_wait(void *ctx)
{
    struct world *w = ctx;

    daf_linkhost_flush(w->host);
    if (w->is_done(w)) daf_loop_stop(w->loop);
}

static void run_until(struct world *w, bool (*is_done)(const struct world *w))
{
    w->is_done = is_done;
    daf_loop_timer_set(&w->limit, daf_clock_after(daf_clock_now(), LIMIT_MS));
    assert_int_equal(daf_loop_run(w->loop, before_wait, w), DAF_OK);
    assert_false(w->is_late);
}

static bool is_opened(const struct world *w)
{
    return w->opened == 1;
}
static bool is_opened_twice(const struct world *w)
{
    return w->opened == 2;
}
static bool is_answered(const struct world *w)
{
    return w->frames == 1;
}
static bool is_answered_twice(const struct world *w)
{
    return w->frames == 2;
}
static bool is_closed(const struct world *w)
{
    return w->closed == 1;
}
static bool is_lost(const struct world *w)
{
    return w->lost == 1;
}
static bool is_lost_twice(const struct world *w)
{
    return w->lost == 2;
}
static bool is_ready_again(const struct world *w)
{
    return w->ready == 2;
}
static bool is_porched(const struct world *w)
{
    return w->porched == 1;
}
static bool is_porched_twice(const struct world *w)
{
    return w->porched == 2;
}
static bool is_failed(const struct world *w)
{
    return w->failed[0] != '\0';
}
static bool is_gone(const struct world *w)
{
    return w->gone == 1;
}

/* ---- an honest one */

static struct daf_view text(const char *s)
{
    return (struct daf_view){(const uint8_t *)s, strlen(s)};
}

static void frames_go_there_and_come_back(void **state)
{
    struct world *w = *state;

    start(w, "honest");
    run_until(w, is_opened);
    daf_linkhost_send(w->host, INCOMING, text("salam"));
    run_until(w, is_answered);
    assert_int_equal(w->frame_len, 5);
    assert_memory_equal(w->frame, "salam", 5);
    daf_linkhost_close(w->host, INCOMING);
    daf_linkhost_send(w->host, INCOMING, text("too late"));
    run_until(w, is_closed);
    assert_int_equal(w->frames, 1);
}

static void what_is_asked_for_opens(void **state)
{
    struct world *w = *state;
    struct daf_addr addr = {"127.0.0.1:1"};
    struct daf_box_pk server = {{9}};

    start(w, "honest");
    daf_linkhost_connect(w->host, 4, DAF_ENDPOINT_DOOR, &addr, &server);
    run_until(w, is_opened_twice);
}

/* A message is handed over only when all of it is there, in whatever pieces:
 * the pair holds far less than one of these. */
static void long_frames_come_whole(void **state)
{
    static uint8_t bytes[DAF_FRAME_BYTES_MAX];
    struct world *w = *state;

    start(w, "honest");
    run_until(w, is_opened);
    daf_linkhost_send(w->host, INCOMING,
                      (struct daf_view){bytes, sizeof(bytes)});
    daf_linkhost_send(w->host, INCOMING, text("after"));
    run_until(w, is_answered_twice);
    assert_int_equal(w->frame_len, 5);
}

static void it_ends_when_it_is_told_to(void **state)
{
    struct world *w = *state;

    start(w, "honest");
    run_until(w, is_opened);
    daf_linkhost_send(w->host, INCOMING, text("bye"));
    daf_linkhost_finish(w->host);
    run_until(w, is_gone);
    assert_int_equal(w->frames, 1); /* said before, heard before */
    assert_int_equal(w->lost, 0);
    assert_int_equal(daf_linkhost_restarts(w->host), 0);
}

/* ---- one that dies */

static void it_comes_back_on_its_port_with_its_keys(void **state)
{
    struct world *w = *state;
    struct daf_box_pk key = {{42}};
    struct daf_link_admit admit;

    start(w, "honest");
    daf_linkhost_admit(w->host, &key, true);
    daf_linkhost_admit(w->host, &key, true); /* known: not said again */
    run_until(w, is_answered);
    assert_int_equal(w->door_port, PORT_ANY);
    assert_int_equal(w->frame_len, sizeof(admit));
    w->frames = 0;
    assert_int_equal(daf_linkhost_restarts(w->host), 0);
    assert_int_equal(kill(daf_linkhost_pid(w->host), SIGKILL), 0);
    run_until(w, is_answered);
    memcpy(&admit, w->frame, sizeof(admit));
    assert_memory_equal(&admit.key, &key, sizeof(key));
    assert_int_equal(admit.allowed, 1);
    assert_int_equal(w->door_port, 5670); /* it was given a port this time */
    assert_int_equal(w->lost, 1);
    assert_int_equal(w->ready, 2);
    assert_int_equal(daf_linkhost_restarts(w->host), 1);
}

/* The ticket names the port, so the next link is asked for the same. */
static void an_open_porch_comes_back(void **state)
{
    struct world *w = *state;
    struct daf_link_porch open = {.pk = {{1}}, .is_open = 1}, closed = {0};

    start(w, "honest");
    daf_linkhost_porch(w->host, &open); /* before READY: said then */
    run_until(w, is_porched);
    assert_int_equal(w->porch_port, PORT_PORCH);
    assert_int_equal(kill(daf_linkhost_pid(w->host), SIGKILL), 0);
    run_until(w, is_porched_twice);
    assert_int_equal(w->porch_port, PORT_PORCH + 1);

    daf_linkhost_porch(w->host, &closed);
    assert_int_equal(kill(daf_linkhost_pid(w->host), SIGKILL), 0);
    w->frames = 0;
    run_until(w, is_lost_twice);
    w->opened = 0;
    run_until(w, is_opened);
    daf_linkhost_send(w->host, INCOMING, text("nothing comes before this"));
    run_until(w, is_answered);
    assert_int_equal(w->porched, 2);
}

/* Of openings that follow each other at once only the last is answered. */
static void a_porch_is_told_of_once(void **state)
{
    struct world *w = *state;
    struct daf_link_porch open = {.pk = {{1}}, .is_open = 1}, closed = {0};

    start(w, "honest");
    run_until(w, is_opened);
    daf_linkhost_porch(w->host, &open);
    daf_linkhost_porch(w->host, &closed);
    open.port = 70;
    daf_linkhost_porch(w->host, &open);
    daf_linkhost_send(w->host, INCOMING, text("after"));
    run_until(w, is_answered);
    assert_int_equal(w->porched, 1);
    assert_int_equal(w->porch_port, 71);
}

static void one_that_only_calls_has_no_ports(void **state)
{
    struct world *w = *state;
    struct daf_link_listen listen = {.only_calls = 1};
    struct daf_addr addr = {"127.0.0.1:1"};
    struct daf_box_pk server = {{9}};

    daf_linkhost_free(w->host);
    assert_int_equal(daf_linkhost_new(w->loop, &w->ops, &listen, &w->host),
                     DAF_OK);
    start(w, "honest");
    daf_linkhost_connect(w->host, 4, DAF_ENDPOINT_PORCH, &addr, &server);
    run_until(w, is_opened_twice);
    assert_int_equal(w->door_port, 0);
}

static void one_that_never_was_is_given_up(void **state)
{
    struct world *w = *state;

    start(w, "dead");
    run_until(w, is_failed);
    assert_int_equal(w->lost, 0);
}

static void its_last_words_are_a_persons_to_read(void **state)
{
    struct world *w = *state;

    start(w, "sorry");
    run_until(w, is_failed);
    assert_string_equal(w->failed, "the port is taken [31m");
}

/* ---- one that was taken over */

static void expect_killed(struct world *w)
{
    run_until(w, is_lost);
    cast("honest");
    run_until(w, is_ready_again);
    assert_int_equal(daf_linkhost_restarts(w->host), 1);
}

static void expect_breach_is_its_end(size_t which)
{
    void *state = NULL;
    char part[32];

    print_message("%s\n", breaches[which].name);
    (void)snprintf(part, sizeof(part), "hostile %zu", which);
    assert_int_equal(setup(&state), 0);
    start(state, part);
    expect_killed(state);
    assert_int_equal(teardown(&state), 0);
}

static void every_breach_is_its_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < BREACHES; i++)
        expect_breach_is_its_end(i);
}

static void a_length_beyond_the_limit_is_its_end(void **state)
{
    start(*state, "long");
    expect_killed(*state);
}

static void frames_are_taken_up_to_the_limit(void **state)
{
    struct world *w = *state;

    start(w, "limit");
    expect_killed(w);
    assert_int_equal(w->frames, 2);
}

static void a_word_before_ready_is_its_end(void **state)
{
    struct world *w = *state;

    start(w, "early");
    run_until(w, is_failed);
    assert_int_equal(w->opened, 0);
}

static void one_that_takes_nothing_is_ended_at_64_mib(void **state)
{
    static const uint8_t bytes[DAF_FRAME_BYTES_MAX];
    struct world *w = *state;
    size_t said = 0;

    start(w, "deaf");
    run_until(w, is_opened);
    while (said <= DAF_LINKHOST_QUEUE_MAX) {
        daf_linkhost_send(w->host, INCOMING,
                          (struct daf_view){bytes, sizeof(bytes)});
        said += sizeof(bytes);
        assert_true(daf_linkhost_queued(w->host) <= DAF_LINKHOST_QUEUE_MAX);
    }
    daf_linkhost_flush(w->host);
    expect_killed(w);
}

#define WITH_WORLD(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *part = getenv(PART);
    const struct CMUnitTest tests[] = {
        WITH_WORLD(frames_go_there_and_come_back),
        WITH_WORLD(what_is_asked_for_opens),
        WITH_WORLD(long_frames_come_whole),
        WITH_WORLD(it_ends_when_it_is_told_to),
        WITH_WORLD(it_comes_back_on_its_port_with_its_keys),
        WITH_WORLD(an_open_porch_comes_back),
        WITH_WORLD(a_porch_is_told_of_once),
        WITH_WORLD(one_that_only_calls_has_no_ports),
        WITH_WORLD(one_that_never_was_is_given_up),
        WITH_WORLD(its_last_words_are_a_persons_to_read),
        cmocka_unit_test(every_breach_is_its_end),
        WITH_WORLD(a_length_beyond_the_limit_is_its_end),
        WITH_WORLD(frames_are_taken_up_to_the_limit),
        WITH_WORLD(a_word_before_ready_is_its_end),
        WITH_WORLD(one_that_takes_nothing_is_ended_at_64_mib),
    };

    if (argc == 2 && strcmp(argv[1], "--as-link") == 0) return play(part);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
