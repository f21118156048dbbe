/* SPDX-License-Identifier: Apache-2.0 */
/* Room for what publishers in other processes are making.
 *
 * A publisher locks byte N of the marker, makes content/new-N, and asks the owner
 * of the shelf for room.  What it was promised counts as taken until the owner has
 * looked at what came of it, so that two at a time never take the same room.  One
 * that was killed says nothing: its lock is gone, which the kernel sees to. */
#include <assert.h>
#include <stdlib.h>

#include "store/shelf_impl.h"

static struct daf_shelf_promise *find(const struct daf_shelf *s,
                                      uint32_t number)
{
    for (size_t i = 0; i < s->promises_count; i++) {
        if (s->promises[i].number == number) return &s->promises[i];
    }
    return NULL;
}

static enum daf_err add(struct daf_shelf *s, uint32_t number, uint64_t bytes)
{
    if (s->promises_count == s->promises_cap) {
        size_t cap = 2 * s->promises_cap + 4;
        struct daf_shelf_promise *bigger =
            realloc(s->promises, cap * sizeof(*bigger));

        if (bigger == NULL) return DAF_ENOMEM;
        s->promises = bigger;
        s->promises_cap = cap;
    }
    s->promises[s->promises_count++] =
        (struct daf_shelf_promise){.number = number, .bytes = bytes};
    return DAF_OK;
}

static bool is_over(const struct daf_shelf *s,
                    const struct daf_shelf_promise *p)
{
    return p->is_over || !daf_shelf_disk_is_locked(s->marker, p->number);
}

bool daf_shelf_is_promise_over(const struct daf_shelf *s)
{
    for (size_t i = 0; i < s->promises_count; i++) {
        if (is_over(s, &s->promises[i])) return true;
    }
    return false;
}

enum daf_err daf_shelf_promise(struct daf_shelf *s, uint32_t number,
                               uint64_t bytes, uint64_t *out_room,
                               bool *out_is_disk)
{
    struct daf_shelf_promise *before = find(s, number);

    assert(s->is_owner);
    *out_room = daf_shelf_room(s, out_is_disk);
    /* A number said twice is another publisher's: the one before has gone. */
    if (before != NULL) before->is_over = true;
    if (before != NULL || (bytes > *out_room && daf_shelf_is_promise_over(s)))
        return DAF_EBUSY;
    return bytes <= *out_room ? add(s, number, bytes) : DAF_EFULL;
}

void daf_shelf_promise_end(struct daf_shelf *s, uint32_t number)
{
    struct daf_shelf_promise *p = find(s, number);

    if (p != NULL) *p = s->promises[--s->promises_count];
}

void daf_shelf_promise_ends(struct daf_shelf *s)
{
    for (size_t i = 0; i < s->promises_count; i++)
        s->promises[i].is_over = is_over(s, &s->promises[i]);
}

void daf_shelf_promise_drop(struct daf_shelf *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->promises_count; i++) {
        if (!s->promises[i].is_over) s->promises[kept++] = s->promises[i];
    }
    s->promises_count = kept;
}

enum daf_err daf_shelf_promise_adopt(struct daf_shelf *s, uint32_t number)
{
    char name[DAF_SHELF_NAME_CAP];
    uint64_t bytes;
    int folder;

    if (find(s, number) != NULL) return DAF_OK;
    daf_shelf_new_name(number, name);
    if (daf_shelf_disk_folder(&s->disk, s->dir, name, &folder) != DAF_OK)
        return DAF_OK; /* it has its name by now, or is gone */
    bytes = daf_shelf_item_need(s, folder);
    daf_shelf_disk_close(folder);
    return add(s, number, bytes);
}
