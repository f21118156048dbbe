/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/filelist.h"

#include <assert.h>

#define HASH_BYTES sizeof(struct daf_hash)

/* ---- paths */

static bool name_is_safe(struct daf_view name)
{
    if (name.len == 0 || name.len > DAF_FILE_NAME_BYTES_MAX) return false;
    if (name.p[0] == '.') return false;
    for (size_t i = 0; i < name.len; i++) {
        if (name.p[i] < 0x20 || name.p[i] == 0x7f || name.p[i] == '\\')
            return false;
    }
    return true;
}

/* Whether it is UTF-8 who reads it from a list need not ask, who makes one must:
 * the cursor's rule is the only one. */
static bool is_utf8(struct daf_view path)
{
    uint8_t room[DAF_FILE_PATH_BYTES_MAX + DAF_PACK_HEAD_BYTES_MAX];
    struct daf_pack k;

    daf_pack_init(&k, room, sizeof(room));
    daf_pack_str(&k, (const char *)path.p, path.len);
    return daf_cursor_check(daf_pack_view(&k), NULL) == DAF_OK;
}

bool daf_filelist_is_safe(struct daf_view path)
{
    size_t names = 0, start = 0;

    if (path.len == 0 || path.len > DAF_FILE_PATH_BYTES_MAX) return false;
    for (size_t i = 0; i <= path.len; i++) {
        if (i < path.len && path.p[i] != '/') continue;
        if (!name_is_safe((struct daf_view){path.p + start, i - start}))
            return false;
        start = i + 1;
        names++;
    }
    return names <= DAF_FILE_PATH_NAMES_MAX && is_utf8(path);
}

/* R62: '/' before all else, capitals as small ones. */
static uint8_t rank(uint8_t b)
{
    if (b == '/') return 0;
    return b >= 'A' && b <= 'Z' ? (uint8_t)(b + 32) : b;
}

/* How long a and b are the same. */
static size_t common(struct daf_view a, struct daf_view b)
{
    size_t i = 0;

    while (i < a.len && i < b.len && rank(a.p[i]) == rank(b.p[i]))
        i++;
    return i;
}

int daf_filelist_order(struct daf_view a, struct daf_view b)
{
    size_t i = common(a, b);

    if (i == a.len || i == b.len) return (a.len > b.len) - (a.len < b.len);
    return (int)rank(a.p[i]) - (int)rank(b.p[i]);
}

bool daf_filelist_is_inside(struct daf_view path, struct daf_view folder)
{
    return path.len > folder.len && common(path, folder) == folder.len &&
           path.p[folder.len] == '/';
}

uint64_t daf_filelist_chunks(uint64_t size, uint32_t chunk_bytes)
{
    return size / chunk_bytes + (size % chunk_bytes != 0);
}

/* ---- reading */

static void read_file(struct daf_cursor *c, struct daf_filelist_file *out)
{
    daf_cursor_array_of(c, 3);
    out->path = daf_cursor_str(c, DAF_FILE_PATH_BYTES_MAX);
    out->size = daf_cursor_uint(c, DAF_INT_MAX);
    out->hashes = daf_cursor_bin(c, DAF_CONTENT_PARTS_MAX * HASH_BYTES);
}

/* What the list says in all, beside the content manifest. */
struct sums {
    uint64_t bytes, chunks;
};

static bool add(struct sums *sums, const struct daf_filelist_file *f,
                const struct daf_content *c)
{
    uint64_t chunks = daf_filelist_chunks(f->size, c->chunk_bytes);

    if (f->size > c->bytes - sums->bytes || chunks > c->chunks - sums->chunks ||
        f->hashes.len != chunks * HASH_BYTES)
        return false;
    sums->bytes += f->size;
    sums->chunks += chunks;
    return true;
}

enum daf_err daf_filelist_check(struct daf_view list,
                                const struct daf_content *c)
{
    struct daf_view before = {NULL, 0};
    struct sums sums = {0, 0};
    struct daf_cursor at;
    size_t count;

    if (list.len != c->list_bytes) return DAF_EFORM;
    daf_cursor_init(&at, list);
    count = daf_cursor_array(&at, c->files);
    if (!daf_cursor_ok(&at)) return at.err;
    if (count != c->files) return DAF_EFORM;
    for (size_t i = 0; i < count; i++) {
        struct daf_filelist_file f;

        read_file(&at, &f);
        if (!daf_cursor_ok(&at)) return at.err;
        if (!daf_filelist_is_safe(f.path) || !add(&sums, &f, c))
            return DAF_EFORM;
        /* In this order what is inside a folder comes right after its name. */
        if (i > 0 && (daf_filelist_order(before, f.path) >= 0 ||
                      daf_filelist_is_inside(f.path, before)))
            return DAF_EFORM;
        before = f.path;
    }
    if (sums.bytes != c->bytes || sums.chunks != c->chunks) return DAF_EFORM;
    return daf_cursor_done(&at) ? DAF_OK : at.err;
}

void daf_filelist_begin(struct daf_cursor *at, struct daf_view list)
{
    daf_cursor_init(at, list);
    (void)daf_cursor_array(at, DAF_CONTENT_FILES_MAX);
}

void daf_filelist_next(struct daf_cursor *at, struct daf_filelist_file *out)
{
    read_file(at, out);
    assert(daf_cursor_ok(at)); /* the list was checked */
}

/* ---- making */

void daf_filelist_open(struct daf_pack *k, size_t files)
{
    daf_pack_array(k, files);
}

void daf_filelist_add(struct daf_pack *k, const struct daf_filelist_file *file)
{
    daf_pack_array(k, 3);
    daf_pack_str(k, (const char *)file->path.p, file->path.len);
    daf_pack_uint(k, file->size);
    daf_pack_bin(k, file->hashes.p, file->hashes.len);
}
