/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "tests/lib/goods.h"
#include "tests/lib/tmpdir.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK ((size_t)65536)
#define MORE  UINT64_MAX /* no budget */

struct place {
    char *tmp;
    char src[512], dir[512];
    struct daf_shelf *s, *beside;
    struct daf_shelf_publish p;
    struct daf_shelf_item item;
    char t[800];
    char left_out[500]; /* "path: why\n" for each */
    uint64_t progress;
    const char *touch; /* a file to change while it is copied */
    uint64_t takes;    /* of the disk, meanwhile */
};

/* ---- a small disk: this stands before the C library's */

static uint64_t disk_free = MORE; /* for the shelf, less as it is written */

static unsigned long disk_block = 1,
                     disk_files; /* files: 0: as many as wanted */

int fstatvfs(int fd, struct statvfs *out)
{
    struct stat st;

    *out = (struct statvfs){.f_frsize = disk_block,
                            .f_bavail = disk_free / disk_block,
                            .f_files = disk_files > 0 ? 1000 : 0,
                            .f_favail = disk_files};
    if (disk_free != MORE) out->f_bavail += DAF_SHELF_RESERVE;
    return fstat(fd, &st);
}

/* ---- turns of the shelf beside */

static bool is_over;

static bool say_over(void *ctx)
{
    (void)ctx;
    return is_over;
}

static struct daf_view text(const char *s)
{
    return (struct daf_view){(const uint8_t *)s, strlen(s)};
}

static void left_out(void *ctx, const struct daf_shelf_left_out *what)
{
    struct place *p = ctx;
    size_t len = strlen(p->left_out);

    (void)snprintf(p->left_out + len, sizeof(p->left_out) - len, "%s: %s\n",
                   what->path, what->why);
}

static bool progress(void *ctx, uint64_t done, uint64_t total)
{
    struct place *p = ctx;

    assert_true(done > p->progress && done <= total);
    if (disk_free != MORE) disk_free -= done - p->progress + p->takes;
    p->takes = 0;
    p->progress = done;
    if (p->touch != NULL) daf_goods_write(p->src, p->touch, 2 * CHUNK, 77);
    p->touch = NULL;
    return true;
}

static bool stop(void *ctx, uint64_t done, uint64_t total)
{
    (void)ctx;
    (void)done;
    (void)total;
    return false;
}

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));

    assert_non_null(p);
    p->tmp = daf_tmpdir_new();
    assert_non_null(p->tmp);
    (void)snprintf(p->src, sizeof(p->src), "%s/src", p->tmp);
    (void)snprintf(p->dir, sizeof(p->dir), "%s/shelf", p->tmp);
    p->s = daf_goods_shelf(p->dir, MORE);
    p->p = (struct daf_shelf_publish){.source = p->src,
                                      .left_out = left_out,
                                      .progress = progress,
                                      .ctx = p};
    p->p.about.titles_count = 1;
    p->p.about.titles[0].language = text("en");
    p->p.about.titles[0].text = text("A lesson");
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;

    disk_free = MORE;
    disk_block = 1;
    disk_files = 0;
    is_over = false;
    daf_shelf_close(p->s);
    daf_shelf_close(p->beside);
    daf_tmpdir_free(p->tmp);
    free(p);
    return 0;
}

static enum daf_err publish(struct place *p)
{
    p->progress = 0;
    return daf_shelf_publish(p->s, &p->p, &p->item, p->t, sizeof(p->t));
}

static const char *inside(const struct place *p, const char *name)
{
    return daf_goods_files(p->dir, &p->item.content, name);
}

