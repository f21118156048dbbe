/* SPDX-License-Identifier: Apache-2.0 */
/* What nodes carry: copies in the order in which they came, room, lifetime. */
#include "sim/net/net_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

bool daf_net_set(struct daf_net *net, struct daf_net_bits *bits,
                 uint32_t message)
{
    uint32_t word = message / 64;

    if (word >= bits->count) {
        uint32_t count = (word + 8) & ~UINT32_C(7);
        uint64_t *words = realloc(bits->words, count * sizeof *words);
        if (words == NULL) {
            net->failed = DAF_ENOMEM;
            return false;
        }
        memset(words + bits->count, 0, (count - bits->count) * sizeof *words);
        bits->words = words;
        bits->count = count;
    }
    bits->words[word] |= UINT64_C(1) << (message % 64);
    return true;
}

/* ---- lifetime ---- */

/* The last minute does not count: what has less than one is over. */
static daf_sim_us over_after(const struct daf_net *net, uint32_t message)
{
    return net->messages[message].created +
           ((daf_sim_us)net->config.lifetime_minutes - 1) * DAF_SIM_MINUTE;
}

bool daf_net_is_expired(const struct daf_net *net, uint32_t message)
{
    return net->config.lifetime_minutes != 0 &&
           daf_net_now(net) > over_after(net, message);
}

static void check_by(struct daf_net *net, uint32_t node, daf_sim_us at)
{
    struct daf_net_node *n = &net->nodes[node];

    if (at >= n->check_at) return;
    daf_engine_cancel(net->engine, &n->check);
    n->check_at = at;
    n->check = daf_engine_timer(net->engine, at, DAF_SIM_TIMER, node, node, 0);
}

/* Nodes look at whole minutes. */
static daf_sim_us minute_after(daf_sim_us at)
{
    return (at / DAF_SIM_MINUTE + 1) * DAF_SIM_MINUTE;
}

void daf_net_buffer_check(struct daf_net *net, uint32_t node)
{
    struct daf_net_node *n = &net->nodes[node];
    daf_sim_us next = DAF_SIM_NEVER;

    if (n->sending.is_on) return; /* daf_net_finish() comes back to it */
    daf_engine_cancel(net->engine, &n->check);
    n->check_at = DAF_SIM_NEVER;
    for (uint32_t i = 0; i < n->copies_count;) {
        uint32_t message = n->copies[i].message;
        if (daf_net_is_expired(net, message)) {
            daf_net_drop(net, node, message);
            continue;
        }
        daf_sim_us at = minute_after(over_after(net, message));
        next = at < next ? at : next;
        i++;
    }
    if (next != DAF_SIM_NEVER) check_by(net, node, next);
}

/* ---- copies ---- */

void daf_net_buffer_add(struct daf_net *net, uint32_t node, uint32_t message,
                        uint16_t hops, uint16_t number)
{
    struct daf_net_node *n = &net->nodes[node];
    struct daf_copy copy = {.message = message,
                            .hops = hops,
                            .number = number,
                            .since = daf_net_now(net)};

    if (daf_net_has(n, message))
        return; /* it came another way while this transfer went on */
    if (n->copies_count == n->copies_room) {
        uint32_t room = n->copies_room == 0 ? 16 : n->copies_room * 2;
        struct daf_copy *copies = realloc(n->copies, room * sizeof *copies);
        if (copies == NULL) {
            net->failed = DAF_ENOMEM;
            return;
        }
        n->copies = copies;
        n->copies_room = room;
    }
    if (!daf_net_set(net, &n->has, message)) return;
    n->gained++;
    n->copies[n->copies_count++] = copy;
    n->used += net->messages[message].bytes;
    net->carriers[message]++;
    if (net->config.lifetime_minutes != 0) {
        daf_sim_us at = minute_after(over_after(net, message));
        check_by(net, node, at < copy.since ? copy.since : at);
    }
}

static bool is_sent(const struct daf_net_node *n, uint32_t message)
{
    return n->sending.is_on && n->sending.message == message;
}

void daf_net_drop(struct daf_net *net, uint32_t node, uint32_t message)
{
    struct daf_net_node *n = &net->nodes[node];
    const struct daf_message *m = &net->messages[message];
    struct daf_copy *copy = daf_net_copy(net, node, message);

    if (copy == NULL || is_sent(n, message)) return;
    size_t after = n->copies_count - (size_t)(copy - n->copies) - 1;
    memmove(copy, copy + 1, after * sizeof *copy);
    n->copies_count--;
    n->lost++;
    n->has.words[message / 64] &= ~(UINT64_C(1) << (message % 64));
    n->used -= m->bytes;
    net->stats.dropped++;
    if (--net->carriers[message] == 0 && !m->is_delivered)
        (void)daf_net_remove(&net->nodes[m->to].addressed, message);
    daf_net_wake_around(net, node); /* its peers may send it once more */
}

bool daf_net_buffer_room(struct daf_net *net, uint32_t node, uint32_t bytes)
{
    struct daf_net_node *n = &net->nodes[node];
    uint64_t limit = net->config.buffer_bytes;
    const uint64_t *own = net->config.buffers;

    if (own != NULL && own[node] > 0) limit = own[node];
    if (bytes > limit) return false;
    while (n->used > limit - bytes) {
        uint32_t at = 0;
        while (at < n->copies_count && is_sent(n, n->copies[at].message))
            at++;
        if (at == n->copies_count) return false;
        daf_net_drop(net, node, n->copies[at].message);
    }
    return true;
}
