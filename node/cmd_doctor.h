/* SPDX-License-Identifier: Apache-2.0 */
/* node/cmd_doctor.h - a visit to a device: what `daftar doctor` and `daftar
 * support-bundle` look at. */
#ifndef DAF_NODE_CMD_DOCTOR_H
#define DAF_NODE_CMD_DOCTOR_H

#include "node/cmd.h"
#include "node/core/addr.h"
#include "node/doctor.h"
#include "node/netwatch.h"

struct daf_cmd_visit {
    struct daf_home home;
    bool is_loaded;
    struct daf_doctor_facts facts; /* points into the rest */
    struct daf_addr listen;
    struct daf_where where; /* the same */
    struct daf_addr own[DAF_NETWATCH_ADDRS_MAX];
    size_t own_count;
    json_t *status, *peers; /* owned; NULL, []: the daemon does not answer */
};

/** daf_cmd_visit: look at all.  A daemon that has just begun is given up to 20 s to
 * find somebody.  DAF_EUSAGE, DAF_ENOTFOUND with words if there is no home; what
 * else may be wrong is a fact.  daf_cmd_visit_end() in any case. */
DAF_NODISCARD enum daf_err daf_cmd_visit(const struct daf_cmd *cmd,
                                         struct daf_cmd_visit *v,
                                         struct daf_trouble *t);
void daf_cmd_visit_end(struct daf_cmd_visit *v);

#endif
