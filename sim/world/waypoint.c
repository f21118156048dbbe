/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/world/waypoint.h"

#include "sim/core/chance.h"
#include "sim/world/pairs.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define NOBODY UINT32_MAX

/* An event is a node's; its arg says what, in two bits, and with whom. */
#define WHAT_SHIFT 30
#define OTHER_MASK ((1u << WHAT_SHIFT) - 1)
enum what { WHAT_LEG, WHAT_CELL, WHAT_UP, WHAT_DOWN };

/* 64 bytes, what is read of each node that another looks at. */
struct leg {
    double x, y;             /* at the leg's begin */
    double vx, vy;           /* metres a microsecond; 0 while it waits */
    daf_sim_us begin, end;   /* the next leg begins at this one's end */
    uint32_t column, row;    /* of its cell */
    uint32_t next, previous; /* in its cell, or NOBODY */
};

struct walker {
    struct daf_chance chance;
    double to_x, to_y;
    bool is_to_go; /* it waits, and goes next */
};

struct daf_waypoint {
    struct daf_engine *engine;
    struct daf_waypoint_config config;
    struct daf_world_events events;
    struct leg *legs;
    struct walker *walkers;
    uint32_t columns, rows;
    double cell_width, cell_height;
    uint32_t *cells; /* the first node in each, or NOBODY */
    struct daf_pairs contacts;
    enum daf_err failed;
};

/* How a second node stands to a first, now. */
struct view {
    double away;    /* the distance squared, less the range squared */
    double closing; /* half of how fast that grows */
    double speed;   /* squared */
};

/* ---- where they are ---- */

static double x_at(const struct leg *l, daf_sim_us at)
{
    return l->x + l->vx * (double)(at - l->begin);
}

static double y_at(const struct leg *l, daf_sim_us at)
{
    return l->y + l->vy * (double)(at - l->begin);
}

void daf_waypoint_place(const struct daf_waypoint *w, uint32_t node,
                        double *out_x, double *out_y)
{
    assert(node < w->config.nodes);
    *out_x = x_at(&w->legs[node], daf_engine_now(w->engine));
    *out_y = y_at(&w->legs[node], daf_engine_now(w->engine));
}

static void plan(struct daf_waypoint *w, daf_sim_us at, enum what what,
                 uint32_t node, uint32_t other)
{
    daf_engine_add(w->engine, at, DAF_SIM_CONTACT, node, node,
                   (uint32_t)what << WHAT_SHIFT | other);
}

/* ---- pairs ---- */

static void tell(struct daf_waypoint *w, uint32_t a, uint32_t b, bool is_up)
{
    const struct daf_contact contact = {.a = a < b ? a : b, .b = a < b ? b : a};

    daf_engine_note(w->engine, (uint64_t)is_up << 60 ^
                                   (uint64_t)contact.a << 30 ^ contact.b);
    if (!is_up) {
        daf_pairs_remove(&w->contacts, a, b);
        w->events.down(w->events.ctx, &contact);
    } else if (daf_pairs_add(&w->contacts, a, b)) {
        w->events.up(w->events.ctx, &contact);
    } else {
        w->failed = DAF_ENOMEM;
    }
}

static struct view see(const struct daf_waypoint *w, const struct leg *a,
                       const struct leg *b)
{
    daf_sim_us now = daf_engine_now(w->engine);
    double x = x_at(b, now) - x_at(a, now), y = y_at(b, now) - y_at(a, now);
    double vx = b->vx - a->vx, vy = b->vy - a->vy;

    return (struct view){
        .away = x * x + y * y - w->config.range * w->config.range,
        .closing = x * vx + y * vy,
        .speed = vx * vx + vy * vy,
    };
}

/* Microseconds until the two are in range, not whole; NAN: never.  Of the two roots
 * the smaller, in the form that takes no difference of almost equal numbers. */
static double until_up(const struct view *v)
{
    double square = v->closing * v->closing - v->speed * v->away;

    if (v->closing >= 0 || square <= 0) return (double)NAN;
    return v->away / (sqrt(square) - v->closing);
}

static double until_down(const struct view *v)
{
    double square = v->closing * v->closing - v->speed * v->away;
    double root = square > 0 ? sqrt(square) : 0;

    if (v->speed <= 0) return (double)NAN;
    if (v->closing > 0) return -v->away / (root + v->closing);
    return (root - v->closing) / v->speed;
}

