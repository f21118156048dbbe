/* SPDX-License-Identifier: Apache-2.0 */
/* node/core/evict.h - which content may make room for other content, and which
 * does (docs/content.md R85 to R87): pure, over what somebody else has gathered.
 *
 * The order of archives (R85) is what keeps the last copy: each of them relies only
 * on one before it, so the first relies on nobody.  git-annex counts copies and locks
 * them while it drops one; without a connection nothing can be locked. */
#ifndef DAF_NODE_CORE_EVICT_H
#define DAF_NODE_CORE_EVICT_H

#include "proto/types.h"

/* Archives that must state an item before this device removes it by itself. */
#define DAF_EVICT_KEEPERS 2

/* Why an item stays; the first that holds. */
enum daf_evict_why {
    DAF_EVICT_MAY, /* it does not: it may go */
    DAF_EVICT_LACKING,
    DAF_EVICT_RESTORED, /* this device does not know what it once stated (R126) */
    DAF_EVICT_ARCHIVE, /* this device is or was one, and removes nothing by itself */
    DAF_EVICT_PUBLISHED,
    DAF_EVICT_PINNED,
    DAF_EVICT_DUE, /* the camp asks this device for it now */
    DAF_EVICT_KEPT_BY_NONE,
    DAF_EVICT_KEPT_BY_ONE,
};

/* What binds this device, whatever the item. */
struct daf_evict_self {
    bool was_archive; /* it is one, or ever was: others may rely on it */
    bool is_restored; /* others may know more of what it stated than it does */
};

struct daf_evict_item {
    struct daf_hash content;
    uint64_t bytes; /* of the disk, that it gives back */
    bool is_whole, is_pinned, is_published;
    bool is_due;        /* the camp asks this device for it */
    bool is_asked;      /* a person here asked for it once */
    bool is_superseded; /* there is a newer edition, whole here */
    unsigned
        keepers; /* archives that state it and are not revoked, less this */
    bool is_kept_before; /* one of them is before this device */
    /* This device states it, and may have heard so before it heard that it was an
     * archive: others rely on it. */
    bool is_stated_here;
    bool goes; /* daf_evict_choose() says so */
};

/** daf_evict_may: whether it may go to make room.  @keepers: how many archives must
 * state it: DAF_EVICT_KEEPERS, or 1 at a person's wish. */
enum daf_evict_why daf_evict_may(const struct daf_evict_item *item,
                                 const struct daf_evict_self *self,
                                 unsigned keepers);
/** daf_evict_why_str: "kept by one archive", for people; never NULL. */
const char *daf_evict_why_str(enum daf_evict_why why);

/** daf_evict_may_drop: whether it may go because a person names it (R85, R86). */
bool daf_evict_may_drop(const struct daf_evict_item *item,
                        const struct daf_evict_self *self);

/**
 * daf_evict_choose: which of @items go so that at least @bytes come free (R87).
 * Sets `goes` of each.  Returns the bytes that come free; 0, and nothing goes, if
 * all that may go are too few.
 */
uint64_t daf_evict_choose(struct daf_evict_item *items, size_t count,
                          uint64_t bytes, const struct daf_evict_self *self,
                          unsigned keepers);

#endif
