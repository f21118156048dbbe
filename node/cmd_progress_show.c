/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include "node/progress.h"

#include <stdio.h>
#include <time.h>

static void print_cell(const char *text, int width)
{
    int columns = daf_cmd_put_text(text);

    (void)printf("%*s", columns < width ? width - columns : 1, "");
}

static void print_text(const struct daf_progress_line *l)
{
    char subject[2 * 16 + 1], score[16] = "-", day[32] = "-";
    time_t s = (time_t)(l->shown.ms / 1000);
    struct tm tm;

    (void)daf_cmd_hex_str(l->subject.b, sizeof(l->subject.b), subject);
    if (l->has_score)
        (void)snprintf(score, sizeof(score), "%.6g",
                       (double)l->score / DAF_SCORE_MAX);
    if (gmtime_r(&s, &tm) != NULL)
        (void)strftime(day, sizeof(day),
                       l->shown.is_doubtful ? "%Y-%m-%d %H:%M ?"
                                            : "%Y-%m-%d %H:%M",
                       &tm);
    print_cell(l->learner[0] != '\0' ? l->learner : subject, 24);
    print_cell(l->item, 32);
    print_cell(score, 9);
    (void)printf("%5u  ", l->seconds / 60);
    print_cell(day, 20);
    (void)printf("%s%s\n", l->kept_elsewhere ? "elsewhere" : "here",
                 !l->is_confirmed           ? "  UNCONFIRMED"
                 : !l->is_learner_confirmed ? "  LEARNER UNCONFIRMED"
                                            : "");
}

static bool has_unconfirmed(const struct daf_progress *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (!p->lines[i].is_confirmed || !p->lines[i].is_learner_confirmed)
            return true;
    return false;
}

static void print_lines(const struct daf_cmd *cmd, const struct daf_progress *p)
{
    if (!cmd->json) {
        if (p->count == 0) {
            (void)printf("Nothing is known here yet.\n");
            return;
        }
        (void)printf("%-24s%-32s%-9s%5s  %-20s%s\n", "LEARNER", "ITEM", "SCORE",
                     "MIN", "SAID TO BE ON", "KEPT");
    }
    for (size_t i = 0; i < p->count; i++)
        if (cmd->json)
            daf_cmd_print(daf_progress_json(&p->lines[i]));
        else
            print_text(&p->lines[i]);
    if (!cmd->json && has_unconfirmed(p))
        (void)printf("UNCONFIRMED: written, or the learner registered, by a "
                     "device that was revoked.  That\ncounts for nothing "
                     "until a coordinator admits it: daftar revocations.\n");
}

/* What was asked for is nothing that is known here. */
static enum daf_err check(const struct daf_progress_query *q,
                          const struct daf_progress *p, struct daf_trouble *t)
{
    if (!p->knows_learner)
        daf_home_trouble(t, "no such learner is known here. To do: check the "
                            "spelling, or wait until the record has come");
    else if (!p->knows_scope)
        daf_home_trouble(t,
                         "no scope %s is known here. To do: daftar digest "
                         "lists them",
                         q->scope);
    else
        return DAF_OK;
    return DAF_ENOTFOUND;
}

static enum daf_err show_all(const struct daf_cmd *cmd,
                             const struct daf_cmd_view *view,
                             struct daf_trouble *t)
{
    char scope[DAF_SCOPE_NAME_BYTES_MAX + 1];
    struct daf_progress_query q = {.store = view->store,
                                   .camp = view->camp,
                                   .author = view->author,
                                   .scope = scope,
                                   .learner = daf_cmd_value(cmd, "learner")};
    struct daf_progress p = {.lines = NULL};
    enum daf_err err = daf_cmd_scope_of(cmd, scope, t);

    if (err != DAF_OK) return err;
    err = daf_progress_read(&q, &p);
    if (err != DAF_OK)
        daf_home_trouble(t,
                         "the notebook cannot be read: %s. To do: daftar "
                         "check says where",
                         daf_err_str(err));
    else
        err = check(&q, &p, t);
    if (err == DAF_OK) print_lines(cmd, &p);
    daf_progress_free(&p);
    return err;
}

enum daf_exit daf_cmd_progress_show(const struct daf_cmd *cmd)
{
    struct daf_trouble t = {""};
    struct daf_cmd_view view;
    enum daf_err err = daf_cmd_view_open(cmd, true, &view, &t);

    if (err == DAF_OK) {
        err = show_all(cmd, &view, &t);
        daf_cmd_view_close(&view);
    }
    return err == DAF_OK ? DAF_EXIT_DONE : daf_cmd_fail(cmd, err, &t);
}
