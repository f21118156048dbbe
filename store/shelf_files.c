/* SPDX-License-Identifier: Apache-2.0 */
/* The file list in memory, and the files it names. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/shelf_impl.h"

/* ---- the list */

static const uint8_t *page_hash(const struct daf_shelf_kept *it, uint32_t page)
{
    return it->page_hashes + (size_t)page * DAF_SHELF_HASH_BYTES;
}

/* What was a page's when it came may have changed on the disk: a page that is not
 * what it should be is no longer held. */
static enum daf_err check_pages(struct daf_shelf *s, struct daf_shelf_kept *it,
                                const uint8_t *bytes)
{
    enum daf_err err = DAF_OK;

    for (uint32_t i = 0; i < it->pages; i++) {
        size_t at = (size_t)i * DAF_PAGE_BYTES;
        size_t len = it->list_bytes - at < DAF_PAGE_BYTES ? it->list_bytes - at
                                                          : DAF_PAGE_BYTES;
        struct daf_hash h =
            daf_content_page_hash((struct daf_view){bytes + at, len});

        if (memcmp(h.b, page_hash(it, i), sizeof(h.b)) == 0) continue;
        (void)daf_shelf_disk_trouble(&s->disk, EIO, "a damaged page in",
                                     "list");
        err = DAF_ECORRUPT;
        if (it->is_whole || !daf_shelf_bit(it->bits, i)) continue;
        it->has_list = false;
        daf_shelf_mark(s, it, i, (uint32_t)len, false);
        it->is_have_wrong = true;
    }
    return err;
}

static enum daf_err read_list(struct daf_shelf *s, struct daf_shelf_kept *it,
                              uint8_t *out)
{
    size_t len = it->list_bytes;
    enum daf_err err;
    int folder, fd = -1;

    err = daf_shelf_item_folder(s, &it->content, &folder);
    if (err != DAF_OK) return err;
    err = daf_shelf_disk_open(&s->disk, folder, "list", O_RDONLY, 0, &fd);
    if (err == DAF_OK) err = daf_shelf_disk_read(&s->disk, fd, 0, out, &len);
    daf_shelf_disk_close(fd);
    daf_shelf_disk_close(folder);
    /* What is not there is zeros, and no page. */
    if (err == DAF_OK) memset(out + len, 0, it->list_bytes - len);
    return err == DAF_ENOTFOUND ? DAF_EIO : err;
}

static void index_list(const struct daf_shelf_kept *it,
                       struct daf_shelf_files *l)
{
    struct daf_cursor at;
    uint32_t next = it->pages;

    daf_filelist_begin(&at, (struct daf_view){l->bytes, it->list_bytes});
    for (uint32_t i = 0; i < it->files; i++) {
        struct daf_filelist_file f;

        daf_filelist_next(&at, &f);
        l->spans[i] =
            (struct daf_shelf_span){.path = f.path,
                                    .hashes = f.hashes.p,
                                    .size = f.size,
                                    .first = next,
                                    .chunks = (uint32_t)(f.hashes.len /
                                                         DAF_SHELF_HASH_BYTES)};
        next += l->spans[i].chunks;
    }
}

static enum daf_err fill(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    struct daf_shelf_files *l = it->list;
    struct daf_content c;
    enum daf_err err;

    l->bytes = malloc(it->list_bytes);
    if (l->bytes == NULL) return DAF_ENOMEM;
    err = read_list(s, it, l->bytes);
    if (err == DAF_OK) err = check_pages(s, it, l->bytes);
    if (err != DAF_OK) return err;
    err = daf_content_decode((struct daf_view){it->manifest, it->manifest_len},
                             &c);
    assert(err == DAF_OK); /* it was before */
    if (daf_filelist_check((struct daf_view){l->bytes, it->list_bytes}, &c) !=
        DAF_OK)
        return DAF_EFORM;
    l->spans = calloc(it->files, sizeof(*l->spans));
    l->synced = calloc(1, (it->files + 7) / 8);
    if (l->spans == NULL || l->synced == NULL) return DAF_ENOMEM;
    l->cost = it->list_bytes + it->files * sizeof(*l->spans);
    index_list(it, l);
    return DAF_OK;
}

void daf_shelf_files_drop(struct daf_shelf_kept *it)
{
    struct daf_shelf_files *l = it->list;

    if (l == NULL) return;
    daf_shelf_disk_close(l->root);
    daf_shelf_disk_close(l->fd);
    free(l->bytes);
    free(l->spans);
    free(l->synced);
    free(l);
    it->list = NULL;
}

