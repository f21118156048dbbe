/* SPDX-License-Identifier: Apache-2.0 */
/* Contacts that are counted, and their picture, told by hand. */
#include "sim/run/contact_log.h"
#include "tests/lib/t.h"

static struct daf_contact_log *open_log(uint32_t nodes)
{
    struct daf_contact_log *log = NULL;

    assert_int_equal(daf_contact_log_new(nodes, &log), DAF_OK);
    return log;
}

static void meet(struct daf_contact_log *log, uint32_t a, uint32_t b,
                 daf_sim_us from, daf_sim_us to)
{
    daf_contact_log_up(log, from, a, b);
    daf_contact_log_down(log, to, b, a);
}

static json_int_t at(const json_t *list, size_t i)
{
    return json_integer_value(json_array_get(list, i));
}

static void lengths_are_counted(void **state)
{
    struct daf_contact_log *log = open_log(4);

    (void)state;
    meet(log, 2, 1, 0, DAF_SIM_S / 2);
    meet(log, 1, 2, DAF_SIM_S, 4 * DAF_SIM_S);
    daf_contact_log_up(log, 5 * DAF_SIM_S, 0, 3);
    daf_contact_log_up(log, 6 * DAF_SIM_S, 3, 0);   /* ends the one before */
    daf_contact_log_down(log, 7 * DAF_SIM_S, 1, 3); /* was none */
    assert_int_equal(daf_contact_log_open(log), 1);
    daf_contact_log_end(log, 10 * DAF_SIM_S);
    assert_int_equal(daf_contact_log_open(log), 0);
    assert_int_equal(daf_contact_log_count(log), 4);
    assert_int_equal(daf_contact_log_total(log),
                     DAF_SIM_S / 2 + (3 + 1 + 4) * DAF_SIM_S);
    const uint64_t *spans = daf_contact_log_spans(log);
    assert_int_equal(spans[0], 1); /* half a second */
    assert_int_equal(spans[1], 1); /* 1 */
    assert_int_equal(spans[2], 1); /* 3 */
    assert_int_equal(spans[3], 1); /* 4 */
    assert_false(daf_contact_log_failed(log));
    daf_contact_log_free(log);
}

/* 0 and 2 are together for half of it, 2 and 1 for its last slice. */
static void a_picture_shows_who_is_together_and_when(void **state)
{
    struct daf_contact_log *log = open_log(3);
    const daf_sim_us end = DAF_CONTACT_LOG_SLICES * DAF_SIM_S;

    (void)state;
    meet(log, 0, 2, 0, end / 2);
    meet(log, 1, 2, end - DAF_SIM_S, end);
    json_t *p = daf_contact_log_picture(log, end, NULL);
    const json_t *shown = json_object_get(p, "shown");
    const json_t *slices = json_object_get(p, "slices");
    const json_t *pairs = json_object_get(p, "pairs");
    assert_int_equal(json_array_size(shown), 3);
    assert_int_equal(at(shown, 0), 2); /* the busiest, then its neighbours */
    assert_int_equal(at(shown, 1), 0);
    assert_int_equal(at(shown, 2), 1);
    assert_int_equal(json_array_size(slices), DAF_CONTACT_LOG_SLICES);
    assert_int_equal(at(json_array_get(slices, 0), 1), 1);
    assert_int_equal(json_array_size(json_array_get(slices, 99)), 2);
    assert_int_equal(json_array_size(json_array_get(slices, 100)), 0);
    assert_int_equal(json_array_size(json_array_get(slices, 199)), 2);
    assert_int_equal(at(json_array_get(slices, 199), 1), 2);
    assert_int_equal(json_array_size(pairs), 2);
    assert_int_equal(at(json_array_get(pairs, 0), 2), 100);
    assert_int_equal(at(json_object_get(p, "busy_s"), 0), 101);
    assert_true(json_is_null(json_object_get(p, "kept_until_s")));
    json_decref(p);
    daf_contact_log_free(log);
}

/* 0 and 3 are together all the time, and belong to different places. */
static void who_belongs_to_one_place_stands_together(void **state)
{
    static const uint32_t homes[] = {7, 2, 7, 2, UINT32_MAX};
    struct daf_contact_log *log = open_log(5);

    (void)state;
    meet(log, 0, 3, 0, 100 * DAF_SIM_S);
    meet(log, 4, 3, 0, 50 * DAF_SIM_S);
    meet(log, 1, 2, 0, 10 * DAF_SIM_S);
    json_t *p = daf_contact_log_picture(log, 200 * DAF_SIM_S, homes);
    const json_t *shown = json_object_get(p, "shown");
    assert_int_equal(at(shown, 0), 3);
    assert_int_equal(at(shown, 1), 1);
    assert_int_equal(at(shown, 2), 0);
    assert_int_equal(at(shown, 3), 2);
    assert_int_equal(at(shown, 4), 4);
    json_decref(p);
    daf_contact_log_free(log);
}

/* Everybody meets somebody all the time; those below 100 for longer. */
static void a_million_contacts_leave_the_busiest(void **state)
{
    struct daf_contact_log *log = open_log(1000);
    daf_sim_us now = 0;

    (void)state;
    for (uint32_t i = 0; i < 1100000; i++) {
        uint32_t a = i % 1000;
        meet(log, a, (a / 100) * 100 + (a + 1) % 100, now,
             now + (a < 100 ? 9 : 3) * DAF_SIM_MS);
        now += 10 * DAF_SIM_MS;
    }
    assert_false(daf_contact_log_failed(log));
    assert_int_equal(daf_contact_log_count(log), 1100000);
    json_t *p = daf_contact_log_picture(log, now, NULL);
    const json_t *shown = json_object_get(p, "shown");
    assert_int_equal(json_array_size(shown), DAF_CONTACT_LOG_SHOWN);
    unsigned busy = 0;
    for (size_t i = 0; i < json_array_size(shown); i++)
        busy += at(shown, i) < 100;
    assert_int_equal(busy, 100);
    assert_true(json_is_null(json_object_get(p, "kept_until_s")));
    json_decref(p);
    daf_contact_log_free(log);
}

static void a_log_of_nobody_is_a_picture_of_nobody(void **state)
{
    struct daf_contact_log *log = open_log(0);

    (void)state;
    daf_contact_log_end(log, 5);
    json_t *p = daf_contact_log_picture(log, 5, NULL);
    assert_int_equal(json_array_size(json_object_get(p, "shown")), 0);
    json_decref(p);
    daf_contact_log_free(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_are_counted),
        cmocka_unit_test(a_picture_shows_who_is_together_and_when),
        cmocka_unit_test(who_belongs_to_one_place_stands_together),
        cmocka_unit_test(a_million_contacts_leave_the_busiest),
        cmocka_unit_test(a_log_of_nobody_is_a_picture_of_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
