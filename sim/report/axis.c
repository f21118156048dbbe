/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/report/axis.h"

#include <math.h>

/* 1, 2 or 5 times a power of ten. */
static double round_step(double most)
{
    double power = pow(10, floor(log10(most / 5)));
    double digits = most / 5 / power;

    return power * (digits <= 1 ? 1 : digits <= 2 ? 2 : digits <= 5 ? 5 : 10);
}

static double time_step(double most)
{
    static const double steps[] = {1,      2,       5,     10,     15,
                                   30,     60,      120,   300,    600,
                                   900,    1800,    3600,  7200,   10800,
                                   21600,  43200,   86400, 172800, 432000,
                                   864000, 2592000, 0};
    size_t i = 0;

    if (most < 5) return round_step(most);
    while (steps[i + 1] != 0 && most / steps[i] > 6)
        i++;
    return most / steps[i] > 6 ? round_step(most) : steps[i];
}

static void name_time(struct daf_axis *a)
{
    static const struct {
        double above, size;
        const char *name;
    } units[] = {{3 * 86400, 86400, "days"},
                 {3 * 3600, 3600, "hours"},
                 {180, 60, "minutes"},
                 {0, 1, "seconds"}};
    size_t i = 0;

    while (units[i].above > a->max)
        i++;
    a->size = units[i].size;
    a->unit = units[i].name;
}

static void name_bytes(struct daf_axis *a)
{
    static const char *const names[] = {"B", "kB", "MB", "GB", "TB"};
    size_t i = 0;

    a->size = 1;
    while (i < 4 && a->max >= a->size * 1000) {
        a->size *= 1000;
        i++;
    }
    a->unit = names[i];
}

struct daf_axis daf_axis_make(enum daf_unit unit, double most, bool is_full)
{
    struct daf_axis a = {.max = most, .size = 1, .unit = ""};

    if (!(a.max > 0)) a.max = 1;
    if (unit == DAF_UNIT_SHARE && a.max > 0.5) {
        a.max = 1;
        a.step = 0.25;
    } else {
        a.step =
            unit == DAF_UNIT_SECONDS ? time_step(a.max) : round_step(a.max);
    }
    if (is_full) a.max = ceil(a.max / a.step - 1e-9) * a.step;
    if (unit == DAF_UNIT_SECONDS) name_time(&a);
    if (unit == DAF_UNIT_BYTES) name_bytes(&a);
    if (unit == DAF_UNIT_SHARE) {
        a.size = 0.01;
        a.unit = "%";
    }
    return a;
}

unsigned daf_axis_ticks(const struct daf_axis *a)
{
    return (unsigned)(a->max / a->step + 1e-9) + 1;
}

void daf_axis_number(FILE *f, const struct daf_axis *a, double value)
{
    (void)fprintf(f, "%.4g", value / a->size);
}
