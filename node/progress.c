/* SPDX-License-Identifier: Apache-2.0 */
#include "node/progress.h"

#include "node/cmd.h"
#include "node/core/confirmed.h"
#include "node/learners.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define PAYLOAD_BYTES ((size_t)DAF_BODY_BYTES_MAX)

struct reading {
    const struct daf_progress_query *q;
    struct daf_progress *out;
    bool has_subject; /* the learner is named by an id: */
    struct daf_subject_id subject;
    const char *scope;               /* being read */
    struct daf_confirmed *confirmed; /* owned */
    struct daf_learners learners;
    uint8_t *payload; /* owned, PAYLOAD_BYTES; wiped */
    enum daf_err err;
};

static bool is_among(const struct daf_progress_query *q,
                     const struct daf_learner *l)
{
    for (size_t i = 0; i < q->among_count; i++)
        if (memcmp(&l->subject, &q->among[i], sizeof(l->subject)) == 0)
            return true;
    return q->among == NULL;
}

static bool is_wanted(const struct reading *r, const struct daf_learner *l)
{
    if (!is_among(r->q, l)) return false;
    if (r->q->learner == NULL) return true;
    if (r->has_subject && memcmp(&l->subject, &r->subject, 16) == 0)
        return true;
    return strcmp(l->name, r->q->learner) == 0;
}

static struct daf_progress_line *add_line(struct reading *r)
{
    struct daf_progress *p = r->out;

    if (p->count == p->cap) {
        size_t cap = p->cap == 0 ? 256 : 2 * p->cap;
        struct daf_progress_line *lines =
            realloc(p->lines, cap * sizeof(*lines));

        if (lines == NULL) {
            r->err = DAF_ENOMEM;
            return NULL;
        }
        p->lines = lines;
        p->cap = cap;
    }
    memset(&p->lines[p->count], 0, sizeof(*p->lines));
    return &p->lines[p->count++];
}

static bool is_elsewhere(const struct daf_progress_query *q,
                         const struct daf_record *r)
{
    if (memcmp(&r->log.author, &q->author, sizeof(r->log.author)) != 0)
        return true; /* its author had it before it came here */
    return daf_store_is_acked(q->store, &r->log,
                              &(struct daf_spot){r->seq, r->id});
}

static void add_lines(struct reading *reading, const struct daf_record *r,
                      const struct daf_learner *learner,
                      const struct daf_session_payload *session)
{
    const struct daf_spot spot = {r->seq, r->id};
    bool is_confirmed = daf_confirmed_is(reading->confirmed, &r->log, &spot);

    for (size_t i = 0; i < session->did_count; i++) {
        struct daf_did did = daf_payload_did(session, i);
        struct daf_progress_line *line = add_line(reading);

        if (line == NULL) return;
        (void)snprintf(line->learner, sizeof(line->learner), "%s",
                       learner->name);
        if (did.item.len < sizeof(line->item))
            memcpy(line->item, did.item.p, did.item.len);
        line->subject = learner->subject;
        line->record = r->id;
        line->author = r->log.author;
        line->scope = reading->scope;
        line->place = i;
        line->has_score = did.has_score;
        line->score = did.score;
        line->seconds = did.seconds;
        line->claimed_ms = r->claimed_ms;
        line->boot = r->boot;
        line->time_quality = r->time_quality;
        line->shown = daf_camp_shown(reading->q->camp, r);
        line->kept_elsewhere = is_elsewhere(reading->q, r);
        line->is_confirmed = is_confirmed;
        line->is_learner_confirmed =
            daf_learners_is_confirmed(&reading->learners, &r->log.scope,
                                      &learner->subject);
    }
}

static bool read_row(void *ctx, const struct daf_row *row)
{
    struct reading *reading = ctx;
    struct daf_session_payload session;
    struct daf_learner learner;
    struct daf_record r;
    struct daf_body body;
    struct daf_view aad, payload = {reading->payload, 0};

    if (row->stored.body_state != DAF_BODY_HELD) return true;
    if (daf_record_decode(row->stored.header, &r) != DAF_OK) return true;
    if (daf_body_decode(row->stored.body, &body) != DAF_OK || !body.is_sealed)
        return true;
    aad = (struct daf_view){row->stored.header.p, r.aad_len};
    if (daf_camp_open(reading->q->camp, &r.log.scope, &body, aad,
                      reading->payload, &payload.len, &learner) != DAF_OK)
        return true; /* carried, not for us to read */
    if (daf_payload_type(payload, NULL) == DAF_TYPE_SESSION &&
        daf_payload_session(payload, &session) == DAF_OK &&
        /* Sealed under one learner's key, it may speak of her only. */
        memcmp(&session.subject, &learner.subject, 16) == 0 &&
        is_wanted(reading, &learner))
        add_lines(reading, &r, &learner, &session);
    sodium_memzero(&learner, sizeof(learner));
    return reading->err == DAF_OK;
}

