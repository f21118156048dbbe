/* SPDX-License-Identifier: Apache-2.0 */
/* Is what is on the shelf what it says. */
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/shelf_impl.h"

struct checking {
    struct daf_shelf *s;
    bool mend;
    daf_shelf_bad_fn bad;
    void *ctx;
    uint64_t found;
    bool is_over; /* the caller has heard enough */
    struct daf_shelf_kept *it;
    uint8_t *good; /* what is held and right */
};

static void tell(struct checking *c, const struct daf_hash *content,
                 const char *what, const char *where)
{
    c->found++;
    if (!c->is_over && c->bad != NULL)
        c->is_over = !c->bad(c->ctx, content, what, where);
}

/* ---- a file */

static bool chunk_is_right(struct checking *c, int fd,
                           const struct daf_shelf_span *f, uint32_t n)
{
    uint32_t len = daf_shelf_chunk_bytes(f->size, c->it->chunk_bytes, n);
    uint64_t at = (uint64_t)n * c->it->chunk_bytes;
    const uint8_t *hash = f->hashes + (size_t)n * DAF_SHELF_HASH_BYTES;
    struct daf_hash h;

    if (daf_shelf_disk_data(fd, at, at + len) == at + len)
        return daf_shelf_is_zeros(c->s, hash, len);
    return daf_shelf_hash_stretch(c->s, fd, at, len, &h) == DAF_OK &&
           memcmp(h.b, hash, sizeof(h.b)) == 0;
}

/* What is wrong with it, or NULL.  @fd < 0: it could not be opened. */
static const char *check_chunks(struct checking *c, int fd,
                                const struct daf_shelf_span *f)
{
    const char *what = fd < 0 ? "missing" : NULL;
    uint64_t size = f->size;

    if (fd >= 0 && (daf_shelf_disk_size(&c->s->disk, fd, &size) != DAF_OK ||
                    size != f->size))
        what = "of another length";
    for (uint32_t n = 0; n < f->chunks; n++) {
        if (!daf_shelf_bit(c->good, f->first + n)) continue;
        if (fd >= 0 && chunk_is_right(c, fd, f, n)) continue;
        daf_shelf_bit_set(c->good, f->first + n, false);
        if (what == NULL) what = "damaged";
    }
    return what;
}

static void check_file(struct checking *c, const struct daf_shelf_span *f,
                       int root)
{
    char path[DAF_FILE_PATH_BYTES_MAX + 1];
    const char *what;
    enum daf_err err;
    int fd = -1;

    err = daf_shelf_disk_file(&c->s->disk, root, f->path, O_RDONLY, &fd);
    (void)err; /* fd says it */
    what = check_chunks(c, fd, f);
    daf_shelf_disk_close(fd);
    if (what == NULL) return;
    (void)snprintf(path, sizeof(path), "%.*s", (int)f->path.len,
                   (const char *)f->path.p);
    tell(c, &c->it->content, what, path);
}

/* ---- an item */

static enum daf_err check_manifest(struct checking *c, int folder)
{
    struct daf_view ours = {c->it->manifest, c->it->manifest_len};
    size_t len = sizeof(c->s->buffer);
    enum daf_err err;
    int fd;

    err =
        daf_shelf_disk_open(&c->s->disk, folder, "manifest", O_RDONLY, 0, &fd);
    if (err == DAF_OK) {
        err = daf_shelf_disk_read(&c->s->disk, fd, 0, c->s->buffer, &len);
        daf_shelf_disk_close(fd);
    }
    if (err == DAF_OK && len == ours.len &&
        memcmp(c->s->buffer, ours.p, len) == 0)
        return DAF_OK;
    tell(c, &c->it->content, "damaged", "manifest");
    return c->mend ? daf_shelf_disk_put(&c->s->disk, folder, "manifest", ours)
                   : DAF_OK;
}

static bool page_is_right(struct checking *c, int fd, uint32_t page)
{
    struct daf_shelf_place at;
    struct daf_hash h;
    size_t len;

    if (daf_shelf_place(c->s, c->it, page, &at) != DAF_OK) return false;
    len = at.len;
    if (daf_shelf_disk_read(&c->s->disk, fd, at.offset, c->s->buffer, &len) !=
        DAF_OK)
        return false;
    h = daf_content_page_hash((struct daf_view){c->s->buffer, len});
    return memcmp(h.b, at.hash, sizeof(h.b)) == 0;
}

/* Without all pages nothing can be said of the files: none is right, and once the
 * list is there again all of them are hashed. */
static bool check_list(struct checking *c, int folder)
{
    bool is_right = true;
    enum daf_err err;
    int fd;

    err = daf_shelf_disk_open(&c->s->disk, folder, "list", O_RDONLY, 0, &fd);
    for (uint32_t i = 0; i < c->it->pages; i++) {
        if (!daf_shelf_bit(c->good, i)) continue;
        if (err == DAF_OK && page_is_right(c, fd, i)) continue;
        daf_shelf_bit_set(c->good, i, false);
        is_right = false;
    }
    daf_shelf_disk_close(fd);
    if (is_right) return true;
    tell(c, &c->it->content, "damaged", "list");
    for (uint32_t i = c->it->pages; i < c->it->parts; i++)
        daf_shelf_bit_set(c->good, i, false);
    return false;
}

