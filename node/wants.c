/* SPDX-License-Identifier: Apache-2.0 */
#include "node/wants.h"

#include "node/core/confirmed.h"
#include "proto/body.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* ---- the catalogue */

static bool is_confirmed(void *ctx, const struct daf_row *row)
{
    return daf_confirmed_is(ctx, &row->log, &row->stored.spot);
}

enum daf_err daf_wants_catalogue(struct daf_store *store,
                                 const struct daf_camp *camp,
                                 struct daf_catalogue **out)
{
    struct daf_confirmed *confirmed;
    enum daf_err err =
        daf_confirmed_new(camp, daf_store_index(store), &confirmed);

    *out = NULL;
    if (err != DAF_OK) return err;
    err = daf_catalogue_read_of(store, &daf_camp_authority(camp)->catalog,
                                is_confirmed, confirmed, out);
    if (err == DAF_OK) err = daf_confirmed_err(confirmed);
    if (err != DAF_OK) {
        daf_catalogue_free(*out);
        *out = NULL;
    }
    daf_confirmed_free(confirmed);
    return err;
}

/* ---- assignments */

struct reading {
    const struct daf_camp *camp;
    struct daf_confirmed *confirmed;
    const char *scope;
    struct daf_wanting *wanting;
    uint8_t payload[DAF_BODY_BYTES_MAX];
    enum daf_err err;
};

/* docs/content.md R88. */
static bool counts(const struct daf_camp *camp, const struct daf_log_key *log)
{
    const struct daf_authority *auth = daf_camp_authority(camp);

    return auth->right(auth->ctx, &log->author, &log->scope) >=
           DAF_RIGHT_CURATE;
}

static bool read_row(void *ctx, const struct daf_row *row)
{
    struct reading *r = ctx;
    struct daf_view payload = {r->payload, 0};
    struct daf_assignment assignment;
    struct daf_learner learner;
    struct daf_record record;
    struct daf_body body;

    if (row->stored.body_state != DAF_BODY_HELD ||
        !counts(r->camp, &row->log) ||
        !daf_confirmed_is(r->confirmed, &row->log, &row->stored.spot) ||
        daf_record_decode(row->stored.header, &record) != DAF_OK ||
        daf_body_decode(row->stored.body, &body) != DAF_OK || !body.is_sealed)
        return true;
    if (daf_camp_open(r->camp, &row->log.scope, &body,
                      (struct daf_view){row->stored.header.p, record.aad_len},
                      r->payload, &payload.len, &learner) != DAF_OK)
        return true; /* carried, not for us to read */
    if (daf_payload_type(payload, NULL) == DAF_TYPE_ASSIGNMENT &&
        daf_payload_assignment(payload, &assignment) == DAF_OK)
        r->err = daf_wanting_assign(r->wanting, &record.id, &record.log.author,
                                    r->scope, &assignment);
    sodium_memzero(&learner, sizeof(learner));
    return r->err == DAF_OK;
}

/* R12: what the camp's register does not name is not read. */
static bool may_read(const struct daf_camp *camp)
{
    const char *name = daf_payload_type_str(DAF_TYPE_ASSIGNMENT);

    return daf_manifest_has_type(daf_camp_manifest(camp),
                                 (struct daf_view){(const uint8_t *)name,
                                                   strlen(name)});
}

static enum daf_err read_classes(struct daf_store *store, struct reading *r)
{
    struct daf_scope_id scope;
    enum daf_err err = DAF_OK;

    if (!may_read(r->camp)) return DAF_OK;
    for (size_t i = 0; err == DAF_OK &&
                       (r->scope = daf_camp_scope(r->camp, i, &scope)) != NULL;
         i++) {
        if (strncmp(r->scope, "class:", 6) != 0) continue;
        err = daf_store_scan(store, &scope, DAF_RETENTION_DAILY, read_row, r);
        if (err == DAF_OK) err = r->err;
    }
    return err;
}

enum daf_err daf_wants_assignments(struct daf_store *store,
                                   const struct daf_camp *camp,
                                   struct daf_wanting **out)
{
    struct reading *r = calloc(1, sizeof(*r));
    enum daf_err err = DAF_ENOMEM;

