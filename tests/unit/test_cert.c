/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"
#include "proto/cert.h"
#include "proto/hash.h"
#include "proto/pack.h"

#include <sodium.h>
#include <stdlib.h>

static uint8_t bytes[DAF_CERT_BYTES_MAX + 64];

static void make_keys(uint8_t fill, struct daf_sign_pk *pk,
                      struct daf_sign_sk *sk)
{
    uint8_t seed[32];

    memset(seed, fill, sizeof(seed));
    assert_int_equal(crypto_sign_seed_keypair(pk->b, sk->b, seed), 0);
}

static void add_right(struct daf_cert *cert, const char *scope,
                      enum daf_right right)
{
    struct daf_cert_right *to = &cert->rights[cert->rights_count++];

    assert_true(strlen(scope) < sizeof(to->scope));
    memcpy(to->scope, scope, strlen(scope) + 1);
    to->right = right;
}

static void make_cert(struct daf_cert *cert)
{
    struct daf_sign_sk sk;

    memset(cert, 0, sizeof(*cert));
    memset(cert->camp.b, 1, sizeof(cert->camp.b));
    memset(cert->serial, 2, sizeof(cert->serial));
    make_keys(3, &cert->keys.sign, &sk);
    memset(cert->keys.transport.b, 4, 32);
    memset(cert->keys.seal.b, 5, 32);
    add_right(cert, "class:1", DAF_RIGHT_APPEND);
    add_right(cert, "class:2", DAF_RIGHT_RELAY);
    add_right(cert, "control", DAF_RIGHT_READ);
    cert->archive = true;
    cert->issued_beacon = 7;
    cert->expires_beacon = 300;
}

/* Signs with the issuer's key; the whole certificate is in `bytes`. */
static struct daf_view sign(struct daf_cert *cert, struct daf_sign_pk *out_pk)
{
    struct daf_sign_sk sk;

    make_keys(9, out_pk, &sk);
    return (struct daf_view){bytes, daf_cert_sign(cert, &sk, bytes)};
}

static void a_certificate_is_read_as_it_was_made(void **state)
{
    struct daf_sign_pk issuer;
    struct daf_cert made;
    struct daf_cert cert;
    struct daf_view v;

    (void)state;
    make_cert(&made);
    v = sign(&made, &issuer);
    assert_true(v.len > 0);
    assert_int_equal(daf_cert_decode(v, &cert), DAF_OK);
    /* Field by field: the padding of a struct has no value. */
    assert_memory_equal(&cert.camp, &made.camp, sizeof(cert.camp));
    assert_memory_equal(cert.serial, made.serial, sizeof(cert.serial));
    assert_memory_equal(&cert.keys, &made.keys, sizeof(cert.keys));
    assert_memory_equal(&cert.author, &made.author, sizeof(cert.author));
    assert_memory_equal(&cert.issuer, &made.issuer, sizeof(cert.issuer));
    assert_memory_equal(&cert.sig, &made.sig, sizeof(cert.sig));
    assert_memory_equal(&cert.id, &made.id, sizeof(cert.id));
    assert_int_equal(cert.signed_len, made.signed_len);
    assert_int_equal(cert.rights_count, 3);
    assert_true(cert.archive);
    assert_int_equal(cert.issued_beacon, 7);
    assert_int_equal(cert.expires_beacon, 300);
    assert_int_equal(daf_cert_verify(v, &cert, &issuer), DAF_OK);
}

static void the_signed_part_packs_to_the_same_bytes(void **state)
{
    uint8_t again[DAF_CERT_BYTES_MAX];
    struct daf_sign_pk issuer;
    struct daf_cert made;
    struct daf_cert cert;
    struct daf_view v;
    size_t len;

    (void)state;
    make_cert(&made);
    made.expires_beacon = UINT64_MAX;
    made.archive = false;
    v = sign(&made, &issuer);
    assert_int_equal(daf_cert_decode(v, &cert), DAF_OK);
    assert_true(cert.expires_beacon == UINT64_MAX);
    len = daf_cert_pack(&cert, again, sizeof(again));
    assert_int_equal(len, cert.signed_len);
    assert_memory_equal(again, v.p, len);
    assert_int_equal(daf_cert_pack(&cert, again, len), len);
    assert_int_equal(daf_cert_pack(&cert, again, len - 1), 0);
}

