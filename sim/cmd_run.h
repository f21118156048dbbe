/* SPDX-License-Identifier: Apache-2.0 */
/* sim/cmd_run.h - what the files of `daftar-sim run` share. */
#ifndef DAF_SIM_CMD_RUN_H
#define DAF_SIM_CMD_RUN_H

#include "sim/commands.h"
#include "sim/report/study.h"
#include "sim/run/run.h"
#include "sim/scenario/scenario.h"

struct daf_cmd_wish {
    const char *contacts, *messages;
    const char *scenario_path;
    struct daf_scenario *scenario; /* owned; or NULL */
    struct daf_waypoint_config waypoint;
    struct daf_traffic_config traffic;
    struct daf_run_config run; /* without protocol, seed and measure */
    const struct daf_protocol *protocols[DAF_STUDY_PROTOCOLS_MAX];
    size_t protocols_count;
    uint64_t *seeds; /* owned */
    size_t seeds_count;
    const char *out;
    bool is_json, is_real, is_resumed;
    /* Said, so that a scenario does not say it. */
    bool has_protocols, has_policies, has_seeds, has_buffer, has_lifetime,
        has_speed;
};

/* ---- cmd_run_options.c */

extern const char daf_cmd_run_help[];
/* The exit code, or -1 to go on. */
int daf_cmd_run_parse(int argc, char **argv, struct daf_cmd_wish *w);

/* ---- cmd_run.c */

/* Each says it, and returns the exit code. */
int daf_cmd_run_failed(const char *what, const char *why);
int daf_cmd_run_broken(const char *what, const char *why);
/* For a run of a real fidelity, a folder that is the run's alone.  False: why is
 * said. */
#define DAF_CMD_RUN_DIR_BYTES 400
bool daf_cmd_run_make_dir(char dir[DAF_CMD_RUN_DIR_BYTES]);
void daf_cmd_run_remove_dir(const char *dir);
void daf_cmd_run_print(const struct daf_run_config *config,
                       const struct daf_run_result *r, bool is_json);

/* ---- cmd_run_many.c: all but one run of one seed that nobody wants kept.  Returns
 * the exit code. */
int daf_cmd_run_many(const struct daf_cmd_wish *w);

#endif
