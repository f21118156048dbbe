/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/core/addr.h"
#include "proto/rng.h"

#include <arpa/inet.h>
#include <stdio.h>

/* "" behind the end, as a text that is all there. */
static struct daf_addr addr_of(const char *text)
{
    struct daf_addr addr = {""};

    assert_true(strlen(text) < sizeof(addr.text));
    memcpy(addr.text, text, strlen(text));
    return addr;
}

static bool parse(const char *text, struct daf_where *out)
{
    struct daf_addr addr = addr_of(text);

    return daf_addr_parse(&addr, out);
}

static struct daf_where parsed(const char *text)
{
    struct daf_where where;

    if (!parse(text, &where)) fail_msg("refused: %s", text);
    return where;
}

static void an_ipv4_address_is_read(void **state)
{
    static const uint8_t ip[16] = {192, 0, 2, 7};
    struct daf_where where = parsed("192.0.2.7:5670");

    (void)state;
    assert_false(where.is_v6);
    assert_memory_equal(where.ip, ip, 16);
    assert_int_equal(where.port, 5670);
    assert_int_equal(where.zone, 0);
}

static void an_ipv6_address_is_read_between_its_brackets(void **state)
{
    static const uint8_t ip[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x2a};
    struct daf_where where = parsed("[2001:db8::2a]:65535");

    (void)state;
    assert_true(where.is_v6);
    assert_memory_equal(where.ip, ip, 16);
    assert_int_equal(where.port, 65535);
    assert_int_equal(where.zone, 0);
}

static void a_link_local_address_has_its_zone(void **state)
{
    static const uint8_t ip[16] = {0xfe, 0x80, [15] = 1};
    struct daf_where where = parsed("[fe80::1%3]:1");

    (void)state;
    assert_memory_equal(where.ip, ip, 16);
    assert_int_equal(where.zone, 3);
    assert_int_equal(where.port, 1);
    assert_int_equal(parsed("[fe80::1%2147483647]:1").zone, 2147483647);
    /* fe80::/10 ends at febf. */
    assert_int_equal(parsed("[febf::1%3]:1").zone, 3);
    assert_int_equal(parsed("[fec0::1]:1").zone, 0);
}

static void a_text_without_end_is_refused(void **state)
{
    struct daf_addr addr = addr_of("192.0.2.7:5670");
    struct daf_where where;
    size_t at;

    (void)state;
    /* Good up to the last byte, and no NUL. */
    memset(addr.text, '0', sizeof(addr.text));
    memcpy(addr.text, "[0:0:0:0:0:0:0:", 15);
    memcpy(addr.text + sizeof(addr.text) - 3, "]:1", 3);
    assert_false(daf_addr_parse(&addr, &where));
    memset(addr.text, '1', sizeof(addr.text));
    assert_false(daf_addr_parse(&addr, &where));
    /* The longest there is: 63 bytes. */
    addr =
        addr_of("[fe80:0000:0000:0000:0000:0000:0000:0001%2147483647]:65535");
    assert_true(daf_addr_parse(&addr, &where));
    /* 63 bytes and a NUL are read, and found to be nothing. */
    for (at = 0; at < DAF_ADDR_BYTES_MAX; at++)
        addr.text[at] = '1';
    addr.text[at] = '\0';
    assert_false(daf_addr_parse(&addr, &where));
}

static void a_text_ends_at_its_first_nul(void **state)
{
    struct daf_addr addr = addr_of("192.0.2.7:56");
    struct daf_where where;

    (void)state;
    memcpy(addr.text + strlen(addr.text) + 1, "70;x", 4);
    assert_true(daf_addr_parse(&addr, &where));
    assert_int_equal(where.port, 56);
    addr = addr_of("192.0.2.7");
    memcpy(addr.text + strlen(addr.text) + 1, ":5670", 5);
    assert_false(daf_addr_parse(&addr, &where));
}

