/* SPDX-License-Identifier: Apache-2.0 */

/* Golden tags, items and symbols, made by tests/vectors/make_sketch.py without
 * our code.  A change here is a change of the protocol. */

#include "tests/lib/hex.h"
#include "tests/lib/t.h"

#include "proto/hash.h"
#include "proto/sketch.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *golden;
static struct daf_scope_id scope;

static json_t *field(const json_t *object, const char *name)
{
    json_t *v = json_object_get(object, name);

    assert_non_null(v);
    return v;
}

static const char *text_of(const json_t *value)
{
    const char *s = json_string_value(value);

    assert_non_null(s);
    return s;
}

static uint64_t number_of(const json_t *value)
{
    const char *text = text_of(value);
    char *end;
    uint64_t v = strtoull(text, &end, 10);

    assert_true(end != text && *end == '\0');
    return v;
}

static void copy_of(const json_t *value, uint8_t *out, size_t len)
{
    assert_int_equal(daf_hex_decode(text_of(value), out, len), len);
}

static void expect(const json_t *value, const uint8_t *got, size_t len)
{
    uint8_t want[64];

    assert_int_equal(daf_hex_decode(text_of(value), want, sizeof(want)), len);
    assert_memory_equal(got, want, len);
}

static int load(void **state)
{
    (void)state;
    golden =
        json_load_file(DAF_SOURCE_DIR "/tests/vectors/sketch.json", 0, NULL);
    if (golden == NULL) return -1;
    copy_of(field(golden, "scope"), scope.b, sizeof(scope.b));
    return 0;
}

static int unload(void **state)
{
    (void)state;
    json_decref(golden);
    return 0;
}

static void read_spots(const json_t *v, struct daf_spot *out, size_t *out_count)
{
    const json_t *spot;
    size_t i;

    *out_count = json_array_size(v);
    assert_true(*out_count <= DAF_FRONTIER_MAX);
    json_array_foreach(v, i, spot)
    {
        out[i].seq = number_of(json_array_get(spot, 0));
        copy_of(json_array_get(spot, 1), out[i].id.b, 32);
    }
}

static struct daf_mark mark_of(const json_t *v)
{
    static struct daf_head head;

    head.log.scope = scope;
    copy_of(field(v, "author"), head.log.author.b, 16);
    head.log.incarnation = number_of(field(v, "incarnation"));
    read_spots(field(v, "tips"), head.tips, &head.tips_count);
    read_spots(field(v, "roots"), head.roots, &head.roots_count);
    return daf_sketch_mark(&head);
}

static void marks_and_items_are_those_expected(void **state)
{
    struct daf_key salt;
    const json_t *v;
    size_t i;

    (void)state;
    copy_of(field(golden, "salt"), salt.b, sizeof(salt.b));
    json_array_foreach(field(golden, "logs"), i, v)
    {
        struct daf_mark mark = mark_of(v);
        struct daf_item item = daf_sketch_item(&mark);
        struct daf_item salted = daf_sketch_salted(&mark, &salt);
        struct daf_tag tag = daf_sketch_item_tag(&item);

        expect(field(v, "tag"), mark.tag.b, sizeof(mark.tag.b));
        expect(field(v, "tag"), tag.b, sizeof(tag.b));
        assert_true(number_of(field(v, "height")) == mark.height);
        assert_true(daf_sketch_item_height(&salted) == mark.height);
        expect(field(v, "digest"), mark.digest.b, sizeof(mark.digest.b));
        expect(field(v, "item"), item.b, sizeof(item.b));
        expect(field(v, "salted"), salted.b, sizeof(salted.b));
    }
    assert_int_equal(i, 40);
}

static void items_go_to_the_symbols_expected(void **state)
{
    static struct daf_symbol symbols[DAF_SYMBOLS_MAX];
    const json_t *places = field(golden, "first_goes_to");
    struct daf_item item;
    size_t at = 0;

    (void)state;
    memset(symbols, 0, sizeof(symbols));
    copy_of(field(json_array_get(field(golden, "logs"), 0), "item"), item.b,
            sizeof(item.b));
    daf_sketch_add(symbols, DAF_SYMBOLS_MAX, &scope, &item, 1);
    for (size_t i = 0; i < DAF_SYMBOLS_MAX; i++) {
        if (symbols[i].count[1] == 0) continue;
        assert_int_equal(number_of(json_array_get(places, at)), i);
        at++;
    }
    assert_int_equal(at, json_array_size(places));
}

static void symbols_are_those_expected(void **state)
{
    static struct daf_symbol symbols[DAF_SYMBOLS_MAX];
    uint8_t hash[32];
    struct daf_item item;
    const json_t *v;
    size_t i;

    (void)state;
    memset(symbols, 0, sizeof(symbols));
    json_array_foreach(field(golden, "logs"), i, v)
    {
        copy_of(field(v, "item"), item.b, sizeof(item.b));
        daf_sketch_add(symbols, DAF_SYMBOLS_MAX, &scope, &item, 1);
    }
    assert_int_equal(json_array_size(field(golden, "symbols")), 16);
    json_array_foreach(field(golden, "symbols"), i, v)
        expect(v, (const uint8_t *)&symbols[i], sizeof(symbols[i]));
    daf_hash_256("daf.vector.1",
                 (struct daf_view){(const uint8_t *)symbols, sizeof(symbols)},
                 hash);
    expect(field(golden, "all_symbols_256"), hash, sizeof(hash));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_and_items_are_those_expected),
        cmocka_unit_test(items_go_to_the_symbols_expected),
        cmocka_unit_test(symbols_are_those_expected),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
