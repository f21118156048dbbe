/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/addresses.h"
#include "tests/lib/homes.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct daf_home home;

static int setup(void **state)
{
    if (sodium_init() < 0 || daf_homes_setup(state) != 0) return -1;
    return daf_home_make(daf_homes_in("A"), &home, NULL) == DAF_OK ? 0 : -1;
}

static int teardown(void **state)
{
    daf_home_unload(&home);
    return daf_homes_teardown(state);
}

static void add(struct daf_addresses_file *a, uint8_t author, const char *addr)
{
    struct daf_addresses_door *door =
        &a->doors[a->count > 0 ? a->count - 1 : 0];

    if (a->count == 0 || door->author.b[0] != author) {
        door = &a->doors[a->count++];
        memset(door, 0, sizeof(*door));
        door->author.b[0] = author;
    }
    (void)strcpy(door->addrs[door->count++].text, addr);
}

static void write_all(const struct daf_addresses_file *a)
{
    struct daf_trouble t = {""};

    assert_int_equal(daf_addresses_write(&home, a, &t), DAF_OK);
}

static const char *file(void)
{
    static char path[DAF_HOME_PATH_MAX];

    daf_home_path(&home, "camp/addresses.daf", path);
    return path;
}

static void what_was_written_is_read_in_its_order(void **state)
{
    struct daf_addresses_file a = {.count = 0}, b;
    struct stat st;

    (void)state;
    add(&a, 7, "192.0.2.7:5670");
    add(&a, 7, "[2001:db8::7]:5670");
    add(&a, 3, "127.0.0.1:40000"); /* two homes on one machine */
    add(&a, 5, "[::1]:1");
    write_all(&a);
    daf_addresses_read(&home, &b);
    assert_memory_equal(&a, &b, sizeof(a));
    assert_int_equal(stat(file(), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void what_may_not_be_told_is_left_out(void **state)
{
    struct daf_addresses_file a = {.count = 0}, b;

    (void)state;
    add(&a, 1, "[fe80::1%3]:5670");
    add(&a, 1, "192.0.2.7:0");
    add(&a, 1, "224.0.0.251:5353");
    add(&a, 2, "0.0.0.0:5670");
    add(&a, 2, "192.0.2.8:5670");
    add(&a, 3, "a name:5670");
    write_all(&a);
    daf_addresses_read(&home, &b);
    assert_int_equal(b.count, 1);
    assert_int_equal(b.doors[0].author.b[0], 2);
    assert_int_equal(b.doors[0].count, 1);
    assert_string_equal(b.doors[0].addrs[0].text, "192.0.2.8:5670");
}

static void a_full_file_fits(void **state)
{
    struct daf_addresses_file a = {.count = 0}, b;

    (void)state;
    for (uint8_t i = 0; i < DAF_ADDRESSES_DEVICES_MAX; i++)
        for (int j = 0; j < DAF_ADDRESSES_EACH_MAX; j++)
            add(&a, (uint8_t)(i + 1),
                "[2001:db8:1111:2222:3333:4444:5555:6666]:65535");
    write_all(&a);
    daf_addresses_read(&home, &b);
    assert_memory_equal(&a, &b, sizeof(a));
}

/* Lost without harm: whatever the file is, reading it gives something whole. */
static void a_damaged_or_missing_file_counts_as_empty(void **state)
{
    struct daf_addresses_file a = {.count = 0}, b;
    uint8_t *bytes;
    size_t len;

    (void)state;
    daf_addresses_read(&home, &b);
    assert_int_equal(b.count, 0);
    add(&a, 1, "192.0.2.7:5670");
    add(&a, 2, "[2001:db8::7]:5670");
    write_all(&a);
    bytes = daf_homes_slurp(file(), &len);
    for (size_t cut = 0; cut < len; cut++) {
        daf_homes_spill(file(), bytes, cut);
        daf_addresses_read(&home, &b);
        assert_int_equal(b.count, 0);
    }
    for (size_t at = 0; at < len; at++) {
        bytes[at] ^= 0x81;
        daf_homes_spill(file(), bytes, len);
        bytes[at] ^= 0x81;
        daf_addresses_read(&home, &b);
        assert_in_range(b.count, 0, 2);
    }
    free(bytes);
    assert_int_equal(unlink(file()), 0);
    assert_int_equal(mkdir(file(), 0700), 0);
    daf_addresses_read(&home, &b);
    assert_int_equal(b.count, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(what_was_written_is_read_in_its_order),
        T(what_may_not_be_told_is_left_out),
        T(a_full_file_fits),
        T(a_damaged_or_missing_file_counts_as_empty),
    };
#undef T

    return cmocka_run_group_tests(tests, NULL, NULL);
}
