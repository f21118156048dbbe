/* SPDX-License-Identifier: Apache-2.0 */
/* What was taken in on trust is never verified. */
#include "node/core/agent_impl.h"
#include "tests/mutants/mutant.h"

struct daf_mono __wrap_daf_agent_idle_deadline(const struct daf_agent *a)
{
    (void)a;
    return DAF_MONO_NEVER;
}
