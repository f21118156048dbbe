/* SPDX-License-Identifier: Apache-2.0 */
/* node/doctor.h - why a device does not sync: facts in, findings out.
 *
 * `daftar doctor` gathers the facts; what follows from them is a pure function,
 * so that every finding has a test.  Of the network the first cause that explains
 * all is told, not its consequences. */
#ifndef DAF_NODE_DOCTOR_H
#define DAF_NODE_DOCTOR_H

#include "node/core/camp.h"
#include "node/home.h"

#define DAF_DOCTOR_FINDINGS_MAX 12
#define DAF_DOCTOR_DISK_MIN     ((uint64_t)64 * 1024 * 1024)

struct daf_doctor_facts {
    enum daf_err home_err; /* of loading it; then nothing below is known */
    bool is_joined;        /* it is of a camp */
    uint64_t disk_free;
    bool clock_is_set;
    enum daf_camp_clock_state clock; /* GOOD if nothing is known of the camp */
    enum daf_err store_err;
    enum daf_err cert_err; /* it does not count (R16) */
    bool is_revoked;
    /* A coordinator's: scopes whose key a revoked device holds; copies of keys that
     * members lack. */
    size_t unclean, lacking;

    bool is_running;
    const char *listen;    /* borrowed: what it listens on, or would */
    int listen_error;      /* not running: errno of trying; 0: it could */
    size_t own_addresses;  /* that others could call */
    bool is_for_this_only; /* it listens on loopback */

    /* of the running daemon */
    const char *mdns;        /* borrowed: "off", "none", "system", "own" */
    uint64_t restarts;       /* of link and discover */
    uint64_t other_versions; /* peers refused for their version */
    size_t other_camps;      /* announcements that are not this camp's */
    size_t connected;        /* peers */
    size_t there;            /* devices of this camp that mDNS sees */
    size_t unanswered;       /* of those: called in vain, not connected */
    bool is_refused;         /* one of those is on, and takes no call */
    size_t doors;         /* that answer on this network, called one by one */
    struct daf_addr door; /* one of them */
};

struct daf_finding {
    const char *name; /* "multicast": stays; scripts look for it */
    char cause[256];
    char todo[256];
};

/** daf_doctor_judge: at most DAF_DOCTOR_FINDINGS_MAX; the gravest first. */
size_t daf_doctor_judge(const struct daf_doctor_facts *f,
                        struct daf_finding out[]);

#endif
