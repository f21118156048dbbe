/* SPDX-License-Identifier: Apache-2.0 */
/* An item's file list becomes known: is it good, is there room for what it names,
 * and what of that is there already. */
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

/* Whether a file was made, and how long of what it will be. */
static bool file_there(struct daf_shelf *s, struct daf_shelf_kept *it,
                       const struct daf_shelf_span *f, uint64_t *out_size)
{
    enum daf_err err;
    int root, fd = -1;

    *out_size = 0;
    err = daf_shelf_files_root(s, it, &root);
    if (err == DAF_OK)
        err = daf_shelf_disk_file(&s->disk, root, f->path, O_RDONLY, &fd);
    if (err == DAF_OK) err = daf_shelf_disk_size(&s->disk, fd, out_size);
    daf_shelf_disk_close(fd);
    if (*out_size > f->size) *out_size = f->size;
    return err == DAF_OK;
}

/* What a file's chunks take. */
static uint64_t file_takes(struct daf_shelf *s, const struct daf_shelf_kept *it,
                           const struct daf_shelf_span *f, bool only_held)
{
    uint64_t takes = 0;

    for (uint32_t n = 0; n < f->chunks; n++) {
        uint32_t len = daf_shelf_chunk_bytes(f->size, it->chunk_bytes, n);

        if ((!only_held || daf_shelf_bit(it->bits, f->first + n)) &&
            !daf_shelf_is_zeros(s, hash_of(f, n), len))
            takes += daf_shelf_blocks(s, len);
    }
    return takes;
}

static uint64_t file_needs(struct daf_shelf *s, const struct daf_shelf_kept *it,
                           const struct daf_shelf_span *f)
{
    return s->has_holes ? file_takes(s, it, f, false)
                        : daf_shelf_blocks(s, f->size);
}

/* Of that, what is on the disk already, where @size of it is. */
static uint64_t file_took(struct daf_shelf *s, const struct daf_shelf_kept *it,
                          const struct daf_shelf_span *f, uint64_t size)
{
    return s->has_holes ? file_takes(s, it, f, true)
                        : daf_shelf_blocks(s, size);
}

/* File @at of the list, and the folders that the one before has not: a block for
 * each, beside the bytes of its chunks. */
static uint64_t file_names(const struct daf_shelf_files *l, uint32_t at)
{
    struct daf_view before = {NULL, 0};
    size_t folders;

    if (at > 0) before = l->spans[at - 1].path;
    (void)daf_shelf_files_shared(before, l->spans[at].path, &folders);
    return folders + 1;
}

uint64_t daf_shelf_need(struct daf_shelf *s, const struct daf_shelf_kept *it,
                        const struct daf_shelf_files *l)
{
    uint64_t need = daf_shelf_item_base(s, it);

    for (uint32_t i = 0; i < it->files; i++)
        need += file_names(l, i) * s->block + file_needs(s, it, &l->spans[i]);
    return need;
}

/* Written down at once: a restart knows it before it has read the list. */
static enum daf_err keep_need(struct daf_shelf *s, struct daf_shelf_kept *it,
                              uint64_t need)
{
    enum daf_err err = DAF_OK;
    int folder;

    if (s->is_owner && need != it->need) {
        err = daf_shelf_item_folder(s, &it->content, &folder);
        if (err != DAF_OK) return err;
        err = daf_shelf_item_keep(s, folder, it->wishes, need);
        daf_shelf_disk_close(folder);
    }
    if (err == DAF_OK) it->need = need;
    return err;
}

/* What cannot be had leaves what was reserved before: of what is on the disk only
 * the part that is known as held is counted here. */
