/* SPDX-License-Identifier: Apache-2.0 */
#include "node/web_range.h"

#include <stdbool.h>
#include <stddef.h>
#include <strings.h>

/* Digits only: no sign, no blank, no "0x".  What is too large for 64 bits is as
 * far beyond any file's end as the largest.  Returns false if there are none. */
static bool read_number(const char **at, uint64_t *out)
{
    const char *begin = *at;
    uint64_t n = 0;

    for (; **at >= '0' && **at <= '9'; (*at)++) {
        uint64_t digit = (uint64_t)(**at - '0');

        n = n > (UINT64_MAX - digit) / 10 ? UINT64_MAX : n * 10 + digit;
    }
    *out = n;
    return *at != begin;
}

/* "-n": the last n bytes. */
static struct daf_web_range suffix(uint64_t n, uint64_t size)
{
    struct daf_web_range r = {DAF_WEB_RANGE_PART, 0, 0};

    if (n == 0 || size == 0)
        return (struct daf_web_range){DAF_WEB_RANGE_NONE, 0, 0};
    r.first = n < size ? size - n : 0;
    r.last = size - 1;
    return r;
}

struct daf_web_range daf_web_range(const char *header, uint64_t size)
{
    const struct daf_web_range whole = {DAF_WEB_RANGE_WHOLE, 0, 0};
    struct daf_web_range r = {DAF_WEB_RANGE_PART, 0, 0};
    const char *at = header;
    bool has_first, has_last;

    if (header == NULL || strncasecmp(header, "bytes=", 6) != 0) return whole;
    at += 6;
    has_first = read_number(&at, &r.first);
    if (*at++ != '-') return whole;
    has_last = read_number(&at, &r.last);
    /* Several, or something else behind it. */
    if (*at != '\0' || (!has_first && !has_last)) return whole;
    if (!has_first) return suffix(r.last, size);
    if (has_last && r.last < r.first) return whole;
    if (r.first >= size)
        return (struct daf_web_range){DAF_WEB_RANGE_NONE, 0, 0};
    if (!has_last || r.last >= size) r.last = size - 1;
    return r;
}
