/* SPDX-License-Identifier: Apache-2.0 */
/* What is on the shelf, who wishes for it, and what room there is. */
#include "store/shelf_impl.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the items in memory, ascending by content id */

/* Where it is, or belongs. */
static size_t place_of(const struct daf_shelf *s,
                       const struct daf_hash *content, bool *out_is_there)
{
    size_t low = 0, high = s->count;

    *out_is_there = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int n =
            memcmp(s->items[middle]->content.b, content->b, sizeof(content->b));

        if (n == 0) *out_is_there = true;
        if (n < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct daf_shelf_kept *daf_shelf_get(const struct daf_shelf *s,
                                     const struct daf_hash *content)
{
    bool is_there;
    size_t at = place_of(s, content, &is_there);

    return is_there ? s->items[at] : NULL;
}

enum daf_err daf_shelf_insert(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    bool is_there;
    size_t at = place_of(s, &it->content, &is_there);

    assert(!is_there);
    if (s->count == s->cap) {
        size_t cap = s->cap + s->cap / 2 + 16;
        struct daf_shelf_kept **items =
            realloc(s->items, cap * sizeof(struct daf_shelf_kept *));

        if (items == NULL) return DAF_ENOMEM;
        s->items = items;
        s->cap = cap;
    }
    memmove(s->items + at + 1, s->items + at,
            (s->count - at) * sizeof(struct daf_shelf_kept *));
    s->items[at] = it;
    s->count++;
    return DAF_OK;
}

void daf_shelf_remove(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    bool is_there;
    size_t at = place_of(s, &it->content, &is_there);

    assert(is_there);
    daf_shelf_forget_item(s, it);
    s->unsynced -= it->unsynced;
    s->count--;
    memmove(s->items + at, s->items + at + 1,
            (s->count - at) * sizeof(struct daf_shelf_kept *));
    daf_shelf_item_free(it);
}

void daf_shelf_tell(const struct daf_shelf_kept *it, struct daf_shelf_item *out)
{
    *out = (struct daf_shelf_item){
        .content = it->content,
        .wishes = it->wishes,
        .is_whole = it->is_whole,
        .has_list = it->has_list,
        .is_condemned = it->is_condemned,
        .is_settling = daf_shelf_is_settling(it),
        .parts = it->parts,
        .pages = it->pages,
        .held = it->held,
        .bytes = it->bytes,
        .reserved = it->reserved,
        .fetched = it->fetched,
        .manifest = {it->manifest, it->manifest_len},
        .bits = {it->bits, it->is_whole ? 0 : (it->parts + 7) / 8}};
}

size_t daf_shelf_count(const struct daf_shelf *s)
{
    return s->count;
}

void daf_shelf_at(const struct daf_shelf *s, size_t index,
                  struct daf_shelf_item *out)
{
    assert(index < s->count);
    daf_shelf_tell(s->items[index], out);
}

bool daf_shelf_find(const struct daf_shelf *s, const struct daf_hash *content,
                    struct daf_shelf_item *out)
{
    const struct daf_shelf_kept *it = daf_shelf_get(s, content);

    if (it != NULL) daf_shelf_tell(it, out);
    return it != NULL;
}

const char *daf_shelf_trouble(const struct daf_shelf *s)
{
    return s->disk.trouble;
}

size_t daf_shelf_unreadable(const struct daf_shelf *s)
{
    return s->unreadable;
}

/* ---- reading the folder */

enum daf_err daf_shelf_reload(struct daf_shelf *s,
                              const struct daf_hash *content,
                              struct daf_shelf_kept **out)
{
    struct daf_shelf_kept *it = daf_shelf_get(s, content);
    enum daf_err err;

    if (it != NULL) daf_shelf_remove(s, it);
    err = daf_shelf_item_load(s, content, out);
    if (err != DAF_OK) return err;
    err = daf_shelf_insert(s, *out);
    if (err == DAF_OK) {
        daf_shelf_start(s, *out);
        return DAF_OK;
    }
    daf_shelf_item_free(*out);
    *out = NULL;
    return err;
}

/* Whether an item known as lacking was made whole by a publisher. */
static bool is_whole_now(struct daf_shelf *s, const struct daf_shelf_kept *it)
{
    bool is_whole;
    int folder;

    if (it->is_whole ||
        daf_shelf_item_folder(s, &it->content, &folder) != DAF_OK)
        return false;
    is_whole = daf_shelf_disk_is_folder(folder, "files");
    daf_shelf_disk_close(folder);
    return is_whole;
}

static enum daf_err look_one(struct daf_shelf *s,
                             const struct daf_hash *content,
                             struct daf_shelf_kept **out)
{
    *out = daf_shelf_get(s, content);
    return *out == NULL || is_whole_now(s, *out)
               ? daf_shelf_reload(s, content, out)
               : DAF_OK;
}

static enum daf_err look_at(struct daf_shelf *s, const char *name)
{
    struct daf_shelf_kept *it;
    struct daf_hash content;
    enum daf_err err = DAF_OK;

    if (s->is_owner) err = daf_shelf_new_sweep(s, name);
    if (err != DAF_OK || !daf_shelf_name_read(name, &content)) return err;
    err = look_one(s, &content, &it);
    if (err == DAF_OK) it->is_seen = true;
    s->unreadable += err != DAF_OK && err != DAF_ENOMEM;
    return err == DAF_ENOMEM ? err : DAF_OK;
}

static enum daf_err look(struct daf_shelf *s)
{
    enum daf_err err;
    struct dirent *e;
    DIR *dir;
    int fd;

    err = daf_shelf_disk_folder(&s->disk, s->dir, ".", &fd);
    if (err != DAF_OK) return err;
    dir = fdopendir(fd); /* which owns it from here on */
    if (dir == NULL) {
        err = daf_shelf_disk_trouble(&s->disk, errno, "reading", "the shelf");
        daf_shelf_disk_close(fd);
        return err;
    }
    s->unreadable = 0;
    /* A stream of our own.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while (err == DAF_OK && (e = readdir(dir)) != NULL) {
        err = look_at(s, e->d_name);
        if (s->is_opening && daf_shelf_turn_is_over(s)) err = DAF_EBUSY;
    }
    (void)closedir(dir);
    return err;
}

enum daf_err daf_shelf_look(struct daf_shelf *s)
{
    enum daf_err err;

    for (size_t i = 0; i < s->count; i++)
        s->items[i]->is_seen = false;
    daf_shelf_promise_ends(s);
    err = look(s);
    if (err != DAF_OK) return err;
    daf_shelf_promise_drop(s);
    for (size_t i = s->count; i-- > 0;) {
        if (!s->items[i]->is_seen) daf_shelf_remove(s, s->items[i]);
    }
    return DAF_OK;
}

/* ---- open and close */

static enum daf_err make_marker(struct daf_shelf_disk *d, int folder)
{
    enum daf_err err;
    int fd;

    err = daf_shelf_disk_open(d, folder, "daftar", O_RDWR | O_CREAT, 0600, &fd);
    if (err != DAF_OK) return err;
    err = daf_shelf_disk_sync(d, fd);
    daf_shelf_disk_close(fd);
    return err == DAF_OK ? daf_shelf_disk_sync(d, folder) : err;
}

/* The folder gets its name once the marker is in it: a folder without one is a
 * place where something is not mounted. */
static enum daf_err make_folder(struct daf_shelf_disk *d, const char *dir)
{
    size_t len = strlen(dir) + sizeof(".new/..");
    char *path = malloc(len);
    int folder, above = -1;
    enum daf_err err;

    if (path == NULL) return DAF_ENOMEM;
    (void)snprintf(path, len, "%s.new", dir);
    err = daf_shelf_disk_make(d, AT_FDCWD, path);
    if (err == DAF_EEXISTS) err = DAF_OK; /* begun, and not ended */
    if (err == DAF_OK) err = daf_shelf_disk_folder(d, AT_FDCWD, path, &folder);
    if (err == DAF_OK) {
        err = make_marker(d, folder);
        if (err == DAF_OK) err = daf_shelf_disk_folder(d, folder, "..", &above);
        daf_shelf_disk_close(folder);
    }
    if (err == DAF_OK)
        err = daf_shelf_disk_rename(d, AT_FDCWD, path, AT_FDCWD, dir);
    if (err == DAF_OK) err = daf_shelf_disk_sync(d, above);
    daf_shelf_disk_close(above);
    free(path);
    return err;
}

/* "DIR/.": DIR itself may be a link to another disk. */
static enum daf_err open_folder(struct daf_shelf *s, const char *dir)
{
    size_t len = strlen(dir) + sizeof("/.");
    char *path = malloc(len);
    enum daf_err err;

    if (path == NULL) return DAF_ENOMEM;
    (void)snprintf(path, len, "%s/.", dir);
    err = daf_shelf_disk_folder(&s->disk, AT_FDCWD, path, &s->dir);
    free(path);
    return err;
}

static bool is_link(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

void daf_shelf_measure(struct daf_shelf *s)
{
    struct daf_shelf_disk_room disk;

    s->block = DAF_SHELF_BLOCK;
    if (daf_shelf_disk_free(&s->disk, s->dir, &disk) == DAF_OK)
        s->block = disk.block;
    s->has_holes = s->block <= DAF_CHUNK_BYTES_MIN &&
                   daf_shelf_disk_has_holes(&s->disk, s->dir);
}

static enum daf_err open_shelf(struct daf_shelf *s, const char *dir)
{
    enum daf_err err = open_folder(s, dir);

    /* A link to nowhere: its card is away. */
    if (err == DAF_ENOTFOUND && s->may_make && !is_link(dir)) {
        err = make_folder(&s->disk, dir);
        if (err == DAF_OK) err = open_folder(s, dir);
    }
    if (err != DAF_OK) return err;
    err =
        daf_shelf_disk_open(&s->disk, s->dir, "daftar", O_RDWR, 0, &s->marker);
    if (err == DAF_EREADONLY) /* what is there can be read */
        err = daf_shelf_disk_open(&s->disk, s->dir, "daftar", O_RDONLY, 0,
                                  &s->marker);
    if (err != DAF_OK) return err;
    if (s->is_owner) daf_shelf_measure(s);
    return look(s);
}

static enum daf_err open_with(struct daf_shelf *s, const char *dir,
                              struct daf_shelf **out)
{
    enum daf_err err;

    s->dir = s->marker = -1;
    s->block = DAF_SHELF_BLOCK;
    s->has_holes = true; /* until it is measured, by who writes */
    s->is_opening = true;
    err = open_shelf(s, dir);
    s->is_opening = false;
    if (err == DAF_OK)
        *out = s;
    else
        daf_shelf_close(s);
    return err;
}

enum daf_err daf_shelf_open(const char *dir, uint64_t budget, bool owner,
                            struct daf_shelf **out)
{
    struct daf_shelf *s = calloc(1, sizeof(*s));

    *out = NULL;
    if (s == NULL) return DAF_ENOMEM;
    s->is_owner = s->may_make = owner;
    s->budget = budget;
    return open_with(s, dir, out);
}

static enum daf_err open_turns(const char *dir, uint64_t budget,
                               const struct daf_shelf_turns *turns,
                               bool may_make, struct daf_shelf **out)
{
    struct daf_shelf *s = calloc(1, sizeof(*s));

    *out = NULL;
    if (s == NULL) return DAF_ENOMEM;
    s->is_owner = true;
    s->may_make = may_make;
    s->budget = budget;
    s->turns = *turns;
    return open_with(s, dir, out);
}

enum daf_err daf_shelf_open_turns(const char *dir, uint64_t budget,
                                  const struct daf_shelf_turns *turns,
                                  struct daf_shelf **out)
{
    return open_turns(dir, budget, turns, true, out);
}

enum daf_err daf_shelf_open_again(const char *dir, uint64_t budget,
                                  const struct daf_shelf_turns *turns,
                                  struct daf_shelf **out)
{
    return open_turns(dir, budget, turns, false, out);
}

/* By its marker, as a folder may be mounted in several places. */
bool daf_shelf_is_there(const struct daf_shelf *s, const char *dir)
{
    size_t len = strlen(dir) + sizeof("/daftar");
    char *path = malloc(len);
    struct stat mine, there;
    bool is_there;

    if (path == NULL) return true; /* asked again at the next change */
    (void)snprintf(path, len, "%s/daftar", dir);
    is_there = fstat(s->marker, &mine) == 0 && stat(path, &there) == 0 &&
               mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
    free(path);
    return is_there;
}

void daf_shelf_close(struct daf_shelf *s)
{
    enum daf_err err;

    if (s == NULL) return;
    err = daf_shelf_turn_is_over(s) ? DAF_OK : daf_shelf_sync(s);
    (void)err; /* what is not noted is hashed at the next start */
    for (size_t i = 0; i < s->count; i++)
        daf_shelf_item_free(s->items[i]);
    free(s->items);
    free(s->promises);
    daf_shelf_reuse_end(s);
    daf_shelf_disk_close(s->dir);
    daf_shelf_disk_close(s->marker);
    free(s);
}

/* ---- room */

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

struct daf_shelf_rooms daf_shelf_rooms(struct daf_shelf *s)
{
    struct daf_shelf_rooms rooms = {.budget = s->budget};
    struct daf_shelf_disk_room disk;

    /* A disk that does not say what is free has none. */
    if (daf_shelf_disk_free(&s->disk, s->dir, &disk) == DAF_OK) {
        rooms.disk = less(disk.bytes, DAF_SHELF_RESERVE);
        rooms.files = disk.files;
    }
    for (size_t i = 0; i < s->count; i++) {
        const struct daf_shelf_kept *it = s->items[i];

        rooms.budget = less(rooms.budget, it->reserved);
        rooms.files = less(rooms.files, it->names);
        if (!it->is_whole)
            rooms.disk = less(rooms.disk, less(it->reserved, it->taken));
    }
    /* How much of it is written is not known here: none, to be sure. */
    for (size_t i = 0; i < s->promises_count; i++) {
        rooms.budget = less(rooms.budget, s->promises[i].bytes);
        rooms.disk = less(rooms.disk, s->promises[i].bytes);
    }
    return rooms;
}

uint64_t daf_shelf_room(struct daf_shelf *s, bool *out_is_disk)
{
    struct daf_shelf_rooms rooms = daf_shelf_rooms(s);

    *out_is_disk = rooms.disk < rooms.budget;
    return *out_is_disk ? rooms.disk : rooms.budget;
}

/* ---- wishes */

/* Of an item whose manifest was damaged; what was wished for before still is. */
static enum daf_err mend_manifest(struct daf_shelf *s,
                                  const struct daf_shelf_kept *it)
{
    unsigned before = 0;
    enum daf_err err;
    int folder;

    err = daf_shelf_item_folder(s, &it->content, &folder);
    if (err != DAF_OK) return err;
    err = daf_shelf_item_wishes(s, folder, &before);
    if (err == DAF_OK)
        err = daf_shelf_disk_put(&s->disk, folder, "manifest",
                                 (struct daf_view){it->manifest,
                                                   it->manifest_len});
    if (err == DAF_OK)
        err = daf_shelf_item_keep(s, folder, it->wishes | before,
                                  daf_shelf_item_need(s, folder));
    daf_shelf_disk_close(folder);
    return err;
}

/* A new item; or one whose folder could not be read, if only its manifest was
 * damaged. */
static enum daf_err add_new(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    struct daf_hash content = it->content;
    enum daf_err err;
    bool is_disk;

    if (it->reserved > daf_shelf_room(s, &is_disk)) return DAF_EFULL;
    err = daf_shelf_item_make(s, it);
    if (err == DAF_EEXISTS) err = mend_manifest(s, it);
    return err == DAF_OK ? daf_shelf_reload(s, &content, &it) : err;
}

static enum daf_err change(struct daf_shelf *s, struct daf_shelf_kept *it,
                           unsigned wishes)
{
    enum daf_err err;
    int folder;

    if (wishes == it->wishes) return DAF_OK;
    err = daf_shelf_item_folder(s, &it->content, &folder);
    if (err != DAF_OK) return daf_shelf_of_disk(err);
    err = daf_shelf_item_keep(s, folder, wishes, it->need);
    daf_shelf_disk_close(folder);
    if (err == DAF_OK) it->wishes = wishes;
    return err;
}

/* Only the owner writes wishes: of two who write, the later would undo what the
 * other one knew of. */
enum daf_err daf_shelf_look_at(struct daf_shelf *s,
                               const struct daf_hash *content, uint32_t number)
{
    struct daf_shelf_kept *it;
    enum daf_err err = look_one(s, content, &it);

    assert(s->is_owner);
    if (err == DAF_OK && it->is_whole)
        err = change(s, it, it->wishes | DAF_SHELF_PUBLISHED);
    if (err == DAF_OK) daf_shelf_promise_end(s, number);
    return err;
}

enum daf_err daf_shelf_add(struct daf_shelf *s, struct daf_view manifest,
                           unsigned set, unsigned clear)
{
    struct daf_shelf_kept *it, *made;
    enum daf_err err;

    assert(s->is_owner);
    err = daf_shelf_item_new(s, manifest, &made);
    if (err != DAF_OK) return err;
    it = daf_shelf_get(s, &made->content);
    if (it == NULL && set == 0) {
        err = DAF_OK; /* a wish that nobody has is taken back */
    } else if (it == NULL) {
        made->wishes = set & ~clear;
        err = add_new(s, made);
    } else {
        if (set != 0) err = daf_shelf_known_again(s, it);
        if (err == DAF_OK) err = change(s, it, (it->wishes | set) & ~clear);
    }
    daf_shelf_item_free(made);
    return err;
}

enum daf_err daf_shelf_drop(struct daf_shelf *s, const struct daf_hash *content)
{
    struct daf_shelf_kept *it = daf_shelf_get(s, content);
    enum daf_err err;

    assert(s->is_owner);
    if (it == NULL) return DAF_ENOTFOUND;
    daf_shelf_files_drop(it); /* nothing stays open of what goes */
    err = daf_shelf_item_drop(s, it);
    if (err == DAF_OK) daf_shelf_remove(s, it);
    return err;
}
