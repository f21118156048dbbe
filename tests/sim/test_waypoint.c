/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"
#include "sim/core/chance.h"
#include "sim/world/waypoint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHORT 10 /* microseconds: what rounding may bring about or hide */
#define NEAR  1

struct contact {
    uint32_t a, b;
    daf_sim_us begin, end;
};

struct contacts {
    struct contact *items;
    size_t count, room;
};

/* A world and what it told. */
struct stage {
    struct daf_engine *e;
    struct daf_waypoint *w;
    struct daf_waypoint_config config;
    struct contacts told;
    bool *is_up; /* of a * nodes + b */
};

static const struct daf_waypoint_config worlds[] = {
    {.nodes = 40,
     .width = 100,
     .height = 100,
     .range = 10,
     .speed_min = 0.5,
     .speed_max = 1.5,
     .wait_max = 120 * DAF_SIM_S},
    {.nodes = 40,
     .width = 400,
     .height = 30,
     .range = 10,
     .speed_min = 1,
     .speed_max = 20},
    {.nodes = 30,
     .width = 1,
     .height = 1,
     .range = 0.1,
     .speed_min = 0.5,
     .speed_max = 0.5},
    {.nodes = 12,
     .width = 20,
     .height = 30,
     .range = 50,
     .speed_min = 1,
     .speed_max = 2,
     .wait_max = 5 * DAF_SIM_S},
    {.nodes = 2,
     .width = 30,
     .height = 30,
     .range = 10,
     .speed_min = 1,
     .speed_max = 2},
    {.nodes = 40,
     .width = 60,
     .height = 60,
     .range = 25,
     .speed_min = 2,
     .speed_max = 2,
     .wait_min = DAF_SIM_S,
     .wait_max = DAF_SIM_S},
    {.nodes = 30,
     .width = 10,
     .height = 10,
     .range = 2,
     .speed_min = 900,
     .speed_max = 1000,
     .wait_max = 200 * DAF_SIM_MS},
    {.nodes = 100,
     .width = 1000000,
     .height = 2,
     .range = 5000,
     .speed_min = 500,
     .speed_max = 1000,
     .wait_max = 2 * DAF_SIM_S},
    {.nodes = 1,
     .width = 5,
     .height = 5,
     .range = 1,
     .speed_min = 1,
     .speed_max = 1},
};
#define WORLDS (sizeof worlds / sizeof worlds[0])
/* The smallest and fastest have as many legs as the others. */
static const daf_sim_us lengths[WORLDS] = {
    600 * DAF_SIM_S, 300 * DAF_SIM_S,   60 * DAF_SIM_S,
    300 * DAF_SIM_S, 1000 * DAF_SIM_S,  200 * DAF_SIM_S,
    1 * DAF_SIM_S,   10000 * DAF_SIM_S, 100 * DAF_SIM_S,
};

static void keep(struct contacts *c, struct contact what)
{
    if (c->count == c->room) {
        c->room = c->room == 0 ? 1024 : c->room * 2;
        c->items = realloc(c->items, c->room * sizeof *c->items);
        assert_non_null(c->items);
    }
    c->items[c->count++] = what;
}

static bool *flag_of(struct stage *s, uint32_t a, uint32_t b)
{
    assert_true(a < b && b < s->config.nodes);
    return &s->is_up[(size_t)a * s->config.nodes + b];
}

static void on_up(void *ctx, const struct daf_contact *contact)
{
    struct stage *s = ctx;
    uint32_t a = contact->a, b = contact->b;

    assert_false(*flag_of(s, a, b));
    *flag_of(s, a, b) = true;
    keep(&s->told, (struct contact){.a = a,
                                    .b = b,
                                    .begin = daf_engine_now(s->e),
                                    .end = DAF_SIM_NEVER});
}

static void on_down(void *ctx, const struct daf_contact *contact)
{
    struct stage *s = ctx;
    uint32_t a = contact->a, b = contact->b;
    size_t i = s->told.count;

    assert_true(*flag_of(s, a, b));
    *flag_of(s, a, b) = false;
    do
        i--;
    while (s->told.items[i].a != a || s->told.items[i].b != b);
    s->told.items[i].end = daf_engine_now(s->e);
}

