/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/report/metric.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct daf_metric_about metrics[DAF_METRICS] = {
    {"created", "messages made", "Messages that somebody made.",
     DAF_UNIT_COUNT},
    {"contacts", "contacts", "How often two devices came into reach.",
     DAF_UNIT_COUNT},
    {"contact_total_s", "time in contact",
     "All contacts' lengths, one after the other.", DAF_UNIT_SECONDS},
    {"contact_mean_s", "a contact lasts", "The mean length of a contact.",
     DAF_UNIT_SECONDS},
    {"delivered", "delivered",
     "Messages that reached their destination, each counted once.",
     DAF_UNIT_COUNT},
    {"delivery_ratio", "delivery ratio",
     "Delivered messages, of all that were made after the warm-up.",
     DAF_UNIT_SHARE},
    {"in_time", "delivered in time",
     "Delivered within what the scenario calls in time, of all that were made "
     "after the warm-up.",
     DAF_UNIT_SHARE},
    {"coverage", "coverage",
     "Pairs of a message and a device that wants it that are complete at the "
     "end. A forwarding protocol's message is wanted by its destination; "
     "daftar's by every device but the one that wrote it.",
     DAF_UNIT_SHARE},
    {"latency_mean_s", "latency, mean",
     "From creation to the first arrival at the destination; of delivered "
     "messages only.",
     DAF_UNIT_SECONDS},
    {"latency_median_s", "latency, median",
     "Half of the delivered messages took no longer.", DAF_UNIT_SECONDS},
    {"latency_p90_s", "latency, 90th percentile",
     "Nine in ten of the delivered messages took no longer.", DAF_UNIT_SECONDS},
    {"hops_mean", "hops, mean",
     "Transfers on the way of a message's first delivery; not known of "
     "daftar.",
     DAF_UNIT_RATIO},
    {"relayed", "relayed", "Times that a device came to hold a message.",
     DAF_UNIT_COUNT},
    {"aborted", "broken off", "Transfers that a contact's end broke off.",
     DAF_UNIT_COUNT},
    {"dropped", "dropped", "Copies that a device dropped: no room, or too old.",
     DAF_UNIT_COUNT},
    {"overhead_ratio", "overhead ratio",
     "(relayed - delivered) / delivered, as The ONE defines it.",
     DAF_UNIT_RATIO},
    {"air_payload_bytes", "payload",
     "Messages or records that came whole and were new there.", DAF_UNIT_BYTES},
    {"air_again_bytes", "again",
     "Came whole to a device that held them already.", DAF_UNIT_BYTES},
    {"air_broken_bytes", "for nothing",
     "Sent, but the contact ended before they were whole.", DAF_UNIT_BYTES},
    {"air_control_bytes", "control",
     "Questions, answers, handshakes, and what is around a frame; models of "
     "The ONE have none.",
     DAF_UNIT_BYTES},
    {"kept_mean_bytes", "storage of a device, mean",
     "Messages or records on a device: mean over devices and time.",
     DAF_UNIT_BYTES},
    {"kept_peak_bytes", "storage of a device, peak",
     "The mean over devices at the moment when it is most.", DAF_UNIT_BYTES},
};

static const char *const columns[DAF_SERIES_COLUMNS] = {
    "time_s",           "created",           "delivered",
    "relayed",          "aborted",           "dropped",
    "contacts",         "air_payload_bytes", "air_again_bytes",
    "air_broken_bytes", "air_control_bytes", "wanted",
    "complete",         "contacts_up",       "kept_bytes",
    "kept_most_bytes",
};

const struct daf_metric_about *daf_metric_about(enum daf_metric metric)
{
    assert(metric < DAF_METRICS);
    return &metrics[metric];
}

const char *daf_metric_column(enum daf_series column)
{
    assert(column < DAF_SERIES_COLUMNS);
    return columns[column];
}

struct step {
    double above, size;
    const char *unit;
};

static struct daf_metric_scale of_steps(const struct step *steps, double like)
{
    while (like < steps->above)
        steps++;
    return (struct daf_metric_scale){.size = steps->size, .unit = steps->unit};
}