/* R12: what the camp's register does not name is not read. */
static bool may_read_sessions(const struct daf_camp *camp)
{
    const char *name = daf_payload_type_str(DAF_TYPE_SESSION);

    return daf_manifest_has_type(daf_camp_manifest(camp),
                                 (struct daf_view){(const uint8_t *)name,
                                                   strlen(name)});
}

static enum daf_err read_scopes(struct reading *r)
{
    const struct daf_progress_query *q = r->q;
    struct daf_scope_id id;
    enum daf_err err = DAF_OK;

    for (size_t i = 0;
         err == DAF_OK && (r->scope = daf_camp_scope(q->camp, i, &id)) != NULL;
         i++) {
        if (q->scope[0] != '\0' && strcmp(q->scope, r->scope) != 0) continue;
        r->out->knows_scope = true;
        if (!may_read_sessions(q->camp)) continue;
        err = daf_store_scan(q->store, &id, -1, read_row, r);
        if (err == DAF_OK) err = r->err;
    }
    return err;
}

static bool knows_learner(const struct reading *r)
{
    struct daf_learner l;
    bool found = r->q->learner == NULL;

    for (size_t i = 0; !found && daf_camp_learner_at(r->q->camp, i, &l); i++)
        found = is_wanted(r, &l);
    sodium_memzero(&l, sizeof(l));
    return found;
}

static int compare(const void *a, const void *b)
{
    const struct daf_progress_line *x = a, *y = b;
    int d = strcmp(x->learner, y->learner);

    if (d == 0) d = memcmp(&x->subject, &y->subject, sizeof(x->subject));
    if (d == 0) d = memcmp(&x->record, &y->record, sizeof(x->record));
    if (d == 0) d = x->place < y->place ? -1 : x->place > y->place;
    return d;
}

enum daf_err daf_progress_read(const struct daf_progress_query *q,
                               struct daf_progress *out)
{
    struct reading r = {.q = q, .out = out};
    size_t got = 0;
    enum daf_err err = DAF_OK;

    if (q->learner != NULL && strlen(q->learner) == 32)
        r.has_subject = sodium_hex2bin(r.subject.b, 16, q->learner, 32, NULL,
                                       &got, NULL) == 0 &&
                        got == 16;
    out->knows_learner = knows_learner(&r);
    if (!out->knows_learner) return DAF_OK;
    r.payload = malloc(PAYLOAD_BYTES);
    if (r.payload == NULL) return DAF_ENOMEM;
    err = daf_confirmed_new(q->camp, daf_store_index(q->store), &r.confirmed);
    if (err == DAF_OK) err = daf_learners_read(q->store, q->camp, &r.learners);
    if (err == DAF_OK) err = read_scopes(&r);
    if (err == DAF_OK) err = daf_confirmed_err(r.confirmed);
    daf_learners_free(&r.learners);
    daf_confirmed_free(r.confirmed);
    sodium_memzero(r.payload, PAYLOAD_BYTES);
    free(r.payload);
    if (err == DAF_OK && out->count > 0)
        qsort(out->lines, out->count, sizeof(*out->lines), compare);
    return err;
}

void daf_progress_free(struct daf_progress *p)
{
    if (p->lines != NULL) sodium_memzero(p->lines, p->cap * sizeof(*p->lines));
    free(p->lines);
    *p = (struct daf_progress){NULL, 0, 0, false, false};
}

json_t *daf_progress_json(const struct daf_progress_line *l)
{
    return json_pack("{s:o,s:s?,s:o,s:o,s:o,s:I,s:o,s:I,s:I,s:b,s:I,s:i,s:s,"
                     "s:s,s:b,s:b}",
                     "record", daf_cmd_hex(l->record.b, sizeof(l->record.b)),
                     "learner", l->learner[0] != '\0' ? l->learner : NULL,
                     "subject", daf_cmd_hex(l->subject.b, sizeof(l->subject.b)),
                     "item", daf_cmd_text(l->item), "score",
                     l->has_score ? json_real((double)l->score / DAF_SCORE_MAX)
                                  : json_null(),
                     "seconds", (json_int_t)l->seconds, "author",
                     daf_cmd_hex(l->author.b, sizeof(l->author.b)),
                     "claimed_ms", (json_int_t)l->claimed_ms, "shown_ms",
                     (json_int_t)l->shown.ms, "doubtful", l->shown.is_doubtful,
                     "boot", (json_int_t)l->boot, "time_quality",
                     (int)l->time_quality, "scope", l->scope, "kept",
                     l->kept_elsewhere ? "elsewhere" : "here", "confirmed",
                     l->is_confirmed, "learner_confirmed",
                     l->is_learner_confirmed);
}
