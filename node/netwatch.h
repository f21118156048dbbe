/* SPDX-License-Identifier: Apache-2.0 */
/* node/netwatch.h - the addresses of this machine, and when they change.
 *
 * Told once at the start, and again when they have changed, some moments after the
 * kernel said that an interface or an address came or went (rtnetlink): a tablet
 * that is carried into another Wi-Fi calls everybody anew.  Addresses on which the
 * door listens: all of the machine but loopback's, or the one that was given by
 * --listen.  Where the kernel does not tell, they are told once.  One thread. */
#ifndef DAF_NODE_NETWATCH_H
#define DAF_NODE_NETWATCH_H

#include "node/core/port.h"
#include "node/loop.h"

#define DAF_NETWATCH_PORT      5670
#define DAF_NETWATCH_ADDRS_MAX 16
/* An interface that comes up says so several times. */
#define DAF_NETWATCH_SETTLE_MS 1000

struct daf_netwatch; /* opaque */

/** daf_netwatch_new: @listen: where the door listens; its port is told with each
 * address.  @told: called first from the loop, soon; @addrs is borrowed.
 * @settled: called each time, also if the addresses are the same: another access
 * point of one network is such news.
 * The caller owns it: daf_netwatch_free().  DAF_ENOMEM, DAF_EIO. */
DAF_NODISCARD enum daf_err daf_netwatch_new(
    struct daf_loop *loop, const struct daf_addr *listen,
    void (*told)(void *ctx, const struct daf_addr *addrs, size_t count),
    void (*settled)(void *ctx), void *ctx, struct daf_netwatch **out);
/** daf_netwatch_free: NULL is fine. */
void daf_netwatch_free(struct daf_netwatch *n);

/** daf_netwatch_default: where a door listens if nobody says: everywhere.  Where
 * nobody hands out addresses two devices still have IPv6's link-local ones; a
 * socket for IPv6 hears IPv4 as well. */
void daf_netwatch_default(struct daf_addr *out);

/** daf_netwatch_list: the addresses now; at most DAF_NETWATCH_ADDRS_MAX. */
size_t daf_netwatch_list(const struct daf_addr *listen, struct daf_addr out[]);

#endif
