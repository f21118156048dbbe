/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/content.h"

#include "proto/hash.h"
#include "proto/picture.h"

#include <assert.h>

#define ITEMS      9
#define HASH       1 /* BLAKE2b-256, the one algorithm of version 1 */
#define KEYS_MAX   64
#define HASH_BYTES sizeof(struct daf_hash)

/* A list needs no file to be there, but a file needs its own entry: a path of
 * one letter, a size, no hashes. */
static_assert(DAF_CONTENT_PAGES_MAX * HASH_BYTES +
                      DAF_CONTENT_PREVIEW_BYTES_MAX + 8000 <
                  DAF_CONTENT_MANIFEST_BYTES_MAX,
              "page hashes and a preview leave room for words");

/* ---- sizes and hashes */

uint32_t daf_content_chunk_bytes(uint64_t bytes)
{
    uint32_t chunk = DAF_CHUNK_BYTES_MIN;

    while (chunk < DAF_CHUNK_BYTES_MAX && (uint64_t)chunk * 2000 < bytes)
        chunk *= 2;
    return chunk;
}

size_t daf_content_page_bytes(const struct daf_content *c, uint32_t page)
{
    size_t before = (size_t)page * DAF_PAGE_BYTES;

    assert(page < c->pages);
    return c->list_bytes - before < DAF_PAGE_BYTES ? c->list_bytes - before
                                                   : DAF_PAGE_BYTES;
}

static struct daf_hash hash(const char *context, struct daf_view bytes)
{
    struct daf_hash h;

    daf_hash_256(context, bytes, h.b);
    return h;
}

struct daf_hash daf_content_page_hash(struct daf_view bytes)
{
    return hash("daf.page.1", bytes);
}

struct daf_hash daf_content_chunk_hash(struct daf_view bytes)
{
    return hash(DAF_CHUNK_CONTEXT, bytes);
}

struct daf_hash daf_content_id(struct daf_view manifest)
{
    return hash("daf.content.1", manifest);
}

/* ---- about */

static const char *const keys[DAF_ABOUT_COUNT] = {
    [DAF_ABOUT_ACCESSIBILITY] = "accessibility",
    [DAF_ABOUT_AGE] = "age",
    [DAF_ABOUT_ALIGNMENT] = "alignment",
    [DAF_ABOUT_AUDIENCE] = "audience",
    [DAF_ABOUT_AUTHOR] = "author",
    [DAF_ABOUT_CHANNEL] = "channel",
    [DAF_ABOUT_LEVEL] = "level",
    [DAF_ABOUT_LICENCE] = "licence",
    [DAF_ABOUT_ORDER] = "order",
    [DAF_ABOUT_PUBLISHER] = "publisher",
    [DAF_ABOUT_SUBJECT] = "subject",
};

const char *daf_content_about_str(enum daf_about which)
{
    return (unsigned)which < DAF_ABOUT_COUNT ? keys[which] : "";
}

static bool is(struct daf_view v, const char *s)
{
    return v.len == strlen(s) && memcmp(v.p, s, v.len) == 0;
}

/* R59: no control character; that it is UTF-8 the cursor has seen. */
static struct daf_view read_text(struct daf_cursor *c, size_t len_max)
{
    size_t start = c->at;
    struct daf_view v = daf_cursor_str(c, len_max);
    bool good = v.len > 0;

    for (size_t i = 0; i < v.len; i++)
        good = good && v.p[i] >= 0x20 && v.p[i] != 0x7f;
    if (!good) daf_cursor_fail(c, DAF_EFORM, start);
    return v;
}

/* That it is registered nobody checks. */
static bool is_language(struct daf_view v)
{
    for (size_t i = 0; i < v.len; i++) {
        uint8_t b = v.p[i];

        if ((b < '0' || b > '9') && (b < 'A' || b > 'Z') &&
            (b < 'a' || b > 'z') && b != '-')
            return false;
    }
    return v.len > 0 && v.len <= DAF_LANGUAGE_BYTES_MAX;
}

static size_t read_texts(struct daf_cursor *c, size_t len_max,
                         struct daf_about_text out[])
{
    size_t start = c->at;
    size_t count = daf_cursor_map(c, DAF_CONTENT_LANGUAGES_MAX);
    struct daf_view prev = {NULL, 0};

    for (size_t i = 0; i < count && daf_cursor_ok(c); i++) {
        out[i].language = daf_cursor_key(c, &prev);
        if (!is_language(out[i].language)) daf_cursor_fail(c, DAF_EFORM, start);
        out[i].text = read_text(c, len_max);
    }
    if (count == 0) daf_cursor_fail(c, DAF_EFORM, start);
    return count;
}

static size_t read_languages(struct daf_cursor *c, struct daf_view out[])
{
    size_t start = c->at;
    size_t count = daf_cursor_array(c, DAF_CONTENT_LANGUAGES_MAX);

    for (size_t i = 0; i < count && daf_cursor_ok(c); i++) {
        out[i] = daf_cursor_str(c, DAF_LANGUAGE_BYTES_MAX);
        if (!is_language(out[i])) daf_cursor_fail(c, DAF_EFORM, start);
    }
    if (count == 0) daf_cursor_fail(c, DAF_EFORM, start);
    return count;
}

