/* SPDX-License-Identifier: Apache-2.0 */

/* Content manifests (docs/content.md R59): each bound just kept and just broken,
 * and what is packed is what is read. */

#include "tests/lib/t.h"

#include "proto/content.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define HASH_BYTES    32
#define MANIFEST_ROOM ((size_t)2 * DAF_CONTENT_MANIFEST_BYTES_MAX)
#define MIB           UINT64_C(1048576)
#define PAGES_MAX     ((uint64_t)DAF_CONTENT_PAGES_MAX)

/* ---- a manifest of any shape */

struct shape {
    size_t items; /* 0: nine */
    uint64_t version, hash, bytes, files, list_bytes, chunk_bytes, chunks;
    size_t hashes_len;
    struct daf_view about; /* packed */
};

static const char *const plain = "{'title':{'en':'A'}}";

static void pack_json(struct daf_pack *k, const json_t *v)
{
    const char *key;
    json_t *item;
    size_t i;

    if (json_is_string(v)) {
        daf_pack_str(k, json_string_value(v), json_string_length(v));
    } else if (json_is_integer(v)) {
        daf_pack_uint(k, (uint64_t)json_integer_value(v));
    } else if (json_is_array(v)) {
        daf_pack_array(k, json_array_size(v));
        json_array_foreach(v, i, item) pack_json(k, item);
    } else if (json_is_object(v)) {
        daf_pack_map(k, json_object_size(v));
        json_object_foreach((json_t *)(uintptr_t)v, key, item)
        {
            daf_pack_str(k, key, strlen(key));
            pack_json(k, item);
        }
    } else {
        daf_pack_nil(k);
    }
}

/* JSON with ' for ", its keys in the order written; good until the next. */
static struct daf_view about(const char *text)
{
    static uint8_t room[MANIFEST_ROOM];
    char json[8192];
    struct daf_pack k;
    json_t *v;

    (void)snprintf(json, sizeof(json), "%s", text);
    for (char *p = json; *p != '\0'; p++)
        if (*p == '\'') *p = '"';
    v = json_loads(json, JSON_ALLOW_NUL, NULL);
    if (v == NULL) fail_msg("no JSON: %s", json);
    daf_pack_init(&k, room, sizeof(room));
    pack_json(&k, v);
    json_decref(v);
    assert_false(k.is_full);
    return daf_pack_view(&k);
}

static struct shape good(void)
{
    return (struct shape){
        .version = 1,
        .hash = 1,
        .bytes = 100,
        .files = 1,
        .list_bytes = 50,
        .chunk_bytes = DAF_CHUNK_BYTES_MIN,
        .chunks = 1,
        .hashes_len = HASH_BYTES,
        .about = about(plain),
    };
}

/* Good until the next. */
static struct daf_view made(const struct shape *s)
{
    static uint8_t room[MANIFEST_ROOM];
    static const uint8_t hashes[MANIFEST_ROOM];
    struct daf_pack k;

    daf_pack_init(&k, room, sizeof(room));
    daf_pack_array(&k, s->items == 0 ? 9 : s->items);
    daf_pack_uint(&k, s->version);
    daf_pack_uint(&k, s->hash);
    daf_pack_uint(&k, s->bytes);
    daf_pack_uint(&k, s->files);
    daf_pack_uint(&k, s->list_bytes);
    daf_pack_uint(&k, s->chunk_bytes);
    daf_pack_uint(&k, s->chunks);
    daf_pack_bin(&k, hashes, s->hashes_len);
    daf_pack_raw(&k, s->about.p, s->about.len);
    for (size_t i = 9; i < s->items; i++)
        daf_pack_nil(&k);
    assert_false(k.is_full);
    return daf_pack_view(&k);
}

/* Whatever is refused leaves nothing behind. */
static enum daf_err decode(struct daf_view bytes, struct daf_content *out)
{
    static const struct daf_content nothing;
    enum daf_err err = daf_content_decode(bytes, out);

    if (err != DAF_OK) assert_memory_equal(out, &nothing, sizeof(nothing));
    return err;
}

static enum daf_err read_shape(const struct shape *s)
{
    struct daf_content c;

    return decode(made(s), &c);
}

