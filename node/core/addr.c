/* SPDX-License-Identifier: Apache-2.0 */
#include "node/core/addr.h"

#define GROUPS 8 /* of an IPv6 address, 16 bits each */

/* ---- reading */

/* A decimal number up to @max: digits only, no leading zero.  Moves *@at. */
static bool read_number(const char **at, uint32_t max, uint32_t *out)
{
    const char *p = *at;
    uint32_t n = 0;

    if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        uint32_t digit = (uint32_t)(*p - '0');

        if (n > (max - digit) / 10) return false;
        n = n * 10 + digit;
    }
    *at = p;
    *out = n;
    return true;
}

static bool read_v4(const char **at, uint8_t ip[4])
{
    for (size_t i = 0; i < 4; i++) {
        uint32_t n;

        if ((i > 0 && *(*at)++ != '.') || !read_number(at, 255, &n))
            return false;
        ip[i] = (uint8_t)n;
    }
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool read_group(const char **at, uint16_t *out)
{
    unsigned n = 0, digits = 0;

    for (; hex_digit(**at) >= 0 && digits < 4; digits++, (*at)++)
        n = n << 4 | (unsigned)hex_digit(**at);
    *out = (uint16_t)n;
    return digits > 0;
}

static void put_group(uint8_t ip[16], size_t index, uint16_t group)
{
    ip[2 * index] = (uint8_t)(group >> 8);
    ip[2 * index + 1] = (uint8_t)group;
}

/* Whether digits and a dot come: the last 32 bits in IPv4's way. */
static bool is_v4_ahead(const char *p)
{
    while (*p >= '0' && *p <= '9')
        p++;
    return *p == '.';
}

/* RFC 4291, 2.2: groups, one "::" for groups of zeros, IPv4 at the end. */
static bool read_v6(const char **at, uint8_t ip[16])
{
    uint16_t groups[GROUPS];
    size_t count = 0, gap = GROUPS + 1; /* where "::" was */

    if ((*at)[0] == ':' && (*at)[1] == ':') {
        gap = 0;
        *at += 2;
    }
    while (count < GROUPS && hex_digit(**at) >= 0) {
        uint8_t four[4];

        if (is_v4_ahead(*at)) {
            if (count > GROUPS - 2 || !read_v4(at, four)) return false;
            groups[count++] = (uint16_t)(four[0] << 8 | four[1]);
            groups[count++] = (uint16_t)(four[2] << 8 | four[3]);
            break;
        }
        if (!read_group(at, &groups[count++])) return false;
        if (**at != ':') break;
        if ((*at)[1] == ':') {
            if (gap <= GROUPS) return false;
            gap = count;
            *at += 2;
        } else if (hex_digit((*at)[1]) >= 0 && count < GROUPS) {
            ++*at;
        } else {
            return false;
        }
    }
    if (gap <= GROUPS ? count >= GROUPS : count != GROUPS) return false;
    memset(ip, 0, 16);
    for (size_t i = 0; i < count; i++)
        put_group(ip, i < gap ? i : i + GROUPS - count, groups[i]);
    return true;
}

bool daf_addr_is_link_local(const struct daf_where *w)
{
    return w->is_v6 && w->ip[0] == 0xfe && (w->ip[1] & 0xc0) == 0x80;
}

static void unmap(struct daf_where *w)
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

    if (!w->is_v6 || memcmp(w->ip, prefix, sizeof(prefix)) != 0) return;
    memmove(w->ip, w->ip + 12, 4);
    memset(w->ip + 4, 0, 12);
    w->is_v6 = false;
}

/* "%3", or nothing. */
static bool read_zone(const char **at, uint32_t *out)
{
    if (**at != '%') return true;
    ++*at;
    return read_number(at, INT32_MAX, out) && *out != 0;
}

bool daf_addr_parse(const struct daf_addr *addr, struct daf_where *out)
{
    struct daf_where w = {.is_v6 = addr->text[0] == '['};
    const char *p = addr->text;
    uint32_t port;

    if (memchr(p, '\0', sizeof(addr->text)) == NULL) return false;
    if (w.is_v6) {
        p++;
        if (!read_v6(&p, w.ip)) return false;
        if (!read_zone(&p, &w.zone) ||
            daf_addr_is_link_local(&w) != (w.zone != 0) || *p++ != ']')
            return false;
    } else if (!read_v4(&p, w.ip)) {
        return false;
    }
    if (*p++ != ':' || !read_number(&p, UINT16_MAX, &port) || *p != '\0')
        return false;
    w.port = (uint16_t)port;
    unmap(&w);
    *out = w;
    return true;
}