/* The contact, or its end, if it comes before both legs' ends.  What is up lasts a
 * microsecond at least, and so does what is down. */
static void plan_change(struct daf_waypoint *w, uint32_t a, uint32_t b,
                        const struct view *v, bool is_up)
{
    const struct leg *la = &w->legs[a], *lb = &w->legs[b];
    daf_sim_us now = daf_engine_now(w->engine);
    daf_sim_us left = (la->end < lb->end ? la->end : lb->end) - now;
    double wait = is_up ? until_down(v) : until_up(v);

    if (!(wait < (double)left)) return; /* nor if it is NAN */
    daf_sim_us whole = wait < 0 ? 0 : (daf_sim_us)wait;
    /* Begins at the first that is not before, ends at the first after. */
    if (is_up || whole == 0 || (double)whole < wait) whole++;
    if (whole < left) plan(w, now + whole, is_up ? WHAT_DOWN : WHAT_UP, a, b);
}

static void look(struct daf_waypoint *w, uint32_t a, uint32_t b)
{
    struct view v = see(w, &w->legs[a], &w->legs[b]);
    bool is_up = v.away <= 0;

    if (is_up != daf_pairs_has(&w->contacts, a, b)) tell(w, a, b, is_up);
    plan_change(w, a, b, &v, is_up);
}

/* The same may be planned twice, if cells part and touch again. */
static void on_change(struct daf_waypoint *w, uint32_t a, uint32_t b,
                      bool is_up)
{
    struct view v = see(w, &w->legs[a], &w->legs[b]);

    if (is_up == daf_pairs_has(&w->contacts, a, b)) return;
    tell(w, a, b, is_up);
    plan_change(w, a, b, &v, is_up);
}

/* ---- cells ---- */

static uint32_t *cell_of(struct daf_waypoint *w, uint32_t column, uint32_t row)
{
    return &w->cells[(size_t)row * w->columns + column];
}

static void enter(struct daf_waypoint *w, uint32_t node)
{
    struct leg *l = &w->legs[node];
    uint32_t *first = cell_of(w, l->column, l->row);

    l->previous = NOBODY;
    l->next = *first;
    if (*first != NOBODY) w->legs[*first].previous = node;
    *first = node;
}

static void leave(struct daf_waypoint *w, uint32_t node)
{
    const struct leg *l = &w->legs[node];

    if (l->next != NOBODY) w->legs[l->next].previous = l->previous;
    if (l->previous != NOBODY)
        w->legs[l->previous].next = l->next;
    else
        *cell_of(w, l->column, l->row) = l->next;
}

/* At those in the cells of @column and @row, each -1 to 1, from @node's. */
static void look_into(struct daf_waypoint *w, uint32_t node, int column,
                      int row)
{
    const struct leg *l = &w->legs[node];
    int64_t to_column = (int64_t)l->column + column;
    int64_t to_row = (int64_t)l->row + row;

    if (to_column < 0 || to_column >= w->columns || to_row < 0 ||
        to_row >= w->rows)
        return;
    uint32_t other = *cell_of(w, (uint32_t)to_column, (uint32_t)to_row);
    for (; other != NOBODY; other = w->legs[other].next)
        if (other != node) look(w, node, other);
}

/* Microseconds from the leg's begin until the border is reached; NAN: it is not. */
static double until_border(double from, double v, uint32_t cell, uint32_t cells,
                           double width)
{
    if (v > 0 && cell + 1 < cells) return ((cell + 1) * width - from) / v;
    if (v < 0 && cell > 0) return (cell * width - from) / v;
    return (double)NAN;
}

/* The next border that the leg crosses: how far the column and the row move there.
 * The same answer until it has been crossed. */
static double next_border(const struct daf_waypoint *w, const struct leg *l,
                          int *column, int *row)
{
    double x = until_border(l->x, l->vx, l->column, w->columns, w->cell_width);
    double y = until_border(l->y, l->vy, l->row, w->rows, w->cell_height);
    bool is_column = x <= y || isnan(y);

    *column = !is_column ? 0 : l->vx > 0 ? 1 : -1;
    *row = is_column ? 0 : l->vy > 0 ? 1 : -1;
    return is_column ? x : y;
}

