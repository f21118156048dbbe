/* SPDX-License-Identifier: Apache-2.0 */
/* Small worlds whose outcome can be told by hand.  A link carries 250,000 bytes a
 * second, so a message of 1 MB takes 4 s. */
#include "tests/lib/t.h"
#include "sim/net/net.h"
#include "sim/protocols/protocol.h"

#define MB UINT32_C(1000000)

struct world {
    struct daf_engine *e;
    struct daf_net *net;
};

static struct world make(struct daf_net_config config)
{
    struct world w = {.e = NULL};

    if (config.protocol == NULL)
        config.protocol = daf_protocol_find("epidemic-one");
    config.bytes_per_s = 250000;
    config.seed = 1;
    assert_int_equal(daf_engine_new(&w.e), DAF_OK);
    assert_int_equal(daf_net_new(w.e, &config, &w.net), DAF_OK);
    return w;
}

static void unmake(struct world w)
{
    daf_net_free(w.net);
    daf_engine_free(w.e);
}

/* All that is due before @ms has happened. */
static void until(struct world w, daf_sim_us ms)
{
    bool done = false;

    assert_int_equal(daf_engine_run(w.e, ms * DAF_SIM_MS, UINT64_MAX, &done),
                     DAF_OK);
}

static struct daf_contact between(uint32_t a, uint32_t b)
{
    return (struct daf_contact){.a = a < b ? a : b, .b = a < b ? b : a};
}

static void up(struct world w, uint32_t a, uint32_t b)
{
    const struct daf_contact c = between(a, b);

    assert_int_equal(daf_net_up(w.net, &c), DAF_OK);
}

static void down(struct world w, uint32_t a, uint32_t b)
{
    const struct daf_contact c = between(a, b);

    assert_int_equal(daf_net_down(w.net, &c), DAF_OK);
}

static void create(struct world w, uint32_t from, uint32_t to, uint32_t bytes)
{
    assert_int_equal(daf_net_create(w.net, from, to, bytes), DAF_OK);
}

static bool has(struct world w, uint32_t node, uint32_t message)
{
    return daf_net_copy(w.net, node, message) != NULL;
}

#define STATS(w) daf_net_stats((w).net)

static void a_message_takes_as_long_as_its_bytes(void **state)
{
    struct world w = make((struct daf_net_config){.nodes = 2});

    (void)state;
    create(w, 0, 1, MB);
    up(w, 0, 1);
    until(w, 4000);
    assert_int_equal(STATS(w)->started, 1);
    assert_int_equal(STATS(w)->delivered, 0);
    until(w, 4001);
    assert_int_equal(STATS(w)->delivered, 1);
    assert_int_equal(STATS(w)->relayed, 1);
    assert_int_equal(daf_net_message(w.net, 0)->delivered, 4 * DAF_SIM_S);
    assert_int_equal(daf_net_message(w.net, 0)->hops, 1);
    assert_false(has(w, 1, 0)); /* its destination carries it no further */
    unmake(w);
}

static void a_link_that_goes_breaks_it_off_and_it_begins_anew(void **state)
{
    struct world w = make((struct daf_net_config){.nodes = 2});

    (void)state;
    create(w, 0, 1, MB);
    up(w, 0, 1);
    until(w, 3000);
    down(w, 0, 1);
    assert_int_equal(STATS(w)->aborted, 1);
    assert_int_equal(STATS(w)->bytes_aborted, 750000);
    assert_false(daf_net_is_busy(w.net, 0));
    assert_false(daf_net_is_busy(w.net, 1));
    up(w, 1, 0);
    until(w, 7001);
    assert_int_equal(STATS(w)->delivered, 1);
    unmake(w);
}

static void what_is_complete_when_the_link_goes_has_arrived(void **state)
{
    struct world w = make((struct daf_net_config){.nodes = 2});

    (void)state;
    create(w, 0, 1, MB);
    up(w, 0, 1);
    until(w, 4000);
    down(w, 0, 1);
    assert_int_equal(STATS(w)->aborted, 0);
    assert_int_equal(STATS(w)->delivered, 1);
    unmake(w);
}

static void a_node_between_carries_it_on(void **state)
{
    struct world w = make((struct daf_net_config){.nodes = 3});

    (void)state;
    create(w, 0, 2, MB);
    up(w, 0, 1);
    until(w, 5000);
    down(w, 0, 1);
    assert_true(has(w, 1, 0));
    up(w, 1, 2);
    until(w, 10000);
    assert_int_equal(STATS(w)->delivered, 1);
    assert_int_equal(daf_net_message(w.net, 0)->hops, 2);
    assert_int_equal(daf_net_message(w.net, 0)->delivered, 9 * DAF_SIM_S);
    unmake(w);
}

