/* SPDX-License-Identifier: Apache-2.0 */
/* node/inspect.h - show any bytes of the protocol as JSON, for people and tests.
 *
 * The input is a stranger's: it is checked whole before a byte is printed, and
 * printed as it is walked over, so memory does not grow with it. */
#ifndef DAF_NODE_INSPECT_H
#define DAF_NODE_INSPECT_H

#include "proto/err.h"
#include "proto/types.h"

#include <stdio.h>

#define DAF_INSPECT_BYTES_MAX \
    ((size_t)1024 * 1024) /* an acceptance may have more */

/* What is wrong, and at which byte. */
struct daf_inspect_fault {
    size_t offset;
    const char *what; /* static words; NULL: daf_err_str() of the error */
};

/**
 * daf_inspect: print one JSON object on one line, with "kind" and what it is.
 * @bytes: one value of canonical msgpack: a frame, of mesh, door or porch, a
 *         header, [header, body], a body, a payload, a certificate, a manifest, a
 *         request, an acceptance, or anything else ("msgpack"); or a ticket's
 *         text, of which the secret is not shown.
 *
 * DAF_OK; else nothing was printed and @out_fault says why.
 */
DAF_NODISCARD enum daf_err daf_inspect(struct daf_view bytes, FILE *f,
                                       struct daf_inspect_fault *out_fault);

#endif
