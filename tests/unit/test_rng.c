/* SPDX-License-Identifier: Apache-2.0 */

/* The first draw of the zero seed is a test vector of RFC 8439 (A.1, block 1
 * of the zero key); the others were computed with Python's cryptography. */

#include "tests/lib/hex.h"
#include "tests/lib/t.h"

#include "proto/rng.h"

#include <sodium.h>
#include <string.h>

#define DRAW_BYTES_MAX 4096

static void expect(const uint8_t *got, size_t len, const char *hex)
{
    uint8_t want[64];

    assert_int_equal(daf_hex_decode(hex, want, sizeof(want)), len);
    assert_memory_equal(got, want, len);
}

static struct daf_rng zero(void)
{
    static const uint8_t seed[32];
    struct daf_rng rng;

    daf_rng_init(&rng, seed);
    return rng;
}

/* Seeded with 00 01 02 ... 1f. */
static struct daf_rng counted(void)
{
    struct daf_rng rng;
    uint8_t seed[32];

    for (uint8_t i = 0; i < 32; i++)
        seed[i] = i;
    daf_rng_init(&rng, seed);
    return rng;
}

static void draws_are_chacha20_under_keys_that_follow_each_other(void **state)
{
    struct daf_rng rng = zero();
    uint8_t out[64];

    (void)state;
    daf_rng_bytes(&rng, out, sizeof(out));
    expect(out, sizeof(out),
           "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
           "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f");
    daf_rng_bytes(&rng, out, sizeof(out));
    expect(out, sizeof(out),
           "551aaa9ba46faad528f6763dde93c03fa3b121b2ffc0533a695ed56e8fda0589"
           "a2edebfad4aed3357c7aadad9328027bb879b5574797a1b73dce7cd09f245101");
}

static void the_key_after_a_draw_is_not_the_one_before(void **state)
{
    struct daf_rng rng = zero();

    (void)state;
    daf_rng_bytes(&rng, NULL, 0);
    expect(rng.key, sizeof(rng.key),
           "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7");
}

static void one_draw_gives_up_to_4096_bytes(void **state)
{
    static uint8_t out[DRAW_BYTES_MAX + 1];
    struct daf_rng rng = counted();
    uint8_t hash[crypto_hash_sha256_BYTES];
    uint8_t first;

    (void)state;
    daf_rng_bytes(&rng, out, DRAW_BYTES_MAX);
    assert_int_equal(out[DRAW_BYTES_MAX], 0);
    crypto_hash_sha256(hash, out, DRAW_BYTES_MAX);
    expect(hash, sizeof(hash),
           "77a57110d1052eed013a508069e73118fad0594ba2e340f0018c677b66714dbf");
    first = out[0];
    rng = counted();
    memset(out, 0, sizeof(out));
    daf_rng_bytes(&rng, out, DRAW_BYTES_MAX - 1);
    assert_int_equal(out[0], first);
    assert_int_equal(out[DRAW_BYTES_MAX - 1], 0);
}

static void the_same_seed_gives_the_same_numbers_on_every_machine(void **state)
{
    struct daf_rng rng = counted();

    (void)state;
    assert_true(daf_rng_u64(&rng) == UINT64_C(1781246433763436241));
    assert_true(daf_rng_u64(&rng) == UINT64_C(13419883708181177694));
    assert_true(daf_rng_u64(&rng) == UINT64_C(9626596230154042004));
}

static void a_number_below_a_bound_is_drawn_again_if_it_would_be_unfair(
    void **state)
{
    static const uint64_t want[] = {UINT64_C(4196511671326401885),
                                    UINT64_C(403224193299266195),
                                    UINT64_C(4113387359652610632),
                                    UINT64_C(7542596196055833228)};
    static const uint64_t small[] = {1, 4, 4, 2, 4, 2, 4, 3};
    struct daf_rng rng = counted();

    (void)state;
    /* Of 2^64 numbers 2^63 - 1 would come twice: twelve draws for four. */
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
        assert_true(daf_rng_below(&rng, (UINT64_C(1) << 63) + 1) == want[i]);
    rng = counted();
    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++)
        assert_true(daf_rng_below(&rng, 10) == small[i]);
}

static void every_number_below_a_small_bound_comes_and_no_other(void **state)
{
    struct daf_rng rng = counted();
    unsigned seen[6] = {0};

    (void)state;
    for (int i = 0; i < 6000; i++) {
        uint64_t v = daf_rng_below(&rng, 6);

        assert_true(v < 6);
        seen[v]++;
    }
    /* 1000 each, give or take seven standard deviations; the seed is fixed. */
    for (size_t i = 0; i < 6; i++)
        assert_in_range(seen[i], 800, 1200);
}

static void below_one_is_zero_and_the_largest_bound_works(void **state)
{
    struct daf_rng rng = counted();

    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_true(daf_rng_below(&rng, 1) == 0);
        assert_true(daf_rng_below(&rng, UINT64_MAX) < UINT64_MAX);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_are_chacha20_under_keys_that_follow_each_other),
        cmocka_unit_test(the_key_after_a_draw_is_not_the_one_before),
        cmocka_unit_test(one_draw_gives_up_to_4096_bytes),
        cmocka_unit_test(the_same_seed_gives_the_same_numbers_on_every_machine),
        cmocka_unit_test(
            a_number_below_a_bound_is_drawn_again_if_it_would_be_unfair),
        cmocka_unit_test(every_number_below_a_small_bound_comes_and_no_other),
        cmocka_unit_test(below_one_is_zero_and_the_largest_bound_works),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
