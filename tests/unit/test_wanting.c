/* SPDX-License-Identifier: Apache-2.0 */
#include "node/core/wanting.h"
#include "proto/rng.h"
#include "tests/lib/t.h"

#include <stdlib.h>

#define ITEMS 12

static const struct daf_author_id self = {{1}}, other = {{2}};

static struct daf_hash content(size_t i)
{
    return (struct daf_hash){{(uint8_t)(i + 1)}};
}

/* A record, and what it says. */
struct said {
    struct daf_record_id id;
    const char *scope;
    struct daf_assignment a;
    char hex[ITEMS][65];
};

static void say_item(struct said *s, size_t i)
{
    static const char digits[] = "0123456789abcdef";
    const struct daf_hash c = content(i);
    char *hex = s->hex[s->a.items_count];

    for (size_t j = 0; j < sizeof(c.b); j++) {
        hex[2 * j] = digits[c.b[j] >> 4];
        hex[2 * j + 1] = digits[c.b[j] & 15];
    }
    s->a.items[s->a.items_count++] =
        (struct daf_view){(const uint8_t *)hex, 64};
}

static void say(struct said *s, uint8_t id, const char *scope)
{
    memset(s, 0, sizeof(*s));
    s->id.b[0] = id;
    s->scope = scope;
}

static void give(struct daf_wanting *w, const struct said *s)
{
    assert_int_equal(daf_wanting_assign(w, &s->id, &other, s->scope, &s->a),
                     DAF_OK);
}

static void start(struct daf_wanting_item items[ITEMS])
{
    memset(items, 0, ITEMS * sizeof(*items));
    for (size_t i = 0; i < ITEMS; i++)
        items[i].content = content(i);
}

static void plan(struct daf_wanting *w, struct daf_wanting_item items[ITEMS])
{
    static const struct daf_view keeps_up[] = {
        {(const uint8_t *)"Letters", 7},
    };

    assert_int_equal(daf_wanting_plan(w, &self, keeps_up, 1, items, ITEMS),
                     DAF_OK);
}

static struct daf_wanting *fresh(void)
{
    struct daf_wanting *w;

    assert_int_equal(daf_wanting_new(&w), DAF_OK);
    return w;
}

static void in_channel(struct daf_wanting_item *it, const char *name,
                       uint32_t order)
{
    it->channel = (struct daf_view){(const uint8_t *)name, strlen(name)};
    it->order = order;
}

/* ---- what stands */

static void the_nearest_day_comes_first_and_no_day_last(void **state)
{
    struct daf_wanting_item items[ITEMS];
    struct daf_wanting *w = fresh();
    struct said s;

    (void)state;
    start(items);
    say(&s, 1, "class:1"); /* no day */
    say_item(&s, 0);
    give(w, &s);
    say(&s, 2, "class:1");
    say_item(&s, 1);
    s.a.has_due = true;
    s.a.due = 20000;
    give(w, &s);
    say(&s, 3, "class:2");
    say_item(&s, 2);
    say_item(&s, 1);
    s.a.has_due = true;
    s.a.due = 19999;
    give(w, &s);
    daf_wanting_settle(w);
    plan(w, items);
    assert_int_equal(daf_wanting_count(w), 3);
    assert_int_equal(daf_wanting_at(w, 0)->id.b[0], 3);
    assert_int_equal(daf_wanting_at(w, 2)->id.b[0], 1);
    assert_int_equal(items[0].rank, DAF_RANK_NO_DUE);
    assert_false(items[0].has_due);
    /* Of two days the nearer one. */
    assert_int_equal(items[1].due, 19999);
    assert_int_equal(items[1].rank, items[2].rank);
    assert_int_equal(items[1].rank, DAF_RANK_DUE_LAST - 1);
    assert_true(items[2].is_camps);
    assert_string_equal(daf_wanting_reason_str(items[2].reason), "assigned");
    assert_false(items[3].is_camps);
    assert_null(daf_wanting_reason_str(items[3].reason));
    daf_wanting_free(w);
}

static void days_long_past_share_the_first_rank(void **state)
{
    struct daf_wanting_item items[ITEMS];
    struct daf_wanting *w = fresh();
    struct said s;

    (void)state;
    start(items);
    for (uint32_t day = 1; day <= 400; day++) {
        say(&s, 1, "class:1");
        s.id.b[1] = (uint8_t)(day >> 8);
        s.id.b[2] = (uint8_t)day;
        s.a.has_due = true;
        s.a.due = day;
        say_item(&s, day == 1 ? 0 : day == 2 ? 1 : day == 399 ? 2 : 3);
        give(w, &s);
    }
    daf_wanting_settle(w);
    plan(w, items);
    assert_int_equal(items[0].rank, DAF_RANK_DUE_FIRST);
    assert_int_equal(items[1].rank, DAF_RANK_DUE_FIRST);
    assert_int_equal(items[2].rank, DAF_RANK_DUE_LAST - 1);
    assert_int_equal(items[3].rank, DAF_RANK_DUE_FIRST); /* due on the 3rd */
    daf_wanting_free(w);
}

