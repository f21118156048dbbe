/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PAYLOAD_BYTES ((size_t)DAF_BODY_BYTES_MAX)

/* One activity of a record, as it is shown. */
struct line {
    char learner[DAF_NAME_BYTES_MAX + 1];
    char item[DAF_ITEM_BYTES_MAX + 1];
    struct daf_subject_id subject;
    struct daf_record_id record;
    struct daf_author_id author;
    const char *scope; /* borrowed from the camp */
    size_t place;      /* in its record */
    bool has_score, kept_elsewhere;
    uint32_t score, seconds;
    uint64_t claimed_ms;
};

struct show {
    const struct daf_cmd *cmd;
    struct daf_cmd_view view;
    const char *learner; /* a name or a subject id in hex; NULL: all */
    bool has_subject;    /* it is an id: */
    struct daf_subject_id subject;
    const char *scope;  /* being read */
    struct line *lines; /* owned */
    size_t count, cap;
    uint8_t *payload; /* owned, PAYLOAD_BYTES; wiped */
    enum daf_err err;
};

/* --- reading --------------------------------------------------------------------- */

static bool is_wanted(const struct show *s, const struct daf_learner *l)
{
    if (s->learner == NULL) return true;
    if (s->has_subject && memcmp(&l->subject, &s->subject, 16) == 0)
        return true;
    return strcmp(l->name, s->learner) == 0;
}

static struct line *add_line(struct show *s)
{
    if (s->count == s->cap) {
        size_t cap = s->cap == 0 ? 256 : 2 * s->cap;
        struct line *lines = realloc(s->lines, cap * sizeof(*lines));

        if (lines == NULL) {
            s->err = DAF_ENOMEM;
            return NULL;
        }
        s->lines = lines;
        s->cap = cap;
    }
    memset(&s->lines[s->count], 0, sizeof(*s->lines));
    return &s->lines[s->count++];
}

static bool is_elsewhere(struct show *s, const struct daf_record *r)
{
    if (memcmp(&r->log.author, &s->view.author, sizeof(r->log.author)) != 0)
        return true; /* its author had it before it came here */
    return daf_store_acked_seq(s->view.store, &r->log) >= r->seq;
}

static void add_lines(struct show *s, const struct daf_record *r,
                      const struct daf_learner *learner,
                      const struct daf_session_payload *session)
{
    for (size_t i = 0; i < session->did_count; i++) {
        struct daf_did did = daf_payload_did(session, i);
        struct line *line = add_line(s);

        if (line == NULL) return;
        (void)snprintf(line->learner, sizeof(line->learner), "%s",
                       learner->name);
        if (did.item.len < sizeof(line->item))
            memcpy(line->item, did.item.p, did.item.len);
        line->subject = learner->subject;
        line->record = r->id;
        line->author = r->log.author;
        line->scope = s->scope;
        line->place = i;
        line->has_score = did.has_score;
        line->score = did.score;
        line->seconds = did.seconds;
        line->claimed_ms = r->claimed_ms;
        line->kept_elsewhere = is_elsewhere(s, r);
    }
}

static bool read_row(void *ctx, const struct daf_row *row)
{
    struct show *s = ctx;
    struct daf_session_payload session;
    struct daf_learner learner;
    struct daf_record r;
    struct daf_body body;
    struct daf_view aad, payload = {s->payload, 0};

    if (row->stored.body_state != DAF_BODY_HELD) return true;
    if (daf_record_decode(row->stored.header, &r) != DAF_OK) return true;
    if (daf_body_decode(row->stored.body, &body) != DAF_OK || !body.is_sealed)
        return true;
    aad = (struct daf_view){row->stored.header.p, r.aad_len};
    if (daf_camp_open(s->view.camp, &r.log.scope, &body, aad, s->payload,
                      &payload.len, &learner) != DAF_OK)
        return true; /* carried, not for us to read */
    if (daf_payload_type(payload, NULL) == DAF_TYPE_SESSION &&
        daf_payload_session(payload, &session) == DAF_OK &&
        /* Sealed under one learner's key, it may speak of her only. */
        memcmp(&session.subject, &learner.subject, 16) == 0 &&
        is_wanted(s, &learner))
        add_lines(s, &r, &learner, &session);
    sodium_memzero(&learner, sizeof(learner));
    return s->err == DAF_OK;
}

static enum daf_err read_scope(struct show *s, const char *name,
                               const struct daf_scope_id *id)
{
    enum daf_err err;

    s->scope = name;
    err = daf_store_scan(s->view.store, id, -1, read_row, s);
    return err != DAF_OK ? err : s->err;
}

/* R12: what the camp's register does not name is not read. */
static bool may_read_sessions(const struct show *s)
{
    const char *name = daf_payload_type_str(DAF_TYPE_SESSION);

    return daf_manifest_has_type(daf_camp_manifest(s->view.camp),
                                 (struct daf_view){(const uint8_t *)name,
                                                   strlen(name)});
}

static enum daf_err read_all(struct show *s, const char *only,
                             struct daf_trouble *t)
{
    struct daf_scope_id id;
    const char *name;
    bool found = false;
    enum daf_err err = DAF_OK;

    for (size_t i = 0;
         err == DAF_OK && (name = daf_camp_scope(s->view.camp, i, &id)) != NULL;
         i++) {
        if (only[0] != '\0' && strcmp(only, name) != 0) continue;
        found = true;
        if (may_read_sessions(s)) err = read_scope(s, name, &id);
    }
    if (err != DAF_OK)
        daf_home_trouble(t,
                         "the notebook cannot be read: %s. To do: daftar "
                         "check says where",
                         daf_err_str(err));
    if (err == DAF_OK && !found) {
        daf_home_trouble(t,
                         "no scope %s is known here. To do: daftar digest "
                         "lists them",
                         only);
        return DAF_ENOTFOUND;
    }
    return err;
}

