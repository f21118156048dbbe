/* SPDX-License-Identifier: Apache-2.0 */
/* Long work on items, a unit at a time: a page or a chunk hashed, a file made,
 * grown or synced.  Whoever has the shelf says between two units whether the turn is over;
 * the rest waits for daf_shelf_work(). */
#include <assert.h>

#include "store/shelf_impl.h"

static enum daf_err unit(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    static enum daf_err (*const units[])(struct daf_shelf *,
                                         struct daf_shelf_kept *) = {
        [DAF_SHELF_AT_PAGES] = daf_shelf_unit_pages,
        [DAF_SHELF_AT_NEED] = daf_shelf_unit_need,
        [DAF_SHELF_AT_GROW] = daf_shelf_unit_grow,
        [DAF_SHELF_AT_FILES] = daf_shelf_unit_files,
        [DAF_SHELF_AT_FOLDERS] = daf_shelf_unit_folders,
        [DAF_SHELF_AT_REUSE] = daf_shelf_unit_reuse,
        [DAF_SHELF_AT_NOTE] = daf_shelf_unit_note,
        [DAF_SHELF_AT_WHOLE] = daf_shelf_unit_whole,
    };

    return units[it->work.stage](s, it);
}

/* One unit, and more until it ends or the turn is over. */
static enum daf_err go_on(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    bool is_settling = false;
    enum daf_err err = DAF_OK;

    s->working = it;
    while (it->work.stage != DAF_SHELF_AT_REST) {
        is_settling = daf_shelf_is_settling(it);
        err = unit(s, it);
        if (err != DAF_OK || daf_shelf_turn_is_over(s)) break;
    }
    if (err != DAF_OK) {
        if (is_settling) daf_shelf_unknown(s, it, err);
        it->work.stage = DAF_SHELF_AT_REST;
    }
    s->working = NULL;
    return daf_shelf_of_disk(err);
}

static void begin(struct daf_shelf_kept *it, enum daf_shelf_stage stage)
{
    assert(it->work.stage == DAF_SHELF_AT_REST && !it->is_whole);
    it->work = (struct daf_shelf_progress){.stage = stage,
                                           .syncs_all = it->is_have_wrong &&
                                                        it->has_list};
}

void daf_shelf_start(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    enum daf_err err = DAF_OK;

    if (it->is_whole || (!s->is_owner && !daf_shelf_has_pages(it))) return;
    begin(it, s->is_owner ? DAF_SHELF_AT_PAGES : DAF_SHELF_AT_NEED);
    it->work.is_starting = true;
    /* At the opening everything is read first. */
    if (!s->is_opening || s->turns.is_over == NULL) err = go_on(s, it);
    (void)err; /* it stays as it is, and its trouble is told */
}

enum daf_err daf_shelf_known(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    begin(it, DAF_SHELF_AT_NEED);
    return go_on(s, it);
}

enum daf_err daf_shelf_finish(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    begin(it, DAF_SHELF_AT_WHOLE);
    return go_on(s, it);
}

enum daf_err daf_shelf_sync_item(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    if (it->is_whole || (it->unsynced == 0 && !it->is_have_wrong))
        return DAF_OK;
    begin(it, DAF_SHELF_AT_NOTE);
    return go_on(s, it);
}

enum daf_err daf_shelf_known_again(struct daf_shelf *s,
                                   struct daf_shelf_kept *it)
{
    if (it->is_whole || it->is_condemned ||
        it->work.stage != DAF_SHELF_AT_REST || !daf_shelf_has_pages(it))
        return DAF_OK;
    if (!it->has_list) return daf_shelf_known(s, it);
    return it->held == it->parts ? daf_shelf_finish(s, it) : DAF_OK;
}

/* What is at a stage already goes on by itself, or has notes to come. */
enum daf_err daf_shelf_sync(struct daf_shelf *s)
{
    enum daf_err first = DAF_OK;

    for (size_t i = 0; s->is_owner && i < s->count; i++) {
        struct daf_shelf_kept *it = s->items[i];
        enum daf_err err;

        if (daf_shelf_is_noting(it))
            err = go_on(s, it);
        else if (it->work.stage != DAF_SHELF_AT_REST)
            continue;
        else if (!it->is_whole && it->has_list && it->held == it->parts)
            err = daf_shelf_finish(s, it);
        else
            err = daf_shelf_sync_item(s, it);
        if (first == DAF_OK) first = err;
        if (daf_shelf_turn_is_over(s)) break;
    }
    return first;
}

/* What people or peers wait for comes first. */
static struct daf_shelf_kept *next(const struct daf_shelf *s, bool notes)
{
    struct daf_shelf_kept *best = NULL;
    int best_rank = 3;

    for (size_t i = 0; i < s->count; i++) {
        struct daf_shelf_kept *it = s->items[i];
        int rank = it->work.is_starting ? 2 : 1;

        if (it->work.stage == DAF_SHELF_AT_REST) continue;
        if (daf_shelf_is_noting(it)) rank = 0;
        if (rank >= best_rank || (notes && rank > 0)) continue;
        best_rank = rank;
        best = it;
    }
    return best;
}

bool daf_shelf_has_work(const struct daf_shelf *s, bool notes)
{
    return next(s, notes) != NULL || (!notes && s->going_count > 0);
}

bool daf_shelf_is_going(const struct daf_shelf *s)
{
    return s->going_count > 0;
}

bool daf_shelf_work(struct daf_shelf *s, bool notes,
                    struct daf_shelf_worked *out)
{
    struct daf_shelf_kept *it = next(s, notes);
    bool is_news;

    *out = (struct daf_shelf_worked){.err = DAF_OK};
    if (it == NULL && (notes || s->going_count == 0)) return false;
    if (it == NULL) {
        out->is_gone = daf_shelf_new_going(s);
        return true;
    }
    out->content = it->content;
    is_news = it->work.stage != DAF_SHELF_AT_NOTE || daf_shelf_is_settling(it);
    out->err = go_on(s, it);
    out->is_news = (is_news && it->work.stage == DAF_SHELF_AT_REST);
    return true;
}
