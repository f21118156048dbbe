/* SPDX-License-Identifier: Apache-2.0 */
/* sim/net/net.h - nodes that carry messages, and the links between them.
 *
 * A message is made at one node for another and has a size; copies of it wait in
 * the buffers of nodes.  A link is there while two nodes are in contact and carries
 * one message at a time, at the link's speed; a node takes part in one transfer at
 * a time.  Transfers in one cell of air (sim/core/contact.h) share it equally.  What
 * happens to buffers follows The ONE's ActiveRouter (Keränen, Ott, Kärkkäinen, "The
 * ONE simulator for DTN protocol evaluation", 2009; source c973bfb), so that its
 * protocols mean the same here:
 *
 *  - a receiver that is busy says so; one that has or had the message refuses it; a
 *    message whose lifetime is over is taken only by its destination;
 *  - room is made by dropping what was received longest ago, but not what is being
 *    sent; what is coming in counts when it is there;
 *  - lifetime is counted in whole minutes that are left, cut off; once a minute a
 *    node that is not sending drops what has none;
 *  - the end of a transfer is seen at the sender's turn; what was complete in time
 *    has arrived even if the link went down in the same instant.
 *
 * Turns: after each event of the trace, and when a transfer ends, there is a pass in
 * which the nodes concerned have their turns in random order.  With @tick a pass
 * without an event of the trace waits for the next multiple of it, as The ONE's
 * update interval does; with 0 it is at once. */
#ifndef DAF_SIM_NET_NET_H
#define DAF_SIM_NET_NET_H

#include "sim/core/chance.h"
#include "sim/core/contact.h"
#include "sim/core/engine.h"
#include "sim/core/item.h"

struct daf_protocol;
struct daf_net; /* opaque */

struct daf_net_config {
    uint64_t seed;
    uint32_t nodes;
    uint64_t buffer_bytes;     /* of a node; 0: no limit */
    const uint64_t *buffers;   /* of each node, where not 0; NULL: all alike */
    uint64_t bytes_per_s;      /* of a link; at least 1 */
    uint32_t lifetime_minutes; /* of a message; 0: for ever */
    daf_sim_us tick;
    const char
        *real_dir; /* for protocols that keep something: daf_fleet_config */
    const struct daf_sim_item *items; /* of content; outlive the net */
    size_t items_count;
    uint64_t base_bytes_per_s; /* of multicast: sim/study/multicast.c */
    const struct daf_protocol *protocol;
};

struct daf_message {
    uint32_t from, to;
    uint32_t bytes;
    bool is_delivered;
    daf_sim_us created, delivered;
    uint16_t hops; /* of the first delivery */
};

/* A node's copy of a message. */
struct daf_copy {
    uint32_t message;
    uint16_t hops;    /* from its maker */
    uint16_t number;  /* the protocol's; a copy begins with its sender's */
    daf_sim_us since; /* received, or created */
};

struct daf_net_stats {
    uint64_t contacts; /* that came up */
    uint64_t odd;      /* of the trace: up twice, down without up */
    uint64_t created, started, relayed, aborted, dropped, delivered;
    uint64_t bytes_relayed, bytes_aborted;
    uint64_t bytes_again; /* of those relayed: held already */
    uint64_t turns;
};

/* What went over the air, and what nodes keep.  Bytes of kinds that a protocol's
 * model has not are 0: The ONE's protocols are told for nothing what a peer holds. */
enum daf_net_air_use {
    DAF_NET_AIR_PAYLOAD, /* messages or records that came whole and were new there */
    DAF_NET_AIR_AGAIN,  /* that came whole to one that held them already */
    DAF_NET_AIR_BROKEN, /* sent for nothing: the contact ended */
    DAF_NET_AIR_CONTROL, /* all else: questions, answers, what is around a frame */
    DAF_NET_AIR_KINDS,
};
struct daf_net_measure {
    uint64_t air[DAF_NET_AIR_KINDS]; /* so far */
    uint64_t kept,
        kept_most; /* bytes: of all nodes together, of one; most: 0 if
                                    not known */
    uint64_t wanted,
        complete;   /* pairs of a message and a node that wants it, and
                                  those of them that have come */
    uint64_t twice; /* content's bytes that came to a node that held the part */
};