static enum daf_err reserve(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    const struct daf_shelf_progress *w = &it->work;
    uint64_t before = it->reserved, base = daf_shelf_item_base(s, it);
    uint64_t need = base + w->need;
    struct daf_shelf_rooms rooms;
    enum daf_err err = DAF_EFULL;

    it->reserved = base + w->taken;
    it->taken = daf_shelf_blocks(s, it->list_bytes) + w->taken;
    rooms = daf_shelf_rooms(s);
    if (need - it->reserved <= rooms.budget &&
        need - it->reserved <= rooms.disk &&
        w->names + DAF_SHELF_BASE_FILES <= rooms.files)
        err = keep_need(s, it, need);
    if (err == DAF_OK) {
        it->reserved = need;
        it->names = w->names;
    } else if (it->reserved < before)
        it->reserved = before;
    return err;
}

enum daf_err daf_shelf_unit_need(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    struct daf_shelf_progress *w = &it->work;
    struct daf_shelf_files *l;
    uint64_t names, size;
    enum daf_err err = daf_shelf_files_get(s, it, &l);

    if (err == DAF_EFORM) {
        it->is_condemned = true;
        w->stage = DAF_SHELF_AT_REST;
        return DAF_OK;
    }
    if (err != DAF_OK) return err;
    names = file_names(l, w->file);
    w->need += names * s->block + file_needs(s, it, &l->spans[w->file]);
    if (!file_there(s, it, &l->spans[w->file], &size)) w->names += names;
    w->taken += file_took(s, it, &l->spans[w->file], size);
    if (++w->file < it->files) return DAF_OK;
    w->file = w->chunk = 0;
    w->stage = DAF_SHELF_AT_FILES;
    if (s->is_owner && !s->has_holes) w->stage = DAF_SHELF_AT_GROW;
    return reserve(s, it);
}

/* ---- its files, of full length and with holes */

struct settling {
    struct daf_shelf *s;
    struct daf_shelf_kept *it;
    const struct daf_shelf_span *f;
    int fd;
    bool was_there; /* so there may be something in it */
    bool has_hashed;
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

/* With the folders above it, of whatever length. */
static enum daf_err open_file(struct settling *g,
                              const struct daf_shelf_files *l, uint64_t *out)
{
    struct daf_shelf_disk *d = &g->s->disk;
    struct daf_view before = {NULL, 0};
    enum daf_err err;
    int root;

    err = daf_shelf_files_root(g->s, g->it, &root);
    if (err != DAF_OK) return err;
    if (g->f > l->spans) before = g->f[-1].path;
    err = daf_shelf_files_make_folders(g->s, root, before, g->f->path);
    if (err == DAF_OK)
        err = daf_shelf_disk_file(d, root, g->f->path, O_RDWR, &g->fd);
    g->was_there = err == DAF_OK;
    if (err == DAF_ENOTFOUND)
        err = daf_shelf_disk_file(d, root, g->f->path,
                                  O_RDWR | O_CREAT | O_EXCL, &g->fd);
    *out = 0;
    if (err == DAF_OK) err = daf_shelf_disk_size(d, g->fd, out);
    if (err != DAF_OK) return err;
    if (!g->was_there || *out != g->f->size) distrust(g);
    return daf_shelf_disk_fits(d, g->fd, g->f->size);
}

static enum daf_err make_file(struct settling *g,
                              const struct daf_shelf_files *l)
{
    uint64_t size;
    enum daf_err err = open_file(g, l, &size);

    if (err != DAF_OK || size == g->f->size) return err;
    return daf_shelf_disk_resize(&g->s->disk, g->fd, g->f->size);
}

/* ---- where there are no holes */

/* What is made longer is to be written: here, or the system would write all of it
 * in one call. */
static enum daf_err grow(struct settling *g, const struct daf_shelf_files *l,
                         bool *out_done)
{
    uint64_t size, len;
    enum daf_err err = open_file(g, l, &size);

    if (err == DAF_OK && size > g->f->size) {
        size = g->f->size;
        err = daf_shelf_disk_resize(&g->s->disk, g->fd, size);
    }
    if (err != DAF_OK) return err;
    len = g->f->size - size;
    if (len > DAF_SHELF_GROW) len = DAF_SHELF_GROW;
    err = write_zeros(g, size, (uint32_t)len);
    if (err != DAF_OK) return err;
    g->it->taken +=
        daf_shelf_blocks(g->s, size + len) - daf_shelf_blocks(g->s, size);
    *out_done = size + len == g->f->size;
    return DAF_OK;
}

/* So much of a file; all are of their length before anything in one is looked at. */
enum daf_err daf_shelf_unit_grow(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    struct settling g = {.s = s, .it = it, .fd = -1};
    struct daf_shelf_progress *w = &it->work;
    struct daf_shelf_files *l;
    enum daf_err err = daf_shelf_files_get(s, it, &l);
    bool is_done = false;

    if (err != DAF_OK) return err;
    g.f = &l->spans[w->file];
    err = grow(&g, l, &is_done);
    daf_shelf_disk_close(g.fd);
    if (err != DAF_OK || !is_done || ++w->file < it->files) return err;
    w->file = 0;
    w->stage = DAF_SHELF_AT_FILES;
    return DAF_OK;
}

/* ---- what is in them */

/* R68: zeros are known; they are noted by the file list.  Anything else is held
 * if it is there, as after a kill. */
static enum daf_err settle_chunk(struct settling *g, uint32_t n)
{
    uint32_t len = daf_shelf_chunk_bytes(g->f->size, g->it->chunk_bytes, n);
    uint64_t at = (uint64_t)n * g->it->chunk_bytes;
    uint32_t part = g->f->first + n;
    bool is_zeros = daf_shelf_is_zeros(g->s, hash_of(g->f, n), len);
    /* Without holes all of it has data: to hash that at each start would take
     * minutes, so what was not noted comes again; zeros, which do not come, are
     * looked at: a power cut may have left something else there. */
    bool has_data = g->was_there &&
                    (g->s->has_holes || g->it->is_have_wrong || is_zeros) &&
                    daf_shelf_disk_data(g->fd, at, at + len) < at + len;
    enum daf_err err = DAF_OK;
    bool is_right = false;
    struct daf_hash h;

