/* SPDX-License-Identifier: Apache-2.0 */
/* What the keeper is asked for, done. */
#include "node/keeper_impl.h"

#include <stdlib.h>

static bool is_end(enum daf_err err, enum daf_shelf_put put)
{
    return err != DAF_OK || put != DAF_SHELF_MORE;
}

static bool is_changed(enum daf_shelf_put put)
{
    return put == DAF_SHELF_WHOLE || put == DAF_SHELF_CONDEMNED;
}

static void put_ended(struct daf_keeper *k, struct daf_keeper_job *j,
                      enum daf_err err, enum daf_shelf_put put)
{
    const struct daf_hash content = j->piece.content;
    struct daf_shelf_item *item = &j->answer->item;
    bool is_here = daf_shelf_find(k->shelf, &content, item), is_settling;

    item->manifest = item->bits = (struct daf_view){NULL, 0};
    is_settling = is_here && item->is_settling;
    j->answer->put = put;
    /* First that it is stuck, or it would be asked for again at once. */
    if (err != DAF_OK && err != DAF_EBUSY && is_here)
        daf_keeper_stick(k, &content, err);
    /* And which chunks were here already: or they would be asked for. */
    if (is_here && (err != DAF_OK || is_settling || put == DAF_SHELF_LIST))
        daf_keeper_tell_found(k, &content);
    daf_keeper_answer(k, j, err);
    if (err == DAF_OK && is_changed(put)) daf_keeper_tell_found(k, &content);
}

static bool do_put(struct daf_keeper *k, struct daf_keeper_job *j)
{
    const struct daf_port_piece *p = &j->piece;
    enum daf_shelf_put put = DAF_SHELF_MORE;
    enum daf_err err =
        daf_shelf_put(k->shelf, &p->content, p->part, j->conn, p->offset,
                      (struct daf_view){j->bytes, j->len}, &put);

    /* What came before it is synced first. */
    if (err == DAF_EBUSY && daf_shelf_has_work(k->shelf, true)) return false;
    if (k->unsynced.ms == DAF_MONO_NEVER.ms && daf_shelf_unsynced(k->shelf) > 0)
        k->unsynced = daf_clock_now();
    if (is_end(err, put)) put_ended(k, j, err, put);
    return true;
}

static enum daf_err read_piece(struct daf_keeper *k,
                               const struct daf_port_piece *p, uint8_t *room,
                               size_t *len, bool *out_is_last)
{
    uint32_t bytes = 0;
    enum daf_err err =
        daf_shelf_part_bytes(k->shelf, &p->content, p->part, &bytes);

    if (err == DAF_OK)
        err = daf_shelf_read(k->shelf, &p->content, p->part, p->offset, room,
                             len);
    if (err != DAF_OK) *len = 0;
    *out_is_last = p->offset + *len >= bytes;
    return err;
}

static bool do_read(struct daf_keeper *k, struct daf_keeper_job *j)
{
    struct daf_keeper_result *r = j->answer;
    uint8_t *room = malloc(DAF_PIECE_BYTES_MAX);
    size_t len = DAF_PIECE_BYTES_MAX;
    enum daf_err err = DAF_ENOMEM;

    r->is_last = true;
    if (room != NULL) err = read_piece(k, &j->piece, room, &len, &r->is_last);
    r->piece.bytes = (struct daf_view){room, room != NULL ? len : 0};
    daf_keeper_answer(k, j, err);
    return true;
}

static bool do_add(struct daf_keeper *k, struct daf_keeper_job *j)
{
    const struct daf_view manifest = {j->bytes, j->len};
    struct daf_hash content = daf_content_id(manifest);
    enum daf_err err;

    daf_keeper_settle(k);
    err = daf_shelf_add(k->shelf, manifest, j->set, j->clear);
    if (err == DAF_OK) {
        struct daf_keeper_stuck *s = daf_keeper_stuck_of(k, &content);

        /* To take a wish back does not try again. */
        if (s != NULL && j->set != 0) *s = k->stuck[--k->stuck_count];
        daf_keeper_tell_found(k, &content);
    }
    daf_keeper_answer(k, j, err);
    return true;
}

/* What was said since the main thread looked counts. */
static bool may_drop(const struct daf_keeper *k, const struct daf_keeper_job *j)
{
    const unsigned stays =
        DAF_SHELF_PINNED | DAF_SHELF_PUBLISHED | DAF_SHELF_CAMPS;
    struct daf_shelf_item item;

    if (!daf_shelf_find(k->shelf, &j->piece.content, &item)) return true;
    if (j->is_only_lacking)
        return !item.is_whole && item.wishes == DAF_SHELF_CAMPS;
    return !j->is_for_room || (item.wishes & stays) == 0;
}

/* It keeps its answer for daf_keeper_left() while its room is not free. */
static bool do_drop(struct daf_keeper *k, struct daf_keeper_job *j)
{
    enum daf_err err = may_drop(k, j) ? DAF_OK : DAF_EDENIED;

    if (err == DAF_OK) err = daf_shelf_drop(k->shelf, &j->piece.content);
    if (err == DAF_OK) {
        daf_keeper_tell_gone(k, &j->piece.content);
        daf_keeper_unstick(k);
    }
    if (err != DAF_OK || !j->is_for_room || !daf_shelf_is_going(k->shelf))
        daf_keeper_answer(k, j, err);
    return true;
}

