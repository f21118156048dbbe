/* SPDX-License-Identifier: Apache-2.0 */
/* Which session has a log in hand (protocol.md R44): of two peers that offer the
 * same records one is asked.  Few are in hand at a time, so a plain list. */
#include "node/core/agent_impl.h"

bool daf_agent_claim(void *ctx, struct daf_session *s,
                     const struct daf_tag *tag, bool force)
{
    struct daf_agent *a = ctx;
    uint32_t conn = daf_session_conn(s);
    struct daf_claim *bigger;

    for (size_t i = 0; i < a->claims_count; i++) {
        struct daf_claim *claim = &a->claims[i];

        if (memcmp(claim->tag.b, tag->b, sizeof(tag->b)) != 0) continue;
        if (force) claim->conn = conn;
        return claim->conn == conn;
    }
    if (a->claims_count == DAF_AGENT_CLAIMS_MAX) return true;
    bigger = daf_agent_grow(a->claims, &a->claims_cap, a->claims_count,
                            sizeof(*a->claims));
    if (bigger == NULL) return true; /* at worst it comes twice */
    a->claims = bigger;
    a->claims[a->claims_count++] = (struct daf_claim){*tag, conn};
    return true;
}

void daf_agent_release(void *ctx, struct daf_session *s)
{
    struct daf_agent *a = ctx;
    uint32_t conn = daf_session_conn(s);
    size_t kept = 0;

    for (size_t i = 0; i < a->claims_count; i++) {
        if (a->claims[i].conn != conn) a->claims[kept++] = a->claims[i];
    }
    a->was_released |= kept < a->claims_count;
    a->claims_count = kept;
}
