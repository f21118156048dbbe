/* SPDX-License-Identifier: Apache-2.0 */
/* Epidemic routing as The ONE does it: everything to everybody, what is for a peer
 * first.  A. Vahdat and D. Becker, "Epidemic routing for partially-connected ad hoc
 * networks", 2000; The ONE's EpidemicRouter. */
#include "sim/protocols/protocol.h"

static void take_turn(struct daf_net *net, uint32_t node)
{
    if (daf_net_can_start(net, node) && !daf_net_deliver(net, node))
        (void)daf_net_spread(net, node, NULL);
}

const struct daf_protocol daf_epidemic_one = {
    .name = "epidemic-one",
    .what = "everything to everybody, by The ONE's rules",
    .timer = take_turn,
};