/* Too many: those used longest ago go, but never the last one, nor that of an item
 * being worked on. */
static void make_room(struct daf_shelf *s)
{
    for (;;) {
        struct daf_shelf_kept *oldest = NULL;
        size_t count = 0, cost = 0;

        for (size_t i = 0; i < s->count; i++) {
            struct daf_shelf_kept *it = s->items[i];

            if (it->list == NULL) continue;
            count++;
            cost += it->list->cost;
            if (it != s->working && it->list->used != s->clock &&
                (oldest == NULL || it->list->used < oldest->list->used))
                oldest = it;
        }
        if (count <= 1 || oldest == NULL ||
            (count <= DAF_SHELF_OPEN_MAX && cost <= DAF_SHELF_OPEN_BYTES))
            return;
        daf_shelf_files_drop(oldest);
    }
}

enum daf_err daf_shelf_files_get(struct daf_shelf *s, struct daf_shelf_kept *it,
                                 struct daf_shelf_files **out)
{
    enum daf_err err = DAF_OK;

    if (it->list == NULL) {
        it->list = calloc(1, sizeof(*it->list));
        if (it->list == NULL) return DAF_ENOMEM;
        it->list->root = it->list->fd = -1;
        err = fill(s, it);
        if (err != DAF_OK) {
            daf_shelf_files_drop(it);
            return err;
        }
        it->list->used = ++s->clock;
        make_room(s);
    }
    it->list->used = ++s->clock;
    *out = it->list;
    return DAF_OK;
}

uint32_t daf_shelf_files_at(const struct daf_shelf_kept *it,
                            const struct daf_shelf_files *l, uint32_t part)
{
    uint32_t low = 0, high = it->files; /* low's first <= part < high's */

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (l->spans[middle].first <= part)
            low = middle;
        else
            high = middle;
    }
    return low; /* empty files have the same first: the last is the one */
}

/* ---- its files */

enum daf_err daf_shelf_files_root(struct daf_shelf *s,
                                  struct daf_shelf_kept *it, int *out)
{
    enum daf_err err = DAF_OK;
    int folder;

    if (it->list->root < 0) {
        err = daf_shelf_item_folder(s, &it->content, &folder);
        if (err == DAF_OK) {
            err = daf_shelf_disk_folder(&s->disk, folder,
                                        it->is_whole ? "files" : "part",
                                        &it->list->root);
            daf_shelf_disk_close(folder);
        }
    }
    *out = it->list->root;
    return err;
}

enum daf_err daf_shelf_files_fd(struct daf_shelf *s, struct daf_shelf_kept *it,
                                uint32_t at, bool writes, int *out)
{
    struct daf_shelf_files *l = it->list;
    enum daf_err err = DAF_OK;
    int root;

    if (l->fd < 0 || l->fd_at != at || (writes && !l->fd_writes)) {
        daf_shelf_disk_close(l->fd);
        l->fd = -1;
        err = daf_shelf_files_root(s, it, &root);
        if (err == DAF_OK)
            err = daf_shelf_disk_file(&s->disk, root, l->spans[at].path,
                                      writes ? O_RDWR : O_RDONLY, &l->fd);
        l->fd_at = at;
        l->fd_writes = writes;
    }
    *out = l->fd;
    return err;
}

enum daf_err daf_shelf_files_sync(struct daf_shelf *s,
                                  struct daf_shelf_kept *it, uint32_t at)
{
    enum daf_err err;
    int fd;

    if (daf_shelf_bit(it->list->synced, at)) return DAF_OK;
    err = daf_shelf_files_fd(s, it, at, true, &fd);
    if (err == DAF_OK) err = daf_shelf_disk_sync(&s->disk, fd);
    if (err == DAF_OK) daf_shelf_bit_set(it->list->synced, at, true);
    return err;
}

enum daf_err daf_shelf_files_sync_list(struct daf_shelf *s,
                                       struct daf_shelf_kept *it)
{
    enum daf_err err;
    int folder, fd = -1;

    err = daf_shelf_item_folder(s, &it->content, &folder);
    if (err != DAF_OK) return err;
    err = daf_shelf_disk_open(&s->disk, folder, "list", O_RDWR, 0, &fd);
    if (err == DAF_OK) err = daf_shelf_disk_sync(&s->disk, fd);
    daf_shelf_disk_close(fd);
    daf_shelf_disk_close(folder);
    return err;
}

