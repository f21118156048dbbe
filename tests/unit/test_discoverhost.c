/* SPDX-License-Identifier: Apache-2.0 */

/* This program is also the discover process of its own tests: called with
 * --as-discover it plays the part that is named in the environment. */

#include "tests/lib/t.h"

#include "node/child.h"
#include "node/clock.h"
#include "node/discoverhost.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PART     "DAF_TEST_PART"
#define LIMIT_MS 30000 /* far beyond what anything here takes */
#define TOLD_MAX 16

/* ---- discover's side */

static void say(const struct daf_discover_message *m)
{
    if (send(DAF_CHILD_FD, m, sizeof(*m), 0) != (ssize_t)sizeof(*m)) _exit(1);
}

static void say_state(enum daf_discover_by by)
{
    struct daf_discover_message m = {.kind = DAF_DISCOVER_STATE,
                                     .by = (uint8_t)by};

    say(&m);
}

/* Somebody at 192.0.2.7:5670 whose name begins with @first. */
static struct daf_discover_message found(uint8_t first)
{
    return (struct daf_discover_message){.kind = DAF_DISCOVER_FOUND,
                                         .endpoint = DAF_ENDPOINT_DOOR,
                                         .port = 5670,
                                         .name = {first},
                                         .data = {7},
                                         .addr = {"192.0.2.7:5670"}};
}

static bool hear(struct daf_discover_message *m)
{
    return recv(DAF_CHILD_FD, m, sizeof(*m), MSG_WAITALL) ==
           (ssize_t)sizeof(*m);
}

/* An honest one, which finds what it hears: an instance whose name is what was
 * said (kind, endpoint, and the first byte of a name) at the port 5670. */
static void be_honest(void)
{
    struct daf_discover_message m, answer = found(0);

    say_state(DAF_DISCOVER_BY_ITSELF);
    while (hear(&m)) {
        answer.name[0] = m.kind;
        answer.name[1] = m.endpoint;
        answer.name[2] = m.name[0];
        say(&answer);
    }
    _exit(0);
}

/* Finds one, a byte at a time, and loses it. */
static void be_slow(void)
{
    struct daf_discover_message m = found(1);
    const uint8_t *at = (const uint8_t *)&m;

    say_state(DAF_DISCOVER_BY_SYSTEM);
    for (size_t i = 0; i < sizeof(m); i++)
        if (send(DAF_CHILD_FD, at + i, 1, 0) != 1) _exit(1);
    m = (struct daf_discover_message){.kind = DAF_DISCOVER_LOST,
                                      .endpoint = DAF_ENDPOINT_DOOR,
                                      .name = {1}};
    say(&m);
    (void)pause();
}

#define ONES "111111111111111111"
static const struct {
    const char *name;
    struct daf_discover_message m;
} breaches[] = {
#define FOUND .kind = DAF_DISCOVER_FOUND
#define DOOR  .endpoint = DAF_ENDPOINT_DOOR
    {"an unknown kind", {.kind = 99}},
    {"a kind that is core's", {.kind = DAF_DISCOVER_BROWSE, DOOR}},
    {"padding", {FOUND, DOOR, .pad = 1, .port = 1, .addr = {"192.0.2.7:1"}}},
    {"more padding",
     {FOUND, DOOR, .pad2 = {0, 1}, .port = 1, .addr = {"192.0.2.7:1"}}},
    {"FOUND at mesh",
     {FOUND, .endpoint = DAF_ENDPOINT_MESH, .port = 1,
      .addr = {"192.0.2.7:1"}}},
    {"FOUND of a kind that nobody asked for",
     {FOUND, .endpoint = DAF_ENDPOINT_PORCH, .port = 1,
      .addr = {"192.0.2.7:1"}}},
    {"FOUND by somebody",
     {FOUND, DOOR, .by = 1, .port = 1, .addr = {"192.0.2.7:1"}}},
    {"FOUND nowhere", {FOUND, DOOR, .port = 1}},
    {"FOUND by a name", {FOUND, DOOR, .port = 1, .addr = {"localhost:1"}}},
    {"FOUND at another port",
     {FOUND, DOOR, .port = 1, .addr = {"192.0.2.7:2"}}},
    {"FOUND at no port", {FOUND, DOOR, .addr = {"192.0.2.7:0"}}},
    {"FOUND at everybody", {FOUND, DOOR, .port = 1, .addr = {"224.0.0.1:1"}}},
    {"FOUND at an address without end",
     {FOUND, DOOR, .port = 1, .addr = {"192.0.2.7:" ONES ONES ONES}}},
    {"LOST of a kind that nobody asked for",
     {.kind = DAF_DISCOVER_LOST, .endpoint = DAF_ENDPOINT_PORCH}},
    {"LOST with an address",
     {.kind = DAF_DISCOVER_LOST, DOOR, .addr = {"192.0.2.7:1"}}},
    {"STATE unknown", {.kind = DAF_DISCOVER_STATE, .by = 3}},
    {"STATE of a door", {.kind = DAF_DISCOVER_STATE, DOOR}},
    {"STATE with a name", {.kind = DAF_DISCOVER_STATE, .name = {1}}},
};
#define BREACHES (sizeof(breaches) / sizeof(breaches[0]))

