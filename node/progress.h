/* SPDX-License-Identifier: Apache-2.0 */
/* node/progress.h - what learners did, read from the notebook: for `daftar
 * progress show` and for the web process's pages.
 *
 * Reads and opens every record of the classes asked for: about 5 µs each. */
#ifndef DAF_NODE_PROGRESS_H
#define DAF_NODE_PROGRESS_H

#include "node/core/camp.h"
#include "store/store.h"

#include <jansson.h>

/* One activity of a record. */
struct daf_progress_line {
    char learner[DAF_NAME_BYTES_MAX + 1]; /* "" if she has no name */
    char item[DAF_ITEM_BYTES_MAX + 1];
    struct daf_subject_id subject;
    struct daf_record_id record;
    struct daf_author_id author;
    const char *scope; /* borrowed from the camp */
    size_t place;      /* in its record */
    bool has_score, kept_elsewhere;
    bool is_learner_confirmed; /* node/learners.h */
    bool
        is_confirmed; /* its author was not revoked, or it counts all the same */
    uint32_t score, seconds; /* score: millionths */
    uint64_t claimed_ms, boot;
    uint8_t time_quality;
    struct daf_shown shown;
};

struct daf_progress_query {
    struct daf_store *store;
    const struct daf_camp *camp; /* with its roster */
    struct daf_author_id author; /* this device */
    const char *scope;           /* a class; "": all */
    const char *learner;         /* a name or a subject id in hex; NULL: all */
    const struct daf_subject_id *among; /* only these; NULL: all; borrowed */
    size_t among_count;
};

/* By name, then subject, record and place. */
struct daf_progress {
    struct daf_progress_line *lines; /* owned */
    size_t count, cap;
    bool knows_scope;   /* the scope asked for is one of this camp */
    bool knows_learner; /* somebody registered is who was asked for */
};

/** daf_progress_read: @out zeroed before; to be freed also after an error.
 * DAF_ENOMEM, and what the store returns. */
DAF_NODISCARD enum daf_err daf_progress_read(const struct daf_progress_query *q,
                                             struct daf_progress *out);
/** daf_progress_free: wipes it. */
void daf_progress_free(struct daf_progress *p);

/** daf_progress_json: a line as `progress show --json` prints it; the caller's;
 * NULL if out of memory. */
json_t *daf_progress_json(const struct daf_progress_line *line);

#endif
