/* SPDX-License-Identifier: Apache-2.0 */
/* node/log.h - a line on standard error for what is worth a person's attention.
 *
 * Never a name of a person and nothing that a learner did: a log is read by
 * people who may not read records.  Lines start with "daftard: ". */
#ifndef DAF_NODE_LOG_H
#define DAF_NODE_LOG_H

#include "proto/types.h"

/** daf_log: printf one line; the newline is added.  One write, so lines of core
 * and link do not mix. */
void daf_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What may happen a thousand times a second and is told once a minute. */
struct daf_log_limit {
    struct daf_mono next; /* zeros to start */
};
/** daf_log_due: whether it may be told now; if so the next minute is silent. */
bool daf_log_due(struct daf_log_limit *limit, struct daf_mono now);

/** daf_log_errno: errno's words.  Never NULL. */
const char *daf_log_errno(int error);

#endif
