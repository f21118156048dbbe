/* SPDX-License-Identifier: Apache-2.0 */
/* node/host.h - one device, running: the agent and everything it stands on.
 *
 *      link process <--> linkhost --+
 *      HOME/run/control  apiserver --+--> input ---> agent
 *      web process  <-------^        |
 *      timer, signals    loop -------+       ^         | struct daf_port
 *                                            |         v
 *                        writer thread <-----+---- linkhost, writer
 *
 * One thread, one loop.  An agent's reads see exactly the commits of whose
 * STORED it has been told, or is just being told: before each input the reader
 * is pinned, and if somebody has committed since, that is told first.  So a
 * recorded run can be replayed.
 *
 * A repair needs the notebook for itself: the host stops as for a signal, lets
 * agent, link, writer and reader go, repairs, answers, and the program begins
 * again with another host in the same process. */
#ifndef DAF_NODE_HOST_H
#define DAF_NODE_HOST_H

#include "node/core/port.h"
#include "node/home.h"

/* Bytes waiting for the disk; above it nothing is read from link.  For what waits
 * for link, linkhost.c has a bound of its own. */
#define DAF_HOST_WRITER_BYTES_MAX ((size_t)32 * 1024 * 1024)
#define DAF_HOST_DOORS_MS         5000 /* a new door is kept within */
#define DAF_HOST_STOP_LINK_MS     1000 /* for BYEs to leave */
#define DAF_HOST_STOP_MS          1600 /* for all; SIGTERM ends in ≤ 2 s */

struct daf_host; /* opaque */

struct daf_host_config {
    const char *home;
    struct daf_addr listen; /* port 0: any */
    const struct daf_addr *peers;
    size_t peers_count;
    const char *record; /* a file; NULL: do not */
    bool no_mdns;
    const char *air;   /* "cable", or a name; NULL: look (node/airwatch.h) */
    uint64_t budget;   /* bytes that the home may take; 0: what the disk has */
    const int *http;   /* listening sockets for pages; they outlive the host */
    size_t http_count; /* 0: no web process */
    const char *http_frame; /* who may hold pages in a frame; NULL: nobody */
};

/** daf_host_open: everything but link.  @config: borrowed until close.
 * @t: what went wrong, why, and what to do.  The caller owns it:
 * daf_host_close(). */
DAF_NODISCARD enum daf_err daf_host_open(const struct daf_host_config *config,
                                         struct daf_host **out,
                                         struct daf_trouble *t);
/** daf_host_run: start link, run until a signal.  Returns the exit status. */
int daf_host_run(struct daf_host *h);
/** daf_host_repair: after daf_host_run(): if a command asked for it, repair the
 * notebook and tell the command; then true: close, and open again. */
bool daf_host_repair(struct daf_host *h);
/** daf_host_close: NULL is fine. */
void daf_host_close(struct daf_host *h);

#endif
