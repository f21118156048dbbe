/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include "node/clock.h"
#include "proto/body.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define RECORDS_MAX \
    4 /* of 64 handles: nobody is registered 257 times in earnest */
#define HANDLES_MAX ((size_t)RECORDS_MAX * DAF_ERASURE_MAX)
#define HANDLE_HEX  (2 * sizeof(struct daf_handle))

/* One run: who, what goes, and what was written. */
struct erasing {
    struct daf_cmd_view view;
    bool has_subject; /* false: a handle was given */
    struct daf_subject_id subject;
    struct daf_handle handles[HANDLES_MAX];
    size_t handles_count;
    uint64_t records, registrations; /* held here, that go */
    struct daf_record_id written[RECORDS_MAX];
    size_t written_count;
    struct daf_head head;
    uint64_t acts_left;
    struct daf_trouble *t;
    enum daf_err err; /* of a write */
};

/* ---- who */

static enum daf_err read_handle(struct erasing *e, const char *hex)
{
    size_t len = 0;

    if (strlen(hex) == HANDLE_HEX &&
        sodium_hex2bin(e->handles[0].b, sizeof(e->handles[0].b), hex,
                       HANDLE_HEX, NULL, &len, NULL) == 0 &&
        len == sizeof(e->handles[0].b)) {
        e->handles_count = 1;
        return DAF_OK;
    }
    daf_home_trouble(e->t, "--handle must be the 32 hexadecimal digits of an "
                           "erase handle");
    return DAF_EUSAGE;
}

/* Whether @who is this learner's name or subject id. */
static bool is_called(const struct daf_learner *l, const char *who)
{
    char hex[2 * sizeof(l->subject.b) + 1];

    (void)daf_cmd_hex_str(l->subject.b, sizeof(l->subject.b), hex);
    return strcmp(l->name, who) == 0 ||
           (strlen(who) == sizeof(hex) - 1 && daf_cmd_begins(hex, who));
}

/* The one subject called @who, in whatever classes. */
static enum daf_err find_subject(struct erasing *e, const char *who)
{
    struct daf_learner l;
    size_t others = 0;

    for (size_t i = 0; daf_camp_learner_at(e->view.camp, i, &l); i++) {
        if (!is_called(&l, who)) continue;
        if (e->has_subject && memcmp(&e->subject, &l.subject, 16) != 0)
            others++;
        e->subject = l.subject;
        e->has_subject = true;
    }
    sodium_memzero(&l, sizeof(l));
    if (e->has_subject && others == 0) return DAF_OK;
    daf_home_trouble(
        e->t,
        others > 0
            ? "several learners have this name. To do: give the subject id of "
              "the one, as daftar progress show --json has it"
            : "no such learner is known here. To do: check the spelling; a "
              "learner of a class that this device cannot read is erased by "
              "her handle, with --handle");
    return others > 0 ? DAF_EUSAGE : DAF_ENOTFOUND;
}

static enum daf_err find(const struct daf_cmd *cmd, struct erasing *e)
{
    const char *hex = daf_cmd_value(cmd, "handle");
    enum daf_err err;

    if ((hex == NULL) == (cmd->args_count == 0)) {
        daf_home_trouble(e->t, "give a learner, or --handle, and not both");
        return DAF_EUSAGE;
    }
    if (hex != NULL) return read_handle(e, hex);
    err = find_subject(e, cmd->args[0]);
    if (err != DAF_OK) return err;
    e->handles_count =
        daf_camp_handles(e->view.camp, &e->subject, e->handles, HANDLES_MAX);
    if (e->handles_count <= HANDLES_MAX) return DAF_OK;
    daf_home_trouble(e->t,
                     "she is registered more than %zu times. To do: "
                     "erase the handles one by one, with --handle",
                     HANDLES_MAX);
    return DAF_ELIMIT;
}

/* ---- what goes */

static bool is_hers(const struct erasing *e, const struct daf_handle *handle)
{
    for (size_t i = 0; i < e->handles_count; i++)
        if (memcmp(e->handles[i].b, handle->b, sizeof(handle->b)) == 0)
            return true;
    return false;
}

static bool count_row(void *ctx, const struct daf_row *row)
{
    struct erasing *e = ctx;
    struct daf_record r;
    struct daf_body body;

    if (row->stored.body_state != DAF_BODY_HELD ||
        daf_body_decode(row->stored.body, &body) != DAF_OK || !body.is_sealed ||
        !is_hers(e, &body.handle) ||
        daf_record_decode(row->stored.header, &r) != DAF_OK)
        return true;
    e->records++;
    e->registrations += r.retention == DAF_RETENTION_IDENTITY;
    return true;
}

static enum daf_err count_records(struct erasing *e)
{
    struct daf_scope_id scopes[DAF_SCOPES_MAX];
    size_t count = daf_store_scopes(e->view.store, scopes, DAF_SCOPES_MAX);
    enum daf_err err = DAF_OK;

    for (size_t i = 0; err == DAF_OK && i < count; i++)
        err = daf_store_scan(e->view.store, &scopes[i], -1, count_row, e);
    if (err != DAF_OK)
        daf_home_trouble(e->t,
                         "the notebook cannot be read: %s. To do: daftar "
                         "check says where",
                         daf_err_str(err));
    return err;
}

