/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at cards and agents as they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/record.h"
#include "sim/check/check_impl.h"
#include "sim/check/proof.h"

/* ---- one card */

/* The log that a scan goes through, and how its frontier should be. */
struct walk {
    struct daf_check *c;
    uint32_t device;
    struct daf_log_key log;
    bool has_log;
    uint64_t records, admitted;
    struct daf_check_map seen; /* of this log; rows come in order of seq */
    struct daf_check_map tips; /* of them: no successor seen */
    uint64_t roots;
};

static void end_log(struct walk *w)
{
    const struct daf_index *index =
        daf_notebook_index(daf_fleet_notebook(w->c->fleet, w->device));
    struct daf_head head;

    if (!w->has_log) return;
    if (index->head(index->ctx, &w->log, &head) != DAF_OK ||
        head.tips_count != w->tips.count || head.roots_count != w->roots)
        daf_check_fail(w->c, w->device,
                       "a log has %zu tips and %zu roots, its records %zu and "
                       "%llu",
                       head.tips_count, head.roots_count, w->tips.count,
                       (unsigned long long)w->roots);
    for (size_t i = 0; i < head.tips_count && i < w->tips.count; i++)
        if (daf_check_map_find(&w->tips, daf_check_key(&head.tips[i].id)) ==
            NULL)
            daf_check_fail(w->c, w->device,
                           "a tip of a log has a record after it");
    daf_check_map_free(&w->tips);
    daf_check_map_free(&w->seen);
}

static void begin_log(struct walk *w, const struct daf_log_key *log)
{
    w->log = *log;
    w->has_log = true;
    w->roots = 0;
}

/* Of a batch in which power went. */
static void admit(struct walk *w, const struct daf_row *row)
{
    uint64_t key = daf_check_key(&row->stored.spot.id);
    struct daf_check_map *perhaps = &w->c->cards[w->device].perhaps;
    const uint64_t *is_added = daf_check_map_find(perhaps, key);
    struct daf_record r;

    if (is_added == NULL) return;
    if (*is_added == 0) { /* it was to be dropped, and is still there */
        daf_check_map_remove(perhaps, key);
        return;
    }
    const uint64_t *held =
        daf_check_map_find(&w->c->cards[w->device].held, key);
    bool has_body = row->stored.body_state == DAF_BODY_HELD;
    if (held != NULL && (*held == DAF_CHECK_BODY) == has_body) return;
    if (daf_record_decode(row->stored.header, &r) == DAF_OK)
        daf_check_kept(w->c, w->device, &r, row->stored.header,
                       row->stored.body_state, row->stored.body, DAF_PUT_NEW,
                       true);
    w->admitted += *is_added == 1;
}

/* All that it had of honest authors, or nothing. */
static void judge(struct walk *w)
{
    struct daf_check_map *perhaps = &w->c->cards[w->device].perhaps;
    uint64_t expected = 0;

    for (size_t i = 0; i < perhaps->size; i++) {
        if (perhaps->places[i].key == 0) continue;
        expected += perhaps->places[i].value == 1;
        if (perhaps->places[i].value == 0)
            daf_check_map_remove(&w->c->cards[w->device].held,
                                 perhaps->places[i].key);
    }
    if (w->admitted > 0 && w->admitted < expected)
        daf_check_fail(w->c, w->device,
                       "power went, and of a batch of %llu records %llu are "
                       "there",
                       (unsigned long long)expected,
                       (unsigned long long)w->admitted);
    if (w->admitted > 0) daf_check_met(w->c, DAF_SOMETIMES_TORN_KEPT);
    if (expected > 0 && w->admitted == 0)
        daf_check_met(w->c, DAF_SOMETIMES_TORN_LOST);
    w->c->torn_kept += w->admitted > 0;
    w->c->torn_lost += expected > 0 && w->admitted == 0;
    daf_check_map_free(perhaps);
}

static void look(struct walk *w, const struct daf_row *row)
{
    struct daf_check *c = w->c;
    struct daf_view header = row->stored.header;
    uint64_t key = daf_check_key(&row->stored.spot.id);
    const struct daf_check_person *p = daf_check_person(c, &row->log.author);
    const uint64_t *held;
    struct daf_proof_header h;

    admit(w, row);
    held = daf_check_map_find(&c->cards[w->device].held, key);
    if (p == NULL || !daf_proof_read(header, &h)) {
        daf_check_fail(c, w->device, "a record on its card is none");
        return;
    }
    bool has_body = row->stored.body_state == DAF_BODY_HELD;
    if (held == NULL || (*held == DAF_CHECK_BODY) != has_body)
        daf_check_fail(c, w->device,
                       "record %llu is on its card otherwise than it came",
                       (unsigned long long)h.seq);
    if (has_body && !daf_proof_body(&h, row->stored.body))
        daf_check_fail(c, w->device, "a body on its card is not its header's");
    uint64_t prev = h.has_prev ? daf_check_key(&h.prev) : 0;
    /* A device whose book was rotten may have signed what follows a record of
     * another log. */
    w->roots += !h.has_prev || daf_check_map_find(&w->seen, prev) == NULL;
    daf_check_map_set(c, &w->seen, key, 1);
    if (h.has_prev) daf_check_map_remove(&w->tips, prev);
    daf_check_map_set(c, &w->tips, key, 1);
    w->records++;
}

