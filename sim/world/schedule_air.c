/* SPDX-License-Identifier: Apache-2.0 */
/* Who hears whom at a place.
 *
 * A contact is kept nowhere: it follows from who is attached where, from the seed,
 * and from the partitions that are, so that its end tells what its beginning told. */
#include "sim/world/schedule_impl.h"

#include <assert.h>

#define WIRE_SPEED 12500000 /* 100 Mbit/s */

void daf_schedule_tell(struct daf_schedule *c,
                       const struct daf_contact *contact, bool is_up)
{
    daf_engine_note(c->engine, (uint64_t)is_up << 60 ^
                                   (uint64_t)contact->a << 30 ^ contact->b);
    if (is_up)
        c->events.up(c->events.ctx, contact);
    else
        c->events.down(c->events.ctx, contact);
}

bool daf_schedule_is_apart(const struct daf_schedule *c, uint32_t a, uint32_t b,
                           size_t but)
{
    for (size_t i = 0; i < c->config.partitions_count; i++) {
        uint64_t groups = c->config.partitions[i].groups;
        if (i != but && c->is_parted[i] &&
            (groups >> c->nodes[a].group & 1) !=
                (groups >> c->nodes[b].group & 1))
            return true;
    }
    return false;
}

/* Its seat is between the slowest and the fastest. */
static uint64_t speed_of(const struct daf_schedule *c, uint32_t node,
                         const struct daf_schedule_place *place)
{
    return place->speed_min +
           (uint64_t)((double)c->nodes[node].seat / (double)(1u << 20) *
                      (double)(place->speed_max - place->speed_min));
}

static enum daf_deaf deaf_of(const struct daf_schedule *c, uint32_t site,
                             uint32_t a, uint32_t b, uint32_t deaf)
{
    uint64_t drawn = daf_chance_mix(
        c->config.seed ^
        daf_chance_mix((uint64_t)a << 40 ^ (uint64_t)b << 20 ^ site));

    if (drawn % 1000000 >= deaf) return DAF_DEAF_NONE;
    return (drawn >> 40 & 1) == 0 ? DAF_DEAF_A : DAF_DEAF_B;
}

/* By an access point: up at one's speed and down at the other's. */
static void by_access_point(const struct daf_schedule *c, uint32_t site,
                            struct daf_contact *contact)
{
    const struct daf_schedule_place *place = daf_schedule_kind(c, site);
    bool a_is_wired = daf_schedule_group(c, contact->a)->is_wired;
    bool b_is_wired = daf_schedule_group(c, contact->b)->is_wired;
    uint64_t a = speed_of(c, contact->a, place);
    uint64_t b = speed_of(c, contact->b, place);

    if (a_is_wired && b_is_wired) {
        contact->cell = DAF_CELL_OWN;
        contact->bytes_per_s = WIRE_SPEED;
        contact->loss = 0;
    } else if (a_is_wired || b_is_wired) {
        contact->bytes_per_s = a_is_wired ? b : a;
    } else {
        contact->slots = 2;
        contact->bytes_per_s =
            (uint64_t)(2 * (double)a * (double)b / (double)(a + b));
    }
}

static struct daf_contact contact_of(const struct daf_schedule *c,
                                     uint32_t site, uint32_t x, uint32_t y)
{
    const struct daf_schedule_place *place = daf_schedule_kind(c, site);
    struct daf_contact contact = {.a = x < y ? x : y,
                                  .b = x < y ? y : x,
                                  .cell = site + 1,
                                  .slots = 1,
                                  .loss = place->loss};

    contact.deaf = deaf_of(c, site, contact.a, contact.b, place->deaf);
    if (place->air == DAF_SCHEDULE_AIR_ACCESS_POINT) {
        by_access_point(c, site, &contact);
    } else {
        uint64_t a = speed_of(c, x, place), b = speed_of(c, y, place);
        contact.bytes_per_s = a < b ? a : b;
    }
    return contact;
}

static void tell_all(struct daf_schedule *c, uint32_t node, bool is_up)
{
    uint32_t site = c->nodes[node].place;
    const struct daf_schedule_list *clients = &c->sites[site].clients;

    for (uint32_t i = 0; i < clients->count; i++) {
        uint32_t other = clients->items[i];
        if (other == node || daf_schedule_is_apart(c, node, other, SIZE_MAX))
            continue;
        struct daf_contact contact = contact_of(c, site, node, other);
        daf_schedule_tell(c, &contact, is_up);
    }
}

static void tell_attached(const struct daf_schedule *c, uint32_t node,
                          bool is_up)
{
    uint32_t site = c->nodes[node].place;
    enum daf_attached how = DAF_ATTACHED_NOT;

    if (c->events.attached == NULL ||
        daf_schedule_kind(c, site)->air != DAF_SCHEDULE_AIR_ACCESS_POINT)
        return;
    if (is_up)
        how = daf_schedule_group(c, node)->is_wired ? DAF_ATTACHED_CABLE
                                                    : DAF_ATTACHED_RADIO;
    c->events.attached(c->events.ctx, node, how, site + 1);
}

