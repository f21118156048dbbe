/* SPDX-License-Identifier: Apache-2.0 */
/* node/renewals.h - devices that ask for keys of their own, because their card was
 * copied (docs/protocol.md R127), read from the scope `camp`. */
#ifndef DAF_NODE_RENEWALS_H
#define DAF_NODE_RENEWALS_H

#include "node/core/camp.h"
#include "store/store.h"

struct daf_renewal_info {
    struct daf_record_id record;
    struct daf_author_id author;  /* who asks: all copies have this one */
    struct daf_device_keys keys;  /* by which it wants to be known; verified */
    struct daf_author_id renewed; /* who it is then */
    size_t lives_count;
    uint64_t lives[DAF_RENEWAL_LIVES_MAX];
    uint64_t claimed_ms;
    bool is_granted; /* a certificate for them counts */
};

/* Returns true to go on. */
typedef bool (*daf_renewal_fn)(void *ctx, const struct daf_renewal_info *r);

/** daf_renewals_read: every request that can be opened and verifies; none if the
 * camp's register does not name them.  DAF_ENOMEM, or what the store returns. */
DAF_NODISCARD enum daf_err daf_renewals_read(struct daf_store *store,
                                             const struct daf_camp *camp,
                                             daf_renewal_fn fn, void *ctx);

/** daf_renewals_clones: how many devices besides one write with @author's keys, as far
 * as their requests and the branches of its logs tell (R129).  Errors as above. */
DAF_NODISCARD enum daf_err daf_renewals_clones(
    struct daf_store *store, const struct daf_camp *camp,
    const struct daf_author_id *author, size_t *out);

/** daf_renewals_cert: the certificate of @author that stands (R17), from control.
 * @out: DAF_CERT_BYTES_MAX.  DAF_ENOTFOUND. */
DAF_NODISCARD enum daf_err daf_renewals_cert(struct daf_store *store,
                                             const struct daf_camp *camp,
                                             const struct daf_author_id *author,
                                             uint8_t *out, size_t *out_len);

#endif
