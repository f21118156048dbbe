/* SPDX-License-Identifier: Apache-2.0 */

/* Golden content manifests, file lists and catalogue items, made by
 * tests/vectors/make_content.py without our code.  A change here is a change of
 * what a lesson is called by every device that has it. */

#include "tests/lib/t.h"
#include "tests/lib/hex.h"

#include "proto/filelist.h"
#include "proto/payload.h"

#include <jansson.h>
#include <stdlib.h>

#define BYTES_MAX ((size_t)65536)

static json_t *golden;

static const json_t *field(const json_t *object, const char *name)
{
    const json_t *v = json_object_get(object, name);

    if (v == NULL) fail_msg("no %s", name);
    return v;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *s = json_string_value(field(object, name));

    assert_non_null(s);
    return s;
}

static uint64_t number_of(const json_t *object, const char *name)
{
    return strtoull(text_of(object, name), NULL, 10);
}

/* Rooms for the bytes of one vector, one after the other. */
static struct rooms {
    uint8_t bytes[4 * BYTES_MAX];
    size_t at;
} rooms;

static struct daf_view from_hex(const char *hex)
{
    uint8_t *room = rooms.bytes + rooms.at;
    size_t len = daf_hex_decode(hex, room, sizeof(rooms.bytes) - rooms.at);

    rooms.at += len;
    return (struct daf_view){room, len};
}

static struct daf_view bytes_of(const json_t *object, const char *name)
{
    return from_hex(text_of(object, name));
}

static void expect_bytes(struct daf_view got, struct daf_view want)
{
    assert_int_equal(got.len, want.len);
    if (want.len > 0) assert_memory_equal(got.p, want.p, want.len);
}

static void expect_text(struct daf_view got, const json_t *want)
{
    assert_int_equal(got.len, json_string_length(want));
    assert_memory_equal(got.p, json_string_value(want), got.len);
}

static void expect_hash(struct daf_hash got, const json_t *v, const char *name)
{
    expect_bytes((struct daf_view){got.b, sizeof(got.b)}, bytes_of(v, name));
}

/* Says which one it is, should it fail. */
static void begin(const json_t *v)
{
    rooms.at = 0;
    print_message("             %s\n", text_of(v, "name"));
}

static const json_t *refused(const char *kind)
{
    return field(field(golden, "refused"), kind);
}

/* ---- hashes */

static void parts_have_the_hashes_of_the_document(void **state)
{
    json_t *v;
    size_t i;

    (void)state;
    json_array_foreach(field(golden, "parts"), i, v)
    {
        size_t count = (size_t)number_of(v, "count");
        uint8_t *bytes = malloc(count);
        struct daf_view part = {bytes, count};

        begin(v);
        assert_non_null(bytes);
        memset(bytes, (int)number_of(v, "byte"), count);
        expect_hash(daf_content_chunk_hash(part), v, "chunk");
        expect_hash(daf_content_page_hash(part), v, "page");
        expect_hash(daf_content_id(part), v, "content");
        free(bytes);
    }
}

/* ---- file lists */

/* What the manifest would say; its hashes do not count here. */
static struct daf_content numbers(const json_t *v, struct daf_view list)
{
    return (struct daf_content){
        .bytes = number_of(v, "bytes"),
        .files = (uint32_t)number_of(v, "files"),
        .chunk_bytes = (uint32_t)number_of(v, "chunk_bytes"),
        .chunks = (uint32_t)number_of(v, "chunks"),
        .list_bytes = (uint32_t)list.len,
        .pages = 1,
    };
}

static void file_lists_are_read_and_made_byte_for_byte(void **state)
{
    static uint8_t room[BYTES_MAX];
    json_t *v, *e;
    size_t i, j;

    (void)state;
    json_array_foreach(field(golden, "lists"), i, v)
    {
        struct daf_view list;
        struct daf_content c;
        struct daf_cursor at;
        struct daf_pack k;

        begin(v);
        list = bytes_of(v, "list");
        c = numbers(v, list);
        assert_int_equal(daf_filelist_check(list, &c), DAF_OK);
        expect_hash(daf_content_page_hash(list), v, "page_hashes");
        daf_filelist_begin(&at, list);
        daf_pack_init(&k, room, sizeof(room));
        daf_filelist_open(&k, c.files);
        json_array_foreach(field(v, "entries"), j, e)
        {
            struct daf_filelist_file f;

            daf_filelist_next(&at, &f);
            expect_text(f.path, field(e, "path"));
            assert_true(f.size == number_of(e, "size"));
            expect_bytes(f.hashes, bytes_of(e, "hashes"));
            daf_filelist_add(&k, &f);
        }
        assert_int_equal(j, c.files);
        expect_bytes(daf_pack_view(&k), list);
    }
}

static void bad_file_lists_are_refused(void **state)
{
    json_t *v;
    size_t i;

    (void)state;
    json_array_foreach(refused("lists"), i, v)
    {
        struct daf_view list;
        struct daf_content c;

        begin(v);
        list = bytes_of(v, "list");
        c = numbers(v, list);
        assert_string_equal(daf_err_name(daf_filelist_check(list, &c)),
                            text_of(v, "error"));
    }
}

/* ---- content manifests */

