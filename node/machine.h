/* SPDX-License-Identifier: Apache-2.0 */
/* node/machine.h - on which machine a home is (docs/protocol.md R128): an early
 * hint that its card was copied, or put into another machine.
 *
 * Three marks: of the installed system, of the board, of its network cards.  Any one
 * of them changes when something is repaired; two are another machine.  Marks are
 * hashes, and never leave the notebook. */
#ifndef DAF_NODE_MACHINE_H
#define DAF_NODE_MACHINE_H

#include "proto/err.h"

#include <stdbool.h>
#include <stdint.h>

#define DAF_MACHINE_MARKS      3
#define DAF_MACHINE_MARK_BYTES 8

struct daf_machine {
    uint8_t marks[DAF_MACHINE_MARKS]
                 [DAF_MACHINE_MARK_BYTES]; /* zeros: unknown */
};

/** daf_machine_read: @root: "" for this machine; a folder in tests. */
void daf_machine_read(const char *root, struct daf_machine *out);

/** daf_machine_next: what to remember: the marks of @now, and those of @was that
 * are unknown now. */
void daf_machine_next(const struct daf_machine *was,
                      const struct daf_machine *now, struct daf_machine *out);

/** daf_machine_is_other: two marks at least that are known of both differ. */
bool daf_machine_is_other(const struct daf_machine *a,
                          const struct daf_machine *b);

#endif
