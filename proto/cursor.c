/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/cursor.h"

#include "proto/limits.h"

#include <assert.h>

/* What a value begins with: its type byte, and the big-endian number of 0, 1,
 * 2, 4 or 8 bytes behind it. */
struct head {
    enum daf_kind kind;
    uint64_t n; /* value, length or count; of an INT its two's complement */
    size_t len; /* bytes of the head alone */
};

/* The type bytes 0xc0 to 0xdf.  A number below `min` has a shorter form; for
 * INT it is -1 - value that must not be below.  NONE: extension types, floats
 * and the byte that msgpack never uses. */
static const struct form {
    enum daf_kind kind;
    unsigned width;
    uint64_t min;
} forms[32] = {
    [0x00] = {DAF_KIND_NIL, 0, 0},
    [0x02] = {DAF_KIND_BOOL, 0, 0},
    [0x03] = {DAF_KIND_BOOL, 0, 0},
    [0x04] = {DAF_KIND_BIN, 1, 0},
    [0x05] = {DAF_KIND_BIN, 2, 0x100},
    [0x06] = {DAF_KIND_BIN, 4, 0x10000},
    [0x0c] = {DAF_KIND_UINT, 1, 0x80},
    [0x0d] = {DAF_KIND_UINT, 2, 0x100},
    [0x0e] = {DAF_KIND_UINT, 4, 0x10000},
    [0x0f] = {DAF_KIND_UINT, 8, 0x100000000},
    [0x10] = {DAF_KIND_INT, 1, 0x20},
    [0x11] = {DAF_KIND_INT, 2, 0x80},
    [0x12] = {DAF_KIND_INT, 4, 0x8000},
    [0x13] = {DAF_KIND_INT, 8, 0x80000000},
    [0x19] = {DAF_KIND_STR, 1, 0x20},
    [0x1a] = {DAF_KIND_STR, 2, 0x100},
    [0x1b] = {DAF_KIND_STR, 4, 0x10000},
    [0x1c] = {DAF_KIND_ARRAY, 2, 0x10},
    [0x1d] = {DAF_KIND_ARRAY, 4, 0x10000},
    [0x1e] = {DAF_KIND_MAP, 2, 0x10},
    [0x1f] = {DAF_KIND_MAP, 4, 0x10000},
};

/* ---- heads */

/* The five forms that carry their number in the type byte itself. */
static struct head short_head(uint8_t type)
{
    if (type <= 0x7f) return (struct head){DAF_KIND_UINT, type, 1};
    if (type <= 0x8f) return (struct head){DAF_KIND_MAP, type & 0x0fu, 1};
    if (type <= 0x9f) return (struct head){DAF_KIND_ARRAY, type & 0x0fu, 1};
    if (type <= 0xbf) return (struct head){DAF_KIND_STR, type & 0x1fu, 1};
    return (struct head){DAF_KIND_INT, UINT64_MAX - 0xff + type, 1};
}

static bool is_short(uint8_t type)
{
    return type < 0xc0 || type >= 0xe0;
}

/* Reads a long form's number and checks that no shorter form would do. */
static bool read_number(const uint8_t *p, const struct form *form, uint64_t *n)
{
    bool is_signed = form->kind == DAF_KIND_INT;
    uint64_t v = is_signed ? UINT64_MAX : 0; /* extends the sign */

    for (unsigned i = 0; i < form->width; i++)
        v = v << 8 | p[i];
    *n = v;
    /* Not negative: the unsigned forms are for that, however long. */
    if (is_signed && (p[0] & 0x80u) == 0) return false;
    return (is_signed ? UINT64_MAX - v : v) >= form->min;
}

/* How many bytes must follow for what @head claims to be possible at all. */
static uint64_t bytes_claimed(const struct head *head)
{
    switch (head->kind) {
    case DAF_KIND_STR:
    case DAF_KIND_BIN:
    case DAF_KIND_ARRAY:
        return head->n;
    case DAF_KIND_MAP:
        return head->n * 2; /* n has at most 32 bits */
    case DAF_KIND_NONE:
    case DAF_KIND_NIL:
    case DAF_KIND_BOOL:
    case DAF_KIND_UINT:
    case DAF_KIND_INT:
        break;
    }
    return 0;
}

/* Reads the next value's head without moving, or fails the cursor. */
static bool read_head(struct daf_cursor *c, struct head *head)
{
    size_t left = c->len - c->at;
    uint8_t type;

    if (c->err != DAF_OK) return false;
    if (left == 0) goto malformed;
    type = c->p[c->at];
    if (is_short(type)) {
        *head = short_head(type);
    } else {
        const struct form *form = &forms[type - 0xc0];

        *head = (struct head){form->kind, 0, 1 + form->width};
        if (form->kind == DAF_KIND_NONE || left < head->len) goto malformed;
        if (!read_number(c->p + c->at + 1, form, &head->n)) goto malformed;
        if (form->kind == DAF_KIND_BOOL) head->n = type & 1u;
    }
    /* protocol.md R2: "before it believes it" */
    if (bytes_claimed(head) > left - head->len) goto malformed;
    return true;

malformed:
    daf_cursor_fail(c, DAF_EFORM, c->at);
    return false;
}

