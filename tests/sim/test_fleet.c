/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's agents in virtual time: camps small enough to be told by hand. */
#include <stdlib.h>
#include <string.h>

#include "sim/device/fleet.h"
#include "tests/lib/t.h"
#include "tests/lib/tmpdir.h"

#define MOST 24

struct camp {
    struct daf_engine *e;
    struct daf_fleet *f;
    uint32_t devices;
    unsigned wrote, stored[MOST]; /* records of the class */
    unsigned got[MOST];           /* content */
    enum daf_err last;
};

static void on_wrote(void *ctx, uint32_t device, uint64_t ticket,
                     enum daf_err err, uint64_t seq)
{
    struct camp *c = ctx;

    assert_int_equal(device + 100, ticket);
    assert_true((err == DAF_OK) == (seq > 0));
    c->last = err;
    c->wrote++;
}

static void on_stored(void *ctx, uint32_t device, uint32_t writer, uint64_t seq)
{
    struct camp *c = ctx;

    assert_true(writer < c->devices && seq > 0);
    c->stored[device]++;
}

static void on_got(void *ctx, uint32_t device, size_t item)
{
    struct camp *c = ctx;

    assert_int_equal(item, 0);
    c->got[device]++;
}

static struct camp *make(struct daf_fleet_config config)
{
    struct camp *c = calloc(1, sizeof *c);
    const struct daf_fleet_events events = {.ctx = c,
                                            .wrote = on_wrote,
                                            .stored = on_stored,
                                            .got = on_got};

    assert_non_null(c);
    assert_true(config.devices <= MOST);
    c->devices = config.devices;
    assert_int_equal(daf_engine_new(&c->e), DAF_OK);
    assert_int_equal(daf_fleet_new(c->e, &config, &events, &c->f), DAF_OK);
    return c;
}

static struct camp *make_models(uint32_t devices)
{
    struct daf_fleet_config config = daf_fleet_defaults();

    config.devices = devices;
    return make(config);
}

static void unmake(struct camp *c)
{
    assert_int_equal(daf_fleet_failed(c->f), DAF_OK);
    daf_fleet_free(c->f);
    daf_engine_free(c->e);
    free(c);
}

static void until(struct camp *c, daf_sim_us seconds)
{
    bool done = false;

    assert_int_equal(daf_engine_run(c->e, seconds * DAF_SIM_S, UINT64_MAX,
                                    &done),
                     DAF_OK);
    assert_int_equal(daf_fleet_failed(c->f), DAF_OK);
}

static void learn(struct camp *c, uint32_t device)
{
    daf_fleet_learn(c->f, device, device + 100);
}

static void up(struct camp *c, uint32_t a, uint32_t b)
{
    const struct daf_contact contact = {.a = a, .b = b};

    daf_fleet_up(c->f, &contact);
}

static void all_up(struct camp *c)
{
    for (uint32_t a = 0; a < c->devices; a++)
        for (uint32_t b = a + 1; b < c->devices; b++)
            up(c, a, b);
}

static bool are_equal(struct camp *c, uint32_t a, uint32_t b)
{
    struct daf_scope_id scopes[DAF_FLEET_SCOPES];
    struct daf_store_digest x, y;

    daf_fleet_scopes(c->f, scopes);
    for (size_t i = 0; i < DAF_FLEET_SCOPES; i++) {
        assert_int_equal(daf_notebook_digest(daf_fleet_notebook(c->f, a),
                                             &scopes[i], &x),
                         DAF_OK);
        assert_int_equal(daf_notebook_digest(daf_fleet_notebook(c->f, b),
                                             &scopes[i], &y),
                         DAF_OK);
        if (memcmp(&x.root, &y.root, sizeof x.root) != 0 ||
            x.bodies != y.bodies)
            return false;
    }
    return true;
}

/* 1 meets 2, and when 1 has gone 2 meets 3.  A first record brings the learner's
 * registration with it. */
static void a_record_goes_by_a_device_between(void **state)
{
    struct camp *c = make_models(4);

    (void)state;
    learn(c, 1);
    until(c, 1);
    assert_int_equal(c->wrote, 1);
    assert_int_equal(c->last, DAF_OK);
    assert_int_equal(c->stored[1], 2);
    up(c, 1, 2);
    until(c, 20);
    assert_int_equal(c->stored[2], 2);
    assert_true(are_equal(c, 1, 2));
    daf_fleet_down(c->f, 1, 2);
    up(c, 2, 3);
    until(c, 60);
    assert_int_equal(c->stored[3], 2);
    assert_int_equal(c->stored[0], 0);
    assert_false(are_equal(c, 0, 3));
    unmake(c);
}

