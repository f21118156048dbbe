/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/core/chance.h"
#include "sim/world/pairs.h"
#include "tests/lib/t.h"

#define NODES 80

/* Up to 3,160 pairs, so that it grows twice, and shrinks to none. */
static void it_has_what_was_added_and_not_removed(void **state)
{
    static bool expected[NODES][NODES];
    struct daf_pairs p = {.room = 0};
    struct daf_chance c;
    size_t count = 0;

    (void)state;
    daf_chance_init(&c, 1, "test", 0);
    assert_false(daf_pairs_has(&p, 0, 1));
    for (unsigned i = 0; i < 100000; i++) {
        uint32_t a = (uint32_t)daf_chance_below(&c, NODES);
        uint32_t b = (uint32_t)daf_chance_below(&c, NODES);
        bool wanted = daf_chance_below(&c, 50000) > i % 50000;
        if (a == b) continue;
        bool *has = &expected[a < b ? a : b][a < b ? b : a];
        assert_int_equal(daf_pairs_has(&p, a, b), *has);
        assert_int_equal(daf_pairs_has(&p, b, a), *has);
        if (*has && !wanted) daf_pairs_remove(&p, a, b);
        if (!*has && wanted) assert_true(daf_pairs_add(&p, a, b));
        count = count + wanted - *has;
        *has = wanted;
        assert_int_equal(p.count, count);
    }
    for (uint32_t a = 0; a < NODES; a++)
        for (uint32_t b = a + 1; b < NODES; b++)
            if (expected[a][b]) daf_pairs_remove(&p, a, b);
    assert_int_equal(p.count, 0);
    for (uint32_t b = 1; b < NODES; b++)
        assert_false(daf_pairs_has(&p, 0, b));
    assert_true(p.room >= 4096);
    daf_pairs_clear(&p);
    assert_false(daf_pairs_has(&p, 0, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_has_what_was_added_and_not_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
