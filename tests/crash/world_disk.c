/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs on their way to the disk: what node/writer.c does in its thread, done here
 * when chance says so. */
#include <assert.h>
#include <stdlib.h>

#include "node/selfvalue.h"
#include "tests/crash/world_impl.h"

#define RECORDS_MAX 256
#define DEEDS_MAX   256

struct world_record {
    struct daf_record r;
    enum daf_body_state state;
    size_t header_len, body_len;
    uint8_t *bytes; /* owned */
};

/* What a job does beside keeping records. */
struct world_deed {
    enum {
        DEED_UNCHECKED,
        DEED_CHECKED,
        DEED_DROP,
        DEED_SELF,
        DEED_ERASE
    } kind;
    size_t after;            /* this many records */
    struct daf_stretch what; /* DROP: the log alone */
    struct daf_spot spot;    /* DROP */
    struct daf_self self;    /* SELF */
    struct daf_erase erase;  /* ERASE; handles owned */
};

struct world_job {
    struct world_job *next;
    uint64_t id;
    size_t count, deeds_count;
    bool is_more; /* an erasure has a step to come */
    struct world_deed deeds[DEEDS_MAX];
    struct world_record records[RECORDS_MAX];
};

static bool is_dark(const struct world_node *n)
{
    return n->is_dying || pcvfs_is_cut(n->disk);
}

static void port_begin(void *ctx, uint64_t id)
{
    struct world_node *n = ctx;

    /* Not zeroed: most of it is never touched. */
    n->open_job = malloc(sizeof(*n->open_job));
    if (n->open_job == NULL) abort();
    n->open_job->next = NULL;
    n->open_job->id = id;
    n->open_job->count = n->open_job->deeds_count = 0;
    n->open_job->is_more = false;
}

static void port_keep(void *ctx, const struct daf_keep *keep)
{
    struct world_node *n = ctx;
    struct world *w = n->world;
    struct world_record *r = &n->open_job->records[n->open_job->count++];

    assert(n->open_job->count < RECORDS_MAX);
    *r = (struct world_record){.r = *keep->record,
                               .state = keep->body_state,
                               .header_len = keep->header.len,
                               .body_len = keep->body.len};
    r->bytes = malloc(r->header_len + r->body_len + 1);
    if (r->bytes == NULL) abort();
    memcpy(r->bytes, keep->header.p, r->header_len);
    if (r->body_len > 0)
        memcpy(r->bytes + r->header_len, keep->body.p, r->body_len);
    if (!is_dark(n) &&
        memcmp(&r->r.log.author, daf_agent_author(n->agent),
               sizeof(r->r.log.author)) == 0 &&
        said_find(&w->said, &r->r.id) == NULL)
        said_written(&w->said, keep, n->index == WORLD_DEVICE, !w->is_after);
}

static void add_deed(struct world_node *n, const struct world_deed *deed)
{
    struct world_job *job = n->open_job;

    assert(job->deeds_count < DEEDS_MAX);
    job->deeds[job->deeds_count] = *deed;
    job->deeds[job->deeds_count++].after = job->count;
}

static void port_unchecked(void *ctx, const struct daf_stretch *what)
{
    add_deed(ctx, &(struct world_deed){.kind = DEED_UNCHECKED, .what = *what});
}

static void port_checked(void *ctx, const struct daf_stretch *what)
{
    add_deed(ctx, &(struct world_deed){.kind = DEED_CHECKED, .what = *what});
}

static void port_drop(void *ctx, const struct daf_log_key *log,
                      const struct daf_spot *spot)
{
    struct world_node *n = ctx;

    if (!is_dark(n)) said_dropped(&n->world->said);
    add_deed(n, &(struct world_deed){.kind = DEED_DROP,
                                     .what = {.log = *log},
                                     .spot = *spot});
}

static void port_self(void *ctx, const struct daf_self *self)
{
    add_deed(ctx, &(struct world_deed){.kind = DEED_SELF, .self = *self});
}

