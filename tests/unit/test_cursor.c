/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/hex.h"
#include "tests/lib/t.h"

#include "proto/cursor.h"
#include "proto/limits.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static uint8_t bytes[70010];

/* A cursor over the bytes that @hex stands for. */
static struct daf_cursor over(const char *hex)
{
    struct daf_cursor c;
    size_t len = daf_hex_decode(hex, bytes, sizeof(bytes));

    daf_cursor_init(&c, (struct daf_view){bytes, len});
    return c;
}

/* The error of checking @hex; @offset receives where. */
static enum daf_err check(const char *hex, size_t *offset)
{
    size_t len = daf_hex_decode(hex, bytes, sizeof(bytes));

    return daf_cursor_check((struct daf_view){bytes, len}, offset);
}

static void expect_failed(const struct daf_cursor *c, enum daf_err err,
                          size_t offset)
{
    assert_false(daf_cursor_ok(c));
    assert_int_equal(c->err, err);
    assert_int_equal(c->offset, offset);
}

/* ---- numbers */

static void a_number_is_read_from_its_shortest_form(void **state)
{
    static const struct {
        const char *hex;
        uint64_t v;
    } rows[] = {
        {"00", 0},
        {"7f", 0x7f},
        {"cc80", 0x80},
        {"ccff", 0xff},
        {"cd0100", 0x100},
        {"cdffff", 0xffff},
        {"ce00010000", 0x10000},
        {"ceffffffff", 0xffffffff},
        {"cf0000000100000000", 0x100000000},
        {"cf7fffffffffffffff", INT64_MAX},
        {"cfffffffffffffffff", UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct daf_cursor c = over(rows[i].hex);

        assert_int_equal(daf_cursor_peek(&c), DAF_KIND_UINT);
        assert_true(daf_cursor_uint(&c, UINT64_MAX) == rows[i].v);
        assert_true(daf_cursor_done(&c));
    }
}

static void a_negative_number_is_read_from_its_shortest_form(void **state)
{
    static const struct {
        const char *hex;
        int64_t v;
    } rows[] = {
        {"ff", -1},
        {"e0", -32},
        {"d0df", -33},
        {"d080", -128},
        {"d1ff7f", -129},
        {"d18000", -32768},
        {"d2ffff7fff", -32769},
        {"d280000000", -2147483647 - 1},
        {"d3ffffffff7fffffff", INT64_C(-2147483649)},
        {"d38000000000000000", INT64_MIN},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct daf_cursor c = over(rows[i].hex);

        assert_int_equal(daf_cursor_peek(&c), DAF_KIND_INT);
        assert_true(daf_cursor_int(&c) == rows[i].v);
        assert_true(daf_cursor_done(&c));
    }
}

static void a_longer_form_of_a_number_is_refused(void **state)
{
    static const char *const rows[] = {
        "cc00", "cc7f", "cd0000", "cd00ff", "ce00000000", "ce0000ffff",
        "cf0000000000000000", "cf00000000ffffffff",
        /* negative */
        "d0ff", "d0e0", "d1ffff", "d1ff80", "d2ffffffff", "d2ffff8000",
        "d3ffffffffffffffff", "d3ffffffff80000000",
        /* not negative, in the forms for negative numbers */
        "d000", "d07f", "d17fff", "d100c8", "d200000001", "d27fffffff",
        "d30000000100000000", "d37fffffffffffffff"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct daf_cursor c = over(rows[i]);
        size_t offset = 99;

        assert_int_equal(daf_cursor_int(&c), 0);
        expect_failed(&c, DAF_EFORM, 0);
        assert_int_equal(check(rows[i], &offset), DAF_EFORM);
        assert_int_equal(offset, 0);
    }
}

static void a_number_may_be_its_limit_and_not_one_above(void **state)
{
    struct daf_cursor c = over("63 64 65");

    (void)state;
    assert_int_equal(daf_cursor_uint(&c, 100), 99);
    assert_int_equal(daf_cursor_uint(&c, 100), 100);
    assert_int_equal(daf_cursor_uint(&c, 100), 0);
    expect_failed(&c, DAF_ELIMIT, 2);
    c = over("cf8000000000000000");
    assert_int_equal(daf_cursor_uint(&c, DAF_INT_MAX), 0);
    expect_failed(&c, DAF_ELIMIT, 0);
    c = over("cf8000000000000000");
    assert_int_equal(daf_cursor_int(&c), 0);
    expect_failed(&c, DAF_ELIMIT, 0);
    c = over("cf7fffffffffffffff");
    assert_true(daf_cursor_int(&c) == INT64_MAX);
}

/* ---- text and bytes */

/* Reads a value that is @head_hex and @len bytes of 'x'. */
static struct daf_cursor over_long(const char *head_hex, size_t len)
{
    struct daf_cursor c;
    size_t head_len = daf_hex_decode(head_hex, bytes, sizeof(bytes));

    memset(bytes + head_len, 'x', len);
    daf_cursor_init(&c, (struct daf_view){bytes, head_len + len});
    return c;
}

static void lengths_are_read_from_their_shortest_form(void **state)
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
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct daf_cursor c = over_long(rows[i].str, rows[i].len);
        struct daf_view v = daf_cursor_str(&c, rows[i].len);

        assert_true(daf_cursor_done(&c));
        assert_int_equal(v.len, rows[i].len);
        assert_ptr_equal(v.p + v.len, bytes + c.len);
        c = over_long(rows[i].bin, rows[i].len);
        v = daf_cursor_bin(&c, rows[i].len);
        assert_true(daf_cursor_done(&c));
        assert_int_equal(v.len, rows[i].len);
        assert_ptr_equal(v.p + v.len, bytes + c.len);
    }
}

