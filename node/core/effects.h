/* SPDX-License-Identifier: Apache-2.0 */
/* node/core/effects.h - an agent's calls on its port, hashed into a chain, and
 * passed on.  Two runs that made the same calls have the same chain
 * (docs/inputlog.md).
 *
 *      agent --- effects.port ---> effects ---> the port that does it */
#ifndef DAF_NODE_CORE_EFFECTS_H
#define DAF_NODE_CORE_EFFECTS_H

#include "node/core/port.h"

/* Calls, as docs/inputlog.md numbers them. */
enum daf_effects_call {
    DAF_EFFECTS_SEND = 1,
    DAF_EFFECTS_CLOSE,
    DAF_EFFECTS_CONNECT,
    DAF_EFFECTS_ADMIT,
    DAF_EFFECTS_BEGIN,
    DAF_EFFECTS_KEEP,
    DAF_EFFECTS_END,
    DAF_EFFECTS_ACKED,
    DAF_EFFECTS_UNCHECKED,
    DAF_EFFECTS_CHECKED,
    DAF_EFFECTS_DROP,
    DAF_EFFECTS_ANNOUNCE,
    DAF_EFFECTS_WITHDRAW,
    DAF_EFFECTS_PORCH,
    DAF_EFFECTS_CONTENT_PUT,
    DAF_EFFECTS_CONTENT_FORGET,
    DAF_EFFECTS_CONTENT_READ,
    DAF_EFFECTS_STATEMENT,
    DAF_EFFECTS_SELF,
    DAF_EFFECTS_ERASE,
};

/* A call's parts are a header, a body and ids, or one frame. */
#define DAF_EFFECTS_BYTES_MAX (DAF_FRAME_BYTES_MAX + 1024)

struct daf_effects {
    struct daf_port port; /* the agent's */
    const struct daf_port *to;
    uint8_t chain[32];
    uint64_t calls;
    /* After each call, before it is passed on; may be NULL. */
    void (*made)(void *ctx, enum daf_effects_call call, uint64_t number);
    void *made_ctx;
    uint8_t room[DAF_EFFECTS_BYTES_MAX];
};

/** daf_effects_init: an empty chain before the port @to, which outlives it. */
void daf_effects_init(struct daf_effects *e, const struct daf_port *to);

/** daf_effects_add: one call; @parts in order of its arguments. */
void daf_effects_add(struct daf_effects *e, enum daf_effects_call call,
                     uint64_t number, const struct daf_view *parts,
                     size_t parts_count);

/** daf_effects_call_str: "send", as the port calls it. */
const char *daf_effects_call_str(enum daf_effects_call call);

#endif
