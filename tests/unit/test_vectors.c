/* SPDX-License-Identifier: Apache-2.0 */

/* Golden records, made by tests/vectors/make_records.py without our code: what
 * it wrote is decoded, and what it was told is encoded, byte for byte.  A change
 * here is a change of the protocol. */

#include "tests/lib/hex.h"
#include "tests/lib/t.h"

#include "proto/body.h"
#include "proto/hash.h"
#include "proto/record.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VECTORS DAF_SOURCE_DIR "/tests/vectors/records.json"

static json_t *file;

static int load(void **state)
{
    json_error_t error;

    (void)state;
    file = json_load_file(VECTORS, 0, &error);
    if (file == NULL) (void)fprintf(stderr, "%s: %s\n", VECTORS, error.text);
    return file != NULL ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    json_decref(file);
    return 0;
}

/* ---- fields */

static const char *text_of(const json_t *object, const char *name)
{
    const char *s = json_string_value(json_object_get(object, name));

    assert_non_null(s);
    return s;
}

static uint64_t number_of(const json_t *object, const char *name)
{
    char *end;
    uint64_t v = strtoull(text_of(object, name), &end, 10);

    assert_true(*end == '\0');
    return v;
}

/* Fills @out, whose length the field must have. */
static void copy_of(const json_t *object, const char *name, uint8_t *out,
                    size_t len)
{
    assert_int_equal(daf_hex_decode(text_of(object, name), out, len), len);
}

static void expect(const json_t *object, const char *name, const void *got,
                   size_t len)
{
    static uint8_t want[DAF_BODY_BYTES_MAX];

    assert_int_equal(daf_hex_decode(text_of(object, name), want, sizeof(want)),
                     len);
    if (len > 0) assert_memory_equal(got, want, len);
}

/* A field of any length, in @room. */
static struct daf_view view_of(const json_t *object, const char *name,
                               uint8_t *room, size_t cap)
{
    return (struct daf_view){room,
                             daf_hex_decode(text_of(object, name), room, cap)};
}

static bool is_null(const json_t *object, const char *name)
{
    return json_is_null(json_object_get(object, name));
}

/* Runs @check on each record of the file. */
static void for_each(void (*check)(const json_t *record))
{
    json_t *records = json_object_get(file, "records");
    json_t *record;
    size_t i;

    assert_true(json_array_size(records) >= 9);
    json_array_foreach(records, i, record)
    {
        print_message("             %s\n", text_of(record, "story"));
        check(record);
    }
}

/* ---- names */

static void check_names(const json_t *v)
{
    uint8_t seed[32];
    struct daf_camp_id camp;
    struct daf_scope_id scope;
    struct daf_author_id author;
    struct daf_sign_pk pk;
    struct daf_sign_sk sk;

    copy_of(v, "seed", seed, sizeof(seed));
    assert_int_equal(crypto_sign_seed_keypair(pk.b, sk.b, seed), 0);
    expect(v, "public_key", pk.b, sizeof(pk.b));
    author = daf_hash_author_id(&pk);
    expect(v, "author", author.b, sizeof(author.b));
    copy_of(v, "camp", camp.b, sizeof(camp.b));
    scope = daf_hash_scope_id(&camp, text_of(v, "scope_name"));
    expect(v, "scope", scope.b, sizeof(scope.b));
}

static void names_are_the_golden_hashes(void **state)
{
    (void)state;
    for_each(check_names);
}

/* ---- headers */

