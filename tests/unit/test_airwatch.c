/* SPDX-License-Identifier: Apache-2.0 */
/* Whose airtime a machine shares, read from /proc/net and /sys/class/net as a
 * kernel lays them out (docs/content.md R69). */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "node/airwatch.h"
#include "tests/lib/tmpdir.h"

#define HEAD                                                                  \
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\t" \
    "Window\tIRTT\n"
#define ARP_HEAD                                                           \
    "IP address       HW type     Flags       HW address            Mask " \
    "    Device\n"

static const struct daf_key camp = {{1, 2, 3}}, other_camp = {{9}};
static char *root;

static void put(const char *path, const char *text)
{
    char whole[1024];
    FILE *f;

    (void)snprintf(whole, sizeof(whole), "%s%s", root, path);
    for (char *p = whole + strlen(root) + 1; *p != '\0'; p++) {
        if (*p != '/') continue;
        *p = '\0';
        (void)mkdir(whole, 0700);
        *p = '/';
    }
    f = fopen(whole, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static struct daf_airwatch_seen look(const struct daf_key *key)
{
    struct daf_airwatch_seen seen;

    daf_airwatch_look(root, key, &seen);
    return seen;
}

static int begin(void **state)
{
    (void)state;
    root = daf_tmpdir_new();
    return root != NULL ? 0 : 1;
}

static int end(void **state)
{
    (void)state;
    daf_tmpdir_free(root);
    return 0;
}

static void without_a_network_nothing_is_known(void **state)
{
    (void)state;
    assert_int_equal(look(&camp).air.kind, DAF_AIR_UNKNOWN);
    put("/proc/net/route", HEAD);
    assert_int_equal(look(&camp).air.kind, DAF_AIR_UNKNOWN);
}

static void a_default_route_by_cable_is_a_cable(void **state)
{
    (void)state;
    put("/proc/net/route",
        HEAD "eth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
             "eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
             "wlan0\t00000000\t0101000A\t0003\t0\t0\t600\t00000000\t0\t0\t0\n");
    put("/sys/class/net/wlan0/phy80211", "");
    assert_int_equal(look(&camp).air.kind, DAF_AIR_CABLE);
}

static void radio(void)
{
    put("/proc/net/route",
        HEAD "wlan0\t00000000\t0100000A\t0003\t0\t0\t600\t00000000\t0\t0\t0\n");
    put("/sys/class/net/wlan0/phy80211", "");
}

static void a_radio_is_known_by_its_gateway(void **state)
{
    struct daf_airwatch_seen seen, again;

    (void)state;
    radio();
    assert_true(look(&camp).is_guess); /* not yet */
    put("/proc/net/arp", ARP_HEAD
        "10.0.0.7         0x1         0x2         02:00:00:00:00:07     *  "
        "      wlan0\n"
        "10.0.0.1         0x1         0x2         02:00:00:00:00:01     *  "
        "      wlan0\n");
    seen = look(&camp);
    assert_int_equal(seen.air.kind, DAF_AIR_RADIO);
    assert_memory_equal(&seen.gateway, ((uint8_t[]){10, 0, 0, 1}), 4);
    again = look(&camp);
    assert_memory_equal(seen.air.id, again.air.id, sizeof(seen.air.id));
    /* Nobody else learns from it which access point that is. */
    again = look(&other_camp);
    assert_memory_not_equal(seen.air.id, again.air.id, sizeof(seen.air.id));
}

static void a_gateway_that_does_not_answer_is_none(void **state)
{
    (void)state;
    radio();
    put("/proc/net/arp", ARP_HEAD
        "10.0.0.1         0x1         0x0         00:00:00:00:00:00     *  "
        "      wlan0\n");
    assert_true(look(&camp).is_guess);
}

/* Of forty in one room that all fetched at once none would be done. */
static void radios_that_know_no_more_share_one_air(void **state)
{
    struct daf_airwatch_seen seen, again;

    (void)state;
    radio();
    seen = look(&camp);
    again = look(&camp);
    assert_int_equal(seen.air.kind, DAF_AIR_RADIO);
    assert_memory_equal(seen.air.id, again.air.id, sizeof(seen.air.id));
}

static void what_a_person_said_counts_on_all_alike(void **state)
{
    struct daf_air one, two, cable;

    (void)state;
    daf_airwatch_named("room 3", &camp, &one);
    daf_airwatch_named("room 4", &camp, &two);
    daf_airwatch_named("cable", &camp, &cable);
    assert_int_equal(one.kind, DAF_AIR_RADIO);
    assert_memory_not_equal(one.id, two.id, sizeof(one.id));
    assert_int_equal(cable.kind, DAF_AIR_CABLE);
}

static void nonsense_is_no_network(void **state)
{
    (void)state;
    put("/proc/net/route",
        "wlan0 wlan0 wlan0\n\n\t\t\t\nlong"
        "longlonglonglonglonglonglong\t00000000\t0\t3\t0\t0\t0\t0\n");
    put("/proc/net/arp", "10.0.0.1 0x1 0x2 zz:zz * wlan0\n");
    assert_int_equal(look(&camp).air.kind == DAF_AIR_RADIO, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_a_network_nothing_is_known,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_default_route_by_cable_is_a_cable,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_radio_is_known_by_its_gateway, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_gateway_that_does_not_answer_is_none,
                                        begin, end),
        cmocka_unit_test_setup_teardown(radios_that_know_no_more_share_one_air,
                                        begin, end),
        cmocka_unit_test_setup_teardown(what_a_person_said_counts_on_all_alike,
                                        begin, end),
        cmocka_unit_test_setup_teardown(nonsense_is_no_network, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