static void rights_are_found_by_name(void **state)
{
    struct daf_cert cert;

    (void)state;
    make_cert(&cert);
    assert_int_equal(daf_cert_right(&cert, "class:1"), DAF_RIGHT_APPEND);
    assert_int_equal(daf_cert_right(&cert, "class:2"), DAF_RIGHT_RELAY);
    assert_int_equal(daf_cert_right(&cert, "control"), DAF_RIGHT_READ);
    assert_int_equal(daf_cert_right(&cert, "class:"), DAF_RIGHT_NONE);
    assert_int_equal(daf_cert_right(&cert, "class:10"), DAF_RIGHT_NONE);
    assert_int_equal(daf_cert_right(&cert, ""), DAF_RIGHT_NONE);
}

static void rights_have_words(void **state)
{
    static const char *const words[] = {"none",   "relay",  "read",
                                        "append", "curate", "admin"};

    (void)state;
    for (int i = DAF_RIGHT_NONE; i <= DAF_RIGHT_ADMIN; i++)
        assert_string_equal(daf_cert_right_str((enum daf_right)i), words[i]);
}

static void every_truncation_is_refused(void **state)
{
    struct daf_sign_pk issuer;
    struct daf_cert cert;
    struct daf_view v;

    (void)state;
    make_cert(&cert);
    v = sign(&cert, &issuer);
    for (size_t len = 0; len < v.len; len++) {
        /* A block of that size, so that a read beyond it shows. */
        uint8_t *cut = malloc(len > 0 ? len : 1);

        assert_non_null(cut);
        memcpy(cut, v.p, len);
        assert_int_equal(daf_cert_decode((struct daf_view){cut, len}, &cert),
                         DAF_EFORM);
        free(cut);
    }
    bytes[v.len] = 0xc0;
    v.len++;
    assert_int_equal(daf_cert_decode(v, &cert), DAF_EFORM);
}

