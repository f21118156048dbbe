/* SPDX-License-Identifier: Apache-2.0 */
/* Binary spray and wait: a message begins with a number of copies; who has more
 * than one gives half of them to whom it meets, who has one waits for the
 * destination.  T. Spyropoulos, K. Psounis, C. Raghavendra, "Spray and wait", 2005;
 * The ONE's SprayAndWaitRouter. */
#include "sim/protocols/protocol.h"

#define COPIES 6 /* The ONE's default_settings.txt */

static void message_created(struct daf_net *net, uint32_t node,
                            uint32_t message)
{
    struct daf_copy *copy = daf_net_copy(net, node, message);

    if (copy != NULL) copy->number = COPIES;
}

static void transfer_ended(struct daf_net *net, uint32_t from, uint32_t to,
                           uint32_t message, bool came)
{
    struct daf_copy *given = daf_net_copy(net, to, message);
    struct daf_copy *kept = daf_net_copy(net, from, message);

    if (!came) return;
    if (given != NULL) /* else it has arrived at its destination */
        given->number = (uint16_t)((given->number + 1) / 2);
    if (kept != NULL) kept->number /= 2;
}

static bool is_to_spray(struct daf_net *net, uint32_t node, uint32_t peer,
                        const struct daf_copy *copy)
{
    (void)net;
    (void)node;
    (void)peer;
    return copy->number > 1;
}

static void take_turn(struct daf_net *net, uint32_t node)
{
    if (daf_net_can_start(net, node) && !daf_net_deliver(net, node))
        (void)daf_net_spread(net, node, is_to_spray);
}

const struct daf_protocol daf_spray_and_wait = {
    .name = "spray-and-wait",
    .what = "six copies of a message, halved at each meeting",
    .message_created = message_created,
    .transfer_ended = transfer_ended,
    .timer = take_turn,
};