static void be_hostile(size_t which)
{
    say_state(DAF_DISCOVER_BY_ITSELF);
    say(&breaches[which].m);
    (void)pause();
}

/* Takes nothing, and stays when it is told to go. */
static void be_deaf(void)
{
    say_state(DAF_DISCOVER_BY_ITSELF);
    (void)pause();
}

static int play(const char *part)
{
    if (part == NULL) return 1;
    if (strncmp(part, "hostile ", 8) == 0)
        be_hostile((size_t)strtoul(part + 8, NULL, 10));
    if (strcmp(part, "honest") == 0) be_honest();
    if (strcmp(part, "slow") == 0) be_slow();
    if (strcmp(part, "deaf") == 0) be_deaf();
    return 0; /* "dead" */
}

/* ---- core's side */

struct world {
    struct daf_loop *loop;
    struct daf_discoverhost *host;
    struct daf_discoverhost_ops ops;
    struct daf_loop_timer limit;
    bool is_late;
    size_t found, lost, states;
    struct daf_announce what[TOLD_MAX];
    struct daf_addr addr; /* of the last one */
    uint8_t lost_name[8];
    bool (*is_done)(const struct world *w);
};

static void on_found(void *ctx, const struct daf_announce *what,
                     const struct daf_addr *addr)
{
    struct world *w = ctx;

    assert_true(w->found < TOLD_MAX);
    w->what[w->found++] = *what;
    w->addr = *addr;
}

static void on_lost(void *ctx, enum daf_endpoint endpoint,
                    const uint8_t name[8])
{
    struct world *w = ctx;

    assert_int_equal(endpoint, DAF_ENDPOINT_DOOR);
    memcpy(w->lost_name, name, sizeof(w->lost_name));
    w->lost++;
}