static void nothing_is_left_over_from_an_earlier_address(void **state)
{
    struct daf_where where;

    (void)state;
    memset(&where, 0xff, sizeof(where));
    assert_true(parse("[::1]:7", &where));
    assert_int_equal(where.zone, 0);
    memset(&where, 0xff, sizeof(where));
    assert_true(parse("0.0.0.0:7", &where));
    for (size_t i = 0; i < sizeof(where.ip); i++)
        assert_int_equal(where.ip[i], 0);
}

static void only_one_hosts_address_with_a_port_can_be_called(void **state)
{
    static const struct {
        const char *text;
        bool callable;
    } rows[] = {
        {"192.0.2.7:5670", true},
        {"127.0.0.1:1", true},
        {"223.255.255.255:1", true},
        {"192.0.2.7:0", false},
        {"0.0.0.0:5670", false},
        {"224.0.0.1:5670", false},
        {"239.1.2.3:5670", false},
        {"255.255.255.255:1", false},
        {"[::1]:1", true},
        {"[fe80::1%3]:1", true},
        {"[2001:db8::1]:1", true},
        {"[2001:db8::1]:0", false},
        {"[::]:5670", false},
        {"[ff02::1]:5670", false},
        {"[fe00::1]:1", true},
        {"[::ffff:192.0.2.7]:1", true},
        {"[::ffff:224.0.0.1]:5", false},
        {"[::ffff:0.0.0.0]:5", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct daf_where where = parsed(rows[i].text);

        if (daf_addr_callable(&where) != rows[i].callable)
            fail_msg("%s", rows[i].text);
    }
}

static void what_is_read_is_written_the_same(void **state)
{
    static const char *const texts[] = {
        "192.0.2.7:5670",
        "0.0.0.0:0",
        "255.255.255.255:65535",
        "[2001:db8::7]:5670",
        "[::]:1",
        "[::1]:5670",
        "[fe80::1%3]:5670",
        "[2001:db8:0:1::]:80",
        "[1:2:3:4:5:6:7:8]:9",
        "[fe80::a:b:c:d%99]:65",
        "[fd00::1]:1",
        "[1:0:0:2::3]:4",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct daf_where w;
        struct daf_addr addr;

        assert_true(parse(texts[i], &w));
        daf_addr_format(&w, &addr);
        assert_string_equal(addr.text, texts[i]);
    }
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        ":",
        ":5670",
        "192.0.2.7",
        "192.0.2.7:",
        "192.0.2.7:65536",
        "192.0.2.7:99999999999999999999",
        "192.0.2.7:4294967297",
        "192.0.2.7:-1",
        "192.0.2.7:+1",
        "192.0.2.7: 1",
        "192.0.2.7:1 ",
        "192.0.2.7:01",
        "192.0.2.7:00",
        "192.0.2.7:0x1",
        "192.0.2.7:*",
        "192.0.2.7:http",
        "192.0.2.7:1\n",
        "192.0.2:1",
        "192.0.2.256:1",
        "192.0.2.7.1:1",
        "192.0.2.07:1",
        "0xc0000207:1",
        "3221225991:1",
        " 192.0.2.7:1",
        "192.0.2.7%3:1",
        "*:5670",
        "eth0:5670",
        "localhost:5670",
        "example.org:5670",
        "tcp://192.0.2.7:5670",
        "tcp://[::1]:5670",
        "inproc://door",
        "inproc://door:5670",
        "ipc:///tmp/x:5670",
        "pgm://192.0.2.7;239.0.0.1:5670",
        "192.0.2.1;192.0.2.7:5670",
        "192.0.2.7:5670;192.0.2.1:1",
        "::1:5670",
        "2001:db8::2a:5670",
        "[",
        "[]:1",
        "[:1",
        "]:1",
        "[]",
        "[::1]",
        "[::1]5670",
        "[::1:5670",
        "::1]:5670",
        "[[::1]]:5670",
        "[::1]]:5670",
        "[::1] :5670",
        "[192.0.2.7]:1",
        "[::g]:1",
        "[1:2:3:4:5:6:7:8:9]:1",
        "[localhost]:1",
        "[fe80::1]:1",
        "[fe80::1%]:1",
        "[fe80::1%0]:1",
        "[fe80::1%03]:1",
        "[2001:db8::2a%0]:1",
        "[fe80::1%eth0]:1",
        "[fe80::1%-3]:1",
        "[fe80::1%3%4]:1",
        "[fe80::1%2147483648]:1",
        "[fe80::1%4294967299]:1",
        "[%3]:1",
        "[fe80::1]%3:1",
        "[2001:db8::2a%3]:1",
        "[fec0::1%3]:1",
        "192.0.2.7.8:1",
        "localhost:1",
        "ipc:///tmp/x",
        "[:]:1",
        "[:::]:1",
        "[1:2:3:4:5:6:7]:1",
        "[1::2::3]:1",
        "[1:2:3:4:5:6:7::8]:1",
        "[12345::]:1",
        "[1:2:3:4:5:6:7:]:1",
        "[g::]:1",
        "[2001:db8::1%3]:1",
        "[::1:1",
        "[::1]1",
        "::1:1",
        "[1:2:3:4:5:6:7:1.2.3.4]:1",
        "[::1.2.3]:1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct daf_where w;

        if (parse(texts[i], &w)) fail_msg("taken: %s", texts[i]);
    }
}

