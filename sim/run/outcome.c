/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/run/outcome.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/protocols/protocol.h"

static double ratio(uint64_t a, uint64_t b)
{
    return b == 0 ? 0 : (double)a / (double)b;
}

static double seconds(daf_sim_us time)
{
    return (double)time / (double)DAF_SIM_S;
}

/* Of those that arrived: null if nothing did. */
static json_t *of_arrived(const struct daf_run_result *r, double value)
{
    return r->counted_delivered == 0 ? json_null() : json_real(value);
}

/* As The ONE has it: what was relayed for nothing, for each that arrived. */
static double overhead(const struct daf_net_stats *n)
{
    return n->delivered == 0 ? 0
                             : ((double)n->relayed - (double)n->delivered) /
                                   (double)n->delivered;
}

static void add_content(json_t *to, const struct daf_run_content *c)
{
    json_object_set_new(to, "copies", json_integer((json_int_t)c->copies));
    json_object_set_new(to, "finished", json_integer((json_int_t)c->finished));
    json_object_set_new(to, "finished_at_45min",
                        json_integer((json_int_t)c->in_lesson));
    json_object_set_new(to, "all_done_s",
                        c->all_done == DAF_SIM_NEVER
                            ? json_null()
                            : json_real(seconds(c->all_done)));
    json_object_set_new(to, "airtime_bound_s", json_real(c->bound_s));
    json_object_set_new(to, "bytes_twice",
                        json_integer((json_int_t)c->bytes_twice));
}

json_t *daf_outcome_json(const struct daf_run_config *config,
                         const struct daf_run_result *r)
{
    const struct daf_net_stats *n = &r->net;
    char hash[17];

    (void)snprintf(hash, sizeof hash, "%016" PRIx64, r->trace_hash);
    json_t *out =
        json_pack("{s:s, s:s, s:I, s:I, s:f, s:I, s:I, s:I, s:I, s:I, s:I, "
                  "s:I, s:f, s:f, "
                  "s:o, s:o, s:o, s:I, s:I, s:s, s:f, s:f}",
                  "protocol", config->net.protocol->name, "world",
                  config->schedule != NULL   ? "scenario"
                  : config->waypoint != NULL ? "waypoint"
                                             : "traces",
                  "seed", (json_int_t)config->net.seed, "nodes",
                  (json_int_t)r->nodes, "simulated_s", seconds(r->until),
                  "contacts", (json_int_t)n->contacts, "created",
                  (json_int_t)n->created, "started", (json_int_t)n->started,
                  "relayed", (json_int_t)n->relayed, "aborted",
                  (json_int_t)n->aborted, "dropped", (json_int_t)n->dropped,
                  "delivered", (json_int_t)n->delivered, "delivery_ratio",
                  ratio(r->counted_delivered, r->counted), "overhead_ratio",
                  overhead(n), "latency_mean_s",
                  of_arrived(r, seconds(r->latency_mean)), "latency_median_s",
                  of_arrived(r, seconds(r->latency_median)), "hops_mean",
                  of_arrived(r, r->hops_mean), "odd_contacts",
                  (json_int_t)n->odd, "events", (json_int_t)r->events,
                  "trace_hash", hash, "cpu_s", r->cpu_s, "rss_mb", r->rss_mb);
    if (out == NULL || config->schedule == NULL) return out;
    if (r->content.is_some) add_content(out, &r->content);
    json_object_set_new(out, "counted", json_integer((json_int_t)r->counted));
    json_object_set_new(out, "counted_delivered",
                        json_integer((json_int_t)r->counted_delivered));
    if (r->within > 0) {
        json_object_set_new(out, "within_s", json_real(seconds(r->within)));
        json_object_set_new(out, "in_time",
                            json_real(ratio(r->in_time, r->counted)));
    }
    return out;
}

/* ---- measured */

static double known_ratio(double a, double b)
{
    return b > 0 ? a / b : (double)NAN;
}

/* Bytes of a device, over time and its most. */
static void add_kept(const struct daf_run_result *r,
                     const struct daf_measure *m, double out[DAF_METRICS])
{
    double sum = 0, most = 0;

    for (size_t i = 0; i < m->rows_count; i++) {
        double kept = (double)m->rows[i].more.kept / (double)r->nodes;
        sum += kept;
        if (kept > most) most = kept;
    }
    out[DAF_METRIC_KEPT_MEAN] = known_ratio(sum, (double)m->rows_count);
    out[DAF_METRIC_KEPT_PEAK] = most;
}

static void add_latencies(const struct daf_run_result *r,
                          const struct daf_measure *m, double out[DAF_METRICS])
{
    size_t count = m->latencies_count;

    out[DAF_METRIC_LATENCY_MEAN] = out[DAF_METRIC_LATENCY_MEDIAN] =
        out[DAF_METRIC_LATENCY_P90] = out[DAF_METRIC_HOPS] = (double)NAN;
    if (count == 0) return;
    out[DAF_METRIC_LATENCY_MEAN] = seconds(r->latency_mean);
    out[DAF_METRIC_LATENCY_MEDIAN] =
        seconds(m->latencies[daf_stats_rank(count, 0.5)]);
    out[DAF_METRIC_LATENCY_P90] =
        seconds(m->latencies[daf_stats_rank(count, 0.9)]);
    if (r->hops_mean > 0) out[DAF_METRIC_HOPS] = r->hops_mean;
}

