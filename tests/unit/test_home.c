/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/home.h"
#include "tests/lib/tmpdir.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder for each test, and a home's path in it. */
struct place {
    char *tmp;
    char dir[512];
};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));

    assert_non_null(p);
    p->tmp = daf_tmpdir_new();
    assert_non_null(p->tmp);
    (void)snprintf(p->dir, sizeof(p->dir), "%s/home", p->tmp);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;

    daf_tmpdir_free(p->tmp);
    free(p);
    return 0;
}

static void path_of(const struct place *p, const char *name, char out[1024])
{
    (void)snprintf(out, 1024, "%s/%s", p->dir, name);
}

static unsigned mode_of(const struct place *p, const char *name)
{
    char path[1024];
    struct stat st;

    path_of(p, name, path);
    assert_int_equal(lstat(path, &st), 0);
    return (unsigned)st.st_mode & 0777;
}

static void make(const struct place *p, struct daf_home *home)
{
    struct daf_trouble t = {""};

    assert_int_equal(daf_home_make(p->dir, home, &t), DAF_OK);
    assert_string_equal(t.what, "");
}

static enum daf_err load(const struct place *p, bool needs_camp,
                         struct daf_home *home, struct daf_trouble *t)
{
    t->what[0] = '\0';
    return daf_home_load(p->dir, needs_camp, home, t);
}

static void assert_loads_as(const struct place *p, enum daf_err expected,
                            const char *words)
{
    struct daf_trouble t;
    struct daf_home home;
    enum daf_err err = load(p, false, &home, &t);

    assert_int_equal(err, expected);
    if (err == DAF_OK)
        daf_home_unload(&home);
    else
        assert_non_null(strstr(t.what, words));
}

/* --- making and loading ------------------------------------------------------------ */

static void a_home_is_closed_to_others_whatever_the_umask(void **state)
{
    static const mode_t masks[] = {0, 022, 0277};

    for (size_t i = 0; i < 3; i++) {
        struct place p = {.tmp = ((struct place *)*state)->tmp};
        mode_t old = umask(masks[i]);
        struct daf_home home;

        (void)snprintf(p.dir, sizeof(p.dir), "%s/home%zu", p.tmp, i);
        make(&p, &home);
        daf_home_unload(&home);
        (void)umask(old);
        assert_int_equal(mode_of(&p, "."), 0700);
        assert_int_equal(mode_of(&p, "keys"), 0700);
        assert_int_equal(mode_of(&p, "run"), 0700);
        assert_int_equal(mode_of(&p, "keys/device.keys"), 0600);
    }
}

static void what_was_made_is_loaded(void **state)
{
    struct daf_home made, loaded;
    struct daf_trouble t;

    make(*state, &made);
    assert_int_equal(load(*state, false, &loaded, &t), DAF_OK);
    assert_memory_equal(&made.keys, &loaded.keys, sizeof(made.keys));
    assert_memory_equal(&made.secrets, &loaded.secrets, sizeof(made.secrets));
    assert_null(loaded.manifest);
    assert_null(loaded.cert);
    daf_home_unload(&made);
    daf_home_unload(&loaded);
    assert_int_equal(loaded.secrets.sign.b[0] | loaded.secrets.sign.b[40], 0);
}

static void two_homes_have_different_keys(void **state)
{
    struct place *p = *state, q = *p;
    struct daf_home a, b;

    (void)snprintf(q.dir, sizeof(q.dir), "%s/other", p->tmp);
    make(p, &a);
    make(&q, &b);
    assert_memory_not_equal(&a.keys, &b.keys, sizeof(a.keys.sign));
    daf_home_unload(&a);
    daf_home_unload(&b);
}

static void a_home_is_not_made_twice_nor_over_something_else(void **state)
{
    struct place *p = *state, q = *p;
    struct daf_trouble t;
    struct daf_home home;

    make(p, &home);
    daf_home_unload(&home);
    assert_int_equal(daf_home_make(p->dir, &home, &t), DAF_EEXISTS);
    assert_non_null(strstr(t.what, "is a home already"));

    /* The folder above holds a home: something else's. */
    (void)snprintf(q.dir, sizeof(q.dir), "%s", p->tmp);
    assert_int_equal(daf_home_make(q.dir, &home, &t), DAF_EEXISTS);
    assert_non_null(strstr(t.what, "not empty"));

    (void)snprintf(q.dir, sizeof(q.dir), "%s/no/such", p->tmp);
    assert_int_equal(daf_home_make(q.dir, &home, &t), DAF_ENOTFOUND);
    assert_int_equal(daf_home_make("", &home, &t), DAF_EUSAGE);
}

static void an_unfinished_home_can_be_made_again(void **state)
{
    struct place *p = *state;
    struct daf_home home;
    char path[1024];

    make(p, &home);
    daf_home_discard(&home);
    daf_home_unload(&home);
    path_of(p, "keys", path);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(mkdir(path, 0755), 0);
    make(p, &home);
    daf_home_unload(&home);
    assert_int_equal(mode_of(p, "keys"), 0700);
}