static void what_is_anothers_or_nobodys_here_is_let_be(void **state)
{
    struct daf_wanting_item items[ITEMS];
    struct daf_wanting *w = fresh();
    struct said s;

    (void)state;
    start(items);
    say(&s, 1, "class:1");
    say_item(&s, 0);
    s.a.has_device = true;
    s.a.device = other;
    give(w, &s);
    say(&s, 2, "class:1");
    say_item(&s, 1);
    s.a.has_device = true;
    s.a.device = self;
    give(w, &s);
    say(&s, 3, "class:1"); /* a learner's: carried */
    say_item(&s, 2);
    s.a.has_subject = true;
    give(w, &s);
    say(&s, 4, "class:1"); /* a person's, which nobody verified */
    say_item(&s, 3);
    s.a.has_person = true;
    s.a.replaces_count = 1;
    s.a.replaces[0].b[0] = 2;
    give(w, &s);
    say(&s, 5, "class:1"); /* of no content: an exercise */
    s.a.items_count = 1;
    s.a.items[0] = (struct daf_view){(const uint8_t *)"sum:1", 5};
    give(w, &s);
    daf_wanting_settle(w);
    plan(w, items);
    assert_int_equal(daf_wanting_count(w), 4);
    assert_false(items[0].is_camps);
    assert_true(items[1].is_camps);
    assert_false(items[2].is_camps || items[3].is_camps);
    daf_wanting_free(w);
}

static void a_class_takes_back_what_is_its_own(void **state)
{
    struct daf_wanting_item items[ITEMS];
    struct daf_wanting *w = fresh();
    struct said s;

    (void)state;
    start(items);
    for (uint8_t back = 0; back < 2; back++) {
        say(&s, (uint8_t)(10 + back), back == 0 ? "class:1" : "class:2");
        s.a.replaces_count = 2;
        s.a.replaces[0].b[0] = 1;
        s.a.replaces[1].b[0] = 2;
        if (back == 0) give(w, &s);
    }
    say(&s, 1, "class:1");
    say_item(&s, 0);
    give(w, &s);
    say(&s, 2, "class:2");
    say_item(&s, 1);
    give(w, &s);
    daf_wanting_settle(w);
    plan(w, items);
    assert_int_equal(daf_wanting_count(w), 1);
    assert_false(items[0].is_camps);
    assert_true(items[1].is_camps); /* class:1 has no word in class:2 */
    daf_wanting_free(w);
}

/* ---- people here, channels, what comes next */

static void a_person_comes_before_a_channel_and_after_the_class(void **state)
{
    struct daf_wanting_item items[ITEMS];
    struct daf_wanting *w = fresh();
    struct said s;

    (void)state;
    start(items);
    say(&s, 1, "class:1");
    say_item(&s, 0);
    give(w, &s);
    daf_wanting_settle(w);
    items[0].is_asked_by_hand = items[1].is_asked_by_hand = true;
    items[2].is_pinned = items[2].is_asked_by_hand = true;
    items[3].is_published = true;
    in_channel(&items[4], "Letters", 0);
    in_channel(&items[5], "Numbers", 0);
    in_channel(&items[1], "Letters", 0);
    plan(w, items);
    assert_int_equal(items[0].reason, DAF_REASON_ASSIGNED);
    assert_int_equal(items[1].reason, DAF_REASON_ASKED);
    assert_true(items[1].is_camps); /* it stays if the person lets it go */
    assert_int_equal(items[2].reason, DAF_REASON_PINNED);
    assert_false(items[2].is_camps);
    assert_int_equal(items[3].reason, DAF_REASON_PUBLISHED);
    assert_int_equal(items[4].reason, DAF_REASON_CHANNEL);
    assert_true(items[4].is_camps);
    assert_int_equal(items[5].reason, DAF_REASON_NONE);
    assert_true(items[0].rank < items[1].rank);
    assert_true(items[1].rank < items[4].rank);
    assert_true(items[4].rank < DAF_RANK_NEXT);
    daf_wanting_free(w);
}

