/* SPDX-License-Identifier: Apache-2.0 */
/* What records mean to a device that holds them: which work of revoked devices counts
 * and which key it writes with, worked out anew from what is on its card. */
#include <stdlib.h>
#include <string.h>

#include "node/core/confirmed.h"
#include "proto/body.h"
#include "proto/hash.h"
#include "proto/payload.h"
#include "sim/check/check_impl.h"

#define KEYS_MAX 128 /* of a camp in which sixty devices were revoked */
#define ROWS_MAX 4096

/* A key of the class, as control tells it. */
struct key {
    uint64_t number;
    uint8_t commit[16];
    bool is_own, is_clean;
};

struct meaning {
    struct daf_check *c;
    uint32_t device;
    const struct daf_camp *camp;
    struct daf_confirmed *confirmed;
    struct daf_check_map named;   /* tips, with who they were named of */
    struct daf_check_map counted; /* records that are confirmed */
    struct key keys[KEYS_MAX];
    size_t keys_count;
    /* Of one scope: its records, those that follow others behind them. */
    struct daf_log_key logs[ROWS_MAX];
    struct daf_spot spots[ROWS_MAX];
    size_t rows;
    bool is_beyond; /* more than there is room for: nothing is said */
};

static uint64_t tip_key(const struct daf_author_id *who,
                        const struct daf_record_id *id)
{
    struct daf_record_id of = {{0}};

    memcpy(of.b, who->b, sizeof who->b);
    return daf_check_mix(daf_check_key(&of), daf_check_key(id));
}

/* ---- control */

static void note_tips(struct meaning *m, const struct daf_row *row,
                      struct daf_view payload)
{
    const struct daf_coordinator *by =
        daf_manifest_coordinator(daf_camp_manifest(m->camp), &row->log.author);
    struct daf_revoked_log log;
    struct daf_revocation r;
    struct daf_cursor logs;
    uint64_t acts;

    if (daf_payload_revocation(payload, &r) != DAF_OK || by == NULL ||
        daf_camp_acts(m->camp, &row->log, &row->stored.spot, &acts) != DAF_OK ||
        acts > by->acts)
        return;
    daf_payload_logs(r.logs, &logs);
    for (size_t i = 0; i < r.logs_count; i++) {
        daf_payload_next_log(&logs, &log);
        for (size_t j = 0; j < log.tips_count; j++)
            daf_check_map_set(m->c, &m->named, tip_key(&r.who, &log.tips[j]),
                              1);
    }
}

static struct key *find_key(struct meaning *m, const struct daf_key_wrap *wrap)
{
    for (size_t i = 0; i < m->keys_count; i++)
        if (memcmp(m->keys[i].commit, wrap->commit, sizeof wrap->commit) == 0)
            return &m->keys[i];
    m->is_beyond |= m->keys_count == KEYS_MAX;
    if (m->is_beyond) return &m->keys[0];
    struct key *k = &m->keys[m->keys_count++];
    *k = (struct key){.number = wrap->generation, .is_clean = true};
    memcpy(k->commit, wrap->commit, sizeof k->commit);
    return k;
}

static void note_wraps(struct meaning *m, struct daf_view payload)
{
    struct daf_author_id own;
    struct daf_key_wrap wrap;
    struct daf_cursor wraps;
    struct daf_wrap one;

    if (daf_payload_key_wrap(payload, &wrap) != DAF_OK ||
        strcmp(wrap.scope, DAF_FLEET_CLASS) != 0)
        return;
    struct key *k = find_key(m, &wrap);
    own = *daf_agent_author(daf_fleet_agent(m->c->fleet, m->device));
    daf_payload_wraps(&wrap, &wraps);
    for (size_t i = 0; i < wrap.wraps_count; i++) {
        daf_payload_next_wrap(&wraps, &one);
        k->is_own |= memcmp(one.author.b, own.b, sizeof own.b) == 0;
        k->is_clean &= !daf_camp_is_revoked(m->camp, &one.author);
    }
}

static bool control_row(void *ctx, const struct daf_row *row)
{
    struct meaning *m = ctx;
    struct daf_body body;

    if (row->stored.body_state != DAF_BODY_HELD ||
        daf_body_decode(row->stored.body, &body) != DAF_OK || body.is_sealed)
        return true;
    note_tips(m, row, body.content);
    note_wraps(m, body.content);
    return true;
}

/* ---- which key it writes with */

