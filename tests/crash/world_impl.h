/* SPDX-License-Identifier: Apache-2.0 */
/* tests/crash/world_impl.h - what world.c (camp, devices), world_net.c (wires,
 * time, steps) and world_disk.c (jobs) share. */
#ifndef DAF_TESTS_CRASH_WORLD_IMPL_H
#define DAF_TESTS_CRASH_WORLD_IMPL_H

#include "tests/crash/world.h"

struct world_event {
    struct world_event *next;
    size_t node;
    enum daf_input_kind kind;
    uint32_t conn;
    enum daf_endpoint endpoint;
    enum daf_err err;
    struct daf_box_pk key;
    struct world_wire *wire; /* FRAME: dropped when it was cut */
    bool is_last_word;       /* ... but not this one */
    uint64_t job;
    size_t len;
    uint8_t bytes[];
};

/** world_post: append an event; the caller fills it. */
struct world_event *world_post(struct world *w, size_t node,
                               enum daf_input_kind kind, size_t len);
/** world_input: give it to the agent, reads pinned to one moment. */
void world_input(struct world_node *n, const struct daf_input *in);

/** world_net_port, world_disk_port: their parts of the port. */
void world_net_port(struct daf_port *port);
void world_disk_port(struct daf_port *port);
/** world_net_drop: hang up, and forget what was under way to @node. */
void world_net_drop(struct world *w, size_t node, bool is_sudden);

/** world_disk_has: whether a job or note waits. */
bool world_disk_has(const struct world_node *n);
/** world_disk_work: one transaction; @all: of everything, else of some. */
void world_disk_work(struct world_node *n, bool all);
void world_disk_forget(struct world_node *n);

#endif
