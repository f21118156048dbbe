/* SPDX-License-Identifier: Apache-2.0 */
/* sim/report/study.h - the finished runs of an experiment, to be compared.
 *
 * Filled run by run as they end, or read from an experiment's folder:
 *
 *   experiment.json         what is asked: name, version, options, inputs with their
 *                           hashes, assumptions; protocols and seeds
 *   <protocol>-<seed>/      a finished run; it is there whole or not at all
 *       result.json         what came of it
 *       series.csv          how it went
 *   contacts.json           one seed's contacts, for a picture (contact_log.h)
 *   summary.json, .csv      over all finished runs
 *   report.html
 *
 * What a folder says is checked as what strangers say is. */
#ifndef DAF_SIM_REPORT_STUDY_H
#define DAF_SIM_REPORT_STUDY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/err.h"
#include "proto/types.h"
#include "sim/report/metric.h"
#include "sim/report/stats.h"

#define DAF_STUDY_PROTOCOLS_MAX 32
#define DAF_STUDY_SEEDS_MAX     10000
#define DAF_STUDY_NAME_BYTES    40
#define DAF_STUDY_QUANTILES     101 /* of latency: 0 %, 1 %, ..., 100 % */
#define DAF_STUDY_ROWS_MAX      1000

struct daf_study_run {
    size_t protocol; /* of those of the study */
    uint64_t seed;
    double nodes;               /* devices */
    double values[DAF_METRICS]; /* NAN: not known */
    bool has_latencies;
    double latencies[DAF_STUDY_QUANTILES]; /* seconds */
    double *rows; /* DAF_SERIES_COLUMNS each; NULL in memory only */
    size_t rows_count;
    json_t *spans; /* lengths of contacts: contact_log.h; or NULL */
    /* Seconds until each copy of content was whole, ascending; NULL: the run
     * carried none. */
    json_t *finished;
};

struct daf_study {
    char protocols[DAF_STUDY_PROTOCOLS_MAX][DAF_STUDY_NAME_BYTES];
    size_t protocols_count;
    size_t planned; /* runs */
    struct daf_study_run *runs;
    size_t runs_count, runs_room;
    json_t *about, *contacts; /* the files; or NULL */
};

/** daf_study_is_name: whether a protocol may be called so: a-z, 0-9, and dashes. */
bool daf_study_is_name(const char *name);
/** daf_study_folder: a run's, "prophet-3". */
#define DAF_STUDY_FOLDER_BYTES (DAF_STUDY_NAME_BYTES + 24)
void daf_study_folder(const char *protocol, uint64_t seed,
                      char out[DAF_STUDY_FOLDER_BYTES]);

/** daf_study_add_protocol: its place.  One of that name is not added again.
 * DAF_STUDY_PROTOCOLS_MAX: it is no name, or there are too many. */
size_t daf_study_add_protocol(struct daf_study *s, const char *name);
/** daf_study_add: a run, all zero but for these two; NULL without memory. */
struct daf_study_run *daf_study_add(struct daf_study *s, size_t protocol,
                                    uint64_t seed);

/** daf_study_load: the finished runs of @dir.
 * @s: all zero; to be cleared after errors as well.
 * @why: DAF_FILE_WHY_BYTES.  DAF_ENOTFOUND: no experiment there; DAF_EFORM, DAF_EIO,
 * DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_study_load(struct daf_study *s, const char *dir,
                                          char *why);
void daf_study_clear(struct daf_study *s);

/** daf_study_mean: of a protocol's runs. */
struct daf_interval daf_study_mean(const struct daf_study *s, size_t protocol,
                                   enum daf_metric metric);
/** daf_study_difference: of @protocol less @than over the seeds that both have
 * finished. */
struct daf_interval daf_study_difference(const struct daf_study *s,
                                         size_t protocol, size_t than,
                                         enum daf_metric metric);

#endif
