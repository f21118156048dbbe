/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which the shelf speaks to the disk.  A power cut may undo whatever
 * was not synced, in any order, so:
 *
 *      no note of a part before its bytes, its file's length and the folders
 *      that name it were synced
 *      no name of an item, and no `files`, while anything in it is not synced
 *      nobody is told "whole" before the folder with that name was synced
 *
 * The linker sends the shelf's calls to the ones here, which keep for each inode
 * what is not synced yet.  What a cut then leaves is not played: these rules say
 * that it does not matter. */
#include "tests/lib/t.h"

#include "tests/lib/goods.h"
#include "tests/lib/tmpdir.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK  ((size_t)65536)
#define NODES  256
#define RANGES 64

int __real_openat(int at, const char *path, int flags, ...);
ssize_t __real_pwrite(int fd, const void *bytes, size_t len, off_t offset);
int __real_ftruncate(int fd, off_t len);
int __real_renameat(int a, const char *from, int b, const char *to);
int __real_mkdirat(int at, const char *path, mode_t mode);
int __real_unlinkat(int at, const char *path, int flags);
int __wrap_openat(int at, const char *path, int flags, ...);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t offset);
ssize_t __real_copy_file_range(int in, off_t *from, int out, off_t *to,
                               size_t len, unsigned flags);
ssize_t __wrap_copy_file_range(int in, off_t *from, int out, off_t *to,
                               size_t len, unsigned flags);
int __wrap_ftruncate(int fd, off_t len);
int __wrap_fsync(int fd);
int __wrap_renameat(int a, const char *from, int b, const char *to);
int __wrap_mkdirat(int at, const char *path, mode_t mode);
int __wrap_unlinkat(int at, const char *path, int flags);

/* ---- what is not synced */

struct node {
    ino_t ino; /* 0: none */
    bool is_have;
    bool names, length;
    size_t ranges; /* written stretches */
    struct {
        uint64_t from, to;
    } range[RANGES];
};

static struct node nodes[NODES];
static size_t notes, renames, broken; /* seen; rules broken */
static bool syncs_lie;
static char part_dir[1024]; /* of the item that is being fetched */

static struct node *node_of(ino_t ino)
{
    struct node *empty = NULL;

    for (size_t i = 0; i < NODES; i++) {
        if (nodes[i].ino == ino) return &nodes[i];
        if (nodes[i].ino == 0 && empty == NULL) empty = &nodes[i];
    }
    assert_non_null(empty);
    empty->ino = ino;
    return empty;
}

static struct node *node_at(int fd)
{
    struct stat st;

    assert_int_equal(fstat(fd, &st), 0);
    return node_of(st.st_ino);
}

static bool is_dirty(const struct node *n)
{
    return n->names || n->length || n->ranges > 0;
}

static void rule(bool is_kept, const char *what, const char *name)
{
    if (is_kept) return;
    broken++;
    if (!syncs_lie) (void)fprintf(stderr, "broken: %s %s\n", what, name);
}

/* ---- a note: each part that it names is safe */

static ino_t ino_of(const char *name)
{
    struct stat st = {0};

    (void)stat(daf_goods_path(part_dir, name), &st);
    return st.st_ino;
}

static void safe(const char *name, uint64_t from, const char *folder)
{
    const struct node *n = node_of(ino_of(name));

    rule(!n->length, "a note before the length of", name);
    for (size_t i = 0; i < n->ranges; i++)
        rule(n->range[i].to <= from || n->range[i].from >= from + CHUNK,
             "a note before the bytes of", name);
    rule(!node_of(ino_of("."))->names, "a note before the folder of", name);
    rule(!node_of(ino_of(folder))->names, "a note before the folder of", name);
}

/* Parts of the lesson below: 0 is the page, 1 to 5 the film, then one.html; the
 * last two are zeros, which need no note. */
static void note(const uint8_t *entry)
{
    uint32_t first = entry[0], count = entry[4];

    notes++;
    for (uint32_t i = first; i < first + count; i++) {
        if (i == 0)
            safe("../list", 0, "..");
        else if (i < 6)
            safe("film.webm", (i - 1) * CHUNK, ".");
        else if (i < 8)
            safe("pages/one.html", (i - 6) * CHUNK, "pages");
        else
            rule(false, "a note of what", "the list itself says");
    }
}

/* ---- a name: nothing is dirty but the folder that it is in, which is synced
 * next, and notes that nobody will read */

static void named(int at, const char *to)
{
    bool is_item = strlen(to) == 64 || strcmp(to, "files") == 0;

    if (!is_item) return;
    renames++;
    for (size_t i = 0; i < NODES; i++) {
        const struct node *n = &nodes[i];

        rule(n->ino == 0 || n->is_have || n == node_at(at) || !is_dirty(n),
             "not synced before the name", to);
    }
}

/* ---- the calls */

int __wrap_openat(int at, const char *path, int flags, ...)
{
    struct stat st;
    bool is_new = (flags & O_CREAT) != 0 && at != AT_FDCWD &&
                  fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW) != 0;
    int fd = __real_openat(at, path, flags, 0600);

    if (is_new && fd >= 0) {
        node_at(fd)->is_have = strncmp(path, "have", 4) == 0;
        if (!node_at(fd)->is_have) node_at(at)->names = true;
    }
    return fd;
}

ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    struct node *n = node_at(fd);

    for (size_t i = 0; n->is_have && offset >= 32 && i + 32 <= len; i += 32)
        note((const uint8_t *)bytes + i);
    assert_true(n->ranges < RANGES);
    n->range[n->ranges].from = (uint64_t)offset;
    n->range[n->ranges++].to = (uint64_t)offset + len;
    return __real_pwrite(fd, bytes, len, offset);
}

