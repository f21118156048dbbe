/* SPDX-License-Identifier: Apache-2.0 */
/* An ACK is answered by an ACK. */
#include "proto/session_impl.h"
#include "tests/mutants/mutant.h"

void __real_daf_on_ack(struct daf_session *s, struct daf_mono now,
                       const struct daf_frame *f);
void __wrap_daf_on_ack(struct daf_session *s, struct daf_mono now,
                       const struct daf_frame *f)
{
    struct daf_pack k;

    __real_daf_on_ack(s, now, f);
    daf_pack_init(&k, s->env->frame, DAF_FRAME_BYTES_MAX);
    size_t mark = daf_frame_begin_ack(&k, &f->ack.scope);
    daf_frame_end(&k, mark, 0, false);
    daf_session_send(s, &k);
}