static bool is_there(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

/* Refused with this error and these words, and nothing is left. */
static void refuses(struct place *p, enum daf_err err, const char *words)
{
    assert_int_equal(publish(p), err);
    if (strstr(p->t, words) == NULL) fail_msg("\"%s\"", p->t);
    assert_int_equal(daf_shelf_count(p->s), 0);
    assert_false(is_there(daf_goods_path(p->dir, "new-1")));
}

/* ---- what is published */

static void a_folder_is_published_as_it_is(void **state)
{
    struct place *p = *state;
    struct daf_content c;

    daf_goods_write(p->src, "index.html", 100, 1);
    daf_goods_write(p->src, "a/b/c/deep.png", 3 * CHUNK, 2);
    daf_goods_write(p->src, "a/empty", 0, 0);
    assert_int_equal(publish(p), DAF_OK);
    assert_string_equal(p->left_out, "");
    assert_string_equal(p->t, "");
    assert_true(p->item.is_whole && p->item.has_list);
    assert_int_equal(p->item.wishes, DAF_SHELF_PUBLISHED);
    assert_int_equal(p->item.bytes, 3 * CHUNK + 100);
    assert_int_equal(p->progress, p->item.bytes);
    assert_int_equal(daf_content_decode(p->item.manifest, &c), DAF_OK);
    assert_int_equal(c.files, 3);
    assert_memory_equal(c.id.b, p->item.content.b, 32);
    assert_true(daf_goods_same(p->src, inside(p, "files")));
    assert_int_equal(publish(p), DAF_OK); /* just so */
    assert_int_equal(daf_shelf_count(p->s), 1);
    assert_false(is_there(daf_goods_path(p->dir, "new-1")));
}

static void one_file_is_published_by_its_name(void **state)
{
    struct place *p = *state;
    struct daf_shelf_file f;
    char path[600];

    daf_goods_write(p->src, "song.ogg", CHUNK + 1, 1);
    (void)snprintf(path, sizeof(path), "%s/song.ogg", p->src);
    p->p.source = path;
    assert_int_equal(publish(p), DAF_OK);
    assert_int_equal(daf_shelf_file(p->s, &p->item.content, "song.ogg", &f),
                     DAF_OK);
    assert_int_equal(f.size, CHUNK + 1);
    (void)close(f.fd);
}

static void a_handle_beside_publishes_and_the_daemon_looks(void **state)
{
    struct place *p = *state;
    struct daf_shelf *owner = p->s;
    struct daf_shelf_item it;

    daf_goods_write(p->src, "x", 2 * CHUNK, 1);
    assert_int_equal(daf_shelf_open(p->dir, MORE, false, &p->beside), DAF_OK);
    p->s = p->beside;
    assert_int_equal(publish(p), DAF_OK);
    p->s = owner;
    assert_int_equal(daf_shelf_count(owner), 0);
    assert_int_equal(daf_shelf_look(owner), DAF_OK);
    assert_true(daf_shelf_find(owner, &p->item.content, &it));
    assert_true(it.is_whole);
    assert_int_equal(it.reserved, p->item.reserved);
    assert_int_equal(daf_shelf_drop(owner, &it.content), DAF_OK);
    assert_int_equal(daf_shelf_look(p->beside), DAF_OK);
    assert_int_equal(daf_shelf_count(p->beside), 0);
}

static void publishing_what_is_being_fetched_makes_it_whole(void **state)
{
    struct place *p = *state;
    struct daf_shelf *owner = p->s;
    struct daf_shelf_item it;
    enum daf_shelf_put put;
    char other[600];

    (void)snprintf(other, sizeof(other), "%s/other", p->tmp);
    daf_goods_write(p->src, "x", 3 * CHUNK, 1);
    p->s = daf_goods_shelf(other, MORE);
    assert_int_equal(publish(p), DAF_OK);
    assert_int_equal(daf_shelf_add(owner, p->item.manifest, DAF_SHELF_WANTED,
                                   0),
                     DAF_OK);
    assert_int_equal(daf_goods_carry(p->s, owner, &p->item.content, 0, &put),
                     DAF_OK);
    assert_int_equal(daf_goods_carry(p->s, owner, &p->item.content, 2, &put),
                     DAF_OK);
    daf_shelf_close(p->s);
    assert_int_equal(daf_shelf_open(p->dir, MORE, false, &p->beside), DAF_OK);
    p->s = p->beside;
    assert_int_equal(publish(p), DAF_OK);
    p->s = owner;
    assert_int_equal(daf_shelf_look_at(owner, &p->item.content, 1), DAF_OK);
    assert_true(daf_shelf_find(owner, &p->item.content, &it));
    assert_true(it.is_whole);
    assert_int_equal(it.wishes, DAF_SHELF_WANTED | DAF_SHELF_PUBLISHED);
    assert_int_equal(daf_shelf_unsynced(owner), 0);
    assert_false(is_there(inside(p, "part")));
    assert_false(is_there(inside(p, "have")));
    assert_true(daf_goods_same(p->src, inside(p, "files")));
}

static void holes_are_kept_and_cost_nothing(void **state)
{
    struct place *p = *state;
    struct stat st;

    daf_goods_hole(p->src, "hole", 100 * CHUNK + 5);
    daf_shelf_close(p->s);
    p->s = daf_goods_shelf(p->dir, 50 * CHUNK);
    assert_int_equal(publish(p), DAF_OK);
    assert_int_equal(stat(daf_goods_path(inside(p, "files"), "hole"), &st), 0);
    assert_int_equal(st.st_blocks, 0);
    assert_int_equal(st.st_size, 100 * CHUNK + 5);
    assert_true(p->item.reserved < (uint64_t)20 * 4096);
    assert_true(daf_goods_same(p->src, inside(p, "files")));
}

/* ---- what is left out */

static void links_and_hidden_names_are_left_out_with_a_word(void **state)
{
    struct place *p = *state;
    static const char *const without[] = {"content.ini", NULL};

    daf_goods_write(p->src, "x", 10, 1);
    daf_goods_write(p->src, "content.ini", 10, 1);
    daf_goods_write(p->src, "a/content.ini", 10, 1);
    daf_goods_write(p->src, ".git/config", 10, 1);
    assert_int_equal(symlink("/etc/passwd", daf_goods_path(p->src, "a/link")),
                     0);
    assert_int_equal(mkfifo(daf_goods_path(p->src, "pipe"), 0600), 0);
    p->p.without = without;
    assert_int_equal(publish(p), DAF_OK);
    assert_non_null(strstr(p->left_out, ".git: hidden\n"));
    assert_non_null(strstr(p->left_out, "a/link: a link\n"));
    assert_non_null(strstr(p->left_out, "pipe: not a file\n"));
    assert_null(strstr(p->left_out, "content.ini"));
    assert_true(is_there(daf_goods_path(inside(p, "files"), "a/content.ini")));
    assert_false(is_there(daf_goods_path(inside(p, "files"), "content.ini")));
}

/* ---- what is refused */

static void what_is_not_there_or_empty_is_refused(void **state)
{
    struct place *p = *state;

    refuses(p, DAF_ENOTFOUND, "no such file");
    assert_int_equal(mkdir(p->src, 0700), 0);
    refuses(p, DAF_ENOTFOUND, "nothing in it");
}

static void names_that_a_list_cannot_have_are_refused(void **state)
{
    static const char *const names[] = {"back\\slash", "bell\a", "not\xffutf8",
                                        "sub/line\nfeed"};
    struct place *p = *state;

    for (size_t i = 0; i < 4; i++) {
        daf_goods_write(p->src, names[i], 10, 1);
        refuses(p, DAF_EFORM, "cannot have this name");
        assert_null(strchr(p->t, '\a'));
        assert_null(strchr(p->t, '\n'));
        assert_int_equal(unlink(daf_goods_path(p->src, names[i])), 0);
    }
    daf_goods_write(p->src, "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", 1, 1);
    refuses(p, DAF_EFORM, "17");
}

static void names_that_are_one_on_a_stick_are_refused(void **state)
{
    struct place *p = *state;

    daf_goods_write(p->src, "Read.me", 10, 1);
    daf_goods_write(p->src, "read.ME", 10, 1);
    refuses(p, DAF_EEXISTS, "read.ME");
    assert_int_equal(unlink(daf_goods_path(p->src, "Read.me")), 0);
    daf_goods_write(p->src, "READ.me/x", 10, 1);
    refuses(p, DAF_EEXISTS, "READ.me/x");
}

static void a_device_s_home_is_not_published(void **state)
{
    static const char *const secrets[] = {"keys/device.keys",
                                          "store/notebook.db"};
    struct place *p = *state;

    daf_goods_write(p->src, "a lesson", 10, 1);
    for (size_t i = 0; i < 2; i++) {
        char path[64];

        (void)snprintf(path, sizeof(path), "mine/tablet/%s", secrets[i]);
        daf_goods_write(p->src, path, 10, 1);
        refuses(p, DAF_EFORM, "mine/tablet: this is a device's home");
        p->p.source = daf_goods_path(p->src, "mine/tablet");
        refuses(p, DAF_EFORM, p->p.source);
        p->p.source = p->src;
        assert_int_equal(unlink(daf_goods_path(p->src, path)), 0);
    }
    assert_int_equal(publish(p), DAF_OK); /* the rest is no secret */
}

/* A folder or a file, by whatever way it is named. */
static void what_lies_in_a_home_is_not_published(void **state)
{
    struct place *p = *state;

    daf_goods_write(p->src, "tablet/keys/device.keys", 10, 1);
    daf_goods_write(p->src, "tablet/notes/deep/x", 10, 1);
    p->p.source = daf_goods_path(p->src, "tablet/keys");
    refuses(p, DAF_EFORM, "tablet/keys: this is a device's home");
    p->p.source = daf_goods_path(p->src, "tablet/keys/device.keys");
    refuses(p, DAF_EFORM, "device.keys: this is a device's home");
    p->p.source = daf_goods_path(p->src, "tablet/notes/deep");
    refuses(p, DAF_EFORM, "deep: this is a device's home");
    p->p.source = daf_goods_path(p->src, "tablet/notes/../notes/./deep/x");
    refuses(p, DAF_EFORM, "x: this is a device's home");
    assert_int_equal(symlink(daf_goods_path(p->src, "tablet/notes"),
                             daf_goods_path(p->tmp, "link")),
                     0);
    p->p.source = daf_goods_path(p->tmp, "link/deep");
    refuses(p, DAF_EFORM, "deep: this is a device's home");
}

/* Its neighbours on a card may be. */
static void what_lies_in_the_shelf_is_not_published(void **state)
{
    struct place *p = *state;

    daf_goods_write(p->dir, "mine/x", 10, 1);
    p->p.source = daf_goods_path(p->dir, "mine");
    refuses(p, DAF_EFORM, "mine: this is");
    daf_goods_write(p->src, "x", 10, 1);
    p->p.source = p->src;
    assert_int_equal(publish(p), DAF_OK);
}

static void the_shelf_itself_is_not_published(void **state)
{
    struct place *p = *state;

    daf_shelf_close(p->s);
    daf_goods_write(p->src, "card/x", 10, 1);
    (void)snprintf(p->dir, sizeof(p->dir), "%.400s/card/content", p->src);
    p->s = daf_goods_shelf(p->dir, MORE);
    refuses(p, DAF_EFORM, "card: this is");
    p->p.source = p->dir;
    refuses(p, DAF_EFORM, p->dir);
}

static void words_that_are_too_long_are_refused(void **state)
{
    struct place *p = *state;
    char title[DAF_CONTENT_TITLE_BYTES_MAX + 2];

    memset(title, 'x', sizeof(title));
    title[sizeof(title) - 1] = '\0';
    daf_goods_write(p->src, "x", 10, 1);
    p->p.about.titles[0].text = text(title);
    assert_int_not_equal(publish(p), DAF_OK);
    assert_non_null(strstr(p->t, "sidecar"));
    assert_int_equal(daf_shelf_count(p->s), 0);
}

static void over_the_budget_nothing_is_copied(void **state)
{
    struct place *p = *state;

    daf_goods_write(p->src, "x", 10 * CHUNK, 1);
    daf_shelf_close(p->s);
    p->s = daf_goods_shelf(p->dir, 10 * CHUNK);
    refuses(p, DAF_EFULL, "the budget has room for 640 KiB");
    assert_int_equal(p->progress, 0);
}

/* 640 KiB, and their list and folder. */
static void a_disk_with_room_for_it_once_is_enough(void **state)
{
    struct place *p = *state;

    daf_goods_write(p->src, "x", 10 * CHUNK, 1);
    disk_free = 10 * CHUNK;
    refuses(p, DAF_EFULL, "the disk has room for 640 KiB");
    assert_int_equal(p->progress, 0);
    disk_free = 11 * CHUNK;
    assert_int_equal(publish(p), DAF_OK);
    assert_int_equal(disk_free, CHUNK);
}

static void a_disk_that_others_fill_meanwhile_is_full(void **state)
{
    struct place *p = *state;

    daf_goods_write(p->src, "x", 10 * CHUNK, 1);
    disk_free = 11 * CHUNK;
    p->takes = CHUNK;
    refuses(p, DAF_EFULL, "the disk has room for");
    assert_int_equal(p->progress, 10 * CHUNK);
}

/* What a folder and all in it take, as du says. */
static uint64_t taken_by(const char *dir)
{
    char command[700], said[64] = "";
    FILE *f;

    (void)snprintf(command, sizeof(command), "du -s --block-size=1 '%s'", dir);
    f = popen(command, "r");
    assert_non_null(f);
    assert_non_null(fgets(said, sizeof(said), f));
    assert_int_equal(pclose(f), 0);
    return strtoull(said, NULL, 10);
}

static void small_files_cost_blocks_not_bytes(void **state)
{
    struct place *p = *state;
    uint64_t before = taken_by(p->dir);

    for (int i = 0; i < 500; i++) {
        char name[32];

        (void)snprintf(name, sizeof(name), "d%d/%d.txt", i % 10, i);
        daf_goods_write(p->src, name, 1, (uint64_t)i);
    }
    assert_int_equal(publish(p), DAF_OK);
    assert_true(taken_by(p->dir) - before >= (uint64_t)500 * 4096);
    assert_true(taken_by(p->dir) - before <= p->item.reserved);
}

/* As on a card with FAT: 32 KiB for a byte. */
static void a_disk_of_large_blocks_has_room_for_fewer(void **state)
{
    struct place *p = *state;
    struct daf_shelf *from = p->s;
    struct daf_shelf_item it;
    char other[600];

    for (char i = 'a'; i < 'a' + 20; i++) {
        char name[2] = {i, '\0'};

        daf_goods_write(p->src, name, 1, (uint64_t)i);
    }
    disk_block = 32768;
    (void)snprintf(other, sizeof(other), "%s/other", p->tmp);
    p->s = p->beside = daf_goods_shelf(other, (uint64_t)20 * 32768);
    assert_int_equal(publish(p), DAF_EFULL);
    daf_shelf_close(p->beside);
    p->beside = daf_goods_shelf(other, MORE);
    p->s = from;
    assert_int_equal(publish(p), DAF_OK);
    assert_true(p->item.reserved >= (uint64_t)2 * 20 * 32768);
    assert_int_equal(daf_shelf_add(p->beside, p->item.manifest,
                                   DAF_SHELF_WANTED, 0),
                     DAF_OK);
    for (uint32_t i = 0; i < p->item.parts; i++) {
        enum daf_shelf_put put;

        assert_int_equal(daf_goods_carry(from, p->beside, &p->item.content, i,
                                         &put),
                         DAF_OK);
    }
    assert_true(daf_shelf_find(p->beside, &p->item.content, &it));
    assert_true(it.is_whole);
    assert_int_equal(it.reserved, p->item.reserved);
}

static void a_disk_that_can_name_no_more_files_is_full(void **state)
{
    struct place *p = *state;

    for (char i = 'a'; i < 'a' + 20; i++) {
        char name[2] = {i, '\0'};

        daf_goods_write(p->src, name, 1, (uint64_t)i);
    }
    disk_files = 20;
    refuses(p, DAF_EFULL, "the disk has room for 20");
    disk_files = 40;
    assert_int_equal(publish(p), DAF_OK);
}

static void thirty_files(struct place *p, uint64_t seed)
{
    for (unsigned i = 0; i < 30; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "page-%02u", i);
        daf_goods_write(p->src, name, 100, seed + i);
    }
    assert_int_equal(publish(p), DAF_OK);
}

