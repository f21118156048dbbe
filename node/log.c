/* SPDX-License-Identifier: Apache-2.0 */
#include "node/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define SILENT_MS 60000

void daf_log(const char *format, ...)
{
    char line[1024] = "daftard: ";
    size_t head = strlen(line), room = sizeof(line) - head - 1, len;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(line + head, room, format, args);
    va_end(args);
    if (n < 0) return;
    len = head + ((size_t)n < room ? (size_t)n : room - 1);
    line[len++] = '\n';
    /* Nobody to tell if standard error is gone. */
    if (write(STDERR_FILENO, line, len) < 0) return;
}

bool daf_log_due(struct daf_log_limit *limit, struct daf_mono now)
{
    if (now.ms < limit->next.ms) return false;
    limit->next.ms = now.ms + SILENT_MS;
    return true;
}

const char *daf_log_errno(int error)
{
    const char *words = strerrordesc_np(error);

    return words != NULL ? words : "unknown error";
}
