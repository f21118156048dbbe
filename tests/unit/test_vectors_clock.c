/* SPDX-License-Identifier: Apache-2.0 */

/* Golden clocks, made by tests/vectors/make_clock.py without our code. */

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
        json_load_file(DAF_SOURCE_DIR "/tests/vectors/clock.json", 0, NULL);
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

/* The clock that @name is; packed again it is the same bytes. */
static struct daf_clock_fix read_again(const char *name)
{
    uint8_t room[BYTES_MAX], packed[BYTES_MAX];
    struct daf_view payload = bytes_of(golden, name, room);
    struct daf_clock_fix fix;
    struct daf_pack k;

    assert_int_equal(daf_payload_type(payload, NULL), DAF_TYPE_CLOCK);
    assert_int_equal(daf_payload_clock(payload, &fix), DAF_OK);
    daf_pack_init(&k, packed, sizeof(packed));
    daf_payload_pack_clock(&k, &fix);
    assert_int_equal(k.len, payload.len);
    assert_memory_equal(packed, payload.p, payload.len);
    return fix;
}

static void a_clock_is_as_the_document_says(void **state)
{
    struct daf_clock_fix fix = read_again("payload");
    uint8_t room[BYTES_MAX];

    (void)state;
    assert_true(fix.has_value && fix.boot == 7);
    assert_true(fix.claimed_ms == 86400000 && fix.real_ms == 1772359200000);
    assert_int_equal(fix.replaces_count, 0);
    assert_memory_equal(&fix.who, bytes_of(golden, "who", room).p, 16);
}

static void one_that_replaces_or_takes_back_is_read(void **state)
{
    const json_t *ids = json_object_get(golden, "replaced");
    struct daf_clock_fix fix = read_again("replacing");
    uint8_t room[BYTES_MAX];

    (void)state;
    assert_true(fix.has_value);
    assert_int_equal(fix.replaces_count, 2);
    assert_int_equal(daf_hex_decode(json_string_value(json_array_get(ids, 1)),
                                    room, BYTES_MAX),
                     32);
    assert_memory_equal(&fix.replaces[1], room, 32);
    fix = read_again("taking_back");
    assert_false(fix.has_value);
    assert_int_equal(fix.replaces_count, 2);
}

static void the_longest_and_a_later_one_are_read(void **state)
{
    struct daf_clock_fix fix = read_again("longest");
    uint8_t room[BYTES_MAX];

    (void)state;
    assert_int_equal(fix.replaces_count, DAF_REPLACES_MAX);
    assert_true(fix.boot == DAF_INT_MAX && fix.real_ms == DAF_INT_MAX);
    assert_int_equal(daf_payload_clock(bytes_of(golden, "carried", room), &fix),
                     DAF_OK);
}

static void what_has_another_form_is_refused(void **state)
{
    const json_t *refused = json_object_get(golden, "refused"), *one;
    uint8_t room[BYTES_MAX];
    struct daf_clock_fix fix;
    size_t i;

    (void)state;
    json_array_foreach(refused, i, one)
    {
        assert_int_not_equal(daf_payload_clock(bytes_of(one, "payload", room),
                                               &fix),
                             DAF_OK);
        assert_false(fix.has_value);
    }
    assert_int_equal(i, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_is_as_the_document_says),
        cmocka_unit_test(one_that_replaces_or_takes_back_is_read),
        cmocka_unit_test(the_longest_and_a_later_one_are_read),
        cmocka_unit_test(what_has_another_form_is_refused),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
