/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/world/traffic.h"
#include "tests/lib/t.h"

#include <string.h>

#define MESSAGES 4000

static struct made {
    daf_sim_us at;
    uint32_t from, to, bytes;
} made[MESSAGES];
static size_t count;

static const struct daf_traffic_config usual = {
    .seed = 1,
    .nodes = 10,
    .every_min = 25 * DAF_SIM_S,
    .every_max = 35 * DAF_SIM_S,
    .bytes_min = 500000,
    .bytes_max = 1000000,
    .until = DAF_SIM_NEVER,
};

static void on_create(void *ctx, uint32_t from, uint32_t to, uint32_t bytes)
{
    assert_true(count < MESSAGES);
    made[count++] = (struct made){.at = daf_engine_now(ctx),
                                  .from = from,
                                  .to = to,
                                  .bytes = bytes};
}

static uint64_t go(struct daf_traffic_config config, daf_sim_us until,
                   uint64_t slice)
{
    struct daf_engine *e = NULL;
    struct daf_traffic *t = NULL;
    bool done = false;

    count = 0;
    assert_null(daf_traffic_wrong(&config));
    assert_int_equal(daf_engine_new(&e), DAF_OK);
    struct daf_world_events events = {.ctx = e, .create = on_create};
    assert_int_equal(daf_traffic_new(e, &config, &events, &t), DAF_OK);
    while (!done)
        assert_int_equal(daf_engine_run(e, until, slice, &done), DAF_OK);
    uint64_t hash = daf_engine_hash(e);
    daf_traffic_free(t);
    daf_engine_free(e);
    return hash;
}

static void intervals_sizes_and_nodes_are_in_their_bounds_and_spread(
    void **state)
{
    unsigned from[10] = {0}, to[10] = {0};
    double bytes = 0;

    (void)state;
    go(usual, 100000 * DAF_SIM_S, UINT64_MAX);
    assert_in_range(count, 3300, 3366); /* 3,333 and two deviations of 17 */
    for (size_t i = 0; i < count; i++) {
        daf_sim_us gap = made[i].at - (i == 0 ? 0 : made[i - 1].at);
        assert_in_range(gap, usual.every_min, usual.every_max);
        assert_in_range(made[i].bytes, usual.bytes_min, usual.bytes_max);
        assert_true(made[i].from < 10 && made[i].to < 10);
        assert_true(made[i].from != made[i].to);
        from[made[i].from]++;
        to[made[i].to]++;
        bytes += made[i].bytes;
    }
    for (int i = 0; i < 10; i++) {
        assert_in_range(from[i], 250, 416);
        assert_in_range(to[i], 250, 416);
    }
    assert_in_range((uint64_t)(bytes / (double)count), 740000, 760000);
}

static void none_is_made_at_or_after_the_end(void **state)
{
    struct daf_traffic_config config = usual;

    (void)state;
    config.every_min = config.every_max = DAF_SIM_S;
    config.until = 10 * DAF_SIM_S;
    go(config, 100 * DAF_SIM_S, UINT64_MAX);
    assert_int_equal(count, 9);
    config.until++;
    go(config, 100 * DAF_SIM_S, UINT64_MAX);
    assert_int_equal(count, 10);
}

static void larger_messages_come_at_the_same_times_between_the_same_nodes(
    void **state)
{
    static struct made before[MESSAGES];
    struct daf_traffic_config config = usual;

    (void)state;
    go(config, 10000 * DAF_SIM_S, UINT64_MAX);
    memcpy(before, made, sizeof made);
    config.bytes_min = 1000000;
    config.bytes_max = 1000007;
    size_t same = count;
    go(config, 10000 * DAF_SIM_S, UINT64_MAX);
    assert_int_equal(count, same);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(made[i].at, before[i].at);
        assert_int_equal(made[i].from, before[i].from);
        assert_int_equal(made[i].to, before[i].to);
    }
}

static void one_seed_has_one_history(void **state)
{
    struct daf_traffic_config other = usual;

    (void)state;
    other.seed = 2;
    uint64_t hash = go(usual, 10000 * DAF_SIM_S, UINT64_MAX);
    assert_true(hash == go(usual, 10000 * DAF_SIM_S, 1));
    assert_true(hash != go(other, 10000 * DAF_SIM_S, UINT64_MAX));
}

static void two_nodes_write_to_each_other(void **state)
{
    struct daf_traffic_config config = usual;

    (void)state;
    config.nodes = 2;
    config.bytes_min = config.bytes_max = 0;
    go(config, 10000 * DAF_SIM_S, UINT64_MAX);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(made[i].from + made[i].to, 1);
}

static void how_many_there_will_be_is_about_right(void **state)
{
    struct daf_traffic_config config = usual;

    (void)state;
    assert_int_equal(daf_traffic_messages(&config, 3000 * DAF_SIM_S), 100);
    config.until = 300 * DAF_SIM_S;
    assert_int_equal(daf_traffic_messages(&config, 3000 * DAF_SIM_S), 10);
}

static void what_is_wrong_is_said(void **state)
{
    struct daf_traffic_config c = usual;

    (void)state;
    c.nodes = 1;
    assert_non_null(strstr(daf_traffic_wrong(&c), "nodes"));
    c = usual;
    c.every_min = 0;
    assert_non_null(strstr(daf_traffic_wrong(&c), "1us"));
    c.every_min = c.every_max + 1;
    assert_non_null(strstr(daf_traffic_wrong(&c), "interval"));
    c = usual;
    c.bytes_max = UINT64_C(1) << 31;
    assert_non_null(strstr(daf_traffic_wrong(&c), "2147483647"));
    c.bytes_max = 1;
    assert_non_null(strstr(daf_traffic_wrong(&c), "size"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            intervals_sizes_and_nodes_are_in_their_bounds_and_spread),
        cmocka_unit_test(none_is_made_at_or_after_the_end),
        cmocka_unit_test(
            larger_messages_come_at_the_same_times_between_the_same_nodes),
        cmocka_unit_test(one_seed_has_one_history),
        cmocka_unit_test(two_nodes_write_to_each_other),
        cmocka_unit_test(how_many_there_will_be_is_about_right),
        cmocka_unit_test(what_is_wrong_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
