/* SPDX-License-Identifier: Apache-2.0 */

/* What strangers put on the network under our names; the rest of discover is
 * played by mesh/discover.sh. */

#include "tests/lib/hex.h"
#include "tests/lib/t.h"

#include "node/discover_impl.h"

#include <arpa/inet.h>

#define SALT  "000102030405060708090a0b0c0d0e0f"
#define TOKEN "f0e0d0c0b0a090807060504030201000000102030405060708090a0b0c0d0e0f"
#define UPPER "F0e0d0c0b0a090807060504030201000000102030405060708090a0b0c0d0e0f"
#define NO_HEX \
    "f0e0d0c0b0a09080706050403020100g000102030405060708090a0b0c0d0e0f"

static void what_is_published_is_read_back(void **state)
{
    struct daf_announce what = {.endpoint = DAF_ENDPOINT_DOOR}, read = what;
    AvahiStringList *txt;

    (void)state;
    for (size_t i = 0; i < sizeof(what.data); i++)
        what.data[i] = (uint8_t)(i * 7);
    txt = daf_discover_avahi_txt(&what);
    assert_int_equal(avahi_string_list_length(txt), 2);
    assert_true(daf_discover_avahi_txt_parse(txt, &read));
    assert_memory_equal(read.data, what.data, sizeof(what.data));
    avahi_string_list_free(txt);

    what.endpoint = read.endpoint = DAF_ENDPOINT_PORCH;
    memset(what.data + 32, 0, sizeof(what.data) - 32);
    memset(read.data, 0, sizeof(read.data));
    txt = daf_discover_avahi_txt(&what);
    assert_int_equal(avahi_string_list_length(txt), 1);
    assert_true(daf_discover_avahi_txt_parse(txt, &read));
    assert_memory_equal(read.data, what.data, sizeof(what.data));
    avahi_string_list_free(txt);
}

/* The bytes of docs/protocol.md §7, not what our own writer makes of them. */
static void a_door_says_salt_and_token(void **state)
{
    struct daf_announce read = {.endpoint = DAF_ENDPOINT_DOOR};
    AvahiStringList *txt = avahi_string_list_new("s=" SALT, "t=" TOKEN, NULL);
    uint8_t expected[48];

    (void)state;
    assert_int_equal(daf_hex_decode(SALT TOKEN, expected, 48), 48);
    assert_true(daf_discover_avahi_txt_parse(txt, &read));
    assert_memory_equal(read.data, expected, 48);
    avahi_string_list_free(txt);
}

static bool takes(enum daf_endpoint endpoint, const char *a, const char *b,
                  const char *c)
{
    struct daf_announce read = {.endpoint = endpoint};
    AvahiStringList *txt = NULL;
    bool is_good;

    if (a != NULL) txt = avahi_string_list_add(txt, a);
    if (b != NULL) txt = avahi_string_list_add(txt, b);
    if (c != NULL) txt = avahi_string_list_add(txt, c);
    is_good = daf_discover_avahi_txt_parse(txt, &read);
    avahi_string_list_free(txt);
    return is_good;
}

static void other_words_than_ours_are_dropped(void **state)
{
    const enum daf_endpoint door = DAF_ENDPOINT_DOOR;

    (void)state;
    assert_false(takes(door, NULL, NULL, NULL));
    assert_false(takes(door, "s=" SALT, NULL, NULL));
    assert_false(takes(door, "s=" SALT, "t=", NULL));
    assert_false(takes(door, "s=" SALT, "t", NULL));
    assert_false(takes(door, "s=" SALT, "t=" TOKEN "00", NULL));
    assert_false(takes(door, "s=" SALT, "T=" TOKEN, NULL));
    assert_false(takes(door, "s=" SALT, "t=" TOKEN, "t=" SALT));
    assert_false(takes(door, "s=" SALT, "t=" TOKEN, "s="));
    assert_false(takes(door, "s=" SALT, "t=" UPPER, NULL));
    assert_false(takes(door, "s=" SALT, "t=" NO_HEX, NULL));
    assert_false(takes(DAF_ENDPOINT_PORCH, "k=" SALT, NULL, NULL));
    assert_true(takes(DAF_ENDPOINT_PORCH, "k=" TOKEN, NULL, NULL));
    assert_false(takes(DAF_ENDPOINT_PORCH, "k=" SALT TOKEN, NULL, NULL));
    /* Whoever comes after us may say more. */
    assert_true(takes(door, "s=" SALT, "v=3", "t=" TOKEN));
}

