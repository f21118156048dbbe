/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include "node/clock.h"
#include "proto/frame.h"
#include "proto/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What of a record a door frame has room for, less the body's own frame; and of
 * it, what stands behind the logs. */
#define PAYLOAD_BYTES_MAX   (DAF_REVOKED_BYTES_MAX - DAF_HEADER_BYTES_MAX - 8)
#define END_BYTES_MAX       (DAF_PACK_HEAD_BYTES_MAX + 48)
#define LOG_BYTES_MAX(tips) (56 + (tips)*34)
/* A device that forks its logs must not make every other device carry a list of
 * them: some 600 are named, and what is not can be admitted like any other. */
#define RECORDS_MAX 16

/* One run: whom, why, and what is being written. */
struct revoking {
    struct daf_cmd_view view;
    struct daf_author_id who;
    enum daf_revocation_reason reason;

    struct daf_cmd_writer *writer;
    uint8_t payload[PAYLOAD_BYTES_MAX];
    struct daf_pack k; /* the payload under way */
    size_t mark, logs; /* of it */
    size_t records_count;
    size_t left_out;      /* logs that were not named */
    struct daf_head head; /* of one log, read for its tips */

    struct daf_record_id record; /* that revokes: the first written, or held */
    bool has_record;
    uint64_t acts_left;
    struct daf_cmd_keys keys; /* made and sealed since */
    enum daf_err keys_err;
    struct daf_trouble *t;
    enum daf_err err; /* of a write */
};

/* ---- whom and why */

static enum daf_err read_reason(const struct daf_cmd *cmd, struct revoking *r)
{
    const char *reason = daf_cmd_value(cmd, "reason");

    for (int i = DAF_REVOKED_OTHER; i <= DAF_REVOKED_LEFT; i++) {
        r->reason = (enum daf_revocation_reason)i;
        if (strcmp(reason != NULL ? reason : "other",
                   daf_payload_reason_str(r->reason)) == 0)
            return DAF_OK;
    }
    daf_home_trouble(r->t, "--reason must be lost, stolen, left or other");
    return DAF_EUSAGE;
}

/* ---- may it be */

static enum daf_err check_own(struct revoking *r)
{
    static const char type[] = "revocation";
    const struct daf_manifest *m = daf_camp_manifest(r->view.camp);

    if (daf_manifest_coordinator(m, &r->view.author) == NULL) {
        daf_home_trouble(r->t, "this device is no coordinator of the camp, and "
                               "only coordinators revoke. To do: ask one");
        return DAF_EDENIED;
    }
    if (daf_manifest_has_type(m, (struct daf_view){(const uint8_t *)type,
                                                   strlen(type)}))
        return DAF_OK;
    daf_home_trouble(r->t, "the camp's register does not name revocations, so "
                           "no device would heed one. To do: make a manifest "
                           "that names them");
    return DAF_ETYPE;
}

static enum daf_err check_device(struct revoking *r,
                                 const struct daf_camp_rights *d)
{
    r->who = d->author;
    if (!d->is_coordinator) return DAF_OK;
    daf_home_trouble(r->t, "a coordinator cannot be revoked: the camp's next "
                           "manifest, signed by the root keys, leaves it out");
    return DAF_EDENIED;
}

/* Where the next record of this coordinator's log would stand. */
static enum daf_err count_acts(struct revoking *r)
{
    const struct daf_camp *camp = r->view.camp;
    const struct daf_index *index = daf_store_index(r->view.store);
    const struct daf_coordinator *own =
        daf_manifest_coordinator(daf_camp_manifest(camp), &r->view.author);
    struct daf_log_key log = {.scope = daf_camp_authority(camp)->control,
                              .author = r->view.author};
    struct daf_spot spot = {0};
    struct daf_self self;
    uint64_t acts = 0;
    enum daf_err err;

