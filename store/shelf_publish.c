/* SPDX-License-Identifier: Apache-2.0 */
/* An item of our own: copied to content/new-N, and named once it is whole and
 * synced. */
#include <assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/shelf_impl.h"

#define LINE_BYTES 18u /* of a list's line, beside path and hashes, at most */
#define LIST_BYTES_MAX \
    ((uint64_t)DAF_CONTENT_PAGES_MAX * (uint64_t)DAF_PAGE_BYTES)

struct making {
    struct daf_shelf_walk w;
    struct daf_shelf_copy copy;
    struct daf_shelf_new n;
    size_t list_cap;
    struct daf_shelf_kept *it; /* as its manifest says */
};

/* ---- what it will be */

static enum daf_err too_much(struct making *m)
{
    return daf_shelf_walk_trouble(
        &m->w, DAF_ELIMIT, m->w.p->source,
        "too large for one item: at most 1 TiB, 1048576 chunks, and 32 MiB of "
        "names and hashes. To do: publish it in parts");
}

/* How much room its list needs, and the hashes of its longest file. */
static enum daf_err measure(struct making *m)
{
    uint64_t chunks = 0, most = 0, list = DAF_PACK_HEAD_BYTES_MAX;

    m->copy.chunk_bytes = daf_content_chunk_bytes(m->w.bytes);
    for (size_t i = 0; i < m->w.count; i++) {
        const struct daf_shelf_found *f = &m->w.found[i];
        uint64_t n = daf_filelist_chunks(f->size, m->copy.chunk_bytes);

        chunks += n;
        most = n > most ? n : most;
        list += LINE_BYTES + strlen(f->path) + n * DAF_SHELF_HASH_BYTES;
    }
    if (chunks + list / DAF_PAGE_BYTES + 1 > DAF_CONTENT_PARTS_MAX ||
        list > LIST_BYTES_MAX)
        return too_much(m);
    m->copy.chunks = (uint32_t)chunks;
    m->list_cap = (size_t)list;
    m->copy.hashes = malloc((size_t)most * DAF_SHELF_HASH_BYTES + 1);
    m->copy.list.p = malloc(m->list_cap);
    if (m->copy.hashes == NULL || m->copy.list.p == NULL) return DAF_ENOMEM;
    daf_pack_init(&m->copy.list, m->copy.list.p, m->list_cap);
    return DAF_OK;
}

static enum daf_err no_room(struct making *m, uint64_t need, uint64_t room,
                            bool is_disk)
{
    char what[160];

    (void)snprintf(what, sizeof(what),
                   "it needs %" PRIu64 " KiB, and %s has room for %" PRIu64
                   " KiB. To do: make room, or publish less",
                   need / 1024 + 1, is_disk ? "the disk" : "the budget",
                   room / 1024);
    return daf_shelf_walk_trouble(&m->w, DAF_EFULL, m->w.p->source, what);
}

/* @written: so much of @need is on the disk already, which counts it as taken. */
static enum daf_err check_room(struct making *m, uint64_t need,
                               uint64_t written)
{
    struct daf_shelf_rooms rooms = daf_shelf_rooms(m->w.s);
    uint64_t disk = rooms.disk + written;
    bool is_disk = disk < rooms.budget;
    uint64_t room = is_disk ? disk : rooms.budget;

    return need <= room ? DAF_OK : no_room(m, need, room, is_disk);
}

/* No less than it will take; what are zeros, but no holes, is in it. */
static uint64_t estimate(struct making *m, uint64_t *out_names)
{
    struct daf_view before = {NULL, 0};
    uint64_t need =
        daf_shelf_base(m->w.s, DAF_CONTENT_MANIFEST_BYTES_MAX, m->list_cap,
                       m->copy.chunks + m->list_cap / DAF_PAGE_BYTES + 1);

    *out_names = DAF_SHELF_BASE_FILES;

    for (size_t i = 0; i < m->w.count; i++) {
        struct daf_view path = daf_shelf_found_path(&m->w.found[i]);
        size_t folders;

        (void)daf_shelf_files_shared(before, path, &folders);
        need +=
            (folders + 1) * m->w.s->block +
            daf_shelf_walk_takes(&m->w, &m->w.found[i], m->copy.chunk_bytes);
        *out_names += folders + 1;
        before = path;
    }
    return need;
}

