/* SPDX-License-Identifier: Apache-2.0 */
/* node/mountwatch.h - when a card was mounted or unmounted.
 *
 * The kernel says of /proc/self/mountinfo that it has changed, and no more: whoever
 * hears it looks at what is his.  Where there is no /proc it is never told.  One
 * thread. */
#ifndef DAF_NODE_MOUNTWATCH_H
#define DAF_NODE_MOUNTWATCH_H

#include "node/loop.h"

struct daf_mountwatch; /* opaque */

/** daf_mountwatch_new: @changed is called from the loop.  The caller owns it:
 * daf_mountwatch_free().  DAF_ENOMEM, DAF_EIO. */
DAF_NODISCARD enum daf_err daf_mountwatch_new(struct daf_loop *loop,
                                              void (*changed)(void *ctx),
                                              void *ctx,
                                              struct daf_mountwatch **out);
/** daf_mountwatch_free: NULL is fine. */
void daf_mountwatch_free(struct daf_mountwatch *m);

#endif