    err = daf_selfvalue_get(r->view.store, &self);
    if (err == DAF_OK) {
        log.incarnation = self.lives[self.lives_count - 1];
        err = index->head(index->ctx, &log, &r->head);
    }
    for (size_t i = 0; err == DAF_OK && i < r->head.tips_count; i++)
        if (r->head.tips[i].seq > spot.seq) spot = r->head.tips[i];
    if (err == DAF_ENOTFOUND) err = DAF_OK; /* a log to be begun */
    if (err == DAF_OK && spot.seq > 0 &&
        daf_camp_acts(camp, &log, &spot, &acts) != DAF_OK) {
        daf_home_trouble(r->t, "records of this coordinator's own log are "
                               "missing here, so that what it revokes would "
                               "not count. To do: daftar check --repair");
        return DAF_EFORM;
    }
    if (err != DAF_OK)
        daf_home_trouble(r->t,
                         "the notebook cannot be read: %s. To do: daftar "
                         "check says where",
                         daf_err_str(err));
    r->acts_left = acts < own->acts ? own->acts - acts : 0;
    return err;
}

static enum daf_err check_acts(struct revoking *r)
{
    enum daf_err err = count_acts(r);

    if (err != DAF_OK || r->acts_left > 0) return err;
    daf_home_trouble(r->t, "this coordinator has used all the acts that the "
                           "manifest gives it. To do: ask another coordinator "
                           "to revoke the device");
    return DAF_ELIMIT;
}

/* Typed, since a key is pressed too easily. */
static enum daf_err confirm(const struct daf_cmd *cmd, struct revoking *r)
{
    char hex[2 * sizeof(r->who.b) + 1], line[16] = "";

    if (daf_cmd_value(cmd, "yes") != NULL) return DAF_OK;
    if (isatty(STDIN_FILENO) == 0) {
        daf_home_trouble(r->t, "this cannot be taken back, and there is no "
                               "terminal to ask at. To do: give --yes");
        return DAF_EUSAGE;
    }
    (void)fprintf(stderr,
                  "Revoke device %s (%s)?\nThis cannot be taken back. "
                  "Type yes to go on: ",
                  daf_cmd_hex_str(r->who.b, sizeof(r->who.b), hex),
                  daf_payload_reason_str(r->reason));
    if (fgets(line, sizeof(line), stdin) != NULL && strcmp(line, "yes\n") == 0)
        return DAF_OK;
    daf_home_trouble(r->t, "nothing was revoked");
    return DAF_EUSAGE;
}

/* ---- writing */

static void note(void *ctx, const struct daf_wrote *wrote,
                 const struct daf_trouble *t)
{
    struct revoking *r = ctx;

    if (wrote->err == DAF_OK && !r->has_record) {
        r->has_record = true;
        r->record = wrote->record;
    }
    if (wrote->err == DAF_OK || r->err != DAF_OK) return;
    r->err = wrote->err;
    *r->t = *t;
}

static void begin_payload(struct revoking *r)
{
    daf_pack_init(&r->k, r->payload, sizeof(r->payload));
    r->mark = daf_payload_begin_revocation(&r->k);
    r->logs = 0;
}

static enum daf_err put_payload(struct revoking *r)
{
    struct daf_write write = {.kind = DAF_WRITE_CONTROL};

    daf_payload_end_revocation(&r->k, r->mark, r->logs, r->reason, &r->who);
    if (r->k.is_full) return DAF_ELIMIT;
    write.payload = daf_pack_view(&r->k);
    write.claimed = daf_clock_wall();
    write.time_quality = (uint8_t)daf_clock_quality(write.claimed);
    r->records_count++;
    return daf_cmd_writer_put(r->writer, &write, r->t);
}

static enum daf_err add_log(struct revoking *r)
{
    const struct daf_head *head = &r->head;
    enum daf_err err = DAF_OK;

    if (!daf_pack_fits(&r->k,
                       LOG_BYTES_MAX(head->tips_count) + END_BYTES_MAX)) {
        if (r->records_count + 1 >= RECORDS_MAX) {
            r->left_out++;
            return DAF_OK;
        }
        err = put_payload(r);
        begin_payload(r);
    }
    daf_payload_add_revoked_log(&r->k, &head->log, head->tips,
                                head->tips_count);
    r->logs++;
    return err;
}

