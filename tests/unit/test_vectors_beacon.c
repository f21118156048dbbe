/* SPDX-License-Identifier: Apache-2.0 */

/* Golden beacons, made by tests/vectors/make_beacon.py without our code. */

#include "tests/lib/hex.h"
#include "tests/lib/t.h"

#include "proto/payload.h"

#include <jansson.h>
#include <string.h>

#define BYTES_MAX 4096

static json_t *golden;

static int load(void **state)
{
    (void)state;
    golden =
        json_load_file(DAF_SOURCE_DIR "/tests/vectors/beacon.json", 0, NULL);
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

static struct daf_beacon read_one(const char *name, uint8_t room[BYTES_MAX])
{
    struct daf_view payload = bytes_of(golden, name, room);
    struct daf_beacon b;

    assert_int_equal(daf_payload_type(payload, NULL), DAF_TYPE_BEACON);
    assert_int_equal(daf_payload_beacon(payload, &b), DAF_OK);
    return b;
}

static void a_beacon_is_as_the_document_says(void **state)
{
    uint8_t room[BYTES_MAX], packed[64];
    struct daf_beacon b = read_one("payload", room);
    struct daf_view payload = bytes_of(golden, "payload", room);
    struct daf_pack k;

    (void)state;
    assert_int_equal(b.week,
                     json_integer_value(json_object_get(golden, "week")));
    assert_false(b.has_second);
    daf_pack_init(&k, packed, sizeof(packed));
    daf_payload_pack_beacon(&k, b.week);
    assert_int_equal(k.len, payload.len);
    assert_memory_equal(packed, payload.p, payload.len);
}

static void one_may_be_seconded(void **state)
{
    uint8_t room[BYTES_MAX], other[BYTES_MAX];
    struct daf_beacon b = read_one("seconded", room);

    (void)state;
    assert_true(b.has_second);
    assert_memory_equal(&b.second, bytes_of(golden, "second", other).p, 16);
    assert_memory_equal(b.second_sig.p, bytes_of(golden, "signature", other).p,
                        64);
}

static void the_highest_and_a_later_one_are_read(void **state)
{
    uint8_t room[BYTES_MAX];

    (void)state;
    assert_true(read_one("highest", room).week == DAF_INT_MAX);
    assert_false(read_one("carried", room).has_second);
}

static void what_has_another_form_is_refused(void **state)
{
    const json_t *refused = json_object_get(golden, "refused"), *one;
    uint8_t room[BYTES_MAX];
    struct daf_beacon b;
    size_t i;

    (void)state;
    json_array_foreach(refused, i, one)
    {
        assert_int_not_equal(daf_payload_beacon(bytes_of(one, "payload", room),
                                                &b),
                             DAF_OK);
        assert_int_equal(b.week, 0);
    }
    assert_int_equal(i, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_beacon_is_as_the_document_says),
        cmocka_unit_test(one_may_be_seconded),
        cmocka_unit_test(the_highest_and_a_later_one_are_read),
        cmocka_unit_test(what_has_another_form_is_refused),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
