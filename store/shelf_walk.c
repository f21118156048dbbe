/* SPDX-License-Identifier: Apache-2.0 */
/* What there is in a folder to publish, and whether a file list can name it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/shelf_impl.h"

#define STAT_BLOCK 512 /* st_blocks counts in these */

static const char bad_name[] =
    "a file list cannot have this name: 1 to 200 bytes of UTF-8 without \\ and "
    "control characters, at most 16 deep and 512 bytes in all. To do: rename "
    "it";

enum daf_err daf_shelf_walk_trouble(struct daf_shelf_walk *w, enum daf_err err,
                                    const char *path, const char *what)
{
    (void)snprintf(w->t, w->t_len, "%s: %s", path, what);
    /* A name is anybody's bytes, and this goes to a terminal. */
    for (char *c = w->t; w->t_len > 0 && *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
    }
    return err;
}

/* What may not be read is not what cannot be written. */
static enum daf_err in_reading(enum daf_err err)
{
    return err == DAF_EREADONLY ? DAF_EIO : daf_shelf_of_disk(err);
}

static enum daf_err system_trouble(struct daf_shelf_walk *w, const char *path)
{
    enum daf_err err =
        daf_shelf_disk_trouble(&w->s->disk, errno, "reading", path);

    return daf_shelf_walk_trouble(w, in_reading(err), path, w->s->disk.trouble);
}

static enum daf_err add(struct daf_shelf_walk *w, const char *path,
                        const struct stat *st)
{
    struct daf_view v = {(const uint8_t *)path, strlen(path)};
    struct daf_shelf_found f = {.size = (uint64_t)st->st_size};

    if (!daf_filelist_is_safe(v))
        return daf_shelf_walk_trouble(w, DAF_EFORM, path, bad_name);
    if (w->count == DAF_CONTENT_FILES_MAX ||
        f.size > (uint64_t)DAF_CONTENT_PARTS_MAX * DAF_CHUNK_BYTES_MAX)
        return daf_shelf_walk_trouble(
            w, DAF_ELIMIT, path,
            "one too many, or too large: an item has at most 65536 files and "
            "1 TiB. To do: publish it in parts");
    if (w->count == w->cap) {
        size_t cap = w->cap + w->cap / 2 + 64;
        struct daf_shelf_found *found = realloc(w->found, cap * sizeof(*found));

        if (found == NULL) return DAF_ENOMEM;
        w->found = found;
        w->cap = cap;
    }
    f.has_holes = (uint64_t)st->st_blocks * STAT_BLOCK < f.size;
    f.path = strdup(path);
    if (f.path == NULL) return DAF_ENOMEM;
    w->found[w->count++] = f;
    w->bytes += f.size;
    return DAF_OK;
}

static void leave_out(const struct daf_shelf_walk *w, const char *path,
                      const char *why)
{
    struct daf_shelf_left_out what = {path, why};

    if (w->p->left_out != NULL) w->p->left_out(w->p->ctx, &what);
}

static bool is_sidecar(const struct daf_shelf_walk *w, const char *path)
{
    for (const char *const *n = w->p->without; n != NULL && *n != NULL; n++) {
        if (strcmp(*n, path) == 0) return true;
    }
    return false;
}

static enum daf_err walk_folder(struct daf_shelf_walk *w, int fd, char *path,
                                size_t len);

/* @path has the entry's name at its end, from @len on. */
static enum daf_err walk_entry(struct daf_shelf_walk *w, int folder, char *path,
                               size_t len)
{
    const char *name = path + len;
    struct stat st;
    enum daf_err err;
    int fd;

    if (name[0] == '.' || is_sidecar(w, path)) {
        if (name[0] == '.') leave_out(w, path, "hidden");
        return DAF_OK;
    }
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return system_trouble(w, path);
    if (S_ISREG(st.st_mode)) return add(w, path, &st);
    if (!S_ISDIR(st.st_mode)) {
        leave_out(w, path, S_ISLNK(st.st_mode) ? "a link" : "not a file");
        return DAF_OK;
    }
    if (!daf_filelist_is_safe(
            (struct daf_view){(const uint8_t *)path, strlen(path)}))
        return daf_shelf_walk_trouble(w, DAF_EFORM, path, bad_name);
    err = daf_shelf_disk_folder(&w->s->disk, folder, name, &fd);
    if (err != DAF_OK)
        return daf_shelf_walk_trouble(w, in_reading(err), path,
                                      w->s->disk.trouble);
    len = strlen(path);
    path[len] = '/';
    return walk_folder(w, fd, path, len + 1);
}

