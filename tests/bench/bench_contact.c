/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORTS_MAX 1024
#define QUIET_S   0.3   /* no byte for so long: worth asking the daemons */
#define GATE_S    120.0 /* retries and doors until B stands at the gate */
#define SILENCE_S 3600.0

/* ---- up to the gate */

static bool was_there(const uint16_t *ports, size_t count, uint16_t port)
{
    for (size_t i = 0; i < count; i++) {
        if (ports[i] == port) return true;
    }
    return false;
}

/* A's door is written down, its mesh is not: every port that is new is passed
 * on, and another program's does no harm. */
static void listen_as(struct bench_pair *p, const uint16_t *before,
                      size_t before_count)
{
    static uint16_t after[PORTS_MAX];
    size_t count = bench_node_listeners(after, PORTS_MAX);

    for (size_t i = 0; i < count; i++) {
        if (was_there(before, before_count, after[i]) ||
            was_there(after, i, after[i]))
            continue;
        bench_relay_listen(p->relay, after[i], after[i] != p->a.door);
    }
}

static void wait_at_gate(const struct bench_pair *p)
{
    double limit = bench_now() + GATE_S;
    struct bench_relay_look look;

    for (;;) {
        bench_relay_look(p->relay, &look);
        if (look.waiting > 0) return;
        if (bench_now() > limit) bench_die("the daemons do not meet");
        bench_pause(5);
    }
}

void bench_contact_open(const struct bench *b, const char *home_a,
                        const char *home_b, unsigned delay_ms,
                        struct bench_pair *out)
{
    static uint16_t before[PORTS_MAX];
    size_t count = bench_node_listeners(before, PORTS_MAX);
    char peer[32];

    bench_file_settle(home_a);
    *out = (struct bench_pair){.b = b, .relay = bench_relay_new(delay_ms)};
    bench_node_start(b, home_a, NULL, &out->a);
    listen_as(out, before, count);
    bench_relay_hold(out->relay, true);
    (void)snprintf(peer, sizeof(peer), "127.0.0.2:%u", out->a.door);
    bench_node_start(b, home_b, peer, &out->d);
    wait_at_gate(out);
}

void bench_contact_again(struct bench_pair *p)
{
    bench_relay_hold(p->relay, true);
    bench_relay_cut(p->relay);
    wait_at_gate(p);
}

void bench_contact_close(struct bench_pair *p)
{
    bench_node_stop(&p->d);
    bench_node_stop(&p->a);
    bench_relay_free(p->relay);
    p->relay = NULL;
}

void bench_contact_free(struct bench_contact *c)
{
    free(c->frames);
    c->frames = NULL;
}

/* ---- to silence */

struct both {
    struct bench_status a, d;
    struct bench_relay_look wire;
};

static void look(const struct bench_pair *p, struct both *out)
{
    bench_node_status(&p->a, &out->a);
    bench_node_status(&p->d, &out->d);
    bench_relay_look(p->relay, &out->wire);
}

static bool is_still(const struct both *x, const struct both *y)
{
    return x->a.in_step && x->d.in_step && y->a.in_step && y->d.in_step &&
           x->wire.frames_count == y->wire.frames_count &&
           x->a.bytes_in == y->a.bytes_in && x->a.bytes_out == y->a.bytes_out &&
           x->d.bytes_in == y->d.bytes_in && x->d.bytes_out == y->d.bytes_out;
}

/* Both in step, and nothing moves between two looks.  @out_cpu: what the cores
 * had used before they were asked for the last time. */
static void wait_for_silence(const struct bench_pair *p, struct both *out,
                             double *out_cpu)
{
    double limit = bench_now() + SILENCE_S;
    struct bench_relay_look wire;
    struct both before;

    for (;;) {
        if (bench_now() > limit) bench_die("the daemons do not fall silent");
        bench_pause(20);
        bench_relay_look(p->relay, &wire);
        if (wire.last <= 0 || bench_now() - wire.last < QUIET_S) continue;
        *out_cpu = bench_node_cpu(&p->a) + bench_node_cpu(&p->d);
        look(p, &before);
        bench_pause(50);
        look(p, out);
        if (is_still(&before, out)) return;
    }
}

static void subtract(const struct bench_status *before,
                     const struct bench_status *after,
                     struct daf_agent_tally *out)
{
    for (size_t i = 0; i < DAF_AGENT_KINDS; i++) {
        out[i].frames = after->sent[i].frames - before->sent[i].frames;
        out[i].bytes = after->sent[i].bytes - before->sent[i].bytes;
    }
}

void bench_contact_go(struct bench_pair *p, struct bench_contact *out)
{
    struct both before, after;
    double start, cpu, cpu_before;

    *out = (struct bench_contact){.frames = NULL};
    look(p, &before);
    bench_relay_reset(p->relay);
    cpu_before = bench_node_cpu(&p->a) + bench_node_cpu(&p->d);
    start = bench_now();
    bench_relay_hold(p->relay, false);
    wait_for_silence(p, &after, &cpu);
    out->cpu_ms = cpu - cpu_before;
    out->wire = after.wire;
    out->seconds = after.wire.last - start;
    out->frames = bench_relay_frames(p->relay, &out->wire.frames_count);
    subtract(&before.d, &after.d, out->sent[BENCH_OUT]);
    subtract(&before.a, &after.a, out->sent[BENCH_BACK]);
}

/* ---- what follows from it */

struct bench_metadata bench_contact_metadata(const struct bench_contact *c,
                                             uint64_t records)
{
    struct bench_metadata m = {.run = -(double)records};

    for (int way = 0; way < BENCH_WAYS; way++) {
        for (size_t i = 0; i < DAF_FRAME_KNOCK; i++) {
            double bytes = (double)c->sent[way][i].bytes;

            if (i == DAF_FRAME_RUN)
                m.run += bytes;
            else if (i == DAF_FRAME_ACK)
                m.ack += bytes;
            else if (i != DAF_FRAME_HELLO)
                m.identification += bytes;
        }
    }
    return m;
}

/* The first frame of a way is its HELLO, the second its ROOT (R20). */
static const struct bench_frame *frame_at(const struct bench_contact *c,
                                          int way, size_t place)
{
    for (size_t i = 0; i < c->wire.frames_count; i++) {
        if (c->frames[i].way == way && place-- == 0) return &c->frames[i];
    }
    return NULL;
}

double bench_contact_trips(const struct bench_contact *c)
{
    const struct bench_frame *hello = frame_at(c, BENCH_BACK, 0);
    uint32_t deepest = 0;

    for (size_t i = 0; i < c->wire.frames_count; i++) {
        if (c->frames[i].depth > deepest) deepest = c->frames[i].depth;
    }
    return hello == NULL ? 0 : (deepest - hello->depth) / 2.0;
}

double bench_contact_trips_to_run(const struct bench_contact *c, int way)
{
    const struct bench_frame *root = frame_at(c, way, 1);

    for (size_t i = 0; root != NULL && i < c->wire.frames_count; i++) {
        /* Nothing else is longer than a page of heads. */
        if (c->frames[i].way == way && c->frames[i].bytes > 65536)
            return (c->frames[i].depth - root->depth) / 2.0;
    }
    return -1;
}
