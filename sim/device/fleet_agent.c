/* SPDX-License-Identifier: Apache-2.0 */
/* A device's agent: its start, what it is told, when it wants to be asked. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/device/fleet_impl.h"

/* 10.x.y.z: a device's number is its address. */
struct daf_addr daf_fleet_addr(uint32_t device, uint16_t port)
{
    struct daf_addr addr;
    uint32_t host = device + 1;

    (void)snprintf(addr.text, sizeof addr.text, "10.%u.%u.%u:%u",
                   (unsigned)(host >> 16 & 255), (unsigned)(host >> 8 & 255),
                   (unsigned)(host & 255), (unsigned)port);
    return addr;
}

static struct daf_mono now_of(const struct daf_fleet *f)
{
    /* A device's clock has run for a while when the world begins. */
    return (struct daf_mono){
        1000 + (uint64_t)(daf_engine_now(f->engine) / DAF_SIM_MS)};
}

/* Timers are early by less than a millisecond, which is harmless, but would come
 * twice: they are rounded up. */
static void set_timer(struct daf_fleet_device *d)
{
    struct daf_fleet *f = d->fleet;
    uint64_t ms = daf_agent_deadline(d->agent).ms;

    if (d->timer != 0 && ms == d->timer_ms) return;
    daf_engine_cancel(f->engine, &d->timer);
    if (ms >= (uint64_t)(DAF_SIM_NEVER / DAF_SIM_MS)) return;
    daf_sim_us at = ((daf_sim_us)ms - 1000) * DAF_SIM_MS;
    daf_sim_us now = daf_engine_now(f->engine);
    d->timer_ms = ms;
    d->timer = daf_engine_timer(f->engine, at < now ? now : at, DAF_SIM_AGENT,
                                d->number, d->number, 0);
}

/* Whether the agent will look into its notebook.  Nobody writes there meanwhile: a
 * pin only spares a real one a lock for each look, and costs 8 us. */
static bool will_look(const struct daf_input *in)
{
    return in->kind != DAF_INPUT_CLOSED && in->kind != DAF_INPUT_OPENED &&
           in->kind != DAF_INPUT_FOUND && in->kind != DAF_INPUT_GONE;
}

struct handling {
    const struct daf_fleet_device *d;
    const struct daf_input *in;
};

static void handle(void *arg)
{
    const struct handling *h = arg;

    daf_agent_input(h->d->agent, now_of(h->d->fleet), h->in);
}

void daf_fleet_input(struct daf_fleet_device *d, const struct daf_input *in)
{
    uint64_t commits = 0;

    if (d->agent == NULL) return; /* it stopped at the input before */
    bool is_pinned = will_look(in);
    enum daf_err err =
        is_pinned ? daf_notebook_pin(d->notebook, &commits) : DAF_OK;
    if (err != DAF_OK && !daf_fleet_is_damage(d, err)) {
        daf_fleet_fail(d->fleet, err);
        return;
    }
    is_pinned &= err == DAF_OK; /* the daemon says so, and goes on */
    struct handling h = {d, in};
    bool is_done = daf_fleet_work(d, handle, &h);
    if (is_pinned) daf_notebook_unpin(d->notebook);
    if (is_done) {
        set_timer(d);
    } else {
        d->agent = NULL; /* nobody knows what is whole of it */
        daf_fleet_stopped(d);
    }
}

bool daf_fleet_waits(struct daf_fleet_device *d, enum daf_sim_kind kind,
                     uint32_t arg)
{
    struct daf_engine *e = d->fleet->engine;

    if (d->paused_until <= daf_engine_now(e)) return false;
    daf_engine_add(e, d->paused_until, kind, d->number, d->number, arg);
    return true;
}

void daf_fleet_on_timer(void *ctx, uint32_t device, uint32_t arg)
{
    struct daf_fleet *f = ctx;
    struct daf_fleet_device *d = &f->devices[device];
    const struct daf_input in = {.kind = DAF_INPUT_TIMER};

    d->timer = 0;
    if (daf_fleet_waits(d, DAF_SIM_AGENT, arg)) return;
    if (d->agent != NULL) daf_fleet_input(d, &in);
}

static void note_control(struct daf_fleet *f, const struct daf_wrote *wrote)
{
    f->last_control = wrote->err;
    f->last_control_spot =
        (struct daf_spot){.seq = wrote->seq, .id = wrote->record};
}

static void on_wrote(void *ctx, const struct daf_wrote *wrote)
{
    struct daf_fleet_device *d = ctx;
    struct daf_fleet *f = d->fleet;

    if (wrote->ticket == 0) /* the camp is being made */
        note_control(f, wrote);
    else
        daf_fleet_told(d, wrote);
}

struct scan_ctx {
    daf_camp_row_fn fn;
    void *ctx;
};

static bool scan_row(void *ctx, const struct daf_row *row)
{
    struct scan_ctx *s = ctx;

    return s->fn(s->ctx, &row->log, &row->stored);
}

/* Whether the device holds of control what all held at first. */
static bool is_like(const struct daf_fleet_device *d)
{
    const struct daf_fleet *f = d->fleet;
    const struct daf_index *index = daf_notebook_index(d->notebook);

    if (f->like == NULL ||
        index->head(index->ctx, &f->control, &f->scratch->head_a) != DAF_OK)
        return false;
    return f->scratch->head_a.tips_count == 1 &&
           f->scratch->head_a.roots_count == 1 &&
           memcmp(&f->scratch->head_a.tips[0], &f->control_tip,
                  sizeof f->control_tip) == 0;
}