static enum daf_err wish(struct place *p)
{
    return daf_shelf_add(p->beside, p->item.manifest, DAF_SHELF_WANTED, 0);
}

static bool has_list(struct place *p, const struct daf_hash *content)
{
    struct daf_shelf_item it;

    assert_true(daf_shelf_find(p->beside, content, &it));
    return it.has_list;
}

static void files_that_were_made_are_not_counted_again(void **state)
{
    struct place *p = *state;
    const char *dir = daf_goods_path(p->tmp, "beside");
    enum daf_shelf_put put;

    thirty_files(p, 1);
    p->beside = daf_goods_shelf(dir, MORE);
    disk_files = 40;
    assert_int_equal(wish(p), DAF_OK);
    assert_int_equal(daf_goods_carry(p->s, p->beside, &p->item.content, 0,
                                     &put),
                     DAF_OK);
    assert_int_equal(put, DAF_SHELF_LIST);
    daf_shelf_close(p->beside);
    disk_files = 10;
    p->beside = daf_goods_shelf(dir, MORE);
    assert_true(has_list(p, &p->item.content));
}

/* Its files are made in turns, and another item comes in between. */
static void files_that_are_being_made_are_counted(void **state)
{
    const struct daf_shelf_turns turns = {say_over, NULL};
    struct place *p = *state;
    struct daf_shelf_worked now;
    enum daf_shelf_put put;
    struct daf_hash first;

    assert_int_equal(daf_shelf_open_turns(daf_goods_path(p->tmp, "beside"),
                                          MORE, &turns, &p->beside),
                     DAF_OK);
    disk_files = 60;
    thirty_files(p, 1);
    first = p->item.content;
    assert_int_equal(wish(p), DAF_OK);
    while (daf_shelf_work(p->beside, false, &now)) {
    }
    is_over = true;
    assert_int_equal(daf_goods_carry(p->s, p->beside, &first, 0, &put), DAF_OK);
    for (unsigned i = 0; i < 35; i++) /* 30 are known, and some are made */
        assert_true(daf_shelf_work(p->beside, false, &now));
    assert_false(has_list(p, &first));
    thirty_files(p, 1000);
    is_over = false;
    assert_int_equal(wish(p), DAF_OK);
    assert_int_equal(daf_goods_carry(p->s, p->beside, &p->item.content, 0,
                                     &put),
                     DAF_EFULL);
    while (daf_shelf_work(p->beside, false, &now)) {
    }
    assert_true(has_list(p, &first));
    assert_int_equal(wish(p), DAF_OK); /* as the disk says it can name more */
    assert_true(has_list(p, &p->item.content));
}