/* R98: whatever it is, the item counts. */
static struct daf_view read_preview(struct daf_cursor *c)
{
    struct daf_view none = {NULL, 0}, v;

    if (daf_cursor_peek(c) != DAF_KIND_BIN) {
        daf_cursor_skip(c);
        return none;
    }
    v = daf_cursor_bin(c, DAF_CONTENT_MANIFEST_BYTES_MAX);
    return daf_picture_is_preview(v) ? v : none;
}

static void read_value(struct daf_cursor *c, struct daf_view key,
                       struct daf_content *out)
{
    if (is(key, "title")) {
        out->titles_count =
            read_texts(c, DAF_CONTENT_TITLE_BYTES_MAX, out->titles);
        return;
    }
    if (is(key, "description")) {
        out->descriptions_count =
            read_texts(c, DAF_CONTENT_DESCRIPTION_BYTES_MAX, out->descriptions);
        return;
    }
    if (is(key, "languages")) {
        out->languages_count = read_languages(c, out->languages);
        return;
    }
    if (is(key, "preview")) {
        out->preview = read_preview(c);
        return;
    }
    for (size_t i = 0; i < DAF_ABOUT_COUNT; i++) {
        if (!is(key, keys[i])) continue;
        out->texts[i] = read_text(c, DAF_CONTENT_TEXT_BYTES_MAX);
        return;
    }
    daf_cursor_skip(c); /* a later version's */
}

static void read_about(struct daf_cursor *c, struct daf_content *out)
{
    size_t start = c->at;
    size_t count = daf_cursor_map(c, KEYS_MAX);
    struct daf_view prev = {NULL, 0};

    for (size_t i = 0; i < count && daf_cursor_ok(c); i++)
        read_value(c, daf_cursor_key(c, &prev), out);
    if (out->titles_count == 0) daf_cursor_fail(c, DAF_EFORM, start);
}

/* ---- the content manifest */

/* As few chunks as its bytes need, and no more than so many files can have: each
 * but one of a byte. */
static bool is_consistent(const struct daf_content *c)
{
    uint64_t least = (c->bytes + c->chunk_bytes - 1) / c->chunk_bytes;
    uint64_t files = c->files < c->bytes ? c->files : c->bytes;
    uint64_t most = (c->bytes - files) / c->chunk_bytes + files;

    return c->chunk_bytes == daf_content_chunk_bytes(c->bytes) &&
           c->chunks >= least && c->chunks <= most &&
           c->page_hashes.len == c->pages * HASH_BYTES &&
           daf_content_parts(c) <= DAF_CONTENT_PARTS_MAX;
}

/* Another version may have more items, so the count comes second. */
static void read_version(struct daf_cursor *c)
{
    size_t count = daf_cursor_array(c, SIZE_MAX);
    size_t start = c->at;

    if (daf_cursor_uint(c, UINT64_MAX) != DAF_FORMAT_VERSION)
        daf_cursor_fail(c, DAF_EVERSION, start);
    start = c->at;
    if (daf_cursor_uint(c, UINT64_MAX) != HASH)
        daf_cursor_fail(c, DAF_EVERSION, start);
    if (count != ITEMS) daf_cursor_fail(c, DAF_EFORM, 0);
}

enum daf_err daf_content_decode(struct daf_view bytes, struct daf_content *out)
{
    struct daf_content m;
    struct daf_cursor c;
    enum daf_err err;

    memset(out, 0, sizeof(*out));
    if (bytes.len > DAF_CONTENT_MANIFEST_BYTES_MAX) return DAF_ELIMIT;
    /* Skipping what is not known does not see how deep it is in the whole. */
    err = daf_cursor_check(bytes, NULL);
    if (err != DAF_OK) return err;
    memset(&m, 0, sizeof(m));
    daf_cursor_init(&c, bytes);
    read_version(&c);
    m.bytes = daf_cursor_uint(&c, DAF_INT_MAX);
    m.files = (uint32_t)daf_cursor_uint(&c, DAF_CONTENT_FILES_MAX);
    m.list_bytes =
        (uint32_t)daf_cursor_uint(&c, (uint64_t)DAF_CONTENT_PAGES_MAX *
                                          DAF_PAGE_BYTES);
    m.chunk_bytes = (uint32_t)daf_cursor_uint(&c, DAF_CHUNK_BYTES_MAX);
    m.chunks = (uint32_t)daf_cursor_uint(&c, DAF_CONTENT_PARTS_MAX);
    m.page_hashes = daf_cursor_bin(&c, DAF_CONTENT_PAGES_MAX * HASH_BYTES);
    read_about(&c, &m);
    if (!daf_cursor_done(&c)) return c.err;
    m.pages = (m.list_bytes + DAF_PAGE_BYTES - 1) / DAF_PAGE_BYTES;
    if (m.files == 0 || m.list_bytes == 0 || m.chunk_bytes == 0 ||
        !is_consistent(&m))
        return DAF_EFORM;
    m.id = daf_content_id(bytes);
    *out = m;
    return DAF_OK;
}

