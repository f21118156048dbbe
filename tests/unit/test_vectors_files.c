/* SPDX-License-Identifier: Apache-2.0 */

/* Golden requests, acceptances and key files, made by tests/vectors/make_camp.py
 * without our code: they are read, and made again, byte for byte.  A change here
 * is a change of what people carry or of a home that is in use. */
#include "tests/lib/t.h"

#include "node/cmd.h"
#include "tests/lib/hex.h"
#include "tests/lib/homes.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ROOM_BYTES ((size_t)65536)

static json_t *files;

static int load(void **state)
{
    (void)state;
    files = json_load_file(DAF_SOURCE_DIR "/tests/vectors/files.json", 0, NULL);
    return files != NULL && sodium_init() >= 0 ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    json_decref(files);
    return 0;
}

/* ---- fields */

static json_t *field(const json_t *object, const char *name)
{
    json_t *v = json_object_get(object, name);

    assert_non_null(v);
    return v;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *s = json_string_value(field(object, name));

    assert_non_null(s);
    return s;
}

static void expect(const json_t *object, const char *name, struct daf_view got)
{
    static uint8_t want[ROOM_BYTES];

    assert_int_equal(daf_hex_decode(text_of(object, name), want, sizeof(want)),
                     got.len);
    if (got.len > 0) assert_memory_equal(got.p, want, got.len);
}

static void expect_bytes(const json_t *object, const char *name,
                         const uint8_t *got, size_t len)
{
    expect(object, name, (struct daf_view){got, len});
}

/* The field, in a room that lasts until the next call. */
static struct daf_view bytes_of(const json_t *object, const char *name)
{
    static uint8_t room[ROOM_BYTES];

    return (struct daf_view){room, daf_hex_decode(text_of(object, name), room,
                                                  sizeof(room))};
}

static void expect_keys(const json_t *v, const struct daf_device_keys *keys)
{
    expect_bytes(v, "sign", keys->sign.b, 32);
    expect_bytes(v, "transport", keys->transport.b, 32);
    expect_bytes(v, "seal", keys->seal.b, 32);
}

/* ---- requests */

static void requests_are_read_and_made_byte_for_byte(void **state)
{
    const json_t *v;
    size_t i;

    (void)state;
    json_array_foreach(field(files, "requests"), i, v)
    {
        uint8_t again[DAF_REQUEST_BYTES_MAX];
        struct daf_device_keys keys;
        struct daf_sign_sk sk;
        struct daf_sign_pk pk;
        size_t offset = 0, len;

        assert_int_equal(daf_request_decode(bytes_of(v, "bytes"), &keys,
                                            &offset),
                         DAF_OK);
        expect_keys(v, &keys);
        assert_int_equal(offset, strtoul(text_of(v, "signed_len"), NULL, 10));
        (void)crypto_sign_seed_keypair(pk.b, sk.b, bytes_of(v, "seed").p);
        len = daf_request_pack(&keys, &sk, again, sizeof(again));
        expect_bytes(v, "bytes", again, len);
        assert_int_equal(daf_request_pack(&keys, &sk, again, len), len);
        for (size_t cap = 0; cap < len; cap++)
            assert_int_equal(daf_request_pack(&keys, &sk, again, cap), 0);
    }
    assert_int_equal(i, 2);
}

/* ---- acceptances */

static void expect_records(const json_t *records, struct daf_cursor c,
                           struct daf_pack *k)
{
    struct daf_view header, body;
    const json_t *v;
    size_t i;

    json_array_foreach(records, i, v)
    {
        daf_cmd_accept_next(&c, &header, &body);
        expect(v, "header", header);
        expect(v, "body", body);
        daf_cmd_accept_add(k, header, body);
    }
    assert_true(daf_cursor_done(&c));
}

static void acceptances_are_read_and_made_byte_for_byte(void **state)
{
    static uint8_t again[ROOM_BYTES];
    const json_t *v;
    size_t i;

    (void)state;
    json_array_foreach(field(files, "accepts"), i, v)
    {
        struct daf_cmd_accept a;
        struct daf_pack k;
        size_t mark;

        assert_int_equal(daf_cmd_accept_decode(bytes_of(v, "bytes"), &a, NULL),
                         DAF_OK);
        expect(v, "manifest", a.manifest);
        expect(v, "cert", a.cert);
        assert_int_equal(a.records_count, json_array_size(field(v, "records")));
        daf_pack_init(&k, again, sizeof(again));
        mark = daf_cmd_accept_begin(&k, a.manifest, a.cert);
        expect_records(field(v, "records"), a.records, &k);
        daf_pack_close(&k, mark, a.records_count);
        expect(v, "bytes", daf_pack_view(&k));
    }
    assert_int_equal(i, 3);
}

/* ---- homes */

/* A new home with the golden keys instead of its own. */
static void make_home(const char *name, struct daf_view keys)
{
    struct daf_home home;
    char path[DAF_HOME_PATH_MAX];

    assert_int_equal(daf_home_make(daf_homes_in(name), &home, NULL), DAF_OK);
    daf_home_path(&home, "keys/device.keys", path);
    daf_homes_spill(path, keys.p, keys.len);
    daf_home_unload(&home);
}