static enum daf_err check_files(struct checking *c)
{
    struct daf_shelf_files *l;
    enum daf_err err = daf_shelf_files_get(c->s, c->it, &l);
    int root;

    if (err == DAF_OK) err = daf_shelf_files_root(c->s, c->it, &root);
    for (uint32_t i = 0; err == DAF_OK && i < c->it->files && !c->is_over; i++)
        check_file(c, &l->spans[i], root);
    return daf_shelf_of_disk(err);
}

/* ---- mending */

/* The notes first, which count for nothing while there is files/; then its name
 * goes. */
static enum daf_err demote(struct checking *c, int folder)
{
    struct daf_shelf_disk *d = &c->s->disk;
    enum daf_err err = daf_shelf_have_write(c->s, folder, c->it, c->good);

    if (err == DAF_OK && c->it->is_whole)
        err = daf_shelf_disk_rename(d, folder, "files", folder, "part");
    return err == DAF_OK ? daf_shelf_disk_sync(d, folder) : err;
}

static enum daf_err mend_item(struct checking *c, int folder)
{
    struct daf_hash content = c->it->content;
    struct daf_shelf_kept *it;
    enum daf_err err;

    if (!c->it->is_whole) { /* all that will be noted is synced first */
        c->it->is_have_wrong = true;
        err = daf_shelf_sync_item(c->s, c->it);
        if (err != DAF_OK) return err;
    }
    err = demote(c, folder);
    if (err == DAF_OK) err = daf_shelf_reload(c->s, &content, &it);
    return daf_shelf_of_disk(err);
}

static enum daf_err check_inside(struct checking *c, int folder)
{
    size_t bytes = (c->it->parts + 7) / 8;
    enum daf_err err = check_manifest(c, folder);
    uint64_t found = c->found;

    c->good = malloc(bytes);
    if (c->good == NULL) return DAF_ENOMEM;
    if (c->it->is_whole)
        memset(c->good, 0xff, bytes);
    else
        memcpy(c->good, c->it->bits, bytes);
    if (err == DAF_OK && check_list(c, folder) && c->it->has_list)
        err = check_files(c);
    if (err == DAF_OK && c->mend && c->found > found)
        err = mend_item(c, folder);
    free(c->good);
    c->good = NULL;
    return err;
}

static enum daf_err check_item(struct checking *c, struct daf_shelf_kept *it)
{
    enum daf_err err;
    int folder;

    c->it = it;
    err = daf_shelf_item_folder(c->s, &it->content, &folder);
    if (err == DAF_ENOTFOUND) {
        tell(c, &it->content, "missing", "its folder");
        return DAF_OK;
    }
    if (err != DAF_OK) return err;
    err = check_inside(c, folder);
    daf_shelf_disk_close(folder);
    return err;
}

/* ---- all of them */

/* What is not on the shelf: it cannot be read, or has come since. */
static void check_name(struct checking *c, const char *name)
{
    struct daf_shelf_kept *it;
    struct daf_hash content;

    if (!daf_shelf_name_read(name, &content) ||
        daf_shelf_get(c->s, &content) != NULL)
        return;
    if (daf_shelf_item_load(c->s, &content, &it) == DAF_OK)
        daf_shelf_item_free(it);
    else
        tell(c, &content, "cannot be read", "manifest");
}

static enum daf_err check_unreadable(struct checking *c)
{
    enum daf_err err;
    struct dirent *e;
    DIR *dir;
    int fd;

    err = daf_shelf_disk_folder(&c->s->disk, c->s->dir, ".", &fd);
    if (err != DAF_OK) return err;
    dir = fdopendir(fd); /* which owns it from here on */
    if (dir == NULL) {
        daf_shelf_disk_close(fd);
        return DAF_ENOMEM;
    }
    /* A stream of our own.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while (!c->is_over && (e = readdir(dir)) != NULL)
        check_name(c, e->d_name);
    (void)closedir(dir);
    return DAF_OK;
}

enum daf_err daf_shelf_check(struct daf_shelf *s, bool mend,
                             daf_shelf_bad_fn bad, void *ctx, uint64_t *out_bad)
{
    struct checking c = {.s = s, .mend = mend, .bad = bad, .ctx = ctx};
    enum daf_err err = DAF_OK;

    assert(s->is_owner || !mend);
    for (size_t i = s->count; err == DAF_OK && i-- > 0 && !c.is_over;)
        err = check_item(&c, s->items[i]);
    if (err == DAF_OK) err = check_unreadable(&c);
    *out_bad = c.found;
    return err;
}
