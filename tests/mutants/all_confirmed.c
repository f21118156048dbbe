/* SPDX-License-Identifier: Apache-2.0 */
/* All that a revoked device wrote counts. */
#include "node/core/confirmed.h"
#include "tests/mutants/mutant.h"

bool __wrap_daf_confirmed_is(struct daf_confirmed *c,
                             const struct daf_log_key *log,
                             const struct daf_spot *spot)
{
    (void)c;
    (void)log;
    (void)spot;
    return true;
}
