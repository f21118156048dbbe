/* SPDX-License-Identifier: Apache-2.0 */
/* node/web_events.h - core's last events, for browsers that were away.
 *
 * An event's id is "epoch.number": core numbers them, anew with each start, and
 * the epoch tells its starts apart. */
#ifndef DAF_NODE_WEB_EVENTS_H
#define DAF_NODE_WEB_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DAF_WEB_EVENTS_MAX  256
#define DAF_WEB_EVENT_BYTES 96 /* one, as it is sent */

struct daf_web_events {
    uint32_t epoch;
    uint64_t last;                      /* number of the newest; 0: none yet */
    uint64_t known;                     /* of those after it, all are here */
    char kinds[DAF_WEB_EVENTS_MAX][16]; /* by number, modulo */
};

/** daf_web_events_begin: core's numbers stand at @number; what was before is not
 * known here. */
void daf_web_events_begin(struct daf_web_events *e, uint32_t epoch,
                          uint64_t number);
/** daf_web_events_add: the next one.  False: it is not the next, or no word. */
bool daf_web_events_add(struct daf_web_events *e, const char *kind,
                        uint64_t number);

/** daf_web_events_after: where a browser stands that has heard @last_id, a
 * Last-Event-ID or NULL.  *@out_reset: it has missed what is not known here. */
uint64_t daf_web_events_after(const struct daf_web_events *e,
                              const char *last_id, bool *out_reset);
/** daf_web_events_next: what to send to whoever stands at *@at, which moves on;
 * 0 if there is nothing, else its bytes. */
size_t daf_web_events_next(const struct daf_web_events *e, uint64_t *at,
                           char out[DAF_WEB_EVENT_BYTES]);
/** daf_web_events_reset: what to send to whoever has missed something. */
size_t daf_web_events_reset(const struct daf_web_events *e,
                            char out[DAF_WEB_EVENT_BYTES]);

#endif