/* Every log of the device that is held here, in every scope. */
static enum daf_err add_logs(struct revoking *r)
{
    const struct daf_index *index = daf_store_index(r->view.store);
    struct daf_scope_id scope;
    enum daf_err err = DAF_OK;

    for (size_t i = 0;
         err == DAF_OK && daf_camp_scope(r->view.camp, i, &scope) != NULL;
         i++) {
        struct daf_log_key after = {.scope = scope, .author = r->who};

        /* Nothing but the log with incarnation 0 could come before. */
        err = index->head(index->ctx, &after, &r->head);
        if (err == DAF_ENOTFOUND)
            err = index->head_next(index->ctx, &scope, &after, &r->head);
        while (err == DAF_OK &&
               memcmp(r->head.log.author.b, r->who.b, sizeof(r->who.b)) == 0) {
            after = r->head.log;
            err = add_log(r);
            if (err == DAF_OK)
                err = index->head_next(index->ctx, &scope, &after, &r->head);
        }
        if (err == DAF_ENOTFOUND) err = DAF_OK;
    }
    return err;
}

static enum daf_err put_all(struct revoking *r)
{
    enum daf_err err;

    begin_payload(r);
    err = add_logs(r);
    if (err == DAF_OK) err = put_payload(r);
    if (err == DAF_OK) err = daf_cmd_writer_flush(r->writer, r->t);
    return err != DAF_OK ? err : r->err;
}

static bool fold_row(void *ctx, const struct daf_row *row)
{
    struct revoking *r = ctx;

    (void)daf_camp_add(r->view.camp, &row->log, &row->stored);
    return true;
}

static enum daf_err write_all(struct revoking *r)
{
    const struct daf_scope_id *control =
        &daf_camp_authority(r->view.camp)->control;
    enum daf_err err =
        daf_cmd_writer_open(&r->view.home, note, r, &r->writer, r->t);

    if (err != DAF_OK) return err;
    err = put_all(r);
    daf_cmd_writer_close(r->writer);
    /* What was written, as everybody will read it. */
    if (err == DAF_OK)
        err = daf_store_scan(r->view.store, control, -1, fold_row, r);
    if (err == DAF_OK) err = count_acts(r);
    if (err == DAF_OK && !daf_camp_is_revoked(r->view.camp, &r->who)) {
        daf_home_trouble(r->t, "it was written, but does not count: this "
                               "coordinator has used all its acts. To do: ask "
                               "another coordinator to revoke the device");
        err = DAF_ELIMIT;
    }
    return err;
}

/* ---- it was done before */

static void read_held(struct revoking *r)
{
    const struct daf_index *index = daf_store_index(r->view.store);
    struct daf_revocation revocation;
    struct daf_stored stored;
    struct daf_log_key log;
    struct daf_body body;
    struct daf_spot spot;

    if (daf_camp_revocation(r->view.camp, &r->who, &log, &spot) != DAF_OK ||
        index->get(index->ctx, &log, &spot, &stored) != DAF_OK ||
        daf_body_decode(stored.body, &body) != DAF_OK ||
        daf_payload_revocation(body.content, &revocation) != DAF_OK)
        return;
    r->has_record = true;
    r->record = spot.id;
    r->reason = revocation.reason;
}

/* ---- all of it */

static void print_keys(const struct revoking *r)
{
    if (r->keys.generations > 0)
        (void)printf("New keys for %zu scope%s, sealed to those who stay (%zu "
                     "copies).\n",
                     r->keys.generations, r->keys.generations == 1 ? "" : "s",
                     r->keys.wraps);
}