/* Who looks on at contacts; changes nothing. */
struct daf_net_watch {
    void *ctx;
    void (*up)(void *ctx, uint32_t a, uint32_t b);
    void (*down)(void *ctx, uint32_t a, uint32_t b);
};

/* What came of an offer. */
enum daf_net_answer {
    DAF_NET_STARTED,
    DAF_NET_BUSY, /* one of the two takes part in a transfer */
    DAF_NET_KNOWN,
    DAF_NET_EXPIRED,
    DAF_NET_NO_ROOM,
};

/* ---- the run's side ---- */

/** daf_net_new: nodes without messages and links; its handlers are set in @e, which
 * outlives it.  DAF_ENOMEM.  The caller owns *@out. */
DAF_NODISCARD enum daf_err daf_net_new(struct daf_engine *e,
                                       const struct daf_net_config *config,
                                       struct daf_net **out);
void daf_net_free(struct daf_net *net);

/** daf_net_bytes: about what a run with so many nodes and messages takes. */
uint64_t daf_net_bytes(const struct daf_net_config *config, uint64_t messages);

/* What the trace tells, now; each ends with a pass.  Contacts that are up already,
 * or not up, are counted as odd.  DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_net_up(struct daf_net *net,
                                      const struct daf_contact *contact);
DAF_NODISCARD enum daf_err daf_net_down(struct daf_net *net,
                                        const struct daf_contact *contact);
DAF_NODISCARD enum daf_err daf_net_create(struct daf_net *net, uint32_t from,
                                          uint32_t to, uint32_t bytes);
/** daf_net_power: @node goes off, and has no contact any more, or on. */
DAF_NODISCARD enum daf_err daf_net_power(struct daf_net *net, uint32_t node,
                                         enum daf_power how);
/** daf_net_clock: @node's clock is off by so much. */
DAF_NODISCARD enum daf_err daf_net_clock(struct daf_net *net, uint32_t node,
                                         int64_t off_ms);
/** daf_net_attached: @node is attached so now: world.h. */
DAF_NODISCARD enum daf_err daf_net_attached(struct daf_net *net, uint32_t node,
                                            enum daf_attached how,
                                            uint32_t cell);
/** daf_net_got_at: when the @index-th of those who want @item had it whole;
 * DAF_SIM_NEVER: it has not. */
daf_sim_us daf_net_got_at(const struct daf_net *net, size_t item,
                          uint32_t index);
/** daf_net_failed: DAF_ENOMEM if something could not be kept. */
enum daf_err daf_net_failed(const struct daf_net *net);

const struct daf_net_stats *daf_net_stats(const struct daf_net *net);
/** daf_net_measure: as it is now; the protocol's own answer if it has one. */
void daf_net_measure(struct daf_net *net, struct daf_net_measure *out);
/** daf_net_watch: who is told of contacts from now on; copied. */
void daf_net_watch(struct daf_net *net, const struct daf_net_watch *watch);

/* ---- the protocol's side ---- */

daf_sim_us daf_net_now(const struct daf_net *net);
uint32_t daf_net_nodes(const struct daf_net *net);
const struct daf_net_config *daf_net_config(const struct daf_net *net);
struct daf_engine *daf_net_engine(struct daf_net *net);
struct daf_chance *daf_net_chance(struct daf_net *net); /* the protocol's */
/** daf_net_contact: which contact is told of; in contact_up and contact_down. */
const struct daf_contact *daf_net_contact(const struct daf_net *net);
void *daf_net_state(struct daf_net *net, uint32_t node);
void *daf_net_shared(struct daf_net *net);

