/* SPDX-License-Identifier: Apache-2.0 */
/* Is what is on the shelf what it says. */
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/shelf_impl.h"

enum doing {
    NEXT,  /* the next item */
    LIST,  /* its manifest and its list */
    FILES, /* a chunk of its files */
    SYNC,  /* it is to be mended: all that is noted then is synced first */
    MEND,
    UNREADABLE,
    OVER,
};

struct daf_shelf_check {
    struct daf_shelf *s;
    bool mend;
    daf_shelf_bad_fn bad;
    void *ctx;
    uint64_t found;
    bool is_over; /* the caller has heard enough */
    enum doing doing;
    /* Items go down from the last one; others may come and go between turns. */
    bool has_begun;
    struct daf_hash content;
    struct daf_shelf_kept *it; /* of @content, during a turn; NULL: gone */
    uint8_t *bad_parts;        /* held, and wrong; of `parts` bits */
    uint32_t parts, file, chunk;
    uint64_t found_before; /* when the item was begun */
    const char *what;      /* is wrong with the file, as far as it was read */
};

static void tell(struct daf_shelf_check *c, const struct daf_hash *content,
                 const char *what, const char *where)
{
    c->found++;
    if (!c->is_over && c->bad != NULL)
        c->is_over = !c->bad(c->ctx, content, what, where);
}

/* ---- a file */

