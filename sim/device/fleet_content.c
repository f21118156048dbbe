/* SPDX-License-Identifier: Apache-2.0 */
/* Content between agents and the models of their shelves: who holds what from the
 * start, who wants it when, and how long a shelf takes to answer. */
#include <stdlib.h>
#include <string.h>

#include "sim/device/fleet_impl.h"

/* A cheap SD card; a laptop's disk does more, and waits for the air all the same. */
#define DISK_BYTES_PER_S 20000000
/* On a connection's way; the next is read when one of them is there.  Of the real
 * ones the kernel holds some hundred kB, and libzmq the rest. */
#define CHUNKS_MAX 2

static uint8_t zeros[DAF_PIECE_BYTES_MAX];

/* ---- what was asked */

static uint32_t note(struct daf_fleet_device *d,
                     const struct daf_fleet_errand *what)
{
    uint32_t number = daf_fleet_take(d->fleet, &d->fleet->errands);

    if (number == DAF_FLEET_NOBODY) return number;
    struct daf_fleet_errand *all = d->fleet->errands.items;
    all[number] = *what;
    all[number].boot = (uint32_t)d->boots;
    all[number].piece.bytes = (struct daf_view){NULL, 0};
    return number;
}

static void answer_at(struct daf_fleet_device *d, daf_sim_us at,
                      uint32_t errand)
{
    if (errand != DAF_FLEET_NOBODY)
        daf_engine_add(d->fleet->engine, at, DAF_SIM_SHELF, d->number,
                       d->number, errand);
}

/* When the disk has done so much more. */
static daf_sim_us worked(struct daf_fleet_device *d, size_t bytes)
{
    daf_sim_us now = daf_engine_now(d->fleet->engine);

    if (d->shelf_free_at < now) d->shelf_free_at = now;
    d->shelf_free_at +=
        (daf_sim_us)((uint64_t)bytes * DAF_SIM_S / DISK_BYTES_PER_S);
    return d->shelf_free_at;
}

/* ---- echoes: node/airwatch.h */

#define ECHO_EVERY DAF_SIM_S
#define ECHO_FOR   (3 * DAF_SIM_S) /* after the last word of content */

/* Content comes by radio: how long is the way to the gateway? */
static void begin_echoes(struct daf_fleet_device *d)
{
    const struct daf_fleet_errand e = {.kind = DAF_INPUT_ROUND};
    daf_sim_us now = daf_engine_now(d->fleet->engine);

    if (d->air.kind != DAF_AIR_RADIO) return;
    d->echoes_until = now + ECHO_FOR;
    if (d->is_echoing) return;
    d->is_echoing = true;
    answer_at(d, now, note(d, &e));
}

static void echo(struct daf_fleet_device *d)
{
    const struct daf_fleet *f = d->fleet;
    const struct daf_fleet_errand e = {.kind = DAF_INPUT_ROUND};
    struct daf_input in = {.kind = DAF_INPUT_ROUND};
    daf_sim_us now = daf_engine_now(f->engine);

    d->is_echoing = now < d->echoes_until && d->air.kind == DAF_AIR_RADIO;
    if (!d->is_echoing) return;
    in.round_us =
        (uint32_t)(2 * f->config.latency + daf_fleet_turns(&f->cells[d->cell]));
    answer_at(d, now + ECHO_EVERY, note(d, &e));
    daf_fleet_input(d, &in);
}

/* ---- the agent's calls */

static void port_put(void *ctx, uint32_t conn,
                     const struct daf_port_piece *piece)
{
    struct daf_fleet_device *d = ctx;
    struct daf_fleet_errand e = {.kind = DAF_INPUT_PUT,
                                 .conn = conn,
                                 .piece = *piece,
                                 .err = DAF_ENOTFOUND};

    if (d->shelf != NULL)
        e.err = daf_shelf_model_put(d->shelf, conn, piece, &e.put,
                                    &d->fleet->stats.bytes_twice);
    if (e.err == DAF_OK && e.put != DAF_SHELF_KNOWN && e.put != DAF_SHELF_ODD)
        d->fleet->stats.bytes_shelved += piece->bytes.len;
    begin_echoes(d);
    daf_sim_us at = worked(d, piece->bytes.len);
    if (e.err == DAF_OK && e.put == DAF_SHELF_MORE) return;
    answer_at(d, at, note(d, &e));
}

