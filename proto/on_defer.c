/* SPDX-License-Identifier: Apache-2.0 */
/* DEFER: logs that the peer has no budget for.  They are not offered again in
 * this session; the next ROOT leaves them out (protocol.md R46). */
#include "proto/session_impl.h"

void daf_on_defer(struct daf_session *s, struct daf_mono now,
                  const struct daf_frame *f)
{
    (void)now;
    if (daf_session_scope(s, &f->defer.scope) == NULL) {
        daf_session_count(s, DAF_ESCOPE);
        return;
    }
    daf_session_note_deferred(s, f->defer.tags);
}
