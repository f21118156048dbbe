/* SPDX-License-Identifier: Apache-2.0 */
/* The files of an item of our own are copied, and what is written is hashed.
 *
 * The kernel copies where it can, so that on a disk that shares blocks a lesson of
 * gigabytes takes no room twice; what is hashed is then read from the copy, so
 * that a file that changed meanwhile is not another than its hashes. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/shelf_impl.h"

/* A file that is being copied. */
struct one {
    struct daf_shelf_copy *c;
    const struct daf_shelf_found *f;
    int in, out;
    bool by_hand; /* the kernel cannot copy between these two */
    struct stat before;
};

static enum daf_err changed(struct one *o)
{
    return daf_shelf_walk_trouble(o->c->w, DAF_EBUSY, o->f->path,
                                  "it changed while it was copied. To do: "
                                  "close it where it is open, and try again");
}

static enum daf_err trouble(struct one *o, enum daf_err err)
{
    return daf_shelf_walk_trouble(o->c->w, daf_shelf_of_disk(err), o->f->path,
                                  o->c->w->s->disk.trouble);
}

/* The source: what may not be read is not what cannot be written. */
static enum daf_err in_trouble(struct one *o, enum daf_err err)
{
    return trouble(o, err == DAF_EREADONLY ? DAF_EIO : err);
}

static bool is_zeros(const uint8_t *p, size_t len)
{
    return len == 0 || (p[0] == 0 && memcmp(p, p + 1, len - 1) == 0);
}

/* Zeros are not written, where the disk has holes: what is not written is one. */
static enum daf_err copy_bytes(struct one *o, uint64_t at, uint32_t len,
                               struct daf_hash *out)
{
    struct daf_shelf *s = o->c->w->s;
    struct daf_hash_stream h;
    enum daf_err err = DAF_OK;

    daf_hash_begin(&h, DAF_CHUNK_CONTEXT);
    while (err == DAF_OK && len > 0) {
        size_t want = len < sizeof(s->buffer) ? len : sizeof(s->buffer);
        size_t got = want;

        err = daf_shelf_disk_read(&s->disk, o->in, at, s->buffer, &got);
        if (err != DAF_OK) return in_trouble(o, err);
        if (got < want) return changed(o);
        daf_hash_add(&h, (struct daf_view){s->buffer, got});
        if (!s->has_holes || !is_zeros(s->buffer, got))
            err = daf_shelf_disk_write(&s->disk, o->out, at,
                                       (struct daf_view){s->buffer, got});
        at += got;
        len -= (uint32_t)got;
    }
    daf_hash_end(&h, out->b);
    return err == DAF_OK ? DAF_OK : trouble(o, err);
}

/* Sets by_hand, and nothing else, where the kernel cannot. */
static enum daf_err copy_by_kernel(struct one *o, uint64_t at, uint32_t len,
                                   struct daf_hash *out)
{
    struct daf_shelf *s = o->c->w->s;
    struct daf_hash_stream h;
    uint64_t copied = len;
    bool able;
    enum daf_err err =
        daf_shelf_disk_copy(&s->disk, o->in, o->out, at, &copied, &able);

    if (err != DAF_OK) return trouble(o, err);
    o->by_hand = !able;
    if (!able) return DAF_OK;
    if (copied < len) return changed(o);
    daf_hash_begin(&h, DAF_CHUNK_CONTEXT);
    for (uint32_t done = 0; done < len;) {
        size_t want =
            len - done < sizeof(s->buffer) ? len - done : sizeof(s->buffer);
        size_t got = want;

        err = daf_shelf_disk_read(&s->disk, o->out, at + done, s->buffer, &got);
        if (err != DAF_OK) return trouble(o, err);
        if (got < want) return changed(o);
        daf_hash_add(&h, (struct daf_view){s->buffer, got});
        done += (uint32_t)got;
    }
    daf_hash_end(&h, out->b);
    if (s->has_holes && daf_shelf_is_zeros(s, out->b, len))
        daf_shelf_disk_punch(o->out, at, len);
    return DAF_OK;
}

static enum daf_err copy_data(struct one *o, uint64_t at, uint32_t len,
                              struct daf_hash *out)
{
    enum daf_err err = o->by_hand ? DAF_OK : copy_by_kernel(o, at, len, out);

    return err == DAF_OK && o->by_hand ? copy_bytes(o, at, len, out) : err;
}

static enum daf_err copy_chunk(struct one *o, uint32_t n)
{
    struct daf_shelf_copy *c = o->c;
    uint32_t len = daf_shelf_chunk_bytes(o->f->size, c->chunk_bytes, n);
    uint64_t at = (uint64_t)n * c->chunk_bytes;
    enum daf_err err = DAF_OK;
    struct daf_hash h;