static void a_longer_form_of_a_length_is_refused(void **state)
{
    static const struct {
        const char *head;
        size_t len;
    } rows[] = {
        {"d900", 0},           {"d91f", 31},      {"da0000", 0},
        {"da00ff", 255},       {"db00000000", 0}, {"db0000ffff", 65535},
        {"c50000", 0},         {"c500ff", 255},   {"c600000000", 0},
        {"c60000ffff", 65535},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct daf_cursor c = over_long(rows[i].head, rows[i].len);

        daf_cursor_skip(&c);
        expect_failed(&c, DAF_EFORM, 0);
    }
}

static void a_length_may_be_its_limit_and_not_one_above(void **state)
{
    (void)state;
    for (size_t len = 9; len <= 11; len++) {
        struct daf_cursor c = over_long("c40a", 10);
        struct daf_view v = daf_cursor_bin(&c, len);

        if (len < 10)
            expect_failed(&c, DAF_ELIMIT, 0);
        else
            assert_int_equal(v.len, 10);
        c = over_long("aa", 10);
        v = daf_cursor_str(&c, len);
        if (len < 10)
            expect_failed(&c, DAF_ELIMIT, 0);
        else
            assert_int_equal(v.len, 10);
    }
}

static void a_length_beyond_the_bytes_left_is_refused(void **state)
{
    static const char *const rows[] = {"a1", "a361 62", "d920 61", "da0100 61",
                                       "dbffffffff", "db00010000 61", "c401",
                                       "c402 61", "c50100 61", "c6ffffffff",
                                       /* arrays */
                                       "91", "92 c0", "dc0010 c0", "ddffffffff",
                                       "dd10000000",
                                       /* maps: a pair is at least two bytes */
                                       "81", "81 a0", "82 a0 c0 a0",
                                       "de0010 a0", "dfffffffff", "df80000000"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t offset = 99;

        assert_int_equal(check(rows[i], &offset), DAF_EFORM);
        assert_int_equal(offset, 0);
    }
}

static void a_bin_of_another_length_gives_zeros(void **state)
{
    uint8_t out[4] = {9, 9, 9, 9};
    struct daf_cursor c = over("c40401020304");

    (void)state;
    daf_cursor_bin_into(&c, out, 4);
    assert_true(daf_cursor_done(&c));
    assert_memory_equal(out, "\1\2\3\4", 4);
    c = over("c0 c403010203");
    daf_cursor_nil(&c);
    daf_cursor_bin_into(&c, out, 4);
    expect_failed(&c, DAF_EFORM, 1);
    assert_memory_equal(out, "\0\0\0\0", 4);
    c = over("c4050102030405");
    daf_cursor_bin_into(&c, out, 4);
    expect_failed(&c, DAF_EFORM, 0);
    c = over("c400");
    daf_cursor_bin_into(&c, NULL, 0);
    assert_true(daf_cursor_done(&c));
}

