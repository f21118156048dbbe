/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/device/fleet_impl.h"

#include "sim/device/ramdisk.h"
#include "sim/device/signer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct daf_fleet_config daf_fleet_defaults(void)
{
    return (struct daf_fleet_config){
        .seed = 1,
        .bytes_per_s = 250000,
        .latency = 5 * DAF_SIM_MS,
        .discovery = DAF_SIM_S,
        .silence = 15 * DAF_SIM_S,
        .commit = 5 * DAF_SIM_MS,
    };
}

void daf_fleet_fail(struct daf_fleet *f, enum daf_err err)
{
    if (f->failed == DAF_OK) f->failed = err;
}

enum daf_err daf_fleet_failed(const struct daf_fleet *f)
{
    return f->failed;
}

bool daf_fleet_grow(struct daf_fleet *f, void *items, size_t size,
                    uint32_t count, uint32_t *room)
{
    void **at = items;

    if (count < *room) return true;
    uint32_t more = *room == 0 ? 8 : *room * 2;
    void *moved = realloc(*at, more * size);
    if (moved == NULL) {
        daf_fleet_fail(f, DAF_ENOMEM);
        return false;
    }
    *at = moved;
    *room = more;
    return true;
}

/* ---- numbers */

uint32_t daf_fleet_take(struct daf_fleet *f, struct daf_fleet_pool *pool)
{
    uint32_t number;

    if (pool->free_count > 0) {
        number = pool->free[--pool->free_count];
    } else {
        if (!daf_fleet_grow(f, &pool->items, pool->size, pool->count,
                            &pool->room))
            return DAF_FLEET_NOBODY;
        number = pool->count++;
    }
    memset((uint8_t *)pool->items + number * pool->size, 0, pool->size);
    return number;
}

void daf_fleet_give(struct daf_fleet *f, struct daf_fleet_pool *pool,
                    uint32_t number)
{
    if (daf_fleet_grow(f, &pool->free, sizeof *pool->free, pool->free_count,
                       &pool->free_room))
        pool->free[pool->free_count++] = number;
}

static void *item(const struct daf_fleet_pool *pool, uint32_t number)
{
    assert(number < pool->count);
    return (uint8_t *)pool->items + number * pool->size;
}

struct daf_fleet_link *daf_fleet_link(struct daf_fleet *f, uint32_t number)
{
    return item(&f->links, number);
}

struct daf_fleet_wire *daf_fleet_wire(struct daf_fleet *f, uint32_t number)
{
    return item(&f->wires, number);
}

struct daf_fleet_parcel *daf_fleet_parcel(struct daf_fleet *f, uint32_t number)
{
    return item(&f->parcels, number);
}

/* ---- who is who */

static int compare_names(const void *va, const void *vb)
{
    const struct daf_fleet_name *a = va, *b = vb;

    return memcmp(a->key, b->key, sizeof a->key);
}

static uint32_t find(const struct daf_fleet *f,
                     const struct daf_fleet_name *names, const uint8_t *key,
                     size_t len)
{
    struct daf_fleet_name probe = {.device = 0};

    memcpy(probe.key, key, len);
    const struct daf_fleet_name *at =
        bsearch(&probe, names, f->config.devices, sizeof *names, compare_names);
    while (at != NULL && at > names && compare_names(at - 1, at) == 0)
        at--;
    return at == NULL ? DAF_FLEET_NOBODY : at->device;
}

uint32_t daf_fleet_of_author(const struct daf_fleet *f,
                             const struct daf_author_id *author)
{
    return find(f, f->authors, author->b, sizeof author->b);
}

uint32_t daf_fleet_of_key(const struct daf_fleet *f,
                          const struct daf_box_pk *key)
{
    return find(f, f->keys, key->b, sizeof key->b);
}

static int compare_twins(const void *va, const void *vb)
{
    const struct daf_fleet_name *a = va, *b = vb;
    int order = compare_names(va, vb);

    return order != 0 ? order
                      : (a->device > b->device) - (a->device < b->device);
}

