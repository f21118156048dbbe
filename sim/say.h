/* SPDX-License-Identifier: Apache-2.0 */
/* sim/say.h - words for the person at the terminal.
 *
 * File names, values of options and lines of files are anybody's: control characters
 * in them would steer the terminal, and are printed as \x1b. */
#ifndef DAF_SIM_SAY_H
#define DAF_SIM_SAY_H

#include <stdio.h>

/** daf_say: a line to standard error; its end is added.  What is longer than
 * DAF_SAY_BYTES is cut. */
#define DAF_SAY_BYTES 8192
__attribute__((format(printf, 1, 2))) void daf_say(const char *format, ...);

/** daf_say_option: that getopt_long() did not take an option of @command; its own
 * words, which are not escaped, are off: opterr is 0.  Returns DAF_SIM_EXIT_USAGE. */
int daf_say_option(const char *command, char **argv);

/** daf_say_text: @text alone, to @to. */
void daf_say_text(FILE *to, const char *text);

#endif
