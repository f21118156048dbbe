/* SPDX-License-Identifier: Apache-2.0 */
/* sim/world/trace.h - recorded contacts and messages, read as time goes by.
 *
 * Formats, told apart by the first line, plain or by gzip:
 *  - The ONE's external events (StandardEventsReader): `t CONN a b up|down`,
 *    `t C id from to bytes [response]`.  A node's name may begin with letters
 *    ("n12"); its number counts.  The ONE's other events say what a protocol did
 *    (S, R, A, DR, DE): they are skipped and counted.
 *  - SocioPatterns: `t i j [more]`, each line a contact that lasts the set's
 *    resolution, 20 s; lines that follow without a gap are one contact.  Time
 *    begins with the first line; nodes are numbered in the order of their names.
 *
 * A trace is read twice: daf_trace_open() reads it all, checks it and counts;
 * then events are handed out one by one, so that 2 GB need no memory.  Real
 * traces have a contact that is told twice, or ends without having begun: these
 * are handed out all the same, and are counted here and by the world.  Time that
 * goes backwards, a number out of range, or a line of another form are errors
 * with their line. */
#ifndef DAF_SIM_WORLD_TRACE_H
#define DAF_SIM_WORLD_TRACE_H

#include "sim/core/engine.h"

#define DAF_TRACE_WHY_BYTES 200

enum daf_trace_kind {
    DAF_TRACE_UP,
    DAF_TRACE_DOWN,
    DAF_TRACE_CREATE, /* a message at a for b */
};

struct daf_trace_event {
    daf_sim_us at;
    enum daf_trace_kind kind;
    uint32_t a, b;
    uint32_t bytes; /* of the message */
};

/* What is odd in The ONE's events and read all the same: recordings have it. */
enum daf_trace_odd {
    DAF_TRACE_TO_ITSELF,  /* a message for the node that made it */
    DAF_TRACE_SAME_NAME,  /* of a message, that one of the first 1,048,576 names
                             was; later names are not remembered */
    DAF_TRACE_UP_TWICE,   /* a contact that is up already */
    DAF_TRACE_DOWN_ALONE, /* that ends and was not up */
    DAF_TRACE_ODDS,
};
struct daf_trace_odds {
    uint64_t count, first_line; /* 0: none */
};

struct daf_trace_facts {
    const char *format; /* words: "one", "sociopatterns" */
    uint64_t lines, ups, downs, creations;
    uint64_t skipped;   /* lines of other events */
    uint32_t nodes;     /* numbers are below */
    daf_sim_us end;     /* of the last event */
    uint32_t bytes_max; /* of a message */
    struct daf_trace_odds odds[DAF_TRACE_ODDS];
};

struct daf_trace; /* opaque */

/* How far the first reading is; false breaks it off (DAF_EBUSY). */
typedef bool (*daf_trace_progress_fn)(void *ctx, uint64_t done, uint64_t of);

/** daf_trace_open: read and check @path, then stand before its first event.
 * @nodes: numbers must be below; 0: DAF_SIM_NODES_MAX.
 * @progress: called now and then, or NULL.
 * @why: DAF_TRACE_WHY_BYTES; what is wrong, after an error, "line 7: ...".
 * DAF_EIO, DAF_EFORM, DAF_ENOMEM, DAF_EBUSY.  The caller owns *@out. */
DAF_NODISCARD enum daf_err daf_trace_open(const char *path, uint32_t nodes,
                                          daf_trace_progress_fn progress,
                                          void *ctx, struct daf_trace **out,
                                          char *why);
void daf_trace_close(struct daf_trace *t);

/** daf_trace_odd_str: "messages to their own maker". */
const char *daf_trace_odd_str(enum daf_trace_odd what);

const struct daf_trace_facts *daf_trace_facts(const struct daf_trace *t);

/** daf_trace_rewind: stand before the first event again.  DAF_EIO. */
DAF_NODISCARD enum daf_err daf_trace_rewind(struct daf_trace *t);

/** daf_trace_next: the next event.  DAF_ENOTFOUND: that was the last.  DAF_EFORM,
 * DAF_EIO: the file is not any more what it was. */
DAF_NODISCARD enum daf_err daf_trace_next(struct daf_trace *t,
                                          struct daf_trace_event *out);

#endif
