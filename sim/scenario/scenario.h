/* SPDX-License-Identifier: Apache-2.0 */
/* sim/scenario/scenario.h - a camp and a run through it, from a YAML file.
 *
 * The file is anybody's: it is at most 1 MiB, has no aliases, and is checked whole
 * before a scenario comes of it.  A key that nobody knows is an error, with its line
 * and the key that may have been meant. */
#ifndef DAF_SIM_SCENARIO_SCENARIO_H
#define DAF_SIM_SCENARIO_SCENARIO_H

#include "sim/core/item.h"
#include "sim/world/schedule.h"

#define DAF_SCENARIO_WHY_BYTES 512
#define DAF_SCENARIO_FILE_MAX  (1u << 20)

/* What the file says; memory of all is the scenario's. */
struct daf_scenario {
    const char *name;
    const char *what; /* for people; never NULL */
    size_t assumptions_count;
    const char *const *assumptions;
    const char *protocol; /* NULL: not said */
    uint64_t seed;        /* 1 if not said */
    daf_sim_us lasts, warm_up;
    uint32_t lifetime_minutes;           /* of a message; 0: for ever */
    uint64_t buffer_bytes;               /* 0: no limit */
    daf_sim_us within;                   /* what "in time" is; 0: not said */
    struct daf_schedule_config schedule; /* its seed is 0 */
    size_t items_count;
    const struct daf_sim_item *items; /* content */

    struct daf_scenario_memory *memory;
};

/** daf_scenario_load: read @path.
 * @why: DAF_SCENARIO_WHY_BYTES; after an error: what is wrong, where, and what to do
 * ("FILE:12: ...").
 * DAF_EIO: it cannot be read.  DAF_EFORM: it is not a scenario.  DAF_ENOMEM.
 * The caller frees *@out. */
DAF_NODISCARD enum daf_err daf_scenario_load(const char *path,
                                             struct daf_scenario **out,
                                             char *why);
void daf_scenario_free(struct daf_scenario *s);

/** daf_scenario_expand: tell every option as it will be used, defaults too, in the
 * order of the file's form: "groups[0].stays[1].from" and "28800s". */
typedef void (*daf_scenario_option_fn)(void *ctx, const char *key,
                                       const char *value);
void daf_scenario_expand(const struct daf_scenario *s,
                         daf_scenario_option_fn option, void *ctx);

#endif
