/* SPDX-License-Identifier: Apache-2.0 */
/* Camps whose days can be told by hand. */
#include <stdlib.h>
#include <string.h>

#include "sim/world/schedule.h"
#include "tests/lib/t.h"

#define MOST  64
#define H     DAF_SIM_HOUR
#define MIN   DAF_SIM_MINUTE
#define DAILY 0x7f

struct stage {
    struct daf_engine *e;
    struct daf_schedule *c;
    bool is_up[MOST][MOST], is_on[MOST];
    unsigned ups, creations, cuts;
    daf_sim_us last_up, last_down;
    struct daf_contact contact; /* the last that came up */
    uint32_t from, to;
    int64_t clocks[MOST];
    double seconds_on[MOST];
    daf_sim_us on_at[MOST];
};

static void on_up(void *ctx, const struct daf_contact *c)
{
    struct stage *s = ctx;

    assert_true(c->a < c->b && c->b < MOST && !s->is_up[c->a][c->b]);
    assert_true(s->is_on[c->a] && s->is_on[c->b]);
    s->is_up[c->a][c->b] = true;
    s->ups++;
    s->last_up = daf_engine_now(s->e);
    s->contact = *c;
}

static void on_down(void *ctx, const struct daf_contact *c)
{
    struct stage *s = ctx;

    assert_true(s->is_up[c->a][c->b]);
    s->is_up[c->a][c->b] = false;
    s->last_down = daf_engine_now(s->e);
}

static void on_create(void *ctx, uint32_t from, uint32_t to, uint32_t bytes)
{
    struct stage *s = ctx;

    assert_true(s->is_on[from] && bytes == 300);
    s->from = from;
    s->to = to;
    s->creations++;
}

static void on_power(void *ctx, uint32_t node, enum daf_power how)
{
    struct stage *s = ctx;
    daf_sim_us now = daf_engine_now(s->e);

    assert_true(s->is_on[node] != (how == DAF_POWER_ON));
    if (s->is_on[node])
        s->seconds_on[node] += (double)(now - s->on_at[node]) / 1e6;
    s->is_on[node] = how == DAF_POWER_ON;
    s->on_at[node] = now;
    if (how == DAF_POWER_CUT) s->cuts++;
}

static void on_clock(void *ctx, uint32_t node, int64_t off_ms)
{
    ((struct stage *)ctx)->clocks[node] = off_ms;
}

static struct stage *open_stage(const struct daf_schedule_config *config)
{
    struct stage *s = calloc(1, sizeof *s);
    struct daf_world_events events = {.ctx = s,
                                      .up = on_up,
                                      .down = on_down,
                                      .create = on_create,
                                      .power = on_power,
                                      .clock = on_clock};
    char why[DAF_SCHEDULE_WHY_BYTES];

    assert_non_null(s);
    for (int i = 0; i < MOST; i++)
        s->is_on[i] = true;
    assert_false(daf_schedule_wrong(config, why));
    assert_int_equal(daf_engine_new(&s->e), DAF_OK);
    assert_int_equal(daf_schedule_new(s->e, config, &events, &s->c), DAF_OK);
    return s;
}

static void close_stage(struct stage *s)
{
    assert_int_equal(daf_schedule_failed(s->c), DAF_OK);
    daf_schedule_free(s->c);
    daf_engine_free(s->e);
    free(s);
}

static void until(struct stage *s, daf_sim_us at)
{
    bool done = false;

    assert_int_equal(daf_engine_run(s->e, at, UINT64_MAX, &done), DAF_OK);
}

/* Four pupils and a teacher, two classes; lessons from 8 to 12. */
static const struct daf_schedule_place classes = {
    .name = "class",
    .count = 2,
    .air = DAF_SCHEDULE_AIR_ACCESS_POINT,
    .speed_min = 1000000,
    .speed_max = 1000000,
    .loss = 10000,
    .setup = {3 * DAF_SIM_S, 3 * DAF_SIM_S}};
static const struct daf_schedule_stay lessons = {
    .place = 0, .from = 8 * H, .to = 12 * H, .days = 0x1f, .chance = 1000000};

static struct daf_schedule_group pupils(uint32_t count)
{
    return (struct daf_schedule_group){.name = "pupil",
                                       .count = count,
                                       .stays_count = 1,
                                       .stays = &lessons,
                                       .round = {.place = DAF_SCHEDULE_NONE}};
}

static struct daf_schedule_config config_of(
    const struct daf_schedule_group *groups, size_t count)
{
    return (struct daf_schedule_config){.seed = 1,
                                        .places_count = 1,
                                        .places = &classes,
                                        .groups_count = count,
                                        .groups = groups};
}

