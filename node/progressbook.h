/* SPDX-License-Identifier: Apache-2.0 */
/* node/progressbook.h - what the learners at the browsers did, read at once.
 *
 * To read one learner's progress is to read the whole class, so a class that
 * looks at its pages after each change would read it thirty times.  Those who
 * were asked for lately are read together, once for each change. */
#ifndef DAF_NODE_PROGRESSBOOK_H
#define DAF_NODE_PROGRESSBOOK_H

#include "node/progress.h"

#define DAF_PROGRESSBOOK_MAX \
    64 /* learners; who was not asked for longest goes */

struct daf_progressbook {
    struct {
        struct daf_subject_id subject;
        uint64_t used; /* 0: nobody */
    } learners[DAF_PROGRESSBOOK_MAX];
    uint64_t uses;
    uint64_t version; /* of the notebook, when it was read */
    bool is_read;
    struct daf_progress progress; /* of all of them */
};

/**
 * daf_progressbook_read: what @subject did, as JSON appended to @lines, at most
 * @max lines.  Nothing if nobody is called so.
 * @q: store, camp, author and scope; pinned by the caller.
 * @version: another number whenever the notebook may say something else.
 */
DAF_NODISCARD enum daf_err daf_progressbook_read(
    struct daf_progressbook *b, const struct daf_progress_query *q,
    uint64_t version, const struct daf_subject_id *subject, json_t *lines,
    size_t max);
/** daf_progressbook_free: wipes it; zeros are fine. */
void daf_progressbook_free(struct daf_progressbook *b);

#endif