static void nobody_hears_anything_who_meets_nobody(void **state)
{
    struct camp *c = make_models(3);

    (void)state;
    learn(c, 1);
    until(c, 600);
    assert_int_equal(daf_fleet_stats(c->f)->frames, 0);
    assert_int_equal(daf_fleet_stats(c->f)->connections, 0);
    unmake(c);
}

static void a_camp_in_one_room_becomes_equal_and_falls_silent(void **state)
{
    struct camp *c = make_models(20);

    (void)state;
    all_up(c);
    for (uint32_t i = 0; i < 20; i++)
        learn(c, i);
    until(c, 120);
    for (uint32_t i = 1; i < 20; i++) {
        assert_int_equal(c->stored[i], 40);
        assert_true(are_equal(c, 0, i));
    }
    uint64_t frames = daf_fleet_stats(c->f)->frames;
    uint64_t events = daf_engine_events(c->e);
    until(c, 3600);
    assert_int_equal(daf_fleet_stats(c->f)->frames, frames);
    assert_int_equal(daf_engine_events(c->e), events);
    unmake(c);
}

/* At 2 kB/s a first meeting of these takes seconds, and each contact has one and a
 * half after it was seen. */
static void what_short_contacts_lose_comes_with_later_ones(void **state)
{
    struct daf_fleet_config config = daf_fleet_defaults();

    (void)state;
    config.devices = 2;
    config.bytes_per_s = 2000;
    struct camp *c = make(config);
    learn(c, 1);
    until(c, 1);
    up(c, 0, 1);
    until(c, 3);
    daf_fleet_down(c->f, 0, 1);
    assert_int_equal(c->stored[0], 0);
    until(c, 60);
    up(c, 0, 1);
    until(c, 120);
    assert_int_equal(c->stored[0], 2);
    assert_true(are_equal(c, 0, 1));
    unmake(c);
}

static uint64_t history(uint64_t seed)
{
    struct daf_fleet_config config = daf_fleet_defaults();

    config.devices = 6;
    config.seed = seed;
    struct camp *c = make(config);
    all_up(c);
    learn(c, 3);
    until(c, 60);
    uint64_t hash = daf_engine_hash(c->e);
    unmake(c);
    return hash;
}

static void one_seed_has_one_history(void **state)
{
    (void)state;
    assert_true(history(1) == history(1));
    assert_true(history(1) != history(2));
}

/* A record is carried from hand to hand through eight devices. */
static uint64_t chain(const char *real_dir, bool has_real_signatures,
                      uint64_t *out_records)
{
    struct daf_fleet_config config = daf_fleet_defaults();

    config.devices = 8;
    config.real_dir = real_dir;
    config.has_real_signatures = has_real_signatures;
    struct camp *c = make(config);
    for (uint32_t i = 0; i < 8; i++)
        learn(c, i);
    for (uint32_t i = 0; i < 7; i++) {
        up(c, i, i + 1);
        until(c, (daf_sim_us)30 * (i + 1));
        daf_fleet_down(c->f, i, i + 1);
    }
    assert_int_equal(c->stored[7], 16);
    *out_records = daf_fleet_stats(c->f)->records;
    uint64_t hash = daf_engine_hash(c->e);
    unmake(c);
    return hash;
}

static void with_real_notebooks_it_is_the_same_history(void **state)
{
    char *dir = daf_tmpdir_new();
    uint64_t models = 0, real = 0;

    (void)state;
    assert_non_null(dir);
    assert_true(chain(NULL, false, &models) == chain(dir, false, &real));
    assert_int_equal(models, real);
    daf_tmpdir_free(dir);
}

/* Other signatures are other ids, so another order of things; not another end. */
static void with_real_signatures_it_comes_to_the_same(void **state)
{
    uint64_t stubs = 0, real = 0;

    (void)state;
    assert_true(chain(NULL, false, &stubs) != chain(NULL, true, &real));
    assert_int_equal(stubs, real);
}

static void what_was_written_survives_the_switch_and_the_plug(void **state)
{
    (void)state;
    for (int how = DAF_POWER_OFF; how <= DAF_POWER_CUT; how++) {
        struct camp *c = make_models(3);
        learn(c, 1);
        until(c, 1);
        up(c, 0, 1);
        up(c, 0, 2);
        until(c, 2);
        daf_fleet_power(c->f, 1, (enum daf_power)how);
        assert_false(daf_fleet_is_on(c->f, 1));
        until(c, 60);
        daf_fleet_power(c->f, 1, DAF_POWER_ON);
        up(c, 0, 1);
        learn(c, 2);
        until(c, 120);
        assert_true(are_equal(c, 0, 1) && are_equal(c, 0, 2));
        assert_int_equal(c->stored[0], 4);
        unmake(c);
    }
}

