/* SPDX-License-Identifier: Apache-2.0 */
/* Batches on their way to the notebook: what node/writer.c does in its thread. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/device/fleet_impl.h"

static void port_begin(void *ctx, uint64_t id)
{
    struct daf_fleet_device *d = ctx;

    assert(d->open_job == NULL);
    d->open_job = calloc(1, sizeof *d->open_job);
    if (d->open_job == NULL)
        daf_fleet_fail(d->fleet, DAF_ENOMEM);
    else
        d->open_job->id = id;
}

/* NULL without memory: the run ends then. */
static struct daf_fleet_task *add_task(struct daf_fleet_device *d,
                                       enum daf_fleet_deed deed)
{
    struct daf_fleet_job *job = d->open_job;

    if (job == NULL) return NULL;
    if (job->count == job->room) {
        size_t room = job->room == 0 ? 4 : job->room * 2;
        struct daf_fleet_task *tasks =
            realloc(job->tasks, room * sizeof *tasks);
        if (tasks == NULL) {
            daf_fleet_fail(d->fleet, DAF_ENOMEM);
            return NULL;
        }
        job->tasks = tasks;
        job->room = room;
    }
    struct daf_fleet_task *t = &job->tasks[job->count++];
    memset(t, 0, sizeof *t);
    t->deed = deed;
    return t;
}

static void port_keep(void *ctx, const struct daf_keep *keep)
{
    struct daf_fleet_device *d = ctx;
    struct daf_fleet_task *t = add_task(d, DAF_FLEET_KEEP);

    if (t == NULL) return;
    t->record = *keep->record;
    t->state = keep->body_state;
    t->bytes = malloc(keep->header.len + keep->body.len + 1);
    if (t->bytes == NULL) {
        daf_fleet_fail(d->fleet, DAF_ENOMEM);
        d->open_job->count--;
        return;
    }
    t->header_len = keep->header.len;
    t->body_len = keep->body.len;
    memcpy(t->bytes, keep->header.p, keep->header.len);
    if (keep->body.len > 0)
        memcpy(t->bytes + keep->header.len, keep->body.p, keep->body.len);
}

static void port_unchecked(void *ctx, const struct daf_stretch *what)
{
    struct daf_fleet_task *t = add_task(ctx, DAF_FLEET_UNCHECKED);

    if (t != NULL) t->what = *what;
}

static void port_checked(void *ctx, const struct daf_stretch *what)
{
    struct daf_fleet_task *t = add_task(ctx, DAF_FLEET_CHECKED);

    if (t != NULL) t->what = *what;
}

static void port_drop(void *ctx, const struct daf_log_key *log,
                      const struct daf_spot *spot)
{
    struct daf_fleet_task *t = add_task(ctx, DAF_FLEET_DROP);

    if (t == NULL) return;
    t->what.log = *log;
    t->spot = *spot;
}

static void port_self(void *ctx, const struct daf_self *self)
{
    struct daf_fleet_device *d = ctx;
    struct daf_fleet_task *t = add_task(d, DAF_FLEET_SELF);

    if (t == NULL) return;
    t->bytes = malloc(sizeof *self);
    if (t->bytes == NULL) {
        daf_fleet_fail(d->fleet, DAF_ENOMEM);
        d->open_job->count--;
        return;
    }
    memcpy(t->bytes, self, sizeof *self);
}

static void port_erase(void *ctx, const struct daf_erase *what)
{
    struct daf_fleet_device *d = ctx;
    struct daf_fleet_task *t = add_task(d, DAF_FLEET_ERASE);

    if (t == NULL) return;
    t->erase = *what;
    t->bytes = malloc(what->count * sizeof *what->handles);
    if (t->bytes == NULL) {
        daf_fleet_fail(d->fleet, DAF_ENOMEM);
        d->open_job->count--;
        return;
    }
    memcpy(t->bytes, what->handles, what->count * sizeof *what->handles);
}