void daf_fleet_sort_names(struct daf_fleet *f)
{
    uint32_t count = f->config.devices;

    for (uint32_t i = 0; i < count; i++) {
        struct daf_fleet_device *d = &f->devices[i];
        d->twin = DAF_FLEET_NOBODY;
        f->authors[i].device = f->keys[i].device = i;
        memcpy(f->authors[i].key, d->author.b, sizeof d->author.b);
        memcpy(f->keys[i].key, d->keys.transport.b, 32);
    }
    qsort(f->authors, count, sizeof *f->authors, compare_twins);
    qsort(f->keys, count, sizeof *f->keys, compare_twins);
    for (uint32_t i = 1; i < count; i++)
        if (compare_names(&f->keys[i - 1], &f->keys[i]) == 0)
            f->devices[f->keys[i - 1].device].twin = f->keys[i].device;
}

static enum daf_err make_names(struct daf_fleet *f)
{
    uint32_t count = f->config.devices;

    f->authors = calloc(count, sizeof *f->authors);
    f->keys = calloc(count, sizeof *f->keys);
    if (f->authors == NULL || f->keys == NULL) return DAF_ENOMEM;
    daf_fleet_sort_names(f);
    return DAF_OK;
}

/* ---- life */

enum daf_err daf_fleet_open_notebook(struct daf_fleet_device *d)
{
    struct daf_fleet *f = d->fleet;
    char dir[512];

    if (f->config.real_dir == NULL)
        return daf_notebook_model(f->records, &d->notebook);
    int len = snprintf(dir, sizeof dir, "%s/%u", f->config.real_dir,
                       (unsigned)d->card);
    if (len < 0 || (size_t)len >= sizeof dir) return DAF_ELIMIT;
    bool is_new = mkdir(dir, 0700) == 0;
    if (!is_new && errno != EEXIST) return DAF_EIO;
    if (is_new && f->events.disk_made != NULL)
        f->events.disk_made(f->events.ctx, d->card, dir);
    return daf_notebook_real(dir, &d->notebook);
}

bool daf_fleet_is_damage(struct daf_fleet_device *d, enum daf_err err)
{
    const struct daf_fleet_events *events = &d->fleet->events;

    if (events->damaged == NULL || err == DAF_ENOMEM) return false;
    events->damaged(events->ctx, d->number, err);
    return true;
}

static void close_notebook(struct daf_fleet_device *d, bool is_cut)
{
    const struct daf_fleet_events *events = &d->fleet->events;

    if (is_cut) events->disk_cut(events->ctx, d->card);
    daf_notebook_free(d->notebook);
    d->notebook = NULL;
    /* Closing writes, too. */
    if (events->disk_is_cut(events->ctx, d->card))
        events->disk_on(events->ctx, d->card);
}

void daf_fleet_recover(struct daf_fleet_device *d)
{
    struct daf_fleet *f = d->fleet;

    if (f->config.real_dir == NULL || f->events.disk_cut == NULL) return;
    close_notebook(d, true);
    enum daf_err err = daf_fleet_open_notebook(d);
    if (err != DAF_OK && !daf_fleet_is_damage(d, err)) daf_fleet_fail(f, err);
}

enum daf_err daf_fleet_mend(struct daf_fleet *f, uint32_t device, bool is_cut,
                            daf_fleet_mend_fn mend)
{
    struct daf_fleet_device *d = &f->devices[device];
    bool is_new_start = false;
    struct daf_chance chance;

    assert(d->agent == NULL && f->config.real_dir != NULL);
    close_notebook(d, is_cut);
    enum daf_err err = mend(f->events.ctx, d->card, &is_new_start);
    if (err == DAF_OK) err = daf_fleet_open_notebook(d);
    if (err != DAF_OK || !is_new_start) return err;
    daf_chance_init(&chance, f->config.seed, "incarnation",
                    (uint64_t)d->boots << 32 | d->number);
    if (d->self.lives_count == 0)
        d->self.lives[d->self.lives_count++] = d->incarnation;
    d->incarnation = daf_chance_u64(&chance);
    if (d->self.lives_count == DAF_LIVES_MAX) d->self.lives_count--;
    d->self.lives[d->self.lives_count++] = d->incarnation;
    d->self.is_restored = true;
    return DAF_OK;
}

static enum daf_err make_devices(struct daf_fleet *f)
{
    uint32_t count = f->config.devices;