static void the_next_lesson_comes_one_ahead_of_those_that_are_done(void **state)
{
    struct daf_wanting_item items[ITEMS];
    struct daf_wanting *w = fresh();

    (void)state;
    start(items);
    daf_wanting_settle(w);
    in_channel(&items[7], "Numbers", 1);
    in_channel(&items[3], "Numbers", 2);
    in_channel(&items[5], "Numbers", 10);
    in_channel(&items[6], "Numbers", 10); /* the same place: the lower id */
    in_channel(&items[8], "Number", 3);   /* another channel */
    in_channel(&items[9], "Numbers", 0);  /* no place */
    plan(w, items);
    assert_false(items[7].is_camps);
    items[7].is_asked_by_hand = true;
    plan(w, items);
    assert_false(items[3].is_camps); /* not whole yet */
    items[7].is_whole = true;
    plan(w, items);
    assert_int_equal(items[3].reason, DAF_REASON_NEXT);
    assert_int_equal(items[3].rank, DAF_RANK_NEXT);
    assert_false(items[5].is_camps);
    items[3].is_whole = true; /* one ahead, not two */
    plan(w, items);
    assert_int_equal(items[3].reason, DAF_REASON_NEXT);
    assert_false(items[5].is_camps);
    items[3].is_asked_by_hand = true;
    plan(w, items);
    assert_int_equal(items[3].reason, DAF_REASON_ASKED);
    assert_int_equal(items[5].reason, DAF_REASON_NEXT);
    assert_false(items[6].is_camps || items[8].is_camps || items[9].is_camps);
    items[5].is_pinned = items[5].is_whole = true; /* nothing after it */
    plan(w, items);
    assert_false(items[6].is_camps || items[9].is_camps);
    daf_wanting_free(w);
}

/* Who assigned the old edition means the lesson; a channel leads to no old one. */
static void an_old_edition_stands_for_the_new_one(void **state)
{
    struct daf_wanting *w = fresh();
    struct daf_wanting_item items[ITEMS];
    struct said s;

    (void)state;
    say(&s, 1, "class:1");
    say_item(&s, 3);
    give(w, &s);
    daf_wanting_settle(w);
    start(items);
    for (size_t i = 3; i < 6; i++)
        in_channel(&items[i], "Letters", (uint32_t)i);
    items[3].is_superseded = items[5].is_superseded = true;
    items[3].now = content(4);
    items[5].now = content(99); /* which the catalogue does not name */
    items[3].is_whole = true;
    plan(w, items);
    assert_int_equal(items[3].reason, DAF_REASON_NONE);
    assert_false(items[3].is_camps);
    assert_int_equal(items[4].reason, DAF_REASON_ASSIGNED);
    assert_true(items[4].is_camps);
    assert_false(items[5].is_camps);
    daf_wanting_free(w);
}

