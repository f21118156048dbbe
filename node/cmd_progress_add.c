/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include "node/clock.h"

#include <stdio.h>

struct result {
    const struct daf_cmd *cmd;
    enum daf_err err;
    struct daf_trouble t;
};

void daf_cmd_print_record(const struct daf_cmd *cmd,
                          const struct daf_wrote *wrote)
{
    char record[2 * sizeof(wrote->record.b) + 1];

    if (cmd->json)
        daf_cmd_print(
            json_pack("{s:o,s:b,s:o,s:b}", "record",
                      daf_cmd_hex(wrote->record.b, sizeof(wrote->record.b)),
                      "durable", 1, "subject",
                      daf_cmd_hex(wrote->subject.b, sizeof(wrote->subject.b)),
                      "registered", wrote->registered ? 1 : 0));
    else
        (void)printf("Record %s is durable on this device.%s\n",
                     daf_cmd_hex_str(wrote->record.b, sizeof(wrote->record.b),
                                     record),
                     wrote->registered ? "  A new learner was registered."
                                       : "");
}

static void on_wrote(void *ctx, const struct daf_wrote *wrote,
                     const struct daf_trouble *t)
{
    struct result *r = ctx;

    r->err = wrote->err;
    r->t = *t;
    if (wrote->err == DAF_OK) daf_cmd_print_record(r->cmd, wrote);
}

enum daf_err daf_cmd_scope_of(const struct daf_cmd *cmd,
                              char out[DAF_SCOPE_NAME_BYTES_MAX + 1],
                              struct daf_trouble *t)
{
    const char *scope = daf_cmd_value(cmd, "scope");

    out[0] = '\0';
    if (scope == NULL) return DAF_OK;
    if (strncmp(scope, "class:", 6) != 0 ||
        !daf_cert_scope_name_ok(
            (struct daf_view){(const uint8_t *)scope, strlen(scope)})) {
        daf_home_trouble(t, "--scope must be a class, such as class:1");
        return DAF_EUSAGE;
    }
    (void)snprintf(out, DAF_SCOPE_NAME_BYTES_MAX + 1, "%s", scope);
    return DAF_OK;
}

/* The one activity of the command line; views point into the arguments. */
static enum daf_err read_activity(const struct daf_cmd *cmd,
                                  struct daf_write *write, struct daf_did *did,
                                  struct daf_trouble *t)
{
    const char *learner = daf_cmd_value(cmd, "learner");
    const char *item = daf_cmd_value(cmd, "item");
    const char *score = daf_cmd_value(cmd, "score");
    const char *minutes = daf_cmd_value(cmd, "minutes");
    enum daf_err err;

    if (learner == NULL || item == NULL) {
        daf_home_trouble(t, "--learner and --item are needed (or --batch). To "
                            "do: daftar progress add --help");
        return DAF_EUSAGE;
    }
    err = daf_cmd_check_name(learner, DAF_NAME_BYTES_MAX, "--learner", t);
    if (err == DAF_OK)
        err = daf_cmd_check_name(item, DAF_ITEM_BYTES_MAX, "--item", t);
    did->has_score = score != NULL;
    if (err == DAF_OK && score != NULL)
        err = daf_cmd_score(score, &did->score, t);
    if (err == DAF_OK && minutes != NULL)
        err = daf_cmd_minutes(minutes, &did->seconds, t);
    did->item = (struct daf_view){(const uint8_t *)item, strlen(item)};
    write->learner =
        (struct daf_view){(const uint8_t *)learner, strlen(learner)};
    write->did = did;
    write->did_count = 1;
    return err;
}

static enum daf_err add_one(struct daf_home *home,
                            const struct daf_write *write, struct result *r)
{
    struct daf_cmd_writer *w;
    enum daf_err err = daf_cmd_writer_open(home, on_wrote, r, &w, &r->t);

    if (err != DAF_OK) return err;
    r->err = DAF_EIO; /* unless the write says how it ended */
    err = daf_cmd_writer_put(w, write, &r->t);
    if (err == DAF_OK) err = daf_cmd_writer_flush(w, &r->t);
    daf_cmd_writer_close(w);
    return err != DAF_OK ? err : r->err;
}

enum daf_exit daf_cmd_progress_add(const struct daf_cmd *cmd)
{
    const char *batch = daf_cmd_value(cmd, "batch");
    struct daf_write write = {.kind = DAF_WRITE_SESSION};
    struct daf_did did = {.has_score = false};
    struct result r = {.cmd = cmd};
    struct daf_home home;
    enum daf_exit code;
    enum daf_err err = daf_cmd_scope_of(cmd, write.scope, &r.t);

    if (err == DAF_OK && batch == NULL)
        err = read_activity(cmd, &write, &did, &r.t);
    if (err == DAF_OK && batch != NULL &&
        (daf_cmd_value(cmd, "learner") != NULL ||
         daf_cmd_value(cmd, "item") != NULL ||
         daf_cmd_value(cmd, "score") != NULL ||
         daf_cmd_value(cmd, "minutes") != NULL)) {
        daf_home_trouble(&r.t, "--batch FILE has learner, item, score and "
                               "minutes in its lines, not beside it");
        err = DAF_EUSAGE;
    }
    if (err == DAF_OK) err = daf_cmd_load(cmd, true, &home, &r.t);
    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &r.t);
    if (batch != NULL) {
        code = daf_cmd_batch(cmd, &home, batch);
        daf_home_unload(&home);
        return code;
    }
    write.claimed = daf_clock_wall();
    write.time_quality = (uint8_t)daf_clock_quality(write.claimed);
    err = add_one(&home, &write, &r);
    daf_home_unload(&home);
    return err == DAF_OK ? DAF_EXIT_DONE : daf_cmd_fail(cmd, err, &r.t);
}
