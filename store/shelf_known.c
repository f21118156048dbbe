/* SPDX-License-Identifier: Apache-2.0 */
/* Two moments in an item's life: its file list becomes known, and nothing lacks
 * any more. */
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/shelf_impl.h"

bool daf_shelf_has_pages(const struct daf_shelf_kept *it)
{
    for (uint32_t i = 0; i < it->pages; i++) {
        if (!daf_shelf_holds(it, i)) return false;
    }
    return true;
}

static const uint8_t *hash_of(const struct daf_shelf_span *f, uint32_t n)
{
    return f->hashes + (size_t)n * DAF_SHELF_HASH_BYTES;
}

/* ---- what it takes */

/* What it takes where there are no holes: as far as it was made. */
static uint64_t length_there(struct daf_shelf *s, struct daf_shelf_kept *it,
                             const struct daf_shelf_span *f)
{
    uint64_t size = 0;
    enum daf_err err;
    int root, fd = -1;

    err = daf_shelf_files_root(s, it, &root);
    if (err == DAF_OK)
        err = daf_shelf_disk_file(&s->disk, root, f->path, O_RDONLY, &fd);
    if (err == DAF_OK) err = daf_shelf_disk_size(&s->disk, fd, &size);
    daf_shelf_disk_close(fd);
    return err == DAF_OK ? daf_shelf_blocks(s, size) : 0;
}

/* Of a file's chunks: those held, or all. */
static uint64_t file_takes(struct daf_shelf *s, struct daf_shelf_kept *it,
                           const struct daf_shelf_span *f, bool held)
{
    uint64_t takes = 0;

    if (!s->has_holes && !held) return daf_shelf_blocks(s, f->size);
    if (!s->has_holes) return length_there(s, it, f);
    for (uint32_t n = 0; n < f->chunks; n++) {
        uint32_t len = daf_shelf_chunk_bytes(f->size, it->chunk_bytes, n);

        if ((!held || daf_shelf_bit(it->bits, f->first + n)) &&
            !daf_shelf_is_zeros(s, hash_of(f, n), len))
            takes += daf_shelf_blocks(s, len);
    }
    return takes;
}

/* Files and folders, a block for each beside the bytes of its chunks. */
static uint64_t count_names(const struct daf_shelf_kept *it,
                            const struct daf_shelf_files *l)
{
    struct daf_view before = {NULL, 0};
    uint64_t names = it->files;

    for (uint32_t i = 0; i < it->files; i++) {
        size_t folders;

        (void)daf_shelf_files_shared(before, l->spans[i].path, &folders);
        before = l->spans[i].path;
        names += folders;
    }
    return names;
}

uint64_t daf_shelf_need(struct daf_shelf *s, struct daf_shelf_kept *it,
                        const struct daf_shelf_files *l)
{
    uint64_t need = daf_shelf_item_base(s, it) + count_names(it, l) * s->block;

    for (uint32_t i = 0; i < it->files; i++)
        need += file_takes(s, it, &l->spans[i], false);
    return need;
}

/* Of that, what is on the disk already. */
static uint64_t chunks_taken(struct daf_shelf *s, struct daf_shelf_kept *it,
                             const struct daf_shelf_files *l)
{
    uint64_t taken = 0;

    for (uint32_t i = 0; i < it->files; i++)
        taken += file_takes(s, it, &l->spans[i], true);
    return taken;
}

static enum daf_err reserve(struct daf_shelf *s, struct daf_shelf_kept *it,
                            const struct daf_shelf_files *l)
{
    uint64_t need = daf_shelf_need(s, it, l), taken = chunks_taken(s, it, l);
    struct daf_shelf_rooms rooms;

    it->reserved = daf_shelf_item_base(s, it) + taken;
    it->taken = daf_shelf_blocks(s, it->list_bytes) + taken;
    rooms = daf_shelf_rooms(s);
    if (need - it->reserved > rooms.budget ||
        need - it->reserved > rooms.disk ||
        count_names(it, l) + DAF_SHELF_BASE_FILES > rooms.files)
        return DAF_EFULL;
    it->need = it->reserved = need;
    return DAF_OK;
}

/* ---- its files, of full length and with holes */

struct settling {
    struct daf_shelf *s;
    struct daf_shelf_kept *it;
    const struct daf_shelf_span *f;
    int fd;
    bool was_there; /* so there may be something in it */
};

