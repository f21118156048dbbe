/* SPDX-License-Identifier: Apache-2.0 */
/* Stretches whose signatures are verified later: store/store_unchecked.c.  They
 * are few, so one list has those of all logs. */
#include <assert.h>

#include "sim/device/notebook_impl.h"

/* The place of the first stretch of @number that ends at @seq or later, or of a
 * later log's. */
static uint32_t place_of(const struct daf_notebook_stretches *s,
                         uint32_t number, uint64_t seq)
{
    uint32_t low = 0, high = s->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct daf_notebook_stretch *x = &s->list[middle];

        if (x->number < number || (x->number == number && x->last < seq))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* From where to where the stretches reach that meet @first to @last; they are
 * taken away.  Zeros if there are none. */
static void take_span(struct daf_notebook_stretches *s, uint32_t number,
                      uint64_t first, uint64_t last,
                      struct daf_notebook_stretch *out)
{
    uint32_t from = place_of(s, number, first);
    uint32_t to = from;

    *out = (struct daf_notebook_stretch){0};
    while (to < s->count && s->list[to].number == number &&
           s->list[to].first <= last)
        to++;
    if (to == from) return;
    out->first = s->list[from].first;
    out->last = s->list[to - 1].last;
    memmove(s->list + from, s->list + to, (s->count - to) * sizeof s->list[0]);
    s->count -= to - from;
}

static enum daf_err add(struct daf_notebook_stretches *s,
                        const struct daf_notebook_stretch *what)
{
    void *grown =
        daf_notebook_grow(s->list, &s->room, s->count + 1, sizeof *what);

    if (grown == NULL) return DAF_ENOMEM;
    s->list = grown;
    uint32_t at = place_of(s, what->number, what->first);
    memmove(s->list + at + 1, s->list + at, (s->count - at) * sizeof *what);
    s->list[at] = *what;
    s->count++;
    return DAF_OK;
}

static enum daf_err join(struct daf_notebook_stretches *s,
                         struct daf_notebook_stretch what)
{
    struct daf_notebook_stretch met;

    take_span(s, what.number, what.first - 1, what.last + 1, &met);
    if (met.first > 0 && met.first < what.first) what.first = met.first;
    if (met.last > what.last) what.last = met.last;
    return add(s, &what);
}

static enum daf_err cut(struct daf_notebook_stretches *s,
                        struct daf_notebook_stretch what)
{
    struct daf_notebook_stretch met, rest = what;
    enum daf_err err = DAF_OK;

    take_span(s, what.number, what.first, what.last, &met);
    rest.first = met.first;
    rest.last = what.first - 1;
    if (met.first > 0 && met.first < what.first) err = add(s, &rest);
    rest.first = what.last + 1;
    rest.last = met.last;
    if (err == DAF_OK && met.last > what.last) err = add(s, &rest);
    return err;
}

typedef enum daf_err (*change_fn)(struct daf_notebook_stretches *s,
                                  struct daf_notebook_stretch what);

static enum daf_err change(struct daf_notebook *n,
                           const struct daf_stretch *what, change_fn fn)
{
    struct daf_notebook_batch *b = n->batch;
    struct daf_notebook_edit *e;

    assert(b != NULL);
    assert(what->first >= 1 && what->first <= what->last);
    assert(what->last <= DAF_INT_MAX);
    if (b->spoilt != DAF_OK) return b->spoilt;
    enum daf_err err = daf_notebook_batch_open(n, &what->log, &e);
    if (err == DAF_ENOTFOUND) return err;
    if (err == DAF_OK)
        err = fn(&b->unchecked,
                 (struct daf_notebook_stretch){.number = e->number,
                                               .name = e->name,
                                               .first = what->first,
                                               .last = what->last});
    b->spoilt = err;
    return err;
}

enum daf_err daf_notebook_unchecked_join(struct daf_notebook *n,
                                         const struct daf_stretch *what)
{
    return change(n, what, join); /* ENOTFOUND: all of it was deferred */
}

enum daf_err daf_notebook_unchecked_cut(struct daf_notebook *n,
                                        const struct daf_stretch *what)
{
    enum daf_err err = change(n, what, cut);

    return err == DAF_ENOTFOUND ? DAF_OK : err; /* all of it was dropped */
}

enum daf_err daf_notebook_unchecked_copy(const struct daf_notebook *n,
                                         struct daf_notebook_stretches *to)
{
    uint32_t count = n->unchecked.count;

    *to = (struct daf_notebook_stretches){0};
    if (count == 0) return DAF_OK;
    to->list = daf_notebook_grow(NULL, &to->room, count, sizeof to->list[0]);
    if (to->list == NULL) return DAF_ENOMEM;
    memcpy(to->list, n->unchecked.list, count * sizeof to->list[0]);
    to->count = count;
    return DAF_OK;
}

void daf_notebook_unchecked_remove(const struct daf_notebook *n,
                                   uint32_t number)
{
    struct daf_notebook_stretch all;

    take_span(&n->batch->unchecked, number, 0, UINT64_MAX, &all);
}

bool daf_notebook_unchecked_has(const struct daf_notebook *n, uint32_t number,
                                uint64_t seq)
{
    uint32_t at = place_of(&n->unchecked, number, seq);

    return at < n->unchecked.count && n->unchecked.list[at].number == number &&
           n->unchecked.list[at].first <= seq;
}