static bool chunk_is_right(struct daf_shelf_check *c, int fd,
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

static bool is_held(const struct daf_shelf_check *c, uint32_t part)
{
    return daf_shelf_holds(c->it, part) && !daf_shelf_bit(c->bad_parts, part);
}

/* The next chunks, up to one that had to be read.  @fd < 0: the file could not be
 * opened. */
static void check_chunks(struct daf_shelf_check *c, int fd,
                         const struct daf_shelf_span *f)
{
    uint64_t size = f->size;
    bool has_read = false;

    if (fd < 0) c->what = "missing";
    if (fd >= 0 && (daf_shelf_disk_size(&c->s->disk, fd, &size) != DAF_OK ||
                    size != f->size))
        c->what = "of another length";
    while (c->chunk < f->chunks && !has_read) {
        uint32_t n = c->chunk++;

        if (!is_held(c, f->first + n)) continue;
        has_read = fd >= 0;
        if (fd >= 0 && chunk_is_right(c, fd, f, n)) continue;
        daf_shelf_bit_set(c->bad_parts, f->first + n, true);
        if (c->what == NULL) c->what = "damaged";
    }
}

/* A file, or a chunk of it. */
static void check_file(struct daf_shelf_check *c,
                       const struct daf_shelf_span *f, int root)
{
    char path[DAF_FILE_PATH_BYTES_MAX + 1];
    enum daf_err err;
    int fd = -1;

    err = daf_shelf_disk_file(&c->s->disk, root, f->path, O_RDONLY, &fd);
    (void)err; /* fd says it */
    check_chunks(c, fd, f);
    daf_shelf_disk_close(fd);
    if (c->chunk < f->chunks) return;
    if (c->what != NULL) {
        (void)snprintf(path, sizeof(path), "%.*s", (int)f->path.len,
                       (const char *)f->path.p);
        tell(c, &c->it->content, c->what, path);
    }
    c->file++;
    c->chunk = 0;
    c->what = NULL;
}

/* ---- an item */

static enum daf_err check_manifest(struct daf_shelf_check *c, int folder)
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

static bool page_is_right(struct daf_shelf_check *c, int fd, uint32_t page)
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
static bool check_list(struct daf_shelf_check *c, int folder)
{
    bool is_right = true;
    enum daf_err err;
    int fd;

    err = daf_shelf_disk_open(&c->s->disk, folder, "list", O_RDONLY, 0, &fd);
    for (uint32_t i = 0; i < c->it->pages; i++) {
        if (!daf_shelf_holds(c->it, i)) continue;
        if (err == DAF_OK && page_is_right(c, fd, i)) continue;
        daf_shelf_bit_set(c->bad_parts, i, true);
        is_right = false;
    }
    daf_shelf_disk_close(fd);
    if (is_right) return true;
    tell(c, &c->it->content, "damaged", "list");
    for (uint32_t i = c->it->pages; i < c->it->parts; i++)
        daf_shelf_bit_set(c->bad_parts, i, true);
    return false;
}

/* What follows when its files need no look, or had it. */
static enum doing after_files(const struct daf_shelf_check *c)
{
    return c->mend && c->found > c->found_before ? SYNC : NEXT;
}

static enum daf_err do_list(struct daf_shelf_check *c, int folder)
{
    enum daf_err err = check_manifest(c, folder);

    if (err != DAF_OK) return err;
    c->doing = FILES;
    if (!check_list(c, folder) || !c->it->has_list) c->doing = after_files(c);
    return DAF_OK;
}

static enum daf_err do_files(struct daf_shelf_check *c, int folder)
{
    struct daf_shelf_files *l;
    enum daf_err err = daf_shelf_files_get(c->s, c->it, &l);
    int root;

    (void)folder;
    if (err == DAF_OK) err = daf_shelf_files_root(c->s, c->it, &root);
    if (err != DAF_OK) return daf_shelf_of_disk(err);
    check_file(c, &l->spans[c->file], root);
    if (c->file == c->it->files || c->is_over) c->doing = after_files(c);
    return DAF_OK;
}

/* ---- mending */

/* What is held and right. */
static uint8_t *good_parts(const struct daf_shelf_check *c)
{
    size_t bytes = (c->parts + 7) / 8;
    uint8_t *good = malloc(bytes);

    for (size_t i = 0; good != NULL && i < bytes; i++)
        good[i] = (uint8_t)((c->it->is_whole ? 0xff : c->it->bits[i]) &
                            ~c->bad_parts[i]);
    return good;
}

/* The notes first, which count for nothing while there is files/; then its name
 * goes. */
static enum daf_err demote(struct daf_shelf_check *c, int folder)
{
    struct daf_shelf_disk *d = &c->s->disk;
    uint8_t *good = good_parts(c);
    enum daf_err err = DAF_ENOMEM;

    if (good != NULL) err = daf_shelf_have_write(c->s, folder, c->it, good);
    if (err == DAF_OK && c->it->is_whole)
        err = daf_shelf_disk_rename(d, folder, "files", folder, "part");
    free(good);
    return err == DAF_OK ? daf_shelf_disk_sync(d, folder) : err;
}

static enum daf_err do_sync(struct daf_shelf_check *c, int folder)
{
    (void)folder;
    c->doing = MEND;
    if (c->it->is_whole) return DAF_OK;
    c->it->is_have_wrong = true;
    return daf_shelf_sync_item(c->s, c->it);
}

static enum daf_err do_mend(struct daf_shelf_check *c, int folder)
{
    struct daf_hash content = c->content;
    enum daf_err err = DAF_OK;

    /* Something came between two turns. */
    if (!c->it->is_whole && c->it->unsynced > 0)
        return daf_shelf_sync_item(c->s, c->it);
    err = demote(c, folder);
    if (err == DAF_OK) err = daf_shelf_reload(c->s, &content, &c->it);
    c->doing = NEXT;
    return daf_shelf_of_disk(err);
}

static enum daf_err do_item(struct daf_shelf_check *c)
{
    static enum daf_err (*const doers[])(struct daf_shelf_check *,
                                         int) = {[LIST] = do_list,
                                                 [FILES] = do_files,
                                                 [SYNC] = do_sync,
                                                 [MEND] = do_mend};
    enum daf_err err;
    int folder;

    err = daf_shelf_item_folder(c->s, &c->content, &folder);
    if (err == DAF_ENOTFOUND) {
        /* It was there when the shelf was opened: who does not own the shelf
         * has seen its owner drop it. */
        if (c->s->is_owner) tell(c, &c->content, "missing", "its folder");
        c->doing = NEXT;
        return DAF_OK;
    }
    if (err != DAF_OK) return err;
    err = doers[c->doing](c, folder);
    daf_shelf_disk_close(folder);
    return err;
}

/* ---- all of them */

/* What is not on the shelf: it cannot be read, or has come since. */
static void check_name(struct daf_shelf_check *c, const char *name)
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

static enum daf_err do_unreadable(struct daf_shelf_check *c)
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

/* The last of those before the one just checked. */
static enum daf_err do_next(struct daf_shelf_check *c)
{
    const struct daf_shelf *s = c->s;
    size_t at = s->count;

    while (c->has_begun && at > 0 &&
           memcmp(s->items[at - 1]->content.b, c->content.b, 32) >= 0)
        at--;
    c->doing = UNREADABLE;
    if (at == 0 || c->is_over) return DAF_OK;
    c->has_begun = true;
    c->content = s->items[at - 1]->content;
    c->parts = s->items[at - 1]->parts;
    c->file = c->chunk = 0;
    c->what = NULL;
    c->found_before = c->found;
    free(c->bad_parts);
    c->bad_parts = calloc(1, (c->parts + 7) / 8);
    c->doing = LIST;
    return c->bad_parts != NULL ? DAF_OK : DAF_ENOMEM;
}

static enum daf_err unit(struct daf_shelf_check *c)
{
    enum daf_err err = DAF_OK;

    if (c->doing == NEXT) return do_next(c);
    if (c->doing == UNREADABLE) {
        err = do_unreadable(c);
        c->doing = OVER;
        return err;
    }
    /* The list may have gone meanwhile, with a page that was lost. */
    if (c->doing == FILES && !c->it->has_list) c->doing = after_files(c);
    return c->doing == NEXT ? DAF_OK : do_item(c);
}

enum daf_err daf_shelf_check_begin(struct daf_shelf *s, bool mend,
                                   daf_shelf_bad_fn bad, void *ctx,
                                   struct daf_shelf_check **out)
{
    struct daf_shelf_check *c = calloc(1, sizeof(*c));

    assert(s->is_owner || !mend);
    *out = c;
    if (c == NULL) return DAF_ENOMEM;
    c->s = s;
    c->mend = mend;
    c->bad = bad;
    c->ctx = ctx;
    return DAF_OK;
}

enum daf_err daf_shelf_check_work(struct daf_shelf_check *c,
                                  struct daf_shelf_checked *out)
{
    enum daf_err err = DAF_OK;

    *out = (struct daf_shelf_checked){.is_over = false};
    do {
        enum doing was = c->doing;

        c->it = c->has_begun ? daf_shelf_get(c->s, &c->content) : NULL;
        if (was != NEXT && was != UNREADABLE && was != OVER) {
            if (c->it == NULL) c->doing = NEXT; /* dropped */
            /* First what is to be done with it anyway. */
            if (c->it != NULL && c->it->work.stage != DAF_SHELF_AT_REST)
                return DAF_OK;
        }
        if (c->doing != OVER) err = unit(c);
        out->has_changed |= was == MEND && c->doing == NEXT;
        out->content = c->content;
        out->is_over = c->doing == OVER || err != DAF_OK;
        out->found = c->found;
    } while (!out->is_over && !out->has_changed &&
             !daf_shelf_turn_is_over(c->s));
    return err;
}

void daf_shelf_check_end(struct daf_shelf_check *c)
{
    if (c == NULL) return;
    free(c->bad_parts);
    free(c);
}

enum daf_err daf_shelf_check(struct daf_shelf *s, bool mend,
                             daf_shelf_bad_fn bad, void *ctx, uint64_t *out_bad)
{
    struct daf_shelf_check *c;
    struct daf_shelf_checked now = {.is_over = false};
    enum daf_err err = daf_shelf_check_begin(s, mend, bad, ctx, &c);

    assert(s->turns.is_over == NULL);
    while (err == DAF_OK && !now.is_over)
        err = daf_shelf_check_work(c, &now);
    *out_bad = now.found;
    daf_shelf_check_end(c);
    return err;
}
