/* SPDX-License-Identifier: Apache-2.0 */
/* ADDRESSES: where doors may be (protocol.md R49). */
#include "proto/session_impl.h"

void daf_on_addresses(struct daf_session *s, struct daf_mono now,
                      const struct daf_frame *f)
{
    (void)now;
    if (s->had_addresses) { /* once: a peer does not fill our book at will */
        daf_session_count(s, DAF_ELIMIT);
        return;
    }
    s->had_addresses = true;
    s->env->port->addresses(s->env->port->ctx, s, &f->addresses);
}
