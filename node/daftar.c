/* SPDX-License-Identifier: Apache-2.0 */
/* daftar: the command line.  All it can do is in the table of commands.c. */
#include "node/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* A learner's name may be among the arguments, and everybody on the machine can
 * read those: work on a copy and blank them. */
static char **take_arguments(int argc, char **argv)
{
    char **copy = calloc((size_t)argc + 1, sizeof(*copy));

    for (int i = 0; copy != NULL && i < argc; i++) {
        copy[i] = strdup(argv[i]);
        if (copy[i] == NULL) return NULL;
        if (i > 0) memset(argv[i], 0, strlen(argv[i]));
    }
    return copy;
}

int main(int argc, char **argv)
{
    const struct rlimit none = {0, 0};
    char **arguments;
    int code = DAF_EXIT_FAILED;

    /* No keys in core dumps. */
    (void)setrlimit(RLIMIT_CORE, &none);
    arguments = take_arguments(argc, argv);
    if (arguments == NULL)
        (void)fprintf(stderr, "daftar: out of memory\n");
    else
        code = daf_commands_run(argc, arguments);
    /* getopt only reorders them. */
    for (int i = 0; arguments != NULL && i < argc; i++)
        free(arguments[i]);
    free(arguments);
    return code;
}