static void a_relative_path_becomes_absolute(void **state)
{
    struct place *p = *state;
    struct daf_home home;
    struct daf_trouble t;
    char old[1024];

    assert_non_null(getcwd(old, sizeof(old)));
    assert_int_equal(chdir(p->tmp), 0);
    assert_int_equal(daf_home_make("home//", &home, &t), DAF_OK);
    assert_int_equal(chdir(old), 0);
    assert_int_equal(home.dir[0], '/');
    assert_string_equal(home.dir + strlen(home.dir) - 5, "/home");
    daf_home_unload(&home);
}

static void a_path_too_long_is_refused(void **state)
{
    char dir[DAF_HOME_PATH_MAX];
    struct daf_home home;
    struct daf_trouble t;

    (void)state;
    memset(dir, 'a', sizeof(dir));
    dir[0] = '/';
    dir[sizeof(home.dir)] = '\0';
    assert_int_equal(daf_home_load(dir, false, &home, &t), DAF_ELIMIT);
    dir[sizeof(home.dir) - 1] = '\0'; /* fits, and the system says no */
    assert_int_not_equal(daf_home_load(dir, false, &home, &t), DAF_OK);
}

/* --- bad homes ----------------------------------------------------------------------- */

static void keys_that_others_may_read_are_refused(void **state)
{
    static const mode_t open_modes[] = {0644, 0640, 0604, 0660, 0601};
    struct place *p = *state;
    struct daf_home home;
    char path[1024];

    make(p, &home);
    daf_home_unload(&home);
    path_of(p, "keys/device.keys", path);
    for (size_t i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
        assert_int_equal(chmod(path, open_modes[i]), 0);
        assert_loads_as(p, DAF_EKEY, "chmod 600");
    }
    assert_int_equal(chmod(path, 0400), 0);
    assert_loads_as(p, DAF_OK, "");
}

static void missing_linked_or_damaged_keys_are_refused(void **state)
{
    struct place *p = *state;
    struct daf_home home;
    char path[1024], moved[1024];
    uint8_t *bytes;
    size_t len;
    struct daf_trouble t;

    assert_loads_as(p, DAF_ENOTFOUND, "is no home");
    make(p, &home);
    daf_home_unload(&home);
    path_of(p, "keys/device.keys", path);
    path_of(p, "keys/moved", moved);
    assert_int_equal(rename(path, moved), 0);
    assert_loads_as(p, DAF_EKEY, "missing");
    assert_int_equal(symlink("moved", path), 0);
    assert_loads_as(p, DAF_EKEY, "link");
    assert_int_equal(unlink(path), 0);

    assert_int_equal(daf_home_read_file(moved, 512, &bytes, &len, &t), DAF_OK);
    for (size_t i = 0; i < len; i += 5) {
        /* Any 32 bytes are a transport or sealing key: 82 bytes come first. */
        if (i >= 12 + 66) break;
        bytes[i] ^= 0x20;
        assert_int_equal(daf_home_write_file(path, 0600,
                                             (struct daf_view){bytes, len}, &t),
                         DAF_OK);
        bytes[i] ^= 0x20;
        assert_int_not_equal(daf_home_load(p->dir, false, &home, &t), DAF_OK);
        assert_non_null(strstr(t.what, "To do:"));
    }
    for (size_t cut = 0; cut < len; cut += 7) {
        assert_int_equal(daf_home_write_file(path, 0600,
                                             (struct daf_view){bytes, cut}, &t),
                         DAF_OK);
        assert_loads_as(p, DAF_EKEY, "damaged");
    }
    free(bytes);
}

static void a_home_without_camp_says_so(void **state)
{
    struct daf_home home;
    struct daf_trouble t;

    make(*state, &home);
    daf_home_unload(&home);
    assert_int_equal(load(*state, true, &home, &t), DAF_ENOTFOUND);
    assert_non_null(strstr(t.what, "daftar join"));
}

/* --- the camp's files -------------------------------------------------------------------- */

static void manifest_and_certificate_are_kept(void **state)
{
    static const uint8_t manifest[] = "manifest", cert[] = "certificate";
    struct daf_home home;
    struct daf_trouble t;

    make(*state, &home);
    assert_int_equal(
        daf_home_set_camp(&home, (struct daf_view){manifest, sizeof(manifest)},
                          (struct daf_view){cert, sizeof(cert)}, &t),
        DAF_OK);
    assert_int_equal(home.cert_len, sizeof(cert));
    daf_home_unload(&home);
    assert_int_equal(mode_of(*state, "camp/manifest.daf"), 0600);
    assert_int_equal(load(*state, true, &home, &t), DAF_OK);
    assert_int_equal(home.manifest_len, sizeof(manifest));
    assert_memory_equal(home.manifest, manifest, sizeof(manifest));
    assert_memory_equal(home.cert, cert, sizeof(cert));
    /* A coordinator has none; one left behind is removed. */
    assert_int_equal(
        daf_home_set_camp(&home, (struct daf_view){manifest, sizeof(manifest)},
                          (struct daf_view){NULL, 0}, &t),
        DAF_OK);
    assert_null(home.cert);
    daf_home_unload(&home);
    assert_int_equal(load(*state, true, &home, &t), DAF_OK);
    assert_null(home.cert);
    daf_home_unload(&home);
}