/** daf_net_peers: whom @node is linked with, the longest first; borrowed until a
 * contact changes. */
size_t daf_net_peers(const struct daf_net *net, uint32_t node,
                     const uint32_t **out);
/** daf_net_copies: what @node carries, the longest first; borrowed until a call
 * that may change it (an offer to it, a drop). */
size_t daf_net_copies(const struct daf_net *net, uint32_t node,
                      struct daf_copy **out);
/** daf_net_copy: its copy of @message, or NULL; borrowed likewise. */
struct daf_copy *daf_net_copy(struct daf_net *net, uint32_t node,
                              uint32_t message);
/** daf_net_knows: it carries it, or it was for @node and has arrived. */
bool daf_net_knows(const struct daf_net *net, uint32_t node, uint32_t message);
/** daf_net_carries: whether it has one; faster. */
bool daf_net_carries(const struct daf_net *net, uint32_t node,
                     uint32_t message);
uint32_t daf_net_messages(const struct daf_net *net); /* made so far */
const struct daf_message *daf_net_message(const struct daf_net *net,
                                          uint32_t message);
/** daf_net_is_busy: it takes part in a transfer. */
bool daf_net_is_busy(const struct daf_net *net, uint32_t node);
/** daf_net_can_start: it is not busy, is linked, and carries something. */
bool daf_net_can_start(const struct daf_net *net, uint32_t node);

/** daf_net_offer: let @from, which carries @message, send it to @to, which it is
 * linked with. */
enum daf_net_answer daf_net_offer(struct daf_net *net, uint32_t from,
                                  uint32_t to, uint32_t message);
/** daf_net_deliver: start what is for a peer of @node; else let a peer start what
 * is for @node.  True: a transfer was started. */
bool daf_net_deliver(struct daf_net *net, uint32_t node);
/** daf_net_spread: offer each peer in turn what @node carries, in random order,
 * until one takes something.
 * @wanted: whether this copy may go there, or NULL: each may.  When all is refused it
 * is not asked again before daf_net_reconsider(), or something came to @node or left
 * the peer. */
typedef bool (*daf_net_wanted_fn)(struct daf_net *net, uint32_t node,
                                  uint32_t peer, const struct daf_copy *copy);
bool daf_net_spread(struct daf_net *net, uint32_t node,
                    daf_net_wanted_fn wanted);
/** daf_net_set_idle: there is nothing that @node would give to the peer at place @at
 * of daf_net_peers(); _is_idle: nor is there now, as nothing came to @node or left the
 * peer since.  Of 40 at one access point most looks are such. */
void daf_net_set_idle(struct daf_net *net, uint32_t node, uint32_t at);
bool daf_net_is_idle(const struct daf_net *net, uint32_t node, uint32_t at);
/** daf_net_reconsider: what is given to whom may be otherwise now, from @node and to
 * it: nothing of it is idle. */
void daf_net_reconsider(struct daf_net *net, uint32_t node);
/** daf_net_arrived: for a protocol that carries messages itself: @node has come to
 * hold @message, which counts as relayed, and as delivered if it is for @node. */
void daf_net_arrived(struct daf_net *net, uint32_t node, uint32_t message);
/** daf_net_got: for a protocol that carries content: @node, which wants it, has all
 * of @item. */
void daf_net_got(struct daf_net *net, uint32_t node, size_t item);
/** daf_net_drop: @node carries it no more; one that is being sent stays.  */
void daf_net_drop(struct daf_net *net, uint32_t node, uint32_t message);
/** daf_net_fail: the run cannot go on and ends with @err. */
void daf_net_fail(struct daf_net *net, enum daf_err err);
/** daf_net_wake: a turn for @node in this pass if its rank is still to come, else
 * in the next. */
void daf_net_wake(struct daf_net *net, uint32_t node);
/** daf_net_wake_at: the same, at a time. */
void daf_net_wake_at(struct daf_net *net, uint32_t node, daf_sim_us at);

#endif
