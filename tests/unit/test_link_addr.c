/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/link_impl.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static struct daf_where parsed(const char *text)
{
    struct daf_where where;
    struct daf_addr addr = {""};

    (void)snprintf(addr.text, sizeof(addr.text), "%s", text);
    if (!daf_addr_parse(&addr, &where)) fail_msg("refused: %s", text);
    return where;
}

static void assert_formats(struct daf_where where, const char *expected)
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
        struct daf_where where = parsed(rows[i].bound);

        assert_formats(daf_link_addr_local(&where, 4711), rows[i].reached);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libzmq_gets_tcp_and_numbers),
        cmocka_unit_test(what_is_bound_everywhere_is_reached_at_loopback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
