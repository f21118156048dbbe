/* SPDX-License-Identifier: Apache-2.0 */
/* node/core/inputlog.h - everything that happened to an agent, so that it can
 * happen to it again.  The format is docs/inputlog.md.
 *
 *      daemon     node/recorder.h  --pack-->  file  --read-->  sim/replay  simulator
 *
 * Bytes only: who has the file is elsewhere.  What the agent did then is known by
 * the chain of its calls (node/core/effects.h). */
#ifndef DAF_NODE_CORE_INPUTLOG_H
#define DAF_NODE_CORE_INPUTLOG_H

#include "node/core/agent.h"
#include "proto/pack.h"

#define DAF_INPUTLOG_VERSION      7
#define DAF_INPUTLOG_EFFECT_BYTES 8
#define DAF_INPUTLOG_OWN_MAX      16 /* addresses in one OWN */

/* What the agent was made of, but for its notebook: that lies beside the log, as
 * FILE.start. */
struct daf_inputlog_head {
    uint8_t seed[32];
    uint64_t boot_number;
    struct daf_self self;
    struct daf_device_keys keys;
    struct daf_secrets secrets;
    struct daf_view manifest, cert; /* borrowed */
    struct daf_hash start;          /* of FILE.start's bytes */
};
#define DAF_INPUTLOG_START ".start"      /* behind the log's own name */
#define DAF_INPUTLOG_HASH  "daf.start.1" /* of what lies there */

/* One input, written or read; or is_noted: what peers hold of our own was written
 * down, which no input tells. */
struct daf_inputlog_entry {
    struct daf_mono now;
    uint64_t commits; /* what the agent's reads saw: daf_store_pin() */
    uint64_t
        commit; /* STORED, noted: the commit that kept it; 0 if it failed */
    struct daf_input input;
    bool is_noted;                     /* no input */
    uint64_t notes_first, notes_count; /* of the calls of store_acked, from 0 */
    uint8_t effects[DAF_INPUTLOG_EFFECT_BYTES];
};

/** daf_inputlog_head_bytes, _entry_bytes: what packing takes at most. */
size_t daf_inputlog_head_bytes(const struct daf_inputlog_head *head);
size_t daf_inputlog_entry_bytes(const struct daf_inputlog_entry *entry);
/** daf_inputlog_pack_head, _pack_entry: in this order into one file. */
void daf_inputlog_pack_head(struct daf_pack *k,
                            const struct daf_inputlog_head *head);
void daf_inputlog_pack_entry(struct daf_pack *k,
                             const struct daf_inputlog_entry *entry);

/* Views in @entry are borrowed for the call.  Returns true to go on. */
typedef bool (*daf_inputlog_fn)(void *ctx,
                                const struct daf_inputlog_entry *entry);
/**
 * daf_inputlog_read: hand over every entry of a log's @bytes.
 * @out_head: filled before the first entry; borrows from @bytes.
 * @out_torn: bytes behind the last whole entry, or that with which @fn ended it.
 * DAF_OK also if they are an entry cut short, which a killed daemon leaves;
 * DAF_ECORRUPT if they are wrong.  DAF_EFORM if it is no log; DAF_EVERSION;
 * DAF_ENOMEM.
 */
DAF_NODISCARD enum daf_err daf_inputlog_read(struct daf_view bytes,
                                             struct daf_inputlog_head *out_head,
                                             size_t *out_torn,
                                             daf_inputlog_fn fn, void *ctx);

/** daf_inputlog_kind_str: "FRAME", as docs/inputlog.md calls it. */
const char *daf_inputlog_kind_str(const struct daf_inputlog_entry *entry);

#endif
