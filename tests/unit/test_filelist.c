/* SPDX-License-Identifier: Apache-2.0 */

/* File lists (docs/content.md R61 to R63): which paths are safe, in what order
 * they stand, and that nothing in a list is believed beside its manifest. */

#include "tests/lib/t.h"

#include "proto/filelist.h"

#include <stdio.h>
#include <stdlib.h>

#define HASH_BYTES 32
#define CHUNK      UINT64_C(65536)

static struct daf_view text(const char *s)
{
    return (struct daf_view){(const uint8_t *)s, strlen(s)};
}

/* ---- paths */

static bool is_safe(const char *path)
{
    return daf_filelist_is_safe(text(path));
}

static void a_path_has_names_and_nothing_that_leads_out(void **state)
{
    static const char *const good[] = {
        "a",        "a b", "a/b", "a.",  "a..", "a/b.c",
        " ",        "-",   "~",   "a:b", "con", "\xd8\xa3/\xe4\xb8\xad.html",
        "\xc2\x80",
    };
    static const char *const bad[] = {
        "",    "/",    "/a",     "a/",    "a//b", ".",     "..",  ".a",
        "a/.", "a/..", "a/../b", "./a",   "../a", "a/.b",  "...", "a/.../b",
        "\\",  "a\\b", "a/\\b",  "\\\\a", "//",   "a/b//",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        if (!is_safe(good[i])) fail_msg("'%s' is safe", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (is_safe(bad[i])) fail_msg("'%s' is not safe", bad[i]);
}

static void each_forbidden_byte_is_found_anywhere(void **state)
{
    (void)state;
    for (unsigned b = 0; b < 0x80; b++) {
        bool good = b >= 0x20 && b != 0x7f && b != '\\';

        for (size_t at = 0; at < 5; at++) {
            uint8_t path[] = {'a', 'b', '-', 'c', 'd'};
            bool expected = good;

            path[at] = (uint8_t)b;
            if (b == '/') expected = at > 0 && at < 4; /* names on both sides */
            if (b == '.') expected = at > 0;
            assert_int_equal(daf_filelist_is_safe(
                                 (struct daf_view){path, sizeof(path)}),
                             expected);
        }
    }
}

static void a_path_is_utf_8(void **state)
{
    static const char *const bad[] = {
        "\x80",             /* a following byte alone */
        "a\xc3",            /* cut off */
        "\xc0\xaf",         /* '/' made longer */
        "\xc1\x9c",         /* '\' made longer */
        "\xe0\x80\xae",     /* '.' made longer */
        "\xed\xa0\x80",     /* a surrogate */
        "\xf4\x90\x80\x80", /* beyond U+10FFFF */
        "\xff",
        "a/\xfe/b",
        "\xd8/\xa3", /* one letter cut by a slash */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (is_safe(bad[i])) fail_msg("%zu is not UTF-8", i);
    assert_false(
        daf_filelist_is_safe((struct daf_view){(const uint8_t *)"a\0b", 3}));
    assert_false(
        daf_filelist_is_safe((struct daf_view){(const uint8_t *)"a\0", 2}));
}

/* @count names of @each letters. */
static bool many_are_safe(size_t count, size_t each, size_t more)
{
    char path[2048];
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        if (i > 0) path[at++] = '/';
        memset(path + at, 'x', each);
        at += each;
    }
    memset(path + at, 'y', more);
    path[at + more] = '\0';
    return is_safe(path);
}

static void lengths_and_depth_keep_their_bounds(void **state)
{
    (void)state;
    assert_true(many_are_safe(16, 1, 0));
    assert_false(many_are_safe(17, 1, 0));
    assert_true(many_are_safe(1, 200, 0));
    assert_false(many_are_safe(1, 201, 0));
    assert_true(many_are_safe(2, 200, 0));
    assert_false(many_are_safe(2, 200, 1)); /* the last name */
    assert_true(many_are_safe(3, 170, 0));  /* 512 bytes */
    assert_false(many_are_safe(3, 170, 1));
    assert_true(many_are_safe(16, 31, 1)); /* 512 bytes */
    assert_false(many_are_safe(16, 31, 2));
}

/* ---- order */

static void order_is_of_bytes_with_small_letters_and_slashes_first(void **state)
{
    static const char *const ordered[] = {
        "!",    "[",   "A",  "a/a", "a/b/c",    "A/B c",
        "a/Bc", "a b", "a!", "a-b", "A0",       "a[",
        "ab",   "a~",  "b",  "Z",   "\xc3\x89", "\xd8\xa3",
    };
    const size_t count = sizeof(ordered) / sizeof(ordered[0]);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            int got = daf_filelist_order(text(ordered[i]), text(ordered[j]));
            int back = daf_filelist_order(text(ordered[j]), text(ordered[i]));

            if ((got > 0) - (got < 0) != (i > j) - (i < j))
                fail_msg("'%s' beside '%s'", ordered[i], ordered[j]);
            assert_int_equal((got > 0) - (got < 0), (back < 0) - (back > 0));
        }
    }
    assert_int_equal(daf_filelist_order(text("Ab/C"), text("aB/c")), 0);
    /* Capitals of ASCII alone. */
    assert_int_not_equal(daf_filelist_order(text("\xc3\x89"), text("\xc3\xa9")),
                         0);
}