static struct stage *open_stage(const struct daf_waypoint_config *config,
                                uint64_t seed)
{
    struct stage *s = calloc(1, sizeof *s);
    struct daf_world_events events = {.ctx = s, .up = on_up, .down = on_down};

    assert_non_null(s);
    s->config = *config;
    s->config.seed = seed;
    assert_null(daf_waypoint_wrong(&s->config));
    s->is_up = calloc((size_t)config->nodes * config->nodes, 1);
    assert_non_null(s->is_up);
    assert_int_equal(daf_engine_new(&s->e), DAF_OK);
    assert_int_equal(daf_waypoint_new(s->e, &s->config, &events, &s->w),
                     DAF_OK);
    return s;
}

static void close_stage(struct stage *s)
{
    assert_int_equal(daf_waypoint_failed(s->w), DAF_OK);
    daf_waypoint_free(s->w);
    daf_engine_free(s->e);
    free(s->is_up);
    free(s->told.items);
    free(s);
}

static void go(struct stage *s, daf_sim_us until, uint64_t slice)
{
    bool done = false;

    while (!done)
        assert_int_equal(daf_engine_run(s->e, until, slice, &done), DAF_OK);
}

/* ---- the same from the header's words, without a grid ---- */

struct straight {
    daf_sim_us begin, end;
    double x, y, vx, vy;
};

struct path {
    struct straight *legs;
    size_t count, room;
};

static void add_leg(struct path *p, struct straight leg)
{
    if (p->count == p->room) {
        p->room = p->room == 0 ? 64 : p->room * 2;
        p->legs = realloc(p->legs, p->room * sizeof *p->legs);
        assert_non_null(p->legs);
    }
    p->legs[p->count++] = leg;
}

static double between(struct daf_chance *c, double min, double max)
{
    return min + daf_chance_unit(c) * (max - min);
}

static struct path path_of(const struct daf_waypoint_config *config,
                           uint32_t node, daf_sim_us until)
{
    struct path p = {.count = 0};
    struct daf_chance c;
    daf_sim_us now = 0;

    daf_chance_init(&c, config->seed, "waypoint", node);
    double x = between(&c, 0, config->width);
    double y = between(&c, 0, config->height);
    while (now < until) {
        uint64_t span = (uint64_t)(config->wait_max - config->wait_min);
        daf_sim_us wait =
            config->wait_min + (daf_sim_us)daf_chance_below(&c, span + 1);
        if (wait > 0)
            add_leg(&p, (struct straight){
                            .begin = now, .end = now + wait, .x = x, .y = y});
        now += wait;
        double to_x = between(&c, 0, config->width);
        double to_y = between(&c, 0, config->height);
        double speed = between(&c, config->speed_min, config->speed_max);
        double length = sqrt((to_x - x) * (to_x - x) + (to_y - y) * (to_y - y));
        daf_sim_us time = (daf_sim_us)floor(length / speed * 1e6) + 1;
        add_leg(&p, (struct straight){.begin = now,
                                      .end = now + time,
                                      .x = x,
                                      .y = y,
                                      .vx = (to_x - x) / (double)time,
                                      .vy = (to_y - y) / (double)time});
        now += time;
        x = to_x;
        y = to_y;
    }
    return p;
}

/* When within [@from, @to) the two are in range: one stretch, or none. */
static bool meet(const struct straight *a, const struct straight *b,
                 double range, daf_sim_us from, daf_sim_us to,
                 struct contact *out)
{
    long double since_a = (long double)(from - a->begin);
    long double since_b = (long double)(from - b->begin);
    long double vx = (long double)b->vx - (long double)a->vx;
    long double vy = (long double)b->vy - (long double)a->vy;
    long double x = (long double)b->x + (long double)b->vx * since_b -
                    ((long double)a->x + (long double)a->vx * since_a);
    long double y = (long double)b->y + (long double)b->vy * since_b -
                    ((long double)a->y + (long double)a->vy * since_a);
    long double reach = (long double)range;
    long double away = x * x + y * y - reach * reach;
    long double half = x * vx + y * vy, speed = vx * vx + vy * vy;
    long double square = half * half - speed * away;

