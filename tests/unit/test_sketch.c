/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/rng.h"
#include "proto/sketch.h"
#include "tests/lib/t.h"

#include <string.h>

#define COMMON   1000
#define DIFF_MAX 1000

static const struct daf_scope_id scope = {{1, 2, 3, 4}};
static struct daf_rng rng;

/* Every test draws the same numbers, alone or in any order. */
static int seed(void **state)
{
    static const uint8_t bytes[32] = {7};

    (void)state;
    daf_rng_init(&rng, bytes);
    return 0;
}

static struct daf_item some_item(void)
{
    struct daf_item item;

    daf_rng_bytes(&rng, item.b, sizeof(item.b));
    return item;
}

static void add(struct daf_symbol *symbols, size_t count,
                const struct daf_item *item, int sign)
{
    daf_sketch_add(symbols, count, &scope, item, sign);
}

static void set_count(struct daf_symbol *s, int count)
{
    s->count[0] = (uint8_t)((unsigned)count >> 8 & 0xff);
    s->count[1] = (uint8_t)((unsigned)count & 0xff);
}

static void assert_all_zero(const struct daf_symbol *symbols, size_t count)
{
    static const struct daf_symbol zero;

    for (size_t i = 0; i < count; i++)
        assert_memory_equal(&symbols[i], &zero, sizeof(zero));
}

/* ---- keeping symbols */

static void taking_out_what_was_put_in_leaves_nothing(void **state)
{
    static struct daf_symbol symbols[DAF_SYMBOLS_MAX];
    struct daf_item items[50];

    (void)state;
    memset(symbols, 0, sizeof(symbols));
    for (size_t i = 0; i < 50; i++) {
        items[i] = some_item();
        add(symbols, DAF_SYMBOLS_MAX, &items[i], 1);
    }
    assert_int_equal(symbols[0].count[1], 50);
    for (size_t i = 0; i < 50; i++)
        add(symbols, DAF_SYMBOLS_MAX, &items[i], -1);
    assert_all_zero(symbols, DAF_SYMBOLS_MAX);
}

/* A head that moves is the old item out, the new one in. */
static void symbols_kept_are_symbols_made_afresh_in_any_order(void **state)
{
    static struct daf_symbol kept[DAF_SYMBOLS_MAX];
    static struct daf_symbol fresh[DAF_SYMBOLS_MAX];
    struct daf_item items[100];

    (void)state;
    memset(kept, 0, sizeof(kept));
    memset(fresh, 0, sizeof(fresh));
    for (size_t i = 0; i < 100; i++) {
        items[i] = some_item();
        add(kept, DAF_SYMBOLS_MAX, &items[i], 1);
    }
    for (size_t i = 0; i < 300; i++) {
        size_t which = (size_t)daf_rng_below(&rng, 100);

        add(kept, DAF_SYMBOLS_MAX, &items[which], -1);
        items[which] = some_item();
        add(kept, DAF_SYMBOLS_MAX, &items[which], 1);
    }
    for (size_t i = 100; i > 0; i--)
        add(fresh, DAF_SYMBOLS_MAX, &items[i - 1], 1);
    assert_memory_equal(kept, fresh, sizeof(kept));
}

static void fewer_symbols_are_the_first_of_more(void **state)
{
    static struct daf_symbol many[DAF_SYMBOLS_MAX];
    struct daf_symbol few[100];

    (void)state;
    memset(many, 0, sizeof(many));
    memset(few, 0, sizeof(few));
    for (size_t i = 0; i < 20; i++) {
        struct daf_item item = some_item();

        add(many, DAF_SYMBOLS_MAX, &item, 1);
        add(few, 100, &item, 1);
    }
    assert_memory_equal(many, few, sizeof(few));
}