/* ---- writing */

struct text {
    char *p;
    size_t len;
};

static void put(struct text *t, char c)
{
    t->p[t->len++] = c;
}

static void put_number(struct text *t, uint32_t n, unsigned base)
{
    static const char digits[] = "0123456789abcdef";
    char reversed[10];
    size_t count = 0;

    do
        reversed[count++] = digits[n % base];
    while ((n /= base) > 0);
    while (count > 0)
        put(t, reversed[--count]);
}

static uint16_t group_at(const uint8_t ip[16], size_t index)
{
    return (uint16_t)(ip[2 * index] << 8 | ip[2 * index + 1]);
}

/* RFC 5952, 4.2: the longest run of two zeros or more, the first of equals. */
static size_t longest_gap(const uint8_t ip[16], size_t *out_len)
{
    size_t best = GROUPS, best_len = 1;

    for (size_t i = 0; i < GROUPS; i++) {
        size_t len = 0;

        while (i + len < GROUPS && group_at(ip, i + len) == 0)
            len++;
        if (len > best_len) {
            best = i;
            best_len = len;
        }
    }
    *out_len = best_len;
    return best;
}

static void put_v6(struct text *t, const uint8_t ip[16])
{
    size_t gap_len, gap = longest_gap(ip, &gap_len);

    for (size_t i = 0; i < GROUPS; i++) {
        if (i == gap) {
            put(t, ':');
            if (gap + gap_len == GROUPS) put(t, ':');
            i += gap_len - 1;
            continue;
        }
        if (i > 0) put(t, ':');
        put_number(t, group_at(ip, i), 16);
    }
}

void daf_addr_format(const struct daf_where *where, struct daf_addr *out)
{
    struct text t = {out->text, 0};

    memset(out, 0, sizeof(*out));
    if (where->is_v6) {
        put(&t, '[');
        put_v6(&t, where->ip);
        if (where->zone != 0) {
            put(&t, '%');
            put_number(&t, where->zone, 10);
        }
        put(&t, ']');
    }
    for (size_t i = 0; !where->is_v6 && i < 4; i++) {
        if (i > 0) put(&t, '.');
        put_number(&t, where->ip[i], 10);
    }
    put(&t, ':');
    put_number(&t, where->port, 10);
}

/* ---- on the wire */

bool daf_addr_is_loopback(const struct daf_where *w)
{
    static const uint8_t loopback[16] = {[15] = 1};

    return w->is_v6 ? memcmp(w->ip, loopback, 16) == 0 : w->ip[0] == 127;
}

bool daf_addr_callable(const struct daf_where *w)
{
    static const uint8_t none[16];
    bool many = w->is_v6 ? w->ip[0] == 0xff : w->ip[0] >= 224 /* and above */;

    return w->port != 0 && !many && memcmp(w->ip, none, 16) != 0;
}

static bool is_tellable(const struct daf_where *w)
{
    return daf_addr_callable(w) && !daf_addr_is_loopback(w) &&
           !daf_addr_is_link_local(w);
}

size_t daf_addr_put(const struct daf_where *where, uint8_t out[18])
{
    size_t len = where->is_v6 ? 16 : 4;

    memcpy(out, where->ip, len);
    out[len] = (uint8_t)(where->port >> 8);
    out[len + 1] = (uint8_t)where->port;
    return len + 2;
}

bool daf_addr_get(struct daf_view bytes, struct daf_where *out)
{
    struct daf_where w = {.is_v6 = bytes.len == 18};

    if (bytes.len != 6 && bytes.len != 18) return false;
    memcpy(w.ip, bytes.p, bytes.len - 2);
    w.port = (uint16_t)(bytes.p[bytes.len - 2] << 8 | bytes.p[bytes.len - 1]);
    unmap(&w);
    *out = w;
    return true;
}

size_t daf_addr_pack(const struct daf_where *where, uint8_t out[18])
{
    return is_tellable(where) ? daf_addr_put(where, out) : 0;
}

bool daf_addr_unpack(struct daf_view bytes, struct daf_where *out)
{
    struct daf_where w;

    if (!daf_addr_get(bytes, &w) || !is_tellable(&w)) return false;
    *out = w;
    return true;
}

bool daf_addr_is_private(const struct daf_where *w)
{
    if (w->is_v6) return (w->ip[0] & 0xfe) == 0xfc;
    return w->ip[0] == 10 || (w->ip[0] == 172 && (w->ip[1] & 0xf0) == 16) ||
           (w->ip[0] == 192 && w->ip[1] == 168) ||
           (w->ip[0] == 169 && w->ip[1] == 254);
}
