/* SPDX-License-Identifier: Apache-2.0 */
/* node/publish_preview.h - the picture that a sidecar names, read and looked at
 * before anything is published (docs/content.md R98). */
#ifndef DAF_NODE_PUBLISH_PREVIEW_H
#define DAF_NODE_PUBLISH_PREVIEW_H

#include "node/cmd_content.h"

struct daf_publish_preview {
    size_t len; /* 0: the sidecar names none */
    uint8_t bytes[DAF_CONTENT_PREVIEW_BYTES_MAX + 1];
};

/** daf_publish_preview_read: the file @name, "" for none, in the folder of
 * @sidecar.  Whatever a reader would not show is refused in words: DAF_ENOTFOUND,
 * DAF_ELIMIT, DAF_EFORM, DAF_EIO; and with DAF_EDENIED a camera's notes. */
DAF_NODISCARD enum daf_err daf_publish_preview_read(
    const char *sidecar, const char *name, struct daf_publish_preview *out,
    struct daf_trouble *t);

#endif
