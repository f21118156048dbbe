/* SPDX-License-Identifier: Apache-2.0 */
/* proto/pack.h - writing canonical msgpack into a buffer of the caller's.
 *
 * msgpack-c packs; it always takes the shortest form.  A buffer that is too
 * small is not an error at each call: `is_full` is set, the rest is dropped,
 * and the caller asks once at the end.  Map keys are the caller's to order. */
#ifndef DAF_PROTO_PACK_H
#define DAF_PROTO_PACK_H

#include "proto/types.h"

/* What daf_pack_close() puts before a list, at most: a type byte and a 32-bit
 * count. */
#define DAF_PACK_HEAD_BYTES_MAX 5

struct daf_pack {
    uint8_t *p; /* the caller's, outlives the pack */
    size_t cap;
    size_t len; /* bytes written so far */
    bool is_full;
};

void daf_pack_init(struct daf_pack *k, uint8_t *buffer, size_t cap);
void daf_pack_nil(struct daf_pack *k);
void daf_pack_bool(struct daf_pack *k, bool v);
void daf_pack_uint(struct daf_pack *k, uint64_t v);
void daf_pack_bin(struct daf_pack *k, const uint8_t *p, size_t len);
/** daf_pack_bin_room: a bin of @len bytes that the caller fills at once.
 * Returns where; NULL if it does not fit. */
uint8_t *daf_pack_bin_room(struct daf_pack *k, size_t len);
void daf_pack_str(struct daf_pack *k, const char *s, size_t len);
void daf_pack_array(struct daf_pack *k, size_t count);
void daf_pack_map(struct daf_pack *k, size_t count);
/** daf_pack_open: begin an array whose count is not known yet.  Returns the mark
 * for daf_pack_close(). */
size_t daf_pack_open(const struct daf_pack *k);
/** daf_pack_close: make what was packed since @mark the @count items of an
 * array: its header is put before them (one memmove). */
void daf_pack_close(struct daf_pack *k, size_t mark, size_t count);
/** daf_pack_fits: all of it fitted so far, and @more bytes still do. */
bool daf_pack_fits(const struct daf_pack *k, size_t more);
/** daf_pack_raw: bytes that are packed already. */
void daf_pack_raw(struct daf_pack *k, const uint8_t *p, size_t len);
/** daf_pack_view: what was written; borrowed until the buffer changes.  Empty
 * if it did not fit. */
struct daf_view daf_pack_view(const struct daf_pack *k);

#endif
