/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/frontier.h"
#include "proto/hash.h"
#include "tests/lib/t.h"

#include <sodium.h>

static struct daf_spot spot(uint64_t seq, uint8_t fill)
{
    struct daf_spot s = {.seq = seq};

    memset(s.id.b, fill, sizeof(s.id.b));
    return s;
}

/* Two tips and a root. */
static void make_head(struct daf_head *head)
{
    memset(head, 0, sizeof(*head));
    memset(head->log.scope.b, 1, sizeof(head->log.scope.b));
    memset(head->log.author.b, 2, sizeof(head->log.author.b));
    head->log.incarnation = 0x0102030405060708;
    head->tips_count = 2;
    head->tips[0] = spot(9, 0x10);
    head->tips[1] = spot(8, 0x20);
    head->roots_count = 1;
    head->roots[0] = spot(1, 0x30);
}

static int same(const struct daf_hash *a, const struct daf_hash *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

static void equal_heads_have_equal_digests(void **state)
{
    struct daf_head a;
    struct daf_head b;
    struct daf_hash da;
    struct daf_hash db;

    (void)state;
    make_head(&a);
    make_head(&b);
    /* What lies behind the counts is nobody's. */
    b.tips[2] = spot(3, 0x77);
    da = daf_frontier_digest(&a);
    db = daf_frontier_digest(&b);
    assert_true(same(&da, &db));
    assert_true(daf_frontier_equal(&a, &b));
}

/* The bytes that docs/protocol.md names, one after the other. */
static void the_digest_is_over_the_bytes_of_the_protocol(void **state)
{
    static const uint8_t incarnation[] = {1, 2, 3, 4, 5, 6, 7, 8};
    uint8_t bytes[16 + 16 + 8 + 4 + 64 + 4 + 32] = {0};
    struct daf_hash wanted;
    struct daf_hash digest;
    struct daf_head head;

    (void)state;
    make_head(&head);
    memset(bytes, 1, 16);
    memset(bytes + 16, 2, 16);
    memcpy(bytes + 32, incarnation, sizeof(incarnation));
    bytes[43] = 2;
    memset(bytes + 44, 0x10, 32);
    memset(bytes + 76, 0x20, 32);
    bytes[111] = 1;
    memset(bytes + 112, 0x30, 32);
    daf_hash_256("daf.head.1", (struct daf_view){bytes, sizeof(bytes)},
                 wanted.b);
    digest = daf_frontier_digest(&head);
    assert_true(same(&wanted, &digest));
}

/* Change number @which of a head. */
static void change(struct daf_head *head, int which)
{
    switch (which) {
    case 0:
        head->log.scope.b[15] ^= 1;
        break;
    case 1:
        head->log.author.b[0] ^= 1;
        break;
    case 2:
        head->log.incarnation++;
        break;
    case 3:
        head->tips_count--;
        break;
    case 4:
        head->tips[1].id.b[31] ^= 1;
        break;
    case 5:
        head->roots[0].id.b[0] ^= 1;
        break;
    case 6: /* a tip becomes a root */
        head->tips_count--;
        head->roots[1] = head->tips[1];
        head->roots_count++;
        break;
    default:
        fail();
    }
}

static void a_change_of_any_part_changes_the_digest(void **state)
{
    struct daf_head a;
    struct daf_hash da;

    (void)state;
    make_head(&a);
    da = daf_frontier_digest(&a);
    for (int which = 0; which <= 6; which++) {
        struct daf_head b;
        struct daf_hash db;

        make_head(&b);
        change(&b, which);
        db = daf_frontier_digest(&b);
        assert_false(same(&da, &db));
        assert_false(daf_frontier_equal(&a, &b));
    }
}

static void heads_with_other_places_are_not_equal(void **state)
{
    struct daf_head a;
    struct daf_head b;

    (void)state;
    make_head(&a);
    make_head(&b);
    b.tips[0].seq++;
    assert_false(daf_frontier_equal(&a, &b));
    make_head(&b);
    b.roots[0].seq++;
    assert_false(daf_frontier_equal(&a, &b));
}

static void the_largest_frontier_has_a_digest(void **state)
{
    struct daf_head head;
    struct daf_hash full;
    struct daf_hash below;

    (void)state;
    make_head(&head);
    head.tips_count = head.roots_count = DAF_FRONTIER_MAX;
    for (uint8_t i = 0; i < DAF_FRONTIER_MAX; i++)
        head.tips[i] = head.roots[i] = spot(i + 1u, i);
    full = daf_frontier_digest(&head);
    head.roots_count--;
    below = daf_frontier_digest(&head);
    assert_false(same(&full, &below));
}

static void both_sides_come_to_the_same_salt(void **state)
{
    struct daf_hash low;
    struct daf_hash high;
    struct daf_key ab;
    struct daf_key ba;
    struct daf_key aa;

    (void)state;
    memset(low.b, 7, sizeof(low.b));
    memset(high.b, 7, sizeof(high.b));
    high.b[31] = 8;
    ab = daf_frontier_salt(&low, &high);
    ba = daf_frontier_salt(&high, &low);
    aa = daf_frontier_salt(&low, &low);
    assert_memory_equal(ab.b, ba.b, sizeof(ab.b));
    assert_memory_not_equal(ab.b, aa.b, sizeof(ab.b));
}

static void sums_do_not_depend_on_the_order(void **state)
{
    struct daf_key salt = {{3}};
    struct daf_hash digests[3] = {{{1}}, {{2}}, {{3}}};
    struct daf_sum forwards = {{0}};
    struct daf_sum backwards = {{0}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        daf_frontier_add(&forwards, &salt, &digests[i]);
        daf_frontier_add(&backwards, &salt, &digests[2 - i]);
    }
    assert_memory_equal(forwards.b, backwards.b, sizeof(forwards.b));
    /* A set with one head twice is another set: not an exclusive or. */
    daf_frontier_add(&forwards, &salt, &digests[0]);
    daf_frontier_add(&forwards, &salt, &digests[0]);
    assert_memory_not_equal(forwards.b, backwards.b, sizeof(forwards.b));
}

static void a_sum_carries_through_and_wraps_around(void **state)
{
    struct daf_key salt = {{5}};
    struct daf_hash digest = {{6}};
    struct daf_sum value = {{0}};
    struct daf_sum sum;

    (void)state;
    daf_frontier_add(&value, &salt, &digest);
    memset(sum.b, 0xff, sizeof(sum.b));
    daf_frontier_add(&sum, &salt, &digest); /* value - 1 */
    for (size_t i = 16; i > 0; i--) {
        sum.b[i - 1]++;
        if (sum.b[i - 1] != 0) break;
    }
    assert_memory_equal(sum.b, value.b, sizeof(sum.b));
}

/* SipHash-2-4-128 under the first half of the salt, as for a digest but of 16
 * bytes. */
static void a_scope_value_is_the_hash_of_the_protocol(void **state)
{
    struct daf_key salt = {{5}};
    struct daf_scope_id scope = {{7, 7}};
    struct daf_hash longer = {{7, 7}}; /* the same, with zeros behind */
    struct daf_sum of_scope = {{0}};
    struct daf_sum of_digest = {{0}};
    struct daf_sum twice = {{0}};
    uint8_t value[16];

    (void)state;
    (void)crypto_shorthash_siphashx24(value, scope.b, sizeof(scope.b), salt.b);
    daf_frontier_add_scope(&of_scope, &salt, &scope);
    assert_memory_equal(of_scope.b, value, sizeof(value));
    daf_frontier_add(&of_digest, &salt, &longer);
    assert_memory_not_equal(of_scope.b, of_digest.b, sizeof(value));
    /* Added, not set. */
    daf_frontier_add_scope(&twice, &salt, &scope);
    daf_frontier_add_scope(&twice, &salt, &scope);
    daf_frontier_add_sum(&of_scope, &of_scope);
    assert_memory_equal(of_scope.b, twice.b, sizeof(value));
    salt.b[15] = 1;
    of_scope = (struct daf_sum){{0}};
    daf_frontier_add_scope(&of_scope, &salt, &scope);
    assert_memory_not_equal(of_scope.b, value, sizeof(value));
}

static void sums_are_added_mod_2_to_the_128(void **state)
{
    static const struct {
        struct daf_sum a, b, wanted;
    } table[] = {
        {{{0}}, {{0}}, {{0}}},
        {{{[15] = 1}}, {{[15] = 2}}, {{[15] = 3}}},
        {{{[15] = 0xff}}, {{[15] = 1}}, {{[14] = 1}}},
        {{{[0] = 0x80}}, {{[0] = 0x80}}, {{0}}},
        {{{0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
           0xff, 0xff, 0xff, 0xff, 0xff}},
         {{[15] = 1}},
         {{0x80}}},
        {{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
           0xff, 0xff, 0xff, 0xff, 0xff}},
         {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
           0xff, 0xff, 0xff, 0xff, 0xff}},
         {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
           0xff, 0xff, 0xff, 0xff, 0xfe}}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct daf_sum sum = table[i].a;

        daf_frontier_add_sum(&sum, &table[i].b);
        assert_memory_equal(sum.b, table[i].wanted.b, sizeof(sum.b));
        sum = table[i].b;
        daf_frontier_add_sum(&sum, &table[i].a);
        assert_memory_equal(sum.b, table[i].wanted.b, sizeof(sum.b));
    }
}

