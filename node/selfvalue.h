/* SPDX-License-Identifier: Apache-2.0 */
/* node/selfvalue.h - what a device remembers of itself, as values of its notebook
 * (docs/storage.md): the incarnation it writes in, those before, whether it was
 * restored. */
#ifndef DAF_NODE_SELFVALUE_H
#define DAF_NODE_SELFVALUE_H

#include "node/core/port.h"
#include "store/store.h"

/* Names of local values in the store (daf_store_set). */
#define DAF_VALUE_INCARNATION "incarnation" /* 8 bytes, big endian */
#define DAF_VALUE_SELF        "self"

/* Version 1, flags (bit 0: restored), 8 bytes (big endian) for each life. */
#define DAF_SELFVALUE_BYTES_MAX (2 + 8 * DAF_LIVES_MAX)

/** daf_selfvalue_get: DAF_ENOTFOUND if this device has never written;
 * DAF_ECORRUPT; what the store returns. */
DAF_NODISCARD enum daf_err daf_selfvalue_get(struct daf_store *s,
                                             struct daf_self *out);
/** daf_selfvalue_set: between begin and commit.  Errors as daf_store_set(). */
DAF_NODISCARD enum daf_err daf_selfvalue_set(struct daf_store *s,
                                             const struct daf_self *self);

/** daf_selfvalue_live: @life becomes the present one; of too many the oldest is
 * forgotten, which then counts as a copy's. */
void daf_selfvalue_live(struct daf_self *self, uint64_t life);

#endif
