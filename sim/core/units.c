/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/core/units.h"

#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    uint64_t of; /* the smallest unit */
};

static const struct unit times[] = {
    {"us", 1},
    {"ms", (uint64_t)DAF_SIM_MS},
    {"s", (uint64_t)DAF_SIM_S},
    {"min", (uint64_t)DAF_SIM_MINUTE},
    {"h", (uint64_t)DAF_SIM_HOUR},
    {"d", 24 * (uint64_t)DAF_SIM_HOUR},
    {NULL, 0},
};
static const struct unit sizes[] = {
    {"B", 1},
    {"kB", 1000},
    {"MB", 1000000},
    {"GB", 1000000000},
    {"TB", 1000000000000},
    {"KiB", UINT64_C(1) << 10},
    {"MiB", UINT64_C(1) << 20},
    {"GiB", UINT64_C(1) << 30},
    {NULL, 0},
};
static const struct unit speeds[] = {
    {"B/s", 1},
    {"kB/s", 1000},
    {"MB/s", 1000000},
    {"KiB/s", 1024},
    {"MiB/s", UINT64_C(1) << 20},
    {"kbit/s", 125},
    {"Mbit/s", 125000},
    {"Gbit/s", 125000000},
    {"kB", 1000},
    {"MB", 1000000},
    {"kbit", 125},
    {"Mbit", 125000},
    {NULL, 0},
};
static const struct unit lengths[] = {
    {"mm", 1},
    {"m", 1000},
    {"km", 1000000},
    {NULL, 0},
};
static const struct unit paces[] = {
    {"mm/s", 1},
    {"m/s", 1000},
    {"km/s", 1000000},
    {NULL, 0},
};

/* Numbers are whole thousandths of the unit: no rounding that differs. */
#define PLACES   3
#define MOST     UINT64_C(4000000000000)
#define THOUSAND 1000

static bool parse_thousandths(const char **at, uint64_t *out)
{
    uint64_t n = 0;
    int places = -1; /* after the point */
    const char *p = *at;

    if (*p < '0' || *p > '9') return false;
    for (; (*p >= '0' && *p <= '9') || (*p == '.' && places < 0); p++) {
        if (*p == '.') {
            places = 0;
            continue;
        }
        if (places == PLACES || n > MOST / 10) return false;
        n = n * 10 + (uint64_t)(*p - '0');
        places += places >= 0;
    }
    for (int i = places < 0 ? 0 : places; i < PLACES; i++)
        n *= 10;
    *at = p;
    *out = n;
    return true;
}

static bool parse(const char *text, const struct unit *units, uint64_t *out)
{
    uint64_t thousandths = 0;

    if (!parse_thousandths(&text, &thousandths)) return false;
    while (*text == ' ')
        text++;
    if (*text == '\0' && thousandths == 0) {
        *out = 0;
        return true;
    }
    for (const struct unit *u = units; u->name != NULL; u++) {
        uint64_t value = 0;
        if (strcmp(text, u->name) != 0) continue;
        if (__builtin_mul_overflow(thousandths, u->of, &value) ||
            value / THOUSAND > INT64_MAX / 4)
            return false;
        *out = value / THOUSAND;
        return true;
    }
    return false;
}

bool daf_units_time(const char *text, daf_sim_us *out)
{
    uint64_t us = 0;

    if (!parse(text, times, &us)) return false;
    *out = (daf_sim_us)us;
    return true;
}

bool daf_units_bytes(const char *text, uint64_t *out)
{
    return parse(text, sizes, out);
}

bool daf_units_speed(const char *text, uint64_t *out_bytes_per_s)
{
    return parse(text, speeds, out_bytes_per_s);
}

static bool parse_metres(const char *text, const struct unit *units,
                         double *out)
{
    uint64_t mm = 0;

    if (!parse(text, units, &mm)) return false;
    *out = (double)mm / 1000;
    return true;
}

bool daf_units_metres(const char *text, double *out)
{
    return parse_metres(text, lengths, out);
}

bool daf_units_pace(const char *text, double *out_m_per_s)
{
    return parse_metres(text, paces, out_m_per_s);
}

bool daf_units_count(const char *text, uint64_t most, uint64_t *out)
{
    uint64_t n = 0;

    if (*text == '\0') return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || n > UINT64_MAX / 10 - 1) return false;
        n = n * 10 + (uint64_t)(*text - '0');
    }
    if (n > most) return false;
    *out = n;
    return true;
}

bool daf_units_span(const char *text, char between, char *first, char *second)
{
    const char *cut = strchr(text, between);
    int len = cut == NULL ? (int)strlen(text) : (int)(cut - text);
    const char *rest = cut == NULL ? text : cut + 1;
    bool has_unit = strspn(text, "0123456789.") < (size_t)len;
    const char *unit = has_unit ? "" : rest + strspn(rest, "0123456789.");

    return snprintf(first, DAF_UNITS_BYTES, "%.*s%s", len, text, unit) <
               DAF_UNITS_BYTES &&
           snprintf(second, DAF_UNITS_BYTES, "%s", rest) < DAF_UNITS_BYTES;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool daf_units_clock(const char *text, daf_sim_us *out)
{
    if (strlen(text) != 5 || !is_digit(text[0]) || !is_digit(text[1]) ||
        text[2] != ':' || !is_digit(text[3]) || !is_digit(text[4]))
        return false;
    int hours = (text[0] - '0') * 10 + text[1] - '0';
    int minutes = (text[3] - '0') * 10 + text[4] - '0';
    if (minutes > 59 || hours * 60 + minutes > 24 * 60) return false;
    *out = hours * DAF_SIM_HOUR + minutes * DAF_SIM_MINUTE;
    return true;
}

bool daf_units_share(const char *text, uint32_t *out)
{
    static const struct unit shares[] = {{"%", 10000}, {NULL, 0}};
    uint64_t millionths = 0;

    if (!parse(text, shares, &millionths) || millionths > 1000000) return false;
    *out = (uint32_t)millionths;
    return true;
}