static bool walk_row(void *ctx, const struct daf_row *row)
{
    struct walk *w = ctx;

    if (!w->has_log || memcmp(&w->log, &row->log, sizeof w->log) != 0) {
        end_log(w);
        begin_log(w, &row->log);
    }
    look(w, row);
    return daf_check_broken(w->c) == NULL;
}

void daf_check_card(struct daf_check *c, uint32_t device)
{
    struct walk w = {.c = c, .device = device};

    if (daf_check_is_hostile(c, device) || c->cards[device].sick != 0) return;
    for (size_t i = 0; i < DAF_FLEET_SCOPES; i++) {
        if (daf_notebook_scan(daf_fleet_notebook(c->fleet, device),
                              &c->scopes[i], -1, walk_row, &w) != DAF_OK)
            daf_check_fail(c, device, "its card cannot be read");
        end_log(&w);
        w.has_log = false;
    }
    judge(&w);
    if (w.records != c->cards[device].held.count)
        daf_check_fail(c, device,
                       "%llu records are on its card, and %llu came to it",
                       (unsigned long long)w.records,
                       (unsigned long long)c->cards[device].held.count);
    daf_check_map_free(&w.tips);
    daf_check_map_free(&w.seen);
}

/* ---- bounds */

static void look_at_agent(struct daf_check *c, uint32_t device)
{
    const struct daf_agent *a = daf_fleet_agent(c->fleet, device);
    struct daf_agent_stats stats;
    struct daf_fleet_who who;

    if (a == NULL || daf_check_is_hostile(c, device)) return;
    daf_fleet_who(c->fleet, device, &who);
    daf_agent_stats(a, &stats);
    /* A call each way to door and mesh of each, and what is being cut. */
    if (who.wires > 12 * c->devices)
        daf_check_fail(c, device, "%u connections", (unsigned)who.wires);
    if (stats.sessions > 4 * (size_t)c->devices)
        daf_check_fail(c, device, "%zu sessions", stats.sessions);
    if (who.jobs > 64)
        daf_check_fail(c, device, "%u batches wait", (unsigned)who.jobs);
    if (stats.strangers > 0) daf_check_met(c, DAF_SOMETIMES_HINT_FALSE);
    uint64_t refused = stats.door_refused;
    for (size_t i = 0; i < DAF_ERR_COUNT; i++)
        refused += stats.refusals.by_err[i];
    if (refused > 0) daf_check_met(c, DAF_SOMETIMES_REFUSED);
}

void daf_check_bounds(struct daf_check *c)
{
    const struct daf_fleet_stats *s = daf_fleet_stats(c->fleet);

    for (uint32_t i = 0; i < c->devices; i++)
        look_at_agent(c, i);
    if (s->frames !=
        s->frames_heard + s->frames_lost + daf_fleet_under_way(c->fleet))
        daf_check_fail(c, DAF_CHECK_NOBODY,
                       "%llu frames were said, %llu heard, %llu lost, %llu are "
                       "under way",
                       (unsigned long long)s->frames,
                       (unsigned long long)s->frames_heard,
                       (unsigned long long)s->frames_lost,
                       (unsigned long long)daf_fleet_under_way(c->fleet));
    if (s->again > 0) daf_check_met(c, DAF_SOMETIMES_AGAIN);
    if (s->cut_short > 0) daf_check_met(c, DAF_SOMETIMES_CUT_SHORT);
}

void daf_check_alone(struct daf_check *c)
{
    daf_check_bounds(c);
    for (uint32_t i = 0; i < c->devices; i++) {
        const struct daf_agent *a = daf_fleet_agent(c->fleet, i);
        struct daf_agent_stats stats;
        struct daf_fleet_who who;
        if (a == NULL) continue;
        daf_fleet_who(c->fleet, i, &who);
        daf_agent_stats(a, &stats);
        if (who.wires > 0 || who.jobs > 0 || stats.sessions > 0)
            daf_check_fail(c, i,
                           "alone, it has %u connections, %u batches, %zu "
                           "sessions",
                           (unsigned)who.wires, (unsigned)who.jobs,
                           stats.sessions);
        /* Without a body of control nobody can judge who follows from it. */
        if (stats.unchecked && !daf_check_is_hostile(c, i) &&
            !c->cards[i].is_lacking)
            daf_check_fail(c, i, "long at rest, it has not verified all");
    }
    if (daf_fleet_under_way(c->fleet) > 0)
        daf_check_fail(c, DAF_CHECK_NOBODY, "frames are under way to nobody");
}

