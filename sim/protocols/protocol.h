/* SPDX-License-Identifier: Apache-2.0 */
/* sim/protocols/protocol.h - how a forwarding protocol is told to the simulator.
 *
 * A protocol is one file with a struct daf_protocol: callbacks, each of which
 * may be NULL, and what a node keeps.  Five tell what happens (contact_up to
 * timer); the others are for protocols with a state of their own, or real
 * devices.  The build lists it, and it runs beside the others, over the same
 * world and the same chance.  What it may ask and do is in sim/net/net.h;
 * docs/simulator.md writes one from nothing.
 *
 * `timer` is where transfers are started.  It is a node's turn: the net wakes a node
 * whenever something that concerns it has changed (its own messages, links and
 * transfers, and those of the nodes it is linked with), so a protocol never has to
 * ask "now?" again and again.  Turns of one instant come in random order. */
#ifndef DAF_SIM_PROTOCOLS_PROTOCOL_H
#define DAF_SIM_PROTOCOLS_PROTOCOL_H

#include "sim/net/net.h"

struct daf_protocol {
    const char *name;    /* words: "epidemic-one" */
    const char *what;    /* one line for people */
    size_t node_bytes;   /* of a node's own state: zeroed, daf_net_state() */
    size_t shared_bytes; /* of the protocol's: zeroed, daf_net_shared() */
    size_t pair_bytes; /* what it allocates itself for each pair of nodes; a run
                            that would not fit is refused before it starts */
    bool knows_deaf;   /* contact_up tells of contacts that only one of the two
                          hears, too; nothing can be sent over them */

    bool carries_content; /* of daf_net_config's items */

    /* Once, before anything else; DAF_ENOMEM ends the run. */
    enum daf_err (*start)(struct daf_net *net);
    void (*stop)(struct daf_net *net);

    /* For each of the two nodes; the link is up, or down, already. */
    void (*contact_up)(struct daf_net *net, uint32_t node, uint32_t peer);
    void (*contact_down)(struct daf_net *net, uint32_t node, uint32_t peer);
    /* @came: it arrived (and @to carries it, unless it was for @to), else the
     * link went down before. */
    void (*transfer_ended)(struct daf_net *net, uint32_t from, uint32_t to,
                           uint32_t message, bool came);
    /* @node carries it. */
    void (*message_created)(struct daf_net *net, uint32_t node,
                            uint32_t message);
    void (*timer)(struct daf_net *net, uint32_t node);

    /* For a protocol that has real devices; others keep what they carry while a
     * node is off, and know no clock. */
    void (*power)(struct daf_net *net, uint32_t node, enum daf_power how);
    void (*clock)(struct daf_net *net, uint32_t node, int64_t off_ms);
    void (*attached)(struct daf_net *net, uint32_t node, enum daf_attached how,
                     uint32_t cell);
    /* For a protocol that carries messages itself, or wants them elsewhere: @out
     * is what the net knows; say better what you know better.  Changes nothing. */
    void (*measure)(struct daf_net *net, struct daf_net_measure *out);
};

/** daf_protocol_find: NULL if there is none of that name. */
const struct daf_protocol *daf_protocol_find(const char *name);
/** daf_protocol_at: the protocol at @index, from 0; NULL at the end. */
const struct daf_protocol *daf_protocol_at(size_t index);

#endif