static void counts_wrap_at_16_bits(void **state)
{
    struct daf_symbol s;
    struct daf_item item = some_item();

    (void)state;
    memset(&s, 0, sizeof(s));
    add(&s, 1, &item, -1);
    assert_int_equal(s.count[0], 0xff);
    assert_int_equal(s.count[1], 0xff);
    add(&s, 1, &item, 1);
    assert_all_zero(&s, 1);
}

/* The chance of symbol i is 8(i+1)/(2i+3)^2; of 2000 items within 5 standard
 * errors, in stretches of symbols. */
static void items_go_to_symbols_as_often_as_they_should(void **state)
{
    static const size_t ends[] = {1, 2, 3, 4, 6, 10, 30, 100, 1000, 4096};
    static struct daf_symbol symbols[DAF_SYMBOLS_MAX];
    size_t i = 0;

    (void)state;
    memset(symbols, 0, sizeof(symbols));
    for (size_t k = 0; k < 2000; k++) {
        struct daf_item item = some_item();

        add(symbols, DAF_SYMBOLS_MAX, &item, 1);
    }
    for (size_t k = 0; k < sizeof(ends) / sizeof(ends[0]); k++) {
        double mean = 0, variance = 0, got = 0;

        for (; i < ends[k]; i++) {
            double x = (double)i;
            double p = 8 * (x + 1) / ((2 * x + 3) * (2 * x + 3));

            mean += 2000 * (i == 0 ? 1 : p);
            variance += 2000 * (i == 0 ? 0 : p * (1 - p));
            got += symbols[i].count[0] * 256 + symbols[i].count[1];
        }
        assert_true((got - mean) * (got - mean) <= 25 * variance);
    }
}

/* ---- finding the difference */

/* Two sets and the sketch of their difference. */
static struct {
    struct daf_symbol difference[DAF_SYMBOLS_MAX];
    struct daf_symbol ours[DAF_SYMBOLS_MAX];
    struct daf_symbol scratch[DAF_SYMBOLS_MAX];
    struct daf_sketch_one put[DIFF_MAX];
    struct daf_sketch_one out[DAF_SYMBOLS_MAX];
    size_t d;
} w;

/* @theirs_percent of @d items are theirs alone, the others ours. */
static void make_sets(size_t d, unsigned theirs_percent)
{
    memset(&w, 0, sizeof(w));
    w.d = d;
    for (size_t i = 0; i < COMMON; i++) {
        struct daf_item item = some_item();

        add(w.difference, DAF_SYMBOLS_MAX, &item, 1);
        add(w.ours, DAF_SYMBOLS_MAX, &item, 1);
    }
    for (size_t i = 0; i < d; i++) {
        w.put[i].item = some_item();
        w.put[i].is_theirs = i * 100 < d * theirs_percent;
        add(w.put[i].is_theirs ? w.difference : w.ours, DAF_SYMBOLS_MAX,
            &w.put[i].item, 1);
    }
    daf_sketch_subtract(w.difference, w.ours, DAF_SYMBOLS_MAX);
}

/* Of a copy, so that it can be tried again with more. */
static enum daf_err decode(size_t count, size_t cap, size_t *out_count)
{
    memcpy(w.scratch, w.difference, count * sizeof(w.scratch[0]));
    return daf_sketch_decode(w.scratch, count, &scope, w.out, cap, out_count);
}

static void assert_found(size_t found)
{
    assert_int_equal(found, w.d);
    for (size_t i = 0; i < w.d; i++) {
        size_t times = 0;

        for (size_t k = 0; k < found; k++) {
            if (memcmp(&w.out[k].item, &w.put[i].item,
                       sizeof(struct daf_item)) != 0)
                continue;
            assert_int_equal(w.out[k].is_theirs, w.put[i].is_theirs);
            times++;
        }
        assert_int_equal(times, 1);
    }
}