    out->begin = from;
    out->end = to;
    if (speed == 0) return away <= 0;
    if (square <= 0) return false;
    long double first = (-half - sqrtl(square)) / speed;
    long double last = (-half + sqrtl(square)) / speed;
    if (last < 0 || first >= (long double)(to - from)) return false;
    if (first > 0) out->begin = from + (daf_sim_us)ceill(first);
    if (last < (long double)(to - from))
        out->end = from + (daf_sim_us)floorl(last) + 1;
    return out->begin < out->end;
}

/* What goes on over legs is one; what rounding tears is too. */
static void meet_all(const struct path *a, const struct path *b,
                     struct contact pair, double range, daf_sim_us until,
                     struct contacts *out)
{
    size_t i = 0, k = 0;
    daf_sim_us now = 0;
    bool has = false;

    while (now < until) {
        const struct straight *la = &a->legs[i], *lb = &b->legs[k];
        daf_sim_us end = la->end < lb->end ? la->end : lb->end;
        struct contact c = pair;
        if (end > until) end = until;
        if (meet(la, lb, range, now, end, &c)) {
            struct contact *last = has ? &out->items[out->count - 1] : NULL;
            if (has && c.begin - last->end < SHORT)
                last->end = c.end;
            else
                keep(out, c);
            has = true;
        }
        now = end;
        i += la->end == now;
        k += lb->end == now;
    }
}

static struct contacts expected_of(const struct daf_waypoint_config *config,
                                   daf_sim_us until)
{
    struct contacts out = {.count = 0};
    struct path *paths = calloc(config->nodes, sizeof *paths);

    assert_non_null(paths);
    for (uint32_t i = 0; i < config->nodes; i++)
        paths[i] = path_of(config, i, until);
    for (uint32_t a = 0; a < config->nodes; a++)
        for (uint32_t b = a + 1; b < config->nodes; b++)
            meet_all(&paths[a], &paths[b], (struct contact){.a = a, .b = b},
                     config->range, until, &out);
    for (uint32_t i = 0; i < config->nodes; i++)
        free(paths[i].legs);
    free(paths);
    return out;
}

static int compare(const void *va, const void *vb)
{
    const struct contact *a = va, *b = vb;

    if (a->a != b->a) return a->a < b->a ? -1 : 1;
    if (a->b != b->b) return a->b < b->b ? -1 : 1;
    return a->begin == b->begin ? 0 : a->begin < b->begin ? -1 : 1;
}

/* Sorted by pair and time, gaps that are too short closed, then contacts that are
 * too short left out. */
static void tidy(struct contacts *c, daf_sim_us until)
{
    size_t kept = 0, long_enough = 0;

    if (c->count == 0) return;
    qsort(c->items, c->count, sizeof *c->items, compare);
    for (size_t i = 0; i < c->count; i++) {
        struct contact it = c->items[i];
        struct contact *last = kept > 0 ? &c->items[kept - 1] : NULL;
        if (it.end > until) it.end = until;
        if (last != NULL && last->a == it.a && last->b == it.b &&
            it.begin - last->end < SHORT)
            last->end = it.end;
        else
            c->items[kept++] = it;
    }
    for (size_t i = 0; i < kept; i++)
        if (c->items[i].end - c->items[i].begin >= SHORT)
            c->items[long_enough++] = c->items[i];
    c->count = long_enough;
}