/* 0 has one message for 1 and one for 2, and is linked with both. */
static void a_node_takes_part_in_one_transfer_at_a_time(void **state)
{
    struct world w =
        make((struct daf_net_config){.nodes = 3,
                                     .protocol = daf_protocol_find("direct")});

    (void)state;
    create(w, 0, 1, MB);
    create(w, 0, 2, MB);
    up(w, 0, 1);
    up(w, 0, 2);
    until(w, 3999);
    assert_int_equal(STATS(w)->started, 1);
    until(w, 4001);
    assert_int_equal(STATS(w)->delivered, 1);
    until(w, 8000);
    assert_int_equal(STATS(w)->delivered, 1);
    until(w, 8001);
    assert_int_equal(STATS(w)->delivered, 2);
    unmake(w);
}

static void what_is_for_the_peer_goes_first(void **state)
{
    struct world w = make((struct daf_net_config){.nodes = 9});

    (void)state;
    for (uint32_t i = 2; i < 9; i++)
        create(w, 0, i, MB);
    create(w, 0, 1, MB);
    up(w, 0, 1);
    until(w, 4001);
    assert_int_equal(STATS(w)->delivered, 1);
    unmake(w);
}

/* 1 carries something for 0, and is asked as soon as 0 has a turn. */
static void a_peer_is_asked_for_what_it_carries_for_us(void **state)
{
    struct world w = make((struct daf_net_config){.nodes = 3});

    (void)state;
    create(w, 1, 0, MB);
    create(w, 0, 2, MB);
    create(w, 1, 2, MB);
    up(w, 0, 1);
    until(w, 4001);
    assert_int_equal(STATS(w)->delivered, 1);
    unmake(w);
}

static void room_is_made_by_what_came_first(void **state)
{
    struct world w = make(
        (struct daf_net_config){.nodes = 3, .buffer_bytes = UINT64_C(2) * MB});

    (void)state;
    create(w, 0, 2, MB);
    until(w, 1000);
    create(w, 0, 2, MB);
    create(w, 0, 2, MB / 2);
    assert_false(has(w, 0, 0));
    assert_true(has(w, 0, 1));
    assert_true(has(w, 0, 2));
    assert_int_equal(STATS(w)->dropped, 1);
    create(w, 0, 2, 3 * MB); /* larger than all room: as The ONE, kept */
    assert_true(has(w, 0, 3));
    unmake(w);
}

static void what_is_being_sent_is_not_dropped(void **state)
{
    struct world w = make(
        (struct daf_net_config){.nodes = 3, .buffer_bytes = UINT64_C(2) * MB});

    (void)state;
    create(w, 0, 2, MB);
    up(w, 0, 1);
    until(w, 1000);
    create(w, 0, 2, MB);
    until(w, 2000);
    create(w, 0, 2, MB);
    assert_true(has(w, 0, 0));
    assert_false(has(w, 0, 1));
    assert_true(has(w, 0, 2));
    unmake(w);
}

/* A lifetime of 2 minutes has less than one left after 60 s. */
static void lifetime_is_in_whole_minutes_that_are_left(void **state)
{
    struct world w =
        make((struct daf_net_config){.nodes = 3, .lifetime_minutes = 2});

    (void)state;
    until(w, 30000);
    create(w, 0, 2, MB);
    until(w, 90000);
    up(w, 0, 1); /* 60 s: still one minute */
    assert_int_equal(STATS(w)->started, 1);
    until(w, 119999);
    assert_true(has(w, 0, 0));
    assert_true(has(w, 1, 0));
    until(w, 120001);
    assert_false(has(w, 0, 0));
    assert_false(has(w, 1, 0));
    assert_int_equal(STATS(w)->dropped, 2);
    unmake(w);
}

static void what_is_over_is_taken_only_by_its_destination(void **state)
{
    struct world w =
        make((struct daf_net_config){.nodes = 3, .lifetime_minutes = 2});

    (void)state;
    until(w, 30000);
    create(w, 0, 2, MB);
    until(w, 91000);
    up(w, 0, 1);
    assert_int_equal(STATS(w)->started, 0);
    up(w, 0, 2);
    assert_int_equal(STATS(w)->started, 1);
    unmake(w);
}

