/* SPDX-License-Identifier: Apache-2.0 */
/* node/commands_impl.h - between commands.c (the table, parsing) and
 * commands_help.c (what is printed about it). */
#ifndef DAF_NODE_COMMANDS_IMPL_H
#define DAF_NODE_COMMANDS_IMPL_H

#include "node/commands.h"

#include <stdio.h>

/** daf_commands_common: an option that every command has; NULL at the end. */
const struct daf_commands_option *daf_commands_common(size_t index);

/** daf_commands_find: the command of one or two words.  @second may be NULL.
 * @out_words: how many it has. */
const struct daf_command *daf_commands_find(const char *first,
                                            const char *second,
                                            size_t *out_words);

void daf_commands_print_all(FILE *f);
void daf_commands_print_one(FILE *f, const struct daf_command *command);
/** daf_commands_print_group: the commands that begin with @first; NULL: all. */
void daf_commands_print_group(FILE *f, const char *first);
bool daf_commands_is_group(const char *first);

/** daf_commands_near_command: what was probably meant; NULL if nothing is near. */
const char *daf_commands_near_command(const char *words);
const char *daf_commands_near_option(const struct daf_command *command,
                                     const char *name);

enum daf_exit daf_commands_help(const struct daf_cmd *cmd);

#endif
