/* SPDX-License-Identifier: Apache-2.0 */
/* Parts come in, are noted, and go out. */
#include <assert.h>
#include <fcntl.h>
#include <unistd.h>

#include "store/shelf_impl.h"

/* ---- what is held */

void daf_shelf_mark(struct daf_shelf *s, struct daf_shelf_kept *it,
                    uint32_t part, uint32_t len, bool held)
{
    bool is_noted = daf_shelf_bit(it->noted, part);
    /* Without holes its place was made before. */
    uint64_t takes = s->has_holes ? daf_shelf_blocks(s, len) : 0;

    if (daf_shelf_bit(it->bits, part) == held) return;
    daf_shelf_bit_set(it->bits, part, held);
    daf_shelf_bit_set(it->noted, part, false);
    if (held) {
        it->held++;
        it->taken += takes;
        it->unsynced += len;
        s->unsynced += len;
        return;
    }
    it->held--;
    it->taken -= takes < it->taken ? takes : it->taken;
    if (is_noted) return;
    it->unsynced -= len;
    s->unsynced -= len;
}

/* What it took of the disk stays taken: it is there, whatever it says. */
void daf_shelf_unnoted_lost(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    for (uint32_t i = 0; i < it->parts; i++) {
        if (!daf_shelf_bit(it->bits, i) || daf_shelf_bit(it->noted, i))
            continue;
        daf_shelf_bit_set(it->bits, i, false);
        it->held--;
        if (i < it->pages) it->has_list = false;
    }
    if (!it->has_list) daf_shelf_files_drop(it);
    daf_shelf_forget_item(s, it); /* its bytes may be lost just so */
    s->unsynced -= it->unsynced;
    it->unsynced = 0;
}

enum daf_err daf_shelf_place(struct daf_shelf *s, struct daf_shelf_kept *it,
                             uint32_t part, struct daf_shelf_place *out)
{
    const struct daf_shelf_span *f;
    struct daf_shelf_files *l;
    uint32_t n;
    enum daf_err err;

    if (part < it->pages) {
        uint64_t at = (uint64_t)part * DAF_PAGE_BYTES;

        out->hash = it->page_hashes + (size_t)part * DAF_SHELF_HASH_BYTES;
        out->file = DAF_SHELF_OF_LIST;
        out->offset = at;
        out->len = daf_shelf_chunk_bytes(it->list_bytes, DAF_PAGE_BYTES, part);
        return DAF_OK;
    }
    if (!it->has_list) return DAF_EBUSY;
    err = daf_shelf_files_get(s, it, &l);
    if (err != DAF_OK) return daf_shelf_of_disk(err);
    out->file = daf_shelf_files_at(it, l, part);
    f = &l->spans[out->file];
    n = part - f->first;
    out->hash = f->hashes + (size_t)n * DAF_SHELF_HASH_BYTES;
    out->offset = (uint64_t)n * it->chunk_bytes;
    out->len = daf_shelf_chunk_bytes(f->size, it->chunk_bytes, n);
    return DAF_OK;
}

uint64_t daf_shelf_unsynced(const struct daf_shelf *s)
{
    return s->unsynced;
}

/* ---- what is on its way */

void daf_shelf_forget(struct daf_shelf *s, uint32_t sender)
{
    for (size_t i = 0; i < DAF_SHELF_RECEIVING_MAX; i++) {
        if (s->receiving[i].sender == sender) s->receiving[i].it = NULL;
    }
}

void daf_shelf_forget_item(struct daf_shelf *s, const struct daf_shelf_kept *it)
{
    for (size_t i = 0; i < DAF_SHELF_RECEIVING_MAX; i++) {
        if (s->receiving[i].it == it) s->receiving[i].it = NULL;
    }
}

/* What comes: bytes of a part. */
struct piece {
    struct daf_shelf_kept *it;
    uint32_t part, sender;
    uint64_t offset;
    struct daf_view bytes;
    struct daf_shelf_place place;
};