/* The batch goes to the disk, after those that are on their way. */
static void hand_over(struct daf_fleet_device *d)
{
    struct daf_fleet *f = d->fleet;
    daf_sim_us now = daf_engine_now(f->engine);

    if (d->open_job == NULL) return;
    *d->jobs_end = d->open_job;
    d->jobs_end = &d->open_job->next;
    d->open_job = NULL;
    if (d->disk_free_at < now) d->disk_free_at = now;
    d->disk_free_at += f->config.commit;
    daf_engine_add(f->engine, d->disk_free_at, DAF_SIM_DISK, d->number,
                   d->number, (uint32_t)d->boots);
}

static void port_end(void *ctx, uint64_t id)
{
    struct daf_fleet_device *d = ctx;

    assert(d->open_job == NULL || d->open_job->id == id);
    hand_over(d);
}

static void port_acked(void *ctx, const struct daf_log_key *log,
                       uint64_t seq_first, const struct daf_spot *last)
{
    struct daf_fleet_device *d = ctx;
    struct daf_fleet_task *t;

    port_begin(ctx, 0);
    t = add_task(d, DAF_FLEET_ACKED);
    if (t == NULL) return;
    t->what.log = *log;
    t->what.first = seq_first;
    t->spot = *last;
    hand_over(d);
}

/* Content is not simulated yet: no device has an item, so nobody asks. */
static void port_content_put(void *ctx, uint32_t conn,
                             const struct daf_port_piece *piece)
{
    (void)ctx;
    (void)conn;
    (void)piece;
}

static void port_content_forget(void *ctx, uint32_t conn)
{
    (void)ctx;
    (void)conn;
}

void daf_fleet_disk_port(struct daf_port *port)
{
    port->store_begin = port_begin;
    port->store_keep = port_keep;
    port->store_unchecked = port_unchecked;
    port->store_checked = port_checked;
    port->store_drop = port_drop;
    port->store_self = port_self;
    port->store_erase = port_erase;
    port->store_end = port_end;
    port->store_acked = port_acked;
    port->content_put = port_content_put;
    port->content_forget = port_content_forget;
    port->content_read = port_content_put;
}

static void free_job(struct daf_fleet_job *job)
{
    for (size_t i = 0; job != NULL && i < job->count; i++)
        free(job->tasks[i].bytes);
    if (job != NULL) free(job->tasks);
    free(job);
}

void daf_fleet_disk_forget(struct daf_fleet_device *d)
{
    while (d->jobs != NULL) {
        struct daf_fleet_job *next = d->jobs->next;
        free_job(d->jobs);
        d->jobs = next;
    }
    d->jobs_end = &d->jobs;
    free_job(d->open_job);
    d->open_job = NULL;
}

/* ---- one batch */

static enum daf_err do_drop(struct daf_fleet_device *d,
                            struct daf_fleet_task *t)
{
    const struct daf_fleet_events *events = &d->fleet->events;

    if (events->drops != NULL)
        events->drops(events->ctx, d->number, &t->what.log, &t->spot);
    enum daf_err err = daf_notebook_drop(d->notebook, &t->what.log, &t->spot);
    t->is_dropped = err == DAF_OK;
    return err == DAF_ENOTFOUND || err == DAF_ELIMIT ? DAF_OK : err;
}

static enum daf_err do_erase(struct daf_fleet_device *d,
                             struct daf_fleet_task *t,
                             struct daf_stored_item *items, size_t *count)
{
    struct daf_erase next;
    bool is_more = false;

    t->erase.handles = (const void *)t->bytes; /* as malloc() aligned them */
    enum daf_err err =
        daf_notebook_erase(d->notebook, &t->erase, &next, &is_more);
    if (err == DAF_OK && is_more)
        items[(*count)++] = daf_agent_erase_item(&next);
    return err;
}