static void check_decoded(const json_t *v)
{
    uint8_t room[DAF_HEADER_BYTES_MAX];
    struct daf_view bytes = view_of(v, "header", room, sizeof(room));
    struct daf_sign_pk pk;
    struct daf_record r;

    assert_int_equal(daf_record_decode(bytes, &r), DAF_OK);
    expect(v, "scope", r.log.scope.b, sizeof(r.log.scope.b));
    expect(v, "author", r.log.author.b, sizeof(r.log.author.b));
    assert_true(r.log.incarnation == number_of(v, "incarnation"));
    assert_true(r.seq == number_of(v, "seq"));
    if (is_null(v, "prev"))
        assert_true(sodium_is_zero(r.prev.b, sizeof(r.prev.b)));
    else
        expect(v, "prev", r.prev.b, sizeof(r.prev.b));
    assert_true(r.claimed_ms == number_of(v, "claimed_ms"));
    assert_true(r.boot == number_of(v, "boot"));
    assert_int_equal(r.time_quality, number_of(v, "time_quality"));
    assert_int_equal(r.retention, number_of(v, "retention"));
    expect(v, "body_hash", r.body_hash.b, sizeof(r.body_hash.b));
    assert_int_equal(r.body_len, number_of(v, "body_len"));
    expect(v, "ext", r.ext.p, r.ext.len);
    expect(v, "sig", r.sig.b, sizeof(r.sig.b));
    expect(v, "id", r.id.b, sizeof(r.id.b));
    assert_int_equal(r.aad_len, number_of(v, "aad_len"));
    assert_int_equal(r.signed_len, number_of(v, "signed_len"));
    copy_of(v, "public_key", pk.b, sizeof(pk.b));
    assert_int_equal(daf_record_verify(bytes, &r, &pk), DAF_OK);
}

static void golden_headers_are_decoded(void **state)
{
    (void)state;
    for_each(check_decoded);
}

/* The record from its fields, not from its header. */
static struct daf_record fields_of(const json_t *v)
{
    struct daf_record r = {0};

    copy_of(v, "scope", r.log.scope.b, sizeof(r.log.scope.b));
    copy_of(v, "author", r.log.author.b, sizeof(r.log.author.b));
    r.log.incarnation = number_of(v, "incarnation");
    r.seq = number_of(v, "seq");
    if (!is_null(v, "prev")) copy_of(v, "prev", r.prev.b, sizeof(r.prev.b));
    r.claimed_ms = number_of(v, "claimed_ms");
    r.boot = number_of(v, "boot");
    r.time_quality = (uint8_t)number_of(v, "time_quality");
    r.retention = (uint8_t)number_of(v, "retention");
    copy_of(v, "body_hash", r.body_hash.b, sizeof(r.body_hash.b));
    r.body_len = (uint32_t)number_of(v, "body_len");
    return r;
}

static void check_signed(const json_t *v)
{
    uint8_t seed[32];
    uint8_t ext[DAF_EXT_BYTES_MAX];
    uint8_t header[DAF_HEADER_BYTES_MAX];
    struct daf_record r = fields_of(v);
    struct daf_sign_pk pk;
    struct daf_sign_sk sk;
    size_t len;

    copy_of(v, "seed", seed, sizeof(seed));
    assert_int_equal(crypto_sign_seed_keypair(pk.b, sk.b, seed), 0);
    r.ext = view_of(v, "ext", ext, sizeof(ext));
    len = daf_record_sign(&r, &sk, header);
    expect(v, "header", header, len);
    expect(v, "id", r.id.b, sizeof(r.id.b));
    assert_int_equal(r.aad_len, number_of(v, "aad_len"));
    assert_int_equal(r.signed_len, number_of(v, "signed_len"));
}

static void golden_headers_are_encoded(void **state)
{
    (void)state;
    for_each(check_signed);
}

static void the_first_three_are_a_chain(void **state)
{
    json_t *records = json_object_get(file, "records");
    struct daf_record r[3];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        r[i] = fields_of(json_array_get(records, i));
        copy_of(json_array_get(records, i), "id", r[i].id.b, 32);
    }
    assert_true(daf_record_follows(&r[0], &r[1]));
    assert_true(daf_record_follows(&r[1], &r[2]));
    assert_false(daf_record_follows(&r[0], &r[2]));
}

/* ---- bodies */

/* The body key from the keys above it; checks all that is made of them. */
static struct daf_key check_keys(const json_t *body)
{
    struct daf_key generation;
    struct daf_key subject;
    struct daf_key key;
    struct daf_key_id key_id;
    struct daf_handle handle;
    uint8_t commitment[16];

