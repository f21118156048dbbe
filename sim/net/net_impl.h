/* SPDX-License-Identifier: Apache-2.0 */
/* sim/net/net_impl.h - what the net's files share. */
#ifndef DAF_SIM_NET_NET_IMPL_H
#define DAF_SIM_NET_NET_IMPL_H

#include "sim/net/net.h"

#define DAF_NET_NOBODY UINT32_MAX

struct daf_net_list {
    uint32_t *items;
    uint32_t count, room;
};

/* A node has at most one transfer. */
struct daf_net_sending {
    bool is_on;
    bool is_linked; /* the link has been up since the start */
    uint32_t to, message;
    uint16_t hops, number; /* the copy's at the start */
    daf_sim_us done_at;
};

struct daf_net_node {
    struct daf_net_list peers;
    struct daf_net_list addressed; /* messages for it that somebody carries and
                                      that have not arrived */
    struct daf_copy *copies;       /* the longest carried first */
    uint32_t copies_count, copies_room;
    uint64_t *has; /* a bit a message */
    uint32_t has_words;
    uint64_t used; /* bytes of copies */
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
    enum daf_err failed;

    struct daf_net_list next; /* have a turn in the next pass */
    struct daf_net_list pass; /* a heap by rank: still to come in this one */
    uint64_t pass_salt;
    uint64_t rank_now;
    bool is_in_pass, is_pass_due;
    struct daf_net_list choice; /* scratch */
};

/* List and bit keeping; false and net->failed without memory. */
bool daf_net_push(struct daf_net *net, struct daf_net_list *list,
                  uint32_t item);
/* The order of the others stays. */
bool daf_net_remove(struct daf_net_list *list, uint32_t item);

static inline bool daf_net_has(const struct daf_net_node *n, uint32_t message)
{
    return message / 64 < n->has_words &&
           (n->has[message / 64] >> (message % 64) & 1) != 0;
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

/* net_transfer.c: see the end of what @node sends, if it has ended. */
void daf_net_finish(struct daf_net *net, uint32_t node);

#endif
