/* SPDX-License-Identifier: Apache-2.0 */
/* proto/picture.h - what a small picture says of itself in its first bytes.
 *
 * Nothing is decoded: that is a browser's work.  Known are PNG (RFC 2083), JPEG
 * (ITU-T T.81, B.2) and WebP (RFC 9649), since every browser shows them. */
#ifndef DAF_PROTO_PICTURE_H
#define DAF_PROTO_PICTURE_H

#include "proto/err.h"
#include "proto/limits.h"
#include "proto/types.h"

enum daf_picture_kind {
    DAF_PICTURE_PNG,
    DAF_PICTURE_JPEG,
    DAF_PICTURE_WEBP,
};

struct daf_picture {
    enum daf_picture_kind kind;
    uint32_t width, height; /* pixels, as claimed; ≥ 1 */
    bool moves;             /* more than one picture */
    bool has_notes; /* Exif, XMP, IPTC: a camera's, maybe of the place */
};

/**
 * daf_picture_look: what @bytes say they are.
 * DAF_EFORM: none of the three, or cut off before its width and height.
 */
DAF_NODISCARD enum daf_err daf_picture_look(struct daf_view bytes,
                                            struct daf_picture *out);

/** daf_picture_is_preview: whether @bytes may be shown as a preview (content.md
 * R98): their number, kind, sides, and that they do not move. */
bool daf_picture_is_preview(struct daf_view bytes);

/** daf_picture_type: its media type ("image/png").  Never NULL. */
const char *daf_picture_type(enum daf_picture_kind kind);

#endif
