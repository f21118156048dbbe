/* SPDX-License-Identifier: Apache-2.0 */
#include "node/progressbook.h"

#include <sodium.h>

/* Returns whether it was among them already. */
static bool note(struct daf_progressbook *b,
                 const struct daf_subject_id *subject)
{
    size_t oldest = 0;

    b->uses++;
    for (size_t i = 0; i < DAF_PROGRESSBOOK_MAX; i++) {
        if (b->learners[i].used > 0 &&
            memcmp(&b->learners[i].subject, subject, sizeof(*subject)) == 0) {
            b->learners[i].used = b->uses;
            return true;
        }
        if (b->learners[i].used < b->learners[oldest].used) oldest = i;
    }
    b->learners[oldest].subject = *subject;
    b->learners[oldest].used = b->uses;
    return false;
}

static enum daf_err read_all(struct daf_progressbook *b,
                             const struct daf_progress_query *from)
{
    struct daf_subject_id subjects[DAF_PROGRESSBOOK_MAX];
    struct daf_progress_query q = *from;
    enum daf_err err;

    q.among = subjects;
    q.among_count = 0;
    for (size_t i = 0; i < DAF_PROGRESSBOOK_MAX; i++)
        if (b->learners[i].used > 0)
            subjects[q.among_count++] = b->learners[i].subject;
    daf_progress_free(&b->progress);
    err = daf_progress_read(&q, &b->progress);
    b->is_read = err == DAF_OK;
    return err;
}

enum daf_err daf_progressbook_read(struct daf_progressbook *b,
                                   const struct daf_progress_query *q,
                                   uint64_t version,
                                   const struct daf_subject_id *subject,
                                   json_t *lines, size_t max)
{
    bool was_there = note(b, subject);
    enum daf_err err = DAF_OK;

    if (!was_there || !b->is_read || b->version != version)
        err = read_all(b, q);
    b->version = version;
    for (size_t i = 0; err == DAF_OK && i < b->progress.count; i++) {
        const struct daf_progress_line *line = &b->progress.lines[i];

        if (memcmp(&line->subject, subject, sizeof(*subject)) != 0) continue;
        if (json_array_size(lines) == max) break;
        if (json_array_append_new(lines, daf_progress_json(line)) != 0)
            err = DAF_ENOMEM;
    }
    return err;
}

void daf_progressbook_free(struct daf_progressbook *b)
{
    daf_progress_free(&b->progress);
    sodium_memzero(b, sizeof(*b));
}