/* --- the lock -------------------------------------------------------------------------------- */

static void one_at_a_time_holds_the_lock(void **state)
{
    struct daf_home a, b;
    struct daf_trouble t;

    make(*state, &a);
    assert_int_equal(load(*state, false, &b, &t), DAF_OK);
    assert_int_equal(daf_home_lock(&a, &t), DAF_OK);
    assert_int_equal(daf_home_lock(&a, &t), DAF_OK);
    assert_int_equal(daf_home_lock(&b, &t), DAF_EBUSY);
    assert_non_null(strstr(t.what, "in use"));
    daf_home_unload(&a);
    assert_int_equal(daf_home_lock(&b, &t), DAF_OK);
    assert_int_equal(mode_of(*state, "run/lock"), 0600);
    daf_home_unload(&b);
}

/* --- files -------------------------------------------------------------------------------------- */

static void a_file_is_read_up_to_its_limit(void **state)
{
    struct place *p = *state;
    char path[1024];
    static uint8_t bytes[10001];
    struct daf_trouble t;
    uint8_t *got;
    size_t len;

    (void)snprintf(path, sizeof(path), "%s/file", p->tmp);
    for (size_t size = 9999; size <= 10001; size++) {
        enum daf_err err;

        assert_int_equal(daf_home_write_file(path, 0644,
                                             (struct daf_view){bytes, size},
                                             &t),
                         DAF_OK);
        err = daf_home_read_file(path, 10000, &got, &len, &t);
        assert_int_equal(err, size <= 10000 ? DAF_OK : DAF_ELIMIT);
        if (err == DAF_OK) assert_int_equal(len, size);
        free(got);
    }
    assert_int_equal(daf_home_write_file(path, 0644,
                                         (struct daf_view){bytes, 0}, &t),
                     DAF_OK);
    assert_int_equal(daf_home_read_file(path, 10, &got, &len, &t), DAF_OK);
    assert_int_equal(len, 0);
    free(got);
    assert_int_equal(daf_home_read_file(p->tmp, 10, &got, &len, &t), DAF_EIO);
    assert_int_equal(daf_home_read_file("/nowhere", 10, &got, &len, &t),
                     DAF_ENOTFOUND);
    assert_int_equal(daf_home_read_file("/dev/zero", 10, &got, &len, &t),
                     DAF_ELIMIT);
}

static void only_plain_files_are_replaced(void **state)
{
    static const uint8_t one[] = {1};
    struct place *p = *state;
    struct daf_view bytes = {one, 1};
    char path[1024], link[1024];
    struct daf_trouble t;
    struct stat st;

    assert_int_equal(daf_home_write_file("/dev/null", 0644, bytes, &t),
                     DAF_EEXISTS);
    assert_int_equal(daf_home_write_file(p->tmp, 0644, bytes, &t), DAF_EEXISTS);
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
    /* What an interrupted write left is in nobody's way, not even as a link. */
    (void)snprintf(path, sizeof(path), "%s/file", p->tmp);
    (void)snprintf(link, sizeof(link), "%s/file.new", p->tmp);
    assert_int_equal(symlink("/nowhere/else", link), 0);
    assert_int_equal(daf_home_write_file(path, 0600, bytes, &t), DAF_OK);
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(access(link, F_OK), -1);
    (void)snprintf(path, sizeof(path), "%s/no/such", p->tmp);
    assert_int_equal(daf_home_write_file(path, 0600, bytes, &t), DAF_ENOTFOUND);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(a_home_is_closed_to_others_whatever_the_umask),
        T(what_was_made_is_loaded),
        T(two_homes_have_different_keys),
        T(a_home_is_not_made_twice_nor_over_something_else),
        T(an_unfinished_home_can_be_made_again),
        T(a_relative_path_becomes_absolute),
        T(a_path_too_long_is_refused),
        T(keys_that_others_may_read_are_refused),
        T(missing_linked_or_damaged_keys_are_refused),
        T(a_home_without_camp_says_so),
        T(manifest_and_certificate_are_kept),
        T(one_at_a_time_holds_the_lock),
        T(a_file_is_read_up_to_its_limit),
        T(only_plain_files_are_replaced),
#undef T
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
