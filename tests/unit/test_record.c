/* SPDX-License-Identifier: Apache-2.0 */

/* Header bytes made by another hand are in test_vectors.c; here are the limits
 * and what is refused. */

#include "tests/lib/t.h"

#include "proto/hash.h"
#include "proto/pack.h"
#include "proto/record.h"

#include <sodium.h>
#include <string.h>

static struct daf_sign_pk pk;
static struct daf_sign_sk sk;
static uint8_t header[DAF_HEADER_BYTES_MAX];
static uint8_t ext[DAF_EXT_BYTES_MAX + 1];

static int make_keys(void **state)
{
    uint8_t seed[32] = {1};

    (void)state;
    return crypto_sign_seed_keypair(pk.b, sk.b, seed);
}

/* The second record of a log. */
static struct daf_record second(void)
{
    struct daf_record r = {
        .log = {.scope = {{0x5c}}, .incarnation = 7},
        .seq = 2,
        .prev = {{0xab}},
        .claimed_ms = 1760000000000,
        .boot = 3,
        .time_quality = DAF_TIME_CLOCK,
        .retention = DAF_RETENTION_PROGRESS,
        .body_hash = {{0xb0}},
        .body_len = 300,
        .ext = {ext, 5},
    };

    r.log.author = daf_hash_author_id(&pk);
    return r;
}

static struct daf_view signed_header(struct daf_record *r)
{
    return (struct daf_view){header, daf_record_sign(r, &sk, header)};
}

static void expect_equal(const struct daf_record *a, const struct daf_record *b)
{
    assert_memory_equal(a->log.scope.b, b->log.scope.b, 16);
    assert_memory_equal(a->log.author.b, b->log.author.b, 16);
    assert_true(a->log.incarnation == b->log.incarnation);
    assert_true(a->seq == b->seq);
    assert_memory_equal(a->prev.b, b->prev.b, 32);
    assert_true(a->claimed_ms == b->claimed_ms);
    assert_true(a->boot == b->boot);
    assert_int_equal(a->time_quality, b->time_quality);
    assert_int_equal(a->retention, b->retention);
    assert_memory_equal(a->body_hash.b, b->body_hash.b, 32);
    assert_int_equal(a->body_len, b->body_len);
    assert_int_equal(a->ext.len, b->ext.len);
    assert_memory_equal(a->ext.p, b->ext.p, a->ext.len);
    assert_memory_equal(a->sig.b, b->sig.b, 64);
    assert_memory_equal(a->id.b, b->id.b, 32);
    assert_int_equal(a->aad_len, b->aad_len);
    assert_int_equal(a->signed_len, b->signed_len);
}

static void what_was_signed_is_read_back(void **state)
{
    struct daf_record r = second();
    struct daf_view bytes = signed_header(&r);
    struct daf_record got;

    (void)state;
    assert_int_equal(daf_record_decode(bytes, &got), DAF_OK);
    expect_equal(&r, &got);
    assert_int_equal(daf_record_verify(bytes, &got, &pk), DAF_OK);
    assert_int_equal(got.signed_len, bytes.len - 2 - 64);
}

static void a_prefix_is_what_comes_before_the_body_hash(void **state)
{
    struct daf_record r = second();
    uint8_t prefix[DAF_HEADER_BYTES_MAX];
    size_t len = daf_record_prefix(&r, prefix);

    (void)state;
    (void)signed_header(&r);
    assert_int_equal(r.aad_len, len);
    assert_memory_equal(header, prefix, len);
    /* The next thing is bin32, the hash of the body. */
    assert_memory_equal(header + len, "\xc4\x20\xb0", 3);
}

/* ---- limits */

/* Packs a header field by field without any check, signature and all. */
struct raw {
    size_t count;
    uint64_t version, incarnation, seq;
    bool has_prev;
    uint64_t claimed_ms, boot, time_quality, retention, body_len;
    size_t scope_len, ext_len, sig_len;
};

