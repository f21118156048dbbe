/* SPDX-License-Identifier: Apache-2.0 */
/* A peer that could not be reached once is never called again. */
#include "node/core/agent_impl.h"
#include "tests/mutants/mutant.h"

void __real_daf_agent_peer_retry(struct daf_agent *a, struct daf_peer *p);
void __wrap_daf_agent_peer_retry(struct daf_agent *a, struct daf_peer *p)
{
    __real_daf_agent_peer_retry(a, p);
    daf_agent_peer_due(a, p, DAF_MONO_NEVER);
}

void __real_daf_agent_peer_soon(struct daf_agent *a, const struct daf_peer *p,
                                struct daf_mono at);
void __wrap_daf_agent_peer_soon(struct daf_agent *a, const struct daf_peer *p,
                                struct daf_mono at)
{
    if (p->failures == 0) __real_daf_agent_peer_soon(a, p, at);
}
