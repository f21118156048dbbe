/* SPDX-License-Identifier: Apache-2.0 */
/* What the contacts look like, slice by slice. */
#include <stdlib.h>
#include <string.h>

#include "sim/run/contact_log_impl.h"

#define NOT_SHOWN UINT32_MAX
#define PAIRS     20

struct pair {
    uint32_t i, j; /* places; i < j */
    daf_sim_us time;
    uint32_t contacts;
};

struct picture {
    const struct daf_contact_log *log;
    daf_sim_us end;
    const uint32_t *homes; /* of nodes; or NULL */
    uint32_t count;        /* shown */
    uint32_t *shown;       /* nodes */
    uint32_t *place;       /* of a node, or NOT_SHOWN */
    struct pair *pairs;    /* count * count; those with i < j are in use */
    uint64_t left_out;
};

static struct pair *pair_of(const struct picture *p, uint32_t a, uint32_t b)
{
    uint32_t i = p->place[a], j = p->place[b];

    if (i == NOT_SHOWN || j == NOT_SHOWN) return NULL;
    return &p->pairs[i < j ? i * p->count + j : j * p->count + i];
}

/* Time together from @from to @to. */
static void add_up(struct picture *p, daf_sim_us from, daf_sim_us to)
{
    for (uint32_t i = 0; i < p->count; i++)
        for (uint32_t j = 0; j < p->count; j++)
            p->pairs[i * p->count + j] = (struct pair){.i = i, .j = j};
    for (size_t k = 0; k < p->log->kept_count; k++) {
        const struct daf_contact_log_one *c = &p->log->kept[k];
        if (c->to <= from || c->from >= to) continue;
        struct pair *pair = pair_of(p, c->a, c->b);
        if (pair == NULL) continue;
        pair->time +=
            (c->to < to ? c->to : to) - (c->from > from ? c->from : from);
        pair->contacts++;
    }
}

static daf_sim_us together(const struct picture *p, uint32_t i, uint32_t j)
{
    return p->pairs[i < j ? i * p->count + j : j * p->count + i].time;
}

static uint32_t home_of(const struct picture *p, uint32_t i)
{
    return p->homes == NULL ? 0 : p->homes[p->shown[i]];
}

/* Whether @i stands before @best. */
static bool is_next(const struct picture *p, const double *pull, uint32_t i,
                    uint32_t best)
{
    if (best == NOT_SHOWN) return true;
    uint32_t home = home_of(p, i), other = home_of(p, best);
    return home != other ? home < other : pull[i] > pull[best];
}

/* Place by place, the busiest of the first place first; then always the one of that
 * place that was longest with those who stand last, of whom each counts half of the
 * next. */
static bool put_in_order(struct picture *p)
{
    double *pull = calloc(p->count + 1, sizeof *pull);
    uint32_t *order = calloc(p->count + 1, sizeof *order);

    if (pull == NULL || order == NULL) {
        free(pull);
        free(order);
        return false;
    }
    for (uint32_t n = 0, last = 0; n < p->count; n++) {
        uint32_t best = NOT_SHOWN;
        for (uint32_t i = 0; i < p->count; i++) {
            if (pull[i] < 0) continue;
            if (n > 0) pull[i] = pull[i] / 2 + (double)together(p, last, i);
            if (is_next(p, pull, i, best)) best = i;
        }
        pull[best] = -1;
        order[n] = p->shown[best];
        last = best;
    }
    memcpy(p->shown, order, p->count * sizeof *order);
    for (uint32_t i = 0; i < p->count; i++)
        p->place[p->shown[i]] = i;
    free(pull);
    free(order);
    return true;
}

static int compare_pairs(const void *va, const void *vb)
{
    const struct pair *a = va, *b = vb;

    if (a->time != b->time) return a->time > b->time ? -1 : 1;
    if (a->contacts != b->contacts) return a->contacts > b->contacts ? -1 : 1;
    if (a->i != b->i) return a->i < b->i ? -1 : 1;
    return a->j < b->j ? -1 : a->j > b->j;
}

