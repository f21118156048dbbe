/* SPDX-License-Identifier: Apache-2.0 */
/* Each request that meets a bad record sends one more batch to the disk. */
#include "node/core/agent_impl.h"
#include "tests/mutants/mutant.h"

bool __wrap_daf_agent_job_drops(const struct daf_agent *a,
                                const struct daf_log_key *log,
                                const struct daf_spot *spot)
{
    (void)a;
    (void)log;
    (void)spot;
    return false;
}