/* Notes of a file that has gone, or was cut, are worth nothing. */
static void distrust(struct settling *g)
{
    for (uint32_t n = 0; n < g->f->chunks; n++) {
        if (!daf_shelf_bit(g->it->bits, g->f->first + n)) continue;
        daf_shelf_mark(g->s, g->it, g->f->first + n,
                       daf_shelf_chunk_bytes(g->f->size, g->it->chunk_bytes, n),
                       false);
        g->it->is_have_wrong = true;
    }
}

static enum daf_err write_zeros(struct settling *g, uint64_t at, uint32_t len)
{
    static const uint8_t zeros[DAF_SHELF_BUFFER];
    enum daf_err err = DAF_OK;

    while (err == DAF_OK && len > 0) {
        uint32_t n = len < sizeof(zeros) ? len : (uint32_t)sizeof(zeros);

        err = daf_shelf_disk_write(&g->s->disk, g->fd, at,
                                   (struct daf_view){zeros, n});
        at += n;
        len -= n;
    }
    return err;
}

/* Where there are no holes to be made longer is to be written: here, so much in one
 * call, as the system would write all of it in one.  DAF_EBUSY: there is more. */
static enum daf_err grow(struct settling *g, uint64_t size)
{
    while (size < g->f->size && g->s->grow_left > 0) {
        uint64_t len = g->f->size - size;
        enum daf_err err;

        if (len > g->s->grow_left) len = g->s->grow_left;
        err = write_zeros(g, size, (uint32_t)len);
        if (err != DAF_OK) return err;
        size += len;
        g->s->grow_left -= len;
    }
    return size < g->f->size ? DAF_EBUSY : DAF_OK;
}

static enum daf_err make_length(struct settling *g, uint64_t size)
{
    enum daf_err err = daf_shelf_disk_fits(&g->s->disk, g->fd, g->f->size);

    if (err != DAF_OK || size == g->f->size) return err;
    if (!g->s->has_holes && size < g->f->size) return grow(g, size);
    return daf_shelf_disk_resize(&g->s->disk, g->fd, g->f->size);
}

static enum daf_err make_file(struct settling *g, int root)
{
    struct daf_shelf_disk *d = &g->s->disk;
    uint64_t size = 0;
    enum daf_err err = daf_shelf_disk_file(d, root, g->f->path, O_RDWR, &g->fd);

    g->was_there = err == DAF_OK;
    if (err == DAF_ENOTFOUND)
        err = daf_shelf_disk_file(d, root, g->f->path,
                                  O_RDWR | O_CREAT | O_EXCL, &g->fd);
    if (err == DAF_OK) err = daf_shelf_disk_size(d, g->fd, &size);
    if (err != DAF_OK) return err;
    if (!g->was_there || size != g->f->size) distrust(g);
    return make_length(g, size);
}

/* R68: zeros are known; they are noted by the file list.  Anything else is held
 * if it is there, as after a kill. */
static enum daf_err settle_chunk(struct settling *g, uint32_t n)
{
    uint32_t len = daf_shelf_chunk_bytes(g->f->size, g->it->chunk_bytes, n);
    uint64_t at = (uint64_t)n * g->it->chunk_bytes;
    uint32_t part = g->f->first + n;
    bool is_zeros = daf_shelf_is_zeros(g->s, hash_of(g->f, n), len);
    /* Without holes all of it has data: to hash that at each start would take
     * minutes, so what was not noted comes again. */
    bool has_data = g->was_there && (g->s->has_holes || g->it->is_have_wrong) &&
                    daf_shelf_disk_data(g->fd, at, at + len) < at + len;
    enum daf_err err = DAF_OK;
    bool is_right = false;
    struct daf_hash h;

    if (has_data) {
        err = daf_shelf_hash_stretch(g->s, g->fd, at, len, &h);
        is_right = err == DAF_OK && memcmp(h.b, hash_of(g->f, n), 32) == 0;
    }
    /* Something else than zeros lies where zeros belong. */
    if (err == DAF_OK && is_zeros && has_data && !is_right)
        err = write_zeros(g, at, len);
    if (err == DAF_OK && is_zeros) {
        daf_shelf_bit_set(g->it->bits, part, true);
        daf_shelf_bit_set(g->it->noted, part, true);
        g->it->held++;
    } else if (err == DAF_OK && is_right)
        daf_shelf_mark(g->s, g->it, part, len, true);
    return err;
}

