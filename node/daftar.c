/* SPDX-License-Identifier: Apache-2.0 */
/* daftar: the command line.  All it can do is in the table of commands.c. */
#include "node/child.h"
#include "node/commands.h"
#include "node/discover.h"
#include "node/link.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void free_arguments(int argc, char **arguments)
{
    for (int i = 0; arguments != NULL && i < argc; i++)
        free(arguments[i]);
    free(arguments);
}

/* A learner's name may be among the arguments, and everybody on the machine can
 * read those: work on a copy and blank them. */
static char **take_arguments(int argc, char **argv)
{
    char **copy = calloc((size_t)argc + 1, sizeof(*copy));

    for (int i = 0; copy != NULL && i < argc; i++) {
        copy[i] = strdup(argv[i]);
        if (copy[i] == NULL) {
            free_arguments(argc, copy);
            return NULL;
        }
        if (i > 0) memset(argv[i], 0, strlen(argv[i]));
    }
    return copy;
}

/* With a standard stream closed, the next file opened would take its number and
 * what is printed would end in it. */
static void fill_streams(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0) (void)close(fd);
}

int main(int argc, char **argv)
{
    const struct rlimit none = {0, 0};
    char **arguments;
    int code = DAF_EXIT_FAILED;

    fill_streams();
    /* No keys in core dumps. */
    (void)setrlimit(RLIMIT_CORE, &none);
    if (argc == 2 && strcmp(argv[1], "--as-link") == 0)
        return daf_link_main(DAF_CHILD_FD);
    if (argc == 2 && strcmp(argv[1], "--as-discover") == 0)
        return daf_discover_main(DAF_CHILD_FD);
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
