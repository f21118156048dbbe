/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/link_impl.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* "" behind the end, as a text that is all there. */
static struct daf_addr addr_of(const char *text)
{
    struct daf_addr addr = {""};

    assert_true(strlen(text) < sizeof(addr.text));
    memcpy(addr.text, text, strlen(text));
    return addr;
}

static bool parse(const char *text, struct daf_link_where *out)
{
    struct daf_addr addr = addr_of(text);

    return daf_link_addr_parse(&addr, out);
}

static struct daf_link_where parsed(const char *text)
{
    struct daf_link_where where;

    if (!parse(text, &where)) fail_msg("refused: %s", text);
    return where;
}

static void an_ipv4_address_is_read(void **state)
{
    static const uint8_t ip[16] = {192, 0, 2, 7};
    struct daf_link_where where = parsed("192.0.2.7:5670");

    (void)state;
    assert_int_equal(where.family, AF_INET);
    assert_memory_equal(where.ip, ip, 16);
    assert_int_equal(where.port, 5670);
    assert_int_equal(where.zone, 0);
}

static void an_ipv6_address_is_read_between_its_brackets(void **state)
{
    static const uint8_t ip[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x2a};
    struct daf_link_where where = parsed("[2001:db8::2a]:65535");

    (void)state;
    assert_int_equal(where.family, AF_INET6);
    assert_memory_equal(where.ip, ip, 16);
    assert_int_equal(where.port, 65535);
    assert_int_equal(where.zone, 0);
}

static void a_link_local_address_has_its_zone(void **state)
{
    static const uint8_t ip[16] = {0xfe, 0x80, [15] = 1};
    struct daf_link_where where = parsed("[fe80::1%3]:1");

    (void)state;
    assert_memory_equal(where.ip, ip, 16);
    assert_int_equal(where.zone, 3);
    assert_int_equal(where.port, 1);
    assert_int_equal(parsed("[fe80::1%2147483647]:1").zone, 2147483647);
    /* fe80::/10 ends at febf. */
    assert_int_equal(parsed("[febf::1%3]:1").zone, 3);
    assert_int_equal(parsed("[fec0::1]:1").zone, 0);
}

static void what_is_no_numeric_address_with_a_port_is_refused(void **state)
{
    static const char *const bad[] = {
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
    };
    struct daf_link_where where;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (parse(bad[i], &where)) fail_msg("accepted: \"%s\"", bad[i]);
}

static void a_text_without_end_is_refused(void **state)
{
    struct daf_addr addr = addr_of("192.0.2.7:5670");
    struct daf_link_where where;
    size_t at;

    (void)state;
    /* Good up to the last byte, and no NUL. */
    memset(addr.text, '0', sizeof(addr.text));
    memcpy(addr.text, "[0:0:0:0:0:0:0:", 15);
    memcpy(addr.text + sizeof(addr.text) - 3, "]:1", 3);
    assert_false(daf_link_addr_parse(&addr, &where));
    memset(addr.text, '1', sizeof(addr.text));
    assert_false(daf_link_addr_parse(&addr, &where));
    /* The longest there is: 63 bytes. */
    addr =
        addr_of("[fe80:0000:0000:0000:0000:0000:0000:0001%2147483647]:65535");
    assert_true(daf_link_addr_parse(&addr, &where));
    /* 63 bytes and a NUL are read, and found to be nothing. */
    for (at = 0; at < DAF_ADDR_BYTES_MAX; at++)
        addr.text[at] = '1';
    addr.text[at] = '\0';
    assert_false(daf_link_addr_parse(&addr, &where));
}

static void a_text_ends_at_its_first_nul(void **state)
{
    struct daf_addr addr = addr_of("192.0.2.7:56");
    struct daf_link_where where;

    (void)state;
    memcpy(addr.text + strlen(addr.text) + 1, "70;x", 4);
    assert_true(daf_link_addr_parse(&addr, &where));
    assert_int_equal(where.port, 56);
    addr = addr_of("192.0.2.7");
    memcpy(addr.text + strlen(addr.text) + 1, ":5670", 5);
    assert_false(daf_link_addr_parse(&addr, &where));
}

static void nothing_is_left_over_from_an_earlier_address(void **state)
{
    struct daf_link_where where;

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
        struct daf_link_where where = parsed(rows[i].text);

        if (daf_link_addr_callable(&where) != rows[i].callable)
            fail_msg("%s", rows[i].text);
    }
}

static void assert_formats(struct daf_link_where where, const char *expected)
{
    char text[DAF_LINK_ENDPOINT_BYTES];

    memset(text, 'x', sizeof(text));
    daf_link_addr_format(&where, text);
    assert_string_equal(text, expected);
}

static void libzmq_gets_tcp_and_numbers(void **state)
{
    (void)state;
    assert_formats(parsed("192.0.2.7:5670"), "tcp://192.0.2.7:5670");
    assert_formats(parsed("0.0.0.0:0"), "tcp://0.0.0.0:0");
    assert_formats(parsed("[2001:DB8:0:0::2a]:65535"),
                   "tcp://[2001:db8::2a]:65535");
    assert_formats(parsed("[fe80::1%3]:5670"), "tcp://[fe80::1%3]:5670");
    assert_formats(
        parsed("[febf:1111:2222:3333:4444:5555:6666:7777%2147483647]:65535"),
        "tcp://[febf:1111:2222:3333:4444:5555:6666:7777%2147483647]:65535");
}

static void what_is_bound_everywhere_is_reached_at_loopback(void **state)
{
    static const struct {
        const char *bound, *reached;
    } rows[] = {
        {"0.0.0.0:0", "tcp://127.0.0.1:4711"},
        {"[::]:5670", "tcp://[::1]:4711"},
        {"192.0.2.7:0", "tcp://192.0.2.7:4711"},
        {"[fe80::1%3]:0", "tcp://[fe80::1%3]:4711"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct daf_link_where where = parsed(rows[i].bound);

        assert_formats(daf_link_addr_local(&where, 4711), rows[i].reached);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ipv4_address_is_read),
        cmocka_unit_test(an_ipv6_address_is_read_between_its_brackets),
        cmocka_unit_test(a_link_local_address_has_its_zone),
        cmocka_unit_test(what_is_no_numeric_address_with_a_port_is_refused),
        cmocka_unit_test(a_text_without_end_is_refused),
        cmocka_unit_test(a_text_ends_at_its_first_nul),
        cmocka_unit_test(nothing_is_left_over_from_an_earlier_address),
        cmocka_unit_test(only_one_hosts_address_with_a_port_can_be_called),
        cmocka_unit_test(libzmq_gets_tcp_and_numbers),
        cmocka_unit_test(what_is_bound_everywhere_is_reached_at_loopback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
