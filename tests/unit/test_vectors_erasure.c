/* SPDX-License-Identifier: Apache-2.0 */

/* Golden erasures, made by tests/vectors/make_erasure.py without our code: read
 * and packed again, byte for byte.  A change here is a change of the protocol. */
#include "tests/lib/t.h"

#include "proto/body.h"
#include "proto/payload.h"
#include "proto/status.h"
#include "tests/lib/hex.h"

#include <jansson.h>
#include <sodium.h>

static json_t *golden;

static int load(void **state)
{
    (void)state;
    golden =
        json_load_file(DAF_SOURCE_DIR "/tests/vectors/erasure.json", 0, NULL);
    return golden != NULL ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    json_decref(golden);
    return 0;
}

/* Good for the next 127 calls. */
static struct daf_view bytes_of(const json_t *value)
{
    static uint8_t rooms[128][4096];
    static unsigned next;
    uint8_t *room = rooms[next++ % 128];
    const char *hex = json_string_value(value);

    assert_non_null(hex);
    return (struct daf_view){room, daf_hex_decode(hex, room, sizeof(rooms[0]))};
}

static struct daf_view field(const json_t *object, const char *name)
{
    return bytes_of(json_object_get(object, name));
}

static struct daf_view item(const char *list, size_t at)
{
    return bytes_of(json_array_get(json_object_get(golden, list), at));
}

static void handles_follow_from_subject_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < DAF_ERASURE_MAX; i++) {
        struct daf_key key;
        struct daf_handle handle;

        memcpy(key.b, item("keys", i).p, sizeof(key.b));
        handle = daf_body_handle(&key);
        assert_memory_equal(handle.b, item("handles", i).p, 16);
    }
}

static void check(struct daf_view bytes, size_t count)
{
    uint8_t room[2048];
    struct daf_erasure e;
    struct daf_pack k;

    assert_int_equal(daf_payload_type(bytes, NULL), DAF_TYPE_ERASURE);
    assert_int_equal(daf_payload_acts(bytes), count);
    assert_int_equal(daf_payload_erasure(bytes, &e), DAF_OK);
    assert_int_equal(e.handles_count, count);
    for (size_t i = 0; i < count; i++)
        assert_memory_equal(e.handles[i].b, item("handles", i).p, 16);
    if (e.has_second) return; /* nothing here packs one */
    daf_pack_init(&k, room, sizeof(room));
    daf_payload_pack_erasure(&k, e.handles, count);
    assert_int_equal(k.len, bytes.len);
    assert_memory_equal(room, bytes.p, bytes.len);
}

static void erasures_are_read_and_packed(void **state)
{
    (void)state;
    check(field(golden, "one"), 1);
    check(field(golden, "most"), DAF_ERASURE_MAX);
}

static void a_second_coordinator_signs_header_and_payload(void **state)
{
    const json_t *v = json_object_get(golden, "seconded");
    struct daf_view bytes = field(v, "bytes"), aad = field(v, "aad");
    struct daf_sign_pk pk;
    struct daf_erasure e;

    (void)state;
    memcpy(pk.b, field(v, "sign").p, sizeof(pk.b));
    check(bytes, 2);
    assert_int_equal(daf_payload_erasure(bytes, &e), DAF_OK);
    assert_true(e.has_second);
    assert_memory_equal(e.second.b, field(v, "author").p, 16);
    assert_true(daf_payload_erasure_second_ok(bytes, &e, aad, &pk));
    aad.len--;
    assert_false(daf_payload_erasure_second_ok(bytes, &e, aad, &pk));
}

static void what_has_another_form_is_not_read(void **state)
{
    const size_t count = json_array_size(json_object_get(golden, "bad"));

    (void)state;
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++) {
        struct daf_erasure e;

        assert_int_not_equal(daf_payload_erasure(item("bad", i), &e), DAF_OK);
        assert_int_equal(e.handles_count, 0);
    }
}

/* The store looks for these bytes in front of a body (store/store_erase.c). */
static void a_sealed_body_begins_with_its_handle(void **state)
{
    static const uint8_t front[] = {0x95, 0x01, 0xc4, 0x10};
    struct daf_view bytes = field(golden, "body");
    struct daf_body body;

    (void)state;
    assert_int_equal(daf_body_decode(bytes, &body), DAF_OK);
    assert_memory_equal(bytes.p, front, sizeof(front));
    assert_memory_equal(bytes.p + sizeof(front), item("handles", 0).p, 16);
    assert_memory_equal(body.handle.b, item("handles", 0).p, 16);
}

static void a_status_is_signed_and_read(void **state)
{
    const json_t *v = json_object_get(golden, "status");
    struct daf_view bytes = field(v, "bytes"), control = field(v, "control");
    uint8_t out[DAF_STATEMENT_BYTES_MAX], map[DAF_STATEMENT_OTHER_BYTES_MAX];
    struct daf_statement st, own = {.kind = DAF_STATEMENT_STATUS, .number = 5};
    struct daf_sign_pk pk;
    struct daf_sign_sk sk;
    struct daf_view said;
    struct daf_pack k;

    (void)state;
    assert_int_equal(daf_statement_decode(bytes, &st), DAF_OK);
    assert_int_equal(st.kind, DAF_STATEMENT_STATUS);
    said = daf_status_control(&st);
    assert_int_equal(said.len, control.len);
    assert_memory_equal(said.p, control.p, control.len);
    (void)crypto_sign_seed_keypair(pk.b, sk.b, field(v, "seed").p);
    assert_int_equal(daf_statement_verify(bytes, &st, &pk), DAF_OK);
    daf_pack_init(&k, map, sizeof(map));
    daf_status_pack(&k, control);
    own.scope = st.scope;
    own.author = st.author;
    own.other = daf_pack_view(&k);
    assert_int_equal(daf_statement_sign(&own, &sk, out), bytes.len);
    assert_memory_equal(out, bytes.p, bytes.len);
    assert_int_equal(daf_statement_decode(field(v, "more"), &st), DAF_OK);
    said = daf_status_control(&st);
    assert_int_equal(said.len, control.len);
    st.kind = 3;
    assert_int_equal(daf_status_control(&st).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handles_follow_from_subject_keys),
        cmocka_unit_test(erasures_are_read_and_packed),
        cmocka_unit_test(a_second_coordinator_signs_header_and_payload),
        cmocka_unit_test(what_has_another_form_is_not_read),
        cmocka_unit_test(a_sealed_body_begins_with_its_handle),
        cmocka_unit_test(a_status_is_signed_and_read),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
