/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/cmd.h"
#include "tests/lib/homes.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- hostile files ------------------------------------------------------------------------------ */

static void a_changed_request_is_refused_at_every_byte(void **state)
{
    char *before, *after;
    uint8_t *bytes;
    size_t len;

    (void)state;
    daf_homes_create("A");
    daf_homes_request("B", "r");
    before = daf_homes_digest("A");
    bytes = daf_homes_slurp(daf_homes_in("r"), &len);
    for (size_t i = 0; i < len; i += 3) {
        struct daf_ran r;

        bytes[i] ^= 0x04;
        daf_homes_spill(daf_homes_in("r"), bytes, len);
        bytes[i] ^= 0x04;
        r = daf_ran("enrol", "sign", daf_homes_in("r"), "--home",
                    daf_homes_in("A"), NULL);
        assert_int_equal(r.code, DAF_EXIT_FAILED);
        assert_non_null(strstr(r.err, "To do:"));
    }
    after = daf_homes_digest("A");
    assert_string_equal(before, after);
    assert_int_equal(access(daf_homes_in("r.accept"), F_OK), -1);
    free(bytes);
    free(before);
    free(after);
}

/* Two devices with one transport key: who is who at mesh? */
static void a_request_with_borrowed_or_weak_keys_is_refused(void **state)
{
    uint8_t bytes[DAF_REQUEST_BYTES_MAX];
    struct daf_sign_sk sign;
    struct daf_home home;
    struct daf_device_keys keys;
    size_t len;

    (void)state;
    daf_homes_create("A");
    daf_homes_enrol("B", "A");
    assert_int_equal(daf_home_load(daf_homes_in("B"), true, &home, NULL),
                     DAF_OK);
    for (int i = 0; i < 4; i++) {
        (void)crypto_sign_keypair(keys.sign.b, sign.b);
        randombytes_buf(&keys.transport, sizeof(keys.transport));
        randombytes_buf(&keys.seal, sizeof(keys.seal));
        if (i == 0) keys.transport = home.keys.transport;
        if (i == 1) keys.seal = home.keys.seal;
        if (i == 2) memset(&keys.transport, 0, sizeof(keys.transport));
        if (i == 3) memset(&keys.seal, 0, sizeof(keys.seal));
        len = daf_request_pack(&keys, &sign, bytes, sizeof(bytes));
        daf_homes_spill(daf_homes_in("x"), bytes, len);
        assert_int_equal(daf_ran("enrol", "sign", daf_homes_in("x"), "--home",
                                 daf_homes_in("A"), NULL)
                             .code,
                         DAF_EXIT_FAILED);
    }
    /* The same signing key with another transport key. */
    randombytes_buf(&keys.seal, sizeof(keys.seal));
    keys.sign = home.keys.sign;
    len = daf_request_pack(&keys, &home.secrets.sign, bytes, sizeof(bytes));
    daf_homes_spill(daf_homes_in("x"), bytes, len);
    assert_int_equal(daf_ran("enrol", "sign", daf_homes_in("x"), "--home",
                             daf_homes_in("A"), NULL)
                         .code,
                     DAF_EXIT_FAILED);
    daf_home_unload(&home);
}

static void assert_not_joined(const char *file)
{
    struct daf_ran r = daf_ran("join", "--accept", daf_homes_in(file), "--home",
                               daf_homes_in("B"), NULL);

    assert_int_equal(r.code, DAF_EXIT_FAILED);
    assert_non_null(strstr(r.err, "To do:"));
    assert_int_equal(access(daf_homes_in("B/camp/manifest.daf"), F_OK), -1);
    assert_int_equal(access(daf_homes_in("B/camp/certificate.daf"), F_OK), -1);
    assert_int_equal(access(daf_homes_in("B/store/notebook.db"), F_OK), -1);
}

static void a_changed_acceptance_changes_nothing(void **state)
{
    uint8_t *bytes;
    size_t len;

    (void)state;
    daf_homes_create("A");
    daf_homes_request("B", "r");
    daf_homes_ok(daf_ran("enrol", "sign", daf_homes_in("r"), "--home",
                         daf_homes_in("A"), NULL));
    bytes = daf_homes_slurp(daf_homes_in("r.accept"), &len);
    for (size_t i = 0; i < len; i += 11) {
        bytes[i] ^= 0x01;
        daf_homes_spill(daf_homes_in("bad"), bytes, len);
        bytes[i] ^= 0x01;
        assert_not_joined("bad");
    }
    for (size_t cut = 0; cut < len; cut += 101) {
        daf_homes_spill(daf_homes_in("bad"), bytes, cut);
        assert_not_joined("bad");
    }
    daf_homes_ok(daf_ran("join", "--accept", daf_homes_in("r.accept"), "--home",
                         daf_homes_in("B"), NULL));
    free(bytes);
}

