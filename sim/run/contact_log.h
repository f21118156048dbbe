/* SPDX-License-Identifier: Apache-2.0 */
/* sim/run/contact_log.h - who met whom and for how long, for a picture.
 *
 * Numbers and lengths are of all contacts.  For the picture at most a million single
 * ones are kept, 24 MB: before there are more, all but those among the busiest
 * DAF_CONTACT_LOG_SHOWN nodes so far are let go, and other nodes' are not kept from
 * then on. */
#ifndef DAF_SIM_RUN_CONTACT_LOG_H
#define DAF_SIM_RUN_CONTACT_LOG_H

#include <jansson.h>

#include "sim/core/engine.h"

#define DAF_CONTACT_LOG_SHOWN  150 /* nodes; more are no picture any more */
#define DAF_CONTACT_LOG_SLICES 200 /* of time */
#define DAF_CONTACT_LOG_EDGES  200 /* of a slice, those that last longest */
#define DAF_CONTACT_LOG_SPANS  20 /* lengths: below 1 s, 2 s, 4 s, ..., longer */

struct daf_contact_log; /* opaque */

/** daf_contact_log_new: of @nodes nodes that are all alone.  DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_contact_log_new(uint32_t nodes,
                                               struct daf_contact_log **out);
void daf_contact_log_free(struct daf_contact_log *log);

/* In turn for two nodes; a second up ends the first contact.  Without memory the
 * log fails. */
void daf_contact_log_up(struct daf_contact_log *log, daf_sim_us now, uint32_t a,
                        uint32_t b);
void daf_contact_log_down(struct daf_contact_log *log, daf_sim_us now,
                          uint32_t a, uint32_t b);
/** daf_contact_log_end: all that are up end; call it once, at the run's end. */
void daf_contact_log_end(struct daf_contact_log *log, daf_sim_us now);
bool daf_contact_log_failed(const struct daf_contact_log *log);

/** daf_contact_log_open: how many are up. */
uint64_t daf_contact_log_open(const struct daf_contact_log *log);
/* Of those that ended. */
uint64_t daf_contact_log_count(const struct daf_contact_log *log);
daf_sim_us daf_contact_log_total(const struct daf_contact_log *log);
const uint64_t *daf_contact_log_spans(const struct daf_contact_log *log);

/** daf_contact_log_picture: contacts.json, after the end:
 *
 *   nodes           how many there are
 *   shown           numbers of those shown, in the order of their circle: who
 *                   belongs to one place stands together, by the places' numbers;
 *                   and there who was long together
 *   busy_s          of each of them: time in contact with those shown
 *   slice_s         a slice's length
 *   slices          of each: [i, j, i, j, ...], places in `shown`; the contacts that
 *                   last longest in it
 *   left_out        contacts that were up in a slice beside those, over all slices
 *   pairs           [i, j, seconds, contacts]: the 20 that were longest together
 *   seed, arcs      the experiment adds these.  Arcs are of the circle, one after
 *                   the other: `place`, `number` of that kind (0: the only one),
 *                   `from`, `count`; where a scenario has places
 *   kept_until_s    there was no room for contacts that ended later; or null
 *
 * @homes: the place to which each node belongs; NULL: to one and the same.
 * NULL without memory.  The caller owns it. */
json_t *daf_contact_log_picture(const struct daf_contact_log *log,
                                daf_sim_us end, const uint32_t *homes);

#endif
