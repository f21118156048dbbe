/* SPDX-License-Identifier: Apache-2.0 */
/* node/subscriptions.h - the channels that this device keeps up with: a line each
 * in HOME/subscriptions (docs/storage.md).  Its own affair: no record, and nobody
 * is told. */
#ifndef DAF_NODE_SUBSCRIPTIONS_H
#define DAF_NODE_SUBSCRIPTIONS_H

#include "node/home.h"
#include "proto/limits.h"

#define DAF_SUBSCRIPTIONS_MAX ((size_t)64)

struct daf_subscriptions {
    size_t count;
    struct daf_view channels[DAF_SUBSCRIPTIONS_MAX]; /* of @bytes */
    uint8_t *bytes;                                  /* owned; the file */
};

/** daf_subscriptions_load: none if there is no file.  Lines that are no channel are
 * passed over.  daf_subscriptions_free(), also after an error. */
DAF_NODISCARD enum daf_err daf_subscriptions_load(const struct daf_home *home,
                                                  struct daf_subscriptions *out,
                                                  struct daf_trouble *t);
/** daf_subscriptions_free: zeros are fine. */
void daf_subscriptions_free(struct daf_subscriptions *s);

bool daf_subscriptions_has(const struct daf_subscriptions *s,
                           struct daf_view channel);

/** daf_subscriptions_set: subscribe, or not; durable on return.  The caller is the
 * daemon, or holds the home's lock.  DAF_ELIMIT: there are too many, or it is no
 * channel's name. */
DAF_NODISCARD enum daf_err daf_subscriptions_set(const struct daf_home *home,
                                                 const char *channel,
                                                 bool is_on,
                                                 struct daf_trouble *t);

#endif
