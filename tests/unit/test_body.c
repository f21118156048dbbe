/* SPDX-License-Identifier: Apache-2.0 */

/* Expected keys are Python's hashlib.blake2b(key=..., person=...); the expected
 * ciphertext is tests/vectors/make_records.py's own XChaCha20-Poly1305. */

#include "tests/lib/hex.h"
#include "tests/lib/t.h"

#include "proto/body.h"
#include "proto/pack.h"

#include <sodium.h>
#include <string.h>

static uint8_t bytes[DAF_BODY_BYTES_MAX + 1];
static uint8_t opened[DAF_BODY_BYTES_MAX];
static uint8_t payload[DAF_PAYLOAD_BYTES_MAX + 1];

static const struct daf_view aad = {(const uint8_t *)"the header so far", 17};

/* Counting up from @first. */
static struct daf_key key_from(uint8_t first)
{
    struct daf_key key;

    for (uint8_t i = 0; i < 32; i++)
        key.b[i] = (uint8_t)(first + i);
    return key;
}

static struct daf_body_seal seal_of(size_t len)
{
    struct daf_key subject = key_from(0);
    struct daf_key generation = key_from(32);
    struct daf_body_seal seal = {.aad = aad, .payload = {payload, len}};

    seal.key = daf_body_key(&subject, &generation);
    seal.handle = daf_body_handle(&subject);
    for (uint8_t i = 0; i < 24; i++)
        seal.nonce[i] = (uint8_t)(0x40 + i);
    return seal;
}

/* Seals a payload of @len bytes into `bytes`. */
static struct daf_view sealed(size_t len)
{
    struct daf_body_seal seal = seal_of(len);
    struct daf_view v = {bytes, 0};

    assert_int_equal(daf_body_seal(&seal, bytes, sizeof(bytes), &v.len),
                     DAF_OK);
    return v;
}

static enum daf_err open_body(const struct daf_body *body, size_t *len)
{
    struct daf_key key = seal_of(0).key;

    return daf_body_open(body, &key, aad, opened, sizeof(opened), len);
}

static void expect(const uint8_t *got, size_t len, const char *hex)
{
    uint8_t want[256];

    assert_int_equal(daf_hex_decode(hex, want, sizeof(want)), len);
    assert_memory_equal(got, want, len);
}

/* ---- keys */

static void keys_ids_and_handles_are_keyed_hashes(void **state)
{
    struct daf_key subject = key_from(0);
    struct daf_key generation = key_from(32);
    struct daf_key key = daf_body_key(&subject, &generation);
    struct daf_key scope_key = daf_body_scope_key(&generation);
    uint8_t commitment[16];

    (void)state;
    expect(key.b, 32,
           "ef87ecc3ec825aaaa26939661a606b8102f83e8c8d30d00415a3726101a4cbfd");
    expect(scope_key.b, 32,
           "d2464516adb506ce4a192aec98847bc263c10fe56a5278a7c7661540f685b200");
    expect(daf_body_key_id(&key).b, 16, "ed8d0b22ffa74585433e822740d81c15");
    expect(daf_body_handle(&subject).b, 16, "86da8f23ccbd81a9879ceee737a58c7a");
    daf_body_commitment(&generation, commitment);
    expect(commitment, 16, "210783bd40d75d52fef0fd861863e490");
}

static void both_keys_are_needed_for_a_body_key(void **state)
{
    struct daf_key a = key_from(0);
    struct daf_key b = key_from(32);
    struct daf_key c = key_from(64);
    struct daf_key ab = daf_body_key(&a, &b);
    struct daf_key ac = daf_body_key(&a, &c);
    struct daf_key cb = daf_body_key(&c, &b);

    (void)state;
    assert_memory_not_equal(ab.b, ac.b, 32);
    assert_memory_not_equal(ab.b, cb.b, 32);
}

/* ---- sealing */

static void a_sealed_body_is_the_one_that_the_protocol_describes(void **state)
{
    struct daf_view v;

    (void)state;
    (void)daf_hex_decode("6576657279206c6561726e6572206b65"
                         "65707320776861742073686520646964",
                         payload, sizeof(payload));
    v = sealed(32);
    expect(v.p, v.len,
           "9501c41086da8f23ccbd81a9879ceee737a58c7ac418404142434445464748494a"
           "4b4c4d4e4f5051525354555657c410ed8d0b22ffa74585433e822740d81c15c450"
           "58a25f72982328ce4a44e366ca0cabe87bcfb05e8fcef36803601fbbb86415db54"
           "01ae6a618a6a97455608627842ac62cb9d55e9e5a3115e274dd906c42b185c9495"
           "9ba431ed482b52b55a75a84d5e91");
    expect(daf_body_hash(v).b, 32,
           "b749c8cffd2de899a527af9d8bee147e7363cb4cbe526f994fae01abd09da21d");
}

