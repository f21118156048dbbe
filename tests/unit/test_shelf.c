/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "tests/lib/goods.h"
#include "tests/lib/tmpdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK ((size_t)65536)
#define MORE  UINT64_MAX /* no budget */

/* A disk that does not sync, and what another process does before it has: this
 * stands before the C library's. */
static bool syncs_fail;
static void (*meanwhile)(void *ctx); /* once */
static void *meanwhile_ctx;

int fsync(int fd)
{
    void (*act)(void *ctx) = meanwhile;

    meanwhile = NULL;
    if (act != NULL) act(meanwhile_ctx);
    if (!syncs_fail) return (int)syscall(SYS_fsync, fd);
    errno = EIO;
    return -1;
}

/* A disk without holes, as FAT: what is made longer is written, at once. */
static bool is_fat;
static uint64_t longest; /* so much at a time */

int ftruncate(int fd, off_t size)
{
    static const uint8_t zeros[4096];
    struct stat st;

    if (is_fat && fstat(fd, &st) == 0 && st.st_size < size) {
        if ((uint64_t)(size - st.st_size) > longest)
            longest = (uint64_t)(size - st.st_size);
        for (off_t at = st.st_size; at < size; at += (off_t)sizeof(zeros))
            if (pwrite(fd, zeros, sizeof(zeros), at) < 0) return -1;
    }
    return (int)syscall(SYS_ftruncate, fd, size);
}

/* A full disk: no folder can be made. */
static bool is_full;

int mkdirat(int at, const char *path, mode_t mode)
{
    if (!is_full) return (int)syscall(SYS_mkdirat, at, path, mode);
    errno = ENOSPC;
    return -1;
}

/* Two shelves and a lesson: one has published it, the other wants it. */
struct place {
    char *tmp;
    char src[512], a_dir[512], b_dir[512];
    struct daf_shelf *a, *b;
    struct daf_shelf_item item; /* as a has it; its views are p's */
    uint8_t manifest[DAF_CONTENT_MANIFEST_BYTES_MAX];
};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));

    assert_non_null(p);
    p->tmp = daf_tmpdir_new();
    assert_non_null(p->tmp);
    (void)snprintf(p->src, sizeof(p->src), "%s/src", p->tmp);
    (void)snprintf(p->a_dir, sizeof(p->a_dir), "%s/a", p->tmp);
    (void)snprintf(p->b_dir, sizeof(p->b_dir), "%s/b", p->tmp);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;

    syncs_fail = false;
    is_fat = is_full = false;
    meanwhile = NULL;
    daf_shelf_close(p->a);
    daf_shelf_close(p->b);
    daf_tmpdir_free(p->tmp);
    free(p);
    return 0;
}

static void publish(struct place *p)
{
    if (p->a == NULL) p->a = daf_goods_shelf(p->a_dir, MORE);
    assert_int_equal(daf_goods_publish(p->a, p->src, &p->item), DAF_OK);
    memcpy(p->manifest, p->item.manifest.p, p->item.manifest.len);
    p->item.manifest.p = p->manifest;
}

static enum daf_err want(struct place *p)
{
    if (p->b == NULL) p->b = daf_goods_shelf(p->b_dir, MORE);
    return daf_shelf_add(p->b, p->item.manifest, DAF_SHELF_WANTED, 0);
}

/* A page and seven chunks: part 0; 1 to 5 of one file, 6 and 7 of another. */
static void lesson(struct place *p)
{
    daf_goods_write(p->src, "film.webm", 5 * CHUNK - 100, 1);
    daf_goods_write(p->src, "pages/one.html", CHUNK + 1, 2);
    daf_goods_write(p->src, "pages/empty", 0, 3);
    publish(p);
    assert_int_equal(want(p), DAF_OK);
}

static struct daf_shelf_item find(struct daf_shelf *s, const struct place *p)
{
    struct daf_shelf_item it;

    assert_true(daf_shelf_find(s, &p->item.content, &it));
    return it;
}

static enum daf_shelf_put carry(struct place *p, uint32_t part)
{
    enum daf_shelf_put put = DAF_SHELF_MORE;

    assert_int_equal(daf_goods_carry(p->a, p->b, &p->item.content, part, &put),
                     DAF_OK);
    return put;
}

static enum daf_shelf_put carry_all(struct place *p)
{
    enum daf_shelf_put put = DAF_SHELF_MORE;

    assert_int_equal(daf_goods_carry_all(p->a, p->b, &p->item.content, &put),
                     DAF_OK);
    return put;
}

static bool is_held(struct daf_shelf *s, const struct place *p, uint32_t part)
{
    struct daf_shelf_item it = find(s, p);

    return it.is_whole || (it.bits.p[part / 8] & 0x80 >> part % 8) != 0;
}

static void reopen(struct place *p)
{
    daf_shelf_close(p->b);
    p->b = daf_goods_shelf(p->b_dir, MORE);
}

/* As after kill -9: the handle is lost and nothing is said to the disk. */
static void kill_while(struct place *p, uint32_t from, uint32_t to)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        for (uint32_t i = from; i < to; i++)
            (void)carry(p, i);
        _exit(0);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    reopen(p);
}

static const char *inside(const struct place *p, const char *name)
{
    return daf_goods_files(p->b_dir, &p->item.content, name);
}

static bool is_there(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

static unsigned mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(lstat(path, &st), 0);
    return (unsigned)st.st_mode & 0777;
}

static void scribble(const char *path, off_t at, const char *bytes)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, strlen(bytes), at), strlen(bytes));
    (void)close(fd);
}

/* ---- from shelf to shelf */

static void an_item_goes_from_shelf_to_shelf(void **state)
{
    struct place *p = *state;
    struct daf_shelf_item it;
    struct daf_view list;

    lesson(p);
    it = find(p->b, p);
    assert_int_equal(it.parts, 8);
    assert_int_equal(it.pages, 1);
    assert_false(it.has_list);
    assert_int_equal(daf_shelf_list(p->b, &it.content, &list), DAF_ENOTFOUND);
    assert_int_equal(carry(p, 0), DAF_SHELF_LIST);
    assert_true(find(p->b, p).has_list);
    for (uint32_t i = 1; i < 7; i++)
        assert_int_equal(carry(p, i), DAF_SHELF_PART);
    assert_true(is_there(inside(p, "part")));
    assert_int_equal(carry(p, 7), DAF_SHELF_WHOLE);
    it = find(p->b, p);
    assert_true(it.is_whole);
    assert_int_equal(it.held, 8);
    assert_int_equal(it.bits.len, 0);
    assert_int_equal(it.reserved, p->item.reserved);
    assert_false(is_there(inside(p, "part")));
    assert_false(is_there(inside(p, "have")));
    assert_true(daf_goods_same(p->src, inside(p, "files")));
    assert_int_equal(daf_shelf_list(p->b, &it.content, &list), DAF_OK);
    assert_int_equal(carry(p, 3), DAF_SHELF_KNOWN);
}

static void modes_are_as_the_document_says(void **state)
{
    struct place *p = *state;
    mode_t mask = umask(022);

    lesson(p);
    assert_int_equal(carry(p, 0), DAF_SHELF_LIST);
    assert_int_equal(carry(p, 1), DAF_SHELF_PART);
    assert_int_equal(daf_shelf_sync(p->b), DAF_OK);
    assert_int_equal(mode_of(p->b_dir), 0700);
    assert_int_equal(mode_of(inside(p, "")), 0700);
    assert_int_equal(mode_of(inside(p, "part")), 0700);
    assert_int_equal(mode_of(inside(p, "manifest")), 0600);
    assert_int_equal(mode_of(inside(p, "list")), 0600);
    assert_int_equal(mode_of(inside(p, "have")), 0600);
    assert_int_equal(mode_of(inside(p, "keep")), 0600);
    assert_int_equal(mode_of(daf_goods_path(inside(p, "part"), "film.webm")),
                     0644);
    (void)umask(mask);
}

static void a_file_is_opened_by_its_path(void **state)
{
    struct place *p = *state;
    const struct daf_hash *id = &p->item.content;
    struct daf_shelf_file f;

    lesson(p);
    assert_int_equal(daf_shelf_file(p->b, id, "film.webm", &f), DAF_ENOTFOUND);
    assert_int_equal(daf_shelf_file(p->a, id, "pages/one.html", &f), DAF_OK);
    assert_int_equal(f.size, CHUNK + 1);
    (void)close(f.fd);
    assert_int_equal(daf_shelf_file(p->a, id, "none", &f), DAF_ENOTFOUND);
    assert_int_equal(daf_shelf_file(p->a, id, "pages", &f), DAF_EIO);
    assert_int_equal(daf_shelf_file(p->a, id, "../manifest", &f), DAF_EFORM);
    assert_int_equal(daf_shelf_file(p->a, id, "/etc/passwd", &f), DAF_EFORM);
    assert_int_equal(f.fd, -1);
}

