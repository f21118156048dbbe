/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include "node/clock.h"

#include <stdio.h>

struct heard {
    enum daf_err err;
    struct daf_trouble *t;
};

static void note(void *ctx, const struct daf_wrote *wrote,
                 const struct daf_trouble *t)
{
    struct heard *h = ctx;

    h->err = wrote->err;
    if (wrote->err != DAF_OK) *h->t = *t;
}

static enum daf_err say_heard(struct daf_home *home, struct daf_trouble *t)
{
    const struct daf_write write = {.kind = DAF_WRITE_HEARD};
    struct heard h = {DAF_OK, t};
    struct daf_cmd_writer *w;
    enum daf_err err = daf_cmd_writer_open(home, note, &h, &w, t);

    if (err != DAF_OK) return err;
    err = daf_cmd_writer_put(w, &write, t);
    if (err == DAF_OK) err = daf_cmd_writer_flush(w, t);
    daf_cmd_writer_close(w);
    return err != DAF_OK ? err : h.err;
}

static void print(const struct daf_cmd *cmd, const struct daf_self *self)
{
    if (cmd->json)
        daf_cmd_print(json_pack("{sb sI}", "restored", self->is_restored,
                                "lives", (json_int_t)self->lives_count));
    else if (self->is_restored)
        (void)printf(
            "This device was put back from an older copy, or its card was "
            "copied.\nNothing is lost. Until it has met an archive or two "
            "other devices it takes nobody in and takes nothing from "
            "anybody.\n");
    else
        (void)printf("This device knows what it once said.\n");
}

enum daf_exit daf_cmd_restored(const struct daf_cmd *cmd)
{
    struct daf_trouble t = {""};
    struct daf_cmd_view view;
    struct daf_self self = {.lives_count = 0};
    enum daf_err err = daf_cmd_view_open(cmd, false, &view, &t);

    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    if (daf_cmd_value(cmd, "anyway") != NULL) err = say_heard(&view.home, &t);
    if (err == DAF_OK) err = daf_selfvalue_get(view.store, &self);
    if (err == DAF_ENOTFOUND) err = DAF_OK; /* it has not written yet */
    daf_cmd_view_close(&view);
    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    print(cmd, &self);
    return DAF_EXIT_DONE;
}