static void expect_texts(const struct daf_about_text *got, size_t count,
                         const json_t *want)
{
    json_t *pair;
    size_t i;

    assert_int_equal(count, json_array_size(want));
    json_array_foreach(want, i, pair)
    {
        expect_text(got[i].language, json_array_get(pair, 0));
        expect_text(got[i].text, json_array_get(pair, 1));
    }
}

static void expect_about(const struct daf_content *c, const json_t *v)
{
    size_t said = 0;

    expect_texts(c->titles, c->titles_count, field(v, "titles"));
    expect_texts(c->descriptions, c->descriptions_count,
                 field(v, "descriptions"));
    assert_int_equal(c->languages_count,
                     json_array_size(field(v, "languages")));
    for (size_t i = 0; i < c->languages_count; i++)
        expect_text(c->languages[i], json_array_get(field(v, "languages"), i));
    for (size_t i = 0; i < DAF_ABOUT_COUNT; i++) {
        const char *key = daf_content_about_str((enum daf_about)i);

        if (c->texts[i].len == 0) continue;
        expect_text(c->texts[i], field(field(v, "texts"), key));
        said++;
    }
    assert_int_equal(said, json_object_size(field(v, "texts")));
    expect_bytes(c->preview, bytes_of(v, "preview"));
}

static void manifests_are_read_and_made_byte_for_byte(void **state)
{
    static uint8_t room[BYTES_MAX];
    json_t *v;
    size_t i;

    (void)state;
    json_array_foreach(field(golden, "manifests"), i, v)
    {
        struct daf_view bytes;
        struct daf_content c;
        struct daf_pack k;

        begin(v);
        bytes = bytes_of(v, "manifest");
        assert_int_equal(daf_content_decode(bytes, &c), DAF_OK);
        expect_hash(c.id, v, "id");
        assert_true(c.bytes == number_of(v, "bytes"));
        assert_int_equal(c.files, number_of(v, "files"));
        assert_int_equal(c.list_bytes, number_of(v, "list_bytes"));
        assert_int_equal(c.chunk_bytes, number_of(v, "chunk_bytes"));
        assert_int_equal(c.chunks, number_of(v, "chunks"));
        expect_bytes(c.page_hashes, bytes_of(v, "page_hashes"));
        expect_about(&c, v);
        /* Whoever makes one says nothing that he does not know. */
        if (strstr(text_of(v, "name"), "later versions") != NULL) continue;
        if (strstr(text_of(v, "name"), "preview") != NULL && c.preview.len == 0)
            continue;
        daf_pack_init(&k, room, sizeof(room));
        daf_content_pack(&k, &c);
        expect_bytes(daf_pack_view(&k), bytes);
    }
}

static void bad_manifests_are_refused(void **state)
{
    struct daf_content c;
    json_t *v;
    size_t i;

    (void)state;
    json_array_foreach(refused("manifests"), i, v)
    {
        begin(v);
        assert_string_equal(
            daf_err_name(daf_content_decode(bytes_of(v, "manifest"), &c)),
            text_of(v, "error"));
    }
}

/* ---- catalogue items */

static void catalogue_items_are_read_and_made_byte_for_byte(void **state)
{
    static uint8_t room[BYTES_MAX];
    struct daf_catalogue_item item;
    json_t *v;
    size_t i;

    (void)state;
    json_array_foreach(field(golden, "items"), i, v)
    {
        const json_t *replaces = field(v, "replaces");
        struct daf_view payload;
        struct daf_pack k;

        begin(v);
        payload = bytes_of(v, "payload");
        assert_int_equal(daf_payload_type(payload, NULL),
                         DAF_TYPE_CATALOGUE_ITEM);
        assert_int_equal(daf_payload_catalogue_item(payload, &item), DAF_OK);
        expect_bytes(item.manifest, bytes_of(v, "manifest"));
        assert_int_equal(item.replaces_count, json_array_size(replaces));
        for (size_t j = 0; j < item.replaces_count; j++)
            expect_bytes((struct daf_view){item.replaces[j].b, 32},
                         from_hex(
                             json_string_value(json_array_get(replaces, j))));
        daf_pack_init(&k, room, sizeof(room));
        daf_payload_pack_catalogue_item(&k, &item);
        expect_bytes(daf_pack_view(&k), payload);
    }
}

static void bad_catalogue_items_are_refused(void **state)
{
    struct daf_catalogue_item item;
    json_t *v;
    size_t i;

    (void)state;
    json_array_foreach(refused("items"), i, v)
    {
        begin(v);
        assert_string_equal(daf_err_name(daf_payload_catalogue_item(
                                bytes_of(v, "payload"), &item)),
                            text_of(v, "error"));
    }
}

static int load(void **state)
{
    (void)state;
    golden =
        json_load_file(DAF_SOURCE_DIR "/tests/vectors/content.json", 0, NULL);
    return golden == NULL ? -1 : 0;
}

static int unload(void **state)
{
    (void)state;
    json_decref(golden);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_have_the_hashes_of_the_document),
        cmocka_unit_test(file_lists_are_read_and_made_byte_for_byte),
        cmocka_unit_test(bad_file_lists_are_refused),
        cmocka_unit_test(manifests_are_read_and_made_byte_for_byte),
        cmocka_unit_test(bad_manifests_are_refused),
        cmocka_unit_test(catalogue_items_are_read_and_made_byte_for_byte),
        cmocka_unit_test(bad_catalogue_items_are_refused),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
