/* SPDX-License-Identifier: Apache-2.0 */
/* node/commands.h - the one table of all commands of `daftar`.
 *
 * A row says what a command is called, takes, prints and returns.  Parsing,
 * --help, `help --json` and the tests all read it, so they cannot disagree. */
#ifndef DAF_NODE_COMMANDS_H
#define DAF_NODE_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#define DAF_COMMANDS_VERSION     "0.1.0"
#define DAF_COMMANDS_OPTIONS_MAX 8
#define DAF_COMMANDS_KEYS_MAX    32

enum daf_exit {
    DAF_EXIT_DONE = 0,
    DAF_EXIT_FAILED = 1,
    DAF_EXIT_USAGE = 2,
    DAF_EXIT_PARTLY = 3,
    DAF_EXIT_NO_DAEMON = 4,
    DAF_EXIT_DENIED = 5,
    DAF_EXIT_LATER = 75, /* EX_TEMPFAIL of sysexits.h */
};

struct daf_cmd; /* node/cmd.h */

struct daf_commands_option {
    const char *name; /* without the dashes; NULL ends the list */
    const char *arg;  /* "FILE"; NULL if it takes nothing */
    const char *help;
};

struct daf_command {
    const char *name; /* "camp create" */
    const char *args; /* "NAME"; "" if none */
    size_t args_min, args_max;
    const char *summary; /* one line */
    const char *text;    /* the rest of its help; NULL if nothing */
    struct daf_commands_option options[DAF_COMMANDS_OPTIONS_MAX + 1];
    const char
        *keys[DAF_COMMANDS_KEYS_MAX + 1]; /* of a JSON line, always there */
    bool may_partly;                      /* exits 3 */
    bool needs_daemon;                    /* exits 4 */
    bool needs_no_home;                   /* does not exit 75 */
    enum daf_exit (*run)(const struct daf_cmd *cmd);
};

/** daf_commands_at: the row at @index; NULL at the end. */
const struct daf_command *daf_commands_at(size_t index);

/** daf_commands_exits: whether @command is documented to exit with @code. */
bool daf_commands_exits(const struct daf_command *command, int code);

/** daf_commands_exit_str: what an exit code means; NULL if it is none. */
const char *daf_commands_exit_str(int code);

/** daf_commands_run: the whole program: find the command, parse, run.
 * @argv: @argc words and a NULL.  getopt may reorder it.  Returns the exit. */
int daf_commands_run(int argc, char **argv);

#endif
