/* SPDX-License-Identifier: Apache-2.0 */
/* node/core/wanting.h - what this device is to have, in which order, and why
 * (docs/content.md §7): assignments, subscriptions, what people here asked for,
 * and the lesson that comes next.
 *
 *      daf_wanting_assign() each        in any order, twice or not
 *      daf_wanting_settle()             what stands
 *      daf_wanting_plan()               for each item of the catalogue
 *
 * A pure function of the records and the shelf: no clock, and no order of
 * arrival. */
#ifndef DAF_NODE_CORE_WANTING_H
#define DAF_NODE_CORE_WANTING_H

#include "proto/payload.h"

/* Ranks: the lower is fetched first. */
enum {
    DAF_RANK_DUE_FIRST = 1,
    DAF_RANK_DUE_LAST = 198, /* of more days than that the earliest share 1 */
    DAF_RANK_NO_DUE = 199,
    DAF_RANK_HAND = 200, /* a person here asked */
    DAF_RANK_CHANNEL = 220,
    DAF_RANK_NEXT = 240,
};

enum daf_wanting_reason {
    DAF_REASON_NONE,
    DAF_REASON_ASSIGNED,
    DAF_REASON_PINNED,
    DAF_REASON_ASKED, /* by hand */
    DAF_REASON_PUBLISHED,
    DAF_REASON_CHANNEL,
    DAF_REASON_NEXT,
};
/** daf_wanting_reason_str: "assigned"; NULL for NONE. */
const char *daf_wanting_reason_str(enum daf_wanting_reason reason);

/* An assignment that stands. */
struct daf_wanting_assignment {
    struct daf_record_id id;
    struct daf_author_id author;
    char scope[DAF_SCOPE_NAME_BYTES_MAX + 1];
    bool has_device, has_due;
    bool
        has_subject; /* one learner's: carried, and nothing is fetched for it */
    struct daf_author_id device;
    char air[DAF_AIR_WORD_BYTES_MAX + 1]; /* the device's; "": not said */
    uint32_t due;                         /* a day */
    size_t items_count;                   /* those that are content ids */
    struct daf_hash *items;               /* as written; the module's */
};

struct daf_wanting; /* opaque */

/** daf_wanting_new: DAF_ENOMEM.  The caller owns it: daf_wanting_free(). */
DAF_NODISCARD enum daf_err daf_wanting_new(struct daf_wanting **out);
/** daf_wanting_free: NULL is fine. */
void daf_wanting_free(struct daf_wanting *w);

/** daf_wanting_assign: a record of class @scope that counts: its author may curate
 * there (docs/content.md R88).  One with a person's signature is passed over, as
 * nothing here can verify it.  DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_wanting_assign(
    struct daf_wanting *w, const struct daf_record_id *id,
    const struct daf_author_id *author, const char *scope,
    const struct daf_assignment *a);
/** daf_wanting_settle: all have come: leave out what was replaced. */
void daf_wanting_settle(struct daf_wanting *w);

/** daf_wanting_count, daf_wanting_at: what stands, the nearest due day first, those
 * without one last, then by record id. */
size_t daf_wanting_count(const struct daf_wanting *w);
const struct daf_wanting_assignment *daf_wanting_at(const struct daf_wanting *w,
                                                    size_t index);

/** daf_wanting_air: the word for the air of @self (docs/content.md R99); "": nobody
 * says.  Good as long as @w. */
const char *daf_wanting_air(const struct daf_wanting *w,
                            const struct daf_author_id *self);

/* An item of the catalogue. */
struct daf_wanting_item {
    /* What is known. */
    struct daf_hash content;
    struct daf_view channel; /* borrowed; empty: none */
    uint32_t order;          /* in its channel; 0: none */
    bool
        is_superseded; /* an old edition (R95): whoever assigns it means @now, and */
    struct daf_hash now;                            /* channels lead to that */
    bool is_pinned, is_asked_by_hand, is_published; /* here */
    bool is_whole;
    /* What follows. */
    bool is_camps; /* to be fetched and kept though nobody here asked by hand */
    uint8_t rank;
    enum daf_wanting_reason reason;
    bool has_due;
    uint32_t due; /* the nearest */
};

/**
 * daf_wanting_plan: fill in what follows.
 * @self: this device.  @channels: those that it is subscribed to.
 * @items: ascending by content id, each once.
 * DAF_ENOMEM: nothing was filled in.
 */
DAF_NODISCARD enum daf_err daf_wanting_plan(const struct daf_wanting *w,
                                            const struct daf_author_id *self,
                                            const struct daf_view *channels,
                                            size_t channels_count,
                                            struct daf_wanting_item *items,
                                            size_t count);

/** daf_wanting_order: "12" of a content manifest: 1 to 9 digits, 1 at least; 0 if it
 * is none. */
uint32_t daf_wanting_order(struct daf_view text);

#endif
