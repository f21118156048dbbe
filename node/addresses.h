/* SPDX-License-Identifier: Apache-2.0 */
/* node/addresses.h - HOME/camp/addresses.daf: doors that proved true, the last
 * first, so that a device that starts again knows whom to call
 * (docs/protocol.md §6).
 *
 * Lost without harm: what is missing, damaged or a newer program's counts as
 * empty, and the others are found again by mDNS or by a first peer. */
#ifndef DAF_NODE_ADDRESSES_H
#define DAF_NODE_ADDRESSES_H

#include "node/home.h"

/* As many as one ADDRESSES frame names (proto/frame.h has its names for that). */
struct daf_addresses_door {
    struct daf_author_id author;
    size_t count; /* 1 to DAF_ADDRESSES_EACH_MAX */
    struct daf_addr addrs[DAF_ADDRESSES_EACH_MAX];
};
struct daf_addresses_file {
    size_t count; /* ≤ DAF_ADDRESSES_DEVICES_MAX */
    struct daf_addresses_door doors[DAF_ADDRESSES_DEVICES_MAX];
};

/** daf_addresses_read: what was written last; empty if it cannot be read. */
void daf_addresses_read(const struct daf_home *home,
                        struct daf_addresses_file *out);

/** daf_addresses_write: replace the file, durably.  Addresses that R49 does not
 * allow (link-local, many, none, port 0) are left out; those of this machine
 * itself are kept, but daf_addr_pack() tells them to nobody. */
DAF_NODISCARD enum daf_err daf_addresses_write(
    const struct daf_home *home, const struct daf_addresses_file *a,
    struct daf_trouble *t);

#endif