static void inside_is_only_what_has_a_slash_behind_it(void **state)
{
    (void)state;
    assert_true(daf_filelist_is_inside(text("a/b"), text("a")));
    assert_true(daf_filelist_is_inside(text("A/b"), text("a")));
    assert_true(daf_filelist_is_inside(text("a/b/c"), text("a/B")));
    assert_true(daf_filelist_is_inside(text("a/b/c"), text("a")));
    assert_false(daf_filelist_is_inside(text("a"), text("a")));
    assert_false(daf_filelist_is_inside(text("a"), text("a/b")));
    assert_false(daf_filelist_is_inside(text("ab"), text("a")));
    assert_false(daf_filelist_is_inside(text("a b"), text("a")));
    assert_false(daf_filelist_is_inside(text("b/a"), text("a")));
}

static void chunks_are_counted_up(void **state)
{
    (void)state;
    assert_true(daf_filelist_chunks(0, CHUNK) == 0);
    assert_true(daf_filelist_chunks(1, CHUNK) == 1);
    assert_true(daf_filelist_chunks(CHUNK, CHUNK) == 1);
    assert_true(daf_filelist_chunks(CHUNK + 1, CHUNK) == 2);
    assert_true(daf_filelist_chunks(UINT64_MAX, CHUNK) == UINT64_C(1) << 48);
}

/* ---- lists */

struct entry {
    const char *path;
    uint64_t size;
    int more; /* bytes of hashes besides those of its size */
};

/* A list and the manifest that fits it; good until the next. */
struct list {
    uint8_t bytes[8192];
    size_t len;
    struct daf_content c;
};

static void make(struct list *l, const struct entry *files, size_t count)
{
    static const uint8_t hashes[4096];
    struct daf_pack k;

    memset(&l->c, 0, sizeof(l->c));
    daf_pack_init(&k, l->bytes, sizeof(l->bytes));
    daf_filelist_open(&k, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t chunks = daf_filelist_chunks(files[i].size, CHUNK);
        size_t len = chunks < 100 ? (size_t)chunks * HASH_BYTES : HASH_BYTES;
        struct daf_filelist_file f = {
            .path = text(files[i].path),
            .size = files[i].size,
            .hashes = {hashes, (size_t)((int)len + files[i].more)},
        };

        daf_filelist_add(&k, &f);
        l->c.bytes += files[i].size;
        l->c.chunks += (uint32_t)chunks;
    }
    assert_false(k.is_full);
    l->len = k.len;
    l->c.files = (uint32_t)count;
    l->c.list_bytes = (uint32_t)k.len;
    l->c.pages = 1;
    l->c.chunk_bytes = CHUNK;
}

static enum daf_err check(const struct list *l)
{
    return daf_filelist_check((struct daf_view){l->bytes, l->len}, &l->c);
}

static enum daf_err check_paths(const char *a, const char *b)
{
    const struct entry files[] = {{a, 1, 0}, {b, 1, 0}};
    struct list l;

    make(&l, files, 2);
    return check(&l);
}

static const struct entry lesson[] = {
    {"a.txt", 10, 0},  {"b/empty", 0, 0},   {"b/film", 3 * CHUNK - 1, 0},
    {"b c", CHUNK, 0}, {"C", CHUNK + 1, 0},
};
#define LESSON_COUNT (sizeof(lesson) / sizeof(lesson[0]))

static void a_good_list_is_read_file_by_file(void **state)
{
    struct daf_filelist_file f;
    struct daf_cursor at;
    struct list l;

    (void)state;
    make(&l, lesson, LESSON_COUNT);
    assert_int_equal(check(&l), DAF_OK);
    daf_filelist_begin(&at, (struct daf_view){l.bytes, l.len});
    for (size_t i = 0; i < LESSON_COUNT; i++) {
        daf_filelist_next(&at, &f);
        assert_int_equal(f.path.len, strlen(lesson[i].path));
        assert_memory_equal(f.path.p, lesson[i].path, f.path.len);
        assert_true(f.size == lesson[i].size);
        assert_int_equal(f.hashes.len,
                         HASH_BYTES * daf_filelist_chunks(f.size, CHUNK));
    }
    assert_true(daf_cursor_done(&at));
}