/* ---- may it be */

static enum daf_err check_own(struct erasing *e)
{
    static const char type[] = "erasure";
    const struct daf_manifest *m = daf_camp_manifest(e->view.camp);

    if (daf_manifest_coordinator(m, &e->view.author) == NULL) {
        daf_home_trouble(e->t, "this device is no coordinator of the camp, and "
                               "only coordinators erase. To do: ask one");
        return DAF_EDENIED;
    }
    if (daf_manifest_has_type(m, (struct daf_view){(const uint8_t *)type,
                                                   strlen(type)}))
        return DAF_OK;
    daf_home_trouble(e->t, "the camp's register does not name erasures, so no "
                           "device would heed one. To do: make a manifest "
                           "that names them");
    return DAF_ETYPE;
}

/* Where the next record of this coordinator's log would stand. */
static enum daf_err count_acts(struct erasing *e)
{
    const struct daf_camp *camp = e->view.camp;
    const struct daf_index *index = daf_store_index(e->view.store);
    const struct daf_coordinator *own =
        daf_manifest_coordinator(daf_camp_manifest(camp), &e->view.author);
    struct daf_log_key log = {.scope = daf_camp_authority(camp)->control,
                              .author = e->view.author};
    struct daf_spot spot = {0};
    struct daf_self self;
    uint64_t acts = 0;
    enum daf_err err;

    err = daf_selfvalue_get(e->view.store, &self);
    if (err == DAF_OK) {
        log.incarnation = self.lives[self.lives_count - 1];
        err = index->head(index->ctx, &log, &e->head);
    }
    for (size_t i = 0; err == DAF_OK && i < e->head.tips_count; i++)
        if (e->head.tips[i].seq > spot.seq) spot = e->head.tips[i];
    if (err == DAF_ENOTFOUND) err = DAF_OK; /* a log to be begun */
    if (err == DAF_OK && spot.seq > 0)
        err = daf_camp_acts(camp, &log, &spot, &acts);
    if (err != DAF_OK)
        daf_home_trouble(e->t, "records of this coordinator's own log are "
                               "missing here, so that what it erases would "
                               "not count. To do: daftar check --repair");
    e->acts_left = acts < own->acts ? own->acts - acts : 0;
    return err;
}

static enum daf_err check_acts(struct erasing *e)
{
    enum daf_err err = count_acts(e);

    if (err != DAF_OK || e->acts_left >= e->handles_count) return err;
    daf_home_trouble(e->t,
                     "this coordinator has %llu acts left of those that the "
                     "manifest gives it, and this takes %zu. To do: ask "
                     "another coordinator to erase the learner",
                     (unsigned long long)e->acts_left, e->handles_count);
    return DAF_ELIMIT;
}

/* Typed, since a key is pressed too easily. */
static enum daf_err confirm(const struct daf_cmd *cmd, struct erasing *e)
{
    char line[16] = "";

    if (daf_cmd_value(cmd, "yes") != NULL) return DAF_OK;
    if (isatty(STDIN_FILENO) == 0) {
        daf_home_trouble(e->t, "this cannot be taken back, and there is no "
                               "terminal to ask at. To do: give --yes");
        return DAF_EUSAGE;
    }
    (void)fprintf(stderr, "Erase ");
    (void)daf_cmd_put_words(stderr, cmd->args_count > 0
                                        ? cmd->args[0]
                                        : daf_cmd_value(cmd, "handle"));
    (void)fprintf(stderr,
                  "?\n%llu records that are held here go, and all others like "
                  "them, on every device.\nThis cannot be taken back. Type "
                  "yes to go on: ",
                  (unsigned long long)e->records);
    if (fgets(line, sizeof(line), stdin) != NULL && strcmp(line, "yes\n") == 0)
        return DAF_OK;
    daf_home_trouble(e->t, "nothing was erased");
    return DAF_EUSAGE;
}

/* ---- writing */

static void note(void *ctx, const struct daf_wrote *wrote,
                 const struct daf_trouble *t)
{
    struct erasing *e = ctx;

    if (wrote->err == DAF_OK && e->written_count < RECORDS_MAX)
        e->written[e->written_count++] = wrote->record;
    if (wrote->err == DAF_OK || e->err != DAF_OK) return;
    e->err = wrote->err;
    *e->t = *t;
}

static enum daf_err put(struct erasing *e, struct daf_cmd_writer *w,
                        size_t from, size_t count)
{
    uint8_t payload[64 + DAF_ERASURE_MAX * 18];
    struct daf_write write = {.kind = DAF_WRITE_CONTROL};
    struct daf_pack k;

    daf_pack_init(&k, payload, sizeof(payload));
    daf_payload_pack_erasure(&k, e->handles + from, count);
    write.payload = daf_pack_view(&k);
    write.claimed = daf_clock_wall();
    write.time_quality = (uint8_t)daf_clock_quality(write.claimed);
    return daf_cmd_writer_put(w, &write, e->t);
}