static void port_forget(void *ctx, uint32_t conn)
{
    struct daf_fleet_device *d = ctx;

    if (d->shelf != NULL) daf_shelf_model_forget(d->shelf, conn);
}

static void port_read(void *ctx, uint32_t conn,
                      const struct daf_port_piece *piece)
{
    struct daf_fleet_device *d = ctx;
    struct daf_fleet_errand e = {.kind = DAF_INPUT_READ,
                                 .conn = conn,
                                 .piece = *piece,
                                 .err = DAF_ENOTFOUND,
                                 .is_last = true};

    if (d->shelf != NULL)
        e.err = daf_shelf_model_read(d->shelf, piece, &e.len, &e.is_last);
    answer_at(d, worked(d, e.len), note(d, &e));
}

void daf_fleet_content_port(struct daf_port *port)
{
    port->content_put = port_put;
    port->content_forget = port_forget;
    port->content_read = port_read;
}

/* ---- answers */

static void tell_item(struct daf_fleet_device *d, size_t item)
{
    struct daf_item_news news;
    const struct daf_input in = {.kind = DAF_INPUT_ITEM, .item = &news};

    if (daf_shelf_model_news(d->shelf, item, &news)) daf_fleet_input(d, &in);
}

static void tell_put(struct daf_fleet_device *d,
                     const struct daf_fleet_errand *e)
{
    const struct daf_fleet_events *events = &d->fleet->events;
    const struct daf_input in = {.kind = DAF_INPUT_PUT,
                                 .conn = e->conn,
                                 .piece = e->piece,
                                 .put = e->put,
                                 .err = e->err};

    daf_fleet_input(d, &in);
    if (e->err != DAF_OK ||
        (e->put != DAF_SHELF_LIST && e->put != DAF_SHELF_WHOLE))
        return;
    size_t item = daf_shelf_model_find(d->shelf, &e->piece.content);
    tell_item(d, item);
    if (e->put == DAF_SHELF_WHOLE && events->got != NULL)
        events->got(events->ctx, d->number, item);
}

static void tell_read(struct daf_fleet_device *d,
                      const struct daf_fleet_errand *e)
{
    struct daf_input in = {.kind = DAF_INPUT_READ,
                           .conn = e->conn,
                           .piece = e->piece,
                           .is_last = e->is_last,
                           .err = e->err};

    in.piece.bytes = (struct daf_view){zeros, e->len};
    daf_fleet_input(d, &in);
}

/* True: the connection has enough to say, and the read waits with it. */
static bool is_put_off(struct daf_fleet_device *d, uint32_t errand,
                       uint32_t conn)
{
    unsigned side = 0;
    uint32_t wire = daf_fleet_wire_of(d, conn, &side);

    if (wire == DAF_FLEET_NOBODY) return false;
    struct daf_fleet_wire *w = daf_fleet_wire(d->fleet, wire);
    if (w->is_cut || w->chunks[1 - side] < CHUNKS_MAX) return false;
    w->reads[side] = errand;
    return true;
}

void daf_fleet_content_go_on(struct daf_fleet_device *d, uint32_t errand)
{
    answer_at(d, daf_engine_now(d->fleet->engine), errand);
}

