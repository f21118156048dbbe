/* SPDX-License-Identifier: Apache-2.0 */
/* An item's folder: made beside the others and given its name by one rename, so
 * that a folder with a content id for a name is never half made. */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/shelf_impl.h"

#define KEEP_BYTES 9u

/* ---- names */

void daf_shelf_name(const struct daf_hash *content,
                    char out[DAF_SHELF_NAME_CAP])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < sizeof(content->b); i++) {
        out[2 * i] = digits[content->b[i] >> 4];
        out[2 * i + 1] = digits[content->b[i] & 15];
    }
    out[2 * sizeof(content->b)] = '\0';
}

static int digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool daf_shelf_name_read(const char *name, struct daf_hash *out)
{
    if (strlen(name) != 2 * sizeof(out->b)) return false;
    for (size_t i = 0; i < sizeof(out->b); i++) {
        int high = digit(name[2 * i]), low = digit(name[2 * i + 1]);

        if (high < 0 || low < 0) return false;
        out->b[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

enum daf_err daf_shelf_item_folder(struct daf_shelf *s,
                                   const struct daf_hash *content, int *out)
{
    char name[DAF_SHELF_NAME_CAP];

    daf_shelf_name(content, name);
    return daf_shelf_disk_folder(&s->disk, s->dir, name, out);
}

/* ---- in memory */

static void fill(const struct daf_shelf *s, struct daf_shelf_kept *it,
                 const struct daf_content *c)
{
    it->content = c->id;
    it->page_hashes = c->page_hashes.p;
    it->bytes = c->bytes;
    it->files = c->files;
    it->list_bytes = c->list_bytes;
    it->pages = c->pages;
    it->parts = daf_content_parts(c);
    it->chunk_bytes = c->chunk_bytes;
    it->reserved = daf_shelf_item_base(s, it);
}

enum daf_err daf_shelf_item_new(const struct daf_shelf *s,
                                struct daf_view manifest,
                                struct daf_shelf_kept **out)
{
    struct daf_shelf_kept *it;
    struct daf_content c;
    enum daf_err err = daf_content_decode(manifest, &c);

    *out = NULL;
    if (err != DAF_OK) return err;
    it = calloc(1, sizeof(*it));
    if (it == NULL) return DAF_ENOMEM;
    it->manifest = malloc(manifest.len);
    it->bits = calloc(1, (daf_content_parts(&c) + 7) / 8);
    it->noted = calloc(1, (daf_content_parts(&c) + 7) / 8);
    if (it->manifest == NULL || it->bits == NULL || it->noted == NULL) {
        daf_shelf_item_free(it);
        return DAF_ENOMEM;
    }
    memcpy(it->manifest, manifest.p, manifest.len);
    it->manifest_len = manifest.len;
    fill(s, it, &c);
    it->page_hashes = it->manifest + (c.page_hashes.p - manifest.p);
    *out = it;
    return DAF_OK;
}

void daf_shelf_item_free(struct daf_shelf_kept *it)
{
    if (it == NULL) return;
    daf_shelf_files_drop(it);
    free(it->manifest);
    free(it->bits);
    free(it->noted);
    free(it);
}

/* Manifest, list, wishes, notes; its folder and that of its files. */
uint64_t daf_shelf_base(const struct daf_shelf *s, uint64_t manifest_len,
                        uint64_t list_bytes, uint64_t parts)
{
    return daf_shelf_blocks(s, manifest_len) + daf_shelf_blocks(s, list_bytes) +
           daf_shelf_blocks(s, 32 + 32 * parts) + 3 * s->block;
}

uint64_t daf_shelf_item_base(const struct daf_shelf *s,
                             const struct daf_shelf_kept *it)
{
    return daf_shelf_base(s, it->manifest_len, it->list_bytes, it->parts);
}

/* ---- read */

static enum daf_err read_small(struct daf_shelf *s, int folder,
                               const char *name, uint8_t *out, size_t *len)
{
    enum daf_err err;
    int fd;

    err = daf_shelf_disk_open(&s->disk, folder, name, O_RDONLY, 0, &fd);
    if (err != DAF_OK) return err;
    err = daf_shelf_disk_read(&s->disk, fd, 0, out, len);
    daf_shelf_disk_close(fd);
    return err;
}

/* An item whose wishes are lost is wanted: nothing goes for that. */
static enum daf_err read_keep(struct daf_shelf *s, int folder,
                              unsigned *out_wishes, uint64_t *out_need)
{
    uint8_t keep[KEEP_BYTES];
    size_t len = sizeof(keep);
    enum daf_err err = read_small(s, folder, "keep", keep, &len);

    *out_need = 0;
    *out_wishes = DAF_SHELF_WANTED;
    if (err != DAF_OK) return err == DAF_ENOTFOUND ? DAF_OK : err;
    if (len > 0)
        *out_wishes =
            keep[0] & (DAF_SHELF_WANTED | DAF_SHELF_PINNED |
                       DAF_SHELF_PUBLISHED | DAF_SHELF_CAMPS | DAF_SHELF_STAYS);
    for (size_t i = KEEP_BYTES; len == KEEP_BYTES && i-- > 1;)
        *out_need = *out_need << 8 | keep[i];
    return DAF_OK;
}

enum daf_err daf_shelf_item_wishes(struct daf_shelf *s, int folder,
                                   unsigned *out)
{
    uint64_t need;

    return read_keep(s, folder, out, &need);
}

uint64_t daf_shelf_item_need(struct daf_shelf *s, int folder)
{
    unsigned wishes;
    uint64_t need;

    return read_keep(s, folder, &wishes, &need) == DAF_OK ? need : 0;
}

/* A whole item needs no bits; a publisher may have made whole what was lacking
 * here, and left part/ to us. */
static enum daf_err load_whole(struct daf_shelf *s, int folder,
                               struct daf_shelf_kept *it)
{
    it->is_whole = it->has_list = true;
    it->held = it->parts;
    free(it->bits);
    free(it->noted);
    it->bits = it->noted = NULL;
    if (s->is_owner && daf_shelf_disk_is_folder(folder, "part")) {
        enum daf_err err = daf_shelf_disk_remove(&s->disk, folder, "part");

        if (err == DAF_OK)
            err = daf_shelf_disk_remove(&s->disk, folder, "have");
        (void)err; /* room lost, until the next start */
    }
    return DAF_OK;
}

/* What a whole item takes is in `keep`; if that was lost, in the file list. */
static void know_need(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    struct daf_shelf_files *l;

    if (it->need == 0 && daf_shelf_files_get(s, it, &l) == DAF_OK)
        it->need = daf_shelf_need(s, it, l);
    it->reserved =
        it->need > 0 ? it->need : daf_shelf_item_base(s, it) + it->bytes;
}

/* What it was promised it still is: others start before its list is read again.
 * Of that, what came is on the disk, as far as can be told until then. */
static void promised(struct daf_shelf_kept *it)
{
    if (it->need > it->reserved) it->reserved = it->need;
    it->taken = it->fetched < it->reserved ? it->fetched : it->reserved;
}

static enum daf_err load(struct daf_shelf *s, int folder,
                         const struct daf_hash *content,
                         struct daf_shelf_kept **out)
{
    /* One more than the most, so that too long is seen. */
    size_t len = DAF_CONTENT_MANIFEST_BYTES_MAX + 1;
    enum daf_err err;

    *out = NULL;
    err = read_small(s, folder, "manifest", s->buffer, &len);
    if (err != DAF_OK) return err == DAF_ENOTFOUND ? DAF_ECORRUPT : err;
    err = daf_shelf_item_new(s, (struct daf_view){s->buffer, len}, out);
    if (err != DAF_OK) return err == DAF_ENOMEM ? err : DAF_ECORRUPT;
    if (memcmp((*out)->content.b, content->b, sizeof(content->b)) != 0)
        return DAF_ECORRUPT;
    err = read_keep(s, folder, &(*out)->wishes, &(*out)->need);
    if (err != DAF_OK) return err;
    if (daf_shelf_disk_is_folder(folder, "files"))
        return load_whole(s, folder, *out);
    err = daf_shelf_have_load(s, folder, *out);
    promised(*out);
    return err;
}

enum daf_err daf_shelf_item_load(struct daf_shelf *s,
                                 const struct daf_hash *content,
                                 struct daf_shelf_kept **out)
{
    enum daf_err err;
    int folder;

    *out = NULL;
    err = daf_shelf_item_folder(s, content, &folder);
    if (err != DAF_OK) return err;
    err = load(s, folder, content, out);
    daf_shelf_disk_close(folder);
    if (err == DAF_OK) {
        if ((*out)->is_whole) know_need(s, *out);
        return DAF_OK;
    }
    daf_shelf_item_free(*out);
    *out = NULL;
    return err;
}

/* ---- made and gone */

static void pack_keep(unsigned wishes, uint64_t need, uint8_t keep[KEEP_BYTES])
{
    keep[0] = (uint8_t)wishes;
    for (size_t i = 1; i < KEEP_BYTES; i++)
        keep[i] = (uint8_t)(need >> 8 * (i - 1));
}

enum daf_err daf_shelf_item_note(struct daf_shelf *s, int folder, uint64_t need)
{
    uint8_t keep[KEEP_BYTES];
    enum daf_err err;
    int fd;

    pack_keep(DAF_SHELF_PUBLISHED, need, keep);
    err = daf_shelf_disk_open(&s->disk, folder, "keep", O_WRONLY | O_CREAT,
                              0600, &fd);
    if (err != DAF_OK) return err;
    err = daf_shelf_disk_write(&s->disk, fd, 0,
                               (struct daf_view){keep, sizeof(keep)});
    daf_shelf_disk_close(fd);
    return err;
}

enum daf_err daf_shelf_item_keep(struct daf_shelf *s, int folder,
                                 unsigned wishes, uint64_t need)
{
    uint8_t keep[KEEP_BYTES];

    pack_keep(wishes, need, keep);
    return daf_shelf_disk_put(&s->disk, folder, "keep",
                              (struct daf_view){keep, sizeof(keep)});
}

static enum daf_err make_list(struct daf_shelf *s, int folder, uint64_t bytes)
{
    enum daf_err err;
    int fd;

    err = daf_shelf_disk_open(&s->disk, folder, "list", O_WRONLY | O_CREAT,
                              0600, &fd);
    if (err != DAF_OK) return err;
    err = daf_shelf_disk_resize(&s->disk, fd, bytes);
    if (err == DAF_OK) err = daf_shelf_disk_sync(&s->disk, fd);
    daf_shelf_disk_close(fd);
    return err;
}

enum daf_err daf_shelf_item_make(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    struct daf_shelf_new n;
    enum daf_err err = daf_shelf_new_begin(s, &n);

    if (err != DAF_OK) return err;
    err = daf_shelf_disk_put(&s->disk, n.fd, "manifest",
                             (struct daf_view){it->manifest, it->manifest_len});
    if (err == DAF_OK) err = make_list(s, n.fd, it->list_bytes);
    if (err == DAF_OK) err = daf_shelf_disk_make(&s->disk, n.fd, "part");
    if (err == DAF_OK) err = daf_shelf_have_write(s, n.fd, it, it->bits);
    if (err == DAF_OK) err = daf_shelf_item_keep(s, n.fd, it->wishes, 0);
    if (err == DAF_OK) err = daf_shelf_new_end(s, &n, &it->content);
    daf_shelf_new_drop(s, &n);
    return err;
}

/* ---- content/new-N */

void daf_shelf_new_name(uint32_t number, char out[DAF_SHELF_NAME_CAP])
{
    (void)snprintf(out, DAF_SHELF_NAME_CAP, "new-%u", (unsigned)number);
}

static enum daf_err make_new(struct daf_shelf *s, struct daf_shelf_new *n)
{
    enum daf_err err = daf_shelf_disk_make(&s->disk, s->dir, n->name);

    if (err != DAF_OK) return err;
    err = daf_shelf_disk_folder(&s->disk, s->dir, n->name, &n->fd);
    if (err != DAF_OK) daf_shelf_new_drop(s, n);
    return err;
}

/* Its lock is ours, and a lock does not keep out who has it. */
static bool is_going(const struct daf_shelf *s, uint32_t number)
{
    for (size_t i = 0; i < s->going_count; i++) {
        if (s->going[i] == number) return true;
    }
    return false;
}

/* A number that nobody has, and its folder: new, or what is called @gone so far. */
static enum daf_err begin(struct daf_shelf *s, const char *gone,
                          struct daf_shelf_new *out)
{
    enum daf_err err = DAF_EBUSY;

    out->fd = -1;
    for (uint32_t i = 1; i <= DAF_SHELF_NEW_MAX; i++) {
        if (is_going(s, i)) continue;
        out->number = i;
        daf_shelf_new_name(i, out->name);
        err = daf_shelf_disk_lock(&s->disk, s->marker, i);
        if (err == DAF_EBUSY) continue;
        if (err != DAF_OK) return err;
        err = gone == NULL ? make_new(s, out)
                           : daf_shelf_disk_rename(&s->disk, s->dir, gone,
                                                   s->dir, out->name);
        if (err == DAF_OK) return DAF_OK;
        daf_shelf_disk_unlock(s->marker, i);
        if (err != DAF_EEXISTS) return err;
    }
    return DAF_EIO; /* thousands of publishers: something is very wrong */
}

enum daf_err daf_shelf_new_begin(struct daf_shelf *s, struct daf_shelf_new *out)
{
    return begin(s, NULL, out);
}

enum daf_err daf_shelf_new_end(struct daf_shelf *s, struct daf_shelf_new *n,
                               const struct daf_hash *content)
{
    char name[DAF_SHELF_NAME_CAP];
    enum daf_err err = daf_shelf_disk_sync(&s->disk, n->fd);

    daf_shelf_name(content, name);
    if (err == DAF_OK)
        err = daf_shelf_disk_rename(&s->disk, s->dir, n->name, s->dir, name);
    if (err != DAF_OK) return err;
    err = daf_shelf_disk_sync(&s->disk, s->dir);
    if (err != DAF_OK) {
        enum daf_err back =
            daf_shelf_disk_rename(&s->disk, s->dir, name, s->dir, n->name);

        (void)back; /* if not, it is there at the next start */
    }
    return err;
}

/* What cannot be removed goes at the next start. */
static bool remove_new(struct daf_shelf *s, uint32_t number,
                       const struct daf_shelf_turns *turns)
{
    char name[DAF_SHELF_NAME_CAP];

    daf_shelf_new_name(number, name);
    if (daf_shelf_disk_remove_some(&s->disk, s->dir, name, turns) == DAF_EBUSY)
        return false;
    daf_shelf_disk_unlock(s->marker, number);
    return true;
}

void daf_shelf_new_drop(struct daf_shelf *s, struct daf_shelf_new *n)
{
    const struct daf_shelf_turns all = {NULL, NULL};
    bool has_room = s->going_count < DAF_SHELF_GOING_MAX;
    bool is_later = has_room && s->is_opening && s->turns.is_over != NULL;

    daf_shelf_disk_close(n->fd);
    n->fd = -1;
    if (is_later || !remove_new(s, n->number, has_room ? &s->turns : &all))
        s->going[s->going_count++] = n->number;
}

/* It loses its name first, so that half of it is never taken for an item; and
 * nothing is made for that, as the disk may be full. */
enum daf_err daf_shelf_item_drop(struct daf_shelf *s,
                                 const struct daf_shelf_kept *it)
{
    char name[DAF_SHELF_NAME_CAP];
    struct daf_shelf_new n;
    enum daf_err err, synced;

    daf_shelf_name(&it->content, name);
    err = begin(s, name, &n);
    if (err != DAF_OK) return err == DAF_ENOTFOUND ? DAF_OK : err;
    synced = daf_shelf_disk_sync(&s->disk, s->dir);
    (void)synced; /* a power cut may bring it back, and no harm in that */
    daf_shelf_new_drop(s, &n);
    return DAF_OK;
}

bool daf_shelf_new_going(struct daf_shelf *s)
{
    assert(s->going_count > 0);
    if (!remove_new(s, s->going[s->going_count - 1], &s->turns)) return false;
    s->going_count--;
    return true;
}

enum daf_err daf_shelf_new_sweep(struct daf_shelf *s, const char *name)
{
    struct daf_shelf_new n = {.fd = -1};
    char *end;
    unsigned long number;
    enum daf_err err;

    if (strncmp(name, "new-", 4) != 0) return DAF_OK;
    number = strtoul(name + 4, &end, 10);
    if (number == 0 || number > DAF_SHELF_NEW_MAX) return DAF_OK;
    n.number = (uint32_t)number;
    daf_shelf_new_name(n.number, n.name);
    if (strcmp(n.name, name) != 0 || is_going(s, n.number)) return DAF_OK;
    err = daf_shelf_disk_lock(&s->disk, s->marker, n.number);
    if (err == DAF_EBUSY) return daf_shelf_promise_adopt(s, n.number);
    if (err == DAF_OK) daf_shelf_new_drop(s, &n);
    return DAF_OK;
}
