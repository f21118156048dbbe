/* SPDX-License-Identifier: Apache-2.0 */
/* node/apiserver_impl.h - between apiserver.c (clients, lines, turns),
 * apiserver_enrol.c (the porch's ops), apiserver_content.c (content's),
 * apiserver_web.c (the ops of pages), apiserver_once.c and apiserver_events.c. */
#ifndef DAF_NODE_APISERVER_IMPL_H
#define DAF_NODE_APISERVER_IMPL_H

#include "node/apiserver.h"

#include <jansson.h>

/* What a request comes to: an error, or lines and a last one.  What has nothing
 * yet comes later. */
struct daf_apiserver_answer {
    enum daf_err err;
    const char *words; /* of the error; static */
    json_t *lines;     /* an array, or NULL; the taker's */
    json_t *last;      /* an object; NULL: later; the taker's */
};

/** daf_apiserver_enrol: do what an op that begins with "enrol-" asks.  What "open"
 * comes to is told by daf_apiserver_enrol_opened(). */
struct daf_apiserver_answer daf_apiserver_enrol(
    const struct daf_agent *agent, const struct daf_apiserver_ops *ops,
    const char *op, json_t *request);

/* Who waits for an item to change. */
struct daf_apiserver_watch {
    bool is_on;
    struct daf_hash content;
    uint32_t held; /* parts, as far as the client knows */
};

/** daf_apiserver_contents: do what an op that begins with "content-" asks.  What
 * has nothing yet is told by daf_apiserver_content_ended() of @ticket, or, if
 * @watch is on after the call, by daf_apiserver_content_watched(). */
struct daf_apiserver_answer daf_apiserver_contents(
    const struct daf_agent *agent, const struct daf_apiserver_ops *ops,
    uint64_t ticket, const char *op, json_t *request,
    struct daf_apiserver_watch *watch);
struct daf_apiserver_answer daf_apiserver_content_ended(
    const struct daf_keeper_result *result);
/** daf_apiserver_content_watched: nothing if it is as it was.  @item: NULL: it is
 * gone. */
struct daf_apiserver_answer daf_apiserver_content_watched(
    const struct daf_agent *agent, const struct daf_apiserver_watch *watch,
    const struct daf_contents_item *item);

/** daf_apiserver_enrol_opened: whether the porch listens by now, or cannot. */
struct daf_apiserver_answer daf_apiserver_enrol_opened(
    const struct daf_agent *agent, const struct daf_apiserver_ops *ops);

/* ---- apiserver_web.c */

/** daf_apiserver_web_has: whether @op is one that pages need. */
bool daf_apiserver_web_has(const char *op);
/** daf_apiserver_web: do it.  What "content-open" comes to is told by
 * daf_apiserver_content_opened() with @ticket. */
struct daf_apiserver_answer daf_apiserver_web(
    const struct daf_agent *agent, const struct daf_apiserver_ops *ops,
    const char *op, json_t *request, uint64_t ticket);

/* ---- apiserver_once.c: a write that comes twice is done once
 *
 * A browser sends a form again if it heard no answer, and web may have died
 * between; so a write may carry "once", 16 bytes in hex, and the last 1024 of
 * them are remembered with their answers. */
#define DAF_APISERVER_ONCE_MAX 1024
struct daf_apiserver_once {
    struct daf_apiserver_once_one {
        uint8_t once[16];
        uint64_t ticket; /* of the first that came; 0: unused */
        bool is_done;
        struct daf_wrote wrote;
    } ones[DAF_APISERVER_ONCE_MAX];
    size_t next; /* the oldest */
};
/**
 * daf_apiserver_once: note the "once" of @request, if it has one.
 * @out_first: the ticket of the first write with it; @ticket if it is this one.
 * @out_done: how that ended; NULL: not yet.
 * Returns what is wrong with it, or NULL.
 */
const char *daf_apiserver_once(struct daf_apiserver_once *o,
                               const json_t *request, uint64_t ticket,
                               uint64_t *out_first,
                               const struct daf_wrote **out_done);
/** daf_apiserver_once_wrote: how a write ended; one that failed is forgotten, so
 * that it can be tried again. */
void daf_apiserver_once_wrote(struct daf_apiserver_once *o,
                              const struct daf_wrote *wrote);

/* ---- apiserver_events.c: numbered events, many changes in one */
#define DAF_APISERVER_EVENT_BYTES 64
#define DAF_APISERVER_EVENTS_MS   1000 /* of one kind, at most so often */
struct daf_apiserver_events {
    uint32_t epoch; /* of this start: numbers begin anew */
    uint64_t number;
    unsigned due;               /* noted, not told */
    struct daf_mono not_before; /* when the next may be told */
};
void daf_apiserver_events_init(struct daf_apiserver_events *e);
void daf_apiserver_events_note(struct daf_apiserver_events *e, unsigned what);
/** daf_apiserver_events_next: a line to tell now; false if there is none. */
bool daf_apiserver_events_next(struct daf_apiserver_events *e,
                               struct daf_mono now,
                               char line[DAF_APISERVER_EVENT_BYTES]);
struct daf_mono daf_apiserver_events_deadline(
    const struct daf_apiserver_events *e);
/** daf_apiserver_events_json: where the numbers stand; the caller's. */
json_t *daf_apiserver_events_json(const struct daf_apiserver_events *e);

#endif