static void contacts_are_those_of_all_pairs_straight_lines(void **state)
{
    size_t all = 0;

    (void)state;
    for (size_t i = 0; i < WORLDS; i++) {
        for (uint64_t seed = 1; seed <= 4; seed++) {
            struct stage *s = open_stage(&worlds[i], seed);
            go(s, lengths[i], UINT64_MAX);
            struct contacts expected = expected_of(&s->config, lengths[i]);
            tidy(&expected, lengths[i]);
            tidy(&s->told, lengths[i]);
            if (expected.count != s->told.count)
                fail_msg("world %zu, seed %u: %zu contacts, not %zu", i,
                         (unsigned)seed, s->told.count, expected.count);
            for (size_t k = 0; k < expected.count; k++) {
                const struct contact *x = &expected.items[k];
                const struct contact *y = &s->told.items[k];
                if (x->a != y->a || x->b != y->b ||
                    llabs(x->begin - y->begin) > NEAR ||
                    llabs(x->end - y->end) > NEAR)
                    fail_msg("world %zu, seed %u, contact %zu", i,
                             (unsigned)seed, k);
            }
            all += expected.count;
            assert_true(expected.count > 0 || s->config.nodes == 1);
            free(expected.items);
            close_stage(s);
        }
    }
    assert_true(all > 10000);
}

static void at_any_instant_those_in_range_are_in_contact(void **state)
{
    (void)state;
    for (size_t i = 0; i < WORLDS; i++) {
        struct stage *s = open_stage(&worlds[i], 9);
        for (int step = 1; step <= 50; step++) {
            go(s, lengths[i] / 50 * step, UINT64_MAX);
            for (uint32_t a = 0; a < s->config.nodes; a++) {
                double x, y;
                daf_waypoint_place(s->w, a, &x, &y);
                assert_true(x >= -1e-6 && x <= s->config.width + 1e-6);
                assert_true(y >= -1e-6 && y <= s->config.height + 1e-6);
                for (uint32_t b = a + 1; b < s->config.nodes; b++) {
                    double x2, y2;
                    daf_waypoint_place(s->w, b, &x2, &y2);
                    double d = hypot(x2 - x, y2 - y) - s->config.range;
                    if (fabs(d) > 0.003)
                        assert_int_equal(*flag_of(s, a, b), d < 0);
                }
            }
        }
        close_stage(s);
    }
}

static void slices_have_the_history_of_the_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < WORLDS; i++) {
        uint64_t hashes[4];
        for (unsigned k = 0; k < 4; k++) {
            struct stage *s = open_stage(&worlds[i], k == 3 ? 6 : 5);
            if (k == 1) go(s, lengths[i] / 3, UINT64_MAX);
            go(s, lengths[i], k == 2 ? 7 : UINT64_MAX);
            hashes[k] = daf_engine_hash(s->e);
            close_stage(s);
        }
        assert_true(hashes[0] == hashes[1] && hashes[0] == hashes[2]);
        assert_true(hashes[0] != hashes[3]);
    }
}

static void one_more_node_moves_nobody_else(void **state)
{
    struct daf_waypoint_config more = worlds[0];
    size_t without = 0;

    (void)state;
    more.nodes++;
    struct stage *few = open_stage(&worlds[0], 3), *many = open_stage(&more, 3);
    for (daf_sim_us at = 0; at <= lengths[0]; at += 7 * DAF_SIM_S) {
        go(few, at, UINT64_MAX);
        go(many, at, UINT64_MAX);
        for (uint32_t i = 0; i < worlds[0].nodes; i++) {
            double x, y, x2, y2;
            daf_waypoint_place(few->w, i, &x, &y);
            daf_waypoint_place(many->w, i, &x2, &y2);
            assert_true(x == x2 && y == y2);
        }
    }
    tidy(&few->told, lengths[0]);
    tidy(&many->told, lengths[0]);
    for (size_t i = 0; i < many->told.count; i++) {
        const struct contact *c = &many->told.items[i];
        if (c->b == worlds[0].nodes) continue;
        assert_memory_equal(c, &few->told.items[without], sizeof *c);
        without++;
    }
    assert_int_equal(without, few->told.count);
    assert_true(many->told.count > few->told.count);
    close_stage(few);
    close_stage(many);
}

/* Shares of 4,000 nodes, of which one in forty is five standard deviations or
 * more. */