static enum daf_err settle_file(struct settling *g, int root)
{
    enum daf_err err = DAF_OK;

    g->fd = -1;
    g->was_there = false;
    if (g->s->is_owner) err = make_file(g, root);
    for (uint32_t n = 0; err == DAF_OK && n < g->f->chunks; n++) {
        if (!daf_shelf_bit(g->it->bits, g->f->first + n))
            err = settle_chunk(g, n);
    }
    daf_shelf_disk_close(g->fd);
    return err;
}

/* All files of their length, before anything in them is looked at. */
static enum daf_err grow_all(struct settling *g, int root,
                             const struct daf_shelf_files *l)
{
    struct daf_view before = {NULL, 0};
    enum daf_err err = DAF_OK;

    g->s->grow_left = DAF_SHELF_GROW;
    for (uint32_t i = 0; err == DAF_OK && i < g->it->files; i++) {
        g->f = &l->spans[i];
        g->fd = -1;
        err = daf_shelf_files_make_folders(g->s, root, before, g->f->path);
        if (err == DAF_OK) err = make_file(g, root);
        daf_shelf_disk_close(g->fd);
        before = g->f->path;
    }
    return err;
}

/* Files first, then the folders that name them: no part is noted before there is
 * a file for it. */
static enum daf_err settle(struct daf_shelf *s, struct daf_shelf_kept *it,
                           const struct daf_shelf_files *l)
{
    struct settling g = {.s = s, .it = it};
    struct daf_view before = {NULL, 0};
    enum daf_err err;
    int root;

    err = daf_shelf_files_root(s, it, &root);
    if (err == DAF_OK && s->is_owner && !s->has_holes)
        err = grow_all(&g, root, l);
    for (uint32_t i = 0; err == DAF_OK && i < it->files; i++) {
        g.f = &l->spans[i];
        if (s->is_owner)
            err = daf_shelf_files_make_folders(s, root, before, g.f->path);
        if (err == DAF_OK) err = settle_file(&g, root);
        before = g.f->path;
    }
    before.len = 0;
    for (uint32_t i = 0; err == DAF_OK && s->is_owner && i < it->files; i++) {
        err = daf_shelf_files_sync_folders(s, root, before, l->spans[i].path);
        before = l->spans[i].path;
    }
    return err == DAF_OK && s->is_owner ? daf_shelf_disk_sync(&s->disk, root)
                                        : err;
}

static enum daf_err keep_need(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    enum daf_err err;
    int folder;

    err = daf_shelf_item_folder(s, &it->content, &folder);
    if (err != DAF_OK) return err;
    err = daf_shelf_item_keep(s, folder, it->wishes, it->need);
    daf_shelf_disk_close(folder);
    return err;
}

enum daf_err daf_shelf_known(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    struct daf_shelf_files *l;
    enum daf_err err = daf_shelf_files_get(s, it, &l);

    if (err == DAF_EFORM) {
        it->is_condemned = true;
        return DAF_OK;
    }
    if (err != DAF_OK) return daf_shelf_of_disk(err);
    it->is_growing = false;
    err = reserve(s, it, l);
    if (err == DAF_OK) err = settle(s, it, l);
    it->is_growing = err == DAF_EBUSY;
    if (it->is_growing) return err; /* with what was reserved */
    if (err == DAF_OK && s->is_owner) err = keep_need(s, it);
    if (err == DAF_OK) {
        it->has_list = true;
        return DAF_OK;
    }
    if (it->need > 0)
        it->reserved = daf_shelf_item_base(s, it) + chunks_taken(s, it, l);
    it->need = 0;
    return daf_shelf_of_disk(err);
}

/* ---- whole */

enum daf_err daf_shelf_sync_all(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    struct daf_shelf_files *l;
    enum daf_err err = daf_shelf_files_get(s, it, &l);

    for (uint32_t i = 0; err == DAF_OK && i < it->files; i++)
        err = daf_shelf_files_sync(s, it, i);
    return err == DAF_OK ? daf_shelf_files_sync_list(s, it) : err;
}

/* A publisher may have put its files/ beside our part/ meanwhile: as good.  If the
 * new name cannot be synced it is taken back. */