static void a_foreign_or_replayed_acceptance_is_refused(void **state)
{
    struct daf_ran r;
    char *before, *after;

    (void)state;
    daf_homes_create("A");
    daf_homes_create("Z");
    daf_homes_request("B", "b");
    daf_homes_request("C", "c");
    daf_homes_ok(daf_ran("enrol", "sign", daf_homes_in("c"), "--home",
                         daf_homes_in("A"), NULL));
    assert_not_joined("c.accept"); /* another device's */
    assert_not_joined("c");        /* no acceptance */
    daf_homes_ok(daf_ran("enrol", "sign", daf_homes_in("b"), "--home",
                         daf_homes_in("A"), NULL));
    daf_homes_ok(daf_ran("join", "--accept", daf_homes_in("b.accept"), "--home",
                         daf_homes_in("B"), NULL));
    before = daf_homes_digest("B");
    r = daf_ran("join", "--accept", daf_homes_in("b.accept"), "--home",
                daf_homes_in("B"), NULL);
    assert_int_equal(r.code, DAF_EXIT_FAILED);
    assert_non_null(strstr(r.err, "is of a camp already"));
    /* Another camp's coordinator signed the same request. */
    daf_homes_ok(daf_ran("enrol", "sign", daf_homes_in("b"), "--out",
                         daf_homes_in("z"), "--home", daf_homes_in("Z"), NULL));
    r = daf_ran("join", "--accept", daf_homes_in("z"), "--home",
                daf_homes_in("B"), NULL);
    assert_int_equal(r.code, DAF_EXIT_FAILED);
    after = daf_homes_digest("B");
    assert_string_equal(before, after);
    free(before);
    free(after);
}

/* Manifest of one camp, certificate of another, records of either. */
static void an_acceptance_mixed_of_two_is_refused(void **state)
{
    static uint8_t buffer[DAF_HOMES_FILE_MAX];
    struct daf_cmd_accept a, z;
    uint8_t *a_bytes, *z_bytes;
    size_t a_len, z_len;

    (void)state;
    daf_homes_create("A");
    daf_homes_create("Z");
    daf_homes_request("B", "r");
    daf_homes_ok(daf_ran("enrol", "sign", daf_homes_in("r"), "--out",
                         daf_homes_in("a"), "--home", daf_homes_in("A"), NULL));
    daf_homes_ok(daf_ran("enrol", "sign", daf_homes_in("r"), "--out",
                         daf_homes_in("z"), "--home", daf_homes_in("Z"), NULL));
    a_bytes = daf_homes_slurp(daf_homes_in("a"), &a_len);
    z_bytes = daf_homes_slurp(daf_homes_in("z"), &z_len);
    assert_int_equal(daf_cmd_accept_decode((struct daf_view){a_bytes, a_len},
                                           &a, NULL),
                     DAF_OK);
    assert_int_equal(daf_cmd_accept_decode((struct daf_view){z_bytes, z_len},
                                           &z, NULL),
                     DAF_OK);
    for (int i = 0; i < 4; i++) {
        struct daf_cursor c = i == 2 ? z.records : a.records;
        size_t count = i == 3 ? 0 : a.records_count, mark;
        struct daf_view header, body;
        struct daf_pack k;

        daf_pack_init(&k, buffer, sizeof(buffer));
        mark = daf_cmd_accept_begin(&k, i == 0 ? z.manifest : a.manifest,
                                    i == 1 ? z.cert : a.cert);
        for (size_t j = 0; j < count; j++) {
            daf_cmd_accept_next(&c, &header, &body);
            daf_cmd_accept_add(&k, header, body);
        }
        daf_pack_close(&k, mark, count);
        daf_homes_spill(daf_homes_in("mixed"), daf_pack_view(&k).p,
                        daf_pack_view(&k).len);
        assert_not_joined("mixed");
    }
    free(a_bytes);
    free(z_bytes);
}

static void a_file_without_end_is_refused(void **state)
{
    struct daf_ran r;

    (void)state;
    daf_homes_create("A");
    daf_homes_request("B", "r");
    r = daf_ran("join", "--accept", "/dev/zero", "--home", daf_homes_in("B"),
                NULL);
    assert_int_equal(r.code, DAF_EXIT_FAILED);
    r = daf_ran("enrol", "sign", "/dev/zero", "--out", daf_homes_in("x"),
                "--home", daf_homes_in("A"), NULL);
    assert_int_equal(r.code, DAF_EXIT_FAILED);
    r = daf_ran("inspect", "/dev/zero", NULL);
    assert_int_equal(r.code, DAF_EXIT_FAILED);
    assert_int_equal(daf_homes_number(r.out, 0, "offset"),
                     DAF_CMD_ACCEPT_BYTES_MAX);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define T(name) \
    cmocka_unit_test_setup_teardown(name, daf_homes_setup, daf_homes_teardown)
        T(a_changed_request_is_refused_at_every_byte),
        T(a_request_with_borrowed_or_weak_keys_is_refused),
        T(a_changed_acceptance_changes_nothing),
        T(a_foreign_or_replayed_acceptance_is_refused),
        T(an_acceptance_mixed_of_two_is_refused),
        T(a_file_without_end_is_refused),
#undef T
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