struct daf_metric_scale daf_metric_scale(enum daf_unit unit, double like)
{
    static const struct step times[] = {{172800, 86400, " d"},
                                        {7200, 3600, " h"},
                                        {120, 60, " min"},
                                        {1, 1, " s"},
                                        {0, 1e-3, " ms"}};
    static const struct step sizes[] = {{1e12, 1e12, " TB"},
                                        {1e9, 1e9, " GB"},
                                        {1e6, 1e6, " MB"},
                                        {1e3, 1e3, " kB"},
                                        {0, 1, " B"}};
    struct daf_metric_scale s = {.size = 1, .unit = ""};

    like = isnan(like) ? 0 : fabs(like);
    if (unit == DAF_UNIT_SECONDS) s = of_steps(times, like);
    if (unit == DAF_UNIT_BYTES) s = of_steps(sizes, like);
    if (unit == DAF_UNIT_SHARE)
        s = (struct daf_metric_scale){.size = 0.01, .unit = " %"};
    s.has_commas = unit == DAF_UNIT_COUNT;
    like /= s.size;
    s.decimals = like >= 99.95 || like == floor(like) ? 0
                 : like >= 9.995                      ? 1
                                                      : 2;
    if (unit == DAF_UNIT_SHARE) s.decimals = 1;
    return s;
}

static void put_commas(char *out, const char *digits)
{
    size_t whole = strspn(digits, "0123456789"), at = 0;

    for (size_t i = 0; digits[i] != '\0' && at < DAF_METRIC_WORD_BYTES - 2;
         i++) {
        if (i > 0 && i < whole && (whole - i) % 3 == 0) out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
}

void daf_metric_number(const struct daf_metric_scale *scale, double value,
                       char out[DAF_METRIC_WORD_BYTES])
{
    char digits[DAF_METRIC_WORD_BYTES];

    (void)snprintf(digits, sizeof digits, "%.*f", scale->decimals,
                   fabs(value) / scale->size);
    out[0] = '-';
    if (scale->has_commas)
        put_commas(value < 0 ? out + 1 : out, digits);
    else
        (void)snprintf(out, DAF_METRIC_WORD_BYTES, "%s%.*s",
                       value < 0 ? "-" : "", DAF_METRIC_WORD_BYTES - 2, digits);
}

void daf_metric_word(enum daf_unit unit, double value,
                     char out[DAF_METRIC_WORD_BYTES])
{
    struct daf_metric_scale scale = daf_metric_scale(unit, value);
    char number[DAF_METRIC_WORD_BYTES];

    if (isnan(value)) {
        (void)snprintf(out, DAF_METRIC_WORD_BYTES, "\xe2\x80\x93");
        return;
    }
    daf_metric_number(&scale, value, number);
    (void)snprintf(out, DAF_METRIC_WORD_BYTES, "%.36s%s", number, scale.unit);
}

void daf_metric_interval(enum daf_unit unit, const struct daf_interval *i,
                         bool is_difference, struct daf_metric_words *out)
{
    double like = fabs(i->mean);

    *out = (struct daf_metric_words){.unit = ""};
    if (isnan(i->mean)) {
        (void)snprintf(out->mean, sizeof out->mean, "\xe2\x80\x93");
        return;
    }
    if (is_difference && i->half > like) like = i->half;
    struct daf_metric_scale scale = daf_metric_scale(unit, like);
    bool is_points = is_difference && unit == DAF_UNIT_SHARE;
    if (!isnan(i->half) && i->half > 0 && scale.decimals == 0 &&
        i->half / scale.size < 9.95)
        scale.decimals = 1;
    char number[DAF_METRIC_WORD_BYTES];
    daf_metric_number(&scale, i->mean, number);
    (void)snprintf(out->mean, sizeof out->mean, "%s%.40s",
                   is_difference && i->mean > 0 ? "+" : "", number);
    if (!isnan(i->half)) daf_metric_number(&scale, i->half, out->half);
    (void)snprintf(out->unit, sizeof out->unit, "%s",
                   is_points ? " pp" : scale.unit);
}