static void print_revoked(const struct daf_cmd *cmd, const struct revoking *r)
{
    char hex[2 * sizeof(r->who.b) + 1];

    if (cmd->json) {
        daf_cmd_print(json_pack(
            "{s:o,s:o,s:I,s:s,s:I,s:I,s:I,s:I}", "author",
            daf_cmd_hex(r->who.b, sizeof(r->who.b)), "record",
            r->has_record ? daf_cmd_hex(r->record.b, sizeof(r->record.b))
                          : json_null(),
            "records", (json_int_t)r->records_count, "reason",
            daf_payload_reason_str(r->reason), "acts_left",
            (json_int_t)r->acts_left, "logs_left_out", (json_int_t)r->left_out,
            "generations", (json_int_t)r->keys.generations, "wraps",
            (json_int_t)r->keys.wraps));
        return;
    }
    (void)daf_cmd_hex_str(r->who.b, sizeof(r->who.b), hex);
    if (r->records_count == 0) {
        (void)printf("Device %s was revoked already (%s).\n", hex,
                     daf_payload_reason_str(r->reason));
        print_keys(r);
        return;
    }
    (void)printf("Revoked device %s (%s).\nEvery device that hears of it turns "
                 "it away.  What it holds it can still read.\nWhat it writes "
                 "from now on counts for nothing, unless daftar admit names "
                 "it.\nActs left to this coordinator: %llu\n",
                 hex, daf_payload_reason_str(r->reason),
                 (unsigned long long)r->acts_left);
    print_keys(r);
    if (r->left_out > 0)
        (void)printf("It has too many logs: %zu are not named.\n", r->left_out);
}

static enum daf_err revoke_device(const struct daf_cmd *cmd, struct revoking *r)
{
    struct daf_camp_rights device;
    enum daf_err err = check_own(r);

    if (err == DAF_OK)
        err = daf_cmd_find_device(r->view.camp, cmd->args[0], &device, r->t);
    if (err == DAF_OK) err = check_device(r, &device);
    if (err != DAF_OK) return err;
    if (daf_camp_is_revoked(r->view.camp, &r->who)) {
        read_held(r);
        err = count_acts(r);
    } else {
        err = check_acts(r);
        if (err == DAF_OK) err = confirm(cmd, r);
        if (err == DAF_OK) err = write_all(r);
    }
    if (err != DAF_OK) return err;
    /* R108: after the revocation, which says whose copies are not to count. */
    r->keys_err =
        daf_cmd_keys_renew(&r->view, NULL, NULL, NULL, &r->keys, r->t);
    print_revoked(cmd, r);
    return DAF_OK;
}

/* It is revoked; what it can read of the future is not shut yet. */
static enum daf_exit fail_keys(const struct daf_cmd *cmd,
                               const struct revoking *r)
{
    struct daf_trouble t;

    daf_home_trouble(&t,
                     "the device is revoked, but new keys could not be made, "
                     "so it could read what is written from now on: %.150s. "
                     "To do: daftar keys renew",
                     r->t->what[0] != '\0' ? r->t->what
                                           : daf_err_str(r->keys_err));
    return daf_cmd_fail_with(cmd, r->keys_err, &t, DAF_EXIT_PARTLY, NULL);
}

enum daf_exit daf_cmd_revoke(const struct daf_cmd *cmd)
{
    struct daf_trouble t = {""};
    struct revoking *r = calloc(1, sizeof(*r));
    enum daf_exit code = DAF_EXIT_DONE;
    enum daf_err err;

    if (r == NULL) return daf_cmd_fail(cmd, DAF_ENOMEM, NULL);
    r->t = &t;
    err = read_reason(cmd, r);
    if (err == DAF_OK) err = daf_cmd_view_open(cmd, false, &r->view, &t);
    if (err == DAF_OK) {
        err = revoke_device(cmd, r);
        daf_cmd_view_close(&r->view);
    }
    if (err != DAF_OK)
        code = daf_cmd_fail(cmd, err, &t);
    else if (r->keys_err != DAF_OK)
        code = fail_keys(cmd, r);
    free(r);
    return code;
}
