/* SPDX-License-Identifier: Apache-2.0 */
/* node/link_addr.c - addresses.
 *
 * libzmq gets no text but what is formatted here from parsed numbers: a text
 * from elsewhere could name ipc://, pgm:// or norm://. */
#include "node/link_impl.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

/* parse_number: decimal digits only, no sign, no space, no leading zero. */
static bool parse_number(const char *text, uint32_t max, uint32_t *out)
{
    uint32_t n = 0;

    if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0')) return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') return false;
        if (n > (max - (uint32_t)(*text - '0')) / 10) return false;
        n = n * 10 + (uint32_t)(*text - '0');
    }
    *out = n;
    return true;
}

static bool is_link_local(const struct daf_link_where *where)
{
    return where->family == AF_INET6 && where->ip[0] == 0xfe &&
           (where->ip[1] & 0xc0) == 0x80;
}

static bool is_any(const struct daf_link_where *where)
{
    static const uint8_t zero[16];
    return memcmp(where->ip, zero, where->family == AF_INET ? 4 : 16) == 0;
}

/* parse_host: "192.0.2.7", or "fe80::1%3" between its brackets. */
static bool parse_host(char *host, int family, struct daf_link_where *out)
{
    char *percent = strchr(host, '%');

    out->family = family;
    if (percent != NULL) {
        *percent = '\0';
        if (!parse_number(percent + 1, INT32_MAX, &out->zone) || out->zone == 0)
            return false;
    }
    if (inet_pton(family, host, out->ip) != 1) return false;
    /* Without its zone libzmq neither connects nor complains, for ever. */
    return is_link_local(out) == (out->zone != 0);
}

bool daf_link_addr_parse(const struct daf_addr *addr,
                         struct daf_link_where *out)
{
    char text[sizeof(addr->text)], *colon;
    uint32_t port;

    *out = (struct daf_link_where){0};
    if (memchr(addr->text, '\0', sizeof(addr->text)) == NULL) return false;
    memcpy(text, addr->text, sizeof(text));
    colon = strrchr(text, ':');
    if (colon == NULL || !parse_number(colon + 1, UINT16_MAX, &port))
        return false;
    out->port = (uint16_t)port;
    *colon = '\0';
    if (text[0] != '[') return parse_host(text, AF_INET, out);
    if (colon == text + 1 || colon[-1] != ']') return false;
    colon[-1] = '\0';
    return parse_host(text + 1, AF_INET6, out);
}

/* The IPv4 address inside "::ffff:192.0.2.7": judged as what it is. */
static bool is_mapped(const struct daf_link_where *where)
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

    return where->family == AF_INET6 && memcmp(where->ip, prefix, 12) == 0;
}

bool daf_link_addr_callable(const struct daf_link_where *where)
{
    struct daf_link_where inner = {.family = AF_INET, .port = where->port};
    bool many = where->family == AF_INET ? where->ip[0] >= 224 /* and above */
                                         : where->ip[0] == 0xff;

    if (is_mapped(where)) {
        memcpy(inner.ip, where->ip + 12, 4);
        return daf_link_addr_callable(&inner);
    }
    return where->port != 0 && !many && !is_any(where);
}

struct daf_link_where daf_link_addr_local(const struct daf_link_where *where,
                                          uint16_t port)
{
    struct daf_link_where local = *where;

    local.port = port;
    if (is_any(where) && where->family == AF_INET) {
        local.ip[0] = 127;
        local.ip[3] = 1;
    } else if (is_any(where)) {
        local.ip[15] = 1;
    }
    return local;
}

void daf_link_addr_format(const struct daf_link_where *where,
                          char out[DAF_LINK_ENDPOINT_BYTES])
{
    char ip[INET6_ADDRSTRLEN] = "", zone[12] = "";

    (void)inet_ntop(where->family, where->ip, ip, sizeof(ip));
    if (where->zone != 0)
        (void)snprintf(zone, sizeof(zone), "%%%u", where->zone);
    (void)snprintf(out, DAF_LINK_ENDPOINT_BYTES,
                   where->family == AF_INET ? "tcp://%s%s:%u"
                                            : "tcp://[%s%s]:%u",
                   ip, zone, (unsigned)where->port);
}