ssize_t __wrap_copy_file_range(int in, off_t *from, int out, off_t *to,
                               size_t len, unsigned flags)
{
    struct node *n = node_at(out);

    assert_true(n->ranges < RANGES);
    n->range[n->ranges].from = (uint64_t)*to;
    n->range[n->ranges++].to = (uint64_t)*to + len;
    return __real_copy_file_range(in, from, out, to, len, flags);
}

int __wrap_ftruncate(int fd, off_t len)
{
    node_at(fd)->length = true;
    return __real_ftruncate(fd, len);
}

int __wrap_fsync(int fd)
{
    struct node *n = node_at(fd);

    if (!syncs_lie) {
        n->names = n->length = false;
        n->ranges = 0;
    }
    return 0;
}

int __wrap_renameat(int a, const char *from, int b, const char *to)
{
    int result;

    named(b, to);
    result = __real_renameat(a, from, b, to);
    if (result == 0 && a != AT_FDCWD)
        node_at(a)->names = node_at(b)->names = true;
    return result;
}

int __wrap_mkdirat(int at, const char *path, mode_t mode)
{
    int result = __real_mkdirat(at, path, mode);

    if (result == 0 && at != AT_FDCWD) node_at(at)->names = true;
    return result;
}

/* What is gone may be there again after a cut: no rule minds, and its number may
 * be another's. */
int __wrap_unlinkat(int at, const char *path, int flags)
{
    struct stat st;

    if (fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
        memset(node_of(st.st_ino), 0, sizeof(nodes[0]));
    return __real_unlinkat(at, path, flags);
}

/* ---- the story */

static void is_durable(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    rule(!is_dirty(node_of(st.st_ino)), "told before it was synced:", path);
}

/* A new edition: all but its last file is copied from the old one. */
static void replay(const char *tmp, struct daf_shelf *a, struct daf_shelf *b)
{
    const char *src = daf_goods_path(tmp, "src");
    struct daf_shelf_item it, there;
    enum daf_shelf_put put = DAF_SHELF_MORE;
    size_t before = notes;
    char kept[1024];

    daf_goods_write(src, "zzz", 10, 9);
    assert_int_equal(daf_goods_publish(a, src, &it), DAF_OK);
    (void)snprintf(kept, sizeof(kept), "%s/b", tmp);
    (void)snprintf(part_dir, sizeof(part_dir), "%s",
                   daf_goods_files(kept, &it.content, "part"));
    assert_int_equal(daf_shelf_add(b, it.manifest, DAF_SHELF_WANTED, 0),
                     DAF_OK);
    assert_int_equal(daf_goods_carry(a, b, &it.content, 0, &put), DAF_OK);
    assert_int_equal(put, DAF_SHELF_LIST);
    assert_true(daf_shelf_find(b, &it.content, &there));
    assert_int_equal(there.held, it.parts - 1);
    assert_int_equal(daf_shelf_sync(b), DAF_OK);
    assert_true(notes > before);
}

static void play(const char *tmp, bool lie)
{
    struct daf_shelf *a, *b;
    struct daf_shelf_item it;
    enum daf_shelf_put put = DAF_SHELF_MORE;
    const char *b_dir = daf_goods_path(tmp, "b"), *src;
    char kept[1024];

    memset(nodes, 0, sizeof(nodes));
    notes = renames = broken = 0;
    syncs_lie = lie;
    part_dir[0] = '\0';
    src = daf_goods_path(tmp, "src");
    daf_goods_write(src, "film.webm", 5 * CHUNK - 100, 1);
    daf_goods_write(src, "pages/one.html", CHUNK + 1, 2);
    daf_goods_write(src, "zeros", 2 * CHUNK, 0);
    a = daf_goods_shelf(daf_goods_path(tmp, "a"), UINT64_MAX);
    assert_int_equal(daf_goods_publish(a, src, &it), DAF_OK);
    is_durable(daf_goods_path(tmp, "a"));
    b = daf_goods_shelf(b_dir, UINT64_MAX);
    assert_int_equal(daf_shelf_add(b, it.manifest, DAF_SHELF_WANTED, 0),
                     DAF_OK);
    (void)snprintf(kept, sizeof(kept), "%s/b", tmp);
    (void)snprintf(part_dir, sizeof(part_dir), "%s",
                   daf_goods_files(kept, &it.content, "part"));
    is_durable(kept);
    for (uint32_t i = 0; i < it.parts && put != DAF_SHELF_WHOLE; i++) {
        assert_int_equal(daf_goods_carry(a, b, &it.content, i, &put), DAF_OK);
        if (i % 2 == 0) assert_int_equal(daf_shelf_sync(b), DAF_OK);
    }
    assert_int_equal(put, DAF_SHELF_WHOLE);
    is_durable(daf_goods_files(kept, &it.content, ""));
    assert_true(notes >= 3);
    assert_int_equal(renames, 3); /* published, added, whole */
    replay(tmp, a, b);
    daf_shelf_close(a);
    daf_shelf_close(b);
}

static void everything_is_synced_before_it_is_noted_or_named(void **state)
{
    char *tmp = daf_tmpdir_new();

    (void)state;
    assert_non_null(tmp);
    play(tmp, false);
    assert_int_equal(broken, 0);
    daf_tmpdir_free(tmp);
}

/* With syncs that do nothing the rules must be seen to break. */
static void the_instrument_sees_what_is_not_synced(void **state)
{
    char *tmp = daf_tmpdir_new();

    (void)state;
    assert_non_null(tmp);
    play(tmp, true);
    assert_true(broken > 10);
    daf_tmpdir_free(tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_synced_before_it_is_noted_or_named),
        cmocka_unit_test(the_instrument_sees_what_is_not_synced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
