/* SPDX-License-Identifier: Apache-2.0 */
/* Means over seeds, beside values of printed tables and sums made by hand. */
#include <math.h>

#include "sim/report/metric.h"
#include "sim/report/stats.h"
#include "sim/report/study.h"
#include "tests/lib/t.h"

static void students_t_is_that_of_the_tables(void **state)
{
    static const struct {
        size_t freedom;
        double t;
    } table[] = {{1, 12.706}, {2, 4.303},   {3, 3.182},   {4, 2.776},
                 {5, 2.571},  {9, 2.262},   {10, 2.228},  {11, 2.201},
                 {12, 2.179}, {15, 2.131},  {19, 2.093},  {20, 2.086},
                 {29, 2.045}, {30, 2.042},  {40, 2.021},  {60, 2.000},
                 {99, 1.984}, {120, 1.980}, {1000, 1.962}};

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_true(fabs(daf_stats_t95(table[i].freedom) - table[i].t) <
                    0.00051);
}

static void an_interval_is_that_made_by_hand(void **state)
{
    /* Mean 5, variance 32 / 7 of eight values: 2.365 * sqrt(32 / 7 / 8). */
    const double values[] = {2, 4, 4, 4, 5, 5, 7, 9};
    const double holes[] = {(double)NAN, 3, (double)NAN, 5};
    struct daf_interval i = daf_stats_interval(values, 8);

    (void)state;
    assert_int_equal(i.count, 8);
    assert_true(fabs(i.mean - 5) < 1e-12 && fabs(i.half - 1.7876) < 1e-3);
    i = daf_stats_interval(holes, 4);
    assert_int_equal(i.count, 2);
    assert_true(fabs(i.mean - 4) < 1e-12 && fabs(i.half - 12.7062) < 1e-3);
    i = daf_stats_interval(values, 1);
    assert_true(i.mean < 2.1 && i.mean > 1.9 && isnan(i.half));
    i = daf_stats_interval(holes, 1);
    assert_int_equal(i.count, 0);
    assert_true(isnan(i.mean) && isnan(i.half));
}

static void a_quantile_is_the_value_that_was_counted(void **state)
{
    (void)state;
    /* 1, 2, ..., 10: value is rank + 1. */
    assert_int_equal(daf_stats_rank(10, 0), 0);
    assert_int_equal(daf_stats_rank(10, 0.25), 2);
    assert_int_equal(daf_stats_rank(10, 0.5), 5);
    assert_int_equal(daf_stats_rank(10, 0.9), 9);
    assert_int_equal(daf_stats_rank(10, 1), 9);
    assert_int_equal(daf_stats_rank(1, 0.5), 0);
    assert_int_equal(daf_stats_rank(3, 0.5), 1);
}

static void give(struct daf_study *s, size_t protocol, uint64_t seed,
                 double value)
{
    struct daf_study_run *run = daf_study_add(s, protocol, seed);

    assert_non_null(run);
    run->values[DAF_METRIC_DELIVERED] = value;
}

static void a_difference_is_taken_pair_by_pair(void **state)
{
    struct daf_study s = {.planned = 6};
    size_t a = daf_study_add_protocol(&s, "a");
    size_t b = daf_study_add_protocol(&s, "b");

    (void)state;
    assert_int_equal(daf_study_add_protocol(&s, "a"), a);
    assert_int_equal(daf_study_add_protocol(&s, "../b"),
                     DAF_STUDY_PROTOCOLS_MAX);
    give(&s, a, 1, 10);
    give(&s, b, 1, 11);
    give(&s, a, 2, 100);
    give(&s, b, 2, 103);
    give(&s, b, 3, 1000); /* a has not finished there */
    struct daf_interval i =
        daf_study_difference(&s, b, a, DAF_METRIC_DELIVERED);
    assert_int_equal(i.count, 2);
    assert_true(fabs(i.mean - 2) < 1e-12); /* 1 and 3; their error is 1 */
    assert_true(fabs(i.half - 12.7062) < 1e-3);
    i = daf_study_mean(&s, a, DAF_METRIC_DELIVERED);
    assert_true(fabs(i.mean - 55) < 1e-12 && i.half > 500);
    daf_study_clear(&s);
}

static void numbers_have_units_that_people_read(void **state)
{
    static const struct {
        enum daf_unit unit;
        double value;
        const char *word;
    } words[] = {
        {DAF_UNIT_COUNT, 1234567, "1,234,567"},
        {DAF_UNIT_COUNT, -1234, "-1,234"},
        {DAF_UNIT_COUNT, 2.5, "2.50"},
        {DAF_UNIT_SHARE, 0.4567, "45.7 %"},
        {DAF_UNIT_SECONDS, 45, "45 s"},
        {DAF_UNIT_SECONDS, 3600, "60 min"},
        {DAF_UNIT_SECONDS, 3700, "61.7 min"},
        {DAF_UNIT_SECONDS, 100000, "27.8 h"},
        {DAF_UNIT_BYTES, 1234567, "1.23 MB"},
        {DAF_UNIT_BYTES, 0, "0 B"},
        {DAF_UNIT_RATIO, 37.649, "37.6"},
        {DAF_UNIT_RATIO, (double)NAN, "\xe2\x80\x93"},
    };
    char word[DAF_METRIC_WORD_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        daf_metric_word(words[i].unit, words[i].value, word);
        assert_string_equal(word, words[i].word);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(students_t_is_that_of_the_tables),
        cmocka_unit_test(an_interval_is_that_made_by_hand),
        cmocka_unit_test(a_quantile_is_the_value_that_was_counted),
        cmocka_unit_test(a_difference_is_taken_pair_by_pair),
        cmocka_unit_test(numbers_have_units_that_people_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