static void an_ipv4_address_inside_ipv6_is_read_as_what_it_is(void **state)
{
    static const char *const texts[] = {"[::ffff:192.0.2.7]:5",
                                        "[::FFFF:c000:207]:5"};
    struct daf_addr addr;
    struct daf_where w;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_true(parse(texts[i], &w));
        daf_addr_format(&w, &addr);
        assert_string_equal(addr.text, "192.0.2.7:5");
    }
}

/* The system's own reader and writer as oracle. */
static void random_ones_are_as_the_system_has_them(void **state)
{
    static const uint8_t seed[32] = {7};
    struct daf_rng rng;

    (void)state;
    daf_rng_init(&rng, seed);
    for (int i = 0; i < 20000; i++) {
        struct daf_where w = {.is_v6 = daf_rng_below(&rng, 4) != 0}, back;
        char ip[INET6_ADDRSTRLEN], text[96];
        struct daf_addr addr;

        daf_rng_bytes(&rng, w.ip, w.is_v6 ? 16 : 4);
        for (size_t j = 0; w.is_v6 && j < 16; j += 2)
            if (daf_rng_below(&rng, 2) == 0) w.ip[j] = w.ip[j + 1] = 0;
        if (w.is_v6 && (w.ip[0] == 0xfe || w.ip[0] == 0)) w.ip[0] = 0x20;
        w.port = (uint16_t)daf_rng_below(&rng, 65536);
        assert_non_null(
            inet_ntop(w.is_v6 ? AF_INET6 : AF_INET, w.ip, ip, sizeof(ip)));
        (void)snprintf(text, sizeof(text), w.is_v6 ? "[%s]:%u" : "%s:%u", ip,
                       (unsigned)w.port);
        daf_addr_format(&w, &addr);
        assert_string_equal(addr.text, text);
        assert_true(daf_addr_parse(&addr, &back));
        assert_memory_equal(back.ip, w.ip, 16);
        assert_int_equal(back.is_v6, w.is_v6);
        assert_int_equal(back.port, w.port);
    }
}

