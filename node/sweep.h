/* SPDX-License-Identifier: Apache-2.0 */
/* node/sweep.h - who answers on this network, asked one by one.
 *
 * For `daftar doctor` alone: if somebody's door answers whom mDNS does not show,
 * multicast is dropped.  Asks the up to 254 neighbours of each own private IPv4
 * address, with a TCP connection that says nothing and is closed at once. */
#ifndef DAF_NODE_SWEEP_H
#define DAF_NODE_SWEEP_H

#include "node/core/port.h"

#define DAF_SWEEP_MS 1500 /* on one network even a poor one has answered */

/** daf_sweep: how many accept a connection to @port; @out_first is one of them.
 * @own: this machine's addresses, which are left out.  Takes up to
 * DAF_SWEEP_MS. */
size_t daf_sweep(const struct daf_addr *own, size_t own_count, uint16_t port,
                 struct daf_addr *out_first);

/** daf_sweep_is_refused: the machine at @addr is there, and refuses the call. */
bool daf_sweep_is_refused(const struct daf_addr *addr);

#endif
