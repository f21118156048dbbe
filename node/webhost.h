/* SPDX-License-Identifier: Apache-2.0 */
/* node/webhost.h - core's side of the web process (node/web.h): its life.  What
 * it asks goes through the API server, as one more client of it.
 *
 * The listening sockets stay here and copies go to web, so while it is started
 * again connections wait in the kernel's queue.  The secret with which it makes
 * sessions stays here too: who has entered is not thrown out when it dies.  Only
 * a new start of core draws a new one.  One thread. */
#ifndef DAF_NODE_WEBHOST_H
#define DAF_NODE_WEBHOST_H

#include "node/apiserver.h"
#include "node/web.h"

#include <sys/types.h>

#define DAF_WEBHOST_YOUNG_MS     5000
#define DAF_WEBHOST_RETRY_MIN_MS 1000
#define DAF_WEBHOST_RETRY_MAX_MS 2000
#define DAF_WEBHOST_LEAVE_MS     500 /* for answers to leave, at the end */

struct daf_webhost; /* opaque */

/** daf_webhost_listen: a socket that listens at @addr (port 0: any), or errno. */
int daf_webhost_listen(const struct daf_addr *addr);
/** daf_webhost_where: where the socket @fd listens.  False if it is no listening
 * TCP socket. */
bool daf_webhost_where(int fd, struct daf_addr *out);

/** daf_webhost_new: draw the secret and start web.
 * @fds: 1 to DAF_WEB_LISTENERS_MAX listening sockets; borrowed, as are @loop and
 * @api, until daf_webhost_free().
 * @frame: the origin that may hold pages in a frame, which has passed
 * daf_web_guard_frame(); borrowed; NULL: none may. */
DAF_NODISCARD enum daf_err daf_webhost_new(struct daf_loop *loop,
                                           struct daf_apiserver *api,
                                           const int *fds, size_t count,
                                           const char *frame,
                                           struct daf_webhost **out);
/** daf_webhost_free: let answers leave, then end it.  NULL is fine. */
void daf_webhost_free(struct daf_webhost *h);

/** daf_webhost_url: "http://127.0.0.1:8080" of the socket at @index; of one that
 * listens everywhere, this machine's loopback. */
void daf_webhost_url(const struct daf_webhost *h, size_t index,
                     char out[DAF_WEB_URL_BYTES]);
/** daf_webhost_enter_url: the same with the key that lets a browser in. */
void daf_webhost_enter_url(const struct daf_webhost *h, size_t index,
                           char out[DAF_WEB_URL_BYTES]);

/** daf_webhost_pid: 0 while it is down. */
pid_t daf_webhost_pid(const struct daf_webhost *h);
uint64_t daf_webhost_restarts(const struct daf_webhost *h);

#endif
