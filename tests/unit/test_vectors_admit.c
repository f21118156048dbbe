/* SPDX-License-Identifier: Apache-2.0 */

/* Golden admits, made by tests/vectors/make_admit.py without our code: they are
 * read, and made again, byte for byte. */
#include "tests/lib/t.h"

#include "proto/body.h"
#include "proto/payload.h"
#include "proto/record.h"
#include "tests/lib/hex.h"

#include <jansson.h>
#include <stdlib.h>

#define ROOM_BYTES 8192

static json_t *doc;

static int load(void **state)
{
    (void)state;
    doc = json_load_file(DAF_SOURCE_DIR "/tests/vectors/admit.json", 0, NULL);
    return doc == NULL ? -1 : 0;
}

static int unload(void **state)
{
    (void)state;
    json_decref(doc);
    return 0;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *s = json_string_value(json_object_get(object, name));

    assert_non_null(s);
    return s;
}

static struct daf_view bytes_of(const char *hex, uint8_t *room)
{
    return (struct daf_view){room, daf_hex_decode(hex, room, ROOM_BYTES)};
}

static void expect(const char *hex, const uint8_t *got, size_t len)
{
    uint8_t want[64];

    assert_int_equal(daf_hex_decode(hex, want, sizeof(want)), len);
    assert_memory_equal(got, want, len);
}

/* @tips: as the packer wants them. */
static void check_log(const json_t *want, const struct daf_revoked_log *log,
                      struct daf_spot *tips)
{
    const json_t *list = json_object_get(want, "tips"), *tip;
    size_t i;

    expect(text_of(want, "scope"), log->log.scope.b, 16);
    expect(text_of(want, "author"), log->log.author.b, 16);
    assert_true(strtoull(text_of(want, "incarnation"), NULL, 10) ==
                log->log.incarnation);
    assert_int_equal(json_array_size(list), log->tips_count);
    json_array_foreach(list, i, tip)
    {
        expect(json_string_value(tip), log->tips[i].b, 32);
        tips[i].id = log->tips[i];
    }
}

static void check_admit(const json_t *v, struct daf_view payload)
{
    const json_t *logs = json_object_get(v, "logs"), *want;
    struct daf_spot tips[DAF_FRONTIER_MAX];
    uint8_t again[ROOM_BYTES];
    struct daf_revoked_log log;
    struct daf_cursor cursor;
    struct daf_admit a;
    struct daf_pack k;
    size_t i, mark;

    assert_int_equal(daf_payload_type(payload, NULL), DAF_TYPE_ADMIT);
    assert_int_equal(daf_payload_acts(payload), 0);
    assert_int_equal(daf_payload_admit(payload, &a), DAF_OK);
    expect(text_of(v, "who"), a.who.b, 16);
    assert_int_equal(json_array_size(logs), a.logs_count);
    daf_payload_logs(a.logs, &cursor);
    daf_pack_init(&k, again, sizeof(again));
    mark = daf_payload_begin_admit(&k);
    json_array_foreach(logs, i, want)
    {
        daf_payload_next_log(&cursor, &log);
        check_log(want, &log, tips);
        daf_payload_add_revoked_log(&k, &log.log, tips, log.tips_count);
    }
    daf_payload_end_admit(&k, mark, a.logs_count, &a.who);
    if (!json_is_true(json_object_get(v, "plain"))) return;
    assert_int_equal(k.len, payload.len);
    assert_memory_equal(again, payload.p, payload.len);
}

static void admits_are_read_and_made_byte_for_byte(void **state)
{
    uint8_t header[ROOM_BYTES], body[ROOM_BYTES];
    struct daf_record r;
    struct daf_body b;
    const json_t *v;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(doc, "good"), i, v)
    {
        assert_int_equal(
            daf_record_decode(bytes_of(text_of(v, "header"), header), &r),
            DAF_OK);
        expect(text_of(v, "id"), r.id.b, 32);
        assert_int_equal(daf_body_decode(bytes_of(text_of(v, "body"), body),
                                         &b),
                         DAF_OK);
        assert_false(b.is_sealed);
        check_admit(v, b.content);
    }
    assert_int_equal(i, 3);
}

static void what_is_no_admit_is_not_read(void **state)
{
    uint8_t room[ROOM_BYTES];
    struct daf_admit a;
    const json_t *v;
    size_t i;

    (void)state;
    json_array_foreach(json_object_get(doc, "bad"), i, v)
    {
        enum daf_err want =
            strcmp(text_of(v, "error"), "limit") == 0 ? DAF_ELIMIT : DAF_EFORM;

        assert_int_equal(
            daf_payload_admit(bytes_of(text_of(v, "payload"), room), &a), want);
    }
    assert_int_equal(i, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(admits_are_read_and_made_byte_for_byte),
        cmocka_unit_test(what_is_no_admit_is_not_read),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