static void files_out_of_order_or_twice_are_refused(void **state)
{
    static const struct {
        const char *a, *b;
    } good[] = {{"a", "a b"}, {"a/b", "a b"}, {"A", "b"},   {"a/c", "A/d"},
                {"a", "ab"},  {"a/b", "a/c"}, {"A/x", "b"}, {"a", "a.b"}};
    struct list l;

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(check_paths(good[i].a, good[i].b), DAF_OK);
        assert_int_equal(check_paths(good[i].b, good[i].a), DAF_EFORM);
        assert_int_equal(check_paths(good[i].a, good[i].a), DAF_EFORM);
    }
    make(&l, (const struct entry[]){{"a", 1, 0}, {"c", 1, 0}, {"b", 1, 0}}, 3);
    assert_int_equal(check(&l), DAF_EFORM);
}

static void names_that_clash_on_a_stick_are_refused(void **state)
{
    struct list l;

    (void)state;
    assert_int_equal(check_paths("A", "a"), DAF_EFORM);
    assert_int_equal(check_paths("a/B", "A/b"), DAF_EFORM);
    assert_int_equal(check_paths("a", "a/b"), DAF_EFORM);
    assert_int_equal(check_paths("a", "A/b"), DAF_EFORM);
    assert_int_equal(check_paths("a/b", "a/B/c"), DAF_EFORM);
    assert_int_equal(check_paths("a", "a/b/c/d"), DAF_EFORM);
    /* Whatever would stand between a file and what is in a folder of its name
     * is in that folder, or not in order. */
    make(&l, (const struct entry[]){{"a", 1, 0}, {"a b", 1, 0}, {"a/b", 1, 0}},
         3);
    assert_int_equal(check(&l), DAF_EFORM);
    make(&l, (const struct entry[]){{"a", 1, 0}, {"a/b", 1, 0}, {"a b", 1, 0}},
         3);
    assert_int_equal(check(&l), DAF_EFORM);
}

static void one_path_that_is_not_safe_condemns_the_list(void **state)
{
    char longest[DAF_FILE_PATH_BYTES_MAX + 2];

    (void)state;
    assert_int_equal(check_paths("a", "b/../../c"), DAF_EFORM);
    assert_int_equal(check_paths(".profile", "a"), DAF_EFORM);
    assert_int_equal(check_paths("/etc", "a"), DAF_EFORM);
    assert_int_equal(check_paths("", "a"), DAF_EFORM);
    memset(longest, 'x', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(check_paths("a", longest), DAF_ELIMIT);
}

static void a_list_with_other_numbers_than_its_manifest_is_refused(void **state)
{
    struct list l;

    (void)state;
    for (int by = -1; by <= 1; by++) {
        enum daf_err want = by == 0 ? DAF_OK : DAF_EFORM;

        make(&l, lesson, LESSON_COUNT);
        l.c.bytes += (uint64_t)by;
        assert_int_equal(check(&l), want);
        make(&l, lesson, LESSON_COUNT);
        l.c.chunks += (uint32_t)by;
        assert_int_equal(check(&l), want);
        make(&l, lesson, LESSON_COUNT);
        l.c.list_bytes += (uint32_t)by;
        assert_int_equal(check(&l), want);
    }
    make(&l, lesson, LESSON_COUNT);
    l.c.files++;
    assert_int_equal(check(&l), DAF_EFORM);
    l.c.files -= 2;
    assert_int_equal(check(&l), DAF_ELIMIT);
    make(&l, lesson, LESSON_COUNT);
    l.c.chunk_bytes *= 2;
    assert_int_equal(check(&l), DAF_EFORM);
}

static void a_file_has_just_the_hashes_of_its_size(void **state)
{
    static const int wrong[] = {-32, -1, 1, 32};
    struct list l;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const struct entry one[] = {{"a", CHUNK, wrong[i]}};
        /* What one lacks the other has too many. */
        const struct entry two[] = {{"a", CHUNK, wrong[i]},
                                    {"b", CHUNK, -wrong[i]}};

        make(&l, one, 1);
        assert_int_equal(check(&l), DAF_EFORM);
        make(&l, two, 2);
        assert_int_equal(check(&l), DAF_EFORM);
    }
    make(&l, (const struct entry[]){{"a", 0, 32}}, 1);
    assert_int_equal(check(&l), DAF_EFORM);
}