/* ---- making */

static void pack_view(struct daf_pack *k, struct daf_view v)
{
    daf_pack_str(k, (const char *)v.p, v.len);
}

static void pack_key(struct daf_pack *k, const char *key)
{
    daf_pack_str(k, key, strlen(key));
}

static int order(struct daf_view a, struct daf_view b)
{
    int n = memcmp(a.p, b.p, a.len < b.len ? a.len : b.len);

    return n != 0 ? n : (a.len > b.len) - (a.len < b.len);
}

/* In the order of their languages, which need not be the caller's. */
static void pack_texts(struct daf_pack *k, const struct daf_about_text *texts,
                       size_t count)
{
    const struct daf_about_text *last = NULL;

    daf_pack_map(k, count);
    for (size_t i = 0; i < count; i++) {
        const struct daf_about_text *next = NULL;

        for (size_t j = 0; j < count; j++) {
            if (last != NULL && order(texts[j].language, last->language) <= 0)
                continue;
            if (next == NULL || order(texts[j].language, next->language) < 0)
                next = &texts[j];
        }
        assert(next != NULL); /* no language twice */
        pack_view(k, next->language);
        pack_view(k, next->text);
        last = next;
    }
}

static void pack_languages(struct daf_pack *k, const struct daf_content *c)
{
    pack_key(k, "languages");
    daf_pack_array(k, c->languages_count);
    for (size_t i = 0; i < c->languages_count; i++)
        pack_view(k, c->languages[i]);
}

/* Keys ascend: texts in their own order, the four others where they belong. */
static void pack_about(struct daf_pack *k, const struct daf_content *c)
{
    size_t count = (size_t)1 + (c->descriptions_count > 0) +
                   (c->languages_count > 0) + (c->preview.len > 0);

    for (size_t i = 0; i < DAF_ABOUT_COUNT; i++)
        count += c->texts[i].len > 0;
    daf_pack_map(k, count);
    for (size_t i = 0; i < DAF_ABOUT_COUNT; i++) {
        if (i == DAF_ABOUT_LEVEL && c->descriptions_count > 0) {
            pack_key(k, "description");
            pack_texts(k, c->descriptions, c->descriptions_count);
        }
        if (i == DAF_ABOUT_LEVEL && c->languages_count > 0)
            pack_languages(k, c);
        if (i == DAF_ABOUT_PUBLISHER && c->preview.len > 0) {
            pack_key(k, "preview");
            daf_pack_bin(k, c->preview.p, c->preview.len);
        }
        if (c->texts[i].len == 0) continue;
        pack_key(k, keys[i]);
        pack_view(k, c->texts[i]);
    }
    pack_key(k, "title");
    pack_texts(k, c->titles, c->titles_count);
}

void daf_content_pack(struct daf_pack *k, const struct daf_content *c)
{
    daf_pack_array(k, ITEMS);
    daf_pack_uint(k, DAF_FORMAT_VERSION);
    daf_pack_uint(k, HASH);
    daf_pack_uint(k, c->bytes);
    daf_pack_uint(k, c->files);
    daf_pack_uint(k, c->list_bytes);
    daf_pack_uint(k, c->chunk_bytes);
    daf_pack_uint(k, c->chunks);
    daf_pack_bin(k, c->page_hashes.p, c->page_hashes.len);
    pack_about(k, c);
}

/* ---- for people */

/* How many parts, between the `-`, two tags begin with alike. */
static unsigned alike(struct daf_view a, const char *b)
{
    unsigned parts = 0;

    for (size_t i = 0;; i++) {
        bool a_ends = i == a.len || a.p[i] == '-';
        bool b_ends = b[i] == '\0' || b[i] == '-';
        uint8_t x, y;

        if (a_ends != b_ends) return parts;
        if (a_ends) parts += i > 0;
        if (i == a.len || b[i] == '\0') return parts;
        x = a.p[i];
        y = (uint8_t)b[i];
        if (x >= 'A' && x <= 'Z') x = (uint8_t)(x + 32);
        if (y >= 'A' && y <= 'Z') y = (uint8_t)(y + 32);
        if (x != y) return parts;
    }
}

const struct daf_about_text *daf_content_best(
    const struct daf_about_text *texts, size_t texts_count,
    const char *const *languages, size_t count)
{
    assert(texts_count > 0);
    for (size_t i = 0; i <= count; i++) {
        const char *language = i < count ? languages[i] : "en";
        unsigned best = 0;
        size_t at = 0;

        for (size_t j = 0; j < texts_count; j++) {
            unsigned parts = alike(texts[j].language, language);

            if (parts <= best) continue;
            best = parts;
            at = j;
        }
        if (best > 0) return &texts[at];
    }
    return &texts[0];
}

struct daf_view daf_content_title(const struct daf_content *c,
                                  const char *const *languages, size_t count)
{
    return daf_content_best(c->titles, c->titles_count, languages, count)->text;
}