static struct raw good(void)
{
    return (struct raw){.count = 14,
                        .version = 1,
                        .seq = 2,
                        .has_prev = true,
                        .scope_len = 16,
                        .sig_len = 64};
}

static enum daf_err decode_raw(struct raw raw)
{
    static const uint8_t zeros[DAF_HEADER_BYTES_MAX];
    struct daf_record got;
    struct daf_pack k;

    daf_pack_init(&k, header, sizeof(header));
    daf_pack_array(&k, raw.count);
    daf_pack_uint(&k, raw.version);
    daf_pack_bin(&k, zeros, raw.scope_len);
    daf_pack_bin(&k, zeros, 16);
    daf_pack_uint(&k, raw.incarnation);
    daf_pack_uint(&k, raw.seq);
    if (raw.has_prev)
        daf_pack_bin(&k, zeros, 32);
    else
        daf_pack_nil(&k);
    daf_pack_uint(&k, raw.claimed_ms);
    daf_pack_uint(&k, raw.boot);
    daf_pack_uint(&k, raw.time_quality);
    daf_pack_uint(&k, raw.retention);
    daf_pack_bin(&k, zeros, 32);
    daf_pack_uint(&k, raw.body_len);
    daf_pack_bin(&k, zeros, raw.ext_len);
    daf_pack_bin(&k, zeros, raw.sig_len);
    assert_false(k.is_full);
    return daf_record_decode(daf_pack_view(&k), &got);
}