static void they_begin_everywhere_and_gather_in_the_middle(void **state)
{
    struct daf_waypoint_config config = {.nodes = 4000,
                                         .width = 1000,
                                         .height = 500,
                                         .range = 1,
                                         .speed_min = 5,
                                         .speed_max = 10};
    struct stage *s = open_stage(&config, 1);
    unsigned quarters[4] = {0}, middle = 0, late = 0;

    (void)state;
    for (uint32_t i = 0; i < config.nodes; i++) {
        double x, y;
        daf_waypoint_place(s->w, i, &x, &y);
        quarters[(x < 500 ? 0 : 1) + (y < 250 ? 0 : 2)]++;
        middle += fabs(x - 500) < 250 && fabs(y - 250) < 125;
    }
    go(s, 1000 * DAF_SIM_S, UINT64_MAX);
    for (uint32_t i = 0; i < config.nodes; i++) {
        double x, y;
        daf_waypoint_place(s->w, i, &x, &y);
        late += fabs(x - 500) < 250 && fabs(y - 250) < 125;
    }
    for (int i = 0; i < 4; i++)
        assert_in_range(quarters[i], 900, 1100);
    assert_in_range(middle, 900, 1100);
    assert_in_range(late, 1400, 2200); /* known: about 0.45 of them */
    close_stage(s);
}

/* After half of the longest wait. */
static void they_go_as_fast_and_wait_as_long_as_was_said(void **state)
{
    struct daf_waypoint_config config = {.nodes = 500,
                                         .width = 2000,
                                         .height = 2000,
                                         .range = 1,
                                         .speed_min = 1,
                                         .speed_max = 3,
                                         .wait_max = 1000 * DAF_SIM_S};
    struct stage *s = open_stage(&config, 2);
    double *before = calloc(config.nodes, 2 * sizeof *before);
    unsigned waiting = 0;

    (void)state;
    assert_non_null(before);
    go(s, 500 * DAF_SIM_S, UINT64_MAX);
    for (uint32_t i = 0; i < config.nodes; i++)
        daf_waypoint_place(s->w, i, &before[(size_t)i * 2],
                           &before[(size_t)i * 2 + 1]);
    go(s, 501 * DAF_SIM_S, UINT64_MAX);
    for (uint32_t i = 0; i < config.nodes; i++) {
        double x, y;
        daf_waypoint_place(s->w, i, &x, &y);
        double speed =
            hypot(x - before[(size_t)i * 2], y - before[(size_t)i * 2 + 1]);
        assert_true(speed < 3.000001);
        waiting += speed == 0;
    }
    /* Half of the first waits are not over; who walks needs some 500 s. */
    assert_in_range(waiting, 190, 310);
    free(before);
    close_stage(s);
}

static void wrong(struct daf_waypoint_config config, const char *what)
{
    const char *said = daf_waypoint_wrong(&config);

    if (said == NULL || strstr(said, what) == NULL)
        fail_msg("'%s' does not say '%s'", said == NULL ? "" : said, what);
}

static void what_is_wrong_is_said(void **state)
{
    const struct daf_waypoint_config right = worlds[0];
    struct daf_waypoint_config c = right;

    (void)state;
    assert_null(daf_waypoint_wrong(&c));
    c.nodes = 0;
    wrong(c, "nodes");
    c.nodes = DAF_SIM_NODES_MAX + 1;
    wrong(c, "nodes");
    c = right;
    c.height = 0.5;
    wrong(c, "side");
    c.height = (double)NAN;
    wrong(c, "side");
    c = right;
    c.range = 0;
    wrong(c, "range");
    c = right;
    c.speed_min = 0;
    wrong(c, "speeds");
    c.speed_min = 2;
    wrong(c, "more to less");
    c = right;
    c.wait_min = c.wait_max + 1;
    wrong(c, "wait goes from more to less");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contacts_are_those_of_all_pairs_straight_lines),
        cmocka_unit_test(at_any_instant_those_in_range_are_in_contact),
        cmocka_unit_test(slices_have_the_history_of_the_whole),
        cmocka_unit_test(one_more_node_moves_nobody_else),
        cmocka_unit_test(they_begin_everywhere_and_gather_in_the_middle),
        cmocka_unit_test(they_go_as_fast_and_wait_as_long_as_was_said),
        cmocka_unit_test(what_is_wrong_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
