/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/report/metric.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

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
     "Delivered messages, of all that were made.", DAF_UNIT_SHARE},
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

/* Three digits that count. */
static void put(char *out, double value, const char *unit)
{
    double size = fabs(value);
    int decimals = size >= 99.95 || size == 0 ? 0 : size >= 9.995 ? 1 : 2;

    (void)snprintf(out, DAF_METRIC_WORD_BYTES, "%.*f%s", decimals, value, unit);
}

static void put_scaled(char *out, double value, const char *const *units,
                       const double *sizes)
{
    size_t i = 0;

    while (sizes[i + 1] != 0 && fabs(value) >= sizes[i + 1])
        i++;
    put(out, value / sizes[i], units[i]);
}

static void put_count(char *out, double value)
{
    char digits[DAF_METRIC_WORD_BYTES];
    size_t len, at = 0;

    if (fabs(value) < 99.95 && value != floor(value)) {
        put(out, value, "");
        return;
    }
    len = (size_t)snprintf(digits, sizeof digits, "%.0f", fabs(value));
    if (value < 0) out[at++] = '-';
    for (size_t i = 0; i < len && at < DAF_METRIC_WORD_BYTES - 2; i++) {
        if (i > 0 && (len - i) % 3 == 0) out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
}

void daf_metric_word(enum daf_unit unit, double value,
                     char out[DAF_METRIC_WORD_BYTES])
{
    static const char *const times[] = {" s", " min", " h", " d"};
    static const double seconds[] = {1, 120, 7200, 172800, 0};
    static const double lengths[] = {1, 60, 3600, 86400};
    static const char *const sizes[] = {" B", " kB", " MB", " GB", " TB"};
    static const double bytes[] = {1, 1e3, 1e6, 1e9, 1e12, 0};
    size_t i = 0;

    if (isnan(value)) {
        (void)snprintf(out, DAF_METRIC_WORD_BYTES, "\xe2\x80\x93");
    } else if (unit == DAF_UNIT_SHARE) {
        (void)snprintf(out, DAF_METRIC_WORD_BYTES, "%.1f %%", value * 100);
    } else if (unit == DAF_UNIT_SECONDS) {
        while (seconds[i + 1] != 0 && fabs(value) >= seconds[i + 1])
            i++;
        put(out, value / lengths[i], times[i]);
    } else if (unit == DAF_UNIT_BYTES) {
        put_scaled(out, value, sizes, bytes);
    } else if (unit == DAF_UNIT_COUNT) {
        put_count(out, value);
    } else {
        put(out, value, "");
    }
}
