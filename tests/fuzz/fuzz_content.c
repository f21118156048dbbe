/* SPDX-License-Identifier: Apache-2.0 */

/* A content manifest that decodes and is packed again says the same; a file list
 * that fits its manifest has safe paths in order, and is just its bytes; a
 * catalogue item is just its bytes. */

#include "tests/fuzz/fuzz.h"

#include "proto/filelist.h"
#include "proto/payload.h"

#include <assert.h>
#include <stdlib.h>

#define CHUNK 65536

/* Room for what a packer makes of @bytes again. */
static uint8_t *room_for(struct daf_view bytes, struct daf_pack *k)
{
    size_t cap = bytes.len + DAF_PACK_HEAD_BYTES_MAX;
    uint8_t *room = malloc(cap);

    assert(room != NULL);
    daf_pack_init(k, room, cap);
    return room;
}

/* ---- content manifests */

static void check_text(struct daf_view bytes, struct daf_view text, size_t max)
{
    assert(text.len >= 1 && text.len <= max);
    assert(text.p >= bytes.p && text.p + text.len <= bytes.p + bytes.len);
    for (size_t i = 0; i < text.len; i++)
        assert(text.p[i] >= 0x20 && text.p[i] != 0x7f);
}

static void check_texts(struct daf_view bytes,
                        const struct daf_about_text texts[], size_t count,
                        size_t max)
{
    assert(count <= DAF_CONTENT_LANGUAGES_MAX);
    for (size_t i = 0; i < count; i++) {
        check_text(bytes, texts[i].language, DAF_LANGUAGE_BYTES_MAX);
        check_text(bytes, texts[i].text, max);
    }
}

static void check_sizes(const struct daf_content *c)
{
    uint64_t pages = 0;

    assert(c->files >= 1 && c->files <= DAF_CONTENT_FILES_MAX);
    assert(c->pages >= 1 && c->pages <= DAF_CONTENT_PAGES_MAX);
    assert(daf_content_parts(c) <= DAF_CONTENT_PARTS_MAX);
    assert(c->chunk_bytes == daf_content_chunk_bytes(c->bytes));
    assert((uint64_t)c->chunks * c->chunk_bytes >= c->bytes);
    assert(c->page_hashes.len == (size_t)c->pages * sizeof(struct daf_hash));
    for (uint32_t i = 0; i < c->pages; i++) {
        size_t n = daf_content_page_bytes(c, i);

        assert(n >= 1 && n <= DAF_PAGE_BYTES);
        pages += n;
    }
    assert(pages == c->list_bytes);
}

static void check_manifest(struct daf_view bytes)
{
    static const char *const languages[] = {"ar-SY", ""};
    struct daf_content c, again;
    struct daf_view made;
    enum daf_err err;
    struct daf_pack k;
    uint8_t *room;

    if (daf_content_decode(bytes, &c) != DAF_OK) return;
    assert(daf_cursor_check(bytes, NULL) == DAF_OK);
    check_sizes(&c);
    assert(c.titles_count >= 1);
    check_texts(bytes, c.titles, c.titles_count, DAF_CONTENT_TITLE_BYTES_MAX);
    check_texts(bytes, c.descriptions, c.descriptions_count,
                DAF_CONTENT_DESCRIPTION_BYTES_MAX);
    for (size_t i = 0; i < c.languages_count; i++)
        check_text(bytes, c.languages[i], DAF_LANGUAGE_BYTES_MAX);
    for (size_t i = 0; i < DAF_ABOUT_COUNT; i++)
        if (c.texts[i].len > 0)
            check_text(bytes, c.texts[i], DAF_CONTENT_TEXT_BYTES_MAX);
    assert(daf_content_title(&c, languages, 2).len > 0);
    /* What is not known is left out by who makes one anew. */
    room = room_for(bytes, &k);
    daf_content_pack(&k, &c);
    made = daf_pack_view(&k);
    assert(!k.is_full && made.len <= bytes.len);
    assert(made.len < bytes.len || memcmp(room, bytes.p, bytes.len) == 0);
    err = daf_content_decode(made, &again);
    assert(err == DAF_OK && again.chunks == c.chunks &&
           again.titles_count == c.titles_count);
    (void)err;
    free(room);
}

/* ---- file lists */

/* The manifest of which these bytes would be the file list; as far as they are
 * one. */
static void derive(struct daf_view bytes, struct daf_content *out)
{
    struct daf_cursor c;
    size_t count;

    memset(out, 0, sizeof(*out));
    out->chunk_bytes = CHUNK;
    out->list_bytes = (uint32_t)bytes.len;
    daf_cursor_init(&c, bytes);
    count = daf_cursor_array(&c, DAF_CONTENT_FILES_MAX);
    out->files = (uint32_t)count;
    for (size_t i = 0; i < count && daf_cursor_ok(&c); i++) {
        uint64_t size;

        daf_cursor_array_of(&c, 3);
        (void)daf_cursor_str(&c, SIZE_MAX);
        size = daf_cursor_uint(&c, UINT64_MAX);
        (void)daf_cursor_bin(&c, SIZE_MAX);
        out->bytes += size; /* may run over */
        out->chunks += (uint32_t)daf_filelist_chunks(size, CHUNK);
    }
}

static void check_file(const struct daf_filelist_file *f,
                       struct daf_view before)
{
    assert(daf_filelist_is_safe(f->path));
    assert(f->hashes.len ==
           daf_filelist_chunks(f->size, CHUNK) * sizeof(struct daf_hash));
    if (before.len == 0) return;
    assert(daf_filelist_order(before, f->path) < 0);
    assert(daf_filelist_order(f->path, before) > 0);
    assert(!daf_filelist_is_inside(f->path, before));
    assert(!daf_filelist_is_inside(before, f->path));
}

static void check_list(struct daf_view bytes)
{
    struct daf_view before = {NULL, 0};
    struct daf_content c;
    struct daf_cursor at;
    uint64_t sum = 0;
    struct daf_pack k;
    uint8_t *room;

    derive(bytes, &c);
    if (daf_filelist_check(bytes, &c) != DAF_OK) return;
    room = room_for(bytes, &k);
    daf_filelist_open(&k, c.files);
    daf_filelist_begin(&at, bytes);
    for (uint32_t i = 0; i < c.files; i++) {
        struct daf_filelist_file f;

        daf_filelist_next(&at, &f);
        check_file(&f, before);
        daf_filelist_add(&k, &f);
        sum += f.size;
        before = f.path;
    }
    assert(daf_cursor_done(&at) && sum == c.bytes);
    assert(k.len == bytes.len && memcmp(room, bytes.p, bytes.len) == 0);
    c.bytes++;
    assert(daf_filelist_check(bytes, &c) != DAF_OK);
    free(room);
}

/* ---- catalogue items */

static void check_item(struct daf_view bytes)
{
    struct daf_catalogue_item item;
    struct daf_pack k;
    uint8_t *room;

    if (daf_payload_catalogue_item(bytes, &item) != DAF_OK) return;
    assert(item.manifest.len > 0 || item.replaces_count > 0);
    room = room_for(bytes, &k);
    daf_payload_pack_catalogue_item(&k, &item);
    assert(!k.is_full && k.len <= bytes.len);
    assert(k.len < bytes.len || memcmp(room, bytes.p, bytes.len) == 0);
    free(room);
    check_manifest(item.manifest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct daf_view bytes = {data, size};

    check_manifest(bytes);
    check_list(bytes);
    check_item(bytes);
    return 0;
}