static void only_what_others_can_call_goes_on_the_wire(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        bool is_private;
    } cases[] = {
        {"192.168.1.7:5670", 6, true}, {"10.0.0.1:1", 6, true},
        {"172.16.0.1:1", 6, true},     {"172.32.0.1:1", 6, false},
        {"169.254.9.9:1", 6, true},    {"203.0.113.9:1", 6, false},
        {"127.0.0.1:1", 0, false},     {"224.0.0.251:5353", 0, false},
        {"0.0.0.0:1", 0, false},       {"10.0.0.1:0", 0, true},
        {"[fd00::7]:5670", 18, true},  {"[2001:db8::1]:1", 18, false},
        {"[fe80::1%2]:1", 0, false},   {"[::1]:1", 0, false},
        {"[ff02::fb]:1", 0, false},    {"[::]:1", 0, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t bytes[18];
        struct daf_where w, back;

        assert_true(parse(cases[i].text, &w));
        assert_int_equal(daf_addr_pack(&w, bytes), cases[i].len);
        assert_int_equal(daf_addr_is_private(&w), cases[i].is_private);
        if (cases[i].len == 0) continue;
        assert_true(
            daf_addr_unpack((struct daf_view){bytes, cases[i].len}, &back));
        assert_memory_equal(&back.ip, &w.ip, 16);
        assert_int_equal(back.port, w.port);
    }
}

static void bytes_of_another_form_are_refused(void **state)
{
    static const uint8_t many[] = {224, 0, 0, 1, 0, 1};
    static const uint8_t mapped_self[18] = {
        [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1, [17] = 1};
    struct daf_where w;

    (void)state;
    assert_false(daf_addr_unpack((struct daf_view){many, 6}, &w));
    assert_false(daf_addr_unpack((struct daf_view){many, 5}, &w));
    assert_false(daf_addr_unpack((struct daf_view){NULL, 0}, &w));
    assert_false(daf_addr_unpack((struct daf_view){mapped_self, 18}, &w));
}

/* Kept, though nobody is told of it. */
static void any_address_has_its_bytes(void **state)
{
    static const uint8_t v4[6] = {127, 0, 0, 1, 0x16, 0x26};
    static const uint8_t v6[18] = {0xfd, [15] = 7, [17] = 0};
    static const uint8_t mapped[18] = {
        [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1, [16] = 0x16, 0x26};
    struct daf_where w, back;
    uint8_t bytes[18];

    (void)state;
    assert_true(parse("127.0.0.1:5670", &w));
    assert_int_equal(daf_addr_put(&w, bytes), 6);
    assert_memory_equal(bytes, v4, 6);
    assert_true(daf_addr_get((struct daf_view){mapped, 18}, &back));
    assert_memory_equal(back.ip, w.ip, 16);
    assert_int_equal(back.port, w.port);
    assert_false(back.is_v6);
    assert_true(parse("[fd00::7]:0", &w));
    assert_int_equal(daf_addr_put(&w, bytes), 18);
    assert_memory_equal(bytes, v6, 18);
    assert_true(daf_addr_get((struct daf_view){v6, 18}, &back));
    assert_true(back.is_v6);
    assert_memory_equal(back.ip, w.ip, 16);
    assert_false(daf_addr_get((struct daf_view){v6, 17}, &back));
    assert_false(daf_addr_get((struct daf_view){NULL, 0}, &back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ipv4_address_is_read),
        cmocka_unit_test(an_ipv6_address_is_read_between_its_brackets),
        cmocka_unit_test(a_link_local_address_has_its_zone),
        cmocka_unit_test(a_text_without_end_is_refused),
        cmocka_unit_test(a_text_ends_at_its_first_nul),
        cmocka_unit_test(nothing_is_left_over_from_an_earlier_address),
        cmocka_unit_test(only_one_hosts_address_with_a_port_can_be_called),
        cmocka_unit_test(what_is_read_is_written_the_same),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(an_ipv4_address_inside_ipv6_is_read_as_what_it_is),
        cmocka_unit_test(random_ones_are_as_the_system_has_them),
        cmocka_unit_test(only_what_others_can_call_goes_on_the_wire),
        cmocka_unit_test(bytes_of_another_form_are_refused),
        cmocka_unit_test(any_address_has_its_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
