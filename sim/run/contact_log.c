/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/run/contact_log_impl.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_MOST (1u << 20)

enum daf_err daf_contact_log_new(uint32_t nodes, struct daf_contact_log **out)
{
    struct daf_contact_log *log = calloc(1, sizeof *log);

    if (log == NULL) return DAF_ENOMEM;
    log->nodes = nodes;
    log->kept_until = DAF_SIM_NEVER;
    log->open = calloc((size_t)nodes + 1, sizeof *log->open);
    log->busy = calloc((size_t)nodes + 1, sizeof *log->busy);
    if (log->open == NULL || log->busy == NULL) {
        daf_contact_log_free(log);
        return DAF_ENOMEM;
    }
    *out = log;
    return DAF_OK;
}

void daf_contact_log_free(struct daf_contact_log *log)
{
    if (log == NULL) return;
    for (uint32_t i = 0; log->open != NULL && i < log->nodes; i++)
        free(log->open[i].items);
    free(log->open);
    free(log->busy);
    free(log->chosen);
    free(log->kept);
    free(log);
}

/* ---- the busiest */

struct rank {
    daf_sim_us busy;
    uint32_t node;
};

static int compare_ranks(const void *va, const void *vb)
{
    const struct rank *a = va, *b = vb;

    if (a->busy != b->busy) return a->busy > b->busy ? -1 : 1;
    return a->node < b->node ? -1 : 1;
}

uint32_t *daf_contact_log_busiest(const struct daf_contact_log *log,
                                  uint32_t *count)
{
    struct rank *ranks = calloc((size_t)log->nodes + 1, sizeof *ranks);
    uint32_t *out = calloc(DAF_CONTACT_LOG_SHOWN, sizeof *out);

    *count = 0;
    for (uint32_t i = 0; ranks != NULL && i < log->nodes; i++)
        ranks[i] = (struct rank){log->busy[i], i};
    if (ranks != NULL && out != NULL) {
        qsort(ranks, log->nodes, sizeof *ranks, compare_ranks);
        while (*count < DAF_CONTACT_LOG_SHOWN && *count < log->nodes) {
            out[*count] = ranks[*count].node;
            ++*count;
        }
        free(ranks);
        return out;
    }
    free(ranks);
    free(out);
    return NULL;
}

/* From now on only contacts among the busiest are kept. */
static bool choose(struct daf_contact_log *log)
{
    uint32_t count, *nodes = daf_contact_log_busiest(log, &count);
    size_t left = 0;

    log->chosen = calloc((size_t)log->nodes + 1, sizeof *log->chosen);
    if (nodes == NULL || log->chosen == NULL) {
        free(nodes);
        log->has_failed = true;
        return false;
    }
    for (uint32_t i = 0; i < count; i++)
        log->chosen[nodes[i]] = true;
    free(nodes);
    for (size_t i = 0; i < log->kept_count; i++)
        if (log->chosen[log->kept[i].a] && log->chosen[log->kept[i].b])
            log->kept[left++] = log->kept[i];
    log->kept_count = left;
    return true;
}

static bool make_room(struct daf_contact_log *log)
{
    if (log->kept_count < log->kept_room) return true;
    if (log->kept_room == KEPT_MOST)
        return log->chosen == NULL && choose(log) &&
               log->kept_count < log->kept_room;
    size_t room = log->kept_room == 0 ? 1024 : log->kept_room * 2;
    struct daf_contact_log_one *kept =
        realloc(log->kept, room * sizeof *log->kept);
    if (kept == NULL) {
        log->has_failed = true;
        return false;
    }
    log->kept = kept;
    log->kept_room = room;
    return true;
}

/* ---- contacts */

static void keep(struct daf_contact_log *log,
                 const struct daf_contact_log_one *one)
{
    if (log->chosen != NULL && (!log->chosen[one->a] || !log->chosen[one->b]))
        return;
    if (log->kept_until != DAF_SIM_NEVER) return;
    if (make_room(log))
        log->kept[log->kept_count++] = *one;
    else
        log->kept_until = one->to;
}

static void ended(struct daf_contact_log *log,
                  const struct daf_contact_log_one *one)
{
    daf_sim_us length = one->to - one->from;
    size_t span = 0;

    while (span + 1 < DAF_CONTACT_LOG_SPANS &&
           length >= DAF_SIM_S * (INT64_C(1) << span))
        span++;
    log->spans[span]++;
    log->count++;
    log->total += length;
    log->busy[one->a] += length;
    log->busy[one->b] += length;
    keep(log, one);
}

static void sort_two(uint32_t *a, uint32_t *b)
{
    uint32_t larger = *a;

    if (*a < *b) return;
    *a = *b;
    *b = larger;
}

void daf_contact_log_down(struct daf_contact_log *log, daf_sim_us now,
                          uint32_t a, uint32_t b)
{
    sort_two(&a, &b);
    struct daf_contact_log_list *l = &log->open[a];
    for (uint32_t i = 0; i < l->count; i++) {
        if (l->items[i].b != b) continue;
        struct daf_contact_log_one one = l->items[i];
        one.to = now;
        l->items[i] = l->items[--l->count];
        log->open_count--;
        ended(log, &one);
        return;
    }
}

void daf_contact_log_up(struct daf_contact_log *log, daf_sim_us now, uint32_t a,
                        uint32_t b)
{
    daf_contact_log_down(log, now, a, b);
    sort_two(&a, &b);
    struct daf_contact_log_list *l = &log->open[a];
    if (l->count == l->room) {
        uint32_t room = l->room == 0 ? 4 : l->room * 2;
        struct daf_contact_log_one *items =
            realloc(l->items, room * sizeof *items);
        if (items == NULL) {
            log->has_failed = true;
            return;
        }
        l->items = items;
        l->room = room;
    }
    l->items[l->count++] =
        (struct daf_contact_log_one){.a = a, .b = b, .from = now};
    log->open_count++;
}

void daf_contact_log_end(struct daf_contact_log *log, daf_sim_us now)
{
    for (uint32_t i = 0; i < log->nodes; i++)
        while (log->open[i].count > 0)
            daf_contact_log_down(log, now, i, log->open[i].items[0].b);
}

bool daf_contact_log_failed(const struct daf_contact_log *log)
{
    return log->has_failed;
}

uint64_t daf_contact_log_open(const struct daf_contact_log *log)
{
    return log->open_count;
}

uint64_t daf_contact_log_count(const struct daf_contact_log *log)
{
    return log->count;
}

daf_sim_us daf_contact_log_total(const struct daf_contact_log *log)
{
    return log->total;
}

const uint64_t *daf_contact_log_spans(const struct daf_contact_log *log)
{
    return log->spans;
}