/* A device's home has secret keys and private records in it; the shelf has what is
 * published already. */
static bool is_home(int at, const char *folder)
{
    static const char *const names[] = {"keys/device.keys",
                                        "store/notebook.db"};
    struct stat st;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[PATH_MAX];
        int len = snprintf(path, sizeof(path), "%s/%s", folder, names[i]);

        if (len >= (int)sizeof(path) ||
            fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
            return true;
    }
    return false;
}

/* Whether it is the shelf (@name: ".") or what that is in (".."). */
static bool is_shelf(const struct daf_shelf_walk *w, const struct stat *st,
                     const char *name)
{
    struct stat own;

    return fstatat(w->s->dir, name, &own, 0) == 0 && own.st_dev == st->st_dev &&
           own.st_ino == st->st_ino;
}

static enum daf_err home_trouble(struct daf_shelf_walk *w, const char *path)
{
    return daf_shelf_walk_trouble(
        w, DAF_EFORM, path,
        "this is a device's home, with its secret keys, or where it keeps what "
        "is published, or inside. To do: publish a folder that has nothing but "
        "lessons");
}

static enum daf_err check_folder(struct daf_shelf_walk *w, int fd,
                                 const char *path, size_t len)
{
    char name[DAF_FILE_PATH_BYTES_MAX + 1];
    struct stat st;

    if (fstat(fd, &st) != 0) return system_trouble(w, path);
    if (!is_home(fd, ".") && !is_shelf(w, &st, ".") && !is_shelf(w, &st, ".."))
        return DAF_OK;
    (void)snprintf(name, sizeof(name), "%.*s", len > 0 ? (int)len - 1 : 0,
                   path);
    return home_trouble(w, len > 0 ? name : w->p->source);
}

/* Nor what lies in one: no folder above the source is a home or this shelf. */
static enum daf_err check_above(struct daf_shelf_walk *w)
{
    char *path = realpath(w->p->source, NULL), *end;
    enum daf_err err = DAF_OK;

    if (path == NULL) return system_trouble(w, w->p->source);
    while (err == DAF_OK && (end = strrchr(path, '/')) != NULL) {
        struct stat st;

        *end = '\0';
        if (is_home(AT_FDCWD, path) ||
            (stat(end > path ? path : "/", &st) == 0 && is_shelf(w, &st, ".")))
            err = home_trouble(w, w->p->source);
    }
    free(path);
    return err;
}

/* Takes @fd.  A folder's path keeps R61, so it is at most 512 bytes long, and
 * no more than 16 of these wait for each other. */