static enum daf_err scan(void *ctx, const struct daf_scope_id *scope,
                         int retention, daf_camp_row_fn fn, void *fn_ctx)
{
    struct daf_fleet_device *d = ctx;
    struct daf_fleet *f = d->fleet;
    struct scan_ctx s = {fn, fn_ctx};

    if (memcmp(scope, &f->scopes[0], sizeof *scope) == 0 && is_like(d)) {
        const struct daf_index *index = daf_notebook_index(d->notebook);
        struct daf_stored stored;
        enum daf_err err =
            index->get(index->ctx, &f->control, &d->wrap, &stored);
        if (err == DAF_OK) (void)fn(fn_ctx, &f->control, &stored);
        return err;
    }
    return daf_notebook_scan(d->notebook, scope, retention, scan_row, &s);
}

struct starting {
    struct daf_fleet_device *d;
    const struct daf_agent_config *config;
    enum daf_err err;
};

static void start_agent(void *arg)
{
    struct starting *s = arg;

    s->err = daf_agent_new(s->config, on_wrote, s->d, &s->d->agent);
}

static enum daf_err make_agent(struct daf_fleet_device *d)
{
    struct daf_fleet *f = d->fleet;
    struct daf_chance chance;
    struct daf_agent_config config = {
        .keys = d->keys,
        .secrets = d->secrets,
        .manifest = {f->manifest, f->manifest_len},
        .cert = {d->cert, d->cert_len},
        .boot_number = ++d->boots,
        .index = daf_notebook_index(d->notebook),
        .scan = scan,
        .scan_ctx = d,
        .own_incarnation = d->incarnation,
        .self = d->self.lives_count > 0 ? &d->self : NULL,
        .port = &d->port,
        .scratch = f->scratch,
        .has_own_learners_only = true,
        .swarm = f->config.swarm,
    };
    uint64_t commits = 0;
    enum daf_err err = daf_notebook_pin(d->notebook, &commits);

    if (err != DAF_OK) return err;
    if (is_like(d)) config.like = f->like;

    daf_chance_init(&chance, f->config.seed, "agent",
                    (uint64_t)d->boots << 32 | d->number);
    daf_chance_bytes(&chance, config.seed, sizeof config.seed);
    struct starting start = {d, &config, DAF_OK};
    if (!daf_fleet_work(d, start_agent, &start)) start.err = DAF_ENOMEM;
    daf_notebook_unpin(d->notebook);
    return start.err;
}

static bool share_row(void *ctx, const struct daf_row *row)
{
    (void)daf_camp_add(ctx, &row->log, &row->stored);
    return true;
}

enum daf_err daf_fleet_share(struct daf_fleet *f)
{
    struct daf_fleet_device *d = &f->devices[0];
    const struct daf_index *index = daf_notebook_index(d->notebook);
    struct daf_camp_config config = {.manifest = {f->manifest, f->manifest_len},
                                     .keys = d->keys,
                                     .seal = &d->secrets.seal};
    struct daf_head *head = &f->scratch->head_a;
    uint64_t commits = 0;

    /* Where notebooks may be damaged each reads its own. */
    if (f->events.damaged != NULL) return DAF_OK;
    enum daf_err err = daf_notebook_pin(d->notebook, &commits);

    if (err != DAF_OK) return err;
    f->control = (struct daf_log_key){.scope = f->scopes[0],
                                      .author = d->author,
                                      .incarnation = d->incarnation};
    err = index->head(index->ctx, &f->control, head);
    if (err == DAF_OK) f->control_tip = head->tips[0];
    daf_notebook_unpin(d->notebook);
    if (err == DAF_OK) err = daf_camp_new(&config, &f->like);
    if (err == DAF_OK)
        err = daf_notebook_scan(d->notebook, &f->scopes[0], -1, share_row,
                                f->like);
    return err;
}

enum daf_err daf_fleet_start(struct daf_fleet_device *d)
{
    const struct daf_input listening = {.kind = DAF_INPUT_LISTENING,
                                        .port_door = DAF_FLEET_DOOR_PORT,
                                        .port_mesh = DAF_FLEET_MESH_PORT};
    struct daf_addr own = daf_fleet_addr(d->number, 0);
    const struct daf_input here = {.kind = DAF_INPUT_OWN,
                                   .addrs = &own,
                                   .addrs_count = 1};
    enum daf_err err = d->notebook == NULL ? DAF_ECORRUPT : make_agent(d);

    if (err != DAF_OK) return err;
    daf_fleet_input(d, &here);
    daf_fleet_input(d, &listening);
    daf_fleet_content_tell(d);
    return daf_fleet_failed(d->fleet);
}

void daf_fleet_stop(struct daf_fleet_device *d)
{
    daf_agent_free(d->agent);
    d->agent = NULL;
    daf_engine_cancel(d->fleet->engine, &d->timer);
    daf_fleet_disk_forget(d);
    daf_fleet_wires_forget(d);
    memset(d->admitted, 0,
           (d->fleet->config.devices / 64 + 1) * sizeof *d->admitted);
    d->is_announced = false;
    d->paused_until = 0;
    d->is_echoing = false;
    if (d->shelf != NULL) daf_shelf_model_restart(d->shelf);
}