static bool is_of(const struct daf_shelf_receiving *r, const struct piece *p)
{
    return r->it == p->it && r->part == p->part;
}

/* Where what came before is noted, or a new place for a first piece.  NULL: it is
 * not the next one.  A sender has one place: parts come in order (R65), and what
 * it began before will not go on. */
static struct daf_shelf_receiving *find(struct daf_shelf *s,
                                        const struct piece *p)
{
    struct daf_shelf_receiving *own = NULL, *empty = NULL;

    for (size_t i = 0; i < DAF_SHELF_RECEIVING_MAX; i++) {
        struct daf_shelf_receiving *r = &s->receiving[i];

        if (r->it == NULL)
            empty = r;
        else if (r->sender == p->sender)
            own = r;
        else if (is_of(r, p))
            return NULL;
    }
    if (own != NULL) {
        bool is_same = is_of(own, p);

        if (is_same && own->at == p->offset &&
            p->bytes.len <= p->place.len - own->at)
            return own;
        own->it = NULL;
        if (is_same) return NULL;
        empty = own;
    }
    if (p->offset != 0 || p->bytes.len > p->place.len || empty == NULL)
        return NULL;
    empty->it = p->it;
    empty->part = p->part;
    empty->sender = p->sender;
    empty->at = 0;
    daf_hash_begin(&empty->hash,
                   p->part < p->it->pages ? "daf.page.1" : DAF_CHUNK_CONTEXT);
    return empty;
}

static enum daf_err write_list(struct daf_shelf *s, const struct piece *p)
{
    enum daf_err err;
    int folder, fd = -1;

    err = daf_shelf_item_folder(s, &p->it->content, &folder);
    if (err != DAF_OK) return err;
    err = daf_shelf_disk_open(&s->disk, folder, "list", O_RDWR, 0, &fd);
    if (err == DAF_OK)
        err = daf_shelf_disk_write(&s->disk, fd, p->place.offset + p->offset,
                                   p->bytes);
    daf_shelf_disk_close(fd);
    daf_shelf_disk_close(folder);
    return err;
}

static enum daf_err write_piece(struct daf_shelf *s, const struct piece *p)
{
    enum daf_err err;
    int fd;

    if (p->place.file == DAF_SHELF_OF_LIST)
        err = write_list(s, p);
    else {
        err = daf_shelf_files_fd(s, p->it, p->place.file, true, &fd);
        daf_shelf_bit_set(p->it->list->synced, p->place.file, false);
        if (err == DAF_OK)
            err = daf_shelf_disk_write(&s->disk, fd,
                                       p->place.offset + p->offset, p->bytes);
    }
    return daf_shelf_of_disk(err);
}

/* ---- a part is there */

/* What has come of it.  Of long work that has only begun the end is told by
 * daf_shelf_work(). */
static enum daf_shelf_put became(const struct piece *p)
{
    const struct daf_shelf_kept *it = p->it;

    if (it->work.stage != DAF_SHELF_AT_REST) return DAF_SHELF_PART;
    if (it->is_whole) return DAF_SHELF_WHOLE;
    if (p->part >= it->pages) return DAF_SHELF_PART;
    if (it->is_condemned) return DAF_SHELF_CONDEMNED;
    return it->has_list ? DAF_SHELF_LIST : DAF_SHELF_PART;
}

/* DAF_EFULL of a page: it is held, and there is no room for what the list names. */
static enum daf_err held(struct daf_shelf *s, const struct piece *p,
                         enum daf_shelf_put *out)
{
    struct daf_shelf_kept *it = p->it;
    enum daf_err err = DAF_OK;

