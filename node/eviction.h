/* SPDX-License-Identifier: Apache-2.0 */
/* node/eviction.h - room made by itself: what archives keep goes when something
 * that is wanted does not fit (docs/content.md §7).
 *
 *      an item is stuck, or an ADD refused, for want of room
 *        -> ROOM, how much there is  -> node/core/evict.h chooses  -> DROP, one by one
 *        -> the keeper tries what was stuck again; the ADD is asked again
 *        -> the same for what else waits  -> it has ended
 *
 * One at a time; whoever comes meanwhile waits.  The keeper's answers to its own wishes have DAF_EVICTION_TICKET.
 * One thread, the main one. */
#ifndef DAF_NODE_EVICTION_H
#define DAF_NODE_EVICTION_H

#include "node/contents.h"
#include "node/core/evict.h"

#define DAF_EVICTION_TICKET   UINT64_MAX
#define DAF_EVICTION_ADDS_MAX 16 /* that may be asked again */

struct daf_eviction_ops {
    void *ctx;
    /* As if somebody had asked with @ticket. */
    void (*wish)(void *ctx, uint64_t ticket,
                 const struct daf_contents_wish *wish);
    /* What waits for room and was not tried since `ended`, if it needs less than
     * @below (what needs more has none): how much it needs.  0: nothing. */
    uint64_t (*next)(void *ctx, uint64_t below);
    /* It has ended, with room or without. */
    void (*ended)(void *ctx, bool has_dropped);
};

struct daf_eviction_add {
    uint64_t ticket; /* 0: none */
    struct daf_hash content;
    unsigned set, clear;
    bool was_refused; /* and is asked again when there is room, or not */
    bool is_last;     /* room was looked for for it: the next answer is told */
};

struct daf_eviction {
    struct daf_eviction_ops ops;
    enum daf_eviction_step {
        DAF_EVICTION_IDLE,
        DAF_EVICTION_ASKING,
        DAF_EVICTION_DROPPING,
    } step;
    uint64_t need;
    uint64_t hopeless; /* so much was not to be had since something went */
    bool has_dropped;  /* since `ended` */
    size_t dropping;   /* DROPs not answered */
    size_t dropped;
    uint64_t freed;
    struct daf_eviction_add adds[DAF_EVICTION_ADDS_MAX];
};

/** daf_eviction_item: what the rule asks about an item. */
void daf_eviction_item(const struct daf_agent *agent,
                       const struct daf_contents_item *item,
                       struct daf_evict_item *out);
/** daf_eviction_self: and about this device. */
struct daf_evict_self daf_eviction_self(const struct daf_agent *agent);

/** daf_eviction_need: bytes of the disk that an item will take, a little more
 * rather than less: @files in blocks, with notes. */
uint64_t daf_eviction_need(uint64_t bytes, uint64_t files, uint64_t parts);

/** daf_eviction_added: somebody's ADD goes to the keeper: it may be asked again. */
void daf_eviction_added(struct daf_eviction *e, uint64_t ticket,
                        const struct daf_contents_wish *wish);

/** daf_eviction_want: @need bytes are wanted, more than there are perhaps.  False:
 * it is at work already, and asks for what is next when that is over. */
bool daf_eviction_want(struct daf_eviction *e, uint64_t need);

/** daf_eviction_answered: a wish of DAF_EVICTION_TICKET ended. */
void daf_eviction_answered(struct daf_eviction *e,
                           const struct daf_agent *agent,
                           const struct daf_contents *contents,
                           const struct daf_keeper_result *r);

/** daf_eviction_holds: @r is the end of an ADD for which there was no room, and
 * which needs @need: it is asked again once some was made, and who asked is not
 * told yet.  False: tell him. */
bool daf_eviction_holds(struct daf_eviction *e,
                        const struct daf_keeper_result *r, uint64_t need);
/** daf_eviction_content: of the ADD with @ticket; NULL: it is not remembered. */
const struct daf_hash *daf_eviction_content(const struct daf_eviction *e,
                                            uint64_t ticket);

#endif
