/* SPDX-License-Identifier: Apache-2.0 */
/* Direct delivery: who made a message carries it to its destination.  The lower
 * bound of what is sent, and of what arrives. */
#include "sim/protocols/protocol.h"

static void take_turn(struct daf_net *net, uint32_t node)
{
    if (daf_net_can_start(net, node)) (void)daf_net_deliver(net, node);
}

const struct daf_protocol daf_direct = {
    .name = "direct",
    .what = "only its maker brings a message to its destination",
    .timer = take_turn,
};