static void those_of_a_class_meet_in_its_lessons(void **state)
{
    const struct daf_schedule_group groups[] = {pupils(4)};
    struct daf_schedule_config config = config_of(groups, 1);
    struct stage *s = open_stage(&config);

    (void)state;
    assert_false(s->is_on[0]);
    until(s, 8 * H + 3 * DAF_SIM_S);
    assert_true(s->is_on[0]);
    assert_int_equal(s->ups, 0);
    until(s, 9 * H);
    assert_int_equal(s->ups, 2); /* 0 and 1, 2 and 3 */
    assert_true(s->is_up[0][1] && s->is_up[2][3]);
    assert_int_equal(s->last_up, 8 * H + 3 * DAF_SIM_S);
    assert_int_equal(s->contact.slots, 2);
    assert_int_equal(s->contact.bytes_per_s, 1000000);
    assert_int_equal(s->contact.loss, 10000);
    assert_int_equal(s->contact.cell, 2); /* the second class's */
    until(s, 12 * H + 1);
    assert_false(s->is_up[0][1] || s->is_on[0]);
    assert_int_equal(s->last_down, 12 * H);
    until(s, 7 * DAF_SCHEDULE_DAY);
    assert_int_equal(s->ups, 10); /* Monday to Friday */
    close_stage(s);
}

static void one_that_is_wired_uses_the_air_once(void **state)
{
    struct daf_schedule_group groups[] = {pupils(1), pupils(1)};

    (void)state;
    groups[1].is_wired = true;
    struct daf_schedule_config config = config_of(groups, 2);
    struct stage *s = open_stage(&config);
    until(s, 9 * H);
    assert_int_equal(s->ups, 1);
    assert_int_equal(s->contact.slots, 1);
    close_stage(s);
}

/* The third waits until one of the two has gone. */
static void an_access_point_that_is_full_lets_others_wait(void **state)
{
    struct daf_schedule_place small = classes;
    const struct daf_schedule_stay shorter = {.place = 0,
                                              .from = 8 * H,
                                              .to = 10 * H,
                                              .days = DAILY,
                                              .chance = 1000000};
    struct daf_schedule_group groups[] = {pupils(1), pupils(1), pupils(1)};

    (void)state;
    small.clients = 2;
    groups[1].stays = &shorter;
    struct daf_schedule_config config = config_of(groups, 3);
    config.places = &small;
    struct stage *s = open_stage(&config);
    until(s, 9 * H);
    assert_int_equal(daf_schedule_stats(s->c)->waited, 1);
    assert_true(s->is_up[0][1] && !s->is_up[0][2]);
    until(s, 11 * H);
    assert_true(!s->is_up[0][1] && s->is_up[0][2]);
    assert_int_equal(s->last_up, 10 * H);
    close_stage(s);
}

/* A stay of 20 minutes, 40 on the way: from 8 to 11 it is three times at one of the
 * two places, the first one twice. */
static void a_mule_goes_from_place_to_place(void **state)
{
    struct daf_schedule_group groups[] = {pupils(2), pupils(1)};

    (void)state;
    groups[1].stays_count = 0;
    groups[1].is_always_on = true;
    groups[1].round = (struct daf_schedule_round){.place = 0,
                                                  .from = 8 * H,
                                                  .to = 11 * H,
                                                  .days = 1,
                                                  .stay = {20 * MIN, 20 * MIN},
                                                  .way = {40 * MIN, 40 * MIN}};
    struct daf_schedule_config config = config_of(groups, 2);
    struct stage *s = open_stage(&config);
    assert_true(s->is_on[2]);
    until(s, 8 * H + 10 * MIN);
    assert_true(s->is_up[0][2] && !s->is_up[1][2]);
    until(s, 8 * H + 30 * MIN);
    assert_false(s->is_up[0][2]);
    until(s, 9 * H + 10 * MIN);
    assert_true(s->is_up[1][2]);
    until(s, 10 * H + 10 * MIN);
    assert_true(s->is_up[0][2]);
    until(s, 7 * DAF_SCHEDULE_DAY);
    assert_int_equal(s->ups, 3);
    close_stage(s);
}

static void a_partition_is_between_groups_and_heals(void **state)
{
    struct daf_schedule_group groups[] = {pupils(1), pupils(1)};
    const struct daf_schedule_partition parted = {9 * H, 10 * H, 1};
    struct daf_schedule_config config = config_of(groups, 2);

    (void)state;
    config.partitions = &parted;
    config.partitions_count = 1;
    struct stage *s = open_stage(&config);
    until(s, 8 * H + MIN);
    assert_true(s->is_up[0][1]);
    until(s, 9 * H + 1);
    assert_false(s->is_up[0][1]);
    until(s, 10 * H + 1);
    assert_true(s->is_up[0][1]);
    close_stage(s);
}

