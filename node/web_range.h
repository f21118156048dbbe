/* SPDX-License-Identifier: Apache-2.0 */
/* node/web_range.h - the Range header of RFC 9110, section 14. */
#ifndef DAF_NODE_WEB_RANGE_H
#define DAF_NODE_WEB_RANGE_H

#include <stdint.h>

enum daf_web_range_kind {
    DAF_WEB_RANGE_WHOLE, /* 200: none, several, or not understood */
    DAF_WEB_RANGE_PART,  /* 206: first to last */
    DAF_WEB_RANGE_NONE,  /* 416: nothing of it is in the file */
};
struct daf_web_range {
    enum daf_web_range_kind kind;
    uint64_t first, last; /* both inclusive; of PART */
};

/** daf_web_range: what @header asks of a file of @size bytes.  @header: the
 * field's text, or NULL. */
struct daf_web_range daf_web_range(const char *header, uint64_t size);

#endif
