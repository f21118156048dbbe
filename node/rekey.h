/* SPDX-License-Identifier: Apache-2.0 */
/* node/rekey.h - new generation keys for the scopes whose keys a revoked device
 * holds, and keys for those who lack them (docs/protocol.md R108): what a coordinator
 * is to write, as payloads of control.
 *
 * Of classes and cases alone: `camp` holds nothing about a learner, and its thousand
 * members would cost 100 kB of control for each lost tablet (decisions/017). */
#ifndef DAF_NODE_REKEY_H
#define DAF_NODE_REKEY_H

#include "node/core/camp.h"

/* Sealed keys in one record: 3.3 kB, so that a class of 30 takes one. */
#define DAF_REKEY_WRAPS_EACH 30

/* Of one scope. */
struct daf_rekey_scope {
    const char *scope;   /* borrowed from the camp */
    uint64_t generation; /* to be written with; 0: no key is held here */
    bool is_new;         /* it was made now; of a look: it has to be */
    size_t wraps;        /* sealed now; of a look: that are lacking */
    size_t records;      /* written now */
    size_t unsealable;   /* members whose sealing key is no good */
};

/** daf_rekey_look: what daf_rekey() would do about the scope at @index of
 * daf_camp_scope(); false at the end.  Scopes that are not renewed come with
 * generation 0. */
bool daf_rekey_look(const struct daf_camp *camp, size_t index,
                    struct daf_rekey_scope *out);

/* Writes one payload of control; what it returns other than DAF_OK ends the rest. */
typedef enum daf_err (*daf_rekey_put_fn)(void *ctx, struct daf_view payload);

/**
 * daf_rekey: of the scope at @index: a new key if none that is held is clean, and
 * every key that is held to every member that may read, is not revoked and has no
 * copy: so who was enrolled by a coordinator who had not heard of a key gets it.
 * This device is among the first it is sealed to, so that after a power cut it can
 * go on where it was.
 * DAF_ENOTFOUND: no such scope; DAF_ENOMEM; what @put returned.
 */
DAF_NODISCARD enum daf_err daf_rekey(const struct daf_camp *camp, size_t index,
                                     daf_rekey_put_fn put, void *ctx,
                                     struct daf_rekey_scope *out);

#endif
