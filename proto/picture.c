/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/picture.h"

/* Each field is read by place; what is behind the end is none. */
static bool has(struct daf_view v, size_t at, size_t len)
{
    return at <= v.len && len <= v.len - at;
}

static bool is_at(struct daf_view v, size_t at, const char *text, size_t len)
{
    return has(v, at, len) && memcmp(v.p + at, text, len) == 0;
}

static uint32_t big(struct daf_view v, size_t at, size_t len)
{
    uint32_t n = 0;

    for (size_t i = 0; i < len; i++)
        n = n << 8 | v.p[at + i];
    return n;
}

static uint32_t little(struct daf_view v, size_t at, size_t len)
{
    uint32_t n = 0;

    for (size_t i = len; i > 0; i--)
        n = n << 8 | v.p[at + i - 1];
    return n;
}

/* ---- PNG: chunks of length, name, bytes, CRC; IHDR is the first */

static bool look_png(struct daf_view v, struct daf_picture *out)
{
    size_t at = 8;

    out->kind = DAF_PICTURE_PNG;
    if (!is_at(v, 12, "IHDR", 4) || !has(v, 16, 8)) return false;
    out->width = big(v, 16, 4);
    out->height = big(v, 20, 4);
    while (has(v, at, 8)) {
        size_t len = big(v, at, 4);

        out->moves |= is_at(v, at + 4, "acTL", 4);
        out->has_notes |= is_at(v, at + 4, "eXIf", 4) ||
                          is_at(v, at + 4, "iTXtXML:com.adobe.xmp", 21);
        if (!has(v, at + 8, len) || !has(v, at + 8 + len, 4)) break;
        at += 8 + len + 4;
    }
    return true;
}

/* ---- JPEG: segments of FF, marker, length, bytes; a frame's has the sides */

/* Of C0 to CF; the others are tables, and one is kept for later. */
static bool is_frame(uint8_t marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 &&
           marker != 0xc8 && marker != 0xcc;
}

/* Up to the picture itself; of its sides the first count. */
static bool look_jpeg(struct daf_view v, struct daf_picture *out)
{
    size_t at = 2;

    out->kind = DAF_PICTURE_JPEG;
    while (has(v, at, 4) && v.p[at] == 0xff) {
        uint8_t marker = v.p[at + 1];
        size_t len = big(v, at + 2, 2);

        if (marker == 0xff) { /* a fill byte */
            at++;
            continue;
        }
        /* SOS ends the head; below and between are bytes without a length. */
        if (marker < 0xc0 || (marker >= 0xd0 && marker <= 0xda) || len < 2)
            break;
        if (is_frame(marker) && out->width == 0 && has(v, at + 5, 4)) {
            out->height = big(v, at + 5, 2);
            out->width = big(v, at + 7, 2);
        }
        /* APP1: Exif, XMP; APP13: IPTC */
        out->has_notes |= marker == 0xe1 || marker == 0xed;
        at += 2 + len;
    }
    return out->width > 0;
}

/* ---- WebP: RIFF's chunks; the first says which of three */

#define WEBP_XMP   0x04
#define WEBP_EXIF  0x08
#define WEBP_MOVES 0x02

static bool look_webp(struct daf_view v, struct daf_picture *out)
{
    out->kind = DAF_PICTURE_WEBP;
    if (is_at(v, 12, "VP8X", 4) && has(v, 20, 10)) {
        out->moves = (v.p[20] & WEBP_MOVES) != 0;
        out->has_notes = (v.p[20] & (WEBP_EXIF | WEBP_XMP)) != 0;
        out->width = little(v, 24, 3) + 1;
        out->height = little(v, 27, 3) + 1;
        return true;
    }
    if (is_at(v, 12, "VP8L", 4) && has(v, 20, 5) && v.p[20] == 0x2f) {
        out->width = (little(v, 21, 4) & 0x3fff) + 1;
        out->height = (little(v, 21, 4) >> 14 & 0x3fff) + 1;
        return true;
    }
    if (is_at(v, 12, "VP8 ", 4) && is_at(v, 23, "\x9d\x01\x2a", 3) &&
        has(v, 26, 4)) {
        out->width = little(v, 26, 2) & 0x3fff; /* two bits: scaling */
        out->height = little(v, 28, 2) & 0x3fff;
        return true;
    }
    return false;
}

/* ---- all */

enum daf_err daf_picture_look(struct daf_view bytes, struct daf_picture *out)
{
    struct daf_picture p = {.kind = DAF_PICTURE_PNG};
    bool is_one = false;

    if (is_at(bytes, 0, "\x89PNG\r\n\x1a\n", 8))
        is_one = look_png(bytes, &p);
    else if (is_at(bytes, 0, "\xff\xd8\xff", 3))
        is_one = look_jpeg(bytes, &p);
    else if (is_at(bytes, 0, "RIFF", 4) && is_at(bytes, 8, "WEBP", 4))
        is_one = look_webp(bytes, &p);
    is_one = is_one && p.width > 0 && p.height > 0;
    *out = is_one ? p : (struct daf_picture){.kind = DAF_PICTURE_PNG};
    return is_one ? DAF_OK : DAF_EFORM;
}

bool daf_picture_is_preview(struct daf_view bytes)
{
    struct daf_picture p;

    return bytes.len <= DAF_CONTENT_PREVIEW_BYTES_MAX &&
           daf_picture_look(bytes, &p) == DAF_OK && !p.moves &&
           p.width <= DAF_PICTURE_SIDE_MAX && p.height <= DAF_PICTURE_SIDE_MAX;
}

const char *daf_picture_type(enum daf_picture_kind kind)
{
    switch (kind) {
    case DAF_PICTURE_PNG:
        return "image/png";
    case DAF_PICTURE_JPEG:
        return "image/jpeg";
    case DAF_PICTURE_WEBP:
        return "image/webp";
    }
    return "";
}
