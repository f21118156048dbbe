/* SPDX-License-Identifier: Apache-2.0 */
/* node/notify.h - tell systemd how far we are: a datagram to $NOTIFY_SOCKET
 * (man sd_notify, "Standalone Implementations"), and nothing where there is no
 * systemd. */
#ifndef DAF_NODE_NOTIFY_H
#define DAF_NODE_NOTIFY_H

/** daf_notify_init: remember $NOTIFY_SOCKET and take it out of the environment,
 * so that no child speaks for us.  Before any thread starts. */
void daf_notify_init(void);

/** daf_notify_send: "READY=1", "STOPPING=1".  Best effort. */
void daf_notify_send(const char *state);

#endif
