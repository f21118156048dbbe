/* SPDX-License-Identifier: Apache-2.0 */

/* Statements, by golden ones that tests/vectors/make_statement.py made without our
 * code: a change here is a change of the protocol (docs/content.md §7). */
#include "tests/lib/t.h"

#include "proto/statement.h"
#include "tests/lib/hex.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static json_t *golden;

static int load(void **state)
{
    (void)state;
    golden =
        json_load_file(DAF_SOURCE_DIR "/tests/vectors/statement.json", 0, NULL);
    return golden != NULL && sodium_init() >= 0 ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    json_decref(golden);
    return 0;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *s = json_string_value(json_object_get(object, name));

    assert_non_null(s);
    return s;
}

static uint64_t number_of(const json_t *object, const char *name)
{
    return strtoull(text_of(object, name), NULL, 10);
}

/* In a room that lasts until the next call. */
static struct daf_view bytes_of(const json_t *object)
{
    static uint8_t room[DAF_STATEMENT_BYTES_MAX + 4096];

    return (struct daf_view){room, daf_hex_decode(text_of(object, "bytes"),
                                                  room, sizeof(room))};
}

static struct daf_sign_pk key_of(const json_t *object)
{
    struct daf_sign_pk pk;

    assert_int_equal(daf_hex_decode(text_of(object, "key"), pk.b, 32), 32);
    return pk;
}

static void assert_hex(const json_t *object, const char *name,
                       const uint8_t *got, size_t len)
{
    uint8_t want[64];

    assert_int_equal(daf_hex_decode(text_of(object, name), want, sizeof(want)),
                     len);
    assert_memory_equal(want, got, len);
}

static const json_t *named(const char *list, const char *name)
{
    const json_t *rows = json_object_get(golden, list);

    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);

        if (strcmp(text_of(row, "name"), name) == 0) return row;
    }
    fail_msg("no vector called %s", name);
    return NULL;
}

static void golden_ones_are_read(void **state)
{
    const json_t *rows = json_object_get(golden, "good");

    (void)state;
    assert_true(json_array_size(rows) > 0);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        struct daf_view bytes = bytes_of(row);
        struct daf_sign_pk pk = key_of(row);
        struct daf_statement st;

        assert_int_equal(daf_statement_decode(bytes, &st), DAF_OK);
        assert_int_equal(daf_statement_verify(bytes, &st, &pk), DAF_OK);
        assert_hex(golden, "scope", st.scope.b, 16);
        assert_hex(row, "author", st.author.b, 16);
        assert_hex(row, "mark", st.mark, 8);
        assert_int_equal(st.kind,
                         json_integer_value(json_object_get(row, "kind")));
        assert_int_equal(st.page,
                         json_integer_value(json_object_get(row, "page")));
        assert_true(st.number == number_of(row, "number"));
    }
}

static void what_it_lists_is_found(void **state)
{
    struct daf_view bytes = bytes_of(named("good", "three"));
    const json_t *rows = json_object_get(golden, "content");
    struct daf_hash other = {{0}};
    struct daf_statement st;

    (void)state;
    assert_int_equal(daf_statement_decode(bytes, &st), DAF_OK);
    assert_int_equal(st.content.len, json_array_size(rows) * 32);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        uint64_t since = 0;
        struct daf_hash content = daf_statement_at(&st, i, NULL);

        assert_hex(row, "id", content.b, 32);
        assert_true(daf_statement_find(&st, &content, &since));
        assert_true(since == number_of(row, "since"));
    }
    assert_false(daf_statement_find(&st, &other, NULL));
    memset(other.b, 0xff, 32);
    assert_false(daf_statement_find(&st, &other, NULL));
}

static enum daf_err error_of(const char *name)
{
    if (strcmp(name, "form") == 0) return DAF_EFORM;
    if (strcmp(name, "limit") == 0) return DAF_ELIMIT;
    if (strcmp(name, "version") == 0) return DAF_EVERSION;
    return DAF_ESIG;
}

static void bad_ones_are_refused(void **state)
{
    const json_t *rows = json_object_get(golden, "bad");

    (void)state;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        struct daf_view bytes = bytes_of(row);
        struct daf_sign_pk pk = key_of(row);
        struct daf_statement st;
        enum daf_err err = daf_statement_decode(bytes, &st);

        if (err == DAF_OK) err = daf_statement_verify(bytes, &st, &pk);
        if (err != error_of(text_of(row, "error")))
            fail_msg("%s: %s", text_of(row, "name"), daf_err_str(err));
    }
}