static void port_erase(void *ctx, const struct daf_erase *what)
{
    struct world_deed deed = {.kind = DEED_ERASE, .erase = *what};
    struct daf_handle *handles = malloc(what->count * sizeof(*handles));

    if (handles == NULL) abort();
    memcpy(handles, what->handles, what->count * sizeof(*handles));
    deed.erase.handles = handles;
    add_deed(ctx, &deed);
}

static void port_end(void *ctx, uint64_t id)
{
    struct world_node *n = ctx;

    assert(n->open_job != NULL && n->open_job->id == id);
    *n->jobs_end = n->open_job;
    n->jobs_end = &n->open_job->next;
    n->open_job = NULL;
}

static void port_acked(void *ctx, const struct daf_log_key *log,
                       uint64_t seq_first, const struct daf_spot *last)
{
    struct world_node *n = ctx;

    if (n->notes_count == WORLD_NOTES_MAX) return; /* best effort */
    n->notes[n->notes_count++] = (struct world_note){*log, seq_first, *last};
}

void world_disk_port(struct daf_port *port)
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
}

static void free_job(struct world_job *job)
{
    for (size_t i = 0; job != NULL && i < job->count; i++)
        free(job->records[i].bytes);
    for (size_t i = 0; job != NULL && i < job->deeds_count; i++)
        if (job->deeds[i].kind == DEED_ERASE)
            free((void *)(uintptr_t)job->deeds[i].erase.handles);
    free(job);
}

void world_disk_forget(struct world_node *n)
{
    while (n->jobs != NULL) {
        struct world_job *next = n->jobs->next;

        free_job(n->jobs);
        n->jobs = next;
    }
    free_job(n->open_job);
    n->open_job = NULL;
    n->jobs_end = &n->jobs;
    n->notes_count = 0;
}

bool world_disk_has(const struct world_node *n)
{
    return n->agent != NULL && !pcvfs_is_cut(n->disk) &&
           (n->jobs != NULL || n->notes_count > 0);
}

/* ---- one transaction */

static enum daf_err put(struct world_node *n, const struct world_record *r,
                        struct daf_stored_item *out)
{
    struct daf_view header = {r->bytes, r->header_len};
    struct daf_view body = {r->bytes + r->header_len, r->body_len};
    enum daf_put what = DAF_PUT_KNOWN;
    enum daf_err err =
        daf_store_put(n->writer, &r->r, header, r->state, body, &what);

    *out = (struct daf_stored_item){.log = r->r.log,
                                    .spot = {r->r.seq, r->r.id},
                                    .is_new = what == DAF_PUT_NEW ||
                                              what == DAF_PUT_BODY,
                                    .is_deferred = what == DAF_PUT_DEFERRED};
    return err;
}

/* Where it is to go on, if anywhere, is an item behind the job's records. */
static enum daf_err erase(struct world_node *n, struct world_job *job,
                          const struct world_deed *deed,
                          struct daf_stored_item *items)
{
    struct daf_erase next;
    bool is_more = false;
    enum daf_err err =
        daf_store_erase(n->writer, &deed->erase, &next, &is_more);

    job->is_more = is_more;
    if (err == DAF_OK && is_more)
        items[job->count] = daf_agent_erase_item(&next);
    return err;
}

/* What a store says of a record that it has not, or cannot part with, is no
 * error. */
static enum daf_err do_deed(struct world_node *n, const struct world_deed *deed)
{
    enum daf_err err;

    if (deed->kind == DEED_UNCHECKED)
        return daf_store_unchecked(n->writer, &deed->what);
    if (deed->kind == DEED_CHECKED)
        return daf_store_checked(n->writer, &deed->what);
    if (deed->kind == DEED_SELF)
        return daf_selfvalue_set(n->writer, &deed->self);
    err = daf_store_drop(n->writer, &deed->what.log, &deed->spot);
    return err == DAF_ENOTFOUND || err == DAF_ELIMIT ? DAF_OK : err;
}