static enum daf_err read_about(const char *text)
{
    struct shape s = good();

    s.about = about(text);
    return read_shape(&s);
}

static enum daf_err with(struct shape s, uint64_t *field, uint64_t value,
                         struct shape *at)
{
    size_t offset = (size_t)((uint8_t *)field - (uint8_t *)at);

    memcpy((uint8_t *)&s + offset, &value, sizeof(value));
    return read_shape(&s);
}
#define WITH(shape, field, value) with(shape, &(shape).field, value, &(shape))

/* ---- versions, sizes, counts */

static void another_version_or_algorithm_is_said_to_be_that(void **state)
{
    struct shape s = good();

    (void)state;
    assert_int_equal(read_shape(&s), DAF_OK);
    assert_int_equal(WITH(s, version, 0), DAF_EVERSION);
    assert_int_equal(WITH(s, version, 2), DAF_EVERSION);
    assert_int_equal(WITH(s, version, UINT64_MAX), DAF_EVERSION);
    assert_int_equal(WITH(s, hash, 0), DAF_EVERSION);
    assert_int_equal(WITH(s, hash, 2), DAF_EVERSION);
    s.items = 10; /* of this version there are nine */
    assert_int_equal(read_shape(&s), DAF_EFORM);
    assert_int_equal(WITH(s, version, 2), DAF_EVERSION);
}

static void the_chunk_size_is_a_2000th_rounded_up_to_a_power_of_two(
    void **state)
{
    (void)state;
    assert_int_equal(daf_content_chunk_bytes(0), DAF_CHUNK_BYTES_MIN);
    assert_int_equal(daf_content_chunk_bytes(1), DAF_CHUNK_BYTES_MIN);
    for (uint32_t c = DAF_CHUNK_BYTES_MIN; c < DAF_CHUNK_BYTES_MAX; c *= 2) {
        assert_int_equal(daf_content_chunk_bytes((uint64_t)c * 2000), c);
        assert_int_equal(daf_content_chunk_bytes((uint64_t)c * 2000 + 1),
                         2 * c);
    }
    assert_int_equal(daf_content_chunk_bytes(MIB * 2000), MIB);
    assert_int_equal(daf_content_chunk_bytes(MIB * 2000 + 1), MIB);
    assert_int_equal(daf_content_chunk_bytes(UINT64_MAX), MIB);
}

static void no_other_chunk_size_is_taken(void **state)
{
    struct shape s = good();

    (void)state;
    assert_int_equal(WITH(s, chunk_bytes, 0), DAF_EFORM);
    assert_int_equal(WITH(s, chunk_bytes, 65535), DAF_EFORM);
    assert_int_equal(WITH(s, chunk_bytes, 131072), DAF_EFORM);
    assert_int_equal(WITH(s, chunk_bytes, MIB + 1), DAF_ELIMIT);
    for (uint32_t c = DAF_CHUNK_BYTES_MIN; c < DAF_CHUNK_BYTES_MAX; c *= 2) {
        s.bytes = (uint64_t)c * 2000;
        s.chunks = 2000;
        assert_int_equal(WITH(s, chunk_bytes, c), DAF_OK);
        s.chunks = 1000;
        assert_int_equal(WITH(s, chunk_bytes, (uint64_t)c * 2), DAF_EFORM);
        s.bytes++;
        s.chunks = 1001;
        assert_int_equal(WITH(s, chunk_bytes, (uint64_t)c * 2), DAF_OK);
        s.chunks = 2001;
        assert_int_equal(WITH(s, chunk_bytes, c), DAF_EFORM);
    }
}