static void each_byte_is_under_the_signature(void **state)
{
    const json_t *row = named("good", "three");
    struct daf_view bytes = bytes_of(row);
    struct daf_sign_pk pk = key_of(row);
    uint8_t *copy = malloc(bytes.len);

    (void)state;
    assert_non_null(copy);
    for (size_t i = 0; i < bytes.len; i++) {
        struct daf_statement st;
        struct daf_view changed = {copy, bytes.len};
        enum daf_err err;

        memcpy(copy, bytes.p, bytes.len);
        copy[i] ^= 1;
        err = daf_statement_decode(changed, &st);
        if (err == DAF_OK) err = daf_statement_verify(changed, &st, &pk);
        assert_int_not_equal(err, DAF_OK);
    }
    free(copy);
}

static void one_that_was_made_is_read(void **state)
{
    static uint8_t out[DAF_STATEMENT_BYTES_MAX];
    static uint8_t content[DAF_ARCHIVED_MAX * 32], since[DAF_ARCHIVED_MAX * 8];
    struct daf_sign_pk pk;
    struct daf_sign_sk sk;
    struct daf_statement read;
    struct daf_statement st = {.kind = DAF_STATEMENT_ARCHIVED,
                               .page = DAF_ARCHIVED_PAGES_MAX - 1,
                               .number = DAF_INT_MAX,
                               .content = {content, sizeof(content)},
                               .since = {since, sizeof(since)}};
    size_t len;

    (void)state;
    for (size_t i = 0; i < DAF_ARCHIVED_MAX; i++) {
        content[i * 32] = (uint8_t)(i >> 8);
        content[i * 32 + 1] = (uint8_t)i;
        since[i * 8 + 7] = (uint8_t)i;
    }
    assert_int_equal(crypto_sign_keypair(pk.b, sk.b), 0);
    crypto_generichash_blake2b_salt_personal(
        st.author.b, 16, pk.b, 32, NULL, 0, NULL,
        (const uint8_t *)"daf.author.1\0\0\0\0");
    len = daf_statement_sign(&st, &sk, out);
    assert_true(len > 0 && len <= DAF_STATEMENT_BYTES_MAX);
    assert_int_equal(daf_statement_decode((struct daf_view){out, len}, &read),
                     DAF_OK);
    assert_int_equal(daf_statement_verify((struct daf_view){out, len}, &read,
                                          &pk),
                     DAF_OK);
    assert_memory_equal(read.author.b, st.author.b, 16);
    assert_true(read.number == st.number && read.page == st.page);
    assert_int_equal(read.content.len, sizeof(content));
    assert_memory_equal(read.content.p, content, sizeof(content));
    assert_memory_equal(read.since.p, since, sizeof(since));
}

/* Of one place the higher number, then the higher mark, whatever came first. */
static void one_of_a_place_stands(void **state)
{
    struct daf_stated a = {.kind = 1, .page = 2, .number = 300, .mark = {9}};
    struct daf_stated b = a;
    uint8_t row[DAF_STATED_BYTES];

    (void)state;
    assert_int_equal(daf_statement_order(&a, &b), 0);
    assert_false(daf_statement_stands(&a, &b));
    b.mark[0] = 10;
    assert_true(daf_statement_stands(&b, &a));
    assert_false(daf_statement_stands(&a, &b));
    a.number = 301;
    assert_true(daf_statement_stands(&a, &b));
    assert_false(daf_statement_stands(&b, &a));
    daf_statement_write(&a, row);
    b = daf_statement_read(row);
    assert_memory_equal(&a, &b, sizeof(a));
    b.page = 3;
    assert_true(daf_statement_order(&a, &b) < 0);
    b.kind = 0;
    assert_true(daf_statement_order(&a, &b) > 0);
    b.author.b[0] = 1;
    assert_true(daf_statement_order(&a, &b) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_ones_are_read),
        cmocka_unit_test(what_it_lists_is_found),
        cmocka_unit_test(bad_ones_are_refused),
        cmocka_unit_test(each_byte_is_under_the_signature),
        cmocka_unit_test(one_that_was_made_is_read),
        cmocka_unit_test(one_of_a_place_stands),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