    if (c->w->s->has_holes &&
        daf_shelf_disk_data(o->in, at, at + len) == at + len)
        h = *daf_shelf_zeros(c->w->s, len);
    else
        err = copy_data(o, at, len, &h);
    if (err != DAF_OK) return err;
    memcpy(c->hashes + (size_t)n * DAF_SHELF_HASH_BYTES, h.b, sizeof(h.b));
    if (c->w->s->has_holes && !daf_shelf_is_zeros(c->w->s, h.b, len))
        c->need += daf_shelf_blocks(c->w->s, len);
    c->done += len;
    if (c->w->p->progress == NULL ||
        c->w->p->progress(c->w->p->ctx, c->done, c->w->bytes))
        return DAF_OK;
    return daf_shelf_walk_trouble(c->w, DAF_EBUSY, o->f->path, "stopped here");
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_ino == b->st_ino &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
           a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static enum daf_err copy_all_chunks(struct one *o, uint32_t *out_chunks)
{
    struct daf_shelf_disk *d = &o->c->w->s->disk;
    uint32_t n = (uint32_t)daf_filelist_chunks(o->f->size, o->c->chunk_bytes);
    struct stat after;
    enum daf_err err = daf_shelf_disk_fits(d, o->out, o->f->size);

    *out_chunks = n;
    if (err == DAF_OK && o->c->w->s->has_holes)
        err = daf_shelf_disk_resize(d, o->out, o->f->size);
    if (err != DAF_OK) return trouble(o, err);
    for (uint32_t i = 0; i < n; i++) {
        err = copy_chunk(o, i);
        if (err != DAF_OK) return err;
    }
    if (fstat(o->in, &after) != 0 || !is_same(&o->before, &after))
        return changed(o);
    err = daf_shelf_disk_sync(d, o->out);
    return err == DAF_OK ? DAF_OK : trouble(o, err);
}

/* By its path, link for link refused; or the file that was named. */
static enum daf_err open_in(struct one *o)
{
    struct daf_shelf_walk *w = o->c->w;
    enum daf_err err = DAF_OK;

    if (w->is_file)
        o->in = w->source;
    else
        err = daf_shelf_disk_file(&w->s->disk, w->source,
                                  daf_shelf_found_path(o->f), O_RDONLY, &o->in);
    if (err == DAF_ENOTFOUND) return changed(o);
    if (err != DAF_OK) return in_trouble(o, err);
    if (fstat(o->in, &o->before) != 0 ||
        (uint64_t)o->before.st_size != o->f->size)
        return changed(o);
    return DAF_OK;
}

static enum daf_err open_out(struct one *o, struct daf_view before)
{
    struct daf_shelf *s = o->c->w->s;
    struct daf_view path = daf_shelf_found_path(o->f);
    size_t folders;
    enum daf_err err;

    (void)daf_shelf_files_shared(before, path, &folders);
    o->c->need += (folders + 1) * s->block;
    if (!s->has_holes) o->c->need += daf_shelf_blocks(s, o->f->size);
    err = daf_shelf_files_make_folders(s, o->c->root, before, path);
    if (err == DAF_OK)
        err = daf_shelf_disk_file(&s->disk, o->c->root, path,
                                  O_RDWR | O_CREAT | O_EXCL, &o->out);
    return err == DAF_OK ? DAF_OK : trouble(o, err);
}

static enum daf_err copy_one(struct daf_shelf_copy *c, size_t i)
{
    struct one o = {.c = c, .f = &c->w->found[i], .in = -1, .out = -1};
    struct daf_filelist_file line = {.path = daf_shelf_found_path(o.f),
                                     .size = o.f->size};
    struct daf_view before = {NULL, 0};
    uint32_t chunks = 0;
    enum daf_err err = open_in(&o);

    if (i > 0) before = daf_shelf_found_path(o.f - 1);
    if (err == DAF_OK) err = open_out(&o, before);
    if (err == DAF_OK) err = copy_all_chunks(&o, &chunks);
    if (!c->w->is_file) daf_shelf_disk_close(o.in);
    daf_shelf_disk_close(o.out);
    line.hashes =
        (struct daf_view){c->hashes, (size_t)chunks * DAF_SHELF_HASH_BYTES};
    if (err == DAF_OK) daf_filelist_add(&c->list, &line);
    return err;
}

enum daf_err daf_shelf_copy_all(struct daf_shelf_copy *c)
{
    struct daf_view before = {NULL, 0};
    enum daf_err err = DAF_OK;

    daf_filelist_open(&c->list, c->w->count);
    for (size_t i = 0; err == DAF_OK && i < c->w->count; i++)
        err = copy_one(c, i);
    for (size_t i = 0; err == DAF_OK && i < c->w->count; i++) {
        struct daf_view path = daf_shelf_found_path(&c->w->found[i]);

        err = daf_shelf_files_sync_folders(c->w->s, c->root, before, path);
        before = path;
    }
    if (err == DAF_OK) err = daf_shelf_disk_sync(&c->w->s->disk, c->root);
    return err;
}