static void a_file_that_changes_meanwhile_is_refused(void **state)
{
    struct place *p = *state;

    daf_goods_write(p->src, "a", 2 * CHUNK, 1);
    p->touch = "a";
    refuses(p, DAF_EBUSY, "changed");
    daf_goods_write(p->src, "b", CHUNK, 1);
    p->touch = "b"; /* while a is copied: longer than it was */
    refuses(p, DAF_EBUSY, "b: it changed");
}

static void it_stops_where_progress_says_so(void **state)
{
    struct place *p = *state;

    daf_goods_write(p->src, "a", 2 * CHUNK, 1);
    p->p.progress = stop;
    refuses(p, DAF_EBUSY, "stopped");
}

/* ---- a publisher that was killed */

static bool die(void *ctx, uint64_t done, uint64_t total)
{
    (void)ctx;
    (void)done;
    (void)total;
    _exit(0);
}

static void a_killed_publisher_leaves_nothing_after_the_next_start(void **state)
{
    struct place *p = *state;
    pid_t pid;

    daf_goods_write(p->src, "a", 2 * CHUNK, 1);
    pid = fork();
    if (pid == 0) {
        p->p.progress = die;
        (void)publish(p);
        _exit(1);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_true(is_there(daf_goods_path(p->dir, "new-1")));
    assert_int_equal(publish(p), DAF_OK); /* beside it */
    daf_shelf_close(p->s);
    p->s = daf_goods_shelf(p->dir, MORE);
    assert_false(is_there(daf_goods_path(p->dir, "new-1")));
    assert_int_equal(daf_shelf_count(p->s), 1);
}

/* The child publishes and waits; the daemon's start leaves its folder alone. */
static bool wait_for_me(void *ctx, uint64_t done, uint64_t total)
{
    const int *pipes = ctx;
    char byte = 0;

    (void)done;
    (void)total;
    return write(pipes[1], &byte, 1) == 1 && read(pipes[2], &byte, 1) == 1;
}

static void a_start_leaves_a_living_publisher_alone(void **state)
{
    struct place *p = *state;
    int out[2], in[2], status;
    char byte = 0;
    pid_t pid;

    daf_goods_write(p->src, "a", 10, 1);
    assert_int_equal(pipe(out), 0);
    assert_int_equal(pipe(in), 0);
    pid = fork();
    if (pid == 0) {
        int pipes[3] = {0, out[1], in[0]};
        bool failed;

        failed = daf_shelf_open(p->dir, MORE, false, &p->s) != DAF_OK;
        p->p.progress = wait_for_me;
        p->p.ctx = pipes;
        _exit(failed || publish(p) != DAF_OK);
    }
    (void)close(out[1]);
    (void)close(in[0]);
    assert_int_equal(read(out[0], &byte, 1), 1);
    daf_shelf_close(p->s);
    p->s = daf_goods_shelf(p->dir, MORE);
    assert_true(is_there(daf_goods_path(p->dir, "new-1")));
    assert_int_equal(write(in[1], &byte, 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(daf_shelf_look(p->s), DAF_OK);
    assert_int_equal(daf_shelf_count(p->s), 1);
    (void)close(out[0]);
    (void)close(in[1]);
}

/* ---- wishes */

/* The publisher knew nothing of the pin, nor the pin of the publisher. */
static void a_pin_and_a_publisher_do_not_undo_each_other(void **state)
{
    struct place *p = *state;
    struct daf_shelf *owner = p->s;
    struct daf_shelf_item it;

    daf_goods_write(p->src, "x", 2 * CHUNK, 1);
    assert_int_equal(publish(p), DAF_OK);
    assert_int_equal(daf_shelf_add(owner, p->item.manifest, DAF_SHELF_WANTED,
                                   DAF_SHELF_PUBLISHED),
                     DAF_OK);
    assert_int_equal(daf_shelf_open(p->dir, MORE, false, &p->beside), DAF_OK);
    assert_int_equal(daf_shelf_add(owner, p->item.manifest, DAF_SHELF_PINNED,
                                   0),
                     DAF_OK);
    p->s = p->beside;
    assert_int_equal(publish(p), DAF_OK);
    p->s = owner;
    assert_int_equal(daf_shelf_add(owner, p->item.manifest, DAF_SHELF_WANTED,
                                   0),
                     DAF_OK);
    assert_int_equal(daf_shelf_look_at(owner, &p->item.content, 1), DAF_OK);
    daf_shelf_close(owner);
    p->s = daf_goods_shelf(p->dir, MORE);
    assert_true(daf_shelf_find(p->s, &p->item.content, &it));
    assert_int_equal(it.wishes,
                     DAF_SHELF_WANTED | DAF_SHELF_PINNED | DAF_SHELF_PUBLISHED);
}

static void a_get_mends_a_manifest_and_leaves_the_pin(void **state)
{
    struct place *p = *state;
    struct daf_shelf_item it;
    uint8_t manifest[4096];
    size_t len;

    daf_goods_write(p->src, "x", 2 * CHUNK, 1);
    assert_int_equal(publish(p), DAF_OK);
    len = p->item.manifest.len;
    memcpy(manifest, p->item.manifest.p, len);
    assert_int_equal(daf_shelf_add(p->s, p->item.manifest, DAF_SHELF_PINNED, 0),
                     DAF_OK);
    daf_shelf_close(p->s);
    assert_int_equal(truncate(inside(p, "manifest"), 3), 0);
    p->s = daf_goods_shelf(p->dir, MORE);
    assert_int_equal(daf_shelf_unreadable(p->s), 1);
    assert_int_equal(daf_shelf_add(p->s, (struct daf_view){manifest, len},
                                   DAF_SHELF_WANTED, 0),
                     DAF_OK);
    assert_true(daf_shelf_find(p->s, &p->item.content, &it));
    assert_true(it.is_whole);
    assert_int_equal(it.wishes,
                     DAF_SHELF_WANTED | DAF_SHELF_PINNED | DAF_SHELF_PUBLISHED);
}

/* ---- room for several publishers */

/* Another process that makes content/new-@number, and has locked its byte. */
static pid_t other_publisher(struct place *p, uint32_t number)
{
    int out[2];
    char byte = 0;
    pid_t pid;

    assert_int_equal(pipe(out), 0);
    pid = fork();
    if (pid == 0) {
        struct flock lock = {.l_type = F_WRLCK,
                             .l_whence = SEEK_SET,
                             .l_start = (off_t)number,
                             .l_len = 1};
        int fd = open(daf_goods_path(p->dir, "daftar"), O_RDWR);

        if (fcntl(fd, F_SETLK, &lock) == 0 && write(out[1], &byte, 1) == 1)
            (void)pause();
        _exit(1);
    }
    (void)close(out[1]);
    assert_int_equal(read(out[0], &byte, 1), 1);
    (void)close(out[0]);
    return pid;
}

static void ends(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static enum daf_err promise(struct place *p, uint32_t number, uint64_t bytes)
{
    uint64_t room;
    bool is_disk;

    return daf_shelf_promise(p->s, number, bytes, &room, &is_disk);
}

static void two_publishers_never_have_the_same_room(void **state)
{
    struct place *p = *state;
    pid_t first = other_publisher(p, 1), second = other_publisher(p, 2);
    bool is_disk;

    daf_shelf_close(p->s);
    p->s = daf_goods_shelf(p->dir, 30 * CHUNK);
    assert_int_equal(promise(p, 1, 20 * CHUNK), DAF_OK);
    assert_int_equal(promise(p, 2, 20 * CHUNK), DAF_EFULL);
    assert_int_equal(daf_shelf_room(p->s, &is_disk), 10 * CHUNK);
    assert_int_equal(promise(p, 2, 10 * CHUNK), DAF_OK);
    assert_int_equal(daf_shelf_room(p->s, &is_disk), 0);
    /* To look at everything leaves the living what they have. */
    assert_int_equal(daf_shelf_look(p->s), DAF_OK);
    assert_int_equal(daf_shelf_room(p->s, &is_disk), 0);
    ends(first);
    ends(second);
}

static void what_was_published_counts_instead_of_its_promise(void **state)
{
    struct place *p = *state;
    struct daf_shelf *owner;
    pid_t one = other_publisher(p, 7);
    uint64_t room;
    bool is_disk;

    daf_goods_write(p->src, "x", 4 * CHUNK, 1);
    daf_shelf_close(p->s);
    owner = p->s = daf_goods_shelf(p->dir, 30 * CHUNK);
    assert_int_equal(promise(p, 7, 20 * CHUNK), DAF_OK);
    assert_int_equal(daf_shelf_open(p->dir, MORE, false, &p->beside), DAF_OK);
    p->s = p->beside;
    assert_int_equal(publish(p), DAF_OK);
    p->s = owner;
    room = daf_shelf_room(owner, &is_disk);
    assert_int_equal(daf_shelf_look_at(owner, &p->item.content, 7), DAF_OK);
    assert_int_equal(daf_shelf_room(owner, &is_disk),
                     room + 20 * CHUNK - p->item.reserved);
    ends(one);
    assert_false(daf_shelf_is_promise_over(owner));
}

static void one_who_went_without_a_word_gives_its_room_back(void **state)
{
    struct place *p = *state;
    pid_t one = other_publisher(p, 1), two = other_publisher(p, 2);

    daf_shelf_close(p->s);
    p->s = daf_goods_shelf(p->dir, 30 * CHUNK);
    assert_int_equal(promise(p, 1, 20 * CHUNK), DAF_OK);
    assert_false(daf_shelf_is_promise_over(p->s));
    ends(one);
    assert_true(daf_shelf_is_promise_over(p->s));
    assert_int_equal(promise(p, 2, 20 * CHUNK), DAF_EBUSY);
    assert_int_equal(daf_shelf_look(p->s), DAF_OK);
    assert_int_equal(promise(p, 2, 20 * CHUNK), DAF_OK);
    /* The number again is another one's, whatever the room. */
    assert_int_equal(promise(p, 2, 1), DAF_EBUSY);
    assert_int_equal(daf_shelf_look(p->s), DAF_OK);
    assert_int_equal(promise(p, 2, 1), DAF_OK);
    ends(two);
}

static enum daf_err room_of_30(void *ctx, uint32_t number, uint64_t bytes,
                               uint64_t *out_room, bool *out_is_disk)
{
    (void)ctx;
    (void)number;
    *out_room = 30 * CHUNK;
    *out_is_disk = false;
    return bytes <= *out_room ? DAF_OK : DAF_EFULL;
}

static enum daf_err place_it(void *ctx, uint32_t number,
                             const struct daf_hash *content)
{
    (void)ctx;
    (void)number;
    (void)content;
    return DAF_OK;
}

static void the_owner_says_whether_there_is_room(void **state)
{
    struct place *p = *state;

    p->p.room = room_of_30;
    p->p.placed = place_it;
    daf_goods_write(p->src, "x", 31 * CHUNK, 1);
    refuses(p, DAF_EFULL, "the budget has room for 1920 KiB");
    assert_int_equal(p->progress, 0);
    daf_goods_write(p->src, "x", 20 * CHUNK, 1);
    assert_int_equal(publish(p), DAF_OK);
}

/* The owner starts while somebody publishes: that one has its room already. */
static void a_start_knows_what_was_promised_before(void **state)
{
    struct place *p = *state;
    int out[2], in[2], status;
    bool is_disk;
    char byte = 0;
    pid_t pid;

    daf_goods_write(p->src, "a", CHUNK, 1);
    assert_int_equal(pipe(out), 0);
    assert_int_equal(pipe(in), 0);
    pid = fork();
    if (pid == 0) {
        int pipes[3] = {0, out[1], in[0]};
        bool failed;

        failed = daf_shelf_open(p->dir, MORE, false, &p->s) != DAF_OK;
        p->p.room = room_of_30;
        p->p.placed = place_it;
        p->p.progress = wait_for_me;
        p->p.ctx = pipes;
        _exit(failed || publish(p) != DAF_OK);
    }
    (void)close(out[1]);
    (void)close(in[0]);
    assert_int_equal(read(out[0], &byte, 1), 1);
    daf_shelf_close(p->s);
    p->s = daf_goods_shelf(p->dir, 30 * CHUNK);
    assert_true(daf_shelf_room(p->s, &is_disk) <= 29 * CHUNK);
    assert_int_equal(write(in[1], &byte, 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(daf_shelf_look(p->s), DAF_OK);
    assert_int_equal(daf_shelf_count(p->s), 1);
    (void)close(out[0]);
    (void)close(in[1]);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_folder_is_published_as_it_is),
        T(one_file_is_published_by_its_name),
        T(a_handle_beside_publishes_and_the_daemon_looks),
        T(publishing_what_is_being_fetched_makes_it_whole),
        T(holes_are_kept_and_cost_nothing),
        T(links_and_hidden_names_are_left_out_with_a_word),
        T(what_is_not_there_or_empty_is_refused),
        T(names_that_a_list_cannot_have_are_refused),
        T(names_that_are_one_on_a_stick_are_refused),
        T(a_device_s_home_is_not_published),
        T(what_lies_in_a_home_is_not_published),
        T(what_lies_in_the_shelf_is_not_published),
        T(the_shelf_itself_is_not_published),
        T(words_that_are_too_long_are_refused),
        T(over_the_budget_nothing_is_copied),
        T(a_disk_with_room_for_it_once_is_enough),
        T(a_disk_that_others_fill_meanwhile_is_full),
        T(small_files_cost_blocks_not_bytes),
        T(a_disk_of_large_blocks_has_room_for_fewer),
        T(a_disk_that_can_name_no_more_files_is_full),
        T(files_that_were_made_are_not_counted_again),
        T(files_that_are_being_made_are_counted),
        T(a_file_that_changes_meanwhile_is_refused),
        T(it_stops_where_progress_says_so),
        T(a_killed_publisher_leaves_nothing_after_the_next_start),
        T(a_start_leaves_a_living_publisher_alone),
        T(a_pin_and_a_publisher_do_not_undo_each_other),
        T(a_get_mends_a_manifest_and_leaves_the_pin),
        T(two_publishers_never_have_the_same_room),
        T(what_was_published_counts_instead_of_its_promise),
        T(one_who_went_without_a_word_gives_its_room_back),
        T(the_owner_says_whether_there_is_room),
        T(a_start_knows_what_was_promised_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