static enum daf_err rename_whole(struct daf_shelf *s, int folder)
{
    struct daf_shelf_disk *d = &s->disk;
    enum daf_err err, back;

    err = daf_shelf_disk_rename(d, folder, "part", folder, "files");
    if (err == DAF_EEXISTS) err = daf_shelf_disk_remove(d, folder, "part");
    if (err != DAF_OK) return err;
    err = daf_shelf_disk_sync(d, folder);
    if (err == DAF_OK) {
        back = daf_shelf_disk_remove(d, folder, "have");
        (void)back; /* nobody reads it again */
        return DAF_OK;
    }
    back = daf_shelf_disk_rename(d, folder, "files", folder, "part");
    (void)back; /* whole, at the next start */
    return err;
}

static enum daf_err name_whole(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    enum daf_err err;
    int folder;

    err = daf_shelf_item_folder(s, &it->content, &folder);
    if (err != DAF_OK) return err;
    err = rename_whole(s, folder);
    daf_shelf_disk_close(folder);
    return err;
}

enum daf_err daf_shelf_finish(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    enum daf_err err = daf_shelf_sync_all(s, it);

    assert(it->held == it->parts && it->has_list);
    if (err != DAF_OK) {
        if (err != DAF_ENOMEM) daf_shelf_unnoted_lost(s, it);
        return daf_shelf_of_disk(err);
    }
    err = name_whole(s, it);
    if (err != DAF_OK) return daf_shelf_of_disk(err);
    daf_shelf_files_drop(it);
    free(it->bits);
    free(it->noted);
    it->bits = it->noted = NULL;
    s->unsynced -= it->unsynced;
    it->unsynced = 0;
    it->is_whole = true;
    it->taken = it->reserved = it->need;
    return DAF_OK;
}

enum daf_err daf_shelf_known_again(struct daf_shelf *s,
                                   struct daf_shelf_kept *it)
{
    enum daf_err err;

    if (it->is_whole || it->has_list || it->is_condemned ||
        !daf_shelf_has_pages(it))
        return DAF_OK;
    err = daf_shelf_known(s, it);
    if (err == DAF_OK && it->has_list && it->held == it->parts)
        err = daf_shelf_finish(s, it);
    return err;
}

/* ---- at the start */

/* A page of which something is there, and not noted. */
static void settle_page(struct daf_shelf *s, struct daf_shelf_kept *it, int fd,
                        uint32_t page)
{
    struct daf_shelf_place at;
    struct daf_hash h;
    size_t len;

    if (daf_shelf_bit(it->bits, page) ||
        daf_shelf_place(s, it, page, &at) != DAF_OK)
        return;
    len = at.len;
    if (daf_shelf_disk_data(fd, at.offset, at.offset + len) ==
            at.offset + len ||
        daf_shelf_disk_read(&s->disk, fd, at.offset, s->buffer, &len) != DAF_OK)
        return;
    h = daf_content_page_hash((struct daf_view){s->buffer, len});
    if (memcmp(h.b, at.hash, sizeof(h.b)) == 0)
        daf_shelf_mark(s, it, page, at.len, true);
}

static enum daf_err settle_pages(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    enum daf_err err;
    int folder, fd = -1;

    err = daf_shelf_item_folder(s, &it->content, &folder);
    if (err != DAF_OK) return err;
    err = daf_shelf_disk_open(&s->disk, folder, "list", O_RDWR | O_CREAT, 0600,
                              &fd);
    if (err == DAF_OK)
        err = daf_shelf_disk_resize(&s->disk, fd, it->list_bytes);
    for (uint32_t i = 0; err == DAF_OK && i < it->pages; i++)
        settle_page(s, it, fd, i);
    daf_shelf_disk_close(fd);
    daf_shelf_disk_close(folder);
    return err;
}

void daf_shelf_start(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    enum daf_err err = DAF_OK;

    if (it->is_whole) return;
    if (s->is_owner) err = settle_pages(s, it);
    if (err == DAF_OK && daf_shelf_has_pages(it)) err = daf_shelf_known(s, it);
    if (err == DAF_OK && s->is_owner) {
        if (it->has_list && it->held == it->parts)
            err = daf_shelf_finish(s, it);
        else
            err = daf_shelf_sync_item(s, it);
    }
    (void)err; /* it stays as it is, and its trouble is told */
}
