/* SPDX-License-Identifier: Apache-2.0 */
/* ACK: what the peer holds durably, with bodies (protocol.md R27). */
#include "proto/session_impl.h"

void daf_on_ack(struct daf_session *s, struct daf_mono now,
                const struct daf_frame *f)
{
    struct daf_cursor c = f->ack.paths.items;

    (void)now;
    if (daf_session_scope(s, &f->ack.scope) == NULL) {
        daf_session_count(s, DAF_ESCOPE);
        return;
    }
    for (size_t i = 0; i < f->ack.paths.count; i++) {
        struct daf_ack_path path;

        daf_frame_next_ack(&c, &f->ack.scope, &path);
        s->env->port->acked(s->env->port->ctx, s, &path);
    }
}