static const struct key *best_key(const struct meaning *m)
{
    const struct key *best = NULL;

    for (size_t i = 0; i < m->keys_count; i++) {
        const struct key *k = &m->keys[i];
        if (!k->is_own || (best != NULL && best->is_clean && !k->is_clean))
            continue;
        if (best != NULL && best->is_clean == k->is_clean &&
            (best->number > k->number ||
             (best->number == k->number &&
              memcmp(best->commit, k->commit, sizeof k->commit) < 0)))
            continue;
        best = k;
    }
    return best;
}

static void check_key(struct meaning *m)
{
    const struct key *best = best_key(m);
    struct daf_scope_id scope =
        daf_hash_scope_id(&daf_camp_manifest(m->camp)->camp, DAF_FLEET_CLASS);
    struct daf_key key;
    uint8_t commit[16];
    uint64_t number;

    if (best == NULL ||
        daf_camp_generation(m->camp, &scope, &number, &key) != DAF_OK)
        return;
    daf_body_commitment(&key, commit);
    if (memcmp(commit, best->commit, sizeof commit) != 0)
        daf_check_fail(m->c, m->device,
                       "it writes with a key of generation %llu, and a %s one "
                       "of %llu is there",
                       (unsigned long long)number,
                       best->is_clean ? "clean" : "newer",
                       (unsigned long long)best->number);
    if (m->keys_count > 1 && best->is_clean)
        daf_check_met(m->c, DAF_SOMETIMES_RENEWED);
}

/* ---- which records count */

static bool data_row(void *ctx, const struct daf_row *row)
{
    struct meaning *m = ctx;

    if (!daf_camp_is_revoked(m->camp, &row->log.author)) return true;
    m->is_beyond |= m->rows == ROWS_MAX;
    if (m->is_beyond) return false;
    m->logs[m->rows] = row->log;
    m->spots[m->rows++] = row->stored.spot;
    return true;
}

/* From behind: who follows a record comes before it. */
static void check_rows(struct meaning *m)
{
    for (size_t i = m->rows; i > 0 && daf_check_broken(m->c) == NULL; i--) {
        const struct daf_log_key *log = &m->logs[i - 1];
        const struct daf_spot *spot = &m->spots[i - 1];
        uint64_t key = daf_check_key(&spot->id);
        const uint64_t *prev = daf_check_map_find(&m->c->prevs, key);
        bool counts =
            daf_check_map_find(&m->named, tip_key(&log->author, &spot->id)) !=
                NULL ||
            daf_check_map_find(&m->counted, key) != NULL;
        bool is = daf_confirmed_is(m->confirmed, log, spot);

        if (counts && prev != NULL)
            daf_check_map_set(m->c, &m->counted, *prev, 1);
        if (daf_confirmed_err(m->confirmed) == DAF_OK && is != counts)
            daf_check_fail(m->c, m->device,
                           "record %llu of a revoked device counts%s",
                           (unsigned long long)spot->seq,
                           is ? ", and nobody named it"
                              : " not, and was named");
        daf_check_met(m->c, counts ? DAF_SOMETIMES_CONFIRMED
                                   : DAF_SOMETIMES_UNCONFIRMED);
    }
}

static void check_scopes(struct meaning *m, struct daf_notebook *notebook)
{
    if (daf_notebook_scan(notebook, &m->c->scopes[0], -1, control_row, m) !=
        DAF_OK)
        return;
    if (!m->is_beyond) check_key(m);
    for (size_t i = 1; i < DAF_FLEET_SCOPES && !m->is_beyond; i++) {
        m->rows = 0;
        if (daf_notebook_scan(notebook, &m->c->scopes[i], -1, data_row, m) ==
                DAF_OK &&
            !m->is_beyond)
            check_rows(m);
    }
}

void daf_check_means(struct daf_check *c, uint32_t device)
{
    const struct daf_agent *a = daf_fleet_agent(c->fleet, device);
    struct daf_notebook *notebook = daf_fleet_notebook(c->fleet, device);
    struct meaning *m;

    if (a == NULL || daf_check_is_hostile(c, device) ||
        c->cards[device].sick != 0 || daf_camp_is_short(daf_agent_camp(a)))
        return;
    m = calloc(1, sizeof *m);
    if (m == NULL) return;
    m->c = c;
    m->device = device;
    m->camp = daf_agent_camp(a);
    if (daf_confirmed_new(m->camp, daf_notebook_index(notebook),
                          &m->confirmed) == DAF_OK)
        check_scopes(m, notebook);
    daf_confirmed_free(m->confirmed);
    daf_check_map_free(&m->named);
    daf_check_map_free(&m->counted);
    free(m);
}
