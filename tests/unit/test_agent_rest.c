/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent does when it is quiet, how small it is, and what a certificate that
 * comes late changes. */
#include "tests/lib/t.h"

#include <stdio.h>

#include "tests/lib/agent_case.h"

/* ---- at rest */

/* R26: what was taken on trust is verified at rest, and what is bad goes, here
 * and there. */
static void a_bad_record_goes_at_rest_and_peers_are_equal_again(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct kept chain[5];
    struct daf_stretch what = {.first = 1, .last = 5};
    struct wire w;

    (void)state;
    make_chain(0, chain, 5, 1);
    what.log = chain[0].r.log;
    for (size_t i = 0; i < 5; i++)
        hold(a, &chain[i], true);
    daf_fake_index_unchecked(a->index, &what);
    w = meet(a, b);
    assert_true(holds(b, &chain[1], true)); /* nobody knows yet */
    assert_true(stats_of(b).unchecked);
    assert_int_equal(daf_agent_deadline(b->agent).ms, b->now.ms + 1000);
    pass_time(b);
    assert_false(stats_of(b).unchecked);
    assert_int_equal(stats_of(b).refusals.by_err[DAF_ESIG], 1);
    assert_false(holds(b, &chain[1], false));
    talk(&w, 1, true);
    pass_time(a);
    talk(&w, 1, true);
    pass_time(b);
    talk(&w, 1, true);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(holds(a, &chain[i], true), i != 1);
        assert_int_equal(holds(b, &chain[i], true), i != 1);
    }
    assert_int_equal(stats_of(a).sessions, 1);
    is_at_rest(b);
    part(&w);
    w = meet(a, b);
    assert_int_equal(a->said_count[DAF_FRAME_RUN], 0);
    assert_int_equal(b->said_count[DAF_FRAME_RUN], 0);
    host_free(a);
    host_free(b);
    free_chain(chain, 5);
}

static void verifying_waits_for_quiet_and_takes_small_steps(void **state)
{
    enum { COUNT = 200 };
    static struct kept chain[COUNT];
    struct host *h = host_bare(1);
    struct daf_stretch what = {.first = 1, .last = COUNT};
    size_t steps = 0;

    (void)state;
    make_chain(0, chain, COUNT, SIZE_MAX);
    for (size_t i = 0; i < daf_fake_index_count(control); i++)
        give_row(h, control, i);
    for (size_t i = 0; i < COUNT; i++)
        hold(h, &chain[i], true);
    what.log = chain[0].r.log;
    daf_fake_index_unchecked(h->index, &what);
    assert_int_equal(start(h, the_manifest(), the_cert(1), 1), DAF_OK);
    assert_int_equal(daf_agent_deadline(h->agent).ms, UINT64_MAX);
    listening(h);
    assert_int_equal(daf_agent_deadline(h->agent).ms, h->now.ms + 1000);
    h->now.ms += 900;
    learn(h, 1, "Lantern Example");
    assert_int_equal(daf_agent_deadline(h->agent).ms, UINT64_MAX);
    commit_all(h);
    assert_int_equal(daf_agent_deadline(h->agent).ms, h->now.ms + 1000);
    while (jobs_of(h) == 0) {
        assert_true(steps++ < COUNT);
        (void)daf_fake_index_calls(h->index);
        await(h);
        assert_true(daf_fake_index_calls(h->index) <= 64 + 3);
    }
    assert_int_equal(steps, 4); /* 64 records each, one job for all */
    assert_int_equal(h->jobs->count, 1);
    assert_int_equal(h->jobs->items[0].deed, DEED_CHECKED);
    assert_int_equal(h->jobs->items[0].what.first, 1);
    assert_int_equal(h->jobs->items[0].what.last, COUNT);
    pass_time(h);
    commit_all(h);
    pass_time(h);
    assert_false(stats_of(h).unchecked);
    is_at_rest(h);
    host_free(h);
    free_chain(chain, COUNT);
}