static void the_sum_of_two_sums_is_the_sum_of_all(void **state)
{
    struct daf_key salt = {{3}};
    struct daf_hash digests[4] = {{{1}}, {{2}}, {{3}}, {{4}}};
    struct daf_sum halves[2] = {{{0}}};
    struct daf_sum whole = {{0}};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        daf_frontier_add(&whole, &salt, &digests[i]);
        daf_frontier_add(&halves[i % 2], &salt, &digests[i]);
    }
    daf_frontier_add_sum(&halves[0], &halves[1]);
    assert_memory_equal(halves[0].b, whole.b, sizeof(whole.b));
}

static void another_salt_gives_another_value(void **state)
{
    struct daf_hash digest = {{6}};
    struct daf_key salt_a = {{1}};
    struct daf_key salt_b = {{2}};
    struct daf_sum a = {{0}};
    struct daf_sum b = {{0}};

    (void)state;
    daf_frontier_add(&a, &salt_a, &digest);
    daf_frontier_add(&b, &salt_b, &digest);
    assert_memory_not_equal(a.b, b.b, sizeof(a.b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_heads_have_equal_digests),
        cmocka_unit_test(the_digest_is_over_the_bytes_of_the_protocol),
        cmocka_unit_test(a_change_of_any_part_changes_the_digest),
        cmocka_unit_test(heads_with_other_places_are_not_equal),
        cmocka_unit_test(the_largest_frontier_has_a_digest),
        cmocka_unit_test(both_sides_come_to_the_same_salt),
        cmocka_unit_test(sums_do_not_depend_on_the_order),
        cmocka_unit_test(a_sum_carries_through_and_wraps_around),
        cmocka_unit_test(a_scope_value_is_the_hash_of_the_protocol),
        cmocka_unit_test(sums_are_added_mod_2_to_the_128),
        cmocka_unit_test(the_sum_of_two_sums_is_the_sum_of_all),
        cmocka_unit_test(another_salt_gives_another_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
