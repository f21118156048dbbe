/* SPDX-License-Identifier: Apache-2.0 */
/* node/reach.h - which devices have said that they applied an act: receipts of
 * erasures and revocations (docs/protocol.md R119).
 *
 * Of all certified devices that are not revoked, coordinators and this one as well.
 * What a device says of itself is its word and no proof. */
#ifndef DAF_NODE_REACH_H
#define DAF_NODE_REACH_H

#include "node/core/camp.h"
#include "store/store.h"

struct daf_reach; /* opaque */

/** daf_reach_new: read what is kept of others' statuses.
 * @camp, @store: outlive it; as they are now.
 * DAF_ENOMEM, or what the read came to.  The caller owns it: daf_reach_free(). */
DAF_NODISCARD enum daf_err daf_reach_new(const struct daf_camp *camp,
                                         struct daf_store *store,
                                         struct daf_reach **out);
/** daf_reach_free: NULL is fine. */
void daf_reach_free(struct daf_reach *r);

struct daf_reach_count {
    size_t receipts, of;
};
/* A device that has not said so.  @last_ms: the newest time that a record of it
 * claims; 0: no record of it is held. */
typedef void (*daf_reach_fn)(void *ctx, const struct daf_author_id *author,
                             uint64_t last_ms);
/** daf_reach_act: of the act at @index (daf_camp_act_at()).  @missing may be NULL. */
struct daf_reach_count daf_reach_act(struct daf_reach *r, size_t index,
                                     daf_reach_fn missing, void *ctx);

#endif
