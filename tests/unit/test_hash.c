/* SPDX-License-Identifier: Apache-2.0 */

/* The expected values are Python's: hashlib.blake2b(person=...) and the
 * cryptography package's Ed25519, over keys and texts that count upwards. */

#include "tests/lib/hex.h"
#include "tests/lib/t.h"

#include "proto/hash.h"
#include "proto/limits.h"

#include <sodium.h>
#include <string.h>

static const struct daf_view empty = {NULL, 0};
static const struct daf_view abc = {(const uint8_t *)"abc", 3};

/* 00 01 02 ... 1f */
static void count_up(uint8_t out[32])
{
    for (uint8_t i = 0; i < 32; i++)
        out[i] = i;
}

/* What the long texts are made of; 251 so that no block repeats. */
static void fill(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(i % 251);
}

static void expect(const uint8_t *got, size_t len, const char *hex)
{
    uint8_t want[64];

    assert_int_equal(daf_hex_decode(hex, want, sizeof(want)), len);
    assert_memory_equal(got, want, len);
}

static void a_hash_is_blake2b_with_its_purpose(void **state)
{
    static uint8_t text[70000];
    uint8_t out[32];

    (void)state;
    daf_hash_256("daf.body.1", empty, out);
    expect(out, 32,
           "f8489e0f69aa678c7b1fc2fa6a767c3f07333ac7fea3d0ca89c4c2d4c15d1064");
    daf_hash_256("daf.body.1", abc, out);
    expect(out, 32,
           "72fb678a3e025578d2f5c617ae6e70d2ddc56f06e94f0f0e065f5a5f3f1a6f31");
    fill(text, sizeof(text));
    daf_hash_256("daf.body.1", (struct daf_view){text, sizeof(text)}, out);
    expect(out, 32,
           "e4fa6684a4e365695f6152dd1495f6842e3a4013f823b9649f489eacf1eaa5f2");
}

static void another_purpose_gives_another_hash(void **state)
{
    uint8_t out[32];

    (void)state;
    daf_hash_256("daf.rec.1", abc, out);
    expect(out, 32,
           "19aff2b3e8a2b7b1d129254400de756c0f414849e5295f0b7460877360dce06a");
}

static void a_purpose_may_have_sixteen_letters(void **state)
{
    uint8_t out[32];

    (void)state;
    daf_hash_256("sixteen.letters.", abc, out);
    expect(out, 32,
           "1ed3e6f11c79cd1686b4739460509b7749dd5e2832f99338ad53b67fa7948f34");
}

static void the_short_hash_is_not_the_long_one_cut_off(void **state)
{
    uint8_t out[16];

    (void)state;
    daf_hash_128("daf.body.1", abc, out);
    expect(out, 16, "694e47cc98bdd2581e0a574153336601");
}

static void bytes_in_pieces_hash_as_they_do_at_once(void **state)
{
    uint8_t bytes[1000], want[32], got[32];
    struct daf_hash_stream h, copy;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 7);
    daf_hash_256("daf.test.1", (struct daf_view){bytes, sizeof(bytes)}, want);
    for (size_t cut = 0; cut <= sizeof(bytes); cut += 25) {
        daf_hash_begin(&h, "daf.test.1");
        daf_hash_add(&h, (struct daf_view){bytes, cut});
        copy = h; /* may lie anywhere, and be gone on with twice */
        daf_hash_add(&h, (struct daf_view){bytes + cut, sizeof(bytes) - cut});
        daf_hash_end(&h, got);
        assert_memory_equal(got, want, 32);
        daf_hash_add(&copy,
                     (struct daf_view){bytes + cut, sizeof(bytes) - cut});
        daf_hash_end(&copy, got);
        assert_memory_equal(got, want, 32);
    }
}

static void a_keyed_hash_depends_on_its_key(void **state)
{
    uint8_t key[32];
    uint8_t out[32];

    (void)state;
    count_up(key);
    daf_hash_keyed_256("daf.key.1", key, abc, out);
    expect(out, 32,
           "3ab6752352e15f931ba1e9fa1252debda8bb43fb41d7c36f0fd3d9ebdeb82482");
    daf_hash_keyed_256("daf.key.2", key, empty, out);
    expect(out, 32,
           "7e9d39ebab639ded9a969e5c7b19aa482b0738f5fb62b439a99d40f3ee11bb5a");
    daf_hash_keyed_128("daf.kid.1", key, empty, out);
    expect(out, 16, "e9a923ca65053714587fd3f7651e09ca");
}

static void a_scope_id_hashes_camp_and_name(void **state)
{
    struct daf_camp_id camp;
    struct daf_scope_id id;
    char name[201];

    (void)state;
    count_up(camp.b);
    id = daf_hash_scope_id(&camp, "class:1");
    expect(id.b, 16, "d0f88af67cc8ed2c67938de31729da3a");
    id = daf_hash_scope_id(&camp, "");
    expect(id.b, 16, "ef1834ca323c80119c3dced384ddd7ba");
    memset(name, 'x', 200);
    name[200] = '\0';
    id = daf_hash_scope_id(&camp, name);
    expect(id.b, 16, "e358ba77a413bbfae9d34f1900cf34e7");
}

/* The key pair of the seed that counts up. */
static void pair(struct daf_sign_pk *pk, struct daf_sign_sk *sk)
{
    uint8_t seed[32];

    count_up(seed);
    assert_int_equal(crypto_sign_seed_keypair(pk->b, sk->b, seed), 0);
}