    if (has_data) {
        g->has_hashed = true;
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

/* The next chunks of the file, up to one that had to be hashed. */
static enum daf_err settle_chunks(struct settling *g)
{
    struct daf_shelf_progress *w = &g->it->work;
    enum daf_err err = DAF_OK;

    g->has_hashed = false;
    while (err == DAF_OK && !g->has_hashed && w->chunk < g->f->chunks) {
        uint32_t n = w->chunk++;

        if (!daf_shelf_bit(g->it->bits, g->f->first + n))
            err = settle_chunk(g, n);
    }
    return err;
}

static enum daf_err settle_file(struct settling *g, struct daf_shelf_files *l)
{
    enum daf_err err = DAF_OK;

    if (g->s->is_owner) {
        err = make_file(g, l);
        /* What is cut, or zeroed, is to be synced. */
        daf_shelf_bit_set(l->synced, g->it->work.file, false);
    }
    if (err == DAF_OK) err = settle_chunks(g);
    daf_shelf_disk_close(g->fd);
    return err;
}

/* A file, or one chunk of it that had to be hashed.  What is right is noted while
 * this goes on, so that an end in the middle costs little of it: a note of a file
 * whose folder is not synced yet counts for nothing if the file goes. */
enum daf_err daf_shelf_unit_files(struct daf_shelf *s,
                                  struct daf_shelf_kept *it)
{
    struct settling g = {.s = s, .it = it, .fd = -1};
    struct daf_shelf_progress *w = &it->work;
    struct daf_shelf_files *l;
    enum daf_err err = daf_shelf_files_get(s, it, &l);

    if (err != DAF_OK) return err;
    g.f = &l->spans[w->file];
    err = settle_file(&g, l);
    if (err != DAF_OK) return err;
    if (w->chunk == g.f->chunks) {
        w->file++;
        w->chunk = 0;
    }
    if (w->file == it->files) {
        w->file = 0;
        w->stage = DAF_SHELF_AT_FOLDERS;
    } else if (it->unsynced >= DAF_SHELF_GROUP_BYTES / 2) {
        w->after = DAF_SHELF_AT_FILES;
        w->stage = DAF_SHELF_AT_NOTE;
        w->note = 0;
        w->syncs_all = false;
    }
    return DAF_OK;
}

void daf_shelf_settled(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    struct daf_shelf_progress *w = &it->work;

    it->has_list = true;
    it->names = 0;
    w->note = w->whole = 0;
    w->after = DAF_SHELF_AT_REST;
    w->syncs_all = it->is_have_wrong;
    w->stage = DAF_SHELF_AT_REST;
    if (s->is_owner && it->held == it->parts)
        w->stage = DAF_SHELF_AT_WHOLE;
    else if (s->is_owner && w->is_starting)
        w->stage = DAF_SHELF_AT_NOTE;
}

/* Files were first, now the folders that name them: no part is known as held
 * before there is a file for it. */
enum daf_err daf_shelf_unit_folders(struct daf_shelf *s,
                                    struct daf_shelf_kept *it)
{
    struct daf_shelf_progress *w = &it->work;
    struct daf_view before = {NULL, 0};
    struct daf_shelf_files *l;
    enum daf_err err = daf_shelf_files_get(s, it, &l);
    int root;

    if (err == DAF_OK) err = daf_shelf_files_root(s, it, &root);
    if (err != DAF_OK) return err;
    if (w->file > 0) before = l->spans[w->file - 1].path;
    if (s->is_owner)
        err = daf_shelf_files_sync_folders(s, root, before,
                                           l->spans[w->file].path);
    if (err != DAF_OK || ++w->file < it->files) return err;
    if (s->is_owner) err = daf_shelf_disk_sync(&s->disk, root);
    if (err != DAF_OK) return err;
    w->chunk = 0;
    w->is_seeking = false;
    w->stage = DAF_SHELF_AT_REUSE;
    if (!s->is_owner || it->held == it->parts) daf_shelf_settled(s, it);
    return DAF_OK;
}

/* A disk that is full may have room again; anything else may not mend. */
void daf_shelf_unknown(struct daf_shelf *s, struct daf_shelf_kept *it,
                       enum daf_err why)
{
    struct daf_shelf_files *l;

    it->names = 0;
    if (why == DAF_EFULL || it->need == 0 ||
        daf_shelf_files_get(s, it, &l) != DAF_OK)
        return;
    it->reserved = daf_shelf_item_base(s, it);
    for (uint32_t i = 0; i < it->files; i++) {
        uint64_t size = 0;

        if (!s->has_holes) (void)file_there(s, it, &l->spans[i], &size);
        it->reserved += file_took(s, it, &l->spans[i], size);
    }
    why = keep_need(s, it, 0);
    (void)why; /* if not, it is reserved again at the next start */
    it->need = 0;
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

enum daf_err daf_shelf_unit_pages(struct daf_shelf *s,
                                  struct daf_shelf_kept *it)
{
    struct daf_shelf_progress *w = &it->work;
    enum daf_err err;
    int folder, fd = -1;

    err = daf_shelf_item_folder(s, &it->content, &folder);
    if (err != DAF_OK) return err;
    err = daf_shelf_disk_open(&s->disk, folder, "list", O_RDWR | O_CREAT, 0600,
                              &fd);
    if (err == DAF_OK)
        err = daf_shelf_disk_resize(&s->disk, fd, it->list_bytes);
    if (err == DAF_OK) settle_page(s, it, fd, w->page);
    daf_shelf_disk_close(fd);
    daf_shelf_disk_close(folder);
    if (err != DAF_OK || ++w->page < it->pages) return err;
    w->syncs_all = false;
    w->stage = daf_shelf_has_pages(it) ? DAF_SHELF_AT_NEED : DAF_SHELF_AT_NOTE;
    return DAF_OK;
}
