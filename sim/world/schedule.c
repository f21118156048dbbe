/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/world/schedule_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- small things */

bool daf_schedule_push(struct daf_schedule *c, struct daf_schedule_list *list,
                       uint32_t item)
{
    if (list->count == list->room) {
        uint32_t room = list->room == 0 ? 8 : list->room * 2;
        uint32_t *items = realloc(list->items, room * sizeof *items);
        if (items == NULL) {
            c->failed = DAF_ENOMEM;
            return false;
        }
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = item;
    return true;
}

bool daf_schedule_take(struct daf_schedule_list *list, uint32_t item)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->items[i] != item) continue;
        list->count--;
        memmove(&list->items[i], &list->items[i + 1],
                (list->count - i) * sizeof *list->items);
        return true;
    }
    return false;
}

daf_sim_us daf_schedule_draw(struct daf_chance *chance,
                             struct daf_schedule_span span)
{
    return span.min +
           (daf_sim_us)daf_chance_below(chance,
                                        (uint64_t)(span.max - span.min) + 1);
}

uint32_t daf_schedule_nodes(const struct daf_schedule_config *config)
{
    uint64_t nodes = 0;

    for (size_t i = 0; i < config->groups_count; i++)
        nodes += config->groups[i].count;
    return nodes > UINT32_MAX ? UINT32_MAX : (uint32_t)nodes;
}

uint32_t daf_schedule_group_of(const struct daf_schedule_config *config,
                               uint32_t node)
{
    uint32_t group = 0;

    while (node >= config->groups[group].count)
        node -= config->groups[group++].count;
    return group;
}

/* In a week, on and within reach of others. */
static daf_sim_us time_at(const struct daf_schedule_config *config,
                          const struct daf_schedule_group *g, uint32_t kind)
{
    daf_sim_us sum = 0;

    if (config->places[kind].air == DAF_SCHEDULE_AIR_NONE) return 0;
    for (size_t i = 0; i < g->stays_count; i++) {
        const struct daf_schedule_stay *s = &g->stays[i];
        if (s->place != kind || s->is_drawn || s->is_off) continue;
        sum += (s->to > s->from ? s->to - s->from
                                : s->to + DAF_SCHEDULE_DAY - s->from) *
               __builtin_popcount(s->days);
    }
    return sum;
}

uint32_t daf_schedule_home_of(const struct daf_schedule_config *config,
                              uint32_t node)
{
    const struct daf_schedule_group *g = config->groups;
    uint32_t first = 0, home = DAF_SCHEDULE_NONE;
    daf_sim_us most = 0;

    for (; node >= g->count; g++)
        node -= g->count;
    for (uint32_t kind = 0; kind < config->places_count; kind++) {
        uint64_t places = config->places[kind].count;
        daf_sim_us time = time_at(config, g, kind);
        if (time > most) {
            most = time;
            home = first + (uint32_t)(node * places / g->count);
        }
        first += (uint32_t)places;
    }
    return home;
}

uint32_t daf_schedule_kind_of(const struct daf_schedule_config *config,
                              uint32_t place, uint32_t *number)
{
    uint32_t kind = 0;

    while (place >= config->places[kind].count)
        place -= config->places[kind++].count;
    *number = place;
    return kind;
}

enum daf_err daf_schedule_failed(const struct daf_schedule *c)
{
    return c->failed;
}

const struct daf_schedule_stats *daf_schedule_stats(
    const struct daf_schedule *c)
{
    return &c->stats;
}

uint32_t daf_schedule_place_of(const struct daf_schedule *c, uint32_t node)
{
    return c->nodes[node].place;
}

bool daf_schedule_is_on(const struct daf_schedule *c, uint32_t node)
{
    return c->nodes[node].is_on;
}

static uint64_t sites(const struct daf_schedule_config *config)
{
    uint64_t count = 0;

    for (size_t i = 0; i < config->places_count; i++)
        count += config->places[i].count;
    return count;
}

static bool goes_to(const struct daf_schedule_group *g, uint32_t kind)
{
    for (size_t i = 0; i < g->stays_count; i++)
        if (g->stays[i].place == kind) return true;
    return g->round.place == kind;
}

/* At once, if all come whose plan says that they may. */
static double contacts_of(const struct daf_schedule_config *config,
                          uint32_t kind)
{
    const struct daf_schedule_place *p = &config->places[kind];
    double clients = 0;

    if (p->air == DAF_SCHEDULE_AIR_NONE) return 0;
    for (size_t i = 0; i < config->groups_count; i++)
        if (goes_to(&config->groups[i], kind))
            clients += (double)config->groups[i].count / (double)p->count;
    if (p->clients > 0 && clients > (double)p->clients)
        clients = (double)p->clients;
    return clients * clients / 2 * (double)p->count;
}

uint64_t daf_schedule_bytes(const struct daf_schedule_config *config)
{
    /* Ten moves a day and ten events that wait, for each. */
    uint64_t node = sizeof(struct daf_schedule_node) +
                    16 * sizeof(struct daf_schedule_move) + (size_t)10 * 32;
    double contacts = 0;

    for (uint32_t kind = 0; kind < config->places_count; kind++)
        contacts += contacts_of(config, kind);
    return daf_schedule_nodes(config) * node +
           sites(config) * sizeof(struct daf_schedule_site) +
           (uint64_t)(contacts * DAF_SCHEDULE_CONTACT_BYTES);
}