static void well_formed_text_is_read(void **state)
{
    static const char *const rows[] = {
        "a0",         /* nothing */
        "a101",       /* controls are text, but for NUL */
        "a17f",       /* U+007F */
        "a2c280",     /* U+0080, the least of two bytes */
        "a2dfbf",     /* U+07FF, the greatest */
        "a3e0a080",   /* U+0800, the least of three */
        "a3ed9fbf",   /* U+D7FF, before the surrogates */
        "a3ee8080",   /* U+E000, after them */
        "a3efbfbf",   /* U+FFFF */
        "a4f0908080", /* U+10000, the least of four */
        "a4f48fbfbf", /* U+10FFFF, the greatest there is */
        "acd8a3d985d98ae2809361c3a9",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct daf_cursor c = over(rows[i]);

        assert_int_equal(daf_cursor_peek(&c), DAF_KIND_STR);
        assert_int_equal(daf_cursor_str(&c, 31).len, c.len - 1);
        assert_true(daf_cursor_done(&c));
    }
}

static void malformed_text_is_refused(void **state)
{
    static const char *const rows[] = {
        "a100",         /* NUL */
        "a3610062",     /* NUL between letters */
        "a180",         /* a continuation alone */
        "a1bf",         /* the same */
        "a2c080",       /* NUL in two bytes, as Java writes it */
        "a2c1bf",       /* overlong: U+007F in two bytes */
        "a3e08080",     /* overlong: NUL in three */
        "a3e09fbf",     /* overlong: U+07FF in three */
        "a4f0808080",   /* overlong: NUL in four */
        "a4f08fbfbf",   /* overlong: U+FFFF in four */
        "a3eda080",     /* U+D800, the first surrogate */
        "a3edbfbf",     /* U+DFFF, the last */
        "a4f4908080",   /* U+110000, beyond the end */
        "a4f5808080",   /* further beyond */
        "a5f888808080", /* five bytes, as long ago */
        "a1ff",         /* never in text */
        "a1fe",         /* the same */
        "a1c3",         /* cut off after one of two */
        "a2e282",       /* after two of three */
        "a3f09f98",     /* after three of four */
        "a2c341",       /* no continuation */
        "a3e24180",     /* none in the middle */
        "a3e28241",     /* none at the end */
        "a4f09f9841",   /* the same of four */
        "a4f09f4180",   /* the same of four */
        "a2c3c3",       /* a beginning for a continuation */
        "a361e282",     /* cut off behind a letter */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct daf_cursor c = over(rows[i]);
        size_t offset = 99;

        assert_null(daf_cursor_str(&c, 31).p);
        expect_failed(&c, DAF_EFORM, 0);
        assert_int_equal(check(rows[i], &offset), DAF_EFORM);
        assert_int_equal(offset, 0);
    }
}

static void a_text_does_not_borrow_from_the_next_value(void **state)
{
    /* "\xc3" and then the number that would complete it, were it a byte. */
    struct daf_cursor c = over("92 a1c3 a9");

    (void)state;
    daf_cursor_array_of(&c, 2);
    (void)daf_cursor_str(&c, 31);
    expect_failed(&c, DAF_EFORM, 1);
}

/* ---- kinds */