static void files_and_pages_keep_their_bounds(void **state)
{
    struct shape s = good();

    (void)state;
    assert_int_equal(WITH(s, files, 0), DAF_EFORM);
    assert_int_equal(WITH(s, files, DAF_CONTENT_FILES_MAX), DAF_OK);
    assert_int_equal(WITH(s, files, DAF_CONTENT_FILES_MAX + 1), DAF_ELIMIT);
    assert_int_equal(WITH(s, list_bytes, 0), DAF_EFORM);
    assert_int_equal(WITH(s, list_bytes, DAF_PAGE_BYTES), DAF_OK);
    assert_int_equal(WITH(s, list_bytes, DAF_PAGE_BYTES + 1), DAF_EFORM);
    s.hashes_len = (size_t)HASH_BYTES * 2;
    assert_int_equal(WITH(s, list_bytes, DAF_PAGE_BYTES), DAF_EFORM);
    assert_int_equal(WITH(s, list_bytes, DAF_PAGE_BYTES + 1), DAF_OK);
    s.hashes_len = PAGES_MAX * HASH_BYTES;
    assert_int_equal(WITH(s, list_bytes, PAGES_MAX * DAF_PAGE_BYTES), DAF_OK);
    assert_int_equal(WITH(s, list_bytes, PAGES_MAX * DAF_PAGE_BYTES + 1),
                     DAF_ELIMIT);
    s.list_bytes = PAGES_MAX * DAF_PAGE_BYTES;
    s.hashes_len++;
    assert_int_equal(read_shape(&s), DAF_ELIMIT);
}

static void page_hashes_are_as_many_as_pages_and_whole(void **state)
{
    static const size_t wrong[] = {0, 1, 63, 65, 32, 96};
    struct shape s = good();

    (void)state;
    s.list_bytes = 2 * DAF_PAGE_BYTES;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        s.hashes_len = wrong[i];
        assert_int_equal(read_shape(&s), DAF_EFORM);
    }
    s.hashes_len = 64;
    assert_int_equal(read_shape(&s), DAF_OK);
}

static void chunks_are_as_many_as_such_bytes_in_such_files_can_have(
    void **state)
{
    struct shape s = good();

    (void)state;
    s.bytes = 2 * DAF_CHUNK_BYTES_MIN + 1;
    s.files = 3;
    assert_int_equal(WITH(s, chunks, 2), DAF_EFORM);
    assert_int_equal(WITH(s, chunks, 3), DAF_OK);
    assert_int_equal(WITH(s, chunks, 4), DAF_OK); /* 1, 1, all else */
    assert_int_equal(WITH(s, chunks, 5), DAF_EFORM);
    s.bytes = 3; /* each chunk has a byte */
    s.files = 5;
    assert_int_equal(WITH(s, chunks, 3), DAF_OK);
    assert_int_equal(WITH(s, chunks, 4), DAF_EFORM);
    s.bytes = 0;
    assert_int_equal(WITH(s, chunks, 0), DAF_OK);
    assert_int_equal(WITH(s, chunks, 1), DAF_EFORM);
}

static void parts_end_at_two_to_the_twentieth(void **state)
{
    struct shape s = good();

    (void)state;
    s.chunk_bytes = MIB;
    s.chunks = DAF_CONTENT_PARTS_MAX - 1;
    s.bytes = s.chunks * MIB;
    assert_int_equal(read_shape(&s), DAF_OK);
    s.chunks++;
    s.bytes += MIB;
    assert_int_equal(read_shape(&s), DAF_EFORM);
    s.chunks++;
    s.bytes += MIB;
    assert_int_equal(read_shape(&s), DAF_ELIMIT);
    s.chunks = DAF_CONTENT_PARTS_MAX - 1;
    s.bytes = INT64_MAX; /* no sum of it runs over */
    assert_int_equal(read_shape(&s), DAF_EFORM);
    s.bytes++;
    assert_int_equal(read_shape(&s), DAF_ELIMIT);
}

static void parts_are_pages_then_chunks(void **state)
{
    struct shape s = good();
    struct daf_content c;

    (void)state;
    s.list_bytes = DAF_PAGE_BYTES + 7;
    s.hashes_len = (size_t)HASH_BYTES * 2;
    assert_int_equal(decode(made(&s), &c), DAF_OK);
    assert_int_equal(c.pages, 2);
    assert_int_equal(daf_content_parts(&c), 3);
    assert_int_equal(daf_content_page_bytes(&c, 0), DAF_PAGE_BYTES);
    assert_int_equal(daf_content_page_bytes(&c, 1), 7);
}

/* A good manifest of @len bytes: a later version's key fills it up. */
static struct daf_view of_length(size_t len)
{
    static const uint8_t filler[MANIFEST_ROOM];
    static uint8_t room[MANIFEST_ROOM];
    size_t more = 256; /* a bin with the same head as the one looked for */
    struct daf_view bytes = {NULL, 0};