static enum daf_err do_job(struct world_node *n, struct world_job *job,
                           struct daf_stored_item *items)
{
    enum daf_err err = DAF_OK;
    size_t deeds = 0;

    for (size_t i = 0; err == DAF_OK && i <= job->count; i++) {
        while (err == DAF_OK && deeds < job->deeds_count &&
               job->deeds[deeds].after == i) {
            const struct world_deed *deed = &job->deeds[deeds++];

            err = deed->kind == DEED_ERASE ? erase(n, job, deed, items)
                                           : do_deed(n, deed);
        }
        if (err == DAF_OK && i < job->count)
            err = put(n, &job->records[i], &items[i]);
    }
    return err;
}

static enum daf_err put_all(struct world_node *n, size_t jobs,
                            struct daf_stored_item *items)
{
    struct world_job *job = n->jobs;
    enum daf_err err = DAF_OK;

    for (; err == DAF_OK && jobs > 0; jobs--, job = job->next) {
        err = do_job(n, job, items);
        items += job->count + 1;
    }
    for (size_t i = 0; err == DAF_OK && i < n->notes_count; i++) {
        const struct world_note *note = &n->notes[i];

        /* What a peer says must not take the records with it. */
        if (daf_store_acked(n->writer, &note->log, note->seq_first,
                            &note->last) != DAF_OK)
            continue;
    }
    return err;
}

static enum daf_err transact(struct world_node *n, size_t jobs,
                             struct daf_stored_item *items)
{
    enum daf_err err = daf_store_begin(n->writer);

    if (err != DAF_OK) return err;
    err = put_all(n, jobs, items);
    if (err == DAF_OK) return daf_store_commit(n->writer);
    daf_store_rollback(n->writer);
    return err;
}

/* Stretches that were verified at rest, durably. */
static void note_checked(struct world_node *n, const struct world_job *job)
{
    for (size_t i = 0; i < job->deeds_count; i++)
        n->checked += job->deeds[i].kind == DEED_CHECKED;
}

static void note_held(struct world_node *n, const struct world_job *job,
                      const struct daf_stored_item *items)
{
    for (size_t i = 0; i < job->count; i++) {
        struct said_record *r =
            said_find(&n->world->said, &job->records[i].r.id);

        if (r != NULL && !items[i].is_deferred) r->at_peer = true;
    }
}

/* The news of it waits its turn among the other events. */
static void tell(struct world_node *n, size_t jobs, enum daf_err err,
                 const struct daf_stored_item *items)
{
    for (; jobs > 0; jobs--) {
        struct world_job *job = n->jobs;
        size_t count = job->count + (job->is_more ? 1 : 0);
        size_t len = err == DAF_OK ? count * sizeof(*items) : 0;
        struct world_event *e =
            world_post(n->world, n->index, DAF_INPUT_STORED, len);

        e->job = job->id;
        e->err = err;
        if (len > 0) memcpy(e->bytes, items, len);
        if (err == DAF_OK && n->index == WORLD_PEER) note_held(n, job, items);
        if (err == DAF_OK) note_checked(n, job);
        items += job->count + 1;
        n->jobs = job->next;
        if (n->jobs == NULL) n->jobs_end = &n->jobs;
        free_job(job);
    }
}

void world_disk_work(struct world_node *n, bool all)
{
    struct daf_stored_item *items;
    size_t jobs = 0, records = 0, most = SIZE_MAX;
    enum daf_err err;

    if (!all) most = 1 + (size_t)chance_below(&n->world->chance, 3);
    for (const struct world_job *job = n->jobs; job != NULL && jobs < most;
         job = job->next) {
        jobs++;
        records += job->count + 1;
    }
    items = calloc(records + 1, sizeof(*items));
    if (items == NULL) abort();
    err = transact(n, jobs, items);
    n->notes_count = 0;
    tell(n, jobs, err, items);
    free(items);
}