static void on_state(void *ctx, enum daf_discover_by by)
{
    struct world *w = ctx;

    assert_int_equal(by, daf_discoverhost_by(w->host));
    w->states++;
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

    assert_non_null(w);
    assert_int_equal(daf_loop_new(&w->loop), DAF_OK);
    w->ops = (struct daf_discoverhost_ops){w, on_found, on_lost, on_state};
    w->limit = (struct daf_loop_timer){.fn = on_limit, .ctx = w};
    assert_int_equal(daf_loop_timer_open(w->loop, &w->limit), DAF_OK);
    *state = w;
    return daf_discoverhost_new(w->loop, &w->ops, &w->host) == DAF_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct world *w = *state;

    daf_discoverhost_free(w->host);
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

static void before_wait(void *ctx)
{
    struct world *w = ctx;

    if (w->is_done(w)) daf_loop_stop(w->loop);
}

static void run_until(struct world *w, bool (*is_done)(const struct world *w))
{
    w->is_done = is_done;
    daf_loop_timer_set(&w->limit, daf_clock_after(daf_clock_now(), LIMIT_MS));
    assert_int_equal(daf_loop_run(w->loop, before_wait, w), DAF_OK);
    assert_false(w->is_late);
}

static bool is_found(const struct world *w)
{
    return w->found == 1;
}
static bool is_found_twice(const struct world *w)
{
    return w->found == 2;
}
static bool is_found_thrice(const struct world *w)
{
    return w->found == 3;
}
static bool is_lost(const struct world *w)
{
    return w->lost == 1;
}
static bool is_up(const struct world *w)
{
    return daf_discoverhost_by(w->host) != DAF_DISCOVER_BY_NOBODY;
}
static bool is_down(const struct world *w)
{
    return daf_discoverhost_pid(w->host) == 0;
}
static bool is_started_again(const struct world *w)
{
    return daf_discoverhost_restarts(w->host) == 1;
}

static const struct daf_announce door = {.endpoint = DAF_ENDPOINT_DOOR,
                                         .port = 5670,
                                         .name = {42},
                                         .data = {9}};
static const struct daf_announce porch = {.endpoint = DAF_ENDPOINT_PORCH,
                                          .port = 5671,
                                          .name = {43}};

/* What the honest one heard, the @i-th. */
static void expect_heard(const struct world *w, size_t i, uint8_t kind,
                         uint8_t endpoint, uint8_t name)
{
    assert_int_equal(w->what[i].name[0], kind);
    assert_int_equal(w->what[i].name[1], endpoint);
    assert_int_equal(w->what[i].name[2], name);
}

/* ---- an honest one */

static void it_is_started_when_there_is_something_to_do(void **state)
{
    struct world *w = *state;

    cast("honest");
    assert_int_equal(daf_discoverhost_pid(w->host), 0);
    assert_int_equal(daf_discoverhost_by(w->host), DAF_DISCOVER_BY_NOBODY);
    daf_discoverhost_withdraw(w->host, DAF_ENDPOINT_DOOR);
    assert_int_equal(daf_discoverhost_pid(w->host), 0);
    daf_discoverhost_browse(w->host, DAF_ENDPOINT_DOOR);
    assert_true(daf_discoverhost_pid(w->host) > 0);
    run_until(w, is_found);
    assert_int_equal(w->states, 1);
    assert_int_equal(daf_discoverhost_by(w->host), DAF_DISCOVER_BY_ITSELF);
    assert_int_equal(daf_discoverhost_restarts(w->host), 0);
}

static void what_is_asked_for_is_said(void **state)
{
    struct world *w = *state;

    cast("honest");
    daf_discoverhost_browse(w->host, DAF_ENDPOINT_DOOR);
    daf_discoverhost_browse(w->host, DAF_ENDPOINT_DOOR); /* known */
    daf_discoverhost_publish(w->host, &porch);
    daf_discoverhost_withdraw(w->host, DAF_ENDPOINT_PORCH);
    run_until(w, is_found_thrice);
    expect_heard(w, 0, DAF_DISCOVER_BROWSE, DAF_ENDPOINT_DOOR, 0);
    expect_heard(w, 1, DAF_DISCOVER_PUBLISH, DAF_ENDPOINT_PORCH, 43);
    expect_heard(w, 2, DAF_DISCOVER_WITHDRAW, DAF_ENDPOINT_PORCH, 0);
    assert_string_equal(w->addr.text, "192.0.2.7:5670");
    assert_int_equal(w->what[0].port, 5670);
    assert_int_equal(w->what[0].data[0], 7);
}

static void what_comes_in_pieces_is_heard_whole(void **state)
{
    struct world *w = *state;

    cast("slow");
    daf_discoverhost_browse(w->host, DAF_ENDPOINT_DOOR);
    run_until(w, is_lost);
    assert_int_equal(w->found, 1);
    assert_int_equal(w->lost_name[0], 1);
    assert_int_equal(daf_discoverhost_by(w->host), DAF_DISCOVER_BY_SYSTEM);
}

/* ---- one that dies */

static void it_comes_back_and_is_told_all_again(void **state)
{
    struct world *w = *state;

    cast("honest");
    daf_discoverhost_publish(w->host, &door);
    daf_discoverhost_browse(w->host, DAF_ENDPOINT_DOOR);
    run_until(w, is_found_twice);
    w->found = 0;
    assert_int_equal(kill(daf_discoverhost_pid(w->host), SIGKILL), 0);
    run_until(w, is_found_twice);
    expect_heard(w, 0, DAF_DISCOVER_PUBLISH, DAF_ENDPOINT_DOOR, 42);
    expect_heard(w, 1, DAF_DISCOVER_BROWSE, DAF_ENDPOINT_DOOR, 0);
    assert_int_equal(daf_discoverhost_restarts(w->host), 1);
    assert_int_equal(w->states, 3); /* itself, nobody, itself */
}

static void one_with_nothing_to_do_is_not_started_again(void **state)
{
    struct world *w = *state;

    cast("deaf");
    daf_discoverhost_publish(w->host, &door);
    run_until(w, is_up);
    daf_discoverhost_withdraw(w->host, DAF_ENDPOINT_DOOR);
    assert_int_equal(kill(daf_discoverhost_pid(w->host), SIGKILL), 0);
    run_until(w, is_down);
    assert_int_equal(daf_discoverhost_restarts(w->host), 0);
    daf_discoverhost_publish(w->host, &door);
    run_until(w, is_up);
    assert_int_equal(daf_discoverhost_restarts(w->host), 1);
}

static bool is_started_thrice(const struct world *w)
{
    return daf_discoverhost_restarts(w->host) == 2;
}

static void one_that_dies_young_has_to_wait(void **state)
{
    struct world *w = *state;
    struct daf_mono before;

    cast("dead");
    daf_discoverhost_browse(w->host, DAF_ENDPOINT_DOOR);
    run_until(w, is_started_again);
    before = daf_clock_now();
    run_until(w, is_started_thrice);
    assert_true(daf_clock_now().ms - before.ms >=
                DAF_DISCOVERHOST_RETRY_MIN_MS);
    assert_int_equal(w->states, 0);
}

/* ---- one that was taken over */

static void expect_breach_is_its_end(size_t which)
{
    void *state = NULL;
    struct world *w;
    char part[32];

    print_message("%s\n", breaches[which].name);
    (void)snprintf(part, sizeof(part), "hostile %zu", which);
    assert_int_equal(setup(&state), 0);
    w = state;
    cast(part);
    daf_discoverhost_browse(w->host, DAF_ENDPOINT_DOOR);
    cast("honest");         /* the next one */
    run_until(w, is_found); /* the honest one's answer to BROWSE */
    expect_heard(w, 0, DAF_DISCOVER_BROWSE, DAF_ENDPOINT_DOOR, 0);
    assert_int_equal(daf_discoverhost_restarts(w->host), 1);
    assert_int_equal(w->lost, 0);
    assert_int_equal(teardown(&state), 0);
}

static void every_breach_is_its_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < BREACHES; i++)
        expect_breach_is_its_end(i);
}