static void a_link_in_the_place_of_a_file_is_not_followed(void **state)
{
    struct place *p = *state;
    const struct daf_hash *id = &p->item.content;
    const char *film;
    struct daf_shelf_file f;

    lesson(p);
    film = daf_goods_path(daf_goods_files(p->a_dir, id, "files"), "film.webm");
    assert_int_equal(unlink(film), 0);
    assert_int_equal(symlink("/etc/passwd", film), 0);
    assert_int_equal(daf_shelf_file(p->a, id, "film.webm", &f), DAF_EIO);
}

static void parts_are_read_in_any_stretch(void **state)
{
    struct place *p = *state;
    const struct daf_hash *id = &p->item.content;
    uint8_t all[CHUNK], some[100];
    size_t len = sizeof(all);
    uint32_t bytes;

    lesson(p);
    assert_int_equal(daf_shelf_part_bytes(p->a, id, 5, &bytes), DAF_OK);
    assert_int_equal(bytes, CHUNK - 100);
    assert_int_equal(daf_shelf_part_bytes(p->a, id, 8, &bytes), DAF_ENOTFOUND);
    assert_int_equal(daf_shelf_part_bytes(p->b, id, 5, &bytes), DAF_EBUSY);
    assert_int_equal(daf_shelf_read(p->a, id, 5, 0, all, &len), DAF_OK);
    assert_int_equal(len, CHUNK - 100);
    len = sizeof(some);
    assert_int_equal(daf_shelf_read(p->a, id, 5, CHUNK - 150, some, &len),
                     DAF_OK);
    assert_int_equal(len, 50);
    assert_memory_equal(some, all + CHUNK - 150, 50);
    len = sizeof(some);
    assert_int_equal(daf_shelf_read(p->a, id, 5, CHUNK, some, &len), DAF_OK);
    assert_int_equal(len, 0);
    assert_int_equal(daf_shelf_read(p->b, id, 5, 0, all, &len), DAF_ENOTFOUND);
    assert_int_equal(daf_shelf_read(p->a, id, 8, 0, all, &len), DAF_ENOTFOUND);
}

/* ---- what senders do */

static void bytes_out_of_order_are_dropped(void **state)
{
    struct place *p = *state;
    const struct daf_hash *id = &p->item.content;
    struct daf_view some = {p->manifest, 100}; /* wrong, but who knows */
    enum daf_shelf_put put;

    lesson(p);
    assert_int_equal(daf_shelf_put(p->b, id, 1, 1, 0, some, &put), DAF_OK);
    assert_int_equal(put, DAF_SHELF_ODD); /* the list is not known */
    assert_int_equal(carry(p, 0), DAF_SHELF_LIST);
    assert_int_equal(daf_shelf_put(p->b, id, 1, 1, 100, some, &put), DAF_OK);
    assert_int_equal(put, DAF_SHELF_ODD);
    assert_int_equal(daf_shelf_put(p->b, id, 1, 1, 0, some, &put), DAF_OK);
    assert_int_equal(put, DAF_SHELF_MORE);
    assert_int_equal(daf_shelf_put(p->b, id, 1, 1, 50, some, &put), DAF_OK);
    assert_int_equal(put, DAF_SHELF_ODD);
    assert_int_equal(daf_shelf_put(p->b, id, 1, 1, 100, some, &put), DAF_OK);
    assert_int_equal(put, DAF_SHELF_ODD); /* forgotten */
    assert_int_equal(daf_shelf_put(p->b, id, 9, 1, 0, some, &put),
                     DAF_ENOTFOUND);
    assert_int_equal(carry(p, 1), DAF_SHELF_PART);
}

static void more_bytes_than_a_part_has_are_odd(void **state)
{
    struct place *p = *state;
    const struct daf_hash *id = &p->item.content;
    static uint8_t zeros[CHUNK + 1];
    enum daf_shelf_put put;

    lesson(p);
    assert_int_equal(carry(p, 0), DAF_SHELF_LIST);
    assert_int_equal(daf_shelf_put(p->b, id, 1, 1, 0,
                                   (struct daf_view){zeros, CHUNK + 1}, &put),
                     DAF_OK);
    assert_int_equal(put, DAF_SHELF_ODD);
    assert_int_equal(daf_shelf_put(p->b, id, 1, 1, 0,
                                   (struct daf_view){zeros, CHUNK - 1}, &put),
                     DAF_OK);
    assert_int_equal(put, DAF_SHELF_MORE);
    assert_int_equal(daf_shelf_put(p->b, id, 1, 1, CHUNK - 1,
                                   (struct daf_view){zeros, 2}, &put),
                     DAF_OK);
    assert_int_equal(put, DAF_SHELF_ODD);
}

static void wrong_bytes_are_not_held(void **state)
{
    struct place *p = *state;
    const struct daf_hash *id = &p->item.content;
    static uint8_t zeros[CHUNK];
    enum daf_shelf_put put;
    uint32_t page;

    lesson(p);
    assert_int_equal(daf_shelf_part_bytes(p->b, id, 0, &page), DAF_OK);
    assert_int_equal(daf_shelf_put(p->b, id, 0, 1, 0,
                                   (struct daf_view){zeros, 10}, &put),
                     DAF_OK);
    daf_shelf_forget(p->b, 1);
    assert_int_equal(carry(p, 0), DAF_SHELF_LIST);
    assert_int_equal(daf_shelf_put(p->b, id, 1, 1, 0,
                                   (struct daf_view){zeros, CHUNK}, &put),
                     DAF_OK);
    assert_int_equal(put, DAF_SHELF_BAD);
    assert_false(is_held(p->b, p, 1));
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    assert_true(daf_goods_same(p->src, inside(p, "files")));
    assert_int_equal(find(p->b, p).fetched,
                     10 + page + CHUNK + find(p->b, p).bytes);
}

static void of_two_senders_the_first_one_counts(void **state)
{
    struct place *p = *state;
    const struct daf_hash *id = &p->item.content;
    static uint8_t bytes[CHUNK];
    size_t len = sizeof(bytes);
    enum daf_shelf_put put;

    lesson(p);
    assert_int_equal(carry(p, 0), DAF_SHELF_LIST);
    assert_int_equal(daf_shelf_read(p->a, id, 1, 0, bytes, &len), DAF_OK);
    assert_int_equal(daf_shelf_put(p->b, id, 1, 7, 0,
                                   (struct daf_view){bytes, 1000}, &put),
                     DAF_OK);
    assert_int_equal(put, DAF_SHELF_MORE);
    assert_int_equal(daf_shelf_put(p->b, id, 1, 8, 0,
                                   (struct daf_view){bytes, CHUNK}, &put),
                     DAF_OK);
    assert_int_equal(put, DAF_SHELF_ODD);
    daf_shelf_forget(p->b, 8);
    assert_int_equal(
        daf_shelf_put(p->b, id, 1, 7, 1000,
                      (struct daf_view){bytes + 1000, CHUNK - 1001}, &put),
        DAF_OK);
    assert_int_equal(put, DAF_SHELF_MORE);
    daf_shelf_forget(p->b, 7);
    assert_int_equal(daf_shelf_put(p->b, id, 1, 8, 0,
                                   (struct daf_view){bytes, CHUNK}, &put),
                     DAF_OK);
    assert_int_equal(put, DAF_SHELF_PART);
}

/* The bytes of a part from @from to @to, from this sender. */
static enum daf_err send(struct place *p, uint32_t part, uint32_t sender,
                         size_t from, size_t to, enum daf_shelf_put *out)
{
    static uint8_t bytes[DAF_CHUNK_BYTES_MAX];
    size_t len = to - from;

    assert_int_equal(daf_shelf_read(p->a, &p->item.content, part, from, bytes,
                                    &len),
                     DAF_OK);
    return daf_shelf_put(p->b, &p->item.content, part, sender, from,
                         (struct daf_view){bytes, len}, out);
}

static enum daf_shelf_put sent(struct place *p, uint32_t part, uint32_t sender,
                               size_t from, size_t to)
{
    enum daf_shelf_put out;

    assert_int_equal(send(p, part, sender, from, to, &out), DAF_OK);
    return out;
}

