/* SPDX-License-Identifier: Apache-2.0 */
/* Batches: edits of logs, and the commit that packs them. */
#include <assert.h>
#include <stdlib.h>

#include "sim/device/notebook_impl.h"

enum daf_err daf_notebook_batch_begin(struct daf_notebook *n)
{
    assert(n->batch == NULL);
    struct daf_notebook_batch *b = calloc(1, sizeof *b);
    if (b == NULL) return DAF_ENOMEM;
    if (daf_notebook_unchecked_copy(n, &b->unchecked) != DAF_OK) {
        free(b);
        return DAF_ENOMEM;
    }
    b->logs_ever = n->logs_ever;
    n->batch = b;
    return DAF_OK;
}

void daf_notebook_batch_end(struct daf_notebook *n)
{
    struct daf_notebook_batch *b = n->batch;

    if (b == NULL) return;
    for (uint32_t i = 0; i < b->count; i++) {
        free(b->edits[i]->held);
        free(b->edits[i]->now);
        free(b->edits[i]);
    }
    free(b->edits);
    free(b->unchecked.list);
    free(b);
    n->batch = NULL;
}

/* ---- edits */

/* The place of the first edit whose name is not below. */
static uint32_t place_of(const struct daf_notebook_batch *b, uint32_t name)
{
    uint32_t low = 0, high = b->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (b->edits[middle]->name < name)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct daf_notebook_edit *edit_of(const struct daf_notebook_batch *b,
                                         uint32_t name)
{
    uint32_t at = place_of(b, name);

    return at < b->count && b->edits[at]->name == name ? b->edits[at] : NULL;
}

static enum daf_err load(struct daf_notebook_edit *e,
                         struct daf_notebook_log *was)
{
    const uint32_t *held = daf_notebook_log_held(was);
    void *grown =
        daf_notebook_grow(NULL, &e->room, was->count + 1, sizeof e->held[0]);

    if (grown == NULL) return DAF_ENOMEM;
    e->held = grown;
    e->was = was;
    e->number = was->number;
    e->acked = was->acked;
    e->count = was->count;
    e->bodies = was->bodies;
    e->absent = was->absent;
    e->front_count[DAF_NOTEBOOK_TIPS] = was->tips;
    e->front_count[DAF_NOTEBOOK_ROOTS] = was->roots;
    memcpy(e->held, held, was->count * sizeof held[0]);
    memcpy(e->front[DAF_NOTEBOOK_TIPS], was->words,
           was->tips * sizeof was->words[0]);
    memcpy(e->front[DAF_NOTEBOOK_ROOTS], was->words + was->tips,
           was->roots * sizeof was->words[0]);
    return DAF_OK;
}

/* @was: NULL if nothing of the log is held. */
static enum daf_err add_edit(struct daf_notebook *n, uint32_t name,
                             struct daf_notebook_log *was,
                             struct daf_notebook_edit **out)
{
    struct daf_notebook_batch *b = n->batch;
    void *grown = daf_notebook_grow(b->edits, &b->room, b->count + 1,
                                    sizeof(struct daf_notebook_edit *));

    if (grown == NULL) return DAF_ENOMEM;
    b->edits = grown;
    struct daf_notebook_edit *e = calloc(1, sizeof *e);
    if (e == NULL) return DAF_ENOMEM;
    e->name = name;
    enum daf_err err =
        daf_notebook_scope_add(n, &n->pool->names[name].key.scope, &e->scope);
    if (err == DAF_OK && was != NULL) err = load(e, was);
    if (err != DAF_OK) {
        free(e);
        return err;
    }
    uint32_t at = place_of(b, name);
    memmove(b->edits + at + 1, b->edits + at,
            (b->count - at) * sizeof(struct daf_notebook_edit *));
    b->edits[at] = e;
    b->count++;
    *out = e;
    return DAF_OK;
}

static bool is_last(const struct daf_notebook *n, const struct daf_log_key *key)
{
    const struct daf_notebook_edit *last = n->batch->last;

    if (last == NULL) return false;
    const struct daf_log_key *k = &n->pool->names[last->name].key;
    return k->incarnation == key->incarnation &&
           memcmp(&k->author, &key->author, sizeof k->author) == 0 &&
           memcmp(&k->scope, &key->scope, sizeof k->scope) == 0;
}

enum daf_err daf_notebook_batch_open(struct daf_notebook *n,
                                     const struct daf_log_key *key,
                                     struct daf_notebook_edit **out)
{
    struct daf_notebook_batch *b = n->batch;

    if (!is_last(n, key)) {
        uint32_t name = daf_notebook_pool_name(n->pool, key);
        if (name == DAF_NOTEBOOK_NONE) return DAF_ENOTFOUND;
        struct daf_notebook_edit *e = edit_of(b, name);
        struct daf_notebook_log *was =
            e == NULL ? daf_notebook_scope_log(n, key) : NULL;
        if (e == NULL && was == NULL) return DAF_ENOTFOUND;
        if (e == NULL) {
            enum daf_err err = add_edit(n, name, was, &e);
            if (err != DAF_OK) return err;
        }
        b->last = e;
    }
    *out = b->last;
    return (*out)->number == 0 ? DAF_ENOTFOUND : DAF_OK;
}

/* ---- logs that come and go */

static bool is_of(const struct daf_notebook *n, uint32_t name,
                  const struct daf_log_key *key)
{
    const struct daf_log_key *k = &n->pool->names[name].key;

    return memcmp(&k->author, &key->author, sizeof k->author) == 0 &&
           memcmp(&k->scope, &key->scope, sizeof k->scope) == 0;
}

static uint32_t logs_of_author(const struct daf_notebook *n,
                               const struct daf_log_key *key)
{
    const struct daf_notebook_scope *s =
        daf_notebook_scope_find(n, &key->scope);
    const struct daf_notebook_batch *b = n->batch;
    uint32_t logs = 0;

    for (uint32_t i = 0; i < b->count; i++)
        logs += b->edits[i]->number != 0 && is_of(n, b->edits[i]->name, key);
    uint32_t at =
        s == NULL ? 0 : daf_notebook_scope_place(n, s, &key->author, 0);
    for (; s != NULL && at < s->count; at++) {
        if (!is_of(n, s->logs[at]->name, key)) break;
        logs += edit_of(b, s->logs[at]->name) == NULL;
    }
    return logs;
}

enum daf_err daf_notebook_batch_add(struct daf_notebook *n,
                                    const struct daf_log_key *key,
                                    struct daf_notebook_edit **out)
{
    uint32_t name = 0;

    *out = NULL;
    if (logs_of_author(n, key) >= DAF_INCARNATIONS_MAX) return DAF_OK;
    enum daf_err err = daf_notebook_pool_add_name(n->pool, key, &name);
    if (err != DAF_OK) return err;
    struct daf_notebook_edit *e = edit_of(n->batch, name);
    if (e == NULL) err = add_edit(n, name, NULL, &e);
    if (err != DAF_OK) return err;
    e->number = ++n->batch->logs_ever;
    n->batch->last = e;
    *out = e;
    return DAF_OK;
}

void daf_notebook_batch_remove(const struct daf_notebook *n,
                               struct daf_notebook_edit *e)
{
    assert(e->count == 0 && e->acked == 0);
    daf_notebook_unchecked_remove(n, e->number);
    e->number = 0;
}

/* ---- commit */

/* At most 64, and mostly one. */
static void copy_sorted(const struct daf_notebook_pool *pool, uint32_t *out,
                        const uint32_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct daf_record_id *id = &pool->records[from[i]].id;
        size_t at = i;

        while (at > 0 &&
               memcmp(id, &pool->records[out[at - 1]].id, sizeof *id) < 0) {
            out[at] = out[at - 1];
            at--;
        }
        out[at] = from[i];
    }
}

