/* SPDX-License-Identifier: Apache-2.0 */
/* tests/lib/goods.h - content to publish, and its way from shelf to shelf. */
#ifndef DAF_TESTS_LIB_GOODS_H
#define DAF_TESTS_LIB_GOODS_H

#include "store/shelf.h"

/** daf_goods_path: "DIR/NAME"; good for the next seven calls. */
const char *daf_goods_path(const char *dir, const char *name);

/** daf_goods_write: a file of @len bytes that follow from @seed; 0: zeros that
 * are written.  Its folders are made. */
void daf_goods_write(const char *dir, const char *path, size_t len,
                     uint64_t seed);
/** daf_goods_hole: a file of @size without a byte in it. */
void daf_goods_hole(const char *dir, const char *path, uint64_t size);

/** daf_goods_shelf: open one; fails the test on an error. */
struct daf_shelf *daf_goods_shelf(const char *dir, uint64_t budget);

/** daf_goods_publish: with a title, and nothing left out. */
enum daf_err daf_goods_publish(struct daf_shelf *s, const char *source,
                               struct daf_shelf_item *out);

/** daf_goods_carry: bring one part from shelf to shelf in pieces of 256 KiB. */
enum daf_err daf_goods_carry(struct daf_shelf *from, struct daf_shelf *to,
                             const struct daf_hash *content, uint32_t part,
                             enum daf_shelf_put *out);
/** daf_goods_carry_all: bring everything that is lacking; the last answer. */
enum daf_err daf_goods_carry_all(struct daf_shelf *from, struct daf_shelf *to,
                                 const struct daf_hash *content,
                                 enum daf_shelf_put *out);

/** daf_goods_manifest: the content manifest of item @number < 65000, which nobody
 * has: of no two the same.  @is_long: texts as many and as long as they may be, of
 * what JSON doubles.  @out: DAF_CONTENT_MANIFEST_BYTES_MAX.  Returns its length. */
size_t daf_goods_manifest(uint32_t number, bool is_long, uint8_t *out);

/** daf_goods_same: whether two folders hold the same files. */
bool daf_goods_same(const char *a, const char *b);
/** daf_goods_files: "SHELF/CONTENT-ID/NAME"; as daf_goods_path(). */
const char *daf_goods_files(const char *shelf, const struct daf_hash *content,
                            const char *name);

#endif
