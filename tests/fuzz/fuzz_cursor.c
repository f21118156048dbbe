/* SPDX-License-Identifier: Apache-2.0 */

/* What the cursor accepts has one encoding: read value by value and packed
 * again, it gives the same bytes; and skip and check agree with that reading. */

#include "tests/fuzz/fuzz.h"

#include "proto/cursor.h"
#include "proto/limits.h"
#include "proto/pack.h"

#include <assert.h>
#include <stdlib.h>

#define INPUT_BYTES_MAX ((size_t)1 << 20)

static void copy_value(struct daf_cursor *c, struct daf_pack *k,
                       unsigned depth);

/* The packer never makes negative numbers: their bytes are taken over. */
static void copy_int(struct daf_cursor *c, struct daf_pack *k)
{
    size_t start = c->at;

    assert(daf_cursor_int(c) < 0 || !daf_cursor_ok(c));
    daf_pack_raw(k, c->p + start, c->at - start);
}

static void copy_array(struct daf_cursor *c, struct daf_pack *k, unsigned depth)
{
    size_t start = c->at;
    size_t mark = daf_pack_open(k);
    size_t count = daf_cursor_array(c, SIZE_MAX);

    /* protocol.md R2: no count is believed that the bytes cannot hold. */
    assert(count <= c->len - c->at);
    if (depth == DAF_DEPTH_MAX) daf_cursor_fail(c, DAF_ELIMIT, start);
    for (size_t i = 0; i < count && daf_cursor_ok(c); i++)
        copy_value(c, k, depth + 1);
    if (daf_cursor_ok(c)) daf_pack_close(k, mark, count);
}

static void copy_map(struct daf_cursor *c, struct daf_pack *k, unsigned depth)
{
    size_t start = c->at;
    size_t count = daf_cursor_map(c, SIZE_MAX);
    struct daf_view prev = {NULL, 0};

    assert(count <= (c->len - c->at) / 2);
    if (depth == DAF_DEPTH_MAX) daf_cursor_fail(c, DAF_ELIMIT, start);
    daf_pack_map(k, count);
    for (size_t i = 0; i < count && daf_cursor_ok(c); i++) {
        struct daf_view key = daf_cursor_key(c, &prev);

        daf_pack_str(k, (const char *)key.p, key.len);
        copy_value(c, k, depth + 1);
    }
}

/* @depth: the arrays and maps around it.  By recursion, unlike skip: two ways
 * must agree. */
static void copy_value(struct daf_cursor *c, struct daf_pack *k, unsigned depth)
{
    struct daf_view v;

    switch (daf_cursor_peek(c)) {
    case DAF_KIND_NIL:
        daf_cursor_nil(c);
        daf_pack_nil(k);
        break;
    case DAF_KIND_BOOL:
        daf_pack_bool(k, daf_cursor_bool(c));
        break;
    case DAF_KIND_UINT:
        daf_pack_uint(k, daf_cursor_uint(c, UINT64_MAX));
        break;
    case DAF_KIND_INT:
        copy_int(c, k);
        break;
    case DAF_KIND_STR:
        v = daf_cursor_str(c, SIZE_MAX);
        daf_pack_str(k, (const char *)v.p, v.len);
        break;
    case DAF_KIND_BIN:
        v = daf_cursor_bin(c, SIZE_MAX);
        daf_pack_bin(k, v.p, v.len);
        break;
    case DAF_KIND_ARRAY:
        copy_array(c, k, depth);
        break;
    case DAF_KIND_MAP:
        copy_map(c, k, depth);
        break;
    case DAF_KIND_NONE:
        daf_cursor_fail(c, DAF_EFORM, c->at);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct daf_view bytes = {data, size};
    struct daf_cursor c;
    struct daf_pack k;
    uint8_t *out;
    size_t offset = SIZE_MAX;
    enum daf_err err;

    if (size > INPUT_BYTES_MAX) return 0;
    err = daf_cursor_check(bytes, &offset);
    daf_cursor_init(&c, bytes);
    daf_cursor_skip(&c);
    assert(daf_cursor_done(&c) == (err == DAF_OK));
    assert(err == c.err && offset == c.offset && offset <= size);

    /* Never more bytes than came in: what is packed is what was read. */
    out = malloc(size + 16);
    assert(out != NULL);
    daf_pack_init(&k, out, size + 16);
    daf_cursor_init(&c, bytes);
    copy_value(&c, &k, 0);
    (void)daf_cursor_done(&c);
    assert(err == c.err && offset == c.offset);
    assert(!k.is_full);
    if (err == DAF_OK) {
        assert(daf_pack_view(&k).len == size);
        assert(memcmp(out, data, size) == 0);
    }
    free(out);
    return 0;
}
