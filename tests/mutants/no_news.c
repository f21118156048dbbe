/* SPDX-License-Identifier: Apache-2.0 */
/* Peers are not told when a head has changed. */
#include "tests/mutants/mutant.h"

void __wrap_daf_session_news(struct daf_session *s, struct daf_mono now,
                             const struct daf_scope_id *scope,
                             const struct daf_log_key *logs, size_t count)
{
    (void)s;
    (void)now;
    (void)scope;
    (void)logs;
    (void)count;
}
