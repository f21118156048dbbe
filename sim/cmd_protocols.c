/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/commands.h"
#include "sim/protocols/protocol.h"

#include <stdio.h>
#include <string.h>

int daf_cmd_protocols(int argc, char **argv)
{
    bool is_json = argc == 2 && strcmp(argv[1], "--json") == 0;
    const struct daf_protocol *p;

    if (argc > 1 && !is_json) {
        bool help = strcmp(argv[1], "--help") == 0;
        (void)fputs("usage: daftar-sim protocols [--json]\n",
                    help ? stdout : stderr);
        return help ? DAF_SIM_EXIT_DONE : DAF_SIM_EXIT_USAGE;
    }
    for (size_t i = 0; (p = daf_protocol_at(i)) != NULL; i++)
        if (is_json)
            (void)printf("{\"name\":\"%s\",\"what\":\"%s\"}\n", p->name,
                         p->what);
        else
            (void)printf("%-16s %s\n", p->name, p->what);
    return DAF_SIM_EXIT_DONE;
}