static void a_home_with_golden_keys_is_that_device(void **state)
{
    static const char *const names[] = {"tablet", "ana"};
    const json_t *v;
    size_t i;

    (void)state;
    json_array_foreach(field(files, "keys"), i, v)
    {
        struct daf_home home;

        make_home(names[i], bytes_of(v, "bytes"));
        assert_int_equal(daf_home_load(daf_homes_in(names[i]), false, &home,
                                       NULL),
                         DAF_OK);
        expect_keys(v, &home.keys);
        expect_bytes(v, "sign_secret", home.secrets.sign.b, 64);
        expect_bytes(v, "transport_secret", home.secrets.transport.b, 32);
        expect_bytes(v, "seal_secret", home.secrets.seal.b, 32);
        daf_home_unload(&home);
    }
    assert_int_equal(i, 2);
}

/* A signature of Ed25519 has no chance in it: the file is the golden one. */
static void its_request_is_the_golden_one(void **state)
{
    uint8_t *bytes;
    size_t len;

    (void)state;
    make_home("B", bytes_of(json_array_get(field(files, "keys"), 0), "bytes"));
    daf_homes_request("B", "r");
    bytes = daf_homes_slurp(daf_homes_in("r"), &len);
    expect_bytes(json_array_get(field(files, "requests"), 0), "bytes", bytes,
                 len);
    free(bytes);
}

/* @made is the golden file with the secrets @at, @len each, of its own. */
static void expect_shape(struct daf_view golden, const char *path,
                         const size_t *at, const size_t *lens, size_t count)
{
    struct stat st;
    uint8_t *made;
    size_t len;

    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    made = daf_homes_slurp(path, &len);
    assert_int_equal(len, golden.len);
    for (size_t i = 0; i < count; i++) {
        assert_memory_not_equal(made + at[i], golden.p + at[i], lens[i]);
        memcpy(made + at[i], golden.p + at[i], lens[i]);
    }
    assert_memory_equal(made, golden.p, len);
    free(made);
}

static void keys_that_are_made_have_the_golden_form(void **state)
{
    /* After ["daf-keys", 1, and the head of each: 1 + 9 + 1 + 2. */
    static const size_t at[] = {13, 13 + 64 + 2, 13 + 64 + 2 + 32 + 2};
    static const size_t lens[] = {64, 32, 32};
    const json_t *v = json_array_get(field(files, "keys"), 0);

    (void)state;
    daf_homes_create("A");
    expect_shape(bytes_of(v, "bytes"), daf_homes_in("A/keys/device.keys"), at,
                 lens, 3);
    /* "daf-root" is as long as "daf-keys". */
    expect_shape(bytes_of(v, "root_bytes"), daf_homes_in("A/keys/root.keys"),
                 at, lens, 1);
}

/* ---- what is refused */

static void assert_refused(const json_t *row, enum daf_err err)
{
    if (strcmp(daf_err_name(err), text_of(row, "error")) != 0)
        fail_msg("%s: %s, not %s", text_of(row, "name"), daf_err_name(err),
                 text_of(row, "error"));
}

static void bad_files_are_refused_for_what_is_wrong_in_them(void **state)
{
    const json_t *bad = field(files, "bad"), *v;
    struct daf_device_keys keys;
    struct daf_cmd_accept a;
    size_t i;

    (void)state;
    json_array_foreach(field(bad, "requests"), i, v)
        assert_refused(v,
                       daf_request_decode(bytes_of(v, "bytes"), &keys, NULL));
    assert_int_equal(i, 10);
    json_array_foreach(field(bad, "accepts"), i, v)
        assert_refused(v,
                       daf_cmd_accept_decode(bytes_of(v, "bytes"), &a, NULL));
    assert_int_equal(i, 9);
}

static void bad_keys_make_no_home(void **state)
{
    const json_t *v;
    size_t i;

    (void)state;
    make_home("B", (struct daf_view){NULL, 0});
    json_array_foreach(field(field(files, "bad"), "keys"), i, v)
    {
        struct daf_view bytes = bytes_of(v, "bytes");
        struct daf_trouble t = {""};
        struct daf_home home;

        daf_homes_spill(daf_homes_in("B/keys/device.keys"), bytes.p, bytes.len);
        assert_refused(v, daf_home_load(daf_homes_in("B"), false, &home, &t));
        assert_non_null(strstr(t.what, "To do:"));
    }
    assert_int_equal(i, 7);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define T(name) \
    cmocka_unit_test_setup_teardown(name, daf_homes_setup, daf_homes_teardown)
        cmocka_unit_test(requests_are_read_and_made_byte_for_byte),
        cmocka_unit_test(acceptances_are_read_and_made_byte_for_byte),
        T(a_home_with_golden_keys_is_that_device),
        T(its_request_is_the_golden_one),
        T(keys_that_are_made_have_the_golden_form),
        cmocka_unit_test(bad_files_are_refused_for_what_is_wrong_in_them),
        T(bad_keys_make_no_home),
#undef T
    };

    return cmocka_run_group_tests(tests, load, unload);
}