/* --- showing --------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int d = strcmp(x->learner, y->learner);

    if (d == 0) d = memcmp(&x->subject, &y->subject, sizeof(x->subject));
    if (d == 0) d = memcmp(&x->record, &y->record, sizeof(x->record));
    if (d == 0) d = x->place < y->place ? -1 : x->place > y->place;
    return d;
}

static void print_json(const struct line *l)
{
    daf_cmd_print(
        json_pack("{s:o,s:s?,s:o,s:o,s:o,s:I,s:o,s:I,s:s,s:s}", "record",
                  daf_cmd_hex(l->record.b, sizeof(l->record.b)), "learner",
                  l->learner[0] != '\0' ? l->learner : NULL, "subject",
                  daf_cmd_hex(l->subject.b, sizeof(l->subject.b)), "item",
                  daf_cmd_text(l->item), "score",
                  l->has_score ? json_real((double)l->score / DAF_SCORE_MAX)
                               : json_null(),
                  "seconds", (json_int_t)l->seconds, "author",
                  daf_cmd_hex(l->author.b, sizeof(l->author.b)), "claimed_ms",
                  (json_int_t)l->claimed_ms, "scope", l->scope, "kept",
                  l->kept_elsewhere ? "elsewhere" : "here"));
}

static void print_cell(const char *text, int width)
{
    int columns = daf_cmd_put_text(text);

    (void)printf("%*s", columns < width ? width - columns : 1, "");
}

static void print_text(const struct line *l)
{
    char subject[2 * 16 + 1], score[16] = "-", day[32] = "-";
    time_t s = (time_t)(l->claimed_ms / 1000);
    struct tm tm;

    (void)daf_cmd_hex_str(l->subject.b, sizeof(l->subject.b), subject);
    if (l->has_score)
        (void)snprintf(score, sizeof(score), "%.6g",
                       (double)l->score / DAF_SCORE_MAX);
    if (gmtime_r(&s, &tm) != NULL)
        (void)strftime(day, sizeof(day), "%Y-%m-%d %H:%M", &tm);
    print_cell(l->learner[0] != '\0' ? l->learner : subject, 24);
    print_cell(l->item, 32);
    print_cell(score, 9);
    (void)printf("%5u  ", l->seconds / 60);
    print_cell(day, 18);
    (void)printf("%s\n", l->kept_elsewhere ? "elsewhere" : "here");
}

static void print_lines(const struct show *s)
{
    if (!s->cmd->json) {
        if (s->count == 0) {
            (void)printf("Nothing is known here yet.\n");
            return;
        }
        (void)printf("%-24s%-32s%-9s%5s  %-18s%s\n", "LEARNER", "ITEM", "SCORE",
                     "MIN", "SAID TO BE ON", "KEPT");
    }
    for (size_t i = 0; i < s->count; i++)
        if (s->cmd->json)
            print_json(&s->lines[i]);
        else
            print_text(&s->lines[i]);
}

static enum daf_err check_learner(const struct show *s, struct daf_trouble *t)
{
    struct daf_learner l;
    bool found = false;

    if (s->learner == NULL) return DAF_OK;
    for (size_t i = 0; !found && daf_camp_learner_at(s->view.camp, i, &l); i++)
        found = is_wanted(s, &l);
    sodium_memzero(&l, sizeof(l));
    if (found) return DAF_OK;
    daf_home_trouble(t, "no such learner is known here. To do: check the "
                        "spelling, or wait until the record has come");
    return DAF_ENOTFOUND;
}

static enum daf_err show_all(struct show *s, struct daf_trouble *t)
{
    char scope[DAF_SCOPE_NAME_BYTES_MAX + 1];
    size_t got = 0;
    enum daf_err err = daf_cmd_scope_of(s->cmd, scope, t);

    if (err != DAF_OK) return err;
    s->payload = malloc(PAYLOAD_BYTES);
    if (s->payload == NULL) return DAF_ENOMEM;
    s->learner = daf_cmd_value(s->cmd, "learner");
    if (s->learner != NULL && strlen(s->learner) == 32)
        s->has_subject = sodium_hex2bin(s->subject.b, 16, s->learner, 32, NULL,
                                        &got, NULL) == 0 &&
                         got == 16;
    err = check_learner(s, t);
    if (err == DAF_OK) err = read_all(s, scope, t);
    if (err != DAF_OK) return err;
    if (s->count > 0) qsort(s->lines, s->count, sizeof(*s->lines), compare);
    print_lines(s);
    return DAF_OK;
}

enum daf_exit daf_cmd_progress_show(const struct daf_cmd *cmd)
{
    struct daf_trouble t = {""};
    struct show s = {.cmd = cmd};
    enum daf_err err = daf_cmd_view_open(cmd, true, &s.view, &t);

    if (err == DAF_OK) {
        err = show_all(&s, &t);
        if (s.payload != NULL) sodium_memzero(s.payload, PAYLOAD_BYTES);
        if (s.lines != NULL) sodium_memzero(s.lines, s.cap * sizeof(*s.lines));
        free(s.payload);
        free(s.lines);
        daf_cmd_view_close(&s.view);
    }
    return err == DAF_OK ? DAF_EXIT_DONE : daf_cmd_fail(cmd, err, &t);
}
