/* SPDX-License-Identifier: Apache-2.0 */
/* node/recorder.h - `daftard --record FILE`: what happens to the agent, and what
 * it was made of, so that `daftar-sim replay FILE` can do it again.  The format is
 * docs/inputlog.md.
 *
 *      agent --- daf_recorder_port() ---> the host's port
 *      per input:  calls...  append
 *
 * Two files: FILE, and beside it FILE.start, the notebook as it was.  They hold
 * what the home holds, keys as well: 0600, never inside a home (a copied home must
 * not bring them along), never over a file. */
#ifndef DAF_NODE_RECORDER_H
#define DAF_NODE_RECORDER_H

#include "node/core/inputlog.h"
#include "node/home.h"

#define DAF_RECORDER_FLUSH_MS    1000
#define DAF_RECORDER_FLUSH_BYTES ((size_t)64 * 1024)

struct daf_recorder; /* opaque */

struct daf_recorder_config {
    const char *path; /* of the new file */
    const char *home; /* the folder inside which it may not lie */
    struct daf_store
        *reader; /* the notebook, which nobody has written since the
                                 start; copied */
    const struct daf_inputlog_head *head; /* all but `start`, which is found */
    const struct daf_port *port; /* what calls are passed on to; outlives it */
};

/**
 * daf_recorder_open: begin a log.
 * DAF_EUSAGE if it would lie inside the home; DAF_EEXISTS if there is such a file;
 * DAF_EIO, DAF_EFULL, DAF_ENOMEM: then neither file is left.  The caller owns it:
 * daf_recorder_close().
 */
DAF_NODISCARD enum daf_err daf_recorder_open(
    const struct daf_recorder_config *config, struct daf_recorder **out,
    struct daf_trouble *t);
/** daf_recorder_close: write what is left.  NULL is fine. */
void daf_recorder_close(struct daf_recorder *r);

/** daf_recorder_port: the agent's, from before it is made.  Lives as long. */
const struct daf_port *daf_recorder_port(const struct daf_recorder *r);

/** daf_recorder_append: one entry, after the agent has handled it; its effects
 * are filled in here. */
void daf_recorder_append(struct daf_recorder *r,
                         const struct daf_inputlog_entry *entry);

/** daf_recorder_deadline: when daf_recorder_flush() is due; DAF_MONO_NEVER. */
struct daf_mono daf_recorder_deadline(const struct daf_recorder *r);
/** daf_recorder_flush: write what is buffered.  Returns what this, or an append
 * before it, ran into: then nothing more is recorded. */
DAF_NODISCARD enum daf_err daf_recorder_flush(struct daf_recorder *r);

#endif
