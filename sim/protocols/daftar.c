/* SPDX-License-Identifier: Apache-2.0 */
/* Daftar itself: the daemon's agents, one a node (sim/device/fleet.h).
 *
 * A message is a record that somebody writes at its node in a class all share; it
 * has arrived when its destination holds it durably.  Everybody comes to hold every
 * record: a notebook drops nothing and is not told whom a record is for.  A
 * message's size is not a record's: what is on the air is what the agents say. */
#include "sim/protocols/policies.h"

#include <stdlib.h>

#include "sim/device/fleet.h"

struct node {
    uint32_t *messages; /* of its log: by seq, plus one; 0: no message */
    uint64_t room;
};

struct shared {
    struct daf_fleet *fleet;
    struct daf_fleet_stats begun; /* what making the camp took */
};

static struct daf_fleet *fleet_of(struct daf_net *net)
{
    return ((struct shared *)daf_net_shared(net))->fleet;
}

static void wrote(void *ctx, uint32_t device, uint64_t ticket, enum daf_err err,
                  uint64_t seq)
{
    struct daf_net *net = ctx;
    struct node *n = daf_net_state(net, device);

    if (err != DAF_OK) {
        daf_net_fail(net, err);
        return;
    }
    if (seq >= n->room) {
        uint64_t room = seq * 2 + 8;
        uint32_t *messages = realloc(n->messages, room * sizeof *messages);
        if (messages == NULL) {
            daf_net_fail(net, DAF_ENOMEM);
            return;
        }
        for (uint64_t i = n->room; i < room; i++)
            messages[i] = 0;
        n->messages = messages;
        n->room = room;
    }
    n->messages[seq] = (uint32_t)ticket;
}

static void stored(void *ctx, uint32_t device, uint32_t writer, uint64_t seq)
{
    struct daf_net *net = ctx;
    const struct node *n = daf_net_state(net, writer);

    if (device == writer || seq >= n->room || n->messages[seq] == 0) return;
    daf_net_arrived(net, device, n->messages[seq] - 1);
}

static void got(void *ctx, uint32_t device, size_t item)
{
    daf_net_got(ctx, device, item);
}

static enum daf_swarm_policy policy_of(const struct daf_protocol *p)
{
    if (p == &daf_daftar_two) return DAF_SWARM_TWO;
    return p == &daf_daftar_fair_share ? DAF_SWARM_FAIR_SHARE : DAF_SWARM_OURS;
}

static enum daf_err start(struct daf_net *net)
{
    struct shared *s = daf_net_shared(net);
    const struct daf_fleet_events events = {.ctx = net,
                                            .wrote = wrote,
                                            .stored = stored,
                                            .got = got};
    struct daf_fleet_config config = daf_fleet_defaults();

    config.seed = daf_net_config(net)->seed;
    config.devices = daf_net_nodes(net);
    config.real_dir = daf_net_config(net)->real_dir;
    config.has_real_signatures = config.real_dir != NULL;
    config.bytes_per_s = daf_net_config(net)->bytes_per_s;
    config.items = daf_net_config(net)->items;
    config.items_count = daf_net_config(net)->items_count;
    config.swarm = policy_of(daf_net_config(net)->protocol);
    enum daf_err err =
        daf_fleet_new(daf_net_engine(net), &config, &events, &s->fleet);
    if (err == DAF_OK) s->begun = *daf_fleet_stats(s->fleet);
    return err;
}

static void stop(struct daf_net *net)
{
    for (uint32_t i = 0; i < daf_net_nodes(net); i++)
        free(((struct node *)daf_net_state(net, i))->messages);
    daf_fleet_free(fleet_of(net));
}

static void check(struct daf_net *net)
{
    enum daf_err err = daf_fleet_failed(fleet_of(net));

    if (err != DAF_OK) daf_net_fail(net, err);
}

/* Told for each of the two. */
static void contact_up(struct daf_net *net, uint32_t node, uint32_t peer)
{
    if (node < peer) daf_fleet_up(fleet_of(net), daf_net_contact(net));
    check(net);
}

static void contact_down(struct daf_net *net, uint32_t node, uint32_t peer)
{
    if (node < peer) daf_fleet_down(fleet_of(net), node, peer);
    check(net);
}

static void message_created(struct daf_net *net, uint32_t node,
                            uint32_t message)
{
    daf_fleet_learn(fleet_of(net), node, (uint64_t)message + 1);
    check(net);
}

/* RUNs come as briefs, which are shorter than what is kept of them; so the share
 * that was held already is taken by the sizes on disk. */
static void measure(struct daf_net *net, struct daf_net_measure *out)
{
    const struct shared *s = daf_net_shared(net);
    const struct daf_fleet_stats *f = daf_fleet_stats(s->fleet);
    const struct daf_net_stats *n = daf_net_stats(net);
    uint64_t runs = f->bytes_runs - f->bytes_runs_lost;
    uint64_t kept = f->bytes_kept - s->begun.bytes_kept;
    uint64_t known = f->bytes_known - s->begun.bytes_known;
    double again =
        known == 0 ? 0 : (double)known / ((double)known + (double)kept);

    uint64_t chunks = f->bytes_chunks - f->bytes_chunks_lost;

    out->air[DAF_NET_AIR_AGAIN] = (uint64_t)(again * (double)runs);
    out->air[DAF_NET_AIR_PAYLOAD] = runs - out->air[DAF_NET_AIR_AGAIN];
    out->air[DAF_NET_AIR_BROKEN] = f->bytes_lost;
    out->air[DAF_NET_AIR_CONTROL] =
        f->bytes - f->bytes_lost - runs - chunks + f->bytes_around;
    out->air[DAF_NET_AIR_AGAIN] += f->bytes_twice;
    out->air[DAF_NET_AIR_PAYLOAD] += f->bytes_shelved;
    out->air[DAF_NET_AIR_BROKEN] +=
        f->bytes_chunks_heard - f->bytes_shelved - f->bytes_twice;
    out->twice = f->bytes_twice;
    out->kept = kept;
    out->kept_most = 0;
    out->wanted = n->created * (daf_net_nodes(net) - 1);
    out->complete = n->relayed;
}

static void power(struct daf_net *net, uint32_t node, enum daf_power how)
{
    daf_fleet_power(fleet_of(net), node, how);
    check(net);
}

static void set_clock(struct daf_net *net, uint32_t node, int64_t off_ms)
{
    daf_fleet_clock(fleet_of(net), node, off_ms);
}

static void attached(struct daf_net *net, uint32_t node, enum daf_attached how,
                     uint32_t cell)
{
    daf_fleet_attached(fleet_of(net), node, how, cell);
    check(net);
}

#define AGENTS(its_name, its_what)                                             \
    {                                                                          \
        .name = its_name, .what = its_what, .node_bytes = sizeof(struct node), \
        .shared_bytes = sizeof(struct shared), .carries_content = true,        \
        .start = start, .stop = stop, .contact_up = contact_up,                \
        .contact_down = contact_down, .message_created = message_created,      \
        .measure = measure, .knows_deaf = true, .power = power,                \
        .clock = set_clock, .attached = attached,                              \
    }

const struct daf_protocol daf_daftar =
    AGENTS("daftar", "the daemon's own agents: every record to everybody");
const struct daf_protocol daf_daftar_two =
    AGENTS("two", "the same; of content two are served at a time, by anybody");
const struct daf_protocol daf_daftar_fair_share =
    AGENTS("fair-share", "the same; content goes to all at once, from anybody");