/* The least number of symbols that decode: more never spoil it. */
static size_t symbols_needed(void)
{
    size_t low = 0, high = DAF_SYMBOLS_MAX, found;

    while (high - low > 1) {
        size_t middle = (low + high) / 2;

        if (decode(middle, DAF_SYMBOLS_MAX, &found) == DAF_OK)
            high = middle;
        else
            low = middle;
    }
    assert_int_equal(decode(high, DAF_SYMBOLS_MAX, &found), DAF_OK);
    assert_found(found);
    return high;
}

/* The paper's figure 4: 1.35 for many, at most 1.72 on average for few. */
static void a_difference_needs_few_symbols(void **state)
{
    static const size_t ds[] = {1, 2, 5, 10, 50, 100, 1000};
    size_t found;

    (void)state;
    for (size_t k = 0; k < sizeof(ds) / sizeof(ds[0]); k++) {
        size_t tries = ds[k] < 1000 ? 20 : 3;
        size_t sum = 0;

        for (size_t t = 0; t < tries; t++) {
            make_sets(ds[k], 50);
            sum += symbols_needed();
        }
        print_message("%zu differ: %.2f symbols each\n", ds[k],
                      (double)sum / (double)(tries * ds[k]));
        assert_in_range(sum, tries * ds[k], 2 * tries * ds[k] + tries);
        if (ds[k] >= 50) assert_true(10 * sum <= 17 * tries * ds[k]);
    }
    make_sets(0, 50);
    assert_all_zero(w.difference, DAF_SYMBOLS_MAX);
    assert_int_equal(decode(1, 0, &found), DAF_OK);
    assert_int_equal(found, 0);
}

/* What one side lacks altogether, and what only one side has. */
static void a_difference_may_be_all_on_one_side(void **state)
{
    size_t found;

    (void)state;
    make_sets(200, 0);
    assert_int_equal(decode(400, DAF_SYMBOLS_MAX, &found), DAF_OK);
    assert_found(found);
    make_sets(200, 100);
    assert_int_equal(decode(400, DAF_SYMBOLS_MAX, &found), DAF_OK);
    assert_found(found);
}

static void too_few_symbols_ask_for_more(void **state)
{
    size_t found;

    (void)state;
    make_sets(100, 50);
    assert_int_equal(decode(0, DAF_SYMBOLS_MAX, &found), DAF_EBUSY);
    assert_int_equal(found, 0);
    assert_int_equal(decode(60, DAF_SYMBOLS_MAX, &found), DAF_EBUSY);
    assert_true(found < 60);
}

static void the_cap_is_kept(void **state)
{
    size_t found;

    (void)state;
    make_sets(100, 50);
    memset(&w.out[99], 0x5a, sizeof(w.out[99]));
    assert_int_equal(decode(400, 99, &found), DAF_ELIMIT);
    assert_int_equal(found, 99);
    assert_int_equal(w.out[99].item.b[0], 0x5a);
    assert_int_equal(decode(400, 0, &found), DAF_ELIMIT);
    assert_int_equal(found, 0);
    assert_int_equal(decode(400, 100, &found), DAF_OK);
    assert_found(found);
}

static void another_scope_finds_nothing(void **state)
{
    static const struct daf_scope_id other = {{9}};
    size_t found;

    (void)state;
    make_sets(10, 50);
    assert_int_equal(daf_sketch_decode(w.difference, 400, &other, w.out,
                                       DAF_SYMBOLS_MAX, &found),
                     DAF_EBUSY);
    assert_int_equal(found, 0);
}

/* ---- hostile symbols */

/* Any bytes end, within the room, as one of the errors. */
static void garbage_ends(void **state)
{
    (void)state;
    memset(&w, 0, sizeof(w));
    for (size_t t = 0; t < 40; t++) {
        size_t count = (size_t)daf_rng_below(&rng, DAF_SYMBOLS_MAX) + 1;
        size_t found;
        enum daf_err err;

        for (size_t i = 0; i < count; i++) {
            daf_rng_bytes(&rng, (uint8_t *)&w.difference[i], DAF_SYMBOL_BYTES);
            set_count(&w.difference[i], (int)daf_rng_below(&rng, 3) - 1);
        }
        err = decode(count, DAF_SYMBOLS_MAX, &found);
        assert_true(err == DAF_EBUSY || err == DAF_ECORRUPT);
        assert_true(found <= count);
        (void)daf_sketch_estimate(w.difference, count);
    }
}