    daf_shelf_mark(s, it, p->part, p->place.len, true);
    if (p->part < it->pages && daf_shelf_has_pages(it))
        err = daf_shelf_known(s, it);
    else if (it->has_list && it->held == it->parts)
        err = daf_shelf_finish(s, it);
    *out = became(p);
    if (err == DAF_OK || (err == DAF_EFULL && p->part < it->pages)) return err;
    if (!daf_shelf_bit(it->noted, p->part))
        daf_shelf_mark(s, it, p->part, p->place.len, false);
    if (p->part < it->pages) it->has_list = false;
    return err;
}

static enum daf_err take(struct daf_shelf *s, const struct piece *p,
                         enum daf_shelf_put *out)
{
    struct daf_shelf_receiving *r = find(s, p);
    struct daf_hash h;
    enum daf_err err;

    *out = DAF_SHELF_ODD;
    if (r == NULL) return DAF_OK;
    *out = DAF_SHELF_MORE;
    daf_hash_add(&r->hash, p->bytes);
    r->at += p->bytes.len;
    err = write_piece(s, p);
    if (err == DAF_OK && r->at < p->place.len) return DAF_OK;
    r->it = NULL;
    if (err != DAF_OK) return err;
    daf_hash_end(&r->hash, h.b);
    if (memcmp(h.b, p->place.hash, sizeof(h.b)) == 0) return held(s, p, out);
    *out = DAF_SHELF_BAD;
    return DAF_OK;
}

/* What there is to say of a part without looking at its bytes. */
static bool is_settled(const struct piece *p, enum daf_shelf_put *out)
{
    bool holds = daf_shelf_holds(p->it, p->part);

    *out = holds ? DAF_SHELF_KNOWN : DAF_SHELF_CONDEMNED;
    return holds || p->it->is_condemned;
}

static enum daf_err put(struct daf_shelf *s, struct piece *p,
                        enum daf_shelf_put *out)
{
    enum daf_err err = DAF_OK;

    if (p->it == NULL || p->part >= p->it->parts) return DAF_ENOTFOUND;
    if (s->unsynced >= DAF_SHELF_GROUP_BYTES) err = daf_shelf_sync(s);
    if (err != DAF_OK) return err;
    if (daf_shelf_has_work(s, true)) return DAF_EBUSY;
    p->it->fetched += p->bytes.len;
    if (!p->it->is_whole) daf_shelf_have_fetched(s, p->it);
    if (is_settled(p, out)) return DAF_OK;
    if (daf_shelf_is_settling(p->it)) return DAF_EBUSY;
    /* There was no room for what the list names: daf_shelf_add() looks again. */
    if (p->part >= p->it->pages && !p->it->has_list &&
        daf_shelf_has_pages(p->it))
        return DAF_EFULL;
    *out = DAF_SHELF_ODD;
    err = daf_shelf_place(s, p->it, p->part, &p->place);
    if (err == DAF_EBUSY) return DAF_OK; /* a chunk, and pages lack */
    return err == DAF_OK ? take(s, p, out) : err;
}

/* A CHUNK, its sender, and the answer.
 * NOLINTNEXTLINE(readability-function-size) */
enum daf_err daf_shelf_put(struct daf_shelf *s, const struct daf_hash *content,
                           uint32_t part, uint32_t sender, uint64_t offset,
                           struct daf_view bytes, enum daf_shelf_put *out)
{
    struct piece p = {daf_shelf_get(s, content),
                      part,
                      sender,
                      offset,
                      bytes,
                      {NULL, 0, 0, 0}};
    enum daf_err err;

    assert(s->is_owner);
    err = put(s, &p, out);
    /* This piece is lost, and others may send the part. */
    if (err != DAF_OK) daf_shelf_forget(s, sender);
    return err;
}

/* ---- going out */

enum daf_err daf_shelf_part_bytes(struct daf_shelf *s,
                                  const struct daf_hash *content, uint32_t part,
                                  uint32_t *out_bytes)
{
    struct daf_shelf_kept *it = daf_shelf_get(s, content);
    struct daf_shelf_place at;
    enum daf_err err;

    if (it == NULL || part >= it->parts) return DAF_ENOTFOUND;
    err = daf_shelf_place(s, it, part, &at);
    if (err == DAF_OK) *out_bytes = at.len;
    return err;
}