static void each_kind_is_seen_before_it_is_read(void **state)
{
    static const struct {
        const char *hex;
        enum daf_kind kind;
    } rows[] = {
        {"", DAF_KIND_NONE},           {"c0", DAF_KIND_NIL},
        {"c2", DAF_KIND_BOOL},         {"c3", DAF_KIND_BOOL},
        {"05", DAF_KIND_UINT},         {"cc80", DAF_KIND_UINT},
        {"ff", DAF_KIND_INT},          {"d080", DAF_KIND_INT},
        {"a0", DAF_KIND_STR},          {"d920", DAF_KIND_STR},
        {"c400", DAF_KIND_BIN},        {"90", DAF_KIND_ARRAY},
        {"dc0010", DAF_KIND_ARRAY},    {"80", DAF_KIND_MAP},
        {"de0010", DAF_KIND_MAP},      {"c1", DAF_KIND_NONE},
        {"ca00000000", DAF_KIND_NONE}, {"d40000", DAF_KIND_NONE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct daf_cursor c = over(rows[i].hex);

        assert_int_equal(daf_cursor_peek(&c), rows[i].kind);
        assert_true(daf_cursor_ok(&c));
        assert_int_equal(c.at, 0);
    }
}

static void floats_extensions_and_the_unused_byte_are_refused(void **state)
{
    static const char *const rows[] = {
        "c1",
        "ca3f800000",
        "cb3ff0000000000000",
        "d40100",
        "d5010000",
        "d60100000000",
        "d7010000000000000000",
        "d80100000000000000000000000000000000",
        "c7000001",
        "c80000 01",
        "c90000000001",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t offset = 99;

        assert_int_equal(check(rows[i], &offset), DAF_EFORM);
        assert_int_equal(offset, 0);
    }
}

/* Tries each reader on @hex; exactly the one called @kind may take it. */
static void expect_only(const char *hex, enum daf_kind kind)
{
    uint8_t out[1];
    struct daf_cursor c[9];

    for (size_t i = 0; i < 9; i++)
        c[i] = over(hex);
    daf_cursor_nil(&c[DAF_KIND_NIL]);
    (void)daf_cursor_bool(&c[DAF_KIND_BOOL]);
    (void)daf_cursor_uint(&c[DAF_KIND_UINT], UINT64_MAX);
    (void)daf_cursor_int(&c[DAF_KIND_INT]);
    (void)daf_cursor_str(&c[DAF_KIND_STR], 99);
    (void)daf_cursor_bin(&c[DAF_KIND_BIN], 99);
    (void)daf_cursor_array(&c[DAF_KIND_ARRAY], 99);
    (void)daf_cursor_map(&c[DAF_KIND_MAP], 99);
    daf_cursor_bin_into(&c[DAF_KIND_NONE], out, 1);
    for (int i = DAF_KIND_NIL; i <= (int)DAF_KIND_MAP; i++) {
        bool may =
            i == (int)kind || (i == (int)DAF_KIND_INT && kind == DAF_KIND_UINT);

        if (may)
            assert_true(daf_cursor_done(&c[i]));
        else
            expect_failed(&c[i], DAF_EFORM, 0);
    }
    expect_failed(&c[DAF_KIND_NONE], DAF_EFORM, 0);
}

static void a_value_of_another_kind_is_refused(void **state)
{
    (void)state;
    expect_only("c0", DAF_KIND_NIL);
    expect_only("c2", DAF_KIND_BOOL);
    expect_only("c3", DAF_KIND_BOOL);
    expect_only("05", DAF_KIND_UINT);
    expect_only("ff", DAF_KIND_INT);
    expect_only("a161", DAF_KIND_STR);
    expect_only("c4026161", DAF_KIND_BIN);
    expect_only("90", DAF_KIND_ARRAY);
    expect_only("80", DAF_KIND_MAP);
}

static void true_and_false_are_told_apart(void **state)
{
    struct daf_cursor c = over("c3 c2");

    (void)state;
    assert_true(daf_cursor_bool(&c));
    assert_false(daf_cursor_bool(&c));
    assert_true(daf_cursor_done(&c));
}

/* ---- arrays and maps */

static void a_count_may_be_its_limit_and_not_one_above(void **state)
{
    (void)state;
    for (size_t max = 2; max <= 4; max++) {
        struct daf_cursor c = over("93 c0 c0 c0");
        size_t count = daf_cursor_array(&c, max);

        assert_int_equal(count, max < 3 ? 0 : 3);
        if (max < 3) expect_failed(&c, DAF_ELIMIT, 0);
        c = over("83 a161c0 a162c0 a163c0");
        count = daf_cursor_map(&c, max);
        assert_int_equal(count, max < 3 ? 0 : 3);
        if (max < 3) expect_failed(&c, DAF_ELIMIT, 0);
        c = over("93 c0 c0 c0");
        daf_cursor_array_of(&c, max);
        if (max != 3)
            expect_failed(&c, DAF_EFORM, 0);
        else
            assert_true(daf_cursor_ok(&c));
    }
}

static void a_longer_form_of_a_count_is_refused(void **state)
{
    static const struct {
        const char *head;
        size_t len;
    } rows[] = {
        {"dc0000", 0}, {"dc000f", 15}, {"dd00000000", 0}, {"dd0000ffff", 65535},
        {"de0000", 0}, {"de000f", 30}, {"df00000000", 0}, {"df00000010", 32},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct daf_cursor c = over_long(rows[i].head, rows[i].len);

        daf_cursor_skip(&c);
        expect_failed(&c, DAF_EFORM, 0);
    }
}

static void five_bytes_that_claim_much_are_refused_at_once(void **state)
{
    struct daf_cursor c = over("dd10000000");
    size_t offset = 99;

    (void)state;
    assert_int_equal(daf_cursor_array(&c, SIZE_MAX), 0);
    expect_failed(&c, DAF_EFORM, 0);
    assert_int_equal(check("dd10000000", &offset), DAF_EFORM);
    assert_int_equal(offset, 0);
}

static void a_large_array_with_all_its_items_is_walked(void **state)
{
    struct daf_view v = {bytes, 5 + 65536};

    (void)state;
    (void)daf_hex_decode("dd00010000", bytes, 5);
    memset(bytes + 5, 0, 65536);
    assert_int_equal(daf_cursor_check(v, NULL), DAF_OK);
    v.len--;
    assert_int_equal(daf_cursor_check(v, NULL), DAF_EFORM);
    v.len += 2;
    assert_int_equal(daf_cursor_check(v, NULL), DAF_EFORM);
}

static void keys_ascend_byte_by_byte(void **state)
{
    struct daf_cursor c = over("84 a0 01 a161 02 a26161 03 a2c3a9 04");
    struct daf_view prev = {NULL, 0};

    (void)state;
    assert_int_equal(daf_cursor_map(&c, 4), 4);
    assert_int_equal(daf_cursor_key(&c, &prev).len, 0);
    assert_int_equal(daf_cursor_uint(&c, 9), 1);
    assert_memory_equal(daf_cursor_key(&c, &prev).p, "a", 1);
    assert_int_equal(daf_cursor_uint(&c, 9), 2);
    assert_int_equal(prev.len, 1);
    assert_memory_equal(daf_cursor_key(&c, &prev).p, "aa", 2);
    assert_int_equal(daf_cursor_uint(&c, 9), 3);
    assert_int_equal(daf_cursor_key(&c, &prev).len, 2);
    assert_int_equal(daf_cursor_uint(&c, 9), 4);
    assert_true(daf_cursor_done(&c));
    assert_int_equal(check("84 a0 01 a161 02 a26161 03 a2c3a9 04", NULL),
                     DAF_OK);
}

static void keys_that_do_not_ascend_are_refused(void **state)
{
    static const struct {
        const char *hex;
        size_t offset;
    } rows[] = {
        {"82 a161 01 a161 01", 4},         /* twice */
        {"82 a0 01 a0 01", 3},             /* the empty one twice */
        {"82 a162 01 a161 01", 4},         /* descending */
        {"82 a26161 01 a161 01", 5},       /* the shorter one comes first */
        {"82 a161 01 a0 01", 4},           /* the same */
        {"82 a2c3a9 01 a17a 01", 5},       /* bytes have no sign */
        {"81 01 01", 1},                   /* a number */
        {"81 c0 01", 1},                   /* nil */
        {"81 c40161 01", 1},               /* a bin */
        {"81 a1ff 01", 1},                 /* not text */
        {"91 82 a161 01 a161 01", 5},      /* inside an array */
        {"81 a161 82 a162 01 a161 01", 7}, /* inside a map */
        {"82 a161 81 a17a 01 a161 01", 7}, /* the outer goes on after it */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t offset = 99;

        assert_int_equal(check(rows[i].hex, &offset), DAF_EFORM);
        assert_int_equal(offset, rows[i].offset);
    }
}

static void each_map_orders_its_own_keys(void **state)
{
    (void)state;
    assert_int_equal(check("92 81 a162 01 81 a161 01", NULL), DAF_OK);
    assert_int_equal(check("82 a161 81 a17a 01 a162 81 a161 80", NULL), DAF_OK);
}

static void values_nest_sixteen_deep_and_no_deeper(void **state)
{
    (void)state;
    for (size_t depth = 15; depth <= 17; depth++) {
        struct daf_cursor c;

        memset(bytes, 0x91, depth);
        bytes[depth] = 0xc0;
        daf_cursor_init(&c, (struct daf_view){bytes, depth + 1});
        daf_cursor_skip(&c);
        if (depth > DAF_DEPTH_MAX)
            expect_failed(&c, DAF_ELIMIT, DAF_DEPTH_MAX);
        else
            assert_true(daf_cursor_done(&c));
        /* An empty array is as deep as a full one. */
        bytes[depth - 1] = 0x90;
        daf_cursor_init(&c, (struct daf_view){bytes, depth});
        daf_cursor_skip(&c);
        assert_int_equal(daf_cursor_done(&c), depth <= DAF_DEPTH_MAX);
        /* So is a map: {"": {"": ... {}}} */
        for (size_t i = 0; i < depth; i++)
            (void)daf_hex_decode("81a0", bytes + 2 * i, 2);
        bytes[2 * (depth - 1)] = 0x80;
        daf_cursor_init(&c, (struct daf_view){bytes, 2 * depth - 1});
        daf_cursor_skip(&c);
        assert_int_equal(daf_cursor_done(&c), depth <= DAF_DEPTH_MAX);
    }
}

static void sixty_thousand_openings_do_not_exhaust_the_stack(void **state)
{
    size_t offset = 0;

    (void)state;
    memset(bytes, 0x91, 60000);
    assert_int_equal(daf_cursor_check((struct daf_view){bytes, 60000}, &offset),
                     DAF_ELIMIT);
    assert_int_equal(offset, DAF_DEPTH_MAX);
}

static void depth_counts_what_is_open_and_not_what_was(void **state)
{
    struct daf_cursor c;

    (void)state;
    /* A hundred arrays beside each other, the last with one inside. */
    (void)daf_hex_decode("dc0064", bytes, 3);
    memset(bytes + 3, 0x90, 99);
    (void)daf_hex_decode("9190", bytes + 102, 2);
    daf_cursor_init(&c, (struct daf_view){bytes, 104});
    daf_cursor_skip(&c);
    assert_true(daf_cursor_done(&c));
}

static void skipping_stops_behind_one_whole_value(void **state)
{
    struct daf_cursor c = over("92 81 a161 93 01 a162 c2 c0 07");

    (void)state;
    daf_cursor_skip(&c);
    assert_true(daf_cursor_ok(&c));
    assert_int_equal(daf_cursor_uint(&c, 9), 7);
    assert_true(daf_cursor_done(&c));
}

/* ---- failing */

static void the_first_wrong_thing_stays(void **state)
{
    struct daf_cursor c = over("92 c0 05 c2");
    uint8_t out[2] = {9, 9};
    struct daf_view prev = {NULL, 0};

    (void)state;
    daf_cursor_array_of(&c, 2);
    assert_int_equal(daf_cursor_uint(&c, 9), 0);
    expect_failed(&c, DAF_EFORM, 1);
    daf_cursor_nil(&c);
    assert_false(daf_cursor_bool(&c));
    assert_int_equal(daf_cursor_uint(&c, 9), 0);
    assert_int_equal(daf_cursor_int(&c), 0);
    assert_null(daf_cursor_str(&c, 9).p);
    assert_null(daf_cursor_bin(&c, 9).p);
    daf_cursor_bin_into(&c, out, 2);
    assert_memory_equal(out, "\0\0", 2);
    assert_int_equal(daf_cursor_array(&c, 9), 0);
    daf_cursor_array_of(&c, 0);
    assert_int_equal(daf_cursor_map(&c, 9), 0);
    assert_null(daf_cursor_key(&c, &prev).p);
    daf_cursor_skip(&c);
    daf_cursor_fail(&c, DAF_EVERSION, 7);
    assert_int_equal(daf_cursor_peek(&c), DAF_KIND_NONE);
    assert_false(daf_cursor_done(&c));
    expect_failed(&c, DAF_EFORM, 1);
}

static void a_caller_may_fail_it_too(void **state)
{
    struct daf_cursor c = over("05");

    (void)state;
    daf_cursor_fail(&c, DAF_EVERSION, 0);
    expect_failed(&c, DAF_EVERSION, 0);
    assert_int_equal(daf_cursor_uint(&c, 9), 0);
}

static void bytes_after_the_value_are_refused(void **state)
{
    struct daf_cursor c = over("05 05");
    size_t offset = 99;

    (void)state;
    (void)daf_cursor_uint(&c, 9);
    assert_false(daf_cursor_done(&c));
    expect_failed(&c, DAF_EFORM, 1);
    assert_int_equal(check("91 c0 c0", &offset), DAF_EFORM);
    assert_int_equal(offset, 2);
}

static void nothing_is_no_value(void **state)
{
    struct daf_view none = {NULL, 0};
    struct daf_cursor c;
    size_t offset = 99;

    (void)state;
    daf_cursor_init(&c, none);
    assert_int_equal(daf_cursor_peek(&c), DAF_KIND_NONE);
    assert_true(daf_cursor_done(&c));
    assert_int_equal(daf_cursor_check(none, &offset), DAF_EFORM);
    assert_int_equal(offset, 0);
}

/* One of each kind, in every length of head that is short enough to write. */
static const char everything[] =
    "dc0010 c0 c2 c3 05 cc80 cd0100 ce00010000 cf0000000100000000"
    "ff d080 d1ff7f a26162 c4026364 91 82 a161 01 a162 90 c400 80";

static void a_value_cut_off_anywhere_is_refused(void **state)
{
    size_t len = daf_hex_decode(everything, bytes, sizeof(bytes));

    (void)state;
    assert_int_equal(daf_cursor_check((struct daf_view){bytes, len}, NULL),
                     DAF_OK);
    for (size_t cut = 0; cut < len; cut++) {
        /* A block of its own size: a sanitizer sees the first byte beyond. */
        uint8_t *copy = malloc(cut > 0 ? cut : 1);

        assert_non_null(copy);
        memcpy(copy, bytes, cut);
        assert_int_equal(daf_cursor_check((struct daf_view){copy, cut}, NULL),
                         DAF_EFORM);
        free(copy);
    }
}

static void every_first_byte_is_read_or_refused_within_its_bytes(void **state)
{
    (void)state;
    for (unsigned type = 0; type <= 0xff; type++) {
        for (size_t len = 1; len <= 10; len++) {
            uint8_t *copy = calloc(1, len);
            struct daf_cursor c;

            assert_non_null(copy);
            copy[0] = (uint8_t)type;
            daf_cursor_init(&c, (struct daf_view){copy, len});
            daf_cursor_skip(&c);
            assert_true(c.at <= len);
            if (!daf_cursor_ok(&c)) assert_true(c.offset < len);
            free(copy);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_read_from_its_shortest_form),
        cmocka_unit_test(a_negative_number_is_read_from_its_shortest_form),
        cmocka_unit_test(a_longer_form_of_a_number_is_refused),
        cmocka_unit_test(a_number_may_be_its_limit_and_not_one_above),
        cmocka_unit_test(lengths_are_read_from_their_shortest_form),
        cmocka_unit_test(a_longer_form_of_a_length_is_refused),
        cmocka_unit_test(a_length_may_be_its_limit_and_not_one_above),
        cmocka_unit_test(a_length_beyond_the_bytes_left_is_refused),
        cmocka_unit_test(a_bin_of_another_length_gives_zeros),
        cmocka_unit_test(well_formed_text_is_read),
        cmocka_unit_test(malformed_text_is_refused),
        cmocka_unit_test(a_text_does_not_borrow_from_the_next_value),
        cmocka_unit_test(each_kind_is_seen_before_it_is_read),
        cmocka_unit_test(floats_extensions_and_the_unused_byte_are_refused),
        cmocka_unit_test(a_value_of_another_kind_is_refused),
        cmocka_unit_test(true_and_false_are_told_apart),
        cmocka_unit_test(a_count_may_be_its_limit_and_not_one_above),
        cmocka_unit_test(a_longer_form_of_a_count_is_refused),
        cmocka_unit_test(five_bytes_that_claim_much_are_refused_at_once),
        cmocka_unit_test(a_large_array_with_all_its_items_is_walked),
        cmocka_unit_test(keys_ascend_byte_by_byte),
        cmocka_unit_test(keys_that_do_not_ascend_are_refused),
        cmocka_unit_test(each_map_orders_its_own_keys),
        cmocka_unit_test(values_nest_sixteen_deep_and_no_deeper),
        cmocka_unit_test(sixty_thousand_openings_do_not_exhaust_the_stack),
        cmocka_unit_test(depth_counts_what_is_open_and_not_what_was),
        cmocka_unit_test(skipping_stops_behind_one_whole_value),
        cmocka_unit_test(the_first_wrong_thing_stays),
        cmocka_unit_test(a_caller_may_fail_it_too),
        cmocka_unit_test(bytes_after_the_value_are_refused),
        cmocka_unit_test(nothing_is_no_value),
        cmocka_unit_test(a_value_cut_off_anywhere_is_refused),
        cmocka_unit_test(every_first_byte_is_read_or_refused_within_its_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