static void an_order_is_a_number_of_nine_digits(void **state)
{
    static const struct {
        const char *text;
        uint32_t order;
    } rows[] = {{"1", 1},  {"010", 10}, {"999999999", 999999999},
                {"0", 0},  {"", 0},     {"1000000000", 0},
                {"-1", 0}, {"1 ", 0},   {"1.5", 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(daf_wanting_order(
                             (struct daf_view){(const uint8_t *)rows[i].text,
                                               strlen(rows[i].text)}),
                         rows[i].order);
}

/* ---- any order, any number of times */

#define RECORDS 24

static void draw(struct daf_rng *rng, struct said all[RECORDS])
{
    for (size_t i = 0; i < RECORDS; i++) {
        struct said *s = &all[i];

        say(s, (uint8_t)(i + 1),
            daf_rng_below(rng, 2) == 0 ? "class:1" : "class:2");
        s->a.has_due = daf_rng_below(rng, 3) > 0;
        s->a.due = 20000 + (uint32_t)daf_rng_below(rng, 5);
        s->a.has_device = daf_rng_below(rng, 4) == 0;
        s->a.device = daf_rng_below(rng, 2) == 0 ? self : other;
        s->a.has_subject = daf_rng_below(rng, 8) == 0;
        s->a.has_person = daf_rng_below(rng, 8) == 0;
        for (size_t n = daf_rng_below(rng, 4); n > 0; n--)
            say_item(s, (size_t)daf_rng_below(rng, ITEMS));
        if (s->a.items_count == 0 || daf_rng_below(rng, 3) == 0) {
            s->a.replaces_count = 1;
            s->a.replaces[0].b[0] = (uint8_t)(1 + daf_rng_below(rng, RECORDS));
        }
    }
}

static struct daf_wanting *fold(struct daf_rng *rng,
                                const struct said all[RECORDS], bool is_mixed)
{
    struct daf_wanting *w = fresh();
    size_t order[RECORDS];

    for (size_t i = 0; i < RECORDS; i++)
        order[i] = i;
    for (size_t i = RECORDS; is_mixed && i > 1; i--) {
        size_t j = (size_t)daf_rng_below(rng, i), swap = order[j];

        order[j] = order[i - 1];
        order[i - 1] = swap;
    }
    for (size_t i = 0; i < RECORDS; i++) {
        give(w, &all[order[i]]);
        if (is_mixed && daf_rng_below(rng, 3) == 0)
            give(w, &all[order[daf_rng_below(rng, i + 1)]]);
    }
    daf_wanting_settle(w);
    return w;
}

static void equal(const struct daf_wanting *a, const struct daf_wanting *b)
{
    assert_int_equal(daf_wanting_count(a), daf_wanting_count(b));
    for (size_t i = 0; i < daf_wanting_count(a); i++) {
        const struct daf_wanting_assignment *x = daf_wanting_at(a, i);
        const struct daf_wanting_assignment *y = daf_wanting_at(b, i);

        assert_memory_equal(&x->id, &y->id, sizeof(x->id));
        assert_string_equal(x->scope, y->scope);
        assert_int_equal(x->items_count, y->items_count);
    }
}

static void any_order_and_any_number_of_times_is_the_same(void **state)
{
    static struct said all[RECORDS];
    static const uint8_t seed[32] = {42};
    struct daf_rng rng;

    (void)state;
    daf_rng_init(&rng, seed);
    for (size_t round = 0; round < 300; round++) {
        struct daf_wanting_item first[ITEMS], then[ITEMS];
        struct daf_wanting *w, *mixed;

        draw(&rng, all);
        w = fold(&rng, all, false);
        start(first);
        for (size_t i = 0; i < ITEMS; i++) {
            in_channel(&first[i], i % 3 == 0 ? "Letters" : "Numbers",
                       (uint32_t)daf_rng_below(&rng, 5));
            first[i].is_whole = daf_rng_below(&rng, 2) == 0;
            first[i].is_asked_by_hand = daf_rng_below(&rng, 5) == 0;
        }
        memcpy(then, first, sizeof(then));
        plan(w, first);
        for (size_t i = 0; i < 4; i++) {
            mixed = fold(&rng, all, true);
            equal(w, mixed);
            plan(mixed, then); /* over what another plan left */
            assert_memory_equal(first, then, sizeof(first));
            daf_wanting_free(mixed);
        }
        daf_wanting_free(w);
    }
}

/* ---- the coordinator's map */

static void say_air(struct said *s, uint8_t id,
                    const struct daf_author_id *device, const char *air)
{
    say(s, id, "class:1");
    s->a.has_device = true;
    s->a.device = *device;
    s->a.air = (struct daf_view){(const uint8_t *)air, strlen(air)};
}

/* R99: of several words the one with the lowest id; what was replaced is none. */
static void a_map_says_whose_air_it_is(void **state)
{
    struct daf_wanting *w = fresh();
    struct said s;

    (void)state;
    say_air(&s, 7, &self, "tent-2");
    give(w, &s);
    say_air(&s, 5, &self, "school");
    give(w, &s);
    say_air(&s, 3, &other, "store");
    give(w, &s);
    daf_wanting_settle(w);
    assert_int_equal(daf_wanting_count(w), 3);
    assert_int_equal(daf_wanting_at(w, 0)->items_count, 0);
    assert_string_equal(daf_wanting_air(w, &self), "school");
    assert_string_equal(daf_wanting_air(w, &other), "store");
    daf_wanting_free(w);
}

static void what_was_said_of_an_air_is_replaced(void **state)
{
    struct daf_wanting *w = fresh();
    struct said s;

    (void)state;
    say_air(&s, 9, &self, "yard");
    s.a.replaces_count = 1;
    s.a.replaces[0].b[0] = 5;
    give(w, &s);
    say_air(&s, 5, &self, "school");
    give(w, &s);
    daf_wanting_settle(w);
    assert_string_equal(daf_wanting_air(w, &self), "yard");
    assert_string_equal(daf_wanting_air(w, &other), "");
    daf_wanting_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_says_whose_air_it_is),
        cmocka_unit_test(what_was_said_of_an_air_is_replaced),
        cmocka_unit_test(the_nearest_day_comes_first_and_no_day_last),
        cmocka_unit_test(days_long_past_share_the_first_rank),
        cmocka_unit_test(what_is_anothers_or_nobodys_here_is_let_be),
        cmocka_unit_test(a_class_takes_back_what_is_its_own),
        cmocka_unit_test(a_person_comes_before_a_channel_and_after_the_class),
        cmocka_unit_test(
            the_next_lesson_comes_one_ahead_of_those_that_are_done),
        cmocka_unit_test(an_old_edition_stands_for_the_new_one),
        cmocka_unit_test(an_order_is_a_number_of_nine_digits),
        cmocka_unit_test(any_order_and_any_number_of_times_is_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
