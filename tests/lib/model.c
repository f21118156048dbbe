/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/model.h"

#include <assert.h>
#include <string.h>

#define BUDGET 64 /* tips of a log; incarnations of an author in a scope */

enum { CATALOG, CAMP, CLASS, CONTROL };

/* ---- rights and the oracle */

bool model_is_coordinator(int device)
{
    return device < 2;
}

bool model_may_see(const struct model_world *w, int device, int scope)
{
    return scope != CLASS || w->sees_class[device];
}

bool model_may_write(const struct model_world *w, int device, int scope)
{
    if (model_is_coordinator(device)) return true;
    return (scope == CAMP || scope == CLASS) && model_may_see(w, device, scope);
}

/* May @device hold the record at all, as things are? */
static bool may_enter(const struct model_world *w, const struct model_state *st,
                      int device, int record)
{
    const struct model_record *r = &w->records[record];

    return model_may_see(w, device, r->scope) && st->knows[device][r->author];
}

void model_begin(const struct model_world *w, struct model_state *st)
{
    memset(st, 0, sizeof(*st));
    memcpy(st->knows, w->knows, sizeof(st->knows));
}

static void put(const struct model_world *w, struct model_state *st,
                const struct model_op *op)
{
    st->may[op->a][op->b] = true;
    /* What does not verify may be thrown out at any time. */
    if (w->records[op->b].bad) return;
    st->sure[op->a][op->b] = true;
    if (op->c) st->sure_body[op->a][op->b] = true;
}

static void meet(const struct model_world *w, struct model_state *st, int a,
                 int b)
{
    for (int r = 0; r < w->records_count; r++) {
        bool either = st->may[a][r] || st->may[b][r];

        if (either && may_enter(w, st, a, r)) st->may[a][r] = true;
        if (either && may_enter(w, st, b, r)) st->may[b][r] = true;
    }
}

void model_apply(const struct model_world *w, struct model_state *st,
                 const struct model_op *op)
{
    switch (op->kind) {
    case MODEL_PUT:
    case MODEL_LIVE_PUT:
        put(w, st, op);
        break;
    case MODEL_FORGET:
        st->may[op->a][op->b] = st->sure[op->a][op->b] = false;
        st->sure_body[op->a][op->b] = false;
        break;
    case MODEL_LEARN:
    case MODEL_LIVE_LEARN:
        st->knows[op->a][op->b] = true;
        break;
    case MODEL_CONTACT:
        meet(w, st, op->a, op->b);
        break;
    case MODEL_CHECK:
    case MODEL_RESTART:
        break;
    }
}

void model_final(const struct model_world *w, const struct model_state *st,
                 const bool alive[], int device, bool out[])
{
    for (int r = 0; r < w->records_count; r++)
        out[r] = alive[r] && !w->records[r].bad && may_enter(w, st, device, r);
}

bool model_same_log(const struct model_world *w, int a, int b)
{
    const struct model_record *x = &w->records[a], *y = &w->records[b];

    return x->author == y->author && x->scope == y->scope &&
           x->incarnation == y->incarnation;
}

void model_frontier(const struct model_world *w, const bool set[], int of,
                    bool tips[], bool roots[])
{
    memset(tips, 0, MODEL_RECORDS_MAX);
    memset(roots, 0, MODEL_RECORDS_MAX);
    for (int r = 0; r < w->records_count; r++) {
        if (!set[r] || !model_same_log(w, r, of)) continue;
        tips[r] = true;
        roots[r] = w->records[r].prev == MODEL_NONE || !set[w->records[r].prev];
    }
    for (int r = 0; r < w->records_count; r++) {
        if (set[r] && w->records[r].prev != MODEL_NONE)
            tips[w->records[r].prev] = false;
    }
}