static enum daf_err do_task(struct daf_fleet_device *d,
                            struct daf_fleet_task *t,
                            struct daf_stored_item *items, size_t *count)
{
    struct daf_view header = {t->bytes, t->header_len};
    struct daf_view body = {NULL, t->body_len};
    enum daf_put what = DAF_PUT_KNOWN;
    enum daf_err err;

    if (t->deed == DAF_FLEET_UNCHECKED)
        return daf_notebook_unchecked(d->notebook, &t->what);
    if (t->deed == DAF_FLEET_CHECKED)
        return daf_notebook_checked(d->notebook, &t->what);
    if (t->deed == DAF_FLEET_DROP) return do_drop(d, t);
    if (t->deed == DAF_FLEET_SELF) {
        /* Also of a batch that a power cut may yet take back: a life that was
         * never used costs nothing. */
        memcpy(&d->self, t->bytes, sizeof d->self);
        d->incarnation = d->self.lives[d->self.lives_count - 1];
        return DAF_OK;
    }
    if (t->deed == DAF_FLEET_ERASE) return do_erase(d, t, items, count);
    if (t->deed == DAF_FLEET_ACKED) {
        err = daf_notebook_acked(d->notebook, &t->what.log, t->what.first,
                                 &t->spot);
        return err == DAF_ENOTFOUND ? DAF_OK : err;
    }
    body.p = t->bytes + t->header_len;
    err = daf_notebook_put(d->notebook, &t->record, header, t->state, body,
                           &what);
    t->put = what;
    items[(*count)++] =
        (struct daf_stored_item){.log = t->record.log,
                                 .spot = {t->record.seq, t->record.id},
                                 .is_new = what == DAF_PUT_NEW ||
                                           what == DAF_PUT_BODY,
                                 .is_deferred = what == DAF_PUT_DEFERRED};
    uint64_t *bytes = what == DAF_PUT_KNOWN ? &d->fleet->stats.bytes_known
                                            : &d->fleet->stats.bytes_kept;
    *bytes += t->header_len + t->body_len;
    return err;
}

static enum daf_err do_job(struct daf_fleet_device *d,
                           struct daf_fleet_job *job,
                           struct daf_stored_item *items, size_t *count)
{
    enum daf_err err = daf_notebook_begin(d->notebook);

    if (err != DAF_OK) return err;
    for (size_t i = 0; err == DAF_OK && i < job->count; i++)
        err = do_task(d, &job->tasks[i], items, count);
    if (err == DAF_OK) return daf_notebook_commit(d->notebook);
    daf_notebook_rollback(d->notebook);
    return err;
}

static bool is_unchecked(const struct daf_fleet_job *job,
                         const struct daf_record *r)
{
    for (size_t i = 0; i < job->count; i++) {
        const struct daf_fleet_task *t = &job->tasks[i];
        if (t->deed == DAF_FLEET_UNCHECKED && t->what.first <= r->seq &&
            r->seq <= t->what.last &&
            memcmp(&t->what.log, &r->log, sizeof r->log) == 0)
            return true;
    }
    return false;
}

static void tell_kept(struct daf_fleet_device *d,
                      const struct daf_fleet_job *job)
{
    const struct daf_fleet_events *events = &d->fleet->events;

    for (size_t i = 0; events->kept != NULL && i < job->count; i++) {
        const struct daf_fleet_task *t = &job->tasks[i];
        if (t->deed == DAF_FLEET_DROP && t->is_dropped)
            events->dropped(events->ctx, d->number, &t->spot);
        if (t->deed != DAF_FLEET_KEEP) continue;
        events->kept(events->ctx, d->number, &t->record,
                     (struct daf_view){t->bytes, t->header_len}, t->state,
                     (struct daf_view){t->bytes + t->header_len, t->body_len},
                     t->put, is_unchecked(job, &t->record));
    }
}

