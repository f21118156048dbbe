/* SPDX-License-Identifier: Apache-2.0 */
/* What the keeper says: results for the main thread, and of items that are not
 * fetched now why. */
#include "node/keeper_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void wake_taker(struct daf_keeper *k)
{
    const uint64_t one = 1;

    while (write(k->event_fd, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
}

void daf_keeper_post(struct daf_keeper *k, struct daf_keeper_result *r)
{
    struct daf_keeper_results *to;

    (void)pthread_mutex_lock(&k->mutex);
    to = r->kind == DAF_KEEPER_READ ? &k->reads : &k->results;
    *to->end = r;
    to->end = &r->next;
    (void)pthread_mutex_unlock(&k->mutex);
    wake_taker(k);
}

bool daf_keeper_copy(struct daf_view v, struct daf_view *out)
{
    uint8_t *p = malloc(v.len + 1);

    *out = (struct daf_view){p, p != NULL ? v.len : 0};
    if (p != NULL && v.len > 0) memcpy(p, v.p, v.len);
    return p != NULL;
}

void daf_keeper_say_trouble(const struct daf_keeper *k,
                            struct daf_keeper_result *r)
{
    if ((r->err == DAF_EIO || r->err == DAF_EREADONLY) && k->shelf != NULL)
        (void)snprintf(r->trouble, sizeof(r->trouble), "%s",
                       daf_shelf_trouble(k->shelf));
}

void daf_keeper_answer(struct daf_keeper *k, struct daf_keeper_job *j,
                       enum daf_err err)
{
    struct daf_keeper_result *r = j->answer;

    j->answer = NULL;
    r->err = err;
    daf_keeper_say_trouble(k, r);
    daf_keeper_post(k, r);
}

/* ---- what is stuck */

struct daf_keeper_stuck *daf_keeper_stuck_of(struct daf_keeper *k,
                                             const struct daf_hash *content)
{
    for (size_t i = 0; i < k->stuck_count; i++) {
        if (memcmp(k->stuck[i].content.b, content->b, 32) == 0)
            return &k->stuck[i];
    }
    return NULL;
}

/* Without memory it is not stuck: it is asked for again, and fails again. */
void daf_keeper_stick(struct daf_keeper *k, const struct daf_hash *content,
                      enum daf_err err)
{
    struct daf_keeper_stuck *s = daf_keeper_stuck_of(k, content);

    if (s == NULL && k->stuck_count == k->stuck_cap) {
        size_t more = k->stuck_cap == 0 ? 8 : 2 * k->stuck_cap;
        struct daf_keeper_stuck *bigger =
            realloc(k->stuck, more * sizeof(*bigger));

        if (bigger == NULL) return;
        k->stuck = bigger;
        k->stuck_cap = more;
    }
    if (s == NULL) s = &k->stuck[k->stuck_count++];
    *s = (struct daf_keeper_stuck){*content, err};
    if (k->retry_at.ms == DAF_MONO_NEVER.ms)
        k->retry_at = daf_clock_after(daf_clock_now(), DAF_KEEPER_RETRY_MS);
}

/* ---- items */

static struct daf_keeper_result *item_news(const struct daf_shelf_item *item)
{
    struct daf_keeper_result *r = calloc(1, sizeof(*r));

    if (r == NULL) return NULL;
    r->kind = DAF_KEEPER_ITEM;
    r->item = *item;
    r->item.bits = (struct daf_view){NULL, 0};
    if (daf_keeper_copy(item->manifest, &r->item.manifest) &&
        daf_keeper_copy(item->bits, &r->item.bits))
        return r;
    daf_keeper_result_free(r);
    return NULL;
}

static void tell_item(struct daf_keeper *k, const struct daf_shelf_item *item)
{
    const struct daf_keeper_stuck *s = daf_keeper_stuck_of(k, &item->content);
    struct daf_keeper_result *r = item_news(item);
    struct daf_content content;

    if (r == NULL) { /* all are told again, which is as good */
        k->untold_at = daf_clock_after(daf_clock_now(), DAF_KEEPER_UNTOLD_MS);
        return;
    }
    if (item->is_condemned)
        r->stuck_err = DAF_ECORRUPT;
    else if (item->is_settling)
        r->stuck_err = DAF_EBUSY;
    else if (s != NULL)
        r->stuck_err = s->err;
    r->is_stuck = r->stuck_err != DAF_OK;
    r->part_bytes = DAF_PAGE_BYTES;
    if (daf_content_decode(item->manifest, &content) == DAF_OK)
        r->part_bytes = content.chunk_bytes;
    daf_keeper_post(k, r);
}

void daf_keeper_tell_found(struct daf_keeper *k, const struct daf_hash *content)
{
    struct daf_shelf_item item;

    if (daf_shelf_find(k->shelf, content, &item)) tell_item(k, &item);
}

void daf_keeper_tell_all(struct daf_keeper *k)
{
    struct daf_shelf_item item;

    k->untold_at = DAF_MONO_NEVER;
    for (size_t i = 0; i < daf_shelf_count(k->shelf); i++) {
        daf_shelf_at(k->shelf, i, &item);
        tell_item(k, &item);
    }
}

/* A person's doing.  Without memory for it the process cannot go on telling the
 * truth. */
void daf_keeper_tell_gone(struct daf_keeper *k, const struct daf_hash *content)
{
    struct daf_keeper_result *r = calloc(1, sizeof(*r));

    if (r == NULL) abort();
    r->kind = DAF_KEEPER_GONE;
    r->item.content = *content;
    daf_keeper_post(k, r);
}

void daf_keeper_unstick(struct daf_keeper *k)
{
    struct daf_keeper_stuck *old = k->stuck;
    size_t count = k->stuck_count;

    daf_keeper_settle(k);
    k->retry_at = DAF_MONO_NEVER;
    k->stuck = NULL;
    k->stuck_count = k->stuck_cap = 0;
    for (size_t i = 0; i < count; i++) {
        struct daf_shelf_item item;
        enum daf_err err;

        if (!daf_shelf_find(k->shelf, &old[i].content, &item)) continue;
        /* To wish for it again tries to reserve again. */
        err = daf_shelf_add(k->shelf, item.manifest, item.wishes, 0);
        if (err != DAF_OK) daf_keeper_stick(k, &old[i].content, err);
        daf_keeper_tell_found(k, &old[i].content);
    }
    free(old);
}
