/* SPDX-License-Identifier: Apache-2.0 */
/* proto/frame_impl.h - what frame_decode.c asks of frame_lists.c.
 *
 * Each walks over one whole list or item, checks it, and fails the cursor at
 * the first wrong thing.  The iterators of frame.h read with the same code. */
#ifndef DAF_PROTO_FRAME_IMPL_H
#define DAF_PROTO_FRAME_IMPL_H

#include "proto/frame.h"

/** daf_frame_require: unless @holds, fail with DAF_EFORM at @offset. */
void daf_frame_require(struct daf_cursor *c, bool holds, size_t offset);

/** daf_frame_decode_log: an author and an incarnation, in an array or not. */
void daf_frame_decode_log(struct daf_cursor *c,
                          const struct daf_scope_id *scope,
                          struct daf_log_key *out);

void daf_frame_decode_parts(struct daf_cursor *c, struct daf_list *out);
void daf_frame_decode_items(struct daf_cursor *c, struct daf_heads *out);
/** daf_frame_decode_units: a bin of whole units of @size bytes, ≤ @max. */
struct daf_view daf_frame_decode_units(struct daf_cursor *c, size_t size,
                                       size_t max);
void daf_frame_decode_wants(struct daf_cursor *c, struct daf_list *out);
void daf_frame_decode_paths(struct daf_cursor *c, struct daf_list *out);
void daf_frame_decode_acks(struct daf_cursor *c, struct daf_list *out);
void daf_frame_decode_needs(struct daf_cursor *c, struct daf_list *out);
void daf_frame_decode_devices(struct daf_cursor *c, struct daf_list *out);

#endif
