/* SPDX-License-Identifier: Apache-2.0 */
/* proto/cursor.h - reading canonical msgpack that somebody else wrote.
 *
 * A cursor walks over borrowed bytes and never allocates.  It accepts only the
 * subset of docs/protocol.md §1, so that each value has one encoding: a
 * signature then needs no re-encoding, and two readers cannot disagree.
 *
 * The first wrong thing makes the cursor fail for good: every later read gives
 * zeros and false, and `err` and `offset` say what was wrong and where.  So a
 * decoder reads all its fields and asks once, at the end:
 *
 *      struct daf_cursor c;
 *      daf_cursor_init(&c, bytes);
 *      daf_cursor_array_of(&c, 3);
 *      a = daf_cursor_uint(&c, 9);
 *      ...
 *      if (!daf_cursor_done(&c))
 *          return c.err;
 */
#ifndef DAF_PROTO_CURSOR_H
#define DAF_PROTO_CURSOR_H

#include "proto/err.h"
#include "proto/types.h"

enum daf_kind {
    DAF_KIND_NONE, /* at the end, or failed */
    DAF_KIND_NIL,
    DAF_KIND_BOOL,
    DAF_KIND_UINT, /* ≥ 0, up to UINT64_MAX */
    DAF_KIND_INT,  /* < 0 */
    DAF_KIND_STR,
    DAF_KIND_BIN,
    DAF_KIND_ARRAY,
    DAF_KIND_MAP,
};

struct daf_cursor {
    const uint8_t *p; /* all the bytes; borrowed while the cursor is used */
    size_t len;
    size_t at;        /* next byte to read */
    enum daf_err err; /* DAF_OK until the first wrong thing */
    size_t offset;    /* where that was: the first byte of the value */
};

/** daf_cursor_init: start at the first byte of @bytes. */
void daf_cursor_init(struct daf_cursor *c, struct daf_view bytes);

/** daf_cursor_peek: the kind of the next value; NONE at the end or failed. */
enum daf_kind daf_cursor_peek(const struct daf_cursor *c);

/* Each reads one value or fails the cursor (DAF_EFORM: not canonical, cut off,
 * or another kind; DAF_ELIMIT: outside the bound given). */
void daf_cursor_nil(struct daf_cursor *c);
bool daf_cursor_bool(struct daf_cursor *c);
uint64_t daf_cursor_uint(struct daf_cursor *c, uint64_t max);
int64_t daf_cursor_int(struct daf_cursor *c); /* any integer ≤ INT64_MAX */
/* Borrowed as long as the bytes. */
struct daf_view daf_cursor_str(struct daf_cursor *c, size_t len_max);
struct daf_view daf_cursor_bin(struct daf_cursor *c, size_t len_max);
/** daf_cursor_bin_into: a bin of exactly @len bytes, copied; zeros if failed. */
void daf_cursor_bin_into(struct daf_cursor *c, uint8_t *out, size_t len);
/** daf_cursor_array: the count of an array; its items follow. */
size_t daf_cursor_array(struct daf_cursor *c, size_t count_max);
/** daf_cursor_array_of: an array of exactly @count items. */
void daf_cursor_array_of(struct daf_cursor *c, size_t count);
/** daf_cursor_map: the count of a map; key, value, key, value follow. */
size_t daf_cursor_map(struct daf_cursor *c, size_t count_max);
/** daf_cursor_key: the next key; @prev is the one before or empty, and the
 * cursor fails unless keys ascend.  @prev is updated. */
struct daf_view daf_cursor_key(struct daf_cursor *c, struct daf_view *prev);
/** daf_cursor_skip: walk over one whole value, checking its form and depth. */
void daf_cursor_skip(struct daf_cursor *c);

/** daf_cursor_fail: record @err at the value that starts at @offset. */
void daf_cursor_fail(struct daf_cursor *c, enum daf_err err, size_t offset);
/** daf_cursor_ok: nothing has gone wrong so far. */
bool daf_cursor_ok(const struct daf_cursor *c);
/** daf_cursor_done: nothing went wrong and every byte was read; if bytes are
 * left the cursor fails there. */
bool daf_cursor_done(struct daf_cursor *c);

/** daf_cursor_check: whether @bytes are one canonical value and nothing else.
 * @out_offset, if not NULL, receives where it goes wrong. */
enum daf_err daf_cursor_check(struct daf_view bytes, size_t *out_offset);

#endif