static void sizes_that_run_over_are_refused(void **state)
{
    static const uint64_t huge[] = {INT64_MAX, INT64_MAX - 1, UINT64_C(1) << 62,
                                    UINT64_C(1) << 48};
    struct list l;

    (void)state;
    for (size_t i = 0; i < sizeof(huge) / sizeof(huge[0]); i++) {
        /* Three of which the sum is the small number of the manifest, were it
         * taken modulo 2^64. */
        const struct entry files[] = {{"a", huge[i], 0},
                                      {"b", huge[i], 0},
                                      {"c", 12, 0}};

        make(&l, files, 3);
        l.c.bytes = 10;
        l.c.chunks = 1;
        assert_int_equal(check(&l), DAF_EFORM);
        l.c.bytes = huge[i];
        l.c.chunks = UINT32_MAX;
        assert_int_equal(check(&l), DAF_EFORM);
        l.c.bytes = INT64_MAX;
        assert_int_equal(check(&l), DAF_EFORM);
    }
    make(&l, (const struct entry[]){{"a", (uint64_t)INT64_MAX + 1, 0}}, 1);
    assert_int_equal(check(&l), DAF_ELIMIT);
}

/* ---- strangers' bytes */

/* A list that checks is read to its end, and says just its bytes. */
static void expect_its_bytes(const struct list *l)
{
    uint8_t again[sizeof(l->bytes)];
    uint64_t bytes = 0;
    struct daf_pack k;
    struct daf_cursor at;

    daf_pack_init(&k, again, sizeof(again));
    daf_filelist_open(&k, l->c.files);
    daf_filelist_begin(&at, (struct daf_view){l->bytes, l->len});
    for (size_t i = 0; i < l->c.files; i++) {
        struct daf_filelist_file f;

        daf_filelist_next(&at, &f);
        assert_true(daf_filelist_is_safe(f.path));
        bytes += f.size;
        daf_filelist_add(&k, &f);
    }
    assert_true(bytes == l->c.bytes);
    assert_int_equal(k.len, l->len);
    assert_memory_equal(again, l->bytes, k.len);
}

static void one_cut_anywhere_is_refused(void **state)
{
    struct list l;

    (void)state;
    make(&l, lesson, LESSON_COUNT);
    for (size_t len = 0; len < l.len; len++) {
        uint8_t *cut = malloc(len > 0 ? len : 1);

        assert_non_null(cut);
        memcpy(cut, l.bytes, len);
        assert_int_equal(daf_filelist_check((struct daf_view){cut, len}, &l.c),
                         DAF_EFORM);
        l.c.list_bytes = (uint32_t)len; /* as if the manifest said so */
        assert_int_equal(daf_filelist_check((struct daf_view){cut, len}, &l.c),
                         DAF_EFORM);
        make(&l, lesson, LESSON_COUNT);
        free(cut);
    }
    l.bytes[l.len++] = 0xc0;
    l.c.list_bytes++;
    assert_int_equal(check(&l), DAF_EFORM);
}

static void a_flipped_bit_never_makes_it_mean_what_it_does_not_say(void **state)
{
    struct daf_hash was, now;
    struct list l;
    size_t taken = 0;

    (void)state;
    make(&l, lesson, LESSON_COUNT);
    was = daf_content_page_hash((struct daf_view){l.bytes, l.len});
    for (size_t bit = 0; bit < 8 * l.len; bit++) {
        l.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        now = daf_content_page_hash((struct daf_view){l.bytes, l.len});
        assert_memory_not_equal(now.b, was.b, sizeof(now.b));
        if (check(&l) == DAF_OK) {
            expect_its_bytes(&l);
            taken++;
        }
        l.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
    }
    /* A list alone vouches for no hash: that is what page hashes are for. */
    assert_true(taken >= (size_t)7 * 8 * HASH_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_has_names_and_nothing_that_leads_out),
        cmocka_unit_test(each_forbidden_byte_is_found_anywhere),
        cmocka_unit_test(a_path_is_utf_8),
        cmocka_unit_test(lengths_and_depth_keep_their_bounds),
        cmocka_unit_test(
            order_is_of_bytes_with_small_letters_and_slashes_first),
        cmocka_unit_test(inside_is_only_what_has_a_slash_behind_it),
        cmocka_unit_test(chunks_are_counted_up),
        cmocka_unit_test(a_good_list_is_read_file_by_file),
        cmocka_unit_test(files_out_of_order_or_twice_are_refused),
        cmocka_unit_test(names_that_clash_on_a_stick_are_refused),
        cmocka_unit_test(one_path_that_is_not_safe_condemns_the_list),
        cmocka_unit_test(
            a_list_with_other_numbers_than_its_manifest_is_refused),
        cmocka_unit_test(a_file_has_just_the_hashes_of_its_size),
        cmocka_unit_test(sizes_that_run_over_are_refused),
        cmocka_unit_test(one_cut_anywhere_is_refused),
        cmocka_unit_test(
            a_flipped_bit_never_makes_it_mean_what_it_does_not_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
