/* SPDX-License-Identifier: Apache-2.0 */
/* sim/run/measure.h - what is looked at while a run goes on.
 *
 * At the start, DAF_MEASURE_ROWS - 1 times between by probes of the engine, and at
 * the end; contacts as they come and go.  The history is that of a run without. */
#ifndef DAF_SIM_RUN_MEASURE_H
#define DAF_SIM_RUN_MEASURE_H

#include "sim/net/net.h"
#include "sim/run/contact_log.h"

#define DAF_MEASURE_ROWS 200 /* and the start */

struct daf_measure_row {
    daf_sim_us at;
    struct daf_net_stats net;
    struct daf_net_measure more;
    uint64_t contacts_up;
};

struct daf_measure {
    struct daf_measure_row rows[DAF_MEASURE_ROWS + 1];
    size_t rows_count;
    struct daf_contact_log *contacts;
    /* Of messages that arrived, sorted. */
    daf_sim_us *latencies;
    size_t latencies_count;
    /* Of copies of content that are whole, from when they were wanted, sorted. */
    daf_sim_us *finished;
    size_t finished_count;
    /* While it runs. */
    struct daf_engine *engine;
    struct daf_net *net;
    daf_sim_us until;
};

/** daf_measure_start: before the run's first event.  @m: all zero.  The engine's
 * DAF_SIM_PROBE becomes this one's.  DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_measure_start(struct daf_measure *m,
                                             struct daf_engine *e,
                                             struct daf_net *net,
                                             daf_sim_us until);
/** daf_measure_end: after the last one; takes @latencies.  DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_measure_end(struct daf_measure *m,
                                           daf_sim_us *latencies, size_t count);
/** daf_measure_content: takes @finished. */
void daf_measure_content(struct daf_measure *m, daf_sim_us *finished,
                         size_t count);
/** daf_measure_clear: all that it owns. */
void daf_measure_clear(struct daf_measure *m);

#endif
