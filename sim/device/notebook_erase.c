/* SPDX-License-Identifier: Apache-2.0 */
/* How bodies go that control erases: store/store_erase.c.  The pool keeps them, as
 * other devices may hold them still; here only their state changes. */
#include <assert.h>
#include <stdlib.h>

#include "proto/body.h"
#include "sim/device/notebook_impl.h"

static int order_handles(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct daf_handle));
}

static bool is_meant(const struct daf_erase *what,
                     const struct daf_notebook_record *r, uint32_t held)
{
    struct daf_body body;

    return daf_notebook_held_state(held) == DAF_BODY_HELD && r->body != NULL &&
           daf_body_decode((struct daf_view){r->body, r->body_len}, &body) ==
               DAF_OK &&
           body.is_sealed &&
           bsearch(&body.handle, what->handles, what->count,
                   sizeof *what->handles, order_handles) != NULL;
}

static enum daf_err erase_in(struct daf_notebook *n,
                             const struct daf_log_key *key,
                             const struct daf_erase *what)
{
    struct daf_notebook_edit *e;
    enum daf_err err = daf_notebook_batch_open(n, key, &e);

    if (err != DAF_OK) return err == DAF_ENOTFOUND ? DAF_OK : err;
    for (uint32_t i = 0; i < e->count; i++) {
        uint32_t record = daf_notebook_held_record(e->held[i]);

        if (!is_meant(what, &n->pool->records[record], e->held[i])) continue;
        e->held[i] = daf_notebook_held(record, DAF_BODY_ERASED);
        e->bodies--;
        e->is_changed = true;
    }
    return DAF_OK;
}

/* Edits of all logs: rare, and a model's logs are small. */
enum daf_err daf_notebook_erase_bodies(struct daf_notebook *n,
                                       const struct daf_erase *what)
{
    enum daf_err err = n->batch->spoilt;

    assert(n->batch != NULL);
    for (uint32_t i = 0; i < n->scopes_count; i++)
        for (uint32_t j = 0; err == DAF_OK && j < n->scopes[i].count; j++) {
            const struct daf_notebook_log *log = n->scopes[i].logs[j];

            err = erase_in(n, &n->pool->names[log->name].key, what);
        }
    /* And of those that this batch began, which no list has yet. */
    for (uint32_t i = 0; err == DAF_OK && i < n->batch->count; i++)
        err = erase_in(n, &n->pool->names[n->batch->edits[i]->name].key, what);
    n->batch->spoilt = err;
    return err;
}
