/* SPDX-License-Identifier: Apache-2.0 */
#include "node/size.h"

#include <stdio.h>
#include <strings.h>

bool daf_size_parse(const char *text, uint64_t *out)
{
    static const struct {
        const char *unit;
        uint64_t bytes;
    } units[] = {
        {"", 1},
        {"b", 1},
        {"k", UINT64_C(1) << 10},
        {"kb", 1000},
        {"kib", UINT64_C(1) << 10},
        {"m", UINT64_C(1) << 20},
        {"mb", 1000000},
        {"mib", UINT64_C(1) << 20},
        {"g", UINT64_C(1) << 30},
        {"gb", 1000000000},
        {"gib", UINT64_C(1) << 30},
        {"t", UINT64_C(1) << 40},
        {"tb", 1000000000000},
        {"tib", UINT64_C(1) << 40},
    };
    uint64_t n = 0;
    const char *p = text;

    if (*p < '0' || *p > '9') return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        uint64_t digit = (uint64_t)(*p - '0');

        if (n > (INT64_MAX - digit) / 10) return false;
        n = n * 10 + digit;
    }
    while (*p == ' ')
        p++;
    for (unsigned i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcasecmp(p, units[i].unit) != 0) continue;
        if (n > INT64_MAX / units[i].bytes) return false;
        *out = n * units[i].bytes;
        return true;
    }
    return false;
}

void daf_size_text(uint64_t bytes, char out[DAF_SIZE_TEXT_MAX])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    double n = (double)bytes;
    unsigned unit = 0;

    /* 999.5 kB would be said as 1000 kB. */
    while (n >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        n /= 1000;
        unit++;
    }
    (void)snprintf(out, DAF_SIZE_TEXT_MAX,
                   unit > 0 && n < 9.95 ? "%.1f %s" : "%.0f %s", n,
                   units[unit]);
}