/* The same for a value that must be of @kind and whose number is at most
 * @max. */
static bool read_head_of(struct daf_cursor *c, enum daf_kind kind, uint64_t max,
                         struct head *head)
{
    if (!read_head(c, head)) return false;
    if (head->kind != kind) {
        daf_cursor_fail(c, DAF_EFORM, c->at);
        return false;
    }
    if (head->n > max) {
        daf_cursor_fail(c, DAF_ELIMIT, c->at);
        return false;
    }
    return true;
}

/* ---- text */

/* Length of the well-formed UTF-8 sequence that @p begins with, or 0.  NUL is
 * none; nor are overlong forms, surrogates and what lies beyond U+10FFFF, all
 * of which show in the second byte (Unicode, table 3-7). */
static size_t sequence_len(const uint8_t *p, size_t left)
{
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    size_t len;

    if (p[0] < 0x80) return p[0] != 0 ? 1 : 0;
    if (p[0] < 0xc2 || p[0] > 0xf4) return 0;
    len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (left < len) return 0;
    if (p[0] == 0xe0) low = 0xa0;
    if (p[0] == 0xed) high = 0x9f;
    if (p[0] == 0xf0) low = 0x90;
    if (p[0] == 0xf4) high = 0x8f;
    if (p[1] < low || p[1] > high) return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xc0u) != 0x80) return 0;
    return len;
}

static bool is_text(struct daf_view s)
{
    size_t at = 0;

    while (at < s.len) {
        size_t len = sequence_len(s.p + at, s.len - at);

        if (len == 0) return false;
        at += len;
    }
    return true;
}

/* ---- one value */

void daf_cursor_init(struct daf_cursor *c, struct daf_view bytes)
{
    *c = (struct daf_cursor){.p = bytes.p, .len = bytes.len};
}

enum daf_kind daf_cursor_peek(const struct daf_cursor *c)
{
    uint8_t type;

    if (c->err != DAF_OK || c->at == c->len) return DAF_KIND_NONE;
    type = c->p[c->at];
    return is_short(type) ? short_head(type).kind : forms[type - 0xc0].kind;
}

void daf_cursor_nil(struct daf_cursor *c)
{
    struct head head;

    if (read_head_of(c, DAF_KIND_NIL, 0, &head)) c->at += head.len;
}

bool daf_cursor_bool(struct daf_cursor *c)
{
    struct head head;

    if (!read_head_of(c, DAF_KIND_BOOL, 1, &head)) return false;
    c->at += head.len;
    return head.n == 1;
}

uint64_t daf_cursor_uint(struct daf_cursor *c, uint64_t max)
{
    struct head head;

    if (!read_head_of(c, DAF_KIND_UINT, max, &head)) return 0;
    c->at += head.len;
    return head.n;
}

int64_t daf_cursor_int(struct daf_cursor *c)
{
    struct head head;

    if (daf_cursor_peek(c) != DAF_KIND_INT)
        return (int64_t)daf_cursor_uint(c, DAF_INT_MAX);
    if (!read_head(c, &head)) return 0;
    c->at += head.len;
    /* Of a negative number, -1 - value fits, and is its complement. */
    return -1 - (int64_t)(UINT64_MAX - head.n);
}

static struct daf_view read_bytes(struct daf_cursor *c, enum daf_kind kind,
                                  size_t len_max)
{
    struct daf_view v = {NULL, 0};
    struct head head;

    if (!read_head_of(c, kind, len_max, &head)) return v;
    v = (struct daf_view){c->p + c->at + head.len, (size_t)head.n};
    if (kind == DAF_KIND_STR && !is_text(v)) {
        daf_cursor_fail(c, DAF_EFORM, c->at);
        return (struct daf_view){NULL, 0};
    }
    c->at += head.len + v.len;
    return v;
}

struct daf_view daf_cursor_str(struct daf_cursor *c, size_t len_max)
{
    return read_bytes(c, DAF_KIND_STR, len_max);
}

struct daf_view daf_cursor_bin(struct daf_cursor *c, size_t len_max)
{
    return read_bytes(c, DAF_KIND_BIN, len_max);
}

void daf_cursor_bin_into(struct daf_cursor *c, uint8_t *out, size_t len)
{
    size_t start = c->at;
    struct daf_view v = daf_cursor_bin(c, SIZE_MAX);

    /* Another length is another field, not one that is too long. */
    if (c->err == DAF_OK && v.len != len) daf_cursor_fail(c, DAF_EFORM, start);
    if (c->err == DAF_OK && len > 0)
        memcpy(out, v.p, len);
    else if (len > 0)
        memset(out, 0, len);
}

