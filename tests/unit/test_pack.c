/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/hex.h"
#include "tests/lib/t.h"

#include "proto/cursor.h"
#include "proto/pack.h"

#include <string.h>

static uint8_t buffer[80000];
static uint8_t text[70000];

static struct daf_pack fresh(void)
{
    struct daf_pack k;

    daf_pack_init(&k, buffer, sizeof(buffer));
    return k;
}

static void expect(const struct daf_pack *k, const char *hex)
{
    struct daf_view v = daf_pack_view(k);
    uint8_t want[64];
    size_t len = daf_hex_decode(hex, want, sizeof(want));

    assert_int_equal(v.len, len);
    assert_memory_equal(v.p, want, len);
}

static void a_number_takes_its_shortest_form(void **state)
{
    static const struct {
        uint64_t v;
        const char *hex;
    } rows[] = {
        {0, "00"},
        {0x7f, "7f"},
        {0x80, "cc80"},
        {0xff, "ccff"},
        {0x100, "cd0100"},
        {0xffff, "cdffff"},
        {0x10000, "ce00010000"},
        {0xffffffff, "ceffffffff"},
        {0x100000000, "cf0000000100000000"},
        {INT64_MAX, "cf7fffffffffffffff"},
        {UINT64_MAX, "cfffffffffffffffff"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct daf_pack k = fresh();

        daf_pack_uint(&k, rows[i].v);
        expect(&k, rows[i].hex);
    }
}

static void nil_and_booleans_are_one_byte(void **state)
{
    struct daf_pack k = fresh();

    (void)state;
    daf_pack_nil(&k);
    daf_pack_bool(&k, false);
    daf_pack_bool(&k, true);
    expect(&k, "c0 c2 c3");
}

/* Packs something of @len by @put and compares its head. */
static void expect_head(void (*put)(struct daf_pack *k, size_t len), size_t len,
                        size_t body_len, const char *hex)
{
    struct daf_pack k = fresh();
    uint8_t head[8];
    size_t head_len = daf_hex_decode(hex, head, sizeof(head));
    struct daf_view v;

    put(&k, len);
    v = daf_pack_view(&k);
    assert_int_equal(v.len, head_len + body_len);
    assert_memory_equal(v.p, head, head_len);
    if (body_len > 0) assert_memory_equal(v.p + head_len, text, body_len);
}

static void put_str(struct daf_pack *k, size_t len)
{
    daf_pack_str(k, (const char *)text, len);
}

static void put_bin(struct daf_pack *k, size_t len)
{
    daf_pack_bin(k, text, len);
}

static void lengths_take_their_shortest_form(void **state)
{
    static const struct {
        size_t len;
        const char *str, *bin;
    } rows[] = {
        {0, "a0", "c400"},
        {31, "bf", "c41f"},
        {32, "d920", "c420"},
        {255, "d9ff", "c4ff"},
        {256, "da0100", "c50100"},
        {65535, "daffff", "c5ffff"},
        {65536, "db00010000", "c600010000"},
    };

    (void)state;
    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_head(put_str, rows[i].len, rows[i].len, rows[i].str);
        expect_head(put_bin, rows[i].len, rows[i].len, rows[i].bin);
    }
}

static void counts_take_their_shortest_form(void **state)
{
    static const struct {
        size_t count;
        const char *array, *map;
    } rows[] = {
        {0, "90", "80"},
        {15, "9f", "8f"},
        {16, "dc0010", "de0010"},
        {65535, "dcffff", "deffff"},
        {65536, "dd00010000", "df00010000"},
        {UINT32_MAX, "ddffffffff", "dfffffffff"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_head(daf_pack_array, rows[i].count, 0, rows[i].array);
        expect_head(daf_pack_map, rows[i].count, 0, rows[i].map);
    }
}

static void a_count_beyond_32_bits_is_not_packed(void **state)
{
#if SIZE_MAX > UINT32_MAX
    size_t count = (size_t)UINT32_MAX + 1;
    struct daf_pack k = fresh();

    daf_pack_array(&k, count);
    assert_true(k.is_full);
    k = fresh();
    daf_pack_map(&k, count);
    assert_true(k.is_full);
    k = fresh();
    daf_pack_bin(&k, NULL, count);
    assert_true(k.is_full);
    k = fresh();
    daf_pack_str(&k, NULL, count);
    assert_true(k.is_full);
#endif
    (void)state;
}

static void an_array_may_be_counted_after_its_items(void **state)
{
    static const size_t counts[] = {0, 1, 15, 16, 17, 65535, 65536};

    (void)state;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        struct daf_pack k = fresh();
        struct daf_cursor c;
        size_t mark;

        daf_pack_array(&k, 2);
        mark = daf_pack_open(&k);
        for (size_t n = 0; n < counts[i]; n++)
            daf_pack_uint(&k, n % 100);
        daf_pack_close(&k, mark, counts[i]);
        daf_pack_nil(&k);

        daf_cursor_init(&c, daf_pack_view(&k));
        daf_cursor_array_of(&c, 2);
        daf_cursor_array_of(&c, counts[i]);
        for (size_t n = 0; n < counts[i]; n++)
            assert_true(daf_cursor_uint(&c, 99) == n % 100);
        daf_cursor_nil(&c);
        assert_true(daf_cursor_done(&c));
    }
}