uint32_t daf_schedule_sites(const struct daf_schedule *c)
{
    return c->sites_count;
}

uint32_t daf_schedule_seat(const struct daf_schedule *c, uint32_t node,
                           double *bytes_per_s)
{
    const struct daf_schedule_group *g = daf_schedule_group(c, node);

    for (size_t i = 0; !g->is_wired && i < g->stays_count; i++) {
        uint32_t kind = g->stays[i].place;
        const struct daf_schedule_place *p = &c->config.places[kind];
        if (g->stays[i].is_off || p->air != DAF_SCHEDULE_AIR_ACCESS_POINT)
            continue;
        *bytes_per_s =
            (double)speed_of(c, node, p) * (1 - (double)p->loss / 1e6);
        return c->first_site[kind] +
               (uint32_t)((uint64_t)c->nodes[node].member * p->count /
                          g->count);
    }
    return DAF_SCHEDULE_NONE;
}

void daf_schedule_come(struct daf_schedule *c, uint32_t node)
{
    struct daf_schedule_node *n = &c->nodes[node];

    if (!n->is_on || n->place == DAF_SCHEDULE_NONE || n->is_attached ||
        n->is_waiting || n->attach != 0)
        return;
    const struct daf_schedule_place *place = daf_schedule_kind(c, n->place);
    if (place->air == DAF_SCHEDULE_AIR_NONE) return;
    daf_sim_us setup = daf_schedule_group(c, node)->is_wired
                           ? 0
                           : daf_schedule_draw(&n->days, place->setup);
    n->attach =
        daf_engine_timer(c->engine, daf_engine_now(c->engine) + setup,
                         DAF_SIM_CONTACT, node, node, DAF_SCHEDULE_ON_ATTACH);
}

void daf_schedule_attach(struct daf_schedule *c, uint32_t node)
{
    struct daf_schedule_node *n = &c->nodes[node];
    struct daf_schedule_site *site = &c->sites[n->place];
    uint32_t most = daf_schedule_kind(c, n->place)->clients;

    assert(n->is_on && !n->is_attached);
    n->is_waiting = most > 0 && site->clients.count >= most;
    if (n->is_waiting) {
        c->stats.waited++;
        (void)daf_schedule_push(c, &site->waiting, node);
        return;
    }
    c->stats.attached++;
    n->is_attached = true;
    tell_attached(c, node, true);
    tell_all(c, node, true);
    (void)daf_schedule_push(c, &site->clients, node);
}

static void detach(struct daf_schedule *c, uint32_t node)
{
    struct daf_schedule_node *n = &c->nodes[node];
    struct daf_schedule_site *site = &c->sites[n->place];

    n->is_attached = false;
    (void)daf_schedule_take(&site->clients, node);
    tell_all(c, node, false);
    tell_attached(c, node, false);
    if (site->waiting.count == 0) return;
    uint32_t next = site->waiting.items[0];
    (void)daf_schedule_take(&site->waiting, next);
    daf_schedule_attach(c, next);
}

void daf_schedule_leave_air(struct daf_schedule *c, uint32_t node)
{
    struct daf_schedule_node *n = &c->nodes[node];

    daf_engine_cancel(c->engine, &n->attach);
    if (n->met != DAF_SCHEDULE_NONE) daf_schedule_part(c, node);
    if (n->is_attached) detach(c, node);
    if (n->is_waiting) {
        n->is_waiting = false;
        (void)daf_schedule_take(&c->sites[n->place].waiting, node);
    }
}

/* ---- partitions */

/* Pairs of one place that only this partition is between. */
static void split_site(struct daf_schedule *c, uint32_t site, size_t partition)
{
    const struct daf_schedule_list *clients = &c->sites[site].clients;
    uint64_t groups = c->config.partitions[partition].groups;

    for (uint32_t i = 0; i < clients->count; i++)
        for (uint32_t k = i + 1; k < clients->count; k++) {
            uint32_t a = clients->items[i], b = clients->items[k];
            if ((groups >> c->nodes[a].group & 1) ==
                    (groups >> c->nodes[b].group & 1) ||
                daf_schedule_is_apart(c, a, b, partition))
                continue;
            struct daf_contact contact = contact_of(c, site, a, b);
            daf_schedule_tell(c, &contact, !c->is_parted[partition]);
        }
}

/* Meetings across it end, and do not come back. */
void daf_schedule_partition(struct daf_schedule *c, uint32_t partition)
{
    c->is_parted[partition] = !c->is_parted[partition];
    for (uint32_t i = 0; i < c->sites_count; i++)
        split_site(c, i, partition);
    for (uint32_t i = 0; i < c->nodes_count; i++)
        if (c->nodes[i].met != DAF_SCHEDULE_NONE &&
            daf_schedule_is_apart(c, i, c->nodes[i].met, SIZE_MAX))
            daf_schedule_part(c, i);
}