static void with_a_tick_an_end_is_seen_at_the_next(void **state)
{
    struct world w =
        make((struct daf_net_config){.nodes = 2, .tick = 700 * DAF_SIM_MS});

    (void)state;
    create(w, 0, 1, MB);
    up(w, 0, 1);
    until(w, 10000);
    assert_int_equal(daf_net_message(w.net, 0)->delivered, 4200 * DAF_SIM_MS);
    unmake(w);
}

static void contacts_told_twice_are_counted(void **state)
{
    struct world w = make((struct daf_net_config){.nodes = 3});

    (void)state;
    up(w, 0, 1);
    up(w, 1, 0);
    down(w, 0, 2);
    down(w, 0, 1);
    assert_int_equal(STATS(w)->contacts, 1);
    assert_int_equal(STATS(w)->odd, 2);
    unmake(w);
}

/* Six copies: 0 keeps 3 and gives 3; then 0 gives 1 of its 3 ... */
static void spraying_halves_the_copies(void **state)
{
    struct world w = make((struct daf_net_config){
        .nodes = 6, .protocol = daf_protocol_find("spray-and-wait")});
    uint32_t sum = 0;

    (void)state;
    create(w, 0, 5, MB);
    assert_int_equal(daf_net_copy(w.net, 0, 0)->number, 6);
    up(w, 0, 1);
    until(w, 4001);
    assert_int_equal(daf_net_copy(w.net, 0, 0)->number, 3);
    assert_int_equal(daf_net_copy(w.net, 1, 0)->number, 3);
    up(w, 1, 2);
    until(w, 8002);
    assert_int_equal(daf_net_copy(w.net, 1, 0)->number, 1);
    assert_int_equal(daf_net_copy(w.net, 2, 0)->number, 2);
    for (uint32_t i = 0; i < 3; i++)
        sum += daf_net_copy(w.net, i, 0)->number;
    assert_int_equal(sum, 6);
    up(w, 1, 3); /* one copy waits for the destination */
    until(w, 12002);
    assert_false(has(w, 3, 0));
    up(w, 1, 5);
    until(w, 16003);
    assert_int_equal(STATS(w)->delivered, 1);
    unmake(w);
}

/* 1 has met 3, and 2 has not. */
static void prophet_gives_it_to_whom_has_met_the_destination(void **state)
{
    struct world w =
        make((struct daf_net_config){.nodes = 4,
                                     .protocol = daf_protocol_find("prophet")});

    (void)state;
    up(w, 1, 3);
    until(w, 1000);
    down(w, 1, 3);
    create(w, 0, 3, MB);
    up(w, 0, 2);
    until(w, 10000);
    assert_false(has(w, 2, 0));
    up(w, 0, 1);
    until(w, 20000);
    assert_true(has(w, 1, 0));
    unmake(w);
}

/* 16 hours are 1,920 units of The ONE's: 0.75 has become 1e-17, and still counts. */
static void prophet_remembers_over_a_night(void **state)
{
    struct world w =
        make((struct daf_net_config){.nodes = 4,
                                     .protocol = daf_protocol_find("prophet")});

    (void)state;
    up(w, 1, 3);
    until(w, 1000);
    down(w, 1, 3);
    until(w, 16 * 3600 * 1000);
    create(w, 0, 3, MB);
    up(w, 0, 1);
    until(w, 16 * 3600 * 1000 + 20000);
    assert_true(has(w, 1, 0));
    unmake(w);
}

static void direct_gives_it_to_nobody_else(void **state)
{
    struct world w =
        make((struct daf_net_config){.nodes = 3,
                                     .protocol = daf_protocol_find("direct")});

    (void)state;
    create(w, 0, 2, MB);
    up(w, 0, 1);
    up(w, 1, 2);
    until(w, 60000);
    assert_int_equal(STATS(w)->started, 0);
    unmake(w);
}

/* A cell of 1 MB/s. */
static void up_in_cell(struct world w, uint32_t a, uint32_t b,
                       struct daf_contact c)
{
    c.a = a;
    c.b = b;
    c.cell = 7;
    c.bytes_per_s = MB;
    assert_int_equal(daf_net_up(w.net, &c), DAF_OK);
}

static daf_sim_us arrival(struct world w, uint32_t message)
{
    const struct daf_message *m = daf_net_message(w.net, message);

    assert_true(m->is_delivered);
    return m->delivered;
}

