/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/clock.h"
#include "node/loop.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* What a test's callbacks see. */
struct world {
    struct daf_loop *loop;
    struct daf_loop_source sources[2];
    struct daf_loop_timer timers[3];
    size_t calls;
    size_t stop_after;
    int signal;
    char order[16];
    size_t waits;
};

static void count(struct world *w, char who)
{
    if (w->calls < sizeof(w->order) - 1) w->order[w->calls] = who;
    if (++w->calls >= w->stop_after) daf_loop_stop(w->loop);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    if (w == NULL || daf_loop_new(&w->loop) != DAF_OK) return -1;
    for (size_t i = 0; i < 2; i++) {
        w->sources[i].fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
        w->sources[i].ctx = w;
    }
    w->stop_after = 1;
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < 3; i++)
        daf_loop_timer_close(w->loop, &w->timers[i]);
    daf_loop_free(w->loop);
    for (size_t i = 0; i < 2; i++)
        (void)close(w->sources[i].fd);
    free(w);
    return 0;
}

static void run(struct world *w)
{
    assert_int_equal(daf_loop_run(w->loop, NULL, NULL), DAF_OK);
}

/* ---- sources */

static void on_readable(void *ctx, unsigned what)
{
    assert_true(what & DAF_LOOP_READABLE);
    count(ctx, 'r');
}

static void a_source_that_was_not_read_is_told_again(void **state)
{
    struct world *w = *state;

    w->sources[0].fn = on_readable;
    w->stop_after = 3;
    assert_int_equal(daf_loop_add(w->loop, &w->sources[0], true, false),
                     DAF_OK);
    run(w);
    assert_int_equal(w->calls, 3);
}

/* Both are ready in one batch; whoever comes first removes both. */
static void remove_both(void *ctx, unsigned what)
{
    struct world *w = ctx;

    (void)what;
    daf_loop_remove(w->loop, &w->sources[0]);
    daf_loop_remove(w->loop, &w->sources[1]);
    w->sources[0].fn = w->sources[1].fn = NULL; /* a call would crash */
    count(w, 'x');
    daf_loop_timer_set(&w->timers[0], daf_clock_now());
}

static void end(void *ctx)
{
    daf_loop_stop(((struct world *)ctx)->loop);
}

static void a_removed_source_is_not_called_though_its_event_waits(void **state)
{
    struct world *w = *state;

    w->stop_after = 10;
    w->timers[0] = (struct daf_loop_timer){.fn = end, .ctx = w};
    assert_int_equal(daf_loop_timer_open(w->loop, &w->timers[0]), DAF_OK);
    for (size_t i = 0; i < 2; i++) {
        w->sources[i].fn = remove_both;
        assert_int_equal(daf_loop_add(w->loop, &w->sources[i], true, false),
                         DAF_OK);
    }
    run(w);
    assert_int_equal(w->calls, 1);
}

static void on_lost(void *ctx, unsigned what)
{
    struct world *w = ctx;

    assert_true(what & DAF_LOOP_LOST);
    daf_loop_remove(w->loop, &w->sources[0]);
    count(w, 'l');
}

static void a_hang_up_is_told_unasked(void **state)
{
    struct world *w = *state;
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    (void)close(w->sources[0].fd);
    w->sources[0].fd = fds[0];
    w->sources[0].fn = on_lost;
    assert_int_equal(daf_loop_add(w->loop, &w->sources[0], false, false),
                     DAF_OK);
    (void)close(fds[1]);
    run(w);
    assert_int_equal(w->calls, 1);
}

/* ---- timers */

static void on_a(void *ctx)
{
    count(ctx, 'a');
}

static void on_b(void *ctx)
{
    count(ctx, 'b');
}

static void on_c(void *ctx)
{
    count(ctx, 'c');
}

static void open_timers(struct world *w)
{
    w->timers[0].fn = on_a;
    w->timers[1].fn = on_b;
    w->timers[2].fn = on_c;
    for (size_t i = 0; i < 3; i++) {
        w->timers[i].ctx = w;
        assert_int_equal(daf_loop_timer_open(w->loop, &w->timers[i]), DAF_OK);
    }
}

static void timers_in_the_past_come_at_once_and_once(void **state)
{
    struct world *w = *state;
    char seen[4] = "";

    open_timers(w);
    w->stop_after = 3;
    for (size_t i = 0; i < 3; i++)
        daf_loop_timer_set(&w->timers[i], (struct daf_mono){i});
    run(w);
    for (size_t i = 0; i < 3; i++)
        seen[w->order[i] - 'a'] = w->order[i];
    assert_string_equal(seen, "abc");
}

/* The only one that waits: ten milliseconds. */
static void a_timer_does_not_come_early(void **state)
{
    struct world *w = *state;
    struct daf_mono at = daf_clock_after(daf_clock_now(), 10);

    open_timers(w);
    daf_loop_timer_set(&w->timers[0], at);
    run(w);
    assert_true(daf_clock_now().ms >= at.ms);
}

static void a_timer_set_to_never_does_not_come(void **state)
{
    struct world *w = *state;

    open_timers(w);
    daf_loop_timer_set(&w->timers[0], (struct daf_mono){0});
    daf_loop_timer_set(&w->timers[0], DAF_MONO_NEVER);
    daf_loop_timer_set(&w->timers[1], (struct daf_mono){0});
    run(w);
    assert_string_equal(w->order, "b");
}

static void set_first_again(void *ctx)
{
    struct world *w = ctx;

    daf_loop_timer_set(&w->timers[0], (struct daf_mono){0});
    count(w, 'a');
}

static void a_timer_may_be_set_to_the_same_time_again(void **state)
{
    struct world *w = *state;

    open_timers(w);
    w->timers[0].fn = set_first_again;
    w->stop_after = 3;
    set_first_again(w);
    run(w);
    assert_string_equal(w->order, "aaa");
}

/* ---- signals, and going round */

static void on_signal(void *ctx, int number)
{
    struct world *w = ctx;

    w->signal = number;
    count(w, 's');
}

static void sigterm_is_an_event_and_not_an_end(void **state)
{
    struct world *w = *state;

    assert_int_equal(daf_loop_signals(w->loop, on_signal, w), DAF_OK);
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    run(w);
    assert_int_equal(w->signal, SIGTERM);
}

static void stop_when_asked_twice(void *ctx)
{
    struct world *w = ctx;

    if (++w->waits == 2) daf_loop_stop(w->loop);
}

static void before_each_wait_is_called_and_may_stop(void **state)
{
    struct world *w = *state;

    w->stop_after = 10;
    w->sources[0].fn = on_readable;
    assert_int_equal(daf_loop_add(w->loop, &w->sources[0], true, false),
                     DAF_OK);
    assert_int_equal(daf_loop_run(w->loop, stop_when_asked_twice, w), DAF_OK);
    assert_int_equal(w->calls, 1);
}

#define WITH_WORLD(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(a_source_that_was_not_read_is_told_again),
        WITH_WORLD(a_removed_source_is_not_called_though_its_event_waits),
        WITH_WORLD(a_hang_up_is_told_unasked),
        WITH_WORLD(timers_in_the_past_come_at_once_and_once),
        WITH_WORLD(a_timer_does_not_come_early),
        WITH_WORLD(a_timer_set_to_never_does_not_come),
        WITH_WORLD(a_timer_may_be_set_to_the_same_time_again),
        WITH_WORLD(sigterm_is_an_event_and_not_an_end),
        WITH_WORLD(before_each_wait_is_called_and_may_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
