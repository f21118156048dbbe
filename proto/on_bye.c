/* SPDX-License-Identifier: Apache-2.0 */
/* BYE: the peer ends the session and says why. */
#include "proto/session_impl.h"

/* What a BYE means here, for who is told why the session ended.  Whether to try
 * again is the agent's to say. */
static enum daf_err meaning(uint64_t reason)
{
    switch (reason) {
    case DAF_BYE_DUPLICATE:
    case DAF_BYE_SELF:
        return DAF_EEXISTS;
    case DAF_BYE_VERSION:
        return DAF_EVERSION;
    case DAF_BYE_UNPROVEN:
        return DAF_ESIG;
    case DAF_BYE_BREACH:
        return DAF_EPEER;
    default:
        return DAF_ELOST;
    }
}

void daf_on_bye(struct daf_session *s, struct daf_mono now,
                const struct daf_frame *f)
{
    (void)now;
    daf_session_finish(s, meaning(f->bye));
}
