/* SPDX-License-Identifier: Apache-2.0 */
/* node/web_guard.h - who may speak to web: the Host and Origin that a browser
 * names.  A page of another site can make a browser call this address (by a name
 * of its own that leads here, too), but cannot make it lie about these two. */
#ifndef DAF_NODE_WEB_GUARD_H
#define DAF_NODE_WEB_GUARD_H

#include "node/core/port.h"

/** daf_web_guard_host: whether @host, a Host header or NULL, is one of: @local,
 * where the connection came in ("192.0.2.7:8080"), or 127.0.0.1, localhost, [::1]
 * with its port, which is left out if it is 80.  Exactly so. */
bool daf_web_guard_host(const char *host, const struct daf_addr *local);

/** daf_web_guard_origin: whether @origin, an Origin header or NULL, is "http://"
 * and @host, which has passed daf_web_guard_host(). */
bool daf_web_guard_origin(const char *origin, const char *host);

#define DAF_WEB_GUARD_FRAME_BYTES sizeof("http://127.0.0.1:65535")

/** daf_web_guard_frame: whether @origin may hold pages in a frame of its own:
 * "http://127.0.0.1:PORT" of this machine, exactly so, and nothing else. */
bool daf_web_guard_frame(const char *origin);

#endif
