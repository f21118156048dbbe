/* SPDX-License-Identifier: Apache-2.0 */
/* PRoPHET: a message goes to whom has met its destination more often.
 *
 * P(a,b) grows when a meets b, ages with time, and is passed on through whom both
 * meet.  A. Lindgren, A. Doria, O. Schelén, "Probabilistic routing in intermittently
 * connected networks", 2003; the constants are its and The ONE's ProphetRouter's.
 *
 * Ageing needs gamma to a power that is not whole.  No function of libm but sqrt is
 * the same everywhere, so the power is put together from gamma's square roots: units
 * of time by squaring, and 20 binary places of the rest. */
#include "sim/protocols/protocol.h"

#include <math.h>
#include <stdlib.h>

#define P_INIT 0.75
#define BETA   0.25
#define GAMMA  0.98
#define UNIT   (30 * DAF_SIM_S) /* The ONE's secondsInTimeUnit */
#define PLACES 20
#define LEAST  1e-37 /* where floats end.  A night of 16 h takes 0.75 to 1e-17 */

struct node {
    float
        *met; /* P of each node, as it was at @aged; NULL until it meets one */
    daf_sim_us aged;
    daf_sim_us factor_at; /* what @met has lost until then, is @factor */
    double factor;
};

struct candidate {
    uint32_t peer, message;
    double p;
};

struct shared {
    double roots[PLACES]; /* GAMMA to 1/2, 1/4, ... */
    struct candidate *candidates;
    size_t count, room;
};

static enum daf_err start(struct daf_net *net)
{
    struct shared *s = daf_net_shared(net);
    double root = GAMMA;

    for (int i = 0; i < PLACES; i++)
        s->roots[i] = root = sqrt(root);
    return DAF_OK;
}

static void stop(struct daf_net *net)
{
    for (uint32_t i = 0; i < daf_net_nodes(net); i++)
        free(((struct node *)daf_net_state(net, i))->met);
    free(((struct shared *)daf_net_shared(net))->candidates);
}

static double aging(const struct shared *s, daf_sim_us passed)
{
    double out = 1, power = GAMMA;
    int64_t part = (passed % UNIT << PLACES) / UNIT;

    for (int64_t units = passed / UNIT; units > 0; units >>= 1) {
        if ((units & 1) != 0) out *= power;
        power *= power;
    }
    for (int i = 0; i < PLACES; i++)
        if ((part >> (PLACES - 1 - i) & 1) != 0) out *= s->roots[i];
    return out;
}

static double chance_to_meet(struct daf_net *net, uint32_t node, uint32_t other)
{
    struct node *n = daf_net_state(net, node);
    daf_sim_us now = daf_net_now(net);

    if (n->met == NULL) return 0;
    if (n->factor_at != now || n->factor <= 0) {
        n->factor = aging(daf_net_shared(net), now - n->aged);
        n->factor_at = now;
    }
    return (double)n->met[other] * n->factor;
}

/* So that all of @node's are of now. */
static bool age(struct daf_net *net, uint32_t node)
{
    struct node *n = daf_net_state(net, node);
    uint32_t nodes = daf_net_nodes(net);

    if (n->met == NULL && (n->met = calloc(nodes, sizeof *n->met)) == NULL)
        return false;
    double by = aging(daf_net_shared(net), daf_net_now(net) - n->aged);
    for (uint32_t i = 0; i < nodes; i++) {
        double p = (double)n->met[i] * by;
        n->met[i] = p < LEAST ? 0 : (float)p;
    }
    n->aged = n->factor_at = daf_net_now(net);
    n->factor = 1;
    return true;
}

static void contact_up(struct daf_net *net, uint32_t node, uint32_t peer)
{
    struct node *n = daf_net_state(net, node);
    struct node *p = daf_net_state(net, peer);

    if (!age(net, node) || !age(net, peer)) {
        daf_net_fail(net, DAF_ENOMEM);
        return;
    }
    n->met[peer] += (float)((1 - (double)n->met[peer]) * P_INIT);
    double by = (double)n->met[peer] * BETA;
    for (uint32_t i = 0; i < daf_net_nodes(net); i++)
        if (i != node)
            n->met[i] +=
                (float)((1 - (double)n->met[i]) * by * (double)p->met[i]);
    daf_net_reconsider(net, node);
}

static bool note(struct shared *s, uint32_t peer, uint32_t message, double p)
{
    if (s->count == s->room) {
        size_t room = s->room == 0 ? 64 : s->room * 2;
        struct candidate *more = realloc(s->candidates, room * sizeof *more);
        if (more == NULL) return false;
        s->candidates = more;
        s->room = room;
    }
    s->candidates[s->count++] =
        (struct candidate){.peer = peer, .message = message, .p = p};
    return true;
}

/* What a free peer is likelier to bring to its destination. */
static bool collect(struct daf_net *net, uint32_t node)
{
    struct shared *s = daf_net_shared(net);
    const uint32_t *peers;
    struct daf_copy *copies;
    size_t peers_count = daf_net_peers(net, node, &peers);
    size_t copies_count = daf_net_copies(net, node, &copies);

    s->count = 0;
    for (size_t i = 0; i < peers_count; i++) {
        size_t before = s->count;

        if (daf_net_is_busy(net, peers[i]) ||
            daf_net_is_idle(net, node, (uint32_t)i))
            continue;
        for (size_t k = 0; k < copies_count; k++) {
            uint32_t message = copies[k].message;
            uint32_t to = daf_net_message(net, message)->to;
            if (daf_net_knows(net, peers[i], message)) continue;
            double p = chance_to_meet(net, peers[i], to);
            if (p > chance_to_meet(net, node, to) &&
                !note(s, peers[i], message, p))
                return false;
        }
        /* All chances fade alike: who is likelier changes at a meeting. */
        if (s->count == before) daf_net_set_idle(net, node, (uint32_t)i);
    }
    return true;
}

/* The likeliest first. */
static void offer_best(struct daf_net *net, uint32_t node)
{
    struct shared *s = daf_net_shared(net);

    while (s->count > 0) {
        size_t best = 0;
        for (size_t i = 1; i < s->count; i++)
            if (s->candidates[i].p > s->candidates[best].p) best = i;
        struct candidate c = s->candidates[best];
        s->candidates[best] = s->candidates[--s->count];
        if (daf_net_offer(net, node, c.peer, c.message) == DAF_NET_STARTED)
            return;
    }
}

static void take_turn(struct daf_net *net, uint32_t node)
{
    if (!daf_net_can_start(net, node) || daf_net_deliver(net, node)) return;
    if (!collect(net, node)) daf_net_fail(net, DAF_ENOMEM);
    offer_best(net, node);
}

const struct daf_protocol daf_prophet = {
    .name = "prophet",
    .what = "to whom has met the destination more often",
    .node_bytes = sizeof(struct node),
    .shared_bytes = sizeof(struct shared),
    .pair_bytes = sizeof(float),
    .start = start,
    .stop = stop,
    .contact_up = contact_up,
    .timer = take_turn,
};