/* Two hours of battery, from full at midnight: empty at 10.  The class charges from
 * 11 to 13, in two hours from empty to full. */
static void an_empty_battery_cuts_and_the_sun_brings_it_back(void **state)
{
    struct daf_schedule_place sunny = classes;
    struct daf_schedule_group groups[] = {pupils(1)};

    (void)state;
    sunny.charges = true;
    sunny.charge_from = 11 * H;
    sunny.charge_to = 13 * H;
    groups[0].battery = (struct daf_schedule_battery){.lasts = 2 * H,
                                                      .charges = 2 * H,
                                                      .resets = 1000000};
    struct daf_schedule_config config = config_of(groups, 1);
    config.places = &sunny;
    struct stage *s = open_stage(&config);
    until(s, 10 * H - DAF_SIM_S);
    assert_true(s->is_on[0]);
    until(s, 10 * H + DAF_SIM_S);
    assert_false(s->is_on[0]);
    assert_int_equal(s->cuts, 1);
    assert_true(s->clocks[0] < -DAF_SIM_BEGINS_MS);
    assert_true(s->clocks[0] > -DAF_SIM_BEGINS_MS - INT64_C(36000000) - 10);
    until(s, 11 * H + 11 * MIN);
    assert_false(s->is_on[0]);
    until(s, 11 * H + 13 * MIN);
    assert_true(s->is_on[0]);
    close_stage(s);
}

static void with_duty_it_is_on_for_its_share(void **state)
{
    struct daf_schedule_group groups[] = {pupils(40)};

    (void)state;
    groups[0].stays_count = 0;
    groups[0].is_always_on = true;
    groups[0].duty_on = (struct daf_schedule_span){2 * MIN, 10 * MIN};
    groups[0].duty_off = (struct daf_schedule_span){16 * MIN, 32 * MIN};
    struct daf_schedule_config config = config_of(groups, 1);
    struct stage *s = open_stage(&config);
    until(s, 7 * DAF_SCHEDULE_DAY);
    double sum = 0;
    for (int i = 0; i < 40; i++)
        sum += s->seconds_on[i] / (7 * 86400.0) / 40;
    assert_true(sum > 0.195 && sum < 0.205); /* 6 of 30 minutes */
    close_stage(s);
}

static void on_the_way_two_meet_for_a_while(void **state)
{
    struct daf_schedule_group groups[] = {pupils(3)};
    const struct daf_schedule_meeting meeting = {.every = {H, H},
                                                 .lasts = {5 * MIN, 5 * MIN},
                                                 .setup = {6 * DAF_SIM_S,
                                                           6 * DAF_SIM_S},
                                                 .speed = 1000};

    (void)state;
    groups[0].is_always_on = true;
    struct daf_schedule_config config = config_of(groups, 1);
    config.meetings = &meeting;
    config.meetings_count = 1;
    struct stage *s = open_stage(&config);
    until(s, H + 7 * DAF_SIM_S);
    assert_int_equal(s->ups, 1); /* the third finds nobody */
    assert_int_equal(s->last_up, H + 6 * DAF_SIM_S);
    until(s, H + 6 * MIN);
    assert_int_equal(s->last_down, H + 5 * MIN);
    until(s, DAF_SCHEDULE_DAY);
    assert_true(s->ups >= 19); /* from 8 to 12 they are in class: 20, if any */
    close_stage(s);
}

static void errands_are_for_the_own_teacher_and_only_there(void **state)
{
    struct daf_schedule_group groups[] = {pupils(4), pupils(2)};
    const struct daf_schedule_errand errand = {.group = 0,
                                               .to = 1,
                                               .at = 0,
                                               .every = {30 * MIN, 30 * MIN},
                                               .bytes_min = 300,
                                               .bytes_max = 300};

    (void)state;
    groups[0].is_always_on = true;
    struct daf_schedule_config config = config_of(groups, 2);
    config.errands = &errand;
    config.errands_count = 1;
    struct stage *s = open_stage(&config);
    until(s, 8 * H);
    assert_int_equal(s->creations, 0);
    until(s, DAF_SCHEDULE_DAY);
    assert_int_equal(s->creations, 4 * 8);
    assert_int_equal(s->to, 4 + s->from / 2);
    close_stage(s);
}

