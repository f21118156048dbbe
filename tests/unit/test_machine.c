/* SPDX-License-Identifier: Apache-2.0 */

/* On which machine a home is, read from a folder that looks like one. */

#include "tests/lib/t.h"
#include "tests/lib/tmpdir.h"

#include "node/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *root;

static int make_root(void **state)
{
    (void)state;
    root = daf_tmpdir_new();
    return root != NULL ? 0 : -1;
}

static int remove_root(void **state)
{
    (void)state;
    daf_tmpdir_free(root);
    return 0;
}

static void put(const char *name, const char *text)
{
    char path[1024];
    FILE *f;

    assert_true(snprintf(path, sizeof(path), "%s%s", root, name) <
                (int)sizeof(path));
    for (char *at = path + strlen(root) + 1; (at = strchr(at, '/')) != NULL;
         at++) {
        *at = '\0';
        (void)mkdir(path, 0700);
        *at = '/';
    }
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void put_card(const char *card, const char *address, const char *type,
                     bool is_built_in)
{
    char name[256];

    (void)snprintf(name, sizeof(name), "/sys/class/net/%s/address", card);
    put(name, address);
    (void)snprintf(name, sizeof(name), "/sys/class/net/%s/addr_assign_type",
                   card);
    put(name, type);
    (void)snprintf(name, sizeof(name), "/sys/class/net/%s/device/x", card);
    if (is_built_in) put(name, "");
}

static unsigned known(const struct daf_machine *m)
{
    static const uint8_t unknown[DAF_MACHINE_MARK_BYTES];
    unsigned count = 0;

    for (size_t i = 0; i < DAF_MACHINE_MARKS; i++)
        count += memcmp(m->marks[i], unknown, sizeof(unknown)) != 0;
    return count;
}

static void a_machine_that_tells_nothing_is_no_other(void **state)
{
    struct daf_machine none, other = {{{1}, {2}, {3}}};

    (void)state;
    daf_machine_read(root, &none);
    assert_int_equal(known(&none), 0);
    assert_false(daf_machine_is_other(&none, &none));
    assert_false(daf_machine_is_other(&none, &other));
    assert_false(daf_machine_is_other(&other, &none));
}

static void two_marks_of_three_make_another(void **state)
{
    struct daf_machine a, b;

    (void)state;
    put("/etc/machine-id", "3d1219c7\n");
    put("/sys/class/dmi/id/board_serial", "B-1\n");
    put_card("eth0", "02:00:00:00:00:07\n", "0\n", true);
    put_card("eth1", "02:00:00:00:00:05\n", "0\n", true);
    put_card("veth", "00:00:00:00:00:01\n", "0\n", false);
    put_card("wlan", "00:00:00:00:00:02\n", "1\n", true);
    daf_machine_read(root, &a);
    assert_int_equal(known(&a), 3);
    /* One part is repaired. */
    put_card("eth1", "02:00:00:00:00:06\n", "0\n", true);
    daf_machine_read(root, &b);
    assert_memory_not_equal(a.marks[2], b.marks[2], DAF_MACHINE_MARK_BYTES);
    assert_false(daf_machine_is_other(&a, &b));
    /* What is made up, or no card of its own, is not looked at. */
    put_card("veth", "00:00:00:00:00:00\n", "0\n", false);
    put_card("wlan", "00:00:00:00:00:00\n", "1\n", true);
    daf_machine_read(root, &a);
    assert_memory_equal(&a, &b, sizeof(a));
    put("/sys/class/dmi/id/board_serial", "B-2\n");
    put_card("eth0", "02:00:00:00:00:03\n", "0\n", true);
    daf_machine_read(root, &b);
    assert_true(daf_machine_is_other(&a, &b));
    assert_true(daf_machine_is_other(&b, &a));
}

static void what_is_unknown_for_once_is_remembered(void **state)
{
    struct daf_machine was = {{{1}, {2}, {3}}}, now = {{{4}, {0}, {3}}}, next;

    (void)state;
    daf_machine_next(&was, &now, &next);
    assert_int_equal(next.marks[0][0], 4);
    assert_int_equal(next.marks[1][0], 2);
    assert_int_equal(next.marks[2][0], 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_that_tells_nothing_is_no_other),
        cmocka_unit_test(two_marks_of_three_make_another),
        cmocka_unit_test(what_is_unknown_for_once_is_remembered),
    };

    return cmocka_run_group_tests(tests, make_root, remove_root);
}