/* What was highest is a tip, since nothing follows it. */
static uint32_t height_of(const struct daf_notebook *n,
                          const struct daf_notebook_edit *e)
{
    uint32_t last = daf_notebook_held_record(e->held[e->count - 1]);
    uint64_t seq = n->pool->records[last].seq;

    return seq > UINT32_MAX ? UINT32_MAX : (uint32_t)seq;
}

static enum daf_err pack(const struct daf_notebook *n,
                         struct daf_notebook_edit *e)
{
    uint32_t tips = e->front_count[DAF_NOTEBOOK_TIPS];
    uint32_t roots = e->front_count[DAF_NOTEBOOK_ROOTS];
    enum daf_err err = DAF_OK;
    struct daf_head head;

    if (e->number == 0) return DAF_OK;
    struct daf_notebook_log *log =
        malloc(sizeof *log + ((size_t)tips + roots + e->count) * 4);
    if (log == NULL) return DAF_ENOMEM;
    *log = (struct daf_notebook_log){.refs = 1,
                                     .name = e->name,
                                     .number = e->number,
                                     .acked = e->acked,
                                     .height = height_of(n, e),
                                     .count = e->count,
                                     .bodies = e->bodies,
                                     .absent = e->absent,
                                     .tips = (uint8_t)tips,
                                     .roots = (uint8_t)roots};
    copy_sorted(n->pool, log->words, e->front[DAF_NOTEBOOK_TIPS], tips);
    copy_sorted(n->pool, log->words + tips, e->front[DAF_NOTEBOOK_ROOTS],
                roots);
    memcpy(log->words + tips + roots, e->held, e->count * sizeof e->held[0]);
    if (e->is_front_changed) {
        daf_notebook_scope_head(n, log, &head);
        err = daf_notebook_pool_mark(n->pool, &head, &log->mark);
    } else {
        log->mark = e->was->mark;
    }
    e->now = log;
    return err;
}

/* All that can fail. */
static enum daf_err prepare(struct daf_notebook *n)
{
    const struct daf_notebook_batch *b = n->batch;
    enum daf_err err = b->spoilt;

    for (uint32_t i = 0; i < n->scopes_count; i++)
        n->scopes[i].coming = 0;
    for (uint32_t i = 0; err == DAF_OK && i < b->count; i++) {
        struct daf_notebook_edit *e = b->edits[i];
        struct daf_notebook_scope *s = &n->scopes[e->scope];

        if (e->is_changed) err = pack(n, e);
        if (err == DAF_OK && e->was == NULL && e->now != NULL)
            err = daf_notebook_scope_room(s, ++s->coming);
    }
    return err;
}

enum daf_err daf_notebook_batch_commit(struct daf_notebook *n)
{
    struct daf_notebook_batch *b = n->batch;

    assert(b != NULL);
    assert(n->pins == 0); /* a block that is read would go */
    enum daf_err err = prepare(n);
    for (uint32_t i = 0; err == DAF_OK && i < b->count; i++) {
        struct daf_notebook_edit *e = b->edits[i];

        if (!e->is_changed) continue;
        daf_notebook_scope_swap(n, &n->scopes[e->scope], e->was, e->now);
        daf_notebook_log_free(e->was);
        e->now = NULL;
    }
    if (err == DAF_OK) {
        free(n->unchecked.list);
        n->unchecked = b->unchecked;
        b->unchecked = (struct daf_notebook_stretches){0};
        n->bodies += b->bodies;
        n->logs_ever = b->logs_ever;
        n->commits++;
        n->last = NULL;
    }
    daf_notebook_batch_end(n);
    return err;
}