    for (int i = 0; i < 2; i++) {
        struct shape s = good();
        struct daf_pack k;

        daf_pack_init(&k, room, sizeof(room));
        daf_pack_map(&k, 2);
        daf_pack_raw(&k, s.about.p + 1, s.about.len - 1);
        daf_pack_str(&k, "z", 1);
        daf_pack_bin(&k, filler, more);
        s.about = daf_pack_view(&k);
        bytes = made(&s);
        more += len - bytes.len;
    }
    assert_int_equal(bytes.len, len);
    return bytes;
}

static void at_most_32768_bytes_are_read(void **state)
{
    struct daf_content c;

    (void)state;
    assert_int_equal(decode(of_length(DAF_CONTENT_MANIFEST_BYTES_MAX), &c),
                     DAF_OK);
    assert_int_equal(decode(of_length(DAF_CONTENT_MANIFEST_BYTES_MAX + 1), &c),
                     DAF_ELIMIT);
}

/* ---- texts */

/* A text of @len bytes between @before and @after. */
static enum daf_err read_long(const char *before, size_t len, const char *after)
{
    char text[2048] = "", json[4096];

    assert_true(len < sizeof(text));
    memset(text, 'x', len);
    (void)snprintf(json, sizeof(json), "%s%s%s", before, text, after);
    return read_about(json);
}

static void a_text_keeps_its_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < DAF_ABOUT_COUNT; i++) {
        const char *key = daf_content_about_str((enum daf_about)i);
        bool is_before = strcmp(key, "title") < 0;
        const char *after = is_before ? "','title':{'en':'A'}}" : "'}";
        char before[128];

        (void)snprintf(before, sizeof(before), "{%s'%s':'",
                       is_before ? "" : "'title':{'en':'A'},", key);
        assert_int_equal(read_long(before, 0, after), DAF_EFORM);
        assert_int_equal(read_long(before, 1, after), DAF_OK);
        assert_int_equal(read_long(before, 200, after), DAF_OK);
        assert_int_equal(read_long(before, 201, after), DAF_ELIMIT);
    }
    assert_string_equal(daf_content_about_str(DAF_ABOUT_COUNT), "");
}

static void titles_and_descriptions_keep_theirs(void **state)
{
    static const char title[] = "{'title':{'en':'", end[] = "'}}";
    static const char description[] = "{'description':{'en':'";
    static const char description_end[] = "'},'title':{'en':'A'}}";
    static const char tag[] = "{'languages':['";
    static const char tag_end[] = "'],'title':{'en':'A'}}";
    static const char of[] = "{'title':{'", of_end[] = "':'A'}}";

    (void)state;
    assert_int_equal(read_long(title, 0, end), DAF_EFORM);
    assert_int_equal(read_long(title, 200, end), DAF_OK);
    assert_int_equal(read_long(title, 201, end), DAF_ELIMIT);
    assert_int_equal(read_long(description, 0, description_end), DAF_EFORM);
    assert_int_equal(read_long(description, 1000, description_end), DAF_OK);
    assert_int_equal(read_long(description, 1001, description_end), DAF_ELIMIT);
    assert_int_equal(read_long(tag, 0, tag_end), DAF_EFORM);
    assert_int_equal(read_long(tag, 35, tag_end), DAF_OK);
    assert_int_equal(read_long(tag, 36, tag_end), DAF_ELIMIT);
    assert_int_equal(read_long(of, 0, of_end), DAF_EFORM);
    assert_int_equal(read_long(of, 35, of_end), DAF_OK);
    assert_int_equal(read_long(of, 36, of_end), DAF_EFORM);
}

/* The @ of @with is the byte @b. */
static enum daf_err read_byte(uint8_t b, const char *with)
{
    static uint8_t room[256];
    struct shape s = good();
    uint8_t *at;

    s.about = about(with);
    memcpy(room, s.about.p, s.about.len);
    at = memchr(room, '@', s.about.len);
    assert_non_null(at);
    *at = b;
    s.about.p = room;
    return read_shape(&s);
}