static enum daf_err walk_folder(struct daf_shelf_walk *w, int fd, char *path,
                                size_t len)
{
    enum daf_err err = check_folder(w, fd, path, len);
    DIR *dir = err == DAF_OK ? fdopendir(fd) : NULL;
    struct dirent *e;

    if (dir == NULL) {
        daf_shelf_disk_close(fd);
        return err == DAF_OK ? DAF_ENOMEM : err;
    }
    for (;;) {
        errno = 0;
        /* A stream of our own.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
        e = readdir(dir);
        if (e == NULL || err != DAF_OK) break;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        (void)snprintf(path + len, NAME_MAX + 1, "%s", e->d_name);
        err = walk_entry(w, dirfd(dir), path, len);
    }
    path[len] = '\0';
    if (err == DAF_OK && errno != 0) err = system_trouble(w, path);
    (void)closedir(dir);
    return err;
}

/* ---- in order, and no two that are one on a stick */

static int by_path(const void *a, const void *b)
{
    return daf_filelist_order(daf_shelf_found_path(a), daf_shelf_found_path(b));
}

static enum daf_err check_clashes(struct daf_shelf_walk *w)
{
    for (size_t i = 1; i < w->count; i++) {
        struct daf_view a = daf_shelf_found_path(&w->found[i - 1]);
        struct daf_view b = daf_shelf_found_path(&w->found[i]);
        char what[DAF_FILE_PATH_BYTES_MAX + 120];

        if (daf_filelist_order(a, b) != 0 && !daf_filelist_is_inside(b, a))
            continue;
        (void)snprintf(what, sizeof(what),
                       "and %s: on a stick that does not tell A from a both "
                       "are one. To do: rename one of them",
                       w->found[i].path);
        return daf_shelf_walk_trouble(w, DAF_EEXISTS, w->found[i - 1].path,
                                      what);
    }
    return DAF_OK;
}

/* ---- the source */

/* Follows a link: it is what the person named. */
static enum daf_err open_source(struct daf_shelf_walk *w, struct stat *st)
{
    const char *path = w->p->source;

    w->source = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (w->source < 0 && errno == ENOENT)
        return daf_shelf_walk_trouble(
            w, DAF_ENOTFOUND, path,
            "there is no such file or folder. To do: check the path");
    if (w->source < 0 || fstat(w->source, st) != 0)
        return system_trouble(w, path);
    w->is_file = S_ISREG(st->st_mode);
    if (w->is_file || S_ISDIR(st->st_mode)) return DAF_OK;
    return daf_shelf_walk_trouble(w, DAF_EFORM, path,
                                  "it is neither a file nor a folder");
}

static enum daf_err walk_source(struct daf_shelf_walk *w)
{
    char path[DAF_FILE_PATH_BYTES_MAX + 1 + NAME_MAX + 1] = "";
    enum daf_err err;
    int fd;

    err = daf_shelf_disk_folder(&w->s->disk, w->source, ".", &fd);
    return err == DAF_OK ? walk_folder(w, fd, path, 0) : err;
}

enum daf_err daf_shelf_walk_open(struct daf_shelf_walk *w)
{
    const char *name = strrchr(w->p->source, '/');
    struct stat st = {0};
    enum daf_err err = open_source(w, &st);

    if (err == DAF_OK) err = check_above(w);
    if (err == DAF_OK && w->is_file)
        err = add(w, name != NULL ? name + 1 : w->p->source, &st);
    else if (err == DAF_OK)
        err = walk_source(w);
    if (err != DAF_OK) return err;
    if (w->count == 0)
        return daf_shelf_walk_trouble(w, DAF_ENOTFOUND, w->p->source,
                                      "there is nothing in it to publish");
    qsort(w->found, w->count, sizeof(w->found[0]), by_path);
    return check_clashes(w);
}

/* Holes are looked for as they will be when it is copied.  A file system that packs
 * its files says fewer blocks, too, and has no holes. */
uint64_t daf_shelf_walk_takes(struct daf_shelf_walk *w,
                              const struct daf_shelf_found *f,
                              uint32_t chunk_bytes)
{
    uint64_t takes = 0, at = 0;
    enum daf_err err = DAF_OK;
    int fd = w->source;

    if (!f->has_holes || !w->s->has_holes)
        return daf_shelf_blocks(w->s, f->size);
    if (!w->is_file)
        err = daf_shelf_disk_file(&w->s->disk, w->source,
                                  daf_shelf_found_path(f), O_RDONLY, &fd);
    if (err != DAF_OK) return daf_shelf_blocks(w->s, f->size);
    while ((at = daf_shelf_disk_data(fd, at, f->size)) < f->size) {
        at -= at % chunk_bytes;
        takes +=
            daf_shelf_blocks(w->s, f->size - at < chunk_bytes ? f->size - at
                                                              : chunk_bytes);
        at += chunk_bytes;
        if (at >= f->size) break;
    }
    if (!w->is_file) daf_shelf_disk_close(fd);
    return takes;
}

void daf_shelf_walk_close(struct daf_shelf_walk *w)
{
    daf_shelf_disk_close(w->source);
    for (size_t i = 0; i < w->count; i++)
        free(w->found[i].path);
    free(w->found);
}