/* A record that comes in between would be called verified with the rest. */
static void verifying_begins_again_when_something_is_written(void **state)
{
    enum { COUNT = 100 };
    static struct kept chain[COUNT];
    struct host *h = host_new(1);
    struct daf_stretch what = {.first = 1, .last = COUNT};

    (void)state;
    make_chain(0, chain, COUNT, SIZE_MAX);
    for (size_t i = 0; i < COUNT; i++)
        hold(h, &chain[i], true);
    what.log = chain[0].r.log;
    daf_fake_index_unchecked(h->index, &what);
    daf_agent_free(h->agent);
    assert_int_equal(start(h, the_manifest(), the_cert(1), 1), DAF_OK);
    listening(h);
    await(h);
    assert_int_equal(jobs_of(h), 0);
    learn(h, 1, "Lantern Example");
    commit_all(h);
    assert_int_equal(daf_agent_deadline(h->agent).ms, h->now.ms + 1000);
    await(h);
    assert_int_equal(jobs_of(h),
                     0); /* the second step would have been enough */
    await(h);
    assert_int_equal(jobs_of(h), 1);
    pass_time(h);
    commit_all(h);
    pass_time(h);
    assert_false(stats_of(h).unchecked);
    host_free(h);
    free_chain(chain, COUNT);
}

static void a_store_that_fails_is_not_read_again_at_rest(void **state)
{
    struct host *h = host_new(1);
    struct kept chain[2];
    struct daf_stretch what = {.first = 1, .last = 2};

    (void)state;
    make_chain(0, chain, 2, SIZE_MAX);
    hold(h, &chain[0], true);
    hold(h, &chain[1], true);
    what.log = chain[0].r.log;
    daf_fake_index_unchecked(h->index, &what);
    daf_agent_free(h->agent);
    assert_int_equal(start(h, the_manifest(), the_cert(1), 1), DAF_OK);
    listening(h);
    daf_fake_index_fail(h->index, 1); /* the stretch, but not its records */
    await(h);
    assert_int_equal(jobs_of(h), 0);
    assert_true(daf_agent_deadline(h->agent).ms > h->now.ms + 10000);
    assert_true(stats_of(h).unchecked);
    daf_fake_index_fail(h->index, SIZE_MAX);
    learn(h, 1, "Lantern Example");
    commit_all(h);
    pass_time(h);
    assert_false(stats_of(h).unchecked);
    host_free(h);
    free_chain(chain, 2);
}

/* A meeting, work, a bad record found at rest, another meeting: what each did. */
static void live(uint64_t out[2])
{
    struct host *a = host_seeded(1, 70), *b = host_seeded(2, 71);
    struct kept chain[5];
    struct daf_stretch what = {.first = 1, .last = 5};
    struct wire w;

    make_chain(0, chain, 5, 2);
    what.log = chain[0].r.log;
    for (size_t i = 0; i < 5; i++)
        hold(a, &chain[i], true);
    daf_fake_index_unchecked(a->index, &what);
    learn(b, 1, "Lantern Example");
    commit_all(b);
    w = meet(a, b);
    for (uint64_t i = 0; i < 5; i++)
        learn(a, i, "Kite Example");
    talk(&w, 1, true);
    pass_time(b);
    talk(&w, 1, true);
    part(&w);
    (void)meet(a, b);
    out[0] = a->effects;
    out[1] = b->effects;
    host_free(a);
    host_free(b);
    free_chain(chain, 5);
}

static void the_same_inputs_have_the_same_effects(void **state)
{
    uint64_t once[2], again[2];

    (void)state;
    live(once);
    live(again);
    assert_int_equal(once[0], again[0]);
    assert_int_equal(once[1], again[1]);
    assert_int_not_equal(once[0], once[1]);
}

/* ---- memory */

static void an_agent_with_ten_peers_is_small(void **state)
{
    struct host *h = host_new(1);
    char addr[32];

    (void)state;
    for (uint32_t i = 0; i < 10; i++) {
        snprintf(addr, sizeof(addr), "10.0.0.%u:1000", (unsigned)i);
        peer(h, addr);
        opened(h, IN | i, DAF_ENDPOINT_MESH, &keys[2].transport);
    }
    assert_in_range(daf_agent_size(h->agent), 2048, 16384);
    assert_true(daf_session_size() <= DAF_SESSION_BYTES_MAX);
    host_free(h);
}

