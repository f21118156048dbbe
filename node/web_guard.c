/* SPDX-License-Identifier: Apache-2.0 */
#include "node/web_guard.h"

#include <stdlib.h>
#include <strings.h>

/* Host names do not tell A from a; in numbers there is nothing to tell. */
static bool is_named(const char *host, const char *name, size_t name_len,
                     const char *port)
{
    size_t len = strlen(host);

    if (len < name_len || strncasecmp(host, name, name_len) != 0) return false;
    if (len == name_len) return strcmp(port, ":80") == 0;
    return strcmp(host + name_len, port) == 0;
}

bool daf_web_guard_host(const char *host, const struct daf_addr *local)
{
    static const char *const always[] = {"127.0.0.1", "localhost", "[::1]"};
    const char *port = strrchr(local->text, ':');

    if (host == NULL || port == NULL) return false;
    if (is_named(host, local->text, (size_t)(port - local->text), port))
        return true;
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
        if (is_named(host, always[i], strlen(always[i]), port)) return true;
    return false;
}

bool daf_web_guard_origin(const char *origin, const char *host)
{
    static const char scheme[] = "http://";

    return origin != NULL && host != NULL &&
           strncmp(origin, scheme, sizeof(scheme) - 1) == 0 &&
           strcasecmp(origin + sizeof(scheme) - 1, host) == 0;
}

/* It goes into a header as it is. */
bool daf_web_guard_frame(const char *origin)
{
    static const char begin[] = "http://127.0.0.1:";
    const char *port = origin + sizeof(begin) - 1;
    size_t len;

    if (strncmp(origin, begin, sizeof(begin) - 1) != 0) return false;
    len = strspn(port, "0123456789");
    return len >= 1 && len <= 5 && port[len] == '\0' && port[0] != '0' &&
           strtoul(port, NULL, 10) <= 65535;
}