    *out = NULL;
    if (r == NULL) return err;
    r->camp = camp;
    err = daf_wanting_new(&r->wanting);
    if (err == DAF_OK)
        err = daf_confirmed_new(camp, daf_store_index(store), &r->confirmed);
    if (err == DAF_OK) err = read_classes(store, r);
    if (err == DAF_OK) err = daf_confirmed_err(r->confirmed);
    daf_confirmed_free(r->confirmed);
    if (err == DAF_OK) {
        daf_wanting_settle(r->wanting);
        *out = r->wanting;
    } else {
        daf_wanting_free(r->wanting);
    }
    free(r);
    return err;
}

/* ---- everything */

static enum daf_err list_items(const struct daf_wants_query *q,
                               struct daf_wants *out)
{
    size_t count = daf_catalogue_count(out->catalogue);

    out->items = calloc(count + 1, sizeof(*out->items));
    if (out->items == NULL) return DAF_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        struct daf_wanting_item *it = &out->items[i];
        struct daf_catalogue_entry e;

        daf_catalogue_at(out->catalogue, i, &e);
        it->content = e.content.id;
        it->is_superseded = e.is_superseded;
        it->now = e.superseded_by;
        it->channel = e.content.texts[DAF_ABOUT_CHANNEL];
        it->order = daf_wanting_order(e.content.texts[DAF_ABOUT_ORDER]);
        if (q->look != NULL) q->look(q->ctx, it);
    }
    out->count = count;
    return DAF_OK;
}

enum daf_err daf_wants_read(const struct daf_wants_query *q,
                            struct daf_wants *out)
{
    enum daf_err err;

    memset(out, 0, sizeof(*out));
    err = daf_wants_catalogue(q->store, q->camp, &out->catalogue);
    if (err == DAF_OK)
        err = daf_wants_assignments(q->store, q->camp, &out->wanting);
    if (err == DAF_OK) err = list_items(q, out);
    if (err == DAF_OK)
        err =
            daf_wanting_plan(out->wanting, &q->self, q->subscriptions->channels,
                             q->subscriptions->count, out->items, out->count);
    return err;
}

void daf_wants_free(struct daf_wants *w)
{
    daf_catalogue_free(w->catalogue);
    daf_wanting_free(w->wanting);
    free(w->items);
    memset(w, 0, sizeof(*w));
}

const struct daf_wanting_item *daf_wants_find(const struct daf_wants *w,
                                              const struct daf_hash *content)
{
    size_t at;

    if (w->count == 0) return NULL;
    at = daf_catalogue_place(w->catalogue, content);
    if (at == w->count ||
        memcmp(w->items[at].content.b, content->b, sizeof(content->b)) != 0)
        return NULL;
    return &w->items[at];
}

/* ---- days */

const char *daf_wants_day(uint32_t day, char out[DAF_DAY_TEXT_BYTES])
{
    const time_t at = (time_t)day * 86400;
    struct tm tm;

    if (gmtime_r(&at, &tm) == NULL ||
        strftime(out, DAF_DAY_TEXT_BYTES, "%Y-%m-%d", &tm) == 0)
        (void)snprintf(out, DAF_DAY_TEXT_BYTES, "%u", (unsigned)day);
    return out;
}

bool daf_wants_day_read(const char *text, uint32_t *out)
{
    char again[DAF_DAY_TEXT_BYTES];
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%d", &tm);
    time_t at;

    if (end == NULL || *end != '\0') return false;
    at = timegm(&tm);
    if (at < 0 || at / 86400 > DAF_DAY_MAX) return false;
    *out = (uint32_t)(at / 86400);
    /* strptime() takes the 31st of any month. */
    return strcmp(daf_wants_day(*out, again), text) == 0;
}

bool daf_wants_is_late(const struct daf_wanting_item *item, uint64_t wall_ms,
                       uint64_t eta_s)
{
    return item->has_due && !item->is_whole &&
           wall_ms / 1000 + eta_s >= ((uint64_t)item->due + 1) * 86400;
}