size_t daf_cursor_array(struct daf_cursor *c, size_t count_max)
{
    struct head head;

    if (!read_head_of(c, DAF_KIND_ARRAY, count_max, &head)) return 0;
    c->at += head.len;
    return (size_t)head.n;
}

void daf_cursor_array_of(struct daf_cursor *c, size_t count)
{
    size_t start = c->at;

    if (daf_cursor_array(c, SIZE_MAX) != count)
        daf_cursor_fail(c, DAF_EFORM, start);
}

size_t daf_cursor_map(struct daf_cursor *c, size_t count_max)
{
    struct head head;

    if (!read_head_of(c, DAF_KIND_MAP, count_max, &head)) return 0;
    c->at += head.len;
    return (size_t)head.n;
}

/* Strictly before, byte by byte; the shorter first if one begins the other. */
static bool ascends(struct daf_view a, struct daf_view b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common > 0 ? memcmp(a.p, b.p, common) : 0;

    return order != 0 ? order < 0 : a.len < b.len;
}

struct daf_view daf_cursor_key(struct daf_cursor *c, struct daf_view *prev)
{
    size_t start = c->at;
    struct daf_view key = daf_cursor_str(c, SIZE_MAX);

    if (c->err != DAF_OK) return key;
    /* A first key may be "", so no key before is NULL rather than length 0. */
    if (prev->p != NULL && !ascends(*prev, key)) {
        daf_cursor_fail(c, DAF_EFORM, start);
        return (struct daf_view){NULL, 0};
    }
    *prev = key;
    return key;
}

/* ---- whole values */

/* An array or map that skip is inside of. */
struct level {
    uint64_t left; /* items still to come; keys and values of a map counted */
    bool is_map;
    struct daf_view key; /* the last one, of a map */
};

/* Walks over a value that is not an array or map, or into one that is; then
 * @inner is what it holds.  Returns whether it went into one. */
static bool enter(struct daf_cursor *c, struct level *inner)
{
    struct head head;

    switch (daf_cursor_peek(c)) {
    case DAF_KIND_STR:
        (void)daf_cursor_str(c, SIZE_MAX);
        return false;
    case DAF_KIND_BIN:
        (void)daf_cursor_bin(c, SIZE_MAX);
        return false;
    case DAF_KIND_ARRAY:
        *inner = (struct level){.left = daf_cursor_array(c, SIZE_MAX)};
        return true;
    case DAF_KIND_MAP:
        inner->left = 2 * (uint64_t)daf_cursor_map(c, SIZE_MAX);
        inner->is_map = true;
        inner->key = (struct daf_view){NULL, 0};
        return true;
    case DAF_KIND_NONE: /* read_head() says what is wrong */
    case DAF_KIND_NIL:
    case DAF_KIND_BOOL:
    case DAF_KIND_UINT:
    case DAF_KIND_INT:
        break;
    }
    if (read_head(c, &head)) c->at += head.len;
    return false;
}

void daf_cursor_skip(struct daf_cursor *c)
{
    /* A stack of our own, so that no input decides how deep C's goes. */
    struct level levels[DAF_DEPTH_MAX];
    size_t depth = 0;

    do {
        struct level *outer = depth > 0 ? &levels[depth - 1] : NULL;
        struct level inner;
        size_t start = c->at;

        if (outer != NULL && outer->is_map && outer->left % 2 == 0)
            (void)daf_cursor_key(c, &outer->key);
        else if (enter(c, &inner)) {
            if (depth == DAF_DEPTH_MAX)
                daf_cursor_fail(c, DAF_ELIMIT, start);
            else
                levels[depth++] = inner;
        }
        if (outer != NULL) outer->left--;
        while (depth > 0 && levels[depth - 1].left == 0)
            depth--;
    } while (depth > 0 && c->err == DAF_OK);
}

/* ---- the end */

void daf_cursor_fail(struct daf_cursor *c, enum daf_err err, size_t offset)
{
    assert(err != DAF_OK);
    if (c->err != DAF_OK) return;
    c->err = err;
    c->offset = offset;
}

bool daf_cursor_ok(const struct daf_cursor *c)
{
    return c->err == DAF_OK;
}

bool daf_cursor_done(struct daf_cursor *c)
{
    if (c->at != c->len) daf_cursor_fail(c, DAF_EFORM, c->at);
    return c->err == DAF_OK;
}

enum daf_err daf_cursor_check(struct daf_view bytes, size_t *out_offset)
{
    struct daf_cursor c;

    daf_cursor_init(&c, bytes);
    daf_cursor_skip(&c);
    (void)daf_cursor_done(&c);
    if (out_offset != NULL) *out_offset = c.offset;
    return c.err;
}