    daf_fleet_wires_port(&f->port);
    daf_fleet_disk_port(&f->port);
    daf_fleet_content_port(&f->port);
    f->devices = calloc(count, sizeof *f->devices);
    if (f->devices == NULL) return DAF_ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        struct daf_fleet_device *d = &f->devices[i];
        d->fleet = f;
        d->number = d->card = i;
        d->jobs_end = &d->jobs;
        daf_fleet_port(d);
        d->admitted = calloc(count / 64 + 1, sizeof *d->admitted);
        if (d->admitted == NULL) {
            f->config.devices = i; /* as many as there are to be freed */
            return DAF_ENOMEM;
        }
    }
    /* In memory the first one is all; the others get copies. */
    for (uint32_t i = 0; i < (f->ram == NULL ? count : 1); i++) {
        enum daf_err err = daf_fleet_open_notebook(&f->devices[i]);
        if (err != DAF_OK) return err;
    }
    return DAF_OK;
}

static enum daf_err start_all(struct daf_fleet *f)
{
    enum daf_err err = daf_fleet_make_keys(f);

    if (err == DAF_OK) err = make_names(f);
    if (err == DAF_OK) err = daf_fleet_make_camp(f);
    for (uint32_t i = 0; err == DAF_OK && i < f->config.devices; i++)
        err = daf_fleet_start(&f->devices[i]);
    return err;
}

enum daf_err daf_fleet_new(struct daf_engine *e,
                           const struct daf_fleet_config *config,
                           const struct daf_fleet_events *events,
                           struct daf_fleet **out)
{
    struct daf_fleet *f = calloc(1, sizeof *f);

    assert(config->devices > 0 && config->devices <= DAF_SIM_NODES_MAX);
    if (f == NULL) return DAF_ENOMEM;
    f->engine = e;
    f->config = *config;
    f->events = *events;
    f->links.size = sizeof(struct daf_fleet_link);
    f->wires.size = sizeof(struct daf_fleet_wire);
    f->parcels.size = sizeof(struct daf_fleet_parcel);
    f->errands.size = sizeof(struct daf_fleet_errand);
    daf_signer_stub(!config->has_real_signatures);
    daf_chance_init(&f->chance, config->seed, "fleet", 0);
    daf_chance_init(&f->chance_loss, config->seed, "loss", 0);
    daf_engine_handle(e, DAF_SIM_FRAME, daf_fleet_on_parcel, f);
    daf_engine_handle(e, DAF_SIM_DISK, daf_fleet_on_disk, f);
    daf_engine_handle(e, DAF_SIM_AGENT, daf_fleet_on_timer, f);
    daf_engine_handle(e, DAF_SIM_SHELF, daf_fleet_on_shelf, f);
    f->scratch = malloc(sizeof *f->scratch);
    enum daf_err err =
        f->scratch == NULL ? DAF_ENOMEM : daf_notebook_pool_new(&f->records);
    if (err == DAF_OK && config->real_dir != NULL && events->disk_made == NULL)
        err = daf_ramdisk_new(config->real_dir, &f->ram);
    if (err == DAF_OK) err = daf_fleet_content_new(f);
    if (err == DAF_OK) err = make_devices(f);
    if (err == DAF_OK) err = daf_fleet_content_fill(f);
    if (err == DAF_OK) err = start_all(f);
    if (err != DAF_OK) {
        daf_fleet_free(f);
        return err;
    }
    *out = f;
    return DAF_OK;
}

static void free_pool(struct daf_fleet_pool *pool)
{
    free(pool->items);
    free(pool->free);
}

static void free_device(struct daf_fleet_device *d)
{
    daf_fleet_stop(d);
    daf_notebook_free(d->notebook);
    free(d->cert);
    free(d->admitted);
    free(d->wires);
    free(d->links);
    daf_shelf_model_free(d->shelf);
}

void daf_fleet_free(struct daf_fleet *f)
{
    if (f == NULL) return;
    for (uint32_t i = 0; f->devices != NULL && i < f->config.devices; i++)
        free_device(&f->devices[i]);
    for (uint32_t i = 0; i < f->parcels.count; i++)
        free(daf_fleet_parcel(f, i)->bytes);
    free_pool(&f->links);
    free(f->cells);
    free_pool(&f->wires);
    free_pool(&f->parcels);
    free_pool(&f->errands);
    daf_fleet_content_free(f);
    daf_camp_free(f->like);
    daf_notebook_pool_free(f->records);
    daf_ramdisk_free(f->ram);
    free(f->devices);
    free(f->authors);
    free(f->keys);
    free(f->scratch);
    free(f);
}

/* ---- contacts */

uint32_t daf_fleet_linked(struct daf_fleet *f, uint32_t a, uint32_t b)
{
    const struct daf_fleet_device *d = &f->devices[a];

    for (uint32_t i = 0; i < d->links_count; i++) {
        const struct daf_fleet_link *l = daf_fleet_link(f, d->links[i]);
        if (l->contact.a == b || l->contact.b == b) return d->links[i];
    }
    return DAF_FLEET_NOBODY;
}

