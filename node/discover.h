/* SPDX-License-Identifier: Apache-2.0 */
/* node/discover.h - the discover process: Avahi, kept away from everything.
 *
 *      core  <--- STREAM socket pair, fixed messages --->  discover
 *
 * Started as `--as-discover` with one end of a socket pair as descriptor 3, by
 * whoever needs it: the daemon, `daftar join`, `daftar doctor`.  It knows no key
 * and no file: what it publishes was made by core, what it finds core judges.
 * One packet can crash Avahi (docs/threat-model.md); then it is started again and
 * told again what to publish.
 *
 * Uses the system's Avahi daemon if one answers within a second of start, else an
 * mDNS stack of its own (avahi-core, lookup flags 0: others crash on a CNAME that
 * names itself).  When the daemon goes it turns to its own; when one comes later
 * it stays with its own until it is started anew.
 *
 * Framing: struct daf_discover_message, whole ones.  Both ends are one program on
 * one machine: native integers.  core checks each field; a breach kills discover.
 *
 * kind      from      meaning
 * PUBLISH   core      say that this service is here (one a kind of service)
 * WITHDRAW  core      say it no more
 * BROWSE    core      look for services of this kind from now on
 * FOUND     discover  an address of an instance; again when anything changed
 * LOST      discover  the instance says goodbye or ran out: all its addresses
 * STATE     discover  who does the work, once at start and after each change
 *
 * Everybody is announced by IPv4 and IPv6.  Who has an IPv4 address looks for
 * others by that, else by both.  Of each instance every address seen so is told
 * (several interfaces), an IPv6 link-local one with its zone, the interface's
 * index.  Own ones are told as well: who asks knows its own names.  A resolver
 * that hears nothing for 5 s is asked again after 1 to 5 s by chance, later more
 * seldom (16 to 80 s), for ever while the instance is there; of 60 devices that
 * start together some need four times. */
#ifndef DAF_NODE_DISCOVER_H
#define DAF_NODE_DISCOVER_H

#include "node/core/port.h"

#define DAF_DISCOVER_TYPE_DOOR  "_daftar._tcp"
#define DAF_DISCOVER_TYPE_PORCH "_daftar-porch._tcp"
/* Instances followed at once of each kind; more are passed over. */
#define DAF_DISCOVER_INSTANCES_MAX 1024

enum daf_discover_kind {
    DAF_DISCOVER_PUBLISH = 1,
    DAF_DISCOVER_WITHDRAW,
    DAF_DISCOVER_BROWSE,
    DAF_DISCOVER_FOUND = 65,
    DAF_DISCOVER_LOST,
    DAF_DISCOVER_STATE,
};

enum daf_discover_by {
    DAF_DISCOVER_BY_NOBODY, /* not yet, or no network */
    DAF_DISCOVER_BY_SYSTEM, /* the system's Avahi daemon */
    DAF_DISCOVER_BY_ITSELF, /* avahi-core */
};

struct daf_discover_message {
    uint8_t kind;     /* enum daf_discover_kind */
    uint8_t endpoint; /* enum daf_endpoint: DOOR or PORCH; 0 in STATE */
    uint8_t by;       /* STATE: enum daf_discover_by */
    uint8_t pad;
    uint16_t port;
    uint8_t pad2[2];
    uint8_t name[8]; /* the instance */
    /* PUBLISH, FOUND: as struct daf_announce */
    uint8_t data[DAF_ANNOUNCE_BYTES];
    struct daf_addr addr; /* FOUND: "192.0.2.7:5670", "[fe80::1%3]:5670" */
};

/** daf_discover_main: the discover process's whole life.  @fd: its end of the
 * pair.  Returns the exit status: 0 when core closed the pair. */
int daf_discover_main(int fd);

#endif
