/* SPDX-License-Identifier: Apache-2.0 */
/* node/wants.h - what this device is to have, read from notebook, catalogue and
 * subscriptions: for the daemon, which fetches it, and for commands, which show
 * it.  The rule itself is node/core/wanting.h. */
#ifndef DAF_NODE_WANTS_H
#define DAF_NODE_WANTS_H

#include "node/core/camp.h"
#include "node/core/wanting.h"
#include "node/subscriptions.h"
#include "store/catalogue.h"

struct daf_wants_query {
    struct daf_store *store;
    const struct daf_camp *camp;
    struct daf_author_id self;
    const struct daf_subscriptions *subscriptions;
    /* What is on the shelf: fills in is_pinned to is_whole; may be NULL. */
    void (*look)(void *ctx, struct daf_wanting_item *item);
    void *ctx;
};

struct daf_wants {
    struct daf_catalogue *catalogue;
    struct daf_wanting *wanting;
    size_t count; /* items of the catalogue, in its order */
    struct daf_wanting_item *items;
};

/** daf_wants_catalogue: the camp's catalogue: of revoked curators what is confirmed
 * (docs/protocol.md R106).  As daf_catalogue_read(). */
DAF_NODISCARD enum daf_err daf_wants_catalogue(struct daf_store *store,
                                               const struct daf_camp *camp,
                                               struct daf_catalogue **out);

/** daf_wants_assignments: what stands, in the classes that can be read here.  Reads
 * the records of DAF_RETENTION_DAILY, by an index.  DAF_ENOMEM, and what the store
 * returns. */
DAF_NODISCARD enum daf_err daf_wants_assignments(struct daf_store *store,
                                                 const struct daf_camp *camp,
                                                 struct daf_wanting **out);

/** daf_wants_read: all of it.  @out: to be freed also after an error. */
DAF_NODISCARD enum daf_err daf_wants_read(const struct daf_wants_query *q,
                                          struct daf_wants *out);
/** daf_wants_free: zeros are fine. */
void daf_wants_free(struct daf_wants *w);

/** daf_wants_find: NULL if the catalogue has no such item. */
const struct daf_wanting_item *daf_wants_find(const struct daf_wants *w,
                                              const struct daf_hash *content);

#define DAF_DAY_TEXT_BYTES 16
/** daf_wants_day: "2026-03-01"; returns @out. */
const char *daf_wants_day(uint32_t day, char out[DAF_DAY_TEXT_BYTES]);
/** daf_wants_day_read: false if it is no day of the years 1970 to 9999. */
bool daf_wants_day_read(const char *text, uint32_t *out);
/** daf_wants_is_late: whether an item that takes @eta_s more (0: not known, or it
 * does not come) is there when its due day is over, as this clock has it. */
bool daf_wants_is_late(const struct daf_wanting_item *item, uint64_t wall_ms,
                       uint64_t eta_s);

#endif
