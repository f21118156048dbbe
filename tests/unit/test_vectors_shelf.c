/* SPDX-License-Identifier: Apache-2.0 */

/* A golden item on disk, made by tests/vectors/make_shelf.py without our code.
 * A change here is a change of what a device finds after its next update. */

#include "tests/lib/hex.h"
#include "tests/lib/t.h"

#include "tests/lib/goods.h"
#include "tests/lib/tmpdir.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#define BYTES_MAX 16384

static json_t *golden;

static const char *text_of(const json_t *object, const char *name)
{
    const char *s = json_string_value(json_object_get(object, name));

    assert_non_null(s);
    return s;
}

static struct daf_view bytes_of(const json_t *object, const char *name,
                                uint8_t room[BYTES_MAX])
{
    size_t len = daf_hex_decode(text_of(object, name), room, BYTES_MAX);

    return (struct daf_view){room, len};
}

static void expect(const char *dir, const struct daf_hash *content,
                   const json_t *step)
{
    static const char *const names[] = {"have", "keep"};

    for (size_t i = 0; i < 2; i++) {
        uint8_t room[BYTES_MAX], got[BYTES_MAX];
        struct daf_view want = bytes_of(step, names[i], room);
        int fd =
            open(daf_goods_files(dir, content, names[i]), O_RDONLY | O_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(read(fd, got, sizeof(got)), want.len);
        assert_memory_equal(got, want.p, want.len);
        (void)close(fd);
    }
}

static void an_item_lies_on_the_disk_as_the_document_says(void **state)
{
    uint8_t room[BYTES_MAX];
    struct daf_view manifest = bytes_of(golden, "manifest", room);
    struct daf_hash content = daf_content_id(manifest), want;
    char *tmp = daf_tmpdir_new();
    struct daf_shelf_item it;
    struct daf_shelf *s;
    json_t *step;
    size_t i;

    (void)state;
    assert_int_equal(daf_hex_decode(text_of(golden, "content"), want.b,
                                    sizeof(want.b)),
                     32);
    assert_memory_equal(content.b, want.b, 32);
    s = daf_goods_shelf(daf_goods_path(tmp, "s"), UINT64_MAX);
    assert_int_equal(daf_shelf_add(s, manifest,
                                   DAF_SHELF_WANTED | DAF_SHELF_PINNED, 0),
                     DAF_OK);
    expect(daf_goods_path(tmp, "s"), &content, json_object_get(golden, "new"));
    json_array_foreach(json_object_get(golden, "steps"), i, step)
    {
        uint32_t part = (uint32_t)strtoul(text_of(step, "part"), NULL, 10);
        enum daf_shelf_put put;

        assert_int_equal(daf_shelf_put(s, &content, part, 1, 0,
                                       bytes_of(step, "bytes", room), &put),
                         DAF_OK);
        assert_int_equal(put, i == 0 ? DAF_SHELF_LIST : DAF_SHELF_PART);
        assert_int_equal(daf_shelf_sync(s), DAF_OK);
        expect(daf_goods_path(tmp, "s"), &content, step);
    }
    assert_true(daf_shelf_find(s, &content, &it));
    assert_int_equal(it.held, it.parts - 1);
    assert_int_equal(it.reserved, strtoull(text_of(golden, "need"), NULL, 10));
    daf_shelf_close(s);
    daf_tmpdir_free(tmp);
}

static int load(void **state)
{
    (void)state;
    golden =
        json_load_file(DAF_SOURCE_DIR "/tests/vectors/shelf.json", 0, NULL);
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
        cmocka_unit_test(an_item_lies_on_the_disk_as_the_document_says),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