static void what_was_sealed_is_read_back(void **state)
{
    static const size_t lens[] = {0, 1, 31, 32, 33, 63, 64, 65, 300, 4096};

    (void)state;
    for (size_t i = 0; i < sizeof(payload); i++)
        payload[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        struct daf_view v = sealed(lens[i]);
        struct daf_body body;
        size_t len = 0;

        assert_int_equal(daf_body_decode(v, &body), DAF_OK);
        assert_true(body.is_sealed);
        assert_memory_equal(body.handle.b, seal_of(0).handle.b, 16);
        assert_memory_equal(body.nonce, seal_of(0).nonce, 24);
        assert_int_equal(open_body(&body, &len), DAF_OK);
        assert_int_equal(len, lens[i]);
        assert_memory_equal(opened, payload, len);
    }
}

static void a_length_tells_no_more_than_32_bytes_would(void **state)
{
    (void)state;
    assert_int_equal(sealed(0).len, sealed(31).len);
    assert_int_equal(sealed(32).len, sealed(31).len + 32);
    assert_int_equal(sealed(32).len, sealed(63).len);
}

static void the_largest_payload_fits_and_one_byte_more_does_not(void **state)
{
    (void)state;
    for (size_t len = DAF_PAYLOAD_BYTES_MAX - 1;
         len <= DAF_PAYLOAD_BYTES_MAX + 1; len++) {
        struct daf_body_seal seal = seal_of(len);
        struct daf_body body;
        struct daf_view v = {bytes, 0};
        size_t got = 0;
        enum daf_err err = daf_body_seal(&seal, bytes, len + 256, &v.len);

        if (len > DAF_PAYLOAD_BYTES_MAX) {
            assert_int_equal(err, DAF_ELIMIT);
            continue;
        }
        assert_int_equal(err, DAF_OK);
        assert_true(v.len <= DAF_BODY_BYTES_MAX);
        assert_int_equal(daf_body_decode(v, &body), DAF_OK);
        assert_int_equal(open_body(&body, &got), DAF_OK);
        assert_int_equal(got, len);
        assert_memory_equal(opened, payload, len);
    }
}

static void a_buffer_that_is_too_small_is_not_overrun(void **state)
{
    struct daf_body_seal seal = seal_of(10);
    size_t need = sealed(10).len;
    size_t len = 0;

    (void)state;
    for (size_t cap = 0; cap <= need; cap++) {
        memset(bytes, 0xee, sizeof(bytes));
        assert_int_equal(daf_body_seal(&seal, bytes, cap, &len),
                         cap < need ? DAF_ELIMIT : DAF_OK);
        assert_int_equal(bytes[cap], 0xee);
    }
    assert_int_equal(len, need);
}

static void room_for_the_payload_and_256_bytes_is_always_enough(void **state)
{
    size_t got;

    (void)state;
    for (size_t len = 0; len <= 600; len++) {
        struct daf_body_seal seal = seal_of(len);

        assert_int_equal(daf_body_seal(&seal, bytes, len + 256, &got), DAF_OK);
    }
}

/* ---- opening */

static void another_key_is_known_by_its_id_before_anything_is_tried(
    void **state)
{
    struct daf_key key = key_from(99);
    struct daf_view v = sealed(10);
    struct daf_body body;
    size_t len = 0;

    (void)state;
    assert_int_equal(daf_body_decode(v, &body), DAF_OK);
    /* Even of a body that could not be opened with any key. */
    body.content.len = 1;
    assert_int_equal(daf_body_open(&body, &key, aad, opened, sizeof(opened),
                                   &len),
                     DAF_EKEY);
}

static void a_body_does_not_open_under_another_header(void **state)
{
    struct daf_key key = seal_of(0).key;
    struct daf_view v = sealed(10);
    struct daf_view other = {(const uint8_t *)"the header so fae", 17};
    struct daf_body body;
    size_t len = 0;

    (void)state;
    assert_int_equal(daf_body_decode(v, &body), DAF_OK);
    assert_int_equal(daf_body_open(&body, &key, other, opened, sizeof(opened),
                                   &len),
                     DAF_EBODY);
    other = (struct daf_view){NULL, 0};
    assert_int_equal(daf_body_open(&body, &key, other, opened, sizeof(opened),
                                   &len),
                     DAF_EBODY);
}

