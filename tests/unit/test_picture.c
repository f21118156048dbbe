/* SPDX-License-Identifier: Apache-2.0 */

/* Heads of pictures as ImageMagick 6.9 and cwebp 1.2 write them, of 24 by 16
 * pixels, cut where the pixels begin; and what a stranger makes of them. */

#include "tests/lib/t.h"

#include "proto/picture.h"

#include <stdlib.h>

static const uint8_t png[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d,
    0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x18, 0x00, 0x00, 0x00, 0x10,
    0x01, 0x03, 0x00, 0x00, 0x00, 0x36, 0xea, 0x2d, 0xd6, 0x00, 0x00, 0x00,
    0x03, 0x50, 0x4c, 0x54, 0x45, 0xff, 0x00, 0x00, 0x19, 0xe2, 0x09, 0x37,
    0x00, 0x00, 0x00, 0x0c, 0x49, 0x44, 0x41, 0x54,
};
/* Less its tables of quantisation. */
static const uint8_t jpeg[] = {
    0xff, 0xd8, 0xff, 0xe0, 0x00, 0x10, 0x4a, 0x46, 0x49, 0x46, 0x00,
    0x01, 0x01, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0xff, 0xc0,
    0x00, 0x11, 0x08, 0x00, 0x10, 0x00, 0x18, 0x03, 0x01, 0x22, 0x00,
    0x02, 0x11, 0x01, 0x03, 0x11, 0x01, 0xff, 0xda, 0x00, 0x0c,
};
static const uint8_t lossy[] = {
    0x52, 0x49, 0x46, 0x46, 0x40, 0x00, 0x00, 0x00, 0x57, 0x45,
    0x42, 0x50, 0x56, 0x50, 0x38, 0x20, 0x34, 0x00, 0x00, 0x00,
    0xb0, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x18, 0x00, 0x10, 0x00,
};
static const uint8_t lossless[] = {
    0x52, 0x49, 0x46, 0x46, 0x1c, 0x00, 0x00, 0x00, 0x57, 0x45, 0x42, 0x50,
    0x56, 0x50, 0x38, 0x4c, 0x0f, 0x00, 0x00, 0x00, 0x2f, 0x17, 0xc0, 0x03,
    0x00, 0x07, 0x10, 0xfd, 0x8f, 0xfe, 0x07, 0x22, 0xa2, 0xff, 0x01, 0x00,
};
/* RFC 9649, 2.7: by hand */
static const uint8_t extended[] = {
    'R', 'I', 'F', 'F', 22, 0,    0, 0, 'W', 'E', 'B', 'P', 'V', 'P', '8',
    'X', 10,  0,   0,   0,  0x20, 0, 0, 0,   23,  0,   0,   15,  0,   0,
};

#define LOOK(bytes, out) look(bytes, sizeof(bytes), out)

/* From a block of exactly its size, so that a sanitizer sees its end. */
static enum daf_err look(const uint8_t *bytes, size_t len,
                         struct daf_picture *out)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    enum daf_err err;

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    err = daf_picture_look((struct daf_view){copy, len}, out);
    free(copy);
    return err;
}

static void expect(const uint8_t *bytes, size_t len, enum daf_picture_kind kind)
{
    struct daf_picture p;

    assert_int_equal(look(bytes, len, &p), DAF_OK);
    assert_int_equal(p.kind, kind);
    assert_int_equal(p.width, 24);
    assert_int_equal(p.height, 16);
    assert_false(p.moves || p.has_notes);
    assert_true(daf_picture_is_preview((struct daf_view){bytes, len}));
}

static void three_kinds_are_known(void **state)
{
    (void)state;
    expect(png, sizeof(png), DAF_PICTURE_PNG);
    expect(jpeg, sizeof(jpeg), DAF_PICTURE_JPEG);
    expect(lossy, sizeof(lossy), DAF_PICTURE_WEBP);
    expect(lossless, sizeof(lossless), DAF_PICTURE_WEBP);
    expect(extended, sizeof(extended), DAF_PICTURE_WEBP);
    assert_string_equal(daf_picture_type(DAF_PICTURE_PNG), "image/png");
    assert_string_equal(daf_picture_type(DAF_PICTURE_JPEG), "image/jpeg");
    assert_string_equal(daf_picture_type(DAF_PICTURE_WEBP), "image/webp");
}

static void others_are_none(void **state)
{
    static const char *const others[] = {"", "<svg/>", "GIF89a", "BM",
                                         "RIFF0000WEBP"};
    struct daf_picture p;

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_int_equal(look((const uint8_t *)others[i], strlen(others[i]),
                              &p),
                         DAF_EFORM);
}

