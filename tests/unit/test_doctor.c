/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/doctor.h"

#include <errno.h>

/* A device with which nothing is wrong. */
static const struct daf_doctor_facts well = {
    .is_joined = true,
    .disk_free = (uint64_t)1 << 34,
    .clock_is_set = true,
    .is_running = true,
    .listen = "[::]:5670",
    .own_addresses = 2,
    .mdns = "own",
    .connected = 4,
    .there = 4,
};

static struct daf_finding found[DAF_DOCTOR_FINDINGS_MAX];

static void finds_only(const struct daf_doctor_facts *f, const char *name)
{
    assert_int_equal(daf_doctor_judge(f, found), 1);
    assert_string_equal(found[0].name, name);
    assert_true(strlen(found[0].cause) > 20);
    assert_true(strlen(found[0].todo) > 10);
}

static void a_well_device_has_no_finding(void **state)
{
    struct daf_doctor_facts f = well;

    (void)state;
    assert_int_equal(daf_doctor_judge(&f, found), 0);
    f.restarts = 4; /* an accident or two */
    f.other_camps = 3;
    f.unanswered = 1;
    f.there = 5;
    assert_int_equal(daf_doctor_judge(&f, found), 0);
}

static void what_is_wrong_with_the_folder_is_told_alone(void **state)
{
    struct daf_doctor_facts f = {.home_err = DAF_EKEY};

    (void)state;
    finds_only(&f, "keys");
    f.home_err = DAF_EIO;
    finds_only(&f, "home");
    f.home_err = DAF_OK;
    finds_only(&f, "not-joined");
}

static void each_trouble_of_the_device_is_a_finding(void **state)
{
    struct daf_doctor_facts f = well;

    (void)state;
    f.disk_free = DAF_DOCTOR_DISK_MIN - 1;
    finds_only(&f, "disk");
    f = well;
    f.clock_is_set = false;
    finds_only(&f, "clock");
    f = well;
    f.clock = DAF_CAMP_CLOCK_BEHIND;
    finds_only(&f, "clock");
    f.clock = DAF_CAMP_CLOCK_AHEAD;
    finds_only(&f, "clock");
    f = well;
    f.cert_err = DAF_EAUTHOR;
    finds_only(&f, "certificate");
    f = well;
    f.store_err = DAF_ECORRUPT;
    finds_only(&f, "notebook");
    f = well;
    f.restarts = 5;
    finds_only(&f, "restarts");
}

static void keys_that_a_revoked_device_has_are_told(void **state)
{
    struct daf_doctor_facts f = well;

    (void)state;
    f.unclean = 1;
    finds_only(&f, "keys");
    assert_non_null(strstr(found[0].todo, "daftar keys renew"));
    f = well;
    f.lacking = 2;
    finds_only(&f, "keys");
}

static void whoever_is_revoked_need_not_look_at_the_network(void **state)
{
    struct daf_doctor_facts f = well;

    (void)state;
    f.is_revoked = true;
    f.connected = f.there = 0;
    finds_only(&f, "revoked");
}

static void a_daemon_that_cannot_start_is_told_why(void **state)
{
    struct daf_doctor_facts f = well;

    (void)state;
    f.is_running = false;
    finds_only(&f, "not-running");
    f.listen_error = EADDRINUSE;
    finds_only(&f, "port");
    assert_non_null(strstr(found[0].cause, "5670"));
    f.listen_error = EADDRNOTAVAIL;
    finds_only(&f, "address");
}

static void of_the_network_the_first_cause_is_told(void **state)
{
    struct daf_doctor_facts f = well;

    (void)state;
    f.connected = f.there = 0;
    finds_only(&f, "alone");
    f.doors = 2;
    f.door = (struct daf_addr){"10.77.0.2:5670"};
    finds_only(&f, "multicast");
    assert_non_null(strstr(found[0].cause, "10.77.0.2:5670"));
    f.mdns = "off";
    finds_only(&f, "discovery-off");
    f.mdns = "own";
    f.other_camps = 1;
    finds_only(&f, "other-camp");
    f.there = f.unanswered = 3;
    finds_only(&f, "isolation");
    f.is_refused = true;
    finds_only(&f, "not-listening");
    f.other_versions = 1;
    finds_only(&f, "version");
    f.mdns = "none";
    finds_only(&f, "discovery");
    f.own_addresses = 0;
    finds_only(&f, "network");
    f.is_for_this_only = true;
    finds_only(&f, "loopback");
}

static void whoever_is_seen_and_not_connected_is_told_so(void **state)
{
    struct daf_doctor_facts f = well;

    (void)state;
    f.connected = 0;
    finds_only(&f, "not-connected");
}

static void a_network_without_multicast_is_told_though_all_are_met(void **state)
{
    struct daf_doctor_facts f = well;

    (void)state;
    f.there = 0;
    finds_only(&f, "multicast");
    f.mdns = "off"; /* as it was told */
    assert_int_equal(daf_doctor_judge(&f, found), 0);
}

static void all_troubles_at_once_fit(void **state)
{
    struct daf_doctor_facts f = {.is_joined = true,
                                 .is_revoked = true,
                                 .unclean = 3,
                                 .lacking = 4,
                                 .cert_err = DAF_ESIG,
                                 .store_err = DAF_EIO,
                                 .listen = "0.0.0.0:1",
                                 .listen_error = EACCES};

    (void)state;
    assert_int_equal(daf_doctor_judge(&f, found), 7);
    assert_string_equal(found[0].name, "revoked");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_well_device_has_no_finding),
        cmocka_unit_test(what_is_wrong_with_the_folder_is_told_alone),
        cmocka_unit_test(each_trouble_of_the_device_is_a_finding),
        cmocka_unit_test(keys_that_a_revoked_device_has_are_told),
        cmocka_unit_test(whoever_is_revoked_need_not_look_at_the_network),
        cmocka_unit_test(a_daemon_that_cannot_start_is_told_why),
        cmocka_unit_test(of_the_network_the_first_cause_is_told),
        cmocka_unit_test(whoever_is_seen_and_not_connected_is_told_so),
        cmocka_unit_test(
            a_network_without_multicast_is_told_though_all_are_met),
        cmocka_unit_test(all_troubles_at_once_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