/* Some disks have room for so many files and no more, whatever is in them. */
static enum daf_err check_names(struct making *m, uint64_t names)
{
    uint64_t room = daf_shelf_rooms(m->w.s).files;
    char what[160];

    if (names <= room) return DAF_OK;
    (void)snprintf(what, sizeof(what),
                   "it is %" PRIu64 " files and folders, and the disk has room "
                   "for %" PRIu64 ". To do: make room, or publish less",
                   names, room);
    return daf_shelf_walk_trouble(&m->w, DAF_EFULL, m->w.p->source, what);
}

/* What is made here is noted before it is promised: an owner of the shelf that
 * starts meanwhile finds it. */
static enum daf_err ask_room(struct making *m)
{
    const struct daf_shelf_publish *p = m->w.p;
    uint64_t room = 0, names, need = estimate(m, &names);
    bool is_disk = false;
    enum daf_err err = check_names(m, names);

    if (err != DAF_OK) return err;
    if (p->room == NULL) return check_room(m, need, 0);
    err = daf_shelf_item_note(m->w.s, m->n.fd, need);
    if (err != DAF_OK) return daf_shelf_of_disk(err);
    err = p->room(p->ctx, m->n.number, need, &room, &is_disk);
    return err == DAF_EFULL ? no_room(m, need, room, is_disk) : err;
}

/* ---- what it is */

static enum daf_err copy(struct making *m)
{
    struct daf_shelf *s = m->w.s;
    enum daf_err err = daf_shelf_disk_make(&s->disk, m->n.fd, "files");

    if (err == DAF_OK)
        err = daf_shelf_disk_folder(&s->disk, m->n.fd, "files", &m->copy.root);
    if (err != DAF_OK) return daf_shelf_of_disk(err);
    m->copy.w = &m->w;
    err = daf_shelf_copy_all(&m->copy);
    daf_shelf_disk_close(m->copy.root);
    return err;
}

static void hash_pages(struct daf_view list, uint8_t *out)
{
    while (list.len > 0) {
        size_t len = list.len < DAF_PAGE_BYTES ? list.len : DAF_PAGE_BYTES;
        struct daf_hash h =
            daf_content_page_hash((struct daf_view){list.p, len});

        memcpy(out, h.b, sizeof(h.b));
        out += sizeof(h.b);
        list.p += len;
        list.len -= len;
    }
}

/* The content manifest, and the item that it is of. */
static enum daf_err describe(struct making *m, uint8_t *manifest,
                             uint8_t *hashes)
{
    struct daf_content c = m->w.p->about;
    struct daf_view list = daf_pack_view(&m->copy.list);
    struct daf_pack k;
    enum daf_err err;

    assert(list.len > 0); /* measure() has seen to it */
    c.bytes = m->w.bytes;
    c.files = (uint32_t)m->w.count;
    c.list_bytes = (uint32_t)list.len;
    c.chunk_bytes = m->copy.chunk_bytes;
    c.chunks = m->copy.chunks;
    hash_pages(list, hashes);
    c.page_hashes =
        (struct daf_view){hashes, (list.len + DAF_PAGE_BYTES - 1) /
                                      DAF_PAGE_BYTES * DAF_SHELF_HASH_BYTES};
    daf_pack_init(&k, manifest, DAF_CONTENT_MANIFEST_BYTES_MAX);
    daf_content_pack(&k, &c);
    err = k.is_full ? DAF_ELIMIT
                    : daf_shelf_item_new(m->w.s, daf_pack_view(&k), &m->it);
    if (err == DAF_OK || err == DAF_ENOMEM) return err;
    return daf_shelf_walk_trouble(
        &m->w, err, m->w.p->source,
        "its titles or texts are too long, or have "
        "control characters. To do: mend its sidecar");
}

static enum daf_err make_item(struct making *m)
{
    uint8_t *room = malloc(DAF_CONTENT_MANIFEST_BYTES_MAX +
                           DAF_CONTENT_PAGES_MAX * DAF_SHELF_HASH_BYTES);
    enum daf_err err;

    if (room == NULL) return DAF_ENOMEM;
    err = describe(m, room, room + DAF_CONTENT_MANIFEST_BYTES_MAX);
    free(room);
    if (err != DAF_OK) return err;
    m->it->need = daf_shelf_item_base(m->w.s, m->it) + m->copy.need;
    m->it->wishes = DAF_SHELF_PUBLISHED;
    return check_room(m, m->it->need, m->copy.need);
}

