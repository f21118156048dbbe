/* SPDX-License-Identifier: Apache-2.0 */
/* node/inputlog.h - everything that happened to an agent, so that it can happen
 * again: `daftard --record FILE`.  The format is docs/inputlog.md.
 *
 *      per input:  effect...  append         effect: one call on the port
 *
 * A log tells what learners did and, by its seed, keys drawn since: 0600, never
 * inside a home (a copied home must not bring it along), never over a file. */
#ifndef DAF_NODE_INPUTLOG_H
#define DAF_NODE_INPUTLOG_H

#include "node/core/agent.h"
#include "node/home.h"

#define DAF_INPUTLOG_VERSION      3
#define DAF_INPUTLOG_FLUSH_MS     1000
#define DAF_INPUTLOG_FLUSH_BYTES  ((size_t)64 * 1024)
#define DAF_INPUTLOG_EFFECT_BYTES 8
#define DAF_INPUTLOG_OWN_MAX      16 /* addresses in one OWN */

struct daf_inputlog; /* opaque */

struct daf_inputlog_head {
    uint8_t seed[32];
    uint64_t boot_number;
    uint64_t incarnation;
    struct daf_author_id author;
};

/* Calls on the port, as docs/inputlog.md numbers them. */
enum daf_inputlog_call {
    DAF_INPUTLOG_SEND = 1,
    DAF_INPUTLOG_CLOSE,
    DAF_INPUTLOG_CONNECT,
    DAF_INPUTLOG_ADMIT,
    DAF_INPUTLOG_BEGIN,
    DAF_INPUTLOG_KEEP,
    DAF_INPUTLOG_END,
    DAF_INPUTLOG_ACKED,
    DAF_INPUTLOG_UNCHECKED,
    DAF_INPUTLOG_CHECKED,
    DAF_INPUTLOG_DROP,
    DAF_INPUTLOG_ANNOUNCE,
    DAF_INPUTLOG_WITHDRAW,
    DAF_INPUTLOG_PORCH,
    DAF_INPUTLOG_CONTENT_PUT,
    DAF_INPUTLOG_CONTENT_FORGET,
    DAF_INPUTLOG_CONTENT_READ,
};

/* One input, written or read. */
struct daf_inputlog_entry {
    struct daf_mono now;
    uint64_t commits; /* what the agent's reads saw: daf_store_pin() */
    uint64_t commit;  /* STORED: the commit that kept it; 0 if it failed */
    struct daf_input input;
    uint8_t effects[DAF_INPUTLOG_EFFECT_BYTES]; /* set by append and read */
};

/**
 * daf_inputlog_open: begin a log in the new file @path.
 * @home: the log may not lie inside.
 * DAF_EUSAGE if it would; DAF_EEXISTS if there is such a file; DAF_EIO,
 * DAF_EFULL, DAF_ENOMEM.  The caller owns it: daf_inputlog_close().
 */
DAF_NODISCARD enum daf_err daf_inputlog_open(
    const char *path, const char *home, const struct daf_inputlog_head *head,
    struct daf_inputlog **out, struct daf_trouble *t);
/** daf_inputlog_close: write what is left.  NULL is fine. */
void daf_inputlog_close(struct daf_inputlog *l);

/** daf_inputlog_effect: the agent called @call; @parts in order of its
 * arguments, all borrowed.  Before the append of the input that caused it. */
void daf_inputlog_effect(struct daf_inputlog *l, enum daf_inputlog_call call,
                         uint64_t number, const struct daf_view *parts,
                         size_t parts_count);

/** daf_inputlog_append: one input, after the agent has handled it. */
void daf_inputlog_append(struct daf_inputlog *l,
                         const struct daf_inputlog_entry *entry);

/** daf_inputlog_deadline: when daf_inputlog_flush() is due; DAF_MONO_NEVER. */
struct daf_mono daf_inputlog_deadline(const struct daf_inputlog *l);
/** daf_inputlog_flush: write what is buffered.  Returns what this, or an append
 * before it, ran into: then nothing more is recorded. */
DAF_NODISCARD enum daf_err daf_inputlog_flush(struct daf_inputlog *l);

/* Views in @entry are borrowed for the call.  Returns true to go on. */
typedef bool (*daf_inputlog_fn)(void *ctx,
                                const struct daf_inputlog_entry *entry);
/**
 * daf_inputlog_read: hand over every entry of a log's @bytes.
 * @out_head: filled before the first entry.
 * @out_torn: bytes behind the last whole entry, which a killed daemon leaves.
 * DAF_EFORM if it is no log; DAF_EVERSION; DAF_ENOMEM.
 */
DAF_NODISCARD enum daf_err daf_inputlog_read(struct daf_view bytes,
                                             struct daf_inputlog_head *out_head,
                                             size_t *out_torn,
                                             daf_inputlog_fn fn, void *ctx);

#endif