/* The descriptor of a part's file; *@out_own: the caller closes it. */
static enum daf_err open_place(struct daf_shelf *s, struct daf_shelf_kept *it,
                               const struct daf_shelf_place *at, int *out,
                               int *out_own)
{
    enum daf_err err;
    int folder;

    *out = *out_own = -1;
    if (at->file != DAF_SHELF_OF_LIST)
        return daf_shelf_files_fd(s, it, at->file, false, out);
    err = daf_shelf_item_folder(s, &it->content, &folder);
    if (err != DAF_OK) return err;
    err = daf_shelf_disk_open(&s->disk, folder, "list", O_RDONLY, 0, out);
    daf_shelf_disk_close(folder);
    *out_own = *out;
    return err;
}

enum daf_err daf_shelf_read(struct daf_shelf *s, const struct daf_hash *content,
                            uint32_t part, uint64_t offset, uint8_t *out,
                            size_t *len)
{
    struct daf_shelf_kept *it = daf_shelf_get(s, content);
    struct daf_shelf_place at;
    enum daf_err err;
    int fd, own;
    size_t got;

    if (it == NULL || part >= it->parts || !daf_shelf_holds(it, part))
        return DAF_ENOTFOUND;
    err = daf_shelf_place(s, it, part, &at);
    if (err != DAF_OK) return err == DAF_EBUSY ? DAF_ENOTFOUND : err;
    if (offset > at.len) offset = at.len;
    if (*len > at.len - offset) *len = at.len - (size_t)offset;
    got = *len;
    err = open_place(s, it, &at, &fd, &own);
    if (err == DAF_OK)
        err = daf_shelf_disk_read(&s->disk, fd, at.offset + offset, out, &got);
    daf_shelf_disk_close(own);
    if (err == DAF_OK && got < *len) err = DAF_EIO; /* somebody has cut it */
    return daf_shelf_of_disk(err);
}

enum daf_err daf_shelf_file(struct daf_shelf *s, const struct daf_hash *content,
                            const char *path, struct daf_shelf_file *out)
{
    struct daf_shelf_kept *it = daf_shelf_get(s, content);
    struct daf_view p = {(const uint8_t *)path, strlen(path)};
    enum daf_err err;
    int folder, files;

    *out = (struct daf_shelf_file){-1, 0};
    if (!daf_filelist_is_safe(p)) return DAF_EFORM;
    if (it == NULL || !it->is_whole) return DAF_ENOTFOUND;
    err = daf_shelf_item_folder(s, content, &folder);
    if (err != DAF_OK) return err;
    err = daf_shelf_disk_folder(&s->disk, folder, "files", &files);
    daf_shelf_disk_close(folder);
    if (err != DAF_OK) return err;
    err = daf_shelf_disk_file(&s->disk, files, p, O_RDONLY, &out->fd);
    daf_shelf_disk_close(files);
    if (err != DAF_OK) return err;
    err = daf_shelf_disk_size(&s->disk, out->fd, &out->size);
    if (err == DAF_OK) return DAF_OK;
    daf_shelf_disk_close(out->fd);
    out->fd = -1;
    return err;
}

enum daf_err daf_shelf_list(struct daf_shelf *s, const struct daf_hash *content,
                            struct daf_view *out)
{
    struct daf_shelf_kept *it = daf_shelf_get(s, content);
    struct daf_shelf_files *l;
    enum daf_err err;

    if (it == NULL || !it->has_list) return DAF_ENOTFOUND;
    err = daf_shelf_files_get(s, it, &l);
    if (err != DAF_OK) return daf_shelf_of_disk(err);
    *out = (struct daf_view){l->bytes, it->list_bytes};
    return DAF_OK;
}