/* Each symbol is that of one of three sets, so that many are pure and most are
 * wrong: peeling goes on for long, and ends. */
static void symbols_of_several_sets_mixed_end(void **state)
{
    unsigned contradictions = 0;

    (void)state;
    for (size_t t = 0; t < 40; t++) {
        size_t found;
        enum daf_err err;

        make_sets(300, 50);
        for (size_t k = 0; k < 2; k++) {
            memset(w.ours, 0, sizeof(w.ours));
            for (size_t i = 0; i < 300; i++)
                add(w.ours, DAF_SYMBOLS_MAX, &w.put[(i * (k + 2)) % 300].item,
                    i % 2 == 0 ? 1 : -1);
            for (size_t i = 0; i < DAF_SYMBOLS_MAX; i++)
                if (daf_rng_below(&rng, 3) == 0) w.difference[i] = w.ours[i];
        }
        err = decode(DAF_SYMBOLS_MAX, DAF_SYMBOLS_MAX, &found);
        assert_true(err == DAF_EBUSY || err == DAF_ECORRUPT);
        assert_true(found < DAF_SYMBOLS_MAX);
        contradictions += err == DAF_ECORRUPT ? 1 : 0;
    }
    assert_true(contradictions > 20);
}

/* The symbol of @item alone, as in symbol 0 of a set of one. */
static struct daf_symbol alone(const struct daf_item *item, int count)
{
    struct daf_symbol s;

    memset(&s, 0, sizeof(s));
    add(&s, 1, item, 1);
    set_count(&s, count);
    return s;
}

/* Every symbol says that it holds one item; most cannot. */
static void an_item_that_does_not_go_there_is_a_contradiction(void **state)
{
    size_t found;

    (void)state;
    for (size_t t = 0; t < 20; t++) {
        memset(&w, 0, sizeof(w));
        for (size_t i = 0; i < DAF_SYMBOLS_MAX; i++) {
            struct daf_item item = some_item();

            w.difference[i] = alone(&item, (i + t) % 2 == 0 ? 1 : -1);
        }
        assert_int_equal(decode(DAF_SYMBOLS_MAX, DAF_SYMBOLS_MAX, &found),
                         DAF_ECORRUPT);
    }
}

/* Symbol 2 holds an item that does not go there, and else there is nothing. */
static void one_item_where_it_does_not_go_is_a_contradiction(void **state)
{
    struct daf_item item;
    size_t found;

    (void)state;
    do {
        item = some_item();
        memset(&w, 0, sizeof(w));
        add(w.difference, 3, &item, 1);
    } while (w.difference[2].count[1] != 0);
    memset(&w, 0, sizeof(w));
    w.difference[2] = alone(&item, 1);
    assert_int_equal(decode(3, DAF_SYMBOLS_MAX, &found), DAF_ECORRUPT);
    assert_int_equal(found, 0);
}

/* One item in all symbols: it comes out of one, and is still in others. */
static void an_item_that_comes_out_twice_is_a_contradiction(void **state)
{
    struct daf_item item = some_item();
    size_t found;

    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        memset(&w, 0, sizeof(w));
        for (size_t i = 0; i < DAF_SYMBOLS_MAX; i++)
            w.difference[i] = alone(&item, sign);
        assert_int_equal(decode(DAF_SYMBOLS_MAX, DAF_SYMBOLS_MAX, &found),
                         DAF_ECORRUPT);
        assert_true(found <= 1);
    }
}

/* In symbol 0 alone: taken out of the others it is in them, as ours, and a
 * decoder that forgets would take it out and put it in for ever. */