bool model_is_over(const struct model_world *w, int of)
{
    bool has[MODEL_RECORDS_MAX] = {false}; /* a successor */
    int ends = 0, logs = 0;

    for (int r = 0; r < w->records_count; r++) {
        const struct model_record *x = &w->records[r];

        if (x->prev != MODEL_NONE) has[x->prev] = true;
        if (x->author == w->records[of].author &&
            x->scope == w->records[of].scope && x->prev == MODEL_NONE) {
            bool is_first = true;

            for (int q = 0; q < r; q++)
                is_first &= !model_same_log(w, q, r);
            logs += is_first;
        }
    }
    for (int r = 0; r < w->records_count; r++)
        ends += model_same_log(w, r, of) && !has[r];
    return ends > BUDGET || logs > BUDGET;
}

/* ---- making a world */

struct maker {
    struct model_world *w;
    struct model_state st;
    uint64_t chance;
    /* Where each device's own logs end, as it knows: [scope][incarnation]. */
    int end[MODEL_DEVICES_MAX][MODEL_SCOPES][4];
    int incarnation[MODEL_DEVICES_MAX];
    bool is_heavy;
    enum model_kind put_as; /* MODEL_PUT or MODEL_LIVE_PUT */
};

/* splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
 * generators", OOPSLA 2014). */
