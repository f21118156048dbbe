/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/core/chance.h"
#include "sim/core/engine.h"
#include "tests/lib/t.h"

#include <stdlib.h>
#include <string.h>

#define EVENTS 5000

struct seen {
    daf_sim_us at;
    enum daf_sim_kind kind;
    uint32_t order, number;
};

struct book {
    struct daf_engine *e;
    struct seen seen[(size_t)2 * EVENTS];
    size_t count, probes;
};

static enum daf_sim_kind kinds[DAF_SIM_KINDS];
static struct book *book_of_now;

static void see(void *ctx, uint32_t node, uint32_t arg)
{
    struct book *b = book_of_now;
    const enum daf_sim_kind *kind = ctx;

    assert_true(b->count < (size_t)2 * EVENTS);
    b->seen[b->count++] = (struct seen){.at = daf_engine_now(b->e),
                                        .kind = *kind,
                                        .order = node,
                                        .number = arg};
}

static struct book *open_book(void)
{
    struct book *b = calloc(1, sizeof *b);

    assert_non_null(b);
    book_of_now = b;
    assert_int_equal(daf_engine_new(&b->e), DAF_OK);
    for (unsigned k = 0; k < DAF_SIM_KINDS; k++) {
        kinds[k] = (enum daf_sim_kind)k;
        daf_engine_handle(b->e, kinds[k], see, &kinds[k]);
    }
    return b;
}

static void close_book(struct book *b)
{
    daf_engine_free(b->e);
    free(b);
}

static void run_all(struct book *b, daf_sim_us until)
{
    bool done = false;

    assert_int_equal(daf_engine_run(b->e, until, UINT64_MAX, &done), DAF_OK);
    assert_true(done);
}

static int compare(const void *va, const void *vb)
{
    const struct seen *a = va, *b = vb;

    if (a->at != b->at) return a->at < b->at ? -1 : 1;
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    if (a->order != b->order) return a->order < b->order ? -1 : 1;
    return a->number < b->number ? -1 : 1;
}

static void events_happen_by_instant_then_kind_then_order_then_number(
    void **state)
{
    struct book *b = open_book();
    struct seen *expected = calloc(EVENTS, sizeof *expected);
    struct daf_chance c;
    uint64_t probes = 0;

    (void)state;
    assert_non_null(expected);
    daf_chance_init(&c, 5, "test", 0);
    for (uint32_t i = 0; i < EVENTS; i++) {
        struct seen s = {.at = (daf_sim_us)daf_chance_below(&c, 200),
                         .kind =
                             (enum daf_sim_kind)daf_chance_below(&c,
                                                                 DAF_SIM_KINDS),
                         .order = (uint32_t)daf_chance_below(&c, 3),
                         .number = i};
        expected[i] = s;
        probes += s.kind == DAF_SIM_PROBE;
        daf_engine_add(b->e, s.at, s.kind, s.order, s.order, i);
    }
    qsort(expected, EVENTS, sizeof *expected, compare);
    run_all(b, 1000);
    assert_int_equal(b->count, EVENTS);
    for (size_t i = 0; i < EVENTS; i++)
        assert_int_equal(b->seen[i].number, expected[i].number);
    assert_int_equal(daf_engine_events(b->e), EVENTS - probes);
    free(expected);
    close_book(b);
}

static void what_is_due_at_the_end_does_not_happen_and_time_stands_there(
    void **state)
{
    struct book *b = open_book();

    (void)state;
    daf_engine_add(b->e, 9, DAF_SIM_TIMER, 0, 0, 1);
    daf_engine_add(b->e, 10, DAF_SIM_TIMER, 0, 0, 2);
    daf_engine_add(b->e, DAF_SIM_NEVER, DAF_SIM_TIMER, 0, 0, 3);
    run_all(b, 10);
    assert_int_equal(b->count, 1);
    assert_int_equal(daf_engine_now(b->e), 10);
    assert_int_equal(daf_engine_waiting(b->e), 1);
    run_all(b, 11);
    assert_int_equal(b->count, 2);
    close_book(b);
}

static void a_timer_that_is_taken_back_does_not_happen(void **state)
{
    struct book *b = open_book();
    daf_sim_timer first, none = 0;

    (void)state;
    first = daf_engine_timer(b->e, 5, DAF_SIM_TIMER, 0, 0, 1);
    daf_engine_add(b->e, 5, DAF_SIM_TIMER, 0, 0, 2);
    daf_engine_cancel(b->e, &first);
    daf_engine_cancel(b->e, &none);
    assert_int_equal(first, 0);
    assert_int_equal(daf_engine_waiting(b->e), 1);
    run_all(b, 6);
    assert_int_equal(b->count, 1);
    assert_int_equal(b->seen[0].number, 2);
    close_book(b);
}

