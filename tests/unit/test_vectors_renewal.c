/* SPDX-License-Identifier: Apache-2.0 */

/* Golden renewals, made by tests/vectors/make_renewal.py without our code. */

#include "tests/lib/hex.h"
#include "tests/lib/t.h"

#include "proto/payload.h"

#include <jansson.h>
#include <string.h>

#define BYTES_MAX 1024

static json_t *golden;

static int load(void **state)
{
    (void)state;
    golden =
        json_load_file(DAF_SOURCE_DIR "/tests/vectors/renewal.json", 0, NULL);
    return golden != NULL ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    json_decref(golden);
    return 0;
}

static struct daf_view bytes_of(const json_t *object, const char *name,
                                uint8_t room[BYTES_MAX])
{
    const char *text = json_string_value(json_object_get(object, name));

    assert_non_null(text);
    return (struct daf_view){room, daf_hex_decode(text, room, BYTES_MAX)};
}

static void a_renewal_is_as_the_document_says(void **state)
{
    uint8_t room[BYTES_MAX], other[BYTES_MAX], packed[BYTES_MAX];
    struct daf_view payload = bytes_of(golden, "payload", room);
    struct daf_view request = bytes_of(golden, "request", other);
    struct daf_renewal r;
    struct daf_pack k;

    (void)state;
    assert_int_equal(daf_payload_type(payload, NULL), DAF_TYPE_RENEWAL);
    assert_int_equal(daf_payload_renewal(payload, &r), DAF_OK);
    assert_int_equal(r.lives_count, 2);
    assert_true(r.lives[0] == 7 && r.lives[1] == UINT64_MAX);
    assert_int_equal(r.request.len, request.len);
    assert_memory_equal(r.request.p, request.p, request.len);
    daf_pack_init(&k, packed, sizeof(packed));
    daf_payload_pack_renewal(&k, &r);
    assert_int_equal(k.len, payload.len);
    assert_memory_equal(packed, payload.p, payload.len);
}

static void the_longest_and_a_later_one_are_read(void **state)
{
    uint8_t room[BYTES_MAX];
    struct daf_renewal r;

    (void)state;
    assert_int_equal(daf_payload_renewal(bytes_of(golden, "longest", room), &r),
                     DAF_OK);
    assert_int_equal(r.lives_count, DAF_RENEWAL_LIVES_MAX);
    assert_int_equal(daf_payload_renewal(bytes_of(golden, "carried", room), &r),
                     DAF_OK);
}

static void what_has_another_form_is_refused(void **state)
{
    const json_t *refused = json_object_get(golden, "refused"), *one;
    uint8_t room[BYTES_MAX];
    struct daf_renewal r;
    size_t i;

    (void)state;
    json_array_foreach(refused, i, one)
    {
        assert_int_not_equal(daf_payload_renewal(bytes_of(one, "payload", room),
                                                 &r),
                             DAF_OK);
        assert_int_equal(r.lives_count, 0);
    }
    assert_int_equal(i, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_renewal_is_as_the_document_says),
        cmocka_unit_test(the_longest_and_a_later_one_are_read),
        cmocka_unit_test(what_has_another_form_is_refused),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
