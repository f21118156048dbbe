/* SPDX-License-Identifier: Apache-2.0 */
/* proto/brief.h - a header without what its reader can tell: in a path of links
 * the log, the place and the predecessor's id follow from the record before, the
 * body's hash and length from the body beside it (docs/protocol.md R48).
 *
 *      whole:  array of 14, version … prev, claimed … retention, hash, length,
 *              extension, signature                          about 205 bytes
 *      brief:  claimed … retention, extension, signature     about 80
 *
 * Bytes are cut out and put back, never encoded anew: since each value has one
 * encoding (R1), what is restored is the header byte for byte, and the signature
 * at the path's end, which covers the ids of all before it, proves it. */
#ifndef DAF_PROTO_BRIEF_H
#define DAF_PROTO_BRIEF_H

#include "proto/record.h"

/** daf_brief_make: the brief form of a stored @header, which is well formed.
 * @out: DAF_HEADER_BYTES_MAX bytes.  Returns the length. */
size_t daf_brief_make(struct daf_view header, uint8_t *out);

/** daf_brief_is: whether these bytes of a RUN are brief, not a whole header. */
bool daf_brief_is(struct daf_view bytes);

/**
 * daf_brief_restore: the whole header again.
 * @brief: from outside, not checked yet.
 * @before: the record before it in its path.
 * @body: the body beside it.
 * @out: DAF_HEADER_BYTES_MAX bytes; it is not checked as a header yet:
 *       daf_record_decode() does.
 * DAF_EFORM, DAF_ELIMIT: no header has this brief form.
 */
DAF_NODISCARD enum daf_err daf_brief_restore(struct daf_view brief,
                                             const struct daf_record *before,
                                             struct daf_view body, uint8_t *out,
                                             size_t *out_len);

#endif
