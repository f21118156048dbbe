/* SPDX-License-Identifier: Apache-2.0 */
/* HAVE, CHUNK, SEEK, FETCH, TURN, AIR, REGISTER, STATED: content, and who keeps it,
 * is the host's of the session (R64, R65, R69, R70, R82). */
#include "proto/session_impl.h"

void daf_on_content(struct daf_session *s, struct daf_mono now,
                    const struct daf_frame *f)
{
    (void)now;
    s->env->port->content(s->env->port->ctx, s, f);
}
