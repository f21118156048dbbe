/* SPDX-License-Identifier: Apache-2.0 */
/* tests/lab/port.h - one socket of the switch: a veth pair's near end.
 *
 * A packet socket, not a TAP: an ordinary user who has made a user namespace may
 * open the one everywhere, but /dev/net/tun only where its mode allows it. */
#ifndef DAF_TESTS_LAB_PORT_H
#define DAF_TESTS_LAB_PORT_H

#include <stddef.h>
#include <stdint.h>

/** lab_port_open: the interface `port<number>` of this namespace, whose far end
 * is `eth0` of the namespace at @netns (/run/netns/NAME).  The far end is made to
 * send whole frames with their checksums: left to itself it hands on segments of
 * 64 KiB without one, as to hardware, and nobody would take them.
 *
 * Returns a descriptor that does not block, or -1 with the reason on stderr. */
int lab_port_open(unsigned number, const char *netns);

#endif
