/* SPDX-License-Identifier: Apache-2.0 */
/* node/repair.h - a home's notebook made good again: by `daftar check --repair`
 * on a locked home, or by its daemon, which has let go of it for so long and
 * tells the command what came of it. */
#ifndef DAF_NODE_REPAIR_H
#define DAF_NODE_REPAIR_H

#include <jansson.h>

#include "node/home.h"

#define DAF_REPAIR_BAD_MAX 1000 /* findings listed; all are counted */

/* All zeros but `bad`, a JSON array that the caller makes and gives back. */
struct daf_repair {
    struct daf_store_repair done;
    json_t *bad; /* owned: [{"what":…,"where":…}…] */
    uint64_t bad_count;
};

/** daf_repair_found: note a finding; @ctx: the struct daf_repair. */
void daf_repair_found(void *ctx, const struct daf_store_bad *bad);

/** daf_repair_run: daf_store_repair() with words for what may fail.
 * @home: locked, and nobody in this process has its store open.
 * By id and hash only: whose signatures count is known when the camp's records
 * can be read again.  They are verified by who checks the notebook next, or by
 * the agent when it is at rest. */
DAF_NODISCARD enum daf_err daf_repair_run(const struct daf_home *home,
                                          struct daf_repair *r,
                                          struct daf_trouble *t);

/** daf_repair_checked: note that every signature has just been verified.
 * @home: locked, and nobody writes. */
DAF_NODISCARD enum daf_err daf_repair_checked(const struct daf_home *home,
                                              struct daf_trouble *t);

/** daf_repair_pack: the daemon's answer (node/api.h); the caller owns it; NULL
 * if out of memory. */
json_t *daf_repair_pack(const struct daf_repair *r);
/** daf_repair_unpack: DAF_EPEER if that is no such answer. */
DAF_NODISCARD enum daf_err daf_repair_unpack(const json_t *answer,
                                             struct daf_repair *out);

#endif