/* Up to where its sides are known; of each length it ends. */
static void expect_cut(const uint8_t *bytes, size_t len, size_t needed)
{
    struct daf_picture p;

    for (size_t i = 0; i <= len; i++) {
        enum daf_err err = look(bytes, i, &p);

        assert_int_equal(err, i < needed ? DAF_EFORM : DAF_OK);
    }
}

static void what_is_cut_off_is_none(void **state)
{
    (void)state;
    expect_cut(png, sizeof(png), 24);
    expect_cut(jpeg, sizeof(jpeg), 29);
    expect_cut(lossy, sizeof(lossy), 30);
    expect_cut(lossless, sizeof(lossless), 25);
    expect_cut(extended, sizeof(extended), 30);
}

/* The byte at @at of a copy becomes @value. */
static struct daf_picture with(const uint8_t *bytes, size_t len, size_t at,
                               uint8_t value)
{
    uint8_t copy[128];
    struct daf_picture p;

    assert_true(len <= sizeof(copy) && at < len);
    memcpy(copy, bytes, len);
    copy[at] = value;
    assert_int_equal(look(copy, len, &p), DAF_OK);
    return p;
}

static void a_cameras_notes_are_seen(void **state)
{
    static const uint8_t exif[] = {0, 0, 0, 0, 'e', 'X', 'I', 'f', 0, 0, 0, 0};
    uint8_t noted[sizeof(png) + sizeof(exif)];
    struct daf_picture p;

    (void)state;
    assert_true(with(jpeg, sizeof(jpeg), 3, 0xe1).has_notes);
    assert_true(with(jpeg, sizeof(jpeg), 3, 0xed).has_notes);
    assert_true(with(extended, sizeof(extended), 20, 0x08).has_notes);
    assert_true(with(extended, sizeof(extended), 20, 0x04).has_notes);
    memcpy(noted, png, 33);
    memcpy(noted + 33, exif, sizeof(exif));
    memcpy(noted + 33 + sizeof(exif), png + 33, sizeof(png) - 33);
    assert_int_equal(look(noted, sizeof(noted), &p), DAF_OK);
    assert_true(p.has_notes);
    memcpy(noted + 37, "acTL", 4);
    assert_int_equal(look(noted, sizeof(noted), &p), DAF_OK);
    assert_true(p.moves && !p.has_notes);
    assert_true(with(extended, sizeof(extended), 20, 0x02).moves);
}

/* A chunk that says it is 4 GiB ends the look, and no sum runs over. */
static void lengths_may_lie(void **state)
{
    (void)state;
    for (size_t at = 33; at < 37; at++)
        (void)with(png, sizeof(png), at, 0xff);
    (void)with(jpeg, sizeof(jpeg), 22, 0xff);
    (void)with(lossy, sizeof(lossy), 19, 0xff);
}

static bool is_preview(const uint8_t *bytes, size_t len, size_t at,
                       uint8_t value)
{
    uint8_t copy[128];

    assert_true(len <= sizeof(copy) && at < len);
    memcpy(copy, bytes, len);
    copy[at] = value;
    return daf_picture_is_preview((struct daf_view){copy, len});
}

static void a_preview_is_small_and_still(void **state)
{
    static uint8_t large[DAF_CONTENT_PREVIEW_BYTES_MAX + 1];

    (void)state;
    assert_false(is_preview(png, sizeof(png), 16, 0x80)); /* 2^31 wide */
    assert_false(is_preview(png, sizeof(png), 18, 0x03));
    assert_false(is_preview(jpeg, sizeof(jpeg), 25, 0x02)); /* 528 high */
    assert_true(is_preview(jpeg, sizeof(jpeg), 25, 0x01));
    assert_false(is_preview(lossy, sizeof(lossy), 27, 0x03));
    assert_false(is_preview(lossless, sizeof(lossless), 22, 0xff));
    assert_false(is_preview(extended, sizeof(extended), 26, 0x01));
    assert_false(is_preview(extended, sizeof(extended), 20, 0x02));
    memcpy(large, png, sizeof(png));
    assert_true(daf_picture_is_preview(
        (struct daf_view){large, DAF_CONTENT_PREVIEW_BYTES_MAX}));
    assert_false(
        daf_picture_is_preview((struct daf_view){large, sizeof(large)}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_kinds_are_known),
        cmocka_unit_test(others_are_none),
        cmocka_unit_test(what_is_cut_off_is_none),
        cmocka_unit_test(a_cameras_notes_are_seen),
        cmocka_unit_test(lengths_may_lie),
        cmocka_unit_test(a_preview_is_small_and_still),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
