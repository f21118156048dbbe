/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include "node/doubtful.h"

#include <stdio.h>
#include <stdlib.h>

/* One revoked device. */
struct revoked {
    struct daf_author_id who;
    bool has_record; /* that a door says: */
    struct daf_author_id by;
    struct daf_record_id record;
    enum daf_revocation_reason reason;
    struct daf_doubtful doubtful;
};

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
        "{s:o,s:s?,s:o,s:o,s:I,s:I,s:I,s:I,s:o}", "author",
        daf_cmd_hex(r->who.b, sizeof(r->who.b)), "reason",
        r->has_record ? daf_payload_reason_str(r->reason) : NULL, "by",
        r->has_record ? daf_cmd_hex(r->by.b, sizeof(r->by.b)) : json_null(),
        "record",
        r->has_record ? daf_cmd_hex(r->record.b, sizeof(r->record.b))
                      : json_null(),
        "logs", (json_int_t)d->logs, "named", (json_int_t)d->named, "confirmed",
        (json_int_t)d->confirmed, "unconfirmed", (json_int_t)d->count, "tips",
        tips_json(d)));
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
    if (r->doubtful.count > 0)
        (void)printf("  to confirm them: daftar admit %.8s\n", who);
}

static enum daf_err show_one(const struct daf_cmd *cmd,
                             const struct daf_cmd_view *v,
                             const struct daf_author_id *who)
{
    struct revoked r = {.who = *who};
    enum daf_err err = daf_doubtful_read(v->store, v->camp, who, &r.doubtful);

    if (err == DAF_OK) {
        read_record(v, &r);
        if (cmd->json)
            print_json(&r);
        else
            print_text(&r);
    }
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