static enum daf_err write_item(struct making *m)
{
    struct daf_shelf *s = m->w.s;
    enum daf_err err;

    err = daf_shelf_disk_put(&s->disk, m->n.fd, "list",
                             daf_pack_view(&m->copy.list));
    if (err == DAF_OK)
        err = daf_shelf_disk_put(&s->disk, m->n.fd, "manifest",
                                 (struct daf_view){m->it->manifest,
                                                   m->it->manifest_len});
    if (err == DAF_OK)
        err = daf_shelf_item_keep(s, m->n.fd, m->it->wishes, m->it->need);
    return err;
}

/* ---- its name */

/* It is on the shelf already, lacking: ours is whole.  Its `part/` goes when the
 * daemon next looks. */
static enum daf_err fill_up(struct making *m, int folder)
{
    static const char *const names[] = {"manifest", "list", "files"};
    struct daf_shelf_disk *d = &m->w.s->disk;
    enum daf_err err = DAF_OK;

    for (size_t i = 0; err == DAF_OK && i < 3; i++)
        err = daf_shelf_disk_rename(d, m->n.fd, names[i], folder, names[i]);
    return err == DAF_OK ? daf_shelf_disk_sync(d, folder) : err;
}

static enum daf_err join(struct making *m)
{
    struct daf_shelf *s = m->w.s;
    enum daf_err err;
    int folder;

    err = daf_shelf_item_folder(s, &m->it->content, &folder);
    if (err != DAF_OK) return err;
    if (!daf_shelf_disk_is_folder(folder, "files")) err = fill_up(m, folder);
    daf_shelf_disk_close(folder);
    return err;
}

static enum daf_err name_item(struct making *m)
{
    struct daf_shelf_kept *kept;
    enum daf_err err = write_item(m), gone;
    bool is_new;

    if (err == DAF_OK) err = daf_shelf_new_end(m->w.s, &m->n, &m->it->content);
    is_new = err == DAF_OK;
    if (err == DAF_EEXISTS) err = join(m);
    if (err != DAF_OK) return daf_shelf_of_disk(err);
    /* Whatever is said: it is on the shelf, and there at the owner's next start. */
    if (m->w.p->placed != NULL)
        err = m->w.p->placed(m->w.p->ctx, m->n.number, &m->it->content);
    if (err != DAF_OK) return err;
    err = daf_shelf_reload(m->w.s, &m->it->content, &kept);
    if (err != DAF_OK && is_new) {
        gone = daf_shelf_item_drop(m->w.s, m->it);
        (void)gone; /* it is whole, and there at the next start */
    }
    if (err == DAF_OK && m->w.s->is_owner)
        err = daf_shelf_look_at(m->w.s, &m->it->content, 0);
    return daf_shelf_of_disk(err);
}

/* ---- all of it */

static enum daf_err make(struct making *m)
{
    enum daf_err err = daf_shelf_walk_open(&m->w);

    if (err == DAF_OK) err = measure(m);
    if (err == DAF_OK) err = daf_shelf_new_begin(m->w.s, &m->n);
    if (err != DAF_OK) return err;
    err = ask_room(m);
    if (err == DAF_OK) err = copy(m);
    if (err == DAF_OK) err = make_item(m);
    if (err == DAF_OK) err = name_item(m);
    daf_shelf_new_drop(m->w.s, &m->n);
    return err;
}

enum daf_err daf_shelf_publish(struct daf_shelf *s,
                               const struct daf_shelf_publish *p,
                               struct daf_shelf_item *out, char *t,
                               size_t t_len)
{
    struct making m = {
        .w = {.s = s, .p = p, .t = t, .t_len = t_len, .source = -1}};
    enum daf_err err;

    if (t_len > 0) t[0] = '\0';
    daf_shelf_measure(s);
    err = make(&m);
    if (err == DAF_OK) (void)daf_shelf_find(s, &m.it->content, out);
    if (err != DAF_OK && t_len > 0 && t[0] == '\0')
        (void)daf_shelf_walk_trouble(&m.w, err, p->source,
                                     err == DAF_ENOMEM ? daf_err_str(err)
                                                       : s->disk.trouble);
    daf_shelf_item_free(m.it);
    daf_shelf_walk_close(&m.w);
    free(m.copy.hashes);
    free(m.copy.list.p);
    return err;
}
