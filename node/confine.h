/* SPDX-License-Identifier: Apache-2.0 */
/* node/confine.h - what a process that hears strangers gives up at its start. */
#ifndef DAF_NODE_CONFINE_H
#define DAF_NODE_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

/** daf_confine: no core file, no debugger of the same user, no new rights, no
 * signal but SIGKILL; at most so many descriptors, so much memory. */
void daf_confine(rlim_t descriptors, rlim_t memory);

/** daf_confine_files: no file can be opened, made or removed from now on; sockets
 * still can.  Fine where the kernel has no Landlock. */
void daf_confine_files(void);

/** daf_confine_network: a network of its own, with nothing in it: sockets that it
 * has or is passed go on, new ones reach nobody.  Fine where it is forbidden. */
void daf_confine_network(void);

/** daf_confine_calls: from now on EPERM for whatever makes a socket, a process or a
 * program, or reaches into another process (node/confine.c has the list); what is
 * open is read, written, accepted from and waited for as before.  After
 * daf_confine(), when all that it needs is open.  A path's AF_UNIX socket is
 * governed by neither of the two above: this is what keeps it shut.
 * False, with errno: not on this kernel, or on no machine but x86-64 and aarch64;
 * nothing is refused, go on. */
bool daf_confine_calls(void);

#endif