static uint64_t week(uint64_t seed, uint32_t extra, unsigned *ups)
{
    struct daf_schedule_stay stay = lessons;
    struct daf_schedule_group groups[] = {pupils(20), pupils(extra)};

    stay.jitter = 20 * MIN;
    stay.chance = 800000;
    groups[0].stays = &stay;
    groups[1].stays_count = 0;
    struct daf_schedule_config config = config_of(groups, extra > 0 ? 2 : 1);
    config.seed = seed;
    struct stage *s = open_stage(&config);
    until(s, 7 * DAF_SCHEDULE_DAY);
    uint64_t hash = daf_engine_hash(s->e);
    *ups = s->ups;
    close_stage(s);
    return hash;
}

static void one_seed_is_one_week_whoever_else_is_there(void **state)
{
    unsigned first = 0, again = 0, more = 0;

    (void)state;
    assert_true(week(1, 0, &first) == week(1, 0, &again));
    assert_true(week(1, 0, &first) != week(2, 0, &again));
    (void)week(1, 20, &more);
    assert_int_equal(first, more);
}

static void what_cannot_be_is_said(void **state)
{
    struct daf_schedule_group groups[] = {pupils(1)};
    struct daf_schedule_config config = config_of(groups, 1);
    char why[DAF_SCHEDULE_WHY_BYTES];

    (void)state;
    assert_false(daf_schedule_wrong(&config, why));
    groups[0].duty_on.max = groups[0].duty_on.min = H;
    assert_true(daf_schedule_wrong(&config, why));
    assert_string_equal(why,
                        "group pupil: its duty wants a time on and a time off");
    groups[0].duty_on.max = groups[0].duty_on.min = 0;
    groups[0].round.place = 1;
    assert_true(daf_schedule_wrong(&config, why));
    assert_string_equal(why, "group pupil: its round goes to no place");
    config.groups_count = 0;
    assert_true(daf_schedule_wrong(&config, why));
}

/* Where it is on for longest; a place without air, one that is drawn and one where
 * it is off do not count. */
static void a_node_belongs_where_it_is_on_for_longest(void **state)
{
    enum { HOME, SCHOOL, ROOM };
    static const struct daf_schedule_place places[] = {
        {.name = "home", .count = 9, .air = DAF_SCHEDULE_AIR_NONE},
        {.name = "school", .count = 2, .air = DAF_SCHEDULE_AIR_ACCESS_POINT},
        {.name = "room", .count = 3, .air = DAF_SCHEDULE_AIR_DIRECT}};
    static const struct daf_schedule_stay stays[] = {
        {.place = HOME, .from = 1, .to = 0, .days = 0x7f},
        {.place = ROOM, .from = 0, .to = 3 * DAF_SIM_HOUR, .days = 0x1},
        {.place = SCHOOL, .from = 0, .to = DAF_SIM_HOUR, .days = 0x1f},
        {.place = ROOM, .from = 1, .to = 0, .days = 0x7f, .is_drawn = true},
        {.place = ROOM, .from = 1, .to = 0, .days = 0x7f, .is_off = true}};
    static const struct daf_schedule_group groups[] = {
        {.count = 4, .stays_count = 5, .stays = stays},
        {.count = 3, .stays_count = 2, .stays = stays},
        {.count = 1, .stays_count = 1, .stays = stays}};
    const struct daf_schedule_config config = {.places = places,
                                               .places_count = 3,
                                               .groups = groups,
                                               .groups_count = 3};
    static const uint32_t homes[] = {9,  9,  10, 10,
                                     11, 12, 13, DAF_SCHEDULE_NONE};
    uint32_t number = 7;

    (void)state;
    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(daf_schedule_home_of(&config, i), homes[i]);
    assert_int_equal(daf_schedule_kind_of(&config, 10, &number), SCHOOL);
    assert_int_equal(number, 1);
    assert_int_equal(daf_schedule_kind_of(&config, 11, &number), ROOM);
    assert_int_equal(number, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_belongs_where_it_is_on_for_longest),
        cmocka_unit_test(those_of_a_class_meet_in_its_lessons),
        cmocka_unit_test(one_that_is_wired_uses_the_air_once),
        cmocka_unit_test(an_access_point_that_is_full_lets_others_wait),
        cmocka_unit_test(a_mule_goes_from_place_to_place),
        cmocka_unit_test(a_partition_is_between_groups_and_heals),
        cmocka_unit_test(an_empty_battery_cuts_and_the_sun_brings_it_back),
        cmocka_unit_test(with_duty_it_is_on_for_its_share),
        cmocka_unit_test(on_the_way_two_meet_for_a_while),
        cmocka_unit_test(errands_are_for_the_own_teacher_and_only_there),
        cmocka_unit_test(one_seed_is_one_week_whoever_else_is_there),
        cmocka_unit_test(what_cannot_be_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
