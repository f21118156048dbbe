/* SPDX-License-Identifier: Apache-2.0 */
/* node/contents_json.h - content as pages are told of it (node/api.h: "library",
 * "content-files"). */
#ifndef DAF_NODE_CONTENTS_JSON_H
#define DAF_NODE_CONTENTS_JSON_H

#include "node/contents.h"
#include "store/catalogue.h"

#include <jansson.h>

/** daf_contents_json_library: append an object for each item of @catalogue to
 * @items.  DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_contents_json_library(
    const struct daf_catalogue *catalogue, const struct daf_contents *contents,
    json_t *items);

/** daf_contents_json_files: [path, bytes] of each file of a checked file list, the
 * first @most.  The caller owns it; NULL: out of memory. */
json_t *daf_contents_json_files(struct daf_view list, size_t most);

#endif