void daf_keeper_left(struct daf_keeper *k)
{
    struct daf_keeper_job *j;

    while ((j = daf_keeper_queue_take(&k->leaving)) != NULL) {
        daf_keeper_answer(k, j, DAF_OK);
        daf_keeper_job_free(k, j);
    }
}

static enum daf_err look(struct daf_keeper *k, struct daf_hash *before,
                         size_t count)
{
    struct daf_shelf_item item;
    enum daf_err err;

    for (size_t i = 0; i < count; i++) {
        daf_shelf_at(k->shelf, i, &item);
        before[i] = item.content;
    }
    err = daf_shelf_look(k->shelf);
    /* Also after an error: one that changed and cannot be read is gone. */
    for (size_t i = 0; i < count; i++) {
        if (!daf_shelf_find(k->shelf, &before[i], &item))
            daf_keeper_tell_gone(k, &before[i]);
    }
    return err;
}

enum daf_err daf_keeper_look_all(struct daf_keeper *k)
{
    size_t count = daf_shelf_count(k->shelf);
    struct daf_hash *before = malloc((count + 1) * sizeof(*before));
    enum daf_err err = DAF_ENOMEM;

    if (before != NULL) err = look(k, before, count);
    free(before);
    if (err == DAF_OK) daf_keeper_tell_all(k);
    return err;
}

void daf_keeper_settle(struct daf_keeper *k)
{
    enum daf_err err = DAF_OK;

    if (daf_shelf_is_promise_over(k->shelf)) err = daf_keeper_look_all(k);
    (void)err; /* it stays promised, until it is looked at again */
}

static bool do_look(struct daf_keeper *k, struct daf_keeper_job *j)
{
    const struct daf_hash *content = &j->piece.content;
    enum daf_err err;

    if (j->is_one) {
        err = daf_shelf_look_at(k->shelf, content, j->number);
        if (err == DAF_OK) daf_keeper_tell_found(k, content);
    } else {
        err = daf_keeper_look_all(k);
    }
    daf_keeper_answer(k, j, err);
    return true;
}

static bool do_open(struct daf_keeper *k, struct daf_keeper_job *j)
{
    daf_keeper_answer(k, j,
                      daf_shelf_file(k->shelf, &j->piece.content,
                                     (const char *)j->bytes, &j->answer->file));
    return true;
}

/* To a publisher; what others have left is counted first. */
static enum daf_err promise(struct daf_keeper *k, struct daf_keeper_job *j)
{
    struct daf_keeper_result *r = j->answer;
    enum daf_err err;

    while ((err = daf_shelf_promise(k->shelf, j->number, j->room, &r->room,
                                    &r->is_disk)) == DAF_EBUSY) {
        err = daf_keeper_look_all(k);
        if (err != DAF_OK) break;
    }
    return err;
}

static bool do_room(struct daf_keeper *k, struct daf_keeper_job *j)
{
    struct daf_keeper_result *r = j->answer;
    enum daf_err err;

    if (j->number != 0) {
        err = promise(k, j);
    } else {
        r->room = daf_shelf_room(k->shelf, &r->is_disk);
        err = j->room <= r->room ? DAF_OK : DAF_EFULL;
    }
    daf_keeper_answer(k, j, err);
    return true;
}

static bool do_list(struct daf_keeper *k, struct daf_keeper_job *j)
{
    struct daf_view list;
    enum daf_err err = daf_shelf_list(k->shelf, &j->piece.content, &list);

    if (err == DAF_OK && !daf_keeper_copy(list, &j->answer->bytes))
        err = DAF_ENOMEM;
    daf_keeper_answer(k, j, err);
    return true;
}

/* Without a shelf there is an answer all the same. */
static void refuse(struct daf_keeper *k, struct daf_keeper_job *j)
{
    if (j->answer != NULL) daf_keeper_answer(k, j, k->shelf_err);
}

bool daf_keeper_do(struct daf_keeper *k, struct daf_keeper_job *j)
{
    static bool (*const doers[])(struct daf_keeper *,
                                 struct daf_keeper_job *) = {
        [DAF_KEEPER_JOB_PUT] = do_put,   [DAF_KEEPER_JOB_READ] = do_read,
        [DAF_KEEPER_JOB_ADD] = do_add,   [DAF_KEEPER_JOB_DROP] = do_drop,
        [DAF_KEEPER_JOB_LOOK] = do_look, [DAF_KEEPER_JOB_OPEN] = do_open,
        [DAF_KEEPER_JOB_ROOM] = do_room, [DAF_KEEPER_JOB_LIST] = do_list,
    };

    if (j->kind == DAF_KEEPER_JOB_VOLUME) {
        daf_keeper_volume_look(k);
    } else if (k->shelf == NULL) {
        refuse(k, j);
    } else if (j->kind == DAF_KEEPER_JOB_FORGET) {
        daf_shelf_forget(k->shelf, j->conn);
    } else if (j->kind == DAF_KEEPER_JOB_CHECK) {
        daf_keeper_queue_add(&k->checks, j);
        return true;
    } else if (!doers[j->kind](k, j)) {
        return false;
    } else if (j->kind == DAF_KEEPER_JOB_DROP && j->answer != NULL) {
        daf_keeper_queue_add(&k->leaving, j);
        return true;
    }
    daf_keeper_job_free(k, j);
    return true;
}