static void an_item_that_goes_to_and_fro_is_a_contradiction(void **state)
{
    struct daf_item item = some_item();
    size_t found;

    (void)state;
    memset(&w, 0, sizeof(w));
    w.difference[0] = alone(&item, 1);
    assert_int_equal(decode(DAF_SYMBOLS_MAX, DAF_SYMBOLS_MAX, &found),
                     DAF_ECORRUPT);
    assert_int_equal(found, 1);
    assert_true(w.out[0].is_theirs);
}

/* One byte of a hundred honest symbols changed: never a wrong answer that says OK. */
static void a_changed_byte_is_never_a_full_answer(void **state)
{
    size_t found;

    (void)state;
    make_sets(50, 50);
    for (size_t t = 0; t < 500; t++) {
        uint8_t *at = (uint8_t *)w.difference + daf_rng_below(&rng, 2400);
        uint8_t flip = (uint8_t)(daf_rng_below(&rng, 255) + 1);

        *at ^= flip;
        assert_int_not_equal(decode(100, DAF_SYMBOLS_MAX, &found), DAF_OK);
        *at ^= flip;
    }
    assert_int_equal(decode(100, DAF_SYMBOLS_MAX, &found), DAF_OK);
}

/* ---- estimating */

static double square(double x)
{
    return x * x;
}

/* The mean of squares of relative errors over 40 pairs of sets. */
static double squared_error(size_t d, size_t count, unsigned theirs_percent,
                            double *mean)
{
    double sum = 0;

    *mean = 0;
    for (size_t t = 0; t < 40; t++) {
        double estimate;

        memset(&w, 0, sizeof(w));
        for (size_t i = 0; i < d; i++) {
            struct daf_item item = some_item();

            add(w.difference, count, &item,
                i * 100 < d * theirs_percent ? 1 : -1);
        }
        estimate = (double)daf_sketch_estimate(w.difference, count);
        *mean += estimate / (double)d / 40;
        sum += square(estimate / (double)d - 1) / 40;
    }
    return sum;
}

/* The standard error of n symbols is about sqrt(2/(n-1)) of d: less where the
 * balance bounds it, more where most symbols hold nothing. */
static void the_estimate_is_about_right(void **state)
{
    static const size_t ds[] = {2, 10, 100, 1000};
    static const unsigned shares[] = {50, 80, 100};

    (void)state;
    for (size_t k = 0; k < 4; k++) {
        for (size_t s = 0; s < 3; s++) {
            double few, many, few_mean, many_mean;

            few = squared_error(ds[k], 8, shares[s], &few_mean);
            many = squared_error(ds[k], 50, shares[s], &many_mean);
            print_message("%zu differ, %u %% theirs: mean %.2f error^2 %.3f "
                          "of 8 symbols, %.2f %.3f of 50\n",
                          ds[k], shares[s], few_mean, few, many_mean, many);
            assert_true(few <= square(0.9) && many <= square(0.7));
            if (ds[k] >= 100) assert_true(many <= square(0.35));
            assert_true(few_mean > 0.7 && few_mean < 1.5);
            assert_true(many_mean > 0.8 && many_mean < 1.25);
        }
    }
}

static void an_estimate_has_bounds(void **state)
{
    struct daf_symbol s[8];
    struct daf_item item = some_item();

    (void)state;
    memset(s, 0, sizeof(s));
    assert_int_equal(daf_sketch_estimate(s, 0), 0);
    assert_int_equal(daf_sketch_estimate(s, 8), 0);
    s[3].check[0] = 1;
    assert_int_equal(daf_sketch_estimate(s, 8), 1);
    s[0] = alone(&item, -77);
    assert_int_equal(daf_sketch_estimate(s, 1), 77);
    set_count(&s[0], -32768);
    assert_true(daf_sketch_estimate(s, 8) >= 32768);
}