static bool fold_row(void *ctx, const struct daf_row *row)
{
    struct erasing *e = ctx;

    (void)daf_camp_add(e->view.camp, &row->log, &row->stored);
    return true;
}

static enum daf_err write_all(struct erasing *e)
{
    const struct daf_scope_id *control =
        &daf_camp_authority(e->view.camp)->control;
    struct daf_cmd_writer *w = NULL;
    enum daf_err err = daf_cmd_writer_open(&e->view.home, note, e, &w, e->t);

    if (err != DAF_OK) return err;
    for (size_t at = 0; err == DAF_OK && at < e->handles_count;) {
        size_t count = e->handles_count - at;

        if (count > DAF_ERASURE_MAX) count = DAF_ERASURE_MAX;
        err = put(e, w, at, count);
        at += count;
    }
    if (err == DAF_OK) err = daf_cmd_writer_flush(w, e->t);
    daf_cmd_writer_close(w);
    if (err == DAF_OK) err = e->err;
    /* What was written, as everybody will read it. */
    if (err == DAF_OK)
        err = daf_store_scan(e->view.store, control, -1, fold_row, e);
    if (err == DAF_OK) err = count_acts(e);
    for (size_t i = 0; err == DAF_OK && i < e->handles_count; i++) {
        if (daf_camp_is_erased(e->view.camp, &e->handles[i])) continue;
        daf_home_trouble(e->t, "it was written, but does not count: this "
                               "coordinator has used all its acts. To do: ask "
                               "another coordinator to erase the learner");
        err = DAF_ELIMIT;
    }
    return err;
}

/* ---- all of it */

static void print_json(const struct erasing *e, bool is_dry)
{
    json_t *handles = json_array(), *written = json_array();

    for (size_t i = 0; i < e->handles_count; i++)
        (void)json_array_append_new(handles,
                                    daf_cmd_hex(e->handles[i].b,
                                                sizeof(e->handles[i].b)));
    for (size_t i = 0; i < e->written_count; i++)
        (void)json_array_append_new(written,
                                    daf_cmd_hex(e->written[i].b,
                                                sizeof(e->written[i].b)));
    daf_cmd_print(json_pack(
        "{s:o,s:o,s:I,s:I,s:o,s:I,s:b}", "subject",
        e->has_subject ? daf_cmd_hex(e->subject.b, sizeof(e->subject.b))
                       : json_null(),
        "handles", handles, "records", (json_int_t)e->records, "registrations",
        (json_int_t)e->registrations, "written", written, "acts_left",
        (json_int_t)e->acts_left, "dry_run", (int)is_dry));
}

static void print_erased(const struct daf_cmd *cmd, const struct erasing *e,
                         bool is_dry)
{
    if (cmd->json) {
        print_json(e, is_dry);
        return;
    }
    (void)printf(
        "%s %llu records that are held here, registrations among them: "
        "%llu\nErase handles: %zu, each an act; acts left to this "
        "coordinator: %llu\n",
        is_dry ? "Would erase" : "Erased", (unsigned long long)e->records,
        (unsigned long long)e->registrations, e->handles_count,
        (unsigned long long)e->acts_left);
    if (is_dry) return;
    if (e->written_count == 0)
        (void)printf("All of it was erased before.\n");
    else
        (void)printf("Every device that hears of it destroys what it holds, "
                     "and keeps nothing that comes\nlater.  Copies that no "
                     "device reads, old cards and sticks, stay: destroy "
                     "those.\n");
}

/* What is erased already is not written again: each is an act. */
static void leave_out_erased(struct erasing *e)
{
    size_t left = 0;

    for (size_t i = 0; i < e->handles_count; i++)
        if (!daf_camp_is_erased(e->view.camp, &e->handles[i]))
            e->handles[left++] = e->handles[i];
    e->handles_count = left;
}

static enum daf_err erase(const struct daf_cmd *cmd, struct erasing *e)
{
    bool is_dry = daf_cmd_value(cmd, "dry-run") != NULL;
    enum daf_err err = check_own(e);

    if (err == DAF_OK) err = find(cmd, e);
    if (err != DAF_OK) return err;
    leave_out_erased(e);
    err = check_acts(e);
    if (err == DAF_OK) err = count_records(e);
    if (err == DAF_OK && !is_dry && e->handles_count > 0) {
        err = confirm(cmd, e);
        if (err == DAF_OK) err = write_all(e);
    }
    if (err == DAF_OK) print_erased(cmd, e, is_dry);
    return err;
}

enum daf_exit daf_cmd_erase(const struct daf_cmd *cmd)
{
    struct daf_trouble t = {""};
    struct erasing *e = calloc(1, sizeof(*e));
    enum daf_err err;

    if (e == NULL) return daf_cmd_fail(cmd, DAF_ENOMEM, NULL);
    e->t = &t;
    err = daf_cmd_view_open(cmd, true, &e->view, &t);
    if (err == DAF_OK) {
        err = erase(cmd, e);
        daf_cmd_view_close(&e->view);
    }
    free(e);
    return err == DAF_OK ? DAF_EXIT_DONE : daf_cmd_fail(cmd, err, &t);
}