static void a_number_may_be_at_its_limit_and_not_above(void **state)
{
    static const struct {
        size_t field;
        uint64_t max;
    } rows[] = {
        {offsetof(struct raw, seq), DAF_INT_MAX},
        {offsetof(struct raw, claimed_ms), DAF_INT_MAX},
        {offsetof(struct raw, boot), DAF_INT_MAX},
        {offsetof(struct raw, time_quality), 3},
        {offsetof(struct raw, retention), 255},
        {offsetof(struct raw, body_len), DAF_BODY_BYTES_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (uint64_t v = rows[i].max - 1; v <= rows[i].max + 1; v++) {
            struct raw raw = good();

            memcpy((char *)&raw + rows[i].field, &v, sizeof(v));
            assert_int_equal(decode_raw(raw),
                             v <= rows[i].max ? DAF_OK : DAF_ELIMIT);
        }
    }
}

static void an_incarnation_may_be_any_of_64_bits(void **state)
{
    struct raw raw = good();

    (void)state;
    raw.incarnation = UINT64_MAX;
    assert_int_equal(decode_raw(raw), DAF_OK);
    raw.incarnation = 0;
    assert_int_equal(decode_raw(raw), DAF_OK);
}

static void an_extension_may_have_64_bytes_and_not_65(void **state)
{
    struct raw raw = good();

    (void)state;
    for (raw.ext_len = DAF_EXT_BYTES_MAX - 1;
         raw.ext_len <= DAF_EXT_BYTES_MAX + 1; raw.ext_len++)
        assert_int_equal(decode_raw(raw), raw.ext_len <= DAF_EXT_BYTES_MAX
                                              ? DAF_OK
                                              : DAF_ELIMIT);
}

static void a_header_beyond_512_bytes_is_not_even_read(void **state)
{
    static uint8_t bytes[DAF_HEADER_BYTES_MAX + 1];
    struct daf_record got;

    (void)state;
    for (size_t len = DAF_HEADER_BYTES_MAX - 1; len <= DAF_HEADER_BYTES_MAX + 1;
         len++)
        assert_int_equal(daf_record_decode((struct daf_view){bytes, len}, &got),
                         len <= DAF_HEADER_BYTES_MAX ? DAF_EFORM : DAF_ELIMIT);
}

static void the_largest_header_fits(void **state)
{
    struct daf_record r = second();
    struct daf_view bytes;
    struct daf_record got;

    (void)state;
    r.log.incarnation = UINT64_MAX;
    r.seq = r.claimed_ms = r.boot = DAF_INT_MAX;
    r.time_quality = 3;
    r.retention = 255;
    r.body_len = DAF_BODY_BYTES_MAX;
    r.ext.len = DAF_EXT_BYTES_MAX;
    bytes = signed_header(&r);
    assert_int_equal(bytes.len, 282);
    assert_int_equal(daf_record_decode(bytes, &got), DAF_OK);
    expect_equal(&r, &got);
}

/* ---- refused */

static void the_first_record_has_no_predecessor_and_every_other_one(
    void **state)
{
    struct raw raw = good();

    (void)state;
    raw.has_prev = false;
    assert_int_equal(decode_raw(raw), DAF_EFORM);
    raw.seq = 1;
    assert_int_equal(decode_raw(raw), DAF_OK);
    raw.has_prev = true;
    assert_int_equal(decode_raw(raw), DAF_EFORM);
    raw.seq = 0;
    assert_int_equal(decode_raw(raw), DAF_EFORM);
    raw.has_prev = false;
    assert_int_equal(decode_raw(raw), DAF_EFORM);
}

static void another_version_is_told_from_nonsense(void **state)
{
    struct raw raw = good();

    (void)state;
    raw.version = 2;
    assert_int_equal(decode_raw(raw), DAF_EVERSION);
    raw.count = 15; /* a later version may have more items */
    assert_int_equal(decode_raw(raw), DAF_EVERSION);
    raw.version = 1;
    assert_int_equal(decode_raw(raw), DAF_EFORM);
    raw.count = 13;
    assert_int_equal(decode_raw(raw), DAF_EFORM);
    raw.count = 14;
    raw.version = 0;
    assert_int_equal(decode_raw(raw), DAF_EVERSION);
}

static void an_id_of_another_length_is_refused(void **state)
{
    struct raw raw = good();

    (void)state;
    raw.scope_len = 15;
    assert_int_equal(decode_raw(raw), DAF_EFORM);
    raw.scope_len = 17;
    assert_int_equal(decode_raw(raw), DAF_EFORM);
    raw = good();
    raw.sig_len = 63;
    assert_int_equal(decode_raw(raw), DAF_EFORM);
    raw.sig_len = 65;
    assert_int_equal(decode_raw(raw), DAF_EFORM);
}

static void a_header_cut_off_anywhere_is_refused(void **state)
{
    struct daf_record r = second();
    struct daf_view bytes = signed_header(&r);
    struct daf_record got = {.seq = 99};
    size_t whole = bytes.len;

    (void)state;
    for (bytes.len = 0; bytes.len < whole; bytes.len++)
        assert_int_equal(daf_record_decode(bytes, &got), DAF_EFORM);
    bytes.len = whole + 1;
    assert_int_equal(daf_record_decode(bytes, &got), DAF_EFORM);
    /* Nothing was written while anything was wrong. */
    assert_int_equal(got.seq, 99);
}

static void a_header_with_any_bit_changed_is_refused(void **state)
{
    struct daf_record r = second();
    struct daf_view bytes = signed_header(&r);

    (void)state;
    for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
        struct daf_record got;

        header[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (daf_record_decode(bytes, &got) == DAF_OK) {
            assert_int_not_equal(daf_record_verify(bytes, &got, &pk), DAF_OK);
            assert_memory_not_equal(got.id.b, r.id.b, 32);
        }
        header[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void a_header_is_its_authors_and_nobody_elses(void **state)
{
    struct daf_record r = second();
    struct daf_view bytes = signed_header(&r);
    uint8_t seed[32] = {2};
    struct daf_sign_pk other_pk;
    struct daf_sign_sk other_sk;
    struct daf_record got;

    (void)state;
    (void)crypto_sign_seed_keypair(other_pk.b, other_sk.b, seed);
    assert_int_equal(daf_record_decode(bytes, &got), DAF_OK);
    assert_int_equal(daf_record_verify(bytes, &got, &other_pk), DAF_EAUTHOR);
    /* Signed by another in the author's name. */
    bytes.len = daf_record_sign(&r, &other_sk, header);
    assert_int_equal(daf_record_decode(bytes, &got), DAF_OK);
    assert_int_equal(daf_record_verify(bytes, &got, &other_pk), DAF_EAUTHOR);
    assert_int_equal(daf_record_verify(bytes, &got, &pk), DAF_ESIG);
}

static void a_signature_for_another_purpose_is_none(void **state)
{
    struct daf_record r = second();
    struct daf_view bytes = signed_header(&r);
    struct daf_record got;
    struct daf_sig sig;

    (void)state;
    daf_hash_sign("daf.cert.1", (struct daf_view){header, r.signed_len}, &sk,
                  &sig);
    memcpy(header + bytes.len - 64, sig.b, 64);
    assert_int_equal(daf_record_decode(bytes, &got), DAF_OK);
    assert_int_equal(daf_record_verify(bytes, &got, &pk), DAF_ESIG);
}

/* ---- order */

static void a_record_follows_the_one_it_names(void **state)
{
    struct daf_record a = second();
    struct daf_record b = second();

    (void)state;
    (void)signed_header(&a);
    b.seq = 3;
    b.prev = a.id;
    assert_true(daf_record_follows(&a, &b));
    assert_false(daf_record_follows(&b, &a));
    assert_false(daf_record_follows(&a, &a));
}

static void a_record_follows_nothing_else(void **state)
{
    struct daf_record a = second();
    struct daf_record b = second();
    struct daf_record c;

    (void)state;
    (void)signed_header(&a);
    b.seq = 3;
    b.prev = a.id;
    c = b;
    c.prev.b[31] ^= 1;
    assert_false(daf_record_follows(&a, &c));
    c = b;
    c.seq = 4;
    assert_false(daf_record_follows(&a, &c));
    c = b;
    c.log.scope.b[15] ^= 1;
    assert_false(daf_record_follows(&a, &c));
    c = b;
    c.log.author.b[0] ^= 1;
    assert_false(daf_record_follows(&a, &c));
    c = b;
    c.log.incarnation++;
    assert_false(daf_record_follows(&a, &c));
}

static void a_first_record_follows_nothing(void **state)
{
    struct daf_record nothing = {.seq = 0};
    struct daf_record first = {.seq = 1};

    (void)state;
    assert_false(daf_record_follows(&nothing, &first));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_signed_is_read_back),
        cmocka_unit_test(a_prefix_is_what_comes_before_the_body_hash),
        cmocka_unit_test(a_number_may_be_at_its_limit_and_not_above),
        cmocka_unit_test(an_incarnation_may_be_any_of_64_bits),
        cmocka_unit_test(an_extension_may_have_64_bytes_and_not_65),
        cmocka_unit_test(a_header_beyond_512_bytes_is_not_even_read),
        cmocka_unit_test(the_largest_header_fits),
        cmocka_unit_test(
            the_first_record_has_no_predecessor_and_every_other_one),
        cmocka_unit_test(another_version_is_told_from_nonsense),
        cmocka_unit_test(an_id_of_another_length_is_refused),
        cmocka_unit_test(a_header_cut_off_anywhere_is_refused),
        cmocka_unit_test(a_header_with_any_bit_changed_is_refused),
        cmocka_unit_test(a_header_is_its_authors_and_nobody_elses),
        cmocka_unit_test(a_signature_for_another_purpose_is_none),
        cmocka_unit_test(a_record_follows_the_one_it_names),
        cmocka_unit_test(a_record_follows_nothing_else),
        cmocka_unit_test(a_first_record_follows_nothing),
    };

    return cmocka_run_group_tests(tests, make_keys, NULL);
}
