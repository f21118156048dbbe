/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"
#include "node/reach.h"

#include <stdio.h>
#include <time.h>

/* A line: one erasure, and who has not said that it is applied. */
struct line {
    const struct daf_cmd *cmd;
    json_t *missing; /* JSON */
    size_t count;
};

static void add_missing(void *ctx, const struct daf_author_id *author,
                        uint64_t last_ms)
{
    struct line *l = ctx;

    l->count++;
    if (!l->cmd->json) return;
    (void)json_array_append_new(
        l->missing,
        json_pack("{s:o,s:o}", "author",
                  daf_cmd_hex(author->b, sizeof(author->b)), "last_ms",
                  last_ms == 0 ? json_null()
                               : json_integer((json_int_t)last_ms)));
}

/* For people, under the line: by the device's own clock. */
static void print_missing(void *ctx, const struct daf_author_id *author,
                          uint64_t last_ms)
{
    char hex[2 * sizeof(author->b) + 1], day[32] = "nothing of it is here";
    time_t s = (time_t)(last_ms / 1000);
    struct tm tm;

    (void)ctx;
    if (last_ms > 0 && gmtime_r(&s, &tm) != NULL)
        (void)strftime(day, sizeof(day), "last record %Y-%m-%d", &tm);
    (void)printf("    not yet: %s  %s\n",
                 daf_cmd_hex_str(author->b, sizeof(author->b), hex), day);
}

static void print_one(const struct daf_cmd *cmd, struct daf_reach *r,
                      size_t index, const struct daf_camp_act_info *act)
{
    struct line l = {.cmd = cmd, .missing = cmd->json ? json_array() : NULL};
    struct daf_reach_count n = daf_reach_act(r, index, add_missing, &l);
    char hex[2 * sizeof(act->spot.id.b) + 1];

    if (cmd->json) {
        daf_cmd_print(
            json_pack("{s:o,s:I,s:I,s:I,s:o}", "record",
                      daf_cmd_hex(act->spot.id.b, sizeof(act->spot.id.b)),
                      "handles", (json_int_t)act->handles, "receipts",
                      (json_int_t)n.receipts, "of", (json_int_t)n.of, "missing",
                      l.missing));
        return;
    }
    (void)printf("%s  handles %zu  applied on %zu of %zu devices (%zu %%)\n",
                 daf_cmd_hex_str(act->spot.id.b, sizeof(act->spot.id.b), hex),
                 act->handles, n.receipts, n.of,
                 n.of > 0 ? 100 * n.receipts / n.of : 0);
    (void)daf_reach_act(r, index, print_missing, NULL);
}

static enum daf_err list(const struct daf_cmd *cmd,
                         const struct daf_cmd_view *view, struct daf_trouble *t)
{
    struct daf_camp_act_info act;
    struct daf_reach *r;
    size_t count = 0;
    enum daf_err err = daf_reach_new(view->camp, view->store, &r);

    if (err != DAF_OK) {
        daf_home_trouble(t,
                         "the notebook cannot be read: %s. To do: daftar "
                         "check says where",
                         daf_err_str(err));
        return err;
    }
    for (size_t i = 0; daf_camp_act_at(view->camp, i, &act); i++) {
        if (act.handles == 0) continue;
        count++;
        print_one(cmd, r, i, &act);
    }
    if (count == 0 && !cmd->json) (void)printf("Nothing was erased.\n");
    daf_reach_free(r);
    return DAF_OK;
}

enum daf_exit daf_cmd_erasures(const struct daf_cmd *cmd)
{
    struct daf_trouble t = {""};
    struct daf_cmd_view view;
    enum daf_err err = daf_cmd_view_open(cmd, false, &view, &t);

    if (err == DAF_OK) {
        err = list(cmd, &view, &t);
        daf_cmd_view_close(&view);
    }
    return err == DAF_OK ? DAF_EXIT_DONE : daf_cmd_fail(cmd, err, &t);
}