/* The largest counts a stranger can send overflow nothing. */
static void an_estimate_of_any_counts_is_a_number(void **state)
{
    (void)state;
    memset(&w, 0, sizeof(w));
    for (size_t i = 0; i < DAF_SYMBOLS_MAX; i++)
        set_count(&w.difference[i], i == 0 ? 32767 : -32768);
    assert_true(daf_sketch_estimate(w.difference, DAF_SYMBOLS_MAX) >= 32768);
    assert_true(daf_sketch_estimate(w.difference, DAF_SYMBOLS_MAX) < (size_t)1
                                                                         << 42);
}

/* ---- marks */

static void the_height_is_the_highest_tips(void **state)
{
    static struct daf_head head;
    struct daf_mark mark;
    struct daf_item item;

    (void)state;
    head.tips_count = 3;
    head.tips[0].seq = 7;
    head.tips[1].seq = UINT32_MAX - 1;
    head.tips[2].seq = 9;
    mark = daf_sketch_mark(&head);
    item = daf_sketch_item(&mark);
    assert_true(daf_sketch_item_height(&item) == UINT32_MAX - 1);
    head.tips[1].seq = (uint64_t)UINT32_MAX + 5;
    assert_true(daf_sketch_mark(&head).height == UINT32_MAX);
    head.tips_count = 0;
    assert_true(daf_sketch_mark(&head).height == 0);
}

static void a_log_has_its_own_tag(void **state)
{
    struct daf_log_key a = {.incarnation = 1};
    struct daf_log_key b = a;
    struct daf_tag ta = daf_sketch_tag(&a);
    struct daf_tag tb;

    (void)state;
    b.incarnation = 256;
    tb = daf_sketch_tag(&b);
    assert_memory_not_equal(ta.b, tb.b, sizeof(ta.b));
    b = a;
    b.author.b[15] = 1;
    tb = daf_sketch_tag(&b);
    assert_memory_not_equal(ta.b, tb.b, sizeof(ta.b));
}

static void a_tag_is_found_among_others(void **state)
{
    const struct daf_tag tag = {{1, 2, 3, 4, 5, 6, 7, 8}};
    const struct daf_tag list[3] = {{{1, 2, 3, 4, 5, 6, 7, 9}}, {{0}}, tag};

    (void)state;
    assert_true(daf_sketch_tag_among(&tag, list, 3));
    assert_false(daf_sketch_tag_among(&tag, list, 2));
    assert_false(daf_sketch_tag_among(&tag, list, 0));
}

#define TEST(f) cmocka_unit_test_setup(f, seed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(taking_out_what_was_put_in_leaves_nothing),
        TEST(symbols_kept_are_symbols_made_afresh_in_any_order),
        TEST(fewer_symbols_are_the_first_of_more),
        TEST(counts_wrap_at_16_bits),
        TEST(items_go_to_symbols_as_often_as_they_should),
        TEST(a_difference_needs_few_symbols),
        TEST(a_difference_may_be_all_on_one_side),
        TEST(too_few_symbols_ask_for_more),
        TEST(the_cap_is_kept),
        TEST(another_scope_finds_nothing),
        TEST(garbage_ends),
        TEST(symbols_of_several_sets_mixed_end),
        TEST(an_item_that_does_not_go_there_is_a_contradiction),
        TEST(one_item_where_it_does_not_go_is_a_contradiction),
        TEST(an_item_that_comes_out_twice_is_a_contradiction),
        TEST(an_item_that_goes_to_and_fro_is_a_contradiction),
        TEST(a_changed_byte_is_never_a_full_answer),
        TEST(the_estimate_is_about_right),
        TEST(an_estimate_has_bounds),
        TEST(an_estimate_of_any_counts_is_a_number),
        TEST(the_height_is_the_highest_tips),
        TEST(a_log_has_its_own_tag),
        TEST(a_tag_is_found_among_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
