/* SPDX-License-Identifier: Apache-2.0 */
/* sim/net/net_impl.h - what the net's files share. */
#ifndef DAF_SIM_NET_NET_IMPL_H
#define DAF_SIM_NET_NET_IMPL_H

#include "sim/net/net.h"

#define DAF_NET_NOBODY UINT32_MAX
#define DAF_NET_CELL   UINT32_MAX /* an arrival of a cell, not of a message */
#define DAF_NET_ORDER  ((1u << DAF_SIM_ORDER_BITS) - 1)

struct daf_net_list {
    uint32_t *items;
    uint32_t count, room;
};

/* A bit a message. */
struct daf_net_bits {
    uint64_t *words;
    uint32_t count;
};

/* A node has at most one transfer. */
struct daf_net_sending {
    bool is_on;
    bool is_linked; /* the link has been up since the start */
    uint32_t to, message;
    uint16_t hops, number; /* the copy's at the start */
    uint32_t cell;
    daf_sim_us need;    /* of air */
    daf_sim_us done_at; /* NEVER: when its cell's count is at done_had */
    daf_sim_us done_had;
    uint32_t bytes_sent; /* when the link went down */
};

struct daf_net_cell {
    daf_sim_us had; /* air that each sender has had, in parts of net_air.c */
    daf_sim_us settled; /* when @had was true */
    struct daf_net_list senders;
    daf_sim_timer timer; /* the first of them is done */
};

/* A contact that is up.  Of each direction, a's first: when it was last seen that
 * the sender has nothing for the other, how often had the sender gained a message
 * and the other lost one?  While neither happens again there is nothing.  In a room
 * of 40 most looks are such. */
struct daf_net_link {
    struct daf_contact contact;
    uint64_t idle_gained[2], idle_lost[2];
};

struct daf_net_node {
    struct daf_net_list peers;
    struct daf_net_list links;     /* of each peer: a place in net->links */
    struct daf_net_list addressed; /* messages for it that somebody carries and
                                      that have not arrived */
    struct daf_copy *copies;       /* the longest carried first */
    uint32_t copies_count, copies_room;
    struct daf_net_bits has;     /* which it carries */
    struct daf_net_bits arrived; /* which were for it, and have */
    uint64_t used;               /* bytes of copies */
    uint64_t gained, lost; /* copies, ever, or reconsidered; gained: one more */
    struct daf_net_sending sending;
    uint32_t receiving_from; /* or DAF_NET_NOBODY */
    daf_sim_us check_at;     /* when something's lifetime will be over */
    daf_sim_timer check;
    uint64_t rank;  /* in the pass that goes on */
    bool is_queued; /* for a turn in this pass, or in the next */
};

struct daf_net {
    struct daf_engine *engine;
    struct daf_net_config config;
    struct daf_chance chance_turns, chance_protocol;
    struct daf_net_node *nodes;
    struct daf_message *messages;
    uint32_t *carriers; /* of each message */
    uint32_t messages_count, messages_room;
    uint8_t *states;
    void *shared;
    struct daf_net_stats stats;
    struct daf_net_watch watch;
    daf_sim_us *got; /* of each item in turn, by who wants it */
    enum daf_err failed;

    struct daf_net_list next; /* have a turn in the next pass */
    struct daf_net_list pass; /* a heap by rank: still to come in this one */
    uint64_t pass_salt;
    uint64_t rank_now;
    bool is_in_pass, is_pass_due;
    struct daf_net_list choice; /* scratch */

    struct daf_net_link *links; /* that are up, and places that are free */
    uint32_t links_room;
    struct daf_net_list links_free;
    const struct daf_contact *told; /* daf_net_contact() */
    struct daf_net_cell *cells;
    uint32_t cells_room;
};

/* List and bit keeping; false and net->failed without memory. */
bool daf_net_push(struct daf_net *net, struct daf_net_list *list,
                  uint32_t item);
/* The order of the others stays. */
bool daf_net_remove(struct daf_net_list *list, uint32_t item);

bool daf_net_set(struct daf_net *net, struct daf_net_bits *bits,
                 uint32_t message);

static inline bool daf_net_bit(const struct daf_net_bits *bits,
                               uint32_t message)
{
    return message / 64 < bits->count &&
           (bits->words[message / 64] >> (message % 64) & 1) != 0;
}

static inline bool daf_net_has(const struct daf_net_node *n, uint32_t message)
{
    return daf_net_bit(&n->has, message);
}

/* net_buffer.c */
void daf_net_buffer_add(struct daf_net *net, uint32_t node, uint32_t message,
                        uint16_t hops, uint16_t number);
bool daf_net_buffer_room(struct daf_net *net, uint32_t node, uint32_t bytes);
/* Drop what is over, and plan the next look; put off while it sends. */
void daf_net_buffer_check(struct daf_net *net, uint32_t node);
bool daf_net_is_expired(const struct daf_net *net, uint32_t message);

/* net_pass.c */
void daf_net_pass(struct daf_net *net);
/* @node changed in what its peers may send it. */
void daf_net_wake_around(struct daf_net *net, uint32_t node);

/* net_air.c.  What so many bytes need of the contact's air when nobody else sends;
 * @node's transfer begins, stops (returns the air it still needed); a cell's
 * first is done. */
daf_sim_us daf_net_air_need(const struct daf_net *net,
                            const struct daf_contact *c, uint32_t bytes);
void daf_net_air_begin(struct daf_net *net, uint32_t cell, uint32_t node);
daf_sim_us daf_net_air_stop(struct daf_net *net, uint32_t cell, uint32_t node);
void daf_net_air_done(struct daf_net *net, uint32_t cell);

/* net.c: the contact of two that are linked. */
const struct daf_contact *daf_net_link(const struct daf_net *net, uint32_t node,
                                       uint32_t peer);

/* net_transfer.c: the link under what @node sends is down. */
void daf_net_break(struct daf_net *net, uint32_t node);
/* net_transfer.c: see the end of what @node sends, if it has ended. */
void daf_net_finish(struct daf_net *net, uint32_t node);

#endif