static void tell_stored(struct daf_fleet_device *d,
                        const struct daf_stored_item *items, size_t count)
{
    struct daf_fleet *f = d->fleet;

    for (size_t i = 0; i < count; i++) {
        if (!items[i].is_new) continue;
        f->stats.records++;
        if (f->events.stored == NULL ||
            memcmp(&items[i].log.scope, &f->scopes[3], sizeof f->scopes[3]) !=
                0)
            continue;
        uint32_t writer = daf_fleet_of_author(f, &items[i].log.author);
        f->events.stored(f->events.ctx, d->number, writer, items[i].spot.seq);
    }
}

static bool is_cut(const struct daf_fleet_device *d)
{
    const struct daf_fleet_events *events = &d->fleet->events;

    return events->disk_is_cut != NULL &&
           events->disk_is_cut(events->ctx, d->card);
}

static void tell_perhaps(struct daf_fleet_device *d,
                         const struct daf_fleet_job *job)
{
    const struct daf_fleet_events *events = &d->fleet->events;

    for (size_t i = 0; i < job->count; i++) {
        const struct daf_fleet_task *t = &job->tasks[i];
        struct daf_spot spot = {t->record.seq, t->record.id};
        if (t->deed == DAF_FLEET_KEEP)
            events->perhaps(events->ctx, d->number, &t->record.log, &spot,
                            false);
        if (t->deed == DAF_FLEET_DROP)
            events->perhaps(events->ctx, d->number, &t->what.log, &t->spot,
                            true);
    }
}

/* The next batch. */
static enum daf_err do_next(struct daf_fleet_device *d,
                            struct daf_fleet_job **out,
                            struct daf_stored_item **items, size_t *count)
{
    struct daf_fleet_job *job = d->jobs;

    assert(job != NULL);
    *out = job;
    *count = 0;
    d->jobs = job->next;
    if (d->jobs == NULL) d->jobs_end = &d->jobs;
    *items = calloc(job->count + 1, sizeof **items);
    const struct daf_fleet_events *events = &d->fleet->events;
    enum daf_err refused =
        events->disk == NULL ? DAF_OK : events->disk(events->ctx, d->number);
    enum daf_err err = refused;
    if (refused == DAF_OK)
        err = *items == NULL ? DAF_ENOMEM : do_job(d, job, *items, count);
    if (err == DAF_OK)
        tell_kept(d, job);
    else
        *count = 0;
    if (err != DAF_OK && is_cut(d)) tell_perhaps(d, job);
    if (err == DAF_ENOMEM && refused == DAF_OK) daf_fleet_fail(d->fleet, err);
    if (err == DAF_ECORRUPT && !is_cut(d)) (void)daf_fleet_is_damage(d, err);
    d->fleet->stats.commits++;
    return err;
}

/* @arg: which start of the device the batch is of. */
void daf_fleet_on_disk(void *ctx, uint32_t device, uint32_t arg)
{
    struct daf_fleet *f = ctx;
    struct daf_fleet_device *d = &f->devices[device];
    struct daf_fleet_job *job;
    struct daf_stored_item *items;
    struct daf_input in = {.kind = DAF_INPUT_STORED};

    if (d->agent == NULL || (uint32_t)d->boots != arg ||
        daf_fleet_waits(d, DAF_SIM_DISK, arg))
        return;
    in.err = do_next(d, &job, &items, &in.items_count);
    in.job = job->id;
    in.items = items;
    if (is_cut(d)) {
        free(items);
        free_job(job);
        daf_fleet_power(f, device, DAF_POWER_CUT);
        f->events.torn(f->events.ctx, device);
        return;
    }
    if (job->tasks == NULL || job->tasks[0].deed != DAF_FLEET_ACKED)
        daf_fleet_input(d, &in);
    tell_stored(d, items, in.items_count);
    free(items);
    free_job(job);
}

void daf_fleet_disk_settle(struct daf_fleet_device *d)
{
    while (d->jobs != NULL && !is_cut(d)) {
        struct daf_fleet_job *job;
        struct daf_stored_item *items;
        size_t count = 0;
        if (do_next(d, &job, &items, &count) == DAF_OK)
            tell_stored(d, items, count);
        free(items);
        free_job(job);
    }
}