void daf_outcome_metrics(const struct daf_run_result *r,
                         const struct daf_measure *m, double out[DAF_METRICS])
{
    const struct daf_net_stats *n = &r->net;
    const struct daf_net_measure *last = &m->rows[m->rows_count - 1].more;
    double delivered = (double)n->delivered;
    double counted = (double)r->counted;

    out[DAF_METRIC_CREATED] = (double)n->created;
    out[DAF_METRIC_CONTACTS] = (double)n->contacts;
    out[DAF_METRIC_CONTACT_TOTAL] = seconds(daf_contact_log_total(m->contacts));
    out[DAF_METRIC_CONTACT_MEAN] =
        known_ratio(out[DAF_METRIC_CONTACT_TOTAL],
                    (double)daf_contact_log_count(m->contacts));
    out[DAF_METRIC_DELIVERED] = delivered;
    out[DAF_METRIC_DELIVERY] =
        known_ratio((double)r->counted_delivered, counted);
    out[DAF_METRIC_IN_TIME] =
        r->within == 0 ? (double)NAN : known_ratio((double)r->in_time, counted);
    out[DAF_METRIC_COVERAGE] =
        known_ratio((double)last->complete, (double)last->wanted);
    out[DAF_METRIC_RELAYED] = (double)n->relayed;
    out[DAF_METRIC_ABORTED] = (double)n->aborted;
    out[DAF_METRIC_DROPPED] = (double)n->dropped;
    out[DAF_METRIC_OVERHEAD] =
        known_ratio((double)n->relayed - delivered, delivered);
    for (unsigned k = 0; k < DAF_NET_AIR_KINDS; k++)
        out[DAF_METRIC_AIR_PAYLOAD + k] = (double)last->air[k];
    add_latencies(r, m, out);
    add_kept(r, m, out);
}

static json_t *quantiles(const struct daf_measure *m)
{
    json_t *out = json_array();

    for (size_t i = 0; i < DAF_STUDY_QUANTILES; i++) {
        size_t rank = daf_stats_rank(m->latencies_count,
                                     (double)i / (DAF_STUDY_QUANTILES - 1));
        json_array_append_new(out, json_real(seconds(m->latencies[rank])));
    }
    return out;
}

void daf_outcome_add(json_t *to, const struct daf_run_result *r,
                     const struct daf_measure *m)
{
    const uint64_t *spans = daf_contact_log_spans(m->contacts);
    json_t *metrics = json_object(), *lengths = json_array();
    double values[DAF_METRICS];

    daf_outcome_metrics(r, m, values);
    for (unsigned i = 0; i < DAF_METRICS; i++)
        json_object_set_new(metrics, daf_metric_about(i)->name,
                            isnan(values[i]) ? json_null()
                                             : json_real(values[i]));
    for (unsigned i = 0; i < DAF_CONTACT_LOG_SPANS; i++)
        json_array_append_new(lengths, json_integer((json_int_t)spans[i]));
    json_object_set_new(to, "metrics", metrics);
    json_object_set_new(to, "latency_quantiles_s",
                        m->latencies_count == 0 ? json_null() : quantiles(m));
    json_object_set_new(to, "contact_lengths", lengths);
    if (!r->content.is_some) return;
    json_t *finished = json_array();
    for (size_t i = 0; i < m->finished_count; i++)
        json_array_append_new(finished, json_real(seconds(m->finished[i])));
    json_object_set_new(to, "content_finished_s", finished);
}

/* ---- series.csv */

static void take_row(const struct daf_measure_row *row,
                     uint64_t out[DAF_SERIES_COLUMNS])
{
    out[DAF_SERIES_TIME] = 0; /* the one with a fraction */
    out[DAF_SERIES_CREATED] = row->net.created;
    out[DAF_SERIES_DELIVERED] = row->net.delivered;
    out[DAF_SERIES_RELAYED] = row->net.relayed;
    out[DAF_SERIES_ABORTED] = row->net.aborted;
    out[DAF_SERIES_DROPPED] = row->net.dropped;
    out[DAF_SERIES_CONTACTS] = row->net.contacts;
    for (unsigned k = 0; k < DAF_NET_AIR_KINDS; k++)
        out[DAF_SERIES_AIR_PAYLOAD + k] = row->more.air[k];
    out[DAF_SERIES_WANTED] = row->more.wanted;
    out[DAF_SERIES_COMPLETE] = row->more.complete;
    out[DAF_SERIES_CONTACTS_UP] = row->contacts_up;
    out[DAF_SERIES_KEPT] = row->more.kept;
    out[DAF_SERIES_KEPT_MOST] = row->more.kept_most;
}

char *daf_outcome_series(const struct daf_measure *m, size_t *out_len)
{
    uint64_t row[DAF_SERIES_COLUMNS];
    char *text = NULL;
    FILE *f = open_memstream(&text, out_len);

    if (f == NULL) return NULL;
    for (unsigned c = 0; c < DAF_SERIES_COLUMNS; c++)
        (void)fprintf(f, "%s%s", c == 0 ? "" : ",", daf_metric_column(c));
    (void)fputs("\n", f);
    for (size_t i = 0; i < m->rows_count; i++) {
        take_row(&m->rows[i], row);
        (void)fprintf(f, "%.6f", seconds(m->rows[i].at));
        for (unsigned c = 1; c < DAF_SERIES_COLUMNS; c++)
            (void)fprintf(f, ",%" PRIu64, row[c]);
        (void)fputs("\n", f);
    }
    if (fclose(f) == 0) return text;
    free(text);
    return NULL;
}
