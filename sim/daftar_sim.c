/* SPDX-License-Identifier: Apache-2.0 */
/* daftar-sim - thousands of devices, days in minutes, one history a seed. */
#include "sim/commands.h"
#include "sim/say.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct daf_sim_command commands[] = {
    {"run", "run a world with a protocol, and say what came of it",
     daf_cmd_run},
    {"report", "make the page of a run's folder again", daf_cmd_report},
    {"world", "print who meets whom in a world, as The ONE's events",
     daf_cmd_world},
    {"seeds",
     "let much go wrong in many small worlds, and check what must hold",
     daf_cmd_seeds},
    {"protocols", "list the forwarding protocols", daf_cmd_protocols},
    {"bench", "how fast this machine simulates", daf_cmd_bench},
    {"replay", "do again what a daemon recorded, and compare", daf_cmd_replay},
};

static int usage(FILE *to)
{
    (void)fputs("usage: daftar-sim COMMAND [OPTION...]\n\n", to);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        (void)fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].what);
    (void)fputs("\ndaftar-sim COMMAND --help tells its options.\n", to);
    return to == stdout ? DAF_SIM_EXIT_DONE : DAF_SIM_EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    if (argc < 2) return usage(stderr);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
        return usage(stdout);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    daf_say("daftar-sim: there is no command '%s'", argv[1]);
    return usage(stderr);
}

/* Standard output is checked at the end, for all commands: a full disk must not look
 * like "done". */
int main(int argc, char **argv)
{
    opterr = 0;                     /* daf_say_option() */
    (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error */
    int code = run(argc, argv);

    if (fflush(stdout) == 0 && ferror(stdout) == 0) return code;
    daf_say("daftar-sim: the output could not be written. To do: look at where "
            "it goes");
    return code == DAF_SIM_EXIT_DONE ? DAF_SIM_EXIT_FAILED : code;
}