static void plan_border(struct daf_waypoint *w, uint32_t node)
{
    const struct leg *l = &w->legs[node];
    daf_sim_us now = daf_engine_now(w->engine);
    int column, row;
    double wait = next_border(w, l, &column, &row);

    if (!(wait < (double)(l->end - l->begin))) return;
    daf_sim_us at = l->begin + (wait < 0 ? 0 : (daf_sim_us)wait + 1);
    if (at < l->end) plan(w, at < now ? now : at, WHAT_CELL, node, 0);
}

static void on_border(struct daf_waypoint *w, uint32_t node)
{
    struct leg *l = &w->legs[node];
    int column, row;

    (void)next_border(w, l, &column, &row);
    leave(w, node);
    l->column += (uint32_t)column;
    l->row += (uint32_t)row;
    enter(w, node);
    for (int i = -1; i <= 1; i++) /* the cells that touch only now */
        look_into(w, node, column != 0 ? column : i, row != 0 ? row : i);
    plan_border(w, node);
}

/* ---- legs ---- */

static double draw(struct daf_chance *c, double min, double max)
{
    return min + daf_chance_unit(c) * (max - min);
}

static void begin_wait(const struct daf_waypoint *w, struct walker *p,
                       struct leg *l)
{
    const struct daf_waypoint_config *c = &w->config;
    uint64_t span = (uint64_t)(c->wait_max - c->wait_min);

    l->vx = l->vy = 0;
    l->end = l->begin + c->wait_min +
             (daf_sim_us)daf_chance_below(&p->chance, span + 1);
}

/* Its time is whole microseconds, and at least one, so that time goes on. */
static void begin_walk(const struct daf_waypoint *w, struct walker *p,
                       struct leg *l)
{
    const struct daf_waypoint_config *c = &w->config;

    p->to_x = draw(&p->chance, 0, c->width);
    p->to_y = draw(&p->chance, 0, c->height);
    double speed = draw(&p->chance, c->speed_min, c->speed_max);
    double x = p->to_x - l->x, y = p->to_y - l->y;
    double time = sqrt(x * x + y * y) / speed * (double)DAF_SIM_S;
    daf_sim_us whole = (daf_sim_us)time + 1;
    l->vx = x / (double)whole;
    l->vy = y / (double)whole;
    l->end = l->begin + whole;
}

static void on_leg(struct daf_waypoint *w, uint32_t node)
{
    struct walker *p = &w->walkers[node];
    struct leg *l = &w->legs[node];

    l->x = p->to_x;
    l->y = p->to_y;
    l->begin = daf_engine_now(w->engine);
    if (!p->is_to_go) begin_wait(w, p, l);
    p->is_to_go = !p->is_to_go && l->end > l->begin;
    if (!p->is_to_go) begin_walk(w, p, l);
    plan(w, l->end, WHAT_LEG, node, 0);
    for (int row = -1; row <= 1; row++)
        for (int column = -1; column <= 1; column++)
            look_into(w, node, column, row);
    plan_border(w, node);
}

static void on_event(void *ctx, uint32_t node, uint32_t arg)
{
    struct daf_waypoint *w = ctx;

    switch ((enum what)(arg >> WHAT_SHIFT)) {
    case WHAT_LEG:
        on_leg(w, node);
        break;
    case WHAT_CELL:
        on_border(w, node);
        break;
    case WHAT_UP:
        on_change(w, node, arg & OTHER_MASK, true);
        break;
    case WHAT_DOWN:
        on_change(w, node, arg & OTHER_MASK, false);
        break;
    }
}

/* ---- the whole ---- */

const char *daf_waypoint_wrong(const struct daf_waypoint_config *c)
{
    if (c->nodes < 1 || c->nodes > DAF_SIM_NODES_MAX)
        return "it has 1 to 1048576 nodes";
    if (!(c->width >= DAF_WAYPOINT_SIDE_MIN &&
          c->width <= DAF_WAYPOINT_SIDE_MAX) ||
        !(c->height >= DAF_WAYPOINT_SIDE_MIN &&
          c->height <= DAF_WAYPOINT_SIDE_MAX))
        return "a side of its area has 1 m to 1000 km";
    if (!(c->range > 0 && c->range <= DAF_WAYPOINT_SIDE_MAX))
        return "its range is more than 0, and at most 1000 km";
    if (!(c->speed_min >= DAF_WAYPOINT_SPEED_MIN &&
          c->speed_max <= DAF_WAYPOINT_SPEED_MAX))
        return "its speeds are from 0.001 m/s to 1000 m/s";
    if (!(c->speed_min <= c->speed_max))
        return "its speed goes from more to less";
    if (c->wait_min < 0 || c->wait_max > INT64_MAX / 4)
        return "it waits not less than 0, and not for ever";
    if (c->wait_min > c->wait_max) return "its wait goes from more to less";
    return NULL;
}