static void a_sender_is_in_the_middle_of_one_part_only(void **state)
{
    struct place *p = *state;
    uint32_t n = 2 * DAF_SHELF_RECEIVING_MAX;
    char name[16];

    for (uint32_t i = 0; i < n; i++) {
        (void)snprintf(name, sizeof(name), "%u", i);
        daf_goods_write(p->src, name, 100, i + 1);
    }
    publish(p);
    assert_int_equal(want(p), DAF_OK);
    assert_int_equal(carry(p, 0), DAF_SHELF_LIST);
    for (uint32_t i = 1; i < n; i++)
        assert_int_equal(sent(p, i, 7, 0, 10), DAF_SHELF_MORE);
    assert_int_equal(sent(p, n, 8, 0, 10), DAF_SHELF_MORE);
    assert_int_equal(sent(p, n - 1, 7, 10, 100), DAF_SHELF_PART);
    assert_int_equal(sent(p, n - 2, 7, 10, 100), DAF_SHELF_ODD);
    assert_int_equal(sent(p, n, 8, 10, 100), DAF_SHELF_PART);
    assert_int_equal(sent(p, 1, 9, 0, 100), DAF_SHELF_PART);
}

/* 10 MiB; all but parts 1 and 2 came, but were not synced: the next piece syncs. */
static void up_to_a_sync(struct place *p)
{
    daf_goods_write(p->src, "film.webm", 10 * 1024 * 1024, 1);
    publish(p);
    assert_int_equal(want(p), DAF_OK);
    assert_int_equal(carry(p, 0), DAF_SHELF_LIST);
    assert_int_equal(daf_shelf_sync(p->b), DAF_OK);
    assert_int_equal(sent(p, 1, 7, 0, 100), DAF_SHELF_MORE);
    for (uint32_t i = 3; daf_shelf_unsynced(p->b) < DAF_SHELF_GROUP_BYTES; i++)
        assert_int_equal(carry(p, i), DAF_SHELF_PART);
    syncs_fail = true;
}

static void after_an_error_another_may_send_the_part(void **state)
{
    struct place *p = *state;
    enum daf_shelf_put put;

    up_to_a_sync(p);
    assert_int_equal(send(p, 1, 7, 100, CHUNK, &put), DAF_EIO);
    syncs_fail = false;
    assert_int_equal(sent(p, 1, 8, 0, CHUNK), DAF_SHELF_PART);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    assert_true(daf_goods_same(p->src, inside(p, "files")));
}

static void half_a_part_is_lost_where_a_sync_fails(void **state)
{
    struct place *p = *state;
    enum daf_shelf_put put;

    up_to_a_sync(p);
    assert_int_equal(send(p, 2, 8, 0, CHUNK, &put), DAF_EIO);
    syncs_fail = false;
    assert_int_equal(sent(p, 1, 7, 100, CHUNK), DAF_SHELF_ODD);
    assert_int_equal(sent(p, 1, 7, 0, CHUNK), DAF_SHELF_PART);
}

/* ---- after a restart */

static void what_was_noted_is_held_after_a_restart(void **state)
{
    struct place *p = *state;

    lesson(p);
    assert_int_equal(carry(p, 0), DAF_SHELF_LIST);
    assert_int_equal(carry(p, 2), DAF_SHELF_PART);
    assert_int_equal(carry(p, 6), DAF_SHELF_PART);
    assert_int_equal(daf_shelf_unsynced(p->b),
                     find(p->b, p).fetched); /* pages too */
    assert_int_equal(daf_shelf_sync(p->b), DAF_OK);
    assert_int_equal(daf_shelf_unsynced(p->b), 0);
    reopen(p);
    assert_int_equal(find(p->b, p).held, 3);
    assert_true(is_held(p->b, p, 2));
    assert_true(find(p->b, p).has_list);
    assert_true(find(p->b, p).fetched > 2 * CHUNK);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    reopen(p);
    assert_true(find(p->b, p).is_whole);
    assert_int_equal(find(p->b, p).reserved, p->item.reserved);
    assert_true(daf_goods_same(p->src, inside(p, "files")));
}

static void a_kill_costs_what_was_on_its_way(void **state)
{
    struct place *p = *state;

    lesson(p);
    kill_while(p, 0, 5);
    assert_int_equal(find(p->b, p).held, 5); /* not one was noted */
    kill_while(p, 5, 7);
    assert_int_equal(find(p->b, p).held, 7);
    kill_while(p, 7, 8);
    assert_true(find(p->b, p).is_whole);
    assert_true(daf_goods_same(p->src, inside(p, "files")));
}