static void a_handle_of_a_timer_that_was_cannot_take_back_another(void **state)
{
    struct book *b = open_book();
    daf_sim_timer old, other;

    (void)state;
    old = daf_engine_timer(b->e, 5, DAF_SIM_TIMER, 0, 0, 1);
    run_all(b, 6);
    other = daf_engine_timer(b->e, 7, DAF_SIM_TIMER, 0, 0, 2);
    daf_engine_cancel(b->e, &old);
    assert_true(other != 0);
    run_all(b, 8);
    assert_int_equal(b->count, 2);
    close_book(b);
}

/* As an agent's deadline, which every frame moves. */
static void a_timer_set_anew_a_million_times_does_not_fill_the_heap(
    void **state)
{
    struct book *b = open_book();
    daf_sim_timer kept, moved = 0;

    (void)state;
    kept = daf_engine_timer(b->e, 2000001, DAF_SIM_TIMER, 0, 0, 1);
    for (daf_sim_us i = 0; i < 1000000; i++) {
        daf_engine_cancel(b->e, &moved);
        moved = daf_engine_timer(b->e, 1000000 + i, DAF_SIM_TIMER, 0, 0, 2);
        assert_int_equal(daf_engine_waiting(b->e), 2);
    }
    assert_true(kept != 0);
    run_all(b, 3000000);
    assert_int_equal(b->count, 2);
    assert_int_equal(b->seen[0].at, 1999999);
    assert_int_equal(b->seen[1].number, 1);
    close_book(b);
}

static uint64_t history(uint64_t seed, uint64_t slice)
{
    struct book *b = open_book();
    struct daf_chance c;
    bool done = false;

    daf_chance_init(&c, seed, "test", 0);
    for (uint32_t i = 0; i < 1000; i++)
        daf_engine_add(b->e, (daf_sim_us)daf_chance_below(&c, 100),
                       DAF_SIM_TIMER, 0, i, i);
    while (!done)
        assert_int_equal(daf_engine_run(b->e, 1000, slice, &done), DAF_OK);
    uint64_t hash = daf_engine_hash(b->e);
    close_book(b);
    return hash;
}

static void one_seed_has_one_hash_and_another_seed_another(void **state)
{
    (void)state;
    assert_true(history(1, UINT64_MAX) == history(1, UINT64_MAX));
    assert_true(history(1, UINT64_MAX) == history(1, 7));
    assert_true(history(1, UINT64_MAX) != history(2, UINT64_MAX));
}

static void probe_again(void *ctx, uint32_t node, uint32_t arg)
{
    struct book *b = ctx;

    (void)node;
    b->probes++;
    if (arg > 0)
        daf_engine_add(b->e, daf_engine_now(b->e), DAF_SIM_PROBE, 0, 0,
                       arg - 1);
}

/* Three, each of which adds another, before and between what happens. */
static uint64_t looked_at(bool has_probes)
{
    struct book *b = open_book();

    daf_engine_handle(b->e, DAF_SIM_PROBE, probe_again, b);
    for (uint32_t i = 0; i < 3; i++) {
        if (has_probes) daf_engine_add(b->e, i, DAF_SIM_PROBE, 0, 0, 1);
        daf_engine_add(b->e, i, DAF_SIM_TIMER, 0, i, i);
    }
    run_all(b, 10);
    assert_int_equal(b->count, 3);
    assert_int_equal(b->probes, has_probes ? 6 : 0);
    assert_int_equal(daf_engine_events(b->e), 3);
    uint64_t hash = daf_engine_hash(b->e);
    close_book(b);
    return hash;
}

static void probes_are_no_history(void **state)
{
    (void)state;
    assert_true(looked_at(true) == looked_at(false));
}

static void a_note_changes_the_hash(void **state)
{
    struct book *b = open_book();
    uint64_t before = daf_engine_hash(b->e);

    (void)state;
    daf_engine_note(b->e, 0);
    assert_true(daf_engine_hash(b->e) != before);
    close_book(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            events_happen_by_instant_then_kind_then_order_then_number),
        cmocka_unit_test(
            what_is_due_at_the_end_does_not_happen_and_time_stands_there),
        cmocka_unit_test(a_timer_that_is_taken_back_does_not_happen),
        cmocka_unit_test(a_handle_of_a_timer_that_was_cannot_take_back_another),
        cmocka_unit_test(
            a_timer_set_anew_a_million_times_does_not_fill_the_heap),
        cmocka_unit_test(one_seed_has_one_hash_and_another_seed_another),
        cmocka_unit_test(probes_are_no_history),
        cmocka_unit_test(a_note_changes_the_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