void daf_fleet_on_shelf(void *ctx, uint32_t device, uint32_t errand)
{
    struct daf_fleet *f = ctx;
    struct daf_fleet_device *d = &f->devices[device];
    /* A copy: the pool moves. */
    const struct daf_fleet_errand e =
        ((struct daf_fleet_errand *)f->errands.items)[errand];
    bool is_now = d->agent != NULL && e.boot == (uint32_t)d->boots;

    if (is_now && daf_fleet_waits(d, DAF_SIM_SHELF, errand)) return;
    if (is_now && e.kind == DAF_INPUT_READ && is_put_off(d, errand, e.conn))
        return;
    daf_fleet_give(f, &f->errands, errand);
    if (e.kind == DAF_INPUT_ITEM) {
        daf_shelf_model_add(d->shelf, e.item, false);
        if (d->agent != NULL) tell_item(d, e.item);
    } else if (is_now && e.kind == DAF_INPUT_PUT) {
        tell_put(d, &e);
    } else if (is_now && e.kind == DAF_INPUT_ROUND) {
        echo(d);
    } else if (is_now) {
        tell_read(d, &e);
    }
}

/* ---- who has and wants what */

enum daf_err daf_fleet_content_new(struct daf_fleet *f)
{
    size_t count = f->config.items_count;

    if (count == 0) return DAF_OK;
    f->abouts = calloc(count, sizeof *f->abouts);
    f->chunk = calloc(1, DAF_FLEET_HEAD_BYTES + DAF_PIECE_BYTES_MAX);
    if (f->abouts == NULL || f->chunk == NULL) return DAF_ENOMEM;
    for (size_t i = 0; i < count; i++)
        f->abouts[i] = daf_shelf_about(f->config.items[i].bytes, (uint32_t)i);
    return DAF_OK;
}

static enum daf_err make_shelf(struct daf_fleet_device *d)
{
    struct daf_fleet *f = d->fleet;

    if (d->shelf != NULL) return DAF_OK;
    return daf_shelf_model_new(f->abouts, f->config.items_count, &d->shelf);
}

static enum daf_err want(struct daf_fleet_device *d, size_t item)
{
    const struct daf_fleet_errand e = {.kind = DAF_INPUT_ITEM, .item = item};
    enum daf_err err = make_shelf(d);

    if (err == DAF_OK)
        answer_at(d, d->fleet->config.items[item].at, note(d, &e));
    return err;
}

enum daf_err daf_fleet_content_fill(struct daf_fleet *f)
{
    enum daf_err err = DAF_OK;

    for (size_t i = 0; i < f->config.items_count; i++) {
        const struct daf_sim_item *item = &f->config.items[i];
        for (uint32_t k = 0; err == DAF_OK && k < item->from_count; k++) {
            err = make_shelf(&f->devices[item->from + k]);
            if (err == DAF_OK)
                daf_shelf_model_add(f->devices[item->from + k].shelf, i, true);
        }
        for (uint32_t k = 0; err == DAF_OK && k < item->to_count; k++)
            err = want(&f->devices[item->to + k], i);
    }
    return err;
}

void daf_fleet_content_free(struct daf_fleet *f)
{
    free(f->abouts);
    free(f->chunk);
}

static void tell_air(struct daf_fleet_device *d)
{
    const struct daf_input in = {.kind = DAF_INPUT_AIR, .air = d->air};

    if (d->agent != NULL) daf_fleet_input(d, &in);
}

void daf_fleet_content_tell(struct daf_fleet_device *d)
{
    if (d->fleet->config.items_count == 0) return;
    if (d->air.kind != DAF_AIR_UNKNOWN) tell_air(d);
    for (size_t i = 0; d->shelf != NULL && i < d->fleet->config.items_count;
         i++)
        tell_item(d, i);
}

/* Told only where there is content, for which alone it is asked; all that is said
 * because of it takes air, and a world without stays as it was. */
void daf_fleet_attached(struct daf_fleet *f, uint32_t device,
                        enum daf_attached how, uint32_t cell)
{
    static const enum daf_air_kind kinds[] = {DAF_AIR_UNKNOWN, DAF_AIR_RADIO,
                                              DAF_AIR_CABLE};
    struct daf_fleet_device *d = &f->devices[device];

    if (f->config.items_count == 0) return;
    d->air = (struct daf_air){.kind = kinds[how]};
    d->cell = cell;
    for (unsigned i = 0; how == DAF_ATTACHED_RADIO && i < 4; i++)
        d->air.id[i] = (uint8_t)(cell >> (8 * i));
    tell_air(d);
}
