/* SPDX-License-Identifier: Apache-2.0 */
#include "node/core/evict.h"

enum daf_evict_why daf_evict_may(const struct daf_evict_item *item,
                                 const struct daf_evict_self *self,
                                 unsigned keepers)
{
    if (!item->is_whole) return DAF_EVICT_LACKING;
    if (self->is_restored) return DAF_EVICT_RESTORED;
    if (self->was_archive || item->is_stated_here) return DAF_EVICT_ARCHIVE;
    if (item->is_published) return DAF_EVICT_PUBLISHED;
    if (item->is_pinned) return DAF_EVICT_PINNED;
    if (item->is_due) return DAF_EVICT_DUE;
    if (item->keepers == 0) return DAF_EVICT_KEPT_BY_NONE;
    if (item->keepers < keepers) return DAF_EVICT_KEPT_BY_ONE;
    return DAF_EVICT_MAY;
}

const char *daf_evict_why_str(enum daf_evict_why why)
{
    static const char *const words[] = {
        [DAF_EVICT_MAY] = "may go",
        [DAF_EVICT_LACKING] = "not whole",
        [DAF_EVICT_RESTORED] = "this device was restored",
        [DAF_EVICT_ARCHIVE] = "this is or was an archive",
        [DAF_EVICT_PUBLISHED] = "published here",
        [DAF_EVICT_PINNED] = "pinned",
        [DAF_EVICT_DUE] = "assigned",
        [DAF_EVICT_KEPT_BY_NONE] = "kept by no archive",
        [DAF_EVICT_KEPT_BY_ONE] = "kept by one archive",
    };

    return words[why];
}

bool daf_evict_may_drop(const struct daf_evict_item *item,
                        const struct daf_evict_self *self)
{
    if (!item->is_whole) return true; /* it is nobody's copy */
    if (self->is_restored) return false;
    if (self->was_archive || item->is_stated_here) return item->is_kept_before;
    return item->keepers > 0;
}

/* R87: what goes first. */
static int tier(const struct daf_evict_item *item)
{
    if (item->is_superseded) return 0;
    return item->is_asked ? 2 : 1;
}

/* Of one tier what alone is enough, as small as can be; else the largest, so that
 * few go.  The content id decides between equals, so that everybody sees the same. */
static bool is_better(const struct daf_evict_item *a,
                      const struct daf_evict_item *b, uint64_t lacking)
{
    bool is_enough = a->bytes >= lacking, is_other = b->bytes >= lacking;

    if (tier(a) != tier(b)) return tier(a) < tier(b);
    if (is_enough != is_other) return is_enough;
    if (a->bytes != b->bytes)
        return is_enough ? a->bytes < b->bytes : a->bytes > b->bytes;
    return memcmp(a->content.b, b->content.b, sizeof(a->content.b)) < 0;
}

/* The last tier's first, as it should go last. */
static bool is_spared_before(const struct daf_evict_item *a,
                             const struct daf_evict_item *b)
{
    if (tier(a) != tier(b)) return tier(a) > tier(b);
    if (a->bytes != b->bytes) return a->bytes > b->bytes;
    return memcmp(a->content.b, b->content.b, sizeof(a->content.b)) < 0;
}

/* What was chosen before a larger one came to it may not be needed any more: the
 * largest such stay, of equals by their ids. */
static uint64_t spare(struct daf_evict_item *items, size_t count,
                      uint64_t bytes, uint64_t freed)
{
    for (;;) {
        struct daf_evict_item *best = NULL;

        for (size_t i = 0; i < count; i++) {
            struct daf_evict_item *item = &items[i];

            if (!item->goes || item->bytes > freed - bytes) continue;
            if (best == NULL || is_spared_before(item, best)) best = item;
        }
        if (best == NULL) return freed;
        best->goes = false;
        freed -= best->bytes;
    }
}

uint64_t daf_evict_choose(struct daf_evict_item *items, size_t count,
                          uint64_t bytes, const struct daf_evict_self *self,
                          unsigned keepers)
{
    uint64_t freed = 0;

    for (size_t i = 0; i < count; i++)
        items[i].goes = false;
    while (freed < bytes) {
        struct daf_evict_item *best = NULL;

        for (size_t i = 0; i < count; i++) {
            struct daf_evict_item *item = &items[i];

            if (item->goes ||
                daf_evict_may(item, self, keepers) != DAF_EVICT_MAY)
                continue;
            if (best == NULL || is_better(item, best, bytes - freed))
                best = item;
        }
        if (best == NULL) break;
        best->goes = true;
        freed += best->bytes;
    }
    if (freed >= bytes) return spare(items, count, bytes, freed);
    for (size_t i = 0; i < count; i++)
        items[i].goes = false;
    return 0;
}