/* An announcement that is lost comes again after twice the time. */
static daf_sim_us found_after(struct daf_fleet *f, uint32_t link)
{
    daf_sim_us after = f->config.discovery, step = after;

    while (step < DAF_SIM_HOUR && daf_fleet_loses(f, link)) {
        step *= 2;
        after += step;
    }
    return after;
}

/* @to sees, or misses, the announcement of @peer. */
static void announce(struct daf_fleet *f, uint32_t to, uint32_t peer,
                     uint32_t link, enum daf_fleet_word word)
{
    const struct daf_contact *c = &daf_fleet_link(f, link)->contact;

    if (c->deaf == (to == c->a ? DAF_DEAF_A : DAF_DEAF_B)) return;
    daf_sim_us after = word == DAF_FLEET_FOUND ? found_after(f, link) : 0;
    uint32_t number = daf_fleet_take(f, &f->parcels);
    if (number == DAF_FLEET_NOBODY) return;
    *daf_fleet_parcel(f, number) = (struct daf_fleet_parcel){
        .word = word, .wire = DAF_FLEET_NOBODY, .peer = peer, .link = link};
    daf_engine_add(f->engine, daf_engine_now(f->engine) + after, DAF_SIM_FRAME,
                   to, to, number);
}

static bool add_link(struct daf_fleet *f, uint32_t device, uint32_t link)
{
    struct daf_fleet_device *d = &f->devices[device];

    if (!daf_fleet_grow(f, &d->links, sizeof *d->links, d->links_count,
                        &d->links_room))
        return false;
    d->links[d->links_count++] = link;
    return true;
}

static bool make_cell(struct daf_fleet *f, uint32_t cell)
{
    if (cell < f->cells_room) return true;
    uint32_t room = f->cells_room == 0 ? 64 : f->cells_room;
    while (room <= cell)
        room *= 2;
    struct daf_fleet_air *cells = realloc(f->cells, room * sizeof *cells);
    if (cells == NULL) {
        daf_fleet_fail(f, DAF_ENOMEM);
        return false;
    }
    for (uint32_t i = f->cells_room; i < room; i++)
        cells[i] = (struct daf_fleet_air){0, 0, 0};
    f->cells = cells;
    f->cells_room = room;
    return true;
}

void daf_fleet_up(struct daf_fleet *f, const struct daf_contact *contact)
{
    uint32_t a = contact->a, b = contact->b;

    assert(a < b && b < f->config.devices);
    assert(contact->cell < DAF_CELLS_MAX &&
           contact->loss <= DAF_CONTACT_LOSS_MAX);
    assert(daf_fleet_is_on(f, a) && daf_fleet_is_on(f, b));
    if (daf_fleet_linked(f, a, b) != DAF_FLEET_NOBODY) return;
    uint32_t link = daf_fleet_take(f, &f->links);
    if (link == DAF_FLEET_NOBODY || !make_cell(f, contact->cell)) return;
    struct daf_fleet_link *l = daf_fleet_link(f, link);
    daf_sim_us now = daf_engine_now(f->engine);
    *l = (struct daf_fleet_link){.contact = *contact, .air = {now, now, 0}};
    if (l->contact.bytes_per_s == 0)
        l->contact.bytes_per_s = f->config.bytes_per_s;
    if (l->contact.slots == 0) l->contact.slots = 1;
    if (!add_link(f, a, link) || !add_link(f, b, link)) return;
    announce(f, a, b, link, DAF_FLEET_FOUND);
    announce(f, b, a, link, DAF_FLEET_FOUND);
}

static void remove_link(struct daf_fleet *f, uint32_t device, uint32_t link)
{
    struct daf_fleet_device *d = &f->devices[device];
    uint32_t at = 0;

    while (d->links[at] != link)
        at++;
    d->links_count--;
    memmove(&d->links[at], &d->links[at + 1],
            (d->links_count - at) * sizeof *d->links);
}

void daf_fleet_down(struct daf_fleet *f, uint32_t a, uint32_t b)
{
    uint32_t link = daf_fleet_linked(f, a, b);

    if (link == DAF_FLEET_NOBODY) return;
    daf_fleet_cut(f, link);
    remove_link(f, a, link);
    remove_link(f, b, link);
    announce(f, a, b, link, DAF_FLEET_GONE);
    announce(f, b, a, link, DAF_FLEET_GONE);
    daf_fleet_give(f, &f->links, link);
}