/* The plug, 5 ms before it would have been durable: nobody was told that it is, and
 * the log goes on. */
static void what_is_not_durable_when_power_goes_was_never_promised(void **state)
{
    struct camp *c = make_models(2);

    (void)state;
    learn(c, 1);
    daf_fleet_power(c->f, 1, DAF_POWER_CUT);
    until(c, 1);
    assert_int_equal(c->wrote, 0);
    assert_int_equal(c->stored[1], 0);
    daf_fleet_power(c->f, 1, DAF_POWER_ON);
    learn(c, 1);
    up(c, 0, 1);
    until(c, 60);
    assert_int_equal(c->wrote, 1);
    assert_int_equal(c->stored[0], 2);
    assert_true(are_equal(c, 0, 1));
    unmake(c);
}

static void who_does_not_hear_the_other_gets_nothing(void **state)
{
    struct camp *c = make_models(2);
    const struct daf_contact deaf = {.a = 0, .b = 1, .deaf = DAF_DEAF_B};

    (void)state;
    learn(c, 0);
    daf_fleet_up(c->f, &deaf);
    until(c, 600);
    assert_int_equal(daf_fleet_stats(c->f)->connections, 0);
    assert_int_equal(c->stored[1], 0);
    daf_fleet_down(c->f, 0, 1);
    up(c, 0, 1);
    until(c, 700);
    assert_int_equal(c->stored[1], 2);
    unmake(c);
}

static void a_third_lost_on_the_air_still_comes_to_the_same(void **state)
{
    struct camp *c = make_models(4);
    struct daf_contact lossy = {.loss = 300000, .cell = 1};

    (void)state;
    for (lossy.a = 0; lossy.a < 4; lossy.a++)
        for (lossy.b = lossy.a + 1; lossy.b < 4; lossy.b++)
            daf_fleet_up(c->f, &lossy);
    for (uint32_t i = 0; i < 4; i++)
        learn(c, i);
    until(c, 300);
    assert_true(daf_fleet_stats(c->f)->again > 0);
    for (uint32_t i = 1; i < 4; i++)
        assert_true(are_equal(c, 0, i));
    assert_int_equal(c->stored[0], 8);
    unmake(c);
}

static const struct daf_sim_item film = {.bytes = 2000000,
                                         .from = 0,
                                         .from_count = 1,
                                         .to = 1,
                                         .to_count = 2,
                                         .at = 5 * DAF_SIM_S};

static struct camp *make_with_content(uint32_t devices)
{
    struct daf_fleet_config config = daf_fleet_defaults();

    config.devices = devices;
    config.items = &film;
    config.items_count = 1;
    return make(config);
}

/* 1 is cut off in the middle, and goes on with what it has; 2 has it of 1. */
static void content_goes_on_where_it_was(void **state)
{
    struct camp *c = make_with_content(3);
    const struct daf_fleet_stats *s = daf_fleet_stats(c->f);

    (void)state;
    up(c, 0, 1);
    until(c, 4);
    assert_int_equal(s->bytes_chunks, 0); /* nobody wants it yet */
    until(c, 10);
    assert_in_range(s->bytes_shelved, 500000, 1500000);
    assert_int_equal(c->got[1], 0);
    daf_fleet_power(c->f, 1, DAF_POWER_CUT);
    until(c, 30);
    daf_fleet_power(c->f, 1, DAF_POWER_ON);
    up(c, 0, 1);
    until(c, 90);
    assert_int_equal(c->got[1], 1);
    assert_int_equal(c->got[2], 0);
    assert_int_equal(s->bytes_twice, 0);
    assert_in_range(s->bytes_shelved, 2000000, 2200000);
    daf_fleet_down(c->f, 0, 1);
    up(c, 1, 2);
    until(c, 180);
    assert_int_equal(c->got[2], 1);
    assert_int_equal(c->got[1], 1);
    unmake(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_goes_by_a_device_between),
        cmocka_unit_test(nobody_hears_anything_who_meets_nobody),
        cmocka_unit_test(a_camp_in_one_room_becomes_equal_and_falls_silent),
        cmocka_unit_test(what_short_contacts_lose_comes_with_later_ones),
        cmocka_unit_test(one_seed_has_one_history),
        cmocka_unit_test(with_real_notebooks_it_is_the_same_history),
        cmocka_unit_test(with_real_signatures_it_comes_to_the_same),
        cmocka_unit_test(what_was_written_survives_the_switch_and_the_plug),
        cmocka_unit_test(
            what_is_not_durable_when_power_goes_was_never_promised),
        cmocka_unit_test(who_does_not_hear_the_other_gets_nothing),
        cmocka_unit_test(a_third_lost_on_the_air_still_comes_to_the_same),
        cmocka_unit_test(content_goes_on_where_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
