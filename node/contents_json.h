/* SPDX-License-Identifier: Apache-2.0 */
/* node/contents_json.h - content as pages are told of it (node/api.h: "library",
 * "content-files"). */
#ifndef DAF_NODE_CONTENTS_JSON_H
#define DAF_NODE_CONTENTS_JSON_H

#include "node/api.h"
#include "node/contents.h"
#include "node/wants.h"
#include "store/catalogue.h"

#include <jansson.h>

#define DAF_LIBRARY_LANGUAGES_MAX 16

/* Which items are to be told, and in which languages; the first that there is. */
struct daf_library_query {
    enum daf_library_from {
        DAF_LIBRARY_START,
        DAF_LIBRARY_AFTER,  /* @at, */
        DAF_LIBRARY_BEFORE, /* those next to it */
    } from;
    struct daf_hash at; /* need not be in the catalogue, or not any more */
    const char *languages[DAF_LIBRARY_LANGUAGES_MAX]; /* borrowed */
    size_t languages_count;
};

struct daf_library_page {
    json_t
        *items; /* the caller's array; appended to, ascending by content id */
    json_t *assigned; /* the caller's too, or NULL: not asked for */
    size_t skipped;   /* so many are before them, */
    size_t total;     /* of so many */
};

/** daf_contents_json_library: the page of @catalogue that @q asks for: the next
 * DAF_API_LIBRARY_ITEMS_MAX items, or those that are left.  It has none only if
 * there are none: after the last item comes the last page, before the first one
 * the first.  Its items take less than DAF_API_LIBRARY_BYTES_MAX as JSON, whatever
 * was published.  @contents: NULL: nothing is here.  DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_contents_json_library(
    const struct daf_catalogue *catalogue, const struct daf_contents *contents,
    const struct daf_library_query *q, struct daf_library_page *page);

/** daf_contents_json_assigned: append to @out what is assigned to this device, the
 * next due day first, then what is due on no day, days before @today last; at most
 * DAF_API_ASSIGNED_MAX.  DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_contents_json_assigned(
    const struct daf_wants *wants, const struct daf_contents *contents,
    const struct daf_library_query *q, uint32_t today, json_t *out);

/** daf_contents_json_item: one item, with its description.  @here: NULL: nothing
 * of it.  The caller owns it; NULL: out of memory. */
json_t *daf_contents_json_item(const struct daf_content *c,
                               const struct daf_contents_item *here,
                               const struct daf_library_query *q);

/** daf_contents_json_files: [path, bytes] of each file of a checked file list, the
 * first @most.  The caller owns it; NULL: out of memory. */
json_t *daf_contents_json_files(struct daf_view list, size_t most);

#endif
