/* SPDX-License-Identifier: Apache-2.0 */
/* node/apiserver_impl.h - between apiserver.c (clients, lines, turns),
 * apiserver_enrol.c (the porch's ops) and apiserver_content.c (content's). */
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

#endif