size_t daf_shelf_files_shared(struct daf_view before, struct daf_view path,
                              size_t *out_new)
{
    size_t shared = 0, i = 0;

    while (i < before.len && i < path.len && before.p[i] == path.p[i]) {
        if (path.p[i] == '/') shared = i + 1;
        i++;
    }
    *out_new = 0;
    for (i = shared; i < path.len; i++)
        *out_new += path.p[i] == '/';
    return shared;
}

enum daf_err daf_shelf_files_make_folders(struct daf_shelf *s, int root,
                                          struct daf_view before,
                                          struct daf_view path)
{
    size_t many;
    enum daf_err err;
    int fd;

    (void)daf_shelf_files_shared(before, path, &many);
    if (many == 0) return DAF_OK;
    err = daf_shelf_disk_folder_of(&s->disk, root, path, true, &fd);
    if (err == DAF_OK) daf_shelf_disk_close(fd);
    return err;
}

static enum daf_err sync_folder(struct daf_shelf *s, int root,
                                struct daf_view inside)
{
    enum daf_err err;
    int fd;

    err = daf_shelf_disk_folder_of(&s->disk, root, inside, false, &fd);
    if (err != DAF_OK) return err;
    err = daf_shelf_disk_sync(&s->disk, fd);
    daf_shelf_disk_close(fd);
    return err;
}

enum daf_err daf_shelf_files_sync_folders(struct daf_shelf *s, int root,
                                          struct daf_view before,
                                          struct daf_view path)
{
    size_t many, len = daf_shelf_files_shared(before, path, &many);
    enum daf_err err = DAF_OK;

    /* "a/b/" of "a/b/c": as if it were a file's name in it. */
    for (; err == DAF_OK && len < path.len; len++) {
        if (path.p[len] == '/')
            err = sync_folder(s, root, (struct daf_view){path.p, len + 1});
    }
    return err;
}

/* ---- hashes */

uint32_t daf_shelf_chunk_bytes(uint64_t size, uint32_t chunk_bytes, uint32_t n)
{
    uint64_t left = size - (uint64_t)n * chunk_bytes;

    return left < chunk_bytes ? (uint32_t)left : chunk_bytes;
}

enum daf_err daf_shelf_hash_stretch(struct daf_shelf *s, int fd,
                                    uint64_t offset, uint32_t len,
                                    struct daf_hash *out)
{
    struct daf_hash_stream h;

    daf_hash_begin(&h, DAF_CHUNK_CONTEXT);
    while (len > 0) {
        size_t want = len < sizeof(s->buffer) ? len : sizeof(s->buffer);
        size_t got = want;
        enum daf_err err =
            daf_shelf_disk_read(&s->disk, fd, offset, s->buffer, &got);

        if (err != DAF_OK) return err;
        if (got < want) return DAF_ECORRUPT;
        daf_hash_add(&h, (struct daf_view){s->buffer, got});
        offset += got;
        len -= (uint32_t)got;
    }
    daf_hash_end(&h, out->b);
    return DAF_OK;
}

/* A file list may name 65536 last chunks of any length.  From the stream of the
 * multiple of 4096 below it none costs more than 4096 bytes of hashing. */
const struct daf_hash *daf_shelf_zeros(struct daf_shelf *s, uint32_t len)
{
    static const uint8_t zeros[DAF_SHELF_BLOCK];
    size_t blocks = len / DAF_SHELF_BLOCK;
    struct daf_hash_stream h;

    assert(len <= DAF_CHUNK_BYTES_MAX);
    if (len > 0 && len == s->zeros_len) return &s->zeros_hash;
    if (s->zeros_count == 0)
        daf_hash_begin(&s->zeros[s->zeros_count++], DAF_CHUNK_CONTEXT);
    for (; s->zeros_count <= blocks; s->zeros_count++) {
        s->zeros[s->zeros_count] = s->zeros[s->zeros_count - 1];
        daf_hash_add(&s->zeros[s->zeros_count],
                     (struct daf_view){zeros, sizeof(zeros)});
    }
    h = s->zeros[blocks];
    daf_hash_add(&h, (struct daf_view){zeros, len % DAF_SHELF_BLOCK});
    daf_hash_end(&h, s->zeros_hash.b);
    s->zeros_len = len;
    return &s->zeros_hash;
}

bool daf_shelf_is_zeros(struct daf_shelf *s, const uint8_t hash[32],
                        uint32_t len)
{
    return memcmp(daf_shelf_zeros(s, len)->b, hash, 32) == 0;
}