static void every_flipped_bit_is_refused(void **state)
{
    struct daf_sign_pk issuer;
    struct daf_cert cert;
    struct daf_view v;

    (void)state;
    make_cert(&cert);
    v = sign(&cert, &issuer);
    for (size_t bit = 0; bit < 8 * v.len; bit++) {
        enum daf_err err;

        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        err = daf_cert_decode(v, &cert);
        if (err == DAF_OK) err = daf_cert_verify(v, &cert, &issuer);
        assert_int_not_equal(err, DAF_OK);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(daf_cert_decode(v, &cert), DAF_OK);
    assert_int_equal(daf_cert_verify(v, &cert, &issuer), DAF_OK);
}

static void nobody_else_can_have_issued_it(void **state)
{
    struct daf_sign_pk issuer;
    struct daf_sign_pk other;
    struct daf_sign_sk sk;
    struct daf_cert cert;
    struct daf_view v;

    (void)state;
    make_cert(&cert);
    v = sign(&cert, &issuer);
    make_keys(10, &other, &sk);
    assert_int_equal(daf_cert_verify(v, &cert, &other), DAF_EAUTHOR);
    /* Nor does a record's signature over the same bytes certify anything. */
    make_keys(9, &issuer, &sk);
    daf_hash_sign("daf.rec.1", (struct daf_view){v.p, cert.signed_len}, &sk,
                  &cert.sig);
    assert_int_equal(daf_cert_verify(v, &cert, &issuer), DAF_ESIG);
}

static void rights_out_of_order_are_not_signed(void **state)
{
    struct daf_sign_pk issuer;
    struct daf_cert cert;

    (void)state;
    make_cert(&cert);
    add_right(&cert, "class:3", DAF_RIGHT_READ); /* after control */
    assert_int_equal(sign(&cert, &issuer).len, 0);
    make_cert(&cert);
    add_right(&cert, "control", DAF_RIGHT_READ); /* twice */
    assert_int_equal(sign(&cert, &issuer).len, 0);
}

static void wrong_names_and_rights_are_not_signed(void **state)
{
    struct daf_sign_pk issuer;
    struct daf_cert cert;

    (void)state;
    make_cert(&cert);
    add_right(&cert, "Zoo", DAF_RIGHT_READ);
    assert_int_equal(sign(&cert, &issuer).len, 0);
    make_cert(&cert);
    add_right(&cert, "zoo", DAF_RIGHT_NONE);
    assert_int_equal(sign(&cert, &issuer).len, 0);
    make_cert(&cert);
    memset(cert.rights[2].scope, 'z', sizeof(cert.rights[2].scope));
    assert_int_equal(sign(&cert, &issuer).len, 0);
}

static void as_many_scopes_as_fit_and_not_more(void **state)
{
    struct daf_sign_pk issuer;
    struct daf_cert cert;

    (void)state;
    for (size_t count = DAF_RIGHTS_MAX - 1; count <= DAF_RIGHTS_MAX + 1;
         count++) {
        char name[] = "class:a";
        size_t many = count < DAF_RIGHTS_MAX ? count : DAF_RIGHTS_MAX;
        struct daf_view v;

        make_cert(&cert);
        cert.rights_count = 0;
        for (size_t i = 0; i < many; i++) {
            name[6] = (char)('a' + i);
            add_right(&cert, name, DAF_RIGHT_READ);
        }
        cert.rights_count = count;
        v = sign(&cert, &issuer);
        if (count > DAF_RIGHTS_MAX) {
            assert_int_equal(v.len, 0);
            continue;
        }
        assert_int_equal(daf_cert_decode(v, &cert), DAF_OK);
        assert_int_equal(cert.rights_count, count);
    }
}

static void rights_too_long_for_a_certificate_are_not_signed(void **state)
{
    struct daf_sign_pk issuer;
    struct daf_cert cert;

    (void)state;
    make_cert(&cert);
    for (cert.rights_count = 0; cert.rights_count < DAF_RIGHTS_MAX;) {
        struct daf_cert_right *to = &cert.rights[cert.rights_count];

        memset(to->scope, 'a', DAF_SCOPE_NAME_BYTES_MAX);
        to->scope[0] = (char)('a' + cert.rights_count++);
        to->right = DAF_RIGHT_READ;
    }
    assert_int_equal(sign(&cert, &issuer).len, 0);
}

static void a_certificate_may_name_no_scope(void **state)
{
    struct daf_sign_pk issuer;
    struct daf_cert cert;
    struct daf_view v;

    (void)state;
    make_cert(&cert);
    cert.rights_count = 0;
    v = sign(&cert, &issuer);
    assert_int_equal(daf_cert_decode(v, &cert), DAF_OK);
    assert_int_equal(cert.rights_count, 0);
}

static int name_ok(const char *name)
{
    return daf_cert_scope_name_ok(
        (struct daf_view){(const uint8_t *)name, strlen(name)});
}

static void scope_names_are_short_and_plain(void **state)
{
    char name[DAF_SCOPE_NAME_BYTES_MAX + 2];

    (void)state;
    assert_false(name_ok(""));
    assert_true(name_ok("a"));
    assert_true(name_ok("class:az09-"));
    assert_false(name_ok("Class:1"));
    assert_false(name_ok("class 1"));
    assert_false(name_ok("class/1"));
    assert_false(name_ok("class;1"));
    assert_false(name_ok("class_1"));
    assert_false(name_ok("class`1"));
    assert_false(name_ok("class{1"));
    assert_false(name_ok("class\xc3\xa4"));
    memset(name, 'a', sizeof(name));
    name[DAF_SCOPE_NAME_BYTES_MAX + 1] = '\0';
    assert_false(name_ok(name));
    name[DAF_SCOPE_NAME_BYTES_MAX] = '\0';
    assert_true(name_ok(name));
    name[DAF_SCOPE_NAME_BYTES_MAX - 1] = '\0';
    assert_true(name_ok(name));
}

/* ---- what other programs might write */

struct odd {
    uint64_t version, kind;
    size_t items, ext_len;
    const char *names[3]; /* up to the first NULL */
    uint64_t right, issued;
};

static const struct odd even = {.version = 1,
                                .kind = 1,
                                .items = 14,
                                .names = {"a", "b", NULL},
                                .right = 1,
                                .issued = 1};

static enum daf_err decode_odd(const struct odd *o)
{
    static const uint8_t zeros[DAF_EXT_BYTES_MAX + 1];
    struct daf_cert cert;
    struct daf_pack k;
    size_t mark;
    size_t count = 0;

    daf_pack_init(&k, bytes, sizeof(bytes));
    daf_pack_array(&k, o->items);
    daf_pack_uint(&k, o->version);
    daf_pack_bin(&k, zeros, 32);
    daf_pack_uint(&k, o->kind);
    daf_pack_bin(&k, zeros, 16);
    for (size_t i = 0; i < 3; i++)
        daf_pack_bin(&k, zeros, 32);
    mark = daf_pack_open(&k);
    for (; count < 3 && o->names[count] != NULL; count++) {
        daf_pack_array(&k, 2);
        daf_pack_str(&k, o->names[count], strlen(o->names[count]));
        daf_pack_uint(&k, o->right);
    }
    daf_pack_close(&k, mark, count);
    daf_pack_bool(&k, false);
    daf_pack_uint(&k, o->issued);
    daf_pack_nil(&k);
    daf_pack_bin(&k, zeros, 16);
    daf_pack_bin(&k, zeros, o->ext_len);
    daf_pack_bin(&k, zeros, 64);
    if (o->items > 14) daf_pack_nil(&k);
    return daf_cert_decode(daf_pack_view(&k), &cert);
}

static void another_version_is_told_from_a_broken_form(void **state)
{
    struct odd o = even;

    (void)state;
    assert_int_equal(decode_odd(&o), DAF_OK);
    o.version = 2;
    assert_int_equal(decode_odd(&o), DAF_EVERSION);
    o.items = 15;
    assert_int_equal(decode_odd(&o), DAF_EVERSION);
    o.version = 1;
    assert_int_equal(decode_odd(&o), DAF_EFORM);
    o = even;
    o.items = 13;
    assert_int_equal(decode_odd(&o), DAF_EFORM);
    o = even;
    o.kind = 2;
    assert_int_equal(decode_odd(&o), DAF_EFORM);
    o.kind = 0;
    assert_int_equal(decode_odd(&o), DAF_EFORM);
}

static void a_rights_list_out_of_order_is_refused(void **state)
{
    struct odd o = even;

    (void)state;
    o.names[2] = "ba";
    assert_int_equal(decode_odd(&o), DAF_OK);
    o.names[2] = "b";
    assert_int_equal(decode_odd(&o), DAF_EFORM);
    o.names[2] = "a";
    assert_int_equal(decode_odd(&o), DAF_EFORM);
    o.names[2] = "C";
    assert_int_equal(decode_odd(&o), DAF_EFORM);
}

static void numbers_beyond_their_bounds_are_refused(void **state)
{
    struct odd o = even;

    (void)state;
    o.right = 0;
    assert_int_equal(decode_odd(&o), DAF_EFORM);
    o.right = 5;
    assert_int_equal(decode_odd(&o), DAF_OK);
    o.right = 6;
    assert_int_equal(decode_odd(&o), DAF_ELIMIT);
    o = even;
    o.issued = DAF_INT_MAX;
    assert_int_equal(decode_odd(&o), DAF_OK);
    o.issued++;
    assert_int_equal(decode_odd(&o), DAF_ELIMIT);
}

static void an_extension_is_carried_up_to_its_bound(void **state)
{
    struct odd o = even;

    (void)state;
    o.ext_len = DAF_EXT_BYTES_MAX - 1;
    assert_int_equal(decode_odd(&o), DAF_OK);
    o.ext_len = DAF_EXT_BYTES_MAX;
    assert_int_equal(decode_odd(&o), DAF_OK);
    o.ext_len = DAF_EXT_BYTES_MAX + 1;
    assert_int_equal(decode_odd(&o), DAF_ELIMIT);
}

static void a_certificate_has_a_largest_size(void **state)
{
    struct daf_cert cert;

    (void)state;
    memset(bytes, 0x90, sizeof(bytes));
    assert_int_equal(daf_cert_decode((struct daf_view){bytes,
                                                       DAF_CERT_BYTES_MAX + 1},
                                     &cert),
                     DAF_ELIMIT);
    assert_int_equal(
        daf_cert_decode((struct daf_view){bytes, DAF_CERT_BYTES_MAX}, &cert),
        DAF_EFORM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_is_read_as_it_was_made),
        cmocka_unit_test(the_signed_part_packs_to_the_same_bytes),
        cmocka_unit_test(rights_are_found_by_name),
        cmocka_unit_test(rights_have_words),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(nobody_else_can_have_issued_it),
        cmocka_unit_test(rights_out_of_order_are_not_signed),
        cmocka_unit_test(wrong_names_and_rights_are_not_signed),
        cmocka_unit_test(as_many_scopes_as_fit_and_not_more),
        cmocka_unit_test(rights_too_long_for_a_certificate_are_not_signed),
        cmocka_unit_test(a_certificate_may_name_no_scope),
        cmocka_unit_test(scope_names_are_short_and_plain),
        cmocka_unit_test(another_version_is_told_from_a_broken_form),
        cmocka_unit_test(a_rights_list_out_of_order_is_refused),
        cmocka_unit_test(numbers_beyond_their_bounds_are_refused),
        cmocka_unit_test(an_extension_is_carried_up_to_its_bound),
        cmocka_unit_test(a_certificate_has_a_largest_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
