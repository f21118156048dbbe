/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies that control erases (docs/protocol.md R115 to R117): those that are held
 * go, step by step, and those that come are not kept.
 *
 *      erasure counts --> handles --step--> disk --STORED--> next step ... done
 *                            |
 *                            +--> job_keep(), reads: at once
 *
 * The notebook remembers of which handles it is rid; a start asks it. */
#include <assert.h>
#include <stdlib.h>

#include "node/core/agent_impl.h"

#define WAIT_MS     1000 /* somebody reads what the journal holds */
#define WAIT_MAX_MS 60000

void daf_agent_erase_init(struct daf_agent *a)
{
    a->erasing.at = DAF_MONO_NEVER;
    a->erasing.wait_ms = WAIT_MS;
}

void daf_agent_erase_free(struct daf_agent *a)
{
    free(a->erasing.handles);
}

struct daf_stored_item daf_agent_erase_item(const struct daf_erase *next)
{
    return (struct daf_stored_item){.log = next->log,
                                    .spot = next->spot,
                                    .is_deferred = true};
}

static void step(struct daf_agent *a)
{
    struct daf_erasing *e = &a->erasing;

    e->at = DAF_MONO_NEVER;
    e->is_busy = true;
    (void)daf_agent_job_begin(a, DAF_JOB_ERASE, 0);
    a->config.port->store_erase(a->config.port->ctx, &e->next);
    daf_agent_job_end(a, (struct daf_view){0});
}

/* All that are erased now, from the first record on. */
static void begin(struct daf_agent *a)
{
    struct daf_erasing *e = &a->erasing;
    size_t count = daf_camp_erased(a->camp);
    struct daf_handle *handles = malloc(count * sizeof(*handles));

    if (handles == NULL) { /* 16 bytes each: later */
        e->at.ms = a->now.ms + WAIT_MAX_MS;
        return;
    }
    daf_camp_erased_all(a->camp, handles);
    free(e->handles);
    e->handles = handles;
    e->begun = count;
    e->next = (struct daf_erase){.handles = handles, .count = count};
    step(a);
}

void daf_agent_erase_look(struct daf_agent *a)
{
    struct daf_erasing *e = &a->erasing;
    size_t count = daf_camp_erased(a->camp);

    if (a->config.port->store_erase == NULL || a->is_stopping || e->is_busy ||
        count == 0)
        return;
    /* What was begun is ended first: or ever new ones would begin it anew. */
    if (e->begun == e->done && (count > e->done || !e->is_known)) begin(a);
}

void daf_agent_erase_stored(struct daf_agent *a, const struct daf_input *in)
{
    struct daf_erasing *e = &a->erasing;
    const struct daf_stored_item *last = NULL;

    assert(e->is_busy);
    e->is_busy = false;
    if (in->err != DAF_OK) {
        e->at.ms = a->now.ms + DAF_AGENT_RETRY_MAX_MS;
        return;
    }
    if (in->items_count > 0) last = &in->items[in->items_count - 1];
    if (last == NULL) {
        e->done = e->begun;
        e->is_known = true;
        e->wait_ms = WAIT_MS;
        daf_agent_statements_applied(a);
        daf_agent_erase_look(a);
        return;
    }
    e->next.log = last->log;
    e->next.spot = last->spot;
    /* The first time it is only told that what it asks for is durable. */
    e->at = a->now;
    if (last->spot.seq == 0 && e->next.is_looked) {
        e->at.ms += e->wait_ms;
        e->wait_ms =
            2 * e->wait_ms > WAIT_MAX_MS ? WAIT_MAX_MS : 2 * e->wait_ms;
    }
    e->next.is_looked = last->spot.seq == 0;
    daf_agent_erase_timer(a);
}

void daf_agent_erase_timer(struct daf_agent *a)
{
    struct daf_erasing *e = &a->erasing;

    if (a->now.ms < e->at.ms || e->is_busy || a->is_stopping) return;
    if (e->begun == e->done) {
        e->at = DAF_MONO_NEVER;
        daf_agent_erase_look(a);
    } else {
        step(a);
    }
}

struct daf_mono daf_agent_erase_deadline(const struct daf_agent *a)
{
    return a->is_stopping ? DAF_MONO_NEVER : a->erasing.at;
}

bool daf_agent_erase_is_done(const struct daf_agent *a)
{
    size_t count = daf_camp_erased(a->camp);

    return count == 0 || (a->erasing.is_known && a->erasing.done == count);
}

void daf_agent_erase_hide(const struct daf_agent *a, struct daf_stored *stored)
{
    if (stored->body_state != DAF_BODY_HELD ||
        !daf_camp_body_is_erased(a->camp, stored->body))
        return;
    stored->body_state = DAF_BODY_ERASED;
    stored->body = (struct daf_view){NULL, 0};
}
