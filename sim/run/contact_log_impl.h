/* SPDX-License-Identifier: Apache-2.0 */
/* sim/run/contact_log_impl.h - what the log and its picture share. */
#ifndef DAF_SIM_RUN_CONTACT_LOG_IMPL_H
#define DAF_SIM_RUN_CONTACT_LOG_IMPL_H

#include "sim/run/contact_log.h"

struct daf_contact_log_one {
    uint32_t a, b; /* a < b */
    daf_sim_us from, to;
};

/* Of the smaller node, those that are up. */
struct daf_contact_log_list {
    struct daf_contact_log_one *items;
    uint32_t count, room;
};

struct daf_contact_log {
    uint32_t nodes;
    struct daf_contact_log_list *open;
    daf_sim_us *busy; /* of each node */
    bool *chosen;     /* or NULL: all */
    struct daf_contact_log_one *kept;
    size_t kept_count, kept_room;
    daf_sim_us kept_until;
    uint64_t open_count, count;
    daf_sim_us total;
    uint64_t spans[DAF_CONTACT_LOG_SPANS];
    bool has_failed;
};

/* The busiest DAF_CONTACT_LOG_SHOWN, or all if there are not so many; NULL without
 * memory.  The caller frees it. */
uint32_t *daf_contact_log_busiest(const struct daf_contact_log *log,
                                  uint32_t *count);

#endif