uint64_t daf_schedule_messages(const struct daf_schedule_config *config,
                               daf_sim_us until)
{
    uint64_t messages = 0;

    for (size_t i = 0; i < config->errands_count; i++) {
        const struct daf_schedule_errand *e = &config->errands[i];
        daf_sim_us end = e->until == 0 || e->until > until ? until : e->until;
        if (end > e->from)
            messages += config->groups[e->group].count *
                        (uint64_t)((end - e->from) /
                                   ((e->every.min + e->every.max + 1) / 2));
    }
    return messages;
}

/* ---- errands */

/* The member of the other group that is where this one belongs. */
static uint32_t addressee(const struct daf_schedule *c, uint32_t node,
                          uint32_t group)
{
    const struct daf_schedule_node *n = &c->nodes[node];
    uint64_t of = c->config.groups[n->group].count;
    uint64_t to = c->config.groups[group].count;

    return c->first_node[group] + (uint32_t)(n->member * to / of);
}

static void plan_errand(struct daf_schedule *c, uint32_t node, uint32_t errand,
                        daf_sim_us from)
{
    const struct daf_schedule_errand *e = &c->config.errands[errand];

    if (e->until == 0 || from < e->until)
        daf_engine_add(c->engine, from, DAF_SIM_TRAFFIC, node, node, errand);
}

static bool is_there(const struct daf_schedule *c, uint32_t node, uint32_t kind)
{
    uint32_t site = c->nodes[node].place;

    return kind == DAF_SCHEDULE_NONE ||
           (site != DAF_SCHEDULE_NONE && c->sites[site].kind == kind);
}

static void on_errand(void *ctx, uint32_t node, uint32_t arg)
{
    struct daf_schedule *c = ctx;
    struct daf_schedule_node *n = &c->nodes[node];
    const struct daf_schedule_errand *e = &c->config.errands[arg];
    /* Drawn in any case: where it is moves nothing else. */
    uint32_t to =
        e->is_drawn
            ? c->first_node[e->to] +
                  (uint32_t)daf_chance_below(&n->errands,
                                             c->config.groups[e->to].count)
            : addressee(c, node, e->to);
    uint32_t bytes = (uint32_t)daf_schedule_draw(
        &n->errands, (struct daf_schedule_span){e->bytes_min, e->bytes_max});

    if (n->is_on && is_there(c, node, e->at) && to != node) {
        daf_engine_note(c->engine, (uint64_t)node << 32 | to);
        daf_engine_note(c->engine, bytes);
        if (c->events.create != NULL)
            c->events.create(c->events.ctx, node, to, bytes);
    }
    plan_errand(c, node, arg,
                daf_engine_now(c->engine) +
                    daf_schedule_draw(&n->errands, e->every));
}

/* ---- events */

static void plan_partitions(struct daf_schedule *c)
{
    for (uint32_t i = 0; i < c->config.partitions_count; i++) {
        const struct daf_schedule_partition *p = &c->config.partitions[i];
        daf_engine_add(c->engine, p->from, DAF_SIM_CONTACT, 0, i,
                       DAF_SCHEDULE_ON_PARTITION);
        daf_engine_add(c->engine, p->to, DAF_SIM_CONTACT, 0, i,
                       DAF_SCHEDULE_ON_PARTITION);
    }
}

static void on_contact(void *ctx, uint32_t node, uint32_t arg)
{
    struct daf_schedule *c = ctx;

    switch (arg) {
    case DAF_SCHEDULE_ON_DAY:
        daf_schedule_plan_day(c, node);
        break;
    case DAF_SCHEDULE_ON_MOVE:
        daf_schedule_move(c, node);
        break;
    case DAF_SCHEDULE_ON_ATTACH:
        c->nodes[node].attach = 0;
        daf_schedule_attach(c, node);
        break;
    case DAF_SCHEDULE_ON_MET:
        daf_schedule_met(c, node);
        break;
    case DAF_SCHEDULE_ON_LEAVE:
        c->nodes[node].met_timer = 0;
        daf_schedule_part(c, node);
        break;
    case DAF_SCHEDULE_ON_PARTITION:
        daf_schedule_partition(c, node);
        break;
    default:
        daf_schedule_meet(c, node, arg - DAF_SCHEDULE_ON_MEET);
    }
}

static void on_power(void *ctx, uint32_t node, uint32_t arg)
{
    struct daf_schedule *c = ctx;

    if (arg == DAF_SCHEDULE_ON_DUTY)
        daf_schedule_duty(c, node);
    else if (arg == DAF_SCHEDULE_ON_BATTERY)
        daf_schedule_battery(c, node);
    else
        daf_schedule_sun(c, node);
}

/* ---- life */