/* ---- the same everywhere */

#define PEOPLE_MAX 64
struct sums {
    struct daf_check *c;
    struct {
        uint64_t records, bodies, of_records, of_bodies;
    } of[PEOPLE_MAX][DAF_FLEET_SCOPES];
};

static bool sum_row(void *ctx, const struct daf_row *row)
{
    struct sums *s = ctx;
    const struct daf_check_person *p = daf_check_person(s->c, &row->log.author);
    size_t scope = daf_check_scope(s->c, &row->log.scope);
    uint64_t key = daf_check_key(&row->stored.spot.id);

    if (p == NULL || scope == DAF_FLEET_SCOPES) return true;
    size_t who = (size_t)(p - s->c->people);
    s->of[who][scope].records++;
    s->of[who][scope].of_records ^= key;
    if (row->stored.body_state != DAF_BODY_HELD) return true;
    s->of[who][scope].bodies++;
    s->of[who][scope].of_bodies ^= key;
    return true;
}

static bool sum_up(struct daf_check *c, uint32_t device, struct sums *s)
{
    memset(s, 0, sizeof *s);
    s->c = c;
    for (size_t i = 0; i < DAF_FLEET_SCOPES; i++)
        if (daf_notebook_scan(daf_fleet_notebook(c->fleet, device),
                              &c->scopes[i], -1, sum_row, s) != DAF_OK)
            return false;
    return true;
}

/* Whether this card has as much of an author's log, or as many logs of it, as
 * anybody takes (docs/protocol.md R38): what else there is, may be elsewhere. */
static void note_full(struct daf_check *c, uint32_t device,
                      bool is_full[PEOPLE_MAX])
{
    const struct daf_index *index =
        daf_notebook_index(daf_fleet_notebook(c->fleet, device));

    for (size_t i = 0; i < DAF_FLEET_SCOPES; i++) {
        uint64_t logs[PEOPLE_MAX] = {0};
        struct daf_log_key *after = NULL, last;
        struct daf_head head;
        while (index->head_next(index->ctx, &c->scopes[i], after, &head) ==
               DAF_OK) {
            const struct daf_check_person *p =
                daf_check_person(c, &head.log.author);
            last = head.log;
            after = &last;
            if (p == NULL) continue;
            size_t who = (size_t)(p - c->people);
            is_full[who] |= head.tips_count == DAF_FRONTIER_MAX ||
                            head.roots_count == DAF_FRONTIER_MAX ||
                            ++logs[who] == DAF_INCARNATIONS_MAX;
        }
    }
}

/* A hostile author's bodies may be nowhere, and what nobody takes is his. */
static bool differ(const struct sums *a, const struct sums *b,
                   const bool is_full[PEOPLE_MAX], uint32_t device,
                   char why[DAF_CHECK_WHY_BYTES])
{
    for (uint32_t p = 0; p < a->c->devices; p++) {
        bool is_hostile = a->c->people[p].is_hostile;
        if (is_hostile && is_full[p]) continue;
        for (size_t i = 0; i < DAF_FLEET_SCOPES; i++) {
            bool other = a->of[p][i].of_records != b->of[p][i].of_records;
            bool body = a->of[p][i].of_bodies != b->of[p][i].of_bodies;
            if (!other && (!body || is_hostile)) continue;
            (void)snprintf(why, DAF_CHECK_WHY_BYTES,
                           "device %u holds %llu records and %llu bodies of "
                           "device %u in scope %zu, not %llu and %llu",
                           (unsigned)device,
                           (unsigned long long)b->of[p][i].records,
                           (unsigned long long)b->of[p][i].bodies, (unsigned)p,
                           i, (unsigned long long)a->of[p][i].records,
                           (unsigned long long)a->of[p][i].bodies);
            return true;
        }
    }
    return false;
}

bool daf_check_agrees(struct daf_check *c, const uint32_t *devices,
                      uint32_t count, char why[DAF_CHECK_WHY_BYTES])
{
    struct sums *sums = calloc(2, sizeof *sums);
    bool is_full[PEOPLE_MAX] = {false}, agrees = sums != NULL;

    why[0] = '\0';
    for (uint32_t i = 0; i < count; i++)
        note_full(c, devices[i], is_full);
    for (uint32_t i = 0; agrees && i < count; i++) {
        struct sums *to = &sums[i == 0 ? 0 : 1];
        agrees = sum_up(c, devices[i], to) &&
                 (i == 0 || !differ(&sums[0], to, is_full, devices[i], why));
    }
    for (uint32_t i = 0; agrees && i < count; i++)
        c->cards[devices[i]].is_lacking = false;
    free(sums);
    return agrees;
}