static uint32_t cells_along(double length, double side)
{
    return length < side ? 1 : (uint32_t)(length / side);
}

/* As many cells as nodes: fewer have more nodes to look at, more have more borders to
 * cross.  A border is seen up to a microsecond late, and by then both may have gone
 * on; so cells are that much wider than the range. */
static void lay_grid(struct daf_waypoint *w)
{
    const struct daf_waypoint_config *c = &w->config;
    double side = sqrt(c->width * c->height / c->nodes);
    double least = c->range + 4 * c->speed_max / (double)DAF_SIM_S;

    if (side < least) side = least;
    w->columns = cells_along(c->width, side);
    w->rows = cells_along(c->height, side);
    w->cell_width = c->width / w->columns;
    w->cell_height = c->height / w->rows;
}

static uint32_t cell_at(double place, double width, uint32_t cells)
{
    uint32_t cell = (uint32_t)(place / width);

    return cell < cells ? cell : cells - 1;
}

static void put(struct daf_waypoint *w, uint32_t node)
{
    const struct daf_waypoint_config *c = &w->config;
    struct walker *p = &w->walkers[node];
    struct leg *l = &w->legs[node];

    daf_chance_init(&p->chance, c->seed, "waypoint", node);
    l->x = p->to_x = draw(&p->chance, 0, c->width);
    l->y = p->to_y = draw(&p->chance, 0, c->height);
    l->column = cell_at(l->x, w->cell_width, w->columns);
    l->row = cell_at(l->y, w->cell_height, w->rows);
    enter(w, node);
    plan(w, 0, WHAT_LEG, node, 0);
}

enum daf_err daf_waypoint_new(struct daf_engine *e,
                              const struct daf_waypoint_config *config,
                              const struct daf_world_events *events,
                              struct daf_waypoint **out)
{
    struct daf_waypoint *w = calloc(1, sizeof *w);

    assert(daf_waypoint_wrong(config) == NULL && daf_engine_now(e) == 0);
    if (w == NULL) return DAF_ENOMEM;
    w->engine = e;
    w->config = *config;
    w->events = *events;
    lay_grid(w);
    size_t cells = (size_t)w->columns * w->rows;
    w->legs = calloc(config->nodes, sizeof *w->legs);
    w->walkers = calloc(config->nodes, sizeof *w->walkers);
    w->cells = calloc(cells, sizeof *w->cells);
    if (w->legs == NULL || w->walkers == NULL || w->cells == NULL) {
        daf_waypoint_free(w);
        return DAF_ENOMEM;
    }
    for (size_t i = 0; i < cells; i++)
        w->cells[i] = NOBODY;
    daf_engine_handle(e, DAF_SIM_CONTACT, on_event, w);
    for (uint32_t i = 0; i < config->nodes; i++)
        put(w, i);
    *out = w;
    return DAF_OK;
}

void daf_waypoint_free(struct daf_waypoint *w)
{
    if (w == NULL) return;
    free(w->legs);
    free(w->walkers);
    free(w->cells);
    daf_pairs_clear(&w->contacts);
    free(w);
}

enum daf_err daf_waypoint_failed(const struct daf_waypoint *w)
{
    return w->failed;
}

uint64_t daf_waypoint_bytes(const struct daf_waypoint_config *c)
{
    /* Of those around, each node has as many in contact as lie in its circle, and
     * plans about as many contacts to come. */
    double circle = 3.2 * c->range * c->range / (c->width * c->height);
    double around = c->nodes * (circle < 1 ? circle : 1);
    double events = 64 * (2 + around);
    double contacts = 16 * around;

    return (uint64_t)(c->nodes * (sizeof(struct leg) + sizeof(struct walker) +
                                  sizeof(uint32_t) + events + contacts));
}