static uint64_t draw(struct maker *m)
{
    uint64_t z = m->chance += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static int below(struct maker *m, int bound)
{
    assert(bound > 0);
    return (int)(draw(m) % (uint64_t)bound);
}

static bool is_chance(struct maker *m, int of, int out_of)
{
    return below(m, out_of) < of;
}

static bool has_room(const struct maker *m)
{
    return m->w->records_count + 8 < MODEL_RECORDS_MAX &&
           m->w->ops_count + MODEL_RECORDS_MAX < MODEL_OPS_MAX;
}

static void add_op(struct maker *m, struct model_op op)
{
    assert(m->w->ops_count < MODEL_OPS_MAX);
    m->w->ops[m->w->ops_count++] = op;
    if (op.kind != MODEL_LIVE_PUT) model_apply(m->w, &m->st, &op);
}

static void add_put(struct maker *m, int device, int record, bool body)
{
    struct model_op op = {.kind = m->put_as,
                          .a = device,
                          .b = record,
                          .c = body};

    if (op.kind == MODEL_LIVE_PUT) {
        op.d = below(m, 40);
        op.e = is_chance(m, 3, 4);
    }
    add_op(m, op);
    if (op.kind == MODEL_LIVE_PUT) model_apply(m->w, &m->st, &op);
}

static int write_record(struct maker *m, int author, int scope, int incarnation,
                        int prev)
{
    struct model_world *w = m->w;
    int at = w->records_count++;

    assert(at < MODEL_RECORDS_MAX);
    w->records[at] = (struct model_record){
        .author = author,
        .scope = scope,
        .incarnation = incarnation,
        .prev = prev,
        .seq = prev == MODEL_NONE ? 1 : w->records[prev].seq + 1,
        .len = below(m, 60),
        .bad = w->class == MODEL_RUBBISH && is_chance(m, 1, 6),
    };
    /* Two dozen of these are more than one answer may bring. */
    if (m->is_heavy ? is_chance(m, 3, 4) : is_chance(m, 1, 40))
        w->records[at].len = below(m, m->is_heavy ? 65000 : 20000);
    w->records[at].believed = w->records[at].bad && is_chance(m, 1, 3);
    return at;
}

static int any_device(struct maker *m)
{
    return below(m, m->w->devices);
}

/* A device goes on with its own log. */
static void append(struct maker *m)
{
    static const int mostly[] = {CAMP, CLASS, CAMP, CLASS, CONTROL, CATALOG};
    int d = any_device(m), scope = mostly[below(m, 6)], inc, *end;

    if (!model_may_write(m->w, d, scope)) return;
    if (is_chance(m, 1, 12)) m->incarnation[d] = below(m, 4);
    inc = m->incarnation[d];
    end = &m->end[d][scope][inc];
    for (int i = 1 + below(m, 5); i > 0 && has_room(m); i--) {
        *end = write_record(m, d, scope, inc, *end);
        add_put(m, d, *end, !is_chance(m, 1, 12));
    }
}

/* A clone, or a card put back: somebody goes on after an older record. */
static void fork_log(struct maker *m)
{
    int d = any_device(m), at;

    if (m->w->records_count == 0) return;
    at = below(m, m->w->records_count);
    if (!may_enter(m->w, &m->st, d, at)) return;
    for (int i = 1 + below(m, 3); i > 0 && has_room(m); i--) {
        const struct model_record *r = &m->w->records[at];

        at = write_record(m, r->author, r->scope, r->incarnation, at);
        add_put(m, d, at, !is_chance(m, 1, 8));
    }
}

/* Records on a stick: some of them, in any order, with bodies or without. */
static void bundle(struct maker *m)
{
    int d = any_device(m), n = m->w->records_count, share = 1 + below(m, 4);
    bool bodies = is_chance(m, 2, 3);
    int order[MODEL_RECORDS_MAX];

    for (int i = 0; i < n; i++) {
        int j = below(m, i + 1);

        if (j < i) order[i] = order[j];
        order[j] = i;
    }
    for (int i = 0; i < n && has_room(m); i++) {
        if (below(m, 6) >= share || !may_enter(m->w, &m->st, d, order[i]))
            continue;
        add_put(m, d, order[i], bodies && !is_chance(m, 1, 6));
    }
}

/* A device loses its last own records, whoever may have them by now. */
static void roll_back(struct maker *m)
{
    int d = any_device(m), inc = m->incarnation[d];
    int scope = is_chance(m, 1, 2) ? CAMP : CLASS;
    int *end = &m->end[d][scope][inc];

    for (int i = 1 + below(m, 4); i > 0 && *end != MODEL_NONE; i--) {
        if (m->st.may[d][*end])
            add_op(m, (struct model_op){MODEL_FORGET, d, *end, 0, 0, 0, 0});
        *end = m->w->records[*end].prev;
    }
}

/* @device connects, or any if it is MODEL_NONE. */
static void add_contact(struct maker *m, int device, bool may_break)
{
    struct model_op op = {.kind = MODEL_CONTACT, .c = MODEL_NONE};

    op.a = device == MODEL_NONE ? any_device(m) : device;
    op.b = (op.a + 1 + below(m, m->w->devices - 1)) % m->w->devices;
    op.f = below(m, 1000000000);
    if (may_break && is_chance(m, 1, 2)) {
        op.c = below(m, 40);
        if (is_chance(m, 1, 3)) {
            op.d = 1 + below(m, 2);
            op.e = below(m, 30);
        }
    }
    add_op(m, op);
}

/* A contact during which one side writes on, and says so. */
static void live_contact(struct maker *m)
{
    m->put_as = MODEL_LIVE_PUT;
    for (int i = 1 + below(m, 3); i > 0; i--) {
        if (is_chance(m, 1, 3))
            fork_log(m);
        else
            append(m);
    }
    m->put_as = MODEL_PUT;
    add_contact(m, MODEL_NONE, is_chance(m, 1, 3));
}

/* A device that lacks an author comes to know it, perhaps in a contact in which
 * it is offered records of it. */
static void learn(struct maker *m)
{
    int n = m->w->devices, start = below(m, n * n);

    for (int i = 0; i < n * n; i++) {
        int d = (start + i) % (n * n) / n, author = (start + i) % n;
        bool is_live = is_chance(m, 2, 3);

        if (m->st.knows[d][author]) continue;
        if (is_live) add_contact(m, d, true);
        add_op(m, (struct model_op){is_live ? MODEL_LIVE_LEARN : MODEL_LEARN, d,
                                    author, 0, below(m, 40), 0, 0});
        if (is_live) add_contact(m, d, false);
        return;
    }
}

/* How often each thing happens, by class. */
static const struct {
    int append, fork, bundle, contact, roll_back, live, learn, check, restart;
} weights[MODEL_CLASSES] = {
    [MODEL_ANY] = {8, 2, 1, 6, 1, 1, 0, 0, 1},
    [MODEL_FORKS] = {3, 8, 1, 5, 0, 1, 0, 0, 0},
    [MODEL_GAPS] = {6, 1, 4, 5, 0, 0, 0, 0, 0},
    [MODEL_RUBBISH] = {7, 2, 1, 6, 0, 1, 0, 1, 0},
    [MODEL_ROLLBACK] = {7, 2, 1, 6, 4, 1, 0, 0, 1},
    [MODEL_STRANGERS] = {8, 1, 3, 6, 0, 0, 1, 0, 0},
    [MODEL_BLIND] = {7, 2, 1, 5, 0, 1, 0, 0, 0},
    [MODEL_TIPS] = {2, 0, 0, 3, 0, 0, 0, 0, 1},
    [MODEL_INCARNATIONS] = {2, 0, 0, 3, 0, 0, 0, 0, 1},
    [MODEL_LIVE] = {4, 1, 1, 2, 0, 8, 0, 0, 0},
    [MODEL_THICKET] = {3, 1, 0, 6, 0, 1, 0, 0, 0},
};

static void happen(struct maker *m)
{
    int class = m->w->class, x;

    x = weights[class].append + weights[class].fork + weights[class].bundle +
        weights[class].contact + weights[class].roll_back +
        weights[class].live + weights[class].learn + weights[class].check +
        weights[class].restart;
    x = below(m, x);
    if ((x -= weights[class].append) < 0)
        append(m);
    else if ((x -= weights[class].fork) < 0)
        fork_log(m);
    else if ((x -= weights[class].bundle) < 0)
        bundle(m);
    else if ((x -= weights[class].contact) < 0)
        add_contact(m, MODEL_NONE, true);
    else if ((x -= weights[class].roll_back) < 0)
        roll_back(m);
    else if ((x -= weights[class].live) < 0)
        live_contact(m);
    else if ((x -= weights[class].learn) < 0)
        learn(m);
    else if (x < weights[class].check)
        add_op(m, (struct model_op){MODEL_CHECK, any_device(m), 0, 0, 0, 0, 0});
    else
        add_op(m,
               (struct model_op){MODEL_RESTART, any_device(m), 0, 0, 0, 0, 0});
}

/* One log of nearly 64 tips, or a few more, spread over three devices. */
static void write_star(struct maker *m)
{
    int arms = BUDGET - 4 + below(m, 9), writer = below(m, 2);
    int first = write_record(m, writer, CAMP, 7, MODEL_NONE);

    for (int i = 0; i < 3; i++)
        if (is_chance(m, 3, 4)) add_put(m, i, first, true);
    for (int i = 0; i < arms; i++) {
        int at = write_record(m, writer, CAMP, 7, first), d = below(m, 3);

        /* Later arms without the beginning: gaps. */
        if (!is_chance(m, 1, 6)) add_put(m, d, at, true);
        if (is_chance(m, 1, 2))
            add_put(m, d, write_record(m, writer, CAMP, 7, at), true);
        if (is_chance(m, 1, 5)) add_put(m, below(m, 3), at, false);
    }
}

static void write_incarnations(struct maker *m)
{
    int logs = BUDGET - 4 + below(m, 9), writer = below(m, m->w->devices);
    int devices = 2 + below(m, 2);

    for (int i = 0; i < logs; i++) {
        int at = write_record(m, writer, CAMP, 100 + i, MODEL_NONE);

        add_put(m, below(m, devices), at, true);
        if (is_chance(m, 1, 2))
            add_put(m, below(m, devices),
                    write_record(m, writer, CAMP, 100 + i, at), true);
    }
}

/* So many forks on the way that the steps of an answer end before its credit:
 * 792 steps while somebody's own work waits for control (protocol.md R23, R24). */
static void write_thicket(struct maker *m)
{
    bool is_big = m->w->seed / MODEL_CLASSES % 6 == 2; /* 50 ms to play */
    int records = is_big ? 100 + below(m, 150) : 13 + below(m, 9);
    int forks = is_big ? 10 + below(m, 30) : 3 + below(m, 9);
    int writer = below(m, 2), d = below(m, 3), first = m->w->records_count;
    int at = MODEL_NONE;

    for (int i = 0; i < records; i++) {
        at = write_record(m, writer, CONTROL, 9, at);
        add_put(m, d, at, true);
        if (is_chance(m, 1, 2) && i < 5) add_put(m, below(m, 3), at, true);
    }
    for (int i = 0; i < forks; i++) {
        at = first + below(m, records);
        for (int n = below(m, 3); n >= 0; n--) {
            at = write_record(m, writer, CONTROL, 9, at);
            add_put(m, is_chance(m, 1, 8) ? below(m, 3) : d, at, true);
        }
    }
}

static void make_strangers(struct maker *m)
{
    struct model_world *w = m->w;

    for (int i = 1 + below(m, 3); i > 0; i--) {
        int d = 1 + below(m, w->devices - 1), author = any_device(m);

        /* Devices know themselves, and the first coordinator. */
        if (author != d && author != 0) w->knows[d][author] = false;
    }
}

static void begin_world(struct maker *m)
{
    struct model_world *w = m->w;

    w->devices = 5 + below(m, 3);
    w->star = is_chance(m, 3, 4);
    for (int d = 0; d < w->devices; d++) {
        w->sees_class[d] = model_is_coordinator(d) || is_chance(m, 5, 6);
        w->blind[d] = w->class == MODEL_BLIND
                          ? (enum model_blind)(1 + below(m, MODEL_HALF_BLIND))
                          : MODEL_SEES;
        for (int a = 0; a < w->devices; a++)
            w->knows[d][a] = true;
        for (int s = 0; s < MODEL_SCOPES; s++)
            for (int i = 0; i < 4; i++)
                m->end[d][s][i] = MODEL_NONE;
    }
    /* The same lie everywhere is the hardest to see. */
    if (w->class == MODEL_BLIND && is_chance(m, 1, 2))
        for (int d = 0; d < w->devices; d++)
            w->blind[d] = MODEL_ALL_EQUAL;
    if (w->class == MODEL_STRANGERS) make_strangers(m);
}

void model_make(struct model_world *w, uint64_t seed)
{
    static struct maker m;
    int steps;

    memset(&m, 0, sizeof(m));
    memset(w, 0, sizeof(*w));
    m.w = w;
    m.chance = seed * 0x2545f4914f6cdd1du + 1;
    m.put_as = MODEL_PUT;
    w->seed = seed;
    w->class = (int)(seed % MODEL_CLASSES);
    m.is_heavy = w->class == MODEL_FORKS && seed / MODEL_CLASSES % 8 == 0;
    begin_world(&m);
    model_begin(w, &m.st);
    if (w->class == MODEL_TIPS) write_star(&m);
    if (w->class == MODEL_INCARNATIONS) write_incarnations(&m);
    if (w->class == MODEL_THICKET) write_thicket(&m);
    steps = 10 + below(&m, 20);
    for (int i = 0; i < steps && has_room(&m); i++)
        happen(&m);
    /* All but some strangers are known in the end. */
    for (int d = 0; d < w->devices; d++)
        for (int a = 0; a < w->devices; a++)
            if (!m.st.knows[d][a] && is_chance(&m, 2, 3))
                add_op(&m, (struct model_op){MODEL_LEARN, d, a, 0, 0, 0, 0});
}
