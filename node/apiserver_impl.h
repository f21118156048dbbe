/* SPDX-License-Identifier: Apache-2.0 */
/* node/apiserver_impl.h - between apiserver.c (clients, lines, turns) and
 * apiserver_enrol.c (the porch's ops). */
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

/** daf_apiserver_enrol_opened: whether the porch listens by now, or cannot. */
struct daf_apiserver_answer daf_apiserver_enrol_opened(
    const struct daf_agent *agent, const struct daf_apiserver_ops *ops);

#endif