static void a_sealed_body_with_any_bit_changed_is_refused(void **state)
{
    struct daf_view v = sealed(40);
    struct daf_hash hash = daf_body_hash(v);

    (void)state;
    for (size_t bit = 0; bit < 8 * v.len; bit++) {
        struct daf_hash changed;
        struct daf_body body;
        size_t len;

        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        changed = daf_body_hash(v);
        assert_memory_not_equal(changed.b, hash.b, 32);
        /* The handle is the hash's to protect; the key does not know it. */
        if (daf_body_decode(v, &body) == DAF_OK &&
            memcmp(body.handle.b, seal_of(0).handle.b, 16) == 0)
            assert_int_not_equal(open_body(&body, &len), DAF_OK);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void a_sealed_body_cut_off_anywhere_is_refused(void **state)
{
    struct daf_view v = sealed(40);
    struct daf_body body;
    size_t whole = v.len;

    (void)state;
    for (v.len = 0; v.len < whole; v.len++)
        assert_int_equal(daf_body_decode(v, &body), DAF_EFORM);
    v.len = whole + 1;
    assert_int_equal(daf_body_decode(v, &body), DAF_EFORM);
}

/* Encrypts @padded as it is, with a good key, into a body. */
static struct daf_body crafted(const uint8_t *padded, size_t len)
{
    struct daf_body_seal seal = seal_of(0);
    struct daf_body body = {.is_sealed = true, .content = {bytes, len + 16}};

    body.key_id = daf_body_key_id(&seal.key);
    memcpy(body.nonce, seal.nonce, sizeof(body.nonce));
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(bytes, NULL, padded, len,
                                                     aad.p, aad.len, NULL,
                                                     seal.nonce, seal.key.b);
    return body;
}

static void padding_that_is_none_is_refused(void **state)
{
    uint8_t padded[64] = {0};
    struct daf_body body = crafted(padded, 32);
    size_t len;

    (void)state;
    assert_int_equal(open_body(&body, &len), DAF_EBODY);
    /* The mark is not in the last block. */
    padded[31] = 0x80;
    body = crafted(padded, 64);
    assert_int_equal(open_body(&body, &len), DAF_EBODY);
    padded[32] = 0x80;
    body = crafted(padded, 64);
    assert_int_equal(open_body(&body, &len), DAF_OK);
    assert_int_equal(len, 32);
    padded[63] = 1;
    body = crafted(padded, 64);
    assert_int_equal(open_body(&body, &len), DAF_EBODY);
    /* What did not count does not stay behind. */
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(opened[i], 0);
}

static void a_plaintext_of_no_whole_blocks_is_refused(void **state)
{
    uint8_t padded[97];
    size_t len;

    (void)state;
    for (size_t n = 0; n <= sizeof(padded); n++) {
        struct daf_body body;

        memset(padded, 0, sizeof(padded));
        if (n > 0) padded[n - 1] = 0x80;
        body = crafted(padded, n);
        assert_int_equal(open_body(&body, &len),
                         n > 0 && n % DAF_PAD_BYTES == 0 ? DAF_OK : DAF_EBODY);
    }
    for (size_t n = 0; n < 16; n++) {
        struct daf_body body = crafted(padded, 32);

        body.content.len = n;
        assert_int_equal(open_body(&body, &len), DAF_EBODY);
    }
}

static void a_plain_body_is_not_opened(void **state)
{
    struct daf_body body = {.is_sealed = false};
    size_t len;

    (void)state;
    assert_int_equal(open_body(&body, &len), DAF_EBODY);
}

static void a_place_too_small_for_the_payload_is_not_written(void **state)
{
    struct daf_key key = seal_of(0).key;
    struct daf_body body;
    size_t len;

    (void)state;
    assert_int_equal(daf_body_decode(sealed(40), &body), DAF_OK);
    memset(opened, 0xee, sizeof(opened));
    assert_int_equal(daf_body_open(&body, &key, aad, opened, 63, &len),
                     DAF_ELIMIT);
    assert_int_equal(opened[0], 0xee);
    assert_int_equal(daf_body_open(&body, &key, aad, opened, 64, &len), DAF_OK);
    assert_int_equal(opened[64], 0xee);
}

/* ---- plain bodies, and the form of both */

static void a_plain_body_is_read_back(void **state)
{
    struct daf_view v = {bytes, 0};
    struct daf_view in = {(const uint8_t *)"\x92\xa1x\x80", 4};
    struct daf_body body;

    (void)state;
    assert_int_equal(daf_body_plain(in, bytes, sizeof(bytes), &v.len), DAF_OK);
    expect(v.p, v.len, "9200c40492a17880");
    assert_int_equal(daf_body_decode(v, &body), DAF_OK);
    assert_false(body.is_sealed);
    assert_int_equal(body.content.len, 4);
    assert_memory_equal(body.content.p, in.p, 4);
    for (size_t cap = 0; cap < v.len; cap++)
        assert_int_equal(daf_body_plain(in, opened, cap, &v.len), DAF_ELIMIT);
}

static void a_plain_payload_has_the_same_limit(void **state)
{
    size_t len;

    (void)state;
    for (size_t n = DAF_PAYLOAD_BYTES_MAX - 1; n <= DAF_PAYLOAD_BYTES_MAX + 1;
         n++)
        assert_int_equal(daf_body_plain((struct daf_view){payload, n}, bytes,
                                        sizeof(bytes), &len),
                         n <= DAF_PAYLOAD_BYTES_MAX ? DAF_OK : DAF_ELIMIT);
}

static void a_body_may_have_64_kib_and_not_a_byte_more(void **state)
{
    struct daf_body body;

    (void)state;
    for (size_t len = DAF_BODY_BYTES_MAX - 1; len <= DAF_BODY_BYTES_MAX + 1;
         len++) {
        struct daf_pack k;

        /* [0, bin16 ...], or one byte more than a body may have. */
        daf_pack_init(&k, bytes, sizeof(bytes));
        daf_pack_array(&k, 2);
        daf_pack_uint(&k, 0);
        assert_non_null(daf_pack_bin_room(&k, len - 5));
        assert_int_equal(daf_pack_view(&k).len, len);
        assert_int_equal(daf_body_decode(daf_pack_view(&k), &body),
                         len <= DAF_BODY_BYTES_MAX ? DAF_OK : DAF_ELIMIT);
    }
}

static void a_body_of_another_form_is_refused(void **state)
{
    static const struct {
        const char *hex;
        enum daf_err err;
    } rows[] = {
        {"", DAF_EFORM},
        {"c0", DAF_EFORM},
        {"90", DAF_EFORM},
        {"9100", DAF_EFORM},
        {"9200a0", DAF_EFORM},       /* text */
        {"9200c0", DAF_EFORM},       /* nil */
        {"9201c400", DAF_EFORM},     /* sealed, with plain's items */
        {"9202c400", DAF_ELIMIT},    /* neither */
        {"92c2c400", DAF_EFORM},     /* false is no number */
        {"9300c400c400", DAF_EFORM}, /* more items */
        {"9200c400c0", DAF_EFORM},   /* bytes after it */
        {"9200c50000", DAF_EFORM},   /* a longer form */
        {"9500c400c400c400c400", DAF_EFORM},
        {"9501c400c400c400c400", DAF_EFORM},
    };
    struct daf_body body = {.nonce = {99}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct daf_view v = {bytes,
                             daf_hex_decode(rows[i].hex, bytes, sizeof(bytes))};

        assert_int_equal(daf_body_decode(v, &body), rows[i].err);
        assert_int_equal(body.nonce[0], 99);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_ids_and_handles_are_keyed_hashes),
        cmocka_unit_test(both_keys_are_needed_for_a_body_key),
        cmocka_unit_test(a_sealed_body_is_the_one_that_the_protocol_describes),
        cmocka_unit_test(what_was_sealed_is_read_back),
        cmocka_unit_test(a_length_tells_no_more_than_32_bytes_would),
        cmocka_unit_test(the_largest_payload_fits_and_one_byte_more_does_not),
        cmocka_unit_test(a_buffer_that_is_too_small_is_not_overrun),
        cmocka_unit_test(room_for_the_payload_and_256_bytes_is_always_enough),
        cmocka_unit_test(
            another_key_is_known_by_its_id_before_anything_is_tried),
        cmocka_unit_test(a_body_does_not_open_under_another_header),
        cmocka_unit_test(a_sealed_body_with_any_bit_changed_is_refused),
        cmocka_unit_test(a_sealed_body_cut_off_anywhere_is_refused),
        cmocka_unit_test(padding_that_is_none_is_refused),
        cmocka_unit_test(a_plaintext_of_no_whole_blocks_is_refused),
        cmocka_unit_test(a_plain_body_is_not_opened),
        cmocka_unit_test(a_place_too_small_for_the_payload_is_not_written),
        cmocka_unit_test(a_plain_body_is_read_back),
        cmocka_unit_test(a_plain_payload_has_the_same_limit),
        cmocka_unit_test(a_body_may_have_64_kib_and_not_a_byte_more),
        cmocka_unit_test(a_body_of_another_form_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