/* ---- power */

bool daf_fleet_is_on(const struct daf_fleet *f, uint32_t device)
{
    return f->devices[device].agent != NULL;
}

static void end_contacts(struct daf_fleet_device *d)
{
    while (d->links_count > 0) {
        const struct daf_contact *c =
            &daf_fleet_link(d->fleet, d->links[d->links_count - 1])->contact;
        daf_fleet_down(d->fleet, c->a, c->b);
    }
}

static void switch_off(struct daf_fleet_device *d)
{
    const struct daf_input stop = {.kind = DAF_INPUT_STOP};

    daf_fleet_input(d, &stop);
    daf_fleet_farewell(d);
    end_contacts(d);
    daf_fleet_disk_settle(d);
    daf_fleet_stop(d);
    if (d->fleet->events.disk_is_cut != NULL &&
        d->fleet->events.disk_is_cut(d->fleet->events.ctx, d->card))
        daf_fleet_recover(d);
}

void daf_fleet_stopped(struct daf_fleet_device *d)
{
    const struct daf_fleet_events *events = &d->fleet->events;

    end_contacts(d);
    daf_fleet_stop(d);
    daf_fleet_recover(d); /* its handles were in the middle of something */
    events->stopped(events->ctx, d->number);
}

static void switch_on(struct daf_fleet_device *d)
{
    enum daf_err err = daf_fleet_start(d);

    if (err == DAF_ENOMEM && d->fleet->events.stopped != NULL)
        daf_fleet_stopped(d);
    else if (err != DAF_OK && !daf_fleet_is_damage(d, err))
        daf_fleet_fail(d->fleet, err);
}

void daf_fleet_power(struct daf_fleet *f, uint32_t device, enum daf_power how)
{
    struct daf_fleet_device *d = &f->devices[device];

    assert(device < f->config.devices);
    daf_engine_note(f->engine, (uint64_t)how << 32 | device);
    if ((how == DAF_POWER_ON) == daf_fleet_is_on(f, device)) return;
    if (how == DAF_POWER_ON) {
        switch_on(d);
    } else if (how == DAF_POWER_OFF) {
        switch_off(d);
    } else {
        end_contacts(d);
        daf_fleet_stop(d);
        daf_fleet_recover(d);
    }
}

void daf_fleet_clock(struct daf_fleet *f, uint32_t device, int64_t off_ms)
{
    assert(device < f->config.devices);
    f->devices[device].clock_off_ms = off_ms;
}

/* ---- people, and looking */

static uint64_t claimed_ms(const struct daf_fleet_device *d)
{
    int64_t ms = DAF_SIM_BEGINS_MS + d->clock_off_ms +
                 daf_engine_now(d->fleet->engine) / DAF_SIM_MS;

    return ms < 0 ? 0 : (uint64_t)ms;
}

void daf_fleet_learn(struct daf_fleet *f, uint32_t device, uint64_t ticket)
{
    static const char learner[] = "Kite Example", item[] = "letters/1";
    const struct daf_did did = {
        .item = {(const uint8_t *)item, sizeof item - 1},
        .has_score = true,
        .score = (uint32_t)daf_chance_below(&f->chance, DAF_SCORE_MAX + 1),
        .seconds = 20};
    const struct daf_write write = {
        .ticket = ticket,
        .kind = DAF_WRITE_SESSION,
        .claimed = {claimed_ms(&f->devices[device])},
        .learner = {(const uint8_t *)learner, sizeof learner - 1},
        .did = &did,
        .did_count = 1};
    const struct daf_input in = {.kind = DAF_INPUT_WRITE, .write = &write};

    daf_fleet_input(&f->devices[device], &in);
}

struct daf_notebook *daf_fleet_notebook(struct daf_fleet *f, uint32_t device)
{
    return f->devices[device].notebook;
}

const struct daf_agent *daf_fleet_agent(const struct daf_fleet *f,
                                        uint32_t device)
{
    return f->devices[device].agent;
}

void daf_fleet_scopes(const struct daf_fleet *f,
                      struct daf_scope_id out[DAF_FLEET_SCOPES])
{
    memcpy(out, f->scopes, sizeof f->scopes);
}

const struct daf_fleet_stats *daf_fleet_stats(const struct daf_fleet *f)
{
    return &f->stats;
}