static void one_that_takes_nothing_is_ended(void **state)
{
    struct world *w = *state;

    cast("deaf");
    daf_discoverhost_publish(w->host, &door);
    run_until(w, is_up);
    cast("honest");
    for (size_t i = 0; i < 10000; i++)
        daf_discoverhost_publish(w->host, &door);
    run_until(w, is_started_again);
}

static void one_that_does_not_leave_is_killed(void **state)
{
    struct world *w = *state;

    cast("deaf");
    daf_discoverhost_publish(w->host, &door);
    run_until(w, is_up); /* and teardown returns */
}

#define WITH_WORLD(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *part = getenv(PART);
    const struct CMUnitTest tests[] = {
        WITH_WORLD(it_is_started_when_there_is_something_to_do),
        WITH_WORLD(what_is_asked_for_is_said),
        WITH_WORLD(what_comes_in_pieces_is_heard_whole),
        WITH_WORLD(it_comes_back_and_is_told_all_again),
        WITH_WORLD(one_with_nothing_to_do_is_not_started_again),
        WITH_WORLD(one_that_dies_young_has_to_wait),
        cmocka_unit_test(every_breach_is_its_end),
        WITH_WORLD(one_that_takes_nothing_is_ended),
        WITH_WORLD(one_that_does_not_leave_is_killed),
    };

    if (argc == 2 && strcmp(argv[1], "--as-discover") == 0) return play(part);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