static void make_node(struct daf_schedule *c, uint32_t node, uint32_t group,
                      uint32_t member)
{
    struct daf_schedule_node *n = &c->nodes[node];
    struct daf_chance seat;
    uint64_t seed = c->config.seed;

    *n = (struct daf_schedule_node){.group = group,
                                    .member = member,
                                    .place = DAF_SCHEDULE_NONE,
                                    .stay = DAF_SCHEDULE_NONE,
                                    .met = DAF_SCHEDULE_NONE,
                                    .is_on = true};
    daf_chance_init(&n->days, seed, "camp days", node);
    daf_chance_init(&n->duty, seed, "camp power", node);
    daf_chance_init(&n->errands, seed, "camp errands", node);
    daf_chance_init(&n->meets, seed, "camp meetings", node);
    daf_chance_init(&seat, seed, "camp seat", node);
    n->seat = (uint32_t)daf_chance_below(&seat, 1u << 20);
    const struct daf_schedule_group *g = &c->config.groups[group];
    if (daf_chance_in_million(&seat, g->wrong_clocks) &&
        c->events.clock != NULL)
        c->events.clock(c->events.ctx, node, g->wrong_clock_ms);
    if (g->round.place != DAF_SCHEDULE_NONE)
        n->round_next =
            (uint32_t)((uint64_t)member *
                       c->config.places[g->round.place].count / g->count);
}

static void start_node(struct daf_schedule *c, uint32_t node)
{
    struct daf_schedule_node *n = &c->nodes[node];

    daf_schedule_start_power(c, node);
    daf_schedule_plan_day(c, node);
    for (uint32_t i = 0; i < c->config.meetings_count; i++)
        if (c->config.meetings[i].group == n->group)
            daf_schedule_plan_meeting(c, node, i);
    for (uint32_t i = 0; i < c->config.errands_count; i++) {
        const struct daf_schedule_errand *e = &c->config.errands[i];
        if (e->group == n->group)
            plan_errand(c, node, i,
                        e->from + daf_schedule_draw(&n->errands,
                                                    (struct daf_schedule_span){
                                                        0, e->every.max}));
    }
}

static bool make_sites(struct daf_schedule *c)
{
    size_t kinds = c->config.places_count;
    uint32_t count = (uint32_t)sites(&c->config);

    c->first_site = calloc(kinds + 1, sizeof *c->first_site);
    c->sites = calloc((size_t)count + 1, sizeof *c->sites);
    if (c->first_site == NULL || c->sites == NULL) return false;
    for (uint32_t kind = 0; kind < kinds; kind++) {
        c->first_site[kind] = c->sites_count;
        for (uint32_t i = 0; i < c->config.places[kind].count; i++)
            c->sites[c->sites_count++].kind = kind;
    }
    return true;
}

static bool make_all(struct daf_schedule *c)
{
    c->nodes_count = daf_schedule_nodes(&c->config);
    c->nodes = calloc((size_t)c->nodes_count + 1, sizeof *c->nodes);
    c->is_parted = calloc(c->config.partitions_count + 1, sizeof *c->is_parted);
    if (c->nodes == NULL || c->is_parted == NULL || !make_sites(c))
        return false;
    uint32_t node = 0;
    for (uint32_t group = 0; group < c->config.groups_count; group++) {
        c->first_node[group] = node;
        for (uint32_t i = 0; i < c->config.groups[group].count; i++)
            make_node(c, node++, group, i);
    }
    c->first_node[c->config.groups_count] = node;
    return true;
}

enum daf_err daf_schedule_new(struct daf_engine *e,
                              const struct daf_schedule_config *config,
                              const struct daf_world_events *events,
                              struct daf_schedule **out)
{
    struct daf_schedule *c = calloc(1, sizeof *c);
    char why[DAF_SCHEDULE_WHY_BYTES];

    assert(!daf_schedule_wrong(config, why));
    if (c == NULL) return DAF_ENOMEM;
    c->engine = e;
    c->config = *config;
    c->events = *events;
    if (!make_all(c)) {
        daf_schedule_free(c);
        return DAF_ENOMEM;
    }
    daf_engine_handle(e, DAF_SIM_CONTACT, on_contact, c);
    daf_engine_handle(e, DAF_SIM_POWER, on_power, c);
    daf_engine_handle(e, DAF_SIM_TRAFFIC, on_errand, c);
    for (uint32_t i = 0; i < c->nodes_count; i++)
        start_node(c, i);
    for (uint32_t kind = 0; kind < c->config.places_count; kind++)
        if (c->config.places[kind].charges)
            daf_engine_add(e, 0, DAF_SIM_POWER, 0, kind, DAF_SCHEDULE_ON_SUN);
    plan_partitions(c);
    *out = c;
    return DAF_OK;
}

void daf_schedule_free(struct daf_schedule *c)
{
    if (c == NULL) return;
    for (uint32_t i = 0; c->nodes != NULL && i < c->nodes_count; i++)
        free(c->nodes[i].moves);
    for (uint32_t i = 0; c->sites != NULL && i < c->sites_count; i++) {
        free(c->sites[i].present.items);
        free(c->sites[i].clients.items);
        free(c->sites[i].waiting.items);
    }
    free(c->nodes);
    free(c->sites);
    free(c->first_site);
    free(c->is_parted);
    free(c);
}