static void half_a_part_is_not_held_after_a_kill(void **state)
{
    struct place *p = *state;
    uint8_t half[CHUNK / 2];
    size_t len = sizeof(half);
    enum daf_shelf_put put;
    int status;
    pid_t pid;

    lesson(p);
    kill_while(p, 0, 3);
    assert_int_equal(daf_shelf_read(p->a, &p->item.content, 3, 0, half, &len),
                     DAF_OK);
    pid = fork();
    if (pid == 0) {
        enum daf_err err = daf_shelf_put(p->b, &p->item.content, 3, 1, 0,
                                         (struct daf_view){half, len}, &put);

        _exit(err != DAF_OK || put != DAF_SHELF_MORE);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    reopen(p);
    assert_int_equal(find(p->b, p).held, 3);
    assert_false(is_held(p->b, p, 3));
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    assert_true(daf_goods_same(p->src, inside(p, "files")));
}

static void without_have_everything_is_hashed(void **state)
{
    struct place *p = *state;

    lesson(p);
    for (uint32_t i = 0; i < 5; i++)
        (void)carry(p, i);
    daf_shelf_close(p->b);
    p->b = NULL;
    assert_int_equal(unlink(inside(p, "have")), 0);
    scribble(daf_goods_path(inside(p, "part"), "film.webm"), 5, "wrong");
    p->b = daf_goods_shelf(p->b_dir, MORE);
    assert_int_equal(find(p->b, p).held, 4);
    assert_false(is_held(p->b, p, 1));
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    assert_true(daf_goods_same(p->src, inside(p, "files")));
}

static void torn_notes_count_for_nothing(void **state)
{
    struct place *p = *state;

    lesson(p);
    for (uint32_t i = 0; i < 3; i++) {
        (void)carry(p, i);
        assert_int_equal(daf_shelf_sync(p->b), DAF_OK);
    }
    daf_shelf_close(p->b);
    p->b = NULL;
    /* The note of part 1, and one that begins after the last. */
    scribble(inside(p, "have"), 32 + 32 + 4, "\xff\xff");
    scribble(inside(p, "have"), (off_t)32 * 4, "half of a note");
    scribble(daf_goods_path(inside(p, "part"), "film.webm"), 5, "wrong");
    p->b = daf_goods_shelf(p->b_dir, MORE);
    assert_int_equal(find(p->b, p).held, 2);
    assert_false(is_held(p->b, p, 1));
    (void)carry(p, 3);
    reopen(p);
    assert_int_equal(find(p->b, p).held, 3);
    assert_true(is_held(p->b, p, 3));
}

static void notes_of_a_file_that_has_gone_are_worth_nothing(void **state)
{
    struct place *p = *state;

    lesson(p);
    for (uint32_t i = 0; i < 7; i++)
        (void)carry(p, i);
    daf_shelf_close(p->b);
    p->b = NULL;
    assert_int_equal(unlink(
                         daf_goods_path(inside(p, "part"), "pages/one.html")),
                     0);
    p->b = daf_goods_shelf(p->b_dir, MORE);
    assert_int_equal(find(p->b, p).held, 6);
    reopen(p); /* and the notes know it */
    assert_int_equal(find(p->b, p).held, 6);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    assert_true(daf_goods_same(p->src, inside(p, "files")));
}

static void a_shelf_without_its_marker_is_not_touched(void **state)
{
    struct place *p = *state;
    struct daf_shelf *s;

    lesson(p);
    daf_shelf_close(p->b);
    p->b = NULL;
    assert_int_equal(unlink(daf_goods_path(p->b_dir, "daftar")), 0);
    assert_int_equal(daf_shelf_open(p->b_dir, MORE, true, &s), DAF_ENOTFOUND);
    assert_null(s);
    assert_true(is_there(inside(p, "manifest")));
    assert_false(is_there(daf_goods_path(p->b_dir, "daftar")));
}

/* `content` is a link to a folder of a card. */
static void another_card_is_neither_empty_nor_a_new_beginning(void **state)
{
    struct place *p = *state;
    const char *card = daf_goods_path(p->tmp, "card");
    struct daf_shelf *s;

    lesson(p);
    daf_shelf_close(p->b);
    p->b = NULL;
    assert_int_equal(rename(p->b_dir, card), 0);
    assert_int_equal(symlink(card, p->b_dir), 0);
    p->b = daf_goods_shelf(p->b_dir, MORE);
    assert_int_equal(daf_shelf_count(p->b), 1);
    daf_shelf_close(p->b);
    p->b = NULL;

    assert_int_equal(rename(card, daf_goods_path(p->tmp, "away")), 0);
    assert_int_equal(daf_shelf_open(p->b_dir, MORE, true, &s), DAF_ENOTFOUND);
    assert_false(is_there(daf_goods_path(p->tmp, "b.new")));
    assert_int_equal(mkdir(card, 0700), 0);
    assert_int_equal(daf_shelf_open(p->b_dir, MORE, true, &s), DAF_ENOTFOUND);
    assert_int_equal(rmdir(card), 0); /* and nothing was put there */

    assert_int_equal(rename(daf_goods_path(p->tmp, "away"), card), 0);
    p->b = daf_goods_shelf(p->b_dir, MORE);
    assert_int_equal(find(p->b, p).wishes, DAF_SHELF_WANTED);
    daf_shelf_close(p->b);
    p->b = NULL;

    /* An empty card is content's when somebody says so. */
    assert_int_equal(rename(card, daf_goods_path(p->tmp, "away")), 0);
    daf_goods_write(card, "daftar", 0, 1);
    p->b = daf_goods_shelf(p->b_dir, MORE);
    assert_int_equal(daf_shelf_count(p->b), 0);
}

static void an_unreadable_item_is_left_out_and_healed_by_adding(void **state)
{
    struct place *p = *state;
    struct daf_shelf_item it;

    lesson(p);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    daf_shelf_close(p->b);
    p->b = NULL;
    scribble(inside(p, "manifest"), 9, "?");
    p->b = daf_goods_shelf(p->b_dir, MORE);
    assert_int_equal(daf_shelf_unreadable(p->b), 1);
    assert_false(daf_shelf_find(p->b, &p->item.content, &it));
    assert_int_equal(want(p), DAF_OK);
    assert_true(find(p->b, p).is_whole);
}

/* ---- wishes, room */

static void wishes_are_kept(void **state)
{
    struct place *p = *state;

    lesson(p);
    assert_int_equal(daf_shelf_add(p->b, p->item.manifest, DAF_SHELF_PINNED, 0),
                     DAF_OK);
    assert_int_equal(find(p->b, p).wishes, DAF_SHELF_WANTED | DAF_SHELF_PINNED);
    assert_int_equal(daf_shelf_add(p->b, p->item.manifest, 0, DAF_SHELF_WANTED),
                     DAF_OK);
    reopen(p);
    assert_int_equal(find(p->b, p).wishes, DAF_SHELF_PINNED);
    assert_int_equal(daf_shelf_add(p->b, p->item.manifest, DAF_SHELF_STAYS, 0),
                     DAF_OK);
    reopen(p);
    assert_int_equal(find(p->b, p).wishes, DAF_SHELF_PINNED | DAF_SHELF_STAYS);
    assert_int_equal(daf_shelf_add(p->b, (struct daf_view){p->manifest, 20},
                                   DAF_SHELF_PINNED, 0),
                     DAF_EFORM);
}

static void a_wish_taken_back_makes_no_item(void **state)
{
    struct place *p = *state;
    struct daf_shelf_item it;

    lesson(p);
    assert_int_equal(daf_shelf_drop(p->b, &p->item.content), DAF_OK);
    assert_int_equal(daf_shelf_add(p->b, p->item.manifest, 0, DAF_SHELF_PINNED),
                     DAF_OK);
    assert_false(daf_shelf_find(p->b, &p->item.content, &it));
}

static void pin_in_another_process(void *ctx)
{
    struct place *p = ctx;
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        struct daf_shelf *s;

        _exit(daf_shelf_open(p->b_dir, MORE, true, &s) != DAF_OK ||
              daf_shelf_add(s, p->item.manifest, DAF_SHELF_PINNED, 0) !=
                  DAF_OK);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void two_processes_may_write_one_file_at_once(void **state)
{
    struct place *p = *state;

    lesson(p);
    meanwhile = pin_in_another_process;
    meanwhile_ctx = p;
    assert_int_equal(daf_shelf_add(p->b, p->item.manifest, 0, DAF_SHELF_WANTED),
                     DAF_OK);
    assert_null(meanwhile);
    reopen(p);
    assert_int_equal(find(p->b, p).wishes, 0); /* the last one's */
}

static void what_is_dropped_is_gone(void **state)
{
    struct place *p = *state;
    enum daf_shelf_put put;

    lesson(p);
    (void)carry(p, 0);
    (void)carry(p, 1);
    assert_int_equal(daf_shelf_drop(p->b, &p->item.content), DAF_OK);
    assert_int_equal(daf_shelf_unsynced(p->b), 0);
    assert_false(is_there(inside(p, "")));
    assert_int_equal(daf_shelf_count(p->b), 0);
    assert_int_equal(daf_shelf_drop(p->b, &p->item.content), DAF_ENOTFOUND);
    assert_int_equal(daf_shelf_put(p->b, &p->item.content, 0, 1, 0,
                                   p->item.manifest, &put),
                     DAF_ENOTFOUND);
    assert_int_equal(daf_shelf_drop(p->a, &p->item.content), DAF_OK);
}

static void a_full_disk_does_not_keep_what_is_dropped(void **state)
{
    struct place *p = *state;

    lesson(p);
    (void)carry(p, 0);
    is_full = true;
    assert_int_equal(daf_shelf_drop(p->b, &p->item.content), DAF_OK);
    assert_int_equal(daf_shelf_drop(p->a, &p->item.content), DAF_OK);
    assert_false(is_there(inside(p, "")));
    assert_false(is_there(daf_goods_path(p->b_dir, "new-1")));
}

/* A name that somebody left who was killed is not taken for one that is free. */
static void what_is_dropped_gets_a_name_that_is_free(void **state)
{
    struct place *p = *state;

    lesson(p);
    daf_goods_write(p->b_dir, "new-1/files/film", 10, 1);
    assert_int_equal(daf_shelf_drop(p->b, &p->item.content), DAF_OK);
    assert_false(is_there(inside(p, "")));
    assert_true(is_there(daf_goods_path(p->b_dir, "new-1")));
    reopen(p);
    assert_false(is_there(daf_goods_path(p->b_dir, "new-1")));
}

static void the_budget_is_kept_to_the_byte(void **state)
{
    struct place *p = *state;
    enum daf_shelf_put put;
    bool is_disk;

    lesson(p);
    daf_shelf_close(p->b);
    p->b = daf_goods_shelf(p->b_dir, p->item.reserved - 1);
    assert_int_equal(want(p), DAF_OK); /* its pages have room */
    assert_int_equal(daf_goods_carry(p->a, p->b, &p->item.content, 0, &put),
                     DAF_EFULL);
    assert_true(is_held(p->b, p, 0)); /* the page is held */
    assert_false(find(p->b, p).has_list);
    assert_int_equal(daf_goods_carry(p->a, p->b, &p->item.content, 1, &put),
                     DAF_EFULL);
    assert_int_equal(want(p), DAF_EFULL);
    assert_int_equal(daf_shelf_add(p->b, p->item.manifest, 0, DAF_SHELF_PINNED),
                     DAF_OK);
    daf_shelf_close(p->b);
    p->b = daf_goods_shelf(p->b_dir, p->item.reserved);
    assert_true(find(p->b, p).has_list);
    assert_int_equal(daf_shelf_room(p->b, &is_disk), 0);
    assert_false(is_disk);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    assert_int_equal(daf_shelf_room(p->b, &is_disk), 0);
}

static void room_that_was_made_is_used_when_it_is_asked_for_again(void **state)
{
    struct place *p = *state;
    struct daf_shelf_item other;
    enum daf_shelf_put put;
    struct daf_hash id;

    lesson(p);
    daf_goods_write(p->tmp, "other", 3 * CHUNK, 9);
    daf_shelf_close(p->b);
    p->b = daf_goods_shelf(p->b_dir, p->item.reserved + 100000);
    assert_int_equal(daf_goods_publish(p->b, daf_goods_path(p->tmp, "other"),
                                       &other),
                     DAF_OK);
    id = other.content;
    assert_int_equal(want(p), DAF_OK);
    assert_int_equal(daf_goods_carry(p->a, p->b, &p->item.content, 0, &put),
                     DAF_EFULL);
    assert_int_equal(daf_shelf_drop(p->b, &id), DAF_OK);
    assert_int_equal(daf_goods_carry(p->a, p->b, &p->item.content, 1, &put),
                     DAF_EFULL);       /* a chunk asks for nothing */
    assert_int_equal(want(p), DAF_OK); /* the same wish as before */
    assert_true(find(p->b, p).has_list);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
}

static void a_budget_without_room_for_the_pages_refuses_at_once(void **state)
{
    struct place *p = *state;

    lesson(p);
    daf_shelf_close(p->b);
    p->b = daf_goods_shelf(daf_goods_path(p->tmp, "c"), 20000);
    assert_int_equal(want(p), DAF_EFULL);
    assert_int_equal(daf_shelf_count(p->b), 0);
}

/* ---- zeros, holes, many */

static void zeros_are_known_and_stay_holes(void **state)
{
    struct place *p = *state;
    struct stat st;

    daf_goods_write(p->src, "zeros", 10 * CHUNK + 17, 0);
    daf_goods_hole(p->src, "hole", 10 * CHUNK + 4097);
    publish(p);
    assert_int_equal(want(p), DAF_OK);
    assert_int_equal(carry(p, 0), DAF_SHELF_WHOLE); /* the page, and no more */
    assert_true(daf_goods_same(p->src, inside(p, "files")));
    assert_int_equal(stat(daf_goods_path(inside(p, "files"), "zeros"), &st), 0);
    assert_int_equal(st.st_blocks, 0);
}

static void twenty_gigabytes_of_holes_take_no_time(void **state)
{
    struct place *p = *state;
    struct daf_shelf_item it;
    struct stat st;

    daf_goods_hole(p->src, "film", (uint64_t)20 << 30);
    daf_goods_write(p->src, "text", 10, 1);
    (void)stat(daf_goods_path(p->src, "film"), &st);
    if (st.st_blocks != 0) skip();
    publish(p);
    assert_int_equal(p->item.parts, 20480 + 1 + p->item.pages);
    assert_true(p->item.reserved < (uint64_t)4 << 20);
    assert_int_equal(want(p), DAF_OK);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    assert_int_equal(stat(daf_goods_path(inside(p, "files"), "film"), &st), 0);
    assert_int_equal(st.st_size, (off_t)20 << 30);
    assert_int_equal(st.st_blocks, 0);
    it = find(p->b, p);
    assert_int_equal(it.reserved, p->item.reserved);
}

static void two_thousand_tiny_files_come_and_go(void **state)
{
    struct place *p = *state;

    for (unsigned i = 0; i < 2000; i++) {
        char name[40];

        (void)snprintf(name, sizeof(name), "f%02u/%04u.txt", i / 500, i);
        daf_goods_write(p->src, name, i % 50, i + 1);
    }
    publish(p);
    assert_true(p->item.pages > 1);
    assert_int_equal(want(p), DAF_OK);
    kill_while(p, 0, p->item.parts / 2);
    assert_int_equal(find(p->b, p).held, p->item.parts / 2);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    assert_true(daf_goods_same(p->src, inside(p, "files")));
    assert_int_equal(daf_shelf_drop(p->b, &p->item.content), DAF_OK);
}

/* More items than lists fit in memory, one part of each after the other. */
static void many_items_are_fetched_at_once(void **state)
{
    struct place *p = *state;
    struct daf_shelf_item it[2 * DAF_SHELF_OPEN_MAX];
    enum daf_shelf_put put;

    p->a = daf_goods_shelf(p->a_dir, MORE);
    p->b = daf_goods_shelf(p->b_dir, MORE);
    for (unsigned i = 0; i < 2 * DAF_SHELF_OPEN_MAX; i++) {
        daf_goods_write(p->src, "one", 3 * CHUNK, i + 1);
        assert_int_equal(daf_goods_publish(p->a, p->src, &it[i]), DAF_OK);
        assert_int_equal(daf_shelf_add(p->b, it[i].manifest, DAF_SHELF_WANTED,
                                       0),
                         DAF_OK);
    }
    for (uint32_t part = 0; part < 4; part++) {
        for (unsigned i = 0; i < 2 * DAF_SHELF_OPEN_MAX; i++)
            assert_int_equal(daf_goods_carry(p->a, p->b, &it[i].content, part,
                                             &put),
                             DAF_OK);
    }
    for (size_t i = 0; i < daf_shelf_count(p->b); i++) {
        daf_shelf_at(p->b, i, &it[0]);
        assert_true(it[0].is_whole);
    }
    assert_int_equal(daf_shelf_count(p->b), 2 * DAF_SHELF_OPEN_MAX);
}

/* ---- file lists of strangers */

static struct daf_view text(const char *s)
{
    return (struct daf_view){(const uint8_t *)s, strlen(s)};
}

/* An item of two files of one byte with these paths, whose hashes are right. */
static void offer(struct place *p, const char *one, const char *two,
                  uint64_t size, enum daf_shelf_put expected)
{
    static const uint8_t byte[1] = {7};
    struct daf_hash hash = daf_content_chunk_hash((struct daf_view){byte, 1});
    struct daf_filelist_file f = {.size = size, .hashes = {hash.b, 32}};
    struct daf_content c = {.bytes = 2, .files = 2, .chunks = 2};
    uint8_t list[2000], manifest[500];
    enum daf_shelf_put put;
    struct daf_hash page;
    struct daf_pack k;

    daf_pack_init(&k, list, sizeof(list));
    daf_filelist_open(&k, 2);
    f.path = text(one);
    daf_filelist_add(&k, &f);
    f.path = text(two);
    daf_filelist_add(&k, &f);
    page = daf_content_page_hash(daf_pack_view(&k));
    c.list_bytes = (uint32_t)k.len;
    c.chunk_bytes = daf_content_chunk_bytes(2);
    c.page_hashes = (struct daf_view){page.b, 32};
    c.titles_count = 1;
    c.titles[0].language = text("en");
    c.titles[0].text = text("From afar");
    daf_pack_init(&k, manifest, sizeof(manifest));
    daf_content_pack(&k, &c);
    p->item.content = daf_content_id(daf_pack_view(&k));
    assert_int_equal(daf_shelf_add(p->b, daf_pack_view(&k), DAF_SHELF_WANTED,
                                   0),
                     DAF_OK);
    assert_int_equal(daf_shelf_put(p->b, &p->item.content, 0, 1, 0,
                                   (struct daf_view){list, c.list_bytes}, &put),
                     DAF_OK);
    assert_int_equal(put, expected);
    if (expected != DAF_SHELF_CONDEMNED) return;
    assert_true(find(p->b, p).is_condemned);
    assert_int_equal(daf_shelf_put(p->b, &p->item.content, 1, 1, 0,
                                   (struct daf_view){byte, 1}, &put),
                     DAF_OK);
    assert_int_equal(put, DAF_SHELF_CONDEMNED);
    assert_int_equal(rmdir(inside(p, "part")), 0); /* nothing is in it */
    assert_int_equal(mkdir(inside(p, "part"), 0700), 0);
    reopen(p);
    assert_true(find(p->b, p).is_condemned);
}

static void a_file_list_that_is_not_good_condemns_the_item(void **state)
{
    struct place *p = *state;

    p->b = daf_goods_shelf(p->b_dir, MORE);
    offer(p, "../escape", "x", 1, DAF_SHELF_CONDEMNED);
    offer(p, "/tmp/escape", "x", 1, DAF_SHELF_CONDEMNED);
    offer(p, "a/../../escape", "x", 1, DAF_SHELF_CONDEMNED);
    offer(p, "a", "A", 1, DAF_SHELF_CONDEMNED);
    offer(p, "a", "a/b", 1, DAF_SHELF_CONDEMNED);
    offer(p, "b", "a", 1, DAF_SHELF_CONDEMNED);
    offer(p, "a", "b", 2, DAF_SHELF_CONDEMNED);
    offer(p, ".hidden", "b", 1, DAF_SHELF_CONDEMNED);
    assert_false(is_there(daf_goods_path(p->b_dir, "escape")));
    assert_false(is_there(daf_goods_path(p->tmp, "escape")));
    offer(p, "a", "b", 1, DAF_SHELF_LIST);
}

/* ---- check */

struct findings {
    size_t count;
    char what[40], where[100];
};

static bool bad(void *ctx, const struct daf_hash *content, const char *what,
                const char *where)
{
    struct findings *f = ctx;

    (void)content;
    f->count++;
    (void)snprintf(f->what, sizeof(f->what), "%s", what);
    (void)snprintf(f->where, sizeof(f->where), "%s", where);
    return true;
}

static struct findings check(struct place *p, bool mend)
{
    struct findings f = {0};
    uint64_t count;

    assert_int_equal(daf_shelf_check(p->b, mend, bad, &f, &count), DAF_OK);
    assert_int_equal(count, f.count);
    return f;
}

/* ---- a unit at a time */

static bool is_over;

static bool say_over(void *ctx)
{
    (void)ctx;
    return is_over;
}

static void open_in_units_of(struct place *p, uint64_t budget)
{
    const struct daf_shelf_turns turns = {say_over, NULL};

    is_over = false;
    daf_shelf_close(p->b);
    assert_int_equal(daf_shelf_open_turns(p->b_dir, budget, &turns, &p->b),
                     DAF_OK);
    is_over = true;
}

static void open_in_units(struct place *p)
{
    open_in_units_of(p, MORE);
}

static unsigned work_off(struct place *p)
{
    struct daf_shelf_worked now;
    unsigned turns = 0;

    for (; daf_shelf_work(p->b, false, &now); turns++)
        assert_int_equal(now.err, DAF_OK);
    return turns;
}

static void long_work_goes_a_unit_at_a_time(void **state)
{
    struct place *p = *state;
    enum daf_shelf_put put;

    lesson(p);
    open_in_units(p);
    (void)work_off(p);
    assert_int_equal(carry(p, 0), DAF_SHELF_PART);
    assert_true(find(p->b, p).is_settling);
    assert_int_equal(daf_goods_carry(p->a, p->b, &p->item.content, 1, &put),
                     DAF_EBUSY);
    assert_true(work_off(p) > 5);
    assert_true(find(p->b, p).has_list);
    for (uint32_t i = 1; i < 8; i++)
        assert_int_equal(carry(p, i), DAF_SHELF_PART);
    assert_false(find(p->b, p).is_whole);
    assert_int_equal(find(p->b, p).held, 8);
    assert_int_equal(work_off(p),
                     3); /* of three files one is synced, the list */
    assert_true(find(p->b, p).is_whole);
    assert_true(daf_goods_same(p->src, inside(p, "files")));
}

static void what_ends_in_the_middle_goes_on_at_the_next_start(void **state)
{
    struct place *p = *state;
    struct daf_shelf_worked now;

    lesson(p);
    for (uint32_t i = 0; i < 7; i++)
        (void)carry(p, i);
    daf_shelf_close(p->b);
    p->b = NULL;
    assert_int_equal(unlink(inside(p, "have")), 0);
    for (unsigned left = 1; left < 12; left++) {
        open_in_units(p);
        for (unsigned i = 0; i < left; i++)
            (void)daf_shelf_work(p->b, false, &now);
    }
    (void)work_off(p);
    assert_int_equal(find(p->b, p).held, 7);
    assert_int_equal(carry(p, 7), DAF_SHELF_PART);
    (void)work_off(p);
    assert_true(find(p->b, p).is_whole);
    assert_true(daf_goods_same(p->src, inside(p, "files")));
}

/* Its lock is this process's own, so it says nothing. */
static void what_is_going_is_not_swept_by_a_look(void **state)
{
    struct place *p = *state;
    struct daf_shelf_worked now;
    unsigned gone = 0;

    lesson(p);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    open_in_units(p);
    assert_int_equal(daf_shelf_drop(p->b, &p->item.content), DAF_OK);
    assert_int_equal(daf_shelf_look(p->b), DAF_OK);
    assert_int_equal(want(p), DAF_OK); /* made under another number */
    while (daf_shelf_work(p->b, false, &now))
        gone += now.is_gone;
    assert_int_equal(gone, 1);
    assert_true(find(p->b, p).wishes == DAF_SHELF_WANTED);
}

/* The process ends between its new name and the first file removed. */
static void what_was_going_when_it_ended_counts_for_nothing(void **state)
{
    struct place *p = *state;
    struct daf_shelf_worked now;
    unsigned gone = 0;
    bool is_disk;
    pid_t pid;
    int status;

    lesson(p);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    open_in_units(p);
    pid = fork();
    if (pid == 0)
        _exit(daf_shelf_drop(p->b, &p->item.content) == DAF_OK ? 0 : 1);
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_true(is_there(daf_goods_path(p->b_dir, "new-1")));
    open_in_units_of(p, 1000);
    assert_int_equal(daf_shelf_count(p->b), 0);
    assert_int_equal(daf_shelf_room(p->b, &is_disk), 1000);
    while (daf_shelf_work(p->b, false, &now))
        gone += now.is_gone;
    assert_int_equal(gone, 1);
    assert_false(is_there(daf_goods_path(p->b_dir, "new-1")));
}

static uint64_t room_of(struct daf_shelf *s)
{
    bool is_disk;

    return daf_shelf_room(s, &is_disk);
}

/* Its list is read again in turns, after what people ask for now. */
static void what_was_reserved_is_so_from_the_start(void **state)
{
    struct place *p = *state;
    const uint64_t spare = 100000;
    struct daf_shelf_item other;
    enum daf_shelf_put put;

    lesson(p);
    daf_goods_write(p->tmp, "other", 3 * CHUNK, 9);
    assert_int_equal(daf_goods_publish(p->a, daf_goods_path(p->tmp, "other"),
                                       &other),
                     DAF_OK);
    (void)carry(p, 0);
    (void)carry(p, 1);
    open_in_units_of(p, p->item.reserved + spare);
    assert_int_equal(room_of(p->b), spare);
    /* A wish that changes meanwhile does not take it from it. */
    assert_int_equal(daf_shelf_add(p->b, p->item.manifest, DAF_SHELF_PINNED, 0),
                     DAF_OK);
    open_in_units_of(p, p->item.reserved + spare);
    assert_int_equal(room_of(p->b), spare);
    is_over = false;
    assert_int_equal(daf_shelf_add(p->b, other.manifest, DAF_SHELF_WANTED, 0),
                     DAF_OK); /* its page has room */
    assert_int_equal(daf_goods_carry(p->a, p->b, &other.content, 0, &put),
                     DAF_EFULL);
    (void)work_off(p);
    assert_true(find(p->b, p).has_list);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
}

/* No sooner is it reserved than the process ends. */
static void what_was_reserved_just_now_is_so_after_a_kill(void **state)
{
    struct place *p = *state;
    const uint64_t spare = 100000;
    struct daf_shelf_worked now;
    pid_t pid;
    int status;

    lesson(p);
    open_in_units(p);
    (void)work_off(p);
    pid = fork();
    if (pid == 0) {
        uint64_t before = find(p->b, p).reserved;

        (void)carry(p, 0);
        while (find(p->b, p).reserved == before)
            (void)daf_shelf_work(p->b, false, &now);
        _exit(find(p->b, p).has_list ? 1 : 0);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    open_in_units_of(p, p->item.reserved + spare);
    assert_int_equal(room_of(p->b), spare);
}

/* What came and was not noted is on the disk all the same. */
static void what_does_not_fit_any_more_keeps_what_it_had(void **state)
{
    struct place *p = *state;

    lesson(p);
    kill_while(p, 0, 7);
    daf_shelf_close(p->b);
    assert_int_equal(unlink(inside(p, "have")), 0);
    p->b = daf_goods_shelf(p->b_dir, p->item.reserved - 1);
    assert_false(find(p->b, p).has_list);
    assert_int_equal(find(p->b, p).reserved, p->item.reserved);
    assert_int_equal(room_of(p->b), 0);
    assert_int_equal(want(p), DAF_EFULL);
    daf_shelf_close(p->b);
    p->b = daf_goods_shelf(p->b_dir, p->item.reserved);
    assert_int_equal(find(p->b, p).held, 7);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
}

static void a_check_goes_a_unit_at_a_time(void **state)
{
    struct place *p = *state;
    struct daf_shelf_checked now = {.is_over = false};
    struct daf_shelf_check *c;
    unsigned turns = 0;

    lesson(p);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    scribble(daf_goods_path(inside(p, "files"), "film.webm"),
             (off_t)(3 * CHUNK), "?");
    open_in_units(p);
    assert_int_equal(daf_shelf_check_begin(p->b, true, NULL, NULL, &c), DAF_OK);
    for (; !now.is_over; turns++) {
        assert_int_equal(daf_shelf_check_work(c, &now), DAF_OK);
        (void)work_off(p);
    }
    daf_shelf_check_end(c);
    assert_int_equal(now.found, 1);
    assert_true(turns > 8); /* of chunks alone there are seven */
    assert_int_equal(find(p->b, p).held, 7);
    assert_int_equal(carry(p, 4), DAF_SHELF_PART);
    (void)work_off(p);
    assert_true(find(p->b, p).is_whole);
}

static void check_finds_one_byte_and_mending_fetches_it(void **state)
{
    struct place *p = *state;
    struct findings f;

    lesson(p);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    assert_int_equal(check(p, true).count, 0);
    scribble(daf_goods_path(inside(p, "files"), "film.webm"),
             (off_t)(3 * CHUNK), "?");
    f = check(p, false);
    assert_int_equal(f.count, 1);
    assert_string_equal(f.what, "damaged");
    assert_string_equal(f.where, "film.webm");
    assert_true(find(p->b, p).is_whole);
    assert_int_equal(check(p, true).count, 1);
    assert_false(find(p->b, p).is_whole);
    assert_int_equal(find(p->b, p).held, 7);
    assert_false(is_held(p->b, p, 4));
    assert_false(is_there(inside(p, "files")));
    assert_int_equal(check(p, false).count, 0);
    reopen(p);
    assert_int_equal(find(p->b, p).held, 7);
    assert_int_equal(carry(p, 4), DAF_SHELF_WHOLE);
    assert_true(daf_goods_same(p->src, inside(p, "files")));
}

static void check_finds_files_that_are_gone_or_cut(void **state)
{
    struct place *p = *state;

    lesson(p);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    assert_int_equal(truncate(daf_goods_path(inside(p, "files"), "film.webm"),
                              100),
                     0);
    assert_string_equal(check(p, false).what, "of another length");
    assert_int_equal(unlink(
                         daf_goods_path(inside(p, "files"), "pages/one.html")),
                     0);
    assert_int_equal(check(p, false).count, 2);
    assert_int_equal(check(p, true).count, 2);
    assert_int_equal(find(p->b, p).held, 1);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    assert_true(daf_goods_same(p->src, inside(p, "files")));
}

static void check_finds_a_damaged_list_and_a_damaged_manifest(void **state)
{
    struct place *p = *state;

    lesson(p);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    scribble(inside(p, "manifest"), 9, "?");
    assert_string_equal(check(p, true).where, "manifest");
    assert_int_equal(check(p, false).count, 0);
    scribble(inside(p, "list"), 40, "?");
    assert_string_equal(check(p, false).where, "list");
    assert_int_equal(check(p, true).count, 1);
    assert_int_equal(find(p->b, p).held, 0);
    assert_int_equal(carry(p, 0), DAF_SHELF_WHOLE); /* the rest was there */
    assert_true(daf_goods_same(p->src, inside(p, "files")));
}

static void bytes_in_a_hole_are_damage_and_made_zeros_again(void **state)
{
    struct place *p = *state;

    daf_goods_hole(p->src, "hole", 10 * CHUNK);
    publish(p);
    assert_int_equal(want(p), DAF_OK);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    scribble(daf_goods_path(inside(p, "files"), "hole"), 100000, "?");
    assert_int_equal(check(p, true).count, 1);
    assert_true(find(p->b, p).is_whole); /* nobody need be asked for zeros */
    assert_int_equal(check(p, false).count, 0);
    assert_true(daf_goods_same(p->src, inside(p, "files")));
}

static void damage_to_what_is_lacking_is_found_too(void **state)
{
    struct place *p = *state;

    lesson(p);
    for (uint32_t i = 0; i < 5; i++)
        (void)carry(p, i);
    scribble(daf_goods_path(inside(p, "part"), "film.webm"), 5, "?");
    assert_int_equal(check(p, true).count, 1);
    assert_int_equal(find(p->b, p).held, 4);
    reopen(p);
    assert_int_equal(find(p->b, p).held, 4);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    assert_true(daf_goods_same(p->src, inside(p, "files")));
}

/* ---- a disk without holes */

static uint64_t blocks_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return (uint64_t)st.st_blocks * 512;
}

/* 20 MiB, of which four are zeros in the middle. */
static void long_lesson(struct place *p)
{
    const char *path = daf_goods_path(p->src, "film.webm");
    int fd;

    daf_goods_write(p->src, "film.webm", 320 * CHUNK, 1);
    fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    for (size_t i = 0; i < 64; i++) {
        static const uint8_t zeros[CHUNK];

        assert_int_equal(pwrite(fd, zeros, CHUNK, (off_t)((100 + i) * CHUNK)),
                         CHUNK);
    }
    (void)close(fd);
    publish(p);
}

static const char *film_of_b(const struct place *p)
{
    static char path[700];

    (void)snprintf(path, sizeof(path), "%s/film.webm",
                   daf_goods_files(p->b_dir, &p->item.content, "part"));
    return path;
}

static void without_holes_its_place_is_made_first(void **state)
{
    struct place *p = *state;
    enum daf_shelf_put put;
    uint64_t taken;
    bool is_disk;

    long_lesson(p);
    is_fat = true;
    longest = 0;
    p->b = daf_goods_shelf(p->b_dir, 600 * CHUNK);
    assert_int_equal(want(p), DAF_OK);
    assert_int_equal(carry(p, 0), DAF_SHELF_LIST);
    taken = 600 * CHUNK - daf_shelf_room(p->b, &is_disk);
    assert_true(taken >= 320 * CHUNK); /* zeros as well, from the beginning */
    assert_true(blocks_of(film_of_b(p)) >= 320 * CHUNK);
    assert_int_equal(carry(p, 7), DAF_SHELF_PART);
    assert_int_equal(600 * CHUNK - daf_shelf_room(p->b, &is_disk), taken);
    assert_int_equal(daf_goods_carry_all(p->a, p->b, &p->item.content, &put),
                     DAF_OK);
    assert_int_equal(put, DAF_SHELF_WHOLE);
    assert_true(daf_goods_same(p->src, inside(p, "files")));
    assert_true(longest <= (uint64_t)1024 * 1024);
}

/* 8 MiB is what a unit writes; and the process ends in the middle of it. */
static void without_holes_its_place_is_made_a_unit_at_a_time(void **state)
{
    const size_t unit = 128 * CHUNK;
    struct place *p = *state;
    struct daf_shelf_worked now;
    enum daf_shelf_put put;
    uint64_t reserved;

    long_lesson(p);
    is_fat = true;
    longest = 0;
    open_in_units(p);
    assert_int_equal(want(p), DAF_OK);
    (void)work_off(p);
    assert_int_equal(carry(p, 0), DAF_SHELF_PART); /* its need is known */
    assert_true(daf_shelf_work(p->b, false, &now));
    assert_int_equal(blocks_of(film_of_b(p)), unit);
    reserved = find(p->b, p).reserved;
    assert_true(reserved >= 320 * CHUNK);
    assert_int_equal(daf_goods_carry(p->a, p->b, &p->item.content, 7, &put),
                     DAF_EBUSY);
    assert_int_equal(want(p), DAF_OK); /* again: it goes on by itself */
    assert_true(find(p->b, p).is_settling);
    open_in_units(p);
    for (unsigned i = 0; i < 3; i++) /* its page, its need, and growing */
        assert_true(daf_shelf_work(p->b, false, &now));
    assert_int_equal(blocks_of(film_of_b(p)), 2 * unit);
    assert_int_equal(find(p->b, p).reserved, reserved);
    (void)work_off(p);
    assert_true(find(p->b, p).has_list);
    assert_int_equal(find(p->b, p).reserved, reserved);
    is_over = false;
    assert_int_equal(daf_goods_carry_all(p->a, p->b, &p->item.content, &put),
                     DAF_OK);
    assert_int_equal(put, DAF_SHELF_WHOLE);
    assert_true(daf_goods_same(p->src, inside(p, "files")));
    assert_true(longest <= (uint64_t)1024 * 1024);
}

/* Zeros are known by the list and never come, and there is no hole to say that
 * nothing was written there. */
static void without_holes_zeros_that_a_power_cut_cost_are_written_again(
    void **state)
{
    struct place *p = *state;
    enum daf_shelf_put put;

    long_lesson(p);
    is_fat = true;
    p->b = daf_goods_shelf(p->b_dir, MORE);
    assert_int_equal(want(p), DAF_OK);
    assert_int_equal(carry(p, 0), DAF_SHELF_LIST);
    daf_shelf_close(p->b);
    scribble(film_of_b(p), (off_t)(120 * CHUNK), "what was there before");
    p->b = daf_goods_shelf(p->b_dir, MORE);
    assert_int_equal(daf_goods_carry_all(p->a, p->b, &p->item.content, &put),
                     DAF_OK);
    assert_int_equal(put, DAF_SHELF_WHOLE);
    assert_true(daf_goods_same(p->src, inside(p, "files")));
}

static void without_holes_zeros_do_not_fit_either(void **state)
{
    struct place *p = *state;
    enum daf_shelf_put put;

    daf_goods_hole(p->src, "disk.img", 300 * CHUNK);
    publish(p);
    is_fat = true;
    p->b = daf_goods_shelf(p->b_dir, 200 * CHUNK);
    assert_int_equal(want(p), DAF_OK);
    assert_int_equal(daf_goods_carry(p->a, p->b, &p->item.content, 0, &put),
                     DAF_EFULL);
}

static void without_holes_a_publisher_writes_zeros_as_it_goes(void **state)
{
    struct place *p = *state;
    char image[700];

    daf_goods_hole(p->src, "disk.img", 300 * CHUNK);
    is_fat = true;
    longest = 0;
    publish(p);
    assert_true(p->item.reserved >= 300 * CHUNK);
    (void)snprintf(image, sizeof(image), "%s/disk.img",
                   daf_goods_files(p->a_dir, &p->item.content, "files"));
    assert_true(blocks_of(image) >= 300 * CHUNK);
    assert_true(longest <= (uint64_t)1024 * 1024);
}

/* ---- what other items here have */

/* A new edition: pages/one.html is another, and a file has come. */
static void new_edition(struct place *p)
{
    daf_goods_write(p->src, "pages/one.html", CHUNK + 1, 20);
    daf_goods_write(p->src, "sound.ogg", 10, 21);
    publish(p);
    assert_int_equal(want(p), DAF_OK);
}

static void chunks_that_are_here_are_not_fetched(void **state)
{
    struct place *p = *state;
    struct daf_shelf_item it;

    lesson(p);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    new_edition(p);
    assert_int_equal(carry(p, 0), DAF_SHELF_LIST);
    it = find(p->b, p);
    assert_int_equal(it.parts, 9);
    assert_int_equal(it.held, 1 + 5);
    for (uint32_t part = 1; part <= 5; part++)
        assert_true(is_held(p->b, p, part));
    assert_false(is_held(p->b, p, 6));
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    it = find(p->b, p);
    /* The page, two chunks, and the sound. */
    assert_true(it.fetched <= 65536 + CHUNK + 1 + 10);
    assert_true(
        daf_goods_same(p->src,
                       daf_goods_files(p->b_dir, &p->item.content, "files")));
}

/* The same bytes in many places, and under another name. */
static void an_item_of_what_is_here_is_whole_at_once(void **state)
{
    struct place *p = *state;

    lesson(p);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    (void)snprintf(p->src, sizeof(p->src), "%s/other", p->tmp);
    daf_goods_write(p->src, "a/film.webm", 5 * CHUNK - 100, 1);
    daf_goods_write(p->src, "b/film.webm", 5 * CHUNK - 100, 1);
    publish(p);
    assert_int_equal(want(p), DAF_OK);
    assert_int_equal(carry(p, 0), DAF_SHELF_WHOLE);
    assert_true(
        daf_goods_same(p->src,
                       daf_goods_files(p->b_dir, &p->item.content, "files")));
}

static void what_has_rotted_is_fetched(void **state)
{
    struct place *p = *state;
    struct daf_shelf_item it;

    lesson(p);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    scribble(daf_goods_path(inside(p, "files"), "film.webm"),
             (off_t)(2 * CHUNK + 5), "rot");
    new_edition(p);
    assert_int_equal(carry(p, 0), DAF_SHELF_LIST);
    it = find(p->b, p);
    assert_int_equal(it.held, 1 + 4);
    assert_false(is_held(p->b, p, 3));
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    assert_true(
        daf_goods_same(p->src,
                       daf_goods_files(p->b_dir, &p->item.content, "files")));
}

/* Of one that is not whole itself, what it has. */
static void half_of_an_item_is_of_use_too(void **state)
{
    struct place *p = *state;
    struct daf_shelf_item it;

    lesson(p);
    for (uint32_t part = 0; part <= 2; part++)
        (void)carry(p, part);
    new_edition(p);
    assert_int_equal(carry(p, 0), DAF_SHELF_LIST);
    it = find(p->b, p);
    assert_int_equal(it.held, 1 + 2);
    assert_true(is_held(p->b, p, 1));
    assert_true(is_held(p->b, p, 2));
}

static void what_was_copied_is_held_after_a_restart(void **state)
{
    struct place *p = *state;

    lesson(p);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    new_edition(p);
    assert_int_equal(carry(p, 0), DAF_SHELF_LIST);
    reopen(p);
    assert_int_equal(find(p->b, p).held, 1 + 5);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
}

/* Who publishes the same bytes again and again costs everybody else nothing. */
static void each_place_of_a_chunk_is_a_unit(void **state)
{
    struct place *p = *state;
    struct daf_shelf_worked now;
    uint32_t held = 0;
    char name[32];

    daf_goods_write(p->src, "one", CHUNK, 5);
    publish(p);
    assert_int_equal(want(p), DAF_OK);
    assert_int_equal(carry_all(p), DAF_SHELF_WHOLE);
    (void)snprintf(p->src, sizeof(p->src), "%s/other", p->tmp);
    for (unsigned i = 0; i < 20; i++) {
        (void)snprintf(name, sizeof(name), "same-%u", i);
        daf_goods_write(p->src, name, CHUNK, 5);
    }
    publish(p);
    open_in_units(p);
    assert_int_equal(want(p), DAF_OK);
    (void)work_off(p);
    assert_int_equal(carry(p, 0), DAF_SHELF_PART);
    while (daf_shelf_work(p->b, false, &now)) {
        struct daf_shelf_item it = find(p->b, p);

        assert_int_equal(now.err, DAF_OK);
        assert_true(it.held <= held + 1);
        held = it.held;
    }
    assert_true(find(p->b, p).is_whole);
    assert_true(daf_goods_same(p->src, inside(p, "files")));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_item_goes_from_shelf_to_shelf),
        T(chunks_that_are_here_are_not_fetched),
        T(an_item_of_what_is_here_is_whole_at_once),
        T(what_has_rotted_is_fetched),
        T(half_of_an_item_is_of_use_too),
        T(what_was_copied_is_held_after_a_restart),
        T(each_place_of_a_chunk_is_a_unit),
        T(modes_are_as_the_document_says),
        T(a_file_is_opened_by_its_path),
        T(a_link_in_the_place_of_a_file_is_not_followed),
        T(parts_are_read_in_any_stretch),
        T(bytes_out_of_order_are_dropped),
        T(more_bytes_than_a_part_has_are_odd),
        T(wrong_bytes_are_not_held),
        T(of_two_senders_the_first_one_counts),
        T(a_sender_is_in_the_middle_of_one_part_only),
        T(after_an_error_another_may_send_the_part),
        T(half_a_part_is_lost_where_a_sync_fails),
        T(what_was_noted_is_held_after_a_restart),
        T(a_kill_costs_what_was_on_its_way),
        T(half_a_part_is_not_held_after_a_kill),
        T(without_have_everything_is_hashed),
        T(torn_notes_count_for_nothing),
        T(notes_of_a_file_that_has_gone_are_worth_nothing),
        T(a_shelf_without_its_marker_is_not_touched),
        T(without_holes_its_place_is_made_first),
        T(without_holes_its_place_is_made_a_unit_at_a_time),
        T(without_holes_zeros_that_a_power_cut_cost_are_written_again),
        T(without_holes_zeros_do_not_fit_either),
        T(without_holes_a_publisher_writes_zeros_as_it_goes),
        T(another_card_is_neither_empty_nor_a_new_beginning),
        T(an_unreadable_item_is_left_out_and_healed_by_adding),
        T(wishes_are_kept),
        T(a_wish_taken_back_makes_no_item),
        T(two_processes_may_write_one_file_at_once),
        T(what_is_dropped_is_gone),
        T(a_full_disk_does_not_keep_what_is_dropped),
        T(what_is_dropped_gets_a_name_that_is_free),
        T(the_budget_is_kept_to_the_byte),
        T(room_that_was_made_is_used_when_it_is_asked_for_again),
        T(a_budget_without_room_for_the_pages_refuses_at_once),
        T(zeros_are_known_and_stay_holes),
        T(twenty_gigabytes_of_holes_take_no_time),
        T(two_thousand_tiny_files_come_and_go),
        T(many_items_are_fetched_at_once),
        T(a_file_list_that_is_not_good_condemns_the_item),
        T(long_work_goes_a_unit_at_a_time),
        T(what_ends_in_the_middle_goes_on_at_the_next_start),
        T(what_is_going_is_not_swept_by_a_look),
        T(what_was_going_when_it_ended_counts_for_nothing),
        T(what_was_reserved_is_so_from_the_start),
        T(what_was_reserved_just_now_is_so_after_a_kill),
        T(what_does_not_fit_any_more_keeps_what_it_had),
        T(a_check_goes_a_unit_at_a_time),
        T(check_finds_one_byte_and_mending_fetches_it),
        T(check_finds_files_that_are_gone_or_cut),
        T(check_finds_a_damaged_list_and_a_damaged_manifest),
        T(bytes_in_a_hole_are_damage_and_made_zeros_again),
        T(damage_to_what_is_lacking_is_found_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