static void open_arrays_nest(void **state)
{
    struct daf_pack k = fresh();
    size_t outer = daf_pack_open(&k);
    size_t inner = daf_pack_open(&k);

    (void)state;
    daf_pack_uint(&k, 1);
    daf_pack_uint(&k, 2);
    daf_pack_close(&k, inner, 2);
    daf_pack_bool(&k, true);
    daf_pack_close(&k, outer, 2);
    expect(&k, "92 92 01 02 c3");
}

static void a_bin_may_be_filled_where_it_lies(void **state)
{
    struct daf_pack k = fresh();
    uint8_t *room = daf_pack_bin_room(&k, 3);

    (void)state;
    assert_ptr_equal(room, buffer + 2);
    memset(room, 'a', 3);
    daf_pack_nil(&k);
    expect(&k, "c403616161 c0");
    daf_pack_init(&k, buffer, 4);
    assert_null(daf_pack_bin_room(&k, 3));
    assert_true(k.is_full);
}

static void packed_bytes_are_taken_as_they_are(void **state)
{
    struct daf_pack k = fresh();

    (void)state;
    daf_pack_array(&k, 1);
    daf_pack_raw(&k, (const uint8_t *)"\xa1z", 2);
    daf_pack_raw(&k, NULL, 0);
    expect(&k, "91 a17a");
}

/* [nil, 300, "ab", bin "cd", {"k": [true]}]: 18 bytes, one of each. */
static void pack_one_of_each(struct daf_pack *k)
{
    size_t mark;

    daf_pack_array(k, 5);
    daf_pack_nil(k);
    daf_pack_uint(k, 300);
    daf_pack_str(k, "ab", 2);
    daf_pack_bin(k, (const uint8_t *)"cd", 2);
    daf_pack_map(k, 1);
    daf_pack_raw(k, (const uint8_t *)"\xa1k", 2);
    mark = daf_pack_open(k);
    daf_pack_bool(k, true);
    daf_pack_close(k, mark, 1);
}

static void a_buffer_one_byte_too_small_is_full_and_never_overrun(void **state)
{
    struct daf_pack k = fresh();
    size_t need;

    (void)state;
    pack_one_of_each(&k);
    need = k.len;
    expect(&k, "95 c0 cd012c a26162 c4026364 81 a16b 91 c3");
    for (size_t cap = 0; cap < need; cap++) {
        memset(buffer, 0xee, sizeof(buffer));
        daf_pack_init(&k, buffer, cap);
        pack_one_of_each(&k);
        assert_true(k.is_full);
        assert_null(daf_pack_view(&k).p);
        assert_int_equal(daf_pack_view(&k).len, 0);
        assert_int_equal(buffer[cap], 0xee);
    }
    daf_pack_init(&k, buffer, need);
    pack_one_of_each(&k);
    assert_false(k.is_full);
    assert_int_equal(daf_pack_view(&k).len, need);
}

static void what_would_still_fit_is_dropped_after_what_did_not(void **state)
{
    struct daf_pack k;

    (void)state;
    daf_pack_init(&k, buffer, 4);
    daf_pack_str(&k, "too long", 8);
    daf_pack_nil(&k);
    assert_true(k.is_full);
    assert_int_equal(k.len, 1); /* the head of the text was the last to fit */
    assert_null(daf_pack_view(&k).p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_takes_its_shortest_form),
        cmocka_unit_test(nil_and_booleans_are_one_byte),
        cmocka_unit_test(lengths_take_their_shortest_form),
        cmocka_unit_test(counts_take_their_shortest_form),
        cmocka_unit_test(a_count_beyond_32_bits_is_not_packed),
        cmocka_unit_test(an_array_may_be_counted_after_its_items),
        cmocka_unit_test(open_arrays_nest),
        cmocka_unit_test(a_bin_may_be_filled_where_it_lies),
        cmocka_unit_test(packed_bytes_are_taken_as_they_are),
        cmocka_unit_test(a_buffer_one_byte_too_small_is_full_and_never_overrun),
        cmocka_unit_test(what_would_still_fit_is_dropped_after_what_did_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
