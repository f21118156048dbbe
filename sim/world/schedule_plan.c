/* SPDX-License-Identifier: Apache-2.0 */
/* Days: where a device is, and when it goes. */
#include "sim/world/schedule_impl.h"

#include <stdlib.h>
#include <string.h>

static void add_move(struct daf_schedule *c, struct daf_schedule_node *n,
                     struct daf_schedule_move move)
{
    if (n->moves_count == n->moves_room) {
        uint32_t room = n->moves_room == 0 ? 8 : n->moves_room * 2;
        struct daf_schedule_move *moves =
            realloc(n->moves, room * sizeof *moves);
        if (moves == NULL) {
            c->failed = DAF_ENOMEM;
            return;
        }
        n->moves = moves;
        n->moves_room = room;
    }
    n->moves[n->moves_count++] = move;
}

/* Within the jitter around @at, not before @not_before. */
static daf_sim_us about(struct daf_chance *chance, daf_sim_us at,
                        daf_sim_us jitter, daf_sim_us not_before)
{
    daf_sim_us drawn =
        at +
        daf_schedule_draw(chance, (struct daf_schedule_span){-jitter, jitter});

    return drawn < not_before ? not_before : drawn;
}

static uint32_t own_site(const struct daf_schedule *c, uint32_t node,
                         uint32_t kind)
{
    uint64_t places = c->config.places[kind].count;

    return c->first_site[kind] + (uint32_t)(c->nodes[node].member * places /
                                            daf_schedule_group(c, node)->count);
}

static void plan_stay(struct daf_schedule *c, uint32_t node, uint32_t number,
                      daf_sim_us day)
{
    struct daf_schedule_node *n = &c->nodes[node];
    const struct daf_schedule_stay *s =
        &daf_schedule_group(c, node)->stays[number];
    daf_sim_us to = s->to > s->from ? s->to : s->to + DAF_SCHEDULE_DAY;
    bool comes = daf_chance_in_million(&n->days, s->chance);
    /* All is drawn, so that a day off leaves the other days as they are. */
    daf_sim_us arrives = about(&n->days, day + s->from, s->jitter, day);
    daf_sim_us leaves = about(&n->days, day + to, s->jitter, arrives);
    uint32_t site = own_site(c, node, s->place);

    if (s->is_drawn)
        site = c->first_site[s->place] +
               (uint32_t)daf_chance_below(&n->days,
                                          c->config.places[s->place].count);
    if (!comes || (s->days >> (day / DAF_SCHEDULE_DAY % 7) & 1) == 0) return;
    add_move(c, n, (struct daf_schedule_move){arrives, number, site, false});
    add_move(c, n, (struct daf_schedule_move){leaves, number, site, true});
}

static void plan_round(struct daf_schedule *c, uint32_t node, daf_sim_us day)
{
    struct daf_schedule_node *n = &c->nodes[node];
    const struct daf_schedule_round *r = &daf_schedule_group(c, node)->round;
    daf_sim_us end = day + r->to;

    if (r->place == DAF_SCHEDULE_NONE ||
        (r->days >> (day / DAF_SCHEDULE_DAY % 7) & 1) == 0)
        return;
    for (daf_sim_us at = day + r->from; at < end;) {
        uint32_t site = c->first_site[r->place] + n->round_next;
        daf_sim_us leaves = at + daf_schedule_draw(&n->days, r->stay);
        n->round_next = (n->round_next + 1) % c->config.places[r->place].count;
        add_move(c, n,
                 (struct daf_schedule_move){at, DAF_SCHEDULE_ROUND, site,
                                            false});
        add_move(c, n,
                 (struct daf_schedule_move){leaves, DAF_SCHEDULE_ROUND, site,
                                            true});
        at = leaves + daf_schedule_draw(&n->days, r->way);
    }
}

/* Who leaves goes before who comes. */
static int compare_moves(const void *va, const void *vb)
{
    const struct daf_schedule_move *a = va, *b = vb;

    if (a->at != b->at) return a->at < b->at ? -1 : 1;
    if (a->is_leave != b->is_leave) return a->is_leave ? -1 : 1;
    return a->stay == b->stay ? 0 : a->stay < b->stay ? -1 : 1;
}

static void plan_move(struct daf_schedule *c, uint32_t node)
{
    struct daf_schedule_node *n = &c->nodes[node];

    daf_engine_cancel(c->engine, &n->move);
    if (n->moves_next < n->moves_count)
        n->move =
            daf_engine_timer(c->engine, n->moves[n->moves_next].at,
                             DAF_SIM_CONTACT, node, node, DAF_SCHEDULE_ON_MOVE);
}

void daf_schedule_plan_day(struct daf_schedule *c, uint32_t node)
{
    struct daf_schedule_node *n = &c->nodes[node];
    const struct daf_schedule_group *g = daf_schedule_group(c, node);
    daf_sim_us day = daf_engine_now(c->engine);

    if (g->stays_count == 0 && g->round.place == DAF_SCHEDULE_NONE) return;
    n->moves_count -= n->moves_next;
    if (n->moves_count > 0)
        memmove(n->moves, n->moves + n->moves_next,
                n->moves_count * sizeof *n->moves);
    n->moves_next = 0;
    for (uint32_t i = 0; i < g->stays_count; i++)
        plan_stay(c, node, i, day);
    plan_round(c, node, day);
    if (n->moves_count > 0)
        qsort(n->moves, n->moves_count, sizeof *n->moves, compare_moves);
    plan_move(c, node);
    daf_engine_add(c->engine, day + DAF_SCHEDULE_DAY, DAF_SIM_CONTACT, node,
                   node, DAF_SCHEDULE_ON_DAY);
}

static void go(struct daf_schedule *c, uint32_t node, uint32_t site,
               uint32_t stay)
{
    struct daf_schedule_node *n = &c->nodes[node];

    daf_engine_note(c->engine, (uint64_t)site << 32 | node);
    daf_schedule_settle(c, node);
    if (n->place != site) daf_schedule_leave_air(c, node);
    if (n->place != site && n->place != DAF_SCHEDULE_NONE)
        (void)daf_schedule_take(&c->sites[n->place].present, node);
    bool is_new = n->place != site && site != DAF_SCHEDULE_NONE;
    n->place = site;
    n->stay = stay;
    if (is_new) (void)daf_schedule_push(c, &c->sites[site].present, node);
    daf_schedule_update_power(c, node);
    daf_schedule_come(c, node);
}

/* Who has come somewhere else meanwhile does not leave there. */
void daf_schedule_move(struct daf_schedule *c, uint32_t node)
{
    struct daf_schedule_node *n = &c->nodes[node];
    struct daf_schedule_move move = n->moves[n->moves_next++];

    n->move = 0;
    if (!move.is_leave)
        go(c, node, move.place, move.stay);
    else if (n->stay == move.stay && n->place == move.place)
        go(c, node, DAF_SCHEDULE_NONE, DAF_SCHEDULE_NONE);
    plan_move(c, node);
}
