/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/scenario/take.h"

#include <stdio.h>
#include <string.h>

#include "sim/core/units.h"
#include "sim/scenario/yaml.h"

void daf_take_fail(struct daf_take *t, const char *key, const char *value,
                   const char *like)
{
    const char *gap = t->where[0] == '\0' ? "" : ": ";

    if (t->is_wrong) return;
    t->is_wrong = true;
    if (value == NULL)
        (void)snprintf(t->why, DAF_SCENARIO_WHY_BYTES,
                       "%.200s: %s%s%s is missing; write it like %s", t->path,
                       t->where, gap, key, like);
    else
        (void)snprintf(t->why, DAF_SCENARIO_WHY_BYTES,
                       "%.200s:%u: %s%s%s cannot be '%.60s'; write it like %s",
                       t->path, daf_yaml_line(t->text, key, value), t->where,
                       gap, key, value, like);
}

void daf_take_time(struct daf_take *t, const char *key, const char *value,
                   daf_sim_us otherwise, daf_sim_us *out)
{
    *out = otherwise;
    if (value != NULL && !daf_units_time(value, out))
        daf_take_fail(t, key, value, "90s, 12h or 7d");
}

void daf_take_times(struct daf_take *t, const char *key, const char *value,
                    struct daf_schedule_span otherwise,
                    struct daf_schedule_span *out)
{
    char first[DAF_UNITS_BYTES], second[DAF_UNITS_BYTES];

    *out = otherwise;
    if (value == NULL) return;
    if (!daf_units_span(value, '-', first, second) ||
        !daf_units_time(first, &out->min) ||
        !daf_units_time(second, &out->max) || out->min > out->max)
        daf_take_fail(t, key, value, "5min, or 2-10min");
}

void daf_take_clock(struct daf_take *t, const char *key, const char *value,
                    daf_sim_us *out)
{
    *out = 0;
    if (value == NULL || !daf_units_clock(value, out))
        daf_take_fail(t, key, value, "08:00");
}

void daf_take_bytes(struct daf_take *t, const char *key, const char *value,
                    uint64_t otherwise, uint64_t *out)
{
    *out = otherwise;
    if (value != NULL && !daf_units_bytes(value, out))
        daf_take_fail(t, key, value, "50MB");
}

void daf_take_speeds(struct daf_take *t, const char *key, const char *value,
                     uint64_t otherwise, uint64_t *min, uint64_t *max)
{
    char first[DAF_UNITS_BYTES], second[DAF_UNITS_BYTES];

    *min = *max = otherwise;
    if (value == NULL) return;
    if (!daf_units_span(value, '-', first, second) ||
        !daf_units_speed(first, min) || !daf_units_speed(second, max) ||
        *min > *max || *min == 0)
        daf_take_fail(t, key, value, "30Mbit/s, or 10-30Mbit/s");
}

void daf_take_sizes(struct daf_take *t, const char *key, const char *value,
                    uint32_t otherwise, uint32_t *min, uint32_t *max)
{
    char first[DAF_UNITS_BYTES], second[DAF_UNITS_BYTES];
    uint64_t from = otherwise, to = otherwise;

    if (value != NULL &&
        (!daf_units_span(value, '-', first, second) ||
         !daf_units_bytes(first, &from) || !daf_units_bytes(second, &to) ||
         from > to || to > INT32_MAX))
        daf_take_fail(t, key, value, "300B, or 500kB-1MB");
    *min = (uint32_t)from;
    *max = (uint32_t)to;
}

void daf_take_share(struct daf_take *t, const char *key, const char *value,
                    uint32_t otherwise, uint32_t *out)
{
    *out = otherwise;
    if (value != NULL && !daf_units_share(value, out))
        daf_take_fail(t, key, value, "2.5%");
}

void daf_take_count(struct daf_take *t, const char *key, const char *value,
                    uint64_t otherwise, uint64_t most, uint64_t *out)
{
    *out = otherwise;
    if (value != NULL && !daf_units_count(value, most, out))
        daf_take_fail(t, key, value, "40");
}

void daf_take_bool(struct daf_take *t, const char *key, const char *value,
                   bool otherwise, bool *out)
{
    static const char *const words[] = {"no", "yes", NULL};
    unsigned at = 0;

    daf_take_word(t, key, value, words, otherwise, &at);
    *out = at == 1;
}

static const char *const day_names[] = {"mon", "tue", "wed", "thu",
                                        "fri", "sat", "sun"};

static int day_of(const char *text, size_t len)
{
    for (int i = 0; i < 7; i++)
        if (len == 3 && memcmp(text, day_names[i], 3) == 0) return i;
    return -1;
}

/* "mon" or "mon-fri"; from Saturday to Monday goes over Sunday. */
static bool add_days(const char *text, size_t len, uint8_t *out)
{
    const char *cut = memchr(text, '-', len);
    int from = day_of(text, cut == NULL ? len : (size_t)(cut - text));
    int to =
        cut == NULL ? from : day_of(cut + 1, len - 1 - (size_t)(cut - text));

    if (from < 0 || to < 0) return false;
    for (int day = from;; day = (day + 1) % 7) {
        *out |= (uint8_t)(1u << day);
        if (day == to) return true;
    }
}

void daf_take_days(struct daf_take *t, const char *key, const char *value,
                   uint8_t *out)
{
    const char *at = value;

    *out = 0x7f;
    if (value == NULL || strcmp(value, "all") == 0) return;
    *out = 0;
    for (;;) {
        size_t len = strcspn(at, ",");
        if (!add_days(at, len, out)) {
            daf_take_fail(t, key, value, "mon-fri, or mon,wed, or all");
            return;
        }
        if (at[len] == '\0') return;
        at += len + 1;
        at += strspn(at, " ");
    }
}

void daf_take_word(struct daf_take *t, const char *key, const char *value,
                   const char *const *words, unsigned otherwise, unsigned *out)
{
    char like[200] = "";

    *out = otherwise;
    if (value == NULL) return;
    for (unsigned i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], value) == 0) {
            *out = i;
            return;
        }
        size_t len = strlen(like);
        (void)snprintf(like + len, sizeof like - len, "%s%s",
                       i == 0 ? "" : " or ", words[i]);
    }
    daf_take_fail(t, key, value, like);
}