/* Those that met, the longest together first, to the front of p->pairs. */
static size_t sort_pairs(struct picture *p)
{
    size_t met = 0;

    for (size_t k = 0; k < (size_t)p->count * p->count; k++)
        if (p->pairs[k].contacts > 0) p->pairs[met++] = p->pairs[k];
    qsort(p->pairs, met, sizeof *p->pairs, compare_pairs);
    return met;
}

static json_t *slice(struct picture *p, unsigned number)
{
    const daf_sim_us part = p->end / DAF_CONTACT_LOG_SLICES;
    json_t *out = json_array();
    bool is_last = number + 1 == DAF_CONTACT_LOG_SLICES;

    add_up(p, part * number, is_last ? p->end : part * (number + 1));
    size_t met = sort_pairs(p);
    for (size_t k = 0; k < met && k < DAF_CONTACT_LOG_EDGES; k++) {
        json_array_append_new(out, json_integer(p->pairs[k].i));
        json_array_append_new(out, json_integer(p->pairs[k].j));
    }
    if (met > DAF_CONTACT_LOG_EDGES) p->left_out += met - DAF_CONTACT_LOG_EDGES;
    return out;
}

static json_t *busy_of(const struct picture *p)
{
    json_t *out = json_array();

    for (uint32_t i = 0; i < p->count; i++) {
        daf_sim_us sum = 0;
        for (uint32_t j = 0; j < p->count; j++)
            if (i != j) sum += together(p, i, j);
        json_array_append_new(out, json_integer(sum / DAF_SIM_S));
    }
    return out;
}

static json_t *longest(struct picture *p)
{
    json_t *out = json_array();
    size_t met = sort_pairs(p);

    for (size_t k = 0; k < met && k < PAIRS; k++)
        json_array_append_new(
            out, json_pack("[I, I, I, I]", (json_int_t)p->pairs[k].i,
                           (json_int_t)p->pairs[k].j,
                           (json_int_t)(p->pairs[k].time / DAF_SIM_S),
                           (json_int_t)p->pairs[k].contacts));
    return out;
}

static json_t *draw(struct picture *p)
{
    json_t *shown = json_array(), *slices = json_array();
    json_t *busy, *pairs;

    add_up(p, 0, p->end);
    if (!put_in_order(p)) {
        json_decref(shown);
        json_decref(slices);
        return NULL;
    }
    add_up(p, 0, p->end); /* by the new places */
    busy = busy_of(p);
    pairs = longest(p);
    for (uint32_t i = 0; i < p->count; i++)
        json_array_append_new(shown, json_integer(p->shown[i]));
    for (unsigned k = 0; k < DAF_CONTACT_LOG_SLICES; k++)
        json_array_append_new(slices, slice(p, k));
    return json_pack("{s:I, s:o, s:o, s:f, s:o, s:I, s:o, s:o}", "nodes",
                     (json_int_t)p->log->nodes, "shown", shown, "busy_s", busy,
                     "slice_s",
                     (double)p->end / DAF_CONTACT_LOG_SLICES /
                         (double)DAF_SIM_S,
                     "slices", slices, "left_out", (json_int_t)p->left_out,
                     "pairs", pairs, "kept_until_s",
                     p->log->kept_until == DAF_SIM_NEVER
                         ? json_null()
                         : json_integer(p->log->kept_until / DAF_SIM_S));
}

json_t *daf_contact_log_picture(const struct daf_contact_log *log,
                                daf_sim_us end, const uint32_t *homes)
{
    struct picture p = {.log = log, .end = end, .homes = homes};
    json_t *out = NULL;

    p.shown = daf_contact_log_busiest(log, &p.count);
    p.place = malloc(((size_t)log->nodes + 1) * sizeof *p.place);
    p.pairs = calloc((size_t)p.count * p.count + 1, sizeof *p.pairs);
    if (p.shown != NULL && p.place != NULL && p.pairs != NULL) {
        for (uint32_t i = 0; i < log->nodes; i++)
            p.place[i] = NOT_SHOWN;
        for (uint32_t i = 0; i < p.count; i++)
            p.place[p.shown[i]] = i;
        out = draw(&p);
    }
    free(p.shown);
    free(p.place);
    free(p.pairs);
    return out;
}
