/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/say.h"

#include "sim/commands.h"

#include <getopt.h>
#include <limits.h>
#include <stdarg.h>

/* Of a control character of ASCII, or of the C1 set as UTF-8 spells it; else 0. */
static unsigned control_bytes(const unsigned char *c)
{
    if (*c < 0x20 || *c == 0x7f) return 1;
    return *c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0 ? 2 : 0;
}

void daf_say_text(FILE *to, const char *text)
{
    const unsigned char *c = (const unsigned char *)text;

    while (*c != '\0') {
        unsigned control = control_bytes(c);
        if (control == 0) (void)putc(*c++, to);
        for (; control > 0; control--)
            (void)fprintf(to, "\\x%02x", *c++);
    }
}

void daf_say(const char *format, ...)
{
    char words[DAF_SAY_BYTES];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(words, sizeof words, format, args);
    va_end(args);
    daf_say_text(stderr, words);
    (void)fputs("\n", stderr);
}

int daf_say_option(const char *command, char **argv)
{
    if (optopt > 0 && optopt <= UCHAR_MAX)
        daf_say("daftar-sim %s: there is no option '-%c'; --help tells",
                command, optopt);
    else
        daf_say("daftar-sim %s: '%s' is no option, or wants a value, or takes "
                "none; --help tells",
                command, argv[optind - 1]);
    return DAF_SIM_EXIT_USAGE;
}
