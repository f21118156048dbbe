/* SPDX-License-Identifier: Apache-2.0 */
/* Now and then the body of a record that a peer sent is left out. */
#include "node/core/agent_impl.h"
#include "tests/mutants/mutant.h"

void __real_daf_agent_job_keep(struct daf_agent *a,
                               const struct daf_keep *keep);
void __wrap_daf_agent_job_keep(struct daf_agent *a, const struct daf_keep *keep)
{
    static unsigned count;
    struct daf_keep bare = *keep;

    if (a->open_job->kind == DAF_JOB_SESSION && ++count % 7 == 0) {
        bare.body_state = DAF_BODY_ABSENT;
        bare.body = (struct daf_view){0};
    }
    __real_daf_agent_job_keep(a, &bare);
}
