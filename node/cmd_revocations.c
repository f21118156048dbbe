/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include "node/doubtful.h"
#include "node/reach.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* One revoked device. */
struct revoked {
    struct daf_author_id who;
    bool has_record; /* that a door says: */
    struct daf_author_id by;
    struct daf_record_id record;
    enum daf_revocation_reason reason;
    struct daf_doubtful doubtful;
    struct daf_reach_count
        reach; /* of that record; zeros: none that is an act */
    size_t missing_count;
    json_t *missing; /* owned; NULL: of text */
    uint64_t
        missing_ms; /* the longest silent of those of whom something is here */
};

static void add_missing(void *ctx, const struct daf_author_id *author,
                        uint64_t last_ms)
{
    struct revoked *r = ctx;

    r->missing_count++;
    if (last_ms > 0 && (r->missing_ms == 0 || last_ms < r->missing_ms))
        r->missing_ms = last_ms;
    if (r->missing != NULL)
        (void)json_array_append_new(
            r->missing,
            json_pack("{s:o,s:o}", "author",
                      daf_cmd_hex(author->b, sizeof(author->b)), "last_ms",
                      last_ms == 0 ? json_null()
                                   : json_integer((json_int_t)last_ms)));
}

/* Who has applied the first act that revokes it. */
static enum daf_err read_reach(const struct daf_cmd_view *v, struct revoked *r)
{
    struct daf_camp_act_info act;
    struct daf_reach *reach;
    enum daf_err err = daf_reach_new(v->camp, v->store, &reach);

    for (size_t i = 0; err == DAF_OK && daf_camp_act_at(v->camp, i, &act);
         i++) {
        if (!act.is_revocation ||
            memcmp(&act.who, &r->who, sizeof(act.who)) != 0)
            continue;
        r->reach = daf_reach_act(reach, i, add_missing, r);
        break;
    }
    daf_reach_free(reach);
    return err;
}

static void read_record(const struct daf_cmd_view *v, struct revoked *r)
{
    const struct daf_index *index = daf_store_index(v->store);
    struct daf_revocation revocation;
    struct daf_stored stored;
    struct daf_log_key log;
    struct daf_body body;
    struct daf_spot spot;

    if (daf_camp_revocation(v->camp, &r->who, &log, &spot) != DAF_OK ||
        index->get(index->ctx, &log, &spot, &stored) != DAF_OK ||
        daf_body_decode(stored.body, &body) != DAF_OK ||
        daf_payload_revocation(body.content, &revocation) != DAF_OK)
        return;
    r->has_record = true;
    r->by = log.author;
    r->record = spot.id;
    r->reason = revocation.reason;
}

/* What to name, for `daftar admit`. */
static json_t *tips_json(const struct daf_doubtful *d)
{
    json_t *list = json_array();

    for (size_t i = 0; list != NULL && i < d->count; i++) {
        const struct daf_doubtful_record *r = &d->records[i];
        char log[17];

        if (!r->is_tip) continue;
        (void)snprintf(log, sizeof(log), "%016llx",
                       (unsigned long long)r->log.incarnation);
        (void)json_array_append_new(list,
                                    json_pack("{s:o,s:s,s:I,s:o}", "scope",
                                              daf_cmd_hex(r->log.scope.b, 16),
                                              "log", log, "seq",
                                              (json_int_t)r->spot.seq, "record",
                                              daf_cmd_hex(r->spot.id.b, 32)));
    }
    return list;
}

static void print_json(const struct revoked *r)
{
    const struct daf_doubtful *d = &r->doubtful;

    daf_cmd_print(json_pack(
        "{s:o,s:s?,s:o,s:o,s:I,s:I,s:I,s:I,s:o,s:I,s:I,s:O}", "author",
        daf_cmd_hex(r->who.b, sizeof(r->who.b)), "reason",
        r->has_record ? daf_payload_reason_str(r->reason) : NULL, "by",
        r->has_record ? daf_cmd_hex(r->by.b, sizeof(r->by.b)) : json_null(),
        "record",
        r->has_record ? daf_cmd_hex(r->record.b, sizeof(r->record.b))
                      : json_null(),
        "logs", (json_int_t)d->logs, "named", (json_int_t)d->named, "confirmed",
        (json_int_t)d->confirmed, "unconfirmed", (json_int_t)d->count, "tips",
        tips_json(d), "receipts", (json_int_t)r->reach.receipts, "of",
        (json_int_t)r->reach.of, "missing", r->missing));
}

/* "4 devices have not seen it; the longest silent since 2026-11-17" */
static void print_reach(const struct revoked *r)
{
    char day[32] = "";
    time_t s = (time_t)(r->missing_ms / 1000);
    struct tm tm;

    if (r->reach.of == 0) return;
    (void)printf("  applied on %zu of %zu devices", r->reach.receipts,
                 r->reach.of);
    if (r->missing_count > 0)
        (void)printf("; %zu %s not said so", r->missing_count,
                     r->missing_count == 1 ? "has" : "have");
    if (r->missing_ms > 0 && gmtime_r(&s, &tm) != NULL &&
        strftime(day, sizeof(day), "%Y-%m-%d", &tm) > 0)
        (void)printf(", the longest silent since %s", day);
    (void)printf("\n");
}

static void print_text(const struct revoked *r)
{
    char who[2 * sizeof(r->who.b) + 1], by[2 * sizeof(r->by.b) + 1];

    (void)daf_cmd_hex_str(r->who.b, sizeof(r->who.b), who);
    (void)daf_cmd_hex_str(r->by.b, sizeof(r->by.b), by);
    (void)printf("%s  %s, by %.8s\n  %llu records count, %zu do not\n", who,
                 r->has_record ? daf_payload_reason_str(r->reason) : "revoked",
                 r->has_record ? by : "?",
                 (unsigned long long)r->doubtful.confirmed, r->doubtful.count);
    print_reach(r);
    if (r->doubtful.count > 0)
        (void)printf("  to confirm them: daftar admit %.8s\n", who);
}

static enum daf_err show_one(const struct daf_cmd *cmd,
                             const struct daf_cmd_view *v,
                             const struct daf_author_id *who)
{
    struct revoked r = {.who = *who};
    enum daf_err err = daf_doubtful_read(v->store, v->camp, who, &r.doubtful);

    if (cmd->json) r.missing = json_array();
    if (err == DAF_OK) err = read_reach(v, &r);
    if (err == DAF_OK) {
        read_record(v, &r);
        if (cmd->json)
            print_json(&r);
        else
            print_text(&r);
    }
    json_decref(r.missing);
    daf_doubtful_free(&r.doubtful);
    return err;
}

enum daf_exit daf_cmd_revocations(const struct daf_cmd *cmd)
{
    const struct daf_author_id *after = NULL;
    struct daf_trouble t = {""};
    struct daf_author_id who;
    struct daf_cmd_view v;
    enum daf_err err = daf_cmd_view_open(cmd, false, &v, &t);

    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    for (; err == DAF_OK && daf_camp_revoked_next(v.camp, after, &who);
         after = &who)
        err = show_one(cmd, &v, &who);
    if (err != DAF_OK)
        daf_home_trouble(&t,
                         "the notebook cannot be read: %s. To do: daftar "
                         "check says where",
                         daf_err_str(err));
    else if (after == NULL && !cmd->json)
        (void)printf("No device is revoked.\n");
    daf_cmd_view_close(&v);
    return err == DAF_OK ? DAF_EXIT_DONE : daf_cmd_fail(cmd, err, &t);
}
