/* SPDX-License-Identifier: Apache-2.0 */
/* sim/replay/replay.h - a recorded run of a daemon, once more (docs/inputlog.md).
 *
 *      FILE         ---> inputs, one after the other ---> agent ---> calls
 *      FILE.start   ---> notebook (a copy; written)  <------'          |
 *                                  hashes in FILE, compared with theirs
 *
 * It ends at the first input at which the agent does something else than was
 * recorded: what follows was said to another agent. */
#ifndef DAF_SIM_REPLAY_REPLAY_H
#define DAF_SIM_REPLAY_REPLAY_H

#include "node/core/effects.h"
#include "node/core/inputlog.h"
#include "sim/device/notebook.h"

#define DAF_REPLAY_CALLS 8 /* of the input that differs, the first are told */

struct daf_replay_call {
    enum daf_effects_call call;
    uint64_t number; /* the connection, batch, ... (docs/inputlog.md) */
};

/* Where it differs. */
struct daf_replay_difference {
    uint64_t input;   /* from 1, as they stand in the log; 0: nowhere */
    const char *kind; /* "FRAME" */
    uint64_t at_ms;   /* since the first input */
    char why[200];    /* a sentence's end: what was recorded, what was done */
    struct daf_replay_call calls[DAF_REPLAY_CALLS]; /* made now */
    uint64_t calls_count;                           /* may be more than told */
};

struct daf_replay_result {
    uint64_t inputs;  /* given, also the one that differs */
    uint64_t effects; /* calls that the agent made, all compared */
    struct daf_replay_difference first;
    uint64_t
        untold;  /* inputs at the end, left out: of a daemon that was killed,
                        and what they had seen is not in the log any more */
    size_t torn; /* bytes of an input cut short at the end, left out */
    bool is_broken_off; /* by progress */
};

struct daf_replay_config {
    struct daf_view log;           /* the whole file; borrowed */
    struct daf_notebook *notebook; /* as it was at the start; written */
    /* Now and then: of how many inputs how many are done; false ends it.  May be
     * NULL. */
    bool (*progress)(void *ctx, uint64_t done, uint64_t of);
    void *ctx;
};

/**
 * daf_replay_run: all of it, or to the first difference.
 * DAF_EFORM: no log; DAF_EVERSION: of another version; DAF_ECORRUPT: a part of it
 * cannot be read; DAF_ESIG, DAF_EAUTHOR...: no agent can be made of its head;
 * DAF_EFULL and so on: of the notebook.
 */
DAF_NODISCARD enum daf_err daf_replay_run(
    const struct daf_replay_config *config, struct daf_replay_result *out);

#endif