static void a_name_is_sixteen_digits(void **state)
{
    static const char *const bad[] = {
        "",
        "0123456789abcde",
        "0123456789abcdef0",
        "0123456789ABCDEF",
        "0123456789abcdeg",
        "Amina's tablet",
    };
    char text[DAF_DISCOVER_NAME_BYTES];
    uint8_t name[8];

    (void)state;
    assert_true(daf_discover_avahi_name_parse("0123456789abcdef", name));
    daf_discover_avahi_name(name, text);
    assert_string_equal(text, "0123456789abcdef");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(daf_discover_avahi_name_parse(bad[i], name));
    assert_false(daf_discover_avahi_name_parse(NULL, name));
}

/* Returns what is told of @text at port @port on interface 3; "" if nothing. */
static const char *told(const char *text, uint16_t port)
{
    static struct daf_addr addr;
    AvahiAddress address = {.proto = AVAHI_PROTO_INET};

    if (strchr(text, ':') != NULL) address.proto = AVAHI_PROTO_INET6;
    assert_int_equal(inet_pton(address.proto == AVAHI_PROTO_INET ? AF_INET
                                                                 : AF_INET6,
                               text, &address.data),
                     1);
    return daf_discover_avahi_addr(&address, 3, port, &addr) ? addr.text : "";
}

static void an_address_can_be_called(void **state)
{
    (void)state;
    assert_string_equal(told("192.0.2.7", 5670), "192.0.2.7:5670");
    assert_string_equal(told("2001:db8::7", 1), "[2001:db8::7]:1");
    assert_string_equal(told("fe80::1", 65535), "[fe80::1%3]:65535");
    assert_string_equal(told("febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535),
                        "[febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff%3]:65535");
    assert_string_equal(told("192.0.2.7", 0), "");
    assert_string_equal(told("0.0.0.0", 5670), "");
    assert_string_equal(told("224.0.0.251", 5670), "");
    assert_string_equal(told("255.255.255.255", 5670), "");
    assert_string_equal(told("::", 5670), "");
    assert_string_equal(told("ff02::fb", 5670), "");
    assert_string_equal(told("::ffff:224.0.0.1", 5670), "");
    assert_string_equal(told("::ffff:192.0.2.7", 5670), "192.0.2.7:5670");
}

static void a_link_local_address_on_no_interface_is_none(void **state)
{
    AvahiAddress address = {.proto = AVAHI_PROTO_INET6};
    struct daf_addr addr;

    (void)state;
    assert_int_equal(inet_pton(AF_INET6, "fe80::1", &address.data), 1);
    assert_true(daf_discover_avahi_addr(&address, 1, 5670, &addr));
    assert_false(daf_discover_avahi_addr(&address, 0, 5670, &addr));
    assert_false(
        daf_discover_avahi_addr(&address, AVAHI_IF_UNSPEC, 5670, &addr));
    address.proto = AVAHI_PROTO_UNSPEC;
    assert_false(daf_discover_avahi_addr(&address, 1, 5670, &addr));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_published_is_read_back),
        cmocka_unit_test(a_door_says_salt_and_token),
        cmocka_unit_test(other_words_than_ours_are_dropped),
        cmocka_unit_test(a_name_is_sixteen_digits),
        cmocka_unit_test(an_address_can_be_called),
        cmocka_unit_test(a_link_local_address_on_no_interface_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
