/* SPDX-License-Identifier: Apache-2.0 */
/* What peers ask of our content (docs/content.md R64, R65). */
#include "node/core/agent_impl.h"

void daf_agent_content(void *ctx, struct daf_session *s,
                       const struct daf_frame *frame)
{
    (void)ctx;
    (void)s;
    (void)frame;
}
