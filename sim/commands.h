/* SPDX-License-Identifier: Apache-2.0 */
/* sim/commands.h - the program's commands; each gets its name as argv[0]. */
#ifndef DAF_SIM_COMMANDS_H
#define DAF_SIM_COMMANDS_H

/* As everywhere in Daftar (docs/operating.md). */
enum daf_sim_exit {
    DAF_SIM_EXIT_DONE = 0,
    DAF_SIM_EXIT_FAILED = 1,
    DAF_SIM_EXIT_USAGE = 2,
    DAF_SIM_EXIT_PARTLY = 3,
};

struct daf_sim_command {
    const char *name, *what;
    int (*run)(int argc, char **argv);
};

int daf_cmd_run(int argc, char **argv);
int daf_cmd_report(int argc, char **argv);
int daf_cmd_world(int argc, char **argv);
int daf_cmd_seeds(int argc, char **argv);
int daf_cmd_protocols(int argc, char **argv);
int daf_cmd_bench(int argc, char **argv);
int daf_cmd_replay(int argc, char **argv);

#endif