/* ---- late certificates */

/* b holds records of a device that neither a nor control knows. */
static struct host *host_with_late_records(size_t *out_records)
{
    struct host *late = host_new(LATE), *b = host_new(2);
    size_t before;

    /* It needs the class's key to write. */
    {
        struct host *boss = host_new(0);

        write_wrap(boss, "class:1", LATE + 1);
        commit_all(boss);
        daf_agent_free(late->agent);
        for (size_t i = 0; i < daf_fake_index_count(boss->index); i++)
            give_row(late, boss->index, i);
        assert_int_equal(start(late, the_manifest(), the_cert(LATE), LATE),
                         DAF_OK);
        host_free(boss);
    }
    before = daf_fake_index_count(late->index);
    learn(late, 1, "Kite Example");
    commit_all(late);
    assert_int_equal(late->wrote[0].err, DAF_OK);
    *out_records = daf_fake_index_count(late->index) - before;
    for (size_t i = 0; i < daf_fake_index_count(late->index); i++) {
        struct daf_log_key log;
        struct daf_stored row;

        daf_fake_index_at(late->index, i, &log, &row);
        if (memcmp(log.author.b, daf_agent_author(late->agent)->b, 16) == 0)
            give_row(b, late->index, i);
    }
    host_free(late);
    return b;
}

static void a_late_certificate_in_control_brings_what_was_refused(void **state)
{
    size_t records, before;
    struct host *a = host_new(1), *boss = host_new(0);
    struct host *b = host_with_late_records(&records);
    struct wire w[2];

    (void)state;
    before = daf_fake_index_count(a->index);
    w[0] = wire_up(a, go_to_mesh(a, 2, "10.0.0.2:1"), b, IN | 1);
    talk(w, 1, true);
    w[1] = wire_up(a, go_to_mesh(a, 0, "10.0.0.3:1"), boss, IN | 1);
    talk(w, 2, true);
    assert_int_equal(stats_of(a).refusals.by_err[DAF_EAUTHOR], 1); /* path */
    assert_int_equal(daf_fake_index_count(a->index), before);
    a->admits_count = 0;
    write_cert(boss, LATE);
    talk(w, 2, true);
    assert_int_equal(daf_fake_index_count(a->index), before + 1 + records);
    assert_int_equal(daf_fake_index_count(boss->index), before + 1 + records);
    assert_int_equal(stats_of(a).refusals.by_err[DAF_EAUTHOR], 1); /* path */
    assert_int_equal(a->admits_count, 4); /* and the link lets it in */
    host_free(a);
    host_free(b);
    host_free(boss);
}

static void a_certificate_shown_at_the_door_brings_what_was_refused(
    void **state)
{
    size_t records, before;
    struct host *a = host_new(1);
    struct host *b = host_with_late_records(&records);
    struct wire w = wire_up(a, go_to_mesh(a, 2, "10.0.0.2:1"), b, IN | 1);
    struct proof p = proof_of(LATE);
    struct daf_hash nonce;

    (void)state;
    before = daf_fake_index_count(a->index);
    talk(&w, 1, true);
    assert_int_equal(daf_fake_index_count(a->index), before);
    nonce = knock_at(a, IN | 5, &keys[LATE].transport);
    show(a, IN | 5, &p, &nonce);
    talk(&w, 1, true);
    assert_int_equal(daf_fake_index_count(a->index), before + records);
    host_free(a);
    host_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bad_record_goes_at_rest_and_peers_are_equal_again),
        cmocka_unit_test(verifying_waits_for_quiet_and_takes_small_steps),
        cmocka_unit_test(verifying_begins_again_when_something_is_written),
        cmocka_unit_test(a_store_that_fails_is_not_read_again_at_rest),
        cmocka_unit_test(the_same_inputs_have_the_same_effects),
        cmocka_unit_test(an_agent_with_ten_peers_is_small),
        cmocka_unit_test(a_late_certificate_in_control_brings_what_was_refused),
        cmocka_unit_test(
            a_certificate_shown_at_the_door_brings_what_was_refused),
    };

    return cmocka_run_group_tests(tests, make_camp, free_camp);
}