static void an_author_id_hashes_the_signing_key(void **state)
{
    struct daf_sign_pk pk;
    struct daf_sign_sk sk;
    struct daf_author_id id;

    (void)state;
    pair(&pk, &sk);
    expect(pk.b, 32,
           "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8");
    id = daf_hash_author_id(&pk);
    expect(id.b, 16, "23b8b27f8aed26fbeaff62ce9442ff2c");
}

static void a_signature_is_over_the_padded_purpose_and_the_bytes(void **state)
{
    struct daf_sign_pk pk;
    struct daf_sign_sk sk;
    struct daf_sig sig;

    (void)state;
    pair(&pk, &sk);
    daf_hash_sign("daf.rec.1", abc, &sk, &sig);
    expect(sig.b, 64,
           "a651773842249b7e49482d4f9450d2649a269d0cfacc4a129da3d76689a17aa3"
           "2d4823e883b351b793b5a53ab016d9d4a9b22d4f64d5a0eba41d9e6a3090e40a");
    assert_true(daf_hash_verify("daf.rec.1", abc, &pk, &sig));
    assert_false(daf_hash_verify("daf.rec.2", abc, &pk, &sig));
    assert_false(daf_hash_verify("daf.rec.1", empty, &pk, &sig));
    daf_hash_sign("daf.rec.1", empty, &sk, &sig);
    expect(sig.b, 64,
           "9564fbb1d45b12e5a53e413a4622485f9f57e3e5953f694a4832f659c5c3ee04"
           "f948172f70cb2e7079e75a1071aa5b5c568154396943ad70b88fbfa3adffd401");
    assert_true(daf_hash_verify("daf.rec.1", empty, &pk, &sig));
}

static void as_much_is_signed_as_a_door_frame_holds(void **state)
{
    static uint8_t text[DAF_DOOR_BYTES_MAX + 1];
    struct daf_view x = {text, DAF_DOOR_BYTES_MAX};
    struct daf_sign_pk pk;
    struct daf_sign_sk sk;
    struct daf_sig sig;

    (void)state;
    pair(&pk, &sk);
    fill(text, sizeof(text));
    daf_hash_sign("daf.door.1", x, &sk, &sig);
    expect(sig.b, 64,
           "93e979fdabf5fc9646dc281262daca999ffcffce594f47f5ffaf30fab178a9b8"
           "c6940583efbaffb020635b5706be911e2614b1b29a051a4eb69f48a032c64b02");
    assert_true(daf_hash_verify("daf.door.1", x, &pk, &sig));
    x.len = DAF_DOOR_BYTES_MAX - 1;
    daf_hash_sign("daf.door.1", x, &sk, &sig);
    assert_true(daf_hash_verify("daf.door.1", x, &pk, &sig));
}

static void more_than_a_door_frame_never_verifies(void **state)
{
    static uint8_t text[16 + DAF_DOOR_BYTES_MAX + 1] = "daf.door.1";
    struct daf_view x = {text + 16, DAF_DOOR_BYTES_MAX + 1};
    struct daf_sign_pk pk;
    struct daf_sign_sk sk;
    struct daf_sig sig;

    (void)state;
    pair(&pk, &sk);
    /* A good signature, made without daf_hash_sign()'s limit. */
    assert_int_equal(crypto_sign_detached(sig.b, NULL, text, sizeof(text),
                                          sk.b),
                     0);
    assert_false(daf_hash_verify("daf.door.1", x, &pk, &sig));
}

static void a_signature_with_any_bit_changed_does_not_verify(void **state)
{
    struct daf_sign_pk pk;
    struct daf_sign_sk sk;
    struct daf_sig sig;

    (void)state;
    pair(&pk, &sk);
    daf_hash_sign("daf.rec.1", abc, &sk, &sig);
    for (size_t bit = 0; bit < 8 * sizeof(sig.b); bit++) {
        struct daf_sig bad = sig;

        bad.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(daf_hash_verify("daf.rec.1", abc, &pk, &bad));
    }
    for (size_t bit = 0; bit < 8 * sizeof(pk.b); bit++) {
        struct daf_sign_pk bad = pk;

        bad.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(daf_hash_verify("daf.rec.1", abc, &bad, &sig));
    }
}

static void a_key_of_small_order_verifies_nothing(void **state)
{
    /* With the neutral point as key, R = S*B holds for every message. */
    struct daf_sign_pk pk = {{1}};
    struct daf_sig sig = {{1}};

    (void)state;
    assert_false(daf_hash_verify("daf.rec.1", abc, &pk, &sig));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_is_blake2b_with_its_purpose),
        cmocka_unit_test(another_purpose_gives_another_hash),
        cmocka_unit_test(a_purpose_may_have_sixteen_letters),
        cmocka_unit_test(the_short_hash_is_not_the_long_one_cut_off),
        cmocka_unit_test(bytes_in_pieces_hash_as_they_do_at_once),
        cmocka_unit_test(a_keyed_hash_depends_on_its_key),
        cmocka_unit_test(a_scope_id_hashes_camp_and_name),
        cmocka_unit_test(an_author_id_hashes_the_signing_key),
        cmocka_unit_test(a_signature_is_over_the_padded_purpose_and_the_bytes),
        cmocka_unit_test(as_much_is_signed_as_a_door_frame_holds),
        cmocka_unit_test(more_than_a_door_frame_never_verifies),
        cmocka_unit_test(a_signature_with_any_bit_changed_does_not_verify),
        cmocka_unit_test(a_key_of_small_order_verifies_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
