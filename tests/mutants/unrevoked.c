/* SPDX-License-Identifier: Apache-2.0 */
/* Who was revoked keeps its sessions. */
#include "node/core/agent_impl.h"
#include "tests/mutants/mutant.h"

void __wrap_daf_agent_expel(struct daf_agent *a)
{
    (void)a;
}

bool __wrap_daf_agent_is_revoked(const struct daf_agent *a,
                                 const struct daf_box_pk *transport)
{
    (void)a;
    (void)transport;
    return false;
}