/* Alone for 1 s; two share 4 s, in which the second has its 2 MB; then alone. */
static void those_in_a_cell_share_its_air(void **state)
{
    struct world w = make((struct daf_net_config){.nodes = 4});

    (void)state;
    create(w, 0, 1, 4 * MB);
    create(w, 2, 3, 2 * MB);
    up_in_cell(w, 0, 1, (struct daf_contact){.loss = 0});
    until(w, 1000);
    up_in_cell(w, 2, 3, (struct daf_contact){.loss = 0});
    until(w, 7000);
    assert_int_equal(arrival(w, 1), 5 * DAF_SIM_S);
    assert_int_equal(arrival(w, 0), 6 * DAF_SIM_S);
    unmake(w);
}

static void two_clients_of_one_access_point_send_everything_twice(void **state)
{
    struct world w = make((struct daf_net_config){.nodes = 2});

    (void)state;
    create(w, 0, 1, MB);
    up_in_cell(w, 0, 1, (struct daf_contact){.slots = 2});
    until(w, 3000);
    assert_int_equal(arrival(w, 0), 2 * DAF_SIM_S);
    unmake(w);
}

static void what_is_lost_is_sent_again(void **state)
{
    struct world w = make((struct daf_net_config){.nodes = 2});

    (void)state;
    create(w, 0, 1, MB);
    up_in_cell(w, 0, 1, (struct daf_contact){.loss = 200000});
    until(w, 3000);
    assert_int_equal(arrival(w, 0), 1250 * DAF_SIM_MS);
    unmake(w);
}

/* The first has had 1 of its 4 MB when it goes; the second has the air then. */
static void who_leaves_a_cell_leaves_its_air_to_the_others(void **state)
{
    struct world w = make((struct daf_net_config){.nodes = 4});
    const struct daf_contact c = {.a = 0, .b = 1, .cell = 7};

    (void)state;
    create(w, 0, 1, 4 * MB);
    create(w, 2, 3, 4 * MB);
    up_in_cell(w, 0, 1, (struct daf_contact){.loss = 0});
    up_in_cell(w, 2, 3, (struct daf_contact){.loss = 0});
    until(w, 2000);
    assert_int_equal(daf_net_down(w.net, &c), DAF_OK);
    assert_int_equal(STATS(w)->bytes_aborted, MB);
    until(w, 6000);
    assert_int_equal(arrival(w, 1), 5 * DAF_SIM_S);
    unmake(w);
}

static void nothing_is_sent_to_whom_one_does_not_hear(void **state)
{
    struct world w = make((struct daf_net_config){.nodes = 2});

    (void)state;
    create(w, 0, 1, MB);
    up_in_cell(w, 0, 1, (struct daf_contact){.deaf = DAF_DEAF_B});
    until(w, 60000);
    assert_int_equal(STATS(w)->started, 0);
    unmake(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_takes_as_long_as_its_bytes),
        cmocka_unit_test(a_link_that_goes_breaks_it_off_and_it_begins_anew),
        cmocka_unit_test(what_is_complete_when_the_link_goes_has_arrived),
        cmocka_unit_test(a_node_between_carries_it_on),
        cmocka_unit_test(a_node_takes_part_in_one_transfer_at_a_time),
        cmocka_unit_test(what_is_for_the_peer_goes_first),
        cmocka_unit_test(a_peer_is_asked_for_what_it_carries_for_us),
        cmocka_unit_test(room_is_made_by_what_came_first),
        cmocka_unit_test(what_is_being_sent_is_not_dropped),
        cmocka_unit_test(lifetime_is_in_whole_minutes_that_are_left),
        cmocka_unit_test(what_is_over_is_taken_only_by_its_destination),
        cmocka_unit_test(with_a_tick_an_end_is_seen_at_the_next),
        cmocka_unit_test(contacts_told_twice_are_counted),
        cmocka_unit_test(spraying_halves_the_copies),
        cmocka_unit_test(prophet_gives_it_to_whom_has_met_the_destination),
        cmocka_unit_test(prophet_remembers_over_a_night),
        cmocka_unit_test(direct_gives_it_to_nobody_else),
        cmocka_unit_test(those_in_a_cell_share_its_air),
        cmocka_unit_test(two_clients_of_one_access_point_send_everything_twice),
        cmocka_unit_test(what_is_lost_is_sent_again),
        cmocka_unit_test(who_leaves_a_cell_leaves_its_air_to_the_others),
        cmocka_unit_test(nothing_is_sent_to_whom_one_does_not_hear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
