/* SPDX-License-Identifier: Apache-2.0 */
/* node/discoverhost.h - core's side of the discover process (node/discover.h).
 *
 * It is started when there is something to publish or to browse, and started
 * again when it dies or breaks a rule: at once, and if it dies again within
 * DAF_DISCOVERHOST_YOUNG_MS after 1, 2, then 4 s.  What was published and
 * browsed is said once more.  What it says is a hint and is checked for form.
 * Discovery that cannot work is no failure of the device: it is told by `state`
 * and counted.  One thread. */
#ifndef DAF_NODE_DISCOVERHOST_H
#define DAF_NODE_DISCOVERHOST_H

#include "node/discover.h"
#include "node/loop.h"

#include <sys/types.h>

#define DAF_DISCOVERHOST_YOUNG_MS     5000
#define DAF_DISCOVERHOST_RETRY_MIN_MS 1000
#define DAF_DISCOVERHOST_RETRY_MAX_MS 4000

struct daf_discoverhost; /* opaque */

struct daf_discoverhost_ops {
    void *ctx;
    void (*found)(void *ctx, const struct daf_announce *what,
                  const struct daf_addr *addr);
    void (*lost)(void *ctx, enum daf_endpoint endpoint, const uint8_t name[8]);
    /* Also when it died (NOBODY): everything found may be gone, or not. */
    void (*state)(void *ctx, enum daf_discover_by by);
};

/** daf_discoverhost_new: not started yet.  @loop, @ops: outlive it. */
DAF_NODISCARD enum daf_err daf_discoverhost_new(
    struct daf_loop *loop, const struct daf_discoverhost_ops *ops,
    struct daf_discoverhost **out);
/** daf_discoverhost_free: end the process; it has half a second to say goodbye.
 * NULL is fine. */
void daf_discoverhost_free(struct daf_discoverhost *h);

/** daf_discoverhost_publish: a second one of a kind takes the first one's
 * place; under another name, since who has found a name does not ask again.
 * Starts the process. */
void daf_discoverhost_publish(struct daf_discoverhost *h,
                              const struct daf_announce *what);
void daf_discoverhost_withdraw(struct daf_discoverhost *h,
                               enum daf_endpoint endpoint);
/** daf_discoverhost_browse: from now on.  Starts the process. */
void daf_discoverhost_browse(struct daf_discoverhost *h,
                             enum daf_endpoint endpoint);

/** daf_discoverhost_renew: this machine is on another network: begin anew. */
void daf_discoverhost_renew(struct daf_discoverhost *h);

enum daf_discover_by daf_discoverhost_by(const struct daf_discoverhost *h);
/** daf_discoverhost_pid: 0 while it is down. */
pid_t daf_discoverhost_pid(const struct daf_discoverhost *h);
/** daf_discoverhost_restarts: how often it was started again. */
uint64_t daf_discoverhost_restarts(const struct daf_discoverhost *h);

#endif