static void no_text_has_a_control_character(void **state)
{
    (void)state;
    for (unsigned b = 0; b < 0x80; b++) {
        enum daf_err want = b < 0x20 || b == 0x7f ? DAF_EFORM : DAF_OK;
        uint8_t byte = (uint8_t)b;

        assert_int_equal(read_byte(byte, "{'title':{'en':'a@b'}}"), want);
        assert_int_equal(read_byte(byte, "{'age':'@','title':{'en':'A'}}"),
                         want);
        assert_int_equal(
            read_byte(byte, "{'description':{'en':'x@'},'title':{'en':'A'}}"),
            want);
    }
    /* Not UTF-8. */
    for (unsigned b = 0x80; b <= 0xff; b++)
        assert_int_equal(read_byte((uint8_t)b, "{'title':{'en':'a@b'}}"),
                         DAF_EFORM);
    assert_int_equal(read_about("{'title':{'ar':'\\u0623'}}"), DAF_OK);
}

static void a_language_tag_has_letters_digits_and_hyphens(void **state)
{
    (void)state;
    for (unsigned b = 1; b < 0x80; b++) {
        bool good_tag = (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') ||
                        (b >= 'a' && b <= 'z') || b == '-';
        enum daf_err want = good_tag ? DAF_OK : DAF_EFORM;

        assert_int_equal(read_byte((uint8_t)b, "{'title':{'e@':'A'}}"), want);
        assert_int_equal(
            read_byte((uint8_t)b,
                      "{'languages':['en','@x'],'title':{'en':'A'}}"),
            want);
    }
}

/* ---- the map */

static void a_title_must_be_there_and_be_one(void **state)
{
    (void)state;
    assert_int_equal(read_about("{}"), DAF_EFORM);
    assert_int_equal(read_about("{'description':{'en':'A'}}"), DAF_EFORM);
    assert_int_equal(read_about("{'title':{}}"), DAF_EFORM);
    assert_int_equal(read_about("{'title':'A'}"), DAF_EFORM);
    assert_int_equal(read_about("{'title':['A']}"), DAF_EFORM);
    assert_int_equal(read_about("{'title':{'en':1}}"), DAF_EFORM);
    assert_int_equal(read_about("['title']"), DAF_EFORM);
    assert_int_equal(read_about("{'description':{},'title':{'en':'A'}}"),
                     DAF_EFORM);
    assert_int_equal(read_about("{'languages':[],'title':{'en':'A'}}"),
                     DAF_EFORM);
    assert_int_equal(read_about("{'age':6,'title':{'en':'A'}}"), DAF_EFORM);
}

/* Between @before and @after @count names, each with @value behind it. */
static enum daf_err read_many(size_t count, const char *before,
                              const char *value, const char *after)
{
    char json[4096];
    size_t at = (size_t)snprintf(json, sizeof(json), "%s", before);

    for (size_t i = 0; i < count; i++)
        at += (size_t)snprintf(json + at, sizeof(json) - at, "%s'%c%c'%s",
                               i > 0 ? "," : "", (int)('0' + i / 26),
                               (int)('a' + i % 26), value);
    (void)snprintf(json + at, sizeof(json) - at, "%s", after);
    return read_about(json);
}

static void there_are_at_most_sixteen_of_each(void **state)
{
    (void)state;
    assert_int_equal(read_many(16, "{'title':{", ":'A'", "}}"), DAF_OK);
    assert_int_equal(read_many(17, "{'title':{", ":'A'", "}}"), DAF_ELIMIT);
    for (size_t count = 16; count <= 17; count++) {
        enum daf_err want = count == 16 ? DAF_OK : DAF_ELIMIT;

        assert_int_equal(read_many(count, "{'description':{", ":'A'",
                                   "},'title':{'en':'A'}}"),
                         want);
        assert_int_equal(read_many(count, "{'languages':[", "",
                                   "],'title':{'en':'A'}}"),
                         want);
    }
    /* Keys of `about`, one of them the title. */
    assert_int_equal(read_many(63, "{", ":1", ",'title':{'en':'A'}}"), DAF_OK);
    assert_int_equal(read_many(64, "{", ":1", ",'title':{'en':'A'}}"),
                     DAF_ELIMIT);
}

static void keys_ascend_and_none_is_there_twice(void **state)
{
    static const uint8_t twice[] = "\x82\xa5title\x81\xa2"
                                   "en\xa1"
                                   "A\xa5title\x81\xa2"
                                   "en\xa1"
                                   "B";
    struct shape s = good();

    (void)state;
    assert_int_equal(read_about("{'age':'6','title':{'ar':'A','en':'B'}}"),
                     DAF_OK);
    assert_int_equal(read_about("{'title':{'en':'A'},'age':'6'}"), DAF_EFORM);
    assert_int_equal(read_about("{'title':{'en':'A','ar':'B'}}"), DAF_EFORM);
    s.about = (struct daf_view){twice, sizeof(twice) - 1};
    assert_int_equal(read_shape(&s), DAF_EFORM);
}

/* Arrays in arrays, @depth of them. */
static enum daf_err read_deep(int depth)
{
    char json[256] = "{'a':", *at = json + strlen(json);

    for (int i = 0; i < depth; i++)
        *at++ = '[';
    for (int i = 0; i < depth; i++)
        *at++ = ']';
    (void)snprintf(at, sizeof(json) - (size_t)(at - json), ",%s", plain + 1);
    return read_about(json);
}

static void unknown_keys_are_ignored_and_carried(void **state)
{
    struct daf_content known, c;
    struct shape s = good();

    (void)state;
    assert_int_equal(decode(made(&s), &known), DAF_OK);
    s.about = about("{'a':[1,{'b':'c'}],'title':{'en':'A'},'zone':{'x':''}}");
    assert_int_equal(decode(made(&s), &c), DAF_OK);
    assert_int_equal(c.titles_count, 1);
    assert_memory_not_equal(c.id.b, known.id.b, sizeof(c.id.b));
    /* Canonical all the same (protocol.md R1): 16 deep, two of them ours. */
    assert_int_equal(read_deep(DAF_DEPTH_MAX - 2), DAF_OK);
    assert_int_equal(read_deep(DAF_DEPTH_MAX - 1), DAF_ELIMIT);
    assert_int_equal(read_about("{'a':{'c':1,'b':2},'title':{'en':'A'}}"),
                     DAF_EFORM);
}

/* ---- packing */

static struct daf_view text(const char *s)
{
    return (struct daf_view){(const uint8_t *)s, strlen(s)};
}

static void expect_text(struct daf_view got, const char *want)
{
    assert_int_equal(got.len, strlen(want));
    assert_memory_equal(got.p, want, got.len);
}

static struct daf_content item(void)
{
    static const uint8_t hash[HASH_BYTES] = {1, 2, 3};

    return (struct daf_content){
        .bytes = 70000,
        .files = 2,
        .list_bytes = 120,
        .chunk_bytes = DAF_CHUNK_BYTES_MIN,
        .chunks = 3,
        .page_hashes = {hash, sizeof(hash)},
        .titles_count = 1,
        .titles = {{text("en"), text("Water")}},
    };
}

static struct daf_view packed(const struct daf_content *c)
{
    static uint8_t room[MANIFEST_ROOM];
    struct daf_pack k;

    daf_pack_init(&k, room, sizeof(room));
    daf_content_pack(&k, c);
    return daf_pack_view(&k);
}

static void expect_same(const struct daf_content *a,
                        const struct daf_content *b)
{
    assert_true(a->bytes == b->bytes);
    assert_int_equal(a->files, b->files);
    assert_int_equal(a->list_bytes, b->list_bytes);
    assert_int_equal(a->chunk_bytes, b->chunk_bytes);
    assert_int_equal(a->chunks, b->chunks);
    assert_int_equal(a->page_hashes.len, b->page_hashes.len);
    assert_memory_equal(a->page_hashes.p, b->page_hashes.p, a->page_hashes.len);
    assert_int_equal(a->titles_count, b->titles_count);
    assert_int_equal(a->descriptions_count, b->descriptions_count);
    assert_int_equal(a->languages_count, b->languages_count);
    for (size_t i = 0; i < DAF_ABOUT_COUNT; i++) {
        assert_int_equal(a->texts[i].len, b->texts[i].len);
        if (a->texts[i].len > 0)
            assert_memory_equal(a->texts[i].p, b->texts[i].p, a->texts[i].len);
    }
}

static void what_is_packed_is_read(void **state)
{
    struct daf_content c = item(), got;

    (void)state;
    for (unsigned said = 0; said < 1u << (DAF_ABOUT_COUNT + 2); said++) {
        static const char *const words[DAF_ABOUT_COUNT] = {"a", "b", "c", "d",
                                                           "e", "f", "g", "h",
                                                           "i", "j", "k"};

        for (unsigned i = 0; i < DAF_ABOUT_COUNT; i++)
            c.texts[i] = text((said >> i & 1) != 0 ? words[i] : "");
        c.descriptions_count = said >> DAF_ABOUT_COUNT & 1;
        c.descriptions[0].language = text("en");
        c.descriptions[0].text = text("Of water");
        c.languages_count = said >> (DAF_ABOUT_COUNT + 1) != 0 ? 2 : 0;
        c.languages[0] = text("en"); /* in the order of the curator */
        c.languages[1] = text("ar");
        assert_int_equal(decode(packed(&c), &got), DAF_OK);
        expect_same(&c, &got);
        if (got.languages_count > 0) expect_text(got.languages[0], "en");
    }
}

static void titles_are_packed_in_one_order_whatever_the_caller_s(void **state)
{
    static const char *const tags[] = {"ar", "ar-EG", "en", "ku"};
    struct daf_content c = item(), got;
    struct daf_hash id = {{0}};
    size_t orders = 0;

    (void)state;
    c.titles_count = c.descriptions_count = 4;
    for (unsigned n = 0; n < 256; n++) {
        unsigned order[] = {n & 3, n >> 2 & 3, n >> 4 & 3, n >> 6};
        unsigned seen = 0;

        for (size_t i = 0; i < 4; i++) {
            seen |= 1u << order[i];
            c.titles[i].language = c.titles[i].text = text(tags[order[i]]);
            c.descriptions[i] = c.titles[i];
        }
        if (seen != 15) continue;
        assert_int_equal(decode(packed(&c), &got), DAF_OK);
        for (size_t i = 0; i < 4; i++) {
            expect_text(got.titles[i].language, tags[i]);
            expect_text(got.titles[i].text, tags[i]);
            expect_text(got.descriptions[i].text, tags[i]);
        }
        if (orders++ > 0) assert_memory_equal(got.id.b, id.b, sizeof(id.b));
        id = got.id;
    }
    assert_int_equal(orders, 24);
}

/* ---- strangers' bytes */

static struct daf_view full_item(uint8_t room[MANIFEST_ROOM])
{
    struct daf_content c = item();
    struct daf_view bytes;

    for (size_t i = 0; i < DAF_ABOUT_COUNT; i++)
        c.texts[i] = text("said");
    c.titles_count = 2;
    c.titles[1].language = text("ar");
    c.titles[1].text = text("\xd8\xa3");
    c.languages_count = 1;
    c.languages[0] = text("ar");
    bytes = packed(&c);
    memcpy(room, bytes.p, bytes.len);
    return (struct daf_view){room, bytes.len};
}

static void one_cut_anywhere_is_refused(void **state)
{
    uint8_t room[MANIFEST_ROOM];
    struct daf_view whole = full_item(room);
    struct daf_content c;

    (void)state;
    assert_int_equal(decode(whole, &c), DAF_OK);
    for (size_t len = 0; len < whole.len; len++) {
        /* Of its own, so that a sanitizer sees a byte read too many. */
        uint8_t *cut = malloc(len > 0 ? len : 1);

        assert_non_null(cut);
        memcpy(cut, room, len);
        assert_int_equal(decode((struct daf_view){cut, len}, &c), DAF_EFORM);
        free(cut);
    }
    room[whole.len] = 0xc0;
    assert_int_equal(decode((struct daf_view){room, whole.len + 1}, &c),
                     DAF_EFORM);
}

static void one_with_a_bit_flipped_is_another_or_none(void **state)
{
    uint8_t room[MANIFEST_ROOM];
    struct daf_view whole = full_item(room);
    struct daf_content c, was;

    (void)state;
    assert_int_equal(decode(whole, &was), DAF_OK);
    for (size_t bit = 0; bit < 8 * whole.len; bit++) {
        room[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        if (decode(whole, &c) == DAF_OK) {
            struct daf_view again = packed(&c);

            assert_memory_not_equal(c.id.b, was.id.b, sizeof(c.id.b));
            /* What was read is all there is, unless a key became unknown. */
            if (again.len == whole.len)
                assert_memory_equal(again.p, whole.p, whole.len);
            else
                assert_true(again.len < whole.len);
        }
        room[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
    }
}

/* ---- for people */

static void expect_title(const char *titles, const char *a, const char *b,
                         const char *want)
{
    const char *languages[] = {a, b};
    struct shape s = good();
    struct daf_content c;
    size_t count = (size_t)(a != NULL) + (b != NULL);

    s.about = about(titles);
    assert_int_equal(decode(made(&s), &c), DAF_OK);
    expect_text(daf_content_title(&c, languages, count), want);
}

static void the_title_is_in_the_first_language_that_there_is(void **state)
{
    static const char three[] = "{'title':{'ar':'A','en':'E','ku':'K'}}";

    (void)state;
    expect_title(three, "ku", "ar", "K");
    expect_title(three, "so", "ar", "A");
    expect_title(three, "KU", NULL, "K");
    expect_title(three, "so", "ti", "E"); /* English if none is there */
    expect_title(three, NULL, NULL, "E");
    expect_title(three, "", "a", "E"); /* no beginning of a part */
    expect_title(three, "arz", NULL, "E");
    expect_title("{'title':{'ar':'A','ku':'K'}}", "so", NULL, "A");
}

static void a_title_in_the_next_best_variety_will_do(void **state)
{
    static const char four[] =
        "{'title':{'ar':'A','ar-EG':'M','en-GB':'E','zh-Hant':'Z'}}";

    (void)state;
    expect_title(four, "ar", NULL, "A");
    expect_title(four, "ar-EG", NULL, "M");
    expect_title(four, "ar-eg", NULL, "M");
    expect_title(four, "ar-SY", NULL, "A");
    expect_title(four, "ar-EG-x-a", NULL, "M");
    expect_title(four, "en", NULL, "E");
    expect_title(four, "en-US", NULL, "E");
    expect_title(four, "so", NULL, "E");
    expect_title(four, "zh-Hans", "en", "Z");
    expect_title("{'title':{'ar-EG':'M','en':'E'}}", "ar-SY", "en", "M");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_version_or_algorithm_is_said_to_be_that),
        cmocka_unit_test(
            the_chunk_size_is_a_2000th_rounded_up_to_a_power_of_two),
        cmocka_unit_test(no_other_chunk_size_is_taken),
        cmocka_unit_test(files_and_pages_keep_their_bounds),
        cmocka_unit_test(page_hashes_are_as_many_as_pages_and_whole),
        cmocka_unit_test(
            chunks_are_as_many_as_such_bytes_in_such_files_can_have),
        cmocka_unit_test(parts_end_at_two_to_the_twentieth),
        cmocka_unit_test(parts_are_pages_then_chunks),
        cmocka_unit_test(at_most_32768_bytes_are_read),
        cmocka_unit_test(a_text_keeps_its_length),
        cmocka_unit_test(titles_and_descriptions_keep_theirs),
        cmocka_unit_test(no_text_has_a_control_character),
        cmocka_unit_test(a_language_tag_has_letters_digits_and_hyphens),
        cmocka_unit_test(a_title_must_be_there_and_be_one),
        cmocka_unit_test(there_are_at_most_sixteen_of_each),
        cmocka_unit_test(keys_ascend_and_none_is_there_twice),
        cmocka_unit_test(unknown_keys_are_ignored_and_carried),
        cmocka_unit_test(what_is_packed_is_read),
        cmocka_unit_test(titles_are_packed_in_one_order_whatever_the_caller_s),
        cmocka_unit_test(one_cut_anywhere_is_refused),
        cmocka_unit_test(one_with_a_bit_flipped_is_another_or_none),
        cmocka_unit_test(the_title_is_in_the_first_language_that_there_is),
        cmocka_unit_test(a_title_in_the_next_best_variety_will_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
