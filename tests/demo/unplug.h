/* SPDX-License-Identifier: Apache-2.0 */
/* tests/demo/unplug.h - what is in a journal of unplug.c: how to undo what was
 * written to a file and not synced yet.
 *
 * A file of its own for each file of the home, named DEVICE-INODE in decimal.
 * Entries, oldest first, each this head and `len` bytes; the last may be torn,
 * and then what it would undo was not done. */
#ifndef DEMO_UNPLUG_H
#define DEMO_UNPLUG_H

#include <stdint.h>

struct unplug_entry {
    uint64_t size;   /* of the file, before */
    uint64_t offset; /* where these bytes were */
    uint64_t len;
};

#endif