    copy_of(body, "generation", generation.b, sizeof(generation.b));
    daf_body_commitment(&generation, commitment);
    expect(body, "commitment", commitment, sizeof(commitment));
    if (is_null(body, "subject")) {
        key = daf_body_scope_key(&generation);
    } else {
        copy_of(body, "subject", subject.b, sizeof(subject.b));
        key = daf_body_key(&subject, &generation);
        handle = daf_body_handle(&subject);
        expect(body, "handle", handle.b, sizeof(handle.b));
    }
    expect(body, "body_key", key.b, sizeof(key.b));
    key_id = daf_body_key_id(&key);
    expect(body, "key_id", key_id.b, sizeof(key_id.b));
    return key;
}

static void check_sealed(const json_t *v, const json_t *body,
                         struct daf_view bytes)
{
    static uint8_t out[DAF_BODY_BYTES_MAX];
    static uint8_t payload[DAF_BODY_BYTES_MAX];
    uint8_t prefix[DAF_HEADER_BYTES_MAX];
    struct daf_record r = fields_of(v);
    struct daf_body_seal seal = {.key = check_keys(body)};
    struct daf_body got;
    size_t len;

    seal.aad = (struct daf_view){prefix, daf_record_prefix(&r, prefix)};
    assert_int_equal(seal.aad.len, number_of(v, "aad_len"));
    seal.payload = view_of(body, "payload", payload, sizeof(payload));
    copy_of(body, "handle", seal.handle.b, sizeof(seal.handle.b));
    copy_of(body, "nonce", seal.nonce, sizeof(seal.nonce));
    assert_int_equal(daf_body_seal(&seal, out, sizeof(out), &len), DAF_OK);
    expect(body, "bytes", out, len);

    assert_int_equal(daf_body_decode(bytes, &got), DAF_OK);
    assert_true(got.is_sealed);
    expect(body, "handle", got.handle.b, sizeof(got.handle.b));
    expect(body, "nonce", got.nonce, sizeof(got.nonce));
    expect(body, "key_id", got.key_id.b, sizeof(got.key_id.b));
    assert_int_equal(daf_body_open(&got, &seal.key, seal.aad, out, sizeof(out),
                                   &len),
                     DAF_OK);
    expect(body, "payload", out, len);
}

static void check_plain(const json_t *body, struct daf_view bytes)
{
    uint8_t out[1024];
    uint8_t payload[1024];
    struct daf_body got;
    size_t len;

    assert_int_equal(daf_body_plain(view_of(body, "payload", payload,
                                            sizeof(payload)),
                                    out, sizeof(out), &len),
                     DAF_OK);
    expect(body, "bytes", out, len);
    assert_int_equal(daf_body_decode(bytes, &got), DAF_OK);
    assert_false(got.is_sealed);
    expect(body, "payload", got.content.p, got.content.len);
}

static void check_body(const json_t *v)
{
    static uint8_t room[DAF_BODY_BYTES_MAX];
    const json_t *body = json_object_get(v, "body");
    struct daf_view bytes;
    struct daf_hash hash;

    if (json_is_null(body)) return;
    bytes = view_of(body, "bytes", room, sizeof(room));
    assert_int_equal(bytes.len, number_of(v, "body_len"));
    hash = daf_body_hash(bytes);
    expect(v, "body_hash", hash.b, sizeof(hash.b));
    if (strcmp(text_of(body, "kind"), "sealed") == 0)
        check_sealed(v, body, bytes);
    else
        check_plain(body, bytes);
}

static void golden_bodies_are_sealed_and_opened(void **state)
{
    (void)state;
    for_each(check_body);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_the_golden_hashes),
        cmocka_unit_test(golden_headers_are_decoded),
        cmocka_unit_test(golden_headers_are_encoded),
        cmocka_unit_test(the_first_three_are_a_chain),
        cmocka_unit_test(golden_bodies_are_sealed_and_opened),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
